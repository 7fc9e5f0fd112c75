"""The order journal through its public door: order, durability, the claim, one writer, and the chain."""

from __future__ import annotations

import asyncio
import fcntl
import os
import signal
import sqlite3
import stat
import subprocess
import sys
import textwrap
import threading
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.domain.account import Account, Mode, TradingState
from core.domain.alert import Alert
from core.domain.errors import (
    IllegalTransition,
    InvalidValue,
    JournalBroken,
    JournalInUse,
    JournalUnavailable,
    StorageError,
)
from core.domain.events import (
    AccountListed,
    AlertCleared,
    AlertFired,
    AlertSet,
    DurableEvent,
    NoteWritten,
    OrderAccepted,
    OrderCanceled,
    OrderDenied,
    OrderExpired,
    OrderFilled,
    OrderRejected,
    OrderReplaced,
    OrderRequested,
    OrderSending,
    OrderStaged,
    TradingStateChanged,
    WatchlistChanged,
)
from core.domain.ids import AccountId, ClientOrderId, FillId, InstrumentId, VenueRef, derived_client_order_id
from core.domain.instrument import Currency
from core.domain.order import Fill, Order, OrderRequest, OrderStatus, Requested, RequestKind, RequestPhase, Side
from core.ports import PaperOrder, Prepared
from storage.journal import Journal, free_mb, verify
from storage.schema import MIGRATIONS, connect_writer, make_durable, migrate

SAMSUNG = InstrumentId("XKRX:005930")
ACCOUNT = AccountId("paper:main")
ROOT = Path(__file__).resolve().parents[2]


def request(name: str = "a", quantity: str = "10", account: AccountId = ACCOUNT) -> OrderRequest:
    return OrderRequest(
        client_order_id=derived_client_order_id(name),
        account=account,
        instrument=SAMSUNG,
        side=Side.BUY,
        quantity=Decimal(quantity),
        limit_price=Decimal("70800"),
    )


def staged(name: str = "a", ts: int = 1, **changes: object) -> OrderStaged:
    return OrderStaged(ts=ts, request=request(name, **changes))  # type: ignore[arg-type]


def filled(name: str, quantity: str, id: str = "1") -> OrderFilled:
    fill = Fill(
        fill_id=FillId(id),
        client_order_id=derived_client_order_id(name),
        ref=VenueRef("v1"),
        account=ACCOUNT,
        instrument=SAMSUNG,
        side=Side.BUY,
        quantity=Decimal(quantity),
        price=Decimal("70800"),
        currency=Currency("KRW"),
        ts=5,
    )
    return OrderFilled(ts=5, fill=fill)


def order(name: str = "a", account: AccountId = ACCOUNT) -> Order:
    asked = request(name, account=account)
    return Order(request=asked, status=OrderStatus.STAGED, quantity=asked.quantity, created=1, updated=1)


def sealed(name: str = "a", account: AccountId = ACCOUNT) -> Prepared:
    return PaperOrder(
        client_order_id=derived_client_order_id(name),
        account=account,
        digest="d" + name,
        body=b"{}",
        facts={"lane": "1"},
    )


def halted(account: AccountId | None, state: TradingState = TradingState.HALTED) -> TradingStateChanged:
    return TradingStateChanged(ts=2, account=account, state=state, by="test")


def status_of(path: Path, name: str) -> str:
    with sqlite3.connect(path) as connection:
        (status,) = connection.execute(
            "SELECT status FROM orders WHERE id=?", (derived_client_order_id(name),)
        ).fetchone()
    connection.close()
    return str(status)


def events_of(journal: Journal) -> list[DurableEvent]:
    return [event for _, event in journal.replay()]


# --- keeping ----------------------------------------------------------------------------------------------------------


