"""Is the terminal still there? When it is gone (closed window, cut line) the console must leave at once, without
touching the desk: Textual alone would go on for ever, writing to nobody."""

from __future__ import annotations

import os
import signal
import sys
import termios
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any

CANNOT = frozenset({"", "dumb", "unknown"})
"""Values of TERM that say that nothing can be drawn."""
FEW_COLOURS = 256
"""With fewer there is no way to draw tints: the terminal's own 16 are used."""
LOST_CODE = 128 + signal.SIGHUP
CHECK_SECONDS = 0.4


def colours(environment: Mapping[str, str]) -> int:
    """How many colours the terminal says it has, at least 16, as Rich reads it."""
    if environment.get("COLORTERM", "").strip().lower() in ("truecolor", "24bit"):
        return 1 << 24
    kind = environment.get("TERM", "").strip().lower()
    return 256 if kind.rpartition("-")[2] in ("256color", "kitty") else 16


def is_gone() -> bool:
    """Has the terminal of this process hung up? False where there never was one."""
    stream = sys.__stdin__
    try:
        if stream is None or stream.closed:
            return False
        number = stream.fileno()
    except (OSError, ValueError):
        return False
    try:
        termios.tcgetattr(number)
    except termios.error as error:
        return bool(error.args) and error.args[0] in (5, 6)  # EIO, ENXIO: hung up; ENOTTY: never was a terminal
    except OSError:
        return True
    return False


def silence(driver: Any) -> None:
    """Nothing more is written: writes to a terminal that hung up fail, and waiting for them would take for ever."""
    driver.write = lambda _: None
    driver.flush = lambda: None
    thread = getattr(driver, "_writer_thread", None)
    if thread is not None:
        thread.stop = lambda: None
    with suppress(OSError, ValueError):
        null = os.open(os.devnull, os.O_RDWR)
        for stream in (sys.__stdout__, sys.__stderr__):
            if stream is not None and stream.isatty():
                os.dup2(null, stream.fileno())
        os.close(null)


def on_hangup(loop: Any, act: Callable[[], object]) -> None:
    """Call `act` when the terminal's line is cut (SIGHUP), instead of dying in the middle of something."""
    with suppress(ValueError, RuntimeError, NotImplementedError):
        loop.add_signal_handler(signal.SIGHUP, act)
