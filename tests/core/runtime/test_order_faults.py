"""Races and faults on the way of an order, through the whole program: each could cost money if it went otherwise."""

from __future__ import annotations

import asyncio
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec
import pytest

from core.clock import SystemClock
from core.config import Settings, StrategySettings
from core.domain.account import Mode, TradingState
from core.domain.commands import Cancel, Panic, Replace, SetTradingState, Submit, Unlock
from core.domain.errors import ConfigError, JournalUnavailable, NotConnected
from core.domain.events import (
    AccountListed,
    FeedChanged,
    Noticed,
    OrderAccepted,
    OrderFilled,
    OrderRequested,
    OrderSending,
    OrderStaged,
    TradingStateChanged,
)
from core.domain.ids import AccountId, VenueRef
from core.domain.limits import RiskLimits
from core.domain.order import Order, OrderStatus, OrderType, TimeInForce
from core.ports import PaperOrder, Sent
from storage.journal import Journal
from tests import scenes
from tests.scenes import ACCOUNT, SAMSUNG
from tests.stage import Stage, make, stage


async def turn(times: int = 20) -> None:
    for _ in range(times):
        await SystemClock().sleep(0)


def texts(made: Stage, kind: str = "") -> list[str]:
    return [row.text for row in made.program.runner.log.rows if not kind or row.kind == kind]


class Wire:
    """Stands before the paper venue: counts what goes out, and may hold its answers up."""

    def __init__(self, made: Stage) -> None:
        self.broker = made.program.broker
        self.entered: list[str] = []
        self.sent: list[str] = []
        self.canceled: list[str] = []
        self.replaced: list[str] = []
        self.gate = asyncio.Event()
        self.gate.set()
        self._submit, self._cancel, self._replace = self.broker.submit, self.broker.cancel, self.broker.replace
        self.broker.submit = self.submit  # type: ignore[method-assign]
        self.broker.cancel = self.cancel  # type: ignore[method-assign]
        self.broker.replace = self.replace  # type: ignore[method-assign]

    async def submit(self, prepared: Any, permit: Any) -> Any:
        self.sent.append(prepared.client_order_id)
        answer = await self._submit(prepared, permit)
        self.entered.append(prepared.client_order_id)
        await self.gate.wait()
        return answer

    async def cancel(self, order: Any) -> None:
        self.canceled.append(order.id)
        await self._cancel(order)

    async def replace(self, order: Any, stopped: Any = str) -> None:
        self.replaced.append(order.id)
        await self._replace(order, stopped)


def hold_claims(made: Stage) -> asyncio.Event:
    """Claims are committed, but their answer waits for the event."""
    journal, go = made.program.journal, asyncio.Event()
    real = journal.claim

    async def slow(*args: Any) -> Any:
        permit = await real(*args)
        await go.wait()
        return permit

    journal.claim = slow  # type: ignore[method-assign]
    return go


async def until(condition: Any) -> None:
    for _ in range(2000):
        if condition():
            return
        await SystemClock().sleep(0.001)
    raise AssertionError("it never happened")


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


# --- lines, listings, disks ------------------------------------------------------------------------------------------


async def test_a_gate_is_not_opened_by_a_listing_that_outlived_the_line() -> None:
    async with stage() as made:
        broker, real, go = made.program.broker, made.program.broker.snapshot, asyncio.Event()

        async def slow(account: Any) -> Any:
            found = await real(account)
            await go.wait()
            return found

        broker.snapshot = slow  # type: ignore[method-assign]
        reading = asyncio.ensure_future(made.program.runner.reconcile(broker, ACCOUNT))
        await turn()
        made.program.runner.feed(FeedChanged(ts=made.clock.now(), broker="paper", is_connected=False, text="cut"))
        go.set()
        await reading
        assert not made.state.gates[ACCOUNT].is_open


