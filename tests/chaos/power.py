"""What a power cut can do to the journal. A child trades while every write, sync, truncation and directory change of
the journal's files is written down in its order. Each image is the disk at some moment: what was synced is there, of
what was not any sectors may be, torn at 512 bytes or 4 KiB. Each is opened by the product's own code. Wanted: the chain
holds, and everything that was confirmed by then is there, above all the SENDING of each order that had left. The same
with a journal that syncs too little must be found."""

from __future__ import annotations

import asyncio
import os
import struct
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from random import Random
from time import perf_counter
from typing import Any, NamedTuple

from core.clock import SystemClock
from core.domain.account import TradingState
from core.domain.commands import Cancel, Panic, SetTradingState, Submit
from core.domain.errors import HogaError
from core.domain.events import OrderSending
from core.domain.limits import RiskLimits
from storage.journal import Journal, verify
from tests import scenes
from tests.chaos import _shim
from tests.stage import stage

POINTS, SHORT = 1_500, 40
LIVES, ROUNDS = 2, 16
PLANTED = ("OFF", "NORMAL")
WIRE = "wire.log"
KEPT = ("journal.db", "journal.db-wal", "journal.db-journal")
WIDE = RiskLimits(
    **dict.fromkeys(("max_orders_per_second", "max_orders_per_minute", "max_orders_per_minute_all")),  # type: ignore[arg-type]
    **dict.fromkeys(("duplicate_window_seconds", "max_trades_per_day", "max_position_value", "max_gross_value")),  # type: ignore[arg-type]
    max_quote_age_seconds=3600.0,
)


# --- the child: some lives of the program, one after another ---------------------------------------------------------


