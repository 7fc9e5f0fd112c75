"""The world of the explorer: the real engine, runner, outbox and settler, driven step by step without a loop, with a
journal and a venue so small that everything they may do can be tried. What can happen next is `actions()`; `act`
does it; `breaks` says which promise is broken."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import msgspec

import core.runtime.outbox
import core.runtime.reconciler
import core.runtime.runner
import core.runtime.scribe
from core.clock import ManualClock
from core.domain.account import Account, Mode, TradingState
from core.domain.commands import Cancel, SendOrder, SetTradingState, Submit
from core.domain.errors import OrderRejected, OutcomeUnknown
from core.domain.events import (
    AccountListed,
    FeedChanged,
    InstrumentListed,
    OrderAccepted,
    OrderCanceled,
    OrderFilled,
    PhaseChanged,
)
from core.domain.ids import ClientOrderId
from core.domain.market import Phase
from core.domain.order import Binding, Order, OrderRequest, OrderStatus, OrderType, Side
from core.ports import Absent, Accepted
from core.runtime.runner import Runner
from core.trading.engine import Engine
from tests import scenes
from tests.chaos._explore_tiny import ACCOUNT, ANSWERS, CASH, IDS, NAME, NEVER, QUANTITY, TinyJournal, TinyVenue, Wait
from tests.chaos.soak import LIMITS
from tests.scenes import KRW, SAMSUNG, START


class Scene(msgspec.Struct, frozen=True):
    """How often each may happen."""

    orders: int
    crash: int = 0
    cancel: int = 0
    halt: int = 0
    again: int = 0
    """An event of the stream that is told twice, or before its time."""
    twin: int = 0
    late: int = 0
    """An order that is taken a moment after its answer was lost."""
    fill: int = 2
    """Executions, of one share each."""


SCENES = {
    "one order, two crashes, a halt": Scene(1, crash=2, halt=1, late=1),
    "one order, a crash, a cancel, told twice": Scene(1, crash=1, cancel=1, again=1, twin=1),
    "two orders, a crash, a halt, late": Scene(2, crash=1, halt=1, twin=1, late=1),
    "two orders, a cancel, told twice": Scene(2, cancel=1, again=1),
}
"""All of it at once has more orders of events than anybody can wait for: each scene is explored to its end."""


class _Timeout:
    async def __aenter__(self) -> None: ...
    async def __aexit__(self, *_: object) -> None: ...


async def _same(call: Any) -> Any:
    return await call


class _Stepped:
    """asyncio for modules that run without a loop: nothing is a task of its own, nothing times out."""

    shield = staticmethod(_same)
    ensure_future = staticmethod(lambda call: call)
    timeout = staticmethod(lambda _: _Timeout())

    def __getattr__(self, name: str) -> Any:
        return getattr(asyncio, name)


_STEPPED: Any = _Stepped()
_MODULES: Any = (core.runtime.outbox, core.runtime.reconciler, core.runtime.runner, core.runtime.scribe)


def stepped() -> None:
    """The runtime goes without a loop from here on."""
    for module in _MODULES:
        module.asyncio = _STEPPED


def unstepped() -> None:
    for module in _MODULES:
        module.asyncio = asyncio


class World:
    def __init__(self, has_ids: bool, scene: Scene) -> None:
        self.ids = IDS[: scene.orders]
        self.clock = ManualClock(START)
        self.journal, self.venue = TinyJournal(), TinyVenue(has_ids)
        self.venue.on_write = self._written
        self.left = msgspec.structs.asdict(scene)
        self.broken: list[str] = []
        self._boot()
        self.reconcile()
        while self.writing is not None:
            self._commit()

    def _boot(self) -> None:
        """A start: the journal replayed, the market known again, nothing read of the account yet."""
        self.engine = Engine(KRW, LIMITS)
        self.state = self.engine.state
        self.writing: tuple[Any, Wait] | None = None
        self.lane: tuple[Any, Wait] | None = None
        self.cancels: list[tuple[Any, Wait]] = []
        self.permit: Any = None
        """[permit or None]: the claim is durable, and nobody here knows yet."""
        self.runner = Runner(self.engine, self.journal, self.clock, [self.venue], is_driven=True)  # type: ignore[list-item]
        self.box = self.runner.outboxes[NAME]
        self.runner.recover()
        now = self.clock.now()
        for event in (
            *(InstrumentListed(ts=now, instrument=i) for i in scenes.INSTRUMENTS[:1]),
            FeedChanged(ts=now, broker=NAME, is_connected=True),
            PhaseChanged(ts=now, market="XKRX", phase=Phase.OPEN),
            scenes.quote(71_000, 71_100, now),
            AccountListed(ts=now, account=Account(id=ACCOUNT, mode=Mode.PAPER, base_currency=KRW, balances=CASH)),
        ):
            self.runner.feed(event)
        self._pump()

    # --- what may happen ------------------------------------------------------------------------------------------

    def actions(self) -> list[tuple[str, ...]]:
        found: list[tuple[str, ...]] = []
        found += [("submit", id) for id in self.ids if id not in self.state.orders][:1]
        if self.writing is not None:
            found.append(("commit",))
        if self.lane is not None:
            wait = self.lane[1]
            if wait.what == "claim":
                found.append(("claim",) if self.permit is None else ("resume",))
            else:
                found += [("answer", kind) for kind in ANSWERS if kind != "late" or self.left["late"]]
        found += [("canceled", str(n), kind) for n in range(len(self.cancels)) for kind in ("ok", "lost")]
        if self.left["cancel"]:
            found += [("cancel", id) for id in self.state.live]
        if self.left["halt"] and self.state.orders:
            found.append(("halt",))
        if self.left["fill"]:
            found += [("fill", str(n)) for n, o in enumerate(self.venue.orders) if o.status == "open" and o.intent]
        found += [("late", str(n)) for n in range(len(self.venue.late))]
        if self.venue.stream:
            found.append(("deliver",))
            if self.left["again"]:
                found.append(("again",))
                if len(self.venue.stream) > 1:
                    found.append(("deliver last",))
        if self.left["twin"] and not self.venue.has_ids and self.venue.wire:
            found.append(("twin",))
        if self.left["crash"] and self.state.orders:
            found.append(("crash",))
        gate = self.state.gates.get(ACCOUNT)
        if (
            gate is None
            or not gate.is_open
            or any(o.status in (OrderStatus.UNKNOWN, OrderStatus.OPEN) for o in self.live())
        ):
            found.append(("reconcile",))
        return found

    def live(self) -> list[Order]:
        return [self.state.orders[id] for id in self.state.live]

    def act(self, action: tuple[str, ...]) -> None:
        match action:
            case ("submit", id):
                self.runner.ask(Submit(request=_request(ClientOrderId(id))))
            case ("commit",):
                self._commit()
            case ("claim",):
                assert self.lane is not None
                self.permit = [self.journal.commit_claim(self.lane[1].about)]
            case ("resume",):
                (permit,), self.permit = self.permit, None
                self._resume_lane(permit)
            case ("answer", kind):
                self._answer(kind)
            case ("canceled", n, kind):
                self._cancel_answer(int(n), kind)
            case ("cancel", id):
                self.left["cancel"] -= 1
                self.runner.ask(Cancel(client_order_id=ClientOrderId(id)))
            case ("halt",):
                self.left["halt"] -= 1
                self.runner.ask(SetTradingState(state=TradingState.HALTED))
            case ("fill", n):
                self.left["fill"] -= 1
                theirs = self.venue.orders[int(n)]
                theirs.filled += 1
                theirs.status = "filled" if theirs.filled == QUANTITY else "open"
                self.venue.stream.append(OrderFilled(ts=START, fill=self.venue.fill(theirs)))
            case ("late", n):
                self.venue.take(self.venue.late.pop(int(n))[0])
            case ("deliver",):
                self._deliver(self.venue.stream.pop(0))
            case ("deliver last",):
                self.left["again"] -= 1
                self._deliver(self.venue.stream.pop())
            case ("again",):
                self.left["again"] -= 1
                self._deliver(self.venue.stream[0])
            case ("twin",):
                self.left["twin"] -= 1
                self.venue.take(None)
            case ("crash",):
                self.left["crash"] -= 1
                self.venue.stream.clear()
                self._close()
                self._boot()
            case ("reconcile",):
                self.reconcile()
        self._pump()

    def _deliver(self, event: Any) -> None:
        self.runner.feed(event)

    def _commit(self) -> None:
        assert self.writing is not None
        call, wait = self.writing
        self.journal.keep(wait.about)
        self.writing = self._step(call, len(self.journal.events))
        self._pump()

    def _resume_lane(self, answer: Any) -> None:
        assert self.lane is not None
        self.lane = self._step(self.lane[0], answer)

    def _answer(self, kind: str) -> None:
        assert self.lane is not None
        id = self.lane[1].about
        lost = OutcomeUnknown(NAME, "no answer")
        answer: Any = lost
        match kind:
            case "ok":
                theirs = self.venue.take(id)
                if self.venue.has_ids:
                    self.venue.stream.append(OrderAccepted(ts=START, client_order_id=id, ref=theirs.ref))
                answer = Accepted(theirs.ref)
            case "lost":
                self.venue.take(id)
            case "late":
                self.left["late"] -= 1
                self.venue.late.append([id, 0])
            case "reject":
                answer = OrderRejected(NAME, "no", "no")
        self._resume_lane(answer)

    def _cancel_answer(self, n: int, kind: str) -> None:
        call, wait = self.cancels.pop(n)
        refs = self.state.orders[wait.about].refs if wait.about in self.state.orders else ()
        theirs = next((o for o in self.venue.orders if o.ref in refs), None)
        answer: Any = None
        if theirs is None or theirs.status != "open":
            answer = OrderRejected(NAME, "too_late", "nothing to cancel")
        else:
            theirs.status = "canceled"
            if theirs.intent is not None:
                self.venue.stream.append(OrderCanceled(ts=START, client_order_id=theirs.intent))
        if kind == "lost":
            answer = OutcomeUnknown(NAME, "no answer")
        self._again(call, answer)

    def _again(self, call: Any, answer: Any) -> None:
        waiting = self._step(call, answer)
        if waiting is not None:
            self.cancels.append(waiting)

    def reconcile(self) -> None:
        """Half a minute later the account is read, and each UNKNOWN is asked for by its id."""
        self.clock.advance(31)
        for late in list(self.venue.late):
            late[1] += 1
            if late[1] > 1:
                self.venue.late.remove(late)  # nothing is that late
        keeper = self.runner.reconciler
        self._finish(keeper.reconcile(self.venue, ACCOUNT))  # type: ignore[arg-type]
        if not self.venue.has_ids:
            return
        mono = self.clock.monotonic()
        for order in keeper.settler.due(mono):
            keeper.settler.asked(order.id, mono)
            mine = self.venue.of(order.id)
            found = self.venue.listed(mine[0]) if mine else Absent()
            for event in keeper.settler.answered(order.id, found, self.clock.now(), mono):
                self.runner.feed(event)

    # --- stepping -------------------------------------------------------------------------------------------------

    def _pump(self) -> None:
        """What waits for nobody goes on by itself."""
        if self.writing is None and self.runner.scribe.pending:
            self.writing = self._step(self.runner.scribe._write(), None)
        while self.lane is None and self.box._orders.queue:
            command = self.box._orders.queue.popleft()
            assert isinstance(command, SendOrder)
            self.lane = self._step(self.box._order(self.state.orders[command.client_order_id]), None)
        while self.box._cancels.queue:
            order = self.state.orders[self.box._cancels.queue.popleft().client_order_id]
            self._again(self.box._cancel(order), None)
        if self.writing is None and self.runner.scribe.pending:
            self._pump()

    @staticmethod
    def _step(call: Any, answer: Any) -> tuple[Any, Wait] | None:
        try:
            wait = call.send(answer)
        except StopIteration:
            return None
        return call, wait

    @staticmethod
    def _finish(call: Any) -> None:
        try:
            call.send(None)
        except StopIteration:
            return
        raise AssertionError("it waits for something")

    def _close(self) -> None:
        for waiting in (self.writing, self.lane, *self.cancels):
            if waiting is not None:
                waiting[0].close()

    close = _close

    def _written(self, id: ClientOrderId) -> None:
        if id not in self.journal.sent:
            self.broken.append(f"{id[-4:]} was sent before it was journalled")
        if self.journal.is_halted:
            self.broken.append(f"{id[-4:]} was sent after the halt was committed")

    # --- the promises ---------------------------------------------------------------------------------------------

    def breaks(self) -> list[str]:
        found = list(self.broken)
        bound_by_guess = {o.id for o in self.state.orders.values() if o.binding is Binding.INFERRED}
        has_twin = any(theirs.intent is None for theirs in self.venue.orders)
        for id in IDS:
            mine = self.venue.of(id)
            order = self.state.orders.get(id)
            if self.venue.wire.count(id) > 1 or len(mine) > 1:
                found.append(f"{id[-4:]} went out twice")
            if mine and (order is None or order.status in NEVER):
                found.append(f"{id[-4:]} lives at the venue and is {order.status if order else 'not known'} here")
            if order is None or (has_twin and id in bound_by_guess):
                continue  # ours or the twin: nothing can tell, and the badge says so
            if not mine and order.status in (OrderStatus.OPEN, OrderStatus.FILLED):
                found.append(f"{id[-4:]} is {order.status} here, and the venue never had it")
            if any(ref not in {theirs.ref for theirs in mine} for ref in order.refs):
                found.append(f"{id[-4:]} is bound to another's order")
            if order.filled > sum(theirs.filled for theirs in mine):
                found.append(f"{id[-4:]} has more filled than the venue")
        fills = sum((fill.quantity for fill in self.state.fills), Decimal(0))
        adjusted = any(place[1] == SAMSUNG for place in self.state.frozen)
        if self.state.position(ACCOUNT, SAMSUNG).quantity != fills and not adjusted:
            found.append("the position is not the sum of its fills")
        if adjusted:
            found.append("a drift that the fills should have explained")
        return found

    # --- which world is it ----------------------------------------------------------------------------------------

    def key(self) -> int:
        """The same for worlds that behave alike: times are left out, and which of the two twins is which."""
        own = {id: self._of(id) for id in IDS}
        ranked = sorted(IDS, key=lambda id: repr(own[id]))
        rank = {id: n for n, id in enumerate(ranked)}
        name = lambda id: rank.get(id, -1)  # noqa: E731
        gate = self.state.gates.get(ACCOUNT)
        return hash(
            (
                tuple(own[id] for id in ranked),
                tuple(_shape(e, name) for durable, _, _ in self.runner.scribe.pending for e in durable),
                tuple(name(c.client_order_id) for c in self.box._orders.queue),
                None if self.writing is None else tuple(_shape(e, name) for e in self.writing[1].about),
                None if self.lane is None else (self.lane[1].what, name(_about(self.lane[1]))),
                None if self.permit is None else self.permit[0] is not None,
                tuple(sorted((w.what, name(w.about)) for _, w in self.cancels)),
                tuple((name(i), n) for i, n in self.venue.late),
                tuple(_shape(e, name) for e in self.venue.stream),
                sum(theirs.intent is None for theirs in self.venue.orders),
                (self.journal.is_halted, self.state.trading_state(ACCOUNT).value),
                gate is not None and gate.is_open,
                tuple(self.left.values()),
            )
        )

    def _of(self, id: ClientOrderId) -> tuple[Any, ...]:
        order, mark = self.state.orders.get(id), self.journal.marks.get(id)
        case = self.runner.reconciler.settler._cases.get(id)
        wish = order.requested if order is not None else None
        return (
            None
            if order is None
            else (order.status.value, int(order.filled), len(order.refs), order.binding.value, len(order.candidates)),
            None if wish is None else (wish.kind.value, wish.phase.value),
            None if mark is None else (mark.status.value, int(mark.filled)),
            tuple((theirs.filled, theirs.status) for theirs in self.venue.of(id)),
            self.venue.wire.count(id),
            id in self.engine.claiming,
            None if case is None else (len(case.absent), min(case.asked, 4)),
        )


def _about(wait: Wait) -> Any:
    return wait.about[0] if wait.what == "claim" else wait.about


def _shape(event: Any, name: Callable[[Any], int]) -> tuple[Any, ...]:
    if isinstance(event, OrderFilled):
        return "fill", name(event.fill.client_order_id), event.fill.fill_id
    request = getattr(event, "request", None)
    id = request.client_order_id if request is not None else getattr(event, "client_order_id", None)
    return type(event).__name__, name(id)


def _request(id: ClientOrderId) -> OrderRequest:
    return OrderRequest(
        client_order_id=id,
        account=ACCOUNT,
        instrument=SAMSUNG,
        side=Side.BUY,
        quantity=Decimal(QUANTITY),
        type=OrderType.LIMIT,
        limit_price=Decimal(71_000),
    )
