"""Whose money: orders of four accounts in two modes through one engine; accounts are named alike on purpose, and
adapters mix things up on purpose: they seal for another account, for the other mode, another order, or hand a sound
order to the other wire. What reaches a wire is compared with what was asked for. Nothing may cross."""

from __future__ import annotations

import asyncio
import tempfile
from collections import Counter, deque
from collections.abc import AsyncIterator
from decimal import Decimal
from pathlib import Path
from random import Random
from time import perf_counter
from typing import Any, Generic

import msgspec

from brokers.endpoint import Endpoint, assert_endpoint
from core.clock import ManualClock, SystemClock
from core.domain.account import Account, Balance, Mode
from core.domain.commands import Submit, Unlock
from core.domain.events import Event, OrderFilled, PhaseChanged
from core.domain.ids import AccountId, ClientOrderId, FillId, VenueRef, account_id, derived_client_order_id, tail_of
from core.domain.market import Phase
from core.domain.order import Fill, Order, OrderRequest, OrderStatus, OrderType, Side, TimeInForce
from core.ports import Absent, Accepted, Capabilities, Coverage, Door, LiveOrder, P, PaperOrder, SendPermit, Snapshot
from core.runtime.runner import Runner
from core.trading.engine import Engine
from storage.journal import Journal
from tests import scenes
from tests.chaos.soak import LIMITS, MEMORY
from tests.scenes import INSTRUMENTS, KRW, SAMSUNG, START

POINTS, MID, SHORT = 100_000, 10_000, 500
NAMES = ("main", "main2", "pension", "Main")
BURST, OPEN_ENDS = 16, 12
DOORS = (
    Door(mode=Mode.LIVE, hosts=frozenset({"real.example"}), port=9443, mark="T"),
    Door(mode=Mode.PAPER, hosts=frozenset({"play.example"}), port=29443, mark="V"),
)
SABOTAGE = {"another account": 0.01, "the other mode": 0.01, "another order": 0.01, "the other wire": 0.01}
CASH = (Balance(currency=KRW, total=Decimal(10) ** 13, available=Decimal(10) ** 13),)
CLOCK = SystemClock()


class Sealed(msgspec.Struct):
    """The body of an order."""

    id: ClientOrderId
    account: AccountId


