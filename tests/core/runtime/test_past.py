"""Bars of the past are asked once: archive first, venue for the gaps. A venue that fails costs nothing that is kept."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from core.clock import ManualClock
from core.domain.errors import NotConnected
from core.domain.ids import InstrumentId
from core.domain.market import NS, Bar, Interval
from core.ports import Capabilities, Coverage
from core.runtime.past import Past
from storage.archive import Archive

ID = InstrumentId("XKRX:005930")
MINUTE = 60 * NS
NOW = 1_763_600_000 * NS - 1_763_600_000 * NS % MINUTE + 30 * NS
"""Half a minute into one."""


def bar(ts: int, close: float = 1.0, *, is_closed: bool = True) -> Bar:
    return Bar(ID, Interval.M1, ts, close, close, close, close, 1.0, is_closed)


class Venue:
    """A venue with bars from `begin` on, which writes down what it was asked. `page`: how many it gives at most."""

    name = "venue"
    capabilities = Capabilities(order_types=frozenset(), times_in_force=frozenset())

    def __init__(self, clock: ManualClock, begin: int = 0, page: int = 10_000) -> None:
        self.clock, self.begin, self.page = clock, begin, page
        self.asked: list[tuple[int, int]] = []
        self.is_down = False

    async def bars(self, instrument: InstrumentId, interval: Interval, since: int, until: int) -> Coverage:
        self.asked.append((since, until))
        if self.is_down:
            raise NotConnected("venue", "the line is down")
        now = self.clock.now()
        forming = now - now % MINUTE
        first = max(since, self.begin)
        slots = [ts for ts in range(first - first % MINUTE, until, MINUTE) if ts >= first]
        found = tuple(bar(ts, 2.0, is_closed=ts < forming) for ts in slots[-self.page :])
        return Coverage(
            bars=found,
            start=found[0].ts if found else None,
            end=None,
            is_truncated=len(slots) > self.page,
        )


def past(venue: Venue, archive: Archive | None = None) -> Past:
    return Past(archive, {"venue": venue}, venue.clock)  # type: ignore[dict-item]


async def test_closed_bars_are_asked_once_and_the_forming_one_each_time() -> None:
    venue = Venue(ManualClock(NOW))
    here = past(venue)
    first = await here.bars(ID, Interval.M1, NOW - 10 * MINUTE, NOW)
    assert [b.is_closed for b in first.bars] == [True] * 10 + [False]
    venue.clock.advance(60)
    again = await here.bars(ID, Interval.M1, NOW - 10 * MINUTE, NOW + MINUTE)
    assert len(again.bars) == 12
    edge = NOW - NOW % MINUTE
    assert venue.asked[1:] == [(edge, NOW + MINUTE)], "only what could not be known before"


async def test_older_bars_are_asked_for_from_where_the_known_ones_begin() -> None:
    venue = Venue(ManualClock(NOW), begin=NOW - 25 * MINUTE)
    here = past(venue)
    await here.bars(ID, Interval.M1, NOW - 10 * MINUTE, NOW)
    venue.asked.clear()
    older = await here.bars(ID, Interval.M1, NOW - 20 * MINUTE, NOW)
    start = NOW - 10 * MINUTE - NOW % MINUTE
    assert (start - 10 * MINUTE, start) in venue.asked
    assert len(older.bars) == 21
    assert not older.is_truncated


async def test_a_venue_that_gives_pages_is_asked_on_until_it_has_no_more() -> None:
    venue = Venue(ManualClock(NOW), begin=NOW - 25 * MINUTE, page=10)
    here = past(venue)
    found = await here.bars(ID, Interval.M1, NOW - 60 * MINUTE, NOW)
    assert found.is_truncated
    for _ in range(5):
        found = await here.bars(ID, Interval.M1, NOW - 60 * MINUTE, NOW)
    assert len(found.bars) == 25
    assert not found.is_truncated
    older = [ask for ask in venue.asked if ask[1] < NOW - 20 * MINUTE]
    await here.bars(ID, Interval.M1, NOW - 60 * MINUTE, NOW)
    assert [ask for ask in venue.asked if ask[1] < NOW - 20 * MINUTE] == older, "there is no more, and it knows"


async def test_a_venue_that_is_down_is_asked_again_and_the_archive_still_shows(tmp_path: Path) -> None:
    archive = Archive(tmp_path / "market.db")
    edge = NOW - NOW % MINUTE
    archive.put_bars([bar(edge - 3 * MINUTE), bar(edge - 2 * MINUTE)])
    venue = Venue(ManualClock(NOW))
    venue.is_down = True
    here = past(venue, archive)
    found = await here.bars(ID, Interval.M1, NOW - 10 * MINUTE, NOW)
    assert [b.close for b in found.bars] == [1.0, 1.0]
    venue.is_down = False
    found = await here.bars(ID, Interval.M1, NOW - 10 * MINUTE, NOW)
    assert [b.close for b in found.bars] == [2.0] * 11, "the venue's word stands"
    await archive.close()


async def test_a_full_archive_needs_no_venue(tmp_path: Path) -> None:
    archive = Archive(tmp_path / "market.db")
    edge = NOW - NOW % MINUTE
    archive.put_bars([bar(edge - n * MINUTE) for n in range(1, 11)])
    venue = Venue(ManualClock(NOW))
    found = await past(venue, archive).bars(ID, Interval.M1, edge - 10 * MINUTE, edge)
    assert len(found.bars) == 10
    assert venue.asked == []
    await archive.close()


async def test_what_lies_far_back_is_let_go_and_asked_again() -> None:
    """A chart of seconds that stays open, or is scrolled back for days, is no reason to hold all of it."""
    venue = Venue(ManualClock(NOW))
    kept, span, begun = past(venue), 9_000 * MINUTE, NOW - NOW % MINUTE
    windows = [(begun - (n + 1) * span, begun - n * span) for n in range(4)]
    first = [await kept.bars(ID, Interval.M1, *window) for window in windows]
    asked = len(venue.asked)
    assert (await kept.bars(ID, Interval.M1, *windows[0])).bars == first[0].bars
    assert len(venue.asked) == asked
    assert (await kept.bars(ID, Interval.M1, *windows[-1])).bars == first[-1].bars
    assert len(venue.asked) > asked


async def test_two_who_ask_at_once_ask_the_venue_once() -> None:
    venue = Venue(ManualClock(NOW))
    here = past(venue)
    edge = NOW - NOW % MINUTE
    both = await asyncio.gather(*(here.bars(ID, Interval.M1, edge - 10 * MINUTE, edge) for _ in range(2)))
    assert both[0] == both[1]
    assert len(venue.asked) == 1


@pytest.mark.parametrize("span", [(NOW, NOW - MINUTE), (NOW + MINUTE, NOW + 2 * MINUTE), (-5, -1)])
async def test_an_empty_span_is_empty(span: tuple[int, int]) -> None:
    venue = Venue(ManualClock(NOW))
    assert (await past(venue).bars(ID, Interval.M1, *span)).bars == ()
