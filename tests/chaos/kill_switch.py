"""From the commit of a panic to the last order byte. An engine in a process of its own sends orders to the paper venue
as fast as it can and stamps each on a wire log at the moment of the write; a console that watches it is frozen
(SIGSTOP) all the time. It is stopped again and again: over its socket as a second terminal does, by signal, by the
halt file, and by `hoga panic` while the engine's own process is frozen. Wanted: no order byte later than 50 ms."""

from __future__ import annotations

import asyncio
import contextlib
import io
import os
import signal
import struct
import subprocess
import sys
import tempfile
from decimal import Decimal
from pathlib import Path
from random import Random
from time import perf_counter, sleep
from typing import Any

from core.clock import SystemClock
from core.config import Settings
from core.domain.account import TradingState
from core.domain.commands import Panic, SetTradingState, Submit
from core.domain.errors import DeskUnavailable
from core.domain.events import PhaseChanged, RateChanged, TradingStateChanged
from core.domain.limits import RiskLimits
from core.domain.market import Phase
from core.runtime.desk_remote import connect
from core.runtime.desk_socket import socket_path
from core.trading.view import Interest, Slice
from storage.journal import Journal
from tests import scenes
from tests.scenes import INSTRUMENTS, KRW, USD
from tui.compose import Program, paper_broker
from tui.run.doors import on_signals, served

CLOCK = SystemClock()
POINTS, MID, SHORT = 1000, 60, 8
LATE_NS = 50_000_000
WAYS = ("socket", "signal", "halt file", "frozen engine")
SHARES = (6, 3, 3, 1)
"""How often each way is tried; the last one waits for a socket that does not answer."""
ORDER, COMMIT = b"o", b"c"
RECORD = struct.Struct("<cq")
WIDE = RiskLimits(
    **dict.fromkeys(("max_orders_per_second", "max_orders_per_minute", "max_orders_per_minute_all")),  # type: ignore[arg-type]
    **dict.fromkeys(("max_trades_per_day", "duplicate_window_seconds", "max_open_orders", "max_position_value")),  # type: ignore[arg-type]
    max_gross_value=None,
    max_quote_age_seconds=3600.0,
)


# --- the engine's process --------------------------------------------------------------------------------------------


