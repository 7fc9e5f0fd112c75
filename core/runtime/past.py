"""Bars of the past, asked once: the archive first, the venue for what nobody was asked about yet, and kept here and in
the archive, so that the same bars are never asked twice. Best effort: a venue that does not answer costs the chart its
left side, no more."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

from core.domain.errors import BrokerError
from core.domain.ids import InstrumentId
from core.domain.market import Bar, Interval
from core.ports import Archive, Broker, Clock, Coverage
from core.runtime.backfill import settled

KEPT = 32
"""Instruments and intervals whose bars are kept; who was asked for longest ago goes first."""
ANSWERED = 10_000
"""Bars of one answer, at most: the newest."""
HELD = 2 * ANSWERED
"""Bars of one instrument and interval that are kept: the newest. What lies before them is asked for again."""
VENUE_SECONDS = 4.0


class _Kept:
    """Closed bars of one instrument and interval, by their beginning. `start` and `end`: what was asked for, without a
    gap; at first nothing."""

    def __init__(self) -> None:
        self.bars: dict[int, Bar] = {}
        self.start = self.end = 0
        self.has_all = False
        """There is nothing older."""
        self.turn = asyncio.Lock()

    def let_go(self) -> None:
        """Of the oldest, what is too many."""
        if len(self.bars) > HELD:
            newest = sorted(self.bars)[-HELD:]
            self.bars = {ts: self.bars[ts] for ts in newest}
            self.start, self.has_all = newest[0], False


class Past:
    def __init__(self, archive: Archive | None, brokers: Mapping[str, Broker], clock: Clock) -> None:
        self._archive = archive
        self._brokers = brokers
        self._clock = clock
        self._kept: dict[tuple[InstrumentId, Interval], _Kept] = {}

    async def bars(self, instrument: InstrumentId, interval: Interval, since: int, until: int) -> Coverage:
        """Bars that begin in [since, until), oldest first; the last one may be forming. `is_truncated`: there may be
        older ones than it could get."""
        length, now = interval.ns, self._clock.now()
        since, until = max(since - since % length, 0), min(until, now)
        kept = self._of(instrument, interval)
        async with kept.turn:
            forming: tuple[Bar, ...] = ()
            is_new = not kept.end
            if until > kept.end:
                forming = await self._fetch(kept, instrument, interval, since if is_new else kept.end, until)
            if since < kept.start and not is_new and not kept.has_all:
                await self._fetch(kept, instrument, interval, since, kept.start)
            found = [kept.bars[ts] for ts in sorted(kept.bars) if since <= ts < until]
            found += [bar for bar in forming if since <= bar.ts < until]
            bars = tuple(found[-ANSWERED:])
            is_truncated = len(found) > ANSWERED or (since < kept.start and not kept.has_all)
            kept.let_go()
            return Coverage(
                bars=bars,
                start=bars[0].ts if bars else None,
                end=bars[-1].ts + length if bars else None,
                is_truncated=is_truncated,
            )

    def _of(self, instrument: InstrumentId, interval: Interval) -> _Kept:
        key = (instrument, interval)
        kept = self._kept.pop(key, None) or _Kept()
        self._kept[key] = kept
        for old in list(self._kept)[:-KEPT]:
            if not self._kept[old].turn.locked():
                del self._kept[old]
        return kept

    async def _fetch(
        self, kept: _Kept, instrument: InstrumentId, interval: Interval, since: int, until: int
    ) -> tuple[Bar, ...]:
        """Take [since, until) in; what it covers grows only by what was really answered. Returns the forming bar."""
        length, now = interval.ns, self._clock.now()
        found: dict[int, Bar] = {}
        gaps = [(since, until)]
        if self._archive is not None:
            archived = await self._archive.bars(instrument, interval, since, until)
            found = {bar.ts: bar for bar in archived.bars}
            gaps = await self._archive.gaps(instrument, interval, since, until)
        last = now - now % length
        """Where the bar begins that still forms."""
        begin, is_answered = since, True
        if len(found) >= (until - since) // length and until <= last:
            gaps = []
        for start, end in reversed(gaps):
            told = await self._ask(instrument, interval, start, end)
            if told is None:
                is_answered = False
                break
            # The venue's word stands: ours may have begun in the middle of a bar.
            found.update((bar.ts, bar) for bar in told.bars)
            if told.is_truncated and not told.is_whole:
                begin = min((bar.ts for bar in told.bars), default=since)
                break
        forming = [bar for ts, bar in sorted(found.items()) if ts >= last or not bar.is_closed]
        closed = {ts: bar for ts, bar in found.items() if ts < last and bar.is_closed}
        kept.bars.update(closed)
        if is_answered:
            kept.has_all |= bool(kept.end) and since < kept.start and not closed
            kept.start = min(kept.start, begin) if kept.end else begin
            kept.end = max(kept.end, min(until, last))
        return tuple(forming[-1:])

    async def _ask(self, instrument: InstrumentId, interval: Interval, since: int, until: int) -> Coverage | None:
        """What the first venue that has any says; None when none of them could be asked. A true record is kept."""
        answer: Coverage | None = None
        teller: Broker | None = None
        for broker in self._brokers.values():
            try:
                async with asyncio.timeout(VENUE_SECONDS):
                    told = await broker.bars(instrument, interval, since, until)
            except (BrokerError, OSError):  # a TimeoutError is an OSError
                continue
            answer, teller = told, broker
            if told.bars:
                break
        if answer is not None and teller is not None and self._archive is not None:
            start, end = settled(answer, interval, since, until, self._clock.now())
            if start < end and not teller.capabilities.invents_past:
                await self._archive.keep(instrument, interval, start, end, answer.bars)
        return answer
