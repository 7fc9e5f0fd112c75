"""From Upbit's messages to the core's and back: pure functions without any input or output. They raise BadMessage for
what cannot be, and nothing else. Times become ns UTC, codes become `UPBIT:KRW-BTC`, unknown words are refused."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from functools import lru_cache, wraps
from math import isfinite
from operator import gt, lt
from typing import ParamSpec, TypeVar

import msgspec

from brokers.upbit import wire
from brokers.upbit.ticks import LOT, MIN_TOTAL, table
from core.domain.decimals import ZERO, check, exact
from core.domain.errors import BadMessage, InvalidValue
from core.domain.ids import InstrumentId, instrument_id
from core.domain.instrument import Currency, Instrument, Kind, TickTable
from core.domain.market import NS, Aggressor, Bar, Interval, OrderBook, Phase, Quote, Row, Trade
from core.domain.order import Side
from core.domain.text import clean

MARKET = "UPBIT"
FIRST_NS, LAST_NS = 1_230_768_000 * NS, 4_102_444_800 * NS
"""2009 to 2100: a time outside of it is none."""
FIRST_MS, LAST_MS = FIRST_NS // 1_000_000, LAST_NS // 1_000_000
"""The same as the venue counts it. A number a thousand times as large is in µs, which was seen live."""
INTERVALS = {
    "candle.1s": Interval.S1,
    "candle.1m": Interval.M1,
    "candle.3m": Interval.M3,
    "candle.5m": Interval.M5,
    "candle.15m": Interval.M15,
    "candle.30m": Interval.M30,
    "candle.60m": Interval.H1,
}
P = ParamSpec("P")
R = TypeVar("R")


def strictly(parse: Callable[P, R]) -> Callable[P, R]:
    """What the domain refuses was a bad message."""

    @wraps(parse)
    def strict(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return parse(*args, **kwargs)
        except (InvalidValue, ArithmeticError, ValueError) as error:
            raise bad(str(error)) from error

    return strict


def bad(text: str) -> BadMessage:
    return BadMessage(wire.NAME, f"upbit sent what cannot be: {clean(text, 120)}")


# --- small things --------------------------------------------------------------------------------------------------


@lru_cache(maxsize=4096)
def instrument_of(code: str) -> InstrumentId:
    """`KRW-BTC` -> `UPBIT:KRW-BTC`; raises BadMessage."""
    quote, dash, base = code.partition("-")
    if not (quote and dash and base):
        raise bad(f"not a market: {code[:30]!r}")
    try:
        return instrument_id(MARKET, code)
    except InvalidValue as error:
        raise bad(str(error)) from error


def quote_of(code: str) -> Currency:
    return Currency(code.partition("-")[0])


def base_of(code: str) -> str:
    return code.partition("-")[2]


def time_of(number: int) -> int:
    """ms (or µs) since 1970 -> ns."""
    if FIRST_MS <= number < LAST_MS:
        return number * 1_000_000
    if not FIRST_MS * 1_000 <= number < LAST_MS * 1_000:
        raise bad("not a time")
    return number * 1_000


def time_of_text(text: str) -> int:
    """ISO 8601, UTC where no zone is named -> ns."""
    try:
        moment = datetime.fromisoformat(text[:40])
        moment = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
        ns = round(moment.timestamp() * 1_000_000) * 1_000
    except (ValueError, OverflowError) as error:
        raise bad(f"not a time: {text[:40]!r}") from error
    if not FIRST_NS <= ns < LAST_NS:
        raise bad(f"not a time: {text[:40]!r}")
    return ns


def text_of_time(ns: int) -> str:
    """As the `to` of a candle request and the bounds of a listing want it: whole seconds UTC."""
    return datetime.fromtimestamp(ns // NS, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def side_of(word: str) -> Side:
    match word.lower():
        case "bid":
            return Side.BUY
        case "ask":
            return Side.SELL
    raise bad(f"not a side: {word[:20]!r}")


def positive(value: float, name: str = "price") -> float:
    if not (isfinite(value) and value > 0):
        raise bad(f"{name} {value!r}")
    return value


# --- market data ---------------------------------------------------------------------------------------------------


def parse_quote(book: wire.OrderBook, received: int, instrument: InstrumentId | None = None) -> Quote:
    """The best of both sides; a side without a level is 0. Who knows the instrument saves its look-up."""
    rows = book.orderbook_units
    if len(rows) == 1:
        best = rows[0]
        if 0.0 < best.bid <= best.ask:  # nearly always; a call for every frame is dear
            at = book.timestamp
            ts = at * 1_000_000 if FIRST_MS <= at < LAST_MS else time_of(at)
            id = instrument or instrument_of(book.code)
            return Quote(id, best.bid, best.bid_size, best.ask, best.ask_size, ts, received)
    return _best(book, checked(rows, 1), received, instrument or instrument_of(book.code))


def parse_book(book: wire.OrderBook, received: int, depth: int = 30) -> OrderBook:
    return parse_quotes(book, received, depth)[1]


def parse_quotes(
    book: wire.OrderBook, received: int, depth: int, instrument: InstrumentId | None = None
) -> tuple[Quote, OrderBook]:
    """A book, and the best of it."""
    instrument, rows = instrument or instrument_of(book.code), checked(book.orderbook_units, depth)
    quote = _best(book, rows, received, instrument)
    return quote, OrderBook(instrument, rows, quote.ts, received)


def _best(book: wire.OrderBook, rows: Sequence[Row], received: int, instrument: InstrumentId) -> Quote:
    ts = time_of(book.timestamp)
    if not rows:
        return Quote(instrument, 0.0, 0.0, 0.0, 0.0, ts, received)
    best = rows[0]
    return Quote(instrument, best.bid, best.bid_size, best.ask, best.ask_size, ts, received)


INF = float("inf")


def checked(units: Sequence[Row], depth: int) -> Sequence[Row]:
    """The first `depth` rows, best first. Levels of price 0 do not exist; a book out of order or crossed is none. That
    a figure is finite and not below zero was seen to when it was read (wire.Figure)."""
    above, below = INF, 0.0
    for unit in units:  # one pass over what nearly always comes: both sides full, each price beyond the one before
        bid, ask = unit.bid, unit.ask
        if bid >= above or ask <= below:
            return _with_holes(units, depth)
        above, below = bid, ask
    if above == 0.0:  # the last bid is the lowest: no other is a hole
        return _with_holes(units, depth)
    if units and units[0].bid > units[0].ask:
        raise bad("a crossed book")
    return units if len(units) <= depth else units[:depth]


def _with_holes(units: Sequence[Row], depth: int) -> Sequence[Row]:
    whole = OrderBook(InstrumentId(""), units, 0, 0)
    bids, asks = whole.bids, whole.asks
    for side, before in ((bids, gt), (asks, lt)):
        prices = [price for price, _ in side]
        if not all(map(before, prices, prices[1:])):
            raise bad("a book out of order")
    if bids and asks and bids[0][0] > asks[0][0]:
        raise bad("a crossed book")
    return OrderBook.of(whole.instrument, bids[:depth], asks[:depth], 0, 0).rows


def parse_trade(trade: wire.Trade | wire.RestTrade, received: int, instrument: InstrumentId | None = None) -> Trade:
    """One print. Its venue time is that of the execution. That price and size are above zero and finite was seen to
    when it was read (wire.Price)."""
    aggressor = _AGGRESSORS.get(trade.ask_bid)
    if aggressor is None:
        raise bad(f"a print by {trade.ask_bid[:20]!r}")
    at = trade.trade_timestamp
    ts = at * 1_000_000 if FIRST_MS <= at < LAST_MS else time_of(at)
    instrument = instrument or instrument_of(trade.code)
    return Trade(instrument, trade.trade_price, trade.trade_volume, aggressor, ts, received)


_AGGRESSORS = {"BID": Aggressor.BUY, "ASK": Aggressor.SELL, "bid": Aggressor.BUY, "ask": Aggressor.SELL}


def parse_phase(ticker: wire.TickerState) -> Phase:
    """거래 정지 and 거래지원 종료 as the market's phase."""
    if ticker.market_state == "DELISTED":
        return Phase.CLOSED
    return Phase.HALTED if ticker.is_trading_suspended or ticker.market_state == "PREVIEW" else Phase.OPEN


