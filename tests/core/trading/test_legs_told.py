"""Legs that cannot do their work: what is said of them, how they go on, and how they fare under a clock set back."""

from __future__ import annotations

import msgspec

from core.domain.account import TradingState
from core.domain.commands import Cancel, Close, SetTradingState
from core.domain.events import (
    Noticed,
    OrderCanceled,
    OrderExpired,
    OrderRejected,
    OrderRequested,
    OrderSending,
    PositionAdjusted,
)
from core.domain.market import NS
from core.domain.order import OrderStatus, OrderType, RequestKind, RequestPhase, TimeInForce
from core.ports import Capabilities
from tests import scenes
from tests.legs_desk import D, Desk
from tests.scenes import ACCOUNT, SAMSUNG

HOUR = 3600 * NS


def said(desk: Desk, level: str) -> list[str]:
    return [item.text for item in desk.out if isinstance(item, Noticed) and item.level == level]


def refuse(desk: Desk) -> None:
    """The venue refuses all that was sent."""
    for order in desk.live(held=False):
        if order.status is OrderStatus.STAGED:
            desk.step(OrderSending(ts=desk.now, client_order_id=order.id))
            desk.step(OrderRejected(ts=desk.now, client_order_id=order.id, code="E", text="no"))


def protected(*, stops: bool = True) -> Desk:
    desk = Desk(stops=stops)
    desk.fill(desk.entry(), "10")
    desk.take()
    return desk


def test_a_stop_that_is_gone_is_told_also_where_the_take_profit_went_before() -> None:
    desk = protected()
    stop = desk.stop().id
    desk.step(Cancel(client_order_id=desk.profit().id))
    assert "take profit" in said(desk, "error")[0]
    desk.step(OrderCanceled(ts=desk.now, client_order_id=stop, text="by the venue"))
    assert "stop loss" in said(desk, "error")[0]


def test_two_roles_that_are_gone_for_two_reasons_are_told_once_each() -> None:
    desk = protected(stops=False)
    desk.step(Cancel(client_order_id=desk.profit().id))
    told = []
    for _ in range(20):
        desk.now += 40 * NS
        desk.quote(69_400, 69_500)
        desk.second()
        told += said(desk, "error")
        refuse(desk)
        told += said(desk, "error")
    assert len([text for text in told if "refused too often" in text]) == 1
    assert not [text for text in told if "was canceled" in text]


def test_a_stop_that_was_held_up_before_its_price_came_is_told_when_it_comes() -> None:
    desk = Desk()
    id = desk.entry()
    desk.step(SetTradingState(state=TradingState.HALTED))
    desk.fill(id, "10")
    assert "only watched here" in said(desk, "warning")[0]
    desk.quote(69_400, 69_500)
    assert "cannot be sent" in said(desk, "error")[0]
    desk.second()
    assert not said(desk, "error")


def test_a_stop_that_was_refused_is_tried_again_though_the_clock_was_set_back() -> None:
    desk = protected(stops=False)
    desk.quote(69_400, 69_500)
    refuse(desk)
    desk.now -= HOUR
    desk.quote(69_400, 69_500)
    desk.second()
    assert [order.status for order in desk.live(held=False)] == [OrderStatus.STAGED]


def test_a_close_that_waits_for_room_is_given_up_though_the_clock_was_set_back() -> None:
    desk = protected()
    close = scenes.new_id()
    desk.step(Close(client_order_id=close, account=ACCOUNT, instrument=SAMSUNG, at_market=True))
    assert desk.state.orders[close].status is OrderStatus.HELD
    desk.now -= HOUR
    desk.second()
    assert desk.state.orders[close].status is OrderStatus.CANCELED


def test_what_the_venue_leaves_of_a_stop_that_fired_goes_on() -> None:
    """As in a thin book, where a market order sells what there is and the rest of it is canceled."""
    desk = protected(stops=False)
    desk.quote(69_400, 69_500)
    desk.take()
    (fired,) = desk.live(held=False)
    desk.fill(fired.id, "4", "69400")
    desk.step(OrderCanceled(ts=desk.now, client_order_id=fired.id, text="nobody buys the rest"))
    desk.quote(69_300, 69_400)
    (again,) = desk.live(held=False)
    assert (again.status, again.quantity) == (OrderStatus.STAGED, 6)


