"""Canary secrets: values that may be nowhere. `scan` reads every byte below some folders, compressed files and the rows
of databases included, and names where one of them stands in any spelling a program might write it in. It shares no code
with core/known.py."""

from __future__ import annotations

import base64
import gzip
import html
import json
import re
import sqlite3
import urllib.parse
import zlib
from collections.abc import Iterable, Iterator
from pathlib import Path
from random import Random

import msgspec

LETTERS = "abcdefghijkmnopqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789"
SHORTEST = 8
"""Shorter needles stand in any hay."""
ESCAPES = re.compile(rb"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)|[@-Z\\-_a-z78=>])")


class Scan(msgspec.Struct, kw_only=True):
    files: int = 0
    bytes: int = 0
    hits: list[str] = []

    def add(self, other: Scan) -> None:
        self.files += other.files
        self.bytes += other.bytes
        self.hits += other.hits


def canaries(random: Random) -> dict[str, str]:
    """One of each kind that keys come in."""

    def letters(count: int) -> str:
        return "".join(random.choices(LETTERS, k=count))

    return {
        "file": f"PS{letters(34)}",
        "env": f"{letters(20)}+{letters(11)}/{letters(12)}=",
        "plain": f"{letters(9)}&<\"'{letters(9)} {letters(6)}",
        "passphrase": f"{letters(7)} 비밀 {letters(9)}",
    }


def needles(values: Iterable[str]) -> dict[bytes, str]:
    """Each spelling to look for, and what it is."""
    found: dict[bytes, str] = {}
    for value in values:
        raw = value.encode()
        found |= {raw: "as it is", value.encode("utf-16-le"): "UTF-16", value[::-1].encode(): "backwards"}
        found |= {raw.hex().encode(): "hex", raw.hex().upper().encode(): "hex"}
        for quoted in (urllib.parse.quote(value), urllib.parse.quote(value, safe=""), urllib.parse.quote_plus(value)):
            found[quoted.encode()] = "URL"
        found |= {json.dumps(value)[1:-1].encode(): "JSON", html.escape(value).encode(): "markup"}
        for shift in (b"", b"x", b"xx"):
            for encode in (base64.b64encode, base64.urlsafe_b64encode):
                found[encode(shift + raw).rstrip(b"=")[4:-4]] = "base64"
        if len(raw) >= 20:
            found[value[:12].encode()] = "its beginning"
    found[raw] = "as it is"
    return {needle: how for needle, how in found.items() if len(needle) >= SHORTEST}


def scan(folders: Iterable[Path], values: Iterable[str]) -> Scan:
    wanted = needles(values)
    total = Scan()
    for folder in folders:
        for path in sorted(folder.rglob("*")):
            if not path.is_file() or path.is_symlink():
                continue
            data = path.read_bytes()
            total.files += 1
            total.bytes += len(data)
            for piece in _layers(path, data):
                total.hits += [f"{path.relative_to(folder)}: {how}" for how in found_in(piece, wanted)]
    return total


def found_in(data: bytes, wanted: dict[bytes, str]) -> list[str]:
    return [how for needle, how in wanted.items() if needle in data]


def on_screen(raw: bytes, lines: Iterable[str], values: Iterable[str]) -> Scan:
    """What a terminal was sent, without its control sequences too, and what it showed with the wrapping taken out."""
    wanted = needles(values)
    shown = "".join(line.strip() for line in lines).encode()
    pieces = (raw, ESCAPES.sub(b"", raw), shown)
    hits = [f"screen: {how}" for piece in pieces for how in found_in(piece, wanted)]
    return Scan(files=1, bytes=len(raw), hits=hits)


def _layers(path: Path, data: bytes) -> Iterator[bytes]:
    yield data
    if data[:2] == b"\x1f\x8b":
        try:
            yield gzip.decompress(data)
        except (OSError, EOFError, zlib.error):
            yield zlib.decompressobj(31).decompress(data)
    if data[:15] == b"SQLite format 3":
        # A long row is spread over pages: read as SQLite reads it.
        connection = sqlite3.connect(f"file:{urllib.parse.quote(str(path))}?mode=ro", uri=True)
        try:
            yield "\n".join(connection.iterdump()).encode()
        except sqlite3.Error:
            pass
        finally:
            connection.close()
