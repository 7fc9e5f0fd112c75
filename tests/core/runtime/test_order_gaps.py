"""What planted defects in the order path would break and nothing else in the suite names (tests/chaos/_mutants.py)."""

from __future__ import annotations

import asyncio
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec
import pytest

from core.clock import SystemClock
from core.domain.account import TradingState
from core.domain.commands import Cancel, Panic, Replace, SetTradingState, Submit
from core.domain.errors import OrderRejected
from core.domain.events import OrderCanceled, OrderFilled, OrderNotPlaced, OrderSending, OrderStaged, OrderUnknown
from core.domain.ids import AccountId
from core.domain.market import NS
from core.domain.order import Order, OrderStatus, RequestPhase
from core.ports import Absent, Snapshot
from core.trading.engine import Engine
from core.trading.settle import Settler
from storage.journal import Journal
from tests import scenes
from tests.core.runtime.test_runner import life
from tests.scenes import ACCOUNT, START
from tests.stage import stage


async def turns(count: int = 30) -> None:
    for _ in range(count):
        await SystemClock().sleep(0)


async def test_a_change_waits_for_the_journal() -> None:
    """A cancel that the journal does not have yet is not at the venue either."""
    async with stage() as made:
        resting = scenes.request(price="70000")
        await made.do(Submit(request=resting))
        canceled: list[str] = []
        cancel, append, go = made.program.broker.cancel, made.program.journal.append, asyncio.Event()

        async def noted(order: Order) -> None:
            canceled.append(order.id)
            await cancel(order)

        async def slow(events: Any) -> int:
            await go.wait()
            return await append(events)

        made.program.broker.cancel = noted  # type: ignore[method-assign]
        made.program.journal.append = slow  # type: ignore[method-assign]
        await made.desk.send(Cancel(client_order_id=resting.client_order_id))
        await turns()
        assert canceled == []
        go.set()
        await made.settle()
        assert canceled == [resting.client_order_id]


async def test_a_cancel_that_the_venue_refuses_leaves_the_order_alive() -> None:
    async with stage() as made:
        resting = scenes.request(price="70000")
        await made.do(Submit(request=resting))

        async def too_late(_: Order) -> None:
            raise OrderRejected("paper", "too_late", "it is being filled")

        made.program.broker.cancel = too_late  # type: ignore[method-assign]
        await made.do(Cancel(client_order_id=resting.client_order_id))
        order = made.state.orders[resting.client_order_id]
        assert order.status is OrderStatus.OPEN
        assert order.requested is not None
        assert order.requested.phase is RequestPhase.REFUSED


async def test_an_order_whose_commit_took_for_ever_is_not_sent_late() -> None:
    async with stage() as made:
        claim, go = made.program.journal.claim, asyncio.Event()
        sent: list[str] = []

        async def slow(*args: Any) -> Any:
            permit = await claim(*args)
            await go.wait()
            return permit

        async def noted(prepared: Any, permit: Any) -> None:
            sent.append(prepared.client_order_id)

        made.program.journal.claim = slow  # type: ignore[method-assign]
        made.program.broker.submit = noted  # type: ignore[method-assign,assignment]
        wanted = scenes.request(price="70000")
        await made.desk.send(Submit(request=wanted))
        while not made.engine.claiming:
            await turns(1)
        made.clock.advance(11)
        made.program.runner.feed(scenes.quote(71_000, 71_100, made.clock.now()))
        go.set()
        await made.settle()
        assert sent == []
        assert made.state.orders[wanted.client_order_id].status is OrderStatus.NOT_PLACED


async def test_a_lane_that_is_ended_in_the_middle_of_a_claim_sends_nothing_and_goes_on() -> None:
    async with stage() as made:
        claim, go = made.program.journal.claim, asyncio.Event()

        async def slow(*args: Any) -> Any:
            permit = await claim(*args)
            await go.wait()
            return permit

        made.program.journal.claim = slow  # type: ignore[method-assign]
        caught, next_one = scenes.request(price="70000"), scenes.request(price="70100")
        await made.desk.send(Submit(request=caught))
        while not made.engine.claiming:
            await turns(1)
        made.program.runner.crew.again("paper orders")
        await turns()
        await made.desk.send(Submit(request=next_one))
        go.set()
        await made.settle()
        assert made.state.orders[caught.client_order_id].status is OrderStatus.NOT_PLACED
        assert made.state.orders[next_one.client_order_id].status is OrderStatus.OPEN


