"""When a task of the engine moves on: at a time, or sooner when it is nudged; and by how much it is behind."""

from __future__ import annotations

import asyncio

from core.domain.market import NS
from core.ports import Clock


class Pace:
    def __init__(self, clock: Clock, longest_ns: int) -> None:
        """`longest_ns`: no piece of its work takes longer."""
        self._clock = clock
        self._longest_ns = longest_ns
        self._wake = asyncio.Event()
        self._is_resting = False
        self._moves_by = 0
        """When the task moves on at the latest, on the monotonic clock; 0 while there is none."""

    def nudge(self) -> None:
        """When to move on is reckoned anew."""
        if self._is_resting:
            self._moves_by = self._clock.monotonic()
        self._wake.set()

    def works(self) -> None:
        """A piece of work begins."""
        self._is_resting = False
        self._moves_by = self._clock.monotonic() + self._longest_ns

    def late(self, mono: int) -> int:
        """For the watch: how far behind it is, ns."""
        return mono - self._moves_by if self._moves_by else 0

    async def until(self, due: int | None) -> None:
        """Rest until then, by the monotonic clock, or until the next nudge; without a time, until that alone."""
        mono = self._clock.monotonic()
        self._moves_by = 0 if due is None else max(due, mono)
        if due is not None and due <= mono:
            return
        self._wake.clear()
        self._is_resting = True
        tasks: list[asyncio.Future[object]] = [asyncio.ensure_future(self._wake.wait())]
        if due is not None:
            tasks.append(asyncio.ensure_future(self._clock.sleep((due - mono) / NS)))
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            self._is_resting = False
            for task in tasks:
                task.cancel()
