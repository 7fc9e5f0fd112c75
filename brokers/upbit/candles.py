"""Bars of the past out of Upbit's candles, page by page from the newest back. A minute without a trade has no candle,
and none is made up for it."""

from __future__ import annotations

from brokers.upbit import parse
from brokers.upbit.rest import Quotations
from core.domain.ids import InstrumentId, code_of
from core.domain.market import NS, Bar, Interval
from core.ports import Coverage

UNITS = {
    Interval.S1: "seconds",
    Interval.M1: "minutes/1",
    Interval.M3: "minutes/3",
    Interval.M5: "minutes/5",
    Interval.M15: "minutes/15",
    Interval.M30: "minutes/30",
    Interval.H1: "minutes/60",
    Interval.D1: "days",
}
PAGE = 200
MOST_PAGES = 60
SECONDS_KEPT = 89 * 86_400 * NS
"""Candles of a second reach three months back: what is older is not told, and that is no proof that nobody traded."""


async def read(
    quotations: Quotations, instrument: InstrumentId, interval: Interval, since: int, until: int, now: int
) -> Coverage:
    """What there is in [since, until), oldest first. Ten-second bars are made of the seconds."""
    unit = UNITS.get(interval)
    if unit is None:
        fine = await read(quotations, instrument, Interval.S1, -(-since // interval.ns) * interval.ns, until, now)
        return _covering(_gathered(fine.bars, interval, now), interval, since, is_cut=not fine.is_whole)
    found: dict[int, Bar] = {}
    to, is_cut = until, True
    for _ in range(MOST_PAGES):
        rows = await quotations.candles(unit, code_of(instrument), count=PAGE, to=parse.text_of_time(to + NS - 1))
        page = [parse.bar_of(row, instrument, interval) for row in rows]
        found |= {bar.ts: bar for bar in page if since <= bar.ts < until}
        oldest = min((bar.ts for bar in page), default=0)
        if len(page) < PAGE or oldest <= since:
            is_cut = False
            break
        if oldest >= to:
            break  # it does not go back: a venue that ignores what it was asked
        to = oldest
    bars = tuple(_closed(found[ts], interval, now) for ts in sorted(found))
    is_forgotten = interval is Interval.S1 and since < now - SECONDS_KEPT
    return _covering(bars, interval, since, is_cut=is_cut or is_forgotten)


def _covering(bars: tuple[Bar, ...], interval: Interval, since: int, *, is_cut: bool) -> Coverage:
    start = bars[0].ts if bars else None
    end = bars[-1].ts + interval.ns if bars else None
    is_late = start is None or start > since + interval.ns
    return Coverage(bars=bars, start=start, end=end, is_truncated=is_cut or is_late, is_whole=not is_cut)


def _closed(bar: Bar, interval: Interval, now: int) -> Bar:
    """The newest candle is not finished."""
    if bar.ts + interval.ns <= now:
        return bar
    return Bar(
        bar.instrument, bar.interval, bar.ts, bar.open, bar.high, bar.low, bar.close, bar.volume, is_closed=False
    )


def _gathered(bars: tuple[Bar, ...], interval: Interval, now: int) -> tuple[Bar, ...]:
    found: dict[int, Bar] = {}
    for bar in bars:
        start = bar.ts // interval.ns * interval.ns
        was = found.get(start)
        if was is None:
            made = Bar(bar.instrument, interval, start, bar.open, bar.high, bar.low, bar.close, bar.volume)
        else:
            high, low = max(was.high, bar.high), min(was.low, bar.low)
            made = Bar(bar.instrument, interval, start, was.open, high, low, bar.close, was.volume + bar.volume)
        found[start] = made
    return tuple(_closed(found[start], interval, now) for start in sorted(found))
