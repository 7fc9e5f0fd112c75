"""Why an order deserves a second look although every rule lets it pass: what a hand does by mistake. Pure functions,
each a caution, all listed in CAUTIONS; what one cannot know (no price, no rate, no equity) it counts as a caution and
never as fine. They refuse nothing: who is asked what because of them is the face's policy."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from decimal import Decimal
from itertools import islice
from math import isfinite

import msgspec

from core.config import Confirm
from core.domain.decimals import ONE, ZERO, exact, plain
from core.domain.ids import ClientOrderId
from core.domain.instrument import Instrument
from core.domain.market import NS, Freshness, Phase
from core.domain.order import OrderRequest, OrderStatus, OrderType, Side
from core.trading.market import is_price
from core.trading.risk import Question, lane
from core.trading.state import State

SIZE_ORDERS = 20
"""So many orders make a habit."""
SIZE_FEWEST = 5
FIRST_LIVE = "first live order"
NO_FIGURES = "no figures"
"""What a face says when the desk gave no preview: nothing is known, so nothing is fine."""


class Weighed(msgspec.Struct, frozen=True, kw_only=True):
    """One order held against habit and market. `question` is the one the rules are asked."""

    question: Question
    limits: Confirm
    equity: Decimal | None
    """Of the account, in the base currency."""
    power_after: Decimal | None
    is_first: bool
    """Nothing was sent to this account by hand since the engine started, and it is real money (or plays it)."""

    @property
    def request(self) -> OrderRequest:
        return self.question.request

    @property
    def state(self) -> State:
        return self.question.state

    @property
    def instrument(self) -> Instrument:
        return self.question.listed


def kind_of(caution: str) -> str:
    """What a caution is about, without its figures: two of the same kind are the same caution."""
    return caution.partition(":")[0]


def _first_live(w: Weighed) -> str:
    return FIRST_LIVE if w.is_first else ""


def _unknown_order(w: Weighed) -> str:
    found = any(o.status is OrderStatus.UNKNOWN for o in w.state.live_orders(None, w.request.instrument))
    return "UNKNOWN order in this symbol" if found else ""


def _lane(w: Weighed) -> str:
    """One of ours is on its way there, and may do the same already."""
    denial = lane(w.question)
    return f"one is on its way: {denial.actual}" if denial is not None and w.question.is_reducing else ""


def _duplicate(w: Weighed) -> str:
    if w.question.but is not None:
        return ""
    since = w.question.now - round(w.limits.duplicate_seconds * NS)
    for ts, request in reversed(w.state.curbs.recent):
        if ts < since:
            break
        same = (request.account, request.instrument, request.side, request.quantity, request.limit_price) == (
            *(w.request.account, w.request.instrument, w.request.side, w.request.quantity),
            w.request.limit_price,
        )
        order = w.state.orders.get(request.client_order_id)
        if same and order is not None and order.status not in (OrderStatus.DENIED, OrderStatus.REJECTED):
            return f"same order again: {(w.question.now - ts) / NS:.1f}s ago"
    return ""


def _flip(w: Weighed) -> str:
    request, held = w.request, w.question.held
    if held == 0 or (held > 0) == (request.side is Side.BUY):
        return ""
    exits = w.state.working(request.account, request.instrument, request.side, but=w.question.but or "")
    past = request.quantity + exits - abs(held)
    return f"turns the position: {plain(held)} held" if past > 0 else ""


def _value(w: Weighed) -> str:
    limit = w.limits.soft_value
    if limit is None:
        return ""
    value = w.question.value_base
    if value is None:
        return "value unknown"
    return f"large value: {value:,.0f} > {limit:,.0f}" if value > limit else ""


def _share(w: Weighed) -> str:
    limit = w.limits.soft_nav
    if limit is None:
        return ""
    value = w.question.value_base
    if value is None or not w.equity or w.equity <= 0:
        return "share of NAV unknown"
    share = value / w.equity
    return f"large share of NAV: {share:.0%} > {limit:.0%}" if share > limit else ""


def _size(w: Weighed) -> str:
    """Against the hand's own habit in this instrument; where there is none yet, against the value of other orders."""
    factor = w.limits.size_factor
    if factor is None:
        return ""
    usual = _median(r.quantity for r in _by_hand(w.state) if r.instrument == w.request.instrument)
    amount: Decimal | None = w.request.quantity
    if usual is None:
        usual = _median(v for r in _by_hand(w.state) if (v := _worth(w.state, r)) is not None)
        amount = w.question.value_base
    if usual is None or amount is None or amount <= usual * factor:
        return ""
    return f"unusual size: {amount / usual:.0f}x the usual"


