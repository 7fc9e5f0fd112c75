"""Which prices stand on the rows of a ladder: strictly by tick, whatever bands the tick table has, and every level and
order at its own row."""

from __future__ import annotations

from decimal import Decimal
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.domain.instrument import TickTable, fixed_tick
from tests.scenes import krx_ticks
from tui.panes.window import Scale, Window, column

STEPS = ("0.000000000000001", "0.00000001", "0.0001", "0.01", "0.05", "1", "5", "1000")


@st.composite
def tables(draw: st.DrawFn) -> TickTable:
    """Bands whose borders are multiples of the steps on both sides, as those of venues are."""
    steps = sorted(draw(st.lists(st.sampled_from(STEPS), min_size=1, max_size=4, unique=True)), key=Decimal)
    bands = [(Decimal(0), Decimal(steps[0]))]
    for step in steps[1:]:
        start = Decimal(step) * draw(st.integers(2, 400))
        if start > bands[-1][0]:
            bands.append((start, Decimal(step)))
    return TickTable(tuple(bands))


@given(tables(), st.data())
def test_rows_fall_tick_by_tick_across_band_borders(ticks: TickTable, data: st.DataObject) -> None:
    start, step = data.draw(st.sampled_from(ticks.bands))
    top = ticks.round(start + step * data.draw(st.integers(0, 40)), "down")
    prices = column(ticks, top, 40)
    assert prices[: 1 if top > 0 else 0] == ([top] if top > 0 else [])
    for above, below in pairwise(prices):
        assert ticks.is_valid(below)
        assert 0 < below < above
        assert ticks.move(below, 1) == above  # nothing was left out
    assert len(prices) == 40 or not prices or ticks.move(prices[-1], -1) >= prices[-1]


@given(tables(), st.data())
def test_every_level_stands_at_its_own_row(ticks: TickTable, data: st.DataObject) -> None:
    start, step = data.draw(st.sampled_from(ticks.bands))
    window = Window()
    window.put(column(ticks, ticks.round(start + step * data.draw(st.integers(1, 60)), "down"), 30))
    for place, price in enumerate(window.prices):
        assert window.row(price) == place
        assert window.nearest(float(price), upward=True) == window.nearest(float(price), upward=False) == place
    levels = [(float(price), 1.0 + place) for place, price in enumerate(window.prices)]
    assert window.sizes(levels, upward=True) == {place: 1.0 + place for place in range(len(levels))}


def test_a_level_between_two_ticks_is_not_lost_and_never_looks_better_than_it_is() -> None:
    window = Window()
    window.put(column(fixed_tick("0.01"), Decimal("10.05"), 10))
    assert window.prices[window.nearest(10.005, upward=True) or 0] == Decimal("10.01")
    assert window.prices[window.nearest(10.005, upward=False) or 0] == Decimal("10.00")
    assert window.sizes([(10.011, 5.0), (10.02, 7.0)], upward=True) == {3: 12.0}
    assert window.nearest(0.1 + 9.9 + 1e-15, upward=True) == window.row(Decimal("10.00"))


@pytest.mark.parametrize("price", [float("nan"), -1.0, 0.0, float("inf"), 10.2, 9.0])
def test_what_lies_outside_has_no_row(price: float) -> None:
    window = Window()
    window.put(column(fixed_tick("0.01"), Decimal("10.05"), 10))
    assert window.nearest(price, upward=True) is None
    assert window.sizes([(price, 5.0), (10.05, 0.0), (10.05, float("nan"))], upward=True) == {}


@given(st.integers(1, 60), st.integers(-80, 80))
def test_a_kept_price_is_always_in_sight(count: int, away: int) -> None:
    ticks, middle = krx_ticks(), Decimal(50_000)
    kept = ticks.move(middle, away)
    window = Window()
    window.centre(ticks, middle, count, kept)
    assert window.row(kept) is not None
    assert len(window.prices) == count
    window.reach(ticks, middle, count)
    assert window.row(middle) is not None


def test_only_the_middle_third_is_central() -> None:
    window = Window()
    window.centre(fixed_tick("1"), Decimal(100), 30)
    central = [price for price in window.prices if window.is_central(float(price))]
    assert (len(central), window.row(central[0]), window.row(central[-1])) == (10, 10, 19)
    assert not Window().is_central(100.0)


def test_the_scale_is_held_until_a_quarter_more_or_less() -> None:
    scale = Scale()
    assert [scale.fit(largest) for largest in (100.0, 120.0, 80.0, 126.0, 100.0, 90.0)] == [100, 100, 100, 126, 126, 90]
    assert scale.eighths(45.0, 8) == 32
    assert (scale.eighths(1e-9, 8), scale.eighths(1e9, 8), scale.eighths(0.0, 8)) == (1, 64, 0)
    assert Scale().eighths(5.0, 8) == 0