def test_a_stop_that_nobody_trades_with_is_tried_again_more_and_more_seldom() -> None:
    desk = protected(stops=False)
    sent = 0
    for _ in range(350):
        desk.quote(69_400, 69_500)
        desk.take()
        for order in desk.live(held=False):
            sent += 1
            desk.step(OrderExpired(ts=desk.now, client_order_id=order.id))
    assert 1 < sent < 5, "in some three seconds"


def test_a_stop_that_is_too_large_is_canceled_though_a_change_of_it_has_no_answer() -> None:
    desk = Desk()
    id = desk.entry(quantity="20")
    desk.fill(id, "10")
    desk.take()
    stop = desk.stop().id
    desk.fill(id, "5")
    wish = desk.state.orders[stop].requested
    assert wish is not None and wish.kind is RequestKind.REPLACE
    lost = msgspec.structs.replace(wish, phase=RequestPhase.UNKNOWN)
    desk.step(OrderRequested(ts=desk.now, client_order_id=stop, requested=lost))
    gone = {"account": ACCOUNT, "instrument": SAMSUNG, "quantity": D(-12), "price": D(71_000), "cause": "unknown"}
    desk.step(PositionAdjusted(ts=desk.now, **gone))  # type: ignore[arg-type]
    wish = desk.state.orders[stop].requested
    assert wish is not None and wish.kind is RequestKind.CANCEL and desk.held == 3


def test_a_venue_that_refuses_for_a_moment_does_not_use_up_the_tries_of_a_stop() -> None:
    """As under load, which is when stops go."""
    desk = protected(stops=False)
    for _ in range(50):
        desk.quote(69_400, 69_500)
        refuse(desk)
    assert not said(desk, "error")
    desk.second(3)
    desk.quote(69_400, 69_500)
    desk.second()
    (again,) = desk.live(held=False)
    assert (again.status, again.quantity) == (OrderStatus.STAGED, 10)


def test_a_stop_that_fired_and_was_made_smaller_is_a_stop_still() -> None:
    """Part of what it protects is sold elsewhere while it waits for somebody to trade with; then the venue ends it."""
    desk = protected(stops=False)
    desk.quote(69_400, 69_500)
    desk.take()
    (fired,) = desk.live(held=False)
    gone = {"account": ACCOUNT, "instrument": SAMSUNG, "quantity": D(-4), "price": D(69_400), "cause": "unknown"}
    desk.step(PositionAdjusted(ts=desk.now, **gone))  # type: ignore[arg-type]
    desk.answer()
    assert desk.state.orders[fired.id].quantity == 6
    desk.step(OrderCanceled(ts=desk.now, client_order_id=fired.id, text="nobody buys the rest"))
    desk.second(2)
    desk.quote(69_300, 69_400)
    assert [(o.status, o.quantity) for o in desk.live(held=False)] == [(OrderStatus.STAGED, 6)]


def test_a_trailing_stop_that_left_as_a_limit_order_trails_again_when_it_is_held_anew() -> None:
    """Where a venue takes limits alone, what was sent has a limit, and a trailing stop has none."""
    desk = Desk()
    lives = frozenset({TimeInForce.DAY, TimeInForce.GTC})
    desk.engine.gate.venues = {"paper": Capabilities(order_types=frozenset(OrderType), times_in_force=lives)}
    scenes.hold(desk.engine, "buy", "10", "71000")
    more = {"type": OrderType.TRAILING, "reduce_only": True, "time_in_force": TimeInForce.GTC}
    desk.submit("sell", "10", None, trail="1500", **more)
    desk.take()
    limits = Capabilities(order_types=frozenset({OrderType.LIMIT}), times_in_force=lives)
    desk.engine.gate.venues = {"paper": limits}
    gone = {"account": ACCOUNT, "instrument": SAMSUNG, "quantity": D(-2), "price": D(71_000), "cause": "unknown"}
    desk.step(PositionAdjusted(ts=desk.now, **gone))  # type: ignore[arg-type]
    desk.answer()
    desk.quote(71_000, 71_100)
    desk.quote(69_300, 69_400)
    desk.take()
    assert [order.request.type for order in desk.live(held=False)] == [OrderType.LIMIT]
    desk.step(PositionAdjusted(ts=desk.now, **gone))  # type: ignore[arg-type]
    desk.answer()
    assert [order.quantity for order in desk.live()] == [6]


