"""What Upbit's messages mean: ticks, times, ends of orders, fees by execution, versions of a replaced order."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec
import pytest

from brokers.upbit import account, frames, parse, ticks, wire
from core.domain.errors import BadMessage
from core.domain.ids import AccountId, ClientOrderId
from core.domain.order import Side

DATA = Path(__file__).resolve().parents[2] / "data/upbit"
ACCOUNT = AccountId("upbit:main")
ID = ClientOrderId("hbcdefghijklmnopqrstuvwxyz")


def frame(kind: str, **more: Any) -> Any:
    return frames.read_frame(json.dumps({**json.loads((DATA / "frames.json").read_text())[kind], **more}))


def order(**more: Any) -> wire.Order:
    given = {**json.loads((DATA / "rest.json").read_text())["order"], **more}
    return wire.read_body(json.dumps({k: v for k, v in given.items() if v is not None}).encode(), wire.Order)


# --- prices --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("price", "step"),
    [
        *(("2000000", "1000"), ("1000000", "1000"), ("999500", "500"), ("500000", "500"), ("499900", "100")),
        *(("100000", "100"), ("99950", "50"), ("50000", "50"), ("49990", "10"), ("10000", "10"), ("9995", "5")),
        *(("5000", "5"), ("4999", "1"), ("100", "1"), ("99.9", "0.1"), ("10", "0.1"), ("9.99", "0.01"), ("1", "0.01")),
        *(("0.999", "0.001"), ("0.1", "0.001"), ("0.0999", "0.0001"), ("0.01", "0.0001"), ("0.001", "0.00001")),
        *(("0.0001", "0.000001"), ("0.00001", "0.0000001"), ("0.000005", "0.00000001")),
    ],
)
def test_price_steps_in_won(price: str, step: str) -> None:
    assert ticks.KRW.step(Decimal(price)) == Decimal(step)
    assert ticks.KRW.is_valid(Decimal(price))


@pytest.mark.parametrize(("price", "step"), [("15", "0.01"), ("1.5", "0.001"), ("0.5", "0.0001"), ("0.00005", "1e-8")])
def test_price_steps_in_usdt(price: str, step: str) -> None:
    assert ticks.USDT.step(Decimal(price)) == Decimal(step)


def test_the_tick_the_venue_names_counts_in_its_band_alone() -> None:
    """KRW-USDT had 0.5 between 1,000 and 10,000: the venue's word goes before the table."""
    ticker = wire.RestTicker(market="KRW-USDT", trade_price=1450, prev_closing_price=1448, timestamp=1)
    terms = wire.BookTerms(market="KRW-USDT", tick_size=Decimal("0.5"))
    made = parse.parse_instrument(wire.Market(market="KRW-USDT"), ticker, terms)
    assert made.ticks.step(Decimal(1450)) == Decimal("0.5")
    assert made.ticks.step(Decimal(50)) == Decimal("0.1") and made.ticks.step(Decimal(5000)) == Decimal(5)
    assert (made.currency, made.min_value, made.previous_close) == ("KRW", Decimal(5000), Decimal(1448))


def test_what_the_venue_warns_of_is_kept() -> None:
    markets = wire.read_body(
        json.dumps(json.loads((DATA / "rest.json").read_text())["markets"]).encode(), list[wire.Market]
    )
    assert [parse.parse_instrument(market).warnings for market in markets] == [
        ("price_fluctuations", "concentration_of_small_accounts"),
        ("warning",),
    ]
    assert parse.parse_warnings(wire.Market(market="KRW-A", market_warning="CAUTION")) == ("warning",)


# --- frames --------------------------------------------------------------------------------------------------------


