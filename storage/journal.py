"""The order journal: what must survive. An append-only, hash-chained event table in SQLite with one writer, and the
projected rows that guard each send. Not a database for questions: core replays it into State and asks that.
"""

from __future__ import annotations

import asyncio
import fcntl
import os
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Event
from typing import Any

import msgspec

from core.domain.errors import JournalBroken, JournalInUse, JournalUnavailable
from core.domain.events import DurableEvent, event_order
from core.domain.ids import ClientOrderId
from core.domain.order import Order, Requested
from core.ports import JournalFacts, Prepared, SendPermit
from storage.chain import ADVICE, GENESIS, Row, Verified, bad_link, damaged, decode, mislabelled, rows, walk
from storage.files import PRIVATE_FILE, check_private, create_private, free_mb, private_folder, reason
from storage.schema import (
    check_identity,
    check_pages,
    connect_reader,
    connect_writer,
    explain,
    make_durable,
    migrate,
)
from storage.writer import Append, Claim, Job, Writer

__all__ = ["Journal", "Verified", "free_mb", "verify"]

MEMORY = ":memory:"
LOOKS, LOOK_SECONDS = 50, 0.01
"""How often and how long those are waited for who only look whether somebody writes."""


class Holder(msgspec.Struct):
    """Contents of the lock file: who writes."""

    pid: int = 0
    boot_id: str = ""


