"""The hash chain over the journal's events, and the walk that proves it. Every row's hash covers the row before it, so
nothing in the middle can be changed, lost or put in without the walk naming the place.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from hashlib import blake2b
from pathlib import Path
from struct import Struct
from struct import error as StructError
from typing import NamedTuple

import msgspec

from core.domain.errors import HogaError, JournalBroken
from core.domain.events import DURABLE, CandidatesFound, DurableEvent, event_order
from core.domain.order import Requested
from storage.projection import FOLDED_KINDS, Changes, OrderMark, settle_halts

GENESIS = bytes(32)
"""What the first event follows."""
KINDS = frozenset(kind.__name__ for kind in DURABLE)
_OF_ORDERS = FOLDED_KINDS | {CandidatesFound.__name__}
"""What is decoded for the walk; nothing else names an order."""

_decode = msgspec.json.Decoder(DurableEvent).decode
_stamp = Struct(">Qq").pack
_PAGE = 512


class Row(NamedTuple):
    """One row of `event`, in the order of its columns."""

    seq: int
    kind: str
    intent_id: str | None
    payload: str
    ts: int
    boot_id: str
    prev_hash: bytes
    hash: bytes


class Verified(msgspec.Struct, frozen=True, kw_only=True):
    """What the walk found. `first_bad` is the sequence number of the first row that does not hold, None when all do;
    `head` is the hash of the last good row in hex, and `text` says it for a person."""

    events: int
    head: str
    first_bad: int | None
    text: str


def link(prev: bytes, seq: int, ts: int, boot: bytes, payload: bytes) -> bytes:
    """The hash of an event: 32 bytes of BLAKE2b over the hash before it, its number and time (8 bytes each, big
    endian), the boot id, a zero byte and the payload. Raises OverflowError for a time that does not fit."""
    try:
        return blake2b(prev + _stamp(seq, ts) + boot + b"\0" + payload, digest_size=32).digest()
    except StructError:
        raise OverflowError(f"the time {ts} does not fit into 8 bytes") from None


def bad_link(row: Row, seq: int, prev: bytes) -> str:
    """Why `row` cannot be number `seq` after `prev`; empty when it can."""
    if row.seq != seq:
        return f"event {seq} is missing"
    if row.prev_hash != prev:
        return f"event {seq} does not follow the one before it"
    if row.hash != link(prev, row.seq, row.ts, row.boot_id.encode(), row.payload.encode()):
        return f"event {seq} was changed after it was written"
    return ""


def mislabelled(row: Row, order: str | None) -> str:
    """Kind and order of a row are not hashed: they must be what the payload says."""
    if row.intent_id == order and row.payload.startswith(f'{{"event":"{row.kind}",'):
        return ""
    return f"event {row.seq} is labelled as another kind or another order's"


def rows(connection: sqlite3.Connection, after: int = 0) -> Iterator[Row]:
    """Rows of `event` in order, some hundred at a time: memory does not grow with the journal."""
    while True:
        page = connection.execute("SELECT * FROM event WHERE seq > ? ORDER BY seq LIMIT ?", (after, _PAGE)).fetchall()
        yield from map(Row._make, page)
        if len(page) < _PAGE:
            return
        after = int(page[-1][0])


def decode(row: Row) -> DurableEvent:
    """The event of a row. Raises JournalBroken for a kind only a newer hoga knows, or a payload that is none."""
    if row.kind not in KINDS:
        raise JournalBroken(
            f"event {row.seq} is a {row.kind[:40]!r}, which this hoga does not know: a newer one wrote it. Nothing was "
            "changed; use the newer program"
        )
    try:
        event: DurableEvent = _decode(row.payload)
    except (msgspec.MsgspecError, HogaError, ValueError) as error:
        raise JournalBroken(f"event {row.seq} ({row.kind}) cannot be read: {error}. {ADVICE}") from None
    return event


ADVICE = (
    "What stands before it is sound and was kept; nothing was changed. Open the journal read only to see it, put the "
    "newest backup in its place, and reconcile with the broker before trading"
)


def walk(connection: sqlite3.Connection, wishes: dict[str, Requested | None] | None = None) -> Verified:
    """Check every link, and compare the projection with what the events say. Raises sqlite3.Error. `wishes` is filled
    with the changes that are under way at the end."""
    prev, seq = GENESIS, 0
    orders: dict[str, OrderMark] = {}
    fills: dict[tuple[str, str, str], int] = {}
    halts: dict[str, tuple[str, int]] = {}
    changes = Changes(lambda _: None, lambda _: False)
    changes.orders, changes.fills = orders, fills
    changes.wishes = {} if wishes is None else wishes
    for row in rows(connection):
        problem = bad_link(row, seq + 1, prev)
        if not problem and row.kind in _OF_ORDERS:
            try:
                event = decode(row)
                problem = mislabelled(row, event_order(event))
                if not problem:
                    changes.fold(row.seq, event)
            except HogaError as error:
                problem = str(error)
            if changes.halts:
                settle_halts(halts, changes.halts)
                changes.halts.clear()
        elif not problem and row.kind not in KINDS:
            problem = f"event {row.seq} is of a kind this hoga does not know ({row.kind[:40]!r})"
        elif not problem:
            problem = mislabelled(row, None)
        if problem:
            return Verified(events=seq, head=prev.hex(), first_bad=seq + 1, text=f"{problem}. {ADVICE}")
        prev, seq = row.hash, row.seq
    problem = _differing(connection, orders, fills, halts)
    if problem:
        text = f"the events are sound, but the table of {problem} does not say what they say. {ADVICE}"
        return Verified(events=seq, head=prev.hex(), first_bad=seq, text=text)
    return Verified(events=seq, head=prev.hex(), first_bad=None, text=f"{seq} events, all links hold")


def _differing(
    connection: sqlite3.Connection,
    orders: dict[str, OrderMark],
    fills: dict[tuple[str, str, str], int],
    halts: dict[str, tuple[str, int]],
) -> str:
    """The first projected table that differs from what was folded."""
    stored = 0
    for id, account, status, quantity, filled, facts, seq in connection.execute("SELECT * FROM orders"):
        mark = orders.get(id)
        told = mark and (mark.account, mark.status.value, str(mark.quantity), str(mark.filled), mark.facts, mark.seq)
        if told != (account, status, quantity, filled, facts, seq):
            return f"orders (order {str(id)[:26]})"
        stored += 1
    if stored != len(orders):
        return "orders"
    if {(a, i, f): s for a, i, f, s in connection.execute("SELECT * FROM fills")} != fills:
        return "fills"
    if {scope: (state, seq) for scope, state, seq in connection.execute("SELECT * FROM halt")} != halts:
        return "halts"
    return ""


def damaged(path: Path | str, found: Verified) -> JournalBroken:
    return JournalBroken(f"{path}: {found.text}")
