"""The arithmetic of a chart: every bar is drawn where its prices are, columns stay in order, round prices are round."""

from __future__ import annotations

from itertools import pairwise
from math import isclose

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.domain.ids import InstrumentId
from core.domain.market import NS, Bar, Interval
from tui.chart.series import KEPT, Candle, Series
from tui.chart.studies import KINDS, Study
from tui.chart.view import ZOOMS, View
from tui.widgets.candles import Canvas, Scale, axis, block, candle, nice_step, scale_of

ID = InstrumentId("TEST:A")
MINUTE = 60 * NS
PRICES = st.floats(1e-8, 1e9)


def bar(place: int, close: float = 10.0, *, open: float | None = None, is_closed: bool = True) -> Bar:
    start = close if open is None else open
    return Bar(
        ID, Interval.M1, place * MINUTE, start, max(start, close), min(start, close), close, 1.0, is_closed=is_closed
    )


def series(*bars: Bar) -> Series:
    made = Series(ID, Interval.M1)
    made.merge(bars)
    return made


# --- price to cells ---------------------------------------------------------------------------------------------------


@given(figures=st.lists(PRICES, min_size=4, max_size=4), low=PRICES, wide=PRICES, rows=st.integers(1, 60))
def test_every_cell_of_a_bar_lies_between_its_low_and_its_high(
    figures: list[float], low: float, wide: float, rows: int
) -> None:
    lowest, one, other, highest = sorted(figures)
    drawn = Candle(0, one, highest, lowest, other, 1.0)
    scale = scale_of(min(low, lowest), max(low + wide, highest), rows, 1e-8)
    cells = list(candle(drawn, scale))
    ys = [y for y, _ in cells]
    assert ys == list(range(scale.row(highest), scale.row(lowest) + 1)), "no gap, nothing beyond"
    bodies = [y for y, glyph in cells if glyph in "┃╽╿╻╹"]
    assert bodies[0] == scale.row(other)
    assert bodies[-1] == scale.row(one)
    assert all(0 <= y < rows for y in ys)


@given(prices=st.lists(PRICES, min_size=2, max_size=20), rows=st.integers(1, 60))
def test_a_higher_price_never_stands_lower(prices: list[float], rows: int) -> None:
    scale = scale_of(min(prices), max(prices), rows, 1e-8)
    for one, other in pairwise(sorted(prices)):
        assert scale.half(one) <= scale.half(other)
        assert scale.row(one) >= scale.row(other)
        assert scale.has(one)
        assert scale.half(one) // 2 == rows - 1 - scale.row(one)


@given(price=PRICES, rows=st.integers(1, 40), tick=st.sampled_from([1e-8, 0.01, 1.0, 100.0]))
def test_one_price_alone_has_a_scale(price: float, rows: int, tick: float) -> None:
    scale = scale_of(price, price, rows, tick)
    assert scale.low < price < scale.high
    ((_, glyph),) = candle(Candle(0, price, price, price, price, 0.0), scale)
    assert glyph in "╻╹"


def test_half_cells_say_where_body_and_wicks_end() -> None:
    scale = Scale(0.0, 8.0, 4)
    assert list(candle(Candle(0, 2.5, 7.5, 0.5, 5.5, 1.0), scale)) == [(0, "│"), (1, "┃"), (2, "┃"), (3, "│")]
    assert [g for _, g in candle(Candle(0, 3.5, 6.5, 1.5, 4.5, 1.0), scale)] == ["╷", "╽", "╿", "╵"]


@given(least=st.floats(1e-9, 1e9), tick=st.sampled_from([1e-8, 0.0001, 0.01, 0.05, 0.25, 1.0, 5.0, 50.0, 100.0, 500.0]))
def test_a_step_is_round_and_on_the_tick(least: float, tick: float) -> None:
    step = nice_step(least, tick)
    assert step >= min(least, step) and step >= tick * (1 - 1e-9)
    assert step >= least * (1 - 1e-9)
    ticks = step / tick
    assert isclose(ticks, round(ticks), rel_tol=1e-6)
    assert step <= max(least, tick) * 10.001, "not coarser than it must be"


