"""Kills the program over and over and compares what each start found with what the one before had journalled. Run as
`python -m tests.core.runtime.kill_harness FOLDER KILLS SEED`: it prints a report in JSON. Everything is imported once;
each run is a fork made before any thread exists. Half of the runs die at a moment the parent chooses, half by their own
hand at one of the awaits of an order's way.
"""

from __future__ import annotations

import asyncio
import json
import os
import select
import signal
import sys
from collections import Counter
from decimal import Decimal
from pathlib import Path
from random import Random
from typing import Any

from core.clock import SystemClock
from core.config import Settings
from core.domain.commands import (
    Cancel,
    CancelAll,
    Close,
    EditWatchlist,
    ListEdit,
    Replace,
    SetAlert,
    Submit,
    WriteNote,
)
from core.domain.events import (
    BalanceChanged,
    OrderFilled,
    OrderHeld,
    OrderSending,
    OrderStaged,
    PhaseChanged,
    RateChanged,
)
from core.domain.limits import RiskLimits
from core.domain.market import Aggressor, Phase, Trade
from core.domain.order import OrderType
from core.trading.state import State
from storage.journal import Journal, verify
from tests import scenes
from tests.scenes import ACCOUNT, INSTRUMENTS, KRW, SAMSUNG, USD
from tui.compose import Program, paper_broker

CASH = {KRW: Decimal(100_000_000), USD: Decimal(100_000)}
POINTS = (
    *("before append", "after append", "before claim", "after claim"),
    *("before submit", "after submit", "before cancel", "after cancel"),
)
LIMITS = RiskLimits(
    max_orders_per_second=None,
    max_orders_per_minute=None,
    max_orders_per_minute_all=None,
    max_trades_per_day=None,
    forbid_self_cross=False,
    duplicate_window_seconds=None,
    max_open_orders=40,
)


# --- the child -------------------------------------------------------------------------------------------------------