async def test_a_listing_older_than_the_send_proves_no_absence() -> None:
    """The venue was read, then the order went out and its answer was lost, then the listing came in without it."""
    async with stage() as made:
        broker, real, go = made.program.broker, made.program.broker.snapshot, asyncio.Event()

        async def slow(account: Any) -> Any:
            found = await real(account)
            await go.wait()
            return found

        broker.snapshot = slow  # type: ignore[method-assign]
        reading = asyncio.ensure_future(made.program.runner.reconcile(broker, ACCOUNT))
        await turn()
        wire = Wire(made)
        submit = wire._submit

        async def lost(prepared: Any, permit: Any) -> Any:
            await submit(prepared, permit)
            raise TimeoutError

        wire._submit = lost  # type: ignore[assignment]
        wanted = scenes.request(price="70000")
        await made.do(Submit(request=wanted))
        assert made.state.orders[wanted.client_order_id].status is OrderStatus.UNKNOWN
        go.set()
        await reading
        assert made.state.orders[wanted.client_order_id].status is OrderStatus.OPEN


async def test_a_fill_while_the_venue_is_read_is_no_outside_change() -> None:
    async with stage() as made:
        broker, real, go = made.program.broker, made.program.broker.snapshot, asyncio.Event()

        async def slow(account: Any) -> Any:
            found = await real(account)
            await go.wait()
            return found

        broker.snapshot = slow  # type: ignore[method-assign]
        reading = asyncio.ensure_future(made.program.runner.reconcile(broker, ACCOUNT))
        await turn()
        await made.do(Submit(request=scenes.request(price="71100")))
        go.set()
        await reading
        assert made.state.position(ACCOUNT, SAMSUNG).quantity == 10
        assert not any("explain" in text for text in texts(made))


async def test_what_a_reconciliation_finds_odd_is_said_once() -> None:
    async with stage() as made:
        wanted = scenes.request(price="70000")
        await made.do(Submit(request=wanted))
        made.program.broker._matching._orders.clear()
        for _ in range(5):
            await made.program.runner.reconcile(made.program.broker, ACCOUNT)
        assert len([t for t in texts(made, "RECON") if "no longer lists" in t]) == 1
        assert wanted.client_order_id in made.state.live


async def test_a_subscription_that_fails_stops_nothing() -> None:
    async with stage() as made:

        async def refused(wanted: Any) -> None:
            raise NotConnected("paper", "the line is down")

        made.program.broker.subscribe = refused  # type: ignore[method-assign]
        made.program.runner.lines.look_at(object(), SAMSUNG)
        await turn()
        await made.do(Submit(request=scenes.request(price="70000")))
        assert any("not subscribed" in text for text in texts(made, "FEED"))
        assert len(made.state.live) == 1


@pytest.mark.parametrize(
    "event",
    [
        OrderStaged(ts=1, request=scenes.request()),
        TradingStateChanged(ts=1, account=None, state=TradingState.ACTIVE, by="venue"),
        OrderAccepted(ts=1, client_order_id=scenes.new_id(), ref=VenueRef("x")),
    ],
    ids=["staged", "trading state", "stranger"],
)
async def test_a_broker_that_says_what_is_not_its_to_say_is_told_off(event: Any) -> None:
    async with stage() as made:
        await made.do(SetTradingState(state=TradingState.REDUCING))
        before = dict(made.state.orders)
        out = made.program.runner.feed(event)
        await made.settle()
        assert [type(item) for item in out] == [Noticed]
        assert made.state.orders == before
        assert made.state.trading_state(ACCOUNT) is TradingState.REDUCING


async def test_a_fill_of_an_order_that_was_never_sent_is_booked_and_journalled() -> None:
    async with stage() as made:
        go = hold_claims(made)
        wanted = scenes.request(price="70000")
        made.program.runner.ask(Submit(request=wanted))
        fill = scenes.fill("buy", "10", "70000", order=wanted.client_order_id)
        made.program.runner.feed(OrderFilled(ts=made.clock.now(), fill=fill))
        go.set()
        await made.settle()
        assert made.state.position(ACCOUNT, SAMSUNG).quantity == 10
        kept = [type(event).__name__ for _, event in made.program.journal.replay()]
        assert kept.count("OrderFilled") == 1
        assert "OrderSending" not in kept


