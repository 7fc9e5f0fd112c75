"""From a signal to an order: never past the target, never off tick or lot, never a guess at a price."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.domain.ids import instrument_id
from core.domain.instrument import Currency, Instrument, Kind, TickTable, fixed_tick
from core.domain.market import Quote
from core.domain.order import Side
from core.domain.signal import Signal
from core.trading.sizing import Blocked, Sized, size

D = Decimal


def instrument(**changes: Any) -> Instrument:
    known: dict[str, Any] = {
        "id": instrument_id("XKRX", "005930"),
        "name": "Samsung Electronics",
        "kind": Kind.STOCK,
        "currency": Currency("KRW"),
        "ticks": TickTable(((D(0), D(10)), (D(50_000), D(100)))),
        "can_short": True,
    }
    return Instrument(**(known | changes))


def quote(bid: float = 70_900.0, ask: float = 71_000.0) -> Quote:
    return Quote(instrument=instrument().id, bid=bid, bid_size=5.0, ask=ask, ask_size=5.0, ts=1, received=1)


def ask(target: float, **changes: Any) -> Sized | str:
    known: dict[str, Any] = {
        "size": D(10),
        "instrument": instrument(),
        "position": D(0),
        "working": D(0),
        "quote": quote(),
    }
    return size(Signal(instrument=instrument().id, target=target), **(known | changes))


def buy(quantity: str, price: str = "71000") -> Sized:
    return Sized(side=Side.BUY, quantity=D(quantity), price=D(price))


def sell(quantity: str, price: str = "70900") -> Sized:
    return Sized(side=Side.SELL, quantity=D(quantity), price=D(price))


@pytest.mark.parametrize(
    ("target", "position", "working", "expected"),
    [
        (1.0, "0", "0", buy("10")),
        (0.55, "0", "0", buy("5")),
        (1.0, "4", "0", buy("6")),
        (1.0, "4", "2", buy("4")),
        (0.0, "10", "0", sell("10")),
        (0.0, "10", "-4", sell("6")),
        (-1.0, "10", "0", sell("20")),
        (-1.0, "-3", "0", sell("7")),
        (0.0, "-3", "0", buy("3")),
        (1.0, "10", "0", "at target"),
        (1.0, "6", "4", "at target"),
        (0.0, "0", "0", "at target"),
        (0.05, "0", "0", "0.5 is less than one lot"),
        (0.1 + 0.2 - 1e-16, "0", "0", buy("3")),
        (1e-17, "0", "0", "at target"),
    ],
)
def test_the_difference_to_the_target_is_ordered(
    target: float, position: str, working: str, expected: Sized | str
) -> None:
    assert ask(target, position=D(position), working=D(working)) == expected


def test_open_orders_the_other_way_block() -> None:
    said = ask(0.0, working=D(10))
    assert isinstance(said, Blocked)
    assert "10" in said
    assert isinstance(ask(1.0, position=D(10), working=D(-10)), Blocked)


def test_below_zero_means_flat_without_short_selling() -> None:
    assert ask(-1.0, position=D(10), instrument=instrument(can_short=False)) == sell("10")
    assert ask(-1.0, instrument=instrument(can_short=False)) == "at target"


def test_prices_are_on_tick_and_still_take() -> None:
    assert ask(1.0, quote=quote(ask=71_010.5)) == buy("10", "71100")
    assert ask(0.0, position=D(1), quote=quote(bid=70_999.0)) == sell("1", "70900")


@pytest.mark.parametrize("missing", [None, quote(ask=0.0), quote(ask=float("nan"))])
def test_no_touch_no_order(missing: Quote | None) -> None:
    said = ask(1.0, quote=missing)
    assert said == "no ask to trade against"


def test_a_bid_below_one_tick_is_no_price() -> None:
    assert ask(0.0, position=D(1), quote=quote(bid=3.0)) == "the bid 3.0 is below one tick"


@pytest.mark.parametrize("target", [float("nan"), float("inf"), 1.01, -2.0])
def test_a_target_that_is_none_is_refused(target: float) -> None:
    assert "between -1 and 1" in str(ask(target))


@pytest.mark.parametrize("amount", ["0", "-5"])
def test_a_size_that_is_none_is_refused(amount: str) -> None:
    assert "above zero" in str(ask(1.0, size=D(amount)))


def test_the_venues_minimum_is_kept() -> None:
    coin = instrument(lot=D("0.00000001"), min_value=D(5000), ticks=fixed_tick("1000"))
    quoted = quote(bid=95_000_000.0, ask=95_001_000.0)
    assert "smallest order value, 5000 KRW" in str(ask(1.0, size=D("0.00005"), instrument=coin, quote=quoted))
    assert ask(1.0, size=D("0.0001"), instrument=coin, quote=quoted) == buy("0.0001", "95001000")
    assert "smallest order, 20" in str(ask(1.0, instrument=instrument(min_quantity=D(20))))


QUANTITIES = st.integers(-40, 40).map(D)


@given(target=st.floats(-1, 1), position=QUANTITIES, working=QUANTITIES, amount=st.integers(1, 30).map(D))
def test_an_order_never_leads_past_the_target(
    target: float, position: Decimal, working: Decimal, amount: Decimal
) -> None:
    said = ask(target, position=position, working=working, size=amount)
    if isinstance(said, str):
        return
    wanted = D(repr(round(target, 9))) * amount
    if working:
        assert said.side.sign * working > 0
    before = abs(wanted - position - working)
    after = abs(wanted - position - working - said.quantity * said.side.sign)
    assert after == before - said.quantity
    assert said.quantity % 1 == 0
