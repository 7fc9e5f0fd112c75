"""What a rule is asked: one order, the state and the moment; and how it refuses."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from math import isfinite
from typing import TYPE_CHECKING

import msgspec

from core.domain.decimals import ONE, ZERO, exact
from core.domain.ids import ClientOrderId
from core.domain.instrument import Instrument, Kind
from core.domain.limits import RiskLimits
from core.domain.market import Quote
from core.domain.order import OrderRequest, Side
from core.trading.state import State

if TYPE_CHECKING:
    from core.ports import Capabilities

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
    venue: Capabilities | None = None
    """What the venue can do; None while it does not say."""
    is_laned: bool = False
    """The venue keeps no ids of ours."""
    journal_problem: str = ""
    disk_problem: str = ""
    clock_offset: float = 0.0
    """Seconds by which the wall clock jumped a moment ago."""
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
        touch = most_asked(quote) if request.side is Side.BUY else quote.bid
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


def most_asked(quote: Quote) -> float:
    """What a buy at market has to reckon with: in a quote that is crossed somebody pays more than is asked, and the one
    or the other is wrong."""
    return quote.bid if quote.bid > quote.ask > 0 else quote.ask


def collar_of(instrument: Instrument, limits: RiskLimits) -> Decimal | None:
    match instrument.kind:
        case Kind.CRYPTO:
            return limits.price_collar_crypto
        case Kind.STOCK:
            return limits.price_collar
        case _:
            return limits.price_collar_index


def money(value: Decimal, q: Question) -> str:
    return f"{q.state.base_currency} {value:,.0f}"
