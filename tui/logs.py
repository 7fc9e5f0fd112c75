"""Logs: structlog set up once per process. One event is one line of JSON, in a file that is rotated by size and that
only this user can read, or on standard output; never on the screen. Other libraries' loggers end here too, and nothing
leaves without passing core/redact.py. A log that cannot be written is counted and never stops trading.
"""

from __future__ import annotations

import logging
import os
import stat
import sys
import threading
import traceback
from collections.abc import MutableMapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Protocol, TextIO

import msgspec

from core.clock import NS
from core.config import Log
from core.log import get_logger, prepare_with
from core.ports import Clock
from core.version import VERSION

_LEVELS = {"debug": logging.DEBUG, "info": logging.INFO, "warning": logging.WARNING, "error": logging.ERROR}
_TRACE_LINES = 200
_encode = msgspec.json.Encoder(enc_hook=str).encode


class Sink(Protocol):
    def write(self, line: bytes) -> None: ...
    def close(self) -> None: ...


class RotatedFile:
    """Appends whole lines to `path`; beyond `max_bytes` it becomes `path.1`, that one `path.2`, up to `keep`.

    0600, never through a link. A failing disk costs lines, counted in `lost`, and nothing else.
    """

    def __init__(self, path: Path, max_bytes: int, keep: int) -> None:
        """Raises OSError when the file cannot be opened at all."""
        self._path, self._max, self._keep = path, max_bytes, max(keep, 0)
        self.lost = 0
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._file = -1
        self._size = 0
        self._open()

    def _open(self) -> None:
        flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC
        self._file = os.open(self._path, flags, 0o600)
        found = os.fstat(self._file)
        if stat.S_ISREG(found.st_mode) and found.st_mode & 0o077:
            os.fchmod(self._file, 0o600)
        self._size = found.st_size

    def write(self, line: bytes) -> None:
        try:
            if self._file < 0:
                self._open()
            if self._size and self._size + len(line) > self._max:
                self._rotate()
            self._size += os.write(self._file, line)
        except OSError:
            self.lost += 1

    def _rotate(self) -> None:
        os.close(self._file)
        self._file = -1
        for number in range(self._keep, 0, -1):
            older = self._numbered(number)
            newer = self._numbered(number - 1) if number > 1 else self._path
            if newer.exists():
                newer.replace(older)
        if not self._keep:
            self._path.unlink(missing_ok=True)
        self._open()

    def _numbered(self, number: int) -> Path:
        return self._path.with_name(f"{self._path.name}.{number}")

    def close(self) -> None:
        if self._file >= 0:
            os.close(self._file)
            self._file = -1


class StandardOutput:
    """Lines to standard output, for a service whose journal keeps them. A reader that went away is no error."""

    def __init__(self, stream: TextIO | None = None) -> None:
        self._stream = stream or sys.stdout

    def write(self, line: bytes) -> None:
        try:
            self._stream.buffer.write(line)
            self._stream.buffer.flush()
        except (OSError, ValueError):
            pass

    def close(self) -> None:
        pass


