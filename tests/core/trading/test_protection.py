"""Protection of its own: a stop or a target for a holding that came without one."""

from __future__ import annotations

from core.domain.commands import (
    StartDay,
)
from core.domain.events import (
    OrderDenied,
    PhaseChanged,
)
from core.domain.market import Phase
from core.domain.order import OrderStatus, OrderType, TimeInForce
from tests import scenes
from tests.legs_desk import D, Desk, protect
from tests.scenes import ACCOUNT


def test_a_stop_of_its_own_goes_to_the_venue_or_is_held() -> None:
    for stops, status in ((True, OrderStatus.STAGED), (False, OrderStatus.HELD)):
        desk = Desk(stops=stops)
        scenes.hold(desk.engine, "buy", "10", "71000")
        id = protect(desk, take_profit="74000")
        assert desk.state.orders[id].status is status
        assert desk.profit().status is OrderStatus.HELD
        assert desk.profit().request.parent == id
        row = desk.row()
        assert (row.stop, row.stop_is_local, row.take_profit) == (D(69_500), not stops, D(74_000))


def test_a_pair_of_its_own_ends_together() -> None:
    desk = Desk(stops=False)
    scenes.hold(desk.engine, "buy", "10", "71000")
    protect(desk, take_profit="74000")
    desk.quote(74_000, 74_100)
    (sent,) = [o for o in desk.live() if o.status is OrderStatus.STAGED]
    desk.take()
    desk.fill(sent.id, "10", "74000")
    assert not desk.state.live


def test_a_stop_beside_a_resting_take_profit_takes_the_venue_and_the_profit_waits() -> None:
    desk = Desk()
    scenes.hold(desk.engine, "buy", "10", "71000")
    profit = desk.submit("sell", "10", "74000", reduce_only=True, time_in_force=TimeInForce.GTC)
    desk.take()
    assert desk.state.orders[profit].status is OrderStatus.OPEN
    stop = protect(desk)
    assert desk.state.orders[stop].status is OrderStatus.HELD
    desk.answer()
    desk.take()
    assert desk.state.orders[stop].status is OrderStatus.OPEN
    row = desk.row()
    assert (row.stop, row.stop_is_local, row.take_profit) == (D(69_500), False, D(74_000))
    desk.quote(74_000, 74_100)
    desk.answer()
    assert [o.quantity for o in desk.live() if o.status is OrderStatus.STAGED] == [D(10)]


def test_a_stop_may_be_set_while_the_market_is_closed() -> None:
    desk = Desk()
    scenes.hold(desk.engine, "buy", "10", "71000")
    desk.step(PhaseChanged(ts=desk.now, market="XKRX", phase=Phase.CLOSED))
    id = protect(desk)
    assert desk.state.orders[id].status is OrderStatus.HELD
    desk.step(PhaseChanged(ts=desk.now, market="XKRX", phase=Phase.OPEN))
    desk.second()
    assert desk.state.orders[id].status is OrderStatus.STAGED


def test_a_stop_the_market_has_passed_is_refused() -> None:
    desk = Desk()
    scenes.hold(desk.engine, "buy", "10", "71000")
    protect(desk, stop_price="71500")
    assert isinstance(desk.out[0], OrderDenied)
    assert "close with x" in desk.out[0].text


def test_no_more_is_protected_than_is_held() -> None:
    for stops in (True, False):
        desk = Desk(stops=stops)
        scenes.hold(desk.engine, "buy", "10", "71000")
        protect(desk, "11")
        assert isinstance(desk.out[0], OrderDenied)


def test_a_local_trailing_stop_follows_is_journalled_and_fires() -> None:
    desk = Desk(stops=False)
    scenes.hold(desk.engine, "buy", "10", "71000")
    id = desk.submit(
        "sell", "10", None, type=OrderType.TRAILING, trail="1000", reduce_only=True, time_in_force=TimeInForce.GTC
    )
    desk.trade(71_000)
    desk.quote(73_000, 73_100)
    desk.trade(73_000)
    desk.second(2)
    assert desk.state.orders[id].stop_price == 72_000
    assert desk.row().stop == 72_000
    desk.quote(72_500, 72_600)
    desk.trade(72_500)
    assert desk.state.orders[id].status is OrderStatus.HELD
    desk.quote(71_900, 72_000)
    assert desk.state.orders[id].status is OrderStatus.STAGED
    assert desk.state.orders[id].request.type is OrderType.MARKET


def test_a_held_day_order_ends_with_its_day_and_a_leg_does_not() -> None:
    desk = Desk(stops=False)
    scenes.hold(desk.engine, "buy", "10", "71000")
    day = protect(desk, "4", time_in_force=TimeInForce.DAY)
    id = desk.entry(quantity="6")
    desk.fill(id, "6")
    desk.step(StartDay(account=ACCOUNT, day="2025-11-21"))
    assert desk.state.orders[day].status is OrderStatus.CANCELED
    assert desk.stop().request.parent == id
