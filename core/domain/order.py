"""Orders: what someone wants, what became of it, and the one table of legal steps between."""

from __future__ import annotations

from decimal import Decimal
from enum import StrEnum

import msgspec

from core.domain.algo import Algo, Chase, Twap
from core.domain.decimals import ONE, ZERO, check, check_positive
from core.domain.errors import IllegalTransition, InvalidValue
from core.domain.ids import AccountId, ClientOrderId, FillId, InstrumentId, VenueRef
from core.domain.instrument import Currency


class Side(StrEnum):
    BUY = "buy"
    SELL = "sell"

    @property
    def sign(self) -> int:
        return 1 if self is Side.BUY else -1

    @property
    def other(self) -> Side:
        return Side.SELL if self is Side.BUY else Side.BUY


class OrderType(StrEnum):
    MARKET = "market"
    LIMIT = "limit"
    STOP = "stop"
    STOP_LIMIT = "stop_limit"
    TRAILING = "trailing"
    MOC = "moc"
    """Market on close: filled in the closing auction at its price."""
    LOC = "loc"
    """Limit on close: the same, where that price is not worse than its limit."""


STOPS = frozenset({OrderType.STOP, OrderType.STOP_LIMIT, OrderType.TRAILING})
"""Types that wait for a price before they are orders of the market."""
ON_CLOSE = frozenset({OrderType.MOC, OrderType.LOC})
"""Types that wait for the closing auction."""
LIMITED = frozenset({OrderType.LIMIT, OrderType.STOP_LIMIT, OrderType.LOC})
"""Types with a limit price."""


class TimeInForce(StrEnum):
    DAY = "day"
    GTC = "gtc"
    IOC = "ioc"
    FOK = "fok"
    OPG = "opg"
    """At the opening: with a market order MOO, with a limit LOO. What the opening auction leaves of it is canceled."""
    EXT = "ext"
    """Also outside the regular hours of its market."""


class OrderStatus(StrEnum):
    HELD = "held"
    """Kept and watched here, not at the venue: a leg, a local stop, an exit that waits for a stop to make room."""
    STAGED = "staged"
    DENIED = "denied"
    SENDING = "sending"
    UNKNOWN = "unknown"
    OPEN = "open"
    FILLED = "filled"
    CANCELED = "canceled"
    REJECTED = "rejected"
    EXPIRED = "expired"
    NOT_PLACED = "not_placed"

    @property
    def is_end(self) -> bool:
        return self in _ENDS

    @property
    def is_live(self) -> bool:
        """May the venue have it, now or in a moment? UNKNOWN counts: it may live."""
        return self in _LIVE

    @property
    def may_fill(self) -> bool:
        """Was it sent, and has it not ended? A fill in any other status is booked too, with an alarm."""
        return self in _SENT


_ENDS = frozenset(
    {
        OrderStatus.DENIED,
        OrderStatus.FILLED,
        OrderStatus.CANCELED,
        OrderStatus.REJECTED,
        OrderStatus.EXPIRED,
        OrderStatus.NOT_PLACED,
    }
)
_LIVE = frozenset({OrderStatus.STAGED, OrderStatus.SENDING, OrderStatus.UNKNOWN, OrderStatus.OPEN})
_SENT = frozenset({OrderStatus.SENDING, OrderStatus.UNKNOWN, OrderStatus.OPEN})
_VENUE_ENDS = frozenset({OrderStatus.FILLED, OrderStatus.CANCELED, OrderStatus.REJECTED, OrderStatus.EXPIRED})

TRANSITIONS: dict[OrderStatus, frozenset[OrderStatus]] = {
    OrderStatus.HELD: frozenset({OrderStatus.STAGED, OrderStatus.CANCELED, OrderStatus.FILLED}),
    OrderStatus.STAGED: frozenset({OrderStatus.SENDING, OrderStatus.DENIED}),
    OrderStatus.SENDING: frozenset({OrderStatus.OPEN, OrderStatus.UNKNOWN}) | _VENUE_ENDS,
    OrderStatus.UNKNOWN: frozenset({OrderStatus.OPEN, OrderStatus.NOT_PLACED}) | _VENUE_ENDS,
    OrderStatus.OPEN: _VENUE_ENDS,
    **{end: frozenset() for end in _ENDS},
}
"""The one table. No step leads back to STAGED, so nothing can be sent a second time. What is HELD is FILLED only by its
slices."""


