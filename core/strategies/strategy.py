"""A strategy: inherit from `Strategy`, override some handlers, return signals. It cannot send orders, sleep, read the
clock or open a socket, so it cannot tell a backtest from paper or live. Sizes, limits and orders live elsewhere."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from enum import StrEnum
from typing import Any

import msgspec

from core.domain.ids import InstrumentId
from core.domain.instrument import Currency, Instrument
from core.domain.market import Bar, Interval, Quote, Trade
from core.domain.order import Fill
from core.domain.signal import Signal, Step
from core.trading.history import History

Answer = Signal | Sequence[Signal] | None
"""What a handler may return: one signal, several, or none."""
HANDLERS = ("on_start", "on_bar", "on_quote", "on_trade", "on_fill")
_EMPTY = History(1)


class Word(StrEnum):
    """What a strategy would hold, in one word for the screen."""

    LONG = "LONG"
    FLAT = "FLAT"
    SHORT = "SHORT"
    HOLD = "HOLD"
    """Its figures are ready, and it has not wanted anything yet."""
    WARMUP = "WARMUP"
    """It has seen too few bars to have figures."""

    @classmethod
    def of(cls, target: float) -> Word:
        if target > 0:
            return cls.LONG
        return cls.SHORT if target < 0 else cls.FLAT


class Context:
    """What a strategy may read. One per strategy, kept by whoever runs it, who sets `now` before every call."""

    __slots__ = ("_cash", "_closes", "_position", "now")

    def __init__(
        self,
        position: Callable[[InstrumentId], Decimal],
        cash: Callable[[Currency], Decimal | None],
        closes: Mapping[InstrumentId, History],
        now: int = 0,
    ) -> None:
        self.now = now
        """Nanoseconds UTC of the event at hand."""
        self._position = position
        self._cash = cash
        self._closes = closes

    def position(self, instrument: InstrumentId) -> Decimal:
        """Signed quantity this strategy holds."""
        return self._position(instrument)

    def cash(self, currency: Currency) -> Decimal | None:
        """Cash available in its account; None when unknown."""
        return self._cash(currency)

    def closes(self, instrument: InstrumentId) -> History:
        """Closes of the closed bars, the one at hand included; empty before the first."""
        return self._closes.get(instrument, _EMPTY)


class Strategy:
    """Base of every strategy. A handler that is not overridden is never called (`handles`).

    Before it starts, the newest `warmup` closed bars (or more) of every instrument go through `on_bar` and what it
    returns is dropped: so after a restart the figures are as if it had never stopped, and nothing old is traded.
    A strategy that raises is stopped and shown; the others go on. The first line of its docstring is what
    `hoga strategies --kinds` says of it.
    """

    class Params(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
        """What a user may set. Check values in `__post_init__` and raise ValueError with what is allowed."""

    warmup: int = 0
    """Closed bars it needs before it has figures."""
    signal: Word = Word.WARMUP

    def __init__(self, name: str, params: Any, instruments: tuple[Instrument, ...], interval: Interval) -> None:
        self.name = name
        self.params = params
        self.instruments = instruments
        self.interval = interval

    def on_start(self, context: Context) -> Answer:
        """Once, after the warm-up."""

    def on_bar(self, bar: Bar, context: Context) -> Answer:
        """A bar of `interval` has closed."""

    def on_quote(self, quote: Quote, context: Context) -> Answer:
        """Best bid or ask changed."""

    def on_trade(self, trade: Trade, context: Context) -> Answer:
        """Somebody traded."""

    def on_fill(self, fill: Fill, context: Context) -> Answer:
        """An order of this strategy was filled, wholly or in part."""

    def describe(self) -> str:
        """The figures behind `signal`, short: `ma10 71,240 > ma30 71,105`."""
        return ""

    def trace(self, instrument: InstrumentId) -> tuple[Step, ...]:
        """The rules of the last evaluation, in the order in which they are asked, with the figures they were asked of.
        Made when somebody looks, from what is kept anyway. A strategy that says nothing more shows its figures."""
        ready = self.signal is not Word.WARMUP
        return (Step(name="figures", text=self.describe(), passed=ready),)

    def _warm(self, seen: int) -> Step:
        return Step(
            name="warm-up", value=float(seen), relation=">=", limit=self.warmup, passed=seen >= self.warmup, unit="bars"
        )

    @classmethod
    def handles(cls) -> frozenset[str]:
        """Names of the handlers this class overrides."""
        return frozenset(name for name in HANDLERS if getattr(cls, name) is not getattr(Strategy, name))
