"""Indicators against plain, slow arithmetic written here, and against drift over a million bars."""

from __future__ import annotations

import random
import statistics
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise
from math import fsum, sqrt

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.domain.errors import InvalidValue
from core.domain.ids import instrument_id
from core.domain.instrument import Currency, Instrument, Kind, TickTable
from core.strategies.indicators import Bollinger, Ema, Macd, Rsi, Sma, Vwap, digits_of

PRICES = st.lists(st.floats(0.01, 1e6).map(lambda x: round(x, 4)), min_size=1, max_size=80)


def walk(count: int, seed: int = 7, start: int = 71_000, step: int = 100) -> list[float]:
    chance = random.Random(seed)
    price, prices = start, []
    for _ in range(count):
        price = max(step, price + chance.choice((-2, -1, 0, 0, 1, 2)) * step)
        prices.append(float(price))
    return prices


@given(prices=PRICES, period=st.integers(1, 30))
def test_sma_is_the_mean_of_its_window(prices: list[float], period: int) -> None:
    sma = Sma(period)
    for end, price in enumerate(prices, 1):
        value = sma.update(price)
        if end < period:
            assert value is None
        else:
            assert value == pytest.approx(fsum(prices[end - period : end]) / period, abs=1e-9)


@given(prices=PRICES, period=st.integers(2, 30), width=st.floats(0.5, 4))
def test_bollinger_is_mean_and_population_deviation(prices: list[float], period: int, width: float) -> None:
    bands = Bollinger(period, width)
    for end, price in enumerate(prices, 1):
        middle = bands.update(price)
        if end < period:
            assert middle is None and bands.upper is None and bands.lower is None
            continue
        window = prices[end - period : end]
        deviation = float(statistics.pstdev([Fraction(str(p)) for p in window]))
        assert middle == pytest.approx(fsum(window) / period, abs=1e-9)
        assert bands.deviation == pytest.approx(deviation, rel=1e-9, abs=1e-9)
        assert bands.upper == pytest.approx(fsum(window) / period + width * deviation, rel=1e-9, abs=1e-8)
        assert middle is not None and bands.lower is not None and bands.upper is not None
        assert bands.lower <= middle <= bands.upper


@given(prices=PRICES, period=st.integers(1, 30))
def test_ema_follows_its_recursion_from_the_first_mean(prices: list[float], period: int) -> None:
    ema = Ema(period)
    values = [ema.update(price) for price in prices]
    assert values[: period - 1] == [None] * min(period - 1, len(prices))
    expected = 0.0
    for at in range(period - 1, len(prices)):
        if at == period - 1:
            expected = fsum(prices[:period]) / period
        else:
            expected = expected * (1 - 2 / (period + 1)) + prices[at] * 2 / (period + 1)
        assert values[at] == pytest.approx(expected, rel=1e-9, abs=1e-12 * max(prices))


def plain_rsi(prices: list[float], period: int) -> list[float | None]:
    """Wilder's index written from its definition, with lists."""
    changes = [b - a for a, b in pairwise(prices)]
    found: list[float | None] = [None] * min(period, len(prices))
    if len(changes) < period:
        return found + [None] * (len(prices) - len(found))
    gain = fsum(max(c, 0) for c in changes[:period]) / period
    loss = fsum(max(-c, 0) for c in changes[:period]) / period
    for at in range(period - 1, len(changes)):
        if at >= period:
            gain = (gain * (period - 1) + max(changes[at], 0)) / period
            loss = (loss * (period - 1) + max(-changes[at], 0)) / period
        found.append(50.0 if gain + loss == 0 else 100 - 100 / (1 + gain / loss) if loss else 100.0)
    return found


@given(prices=PRICES, period=st.integers(1, 20))
def test_rsi_is_wilders(prices: list[float], period: int) -> None:
    rsi = Rsi(period)
    for price, expected in zip(prices, plain_rsi(prices, period), strict=True):
        value = rsi.update(price)
        assert value == (None if expected is None else pytest.approx(expected, rel=1e-9, abs=1e-9))
        assert value is None or 0 <= value <= 100


