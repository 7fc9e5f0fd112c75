"""Reversion by RSI: long when the index comes back up through `buy_below`, flat (or short) when it comes back down
through `sell_above`. It acts on closed bars and on the way back, so it does not buy into a fall that goes on."""

from __future__ import annotations

from typing import Any

from core.domain.ids import InstrumentId
from core.domain.instrument import Instrument
from core.domain.market import Bar, Interval
from core.domain.signal import Signal
from core.strategies.indicators import Rsi
from core.strategies.strategy import Context, Strategy, Word


class RsiReversion(Strategy):
    """Buys when the RSI comes back up from oversold, leaves when it comes back down from overbought."""

    class Params(Strategy.Params, frozen=True, kw_only=True, forbid_unknown_fields=True):
        period: int = 14
        """Bars of the index."""
        buy_below: float = 30.0
        """Oversold: a rise through this level is a signal to buy."""
        sell_above: float = 70.0
        """Overbought: a fall through this level is a signal to sell."""
        allow_short: bool = False
        """Go short when overbought, where the instrument allows it; else flat."""

        def __post_init__(self) -> None:
            if not 2 <= self.period <= 10_000:
                raise ValueError("period must be between 2 and 10000")
            if not 0 < self.buy_below < self.sell_above < 100:
                raise ValueError("buy_below must be above 0 and below sell_above, and sell_above below 100")

    def __init__(self, name: str, params: Any, instruments: tuple[Instrument, ...], interval: Interval) -> None:
        super().__init__(name, params, instruments, interval)
        # Wilder's smoothing never forgets wholly: after five periods less than 0.7 % of the start is left.
        self.warmup = 5 * params.period + 1
        self._indices = {i.id: Rsi(params.period) for i in instruments}
        self._latest: InstrumentId | None = None

    def on_bar(self, bar: Bar, context: Context) -> Signal | None:
        index = self._indices[bar.instrument]
        self._latest = bar.instrument
        before, now = index.value, index.update(bar.close)
        if now is None or before is None:
            return None
        if self.signal is Word.WARMUP:
            self.signal = Word.HOLD
        if before < self.params.buy_below <= now:
            target = 1.0
        elif before > self.params.sell_above >= now:
            target = -1.0 if self.params.allow_short else 0.0
        else:
            return None
        self.signal = Word.of(target)
        return Signal(instrument=bar.instrument, target=target, reason=self.describe())

    def describe(self) -> str:
        value = None if self._latest is None else self._indices[self._latest].value
        if value is None:
            return f"rsi{self.params.period} warming up"
        return f"rsi{self.params.period} {value:.1f} ({self.params.buy_below:g}/{self.params.sell_above:g})"
