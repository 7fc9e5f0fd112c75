"""Lines that break, fall silent and come back, at the simulated Upbit over real sockets: how soon every market that is
streamed has a fresh quote after the server is there again, and how soon a line that is open and carries nothing is seen
for what it is. No quote that is older may be shown as live meanwhile."""

from __future__ import annotations

import asyncio
import logging
import tempfile
from pathlib import Path
from random import Random
from time import perf_counter
from typing import Any

import msgspec
import structlog

from brokers.upbit.settings import UpbitSettings
from core.clock import SystemClock
from core.domain.market import NS, Freshness
from core.trading.rows import freshness
from tests.contract.console import Console, running
from tests.contract.session import until
from tests.simulators.upbit.plug import UpbitPlug

POINTS, MID, SHORT = 200, 24, 2
AT_ONCE = 8
MARKETS = 5
OUTAGES = (0.2, 3.0)
"""Seconds for which nobody listens. What lasts longer is tried less often: no more than twelve times in a minute."""
BACK_SECONDS, SILENT_SECONDS = 2.0, 5.0
PATIENCE = 20.0
LOOK_SECONDS = 0.01
CLOCK = SystemClock()


class Came(msgspec.Struct):
    """Seconds of one console's life; `wrong` in words."""

    dropped: float = 0.0
    away: float = 0.0
    silent: float = 0.0
    looks: int = 0
    late: int = 0
    """How often a quote was older than it may be and was called live."""
    lost: int = 0
    """Markets that were streamed before and were not after."""


class Life:
    def __init__(self, plug: UpbitPlug, console: Console, random: Random) -> None:
        self.plug, self.console, self.random = plug, console, random
        self.state = console.engine.state
        self.came = Came()
        self.codes = [code for code in list(plug.venue.exchange.markets) if code.startswith("KRW-")][:MARKETS]
        self.ids = [id for id in self.state.instruments if id.partition(":")[2] in self.codes]

    async def move(self) -> None:
        """Every market has a new book some times a second."""
        exchange, streams = self.plug.venue.exchange, self.plug.venue.streams
        while True:
            for code in self.codes:
                market = exchange.markets[code]
                bid, ask = market.bids[0][0], market.asks[0][0]
                exchange.quote(code, bid, ask, self.random.randrange(1, 1000))
                streams.tell("orderbook", market)
            await CLOCK.sleep(0.1)

    def are_fresh(self, since: int) -> bool:
        now = CLOCK.now()
        quotes = [self.state.quotes.get(id) for id in self.ids]
        return all(quote is not None and quote.received > since for quote in quotes) and all(
            freshness(self.state, id, now, None)[0] is Freshness.LIVE for id in self.ids
        )

    async def seconds_to(self, condition: Any) -> float:
        started = CLOCK.monotonic()
        await until(condition, PATIENCE)
        return (CLOCK.monotonic() - started) / NS

    def look(self) -> bool:
        """As the screen does. Is the first market known to be stale?"""
        state_of, received = freshness(self.state, self.ids[0], CLOCK.now(), None)
        self.came.looks += 1
        self.came.late += state_of is Freshness.LIVE and CLOCK.now() - received > round(SILENT_SECONDS * NS)
        return state_of is Freshness.STALE

    async def live(self) -> Came:
        came, plug = self.came, self.plug
        await until(lambda: self.are_fresh(0), PATIENCE)
        now = CLOCK.now()
        await plug.act("drop")
        came.dropped = await self.seconds_to(lambda: self.are_fresh(now))
        await plug.act("down")
        await CLOCK.sleep(self.random.uniform(*OUTAGES))
        now = CLOCK.now()
        await plug.act("up")
        came.away = await self.seconds_to(lambda: self.are_fresh(now))
        await plug.act("freeze")
        came.silent = await self.seconds_to(self.look)
        await plug.act("thaw")
        now = CLOCK.now()
        await self.seconds_to(lambda: self.are_fresh(now))
        came.lost = sum(id not in self.state.quotes for id in self.ids)
        return came


async def one(folder: Path, random: Random) -> Came:
    plug = UpbitPlug(folder)
    silence = UpbitSettings().silence_seconds
    plug.silence_seconds = silence
    await plug.start()
    try:
        async with running(plug, folder / "journal.db", seconds=PATIENCE) as console:
            life = Life(plug, console, random)
            for id in life.ids:
                console.runner.lines.look_at(id, id)
            moving = asyncio.ensure_future(life.move())
            try:
                return await life.live()
            finally:
                moving.cancel()
    finally:
        await plug.stop()


async def _all(points: int, seed: int) -> list[Came]:
    room = asyncio.Semaphore(AT_ONCE)

    async def lived(n: int) -> Came:
        async with room:
            with tempfile.TemporaryDirectory(prefix="hoga-line-") as name:
                return await one(Path(name), Random(f"{seed}/{n}"))

    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(lived(n)) for n in range(points)]
    return [task.result() for task in tasks]


def _part(times: list[float], part: float) -> float:
    return round(sorted(times)[min(int(len(times) * part), len(times) - 1)], 2)


def run(points: int, seed: int) -> dict[str, Any]:
    """`points` consoles; each line is cut once, its server is away once, and it falls silent once."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    started = perf_counter()
    made = asyncio.run(_all(points, seed))
    back = [seconds for came in made for seconds in (came.dropped, came.away)]
    silent = [came.silent for came in made]
    late, lost = sum(came.late for came in made), sum(came.lost for came in made)
    p99, seen = _part(back, 0.99), _part(silent, 0.99)
    return {
        **{"name": "line", "seed": seed, "consoles": points, "reconnects": len(back), "markets": MARKETS},
        **{"back_p50_seconds": _part(back, 0.5), "back_p99_seconds": p99, "silent_p50_seconds": _part(silent, 0.5)},
        **{"silent_p99_seconds": seen, "looks": sum(came.looks for came in made), "shown_as_live": late, "lost": lost},
        "result": f"fresh p99 {p99:.2f} s after the server is back, {lost} markets lost; silence p99 {seen:.2f} s, "
        f"{late} old quotes shown as live",
        "target": f"< {BACK_SECONDS:g} s, 0; < {SILENT_SECONDS:g} s, 0",
        "seconds": round(perf_counter() - started, 1),
        "ok": p99 < BACK_SECONDS and seen < SILENT_SECONDS and not late and not lost,
    }
