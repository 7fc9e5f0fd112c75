"""Does anybody notice when a part of the engine dies without a word? Each task and thread of a running program is ended
in turn: canceled, made to raise, made to hang. Wanted: within a second of the first thing it should have done, somebody
is told, and it either works again, or no order passes, or the whole engine has stopped. Afterwards an order is tried:
it must go the whole way or not leave at all, and a cancel must reach the venue."""

from __future__ import annotations

import asyncio
import ctypes
import io
import tempfile
import threading
from collections import Counter
from collections.abc import Callable
from contextlib import redirect_stdout
from decimal import Decimal
from pathlib import Path
from random import Random
from time import perf_counter
from typing import Any

from core.clock import SystemClock
from core.config import Settings
from core.domain.account import TradingState
from core.domain.commands import Cancel, SetTradingState, Submit
from core.domain.errors import DeskUnavailable
from core.domain.events import PhaseChanged, RateChanged
from core.domain.limits import RiskLimits
from core.domain.market import NS, Phase
from core.domain.order import OrderStatus
from core.runtime.desk_remote import connect
from core.runtime.desk_socket import serve
from storage.journal import Journal
from tests import scenes
from tests.scenes import INSTRUMENTS, KRW, USD
from tui.compose import Program, paper_broker

CLOCK = SystemClock()
WITHIN = 1.0
TASKS = (
    *("journal", "paper orders", "paper cancels", "feed paper", "seconds"),
    *("reconcile", "questions", "watch", "subscriptions"),
)
HANGING = tuple(task for task in TASKS if task != "feed paper")
"""A stream that stays open and says nothing is the venue's silence: the age of the quote judges that, not the watch."""
CASES = (
    *((task, "canceled") for task in TASKS),
    *((task, "raised") for task in TASKS),
    *((task, "hung") for task in HANGING),
    ("journal thread", "raised"),
    ("journal thread", "hung"),
    ("sentry thread", "raised"),
    ("desk socket", "canceled"),
)
LOOP = ("loop", "hung")
POINTS, MID, SHORT = 10 * (len(CASES) + 1), 2 * (len(CASES) + 1), len(CASES) + 1
WIDE = RiskLimits(max_quote_age_seconds=3600.0, duplicate_window_seconds=None)


class HangingClock(SystemClock):
    """Real time, in which some never wake."""

    def __init__(self) -> None:
        self.hung: set[str] = set()
        self.is_hung = False

    async def sleep(self, seconds: float) -> None:
        await super().sleep(seconds)
        task = asyncio.current_task()
        name = task.get_name() if task is not None else ""
        if self.is_hung or name in self.hung:
            self.hung.discard(name)
            await asyncio.Event().wait()


class Life:
    """A program that follows its venue in real time, with an order that rests."""

    def __init__(self, folder: Path) -> None:
        self.clock = HangingClock()
        settings = Settings(risk=WIDE)
        cash = {KRW: Decimal(10) ** 9, USD: Decimal(100_000)}
        self.broker = paper_broker(settings, self.clock, INSTRUMENTS, cash=cash)
        self.journal = Journal.open(folder / "journal.db", boot_id="silent")
        self.program = Program(settings, self.journal, self.broker, clock=self.clock)
        self.runner, self.state = self.program.runner, self.program.engine.state
        self.release = threading.Event()
        self.resting = scenes.request(price="70000", quantity="1")

    async def start(self) -> None:
        await self.program.prepare()
        opened = asyncio.Event()
        self.running = asyncio.ensure_future(self.runner.run(opened))
        await opened.wait()
        self.quote()
        self.runner.ask(Submit(request=self.resting))
        await self.until(lambda: self.status(self.resting) is OrderStatus.OPEN, 10)
        await self.until(lambda: self.runner.is_idle, 10)

    def quote(self) -> None:
        now = self.clock.now()
        for event in (
            PhaseChanged(ts=now, market="XKRX", phase=Phase.OPEN),
            RateChanged(ts=now, currency=USD, base=KRW, rate=Decimal(1400)),
            scenes.quote(71_000, 71_100, now),
        ):
            self.runner.feed(event)
            self.broker.on_market(event)

    def status(self, request: Any) -> OrderStatus | None:
        order = self.state.orders.get(request.client_order_id)
        return order.status if order is not None else None

    async def until(self, is_so: Callable[[], bool], within: float) -> bool:
        end = CLOCK.monotonic() + round(within * NS)
        while not is_so():
            if CLOCK.monotonic() > end or self.running.done():
                return is_so()
            await CLOCK.sleep(0.005)
        return True

    def told(self) -> int:
        rows = self.runner.log.rows
        return sum(row.level == "error" and row.kind in ("ENGINE", "JOURNAL") for row in rows)

    async def end(self) -> None:
        self.release.set()
        self.clock.is_hung = False
        self.runner.stop()
        done, _ = await asyncio.wait({self.running}, timeout=12)
        if not done:
            self.running.cancel()
        await asyncio.gather(self.running, return_exceptions=True)
        await self.journal.close()