def test_a_stop_that_left_as_a_limit_order_is_no_stop_limit_when_it_is_held_anew() -> None:
    """Its limit was made of the touch of that moment; the market may be far below it when it goes again."""
    desk = Desk()
    lives = frozenset({TimeInForce.DAY, TimeInForce.GTC})
    desk.engine.gate.venues = {"paper": Capabilities(order_types=frozenset({OrderType.LIMIT}), times_in_force=lives)}
    desk.fill(desk.entry(take_profit=None), "10")
    desk.quote(69_400, 69_500)
    desk.take()
    gone = {"account": ACCOUNT, "instrument": SAMSUNG, "quantity": D(-2), "price": D(69_400), "cause": "unknown"}
    desk.step(PositionAdjusted(ts=desk.now, **gone))  # type: ignore[arg-type]
    desk.quote(66_000, 66_100)
    desk.answer()
    (again,) = desk.live()
    assert again.quantity == 8
    assert again.limit_price is not None and again.limit_price < 66_000


LIMITS_ALONE = Capabilities(
    order_types=frozenset({OrderType.LIMIT}), times_in_force=frozenset({TimeInForce.DAY, TimeInForce.GTC})
)


def guarded(kind: OrderType, **terms: str) -> Desk:
    """Ten are held, with a stop of their own, where the venue takes limits alone; its price came and it left."""
    desk = Desk()
    desk.engine.gate.venues = {"paper": LIMITS_ALONE}
    desk.quote(71_000, 71_100)
    scenes.hold(desk.engine, "buy", "10", "71000")
    more = {"type": kind, "reduce_only": True, "time_in_force": TimeInForce.GTC}
    desk.submit("sell", "10", terms.pop("price", None), **terms, **more)
    desk.second()
    desk.quote(69_400, 69_500)
    desk.second()
    assert [order.request.type for order in desk.live(held=False)] == [OrderType.LIMIT]
    return desk


def test_a_stop_of_its_own_that_left_at_a_limit_goes_again_at_the_touch_of_then() -> None:
    desk = guarded(OrderType.STOP, stop_price="69500")
    refuse(desk)
    desk.quote(66_000, 66_100)
    desk.second(2)
    (again,) = desk.live(held=False)
    assert again.limit_price is not None and again.limit_price < 66_000


def test_a_stop_limit_that_was_refused_keeps_the_limit_its_owner_gave_it() -> None:
    desk = guarded(OrderType.STOP_LIMIT, stop_price="69500", price="69000")
    refuse(desk)
    desk.second(2)
    desk.quote(69_300, 69_400)
    desk.second(2)
    assert [order.limit_price for order in desk.live(held=False)] == [D(69_000)]


def test_a_trailing_stop_whose_price_has_come_does_not_begin_to_trail_anew() -> None:
    desk = guarded(OrderType.TRAILING, trail="1500")
    refuse(desk)
    desk.quote(69_300, 69_400)
    desk.second(2)
    assert [order.quantity for order in desk.live(held=False)] == [10], "it goes again at once"


def test_a_stop_that_ran_out_at_the_limit_it_left_with_goes_on() -> None:
    desk = guarded(OrderType.STOP, stop_price="69500")
    desk.take()
    (fired,) = desk.live(held=False)
    desk.step(OrderExpired(ts=desk.now, client_order_id=fired.id))
    desk.quote(66_000, 66_100)
    desk.second(2)
    assert [order.quantity for order in desk.live(held=False)] == [10]
