"""What a ticker changes of a market: told once, and again once the list was read anew; one refused changes nothing."""

from __future__ import annotations

import json
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path

import msgspec
import pytest

from brokers.upbit import frames, parse, wire
from brokers.upbit.listing import Listing
from brokers.upbit.settings import UpbitSettings
from core.domain.errors import BadMessage
from core.domain.events import Event, InstrumentListed, PhaseChanged, RateChanged
from core.domain.market import NS, Phase
from tests.contract.session import Session
from tests.properties import upbit_frames

NOW = 1_780_000_000 * NS


def ticker(code: str = "KRW-BTC", close: float = 100.0, last: float = 101.0, **more: object) -> wire.TickerState:
    return wire.TickerState(code=code, trade_price=last, prev_closing_price=close, **more)  # type: ignore[arg-type]


def listing(*codes: str) -> Listing:
    made = Listing(UpbitSettings(cash=("KRW", "USDT")))
    made.instruments = {code: parse.parse_instrument(wire.Market(market=code)) for code in codes}
    return made


def kinds(events: Sequence[Event]) -> list[type]:
    return [event.__class__ for event in events]


def test_a_state_and_a_close_are_told_once_each_time_they_change() -> None:
    made = listing("KRW-BTC")
    (listed,) = made.told(ticker(), NOW)
    assert isinstance(listed, InstrumentListed) and listed.instrument.previous_close == Decimal(100)
    assert not made.told(ticker(last=102.0), NOW)
    (halted,) = made.told(ticker(is_trading_suspended=True), NOW)
    assert isinstance(halted, PhaseChanged) and halted.phase is Phase.HALTED
    assert not made.told(ticker(is_trading_suspended=True), NOW)
    assert kinds(made.told(ticker(close=99.0, market_state="DELISTED"), NOW)) == [PhaseChanged, InstrumentListed]
    assert kinds(made.told(ticker(close=99.0, market_state="ACTIVE"), NOW)) == [PhaseChanged]
    assert not made.told(ticker("KRW-XYZ"), NOW), "it is not listed"


def test_a_ticker_that_cannot_be_hides_no_halt() -> None:
    made = listing("KRW-BTC")
    made.told(ticker(), NOW)
    with pytest.raises(BadMessage):
        made.told(ticker(close=0.0, is_trading_suspended=True), NOW)
    (halted,) = made.told(ticker(is_trading_suspended=True), NOW)
    assert isinstance(halted, PhaseChanged) and halted.phase is Phase.HALTED


FRAME = json.loads((Path(__file__).parents[2] / "data" / "upbit" / "frames.json").read_text())["ticker"]
FORMATS = pytest.mark.parametrize("is_short", [False, True], ids=["DEFAULT", "SIMPLE"])


def frame(is_short: bool = False, **changes: object) -> bytes:
    body = {**FRAME, **changes}
    return msgspec.json.encode(upbit_frames.shortened("ticker", body) if is_short else body)


def take(made: Listing, data: bytes) -> Sequence[Event]:
    message = frames.read_frame(data)
    assert isinstance(message, wire.TickerState)
    return made.told(message, NOW, data)


@FORMATS
def test_a_ticker_that_says_what_was_told_is_known_by_its_bytes_and_no_other_is(is_short: bool) -> None:
    made = listing("KRW-BTC", "KRW-BTC2")
    assert not made.familiar.knows(frame(is_short)), "nothing was told"
    take(made, frame(is_short))
    take(made, frame(is_short))
    again = frame(is_short, trade_price=9, acc_trade_volume=1, timestamp=1795576500151)
    assert made.familiar.knows(again) and not take(made, again)
    others: dict[str, object]
    for others in (
        {"prev_closing_price": 150000001},
        {"prev_closing_price": 15000000},
        {"market_state": "DELISTED"},
        {"market_state": None},
        {"is_trading_suspended": True},
        {"code": "KRW-BTC2"},
        {"code": "KRW-BT"},
        {"code": "KRW-BTC", "type": "trade"},
    ):
        assert not made.familiar.knows(frame(is_short, **others)), others
    assert not made.familiar.knows(frame(not is_short)), "the other format was not seen"
    whole = frame(is_short)
    assert not any(made.familiar.knows(whole[:n]) for n in range(0, 400, 7))


@FORMATS
def test_what_was_told_since_is_not_known_any_more(is_short: bool) -> None:
    made = listing("KRW-BTC")
    for _ in range(2):
        take(made, frame(is_short))
    assert made.familiar.knows(frame(is_short))
    assert kinds(take(made, frame(is_short, is_trading_suspended=True))) == [PhaseChanged]
    assert not made.familiar.knows(frame(is_short)), "that it is open again has to be told"
    assert kinds(take(made, frame(is_short))) == [PhaseChanged]
    take(made, frame(is_short))
    assert made.familiar.knows(frame(is_short))


def test_a_ticker_that_is_put_together_otherwise_is_read_every_time() -> None:
    twice = frame()[:-1] + b',"market_state":"DELISTED","is_trading_suspended":true,"a":1}'
    comma = frame(market_state="A,B")
    turned = msgspec.json.encode(dict(reversed(FRAME.items())))
    text = frame(prev_closing_price="150000000")
    for data in (twice, comma, turned, text, json.dumps(FRAME).encode()):
        made = listing("KRW-BTC")
        for _ in range(3):
            take(made, data)
        assert not made.familiar.knows(data), data[:80]


def test_a_price_that_is_a_rate_is_told_whenever_it_moves() -> None:
    made = listing("KRW-USDT")
    assert kinds(made.told(ticker("KRW-USDT", last=1_450.0), NOW)) == [InstrumentListed, RateChanged]
    assert not made.told(ticker("KRW-USDT", last=1_450.0), NOW + 2 * NS)
    (rate,) = made.told(ticker("KRW-USDT", last=1_451.0), NOW + 2 * NS)
    assert isinstance(rate, RateChanged) and rate.rate == Decimal(1451)


async def test_a_list_that_was_read_anew_is_put_right_by_the_next_ticker(session: Session) -> None:
    """The list by REST has a close of its own: what the line says of it counts, though it said so before."""
    broker = session.broker
    made: Listing = broker.listing  # type: ignore[attr-defined]
    await broker.instruments()
    code = next(iter(made.instruments))
    assert kinds(made.told(ticker(code, close=123.0), NOW)) == [InstrumentListed]
    assert not made.told(ticker(code, close=123.0), NOW)
    await broker.instruments()
    (listed,) = made.told(ticker(code, close=123.0), NOW)
    assert isinstance(listed, InstrumentListed) and listed.instrument.previous_close == Decimal(123)
