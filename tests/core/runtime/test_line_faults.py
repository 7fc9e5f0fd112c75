"""What can go wrong with lines, listings, disks, days and accounts while orders are open."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import msgspec
import pytest

from core.config import StrategySettings
from core.domain.account import TradingState
from core.domain.commands import Panic, SetTradingState, Submit
from core.domain.errors import ConfigError, JournalUnavailable, NotConnected
from core.domain.events import (
    FeedChanged,
    Noticed,
    OrderAccepted,
    OrderFilled,
    OrderSending,
    OrderStaged,
    TradingStateChanged,
)
from core.domain.ids import AccountId, VenueRef
from core.domain.market import NS
from core.domain.order import Order, OrderStatus, OrderType, TimeInForce
from core.ports import PaperOrder
from storage.journal import Journal
from tests import scenes
from tests.order_wire import Wire, hold_claims, texts, turn, until
from tests.scenes import ACCOUNT, SAMSUNG
from tests.stage import Stage, make, stage

# --- lines, listings, disks ------------------------------------------------------------------------------------------


async def held_reading(made: Stage) -> tuple[asyncio.Event, asyncio.Future[None]]:
    """The venue was read, and the answer is on its way until the event is set."""
    broker, real, go = made.program.broker, made.program.broker.snapshot, asyncio.Event()

    async def slow(account: Any) -> Any:
        found = await real(account)
        await go.wait()
        return found

    broker.snapshot = slow  # type: ignore[method-assign]
    reading = asyncio.ensure_future(made.program.runner.reconcile(broker, ACCOUNT))
    await turn()
    return go, reading


async def test_a_gate_is_not_opened_by_a_listing_that_outlived_the_line() -> None:
    async with stage() as made:
        go, reading = await held_reading(made)
        made.program.runner.feed(FeedChanged(ts=made.clock.now(), broker="paper", is_connected=False, text="cut"))
        go.set()
        await reading
        assert not made.state.gates[ACCOUNT].is_open


async def test_a_listing_older_than_the_send_proves_no_absence() -> None:
    """The venue was read, then the order went out and its answer was lost, then the listing came in without it."""
    async with stage() as made:
        go, reading = await held_reading(made)
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
        go, reading = await held_reading(made)
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


async def test_an_exit_that_waited_too_long_is_not_sent_late_because_the_clock_was_set_back() -> None:
    async with stage() as made:
        await made.do(Submit(request=scenes.request(price="71100")))
        wire = Wire(made)
        wire.gate.clear()
        await made.desk.send(Submit(request=scenes.request(price="70000")))
        await until(lambda: wire.entered)
        late = scenes.request("sell", "5", price=None, reduce_only=True)
        assert (await made.desk.send(Submit(request=late))).is_ok
        straight = made.clock.now
        made.clock.now = lambda: straight() - 3600 * NS  # type: ignore[method-assign]
        made.clock.advance(600)
        wire.gate.set()
        await made.settle()
        assert made.state.orders[late.client_order_id].reason.startswith("too late")
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
