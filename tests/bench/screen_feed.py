"""What every screen of the benchmark shows: rows of ten columns whose prices walk, some thousand times a second. The
latest figure of a cell waits in a slot until the next flush, so a slow screen skips figures and never queues them.
"""

from __future__ import annotations

import asyncio
import random

COLUMNS = 10
WIDTH = 11
PUSHES = 100
"""Times a second at which the feed wakes: several ticks come in one read of a socket."""


class Table:
    """Prices, the direction of their last move, and which cells changed since the last flush."""

    def __init__(self, rows: int, seed: int = 7) -> None:
        self.rows = rows
        self.random = random.Random(seed)
        self.values = [[round(self.random.uniform(100, 90_000), 2) for _ in range(COLUMNS)] for _ in range(rows)]
        self.moves = [[1.0] * COLUMNS for _ in range(rows)]
        self.dirty: set[tuple[int, int]] = set()
        self.updates = 0

    def tick(self, count: int) -> None:
        """`count` prices move by up to 20 ticks of 0.01."""
        choose = self.random.random
        for _ in range(count):
            row, column = int(choose() * self.rows), 1 + int(choose() * (COLUMNS - 1))
            move = (choose() - 0.5) * 0.4
            self.values[row][column] += move
            self.moves[row][column] = move
            self.dirty.add((row, column))
        self.updates += count

    def name(self, row: int) -> str:
        return f"CODE{row:04}"

    def text(self, row: int, column: int) -> str:
        return f"{self.values[row][column]:,.2f}"

    def take(self) -> list[tuple[int, int]]:
        """The changed cells in order, each once; they are clean afterwards."""
        cells = sorted(self.dirty)
        self.dirty.clear()
        return cells


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
