"""Pictures for people: immutable rows cut from State, and what changed in them. Conflation lives here and nowhere
else: however many events came between two pictures, a face gets the newest row once."""

from __future__ import annotations

from decimal import Decimal
from enum import StrEnum

import msgspec

from core.domain.account import Mode, TradingState
from core.domain.events import StrategyStatus
from core.domain.ids import AccountId, ClientOrderId, InstrumentId
from core.domain.instrument import Currency, Kind
from core.domain.market import Aggressor, Bar, Freshness, Interval, Phase
from core.domain.order import Liquidity, OrderStatus, OrderType, RequestKind, RequestPhase, Side, TimeInForce
from core.domain.signal import Step
from core.trading.systemview import SystemRow


class Slice(StrEnum):
    """The parts of the picture; a face names those it wants."""

    QUOTES = "quotes"
    BOOK = "book"
    CHART = "chart"
    POSITIONS = "positions"
    ORDERS = "orders"
    PNL = "pnl"
    STRATEGIES = "strategies"
    TRACE = "trace"
    LOG = "log"
    WATCHLISTS = "watchlists"
    ALERTS = "alerts"
    RECON = "recon"
    """Ours against the venue's, once a second, and only while somebody looks."""
    SYSTEM = "system"
    """Figures of the program itself, once a second, and only while somebody looks."""
    STATUS = "status"


class _Row(msgspec.Struct, frozen=True, kw_only=True, tag_field="row", tag=True):
    """Shared form. `key` is unique within the slice."""

    key: str


class QuoteRow(_Row, frozen=True, kw_only=True):
    """key = instrument id. Prices are floats of the tape; None where there is none yet."""

    instrument: InstrumentId
    code: str
    name: str
    name_ko: str
    kind: Kind
    currency: Currency
    decimals: int
    """Digits after the point at this price, from the tick table."""
    last: float | None
    previous_close: float | None
    bid: float | None
    bid_size: float | None
    ask: float | None
    ask_size: float | None
    volume: float
    """Traded today, as far as this feed saw."""
    received: int
    """When the newest figure came, ns; 0 = never. Its age is desk.now() - received."""
    freshness: Freshness
    phase: Phase
    position: int
    """Place among the quotes that somebody looks at; the order of a list is that of its WatchlistRow."""
    spark: tuple[float, ...] = ()
    """Closes of the last hour, oldest first, thinned to a few; renewed once a minute."""

    @property
    def change(self) -> float | None:
        """Fraction since the previous close."""
        if self.last is None or not self.previous_close:
            return None
        return self.last / self.previous_close - 1


class MarkKind(StrEnum):
    """What an own order does on the ladder."""

    LIMIT = "limit"
    STOP = "stop"
    """Ends or shrinks a position when the price comes."""
    ENTRY_STOP = "entry_stop"
    TAKE_PROFIT = "take_profit"


class OwnMark(msgspec.Struct, frozen=True, kw_only=True):
    """One of our working orders at its price."""

    id: ClientOrderId
    kind: MarkKind
    side: Side
    price: Decimal
    remaining: Decimal
    ahead: float | None = None
    """Quantity that probably waits before it; an estimate, None where nothing is known."""
    lives: str = ""
    """The broker where it rests; `local`: watched by this engine alone, it dies with it."""


