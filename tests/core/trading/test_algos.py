"""Orders that go on by themselves, through the engine's door: what follows the quote, and what is sent in slices."""

from __future__ import annotations

from decimal import Decimal
from itertools import pairwise
from typing import Any

import msgspec
import pytest

from core.domain.account import Mode, TradingState
from core.domain.algo import CHASE, TWAP, Chase, Peg, Twap
from core.domain.commands import Cancel, CancelAll, Panic, Replace, SendOrder, SetTradingState, StartDay
from core.domain.errors import InvalidValue
from core.domain.events import (
    AlgoEnded,
    Noticed,
    OrderAccepted,
    OrderCanceled,
    OrderDenied,
    OrderHeld,
    OrderNotPlaced,
    OrderRejected,
    OrderRequested,
    OrderSending,
    OrderStaged,
    OrderUnknown,
    PhaseChanged,
)
from core.domain.ids import ClientOrderId, VenueRef
from core.domain.market import NS, Freshness, Phase
from core.domain.order import Order, OrderRequest, OrderStatus, OrderType, RequestKind, RequestPhase, TimeInForce
from core.trading import rows
from core.trading.algos import tag
from tests import scenes
from tests.legs_desk import WITHOUT_STOPS, Desk
from tests.scenes import ACCOUNT, SAMSUNG

D = Decimal
BID, ASK = Peg(anchor="bid"), Peg(anchor="ask")


class AlgoDesk(Desk):
    def chase(self, most: int = 3, **terms: Any) -> ClientOrderId:
        id = self.submit(price="70900", algo=Chase(most=most, peg=BID), **terms)
        self.take()
        return id

    def twap(self, quantity: str = "100", *, price: str | None = None, seconds: int = 100, slices: int = 10) -> Order:
        """The whole; its first slice has left."""
        terms = {"type": OrderType.MARKET} if price is None else {}
        peg = BID if price is not None else None
        algo = Twap(duration=seconds * NS, slices=slices, peg=peg)
        return self.state.orders[self.submit("buy", quantity, price, algo=algo, **terms)]

    def at(self, bid: float, seconds: int = 1) -> None:
        self.now += seconds * NS
        self.quote(bid, bid + 100)

    def order(self, id: ClientOrderId) -> Order:
        return self.state.orders[id]

    def slices(self, id: ClientOrderId) -> list[Order]:
        return [self.state.orders[slice] for slice in self.state.slices.get(id, ())]

    def seconds(self, count: int, *, fills: bool = True) -> None:
        """The market is alive and the venue answers."""
        for _ in range(count):
            self.now += NS
            quote = self.state.quotes[SAMSUNG]
            self.step(msgspec.structs.replace(quote, ts=self.now, received=self.now))
            self.second(0)
            self.tick()
            self.take()
            self.answer()
            for order in list(self.state.live_orders()):
                if fills and order.status is OrderStatus.OPEN:
                    self.fill(order.id, str(order.remaining))

    def tick(self) -> None:
        from core.domain.commands import Tick

        self.step(Tick())

    def said(self) -> list[str]:
        return [item.text for item in self.out if isinstance(item, Noticed)]


def desk(**more: Any) -> AlgoDesk:
    made = AlgoDesk(**more)
    made.at(70_900)
    return made


# --- chase -----------------------------------------------------------------------------------------------------------


def test_a_chase_follows_the_quote_once_a_second_and_stops_at_its_cap() -> None:
    made = desk()
    id = made.chase()
    made.at(71_000)
    assert made.order(id).requested is not None
    made.at(71_100)
    assert sum(isinstance(item, OrderRequested) for item in made.out) == 0, "one move in flight"
    made.answer()
    assert made.order(id).limit_price == D(71_000)
    made.quote(71_100, 71_200)
    assert made.order(id).requested is None, "a second has not passed"
    made.at(71_500)
    made.answer()
    assert made.order(id).limit_price == D(71_200), "never beyond its cap"
    assert made.order(id).stopped == "it went its 3 ticks to 71200 and rests there"
    assert tag(made.state, made.order(id)) == "CHASE 3/3t over"
    made.at(71_000)
    assert made.order(id).requested is None, "over is over"
    assert made.order(id).status is OrderStatus.OPEN


