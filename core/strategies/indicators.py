"""Moving averages, RSI, Bollinger bands, MACD and VWAP, one value at a time with O(1) state. Market data in floats,
never money.

Window sums are whole numbers of a fixed quantum, not floats: what enters a sum leaves it again exactly, so a million
bars drift by nothing, and two averages that are equal in ticks compare equal. `digits` is how many digits after the
point are kept of each value (10 by default: finer than any venue quotes); more than a float has are harmless.
"""

from __future__ import annotations

from collections import deque
from math import sqrt

from core.domain.errors import InvalidValue
from core.domain.instrument import Instrument

DIGITS = 10


def digits_of(instrument: Instrument) -> int:
    """Digits that hold every price of the instrument exactly, and four more for prices between its ticks."""
    finest = min(step for _, step in instrument.ticks.bands)
    return max(0, -int(finest.normalize().as_tuple().exponent)) + 4


def _check(period: int, least: int = 1) -> int:
    if not least <= period <= 100_000:
        raise InvalidValue(f"a period must be between {least} and 100000, not {period}")
    return period


class Sma:
    """Simple moving average of the newest `period` values."""

    __slots__ = ("_full", "_quanta", "_scale", "_unit", "period", "total", "value")

    def __init__(self, period: int, digits: int = DIGITS) -> None:
        self.period = _check(period)
        self._scale = 10.0**digits
        self._unit = period * int(10**digits)
        self._quanta: deque[int] = deque(maxlen=period)
        self._full = False
        self.total = 0
        """Sum of the window in quanta: compare `a.total * b.period` with `b.total * a.period`, and ties are ties."""
        self.value: float | None = None

    def update(self, value: float) -> float | None:
        """Take a value; None until the window is full."""
        quanta = round(value * self._scale)
        window = self._quanta
        if self._full:
            self.total = total = self.total + quanta - window[0]
            window.append(quanta)
        else:
            window.append(quanta)
            self.total = total = self.total + quanta
            self._full = len(window) == self.period
            if not self._full:
                return None
        self.value = found = total / self._unit
        return found


class Ema:
    """Exponential moving average, alpha = 2 / (period + 1), begun with the simple average of the first `period`."""

    __slots__ = ("_alpha", "_seed", "period", "value")

    def __init__(self, period: int, digits: int = DIGITS) -> None:
        self.period = _check(period)
        self._alpha = 2 / (period + 1)
        self._seed: Sma | None = Sma(period, digits)
        self.value: float | None = None

    def update(self, value: float) -> float | None:
        """Take a value; None until `period` of them were seen."""
        before = self.value
        if before is None:
            if self._seed is not None and (begun := self._seed.update(value)) is not None:
                self.value, self._seed = begun, None
            return self.value
        self.value = found = before + self._alpha * (value - before)
        return found


class Rsi:
    """Relative strength by Wilder: smoothed gains over smoothed gains and losses, 0 to 100, begun with the average of
    the first `period` changes. 50 where nothing has moved: a still market is neither oversold nor overbought."""

    __slots__ = ("_count", "_down", "_kept", "_last", "_new", "_up", "period", "value")

    def __init__(self, period: int = 14) -> None:
        self.period = _check(period)
        self._kept = (period - 1) / period
        self._new = 1 / period
        self._up = self._down = 0.0
        self._last: float | None = None
        self._count = 0
        self.value: float | None = None

    def update(self, value: float) -> float | None:
        """Take a value; None until `period` changes were seen."""
        last = self._last
        if last is None:
            self._last = value
            return None
        change = value - last
        self._last = value
        if self.value is None:
            self._count += 1
            if change > 0:
                self._up += change * self._new
            else:
                self._down -= change * self._new
            if self._count < self.period:
                return None
            up, down = self._up, self._down
        else:
            up, down = self._up * self._kept, self._down * self._kept
            if change > 0:
                up += change * self._new
            else:
                down -= change * self._new
            self._up, self._down = up, down
        moved = up + down
        self.value = found = 100 * (up / moved) if moved > 0 else 50.0
        return found


class Bollinger:
    """Middle (simple average) and bands `width` population standard deviations around it. The variance comes from whole
    numbers, so it does not cancel out at high prices and never falls below zero."""

    __slots__ = ("_full", "_quanta", "_scale", "_squares", "_total", "_unit", "deviation", "middle", "period", "width")

    def __init__(self, period: int = 20, width: float = 2.0, digits: int = DIGITS) -> None:
        self.period = _check(period, 2)
        self.width = width
        self._scale = 10.0**digits
        self._unit = period * int(10**digits)
        self._quanta: deque[int] = deque(maxlen=period)
        self._full = False
        self._total = self._squares = 0
        self.middle: float | None = None
        self.deviation = 0.0

    def update(self, value: float) -> float | None:
        """Take a value; returns the middle, None until the window is full."""
        quanta = round(value * self._scale)
        window = self._quanta
        if self._full:
            old = window[0]
            window.append(quanta)
            self._total = total = self._total + quanta - old
            self._squares = squares = self._squares + (quanta - old) * (quanta + old)
        else:
            window.append(quanta)
            self._total = total = self._total + quanta
            self._squares = squares = self._squares + quanta * quanta
            self._full = len(window) == self.period
            if not self._full:
                return None
        self.deviation = sqrt(self.period * squares - total * total) / self._unit
        self.middle = found = total / self._unit
        return found

    @property
    def upper(self) -> float | None:
        return None if self.middle is None else self.middle + self.width * self.deviation

    @property
    def lower(self) -> float | None:
        return None if self.middle is None else self.middle - self.width * self.deviation


class Macd:
    """Difference of a fast and a slow exponential average (`value`), its own average (`signal`), and `histogram`, the
    difference of the two."""

    __slots__ = ("_average", "_fast", "_slow", "histogram", "signal", "value")

    def __init__(self, fast: int = 12, slow: int = 26, signal: int = 9, digits: int = DIGITS) -> None:
        if not fast < slow:
            raise InvalidValue(f"the fast period must be below the slow one, and {fast} is not below {slow}")
        self._fast, self._slow = Ema(fast, digits), Ema(slow, digits)
        self._average = Ema(signal, digits)
        self.value: float | None = None
        self.signal: float | None = None
        self.histogram: float | None = None

    def update(self, value: float) -> float | None:
        """Take a value; None until the slow average has figures."""
        fast, slow = self._fast.update(value), self._slow.update(value)
        if fast is None or slow is None:
            return None
        self.value = found = fast - slow
        self.signal = self._average.update(found)
        self.histogram = None if self.signal is None else found - self.signal
        return found


class Vwap:
    """Average price of what was traded, weighted by size. A new session begins with a new one."""

    __slots__ = ("_value", "_volume")

    def __init__(self) -> None:
        self._value = self._volume = 0.0

    def update(self, price: float, volume: float) -> float | None:
        """Take a bar's typical price and volume; None until something was traded."""
        self._value += price * volume
        self._volume += volume
        return self.value

    @property
    def value(self) -> float | None:
        return self._value / self._volume if self._volume > 0 else None