class Logs:
    """What set_up made: where lines go, and how to end it. `lost` counts lines a failing disk has cost."""

    def __init__(self, sink: Sink, clock: Clock) -> None:
        self.sink = sink
        self._clock = clock

    @property
    def lost(self) -> int:
        return getattr(self.sink, "lost", 0)

    def line(self, event: MutableMapping[str, Any]) -> bytes:
        """One event as one line of JSON: time, level, event, then its fields."""
        from core.redact import escape, redact, redact_value

        now = self._clock.now()
        stamp = datetime.fromtimestamp(now // NS, UTC).strftime("%Y-%m-%dT%H:%M:%S")
        ordered: dict[str, Any] = {
            "ts": f"{stamp}.{now % NS // 1000:06}Z",
            "level": event.pop("level", "info"),
            "event": escape(redact(str(event.pop("event", "")))),
        }
        for name, value in event.items():
            ordered[escape(redact(str(name)))[:100]] = redact_value(str(name), value)
        return _encode(ordered) + b"\n"

    def render(self, _logger: Any, method: str, event: MutableMapping[str, Any]) -> bytes:
        """structlog's last processor."""
        exc_info = event.pop("exc_info", None)
        if exc_info:
            event["exception"] = format_error(sys.exc_info()[1] if exc_info is True else exc_info)
        event.setdefault("level", "error" if method == "exception" else method)
        return self.line(event)

    def close(self) -> None:
        self.sink.close()


class _Lines:
    """structlog's logger: every level writes the line it is given."""

    def __init__(self, sink: Sink) -> None:
        self._write = sink.write

    def msg(self, line: bytes) -> None:
        self._write(line)

    debug = info = warning = error = critical = exception = msg


class _Others(logging.Handler):
    """Standard-library loggers (httpx, websockets, asyncio, ib_insync) written as lines of ours."""

    def __init__(self, logs: Logs) -> None:
        super().__init__()
        self._logs = logs

    def emit(self, record: logging.LogRecord) -> None:
        try:
            text = record.getMessage()
        except Exception:  # a library's broken format string must not cost us the line
            text = str(record.msg)
        event: dict[str, Any] = {"level": record.levelname.lower(), "event": record.name, "text": text}
        if record.exc_info and record.exc_info[1] is not None:
            event["exception"] = format_error(record.exc_info[1])
        self._logs.sink.write(self._logs.line(event))


def set_up(settings: Log, clock: Clock, *, file: Path | None) -> Logs:
    """Send everything that is logged to `file` (None: standard output) from `settings.level` on.

    Raises OSError when the file cannot be opened. Calling it again replaces what was there.
    """
    sink: Sink = StandardOutput() if file is None else RotatedFile(file, settings.max_mb * 1_000_000, settings.keep)
    logs = Logs(sink, clock)
    level = _LEVELS[settings.level]

    def configure() -> None:
        import structlog

        structlog.configure(
            processors=[structlog.contextvars.merge_contextvars, logs.render],
            wrapper_class=structlog.make_filtering_bound_logger(level),
            logger_factory=lambda *_: _Lines(sink),
            cache_logger_on_first_use=False,
        )

    if file is None or "structlog" in sys.modules:
        configure()
    else:
        prepare_with(configure)
    root = logging.getLogger()
    for handler in list(root.handlers):
        if isinstance(handler, _Others | logging.StreamHandler):
            root.removeHandler(handler)
    root.addHandler(_Others(logs))
    root.setLevel(max(level, logging.WARNING))
    logging.raiseExceptions = False
    return logs


def format_error(error: BaseException | None) -> str:
    """The traceback without local variables, without secrets; of a long one the beginning and the end."""
    from core.redact import redact

    if error is None:
        return ""
    lines = "".join(traceback.format_exception(error)).splitlines()
    if len(lines) > 2 * _TRACE_LINES:
        between = f"  ... {len(lines) - 2 * _TRACE_LINES} lines left out ..."
        lines = [*lines[:_TRACE_LINES], between, *lines[-_TRACE_LINES:]]
    return "\n".join(map(redact, lines)) + "\n"


def watch_uncaught() -> None:
    """Log what no one caught, in any thread, without local variables: a task or thread never dies in silence."""

    def on_error(kind: type[BaseException], error: BaseException, _traceback: Any) -> None:
        if issubclass(kind, KeyboardInterrupt):
            return
        get_logger("crash").error("uncaught", exc_info=error)

    sys.excepthook = on_error
    threading.excepthook = lambda args: on_error(args.exc_type, args.exc_value or args.exc_type(), None)
    sys.unraisablehook = lambda args: on_error(args.exc_type, args.exc_value or args.exc_type(), None)


def write_crash(error: BaseException, clock: Clock, directory: Path) -> Path:
    """A crash report for a bug: traceback without local variables, masked, 0600. Returns its path; raises OSError."""
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    now = clock.now()
    stamp = datetime.fromtimestamp(now // NS, UTC).strftime("%Y%m%dT%H%M%S")
    path = directory / f"crash-{stamp}-{os.getpid()}.txt"
    text = (
        f"hoga {VERSION}, Python {sys.version.split()[0]}, {sys.platform}\n"
        f"{stamp} UTC\n\n{format_error(error)}\n"
        "Local variables, settings and keys are left out on purpose.\n"
    )
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8", errors="backslashreplace") as file:
        file.write(text)
    return path
