"""Protective legs through the engine's door: what is held, what leaves when, and that a position is never turned."""

from __future__ import annotations

import itertools
from typing import Any

import msgspec
import pytest

from core.domain.account import TradingState
from core.domain.commands import (
    Cancel,
    CancelAll,
    Close,
    Panic,
    Replace,
    SendCancel,
    SendOrder,
    SendReplace,
    SetTradingState,
    Submit,
)
from core.domain.events import (
    Noticed,
    OrderCanceled,
    OrderDenied,
    OrderExpired,
    OrderFilled,
    OrderHeld,
    OrderNotPlaced,
    OrderRejected,
    OrderReplaced,
    OrderSending,
    OrderStaged,
    OrderUnknown,
    PhaseChanged,
)
from core.domain.market import NS, Freshness, Phase, Quote
from core.domain.order import OrderStatus, OrderType, Side
from tests import scenes
from tests.legs_desk import WITHOUT_STOPS, D, Desk
from tests.scenes import ACCOUNT, APPLE, SAMSUNG


def test_an_entry_holds_its_legs_before_it_leaves() -> None:
    desk = Desk()
    id = desk.submit(stop_loss="69500", take_profit="74000")
    assert [type(o) for o in desk.out] == [OrderStaged, SendOrder, OrderHeld, OrderHeld]
    stop, profit = desk.legs(id)
    assert (stop.status, stop.side, stop.request.type, stop.stop_price) == (
        OrderStatus.HELD,
        Side.SELL,
        OrderType.STOP,
        D(69_500),
    )
    assert (profit.request.type, profit.limit_price, profit.request.reduce_only) == (OrderType.LIMIT, D(74_000), True)
    assert desk.held == 0
    assert desk.step(Submit(request=desk.state.orders[id].request)) == [], "a repeat makes nothing"


def test_ids_follow_from_the_entry() -> None:
    id = scenes.new_id()
    made = []
    for _ in range(2):
        desk = Desk()
        desk.submit(id=id, stop_loss="69500")
        made.append([leg.id for leg in desk.legs(id)])
    assert made[0] == made[1]
    assert len(made[0]) == 1


def test_a_stop_goes_to_the_venue_with_the_first_fill_and_grows_with_the_next() -> None:
    desk = Desk()
    id = desk.entry()
    desk.fill(id, "4")
    stop = desk.stop()
    assert (stop.status, stop.quantity) == (OrderStatus.STAGED, D(4))
    assert desk.profit().status is OrderStatus.HELD
    assert desk.profit().quantity == 4
    desk.fill(id, "3")
    assert not any(isinstance(o, SendReplace) for o in desk.out), "not while its answer is awaited"
    desk.take()
    assert any(isinstance(o, SendReplace) for o in desk.out)
    desk.answer()
    assert (desk.stop().quantity, desk.stop().status) == (D(7), OrderStatus.OPEN)
    desk.fill(id, "3")
    desk.answer()
    assert desk.stop().quantity == 10
    row = desk.row()
    assert (row.stop, row.stop_is_local, row.take_profit) == (D(69_500), False, D(74_000))


def test_a_stop_for_a_part_is_not_shown_as_one_for_all() -> None:
    desk = Desk()
    desk.fill(desk.submit(), "10")
    id = desk.entry(quantity="4")
    assert desk.row().stop is None
    desk.fill(id, "4")
    desk.take()
    assert (desk.row().quantity, desk.row().stop, desk.row().stop_quantity) == (D(14), D(69_500), D(4))
    assert desk.row().is_partly_stopped
    desk.submit("sell", "10", None, type=OrderType.STOP, stop_price="69000", reduce_only=True)
    desk.take()
    assert not desk.row().is_partly_stopped


def test_without_replace_more_fills_get_another_stop() -> None:
    desk = Desk()
    desk.engine.gate.venues = {
        "paper": msgspec.structs.replace(WITHOUT_STOPS, order_types=frozenset(OrderType), can_replace=False)
    }
    id = desk.entry(take_profit="74000")
    desk.fill(id, "4")
    desk.take()
    desk.fill(id, "6")
    desk.take()
    stops = [o for o in desk.live(held=False) if o.request.is_stop]
    assert [o.quantity for o in stops] == [D(4), D(6)]


