"""Own orders on the ladder, and what is special about a price: chips like `B10` with what waits before them, stops with
where they live, the limits of the day."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

from core.domain.ids import ClientOrderId
from core.domain.order import Side
from core.trading.view import BookRow, MarkKind, OwnMark
from tui.look import Look
from tui.panes.book_rows import Chip, rough
from tui.panes.window import Window

_LETTERS = {
    (MarkKind.LIMIT, Side.BUY): "B",
    (MarkKind.LIMIT, Side.SELL): "S",
    (MarkKind.STOP, Side.BUY): "SL",
    (MarkKind.STOP, Side.SELL): "SL",
    (MarkKind.TAKE_PROFIT, Side.BUY): "TP",
    (MarkKind.TAKE_PROFIT, Side.SELL): "TP",
    (MarkKind.ENTRY_STOP, Side.BUY): "BS",
    (MarkKind.ENTRY_STOP, Side.SELL): "SS",
}
LOCAL = "local"

Chips = dict[int, tuple[Chip, ...]]


def marks_at(row: BookRow, price: Decimal) -> tuple[OwnMark, ...]:
    """Own orders at exactly this price."""
    return tuple(mark for mark in row.own if mark.price == price)


def mark_of(row: BookRow, id: ClientOrderId | None) -> OwnMark | None:
    return next((mark for mark in row.own if mark.id == id), None)


def chips_by_row(row: BookRow, look: Look, window: Window) -> tuple[Chips, Chips]:
    """(sells, buys) by row. Orders of one kind and place at one price are one chip: quantities add up, and the smallest
    queue is the one that is told."""
    grouped: dict[tuple[int, Side, MarkKind, bool], list[OwnMark]] = {}
    for mark in row.own:
        place = window.nearest(float(mark.price), upward=mark.side is Side.SELL)
        if place is not None:
            grouped.setdefault((place, mark.side, mark.kind, mark.lives == LOCAL), []).append(mark)
    sells: Chips = {}
    buys: Chips = {}
    for (place, side, _, _), marks in grouped.items():
        found = sells if side is Side.SELL else buys
        found[place] = (*found.get(place, ()), _chip(marks, look))
    return sells, buys


def _chip(marks: list[OwnMark], look: Look) -> Chip:
    first = marks[0]
    total = sum((mark.remaining for mark in marks), Decimal(0))
    text = f" {_LETTERS[first.kind, first.side]}{look.quantity(total, 7)} "
    is_buy = first.side is Side.BUY
    if first.kind is MarkKind.LIMIT:
        known = [mark.ahead for mark in marks if mark.ahead is not None]
        return Chip(text, "own-buy" if is_buy else "own-sell", rough(min(known)) if known else "")
    if first.lives == LOCAL:  # it dies with this engine: raised, not tinted like what rests at the venue
        return Chip(text, "local-buy" if is_buy else "local-sell", look.word(LOCAL), "text")
    return Chip(text, "own-buy" if is_buy else "own-sell", first.lives)


def notes_by_row(row: BookRow, look: Look, window: Window) -> dict[int, str]:
    """The limits of the day and the VI lines, where they can be seen."""
    day = row.day
    lines: Iterable[tuple[Decimal | None, str, bool]] = (
        (day.vi_upper, "VI ▲", True),
        (day.vi_lower, "VI ▼", False),
        (day.upper, look.word("upper limit"), True),
        (day.lower, look.word("lower limit"), False),
    )
    found = {}
    for price, text, upward in lines:
        place = window.nearest(float(price), upward=upward) if price is not None else None
        if place is not None:
            found[place] = f"┄ {text} ┄"
    return found
