"""What a venue says against what we believe: the events that close the difference. Pure. A listing that could not be
read says nothing: it is never taken for an empty one."""

from __future__ import annotations

from decimal import Decimal

import msgspec

from core.domain.decimals import ONE, ZERO, plain
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
    OrderReplaced,
    OrderRequested,
    PositionAdjusted,
)
from core.domain.ids import AccountId, ClientOrderId, InstrumentId, VenueRef
from core.domain.order import Fill, Order, OrderStatus, Requested, RequestPhase
from core.ports import Snapshot, Unread, VenueOrder
from core.trading.facts import is_changing
from core.trading.ledger import average_price
from core.trading.state import DRIFT, OPENING, State


def unread(snapshot: Snapshot) -> str:
    """Which listings are missing, in words; empty when all are complete."""
    parts = {
        "orders": snapshot.orders,
        "fills": snapshot.fills,
        "positions": snapshot.positions,
        "balances": snapshot.balances,
    }
    return ", ".join(f"{name}: {part.reason}" for name, part in parts.items() if isinstance(part, Unread))


def differences(
    state: State, snapshot: Snapshot, now: int, *, absent: frozenset[ClientOrderId] = frozenset(), late_ns: int = 0
) -> list[DurableEvent | Noticed]:
    """Events for one account: orders that became larger, fills (they are money), the other changes of orders, then what
    is left of positions and cash.
    `absent`: orders that were UNKNOWN before the venue was asked, where it keeps our ids: one of them that a complete
    listing does not show was never placed. `late_ns`: so long a listing may not show what became of an order.
    """
    fills = [OrderFilled(ts=now, fill=fill) for fill in _unbooked(state, snapshot)]
    events: list[DurableEvent | Noticed] = []
    if not isinstance(snapshot.orders, Unread):
        events += _orders(state, snapshot.account, snapshot.orders, now, absent, late_ns)
        events += _strangers(state, snapshot.orders, now, late_ns)
    larger = [event for event in events if _is_larger(state, event)]
    events = [*larger, *fills, *(event for event in events if event not in larger)]
    events += _positions(state, snapshot, now)
    if not isinstance(snapshot.balances, Unread):
        events += [
            BalanceChanged(ts=now, account=snapshot.account, currency=b.currency, total=b.total, available=b.available)
            for b in snapshot.balances
            if state.balances.get((snapshot.account, b.currency)) != b or (snapshot.account, b.currency) in state.spent
        ]
    return events


def _is_larger(state: State, event: DurableEvent | Noticed) -> bool:
    """A change whose answer was lost, and which the executions that are listed beside it may have used already."""
    return isinstance(event, OrderReplaced) and event.quantity > state.orders[event.client_order_id].quantity


def unlisted(state: State, account: AccountId, listed: tuple[VenueOrder, ...]) -> list[Order]:
    """Our OPEN orders that the venue does not list, or only as they were before a change."""
    by_id, by_ref = _by_name(listed)
    found = [(order, _listed(order, by_id, by_ref)) for order in state.live_orders(account)]
    return [
        order
        for order, theirs in found
        if order.status is OrderStatus.OPEN and (theirs is None or theirs.ref in order.refs[:-1])
    ]


Names = tuple[dict[ClientOrderId, VenueOrder], dict[VenueRef, VenueOrder]]


def _by_name(listed: tuple[VenueOrder, ...]) -> Names:
    return {o.client_order_id: o for o in listed if o.client_order_id}, {o.ref: o for o in listed}


def _listed(
    order: Order, by_id: dict[ClientOrderId, VenueOrder], by_ref: dict[VenueRef, VenueOrder]
) -> VenueOrder | None:
    """By our id, else by the newest of its numbers that is there."""
    return by_id.get(order.id) or next((by_ref[ref] for ref in reversed(order.refs) if ref in by_ref), None)


