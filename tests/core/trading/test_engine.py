"""The engine by its one door: messages in, events and commands out, state to read."""

from __future__ import annotations

from decimal import Decimal

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
    Settle,
    SetTradingState,
    StartDay,
    Submit,
    Tick,
)
from core.domain.events import (
    FeedChanged,
    Noticed,
    OrderAccepted,
    OrderCanceled,
    OrderDenied,
    OrderFilled,
    OrderNotPlaced,
    OrderRejected,
    OrderSending,
    OrderStaged,
    OrderUnknown,
)
from core.domain.ids import VenueRef
from core.domain.limits import RiskLimits
from core.domain.market import NS
from core.domain.order import Binding, OrderStatus, OrderType, Side
from tests import scenes
from tests.scenes import ACCOUNT, APPLE, SAMSUNG, START


def status(engine, id):  # type: ignore[no-untyped-def]
    return engine.state.orders[id].status


def working(engine, **terms):  # type: ignore[no-untyped-def]
    """An order that is OPEN at the venue."""
    wanted = scenes.request(**terms)
    out = engine.step(Submit(request=wanted), START)
    assert isinstance(out[0], OrderStaged), out
    scenes.send(engine, wanted.client_order_id)
    return wanted.client_order_id


def test_submit_is_staged_before_it_is_sent() -> None:
    engine = scenes.engine()
    wanted = scenes.request()
    out = engine.step(Submit(request=wanted), START)
    assert [type(o) for o in out] == [OrderStaged, SendOrder]
    assert status(engine, wanted.client_order_id) is OrderStatus.STAGED


def test_the_same_ticket_twice_is_one_order() -> None:
    engine = scenes.engine()
    wanted = scenes.request()
    engine.step(Submit(request=wanted), START)
    assert engine.step(Submit(request=wanted), START) == ()
    assert len(engine.state.orders) == 1


def test_a_denial_is_remembered_with_rule_limit_and_actual() -> None:
    engine = scenes.engine(RiskLimits(max_order_quantity=Decimal(5)))
    wanted = scenes.request(quantity="6")
    (denied,) = engine.step(Submit(request=wanted), START)
    assert isinstance(denied, OrderDenied)
    assert (denied.rule, denied.limit, denied.actual) == ("max quantity", "5", "6")
    assert status(engine, wanted.client_order_id) is OrderStatus.DENIED


def test_a_fill_before_the_answer_proves_the_order_open() -> None:
    engine = scenes.engine()
    wanted = scenes.request()
    id = wanted.client_order_id
    engine.step(Submit(request=wanted), START)
    engine.step(OrderSending(ts=START, client_order_id=id), START)
    engine.step(OrderFilled(ts=START, fill=scenes.fill("buy", "4", "71000", order=id)), START)
    assert status(engine, id) is OrderStatus.OPEN
    engine.step(OrderAccepted(ts=START, client_order_id=id, ref=VenueRef("x")), START)
    order = engine.state.orders[id]
    assert (order.refs, order.filled, order.remaining) == (("x",), Decimal(4), Decimal(6))
    engine.step(OrderFilled(ts=START, fill=scenes.fill("buy", "6", "71100", order=id)), START)
    order = engine.state.orders[id]
    assert order.status is OrderStatus.FILLED
    assert order.average_price == Decimal(71060)
    assert id not in engine.state.live


def test_a_repeated_fill_is_booked_once() -> None:
    engine = scenes.engine()
    id = working(engine)
    one = scenes.fill("buy", "4", "71000", order=id, id="once")
    assert engine.step(OrderFilled(ts=START, fill=one), START)
    assert engine.step(OrderFilled(ts=START, fill=one), START) == ()
    assert engine.state.position(ACCOUNT, SAMSUNG).quantity == 4


