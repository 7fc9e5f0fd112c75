"""Signals become orders by the engine's one road, and a strategy is never left on the wrong side of its own signal."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import msgspec
import pytest

from core.domain.commands import Cancel, ControlStrategy, Replace, SendCancel, SendOrder, StrategyAction, Submit, Tick
from core.domain.events import (
    OrderCanceled,
    OrderFilled,
    OrderRequested,
    OrderStaged,
    SignalGiven,
    StrategyChanged,
    StrategyStatus,
)
from core.domain.market import NS, Aggressor, Bar, Interval, Trade
from core.domain.order import RequestPhase
from core.domain.signal import Signal
from core.strategies.strategy import Context, Strategy
from core.trading.engine import Engine
from core.trading.strategist import Slot
from tests import scenes
from tests.scenes import ACCOUNT, APPLE, SAMSUNG, START


class Says(Strategy):
    """Does what the price says: up means long, down means flat, 13 means a bug."""

    seen: list[float]

    def on_start(self, context: Context) -> None:
        self.seen = []

    def on_bar(self, bar: Bar, context: Context) -> Signal | None:
        if bar.close == 13:
            raise ArithmeticError("unlucky")
        self.seen.append(bar.close)
        if bar.close == bar.open:
            return None
        return Signal(instrument=bar.instrument, target=1.0 if bar.close > bar.open else 0.0, reason="the bar")


def scene(status: StrategyAction = StrategyAction.START) -> tuple[Engine, Slot]:
    engine = scenes.engine()
    strategy = Says("says", None, (engine.state.instruments[SAMSUNG],), Interval.M1)
    slot = Slot("says", "says", strategy, ACCOUNT, (SAMSUNG,), Interval.M1, Decimal(10))
    engine.strategist.add(slot)
    engine.step(ControlStrategy(name="says", action=StrategyAction.START), START)
    if status is not StrategyAction.START:
        engine.step(ControlStrategy(name="says", action=status), START)
    return engine, slot


def bar(open: float, close: float) -> Bar:
    return Bar(SAMSUNG, Interval.M1, START, open, max(open, close), min(open, close), close, 1.0)


def kinds(out: Any) -> list[str]:
    return [type(o).__name__ for o in out]


def test_a_signal_is_sized_checked_and_staged() -> None:
    engine, _ = scene()
    out = engine.step(bar(1, 2), START)
    assert kinds(out) == ["SignalGiven", "OrderStaged", "SendOrder"]
    request = out[1].request
    assert (request.side, request.quantity, request.limit_price, request.source) == ("buy", 10, 71_100, "says")


def test_paused_shows_its_signal_and_sends_nothing() -> None:
    engine, _ = scene(StrategyAction.PAUSE)
    (given,) = engine.step(bar(1, 2), START)
    assert isinstance(given, SignalGiven)
    assert "paused" in given.text


def test_stopped_hears_nothing() -> None:
    engine, slot = scene(StrategyAction.STOP)
    assert engine.step(bar(1, 2), START) == []
    assert slot.strategy.seen == []  # type: ignore[attr-defined]


def test_a_strategy_that_raises_is_stopped_and_shown() -> None:
    engine, slot = scene()
    (changed,) = engine.step(bar(1, 13), START)
    assert isinstance(changed, StrategyChanged)
    assert (changed.status, changed.text) == (StrategyStatus.FAILED, "ArithmeticError: unlucky")
    assert slot.status is StrategyStatus.FAILED
    assert engine.step(bar(1, 2), START) == []


def test_a_turned_signal_cancels_the_resting_order_first_and_then_follows() -> None:
    engine, _ = scene()
    scenes.hold(engine, "buy", "4", "71000", source="says")
    (_, staged, _) = engine.step(bar(1, 2), START)
    id = staged.request.client_order_id
    assert staged.request.quantity == 6
    scenes.send(engine, id)
    out = engine.step(bar(2, 1), START)
    assert [o.client_order_id for o in out if isinstance(o, SendCancel)] == [id]
    assert not [o for o in out if isinstance(o, SendOrder)]
    engine.step(OrderCanceled(ts=START, client_order_id=id), START)
    out = engine.step(Tick(), START + NS)
    (sell,) = [o for o in out if isinstance(o, OrderStaged)]
    assert (sell.request.side, sell.request.quantity) == ("sell", 4)


def test_what_was_missed_is_made_good_at_the_next_bar() -> None:
    engine, _ = scene()
    (_, staged, _) = engine.step(bar(1, 2), START)
    id = staged.request.client_order_id
    scenes.send(engine, id)
    engine.step(OrderFilled(ts=START, fill=scenes.fill("buy", "3", "71100", order=id, source="says")), START)
    engine.step(Cancel(client_order_id=id), START)
    engine.step(OrderCanceled(ts=START, client_order_id=id), START)
    out = engine.step(bar(2, 2), START + 10 * NS)
    (again,) = [o for o in out if isinstance(o, OrderStaged)]
    assert again.request.quantity == 7
    assert engine.step(bar(2, 2), START + 20 * NS) == []


def test_its_orders_are_its_own_and_a_persons_are_not() -> None:
    engine, _ = scene()
    scenes.hold(engine, "buy", "10", "71000", source="keyboard")
    out = engine.step(bar(1, 2), START)
    assert "OrderStaged" in kinds(out), "what a person holds is not the strategy's position"


def test_trades_make_its_bars() -> None:
    engine, slot = scene()
    second = START - START % (60 * NS)
    for n, price in enumerate((71_000, 71_100, 71_000)):
        ts = second + n * 60 * NS
        engine.step(Trade(SAMSUNG, price, 1, Aggressor.BUY, ts, ts), ts)
    assert slot.strategy.seen == [71_000, 71_100]  # type: ignore[attr-defined]


def test_a_feed_without_prints_makes_bars_from_mid_prices() -> None:
    engine, slot = scene()
    start = START - START % (60 * NS)
    for n in range(4):
        now = start + n * 60 * NS
        engine.step(scenes.quote(71_000 + 100 * n, 71_100 + 100 * n, now), now)
    assert slot.strategy.seen[:2] == [71_050, 71_150]  # type: ignore[attr-defined]


def test_an_automatic_order_is_told_apart_from_a_persons() -> None:
    engine, _ = scene()
    mine = scenes.request(price="70900")
    assert not engine.gate.question(mine, START).is_automatic
    assert engine.gate.question(scenes.request(price="70800", source="says"), START).is_automatic
    assert kinds(engine.step(Submit(request=mine), START)) == ["OrderStaged", "SendOrder"]


@pytest.mark.parametrize("ask", [float("nan"), float("inf"), 1e300, 5e-324])
def test_a_signal_beside_a_quote_that_is_no_price_leads_to_nothing(ask: float) -> None:
    engine, slot = scene()
    engine.step(scenes.quote(71_000, ask), START)
    assert kinds(engine.step(bar(71_000, 71_500), START)) == ["SignalGiven"]
    assert slot.outcome == "no ask to trade against"


class Wants(Strategy):
    """As much as the bar's volume says."""

    def on_bar(self, bar: Bar, context: Context) -> Signal:
        return Signal(instrument=bar.instrument, target=bar.volume, reason="the bar")


