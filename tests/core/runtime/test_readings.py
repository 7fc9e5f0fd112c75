"""What the readings of an account find beside UNKNOWN orders: drift, bound orders that no listing shows, and what
people see of it."""

from __future__ import annotations

import asyncio
from decimal import Decimal
from typing import Any

import msgspec
import pytest

from core.clock import SystemClock
from core.domain.commands import Acknowledge, Replace
from core.domain.errors import NotConnected
from core.domain.events import OrderDenied, OrderFilled, OrderReplaced
from core.domain.ids import VenueRef
from core.domain.market import NS
from core.domain.order import Order, OrderStatus
from core.runtime.recon_rows import recon_rows
from core.trading.engine import Engine
from tests import scenes
from tests.scenes import KRW, SAMSUNG, START
from tests.scripted_venue import ACCOUNT
from tests.settle_scene import Scene, scene

# --- drift -----------------------------------------------------------------------------------------------------------


async def test_drift_freezes_until_somebody_has_looked() -> None:
    async with scene(ids=False) as made:
        made.venue.holdings[SAMSUNG] = Decimal(7)
        await made.wait(31)
        place = (ACCOUNT, SAMSUNG)
        assert made.state.frozen[place].quantity == 7
        by_hand = await made.submit()
        assert by_hand.status is OrderStatus.OPEN, "people go on"
        made.engine.strategist.slots["grid"] = None  # type: ignore[assignment]
        made.clock.advance(10)
        made.runner.feed(scenes.quote(71_000, 71_100, made.clock.now()))
        automatic = await made.submit(source="grid", quantity="3")
        assert automatic.reason.startswith("drift")
        made.runner.ask(Acknowledge(account=ACCOUNT, instrument=SAMSUNG))
        again = await made.submit(source="grid", quantity="3")
        assert "drift" not in again.reason
        del made.engine.strategist.slots["grid"]
        assert not isinstance(again, OrderDenied)


async def test_a_freeze_is_remembered_by_the_journal() -> None:
    async with scene(ids=False) as made:
        made.venue.holdings[SAMSUNG] = Decimal(7)
        await made.wait(31)
        second = Engine(KRW)
        for _, event in made.journal.replay():
            second.restore(event)
        assert second.state.frozen == made.state.frozen != {}
        made.runner.ask(Acknowledge(account=ACCOUNT, instrument=SAMSUNG))
        await made.runner.idle()
        third = Engine(KRW)
        for _, event in made.journal.replay():
            third.restore(event)
        assert third.state.frozen == {}


async def test_what_an_account_came_with_is_no_drift() -> None:
    def prepare(made: Scene) -> None:
        made.venue.holdings[SAMSUNG] = Decimal(7)

    async with scene(ids=False, prepare=prepare) as made:
        assert made.state.position(ACCOUNT, SAMSUNG).quantity == 7
        assert made.state.frozen == {}


# --- what people see of it -------------------------------------------------------------------------------------------


def seen(made: Scene) -> dict[str, list[Any]]:
    found: dict[str, list[Any]] = {}
    for row in recon_rows(made.state, made.runner.reconciler):
        found.setdefault(row.kind, []).append(row)
    return found


async def test_an_account_that_agrees_is_one_quiet_row() -> None:
    async with scene(ids=False) as made:
        rows = recon_rows(made.state, made.runner.reconciler)
        assert [(row.kind, row.is_ok) for row in rows] == [("reading", True)]


async def test_each_difference_says_what_it_means_and_what_mends_it() -> None:
    async with scene(ids=False) as made:
        id = await made.lost()
        made.venue.has("r1", None, "open", START + NS, channel="phone\x1b[2J")
        made.venue.has("r2", None, "open", START)
        made.venue.holdings[SAMSUNG] = Decimal(7)
        await made.wait(0.25)
        found = seen(made)
        (unknown,), (first, second), (frozen,) = found["unknown"], found["candidate"], found["frozen"]
        assert (unknown.client_order_id, unknown.mend) == (id, f"hoga settle {id[-4:]} --not-placed")
        assert (first.ref, second.ref) == ("r1", "r2")
        assert "+1.0 s from our send" in first.text and "phone" in first.text and "\x1b" not in first.text
        assert frozen.mend == "hoga reconcile --ack 005930"


