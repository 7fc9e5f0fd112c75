"""The shape of the last hour: one look a minute, a few points, and the same tuple until the next minute."""

from __future__ import annotations

from core.domain.market import NS, Aggressor, Trade
from core.trading.sparks import MINUTES, POINTS, Sparks, thinned
from tests.scenes import APPLE, SAMSUNG, START, engine

MINUTE = 60 * NS


def trade(price: float, at: int) -> Trade:
    return Trade(SAMSUNG, price, 1.0, Aggressor.BUY, at, at)


def test_a_minute_is_looked_at_once() -> None:
    made, sparks = engine(), Sparks()
    for minute in range(3):
        at = START + minute * MINUTE
        made.step(trade(71_000.0 + minute, at), at)
        sparks.sample(made.state, [SAMSUNG], at)
        first = sparks.shapes[SAMSUNG]
        made.step(trade(99_000.0, at + NS), at + NS)
        sparks.sample(made.state, [SAMSUNG], at + NS)
        assert sparks.shapes[SAMSUNG] is first
    assert sparks.shapes[SAMSUNG] == (71_000.0, 71_001.0, 71_002.0)
    assert APPLE not in sparks.shapes


def test_an_hour_is_thinned_to_as_many_points_as_are_shown() -> None:
    made, sparks = engine(), Sparks()
    for minute in range(MINUTES + 30):
        at = START + minute * MINUTE
        made.step(trade(70_000.0 + minute, at), at)
        sparks.sample(made.state, [SAMSUNG], at)
    shape = sparks.shapes[SAMSUNG]
    assert len(shape) == POINTS
    assert shape[0] == 70_030.0 and shape[-1] == 70_089.0
    assert list(shape) == sorted(shape)


def test_few_values_are_kept_as_they_are() -> None:
    assert thinned((1.0, 2.0), 10) == (1.0, 2.0)
    assert thinned(tuple(float(n) for n in range(11)), 10)[-1] == 10.0
