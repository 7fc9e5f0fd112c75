"""Who holds a data folder: the lock beside the journal is the truth, and an engine without a screen leaves its card
there, so that nobody stops a console by mistake."""

from __future__ import annotations

import fcntl
import os
from contextlib import suppress
from pathlib import Path
from typing import TypeVar

import msgspec

from core.domain.errors import StorageError

T = TypeVar("T")
LOCK, CARD = "journal.lock", "engine.json"
OUTPUT, LOG = "engine.out", "engine.log"
"""What a detached engine says outside its log, and its log where the settings name none."""


class EngineCard(msgspec.Struct, frozen=True, kw_only=True):
    """0600. It counts only while the lock is held by the same start (`boot_id`) of hoga."""

    pid: int
    boot_id: str
    started: int
    log: str

    def write(self, folder: Path) -> None:
        """Whole or not at all, never through a link."""
        path, new = folder / CARD, folder / f"{CARD}.new"
        try:
            with suppress(FileNotFoundError):
                new.unlink()
            place = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
            with os.fdopen(place, "wb") as file:
                file.write(msgspec.json.encode(self))
            new.replace(path)
        except OSError as error:
            raise StorageError(f"{path} cannot be written ({error.strerror}). Nothing was started.") from None

    def remove(self, folder: Path) -> None:
        with suppress(OSError):
            (folder / CARD).unlink()


class Holding(msgspec.Struct, frozen=True):
    """The process that writes the journal; `card` is None when that is a console."""

    pid: int
    card: EngineCard | None


def holding(folder: Path) -> Holding | None:
    """Who holds this data folder now; None: nobody."""
    try:
        lock = os.open(folder / LOCK, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    except OSError:
        return None
    try:
        try:
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
            return None
        except OSError:
            holder = _read(os.pread(lock, 200, 0), _Holder)
    finally:
        os.close(lock)
    card: EngineCard | None = None
    with suppress(OSError):
        card = _read((folder / CARD).read_bytes()[:2000], EngineCard)
    if holder is None:
        return Holding(0, None)
    return Holding(holder.pid, card if card is not None and card.boot_id == holder.boot_id else None)


class _Holder(msgspec.Struct):
    pid: int
    boot_id: str


def _read(data: bytes, kind: type[T]) -> T | None:
    try:
        return msgspec.json.decode(data, type=kind)
    except msgspec.MsgspecError:
        return None
