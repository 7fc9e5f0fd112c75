"""How much: of one order, of one position, of all, and what the cash allows. What works already counts at its worst."""

from __future__ import annotations

from collections.abc import Collection
from decimal import Decimal
from math import isfinite

from core.domain.decimals import ONE, ZERO, exact, plain
from core.domain.ids import AccountId, ClientOrderId, InstrumentId
from core.domain.instrument import Instrument
from core.domain.limits import RiskLimits
from core.domain.order import Order, OrderRequest, OrderStatus, RequestPhase, Side
from core.trading.risk.question import Costs, Denial, Question, collar_of, money, most_asked
from core.trading.state import State, exposure


def order_quantity(q: Question) -> Denial | None:
    limit = q.limits.max_order_quantity
    if limit is not None and q.request.quantity > limit and not q.is_reducing:
        return Denial("max quantity", plain(limit), plain(q.request.quantity), "the quantity is above the limit")
    return None


def order_value(q: Question) -> Denial | None:
    limit = q.limits.max_order_value
    if limit is None or q.is_reducing:
        return None
    value = q.value_base
    if value is None:
        return Denial("max value", plain(limit), "unknown", "no price or exchange rate to value the order with")
    if value > limit:
        return Denial("max value", money(limit, q), money(value, q), "the order's value is above the limit")
    return None


def holdings(q: Question) -> Denial | None:
    """Sells need the shares, unless the instrument can be shorted; reduce-only never flips."""
    request, working = q.request, q.working
    if request.reduce_only and not q.is_reducing:
        free = max(abs(q.held) - working, ZERO) if (q.held > 0) == (request.side is Side.SELL) else ZERO
        return _short_of(q, "reduce only", free, "there is not that much to close")
    if request.side is Side.SELL and not q.listed.can_short and request.quantity + working > max(q.held, ZERO):
        free = max(q.held - working, ZERO)
        return _short_of(q, "holdings", free, "there is not that much to sell")
    return None


def _stop_in_the_way(q: Question) -> str:
    """A stop that holds the shares is not seen as an order to sell by everybody: it is named."""
    side = q.request.side
    orders = q.state.live_orders(q.request.account, q.request.instrument)
    return next((o.id[-4:] for o in orders if o.side is side and o.request.is_stop and exposure(o)), "")


def _short_of(q: Question, rule: str, free: Decimal, text: str) -> Denial:
    stop = _stop_in_the_way(q)
    if stop:
        text = f"the stop {stop} holds it: x closes, c cancels the stop"
    return Denial(rule, plain(free), plain(q.request.quantity), text)


def position_value(q: Question) -> Denial | None:
    limit = q.limits.max_position_value
    if limit is None or q.is_reducing:
        return None
    request, price = q.request, q.price
    after = q.held + (q.working + request.quantity) * request.side.sign
    mark = q.state.mark(request.instrument)
    at = max((p for p in (price, mark) if p is not None), default=None)
    value = None
    if at is not None:
        value = q.state.to_base(q.listed.value(at, abs(after)), q.listed.currency)
    if value is None:
        return Denial("max position", plain(limit), "unknown", "no price or exchange rate to value the position with")
    if value > limit:
        return Denial("max position", money(limit, q), money(value, q), "the position would be above the limit")
    return None


def gross_value(q: Question) -> Denial | None:
    """All positions of the account, each at the worst that its working orders could make of it."""
    limit = q.limits.max_gross_value
    if limit is None or q.is_reducing:
        return None
    value = gross_of(q.state, q.request.account, q.limits, new=q.request, but=(q.but, *q.aside))
    if value is None:
        text = "no price or exchange rate to value all positions with"
        return Denial("max gross", plain(limit), "unknown", text)
    if value > limit:
        return Denial("max gross", money(limit, q), money(value, q), "all positions together would be above the limit")
    return None


def gross_of(
    state: State,
    account: AccountId,
    limits: RiskLimits,
    *,
    new: OrderRequest | None = None,
    but: Collection[str | None] = (),
) -> Decimal | None:
    """Base currency; None when a price or rate is missing."""
    buys: dict[InstrumentId, Decimal] = {}
    sells: dict[InstrumentId, Decimal] = {}
    prices: dict[InstrumentId, Decimal | None] = {}
    for (owner, id), position in state.positions.items():
        if owner == account and position.quantity:
            prices[id] = state.mark(id)
    wishes = [
        (o.request, exposure(o), o.limit_price or o.stop_price, wished_price(o))
        for o in state.live_orders(account)
        if o.id not in but and exposure(o)
    ]
    if new is not None:
        wishes.append((new, new.quantity, new.limit_price or new.stop_price, None))
    for request, quantity, price, wished in wishes:
        id, side = request.instrument, buys if request.side is Side.BUY else sells
        side[id] = side.get(id, ZERO) + quantity
        worst = (prices.get(id), state.mark(id), order_price(state, request, price, limits), wished)
        prices[id] = max((p for p in worst if p is not None), default=None)
    total = ZERO
    for id, at in prices.items():
        instrument, held = state.instruments.get(id), state.position(account, id).quantity
        if at is None or instrument is None:
            return None
        most = max(abs(held + buys.get(id, ZERO)), abs(held - sells.get(id, ZERO)))
        value = state.to_base(instrument.value(at, most), instrument.currency)
        if value is None:
            return None
        total += value
    return total


