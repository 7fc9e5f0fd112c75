"""The only source of "now" and of waiting. Nobody else reads the clock, so replay and tests own time."""

from __future__ import annotations

import asyncio
import heapq
import time
from datetime import UTC, datetime, timedelta
from itertools import count
from zoneinfo import ZoneInfo

NS = 1_000_000_000


class SystemClock:
    """The machine's clocks: `now` for stamps (UTC), `monotonic` for waiting and rates."""

    now = staticmethod(time.time_ns)
    """Nanoseconds since 1970 UTC. The function itself: this is asked at every tick."""
    monotonic = staticmethod(time.monotonic_ns)
    """Nanoseconds since some start; never goes back."""

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)


class ManualClock:
    """Time that moves only when told to: for tests, replay and backtests. `monotonic` is `now`."""

    def __init__(self, now: int = 0) -> None:
        self._now = now
        self._waiting: list[tuple[int, int, asyncio.Future[None]]] = []
        self._order = count()

    def now(self) -> int:
        return self._now

    def monotonic(self) -> int:
        return self._now

    def set(self, now: int) -> None:
        """Move to `now` (never back) and wake whoever waited for it. Sleepers run when the loop next turns."""
        self._now = max(self._now, now)
        while self._waiting and self._waiting[0][0] <= self._now:
            future = heapq.heappop(self._waiting)[2]
            if not future.done():
                future.set_result(None)

    def advance(self, seconds: float) -> None:
        self.set(self._now + round(seconds * NS))

    async def sleep(self, seconds: float) -> None:
        if seconds <= 0:
            return
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        heapq.heappush(self._waiting, (self._now + round(seconds * NS), next(self._order), future))
        await future

    @property
    def next_wake(self) -> int | None:
        """When the earliest sleeper wants to wake, if anybody sleeps."""
        while self._waiting and self._waiting[0][2].done():
            heapq.heappop(self._waiting)
        return self._waiting[0][0] if self._waiting else None


def day_of(now: int, zone: str) -> str:
    """ISO date of the instant in `zone`."""
    return datetime.fromtimestamp(now / NS, ZoneInfo(zone)).date().isoformat()


def next_midnight(now: int, zone: str) -> int:
    """The instant the next day begins in `zone`."""
    here = datetime.fromtimestamp(now / NS, ZoneInfo(zone))
    tomorrow = datetime.combine(here.date() + timedelta(days=1), datetime.min.time(), ZoneInfo(zone))
    return int(tomorrow.astimezone(UTC).timestamp()) * NS
