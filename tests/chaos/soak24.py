"""A day in a few minutes: the whole program follows its venue over 24 hours of a clock that is moved by hand, through
millions of market events and hundreds of lost lines, with orders that come, fill and are canceled and a console that
looks. Afterwards nothing may have grown: memory, files, tasks, threads; nothing may have been raised, and the loop may
never have been busy for long."""

from __future__ import annotations

import asyncio
import io
import os
import tempfile
import threading
from collections import Counter
from contextlib import redirect_stdout, suppress
from decimal import Decimal
from pathlib import Path
from random import Random
from time import perf_counter
from typing import Any

from core.clock import ManualClock, SystemClock
from core.config import Settings
from core.domain.commands import Cancel, Submit
from core.domain.events import Noticed, PhaseChanged, RateChanged
from core.domain.limits import RiskLimits
from core.domain.market import NS, Aggressor, Phase, Trade
from core.runtime.system import resident_bytes
from core.trading.view import Interest, Slice
from storage.journal import Journal, verify
from tests import scenes
from tests.chaos._stalls import Stalls
from tests.scenes import ACCOUNT, APPLE, INSTRUMENTS, KRW, SAMSUNG, START, USD
from tui.compose import Program, paper_broker

POINTS, MID, SHORT = 5_000_000, 250_000, 3_000
DAY_SECONDS = 86_400
RECONNECTS = 200
ORDER_SECONDS = 240
"""Every order stays in memory with its fills, some KB each, because the state is what the journal says: without orders
nothing grows at all."""
GROWTH, P999_MS, MAX_MS = 0.05, 50.0, 250.0
WARM = 0.2
"""Part of the day after which nothing may grow any more: caches and rings are full by then."""
LOG_ROWS = 10_000
REAL = SystemClock()
LIMITS = RiskLimits(
    max_trades_per_day=None, max_gross_value=None, max_position_value=None, daily_loss=None, max_drawdown=None
)