def test_a_chase_follows_back_within_its_room() -> None:
    made = desk()
    id = made.chase(2)
    for bid, limit in ((70_800, 70_800), (70_900, 70_900), (71_000, 71_000)):
        made.at(bid, 2)
        made.answer()
        assert made.order(id).limit_price == D(limit)


def test_a_chase_stands_still_without_a_live_quote_and_while_the_market_is_not_open() -> None:
    made = desk()
    id = made.chase()
    for freshness in (Freshness.STALE, Freshness.DELAYED, Freshness.CACHED, Freshness.POLLED):
        made.now += 2 * NS
        made.step(msgspec.structs.replace(scenes.quote(71_000, 71_100, made.now), freshness=freshness))
        made.tick()
        assert made.order(id).requested is None
    made.now += 2 * NS
    made.step(scenes.quote(71_000, 71_100, made.now - 11 * NS))
    assert made.order(id).requested is None, "an old quote"
    made.step(PhaseChanged(ts=made.now, market="XKRX", phase=Phase.AUCTION))
    made.at(71_000)
    assert made.order(id).requested is None and not made.order(id).stopped
    made.step(PhaseChanged(ts=made.now, market="XKRX", phase=Phase.OPEN))
    made.at(71_000)
    assert made.order(id).requested is not None


@pytest.mark.parametrize("phase", [Phase.VI, Phase.HALTED])
def test_a_chase_is_over_when_the_market_halts(phase: Phase) -> None:
    made = desk()
    id = made.chase()
    made.step(PhaseChanged(ts=made.now, market="XKRX", instrument=SAMSUNG, phase=phase))
    made.tick()
    assert made.order(id).stopped == f"the market is {phase}"


def test_a_chase_is_over_once_somebody_or_something_interferes() -> None:
    def wish(kind: RequestKind, phase: RequestPhase, text: str) -> Any:
        requested = scenes_requested(kind, phase, text)
        return lambda made, id: made.step(OrderRequested(ts=made.now, client_order_id=id, requested=requested))

    stops = {
        "a cancel was asked for": wish(RequestKind.CANCEL, RequestPhase.REFUSED, "too late"),
        "keyboard changed it": lambda made, id: made.step(Replace(client_order_id=id, limit_price=D(70_800))),
        "a move got no answer": wish(RequestKind.REPLACE, RequestPhase.UNKNOWN, CHASE),
        "a move was refused: too late": wish(RequestKind.REPLACE, RequestPhase.REFUSED, "too late"),
        "trading is REDUCING": lambda made, id: made.step(SetTradingState(state=TradingState.REDUCING)),
        "trading is HALTED": lambda made, id: made.step(SetTradingState(state=TradingState.HALTED)),
    }
    for why, stop in stops.items():
        made = desk()
        id = made.chase()
        stop(made, id)
        made.tick()
        assert made.order(id).stopped == why
        before = made.order(id).limit_price
        made.at(71_000, 5)
        made.answer()
        assert made.order(id).limit_price in (before, D(70_800)) or made.order(id).status.is_end


def test_a_chase_does_not_move_while_it_is_being_canceled() -> None:
    made = desk()
    id = made.chase()
    made.step(Cancel(client_order_id=id))
    made.at(71_000, 5)
    assert made.order(id).requested is not None and made.order(id).requested.kind is RequestKind.CANCEL
    assert not made.said() and not any(isinstance(item, AlgoEnded) for item in made.journal)


def scenes_requested(kind: RequestKind, phase: RequestPhase, text: str) -> Any:
    from core.domain.order import Requested

    return Requested(kind=kind, phase=phase, text=text, ts=0)


def test_a_chase_whose_answer_was_lost_is_over() -> None:
    made = desk()
    id = made.submit(price="70900", algo=Chase(most=3, peg=BID))
    made.engine.step(OrderSending(ts=made.now, client_order_id=id), made.now)
    made.step(OrderUnknown(ts=made.now, client_order_id=id, text="no answer"))
    assert made.order(id).stopped == "its answer was lost"
    made.step(OrderAccepted(ts=made.now, client_order_id=id, ref=VenueRef("v1")))
    made.at(71_000)
    assert made.order(id).requested is None


