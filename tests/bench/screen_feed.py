"""What every screen of the benchmark shows: rows of ten columns whose prices walk, some thousand times a second. The
latest figure of a cell waits in a slot until the next flush, so a slow screen skips figures and never queues them.
The walk is computed beforehand: feeding must cost next to nothing beside drawing.
"""

from __future__ import annotations

import asyncio
import random

COLUMNS = 10
WIDTH = 11
PUSHES = 100
"""Times a second at which the feed wakes: several ticks come in one read of a socket."""
WALK = 40_000
"""Ticks of the walk; then it begins again, from where it ended."""

Place = tuple[int, int]


class Table:
    """The prices shown, the direction of each last move, and the slots of those changed since the last flush."""

    def __init__(self, rows: int, seed: int = 7) -> None:
        self.rows = rows
        chance = random.Random(seed)
        values = {
            (row, column): round(chance.uniform(100, 90_000), 2) for row in range(rows) for column in range(1, COLUMNS)
        }
        self.shown = dict.fromkeys(values, (0.0, 1.0))
        self.slots: dict[Place, tuple[float, float]] = {place: (value, 1.0) for place, value in values.items()}
        self.updates = 0
        self._at = 0
        places = list(values)
        self._walk: list[tuple[Place, tuple[float, float]]] = []
        for _ in range(WALK):
            place = places[int(chance.random() * len(places))]
            move = (chance.random() - 0.5) * 0.4  # up to 20 ticks of 0.01
            values[place] += move
            self._walk.append((place, (values[place], move)))

    def tick(self, count: int) -> None:
        """The next `count` prices of the walk arrive."""
        at = self._at
        self.slots.update(self._walk[at : at + count])
        self._at = at + count if at + count < WALK else 0
        self.updates += count

    def take(self) -> list[Place]:
        """Show the changed cells: which they are, in order, each once. The slots are empty afterwards."""
        places = sorted(self.slots)
        self.shown.update(self.slots)
        self.slots.clear()
        return places

    def name(self, row: int) -> str:
        return f"CODE{row:04}"

    def text(self, row: int, column: int) -> str:
        return f"{self.shown[row, column][0]:,.2f}"

    def is_up(self, row: int, column: int) -> bool:
        return self.shown[row, column][1] > 0


class Feed:
    """Moves a table's prices at an even pace on the running loop, without a task."""

    def __init__(self, table: Table, rate: int) -> None:
        self.table = table
        self.rate = rate
        self.owed = 0.0
        self.loop = asyncio.get_running_loop()
        self.due = self.loop.time()
        self.push()

    def push(self) -> None:
        now = self.loop.time()
        pushes = max(min(int((now - self.due) * PUSHES), 10), 1)  # a blocked loop gets its ticks late, as a socket's
        self.owed += pushes * self.rate / PUSHES
        count = int(self.owed)
        if count:
            self.owed -= count
            self.table.tick(count)
        self.due = max(self.due + pushes / PUSHES, now - 1)
        self.loop.call_at(self.due, self.push)