@pytest.mark.parametrize("end", [OrderCanceled, OrderExpired, OrderRejected, OrderDenied])
def test_an_entry_that_ends_without_a_fill_takes_its_legs_along(end: type) -> None:
    desk = Desk()
    id = desk.submit(stop_loss="69500", take_profit="74000")
    if end is OrderDenied:
        desk.step(Cancel(client_order_id=id))
    else:
        desk.take()
        more = {"code": "E", "text": "no"} if end is OrderRejected else {}
        desk.step(end(ts=desk.now, client_order_id=id, **more))
    assert [leg.status for leg in desk.legs(id)] == [OrderStatus.CANCELED] * 2
    assert not desk.engine.legs.places
    assert not desk.state.live


def test_legs_wait_while_nobody_knows_of_the_entry() -> None:
    desk = Desk()
    id = desk.submit(stop_loss="69500")
    desk.engine.step(OrderSending(ts=desk.now, client_order_id=id), desk.now)
    desk.step(OrderUnknown(ts=desk.now, client_order_id=id, text="no answer"))
    assert desk.stop().status is OrderStatus.HELD
    desk.step(OrderNotPlaced(ts=desk.now, client_order_id=id, text="absent"))
    assert not desk.state.live


def test_a_late_fill_of_an_ended_entry_is_protected() -> None:
    desk = Desk()
    id = desk.entry()
    desk.step(OrderCanceled(ts=desk.now, client_order_id=id))
    assert not desk.state.live
    desk.fill(id, "4")
    assert (desk.stop().status, desk.stop().quantity) == (OrderStatus.STAGED, D(4))


def test_the_take_profit_cancels_the_stop_before_it_goes() -> None:
    desk = Desk()
    id = desk.entry()
    desk.fill(id, "10")
    desk.take()
    desk.quote(74_000, 74_100)
    assert any(isinstance(o, SendCancel) for o in desk.out)
    assert not any(isinstance(o, SendOrder) for o in desk.out), "not before the stop is gone"
    desk.answer()
    sent = [o for o in desk.live() if o.status is OrderStatus.STAGED]
    assert [(o.request.type, o.limit_price, o.quantity) for o in sent] == [(OrderType.LIMIT, D(74_000), D(10))]
    assert desk.stop().status is OrderStatus.HELD, "the stop is watched here meanwhile"
    assert desk.row().stop_is_local
    desk.take()
    desk.fill(sent[0].id, "10", "74000")
    assert desk.held == 0
    assert not desk.state.live


def test_a_stop_that_fills_while_it_is_canceled_ends_the_take_profit() -> None:
    desk = Desk()
    id = desk.entry()
    desk.fill(id, "10")
    desk.take()
    stop = desk.stop().id
    desk.quote(74_000, 74_100)
    desk.fill(stop, "10", "69400")
    assert desk.held == 0
    assert not desk.state.live


def test_after_the_take_profit_left_the_stop_still_goes_first_to_last() -> None:
    """Price turns while the take profit rests: it is canceled, and the stop goes at market."""
    desk = Desk()
    id = desk.entry()
    desk.fill(id, "10")
    desk.take()
    desk.quote(74_000, 74_100)
    desk.answer()
    desk.take()
    resting = desk.profit()
    assert resting.status is OrderStatus.OPEN
    desk.quote(69_400, 69_500)
    assert desk.state.orders[resting.id].requested is not None
    desk.answer()
    (sent,) = [o for o in desk.live() if o.status is OrderStatus.STAGED]
    assert (sent.request.type, sent.quantity, sent.stop_price) == (OrderType.MARKET, D(10), D(69_500))
    desk.take()
    desk.fill(sent.id, "10", "69400")
    assert not desk.state.live


def test_a_stop_the_venue_does_not_know_is_watched_here() -> None:
    desk = Desk(stops=False)
    id = desk.entry()
    desk.fill(id, "10")
    assert {o.status for o in desk.live()} == {OrderStatus.HELD}
    row = desk.row()
    assert (row.stop, row.stop_is_local, row.take_profit) == (D(69_500), True, D(74_000))
    desk.trade(69_600)
    desk.quote(69_500, 69_600)
    assert {o.status for o in desk.live()} == {OrderStatus.HELD}
    desk.trade(69_500)
    (staged,) = [o for o in desk.out if isinstance(o, OrderStaged)]
    request = staged.request
    assert (request.type, request.quantity, request.side, request.reduce_only) == (
        OrderType.MARKET,
        D(10),
        Side.SELL,
        True,
    )
    assert sum(isinstance(o, SendOrder) for o in desk.out) == 1
    desk.trade(69_400)
    assert desk.out == [], "once is enough"
    desk.take()
    desk.fill(request.client_order_id, "10", "69400")
    assert not desk.state.live


