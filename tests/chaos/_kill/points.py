"""Where a life ends: at the n-th turn of its event loop (so between any two awaits), at the n-th statement of the
journal's writer (so around every write and commit), before or after a named call, or whenever the parent likes."""

from __future__ import annotations

import asyncio
import os
import signal
import sqlite3
from random import Random
from typing import Any

import msgspec

import storage.journal
from core.ports import SendPermit

CALLS = ("append", "append", "claim", "claim", "spend", "submit", "submit", "cancel", "replace")
READS = ("connect", "snapshot", "snapshot", "append")
OUTSIDE = "outside"
REACH = {("start", "turn"): 160, ("start", "statement"): 26, ("work", "turn"): 110, ("work", "statement"): 40}
"""How far a point of each kind may lie; what a life does not reach ends it at rest."""


class Point(msgspec.Struct, frozen=True):
    phase: str
    """start: until it has recovered; work: from then on."""
    kind: str
    count: int

    @property
    def family(self) -> str:
        kind = self.kind if self.kind in ("turn", "statement", OUTSIDE) else "call"
        return f"{kind} in {self.phase}"


def drawn(random: Random) -> Point:
    phase = "start" if random.random() < 0.25 else "work"
    kind = random.choice(("turn", "turn", "statement", "call", OUTSIDE))
    if kind == OUTSIDE:
        return Point(phase, OUTSIDE, random.randrange(60 if phase == "start" else 30))
    if kind == "call":
        what = random.choice(CALLS if phase == "work" else READS)
        return Point(
            phase, f"{random.choice(('before', 'after'))} {what}", min(random.randrange(3), random.randrange(3))
        )
    return Point(phase, kind, random.randrange(REACH[phase, kind]))


class Reaper:
    """Sits in one life and ends it at its point."""

    def __init__(self, point: Point) -> None:
        self.phase = "start"
        self._point = point
        self._left = point.count

    def here(self, kind: str) -> None:
        if kind == self._point.kind and self.phase == self._point.phase:
            self._left -= 1
            if self._left < 0:
                die()

    def watch(self) -> None:
        """From here on every turn of a loop, every statement of a writer and every spent permit counts. For a process
        that will not live: nothing is put back."""
        turn, connect, spend = asyncio.events.Handle._run, storage.journal.connect_writer, SendPermit.spend

        def counted(handle: Any) -> None:
            self.here("turn")
            turn(handle)

        def traced(path: Any) -> sqlite3.Connection:
            connection = connect(path)
            connection.set_trace_callback(lambda _: self.here("statement"))
            return connection

        def spent(permit: SendPermit, prepared: Any) -> None:
            self.here("before spend")
            spend(permit, prepared)
            self.here("after spend")

        asyncio.events.Handle._run = counted  # type: ignore[method-assign]
        storage.journal.connect_writer = traced
        SendPermit.spend = spent  # type: ignore[method-assign]

    def around(self, owner: Any, *names: str) -> None:
        for name in names:
            setattr(owner, name, self._around(getattr(owner, name), name))

    def _around(self, real: Any, name: str) -> Any:
        async def call(*args: Any) -> Any:
            self.here(f"before {name}")
            answer = await real(*args)
            self.here(f"after {name}")
            return answer

        return call


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)
