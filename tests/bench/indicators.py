"""Target 14: SMA, RSI and Bollinger together cost at most 1.0 us per tick. The reference is the same three figures in
one plain loop over floats without objects or exactness, so the ratio says what calls, state and whole numbers cost."""

from __future__ import annotations

import random
from collections import deque
from collections.abc import Sequence
from decimal import Decimal
from math import sqrt

from core.domain.ids import InstrumentId, instrument_id
from core.domain.instrument import Currency, Instrument, Kind, fixed_tick
from core.domain.market import NS, Aggressor, Bar, Interval, Trade
from core.strategies.catalog import build
from core.strategies.indicators import Bollinger, Rsi, Sma, digits_of
from core.strategies.strategy import Context
from core.trading.bars import BarBuilder
from tests.bench.rows import Row, compared, interleaved

TICKS = 100_000
LIMIT_US = 1.0
MAX_RATIO = 3.0
"""Exact whole numbers, three method calls and the None of a window not yet full, over bare float arithmetic."""
APPLE = Instrument(
    id=instrument_id("XNAS", "AAPL"), name="Apple", kind=Kind.STOCK, currency=Currency("USD"), ticks=fixed_tick("0.01")
)


def prices(count: int, seed: int = 5) -> list[float]:
    """A walk in whole cents around 200 dollars."""
    chance = random.Random(seed)
    cents, found = 20_000, []
    for _ in range(count):
        cents = max(100, cents + chance.choice((-2, -1, 0, 0, 1, 2)))
        found.append(cents / 100)
    return found


def ours(values: Sequence[float]) -> float | None:
    digits = digits_of(APPLE)
    sma, rsi, bands = Sma(20, digits).update, Rsi(14).update, Bollinger(20, 2.0, digits).update
    last = None
    for value in values:
        last = sma(value)
        rsi(value)
        bands(value)
    return last


def plain(values: Sequence[float]) -> float:
    """The floor: local variables, float sums that drift, no warm-up, no calls."""
    total = squares = up = down = mean = deviation = index = 0.0
    window: deque[float] = deque([0.0] * 20, maxlen=20)
    before = values[0]
    for value in values:
        old = window[0]
        window.append(value)
        total += value - old
        squares += value * value - old * old
        mean = total / 20
        deviation = sqrt(max(squares / 20 - mean * mean, 0.0))
        change = value - before
        before = value
        up *= 13 / 14
        down *= 13 / 14
        if change > 0:
            up += change / 14
        else:
            down -= change / 14
        index = 100 * up / (up + down) if up + down else 50.0
    return mean + deviation + index


def cross(values: Sequence[float]) -> int:
    """The shipped cross strategy, bars made beforehand."""
    strategy = build("ma_cross", "bench", {"fast": 10, "slow": 20}, (APPLE,), Interval.M1)
    context = Context(lambda _: Decimal(0), lambda _: None, {})
    on_bar, signals = strategy.on_bar, 0
    for bar in _bars(values):
        signals += on_bar(bar, context) is not None
    return signals


def build_bars(trades: Sequence[Trade]) -> int:
    builder = BarBuilder(APPLE.id, Interval.S10)
    add, closed = builder.add, 0
    for trade in trades:
        closed += add(trade) is not None
    return closed


_made: dict[int, list[Bar]] = {}


def _bars(values: Sequence[float]) -> list[Bar]:
    if len(values) not in _made:
        _made[len(values)] = [
            Bar(APPLE.id, Interval.M1, at * 60 * NS, value, value, value, value, 1.0) for at, value in enumerate(values)
        ]
    return _made[len(values)]


def _trades(values: Sequence[float], instrument: InstrumentId) -> list[Trade]:
    start = 1_700_000_000 * NS
    times = (start + at * NS // 10 for at in range(len(values)))
    return [Trade(instrument, value, 1.0, Aggressor.NONE, ts, ts) for value, ts in zip(values, times, strict=True)]


def rows() -> list[Row]:
    values = prices(TICKS)
    trades = _trades(values, APPLE.id)
    seconds = interleaved(
        {
            "ours": lambda: ours(values),
            "plain": lambda: plain(values),
            "cross": lambda: cross(values),
            "bars": lambda: build_bars(trades),
        }
    )
    each = {name: taken / TICKS * 1e6 for name, taken in seconds.items()}
    reference = "plain float loop"
    return [
        Row(
            name="SMA20 + RSI14 + Bollinger20",
            value=each["ours"],
            unit="us/tick",
            reference=reference,
            ratio=each["ours"] / each["plain"],
            target=f"<= {LIMIT_US:g} us",
            met=each["ours"] <= LIMIT_US,
        ),
        compared("exact over plain", each["ours"], "us/tick", reference, each["plain"], at_most=MAX_RATIO),
        compared("ma_cross on_bar", each["cross"], "us/bar", reference, each["plain"]),
        compared("trade into bar", each["bars"], "us/trade", reference, each["plain"]),
    ]
