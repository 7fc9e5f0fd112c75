"""Target 11: what durability costs. The floor is one order row appended to a file with fdatasync; throughput is held
against sqlite3's own executemany of the same rows. Wall clock, interleaved, in one run.
"""

from __future__ import annotations

import asyncio
import os
import sqlite3
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import msgspec

from core.domain.events import DurableEvent, OrderAccepted, OrderStaged
from core.domain.ids import AccountId, InstrumentId, VenueRef, derived_client_order_id
from core.domain.order import Binding, Order, OrderRequest, OrderStatus, Side
from core.ports import PaperOrder, Prepared
from storage.chain import GENESIS, link
from storage.journal import Journal
from storage.schema import connect_writer, make_durable
from storage.writer import Append, Job, Writer
from tests.bench.rows import Row, compared, percentile

BATCH = 1000
BATCHES = 15
SINGLES = 300
EVENT = (
    "CREATE TABLE event (seq INTEGER PRIMARY KEY, kind TEXT, intent_id TEXT, payload TEXT, ts INTEGER, boot_id TEXT, "
    "prev_hash BLOB, hash BLOB)"
)


def staged(number: int) -> OrderStaged:
    from decimal import Decimal

    request = OrderRequest(
        client_order_id=derived_client_order_id(str(number)),
        account=AccountId("paper:main"),
        instrument=InstrumentId("XKRX:005930"),
        side=Side.BUY,
        quantity=Decimal(10),
        limit_price=Decimal(70800),
    )
    return OrderStaged(ts=number, request=request)


def accepted(number: int, every: int) -> OrderAccepted:
    """An answer that changes no status: the plain cost of one kept event."""
    id = derived_client_order_id(str(number % every))
    return OrderAccepted(ts=number, client_order_id=id, ref=VenueRef(f"v{number}"), binding=Binding.BY_ID)