async def test_low_disk_stays_low_though_the_journal_is_written() -> None:
    async with stage() as made:
        runner = made.program.runner
        runner.vitals._free_mb, runner.vitals.min_free_mb = (lambda: 3.0), 64
        await made.second()
        for _ in range(3):
            receipt = await made.do(Submit(request=scenes.request(price="70000")))
            assert receipt.rule == "disk"
        assert receipt.text == "disk: nothing is sent: low disk: only 3 MB free, 64 MB are needed"
        runner.vitals._free_mb = lambda: 9.0
        await made.second()
        refused = (await made.do(Submit(request=scenes.request(price="70000")))).text
        assert "only 9 MB free" in refused, "as it is now, though it is told once"
        assert sum(row.kind == "DISK" for row in runner.log.rows) == 1
        runner.vitals._free_mb = lambda: 100.0
        await made.second()
        assert (await made.do(Submit(request=scenes.request(price="70000")))).is_ok


async def test_a_log_that_cannot_be_written_loses_no_event() -> None:
    async with stage() as made:

        def broken(row: object) -> None:
            raise BrokenPipeError

        made.program.runner._on_log = broken
        await made.do(Submit(request=scenes.request(price="71100")))
        kinds = [type(event).__name__ for _, event in made.program.journal.replay()]
        assert kinds.count("OrderFilled") == 1


async def test_what_happens_while_the_program_stops_is_journalled(tmp_path: Path) -> None:
    path = tmp_path / "journal.db"
    fill = scenes.fill("buy", "10", "70000")
    async with stage(path) as made:
        real = made.program.broker.close

        async def last_word() -> None:
            made.program.runner.feed(OrderFilled(ts=made.clock.now(), fill=fill))
            await real()

        made.program.broker.close = last_word  # type: ignore[method-assign]
    async with stage(path) as again:
        assert again.state.position(ACCOUNT, SAMSUNG).quantity == 10
        sent = [e for _, e in again.program.journal.replay() if isinstance(e, OrderSending)]
        assert sent == []


# --- another day -----------------------------------------------------------------------------------------------------


async def run_until_open(made: Stage) -> asyncio.Task[None]:
    await made.program.prepare()
    opened = asyncio.Event()
    running = asyncio.ensure_future(made.program.runner.run(opened))
    await opened.wait()
    return running


async def test_a_day_order_does_not_live_again_on_another_day(tmp_path: Path) -> None:
    path = tmp_path / "journal.db"
    day, lasting = scenes.request(price="70000"), scenes.request(price="69000", time_in_force=TimeInForce.GTC)
    async with stage(path) as made:
        for wanted in (day, lasting):
            await made.do(Submit(request=wanted))
    again = make(path)
    again.clock.advance(2 * 86_400)
    running = await run_until_open(again)
    await again.settle()
    assert again.state.orders[day.client_order_id].status is OrderStatus.EXPIRED
    assert again.state.orders[lasting.client_order_id].status is OrderStatus.OPEN
    await again.quote(60_000, 60_100)
    assert again.state.orders[day.client_order_id].filled == 0
    again.program.stop()
    await running


async def test_the_day_turns_while_nobody_looks_and_its_result_begins_at_nothing(tmp_path: Path) -> None:
    path = tmp_path / "journal.db"
    async with stage(path) as made:
        await made.do(Submit(request=scenes.request(price="71100")))
        await made.quote(71_000, 71_100)
        assert made.state.position(ACCOUNT, SAMSUNG).day_fees > 0
        realised = made.state.position(ACCOUNT, SAMSUNG).fees
    again = make(path)
    again.clock.advance(86_400)
    running = await run_until_open(again)
    await again.settle()
    position = again.state.position(ACCOUNT, SAMSUNG)
    assert again.state.days[ACCOUNT] != made.state.days[ACCOUNT]
    assert (position.day_cash, position.day_fees, position.day_quantity) == (0, 0, 10)
    assert (position.quantity, position.fees) == (10, realised), "what was made since ever stays"
    again.program.stop()
    await running


# --- accounts that are no longer configured --------------------------------------------------------------------------


