"""Every recorded and documented payload of Upbit that lies beside the checkout, decoded, with its figures held against
the raw JSON. Where the samples are absent the tests skip with that reason."""

from __future__ import annotations

import json
from collections import Counter
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec
import pytest

from brokers.upbit import account, auth, frames, parse, wire
from core.domain.ids import AccountId
from core.domain.market import NS, Aggressor, Interval, Phase
from core.secret import Secret

SAMPLES = Path(__file__).resolve().parents[3] / "../shared/brokers/samples/upbit"
ACCOUNT = AccountId("upbit:main")
MS = 1_000_000

pytestmark = pytest.mark.skipif(not SAMPLES.is_dir(), reason="the recorded Upbit payloads are not beside the checkout")


def raw(name: str) -> bytes:
    return (SAMPLES / name).read_bytes()


def exact(data: bytes | str) -> Any:
    """JSON with every number as the decimal that was written."""
    return json.loads(data, parse_float=Decimal, parse_int=Decimal)


def hold(message: Any, given: dict[str, Any], names: dict[str, str] | None = None) -> int:
    """Every member that was sent and has a field here came through as it was sent. Returns how many."""
    held = 0
    for field in msgspec.structs.fields(message):
        key = (names or {}).get(field.name, field.name)
        if key not in given or isinstance(given[key], list | dict):
            continue
        value, sent = getattr(message, field.name), given[key]
        if isinstance(value, Decimal):
            assert value == Decimal(str(sent)), key
        elif isinstance(value, float | int) and not isinstance(value, bool):
            assert value == float(sent) if isinstance(value, float) else value == int(sent), key
        else:
            assert value == sent, key
        held += 1
    return held


def frames_of(name: str) -> list[tuple[bytes, dict[str, Any]]]:
    """(bytes, members) of each frame in a file."""
    if name.endswith(".ndjson"):
        texts = [line[line.index('"frame":') + 8 : line.rindex("}")] for line in raw(name).decode().splitlines()]
        return [(text.encode(), exact(text)) for text in texts]
    whole = json.loads(raw(name))
    if "received" not in whole:
        return [(raw(name), exact(raw(name)))]
    return [(json.dumps(row).encode(), exact(json.dumps(row))) for row in whole["received"]]


def check_frame(data: bytes, given: dict[str, Any]) -> str:
    """Decoded, held against what was sent, and parsed; says of what kind it was."""
    message = frames.read_frame(data)
    is_short = "ty" in given
    kind = str(given["ty" if is_short else "type"])
    names = frames.SHORT[kind.partition(".")[0]] if is_short else None
    assert hold(message, given, names) >= (2 if isinstance(message, wire.OrderBook) else 3)
    match message:
        case wire.Trade():
            print_ = parse.parse_trade(message, 5)
            side = given["ab" if is_short else "ask_bid"]
            assert print_.aggressor is (Aggressor.BUY if side == "BID" else Aggressor.SELL)
            assert print_.ts == int(given["ttms" if is_short else "trade_timestamp"]) * MS and print_.received == 5
        case wire.OrderBook():
            units = given["obu" if is_short else "orderbook_units"]
            ask, bid = ("ap", "bp") if is_short else ("ask_price", "bid_price")
            book = parse.parse_book(message, 5)
            assert [price for price, _ in book.asks] == [float(unit[ask]) for unit in units]
            assert [price for price, _ in book.bids] == [float(unit[bid]) for unit in units]
            quote = parse.parse_quote(message, 5)
            assert (quote.bid, quote.ask) == (float(units[0][bid]), float(units[0][ask]))
            assert 2017 < 1970 + quote.ts / NS / 31_557_600 < 2030, "a time in another unit"
        case wire.Candle():
            bar = parse.parse_candle(message)
            assert (
                bar is not None and bar.close == float(given["trade_price"]) and bar.ts % bar.interval.ns in (0, 5 * NS)
            )
        case wire.Ticker():
            assert parse.parse_phase(message) is Phase.OPEN
        case wire.MyOrder():
            told = account.parse_told(message)
            assert told.executed == given["executed_volume"] and told.remaining == given["remaining_volume"]
            if message.state == "trade":
                fill = account.parse_fill(message, ACCOUNT)
                assert (fill.quantity, fill.price, fill.fee) == (given["volume"], given["price"], given["trade_fee"])
        case wire.MyAsset():
            (row,) = message.assets
            wallet = account.parse_wallet(row)
            assert (wallet.free, wallet.locked) == (given["assets"][0]["balance"], given["assets"][0]["locked"])
    return kind