@pytest.mark.parametrize(
    ("bid", "ask", "trade", "fires"),
    [
        (70_900, 71_000, 1.0, False),  # a print far outside the quote
        (70_900, 71_000, float("nan"), False),
        (60_000, 71_000, None, False),  # the bid was withdrawn for a moment
        (69_400, 69_500, None, True),  # all the market has passed
        (69_400, 69_600, 69_500.0, True),
    ],
)
def test_what_sets_a_local_stop_off(bid: float, ask: float, trade: float | None, fires: bool) -> None:
    desk = Desk(stops=False)
    id = desk.entry()
    desk.fill(id, "10")
    desk.quote(bid, ask)
    staged = [o for o in desk.out if isinstance(o, OrderStaged)]
    if trade is not None:
        desk.trade(trade)
        staged += [o for o in desk.out if isinstance(o, OrderStaged)]
    assert bool(staged) is fires


def test_a_stale_or_cached_price_sets_nothing_off() -> None:
    desk = Desk(stops=False)
    id = desk.entry()
    desk.fill(id, "10")
    for freshness in (Freshness.CACHED, Freshness.DELAYED, Freshness.STALE):
        desk.step(Quote(SAMSUNG, 60_000.0, 1.0, 60_100.0, 1.0, desk.now, desk.now, freshness))
        assert desk.out == []
    desk.step(scenes.quote(60_000, 60_100, desk.now - 60 * NS))
    assert desk.out == []


def test_no_price_of_an_auction_sets_a_stop_off() -> None:
    desk = Desk(stops=False)
    id = desk.entry()
    desk.fill(id, "10")
    desk.step(PhaseChanged(ts=desk.now, market="XKRX", phase=Phase.VI))
    desk.quote(60_000, 60_100)
    assert desk.out == []
    desk.step(PhaseChanged(ts=desk.now, market="XKRX", phase=Phase.OPEN))
    desk.quote(60_000, 60_100)
    assert any(isinstance(o, OrderStaged) for o in desk.out)


def test_when_a_leg_goes_the_rest_of_the_entry_is_canceled() -> None:
    desk = Desk(stops=False)
    id = desk.entry()
    desk.fill(id, "4")
    desk.quote(69_400, 69_500)
    assert any(isinstance(o, SendCancel) and o.client_order_id == id for o in desk.out)
    (sent,) = [o for o in desk.live() if o.status is OrderStatus.STAGED]
    assert sent.quantity == 4
    desk.fill(id, "2")  # it was faster than the cancel
    desk.take()
    desk.fill(sent.id, "4", "69400")
    assert desk.held == 2
    desk.quote(69_300, 69_400)
    (again,) = [o for o in desk.live() if o.status is OrderStatus.STAGED]
    assert again.quantity == 2
    assert again.id != sent.id


def test_a_position_closed_by_hand_cancels_its_legs() -> None:
    desk = Desk()
    id = desk.entry()
    desk.fill(id, "10")
    desk.take()
    desk.step(OrderFilled(ts=desk.now, fill=scenes.fill("sell", "10", "71000")))
    assert any(isinstance(o, SendCancel) for o in desk.out)
    desk.answer()
    assert not desk.state.live
    scenes.hold(desk.engine, "buy", "10", "71000")
    assert not desk.state.live, "what is bought later is another position"


def test_a_position_that_shrinks_makes_its_stop_smaller() -> None:
    desk = Desk()
    id = desk.entry()
    desk.fill(id, "10")
    desk.take()
    desk.step(OrderFilled(ts=desk.now, fill=scenes.fill("sell", "6", "71000")))
    desk.answer()
    assert desk.stop().quantity == 4
    assert desk.profit().quantity == 4


def test_a_leg_protects_what_its_entry_filled_and_nothing_else() -> None:
    desk = Desk()
    scenes.hold(desk.engine, "buy", "10", "70000")
    id = desk.entry()
    desk.fill(id, "10")
    desk.take()
    desk.fill(desk.stop().id, "4", "69400")
    desk.second(3)
    desk.answer()
    assert (desk.held, desk.stop().remaining) == (D(16), D(6))


def test_a_stop_the_market_has_passed_can_still_be_made_smaller() -> None:
    desk = Desk()
    id = desk.entry()
    desk.fill(id, "10")
    desk.take()
    desk.quote(69_300, 69_400)
    desk.step(OrderFilled(ts=desk.now, fill=scenes.fill("sell", "6", "69400")))
    assert any(isinstance(o, SendReplace) for o in desk.out)


