"""The one gate: small functions, each a rule, all listed in CHECKS. A rule returns None when it passes or a Denial
with limit and actual value; what it cannot know (no quote, no rate, no balance) it denies, unless the order only
shrinks exposure. Pure: it reads State and the moment it is given."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from math import isfinite

import msgspec

from core.domain.account import TradingState
from core.domain.decimals import ONE, ZERO, exact, is_multiple, plain
from core.domain.ids import ClientOrderId
from core.domain.instrument import Instrument, Kind
from core.domain.limits import RiskLimits
from core.domain.market import NS, Freshness, Phase, Quote
from core.domain.order import Order, OrderRequest, OrderStatus, OrderType, RequestPhase, Side
from core.trading.ledger import day_profit
from core.trading.state import State, exposure, is_price

Costs = Callable[[Instrument, Side, Decimal, Decimal], tuple[Decimal, Decimal]]
"""(instrument, side, quantity, price) -> (fee, tax), both in the instrument's currency."""


def no_costs(instrument: Instrument, side: Side, quantity: Decimal, price: Decimal) -> tuple[Decimal, Decimal]:
    return ZERO, ZERO


class Denial(msgspec.Struct, frozen=True):
    rule: str
    limit: str
    actual: str
    text: str


class Question(msgspec.Struct, frozen=True, kw_only=True):
    """One order held against the rules. `but` is the order whose terms would be replaced; it does not count twice.
    `aside`: orders that make room for this one before it is sent, as a stop does for a close."""

    request: OrderRequest
    state: State
    limits: RiskLimits
    now: int
    is_automatic: bool
    is_confirmed: bool = False
    is_last_look: bool = False
    """Right before the wire: rules about repetition were settled at the gate."""
    is_held: bool = False
    """It is only to be watched here: what a moment forbids is asked again when it is sent."""
    is_release: bool = False
    """A leg that leaves now: it was decided on with its entry, so no limit on how often or how many holds it up."""
    is_laned: bool = False
    """The venue keeps no ids of ours."""
    journal_problem: str = ""
    costs: Costs = no_costs
    but: ClientOrderId | None = None
    aside: frozenset[ClientOrderId] = frozenset()

    @property
    def is_repeatable(self) -> bool:
        """Not a new wish of somebody: a second look, new terms, or a leg."""
        return self.is_last_look or self.is_release or self.but is not None

    @property
    def working(self) -> Decimal:
        """What else may still trade on the order's side."""
        request = self.request
        return self.state.working(request.account, request.instrument, request.side, but=(self.but, *self.aside))

    @property
    def instrument(self) -> Instrument | None:
        return self.state.instruments.get(self.request.instrument)

    @property
    def listed(self) -> Instrument:
        """The instrument once `known_instrument` has passed; KeyError before, which `assess` reads as a refusal."""
        return self.state.instruments[self.request.instrument]

    @property
    def quote(self) -> Quote | None:
        return self.state.quotes.get(self.request.instrument)

    @property
    def held(self) -> Decimal:
        return self.state.position(self.request.account, self.request.instrument).quantity

    @property
    def is_reducing(self) -> bool:
        """Does it only shrink the position, all working exits counted?"""
        request, held = self.request, self.held
        if held == 0 or (held > 0) == (request.side is Side.BUY):
            return False
        return request.quantity + self.working <= abs(held)

    @property
    def price(self) -> Decimal | None:
        """The worst price it may trade at: its limit, else the touch moved by the collar; None when unknown."""
        request, quote, instrument = self.request, self.quote, self.instrument
        if request.limit_price is not None:
            return request.limit_price
        if request.stop_price is not None:
            return request.stop_price
        if quote is None or instrument is None:
            return None
        touch = quote.ask if request.side is Side.BUY else quote.bid
        if not (isfinite(touch) and touch > 0):
            return None
        collar = collar_of(instrument, self.limits) or ZERO
        return exact(touch) * (ONE + collar if request.side is Side.BUY else ONE)

    @property
    def value_base(self) -> Decimal | None:
        """Value of the order in the base currency; None when price or rate is unknown."""
        price, instrument = self.price, self.instrument
        if price is None or instrument is None:
            return None
        return self.state.to_base(instrument.value(price, self.request.quantity), instrument.currency)


def collar_of(instrument: Instrument, limits: RiskLimits) -> Decimal | None:
    return limits.price_collar_crypto if instrument.kind is Kind.CRYPTO else limits.price_collar