def parse_candle(candle: wire.Candle) -> Bar | None:
    """A bar that forms; None for a length that the core has no name for (10m, 240m)."""
    interval = INTERVALS.get(candle.type)
    return None if interval is None else bar_of(candle, instrument_of(candle.code), interval, is_closed=False)


def bar_of(
    candle: wire.Candle | wire.RestCandle, instrument: InstrumentId, interval: Interval, *, is_closed: bool = True
) -> Bar:
    open, high, low, close = (
        positive(value) for value in (candle.opening_price, candle.high_price, candle.low_price, candle.trade_price)
    )
    volume = candle.candle_acc_trade_volume
    if not (isfinite(volume) and volume >= 0) or not low <= min(open, close) <= max(open, close) <= high:
        raise bad("a candle that cannot be")
    start = time_of_text(candle.candle_date_time_utc)
    return Bar(instrument, interval, start, open, high, low, close, volume, is_closed)


# --- instruments ---------------------------------------------------------------------------------------------------


@strictly
def parse_instrument(
    market: wire.Market, ticker: wire.RestTicker | None = None, terms: wire.BookTerms | None = None
) -> Instrument:
    """A market as an instrument. The tick of the price now is the venue's own word where it gives it; the other bands
    are those of its table."""
    quote = quote_of(market.market)
    previous = None if ticker is None else exact(positive(ticker.prev_closing_price))
    last = None if ticker is None else exact(positive(ticker.trade_price))
    ticks = table(quote)
    if terms is not None and terms.market == market.market and last is not None:
        ticks = _with_tick(ticks, last, check(terms.tick_size, "tick"))
    return Instrument(
        id=instrument_of(market.market),
        name=clean(market.english_name or base_of(market.market), 60),
        name_ko=clean(market.korean_name or "", 60),
        kind=Kind.CRYPTO,
        currency=quote,
        ticks=ticks,
        lot=LOT,
        min_value=MIN_TOTAL.get(quote, ZERO),
        previous_close=previous,
        is_tradable=True,
        warnings=parse_warnings(market),
    )


