"""What can go wrong with an order between the commit and its end."""

from __future__ import annotations

import asyncio
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec
import pytest

from core.config import Settings
from core.domain.account import Mode, TradingState
from core.domain.commands import Cancel, Panic, Replace, SetTradingState, Submit, Unlock
from core.domain.errors import NotConnected
from core.domain.events import (
    AccountListed,
    FeedChanged,
    OrderRequested,
)
from core.domain.limits import RiskLimits
from core.domain.order import OrderStatus
from core.ports import Sent
from tests import scenes
from tests.order_wire import Wire, hold_claims, turn, until
from tests.scenes import ACCOUNT
from tests.stage import stage

# --- between the commit and the wire ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "news",
    [
        Panic(),
        SetTradingState(state=TradingState.HALTED),
        SetTradingState(account=ACCOUNT, state=TradingState.REDUCING),
        FeedChanged(ts=scenes.START, broker="paper", is_connected=False, text="cut"),
    ],
    ids=["panic", "halted", "reducing", "line down"],
)
async def test_what_forbids_an_order_while_its_commit_is_on_the_way_keeps_it_from_the_wire(news: Any) -> None:
    async with stage() as made:
        wire, go = Wire(made), hold_claims(made)
        wanted = scenes.request(price="70000")
        await made.desk.send(Submit(request=wanted))
        await until(lambda: made.engine.claiming)
        if isinstance(news, FeedChanged):
            made.program.runner.feed(news)
        else:
            await made.desk.send(news)
        await turn()
        go.set()
        await made.settle()
        assert wire.sent == []
        assert made.state.orders[wanted.client_order_id].status is OrderStatus.NOT_PLACED


async def test_a_cancel_while_the_commit_is_on_the_way_keeps_it_from_the_wire() -> None:
    async with stage() as made:
        wire, go = Wire(made), hold_claims(made)
        wanted = scenes.request(price="70000")
        await made.desk.send(Submit(request=wanted))
        await until(lambda: made.engine.claiming)
        await made.desk.send(Cancel(client_order_id=wanted.client_order_id))
        await turn()
        go.set()
        await made.settle()
        assert wire.sent == []
        assert made.state.orders[wanted.client_order_id].status is OrderStatus.NOT_PLACED


async def test_a_cancel_does_not_overtake_its_order() -> None:
    """The submit is on the wire and hangs: a cancel sent beside it would find nothing at the venue and be lost."""
    async with stage() as made:
        wire = Wire(made)
        wire.gate.clear()
        wanted = scenes.request(price="70000")
        await made.desk.send(Submit(request=wanted))
        await until(lambda: wire.entered)
        await made.desk.send(Cancel(client_order_id=wanted.client_order_id))
        await until(lambda: not made.program.runner.scribe.pending)
        await turn()
        assert wire.canceled == []
        wire.gate.set()
        await made.settle()
        assert wire.canceled == [wanted.client_order_id]
        assert made.state.orders[wanted.client_order_id].status is OrderStatus.CANCELED


async def test_a_hanging_submit_does_not_hold_up_the_cancel_of_another() -> None:
    async with stage() as made:
        resting = scenes.request(price="70000")
        await made.do(Submit(request=resting))
        wire = Wire(made)
        wire.gate.clear()
        await made.desk.send(Submit(request=scenes.request(price="70100")))
        await until(lambda: wire.entered)
        await made.desk.send(Cancel(client_order_id=resting.client_order_id))
        await until(lambda: wire.canceled)
        wire.gate.set()
        await made.settle()
        assert made.state.orders[resting.client_order_id].status is OrderStatus.CANCELED


async def test_a_library_that_cancels_itself_leaves_an_unknown_and_a_living_lane() -> None:
    async with stage() as made:
        real = made.program.broker.submit

        async def canceled(*_: Any) -> Any:
            raise asyncio.CancelledError

        made.program.broker.submit = canceled  # type: ignore[method-assign]
        one = scenes.request(price="70000")
        await made.do(Submit(request=one))
        assert made.state.orders[one.client_order_id].status is OrderStatus.UNKNOWN
        made.program.broker.submit = real  # type: ignore[method-assign]
        two = scenes.request(price="70100")
        await made.do(Submit(request=two))
        assert made.state.orders[two.client_order_id].status is OrderStatus.OPEN


async def test_an_answer_that_is_promised_and_never_comes_is_unknown_then_found() -> None:
    async with stage(limits=RiskLimits(max_quote_age_seconds=600)) as made:
        wire = Wire(made)
        real = wire._submit

        async def sent(prepared: Any, permit: Any) -> Sent:
            await real(prepared, permit)
            return Sent()

        wire._submit = sent  # type: ignore[assignment]
        wanted = scenes.request(price="70000")
        await made.do(Submit(request=wanted))
        assert made.state.orders[wanted.client_order_id].status is OrderStatus.SENDING
        await made.second(31)
        assert made.state.orders[wanted.client_order_id].status is OrderStatus.UNKNOWN
        await made.program.runner.reconcile(made.program.broker, ACCOUNT)
        assert made.state.orders[wanted.client_order_id].status is OrderStatus.OPEN
        assert len(wire.sent) == 1


async def test_a_request_that_cannot_be_sealed_is_denied() -> None:
    async with stage() as made:

        def broken(order: Any) -> Any:
            raise KeyError("no such field")

        made.program.broker.prepare = broken  # type: ignore[method-assign]
        wanted = scenes.request(price="70000")
        await made.do(Submit(request=wanted))
        assert made.state.orders[wanted.client_order_id].status is OrderStatus.DENIED


