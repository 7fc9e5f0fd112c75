"""The shape of journal.db: its tables, their migrations, and the words for what SQLite refuses. Each migration runs in
one transaction after a backup; a file written by a newer hoga is left alone.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import quote

from core.domain.errors import JournalBroken, JournalUnavailable, StorageError
from storage.files import check_private, create_private

APPLICATION_ID = 0x686F6761
"""`hoga` in ASCII: tells our files from other SQLite databases."""

MIGRATIONS: tuple[tuple[str, ...], ...] = (
    (
        """CREATE TABLE event (
             seq INTEGER PRIMARY KEY, kind TEXT NOT NULL, intent_id TEXT, payload TEXT NOT NULL, ts INTEGER NOT NULL,
             boot_id TEXT NOT NULL, prev_hash BLOB NOT NULL, hash BLOB NOT NULL
           ) STRICT""",
        "CREATE TRIGGER event_keeps BEFORE UPDATE ON event BEGIN SELECT RAISE(ABORT, 'events are append-only'); END",
        "CREATE TRIGGER event_stays BEFORE DELETE ON event BEGIN SELECT RAISE(ABORT, 'events are append-only'); END",
        """CREATE TABLE orders (
             id TEXT PRIMARY KEY, account TEXT NOT NULL, status TEXT NOT NULL, quantity TEXT NOT NULL,
             filled TEXT NOT NULL, facts TEXT NOT NULL, seq INTEGER NOT NULL
           ) STRICT, WITHOUT ROWID""",
        """CREATE TABLE fills (
             account TEXT NOT NULL, instrument TEXT NOT NULL, fill_id TEXT NOT NULL, seq INTEGER NOT NULL,
             PRIMARY KEY (account, instrument, fill_id)
           ) STRICT, WITHOUT ROWID""",
        """CREATE TABLE halt (scope TEXT PRIMARY KEY, state TEXT NOT NULL, seq INTEGER NOT NULL)
           STRICT, WITHOUT ROWID""",
    ),
)
VERSION = len(MIGRATIONS)

_BROKEN = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}
_WORDS = {
    sqlite3.SQLITE_FULL: "the disk is full",
    sqlite3.SQLITE_IOERR: "the disk does not take the write",
    sqlite3.SQLITE_READONLY: "it may only be read",
    sqlite3.SQLITE_CANTOPEN: "it cannot be opened (does the folder exist, and may you write in it?)",
    sqlite3.SQLITE_BUSY: "another program holds it",
    sqlite3.SQLITE_LOCKED: "another program holds it",
    sqlite3.SQLITE_PERM: "you may not",
}


def explain(path: Path | str, error: sqlite3.Error) -> StorageError:
    """SQLite's refusal as our error: JournalBroken for a damaged file, JournalUnavailable for a disk that refuses."""
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    if code in _BROKEN:
        return JournalBroken(
            f"{path} is damaged ({error}). It was not changed; open it read only, copy what can be read, "
            "put the newest backup in its place and reconcile with the broker"
        )
    words = _WORDS.get(code, str(error))
    return JournalUnavailable(
        f"the journal {path} cannot be written: {words}. All that was confirmed before is kept; nothing of this write "
        "is. Make room or repair the disk: hoga goes on by itself when it can write again"
    )


def uri(path: Path, query: str) -> str:
    return f"file:{quote(str(path.absolute()))}?{query}"


def connect_writer(path: Path | None) -> sqlite3.Connection:
    """A connection that may write, and has written nothing yet. None is a database in memory."""
    target = ":memory:" if path is None else uri(path, "mode=rw")
    connection = sqlite3.connect(
        target, uri=path is not None, isolation_level=None, check_same_thread=False, timeout=5, cached_statements=64
    )
    connection.execute("PRAGMA trusted_schema=OFF")
    return connection


def make_durable(connection: sqlite3.Connection) -> None:
    """From here on a commit is on the disk when it returns. Only for a file known to be ours."""
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=FULL")
    connection.execute("PRAGMA journal_size_limit=16777216")
    connection.execute("PRAGMA wal_autocheckpoint=16384")  # a limit of 64 MB; the writer folds it in when it is quiet


def connect_reader(path: Path) -> sqlite3.Connection:
    """A connection that cannot write, beside a writer or on a medium that cannot be written at all."""
    connection = sqlite3.connect(uri(path, "mode=ro"), uri=True, isolation_level=None, check_same_thread=False)
    try:
        connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()
    except sqlite3.OperationalError as error:
        connection.close()
        wal = path.with_name(path.name + "-wal")
        if getattr(error, "sqlite_errorcode", 0) & 0xFF != sqlite3.SQLITE_CANTOPEN or wal.exists():
            raise
        connection = sqlite3.connect(uri(path, "mode=ro&immutable=1"), uri=True, isolation_level=None)
    return connection


def check_identity(connection: sqlite3.Connection, path: Path | str, *, newest: int = VERSION) -> int:
    """The schema version of the file; 0 when it is new and empty. Raises JournalBroken when it is not ours to use."""
    version = int(connection.execute("PRAGMA user_version").fetchone()[0])
    mark = int(connection.execute("PRAGMA application_id").fetchone()[0])
    tables = int(connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()[0])
    if mark != APPLICATION_ID and (mark or tables):
        raise JournalBroken(f"{path} is another program's database. Nothing was changed; move it away")
    if version > newest:
        raise JournalBroken(
            f"{path} was written by a newer hoga (schema {version}, this one knows {newest}). Nothing was changed; "
            "use the newer program, or the backup it made beside the file"
        )
    return version


def check_pages(connection: sqlite3.Connection, path: Path | str) -> None:
    """SQLite's own look at the file. Raises JournalBroken with its first finding."""
    finding = str(connection.execute("PRAGMA quick_check(1)").fetchone()[0])
    if finding != "ok":
        raise JournalBroken(
            f"{path} is damaged ({finding[:200]}). It was not changed; open it read only, copy what can be read, "
            "put the newest backup in its place and reconcile with the broker"
        )


def migrate(
    connection: sqlite3.Connection, path: Path | None, migrations: Sequence[Sequence[str]] = MIGRATIONS
) -> Path | None:
    """Bring the schema to the newest version in one transaction. A file with contents is copied first; returns the
    copy. Raises sqlite3.Error with the file as it was."""
    version = check_identity(connection, path or ":memory:", newest=len(migrations))
    if version == len(migrations):
        return None
    backup = back_up(connection, path, version) if path is not None and version else None
    connection.execute("BEGIN IMMEDIATE")
    try:
        for statements in migrations[version:]:
            for statement in statements:
                connection.execute(statement)
        connection.execute(f"PRAGMA application_id={APPLICATION_ID}")
        connection.execute(f"PRAGMA user_version={len(migrations)}")
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise
    return backup


def back_up(connection: sqlite3.Connection, path: Path, version: int) -> Path:
    """A consistent copy beside `path`, named after its schema version. It takes the place of an older one."""
    copy = path.with_name(f"{path.name}.schema{version}.backup")
    part = copy.with_name(copy.name + ".part")
    check_private(copy)
    part.unlink(missing_ok=True)
    create_private(part)
    target = sqlite3.connect(part, isolation_level=None)
    try:
        connection.backup(target)
    finally:
        target.close()
    part.rename(copy)
    return copy
