"""The archive is filled once: no stretch is asked for twice, a run that was cut off goes on, gaps without trades are
known to be empty, and a bar that may still change is not kept."""

from __future__ import annotations

import asyncio
from itertools import pairwise
from pathlib import Path
from random import Random

import pytest

from core.clock import ManualClock
from core.domain.errors import BrokerError, NotConnected, RateLimited, StorageError
from core.domain.ids import InstrumentId
from core.domain.market import NS, Bar, Interval
from core.ports import Capabilities, Coverage
from core.runtime.backfill import PAGE, Filled, fill
from storage.archive import Archive

ID = InstrumentId("UPBIT:KRW-XRP")
MINUTE = 60 * NS
NOW = 1_795_576_500 * NS
DAY = 1440 * MINUTE


class Venue:
    """Trades in one minute of `rarity`; its newest candle changes with every look at it."""

    name = "venue"
    capabilities = Capabilities(order_types=frozenset(), times_in_force=frozenset())

    def __init__(self, clock: ManualClock, rarity: int = 1, begin: int = 0, fast: int = 0) -> None:
        self.clock, self.rarity, self.begin = clock, rarity, begin
        self.fast = fast
        """How far our clock is before the venue's."""
        self.asked: list[tuple[int, int]] = []
        self.problems: list[Exception] = []
        self.until_dead: int | None = None

    def record(self, since: int, until: int) -> list[Bar]:
        now = self.clock.now() - self.fast
        slots = range(since + -since % MINUTE, min(until, now), MINUTE)
        found = [ts for ts in slots if ts >= self.begin and Random(ts).randrange(self.rarity) == 0]
        looks = len(self.asked)
        return [Bar(ID, Interval.M1, ts, 1, 9, 1, 2, looks if ts > now - MINUTE else 1.0) for ts in found]

    async def bars(self, instrument: InstrumentId, interval: Interval, since: int, until: int) -> Coverage:
        if self.problems:
            raise self.problems.pop(0)
        if self.until_dead is not None and len(self.asked) >= self.until_dead:
            raise asyncio.CancelledError
        self.asked.append((since, until))
        found = self.record(since, until)[-PAGE:]
        whole = len(self.record(since, until)) <= PAGE
        return Coverage(bars=tuple(found), start=None, end=None, is_whole=whole)


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(NOW)


async def run(path: Path, venue: Venue, since: int, until: int) -> tuple[Filled, list[Bar]]:
    """As a process of its own would: the archive opened, filled, looked at, closed."""
    archive = Archive(path / "market.db")
    try:
        filled = await fill(archive, venue, venue.clock, ID, Interval.M1, since, until)  # type: ignore[arg-type]
        return filled, list((await archive.bars(ID, Interval.M1, since, until)).bars)
    finally:
        await archive.close()


def overlaps(asked: list[tuple[int, int]]) -> bool:
    ordered = sorted(asked)
    return any(one[1] > two[0] for one, two in pairwise(ordered))


