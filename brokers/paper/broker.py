"""The paper broker: the Broker port around the core's matching. Quotes come from the embedded market, from another
broker, or from a driver that plays a tape (`on_market`). Its memory is our journal: see `restore`."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterable, Mapping
from decimal import Decimal
from hashlib import blake2b
from typing import Literal

import msgspec

from brokers.paper.load import LoadMarket
from brokers.paper.market import EmbeddedMarket
from brokers.paper.settings import PaperSettings
from core.backtest.admission import DEFAULT_RULES, RULES
from core.backtest.costs import FREE, TABLES, CostTable
from core.backtest.matching import Matching
from core.backtest.working import Working
from core.domain.account import Account, Balance, Mode
from core.domain.decimals import ZERO
from core.domain.errors import BrokerError, OrderRejected, Unsupported
from core.domain.events import (
    Event,
    FeedChanged,
    InstrumentListed,
    Noticed,
    OrderAccepted,
    OrderExpired,
    OrderFilled,
    PhaseChanged,
    RateChanged,
)
from core.domain.events import OrderRejected as Rejected
from core.domain.ids import AccountId, InstrumentId, VenueRef, account_id
from core.domain.instrument import Instrument
from core.domain.market import NS, Bar, Freshness, Interval, OrderBook, Quote, Trade
from core.domain.order import ON_CLOSE, STOPS, Fill, Liquidity, Order, OrderRequest, OrderStatus, OrderType, TimeInForce
from core.ports import (
    Absent,
    Accepted,
    Broker,
    Budget,
    Budgeted,
    Capabilities,
    Clock,
    Coverage,
    PaperOrder,
    Prepared,
    SendPermit,
    Snapshot,
    Subscription,
    VenueOrder,
    heed,
)

NAME = "paper"
WAKE_SECONDS = 0.05
"""How often the embedded market is let on."""
LONGEST_CATCH_UP = 5 * NS
"""After a longer silence of the process (a suspended laptop) the market goes on from now, without the time between."""
DAY = 86_400 * NS
KEPT = 2_000
"""Ended orders and fills that a listing shows."""
CAPABILITIES = Capabilities(
    order_types=frozenset(OrderType),
    times_in_force=frozenset(TimeInForce) - {TimeInForce.EXT},
    can_replace=True,
    can_short=True,
    can_post_only=True,
    has_client_ids=True,
    book_depth=10,
    invents_past=True,
    is_in_process=True,
    paper=True,
)
_TICKS = (Quote, Trade, OrderBook, Bar)
_HEALTH = (InstrumentListed, PhaseChanged, RateChanged, FeedChanged, Noticed)
_HEARD = frozenset({*_TICKS, *_HEALTH})
WAITING = 2_000
"""Events of a source that wait to be taken, at most."""
_PLACED = frozenset({OrderStatus.OPEN, OrderStatus.FILLED, OrderStatus.CANCELED, OrderStatus.EXPIRED})


class PaperBroker:
    """One venue, some accounts. Single-threaded: everything runs on the loop that calls it."""

    name = NAME
    capabilities = CAPABILITIES

    def __init__(
        self,
        settings: PaperSettings,
        clock: Clock,
        *,
        feed: Literal["embedded", "driver"] | Broker = "embedded",
        instruments: Iterable[Instrument] = (),
    ) -> None:
        """`feed`: the embedded market, another broker that is subscribed and listened to here, or `driver`: somebody
        calls `on_market`. `instruments` are traded besides those the feed lists."""
        self._settings = settings
        self._clock = clock
        self._source = feed if not isinstance(feed, str) else None
        if self._source is not None:
            own = self._source.capabilities
            self.capabilities = msgspec.structs.replace(
                self.capabilities,
                conflates_prints=own.conflates_prints,
                invents_past=own.invents_past,
                max_subscriptions=own.max_subscriptions,
            )
        if not settings.native_stops:
            types = self.capabilities.order_types - STOPS
            self.capabilities = msgspec.structs.replace(self.capabilities, order_types=types)
        self._market: EmbeddedMarket | LoadMarket | None = None
        if feed == "embedded":
            make = LoadMarket if settings.load_symbols else EmbeddedMarket
            self._market = make(settings, clock.now())
        listed = [*instruments, *(self._market.instruments() if self._market else ())]
        self._accounts = [account_id(NAME, name) for name in settings.accounts]
        cash = [
            Balance(currency=currency, total=amount, available=amount) for currency, amount in settings.cash.items()
        ]
        self._matching = Matching(
            listed,
            {account: cash for account in self._accounts},
            costs=_cost_tables(settings),
            latency_ns=round(settings.latency_ms * 1e6 / settings.speed),
        )
        self._on_event = self._matching.on_event
        self._queue: deque[Event] = deque()
        """What happened and was not yet taken. Bounded by our own orders, one wake's worth of market, and WAITING."""
        self._wake = asyncio.Event()
        self._drained = asyncio.Event()
        self._wanted: dict[InstrumentId, bool] = {}
        self._fills: deque[Fill] = deque(maxlen=KEPT)
        self._told: dict[InstrumentId, Quote] = {}
        """The source's newest quotes, as long as its line stands."""
        self._is_connected = False
        self._polled = clock.now()
        self._midnight = (clock.now() // DAY + 1) * DAY

    # --- connection and feed --------------------------------------------------------------------------------------

    async def connect(self) -> None:
        """Open the venue; its instruments, phases and rates are the first events."""
        now = self._clock.now()
        if self._source is not None:
            await self._source.connect()
            await self._list_source(self._source)
        elif self._market is not None:
            for event in self._market.state(now):
                self._matching.on_event(event)
                self._queue.append(event)
        self._is_connected = True
        self._queue.append(FeedChanged(ts=now, broker=self.name, is_connected=True))
        self._wake.set()

    async def _list_source(self, source: Broker) -> None:
        for instrument in await source.instruments():
            self._matching.list(instrument)

    async def close(self) -> None:
        """End `events()`. Working orders stay in the journal and rest again after `restore`."""
        self._is_connected = False
        self._wake.set()
        if self._source is not None:
            await self._source.close()

    async def subscribe(self, wanted: frozenset[Subscription]) -> None:
        """The full set. What is new gets a picture at once."""
        before = self._wanted
        self._wanted = {}
        for subscription in wanted:
            depth = subscription.depth or self._wanted.get(subscription.instrument, False)
            self._wanted[subscription.instrument] = depth
        if self._source is not None:
            await self._source.subscribe(wanted)
        if self._market is not None:
            self._market.depth = frozenset(id for id, depth in self._wanted.items() if depth)
            now = self._clock.now()
            for id in sorted(self._wanted):
                if id not in before or (self._wanted[id] and not before[id]):
                    self._queue.extend(self._market.picture(id, now))
        self._wake.set()

    def events(self) -> AsyncIterator[Event]:
        """Market, private and health events in order, until `close`. One consumer at a time."""
        return self._listening(self._source) if self._source is not None else self._playing()

    async def _playing(self) -> AsyncIterator[Event]:
        while True:
            if self._is_connected:
                self._poll(self._clock.now())
            while self._queue:
                yield self._queue.popleft()
            if not self._is_connected:
                return
            pause = asyncio.ensure_future(self._pause())
            nudge = asyncio.ensure_future(self._wake.wait())
            try:
                await asyncio.wait({pause, nudge}, return_when=asyncio.FIRST_COMPLETED)
            finally:
                pause.cancel()
                nudge.cancel()
            self._wake.clear()

    async def _listening(self, source: Broker) -> AsyncIterator[Event]:
        """The source is heard by a task of its own, which fills the queue: no task is made for an event, and a burst
        of the source is one wake-up here. A queue that is full makes the source wait."""
        feed = source.events()
        pump = asyncio.ensure_future(self._pump(feed))
        pump.add_done_callback(lambda _: self._wake.set())
        try:
            while True:
                self._wake.clear()
                if self._is_connected:
                    self._poll(self._clock.now())
                while self._queue:
                    yield self._queue.popleft()
                self._drained.set()
                if pump.done():
                    pump.result()
                    return
                if not self._is_connected:
                    return
                await self._wake.wait()
        finally:
            pump.cancel()
            await asyncio.wait({pump})
            if isinstance(feed, AsyncGenerator):
                await feed.aclose()

    async def _pump(self, feed: AsyncIterator[Event]) -> None:
        async for event in feed:
            self._hear(event)
            self._wake.set()
            while len(self._queue) >= WAITING:
                self._drained.clear()
                await self._drained.wait()

    async def _pause(self) -> None:
        await self._clock.sleep(WAKE_SECONDS)

    def on_market(self, event: Event) -> None:
        """A driver's event (a tape): run the venue on it. What our orders got is in `take`."""
        kind = event.__class__
        if kind is Quote or kind is Trade or kind is OrderBook:
            now: int = event.received  # type: ignore[union-attr]
            if now >= self._midnight:
                self._roll(now)
            if self._settings.latency_ms:
                self._keep(self._matching.advance(now))
        happened = self._on_event(event)
        if happened:
            self._keep(happened)

    def take(self) -> list[Event]:
        """Everything queued, for a driver that does not listen to `events()`."""
        if not self._queue:
            return []
        taken = list(self._queue)
        self._queue.clear()
        return taken

    def _poll(self, now: int) -> None:
        """Let the embedded market and what is on its way to it come up to `now`."""
        market = self._market
        if market is not None:
            if now - self._polled > LONGEST_CATCH_UP:
                market.skip(now)
            self._polled = now
            for event in market.advance(now):
                if not isinstance(event, _TICKS) or event.instrument in self._wanted:
                    self._queue.append(event)
                self.on_market(event)
        if now >= self._midnight:
            self._roll(now)
        if self._matching.next_arrival is not None:
            self._keep(self._matching.advance(now))

    def _hear(self, event: Event) -> None:
        """An event of the source: the market and its health pass on, its private life does not."""
        if isinstance(event, Quote):
            self._told[event.instrument] = event
        elif event.__class__ not in _HEARD:
            return
        if isinstance(event, FeedChanged) and not event.is_connected:
            self._grow_stale()
        self._queue.append(event)
        self.on_market(event)

    def _grow_stale(self) -> None:
        """The source's line is down: what it told last is known to be old, at once and not only by its age, and nothing
        trades at it."""
        self._matching.go_dark()
        for quote in self._told.values():
            self._queue.append(msgspec.structs.replace(quote, freshness=Freshness.STALE))
        self._told.clear()

    def _roll(self, now: int) -> None:
        """00:00 UTC: markets without a closing auction end their day."""
        midnight = self._midnight
        self._midnight = (now // DAY + 1) * DAY
        for market in sorted({instrument.market for instrument in self._matching.instruments()}):
            if not RULES.get(market, DEFAULT_RULES).has_closing_auction:
                self._keep(self._matching.on_close(market, midnight))

    def _keep(self, happened: list[Event]) -> None:
        """Queue private events, and take from the display what our orders took."""
        for event in happened:
            self._queue.append(event)
            if isinstance(event, OrderFilled):
                fill = event.fill
                self._fills.append(fill)
                if self._market is not None and fill.liquidity is Liquidity.TAKER:
                    price, size = float(fill.price), float(fill.quantity)
                    self._market.consume(fill.instrument, fill.side, price, size, self._clock.now())
        if happened:
            self._wake.set()

    # --- orders ---------------------------------------------------------------------------------------------------

    def prepare(self, order: Order) -> PaperOrder:
        """Seal the request. Raises Unsupported for what this venue does not offer; nothing is sent."""
        request = order.request
        if request.account not in self._accounts:
            raise Unsupported(self.name, f"there is no account {request.account} at this broker")
        if request.type not in self.capabilities.order_types:
            raise Unsupported(self.name, f"this venue takes no {request.type.value} orders")
        if request.time_in_force not in self.capabilities.times_in_force:
            raise Unsupported(self.name, f"this venue takes no {request.time_in_force.value} orders")
        if request.time_in_force is TimeInForce.OPG and request.type not in (OrderType.LIMIT, OrderType.MARKET):
            raise Unsupported(self.name, "the opening auction takes limit and market orders")
        if request.post_only and (request.type is not OrderType.LIMIT or _is_immediate(request)):
            raise Unsupported(self.name, "post-only goes with a day or gtc limit order")
        if request.type in ON_CLOSE and request.time_in_force is not TimeInForce.DAY:
            raise Unsupported(self.name, "an order for the close is a day order")
        body = msgspec.json.encode(request)
        digest = blake2b(body, digest_size=16).hexdigest()
        return PaperOrder(client_order_id=request.client_order_id, account=request.account, digest=digest, body=body)

    async def submit(self, prepared: Prepared, permit: SendPermit) -> Accepted:
        """Hand the order to the venue, once. Raises OrderRejected with the venue's code; fills come as events."""
        if not isinstance(prepared, PaperOrder):
            raise BrokerError(self.name, "an order for real money does not go to the paper venue: nothing was sent")
        permit.spend(prepared)
        request = msgspec.json.decode(prepared.body, type=OrderRequest)
        now = self._clock.now()
        first, *rest = self._matching.submit(_order(request, now), now)
        if isinstance(first, Rejected):
            raise OrderRejected(self.name, first.code, first.text)
        if not isinstance(first, OrderAccepted):
            raise TypeError(f"the venue answered with {type(first).__name__}")
        self._keep(rest)
        return Accepted(first.ref)

    async def cancel(self, order: Order) -> None:
        """Ask for the end of an order; OrderCanceled or OrderRequested(REFUSED) follows as an event."""
        self._keep(self._matching.cancel(order.id, self._clock.now()))

    async def replace(self, order: Order, stopped: Callable[[], str] = str) -> None:
        """Ask for the terms of `order.requested`; OrderReplaced or OrderRequested(REFUSED) follows as an event."""
        heed(stopped, order.account)
        self._keep(self._matching.replace(order, self._clock.now()))

    def restore(
        self,
        orders: Iterable[Order],
        positions: Mapping[tuple[AccountId, InstrumentId], Decimal],
        balances: Mapping[AccountId, Iterable[Balance]],
        now: int,
    ) -> None:
        """Rebuild the venue from our journal, once, before `connect`. OPEN orders rest again; ended ones are only
        remembered, so that their ids are not taken twice; a day order of an earlier day has expired; one that was
        SENDING or UNKNOWN never arrived here."""
        self._matching.cash.set_balances(balances)
        for (account, id), quantity in positions.items():
            if account not in self._accounts:
                continue  # of another broker, or of an account that is no longer configured
            self._matching.cash.set_position(account, id, quantity, self._matching.instrument(id))
        for order in sorted((o for o in orders if o.account in self._accounts), key=lambda order: order.created):
            if order.status is OrderStatus.OPEN and _is_over(order, now):
                self._matching.remember(order.id)
                self._keep([OrderExpired(ts=now, client_order_id=order.id, text="its trading day is over")])
            elif order.status is OrderStatus.OPEN:
                self._keep(self._matching.restore(order, now))
            elif order.status in _PLACED:
                self._matching.remember(order.id)

    # --- questions ------------------------------------------------------------------------------------------------

    def budgets(self) -> tuple[Budget, ...]:
        """Those of the feed: this venue has none."""
        return self._source.budgets() if isinstance(self._source, Budgeted) else ()

    async def accounts(self) -> list[Account]:
        return [
            Account(
                id=account,
                mode=Mode.PAPER,
                base_currency=self._settings.base_currency,
                balances=self._matching.cash.balances(account),
            )
            for account in self._accounts
        ]

    async def snapshot(self, account: AccountId) -> Snapshot:
        """All of it, always complete. Fills and ended orders are the newest of this run: each was told when it came."""
        positions = self._matching.cash.positions
        mine = [order for order in self._matching.orders() if order.request.account == account]
        ended = deque((order for order in mine if not order.is_live), maxlen=KEPT)
        return Snapshot(
            account=account,
            as_of=self._clock.now(),
            orders=tuple(_row(order) for order in (*ended, *(order for order in mine if order.is_live))),
            fills=tuple(fill for fill in self._fills if fill.account == account),
            positions={
                id: held.quantity for (whose, id), held in positions.items() if whose == account and held.quantity
            },
            balances=self._matching.cash.balances(account),
        )

    async def find(self, order: Order) -> VenueOrder | Absent:
        return next((_row(o) for o in self._matching.orders() if o.id == order.id), Absent())

    async def instruments(self, search: str = "") -> list[Instrument]:
        """Those whose id or one of the names contains `search`; all for an empty one. A source is asked once."""
        if self._source is not None and next(iter(self._matching.instruments()), None) is None:
            await self._list_source(self._source)
        wanted = search.strip().casefold()
        return [
            instrument
            for instrument in self._matching.instruments()
            if wanted in f"{instrument.id}\n{instrument.name}\n{instrument.name_ko}".casefold()
        ]

    async def bars(self, instrument: InstrumentId, interval: Interval, since: int, until: int) -> Coverage:
        """From the embedded market's record (and its invented past), or from the source."""
        if self._source is not None:
            return await self._source.bars(instrument, interval, since, until)
        bars = tuple(self._market.bars(instrument, interval, since, until)) if self._market is not None else ()
        start = bars[0].ts if bars else None
        end = bars[-1].ts + interval.ns if bars else None
        is_truncated = start is None or start > since + interval.ns
        return Coverage(bars=bars, start=start, end=end, is_truncated=is_truncated)


def _cost_tables(settings: PaperSettings) -> dict[str, CostTable]:
    """The built-in tables with the user's fee rates in place of their fees; taxes stay."""
    tables = dict(TABLES)
    for market, rate in settings.fee_rates.items():
        plain = {"fee_rate": rate, "fee_per_unit": ZERO, "fee_minimum": ZERO, "fee_ceiling": None}
        touched = [name for name in tables if name == market or name.startswith(f"{market}:")] or [market]
        for name in touched:
            tables[name] = msgspec.structs.replace(tables.get(name, FREE), source="the user's settings", **plain)
    return tables


def _is_over(order: Order, now: int) -> bool:
    """Would an order of an earlier run have ended with its day (00:00 UTC) while nobody ran?"""
    return order.request.time_in_force is not TimeInForce.GTC and order.created < now - now % DAY


def _is_immediate(request: OrderRequest) -> bool:
    return request.time_in_force in (TimeInForce.IOC, TimeInForce.FOK, TimeInForce.OPG)


def _order(request: OrderRequest, now: int) -> Order:
    return Order(
        request=request,
        status=OrderStatus.SENDING,
        quantity=request.quantity,
        limit_price=request.limit_price,
        stop_price=request.stop_price,
        created=now,
        updated=now,
    )


def _row(order: Working) -> VenueOrder:
    return VenueOrder(
        ref=VenueRef(order.ref),
        client_order_id=order.id,
        instrument=order.request.instrument,
        status=order.end or "open",
        filled=order.filled,
        quantity=order.quantity,
        limit_price=order.limit,
        stop_price=order.stop,
        text=order.text,
    )
