"""What must not happen though the venue, a strategy or a person does the odd thing: at the engine's own door."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import msgspec
import pytest

from core.domain.account import TradingState
from core.domain.commands import (
    Cancel,
    Close,
    ControlStrategy,
    Panic,
    Replace,
    SendCancel,
    SendOrder,
    SetTradingState,
    StartDay,
    StrategyAction,
    Submit,
    Tick,
)
from core.domain.events import (
    BalanceChanged,
    Noticed,
    OrderAccepted,
    OrderCanceled,
    OrderDenied,
    OrderFilled,
    OrderNotPlaced,
    OrderReplaced,
    OrderRequested,
    OrderSending,
    OrderStaged,
    OrderUnknown,
    PhaseChanged,
    StrategyStatus,
)
from core.domain.ids import AccountId, VenueRef
from core.domain.limits import RiskLimits
from core.domain.market import NS, Aggressor, Bar, Freshness, Interval, Phase, Trade
from core.domain.order import OrderStatus, OrderType, RequestKind, RequestPhase, Side, TimeInForce
from core.domain.signal import Signal
from core.ports import Capabilities
from core.strategies.strategy import Context, Strategy
from core.trading import rows
from core.trading.engine import Engine
from core.trading.strategist import Slot
from tests import scenes
from tests.scenes import ACCOUNT, APPLE, SAMSUNG, START


def of(out: Any, kind: type) -> list[Any]:
    return [item for item in out if isinstance(item, kind)]


def working(engine: Engine, **terms: Any) -> Any:
    wanted = scenes.request(**terms)
    out = engine.step(Submit(request=wanted), START)
    assert isinstance(out[0], OrderStaged), out
    scenes.send(engine, wanted.client_order_id)
    return wanted.client_order_id


def sending(engine: Engine, **terms: Any) -> Any:
    wanted = scenes.request(**terms)
    engine.step(Submit(request=wanted), START)
    engine.step(OrderSending(ts=START, client_order_id=wanted.client_order_id), START)
    return wanted.client_order_id


@pytest.mark.parametrize(("side", "sign"), [("buy", 1), ("sell", -1)])
def test_what_is_told_of_an_over_fill_is_what_it_came_to(side: str, sign: int) -> None:
    engine = scenes.engine()
    id = working(engine, side=side, price="227.30", instrument=APPLE)
    place, terms = (ACCOUNT, APPLE), {"order": id, "instrument": APPLE}
    first = scenes.fill(side, "15", "227.30", id="one", **terms)
    engine.step(OrderFilled(ts=START, fill=first), START)
    assert engine.state.frozen[place].quantity == 5 * sign
    engine.step(OrderFilled(ts=START, fill=scenes.fill(side, "3", "227.30", **terms)), START)
    assert engine.state.frozen[place].quantity == 8 * sign
    corrected = msgspec.structs.replace(first, revision=1, quantity=Decimal(12))
    engine.step(OrderFilled(ts=START, fill=corrected), START)
    assert engine.state.frozen[place].quantity == 5 * sign


# --- money ---------------------------------------------------------------------------------------------------------


def test_cash_of_a_fill_is_spent_before_the_venue_says_so() -> None:
    engine = scenes.engine(cash="1000000")
    id = working(engine)
    engine.step(OrderFilled(ts=START, fill=scenes.fill("buy", "10", "71000", order=id)), START)
    (denied,) = engine.step(Submit(request=scenes.request(price="70900")), START)
    assert denied.rule == "buying power"
    paid = BalanceChanged(
        ts=START, account=ACCOUNT, currency=scenes.KRW, total=Decimal(290_000), available=Decimal(290_000)
    )
    engine.step(paid, START)
    assert of(engine.step(Submit(request=scenes.request(quantity="4", price="70900")), START), OrderStaged)


def test_a_fill_is_that_of_whoever_wanted_the_order() -> None:
    """A venue knows our id and nothing of strategies: one that never sees its fills would buy again and again."""
    engine = scenes.engine()
    id = working(engine, source="trend")
    engine.step(OrderFilled(ts=START, fill=scenes.fill("buy", "10", "71000", order=id, source="")), START)
    assert engine.state.strategy_position("trend", ACCOUNT, SAMSUNG).quantity == 10
    assert engine.state.fills[-1].source == "trend"


@pytest.mark.parametrize("other", [{"account": AccountId("paper:other")}, {"side": Side.SELL}, {"instrument": APPLE}])
def test_a_fill_that_names_an_order_of_another_account_side_or_market_is_not_that_orders(other: Any) -> None:
    engine = scenes.engine()
    id = working(engine)
    odd = msgspec.structs.replace(scenes.fill("buy", "4", "71000", order=id), **other)
    out = engine.step(OrderFilled(ts=START, fill=odd), START)
    assert engine.state.orders[id].filled == 0
    assert [notice.level for notice in of(out, Noticed)] == ["error"]
    assert abs(engine.state.position(odd.account, odd.instrument).quantity) == 4, "it is money all the same"
    assert not engine.step(OrderFilled(ts=START, fill=odd), START), "and a repeat of it is none"


def test_a_balance_that_did_not_move_settles_what_was_spent() -> None:
    """Bought and sold for the same: the venue's word is unchanged, and is its word all the same."""
    engine = scenes.engine(cash="1000000")
    for side in ("buy", "sell"):
        scenes.hold(engine, side, "10", "71000")
    same = BalanceChanged(
        ts=START, account=ACCOUNT, currency=scenes.KRW, total=Decimal(1_000_000), available=Decimal(1_000_000)
    )
    engine.step(same, START)
    assert of(engine.step(Submit(request=scenes.request()), START), OrderStaged)