async def test_a_lane_that_is_ended_while_an_order_waits_for_its_place_loses_nothing() -> None:
    async with stage() as made:
        throttle = made.program.runner.outboxes["paper"].throttle
        take, go = throttle.take, asyncio.Event()

        async def slow(*, urgent: bool = False) -> None:
            await go.wait()
            await take(urgent=urgent)

        throttle.take = slow  # type: ignore[method-assign]
        wanted = scenes.request(price="70000")
        await made.desk.send(Submit(request=wanted))
        while not made.program.runner.outboxes["paper"].waiting:
            await turns(1)
        await turns()
        made.program.runner.crew.again("paper orders")
        await turns()
        go.set()
        await made.settle()
        assert made.state.orders[wanted.client_order_id].status is OrderStatus.OPEN


async def test_a_panic_is_still_one_after_a_restart(tmp_path: Path) -> None:
    path = tmp_path / "journal.db"
    async with stage(path) as made:
        await made.do(Panic())
    async with stage(path) as again:
        assert again.state.trading_state(ACCOUNT) is TradingState.REDUCING
        receipt = await again.do(Submit(request=scenes.request(price="70000")))
        assert receipt.rule == "reducing"


def test_a_cancel_takes_nothing_for_filled_that_was_not() -> None:
    engine = scenes.engine()
    request = scenes.request(price="70000", quantity="10")
    engine.step(Submit(request=request), START)
    scenes.send(engine, request.client_order_id)
    fill = scenes.fill("buy", "4", "70000", order=request.client_order_id)
    engine.step(OrderFilled(ts=START, fill=fill), START)
    engine.step(OrderCanceled(ts=START, client_order_id=request.client_order_id), START)
    order = engine.state.orders[request.client_order_id]
    assert (order.status, order.filled, order.quantity) == (OrderStatus.CANCELED, Decimal(4), Decimal(10))
    assert engine.state.position(ACCOUNT, request.instrument).quantity == 4


async def test_a_gate_is_shut_until_the_venue_has_answered(tmp_path: Path) -> None:
    go = asyncio.Event()

    def prepare(made: Any) -> None:
        real = made.broker.snapshot

        async def slow(account: AccountId) -> Snapshot:
            await go.wait()
            found: Snapshot = await real(account)
            return found

        made.broker.snapshot = slow

    async with life(tmp_path, prepare) as made:
        await made.wait(1)
        gate = made.state.gates.get(ACCOUNT)
        assert gate is None or not gate.is_open
        go.set()
        await made.wait(1)
        assert made.state.gates[ACCOUNT].is_open


# --- evidence --------------------------------------------------------------------------------------------------------


def unknown() -> tuple[Engine, Settler, Order]:
    """An order whose answer was lost, and who looks for it since."""
    engine = scenes.engine()
    request = scenes.request(price="70000")
    engine.step(Submit(request=request), START)
    engine.step(OrderSending(ts=START, client_order_id=request.client_order_id), START)
    engine.step(OrderUnknown(ts=START, client_order_id=request.client_order_id, text="no answer"), START)
    settler = Settler(engine.state)
    settler.due(START)
    return engine, settler, engine.state.orders[request.client_order_id]


def test_two_answers_are_not_three_however_far_apart() -> None:
    _, settler, order = unknown()
    for mono in (START, START + 3600 * NS):
        assert settler.answered(order.id, Absent(), mono, mono) == ()
    mono = START + 3601 * NS
    (event,) = settler.answered(order.id, Absent(), mono, mono)
    assert isinstance(event, OrderNotPlaced)


def test_one_listing_is_not_two_however_late() -> None:
    _, settler, order = unknown()
    empty = Snapshot(account=ACCOUNT, as_of=0, orders=(), fills=(), positions={}, balances=())
    mono = START + 3600 * NS
    assert settler.matched(ACCOUNT, empty, mono, mono) == []
    mono += 11 * NS
    (event,) = settler.matched(ACCOUNT, empty, mono, mono)
    assert isinstance(event, OrderNotPlaced)
    assert event.client_order_id == order.id


