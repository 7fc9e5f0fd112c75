"""The rows at the bottom: message and command line. They show what the console tells them and hold nothing."""

from __future__ import annotations

from core.domain.text import clean
from tui import format as f
from tui.forms.strips import LineForm
from tui.look import Look
from tui.widgets.grid import Cell
from tui.widgets.lines import OverStrip
from tui.widgets.parts import Part, part, spread
from tui.widgets.sheet import Sheet
from tui.widgets.wrap import wrap

_BETWEEN = "   "
"""Stands between the parts of a remark, each a text of its own."""
_MESSAGE_MARKS = {
    "ok": ("✓", "text"),
    "warning": ("!", "stale"),
    "error": ("✕", "error"),
    "alert": ("◆", "halted"),
    "info": ("·", "text-dim"),
}


_MORE = 12
"""Cells kept for how many more there are."""


def message_rows(text: str, count: int, width: int, most: int) -> int:
    """How many rows a message needs: one, or as many as the reason of a refusal has words for."""
    return max(1, min(len(wrap(clean(text, 400), _room(width, count))), most, 3))


def _room(width: int, count: int) -> int:
    return max(width - 5 - (_MORE if count else 0), 8)


class MessageBar(Sheet):
    strip_kind = OverStrip

    """What is said, above the command line: it stays until read, or as long as the console lets it. A long reason takes
    more rows and is not cut."""

    def __init__(self, look: Look) -> None:
        super().__init__(look.pens, id="message")
        self._look = look

    def show(self, level: str, text: str, count: int = 0) -> None:
        mark, pen = _MESSAGE_MARKS[level]
        more = [part(self._look.say("+{count} more", count=count), "text-dim", 1)] if count else []
        chip = pen in ("stale", "error", "halted")
        lead = Cell(f" {mark} " if chip else f" {mark}", pen)
        room = _room(self.room_width, count)
        rows = wrap(self._look.prose(self._look.said(clean(text, 400))), room)
        if len(rows) > self.room_height:
            rows[self.room_height - 1 :] = [f.clip(" ".join(rows[self.room_height - 1 :]), room)]
        body = "strong" if chip else "text"
        self.put_line(0, spread(self.room_width, [Part((lead, Cell(f" {rows[0]}", body)))], more))
        for y in range(1, self.room_height):
            self.put_line(y, [Cell("    "), Cell(rows[y] if y < len(rows) else "", body)])
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
        typed = [Cell(f" {form.prompt} ", "accent"), *_written(form, 0, at)]
        typed += [Cell(text[at : at + 1] or " ", "cursor"), *_written(form, at + 1, len(text))]
        used = sum(f.width(cell.text) for cell in typed)
        if used > width - 4:  # the end of a long line matters more than its beginning
            room = max(width - 6 - f.width(text[at:]), width // 2)
            rest = [Cell(text[at : at + 1] or " ", "cursor"), Cell(f.clip(text[at + 1 :], width // 3), "text")]
            return [Cell("…", "faint"), Cell(_tail(text[:at], room), "text"), *rest]
        room = width - used - 2
        if not form.remark or room < 12:
            return typed
        parts = [self._look.said(text) for text in clean(form.remark, 400).split(_BETWEEN)]
        while len(parts) > 1 and f.width(_BETWEEN.join(parts)) > room - 1:
            del parts[-2 if len(parts) > 2 else -1]  # what it is and what Enter does stay longest
        remark = f.clip(_BETWEEN.join(parts), room - 1)
        gap = room - f.width(remark)
        return [*typed, Cell(" " * gap), Cell(remark, "warning" if form.is_wrong else "text-dim")]


def _written(form: LineForm, start: int, end: int) -> list[Cell]:
    """What is typed between two places; the word that cannot be read stands out."""
    text, (at, length) = form.edit.text, form.fault or (0, 0)
    low, high = max(start, at), min(end, at + length)
    if low >= high:
        return [Cell(text[start:end], "text")]
    return [Cell(text[start:low], "text"), Cell(text[low:high], "stale"), Cell(text[high:end], "text")]


def _tail(text: str, cells: int) -> str:
    while text and f.width(text) > cells:
        text = text[1:]
    return text
