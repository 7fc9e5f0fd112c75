"""What the venue says, taken into the state: a repeat changes nothing, what breaks the status table is told and
ignored, a fill is booked whatever the order's status. Facts about ourselves are not a venue's to tell."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from core.domain.decimals import plain
from core.domain.events import (
    AccountListed,
    BalanceChanged,
    CandidatesFound,
    FeedChanged,
    FillAttributed,
    FillCorrected,
    GateChanged,
    Noticed,
    OrderAccepted,
    OrderCanceled,
    OrderDenied,
    OrderExpired,
    OrderFilled,
    OrderNotPlaced,
    OrderRejected,
    OrderReplaced,
    OrderRequested,
    OrderSending,
    OrderUnknown,
)
from core.domain.ids import ClientOrderId, VenueRef
from core.domain.market import NS
from core.domain.order import (
    TRANSITIONS,
    Fill,
    Order,
    OrderStatus,
    RequestKind,
    RequestPhase,
)
from core.trading.outputs import NOTHING, Output, emit
from core.trading.state import State

_NEVER_ALIVE = frozenset({OrderStatus.DENIED, OrderStatus.REJECTED, OrderStatus.NOT_PLACED})
"""Ends by which we believe that the venue has nothing."""
END_STATUS: dict[type, OrderStatus] = {
    OrderRejected: OrderStatus.REJECTED,
    OrderUnknown: OrderStatus.UNKNOWN,
    OrderNotPlaced: OrderStatus.NOT_PLACED,
    OrderCanceled: OrderStatus.CANCELED,
    OrderExpired: OrderStatus.EXPIRED,
}
"""The statuses that an event alone brings about."""

CHANGE_NS = 60 * NS
"""For so long a listing may show the end of what was canceled for a change, and not yet what takes its place."""


class Facts:
    """Each method takes one kind of event and returns what was applied."""

    def __init__(self, state: State, claiming: set[ClientOrderId]) -> None:
        self.state = state
        self.claiming = claiming

    def keep(self, event: Any, now: int) -> Sequence[Output]:
        self.state.apply(event)
        return (event,)

    def sending(self, event: OrderSending, now: int) -> Sequence[Output]:
        # The journal's claim has written it already; here it only becomes visible.
        self.claiming.discard(event.client_order_id)
        self.state.apply(event)
        return NOTHING

    def denied(self, event: OrderDenied, now: int) -> Sequence[Output]:
        self.claiming.discard(event.request.client_order_id)
        order = self.state.orders.get(event.request.client_order_id)
        if order is not None and OrderStatus.DENIED not in TRANSITIONS[order.status]:
            return self._odd(event.ts, order, "denied")
        return self.keep(event, now)

    def accepted(self, event: OrderAccepted, now: int) -> Sequence[Output]:
        order = self.state.orders.get(event.client_order_id)
        if order is None:
            return self._stranger(event.ts, event.client_order_id)
        if event.ref in order.refs and order.status is not OrderStatus.UNKNOWN:
            return NOTHING
        if order.status in (OrderStatus.STAGED, OrderStatus.HELD):
            return self._odd(event.ts, order, "accepted")
        owner = self.state.by_ref.get((order.account, event.ref))
        if owner is not None and owner != order.id:
            text = f"{order.id[-4:]}: the venue's number {event.ref} is that of order {owner[-4:]}; not taken"
            return (Noticed(ts=now, level="error", kind="VENUE", text=text),)
        out = list(self.keep(event, now))
        self._attribute(order, event.ref, now, out)
        if order.status not in _NEVER_ALIVE:
            return out
        text = f"{order.id[-4:]}: the venue HAS this order, which is {order.status} here: cancel it there"
        emit(self.state, Noticed(ts=now, level="error", kind="VENUE", text=text), out)
        return out

    def ended(self, event: Any, now: int) -> Sequence[Output]:
        order = self.state.orders.get(event.client_order_id)
        if order is None:
            return self._stranger(event.ts, event.client_order_id)
        wanted = END_STATUS[event.__class__]
        if order.status is wanted:
            return NOTHING
        if wanted not in TRANSITIONS[order.status] or order.status is OrderStatus.HELD:
            return self._odd(event.ts, order, wanted.value)
        if wanted is OrderStatus.CANCELED and is_changing(order, now) and _is_lost(order):
            return NOTHING  # where a change is a cancel and a new order it may be the half of it: a reading tells
        return self.keep(event, now)

    def _attribute(self, order: Order, ref: VenueRef, now: int, out: list[Output]) -> None:
        """Executions of this number that were booked as nobody's are the order's."""
        for fill in list(self.state.nobodys.get((order.account, ref), ())):
            if (fill.instrument, fill.side) == (order.instrument, order.side):
                emit(self.state, FillAttributed(ts=now, client_order_id=order.id, fill=_owned(fill, order)), out)

    def filled(self, event: OrderFilled, now: int) -> Sequence[Output]:
        fill, odd = self._whose(event.fill)
        event = OrderFilled(ts=event.ts, fill=fill)
        out: list[Output] = []
        was = self.state.fill_ids.get((fill.account, fill.instrument, fill.fill_id))
        if was is not None:
            if fill.revision <= was.revision:
                return NOTHING
            # Whose it is was settled by the first report.
            fill = msgspec.structs.replace(fill, client_order_id=was.client_order_id, source=was.source)
            emit(self.state, FillCorrected(ts=now, was=was, fill=fill), out)
            text = f"{fill.instrument}: the venue corrected an execution: {_words(was)} is now {_words(fill)}"
            emit(self.state, Noticed(ts=now, level="warning", kind="FILL", text=text), out)
            self._over(fill, now, out)
            return out
        if odd:
            emit(self.state, Noticed(ts=now, level="error", kind="FILL", text=odd), out)
        order = self.state.orders.get(fill.client_order_id) if fill.client_order_id else None
        late = order is not None and (not order.status.may_fill or order.filled + fill.quantity > order.most)
        emit(self.state, event, out)
        if late and order is not None:
            amount = plain(fill.quantity)
            text = f"{order.id[-4:]}: a fill of {amount} came while the order was {order.status}; it is booked"
            emit(self.state, Noticed(ts=now, level="error", kind="FILL", text=text), out)
        self._over(fill, now, out)
        return out

    def _whose(self, fill: Fill) -> tuple[Fill, str]:
        """(the execution with its order and whoever wanted that, what is odd about it). A venue knows our id at most,
        and nothing of strategies; and what it says of an id is believed where it can be true."""
        named = fill.client_order_id or self.state.by_ref.get((fill.account, fill.ref))
        order = self.state.orders.get(named) if named else None
        if order is None:
            return fill, ""
        if (fill.account, fill.instrument, fill.side) == (order.account, order.instrument, order.side):
            return _owned(fill, order), ""
        if fill.client_order_id is None:
            return fill, ""  # numbers are used again
        text = (
            f"{fill.instrument}: the venue told of {_words(fill)} as of order {order.id[-4:]}, whose account, market "
            "or side is another: it is booked as nobody's"
        )
        return msgspec.structs.replace(fill, client_order_id=None, source=""), text

    def _over(self, fill: Fill, now: int, out: list[Output]) -> None:
        order = self.state.orders.get(fill.client_order_id) if fill.client_order_id else None
        if order is not None and order.filled > order.most:
            text = (
                f"{order.id[-4:]}: {plain(order.filled)} filled of {plain(order.quantity)}: all of it is booked; "
                f"automatic trading of {order.instrument} waits until somebody has looked (hoga reconcile --ack)"
            )
            emit(self.state, Noticed(ts=now, level="error", kind="FILL", text=text), out)

    def candidates(self, event: CandidatesFound, now: int) -> Sequence[Output]:
        order = self.state.orders.get(event.client_order_id)
        if order is None or order.status is not OrderStatus.UNKNOWN or order.candidates == event.candidates:
            return NOTHING
        out = list(self.keep(event, now))
        text = (
            f"{order.id[-4:]}: {len(event.candidates)} order(s) at the venue may be this one: "
            "compare them and decide with hoga orders settle"
        )
        if event.candidates:
            emit(self.state, Noticed(ts=now, level="error", kind="RECON", text=text), out)
        return out

    def requested(self, event: OrderRequested, now: int) -> Sequence[Output]:
        order = self.state.orders.get(event.client_order_id)
        if order is None:
            return self._stranger(event.ts, event.client_order_id)
        if order.status is OrderStatus.HELD:
            return self._odd(event.ts, order, "asked for a change")
        return NOTHING if order.status.is_end else self.keep(event, now)

    def replaced(self, event: OrderReplaced, now: int) -> Sequence[Output]:
        order = self.state.orders.get(event.client_order_id)
        if order is None:
            return self._stranger(event.ts, event.client_order_id)
        if order.status in (OrderStatus.STAGED, OrderStatus.HELD):
            return self._odd(event.ts, order, "replaced")
        return NOTHING if order.status.is_end else self.keep(event, now)

    def _odd(self, ts: int, order: Order, wanted: str) -> Sequence[Output]:
        text = f"{order.id[-4:]}: the venue said {wanted} of an order that is {order.status}; ignored"
        return (Noticed(ts=ts, level="warning", kind="VENUE", text=text),)

    def not_theirs(self, event: Any, now: int) -> Sequence[Output]:
        text = f"a broker told {type(event).__name__}, which is not a broker's to tell; ignored"
        return (Noticed(ts=now, level="error", kind="VENUE", text=text),)

    def _stranger(self, ts: int, id: str) -> Sequence[Output]:
        return (Noticed(ts=ts, level="warning", kind="VENUE", text=f"the venue speaks of an unknown order {id[:30]}"),)

    def balance(self, event: BalanceChanged, now: int) -> Sequence[Output]:
        purse = (event.account, event.currency)
        held = self.state.balances.get(purse)
        same = held is not None and (held.total, held.available) == (event.total, event.available)
        if same and purse not in self.state.spent:
            return NOTHING
        return self.keep(event, now)

    def account(self, event: AccountListed, now: int) -> Sequence[Output]:
        return NOTHING if self.state.accounts.get(event.account.id) == event.account else self.keep(event, now)

    def feed(self, event: FeedChanged, now: int) -> Sequence[Output]:
        out: list[Output] = []
        before = self.state.feeds.get(event.broker)
        if before is not None and (before.is_connected, before.text) == (event.is_connected, event.text):
            return NOTHING
        emit(self.state, event, out)
        if not event.is_connected:
            for account in self.state.accounts:
                if account.startswith(f"{event.broker}:"):
                    emit(self.state, GateChanged(ts=now, account=account, is_open=False, text="the line is down"), out)
        return out


def is_changing(order: Order, now: int) -> bool:
    """Is a change of it on its way, or its answer lost, and not for so long that nothing can come of it?"""
    wish = order.requested
    if wish is None or wish.kind is not RequestKind.REPLACE or wish.phase is RequestPhase.REFUSED:
        return False
    return abs(now - wish.ts) < CHANGE_NS


def _is_lost(order: Order) -> bool:
    return order.requested is not None and order.requested.phase is RequestPhase.UNKNOWN


def _owned(fill: Fill, order: Order) -> Fill:
    return msgspec.structs.replace(fill, client_order_id=order.id, source=order.request.source)


def _words(fill: Fill) -> str:
    return f"{fill.side} {plain(fill.quantity)} @{plain(fill.price)}"
