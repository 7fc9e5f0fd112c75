"""Doors to files that hold money or settings: private modes, no symlinks, no foreign owners. It knows nothing of what
is inside them.
"""

from __future__ import annotations

import os
import stat
from pathlib import Path

from core.domain.errors import JournalUnavailable, StorageError

PRIVATE_FILE = 0o600
PRIVATE_FOLDER = 0o700
MB = 1024 * 1024


def free_mb(path: Path | str) -> float:
    """Megabytes an ordinary user may still write on the disk of `path`, or of its nearest existing parent."""
    place = Path(path).absolute()
    while not place.exists() and place != place.parent:
        place = place.parent
    found = os.statvfs(place)
    return found.f_bavail * found.f_frsize / MB


def private_folder(path: Path) -> Path:
    """Make `path` a folder of ours (0700 when it is new). Raises StorageError where others could exchange its files."""
    try:
        missing = [folder for folder in (path, *path.parents) if not folder.exists()]
        for folder in reversed(missing):
            folder.mkdir(mode=PRIVATE_FOLDER, exist_ok=True)
        found = path.stat()
    except OSError as error:
        raise JournalUnavailable(
            f"the folder {path} cannot be made: {reason(error)}. Nothing was written; "
            "choose another one with storage.directory"
        ) from None
    if not stat.S_ISDIR(found.st_mode):
        raise StorageError(f"{path} is not a folder. Nothing was written; choose another one with storage.directory")
    if found.st_uid != os.geteuid():
        raise StorageError(f"the folder {path} belongs to another user. Nothing was opened; use a folder of your own")
    if found.st_mode & 0o022:
        raise StorageError(
            f"others may write in the folder {path}, so its files could be exchanged. Nothing was opened; "
            f"run: chmod go-w {path}"
        )
    return path


def check_private(path: Path) -> bool:
    """Is there a file at `path`? Raises StorageError when it is a symlink, no plain file or not ours. A file that
    others could read is closed to them."""
    try:
        found = path.lstat()
    except FileNotFoundError:
        return False
    except OSError as error:
        raise JournalUnavailable(f"{path} cannot be read: {reason(error)}. Nothing was changed") from None
    if stat.S_ISLNK(found.st_mode):
        raise StorageError(f"{path} is a symbolic link. Nothing was opened; put the file itself there")
    if not stat.S_ISREG(found.st_mode):
        raise StorageError(f"{path} is not a plain file. Nothing was opened; move it away")
    if found.st_uid != os.geteuid():
        raise StorageError(f"{path} belongs to another user. Nothing was opened; use a file of your own")
    if found.st_mode & 0o077:
        os.chmod(path, PRIVATE_FILE)
    return True


def create_private(path: Path) -> None:
    """Make an empty 0600 file at `path`, which must not exist."""
    os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_NOFOLLOW | os.O_CLOEXEC, PRIVATE_FILE))


def reason(error: OSError) -> str:
    """The system's own words, without number and path."""
    return (error.strerror or str(error)).lower()
