"""The one grid of hairlines behind all panes, with titles in its rules: borders are shared and joined, the focused pane
is outlined in the accent, and in LIVE both outer columns turn into rails. It knows rectangles, not panes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec

from tui import format as f
from tui.screens.layout import Layout, Rect
from tui.widgets.grid import Cell
from tui.widgets.pens import Pens
from tui.widgets.sheet import Sheet

_UP, _DOWN, _LEFT, _RIGHT = 1, 2, 4, 8
_GLYPHS = {
    0: " ",
    _UP: "│",
    _DOWN: "│",
    _UP | _DOWN: "│",
    _LEFT: "─",
    _RIGHT: "─",
    _LEFT | _RIGHT: "─",
    _DOWN | _RIGHT: "┌",
    _DOWN | _LEFT: "┐",
    _UP | _RIGHT: "└",
    _UP | _LEFT: "┘",
    _UP | _DOWN | _RIGHT: "├",
    _UP | _DOWN | _LEFT: "┤",
    _DOWN | _LEFT | _RIGHT: "┬",
    _UP | _LEFT | _RIGHT: "┴",
    _UP | _DOWN | _LEFT | _RIGHT: "┼",
}
_JOINTS = {
    rail: dict.fromkeys("├┌└", right) | dict.fromkeys("┤┐┘", left)
    for rail, right, left in (("┃", "┠", "┨"), ("║", "╟", "╢"))
}
"""Rail -> how it looks where a rule meets it; everywhere else it is plain."""

Rows = dict[int, tuple[list[str], list[str], list[Cell]]]
"""Row -> glyphs and pens cell by cell, and the same as runs of one pen."""
_KEPT = 32
"""Layouts whose rows are kept."""


class Title(msgspec.Struct, frozen=True):
    """What stands in a pane's rule: its name, its subject and facts at the right."""

    name: str
    subject: str = ""
    facts: tuple[Cell, ...] = ()


class Frame(Sheet):
    def __init__(self, pens: Pens) -> None:
        super().__init__(pens, id="frame")
        self._for: tuple[object, ...] = ()
        self._rows: Rows = {}
        self._known: dict[tuple[object, ...], Rows] = {}

    def show(self, layout: Layout, titles: Mapping[str, Title], focus: str, *, rail: str = "") -> None:
        """Draw borders and titles for `layout`; rows of the header and hints stay empty. `rail`: the glyph of the outer
        columns where real money is at stake."""
        wanted = (layout.width, layout.height, tuple(layout.panes.items()), focus, rail)
        if self._for != wanted:
            self._for = wanted
            self._rows = self._rows_for(wanted, layout, focus, rail)
            for y in range(layout.height):
                if y in self._rows:
                    self.put_line(y, self._rows[y][2])
                else:
                    self.put_line(y, ())
        for y in {rect.y for rect in layout.panes.values()} & self._rows.keys():
            row, pens = list(self._rows[y][0]), list(self._rows[y][1])
            for name, rect in layout.panes.items():
                if rect.y == y and name in titles:
                    _write_title(row, pens, rect, titles[name], is_focused=name == focus)
            self.put_line(y, _runs(row, pens))
        self.flush()

    def _rows_for(self, wanted: tuple[object, ...], layout: Layout, focus: str, rail: str) -> Rows:
        """The same few layouts come again and again as tickets open and focus moves."""
        known = self._known.get(wanted)
        if known is None:
            if len(self._known) >= _KEPT:
                self._known.clear()
            known = self._known[wanted] = _rows(layout, focus, rail)
        return known


def _rows(layout: Layout, focus: str, rail: str) -> Rows:
    """Glyphs and pens of every row of the body, without titles."""
    if not layout.panes:
        return {}
    arms = _arms(layout)
    outline = _outline(layout.panes.get(focus), layout)
    rows = {}
    first = min(rect.y for rect in layout.panes.values())
    last = max(rect.y + rect.height for rect in layout.panes.values())
    for y in range(first, layout.command_row + 1 if rail else last):
        row = [_GLYPHS[arms.get((x, y), 0)] for x in range(layout.width)]
        pens = ["accent" if (x, y) in outline else "border" for x in range(layout.width)]
        for (x, at), glyph in outline.items():
            if at == y:
                row[x] = glyph
        if rail:
            for x in (0, layout.width - 1):
                row[x] = _JOINTS[rail].get(row[x], rail)
                pens[x] = "live"
        rows[y] = (row, pens, _runs(row, pens))
    return rows