def test_a_move_that_a_rule_refuses_waits_and_is_said_once() -> None:
    made = desk()
    id = made.chase()
    made.engine.gate.limits = msgspec.structs.replace(made.engine.gate.limits, max_order_value=D(709_000))
    made.at(71_000)
    assert [text for text in made.said() if "waits: " in text]
    made.at(71_000)
    assert not made.said()
    made.engine.gate.limits = msgspec.structs.replace(made.engine.gate.limits, max_order_value=None)
    made.at(71_000)
    assert made.order(id).requested is not None


def test_a_chase_waits_while_trading_is_paused_and_a_person_may_still_move_it() -> None:
    made = desk()
    id = made.chase()
    made.step(SetTradingState(state=TradingState.PAUSED))
    made.at(71_000)
    assert [text for text in made.said() if "no automatic orders" in text]
    made.at(71_000)
    assert not made.said()
    assert made.order(id).requested is None and not made.order(id).stopped
    made.step(SetTradingState(state=TradingState.ACTIVE))
    made.at(71_000)
    wish = made.order(id).requested
    assert wish is not None and wish.text == CHASE
    made.step(SetTradingState(state=TradingState.PAUSED))
    assert "no automatic orders" in made.engine.requests.replace_last_look(id, made.now), "also right before it leaves"

    made = desk()
    id = made.chase()
    made.step(SetTradingState(state=TradingState.PAUSED))
    made.step(Replace(client_order_id=id, limit_price=D(70_800)))
    assert made.order(id).requested is not None


def test_a_chase_of_real_money_waits_for_the_name_and_is_not_over() -> None:
    made = desk()
    id = made.chase()
    account = made.state.accounts[ACCOUNT]
    made.state.accounts[ACCOUNT] = msgspec.structs.replace(account, mode=Mode.LIVE)
    made.at(71_000)
    assert made.order(id).requested is None and not made.order(id).stopped
    made.state.curbs.unlocked.add(ACCOUNT)
    made.at(71_000)
    assert made.order(id).requested is not None


def test_a_chase_goes_on_after_a_restart_from_where_it_began() -> None:
    made = desk()
    id = made.chase()
    made.at(71_000)
    made.answer()
    again = restarted(made)
    again.tick()
    assert any("goes on following: CHASE 1/3t" in text for text in again.said())
    again.at(71_500, 2)
    again.answer()
    assert again.order(id).limit_price == D(71_200)


def restarted(made: AlgoDesk) -> AlgoDesk:
    """Another engine, with what the journal of the first one has."""
    again = desk()
    for event in made.journal:
        again.engine.restore(event)
    again.now = made.now
    again.quote(made.state.quotes[SAMSUNG].bid, made.state.quotes[SAMSUNG].ask)
    return again


# --- slices ----------------------------------------------------------------------------------------------------------


def test_slices_leave_one_by_one_and_the_whole_is_filled() -> None:
    made = desk()
    whole = made.twap()
    assert [type(item) for item in made.out] == [OrderHeld, OrderStaged, SendOrder]
    made.seconds(100)
    slices = made.slices(whole.id)
    assert [slice.quantity for slice in slices] == [D(10)] * 10
    gaps = [b.created - a.created for a, b in pairwise(slices)]
    assert all(gap >= NS for gap in gaps)
    assert made.order(whole.id).status is OrderStatus.FILLED
    assert made.order(whole.id).filled == D(100)
    assert made.held == D(100)
    assert tag(made.state, made.order(whole.id)) == "TWAP 10/10 100%"
    assert not made.engine.algos.roots
    made.seconds(20)
    assert len(made.slices(whole.id)) == 10


def test_the_whole_says_how_far_it_is() -> None:
    made = desk()
    whole = made.twap()
    made.seconds(35)
    row = rows.order_row(made.state, made.order(whole.id))
    assert (row.algo, row.filled, row.is_local) == ("TWAP 4/10 40%", D(40), True)
    assert row.average_price == D(71_000)


def test_a_slice_that_rests_is_canceled_before_the_next_one_leaves() -> None:
    made = desk()
    whole = made.twap(price="70900")
    made.take()
    made.seconds(9, fills=False)
    made.at(70_800)
    made.tick()
    first = made.slices(whole.id)[0]
    assert first.requested is not None and first.requested.text == TWAP
    assert len(made.slices(whole.id)) == 1, "not before the first is settled"
    made.answer()
    made.seconds(3, fills=False)
    first, second = made.slices(whole.id)
    assert first.status is OrderStatus.CANCELED and second.limit_price == D(70_800)
    assert second.quantity == D(12), "what the first left is spread over the rest"


