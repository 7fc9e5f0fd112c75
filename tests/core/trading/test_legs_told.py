"""What is said of legs that cannot do their work, and legs under a clock that was set back."""

from __future__ import annotations

from core.domain.account import TradingState
from core.domain.commands import Cancel, Close, SetTradingState
from core.domain.events import Noticed, OrderCanceled, OrderRejected, OrderSending
from core.domain.market import NS
from core.domain.order import OrderStatus
from tests import scenes
from tests.legs_desk import Desk
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
