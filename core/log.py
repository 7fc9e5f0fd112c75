"""The loggers of all rooms: structlog's, imported when the first line is written, because importing it costs a quarter
of a cold start and most runs of a command log nothing. Where lines go is decided elsewhere (tui/logs.py).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

_prepare: list[Callable[[], None]] = []


def prepare_with(configure: Callable[[], None]) -> None:
    """Call `configure` (which sets structlog up) before the next line is written. The last one given counts."""
    _prepare[:] = [configure]


class Logger:
    """A short event name and fields: `log.warning("feed.down", broker=name)`. Never text made of values."""

    __slots__ = ("_name",)

    def __init__(self, name: str) -> None:
        self._name = name

    def _real(self) -> Any:
        import structlog

        while _prepare:
            _prepare.pop()()
        return structlog.get_logger(self._name)

    def debug(self, event: str, **fields: Any) -> None:
        self._real().debug(event, **fields)

    def info(self, event: str, **fields: Any) -> None:
        self._real().info(event, **fields)

    def warning(self, event: str, **fields: Any) -> None:
        self._real().warning(event, **fields)

    def error(self, event: str, **fields: Any) -> None:
        self._real().error(event, **fields)

    def exception(self, event: str, **fields: Any) -> None:
        """From an `except` block: the traceback goes along."""
        self._real().exception(event, **fields)


def get_logger(name: str) -> Logger:
    return Logger(name)