def test_an_unknown_slice_counts_as_filled_until_it_is_known() -> None:
    made = desk()
    whole = made.twap("20", slices=2, seconds=20)
    first = made.slices(whole.id)[0]
    made.engine.step(OrderSending(ts=made.now, client_order_id=first.id), made.now)
    made.step(OrderUnknown(ts=made.now, client_order_id=first.id, text="no answer"))
    made.seconds(40)
    assert len(made.slices(whole.id)) == 1, "the next one waits"
    assert made.order(whole.id).status is OrderStatus.HELD, "and nothing is over while it is not known"
    made.step(OrderNotPlaced(ts=made.now, client_order_id=first.id, text="not there"))
    made.tick()
    assert made.order(whole.id).status is OrderStatus.CANCELED
    assert made.order(whole.id).reason == "its time is over: 0 of 20 filled, 20 left undone"


@pytest.mark.parametrize("state", [TradingState.PAUSED, TradingState.REDUCING, TradingState.HALTED])
def test_slices_wait_while_trading_is_held_up_and_never_burst(state: TradingState) -> None:
    made = desk()
    whole = made.twap()
    made.seconds(5)
    made.step(SetTradingState(state=state))
    made.seconds(60)
    assert len(made.slices(whole.id)) == 1
    made.step(SetTradingState(state=TradingState.ACTIVE))
    made.seconds(40)
    sizes = [slice.quantity for slice in made.slices(whole.id)]
    assert max(sizes) <= D(20), "at most twice an even one"
    assert made.order(whole.id).status is OrderStatus.CANCELED
    assert "left undone" in made.order(whole.id).reason


def test_why_slices_wait_is_said_once() -> None:
    made = desk()
    made.twap()
    made.seconds(5)
    made.step(SetTradingState(state=TradingState.PAUSED))
    said = []
    for _ in range(30):
        made.at(70_900)
        made.tick()
        said += [text for text in made.said() if "waits" in text]
    assert len(said) == 1 and "PAUSED" in said[0], said


def test_slices_that_wait_for_a_lost_answer_or_for_the_clock_say_so_once() -> None:
    made = desk()
    whole = made.twap("20", slices=2, seconds=20)
    first = made.slices(whole.id)[0]
    made.engine.step(OrderSending(ts=made.now, client_order_id=first.id), made.now)
    made.step(OrderUnknown(ts=made.now, client_order_id=first.id, text="no answer"))
    said = []
    for _ in range(40):
        made.seconds(1)
        said += [text for text in made.said() if "waits" in text]
    assert len(said) == 1 and "lost" in said[0], said

    made = desk()
    whole = made.twap()
    made.now -= 3600 * NS
    said = []
    for _ in range(40):
        made.now += NS
        made.tick()
        said += [text for text in made.said() if "waits" in text]
    assert len(said) == 1 and "clock" in said[0], said
    assert len(made.slices(whole.id)) == 1


def test_to_cancel_the_whole_cancels_its_slice() -> None:
    for command in (lambda id: Cancel(client_order_id=id), lambda id: CancelAll(), lambda id: Panic()):
        made = desk()
        whole = made.twap(price="70900")
        made.take()
        made.step(command(whole.id))
        made.tick()
        made.answer()
        made.seconds(30, fills=False)
        assert made.order(whole.id).status is OrderStatus.CANCELED
        assert [slice.status for slice in made.slices(whole.id)] == [OrderStatus.CANCELED]
        assert not made.engine.algos.roots


def test_panic_ends_slices_that_only_close_too() -> None:
    made = desk()
    made.engine.step(scenes_fill(made), made.now)
    algo = Twap(duration=100 * NS, slices=10)
    id = made.submit("sell", "100", None, type=OrderType.MARKET, algo=algo, reduce_only=True)
    made.take()
    made.step(Panic())
    assert made.order(id).status is OrderStatus.CANCELED
    made.step(SetTradingState(state=TradingState.ACTIVE))
    made.seconds(60)
    assert len(made.slices(id)) == 1, "for good"


