"""Intents without end through the real engine, outbox and journal, while answers are lost, late, garbled and told
twice. One wire attempt for each at most, none doubled, none lost, memory flat, and the loop never busy for long. A
session is ten days of a very busy account; the next begins with a fresh journal, as a restart does."""

from __future__ import annotations

import asyncio
import ctypes
import gc
import os
import tempfile
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from decimal import Decimal
from pathlib import Path
from random import Random
from time import perf_counter
from typing import Any

from core.clock import ManualClock, SystemClock
from core.domain.commands import Cancel, Submit, Tick
from core.domain.events import PhaseChanged
from core.domain.ids import derived_client_order_id
from core.domain.limits import RiskLimits
from core.domain.market import Phase
from core.domain.order import OrderRequest, OrderStatus, OrderType, RequestPhase, Side
from core.runtime.runner import Runner
from core.trading.engine import Engine
from storage.journal import Journal, verify
from tests import scenes
from tests.chaos._soak_venue import SoakVenue
from tests.chaos._stalls import Stalls
from tests.scenes import KRW, SAMSUNG, START

POINTS, MID, SHORT = 1_000_000, 50_000, 800
SESSION = 50_000
VENUES = 4
BURST = 8
OPEN_ENDS = 16
"""So many UNKNOWN orders are settled together, with half a minute between the questions."""
P999_MS, MAX_MS = 50.0, 250.0
GROWTH = 0.05
MEMORY = Path("/dev/shm")
CLOCK = SystemClock()
NEVER = (OrderStatus.DENIED, OrderStatus.REJECTED, OrderStatus.NOT_PLACED)
LIMITS = RiskLimits(
    max_orders_per_second=None,
    max_orders_per_minute=None,
    max_orders_per_minute_all=None,
    max_trades_per_day=None,
    max_open_orders=None,
    max_quote_age_seconds=None,
    duplicate_window_seconds=None,
    forbid_self_cross=False,
    daily_loss=None,
    max_drawdown=None,
    max_position_value=None,
    max_gross_value=None,
    max_unknown_orders=None,
)


class Session:
    def __init__(self, folder: Path, seed: str) -> None:
        self.random = Random(seed)
        self.seed = seed
        self.clock = ManualClock(START)
        self.venues = [SoakVenue(n, Random(f"{seed}/{n}"), self.clock.now) for n in range(VENUES)]
        self.path = folder / "journal.db"
        self.journal = Journal.open(self.path, boot_id="soak")
        self.engine = Engine(KRW, LIMITS)
        self.runner = Runner(self.engine, self.journal, self.clock, self.venues, is_driven=True)
        self.state = self.engine.state
        self.commits = 0
        self._count = 0

    async def trade(self, intents: int) -> None:
        opened = asyncio.Event()
        running = asyncio.ensure_future(self.runner.run(opened))
        await opened.wait()
        self.runner.feed(PhaseChanged(ts=START, market="XKRX", phase=Phase.OPEN))
        self.runner.feed(scenes.quote(71_000, 71_100))
        while self._count < intents:
            for _ in range(min(BURST, intents - self._count)):
                self._submit()
            self.clock.advance(0.01)
            await self._turn()
        await self._settle()
        self.runner.stop()
        await running

    def _submit(self) -> None:
        venue = self.venues[self._count % VENUES]
        self._count += 1
        held = self.state.position(venue.account, SAMSUNG).quantity
        free = held - self.state.working(venue.account, SAMSUNG, Side.SELL)
        side = Side.SELL if free > 50 or (free > 5 and self.random.random() < 0.5) else Side.BUY
        price = 71_000 if side is Side.SELL else 71_100
        request = OrderRequest(
            client_order_id=derived_client_order_id(self.seed, str(self._count)),
            account=venue.account,
            instrument=SAMSUNG,
            side=side,
            quantity=Decimal(self.random.randrange(1, 4)),
            type=OrderType.LIMIT,
            limit_price=Decimal(price),
        )
        self.runner.ask(Submit(request=request))

    async def _turn(self) -> None:
        """Let the outboxes go on; what rests is canceled before it becomes a crowd."""
        while True:
            for venue in self.venues:
                for event in venue.take():
                    self.runner.feed(event)
            if sum(box.waiting for box in self.runner.outboxes.values()) <= BURST:
                break
            await CLOCK.sleep(0)
        open_ends = 0
        for id in list(self.state.live):
            order = self.state.orders[id]
            open_ends += order.status is OrderStatus.UNKNOWN
            is_asked = order.requested is not None and order.requested.phase is RequestPhase.SENDING
            if order.status is OrderStatus.OPEN and not is_asked:
                self.runner.ask(Cancel(client_order_id=id))
        await CLOCK.sleep(0)
        if open_ends >= OPEN_ENDS:
            await self._ask_venues()

    async def _ask_venues(self) -> None:
        """Four questions over a minute and a half: as many as an absence proof needs."""
        await self._idle()
        for _ in range(4):
            self.clock.advance(31)
            self.runner.feed(scenes.quote(71_000, 71_100, self.clock.now()))
            self.runner.ask(Tick(by="clock"))
            await self.runner.reconciler.beat()
            await self._idle()

    async def _idle(self) -> None:
        while True:
            await self.runner.idle()
            events = [event for venue in self.venues for event in venue.take()]
            if not events:
                return
            for event in events:
                self.runner.feed(event)

    async def _settle(self) -> None:
        for _ in range(20):
            await self._turn()
            await self._ask_venues()
            if not self.state.live:
                return

    # --- what came of it ------------------------------------------------------------------------------------------

    def problems(self) -> list[str]:
        wrong: list[str] = []
        for venue in self.venues:
            wrong += [f"{id} was on the wire {n} times" for id, n in venue.attempts.items() if n > 1]
            wrong += [f"{venue.name} took an intent twice"] * venue.twice
            for id, kept in venue.accepted.items():
                order = self.state.orders.get(id)
                if order is None or order.status in NEVER:
                    wrong.append(f"{id} lives there and is {order and order.status} here")
                elif (order.filled, order.status.value) != (kept.filled, kept.status):
                    wrong.append(f"{id} is {order.status} {order.filled} here and {kept.status} {kept.filled} there")
            held = self.state.position(venue.account, SAMSUNG).quantity
            if held != venue.holdings.get(SAMSUNG, Decimal(0)):
                wrong.append(f"{venue.name} holds {venue.holdings.get(SAMSUNG)}, here it is {held}")
        known = {id for venue in self.venues for id in venue.accepted}
        for id, order in self.state.orders.items():
            if not order.status.is_end:
                wrong.append(f"{id} is still {order.status}")
            elif order.status not in NEVER and id not in known:
                wrong.append(f"{id} is {order.status} here, and no venue has it")
        checked = verify(self.path)
        if checked.first_bad is not None:
            wrong.append(checked.text)
        return wrong