def test_a_late_fill_is_booked_with_an_alarm() -> None:
    engine = scenes.engine()
    id = working(engine)
    engine.step(OrderCanceled(ts=START, client_order_id=id), START)
    out = engine.step(OrderFilled(ts=START, fill=scenes.fill("buy", "4", "71000", order=id)), START)
    assert any(isinstance(o, Noticed) and o.level == "error" for o in out)
    assert status(engine, id) is OrderStatus.CANCELED
    assert engine.state.position(ACCOUNT, SAMSUNG).quantity == 4


def test_an_answer_that_breaks_the_table_is_told_and_ignored() -> None:
    engine = scenes.engine()
    id = working(engine)
    engine.step(OrderFilled(ts=START, fill=scenes.fill("buy", "10", "71000", order=id)), START)
    (notice,) = engine.step(OrderCanceled(ts=START, client_order_id=id), START)
    assert isinstance(notice, Noticed)
    assert status(engine, id) is OrderStatus.FILLED


def test_unknown_is_settled_by_a_person_or_by_proof() -> None:
    engine = scenes.engine()
    for ref, wanted in ((VenueRef("theirs"), OrderStatus.OPEN), (None, OrderStatus.NOT_PLACED)):
        request = scenes.request(price="70900" if ref else "70800")
        id = request.client_order_id
        engine.step(Submit(request=request), START)
        engine.step(OrderSending(ts=START, client_order_id=id), START)
        engine.step(OrderUnknown(ts=START, client_order_id=id, text="no answer"), START)
        assert id in engine.state.live
        engine.step(Settle(client_order_id=id, ref=ref), START)
        assert status(engine, id) is wanted
    bound = next(o for o in engine.state.orders.values() if o.status is OrderStatus.OPEN)
    assert bound.binding is Binding.BY_PERSON


def test_a_rejection_ends_the_order_and_a_timeout_does_not() -> None:
    engine = scenes.engine()
    one, two = scenes.request(), scenes.request(price="70900")
    for request in (one, two):
        engine.step(Submit(request=request), START)
        engine.step(OrderSending(ts=START, client_order_id=request.client_order_id), START)
    engine.step(OrderRejected(ts=START, client_order_id=one.client_order_id, code="E1", text="no"), START)
    engine.step(OrderUnknown(ts=START, client_order_id=two.client_order_id, text="timeout"), START)
    assert status(engine, one.client_order_id) is OrderStatus.REJECTED
    assert engine.state.orders[two.client_order_id].status.is_live


def test_cancel_of_a_staged_order_never_reaches_the_venue() -> None:
    engine = scenes.engine()
    wanted = scenes.request()
    engine.step(Submit(request=wanted), START)
    out = engine.step(Cancel(client_order_id=wanted.client_order_id), START)
    assert [type(o) for o in out] == [OrderDenied]


def test_cancel_while_the_commit_is_on_its_way_goes_to_the_venue() -> None:
    engine = scenes.engine()
    wanted = scenes.request()
    engine.step(Submit(request=wanted), START)
    engine.claiming.add(wanted.client_order_id)
    out = engine.step(Cancel(client_order_id=wanted.client_order_id), START)
    assert isinstance(out[-1], SendCancel)
    assert status(engine, wanted.client_order_id) is OrderStatus.STAGED
    engine.step(OrderSending(ts=START, client_order_id=wanted.client_order_id), START)
    assert status(engine, wanted.client_order_id) is OrderStatus.SENDING


def test_a_cancel_is_repeated_only_after_a_while() -> None:
    engine = scenes.engine()
    id = working(engine)
    assert isinstance(engine.step(Cancel(client_order_id=id), START)[-1], SendCancel)
    assert engine.step(Cancel(client_order_id=id), START + NS) == ()
    assert isinstance(engine.step(Cancel(client_order_id=id), START + 3 * NS)[-1], SendCancel)


def test_modify_carries_new_terms_and_counts_the_worse_of_both() -> None:
    engine = scenes.engine()
    id = working(engine, price="70900")
    out = engine.step(Replace(client_order_id=id, quantity=Decimal(30)), START)
    assert isinstance(out[-1], SendReplace)
    assert engine.state.working(ACCOUNT, SAMSUNG, Side.BUY) == 30
    (refused,) = engine.step(Replace(client_order_id=id, quantity=Decimal(40)), START)
    assert isinstance(refused, Noticed)
    assert "under way" in refused.text


