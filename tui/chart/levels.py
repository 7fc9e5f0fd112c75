"""Price levels on a chart, from the picture: last price, average, working orders and stops; and own fills by bar. It
knows rows of the view and no cells."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import NamedTuple

from core.domain.ids import InstrumentId
from core.domain.order import Side
from core.trading.view import ChartRow, FillRow
from tui import format as f
from tui.look import DOUBTFUL, Look
from tui.picture import Picture


class Level(NamedTuple):
    """`label` stands at the left, in `pen`; the price as a tag at the axis, in `tag`."""

    price: float
    label: str
    pen: str
    tag: str


class Mark(NamedTuple):
    """One of our fills."""

    ts: int
    price: float
    side: Side


def levels(row: ChartRow, picture: Picture, look: Look) -> list[Level]:
    """The most important first: where two stand in one row, the first has the tag."""
    id, word = row.instrument, look.word
    found: list[Level] = []
    if row.last is not None:
        found.append(Level(row.last, "", "rule", _last_pen(row)))
    for order in picture.orders():
        price = order.limit_price or order.stop_price
        if order.instrument != id or not order.is_working or price is None:
            continue
        is_stop = order.limit_price is None
        letter = "SL" if is_stop and order.side is Side.SELL else "B" if order.side is Side.BUY else "S"
        lead = f"{word('STOP')} " if is_stop else ""
        where = f" {word('local')}" if order.is_local else ""
        side = "buy" if order.side is Side.BUY else "sell"
        label = f"{lead}{letter}{look.hidden(_short(order.quantity - order.filled))}{where}"
        found.append(Level(float(price), label, side, f"own-{side}"))
    for held in picture.positions():
        if held.instrument != id or not held.quantity:
            continue
        label = f"{word('AVG')} {look.hidden(_short(held.quantity))}"
        found.append(Level(float(held.average_price), label, "text", "field"))
        for price, name in ((held.stop, "STOP"), (held.take_profit, "TP")):
            if price is not None and not any(level.price == float(price) for level in found[1:]):
                found.append(Level(float(price), word(name), "text-dim", "field"))
    return [level for level in found if level.price == level.price]


def _last_pen(row: ChartRow) -> str:
    if row.freshness in DOUBTFUL:
        return "stale"
    moved = (row.last or 0.0) - (row.previous_close or row.last or 0.0)
    return "banner-buy" if moved > 0 else "banner-sell" if moved < 0 else "badge-paper"


def _short(quantity: Decimal) -> str:
    return f.compact(abs(quantity), 1, 10_000)


def marks(fills: Iterable[FillRow], id: InstrumentId) -> list[Mark]:
    """Where we bought and sold."""
    return [Mark(fill.ts, float(fill.price), fill.side) for fill in fills if fill.instrument == id]
