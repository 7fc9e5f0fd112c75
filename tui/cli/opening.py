"""How the console is opened and where a run's log goes. Apart from start.py so that `hoga` and `hoga demo` reach the
screen without importing a command line parser.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from tui.cli.chosen import Chosen
from tui.cli.exits import say

if TYPE_CHECKING:
    from core.config import Log


def open_console(chosen: Chosen, *, demo: bool) -> int:
    """The full-screen console, until it is closed. The demo keeps its data in a folder of its own."""
    import msgspec

    from tui.run.screen import run_console

    is_demo = demo or chosen.demo
    settings = msgspec.structs.replace(chosen, demo=False).settings()
    with logged(settings.log):
        return run_console(settings, demo=is_demo)


@contextmanager
def logged(log: Log, *, to_stdout: bool = False) -> Iterator[None]:
    """Logs go to the configured file, `-` to standard output; where nothing is configured to standard output or to the
    platform's log folder. A log file that cannot be opened is told, and does not stop anything."""
    from core.clock import SystemClock
    from tui.logs import no_core_dumps, set_up, watch_uncaught

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
