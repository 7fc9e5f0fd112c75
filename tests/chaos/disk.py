"""What a full or broken disk can do to an order. The whole program trades on a journal whose disk refuses from some
write on: a small file system that is filled up, a limit on file sizes, and a layer that answers ENOSPC or EIO at the
n-th write, sync, truncation or allocation. Wanted: no order on the wire that is not in the journal, cancels and panic
go out all the same (journalled at once where room was kept back), and when there is room again nothing is missing."""

from __future__ import annotations

import asyncio
import errno
import json
import os
import resource
import subprocess
import sys
import tempfile
from collections import Counter
from contextlib import suppress
from pathlib import Path
from random import Random
from time import perf_counter
from typing import Any

from core.clock import SystemClock
from core.domain.account import TradingState
from core.domain.commands import Cancel, Panic, SetTradingState, Submit
from core.domain.limits import RiskLimits
from core.trading.state import State
from storage.ballast import place
from storage.journal import Journal, verify
from storage.schema import connect_reader
from tests import scenes
from tests.chaos import _shim
from tests.scenes import ACCOUNT
from tests.stage import Stage, stage

POINTS, MID, SHORT = 900, 150, 9
KIB = 1024
SMALL = 3 * KIB * KIB
"""The file system that is filled up."""
BALLAST = 512 * KIB
WIDE = RiskLimits(
    **dict.fromkeys(("max_orders_per_second", "max_orders_per_minute", "max_orders_per_minute_all")),  # type: ignore[arg-type]
    duplicate_window_seconds=None,
    max_quote_age_seconds=3600.0,
)
KINDS = ("full disk", "file size", "bad disk")


# --- one disk that breaks, and is repaired ---------------------------------------------------------------------------


class FullDisk:
    """A small file system; what is left of it is a number of pages."""

    def __init__(self, folder: Path, random: Random) -> None:
        self._filler = folder / "filler"
        self._left = random.randrange(0, 48) * 4 * KIB

    def breaks(self) -> None:
        with open(self._filler, "wb", buffering=0) as file, suppress(OSError):
            while True:
                file.write(bytes(64 * KIB))
        size = self._filler.stat().st_size
        with suppress(OSError):
            os.truncate(self._filler, max(size - self._left, 0))

    def repaired(self) -> None:
        self._filler.unlink()


class FileSize:
    """No file may grow beyond where the largest one is now, and some pages."""

    def __init__(self, folder: Path, random: Random) -> None:
        self._folder, self._more = folder, random.randrange(0, 24) * 2 * KIB
        self._before = resource.getrlimit(resource.RLIMIT_FSIZE)

    def breaks(self) -> None:
        largest = max(path.stat().st_size for path in self._folder.glob("journal.db-wal"))
        resource.setrlimit(resource.RLIMIT_FSIZE, (largest + self._more, self._before[1]))

    def repaired(self) -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, self._before)


class BadDisk:
    """Refuses from the n-th operation on: once, a few times, or until it is repaired."""

    def __init__(self, folder: Path, random: Random) -> None:
        self._shim = _shim.Shim(folder)
        self._after, self._times = random.randrange(0, 40), random.choice((1, 1, 3, -1, -1))
        self._error = random.choice((errno.EIO, errno.EIO, errno.ENOSPC, errno.EDQUOT))
        self._mask = random.choice((_shim.ALL, _shim.WRITE, _shim.SYNC, _shim.WRITE | _shim.TRUNCATE))

    def breaks(self) -> None:
        self._shim.arm(self._after, self._times, self._error, self._mask)

    def repaired(self) -> None:
        self._shim.disarm()


DISKS: dict[str, Any] = dict(zip(KINDS, (FullDisk, FileSize, BadDisk), strict=True))


