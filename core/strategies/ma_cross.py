"""Moving-average cross: long when the fast average of closes crosses above the slow one, flat or short when it crosses
below. It acts on closed bars and on the crossing itself, so a start in the middle of a trend waits for the next one."""

from __future__ import annotations

from typing import Any

from core.domain.ids import InstrumentId
from core.domain.instrument import Instrument
from core.domain.market import Bar, Interval
from core.domain.signal import Signal
from core.strategies.indicators import Sma, digits_of
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
            self.signal = Word.of(self._target(turn))
        elif self.signal is Word.WARMUP and cross.side is not None:
            self.signal = Word.HOLD
        if not turn:
            return None
        return Signal(instrument=bar.instrument, target=self._target(turn), reason=self.describe())

    def _target(self, turn: int) -> float:
        if turn > 0:
            return 1.0
        return -1.0 if self.params.allow_short else 0.0

    def describe(self) -> str:
        if self._latest is None:
            return f"0/{self.warmup} bars"
        cross = self._crosses[self._latest]
        fast, slow = cross.fast.value, cross.slow.value
        if fast is None or slow is None:
            return f"{cross.seen}/{self.warmup} bars"
        relation = "=" if not cross.difference else ">" if cross.difference > 0 else "<"
        return f"ma{cross.fast.period} {fast:,.10g} {relation} ma{cross.slow.period} {slow:,.10g}"


class _Cross:
    """Two averages of one instrument, compared exactly: in whole quanta, so that equal is equal."""

    __slots__ = ("difference", "fast", "seen", "side", "slow")

    def __init__(self, fast: int, slow: int, digits: int) -> None:
        self.fast = Sma(fast, digits)
        self.slow = Sma(slow, digits)
        self.seen = 0
        self.difference = 0
        """Sign is that of fast - slow."""
        self.side: int | None = None
        """1 above, -1 below, 0 never apart yet; None while there are no figures. A touch does not change it."""

    def update(self, close: float) -> int:
        """Take a close; 1 when fast has crossed above slow, -1 below, else 0. Coming apart at first is no cross."""
        self.seen += 1
        self.fast.update(close)
        if self.slow.update(close) is None:
            return 0
        self.difference = self.fast.total * self.slow.period - self.slow.total * self.fast.period
        side = (self.difference > 0) - (self.difference < 0)
        before = self.side
        if before is None or side != 0:
            self.side = side
        return side if before and side and side != before else 0
