"""Notices within a second that a part of the engine has fallen silent: each part says by how much it is late, and a
thread beside the loop looks whether the loop itself still turns."""

from __future__ import annotations

import asyncio
import sys
import threading
import traceback
from collections.abc import Callable

from core.domain.market import NS
from core.log import get_logger
from core.ports import Clock

LATE_NS = 13 * NS // 20
LOOK_SECONDS = 0.15

log = get_logger("watch")


class Watch:
    def __init__(self, clock: Clock, silent: Callable[[str, int], object]) -> None:
        """`silent` is told the name of a part and how late it is, ns: once while that lasts."""
        self._clock = clock
        self._silent = silent
        self._parts: dict[str, Callable[[int], int]] = {}
        self._told: set[str] = set()
        self._due = 0

    def part(self, name: str, late: Callable[[int], int]) -> None:
        """`late`: given the monotonic time, by how much that part is behind, ns."""
        self._parts[name] = late

    async def keep(self) -> None:
        while True:
            self._due = self._clock.monotonic() + round(LOOK_SECONDS * NS)
            await self._clock.sleep(LOOK_SECONDS)
            mono = self._clock.monotonic()
            if mono - self._due < LATE_NS:  # else all stood still together, and each gets a moment to catch up
                self.look(mono)

    def look_at_itself(self) -> None:
        """Asked from outside of its own task: is there somebody who looks?"""
        late = self._clock.monotonic() - self._due
        if self._due and late > LATE_NS:
            self._due = 0  # until it looks again
            self._silent("watch", late)

    def look(self, mono: int) -> None:
        for name, late in list(self._parts.items()):
            by = late(mono)
            if by <= LATE_NS:
                self._told.discard(name)
            elif name not in self._told:
                self._told.add(name)
                self._silent(name, by)


class Sentry:
    """A thread that asks the loop again and again to answer. Where the loop stands, it writes into the log what it
    stands at; nothing leaves while it does."""

    def __init__(self, clock: Clock, look: Callable[[], object], stood: Callable[[float], object]) -> None:
        """`look` is called on the loop at each answer, `stood` with the seconds for which it stood still."""
        self._loop = asyncio.get_running_loop()
        self._loop_thread = threading.get_ident()
        self._clock, self._look, self._stood = clock, look, stood
        self._answered = threading.Event()
        self._ended = threading.Event()
        self._is_late = False
        self._asked = clock.monotonic()
        self._thread = threading.Thread(target=self._run, name="sentry", daemon=True)
        self._thread.start()

    def late(self, _: int) -> int:
        """For the watch: is there still a thread?"""
        return 0 if self._thread.is_alive() or self._ended.is_set() else 2 * LATE_NS

    def end(self) -> None:
        self._ended.set()

    def _run(self) -> None:
        while not self._ended.wait(LOOK_SECONDS):
            self._answered.clear()
            before, self._asked = self._asked, self._clock.monotonic()
            self._is_late = self._asked - before > 2 * LATE_NS  # this thread stood still itself
            try:
                self._loop.call_soon_threadsafe(self._answer)
            except RuntimeError:
                return  # the loop is closed
            if not self._answered.wait(LATE_NS / NS):
                self._stands()

    def _answer(self) -> None:
        is_late = self._is_late
        self._answered.set()
        if not is_late and not self._ended.is_set():  # else all stood still together
            self._look()

    def _stands(self) -> None:
        self._is_late = True
        frame = sys._current_frames().get(self._loop_thread)
        where = traceback.format_stack(frame)[-6:] if frame is not None else []
        log.error("engine.stands", where="".join(where)[-2000:])
        while not self._answered.wait(LOOK_SECONDS) and not self._ended.is_set():
            pass
        self._is_late = False
        seconds = (self._clock.monotonic() - self._asked) / NS  # not by counting: this thread may have stood still too
        try:
            self._loop.call_soon_threadsafe(self._stood, seconds)
        except RuntimeError:
            return
