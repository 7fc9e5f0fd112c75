"""Indicators on a chart: the same arithmetic that strategies use, fed once with every closed bar and, for the bar that
forms, tried on a copy. It draws nothing."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from typing import NamedTuple, Protocol

from core.domain.market import Bar, Interval
from core.strategies.indicators import Bollinger, Macd, Rsi, Sma, Vwap
from tui.chart.series import Series

Point = tuple[float | None, ...]
"""One figure a line of the study."""
DAY_NS = Interval.D1.ns


class Arithmetic(Protocol):
    def take(self, bar: Bar) -> Point: ...


class _Sma:
    def __init__(self, *periods: int) -> None:
        self._lines = [Sma(period) for period in periods]

    def take(self, bar: Bar) -> Point:
        return tuple(line.update(bar.close) for line in self._lines)


class _Bollinger:
    def __init__(self) -> None:
        self._bands = Bollinger(20, 2.0)

    def take(self, bar: Bar) -> Point:
        middle = self._bands.update(bar.close)
        return self._bands.upper, middle, self._bands.lower


class _Vwap:
    """Of the day at hand: a new one begins at midnight UTC, which is 09:00 in Seoul."""

    def __init__(self) -> None:
        self._vwap, self._day = Vwap(), -1

    def take(self, bar: Bar) -> Point:
        if bar.interval is Interval.D1:
            return (None,)  # of one bar it says nothing
        if bar.ts // DAY_NS != self._day:
            self._vwap, self._day = Vwap(), bar.ts // DAY_NS
        return (self._vwap.update((bar.high + bar.low + bar.close) / 3, bar.volume),)


class _Rsi:
    def __init__(self) -> None:
        self._index = Rsi(14)

    def take(self, bar: Bar) -> Point:
        return (self._index.update(bar.close),)


class _Macd:
    def __init__(self) -> None:
        self._macd = Macd()

    def take(self, bar: Bar) -> Point:
        return self._macd.update(bar.close), self._macd.signal


class Kind(NamedTuple):
    """`lines` names the figures; `panel`: it has its own scale, under the chart."""

    lines: tuple[str, ...]
    make: Callable[[], Arithmetic]
    panel: bool = False
    guides: tuple[float, ...] = ()


KINDS: dict[str, Kind] = {
    "sma": Kind(("SMA20", "SMA60"), lambda: _Sma(20, 60)),
    "bb": Kind(("BB+", "BB", "BB-"), _Bollinger),
    "vwap": Kind(("VWAP",), _Vwap),
    "rsi": Kind(("RSI14",), _Rsi, panel=True, guides=(30.0, 70.0)),
    "macd": Kind(("MACD", "signal"), _Macd, panel=True, guides=(0.0,)),
}
CHOICES: tuple[tuple[str, ...], ...] = (
    ("sma", "vwap", "rsi"),
    ("bb", "rsi"),
    ("sma", "macd"),
    ("vwap",),
    (),
)
"""What the key for indicators goes through."""


class Study:
    """The figures of one kind, one point a bar of the series."""

    def __init__(self, name: str) -> None:
        self.name, self.kind = name, KINDS[name]
        self._arithmetic = self.kind.make()
        self._points: list[Point] = []
        """Of closed bars."""
        self._fed: tuple[int, int] = (0, 0)
        """When the first and the newest bar began that went in."""

    def points(self, series: Series) -> list[Point]:
        """As many as there are bars. Only what is new is reckoned, unless older bars came."""
        bars = series.bars
        count = len(self._points)
        is_longer = count <= len(bars) and (
            not count or ((bars[0].ts, bars[count - 1].ts) == self._fed and bars[count - 1].is_closed)
        )
        if not is_longer:
            self._arithmetic, self._points, count = self.kind.make(), [], 0
        for bar in bars[count:]:
            if not bar.is_closed and bar is bars[-1]:
                return [*self._points, deepcopy(self._arithmetic).take(bar)]
            self._points.append(self._arithmetic.take(bar))
            self._fed = (bars[0].ts, bar.ts)
        return list(self._points)
