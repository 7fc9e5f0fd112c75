"""The whole story of one thing: an order with all that happened to it, a position with the fills behind it, an
instrument with its facts. Made when somebody asks, from the journal's events and the state; nothing is kept for it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import msgspec

from core.domain.decimals import plain
from core.domain.errors import HogaError, InvalidValue
from core.domain.events import (
    DurableEvent,
    OrderAccepted,
    OrderFilled,
    OrderRejected,
    OrderRequested,
    OrderSending,
    OrderStaged,
)
from core.domain.ids import AccountId, ClientOrderId, InstrumentId, parse_instrument_id
from core.domain.instrument import Instrument
from core.domain.order import Fill
from core.trading import keptrows, rows
from core.trading.notes import INSTRUMENT, ORDER
from core.trading.notify import LogBook, short
from core.trading.state import State
from core.trading.view import AlertRow, FillRow, OrderRow

MAX_LINES = 400
MAX_FILLS = 200


class StoryLine(msgspec.Struct, frozen=True, kw_only=True):
    """One event in words; the venue's own text stands in it whole."""

    ts: int
    level: str
    kind: str
    text: str


class Story(msgspec.Struct, frozen=True, kw_only=True):
    """`what`: order, position or instrument. `subject` is what a note is written on."""

    what: str
    subject: str
    note: str = ""
    instrument: Instrument | None = None
    order: OrderRow | None = None
    lines: tuple[StoryLine, ...] = ()
    """Oldest first."""
    fills: tuple[FillRow, ...] = ()
    """Newest first, at most 200."""
    legs: tuple[OrderRow, ...] = ()
    alerts: tuple[AlertRow, ...] = ()
    staged_to_sent: int | None = None
    """From the journal to the wire, ns."""
    sent_to_answer: int | None = None
    """From the wire to the venue's first word, ns."""


def order_of(state: State, key: str) -> ClientOrderId | None:
    """The order `key` names: its id, or the end of it that people type, if only one fits."""
    if key in state.orders:
        return ClientOrderId(key)
    ends = [id for id in state.orders if len(key) >= 4 and id.endswith(key)]
    return ends[0] if len(ends) == 1 else None


def order_story(state: State, id: ClientOrderId, events: Sequence[DurableEvent]) -> Story:
    order = state.orders[id]
    book = LogBook(state)
    legs = [o for o in state.orders.values() if id in (o.request.parent, o.request.slice_of)]
    return Story(
        what="order",
        subject=f"{ORDER}{id}",
        note=state.kept.notes.get(f"{ORDER}{id}", ""),
        instrument=state.instruments.get(order.instrument),
        order=rows.order_row(state, order),
        lines=tuple(_line(event, book) for event in events[-MAX_LINES:]),
        fills=_fills(state, (fill for fill in reversed(state.fills) if fill.client_order_id == id)),
        legs=tuple(rows.order_row(state, leg) for leg in legs),
        staged_to_sent=_between(events, (OrderStaged,), (OrderSending,)),
        sent_to_answer=_between(events, (OrderSending,), (OrderAccepted, OrderRejected, OrderFilled)),
    )


def place_story(state: State, instrument: InstrumentId, account: AccountId | None) -> Story:
    """Of a holding, or, without an account, of the instrument."""
    fills = (
        fill
        for fill in reversed(state.fills)
        if fill.instrument == instrument and (account is None or fill.account == account)
    )
    return Story(
        what="instrument" if account is None else "position",
        subject=f"{INSTRUMENT}{instrument}",
        note=state.kept.notes.get(f"{INSTRUMENT}{instrument}", ""),
        instrument=state.instruments.get(instrument),
        fills=_fills(state, fills),
        alerts=tuple(row for row in keptrows.alert_rows(state) if row.instrument == instrument),
    )


def place_of(state: State, key: str) -> tuple[InstrumentId, AccountId | None]:
    """`account|market:code` or `market:code`. Raises InvalidValue for what is neither, or not known."""
    account, bar, rest = key.rpartition("|")
    instrument = parse_instrument_id(rest)
    known = instrument in state.instruments or any(place[1] == instrument for place in state.positions)
    if not known or (bar and account not in state.accounts):
        raise InvalidValue(f"nothing is known of {key[:60]!r}")
    return instrument, AccountId(account) if bar else None


def _fills(state: State, found: Iterable[Fill]) -> tuple[FillRow, ...]:
    taken: list[FillRow] = []
    for fill in found:
        if len(taken) == MAX_FILLS:
            break
        taken.append(rows.fill_row(state, fill))
    return tuple(taken)


def _line(event: DurableEvent, book: LogBook) -> StoryLine:
    try:
        level, kind, text = book.describe(event) or _quiet(event)
    except HogaError as error:
        level, kind, text = "warning", "EVENT", f"{type(event).__name__}: {error}"
    return StoryLine(ts=event.ts, level=level, kind=kind, text=text)


def _quiet(event: DurableEvent) -> tuple[str, str, str]:
    """Steps the log leaves out."""
    match event:
        case OrderSending():
            facts = " ".join(f"{name}={value}" for name, value in event.facts.items())
            return "info", "SENDING", f"{short(event.client_order_id)} leaves {facts}".rstrip()
        case OrderRequested():
            wish = event.requested
            terms = [plain(wish.quantity)] if wish.quantity is not None else []
            terms += [f"@{plain(price)}" for price in (wish.limit_price, wish.stop_price) if price is not None]
            words = " ".join((f"{wish.kind} {wish.phase}", *terms))
            return "info", "ASKED", f"{words}{f' ({wish.text})' if wish.text else ''}"
        case _:
            return "info", "EVENT", type(event).__name__


def _between(events: Sequence[DurableEvent], first: tuple[type, ...], then: tuple[type, ...]) -> int | None:
    start = next((event.ts for event in events if isinstance(event, first)), None)
    end = next((event.ts for event in events if isinstance(event, then)), None)
    return end - start if start is not None and end is not None and end >= start else None