class Journal:
    """Implements core.ports.Journal. Made by `open` alone.

    append and claim raise JournalUnavailable when nothing could be made durable; the journal stays open and works again
    as soon as the disk does. They raise IllegalTransition, and keep none of that call, for a step the status table does
    not have: such a row could not be folded at the next start.
    """

    def __init__(self, path: Path | None, writer: Writer | None, lock: int | None) -> None:
        self.path = path
        self._writer = writer
        self._lock = lock
        self._is_closed = False
        self.is_read_only = writer is None

    @classmethod
    def open(cls, path: Path | str, *, boot_id: str = "", read_only: bool = False, ballast: int = 0) -> Journal:
        """Open or make the journal at `path` (`:memory:` for one without a file).

        Writing takes the lock beside it, then checks pages, schema, every link and the projection. Raises JournalInUse
        when another hoga writes it, JournalBroken when a check fails (nothing is changed: open it read only to see what
        is sound), JournalUnavailable when the disk refuses, StorageError for a file that is not safely ours. `ballast`:
        bytes to keep back for a full disk.
        """
        if not boot_id.isprintable() or len(boot_id) > 64:
            raise ValueError("a boot id is at most 64 printable characters")
        if str(path) == MEMORY:
            connection = connect_writer(None)
            migrate(connection, None)
            return cls(None, Writer(connection, None, boot_id), None)
        path = Path(path)
        if read_only:
            if not check_private(path):
                raise JournalUnavailable(f"there is no journal at {path}. Nothing was made; start hoga once to make it")
            with _sqlite_errors(path), _closing(connect_reader(path)) as reader:
                check_identity(reader, path)
            return cls(path, None, None)
        private_folder(path.parent)
        lock = _lock(path, boot_id)
        try:
            with _sqlite_errors(path):
                connection, wishes = _prepare(path)
                return cls(path, Writer(connection, path, boot_id, ballast, wishes), lock)
        except BaseException:
            os.close(lock)
            raise

    def head(self) -> str:
        """Hash of the newest confirmed event in hex; zeros for an empty journal. It stands for all that came before."""
        if self._writer is not None:
            return self._writer.head.hex()
        with self._reader() as reader:
            found = reader.execute("SELECT hash FROM event ORDER BY seq DESC LIMIT 1").fetchone()
        return bytes(found[0] if found else GENESIS).hex()

    @property
    def shortage(self) -> str:
        """Why no order can be claimed though the journal is written; empty while nothing is short."""
        return self._writer.shortage if self._writer is not None else ""

    @property
    def fallen(self) -> str:
        """Why nothing is written any more until the next start; empty while it is."""
        return self._writer.fallen if self._writer is not None else ""

    def facts(self) -> JournalFacts:
        """Size and place; the chain itself was proved when it was opened for writing."""
        size = 0
        if self.path is not None:
            for place in (self.path, self.path.with_name(self.path.name + "-wal")):
                with suppress(OSError):
                    size += place.stat().st_size
        writer = self._writer
        if writer is not None:
            sequence, head, verified = writer.seq, writer.head.hex(), writer.verified
        else:
            with self._reader() as reader:
                sequence = int(reader.execute("SELECT coalesce(max(seq), 0) FROM event").fetchone()[0])
            head, verified = self.head(), 0
        kept = writer.ballast.size if writer is not None and writer.ballast.is_kept else 0
        return JournalFacts(
            path=str(self.path or MEMORY), size=size, sequence=sequence, head=head, verified=verified, kept_back=kept
        )

    async def story(self, order: ClientOrderId) -> list[DurableEvent]:
        """Everything kept of one order, oldest first. It walks the file, beside the loop: for a person who asks."""
        return await asyncio.to_thread(self._story, order)

    def _story(self, order: ClientOrderId) -> list[DurableEvent]:
        with self._reader() as reader:
            found = reader.execute("SELECT * FROM event WHERE intent_id=? ORDER BY seq", (order,)).fetchall()
        return [decode(Row._make(row)) for row in found]

    def replay(self) -> Iterator[tuple[int, DurableEvent]]:
        """(sequence, event) from the first on, read as it goes. Raises JournalBroken at the first row that does not
        hold, after everything sound was yielded."""
        prev, seq = GENESIS, 0
        with self._reader() as reader:
            for row in rows(reader):
                problem = bad_link(row, seq + 1, prev)
                event = decode(row) if not problem else None
                if event is not None:
                    problem = mislabelled(row, event_order(event))
                if event is None or problem:
                    raise JournalBroken(f"{self.path or MEMORY}: {problem}. {ADVICE}")
                yield row.seq, event
                prev, seq = row.hash, row.seq

    async def append(self, events: Sequence[DurableEvent]) -> int:
        """Keep `events`, all or none; durable when it returns: the sequence number of the last. Calls that wait
        together share a commit, in the order they were made."""
        if not events and self._writer is not None:
            return self._writer.seq
        return int(await self._ask(Append(tuple(events))))

    async def claim(self, order: Order, prepared: Prepared, ts: int) -> SendPermit | None:
        """Commit STAGED -> SENDING with the facts of `prepared`, unless a halt of the account or of all forbids it.
        None: it was not STAGED, or a halt stands; nothing was kept."""
        if (prepared.client_order_id, prepared.account) != (order.id, order.account):
            raise ValueError("this request was sealed for another order")
        permit: SendPermit | None = await self._ask(Claim(prepared, ts))
        return permit

    async def close(self) -> None:
        """Write what waits, close the file and release the lock. May be repeated."""
        if self._is_closed:
            return
        self._is_closed = True
        if self._writer is not None:
            await asyncio.to_thread(self._writer.stop)
        if self._lock is not None:
            os.close(self._lock)

    def _ask(self, wish: Append | Claim) -> asyncio.Future[Any]:
        if self._writer is None:
            raise JournalUnavailable("the journal is open for reading only: attach to the hoga that writes it")
        if self._is_closed:
            raise JournalUnavailable("the journal is closed; nothing of this write is kept")
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[Any] = loop.create_future()
        self._writer.put(Job(wish, loop, answer))
        return answer

    def _reader(self) -> _Reader:
        return _Reader(self.path, self._writer)


class _Reader:
    """A connection to read with: its own for a file, the writer's for a database in memory. SQLite's refusals leave it
    as ours."""

    def __init__(self, path: Path | None, writer: Writer | None) -> None:
        self._path = path
        self._writer = writer
        self._own: sqlite3.Connection | None = None

    def __enter__(self) -> sqlite3.Connection:
        if self._path is None and self._writer is not None:
            return self._writer.connection
        path = self._path or Path(MEMORY)
        with _sqlite_errors(path):
            self._own = connect_reader(path)
        return self._own

    def __exit__(self, kind: object, error: object, trace: object) -> None:
        if self._own is not None:
            self._own.close()
        if isinstance(error, sqlite3.Error):
            raise explain(self._path or MEMORY, error) from None


