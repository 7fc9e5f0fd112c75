"""What a venue says against what we believe: the events that close the difference. Pure. A listing that could not be
read says nothing: it is never taken for an empty one."""

from __future__ import annotations

import msgspec

from core.domain.decimals import ZERO, plain
from core.domain.events import (
    BalanceChanged,
    DurableEvent,
    Noticed,
    OrderAccepted,
    OrderCanceled,
    OrderExpired,
    OrderFilled,
    OrderNotPlaced,
    OrderRejected,
    OrderRequested,
    PositionAdjusted,
)
from core.domain.ids import ClientOrderId, VenueRef
from core.domain.order import Order, OrderStatus, RequestPhase
from core.ports import Snapshot, Unread, VenueOrder
from core.trading.state import State


def unread(snapshot: Snapshot) -> str:
    """Which listings are missing, in words; empty when all are complete."""
    parts = {
        "orders": snapshot.orders,
        "fills": snapshot.fills,
        "positions": snapshot.positions,
        "balances": snapshot.balances,
    }
    return ", ".join(f"{name}: {part.reason}" for name, part in parts.items() if isinstance(part, Unread))


def differences(state: State, snapshot: Snapshot, now: int, *, absence_is_proof: bool) -> list[DurableEvent | Noticed]:
    """Events for one account: fills first (they are money), then orders, then what is left of positions and cash.
    `absence_is_proof`: the venue keeps our ids and its listing is complete, so what it does not list was never placed.
    """
    events: list[DurableEvent | Noticed] = []
    filled: dict[tuple[str, str], object] = {}
    if not isinstance(snapshot.fills, Unread):
        for fill in snapshot.fills:
            if (fill.account, fill.instrument, fill.fill_id) not in state.fill_ids:
                events.append(OrderFilled(ts=now, fill=fill))
                filled[(fill.account, fill.instrument)] = fill
    if not isinstance(snapshot.orders, Unread):
        events += _orders(state, snapshot.account, snapshot.orders, now, absence_is_proof)
    if not isinstance(snapshot.positions, Unread) and not filled:
        events += _positions(state, snapshot, now)
    if not isinstance(snapshot.balances, Unread):
        events += [
            BalanceChanged(ts=now, account=snapshot.account, currency=b.currency, total=b.total, available=b.available)
            for b in snapshot.balances
            if state.balances.get((snapshot.account, b.currency)) != b
        ]
    return events


def _orders(
    state: State, account: str, listed: tuple[VenueOrder, ...], now: int, absence_is_proof: bool
) -> list[DurableEvent | Noticed]:
    by_id: dict[ClientOrderId, VenueOrder] = {o.client_order_id: o for o in listed if o.client_order_id}
    by_ref: dict[VenueRef, VenueOrder] = {o.ref: o for o in listed}
    events: list[DurableEvent | Noticed] = []
    for order in list(state.live_orders()):
        if order.account != account or order.status is OrderStatus.STAGED:
            continue
        theirs = by_id.get(order.id) or next((by_ref[ref] for ref in order.refs if ref in by_ref), None)
        if theirs is not None:
            events += _bring_up(order, theirs, now)
        elif order.status is OrderStatus.SENDING:
            continue  # its answer is on the way
        elif order.status is OrderStatus.UNKNOWN:
            if absence_is_proof:
                events.append(
                    OrderNotPlaced(ts=now, client_order_id=order.id, text="the venue never had it: nothing was placed")
                )
        else:
            text = f"{order.id[-4:]}: the venue no longer lists this order; it stays OPEN here until it is explained"
            events.append(Noticed(ts=now, level="error", kind="RECON", text=text))
    return events


def _bring_up(order: Order, theirs: VenueOrder, now: int) -> list[DurableEvent | Noticed]:
    events: list[DurableEvent | Noticed] = []
    if order.status is not OrderStatus.OPEN or theirs.ref not in order.refs:
        events.append(OrderAccepted(ts=now, client_order_id=order.id, ref=theirs.ref))
    match theirs.status:
        case "canceled":
            events.append(OrderCanceled(ts=now, client_order_id=order.id, text=theirs.text))
        case "expired":
            events.append(OrderExpired(ts=now, client_order_id=order.id, text=theirs.text))
        case "rejected":
            events.append(OrderRejected(ts=now, client_order_id=order.id, code="", text=theirs.text))
        case "open":
            wish = order.requested
            if wish is not None and wish.phase is RequestPhase.UNKNOWN:
                # The answer to our wish is lost; the order stands as listed, so the wish may be made again.
                gone = msgspec.structs.replace(
                    wish, phase=RequestPhase.REFUSED, text="the venue has it unchanged", ts=now
                )
                events.append(OrderRequested(ts=now, client_order_id=order.id, requested=gone))
        case _:
            pass
    return events


def _positions(state: State, snapshot: Snapshot, now: int) -> list[DurableEvent | Noticed]:
    if isinstance(snapshot.positions, Unread):
        return []
    events: list[DurableEvent | Noticed] = []
    ours = {i: p.quantity for (account, i), p in state.positions.items() if account == snapshot.account}
    for instrument in sorted(ours.keys() | snapshot.positions.keys()):
        change = snapshot.positions.get(instrument, ZERO) - ours.get(instrument, ZERO)
        if not change:
            continue
        text = f"{instrument}: the broker holds {plain(change)} more than our fills explain; booked as external"
        events.append(Noticed(ts=now, level="error", kind="RECON", text=text))
        events.append(
            PositionAdjusted(
                ts=now,
                account=snapshot.account,
                instrument=instrument,
                quantity=change,
                price=state.mark(instrument) or ZERO,
                cause="unknown",
            )
        )
    return events
