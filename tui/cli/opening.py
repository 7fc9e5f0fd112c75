"""How the console is opened and where a run's log goes. Apart from start.py so that `hoga` and `hoga demo` reach the
screen without importing a command line parser.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from core.domain.errors import ConfigError
from tui.cli.chosen import Chosen
from tui.cli.exits import say
from tui.terminal import CANNOT

if TYPE_CHECKING:
    from core.config import Log


def open_console(chosen: Chosen, *, demo: bool, rehearse: bool = False, slow: bool = False) -> int:
    """The full-screen console, until it is closed. The demo keeps its data in a folder of its own."""
    import msgspec

    from tui.run.screen import run_console, run_live
    from tui.run.venues import check

    need_terminal("`hoga run` runs the engine without a screen")
    is_demo = demo or chosen.demo
    if is_demo and chosen.feed:
        msgspec.structs.replace(chosen, demo=True).settings()  # says why not
    feed = "paper" if is_demo else chosen.feed
    settings = msgspec.structs.replace(chosen, demo=False, feed=feed).settings()
    console = settings.console
    console = msgspec.structs.replace(
        console, rehearsal=console.rehearsal or rehearse, slow="on" if slow else console.slow
    )
    settings = msgspec.structs.replace(settings, console=console)
    if chosen.live:
        check(settings, is_live=True, is_demo=is_demo)
        named = None if chosen.config is None else str(Path(chosen.config).absolute())
        with logged(settings.log):
            return run_live(settings, msgspec.structs.replace(chosen, config=named).words(), file=file_of(chosen))
    with logged(settings.log):
        return run_console(settings, demo=is_demo, file=file_of(chosen))


def file_of(chosen: Chosen) -> str:
    """The settings file these settings came from; empty when there is none."""
    from storage.places import config_path

    path = Path(chosen.config) if chosen.config is not None else Path(config_path())
    return str(path) if path.exists() else ""


def need_terminal(instead: str) -> None:
    """Raises ConfigError where there is no terminal to read keys from and to draw on (the screen goes to standard
    error, as Textual has it)."""
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        raise ConfigError(f"the console needs a terminal, and here is none. Nothing was started; {instead}")
    kind = os.environ.get("TERM", "")
    if kind in CANNOT:
        raise ConfigError(
            f"the console draws on the whole screen, and TERM={kind or '(not set)'} says that this terminal cannot. "
            f"Nothing was started; set it to what the terminal is, as in TERM=xterm-256color, or do without: {instead}"
        )


@contextmanager
def logged(log: Log, *, to_stdout: bool = False) -> Iterator[None]:
    """Logs go to the configured file, `-` to standard output; where nothing is configured to standard output or to the
    platform's log folder. A log file that cannot be opened is told, and does not stop anything."""
    from core.clock import SystemClock
    from core.process import no_core_dumps
    from tui.logs import set_up, watch_uncaught

    no_core_dumps()
    file: Path | None = None
    if log.file not in ("", "-"):
        file = Path(log.file).expanduser()
    elif not to_stdout and not log.file:
        from storage.places import log_path

        file = Path(log_path())
    try:
        logs = set_up(log, SystemClock(), file=file)
    except OSError as error:
        say(f"hoga: the log file {file} cannot be opened ({error.strerror}); this run is not logged")
        logs = set_up(log, SystemClock(), file=Path(os.devnull))
    watch_uncaught()
    try:
        yield
    finally:
        logs.close()
