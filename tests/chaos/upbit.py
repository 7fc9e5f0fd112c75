"""Orders through the real engine, outbox, journal and Upbit adapter to the simulated Upbit in a process of its own,
while answers are lost, late and garbled, streams are cut and the whole venue is away now and then. Its ledger says
afterwards what truly happened: nothing doubled, nothing lost, nothing believed that is not there, and every order whose
answer was lost is known again by its identifier. The venue's and the adapter's limits of speed are lifted."""

from __future__ import annotations

import asyncio
import logging
import re
import tempfile
import traceback
from collections import Counter
from decimal import Decimal
from pathlib import Path
from random import Random
from time import perf_counter
from typing import Any

import msgspec
import structlog

from brokers.upbit.auth import Keys
from brokers.upbit.broker import UpbitBroker
from brokers.upbit.parse import parse_instrument
from brokers.upbit.settings import UpbitKeys, UpbitSettings
from brokers.upbit.wire import Market
from core.clock import SystemClock
from core.domain.commands import Cancel, Submit
from core.domain.ids import ClientOrderId, account_id, derived_client_order_id
from core.domain.market import NS
from core.domain.order import OrderRequest, OrderStatus, OrderType, RequestPhase, Side
from core.secret import Secret
from storage.journal import verify
from tests.chaos._upbit_venue import Away
from tests.chaos.soak import LIMITS, MEMORY, NEVER
from tests.contract.console import running
from tests.simulators.plug import Deed
from tests.simulators.upbit.plug import CODE, KEYS, MAIN

POINTS, MID, SHORT = 100_000, 5_000, 100
SESSION = 1_000
AT_ONCE, TAILS = 4, 24
"""Sessions that trade at a time, and those that wait for their last open ends beside them."""
LOOK_SECONDS, TAIL_LOOK_SECONDS = 0.002, 0.02
"""How often is looked at what became of orders: while a session trades, and while it waits."""
BURST = 6
P99_SECONDS = 3.0
OPENS_SECONDS = 60.0
"""So long the first opening may take: its reading meets faults too, and an outage."""
PATIENCE = 150.0
"""So long the last open ends may take: that an order is not there is proved in a minute to a minute and a half."""
CLOCK = SystemClock()
BID, ASK = "71000", "71100"
RESTS = "70000"


class Plugged:
    """What a console needs of a plug."""

    name = "upbit"
    account = account_id("upbit", MAIN)
    instrument = parse_instrument(Market(market=CODE, korean_name="솔라나", english_name="Solana"))

    def __init__(self, url: str) -> None:
        access, secret = KEYS[MAIN]
        self._keys = {MAIN: Keys(access=Secret(access), secret=Secret(secret))}
        self._settings = UpbitSettings(
            endpoint=url,
            accounts={MAIN: UpbitKeys()},
            silence_seconds=1.5,
            ack_seconds=0.5,
            answer_seconds=0.4,
            hold_seconds=0.2,
            orders_per_second=1000,
            calls_per_second=1000,
            quotes_per_second=1000,
            ended_hours=1.0,
        )

    def broker(self) -> UpbitBroker:
        return UpbitBroker(self._settings, SystemClock(), self._keys)


class Spell(msgspec.Struct):
    """An order was UNKNOWN from when to when."""

    since: int
    until: int = 0
    is_cut: bool = False
    """The line was down meanwhile: nobody is asked before it is opened anew, with its pauses."""


