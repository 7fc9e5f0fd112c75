"""Fills the archive with a venue's bars. Every stretch is asked for once and is on the disk before the next one is
asked for, so that a run that was killed goes on where it ended. A stretch without trades is known to be empty; what may
still change is not kept."""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from core.domain.errors import BrokerError, NotConnected, RateLimited, StorageError
from core.domain.ids import InstrumentId
from core.domain.market import NS, Bar, Interval
from core.ports import Archive, Broker, Clock, Coverage

PAGE = 200
"""Bars of a first question; where trades are rare it is stretched."""
LONGEST = 64 * PAGE
UNSURE = 3_600 * NS
"""So near to the end of time our clock is not trusted to say which bar is the last: the venue's newest one forms."""
TRIES = 5
LONGEST_WAIT = 60.0


class NoOlder(BrokerError):
    """The venue keeps no bars from before `before` (ns)."""

    def __init__(self, broker: str, text: str, before: int) -> None:
        super().__init__(broker, text)
        self.before = before


class Filled(msgspec.Struct, kw_only=True):
    """What a filling did: `calls` to the venue, `bars` that are new, the time (ns) that was known `earlier` and that
    was `asked` for now. `open_end`: bars of the end that may still change, oldest first; the newest one forms."""

    calls: int = 0
    bars: int = 0
    earlier: int = 0
    asked: int = 0
    open_end: tuple[Bar, ...] = ()


def settled(told: Coverage, interval: Interval, since: int, until: int, now: int) -> tuple[int, int]:
    """The part of [since, until) that this answer settles for good: from its first bar on where the venue gave less
    than was asked for, and before its newest bar where that may still form."""
    if not told.is_whole:
        since = told.bars[0].ts if told.bars else until
    sure = now - UNSURE
    sure -= sure % interval.ns
    if until > sure:
        newest = told.bars[-1].ts if told.bars else since
        until = min(until, max(sure, newest))
    return since, min((bar.ts for bar in told.bars if not bar.is_closed), default=until)


async def fill(
    archive: Archive,
    broker: Broker,
    clock: Clock,
    instrument: InstrumentId,
    interval: Interval,
    since: int,
    until: int,
    *,
    told: Callable[[Filled, int], None] = lambda filled, left: None,
) -> Filled:
    """Ask the venue for what the archive lacks of [since, until), newest first. `told(so far, ns that are left)` after
    each answer. Raises BrokerError when the venue cannot be asked, StorageError when the disk refuses; what came before
    stays."""
    length = interval.ns
    since, until = since - since % length, min(until, clock.now())
    done = Filled()
    gaps = await archive.gaps(instrument, interval, since, until)
    lacking = sum(end - start for start, end in gaps)
    done.earlier = max(until - since - lacking, 0)
    for start, stop in reversed(gaps):
        end, slots = stop, PAGE
        while start < end:
            begin = max(start, end - slots * length)
            begin -= begin % length  # `until` need not lie on a bar
            answer = await _ask(broker, clock, instrument, interval, begin, end)
            done.calls += 1
            bars = tuple(bar for bar in answer.bars if begin <= bar.ts < end)
            answer = msgspec.structs.replace(answer, bars=bars)
            first, last = settled(answer, interval, begin, end, clock.now())
            if first < last:
                if not await archive.keep(instrument, interval, first, last, bars):
                    raise StorageError("the archive cannot be written. What was kept stays; make room, run again")
                done.bars += sum(first <= bar.ts < last for bar in bars)
            if end == until:
                done.open_end = tuple(bar for bar in bars if bar.ts >= last)
            reached = begin if answer.is_whole else first
            if reached >= end:
                raise NoOlder(broker.name, f"{broker.name} has no older bars: what came before stays", end)
            done.asked += end - max(reached, start)
            told(done, lacking - done.asked)
            end, slots = reached, _stretched(slots, len(bars), is_full=not answer.is_whole)
    return done


def _stretched(slots: int, bars: int, *, is_full: bool) -> int:
    """How far the next question reaches: about a page of bars."""
    if is_full or bars > PAGE:
        return PAGE
    return min(slots * 2, LONGEST) if bars * 2 < PAGE else slots


async def _ask(
    broker: Broker, clock: Clock, instrument: InstrumentId, interval: Interval, since: int, until: int
) -> Coverage:
    """A read does no harm twice: it is repeated where the venue asks for silence or the line broke."""
    for attempt in range(1, TRIES + 1):
        try:
            return await broker.bars(instrument, interval, since, until)
        except RateLimited as error:
            if attempt == TRIES or error.retry_after > LONGEST_WAIT:
                raise
            await clock.sleep(error.retry_after)
        except NotConnected:
            if attempt == TRIES:
                raise
            await clock.sleep(0.5 * attempt)
    raise AssertionError("unreachable")
