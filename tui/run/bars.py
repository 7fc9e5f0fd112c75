"""Bars of a venue's record, from the archive of its feed and, for what that lacks, from the venue: what `hoga bars`
does. No engine takes part, and one that runs on the same archive is not disturbed."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from pathlib import Path

import msgspec

from core.clock import SystemClock
from core.config import Settings
from core.domain.errors import ConfigError, InvalidValue
from core.domain.instrument import Instrument
from core.domain.market import Bar, Interval
from core.ports import Broker
from core.runtime.backfill import Filled, NoOlder, fill
from storage.archive import MAX_ROWS, Archive
from tui.compose import quote_feed


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    venue: str
    symbol: str
    interval: Interval
    since: int
    until: int
    is_offline: bool = False
    """From the archive alone."""


class Found(msgspec.Struct, frozen=True, kw_only=True):
    """`slots`: how many bars could be in the span; `missing`: those of them nobody was asked for (or that still may
    change); what is neither a bar nor missing had no trade."""

    instrument: Instrument
    bars: tuple[Bar, ...]
    slots: int
    missing: int
    filled: Filled
    oldest: int | None = None
    """Where the venue's own record begins, when it is less than was asked for."""


async def collect(settings: Settings, folder: Path, wanted: Wanted, told: Callable[[Filled, int], None]) -> Found:
    """Raises BrokerError when the venue cannot be asked (what was kept stays), InvalidValue for an unknown symbol."""
    clock = SystemClock()
    archive = Archive(folder / "market.db")
    source = None if wanted.is_offline else quote_feed(settings, clock, wanted.venue)
    try:
        instrument = await _instrument(archive, source, wanted)
        id, interval = instrument.id, wanted.interval
        since, until = wanted.since - wanted.since % interval.ns, min(wanted.until, clock.now())
        if since >= until:
            raise InvalidValue("the span is empty: --since must be before --until and before now. Nothing was asked")
        filled, oldest = Filled(), None
        if source is not None:
            try:
                filled = await fill(archive, source, clock, id, interval, since, until, told=told)
            except NoOlder as error:
                oldest = error.before
        slots = -(-(until - since) // interval.ns)
        gaps = await archive.gaps(id, interval, since, until)
        missing = sum(-(-(end - start) // interval.ns) for start, end in gaps)
        bars = [bar async for bar in _stored(archive, instrument, interval, since, until)]
        return Found(
            instrument=instrument, bars=tuple(bars), slots=slots, missing=missing, filled=filled, oldest=oldest
        )
    finally:
        await archive.close()
        if source is not None:
            await source.close()


async def _instrument(archive: Archive, source: Broker | None, wanted: Wanted) -> Instrument:
    """By what was listed before, else by the venue's list, which is then remembered."""
    from core.trading.search import SymbolIndex

    known = await archive.instruments()
    try:
        return SymbolIndex(known).one(wanted.symbol)
    except InvalidValue:
        if source is None and not known:
            raise ConfigError(f"nothing of {wanted.venue} is stored yet: run it once without --offline") from None
        if source is None:
            raise
    listed = await source.instruments()
    archive.put_instruments(listed)
    await archive.flush()
    return SymbolIndex(listed).one(wanted.symbol)


async def _stored(
    archive: Archive, instrument: Instrument, interval: Interval, since: int, until: int
) -> AsyncIterator[Bar]:
    step = MAX_ROWS * interval.ns
    for start in range(since, until, step):
        for bar in (await archive.bars(instrument.id, interval, start, min(start + step, until))).bars:
            yield bar