def test_text_and_binary_long_and_short_and_in_arrays_are_the_same() -> None:
    long = json.dumps(json.loads((DATA / "frames.json").read_text())["trade"])
    short = json.dumps({frames.SHORT["trade"].get(k, k): v for k, v in json.loads(long).items()})
    fields = {msgspec.json.encode(frames.read_frame(data)) for data in (long, long.encode())}
    assert len(fields) == 1
    trades = [parse.parse_trade(frames.read_frame(data), 1) for data in (long, short)]  # type: ignore[arg-type]
    trades += [parse.parse_trade(message, 1) for message in frames.read_frames(f"[{long},{short}]")]  # type: ignore[arg-type]
    assert len(set(map(msgspec.json.encode, trades))) == 1


def test_levels_that_are_not_there_are_passed_over() -> None:
    units = [
        {"ask_price": 3106, "bid_price": 3105, "ask_size": 1, "bid_size": 2},
        {"ask_price": 3107, "bid_price": 0, "ask_size": 1, "bid_size": 0},
    ]
    book = parse.parse_book(frame("orderbook", orderbook_units=units), 1)
    assert (len(book.asks), len(book.bids)) == (2, 1)
    empty = parse.parse_quote(frame("orderbook", orderbook_units=[]), 1)
    assert (empty.bid, empty.ask, empty.bid_size) == (0.0, 0.0, 0.0)


@pytest.mark.parametrize(
    "units",
    [
        [{"ask_price": 3105, "bid_price": 3106, "ask_size": 1, "bid_size": 1}],
        [
            {"ask_price": 3106, "bid_price": 3105, "ask_size": 1, "bid_size": 1},
            {"ask_price": 3105.5, "bid_price": 3104, "ask_size": 1, "bid_size": 1},
        ],
        [{"ask_price": 3106, "bid_price": 3105, "ask_size": -1, "bid_size": 1}],
        [{"ask_price": "inf", "bid_price": 3105, "ask_size": 1, "bid_size": 1}],
        [{"ask_price": "nan", "bid_price": 3105, "ask_size": 1, "bid_size": 1}],
        [{"ask_price": 3106, "bid_price": 3105, "ask_size": 1, "bid_size": "nan"}],
    ],
)
def test_a_book_that_cannot_be_is_refused(units: list[dict[str, Any]]) -> None:
    with pytest.raises(BadMessage):
        parse.parse_book(frame("orderbook", orderbook_units=units), 1)


def test_times_in_other_units() -> None:
    assert parse.time_of(1_691_530_805_062) == parse.time_of(1_691_530_805_062_000) == 1_691_530_805_062_000_000
    for odd in (0, -1, 1_691_530_805, 10**30):
        with pytest.raises(BadMessage):
            parse.time_of(odd)
    same = {"2026-11-25T03:15:00", "2026-11-25T12:15:00+09:00", "2026-11-25T03:15:00Z", "2026-11-25T03:15:00+00:00"}
    assert len({parse.time_of_text(text) for text in same}) == 1
    assert parse.text_of_time(parse.time_of_text("2026-11-25T12:15:00+09:00")) == "2026-11-25T03:15:00Z"


# --- orders --------------------------------------------------------------------------------------------------------


def test_filled_is_what_was_executed_never_the_state() -> None:
    """A market buy is cut to eight decimals, and its rest is canceled: it ends as `cancel`, and is filled."""
    bought = order(ord_type="price", price="10000", volume=None, remaining_volume=None, executed_volume="0.33333333")
    row = account.parse_order(bought)
    assert (row.status, row.filled, row.quantity, row.limit_price) == (
        "filled",
        row.filled,
        Decimal("0.33333333"),
        None,
    )
    partly = account.parse_order(order(time_in_force="ioc"))
    assert (partly.status, partly.filled, partly.quantity) == ("canceled", Decimal("4.5"), Decimal(10))
    nothing = order(ord_type="price", price="10000", volume=None, remaining_volume=None, executed_volume="0")
    assert account.parse_order(nothing).status == "canceled"
    assert account.parse_order(order(state="wait")).status == "open" == account.parse_order(order(state="watch")).status