def test_the_dearer_price_of_a_replace_under_way_is_reserved() -> None:
    engine = scenes.engine(cash="1450000")
    id = working(engine, quantity="10", price="70000")
    available = BalanceChanged(
        ts=START, account=ACCOUNT, currency=scenes.KRW, total=Decimal(1_450_000), available=Decimal(750_000)
    )
    engine.step(available, START)
    engine.step(Replace(client_order_id=id, limit_price=Decimal(74_500)), START)
    assert engine.state.orders[id].requested is not None
    (denied,) = engine.step(Submit(request=scenes.request(quantity="10", price="71000")), START)
    assert denied.rule == "buying power"


def test_a_stop_limit_may_not_pay_far_beyond_its_stop() -> None:
    engine = scenes.engine()
    wanted = scenes.request(price="92000", type=OrderType.STOP_LIMIT, stop_price=Decimal(71_500))
    (denied,) = engine.step(Submit(request=wanted), START)
    assert denied.rule == "price collar"
    fair = scenes.request(price="72000", type=OrderType.STOP_LIMIT, stop_price=Decimal(71_500))
    assert of(engine.step(Submit(request=fair), START), OrderStaged)


def test_a_day_that_begins_without_a_price_is_measured_from_the_close_before() -> None:
    engine = scenes.engine()
    scenes.hold(engine, "buy", "10", "70000")
    engine.state.quotes.clear()
    (started,) = engine.step(StartDay(account=ACCOUNT, day="2025-11-21"), START)
    assert started.marks == {SAMSUNG: Decimal(70_500)}


@pytest.mark.parametrize("price", [float("nan"), float("inf"), 1e40])
def test_a_price_that_is_no_number_is_unknown_and_stops_nothing(price: float) -> None:
    engine = scenes.engine(RiskLimits(daily_loss=Decimal(1000)))
    scenes.hold(engine, "buy", "10", "70000")
    engine.step(scenes.quote(price, price), START)
    engine.step(Tick(), START)
    assert engine.state.mark(SAMSUNG) is None
    limit = engine.gate.limits.max_quote_age_seconds
    assert rows.quote_row(engine.state, SAMSUNG, 0, START, limit).decimals == 0
    row = rows.position_row(engine.state, (ACCOUNT, SAMSUNG), START, limit)
    assert row is not None
    assert row.unrealised is None
    assert isinstance(engine.step(Submit(request=scenes.request(price="71100")), START)[0], OrderDenied)


