"""A line in which an instrument is sought, and the list of those that fit: to find one, or to add it to a watchlist.
What fits is worked out elsewhere and put in."""

from __future__ import annotations

from collections.abc import Callable

from core.domain.instrument import Instrument
from tui import format as f
from tui.forms.over import Cursor, Line
from tui.forms.strips import LineForm
from tui.look import Look
from tui.messages import Acted, Edited, Press, Wish
from tui.widgets.grid import Cell

SHOWN = 8


class PickForm(LineForm):
    """`place` is find or add. `sought(form)` is called when what is typed changed, `chosen(instrument, is_listed)` with
    what Enter takes, `dropped()` when nothing was."""

    def __init__(
        self,
        place: str,
        prompt: str,
        heading: str,
        sought: Callable[[PickForm], None],
        chosen: Callable[[Instrument, bool], None],
        dropped: Callable[[], None],
    ) -> None:
        super().__init__(place, prompt)
        self.heading = heading
        self._sought, self._chosen, self._dropped = sought, chosen, dropped
        self.choices: list[tuple[Instrument, bool]] = []
        """(instrument, is it in the watchlist), best first."""
        self.cursor = Cursor()

    def offer(self, choices: list[tuple[Instrument, bool]]) -> None:
        self.choices = choices
        self.cursor.to(self.cursor.at, len(choices))

    @property
    def choice(self) -> tuple[Instrument, bool] | None:
        return self.choices[self.cursor.at] if self.choices else None

    def key(self, press: Press) -> Wish | None:
        if press.key == "enter":
            choice = self.choice
            return Acted(self._dropped if choice is None else lambda: self._chosen(*choice))
        if press.key == "escape" or (press.key == "backspace" and not self.edit.text):
            return Acted(self._dropped)
        if press.key in ("up", "down", "pageup", "pagedown"):
            self.cursor.key(press.key, len(self.choices))
            return Edited()
        before = self.edit.text
        wish = super().key(press)
        return wish if self.edit.text == before else self._changed()

    def paste(self, text: str) -> Wish | None:
        return self._changed() if super().paste(text) is not None else None

    def _changed(self) -> Wish:
        self.cursor = Cursor()
        return Acted(lambda: self._sought(self))

    # ---- over the panes

    def title(self, look: Look) -> str:
        return self.heading

    def facts(self, look: Look) -> str:
        return f"{self.cursor.at + 1}/{len(self.choices)}" if self.choices else ""

    def height(self) -> int:
        return min(max(len(self.choices), 1), SHOWN)

    def lines(self, look: Look, width: int, height: int) -> list[Line]:
        if not self.choices:
            text = "nothing fits" if self.edit.text.strip() else "type a code, a ticker, a name or its initials"
            return [Line([Cell(look.word(text), "text-dim")])]
        code, name = 12, max(min(width - 40, 32), 12)
        rows = []
        for place in self.cursor.window(len(self.choices), height):
            instrument, is_listed = self.choices[place]
            said = instrument.name_ko if look.language == "ko" and instrument.name_ko else instrument.name
            note = "" if is_listed else look.word("not in this list: a adds it")
            if self.place == "add":
                note = look.word("in this list already") if is_listed else ""
            cells = [
                Cell(f.fit(instrument.code, code), "strong"),
                Cell(f" {f.fit(said, name)}", "text"),
                Cell(f" {f.fit(instrument.market, 6)}", "text-dim"),
                Cell(f" {f.clip(note, max(width - code - name - 10, 0))}", "text-dim"),
            ]
            rows.append(Line(cells, is_chosen=place == self.cursor.at))
        return rows
