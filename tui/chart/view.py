"""Which part of a series is looked at: how many bars a column, where the right edge is, where the crosshair stands.
It moves over times, not places, so bars that come, also older ones, move nothing."""

from __future__ import annotations

from bisect import bisect_right

from tui.chart.series import Candle

ZOOMS = ((3, 1), (2, 1), (1, 1), (1, 2), (1, 4), (1, 8))
"""(cells a column, bars a column), nearest first."""
USUAL = 2


class View:
    def __init__(self) -> None:
        self.zoom = USUAL
        self.edge: int | None = None
        """When the newest column shown begins, while panned; None follows the newest bar."""
        self.cursor: int | None = None
        """When the column under the crosshair begins; None is the newest one."""
        self._left: int | None = None
        """While following: when the leftmost column shown began, so that new bars fill a margin and seldom scroll."""

    @property
    def cells(self) -> int:
        return ZOOMS[self.zoom][0]

    @property
    def count(self) -> int:
        """Bars a column."""
        return ZOOMS[self.zoom][1]

    def reset(self) -> None:
        """Another series: follow it."""
        self.edge = self.cursor = self._left = None

    def change_zoom(self, by: int) -> bool:
        """Nearer (negative) or farther; False at the end."""
        wanted = min(max(self.zoom + by, 0), len(ZOOMS) - 1)
        changed, self.zoom, self._left = wanted != self.zoom, wanted, None
        return changed

    def window(self, candles: list[Candle], room: int) -> tuple[int, int]:
        """Places [first, end) of the columns shown in `room` columns. While following, new bars come into a margin at
        the right; when it is full, the whole moves on by a tenth: one redraw instead of one a bar."""
        total = len(candles)
        if self.edge is not None:
            end = max(_place(candles, self.edge) + 1, min(room, total))
            return max(end - room, 0), min(end, total)
        first = 0 if self._left is None else _place(candles, self._left)
        if self._left is None or not 0 < total - first <= room or total - first < room * 3 // 4:
            first = max(total - room + room // 10, 0)
        self._left = candles[first].ts if candles else None
        return first, total

    def pan(self, candles: list[Candle], room: int, by: int) -> bool:
        """Move by `by` columns, negative to the left; False when there is nothing on that side."""
        if not candles:
            return False
        _, end = self.window(candles, room)
        wanted = end - 1 + by
        if wanted >= len(candles) - 1:
            moved = self.edge is not None
            self.edge = self._left = None
            return moved
        place = max(wanted, min(room, len(candles)) - 1)
        moved = place != end - 1
        self.edge = candles[place].ts
        return moved

    def move_cursor(self, candles: list[Candle], room: int, by: int) -> bool:
        """The crosshair to the neighbouring column; what it runs into, it pushes. False at an end."""
        if not candles:
            return False
        first, end = self.window(candles, room)
        place = end - 1 if self.cursor is None else _place(candles, self.cursor)
        wanted = min(max(place + by, 0), len(candles) - 1)
        self.cursor = None if wanted == len(candles) - 1 and self.edge is None else candles[wanted].ts
        if wanted < first:
            self.pan(candles, room, wanted - first)
        elif wanted >= end:
            self.pan(candles, room, wanted - end + 1)
        return wanted != place

    def to_end(self, candles: list[Candle], room: int, *, newest: bool) -> None:
        self.cursor = self._left = None
        self.edge = None
        if not newest and len(candles) > room:
            self.edge = candles[room - 1].ts
            self.cursor = candles[0].ts

    def cursor_place(self, candles: list[Candle]) -> int:
        """Place of the column under the crosshair, -1 when there is none."""
        if not candles:
            return -1
        return len(candles) - 1 if self.cursor is None else _place(candles, self.cursor)


def _place(candles: list[Candle], ts: int) -> int:
    """The newest column that began by `ts`."""
    return max(bisect_right(candles, ts, key=lambda candle: candle.ts) - 1, 0)
