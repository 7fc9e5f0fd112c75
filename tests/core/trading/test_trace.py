"""Why a strategy trades or does not: the trace against strategies driven through the engine's own door."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from core.domain.account import TradingState
from core.domain.commands import ControlStrategy, SetTradingState, StrategyAction
from core.domain.events import OrderFilled, PhaseChanged
from core.domain.limits import RiskLimits
from core.domain.market import NS, Aggressor, Interval, Phase, Quote, Trade
from core.domain.signal import Step
from core.strategies.catalog import build
from core.trading.strategist import Slot
from core.trading.trace import gate_of, trace_rows
from core.trading.view import TraceRow
from tests import scenes
from tests.scenes import ACCOUNT, SAMSUNG

MINUTE = 60 * NS
T0 = scenes.START - scenes.START % MINUTE + MINUTE


class Room:
    """One strategy on a driven market: a quote and a print a minute."""

    def __init__(self, kind: str, params: dict[str, Any], limits: RiskLimits | None = None) -> None:
        self.engine = scenes.engine(limits)
        strategy = build(kind, "it", params, (self.engine.state.instruments[SAMSUNG],), Interval.M1)
        self.slot = Slot("it", kind, strategy, ACCOUNT, (SAMSUNG,), Interval.M1, Decimal(10))
        self.engine.strategist.add(self.slot)
        self.now = T0
        self.control(StrategyAction.START)

    def control(self, action: StrategyAction) -> None:
        self.engine.step(ControlStrategy(name="it", action=action), self.now)

    def minutes(self, *prices: float) -> Room:
        """The print of each minute closes the bar of the one before."""
        for price in prices:
            self.engine.step(Quote(SAMSUNG, price - 100, 500.0, price, 500.0, self.now, self.now), self.now)
            self.engine.step(Trade(SAMSUNG, price, 5.0, Aggressor.BUY, self.now, self.now), self.now)
            self.now += MINUTE
        self.now -= MINUTE - NS
        return self

    def row(self) -> TraceRow:
        (row,) = trace_rows(self.engine.state, self.slot, self.now, 30.0)
        return row

    def failed(self) -> Step | None:
        """The first that failed; all before it passed and none after it was reached."""
        steps = self.row().steps
        place = next((n for n, step in enumerate(steps) if step.passed is not True), None)
        if place is None:
            return None
        assert steps[place].passed is False, steps
        assert all(step.passed is None for step in steps[place + 1 :]), steps
        return steps[place]

    def named(self, name: str) -> Step:
        return next(step for step in self.row().steps if step.name == name)


def cross(**more: Any) -> Room:
    return Room("ma_cross", {"fast": 1, "slow": 2}, **more)


def test_before_the_first_bar_it_waits_for_one() -> None:
    room = cross()
    room.engine.step(scenes.quote(71_000, 71_100, room.now), room.now)
    failed = room.failed()
    assert failed is not None and (failed.name, failed.text) == ("bar", "none closed yet")


def test_too_few_bars_are_counted() -> None:
    room = cross().minutes(71_000, 71_000)
    failed = room.failed()
    assert failed is not None
    assert (failed.name, failed.value, failed.relation, failed.limit) == ("warm-up", 1, ">=", 3)


def test_a_rule_that_is_not_met_has_its_figures_and_what_follows_was_not_reached() -> None:
    room = cross().minutes(71_000, 70_000, 69_000, 68_000, 68_000)
    failed = room.failed()
    assert failed is not None
    assert (failed.name, failed.value, failed.relation, failed.limit) == ("ma1 above ma2", 68_000, ">", 68_500)
    assert [step.name for step in room.row().steps][-5:] == ["not paused", "size", "trading", "risk", "order"]


def test_a_wish_that_became_an_order_is_traced_to_the_order() -> None:
    room = cross().minutes(71_000, 70_000, 69_000, 72_000, 72_000)
    assert room.failed() is None
    assert room.named("signal").value == 1.0
    assert room.named("order").text == "BUY 10 staged"
    (order,) = room.engine.state.live_orders()
    scenes.send(room.engine, order.id, room.now)
    done = scenes.fill("buy", "10", "72000", order=order.id, source="it", ts=room.now)
    room.engine.step(OrderFilled(ts=room.now, fill=done), room.now)
    room.now += MINUTE - NS
    room.minutes(72_100, 72_200)
    assert room.row().position == 10
    assert room.named("target").text == "reached"
    failed = room.failed()
    assert failed is not None and failed.name == "ma1 below ma2", "now it waits for the way out"


def test_paused_stops_the_wish_and_says_so() -> None:
    room = cross().minutes(71_000, 70_000, 69_000)
    room.control(StrategyAction.PAUSE)
    room.now += MINUTE - NS
    room.minutes(72_000, 72_000)
    failed = room.failed()
    assert failed is not None and (failed.name, failed.text) == ("not paused", "paused")
    assert room.named("signal").passed is True


def test_stopped_is_the_first_answer() -> None:
    room = cross().minutes(71_000, 70_000, 69_000)
    room.control(StrategyAction.STOP)
    failed = room.failed()
    assert failed is not None and (failed.name, failed.text) == ("running", "stopped")


def test_a_rule_of_the_risk_gate_is_named_with_its_figures() -> None:
    room = cross(limits=RiskLimits(max_order_quantity=Decimal(5))).minutes(71_000, 70_000, 69_000, 72_000, 72_000)
    failed = room.failed()
    assert failed is not None
    assert failed.name == "risk"
    assert failed.text.startswith("max quantity: the quantity is above the limit")
    assert "asked again in" in failed.text


def test_a_trading_state_that_forbids_automatic_orders() -> None:
    room = cross().minutes(71_000, 70_000, 69_000)
    room.engine.step(SetTradingState(state=TradingState.PAUSED), room.now)
    room.now += MINUTE - NS
    room.minutes(72_000, 72_000)
    failed = room.failed()
    assert failed is not None and failed.name == "trading"
    assert "PAUSED" in failed.text
    assert gate_of(room.engine.state, room.slot, room.now, 30.0) == "trading PAUSED"


def test_a_stale_quote_and_a_closed_market_come_before_the_rules() -> None:
    room = cross().minutes(71_000, 70_500, 70_000, 69_000)
    assert gate_of(room.engine.state, room.slot, room.now, 30.0) == ""
    room.now += 40 * NS
    failed = room.failed()
    assert failed is not None
    assert (failed.name, failed.value, failed.limit, failed.unit) == ("quote", 41.0, 30.0, "s")
    assert gate_of(room.engine.state, room.slot, room.now, 30.0) == "stale quote"
    assert room.named("ma1 above ma2").value == 70_000, "the figures of the last bar stay readable"
    room.engine.step(PhaseChanged(ts=room.now, market="XKRX", phase=Phase.CLOSED), room.now)
    failed = room.failed()
    assert failed is not None and (failed.name, failed.text) == ("market", "closed")
    assert gate_of(room.engine.state, room.slot, room.now, 30.0) == "market closed"


def test_nothing_to_trade_against_is_a_matter_of_size() -> None:
    room = cross().minutes(71_000, 70_000, 69_000)
    room.now += MINUTE - NS
    room.engine.step(Trade(SAMSUNG, 72_000, 5.0, Aggressor.BUY, room.now, room.now), room.now)
    room.now += MINUTE
    room.engine.step(Quote(SAMSUNG, 71_900, 5.0, 0.0, 0.0, room.now, room.now), room.now)
    room.engine.step(Trade(SAMSUNG, 72_000, 5.0, Aggressor.BUY, room.now, room.now), room.now)
    failed = room.failed()
    assert failed is not None and (failed.name, failed.text) == ("size", "no ask to trade against")


@pytest.mark.parametrize(
    "prices, name, passed",
    [
        ((71_000, 70_000, 69_000, 68_000, 67_500, 67_400, 67_300), "rsi2 came back up", False),
        ((71_000, 72_000, 73_000, 74_000, 75_000, 76_000, 77_000), "rsi2 came back down", False),
        ((71_000, 70_500, 71_000, 70_500, 71_000, 70_900, 70_900), None, None),
    ],
)
def test_rsi_asks_for_the_level_and_for_the_way_back(prices: Any, name: str | None, passed: bool | None) -> None:
    room = Room("rsi", {"period": 2, "buy_below": 30, "sell_above": 70}).minutes(*prices)
    failed = room.failed()
    assert failed is not None
    if name is not None:
        assert (failed.name, failed.passed) == (name, passed)
    else:
        assert failed.name in ("rsi2 oversold before", "rsi2 overbought before")


def test_rsi_that_came_back_is_a_signal() -> None:
    room = Room("rsi", {"period": 2, "buy_below": 30, "sell_above": 70})
    room.minutes(71_000, 70_000, 69_000, 68_000, 67_000, 69_500, 69_500)
    assert room.failed() is None
    assert room.named("order").passed is True


def test_bollinger_asks_for_the_band_and_then_for_the_middle() -> None:
    room = Room("bollinger", {"period": 4, "width": 1.0}).minutes(71_000, 71_100, 71_000, 71_100, 71_000, 71_000)
    failed = room.failed()
    assert failed is not None
    assert (failed.name, failed.value, failed.relation) == ("close below the lower band", 71_000, "<")
    room.now += MINUTE - NS
    room.minutes(70_000, 70_000)
    assert room.named("order").passed is True


def test_a_strategy_that_explains_nothing_shows_its_figures() -> None:
    from core.strategies.strategy import Strategy

    class Quiet(Strategy):
        def describe(self) -> str:
            return "all is quiet"

    quiet = Quiet("quiet", None, (), Interval.M1)
    assert quiet.trace(SAMSUNG) == (Step(name="figures", text="all is quiet", passed=False),)


def test_the_engine_is_not_changed_by_who_asks() -> None:
    room = cross().minutes(71_000, 70_000, 69_000, 72_000, 72_000)
    before = (room.engine.state.revision, dict(room.slot.pursuits), room.slot.target)
    for _ in range(3):
        room.row()
    assert (room.engine.state.revision, dict(room.slot.pursuits), room.slot.target) == before
