"""The simulated Upbit of the order soak, in a process of its own: faults out of a seed, an outage now and then, and a
ledger on disk that is the truth. SIGUSR1 ends the faults; what was done stays in the ledger.

python -m tests.chaos._upbit_venue --ledger FILE --seed S
"""

from __future__ import annotations

import argparse
import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from random import Random

import msgspec

from tests.simulators.faults import TAKES, Fault, Script, Step
from tests.simulators.plug import Deed
from tests.simulators.upbit.late import DESKS
from tests.simulators.upbit.listed import markets
from tests.simulators.upbit.plug import CASH, KEYS, MAIN
from tests.simulators.upbit.venue import UpbitVenue
from tests.terminal import ROOT

LOST = TAKES | {Fault.HTML_503, Fault.GARBAGE, Fault.TRUNCATED_FRAME}
"""The order is there and its answer is not."""
ORDERS = {
    Fault.ACCEPT_THEN_TIMEOUT: 0.01,
    Fault.ACCEPT_THEN_DROP: 0.02,
    Fault.ACCEPT_THEN_500: 0.02,
    Fault.HTML_503: 0.02,
    Fault.GARBAGE: 0.01,
    Fault.TRUNCATED_FRAME: 0.01,
    Fault.SLOW_ACCEPT: 0.005,
    Fault.DROP_BEFORE_ACCEPT: 0.01,
    Fault.HTTP_500: 0.005,
    Fault.HTTP_429: 0.005,
    Fault.REDIRECT_307: 0.002,
    Fault.DELAY: 0.01,
}
CANCELS = {
    Fault.ACCEPT_THEN_DROP: 0.02,
    Fault.ACCEPT_THEN_500: 0.01,
    Fault.DROP_BEFORE_ACCEPT: 0.01,
    Fault.HTML_503: 0.01,
}
LISTS = {
    Fault.GARBAGE: 0.01,
    Fault.TRUNCATED_FRAME: 0.01,
    Fault.DROP_BEFORE_ACCEPT: 0.01,
    Fault.HTTP_500: 0.01,
    Fault.HTTP_429: 0.002,
}
PRIVATE = {
    Fault.DUPLICATE_EVENT: 0.05,
    Fault.REORDER: 0.02,
    Fault.DELAY: 0.05,
    Fault.GARBAGE: 0.005,
    Fault.HALF_OPEN: 0.0001,
    Fault.CLOSE: 0.0001,
    Fault.TRUNCATED_FRAME: 0.0001,
}
RATES = {"order": ORDERS, "cancel": CANCELS, "list": LISTS, "private": PRIVATE}
MUTE = 0.7
"""So many orders whose answer is lost are not told of by the stream either: they are to be asked for by their id."""
OUTAGE = 0.5
"""The chance that a session has one."""
LATE, LATEST_SECONDS = 0.3, 0.4
"""The chance that a desk of the venue is late in a session, and by how much at most."""


class Lossy(Script):
    def __init__(self, seed: str, rates: Mapping[str, Mapping[Fault, float]]) -> None:
        super().__init__(0, rates)
        self._chance = {place: Random(f"{seed}/{place}") for place in rates}
        self._mute = Random(f"{seed}/mute")

    def next(self, place: str) -> Step | None:
        step = super().next(place)
        if place == "order" and step is not None and step.fault in LOST and self._mute.random() < MUTE:
            self.put("private", Fault.DROP_BEFORE_ACCEPT)
        return step


async def serve(ledger: Path, seed: str) -> None:
    access, secret = KEYS[MAIN]
    faults, random, calm = Lossy(seed, RATES), Random(f"{seed}/outage"), asyncio.Event()
    venue = UpbitVenue(
        markets(), {MAIN: CASH}, {access: (secret, MAIN)}, faults=faults, ledger=ledger, limit_factor=1000
    )
    loop = asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGUSR1, calm.set)
    loop.add_reader(sys.stdin.fileno(), os._exit, 0)  # who started it is gone
    lags = Random(f"{seed}/late")
    for desk in DESKS:
        setattr(venue.late, desk, lags.uniform(0.02, LATEST_SECONDS) if lags.random() < LATE else 0.0)
    await venue.start()
    print(venue.server.url, flush=True)
    away = asyncio.ensure_future(_outage(venue, random, calm)) if random.random() < OUTAGE else None
    await calm.wait()
    faults.clear()
    for desk in DESKS:
        setattr(venue.late, desk, 0.0)
    if away is not None:
        await away
    for done in faults.done:
        if done.place in ("order", "cancel"):
            venue.write("fault", text=f"{done.place}: {done.step.fault}")
    await asyncio.Event().wait()


async def _outage(venue: UpbitVenue, random: Random, calm: asyncio.Event) -> None:
    with suppress(TimeoutError):
        await asyncio.wait_for(calm.wait(), random.uniform(0.3, 4))
    if not calm.is_set():
        venue.write("down")
        await venue.server.stop()
        await venue.clock.sleep(random.uniform(0.1, 0.6))
        await venue.server.start()
        venue.write("up")


class Away:
    """Seen from the soak."""

    def __init__(self, folder: Path, seed: str) -> None:
        self._ledger = folder / "ledger.jsonl"
        command = [sys.executable, "-m", "tests.chaos._upbit_venue", "--ledger", str(self._ledger), "--seed", seed]
        self._process = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        assert self._process.stdout is not None
        self.url = self._process.stdout.readline().strip()

    def calm(self) -> None:
        self._process.send_signal(signal.SIGUSR1)

    def stop(self) -> None:
        self._process.kill()
        self._process.communicate()

    def truth(self) -> list[Deed]:
        return [msgspec.json.decode(line, type=Deed) for line in self._ledger.read_bytes().splitlines()]


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--ledger", type=Path, required=True)
    parser.add_argument("--seed", required=True)
    given = parser.parse_args()
    asyncio.run(serve(given.ledger, given.seed))
