"""Where the console's own files are: the settings it was started with, and the folder it may write exports to."""

from __future__ import annotations

from pathlib import Path

import msgspec


class Places(msgspec.Struct, frozen=True, kw_only=True):
    settings: str = ""
    """The settings file; empty when there is none."""
    data: Path = Path()
    """The data folder: exports go to a folder in it."""

    @property
    def has_data(self) -> bool:
        return self.data != Path()