# --- freshness -----------------------------------------------------------------------------------------------------


def test_a_quote_from_the_future_is_not_live() -> None:
    """The clock was set back: what came before that says nothing about now."""
    engine = scenes.engine()
    engine.step(scenes.quote(71_000, 71_100, START + 3600 * NS), START)
    (denied,) = engine.step(Submit(request=scenes.request()), START)
    assert denied.rule == "stale quote"
    assert rows.freshness(engine.state, SAMSUNG, START, 30.0)[0] is Freshness.STALE


def test_an_old_quote_is_stale_where_nobody_told_the_phase() -> None:
    engine = scenes.engine()
    engine.state.market_phases.clear()
    assert rows.freshness(engine.state, SAMSUNG, START + 60 * NS, 30.0)[0] is Freshness.STALE


# --- orders --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("end", [OrderNotPlaced, OrderCanceled])
def test_an_order_we_gave_up_and_the_venue_has_is_an_alarm(end: type) -> None:
    engine = scenes.engine()
    id = sending(engine)
    engine.step(OrderUnknown(ts=START, client_order_id=id, text="lost"), START)
    engine.step(end(ts=START, client_order_id=id, text="gone"), START)
    out = engine.step(OrderAccepted(ts=START, client_order_id=id, ref=VenueRef("alive")), START)
    alarms = [n for n in of(out, Noticed) if n.level == "error"]
    assert bool(alarms) is (end is OrderNotPlaced)
    assert engine.state.orders[id].refs == ("alive",)


def test_a_send_that_is_never_answered_becomes_unknown() -> None:
    engine = scenes.engine()
    id = sending(engine)
    engine.step(Tick(), START + 20 * NS)
    assert engine.state.orders[id].status is OrderStatus.SENDING
    engine.step(Tick(), START + 40 * NS)
    assert engine.state.orders[id].status is OrderStatus.UNKNOWN


def test_a_replace_that_leaves_nothing_ends_the_order() -> None:
    """The fill overtook the replace that made the order as small as what was filled."""
    engine = scenes.engine()
    id = working(engine)
    engine.step(OrderFilled(ts=START, fill=scenes.fill("buy", "4", "71000", order=id)), START)
    engine.step(OrderReplaced(ts=START, client_order_id=id, quantity=Decimal(4), limit_price=Decimal(71_000)), START)
    assert engine.state.orders[id].status is OrderStatus.FILLED
    assert id not in engine.state.live


def replacing(engine: Engine, quantity: int, *filled: int) -> Any:
    """An order for 10 that is being changed, and executions that are told before the answer is."""
    id = working(engine, quantity="10")
    engine.step(Replace(client_order_id=id, quantity=Decimal(quantity)), START)
    for amount in filled:
        engine.step(OrderFilled(ts=START, fill=scenes.fill("buy", str(amount), "71000", order=id)), START)
    return id


def test_an_execution_that_overtakes_the_answer_to_a_larger_quantity_ends_nothing_and_alarms_nobody() -> None:
    engine = scenes.engine()
    id = replacing(engine, 13, 10)
    assert engine.state.orders[id].status is OrderStatus.OPEN, "the venue may have 3 more of it"
    engine.step(OrderFilled(ts=START, fill=scenes.fill("buy", "2", "71000", order=id)), START)
    order = engine.state.orders[id]
    assert (order.status, order.quantity, order.remaining) == (OrderStatus.OPEN, 13, 1)
    engine.step(OrderReplaced(ts=START, client_order_id=id, quantity=Decimal(13), limit_price=order.limit_price), START)
    engine.step(OrderFilled(ts=START, fill=scenes.fill("buy", "1", "71000", order=id)), START)
    assert engine.state.orders[id].status is OrderStatus.FILLED
    assert not engine.state.frozen and not engine.state.late_fills


