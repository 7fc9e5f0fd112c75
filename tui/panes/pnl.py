"""Profit and loss: day, realised, unrealised, fees and tax; in total, by account, currency, strategy, instrument; and
the equity of the day as a curve where there is room for one."""

from __future__ import annotations

from decimal import Decimal

from core.domain.ids import InstrumentId
from core.trading.view import PnlRow, Slice
from tui import format as f
from tui.look import Look, profit_cell, sparkline, symbol
from tui.picture import Picture
from tui.widgets.curve import curve
from tui.widgets.grid import Cell, Column, Grid

CURVE_ROWS = 8
"""As high as a curve gets; below three rows it is a sparkline in the rule."""
_AXIS = 10


class PnlPane(Grid):
    slices = (Slice.PNL,)
    title = "P&L"

    def __init__(self, look: Look) -> None:
        super().__init__(
            (
                Column("scope", "BY", 10, drop=6),
                Column("name", "NAME", 8, grow=True),
                Column("day", "DAY", 9, "right", number=True),
                Column("realised", "REAL", 9, "right", number=True, drop=3),
                Column("unrealised", "UNREAL", 9, "right", number=True, drop=1),
                Column("fees", "FEES", 9, "right", number=True, drop=4),
                Column("taxes", "TAX", 9, "right", number=True, drop=5),
            ),
            look.pens,
            word=look.word,
            id="pnl",
        )
        self._look = look
        self._total: PnlRow | None = None
        self.subject = ""
        self.set_empty([Cell("Nothing earned or lost yet. Press "), Cell("b", "key"), Cell(" to buy.")])

    def show(self, picture: Picture, now: int, dirty: set[str] | None = None) -> None:
        rows = picture.pnl()
        for row in rows:
            if dirty is None or row.key in dirty:
                self.put(row.key, pnl_cells(row, self._called(row, picture), self._look))
        self.set_order([row.key for row in rows])
        self._total = next((row for row in rows if row.scope == "total"), None)
        self.set_foot(self._curve())

    def _called(self, row: PnlRow, picture: Picture) -> str:
        match row.scope:
            case "total":
                return self._look.word("total")
            case "account":
                return self._look.account(row.name)
            case "instrument":
                quote = picture.quote(InstrumentId(row.name))
                return symbol(quote, self._look.language) if quote is not None else row.name.rpartition(":")[2]
        return row.name

    def _resized(self) -> None:
        super()._resized()
        self.set_foot(self._curve())

    def _curve(self) -> list[list[Cell]]:
        """The day's equity, its highest and lowest figure at the right."""
        rows = min(self._high - self._head - max(len(self.keys), 4) - 1, CURVE_ROWS)
        if self._total is None or rows < 3 or self._wide < 3 * _AXIS:
            return []
        values = self._total.curve
        lines = curve(values, self._wide - _AXIS - 2, rows)
        if lines:
            for line, value in ((lines[0], max(values)), (lines[-1], min(values))):
                line.append(Cell(f.fit(self._look.hidden(f.compact(value)), _AXIS, "right"), "text-dim"))
        return lines

    @property
    def facts(self) -> tuple[Cell, ...]:
        """Where there is no curve its shape; and what all of it is worth."""
        total = self._total
        if total is None:
            return ()
        worth = self._look.money(total.equity, total.currency)
        shape = () if self._foot_rows else (Cell(sparkline(total.curve, 10), "spark"),)
        return (*shape, *((Cell("  NAV ", "text-dim"), Cell(worth, "text")) if self._wide > 40 else ()))


def pnl_cells(row: PnlRow, name: str, look: Look) -> tuple[Cell, ...]:
    """scope, name, day, realised, unrealised, fees, taxes."""

    def hue(value: Decimal | None) -> Cell:
        return profit_cell(value, row.currency, look, 9, is_estimated=row.is_estimated)

    def cost(value: Decimal | None) -> Cell:
        text = look.money(value, row.currency)
        if len(text) > 9:
            text = look.hidden(f.compact(value))
        return Cell(text, "faint" if value is None else "text-dim")

    return (
        Cell("" if row.scope == "total" else look.word(row.scope), "text-dim"),
        Cell(name, "strong" if row.scope == "total" else "text"),
        hue(row.day),
        profit_cell(row.realised, row.currency, look, 9),
        hue(row.unrealised),
        cost(row.fees),
        cost(row.taxes),
    )