def holdings_count(q: Question) -> Denial | None:
    limit = q.limits.max_holdings
    if limit is None or q.is_reducing:
        return None
    count = len(held_in(q.state, q.request.account) | {q.request.instrument})
    if count > limit:
        return Denial("max holdings", str(limit), str(count), "too many instruments are held or asked for")
    return None


def held_in(state: State, account: AccountId) -> set[InstrumentId]:
    """Instruments with a position, or with an order that may make one."""
    held = {id for (owner, id), position in state.positions.items() if owner == account and position.quantity}
    return held | {order.instrument for order in state.live_orders(account) if exposure(order)}


def buying_power(q: Question) -> Denial | None:
    if q.is_reducing:
        return None
    request, price = q.request, q.price
    quantity = request.quantity
    if request.side is Side.SELL:
        # What a sale needs is shares (`holdings`); what it sells short is covered in full.
        quantity -= max(q.held - q.working, ZERO)
        if quantity <= 0 or not q.listed.can_short:
            return None
    free = free_cash(q.state, q.request, q.costs, but=q.but, limits=q.limits)
    if free is None or price is None:
        return Denial("buying power", "known cash and price", "unknown", "the cash or the price is not known")
    need = q.listed.value(price, quantity) + sum(q.costs(q.listed, request.side, quantity, price), ZERO)
    if need > free:
        return Denial("buying power", plain(free), plain(need), f"needs {q.listed.currency} {need:,.2f}")
    return None


def free_cash(
    state: State,
    request: OrderRequest,
    costs: Costs,
    *,
    limits: RiskLimits,
    but: ClientOrderId | None = None,
) -> Decimal | None:
    """Cash for a new order: the broker's word less what it cannot have reserved yet, and never more than the total
    less all our working buys, and what of our working sales would be sold short."""
    instrument = state.instruments.get(request.instrument)
    if instrument is None:
        return None
    balance = state.balances.get((request.account, instrument.currency))
    if balance is None:
        return None
    unseen = reserved = released = ZERO
    shares: dict[InstrumentId, Decimal] = {}
    for order in state.live_orders(request.account):
        other = state.instruments.get(order.instrument)
        if other is None or other.currency != instrument.currency or (order.side is Side.SELL and not other.can_short):
            continue
        if order.status is OrderStatus.HELD:
            continue  # no venue has it: it will only cover, or counts by each of its slices
        price = order_price(state, order.request, order.limit_price or order.stop_price, limits)
        if price is None:
            return None
        most, told = exposure(order), order.remaining if order.status is OrderStatus.OPEN else ZERO
        if order.side is Side.SELL:  # what is held is only given back
            held = shares.get(order.instrument, max(state.position(order.account, order.instrument).quantity, ZERO))
            shares[order.instrument] = held if order.id == but else max(held - most, ZERO)
            most, told = (ZERO, ZERO) if order.request.reduce_only else (max(most - held, ZERO), max(told - held, ZERO))
        known = _need(other, costs, order.side, told, price)
        if order.id == but:
            released = known
            continue
        # While a replace is out, the worse of both terms counts, and the broker may have reserved for the old ones.
        need = _need(other, costs, order.side, most, max(price, wished_price(order) or price))
        reserved += need
        unseen += need - known
    spent = state.spent.get((request.account, instrument.currency), ZERO)
    return min(balance.available + released - unseen, balance.total - reserved) - spent


def _need(instrument: Instrument, costs: Costs, side: Side, quantity: Decimal, price: Decimal) -> Decimal:
    if not quantity:
        return ZERO
    return instrument.value(price, quantity) + sum(costs(instrument, side, quantity, price), ZERO)


def wished_price(order: Order) -> Decimal | None:
    """The price of a replace that may have arrived."""
    wish = order.requested
    if wish is None or wish.phase is RequestPhase.REFUSED:
        return None
    return wish.limit_price or wish.stop_price


def order_price(state: State, request: OrderRequest, price: Decimal | None, limits: RiskLimits) -> Decimal | None:
    """`price`, else the worst a market order may pay."""
    if price is not None:
        return price
    quote, instrument = state.quotes.get(request.instrument), state.instruments.get(request.instrument)
    if quote is None or instrument is None or not (isfinite(quote.ask) and quote.ask > 0):
        return state.mark(request.instrument)
    return exact(most_asked(quote)) * (ONE + (collar_of(instrument, limits) or ZERO))