@pytest.mark.parametrize("odd", ["NaN", "Infinity", "-1", "0", "1e99"])
def test_a_price_that_is_none_is_not_believed(odd: str) -> None:
    with pytest.raises(BadMessage):
        account.parse_order(order(ord_type="limit", price=odd))


def test_a_replaced_order_is_one_order_with_what_its_versions_filled() -> None:
    first = order()
    second = order(
        uuid="1d1f5a2e-7c1b-4a53-9a55-3d8a1f1f6c02",
        identifier=f"{ID}-17",
        state="wait",
        volume="3",
        remaining_volume="2",
        executed_volume="1",
        price="3100",
    )
    stranger = order(uuid="2d1f5a2e-7c1b-4a53-9a55-3d8a1f1f6c03", identifier="somebody")
    rows = account.parse_orders([second, first, second, stranger])
    mine = [row for row in rows if row.client_order_id == ID]
    assert [(r.ref, r.status, r.quantity, r.filled) for r in mine] == [
        (second.uuid, "open", Decimal("7.5"), Decimal("5.5"))
    ]
    assert [row.ref for row in rows if row.client_order_id is None] == [stranger.uuid]


def test_the_fees_of_the_executions_are_the_fee_of_the_order() -> None:
    fills = account.parse_fills(order(paid_fee="6.98625000000001"), ACCOUNT)
    assert sum(fill.fee for fill in fills) == Decimal("6.98625000000001")
    assert [fill.quantity for fill in fills] == [Decimal("3.0"), Decimal("1.5")]
    assert {fill.client_order_id for fill in fills} == {ID}


def test_executions_that_do_not_add_up_are_refused() -> None:
    """An order that fills while it is told: better unread than half."""
    with pytest.raises(BadMessage, match="add up"):
        account.parse_fills(order(executed_volume="6.5"), ACCOUNT)


def test_the_stream_and_the_listing_name_an_execution_alike() -> None:
    told = account.parse_fill(frame("myOrder"), ACCOUNT)
    listed = account.parse_fills(order(executed_volume="3.0", trades=json_trades()[:1]), ACCOUNT)[0]
    assert (told.fill_id, told.client_order_id) == (listed.fill_id, listed.client_order_id)


def json_trades() -> list[dict[str, Any]]:
    return json.loads((DATA / "rest.json").read_text())["order"]["trades"]


def test_our_ids_and_those_of_others() -> None:
    assert account.order_id_of(account.identifier_of(ID)) == account.order_id_of(account.identifier_of(ID, 12)) == ID
    assert (account.version_of(ID), account.version_of(f"{ID}-12"), account.version_of(None)) == (0, 12, 0)
    assert [account.order_id_of(odd) for odd in (None, "", "21", "h" * 26 + "x", ID.upper())] == [None] * 5
    assert len(account.identifier_of(ID, 2**63)) <= 64


def test_a_market_buy_names_its_total() -> None:
    assert account.is_by_total("price", Side.BUY) and account.is_by_total("best", Side.BUY)
    assert not account.is_by_total("best", Side.SELL) and not account.is_by_total("limit", Side.BUY)


# --- what answers say besides --------------------------------------------------------------------------------------


def test_what_is_left_of_a_limit() -> None:
    assert parse.parse_remaining("group=default; min=1800; sec=29") == ("default", 29)
    assert parse.parse_remaining("group=order-cancel-all; min=30; sec=0") == ("order-cancel-all", 0)
    assert parse.parse_remaining("") is None is parse.parse_remaining("group=; sec=x")


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("요청이 많아 30초 동안 차단됩니다", 30),
        ("1분 30초 동안 차단", 90),
        ("blocked for 2 hours", 7200),
        ("Try again after 0.4 seconds", 0.4),
        ("10 min", 600),
        ("<html>", None),
    ],
)
def test_how_long_we_are_shut_out(text: str, seconds: float | None) -> None:
    assert parse.parse_block_seconds(text.encode()) == seconds
