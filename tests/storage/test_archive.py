"""The market archive: it remembers, it is quick at a start, and its disk is nobody's trouble."""

from __future__ import annotations

import asyncio
import sqlite3
import subprocess
import sys
from decimal import Decimal
from pathlib import Path

import pytest

from core.clock import SystemClock
from core.domain.ids import AccountId, InstrumentId
from core.domain.instrument import Currency, Instrument, Kind, fixed_tick
from core.domain.market import Bar, Freshness, Interval, Quote
from storage.archive import MAX_BARS, Archive, read_last_quotes
from storage.database import VERSION, is_migration_due, migrate, stored_version

ROOT = Path(__file__).resolve().parents[2]
SAMSUNG = InstrumentId("XKRX:005930")
ACCOUNT = AccountId("paper:main")
MINUTE = Interval.M1.ns


def quote(number: int = 1, id: InstrumentId = SAMSUNG) -> Quote:
    return Quote(id, 70800.0 + number, 1.5, 70900.0, 2.0, number, number)


def bar(number: int, id: InstrumentId = SAMSUNG, *, is_closed: bool = True) -> Bar:
    return Bar(id, Interval.M1, number * MINUTE, 1.0, 3.0, 0.5, 2.0, 10.0, is_closed)


async def test_what_was_put_is_there_after_a_restart(tmp_path: Path) -> None:
    archive = Archive(tmp_path / "market.db")
    instrument = Instrument(
        id=SAMSUNG, name="Samsung", kind=Kind.STOCK, currency=Currency("KRW"), ticks=fixed_tick("100")
    )
    archive.put_quotes([quote(1), quote(2), quote(1, InstrumentId("XNAS:AAPL"))])
    archive.put_bars([bar(1), bar(2), bar(3, is_closed=False)])
    archive.put_equity(ACCOUNT, 5, Decimal("100000000.10"))
    archive.put_instruments([instrument])
    await archive.flush()
    archive.put_bars([bar(2)])
    await archive.close()

    again = Archive(tmp_path / "market.db")
    cached = await again.last_quotes()
    assert [(q.instrument, q.bid, q.received, q.freshness) for q in cached] == [
        (SAMSUNG, 70802.0, 2, Freshness.CACHED),
        ("XNAS:AAPL", 70801.0, 1, Freshness.CACHED),
    ]
    coverage = await again.bars(SAMSUNG, Interval.M1, 0, 10 * MINUTE)
    assert coverage.bars == (bar(1), bar(2))
    assert (coverage.start, coverage.end, coverage.is_truncated) == (MINUTE, 3 * MINUTE, False)
    assert (await again.bars(SAMSUNG, Interval.M1, 2 * MINUTE, 10 * MINUTE)).bars == (bar(2),)
    assert (await again.bars(SAMSUNG, Interval.M5, 0, 10 * MINUTE)).bars == ()
    assert await again.equity(ACCOUNT, 0) == [(5, Decimal("100000000.10"))]
    assert await again.equity(ACCOUNT, 6) == []
    assert await again.instruments() == [instrument]
    await again.close()
    assert (tmp_path / "market.db").stat().st_mode & 0o777 == 0o600


async def test_what_waits_for_a_flush_is_part_of_the_answer(tmp_path: Path) -> None:
    archive = Archive(tmp_path / "market.db")
    archive.put_bars([bar(1)])
    await archive.flush()
    archive.put_bars([bar(2)])
    archive.put_equity(ACCOUNT, 7, Decimal(3))
    assert (await archive.bars(SAMSUNG, Interval.M1, 0, 9 * MINUTE)).bars == (bar(1), bar(2))
    assert await archive.equity(ACCOUNT, 0) == [(7, Decimal(3))]
    await archive.close()


async def test_an_unchanged_or_cached_quote_is_not_written_again(tmp_path: Path) -> None:
    path = tmp_path / "market.db"
    archive = Archive(path)
    archive.put_quotes([quote(1)])
    await archive.flush()
    connection = sqlite3.connect(path)
    connection.execute("DELETE FROM quotes")
    connection.commit()
    archive.put_quotes([quote(1), *read_last_quotes(path)])
    await archive.flush()
    assert read_last_quotes(path) == []
    archive.put_quotes([quote(2)])
    await archive.flush()
    assert [q.received for q in read_last_quotes(path)] == [2]
    connection.close()
    await archive.close()


