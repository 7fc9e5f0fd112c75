"""What would cost money at Upbit: an order that ended out of sight, versions of it that nobody remembers, a fill in the
middle of a change, an answer that is not ours."""

from __future__ import annotations

import asyncio
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec
import pytest

from brokers.upbit import pocket
from core.domain.commands import Replace
from core.domain.events import Noticed, OrderReplaced
from core.domain.market import NS
from core.domain.order import OrderStatus
from tests.contract.console import running
from tests.contract.session import CLOCK, Session, until
from tests.simulators.faults import Fault
from tests.simulators.upbit.exchange import Refused
from tests.simulators.upbit.plug import UpbitPlug

D = Decimal
DAY = 86_400 * NS


def venue_of(it: Any) -> Any:
    return (it.plug if isinstance(it, Session) else it).venue


async def test_what_filled_while_nobody_was_here_for_days_is_booked(plug: UpbitPlug, tmp_path: Path) -> None:
    journal = tmp_path / "journal.db"
    async with running(plug, journal) as console:
        wanted = await console.submit("10", "71000")
        assert console.order(wanted.client_order_id).status is OrderStatus.OPEN
    await plug.quote(70_900, 71_000, size=100)
    (placed,) = venue_of(plug).exchange.orders.values()
    assert placed.state == "done"
    placed.created -= 3 * DAY
    await plug.quote(71_000, 71_100, size=100)
    async with running(plug, journal) as console:
        order = console.order(wanted.client_order_id)
        await console.reconcile()
        assert (console.order(order.id).status, console.order(order.id).filled) == (OrderStatus.FILLED, 10)
        state = console.engine.state
        assert state.position(plug.account, plug.instrument.id).quantity == 10 and not state.frozen


async def test_versions_are_known_again_after_a_restart(plug: UpbitPlug) -> None:
    first = Session(plug)
    await first.open()
    sent = await first.rest("10", "71000")
    await plug.quote(70_900, 71_000, size=4)
    await until(lambda: first.fills(sent.id))
    known = msgspec.structs.replace(sent.open_order, filled=D(4), filled_value=D(4 * 71_000))
    wish = first.replacing(sent, limit_price=D(70_500)).requested
    await first.broker.replace(msgspec.structs.replace(known, requested=wish))
    told = (await until(lambda: first.replaced(sent.id)))[-1]
    assert told.quantity == 10
    await first.close()
    again = Session(plug)
    await again.open()
    await again.snapshot()
    known = msgspec.structs.replace(known, refs=(*known.refs, told.ref), limit_price=D(70_500))
    found: Any = await again.broker.find(known)
    assert (found.filled, found.quantity) == (4, 10)
    wish = first.replacing(sent, limit_price=D(70_400)).requested
    await again.broker.replace(msgspec.structs.replace(known, requested=wish))
    assert (await until(lambda: again.replaced(sent.id)))[-1].quantity == 10
    await again.close()


async def test_versions_that_are_listed_no_more_still_count(plug: UpbitPlug, tmp_path: Path) -> None:
    """Ended orders are listed for a week: what an order filled before it was changed is older than that."""
    journal = tmp_path / "journal.db"
    async with running(plug, journal) as console:
        id = (await console.submit("10", "71000")).client_order_id
        await plug.quote(70_900, 71_000, size=4)
        await until(lambda: console.order(id).filled == 4)
        await console.do(Replace(client_order_id=id, limit_price=D(70_500), by="keyboard"))
        await until(lambda: console.order(id).limit_price == 70_500)
    first = venue_of(plug).exchange.orders[console.order(id).refs[0]]
    first.created -= 8 * DAY
    async with running(plug, journal) as console:
        await console.reconcile()
        assert (console.order(id).quantity, console.order(id).remaining) == (10, 6)
        await plug.quote(70_400, 70_500, size=2)
        await until(lambda: console.order(id).filled == 6)
        await console.reconcile()
        assert (console.order(id).quantity, console.order(id).remaining) == (10, 4)


async def test_a_fill_in_the_middle_of_a_change_is_not_bought_again(session: Session) -> None:
    await session.quoted(71_000, 71_100)
    sent = await session.rest("10", "71000")
    venue_of(session).cancel_seconds = 0.2
    await session.broker.replace(session.replacing(sent, quantity=D(8), limit_price=D(70_500)))
    await session.plug.quote(70_900, 71_000, size=4)
    await until(lambda: session.replaced(sent.id))
    await CLOCK.sleep(1.0)
    book = venue_of(session).exchange.orders.values()
    live = sum(o.remaining for o in book if o.is_open)
    done = sum(o.executed for o in book)
    assert done == 4 and done + live <= 8
    assert any("instead of 8" in event.text for event in session.of(Noticed))
    await until(lambda: session.ends(sent.id))


