"""Whatever is asked and whatever the market does: no order gets more than it asked for or a worse price than it
allowed, and every won is where the fills say it is. The events are folded through the real State, which knows the
table of legal steps."""

from __future__ import annotations

from collections import defaultdict
from decimal import Decimal

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from core.backtest.matching import Matching
from core.domain.account import Account, Balance, Mode
from core.domain.events import (
    AccountListed,
    BalanceChanged,
    InstrumentListed,
    OrderAccepted,
    OrderFilled,
    OrderRejected,
    OrderReplaced,
    OrderSending,
    OrderStaged,
    PhaseChanged,
)
from core.domain.ids import AccountId, ClientOrderId, InstrumentId, derived_client_order_id
from core.domain.instrument import Currency, Instrument, Kind, fixed_tick
from core.domain.market import Aggressor, OrderBook, Phase, Quote, Trade
from core.domain.order import (
    LIMITED,
    ON_CLOSE,
    STOPS,
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
from core.trading.state import State

D = Decimal
MAIN = AccountId("paper:main")
USD = Currency("USD")
CASH = D(200_000)
STOCK = Instrument(
    id=InstrumentId("XNAS:AAA"),
    name="A",
    kind=Kind.STOCK,
    currency=USD,
    ticks=fixed_tick("1"),
    can_short=True,
    previous_close=D(100),
)
LONG_ONLY = msgspec.structs.replace(STOCK, id=InstrumentId("XKRX:BBB"), can_short=False)
BOTH = {STOCK.id: STOCK, LONG_ONLY.id: LONG_ONLY}

instruments = st.sampled_from([STOCK.id, LONG_ONLY.id])
prices = st.integers(90, 110)
sizes = st.integers(1, 60)
quotes = st.tuples(st.just("quote"), instruments, prices, sizes, st.integers(1, 3), sizes)
books = st.tuples(st.just("book"), instruments, prices, st.lists(sizes, min_size=2, max_size=4), st.integers(1, 3))
trades = st.tuples(st.just("trade"), instruments, prices, sizes, st.sampled_from(Aggressor))
submits = st.tuples(
    st.just("submit"),
    instruments,
    st.sampled_from(Side),
    st.sampled_from(OrderType),
    st.sampled_from(TimeInForce),
    st.integers(1, 300),
    prices,
    prices,
    st.sampled_from(["", "", "", "post_only", "reduce_only"]),
)
asks = st.tuples(st.sampled_from(["cancel", "replace"]), st.integers(0, 30), st.integers(1, 300), prices)
phases = st.tuples(st.just("phase"), st.sampled_from(["XNAS", "XKRX"]), st.sampled_from(Phase))
scripts = st.lists(st.one_of(quotes, quotes, trades, submits, submits, asks, books, phases), max_size=60)


class Run:
    """Plays a script, folds its events and keeps what the checks need."""

    def __init__(self, latency: int) -> None:
        cash = Balance(currency=USD, total=CASH, available=CASH)
        self.matching = Matching(BOTH.values(), {MAIN: [cash]}, latency_ns=latency)
        self.state = State(USD)
        account = Account(id=MAIN, mode=Mode.PAPER, base_currency=USD, balances=(cash,))
        self.state.apply(AccountListed(ts=0, account=account))
        for instrument in BOTH.values():
            self.state.apply(InstrumentListed(ts=0, instrument=instrument))
        self.limits: dict[ClientOrderId, set[Decimal]] = defaultdict(set)
        self.fills: list[Fill] = []
        self.now = 0

    def play(self, step: tuple[object, ...]) -> None:
        self.now += 1
        getattr(self, str(step[0]))(*step[1:])

    def fold(self, events: list[object]) -> None:
        for event in events:
            if isinstance(event, OrderReplaced) and event.limit_price is not None:
                self.limits[event.client_order_id].add(event.limit_price)
            if isinstance(event, OrderFilled):
                self.fills.append(event.fill)
                self.check_price(event.fill)
            self.state.apply(event)

    def check_price(self, fill: Fill) -> None:
        allowed = self.limits[fill.client_order_id]
        if allowed:
            worst = max(allowed) if fill.side is Side.BUY else min(allowed)
            assert (fill.price <= worst) if fill.side is Side.BUY else (fill.price >= worst)

    def quote(self, id: InstrumentId, bid: int, bid_size: int, spread: int, ask_size: int) -> None:
        self.fold(
            self.matching.on_quote(
                Quote(id, float(bid), float(bid_size), float(bid + spread), float(ask_size), self.now, self.now)
            )
        )

    def book(self, id: InstrumentId, bid: int, depth: list[int], spread: int) -> None:
        bids = tuple((float(bid - n), float(size)) for n, size in enumerate(depth))
        levels = tuple((float(bid + spread + n), float(size)) for n, size in enumerate(depth))
        self.fold(self.matching.on_book(OrderBook.of(id, bids, levels, self.now, self.now)))

    def trade(self, id: InstrumentId, price: int, size: int, aggressor: Aggressor) -> None:
        self.fold(self.matching.on_trade(Trade(id, float(price), float(size), aggressor, self.now, self.now)))

    def phase(self, market: str, phase: Phase) -> None:
        self.fold(self.matching.on_phase(PhaseChanged(ts=self.now, market=market, phase=phase)))

    def submit(
        self,
        id: InstrumentId,
        side: Side,
        type: OrderType,
        tif: TimeInForce,
        quantity: int,
        limit: int,
        stop: int,
        flag: str,
    ) -> None:
        request = OrderRequest(
            client_order_id=derived_client_order_id("run", str(self.now)),
            account=MAIN,
            instrument=id,
            side=side,
            quantity=D(quantity),
            type=type,
            limit_price=D(limit) if type in LIMITED else None,
            stop_price=D(stop) if type in (OrderType.STOP, OrderType.STOP_LIMIT) else None,
            trail=D(3) if type is OrderType.TRAILING else None,
            time_in_force=tif,
            post_only=flag == "post_only" and type is OrderType.LIMIT and tif in (TimeInForce.DAY, TimeInForce.GTC),
            reduce_only=flag == "reduce_only",
        )
        if request.limit_price is not None:
            self.limits[request.client_order_id].add(request.limit_price)
        self.state.apply(OrderStaged(ts=self.now, request=request))
        self.state.apply(OrderSending(ts=self.now, client_order_id=request.client_order_id))
        order = self.state.orders[request.client_order_id]
        happened = self.matching.submit(order, self.now)
        assert isinstance(happened[0], (OrderAccepted, OrderRejected))
        self.fold(happened)

    def _pick(self, place: int) -> Order | None:
        orders = list(self.state.orders.values())
        return orders[place % len(orders)] if orders else None

    def cancel(self, place: int, quantity: int, price: int) -> None:
        order = self._pick(place)
        if order is not None:
            self.fold(self.matching.cancel(order.id, self.now))

    def replace(self, place: int, quantity: int, price: int) -> None:
        order = self._pick(place)
        if order is None:
            return
        limit = D(price) if order.limit_price is not None else None
        wish = Requested(
            kind=RequestKind.REPLACE, phase=RequestPhase.SENDING, quantity=D(quantity), limit_price=limit, ts=self.now
        )
        self.fold(self.matching.replace(msgspec.structs.replace(order, requested=wish), self.now))

    def check(self) -> None:
        orders = self.state.orders.values()
        assert all(order.filled <= order.quantity or order.status.is_end for order in orders)
        assert self.state.late_fills == 0
        assert len({fill.fill_id for fill in self.fills}) == len(self.fills)
        for working in self.matching.orders():
            mine = self.state.orders[working.id]
            assert (mine.filled, mine.quantity) == (working.filled, working.quantity)
            assert mine.status.is_end == (not working.is_live)
        self.check_money()
        self.check_promises()

    def check_money(self) -> None:
        cash = self.matching.cash
        spent = sum((fill.price * fill.quantity * fill.side.sign + fill.fee + fill.tax for fill in self.fills), D(0))
        assert cash.total(MAIN, USD) == CASH - spent
        assert cash.total(MAIN, USD) >= 0
        for id in BOTH:
            held = sum((f.quantity * f.side.sign for f in self.fills if f.instrument == id), D(0))
            assert cash.quantity(MAIN, id) == held == self.state.position(MAIN, id).quantity
        assert cash.quantity(MAIN, LONG_ONLY.id) >= 0
        told = self.state.balances[(MAIN, USD)]
        assert (told.total, told.available) == (cash.total(MAIN, USD), cash.available(MAIN, USD))
        if not any(working.is_live for working in self.matching.orders()) and cash.quantity(MAIN, STOCK.id) >= 0:
            assert cash.available(MAIN, USD) == cash.total(MAIN, USD)

    def check_promises(self) -> None:
        for order in self.state.orders.values():
            request = order.request
            waits = request.type in STOPS | ON_CLOSE
            if request.time_in_force is TimeInForce.FOK and not waits and order.status is not OrderStatus.OPEN:
                assert order.filled in (0, order.quantity) or "carry" in order.reason or "reduce" in order.reason
            if request.time_in_force in (TimeInForce.IOC, TimeInForce.FOK) and not waits:
                assert order.status.is_end or self.matching.next_arrival is not None


@settings(max_examples=300, deadline=None)
@given(scripts)
def test_an_instant_venue_keeps_its_promises(script: list[tuple[object, ...]]) -> None:
    run = Run(latency=0)
    for step in script:
        run.play(step)
        run.check()
    for market in ("XNAS", "XKRX"):
        run.fold(run.matching.on_close(market, run.now))
    run.check()


@settings(max_examples=150, deadline=None)
@given(scripts, st.integers(1, 5))
def test_a_distant_venue_keeps_them_too(script: list[tuple[object, ...]], latency: int) -> None:
    run = Run(latency)
    for step in script:
        run.play(step)
    run.fold(run.matching.advance(run.now + latency))
    run.check()


@settings(max_examples=100, deadline=None)
@given(st.lists(st.one_of(quotes, submits), max_size=40))
def test_a_display_is_never_taken_twice(script: list[tuple[object, ...]]) -> None:
    """Between two changes of a level, our taking orders get no more than it showed."""
    run = Run(latency=0)
    shown: dict[tuple[InstrumentId, Side, Decimal], Decimal] = {}
    left: dict[tuple[InstrumentId, Side, Decimal], Decimal] = {}
    for step in script:
        if step[0] == "quote":
            _, id, bid, bid_size, spread, ask_size = step
            for side, price, size in ((Side.SELL, bid, bid_size), (Side.BUY, bid + spread, ask_size)):
                place = (id, side, D(price))
                for other in [known for known in shown if known[:2] == place[:2]]:
                    if (other[2] - price) * side.sign < 0:
                        del shown[other]  # better than the best: that level is gone
                if shown.get(place) != size:
                    shown[place] = left[place] = D(size)
        before = len(run.fills)
        run.play(step)
        for fill in run.fills[before:]:
            if fill.liquidity is Liquidity.TAKER:
                place = (fill.instrument, fill.side, fill.price)
                left[place] -= fill.quantity
                assert left[place] >= 0


def test_the_fold_of_balances_is_complete() -> None:
    """A reminder that the properties above look at real events: a plain buy tells its balance."""
    run = Run(latency=0)
    run.play(("quote", STOCK.id, 100, 10, 1, 10))
    run.play(("submit", STOCK.id, Side.BUY, OrderType.LIMIT, TimeInForce.DAY, 5, 101, 100, ""))
    assert len(run.fills) == 1
    assert run.state.balances[(MAIN, USD)].total == CASH - 505 - 1
    assert BalanceChanged.__name__ == "BalanceChanged"
