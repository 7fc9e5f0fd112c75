"""Columns of a grid: which of them fit a width, how wide they get, and how a filled cell sits in one. Arithmetic on
cells; rows, cursor and drawing are the grid's."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec
from rich.segment import Segment
from rich.style import Style

from tui.format import Align, fit, width
from tui.widgets.lines import Cell


class Column(msgspec.Struct, frozen=True, gc=False):
    """One column. `width` in cells; text is padded to it. A `number` that does not fit shows as ####."""

    key: str
    heading: str
    width: int
    align: Align = "left"
    number: bool = False
    drop: int = 0
    """Which columns go first when the pane is narrow: the highest, those of one number together; 0 never goes."""
    grow: bool = False
    """Takes the cells that are left over (at most one column)."""
    gap: int = 1
    """Empty cells behind it."""
    chips: bool = False
    """Fills hug the text, one cell more at each side, for which the gaps beside the column are used too."""


NARROWEST = 4
"""Words are not squeezed below this many cells."""


def chip(cell: Cell, column: Column, before: int, behind: int, styles: Mapping[str, Style]) -> tuple[Segment, ...]:
    """A filled cell whose fill hugs its text."""
    text = fit(cell.text.strip(), min(width(cell.text.strip()), column.width), number=column.number)
    cells = width(text)
    start = before + (column.width - cells if column.align == "right" else 0)
    total = before + column.width + behind
    left, right = max(start - 1, 0), min(start + cells + 1, total)
    chip = " " * (start - left) + text + " " * (right - start - cells)
    blank = styles["background"]
    pieces = (Segment(" " * left, blank), Segment(chip, styles[cell.pen]), Segment(" " * (total - right), blank))
    return tuple(segment for segment in pieces if segment.text)


def fitting(columns: Sequence[Column], room: int) -> list[tuple[int, Column]]:
    """(place, column) of those that are shown in `room` cells, with the widths they get."""
    shown = list(enumerate(columns))
    while needed(shown) > room and any(column.drop for _, column in shown):
        worst = max(column.drop for _, column in shown)
        shown = [pair for pair in shown if pair[1].drop != worst]
    return widths(shown, room)


def needed(shown: Sequence[tuple[int, Column]]) -> int:
    """Cells for these columns: the mark, then each with a gap between."""
    return 1 + sum(column.width + column.gap for _, column in shown) - (shown[-1][1].gap if shown else 0)


def widths(shown: list[tuple[int, Column]], room: int) -> list[tuple[int, Column]]:
    """Give spare cells to the growing column; where cells lack, take them from words, then leave out last columns.
    Figures keep their width always."""
    spare = room - needed(shown)
    fitted = []
    for place, column in shown:
        extra = 0
        if spare > 0 and column.grow:
            extra = spare
        elif spare < 0 and not column.number:
            extra = max(spare, min(NARROWEST - column.width, 0))
            spare -= extra
        fitted.append((place, msgspec.structs.replace(column, width=column.width + extra) if extra else column))
    while len(fitted) > 1 and needed(fitted) > room:
        fitted.pop()
    return fitted


def cut(segments: list[Segment], room: int) -> list[Segment]:
    """Segments without the empty ones, cut to `room` cells where the columns are wider than the pane."""
    kept, left = [], room
    for segment in segments:
        cells = segment.cell_length
        if cells > left:
            segment = segment.split_cells(left)[0]  # noqa: PLW2901
        if segment.text:
            kept.append(segment)
        left -= cells
        if left <= 0:
            break
    return kept
