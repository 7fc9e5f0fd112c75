"""The embedded market over many simulated hours and several seeds: it must never show what no exchange would."""

from __future__ import annotations

from collections import Counter, defaultdict
from decimal import Decimal
from itertools import pairwise
from statistics import pvariance

import pytest

from brokers.paper.catalogue import KRX_STOCK, LISTINGS, UPBIT_KRW, US_STOCK
from brokers.paper.ladder import Ladder
from brokers.paper.market import EmbeddedMarket
from brokers.paper.settings import PaperSettings
from core.domain.events import Event, InstrumentListed, PhaseChanged, RateChanged
from core.domain.ids import InstrumentId
from core.domain.instrument import TickTable
from core.domain.market import NS, OrderBook, Phase, Quote, Trade
from core.domain.order import Side

START = 1_780_000_000 * NS
ALL = frozenset(listing.instrument.id for listing in LISTINGS)


def market(seed: int, **more: object) -> EmbeddedMarket:
    made = EmbeddedMarket(PaperSettings(seed=seed, **more), START)
    made.depth = ALL
    return made


def run(made: EmbeddedMarket, seconds: float, slice_seconds: float = 10.0) -> list[Event]:
    heard: list[Event] = []
    steps = round(seconds / slice_seconds)
    for step in range(1, steps + 1):
        heard += made.advance(START + round(seconds * step / steps * NS))
    return heard


@pytest.mark.parametrize("table", [KRX_STOCK, US_STOCK, UPBIT_KRW])
def test_the_ladder_is_the_tick_table(table: TickTable) -> None:
    ladder = Ladder(table)
    for start, step in table.bands:
        for price in (start, start + step, start + 7 * step):
            if price <= 0:
                continue
            value = float(price)
            assert table.is_valid(price) and ladder.floor(value) == ladder.ceil(value) == value
            for ticks in (1, 3, 40, -1, -3):
                assert Decimal(repr(ladder.move(value, ticks))) == table.move(price, ticks)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_many_sessions_without_an_impossible_quote(seed: int) -> None:
    made = market(seed, session_minutes=8)
    instruments = {instrument.id: instrument for instrument in made.instruments()}
    spans = {id: instrument.price_limits for id, instrument in instruments.items()}
    valid: dict[InstrumentId, set[float]] = defaultdict(set)
    quotes: dict[InstrumentId, Quote] = {}
    market_phases: dict[str, Phase] = dict.fromkeys(("XKRX", "XNAS", "ARCX", "UPBIT"), Phase.OPEN)
    own_phases: dict[InstrumentId, Phase] = {}
    kinds: Counter[str] = Counter()
    clock = START

    def on_tick(id: InstrumentId, price: float) -> None:
        if price not in valid[id]:
            assert instruments[id].ticks.is_valid(Decimal(repr(price))), (id, price)
            valid[id].add(price)
        span = spans[id]
        assert span is None or span[0] <= price <= span[1], (id, price, span)

    for event in run(made, 3600):
        assert event.ts >= clock
        clock = event.ts
        kinds[type(event).__name__] += 1
        if isinstance(event, Quote):
            assert 0 < event.bid < event.ask and event.bid_size > 0 and event.ask_size > 0
            on_tick(event.instrument, event.bid)
            on_tick(event.instrument, event.ask)
            quotes[event.instrument] = event
        elif isinstance(event, OrderBook):
            quote = quotes[event.instrument]
            assert (event.bids[0], event.asks[0]) == ((quote.bid, quote.bid_size), (quote.ask, quote.ask_size))
            assert 5 <= len(event.bids) <= 10 and 5 <= len(event.asks) <= 10
            assert all(a[0] > b[0] for a, b in pairwise(event.bids))
            assert all(a[0] < b[0] for a, b in pairwise(event.asks))
            for price, size in (*event.bids, *event.asks):
                on_tick(event.instrument, price)
                assert size > 0
        elif isinstance(event, Trade):
            on_tick(event.instrument, event.price)
            assert event.size > 0
            assert market_phases[instruments[event.instrument].market] is not Phase.CLOSED
            if event.aggressor != "none":
                assert own_phases.get(event.instrument, Phase.OPEN) is Phase.OPEN
        elif isinstance(event, InstrumentListed):
            instruments[event.instrument.id] = event.instrument
            spans[event.instrument.id] = event.instrument.price_limits
        elif isinstance(event, PhaseChanged):
            if event.instrument is not None:
                own_phases[event.instrument] = event.phase
            else:
                market_phases[event.market] = event.phase
                assert Phase.OPEN in (market_phases["XKRX"], market_phases["XNAS"]), "one of them is always open"
        elif isinstance(event, RateChanged):
            assert event.rate > 0
    assert set(quotes) == ALL and kinds["InstrumentListed"] > 40


