"""The paper broker through its port, on a clock that moves only when told."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing
from decimal import Decimal
from itertools import pairwise

import msgspec
import pytest

from brokers import registry
from brokers.paper.broker import CAPABILITIES, WAITING, PaperBroker
from brokers.paper.settings import PaperSettings
from core.clock import ManualClock
from core.domain.account import Balance
from core.domain.errors import ConfigError, NotConnected, OrderRejected, Unsupported
from core.domain.events import (
    BalanceChanged,
    Event,
    FeedChanged,
    InstrumentListed,
    OrderCanceled,
    OrderExpired,
    OrderFilled,
    OrderRequested,
    PhaseChanged,
    RateChanged,
)
from core.domain.ids import AccountId, InstrumentId, VenueRef, derived_client_order_id
from core.domain.instrument import Currency, Instrument, Kind, fixed_tick
from core.domain.market import NS, Aggressor, Freshness, Interval, OrderBook, Phase, Quote, Trade
from core.domain.order import (
    Order,
    OrderRequest,
    OrderStatus,
    OrderType,
    Requested,
    RequestKind,
    RequestPhase,
    Side,
    TimeInForce,
)
from core.ports import Accepted, Broker, Prepared, SendPermit, Subscription
from core.secret import Secret

D = Decimal
MAIN = AccountId("paper:main")
SAMSUNG = InstrumentId("XKRX:005930")
START = 1_780_000_000 * NS
PLAIN = Instrument(
    id=InstrumentId("TEST:AAA"),
    name="Plain",
    kind=Kind.STOCK,
    currency=Currency("KRW"),
    ticks=fixed_tick("1"),
    previous_close=D(100),
)


def request(side: str = "buy", quantity: str = "10", limit: str | None = "100", **terms: object) -> OrderRequest:
    fields: dict[str, object] = {
        "client_order_id": derived_client_order_id("paper", side, quantity, str(limit), str(terms)),
        "account": MAIN,
        "instrument": PLAIN.id,
        "side": Side(side),
        "quantity": D(quantity),
        "type": OrderType.LIMIT if limit else OrderType.MARKET,
        "limit_price": D(limit) if limit else None,
        **terms,
    }
    return OrderRequest(**fields)


def staged(wish: OrderRequest, status: OrderStatus = OrderStatus.STAGED, **more: object) -> Order:
    return Order(
        request=wish,
        status=status,
        quantity=wish.quantity,
        limit_price=wish.limit_price,
        stop_price=wish.stop_price,
        created=START,
        updated=START,
        **more,
    )


def permit(prepared: Prepared) -> SendPermit:
    return SendPermit(prepared.client_order_id, prepared.digest)


async def send(broker: PaperBroker, wish: OrderRequest) -> Accepted:
    prepared = broker.prepare(staged(wish))
    return await broker.submit(prepared, permit(prepared))


def driven(clock: ManualClock, **settings: object) -> PaperBroker:
    return PaperBroker(PaperSettings(**settings), clock, feed="driver", instruments=[PLAIN])


def quote(bid: float, ask: float, at: int = START, size: float = 100.0) -> Quote:
    return Quote(PLAIN.id, bid, size, ask, size, at, at)


async def turn() -> None:
    """Let everybody on the loop run who can."""
    for _ in range(6):
        await asyncio.sleep(0)  # noqa: TID251


async def listen(broker: PaperBroker, clock: ManualClock, seconds: float, step: float = 0.05) -> list[Event]:
    """All events while `seconds` pass on the clock."""
    heard: list[Event] = []

    async def read() -> None:
        async with aclosing(broker.events()) as events:
            async for event in events:
                heard.append(event)

    async with asyncio.TaskGroup() as group:
        task = group.create_task(read())
        for _ in range(round(seconds / step)):
            await turn()
            clock.advance(step)
        await turn()
        task.cancel()
    return heard


class NoSecrets:
    def get(self, reference: str) -> Secret:
        raise AssertionError(f"the paper broker asked for {reference}")


def test_the_registry_knows_brokers_by_name_and_helps_with_a_typo() -> None:
    assert "paper" in registry.names()
    entry = registry.load("paper")
    built: Broker = entry.build(entry.settings(), ManualClock(START), NoSecrets())
    assert built.name == entry.name == "paper"
    with pytest.raises(ConfigError, match="did you mean paper"):
        registry.load("papr")


def test_settings_refuse_what_they_do_not_know_or_cannot_be() -> None:
    for wrong in ({"sped": 2}, {"speed": 0}, {"cash": {"KRW": "-1"}}, {"accounts": ["a b"]}, {"session_minutes": 1}):
        with pytest.raises(msgspec.ValidationError):
            msgspec.convert(wrong, PaperSettings)
    assert msgspec.convert({"cash": {"KRW": "5"}}, PaperSettings).cash == {"KRW": D(5)}


async def test_the_demo_opens_with_instruments_rates_phases_and_then_quotes() -> None:
    clock = ManualClock(START)
    broker = PaperBroker(PaperSettings(), clock)
    await broker.connect()
    await broker.subscribe(frozenset({Subscription(SAMSUNG, depth=True), Subscription(InstrumentId("XNAS:AAPL"))}))
    heard = await listen(broker, clock, 20)
    listed = {event.instrument.id: event.instrument for event in heard if isinstance(event, InstrumentListed)}
    assert len(listed) >= 16 and len({instrument.currency for instrument in listed.values()}) >= 3
    rates = {event.currency for event in heard if isinstance(event, RateChanged)}
    assert {instrument.currency for instrument in listed.values()} - {"KRW"} <= rates
    assert {event.market for event in heard if isinstance(event, PhaseChanged)} >= {"XKRX", "XNAS", "UPBIT"}
    assert any(isinstance(event, FeedChanged) and event.is_connected for event in heard)
    quoted = {event.instrument for event in heard if isinstance(event, (Quote, Trade))}
    assert quoted == {SAMSUNG, "XNAS:AAPL"}
    assert {event.instrument for event in heard if isinstance(event, OrderBook)} == {SAMSUNG}
    stamps = [event.received for event in heard if isinstance(event, (Quote, Trade, OrderBook))]
    assert max(stamps) <= clock.now() and sum(1 for event in heard if isinstance(event, Trade)) > 5


async def test_a_market_order_at_the_demo_fills_moves_cash_and_eats_the_display() -> None:
    clock = ManualClock(START)
    broker = PaperBroker(PaperSettings(), clock)
    await broker.connect()
    await broker.subscribe(frozenset({Subscription(SAMSUNG)}))
    before = next(e for e in reversed(await listen(broker, clock, 5)) if isinstance(e, Quote))
    size = D(100)
    await send(broker, request("buy", str(size), None, instrument=SAMSUNG))
    heard = await listen(broker, clock, 0.05)
    fill = next(e.fill for e in heard if isinstance(e, OrderFilled))
    assert (fill.quantity, fill.price) == (size, D(str(int(before.ask))))
    cash = next(e for e in heard if isinstance(e, BalanceChanged))
    assert cash.total == D(100_000_000) - fill.price * fill.quantity - fill.fee
    after = next(e for e in heard if isinstance(e, Quote))
    assert (after.ask, after.ask_size) == (before.ask, before.ask_size - float(size))
    snapshot = await broker.snapshot(MAIN)
    assert snapshot.positions == {SAMSUNG: size}
    assert isinstance(snapshot.fills, tuple) and [f.fill_id for f in snapshot.fills] == [fill.fill_id]


async def test_a_fill_wakes_the_listener_at_once() -> None:
    clock = ManualClock(START)
    broker = driven(clock)
    await broker.connect()
    broker.on_market(quote(99, 100))
    events: AsyncIterator[Event] = broker.events()
    assert isinstance(await anext(events), FeedChanged)
    waiting = asyncio.ensure_future(anext(events))
    await turn()
    await send(broker, request())
    assert isinstance(await waiting, OrderFilled), "the clock has not moved"
    await broker.close()
    assert [type(e) async for e in events] == [BalanceChanged]


async def test_a_permit_sends_once_and_a_repeated_order_is_refused() -> None:
    broker = driven(ManualClock(START))
    prepared = broker.prepare(staged(request()))
    spent = permit(prepared)
    accepted = await broker.submit(prepared, spent)
    with pytest.raises(RuntimeError):
        await broker.submit(prepared, spent)
    with pytest.raises(OrderRejected) as refused:
        await broker.submit(prepared, permit(prepared))
    assert refused.value.code == "duplicate_order"
    snapshot = await broker.snapshot(MAIN)
    assert isinstance(snapshot.orders, tuple) and [o.ref for o in snapshot.orders] == [accepted.ref]


async def test_a_rejection_is_raised_with_code_and_words_and_leaves_no_trace() -> None:
    broker = driven(ManualClock(START), cash={Currency("KRW"): D(500)})
    with pytest.raises(OrderRejected, match="500 is available") as refused:
        await send(broker, request())
    assert refused.value.code == "insufficient_funds"
    snapshot = await broker.snapshot(MAIN)
    assert snapshot.orders == () and broker.take() == []


def test_prepare_is_pure_and_refuses_what_is_not_offered() -> None:
    broker = driven(ManualClock(START))
    wish = request()
    assert broker.prepare(staged(wish)) == broker.prepare(staged(wish))
    for odd in (request(post_only=True, limit=None), request(account=AccountId("paper:other"))):
        with pytest.raises(Unsupported):
            broker.prepare(staged(odd))
    assert broker.take() == []


async def test_cancel_and_replace_answer_with_events_and_too_late_is_said() -> None:
    broker = driven(ManualClock(START))
    broker.on_market(quote(99, 101))
    wish = request(limit="98")
    await send(broker, wish)
    broker.take()
    change = Requested(kind=RequestKind.REPLACE, phase=RequestPhase.SENDING, limit_price=D(101))
    await broker.replace(staged(wish, OrderStatus.OPEN, requested=change))
    kinds = [type(e).__name__ for e in broker.take()]
    assert kinds == ["OrderReplaced", "OrderFilled", "BalanceChanged"]
    await broker.cancel(staged(wish, OrderStatus.OPEN))
    late = broker.take()[0]
    assert isinstance(late, OrderRequested) and late.requested.phase is RequestPhase.REFUSED
    second = request(limit="97")
    await send(broker, second)
    await broker.cancel(staged(second, OrderStatus.OPEN))
    assert any(isinstance(e, OrderCanceled) for e in broker.take())


async def test_latency_passes_in_market_time() -> None:
    clock = ManualClock(START)
    broker = driven(clock, latency_ms=20)
    broker.on_market(quote(99, 100))
    await send(broker, request())
    assert not any(isinstance(e, OrderFilled) for e in broker.take())
    broker.on_market(quote(99, 100, START + 19_000_000, size=90.0))
    assert not any(isinstance(e, OrderFilled) for e in broker.take())
    broker.on_market(quote(99, 100, START + 20_000_000, size=80.0))
    assert any(isinstance(e, OrderFilled) for e in broker.take())


async def test_day_orders_of_a_market_without_close_end_at_midnight_utc() -> None:
    clock = ManualClock(START)
    broker = driven(clock)
    wish = request(limit="50")
    await send(broker, wish)
    midnight = (START // (86_400 * NS) + 1) * 86_400 * NS
    broker.on_market(quote(99, 100, midnight - 1))
    broker.take()
    broker.on_market(quote(99, 100, midnight))
    assert [e.client_order_id for e in broker.take() if isinstance(e, OrderExpired)] == [wish.client_order_id]


async def test_after_a_restart_the_venue_is_what_our_journal_says() -> None:
    resting, unsent, done = request(limit="90"), request(limit="91"), request(limit="92")
    orders = [
        staged(resting, OrderStatus.OPEN, refs=(VenueRef("P1"),), filled=D(4), filled_value=D(360)),
        staged(unsent, OrderStatus.UNKNOWN),
        staged(done, OrderStatus.FILLED, filled=D(10), filled_value=D(920)),
    ]
    broker = driven(ManualClock(START))
    cash = Balance(currency=Currency("KRW"), total=D(1_000_000), available=D(1_000_000))
    gone = InstrumentId("OLD:GONE")
    broker.restore(orders, {(MAIN, PLAIN.id): D(14), (MAIN, gone): D(3)}, {MAIN: [cash]}, START)
    assert broker.take() == []
    snapshot = await broker.snapshot(MAIN)
    assert isinstance(snapshot.orders, tuple) and isinstance(snapshot.balances, tuple)
    (row,) = snapshot.orders
    assert (row.ref, row.client_order_id, row.status, row.filled) == ("P1", resting.client_order_id, "open", D(4))
    assert snapshot.positions == {PLAIN.id: D(14), gone: D(3)}
    krw = next(b for b in snapshot.balances if b.currency == "KRW")
    assert (krw.total, krw.available) == (D(1_000_000), D(1_000_000) - 6 * 90)
    with pytest.raises(OrderRejected):
        await send(broker, done)
    broker.on_market(quote(88, 89))
    fill = next(e.fill for e in broker.take() if isinstance(e, OrderFilled))
    assert (fill.quantity, fill.fill_id) == (D(6), "P1-10")


async def test_a_restored_sale_of_what_is_no_longer_held_is_canceled_not_turned_short() -> None:
    broker = driven(ManualClock(START))
    sale = request("sell", limit="95")
    broker.restore([staged(sale, OrderStatus.OPEN, refs=(VenueRef("P2"),))], {(MAIN, PLAIN.id): D(4)}, {}, START)
    broker.on_market(quote(96, 97))
    happened = broker.take()
    assert [e.fill.quantity for e in happened if isinstance(e, OrderFilled)] == [D(4)]
    assert any(isinstance(e, OrderCanceled) for e in happened)
    assert (await broker.snapshot(MAIN)).positions == {}


async def test_another_broker_may_be_the_feed() -> None:
    clock = ManualClock(START)
    source = PaperBroker(PaperSettings(seed=3), clock)
    broker = PaperBroker(PaperSettings(), clock, feed=source)
    await broker.connect()
    await broker.subscribe(frozenset({Subscription(SAMSUNG)}))
    heard = await listen(broker, clock, 5)
    assert {e.instrument for e in heard if isinstance(e, Quote)} == {SAMSUNG}
    await send(broker, request("buy", "1", None, instrument=SAMSUNG))
    fills = [e for e in await listen(broker, clock, 0.5) if isinstance(e, OrderFilled)]
    assert len(fills) == 1
    assert (await source.snapshot(MAIN)).orders == (), "the order stayed on paper"


async def test_a_suspended_process_does_not_replay_the_night() -> None:
    clock = ManualClock(START)
    broker = PaperBroker(PaperSettings(), clock)
    await broker.connect()
    await broker.subscribe(frozenset({Subscription(i.id) for i in await broker.instruments()}))
    await listen(broker, clock, 5)
    clock.advance(8 * 3600)
    woken = clock.now()
    heard = await listen(broker, clock, 5)
    ticks = [e for e in heard if isinstance(e, Quote)]
    assert 50 < len(ticks) < 2000
    assert min(e.received for e in ticks) >= woken - NS


async def test_bars_end_now_and_search_finds_korean_names() -> None:
    clock = ManualClock(START)
    broker = PaperBroker(PaperSettings(), clock)
    await broker.connect()
    await listen(broker, clock, 150, step=1.0)
    coverage = await broker.bars(SAMSUNG, Interval.M1, START - 3600 * NS, clock.now())
    assert len(coverage.bars) >= 60 and not coverage.is_truncated
    stamps = [bar.ts for bar in coverage.bars]
    assert stamps == sorted(set(stamps)) and all(bar.low <= min(bar.open, bar.close) for bar in coverage.bars)
    assert [bar.is_closed for bar in coverage.bars[-2:]] == [True, False]
    assert [i.id for i in await broker.instruments("삼성")] == [SAMSUNG]


async def test_the_load_generator_keeps_its_rate() -> None:
    clock = ManualClock(START)
    broker = PaperBroker(PaperSettings(load_symbols=150, load_rate=1500), clock)
    await broker.connect()
    await broker.subscribe(frozenset(Subscription(i.id) for i in await broker.instruments()))
    heard = await listen(broker, clock, 2)
    quotes = [e for e in heard if isinstance(e, Quote)]
    assert abs(len(quotes) - 3000 - 150) < 100
    assert len({e.instrument for e in quotes}) == 150


async def test_a_halted_tape_instrument_is_told_by_phase_events() -> None:
    broker = driven(ManualClock(START))
    broker.on_market(PhaseChanged(ts=START, market="TEST", instrument=PLAIN.id, phase=Phase.HALTED))
    with pytest.raises(OrderRejected, match="halted"):
        await send(broker, request())
    broker.on_market(PhaseChanged(ts=START, market="TEST", instrument=PLAIN.id, phase=Phase.OPEN))
    await send(broker, request(limit="99"))
    broker.on_market(Trade(PLAIN.id, 98.0, 50.0, Aggressor.SELL, START, START))
    assert any(isinstance(e, OrderFilled) for e in broker.take())


@pytest.mark.parametrize("interval", [Interval.M1, Interval.M5, Interval.M15, Interval.M30, Interval.H1, Interval.D1])
async def test_every_length_of_bar_has_a_past_that_fills_a_wide_screen(interval: Interval) -> None:
    clock = ManualClock(START)
    broker = PaperBroker(PaperSettings(seed=3), clock)
    await broker.connect()
    await listen(broker, clock, 90, step=1.0)
    coverage = await broker.bars(SAMSUNG, interval, 0, clock.now())
    assert len(coverage.bars) >= 200
    stamps = [bar.ts for bar in coverage.bars]
    assert stamps == sorted(set(stamps))
    assert all(stamp % interval.ns == 0 for stamp in stamps)
    assert [bar.is_closed for bar in coverage.bars].count(False) == 1
    jumps = [abs(now.open / before.close - 1) for before, now in pairwise(coverage.bars)]
    assert sorted(jumps)[-2] < 0.02, "each bar begins where the last ended; the day may open with a gap"


class Burst:
    """A source that has ten thousand quotes ready and then breaks."""

    name = "burst"
    capabilities = CAPABILITIES

    def __init__(self) -> None:
        self.told = 0

    async def connect(self) -> None: ...
    async def close(self) -> None: ...
    async def subscribe(self, wanted: object) -> None: ...
    async def instruments(self, search: str = "") -> list[Instrument]:
        return [PLAIN]

    async def events(self) -> AsyncIterator[Event]:
        for n in range(10_000):
            self.told = n + 1
            yield Quote(PLAIN.id, 100.0, 1.0, 101.0, 1.0, n, n)
        yield FeedChanged(ts=1, broker=self.name, is_connected=False, text="gone")
        raise NotConnected(self.name, "it broke")


async def test_a_burst_of_the_source_waits_for_the_reader_and_its_end_is_told() -> None:
    source = Burst()
    broker = PaperBroker(PaperSettings(), ManualClock(START), feed=source)  # type: ignore[arg-type]
    await broker.connect()
    quotes: list[Quote] = []
    with pytest.raises(NotConnected):
        async for event in broker.events():
            if isinstance(event, Quote):
                quotes.append(event)
            assert source.told - len(quotes) <= WAITING + 1, "no more waits than the queue holds"
    assert [quote.ts for quote in quotes] == [*range(10_000), 9_999]
    assert quotes[-1].freshness is Freshness.STALE and quotes[-2].freshness is Freshness.LIVE


async def test_a_restored_order_fills_at_its_own_price_not_at_a_better_one_it_slept_through() -> None:
    """It rested while nobody ran: a market that went through it would have met it at its limit."""
    broker = driven(ManualClock(START))
    orders = [staged(request("buy", limit="95"), OrderStatus.OPEN, refs=(VenueRef("P1"),))]
    orders.append(staged(request("sell", limit="120"), OrderStatus.OPEN, refs=(VenueRef("P2"),)))
    cash = [Balance(currency=Currency("KRW"), total=D(1_000_000), available=D(1_000_000))]
    broker.restore(orders, {(MAIN, PLAIN.id): D(10)}, {MAIN: cash}, START)
    broker.on_market(quote(79, 80))
    broker.on_market(quote(140, 141))
    fills = [e.fill for e in broker.take() if isinstance(e, OrderFilled)]
    assert [(fill.side, fill.price, fill.quantity) for fill in fills] == [
        ("buy", D(95), D(10)),
        ("sell", D(120), D(10)),
    ]


class Wire:
    """A source whose line is cut while the queue is read."""

    name = "wire"
    capabilities = CAPABILITIES

    def __init__(self) -> None:
        self.told: asyncio.Queue[Event] = asyncio.Queue()

    async def connect(self) -> None: ...
    async def close(self) -> None: ...
    async def subscribe(self, wanted: object) -> None: ...
    async def instruments(self, search: str = "") -> list[Instrument]:
        return [PLAIN]

    async def events(self) -> AsyncIterator[Event]:
        while True:
            yield await self.told.get()


async def test_nothing_trades_at_a_price_of_a_line_that_is_down() -> None:
    """What was shown when it went down is no offer any more: an order waits for what the market says next."""
    source, clock = Wire(), ManualClock(START)
    broker = PaperBroker(PaperSettings(), clock, feed=source)  # type: ignore[arg-type]
    await broker.connect()
    for event in (quote(100, 101), FeedChanged(ts=START, broker="wire", is_connected=False, text="cut")):
        source.told.put_nowait(event)
    await listen(broker, clock, 0.2)
    await send(broker, request("buy", limit=None))
    fills = [e.fill for e in await listen(broker, clock, 0.2) if isinstance(e, OrderFilled)]
    assert fills == []
    source.told.put_nowait(quote(109, 110, clock.now()))
    fills = [e.fill for e in await listen(broker, clock, 0.2) if isinstance(e, OrderFilled)]
    assert [fill.price for fill in fills] == [D(110)]


@pytest.mark.parametrize("bad", [0.0, -5.0, float("nan"), float("inf")])
async def test_what_is_no_price_fills_nothing_and_breaks_nothing(bad: float) -> None:
    broker = driven(ManualClock(START))
    broker.on_market(quote(99, 101))
    await send(broker, request("buy", limit="98"))
    for price, size in ((bad, 5.0), (98.0, -5.0), (98.0, float("nan"))):
        broker.on_market(Trade(PLAIN.id, price, size, Aggressor.SELL, START, START))
    if bad:  # an empty side is none
        for bid, ask in ((bad, 101.0), (99.0, bad)):
            broker.on_market(Quote(PLAIN.id, bid, 5.0, ask, 5.0, START, START))
    broker.on_market(Quote(PLAIN.id, 97.0, 5.0, 98.0, float("nan"), START, START))
    assert not [e for e in broker.take() if isinstance(e, OrderFilled)]
    await send(broker, request("buy", quantity="3", limit=None))
    fills = [e.fill for e in broker.take() if isinstance(e, OrderFilled)]
    assert [(fill.quantity, fill.price) for fill in fills] == [(D(3), D(101))], "the last sane quote stands"


@pytest.mark.parametrize("side", ["buy", "sell"])
async def test_a_stop_fills_where_the_market_went_not_at_what_was_shown_before(side: str) -> None:
    """A feed tells a print before the quote that follows it."""
    broker = driven(ManualClock(START))
    opening, far, after = ("sell", 120.0, (119, 121)) if side == "buy" else ("buy", 80.0, (79, 81))
    broker.on_market(quote(99, 101))
    broker.on_market(Trade(PLAIN.id, 100.0, 5.0, Aggressor.BUY, START, START))
    broker.restore([], {(MAIN, PLAIN.id): D(-10 if opening == "sell" else 10)}, {}, START)
    stop = "105" if side == "buy" else "95"
    await send(broker, request(side, limit=None, type=OrderType.STOP, stop_price=D(stop), reduce_only=True))
    broker.on_market(Trade(PLAIN.id, far, 5.0, Aggressor(side), START, START))
    broker.on_market(quote(*after))
    fills = [e.fill for e in broker.take() if isinstance(e, OrderFilled)]
    assert [(fill.quantity, fill.price) for fill in fills] == [(D(10), D(after[1] if side == "buy" else after[0]))]


async def test_a_market_that_never_closes_gives_no_better_price_at_midnight() -> None:
    broker = driven(ManualClock(START))
    broker.on_market(quote(99, 101))
    await send(broker, request("buy", limit="98", time_in_force=TimeInForce.GTC))
    broker.on_market(quote(79, 80, START + 86_400 * NS))
    fills = [e.fill for e in broker.take() if isinstance(e, OrderFilled)]
    assert [(fill.quantity, fill.price) for fill in fills] == [(D(10), D(98))]
