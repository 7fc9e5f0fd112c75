"""What stands for the whole command line: --config, --demo, --feed and --live, wherever they are written, and the
settings they lead to. It reads no file before it is asked to.
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
    feed: str = ""
    """Whose quotes the paper account gets; empty: what the settings say."""

    def words(self) -> list[str]:
        """As arguments again."""
        flags = {"--live": self.live, "--demo": self.demo}
        named = ["--config", self.config] if self.config is not None else []
        named += ["--feed", self.feed] if self.feed else []
        return [*named, *(flag for flag, is_set in flags.items() if is_set)]

    def settings(self) -> Settings:
        """The settings of this run, the environment's included. Raises ConfigError. What --live needs is asked where
        something is started (tui/run/venues.py)."""
        from storage.settings import load

        loaded = load(Path(self.config) if self.config is not None else None, os.environ)
        check_keys(loaded)
        return self.placed(loaded.settings)

    def placed(self, settings: Settings) -> Settings:
        """`settings` with what was chosen. The demo, every feed and every rehearsal on a wire keep their data in a
        folder of their own: another market's prices would make nonsense of positions and profits, and play money has
        the account's name that real money has. Raises ConfigError."""
        from tui.run.venues import live_names, play_name

        feed = "paper" if self.demo else self.feed or settings.engine.feed
        if self.feed and self.feed != "paper" and (self.demo or self.live):
            what = "--live trades where its orders go" if self.live else "the demo has a market of its own"
            raise ConfigError(f"--feed {self.feed[:20]!r} is for the paper account: {what}. Nothing was started")
        folder = "demo" if self.demo else ""
        if feed != "paper":
            _check_feed(feed)
            if not self.live and not live_names(settings):
                folder = feed
        elif not (self.demo or self.live) and feed == settings.engine.feed and (played := play_name(settings)):
            folder = f"{played}-play"
        if folder:
            place = str(data_directory(settings) / folder)
            storage = msgspec.structs.replace(settings.storage, directory=place)
            settings = msgspec.structs.replace(settings, storage=storage)
        return msgspec.structs.replace(settings, engine=msgspec.structs.replace(settings.engine, feed=feed))


def _check_feed(name: str) -> None:
    """Raises ConfigError for what is no broker: the name is part of a path too."""
    from brokers.registry import load, names

    if name not in names():
        load(name)


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
    """Take --config FILE, --feed NAME, --demo and --live out of `words`, from any place before `--`. None: one of them
    is malformed, and the parser shall say so."""
    named: dict[str, str] = {}
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
        elif (option := word.partition("=")[0]) in ("--config", "--feed"):
            if option != word:
                named[option] = word.partition("=")[2]
            elif not queue or queue[0].startswith("-"):
                return None, list(words)
            else:
                named[option] = queue.pop(0)
        else:
            rest.append(word)
    config, feed = named.get("--config"), named.get("--feed", "")
    return Chosen(config=config, live=flags["--live"], demo=flags["--demo"], feed=feed), rest


def data_directory(settings: Settings) -> Path:
    """Where journal, archive, tapes and socket of these settings lie."""
    if settings.storage.directory:
        return Path(settings.storage.directory).expanduser()
    from storage.places import data_dir

    return Path(data_dir())