def known_instrument(q: Question) -> Denial | None:
    if q.instrument is None:
        return Denial("instrument", "a known instrument", q.request.instrument, "this instrument is not known here")
    if q.request.account not in q.state.accounts:
        return Denial("account", "a known account", q.request.account, "this account is not connected")
    return None


def journal_writable(q: Question) -> Denial | None:
    if q.journal_problem:
        return Denial("journal", "a writable journal", q.journal_problem, f"nothing is sent: {q.journal_problem}")
    return None


def trading_state(q: Question) -> Denial | None:
    state = q.state.trading_state(q.request.account)
    if state is TradingState.HALTED:
        return Denial("halted", "cancels only", "new order", "trading is HALTED; resume it first")
    if state is TradingState.REDUCING and not q.is_reducing:
        return Denial("reducing", "orders that shrink a position", "more exposure", "trading is REDUCING only")
    if state is not TradingState.ACTIVE and q.is_automatic:
        return Denial("paused", "orders by hand", q.request.source, f"trading is {state.upper()}: no automatic orders")
    return None


def gate_open(q: Question) -> Denial | None:
    if q.is_held:
        return None
    gate = q.state.gates.get(q.request.account)
    if gate is None or not gate.is_open:
        why = gate.text if gate is not None and gate.text else "orders, fills and positions were not read yet"
        return Denial("gate", "an open gate", "closed", f"the account is not ready: {why}")
    return None


def session(q: Question) -> Denial | None:
    phase = q.state.phase(q.request.instrument)
    if q.is_held or phase is Phase.OPEN or phase in (Phase.VI, Phase.AUCTION):
        return None
    actual = phase.value if phase is not None else "unknown"
    return Denial("session", "an open market", actual, f"the market is {actual}")


def lot(q: Question) -> Denial | None:
    quantity, instrument = q.request.quantity, q.listed
    if not is_multiple(quantity, instrument.lot):
        return Denial("lot", plain(instrument.lot), plain(quantity), "the quantity is not a whole number of lots")
    if quantity < instrument.min_quantity:
        return Denial("min quantity", plain(instrument.min_quantity), plain(quantity), "the quantity is too small")
    price = q.price
    if instrument.min_value and price is not None and instrument.value(price, quantity) < instrument.min_value:
        value = plain(instrument.value(price, quantity))
        return Denial("min value", plain(instrument.min_value), value, "the order is below the venue's minimum value")
    return None


def tick(q: Question) -> Denial | None:
    request = q.request
    for price in (request.limit_price, request.stop_price, request.stop_loss, request.take_profit):
        if price is not None and not q.listed.ticks.is_valid(price):
            below, above = (plain(p) for p in q.listed.ticks.neighbours(price))
            return Denial("tick", f"{below} or {above}", plain(price), f"{plain(price)} is off tick")
    return None


def order_quantity(q: Question) -> Denial | None:
    limit = q.limits.max_order_quantity
    if limit is not None and q.request.quantity > limit:
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
        return Denial("max value", _money(limit, q), _money(value, q), "the order's value is above the limit")
    return None


def stale_quote(q: Question) -> Denial | None:
    limit, quote = q.limits.max_quote_age_seconds, q.quote
    if limit is None or q.is_reducing:
        return None
    if quote is None or quote.freshness is not Freshness.LIVE:
        actual = quote.freshness.value if quote is not None else "none"
        return Denial("stale quote", "a live quote", actual, "there is no live quote of this instrument")
    if q.state.phase(q.request.instrument) in (Phase.VI, Phase.AUCTION):
        return None  # an auction quotes nothing; the venue's own collar stands
    age = (q.now - quote.received) / NS
    if age > limit:
        return Denial("stale quote", f"{limit:g} s", f"{age:.1f} s", "the quote is too old")
    if age < -1:
        return Denial("stale quote", f"{limit:g} s", f"{age:.1f} s", "the quote is newer than the clock")
    return None


def price_collar(q: Question) -> Denial | None:
    limit = collar_of(q.listed, q.limits)
    price, quote = q.request.limit_price, q.quote
    if limit is None or price is None:
        return None
    reference = None
    if q.request.type is OrderType.STOP_LIMIT and q.request.stop_price is not None:
        reference = float(q.request.stop_price)  # where the market will be when the limit counts
    elif quote is not None:
        reference = quote.ask if q.request.side is Side.BUY else quote.bid
    if not reference or not isfinite(reference):
        mark = q.state.mark_float(q.request.instrument)
        reference = mark if mark is not None and isfinite(mark) and mark > 0 else None
    if reference is None or not is_price(reference):
        if q.is_reducing:
            return None
        return Denial("price collar", f"{limit:.1%}", "unknown", "no quote to hold the price against")
    beyond = (price / exact(reference) - ONE) * q.request.side.sign
    if beyond > limit:
        text = f"{plain(price)} is {beyond:.1%} through the market at {plain(exact(reference))}"
        return Denial("price collar", f"{limit:.1%}", f"{beyond:.1%}", text)
    return None


