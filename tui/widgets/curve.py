"""A curve in braille, two by four dots a cell, with the cells under it on a ground of their own. Pure functions from
figures to rows of cells; axis and meaning are the pane's."""

from __future__ import annotations

from collections.abc import Sequence

from tui.widgets.lines import Cell

BRAILLE = ((0x01, 0x02, 0x04, 0x40), (0x08, 0x10, 0x20, 0x80))
"""Bits of a braille cell: left and right column, top to bottom."""


def curve(values: Sequence[float], cells: int, rows: int) -> list[list[Cell]]:
    """`values` from left to right in `rows` rows of `cells` cells; nothing where there is nothing to compare."""
    finite = [value for value in values if value == value]  # noqa: PLR0124 - leaves NaN out
    if len(finite) < 2 or cells < 2 or rows < 1:
        return []
    columns = 2 * cells
    heights = _heights(_spread(finite, columns), rows * 4)
    bits = [[0] * cells for _ in range(rows)]
    for x, height in enumerate(heights):
        before = heights[max(x - 1, 0)]
        for dot in range(min(before, height) + (before < height), max(before, height) - (before > height) + 1):
            y = rows * 4 - 1 - dot
            bits[y // 4][x // 2] |= BRAILLE[x % 2][y % 4]
    tops = [min(rows * 4 - 1 - h for h in heights[2 * c : 2 * c + 2]) // 4 for c in range(cells)]
    return [_row(bits[y], tops, y, cells) for y in range(rows)]


def _row(bits: Sequence[int], tops: Sequence[int], y: int, cells: int) -> list[Cell]:
    """One row as runs: what lies above the curve on the background, the rest on the curve's ground."""
    runs: list[Cell] = []
    for x in range(cells):
        text = chr(0x2800 + bits[x]) if bits[x] else " "
        pen = "curve" if y >= tops[x] else "text"
        if runs and runs[-1].pen == pen:
            runs[-1] = Cell(runs[-1].text + text, pen)
        else:
            runs.append(Cell(text, pen))
    return runs


def _spread(values: Sequence[float], count: int) -> list[float]:
    """As many values as there are columns, the newest at the right."""
    last = len(values) - 1
    return [values[round(i * last / (count - 1))] for i in range(count)]


def _heights(values: Sequence[float], dots: int) -> list[int]:
    low, high = min(values), max(values)
    span = high - low
    if not span:
        return [dots // 2] * len(values)
    return [round((value - low) / span * (dots - 1)) for value in values]