class Point:
    """One life on such a disk."""

    def __init__(self, kind: str, folder: Path, seed: int) -> None:
        self.kind, self.folder = kind, folder
        self.path = folder / "journal.db"
        self.random = Random(seed)
        self.problems: list[str] = []
        self.counts: Counter[str] = Counter()
        self.sent: list[str] = []
        self.disk = DISKS[kind](folder, self.random)

    async def live(self) -> None:
        async with stage(self.path, limits=WIDE, ballast=BALLAST) as made:
            made.program.runner._on_log = self._log
            self._before_the_wire(made)
            resting = []
            for n in range(self.random.randrange(2, 5)):
                wanted = scenes.request(price=str(70_000 + 100 * n), quantity="1")
                await made.do(Submit(request=wanted))
                resting.append(wanted.client_order_id)
            kept = made.program.journal.facts().kept_back
            self.disk.breaks()
            self._halt_file()
            await self._hours_of_need(made, resting)
            self.counts["refused"] += self.kind != "bad disk" or self.disk._shim.refused > 0
            self._while_broken(made, kept)
            self.disk.repaired()
            await self._afterwards(made)
        self._at_rest(made)

    @staticmethod
    def _log(_: object) -> None:
        with open("/dev/full", "w") as log:
            log.write("a line")

    def _before_the_wire(self, made: Stage) -> None:
        submit = made.program.broker.submit

        async def witnessed(prepared: Any, permit: Any) -> Any:
            id = prepared.client_order_id
            with_reader = connect_reader(self.path)
            sql = "SELECT count(*) FROM event WHERE intent_id=? AND kind='OrderSending'"
            if with_reader.execute(sql, (id,)).fetchone()[0] != 1:
                self.problems.append(f"{id} went out and is not in the journal")
            with_reader.close()
            self.sent.append(id)
            return await submit(prepared, permit)

        made.program.broker.submit = witnessed  # type: ignore[method-assign]

    def _halt_file(self) -> None:
        """`hoga panic` without an engine that answers: the file is the halt, whatever could be written into it."""
        from tui.cli.control import write_halt

        if self.kind != "bad disk":
            write_halt(self.folder).unlink()
            self.counts["halt files"] += 1

    async def _hours_of_need(self, made: Stage, resting: list[Any]) -> None:
        """Orders, a cancel and a panic, in any order, on the disk that refuses."""
        first, *_ = resting
        acts: list[Any] = [Submit(request=scenes.request(price=str(70_500 + 100 * n), quantity="1")) for n in range(3)]
        acts.append(Cancel(client_order_id=first))
        self.random.shuffle(acts)
        for act in acts:
            await made.desk.send(act)
            await pump(made, self.random.choice((0, 0, 2)))
        await pump(made, 12)
        if first in made.state.live:
            self.problems.append(f"the cancel did not get through: {made.state.orders[first].requested}")
        await made.desk.send(Panic(by="trial"))
        await pump(made, 16)
        if made.state.live:
            self.problems.append(f"after the panic there live {len(made.state.live)} orders")
        count = len(self.sent)
        await made.desk.send(Submit(request=scenes.request(price="70000", quantity="1")))
        await pump(made, 3)
        if len(self.sent) != count:
            self.problems.append("an order went out after the panic")

    def _while_broken(self, made: Stage, kept: int) -> None:
        """What the journal says at that very moment, and what a person was told."""
        is_told = any(row.kind in ("JOURNAL", "DISK") and row.level == "error" for row in made.program.runner.log.rows)
        waits = bool(made.program.runner.scribe.pending)
        gave_way = not place(self.path).exists() and kept > 0
        self.counts["journal refused"] += waits
        self.counts["gave way"] += gave_way
        if (waits or (gave_way and self.kind == "full disk")) and not is_told:
            self.problems.append("the disk refused and nobody was told")
        if self.kind != "full disk":
            return
        if waits:
            self.problems.append("there was room kept back, and yet something is not journalled")
        kinds = Counter(type(event).__name__ for _, event in made.program.journal.replay())
        self.counts["journalled on a full disk"] += gave_way
        if not kinds["TradingStateChanged"] or kinds["OrderCanceled"] < 2:
            self.problems.append(f"panic and cancels are not journalled on a full disk: {kinds}")

    async def _afterwards(self, made: Stage) -> None:
        await pump(made, 6)
        for _ in range(400):  # room is kept back again by the journal's thread, within its quiet moment
            if place(self.path).exists() and not made.program.journal.shortage:
                break
            await SystemClock().sleep(0.005)
        else:
            self.problems.append(f"no room is kept back again: {made.program.journal.shortage}")
        await pump(made, 3)
        await made.second()
        await made.do(SetTradingState(state=TradingState.ACTIVE, by="trial"))
        await made.quote(71_000, 71_100)
        wanted = scenes.request(price="70000", quantity="1")
        await made.do(Submit(request=wanted))
        if self.sent[-1] != wanted.client_order_id:
            order = made.state.orders.get(wanted.client_order_id)
            if made.program.engine.gate.journal_problem.startswith(f"the journal {self.path} holds events"):
                self.counts["adrift"] += 1  # the disk kept what it reported as failed: a restart is asked for
            else:
                self.problems.append(f"no order passes after the repair: {order and order.reason}")

    def _at_rest(self, made: Stage) -> None:
        """The next start finds a sound chain, each sent order once as SENDING, and the state as it was."""
        found = verify(self.path)
        if found.first_bad is not None:
            self.problems.append(found.text)
        journal = Journal.open(self.path, read_only=True)
        state = State(made.state.base_currency)
        sending: Counter[str] = Counter()
        for _, event in journal.replay():
            state.apply(event)
            if type(event).__name__ == "OrderSending":
                sending[event.client_order_id] += 1  # type: ignore[union-attr]
        if any(sending[id] != 1 for id in self.sent) or len(set(self.sent)) != len(self.sent):
            self.problems.append(f"sent {self.sent}, journalled {dict(sending)}")
        if self.counts["adrift"]:
            return
        told = {id: order.status for id, order in made.state.orders.items()}
        if {id: order.status for id, order in state.orders.items()} != told:
            self.problems.append("the journal does not tell what happened")
        if state.trading_state(ACCOUNT) is not made.state.trading_state(ACCOUNT):
            self.problems.append("the journal does not tell the trading state")