def test_a_change_that_is_refused_after_all_had_filled_ends_the_order() -> None:
    engine = scenes.engine()
    id = replacing(engine, 13, 10)
    wish = engine.state.orders[id].requested
    refused = msgspec.structs.replace(wish, phase=RequestPhase.REFUSED, text="filled")
    engine.step(OrderRequested(ts=START, client_order_id=id, requested=refused), START)
    assert engine.state.orders[id].status is OrderStatus.FILLED and id not in engine.state.live


def test_more_than_the_larger_of_both_terms_is_too_much() -> None:
    engine = scenes.engine()
    replacing(engine, 13, 10, 4)
    assert engine.state.frozen[(ACCOUNT, SAMSUNG)].quantity == 1


def test_a_cancel_survives_the_answer_to_the_replace_before_it() -> None:
    engine = scenes.engine()
    id = working(engine)
    engine.step(Replace(client_order_id=id, quantity=Decimal(20)), START)
    assert of(engine.step(Cancel(client_order_id=id), START), SendCancel)
    assert engine.state.working(ACCOUNT, SAMSUNG, engine.state.orders[id].side) == 20, "both terms may live"
    engine.step(OrderReplaced(ts=START, client_order_id=id, quantity=Decimal(20), limit_price=Decimal(71_000)), START)
    wish = engine.state.orders[id].requested
    assert wish is not None
    assert wish.kind is RequestKind.CANCEL


def test_a_clock_that_was_set_back_does_not_hold_up_cancels() -> None:
    engine = scenes.engine()
    id = working(engine)
    assert of(engine.step(Cancel(client_order_id=id), START + 3600 * NS), SendCancel)
    assert of(engine.step(Cancel(client_order_id=id), START), SendCancel)


def test_a_day_never_begins_twice_though_the_clock_goes_back() -> None:
    """The loss of the day must not be forgotten by a clock that crosses midnight to and fro."""
    engine = scenes.engine(RiskLimits(daily_loss=Decimal(100_000)))
    engine.step(StartDay(account=ACCOUNT, day="2025-11-21"), START)
    scenes.hold(engine, "buy", "100", "71000")
    engine.step(scenes.quote(69_900, 70_000), START)
    for day in ("2025-11-20", "2025-11-21"):
        assert not engine.step(StartDay(account=ACCOUNT, day=day), START)
    (denied,) = engine.step(Submit(request=scenes.request(price="70000")), START)
    assert denied.rule == "daily loss"


# --- halts and panic -----------------------------------------------------------------------------------------------


def test_a_panic_for_all_does_not_loosen_one_accounts_halt() -> None:
    engine = scenes.engine()
    engine.step(SetTradingState(account=ACCOUNT, state=TradingState.HALTED), START)
    engine.step(Panic(), START)
    assert engine.state.trading_state(ACCOUNT) is TradingState.HALTED
    engine.step(SetTradingState(state=TradingState.ACTIVE), START)
    assert engine.state.trading_state(ACCOUNT) is TradingState.ACTIVE


def test_flatten_is_not_done_while_an_entry_may_still_fill() -> None:
    engine = scenes.engine()
    entry = working(engine, quantity="5", price="70900")
    out = engine.step(Panic(flatten=True), START)
    assert not [n for n in of(out, Noticed) if n.kind == "FLAT"]
    engine.step(OrderFilled(ts=START, fill=scenes.fill("buy", "5", "70900", order=entry)), START)
    later = START + 4 * NS
    engine.step(scenes.quote(71_000, 71_100, later), later)
    (close,) = of(engine.step(Tick(), later), OrderStaged)
    assert (close.request.side, close.request.quantity) == ("sell", 5)