FRAMES = {
    "candle_1m_KRW-BTC_20260826.json": {"candle.1m": 1},
    "candle_1m_jkorf.json": {"candle.1m": 1},
    "candle_1s_KRW-USDT_20250422.json": {"candle.1s": 1},
    "capture_simple_20210417_part1.ndjson": {"trade": 134, "orderbook": 90},
    "myasset_docs.json": {"myAsset": 1},
    "myorder_lifecycle_SGD-XRP.json": {"myOrder": 4},
    "myorder_trade_docs.json": {"myOrder": 1},
    "orderbook_KRW-BTC_20260813.json": {"orderbook": 2},
    "orderbook_USDT-ETC_us_timestamp_20230808.json": {"orderbook": 1},
    "ticker_KRW-BTC_20260813.json": {"ticker": 2},
    "trade_KRW-BTC_20260826.json": {"trade": 1},
    "trade_KRW-DOGE_20210302.json": {"trade": 1},
    "trade_jkorf_20231006.json": {"trade": 1},
}


@pytest.mark.parametrize("name", FRAMES)
def test_frames(name: str) -> None:
    kinds = Counter(check_frame(data, given) for data, given in frames_of(f"ws/{name}"))
    assert kinds == FRAMES[name]


def test_what_is_subscribed() -> None:
    whole = json.loads(raw("ws/list_subscriptions_docs.json"))
    for part in ("received_public", "received_private"):
        told = frames.read_frame(json.dumps(whole[part]))
        assert isinstance(told, wire.Subscriptions)
        assert [row.type for row in told.result] == [row["type"] for row in whole[part]["result"]]
        assert [row.codes for row in told.result] == [row.get("codes", []) for row in whole[part]["result"]]


def rows(name: str, type: Any) -> list[tuple[Any, dict[str, Any]]]:
    decoded, given = wire.read_body(raw(f"rest/{name}"), list[type]), exact(raw(f"rest/{name}"))
    assert len(decoded) == len(given)
    for row, sent in zip(decoded, given, strict=True):
        assert hold(row, sent) >= min(3, len(sent))
    return list(zip(decoded, given, strict=True))


def test_markets() -> None:
    quotes = Counter[str]()
    for market, sent in rows("market_all_20210417.json", wire.Market):
        instrument = parse.parse_instrument(market)
        assert instrument.id == f"UPBIT:{sent['market']}" and instrument.name_ko == sent["korean_name"]
        quotes[instrument.currency] += 1
    assert set(quotes) == {"KRW", "BTC", "USDT"} and quotes.total() == 294


def test_tickers() -> None:
    ((ticker, sent),) = rows("ticker_KRW-BTC_20180702.json", wire.RestTicker)
    instrument = parse.parse_instrument(wire.Market(market="KRW-BTC"), ticker)
    assert instrument.previous_close == sent["prev_closing_price"]


@pytest.mark.parametrize(
    ("name", "interval", "count"),
    [
        ("candles_minutes_1_20200220.json", Interval.M1, 200),
        ("candles_minutes_3_20200220_b.json", Interval.M3, 60),
        ("candles_seconds_KRW-BTC_20250630.json", Interval.S1, 1),
    ],
)
def test_candles(name: str, interval: Interval, count: int) -> None:
    bars = [
        (parse.bar_of(candle, parse.instrument_of(candle.market), interval), sent)
        for candle, sent in rows(name, wire.RestCandle)
    ]
    assert len(bars) == count and all(bar.ts % interval.ns == 0 for bar, _ in bars)
    for bar, sent in bars:
        figures = ("opening_price", "high_price", "low_price", "trade_price", "candle_acc_trade_volume")
        assert [bar.open, bar.high, bar.low, bar.close, bar.volume] == [float(sent[figure]) for figure in figures]
    times = [bar.ts for bar, _ in bars]
    assert times == sorted(times, reverse=True), "newest first"


