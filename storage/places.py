"""Where hoga's files live: configuration, data and logs, by the platform's habit or under HOGA_HOME."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

HOME = "HOGA_HOME"
"""Environment variable: one folder for everything, in place of the platform's folders."""


def config_path(environ: Mapping[str, str] | None = None) -> Path:
    """Where config.toml is looked for when --config names no other file."""
    return _home(environ, "user_config_path", "config") / "config.toml"


def data_dir(environ: Mapping[str, str] | None = None) -> Path:
    """Folder of journal.db, market.db and tapes."""
    return _home(environ, "user_data_path", "data")


def log_path(environ: Mapping[str, str] | None = None) -> Path:
    return _home(environ, "user_log_path", "log") / "hoga.log"


def secrets_path(environ: Mapping[str, str] | None = None) -> Path:
    """The encrypted file of secrets, in a folder of its own."""
    return _home(environ, "user_data_path", "data") / "secrets" / "secrets.json"


def _home(environ: Mapping[str, str] | None, kind: str, folder: str) -> Path:
    home = (os.environ if environ is None else environ).get(HOME)
    if home:
        place = Path(home).expanduser()
        return place if folder == "config" else place / folder
    import platformdirs

    found: Path = getattr(platformdirs, kind)("hoga", appauthor=False)
    return found
