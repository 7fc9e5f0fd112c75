"""A shipped strategy through the engine's own door: prints become bars, a cross becomes one staged order."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from core.domain.commands import ControlStrategy, StrategyAction
from core.domain.events import OrderFilled, OrderStaged
from core.domain.ids import InstrumentId
from core.domain.market import NS, Aggressor, Interval, Quote, Trade
from core.domain.order import OrderType, Side
from core.strategies.catalog import build
from core.trading.engine import Engine
from core.trading.strategist import Slot
from tests import scenes

MINUTE = 60 * NS
T0 = scenes.START - scenes.START % MINUTE + MINUTE


def running(**params: Any) -> Engine:
    made = scenes.engine()
    instrument = made.state.instruments[scenes.SAMSUNG]
    strategy = build("ma_cross", "cross", {"fast": 1, "slow": 2, **params}, (instrument,), Interval.M1)
    places = (scenes.SAMSUNG,)
    made.strategist.add(Slot("cross", "ma_cross", strategy, scenes.ACCOUNT, places, Interval.M1, Decimal(10)))
    made.step(ControlStrategy(name="cross", action=StrategyAction.START), T0)
    return made


def minute(made: Engine, number: int, price: float, of: InstrumentId = scenes.SAMSUNG) -> list[OrderStaged]:
    """One quote and one print in a minute; the orders staged because of them."""
    now = T0 + number * MINUTE
    found = [
        *made.step(Quote(of, price - 100, 500.0, price, 500.0, now, now), now),
        *made.step(Trade(of, price, 5.0, Aggressor.BUY, now, now), now),
    ]
    return [event for event in found if isinstance(event, OrderStaged)]


def test_a_cross_becomes_one_order_of_the_strategys_size() -> None:
    made = running()
    assert [minute(made, at, price) for at, price in enumerate((71_000.0, 70_000.0, 72_000.0))] == [[], [], []]
    (staged,) = minute(made, 3, 72_000.0)  # this print closes the bar that crossed
    request = staged.request
    assert (request.side, request.quantity, request.type) == (Side.BUY, Decimal(10), OrderType.LIMIT)
    assert (request.limit_price, request.source) == (Decimal(72_000), "cross")
    assert minute(made, 4, 72_100.0) == [], "no cross, no order"


def test_the_way_back_sells_what_was_filled_and_no_more() -> None:
    made = running()
    for at, price in enumerate((71_000.0, 70_000.0, 72_000.0)):
        minute(made, at, price)
    (bought,) = minute(made, 3, 72_000.0)
    id = bought.request.client_order_id
    scenes.send(made, id, T0 + 3 * MINUTE)
    filled = scenes.fill("buy", "10", "72000", order=id, source="cross", ts=T0 + 3 * MINUTE)
    made.step(OrderFilled(ts=T0 + 3 * MINUTE, fill=filled), T0 + 3 * MINUTE)
    assert minute(made, 4, 70_000.0) == []
    (sold,) = minute(made, 5, 70_000.0)
    assert (sold.request.side, sold.request.quantity) == (Side.SELL, Decimal(10))
    assert sold.request.limit_price == Decimal(69_900)


def test_the_same_prints_make_the_same_orders() -> None:
    def ids() -> list[str]:
        made = running()
        prices = (71_000.0, 70_000.0, 72_000.0, 72_000.0)
        return [s.request.client_order_id for at, price in enumerate(prices) for s in minute(made, at, price)]

    first = ids()
    assert len(first) == 1
    assert ids() == first
