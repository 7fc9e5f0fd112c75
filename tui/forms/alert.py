"""The small form of one new price alert: direction, price with tick keys, a note. It sends nothing itself and is no
order: nothing is bought or sold because of an alert."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal, InvalidOperation

from core.domain.commands import SetAlert
from core.domain.errors import InvalidValue
from core.domain.instrument import Instrument
from tui import format as f
from tui.forms.over import Line
from tui.look import Look, symbol
from tui.messages import Acted, Dropped, Edited, Press, Refused, Wish
from tui.widgets.grid import Cell
from tui.widgets.line_edit import LineEdit

_STEPS = {"up": 1, "down": -1, "pageup": 10, "pagedown": -10}


class AlertForm:
    place = "alert"
    is_input = True
    sending = frozenset({"enter"})

    def __init__(
        self, instrument: Instrument, price: Decimal, last: float | None, ask: Callable[[SetAlert], None]
    ) -> None:
        self.instrument = instrument
        self.last = last
        self.above = last is None or price >= Decimal(repr(last))
        self.price = LineEdit(f.quantity(price), allowed="0123456789.,", is_fresh=True)
        self.note = LineEdit()
        self.field = "price"
        self._ask = ask
        self._is_side_chosen = False
        self.armed_from = 0.0

    @property
    def value(self) -> Decimal | None:
        try:
            found = Decimal(self.price.text.replace(",", ""))
        except InvalidOperation:
            return None
        return found if found > 0 else None

    def key(self, press: Press) -> Wish | None:
        match press.key:
            case "escape":
                return Dropped()
            case "enter":
                return self._set()
            case "tab" | "shift+tab":
                self.field = "note" if self.field == "price" else "price"
                return Edited()
        if self.field == "note":
            return Edited() if self.note.key(press.key, press.character) else None
        if press.key in ("left", "right") or press.character in ("<", ">"):
            self.above = press.character == ">" if press.character in ("<", ">") else not self.above
            self._is_side_chosen = True
            return Edited()
        if press.key in _STEPS:
            return self._step(_STEPS[press.key])
        if not self.price.key(press.key, press.character):
            return None
        self._choose_side()
        return Edited()

    def _step(self, ticks: int) -> Wish | None:
        price = self.value
        if price is None:
            return None
        self.price.set(f.quantity(self.instrument.ticks.move(price, ticks)), is_fresh=True)
        self._choose_side()
        return Edited()

    def _choose_side(self) -> None:
        """Above the last price it waits for a rise, below it for a fall, unless a hand said otherwise."""
        price = self.value
        if price is not None and self.last is not None and not self._is_side_chosen:
            self.above = float(price) >= self.last

    def _set(self) -> Wish:
        price = self.value
        if price is None:
            return Refused("write a price above zero")
        try:
            command = SetAlert(instrument=self.instrument.id, above=self.above, price=price, note=self.note.text)
        except InvalidValue as error:
            return Refused(str(error))
        return Acted(lambda: self._ask(command))

    def paste(self, text: str) -> Wish | None:
        edit = self.note if self.field == "note" else self.price
        return Edited() if edit.insert(" ".join(text.split())) else None

    # ---- over the panes

    def title(self, look: Look) -> str:
        return f"Alert for {symbol(self.instrument, look.language)}"

    def facts(self, look: Look) -> str:
        return "" if self.last is None else look.say("last {price}", price=f.quantity(self.last))

    def height(self) -> int:
        return 2

    def lines(self, look: Look, width: int, height: int) -> list[Line]:
        side = look.word("rises to") if self.above else look.word("falls to")
        glyph, pen = (f.UP, "up") if self.above else (f.DOWN, "down")
        price = self.value
        far = ""
        if price is not None and self.last:
            far = f"{f.percent(float(price) / self.last - 1)}"
        first = [
            Cell(f"{glyph} ", pen),
            Cell(f"{f.fit(side, 10)} ", "text-dim"),
            *_field(self.price, self.field == "price"),
            Cell(f"   {far}", "text-dim"),
        ]
        second = [Cell(f"  {f.fit(look.word('note'), 10)} ", "text-dim"), *_field(self.note, self.field == "note")]
        return [
            Line(first, is_chosen=self.field == "price"),
            Line(second, is_chosen=self.field == "note"),
        ]


def _field(edit: LineEdit, is_active: bool) -> list[Cell]:
    if not is_active:
        return [Cell(edit.text, "strong")]
    at = edit.cursor
    return [
        Cell(edit.text[:at], "strong"),
        Cell(edit.text[at : at + 1] or " ", "cursor"),
        Cell(edit.text[at + 1 :], "strong"),
    ]
