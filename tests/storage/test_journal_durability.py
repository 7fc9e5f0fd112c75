"""What a commit of the journal promises: on the disk when it returns, and no permit before that."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from core.domain.errors import JournalUnavailable
from core.domain.events import OrderSending, OrderStaged
from core.domain.order import Order, OrderStatus
from core.ports import PaperOrder
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


async def test_a_commit_that_fails_gives_no_permit(tmp_path: Path) -> None:
    path = tmp_path / "journal.db"
    journal = Journal.open(path)
    request = scenes.request()
    await journal.append([OrderStaged(ts=1, request=request)])
    writer = writer_of(journal)
    writer.connection.close()
    writer.connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False, factory=Refusing)
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