async def pump(made: Stage, rounds: int) -> None:
    """Time passes in quarters of a second, the venue's news are taken; the journal's thread is given its time."""
    real = SystemClock()
    for _ in range(rounds):
        for _ in range(200):
            await real.sleep(0)
            for event in made.program.broker.take():
                made.program.runner.feed(event)
            await real.sleep(0.0002)
            runner = made.program.runner
            is_sent = all(box.is_idle for box in runner.outboxes.values())
            if is_sent and (runner.scribe.is_idle or runner.scribe.problem):
                break
        made.clock.advance(0.25)
        made.program.runner.vitals.look_at_disk()


# --- the child's process, the parent's table -------------------------------------------------------------------------


def child(kind: str, folder: Path, points: int, seed: int) -> None:
    if kind == "full disk":
        subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={SMALL}", "none", str(folder)], check=True)
    counts: Counter[str] = Counter()
    problems: list[str] = []
    for n in range(points):
        with tempfile.TemporaryDirectory(dir=folder) as place:
            point = Point(kind, Path(place), seed + n)
            try:
                asyncio.run(asyncio.wait_for(point.live(), 60))
            except BaseException as error:
                point.disk.repaired()
                point.problems.append(f"fell: {type(error).__name__} {error} {getattr(error, 'exceptions', '')}")
            counts.update(point.counts)
            counts["points"] += 1
            counts["sent"] += len(point.sent)
            problems += [f"{kind}, seed {seed + n}: {text}" for text in point.problems]
    print(json.dumps({"counts": counts, "problems": problems}))


def run(points: int, seed: int) -> dict[str, Any]:
    started = perf_counter()
    figures: dict[str, Any] = {"name": "disk", "seed": seed}
    problems: list[str] = []
    done = 0
    memory = Path("/dev/shm")
    with tempfile.TemporaryDirectory(prefix="hoga-disk-", dir=memory if memory.is_dir() else None) as place:
        library, no_shim = _shim.build(Path(place))
        children: dict[str, subprocess.Popen[str]] = {}
        for kind in KINDS:
            why_not = no_shim if kind == "bad disk" else no_mount() if kind == "full disk" else ""
            if why_not:
                figures[kind] = f"left out: {why_not}"
                continue
            folder = Path(place) / kind.replace(" ", "-")
            folder.mkdir(mode=0o700)
            words = [sys.executable, "-m", "tests.chaos.disk", kind, str(folder), str(points // len(KINDS)), str(seed)]
            words = ["unshare", "-m", *words] if kind == "full disk" else words
            environ = _shim.environment(library if kind == "bad disk" else None)
            children[kind] = subprocess.Popen(
                words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environ
            )
        for kind, one in children.items():
            told, trouble = one.communicate()
            if one.returncode:
                problems.append(f"{kind}: the child fell: {trouble[-1500:]}")
                continue
            found = json.loads(told)
            figures[kind] = found["counts"]
            problems += found["problems"]
            done += found["counts"]["points"]
    unjournalled = sum("not in the journal" in text for text in problems)
    return {
        **figures,
        **{"points": done, "unjournalled_sends": unjournalled, "problems": len(problems), "examples": problems[:10]},
        "result": f"{unjournalled} unjournalled sends, {len(problems)} wrong at {done} disks",
        "target": "0, 0",
        "seconds": round(perf_counter() - started, 1),
        "ok": not problems and done > 0,
    }


def no_mount() -> str:
    """Why no small file system can be made here; empty when one can."""
    script = "d=$(mktemp -d) && mount -t tmpfs -o size=64k none $d; r=$?; umount $d; rmdir $d; exit $r"
    try:
        done = subprocess.run(["unshare", "-m", "sh", "-c", script], capture_output=True, text=True, check=False)
    except OSError as error:
        return f"unshare: {error.strerror}"
    return "" if done.returncode == 0 else f"no private mount ({done.stderr.strip()[-80:]})"


if __name__ == "__main__":
    child(sys.argv[1], Path(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4]))
