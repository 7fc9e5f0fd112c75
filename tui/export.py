"""A pane's rows as a file: CSV that no spreadsheet takes for formulas, or JSON. The name cannot leave its folder, the
file is the owner's alone, and none is ever overwritten."""

from __future__ import annotations

import csv
import io
import os
import re
import stat
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec

from core.domain.errors import InvalidValue, StorageError
from tui.newfile import write_new

FOLDER = "exports"
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,79}\.(?:csv|json)")
_NUMBER = re.compile(r"[+-]?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?")
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


def write(folder: Path, name: str, rows: Sequence[dict[str, Any]]) -> Path:
    """The file written. Raises InvalidValue for a name that will not do, StorageError where it cannot be written."""
    if not _NAME.fullmatch(name):
        raise InvalidValue(f"{name[:40]!r} is no file name for this: use a-z, 0-9, . _ - and end it with .csv or .json")
    data = as_json(rows) if name.endswith(".json") else as_csv(rows)
    place = folder / FOLDER
    try:
        place.mkdir(mode=0o700, parents=True, exist_ok=True)
        found = place.lstat()
    except OSError as error:
        raise StorageError(f"{place} cannot be written: {error.strerror}. Nothing was written") from None
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.geteuid() or found.st_mode & 0o022:
        raise StorageError(f"{place} is a link, or others may write there. Nothing was written; make it yours alone")
    write_new(place / name, [data])
    return place / name


def as_json(rows: Sequence[dict[str, Any]]) -> bytes:
    return msgspec.json.format(msgspec.json.encode(list(rows)), indent=1) + b"\n"


def as_csv(rows: Sequence[dict[str, Any]]) -> bytes:
    """UTF-8 with a mark, so that spreadsheets read Hangul."""
    names = list(dict.fromkeys(name for row in rows for name in row))
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(names)
    writer.writerows([safe(row.get(name)) for name in names] for row in rows)
    return b"\xef\xbb\xbf" + text.getvalue().encode()


def safe(value: Any) -> str:
    """A cell that a spreadsheet shows and does not run: what looks like a formula and is no number gets a quote."""
    if value is None:
        return ""
    if isinstance(value, list | tuple):
        value = " ".join(str(part) for part in value)
    text = str(value)
    return f"'{text}" if text.startswith(_FORMULA) and not _NUMBER.fullmatch(text) else text