def _orders(
    state: State,
    account: str,
    listed: tuple[VenueOrder, ...],
    now: int,
    absent: frozenset[ClientOrderId],
    late_ns: int,
) -> list[DurableEvent | Noticed]:
    by_id, by_ref = _by_name(listed)
    events: list[DurableEvent | Noticed] = []
    for order in list(state.live_orders()):
        if order.account != account or order.status in (OrderStatus.STAGED, OrderStatus.HELD):
            continue
        theirs = _listed(order, by_id, by_ref)
        if theirs is not None:
            events += bring_up(order, theirs, now, late_ns)
        elif order.status is OrderStatus.SENDING:
            continue  # its answer is on the way
        elif order.status is OrderStatus.UNKNOWN:
            if order.id in absent:
                events.append(
                    OrderNotPlaced(ts=now, client_order_id=order.id, text="the venue never had it: nothing was placed")
                )
        elif not abs(now - order.updated) < late_ns:
            text = f"{order.id[-4:]}: the venue no longer lists this order; it stays OPEN here until it is explained"
            events.append(Noticed(ts=now, level="error", kind="RECON", text=text))
    return events


def _strangers(state: State, listed: tuple[VenueOrder, ...], now: int, late_ns: int) -> list[DurableEvent | Noticed]:
    """Orders that live at the venue and not here. They are shown, never touched."""
    known = {ref for order in state.live_orders() for ref in (*order.refs, *order.candidates)}
    events: list[DurableEvent | Noticed] = []
    for theirs in listed:
        if theirs.status != "open" or theirs.ref in known:
            continue
        ours = state.orders.get(theirs.client_order_id) if theirs.client_order_id else None
        if ours is not None and (not ours.status.is_end or abs(now - ours.updated) < late_ns):
            continue
        what = (
            f"our order {ours.id[-4:]}, which is {ours.status} here" if ours is not None else "an order not made here"
        )
        text = f"{theirs.instrument}: the venue has {what} (its number {theirs.ref}); look at it there"
        events.append(Noticed(ts=now, level="error", kind="RECON", text=text))
    return events


def _has_moved(order: Order, theirs: VenueOrder, quantity: Decimal) -> bool:
    # A stop that was watched here went out as a market order: the venue knows nothing of its price.
    stop = order.stop_price if order.request.is_stop else None
    return (quantity, theirs.limit_price, theirs.stop_price) != (order.quantity, order.limit_price, stop)


def _whole(order: Order, theirs: VenueOrder) -> Decimal:
    """For how much it is in all. Where the venue counts less as filled than we booked, it no longer lists what was
    filled before a change (or is late): what is left there comes on top of ours."""
    if theirs.quantity == order.quantity or theirs.filled >= order.filled:
        return theirs.quantity
    return order.filled + theirs.quantity - theirs.filled


def bring_up(order: Order, theirs: VenueOrder, now: int, late_ns: int = 0) -> list[DurableEvent | Noticed]:
    """Our order as the venue has it."""
    events: list[DurableEvent | Noticed] = []
    if theirs.ref in order.refs[:-1]:
        return events  # read before the version took its place that we know of
    if order.status is not OrderStatus.OPEN or theirs.ref not in order.refs:
        events.append(OrderAccepted(ts=now, client_order_id=order.id, ref=theirs.ref))
    wish = order.requested if order.requested is None or order.requested.phase is not RequestPhase.REFUSED else None
    if theirs.status != "open" and theirs.quantity > order.quantity:
        events.append(_ended_larger(order, theirs, now))
    match theirs.status:
        case "canceled" if is_changing(order, now):
            pass  # where a change is a cancel and a new order, the new one may not be listed yet
        case "canceled":
            events.append(OrderCanceled(ts=now, client_order_id=order.id, text=theirs.text))
        case "expired":
            events.append(OrderExpired(ts=now, client_order_id=order.id, text=theirs.text))
        case "rejected":
            events.append(OrderRejected(ts=now, client_order_id=order.id, code="", text=theirs.text))
        case "filled" if 0 < theirs.quantity < order.quantity:
            # Bought by its total: how much that is was known at its end alone.
            events.append(OrderReplaced(ts=now, client_order_id=order.id, quantity=theirs.quantity))
        case "filled" if wish is not None and theirs.quantity == order.quantity:
            events.append(_gone(order, wish, "it had filled before it was changed", now))
        case "open":
            quantity = _whole(order, theirs)
            if _has_moved(order, theirs, quantity) and theirs.quantity > 0:
                events.append(
                    OrderReplaced(
                        ts=now,
                        client_order_id=order.id,
                        quantity=quantity,
                        limit_price=theirs.limit_price,
                        stop_price=theirs.stop_price,
                    )
                )
            elif wish is not None and wish.phase is RequestPhase.UNKNOWN and not abs(now - wish.ts) < late_ns:
                # The answer to our wish is lost; the order stands as listed, so the wish may be made again.
                events.append(_gone(order, wish, "the venue has it unchanged", now))
        case _:
            pass
    return events


