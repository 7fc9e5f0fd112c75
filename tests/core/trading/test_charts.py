"""The bars that charts show of this moment: the same as a strategy's builder makes, from the moment somebody looks."""

from __future__ import annotations

from core.domain.commands import Tick
from core.domain.market import NS, Aggressor, Bar, Interval, Trade
from core.trading.engine import Engine
from tests import scenes
from tests.scenes import APPLE, SAMSUNG, START

MINUTE = 60 * NS
T0 = START - START % MINUTE + MINUTE
KEY = (SAMSUNG, Interval.M1)


def trade(engine: Engine, after: float, price: float, size: float = 1.0) -> None:
    now = T0 + round(after * NS)
    engine.step(Trade(SAMSUNG, price, size, Aggressor.BUY, now, now), now)


def closes(engine: Engine) -> list[tuple[float, bool]]:
    return [(bar.close, bar.is_closed) for bar in engine.charts.bars(KEY)]


def test_only_who_is_looked_at_is_built() -> None:
    engine = scenes.engine()
    trade(engine, 1, 71_000)
    assert engine.charts.bars(KEY) == ()
    engine.charts.look([KEY, (APPLE, Interval.S1)])
    trade(engine, 2, 71_100, 3)
    (forming,) = engine.charts.bars(KEY)
    assert (forming.open, forming.close, forming.volume, forming.is_closed) == (71_100, 71_100, 3.0, False)
    engine.charts.look([])
    assert engine.charts.bars(KEY) == ()
    assert not engine.charts.of


def test_to_look_again_keeps_what_forms() -> None:
    engine = scenes.engine()
    engine.charts.look([KEY])
    trade(engine, 1, 71_000)
    engine.charts.look([KEY, (SAMSUNG, Interval.M5)])
    trade(engine, 2, 71_200)
    assert engine.charts.bars(KEY)[0].open == 71_000


def test_a_bar_that_closed_is_told_with_the_one_that_forms() -> None:
    engine = scenes.engine()
    engine.charts.look([KEY])
    for minute in range(7):
        trade(engine, 60 * minute, 71_000 + 100 * minute)
    assert closes(engine) == [(71_200, True), (71_300, True), (71_400, True), (71_500, True), (71_600, False)]


def test_time_alone_closes_a_bar() -> None:
    engine = scenes.engine()
    engine.charts.look([KEY])
    trade(engine, 1, 71_000)
    now = T0 + 61 * NS
    engine.step(Tick(), now)
    assert closes(engine) == [(71_000, True)]


def test_the_venues_word_on_the_forming_bar_is_taken_and_carried_on() -> None:
    engine = scenes.engine()
    engine.charts.look([KEY])
    trade(engine, 30, 71_000, 5)
    engine.charts.seed(Bar(SAMSUNG, Interval.M1, T0, 70_500, 71_400, 70_400, 71_000, 100.0, is_closed=False))
    trade(engine, 31, 71_100, 2)
    (forming,) = engine.charts.bars(KEY)
    assert (forming.open, forming.high, forming.low, forming.close) == (70_500, 71_400, 70_400, 71_100)
    assert forming.volume == 102.0


def test_an_old_or_closed_bar_of_the_venue_changes_nothing() -> None:
    engine = scenes.engine()
    engine.charts.look([KEY])
    trade(engine, 70, 71_000)
    before = engine.charts.bars(KEY)
    engine.charts.seed(Bar(SAMSUNG, Interval.M1, T0, 1, 2, 1, 2, 1.0, is_closed=False))
    engine.charts.seed(Bar(SAMSUNG, Interval.M1, T0 + MINUTE, 1, 2, 1, 2, 1.0))
    assert engine.charts.bars(KEY) == before


def test_a_feed_without_prints_is_drawn_from_mid_prices() -> None:
    engine = scenes.engine()
    engine.charts.look([KEY])
    engine.step(scenes.quote(71_000, 71_200, T0), T0)
    assert closes(engine) == [(71_100, False)]
    trade(engine, 1, 71_300)
    engine.step(scenes.quote(70_000, 70_200, T0 + 2 * NS), T0 + 2 * NS)
    assert closes(engine) == [(71_300, False)], "once it prints, quotes only tell the time"
