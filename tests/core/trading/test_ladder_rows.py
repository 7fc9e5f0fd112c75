"""What the ladder is drawn from: the day's figures from the prints, and how much waits before our orders."""

from __future__ import annotations

import math
from decimal import Decimal

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.domain.commands import Submit
from core.domain.events import (
    FeedChanged,
    InstrumentListed,
    OrderCanceled,
    OrderFilled,
    OrderReplaced,
    PhaseChanged,
)
from core.domain.ids import ClientOrderId
from core.domain.market import Aggressor, OrderBook, Phase, Trade
from core.domain.order import OrderType
from core.trading.engine import Engine
from core.trading.ladder import book_row
from core.trading.tally import Tally
from core.trading.view import BookRow, MarkKind
from tests import scenes
from tests.scenes import INSTRUMENTS, SAMSUNG, START, engine, fill, request, send

BIDS = tuple((71_000.0 - 100 * n, 500.0 + n) for n in range(10))
ASKS = tuple((71_100.0 + 100 * n, 300.0 + n) for n in range(10))


def row(made: Engine) -> BookRow:
    return book_row(made, SAMSUNG, START, 10.0)


def trade(made: Engine, price: float, size: float, by: Aggressor = Aggressor.SELL) -> None:
    made.step(Trade(SAMSUNG, price, size, by, START, START), START)


def book(made: Engine, bids: tuple[tuple[float, float], ...] = BIDS) -> None:
    made.step(OrderBook.of(SAMSUNG, bids, ASKS, START, START), START)


def rest(made: Engine, price: str, side: str = "buy", **more: object) -> ClientOrderId:
    wanted = request(side, price=price, **more)  # type: ignore[arg-type]
    made.step(Submit(request=wanted), START)
    send(made, wanted.client_order_id)
    return wanted.client_order_id


# ---- the day


@given(st.lists(st.tuples(st.floats(1e-8, 1e9), st.floats(1e-8, 1e6)), min_size=1))
def test_a_tally_is_what_the_prints_are(prints: list[tuple[float, float]]) -> None:
    tally = Tally()
    for price, size in prints:
        tally.add(price, size)
    prices = [price for price, _ in prints]
    assert (tally.open, tally.high, tally.low) == (prices[0], max(prices), min(prices))
    assert math.isclose(tally.volume, sum(size for _, size in prints), rel_tol=1e-9)
    assert tally.average is not None
    assert min(prices) * (1 - 1e-9) <= tally.average <= max(prices) * (1 + 1e-9)


@pytest.mark.parametrize("price, size", [(math.nan, 1.0), (1.0, math.nan), (math.inf, 1.0), (-5.0, 1.0), (5.0, 0.0)])
def test_what_is_no_print_is_not_counted(price: float, size: float) -> None:
    tally = Tally()
    tally.add(price, size)
    tally.add(10.0, 2.0)
    tally.add(price, size)
    assert (tally.open, tally.high, tally.low, tally.volume, tally.average) == (10.0, 10.0, 10.0, 2.0, 10.0)


def test_figures_of_a_feed_that_began_within_the_day_are_partial() -> None:
    made = engine()
    assert row(made).day.vwap is None
    for price, size in ((71_000.0, 10.0), (71_300.0, 30.0), (70_900.0, 20.0)):
        trade(made, price, size)
    day = row(made).day
    assert (day.open, day.high, day.low, day.volume) == (71_000.0, 71_300.0, 70_900.0, 60.0)
    assert day.vwap == pytest.approx((71_000 * 10 + 71_300 * 30 + 70_900 * 20) / 60)
    assert day.is_partial
    assert (day.upper, day.lower) == (Decimal(91_600), Decimal(49_350))


def test_a_session_seen_from_its_start_is_whole_until_the_line_breaks() -> None:
    made = engine()
    trade(made, 80_000.0, 1.0)
    for phase in (Phase.CLOSED, Phase.AUCTION, Phase.OPEN):
        made.step(PhaseChanged(ts=START, market="XKRX", phase=phase), START)
    trade(made, 71_000.0, 5.0)
    day = row(made).day
    assert (day.high, day.volume, day.is_partial) == (71_000.0, 5.0, False)
    made.step(FeedChanged(ts=START, broker="paper", is_connected=False), START)
    assert row(made).day.is_partial


