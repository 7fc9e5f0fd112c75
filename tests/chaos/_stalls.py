"""How long the event loop was busy with one thing: lateness of a sleeper, by the wall and by this thread's own time on
the processor. On a machine that others use too only the second says what we did."""

from __future__ import annotations

import asyncio
import time
from contextlib import suppress

from core.clock import SystemClock

CLOCK = SystemClock()
EVERY = 0.005
STEP = 0.0001
BUCKETS = 20_000


class Stalls:
    def __init__(self) -> None:
        self.count = 0
        self.worst = self.worst_wall = 0.0
        self._own = [0] * BUCKETS
        self._wall = [0] * BUCKETS
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        self._task = asyncio.ensure_future(self._watch())

    async def stop(self) -> None:
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task

    async def _watch(self) -> None:
        own = time.thread_time()
        while True:
            due = time.perf_counter() + EVERY
            await CLOCK.sleep(EVERY)
            before, own = own, time.thread_time()
            busy, late = own - before, max(time.perf_counter() - due, 0.0)
            # Work that fits into the sleep itself made nobody wait.
            self._add(max(busy - EVERY, 0.0), late)

    def _add(self, busy: float, late: float) -> None:
        self.count += 1
        self.worst, self.worst_wall = max(self.worst, busy), max(self.worst_wall, late)
        self._own[min(int(busy / STEP), BUCKETS - 1)] += 1
        self._wall[min(int(late / STEP), BUCKETS - 1)] += 1

    def ms(self, part: float, *, wall: bool = False) -> float:
        """The stall that this part of all samples did not exceed, in ms."""
        left = self.count * part
        for n, count in enumerate(self._wall if wall else self._own):
            left -= count
            if left <= 0:
                return round((n + 1) * STEP * 1000, 1)
        return round(BUCKETS * STEP * 1000, 1)
