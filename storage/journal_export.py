"""The journal for somebody else's eyes: its events with the hashes of the chain, so that the file can be verified where
the journal is not. Account numbers are masked unless the whole is asked for; a masked event's hash still stands in the
chain, but its words can no longer be proved by it, and the verdict counts such events apart.
"""

from __future__ import annotations

import csv
import io
import re
import sqlite3
from collections.abc import Collection, Iterable, Iterator
from hashlib import blake2b
from pathlib import Path
from typing import Any

import msgspec

from core.domain.errors import InvalidValue, JournalBroken, StorageError
from core.domain.events import event_order
from core.known import hide_known
from core.redact import mask_account
from storage.chain import ADVICE, GENESIS, KINDS, Row, bad_link, decode, link, rows
from storage.journal import reading

FORMAT, VERSION = "hoga journal", 1
COLUMNS = ("seq", "ts", "kind", "order", "boot", "prev", "hash", "masked", "payload")
_LONGEST_LINE, _LONGEST_DOCUMENT = 4 << 20, 1 << 29
_ACCOUNT = re.compile(r'"account":"([^"\\]{1,64})"')
_LISTED = re.compile(r'"account":\{"id":"([^"\\]{1,64})"')


class Exported(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One event. `hash` covers `prev`, `seq`, `ts`, `boot` and the payload as it was journalled (storage/chain.py)."""

    seq: int
    ts: int
    kind: str
    order: str = ""
    boot: str
    prev: str
    hash: str
    masked: bool = False
    payload: str


class Head(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    format: str = FORMAT
    version: int = VERSION
    whole: bool
    """Every event between the first and the last is there."""


class Tail(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    events: int
    head: str
    """Hash of the journal's newest event when this was written."""
    digest: str
    """BLAKE2b over the lines of the events, then that hash."""


class Document(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The same as one JSON document."""

    format: str
    version: int
    whole: bool
    rows: list[Exported]
    events: int
    head: str
    digest: str


class Verdict(msgspec.Struct, frozen=True, kw_only=True):
    """`proved`: events whose words are those that were hashed. `text` says it for a person."""

    events: int
    proved: int
    masked: int
    gaps: int
    first: int | None
    last: int | None
    head: str
    """Hash of the last event: compare it with what you know."""
    first_bad: int | None
    text: str


# --- out --------------------------------------------------------------------------------------------------------------


def export(
    path: Path, *, since: int | None, until: int | None, orders: Collection[str], full: bool
) -> Iterator[Head | Exported | Tail]:
    """Events of [since, until) in ns, of these orders alone when any is named (by id or its end), as journalled. Raises
    JournalBroken at an event that does not hold, StorageError when the journal cannot be read."""
    yield Head(whole=not orders)
    digest, count, prev, seq = blake2b(digest_size=32), 0, GENESIS, 0
    with reading(path) as connection:
        first, last = _range(connection, since, until)
        accounts = [] if full else _accounts(rows(connection))
        for row in rows(connection):
            problem = bad_link(row, seq + 1, prev)
            if problem:
                raise JournalBroken(f"{path}: {problem}. {ADVICE}")
            prev, seq = row.hash, row.seq
            if first <= row.seq <= last and (not orders or (row.intent_id or "").endswith(tuple(orders))):
                found = _exported(row, accounts)
                digest.update(msgspec.json.encode(found))
                count += 1
                yield found
    digest.update(prev)
    yield Tail(events=count, head=prev.hex(), digest=digest.hexdigest())


def _range(connection: sqlite3.Connection, since: int | None, until: int | None) -> tuple[int, int]:
    """The events from the first to the last of that time, without a hole: a venue's times do not always rise."""
    first = connection.execute("SELECT min(seq) FROM event WHERE ts >= ?", (since or 0,)).fetchone()[0]
    last = connection.execute(
        "SELECT max(seq) FROM event WHERE ts < ?", ((1 << 63) - 1 if until is None else until,)
    ).fetchone()[0]
    return (1, 0) if first is None or last is None else (int(first), int(last))


def _exported(row: Row, accounts: Iterable[re.Pattern[str]]) -> Exported:
    payload = hide_known(row.payload)
    for account in accounts:
        payload = account.sub(lambda found: mask_account(found[0]), payload)
    return Exported(
        seq=row.seq,
        ts=row.ts,
        kind=row.kind,
        order=row.intent_id or "",
        boot=row.boot_id,
        prev=row.prev_hash.hex(),
        hash=row.hash.hex(),
        masked=payload != row.payload,
        payload=payload,
    )


def _accounts(journal: Iterable[Row]) -> list[re.Pattern[str]]:
    """Names with a number in them, as `kis:12345678-01`, `12345678-01` and `12345678`; the longest first."""
    found: set[str] = set()
    for row in journal:
        for name in (*_ACCOUNT.findall(row.payload), *_LISTED.findall(row.payload)):
            number = name.rpartition(":")[2]
            found |= {name, number, number.partition("-")[0]}
    secret = sorted((name for name in found if mask_account(name) != name), key=len, reverse=True)
    return [re.compile(rf"(?<!\w){re.escape(name)}(?!\w)") for name in secret]


def lines(parts: Iterable[Head | Exported | Tail]) -> Iterator[bytes]:
    for part in parts:
        yield msgspec.json.encode(part) + b"\n"


def document(parts: Iterable[Head | Exported | Tail]) -> Iterator[bytes]:
    head, *events, tail = parts
    whole: dict[str, Any] = {**msgspec.to_builtins(head), "rows": events, **msgspec.to_builtins(tail)}
    yield msgspec.json.encode(whole) + b"\n"


def table(parts: Iterable[Head | Exported | Tail]) -> Iterator[bytes]:
    """CSV in UTF-8. No cell can begin a formula: they are numbers, names of ours, hexadecimal and JSON."""
    yield b"\xef\xbb\xbf" + _csv(COLUMNS)
    for part in parts:
        if isinstance(part, Exported):
            yield _csv([getattr(part, name) for name in COLUMNS])


def _csv(cells: Iterable[Any]) -> bytes:
    out = io.StringIO()
    csv.writer(out).writerow(cells)
    return out.getvalue().encode()


# --- in ---------------------------------------------------------------------------------------------------------------


def verify_export(path: Path) -> Verdict:
    """Walk an exported file of any of the three forms. Raises StorageError for one that cannot be read at all."""
    walk = _Walk()
    try:
        with path.open("rb") as file:
            for part in _parts(file):
                walk.take(part)
                if walk.problem:
                    break
    except OSError as error:
        raise StorageError(f"{path} cannot be read: {(error.strerror or str(error)).lower()}") from None
    except (msgspec.MsgspecError, ValueError, KeyError, IndexError, csv.Error, JournalBroken) as error:
        walk.problem = walk.problem or f"after event {walk.seq} comes what is no exported event ({str(error)[:100]})"
    return walk.verdict()


def _parts(file: io.BufferedReader) -> Iterator[Head | Exported | Tail]:
    first = file.readline(_LONGEST_LINE)
    if first.startswith(b"\xef\xbb\xbf") or first.startswith(b"seq,"):
        if first.lstrip(b"\xef\xbb\xbf").strip() != ",".join(COLUMNS).encode():
            raise ValueError("its columns are others")
        csv.field_size_limit(_LONGEST_LINE)
        for cells in csv.reader(io.TextIOWrapper(file, "utf-8", newline="")):
            given = dict(zip(COLUMNS, cells, strict=True)) | {"masked": {"True": True, "False": False}[cells[7]]}
            yield msgspec.convert(given, Exported, strict=False)
        return
    if b'"rows":' in first:
        whole = msgspec.json.decode(first + file.read(_LONGEST_DOCUMENT), type=Document)
        yield Head(format=whole.format, version=whole.version, whole=whole.whole)
        yield from whole.rows
        yield Tail(events=whole.events, head=whole.head, digest=whole.digest)
        return
    yield msgspec.json.decode(first, type=Head)
    while line := file.readline(_LONGEST_LINE):
        if line.startswith(b'{"events":'):
            yield msgspec.json.decode(line, type=Tail)
        else:
            yield msgspec.json.decode(line, type=Exported)


class _Tagged(msgspec.Struct):
    event: str


def _is_labelled(event: Exported) -> bool:
    """Kind and order are not hashed: they are what the payload says. What a newer hoga wrote is believed."""
    if event.kind not in KINDS:
        return msgspec.json.decode(event.payload, type=_Tagged).event == event.kind
    row = Row(event.seq, event.kind, None, event.payload, event.ts, event.boot, b"", b"")
    found = decode(row)
    return type(found).__name__ == event.kind and (event_order(found) or "") == event.order


class _Walk:
    def __init__(self) -> None:
        self.problem = ""
        self.bad = 0
        self.seq = self.count = self.masked = self.gaps = 0
        self.first = 0
        self._hash = GENESIS
        self._digest = blake2b(digest_size=32)
        self._head: Head | None = None
        self._tail: Tail | None = None

    def take(self, part: Head | Exported | Tail) -> None:
        if isinstance(part, Head):
            self._head = part
            if (part.format, part.version) != (FORMAT, VERSION):
                self.problem = f"it is no export of a journal that this hoga knows ({part.format[:40]} {part.version})"
        elif self._tail is not None:
            self.problem, self.bad = "something stands after its end", self.seq
        elif isinstance(part, Tail):
            self._tail = part
            self._digest.update(bytes.fromhex(part.head))
            if (part.events, part.digest) != (self.count, self._digest.hexdigest()):
                self.problem, self.bad = "events were taken out, put in or changed: its digest does not fit", self.seq
        else:
            self._event(part)

    def _event(self, event: Exported) -> None:
        is_whole = self._head is not None and self._head.whole
        try:
            prev, hash = bytes.fromhex(event.prev), bytes.fromhex(event.hash)
            made = link(prev, event.seq, event.ts, event.boot.encode(), event.payload.encode())
        except (ValueError, OverflowError):
            prev, hash, made = b"", b"", b"-"
        self.bad = event.seq
        if event.seq <= self.seq:
            self.problem = f"event {event.seq} stands after event {self.seq}"
        elif len(hash) != 32 or (not event.masked and made != hash):
            self.problem = f"event {event.seq} is not what was journalled"
        elif not event.masked and not _is_labelled(event):
            self.problem = f"event {event.seq} is labelled as another kind or another order's"
        elif event.seq == self.seq + 1 and prev != self._hash:
            self.problem = f"event {event.seq} does not follow the one before it"
        elif event.seq != self.seq + 1 and self.count and is_whole:
            self.problem = f"event {self.seq + 1} is missing"
        else:
            self.gaps += bool(self.count) and event.seq != self.seq + 1
            self.first = self.first or event.seq
            self.seq, self._hash, self.count = event.seq, hash, self.count + 1
            self.masked += event.masked
            self._digest.update(msgspec.json.encode(event))

    def verdict(self) -> Verdict:
        if not self.problem and self._head is not None and self._tail is None:
            self.problem, self.bad = f"it ends after event {self.seq} without its last line: it was cut", self.seq
        proved = self.count - self.masked
        if self.problem:
            text = f"{self.problem}. Ask for the file again; of the {self.count} events before, {proved} are proved"
        else:
            text = f"{self.count} events, all links hold; the words of {proved} are proved by their hashes"
            if self.masked:
                text += f", {self.masked} are masked (an export with --full proves them)"
            if self._head is None:
                text += "; a table does not show whether its end was cut"
            if self.gaps:
                text += f"; {self.gaps} times others were left out between them"
        return Verdict(
            events=self.count,
            proved=proved,
            masked=self.masked,
            gaps=self.gaps,
            first=self.first or None,
            last=self.seq or None,
            head=self._hash.hex(),
            first_bad=self.bad if self.problem else None,
            text=text,
        )


def order_words(words: Iterable[str]) -> tuple[str, ...]:
    """Orders as people name them: whole ids or their last four characters at least. Raises InvalidValue."""
    found = tuple(words)
    for word in found:
        if not re.fullmatch(r"[a-z0-9]{4,26}", word):
            raise InvalidValue(f"{word[:30]!r} is no order's id; give it whole, or its end as the orders pane shows it")
    return found