def _with_tick(ticks: TickTable, price: Decimal, step: Decimal) -> TickTable:
    if step <= 0 or ticks.step(price) == step:
        return ticks
    here = max(start for start, _ in ticks.bands if start <= price)
    return TickTable(tuple((start, step if start == here else own) for start, own in ticks.bands))


def parse_warnings(market: wire.Market) -> tuple[str, ...]:
    """What the venue warns of now: `warning` (유의 종목), then the cautions (주의) by their own names."""
    event = market.market_event
    found = ["warning"] if (event is not None and event.warning) or market.market_warning == "CAUTION" else []
    if event is not None and event.caution is not None:
        found += [name.lower() for name, stands in msgspec.structs.asdict(event.caution).items() if stands]
    return tuple(found)


# --- what answers say besides --------------------------------------------------------------------------------------

_REMAINING = re.compile(r"group=([a-z\-]{1,40});\s*min=\d{1,9};\s*sec=(\d{1,9})")
_BLOCK = re.compile(r"(\d+(?:\.\d+)?)\s*(초|분|시간|second|minute|hour|sec|min|s\b|m\b|h\b)", re.IGNORECASE)
_UNITS = {"초": 1, "분": 60, "시간": 3600, "s": 1, "m": 60, "h": 3600}


def parse_remaining(header: str) -> tuple[str, int] | None:
    """`Remaining-Req`: the group, and what is left of it in this second."""
    found = _REMAINING.search(header)
    return (found[1], int(found[2])) if found else None


def parse_block_seconds(body: bytes) -> float | None:
    """How long a 418 says that we are shut out. It is said in prose; all times in it together, to be safe."""
    text = body[:2000].decode("utf-8", "replace")
    times = [float(n) * _UNITS.get(unit, _UNITS.get(unit[0].lower(), 1)) for n, unit in _BLOCK.findall(text)]
    return sum(times) if times else None


def parse_problem(body: bytes) -> tuple[str, str]:
    """(name, message) of a refusal; (`""`, `""`) of what is none. A number is the name of a quotation's."""
    try:
        problem = wire.read_body(body, wire.Failure).error
    except BadMessage:
        return "", ""
    return clean(str(problem.name), 60), clean(problem.message, 200)
