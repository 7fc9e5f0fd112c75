"""Protective legs through the engine's door: what is held, what leaves when, and that a position is never turned."""

from __future__ import annotations

from decimal import Decimal
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
    StartDay,
    Submit,
    Tick,
)
from core.domain.events import (
    DURABLE,
    Noticed,
    OrderAccepted,
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
from core.domain.ids import ClientOrderId, VenueRef
from core.domain.market import NS, Aggressor, Freshness, Interval, Phase, Quote, Trade
from core.domain.order import STOPS, Order, OrderStatus, OrderType, Side, TimeInForce
from core.ports import Capabilities
from core.strategies.strategy import Strategy
from core.trading import rows
from core.trading.legplan import LEGS
from core.trading.strategist import Slot
from tests import scenes
from tests.scenes import ACCOUNT, APPLE, SAMSUNG, START

D = Decimal
WITHOUT_STOPS = Capabilities(
    order_types=frozenset(OrderType) - STOPS, times_in_force=frozenset(TimeInForce), can_replace=True
)


class Desk:
    """An engine and a hand that plays the venue."""

    def __init__(self, *, stops: bool = True, **more: Any) -> None:
        self.engine = scenes.engine(**more)
        self.state = self.engine.state
        if not stops:
            self.engine.gate.venues = {"paper": WITHOUT_STOPS}
        self.now = START
        self.out: list[Any] = []
        self.journal: list[Any] = []

    def step(self, message: Any) -> list[Any]:
        self.now += NS // 100
        self.out = list(self.engine.step(message, self.now))
        self.journal += [item for item in self.out if isinstance(item, DURABLE)]
        return self.out

    def submit(
        self, side: str = "buy", quantity: str = "10", price: str | None = "71000", **terms: Any
    ) -> ClientOrderId:
        for name in ("stop_loss", "take_profit", "stop_price", "trail"):
            if name in terms:
                terms[name] = D(terms[name])
        request = scenes.request(side, quantity, price, **terms)
        self.step(Submit(request=request))
        return request.client_order_id

    def entry(self, **terms: Any) -> ClientOrderId:
        id = self.submit(**{"stop_loss": "69500", "take_profit": "74000"} | terms)
        self.take()
        return id

    def take(self) -> None:
        """The venue takes every order that was sent, and says so."""
        for order in list(self.state.live_orders()):
            if order.status is OrderStatus.STAGED:
                sending = OrderSending(ts=self.now, client_order_id=order.id)
                self.engine.step(sending, self.now)
                self.journal.append(sending)
                self.step(OrderAccepted(ts=self.now, client_order_id=order.id, ref=VenueRef(f"v{order.id[-6:]}")))

    def answer(self) -> None:
        """The venue does what it was asked: cancels and replaces."""
        for order in list(self.state.live_orders()):
            wish = order.requested
            if wish is None or order.status is not OrderStatus.OPEN or wish.phase.value != "sending":
                continue
            if wish.kind.value == "cancel":
                self.step(OrderCanceled(ts=self.now, client_order_id=order.id, text="canceled at our request"))
            else:
                self.step(
                    OrderReplaced(
                        ts=self.now,
                        client_order_id=order.id,
                        quantity=wish.quantity or order.quantity,
                        limit_price=wish.limit_price,
                        stop_price=wish.stop_price,
                    )
                )

    def fill(self, id: ClientOrderId, quantity: str, price: str = "71000") -> None:
        order = self.state.orders[id]
        self.step(
            OrderFilled(
                ts=self.now, fill=scenes.fill(order.side.value, quantity, price, order=id, instrument=order.instrument)
            )
        )

    def quote(self, bid: float, ask: float) -> None:
        self.step(scenes.quote(bid, ask, self.now))

    def trade(self, price: float) -> None:
        self.step(Trade(SAMSUNG, price, 1.0, Aggressor.SELL, self.now, self.now))

    def second(self, count: int = 1) -> None:
        for _ in range(count):
            self.now += NS
            self.step(Tick())

    def legs(self, root: ClientOrderId) -> list[Order]:
        return [o for o in self.state.orders.values() if o.request.parent == root]

    def live(self, *, held: bool | None = None) -> list[Order]:
        orders = [o for o in self.state.live_orders() if o.side is Side.SELL]
        return [o for o in orders if held is None or (o.status is OrderStatus.HELD) is held]

    def stop(self) -> Order:
        (found,) = [o for o in self.live() if o.stop_price is not None]
        return found

    def profit(self) -> Order:
        (found,) = [o for o in self.live() if o.stop_price is None and o.request.reduce_only]
        return found

    @property
    def held(self) -> Decimal:
        return self.state.position(ACCOUNT, SAMSUNG).quantity

    def row(self) -> Any:
        return rows.position_row(self.state, (ACCOUNT, SAMSUNG), self.now, None)


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


def test_a_stop_that_fires_and_is_refused_is_tried_again_but_not_forever() -> None:
    desk = Desk(stops=False)
    id = desk.entry()
    desk.fill(id, "10")
    sent = []
    for _ in range(300):
        desk.quote(69_400, 69_500)
        desk.second()
        for order in desk.live(held=False):
            sent.append(order.id)
            desk.engine.step(OrderSending(ts=desk.now, client_order_id=order.id), desk.now)
            desk.step(OrderRejected(ts=desk.now, client_order_id=order.id, code="E", text="no"))
    assert len(sent) == len(set(sent)) == 8
    assert not [o for o in desk.live() if o.stop_price is not None]


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


# --- protection of its own -------------------------------------------------------------------------------------------


def protect(desk: Desk, quantity: str = "10", **terms: Any) -> ClientOrderId:
    more = {"type": OrderType.STOP, "stop_price": "69500", "reduce_only": True, "time_in_force": TimeInForce.GTC}
    return desk.submit("sell", quantity, None, **more | terms)


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


# --- starting again --------------------------------------------------------------------------------------------------


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
