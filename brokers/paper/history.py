"""Bars of the embedded market: recorded while it runs, invented for the time before, so that charts and strategies have
something to look at from the first second. The invented part ends where the market began."""

from __future__ import annotations

from collections import deque
from itertools import groupby
from math import exp, sqrt
from random import Random

from brokers.paper.catalogue import DAY_SECONDS, Character
from brokers.paper.ladder import Ladder
from core.domain.ids import InstrumentId
from core.domain.instrument import Instrument
from core.domain.market import Bar, Interval

PAST_MINUTES = 2880
PAST_DAYS = 260
KEPT_MINUTES = 10_080
"""A week of recorded minutes."""


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
        source = Interval.D1 if interval is Interval.D1 else Interval.M1
        series = self._invented(instrument, source, character) + self._recorded(instrument.id)
        merged = [_merge(instrument.id, interval, slot, list(bars)) for slot, bars in _slots(series, interval)]
        if merged:
            newest = merged[-1]
            merged[-1] = Bar(
                newest.instrument,
                interval,
                newest.ts,
                newest.open,
                newest.high,
                newest.low,
                newest.close,
                newest.volume,
                is_closed=False,
            )
        return [bar for bar in merged if since <= bar.ts < until]

    def _recorded(self, id: InstrumentId) -> list[Bar]:
        return [
            Bar(id, Interval.M1, int(minute) * Interval.M1.ns, start, high, low, close, volume)
            for minute, start, high, low, close, volume in self._minutes.get(id, ())
        ]

    def _invented(self, instrument: Instrument, interval: Interval, character: Character) -> list[Bar]:
        """A walk backwards from the opening price; made once, always the same for a seed."""
        key = (instrument.id, interval)
        if key in self._past:
            return self._past[key]
        rng = Random(f"{self._seed}:{instrument.id}:{interval}")
        ladder = Ladder(instrument.ticks)
        seconds = DAY_SECONDS[character.group] if interval is Interval.D1 else 60.0
        sigma = character.volatility * sqrt(seconds / DAY_SECONDS[character.group])
        count = PAST_DAYS if interval is Interval.D1 else PAST_MINUTES
        slot = self._start // interval.ns
        ends = self._closed if interval is Interval.D1 else self._opened
        close = ends.get(instrument.id, float(instrument.previous_close or 1))
        past: list[Bar] = []
        for back in range(1, count + 1):
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


def _merge(id: InstrumentId, interval: Interval, slot: int, bars: list[Bar]) -> Bar:
    return Bar(
        id,
        interval,
        slot * interval.ns,
        bars[0].open,
        max(bar.high for bar in bars),
        min(bar.low for bar in bars),
        bars[-1].close,
        sum(bar.volume for bar in bars),
    )