# --- replace and cancel ----------------------------------------------------------------------------------------------


async def test_a_cancel_right_behind_a_replace_wins() -> None:
    async with stage() as made:
        wanted = scenes.request(price="70000")
        await made.do(Submit(request=wanted))
        wire = Wire(made)
        await made.desk.send(Replace(client_order_id=wanted.client_order_id, limit_price=Decimal(70_500)))
        await made.desk.send(Cancel(client_order_id=wanted.client_order_id))
        await made.settle()
        assert made.state.orders[wanted.client_order_id].status is OrderStatus.CANCELED
        assert wire.replaced == []


async def test_a_cancel_is_not_lost_when_the_replace_before_it_is_answered_first() -> None:
    settings = Settings(brokers={"paper": {"latency_ms": 500}})
    async with stage(settings=settings) as made:
        wanted = scenes.request(price="70000")
        await made.do(Submit(request=wanted))
        await made.second()
        await made.quote(71_000, 71_100)
        await made.do(Replace(client_order_id=wanted.client_order_id, limit_price=Decimal(70_500)))
        await made.do(Cancel(client_order_id=wanted.client_order_id))
        await made.second()
        await made.quote(71_000, 71_100)
        assert made.state.orders[wanted.client_order_id].status is OrderStatus.CANCELED


async def test_a_replace_that_was_taken_does_not_leave_after_a_halt() -> None:
    async with stage() as made:
        wanted = scenes.request(price="70000")
        await made.do(Submit(request=wanted))
        wire = Wire(made)
        await made.desk.send(Replace(client_order_id=wanted.client_order_id, quantity=Decimal(20)))
        await made.desk.send(SetTradingState(state=TradingState.HALTED))
        await made.settle()
        assert wire.replaced == []
        order = made.state.orders[wanted.client_order_id]
        assert order.quantity == 10
        assert order.requested is not None
        assert order.requested.phase.value == "refused"


async def test_a_replace_is_in_the_journal_before_it_is_on_the_wire_and_leaves_once(tmp_path: Path) -> None:
    """As a submit: no commit, no wire; what was on its way when the program died is asked about, never sent again."""
    path = tmp_path / "journal.db"
    wanted = scenes.request(price="70000")
    async with stage(path) as made:
        wire, journal, go = Wire(made), made.program.journal, asyncio.Event()
        await made.do(Submit(request=wanted))
        append, kept = journal.append, []

        async def slow(events: Any) -> Any:
            await go.wait()
            kept.extend(events)
            return await append(events)

        journal.append = slow  # type: ignore[method-assign]
        await made.desk.send(Replace(client_order_id=wanted.client_order_id, limit_price=Decimal(70_500)))
        await made.desk.send(Replace(client_order_id=wanted.client_order_id, limit_price=Decimal(70_600)))
        await turn()
        assert wire.replaced == [], "the commit is on its way"

        async def lost(order: Any, *_: Any) -> None:
            assert [type(event) for event in kept] == [OrderRequested]
            raise NotConnected("paper", "the answer is lost")

        wire._replace = lost  # type: ignore[assignment]
        go.set()
        await made.settle()
        assert wire.replaced == [wanted.client_order_id], "the second wish was refused while the first is open"
    async with stage(path) as made:
        wire = Wire(made)
        await made.second(3)
        assert wire.replaced == []


@pytest.mark.parametrize("is_live", [False, True])
async def test_real_money_leaves_only_an_engine_that_was_started_for_it(is_live: bool) -> None:
    """Whatever a broker says of its accounts: neither an order nor a change of one; cancels always."""
    async with stage() as made:
        wire, box = Wire(made), made.program.runner.outboxes["paper"]
        wanted = scenes.request(price="70000")
        await made.do(Submit(request=wanted))
        account = msgspec.structs.replace(made.state.accounts[ACCOUNT], mode=Mode.LIVE)
        made.program.runner.feed(AccountListed(ts=made.clock.now(), account=account))
        assert (await made.do(Unlock(account=ACCOUNT, tail="main"))).is_ok
        box._is_live = is_live
        await made.do(Replace(client_order_id=wanted.client_order_id, limit_price=Decimal(70_500)))
        assert len(wire.replaced) == is_live
        second = scenes.request(price="69000")
        await made.do(Submit(request=second))
        order = made.state.orders[second.client_order_id]
        assert (order.status, order.reason[:4]) == (OrderStatus.DENIED, "mode"), "a paper broker seals no LIVE order"
        await made.do(Cancel(client_order_id=wanted.client_order_id))
        assert wire.canceled == [wanted.client_order_id]


async def test_a_lost_answer_to_a_replace_is_read_from_the_listing() -> None:
    async with stage() as made:
        wanted = scenes.request(price="70000")
        await made.do(Submit(request=wanted))
        wire = Wire(made)
        real = wire._replace

        async def lost(order: Any, *_: Any) -> None:
            await real(order)
            made.program.broker.take()
            raise TimeoutError

        wire._replace = lost  # type: ignore[assignment]
        await made.do(Replace(client_order_id=wanted.client_order_id, limit_price=Decimal(70_500)))
        assert made.state.orders[wanted.client_order_id].limit_price == 70_000
        await made.program.runner.reconcile(made.program.broker, ACCOUNT)
        order = made.state.orders[wanted.client_order_id]
        assert (order.limit_price, order.requested) == (Decimal(70_500), None)
        assert len(wire.replaced) == 1
