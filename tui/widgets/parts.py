"""A row of parts that gives way when it is narrow: the least important part goes first, whole, never half."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from tui import format as f
from tui.widgets.grid import Cell


class Part(msgspec.Struct, frozen=True):
    """`drop` 0 never goes; the highest goes first."""

    cells: tuple[Cell, ...]
    drop: int = 0

    @property
    def width(self) -> int:
        return sum(f.width(cell.text) for cell in self.cells)


def part(text: str, pen: str = "text", drop: int = 0) -> Part:
    return Part((Cell(text, pen),), drop)


def spread(width: int, left: Sequence[Part], right: Sequence[Part] = (), *, gap: int = 2) -> list[Cell]:
    """One row of `width` cells: `left` from the left, `right` to the right edge, `gap` cells between parts."""
    lefts, rights = list(left), list(right)

    def needed() -> int:
        count = len(lefts) + len(rights)
        return sum(p.width for p in (*lefts, *rights)) + gap * max(count - 1, 0)

    while needed() > width:
        droppable = [p for p in (*lefts, *rights) if p.drop]
        if not droppable:
            break
        worst = max(droppable, key=lambda p: p.drop)
        (lefts if any(p is worst for p in lefts) else rights).remove(worst)
    cells: list[Cell] = []
    for i, p in enumerate(lefts):
        cells += [Cell(" " * gap), *p.cells] if i else p.cells
    used = sum(p.width for p in lefts) + gap * max(len(lefts) - 1, 0)
    tail = sum(p.width for p in rights) + gap * max(len(rights) - 1, 0)
    cells.append(Cell(" " * max(width - used - tail, 0)))
    for i, p in enumerate(rights):
        cells += [Cell(" " * gap), *p.cells] if i else p.cells
    return cells
