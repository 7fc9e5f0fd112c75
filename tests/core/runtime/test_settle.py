"""How UNKNOWN ends: by id, by what appeared since the baseline, by proof of absence, by a person; never by time."""

from __future__ import annotations

import asyncio
from decimal import Decimal
from typing import Any

import msgspec
import pytest

from core.clock import SystemClock
from core.domain.commands import Cancel, Settle
from core.domain.errors import NotConnected
from core.domain.events import FeedChanged, FillAttributed
from core.domain.ids import VenueRef
from core.domain.market import NS
from core.domain.order import Binding, Order, OrderStatus
from core.trading.settle import ASK_SECONDS
from tests import scenes
from tests.scenes import SAMSUNG, START
from tests.scripted_venue import ACCOUNT
from tests.settle_scene import Scene, scene

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
