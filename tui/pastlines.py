"""Lines of the command line, kept for the next session: only what was understood and holds nothing that looks like a
secret, in a file of this user alone. It is a comfort: when it cannot be read or written, nothing else is lost."""

from __future__ import annotations

import os
import stat
from contextlib import suppress
from pathlib import Path

from core.domain.text import clean

NAME = "lines.txt"
MOST = 500
LONGEST = 240
"""Characters of a line; a longer one is no line of ours."""
_MOST_BYTES = 4 * MOST * LONGEST


def read(folder: Path) -> list[str]:
    """The newest lines, oldest first, each once."""
    with suppress(OSError):
        place = os.open(folder / NAME, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK)
        with os.fdopen(place, "rb") as file:
            facts = os.fstat(file.fileno())
            if not stat.S_ISREG(facts.st_mode):
                return []
            file.seek(max(facts.st_size - _MOST_BYTES, 0))
            texts = file.read(_MOST_BYTES).decode("utf-8", "replace").splitlines()
        newest = dict.fromkeys(text for text in reversed(texts) if text and text == clean(text, LONGEST))
        lines = list(newest)[:MOST][::-1]
        if len(texts) > 2 * MOST:
            _write(folder, lines)
        return lines
    return []


def keep(folder: Path, line: str) -> bool:
    """Was it kept?"""
    from core.redact import redact  # not before the screen stands

    if not line or line != clean(line, LONGEST) or redact(line) != line:
        return False
    with suppress(OSError):
        flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK
        place = os.open(folder / NAME, flags, 0o600)
        try:
            if stat.S_ISREG(os.fstat(place).st_mode):
                os.fchmod(place, 0o600)
                return os.write(place, f"{line}\n".encode()) > 0
        finally:
            os.close(place)
    return False


def _write(folder: Path, lines: list[str]) -> None:
    """Whole or not at all."""
    new = folder / f"{NAME}.new"
    with suppress(FileNotFoundError):
        new.unlink()
    place = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    with os.fdopen(place, "w", encoding="utf-8") as file:
        file.writelines(f"{line}\n" for line in lines)
    new.replace(folder / NAME)
