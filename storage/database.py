"""Opens market.db: its engine, its pragmas and its migrations. SQLAlchemy and Alembic are imported inside the functions
that need them, never before; whether a migration is due is a question to SQLite alone.
"""

from __future__ import annotations

import sqlite3
from contextlib import closing, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.domain.errors import StorageError
from storage.files import check_private, create_private, private_folder

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncEngine

VERSION = 2
"""`PRAGMA user_version` of the newest schema: the number of migrations there are."""
MIGRATIONS = Path(__file__).with_name("migrations")


class MarketNewer(StorageError):
    """market.db was written by a newer hoga: it is left alone."""


def stored_version(path: Path) -> int:
    """Schema version of the file, 0 for none. Raises sqlite3.Error when it is no database."""
    if not path.exists():
        return 0
    with closing(sqlite3.connect(path, timeout=1)) as connection:
        return int(connection.execute("PRAGMA user_version").fetchone()[0])


def is_migration_due(path: Path) -> bool:
    return stored_version(path) < VERSION


def prepare(path: Path) -> bool:
    """Make the file and bring it to the newest schema. A file that is damaged is set aside as `.broken` and begun anew:
    what it held can be asked for again. Returns whether that happened. Blocks."""
    private_folder(path.parent)
    is_new = not check_private(path)
    if is_new:
        create_private(path)
    try:
        _bring_up(path)
    except sqlite3.DatabaseError as error:
        code = getattr(error, "sqlite_errorcode", 0) & 0xFF
        if code not in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB):
            raise
        path.rename(path.with_name(path.name + ".broken"))
        for suffix in ("-wal", "-shm"):
            path.with_name(path.name + suffix).unlink(missing_ok=True)
        create_private(path)
        _bring_up(path)
        return True
    return False


def _bring_up(path: Path) -> None:
    with closing(sqlite3.connect(path, timeout=1)) as connection:
        version = int(connection.execute("PRAGMA user_version").fetchone()[0])
        finding = str(connection.execute("PRAGMA quick_check(1)").fetchone()[0])
        if finding != "ok":
            error = sqlite3.DatabaseError(finding)
            error.sqlite_errorcode = sqlite3.SQLITE_CORRUPT
            raise error
        connection.execute("PRAGMA journal_mode=WAL")
    if version > VERSION:
        raise MarketNewer(f"{path} was written by a newer hoga (schema {version}). It was not changed")
    if version < VERSION:
        migrate(path)


def migrate(path: Path) -> None:
    """Run the migrations that are missing, all in one transaction with the new version number."""
    from alembic import command
    from alembic.config import Config
    from sqlalchemy import create_engine, event
    from sqlalchemy.pool import NullPool

    engine = create_engine(
        "sqlite://", creator=lambda: sqlite3.connect(path, isolation_level=None, timeout=5), poolclass=NullPool
    )
    event.listen(engine, "begin", lambda connection: connection.exec_driver_sql("BEGIN IMMEDIATE"))
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    try:
        with engine.begin() as connection:
            config.attributes["connection"] = connection
            command.upgrade(config, "head")
            connection.exec_driver_sql(f"PRAGMA user_version={VERSION}")
    finally:
        engine.dispose()


def open_engine(path: Path) -> AsyncEngine:
    """An engine for the prepared file. Commits survive a killed process; the last ones may not survive a power cut."""
    from sqlalchemy import URL, event
    from sqlalchemy.ext.asyncio import create_async_engine

    engine = create_async_engine(
        URL.create("sqlite+aiosqlite", database=str(path)), connect_args={"isolation_level": None, "timeout": 5}
    )

    def on_connect(connection: Any, _record: Any) -> None:
        cursor = connection.cursor()
        for pragma in ("synchronous=NORMAL", "journal_size_limit=16777216", "trusted_schema=OFF"):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    event.listen(engine.sync_engine, "connect", on_connect)
    event.listen(engine.sync_engine, "begin", lambda connection: connection.exec_driver_sql("BEGIN"))
    return engine


def read_rows(path: Path, sql: str) -> list[Any]:
    """Rows by plain sqlite3, read only: for what the first frame wants. Empty when there is nothing to read."""
    with suppress(sqlite3.Error), closing(sqlite3.connect(path.absolute().as_uri() + "?mode=ro", uri=True)) as reader:
        return reader.execute(sql).fetchall()
    return []
