"""Room kept back on the journal's disk: a file beside it that is given up when the disk is full, so that cancels, panic
and fills can still be journalled. While it is gone no order may be claimed: what little room there is, is for the way
out.
"""

from __future__ import annotations

import os
import sqlite3
from contextlib import suppress
from pathlib import Path

from core.domain.errors import StorageError
from storage.files import MB, check_private, create_private, free_mb, reason

SIZE = 8 * MB
"""Some thousand cancels and fills."""
_FULL = (sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR_WRITE)
"""A full disk; a used-up quota looks like a failed write."""


class Ballast:
    """Used by the journal's thread alone; `is_kept` and `problem` may be read by anybody."""

    def __init__(self, journal: Path | None, size: int) -> None:
        self._path = place(journal) if journal is not None else None
        self.size = size if journal is not None else 0
        self.is_kept = False
        self._was_given = False
        self._hindrance = ""
        """Why it cannot be made, where it is not for want of room."""
        self.keep()

    @property
    def is_spent(self) -> bool:
        return self.size > 0 and not self.is_kept

    @property
    def problem(self) -> str:
        """Why there is nothing to give up; empty while there is."""
        if not self.is_spent or self._path is None:
            return ""
        if self._hindrance:
            return f"no room can be kept back for cancels: {self._hindrance}"
        free, size = int(_free(self._path)), self.size / MB
        if self._was_given:
            return (
                f"the disk was full: what was kept back for cancels is in use, {free} MB are free, and to keep "
                f"{size:g} MB back again takes {2 * size:g} MB"
            )
        return f"{free} MB of disk are free, and to keep {size:g} MB back for cancels takes {2 * size:g} MB"

    def keep(self) -> None:
        """Make the file, or take the one that is there; only where twice its size is free, so that what it was given
        up for does not happen again at once."""
        path = self._path
        if path is None or not self.is_spent:
            return
        self._hindrance = ""
        try:
            there = path.stat().st_size >= self.size if check_private(path) else False
            if not there and free_mb(path.parent) * MB < 2 * self.size:
                return
            if not path.exists():
                create_private(path)
            _fill(path, self.size)
            self.is_kept = True
        except (OSError, StorageError) as error:
            self._remove(path)
            self._hindrance = f"{path}: {reason(error)}" if isinstance(error, OSError) else str(error)

    def give_way(self, error: Exception) -> bool:
        """Is there room now that was not there when `error` came up?"""
        code = getattr(error, "sqlite_errorcode", 0)
        if self._path is None or not self.is_kept or (code not in _FULL and code & 0xFF != sqlite3.SQLITE_FULL):
            return False
        self.is_kept, self._was_given = False, True
        self._remove(self._path)
        return True

    @staticmethod
    def _remove(path: Path) -> None:
        with suppress(OSError):
            path.unlink()


def place(journal: Path) -> Path:
    return journal.with_name(journal.name + ".ballast")


def _free(path: Path) -> float:
    try:
        return free_mb(path.parent)
    except OSError:
        return 0.0


def _fill(path: Path, size: int) -> None:
    """Take the room for real: a file with holes would hold nothing back."""
    descriptor = os.open(path, os.O_RDWR | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        if hasattr(os, "posix_fallocate"):
            os.posix_fallocate(descriptor, 0, size)
        else:
            for offset in range(0, size, MB):
                os.pwrite(descriptor, bytes(min(MB, size - offset)), offset)
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