def test_rsi_of_a_still_market_is_neither_high_nor_low() -> None:
    rsi = Rsi(3)
    assert [rsi.update(100.0) for _ in range(5)] == [None, None, None, 50.0, 50.0]


def test_a_million_bars_leave_no_drift() -> None:
    """Decimal ticks that binary floats cannot hold: a running float sum ends a little off, whole numbers do not."""
    prices = [price / 1000 for price in walk(1_000_000, step=10)]
    sma, bands, naive = Sma(50), Bollinger(50), fsum(prices[:50])
    for at, price in enumerate(prices):
        sma.update(price)
        bands.update(price)
        if at >= 50:
            naive += price - prices[at - 50]
    window = [Decimal(str(price)) for price in prices[-50:]]
    mean = sum(window, Decimal(0)) / 50
    assert sma.value == float(mean)
    assert bands.middle == sma.value
    assert bands.deviation == pytest.approx(sqrt(sum((p - mean) ** 2 for p in window) / 50), rel=1e-12)
    assert naive / 50 != sma.value, "the trap this guards against has gone: the test proves nothing any more"


def test_equal_averages_are_equal_in_whole_quanta() -> None:
    fast, slow = Sma(2), Sma(4)
    for price in (0.1, 0.4, 0.2, 0.3):  # means 0.25 and 0.25, which float sums miss
        fast.update(price)
        slow.update(price)
    assert fast.total * slow.period == slow.total * fast.period


@settings(max_examples=20)
@given(digits=st.integers(0, 8))
def test_digits_cover_the_finest_band(digits: int) -> None:
    bands = ((Decimal(0), Decimal(10) ** -digits), (Decimal(100), Decimal(5)))
    instrument = Instrument(
        id=instrument_id("XTST", "A"), name="A", kind=Kind.STOCK, currency=Currency("KRW"), ticks=TickTable(bands)
    )
    half_tick = float(Decimal(10) ** -digits / 2)
    sma = Sma(1, digits_of(instrument))
    assert sma.update(half_tick) == half_tick


@pytest.mark.parametrize("period", [0, -1, 100_001])
def test_a_period_that_cannot_be_is_refused(period: int) -> None:
    for make in (Sma, Ema, Rsi, Bollinger):
        with pytest.raises(InvalidValue, match="period"):
            make(period)


@given(prices=PRICES, fast=st.integers(1, 8), more=st.integers(1, 8), signal=st.integers(1, 6))
def test_macd_is_the_difference_of_two_averages_and_its_average(
    prices: list[float], fast: int, more: int, signal: int
) -> None:
    macd, slow = Macd(fast, fast + more, signal), fast + more
    averages = Ema(fast), Ema(slow)
    lines: list[float] = []
    for end, price in enumerate(prices, 1):
        value = macd.update(price)
        first, second = (average.update(price) for average in averages)
        if end < slow:
            assert value is None
            continue
        assert first is not None and second is not None
        lines.append(first - second)
        assert value == lines[-1]
        if len(lines) == signal:
            assert macd.signal == pytest.approx(fsum(lines) / signal, abs=1e-6)
        assert (macd.histogram is None) == (len(lines) < signal)
        if macd.signal is not None:
            assert macd.histogram == lines[-1] - macd.signal


def test_macd_wants_the_fast_one_to_be_faster() -> None:
    with pytest.raises(InvalidValue, match="below"):
        Macd(26, 12)


@given(traded=st.lists(st.tuples(st.floats(1, 1e5), st.floats(0, 1e6)), min_size=1, max_size=50))
def test_vwap_is_value_by_volume(traded: list[tuple[float, float]]) -> None:
    vwap = Vwap()
    for end, (price, volume) in enumerate(traded, 1):
        value = vwap.update(price, volume)
        total = fsum(v for _, v in traded[:end])
        if total == 0:
            assert value is None
        else:
            assert value == pytest.approx(fsum(p * v for p, v in traded[:end]) / total)