def resident() -> int:
    """What is in use, in bytes: each session's journal had a thread of its own, and what the C library still holds of
    it is no memory of ours."""
    gc.collect()
    with suppress(AttributeError):  # another C library
        ctypes.CDLL(None).malloc_trim(0)
    with open("/proc/self/statm", encoding="ascii") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")


@contextmanager
def one_core(*, wanted: bool = True) -> Iterator[None]:
    """The loop and the journal's thread take turns in one interpreter. On two processors of a virtual machine that are
    halves of one they slow each other down two to four times while they do, and that is what would be measured."""
    if not wanted or not hasattr(os, "sched_setaffinity"):
        yield
        return
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {max(before)})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


async def _session(folder: Path, seed: str, intents: int, stalls: Stalls) -> tuple[Session, float]:
    session = Session(folder, seed)
    stalls.start()
    started = perf_counter()
    async with asyncio.timeout(60 + intents / 20):  # an outbox that died would be waited for without end
        await session.trade(intents)
    took = perf_counter() - started
    await stalls.stop()
    return session, took


def run(points: int, seed: int) -> dict[str, Any]:
    with one_core(wanted=points > SHORT):  # beside other tests it would only be in their way
        return _run(points, seed)


def _run(points: int, seed: int) -> dict[str, Any]:
    stalls, counts, faults = Stalls(), Counter[str](), Counter[str]()
    rules = Counter[str]()
    wrong: list[str] = []
    memory: list[int] = []
    trading, started = 0.0, perf_counter()
    for number in range(-(-points // SESSION)):
        intents = min(SESSION, points - number * SESSION)
        with tempfile.TemporaryDirectory(prefix="hoga-soak-", dir=MEMORY if MEMORY.is_dir() else None) as name:
            session, took = asyncio.run(_session(Path(name), f"{seed}/{number}", intents, stalls))
            trading += took
            wrong += session.problems()
            counts.update(order.status.value for order in session.state.orders.values())
            for venue in session.venues:
                faults += venue.done
                counts["wire attempts"] += venue.attempts.total()
            rules.update(o.reason.partition(":")[0] for o in session.state.orders.values() if o.status is NEVER[0])
            counts["events"] += session.journal.facts().sequence
        del session, venue
        memory.append(resident())
    # What the first sessions leave is the interpreter's own warmth; a leak goes on, so the second half tells.
    growth = memory[-1] / memory[len(memory) // 2] - 1
    p999, worst = stalls.ms(0.999), stalls.worst * 1000
    is_calm = p999 < P999_MS and worst < MAX_MS
    return {
        **{"name": "soak", "seed": seed, "intents": points, **counts, "denied_by": dict(rules), "faults": dict(faults)},
        **{"orders_per_second": round(points / trading), "problems": len(wrong), "examples": wrong[:10]},
        **{"rss_mb_by_session": [round(size / 2**20) for size in memory], "growth": f"{growth:.1%}"},
        "stall_ms": {"p99": stalls.ms(0.99), "p99.9": p999, "max": round(worst, 1), "samples": stalls.count},
        "stall_wall_ms": {"p99.9": stalls.ms(0.999, wall=True), "max": round(stalls.worst_wall * 1000, 1)},
        "result": f"{len(wrong)} wrong; {points / trading:,.0f} orders/s; stall p99.9 {p999} ms, max {worst:.0f} ms; "
        f"memory {growth:+.1%}",
        "target": f"0; p99.9 < {P999_MS:g} ms, max < {MAX_MS:g} ms; < {GROWTH:.0%}",
        "seconds": round(perf_counter() - started, 1),
        "ok": not wrong and growth < GROWTH and is_calm,
    }