@pytest.mark.parametrize(
    "low, high, tick, wanted",
    [(70_500, 71_400, 100, 200), (0.4, 0.9, 0.0001, 0.1), (95_000, 131_000, 1000, 10_000), (1e-8, 9e-8, 1e-8, 2e-8)],
)
def test_prices_of_the_axis_are_those_people_count_in(low: float, high: float, tick: float, wanted: float) -> None:
    prices = axis(scale_of(low, high, 24, tick), tick)
    steps = {round((other - one) / wanted, 6) for one, other in pairwise(prices)}
    assert steps == {1.0}, prices


@given(volume=st.floats(0, 1e9), most=st.floats(0, 1e9), rows=st.integers(1, 8))
def test_volume_fills_from_below_and_what_was_traded_shows(volume: float, most: float, rows: int) -> None:
    cells = list(block(volume, most, rows))
    assert [y for y, _ in cells] == list(range(rows - len(cells), rows))
    assert all(glyph == "█" for _, glyph in cells[1:])
    assert bool(cells) == (volume > 0)


# --- bars to columns --------------------------------------------------------------------------------------------------


@given(places=st.lists(st.integers(0, 500), min_size=1, max_size=80), count=st.sampled_from([c for _, c in ZOOMS]))
def test_columns_go_up_in_time_and_keep_every_price(places: list[int], count: int) -> None:
    made = Series(ID, Interval.M1)
    for place in places:  # in any order, and again
        made.merge([bar(place, 10.0 + place % 7)])
    times = [b.ts for b in made.bars]
    assert times == sorted(set(times)) == sorted({place * MINUTE for place in places})
    columns = made.candles(count)
    assert all(one.ts < other.ts for one, other in pairwise(columns))
    assert all(one.ts // (MINUTE * count) < other.ts // (MINUTE * count) for one, other in pairwise(columns))
    assert max(c.high for c in columns) == max(b.high for b in made.bars)
    assert min(c.low for c in columns) == min(b.low for b in made.bars)
    assert sum(c.volume for c in columns) == len(made.bars)
    assert columns[-1].close == made.bars[-1].close


@given(st.lists(st.tuples(st.integers(0, 40), st.floats(1, 9)), min_size=1, max_size=60), st.sampled_from([1, 2, 4]))
def test_columns_made_step_by_step_are_those_made_at_once(told: list[tuple[int, float]], count: int) -> None:
    slowly = Series(ID, Interval.M1)
    for place, close in told:
        slowly.merge([bar(place, close, is_closed=False)])
        slowly.candles(count)
    at_once = Series(ID, Interval.M1)
    at_once.merge(slowly.bars)
    assert slowly.candles(count) == at_once.candles(count)


def test_a_bar_that_closed_is_not_opened_again_by_one_that_comes_late() -> None:
    made = series(bar(1, 10.0), bar(2, 11.0))
    assert not made.merge([bar(2, 5.0, is_closed=False), bar(1, 6.0, is_closed=False)])
    assert [b.close for b in made.bars] == [10.0, 11.0]


@pytest.mark.parametrize("figure", [float("nan"), float("inf"), -float("inf")])
def test_what_cannot_be_drawn_is_left_out(figure: float) -> None:
    made = series(bar(1), bar(2, figure, open=1.0), bar(3))
    assert [b.ts for b in made.bars] == [MINUTE, 3 * MINUTE]
    assert not made.merge([Bar(ID, Interval.M1, 9 * MINUTE, 1.0, 0.5, 2.0, 1.0, 1.0)]), "low above high"
    assert not made.merge([Bar(InstrumentId("TEST:B"), Interval.M1, 9 * MINUTE, 1.0, 1.0, 1.0, 1.0, 1.0)])


def test_a_series_does_not_grow_without_end() -> None:
    made = Series(ID, Interval.M1)
    made.merge(bar(place) for place in range(KEPT + 50))
    assert len(made.bars) == KEPT
    assert made.bars[0].ts == 50 * MINUTE


# --- the window -------------------------------------------------------------------------------------------------------


def test_new_bars_come_into_the_margin_and_seldom_move_the_window() -> None:
    view, room = View(), 50
    candles = [Candle(n * MINUTE, 1, 1, 1, 1, 1) for n in range(200)]
    starts = []
    for n in range(200, 260):
        candles.append(Candle(n * MINUTE, 1, 1, 1, 1, 1))
        first, end = view.window(candles, room)
        assert end == len(candles)
        assert end - first <= room
        starts.append(first)
    assert len(set(starts)) <= 60 // 5 + 2
    assert starts == sorted(starts)


def test_a_panned_window_stays_where_it_is_while_bars_come_and_older_ones_are_put_before() -> None:
    view, room = View(), 20
    candles = [Candle(n * MINUTE, 1, 1, 1, 1, 1) for n in range(100, 200)]
    view.pan(candles, room, -30)
    first, end = view.window(candles, room)
    seen = candles[first:end]
    more = [Candle(n * MINUTE, 1, 1, 1, 1, 1) for n in range(50, 210)]
    first, end = view.window(more, room)
    assert more[first:end] == seen
    assert view.pan(more, room, 1000)
    assert view.edge is None, "at the right edge it follows again"


@given(steps=st.lists(st.integers(-40, 40), max_size=30), room=st.integers(1, 40), total=st.integers(1, 90))
def test_the_crosshair_is_always_in_the_window(steps: list[int], room: int, total: int) -> None:
    view = View()
    candles = [Candle(n * MINUTE, 1, 1, 1, 1, 1) for n in range(total)]
    for step in steps:
        view.move_cursor(candles, room, step)
        first, end = view.window(candles, room)
        assert first <= view.cursor_place(candles) < end
        assert end - first <= room


# --- indicators -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", KINDS)
def test_a_study_fed_as_bars_form_has_the_figures_of_one_fed_at_once(name: str) -> None:
    slowly, made = Study(name), Series(ID, Interval.M1)
    for place in range(120):
        for close in (10.0 + place % 11, 9.5 + place % 7):
            made.merge([bar(place, close, is_closed=False)])
            slowly.points(made)
        made.merge([bar(place, 10.0 + place % 7)])
    at_once = Study(name)
    assert slowly.points(made) == at_once.points(made)
    assert len(at_once.points(made)) == len(made.bars)
    assert at_once.points(made)[-1] != (None,) * len(at_once.points(made)[-1])


def test_older_bars_make_a_study_reckon_anew() -> None:
    made = series(*(bar(place, float(place)) for place in range(50, 100)))
    study = Study("sma")
    assert study.points(made)[0] == (None, None)
    made.merge(bar(place, float(place)) for place in range(50))
    assert study.points(made)[50][0] == sum(range(31, 51)) / 20


# --- the canvas -------------------------------------------------------------------------------------------------------


def test_half_a_wide_character_is_a_blank_and_rows_keep_their_width() -> None:
    from tui.format import width

    canvas = Canvas(8, 1, frozenset({"text", "up"}))
    canvas.write(0, 0, "손절SL", "text")
    canvas.put(1, 0, "┃", "up")
    canvas.put(2, 0, "│", "up")
    text = "".join(cell.text for cell in canvas.row(0))
    assert text == " ┃│ SL  "
    assert width(text) == 8
    canvas.write(7, 0, "손", "text")
    assert width("".join(cell.text for cell in canvas.row(0))) == 8, "no half of it over the edge"


def test_blanks_beside_a_tag_do_not_take_its_fill() -> None:
    canvas = Canvas(6, 1, frozenset({"text", "up"}))
    canvas.write(1, 0, "71", "chip")
    assert [(cell.text, cell.pen) for cell in canvas.row(0)] == [(" ", "text"), ("71", "chip"), ("   ", "text")]
