"""The rows at the bottom: message and command line. They show what the console tells them and hold nothing."""

from __future__ import annotations

from core.domain.text import clean
from tui import format as f
from tui.forms.strips import LineForm
from tui.look import Look
from tui.widgets.grid import Cell
from tui.widgets.parts import Part, part, spread
from tui.widgets.sheet import Sheet

_BETWEEN = "   "
"""Stands between the parts of a remark, each a text of its own."""
_MESSAGE_MARKS = {"ok": ("✓", "text"), "warning": ("!", "stale"), "error": ("✕", "error"), "info": ("·", "text-dim")}


class MessageBar(Sheet):
    """One line above the command line: it stays until read, or as long as the console lets it."""

    def __init__(self, look: Look) -> None:
        super().__init__(look.pens, id="message")
        self._look = look

    def show(self, level: str, text: str, count: int = 0) -> None:
        mark, pen = _MESSAGE_MARKS[level]
        more = [part(self._look.say("+{count} more, screen 8", count=count), "text-dim", 1)] if count else []
        chip = pen in ("stale", "error")
        lead = Cell(f" {mark} " if chip else f" {mark}", pen)
        room = max(self.room_width - 4 - (len(more) and 22), 4)
        body = Cell(f" {f.clip(self._look.said(clean(text)), room)}", "strong" if chip else "text")
        self.put_line(0, spread(self.room_width, [Part((lead, body))], more))
        self.flush()


class CommandBar(Sheet):
    """The command line: what is typed at the left, what it would do at the right."""

    def __init__(self, look: Look) -> None:
        super().__init__(look.pens, id="command")
        self._look = look

    def show(self, form: LineForm | None) -> None:
        if form is None:
            cells = [Cell(" :", "text-dim"), Cell(f" {self._look.word('b 10 CODE @PRICE')}", "faint")]
            self.put_line(0, cells, ground="raised")
        else:
            self.put_line(0, self._typed(form), ground="raised")
        self.flush()

    def _typed(self, form: LineForm) -> list[Cell]:
        width = self.room_width
        text, at = form.edit.text, form.edit.cursor
        typed = [Cell(f" {form.prompt} ", "accent"), Cell(text[:at], "text")]
        typed += [Cell(text[at : at + 1] or " ", "cursor"), Cell(text[at + 1 :], "text")]
        used = sum(f.width(cell.text) for cell in typed)
        if used > width - 4:  # the end of a long line matters more than its beginning
            return [Cell("…", "faint"), Cell(_tail(text[:at], width - 6), "text"), typed[2], typed[3]]
        room = width - used - 2
        if not form.remark or room < 12:
            return typed
        parts = clean(form.remark, 400).split(_BETWEEN)
        remark = f.clip(_BETWEEN.join(map(self._look.said, parts)), room - 1)
        gap = room - f.width(remark)
        return [*typed, Cell(" " * gap), Cell(remark, "warning" if form.is_wrong else "text-dim")]


def _tail(text: str, cells: int) -> str:
    while f.width(text) > cells:
        text = text[1:]
    return text
