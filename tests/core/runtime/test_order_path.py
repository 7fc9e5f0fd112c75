"""The life of an order through the whole program: engine, journal, outbox, paper venue and back."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from core.domain.account import TradingState
from core.domain.commands import Cancel, Close, Panic, Replace, SetTradingState, Submit
from core.domain.errors import JournalUnavailable, OutcomeUnknown
from core.domain.events import OrderSending
from core.domain.order import OrderStatus, OrderType
from tests import scenes
from tests.scenes import ACCOUNT, SAMSUNG
from tests.stage import Stage, make, stage


def only(made: Stage) -> OrderStatus:
    (order,) = made.state.orders.values()
    return order.status


async def test_buy_fill_position_and_cash() -> None:
    async with stage() as made:
        receipt = await made.do(Submit(request=scenes.request(price="71100")))
        assert receipt.is_ok, receipt
        assert only(made) is OrderStatus.FILLED
        position = made.state.position(ACCOUNT, SAMSUNG)
        assert (position.quantity, position.cost) == (Decimal(10), Decimal(711_000))
        balance = made.state.balances[(ACCOUNT, scenes.KRW)]
        assert balance.total == Decimal(100_000_000) - 711_000 - position.fees
        events = [type(event).__name__ for _, event in made.program.journal.replay()]
        path = [e for e in events if e.startswith("Order")]
        assert path == ["OrderStaged", "OrderSending", "OrderAccepted", "OrderFilled"]


async def test_resting_order_is_modified_then_canceled() -> None:
    async with stage() as made:
        wanted = scenes.request(price="70000")
        await made.do(Submit(request=wanted))
        assert only(made) is OrderStatus.OPEN
        await made.do(Replace(client_order_id=wanted.client_order_id, limit_price=Decimal(70500)))
        order = made.state.orders[wanted.client_order_id]
        assert (order.limit_price, order.requested) == (Decimal(70500), None)
        await made.do(Cancel(client_order_id=wanted.client_order_id))
        assert only(made) is OrderStatus.CANCELED
        again = await made.do(Cancel(client_order_id=wanted.client_order_id))
        assert not again.is_ok
        assert "ended" in again.text


async def test_fifty_enters_are_one_order() -> None:
    async with stage() as made:
        wanted = scenes.request(price="70000")
        receipts = [await made.do(Submit(request=wanted)) for _ in range(50)]
        assert [r.is_ok for r in receipts] == [True] + [False] * 49
        assert len(made.state.orders) == 1
        assert sum(isinstance(e, OrderSending) for _, e in made.program.journal.replay()) == 1


async def test_close_and_panic_with_a_protective_stop() -> None:
    async with stage() as made:
        await made.do(Submit(request=scenes.request(price="71100")))
        stop = scenes.request("sell", "10", None, type=OrderType.STOP, stop_price=Decimal(69000))
        await made.do(Submit(request=stop))
        entry = scenes.request(price="70000", quantity="3")
        await made.do(Submit(request=entry))
        await made.do(Panic())
        assert made.state.orders[stop.client_order_id].status is OrderStatus.OPEN
        assert made.state.orders[entry.client_order_id].status is OrderStatus.CANCELED
        closed = await made.do(Close(client_order_id=scenes.new_id(), account=ACCOUNT, instrument=SAMSUNG))
        assert not closed.is_ok, "the stop already closes all of it"
        await made.do(Panic(flatten=True))
        await made.second(5)
        assert made.state.position(ACCOUNT, SAMSUNG).quantity == 0
        assert not made.state.live


async def test_everything_is_there_again_after_a_stop(tmp_path: Path) -> None:
    journal = tmp_path / "journal.db"
    async with stage(journal) as made:
        await made.do(Submit(request=scenes.request(price="71100")))
        resting = scenes.request(price="70000")
        await made.do(Submit(request=resting))
        before = (dict(made.state.orders), dict(made.state.positions), made.state.balances.copy())
    async with stage(journal) as again:
        assert again.state.orders == before[0]
        assert again.state.positions == before[1]
        assert again.state.balances == before[2]
        # The resting order rests at the venue again: the market coming down fills it, once.
        await again.quote(69_900, 70_000)
        await again.trade(69_900, 1000)
        assert again.state.orders[resting.client_order_id].status is OrderStatus.FILLED
        assert again.state.position(ACCOUNT, SAMSUNG).quantity == 20
        sent = [e.client_order_id for _, e in again.program.journal.replay() if isinstance(e, OrderSending)]
        assert len(sent) == len(set(sent)) == 2


async def test_an_order_that_was_being_sent_is_unknown_then_settled(tmp_path: Path) -> None:
    """The process dies between the SENDING commit and the answer; the venue died with it and never had it."""
    journal = tmp_path / "journal.db"
    async with stage(journal) as made:

        async def die(*_: object) -> None:
            raise OutcomeUnknown("paper", "the line was cut")

        made.program.broker.submit = die  # type: ignore[method-assign]
        wanted = scenes.request(price="70000")
        await made.do(Submit(request=wanted))
        assert only(made) is OrderStatus.UNKNOWN
    async with stage(journal) as again:
        assert only(again) is OrderStatus.NOT_PLACED
        assert sum(isinstance(e, OrderSending) for _, e in again.program.journal.replay()) == 1


async def test_staged_and_never_sent_is_denied_at_the_next_start(tmp_path: Path) -> None:
    journal = tmp_path / "journal.db"
    made = make(journal)
    await made.program.prepare()
    wanted = scenes.request()
    await made.program.journal.append([scenes_staged(wanted)])
    await made.program.journal.close()
    async with stage(journal) as again:
        order = again.state.orders[wanted.client_order_id]
        assert order.status is OrderStatus.DENIED
        assert "restart" in order.reason


def scenes_staged(request):  # type: ignore[no-untyped-def]
    from core.domain.events import OrderStaged

    return OrderStaged(ts=scenes.START, request=request)


@pytest.mark.parametrize("error", [TimeoutError(), OutcomeUnknown("paper", "500"), ValueError("unreadable answer")])
async def test_whatever_goes_wrong_on_the_wire_is_unknown_not_rejected(error: Exception) -> None:
    async with stage() as made:

        async def fail(*_: object) -> None:
            raise error

        made.program.broker.submit = fail  # type: ignore[method-assign]
        await made.do(Submit(request=scenes.request()))
        assert only(made) is OrderStatus.UNKNOWN
        row = made.desk._status(rows_totals(made))
        assert row.unknown_orders == 1


def rows_totals(made: Stage):  # type: ignore[no-untyped-def]
    from core.trading import rows

    return rows.totals(made.state, made.clock.now(), None)


async def test_a_journal_that_cannot_write_sends_nothing_and_lets_cancels_out() -> None:
    async with stage() as made:
        resting = scenes.request(price="70000")
        await made.do(Submit(request=resting))
        journal = made.program.journal
        real = journal.append

        async def full(events: object) -> int:
            raise JournalUnavailable("the disk is full")

        journal.append = full  # type: ignore[method-assign]
        await made.desk.send(Submit(request=scenes.request(price="70100")))
        await made.desk.send(Cancel(client_order_id=resting.client_order_id))
        while resting.client_order_id in made.state.live:
            made.clock.advance(1)
            await SystemPause.turn()
            for event in made.program.broker.take():
                made.program.runner.feed(event)
        denied = [o for o in made.state.orders.values() if o.status is OrderStatus.DENIED]
        assert len(denied) == 1
        assert denied[0].reason.startswith("journal")
        journal.append = real  # type: ignore[method-assign]
        for _ in range(20):  # until it waits to try again
            await SystemPause.turn()
        made.clock.advance(2)
        await made.settle()
        assert made.engine.gate.journal_problem == ""
        kinds = [type(e).__name__ for _, e in journal.replay()]
        assert kinds.count("OrderSending") == 1
        assert kinds.count("OrderCanceled") == 1


class SystemPause:
    @staticmethod
    async def turn() -> None:
        from core.clock import SystemClock

        await SystemClock().sleep(0)


async def test_halt_forbids_the_claim_even_when_it_overtakes_the_order() -> None:
    async with stage() as made:
        await made.desk.send(Submit(request=scenes.request()))
        await made.desk.send(SetTradingState(state=TradingState.HALTED))
        await made.settle()
        assert only(made) is OrderStatus.DENIED
        assert not any(isinstance(e, OrderSending) for _, e in made.program.journal.replay())
