"""Profit and loss: day, realised, unrealised, fees and tax; in total, by account, currency, strategy, instrument."""

from __future__ import annotations

from decimal import Decimal

from core.trading.view import PnlRow, Slice
from tui import format as f
from tui.look import Look, profit_cell, sparkline
from tui.picture import Picture
from tui.widgets.grid import Cell, Column, Grid


class PnlPane(Grid):
    slices = (Slice.PNL,)
    title = "P&L"

    def __init__(self, look: Look) -> None:
        super().__init__(
            (
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
        self._facts: tuple[Cell, ...] = ()
        self.subject = ""
        self.set_empty([Cell("Nothing earned or lost yet. Press "), Cell("b", "key"), Cell(" to buy.")])

    def show(self, picture: Picture, now: int, dirty: set[str] | None = None) -> None:
        rows = picture.pnl()
        for row in rows:
            if dirty is None or row.key in dirty:
                self.put(row.key, pnl_cells(row, self._look))
        self.set_order([row.key for row in rows])
        total = next((row for row in rows if row.scope == "total"), None)
        self._facts = () if total is None else (Cell(sparkline(total.curve, 10), "spark"),)

    @property
    def facts(self) -> tuple[Cell, ...]:
        return self._facts


def pnl_cells(row: PnlRow, look: Look) -> tuple[Cell, ...]:
    """name, day, realised, unrealised, fees, taxes."""
    name = look.word("total") if row.scope == "total" else row.name.rpartition(":")[2] or row.name

    def hue(value: Decimal | None) -> Cell:
        return profit_cell(value, row.currency, look, 9, is_estimated=row.is_estimated)

    def cost(value: Decimal | None) -> Cell:
        text = f.money(value, row.currency, base=look.base_currency)
        return Cell(text if len(text) <= 9 else f.compact(value), "text-dim")

    return (
        Cell(name, "strong" if row.scope == "total" else "text"),
        hue(row.day),
        profit_cell(row.realised, row.currency, look, 9),
        hue(row.unrealised),
        cost(row.fees),
        cost(row.taxes),
    )