async def test_what_is_appended_is_replayed_in_order_after_a_restart(tmp_path: Path) -> None:
    path = tmp_path / "journal.db"
    written = [
        AccountListed(ts=1, account=Account(id=ACCOUNT, mode=Mode.PAPER, base_currency=Currency("KRW"))),
        staged("a"),
        WatchlistChanged(ts=3, name="mine", instruments=(SAMSUNG,)),
        WatchlistChanged(ts=4, name="mine", instruments=(), is_deleted=True),
        AlertSet(ts=5, alert=Alert(id="a1", instrument=SAMSUNG, above=True, price=Decimal("72000.5"), note="돌파")),
        AlertFired(ts=6, id="a1", price=72_000.5, text="bid"),
        AlertCleared(ts=7, id="a1", by="keyboard"),
        NoteWritten(ts=8, subject=f"instrument:{SAMSUNG}", text="실적", by="cli"),
    ]
    journal = Journal.open(path, boot_id="one")
    assert await journal.append(written[:1]) == 1
    assert await journal.append(written[1:]) == len(written)
    head = journal.head()
    await journal.close()
    again = Journal.open(path, boot_id="two")
    assert events_of(again) == written
    assert again.head() == head
    await again.close()
    found = verify(path)
    assert (found.events, found.head, found.first_bad) == (len(written), head, None)


async def test_the_story_of_an_order_is_its_events_alone(tmp_path: Path) -> None:
    journal = Journal.open(tmp_path / "journal.db", boot_id="b")
    one, other = staged("a"), staged("b")
    await journal.append([one, other, NoteWritten(ts=3, subject="order:x", text="t", by="cli")])
    assert await journal.story(one.request.client_order_id) == [one]
    facts = journal.facts()
    assert (facts.sequence, facts.verified, facts.head) == (3, 0, journal.head()) and facts.size > 0
    await journal.close()
    again = Journal.open(tmp_path / "journal.db", read_only=True)
    assert await again.story(other.request.client_order_id) == [other]
    assert again.facts().sequence == 3


async def test_calls_that_wait_together_keep_their_order_and_share_commits(tmp_path: Path) -> None:
    journal = Journal.open(tmp_path / "journal.db", boot_id="b")
    done = await asyncio.gather(*(journal.append([staged(str(n), ts=n)]) for n in range(300)))
    assert done == list(range(1, 301))
    assert [event.ts for event in events_of(journal)] == list(range(300))
    await journal.close()


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.integers(1, 5), max_size=8), st.integers(0, 2**62), st.text(max_size=5))
async def test_same_events_same_boot_same_bytes(sizes: list[int], ts: int, text: str) -> None:
    """However the calls are grouped."""
    events = [
        WatchlistChanged(ts=ts + n, name=text.encode("utf-8", "replace").decode(), instruments=())
        for n in range(sum(sizes))
    ]
    heads = set()
    for grouped in (True, False):
        journal = Journal.open(":memory:", boot_id="same")
        at = 0
        for size in sizes if grouped else [1] * len(events):
            await journal.append(events[at : at + size])
            at += size
        assert events_of(journal) == events
        heads.add(journal.head())
        await journal.close()
    assert len(heads) == 1


async def test_another_boot_or_time_is_another_head() -> None:
    heads = set()
    for boot, ts in (("a", 1), ("b", 1), ("a", 2)):
        journal = Journal.open(":memory:", boot_id=boot)
        await journal.append([WatchlistChanged(ts=ts, name="x", instruments=())])
        heads.add(journal.head())
        await journal.close()
    assert len(heads) == 3


async def test_files_are_private(tmp_path: Path) -> None:
    path = tmp_path / "state" / "journal.db"
    journal = Journal.open(path, boot_id="b")
    await journal.append([staged()])
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert {stat.S_IMODE(entry.stat().st_mode) for entry in path.parent.iterdir()} == {0o600}
    await journal.close()


# --- the projection and the claim -------------------------------------------------------------------------------------