def legs_side(q: Question) -> Denial | None:
    """A stop loss lies on the losing side of the entry, a take profit on the winning one; what only closes has none."""
    request = q.request
    if not request.has_legs or q.is_release or q.is_last_look:
        return None
    if request.reduce_only and (request.stop_loss is not None or not request.is_stop):
        return Denial(
            "legs", "an entry", "reduce-only", "an order that only closes has no legs of its own; protect with p"
        )
    if not request.reduce_only and request.side is Side.SELL and not q.listed.can_short:
        return Denial("legs", "an entry", "a sale of what is held", "a sale here only closes, so it has no legs")
    entry = _entry_range(q)
    if entry is None:
        return Denial("legs", "a known price", "unknown", "no price to hold stop loss and take profit against")
    low, high = entry
    # A stop that is itself the protection (reduce-only) has its take profit on the other side of the market.
    long = (request.side is Side.BUY) != request.reduce_only
    for name, price, wants_below in (
        ("stop loss", request.stop_loss, long),
        ("take profit", request.take_profit, not long),
    ):
        if price is None or (price < low if wants_below else price > high):
            continue
        word, edge = ("below", low) if wants_below else ("above", high)
        side = "long" if long else "short"
        text = f"the {name} of a {side} must be {word} {plain(edge)}, and is {plain(price)}"
        return Denial("legs", f"{word} {plain(edge)}", plain(price), text)
    return None


def _entry_range(q: Question) -> tuple[Decimal, Decimal] | None:
    """(lowest, highest) price between which the entry may be made: at its stop or resting limit, else the quote."""
    request, quote = q.request, q.quote
    if request.is_stop and request.stop_price is not None and not request.reduce_only:
        return request.stop_price, request.stop_price
    known = quote is not None and is_price(quote.bid) and is_price(quote.ask)
    if not known or quote is None:
        price = request.limit_price
        return None if price is None else (price, price)
    bid, ask, limit = exact(quote.bid), exact(quote.ask), request.limit_price
    if limit is not None and (limit < ask if request.side is Side.BUY else limit > bid) and not request.reduce_only:
        return limit, limit
    return bid, ask


def stop_side(q: Question) -> Denial | None:
    """A protective stop that the market has passed already would go at once: that is a close, asked for as one."""
    request, price = q.request, q.request.stop_price
    if not (request.reduce_only and price is not None) or q.is_release or q.is_last_look:
        return None
    mark = q.state.mark(request.instrument)
    if mark is None or (price < mark if request.side is Side.SELL else price > mark):
        return None
    word = "below" if request.side is Side.SELL else "above"
    text = f"the market is at {plain(mark)}: the stop must be {word} it, or close with x"
    return Denial("stop side", f"{word} {plain(mark)}", plain(price), text)


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
        return Denial("max position", _money(limit, q), _money(value, q), "the position would be above the limit")
    return None


def duplicate(q: Question) -> Denial | None:
    window = q.limits.duplicate_window_seconds
    if window is None or q.is_confirmed or q.is_repeatable:
        return None
    since = q.now - round(window * NS)
    mine = _terms(q.request)
    for ts, request in reversed(q.state.recent):
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
    if q.is_repeatable:
        return None
    second, minute = q.now - NS, q.now - 60 * NS
    by_source = by_account = 0
    for ts, request in reversed(q.state.recent):
        if ts <= minute:
            break
        if request.parent is not None:
            continue  # legs were counted with their entry
        by_account += request.account == q.request.account
        by_source += ts > second and request.source == q.request.source
    limit = q.limits.max_orders_per_second
    if limit is not None and by_source >= limit:
        return Denial("order rate", f"{limit}/s", f"{by_source + 1}/s", "too many orders in one second")
    limit = q.limits.max_orders_per_minute
    if limit is not None and by_account >= limit:
        return Denial("order rate", f"{limit}/min", f"{by_account + 1}/min", "too many orders in one minute")
    return None


def open_orders(q: Question) -> Denial | None:
    limit = q.limits.max_open_orders
    if limit is None or q.is_repeatable:
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