@pytest.mark.parametrize("rarity", [1, 7, 400])
async def test_every_stretch_is_asked_for_once(tmp_path: Path, clock: ManualClock, rarity: int) -> None:
    venue = Venue(clock, rarity)
    since, until = NOW - 3 * DAY, NOW - DAY
    filled, bars = await run(tmp_path, venue, since, until)
    assert bars == venue.record(since, until)
    assert filled.bars == len(bars) and filled.calls == len(venue.asked) and not filled.open_end
    assert rarity == 1 or filled.calls < 2880 // PAGE, "where trades are rare the questions are longer"
    again, same = await run(tmp_path, venue, since, until)
    assert again.calls == 0 and same == bars, "gaps without trades are no holes"
    wider, more = await run(tmp_path, venue, since - DAY, until + DAY // 2)
    assert wider.calls and more == venue.record(since - DAY, until + DAY // 2)
    # What a truncated answer did not reach is asked for again; what was kept is not.
    assert rarity > 1 or not overlaps(venue.asked)


async def test_a_run_that_was_cut_off_goes_on_where_it_ended(tmp_path: Path, clock: ManualClock) -> None:
    venue = Venue(clock)
    since, until = NOW - 2 * DAY, NOW - DAY
    for end in (2, 3, 6):
        venue.until_dead = end
        with pytest.raises(asyncio.CancelledError):
            await run(tmp_path, venue, since, until)
    venue.until_dead = None
    _, bars = await run(tmp_path, venue, since, until)
    assert bars == venue.record(since, until)
    assert not overlaps(venue.asked) and len(venue.asked) == -(-1440 // PAGE)


@pytest.mark.parametrize(("rarity", "fast"), [(1, 0), (1, 180 * NS), (30, 0), (30, 240 * NS)])
async def test_the_bar_that_forms_is_never_kept(tmp_path: Path, clock: ManualClock, rarity: int, fast: int) -> None:
    """Neither that of the venue, whose clock may be behind ours, nor one that we made of prints meanwhile."""
    venue = Venue(clock, rarity, fast=fast)
    filled, bars = await run(tmp_path, venue, NOW - DAY, NOW + DAY)
    assert filled.open_end and filled.open_end[-1] not in bars
    assert all(bar.ts + MINUTE <= NOW - fast and bar.volume == 1.0 for bar in bars)
    for _ in range(40):
        clock.advance(97)
        await run(tmp_path, venue, NOW - DAY, clock.now())
    until = clock.now() - 2 * 3600 * NS
    _, bars = await run(tmp_path, venue, NOW - DAY, until)
    assert bars == venue.record(NOW - DAY, until)


async def test_the_venues_word_stands_against_bars_made_of_prints(tmp_path: Path, clock: ManualClock) -> None:
    venue = Venue(clock)
    start = NOW - DAY - NOW % MINUTE
    archive = Archive(tmp_path / "market.db")
    ours = [Bar(ID, Interval.M1, start + n * MINUTE, 5, 5, 5, 5, 5) for n in (1, 2, 500)]
    archive.put_bars(ours[:1])
    await archive.flush()
    await fill(archive, venue, clock, ID, Interval.M1, start, start + 10 * MINUTE)  # type: ignore[arg-type]
    archive.put_bars(ours[1:])
    await archive.flush()
    found = (await archive.bars(ID, Interval.M1, start, start + DAY)).bars
    assert list(found) == [*venue.record(start, start + 10 * MINUTE), ours[2]]
    await archive.close()


async def test_a_venue_that_wants_silence_is_waited_for_and_one_that_is_gone_is_told(
    tmp_path: Path, clock: ManualClock
) -> None:
    venue = Venue(clock)
    venue.problems = [RateLimited("venue", "too many", 2.0), NotConnected("venue", "the line broke")]
    running = asyncio.ensure_future(run(tmp_path, venue, NOW - 3 * 3600 * NS, NOW - 2 * 3600 * NS))
    while not running.done():
        clock.set(clock.next_wake or clock.now())
        await asyncio.wait({running}, timeout=0.001)
    assert running.result()[0].calls == 1
    venue.problems = [RateLimited("venue", "banned", 600.0)]
    with pytest.raises(RateLimited):
        await run(tmp_path, venue, NOW - DAY, NOW)


async def test_a_venue_that_keeps_no_older_bars_says_so_and_nothing_is_taken_for_empty(
    tmp_path: Path, clock: ManualClock
) -> None:
    class Short(Venue):
        async def bars(self, instrument: InstrumentId, interval: Interval, since: int, until: int) -> Coverage:
            told = await super().bars(instrument, interval, since, until)
            found = tuple(bar for bar in told.bars if bar.ts >= NOW - DAY)
            return Coverage(bars=found, start=None, end=None, is_whole=since >= NOW - DAY)

    venue = Short(clock)
    archive = Archive(tmp_path / "market.db")
    with pytest.raises(BrokerError, match="no older bars"):
        await fill(archive, venue, clock, ID, Interval.M1, NOW - 2 * DAY, NOW)  # type: ignore[arg-type]
    (older, newer) = await archive.gaps(ID, Interval.M1, NOW - 2 * DAY, NOW)
    assert older[1] >= NOW - DAY and newer[1] == NOW
    await archive.close()


async def test_a_disk_that_refuses_ends_it(tmp_path: Path, clock: ManualClock) -> None:
    (tmp_path / "state").write_text("a file where the folder should be")
    archive = Archive(tmp_path / "state" / "market.db")
    with pytest.raises(StorageError):
        await fill(archive, Venue(clock), clock, ID, Interval.M1, NOW - 2 * DAY, NOW - DAY)  # type: ignore[arg-type]
    await archive.close()


async def test_two_that_fill_at_once_leave_one_whole_record(tmp_path: Path, clock: ManualClock) -> None:
    one, two = Venue(clock, 5), Venue(clock, 5)
    await run(tmp_path, one, NOW - DAY, NOW - DAY + MINUTE)
    since, until = NOW - 4 * DAY, NOW - DAY
    done = await asyncio.gather(run(tmp_path, one, since, until), run(tmp_path, two, since + DAY, until + DAY // 2))
    assert done[0][1] == one.record(since, until)
    _, bars = await run(tmp_path, one, since, until + DAY // 2)
    assert bars == one.record(since, until + DAY // 2)
