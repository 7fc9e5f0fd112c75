"""Upbit's messages under Upbit's own field names, decoded by type: nothing is interpreted here (parse.py and account.py
do that, frames.py reads frames). Market data are floats, money is Decimal. Numbers may come as numbers or as quoted
strings, fields nobody needs may be missing or null, and new ones are passed over."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Any, TypeVar, cast

import msgspec

from core.domain.errors import BadMessage
from core.domain.market import Row
from core.domain.text import clean

NAME = "upbit"
T = TypeVar("T")


# --- market data by the stream (DEFAULT names; SHORT below gives those of SIMPLE) ----------------------------------


Figure = Annotated[float, msgspec.Meta(ge=0, le=1e300)]
"""Finite and not below zero: refused while it is read, which is nearly free, where fifteen levels would pay for it."""
Price = Annotated[float, msgspec.Meta(gt=0, le=1e300)]
"""The same, and not nothing: what a print is made of."""


class TickerState(msgspec.Struct, frozen=True, kw_only=True, gc=False, tag_field="type", tag="ticker"):
    """Of a 현재가 frame what changes an instrument. It comes with every print, so the rest is left unread."""

    code: str
    trade_price: float
    """Last price."""
    prev_closing_price: float
    """Close of the UTC day before, 전일 종가."""
    market_state: str | None = None
    """PREVIEW (입금지원), ACTIVE (거래지원) or DELISTED (거래지원종료)."""
    is_trading_suspended: bool | None = None
    """거래 정지; deprecated, and still sent."""


class Ticker(TickerState, frozen=True, kw_only=True, gc=False):
    """현재가: the day of a market so far. The day begins at 00:00 UTC."""

    timestamp: int
    trade_timestamp: int
    stream_type: str = ""
    opening_price: float | None = None
    high_price: float | None = None
    low_price: float | None = None
    change: str = ""
    """RISE, EVEN or FALL against the close before."""
    signed_change_price: float | None = None
    signed_change_rate: float | None = None
    """A fraction: 0.0027 is 0.27 %."""
    ask_bid: str = ""
    """Side of the last taker."""
    trade_volume: float | None = None
    acc_trade_volume: float | None = None
    acc_trade_price: float | None = None
    """누적 거래대금 since 00:00 UTC."""
    acc_trade_volume_24h: float | None = None
    acc_trade_price_24h: float | None = None
    highest_52_week_price: float | None = None
    highest_52_week_date: str = ""
    lowest_52_week_price: float | None = None
    lowest_52_week_date: str = ""
    delisting_date: Any = None
    market_warning: str | None = None
    """NONE or CAUTION (유의 종목); deprecated."""


class Trade(msgspec.Struct, frozen=True, kw_only=True, gc=False, tag_field="type", tag="trade"):
    """체결: one print."""

    code: str
    trade_price: Price
    trade_volume: Price
    ask_bid: str
    """ASK: the taker sold; BID: the taker bought."""
    trade_timestamp: int
    sequential_id: int | None = None
    """Unique, beyond 2^53, and no promise of order."""
    stream_type: str = ""


class Unit(Row, frozen=True, kw_only=True, gc=False, rename={"bid": "bid_price", "ask": "ask_price"}):
    """The n-th ask beside the n-th bid: a row of the domain's book as it is, because fifteen come with every frame.
    A side without a level there has price 0."""

    ask: Figure
    bid: Figure
    ask_size: Figure
    bid_size: Figure


class OrderBook(msgspec.Struct, frozen=True, kw_only=True, gc=False, tag_field="type", tag="orderbook"):
    """호가: always the whole book, best first."""

    code: str
    timestamp: int
    """ms; once seen in µs."""
    orderbook_units: list[Unit]


class Candle(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """캔들: sent again while it forms; the last one counts."""

    type: str
    """candle.1s, candle.1m, ..."""
    code: str
    candle_date_time_utc: str
    opening_price: float
    high_price: float
    low_price: float
    trade_price: float
    candle_acc_trade_volume: float
    timestamp: int
    candle_acc_trade_price: float | None = None
    candle_date_time_kst: str = ""
    stream_type: str = ""


# --- private, by the stream ----------------------------------------------------------------------------------------


class MyOrder(msgspec.Struct, frozen=True, kw_only=True, gc=False, tag_field="type", tag="myOrder"):
    """내 주문 및 체결. While `state` is trade, `price` and `volume` are those of the execution; the sums go on."""

    code: str
    uuid: str
    ask_bid: str
    order_type: str
    """limit, price (시장가 매수), market (시장가 매도) or best (최유리)."""
    state: str
    """wait, watch (예약), trade, done, cancel or prevented (자전거래 방지)."""
    timestamp: int
    price: Decimal | None = None
    volume: Decimal | None = None
    remaining_volume: Decimal | None = None
    executed_volume: Decimal | None = None
    executed_funds: Decimal | None = None
    avg_price: Decimal | None = None
    trades_count: int | None = None
    reserved_fee: Decimal | None = None
    remaining_fee: Decimal | None = None
    paid_fee: Decimal | None = None
    locked: Decimal | None = None
    time_in_force: str | None = None
    trade_uuid: str | None = None
    trade_fee: Decimal | None = None
    is_maker: bool | None = None
    identifier: str | None = None
    smp_type: str | None = None
    prevented_volume: Decimal | None = None
    prevented_locked: Decimal | None = None
    trade_timestamp: int | None = None
    order_timestamp: int | None = None
    stream_type: str = ""


class Asset(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    currency: str
    balance: Decimal
    """Free, without what is locked."""
    locked: Decimal


class MyAsset(msgspec.Struct, frozen=True, kw_only=True, gc=False, tag_field="type", tag="myAsset"):
    """내 자산: the currencies that changed."""

    assets: list[Asset]
    timestamp: int
    asset_timestamp: int | None = None
    asset_uuid: str | None = None


# --- what else comes over a stream ---------------------------------------------------------------------------------


class Status(msgspec.Struct, frozen=True):
    """The answer to PING, repeated every ten seconds: proves the line, never the data."""

    status: str


class Problem(msgspec.Struct, frozen=True):
    name: str | int = ""
    message: str = ""


class Failure(msgspec.Struct, frozen=True):
    """The body of a refusal, by REST or by the stream. `name` is a number for quotations."""

    error: Problem


class Listed(msgspec.Struct, frozen=True):
    type: str
    codes: list[str] = []
    level: float | None = None


class Subscriptions(msgspec.Struct, frozen=True):
    """The answer to LIST_SUBSCRIPTIONS."""

    method: str
    result: list[Listed]
    ticket: str = ""


Message = TickerState | Trade | OrderBook | Candle | MyOrder | MyAsset | Status | Failure | Subscriptions


# --- quotations by REST --------------------------------------------------------------------------------------------


class Caution(msgspec.Struct, frozen=True, kw_only=True):
    """시장경보 '주의'. What of it stands now."""

    PRICE_FLUCTUATIONS: bool | None = None
    """가격 급등락"""
    TRADING_VOLUME_SOARING: bool | None = None
    """거래량 급등"""
    DEPOSIT_AMOUNT_SOARING: bool | None = None
    """입금량 급등"""
    GLOBAL_PRICE_DIFFERENCES: bool | None = None
    """국내외 가격 차이"""
    CONCENTRATION_OF_SMALL_ACCOUNTS: bool | None = None
    """소수 계정 집중"""


class MarketEvent(msgspec.Struct, frozen=True, kw_only=True):
    warning: bool | None = None
    """유의 종목"""
    caution: Caution | None = None


class Market(msgspec.Struct, frozen=True, kw_only=True):
    """거래 가능한 페어, GET /v1/market/all."""

    market: str
    korean_name: str | None = None
    english_name: str | None = None
    market_event: MarketEvent | None = None
    market_warning: str | None = None
    """NONE or CAUTION; of the time before market_event."""


class RestTicker(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """현재가, GET /v1/ticker and /v1/ticker/all."""

    market: str
    trade_price: float
    prev_closing_price: float
    timestamp: int
    trade_timestamp: int | None = None
    opening_price: float | None = None
    high_price: float | None = None
    low_price: float | None = None
    change: str = ""
    signed_change_price: float | None = None
    signed_change_rate: float | None = None
    trade_volume: float | None = None
    acc_trade_price: float | None = None
    acc_trade_price_24h: float | None = None
    acc_trade_volume: float | None = None
    acc_trade_volume_24h: float | None = None
    highest_52_week_price: float | None = None
    highest_52_week_date: str = ""
    lowest_52_week_price: float | None = None
    lowest_52_week_date: str = ""


class RestOrderBook(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """호가, GET /v1/orderbook."""

    market: str
    timestamp: int
    orderbook_units: list[Unit]
    total_ask_size: float | None = None
    total_bid_size: float | None = None
    level: float | None = None


class BookTerms(msgspec.Struct, frozen=True, kw_only=True):
    """호가 정책, GET /v1/orderbook/instruments. `tick_size` is that of the price now."""

    market: str
    tick_size: Decimal
    quote_currency: str = ""
    supported_levels: list[Any] = []


class RestTrade(
    msgspec.Struct,
    frozen=True,
    kw_only=True,
    gc=False,
    rename={"code": "market", "trade_timestamp": "timestamp"},
):
    """체결, GET /v1/trades/ticks. Named as the stream names the same."""

    code: str
    trade_timestamp: int
    trade_price: Price
    trade_volume: Price
    ask_bid: str
    prev_closing_price: float | None = None
    sequential_id: int | None = None


class RestCandle(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """캔들, GET /v1/candles/*. One without a trade does not exist."""

    market: str
    candle_date_time_utc: str
    opening_price: float
    high_price: float
    low_price: float
    trade_price: float
    candle_acc_trade_volume: float
    candle_acc_trade_price: float | None = None
    timestamp: int | None = None
    unit: int | None = None
    prev_closing_price: float | None = None
    first_day_of_period: str | None = None


# --- the account by REST -------------------------------------------------------------------------------------------


class Holding(msgspec.Struct, frozen=True, kw_only=True):
    """계정 잔고, GET /v1/accounts. `balance` is free, without what is locked."""

    currency: str
    balance: Decimal
    locked: Decimal
    avg_buy_price: Decimal | None = None
    avg_buy_price_modified: bool | None = None
    unit_currency: str = ""


class OrderTrade(msgspec.Struct, frozen=True, kw_only=True):
    """One execution of an order. `created_at` has microseconds."""

    uuid: str
    price: Decimal
    volume: Decimal
    funds: Decimal
    created_at: str
    side: str = ""
    market: str = ""
    trend: str = ""
    ask_fee: Decimal | None = None
    bid_fee: Decimal | None = None


class Order(msgspec.Struct, frozen=True, kw_only=True):
    """주문. What is null is left out; `trades` is told by GET /v1/order alone."""

    market: str
    uuid: str
    side: str
    """bid or ask."""
    ord_type: str
    """limit, price (시장가 매수: `price` is the total), market (시장가 매도) or best (최유리)."""
    state: str
    """wait, watch (예약), done or cancel."""
    created_at: str
    price: Decimal | None = None
    volume: Decimal | None = None
    remaining_volume: Decimal | None = None
    executed_volume: Decimal = Decimal(0)
    reserved_fee: Decimal | None = None
    remaining_fee: Decimal | None = None
    paid_fee: Decimal = Decimal(0)
    locked: Decimal | None = None
    trades_count: int | None = None
    time_in_force: str | None = None
    """ioc, fok or post_only; absent: good till canceled."""
    identifier: str | None = None
    smp_type: str | None = None
    prevented_volume: Decimal | None = None
    prevented_locked: Decimal | None = None
    executed_funds: Decimal | None = None
    trades: list[OrderTrade] | None = None
    new_order_uuid: str | None = None
    """Of a cancel-and-new: the order that takes the place of this one, if this one did not fill first."""
    new_order_identifier: str | None = None


class ChanceSide(msgspec.Struct, frozen=True, kw_only=True):
    currency: str = ""
    min_total: Decimal | None = None


class ChanceMarket(msgspec.Struct, frozen=True, kw_only=True):
    id: str
    bid_types: list[str] = []
    ask_types: list[str] = []
    order_sides: list[str] = []
    bid: ChanceSide | None = None
    ask: ChanceSide | None = None
    max_total: Decimal | None = None
    state: str = ""


class Chance(msgspec.Struct, frozen=True, kw_only=True):
    """주문 가능 정보, GET /v1/orders/chance."""

    bid_fee: Decimal
    ask_fee: Decimal
    market: ChanceMarket
    bid_account: Holding | None = None
    ask_account: Holding | None = None
    maker_bid_fee: Decimal | None = None
    maker_ask_fee: Decimal | None = None


class CanceledRow(msgspec.Struct, frozen=True, kw_only=True):
    uuid: str
    market: str = ""
    identifier: str | None = None


class CanceledPart(msgspec.Struct, frozen=True, kw_only=True):
    count: int = 0
    orders: list[CanceledRow] = []


class Canceled(msgspec.Struct, frozen=True, kw_only=True):
    """The answer to a cancel of many."""

    success: CanceledPart = CanceledPart()
    failed: CanceledPart = CanceledPart()


# --- what we send --------------------------------------------------------------------------------------------------


class Placing(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The body of POST /v1/orders. Members keep this order, because their hash is signed in it."""

    market: str
    side: str
    ord_type: str
    volume: str = ""
    price: str = ""
    time_in_force: str = ""
    smp_type: str = ""
    identifier: str = ""


class Replacing(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The body of POST /v1/orders/cancel_and_new."""

    prev_order_uuid: str = ""
    prev_order_identifier: str = ""
    new_ord_type: str
    new_volume: str = ""
    """A number or `remain_only`."""
    new_price: str = ""
    new_time_in_force: str = ""
    new_smp_type: str = ""
    new_identifier: str = ""


_REST: dict[Any, msgspec.json.Decoder[Any]] = {}


def read_body(body: bytes, type: type[T]) -> T:
    """A REST body of this type. Raises BadMessage."""
    decoder = _REST.get(type)
    if decoder is None:
        decoder = _REST[type] = msgspec.json.Decoder(type, strict=False)
    try:
        return cast(T, decoder.decode(body))
    except (msgspec.MsgspecError, ValueError, RecursionError) as error:
        raise BadMessage(NAME, f"upbit answered what cannot be read: {clean(str(error), 120)}") from error
