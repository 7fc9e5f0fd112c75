"""How UNKNOWN ends: by id, by what appeared since the baseline, by proof of absence, by a person; never by time."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from decimal import Decimal
from typing import Any

import msgspec
import pytest

from core.clock import ManualClock, SystemClock
from core.domain.commands import Acknowledge, Cancel, Replace, Settle, Submit
from core.domain.errors import NotConnected
from core.domain.events import FeedChanged, FillAttributed, OrderDenied, OrderFilled, OrderReplaced, PhaseChanged
from core.domain.ids import ClientOrderId, VenueRef
from core.domain.market import NS, Phase
from core.domain.order import Binding, Order, OrderStatus
from core.runtime.recon_rows import recon_rows
from core.runtime.runner import Runner
from core.trading.engine import Engine
from core.trading.settle import ASK_SECONDS
from storage.journal import Journal
from tests import scenes
from tests.scenes import KRW, SAMSUNG, START
from tests.scripted_venue import ACCOUNT, ScriptedVenue


class Scene:
    def __init__(self, *, ids: bool) -> None:
        self.clock = ManualClock(START)
        self.venue = ScriptedVenue(has_client_ids=ids)
        self.engine = Engine(KRW)
        self.journal = Journal.open(":memory:", boot_id="settle")
        self.runner = Runner(self.engine, self.journal, self.clock, [self.venue], is_driven=True)

    @property
    def state(self) -> Any:
        return self.engine.state

    async def wait(self, *seconds: float) -> None:
        for pause in seconds:
            self.clock.advance(pause)
            await self.runner.reconciler.beat()
            await self.runner.idle()
            self.runner.feed(scenes.quote(71_000, 71_100, self.clock.now()))

    async def submit(self, side: str = "buy", *, confirmed: bool = False, **more: Any) -> Order:
        wanted = msgspec.structs.replace(scenes.request(side, **more), account=ACCOUNT)
        self.runner.ask(Submit(request=wanted, is_confirmed=confirmed))
        await self.runner.idle()
        found: Order = self.state.orders[wanted.client_order_id]
        return found

    async def lost(self, **more: Any) -> ClientOrderId:
        """An order whose answer is lost."""
        self.venue.loses_answers = True
        order = await self.submit(**more)
        self.venue.loses_answers = False
        assert order.status is OrderStatus.UNKNOWN
        return order.id

    def order(self, id: ClientOrderId) -> Order:
        found: Order = self.state.orders[id]
        return found


@asynccontextmanager
async def scene(*, ids: bool, prepare: Any = None) -> AsyncIterator[Scene]:
    made = Scene(ids=ids)
    if prepare is not None:
        prepare(made)
    opened = asyncio.Event()
    running = asyncio.ensure_future(made.runner.run(opened))
    await opened.wait()
    made.runner.feed(PhaseChanged(ts=START, market="XKRX", phase=Phase.OPEN))
    made.runner.feed(scenes.quote(71_000, 71_100))
    try:
        yield made
    finally:
        made.runner.stop()
        await running


# --- with client ids -------------------------------------------------------------------------------------------------


async def test_an_order_is_asked_for_by_id_on_the_schedule() -> None:
    async with scene(ids=True) as made:
        await made.lost()
        await made.runner.reconciler.beat()
        times: list[float] = []
        for _ in range(61 * 4):
            before = len(made.venue.asked)
            made.clock.advance(0.25)
            await made.runner.reconciler.beat()
            if len(made.venue.asked) > before:
                times.append((made.clock.now() - START) / NS)
        assert times == [*ASK_SECONDS, 60.0]
        assert made.order(made.venue.asked[0]).status is OrderStatus.UNKNOWN, "0.25 s to 60 s are no whole minute"


async def test_an_order_is_asked_for_while_its_account_is_being_read() -> None:
    """A listing of a thousand rows takes its time; a question for one order does not wait behind it."""
    async with scene(ids=True) as made:
        read, is_read = made.venue.snapshot, asyncio.Event()

        async def endless(account: Any) -> Any:
            await is_read.wait()
            return await read(account)

        made.venue.snapshot = endless  # type: ignore[method-assign]
        id = await made.lost()
        made.venue.has("r1", id, "open", START)
        made.clock.advance(31)
        reading = asyncio.ensure_future(made.runner.reconciler.beat())
        await SystemClock().sleep(0)
        made.clock.advance(0.25)
        await made.runner.reconciler.questions.beat()
        await made.runner.idle()
        assert made.order(id).status is OrderStatus.OPEN and not reading.done()
        is_read.set()
        await reading


@pytest.mark.parametrize("ids", [True, False])
async def test_an_outage_uses_up_no_question(ids: bool) -> None:
    """Half an hour without a line: what nobody could answer is asked within two seconds of its return."""
    async with scene(ids=ids) as made:
        id = await made.lost()
        made.venue.unread = frozenset({"all"})
        made.runner.feed(FeedChanged(ts=START, broker="scripted", is_connected=False, text="cut"))
        await made.wait(*[10] * 180)
        assert made.order(id).status is OrderStatus.UNKNOWN
        made.venue.unread = frozenset()
        made.venue.has("r1", id, "open", START)
        made.runner.feed(FeedChanged(ts=START, broker="scripted", is_connected=True))
        await made.wait(2)
        assert made.order(id).status is OrderStatus.OPEN


async def test_by_id_an_order_is_asked_for_while_the_stream_is_down() -> None:
    """The answer comes through another door, and opens no gate."""
    async with scene(ids=True) as made:
        id = await made.lost()
        made.venue.has("r1", id, "open", START)
        made.runner.feed(FeedChanged(ts=START, broker="scripted", is_connected=False, text="cut"))
        await made.wait(0.25, 2)
        assert made.order(id).status is OrderStatus.OPEN
        assert not made.state.feeds["scripted"].is_connected
        assert (await made.submit()).status is OrderStatus.DENIED


async def test_found_by_id_is_bound() -> None:
    async with scene(ids=True) as made:
        id = await made.lost()
        made.venue.has("r1", id, "open", START)
        await made.wait(0.25, 0.25)
        assert (made.order(id).status, made.order(id).refs) == (OrderStatus.OPEN, ("r1",))


async def test_no_such_id_is_believed_after_three_answers_over_a_minute() -> None:
    async with scene(ids=True) as made:
        id = await made.lost()
        await made.wait(0.25, 1, 1, 3, 5, 20)
        assert len(made.venue.asked) >= 5
        assert made.order(id).status is OrderStatus.UNKNOWN, "often is not long"
        await made.wait(31, 31)
        assert made.order(id).status is OrderStatus.NOT_PLACED


@pytest.mark.parametrize("error", [NotConnected("scripted", "no route"), ValueError("garbage"), TimeoutError()])
async def test_an_error_is_no_evidence(error: Exception) -> None:
    async with scene(ids=True) as made:
        id = await made.lost()

        async def find(order: Order) -> Any:
            made.venue.asked.append(order.id)
            raise error

        made.venue.find = find  # type: ignore[method-assign]
        await made.wait(*[31] * 100)
        assert len(made.venue.asked) > 50
        assert made.order(id).status is OrderStatus.UNKNOWN


# --- without: the lane and the baseline ------------------------------------------------------------------------------


async def test_the_baseline_is_journalled_with_the_send() -> None:
    def prepare(made: Scene) -> None:
        made.venue.has("theirs", None, "open", START - 60 * NS)

    async with scene(ids=False, prepare=prepare) as made:
        await made.wait(31)
        made.clock.advance(2)
        order = await made.submit()
        assert order.status is OrderStatus.OPEN
        assert order.facts["baseline"] == '["theirs"]'
        assert int(order.facts["baseline_age_ns"]) == 2 * NS
        story = await made.journal.story(order.id)
        assert any(getattr(event, "facts", {}).get("baseline") == '["theirs"]' for event in story)


async def test_a_lane_is_closed_to_new_orders_and_open_to_cancels() -> None:
    async with scene(ids=False) as made:
        id = await made.lost()
        twin = await made.submit(quantity="11")
        assert (twin.status, twin.reason.partition(":")[0]) == (OrderStatus.DENIED, "lane")
        assert id[-4:] in twin.reason
        other = await made.submit(instrument=scenes.APPLE, price="227.30")
        assert "lane" not in other.reason
        made.runner.ask(Cancel(client_order_id=id))
        await made.runner.idle()
        assert f"cancel {id}" in made.venue.wire


async def test_with_ids_there_are_no_lanes() -> None:
    async with scene(ids=True) as made:
        await made.lost()
        assert (await made.submit(quantity="11")).status is OrderStatus.OPEN


async def test_a_close_passes_the_lane_when_a_person_was_told_and_means_it() -> None:
    def prepare(made: Scene) -> None:
        made.venue.holdings[SAMSUNG] = Decimal(50)

    async with scene(ids=False, prepare=prepare) as made:
        id = await made.lost(side="sell")
        refused = await made.submit("sell", quantity="5", reduce_only=True)
        assert refused.status is OrderStatus.DENIED
        assert id[-4:] in refused.reason
        meant = await made.submit("sell", quantity="5", reduce_only=True, confirmed=True)
        assert meant.status is OrderStatus.OPEN
        grown = await made.submit("sell", quantity="45", reduce_only=True, confirmed=True)
        assert grown.status is OrderStatus.DENIED, "the UNKNOWN one counts as live"


async def test_nothing_leaves_before_a_listing_was_complete() -> None:
    async with scene(ids=False) as made:
        made.runner.reconciler.settler._listed.clear()
        order = await made.submit()
        assert order.reason.startswith("baseline")
        assert made.venue.wire == []


# --- without: what appeared ------------------------------------------------------------------------------------------


async def test_the_only_new_order_that_fits_is_taken_for_ours_and_badged() -> None:
    async with scene(ids=False) as made:
        id = await made.lost()
        made.venue.has("r1", None, "open", made.clock.now(), filled=Decimal(4))
        made.venue.filled("x1", "r1", None, 4, START)
        await made.wait(0.25)
        order = made.order(id)
        assert (order.status, order.binding, order.filled) == (OrderStatus.OPEN, Binding.INFERRED, 4)
        assert made.state.position(ACCOUNT, SAMSUNG).quantity == 4
        made.runner.ask(Cancel(client_order_id=id, by="legs"))
        assert made.order(id).requested is None, "nothing automatic cancels it"
        made.runner.ask(Cancel(client_order_id=id))
        assert made.order(id).requested is not None


MISFITS: dict[str, dict[str, Any]] = {
    "quantity": {"quantity": Decimal(9)},
    "price": {"limit_price": Decimal(70_900)},
    "side": {"side": scenes.Side.SELL},
    "before": {"created": START - 3 * NS},
    "after": {"created": START + 61 * NS},
    "type": {"type": scenes.OrderType.MARKET},
}


@pytest.mark.parametrize("what", MISFITS)
async def test_what_does_not_fit_is_not_ours(what: str) -> None:
    async with scene(ids=False) as made:
        id = await made.lost()
        more = dict(MISFITS[what])
        made.venue.has("r1", None, "open", more.pop("created", START), **more)
        await made.wait(0.25, 1)
        assert (made.order(id).status, made.order(id).candidates) == (OrderStatus.UNKNOWN, ())


async def test_the_venues_own_clock_counts() -> None:
    async with scene(ids=False) as made:
        id = await made.lost()
        real = made.venue.snapshot

        async def ahead(account: Any) -> Any:
            return msgspec.structs.replace(await real(account), clock_offset=90 * NS)

        made.venue.snapshot = ahead  # type: ignore[method-assign]
        made.venue.has("r1", None, "open", START + 90 * NS)
        await made.wait(0.25)
        assert made.order(id).binding is Binding.INFERRED


async def test_two_that_fit_are_a_persons_to_tell_apart() -> None:
    async with scene(ids=False) as made:
        id = await made.lost()
        made.venue.has("r1", None, "open", START)
        made.venue.has("r2", None, "filled", START, filled=Decimal(10))
        made.venue.filled("x2", "r2", None, 10, START)
        await made.wait(0.25)
        assert (made.order(id).status, made.order(id).candidates) == (OrderStatus.UNKNOWN, ("r1", "r2"))
        await made.wait(*[31] * 60)
        assert made.order(id).status is OrderStatus.UNKNOWN, "no time settles it"
        assert made.state.position(ACCOUNT, SAMSUNG).quantity == 10, "money is booked, whosever"
        out = made.runner.ask(Settle(client_order_id=id, ref=VenueRef("r2")))
        assert any(isinstance(item, FillAttributed) for item in out)
        order = made.order(id)
        assert (order.status, order.binding, order.filled) == (OrderStatus.FILLED, Binding.BY_PERSON, 10)
        assert made.state.position(ACCOUNT, SAMSUNG).quantity == 10
        assert made.state.strategy_position("keyboard", ACCOUNT, SAMSUNG).quantity == 10


async def test_one_number_is_never_two_orders() -> None:
    async with scene(ids=False) as made:
        first = await made.submit()
        second = await made.lost(quantity="11")
        made.runner.ask(Settle(client_order_id=second, ref=first.refs[0]))
        assert made.order(second).status is OrderStatus.UNKNOWN
        assert made.order(second).refs == ()


# --- without: proof of absence ---------------------------------------------------------------------------------------


async def test_absence_needs_a_minute_and_two_listings_apart() -> None:
    async with scene(ids=False) as made:
        id = await made.lost()
        await made.wait(*[5] * 11)
        assert made.order(id).status is OrderStatus.UNKNOWN
        await made.wait(6)
        assert made.order(id).status is OrderStatus.UNKNOWN, "one late listing is not two"
        await made.wait(11, 11)
        assert made.order(id).status is OrderStatus.NOT_PLACED


@pytest.mark.parametrize("cut", ["orders", "all"])
async def test_listings_that_fail_prove_nothing(cut: str) -> None:
    async with scene(ids=False) as made:
        id = await made.lost()
        made.venue.unread = frozenset({cut})
        await made.wait(*[31] * 40)
        assert made.order(id).status is OrderStatus.UNKNOWN


async def test_without_a_second_witness_absence_is_not_believed() -> None:
    async with scene(ids=False) as made:
        id = await made.lost()
        made.venue.unread = frozenset({"positions"})
        made.venue.cash -= 710_000
        await made.wait(*[31] * 10)
        assert made.order(id).status is OrderStatus.UNKNOWN, "cash is bound that nobody explains"


async def test_a_slow_listing_makes_the_proof_wait() -> None:
    async with scene(ids=False) as made:
        made.venue.capabilities = msgspec.structs.replace(made.venue.capabilities, listing_lag_seconds=60.0)
        id = await made.lost()
        await made.wait(*[15] * 18)
        assert made.order(id).status is OrderStatus.UNKNOWN
        await made.wait(*[15] * 6)
        assert made.order(id).status is OrderStatus.NOT_PLACED


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