def test_interruptions_and_halts_happen_and_end() -> None:
    began: dict[InstrumentId, int] = {}
    phases: Counter[Phase] = Counter()
    for event in run(EmbeddedMarket(PaperSettings(seed=4), START), 3 * 3600):
        if isinstance(event, PhaseChanged) and event.instrument is not None:
            phases[event.phase] += 1
            if event.phase is Phase.OPEN:
                assert (event.ts - began.pop(event.instrument)) / NS <= 241
            else:
                began[event.instrument] = event.ts
    assert all(3 * 3600 - (ts - START) / NS < 241 for ts in began.values())
    assert phases[Phase.VI] > 0 and phases[Phase.HALTED] > 0


def test_the_same_seed_gives_the_same_market_however_its_time_is_cut() -> None:
    whole = run(market(5), 900, 900)
    assert run(market(5), 900, 0.05) == whole
    assert run(market(5), 900, 7) == whole
    assert run(market(6), 900, 900) != whole


def test_what_is_watched_does_not_change_what_happens() -> None:
    blind = EmbeddedMarket(PaperSettings(seed=5), START)
    seen = [event for event in run(market(5), 600) if not isinstance(event, OrderBook)]
    assert run(blind, 600) == seen


def test_prices_move_about_as_much_as_their_character_says_and_activity_comes_in_bursts() -> None:
    heard = run(EmbeddedMarket(PaperSettings(seed=7), START), 3600)
    ticks = [event for event in heard if isinstance(event, (Quote, Trade))]
    rate = len(ticks) / 3600
    assert 25 < rate < 75
    seconds = Counter((event.ts - START) // NS for event in ticks)
    counts = [seconds.get(second, 0) for second in range(3600)]
    assert pvariance(counts) / rate > 2.5, "independent arrivals would give about 1.4: a trade brings its quote"
    for id, low, high in (("XKRX:005930", 1.0, 1.2), ("XNAS:TSLA", 2.0, 7.0), ("UPBIT:KRW-XRP", 1.0, 1.3)):
        table = next(listing.instrument.ticks for listing in LISTINGS if listing.instrument.id == id)
        ladder = Ladder(table)
        spreads = [ladder.distance(e.bid, e.ask) for e in heard if isinstance(e, Quote) and e.instrument == id]
        assert low <= sum(spreads) / len(spreads) <= high
    twins = [
        next(e for e in reversed(heard) if isinstance(e, Quote) and e.instrument == id).bid
        for id in ("UPBIT:KRW-BTC", "UPBIT:USDT-BTC")
    ]
    assert abs(twins[0] / twins[1] / 1398.0 - 1) < 0.01, "one coin, two currencies, one price"


def test_speed_is_the_same_market_in_less_time() -> None:
    fast = [e for e in run(market(5, speed=10.0), 60) if isinstance(e, Quote)]
    slow = [e for e in run(market(5), 600) if isinstance(e, Quote)]
    assert [(q.instrument, q.bid, q.ask_size) for q in fast] == [(q.instrument, q.bid, q.ask_size) for q in slow]
    assert fast[-1].ts - START <= 60 * NS


def test_what_we_take_is_gone_from_the_display_and_pushes_the_price() -> None:
    made = market(5)
    heard = run(made, 30)
    id = InstrumentId("XKRX:005930")
    before = next(e for e in reversed(heard) if isinstance(e, Quote) and e.instrument == id)
    now = START + 30 * NS
    made.consume(id, Side.BUY, before.ask, before.ask_size, now)
    after = next(e for e in made.advance(now) if isinstance(e, Quote))
    assert after.ask > before.ask and after.bid == before.bid


def test_a_new_day_moves_the_previous_close_and_its_limits() -> None:
    heard = run(market(5, session_minutes=10), 1500)
    listed = [e.instrument for e in heard if isinstance(e, InstrumentListed) and e.instrument.id == "XKRX:005930"]
    closing = [e for e in heard if isinstance(e, Trade) and e.instrument == "XKRX:005930" and e.aggressor == "none"]
    assert listed
    assert float(listed[0].previous_close or 0) in {trade.price for trade in closing}
