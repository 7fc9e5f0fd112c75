"""The market archive, market.db: last quotes, bars, equity, instruments. Disposable and best effort: what it loses can
be asked for again or costs comfort, never money, so nothing here is ever raised into trading.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Iterable, Sequence
from contextlib import suppress
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from core.domain.errors import HogaError
from core.domain.ids import AccountId, InstrumentId, parse_instrument_id
from core.domain.instrument import Instrument
from core.domain.market import Bar, Freshness, Interval, Quote
from core.log import get_logger
from core.ports import Coverage
from storage.database import open_engine, prepare, read_rows

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncEngine

MAX_BARS = 20_000
MAX_EQUITY = 5_000
"""Rows that wait for a flush, at most. Beyond it the oldest are dropped and counted. Quotes are one per instrument."""
MAX_ROWS = 10_000
"""Bars that one question gets, the newest of its span; the answer then says that it is truncated."""

_log = get_logger("archive")
_LAST_QUOTES = (
    "SELECT instrument, bid, bid_size, ask, ask_size, ts, received FROM quotes ORDER BY instrument LIMIT 5000"
)


class Archive:
    """Implements core.ports.Archive. `put_*` only remember; `flush`, called about once a second, writes one batch.
    `failures` counts flushes the disk refused, `dropped` the rows that were lost by it."""

    def __init__(self, path: Path | str) -> None:
        self.path = Path(path)
        self.failures = 0
        self.dropped = 0
        self._quotes: dict[InstrumentId, Quote] = {}
        self._written: dict[InstrumentId, int] = {}
        """When the quote that stands in the file was received."""
        self._bars: deque[Bar] = deque()
        self._equity: deque[tuple[AccountId, int, Decimal]] = deque()
        self._instruments: dict[InstrumentId, Instrument] = {}
        self._engine: AsyncEngine | None = None
        self._opening: asyncio.Future[AsyncEngine] | None = None
        self._turn = asyncio.Lock()
        self._is_closed = False

    # --- remembering ----------------------------------------------------------------------------------------------

    def put_quotes(self, quotes: Iterable[Quote]) -> None:
        written = self._written
        for quote in quotes:
            if quote.freshness is not Freshness.CACHED and written.get(quote.instrument) != quote.received:
                self._quotes[quote.instrument] = quote

    def put_bars(self, bars: Iterable[Bar]) -> None:
        """Closed bars; forming ones are not kept."""
        self._bars.extend(bar for bar in bars if bar.is_closed)
        self._trim(self._bars, MAX_BARS)

    def put_equity(self, account: AccountId, ts: int, equity: Decimal) -> None:
        self._equity.append((account, ts, equity))
        self._trim(self._equity, MAX_EQUITY)

    def put_instruments(self, instruments: Iterable[Instrument]) -> None:
        self._instruments.update((instrument.id, instrument) for instrument in instruments)

    def _trim(self, waiting: deque[Any], limit: int) -> None:
        while len(waiting) > limit:
            waiting.popleft()
            self.dropped += 1

    # --- writing --------------------------------------------------------------------------------------------------

    async def flush(self) -> None:
        """Write what waits, in one transaction. Raises nothing: a disk that refuses is counted, and said once."""
        async with self._turn:
            if self._is_closed or not (self._quotes or self._bars or self._equity or self._instruments):
                return
            quotes, self._quotes = self._quotes, {}
            instruments, self._instruments = self._instruments, {}
            bars, equity = list(self._bars), list(self._equity)
            self._bars.clear()
            self._equity.clear()
            try:
                await self._write(quotes.values(), bars, equity, instruments.values())
            except BaseException as error:  # an end in the middle too: what was written is only written again
                self._bars.extendleft(reversed(bars))
                self._equity.extendleft(reversed(equity))
                self._quotes = {**quotes, **self._quotes}
                self._instruments = {**instruments, **self._instruments}
                self._trim(self._bars, MAX_BARS)
                self._trim(self._equity, MAX_EQUITY)
                if not isinstance(error, Exception):
                    raise
                self.failures += 1
                if self.failures == 1:
                    _log.warning("archive.not_written", problem=str(error)[:300], path=str(self.path))
            else:
                self._written.update((id, quote.received) for id, quote in quotes.items())

    async def _write(
        self,
        quotes: Iterable[Quote],
        bars: Sequence[Bar],
        equity: Sequence[tuple[AccountId, int, Decimal]],
        instruments: Iterable[Instrument],
    ) -> None:
        engine = await self._open()
        from storage.tables import EQUITY, INSTRUMENTS, QUOTES

        batches: list[tuple[Any, list[tuple[Any, ...]]]] = [
            (
                QUOTES,
                [(q.instrument, q.bid, q.bid_size, q.ask, q.ask_size, q.ts, q.received) for q in quotes],
            ),
            (EQUITY, [(account, ts, str(value)) for account, ts, value in equity]),
            (INSTRUMENTS, [(i.id, msgspec.json.encode(i).decode()) for i in instruments]),
        ]
        own = [_row(bar) for bar in bars]
        async with engine.begin() as connection:
            if own:
                # Where the venue was asked in full its word stands: ours may have begun in the middle of a bar.
                covered = "SELECT 1 FROM spans WHERE instrument=?1 AND interval=?2 AND start<=?3 AND end>?3"
                sql = f"INSERT OR REPLACE INTO bars SELECT ?1,?2,?3,?4,?5,?6,?7,?8 WHERE NOT EXISTS ({covered})"
                await connection.exec_driver_sql(sql, own)
            for table, rows in batches:
                if rows:
                    marks = ",".join("?" * len(table.columns))
                    # The driver's own executemany: Core's insert of many rows costs three times as much.
                    await connection.exec_driver_sql(f"INSERT OR REPLACE INTO {table.name} VALUES ({marks})", rows)  # noqa: S608

    async def keep(
        self, instrument: InstrumentId, interval: Interval, start: int, end: int, bars: Iterable[Bar]
    ) -> bool:
        """A venue's whole answer for [start, end), at once and in one transaction with the note that it was asked:
        killed at any moment, a stretch is either noted with all its bars or not at all. False: the disk refused."""
        series = (instrument, interval.value)
        rows = [_row(bar) for bar in bars if bar.is_closed and start <= bar.ts < end]
        if self._is_closed or start >= end:
            return False
        try:
            async with self._turn:
                engine = await self._open()
            async with engine.begin() as connection:
                # The first statement writes, so that a second process waits here and not between two of them.
                where = "instrument=? AND interval=?"
                await connection.exec_driver_sql(
                    f"DELETE FROM bars WHERE {where} AND ts>=? AND ts<?",  # noqa: S608
                    (*series, start, end),
                )
                if rows:
                    await connection.exec_driver_sql("INSERT OR REPLACE INTO bars VALUES (?,?,?,?,?,?,?,?)", rows)
                touching = f"FROM spans WHERE {where} AND start<=? AND end>=?"
                near = (*series, end, start)
                known = await connection.exec_driver_sql(f"SELECT start, end {touching}", near)
                found: list[tuple[int, int]] = [(int(row.start), int(row.end)) for row in known]
                await connection.exec_driver_sql(f"DELETE {touching}", near)
                whole = (min([start, *(first for first, _ in found)]), max([end, *(last for _, last in found)]))
                await connection.exec_driver_sql("INSERT INTO spans VALUES (?,?,?,?)", (*series, *whole))
        except Exception as error:
            _log.warning("archive.not_kept", problem=str(error)[:300], path=str(self.path))
            return False
        return True

    async def gaps(self, instrument: InstrumentId, interval: Interval, since: int, until: int) -> list[tuple[int, int]]:
        """The stretches of [since, until) that no venue was asked for in full, oldest first."""
        sql = "SELECT start, end FROM spans WHERE instrument=? AND interval=? AND start<? AND end>? ORDER BY start"
        found: list[tuple[int, int]] = []
        for start, end in await self._ask(sql, (instrument, interval.value, until, since)):
            if start > since:
                found.append((since, int(start)))
            since = int(end)
        return [*found, (since, until)] if since < until else found

    async def _open(self) -> AsyncEngine:
        """Prepared on the first use, once: whoever is ended while it waits leaves the thread that prepares at work, and
        a second one beside it would break on the first."""
        if self._opening is None:
            self._opening = asyncio.ensure_future(self._prepared())
        opening = self._opening
        try:
            return await asyncio.shield(opening)
        except Exception:
            if self._opening is opening:
                self._opening = None
            raise

    async def _prepared(self) -> AsyncEngine:
        """SQLAlchemy is imported and the file prepared in a thread: the loop does not wait for it."""
        if await asyncio.to_thread(prepare, self.path):
            _log.warning("archive.begun_anew", path=str(self.path))
        self._engine = await asyncio.to_thread(open_engine, self.path)
        return self._engine

    async def close(self) -> None:
        await self.flush()
        async with self._turn:
            self._is_closed = True
            self.dropped += len(self._bars) + len(self._equity)
            if self._engine is not None:
                with suppress(Exception):
                    await self._engine.dispose()
                self._engine = self._opening = None

    # --- asking ---------------------------------------------------------------------------------------------------

    async def last_quotes(self) -> list[Quote]:
        """The newest quote of every instrument, marked CACHED: what a start shows before a feed speaks."""
        return await asyncio.to_thread(read_last_quotes, self.path)

    async def bars(self, instrument: InstrumentId, interval: Interval, since: int, until: int) -> Coverage:
        """Bars that begin in [since, until), oldest first, those that wait for a flush included."""
        sql = (
            "SELECT ts, open, high, low, close, volume FROM bars WHERE instrument=? AND interval=? AND ts>=? AND ts<? "
            "ORDER BY ts DESC LIMIT ?"
        )
        rows = await self._ask(sql, (instrument, interval.value, since, until, MAX_ROWS + 1))
        found = {int(row[0]): Bar(instrument, interval, *row) for row in rows}
        for bar in self._bars:
            if bar.instrument == instrument and bar.interval is interval and since <= bar.ts < until:
                found[bar.ts] = bar
        bars = tuple(found[ts] for ts in sorted(found))[-MAX_ROWS:]
        return Coverage(
            bars=bars,
            start=bars[0].ts if bars else None,
            end=bars[-1].ts + interval.ns if bars else None,
            is_truncated=len(found) > MAX_ROWS,
        )

    async def equity(self, account: AccountId, since: int) -> list[tuple[int, Decimal]]:
        """(time, equity) from `since` on, oldest first."""
        rows = await self._ask("SELECT ts, equity FROM equity WHERE account=? AND ts>=? ORDER BY ts", (account, since))
        found: dict[int, Decimal] = {}
        for ts, value in rows:
            with suppress(InvalidOperation):
                found[int(ts)] = Decimal(value)
        found.update((ts, value) for owner, ts, value in self._equity if owner == account and ts >= since)
        return sorted(found.items())

    async def instruments(self) -> list[Instrument]:
        """Definitions seen before, by id; those that cannot be read any more are left out."""
        found: dict[InstrumentId, Instrument] = {}
        for (definition,) in await self._ask("SELECT definition FROM instruments ORDER BY id", ()):
            with suppress(msgspec.MsgspecError, HogaError):
                instrument = msgspec.json.decode(definition, type=Instrument)
                found[instrument.id] = instrument
        found.update(self._instruments)
        return [found[id] for id in sorted(found)]

    async def _ask(self, sql: str, values: tuple[Any, ...]) -> Sequence[Any]:
        if self._is_closed:
            return ()
        try:
            async with self._turn:
                engine = await self._open()
            async with engine.connect() as connection:
                return (await connection.exec_driver_sql(sql, values)).fetchall()
        except Exception as error:
            _log.warning("archive.not_read", problem=str(error)[:300], path=str(self.path))
            return ()


def _row(bar: Bar) -> tuple[Any, ...]:
    return (bar.instrument, bar.interval.value, bar.ts, bar.open, bar.high, bar.low, bar.close, bar.volume)


def read_last_quotes(path: Path | str) -> list[Quote]:
    """As Archive.last_quotes, at once and without SQLAlchemy: a start waits for it. Rows that make no sense are left
    out."""
    quotes: list[Quote] = []
    for id, bid, bid_size, ask, ask_size, ts, received in read_rows(Path(path), _LAST_QUOTES):
        with suppress(HogaError, TypeError, ValueError):
            b, bs, a, size_a = float(bid), float(bid_size), float(ask), float(ask_size)
            if all(0.0 <= number < 1e15 for number in (b, bs, a, size_a)):
                quotes.append(
                    Quote(parse_instrument_id(id), b, bs, a, size_a, int(ts), int(received), Freshness.CACHED)
                )
    return quotes