def test_a_start_reads_without_sqlalchemy(tmp_path: Path) -> None:
    async def fill() -> None:
        archive = Archive(tmp_path / "market.db")
        archive.put_quotes([quote(n, InstrumentId(f"XKRX:{n:06d}")) for n in range(200)])
        await archive.close()

    asyncio.run(fill())
    program = (
        "import asyncio, sys\n"
        "from storage.archive import Archive\n"
        "quotes = asyncio.run(Archive(sys.argv[1]).last_quotes())\n"
        "assert len(quotes) == 200, quotes\n"
        "assert not {'sqlalchemy', 'alembic', 'aiosqlite'} & set(sys.modules)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, str(tmp_path / "market.db")],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr


async def test_a_failing_disk_is_counted_and_nothing_is_lost_until_it_must(tmp_path: Path) -> None:
    place = tmp_path / "state"
    place.write_text("a file where the folder should be")
    archive = Archive(place / "market.db")
    archive.put_bars([bar(1)])
    archive.put_quotes([quote(1)])
    await archive.flush()
    await archive.flush()
    assert archive.failures == 2 and archive.dropped == 0
    assert (await archive.bars(SAMSUNG, Interval.M1, 0, 9 * MINUTE)).bars == (bar(1),)
    archive.put_bars(bar(n) for n in range(2, MAX_BARS + 12))
    assert archive.dropped == 11, "the oldest go"
    place.unlink()
    await archive.flush()
    assert archive.failures == 2
    assert len((await archive.bars(SAMSUNG, Interval.M1, 0, 20 * MINUTE)).bars) == 8
    assert len(await archive.last_quotes()) == 1
    await archive.close()


async def test_a_damaged_file_is_set_aside(tmp_path: Path) -> None:
    path = tmp_path / "market.db"
    path.write_bytes(b"rubbish" * 1000)
    archive = Archive(path)
    assert await archive.last_quotes() == []
    archive.put_quotes([quote()])
    await archive.close()
    assert archive.failures == 0
    assert len(read_last_quotes(path)) == 1
    assert (tmp_path / "market.db.broken").read_bytes().startswith(b"rubbish")


async def test_a_newer_file_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "market.db"
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE future (x)")
    connection.execute("PRAGMA user_version=99")
    connection.commit()
    connection.close()
    archive = Archive(path)
    archive.put_quotes([quote()])
    await archive.flush()
    assert archive.failures == 1
    assert (await archive.bars(SAMSUNG, Interval.M1, 0, 1)).bars == ()
    await archive.close()
    assert stored_version(path) == 99


async def test_rows_that_make_no_sense_are_left_out(tmp_path: Path) -> None:
    path = tmp_path / "market.db"
    archive = Archive(path)
    archive.put_quotes([quote()])
    await archive.flush()
    connection = sqlite3.connect(path)
    rows = [("no colon", 1.0), ("XKRX:\x1b[2J", 1.0), ("XKRX:1", -1.0), ("XKRX:2", float("inf")), ("XKRX:3", "text")]
    connection.executemany("INSERT INTO quotes VALUES (?,?,1,1,1,1,1)", rows)
    connection.execute("INSERT INTO equity VALUES ('paper:main', 1, 'much')")
    connection.execute("INSERT INTO instruments VALUES ('x', '{}')")
    connection.commit()
    connection.close()
    assert [q.instrument for q in await archive.last_quotes()] == [SAMSUNG]
    assert await archive.equity(ACCOUNT, 0) == []
    assert await archive.instruments() == []
    await archive.close()


def test_the_migrations_make_exactly_the_tables(tmp_path: Path) -> None:
    from alembic.autogenerate import compare_metadata
    from alembic.migration import MigrationContext
    from sqlalchemy import create_engine

    from storage.tables import METADATA

    path = tmp_path / "market.db"
    assert is_migration_due(path)
    migrate(path)
    assert stored_version(path) == VERSION and not is_migration_due(path)
    engine = create_engine(f"sqlite:///{path}")
    with engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), METADATA) == []
    engine.dispose()
    versions = list((ROOT / "storage/migrations/versions").glob("v*.py"))
    assert len(versions) == VERSION


async def test_a_closed_archive_is_quiet(tmp_path: Path) -> None:
    archive = Archive(tmp_path / "market.db")
    await archive.close()
    archive.put_quotes([quote()])
    await archive.flush()
    await archive.close()
    assert await archive.equity(ACCOUNT, 0) == []
    assert not (tmp_path / "market.db").exists()


@pytest.mark.parametrize("count", [3])
async def test_flushes_at_once_take_turns(tmp_path: Path, count: int) -> None:
    archive = Archive(tmp_path / "market.db")
    for number in range(count):
        archive.put_bars([bar(number)])
    await asyncio.gather(*(archive.flush() for _ in range(count)))
    assert len((await archive.bars(SAMSUNG, Interval.M1, 0, 99 * MINUTE)).bars) == count
    await archive.close()


async def test_a_flush_that_is_ended_in_the_middle_loses_nothing(tmp_path: Path) -> None:
    archive = Archive(tmp_path / "market.db")
    archive.put_quotes([quote(2)])
    archive.put_bars([bar(1)])
    archive.put_equity(ACCOUNT, 5, Decimal(7))
    ended = asyncio.ensure_future(archive.flush())
    while not archive._turn.locked():
        await SystemClock().sleep(0)
    ended.cancel()
    await asyncio.wait({ended})
    assert ended.cancelled()
    await archive.close()
    again = Archive(tmp_path / "market.db")
    assert [q.bid for q in await again.last_quotes()] == [70802.0]
    assert (await again.bars(SAMSUNG, Interval.M1, 0, 10 * MINUTE)).bars == (bar(1),)
    assert await again.equity(ACCOUNT, 0) == [(5, Decimal(7))]
    await again.close()
