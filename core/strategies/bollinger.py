"""Reversion to the mean by Bollinger bands: long when a bar closes below the lower band, flat when one closes at or
above the middle; the mirror image with `allow_short`. It acts on closed bars."""

from __future__ import annotations

from typing import Any

from core.domain.ids import InstrumentId
from core.domain.instrument import Instrument
from core.domain.market import Bar, Interval
from core.domain.signal import Signal, Step
from core.strategies.indicators import Bollinger, digits_of
from core.strategies.strategy import Context, Strategy, Word


class BollingerReversion(Strategy):
    """Buys below the lower Bollinger band, leaves at the middle."""

    class Params(Strategy.Params, frozen=True, kw_only=True, forbid_unknown_fields=True):
        period: int = 20
        """Bars of the middle and of the deviation."""
        width: float = 2.0
        """Distance of the bands from the middle, in standard deviations."""
        allow_short: bool = False
        """Go short above the upper band, where the instrument allows it."""

        def __post_init__(self) -> None:
            if not 2 <= self.period <= 10_000:
                raise ValueError("period must be between 2 and 10000")
            if not 0 < self.width <= 10:
                raise ValueError("width must be above 0 and at most 10")

    def __init__(self, name: str, params: Any, instruments: tuple[Instrument, ...], interval: Interval) -> None:
        super().__init__(name, params, instruments, interval)
        self.warmup = params.period
        self._bands = {i.id: Bollinger(params.period, params.width, digits_of(i)) for i in instruments}
        self._targets = dict.fromkeys(self._bands, 0.0)
        self._asked: dict[InstrumentId, tuple[float, float]] = {}
        """The newest close, and the target it was held against."""
        self._seen = dict.fromkeys(self._bands, 0)
        self._latest: InstrumentId | None = None

    def on_bar(self, bar: Bar, context: Context) -> Signal | None:
        bands = self._bands[bar.instrument]
        self._latest = bar.instrument
        middle = bands.update(bar.close)
        lower, upper = bands.lower, bands.upper
        self._asked[bar.instrument] = (bar.close, self._targets[bar.instrument])
        self._seen[bar.instrument] += 1
        if middle is None or lower is None or upper is None:
            return None
        if self.signal is Word.WARMUP:
            self.signal = Word.HOLD
        before = self._targets[bar.instrument]
        target = self._target(before, bar.close, lower, middle, upper)
        if target == before:
            return None
        self._targets[bar.instrument] = target
        self.signal = Word.of(target)
        return Signal(instrument=bar.instrument, target=target, reason=self.describe())

    def _target(self, before: float, close: float, lower: float, middle: float, upper: float) -> float:
        if close < lower:
            return 1.0
        if close > upper:
            return -1.0 if self.params.allow_short else 0.0
        if (before > 0 and close >= middle) or (before < 0 and close <= middle):
            return 0.0
        return before

    def trace(self, instrument: InstrumentId) -> tuple[Step, ...]:
        """Flat: the band that is nearer. Held: the middle, where it leaves."""
        bands, warm = self._bands[instrument], self._warm(self._seen[instrument])
        close, before = self._asked.get(instrument, (0.0, 0.0))
        middle, lower, upper = bands.middle, bands.lower, bands.upper
        if middle is None or lower is None or upper is None:
            return warm, Step(name="close beyond a band")
        if before:
            sign = ">=" if before > 0 else "<="
            rule, limit, passed = "close at the middle", middle, close >= middle if before > 0 else close <= middle
        elif close > middle and self.params.allow_short:
            sign, rule, limit, passed = ">", "close above the upper band", upper, close > upper
        else:
            sign, rule, limit, passed = "<", "close below the lower band", lower, close < lower
        return warm, Step(name=rule, value=close, relation=sign, limit=limit, passed=passed, unit="price")

    def describe(self) -> str:
        bands = None if self._latest is None else self._bands[self._latest]
        if bands is None or bands.middle is None:
            return f"bollinger{self.params.period} warming up"
        return f"bands {bands.lower:,.8g} .. {bands.middle:,.8g} .. {bands.upper:,.8g}"
