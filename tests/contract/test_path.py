"""The promise as a whole, on a real wire: desk, engine, journal, outbox, broker, venue, with everything going wrong in
between. The venue's book says what was true: at most one order per intent, and none of them lost."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from decimal import Decimal
from pathlib import Path
from random import Random

import pytest

from core.domain.commands import Cancel, Replace, Submit
from core.domain.errors import BrokerError
from core.domain.ids import ClientOrderId
from core.domain.market import Freshness
from core.domain.order import OrderStatus
from tests.contract.console import Console, count, running
from tests.contract.session import CLOCK, until
from tests.simulators.faults import ON_ORDERS, REFUSES, TAKES, Fault
from tests.simulators.plug import Plug, accepted

pytestmark = pytest.mark.wire
STILL_OPEN = {OrderStatus.UNKNOWN, OrderStatus.SENDING}
NEVER_THERE = {OrderStatus.DENIED, OrderStatus.REJECTED, OrderStatus.NOT_PLACED}
SEEDS = (3, 7, 19)


def check(console: Console, ids: list[ClientOrderId]) -> None:
    """At most once, and never lost: what the venue took is known here, or shown as UNKNOWN."""
    deeds = console.plug.truth()
    for id in ids:
        order = console.order(id)
        assert count(deeds, "received", id) <= 1, "an order went out twice"
        took = accepted(deeds, id)
        assert took <= 1, "an order lives twice"
        if took:
            assert order.status not in NEVER_THERE, f"{order.status}, and the venue has it"
        elif order.status not in NEVER_THERE:
            assert order.status in STILL_OPEN, f"{order.status}, and the venue never had it"


def check_positions(console: Console) -> None:
    deeds, plug = console.plug.truth(), console.plug
    bought = sum((Decimal(d.quantity) for d in deeds if d.what == "filled"), Decimal(0))
    assert console.engine.state.position(plug.account, plug.instrument.id).quantity == bought


@pytest.mark.parametrize("fault", sorted(ON_ORDERS))
async def test_one_fault_one_order(plug: Plug, tmp_path: Path, fault: Fault) -> None:
    if fault not in plug.faults_known:
        pytest.skip(f"this venue cannot act out {fault}")
    async with running(plug, tmp_path / "journal.db") as console:
        plug.faults.put("order", fault, seconds=0.05)
        for _ in range(3):
            wanted = await console.submit()
            if count(plug.truth(), "received", wanted.client_order_id) or fault not in TAKES:
                break  # else its connection did not stand in time, on a busy machine: the fault waits for the next
        status = console.order(wanted.client_order_id).status
        if fault in TAKES:
            assert status in (OrderStatus.UNKNOWN, OrderStatus.OPEN), "an order of which nothing is known was settled"
        if fault in REFUSES:
            assert status is OrderStatus.REJECTED
        await CLOCK.sleep(0.1)
        await console.reconcile()
        check(console, [wanted.client_order_id])
        if console.broker.capabilities.has_client_ids and accepted(plug.truth(), wanted.client_order_id):
            assert console.order(wanted.client_order_id).status is OrderStatus.OPEN


@pytest.mark.parametrize("seed", SEEDS)
async def test_forty_orders_in_bad_weather(plug: Plug, tmp_path: Path, seed: int) -> None:
    """Orders, cancels and replaces while requests, listings and streams fail at random. The script of a red run is in
    faults.json beside its journal: `Script.again` plays it."""
    chance = Random(seed)
    async with running(plug, tmp_path / "journal.db") as console:
        plug.faults.seed = seed
        plug.faults.rates = {
            "order": {fault: 0.03 for fault in sorted(plug.faults_known & ON_ORDERS) if "418" not in fault},
            "cancel": {Fault.DROP_BEFORE_ACCEPT: 0.1, Fault.ACCEPT_THEN_DROP: 0.1, Fault.HTTP_500: 0.1},
            "replace": {Fault.ACCEPT_THEN_DROP: 0.2, Fault.ACCEPT_THEN_500: 0.2},
            "list": {Fault.PAGE_CUT: 0.1, Fault.GARBAGE: 0.1, Fault.STALE_LIST: 0.1},
            "private": {Fault.DUPLICATE_EVENT: 0.2, Fault.REORDER: 0.1, Fault.GARBAGE: 0.05},
        }
        ids: list[ClientOrderId] = []
        for number in range(40):
            price = 71_100 if chance.random() < 0.3 else 70_000 - 100 * (number % 20)
            request = plug.request("buy", str(chance.randint(1, 5)), str(price))
            ids.append(request.client_order_id)
            await console.desk.send(Submit(request=request))
            if chance.random() < 0.3:
                await console.desk.send(Cancel(client_order_id=chance.choice(ids)))
            elif chance.random() < 0.2:
                await console.desk.send(Replace(client_order_id=chance.choice(ids), quantity=Decimal(7)))
            await CLOCK.sleep(0.005)
        await console.runner.idle()
        plug.faults.save(tmp_path / "faults.json")
        plug.faults.clear()
        await CLOCK.sleep(0.5)
        await until(lambda: console.is_ready)
        with suppress(BrokerError):
            await console.reconcile()
        check(console, ids)
        check_positions(console)
        # Without our ids the first lost answer closes the lane to all that would follow.
        fewest = 3 if console.broker.capabilities.has_client_ids else 0
        assert sum(accepted(plug.truth(), id) for id in ids) > fewest, "nothing was shown"


@pytest.mark.parametrize("why", ["held back", "nobody listens"])
async def test_what_was_not_written_is_not_unknown(plug: Plug, tmp_path: Path, why: str) -> None:
    """The permit came back unspent: no byte left, so there is nothing to ask the venue about."""
    async with running(plug, tmp_path / "journal.db") as console:
        if why == "held back":
            plug.faults.put("order", Fault.HTTP_429, seconds=5.0)
            await console.submit()
        else:
            await plug.act("down")
        wanted = plug.request("buy", "1", "70000")
        await console.do(Submit(request=wanted))
        known = console.engine.state.orders.get(wanted.client_order_id)
        assert known is None or known.status in NEVER_THERE
        assert count(plug.truth(), "received", wanted.client_order_id) == 0


async def test_a_second_submit_of_one_id_is_no_second_order(plug: Plug, tmp_path: Path) -> None:
    async with running(plug, tmp_path / "journal.db") as console:
        request = plug.request("buy", "1", "70000")
        await asyncio.gather(*(console.desk.send(Submit(request=request)) for _ in range(20)))
        await console.runner.idle()
        assert count(plug.truth(), "received", request.client_order_id) == 1
        assert console.order(request.client_order_id).status is OrderStatus.OPEN


async def test_a_restart_in_the_middle_of_a_submit_sends_nothing_again(plug: Plug, tmp_path: Path) -> None:
    """The venue took it and says nothing; the console dies. The next one asks, and does not send."""
    async with running(plug, tmp_path / "journal.db", kill=True) as console:
        plug.faults.put("order", Fault.ACCEPT_THEN_TIMEOUT)
        request = plug.request("buy", "1", "70000")
        await console.desk.send(Submit(request=request))
        await until(lambda: count(plug.truth(), "received", request.client_order_id))
    async with running(plug, tmp_path / "journal.db") as console:
        await console.runner.idle()
        check(console, [request.client_order_id])
        expected = {OrderStatus.OPEN} if console.broker.capabilities.has_client_ids else {OrderStatus.OPEN, *STILL_OPEN}
        assert console.order(request.client_order_id).status in expected


async def test_the_gate_is_shut_while_the_line_is_down_and_fills_come_home(plug: Plug, tmp_path: Path) -> None:
    async with running(plug, tmp_path / "journal.db") as console:
        resting = await console.submit("10", "71000")
        await plug.act("down")
        await until(lambda: not console.is_ready)
        while_down = await console.submit()
        assert count(plug.truth(), "received", while_down.client_order_id) == 0
        known = console.engine.state.orders.get(while_down.client_order_id)
        assert known is None or known.status in NEVER_THERE
        await plug.quote(70_900, 71_000, size=4)
        await plug.act("up")
        await until(lambda: console.is_ready, 20)
        assert console.order(resting.client_order_id).filled == 4
        check_positions(console)
        quotes = console.engine.state.quotes  # those of before are old; the venue tells new ones
        await until(lambda: quotes[plug.instrument.id].freshness is Freshness.LIVE)
        after = await console.submit()
        assert console.order(after.client_order_id).status is OrderStatus.OPEN


async def test_five_times_the_same_fill_is_one_fill(plug: Plug, tmp_path: Path) -> None:
    async with running(plug, tmp_path / "journal.db") as console:
        wanted = await console.submit("10", "71000")
        plug.faults.put("private", Fault.DUPLICATE_EVENT, times=20)
        for size in (2, 3, 5):
            await plug.quote(70_900, 71_000, size=size)
            await plug.quote(71_000, 71_100, size=100)
        await until(lambda: console.order(wanted.client_order_id).status is OrderStatus.FILLED)
        await console.reconcile()
        check_positions(console)
        assert console.order(wanted.client_order_id).filled == 10


async def test_a_cancel_reaches_an_order_whose_submit_was_lost(plug: Plug, tmp_path: Path) -> None:
    """UNKNOWN, found by reconciliation, then canceled: the way out is never lost with the answer."""
    async with running(plug, tmp_path / "journal.db") as console:
        if not console.broker.capabilities.has_client_ids:
            pytest.skip("only a venue that knows our ids can tell which one it is")
        plug.faults.put("order", Fault.ACCEPT_THEN_DROP)
        wanted = await console.submit()
        await console.reconcile()
        await console.do(Cancel(client_order_id=wanted.client_order_id))
        await until(lambda: console.order(wanted.client_order_id).status is OrderStatus.CANCELED)


async def test_a_listing_that_cannot_be_read_opens_no_gate(plug: Plug, tmp_path: Path) -> None:
    plug.faults.put("list", Fault.DELAY, seconds=0.001, times=2)  # instruments and accounts
    plug.faults.put("list", Fault.PAGE_CUT)
    console = Console(plug, tmp_path / "journal.db")
    await plug.act("order")
    await plug.act("order")
    console.runner.recover()
    task = asyncio.ensure_future(console.runner.run())
    await until(lambda: plug.account in console.engine.state.gates)
    assert not console.engine.state.gates[plug.account].is_open
    await console.reconcile()
    assert console.engine.state.gates[plug.account].is_open
    console.runner.stop()
    await task