async def trade(folder: Path, random: Random, rounds: int) -> None:
    """Orders, cancels and a panic; what was confirmed, and what went out, is told to the log at that very moment."""
    wire = os.open(folder / WIRE, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    async with stage(folder / "journal.db", limits=WIDE) as made:
        journal, submit, append = made.program.journal, made.program.broker.submit, made.program.journal.append

        async def sent(prepared: Any, permit: Any) -> Any:
            os.write(wire, f"sent {prepared.client_order_id}\n".encode())
            return await submit(prepared, permit)

        async def confirmed(events: Any) -> int:
            sequence = await append(events)
            os.write(wire, f"kept {sequence}\n".encode())
            return sequence

        made.program.broker.submit = sent  # type: ignore[method-assign]
        journal.append = confirmed  # type: ignore[method-assign]
        await made.do(SetTradingState(state=TradingState.ACTIVE, by="trial"))
        for _ in range(rounds):
            for _ in range(random.randrange(1, 4)):
                price = 70_000 + 100 * random.randrange(13)
                await made.desk.send(Submit(request=scenes.request(price=str(price), quantity="1", id=os_id())))
            if random.random() < 0.7:
                await made.settle()
            if made.state.live and random.random() < 0.5:
                await made.do(Cancel(client_order_id=random.choice(list(made.state.live))))
            if random.random() < 0.2:
                await SystemClock().sleep(0.004)  # a quiet moment: the WAL is folded into the file
        await made.do(Panic(by="trial"))
    os.close(wire)


def os_id() -> Any:
    from core.domain.ids import new_client_order_id

    return new_client_order_id(os.urandom)


def child(folder: Path, log: Path, seed: int, synchronous: str, lives: int) -> None:
    import storage.journal
    import storage.schema
    import storage.writer

    storage.writer.FOLD_EVENTS, storage.writer.QUIET_SECONDS = 25, 0.002  # many folds in little time
    if synchronous:
        durable = storage.schema.make_durable

        def less(connection: Any) -> None:
            durable(connection)
            connection.execute(f"PRAGMA synchronous={synchronous}")

        storage.journal.make_durable = storage.writer.make_durable = less
    shim = _shim.Shim(folder)
    shim.log(os.open(log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600))
    for life in range(lives):
        asyncio.run(trade(folder, Random(seed * 100 + life), ROUNDS))


# --- what was written down -------------------------------------------------------------------------------------------


class Op(NamedTuple):
    kind: int
    name: str
    offset: int
    data: bytes


def operations(log: Path) -> list[Op]:
    raw, at, found = log.read_bytes(), 0, []
    while at < len(raw):
        kind, length = raw[at], raw[at + 1]
        name = raw[at + 2 : at + 2 + length].decode()
        at += 2 + length
        offset, size = struct.unpack_from("<qI", raw, at)
        found.append(Op(kind, name, offset, raw[at + 12 : at + 12 + size]))
        at += 12 + size
    return found


class File:
    """Contents that survive for sure, and what was done since."""

    def __init__(self) -> None:
        self.synced = bytearray()
        self.pending: list[Op] = []

    def sync(self) -> None:
        self.synced = self.after(lambda _: True, 1 << 30, False)
        self.pending.clear()

    def after(self, survives: Any, sector: int, is_grown: bool) -> bytearray:
        """The contents when only what `survives` of the pending operations is there."""
        found = bytearray(self.synced)
        for op in self.pending:
            if op.kind == _shim.TRUNCATE:
                if survives(op):
                    found[op.offset :] = bytes(max(op.offset - len(found), 0))
                continue
            end = op.offset + len(op.data)
            if is_grown and end > len(found):
                found += bytes(end - len(found))  # the new length is on the disk, its contents are not
            at = op.offset
            while at < end:
                stop = min((at // sector + 1) * sector, end)
                if survives(op):
                    if at > len(found):
                        found += bytes(at - len(found))
                    found[at:stop] = op.data[at - op.offset : stop - op.offset]
                at = stop
        return found


class Disk:
    """The journal's folder, as it is and as it surely is after a power cut."""

    def __init__(self) -> None:
        self.names: dict[str, File] = {}
        self.synced_names: dict[str, File] = {}
        self.changes: list[tuple[str, File | None]] = []
        """Directory entries made (None: removed) since the directory was synced."""
        self.sent: list[str] = []
        self.kept = 0

    def take(self, op: Op) -> None:
        if op.name == WIRE:
            for line in op.data.decode().split("\n"):
                word, _, value = line.partition(" ")
                if word == "sent":
                    self.sent.append(value)
                elif word == "kept":
                    self.kept = int(value)
        elif op.kind == _shim.SYNC and op.name == ".":
            self.synced_names = dict(self.names)
            self.changes.clear()
        elif op.kind == _shim.CREATE:
            self.names[op.name] = File()
            self.changes.append((op.name, self.names[op.name]))
        elif op.kind == _shim.UNLINK:
            self.names.pop(op.name, None)
            self.changes.append((op.name, None))
        elif op.name in self.names:
            if op.kind == _shim.SYNC:
                self.names[op.name].sync()
            else:
                self.names[op.name].pending.append(op)

    def image(self, random: Random) -> dict[str, bytes]:
        """What the next start may find."""
        share, sector = random.choice((0, 0.2, 0.5, 0.8, 1)), random.choice((512, 4096))
        is_grown = random.random() < 0.5
        survives = lambda _: random.random() < share  # noqa: E731
        names = dict(self.synced_names)
        for name, file in self.changes:
            if survives(None):
                if file is None:
                    names.pop(name, None)
                else:
                    names[name] = file
        found = {n: bytes(file.after(survives, sector, is_grown)) for n, file in names.items() if n in KEPT}
        if "journal.db" in found and random.random() < 0.5:
            found["journal.db-shm"] = random.randbytes(32_768)  # never synced: anything may be in it
        return found


# --- the images ------------------------------------------------------------------------------------------------------


def images(ops: list[Op], count: int, random: Random) -> Iterator[tuple[int, dict[str, bytes], list[str], int]]:
    """(operations done, the files, orders that had left, events that were confirmed)."""
    disk, done = Disk(), 0
    for moment in sorted(random.randrange(1, len(ops) + 1) for _ in range(count)):
        while done < moment:
            disk.take(ops[done])
            done += 1
        yield moment, disk.image(random), list(disk.sent), disk.kept


async def opened(folder: Path, files: dict[str, bytes], sent: list[str], kept: int) -> list[str]:
    """What is wrong with an image."""
    for name, contents in files.items():
        (folder / name).write_bytes(contents)
        (folder / name).chmod(0o600)
    path = folder / "journal.db"
    if not kept and not sent and not path.exists():
        return []
    try:
        journal = Journal.open(path, boot_id="image")
    except HogaError as error:
        return [f"it does not open: {error}"]
    events = list(journal.replay())
    await journal.close()
    found = verify(path)
    problems = [] if found.first_bad is None else [found.text]
    sending = {event.client_order_id for _, event in events if isinstance(event, OrderSending)}
    lost = [id for id in sent if id not in sending]
    if lost:
        problems.append(f"LOST: {len(lost)} orders that had left are not SENDING, as {lost[0]}")
    if len(events) < kept:
        problems.append(f"MISSING: {kept} events were confirmed, {len(events)} are there")
    return problems


async def judged(log: Path, place: Path, count: int, seed: int) -> dict[str, Any]:
    ops = operations(log)
    problems: list[str] = []
    lost = checked = 0
    for moment, files, sent, kept in images(ops, count, Random(seed)):
        with tempfile.TemporaryDirectory(dir=place) as folder:
            wrong = await opened(Path(folder), files, sent, kept)
        lost += any(text.startswith("LOST") for text in wrong)
        checked += len(sent)
        problems += [f"after operation {moment}: {text}" for text in wrong]
    syncs = sum(op.kind == _shim.SYNC for op in ops)
    figures = {"operations": len(ops), "syncs": syncs, "images": count, "sends_checked": checked}
    return {**figures, "images_with_a_lost_send": lost, "problems": problems}


def run(points: int, seed: int) -> dict[str, Any]:
    started = perf_counter()
    report: dict[str, Any] = {"name": "power", "seed": seed}
    memory = Path("/dev/shm")
    with tempfile.TemporaryDirectory(prefix="hoga-power-", dir=memory if memory.is_dir() else None) as name:
        place = Path(name)
        library, why_not = _shim.build(place)
        if library is None:
            return {**report, "left_out": why_not, "images": 0, "ok": True}
        lives = max(min(points // 150, 12), LIVES)
        children = {mode: _recording(place, library, seed, mode, LIVES if mode else lives) for mode in ("", *PLANTED)}
        for one in children.values():
            _, trouble = one.communicate()
            assert one.returncode == 0, f"the child fell: {trouble[-2000:]}"
        found = asyncio.run(judged(place / "log-", place, points, seed))
        problems = found.pop("problems")
        report |= {**found, "problems": len(problems), "examples": problems[:10]}
        caught = {}
        for mode in PLANTED:
            log = place / f"log-{mode}"
            caught[mode] = asyncio.run(judged(log, place, max(points // 10, 20), seed))["images_with_a_lost_send"]
    report["planted_found"] = {f"synchronous={mode}": count for mode, count in caught.items()}
    report["result"] = f"{len(problems)} of {points} images wrong, {sum(map(bool, caught.values()))} of 2 planted found"
    report["target"] = "0; 2 of 2"
    return {**report, "seconds": round(perf_counter() - started, 1), "ok": not problems and all(caught.values())}


def _recording(place: Path, library: Path, seed: int, synchronous: str, lives: int) -> subprocess.Popen[str]:
    folder, log = place / f"life-{synchronous}", place / f"log-{synchronous}"
    folder.mkdir(mode=0o700)
    words = [sys.executable, "-m", "tests.chaos.power", str(folder), str(log), str(seed), synchronous, str(lives)]
    environ = _shim.environment(library)
    return subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environ)


if __name__ == "__main__":
    child(Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3]), sys.argv[4], int(sys.argv[5]))
