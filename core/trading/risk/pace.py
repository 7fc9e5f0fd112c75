"""How often: repeats, rates, and how many at once."""

from __future__ import annotations

from core.domain.ids import AccountId, ClientOrderId
from core.domain.limits import RiskLimits
from core.domain.market import NS
from core.domain.order import OrderRequest, OrderStatus
from core.trading.risk.question import Denial, Question
from core.trading.state import State, exposure


def duplicate(q: Question) -> Denial | None:
    window = q.limits.duplicate_window_seconds
    if window is None or (q.is_confirmed and not q.is_automatic) or q.is_repeatable:
        return None
    if q.request.slice_of is not None:
        return None  # alike by their nature; none of them is sent twice
    since = q.now - round(window * NS)
    mine = _terms(q.request)
    for ts, request in reversed(q.state.curbs.recent):
        if ts < since:
            break
        if _terms(request) == mine:
            before = q.state.orders.get(request.client_order_id)
            if before is not None and before.status in (OrderStatus.DENIED, OrderStatus.REJECTED):
                continue
            ago = (q.now - ts) / NS
            return Denial("duplicate", f"{window:g} s", f"{ago:.1f} s", "the same order was sent a moment ago")
    return None


def order_rate(q: Question) -> Denial | None:
    """A person's way out is never slowed down by what went in."""
    if q.is_repeatable or (q.is_reducing and not q.is_automatic):
        return None
    second, minute = q.now - NS, q.now - 60 * NS
    by_source = by_account = by_all = 0
    for ts, request in reversed(q.state.curbs.recent):
        if ts <= minute:
            break
        if request.parent is not None:
            continue  # legs were counted with their entry
        by_all += 1
        by_account += request.account == q.request.account
        by_source += ts > second and request.source == q.request.source
    limit = q.limits.max_orders_per_second
    if limit is not None and by_source >= limit:
        return Denial("order rate", f"{limit}/s", f"{by_source + 1}/s", "too many orders in one second")
    limit = q.limits.max_orders_per_minute
    if limit is not None and by_account >= limit:
        return Denial("order rate", f"{limit}/min", f"{by_account + 1}/min", "too many orders in one minute")
    limit = q.limits.max_orders_per_minute_all
    if limit is not None and by_all >= limit:
        return Denial(
            "order rate", f"{limit}/min", f"{by_all + 1}/min", "too many orders of all accounts in one minute"
        )
    return None


def open_orders(q: Question) -> Denial | None:
    limit = q.limits.max_open_orders
    if limit is None or q.is_repeatable or (q.is_reducing and not q.is_automatic):
        return None
    count = sum(1 for o in q.state.live_orders(q.request.account) if o.status is not OrderStatus.HELD)
    if count >= limit:
        return Denial("open orders", str(limit), str(count + 1), "too many working orders")
    return None


def unknown_orders(q: Question) -> Denial | None:
    limit = q.limits.max_unknown_orders
    if limit is None or not q.is_automatic:
        return None
    count = sum(1 for o in q.state.live_orders(q.request.account) if o.status is OrderStatus.UNKNOWN)
    if count >= limit:
        return Denial("unknown orders", str(limit), str(count), "settle the UNKNOWN orders first")
    return None


def _terms(request: OrderRequest) -> tuple[object, ...]:
    return (
        request.account,
        request.instrument,
        request.side,
        request.quantity,
        request.type,
        request.limit_price,
        request.stop_price,
    )


def cancel_rate(state: State, limits: RiskLimits, source: str, now: int) -> Denial | None:
    """For the cancels of strategies alone: nobody else is ever kept from taking an order back."""
    limit = limits.max_cancels_per_minute
    count = sum(1 for ts, by in state.curbs.cancels if by == source and ts > now - 60 * NS)
    if limit is not None and count >= limit:
        return Denial("cancel rate", f"{limit}/min", f"{count + 1}/min", "too many cancels in one minute")
    return None


def trades_today(q: Question) -> Denial | None:
    limit = q.limits.max_trades_per_day
    if limit is None or q.is_reducing:
        return None
    count = trades_of(q.state, q.request.account, but=q.but)
    if count >= limit:
        return Denial("trades a day", str(limit), str(count + 1), "too many trades today")
    return None


def trades_of(state: State, account: AccountId, *, but: ClientOrderId | None = None) -> int:
    """Orders that were filled today, and those that may yet be."""
    live = {order.id for order in state.live_orders(account) if exposure(order) and order.id != but}
    return len(live | state.curbs.trades.get(account, set()))


def cooldown(q: Question) -> Denial | None:
    limit, lost = q.limits.loss_cooldown_seconds, q.state.curbs.last_loss.get(q.request.account)
    if limit is None or lost is None or q.is_reducing:
        return None
    passed = (q.now - lost) / NS
    if passed < limit:
        return Denial("cooldown", f"{limit:g} s", f"{passed:.0f} s", "a loss was just taken; wait")
    return None
