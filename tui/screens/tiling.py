"""Rectangles that tile an area: columns, rows, a ticket beside the rest. Arithmetic only; it knows no pane by name but
the ticket, and no screen."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import msgspec

TICKET_WIDTH = 31


class Rect(msgspec.Struct, frozen=True):
    """A pane with its title rule (first row) and left border (first column); its right border belongs to whatever
    stands there. Cells, from the screen's corner."""

    x: int
    y: int
    width: int
    height: int

    @property
    def inside(self) -> tuple[int, int, int, int]:
        """x, y, width, height of what the pane itself draws."""
        return self.x + 1, self.y + 1, max(self.width - 1, 0), max(self.height - 1, 0)


Panes = dict[str, Rect]
Tiling = Callable[[Rect, bool], Panes]
"""(body, is a ticket open) -> where each pane stands; together they cover the body exactly."""


def across(area: Rect, parts: Sequence[tuple[str, int]]) -> Panes:
    """Columns from left to right; widths of 0 share what is left, in equal parts."""
    fixed, free = sum(width for _, width in parts), sum(not width for _, width in parts)
    panes, x, end = {}, area.x, area.x + area.width
    for i, (name, width) in enumerate(parts):
        last = i == len(parts) - 1
        taken = end - x if last else width or (area.width - fixed) // free
        panes[name] = Rect(x, area.y, taken, area.height)
        x += taken
    return panes


def down(area: Rect, parts: Sequence[tuple[str, int]]) -> Panes:
    """Rows from top to bottom; heights of 0 share what is left."""
    fixed, free = sum(height for _, height in parts), sum(not height for _, height in parts)
    panes, y, end = {}, area.y, area.y + area.height
    for i, (name, height) in enumerate(parts):
        last = i == len(parts) - 1
        taken = end - y if last else height or (area.height - fixed) // free
        panes[name] = Rect(area.x, y, area.width, taken)
        y += taken
    return panes


def beside_ticket(area: Rect, name: str) -> Panes:
    """`name`, and the ticket at its right."""
    return across(area, [(name, 0), ("ticket", TICKET_WIDTH)])


def alone(name: str) -> Tiling:
    """One pane; an open ticket stands beside it."""

    def tiling(body: Rect, has_ticket: bool) -> Panes:
        return beside_ticket(body, name) if has_ticket else {name: body}

    return tiling


def stacked(first: str, second: str, share: tuple[int, int]) -> Tiling:
    """Two panes, `first` with `share` of the height, one above the other; an open ticket stands beside both."""

    def tiling(body: Rect, has_ticket: bool) -> Panes:
        sides = beside_ticket(body, "rest") if has_ticket else {"rest": body}
        rest = sides.pop("rest")
        return {**down(rest, [(first, rest.height * share[0] // share[1]), (second, 0)]), **sides}

    return tiling