async def test_a_claim_gives_one_permit_and_writes_its_event(tmp_path: Path) -> None:
    path = tmp_path / "journal.db"
    journal = Journal.open(path, boot_id="b")
    await journal.append([staged()])
    permit = await journal.claim(order(), sealed(), 7)
    assert permit is not None
    permit.spend(sealed())
    assert await journal.claim(order(), sealed(), 8) is None
    await journal.close()
    assert status_of(path, "a") == "sending"
    journal = Journal.open(path, boot_id="b")
    assert events_of(journal)[1:] == [
        OrderSending(ts=7, client_order_id=derived_client_order_id("a"), facts={"lane": "1"})
    ]
    assert await journal.claim(order(), sealed(), 9) is None, "not after a restart either"
    await journal.close()


@pytest.mark.parametrize(
    ("before", "may"),
    [
        ([halted(ACCOUNT)], False),
        ([halted(None)], False),
        ([halted(AccountId("paper:other"))], True),
        ([halted(ACCOUNT, TradingState.REDUCING)], True),
        ([halted(ACCOUNT), halted(ACCOUNT, TradingState.ACTIVE)], True),
        ([halted(ACCOUNT), halted(None, TradingState.ACTIVE)], True),
        ([halted(None), halted(ACCOUNT, TradingState.ACTIVE)], False),
    ],
)
async def test_a_halt_forbids_the_claim(tmp_path: Path, before: list[DurableEvent], may: bool) -> None:
    journal = Journal.open(tmp_path / "journal.db", boot_id="b")
    await journal.append([staged(), *before])
    permit = await journal.claim(order(), sealed(), 9)
    assert (permit is not None) is may
    assert any(isinstance(event, OrderSending) for event in events_of(journal)) is may
    await journal.close()


async def test_a_halt_that_waits_in_front_of_a_claim_forbids_it(tmp_path: Path) -> None:
    journal = Journal.open(tmp_path / "journal.db", boot_id="b")
    _, _, permit = await asyncio.gather(
        journal.append([staged()]), journal.append([halted(None)]), journal.claim(order(), sealed(), 9)
    )
    assert permit is None
    await journal.close()


async def test_many_claims_of_one_order_make_one_permit(tmp_path: Path) -> None:
    journal = Journal.open(tmp_path / "journal.db", boot_id="b")
    await journal.append([staged()])
    permits = await asyncio.gather(*(journal.claim(order(), sealed(), n) for n in range(50)))
    assert sum(permit is not None for permit in permits) == 1
    await journal.close()


async def test_an_illegal_step_keeps_nothing_of_its_call_and_harms_no_other(tmp_path: Path) -> None:
    journal = Journal.open(tmp_path / "journal.db", boot_id="b")
    id = derived_client_order_id("a")
    rejected = OrderRejected(ts=2, client_order_id=id, code="x", text="no")
    answers = await asyncio.gather(
        journal.append([staged("a")]),
        journal.append([staged("b"), rejected]),
        journal.append([staged("a")]),
        journal.append([OrderSending(ts=1, client_order_id=id)]),
        journal.append([staged("c")]),
        return_exceptions=True,
    )
    assert answers[0] == 1 and answers[4] == 2
    assert all(isinstance(answer, IllegalTransition) for answer in answers[1:4])
    assert events_of(journal) == [staged("a"), staged("c")]
    await journal.close()


async def test_an_event_that_cannot_be_written_harms_no_other(tmp_path: Path) -> None:
    journal = Journal.open(tmp_path / "journal.db", boot_id="b")
    answers = await asyncio.gather(
        journal.append([WatchlistChanged(ts=1, name="\ud800", instruments=())]),
        journal.append([WatchlistChanged(ts=2**70, name="late", instruments=())]),
        journal.append([staged("a")]),
        return_exceptions=True,
    )
    assert isinstance(answers[0], ValueError) and isinstance(answers[1], OverflowError)
    assert answers[2] == 1
    await journal.close()
    assert verify(tmp_path / "journal.db").events == 1