class Wire(Generic[P]):
    """An adapter and the wire behind it. `written` is what left, as a listener on the line would see it."""

    def __init__(self, name: str, kind: type[P], random: Random) -> None:
        self.name, self.random = name, random
        door = next(door for door in DOORS if door.mode is kind.mode)
        self.endpoint: Endpoint[P] = Endpoint(url=f"https://{min(door.hosts)}:{door.port}", kind=kind, doors=DOORS)
        self.host, self.port, self.mark = min(door.hosts), door.port, door.mark
        self.capabilities = Capabilities(
            order_types=frozenset({OrderType.LIMIT}),
            times_in_force=frozenset(TimeInForce),
            has_client_ids=True,
            doors=DOORS,
            paper=kind is PaperOrder,
        )
        self.other: Any = self
        self.written: list[tuple[Mode, AccountId, ClientOrderId]] = []
        self.mixed: Counter[str] = Counter()
        self.mixed_ids: dict[ClientOrderId, str] = {}
        self.stream: deque[Event] = deque()
        self._requests: dict[ClientOrderId, OrderRequest] = {}

    def _drawn(self, id: ClientOrderId) -> str:
        draw = self.random.random()
        for name, rate in SABOTAGE.items():
            draw -= rate
            if draw < 0:
                self.mixed[name] += 1
                self.mixed_ids[id] = name
                return name
        return ""

    def prepare(self, order: Order) -> Any:
        wrong = self._drawn(order.id)
        self._requests[order.id] = order.request
        id, account = order.id, order.account
        if wrong == "another account":
            account = account_id(self.name, NAMES[(NAMES.index(account.partition(":")[2]) + 1) % len(NAMES)])
        elif wrong == "the other mode":
            return self.other.sealed(id, account)
        elif wrong == "another order":
            id = derived_client_order_id("foreign", id)
        return self.sealed(id, account)

    def sealed(self, id: ClientOrderId, account: AccountId) -> P:
        body = msgspec.json.encode(Sealed(id, account))
        return self.endpoint.kind(
            client_order_id=id, account=account, digest=id, body=body, mark=f"{self.mark}TTC0802U"
        )

    async def submit(self, prepared: Any, permit: SendPermit) -> Accepted:
        id = prepared.client_order_id
        wire: Wire[Any] = self.other if self.mixed_ids.get(id) == "the other wire" else self
        wire.write(prepared, permit)
        request = self._requests[id]
        fill = Fill(
            fill_id=FillId(id),
            client_order_id=id,
            ref=VenueRef(id),
            account=request.account,
            instrument=SAMSUNG,
            side=request.side,
            quantity=request.quantity,
            price=Decimal(71_000),
            currency=KRW,
            ts=START,
        )
        self.stream.append(OrderFilled(ts=START, fill=fill))
        return Accepted(VenueRef(id))

    def write(self, prepared: Any, permit: SendPermit) -> None:
        """As brokers/http.py writes: its own type, its own door, then the permit, then the bytes."""
        own = self.endpoint.own(prepared)
        host, port = self.host, self.port
        assert_endpoint(DOORS, host=host, port=port, mode=own.mode, account=own.account, mark=own.mark)
        permit.spend(own)
        body = msgspec.json.decode(own.body, type=Sealed)
        self.written.append((self.endpoint.mode, body.account, body.id))

    async def accounts(self) -> list[Account]:
        mode = self.endpoint.mode
        return [Account(id=account_id(self.name, name), mode=mode, base_currency=KRW, balances=CASH) for name in NAMES]

    async def find(self, order: Order) -> Absent:
        return Absent()

    async def snapshot(self, account: AccountId) -> Snapshot:
        return Snapshot(account=account, as_of=0, orders=(), fills=(), positions={}, balances=CASH)

    async def instruments(self, search: str = "") -> list[Any]:
        return list(INSTRUMENTS)

    async def connect(self) -> None: ...
    async def close(self) -> None: ...
    async def subscribe(self, wanted: Any) -> None: ...
    async def cancel(self, order: Order) -> None: ...
    async def replace(self, order: Order, stopped: Any = str) -> None: ...

    async def events(self) -> AsyncIterator[Event]:
        await asyncio.Event().wait()
        yield  # type: ignore[misc]

    async def bars(self, *_: Any) -> Coverage:
        return Coverage(bars=(), start=None, end=None)