def test_closing_makes_the_stop_step_aside_and_sends_once() -> None:
    desk = Desk()
    id = desk.entry()
    desk.fill(id, "10")
    desk.take()
    close = scenes.new_id()
    desk.step(Close(client_order_id=close, account=ACCOUNT, instrument=SAMSUNG))
    assert desk.state.orders[close].status is OrderStatus.HELD
    assert any(isinstance(o, SendCancel) for o in desk.out)
    desk.answer()
    assert desk.state.orders[close].status is OrderStatus.STAGED
    desk.take()
    desk.fill(close, "10", "71000")
    assert desk.held == 0
    assert not desk.state.live


def test_closing_half_keeps_the_other_half_protected() -> None:
    desk = Desk()
    id = desk.entry()
    desk.fill(id, "10")
    desk.take()
    close = scenes.new_id()
    desk.step(Close(client_order_id=close, account=ACCOUNT, instrument=SAMSUNG, fraction=D("0.5"), at_market=True))
    desk.answer()
    desk.take()
    assert (desk.state.orders[close].status, desk.state.orders[close].quantity) == (OrderStatus.OPEN, D(5))
    assert desk.stop().quantity == 5
    desk.fill(close, "5", "71000")
    assert (desk.held, desk.stop().quantity, desk.profit().quantity) == (D(5), D(5), D(5))


def test_a_close_for_which_the_stop_makes_no_room_is_given_up_and_the_stop_stays() -> None:
    desk = Desk()
    id = desk.entry()
    desk.fill(id, "10")
    desk.take()
    close = scenes.new_id()
    desk.step(Close(client_order_id=close, account=ACCOUNT, instrument=SAMSUNG))
    desk.second(11)
    assert desk.state.orders[close].status is OrderStatus.CANCELED
    assert desk.stop().status is OrderStatus.OPEN
    assert len(desk.live()) == 2, "the legs, and nothing that closes later"


@pytest.mark.parametrize("at_market", [True, False])
def test_a_close_that_was_given_up_never_comes_back(at_market: bool) -> None:
    desk = Desk()
    id = desk.entry()
    desk.fill(id, "10")
    desk.take()
    desk.step(Close(client_order_id=scenes.new_id(), account=ACCOUNT, instrument=SAMSUNG, at_market=at_market))
    desk.second(11)
    desk.answer()
    desk.take()
    desk.quote(71_000, 71_100)
    desk.second(30)
    desk.take()
    closing = [o for o in desk.live(held=False) if not o.request.is_stop]
    assert not closing
    assert (desk.held, desk.stop().status) == (D(10), OrderStatus.OPEN)


def test_three_closes_never_turn_the_position() -> None:
    desk = Desk()
    id = desk.entry()
    desk.fill(id, "10")
    desk.take()
    for _ in range(3):
        desk.step(Close(client_order_id=scenes.new_id(), account=ACCOUNT, instrument=SAMSUNG, at_market=True))
    for _ in range(4):
        desk.answer()
        desk.take()
    sold = sum(o.remaining for o in desk.live(held=False))
    assert sold <= 10


def test_panic_keeps_protection_and_cancels_the_entry() -> None:
    desk = Desk()
    id = desk.entry()
    desk.fill(id, "4")
    desk.take()
    other = desk.entry(price="70900")
    desk.step(Panic())
    desk.answer()
    assert desk.state.orders[id].status is OrderStatus.CANCELED
    assert desk.stop().quantity == 4
    assert desk.profit().status is OrderStatus.HELD
    assert {leg.status for leg in desk.legs(other)} == {OrderStatus.CANCELED}


def test_cancel_all_takes_protection_along_and_is_not_undone() -> None:
    desk = Desk()
    id = desk.entry()
    desk.fill(id, "4")
    desk.take()
    desk.step(CancelAll())
    desk.answer()
    desk.second(5)
    assert not desk.state.live
    assert desk.row().stop is None


def test_a_stop_somebody_cancels_stays_canceled_and_says_so() -> None:
    desk = Desk()
    id = desk.entry()
    desk.fill(id, "4")
    desk.take()
    desk.step(Cancel(client_order_id=desk.stop().id))
    desk.answer()
    assert any(isinstance(o, Noticed) and "WITHOUT" in o.text for o in desk.out)
    desk.fill(id, "6")
    desk.take()
    assert desk.row().stop is None
    assert desk.row().take_profit == 74_000


def test_a_held_leg_is_moved_at_once_and_keeps_its_new_price() -> None:
    desk = Desk()
    id = desk.entry()
    stop = desk.stop().id
    desk.step(Replace(client_order_id=stop, stop_price=D(70_000)))
    assert [type(o) for o in desk.out] == [OrderReplaced]
    desk.step(Replace(client_order_id=stop, stop_price=D(71_500)))
    assert isinstance(desk.out[0], Noticed), "not above the entry"
    desk.step(Replace(client_order_id=stop, stop_price=D("70050")))
    assert isinstance(desk.out[0], Noticed), "not off tick"
    desk.step(Replace(client_order_id=stop, quantity=D(3)))
    assert isinstance(desk.out[0], Noticed), "its size follows what filled"
    desk.fill(id, "10")
    assert (desk.stop().status, desk.stop().stop_price) == (OrderStatus.STAGED, D(70_000))


