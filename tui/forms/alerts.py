"""The list of price alerts: those that wait, with how far the market is, and the newest that fired."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from core.trading.view import AlertRow, QuoteRow
from tui import format as f
from tui.forms.over import Cursor, Line
from tui.look import Look, symbol
from tui.messages import Acted, Dropped, Edited, Press, Wish
from tui.widgets.grid import Cell


class AlertsForm:
    place = "alerts"
    is_input = False
    sending: frozenset[str] = frozenset()

    def __init__(
        self,
        rows: Callable[[], Sequence[AlertRow]],
        quote: Callable[[AlertRow], QuoteRow | None],
        go: Callable[[AlertRow], None],
        clear: Callable[[AlertRow], None],
    ) -> None:
        self._rows, self._quote, self._go, self._clear = rows, quote, go, clear
        self.cursor = Cursor()
        self.doomed = ""
        """The alert that a second `d` clears."""
        self.armed_from = 0.0

    def key(self, press: Press) -> Wish | None:
        rows = self._rows()
        self.cursor.to(self.cursor.at, len(rows))
        row = rows[self.cursor.at] if rows else None
        doomed, self.doomed = self.doomed, ""
        if self.cursor.key({"j": "down", "k": "up"}.get(press.key, press.key), len(rows)):
            return Edited()
        match press.key:
            case "escape" | "q":
                return Dropped()
            case "enter" if row is not None:
                return Acted(lambda: self._go(row))
            case "d" if row is not None and doomed == row.key:
                return Acted(lambda: self._clear(row))
            case "d" if row is not None:
                self.doomed = row.key
                return Edited()
        return Edited() if doomed else None

    def paste(self, text: str) -> Wish | None:
        return None

    # ---- over the panes

    def title(self, look: Look) -> str:
        return "Alerts"

    def facts(self, look: Look) -> str:
        waiting = sum(not row.fired_at for row in self._rows())
        return look.say("{count} waiting", count=waiting) if waiting else ""

    def height(self) -> int:
        return min(max(len(self._rows()), 1), 16)

    def lines(self, look: Look, width: int, height: int) -> list[Line]:
        rows = self._rows()
        if not rows:
            cells = [Cell(look.word("No alerts. Press "), "text"), Cell("A", "key")]
            return [Line([*cells, Cell(look.word(" to set one at the cursor's price."), "text")])]
        window = self.cursor.window(len(rows), height)
        return [Line(self._cells(rows[at], look, width), is_chosen=at == self.cursor.at) for at in window]

    def _cells(self, row: AlertRow, look: Look, width: int) -> list[Cell]:
        glyph, pen = (f.UP, "up") if row.above else (f.DOWN, "down")
        quote = self._quote(row)
        if row.key == self.doomed:
            state, state_pen = look.word("d again clears it"), "warning"
        elif row.fired_at:
            price = f.number(row.fired_price, row.decimals)
            state = f"{look.word('fired')} {look.zone.moment(row.fired_at)[5:16]} {price} {look.said(row.fired_text)}"
            state_pen = "text"
        elif quote is not None and quote.last:
            state, state_pen = (
                f"{f.number(quote.last, row.decimals)} {f.percent(float(row.price) / quote.last - 1)}",
                "text-dim",
            )
        else:
            state, state_pen = look.word("no price yet"), "text-dim"
        return [
            Cell(f.fit(row.key, 5), "text-dim"),
            Cell(f" {f.fit(symbol(row, look.language), 14)}", "text" if not row.fired_at else "text-dim"),
            Cell(f" {glyph}", pen if not row.fired_at else "text-dim"),
            Cell(
                f" {f.fit(f.number(row.price, row.decimals), 12, 'right')}",
                "strong" if not row.fired_at else "text-dim",
            ),
            Cell(f"  {f.fit(state, 34)}", state_pen),
            Cell(f" {f.clip(row.note, max(width - 73, 0))}", "text"),
        ]