class Trial:
    def __init__(self, what: str, way: str) -> None:
        self.what, self.way = what, way
        self.noticed = -1.0
        self.problems: list[str] = []

    async def run(self, folder: Path) -> Trial:
        life = Life(folder)
        await life.start()
        try:
            if self.what == "desk socket":
                await self._socket(life, folder)
                return self
            before = life.told()
            await self._kill(life)
            started = CLOCK.monotonic()
            is_told = await life.until(lambda: life.told() > before or life.running.done(), 8)
            if is_told or life.running.done():
                self.noticed = (CLOCK.monotonic() - started) / NS
            else:
                self.problems.append("nobody noticed")
            await self._afterwards(life)
        finally:
            await life.end()
        return self

    async def _kill(self, life: Life) -> None:
        """End the part, and give it the first thing that it should do."""
        runner, what, way = life.runner, self.what, self.way
        writer: Any = life.journal._writer
        if what == "loop":
            threading.Event().wait(1.3)
        elif what == "journal thread" and way == "raised":
            _raise_in(writer._thread)
            life.runner.ask(SetTradingState(state=TradingState.PAUSED, by="trial"))
        elif what == "journal thread":
            real = writer._look_at_file
            writer._look_at_file = lambda: (life.release.wait(20), real())
            life.runner.ask(SetTradingState(state=TradingState.PAUSED, by="trial"))
        elif what == "sentry thread":
            assert runner.silence.sentry is not None
            _raise_in(runner.silence.sentry._thread)
        elif way == "canceled":
            runner.crew.tasks[what].cancel()
        elif way == "raised":
            while (waits_for := _awaited(runner.crew.tasks[what])) is None:
                await CLOCK.sleep(0)
            waits_for.set_exception(RuntimeError("planted"))
        else:
            await self._hang(life)

    async def _hang(self, life: Life) -> None:
        runner, what = life.runner, self.what
        box = runner.outboxes["paper"]
        match what:
            case "journal":
                runner.scribe._wake = asyncio.Event()  # it waits for the one before
                runner.ask(SetTradingState(state=TradingState.PAUSED, by="trial"))
            case "paper orders":
                box.lanes[0].wake = asyncio.Event()
                runner.ask(Submit(request=scenes.request(price="70100", quantity="1")))
            case "paper cancels":
                box.lanes[1].wake = asyncio.Event()
                runner.ask(Cancel(client_order_id=life.resting.client_order_id))
            case "subscriptions":
                runner.lines._changed = asyncio.Event()
                runner.lines.look_at(self, INSTRUMENTS[0].id)
            case "reconcile":
                slow = runner.reconciler.pace._clock = HangingClock()
                slow.is_hung = True
                runner.reconciler._due = slow.monotonic() + NS // 10
                runner.reconciler.nudge()
                await CLOCK.sleep(0.1)
                runner.reconciler.pace._wake = asyncio.Event()
            case "questions":
                runner.reconciler.questions.pace._wake = asyncio.Event()
                runner.reconciler.nudge()
            case "seconds":
                life.clock.hung.add(what)
                due = runner._beat + NS
                await CLOCK.sleep(max(due - CLOCK.monotonic(), 0) / NS)  # it would be late from here on
            case _:
                life.clock.hung.add(what)
                await CLOCK.sleep(0.2)

    async def _afterwards(self, life: Life) -> None:
        """An order goes the whole way or stays; the cancel of the one that rests gets out."""
        if life.running.done():
            return  # the engine has stopped, loudly
        sent: list[str] = []
        submit = life.broker.submit

        async def counted(prepared: Any, permit: Any) -> Any:
            sent.append(prepared.client_order_id)
            return await submit(prepared, permit)

        life.broker.submit = counted  # type: ignore[method-assign]
        if self.what != "journal thread":
            await life.until(lambda: life.state.gates[scenes.ACCOUNT].is_open, 5)
        life.runner.ask(SetTradingState(state=TradingState.ACTIVE, by="trial"))
        life.quote()
        wanted = scenes.request(price="70300", quantity="1")
        life.runner.ask(Submit(request=wanted))
        ends = (OrderStatus.OPEN, OrderStatus.DENIED, OrderStatus.NOT_PLACED)
        if not await life.until(lambda: life.status(wanted) in ends, 5):
            self.problems.append(f"an order neither went nor was refused: {life.status(wanted)}")
        is_out = life.status(wanted) is OrderStatus.OPEN
        if is_out is (self.what == "journal thread"):
            reason = life.state.orders[wanted.client_order_id].reason
            self.problems.append(f"it {'passed' if is_out else 'was refused'}: {reason}")
        if is_out and sent.count(wanted.client_order_id) != 1:
            self.problems.append(f"sent {sent.count(wanted.client_order_id)} times")
        life.runner.ask(Cancel(client_order_id=life.resting.client_order_id))
        if not await life.until(lambda: life.status(life.resting) is OrderStatus.CANCELED, 5):
            self.problems.append(f"the cancel did not get out: {life.status(life.resting)}")

    async def _socket(self, life: Life, folder: Path) -> None:
        """Who accepts at the desk's socket is ended: the next face must get in all the same."""
        async with serve(life.program.desk, folder / "desk.sock"):
            for task in asyncio.all_tasks():
                if task.get_name() == "desk_socket":
                    task.cancel()
            started = CLOCK.monotonic()
            await CLOCK.sleep(0)
            while self.noticed < 0:
                try:
                    async with connect(folder / "desk.sock", CLOCK, answer_seconds=5.0) as desk:
                        await desk.search("samsung")
                    self.noticed = (CLOCK.monotonic() - started) / NS
                except DeskUnavailable as error:  # a busy machine: other programs start on this very loop
                    if CLOCK.monotonic() - started > 5 * NS:
                        self.problems.append(str(error))
                        return


