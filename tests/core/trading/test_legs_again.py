"""Protective legs after a new start: the journal gives them back as they were."""

from __future__ import annotations

from typing import Any

from core.domain.account import TradingState
from core.domain.commands import (
    Close,
    SendOrder,
    SetTradingState,
)
from core.domain.events import (
    OrderDenied,
    OrderFilled,
    OrderSending,
    OrderStaged,
)
from core.domain.market import Interval
from core.domain.order import OrderStatus, OrderType
from core.strategies.strategy import Strategy
from core.trading.legplan import LEGS
from core.trading.strategist import Slot
from tests import scenes
from tests.legs_desk import D, Desk, protect
from tests.scenes import ACCOUNT, SAMSUNG, START


def test_what_was_held_is_watched_after_a_restart() -> None:
    desk = Desk(stops=False)
    journal: list[Any] = []
    step = desk.engine.step

    def keep(message: Any, now: int) -> Any:
        out = step(message, now)
        journal.extend([message] if isinstance(message, OrderSending) else [])
        journal.extend(o for o in out if type(o).__name__.startswith("Order"))
        return out

    desk.engine.step = keep  # type: ignore[method-assign]
    id = desk.entry()
    desk.fill(id, "10")
    again = Desk(stops=False)
    for event in journal:
        again.engine.restore(event)
    assert again.state.orders == desk.state.orders
    again.now = desk.now
    again.second()
    again.quote(69_400, 69_500)
    (staged,) = [o for o in again.out if isinstance(o, OrderStaged)]
    assert staged.request.quantity == 10
    assert LEGS not in {o.canceled_by for o in again.state.orders.values()}


def test_legs_of_an_entry_that_never_left_end_with_it_at_the_next_start() -> None:
    desk = Desk()
    id = desk.submit(stop_loss="69500")
    journal = [o for o in desk.out if not isinstance(o, SendOrder)]
    again = Desk()
    for event in journal:
        again.engine.restore(event)
    request = again.state.orders[id].request
    again.step(OrderDenied(ts=again.now, request=request, rule="restart", limit="", actual="", text="restarted"))
    assert not again.state.live


def test_a_stop_of_its_own_that_fired_when_the_program_died_fires_again_after_the_start() -> None:
    desk = Desk(stops=False)
    journal: list[Any] = [OrderFilled(ts=START, fill=scenes.fill("buy", "10", "71000"))]
    desk.step(journal[0])
    stop = protect(desk)
    journal += desk.out
    desk.quote(69_400, 69_500)
    journal += [o for o in desk.out if not isinstance(o, SendOrder)]
    assert desk.state.orders[stop].status is OrderStatus.STAGED
    again = Desk(stops=False)
    for event in journal:
        again.engine.restore(event)
    again.now = desk.now
    request = again.state.orders[stop].request
    again.step(OrderDenied(ts=again.now, request=request, rule="restart", limit="", actual="", text="restarted"))
    assert (again.stop().status, again.stop().stop_price) == (OrderStatus.HELD, D(69_500))
    again.second(2)
    again.quote(69_400, 69_500)
    (staged,) = [o for o in again.out if isinstance(o, OrderStaged)]
    assert (staged.request.type, staged.request.quantity) == (OrderType.MARKET, D(10))
    assert staged.request.client_order_id != stop


def test_two_that_wait_for_the_same_room_do_not_both_leave() -> None:
    """A close and a stop become free to go in the same moment, while another stop is still on its way."""
    desk = Desk()
    scenes.hold(desk.engine, "buy", "5", "71000")
    first, second = desk.entry(quantity="1"), desk.entry(quantity="1", price="70900")
    desk.fill(first, "1")
    desk.step(Close(client_order_id=scenes.new_id(), account=ACCOUNT, instrument=SAMSUNG))
    desk.fill(second, "1")
    assert sum(o.remaining for o in desk.live(held=False)) <= desk.held == 7


def test_what_fills_after_the_stop_left_has_a_stop_of_its_own() -> None:
    desk = Desk(stops=False)
    id = desk.entry(quantity="9")
    desk.fill(id, "1")
    desk.quote(69_400, 69_500)
    desk.take()
    desk.fill(id, "8")
    assert sum(o.remaining for o in desk.live() if o.stop_price is not None) == 9


def test_the_stop_of_a_strategy_that_is_paused_still_goes() -> None:
    desk = Desk(stops=False)
    strategy = Strategy("robot", Strategy.Params(), (), Interval.M1)
    slot = Slot("robot", "test", strategy, ACCOUNT, (SAMSUNG,), Interval.M1, D(10))
    desk.engine.strategist.add(slot)
    id = desk.entry(source="robot")
    desk.fill(id, "10")
    desk.step(SetTradingState(state=TradingState.PAUSED))
    desk.quote(69_400, 69_500)
    assert any(isinstance(o, OrderStaged) and o.request.source == "robot" for o in desk.out)


def test_the_exits_of_a_pair_never_work_together_though_more_is_held() -> None:
    """What was held before has no bracket: it is no room for the second exit while the first may still fill."""
    desk = Desk()
    scenes.hold(desk.engine, "buy", "50", "71000")
    desk.fill(desk.entry(), "10")
    desk.take()
    stop, profit = desk.stop().id, desk.profit().id
    desk.quote(74_000, 74_100)
    assert desk.state.orders[stop].requested is not None
    desk.second(3)
    assert desk.state.orders[profit].status is OrderStatus.HELD, "the stop may still fill"
    desk.answer()
    assert desk.state.orders[profit].status is OrderStatus.STAGED
