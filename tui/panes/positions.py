"""What we hold: quantity, average, profit and the stop that protects it."""

from __future__ import annotations

from core.trading.view import PositionRow, Slice, StatusRow
from tui import format as f
from tui.look import Look, profit_cell, symbol, tight
from tui.picture import Picture
from tui.widgets.grid import Cell, Column, Grid

TARGET = 10
"""Place of the target among the cells."""


class PositionsPane(Grid):
    slices = (Slice.POSITIONS,)
    title = "Positions"

    def __init__(self, look: Look) -> None:
        super().__init__((), look.pens, word=look.word, id="positions")
        self._look = look
        self._has_targets = self._has_word = False
        """Some position has a target, or a stop that only this engine watches: both take cells."""
        self.relabel()
        self._facts: tuple[Cell, ...] = ()
        self.subject = ""
        self.set_empty([Cell("No positions. Press "), Cell("b", "key"), Cell(" to buy the selected symbol.")])

    def relabel(self) -> None:
        """Columns for what there is."""
        self.set_columns(
            (
                Column("account", "ACCT", 6, drop=8),
                Column("symbol", "SYMBOL", 10, grow=True),
                Column("quantity", "QTY", 8, "right", number=True),
                Column("average", "AVG", 9, "right", number=True, drop=5),
                Column("last", "LAST", 11, "right", number=True, drop=4),
                Column("unrealised", "UNREAL", 13, "right", number=True),
                Column("percent", "%", 7, "right", number=True, drop=3),
                Column("day", "DAY", 11, "right", number=True, drop=6),
                Column("realised", "REAL", 10, "right", number=True, drop=7),
                Column("stop", "STOP", 13 if self._has_word else 9, "right", gap=2, chips=True),
                *([Column("target", "TARGET", 8, "right", number=True, drop=10)] if self._has_targets else []),
                Column("source", "SOURCE", 8, drop=9),
            )
        )

    def show(self, picture: Picture, now: int, dirty: set[str] | None = None) -> None:
        rows = picture.positions()
        has_word = any(row.stop_is_local or row.is_partly_stopped for row in rows)
        wanted = any(row.take_profit is not None for row in rows), has_word
        if wanted != (self._has_targets, self._has_word):
            (self._has_targets, self._has_word), dirty = wanted, None
            self.relabel()
        for row in rows:
            if dirty is None or row.key in dirty:
                cells = position_cells(row, self._look)
                self.put(row.key, cells if self._has_targets else (*cells[:TARGET], *cells[TARGET + 1 :]))
        self.set_order([row.key for row in rows])
        held = sum(1 for row in rows if row.quantity)
        self.subject = str(held) if held else ""
        self._facts = _totals(picture.status, self._look, "unreal", "real", "gross", "net")
        self.set_foot([_sigma(picture.status, self._look)] if held else [])

    @property
    def facts(self) -> tuple[Cell, ...]:
        return self._facts


def _totals(status: StatusRow | None, look: Look, *wanted: str) -> tuple[Cell, ...]:
    """Sums by name, each with its label: money with its direction, shares of the equity without."""
    if status is None:
        return ()
    cells: list[Cell] = []
    money = {"unreal": status.unrealised, "day": status.day, "real": status.realised}
    shares = {"gross": status.gross, "net": status.net}
    for word in wanted:
        if word in money:
            is_estimated = status.is_estimated and word != "real"
            figure = profit_cell(
                money[word],
                status.base_currency,
                look,
                16,
                glyph=word == "unreal" and bool(money[word]),
                is_estimated=is_estimated,
            )
        else:
            share = shares[word]
            if share is None:
                continue
            figure = Cell(f"{share:.0%}", "text")
        cells += [Cell(f"{'  ' if cells else ''}{look.word(word)} ", "text-dim"), figure]
    return tuple(cells)


def _sigma(status: StatusRow | None, look: Look) -> tuple[Cell, ...]:
    """The row of sums below the positions."""
    if status is None:
        return ()
    totals = _totals(status, look, "unreal", "day", "real", "gross", "net")
    doubt = Cell("   " + look.word("~ built on stale prices"), "warning") if status.is_estimated else Cell("")
    return (Cell(f"Σ {status.base_currency}  ", "text-dim"), *totals, doubt)


def stop_cell(row: PositionRow, look: Look) -> Cell:
    """The stop that protects it. That it covers only a part is said first; then where it lives, for a local one dies
    with the engine."""
    if not row.quantity:  # closed today: what it made stays to be read
        return Cell("")
    if row.stop is None:
        return Cell(look.word("none"), "stale")
    if not row.stop_is_local and not row.is_partly_stopped:
        return Cell(tight(row.stop, row.decimals, 9))
    word = look.word("part" if row.is_partly_stopped else "local")
    pen = "stale" if row.is_partly_stopped else "local"
    return Cell(f"{tight(row.stop, row.decimals, 12 - f.width(word))} {word}", pen)


def position_cells(row: PositionRow, look: Look) -> tuple[Cell, ...]:
    """account, symbol, quantity, average, last, unrealised, percent, day, realised, stop, target, source."""
    mark = "~" if row.is_estimated else ""
    last = "~" + tight(row.last, row.decimals, 10) if row.is_estimated else f.price(row.last, row.decimals)
    fraction = row.unrealised_fraction
    hue = "text-dim" if row.is_estimated else f.direction(row.unrealised)
    return (
        Cell(look.account(row.account), "text-dim"),
        Cell(symbol(row, look.language), "text" if row.quantity else "text-dim"),
        Cell(look.quantity(row.quantity, 8), "strong" if row.quantity else "text-dim"),
        Cell(tight(row.average_price, row.decimals, 9) if row.quantity else f.MISSING, "text"),
        Cell(last, "text-dim" if row.is_estimated else "text") if row.last is not None else Cell(f.MISSING, "faint"),
        profit_cell(row.unrealised, row.currency, look, 13, glyph=True, is_estimated=row.is_estimated),
        Cell(mark + f.signed(fraction * 100, 2), hue) if fraction is not None else Cell(f.MISSING, "faint"),
        profit_cell(row.day, row.currency, look, 11, is_estimated=row.is_estimated),
        profit_cell(row.realised, row.currency, look, 10),
        stop_cell(row, look),
        Cell("" if row.take_profit is None else tight(row.take_profit, row.decimals, 8)),
        Cell(row.source, "text-dim"),
    )
