"""What a commit of the journal promises: on the disk when it returns, and no permit before that."""

from __future__ import annotations

import asyncio
import sqlite3
from pathlib import Path
from typing import Any

import pytest

from core.clock import SystemClock
from core.domain.account import TradingState
from core.domain.errors import JournalUnavailable, StorageError
from core.domain.events import OrderSending, OrderStaged, TradingStateChanged
from core.domain.order import Order, OrderStatus
from core.ports import PaperOrder
from storage.ballast import Ballast, place
from storage.files import MB
from storage.journal import Journal
from storage.writer import Writer
from tests import scenes


def writer_of(journal: Journal) -> Writer:
    assert journal._writer is not None
    return journal._writer


async def test_a_commit_waits_for_the_disk(tmp_path: Path) -> None:
    """NORMAL would lose the newest commits with the power, and an order that went out with them."""
    journal = Journal.open(tmp_path / "journal.db")
    run = writer_of(journal).connection.execute
    assert run("PRAGMA synchronous").fetchone() == (2,), "FULL"
    assert run("PRAGMA journal_mode").fetchone() == ("wal",)
    await journal.close()


class Refusing(sqlite3.Connection):
    """A disk that takes everything and refuses the commit."""

    refuses = False

    def execute(self, sql: str, *more: object) -> sqlite3.Cursor:  # type: ignore[override]
        if self.refuses and sql == "COMMIT":
            raise sqlite3.OperationalError("disk I/O error")
        return super().execute(sql, *more)  # type: ignore[arg-type]


class Full(sqlite3.Connection):
    """A disk that has room for a commit only when the ballast is gone."""

    ballast: Path

    def execute(self, sql: str, *more: object) -> sqlite3.Cursor:  # type: ignore[override]
        if sql == "COMMIT" and self.ballast.exists():
            error = sqlite3.OperationalError("database or disk is full")
            error.sqlite_errorcode = sqlite3.SQLITE_FULL
            raise error
        return super().execute(sql, *more)  # type: ignore[arg-type]


def exchange(writer: Any, path: Path, kind: type[sqlite3.Connection]) -> sqlite3.Connection:
    """The writer goes on with a connection of this kind. Its own one is given back and closed when it has ended: closed
    under a commit that it is in the middle of, SQLite takes the process with it."""
    own = writer.connection
    writer.connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False, factory=kind)
    return own  # type: ignore[no-any-return]


async def test_a_commit_that_fails_gives_no_permit(tmp_path: Path) -> None:
    path = tmp_path / "journal.db"
    journal = Journal.open(path)
    request = scenes.request()
    await journal.append([OrderStaged(ts=1, request=request)])
    writer = writer_of(journal)
    own = exchange(writer, path, Refusing)
    order = Order(request=request, status=OrderStatus.STAGED, quantity=request.quantity, created=1, updated=1)
    id = request.client_order_id
    sealed = PaperOrder(client_order_id=id, account=request.account, digest="d", body=b"")
    writer.connection.refuses = True  # type: ignore[attr-defined]
    with pytest.raises(JournalUnavailable):
        await journal.claim(order, sealed, 2)
    assert not any(isinstance(event, OrderSending) for _, event in journal.replay())
    writer.connection.refuses = False  # type: ignore[attr-defined]
    assert await journal.claim(order, sealed, 3) is not None, "nothing of the failed claim was kept"
    assert sum(isinstance(event, OrderSending) for _, event in journal.replay()) == 1
    await journal.close()
    own.close()


async def test_room_is_kept_back_given_up_for_a_cancel_and_kept_back_again(tmp_path: Path) -> None:
    path = tmp_path / "journal.db"
    journal = Journal.open(path, ballast=64 * 1024)
    kept = place(path)
    assert (kept.stat().st_blocks * 512, kept.stat().st_mode & 0o777) == (64 * 1024, 0o600), "no holes, nobody else's"
    request = scenes.request()
    await journal.append([OrderStaged(ts=1, request=request)])
    writer = writer_of(journal)
    own = exchange(writer, path, Full)
    writer.connection.ballast = kept  # type: ignore[attr-defined]
    order = Order(request=request, status=OrderStatus.STAGED, quantity=request.quantity, created=1, updated=1)
    id = request.client_order_id
    sealed = PaperOrder(client_order_id=id, account=request.account, digest="d", body=b"")
    halted = TradingStateChanged(ts=2, account=None, state=TradingState.HALTED, by="trial")
    writer.ballast.size = 1 << 62  # more than any disk has twice: it is not kept back again yet
    sequence, refused = await asyncio.gather(
        journal.append([halted]), journal.claim(order, sealed, 2), return_exceptions=True
    )
    assert sequence == 2, "what stops is written into the room that was kept back"
    assert isinstance(refused, JournalUnavailable), "what trades is not"
    assert journal.shortage.startswith("the disk was full: what was kept back for cancels is in use, ")
    assert journal.facts().kept_back == 0
    writer.ballast.size = 64 * 1024
    while journal.shortage:
        await SystemClock().sleep(0.01)
    assert kept.exists()
    await journal.close()
    own.close()


async def test_who_starts_without_room_to_keep_back_is_told_what_is_free_and_what_is_wanted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    free = 3.4
    monkeypatch.setattr("storage.ballast.free_mb", lambda _: free)
    journal = Journal.open(tmp_path / "journal.db", ballast=2 * MB)
    assert journal.shortage == "3 MB of disk are free, and to keep 2 MB back for cancels takes 4 MB"
    assert not place(tmp_path / "journal.db").exists()
    free = 4.1
    while journal.shortage:
        await SystemClock().sleep(0.01)
    assert journal.facts().kept_back == 2 * MB, "by itself, without another start"
    await journal.close()


def test_room_that_cannot_be_kept_back_for_another_reason_is_not_called_a_full_disk(tmp_path: Path) -> None:
    path = tmp_path / "journal.db"
    place(path).mkdir(mode=0o700)
    ballast = Ballast(path, 64 * 1024)
    assert ballast.problem.startswith("no room can be kept back for cancels: ") and str(place(path)) in ballast.problem
    place(path).rmdir()
    ballast.keep()
    assert ballast.is_kept and not ballast.problem


async def test_a_ballast_that_is_a_link_is_not_written_through(tmp_path: Path) -> None:
    path, precious = tmp_path / "journal.db", tmp_path / "precious"
    precious.write_text("mine")
    place(path).symlink_to(precious)
    with pytest.raises(StorageError):
        Journal.open(path, ballast=64 * 1024)
    assert precious.read_text() == "mine"
