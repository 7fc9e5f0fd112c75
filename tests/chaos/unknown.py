"""An answer is lost, often with the whole server; when it is there again, how soon is it known what became of the
order, and is it right? With client ids it is found by id. Without, it is what is new since the baseline, and where
somebody else placed the same meanwhile, a person decides. Nothing is sent again, and nothing that never arrived is
believed absent before its time. Real sockets, real clocks; some consoles at once."""

from __future__ import annotations

import asyncio
import logging
import tempfile
from collections import Counter
from pathlib import Path
from random import Random
from time import perf_counter
from typing import Any

import msgspec
import structlog

from core.clock import SystemClock
from core.domain.market import NS
from core.domain.order import Binding, Order, OrderStatus, OrderType, TimeInForce
from tests.contract.console import Console, count, running
from tests.contract.session import until
from tests.scenes import SAMSUNG
from tests.simulators.faults import Fault
from tests.simulators.plug import accepted
from tests.simulators.reference import Wanted
from tests.simulators.reference_plug import ReferencePlug

POINTS, MID, SHORT = 400, 100, 10
AT_ONCE = 6
P99_SECONDS = 3.0
PATIENCE = 25.0
EARLY = 1.5
"""So long an order that never arrived is watched: it must stay UNKNOWN."""
LOST = (
    *(Fault.ACCEPT_THEN_DROP, Fault.ACCEPT_THEN_500, Fault.HTML_503, Fault.GARBAGE, Fault.TRUNCATED_FRAME),
    *(Fault.SLOW_ACCEPT, Fault.DROP_BEFORE_ACCEPT),
)
CLOCK = SystemClock()


class Case(msgspec.Struct, frozen=True):
    ids: bool
    fault: Fault
    outage: float
    """Seconds for which nobody listens; 0 where only the answer is lost."""
    twin: bool


class Came(msgspec.Struct):
    """What came of one case."""

    case: Case
    how: str = ""
    seconds: float | None = None
    wrong: str = ""


def drawn(random: Random) -> Case:
    ids = random.random() < 0.6
    outage = random.uniform(0.05, 1.5) if random.random() < 0.6 else 0.0
    return Case(ids, random.choice(LOST), outage, not ids and random.random() < 0.4)


async def live(case: Case, folder: Path) -> Came:
    plug, came = ReferencePlug(folder, has_client_ids=case.ids), Came(case)
    await plug.start()
    try:
        async with running(plug, folder / "journal.db") as console:
            plug.faults.put("order", case.fault, seconds=0.02)
            plug.faults.put("private", Fault.HALF_OPEN)  # the stream would have told
            wanted = await console.submit("3")
            id = wanted.client_order_id
            if case.outage:
                await plug.act("down")
                await CLOCK.sleep(case.outage)
            if case.twin:
                _twin(plug)
            if case.outage:
                await plug.act("up")
            await CLOCK.sleep(0.03)  # what is taken late is taken
            took, back = accepted(plug.truth(), id), CLOCK.monotonic()
            if took:
                await _settled(console, came, id, back)
            elif not count(plug.truth(), "received", id):
                came.how = "never left"  # the connection did not stand in time: proved here, without the venue
            elif not case.twin:
                await CLOCK.sleep(EARLY)
                came.how = "never arrived, still UNKNOWN"
                if console.order(id).status is not OrderStatus.UNKNOWN:
                    came.wrong = f"never arrived and is {console.order(id).status} after {EARLY} s"
            else:
                came.how = "never arrived, a twin did: nobody can tell"
            if count(plug.truth(), "received", id) > 1 or took > 1:
                came.wrong = "it was sent again"
    finally:
        await plug.stop()
    return came


def _twin(plug: ReferencePlug) -> None:
    """Somebody else places the same."""
    request = plug.request("buy", "3", "70000")
    plug.venue.order(
        Wanted(
            account=plug.account,
            code=SAMSUNG,
            side=request.side,
            type=OrderType.LIMIT,
            time_in_force=TimeInForce.DAY,
            quantity=request.quantity,
            limit_price=request.limit_price,
        )
    )


async def _settled(console: Console, came: Came, id: Any, back: int) -> None:
    """Until it is bound, or shown with its candidates; and whether that is right."""

    def order() -> Order:
        return console.order(id)

    try:
        await until(lambda: order().status is not OrderStatus.UNKNOWN or order().candidates, PATIENCE)
    except AssertionError:
        came.wrong = f"not settled {PATIENCE} s after the server was back"
        return
    came.seconds = max(CLOCK.monotonic() - back, 0) / NS
    found, mine = order(), {deed.ref for deed in console.plug.truth() if deed.what == "accepted" and deed.intent == id}
    if found.candidates:
        came.how = "operator"
        if not mine & set(found.candidates):
            came.wrong = f"its own is not among the candidates {found.candidates}"
    else:
        came.how = {Binding.BY_ID: "by id", Binding.INFERRED: "inferred"}.get(found.binding, found.binding.value)
        if set(found.refs) != mine or found.status not in (OrderStatus.OPEN, OrderStatus.FILLED):
            came.wrong = f"{found.status}, bound to {found.refs}; its own is {mine}"
        elif came.case.twin:
            came.wrong = "bound by itself though somebody else had placed the same"


async def _all(cases: list[Case]) -> list[Came]:
    room = asyncio.Semaphore(AT_ONCE)

    async def one(case: Case) -> Came:
        async with room:
            with tempfile.TemporaryDirectory(prefix="hoga-unknown-") as name:
                async with asyncio.timeout(2 * PATIENCE):
                    return await live(case, Path(name))

    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(one(case)) for case in cases]
    return [task.result() for task in tasks]


def run(points: int, seed: int) -> dict[str, Any]:
    random, started = Random(seed), perf_counter()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    made = asyncio.run(_all([drawn(random) for _ in range(points)]))
    times = sorted(came.seconds for came in made if came.case.ids and came.seconds is not None)
    other = sorted(came.seconds for came in made if not came.case.ids and came.seconds is not None)
    wrong = [f"{came.case}: {came.wrong}" for came in made if came.wrong]
    p99 = times[min(int(len(times) * 0.99), len(times) - 1)] if times else 0.0
    return {
        **{"name": "unknown", "seed": seed, "cases": points, "ends": dict(Counter(came.how for came in made))},
        **{"wrong": len(wrong), "examples": wrong[:10], "with_ids": len(times), "p99_seconds": round(p99, 2)},
        "p50_seconds": round(times[len(times) // 2], 2) if times else None,
        "without_ids_p99_seconds": round(other[min(int(len(other) * 0.99), len(other) - 1)], 2) if other else None,
        "result": f"{len(wrong)} wrong of {points}; with ids p99 {p99:.2f} s after the server is back",
        "target": f"0 wrong, p99 < {P99_SECONDS:g} s",
        "seconds": round(perf_counter() - started, 1),
        "ok": not wrong and p99 < P99_SECONDS,
    }
