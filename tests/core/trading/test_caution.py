"""Every caution, by the preview that a face would see; and that what cannot be known is one."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import msgspec
import pytest

from core.config import Confirm
from core.domain.commands import Submit
from core.domain.events import (
    AccountListed,
    BalanceChanged,
    InstrumentListed,
    OrderSending,
    OrderUnknown,
    PhaseChanged,
    RateChanged,
)
from core.domain.market import NS, Freshness, Phase
from core.domain.order import OrderRequest
from core.runtime.previewing import Previews
from core.trading.caution import CAUTIONS, Weighed, kind_of, weigh
from core.trading.engine import Engine
from tests import scenes
from tests.scenes import ACCOUNT, APPLE, INSTRUMENTS, KRW, START, USD, engine, hold, quote, request

LATER = START + 6 * NS
"""When nothing that was sent at the start is a duplicate any more, and the quotes are still fresh."""


def kinds(made: Engine, order: OrderRequest, *, now: int = LATER, strict: bool = False, **limits: Any) -> set[str]:
    previews = Previews(made, Confirm(**limits), lambda: now, is_rehearsal=strict)
    return {kind_of(caution) for caution in previews.of(order).cautions}


def sent(made: Engine, count: int, quantity: str = "10", now: int = START) -> None:
    for n in range(count):
        order = request(quantity=quantity, price=str(70_000 + 100 * n))
        made.step(Submit(request=order), now)


def test_a_usual_order_has_none() -> None:
    assert kinds(engine(), request()) == set()


Change = Callable[[Engine], None]


def _tell(*events: Any) -> Change:
    def change(made: Engine) -> None:
        for event in events:
            made.step(event, START)

    return change


def _unknown_order(made: Engine) -> None:
    order = request(quantity="1", price="70500")
    made.step(Submit(request=order), START)
    made.step(OrderSending(ts=START, client_order_id=order.client_order_id), START)
    made.step(OrderUnknown(ts=START, client_order_id=order.client_order_id, text="no answer"), START)


def _held(made: Engine) -> None:
    hold(made, "buy", "10", "227.00", instrument=APPLE)


CASES: dict[str, tuple[Change, OrderRequest, dict[str, Any]]] = {
    "large value": (_tell(), request(quantity="300"), {}),
    "large share of NAV": (_tell(), request(quantity="700"), {"soft_value": None}),
    "unusual size": (lambda made: sent(made, 6), request(quantity="51"), {}),
    "far price": (_tell(), request(price="68000"), {}),
    "outside the day's band": (_tell(), request(price="49300"), {"far_fraction": None}),
    "old quote": (_tell(), request(), {"quote_seconds": 5.0}),
    "quote not live": (
        _tell(msgspec.structs.replace(quote(71_000, 71_100), freshness=Freshness.DELAYED)),
        request(),
        {},
    ),
    "market not open": (_tell(PhaseChanged(ts=START, market="XKRX", phase=Phase.AUCTION)), request(), {}),
    "turns the position": (_held, request("sell", "11", "227.32", APPLE), {}),
    "stop out of reach today": (_tell(), request(stop_loss=Decimal(21)), {}),
    "same order again": (lambda made: _again(made), request(quantity="3", price="70700"), {}),
    "UNKNOWN order in this symbol": (_unknown_order, request(), {}),
    "buying power below zero": (
        _tell(BalanceChanged(ts=START, account=ACCOUNT, currency=KRW, total=Decimal(1000), available=Decimal(1000))),
        request(),
        {"soft_nav": None},
    ),
}


def _again(made: Engine) -> None:
    made.step(Submit(request=request(quantity="3", price="70700")), START)


@pytest.mark.parametrize("kind", CASES)
def test_each_case(kind: str) -> None:
    change, order, limits = CASES[kind]
    made = engine()
    change(made)
    now = START + (2 if kind == "same order again" else 6) * NS
    assert kinds(made, order, now=now, **limits) == {kind}


@pytest.mark.parametrize("phase", [Phase.VI, Phase.CLOSED, Phase.HALTED])
def test_a_market_that_is_not_simply_open(phase: Phase) -> None:
    made = engine()
    made.step(PhaseChanged(ts=START, market="XKRX", phase=phase), START)
    assert kinds(made, request()) == {"market not open"}


def test_the_first_live_order_once() -> None:
    made = engine()
    previews = Previews(made, Confirm(), lambda: START, is_rehearsal=True)
    assert previews.of(request()).cautions == ("first live order",)
    previews.sent(ACCOUNT)
    assert previews.of(request()).cautions == ()


def test_ticks_are_counted_where_a_limit_is_set() -> None:
    assert kinds(engine(), request(price="70500"), far_ticks=5) == set()
    assert kinds(engine(), request(price="70400"), far_ticks=5) == {"far price"}


def test_far_on_the_other_side_is_far_too() -> None:
    assert "far price" in kinds(engine(), request("buy", price="74000"))


def test_a_market_order_has_no_distance() -> None:
    assert kinds(engine(), request(price=None)) == set()


def test_getting_out_is_no_flip() -> None:
    made = engine()
    _held(made)
    assert kinds(made, request("sell", "10", "227.32", APPLE)) == set()


def test_exits_at_work_count_for_a_flip() -> None:
    made = engine()
    _held(made)
    made.step(Submit(request=request("sell", "6", "227.40", APPLE)), START)
    assert kinds(made, request("sell", "5", "227.32", APPLE)) == {"turns the position"}


def test_size_is_held_against_this_instrument_first_then_against_value() -> None:
    made = engine()
    sent(made, 4, "10")
    assert kinds(made, request(quantity="100")) == set()  # four orders are no habit
    made = engine()
    sent(made, 5, "10")
    assert kinds(made, request(quantity="100")) == {"unusual size"}
    assert kinds(made, request(quantity="50")) == set()
    apple = request(quantity="20", price="227.30", instrument=APPLE)
    assert kinds(made, apple, soft_nav=None) == {"unusual size"}


def test_what_cannot_be_known_is_a_caution() -> None:
    bare = Engine(KRW)
    for event in (
        *(InstrumentListed(ts=START, instrument=msgspec.structs.replace(i, previous_close=None)) for i in INSTRUMENTS),
        AccountListed(ts=START, account=scenes.Account(id=ACCOUNT, mode=scenes.Mode.PAPER, base_currency=USD)),
    ):
        bare.step(event, START)
    found = kinds(bare, request())
    assert found == {
        "share of NAV unknown",
        "no price to judge it by",
        "price band unknown",
        "no quote",
        "market not open",
        "buying power unknown",
    }
    assert {"value unknown", "no quote"} <= kinds(bare, request(instrument=APPLE, price="227.30"))


def test_an_unknown_rate_is_an_unknown_value() -> None:
    made = engine()
    del made.state.rates[USD]
    made.step(RateChanged(ts=START, currency=USD, base=USD, rate=Decimal(1)), START)
    assert {"value unknown", "share of NAV unknown"} <= kinds(made, request(instrument=APPLE, price="227.30"))


def test_a_caution_that_breaks_is_one() -> None:
    question = engine().gate.question(request(), START)
    weighed = Weighed(question=question, limits=None, equity=None, power_after=None, is_first=False)  # type: ignore[arg-type]
    assert any("unknown" in text for text in weigh(weighed))
    assert len(CAUTIONS) == 14


def test_a_change_does_not_stand_beside_the_order_it_changes() -> None:
    made = engine()
    hold(made, "buy", "10", "71000")
    order = request("sell", "10", "71500")
    made.step(Submit(request=order), START)
    previews = Previews(made, Confirm(), lambda: START, is_rehearsal=False)
    as_new = previews.of(request("sell", "10", "71600"))
    as_change = previews.of(request("sell", "10", "71600", id=order.client_order_id))
    assert (as_new.rule, as_change.rule) == ("holdings", "")


def test_risk_to_the_stop_and_the_tax() -> None:
    previews = Previews(engine(), Confirm(), lambda: START, is_rehearsal=False)
    order = request(quantity="10", price="71000", stop_loss=Decimal(69_600))
    assert previews.of(order).risk == Decimal(14_000)
    assert previews.of(request()).risk is None
    assert previews.of(request()).tax == 0
