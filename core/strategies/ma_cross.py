"""Moving-average cross: long when the fast average of closes crosses above the slow one, flat or short when it crosses
below. It acts on closed bars and on the crossing itself, so a start in the middle of a trend waits for the next one."""

from __future__ import annotations

from typing import Any

from core.domain.ids import InstrumentId
from core.domain.instrument import Instrument
from core.domain.market import Bar, Interval
from core.domain.signal import Signal, Step
from core.strategies.indicators import digits_of
from core.strategies.strategy import Context, Strategy, Word


class MaCross(Strategy):
    """Long above, flat or short below: acts when two moving averages of the close cross."""

    class Params(Strategy.Params, frozen=True, kw_only=True, forbid_unknown_fields=True):
        fast: int = 10
        """Bars of the fast average."""
        slow: int = 30
        """Bars of the slow average."""
        allow_short: bool = False
        """Go short on a cross down, where the instrument allows it; else flat."""

        def __post_init__(self) -> None:
            if not 1 <= self.fast < self.slow <= 10_000:
                raise ValueError("fast must be at least 1 and below slow, and slow at most 10000")

    def __init__(self, name: str, params: Any, instruments: tuple[Instrument, ...], interval: Interval) -> None:
        super().__init__(name, params, instruments, interval)
        self.warmup = params.slow + 1
        self._crosses = {i.id: _Cross(params.fast, params.slow, digits_of(i)) for i in instruments}
        self._latest: InstrumentId | None = None

    def on_bar(self, bar: Bar, context: Context) -> Signal | None:
        cross = self._crosses[bar.instrument]
        self._latest = bar.instrument
        turn = cross.update(bar.close)
        if turn:
            target = 1.0 if turn > 0 else -1.0 if self.params.allow_short else 0.0
            self.signal = Word.of(target)
            return Signal(instrument=bar.instrument, target=target, reason=self.describe())
        if self.signal is Word.WARMUP and cross.side is not None:
            self.signal = Word.HOLD
        return None

    def trace(self, instrument: InstrumentId) -> tuple[Step, ...]:
        cross = self._crosses[instrument]
        warm = self._warm(cross.seen)
        averages = cross.averages
        if averages is None or not warm.passed:
            return warm, Step(name="averages"), Step(name="cross on this bar")
        # What the last bar was asked: did the averages come to the other side of where they were?
        is_up = cross.before < 0 or (not cross.before and cross.difference > 0)
        passed = cross.difference > 0 if is_up else cross.difference < 0
        name = f"ma{self.params.fast} {'above' if is_up else 'below'} ma{self.params.slow}"
        fast, slow = averages
        return (
            warm,
            Step(name=name, value=fast, relation=">" if is_up else "<", limit=slow, passed=passed, unit="price"),
            Step(name="cross on this bar", passed=bool(cross.before) if passed else None),
        )

    def describe(self) -> str:
        if self._latest is None:
            return f"0/{self.warmup} bars"
        cross = self._crosses[self._latest]
        averages = cross.averages
        if averages is None:
            return f"{cross.seen}/{self.warmup} bars"
        relation = "=" if not cross.difference else ">" if cross.difference > 0 else "<"
        return f"ma{self.params.fast} {averages[0]:,.10g} {relation} ma{self.params.slow} {averages[1]:,.10g}"


class _Cross:
    """Two averages of one instrument, compared exactly: their sums are whole quanta, so equal is equal. One ring serves
    both, for the fast window is the newest part of the slow one."""

    __slots__ = (
        "_at",
        "_fast",
        "_fast_total",
        "_ring",
        "_scale",
        "_slow",
        "_slow_total",
        "before",
        "difference",
        "seen",
        "side",
    )

    def __init__(self, fast: int, slow: int, digits: int) -> None:
        self._fast, self._slow = fast, slow
        self._scale = 10.0**digits
        self._ring = [0] * slow
        self._at = 0
        """Place of the oldest close, which the next one replaces."""
        self._fast_total = self._slow_total = 0
        self.seen = 0
        self.difference = 0
        """Sign is that of fast - slow."""
        self.before = 0
        """The side before the newest close; 0 while there was none."""
        self.side: int | None = None
        """1 above, -1 below, 0 never apart yet; None while there are no figures. A touch does not change it."""

    def update(self, close: float) -> int:
        """Take a close; 1 when fast has crossed above slow, -1 below, else 0. Coming apart at first is no cross."""
        quanta = round(close * self._scale)
        ring, at, slow, fast = self._ring, self._at, self._slow, self._fast
        self._fast_total = fast_total = self._fast_total + quanta - ring[at - fast]
        self._slow_total = slow_total = self._slow_total + quanta - ring[at]
        ring[at] = quanta
        at += 1
        self._at = 0 if at == slow else at
        self.seen += 1
        if self.seen < slow:
            return 0
        self.difference = difference = fast_total * slow - slow_total * fast
        before = self.side
        self.before = before or 0
        side = 1 if difference > 0 else -1 if difference < 0 else 0
        if side == before or (side == 0 and before is not None):
            return 0
        self.side = side
        return side if before else 0

    @property
    def averages(self) -> tuple[float, float] | None:
        """(fast, slow), for people."""
        if self.side is None:
            return None
        return self._fast_total / (self._fast * self._scale), self._slow_total / (self._slow * self._scale)
