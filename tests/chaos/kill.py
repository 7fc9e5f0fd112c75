"""kill -9 at seeded points, in bad weather on the wire, against the reference venue in a process of its own. Each life
recovers from the real journal, says what it found, trades and dies; what it found is held against the venue's ledger.
After some lives the venue grows calm, a last life settles what is open, and everything must agree. With and without
client ids; some of the venues without are traded by somebody else too. Three planted defects must be found."""

from __future__ import annotations

import asyncio
import gc
import logging
import os
import select
import signal
import socket
import tempfile
from collections import Counter
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from contextlib import suppress
from multiprocessing import get_context
from pathlib import Path
from random import Random
from time import perf_counter
from typing import Any

import msgspec
import structlog

from core import log
from core.clock import SystemClock
from core.domain.errors import BrokerError
from tests.chaos._kill import life
from tests.chaos._kill.defects import PLANTED
from tests.chaos._kill.points import OUTSIDE, Point, drawn
from tests.chaos._kill.truth import KINDS, Truth
from tests.chaos._kill.venue import VenueProcess
from tests.contract.reference_broker import ReferenceBroker, ReferenceSettings

POINTS, MID, SHORT = 10_000, 2_000, 20
WORKERS = 3
"""Lives wait for the wire now and then: one more than there are cores."""
LIVES = 25
"""Lives of one journal."""
PATIENCE = 60.0
MEMORY = Path("/dev/shm")
NOT_FOUND = "NOT FOUND"
NEVER_DIES = Point("never", "never", 0)


class Batch(msgspec.Struct):
    """What the lives of one journal came to."""

    name: str
    counts: Counter[str] = msgspec.field(default_factory=Counter)
    ends: Counter[str] = msgspec.field(default_factory=Counter)
    settled: Counter[str] = msgspec.field(default_factory=Counter)
    problems: list[tuple[str, str]] = []


def batch(number: int, seed: int, lives: int, defect: str = "") -> Batch:
    """`lives` lives and a last one, in a fresh folder with a fresh venue."""
    random = Random(f"{seed}/{number}")
    has_ids = number % 2 == 0
    twins = number % 8 == 7
    found = Batch(f"batch {number} ({'ids' if has_ids else 'no ids'}{', twins' if twins else ''})")
    with tempfile.TemporaryDirectory(prefix="hoga-kill-", dir=MEMORY if MEMORY.is_dir() else None) as name:
        folder = Path(name)
        venue = VenueProcess(folder, has_ids=has_ids, seed=random.randrange(2**32), twins=twins)
        truth = Truth(folder, twins=twins)
        try:
            for turn in range(lives + 1):
                is_last = turn == lives
                if is_last:
                    venue.calm()
                job = life.Job(
                    folder=folder,
                    number=turn,
                    seed=f"{seed}/{number}/{turn}",
                    url=venue.url,
                    has_ids=has_ids,
                    point=NEVER_DIES if is_last else drawn(random),
                    defect=defect,
                    is_last=is_last,
                )
                _one(job, venue, truth, found, random)
            found.settled = truth.story()
        finally:
            venue.end()
        found.problems = truth.problems
    return found


def _one(job: life.Job, venue: VenueProcess, truth: Truth, found: Batch, random: Random) -> None:
    child, line = life.begin(job, venue.control)
    until, is_at_rest, is_chosen = perf_counter() + PATIENCE, False, False
    if job.point.kind == OUTSIDE and job.point.phase == "start":
        until, is_chosen = perf_counter() + job.point.count / 1000, True
    tries = 0
    try:
        while select.select([line], [], [], max(until - perf_counter(), 0))[0] and (data := _heard(line)):
            message = msgspec.json.decode(data)
            match message["say"]:
                case "found":
                    found.counts["recoveries"] += 1
                    truth.check(message)
                    _answer(line, b"go")
                    if job.point.kind == OUTSIDE and job.point.phase == "work":
                        until, is_chosen = perf_counter() + job.point.count / 1000, True
                case "settled":
                    tries += 1
                    wrong = truth.agrees(message)
                    truth.check(message)
                    if wrong and tries < 20:
                        _answer(line, b"again")
                        continue
                    for text in wrong:
                        truth.say("money" if "fill" in text else "other", text)
                    found.counts["journals settled"] += not wrong
                    _answer(line, b"done")
                case "rest":
                    is_at_rest = True
                case "fell":
                    truth.say("other", f"life {job.number} fell: {message['text']}")
        if perf_counter() > until and not is_chosen:
            truth.say("other", f"life {job.number} did not end ({job.point})")
    finally:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        line.close()
    if not job.is_last:
        found.counts["kills"] += 1
        found.counts["points"] += not is_at_rest
        found.ends["at rest" if is_at_rest else job.point.family] += 1


