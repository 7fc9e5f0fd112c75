"""What stands for the whole command line: --config, --demo and --live, wherever they are written, and the settings
they lead to. It reads no file before it is asked to.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from core.domain.errors import ConfigError

if TYPE_CHECKING:
    from core.config import Settings
    from storage.settings import Loaded


JOURNAL = "journal.db"


class Chosen(msgspec.Struct, frozen=True, kw_only=True):
    config: str | None = None
    live: bool = False
    demo: bool = False
    """Act on the demo's data instead of the account's."""

    def words(self) -> list[str]:
        """As arguments again."""
        flags = {"--live": self.live, "--demo": self.demo}
        named = ["--config", self.config] if self.config is not None else []
        return [*named, *(flag for flag, is_set in flags.items() if is_set)]

    def settings(self) -> Settings:
        """The settings of this run, the environment's included. Raises ConfigError. What --live needs is asked where
        something is started (tui/run/venues.py)."""
        from storage.settings import load

        loaded = load(Path(self.config) if self.config is not None else None, os.environ)
        check_keys(loaded)
        settings: Settings = loaded.settings
        if self.demo:
            folder = str(data_directory(settings) / "demo")
            storage = msgspec.structs.replace(settings.storage, directory=folder)
            settings = msgspec.structs.replace(settings, storage=storage)
        return settings


def check_keys(loaded: Loaded) -> None:
    """Raises ConfigError that names file, line and key where [keys] binds what cannot be bound."""
    if not loaded.sources or not any(name.startswith("keys.") for name in loaded.sources):
        return
    from storage.settings import line_of
    from tui.remap import BadKeys, keymap

    try:
        keymap(loaded.settings.keys)
    except BadKeys as error:
        place = line_of(loaded, error.path)
        raise ConfigError(f"{place}{': ' if place else ''}{error}. Nothing of the settings was used") from None


def hoist(words: Sequence[str]) -> tuple[Chosen | None, list[str]]:
    """Take --config FILE, --demo and --live out of `words`, from any place before `--`. None: one of them is malformed,
    and the parser shall say so."""
    config: str | None = None
    flags = {"--live": False, "--demo": False}
    rest: list[str] = []
    queue = list(words)
    while queue:
        word = queue.pop(0)
        if word == "--":
            rest += [word, *queue]
            break
        if word in flags:
            flags[word] = True
        elif word.startswith("--config="):
            config = word.removeprefix("--config=")
        elif word == "--config":
            if not queue or queue[0].startswith("-"):
                return None, list(words)
            config = queue.pop(0)
        else:
            rest.append(word)
    return Chosen(config=config, live=flags["--live"], demo=flags["--demo"]), rest


def data_directory(settings: Settings) -> Path:
    """Where journal, archive, tapes and socket of these settings lie."""
    if settings.storage.directory:
        return Path(settings.storage.directory).expanduser()
    from storage.places import data_dir

    return Path(data_dir())
