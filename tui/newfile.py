"""A new file that only this user can read. What was there before is left as it is, links are not followed, and half a
file does not stay."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

from core.domain.errors import StorageError


def write_new(path: Path, pieces: Iterable[bytes]) -> int:
    """Its size. Raises StorageError."""
    try:
        number = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    except FileExistsError:
        raise StorageError(f"{path} exists already and was left as it is; take another name") from None
    except OSError as error:
        raise StorageError(f"{path} cannot be written: {error.strerror}. Nothing was written") from None
    try:
        with os.fdopen(number, "wb") as file:
            return sum(file.write(piece) for piece in pieces)
    except OSError as error:
        path.unlink(missing_ok=True)
        raise StorageError(f"{path} cannot be written: {error.strerror}. Nothing was kept of it") from None
    except BaseException:
        path.unlink(missing_ok=True)
        raise
