"""The journal's one writer thread: it owns the only connection that writes, takes what waits as one transaction, and
wakes each event loop once per commit. The async door in front of it is journal.py.
"""

from __future__ import annotations

import asyncio
import os
import sqlite3
import threading
from collections.abc import Sequence
from contextlib import suppress
from decimal import Decimal
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Any, cast

import msgspec

from core.domain.errors import HogaError, IllegalTransition, JournalUnavailable
from core.domain.events import DurableEvent, OrderSending, event_order
from core.domain.order import OrderStatus, Requested
from core.ports import Prepared, SendPermit
from storage.ballast import Ballast
from storage.chain import GENESIS, link
from storage.projection import ALL_ACCOUNTS, FOLDED, Changes, FillKey, OrderMark, clears, encode_facts
from storage.schema import connect_writer, explain, make_durable

MAX_JOBS = 1000
"""Calls that share one commit, at most; the rest share the next one."""

FOLD_EVENTS = 500
QUIET_SECONDS = 0.2
"""After this many events, the WAL is folded into the file at the first quiet moment of this length."""
MAX_MARKS = 20_000
"""Rows of live orders kept at hand; far above what the risk gate lets live."""

_encode = msgspec.json.Encoder(order="deterministic").encode

_CLAIM = """
UPDATE orders SET status='sending', facts=?, seq=? WHERE id=? AND account=? AND status='staged'
AND NOT EXISTS (SELECT 1 FROM halt WHERE scope IN (?, ?) AND state='halted')
"""
_PUT_ORDER = """
INSERT INTO orders VALUES (?,?,?,?,?,?,?) ON CONFLICT (id) DO UPDATE SET
status=excluded.status, quantity=excluded.quantity, filled=excluded.filled, facts=excluded.facts, seq=excluded.seq
"""


class Append(msgspec.Struct, frozen=True):
    """Events to keep, all or none."""

    events: tuple[DurableEvent, ...]


class Claim(msgspec.Struct, frozen=True):
    """STAGED -> SENDING of one order, unless a halt forbids it."""

    prepared: Prepared
    ts: int


class Job(msgspec.Struct, gc=False):
    """A wish, and where its answer goes."""

    wish: Append | Claim
    loop: asyncio.AbstractEventLoop
    answer: asyncio.Future[Any]


Answer = tuple[Job, Any, BaseException | None]