def test_another_previous_close_is_another_day() -> None:
    made = engine()
    trade(made, 80_000.0, 1.0)
    again = msgspec.structs.replace(INSTRUMENTS[0], name_ko="삼성")
    made.step(InstrumentListed(ts=START, instrument=again), START)
    assert row(made).day.volume == 1.0
    tomorrow = msgspec.structs.replace(again, previous_close=Decimal(71_000), vi_upper=Decimal(78_100))
    made.step(InstrumentListed(ts=START, instrument=tomorrow), START)
    day = row(made).day
    assert (day.volume, day.open, day.is_partial) == (0.0, None, False)
    assert (day.vi_upper, day.vi_lower) == (Decimal(78_100), None)


# ---- our orders


def ahead(made: Engine) -> float | None:
    (mark,) = row(made).own
    return mark.ahead


def test_what_is_ahead_is_what_was_shown_less_what_traded() -> None:
    made = engine()
    book(made)
    rest(made, "70800")
    assert ahead(made) == 502.0
    trade(made, 70_800.0, 100.0)
    for elsewhere in (70_900.0, 70_700.0):
        trade(made, elsewhere, 100.0)
    assert ahead(made) == 402.0
    trade(made, 70_800.0, 1_000.0)
    assert ahead(made) == 0.0


def test_what_joins_later_is_behind_and_what_is_shown_bounds_it() -> None:
    made = engine()
    book(made)
    rest(made, "70800")
    book(made, tuple((price, size + 5_000) for price, size in BIDS))
    assert ahead(made) == 502.0
    book(made, tuple((price, 40.0) for price, _ in BIDS))
    assert ahead(made) == 40.0
    book(made)  # sizes that came again came behind us
    assert ahead(made) == 40.0
    book(made, BIDS[:1])  # the feed shows one level: it says nothing of ours
    assert ahead(made) == 40.0
    book(made, (BIDS[0], (70_700.0, 9.0)))  # a level between is empty
    assert ahead(made) == 0.0


def test_a_better_price_waits_for_nobody_and_one_beyond_the_book_is_unknown() -> None:
    made = engine()
    book(made, (BIDS[0], BIDS[3]))
    rest(made, "70900")
    assert ahead(made) == 0.0
    made = engine()
    book(made)
    rest(made, "60000")
    assert ahead(made) is None


def test_without_a_book_the_quote_tells_what_waits_at_the_touch() -> None:
    made = engine()
    rest(made, "71000")
    assert ahead(made) == 500.0
    made = engine()
    rest(made, "70900")
    assert ahead(made) is None


def test_a_moved_order_joins_anew_and_an_ended_one_is_forgotten() -> None:
    made = engine()
    book(made)
    id = rest(made, "70800")
    trade(made, 70_800.0, 300.0)
    made.step(OrderReplaced(ts=START, client_order_id=id, quantity=Decimal(10), limit_price=Decimal(70_700)), START)
    assert ahead(made) == 503.0
    made.step(OrderFilled(ts=START, fill=fill("buy", "4", "70700", order=id)), START)
    assert ahead(made) == 503.0
    made.step(OrderCanceled(ts=START, client_order_id=id, text=""), START)
    assert not row(made).own
    assert not made.queues.places


def test_the_last_fill_leaves_the_queue() -> None:
    made = engine()
    book(made)
    id = rest(made, "71000")
    made.step(OrderFilled(ts=START, fill=fill("buy", "10", "71000", order=id)), START)
    assert not made.queues.places


def test_stops_are_told_from_entries_and_say_where_they_live() -> None:
    made = engine()
    scenes.hold(made, "buy", "10", "71000")
    stop = {"type": OrderType.STOP, "stop_price": Decimal(69_500)}
    for side, price in (("sell", Decimal(69_500)), ("buy", Decimal(72_000))):
        wanted = request(side, price=None, **(stop | {"stop_price": price}))
        made.step(Submit(request=wanted), START)
        send(made, wanted.client_order_id)
    marks = {mark.price: mark for mark in row(made).own}
    assert marks[Decimal(69_500)].kind is MarkKind.STOP
    assert marks[Decimal(72_000)].kind is MarkKind.ENTRY_STOP
    assert {mark.lives for mark in marks.values()} == {"paper"}
    assert {mark.ahead for mark in marks.values()} == {None}