class Day:
    def __init__(self, folder: Path, events: int, seed: int) -> None:
        self.random = Random(seed)
        self.clock = ManualClock(START)
        self.events, self.seconds = events, max(round(DAY_SECONDS * events / POINTS), 60)
        self.every = max(self.seconds // max(round(RECONNECTS * events / POINTS), 3), 20)
        settings = Settings(risk=LIMITS)
        cash = {KRW: Decimal(10) ** 10, USD: Decimal(10) ** 7}
        self.broker = paper_broker(settings, self.clock, INSTRUMENTS, cash=cash)
        self.journal = Journal.open(folder / "journal.db", boot_id="day")
        self.program = Program(settings, self.journal, self.broker, clock=self.clock, directory=folder)
        self.runner, self.state = self.program.runner, self.program.engine.state
        self.counts: Counter[str] = Counter()
        self.raised: list[str] = []
        self.samples: list[tuple[int, int, int, int]] = []
        """(bytes resident, open files, tasks, threads)."""
        self.price = 71_000

    async def live(self, stalls: Stalls) -> None:
        loop = asyncio.get_running_loop()
        loop.set_exception_handler(lambda _, context: self.raised.append(str(context.get("exception"))[:200]))
        await self.program.prepare()
        opened = asyncio.Event()
        running = asyncio.ensure_future(self.program.run(opened))
        face = asyncio.ensure_future(self._look())
        while not opened.is_set():
            await REAL.sleep(0.01)
        for n in range(LOG_ROWS):  # the log keeps so many lines: full from the beginning, it shows no growth of its own
            self.runner.feed(Noticed(ts=START, level="info", kind="TAPE", text=f"line {n} of a full log".ljust(120)))
        stalls.start()
        for second in range(self.seconds):
            await self._second(second)
            if second % max(self.seconds // 40, 1) == 0 and second >= self.seconds * WARM:
                await self._sample()
        await stalls.stop()
        face.cancel()
        self.program.stop()
        while not running.done():
            self.clock.advance(0.1)
            await REAL.sleep(0.002)
        await asyncio.gather(running)
        self.counts["orders"] = len(self.state.orders)
        self.counts["fills"] = len(self.state.fills)

    async def _look(self) -> None:
        slices = frozenset({Slice.QUOTES, Slice.ORDERS, Slice.STATUS, Slice.POSITIONS})
        with suppress(asyncio.CancelledError):
            async for _ in self.program.desk.watch(Interest(slices=slices)):
                self.counts["pictures"] += 1

    async def _second(self, second: int) -> None:
        feed = self.state.feeds.get("paper")
        if second % self.every == self.every - 1:
            self.counts["lines lost"] += 1
            await self.broker.close()
        elif feed is not None and feed.is_connected and self.state.gates[ACCOUNT].is_open:
            self._market(second)
            if second % ORDER_SECONDS == 7:
                self._trade()
        for _ in range(2):
            self.clock.advance(0.5)
            await self._caught_up()

    async def _caught_up(self) -> None:
        """Real disks take real time: until they are through, the clock stands."""
        for turn in range(20_000):
            for _ in range(4):
                await REAL.sleep(0)
            is_read = not (self.broker._queue and self.broker._is_connected)
            if is_read and self.runner.is_idle and self.clock.now() - self.runner._beat < NS:
                return
            if turn > 20:
                await REAL.sleep(0.0002)
        raise AssertionError("the day does not go on")

    def _market(self, second: int) -> None:
        """What a second brings: quotes and prints of two instruments, each with its venue's phase at the beginning."""
        now, random = self.clock.now(), self.random
        if second % 600 == 0 or self.counts["market"] == 0:
            for market in ("XKRX", "XNAS"):
                self.broker._hear(PhaseChanged(ts=now, market=market, phase=Phase.OPEN))
            self.broker._hear(RateChanged(ts=now, currency=USD, base=KRW, rate=Decimal(1400)))
        count = self.events // self.seconds + 1
        self.price = min(max(self.price + 100 * random.choice((-1, 0, 0, 1)), 65_000), 77_000)
        for n in range(count):
            if n % 3 == 2:
                event: Any = Trade(SAMSUNG, float(self.price), 5, random.choice(list(Aggressor)), now, now)
            elif n % 3 == 1:
                event = scenes.quote(227.30 + n % 5, 227.32 + n % 5, now, APPLE)
            else:
                event = scenes.quote(self.price, self.price + 100, now)
            self.broker._hear(event)
        self.counts["market"] += count
        self.broker._wake.set()

    def _trade(self) -> None:
        """Somebody buys and sells in turn, and takes back what rests."""
        random = self.random
        for id in list(self.state.live)[:3]:
            self.runner.ask(Cancel(client_order_id=id))
        held = self.state.position(ACCOUNT, SAMSUNG).quantity
        side = "sell" if held > 50 else random.choice(("buy", "buy", "sell")) if held >= 5 else "buy"
        price = self.price + (200 if side == "buy" else -100) * random.choice((1, 1, -5))
        request = scenes.request(side, "5", str(price), id=self.program.desk.new_order_id())
        self.runner.ask(Submit(request=request))

    async def _sample(self) -> None:
        files = len(os.listdir("/proc/self/fd")) if Path("/proc/self/fd").exists() else 0
        tasks = sorted(task.get_name() for task in asyncio.all_tasks() if not task.get_name().startswith("Task-"))
        self.samples.append((resident_bytes(), files, len(tasks), threading.active_count()))


def run(points: int, seed: int) -> dict[str, Any]:
    started = perf_counter()
    memory = Path("/dev/shm")
    stalls = Stalls()
    place = memory if memory.is_dir() else None
    # What the engine logs on a busy machine would stand in the middle of the report.
    with tempfile.TemporaryDirectory(prefix="hoga-day-", dir=place) as name, redirect_stdout(io.StringIO()):
        day = Day(Path(name), points, seed)
        asyncio.run(day.live(stalls))
        checked = verify(Path(name) / "journal.db")
    problems = list(day.raised)
    problems += [] if checked.first_bad is None else [checked.text]
    statuses = Counter(order.status.value for order in day.state.orders.values())
    problems += [f"{statuses[word]} orders ended as {word}" for word in ("unknown", "sending") if statuses[word]]
    alarms = Counter(row.text for row in day.runner.log.rows if row.level == "error" and row.kind != "FEED")
    # Whether it stood still is told apart below, by our own time on the processor.
    stood = sum(count for text, count in alarms.items() if text.startswith("the engine stood still"))
    problems += [f"{count} times: {text}" for text, count in alarms.items() if "stood still" not in text]
    is_long = points >= MID  # before that caches still fill
    growth = day.samples[-1][0] / day.samples[0][0] - 1
    names = ((1, "fds"), (2, "tasks"), (3, "threads"))
    steady = {name: sorted({sample[n] for sample in day.samples}) for n, name in names}
    kept = (day.samples[-1][0] - day.samples[0][0]) / max(day.counts["orders"] * (1 - WARM), 1)
    problems += [f"{name} were {seen}" for name, seen in steady.items() if is_long and max(seen) - min(seen) > 2]
    p999, worst = stalls.ms(0.999), stalls.worst * 1000
    report = {
        **{"name": "soak24", "seed": seed, "simulated_hours": round(day.seconds / 3600, 2), **day.counts},
        **{"statuses": dict(statuses), "events_per_second": round(day.counts["market"] / (perf_counter() - started))},
        **{"rss_mb": [round(sample[0] / 2**20, 1) for sample in day.samples[:: max(len(day.samples) // 8, 1)]]},
        **{
            "growth": f"{growth:.1%}",
            "kb_per_order": round(kept / 1024, 1),
            **steady,
            "problems": len(problems),
            "examples": problems[:10],
        },
        "stall_ms": {"p99.9": p999, "max": round(worst, 1), "samples": stalls.count},
        "stood_still_on_the_wall": stood,
        "stall_wall_ms": {"p99.9": stalls.ms(0.999, wall=True), "max": round(stalls.worst_wall * 1000, 1)},
    }
    return {
        **report,
        "result": f"{len(problems)} wrong; memory {growth:+.1%}; stall p99.9 {p999} ms, max {worst:.0f} ms",
        "target": f"0; < {GROWTH:.0%}; < {P999_MS:g} ms, < {MAX_MS:g} ms",
        "seconds": round(perf_counter() - started, 1),
        "ok": not problems and (growth < GROWTH or not is_long) and p999 < P999_MS and worst < MAX_MS,
    }