@pytest.mark.parametrize(
    ("terms", "reason"),
    [({"limit_price": Decimal(71050)}, "tick"), ({"quantity": Decimal(10_000_000)}, "max quantity")],
)
def test_a_modify_passes_the_same_gate(terms: dict, reason: str) -> None:
    engine = scenes.engine()
    id = working(engine)
    (refused,) = engine.step(Replace(client_order_id=id, **terms), START)
    assert isinstance(refused, Noticed)
    assert reason in refused.text
    assert engine.state.orders[id].requested is None


def test_close_reads_the_size_now_and_three_presses_cannot_flip() -> None:
    engine = scenes.engine()
    scenes.hold(engine, "buy", "30", "70000")
    out = engine.step(Close(client_order_id=scenes.new_id(), account=ACCOUNT, instrument=SAMSUNG), START)
    assert isinstance(out[0], OrderStaged)
    assert (out[0].request.side, out[0].request.quantity, out[0].request.reduce_only) == (Side.SELL, 30, True)
    assert out[0].request.limit_price == 71000
    for _ in range(2):
        again = engine.step(Close(client_order_id=scenes.new_id(), account=ACCOUNT, instrument=SAMSUNG), START)
        assert [type(o) for o in again] == [Noticed]
    assert engine.state.working(ACCOUNT, SAMSUNG, Side.SELL) == 30


def test_panic_keeps_the_protective_stop_and_cancels_entries() -> None:
    engine = scenes.engine()
    scenes.hold(engine, "buy", "30", "70000")
    stop = scenes.request("sell", "30", None, type=OrderType.STOP, stop_price=Decimal(69000))
    engine.step(Submit(request=stop), START)
    scenes.send(engine, stop.client_order_id)
    entry = working(engine, quantity="5", price="70900")
    out = engine.step(Panic(), START)
    assert [o.client_order_id for o in out if isinstance(o, SendCancel)] == [entry]
    assert engine.state.trading_state(ACCOUNT) is TradingState.REDUCING
    denied = engine.step(Submit(request=scenes.request(price="70800")), START + 10 * NS)
    assert isinstance(denied[0], OrderDenied)
    assert denied[0].rule == "reducing"


def test_flatten_cancels_everything_then_closes_until_flat() -> None:
    engine = scenes.engine()
    scenes.hold(engine, "buy", "30", "70000")
    entry = working(engine, quantity="5", price="70900")
    out = engine.step(Panic(flatten=True), START)
    assert [type(o) for o in out if isinstance(o, SendOrder | SendCancel)] == [SendCancel]
    engine.step(OrderCanceled(ts=START, client_order_id=entry), START)
    for second in range(1, 6):
        engine.step(scenes.quote(71_000, 71_100, START + second * NS), START + second * NS)
        out = engine.step(Tick(), START + second * NS)
        closes = [o for o in out if isinstance(o, OrderStaged)]
        if closes:
            break
    (close,) = closes
    assert (close.request.side, close.request.quantity, close.request.type) == (Side.SELL, 30, OrderType.MARKET)
    id = close.request.client_order_id
    scenes.send(engine, id)
    engine.step(OrderFilled(ts=START, fill=scenes.fill("sell", "30", "71000", order=id)), START)
    notices = [o for o in engine.step(Tick(), START + 10 * NS) if isinstance(o, Noticed)]
    assert [n.kind for n in notices] == ["FLAT"]


def test_halted_lets_only_cancels_through() -> None:
    engine = scenes.engine()
    id = working(engine)
    engine.step(SetTradingState(state=TradingState.HALTED), START)
    (denied,) = engine.step(Submit(request=scenes.request(price="70900")), START + 10 * NS)
    assert denied.rule == "halted"
    assert isinstance(engine.step(Cancel(client_order_id=id), START)[-1], SendCancel)
    engine.step(SetTradingState(state=TradingState.ACTIVE), START)
    assert engine.state.trading_state(ACCOUNT) is TradingState.ACTIVE