async def foreign_order(path: Path, account: str) -> Any:
    """A journal that knows a working order of an account which nobody connects any more."""
    request = msgspec.structs.replace(scenes.request(price="70000"), account=AccountId(account))
    id = request.client_order_id
    journal = Journal.open(path, boot_id="before")
    await journal.append([OrderStaged(ts=1, request=request)])
    order = Order(request=request, status=OrderStatus.STAGED, quantity=request.quantity, created=1, updated=1)
    sealed = PaperOrder(client_order_id=id, account=request.account, digest="d", body=b"")
    assert await journal.claim(order, sealed, 1) is not None
    await journal.append([OrderAccepted(ts=1, client_order_id=id, ref=VenueRef("far"))])
    await journal.close()
    return id


@pytest.mark.parametrize("account", ["gone:main", "paper:old"])
async def test_panic_reaches_the_rest_when_one_account_is_no_longer_connected(tmp_path: Path, account: str) -> None:
    path = tmp_path / "journal.db"
    far = await foreign_order(path, account)
    async with stage(path) as made:
        near = scenes.request(price="70100")
        await made.do(Submit(request=near))
        await made.do(Panic())
        assert made.state.orders[near.client_order_id].status is OrderStatus.CANCELED
        order = made.state.orders[far]
        assert order.status is OrderStatus.OPEN
        assert order.requested is not None
        assert order.requested.phase.value == "refused"
        await made.quote(60_000, 60_100)
        assert made.state.orders[far].filled == 0, "it is not ours to fill"


async def test_a_strategy_may_not_go_by_the_name_of_a_person() -> None:
    async with stage() as made:
        with pytest.raises(ConfigError, match="panic"):
            made.program.add_strategies({"panic": StrategySettings(instruments=("005930",))})


@pytest.mark.parametrize(
    "error", [TimeoutError(), ConnectionResetError(), NotConnected("paper", "cut"), ValueError("?")]
)
async def test_a_submit_that_fails_is_never_tried_again(error: Exception) -> None:
    async with stage() as made:
        calls: list[str] = []

        async def fail(prepared: Any, permit: Any) -> Any:
            calls.append(prepared.client_order_id)
            raise error

        made.program.broker.submit = fail  # type: ignore[method-assign]
        await made.do(Submit(request=scenes.request(price="70000")))
        await made.second(5)
        assert len(calls) == 1


# --- what ends an order before the wire ------------------------------------------------------------------------------


async def test_an_order_that_waited_too_long_is_denied_not_sent_late() -> None:
    async with stage() as made:
        wire = Wire(made)
        wire.gate.clear()
        await made.desk.send(Submit(request=scenes.request(price="70000")))
        await until(lambda: wire.entered)
        late = scenes.request(price="70100")
        await made.desk.send(Submit(request=late))
        made.clock.advance(11)
        wire.gate.set()
        await made.settle()
        order = made.state.orders[late.client_order_id]
        assert order.status is OrderStatus.DENIED
        assert order.reason.startswith("too late")
        assert late.client_order_id not in wire.sent


async def test_a_claim_that_cannot_be_written_denies_the_order() -> None:
    async with stage() as made:
        wire = Wire(made)

        async def full(*_: Any) -> Any:
            raise JournalUnavailable("the disk is full")

        made.program.journal.claim = full  # type: ignore[method-assign]
        wanted = scenes.request(price="70000")
        await made.do(Submit(request=wanted))
        assert made.state.orders[wanted.client_order_id].reason.startswith("journal")
        assert wire.entered == []


async def test_a_halt_that_only_the_journal_knows_forbids_the_claim() -> None:
    async with stage() as made:
        wire = Wire(made)
        halted = TradingStateChanged(ts=1, account=ACCOUNT, state=TradingState.HALTED, by="another door")
        await made.program.journal.append([halted])
        wanted = scenes.request(price="70000")
        await made.do(Submit(request=wanted))
        assert made.state.orders[wanted.client_order_id].status is OrderStatus.DENIED
        assert wire.entered == []


async def test_what_the_venue_does_not_offer_is_denied_before_the_claim() -> None:
    async with stage() as made:
        wanted = scenes.request(price=None, type=OrderType.MOC, time_in_force=TimeInForce.GTC)
        await made.do(Submit(request=wanted))
        assert made.state.orders[wanted.client_order_id].reason.startswith("unsupported")
        assert not any(isinstance(event, OrderSending) for _, event in made.program.journal.replay())