async def test_a_request_that_was_sealed_for_another_account_is_not_claimed(tmp_path: Path) -> None:
    from core.ports import PaperOrder

    journal = Journal.open(tmp_path / "journal.db")
    request = scenes.request()
    await journal.append([OrderStaged(ts=1, request=request)])
    order = Order(request=request, status=OrderStatus.STAGED, quantity=request.quantity, created=1, updated=1)
    sealed = PaperOrder(client_order_id=order.id, account=ACCOUNT, digest="d", body=b"")
    with pytest.raises(ValueError, match="another order"):
        await journal.claim(order, msgspec.structs.replace(sealed, account=AccountId("paper:other")), 2)
    assert await journal.claim(order, sealed, 3) is not None
    await journal.close()


@pytest.mark.parametrize("stop", ["halt", "cancel", "reduce", "age"])
async def test_what_is_forbidden_while_a_connection_is_made_does_not_leave(stop: str) -> None:
    """Between the last look and the first byte lie a token, a handshake, seconds: the permit is asked at the byte."""
    async with stage() as made:
        submit, go, came = made.program.broker.submit, asyncio.Event(), asyncio.Event()

        async def connecting(prepared: Any, permit: Any) -> Any:
            came.set()
            await go.wait()
            return await submit(prepared, permit)

        made.program.broker.submit = connecting  # type: ignore[method-assign]
        wanted = scenes.request(price="70000")
        await made.desk.send(Submit(request=wanted))
        await came.wait()
        match stop:
            case "halt":
                made.program.runner.ask(SetTradingState(state=TradingState.HALTED, by="test"))
            case "reduce":
                made.program.runner.ask(SetTradingState(state=TradingState.REDUCING, by="test"))
            case "cancel":
                made.program.runner.ask(Cancel(client_order_id=wanted.client_order_id, by="test"))
            case "age":
                made.clock.advance(11)
                made.program.runner.feed(scenes.quote(71_000, 71_100, made.clock.now()))
        go.set()
        await made.settle()
        assert made.state.orders[wanted.client_order_id].status is OrderStatus.NOT_PLACED
        snapshot = await made.program.broker.snapshot(ACCOUNT)
        assert not [o for o in snapshot.orders if o.client_order_id == wanted.client_order_id]  # type: ignore[union-attr]


@pytest.mark.parametrize("stop", ["halt", "cancel"])
async def test_new_terms_do_not_leave_either(stop: str) -> None:
    async with stage() as made:
        resting = scenes.request(price="70000")
        await made.do(Submit(request=resting))
        replace, go, came = made.program.broker.replace, asyncio.Event(), asyncio.Event()

        async def connecting(order: Order, *more: Any) -> None:
            came.set()
            await go.wait()
            await replace(order, *more)

        made.program.broker.replace = connecting  # type: ignore[method-assign, assignment]
        id = resting.client_order_id
        await made.desk.send(Replace(client_order_id=id, limit_price=Decimal(70_100), by="test"))
        await came.wait()
        if stop == "halt":
            made.program.runner.ask(SetTradingState(state=TradingState.HALTED, by="test"))
        else:
            made.program.runner.ask(Cancel(client_order_id=id, by="test"))
        go.set()
        await made.settle()
        order = made.state.orders[id]
        assert order.limit_price == 70_000
        assert order.status is (OrderStatus.OPEN if stop == "halt" else OrderStatus.CANCELED)


async def test_a_cancel_does_not_overtake_an_order_whose_lane_was_ended() -> None:
    """The submit is shielded and goes on: until its answer the venue may not know what there is to cancel."""
    async with stage() as made:
        submit, cancel, go, came = (
            made.program.broker.submit,
            made.program.broker.cancel,
            asyncio.Event(),
            asyncio.Event(),
        )
        canceled: list[str] = []

        async def hanging(prepared: Any, permit: Any) -> Any:
            answer = await submit(prepared, permit)
            came.set()
            await go.wait()
            return answer

        async def noted(order: Order) -> None:
            canceled.append(order.id)
            await cancel(order)

        made.program.broker.submit, made.program.broker.cancel = hanging, noted  # type: ignore[method-assign]
        wanted = scenes.request(price="70000")
        await made.desk.send(Submit(request=wanted))
        await came.wait()
        await made.desk.send(Cancel(client_order_id=wanted.client_order_id))
        while made.program.runner.scribe.pending:
            await turns(1)
        made.program.runner.crew.again("paper orders")
        await turns(200)
        assert canceled == []
        go.set()
        await turns()
        await made.settle()
        assert canceled == [wanted.client_order_id]
        assert made.state.orders[wanted.client_order_id].status is OrderStatus.CANCELED
