"""Everything that can happen, in the past tense. `DurableEvent` is what the journal keeps and replays; the rest is
market data and health, which a restart asks for anew. Times are int nanoseconds UTC."""

from __future__ import annotations

from decimal import Decimal
from enum import StrEnum
from math import isfinite

import msgspec

from core.domain.account import Account, TradingState
from core.domain.alert import Alert
from core.domain.decimals import ONE, check, check_positive
from core.domain.errors import InvalidValue
from core.domain.ids import AccountId, ClientOrderId, InstrumentId, VenueRef
from core.domain.instrument import Currency, Instrument
from core.domain.market import Bar, OrderBook, Phase, Quote, Trade
from core.domain.order import Binding, Fill, OrderRequest, Requested


class _Event(msgspec.Struct, frozen=True, kw_only=True, gc=False, tag_field="event", tag=True):
    """Shared form: frozen, keyword-only, tagged with its class name. Values alone, as orders and fills: none can be
    part of a cycle, and the collector that walks over a year of them would hold up the loop."""

    ts: int


# --- orders: durable -------------------------------------------------------------------------------------------------


class OrderHeld(_Event, frozen=True, kw_only=True):
    """Kept and watched here: a leg that waits for its entry or its price. Nothing is at the venue."""

    request: OrderRequest


class OrderStaged(_Event, frozen=True, kw_only=True):
    """Passed risk and journalled; not sent. A HELD order leaves by it, with the terms it is sent with."""

    request: OrderRequest


class OrderDenied(_Event, frozen=True, kw_only=True):
    """We refused: at the gate, or between STAGED and the wire. `limit` and `actual` are for people."""

    request: OrderRequest
    rule: str
    limit: str
    actual: str
    text: str


class OrderSending(_Event, frozen=True, kw_only=True):
    """The permit is spent: from here the venue may have it. Written by the journal's claim alone."""

    client_order_id: ClientOrderId
    facts: dict[str, str] = {}


class OrderAccepted(_Event, frozen=True, kw_only=True):
    client_order_id: ClientOrderId
    ref: VenueRef
    binding: Binding = Binding.BY_ID


class OrderRejected(_Event, frozen=True, kw_only=True):
    """The venue refused, by proof."""

    client_order_id: ClientOrderId
    code: str
    text: str


class OrderUnknown(_Event, frozen=True, kw_only=True):
    """The answer is lost, late or unreadable."""

    client_order_id: ClientOrderId
    text: str
    candidates: tuple[VenueRef, ...] = ()


class CandidatesFound(_Event, frozen=True, kw_only=True):
    """Orders at the venue that may be this UNKNOWN one, and nothing tells which: a person decides."""

    client_order_id: ClientOrderId
    candidates: tuple[VenueRef, ...]


class OrderNotPlaced(_Event, frozen=True, kw_only=True):
    """Absence proved."""

    client_order_id: ClientOrderId
    text: str


class OrderCanceled(_Event, frozen=True, kw_only=True):
    client_order_id: ClientOrderId
    text: str = ""
    by: str = ""
    """Who ended a HELD order; a venue's cancel carries none."""


class OrderExpired(_Event, frozen=True, kw_only=True):
    client_order_id: ClientOrderId
    text: str = ""


class OrderRequested(_Event, frozen=True, kw_only=True):
    """We wish to cancel or replace, or learned what became of the wish."""

    client_order_id: ClientOrderId
    requested: Requested


class OrderReplaced(_Event, frozen=True, kw_only=True):
    """The venue took new terms. `quantity` is the total, fills included."""

    client_order_id: ClientOrderId
    quantity: Decimal
    limit_price: Decimal | None = None
    stop_price: Decimal | None = None
    ref: VenueRef | None = None

    def __post_init__(self) -> None:
        check_positive(self.quantity, "quantity")


class AlgoEnded(_Event, frozen=True, kw_only=True):
    """An order follows no price any more, for good; it rests where it is. Or, `is_complete`: its slices are filled."""

    client_order_id: ClientOrderId
    text: str
    is_complete: bool = False


class OrderFilled(_Event, frozen=True, kw_only=True):
    """One execution. Booked once per `fill.fill_id`, in every status."""

    fill: Fill