def test_flatten_asks_again_for_the_end_of_what_still_works() -> None:
    engine = scenes.engine()
    entry = working(engine, quantity="5", price="70900")
    assert of(engine.step(Panic(flatten=True), START), SendCancel)
    again = engine.step(Tick(), START + 4 * NS)
    assert [c.client_order_id for c in of(again, SendCancel)] == [entry]


def test_flatten_of_a_closed_market_waits_without_a_trail_of_denials() -> None:
    engine = scenes.engine()
    scenes.hold(engine, "buy", "30", "70000")
    engine.step(PhaseChanged(ts=START, market="XKRX", phase=Phase.CLOSED), START)
    out = list(engine.step(Panic(flatten=True), START))
    for second in range(1, 60):
        out += engine.step(Tick(), START + second * NS)
    assert not of(out, OrderDenied)
    assert len(of(out, Noticed)) == 1, "said once"
    later = START + 60 * NS
    engine.step(PhaseChanged(ts=later, market="XKRX", phase=Phase.OPEN), later)
    engine.step(scenes.quote(71_000, 71_100, later), later)
    assert of(engine.step(Tick(), later), OrderStaged)


def test_panic_spares_no_more_exits_than_there_is_to_close() -> None:
    """Two sells of all of it, both working, would turn long into short."""
    engine = scenes.engine()
    scenes.hold(engine, "buy", "10", "227", instrument=APPLE)
    limit = working(engine, side="sell", quantity="10", price="240.00", instrument=APPLE)
    engine.step(OrderCanceled(ts=START, client_order_id=limit), START)
    first = working(engine, side="sell", quantity="10", price="241.00", instrument=APPLE)
    stop = working(
        engine, side="sell", quantity="10", price=None, type=OrderType.STOP, stop_price=Decimal(200), instrument=APPLE
    )
    out = engine.step(Panic(), START)
    assert [c.client_order_id for c in of(out, SendCancel)] == [first], "the stop protects, so it stays"
    assert engine.state.orders[stop].requested is None


def test_exits_at_work_count_when_only_exits_may_pass() -> None:
    """Each sell alone closes the position; together they would turn it round."""
    engine = scenes.engine()
    scenes.hold(engine, "buy", "10", "227", instrument=APPLE)
    working(engine, side="sell", quantity="10", price="240.00", instrument=APPLE)
    again = scenes.request("sell", "10", "241.00", instrument=APPLE, reduce_only=True)
    (denied,) = engine.step(Submit(request=again), START)
    assert denied.rule == "reduce only"
    engine.step(SetTradingState(state=TradingState.REDUCING), START)
    (denied,) = engine.step(Submit(request=scenes.request("sell", "10", "242.00", instrument=APPLE)), START)
    assert denied.rule == "reducing"


# --- strategies ----------------------------------------------------------------------------------------------------


class Echo(Strategy):
    """Says what it was given to say."""

    says: Any = None

    def on_bar(self, bar: Bar, context: Context) -> Any:
        return self.says(bar) if callable(self.says) else self.says


def stage(says: Any) -> tuple[Engine, Slot]:
    engine = scenes.engine()
    strategy = Echo("echo", None, (engine.state.instruments[SAMSUNG],), Interval.M1)
    strategy.says = says
    slot = Slot("echo", "echo", strategy, ACCOUNT, (SAMSUNG,), Interval.M1, Decimal(10))
    engine.strategist.add(slot)
    engine.step(ControlStrategy(name="echo", action=StrategyAction.START), START)
    return engine, slot


BAR = Bar(SAMSUNG, Interval.M1, START, 1.0, 2.0, 1.0, 2.0, 1.0)
LONG = Signal(instrument=SAMSUNG, target=1.0, reason="up")