def buying_power(q: Question) -> Denial | None:
    if q.is_reducing:
        return None
    request, price = q.request, q.price
    if request.side is Side.SELL:
        return None  # what a sale needs is shares: `holdings`
    free = free_cash(q.state, q.request, q.costs, but=q.but, limits=q.limits)
    if free is None or price is None:
        return Denial("buying power", "known cash and price", "unknown", "the cash or the price is not known")
    need = q.listed.value(price, request.quantity) + sum(q.costs(q.listed, request.side, request.quantity, price), ZERO)
    if need > free:
        return Denial("buying power", plain(free), plain(need), f"needs {q.listed.currency} {need:,.2f}")
    return None


def daily_loss(q: Question) -> Denial | None:
    limit = q.limits.daily_loss
    if limit is None or q.is_reducing:
        return None
    loss = day_result(q.state, q.request.account)
    if loss is None:
        return Denial("daily loss", plain(limit), "unknown", "today's result cannot be computed: a price is missing")
    if -loss >= limit:
        return Denial("daily loss", _money(limit, q), _money(-loss, q), "today's loss limit is reached")
    return None


CHECKS: tuple[Callable[[Question], Denial | None], ...] = (
    known_instrument,
    journal_writable,
    trading_state,
    gate_open,
    session,
    lot,
    tick,
    order_quantity,
    stale_quote,
    price_collar,
    legs_side,
    stop_side,
    order_value,
    holdings,
    position_value,
    duplicate,
    order_rate,
    open_orders,
    unknown_orders,
    lane,
    drift,
    buying_power,
    daily_loss,
)


def assess(question: Question) -> Denial | None:
    """The first rule that refuses, or None. A rule that fails refuses too: no bug in it lets an order through."""
    return next((denial for check in CHECKS if (denial := _ask(check, question)) is not None), None)


def passed(question: Question) -> int:
    """How many rules pass before the first that refuses."""
    return next((n for n, check in enumerate(CHECKS) if _ask(check, question) is not None), len(CHECKS))


def _ask(check: Callable[[Question], Denial | None], question: Question) -> Denial | None:
    try:
        return check(question)
    except (ArithmeticError, TypeError, ValueError, LookupError, AttributeError) as error:
        return Denial(check.__name__, "a rule that works", type(error).__name__, f"the rule failed: {error}")


def free_cash(
    state: State,
    request: OrderRequest,
    costs: Costs,
    *,
    limits: RiskLimits,
    but: ClientOrderId | None = None,
) -> Decimal | None:
    """Cash for a new order: the broker's word less what it cannot have reserved yet, and never more than the total
    less all our working buys."""
    instrument = state.instruments.get(request.instrument)
    if instrument is None:
        return None
    balance = state.balances.get((request.account, instrument.currency))
    if balance is None:
        return None
    unseen = reserved = released = ZERO
    for order in state.live_orders(request.account):
        other = state.instruments.get(order.instrument)
        if order.side is Side.SELL or other is None or other.currency != instrument.currency:
            continue
        if order.status is OrderStatus.HELD:
            continue  # no venue has it, and it will only cover
        price = order_price(state, order.request, order.limit_price or order.stop_price, limits)
        if price is None:
            return None
        known = _need(other, costs, order.remaining, price) if order.status is OrderStatus.OPEN else ZERO
        if order.id == but:
            released = known
            continue
        # While a replace is out, the worse of both terms counts, and the broker may have reserved for the old ones.
        need = _need(other, costs, exposure(order), max(price, wished_price(order) or price))
        reserved += need
        unseen += need - known
    spent = state.spent.get((request.account, instrument.currency), ZERO)
    return min(balance.available + released - unseen, balance.total - reserved) - spent


def _need(instrument: Instrument, costs: Costs, quantity: Decimal, price: Decimal) -> Decimal:
    return instrument.value(price, quantity) + sum(costs(instrument, Side.BUY, quantity, price), ZERO)


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
    return exact(quote.ask) * (ONE + (collar_of(instrument, limits) or ZERO))


def day_result(state: State, account: str) -> Decimal | None:
    """The account's profit of the trading day in base currency, after costs; None when a price or rate is missing."""
    total = ZERO
    for (owner, instrument), position in state.positions.items():
        if owner != account:
            continue
        known = state.instruments.get(instrument)
        if known is None:
            return None
        base = state.to_base(day_profit(position, state.mark(instrument), known.multiplier), known.currency)
        if base is None:
            return None
        total += base
    return total


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


def _money(value: Decimal, q: Question) -> str:
    return f"{q.state.base_currency} {value:,.0f}"
