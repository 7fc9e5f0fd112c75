"""The engine's tasks by name. One that is gone though nobody ended it is started anew and told of; one that raised is a
bug, and the group's business: the engine stops, loudly."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

Run = Callable[[], Coroutine[Any, Any, None]]


class Crew:
    def __init__(self, group: asyncio.TaskGroup, fell: Callable[[str], object]) -> None:
        """`fell` is told the name of a task that was started anew."""
        self._group = group
        self._fell = fell
        self._is_closing = False
        self._expected: set[str] = set()
        """Those that were ended by somebody who says so himself."""
        self.tasks: dict[str, asyncio.Task[None]] = {}

    def start(self, name: str, run: Run) -> None:
        work = run()
        try:
            task = self._group.create_task(work, name=name)
        except RuntimeError:  # the group ends, and all of this with it
            work.close()
            return
        self.tasks[name] = task
        task.add_done_callback(lambda done: self._ended(name, run, done))

    def again(self, name: str, *, is_told: bool = True) -> bool:
        """End a task: it is started anew. False when it is over, as a line is whose key was refused."""
        is_ending = self.tasks[name].cancel()
        if is_ending and not is_told:
            self._expected.add(name)
        return is_ending

    def end(self, *, but: str = "") -> None:
        """No task is started anew from here on; all but one are ended."""
        self._is_closing = True
        for name, task in self.tasks.items():
            if name != but:
                task.cancel()

    def _ended(self, name: str, run: Run, task: asyncio.Task[None]) -> None:
        if self._is_closing or not task.cancelled():
            return
        self.start(name, run)
        if self.tasks[name] is task:
            return
        if name in self._expected:
            self._expected.discard(name)
        else:
            self._fell(name)
