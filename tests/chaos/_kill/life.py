"""One life of the program against the venue in another process: it recovers, says what it found, trades, and is killed.
The last life of a journal is calm: it settles what is open, with a person's help where the evidence is not enough."""

from __future__ import annotations

import asyncio
import os
import socket
import traceback
from decimal import Decimal
from pathlib import Path
from random import Random
from typing import Any

import msgspec

from core.clock import SystemClock
from core.domain.account import Mode
from core.domain.commands import Cancel, CancelAll, Close, Replace, Settle, Submit
from core.domain.events import RateChanged
from core.domain.ids import AccountId, ClientOrderId, InstrumentId, VenueRef
from core.domain.market import NS
from core.domain.order import Order, OrderStatus, OrderType
from core.runtime.desk import LocalDesk
from core.runtime.runner import Runner
from core.trading.engine import Engine
from core.trading.state import State
from storage.journal import Journal
from tests import scenes
from tests.chaos._kill import defects
from tests.chaos._kill.points import Point, Reaper, die
from tests.contract.console import FREE
from tests.contract.reference_broker import ReferenceBroker, ReferenceSettings
from tests.scenes import APPLE, KRW, SAMSUNG, USD
from tests.simulators.reference import COIN, MAIN, SECOND

LIMITS = msgspec.structs.replace(
    FREE,
    max_orders_per_minute_all=None,
    max_trades_per_day=None,
    forbid_self_cross=False,
    max_quote_age_seconds=None,
    max_clock_offset_seconds=None,
    max_gross_value=None,
)
READY_SECONDS = 0.4
ROUNDS = 8
"""Questions about what is UNKNOWN, half a minute apart, before the person is asked."""
UNSETTLED = (OrderStatus.SENDING, OrderStatus.STAGED, OrderStatus.UNKNOWN)


class Job(msgspec.Struct, frozen=True, kw_only=True):
    """What a life is told."""

    folder: Path
    number: int
    seed: str
    url: str
    has_ids: bool
    point: Point
    defect: str = ""
    is_last: bool = False


class Warp(SystemClock):
    """The console's clock: real time, and half a minute more where nobody wants to wait for it."""

    def __init__(self) -> None:
        self.offset = 0

    def now(self) -> int:  # type: ignore[override]
        return SystemClock.now() + self.offset

    def monotonic(self) -> int:  # type: ignore[override]
        return SystemClock.monotonic() + self.offset


