"""Every rule: what it refuses, what it lets pass, and that what it cannot know it denies."""

from __future__ import annotations

from decimal import Decimal
from math import inf, nan
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.domain.account import TradingState
from core.domain.commands import Cancel, Replace, SetTradingState, StartDay, Submit, Tick
from core.domain.events import (
    BalanceChanged,
    FeedChanged,
    OrderFilled,
    OrderReplaced,
    OrderRequested,
    OrderSending,
    OrderUnknown,
    PhaseChanged,
    RateChanged,
)
from core.domain.ids import ClientOrderId
from core.domain.instrument import Kind
from core.domain.limits import RiskLimits
from core.domain.market import NS, Freshness, Phase, Quote
from core.domain.order import OrderStatus, OrderType, Requested, RequestKind, RequestPhase, TimeInForce
from core.trading import risk
from core.trading.engine import Engine
from tests import scenes
from tests.scenes import ACCOUNT, APPLE, KRW, SAMSUNG, START, USD

D = Decimal


def rule(engine: Engine, now: int = START, *, automatic: bool = False, **terms: Any) -> str:
    """Name of the first rule that refuses; empty when all pass."""
    question = engine.gate.question(scenes.request(**terms), now)
    if automatic:
        question = risk.Question(
            **{f: getattr(question, f) for f in question.__struct_fields__ if f != "is_automatic"}, is_automatic=True
        )
    denial = risk.assess(question)
    return denial.rule if denial else ""


def test_an_ordinary_order_passes() -> None:
    assert rule(scenes.engine()) == ""
    assert rule(scenes.engine(), side="buy", quantity="3", price="227.32", instrument=APPLE) == ""


@pytest.mark.parametrize(
    ("limits", "terms", "wanted"),
    [
        ({"max_order_quantity": D(9)}, {}, "max quantity"),
        ({"max_order_value": D(709_999)}, {}, "max value"),
        ({"max_position_value": D(700_000)}, {}, "max position"),
        ({}, {"quantity": "10.5"}, "lot"),
        ({}, {"price": "71050"}, "tick"),
        ({}, {"price": "74700"}, "price collar"),
        ({}, {"price": "60000"}, ""),
        ({}, {"side": "sell", "price": "67400"}, "price collar"),
        ({}, {"side": "sell"}, "holdings"),
        ({}, {"side": "sell", "price": "227.00", "instrument": APPLE, "quantity": "5"}, ""),
        ({}, {"quantity": "1500"}, "max value"),
        ({"max_order_value": None, "max_position_value": None}, {"quantity": "1500"}, "buying power"),
        ({}, {"reduce_only": True}, "reduce only"),
    ],
)
def test_rules_by_their_limits(limits: dict, terms: dict, wanted: str) -> None:
    assert rule(scenes.engine(RiskLimits(**limits)), **terms) == wanted


def test_market_orders_are_valued_at_the_collar() -> None:
    # 10 x 71,100 x 1.05 = 746,550
    assert rule(scenes.engine(RiskLimits(max_order_value=D(746_549))), price=None) == "max value"
    assert rule(scenes.engine(RiskLimits(max_order_value=D(746_550))), price=None) == ""


@pytest.mark.parametrize("phase", [Phase.CLOSED, Phase.HALTED])
def test_no_order_into_a_market_that_is_not_open(phase: Phase) -> None:
    engine = scenes.engine()
    engine.step(PhaseChanged(ts=START, market="XKRX", instrument=SAMSUNG, phase=phase), START)
    assert rule(engine) == "session"
    engine.step(PhaseChanged(ts=START, market="XKRX", instrument=SAMSUNG, phase=Phase.OPEN), START)
    assert rule(engine) == ""
    engine.step(PhaseChanged(ts=START, market="XKRX", phase=Phase.CLOSED), START)
    assert rule(engine) == "session"


def test_a_quote_that_is_newer_than_the_clock_denies_whatever_the_market_does() -> None:
    engine = scenes.engine()
    engine.step(PhaseChanged(ts=START, market="XKRX", phase=Phase.CLOSED), START)
    at_open = {"time_in_force": TimeInForce.OPG}
    assert rule(engine, **at_open) == ""
    assert rule(engine, START - 5 * NS, **at_open) == "stale quote"