class Session:
    def __init__(self, console: Any, seed: str) -> None:
        self.console, self.seed, self.random = console, seed, Random(seed)
        self.state = console.engine.state
        self.spells: dict[ClientOrderId, Spell] = {}
        self._open: set[ClientOrderId] = set()
        self._count = 0

    async def trade(self, intents: int) -> None:
        outbox, pocket = self.console.runner.outboxes["upbit"], self.console.broker.pockets[self.console.plug.account]
        while self._count < intents and not self.console.is_over:
            is_held = pocket.exchange.http.held_seconds("order") > 0  # after a 429: nothing would leave
            if self.console.is_ready and outbox.waiting < BURST and not is_held:
                for _ in range(min(BURST, intents - self._count)):
                    self._submit()
                self._cancel()
            await self.turn()

    def _submit(self) -> None:
        self._count += 1
        account, place = self.console.plug.account, self.console.plug.instrument.id
        free = self.state.position(account, place).quantity - self.state.working(account, place, Side.SELL)
        draw = self.random.random()
        side = Side.SELL if free >= 1 and draw < 0.1 else Side.BUY
        price = BID if side is Side.SELL else ASK if draw < 0.3 else RESTS
        request = OrderRequest(
            client_order_id=derived_client_order_id(self.seed, str(self._count)),
            account=account,
            instrument=place,
            side=side,
            quantity=Decimal(self.random.randrange(10, 100)) / 100,
            type=OrderType.LIMIT,
            limit_price=Decimal(price),
        )
        self.console.runner.ask(Submit(request=request))

    def _cancel(self) -> None:
        """What rests, before it becomes a crowd."""
        for id in list(self.state.live):
            order = self.state.orders[id]
            is_asked = order.requested is not None and order.requested.phase is RequestPhase.SENDING
            if order.status is OrderStatus.OPEN and order.limit_price == Decimal(RESTS) and not is_asked:
                self.console.runner.ask(Cancel(client_order_id=id))

    async def turn(self, seconds: float = LOOK_SECONDS) -> None:
        await CLOCK.sleep(seconds)
        now = CLOCK.now()
        for id in self.state.live:
            if id not in self.spells and self.state.orders[id].status is OrderStatus.UNKNOWN:
                self.spells[id] = Spell(now)
                self._open.add(id)
        feed = self.state.feeds.get("upbit")
        if feed is not None and not feed.is_connected:
            for id in self._open:
                self.spells[id].is_cut = True
        for id in [id for id in self._open if self.state.orders[id].status is not OrderStatus.UNKNOWN]:
            self._open.discard(id)
            self.spells[id].until = now

    async def settle(self, away: Away, *, whole: bool) -> None:
        """Until nothing is open; without `whole` what never arrived is left UNKNOWN, which it must be for a minute."""
        end, asked = perf_counter() + PATIENCE, 0.0
        while self.state.live and perf_counter() < end and not self.console.is_over:
            await self.turn(TAIL_LOOK_SECONDS)
            if perf_counter() > asked:
                asked = perf_counter() + 0.5
                self._cancel()
                if not whole and self._open == set(self.state.live):
                    there = {deed.intent for deed in away.truth() if deed.what == "accepted"}
                    if not self._open & there:
                        return


class Came(msgspec.Struct):
    """What came of a session."""

    wrong: Counter[str]
    examples: list[str]
    counts: Counter[str]
    seconds: list[float]
    """From the server's return until an order was known again, for each that was there."""
    standing: list[float]
    """Those of them whose line stood all the while."""
    traded: float
    """When its last order was asked for."""
    why: Counter[str] = msgspec.field(default_factory=Counter)
    """Orders that were not placed, by the words."""


def judged(session: Session, deeds: list[Deed], journal: Path, traded: float, *, whole: bool) -> Came:
    made = Came(Counter(), [], Counter(), [], [], traded)

    def wrong(kind: str, text: str) -> None:
        made.wrong[kind] += 1
        made.examples.append(f"{kind}: {text}")

    orders = session.state.orders
    accepted = {deed.intent: deed for deed in deeds if deed.what == "accepted"}
    taken = Counter(deed.intent for deed in deeds if deed.what == "accepted")
    received = Counter(deed.intent for deed in deeds if deed.what == "received")
    filled: dict[ClientOrderId | None, Decimal] = {}
    for deed in deeds:
        if deed.what == "filled":
            filled[deed.intent] = filled.get(deed.intent, Decimal(0)) + Decimal(deed.quantity)
    for id, times in (taken | received).items():
        if times > 1:
            wrong("duplicated", f"{id} was there {times} times")
    for id in accepted:
        if id not in orders:
            wrong("phantom", f"{id} lives there and is none of ours")
        elif orders[id].status in NEVER:
            wrong("lost", f"{id} lives there and is {orders[id].status} here: {orders[id].reason}")
    for id, order in orders.items():
        if order.status is OrderStatus.UNKNOWN and id not in accepted and not whole:
            continue  # it never arrived, and nobody may say so yet
        if not order.status.is_end:
            wrong("open", f"{id} is still {order.status}")
        elif order.status not in NEVER and id not in accepted:
            wrong("phantom", f"{id} is {order.status} here, and the venue never took it")
        elif order.filled != filled.get(id, Decimal(0)):
            wrong("fills", f"{id} filled {order.filled} here and {filled.get(id)} there")
    sides = {id: order.request.side.sign for id, order in orders.items()}
    true = sum((sides[id] * amount for id, amount in filled.items() if id in sides), Decimal(0))
    held = session.state.position(session.console.plug.account, session.console.plug.instrument.id).quantity
    if held != true:
        wrong("position", f"{held} here and {true} there")
    for place, freeze in session.state.frozen.items():
        wrong("drift", f"nobody else trades there, and {freeze.quantity} of {place[1]} is not explained")
    checked = verify(journal)
    if checked.first_bad is not None:
        wrong("journal", checked.text)
    back = [deed.t for deed in deeds if deed.what == "up"]
    for id, spell in session.spells.items():
        made.counts["was UNKNOWN"] += 1
        if id in accepted and spell.until:
            since = max(spell.since, accepted[id].t, *(t for t in back if t < spell.until), 0)
            made.seconds.append(max(spell.until - since, 0) / NS)
            if not spell.is_cut:
                made.standing.append(made.seconds[-1])
    made.counts += Counter(order.status.value for order in orders.values())
    made.why.update(
        re.sub(r"\d+(\.\d+)?", "N", order.reason)[:90] for order in orders.values() if order.status in NEVER
    )
    made.counts += Counter(deed.text for deed in deeds if deed.what == "fault")
    made.counts += Counter(deed.what for deed in deeds if deed.what in ("received", "accepted", "down"))
    return made