def _awaited(task: asyncio.Task[None]) -> asyncio.Future[Any] | None:
    """What a task waits for, while it waits."""
    found: asyncio.Future[Any] | None = task._fut_waiter  # type: ignore[attr-defined]
    return found if found is not None and not found.done() else None


def _raise_in(thread: threading.Thread) -> None:
    ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(thread.ident or 0), ctypes.py_object(MemoryError))


async def trials(cases: list[tuple[str, str]], place: Path) -> list[Trial]:
    done: list[Trial] = []
    together = [case for case in cases if case != LOOP]
    for start in range(0, len(together), 14):
        some = [Trial(*case) for case in together[start : start + 14]]
        done += await asyncio.gather(*(trial.run(_folder(place)) for trial in some))
    for case in cases:
        if case == LOOP:
            done.append(await Trial(*case).run(_folder(place)))
    return done


def _folder(place: Path) -> Path:
    return Path(tempfile.mkdtemp(dir=place))


def run(points: int, seed: int) -> dict[str, Any]:
    random, started = Random(seed), perf_counter()
    every = [*CASES, LOOP]
    cases = [every[n % len(every)] for n in range(points)]
    random.shuffle(cases)
    hook, threading.excepthook = threading.excepthook, lambda _: None
    try:
        # What the engine logs of it would stand in the middle of the report.
        with tempfile.TemporaryDirectory(prefix="hoga-silent-") as place, redirect_stdout(io.StringIO()):
            done = asyncio.run(trials(cases, Path(place)))
    finally:
        threading.excepthook = hook
    noticed = [trial for trial in done if trial.noticed >= 0]
    worst: dict[str, float] = {}
    for trial in noticed:
        name = f"{trial.what}, {trial.way}"
        worst[name] = round(max(trial.noticed, worst.get(name, 0.0)), 3)
    problems = [f"{trial.what}, {trial.way}: {text}" for trial in done for text in trial.problems]
    late = sum(trial.noticed > WITHIN for trial in noticed)
    return {
        **{"name": "silent", "seed": seed, "killed": len(done), "noticed": len(noticed), "later_than_1_s": late},
        **{"ways": dict(Counter(trial.way for trial in done)), "worst_seconds": max(worst.values(), default=0)},
        **{"worst": worst, "problems": len(problems), "examples": problems[:12]},
        "result": f"{len(noticed)} of {len(done)} noticed, the last after {max(worst.values(), default=0):.2f} s",
        "target": f"all within {WITHIN:g} s",
        "seconds": round(perf_counter() - started, 1),
        "ok": len(noticed) == len(done) and not problems and not late,
    }