def test_the_daily_loss_makes_the_account_reducing() -> None:
    engine = scenes.engine(RiskLimits(daily_loss=Decimal(100_000)))
    engine.step(StartDay(account=ACCOUNT, day="2025-11-20"), START)
    scenes.hold(engine, "buy", "100", "71000")
    engine.step(scenes.quote(69_900, 70_000), START)
    engine.step(Tick(), START)
    assert engine.state.trading_state(ACCOUNT) is TradingState.REDUCING


def test_a_lost_line_closes_the_gate() -> None:
    engine = scenes.engine()
    engine.step(FeedChanged(ts=START, broker="paper", is_connected=False, text="cut"), START)
    (denied,) = engine.step(Submit(request=scenes.request()), START)
    assert denied.rule == "gate"


def test_two_orders_cannot_spend_the_same_cash() -> None:
    engine = scenes.engine(cash="1000000")
    first = engine.step(Submit(request=scenes.request(quantity="10")), START)
    second = engine.step(Submit(request=scenes.request(quantity="10", price="70900")), START)
    assert isinstance(first[0], OrderStaged)
    assert isinstance(second[0], OrderDenied)
    assert second[0].rule == "buying power"


def test_cancel_all_may_be_limited_to_one_instrument() -> None:
    engine = scenes.engine()
    working(engine)
    apple = working(engine, quantity="1", price="227.00", instrument=APPLE)
    out = engine.step(CancelAll(instrument=APPLE), START)
    assert [o.client_order_id for o in out if isinstance(o, SendCancel)] == [apple]


def test_not_placed_frees_what_unknown_held() -> None:
    engine = scenes.engine(cash="1000000")
    wanted = scenes.request()
    id = wanted.client_order_id
    engine.step(Submit(request=wanted), START)
    engine.step(OrderSending(ts=START, client_order_id=id), START)
    engine.step(OrderUnknown(ts=START, client_order_id=id, text="lost"), START)
    assert isinstance(engine.step(Submit(request=scenes.request(price="70900")), START)[0], OrderDenied)
    engine.step(OrderNotPlaced(ts=START, client_order_id=id, text="absent"), START)
    assert isinstance(engine.step(Submit(request=scenes.request(price="70800")), START)[0], OrderStaged)


def test_what_a_person_confirmed_is_remembered_until_it_left() -> None:
    engine = scenes.engine()
    for n in range(300):
        now = START + n * NS
        engine.step(scenes.quote(71_000, 71_100, now), now)
        request = scenes.request("buy", "1", str(69_000 + 100 * (n % 9)))
        engine.step(Submit(request=request, is_confirmed=True), now)
        if engine.state.orders[request.client_order_id].status is OrderStatus.STAGED:
            assert engine.requests.last_look(request.client_order_id, now) is None
            scenes.send(engine, request.client_order_id)
            engine.step(OrderCanceled(ts=now, client_order_id=request.client_order_id), now)
    assert len(engine.requests._confirmed) <= 1


@pytest.mark.parametrize("seconds", [31, -3600])
def test_an_order_whose_answer_does_not_come_is_unknown_also_when_the_clock_is_set_back(seconds: int) -> None:
    engine, wanted = scenes.engine(), scenes.request()
    engine.step(Submit(request=wanted), START)
    engine.step(OrderSending(ts=START, client_order_id=wanted.client_order_id), START)
    engine.step(Tick(), START + 29 * NS)
    engine.step(Tick(), START - 29 * NS)
    assert status(engine, wanted.client_order_id) is OrderStatus.SENDING
    engine.step(Tick(), START + seconds * NS)
    assert status(engine, wanted.client_order_id) is OrderStatus.UNKNOWN
