"""Chases and slices against a venue that loses answers, tells late and twice, refuses, and races cancels with fills,
while hoga is paused, panics and is killed at any event of its journal. The venue keeps its own account of what is true:

- slices together never exceed what was asked for, whatever was told when;
- neither a slice nor a move follows the one before within a second;
- a chase never leaves its room, moves on live quotes of an open market alone, and never with a move under way;
- nothing leaves while trading is not ACTIVE, and nothing at all once somebody ended it;
- at the end the whole says exactly what was filled.

    python -m tests.properties.algos [--worlds N] [--seed S] [--json]
"""

from __future__ import annotations

import argparse
import sys
from decimal import Decimal
from random import Random
from typing import Any

import msgspec

from core.domain.account import TradingState
from core.domain.algo import Chase, Peg, Twap
from core.domain.commands import Cancel, Panic, SendCancel, SendOrder, SendReplace, SetTradingState, Submit, Tick
from core.domain.events import (
    DURABLE,
    GateChanged,
    OrderAccepted,
    OrderCanceled,
    OrderDenied,
    OrderFilled,
    OrderNotPlaced,
    OrderRejected,
    OrderReplaced,
    OrderRequested,
    OrderSending,
    OrderUnknown,
    PhaseChanged,
)
from core.domain.ids import ClientOrderId, VenueRef
from core.domain.limits import RiskLimits
from core.domain.market import NS, Freshness, Phase
from core.domain.order import OrderStatus, OrderType, RequestPhase
from tests import scenes
from tests.scenes import ACCOUNT, START

FREE = RiskLimits(**dict.fromkeys(RiskLimits.__struct_fields__))
STEP = NS // 4
MOST, BEGUN = 3, Decimal(70_900)
ROOM = (Decimal(70_600), Decimal(71_200))


class Theirs(msgspec.Struct):
    """An order as the venue truly has it."""

    quantity: Decimal
    limit: Decimal | None
    is_there: bool = True
    is_live: bool = True
    filled: Decimal = Decimal(0)
    fills: list[Any] = []


class Killed(Exception):
    pass