def test_a_stale_or_cached_quote_denies() -> None:
    engine = scenes.engine(RiskLimits(max_quote_age_seconds=5.0))
    assert rule(engine, START + 5 * NS) == ""
    assert rule(engine, START + 6 * NS) == "stale quote"
    engine.step(Quote(SAMSUNG, 71000, 1, 71100, 1, START, START, Freshness.CACHED), START)
    assert rule(engine) == "live quote"


@pytest.mark.parametrize("bad", [nan, inf, -inf, 0.0])
def test_a_quote_that_is_no_number_denies(bad: float) -> None:
    engine = scenes.engine()
    engine.state.trades.clear()
    engine.step(Quote(SAMSUNG, bad, 1, bad, 1, START, START), START)
    assert rule(engine) != ""
    assert rule(engine, price=None) != ""


def test_what_is_unknown_denies() -> None:
    no_rate = scenes.engine()
    del no_rate.state.rates[USD]
    assert rule(no_rate, price="227.30", instrument=APPLE) == "max value"
    no_cash = scenes.engine()
    del no_cash.state.balances[(ACCOUNT, KRW)]
    assert rule(no_cash) == "buying power"
    no_quote = scenes.engine()
    del no_quote.state.quotes[SAMSUNG]
    assert rule(no_quote) == "live quote"
    blind = scenes.engine(RiskLimits(daily_loss=D(1), max_gross_value=None))
    scenes.hold(blind, "buy", "1", "200", instrument=APPLE)
    del blind.state.rates[USD]
    assert rule(blind) == "daily loss"


def test_reducing_orders_pass_what_would_keep_one_in() -> None:
    tight = RiskLimits(max_order_value=D(1000), max_position_value=D(1000), daily_loss=D(1))
    engine = scenes.engine(tight)
    scenes.hold(engine, "buy", "10", "80000")
    engine.step(SetTradingState(state=TradingState.REDUCING), START)
    assert rule(engine, START + 60 * NS, side="sell", price="71000") == ""
    assert rule(engine, START + 60 * NS, side="sell", quantity="11", price="71000") == "reducing"


def test_paused_stops_machines_not_people() -> None:
    engine = scenes.engine()
    engine.step(SetTradingState(state=TradingState.PAUSED), START)
    assert rule(engine) == ""
    assert rule(engine, automatic=True) == "paused"


def test_duplicates_within_the_window() -> None:
    engine = scenes.engine()
    engine.step(Submit(request=scenes.request()), START)
    assert rule(engine, START + NS) == "duplicate"
    assert rule(engine, START + NS, quantity="11") == ""
    assert rule(engine, START + 6 * NS) == ""
    confirmed = engine.step(Submit(request=scenes.request(), is_confirmed=True), START + NS)
    assert type(confirmed[0]).__name__ == "OrderStaged"


def test_order_rates() -> None:
    engine = scenes.engine(RiskLimits(max_orders_per_second=3, max_orders_per_minute=5))
    for n in range(3):
        engine.step(Submit(request=scenes.request(quantity=str(n + 1))), START + n)
    assert rule(engine, START + 10) == "order rate"
    later = START + 2 * NS
    engine.step(Submit(request=scenes.request(quantity="5")), later)
    engine.step(Submit(request=scenes.request(quantity="6")), later)
    assert rule(engine, later + 1 * NS) == "order rate"
    assert rule(engine, START + 63 * NS) == "stale quote"


def test_unknown_orders_stop_machines() -> None:
    engine = scenes.engine(RiskLimits(max_unknown_orders=1))
    lost = scenes.request()
    engine.step(Submit(request=lost), START)
    engine.step(OrderSending(ts=START, client_order_id=lost.client_order_id), START)
    engine.step(OrderUnknown(ts=START, client_order_id=lost.client_order_id, text="?"), START)
    assert rule(engine, price="70900") == ""
    assert rule(engine, price="70900", automatic=True) == "unknown orders"


def test_the_brokers_word_on_cash_counts() -> None:
    engine = scenes.engine()
    engine.step(
        BalanceChanged(ts=START, account=ACCOUNT, currency=KRW, total=D(100_000_000), available=D(700_000)), START
    )
    assert rule(engine) == "buying power"
    assert rule(engine, quantity="9") == ""


