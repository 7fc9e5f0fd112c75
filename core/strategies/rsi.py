"""Reversion by RSI: long when the index comes back up through `buy_below`, flat (or short) when it comes back down
through `sell_above`. It acts on closed bars and on the way back, so it does not buy into a fall that goes on."""

from __future__ import annotations

from typing import Any

from core.domain.ids import InstrumentId
from core.domain.instrument import Instrument
from core.domain.market import Bar, Interval
from core.domain.signal import Signal, Step
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
        self._before: dict[InstrumentId, float | None] = {}
        """The index before the newest close."""
        self._seen = dict.fromkeys(self._indices, 0)
        self._latest: InstrumentId | None = None

    def on_bar(self, bar: Bar, context: Context) -> Signal | None:
        index = self._indices[bar.instrument]
        self._latest = bar.instrument
        before, now = index.value, index.update(bar.close)
        self._before[bar.instrument] = before
        self._seen[bar.instrument] += 1
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

    def trace(self, instrument: InstrumentId) -> tuple[Step, ...]:
        """The rule that is nearer: buying back from below the middle, selling from above it."""
        before, now, params = self._before.get(instrument), self._indices[instrument].value, self.params
        seen = self._seen[instrument]
        ready = Step(
            name="warm-up",
            value=float(seen),
            relation=">=",
            limit=float(params.period + 2),
            passed=before is not None,
            unit="bars",
        )
        name = f"rsi{params.period}"
        if before is None or now is None:
            return ready, Step(name=f"{name} beyond its level"), Step(name=f"{name} came back")
        is_buy = before < 50
        level = params.buy_below if is_buy else params.sell_above
        was = before < level if is_buy else before > level
        back = now >= level if is_buy else now <= level
        words = ("oversold", "came back up") if is_buy else ("overbought", "came back down")
        signs = ("<", ">=") if is_buy else (">", "<=")
        return (
            ready,
            Step(name=f"{name} {words[0]} before", value=before, relation=signs[0], limit=level, passed=was),
            Step(name=f"{name} {words[1]}", value=now, relation=signs[1], limit=level, passed=back if was else None),
        )

    def describe(self) -> str:
        value = None if self._latest is None else self._indices[self._latest].value
        if value is None:
            return f"rsi{self.params.period} warming up"
        return f"rsi{self.params.period} {value:.1f} ({self.params.buy_below:g}/{self.params.sell_above:g})"