class Writer:
    """Owns `connection`. `head` and `seq` are of the last confirmed event. Callers wait for their answers, so what can
    queue up is bounded by how many of them there are."""

    def __init__(
        self,
        connection: sqlite3.Connection,
        path: Path | None,
        boot_id: str,
        ballast: int = 0,
        wishes: dict[str, Requested] | None = None,
    ) -> None:
        """`wishes`: what the walk over the file found of changes that are under way."""
        self.connection = connection
        self._path = path
        self.ballast = Ballast(path, ballast)
        self._boot_id = boot_id
        self._boot = boot_id.encode()
        self._inode = os.stat(path).st_ino if path is not None else 0
        self._queue: SimpleQueue[Job | None] = SimpleQueue()
        self._is_adrift = False
        self._seq, self._head = self.seq, self.head = self._tail()
        """As the transaction has them; and as they are durable, for everybody to see."""
        self.verified = self.seq
        self._folded = self._seq
        self._wishes = wishes or {}
        """As the transaction has them; of orders that live."""
        self._changes = Changes(self._find, self._has_fill, self._wishes.get)
        self._rows: list[tuple[Any, ...]] = []
        self._marks: dict[str, OrderMark] = {}
        """Rows of orders that have not ended, as they stand in the transaction; emptied when one fails."""
        self._taken: list[Job] = []
        self.fallen = ""
        """Why nothing is written by this process any more: its thread fell."""
        self._thread = threading.Thread(target=self._run, name="journal", daemon=True)
        self._thread.start()

    def put(self, job: Job) -> None:
        self._queue.put(job)
        if self.fallen:
            self._turn_away()

    def stop(self) -> None:
        """Write what waits, then close. Blocks until done."""
        self._queue.put(None)
        self._thread.join()

    # --- the thread -----------------------------------------------------------------------------------------------

    def _run(self) -> None:
        try:
            self._serve()
        except BaseException as error:  # whatever it was: nobody waits for ever
            self.fallen = (
                f"the journal's thread fell ({type(error).__name__}). What was confirmed is kept, nothing more is "
                "written; stop hoga and start it again"
            )
            self._turn_away()
        self.connection.close()

    def _turn_away(self) -> None:
        """Answer all who wait for a thread that is gone."""
        waiting, self._taken = self._taken, []
        with suppress(Empty):
            while True:
                job = self._queue.get_nowait()
                waiting += [job] if job is not None else []
        self._answer([(job, None, JournalUnavailable(self.fallen)) for job in waiting])

    def _serve(self) -> None:
        is_open = True
        while is_open:
            jobs = self._wait()
            if jobs and jobs[-1] is None:
                is_open = False
                jobs.pop()
            if jobs:
                self._taken = cast(list[Job], jobs)
                answers = self._commit(self._taken)
                self.seq, self.head = self._seq, self._head
                self._answer(answers)
                self._taken = []
            elif is_open:
                self._fold_in("PASSIVE")
            self.ballast.keep()
        self._fold_in("TRUNCATE")

    def _wait(self) -> list[Job | None]:
        """What waits, in order; None at its end asks to stop. Empty after a quiet moment in which the WAL should be
        folded in: done then, nobody waits for it, while SQLite's own habit would make some order wait; or in which
        room may be kept back again."""
        is_due = self._seq - self._folded >= FOLD_EVENTS or self.ballast.is_spent
        jobs: list[Job | None] = []
        try:
            jobs.append(self._queue.get(timeout=QUIET_SECONDS if is_due else None))
            while jobs[-1] is not None and len(jobs) < MAX_JOBS:
                jobs.append(self._queue.get_nowait())
        except Empty:
            pass
        return jobs

    def _fold_in(self, mode: str) -> None:
        """Move the WAL into the file. A disk that refuses loses nothing: the WAL is as durable."""
        self._folded = self._seq
        if self._path is not None:
            with suppress(sqlite3.Error):
                self.connection.execute(f"PRAGMA wal_checkpoint({mode})")

    def _commit(self, jobs: list[Job]) -> list[Answer]:
        """One transaction for all jobs. When the disk refuses, all of them get the reason and nothing is kept; a full
        disk is tried once more with what was kept back for it."""
        before, wishes = (self._seq, self._head), dict(self._wishes)
        try:
            self._look_at_file()
            self.connection.execute("BEGIN IMMEDIATE")
            answers = [self._take(job) for job in jobs]
            self._write()
            self.connection.execute("COMMIT")
            return answers
        except Exception as error:
            self._seq, self._head = before
            self._rows.clear()
            self._changes.clear()
            self._marks.clear()
            self._wishes.clear()
            self._wishes.update(wishes)
            self._roll_back()
            if self.ballast.give_way(error):
                return self._commit(jobs)
            return [(job, None, self._refusal(error)) for job in jobs]

    def _take(self, job: Job) -> Answer:
        wish = job.wish
        if isinstance(wish, Claim):
            return (job, None, JournalUnavailable(self.shortage)) if self.shortage else (job, self._claim(wish), None)
        before = (self._seq, self._head, len(self._rows))
        changes = self._changes.branch()
        try:
            fold, add = changes.fold, self._add
            for event in wish.events:
                kind = event.__class__
                if kind in FOLDED:
                    if kind is OrderSending:
                        raise IllegalTransition("only a claim makes an order SENDING")
                    fold(self._seq + 1, event)
                add(event)
        except (HogaError, ValueError, TypeError, OverflowError) as error:  # this call's own fault: the others go on
            self._seq, self._head = before[:2]
            del self._rows[before[2] :]
            return job, None, error
        self._changes.merge(changes)
        return job, self._seq, None

    def _claim(self, wish: Claim) -> SendPermit | None:
        """The only maker of a SendPermit. It reaches the caller after the commit, or not at all."""
        self._write()
        sealed = wish.prepared
        id, account = sealed.client_order_id, sealed.account
        facts = encode_facts(sealed.facts)
        done = self.connection.execute(_CLAIM, (facts, self._seq + 1, id, account, account, ALL_ACCOUNTS))
        if done.rowcount != 1:
            return None
        self._marks.pop(id, None)
        self._add(OrderSending(ts=wish.ts, client_order_id=id, facts=sealed.facts))
        return SendPermit(id, sealed.digest)

    def _add(self, event: DurableEvent) -> None:
        payload, ts, before = _encode(event), event.ts, self._head
        self._seq = seq = self._seq + 1
        self._head = head = link(before, seq, ts, self._boot, payload)
        intent = getattr(event, "client_order_id", None) or event_order(event)
        kind = event.__class__.__name__
        self._rows.append((seq, kind, intent, payload.decode(), ts, self._boot_id, before, head))

    def _write(self) -> None:
        """Put the waiting rows into the open transaction."""
        run = self.connection
        if self._rows:
            run.executemany("INSERT INTO event VALUES (?,?,?,?,?,?,?,?)", self._rows)
            self._rows.clear()
        changes = self._changes
        if changes.orders:
            run.executemany(_PUT_ORDER, [_order_row(mark) for mark in changes.orders.values()])
            self._remember(changes.orders)
        if changes.fills:
            run.executemany("INSERT INTO fills VALUES (?,?,?,?)", [(*key, seq) for key, seq in changes.fills.items()])
        for scope, state, seq in changes.halts:
            if clears(scope, state):
                run.execute("DELETE FROM halt")
            run.execute("INSERT OR REPLACE INTO halt VALUES (?,?,?)", (scope, state, seq))
        for id, wish in changes.wishes.items():
            if wish is not None:
                self._wishes[id] = wish
            else:
                self._wishes.pop(id, None)
        changes.clear()

    def _remember(self, orders: dict[str, OrderMark]) -> None:
        marks = self._marks
        for id, mark in orders.items():
            if mark.status.is_end:
                marks.pop(id, None)
            else:
                marks[id] = mark
        if len(marks) > MAX_MARKS:
            marks.clear()

    # --- when the disk refuses ------------------------------------------------------------------------------------

    @property
    def shortage(self) -> str:
        """Why no order is claimed though the journal is written; empty while there is room for what stops."""
        return self.ballast.problem

    def _look_at_file(self) -> None:
        """A file that was moved away would take writes that no start ever reads."""
        if self._is_adrift:
            raise JournalUnavailable(
                f"the journal {self._path} holds events this process did not confirm. Nothing is lost and nothing more "
                "is written; stop hoga and start it again"
            )
        if self._path is None:
            return
        try:
            is_there = os.stat(self._path).st_ino == self._inode
        except OSError:
            is_there = False
        if not is_there:
            raise JournalUnavailable(
                f"the journal {self._path} was moved or replaced while it was open. Nothing of this write is kept; "
                "put it back, or stop hoga and start it again"
            )

    def _roll_back(self) -> None:
        """Leave the failed transaction; a connection that cannot is replaced. Then look where the file ends: should the
        disk have kept what it reported as failed, writing on would tell the same facts twice."""
        try:
            if self.connection.in_transaction:
                self.connection.execute("ROLLBACK")
        except sqlite3.Error:
            self._reconnect()
        with suppress(sqlite3.Error):
            self._is_adrift = self._tail() != (self._seq, self._head)

    def _reconnect(self) -> None:
        if self._path is None:
            return
        with suppress(sqlite3.Error):  # else the next write tries again, and fails with the reason
            fresh = connect_writer(self._path)
            make_durable(fresh)
            self.connection.close()
            self.connection = fresh

    def _refusal(self, error: Exception) -> Exception:
        if isinstance(error, JournalUnavailable):
            return JournalUnavailable(str(error))
        if isinstance(error, sqlite3.Error):
            # Damage found while running also only means that this write is not kept; the next start names the damage.
            return JournalUnavailable(str(explain(self._path or ":memory:", error)))
        return error

    # --- reading --------------------------------------------------------------------------------------------------

    def _tail(self) -> tuple[int, bytes]:
        found = self.connection.execute("SELECT seq, hash FROM event ORDER BY seq DESC LIMIT 1").fetchone()
        return (int(found[0]), bytes(found[1])) if found else (0, GENESIS)

    def _find(self, id: str) -> OrderMark | None:
        mark = self._marks.get(id)
        if mark is not None:
            return mark
        found = self.connection.execute("SELECT * FROM orders WHERE id=?", (id,)).fetchone()
        if not found:
            return None
        mark = _order_mark(found)
        if not mark.status.is_end:
            self._marks[id] = mark
        return mark

    def _has_fill(self, key: FillKey) -> bool:
        sql = "SELECT 1 FROM fills WHERE account=? AND instrument=? AND fill_id=?"
        return self.connection.execute(sql, key).fetchone() is not None

    @staticmethod
    def _answer(answers: Sequence[Answer]) -> None:
        """Wake each loop once, however many callers wait in it."""
        by_loop: dict[asyncio.AbstractEventLoop, list[Answer]] = {}
        for answer in answers:
            by_loop.setdefault(answer[0].loop, []).append(answer)
        for loop, own in by_loop.items():
            with suppress(RuntimeError):  # that loop is closed: nobody waits there any more
                loop.call_soon_threadsafe(_settle, own)


def _settle(answers: Sequence[Answer]) -> None:
    for job, value, error in answers:
        if job.answer.done():
            continue  # the caller was canceled; what was committed stays
        if error is not None:
            job.answer.set_exception(error)
        else:
            job.answer.set_result(value)


def _order_row(mark: OrderMark) -> tuple[Any, ...]:
    status = mark.status.value
    return mark.id, mark.account, status, str(mark.quantity), str(mark.filled), mark.facts, mark.seq


def _order_mark(row: Sequence[Any]) -> OrderMark:
    id, account, status, quantity, filled, facts, seq = row
    return OrderMark(id, account, OrderStatus(status), Decimal(quantity), Decimal(filled), facts, seq)