def test_a_rule_that_breaks_refuses(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(question: risk.Question) -> None:
        raise ZeroDivisionError("planted")

    monkeypatch.setattr(risk, "CHECKS", (broken,))
    assert rule(scenes.engine()) == "broken"


def test_an_exchange_rate_of_zero_is_refused_at_the_door() -> None:
    with pytest.raises(ValueError, match="exchange rate"):
        RateChanged(ts=START, currency=USD, base=KRW, rate=D(0))


numbers = st.one_of(
    st.sampled_from([nan, inf, -inf, 0.0, -1.0, 1e-300, 1e300]), st.floats(min_value=1, max_value=200_000)
)


@settings(max_examples=400, deadline=None)
@given(bid=numbers, ask=numbers, age=st.integers(0, 100), has_rate=st.booleans(), has_cash=st.booleans())
def test_bad_or_missing_input_never_lets_exposure_through(
    bid: float, ask: float, age: int, has_rate: bool, has_cash: bool
) -> None:
    engine = scenes.engine()
    engine.step(Quote(APPLE, bid, 1, ask, 1, START, START), START)
    if not has_rate:
        del engine.state.rates[USD]
    if not has_cash:
        del engine.state.balances[(ACCOUNT, USD)]
    refused = rule(engine, START + age * NS, price=None, instrument=APPLE, quantity="1")
    sane = 0 < ask < 1e6 and has_rate and has_cash and age <= 30
    if not sane:
        assert refused, (bid, ask, age)


@pytest.mark.parametrize("limit", [None, "71000"])
def test_a_stop_the_market_has_passed_is_refused_for_it_would_go_at_once(limit: str | None) -> None:
    kind = OrderType.STOP if limit is None else OrderType.STOP_LIMIT
    engine = scenes.engine()
    for side, passed, ahead in (("buy", "71000", "71500"), ("sell", "71100", "70500")):
        terms = {"side": side, "price": limit, "type": kind, "instrument": SAMSUNG}
        assert rule(engine, **terms, stop_price=D(passed)) == "stop side"
        assert rule(engine, **terms, stop_price=D(ahead)) != "stop side"


def test_a_protective_stop_whose_limit_keeps_the_position_open_is_refused() -> None:
    engine = scenes.engine()
    scenes.hold(engine, "buy", "10", "71000")
    terms = {"side": "sell", "type": OrderType.STOP_LIMIT, "stop_price": D(69_500), "reduce_only": True}
    assert rule(engine, **terms, price="70000") == "stop side"
    assert rule(engine, **terms, price="69500") == ""
    assert rule(engine, **terms, price="69000") == ""


def test_a_trail_of_less_than_a_tick_is_refused_for_it_would_go_at_once() -> None:
    terms = {"price": None, "type": OrderType.TRAILING}
    assert rule(scenes.engine(), **terms, trail=D(99)) == "tick"
    assert rule(scenes.engine(), **terms, trail=D(100)) != "tick"


def test_stop_orders_are_valued_at_their_stop() -> None:
    engine = scenes.engine(RiskLimits(max_order_value=D(800_000)))
    assert rule(engine, price=None, type=OrderType.STOP, stop_price=D(79_000)) == ""
    assert rule(engine, price=None, type=OrderType.STOP, stop_price=D(81_000)) == "max value"


# --- the rules of one subject each ------------------------------------------------------------------------------------


def with_feed(engine: Engine, up: bool) -> Engine:
    engine.state.feeds["paper"] = FeedChanged(ts=START, broker="paper", is_connected=up)
    return engine


def test_a_line_that_is_down_or_was_never_up_denies() -> None:
    engine = with_feed(scenes.engine(), up=False)
    assert rule(engine) == "feed"
    del engine.state.feeds["paper"]
    assert rule(engine) == "feed"
    assert rule(with_feed(engine, up=True)) == ""


def test_a_full_disk_has_its_own_name() -> None:
    engine = scenes.engine()
    engine.gate.disk_problem = "low disk: only 3 MB free"
    assert rule(engine) == "disk"


@pytest.mark.parametrize(("offset", "wanted"), [(2.0, ""), (2.1, "clock"), (-3600.0, "clock"), (nan, "clock")])
def test_a_clock_that_jumped_denies_what_adds_exposure(offset: float, wanted: str) -> None:
    engine = scenes.engine()
    scenes.hold(engine, "buy", "10", "70000")
    engine.gate.clock_offset = offset
    assert rule(engine) == wanted
    assert rule(engine, side="sell", price="71000") == ""


def test_a_quote_from_the_future_says_that_the_clock_is_behind() -> None:
    engine = scenes.engine()
    engine.step(Quote(SAMSUNG, 71000, 1, 71100, 1, START + 3 * NS, START), START)
    assert rule(engine) == "clock"


def test_prices_beyond_the_days_limits_never_leave() -> None:
    engine = scenes.engine(RiskLimits(price_collar=None))
    assert rule(engine, price="91700", quantity="1") == "price limit"
    assert rule(engine, price="91600", quantity="1") == ""
    assert rule(engine, price="49000") == "price limit"
    unlisted = msgspec.structs.replace(engine.state.instruments[SAMSUNG], previous_close=None)
    engine.state.instruments[SAMSUNG] = unlisted
    assert rule(engine) == "price limit"


def test_an_instrument_that_only_shows_prices_takes_no_order() -> None:
    engine = scenes.engine()
    engine.state.instruments[SAMSUNG] = msgspec.structs.replace(engine.state.instruments[SAMSUNG], is_tradable=False)
    assert rule(engine) == "tradable"


def test_index_products_have_the_narrow_collar() -> None:
    engine = scenes.engine()
    assert rule(engine, price="72700") == ""
    engine.state.instruments[SAMSUNG] = msgspec.structs.replace(engine.state.instruments[SAMSUNG], kind=Kind.ETF)
    assert rule(engine, price="72700") == "price collar"


def test_gross_value_counts_positions_and_every_working_order() -> None:
    engine = scenes.engine(RiskLimits(max_gross_value=D(2_000_000)))
    scenes.hold(engine, "buy", "10", "70000")  # 710,500 at the mark
    assert rule(engine) == ""
    lost = scenes.request(quantity="10", price="70000")
    engine.step(Submit(request=lost), START)
    engine.step(OrderSending(ts=START, client_order_id=lost.client_order_id), START)
    engine.step(OrderUnknown(ts=START, client_order_id=lost.client_order_id, text="?"), START)
    assert rule(engine) == "max gross"
    assert rule(engine, quantity="8") == ""


def test_holdings_are_counted_with_what_may_become_one() -> None:
    engine = scenes.engine(RiskLimits(max_holdings=1))
    assert rule(engine) == ""
    engine.step(Submit(request=scenes.request(price="227.00", quantity="1", instrument=APPLE)), START)
    assert rule(engine) == "max holdings"
    assert rule(engine, quantity="1", price="226.00", instrument=APPLE) == ""


def test_an_order_never_trades_with_our_own() -> None:
    engine = scenes.engine()
    resting = scenes.request(side="sell", price="227.40", quantity="5", instrument=APPLE)
    engine.step(Submit(request=resting), START)
    scenes.send(engine, resting.client_order_id)
    assert rule(engine, price="227.40", quantity="7", instrument=APPLE) == "self cross"


def test_what_rests_on_the_other_side_is_no_cross_until_it_is_reached() -> None:
    engine = scenes.engine()
    engine.step(Submit(request=scenes.request(side="sell", price="227.40", quantity="5", instrument=APPLE)), START)
    assert rule(engine, price="227.39", quantity="5", instrument=APPLE) == ""
    assert rule(engine, price=None, quantity="5", instrument=APPLE) == ""  # the ask is 227.32


def test_trades_of_a_day_are_counted_until_the_day_ends() -> None:
    engine = scenes.engine(RiskLimits(max_trades_per_day=2))
    engine.step(StartDay(account=ACCOUNT, day="2025-11-20"), START)
    for n in range(2):
        assert rule(engine) == ""
        scenes.hold(engine, "buy", "1", "70000", order=ClientOrderId(f"t{n}"))
    assert rule(engine) == "trades a day"
    engine.step(StartDay(account=ACCOUNT, day="2025-11-21"), START)
    assert rule(engine) == ""


def test_a_loss_is_slept_over() -> None:
    engine = scenes.engine(RiskLimits(loss_cooldown_seconds=20.0))
    scenes.hold(engine, "buy", "2", "72000")
    scenes.hold(engine, "sell", "1", "73000")
    assert rule(engine, START + 1) == ""
    scenes.hold(engine, "sell", "1", "71000")
    assert rule(engine, START + 19 * NS) == "cooldown"
    assert rule(engine, START + 20 * NS) == ""


def test_a_fall_from_the_days_best_counts_though_the_day_is_not_lost() -> None:
    engine = scenes.engine(RiskLimits(max_drawdown=D(100_000), daily_loss=None))
    scenes.hold(engine, "buy", "100", "71000")
    engine.step(scenes.quote(74_000, 74_100), START)
    engine.step(Tick(), START)
    best = engine.state.curbs.highs[ACCOUNT]
    assert best == D(305_000)
    engine.step(scenes.quote(73_200, 73_300), START)
    engine.step(Tick(), START)
    assert rule(engine, price="73200") == ""
    engine.step(scenes.quote(73_000, 73_100), START)
    assert rule(engine, price="73000") == "drawdown"
    engine.step(Tick(), START)
    assert engine.state.trading_state(ACCOUNT) is TradingState.REDUCING


def test_short_sales_need_cover() -> None:
    engine = scenes.engine()
    engine.step(BalanceChanged(ts=START, account=ACCOUNT, currency=USD, total=D(1000), available=D(1000)), START)
    assert rule(engine, side="sell", price="227.40", quantity="4", instrument=APPLE) == ""
    assert rule(engine, side="sell", price="227.40", quantity="5", instrument=APPLE) == "buying power"


def test_a_strategy_cannot_confirm_its_own_duplicate() -> None:
    engine = scenes.engine()
    engine.step(Submit(request=scenes.request()), START)
    question = engine.gate.question(scenes.request(), START, is_confirmed=True)
    assert risk.assess(question) is None
    denial = risk.assess(msgspec.structs.replace(question, is_automatic=True))
    assert denial is not None and denial.rule == "duplicate"


def test_rates_beyond_what_is_remembered_are_refused_at_the_door() -> None:
    with pytest.raises(ValueError, match="at most 2000"):
        RiskLimits(max_orders_per_minute=2001)


def test_no_limit_on_size_keeps_a_position_in() -> None:
    engine = scenes.engine(RiskLimits(max_order_quantity=D(5)))
    scenes.hold(engine, "buy", "10", "70000")
    assert rule(engine, side="sell", price="71000") == ""
    assert rule(engine) == "max quantity"


ONLY_CASH = RiskLimits(
    max_order_value=None, max_position_value=None, max_gross_value=None, daily_loss=None, max_drawdown=None
)


@pytest.mark.parametrize("held", [0, 100])
def test_two_short_sales_do_not_sell_the_same_cash_twice(held: int) -> None:
    """Of two that each pass alone the second is refused, whether or not the venue has the first already."""
    engine = scenes.engine(ONLY_CASH)
    if held:
        scenes.hold(engine, "buy", str(held), "227.30", instrument=APPLE)
        engine.step(BalanceChanged(ts=START, account=ACCOUNT, currency=USD, total=D(100_000), available=D(100_000)), 1)
    first = scenes.request("sell", str(held + 400), "227.30", APPLE)
    assert rule(engine, side="sell", quantity="401", price="227.30", instrument=APPLE) == ""
    engine.step(Submit(request=first), START)
    assert rule(engine, side="sell", quantity="401", price="227.30", instrument=APPLE) == "buying power"
    assert rule(engine, side="buy", quantity="401", price="227.20", instrument=APPLE) == "buying power"
    assert rule(engine, side="sell", quantity="39", price="227.40", instrument=APPLE) == ""
    scenes.send(engine, first.client_order_id)
    assert rule(engine, side="sell", quantity="401", price="227.40", instrument=APPLE) == "buying power"


def test_a_short_sale_that_filled_takes_its_cash_until_the_broker_has_told_the_balance() -> None:
    engine = scenes.engine(ONLY_CASH)
    first = scenes.request("sell", "400", "227.30", APPLE)
    engine.step(Submit(request=first), START)
    scenes.send(engine, first.client_order_id)
    done = scenes.fill("sell", "400", "227.30", order=first.client_order_id, instrument=APPLE)
    engine.step(OrderFilled(ts=START, fill=done), START)
    assert rule(engine, side="sell", quantity="401", price="227.40", instrument=APPLE) == "buying power"
    told = BalanceChanged(ts=START, account=ACCOUNT, currency=USD, total=D(190_920), available=D(100_000))
    engine.step(told, START)
    assert rule(engine, side="sell", quantity="401", price="227.40", instrument=APPLE) == ""


def test_a_sale_of_what_is_held_takes_no_cash() -> None:
    engine = scenes.engine(ONLY_CASH)
    scenes.hold(engine, "buy", "400", "227.30", instrument=APPLE)
    engine.step(BalanceChanged(ts=START, account=ACCOUNT, currency=USD, total=D(100_000), available=D(100_000)), 1)
    engine.step(Submit(request=scenes.request("sell", "400", "227.40", APPLE)), START)
    assert rule(engine, side="buy", quantity="400", price="227.30", instrument=APPLE) == ""


def test_a_refused_cancel_does_not_forgive_the_change_that_may_have_arrived() -> None:
    """Larger terms whose answer is lost count until somebody knows, whatever becomes of a cancel asked for since."""
    engine = scenes.engine(RiskLimits(max_position_value=D(3_000_000)))
    order = scenes.request("buy", "10", "71000")
    engine.step(Submit(request=order), START)
    scenes.send(engine, order.client_order_id)
    id = order.client_order_id
    engine.step(Replace(client_order_id=id, quantity=D(30), limit_price=D(71_000)), START + 1)
    lost = Requested(
        kind=RequestKind.REPLACE, phase=RequestPhase.UNKNOWN, quantity=D(30), limit_price=D(71_000), ts=START + 2
    )
    engine.step(OrderRequested(ts=START + 2, client_order_id=id, requested=lost), START + 2)
    engine.step(Cancel(client_order_id=id), START + 3)
    busy = Requested(kind=RequestKind.CANCEL, phase=RequestPhase.REFUSED, text="busy", ts=START + 4)
    engine.step(OrderRequested(ts=START + 4, client_order_id=id, requested=busy), START + 4)
    assert engine.state.orders[id].most == 30
    engine.step(OrderFilled(ts=START + 5, fill=scenes.fill("buy", "10", "71000", order=id)), START + 5)
    assert engine.state.orders[id].status is OrderStatus.OPEN, "twenty more may be at the venue"
    assert rule(engine, side="buy", quantity="20", price="70900", now=START + NS) == "max position"
    # Once the change is known it is known, and another refused cancel brings nothing back.
    engine.step(OrderReplaced(ts=START + 6, client_order_id=id, quantity=D(12), limit_price=D(71_000)), START + 6)
    engine.step(Cancel(client_order_id=id), START + 5 * NS)
    engine.step(OrderRequested(ts=START + 7, client_order_id=id, requested=busy), START + 5 * NS)
    assert engine.state.orders[id].most == 12


@pytest.mark.parametrize(("bid", "ask"), [(71_000, 71), (71_000, 7_100), (71_200, 71_100)])
def test_an_order_at_market_is_not_valued_at_the_low_side_of_a_crossed_quote(bid: float, ask: float) -> None:
    engine = scenes.engine()
    engine.step(scenes.quote(bid, ask), START)
    assert rule(engine, price=None, quantity="10") == ""
    assert rule(engine, price=None, quantity="1500") == "max value", "1,500 of them cost more than 100 million"
    loose = scenes.engine(RiskLimits(max_order_value=None, max_position_value=None, max_gross_value=None))
    loose.step(scenes.quote(bid, ask), START)
    assert rule(loose, price=None, quantity="1500") == "buying power"
    first = scenes.request(price=None, quantity="1300")
    loose.step(Submit(request=first), START)
    assert rule(loose, price=None, quantity="200") == "buying power", "what works already counts as dear"