class FillCorrected(_Event, frozen=True, kw_only=True):
    """The venue corrected an execution: `was` is reversed by a row of its own, `fill` (same id, higher revision)
    takes its place."""

    was: Fill
    fill: Fill


class FillAttributed(_Event, frozen=True, kw_only=True):
    """An execution that was booked as nobody's belongs to this order: it is now known by its number. No money moves."""

    client_order_id: ClientOrderId
    fill: Fill


# --- accounts, control: durable --------------------------------------------------------------------------------------


class AccountListed(_Event, frozen=True, kw_only=True):
    """An account exists at a broker, with its mode, base currency and opening balances."""

    account: Account


class BalanceChanged(_Event, frozen=True, kw_only=True):
    """The broker's word on the cash of one currency."""

    account: AccountId
    currency: Currency
    total: Decimal
    available: Decimal

    def __post_init__(self) -> None:
        check(self.total, "balance")
        check(self.available, "available balance")


class PositionAdjusted(_Event, frozen=True, kw_only=True):
    """The broker holds more or less than our fills explain: an explicit row with its cause, never an invented fill."""

    account: AccountId
    instrument: InstrumentId
    quantity: Decimal
    """Signed change."""
    price: Decimal
    multiplier: Decimal = ONE
    cause: str

    def __post_init__(self) -> None:
        check(self.quantity, "quantity")
        check(self.price, "price")


class DriftAcknowledged(_Event, frozen=True, kw_only=True):
    """A person has seen what our fills do not explain here: automatic trading of it may go on."""

    account: AccountId
    instrument: InstrumentId
    by: str


class TradingStateChanged(_Event, frozen=True, kw_only=True):
    """`account` None means all accounts."""

    account: AccountId | None
    state: TradingState
    by: str
    text: str = ""


class AccountUnlocked(_Event, frozen=True, kw_only=True):
    """Somebody typed the end of this account's name: real money may take new exposure, until this engine ends. Of an
    earlier engine it is history."""

    account: AccountId
    by: str


class DayStarted(_Event, frozen=True, kw_only=True):
    """The account's trading day rolled over. `marks` are the prices of that moment."""

    account: AccountId
    day: str
    """ISO date of the new day in the account's zone."""
    marks: dict[InstrumentId, Decimal] = {}


class DayHighReached(_Event, frozen=True, kw_only=True):
    """The day's result is better than ever before that day: what a drawdown is measured from. In base currency; told
    in steps of a hundredth of the limit."""

    account: AccountId
    result: Decimal


class Sweep(StrEnum):
    """What is wound down, again and again, until the venue shows nothing of it."""

    NONE = "none"
    ENTRIES = "entries"
    """Orders that add exposure; protective ones stay."""
    ALL = "all"
    """Every order."""
    FLATTEN = "flatten"
    """Every order, then every position."""

    @property
    def reach(self) -> int:
        return tuple(Sweep).index(self)


class SweepChanged(_Event, frozen=True, kw_only=True):
    """`account` None means all accounts."""

    account: AccountId | None
    sweep: Sweep
    by: str
    over: tuple[ClientOrderId, ...] = ()
    """UNKNOWN orders that do not hold up a close: a person was told of them and meant it."""


class LimitsChanged(_Event, frozen=True, kw_only=True):
    """The limits in force from here on, all of them; `off` where a rule does not stand."""

    limits: dict[str, str]
    by: str
    text: str = ""


class StrategyStatus(StrEnum):
    RUNNING = "running"
    PAUSED = "paused"
    """It sees the market and shows its signal, but sends nothing."""
    STOPPED = "stopped"
    FAILED = "failed"


class StrategyChanged(_Event, frozen=True, kw_only=True):
    name: str
    status: StrategyStatus
    by: str
    text: str = ""


class StrategyParamsChanged(_Event, frozen=True, kw_only=True):
    """A person changed the parameters of a strategy. `configured` is what the settings said then: once they say
    something else, they count again."""

    name: str
    kind: str
    params: dict[str, str]
    """All of them, as text."""
    configured: dict[str, str]
    by: str