class Run:
    """One life of the program: it trades as fast as it can until it is killed."""

    def __init__(self, folder: Path, random: Random, point: str, count: int) -> None:
        self.folder, self.random = folder, random
        self._point, self._left = point, count
        clock = SystemClock()
        settings = Settings(risk=LIMITS)
        self.broker = paper_broker(settings, clock, INSTRUMENTS, cash=CASH)
        journal = Journal.open(folder / "journal.db", boot_id="kill")
        self.program = Program(settings, journal, self.broker, clock=clock, is_driven=True)
        self.clock = clock
        self.wire = os.open(folder / "wire.log", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        self._around(journal, "append")
        self._around(journal, "claim")
        self._around(self.broker, "cancel")
        submit = self.broker.submit

        async def write(prepared: Any, permit: Any) -> Any:
            self._die("before submit")
            os.write(self.wire, f"{prepared.client_order_id}\n".encode())
            answer = await submit(prepared, permit)
            self._die("after submit")
            return answer

        self.broker.submit = write  # type: ignore[method-assign]

    def _around(self, owner: Any, name: str) -> None:
        real = getattr(owner, name)

        async def call(*args: Any) -> Any:
            self._die(f"before {name}")
            answer = await real(*args)
            self._die(f"after {name}")
            return answer

        setattr(owner, name, call)

    def _die(self, here: str) -> None:
        if here == self._point:
            self._left -= 1
            if self._left < 0:
                os.kill(os.getpid(), signal.SIGKILL)

    async def live(self, found: Path, ready: int) -> None:
        await self.program.prepare()
        found.write_text(json.dumps(picture(self.program.engine.state)))
        os.write(ready, b"r")
        opened = asyncio.Event()
        async with asyncio.TaskGroup() as group:
            group.create_task(self.program.runner.run(opened))
            await opened.wait()
            group.create_task(self._pump())
            now = self.clock.now()
            for market in ("XKRX", "XNAS"):
                self._market(PhaseChanged(ts=now, market=market, phase=Phase.OPEN))
            self.program.runner.feed(RateChanged(ts=now, currency=USD, base=KRW, rate=Decimal(1400)))
            self._quote()
            while True:
                await self._act()

    async def _pump(self) -> None:
        while True:
            for event in self.broker.take():
                self.program.runner.feed(event)
            await self.clock.sleep(self.random.choice((0, 0, 0.0003)))

    def _market(self, event: Any) -> None:
        self.program.runner.feed(event)
        self.broker.on_market(event)

    def _quote(self) -> None:
        bid = 70_000 + 100 * self.random.randrange(20)
        self._market(scenes.quote(bid, bid + 100, self.clock.now()))

    async def _act(self) -> None:
        """A market that moves, and somebody who cannot make up his mind."""
        random, desk = self.random, self.program.desk
        self._quote()
        if random.random() < 0.5:
            now = self.clock.now()
            price = 70_000.0 + 100 * random.randrange(20)
            self._market(Trade(SAMSUNG, price, 50, random.choice(list(Aggressor)), now, now))
        await self._keep()
        live = list(self.program.engine.state.live)
        for _ in range(random.randrange(3)):
            choice = random.random()
            if choice < 0.6 or not live:
                side = random.choice(["buy", "buy", "sell"])
                price = str(70_000 + 100 * random.randrange(20)) if random.random() < 0.8 else None
                more = {} if price else {"type": OrderType.MARKET}
                if side == "buy" and price and random.random() < 0.4:  # a bracket: its legs die and rise with it
                    more |= {"stop_loss": Decimal(price) - 500, "take_profit": Decimal(price) + 400}
                request = scenes.request(side, str(random.randrange(1, 40)), price, id=desk.new_order_id(), **more)
                await desk.send(Submit(request=request))
            elif choice < 0.8:
                await desk.send(Cancel(client_order_id=random.choice(live)))
            elif choice < 0.92:
                limit = Decimal(70_000 + 100 * random.randrange(20))
                await desk.send(Replace(client_order_id=random.choice(live), limit_price=limit))
            elif choice < 0.97:
                await desk.send(Close(client_order_id=desk.new_order_id(), account=ACCOUNT, instrument=SAMSUNG))
            else:
                await desk.send(CancelAll())
        await self.clock.sleep(random.choice((0, 0.001, 0.004)))

    async def _keep(self) -> None:
        """Somebody who also edits lists, arms alerts and writes notes."""
        random, desk = self.random, self.program.desk
        if random.random() < 0.2:
            edit = random.choice((ListEdit.MAKE, ListEdit.ADD, ListEdit.REMOVE, ListEdit.DELETE))
            await desk.send(EditWatchlist(name=random.choice(("main", "mine")), edit=edit, instrument=SAMSUNG))
        if random.random() < 0.2:
            price = Decimal(70_000 + 100 * random.randrange(20))
            await desk.send(SetAlert(instrument=SAMSUNG, above=random.random() < 0.5, price=price))
        if random.random() < 0.2:
            await desk.send(WriteNote(subject=f"instrument:{SAMSUNG}", text=str(random.randrange(100))))


def picture(state: State) -> dict[str, Any]:
    """What must be the same before and after: every order, every holding with its costs, every balance, the day, and
    what people keep."""
    return {
        "orders": {
            id: [o.status.value, str(o.quantity), str(o.filled), str(o.limit_price), o.request.parent]
            for id, o in state.orders.items()
        },
        "positions": {
            "|".join(place): [str(p.quantity), str(p.cost), str(p.realised), str(p.fees), str(p.taxes), str(p.day_cash)]
            for place, p in state.positions.items()
        },
        "balances": {c: str(b.total) for (_, c), b in state.balances.items()},
        "days": dict(state.days),
        "kept": {
            "lists": {name: None if ids is None else list(ids) for name, ids in state.kept.watchlists.items()},
            "alerts": [*state.kept.alerts, state.kept.alert_count],
            "fired": {id: event.price for id, (_, event) in state.kept.fired.items()},
            "notes": dict(state.kept.notes),
        },
    }


# --- the parent ------------------------------------------------------------------------------------------------------


class Ledger:
    """Everything the parent checks, from the journal and from what the venue was handed."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.problems: list[str] = []
        self.counts: Counter[str] = Counter()
        self._before: dict[str, Any] | None = None

    def check(self, run: int, found: Path) -> None:
        say = lambda text: self.problems.append(f"run {run}: {text}")  # noqa: E731
        if self._before is not None and found.exists():
            self._compare(json.loads(found.read_text()), self._before, say)
        state, events = State(KRW), []
        for _, event in Journal.open(self.folder / "journal.db", read_only=True).replay():
            state.apply(event)
            events.append(event)
        self._before = picture(state)
        self._wire(events, say)
        self._money(state, events, say)
        checked = verify(self.folder / "journal.db")
        if checked.first_bad is not None:
            say(checked.text)
        self.counts["events"] = len(events)
        self.counts["fills"] = len(state.fills)
        self.counts["orders"] = len(state.orders)
        self.counts["alerts fired"] = len(state.kept.fired)
        statuses = Counter(order.status.value for order in state.orders.values())
        self.counts["interrupted"] += statuses["sending"] + statuses["unknown"]
        self.counts["never sent"] += statuses["staged"]

    @staticmethod
    def _compare(after: dict[str, Any], before: dict[str, Any], say: Any) -> None:
        settled = {"staged": "denied", "sending": "unknown"}
        for id, terms in before["orders"].items():
            wanted = [settled.get(terms[0], terms[0]), *terms[1:]]
            entry = before["orders"].get(terms[4])
            # A leg ends with an entry that never left; an exit of that moment is not sent later.
            if terms[0] == "held" and (entry is None or entry[0] == "staged"):
                wanted[0] = "canceled"
            found = after["orders"].get(id)
            if terms[0] == "held" and found is not None:
                wanted[1] = found[1]  # it covers what an exit of that moment would have closed
            if found != wanted:
                say(f"order {id} was {terms} and is {after['orders'].get(id)}")
        # The start denies a leg that was STAGED, and holds the next one in its place.
        new = [terms for id, terms in after["orders"].items() if id not in before["orders"]]
        if any(terms[0] != "held" for terms in new):
            say("there are orders nobody had journalled")
        for part in ("positions", "balances", "days", "kept"):
            if after[part] != before[part]:
                say(f"{part} were {before[part]} and are {after[part]}")

    def _wire(self, events: list[Any], say: Any) -> None:
        path = self.folder / "wire.log"
        written = path.read_text().split() if path.exists() else []
        staged = Counter(e.request.client_order_id for e in events if isinstance(e, OrderStaged))
        held = Counter(e.request.client_order_id for e in events if isinstance(e, OrderHeld))
        sending = Counter(e.client_order_id for e in events if isinstance(e, OrderSending))
        for id, count in Counter(written).items():
            if count > 1:
                say(f"{id} went out {count} times")
            if sending[id] != 1:
                say(f"{id} went out and stands {sending[id]} times as SENDING in the journal")
        self.counts["held"] = len(held)
        self.counts["legs sent"] = len(held.keys() & set(written))
        for kind, counted in (("HELD", held), ("STAGED", staged), ("SENDING", sending)):
            twice = [id for id, count in counted.items() if count > 1]
            if twice:
                say(f"{twice} are {kind} twice")
        self.counts["sent"] = len(written)

    def _money(self, state: State, events: list[Any], say: Any) -> None:
        """Fills and cash are journalled together: the cash there is, is the opening cash less what fills cost."""
        cash = Decimal(CASH[KRW])
        quantity = Decimal(0)
        for fill in (e.fill for e in events if isinstance(e, OrderFilled)):
            cash -= fill.side.sign * fill.quantity * fill.price * fill.multiplier + fill.fee + fill.tax
            quantity += fill.side.sign * fill.quantity
        if state.position(ACCOUNT, SAMSUNG).quantity != quantity:
            say(f"the position is {state.position(ACCOUNT, SAMSUNG).quantity}, the fills make {quantity}")
        told = [e.total for e in events if isinstance(e, BalanceChanged) and e.currency == KRW]
        if told and state.balances[(ACCOUNT, KRW)].total != cash:
            say(f"cash is {state.balances[(ACCOUNT, KRW)].total}, the fills leave {cash}")
        for order in state.orders.values():
            filled = sum((f.quantity for f in state.fills if f.client_order_id == order.id), Decimal(0))
            if filled != order.filled:
                say(f"order {order.id} says {order.filled} filled, its fills {filled}")


def life(folder: Path, run: int, seed: int, point: str, count: int) -> tuple[int, int]:
    """Fork one life; returns its process id and the end of a pipe on which it says that it has recovered."""
    reader, writer = os.pipe()
    child = os.fork()
    if child:
        os.close(writer)
        return child, reader
    os.close(reader)
    code = 1
    try:
        asyncio.run(Run(folder, Random(seed), point, count).live(folder / f"found-{run}.json", writer))
    except BaseException as error:
        import traceback

        (folder / f"crash-{run}.txt").write_text("".join(traceback.format_exception(error)))
    finally:
        os._exit(code)


def kill(folder: Path, kills: int, seed: int) -> Ledger:
    random = Random(seed)
    ledger = Ledger(folder)
    for run in range(kills):
        by_itself = run % 2 == 1
        point = random.choice(POINTS) if by_itself else ""
        child, reader = life(folder, run, seed * 1000 + run, point, random.randrange(12))
        ready = select.select([reader], [], [], 30)[0] and os.read(reader, 1)
        # Some die while they start.
        select.select([], [], [], random.uniform(0.01, 0.12) if ready and not by_itself else 0)
        if by_itself:
            select.select([reader], [], [], 0.4)  # its end of the pipe closes when it dies
        os.kill(child, signal.SIGKILL)
        _, status = os.waitpid(child, 0)
        os.close(reader)
        ledger.counts["kills"] += os.WIFSIGNALED(status)
        crash = folder / f"crash-{run}.txt"
        if crash.exists():
            ledger.problems.append(f"run {run} fell: {crash.read_text()[-2000:]}")
        ledger.check(run, folder / f"found-{run}.json")
    return ledger


def main() -> None:
    folder, kills, seed = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
    ledger = kill(folder, kills, seed)
    print(json.dumps({"problems": ledger.problems[:20], "counts": dict(ledger.counts)}))


if __name__ == "__main__":
    main()