def _ended_larger(order: Order, theirs: VenueOrder, now: int) -> OrderReplaced:
    return OrderReplaced(
        ts=now,
        client_order_id=order.id,
        quantity=theirs.quantity,
        limit_price=order.limit_price if theirs.limit_price is None else theirs.limit_price,
        stop_price=order.stop_price if theirs.stop_price is None else theirs.stop_price,
    )


def _gone(order: Order, wish: Requested, text: str, now: int) -> OrderRequested:
    gone = msgspec.structs.replace(wish, phase=RequestPhase.REFUSED, text=text, ts=now)
    return OrderRequested(ts=now, client_order_id=order.id, requested=gone)


def _unbooked(state: State, snapshot: Snapshot) -> list[Fill]:
    """Executions that are listed there and not booked here, or corrected since."""
    if isinstance(snapshot.fills, Unread):
        return []
    known = state.fill_ids
    found = [(fill, known.get((fill.account, fill.instrument, fill.fill_id))) for fill in snapshot.fills]
    return [fill for fill, was in found if was is None or fill.revision > was.revision]


def is_first(state: State, account: AccountId) -> bool:
    """Is the account read for the first time? Its first day begins once it has been: what it holds before that, and
    before any order of ours, came along."""
    has_past = any(owner == account for owner, _ in state.positions)
    return account not in state.days and not has_past and not any(o.account == account for o in state.orders.values())


def drift(state: State, snapshot: Snapshot) -> dict[InstrumentId, Decimal]:
    """What the venue holds beyond what fills explain. A holding is held against fills that were read, and booked: only
    what they leave unexplained came from outside. The two listings are not of one moment: whoever books this has seen
    it twice. Of an instrument that the venue does not list now, its silence does not say that none is held."""
    if isinstance(snapshot.positions, Unread) or isinstance(snapshot.fills, Unread):
        return {}
    unbooked = _unbooked(state, snapshot)
    if unbooked and not is_first(state, snapshot.account):
        return {}
    ours: dict[InstrumentId, Decimal] = {}
    for (account, held), position in state.positions.items():
        if account == snapshot.account:
            home = snapshot.pooled.get(held, held)
            ours[home] = ours.get(home, ZERO) + position.quantity
    for fill in unbooked:  # of before our time, and booked by this same comparison
        home = snapshot.pooled.get(fill.instrument, fill.instrument)
        ours[home] = ours.get(home, ZERO) + fill.side.sign * fill.quantity
    both = sorted((ours.keys() & state.instruments.keys()) | snapshot.positions.keys())
    changes = {i: snapshot.positions.get(i, ZERO) - ours.get(i, ZERO) for i in both}
    return {instrument: change for instrument, change in changes.items() if change}


def _positions(state: State, snapshot: Snapshot, now: int) -> list[DurableEvent | Noticed]:
    events: list[DurableEvent | Noticed] = []
    is_opening = is_first(state, snapshot.account)
    for instrument, change in drift(state, snapshot).items():
        known = state.instruments.get(instrument)
        text = (
            f"{instrument}: the broker holds {plain(change)} more than our fills explain; booked as external. "
            "Strategies leave it alone until somebody has looked: hoga reconcile --ack"
        )
        if is_opening:
            text = f"{instrument}: the account came with {plain(change)} of it"
        events.append(Noticed(ts=now, level="info" if is_opening else "error", kind="RECON", text=text))
        events.append(
            PositionAdjusted(
                ts=now,
                account=snapshot.account,
                instrument=instrument,
                quantity=change,
                price=_price(state, snapshot.account, instrument),
                multiplier=known.multiplier if known is not None else ONE,
                cause=OPENING if is_opening else DRIFT,
            )
        )
    return events


def _price(state: State, account: AccountId, instrument: InstrumentId) -> Decimal:
    """What an unexplained change is booked at, so that it is no gain and no loss of the day: the mark, else the close
    before, else what the holding cost."""
    mark, known = state.mark(instrument), state.instruments.get(instrument)
    if mark is not None:
        return mark
    if known is not None and known.previous_close is not None:
        return known.previous_close
    return abs(average_price(state.position(account, instrument), known.multiplier if known is not None else ONE))