class World:
    def __init__(self, seed: int) -> None:
        self.chance = Random(seed)
        self.now = START
        self.journal: list[Any] = []
        self.theirs: dict[ClientOrderId, Theirs] = {}
        self.told: list[tuple[int, Any]] = []
        self.sent_at = self.moved_at = -(10**20)
        self.beats = 10**9
        self.bid, self.freshness, self.phase = 70_900.0, Freshness.LIVE, Phase.OPEN
        self.is_ended = self.is_chase = False
        self.counts = dict.fromkeys(
            ("slices", "moves", "unknown", "late fills", "kills", "doubled", "filled whole", "left undone", "capped"), 0
        )
        self.engine = scenes.engine(FREE, cash="100000000000")
        self.root = ClientOrderId("")

    # --- hoga -----------------------------------------------------------------------------------------------------

    def step(self, message: Any) -> None:
        """One message; the journal before the wire. Raises Killed where the process dies in between."""
        out = list(self.engine.step(message, self.now))
        if isinstance(message, OrderSending):
            out.insert(0, message)
        durable = [item for item in out if isinstance(item, DURABLE)]
        if durable and self.root and self.chance.random() < 0.01:
            self.journal += durable[: self.chance.randrange(len(durable) + 1)]
            raise Killed
        self.journal += durable
        for item in out:
            if isinstance(item, SendOrder):
                self.send(item.client_order_id)
            elif isinstance(item, SendCancel):
                self.cancel(item.client_order_id)
            elif isinstance(item, SendReplace):
                self.move(item.client_order_id)

    def start_again(self) -> None:
        """Another process on the same journal; the venue is read before anything leaves."""
        self.counts["kills"] += 1
        self.engine = scenes.engine(FREE, cash="100000000000")
        for event in self.journal:
            self.engine.restore(event)
        closed = GateChanged(ts=self.now, account=ACCOUNT, is_open=False, text="reading")
        self.engine.step(closed, self.now)
        self.told.clear()
        try:
            settle_interrupted(self)
        except Killed:
            return self.start_again()
        for id, theirs in self.theirs.items():
            self.retell(id, theirs)
        self.tell(2 * NS, GateChanged(ts=self.now, account=ACCOUNT, is_open=True))

    def retell(self, id: ClientOrderId, theirs: Theirs) -> None:
        at = NS
        if not theirs.is_there:
            self.tell(at, OrderNotPlaced(ts=self.now, client_order_id=id, text="absent"))
            return
        self.tell(at, OrderAccepted(ts=self.now, client_order_id=id, ref=VenueRef(f"v{id[-8:]}")))
        for fill in theirs.fills:
            self.tell(at, OrderFilled(ts=self.now, fill=fill))
        if not theirs.is_live and theirs.filled < theirs.quantity:
            self.tell(at, OrderCanceled(ts=self.now, client_order_id=id, text="gone"))

    # --- the venue ------------------------------------------------------------------------------------------------

    def tell(self, after: int, event: Any) -> None:
        self.told.append((self.now + after, event))
        if self.chance.random() < 0.15:
            self.counts["doubled"] += 1
            self.told.append((self.now + after + self.chance.randrange(NS), event))

    def send(self, id: ClientOrderId) -> None:
        order = self.engine.state.orders[id]
        if order.request.slice_of is not None:
            self.check_slice(order)
        self.step(OrderSending(ts=self.now, client_order_id=id))
        theirs = self.theirs[id] = Theirs(order.quantity, order.limit_price)
        luck, accepted = (
            self.chance.random(),
            OrderAccepted(ts=self.now, client_order_id=id, ref=VenueRef(f"v{id[-8:]}")),
        )
        if luck < 0.75:
            self.tell(self.chance.randrange(NS // 2), accepted)
        elif luck < 0.82:
            theirs.is_there = theirs.is_live = False
            self.tell(0, OrderRejected(ts=self.now, client_order_id=id, code="no", text="no"))
        else:
            self.counts["unknown"] += 1
            self.tell(NS, OrderUnknown(ts=self.now, client_order_id=id, text="no answer"))
            theirs.is_there = theirs.is_live = luck < 0.92
            found = accepted if theirs.is_there else OrderNotPlaced(ts=self.now, client_order_id=id, text="absent")
            self.tell(NS + self.chance.randrange(15 * NS), found)

    def cancel(self, id: ClientOrderId) -> None:
        theirs = self.theirs.get(id)
        if theirs is None or self.chance.random() < 0.1:
            return  # lost on its way
        if theirs.is_live:
            theirs.is_live = False
            self.tell(self.chance.randrange(NS // 2), OrderCanceled(ts=self.now, client_order_id=id, text="asked"))

    def move(self, id: ClientOrderId) -> None:
        order, theirs = self.engine.state.orders[id], self.theirs[id]
        wish = order.requested
        assert wish is not None and wish.limit_price is not None
        self.check_move(wish.limit_price)
        luck = self.chance.random()
        if luck < 0.9 and theirs.is_live:
            theirs.limit = wish.limit_price
        if luck < 0.85 and theirs.is_live:
            new = OrderReplaced(ts=self.now, client_order_id=id, quantity=order.quantity, limit_price=wish.limit_price)
            self.tell(self.chance.randrange(NS // 2), new)
        else:
            phase = RequestPhase.UNKNOWN if luck < 0.95 else RequestPhase.REFUSED
            lost = msgspec.structs.replace(wish, phase=phase)
            self.tell(NS // 4, OrderRequested(ts=self.now, client_order_id=id, requested=lost))

    def trade(self) -> None:
        for id, theirs in self.theirs.items():
            if theirs.is_live and self.chance.random() < (0.01 if self.is_chase else 0.08):
                left = theirs.quantity - theirs.filled
                part = left if self.chance.random() < 0.5 else Decimal(self.chance.randint(1, int(left)))
                fill = scenes.fill("buy", str(part), "71000", order=id, ts=self.now)
                theirs.filled += part
                theirs.is_live = theirs.filled < theirs.quantity
                theirs.fills.append(fill)
                self.tell(self.chance.randrange(NS * 6 // 5), OrderFilled(ts=self.now, fill=fill))

    # --- what must hold -------------------------------------------------------------------------------------------

    def check_slice(self, order: Any) -> None:
        root = self.engine.state.orders[order.request.slice_of]
        given = sum((t.quantity if t.is_live else t.filled for t in self.theirs.values()), Decimal(0))
        assert given + order.quantity <= root.quantity, "more than was asked for"
        assert self.now - self.sent_at >= NS, "two slices within a second"
        assert not self.is_ended and root.status is OrderStatus.HELD, "after its end"
        assert self.engine.state.trading_state(ACCOUNT) is TradingState.ACTIVE
        self.sent_at = self.now
        self.counts["slices"] += 1

    def check_move(self, limit: Decimal) -> None:
        assert ROOM[0] <= limit <= ROOM[1], "out of its room"
        assert self.now - self.moved_at >= NS, "two moves within a second"
        assert self.freshness is Freshness.LIVE and self.phase is Phase.OPEN
        assert not self.is_ended, "after its end"
        self.moved_at = self.now
        self.counts["moves"] += 1

    # --- a life ---------------------------------------------------------------------------------------------------

    def live(self, algo: Chase | Twap, seconds: int) -> None:
        self.is_chase = isinstance(algo, Chase)
        price = "70900" if algo.peg is not None else None
        kind = {} if price else {"type": OrderType.MARKET}
        request = scenes.request("buy", "100", price, algo=algo, **kind)
        self.guarded(lambda: self.quote(0))
        self.guarded(lambda: self.step(Submit(request=request)))
        self.root = request.client_order_id
        self.beats = seconds * 4
        for beat in range(self.beats):
            self.guarded(lambda beat=beat: self.beat(beat, is_calm=beat > seconds * 3))

    def guarded(self, act: Any) -> None:
        try:
            act()
        except Killed:
            self.start_again()

    def beat(self, beat: int, *, is_calm: bool) -> None:
        self.now += STEP + self.chance.randrange(STEP // 5)
        if beat < self.beats - 20:
            self.trade()  # then all of it has been told when the world ends
        due = [event for at, event in self.told if at <= self.now]
        self.told = [(at, event) for at, event in self.told if at > self.now]
        self.chance.shuffle(due)
        due.sort(key=lambda event: isinstance(event, GateChanged))
        for n, event in enumerate(due):
            try:
                self.hear(event)
            except Killed:
                self.told += [(self.now, other) for other in due[n + 1 :]]
                raise
        self.quote(beat)
        if beat % 4 == 0:
            self.step(Tick())
        if self.chance.random() < 0.006 or is_calm:
            self.meddle(is_calm=is_calm)

    def hear(self, event: Any) -> None:
        id = event.fill.client_order_id if isinstance(event, OrderFilled) else getattr(event, "client_order_id", None)
        if isinstance(event, OrderFilled) and self.engine.state.orders[id].status.is_end:
            self.counts["late fills"] += 1
        self.step(event)

    def quote(self, beat: int) -> None:
        self.bid = max(70_000.0, self.bid + 100 * self.chance.choice((-1, 0, 0, 0, 1)))
        if self.chance.random() < 0.03:
            self.freshness = self.chance.choice((*[Freshness.LIVE] * 4, Freshness.STALE, Freshness.DELAYED))
        made = scenes.quote(self.bid, self.bid + 100, self.now)
        self.step(msgspec.structs.replace(made, freshness=self.freshness))

    def meddle(self, *, is_calm: bool) -> None:
        luck = self.chance.random()
        if is_calm or luck < 0.5:
            self.freshness = Freshness.LIVE
            if self.phase is not Phase.OPEN:
                self.phase = Phase.OPEN
                self.step(PhaseChanged(ts=self.now, market="XKRX", phase=Phase.OPEN))
            self.step(SetTradingState(state=TradingState.ACTIVE))
        elif luck < 0.75:
            self.step(SetTradingState(state=self.chance.choice(tuple(TradingState))))
        elif luck < 0.9:
            self.phase = self.chance.choice((Phase.AUCTION, Phase.CLOSED, Phase.OPEN))
            self.step(PhaseChanged(ts=self.now, market="XKRX", phase=self.phase))
        elif self.chance.random() < 0.3 and self.root in self.engine.state.orders:
            self.step(Panic() if luck < 0.95 else Cancel(client_order_id=self.root))
            self.is_ended = True  # one that dies with the process before it is journalled ends nothing


def settle_interrupted(world: World) -> None:
    """What the runner does with a journal that ends in the middle."""
    for order in list(world.engine.state.live_orders()):
        if order.status is OrderStatus.STAGED:
            said = {"rule": "restart", "limit": "", "actual": "", "text": "restarted"}
            world.step(OrderDenied(ts=world.now, request=order.request, **said))
        elif order.status is OrderStatus.SENDING:
            world.step(OrderUnknown(ts=world.now, client_order_id=order.id, text="restarted"))
            world.theirs.setdefault(order.id, Theirs(order.quantity, None, is_there=False, is_live=False))
        elif order.requested is not None and order.requested.phase is RequestPhase.SENDING:
            lost = msgspec.structs.replace(order.requested, phase=RequestPhase.UNKNOWN)
            world.step(OrderRequested(ts=world.now, client_order_id=order.id, requested=lost))


def one_world(seed: int) -> World:
    world = World(seed)
    peg = Peg(anchor="bid") if world.chance.random() < 0.7 else None
    is_chase = world.chance.random() < 0.4
    twap = Twap(duration=40 * NS, slices=world.chance.choice((2, 7, 10, 40)), peg=peg)
    world.live(Chase(most=MOST, peg=Peg(anchor="bid")) if is_chase else twap, 100)
    state, theirs = world.engine.state, world.theirs.values()
    root = state.orders.get(world.root)
    if root is None:
        assert not world.theirs, "killed before it was journalled: nothing may have left"
        return world
    truth = sum((t.filled for t in theirs), Decimal(0))
    assert truth <= 100, "over-filled at the venue"
    if any(order.status in (OrderStatus.UNKNOWN, OrderStatus.SENDING) for order in state.live_orders()):
        return world
    assert root.filled == truth, f"it says {root.filled}, {truth} were filled"
    if not is_chase:
        assert root.status.is_end, f"its time is over and it is {root.status}"
        assert not any(t.is_live for t in theirs), "a slice is left behind"
        world.counts["filled whole" if root.status is OrderStatus.FILLED else "left undone"] += 1
    elif "rests there" in root.stopped:
        world.counts["capped"] += 1
    return world


def every_point(seed: int) -> int:
    """The journal of one life, cut at every event: what goes on from there never exceeds what was asked for, though all
    that may have left is filled."""
    world = World(seed)
    world.live(Twap(duration=20 * NS, slices=10, peg=Peg(anchor="bid")), 25)
    journal = list(world.journal)
    for cut in range(len(journal) + 1):
        again = World(seed)
        again.chance.random = lambda: 0.5  # type: ignore[method-assign]
        again.journal, again.now = journal[:cut], journal[cut - 1].ts if cut else START
        sent = {e.client_order_id for e in again.journal if isinstance(e, OrderSending)}
        fold(again, sent)
        for beat in range(4 * 30):
            again.beat(beat, is_calm=False)
        assert sum((t.filled for t in again.theirs.values()), Decimal(0)) <= 100, f"cut at {cut} of seed {seed}"
    return len(journal) + 1


def fold(world: World, sent: set[ClientOrderId]) -> None:
    for event in world.journal:
        world.engine.restore(event)
    for id in sent:
        order = world.engine.state.orders[id]
        if order.status is OrderStatus.CANCELED or order.status is OrderStatus.REJECTED:
            world.theirs[id] = Theirs(order.quantity, None, is_live=False, filled=order.filled)
        elif order.status is OrderStatus.NOT_PLACED:
            world.theirs[id] = Theirs(order.quantity, None, is_there=False, is_live=False)
        else:
            left = order.quantity - order.filled
            world.theirs[id] = Theirs(order.quantity, None, is_live=False, filled=order.quantity)
            if left:
                fill = scenes.fill("buy", str(left), "71000", order=id, ts=world.now)
                world.theirs[id].fills.append(fill)
    settle_interrupted(world)
    for theirs in world.theirs.values():
        for fill in theirs.fills:
            world.tell(world.chance.randrange(20 * NS), OrderFilled(ts=world.now, fill=fill))


def run(worlds: int, seed: int) -> dict[str, int]:
    report: dict[str, int] = {"seed": seed, "worlds": worlds}
    for number in range(worlds):
        try:
            made = one_world(seed * 1_000_003 + number)
        except AssertionError as error:
            raise AssertionError(f"world {seed * 1_000_003 + number}: {error}") from error
        for name, count in made.counts.items():
            report[name] = report.get(name, 0) + count
    report["cuts"] = every_point(seed)
    return report


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.properties.algos")
    parser.add_argument("--worlds", type=int, default=5_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args()
    report = run(asked.worlds, asked.seed)
    if asked.json:
        sys.stdout.write(msgspec.json.encode(report).decode() + "\n")
    else:
        sys.stdout.write("".join(f"{name:20} {value}\n" for name, value in report.items()))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