def test_an_order_that_may_have_been_made_larger_counts_as_if_it_were() -> None:
    """Somebody changed the strategy's order and the answer is lost: it never asks for what may work already."""
    engine = scenes.engine()
    strategy = Wants("wants", None, (engine.state.instruments[SAMSUNG],), Interval.M1)
    engine.strategist.add(Slot("wants", "wants", strategy, ACCOUNT, (SAMSUNG,), Interval.M1, Decimal(10)))
    engine.step(ControlStrategy(name="wants", action=StrategyAction.START), START)
    engine.step(Bar(SAMSUNG, Interval.M1, START, 71_000, 71_000, 71_000, 71_000, 0.5), START)
    (order,) = engine.state.live_orders()
    scenes.send(engine, order.id)
    engine.step(Replace(client_order_id=order.id, quantity=Decimal(10)), START)
    wish = engine.state.orders[order.id].requested
    assert wish is not None
    lost = msgspec.structs.replace(wish, phase=RequestPhase.UNKNOWN)
    engine.step(OrderRequested(ts=START, client_order_id=order.id, requested=lost), START)
    later = START + 60 * NS
    engine.step(scenes.quote(71_000, 71_100, later), later)
    out = engine.step(Bar(SAMSUNG, Interval.M1, later, 71_000, 71_000, 71_000, 71_000, 1.0), later)
    assert kinds(out) == ["SignalGiven"], "ten may be there already"


# --- what another hand closed ----------------------------------------------------------------------------------------


def on_apple(*others: Slot) -> tuple[Engine, Slot]:
    """A strategy on what can be sold short; it holds ten."""
    engine = scenes.engine()
    strategy = Says("says", None, (engine.state.instruments[APPLE],), Interval.M1)
    slot = Slot("says", "says", strategy, ACCOUNT, (APPLE,), Interval.M1, Decimal(10))
    for one in (slot, *others):
        engine.strategist.add(one)
    engine.step(ControlStrategy(name="says", action=StrategyAction.START), START)
    scenes.hold(engine, "buy", "10", "227.30", instrument=APPLE, source="says")
    return engine, slot


def falls(engine: Engine) -> list[tuple[str, Decimal]]:
    out = engine.step(msgspec.structs.replace(bar(2, 1), instrument=APPLE), START)
    return [(o.request.side, o.request.quantity) for o in out if isinstance(o, OrderStaged)]


@pytest.mark.parametrize(("closed", "left"), [("10", []), ("7", [("sell", 3)]), ("15", [])])
def test_what_a_stop_or_a_person_closed_is_not_sold_again_by_the_strategy(closed: str, left: list) -> None:
    engine, slot = on_apple()
    scenes.hold(engine, "sell", closed, "227.30", instrument=APPLE, source="keyboard")
    assert falls(engine) == left
    if not left:
        assert "another hand" in slot.outcome
        assert len(engine.step(msgspec.structs.replace(bar(1, 2), instrument=APPLE), START)) == 1, "nor bought again"


def test_what_another_strategy_holds_against_it_keeps_no_strategy_in() -> None:
    other = Slot("other", "says", Says("other", None, (), Interval.M1), ACCOUNT, (APPLE,), Interval.M1, Decimal(10))
    engine, _ = on_apple(other)
    scenes.hold(engine, "sell", "10", "227.30", instrument=APPLE, source="other")
    assert engine.state.position(ACCOUNT, APPLE).quantity == 0
    assert falls(engine) == [("sell", 10)]
