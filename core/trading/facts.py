"""What the venue says, taken into the state: a repeat changes nothing, what breaks the status table is told and
ignored, a fill is booked whatever the order's status. Facts about ourselves are not a venue's to tell."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from core.domain.decimals import plain
from core.domain.events import (
    AccountListed,
    BalanceChanged,
    FeedChanged,
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
from core.domain.ids import ClientOrderId
from core.domain.order import (
    TRANSITIONS,
    Order,
    OrderStatus,
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
        if order.status not in _NEVER_ALIVE:
            return self.keep(event, now)
        out = list(self.keep(event, now))
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
        return self.keep(event, now)

    def filled(self, event: OrderFilled, now: int) -> Sequence[Output]:
        fill = event.fill
        if (fill.account, fill.instrument, fill.fill_id) in self.state.fill_ids:
            return NOTHING
        out: list[Output] = []
        order = self.state.orders.get(fill.client_order_id) if fill.client_order_id else None
        late = order is not None and (not order.status.may_fill or order.filled + fill.quantity > order.quantity)
        emit(self.state, event, out)
        if late and order is not None:
            amount = plain(fill.quantity)
            text = f"{order.id[-4:]}: a fill of {amount} came while the order was {order.status}; it is booked"
            emit(self.state, Noticed(ts=now, level="error", kind="FILL", text=text), out)
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