async def test_what_could_not_be_read_is_said_in_words() -> None:
    async with scene(ids=False) as made:
        made.venue.unread = frozenset({"fills"})
        await made.wait(31)
        (reading,) = seen(made)["reading"]
        assert not reading.is_ok
        assert "fills: page 2 failed" in reading.text and "? fills" in reading.theirs


# --- a bound order that no listing shows -----------------------------------------------------------------------------


async def test_an_open_order_that_is_not_listed_is_asked_for_before_anybody_is_alarmed() -> None:
    """The listing is of today alone; the venue knows the order by its id. Asked and absent, it is an alarm."""
    async with scene(ids=True) as made:
        order = await made.submit()
        assert order.status is OrderStatus.OPEN
        alarms = lambda: [row.text for row in made.runner.log.rows if "no longer lists" in row.text]  # noqa: E731
        known = {"old": made.venue.has("r-old", None, "canceled", START)}
        theirs = msgspec.structs.replace(known["old"], ref=order.refs[0], client_order_id=order.id, status="open")

        async def find(asked: Order) -> Any:
            made.venue.asked.append(asked.id)
            return theirs

        made.venue.find = find  # type: ignore[method-assign]
        await made.wait(31)
        assert made.venue.asked == [order.id] and alarms() == []
        assert made.order(order.id).status is OrderStatus.OPEN
        theirs = msgspec.structs.replace(theirs, status="canceled")
        await made.wait(31)
        assert made.order(order.id).status is OrderStatus.CANCELED and alarms() == []


@pytest.mark.parametrize("is_lost", [False, True])
async def test_an_open_order_that_the_venue_does_not_know_is_an_alarm_and_stays(is_lost: bool) -> None:
    async with scene(ids=True) as made:
        order = await made.submit()
        if is_lost:

            async def broken(_: Order) -> Any:
                raise NotConnected("scripted", "no answer")

            made.venue.find = broken  # type: ignore[method-assign]
        await made.wait(31)
        assert made.order(order.id).status is OrderStatus.OPEN
        assert sum("no longer lists" in row.text for row in made.runner.log.rows) == 1


async def test_a_fill_between_two_listings_is_no_drift_and_a_real_one_is_seen_at_once() -> None:
    """The executions were read, then one more happened, then the holdings were read."""
    async with scene(ids=True) as made:
        order = await made.submit()
        ref = order.refs[0]
        read, raced = made.venue.snapshot, 1

        async def torn(account: Any) -> Any:
            nonlocal raced
            before = await read(account)
            if not raced:
                return before
            raced -= 1
            made.venue.filled("x1", ref, order.id, 4, START)
            return msgspec.structs.replace(before, positions=dict(made.venue.holdings))

        made.venue.snapshot = torn  # type: ignore[method-assign]
        await made.wait(31)
        assert not raced and not made.state.frozen
        assert made.state.position(ACCOUNT, SAMSUNG).quantity == made.order(order.id).filled == 4
        made.venue.holdings[SAMSUNG] += 3
        await made.wait(31)
        assert made.state.frozen[(ACCOUNT, SAMSUNG)].quantity == 3


async def test_a_drift_is_believed_once_it_stood_longer_than_a_listing_may_be_late() -> None:
    """Where holdings are told late, an execution of a moment ago may be missing there however often they are read."""
    async with scene(ids=True) as made:
        made.venue.capabilities = msgspec.structs.replace(made.venue.capabilities, listing_lag_seconds=1.0)
        order = await made.submit()
        made.venue.filled("x1", order.refs[0], order.id, 4, START)
        made.venue.holdings = {}
        await made.wait(31, 31)
        assert not made.state.frozen and made.state.position(ACCOUNT, SAMSUNG).quantity == 4
        made.venue.filled("x2", order.refs[0], order.id, 4, START)
        made.runner.feed(OrderFilled(ts=START, fill=made.venue.fills[-1]))
        made.venue.holdings = {SAMSUNG: Decimal(4)}
        await made.wait(10)
        assert not made.state.frozen, "as much is missing as before, but not the same: it begins anew"
        await made.wait(3)
        made.venue.holdings = {SAMSUNG: Decimal(8)}
        await made.wait(10)
        made.venue.holdings = {SAMSUNG: Decimal(4)}
        await made.wait(31)
        assert not made.state.frozen, "it was explained meanwhile"
        await made.wait(10)
        assert made.state.frozen[(ACCOUNT, SAMSUNG)].quantity == -4
        assert made.state.position(ACCOUNT, SAMSUNG).quantity == 4