class WatchlistChanged(_Event, frozen=True, kw_only=True):
    """A list as somebody left it: from here on it counts instead of the one in the settings."""

    name: str
    instruments: tuple[InstrumentId, ...]
    is_deleted: bool = False
    """It is gone, also when the settings name it."""
    is_seed: bool = False
    """Back to the settings: what was kept of it here counts no more."""


# --- alerts and notes: durable ---------------------------------------------------------------------------------------


class AlertSet(_Event, frozen=True, kw_only=True):
    alert: Alert


class AlertCleared(_Event, frozen=True, kw_only=True):
    """Disarmed by somebody, or taken from the list of fired ones."""

    id: str
    by: str


class AlertFired(_Event, frozen=True, kw_only=True):
    """The market was there. `text` says how the price was seen: a print, a bid, an ask, delayed."""

    id: str
    price: float
    text: str = ""

    def __post_init__(self) -> None:
        if not isfinite(self.price):  # it would be journalled as nothing, which no start can read
            raise InvalidValue(f"a price must be finite, not {self.price}")


class NoteWritten(_Event, frozen=True, kw_only=True):
    """A person's words on `order:ID`, `fill:ID` or `instrument:MARKET:CODE`; the newest counts, an empty one clears."""

    subject: str
    text: str
    by: str


# --- market and health: not durable ----------------------------------------------------------------------------------


class InstrumentListed(_Event, frozen=True, kw_only=True):
    instrument: Instrument


class PhaseChanged(_Event, frozen=True, kw_only=True):
    """What the market is doing: with one instrument, or with all of `market` when `instrument` is None."""

    market: str
    instrument: InstrumentId | None = None
    phase: Phase


class FeedChanged(_Event, frozen=True, kw_only=True):
    """The line to a broker. While it is down its quotes are stale and its gate is closed."""

    broker: str
    is_connected: bool
    text: str = ""


class GateChanged(_Event, frozen=True, kw_only=True):
    """May new orders of this account leave? Closed until orders, fills and positions were read."""

    account: AccountId
    is_open: bool
    text: str = ""


class RateChanged(_Event, frozen=True, kw_only=True):
    """One unit of `currency` costs `rate` units of `base`."""

    currency: Currency
    base: Currency
    rate: Decimal

    def __post_init__(self) -> None:
        check_positive(self.rate, "exchange rate")


class SignalGiven(_Event, frozen=True, kw_only=True):
    """A strategy's wish, and what sizing made of it (`text`)."""

    strategy: str
    instrument: InstrumentId
    target: float
    text: str


class Noticed(_Event, frozen=True, kw_only=True):
    """Something a person should read that changes no state. `level`: info, warning, error."""

    level: str
    kind: str
    text: str


DurableEvent = (
    OrderHeld
    | OrderStaged
    | OrderDenied
    | OrderSending
    | OrderAccepted
    | OrderRejected
    | OrderUnknown
    | CandidatesFound
    | OrderNotPlaced
    | OrderCanceled
    | OrderExpired
    | OrderRequested
    | OrderReplaced
    | AlgoEnded
    | OrderFilled
    | FillCorrected
    | FillAttributed
    | AccountListed
    | BalanceChanged
    | PositionAdjusted
    | DriftAcknowledged
    | TradingStateChanged
    | AccountUnlocked
    | DayStarted
    | DayHighReached
    | SweepChanged
    | LimitsChanged
    | StrategyChanged
    | StrategyParamsChanged
    | WatchlistChanged
    | AlertSet
    | AlertCleared
    | AlertFired
    | NoteWritten
)
MarketEvent = Quote | Trade | OrderBook | Bar
HealthEvent = InstrumentListed | PhaseChanged | FeedChanged | GateChanged | RateChanged | SignalGiven | Noticed
Event = DurableEvent | MarketEvent | HealthEvent

DURABLE: tuple[type, ...] = DurableEvent.__args__


def event_order(event: DurableEvent) -> ClientOrderId | None:
    """The order an event is about, if any."""
    match event:
        case OrderHeld() | OrderStaged() | OrderDenied():
            return event.request.client_order_id
        case OrderFilled() | FillCorrected():
            return event.fill.client_order_id
        case _:
            return getattr(event, "client_order_id", None)