def test_a_panicked_strategy_stays_paused_when_trading_is_resumed() -> None:
    engine, slot = stage(LONG)
    engine.step(Panic(), START)
    assert slot.status is StrategyStatus.PAUSED
    engine.step(SetTradingState(state=TradingState.ACTIVE), START)
    assert not of(engine.step(BAR, START), SendOrder)
    engine.step(ControlStrategy(name="echo", action=StrategyAction.START), START)
    assert of(engine.step(BAR, START), SendOrder)


def test_two_signals_in_one_breath_are_one_order() -> None:
    engine, _ = stage((Signal(instrument=SAMSUNG, target=0.5, reason="a"), LONG))
    (staged,) = of(engine.step(BAR, START), OrderStaged)
    assert staged.request.quantity == 10


def raising(_: Bar) -> Iterator[Signal]:
    yield LONG
    raise ArithmeticError("half way")


@pytest.mark.parametrize("says", ["long", 42, [LONG, None], raising], ids=["text", "number", "hole", "generator"])
def test_a_strategy_that_says_nonsense_is_stopped_alone(says: Any) -> None:
    engine, slot = stage(says)
    out = engine.step(BAR, START)
    assert slot.status is StrategyStatus.FAILED
    assert not of(out, SendOrder)
    assert engine.state.strategies["echo"].status is StrategyStatus.FAILED


def test_a_strategy_does_not_knock_on_a_closed_door_at_every_bar() -> None:
    engine, _ = stage(LONG)
    engine.step(SetTradingState(state=TradingState.REDUCING), START)
    out = [item for n in range(100) for item in engine.step(BAR, START + n * NS)]
    assert not of(out, OrderDenied)


def test_a_denied_wish_is_not_repeated_at_every_bar() -> None:
    engine, slot = stage(LONG)
    engine.gate.limits = RiskLimits(max_order_quantity=Decimal(1))
    out = list(engine.step(BAR, START))
    slot.strategy.says = None  # type: ignore[attr-defined]
    for n in range(1, 61):
        now = START + n * NS
        engine.step(scenes.quote(71_000, 71_100, now), now)
        out += engine.step(BAR, now)
    assert 1 <= len(of(out, OrderDenied)) <= 3


def test_a_strategy_that_breaks_while_it_is_warmed_is_failed() -> None:
    engine, slot = stage(raising)
    engine.step(ControlStrategy(name="echo", action=StrategyAction.STOP), START)

    def bad(bar: Bar) -> None:
        raise ZeroDivisionError("warm")

    slot.strategy.says = bad  # type: ignore[attr-defined]
    (failed,) = engine.warm("echo", [BAR], START)
    assert failed.status is StrategyStatus.FAILED
    assert slot.status is StrategyStatus.FAILED


@pytest.mark.parametrize("touch", [float("nan"), float("inf"), 1e300, 5e-324])
def test_a_touch_that_is_no_price_ends_no_engine(touch: float) -> None:
    """Nothing leaves at it: neither what closes nor a stop where a venue takes limits alone."""
    engine = scenes.engine()
    scenes.hold(engine, "buy", "10", "71000")
    engine.gate.venues = {
        "paper": Capabilities(order_types=frozenset({OrderType.LIMIT}), times_in_force=frozenset({TimeInForce.DAY}))
    }
    stop = {"type": OrderType.STOP, "stop_price": Decimal(69_000), "time_in_force": TimeInForce.GTC}
    request = scenes.request("sell", "10", None, reduce_only=True, **stop)
    engine.step(Submit(request=request), START)
    engine.step(scenes.quote(touch, 71_100), START)
    (told,) = engine.step(Close(client_order_id=scenes.new_id(), account=ACCOUNT, instrument=SAMSUNG), START)
    assert "no quote to close at" in told.text
    engine.step(Trade(SAMSUNG, 68_000.0, 1.0, Aggressor.SELL, START, START), START)
    engine.step(Tick(), START + NS)
    assert engine.state.orders[request.client_order_id].limit_price in (None, 69_000)
