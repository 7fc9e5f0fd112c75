"""Bars of the embedded market: recorded while it runs, invented for the time before, so that charts and strategies have
something to look at from the first second. The invented part ends where the market began."""

from __future__ import annotations

from collections import deque
from itertools import groupby
from math import exp, sqrt
from random import Random
from typing import NamedTuple

from brokers.paper.catalogue import DAY_SECONDS, Character
from brokers.paper.ladder import Ladder
from core.domain.ids import InstrumentId
from core.domain.instrument import Instrument
from core.domain.market import NS, Bar, Interval

KEPT_MINUTES = 10_080
"""A week of recorded minutes."""


class Walk(NamedTuple):
    """A stretch of invented past: so many `bars` of `interval`."""

    interval: Interval
    bars: int


MINUTES = Walk(Interval.M1, 2_880)
QUARTERS = Walk(Interval.M15, 2_400)
"""Before the invented minutes, for those who look at long bars: 25 days more."""
DAYS = Walk(Interval.D1, 260)


class History:
    """Minute bars by instrument. `note` is called for every print, `bars` when somebody looks."""

    def __init__(self, seed: int, start_ns: int) -> None:
        self._seed = seed
        self._start = start_ns
        self._opened: dict[InstrumentId, float] = {}
        self._closed: dict[InstrumentId, float] = {}
        """Previous close when the market began: where the invented days end."""
        self._minutes: dict[InstrumentId, deque[list[float]]] = {}
        self._past: dict[tuple[InstrumentId, Interval], list[Bar]] = {}

    def note(self, instrument: Instrument, ts: int, price: float, size: float) -> None:
        """A print: into the minute it belongs to, as [minute, open, high, low, close, volume]."""
        id = instrument.id
        minutes = self._minutes.get(id)
        if minutes is None:
            minutes = self._minutes[id] = deque(maxlen=KEPT_MINUTES)
            self._opened[id] = price
            self._closed[id] = float(instrument.previous_close or price)
        minute = ts // Interval.M1.ns
        if not minutes or minutes[-1][0] != minute:
            minutes.append([minute, price, price, price, price, size])
            return
        bar = minutes[-1]
        bar[2] = max(bar[2], price)
        bar[3] = min(bar[3], price)
        bar[4] = price
        bar[5] += size

    def bars(
        self, instrument: Instrument, interval: Interval, since: int, until: int, character: Character
    ) -> list[Bar]:
        """Bars with `since` <= ts < `until`, oldest first. The last one may still be forming."""
        if interval.ns < Interval.M1.ns:
            return []
        first = since - since % interval.ns
        series = [bar for bar in self._series(instrument, interval, character) if bar.ts >= first]
        merged = [_merge(instrument.id, interval, slot, list(bars)) for slot, bars in _slots(series, interval)]
        if merged:
            merged[-1] = _merge(instrument.id, interval, merged[-1].ts // interval.ns, merged[-1:], is_closed=False)
        return [bar for bar in merged if since <= bar.ts < until]

    def _series(self, instrument: Instrument, interval: Interval, character: Character) -> list[Bar]:
        """All there is, in bars that `interval` is made of, oldest first."""
        recorded = self._recorded(instrument.id)
        if interval is Interval.D1:
            ends = self._closed.get(instrument.id, float(instrument.previous_close or 1))
            return self._walk(instrument, DAYS, self._start, ends, character) + recorded
        opened = self._opened.get(instrument.id, float(instrument.previous_close or 1))
        minutes = self._walk(instrument, MINUTES, self._start, opened, character)
        if interval.ns < QUARTERS.interval.ns:
            return minutes + recorded
        begin = minutes[0].ts - minutes[0].ts % QUARTERS.interval.ns
        quarters = self._walk(instrument, QUARTERS, begin, minutes[0].open, character)
        return quarters + [bar for bar in minutes if bar.ts >= begin] + recorded

    def _recorded(self, id: InstrumentId) -> list[Bar]:
        return [
            Bar(id, Interval.M1, int(minute) * Interval.M1.ns, start, high, low, close, volume)
            for minute, start, high, low, close, volume in self._minutes.get(id, ())
        ]

    def _walk(self, instrument: Instrument, walk: Walk, end: int, close: float, character: Character) -> list[Bar]:
        """Backwards from `close` at `end`; made once, always the same for a seed."""
        interval = walk.interval
        key = (instrument.id, interval)
        if key in self._past:
            return self._past[key]
        rng = Random(f"{self._seed}:{instrument.id}:{interval}")
        ladder = Ladder(instrument.ticks)
        day = DAY_SECONDS[character.group]
        seconds = min(interval.ns / NS, day)
        sigma = character.volatility * sqrt(seconds / day)
        slot = end // interval.ns
        past: list[Bar] = []
        for back in range(1, walk.bars + 1):
            start = close * exp(rng.gauss(0.0, sigma))
            wide = abs(rng.gauss(0.0, sigma * 0.5))
            high, low = max(start, close) * (1 + wide), min(start, close) * (1 - wide)
            volume = round(
                character.trade * character.rate * 0.6 * seconds * exp(rng.gauss(-0.2, 0.6)), character.digits
            )
            prices = (ladder.floor(start), ladder.floor(high), ladder.floor(low), ladder.floor(close))
            past.append(Bar(instrument.id, interval, (slot - back) * interval.ns, *prices, volume))
            close = start
        past.reverse()
        self._past[key] = past
        return past


def _slots(series: list[Bar], interval: Interval) -> groupby[int, Bar]:
    return groupby(series, key=lambda bar: bar.ts // interval.ns)


def _merge(id: InstrumentId, interval: Interval, slot: int, bars: list[Bar], *, is_closed: bool = True) -> Bar:
    return Bar(
        id,
        interval,
        slot * interval.ns,
        bars[0].open,
        max(bar.high for bar in bars),
        min(bar.low for bar in bars),
        bars[-1].close,
        sum(bar.volume for bar in bars),
        is_closed,
    )
