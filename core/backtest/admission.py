"""What a venue refuses at its door, and in which words. Pure checks over one order's terms; money and the market's
phase come in as plain values. The codes are ours; a real venue has its own table beside its own wire."""

from __future__ import annotations

from decimal import Decimal

import msgspec

from core.backtest.liquidity import Lane
from core.domain.decimals import is_multiple, plain
from core.domain.instrument import Instrument
from core.domain.market import Phase
from core.domain.order import ON_CLOSE, OrderRequest, OrderType, Side, TimeInForce


class Refusal(msgspec.Struct, frozen=True):
    """Why the venue says no: a code of its table of proofs, and words for a person."""

    code: str
    text: str


class VenueRules(msgspec.Struct, frozen=True, kw_only=True):
    """How a market treats orders it cannot match at once."""

    has_closing_auction: bool = True
    has_opening_auction: bool = True
    """Between the close and the first print of a session it collects orders for that print."""
    queues_when_closed: bool = False
    """Keep orders for the next session; else they are refused."""
    queues_when_halted: bool = False


RULES: dict[str, VenueRules] = {
    "UPBIT": VenueRules(has_closing_auction=False, has_opening_auction=False),
    "XNAS": VenueRules(queues_when_closed=True, queues_when_halted=True),
    "XNYS": VenueRules(queues_when_closed=True, queues_when_halted=True),
    "ARCX": VenueRules(queues_when_closed=True, queues_when_halted=True),
    "XKRX": VenueRules(),
}
DEFAULT_RULES = VenueRules(has_closing_auction=False, has_opening_auction=False)
"""For markets we know nothing of: no auction, nothing is kept over a pause."""


def check_quantity(instrument: Instrument, quantity: Decimal) -> Refusal | None:
    if not is_multiple(quantity, instrument.lot):
        return Refusal(
            "quantity_off_lot",
            f"{plain(quantity)} is no multiple of the lot {plain(instrument.lot)} of {instrument.code}; "
            f"{plain(instrument.quantity(quantity))} would be",
        )
    if quantity < instrument.min_quantity:
        return Refusal(
            "below_minimum_quantity",
            f"{instrument.code} is traded from {plain(instrument.min_quantity)} up, not {plain(quantity)}",
        )
    return None


def check_price(instrument: Instrument, price: Decimal, name: str) -> Refusal | None:
    """Tick and daily limit of one price; `name` is limit or stop price."""
    if not instrument.ticks.is_valid(price):
        low, high = instrument.ticks.neighbours(price)
        return Refusal(
            "price_off_tick",
            f"{name} {plain(price)} is off the tick of {plain(instrument.ticks.step(price))}; "
            f"{plain(low)} or {plain(high)} would do",
        )
    span = instrument.price_limits
    if span is not None and not span[0] <= price <= span[1]:
        return Refusal(
            "price_out_of_limits",
            f"{name} {plain(price)} is outside the day's limits {plain(span[0])} to {plain(span[1])}",
        )
    return None


def check_value(instrument: Instrument, quantity: Decimal, price: Decimal | None) -> Refusal | None:
    """Smallest order value; `price` is the limit, else the last price known, else None and nothing is checked."""
    if price is None or not instrument.min_value:
        return None
    value = instrument.value(price, quantity)
    if value >= instrument.min_value:
        return None
    return Refusal(
        "below_minimum_value",
        f"the order is worth {plain(value)} {instrument.currency}, {instrument.market} takes orders from "
        f"{plain(instrument.min_value)} up",
    )


def check_phase(
    instrument: Instrument, phase: Phase, rules: VenueRules, type: OrderType, time_in_force: TimeInForce
) -> Refusal | None:
    """May such an order arrive while the market is in `phase`?"""
    if type in ON_CLOSE and not rules.has_closing_auction:
        return Refusal(
            "no_closing_auction", f"{instrument.market} has no closing auction; send a limit or market order"
        )
    if phase is Phase.OPEN or time_in_force is TimeInForce.OPG:
        return None
    is_immediate = time_in_force in (TimeInForce.IOC, TimeInForce.FOK)
    if phase is Phase.CLOSED and (is_immediate or not rules.queues_when_closed):
        return Refusal("market_closed", f"{instrument.market} is closed; send the order again when it opens")
    if phase is Phase.HALTED and (is_immediate or not rules.queues_when_halted):
        return Refusal(
            "instrument_halted", f"trading in {instrument.code} is halted; send the order again when it resumes"
        )
    if is_immediate:
        return Refusal(
            "auction_time_in_force",
            f"{instrument.code} is in a call auction, which takes no {time_in_force.upper()} orders; use day",
        )
    return None


def check_opening(instrument: Instrument, rules: VenueRules, is_opening: bool) -> Refusal | None:
    """May an order for the opening auction arrive? `is_opening`: the session's first print is still to come."""
    if not rules.has_opening_auction:
        return Refusal(
            "no_opening_auction", f"{instrument.market} has no opening auction; send a limit or market order"
        )
    if not is_opening:
        return Refusal(
            "opening_over", f"{instrument.code} has opened; leave opg out, or use it before the next opening"
        )
    return None


def check_post_only(lane: Lane, request: OrderRequest, limit: float | None) -> Refusal | None:
    """A post-only order must not meet what is shown on the other side."""
    if not request.post_only:
        return None
    best = lane.top(request.side.other)[0]
    if limit is not None and not (best and (best <= limit if request.side is Side.BUY else best >= limit)):
        return None
    return Refusal("post_only_would_take", f"a post-only order would trade at once against {best:g}; move its price")


def insufficient_funds(currency: str, needed: Decimal, available: Decimal) -> Refusal:
    return Refusal(
        "insufficient_funds",
        f"the order needs {plain(needed)} {currency} with costs, {plain(max(available, Decimal(0)))} is available",
    )


def insufficient_holding(instrument: Instrument, side: Side, quantity: Decimal, sellable: Decimal) -> Refusal:
    return Refusal(
        "insufficient_holding",
        f"{plain(sellable)} {instrument.code} can be sold, not {plain(quantity)}; it cannot be sold short here",
    )