def check_transition(before: OrderStatus, after: OrderStatus) -> None:
    if after not in TRANSITIONS[before]:
        raise IllegalTransition(f"an order cannot go from {before} to {after}")


class Binding(StrEnum):
    """How we know that a venue order is ours."""

    NONE = "none"
    BY_ID = "by_id"
    INFERRED = "inferred"
    BY_PERSON = "by_person"


class OrderRequest(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """What someone wants. Quantities and prices are positive; `side` says the direction.

    `client_order_id` is made by the face when the ticket opens, so a repeated send is the same order.
    `source` says who asked: `keyboard`, `cli`, or the name of a strategy.
    """

    client_order_id: ClientOrderId
    account: AccountId
    instrument: InstrumentId
    side: Side
    quantity: Decimal
    type: OrderType = OrderType.LIMIT
    limit_price: Decimal | None = None
    stop_price: Decimal | None = None
    trail: Decimal | None = None
    """Distance of a trailing stop behind the best price seen, in price units."""
    time_in_force: TimeInForce = TimeInForce.DAY
    reduce_only: bool = False
    post_only: bool = False
    source: str = "keyboard"
    note: str = ""
    stop_loss: Decimal | None = None
    """Price of the protective stop that comes to life with the first fill of this order."""
    take_profit: Decimal | None = None
    """Price at which the position is sold (bought) back; whichever of the two fills ends the other."""
    parent: ClientOrderId | None = None
    """The entry that this leg protects (or the stop whose partner it is); None for orders of their own."""
    algo: Algo | None = None
    """How it goes on by itself. One that is sent in slices is HELD itself, and each slice is an order."""
    slice_of: ClientOrderId | None = None
    """The order that is sent in slices, of which this is one."""

    def __post_init__(self) -> None:
        check_positive(self.quantity, "quantity")
        for name in ("stop_loss", "take_profit"):
            leg: Decimal | None = getattr(self, name)
            if leg is not None:
                check_positive(leg, name.replace("_", " "))
        needs = {
            "limit_price": self.type in LIMITED,
            "stop_price": self.type in (OrderType.STOP, OrderType.STOP_LIMIT),
            "trail": self.type is OrderType.TRAILING,
        }
        for name, needed in needs.items():
            value: Decimal | None = getattr(self, name)
            if needed and value is None:
                raise InvalidValue(f"a {self.type} order needs a {name.replace('_', ' ')}")
            if value is not None:
                check_positive(value, name.replace("_", " "))
                if not needed:
                    raise InvalidValue(f"a {self.type} order takes no {name.replace('_', ' ')}")

        if self.algo is not None:
            self._check_algo()

    def _check_algo(self) -> None:
        if self.slice_of is not None or self.parent is not None:
            raise InvalidValue("a slice and a leg have no algo of their own")
        lasting = (TimeInForce.DAY, TimeInForce.GTC) if isinstance(self.algo, Chase) else (TimeInForce.DAY,)
        types = (OrderType.LIMIT,) if isinstance(self.algo, Chase) else (OrderType.LIMIT, OrderType.MARKET)
        if self.type not in types or self.time_in_force not in lasting:
            raise InvalidValue(f"no algo for a {self.time_in_force} {self.type} order")
        if isinstance(self.algo, Twap) and (self.has_legs or (self.algo.peg and self.type is not OrderType.LIMIT)):
            raise InvalidValue("slices have no legs, and only a limit follows a price")

    @property
    def is_sliced(self) -> bool:
        return isinstance(self.algo, Twap)

    @property
    def is_stop(self) -> bool:
        return self.type in STOPS

    @property
    def has_legs(self) -> bool:
        return self.stop_loss is not None or self.take_profit is not None


class RequestKind(StrEnum):
    CANCEL = "cancel"
    REPLACE = "replace"


class RequestPhase(StrEnum):
    SENDING = "sending"
    UNKNOWN = "unknown"
    REFUSED = "refused"


class Requested(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A wish to cancel or replace: a fact about us, nothing to undo when the venue says no."""

    kind: RequestKind
    phase: RequestPhase
    quantity: Decimal | None = None
    limit_price: Decimal | None = None
    stop_price: Decimal | None = None
    text: str = ""
    ts: int = 0


def outcome(before: Requested | None, told: Requested) -> Requested:
    """What an order that carries `before` carries after `told`. A refused cancel answers for itself alone: the change
    whose terms it carried may have arrived all the same."""
    if before is None or before.kind is not RequestKind.CANCEL or before.phase is RequestPhase.REFUSED:
        return told
    if told.kind is not RequestKind.CANCEL or told.phase is not RequestPhase.REFUSED:
        return told
    if before.quantity is None and before.limit_price is None and before.stop_price is None:
        return told
    return msgspec.structs.replace(
        before, kind=RequestKind.REPLACE, phase=RequestPhase.UNKNOWN, text=told.text, ts=told.ts
    )


def most(quantity: Decimal, wish: Requested | None) -> Decimal:
    """What an order of `quantity` may fill in all: while a change is under way, the larger of both terms."""
    if wish is None or wish.quantity is None or wish.phase is RequestPhase.REFUSED:
        return quantity
    return max(quantity, wish.quantity)


class Order(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A request that passed risk, and all that became of it. Prices here are the ones in force after replaces."""

    request: OrderRequest
    status: OrderStatus
    quantity: Decimal
    limit_price: Decimal | None = None
    stop_price: Decimal | None = None
    filled: Decimal = ZERO
    filled_value: Decimal = ZERO
    """Sum of price x quantity of the fills (without multiplier), so the average is exact."""
    refs: tuple[VenueRef, ...] = ()
    binding: Binding = Binding.NONE
    candidates: tuple[VenueRef, ...] = ()
    requested: Requested | None = None
    reason: str = ""
    """Why it was denied, rejected, canceled or is unknown: rule or venue code with its text."""
    canceled_by: str = ""
    """Who asked for its end, once it is CANCELED; empty when the venue ended it by itself."""
    stopped: str = ""
    """Why its chase is over; empty while it goes on."""
    facts: dict[str, str] = {}
    """What `prepare` asked to keep with the SENDING commit."""
    held: OrderRequest | None = None
    """As what it waited, where it was HELD: it may have left as something else, a stop as a market order."""
    created: int
    updated: int

    @property
    def id(self) -> ClientOrderId:
        return self.request.client_order_id

    @property
    def instrument(self) -> InstrumentId:
        return self.request.instrument

    @property
    def account(self) -> AccountId:
        return self.request.account

    @property
    def side(self) -> Side:
        return self.request.side

    @property
    def most(self) -> Decimal:
        return most(self.quantity, self.requested)

    @property
    def remaining(self) -> Decimal:
        return max(self.quantity - self.filled, ZERO)

    @property
    def average_price(self) -> Decimal | None:
        return self.filled_value / self.filled if self.filled else None


class Liquidity(StrEnum):
    MAKER = "maker"
    TAKER = "taker"
    UNKNOWN = "unknown"


class Fill(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One execution of our order. `fill_id` makes a repeat harmless. Fee and tax are positive costs in `currency`."""

    fill_id: FillId
    client_order_id: ClientOrderId | None
    ref: VenueRef
    account: AccountId
    instrument: InstrumentId
    side: Side
    quantity: Decimal
    price: Decimal
    fee: Decimal = ZERO
    tax: Decimal = ZERO
    currency: Currency
    multiplier: Decimal = ONE
    """Of the instrument, kept here so that a position can be folded from the journal alone."""
    liquidity: Liquidity = Liquidity.UNKNOWN
    source: str = ""
    """Copied from the order's request, so that P&L by strategy needs no look-up; empty when not ours."""
    revision: int = 0
    """Of a venue that corrects executions: the same id with a higher revision takes the place of the one before."""
    is_reversal: bool = False
    """Not an execution: it takes back the one it names, at the same price with the costs turned round."""
    ts: int

    def __post_init__(self) -> None:
        check_positive(self.quantity, "fill quantity")
        check_positive(self.price, "fill price")
        check_positive(self.multiplier, "multiplier")
        check(self.fee, "fee")
        check(self.tax, "tax")

    def reversed(self, ts: int) -> Fill:
        """The row that takes this execution back."""
        return msgspec.structs.replace(
            self, side=self.side.other, fee=-self.fee, tax=-self.tax, is_reversal=True, ts=ts
        )