class Trial:
    def __init__(self, path: Path, seed: int) -> None:
        self.random, self.seed = Random(seed), seed
        self.clock = ManualClock(START)
        self.wires: list[Wire[Any]] = [
            Wire("play", PaperOrder, Random(f"{seed}/play")),
            Wire("real", LiveOrder, Random(f"{seed}/real")),
        ]
        self.wires[0].other, self.wires[1].other = self.wires[1], self.wires[0]
        self.engine = Engine(KRW, LIMITS)
        self.state = self.engine.state
        self.runner = Runner(
            self.engine, Journal.open(path, boot_id="modes"), self.clock, self.wires, is_driven=True, is_live=True
        )
        self.asked: dict[ClientOrderId, tuple[Mode, AccountId]] = {}
        self.locked_out = 0

    async def run(self, orders: int) -> None:
        opened = asyncio.Event()
        running = asyncio.ensure_future(self.runner.run(opened))
        await opened.wait()
        self.runner.feed(PhaseChanged(ts=START, market="XKRX", phase=Phase.OPEN))
        self.runner.feed(scenes.quote(71_000, 71_100))
        await self._locked()
        async with asyncio.timeout(60 + orders / 20):  # an outbox that died would be waited for without end
            while len(self.asked) < orders:
                for _ in range(min(BURST, orders - len(self.asked))):
                    self._submit()
                await self._turn()
            await self._settle()
        self.runner.stop()
        await running

    async def _locked(self) -> None:
        """Before the name of an account of real money was typed, none of its orders leaves."""
        for n, name in enumerate(NAMES):
            account = account_id("real", name)
            self.runner.ask(Submit(request=self._request(Mode.LIVE, account, f"locked {n}")))
            await self.runner.idle()
            self.locked_out += self.state.orders[derived_client_order_id(str(self.seed), f"locked {n}")].status is (
                OrderStatus.DENIED
            )
            self.runner.ask(Unlock(account=account, tail=tail_of(account)))
        await self.runner.idle()

    def _submit(self) -> None:
        wire = self.random.choice(self.wires)
        account = account_id(wire.name, self.random.choice(NAMES))
        self.runner.ask(Submit(request=self._request(wire.endpoint.mode, account, str(len(self.asked)))))

    def _request(self, mode: Mode, account: AccountId, what: str) -> OrderRequest:
        held = self.state.position(account, SAMSUNG).quantity
        free = held - self.state.working(account, SAMSUNG, Side.SELL)
        side = Side.SELL if free > 20 else Side.BUY
        id = derived_client_order_id(str(self.seed), what)
        self.asked[id] = (mode, account)
        return OrderRequest(
            client_order_id=id,
            account=account,
            instrument=SAMSUNG,
            side=side,
            quantity=Decimal(self.random.randrange(1, 5)),
            type=OrderType.LIMIT,
            limit_price=Decimal(71_100 if side is Side.BUY else 71_000),
        )

    async def _turn(self) -> None:
        await self.runner.idle()
        for wire in self.wires:
            while wire.stream:
                self.runner.feed(wire.stream.popleft())
        unknown = sum(order.status is OrderStatus.UNKNOWN for order in self.state.live_orders())
        if unknown >= OPEN_ENDS:
            await self._settle()

    async def _settle(self) -> None:
        """A wire that refused says nothing of the venue: the outbox holds such an order for UNKNOWN until it was asked
        for often enough."""
        mono = self.clock.monotonic()
        settler = self.runner.reconciler.settler
        for _ in range(4):
            self.clock.advance(31)
            mono = self.clock.monotonic()
            for order in settler.due(mono):
                settler.asked(order.id, mono)
                for event in settler.answered(order.id, Absent(), self.clock.now(), mono):
                    self.runner.feed(event)
        self.runner.feed(scenes.quote(71_000, 71_100, self.clock.now()))
        await self.runner.idle()

    def crossings(self) -> list[str]:
        wrong: list[str] = []
        for wire in self.wires:
            for mode, account, id in wire.written:
                if self.asked.get(id) != (mode, account) or not account.startswith(f"{wire.name}:"):
                    wrong.append(f"{id} for {account} left on the {mode} wire; {self.asked.get(id)} was asked for")
                if self.state.orders[id].account != account:
                    wrong.append(f"{id} is of {self.state.orders[id].account} here and left for {account}")
        counted = Counter(id for wire in self.wires for _, _, id in wire.written)
        wrong += [f"{id} left {n} times" for id, n in counted.items() if n > 1]
        mixed = {id for wire in self.wires for id in wire.mixed_ids}
        wrong += [f"{id} was mixed up and left" for id in mixed & counted.keys()]
        return wrong


def run(points: int, seed: int) -> dict[str, Any]:
    started = perf_counter()
    with tempfile.TemporaryDirectory(prefix="hoga-modes-", dir=MEMORY if MEMORY.is_dir() else None) as name:
        trial = Trial(Path(name) / "journal.db", seed)
        asyncio.run(trial.run(points))
    wrong = trial.crossings()
    ends = Counter(order.status.value for order in trial.state.orders.values())
    mixed = sum((wire.mixed for wire in trial.wires), Counter[str]())
    written = {wire.endpoint.mode.value: len(wire.written) for wire in trial.wires}
    is_sound = not wrong and trial.locked_out == len(NAMES) and min(written.values()) > points // 4
    return {
        **{"name": "modes", "seed": seed, "orders": len(trial.asked), "accounts": 2 * len(NAMES), "written": written},
        "denied_by": dict(
            Counter(o.reason[:60] for o in trial.state.orders.values() if o.status is OrderStatus.DENIED)
        ),
        **{"mixed_up_on_purpose": dict(mixed), "ends": dict(ends), "locked_out_before_unlock": trial.locked_out},
        **{"crossings": len(wrong), "examples": wrong[:10], "seconds": round(perf_counter() - started, 1)},
        "result": f"{len(wrong)} crossings, {mixed.total()} mixed up on purpose and stopped",
        "target": "0 crossings",
        "ok": is_sound,
    }
