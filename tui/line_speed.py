"""Is the line to the terminal slow? Judged by the share of time in which a write to it had to wait. And the file that
measures the waiting, put between Textual's writer and the terminal."""

from __future__ import annotations

from typing import IO

from core.clock import NS, SystemClock

SLOW_SHARE, SLOW_SECONDS = 0.5, 3.0
"""Waiting for half of the time, for so long: slow."""
FAST_SHARE, FAST_SECONDS = 0.15, 10.0
"""A slow line gets less than half of the bytes; when those hardly wait, the usual ones will not wait for half."""


class LineSpeed:
    def __init__(self, now: int) -> None:
        self._seen, self._waited = now, 0
        self._streak = 0
        self.is_slow = False

    def observe(self, now: int, waited: int) -> bool:
        """`waited`: nanoseconds of waiting in all, up to `now`. True while the line is slow."""
        passed = now - self._seen
        if passed <= 0:
            return self.is_slow
        share = (waited - self._waited) / passed
        self._seen, self._waited = now, waited
        speaks_against = share <= FAST_SHARE if self.is_slow else share >= SLOW_SHARE
        self._streak = self._streak + passed if speaks_against else 0
        if self._streak >= (FAST_SECONDS if self.is_slow else SLOW_SECONDS) * NS:
            self.is_slow, self._streak = not self.is_slow, 0
        return self.is_slow


class Metered:
    """A file that counts what is written and how long that took. One thread writes; any may ask."""

    def __init__(self, file: IO[str]) -> None:
        self._file = file
        self._clock = SystemClock()
        self._since = 0
        self._waited = 0
        self.written = 0
        """Characters, which for a terminal's sequences are bytes."""

    def write(self, text: str) -> int:
        self.written += len(text)
        self._since = self._clock.monotonic()
        try:
            return self._file.write(text)
        finally:
            self._settle()

    def flush(self) -> None:
        self._since = self._clock.monotonic()
        try:
            self._file.flush()
        finally:
            self._settle()

    def fileno(self) -> int:
        return self._file.fileno()

    def isatty(self) -> bool:
        return self._file.isatty()

    def waited(self, now: int) -> int:
        """Nanoseconds of waiting in all, that which lasts included."""
        since = self._since
        return self._waited + (max(now - since, 0) if since else 0)

    def _settle(self) -> None:
        since, self._since = self._since, 0
        self._waited += self._clock.monotonic() - since
