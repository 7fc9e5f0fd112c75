"""Can the order be told apart later, and is what it adds to explained: lanes where the venue keeps no ids of ours, and
holdings that our fills do not explain."""

from __future__ import annotations

from core.domain.decimals import plain
from core.domain.order import OrderStatus
from core.trading.risk.question import Denial, Question


def lane(q: Question) -> Denial | None:
    """Where the venue keeps no ids, one order per instrument and side is on its way at a time: twins of ours could not
    be told apart. What only closes passes when a person, told of the open one, means it; so does a leg."""
    request = q.request
    if not q.is_laned or q.is_held or (q.is_reducing and (q.is_confirmed or request.parent is not None)):
        return None
    for order in q.state.live_orders(request.account, request.instrument):
        is_open_ended = order.status in (OrderStatus.SENDING, OrderStatus.UNKNOWN)
        if not is_open_ended or order.side is not request.side or order.id in (q.but, request.client_order_id):
            continue
        what = f"{order.id[-4:]} {order.side.upper()} {plain(order.quantity)} is {order.status.upper()}"
        text = f"{what}: this venue could not tell the two apart; settle it first"
        if q.is_reducing:
            text = f"{what}, and may be a close already: confirm to close all the same"
        return Denial("lane", "one order on its way", what, text)
    return None


def drift(q: Question) -> Denial | None:
    """What our fills do not explain is not a strategy's to trade until a person has looked."""
    found = q.state.frozen.get((q.request.account, q.request.instrument))
    if found is None or not q.is_automatic:
        return None
    text = f"{plain(found.quantity)} here is not explained by our fills: look, then hoga reconcile --ack"
    return Denial("drift", "a holding our fills explain", f"{plain(found.quantity)} {found.cause}", text)