def test_a_stop_the_venue_refuses_is_watched_here() -> None:
    desk = Desk()
    id = desk.entry()
    desk.fill(id, "10")
    first = desk.stop().id
    desk.engine.step(OrderSending(ts=desk.now, client_order_id=first), desk.now)
    desk.step(OrderRejected(ts=desk.now, client_order_id=first, code="APBK0", text="no stops here"))
    desk.second(40)
    assert desk.stop().status is OrderStatus.HELD
    assert desk.row().stop_is_local
    desk.quote(69_400, 69_500)
    assert any(isinstance(o, OrderStaged) and o.request.type is OrderType.MARKET for o in desk.out)


def test_a_stop_that_fires_and_is_refused_is_tried_on_more_and_more_seldom_and_never_given_up() -> None:
    desk = Desk(stops=False)
    id = desk.entry()
    desk.fill(id, "10")
    start, sent = desk.now, {}
    while desk.now - start < 1000 * NS:
        desk.quote(69_400, 69_500)
        desk.second()
        for order in desk.live(held=False):
            sent[order.id] = (desk.now - start) // NS
            desk.engine.step(OrderSending(ts=desk.now, client_order_id=order.id), desk.now)
            desk.step(OrderRejected(ts=desk.now, client_order_id=order.id, code="E", text="no"))
    times = list(sent.values())
    waits = [later - before for before, later in itertools.pairwise(times)]
    assert all(later > before - 2 for before, later in itertools.pairwise(waits)), "it is tried more and more seldom"
    assert len([time for time in times if time < 120]) == 8 and 2 <= len([time for time in times if time >= 120]) <= 4
    desk.quote(71_000, 71_100)
    desk.second(400)
    assert [order.status for order in desk.live() if order.stop_price is not None] == [OrderStatus.HELD]


def test_halted_sends_no_stop_and_says_so_and_resumed_does() -> None:
    desk = Desk(stops=False)
    id = desk.entry()
    desk.fill(id, "10")
    desk.step(SetTradingState(state=TradingState.HALTED))
    desk.quote(69_400, 69_500)
    assert [o.level for o in desk.out if isinstance(o, Noticed)] == ["error"]
    desk.quote(69_400, 69_500)
    assert desk.out == []
    desk.step(SetTradingState(state=TradingState.REDUCING))
    desk.quote(69_400, 69_500)
    desk.second()
    assert [o.status for o in desk.live() if o.stop_price is not None] == [OrderStatus.STAGED]


def test_a_short_is_protected_the_other_way_round() -> None:
    desk = Desk(stops=False)
    id = desk.submit("sell", "10", "227.30", instrument=APPLE, stop_loss="230", take_profit="220")
    desk.take()
    desk.fill(id, "10", "227.30")
    desk.step(scenes.quote(230.00, 230.02, desk.now, APPLE))
    (staged,) = [o for o in desk.out if isinstance(o, OrderStaged)]
    assert (staged.request.side, staged.request.type, staged.request.quantity) == (Side.BUY, OrderType.MARKET, D(10))


@pytest.mark.parametrize(
    ("terms", "said"),
    [
        ({"stop_loss": "71000"}, "below 71000"),
        ({"stop_loss": "72000"}, "below 71000"),
        ({"take_profit": "71000"}, "above 71000"),
        ({"stop_loss": "69510"}, "off tick"),
        ({"take_profit": "74050"}, "off tick"),
        ({"price": "72000", "stop_loss": "71500"}, "below 71000"),
        ({"price": None, "stop_loss": "71100"}, "below 71000"),
        ({"reduce_only": True, "stop_loss": "69000"}, "only closes"),
    ],
)
def test_legs_on_the_wrong_side_are_denied(terms: dict[str, Any], said: str) -> None:
    desk = Desk()
    id = desk.submit(**terms)
    assert isinstance(desk.out[0], OrderDenied), desk.out
    assert said in desk.out[0].text
    assert not desk.legs(id)


def test_a_sale_of_what_is_held_has_no_legs() -> None:
    desk = Desk()
    scenes.hold(desk.engine, "buy", "10", "70000")
    desk.submit("sell", "10", "71100", stop_loss="72000")
    assert isinstance(desk.out[0], OrderDenied)