async def test_two_fills_of_one_size_are_no_drift_though_each_fell_between_two_listings() -> None:
    """The stream tells of the first while the venue is read again: nothing was seen twice."""
    async with scene(ids=True) as made:
        order = await made.submit()
        ref, read = order.refs[0], made.venue.snapshot
        turns = iter(("torn", "told", "torn", "calm"))

        async def racing(account: Any) -> Any:
            before = await read(account)
            match next(turns, "calm"):
                case "torn":
                    made.venue.filled(f"x{len(made.venue.fills)}", ref, order.id, 3, START)
                    return msgspec.structs.replace(before, positions=dict(made.venue.holdings))
                case "told":
                    for fill in made.venue.fills:
                        made.runner.feed(OrderFilled(ts=START, fill=fill))
                    await SystemClock().sleep(0)
            return before

        made.venue.snapshot = racing  # type: ignore[method-assign]
        await made.wait(31)
        assert next(turns, None) == "calm", "three readings, and no fourth"
        await made.wait(31)
        assert not made.state.frozen
        assert made.state.position(ACCOUNT, SAMSUNG).quantity == made.order(order.id).filled == 6


async def test_a_drift_that_two_readings_see_at_once_is_booked_once() -> None:
    """A line that came back reads the account while the beat does."""
    async with scene(ids=True) as made:
        made.venue.holdings[SAMSUNG] = Decimal(3)
        read = made.venue.snapshot

        async def slow(account: Any) -> Any:
            await SystemClock().sleep(0)
            return await read(account)

        made.venue.snapshot = slow  # type: ignore[method-assign]
        both = [made.runner.reconciler.reconcile(made.venue, ACCOUNT) for _ in range(2)]
        await asyncio.gather(*both)
        assert made.state.position(ACCOUNT, SAMSUNG).quantity == 3
        assert made.state.frozen[(ACCOUNT, SAMSUNG)].quantity == 3


async def test_a_listing_of_before_a_change_ends_nothing() -> None:
    """Where a change is a cancel and a new order, the end of the old one is no end; and a change that is on its way may
    be in the middle."""
    async with scene(ids=True) as made:
        order = await made.submit()
        made.venue.has(order.refs[0], order.id, "canceled", START)
        made.runner.ask(Replace(client_order_id=order.id, limit_price=Decimal(70_500), by="test"))
        await made.runner.reconcile(made.venue, ACCOUNT)
        assert made.order(order.id).status is OrderStatus.OPEN
        changed = OrderReplaced(
            ts=START, client_order_id=order.id, quantity=Decimal(10), limit_price=Decimal(70_500), ref=VenueRef("new")
        )
        made.runner.feed(changed)
        await made.runner.reconcile(made.venue, ACCOUNT)
        assert made.order(order.id).status is OrderStatus.OPEN
        made.venue.has("new", order.id, "canceled", START, limit_price=Decimal(70_500))
        await made.runner.reconcile(made.venue, ACCOUNT)
        assert made.order(order.id).status is OrderStatus.CANCELED


async def test_a_change_that_nothing_came_of_ends_with_its_order() -> None:
    async with scene(ids=True) as made:
        order = await made.submit()
        made.venue.has(order.refs[0], order.id, "canceled", START)
        made.runner.ask(Replace(client_order_id=order.id, limit_price=Decimal(70_500), by="test"))
        await made.runner.idle()
        made.clock.advance(61)
        await made.runner.reconcile(made.venue, ACCOUNT)
        assert made.order(order.id).status is OrderStatus.CANCELED