class Life:
    def __init__(self, job: Job, parent: socket.socket, control: socket.socket) -> None:
        self.job, self.parent, self.control = job, parent, control
        self.random = Random(job.seed)
        self.reaper = Reaper(job.point)
        self.reaper.watch()
        defects.plant(job.defect)
        self.clock = Warp()
        settings = ReferenceSettings(
            url=job.url,
            key="reference-key-1",
            secret="ref-Secret-4f9d27c1b0",
            has_client_ids=job.has_ids,
            mode=Mode.PAPER,
            answer_seconds=0.15,
            silence_seconds=5.0,
        )
        self.broker = ReferenceBroker(settings, SystemClock())
        self.journal = Journal.open(job.folder / "journal.db", boot_id=f"life-{job.number}")
        self.engine = Engine(KRW, LIMITS)
        self.runner = Runner(self.engine, self.journal, self.clock, [self.broker], max_order_age_seconds=30)
        self.desk = LocalDesk(self.runner, self.clock, self.random.randbytes)
        self.state = self.engine.state
        self.reaper.around(self.journal, "append", "claim")
        self.reaper.around(self.broker, "connect", "snapshot", "find", "submit", "cancel", "replace")

    async def live(self) -> None:
        self.runner.recover()
        running = asyncio.ensure_future(self.runner.run())
        until = SystemClock.monotonic() + round(READY_SECONDS * NS)
        while not (self._is_ready or running.done()) and (self.job.is_last or SystemClock.monotonic() < until):
            await self.clock.sleep(0.002)
        if running.done():
            running.result()
        if self.job.is_last:
            await self._settle()
            return
        self._say("found")
        if self.random.random() < 0.5 and self._unknown():
            await self._quiet()
            for _ in range(self.random.randrange(1, 5)):
                await self._ask_again()
            self._say("found")
        self.reaper.phase = "work"
        self.runner.feed(RateChanged(ts=self.clock.now(), currency=USD, base=KRW, rate=Decimal(1400)))
        for n in range(self.random.randrange(3, 8)):
            await self._act(is_first=n == 0)
            await self.clock.sleep(self.random.choice((0, 0, 0.001, 0.004, 0.015)))
        try:
            async with asyncio.timeout(0.05):
                await self.runner.idle()
        except TimeoutError:
            pass
        if running.done():
            running.result()
        self.parent.send(msgspec.json.encode({"say": "rest"}))
        die()

    @property
    def _is_ready(self) -> bool:
        gates = [self.state.gates.get(account) for account in (MAIN, SECOND)]
        return all(gate is not None and gate.is_open for gate in gates) and SAMSUNG in self.state.quotes

    def _unknown(self) -> list[Order]:
        return [order for order in self.state.live_orders() if order.status is OrderStatus.UNKNOWN]

    # --- trading --------------------------------------------------------------------------------------------------

    async def _act(self, *, is_first: bool) -> None:
        random, desk = self.random, self.desk
        live = list(self.state.live)
        choice = random.random()
        if choice < 0.66 or not live or is_first:
            await desk.send(Submit(request=self._wanted()))
        elif choice < 0.82:
            await desk.send(Cancel(client_order_id=random.choice(live)))
        elif choice < 0.92:
            id = random.choice(live)
            held = self.state.orders[id]
            price = held.limit_price and held.limit_price - held.limit_price % 100 - 100 * random.randrange(3)
            quantity = held.quantity + random.randrange(4)
            wanted = price if price is not None and price > 0 else None
            await desk.send(Replace(client_order_id=id, quantity=quantity, limit_price=wanted))
        elif choice < 0.97:
            close = Close(client_order_id=desk.new_order_id(), account=MAIN, instrument=SAMSUNG)
            await desk.send(close)
        else:
            await desk.send(CancelAll())

    def _wanted(self) -> Any:
        random = self.random
        instrument: InstrumentId = random.choice((SAMSUNG, SAMSUNG, COIN.id, APPLE))
        side = random.choice(("buy", "buy", "buy", "sell"))
        low, step = {SAMSUNG: (70_000, 100), COIN.id: (49_950, 10), APPLE: (227, 1)}[instrument]
        price = low + step * random.randrange(12 if instrument != APPLE else 2)
        quantity = random.randrange(1, 30)
        more: dict[str, Any] = {"type": OrderType.MARKET} if random.random() < 0.15 else {}
        if side == "buy" and not more and instrument == SAMSUNG and random.random() < 0.3:
            more = {"stop_loss": Decimal(price) - 500, "take_profit": Decimal(price) + 600}
        if side == "sell" and random.random() < 0.5:
            more["reduce_only"] = True
        limit = None if more.get("type") is OrderType.MARKET else str(price)
        account: AccountId = MAIN if random.random() < 0.8 else SECOND
        request = scenes.request(side, str(quantity), limit, instrument, id=self.desk.new_order_id(), **more)
        return msgspec.structs.replace(request, account=account)

    # --- settling -------------------------------------------------------------------------------------------------

    async def _quiet(self) -> None:
        """What the venue takes late is taken: only then may time be skipped."""
        tag = f"{self.job.number}"
        self.control.setblocking(False)
        loop = asyncio.get_running_loop()
        await loop.sock_sendall(self.control, f"quiet {tag}".encode())
        while (await loop.sock_recv(self.control, 200)).decode() != tag:
            pass

    async def _ask_again(self) -> None:
        self.clock.offset += 31 * NS
        await self.runner.reconciler.beat()
        await self._idle()

    async def _idle(self) -> None:
        async with asyncio.timeout(20):
            await self.runner.idle()

    async def _settle(self) -> None:
        """Ask, then let a person decide, until nothing is open; then show it as often as the parent wants."""
        self._say("found")
        while True:
            for round in range(ROUNDS + 2):
                for order in self._unknown():
                    if order.candidates or round >= ROUNDS:
                        await self.desk.send(Settle(client_order_id=order.id, ref=self._true_ref(order.id), by="cli"))
                await self._ask_again()
                await self.clock.sleep(0.01)
                if not any(order.status in UNSETTLED for order in self.state.live_orders()):
                    break
            if self._say("settled") != b"again":
                die()
            await self.clock.sleep(0.1)

    def _true_ref(self, id: ClientOrderId) -> VenueRef | None:
        """The person looks at the venue's own screen."""
        for line in (self.job.folder / "ledger.jsonl").read_bytes().splitlines():
            deed = msgspec.json.decode(line)
            if deed["what"] == "accepted" and deed.get("intent") == id:
                return VenueRef(deed["ref"])
        return None

    def _say(self, what: str) -> bytes:
        """Show what there is, and wait until it was compared: the ledger must not run ahead of the picture."""
        self.parent.send(msgspec.json.encode({"say": what, **picture(self.state)}))
        return self.parent.recv(100)


def picture(state: State) -> dict[str, Any]:
    held: dict[tuple[AccountId, InstrumentId], Decimal] = {}
    for fill in state.fills:
        place = (fill.account, fill.instrument)
        held[place] = held.get(place, Decimal(0)) + fill.side.sign * fill.quantity
    unexplained = [
        f"{place}: {position.quantity} held, {held.get(place, 0)} by fills"
        for place, position in state.positions.items()
        if position.quantity != held.get(place, 0)
    ]
    return {
        "orders": {
            id: [order.status, str(order.quantity), str(order.filled), list(order.refs), order.binding]
            for id, order in state.orders.items()
        },
        "unexplained": [*unexplained, *(f"{place} is frozen" for place in state.frozen)],
    }


def begin(job: Job, control: socket.socket) -> tuple[int, socket.socket]:
    """Fork one life. Returns its process id and the end of the line on which it speaks."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    for end in (ours, theirs):
        end.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1 << 20)
    child = os.fork()
    if child:
        theirs.close()
        return child, ours
    try:
        ours.close()
        asyncio.run(_run(job, theirs, control))
    except BaseException as error:
        text = "".join(traceback.format_exception(error))[-3000:]
        theirs.send(msgspec.json.encode({"say": "fell", "text": text}))
    finally:
        os._exit(1)


async def _run(job: Job, parent: socket.socket, control: socket.socket) -> None:
    await Life(job, parent, control).live()