async def engine(folder: Path) -> None:
    clock, settings = CLOCK, Settings(risk=WIDE)
    cash = {KRW: Decimal(10) ** 12, USD: Decimal(100_000)}
    broker = paper_broker(settings, clock, INSTRUMENTS, cash=cash)
    journal = Journal.open(folder / "journal.db", boot_id="panic")
    program = Program(settings, journal, broker, clock=clock, directory=folder, is_driven=True)
    wire = os.open(folder / "wire.log", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    submit, append = broker.submit, journal.append

    async def stamped(prepared: Any, permit: Any) -> Any:
        os.write(wire, RECORD.pack(ORDER, CLOCK.monotonic()))
        return await submit(prepared, permit)

    async def committed(events: Any) -> int:
        sequence = await append(events)
        if any(isinstance(e, TradingStateChanged) and e.state is not TradingState.ACTIVE for e in events):
            os.write(wire, RECORD.pack(COMMIT, CLOCK.monotonic()))
        return sequence

    broker.submit = stamped  # type: ignore[method-assign]
    journal.append = committed  # type: ignore[method-assign]
    await program.prepare()
    on_signals(program, program.stop)
    opened = asyncio.Event()
    async with asyncio.TaskGroup() as group:
        running = group.create_task(program.runner.run(opened))
        await opened.wait()
        now = clock.now()
        for event in (
            PhaseChanged(ts=now, market="XKRX", phase=Phase.OPEN),
            RateChanged(ts=now, currency=USD, base=KRW, rate=Decimal(1400)),
            scenes.quote(71_000, 71_100, now),
        ):
            program.runner.feed(event)
            broker.on_market(event)
        async with served(program, folder):
            work = [group.create_task(firehose(program)), group.create_task(seconds(program))]
            print("ready", flush=True)
            await running
            for task in work:
                task.cancel()


async def firehose(program: Program) -> None:
    """Entries without end, two at a time; what they lead to is taken from the venue as it comes."""
    count = 0
    while True:
        for _ in range(2):
            count += 1
            request = scenes.request(price=str(60_000 + 100 * (count % 90)), quantity="1")
            if program.engine.state.trading_state(request.account) is TradingState.ACTIVE:
                program.runner.ask(Submit(request=request))
        for event in program.broker.take():
            program.runner.feed(event)
        await CLOCK.sleep(0.002)


async def seconds(program: Program) -> None:
    while True:
        await CLOCK.sleep(0.2)
        program.runner.second()


# --- a console that is frozen ----------------------------------------------------------------------------------------


async def console(folder: Path) -> None:
    async with connect(socket_path(folder), SystemClock()) as desk:
        print("ready", flush=True)
        async for _ in desk.watch(Interest(slices=frozenset({Slice.STATUS, Slice.ORDERS}))):
            pass


# --- the trials ------------------------------------------------------------------------------------------------------


class Trials:
    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.engine = self._start("engine")
        self.console = self._start("console")
        os.kill(self.console.pid, signal.SIGSTOP)
        self.seen = 0
        self.stale = 0
        """Trials that saw a commit older than their own panic."""

    def _start(self, what: str) -> subprocess.Popen[str]:
        words = [sys.executable, "-m", "tests.chaos.kill_switch", what, str(self.folder)]
        child = subprocess.Popen(words, stdout=subprocess.PIPE, text=True)
        assert child.stdout is not None and child.stdout.readline() == "ready\n", f"{what} did not start"
        return child

    def close(self) -> None:
        for child in (self.console, self.engine):
            os.kill(child.pid, signal.SIGCONT)
            child.terminate()
        for child in (self.console, self.engine):
            try:
                child.wait(10)
            except subprocess.TimeoutExpired:
                child.kill()
                child.wait()

    def ask(self, command: Any) -> None:
        """Asked again while a busy machine keeps the engine from answering in time: what counts is on the wire log."""

        async def send() -> None:
            async with connect(socket_path(self.folder), SystemClock(), answer_seconds=20.0) as desk:
                await desk.send(command)

        until = perf_counter() + 20.0
        while True:
            try:
                return asyncio.run(send())
            except DeskUnavailable:
                assert perf_counter() < until, "the engine does not answer any more"

    def records(self) -> list[tuple[bytes, int]]:
        """What the wire log has since the last call."""
        raw = (self.folder / "wire.log").read_bytes() if (self.folder / "wire.log").exists() else b""
        whole = len(raw) // RECORD.size * RECORD.size
        found = list(RECORD.iter_unpack(raw[self.seen : whole]))
        self.seen = whole
        return found

    def wait_for(self, kind: bytes, count: int, within: float = 20.0) -> list[tuple[bytes, int]]:
        found: list[tuple[bytes, int]] = []
        until = perf_counter() + within
        while sum(one == kind for one, _ in found) < count:
            assert perf_counter() < until, f"no {kind!r} on the wire for {within} s"
            sleep(0.005)
            found += self.records()
        return found

    def one(self, way: str, random: Random) -> tuple[int, int]:
        """(orders before, ns from the commit to the last order byte: negative when none came after)."""
        halt = self.folder / "halt"
        halt.unlink(missing_ok=True)
        self.ask(SetTradingState(state=TradingState.ACTIVE, by="trial"))
        self.records()
        found = self.wait_for(ORDER, random.randrange(3, 12))
        sleep(random.random() * 0.01)
        committed, asked = 0, CLOCK.monotonic()
        match way:
            case "socket":
                self.ask(Panic(by="cli"))
            case "signal":
                os.kill(self.engine.pid, signal.SIGUSR1)
            case "halt file":
                from tui.cli.control import write_halt

                write_halt(self.folder)
                committed = CLOCK.monotonic()
            case _:
                committed = self._while_frozen()
        if not committed:
            # A commit from before this panic was asked for belongs to the halt file of the trial before.
            while not (commits := [at for kind, at in found if kind == COMMIT and at >= asked]):
                found += self.wait_for(COMMIT, 1)
            committed = commits[0]
            self.stale += any(kind == COMMIT and at < asked for kind, at in found)
        sleep(0.12)
        found += self.records()
        orders = [at for kind, at in found if kind == ORDER]
        return len(orders), max(orders) - committed

    def _while_frozen(self) -> int:
        """The whole engine stands still: `hoga panic` gets no answer and writes the halt file."""
        from tui.cli.control import write_halt
        from tui.cli.orders import panicking

        os.kill(self.engine.pid, signal.SIGSTOP)
        try:
            with contextlib.redirect_stderr(io.StringIO()):
                asyncio.run(asyncio.wait_for(panicking(self.folder, Panic(by="cli")), 5))
        except (DeskUnavailable, TimeoutError):
            write_halt(self.folder)
        committed = CLOCK.monotonic()
        os.kill(self.engine.pid, signal.SIGCONT)
        return committed


def run(points: int, seed: int) -> dict[str, Any]:
    random, started = Random(seed), perf_counter()
    ways = [*WAYS, *random.choices(WAYS, SHARES, k=max(points - len(WAYS), 0))]
    after: dict[str, list[int]] = {way: [] for way in WAYS}
    orders = 0
    with tempfile.TemporaryDirectory(prefix="hoga-kill-") as folder:
        trials = Trials(Path(folder))
        try:
            for way in ways[:points]:
                before, late = trials.one(way, random)
                orders += before
                after[way].append(late)
        finally:
            trials.close()
    stale = trials.stale
    every = [late for found in after.values() for late in found]
    late = sum(one > LATE_NS for one in every)
    return {
        **{"name": "kill-switch", "seed": seed, "trials": len(every), "orders_written": orders},
        "trials_with_an_older_commit": stale,
        "ways": {way: len(found) for way, found in after.items()},
        "trials_with_an_order_after_the_commit": sum(one > 0 for one in every),
        "last_order_byte_ms_after_commit": round(max(every) / 1e6, 3),
        "worst_ms_by_way": {way: round(max(found) / 1e6, 3) for way, found in after.items() if found},
        "result": f"{late} trials with an order byte after 50 ms, the last at {max(every) / 1e6:.1f} ms",
        "target": "0 after 50 ms",
        **{"later_than_50_ms": late, "seconds": round(perf_counter() - started, 1), "ok": late == 0},
    }


if __name__ == "__main__":
    asyncio.run({"engine": engine, "console": console}[sys.argv[1]](Path(sys.argv[2])))
