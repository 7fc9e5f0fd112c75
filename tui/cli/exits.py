"""How hoga ends: the one place where an error becomes an exit code and a line on standard error. Errors raised on
purpose are told without a traceback; a bug leaves a crash report without local variables and says where it is.
"""

from __future__ import annotations

import functools
import os
import sys
from collections.abc import Callable
from enum import IntEnum
from pathlib import Path
from typing import ParamSpec

from core.domain import errors
from core.domain.errors import HogaError
from core.domain.text import clean

P = ParamSpec("P")


class Exit(IntEnum):
    """Documented in docs/cli.md; scripts rely on them."""

    OK = 0
    FAILED = 1
    """Denied, refused, not found, or nobody answers."""
    USAGE = 2
    """The command line or the settings are wrong."""
    IN_USE = 3
    """Another hoga writes the journal, or it may only be read."""
    BROKEN = 4
    """The journal's chain or schema does not hold."""
    STORAGE = 5
    """A file or the disk cannot be read or written."""
    TAPE = 6
    """A tape cannot be played (on)."""
    BUG = 70
    """hoga failed; a crash report was written."""
    INTERRUPTED = 130
    READER_GONE = 141
    """Whoever read our output closed it."""


_CODES: tuple[tuple[type[HogaError], Exit], ...] = (
    (errors.TapeError, Exit.TAPE),
    (errors.JournalBroken, Exit.BROKEN),
    (errors.JournalInUse, Exit.IN_USE),
    (errors.StorageError, Exit.STORAGE),
    (errors.ConfigError, Exit.USAGE),
    (errors.InvalidValue, Exit.USAGE),
)


def code_of(error: HogaError) -> Exit:
    return next((code for kind, code in _CODES if isinstance(error, kind)), Exit.FAILED)


def say(text: str) -> None:
    """Narration: one cleaned line (or several) on standard error, without known secrets."""
    from core.known import hide_known

    for line in text.split("\n"):
        print(clean(hide_known(line), 2000), file=sys.stderr)


def exit_code(body: Callable[[], int | None]) -> int:
    """Run `body` to its exit code, whatever it raises."""
    try:
        return int(body() or 0)
    except KeyboardInterrupt:
        return Exit.INTERRUPTED
    except BrokenPipeError:
        # Python would complain again when it flushes at the end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return Exit.READER_GONE
    except Exception as error:
        return _report(error)


def _report(error: Exception) -> int:
    known = _ours(error)
    if known:
        for one in known:
            say(f"hoga: {one}")
        return code_of(known[0])
    if isinstance(error, OSError):
        say(f"hoga: {error.strerror or error} ({error.filename or 'system'}). Nothing was changed after that.")
        return Exit.STORAGE
    cause: BaseException = error
    while isinstance(cause, BaseExceptionGroup) and len(cause.exceptions) == 1:
        cause = cause.exceptions[0]
    asked = sys.modules.get("typer")  # who was asked a question has it; the console starts without
    if asked is not None and isinstance(cause, asked.Abort):  # Ctrl+C or the end of the input at a question
        say("hoga: the question was not answered. Nothing was sent after it")
        return Exit.INTERRUPTED
    from core.redact import redact

    say(redact(f"hoga: this is a bug in hoga: {type(cause).__name__}: {cause}")[:500])
    say(_crash_report(error))
    return Exit.BUG


def _ours(error: BaseException) -> list[HogaError]:
    """The errors of ours in `error`, when there is nothing else in it: a task group wraps them."""
    if isinstance(error, HogaError):
        return [error]
    if isinstance(error, BaseExceptionGroup):
        parts = [_ours(part) for part in error.exceptions]
        return [one for part in parts for one in part] if all(parts) else []
    return []


def _crash_report(error: Exception) -> str:
    import tempfile

    from core.clock import SystemClock
    from tui.logs import write_crash

    folders: list[Path] = []
    try:
        from storage.places import log_path

        folders.append(Path(log_path()).parent)
    except Exception:  # noqa: S110 (the report matters more than its place)
        pass
    folders.append(Path(tempfile.gettempdir()))
    for folder in folders:
        try:
            return f"A report without local variables is at {write_crash(error, SystemClock(), folder)}."
        except OSError:
            continue
    return "No crash report could be written."


def guarded(verb: Callable[P, int | None]) -> Callable[P, None]:
    """A verb of the command line: its return value or error becomes the exit code."""

    @functools.wraps(verb)
    def run(*args: P.args, **kwargs: P.kwargs) -> None:
        import typer

        code = exit_code(lambda: verb(*args, **kwargs))
        if code:
            raise typer.Exit(code)

    return run