def test_slices_that_only_close_do_not_go_past_an_unknown_order_by_themselves() -> None:
    made = desk()
    made.engine.step(scenes_fill(made), made.now)
    made.engine.gate.laned = frozenset({"paper"})
    algo = Twap(duration=100 * NS, slices=10)
    whole = made.submit("sell", "50", None, type=OrderType.MARKET, algo=algo, reduce_only=True)
    made.take()
    lost = made.submit("sell", "20", "71500", reduce_only=True)
    made.engine.step(OrderSending(ts=made.now, client_order_id=lost), made.now)
    made.step(OrderUnknown(ts=made.now, client_order_id=lost, text="no answer"))
    made.seconds(60)
    assert len(made.slices(whole)) == 1, "a person may mean it, a program does not"
    made.step(OrderNotPlaced(ts=made.now, client_order_id=lost, text="not there"))
    made.seconds(12)
    assert len(made.slices(whole)) > 1 and made.order(whole).status is OrderStatus.HELD


def scenes_fill(made: AlgoDesk) -> Any:
    from core.domain.events import OrderFilled

    return OrderFilled(ts=made.now, fill=scenes.fill("buy", "100", "71000"))


def test_slices_end_with_their_trading_day() -> None:
    made = desk()
    made.step(StartDay(account=ACCOUNT, day="2026-01-01"))
    whole = made.twap()
    made.step(StartDay(account=ACCOUNT, day="2026-01-02"))
    assert made.order(whole.id).reason == "its trading day is over"


def test_slices_that_the_venue_refuses_again_and_again_are_given_up() -> None:
    made = desk()
    whole = made.twap()
    for _ in range(100):
        made.seconds(0)
        for order in list(made.state.live_orders()):
            if order.status is OrderStatus.STAGED:
                made.engine.step(OrderSending(ts=made.now, client_order_id=order.id), made.now)
                made.step(OrderRejected(ts=made.now, client_order_id=order.id, code="x", text="no"))
        made.now += NS
        made.quote(70_900, 71_000)
        made.tick()
    assert len(made.slices(whole.id)) == 5
    assert made.order(whole.id).reason.startswith("it was refused too often")


def test_a_restart_resumes_without_a_burst_and_says_so() -> None:
    made = desk()
    whole = made.twap()
    made.seconds(25)
    sent = len(made.slices(whole.id))
    made.now += 40 * NS
    again = restarted(made)
    again.tick()
    assert any("goes on: 30 of 100 filled" in text for text in again.said())
    assert len(again.slices(whole.id)) == sent + 1, "one, not those it missed"
    assert again.slices(whole.id)[-1].quantity <= D(20)


def test_a_restart_after_its_time_says_what_is_left() -> None:
    made = desk()
    whole = made.twap()
    made.seconds(25)
    made.now += 400 * NS
    again = restarted(made)
    again.tick()
    assert again.order(whole.id).reason == "its time is over: 30 of 100 filled, 70 left undone"
    assert len(again.slices(whole.id)) == 3


def test_a_late_fill_of_an_ended_slice_counts() -> None:
    made = desk()
    whole = made.twap("20", slices=2, seconds=20)
    first = made.slices(whole.id)[0]
    made.take()
    made.step(OrderCanceled(ts=made.now, client_order_id=first.id, text="by the venue"))
    made.fill(first.id, "10")
    made.seconds(20)
    assert sum(slice.filled for slice in made.slices(whole.id)) == D(20)
    assert made.order(whole.id).filled == D(20)
    assert made.held == D(20)


def test_what_is_sliced_keeps_its_terms() -> None:
    made = desk()
    whole = made.twap(price="70900")
    _, why = made.engine.requests.replace_denial(Replace(client_order_id=whole.id, quantity=D(200)), made.now)
    assert "keeps its terms" in why


def test_a_slice_is_made_no_larger_than_its_whole_gave_it() -> None:
    made = desk()
    whole = made.twap("100", price="70900")
    made.take()
    (slice,) = made.slices(whole.id)
    made.step(Replace(client_order_id=slice.id, quantity=D(500)))
    assert "follows its whole" in made.said()[0]
    assert made.order(slice.id).requested is None
    made.step(Replace(client_order_id=slice.id, quantity=D(10), limit_price=D(70_800)))
    assert made.order(slice.id).requested is not None, "its price may be changed"


# --- what is refused -------------------------------------------------------------------------------------------------


