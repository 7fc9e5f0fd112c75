"""One of our orders at the simulated venue while it lives there. Mutable on purpose and private to the matching;
the rest of the program sees events and Orders."""

from __future__ import annotations

from decimal import Decimal
from enum import StrEnum

from core.domain.decimals import ZERO
from core.domain.ids import ClientOrderId, VenueRef
from core.domain.order import OrderRequest, OrderType, Side, TimeInForce


class Stage(StrEnum):
    TRAVELLING = "travelling"
    """Accepted, not yet at the matching: latency."""
    ARMED = "armed"
    """A stop that waits for its price."""
    WORKING = "working"
    AT_OPEN = "at_open"
    AT_CLOSE = "at_close"
    ENDED = "ended"


class Working:
    """Terms in force and progress. Float twins of prices are for comparisons with the tape."""

    __slots__ = (
        "ahead",
        "best",
        "end",
        "fee",
        "filled",
        "is_passive",
        "limit",
        "limit_f",
        "quantity",
        "ref",
        "request",
        "reserve_price",
        "reserved",
        "sequence",
        "stage",
        "stop",
        "stop_f",
        "tax",
        "text",
        "trail_f",
        "value",
    )

    def __init__(self, request: OrderRequest, ref: VenueRef, sequence: int, reserve_price: Decimal) -> None:
        self.request = request
        self.ref = ref
        self.sequence = sequence
        self.reserve_price = reserve_price
        """What a unit may cost us: for setting cash aside."""
        self.stage = Stage.TRAVELLING
        self.end = ""
        """How it ended: filled, canceled, rejected or expired; empty while it lives."""
        self.text = ""
        self.filled = ZERO
        self.value = ZERO
        """Sum of price x quantity of the fills."""
        self.fee = ZERO
        self.tax = ZERO
        self.reserved = ZERO
        self.is_passive = False
        """It rests: the other side came to it, so it fills at its limit; else it takes what is shown."""
        self.ahead: float | None = None
        """Size queued before us at our price; None while we cannot know."""
        self.best: float | None = None
        """Best price since a trailing stop was armed."""
        self.trail_f = float(request.trail) if request.trail is not None else 0.0
        self.set_terms(request.quantity, request.limit_price, request.stop_price)

    def set_terms(self, quantity: Decimal, limit: Decimal | None, stop: Decimal | None) -> None:
        self.quantity = quantity
        self.limit = limit
        self.stop = stop
        self.limit_f = float(limit) if limit is not None else None
        self.stop_f = float(stop) if stop is not None else None

    @property
    def id(self) -> ClientOrderId:
        return self.request.client_order_id

    @property
    def side(self) -> Side:
        return self.request.side

    @property
    def remaining(self) -> Decimal:
        return self.quantity - self.filled

    @property
    def is_live(self) -> bool:
        return self.stage is not Stage.ENDED

    @property
    def is_immediate(self) -> bool:
        return self.request.time_in_force in (TimeInForce.IOC, TimeInForce.FOK)

    @property
    def has_stop(self) -> bool:
        return self.request.type in (OrderType.STOP, OrderType.STOP_LIMIT, OrderType.TRAILING)

    @property
    def priority(self) -> tuple[bool, float, int]:
        """Market orders first, then the better price, then the earlier arrival."""
        if self.limit_f is None:
            return False, 0.0, self.sequence
        return True, -self.limit_f if self.side is Side.BUY else self.limit_f, self.sequence

    def may_trade_at(self, price: float) -> bool:
        """Is `price` no worse than the limit?"""
        if self.limit_f is None:
            return True
        return price <= self.limit_f if self.side is Side.BUY else price >= self.limit_f

    def is_behind(self, bid: float, ask: float) -> bool:
        """Does it rest deeper than the best of its own side?"""
        limit = self.limit_f
        if limit is None:
            return False
        if self.request.side is Side.BUY:
            return limit < bid and (limit < ask or not ask)
        return ask > 0.0 and limit > ask and limit > bid

    def is_triggered(self, price: float) -> bool:
        """Does a trade at `price` set the stop off? Moves a trailing stop's best price on the way."""
        is_buy = self.side is Side.BUY
        stop = self.stop_f
        if self.request.type is OrderType.TRAILING:
            if self.best is None or (price < self.best if is_buy else price > self.best):
                self.best = price
            stop = self.best + self.trail_f if is_buy else self.best - self.trail_f
        if stop is None:
            return False
        return price >= stop if is_buy else price <= stop
