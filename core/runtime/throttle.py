"""Sliding-window rate limits on the monotonic clock: at most `limit` uses in any `window` seconds, with a share kept
back for cancels and halts so that the way out is never blocked by the way in."""

from __future__ import annotations

from collections import deque
from math import ceil

from core.domain.market import NS
from core.ports import Clock

RESERVE = 0.2
"""Share of the budget that only urgent calls (cancels, halts) may use."""


class Throttle:
    """`limit` None means that the venue has no limit of this kind."""

    def __init__(self, clock: Clock, limit: int | None, window_seconds: float = 1.0) -> None:
        self._clock = clock
        self.limit = limit
        self._window = round(window_seconds * NS)
        self._uses: deque[int] = deque()

    @property
    def used(self) -> int:
        """Uses within the window that ends now."""
        self._forget(self._clock.monotonic())
        return len(self._uses)

    def wait_seconds(self, *, urgent: bool = False) -> float:
        """How long until one more use is allowed; 0 means now."""
        if self.limit is None:
            return 0.0
        now = self._clock.monotonic()
        self._forget(now)
        allowed = self.limit if urgent else max(self.limit - ceil(self.limit * RESERVE), 1)
        if len(self._uses) < allowed:
            return 0.0
        return (self._uses[len(self._uses) - allowed] + self._window - now) / NS

    async def take(self, *, urgent: bool = False) -> None:
        """Wait for a place and use it."""
        while (seconds := self.wait_seconds(urgent=urgent)) > 0:
            await self._clock.sleep(seconds)
        self.use()

    def use(self) -> None:
        """Count one that goes out now."""
        if self.limit is not None:
            self._uses.append(self._clock.monotonic())

    def told(self, left: int) -> None:
        """The venue says that only so many are left in this window: somebody else uses the same limit."""
        if self.limit is not None:
            now = self._clock.monotonic()
            self._forget(now)
            self._uses.extend([now] * (self.limit - max(left, 0) - len(self._uses)))

    def _forget(self, now: int) -> None:
        while self._uses and self._uses[0] <= now - self._window:
            self._uses.popleft()