async def test_nothing_is_told_before_it_is_durable(tmp_path: Path) -> None:
    journal = Journal.open(tmp_path / "journal.db", boot_id="b")
    await journal.append([staged("a")])
    before, told = (1, journal.head()), []
    journal._writer.connection.set_trace_callback(lambda _: told.append((journal.facts().sequence, journal.head())))  # type: ignore[union-attr]
    await journal.append([staged("b"), staged("c")])
    journal._writer.connection.set_trace_callback(None)  # type: ignore[union-attr]
    assert len(told) >= 3 and set(told) == {before}
    assert journal.facts().sequence == 3 and journal.head() != before[1]
    await journal.close()


@pytest.mark.parametrize("price", [float("nan"), float("inf")])
def test_what_no_start_could_read_is_no_event(price: float) -> None:
    with pytest.raises(InvalidValue):
        AlertFired(ts=1, id="a1", price=price)


async def test_the_status_follows_the_events(tmp_path: Path) -> None:
    path = tmp_path / "journal.db"
    journal = Journal.open(path, boot_id="b")
    id = derived_client_order_id("a")
    await journal.append([staged("a")])
    await journal.claim(order(), sealed(), 2)
    await journal.append([filled("a", "4", "1")])
    assert status_of(path, "a") == "open"
    await journal.append([OrderAccepted(ts=6, client_order_id=id, ref=VenueRef("v1")), filled("a", "4", "1")])
    assert status_of(path, "a") == "open", "a repeated fill counts once"
    await journal.append([filled("a", "6", "2")])
    assert status_of(path, "a") == "filled"
    denied = OrderDenied(ts=9, request=request("z"), rule="r", limit="1", actual="2", text="too much")
    await journal.append([denied])
    assert status_of(path, "z") == "denied"
    await journal.close()
    assert verify(path).first_bad is None


# --- one writer, many readers -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("end", [OrderCanceled, OrderExpired])
@pytest.mark.parametrize("is_changed", [True, False])
@pytest.mark.parametrize("restarts", [True, False])
async def test_an_order_that_fills_to_its_old_size_while_it_grows_may_still_end(
    tmp_path: Path, end: type[OrderCanceled | OrderExpired], is_changed: bool, restarts: bool
) -> None:
    """It lives on with the larger size: its end is a fact of the venue, which the journal must take."""
    path, id = tmp_path / "journal.db", derived_client_order_id("a")
    journal = Journal.open(path, boot_id="b")
    await journal.append([staged()])
    await journal.claim(order(), sealed(), 2)
    wish = Requested(kind=RequestKind.REPLACE, phase=RequestPhase.SENDING, quantity=Decimal(20))
    accepted = OrderAccepted(ts=3, client_order_id=id, ref=VenueRef("v1"))
    await journal.append([accepted, OrderRequested(ts=4, client_order_id=id, requested=wish)])
    if restarts:
        await journal.close()
        journal = Journal.open(path, boot_id="c")
    await journal.append([filled("a", "10")])
    if is_changed:
        await journal.append([OrderReplaced(ts=6, client_order_id=id, quantity=Decimal(20))])
    await journal.append([end(ts=7, client_order_id=id)])
    with pytest.raises(IllegalTransition):
        await journal.append([OrderCanceled(ts=8, client_order_id=id)])
    await journal.close()
    assert status_of(path, "a") == ("canceled" if end is OrderCanceled else "expired")
    assert verify(path).first_bad is None


