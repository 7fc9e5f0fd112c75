"""Fees and taxes against figures worked out by hand."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.backtest.costs import FREE, KOSPI, TABLES, US, charge, costs, table_for
from core.domain.ids import InstrumentId
from core.domain.instrument import Currency, Instrument, Kind, fixed_tick
from core.domain.order import Side

D = Decimal


def instrument(id: str, currency: str, kind: Kind = Kind.STOCK) -> Instrument:
    return Instrument(
        id=InstrumentId(id), name=id, kind=kind, currency=Currency(currency), ticks=fixed_tick("0.00000001")
    )


SAMSUNG = instrument("XKRX:005930", "KRW")
KODEX = instrument("XKRX:069500", "KRW", Kind.ETF)
APPLE = instrument("XNAS:AAPL", "USD")
COIN = instrument("UPBIT:KRW-BTC", "KRW", Kind.CRYPTO)
DOLLAR_COIN = instrument("UPBIT:USDT-BTC", "USDT", Kind.CRYPTO)


@pytest.mark.parametrize(
    ("what", "side", "quantity", "price", "fee", "tax"),
    [
        (SAMSUNG, "buy", "10", "71000", "99", "0"),
        # 710,000 won: 0.05 % is 355, 0.15 % is 1,065.
        (SAMSUNG, "sell", "10", "71000", "99", "1420"),
        # One share at 71,050: each tax is cut to the won on its own, 35.5 to 35 and 106.5 to 106.
        (SAMSUNG, "sell", "1", "71050", "9", "141"),
        (KODEX, "sell", "100", "38000", "532", "0"),
        (APPLE, "buy", "10", "200", "1", "0"),
        (APPLE, "buy", "1000", "200", "5", "0"),
        # The minimum of a dollar gives way to one per cent of a small order.
        (APPLE, "buy", "1", "20", "0.20", "0"),
        # 200,000 USD: SEC 4.12, TAF 0.195 up to 0.20.
        (APPLE, "sell", "1000", "200", "5", "4.32"),
        (APPLE, "sell", "100000", "10", "500", "30.39"),
        (COIN, "buy", "0.001", "132500000", "66.25", "0"),
        (DOLLAR_COIN, "sell", "0.001", "94000", "0.235", "0"),
        (instrument("XETR:SAP", "EUR"), "sell", "5", "100", "0", "0"),
    ],
)
def test_costs_by_hand(what: Instrument, side: str, quantity: str, price: str, fee: str, tax: str) -> None:
    assert costs(what, Side(side), D(quantity), D(price)) == (D(fee), D(tax))


def test_every_table_says_where_it_comes_from() -> None:
    assert all(len(table.source) > 20 for table in TABLES.values())
    assert table_for(instrument("XETR:SAP", "EUR")) is FREE


amounts = st.decimals(min_value=1, max_value=100_000, places=0)


@given(
    st.lists(st.tuples(amounts, amounts), min_size=1, max_size=8), st.sampled_from([KOSPI, US]), st.sampled_from(Side)
)
def test_parts_cost_what_the_whole_costs_and_never_less_than_nothing(
    parts: list[tuple[Decimal, Decimal]], table: object, side: Side
) -> None:
    what = SAMSUNG if table is KOSPI else APPLE
    paid, quantity, value = (D(0), D(0)), D(0), D(0)
    for size, price in parts:
        quantity += size
        value += size * price
        due = charge(table, what, side, quantity, value)
        assert due[0] >= paid[0] and due[1] >= paid[1]
        paid = due
    assert paid == charge(table, what, side, quantity, value)