def test_prints() -> None:
    ((trade, sent),) = rows("trades_ticks_USDT-BTC_20240313.json", wire.RestTrade)
    print_ = parse.parse_trade(trade, 5)
    assert (print_.price, print_.size) == (float(sent["trade_price"]), float(sent["trade_volume"]))
    assert trade.sequential_id == int(sent["sequential_id"]) > 2**53


def test_ticks_of_the_venue() -> None:
    for terms, sent in rows("orderbook_instruments_jkorf.json", wire.BookTerms):
        assert terms.tick_size == sent["tick_size"]


def test_accounts() -> None:
    wallets = [account.parse_wallet(row) for row, _ in rows("accounts_docs.json", wire.Holding)]
    assert {w.currency: w.total for w in wallets} == {"KRW": Decimal(1_000_000), "BTC": Decimal(2)}


def test_a_market_sell_that_is_done() -> None:
    order = wire.read_body(raw("rest/order_market_ask_done_20250809.json"), wire.Order)
    sent = exact(raw("rest/order_market_ask_done_20250809.json"))
    (listed,) = account.parse_orders([order])
    assert (listed.status, listed.filled) == ("filled", Decimal(sent["executed_volume"]))
    (fill,) = account.parse_fills(order, ACCOUNT)
    (trade,) = sent["trades"]
    assert (fill.quantity, fill.price) == (Decimal(trade["volume"]), Decimal(trade["price"]))
    assert fill.fee == Decimal(sent["paid_fee"]) and fill.quantity * fill.price == Decimal(trade["funds"])
    assert fill.ts == 1_754_725_440_597_751_000


def test_a_replaced_order() -> None:
    order = wire.read_body(raw("rest/cancel_and_new_20250401.json"), wire.Order)
    sent = exact(raw("rest/cancel_and_new_20250401.json"))
    assert (order.new_order_uuid, order.new_order_identifier) == (sent["new_order_uuid"], sent["new_order_identifier"])
    assert account.parse_order(order).quantity == Decimal(sent["volume"]) and order.trades_count == 0


def test_what_may_be_ordered() -> None:
    chance = wire.read_body(raw("rest/orders_chance_docs.json"), wire.Chance)
    sent = exact(raw("rest/orders_chance_docs.json"))
    assert (chance.bid_fee, chance.ask_fee) == (Decimal(sent["bid_fee"]), Decimal(sent["ask_fee"]))
    assert chance.market.bid is not None and chance.market.bid.min_total == Decimal(5000)
    assert chance.market.bid_types == sent["market"]["bid_types"]


def test_many_canceled() -> None:
    canceled = wire.read_body(raw("rest/cancel_orders_by_ids_docs.json"), wire.Canceled)
    assert (canceled.success.count, canceled.failed.count) == (2, 1)
    assert [row.market for row in canceled.failed.orders] == ["BTC-XRP"]


def test_refusals() -> None:
    listed = json.loads(raw("rest/errors_docs.json"))
    for row in listed:
        name, message = parse.parse_problem(json.dumps(row["body"]).encode())
        assert name == str(row["body"]["error"]["name"]) and message == row["body"]["error"]["message"]
    assert len(listed) > 10


def test_signatures() -> None:
    vectors = json.loads(raw("auth_vectors.json"))
    keys = auth.Keys(access=Secret(vectors["access_key"]), secret=Secret(vectors["secret_key"]))
    for vector in vectors["vectors"]:
        nonce = vector["payload"]["nonce"]
        made = auth.token(keys, vector["query_string_hashed"] or "", nonce=lambda nonce=nonce: nonce)
        assert made == vector["jwt_hs512"], vector["case"]


def test_what_we_send_is_hashed_in_the_order_it_is_sent() -> None:
    for request in json.loads(raw("rest/requests_ccxt_a.json")):
        body = request["json_body"]
        if body is not None:
            hashed = auth.hashed_body(json.dumps(body).encode())
            assert hashed == "&".join(f"{key}={value}" for key, value in body.items())
