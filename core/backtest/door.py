"""The door of the simulated venue: every check of a new order or of new terms, in the order a venue makes them.
The single checks are in admission.py; this knows the market's phase, its rules and the account's money."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from core.backtest.admission import (
    DEFAULT_RULES,
    Refusal,
    VenueRules,
    check_phase,
    check_post_only,
    check_price,
    check_quantity,
    check_value,
    insufficient_holding,
)
from core.backtest.funds import Funds
from core.backtest.liquidity import Lane
from core.backtest.working import Working
from core.domain.decimals import exact, plain
from core.domain.market import Phase
from core.domain.order import OrderRequest, Side


class Door:
    """Says no, with a code and words, or nothing."""

    def __init__(self, rules: Mapping[str, VenueRules], funds: Funds) -> None:
        self._rules = rules
        self._funds = funds

    def refusal(self, lane: Lane, request: OrderRequest, phase: Phase, is_instant: bool) -> Refusal | None:
        """Why `request` is not taken while the market is in `phase`; None when it is. An order that still has to travel
        (`is_instant` False) may be post-only against a display that will have moved."""
        instrument = lane.instrument
        price = request.limit_price or (exact(lane.last) if lane.last else None)
        return (
            check_phase(instrument, phase, self.rules_of(lane), request.type, request.time_in_force)
            or check_quantity(instrument, request.quantity)
            or (check_price(instrument, request.limit_price, "limit price") if request.limit_price else None)
            or (check_price(instrument, request.stop_price, "stop price") if request.stop_price else None)
            or check_value(instrument, request.quantity, price)
            or (check_post_only(lane, request, _float(request.limit_price)) if is_instant else None)
            or self._funds.refusal(lane, request)
        )

    def terms_refusal(
        self, lane: Lane, order: Working, phase: Phase, quantity: Decimal, limit: Decimal | None, stop: Decimal | None
    ) -> Refusal | None:
        """Why a working order cannot have these terms; its money is checked by the caller."""
        instrument = lane.instrument
        if quantity <= order.filled:
            return Refusal("already_filled", f"{plain(order.filled)} of it is filled already; cancel the rest instead")
        if (limit is None) != (order.limit is None) or (stop is None) != (order.stop is None):
            return Refusal("other_order_type", "a replace cannot change the type of the order; cancel it and send anew")
        if order.side is Side.SELL and not instrument.can_short:
            sellable = self._funds.sellable(lane, order.request, order)
            if quantity - order.filled > sellable:
                return insufficient_holding(instrument, order.side, quantity - order.filled, sellable)
        request = order.request
        return (
            check_phase(instrument, phase, self.rules_of(lane), request.type, request.time_in_force)
            or check_quantity(instrument, quantity)
            or (check_price(instrument, limit, "limit price") if limit else None)
            or (check_price(instrument, stop, "stop price") if stop else None)
            or check_value(instrument, quantity, limit)
            or check_post_only(lane, request, _float(limit))
        )

    def rules_of(self, lane: Lane) -> VenueRules:
        """How the instrument's market treats what it cannot match at once."""
        return self._rules.get(lane.instrument.market, DEFAULT_RULES)


def _float(price: Decimal | None) -> float | None:
    return None if price is None else float(price)
