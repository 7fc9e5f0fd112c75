"""What we hold: quantity, average, profit and the stop that protects it."""

from __future__ import annotations

from core.trading.view import PositionRow, Slice
from tui import format as f
from tui.look import Look, account_tail, profit_cell, symbol, tight
from tui.picture import Picture
from tui.widgets.grid import Cell, Column, Grid


class PositionsPane(Grid):
    slices = (Slice.POSITIONS,)
    title = "Positions"

    def __init__(self, look: Look) -> None:
        super().__init__(
            (
                Column("account", "ACCT", 6, drop=8),
                Column("symbol", "SYMBOL", 12, grow=True),
                Column("quantity", "QTY", 8, "right", number=True),
                Column("average", "AVG", 9, "right", number=True, drop=5),
                Column("last", "LAST", 11, "right", number=True, drop=4),
                Column("unrealised", "UNREAL", 13, "right", number=True),
                Column("percent", "%", 7, "right", number=True, drop=3),
                Column("day", "DAY", 11, "right", number=True, drop=6),
                Column("realised", "REAL", 11, "right", number=True, drop=7),
                Column("stop", "STOP", 9, "right"),
                Column("source", "SOURCE", 9, drop=9),
            ),
            look.pens,
            word=look.word,
            id="positions",
        )
        self._look = look
        self._facts: tuple[Cell, ...] = ()
        self.subject = ""
        self.set_empty([Cell("No positions. Press "), Cell("b", "key"), Cell(" to buy the selected symbol.")])

    def show(self, picture: Picture, now: int, dirty: set[str] | None = None) -> None:
        rows = picture.positions()
        for row in rows:
            if dirty is None or row.key in dirty:
                self.put(row.key, position_cells(row, self._look))
        self.set_order([row.key for row in rows])
        held = sum(1 for row in rows if row.quantity)
        self.subject = str(held) if held else ""
        self._facts = _totals(picture, self._look)

    @property
    def facts(self) -> tuple[Cell, ...]:
        return self._facts


def _totals(picture: Picture, look: Look) -> tuple[Cell, ...]:
    status = picture.status
    if status is None:
        return ()
    cells: list[Cell] = []
    for word, value in (("unreal", status.unrealised), ("real", status.realised)):
        figure = profit_cell(value, status.base_currency, look, 14, is_estimated=status.is_estimated)
        cells += [Cell(f"{'  ' if cells else ''}{look.word(word)} ", "text-dim"), figure]
    return tuple(cells)


def position_cells(row: PositionRow, look: Look) -> tuple[Cell, ...]:
    """account, symbol, quantity, average, last, unrealised, percent, day, realised, stop, source."""
    if not row.quantity:  # closed today: what it made stays to be read
        stop = Cell("")
    elif row.stop is None:
        stop = Cell(f" {look.word('none')} ", "stale")
    else:
        stop = Cell(tight(row.stop, row.decimals, 9))
    mark = "~" if row.is_estimated else ""
    fraction = row.unrealised_fraction
    hue = "text-dim" if row.is_estimated else f.direction(row.unrealised)
    return (
        Cell(account_tail(row.account), "text-dim"),
        Cell(symbol(row, look.language), "text" if row.quantity else "text-dim"),
        Cell(f.quantity_in(row.quantity, 8), "strong" if row.quantity else "text-dim"),
        Cell(tight(row.average_price, row.decimals, 9) if row.quantity else f.MISSING, "text"),
        Cell(mark + f.price(row.last, row.decimals), "text-dim" if row.is_estimated else "text")
        if row.last is not None
        else Cell(f.MISSING, "faint"),
        profit_cell(row.unrealised, row.currency, look, 13, glyph=True, is_estimated=row.is_estimated),
        Cell(mark + f.signed(fraction * 100, 2), hue) if fraction is not None else Cell(f.MISSING, "faint"),
        profit_cell(row.day, row.currency, look, 11, is_estimated=row.is_estimated),
        profit_cell(row.realised, row.currency, look, 11),
        stop,
        Cell(row.source, "text-dim"),
    )