def _heard(line: socket.socket) -> bytes:
    """Nothing once the life is over: also when it died before it read what it was told last."""
    try:
        return line.recv(1 << 22)
    except ConnectionResetError:
        return b""


def _answer(line: socket.socket, word: bytes) -> None:
    """A life may have met its point, on the journal's thread, while what it found was looked at."""
    with suppress(BrokenPipeError, ConnectionResetError):
        line.send(word)


def _prepared() -> None:
    """Quiet, and with the default of every lazy import behind it: children are forks."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    log.prepare_with(lambda: None)
    asyncio.run(_warm())
    gc.freeze()


async def _warm() -> None:
    """Nobody listens there: what is imported late is imported, and what is made once is made."""
    settings = ReferenceSettings(url="http://127.0.0.1:9", key="", secret="")
    broker = ReferenceBroker(settings, SystemClock())
    with suppress(BrokerError):
        await broker.connect()
    await broker.close()


def gather(points: int, seed: int, *, defect: str = "", workers: int = WORKERS, lives: int = LIVES) -> Batch:
    """Batches until so many lives were ended at their point; with a defect, until it was found."""
    total = Batch(defect or "all")
    number = 0
    with ProcessPoolExecutor(workers, mp_context=get_context("fork"), initializer=_prepared) as pool:
        running: set[Future[Batch]] = set()
        while True:
            short = points - total.counts["points"] - round(0.7 * sum(lives for _ in running))
            while len(running) < workers and short > 0 and not (defect and total.problems):
                running.add(pool.submit(batch, number, seed, min(lives, max(short, 5)), defect))
                number, short = number + 1, short - lives
            if not running:
                break
            done, running = wait(running, return_when=FIRST_COMPLETED)
            for one in done:
                made = one.result()
                total.counts += made.counts
                total.ends += made.ends
                total.settled += made.settled
                total.problems += [(kind, f"{made.name}: {text}") for kind, text in made.problems]
    total.counts["journals"] = number
    return total


def planted(points: int, seed: int) -> dict[str, str]:
    """Each defect, and how soon it was found."""
    found: dict[str, str] = {}
    for name in PLANTED:
        made = gather(points, seed, defect=name, lives=15)
        kinds = Counter(kind for kind, _ in made.problems)
        words = ", ".join(f"{count} {kind}" for kind, count in kinds.items())
        found[name] = f"found in {made.counts['kills']} kills: {words}" if words else NOT_FOUND
    return found


def run(points: int, seed: int) -> dict[str, Any]:
    started = perf_counter()
    made = gather(points, seed, lives=LIVES if points > LIVES * 4 else max(points // 4, 5))
    took = perf_counter() - started
    kinds = Counter({kind: 0 for kind in KINDS})
    kinds.update(kind for kind, _ in made.problems)
    defects = planted(400, seed)
    blind = [name for name, found in defects.items() if found == NOT_FOUND]
    caught = f"{len(defects) - len(blind)} of {len(defects)} planted defects found"
    return {
        **{"name": "kill", "seed": seed, **made.counts, **kinds, "ends": dict(made.ends)},
        **{"settled": dict(made.settled), "planted": defects, "problems": made.problems[:20]},
        "result": f"{kinds['lost']} lost, {kinds['duplicated']} duplicated, {kinds['phantom']} phantom; {caught}",
        "target": "0 lost, 0 duplicated, 0 phantom; all found",
        **{"seconds_of_kills": round(took, 1), "seconds": round(perf_counter() - started, 1)},
        "ok": not made.problems and not blind and made.counts["points"] >= points,
    }
