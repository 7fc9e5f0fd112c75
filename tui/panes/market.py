"""What is known of the selected instrument's day: prices of the session as far as this feed saw it, limits, ticks, and
what we hold of it."""

from __future__ import annotations

from decimal import Decimal

from core.domain.instrument import Instrument
from core.domain.market import Phase
from core.trading.view import BookRow, PositionRow, Slice
from tui import format as f
from tui.look import DOUBTFUL, Look
from tui.picture import Picture
from tui.widgets.grid import Cell
from tui.widgets.sheet import Sheet

_TWO_COLUMNS = 34
_MARKETS = {"XKRX": "KRX", "XNAS": "NASDAQ", "XNYS": "NYSE", "ARCX": "ARCA"}
_PHASES = {
    Phase.OPEN: "in session",
    Phase.AUCTION: "auction",
    Phase.VI: "VI",
    Phase.HALTED: "halted",
    Phase.CLOSED: "closed",
}
_PHASE_PENS = {Phase.VI: "halted", Phase.AUCTION: "halted", Phase.HALTED: "halted"}


class MarketPane(Sheet, can_focus=True):
    slices = (Slice.BOOK, Slice.POSITIONS)
    title = "Market"

    def __init__(self, look: Look) -> None:
        super().__init__(look.pens, id="market")
        self._look = look
        self.subject = ""
        self._row: BookRow | None = None

    @property
    def facts(self) -> tuple[Cell, ...]:
        row = self._row
        if row is None:
            return ()
        market = row.instrument.partition(":")[0]
        phase = self._look.word(_PHASES[row.phase])
        return (
            Cell(f"{_MARKETS.get(market, market)} ", "text-dim"),
            Cell(f" {phase} " if row.phase in _PHASE_PENS else phase, _PHASE_PENS.get(row.phase, "text-dim")),
        )

    def show(self, picture: Picture, now: int, dirty: set[str] | None = None) -> None:
        row = self._row = picture.book
        if row is None:
            self.put_lines([[Cell(" " + self._look.word("No order book from this feed yet."), "text-dim")]])
            return
        facts = self._facts(row, picture.instruments.get(row.instrument), picture.position(row.instrument))
        width = self.room_width
        if width < _TWO_COLUMNS:
            self.put_lines([_pair(label, value, width) for label, value in facts][: self.room_height])
            return
        left, right = facts[::2], facts[1::2]
        half = min(max(_needed(left), width // 2), width - max(f.width(value.text) for _, value in right) - 2)
        lines = []
        for place, (label, value) in enumerate(left):
            cells = _pair(label, value, half)
            if place < len(right):
                cells += _pair(*right[place], width - half)
            lines.append(cells)
        self.put_lines(lines[: self.room_height])

    def move_cursor(self, by: int) -> None:
        """Nothing to choose here."""

    def cursor_to(self, place: int) -> None:
        """Nothing to choose here."""

    def page(self, pages: float) -> None:
        """Nothing to choose here."""

    def _facts(self, row: BookRow, instrument: Instrument | None, held: PositionRow | None) -> list[tuple[str, Cell]]:
        """(label, value), most wanted first; left and right column in turn."""
        day, word, digits, close = row.day, self._look.word, row.decimals, row.previous_close

        def seen(value: float | None, more: int = 0, *, has_hue: bool = False) -> Cell:
            """A figure of the prints: an estimate where the feed did not see the whole day."""
            if value is None:
                return Cell(f.MISSING, "faint")
            text = f.price(value, digits + more)
            if day.is_partial:
                return Cell(f"~{text}", "text-dim")
            is_plain = not has_hue or not close or row.freshness in DOUBTFUL
            return Cell(text, "text" if is_plain else f.direction(value - (close or value)))

        def fixed(value: Decimal | float | None) -> Cell:
            return Cell(f.price(value, digits), "faint" if value is None else "text")

        volume = f.compact(day.volume, 2, 1_000_000_000) if day.volume else f.MISSING
        volume = f"~{volume}" if day.is_partial and day.volume else volume
        tick = instrument.ticks.step(instrument.price(row.last)) if instrument and row.last else None
        return [
            (word("opening"), seen(day.open, has_hue=True)),
            (word("upper"), fixed(day.upper)),
            (word("high"), seen(day.high, has_hue=True)),
            (word("lower"), fixed(day.lower)),
            (word("low"), seen(day.low, has_hue=True)),
            ("VI ▲", fixed(day.vi_upper)),
            (word("previous"), fixed(close)),
            ("VI ▼", fixed(day.vi_lower)),
            ("VWAP", seen(day.vwap)),
            (word("average"), Cell(f.price(held.average_price, digits), "text") if held else Cell(f.MISSING, "faint")),
            (word("volume"), Cell(volume, "text-dim" if day.is_partial else "text")),
            (word("held"), self._held(held)),
            (word("tick"), Cell(f.quantity(tick), "text-dim")),
            (word("lot"), Cell(f.quantity(instrument.lot) if instrument else f.MISSING, "text-dim")),
        ]

    def _held(self, held: PositionRow | None) -> Cell:
        if held is None:
            return Cell("0", "text-dim")
        text = self._look.quantity(held.quantity, 11)
        return Cell(f"+{text}" if held.quantity > 0 and text[0].isdigit() else text, "strong")


def _needed(facts: list[tuple[str, Cell]]) -> int:
    """Cells for a column of labels and values, with one between them."""
    return max(f.width(label) + f.width(value.text) for label, value in facts) + 3


def _pair(label: str, value: Cell, width: int) -> list[Cell]:
    """` label   value ` in `width` cells. A value is never cut: the label gives way."""
    room = width - f.width(value.text) - 2
    if room < 0:
        return [Cell(f.fit(value.text, width, "right", number=True), value.pen)]
    return [Cell(" " + f.fit(label, room), "text-dim"), value, Cell(" ")]