def raw_connection(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=FULL")
    connection.execute(EVENT)
    return connection


def rows_of(path: Path) -> list[tuple[object, ...]]:
    """The rows our journal wrote, to be written again by hand."""
    connection = sqlite3.connect(path)
    found = connection.execute("SELECT * FROM event ORDER BY seq").fetchall()
    connection.close()
    return found


def timed(call: Callable[[], object]) -> float:
    start = time.perf_counter_ns()
    call()
    return (time.perf_counter_ns() - start) / 1000


async def throughput(folder: Path) -> list[Row]:
    """Batches of events, a commit each: ours against executemany of the very same rows, interleaved."""
    journal = Journal.open(folder / "many.db", boot_id="bench")
    await journal.append([staged(n) for n in range(BATCH)])
    raw = raw_connection(folder / "raw.db")
    ours: dict[str, list[float]] = {"staged": [], "answers": []}
    plain: dict[str, list[float]] = {"staged": [], "answers": []}
    made: dict[str, list[float]] = {"staged": [], "answers": []}
    at = BATCH
    for _ in range(BATCHES):
        for kind in ("staged", "answers"):
            batch: list[DurableEvent] = [
                staged(at + n) if kind == "staged" else accepted(at + n, BATCH) for n in range(BATCH)
            ]
            if kind == "answers" and not ours["answers"]:
                await open_all(journal)
            start = time.perf_counter_ns()
            await journal.append(batch)
            ours[kind].append((time.perf_counter_ns() - start) / 1000 / BATCH)
            written = rows_of(folder / "many.db")[-BATCH:]

            def insert(rows: list[tuple[object, ...]] = written) -> None:
                raw.execute("BEGIN IMMEDIATE")
                raw.executemany("INSERT INTO event VALUES (?,?,?,?,?,?,?,?)", rows)
                raw.execute("COMMIT")

            plain[kind].append(timed(insert) / BATCH)
            made[kind].append(timed(lambda events=batch: made_by_hand(events)) / BATCH)  # type: ignore[misc]
            at += BATCH
    await journal.close()
    raw.close()
    reference = "sqlite3 executemany of the same rows, WAL FULL"
    floor = {kind: statistics.median(values) for kind, values in plain.items()}
    return [
        Row(name=f"{reference}, {BATCH} a commit", value=floor["answers"], unit="us/row"),
        compared(
            "journal: events kept, hashed and chained",
            statistics.median(ours["answers"]),
            "us/row",
            f"{reference}; to encode and hash them alone is {statistics.median(made['answers']):.1f} us more",
            floor["answers"],
            at_most=1.4,
        ),
        compared(
            "journal: new orders, with their guard rows",
            statistics.median(ours["staged"]),
            "us/row",
            reference,
            floor["staged"],
        ),
    ]


def made_by_hand(events: list[DurableEvent]) -> list[tuple[object, ...]]:
    """The rows of these events in the barest loop: what no journal in Python can do without."""
    head = GENESIS
    found: list[tuple[object, ...]] = []
    for seq, event in enumerate(events, 1):
        payload = msgspec.json.encode(event)
        before, head = head, link(head, seq, event.ts, b"bench", payload)
        found.append((seq, event.__class__.__name__, None, payload.decode(), event.ts, "bench", before, head))
    return found


async def open_all(journal: Journal) -> None:
    """Send and accept the first orders, so that later answers change nothing."""
    await asyncio.gather(*(journal.claim(order(n), sealed(n), n) for n in range(BATCH)))
    await journal.append([accepted(n, BATCH) for n in range(BATCH)])


def order(number: int) -> Order:
    request = staged(number).request
    return Order(request=request, status=OrderStatus.STAGED, quantity=request.quantity, created=1, updated=1)


def sealed(number: int) -> Prepared:
    id = derived_client_order_id(str(number))
    return PaperOrder(client_order_id=id, account=AccountId("paper:main"), digest="d", body=b"")


async def single(folder: Path) -> list[Row]:
    """One durable order row at a time: the disk's floor, plain sqlite3, ours as the loop waits for it, and a claim."""
    file = os.open(folder / "floor", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    raw = raw_connection(folder / "one.db")
    journal = Journal.open(folder / "journal.db", boot_id="bench")
    times: dict[str, list[float]] = {"floor": [], "raw": [], "awaited": [], "claim": []}
    payload = b"x" * 600

    def floor() -> None:
        os.write(file, payload)
        os.fdatasync(file)

    for number in range(1, SINGLES + 1):
        times["floor"].append(timed(floor))
        times["raw"].append(timed(lambda n=number: by_hand(raw, n, payload)))  # type: ignore[misc]
        event = staged(number)
        start = time.perf_counter_ns()
        await journal.append([event])
        times["awaited"].append((time.perf_counter_ns() - start) / 1000)
        mine, its = order(number), sealed(number)
        start = time.perf_counter_ns()
        await journal.claim(mine, its, number)
        times["claim"].append((time.perf_counter_ns() - start) / 1000)
    await journal.close()
    raw.close()
    os.close(file)
    median = {name: statistics.median(values) for name, values in times.items()}
    reference = "append and fdatasync of one row"
    return [
        Row(name=reference, value=median["floor"], unit="us"),
        compared("sqlite3 WAL FULL, one row, in its thread", median["raw"], "us", reference, median["floor"]),
        compared(
            "journal: one order row, awaited from the loop",
            median["awaited"],
            "us",
            reference,
            median["floor"],
            at_most=3.0,
        ),
        compared("journal: claim of a send, awaited", median["claim"], "us", reference, median["floor"], at_most=3.0),
        compared(
            "journal: one order row, p99",
            percentile(times["awaited"], 0.99),
            "us",
            "p99 of append and fdatasync",
            percentile(times["floor"], 0.99),
            at_most=3.0,
        ),
    ]


async def inside(folder: Path) -> list[Row]:
    """One durable order row as the writer thread itself sees it: its commit alone, without the way there and back.
    First on a WAL that grows, then on one that was folded into the file and is written again from its start, as it is
    for all of a day but its first minutes."""
    file = os.open(folder / "floor2", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    path = folder / "inside.db"
    await Journal.open(path, boot_id="bench").close()
    connection = connect_writer(path)
    make_durable(connection)
    writer = Writer(connection, path, "bench")
    loop = asyncio.get_running_loop()
    payload = b"x" * 600

    def floor() -> None:
        os.write(file, payload)
        os.fdatasync(file)

    raw = raw_connection(folder / "inside_raw.db")
    found = []
    for start, when, why in (
        (0, "while the WAL grows", "; plain sqlite3 there {:.2f}x: its WAL must grow by pages, not by the row"),
        (SINGLES, "on a used WAL", "; plain sqlite3 there {:.2f}x"),
    ):
        floors, plain, ours = [], [], []
        for number in range(start, start + SINGLES):
            floors.append(timed(floor))
            plain.append(timed(lambda n=number: by_hand(raw, n + 1, payload)))  # type: ignore[misc]
            job = Job(Append((staged(number),)), loop, loop.create_future())
            ours.append(timed(lambda job=job: writer._commit([job])))  # type: ignore[misc]
        least = statistics.median(floors)
        reference = "append and fdatasync of one row" + why.format(statistics.median(plain) / least)
        name = f"journal: one order row, inside the writer thread, {when}"
        found.append(compared(name, statistics.median(ours), "us", reference, least, at_most=1.5))
        writer._fold_in("PASSIVE")
        raw.execute("PRAGMA wal_checkpoint(PASSIVE)")
    writer.stop()
    raw.close()
    os.close(file)
    return found


def by_hand(raw: sqlite3.Connection, number: int, payload: bytes) -> None:
    """The row with plain sqlite3: no hash, no guard row."""
    raw.execute("BEGIN IMMEDIATE")
    row = (number, "OrderStaged", "h", payload.decode(), number, "bench", b"1" * 32, b"2" * 32)
    raw.execute("INSERT INTO event VALUES (?,?,?,?,?,?,?,?)", row)
    raw.execute("COMMIT")


async def measured() -> list[Row]:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        return [*await throughput(folder), *await single(folder), *await inside(folder)]


def rows() -> list[Row]:
    return asyncio.run(measured())