async def test_a_fill_in_the_middle_of_a_change_of_price_is_left_out_of_the_new_one(session: Session) -> None:
    sent = await session.rest("10", "71000")
    venue_of(session).cancel_seconds = 0.2
    await session.broker.replace(session.replacing(sent, limit_price=D(70_500)))
    await session.plug.quote(70_900, 71_000, size=4)
    assert (await until(lambda: session.replaced(sent.id)))[-1].quantity == 10
    await CLOCK.sleep(1.2)
    assert not session.ends(sent.id)
    assert [o.remaining for o in venue_of(session).exchange.orders.values() if o.is_open] == [6]


async def test_a_cancel_in_the_middle_of_a_change_ends_the_order(session: Session) -> None:
    sent = await session.rest("10", "70000")
    venue_of(session).cancel_seconds = 0.3
    await session.broker.replace(session.replacing(sent, limit_price=D(69_900)))
    await session.broker.cancel(sent.open_order)
    await CLOCK.sleep(1.5)
    assert [o.state for o in venue_of(session).exchange.orders.values()] == ["cancel", "cancel"]


async def test_an_answer_about_another_order_is_no_answer(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    venue = venue_of(session)
    other = await session.rest("1", "70000")
    real = venue.exchange.place

    def lies(account: str, body: dict[str, str], **more: Any) -> Any:
        real(account, body, **more)
        return venue.exchange.orders[other.ref]

    monkeypatch.setattr(venue.exchange, "place", lies)
    monkeypatch.setattr(venue.exchange, "enter", lambda placed: None)
    sent = await session.send(session.plug.request("buy", "2", "69000"))
    assert sent.error is not None


async def test_one_absence_is_not_the_end_of_a_changed_order(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    """The new one is there, and the venue's listing is late: as with any order, absence is said more than once."""
    monkeypatch.setattr(pocket, "ABSENT_SECONDS", 0.5)
    exchange, asked = venue_of(session).exchange, []
    named = exchange.named

    def late(account: str, uuid: str = "", identifier: str = "") -> Any:
        if "-" in identifier and len(asked) < 2:
            asked.append(identifier)
            raise Refused(404, "order_not_found", "not yet")
        return named(account, uuid, identifier)

    sent = await session.rest("5", "70000")
    monkeypatch.setattr(exchange, "named", late)
    session.plug.faults.put("private", Fault.DROP_BEFORE_ACCEPT, times=2)
    await session.broker.replace(session.replacing(sent, limit_price=D(69_900)))
    told = await until(lambda: session.replaced(sent.id) or session.ends(sent.id))
    assert isinstance(told[-1], OrderReplaced) and len(asked) == 2


async def test_a_change_in_the_middle_of_a_reading_does_not_end_the_order(
    plug: UpbitPlug, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What waits is listed before what ended: a change in between leaves the old one, canceled, and no new one."""
    async with running(plug, tmp_path / "journal.db") as console:
        id = (await console.submit("10", "70000")).client_order_id
        venue = venue_of(plug)
        monkeypatch.setattr(venue.exchange, "moved", lambda account, currencies: None)  # told minutes later
        for seconds in (0.001, 0.5):
            plug.faults.put("list", Fault.DELAY, seconds=seconds)
        reading = asyncio.ensure_future(console.reconcile())
        await until(lambda: any("/orders/open" in str(call) for call in plug.traffic()[-3:]))
        await console.do(Replace(client_order_id=id, limit_price=D(69_900), by="keyboard"))
        await until(lambda: console.order(id).limit_price == 69_900)
        await reading
        order = console.order(id)
        assert (order.status, order.limit_price) == (OrderStatus.OPEN, 69_900)


async def test_the_end_of_a_changed_order_is_found_though_only_its_first_version_is_remembered(
    plug: UpbitPlug, tmp_path: Path
) -> None:
    journal = tmp_path / "journal.db"
    async with running(plug, journal) as console:
        id = (await console.submit("10", "71000")).client_order_id
        await console.do(Replace(client_order_id=id, limit_price=D(70_500), by="keyboard"))
        await until(lambda: console.order(id).limit_price == 70_500)
    await plug.quote(70_400, 70_500, size=100)
    for order in venue_of(plug).exchange.orders.values():
        order.created -= 8 * DAY
    async with running(plug, journal) as console:
        for _ in range(2):
            await console.reconcile()
        assert (console.order(id).status, console.order(id).filled) == (OrderStatus.FILLED, 10)
        assert not console.engine.state.frozen


async def test_a_sum_that_is_no_number_is_asked_for_again(session: Session) -> None:
    sent = await session.rest("5", "70000")
    session.plug.faults.put("private", Fault.DROP_BEFORE_ACCEPT, times=2)
    old = venue_of(session).exchange.orders[sent.ref]
    old.executed = D("NaN")
    await session.broker.replace(session.replacing(sent, limit_price=D(69_900)))
    await CLOCK.sleep(1.4)
    assert session.replaced(sent.id) == []
    old.executed = D(0)
    assert (await until(lambda: session.replaced(sent.id)))[-1].quantity == 5
