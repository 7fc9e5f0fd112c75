"""The details of a row over the whole screen: its story, to be scrolled, and a line in which a note is written on it.
It shows what the desk answered; whoever opened it asks."""

from __future__ import annotations

from collections.abc import Callable

from core.trading.story import Story
from tui.forms.over import Cursor, Line
from tui.forms.story import Row, rows_of
from tui.look import Look, symbol
from tui.messages import Acted, Dropped, Edited, Press, Wish
from tui.widgets.grid import Cell
from tui.widgets.line_edit import LineEdit


class DetailsForm:
    place = "details"
    sending = frozenset({"enter"})

    def __init__(self, write: Callable[[str, str], None], again: Callable[[], None]) -> None:
        self._write, self._again = write, again
        self.story: Story | None = None
        self.trouble = ""
        """Why there is no story."""
        self.cursor = Cursor()
        self.note: LineEdit | None = None
        self._note_on = ""
        self._rows: list[Row] = []
        self.armed_from = 0.0

    @property
    def is_input(self) -> bool:
        return self.note is not None

    def key(self, press: Press) -> Wish | None:
        if self.note is not None:
            return self._type(press, self.note)
        if self.cursor.key({"j": "down", "k": "up", "G": "end"}.get(press.key, press.key), len(self._rows)):
            return Edited()
        match press.key:
            case "escape" | "q" | "i":
                return Dropped()
            case "r":
                return Acted(self._again)
            case "n" if self.story is not None:
                self._begin(self.story)
                return Edited()
        return None

    def _begin(self, story: Story) -> None:
        """A note on the fill under the cursor, elsewhere on the whole."""
        subject = self._rows[self.cursor.at][1] if self.cursor.at < len(self._rows) else ""
        self._note_on = subject or story.subject
        before = story.note if not subject else next((r.note for r in story.fills if subject.endswith(r.key)), "")
        self.note = LineEdit(before)

    def _type(self, press: Press, note: LineEdit) -> Wish | None:
        if press.key == "escape":
            self.note = None
            return Edited()
        if press.key == "enter":
            text, self.note = note.text, None
            return Acted(lambda: self._write(self._note_on, text))
        return Edited() if note.key(press.key, press.character) else None

    def paste(self, text: str) -> Wish | None:
        return Edited() if self.note is not None and self.note.insert(" ".join(text.split())) else None

    # ---- over the panes

    def title(self, look: Look) -> str:
        story = self.story
        if story is None:
            return "Details"
        named = story.order or story.instrument
        return f"Details of {symbol(named, look.language)}" if named is not None else "Details"

    def facts(self, look: Look) -> str:
        return look.word("n note  r again  Esc closes")

    def height(self) -> int:
        return 10**6

    def lines(self, look: Look, width: int, height: int) -> list[Line]:
        if self.story is None:
            text = look.said(self.trouble) if self.trouble else look.word("asking the engine")
            return [Line([Cell(f" {text}", "warning" if self.trouble else "text-dim")])]
        self._rows = rows_of(self.story, look, width)
        room = max(height - (self.note is not None), 1)
        shown = [
            Line(self._rows[at][0], is_chosen=at == self.cursor.at) for at in self.cursor.window(len(self._rows), room)
        ]
        if self.note is not None:
            at, text = self.note.cursor, self.note.text
            cells = [
                Cell(f" {look.word('note')} ", "accent"),
                Cell(text[:at]),
                Cell(text[at : at + 1] or " ", "cursor"),
            ]
            shown = [*shown, *([Line([])] * (room - len(shown))), Line([*cells, Cell(text[at + 1 :])])]
        return shown