async def test_a_refused_change_leaves_the_order_filled(tmp_path: Path) -> None:
    path, id = tmp_path / "journal.db", derived_client_order_id("a")
    journal = Journal.open(path, boot_id="b")
    await journal.append([staged()])
    await journal.claim(order(), sealed(), 2)
    for phase in (RequestPhase.SENDING, RequestPhase.REFUSED):
        wish = Requested(kind=RequestKind.REPLACE, phase=phase, quantity=Decimal(20))
        await journal.append([OrderRequested(ts=4, client_order_id=id, requested=wish)])
        if phase is RequestPhase.SENDING:
            await journal.append([filled("a", "10")])
            assert status_of(path, "a") == "open"
    await journal.close()
    assert status_of(path, "a") == "filled"
    assert verify(path).first_bad is None


async def test_who_only_looks_whether_somebody_writes_keeps_no_engine_out(tmp_path: Path) -> None:
    """As `hoga engine status` and `stop` do, again and again: for a moment they hold the lock too, with others."""
    path = tmp_path / "journal.db"
    await Journal.open(path).close()
    looking = os.open(path.with_suffix(".lock"), os.O_RDONLY)
    fcntl.flock(looking, fcntl.LOCK_SH)
    leaves = threading.Timer(0.05, os.close, (looking,))
    leaves.start()
    try:
        await Journal.open(path).close()
    finally:
        leaves.join()


async def test_a_second_writer_is_refused_and_told_who_writes(tmp_path: Path) -> None:
    path = tmp_path / "journal.db"
    journal = Journal.open(path, boot_id="b")
    with pytest.raises(JournalInUse, match=rf"process {os.getpid()}\b.*attach.*read only"):
        Journal.open(path, boot_id="c")
    await journal.append([staged()])
    reader = Journal.open(path, read_only=True)
    assert reader.is_read_only and not journal.is_read_only
    assert events_of(reader) == [staged()]
    assert reader.head() == journal.head()
    with pytest.raises(JournalUnavailable, match="reading only"):
        await reader.append([staged("b")])
    await reader.close()
    await journal.close()
    await Journal.open(path, boot_id="c").close()


async def test_readers_never_lock_out_the_writer(tmp_path: Path) -> None:
    path = tmp_path / "journal.db"
    journal = Journal.open(path, boot_id="b")
    await journal.append([staged(str(n)) for n in range(50)])
    readers = [Journal.open(path, read_only=True).replay() for _ in range(20)]
    for reader in readers:
        next(reader)
    for n in range(50, 100):
        await journal.append([staged(str(n))])
    assert len(events_of(journal)) == 100
    await journal.close()


# --- what is found at the door ----------------------------------------------------------------------------------------


async def closed_journal(path: Path, count: int = 40) -> None:
    journal = Journal.open(path, boot_id="b")
    await journal.append([staged(str(n), ts=n) for n in range(count)])
    await journal.close()


def tamper(path: Path, *statements: str) -> None:
    connection = sqlite3.connect(path, isolation_level=None)
    for statement in ("DROP TRIGGER event_keeps", "DROP TRIGGER event_stays", *statements):
        connection.execute(statement)
    connection.close()


@pytest.mark.parametrize(
    ("statement", "bad"),
    [
        ("UPDATE event SET payload=replace(payload, '70800', '70900') WHERE seq=20", 20),
        ("UPDATE event SET ts=ts+1 WHERE seq=1", 1),
        ("UPDATE event SET kind='OrderHeld' WHERE seq=12", 12),
        ("UPDATE event SET kind='NoteWritten' WHERE seq=12", 12),
        ("UPDATE event SET intent_id=(SELECT intent_id FROM event WHERE seq=5) WHERE seq=13", 13),
        ("UPDATE event SET intent_id=NULL WHERE seq=13", 13),
        ("UPDATE event SET boot_id='x' WHERE seq=40", 40),
        ("DELETE FROM event WHERE seq=7", 7),
        ("UPDATE event SET hash=zeroblob(32) WHERE seq=3", 3),
        ("UPDATE orders SET status='open' WHERE seq=9", 40),
        ("INSERT INTO halt VALUES ('*','active',1)", 40),
        ("DELETE FROM orders WHERE seq=9", 40),
    ],
)
async def test_a_changed_row_is_named_and_the_sound_part_can_be_read(tmp_path: Path, statement: str, bad: int) -> None:
    path = tmp_path / "journal.db"
    await closed_journal(path)
    tamper(path, statement)
    before = path.read_bytes()
    found = verify(path)
    assert found.first_bad == bad
    with pytest.raises(JournalBroken, match=r"read only.*backup.*reconcile"):
        Journal.open(path, boot_id="c")
    assert path.read_bytes() == before, "nothing was changed"
    reader = Journal.open(path, read_only=True)
    if found.events == 40:
        assert len(events_of(reader)) == 40
        return
    sound = []
    with pytest.raises(JournalBroken, match=f"event {bad} "):
        for seq, _ in reader.replay():
            sound.append(seq)
    assert sound == list(range(1, bad))


