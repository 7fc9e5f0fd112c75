"""The shipped strategies bar by bar, what a strategy is allowed to see, and how the catalogue refuses mistakes."""

from __future__ import annotations

import csv
from collections.abc import Iterable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.domain.errors import ConfigError
from core.domain.ids import InstrumentId, instrument_id
from core.domain.instrument import Currency, Instrument, Kind, fixed_tick
from core.domain.market import NS, Bar, Interval, Quote
from core.domain.signal import Signal
from core.strategies.catalog import KINDS, build
from core.strategies.strategy import Answer, Context, Strategy, Word
from core.trading.history import History

DATA = Path(__file__).resolve().parents[3] / "../shared/data/bars"


def instrument(code: str = "AAPL", tick: str = "0.01") -> Instrument:
    return Instrument(
        id=instrument_id("XNAS", code), name=code, kind=Kind.STOCK, currency=Currency("USD"), ticks=fixed_tick(tick)
    )


AAPL = instrument()


def bars(closes: Iterable[float], of: InstrumentId = AAPL.id) -> list[Bar]:
    return [
        Bar(
            instrument=of,
            interval=Interval.M1,
            ts=at * 60 * NS,
            open=close,
            high=close,
            low=close,
            close=close,
            volume=1.0,
        )
        for at, close in enumerate(closes)
    ]


def context(closes: dict[InstrumentId, History] | None = None) -> Context:
    return Context(lambda _: Decimal(3), lambda _: None, closes or {})


def run(strategy: Strategy, closes: Iterable[float], of: InstrumentId = AAPL.id) -> list[tuple[int, float]]:
    """(bar number, target) of every signal."""
    found = []
    for at, bar in enumerate(bars(closes, of)):
        said = strategy.on_bar(bar, context())
        if said is not None:
            assert isinstance(said, Signal)
            found.append((at, said.target))
    return found


def make(kind: str, *instruments: Instrument, **params: Any) -> Strategy:
    return build(kind, "mine", params, instruments or (AAPL,), Interval.M1)


def test_ma_cross_buys_the_cross_up_and_leaves_on_the_cross_down() -> None:
    strategy = make("ma_cross", fast=1, slow=2)
    assert (strategy.warmup, strategy.signal) == (3, Word.WARMUP)
    assert run(strategy, [10, 9, 8]) == []
    assert strategy.signal == "HOLD"
    assert run(strategy, [9]) == [(0, 1.0)]
    assert strategy.signal == "LONG"
    assert strategy.describe() == "ma1 9 > ma2 8.5"
    assert run(strategy, [10, 8]) == [(1, 0.0)]
    assert strategy.signal == "FLAT"


def test_ma_cross_goes_short_only_when_told() -> None:
    assert run(make("ma_cross", fast=1, slow=2, allow_short=True), [8, 9, 8])[-1] == (2, -1.0)
    assert run(make("ma_cross", fast=1, slow=2), [8, 9, 8])[-1] == (2, 0.0)


def test_a_touch_is_no_cross() -> None:
    # fast 1 against slow 2: above, equal, above again: nothing; above, equal, below: one cross, when it is below.
    assert run(make("ma_cross", fast=1, slow=2), [1, 2, 2, 3]) == []
    assert run(make("ma_cross", fast=1, slow=2), [1, 2, 2, 1]) == [(3, 0.0)]


def test_a_tie_in_ticks_is_a_tie_although_floats_differ() -> None:
    # Means of 0.1+0.4 over 2 and of 0.1+0.4+0.2+0.3 over 4 are 0.25 each; in float sums one is above the other.
    strategy = make("ma_cross", instrument(tick="0.1"), fast=2, slow=4)
    run(strategy, [0.2, 0.3, 0.1, 0.4])
    assert strategy.describe() == "ma2 0.25 = ma4 0.25"


def test_ma_cross_starts_in_a_trend_without_a_signal() -> None:
    assert run(make("ma_cross", fast=2, slow=4), range(1, 50)) == []


def test_each_instrument_has_figures_of_its_own() -> None:
    other = instrument("MSFT")
    strategy = make("ma_cross", AAPL, other, fast=1, slow=2)
    run(strategy, [3, 2, 1])
    assert run(strategy, [3, 2, 1], other.id) == []
    assert run(strategy, [2]) == [(0, 1.0)]


def crosses(ticks: list[int], fast: int, slow: int) -> list[tuple[int, float]]:
    """Where the sums of the windows change places, each window summed anew."""
    found, side = [], 0
    for at in range(slow - 1, len(ticks)):
        gap = sum(ticks[at - fast + 1 : at + 1]) * slow - sum(ticks[at - slow + 1 : at + 1]) * fast
        now = (gap > 0) - (gap < 0)
        if side and now and now != side:
            found.append((at, float(now)))
        side = now or side
    return found


