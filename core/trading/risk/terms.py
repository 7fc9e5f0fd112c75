"""The order by itself: lot, tick, price against the market and the venue, and its legs."""

from __future__ import annotations

from decimal import Decimal
from math import isfinite

from core.domain.algo import Chase, Twap
from core.domain.decimals import ONE, exact, is_multiple, plain, round_to
from core.domain.ids import broker_of
from core.domain.instrument import Instrument
from core.domain.market import Phase
from core.domain.order import ON_CLOSE, OrderType, Side, TimeInForce
from core.trading.market import is_price
from core.trading.risk.question import Denial, Question, collar_of
from core.trading.risk.size import wished_price
from core.trading.state import exposure


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
    mark = None if request.trail is None or q.is_release or q.is_last_look else q.state.mark(request.instrument)
    if mark is None or request.trail is None or request.trail >= (step := q.listed.ticks.step(mark)):
        return None
    text = f"a trail of {plain(request.trail)} is less than one tick: it would go at the next print"
    return Denial("tick", f"at least {plain(step)}", plain(request.trail), text)


def venue_takes(q: Question) -> Denial | None:
    """Auctions, extended hours and moves of a resting order, where the venue has them; in other words where not."""
    venue, request = q.venue, q.request
    if venue is None:
        return None
    missing: str = ""
    if request.type in ON_CLOSE and request.type not in venue.order_types:
        missing, instead = request.type.value, "send @mkt or a price while the market is open"
    elif request.time_in_force in _SPECIAL and request.time_in_force not in venue.times_in_force:
        missing, instead = request.time_in_force.value, _SPECIAL[request.time_in_force]
    elif isinstance(request.algo, Chase) and not venue.can_replace:
        missing, instead = "chase", "an order cannot be moved there; send @a to take, or cancel and write it anew"
    if not missing:
        return None
    broker = broker_of(request.account)
    return Denial("venue", f"what {broker} takes", missing, f"{broker} takes no {missing} orders: {instead}")


_SPECIAL = {
    TimeInForce.OPG: "send it in the opening auction as a day order, or @moc for the close",
    TimeInForce.EXT: "send it while the market is open",
}
"""Times that not every venue has, and what to write instead."""


def at_open(q: Question) -> Denial | None:
    """What is only for the opening auction has none to go to once the market is open."""
    phase = q.state.phase(q.request.instrument)
    if q.request.time_in_force is not TimeInForce.OPG or phase in (None, Phase.AUCTION, Phase.CLOSED):
        return None
    return Denial(
        "auction over", "an opening auction", phase.value, "the opening auction is past: leave opg out, or send @moc"
    )


def slices(q: Question) -> Denial | None:
    """Each slice must be an order the venue takes."""
    algo, price = q.request.algo, q.price
    if not isinstance(algo, Twap):
        return None
    least = least_order(q.listed, price)
    even = round_to(q.request.quantity / algo.slices, q.listed.lot, "down")
    if even >= least:
        return None
    text = f"{algo.slices} slices of {plain(even)} are too small for {q.listed.code}: fewer, or one order"
    return Denial("slices", f"at least {plain(least)} each", plain(even), text)


def least_order(instrument: Instrument, price: Decimal | None) -> Decimal:
    """The smallest order the venue takes, in whole lots."""
    least = max(instrument.lot, instrument.min_quantity)
    if instrument.min_value and price is not None:
        least = max(least, instrument.min_value / instrument.value(price, ONE))
    return round_to(least, instrument.lot, "up")


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
    """A stop that the market has passed already would go at once: that is an order at market, asked for as one. And the
    limit behind a protective stop lies beyond it, or what it protects stays open."""
    request, price = q.request, q.request.stop_price
    if price is None or q.is_release or q.is_last_look:
        return None
    limit = request.limit_price
    if request.reduce_only and limit is not None and (price - limit) * request.side.sign > 0:
        text = f"with a limit of {plain(limit)} behind a stop at {plain(price)} nothing is closed once it is reached"
        return Denial("stop side", f"a limit beyond {plain(price)}", plain(limit), text)
    mark = q.state.mark(request.instrument)
    if mark is None or (price < mark if request.side is Side.SELL else price > mark):
        return None
    word = "below" if request.side is Side.SELL else "above"
    text = f"the market is at {plain(mark)}: the stop must be {word} it, or leave the stop out"
    if request.reduce_only:
        text = f"the market is at {plain(mark)}: the stop must be {word} it, or close with x"
    return Denial("stop side", f"{word} {plain(mark)}", plain(price), text)


def price_limit(q: Question) -> Denial | None:
    """The venue's own lowest and highest price of the day."""
    instrument = q.listed
    if instrument.price_limit is None or q.is_held:
        return None
    limits = instrument.price_limits
    if limits is None:
        if q.is_reducing:
            return None
        return Denial("price limit", "known limits of the day", "unknown", "the close before is not known")
    lowest, highest = limits
    for price in (q.request.limit_price, q.request.stop_price):
        if price is not None and not lowest <= price <= highest:
            text = f"{plain(price)} is outside the limits of the day"
            return Denial("price limit", f"{plain(lowest)} to {plain(highest)}", plain(price), text)
    return None


def self_cross(q: Question) -> Denial | None:
    """Would it trade with an order of our own, of whichever account? What shrinks exposure may."""
    request, quote = q.request, q.quote
    if not q.limits.forbid_self_cross or q.is_reducing or request.is_stop:
        return None
    reach = request.limit_price
    if reach is None:
        touch = 0.0 if quote is None else quote.ask if request.side is Side.BUY else quote.bid
        if not is_price(touch):
            return Denial("self cross", "a known price", "unknown", "no quote to hold own orders against")
        reach = exact(touch)
    for order in q.state.live_orders(None, request.instrument):
        if order.side is request.side or not exposure(order) or order.id == q.but or order.id in q.aside:
            continue
        for price in (order.limit_price, wished_price(order)):
            if price is not None and order.stop_price is None and (reach - price) * request.side.sign >= 0:
                text = f"it would trade with your own order {order.id[-4:]}; cancel that first"
                return Denial("self cross", f"not through {plain(price)}", plain(reach), text)
    return None