class DayFacts(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of the trading day. Figures of prints are None before the first one."""

    open: float | None = None
    high: float | None = None
    low: float | None = None
    vwap: float | None = None
    volume: float = 0.0
    is_partial: bool = True
    """This feed did not see the whole session: figures of prints are estimates."""
    upper: Decimal | None = None
    lower: Decimal | None = None
    """The price limits of the day."""
    vi_upper: Decimal | None = None
    vi_lower: Decimal | None = None


class BookRow(_Row, frozen=True, kw_only=True):
    """key = instrument id. One row: the book of the instrument of interest, best first, and its newest prints."""

    instrument: InstrumentId
    code: str
    name: str
    name_ko: str
    decimals: int
    bids: tuple[tuple[float, float], ...]
    asks: tuple[tuple[float, float], ...]
    """(price, size), only what is a price and holds something; a feed may show nothing, one side, or both crossed."""
    last: float | None
    previous_close: float | None
    received: int
    freshness: Freshness
    phase: Phase
    prints: tuple[tuple[int, float, float, Aggressor], ...]
    """(ts, price, size, aggressor), newest first, at most 40; a conflated feed skips or merges some."""
    own: tuple[OwnMark, ...]
    day: DayFacts = DayFacts()
    is_conflated: bool = False
    """The feed merges prints: no figure may be computed from them."""

    @property
    def best_bid(self) -> float | None:
        return max((price for price, _ in self.bids), default=None)

    @property
    def best_ask(self) -> float | None:
        return min((price for price, _ in self.asks), default=None)


class ChartRow(_Row, frozen=True, kw_only=True):
    """key = `chart_key`. One row: the newest bars of the instrument and interval of interest, oldest first. The last
    one is forming or, while nothing trades, the last that closed. Older ones are asked for with `Desk.bars`."""

    instrument: InstrumentId
    interval: Interval
    code: str
    name: str
    name_ko: str
    currency: Currency
    decimals: int
    tick: float
    """Step of prices around the last one."""
    bars: tuple[Bar, ...]
    last: float | None
    previous_close: float | None
    received: int
    freshness: Freshness
    phase: Phase


def chart_key(instrument: InstrumentId | None, interval: Interval | None) -> str:
    return f"{instrument}|{interval}"


class PositionRow(_Row, frozen=True, kw_only=True):
    """key = account|instrument. Money in the instrument's currency; None where a price or rate is unknown."""

    account: AccountId
    instrument: InstrumentId
    code: str
    name: str
    name_ko: str
    currency: Currency
    decimals: int
    quantity: Decimal
    average_price: Decimal
    last: Decimal | None
    unrealised: Decimal | None
    unrealised_fraction: float | None
    day: Decimal | None
    """Profit of the trading day, after fees and taxes."""
    realised: Decimal
    costs: Decimal
    """Fees and taxes since the journal began."""
    is_estimated: bool
    """Built on a stale or cached price: shown with ~."""
    stop: Decimal | None
    """Price of a working protective stop, if any."""
    source: str
    take_profit: Decimal | None = None
    """Price of a take-profit leg, if any."""
    stop_is_local: bool = False
    """The stop is only watched by this engine: it dies with it."""
    stop_quantity: Decimal | None = None
    """How much of the position its stops would close, units; None where that was not counted."""

    @property
    def is_partly_stopped(self) -> bool:
        """A stop stands, and some of the position has none."""
        covered = self.stop_quantity
        return self.stop is not None and covered is not None and covered < abs(self.quantity)


class OrderRow(_Row, frozen=True, kw_only=True):
    """key = client order id. Working orders first, then those that ended in this session's day."""

    id: ClientOrderId
    account: AccountId
    instrument: InstrumentId
    code: str
    name: str
    name_ko: str
    currency: Currency
    decimals: int
    side: Side
    quantity: Decimal
    type: OrderType
    limit_price: Decimal | None
    stop_price: Decimal | None
    trail: Decimal | None
    time_in_force: TimeInForce
    reduce_only: bool
    status: OrderStatus
    filled: Decimal
    average_price: Decimal | None
    distance_ticks: int | None
    """Ticks between the limit (or stop) and the touch it waits for; None when unknown or ended."""
    requested: RequestKind | None
    requested_phase: RequestPhase | None
    reason: str
    source: str
    created: int
    updated: int
    parent: ClientOrderId | None = None
    """The entry this leg protects."""
    stop_loss: Decimal | None = None
    take_profit: Decimal | None = None
    is_local: bool = False
    """Watched by this engine and not at the venue: it dies with the engine."""
    note: str = ""
    """What a person wrote on it."""
    algo: str = ""
    """How far it has come by itself: `CHASE 2/3t`, `TWAP 4/10 40%`; empty for orders without an algo."""
    slice_of: ClientOrderId | None = None
    """The order that is sent in slices, of which this is one."""

    @property
    def is_working(self) -> bool:
        return not self.status.is_end


class FillRow(_Row, frozen=True, kw_only=True):
    """key = fill id."""

    client_order_id: ClientOrderId | None
    account: AccountId
    instrument: InstrumentId
    code: str
    name: str
    name_ko: str
    currency: Currency
    decimals: int
    side: Side
    quantity: Decimal
    price: Decimal
    fee: Decimal
    tax: Decimal
    liquidity: Liquidity
    source: str
    ts: int
    note: str = ""


class PnlRow(_Row, frozen=True, kw_only=True):
    """key = `scope:name`. Money in `currency`; scope `total` and `account` are in the base currency.
    None is unknown: a missing price or exchange rate is never taken for zero."""

    scope: str
    """total, account, currency, strategy or instrument."""
    name: str
    currency: Currency
    day: Decimal | None
    realised: Decimal | None
    unrealised: Decimal | None
    fees: Decimal | None
    taxes: Decimal | None
    equity: Decimal | None
    is_estimated: bool
    curve: tuple[float, ...] = ()
    """Equity of the day so far, for the total only."""


class ParamRow(msgspec.Struct, frozen=True, kw_only=True):
    """One parameter of a strategy. `default` as its class has it."""

    name: str
    value: str
    default: str
    doc: str


class StrategyRow(_Row, frozen=True, kw_only=True):
    """key = name."""

    name: str
    kind: str
    account: AccountId
    instruments: tuple[InstrumentId, ...]
    codes: tuple[str, ...]
    status: StrategyStatus
    signal: str
    """LONG, FLAT, SHORT, HOLD or WARMUP, with the figures behind it in `detail`."""
    detail: str
    target: float
    position: Decimal
    profit: Decimal | None
    """Realised and unrealised after costs, in `currency`."""
    currency: Currency
    trades: int
    next_bar: int | None
    text: str
    """Why it is paused, stopped or failed."""
    gate: str = ""
    """Why an order of it would not leave now; empty when nothing is known against it."""
    drawdown: Decimal | None = None
    """How far its profit fell below its highest since this engine started, in `currency`: zero or below."""
    curve: tuple[float, ...] = ()
    """Its profit minute by minute since this engine started."""
    params: tuple[ParamRow, ...] = ()


class TraceRow(_Row, frozen=True, kw_only=True):
    """key = strategy|instrument. Why the strategy of interest does or does not trade one of its instruments: every
    condition on the way to an order, in order; the first that did not pass is the answer."""

    strategy: str
    instrument: InstrumentId
    code: str
    name: str
    name_ko: str
    decimals: int
    bar: Bar | None
    """The newest closed bar it was shown."""
    steps: tuple[Step, ...]
    signal: str
    position: Decimal
    target: float | None
    """What it wants here; None while it wants nothing."""
    next_bar: int | None


class LogRow(_Row, frozen=True, kw_only=True):
    """key = sequence number as text. `level`: info, fill, alert, warning, error. Sequence numbers have no gap."""

    sequence: int
    ts: int
    level: str
    kind: str
    """SENT, FILL, DENY, REJ, CANC, RISK, FEED, STRAT, ..."""
    text: str


class WatchlistRow(_Row, frozen=True, kw_only=True):
    """key = name. What a list holds, in its order, and its place among the lists."""

    name: str
    instruments: tuple[InstrumentId, ...]
    place: int
    is_changed: bool
    """It was changed here, or made here: the settings say otherwise."""


class AlertRow(_Row, frozen=True, kw_only=True):
    """key = the alert's id. Armed ones, and the newest that fired."""

    instrument: InstrumentId
    code: str
    name: str
    name_ko: str
    decimals: int
    above: bool
    price: Decimal
    note: str
    set_at: int
    fired_at: int = 0
    """0 while it waits."""
    fired_price: float = 0.0
    fired_text: str = ""


class ReconRow(_Row, frozen=True, kw_only=True):
    """One account's last reading, or one difference. `kind`: reading, unknown, candidate, inferred, frozen, position,
    odd. `mend` is the command that settles it."""

    account: AccountId
    kind: str
    is_ok: bool
    ours: str = ""
    theirs: str = ""
    text: str = ""
    mend: str = ""
    instrument: InstrumentId | None = None
    client_order_id: ClientOrderId | None = None
    ref: str = ""
    ts: int = 0


class FeedRow(msgspec.Struct, frozen=True, kw_only=True):
    broker: str
    is_connected: bool
    text: str
    last_received: int
    order_types: tuple[OrderType, ...] = ()
    """What its venue takes; empty when it does not say."""
    times_in_force: tuple[TimeInForce, ...] = ()
    subscriptions: int = 0
    max_subscriptions: int | None = None
    """How many instruments the line may carry; None where nobody counts."""


class StatusRow(_Row, frozen=True, kw_only=True):
    """key = `status`. The header line."""

    mode: Mode
    badge: str
    """PAPER, LIVE, REHEARSAL or REPLAY."""
    account: str
    """Name and masked tail."""
    base_currency: Currency
    equity: Decimal | None
    day: Decimal | None
    day_fraction: float | None
    unrealised: Decimal | None
    realised: Decimal | None
    buying_power: Decimal | None
    is_estimated: bool
    trading_state: TradingState
    gate: str
    """Why new orders cannot leave; empty when they can."""
    feeds: tuple[FeedRow, ...]
    unknown_orders: int
    working_orders: int
    journal: str
    """ok, read-only or what is wrong."""
    dropped: int
    """Market events a feed had to drop; shown when above zero."""
    replay: str
    """Speed and progress of a replay, else empty."""
    gross: float | None = None
    """Worth of all positions, shorts counted like longs, as a fraction of the equity."""
    net: float | None = None
    """The same with shorts taken off."""
    is_rehearsal: bool = False
    """Paper that looks and asks like LIVE, for practice."""


Row = (
    QuoteRow
    | BookRow
    | ChartRow
    | PositionRow
    | OrderRow
    | FillRow
    | PnlRow
    | StrategyRow
    | TraceRow
    | LogRow
    | WatchlistRow
    | AlertRow
    | ReconRow
    | SystemRow
    | StatusRow
)


class Changed(msgspec.Struct, frozen=True, kw_only=True):
    """What changed in one slice since the last picture. `put` rows replace those of the same key."""

    slice: Slice
    revision: int
    put: tuple[Row, ...] = ()
    gone: tuple[str, ...] = ()


class Interest(msgspec.Struct, frozen=True, kw_only=True):
    """What a face wants to see. Slice.BOOK and Slice.CHART come for `instrument` alone, the chart in `interval`. Quotes
    are those of `watchlist` (empty: the first), of `instrument`, and of whatever is held, ordered or has an alert."""

    slices: frozenset[Slice] = frozenset(Slice)
    instrument: InstrumentId | None = None
    interval: Interval | None = None
    strategy: str | None = None
    """Whose Slice.TRACE is wanted."""
    watchlist: str = ""
