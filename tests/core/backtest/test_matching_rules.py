"""The simulated venue: what it takes, what it refuses, what fills when, and what it costs."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

import msgspec
import pytest

from core.backtest.matching import Matching
from core.domain.account import Balance
from core.domain.events import (
    BalanceChanged,
    OrderAccepted,
    OrderCanceled,
    OrderExpired,
    OrderFilled,
    OrderRejected,
    OrderReplaced,
    OrderRequested,
    PhaseChanged,
)
from core.domain.ids import AccountId, ClientOrderId, InstrumentId, derived_client_order_id
from core.domain.instrument import Currency, Instrument, Kind, fixed_tick
from core.domain.market import Aggressor, OrderBook, Phase, Quote, Trade
from core.domain.order import (
    Fill,
    Liquidity,
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

D = Decimal
MAIN = AccountId("paper:main")
KRW = Currency("KRW")
SAMSUNG = Instrument(
    id=InstrumentId("XKRX:005930"),
    name="Samsung Electronics",
    kind=Kind.STOCK,
    currency=KRW,
    ticks=fixed_tick("100"),
    price_limit=D("0.3"),
    previous_close=D(70_000),
)
APPLE = Instrument(
    id=InstrumentId("XNAS:AAPL"),
    name="Apple",
    kind=Kind.STOCK,
    currency=Currency("USD"),
    ticks=fixed_tick("0.01"),
    can_short=True,
    previous_close=D(200),
)
BITCOIN = Instrument(
    id=InstrumentId("UPBIT:KRW-BTC"),
    name="Bitcoin",
    kind=Kind.CRYPTO,
    currency=KRW,
    ticks=fixed_tick("1000"),
    lot=D("0.00000001"),
    min_value=D(5000),
    previous_close=D(100_000_000),
)


class Venue:
    """A matching with a pen: makes requests and keeps what happened."""

    def __init__(self, latency_ns: int = 0, cash: str = "10000000") -> None:
        balances = {
            MAIN: [
                Balance(currency=KRW, total=D(cash), available=D(cash)),
                Balance(currency=Currency("USD"), total=D(10_000), available=D(10_000)),
            ]
        }
        self.matching = Matching([SAMSUNG, APPLE, BITCOIN], balances, latency_ns=latency_ns)
        self.now = 0
        self.count = 0
        self.log: list[object] = []

    def keep(self, events: list[object]) -> list[object]:
        self.log += events
        return events

    def send(self, side: str, quantity: str, limit: str | None = None, **terms: object) -> ClientOrderId:
        self.count += 1
        id = derived_client_order_id("test", str(self.count))
        instrument: Instrument = terms.pop("instrument", SAMSUNG)
        kind = terms.pop("type", OrderType.LIMIT if limit else OrderType.MARKET)
        request = OrderRequest(
            client_order_id=id,
            account=MAIN,
            instrument=instrument.id,
            side=Side(side),
            quantity=D(quantity),
            type=kind,
            limit_price=D(limit) if limit else None,
            **terms,
        )
        self.keep(self.matching.submit(order(request), self.now))
        return id

    def quote(
        self, bid: float, bid_size: float, ask: float, ask_size: float, instrument: Instrument = SAMSUNG
    ) -> list[object]:
        self.now += 1
        return self.keep(self.matching.on_quote(Quote(instrument.id, bid, bid_size, ask, ask_size, self.now, self.now)))

    def book(self, bids: list[tuple[float, float]], asks: list[tuple[float, float]]) -> list[object]:
        self.now += 1
        return self.keep(self.matching.on_book(OrderBook.of(SAMSUNG.id, tuple(bids), tuple(asks), self.now, self.now)))

    def trade(self, price: float, size: float, by: str = "sell", instrument: Instrument = SAMSUNG) -> list[object]:
        self.now += 1
        return self.keep(self.matching.on_trade(Trade(instrument.id, price, size, Aggressor(by), self.now, self.now)))

    def phase(self, phase: Phase, market: str = "XKRX", instrument: InstrumentId | None = None) -> list[object]:
        self.now += 1
        event = PhaseChanged(ts=self.now, market=market, instrument=instrument, phase=phase)
        return self.keep(self.matching.on_phase(event))

    def replace(self, id: ClientOrderId, **terms: Decimal) -> list[object]:
        working = next(o for o in self.matching.orders() if o.id == id)
        wish = Requested(kind=RequestKind.REPLACE, phase=RequestPhase.SENDING, **terms)
        changed = msgspec.structs.replace(order(working.request), requested=wish)
        return self.keep(self.matching.replace(changed, self.now))

    def fills(self, id: ClientOrderId) -> list[Fill]:
        return [e.fill for e in self.log if isinstance(e, OrderFilled) and e.fill.client_order_id == id]

    def filled(self, id: ClientOrderId) -> list[tuple[Decimal, Decimal]]:
        return [(fill.quantity, fill.price) for fill in self.fills(id)]

    def ends(self, id: ClientOrderId) -> list[str]:
        ends = (OrderCanceled, OrderExpired, OrderRejected)
        return [type(e).__name__ for e in self.log if isinstance(e, ends) and e.client_order_id == id]

    def code(self, id: ClientOrderId) -> str:
        return next((e.code for e in self.log if isinstance(e, OrderRejected) and e.client_order_id == id), "")

    def available(self, currency: str = "KRW") -> Decimal:
        return self.matching.cash.available(MAIN, Currency(currency))

    def total(self, currency: str = "KRW") -> Decimal:
        return self.matching.cash.total(MAIN, Currency(currency))

    def held(self, instrument: Instrument = SAMSUNG) -> Decimal:
        return self.matching.cash.quantity(MAIN, instrument.id)


def order(request: OrderRequest) -> Order:
    return Order(
        request=request,
        status=OrderStatus.SENDING,
        quantity=request.quantity,
        limit_price=request.limit_price,
        stop_price=request.stop_price,
        created=0,
        updated=0,
    )


@pytest.fixture
def venue() -> Venue:
    venue = Venue()
    venue.quote(70_000, 50, 70_100, 30)
    return venue


def test_a_marketable_limit_takes_the_better_price_shown(venue: Venue) -> None:
    id = venue.send("buy", "10", "70500")
    assert venue.filled(id) == [(D(10), D(70_100))]
    assert venue.fills(id)[0].liquidity is Liquidity.TAKER
    accepted = venue.log[0]
    assert isinstance(accepted, OrderAccepted) and venue.fills(id)[0].ref == accepted.ref


def test_it_takes_no_more_than_is_shown_until_the_level_is_refreshed(venue: Venue) -> None:
    id = venue.send("buy", "100", "70100")
    assert venue.filled(id) == [(D(30), D(70_100))]
    venue.quote(70_000, 60, 70_100, 30)
    assert len(venue.filled(id)) == 1, "the same size at the same price is what we took already"
    second = venue.send("buy", "5", "70100")
    assert venue.filled(second) == [], "another order of ours finds the level empty too"
    venue.quote(70_000, 60, 70_100, 25)
    assert venue.filled(id) == [(D(30), D(70_100)), (D(25), D(70_100))]


def test_a_level_that_went_and_came_back_is_whole_even_with_the_old_size(venue: Venue) -> None:
    venue.send("buy", "30", "70100")
    venue.quote(70_000, 50, 70_100, 29)
    venue.quote(70_000, 50, 70_100, 30)
    again = venue.send("buy", "30", "70100")
    assert venue.filled(again) == [(D(30), D(70_100))]
    venue.quote(70_000, 50, 70_200, 9)
    venue.quote(70_000, 50, 70_100, 30)
    assert venue.filled(venue.send("buy", "1", "70100")) == [(D(1), D(70_100))]


def test_a_market_order_walks_the_book_and_waits_for_more(venue: Venue) -> None:
    venue.book([(70_000, 50)], [(70_100, 30), (70_200, 20)])
    id = venue.send("buy", "60")
    assert venue.filled(id) == [(D(30), D(70_100)), (D(20), D(70_200))]
    venue.quote(70_100, 50, 70_300, 99)
    assert venue.filled(id)[-1] == (D(10), D(70_300))


def test_a_resting_order_waits_for_the_queue_before_it(venue: Venue) -> None:
    id = venue.send("buy", "10", "70000")
    venue.trade(70_000, 30)
    assert venue.filled(id) == [], "50 were ahead"
    venue.quote(70_000, 15, 70_100, 30)
    venue.trade(70_000, 12)
    assert venue.filled(id) == [], "the display shrank to 15, the trade ate 12 of them"
    venue.trade(70_000, 8, by="buy")
    assert venue.filled(id) == [], "somebody lifted the other side"
    venue.trade(70_000, 8)
    assert venue.filled(id) == [(D(5), D(70_000))]
    assert venue.fills(id)[0].liquidity is Liquidity.MAKER


def test_a_better_price_than_the_best_has_nobody_ahead(venue: Venue) -> None:
    venue.quote(70_000, 50, 70_300, 30)
    id = venue.send("buy", "10", "70100")
    venue.trade(70_100, 4)
    assert venue.filled(id) == [(D(4), D(70_100))]


def test_our_orders_share_one_print(venue: Venue) -> None:
    venue.quote(70_000, 50, 70_300, 30)
    first, second = venue.send("buy", "10", "70200"), venue.send("buy", "10", "70100")
    venue.trade(70_100, 15)
    assert venue.filled(first) == [(D(10), D(70_200))]
    assert venue.filled(second) == [(D(5), D(70_100))]


def test_a_price_beyond_sight_learns_its_queue_when_it_comes_into_view(venue: Venue) -> None:
    id = venue.send("buy", "10", "69500")
    venue.trade(69_500, 1000)
    assert venue.filled(id) == [], "who queued there is not known, so nothing is assumed in our favour"
    venue.quote(69_500, 40, 69_600, 10)
    venue.trade(69_500, 45)
    assert venue.filled(id) == [(D(5), D(69_500))]


def test_a_quote_through_a_resting_price_fills_all_of_it_at_its_limit(venue: Venue) -> None:
    id = venue.send("buy", "100", "70000")
    venue.quote(69_800, 5, 69_900, 5)
    assert venue.filled(id) == [(D(100), D(70_000))]


def test_a_touch_of_the_other_side_fills_what_it_shows(venue: Venue) -> None:
    id = venue.send("sell", "5", "70000")
    assert venue.code(id) == "insufficient_holding"
    buy = venue.send("buy", "20", "70000")
    venue.quote(69_900, 5, 70_000, 12)
    assert venue.filled(buy) == [(D(12), D(70_000))]


@pytest.mark.parametrize(
    ("terms", "filled", "ends"),
    [
        ({"time_in_force": TimeInForce.IOC}, 30, ["OrderCanceled"]),
        ({"time_in_force": TimeInForce.FOK}, 0, ["OrderCanceled"]),
        ({"time_in_force": TimeInForce.DAY}, 30, []),
    ],
)
def test_time_in_force_of_a_taking_order(venue: Venue, terms: dict[str, object], filled: int, ends: list[str]) -> None:
    id = venue.send("buy", "40", "70100", **terms)
    assert sum(quantity for quantity, _ in venue.filled(id)) == filled
    assert venue.ends(id) == ends


def test_fill_or_kill_fills_whole_over_several_levels(venue: Venue) -> None:
    venue.book([(70_000, 50)], [(70_100, 30), (70_200, 20)])
    id = venue.send("buy", "50", "70200", time_in_force=TimeInForce.FOK)
    assert sum(quantity for quantity, _ in venue.filled(id)) == 50


def test_post_only_is_rejected_where_it_would_take_and_rests_where_not(venue: Venue) -> None:
    assert venue.code(venue.send("buy", "1", "70100", post_only=True)) == "post_only_would_take"
    resting = venue.send("buy", "1", "70000", post_only=True)
    assert venue.ends(resting) == []


def test_a_stop_waits_for_a_trade_at_its_price(venue: Venue) -> None:
    venue.send("buy", "10")
    stop = venue.send("sell", "10", type=OrderType.STOP, stop_price=D(69_500))
    venue.trade(69_600, 1)
    venue.quote(69_400, 99, 69_500, 99)
    assert venue.filled(stop) == [], "quotes do not trigger while there are trades"
    venue.trade(69_500, 1)
    assert venue.filled(stop) == [(D(10), D(69_400))]


def test_a_stop_limit_rests_at_its_limit_once_triggered(venue: Venue) -> None:
    venue.send("buy", "10")
    stop = venue.send("sell", "10", "69500", type=OrderType.STOP_LIMIT, stop_price=D(69_600))
    venue.quote(69_300, 99, 69_400, 99)
    venue.trade(69_400, 1)
    assert venue.filled(stop) == []
    venue.quote(69_600, 99, 69_700, 99)
    assert venue.filled(stop) == [(D(10), D(69_500))]


def test_without_trades_a_quote_triggers_a_stop() -> None:
    venue = Venue()
    venue.quote(70_000, 50, 70_100, 30)
    id = venue.send("buy", "5", type=OrderType.STOP, stop_price=D(70_300))
    venue.quote(70_200, 50, 70_300, 30)
    assert venue.filled(id) == [(D(5), D(70_300))]


def test_a_trailing_stop_follows_the_best_price(venue: Venue) -> None:
    venue.trade(70_000, 1)
    venue.send("buy", "10")
    id = venue.send("sell", "10", type=OrderType.TRAILING, trail=D(500))
    for price in (70_400, 71_000, 70_600):
        venue.trade(price, 1)
    assert venue.filled(id) == []
    venue.quote(70_400, 99, 70_500, 99)
    venue.trade(70_500, 1)
    assert venue.filled(id) == [(D(10), D(70_400))]


@pytest.mark.parametrize(
    ("side", "limit", "is_filled"),
    [("buy", "70400", True), ("buy", "70300", False), ("sell", "70400", True), ("sell", "70500", False)],
)
def test_limit_on_close_fills_at_the_closing_price_or_not_at_all(
    venue: Venue, side: str, limit: str, is_filled: bool
) -> None:
    venue.send("buy", "10")
    id = venue.send(side, "10", limit, type=OrderType.LOC)
    venue.trade(70_300, 1000)
    venue.trade(70_500, 1000)
    assert venue.filled(id) == [], "nothing of it trades before the close"
    venue.phase(Phase.AUCTION)
    venue.trade(70_400, 1000, by="none")
    venue.phase(Phase.CLOSED)
    assert venue.filled(id) == ([(D(10), D(70_400))] if is_filled else [])
    assert venue.ends(id) == ([] if is_filled else ["OrderExpired"])


def test_orders_for_the_opening_fill_at_the_first_print_or_are_over(venue: Venue) -> None:
    opg = {"time_in_force": TimeInForce.OPG}
    early = venue.send("buy", "1", "70400", **opg)
    assert venue.ends(early) == ["OrderRejected"], "the market is open"
    venue.phase(Phase.AUCTION)
    assert venue.ends(venue.send("buy", "1", "70400", **opg)) == ["OrderRejected"], "that one closes the day"
    venue.phase(Phase.CLOSED)
    market, good, poor = (
        venue.send("buy", "2", **opg),
        venue.send("buy", "3", "70400", **opg),
        venue.send("buy", "4", "70300", **opg),
    )
    venue.phase(Phase.OPEN)
    assert venue.ends(venue.send("buy", "1", "70400", **opg)) == ["OrderRejected"]
    venue.trade(70_400, 1, by="none")
    assert venue.filled(market) == [(D(2), D(70_400))] and venue.filled(good) == [(D(3), D(70_400))]
    assert venue.filled(poor) == [] and venue.ends(poor) == ["OrderExpired"]


def test_an_opening_auction_of_its_own_fills_at_its_print(venue: Venue) -> None:
    venue.phase(Phase.CLOSED)
    id = venue.send("buy", "2", "70500", time_in_force=TimeInForce.OPG)
    venue.phase(Phase.AUCTION)
    late = venue.send("buy", "1", time_in_force=TimeInForce.OPG)
    venue.trade(70_400, 5, by="none")
    assert venue.filled(id) == [(D(2), D(70_400))]
    assert venue.filled(late) == [(D(1), D(70_400))]


def test_an_order_for_the_opening_can_be_changed_and_canceled(venue: Venue) -> None:
    venue.phase(Phase.CLOSED)
    id, gone = (venue.send("buy", "2", "70300", time_in_force=TimeInForce.OPG) for _ in range(2))
    venue.replace(id, limit_price=D(70_400))
    venue.keep(venue.matching.cancel(gone, venue.now))
    venue.phase(Phase.OPEN)
    venue.trade(70_400, 5, by="none")
    assert venue.filled(id) == [(D(2), D(70_400))]
    assert venue.ends(gone) == ["OrderCanceled"]


def test_market_on_close_fills_at_the_closing_price_and_day_orders_expire(venue: Venue) -> None:
    moc = venue.send("buy", "10", type=OrderType.MOC)
    day = venue.send("buy", "1", "69000")
    kept = venue.send("buy", "1", "69100", time_in_force=TimeInForce.GTC)
    venue.phase(Phase.AUCTION)
    venue.trade(70_400, 1000, by="none")
    assert venue.filled(moc) == []
    venue.phase(Phase.CLOSED)
    assert venue.filled(moc) == [(D(10), D(70_400))]
    assert venue.ends(day) == ["OrderExpired"]
    assert venue.ends(kept) == []
    venue.phase(Phase.OPEN)
    venue.quote(68_900, 5, 69_000, 5)
    assert venue.filled(kept) == [(D(1), D(69_000))]


def test_a_call_auction_fills_what_is_good_enough_at_its_one_price(venue: Venue) -> None:
    venue.phase(Phase.VI, instrument=SAMSUNG.id)
    better, worse = venue.send("buy", "10", "70500"), venue.send("buy", "10", "70000")
    assert venue.code(venue.send("buy", "1", "70500", time_in_force=TimeInForce.IOC)) == "auction_time_in_force"
    venue.quote(70_200, 99, 70_300, 99)
    assert venue.filled(better) == [], "nothing is matched while the call collects"
    venue.trade(70_300, 500, by="none")
    assert venue.filled(better) == [(D(10), D(70_300))]
    assert venue.filled(worse) == []


def test_the_size_of_an_auction_is_shared_by_our_orders(venue: Venue) -> None:
    venue.phase(Phase.VI, instrument=SAMSUNG.id)
    first, second = venue.send("buy", "10", "70500"), venue.send("buy", "10", "70400")
    venue.trade(70_300, 14, by="none")
    assert venue.filled(first) == [(D(10), D(70_300))]
    assert venue.filled(second) == [(D(4), D(70_300))]


@pytest.mark.parametrize(
    ("make", "code"),
    [
        (lambda v: v.send("buy", "1", "70050"), "price_off_tick"),
        (lambda v: v.send("buy", "1", "91100"), "price_out_of_limits"),
        (lambda v: v.send("buy", "1.5", "70000"), "quantity_off_lot"),
        (lambda v: v.send("buy", "1000", "70000"), "insufficient_funds"),
        (lambda v: v.send("sell", "1", "70000"), "insufficient_holding"),
        (lambda v: v.send("buy", "0.00001", "100000000", instrument=BITCOIN), "below_minimum_value"),
        (lambda v: v.send("buy", "0.001", type=OrderType.MOC, instrument=BITCOIN), "no_closing_auction"),
        (
            lambda v: v.send("buy", "0.001", "100000000", type=OrderType.LOC, instrument=BITCOIN),
            "no_closing_auction",
        ),
        (
            lambda v: v.send("buy", "0.001", time_in_force=TimeInForce.OPG, instrument=BITCOIN),
            "no_opening_auction",
        ),
        (lambda v: v.send("buy", "1", time_in_force=TimeInForce.OPG), "opening_over"),
    ],
)
def test_what_the_venue_refuses(venue: Venue, make: Callable[[Venue], ClientOrderId], code: str) -> None:
    before = venue.available()
    id = make(venue)
    assert venue.code(id) == code
    assert venue.available() == before
    assert not any(isinstance(e, OrderAccepted) and e.client_order_id == id for e in venue.log)


def test_the_highest_price_of_the_day_is_allowed(venue: Venue) -> None:
    assert venue.ends(venue.send("buy", "1", "91000")) == []


def test_closed_and_halted_markets_refuse_at_krx_and_queue_in_the_us(venue: Venue) -> None:
    venue.phase(Phase.CLOSED)
    assert venue.code(venue.send("buy", "1", "70000")) == "market_closed"
    venue.phase(Phase.OPEN)
    venue.phase(Phase.HALTED, instrument=SAMSUNG.id)
    assert venue.code(venue.send("buy", "1", "70000")) == "instrument_halted"
    venue.phase(Phase.CLOSED, market="XNAS")
    id = venue.send("buy", "1", "200", instrument=APPLE)
    assert venue.ends(id) == []
    venue.phase(Phase.OPEN, market="XNAS")
    venue.quote(198.98, 5, 199.01, 5, APPLE)
    assert venue.filled(id) == [(D(1), D("199.01"))]


def test_a_repeated_id_is_refused_and_the_first_order_stands(venue: Venue) -> None:
    id = venue.send("buy", "1", "70000")
    venue.count -= 1
    assert venue.send("buy", "1", "70000") == id
    assert venue.code(id) == "duplicate_order"
    assert [o.end for o in venue.matching.orders()] == [""]


def test_cash_is_reserved_by_an_order_and_freed_by_its_cancel(venue: Venue) -> None:
    before = venue.available()
    id = venue.send("buy", "10", "70000")
    assert venue.available() == before - 700_000 - 98
    assert venue.total() == before
    venue.keep(venue.matching.cancel(id, venue.now))
    assert venue.available() == before
    last = venue.log[-1]
    assert isinstance(last, BalanceChanged) and last.available == before


def test_a_round_trip_costs_the_spread_the_fees_and_the_tax(venue: Venue) -> None:
    venue.send("buy", "10")
    assert venue.total() == 10_000_000 - 701_000 - 98
    sell = venue.send("sell", "10", "70000")
    fill = venue.fills(sell)[0]
    assert (fill.fee, fill.tax) == (D(98), D(350 + 1050))
    assert venue.total() == 10_000_000 - 701_000 - 98 + 700_000 - 98 - 1400
    assert venue.held() == 0
    assert venue.available() == venue.total()


def test_an_order_in_many_fills_costs_what_it_costs_in_one() -> None:
    whole, parts = Venue(), Venue()
    whole.quote(199.98, 500, 200.0, 500, APPLE)
    whole.send("buy", "30", "200", instrument=APPLE)
    parts.quote(199.98, 500, 200.0, 1, APPLE)
    id = parts.send("buy", "30", "200", instrument=APPLE)
    for size in (2, 3, 4, 5, 6, 7, 8):
        parts.quote(199.98, 500, 200.0, size, APPLE)
    assert len(parts.fills(id)) > 5
    assert parts.total("USD") == whole.total("USD") == D(10_000) - 6000 - 1
    assert len({fill.fill_id for fill in parts.fills(id)}) == len(parts.fills(id))


def test_selling_short_locks_the_proceeds_and_covering_frees_them() -> None:
    venue = Venue()
    venue.quote(200.0, 500, 200.02, 500, APPLE)
    venue.send("sell", "40", "200", instrument=APPLE)
    assert venue.held(APPLE) == -40
    assert venue.available("USD") < D(10_000) - 4000
    refused = venue.send("sell", "70", "200", instrument=APPLE)
    assert venue.code(refused) == "insufficient_funds"
    cover = venue.send("buy", "40", "200.02", instrument=APPLE)
    assert venue.filled(cover) == [(D(40), D("200.02"))]
    assert venue.held(APPLE) == 0
    assert venue.available("USD") == venue.total("USD")


def test_two_sells_cannot_offer_the_same_holding(venue: Venue) -> None:
    venue.send("buy", "10")
    venue.send("sell", "7", "70300")
    assert venue.code(venue.send("sell", "4", "70300")) == "insufficient_holding"
    assert venue.ends(venue.send("sell", "3", "70300")) == []


def test_reduce_only_never_turns_a_position() -> None:
    venue = Venue()
    venue.quote(200.0, 500, 200.02, 500, APPLE)
    venue.send("buy", "5", "200.02", instrument=APPLE)
    id = venue.send("sell", "8", "200", instrument=APPLE, reduce_only=True)
    assert venue.filled(id) == [(D(5), D(200))]
    assert venue.ends(id) == ["OrderCanceled"]
    assert venue.held(APPLE) == 0


def test_replacing_with_less_keeps_the_place_in_the_queue_and_a_new_price_does_not(venue: Venue) -> None:
    kept, moved = venue.send("buy", "10", "70000"), venue.send("buy", "10", "69900")
    venue.trade(70_000, 50)
    venue.replace(kept, quantity=D(4))
    venue.replace(moved, limit_price=D(70_000))
    venue.trade(70_000, 6)
    assert venue.filled(kept) == [(D(4), D(70_000))]
    assert venue.filled(moved) == [], "it joined behind the 50 that are shown"
    replaced = [e for e in venue.log if isinstance(e, OrderReplaced)]
    assert [(e.quantity, e.limit_price) for e in replaced] == [(D(4), D(70_000)), (D(10), D(70_000))]


def test_a_replace_that_cannot_be_is_refused_and_changes_nothing(venue: Venue) -> None:
    id = venue.send("buy", "40", "70100")
    before = venue.available()
    for terms in ({"quantity": D(30)}, {"limit_price": D(70_050)}, {"quantity": D(1000)}):
        last = venue.replace(id, **terms)[-1]
        assert isinstance(last, OrderRequested) and last.requested.phase is RequestPhase.REFUSED
    assert venue.available() == before
    venue.keep(venue.matching.cancel(id, venue.now))
    late = venue.matching.cancel(id, venue.now)[0]
    assert isinstance(late, OrderRequested) and "canceled already" in late.requested.text


def test_a_replace_while_trading_is_halted_leaves_the_order_as_it_was(venue: Venue) -> None:
    id = venue.send("buy", "10", "70000")
    venue.phase(Phase.HALTED, instrument=SAMSUNG.id)
    last = venue.replace(id, limit_price=D(69_900))[-1]
    assert isinstance(last, OrderRequested) and "halted" in last.requested.text
    venue.phase(Phase.OPEN, instrument=SAMSUNG.id)
    venue.quote(69_800, 5, 69_900, 5)
    assert venue.filled(id) == [(D(10), D(70_000))]


def test_an_order_that_arrives_in_an_auction_it_was_not_made_for_is_rejected() -> None:
    venue = Venue(latency_ns=10)
    venue.quote(70_000, 50, 70_100, 30)
    id = venue.send("buy", "10", "70100", time_in_force=TimeInForce.IOC)
    venue.phase(Phase.AUCTION)
    venue.keep(venue.matching.advance(venue.now + 10))
    assert venue.code(id) == "auction_time_in_force"
    assert venue.available() == venue.total()


def test_latency_is_spent_before_an_order_counts() -> None:
    venue = Venue(latency_ns=10)
    venue.quote(70_000, 50, 70_100, 30)
    id = venue.send("buy", "10", "70100")
    assert isinstance(venue.log[-2], OrderAccepted) and venue.filled(id) == []
    assert venue.available() < venue.total(), "its cash is set aside at once"
    venue.quote(70_200, 50, 70_300, 30)
    assert venue.matching.next_arrival == 11
    venue.now = 10
    venue.quote(70_000, 50, 70_100, 30)
    assert venue.filled(id) == [(D(10), D(70_100))]
    resting = venue.send("buy", "1", "69900")
    venue.keep(venue.matching.cancel(resting, venue.now))
    assert venue.ends(resting) == []
    venue.keep(venue.matching.advance(venue.now + 10))
    assert venue.ends(resting) == ["OrderCanceled"]


def test_a_stop_buy_is_never_filled_beyond_the_cash_it_has() -> None:
    venue = Venue(cash="1000000")
    venue.quote(70_000, 50, 70_100, 50)
    venue.trade(70_000, 1)
    id = venue.send("buy", "13", type=OrderType.STOP, stop_price=D(71_000))
    venue.quote(85_000, 99, 85_100, 99)
    venue.trade(85_100, 1)
    assert venue.filled(id) == [(D(11), D(85_100))]
    assert venue.ends(id) == ["OrderCanceled"]
    assert venue.total() >= 0
