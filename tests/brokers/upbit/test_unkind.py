"""A whole console before an Upbit whose desks are not of one moment: what is late, or left out, or cannot be read, must
not take the protection off a holding."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from decimal import Decimal
from pathlib import Path

import msgspec
import pytest

from core.domain.commands import Cancel, Replace, Submit
from core.domain.order import Order, OrderStatus
from tests.contract.console import Console, running
from tests.contract.session import CLOCK, Session, until
from tests.simulators.faults import Fault
from tests.simulators.upbit.plug import CODE, MAIN, UpbitPlug

D = Decimal


def held(console: Console) -> Decimal:
    return console.engine.state.position(console.plug.account, console.plug.instrument.id).quantity


def stops(console: Console) -> list[Order]:
    return [order for order in console.engine.state.orders.values() if order.request.parent is not None]


def is_safe(console: Console) -> bool:
    """Two are held, and the stop of both waits for its price."""
    (stop,) = stops(console)
    return held(console) == stop.quantity == 2 and stop.status is OrderStatus.HELD and not console.engine.state.frozen


@asynccontextmanager
async def protected(
    plug: UpbitPlug, folder: Path, before: Callable[[], object] = lambda: None
) -> AsyncIterator[Console]:
    """Two were bought, with a stop that is watched here. `before` it is sent."""
    async with running(plug, folder / "journal.db") as console:
        await plug.quote(71_000, 71_100)
        await until(lambda: console.engine.state.quotes[plug.instrument.id].ask == 71_100)
        before()
        request = msgspec.structs.replace(plug.request("buy", "2", "71100"), stop_loss=D(60_000))
        await console.do(Submit(request=request))
        await until(lambda: held(console) == 2)
        yield console


async def test_a_wallet_that_shows_an_execution_late_takes_no_stop_away(plug: UpbitPlug, tmp_path: Path) -> None:
    late = plug.venue.late
    async with protected(plug, tmp_path, lambda: setattr(late, "accounts", 0.5)) as console:
        await console.reconcile()
        assert is_safe(console) and console.is_ready
        await CLOCK.sleep(0.6)
        await console.reconcile()
        assert is_safe(console) and not console.log("RECON")


async def test_a_list_of_markets_that_is_cut_when_the_line_comes_back_takes_no_stop_away(
    plug: UpbitPlug, tmp_path: Path
) -> None:
    markets = plug.venue.exchange.markets
    async with protected(plug, tmp_path) as console:
        left_out = markets.pop(CODE)
        await plug.act("drop")
        await until(lambda: not console.is_ready)
        await until(lambda: console.is_ready)
        markets[CODE] = left_out
        assert is_safe(console) and not console.log("RECON")
        assert console.engine.state.instruments[plug.instrument.id].is_tradable


@pytest.mark.parametrize("cut", [CODE, "-SOL"])
async def test_a_list_of_markets_that_is_cut_at_the_start_takes_no_stop_away(
    plug: UpbitPlug, tmp_path: Path, cut: str
) -> None:
    """What is not listed cannot be told from what is not held."""
    markets = plug.venue.exchange.markets
    async with protected(plug, tmp_path):
        pass
    left_out = {code: markets.pop(code) for code in list(markets) if code.endswith(cut)}
    async with running(plug, tmp_path / "journal.db", is_quoted=False) as console:
        await console.reconcile()
        assert is_safe(console) and not console.log("RECON")
        markets.update(left_out)
        await plug.act("drop")
        await until(lambda: not console.is_open)
        await until(lambda: console.is_ready)
        assert is_safe(console) and not console.log("RECON")


async def test_executions_that_are_late_or_cut_where_an_order_is_asked_for_shut_no_gate(
    plug: UpbitPlug, tmp_path: Path
) -> None:
    """The stream told of all of them; a shut gate would keep the stop in."""
    late = plug.venue.late
    async with protected(plug, tmp_path, lambda: setattr(late, "trades", 3600.0)) as console:
        await console.reconcile()
        assert is_safe(console) and console.is_ready
        reading = console.runner.reconciler.readings[plug.account]
        assert reading.snapshot is not None and not reading.missing
        assert [fill.quantity for fill in reading.snapshot.fills] == [2]  # type: ignore[union-attr]


async def test_lists_that_are_late_alarm_nobody(plug: UpbitPlug, tmp_path: Path) -> None:
    async with running(plug, tmp_path / "journal.db") as console:
        plug.venue.late.orders = plug.venue.late.order = 0.5
        request = await console.submit()
        await console.reconcile()
        assert console.order(request.client_order_id).status is OrderStatus.OPEN
        await CLOCK.sleep(0.6)
        await console.do(Cancel(client_order_id=request.client_order_id))
        await until(lambda: console.order(request.client_order_id).status is OrderStatus.CANCELED)
        await console.reconcile()
        assert not console.log("RECON")


async def test_a_market_whose_figures_make_no_sense_is_listed_all_the_same(session: Session) -> None:
    """One without a close is one that never traded here, or a slip of the venue: the coin is held whatever it says."""
    exchange = session.plug.venue.exchange  # type: ignore[attr-defined]
    exchange.wallet(MAIN, "SOL").free += 3
    exchange.markets[CODE].close = exchange.markets[CODE].last = D(0)
    assert (await session.snapshot()).positions == {session.plug.instrument.id: D(3)}


async def test_an_end_that_overtakes_an_execution_is_believed_when_all_of_them_are_told(
    plug: UpbitPlug, tmp_path: Path
) -> None:
    """A take profit is canceled for its stop, and part of it filled on the way: the stop sells what is left, and none
    of the coins beside."""
    exchange = plug.venue.exchange
    exchange.wallet(MAIN, "SOL").free += 5
    async with running(plug, tmp_path / "journal.db") as console:
        await plug.quote(71_000, 71_100)
        await until(lambda: console.engine.state.quotes[plug.instrument.id].ask == 71_100)
        legs = {"stop_loss": D(60_000), "take_profit": D(72_000)}
        await console.do(Submit(request=msgspec.structs.replace(plug.request("buy", "2", "71100"), **legs)))
        await until(lambda: held(console) == 7)
        await plug.quote(72_000, 72_100, size=0.5)
        await until(lambda: held(console) == D("6.5"))
        market = exchange.markets[CODE]
        plug.faults.put("private", Fault.DELAY, seconds=0.4)
        market.bids.insert(0, [D(72_000), D("0.5")])
        exchange.cross(market)
        await plug.quote(59_000, 59_100, size=100)
        await until(lambda: held(console) == 5)
        await CLOCK.sleep(0.5)
        assert held(console) == exchange.wallet(MAIN, "SOL").free == 5
        assert console.engine.state.late_fills == 0
        assert all(order.status.is_end for order in console.engine.state.orders.values())


async def test_a_stop_goes_though_the_venue_asks_for_silence_in_that_moment(plug: UpbitPlug, tmp_path: Path) -> None:
    async with protected(plug, tmp_path) as console:
        plug.faults.put("order", Fault.HTTP_429, seconds=0.5)
        await plug.quote(59_000, 59_100, size=100)
        await until(lambda: held(console) == 0)
        assert not console.log("LEGS")


async def test_a_change_that_was_on_its_way_at_a_kill_is_no_end_of_its_order(plug: UpbitPlug, tmp_path: Path) -> None:
    """The venue takes its time: the old one is still there when the next process reads, and its end is told later. What
    takes its place is the order."""
    exchange = plug.venue.exchange
    async with running(plug, tmp_path / "journal.db", kill=True) as console:
        id = (await console.submit("10", "70000")).client_order_id
        plug.venue.cancel_seconds = 1.0
        changing = asyncio.ensure_future(console.desk.send(Replace(client_order_id=id, limit_price=D(69_900))))
        await until(lambda: any(deed.what == "received_change" for deed in plug.venue.deeds))
    await changing
    async with running(plug, tmp_path / "journal.db") as console:
        assert console.order(id).limit_price == 70_000, "it is read before anything came of the change"
        await until(lambda: len(exchange.orders) == 2)
        await CLOCK.sleep(0.1)
        assert console.order(id).status is OrderStatus.OPEN
        await console.reconcile()
        order, new = console.order(id), list(exchange.orders.values())[-1]
        assert (order.status, order.limit_price, order.refs[-1]) == (OrderStatus.OPEN, D(69_900), new.uuid)
        await console.do(Cancel(client_order_id=id))
        await until(lambda: console.order(id).status is OrderStatus.CANCELED)
        assert not new.is_open