async def test_events_cannot_be_changed_through_sql(tmp_path: Path) -> None:
    path = tmp_path / "journal.db"
    await closed_journal(path)
    connection = sqlite3.connect(path)
    for statement in ("UPDATE event SET ts=0", "DELETE FROM event"):
        with pytest.raises(sqlite3.IntegrityError, match="append-only"):
            connection.execute(statement)
    connection.close()


async def test_no_flipped_bit_starts_silently(tmp_path: Path) -> None:
    """Every flip is refused at the door, or left nothing that is read different."""
    path = tmp_path / "journal.db"
    await closed_journal(path, 30)
    whole = path.read_bytes()
    reader = Journal.open(path, read_only=True)
    told, head = events_of(reader), reader.head()
    refused = 0
    for at in range(24, len(whole), max(1, len(whole) // 300)):
        broken = bytearray(whole)
        broken[at] ^= 1 << (at % 8)
        path.write_bytes(broken)
        for suffix in ("-wal", "-shm"):
            path.with_name(path.name + suffix).unlink(missing_ok=True)
        try:
            journal = Journal.open(path, boot_id="c")
        except (JournalBroken, JournalUnavailable):
            refused += 1
            continue
        assert events_of(journal) == told and journal.head() == head
        await journal.close()
    assert refused > 100


async def test_a_newer_schema_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "journal.db"
    await closed_journal(path)
    tamper(path, "PRAGMA user_version=99")
    before = path.read_bytes()
    for read_only in (False, True):
        with pytest.raises(JournalBroken, match=r"newer hoga.*Nothing was changed"):
            Journal.open(path, boot_id="c", read_only=read_only)
    assert path.read_bytes() == before


async def test_a_kind_only_a_newer_hoga_knows_is_named(tmp_path: Path) -> None:
    path = tmp_path / "journal.db"
    await closed_journal(path, 3)
    tamper(path, "UPDATE event SET kind='OrderTeleported' WHERE seq=2")
    with pytest.raises(JournalBroken, match="OrderTeleported"):
        Journal.open(path, boot_id="c")
    with pytest.raises(JournalBroken, match="newer one wrote it"):
        events_of(Journal.open(path, read_only=True))


def test_foreign_and_hostile_files_are_refused(tmp_path: Path) -> None:
    foreign = tmp_path / "foreign.db"
    connection = sqlite3.connect(foreign)
    connection.execute("CREATE TABLE mine (x)")
    connection.close()
    garbage = tmp_path / "garbage.db"
    garbage.write_bytes(b"not a database at all" * 400)
    for path, word in ((foreign, "another program"), (garbage, "damaged")):
        before = path.read_bytes()
        with pytest.raises(JournalBroken, match=word):
            Journal.open(path, boot_id="b")
        assert path.read_bytes() == before
    link = tmp_path / "link.db"
    link.symlink_to(foreign)
    folder = tmp_path / "folder.db"
    folder.mkdir()
    for path, word in ((link, "symbolic link"), (folder, "not a plain file")):
        with pytest.raises(StorageError, match=word):
            Journal.open(path, boot_id="b")
    lock = tmp_path / "fresh.lock"
    lock.symlink_to(foreign)
    with pytest.raises(StorageError, match="symbolic link"):
        Journal.open(tmp_path / "fresh.db", boot_id="b")
    open_folder = tmp_path / "open"
    open_folder.mkdir()
    open_folder.chmod(0o777)
    with pytest.raises(StorageError, match="chmod go-w"):
        Journal.open(open_folder / "journal.db", boot_id="b")
    with pytest.raises(JournalUnavailable, match="there is no journal"):
        Journal.open(tmp_path / "absent.db", read_only=True)
    assert not (tmp_path / "absent.db").exists()


async def test_a_migration_backs_up_first_and_is_all_or_nothing(tmp_path: Path) -> None:
    path = tmp_path / "journal.db"
    await closed_journal(path, 5)
    connection = connect_writer(path)
    make_durable(connection)
    half = (*MIGRATIONS, ("ALTER TABLE halt ADD COLUMN text TEXT", "ALTER TABLE absent ADD COLUMN x"))
    with pytest.raises(sqlite3.OperationalError):
        migrate(connection, path, half)
    assert connection.execute("PRAGMA user_version").fetchone() == (1,)
    assert "text" not in str(connection.execute("SELECT sql FROM sqlite_schema WHERE name='halt'").fetchone())
    copy = migrate(connection, path, (*MIGRATIONS, half[-1][:1]))
    assert connection.execute("PRAGMA user_version").fetchone() == (2,)
    connection.close()
    assert copy is not None and stat.S_IMODE(copy.stat().st_mode) == 0o600
    copied = Journal.open(copy, read_only=True)
    assert len(events_of(copied)) == 5


def test_kill_9_in_a_migration_leaves_the_old_schema(tmp_path: Path) -> None:
    path = tmp_path / "journal.db"
    asyncio.run(closed_journal(path, 5))
    body = """
    connection = connect_writer(path)
    connection.create_function("die", 0, lambda: os.kill(os.getpid(), signal.SIGKILL))
    migrate(connection, path, (*MIGRATIONS, ("ALTER TABLE halt ADD COLUMN text TEXT", "SELECT die()")))
    """
    process = child(body, path)
    process.communicate(timeout=60)
    assert process.returncode == -signal.SIGKILL
    journal = Journal.open(path, boot_id="c")
    assert len(events_of(journal)) == 5
    asyncio.run(journal.close())


# --- when the disk refuses --------------------------------------------------------------------------------------------

CHILD = """
import asyncio, os, resource, signal, sys
sys.path.insert(0, {root!r})
from pathlib import Path
from tests.storage.test_journal import *
path = Path(sys.argv[1])
"""


def child(body: str, path: Path, **options: object) -> subprocess.Popen[str]:
    program = CHILD.format(root=str(ROOT)) + textwrap.dedent(body)
    return subprocess.Popen(
        [sys.executable, "-c", program, str(path)], stdout=subprocess.PIPE, text=True, cwd=ROOT, **options
    )  # type: ignore[call-overload,no-any-return]


def test_a_full_disk_refuses_keeps_what_was_confirmed_and_recovers(tmp_path: Path) -> None:
    path = tmp_path / "journal.db"
    body = """
    async def main():
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        journal = Journal.open(path, boot_id="b")
        soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (150_000, hard))
        kept, refused = 0, ""
        for n in range(2000):
            try:
                await journal.append([staged(str(n), ts=n)])
                kept += 1
            except JournalUnavailable as error:
                refused = str(error)
                break
        assert "kept" in refused and "nothing of this write" in refused, refused
        for n in range(5):
            try:
                await journal.append([staged(f"again{n}")])
            except JournalUnavailable:
                pass
            else:
                raise SystemExit("a full disk took a write")
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        await journal.append([staged("after", ts=5)])
        assert await journal.claim(order("after"), sealed("after"), 6) is not None
        print(kept, len(list(journal.replay())))
        await journal.close()
    asyncio.run(main())
    """
    process = child(body, path)
    out, _ = process.communicate(timeout=60)
    assert process.returncode == 0
    kept, replayed = map(int, out.split())
    assert kept > 10 and replayed == kept + 2
    found = verify(path)
    assert (found.first_bad, found.events) == (None, kept + 2)


@pytest.mark.parametrize("acknowledged", [1, 7, 40])
def test_kill_9_loses_nothing_that_was_acknowledged(tmp_path: Path, acknowledged: int) -> None:
    path = tmp_path / "journal.db"
    body = """
    async def lane(journal, name):
        for n in range(100_000):
            await journal.append([staged(f"{name}{n}", ts=n)])
            print(derived_client_order_id(f"{name}{n}"), flush=True)
    async def main():
        journal = Journal.open(path, boot_id="b")
        await asyncio.gather(*(lane(journal, name) for name in "abc"))
    asyncio.run(main())
    """
    process = child(body, path)
    assert process.stdout is not None
    seen = [process.stdout.readline().strip() for _ in range(acknowledged)]
    os.kill(process.pid, signal.SIGKILL)
    seen += [line.strip() for line in process.stdout.read().splitlines() if len(line.strip()) == 26]
    process.wait()
    process.stdout.close()
    journal = Journal.open(path, boot_id="c")
    kept = {event.request.client_order_id for event in events_of(journal) if isinstance(event, OrderStaged)}
    assert set(map(ClientOrderId, seen)) <= kept
    asyncio.run(journal.close())


async def test_a_journal_moved_away_takes_no_writes(tmp_path: Path) -> None:
    path = tmp_path / "journal.db"
    journal = Journal.open(path, boot_id="b")
    await journal.append([staged("a")])
    path.rename(tmp_path / "elsewhere.db")
    with pytest.raises(JournalUnavailable, match="moved or replaced"):
        await journal.append([staged("b")])
    (tmp_path / "elsewhere.db").rename(path)
    await journal.append([staged("b")])
    await journal.close()
    assert verify(path).events == 2


async def test_rows_that_somebody_else_wrote_stop_the_writer(tmp_path: Path) -> None:
    path = tmp_path / "journal.db"
    journal = Journal.open(path, boot_id="b")
    await journal.append([staged("a")])
    connection = sqlite3.connect(path)
    connection.execute("INSERT INTO event SELECT seq + 1, kind, intent_id, payload, ts, boot_id, hash, hash FROM event")
    connection.commit()
    connection.close()
    with pytest.raises(JournalUnavailable):
        await journal.append([staged("b")])
    with pytest.raises(JournalUnavailable, match="stop hoga and start it again"):
        await journal.append([staged("b")])
    assert await journal.append([]) == 1, "what was confirmed still is"
    await journal.close()
    assert verify(path).first_bad == 2


async def test_a_closed_journal_says_so(tmp_path: Path) -> None:
    journal = Journal.open(tmp_path / "journal.db", boot_id="b")
    await journal.close()
    await journal.close()
    with pytest.raises(JournalUnavailable, match="closed"):
        await journal.append([staged()])


def test_a_folder_that_cannot_be_made(tmp_path: Path) -> None:
    """Where the folder should be there is a file: nobody can write there, root neither."""
    (tmp_path / "data").write_text("mine")
    with pytest.raises(JournalUnavailable, match="cannot be made"):
        Journal.open(tmp_path / "data" / "hoga" / "journal.db", boot_id="b")
    assert (tmp_path / "data").read_text() == "mine"


def test_free_space_is_asked_of_the_nearest_folder_there_is(tmp_path: Path) -> None:
    assert free_mb(tmp_path / "not" / "there") == pytest.approx(free_mb(tmp_path), rel=0.05)