class _sqlite_errors:
    """Turns SQLite's and the system's refusals into ours."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def __enter__(self) -> None: ...

    def __exit__(self, kind: object, error: object, trace: object) -> None:
        if isinstance(error, sqlite3.Error):
            raise explain(self._path, error) from None
        if isinstance(error, OSError):
            raise JournalUnavailable(f"{self._path} cannot be opened: {reason(error)}. Nothing was changed") from None


class _closing:
    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def __enter__(self) -> sqlite3.Connection:
        return self._connection

    def __exit__(self, *_: object) -> None:
        self._connection.close()


@contextmanager
def reading(path: Path | str) -> Iterator[sqlite3.Connection]:
    """The journal as it is at this moment, though somebody may be writing; it cannot be changed through this. Raises
    StorageError or JournalUnavailable when it cannot be opened, JournalBroken when it is damaged."""
    path = Path(path)
    if not check_private(path):
        raise JournalUnavailable(f"there is no journal at {path}")
    with _sqlite_errors(path), _closing(connect_reader(path)) as reader:
        check_identity(reader, path)
        check_pages(reader, path)
        reader.execute("BEGIN")
        yield reader


def verify(path: Path | str) -> Verified:
    """Walk the whole journal without changing it. Raises as `reading` does."""
    with reading(path) as reader:
        return walk(reader)


def _prepare(path: Path) -> tuple[sqlite3.Connection, dict[str, Requested]]:
    """A checked, migrated, durable connection to the file, which is made when it is not there; and the
    changes that are under way."""
    if not check_private(path):
        create_private(path)
    for suffix in ("-wal", "-shm", ".ballast"):
        check_private(path.with_name(path.name + suffix))
    connection = connect_writer(path)
    try:
        check_identity(connection, path)
        check_pages(connection, path)
        migrate(connection, path)
        make_durable(connection)
        wishes: dict[str, Requested | None] = {}
        found = walk(connection, wishes)
        if found.first_bad is not None:
            raise damaged(path, found)
    except BaseException:
        connection.close()
        raise
    return connection, {id: wish for id, wish in wishes.items() if wish is not None}


def _lock(path: Path, boot_id: str) -> int:
    """Take the lock beside the journal for as long as the descriptor is open; the system drops it with the process."""
    place = path.with_suffix(".lock")
    check_private(place)
    try:
        lock = os.open(place, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, PRIVATE_FILE)
    except OSError as error:
        raise JournalUnavailable(
            f"the lock {place} cannot be made: {reason(error)}. Nothing was changed; make the folder writable"
        ) from None
    if not _taken(lock):
        holder = _holder(lock)
        os.close(lock)
        raise JournalInUse(
            f"another hoga (process {holder.pid or 'unknown'}) writes the journal {path}. Nothing was changed; "
            "attach to that one, or open the journal read only"
        )
    try:
        os.ftruncate(lock, 0)
        os.pwrite(lock, msgspec.json.encode(Holder(os.getpid(), boot_id)), 0)
    except OSError:
        pass  # who holds it is a courtesy; the lock itself is taken
    return lock


def _taken(lock: int) -> bool:
    """Is the lock ours now? Not while another process writes. One that only looks whether somebody does holds it for a
    moment, with others, and is waited for."""
    for _ in range(LOOKS):
        with suppress(OSError):
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return True
        try:
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except OSError:
            return False
        fcntl.flock(lock, fcntl.LOCK_UN)
        Event().wait(LOOK_SECONDS)
    return False


def _holder(lock: int) -> Holder:
    try:
        return msgspec.json.decode(os.pread(lock, 200, 0), type=Holder)
    except (OSError, msgspec.MsgspecError):
        return Holder()