@given(ticks=st.lists(st.integers(1, 5), max_size=80), fast=st.integers(1, 6), more=st.integers(1, 6))
def test_ma_cross_is_exact_among_many_ties(ticks: list[int], fast: int, more: int) -> None:
    strategy = make("ma_cross", fast=fast, slow=fast + more, allow_short=True)
    assert run(strategy, (tick / 100 for tick in ticks)) == crosses(ticks, fast, fast + more)


@pytest.mark.parametrize(("slow", "count"), [(20, 94), (50, None)])
def test_ma_cross_counts_the_crosses_of_real_bars_exactly(slow: int, count: int | None) -> None:
    """94 is what five independent backtesters count for 10/20 on these bars."""
    path = DATA / "goog_1d_2004_2013.csv"
    if not path.exists():
        pytest.skip("../shared/data is not beside the checkout")
    with path.open(newline="") as file:
        closes = [row["close"] for row in csv.DictReader(file)]
    signals = run(make("ma_cross", fast=10, slow=slow, allow_short=True), map(float, closes))
    expected = crosses([int(Decimal(close) * 100) for close in closes], 10, slow)
    assert signals == expected
    assert len(signals) == (count or len(expected)) > 20


def test_rsi_acts_on_the_way_back_from_an_extreme() -> None:
    strategy = make("rsi", period=2, buy_below=30, sell_above=70)
    assert run(strategy, [100, 90, 80, 70]) == [], "a fall that goes on is not bought"
    assert run(strategy, [85]) == [(0, 1.0)]
    assert strategy.signal == "LONG"
    assert run(strategy, [100, 110]) == [], "nor is a rise that goes on sold"
    assert run(strategy, [90]) == [(0, 0.0)]
    assert strategy.signal == "FLAT"
    assert strategy.describe().startswith("rsi2 ")


def test_bollinger_buys_below_the_band_and_leaves_at_the_middle() -> None:
    strategy = make("bollinger", period=4, width=1.2)
    assert run(strategy, [10, 11, 10, 11]) == []
    assert strategy.signal == "HOLD"
    assert run(strategy, [5]) == [(0, 1.0)]
    assert run(strategy, [6]) == [], "still below the middle"
    assert run(strategy, [12]) == [(0, 0.0)]


def test_bollinger_goes_short_above_the_band_only_when_told() -> None:
    closes = [10, 11, 10, 11, 20]
    assert run(make("bollinger", period=4, width=1.2), closes) == []
    assert run(make("bollinger", period=4, width=1.2, allow_short=True), closes) == [(4, -1.0)]


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_every_kind_says_what_it_is_and_gets_ready_within_its_warmup(kind: str) -> None:
    strategy = make(kind)
    assert KINDS[kind].__doc__
    assert strategy.describe()
    assert KINDS[kind].handles() == {"on_bar"}
    run(strategy, [100 + at % 7 for at in range(strategy.warmup)])
    assert strategy.signal is not Word.WARMUP


def test_only_what_is_overridden_is_handled() -> None:
    class Quiet(Strategy):
        def on_quote(self, quote: Quote, context: Context) -> Answer:
            return None

    class Louder(Quiet):
        def on_start(self, context: Context) -> Answer:
            return None

    assert Strategy.handles() == frozenset()
    assert Quiet.handles() == {"on_quote"}
    assert Louder.handles() == {"on_quote", "on_start"}


def test_a_context_shows_and_changes_nothing() -> None:
    closes = History(10, [1.0, 2.0])
    shown = context({AAPL.id: closes})
    assert shown.position(AAPL.id) == 3
    assert shown.cash(Currency("USD")) is None
    assert shown.closes(AAPL.id)[0] == 2.0
    assert len(shown.closes(InstrumentId("XNAS:MSFT"))) == 0
    with pytest.raises(AttributeError):
        shown.order = "buy"  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("kind", "params", "said"),
    [
        ("ma_crss", {}, "did you mean 'ma_cross'"),
        ("zzz", {}, "known: ma_cross"),
        ("ma_cross", {"fsat": 3}, "did you mean 'fast'"),
        ("ma_cross", {"fast": "many"}, "fast"),
        ("ma_cross", {"fast": 30, "slow": 10}, "below slow"),
        ("ma_cross", {"fast": 0}, "at least 1"),
        ("ma_cross", {"fast": None}, "fast"),
        ("rsi", {"buy_below": 80}, "below sell_above"),
        ("rsi", {"buy_below": float("nan")}, "buy_below"),
        ("bollinger", {"width": 0}, "width"),
        ("bollinger", {"period": 1}, "period"),
    ],
)
def test_mistakes_are_named_with_their_place(kind: str, params: dict[str, Any], said: str) -> None:
    with pytest.raises(ConfigError, match=said) as caught:
        make(kind, **params)
    assert str(caught.value).startswith(("kind: ", "params: ")), "the key is named; the caller adds section and file"


def test_a_strategy_without_instruments_is_refused() -> None:
    with pytest.raises(ConfigError, match="instruments"):
        build("ma_cross", "mine", {}, (), Interval.M1)