async def _session(seed: str, intents: int, room: asyncio.Semaphore, tails: asyncio.Semaphore, *, whole: bool) -> Came:
    """The last open ends of one are waited for while the next trades."""
    async with tails:
        with tempfile.TemporaryDirectory(prefix="hoga-upbit-", dir=MEMORY if MEMORY.is_dir() else None) as name:
            journal = Path(name) / "journal.db"
            await room.acquire()
            is_trading = True
            away = await asyncio.to_thread(Away, Path(name), seed)
            try:
                async with asyncio.timeout(60 + intents / 5 + PATIENCE):
                    plug: Any = Plugged(away.url)
                    async with running(plug, journal, limits=LIMITS, seconds=OPENS_SECONDS) as console:
                        session = Session(console, seed)
                        await session.trade(intents)
                        traded = perf_counter()
                        away.calm()
                        room.release()
                        is_trading = False
                        await session.settle(away, whole=whole)
                return judged(session, away.truth(), journal, traded, whole=whole)
            finally:
                away.stop()
                if is_trading:
                    room.release()


async def _told(seed: str, *given: Any, whole: bool) -> Came:
    """A session that breaks, as an engine that ends by a bug does, is wrong; the others go on."""
    try:
        return await _session(seed, *given, whole=whole)
    except Exception as error:
        traceback.print_exception(error)
        return Came(Counter(broke=1), [f"broke: {seed}: {error!r}"[:200]], Counter(), [], [], 0.0)


async def _all(points: int, seed: int) -> list[Came]:
    room, tails, whole = asyncio.Semaphore(AT_ONCE), asyncio.Semaphore(TAILS), points > SESSION // 2
    async with asyncio.TaskGroup() as group:
        tasks = [
            group.create_task(_told(f"{seed}/{n}", min(SESSION, points - n * SESSION), room, tails, whole=whole))
            for n in range(-(-points // SESSION))
        ]
    return [task.result() for task in tasks]


def part_of(times: list[float], part: float) -> float:
    return sorted(times)[min(int(len(times) * part), len(times) - 1)] if times else 0.0


def run(points: int, seed: int) -> dict[str, Any]:
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    started = perf_counter()
    made = asyncio.run(_all(points, seed))
    wrong, counts = Counter[str](), Counter[str]()
    for came in made:
        wrong += came.wrong
        counts += came.counts
    times = [second for came in made for second in came.seconds]
    standing = [second for came in made for second in came.standing]
    p50, p99 = part_of(times, 0.5), part_of(times, 0.99)
    speed = points / max(*(came.traded - started for came in made), 0.001)
    problems = {kind: wrong[kind] for kind in ("duplicated", "lost", "phantom", "open")} | wrong
    return {
        **{"name": "upbit", "seed": seed, "orders": points, "sessions": len(made), **problems, **counts},
        **{"examples": [text for came in made for text in came.examples][:10], "found_by_identifier": len(times)},
        **{"p50_seconds": round(p50, 2), "p99_seconds": round(p99, 2)},
        **{"p99_seconds_while_the_line_stood": round(part_of(standing, 0.99), 2), "orders_per_second": round(speed)},
        "not_placed_by": dict(sum((came.why for came in made), Counter[str]()).most_common(12)),
        "result": f"{wrong.total()} wrong; {len(times)} UNKNOWN found by identifier, p50 {p50:.2f} s, p99 {p99:.2f} s; "
        f"{speed:,.0f} orders/s",
        "target": f"0; p99 < {P99_SECONDS:g} s",
        "seconds": round(perf_counter() - started, 1),
        "ok": not wrong and p99 < P99_SECONDS,
    }
