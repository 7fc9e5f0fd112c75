"""The bars of one chart: past and present merged by time, and cut into columns. It asks nobody for anything."""

from __future__ import annotations

from collections.abc import Iterable
from math import isfinite
from typing import NamedTuple

from core.domain.ids import InstrumentId
from core.domain.market import Bar, Interval

KEPT = 20_000
"""Bars of a chart; the oldest go first."""


class Candle(NamedTuple):
    """One column: a bar, or several neighbours put together."""

    ts: int
    open: float
    high: float
    low: float
    close: float
    volume: float


class Series:
    """`merge` takes bars from anywhere, in any order; a bar told again replaces what was known of it."""

    def __init__(self, instrument: InstrumentId, interval: Interval) -> None:
        self.instrument, self.interval = instrument, interval
        self.bars: list[Bar] = []
        self.version = 0
        """Moves when anything but the newest bar changed."""
        self._cut: tuple[int, int, list[Candle]] = (-1, 0, [])

    def merge(self, bars: Iterable[Bar]) -> bool:
        """Did anything change?"""
        known, before = self.bars, self.version
        late: list[Bar] = []
        is_touched = False
        for bar in bars:
            if not is_sound(bar) or bar.interval is not self.interval or bar.instrument != self.instrument:
                continue
            last = known[-1] if known else None
            if last is None or bar.ts > last.ts:
                known.append(bar)
                self.version += 1
            elif bar.ts < last.ts:
                late.append(bar)
            elif bar != last and (bar.is_closed or not last.is_closed):
                known[-1] = bar
                is_touched = True
        if late:
            self._insert(late)
        if len(known) > KEPT:
            del known[: len(known) - KEPT]
        return is_touched or self.version != before

    def _insert(self, late: list[Bar]) -> None:
        """Older bars. What is known of a closed bar stands against a forming one that comes late."""
        found = {bar.ts: bar for bar in self.bars}
        fresh = [bar for bar in late if found.get(bar.ts) != bar and (bar.is_closed or bar.ts not in found)]
        if fresh:
            found.update((bar.ts, bar) for bar in fresh)
            self.bars[:] = [found[ts] for ts in sorted(found)]
            self.version += 1

    def candles(self, count: int = 1) -> list[Candle]:
        """Columns of `count` bars each, oldest first. Where a column begins depends on time alone, so that they stay
        the same when older bars come."""
        version, times, cut = self._cut
        if version != self.version or times != count:
            cut = _columns(self.bars, count, self.interval.ns)
            self._cut = (self.version, count, cut)
        elif cut:
            begin = cut[-1].ts
            tail = [bar for bar in self.bars[-count:] if bar.ts >= begin]
            cut[-1] = _joined(begin, tail)
        return cut


def is_sound(bar: Bar) -> bool:
    """A bar that can be drawn: finite figures, low not above high."""
    figures = (bar.open, bar.high, bar.low, bar.close, bar.volume)
    return all(map(isfinite, figures)) and bar.low <= min(bar.open, bar.close) <= max(bar.open, bar.close) <= bar.high


def _columns(bars: list[Bar], count: int, length: int) -> list[Candle]:
    if count == 1:
        return [Candle(b.ts, b.open, b.high, b.low, b.close, b.volume) for b in bars]
    span = length * count
    found: list[Candle] = []
    group: list[Bar] = []
    for bar in bars:
        if group and bar.ts // span != group[0].ts // span:
            found.append(_joined(group[0].ts, group))
            group = []
        group.append(bar)
    return [*found, _joined(group[0].ts, group)] if group else found


def _joined(ts: int, bars: list[Bar]) -> Candle:
    return Candle(
        ts,
        bars[0].open,
        max(bar.high for bar in bars),
        min(bar.low for bar in bars),
        bars[-1].close,
        sum(bar.volume for bar in bars),
    )