def _arms(layout: Layout) -> dict[tuple[int, int], int]:
    """For every cell on a border, the directions in which a line leaves it."""
    arms: dict[tuple[int, int], int] = {}

    def add(x: int, y: int, arm: int) -> None:
        if 0 <= x < layout.width:
            arms[x, y] = arms.get((x, y), 0) | arm

    for rect in layout.panes.values():
        right, bottom = rect.x + rect.width, rect.y + rect.height
        for x in range(rect.x, right):
            add(x, rect.y, _RIGHT)
            add(x + 1, rect.y, _LEFT)
        for y in range(rect.y, bottom):
            for x in (rect.x, right):
                if y + 1 < bottom:
                    add(x, y, _DOWN)
                    add(x, y + 1, _UP)
                elif any(
                    other.y == bottom and other.x <= x <= other.x + other.width for other in layout.panes.values()
                ):
                    add(x, y, _DOWN)
                    add(x, bottom, _UP)
                else:
                    add(x, y, _UP)
    return arms


def _outline(rect: Rect | None, layout: Layout) -> dict[tuple[int, int], str]:
    """Cells of the focused pane's sides. Corners are drawn as corners and joints as plain sides, so that no arm in the
    accent reaches into a neighbour."""
    if rect is None:
        return {}
    right, bottom = rect.x + rect.width, rect.y + rect.height
    cells = {(x, rect.y): "─" for x in range(rect.x, right + 1)}
    for y in range(rect.y, bottom):
        cells[rect.x, y] = cells[right, y] = "│"
    cells[rect.x, rect.y], cells[right, rect.y] = "┌", "┐"
    if any(other.y == bottom for other in layout.panes.values()):
        cells |= {(x, bottom): "─" for x in range(rect.x, right + 1)}
        cells[rect.x, bottom], cells[right, bottom] = "└", "┘"
    return {(x, y): glyph for (x, y), glyph in cells.items() if x < layout.width}


def _write_title(row: list[str], pens: list[str], rect: Rect, title: Title, *, is_focused: bool) -> None:
    """` Name subject ─── facts ` into the rule. Facts give way before the name does, and of two warnings the first
    stands: a rule with two of them is read as none."""
    room = rect.width - 3
    cells = [Cell(f" {title.name} ", "title" if is_focused else "name")]
    if title.subject:
        cells.append(Cell(f"{title.subject} ", "text-dim"))
    _write(row, pens, rect.x + 1, room, cells)
    left = sum(f.width(cell.text) for cell in cells)
    facts = _with_one_warning([cell for cell in title.facts if cell.text])
    if not facts or room - left < 8:
        return
    facts = _fitting([Cell(facts[0].text.lstrip(), facts[0].pen), *facts[1:]], room - left - 2)
    wide = sum(f.width(cell.text) for cell in facts) + 2
    if not facts:
        return
    start = rect.x + rect.width - wide - 1
    _write(row, pens, start, wide, [Cell(" "), *facts, Cell(" ")])


_WARNINGS = frozenset({"warning", "stale", "halted", "unknown", "error"})


def _with_one_warning(facts: list[Cell]) -> list[Cell]:
    loud = [cell for cell in facts if cell.pen in _WARNINGS]
    return [cell for cell in facts if cell.pen not in _WARNINGS or cell is loud[0]]


def _fitting(facts: list[Cell], room: int) -> list[Cell]:
    """Facts that fit; the last go first, whole, with their labels: a fact begins with two spaces, but for the first. A
    sentence that stands alone is clipped, figures never are."""
    while facts and sum(f.width(cell.text) for cell in facts) > room:
        starts = [place for place, cell in enumerate(facts) if cell.text.startswith("  ")]
        if starts:
            facts = facts[: starts[-1]]
        else:
            facts = [Cell(f.clip(facts[0].text, room), facts[0].pen)] if len(facts) == 1 else []
    return facts


def _write(row: list[str], pens: list[str], x: int, room: int, cells: Sequence[Cell]) -> None:
    """Text into a row of single cells; a wide character takes its cell and empties the next."""
    end = min(x + room, len(row))
    for cell in cells:
        text = f.fit(cell.text, f.width(cell.text))
        for character in text:
            wide = f.width(character)
            if x + wide > end:
                return
            row[x], pens[x] = character, cell.pen
            for spare in range(1, wide):
                row[x + spare], pens[x + spare] = "", cell.pen
            x += wide


def _runs(row: list[str], pens: list[str]) -> list[Cell]:
    """Neighbours of one pen as one cell of text."""
    cells: list[Cell] = []
    start = 0
    for x in range(1, len(row) + 1):
        if x == len(row) or pens[x] != pens[start]:
            cells.append(Cell("".join(row[start:x]), pens[start]))
            start = x
    return cells