def _by_hand(state: State) -> Iterator[OrderRequest]:
    automatic = set(state.strategies)
    return (request for _, request in reversed(state.curbs.recent) if request.source not in automatic)


def _worth(state: State, request: OrderRequest) -> Decimal | None:
    known = state.instruments.get(request.instrument)
    price = request.limit_price or request.stop_price or state.mark(request.instrument)
    return (
        None if known is None or price is None else state.to_base(known.value(price, request.quantity), known.currency)
    )


def _median(amounts: Iterator[Decimal]) -> Decimal | None:
    found = list(islice(amounts, SIZE_ORDERS))
    return sorted(found)[len(found) // 2] if len(found) >= SIZE_FEWEST else None


def _distance(w: Weighed) -> str:
    price = w.request.limit_price or w.request.stop_price
    if price is None:
        return "" if w.question.price is not None or w.request.type is OrderType.MOC else "no price to judge it by"
    quote = w.question.quote
    touch = 0.0 if quote is None else quote.bid if w.request.side is Side.BUY else quote.ask
    if not (isfinite(touch) and touch > 0):
        mark = w.state.mark_float(w.request.instrument)
        touch = mark if mark is not None and is_price(mark) else 0.0
    if not touch:
        return "no price to judge it by"
    reference = exact(touch)
    share = abs(price / reference - ONE)
    if w.limits.far_fraction is not None and share > w.limits.far_fraction:
        return f"far price: {share:.1%} from {plain(reference)}"
    if w.limits.far_ticks is not None:
        ticks = abs(price - reference) / w.instrument.ticks.step(reference)
        if ticks > w.limits.far_ticks:
            return f"far price: {ticks:.0f} ticks from {plain(reference)}"
    return ""


def _band(w: Weighed) -> str:
    limit, close = w.instrument.price_limit, w.instrument.previous_close
    prices = [p for p in (w.request.limit_price, w.request.stop_price) if p is not None]
    if limit is None or not prices:
        return ""
    if close is None:
        return "price band unknown"
    low, high = close * (ONE - limit), close * (ONE + limit)
    if all(low <= price <= high for price in prices):
        return ""
    return (
        f"outside the day's band: {plain(w.instrument.price(low, 'up'))} to {plain(w.instrument.price(high, 'down'))}"
    )


def _quote(w: Weighed) -> str:
    quote = w.question.quote
    if quote is None:
        return "no quote"
    if quote.freshness is not Freshness.LIVE:
        return f"quote not live: {quote.freshness.value}"
    age, limit = (w.question.now - quote.received) / NS, w.limits.quote_seconds
    return f"old quote: {age:.0f}s" if limit is not None and age > limit else ""


def _phase(w: Weighed) -> str:
    phase = w.state.phase(w.request.instrument)
    if phase is Phase.OPEN:
        return ""
    return f"market not open: {phase.value if phase is not None else 'unknown'}"


def _power(w: Weighed) -> str:
    if w.request.side is Side.SELL or w.question.is_reducing:
        return ""
    if w.power_after is None:
        return "buying power unknown"
    return f"buying power below zero: {w.power_after:,.0f}" if w.power_after < ZERO else ""


def _unreachable(w: Weighed) -> str:
    """A stop that no price of this day can touch protects nothing today."""
    limits = w.instrument.price_limits
    stops = (w.request.stop_price, w.request.stop_loss)
    if limits is None:
        return ""
    found = next((stop for stop in stops if stop is not None and not limits[0] <= stop <= limits[1]), None)
    if found is None:
        return ""
    return f"stop out of reach today: {plain(found)}, limits {plain(limits[0])} to {plain(limits[1])}"


CAUTIONS: tuple[Callable[[Weighed], str], ...] = (
    _first_live,
    _unknown_order,
    _duplicate,
    _lane,
    _flip,
    _unreachable,
    _value,
    _share,
    _size,
    _distance,
    _band,
    _quote,
    _phase,
    _power,
)


def weigh(weighed: Weighed) -> tuple[str, ...]:
    """Every caution there is about this order, the worst first. One that fails is one."""
    return tuple(text for ask in CAUTIONS if (text := _ask(ask, weighed)))


def _ask(ask: Callable[[Weighed], str], weighed: Weighed) -> str:
    try:
        return ask(weighed)
    except (ArithmeticError, TypeError, ValueError, LookupError, AttributeError) as error:
        return f"{ask.__name__.strip('_')} unknown: {type(error).__name__}"


def live_id(state: State, id: ClientOrderId) -> ClientOrderId | None:
    """`id` if it names a working order: a request with its id is what that order would become."""
    order = state.orders.get(id)
    return id if order is not None and not order.status.is_end else None