def test_the_gate_refuses_what_the_venue_cannot_do() -> None:
    poor = msgspec.structs.replace(
        WITHOUT_STOPS,
        order_types=frozenset({OrderType.LIMIT, OrderType.MARKET}),
        times_in_force=frozenset({TimeInForce.DAY}),
        can_replace=False,
    )
    for terms, said in (
        ({"algo": Chase(most=3, peg=BID)}, "paper takes no chase orders: an order cannot be moved there"),
        ({"type": OrderType.LOC}, "paper takes no loc orders"),
        ({"type": OrderType.MOC, "limit_price": None}, "paper takes no moc orders"),
        ({"time_in_force": TimeInForce.OPG}, "paper takes no opg orders: send it in the opening auction"),
        ({"time_in_force": TimeInForce.EXT}, "paper takes no ext orders: send it while the market is open"),
    ):
        made = desk()
        made.engine.gate.venues = {"paper": poor}
        price = terms.pop("limit_price", "70900")
        made.submit(price=price, **terms)
        (denied,) = [item for item in made.out if isinstance(item, OrderDenied)]
        assert denied.rule == "venue" and said in denied.text


def test_only_what_is_for_the_opening_leaves_while_the_market_is_closed() -> None:
    rich = msgspec.structs.replace(WITHOUT_STOPS, times_in_force=frozenset(TimeInForce) - {TimeInForce.EXT})
    made = desk()
    made.engine.gate.venues = {"paper": rich}
    made.step(PhaseChanged(ts=made.now, market="XKRX", phase=Phase.CLOSED))
    made.now += 3600 * NS
    said = {}
    for lives in TimeInForce:
        id = made.submit("buy", "10", "70800", time_in_force=lives)
        said[lives] = made.order(id).reason.partition(":")[0] or made.order(id).status.value
    shut = dict.fromkeys(TimeInForce, "session") | {TimeInForce.OPG: "staged", TimeInForce.EXT: "venue"}
    assert said == shut
    made.step(PhaseChanged(ts=made.now, market="XKRX", phase=Phase.OPEN))
    made.at(70_900)
    assert made.order(made.submit(time_in_force=TimeInForce.OPG)).reason.startswith("auction over")


def test_slices_below_the_smallest_order_are_refused() -> None:
    made = desk()
    made.submit("buy", "5", None, type=OrderType.MARKET, algo=Twap(duration=100 * NS, slices=10))
    (denied,) = [item for item in made.out if isinstance(item, OrderDenied)]
    assert denied.rule == "slices"


@pytest.mark.parametrize(
    "make",
    [
        lambda: Chase(most=0, peg=BID),
        lambda: Chase(most=100, peg=BID),
        lambda: Peg(anchor="moon"),
        lambda: Peg(anchor="bid", ticks=1000),
        lambda: Twap(duration=NS, slices=2),
        lambda: Twap(duration=100 * NS, slices=1),
        lambda: Twap(duration=10 * NS, slices=11),
        lambda: Twap(duration=24 * 3600 * NS, slices=11),
        lambda: scenes.request(type=OrderType.MARKET, price=None, algo=Chase(most=1, peg=BID)),
        lambda: scenes.request(time_in_force=TimeInForce.IOC, algo=Chase(most=1, peg=BID)),
        lambda: scenes.request(time_in_force=TimeInForce.GTC, algo=Twap(duration=10 * NS, slices=2)),
        lambda: scenes.request(stop_loss=D(1), algo=Twap(duration=10 * NS, slices=2)),
        lambda: scenes.request(slice_of=scenes.new_id(), algo=Twap(duration=10 * NS, slices=2)),
        lambda: scenes.request(type=OrderType.LOC, price=None),
    ],
)
def test_what_makes_no_sense_cannot_be_made(make: Any) -> None:
    with pytest.raises(InvalidValue):
        make()


def test_an_algo_survives_the_journal() -> None:
    for algo in (Chase(most=3, peg=BID), Twap(duration=100 * NS, slices=10, peg=ASK)):
        request = scenes.request(algo=algo)
        assert msgspec.json.decode(msgspec.json.encode(request), type=OrderRequest) == request


def test_an_end_from_outside_is_not_believed() -> None:
    made = desk()
    id = made.chase()
    made.step(AlgoEnded(ts=made.now, client_order_id=id, text="a broker says so"))
    assert not made.order(id).stopped
