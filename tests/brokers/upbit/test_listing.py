"""What a ticker changes of a market: told once, and again once the list was read anew; one refused changes nothing."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

import pytest

from brokers.upbit import parse, wire
from brokers.upbit.listing import Listing
from brokers.upbit.settings import UpbitSettings
from core.domain.errors import BadMessage
from core.domain.events import Event, InstrumentListed, PhaseChanged, RateChanged
from core.domain.market import NS, Phase
from tests.contract.session import Session

NOW = 1_780_000_000 * NS


def ticker(code: str = "KRW-BTC", close: float = 100.0, last: float = 101.0, **more: object) -> wire.TickerState:
    return wire.TickerState(code=code, trade_price=last, prev_closing_price=close, timestamp=1, **more)  # type: ignore[arg-type]


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
