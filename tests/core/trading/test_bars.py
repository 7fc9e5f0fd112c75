"""Bars from trades: each print counted once, in its own bar, whatever the order of arrival at the edges."""

from __future__ import annotations

from math import fsum

from hypothesis import given
from hypothesis import strategies as st

from core.domain.ids import InstrumentId
from core.domain.market import NS, Aggressor, Bar, Interval, Quote, Trade
from core.trading.bars import GRACE_NS, BarBuilder

A = InstrumentId("XKRX:005930")
T0 = 1_700_000_040 * NS  # a whole minute


def trade(seconds: float, price: float, size: float = 1.0, *, received: float | None = None) -> Trade:
    ts = T0 + round(seconds * NS)
    got = ts if received is None else T0 + round(received * NS)
    return Trade(instrument=A, price=price, size=size, aggressor=Aggressor.NONE, ts=ts, received=got)


def quote(seconds: float, bid: float, ask: float) -> Quote:
    ts = T0 + round(seconds * NS)
    return Quote(instrument=A, bid=bid, bid_size=1.0, ask=ask, ask_size=1.0, ts=ts, received=ts)


def minute(**named: bool) -> BarBuilder:
    return BarBuilder(A, Interval.M1, **named)


def test_the_first_trade_of_the_next_bar_closes_the_one_before() -> None:
    builder = minute()
    for at, price in ((1, 10.0), (20, 12.0), (40, 9.0), (59.999, 11.0)):
        assert builder.add(trade(at, price, 2.0)) is None
    closed = builder.add(trade(60, 13.0))
    assert closed == Bar(
        instrument=A, interval=Interval.M1, ts=T0, open=10, high=12, low=9, close=11, volume=8, is_closed=True
    )
    forming = builder.forming
    assert forming is not None
    assert (forming.ts, forming.open, forming.volume, forming.is_closed) == (T0 + 60 * NS, 13, 1, False)


def test_time_closes_a_bar_after_its_grace_and_only_once() -> None:
    builder = minute()
    builder.add(trade(1, 10.0))
    end = T0 + 60 * NS
    assert builder.tick(end + GRACE_NS - 1) is None
    assert builder.add(trade(59.9, 12.0, received=60.1)) is None, "a print on its way still counts"
    closed = builder.tick(end + GRACE_NS)
    assert closed is not None and closed.close == 12.0
    assert builder.tick(end + 10 * NS) is None
    assert builder.forming is None


def test_no_trades_make_no_bars() -> None:
    builder = minute()
    assert builder.tick(T0 + 600 * NS) is None
    builder.add(trade(1, 10.0))
    closed = builder.add(trade(300, 11.0))
    assert closed is not None and closed.ts == T0
    assert builder.forming is not None and builder.forming.ts == T0 + 300 * NS


def test_late_trades_are_counted_and_change_no_closed_bar() -> None:
    builder = minute()
    builder.add(trade(1, 10.0))
    builder.add(trade(61, 11.0))
    assert builder.add(trade(59, 99.0)) is None
    assert builder.late == 1
    assert builder.forming is not None and builder.forming.high == 11.0
    builder.tick(T0 + 121 * NS)
    assert builder.add(trade(119, 99.0)) is None
    assert builder.late == 2
    assert builder.forming is None


def test_a_trade_of_the_forming_bar_that_comes_out_of_order_counts() -> None:
    builder = minute()
    builder.add(trade(30, 10.0))
    builder.add(trade(20, 12.0))
    assert builder.late == 0
    assert builder.forming is not None and builder.forming.volume == 2.0


def test_a_stamp_from_the_future_does_not_make_everything_late() -> None:
    builder = minute()
    builder.add(trade(1, 10.0))
    assert builder.add(trade(90_000, 11.0, received=2)) is None
    assert builder.add(trade(3, 12.0)) is None
    assert builder.late == 0
    assert builder.forming is not None and builder.forming.volume == 3.0


def test_a_missing_stamp_is_booked_when_it_came() -> None:
    builder = minute()
    unstamped = Trade(instrument=A, price=5.0, size=1.0, aggressor=Aggressor.NONE, ts=0, received=T0 + NS)
    builder.add(unstamped)
    assert builder.forming is not None and builder.forming.ts == T0


def test_quotes_tell_the_time_but_make_no_bars_unless_asked() -> None:
    builder = minute()
    assert builder.add_quote(quote(1, 99.0, 101.0)) is None
    assert builder.forming is None
    builder.add(trade(2, 10.0))
    assert builder.add_quote(quote(60.1, 99.0, 101.0)) is None, "within the grace"
    closed = builder.add_quote(quote(61, 99.0, 101.0))
    assert closed is not None and closed.close == 10.0


def test_bars_from_quotes_are_of_mid_prices() -> None:
    builder = minute(from_quotes=True)
    for at, bid, ask in ((1, 99.0, 101.0), (2, 101.0, 103.0), (3, 98.0, 100.0), (4, 0.0, 200.0)):
        assert builder.add_quote(quote(at, bid, ask)) is None
    assert builder.add(trade(5, 500.0)) is None
    closed = builder.add_quote(quote(61, 99.0, 101.0))
    assert closed is not None
    assert (closed.open, closed.high, closed.low, closed.close, closed.volume) == (100, 102, 99, 99, 0)


@given(
    prints=st.lists(st.tuples(st.integers(0, 3600), st.integers(1, 500), st.integers(1, 9)), min_size=1, max_size=60),
    interval=st.sampled_from([Interval.S1, Interval.S10, Interval.M1, Interval.M5]),
)
def test_every_print_in_order_is_in_exactly_one_bar(prints: list[tuple[int, int, int]], interval: Interval) -> None:
    builder = BarBuilder(A, interval)
    prints.sort(key=lambda p: p[0])
    closed = [builder.add(trade(at, price, size)) for at, price, size in prints]
    last = builder.tick(T0 + 10_000 * NS)
    made = [bar for bar in (*closed, last) if bar is not None]
    assert builder.late == 0
    assert fsum(bar.volume for bar in made) == sum(size for _, _, size in prints)
    assert [bar.ts for bar in made] == sorted({bar.ts for bar in made})
    for bar in made:
        inside = [price for at, price, _ in prints if bar.ts <= T0 + at * NS < bar.ts + interval.ns]
        assert (bar.open, bar.high, bar.low, bar.close) == (inside[0], max(inside), min(inside), inside[-1])
        assert bar.ts % interval.ns == 0
