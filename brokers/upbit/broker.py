"""The Broker port for Upbit: joins the market line, an account per key, quotations and listings. It parses nothing."""

from __future__ import annotations

from collections import deque
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import suppress
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any

import msgspec

from brokers.inbox import Teller, merged
from brokers.socket import Closed, Frame, Line, Opened
from brokers.upbit import auth, candles, frames, orders, parse, stream, wire
from brokers.upbit.budget import Block
from brokers.upbit.listing import Listing
from brokers.upbit.pocket import Pocket
from brokers.upbit.prints import Prints
from brokers.upbit.rest import Quotations
from brokers.upbit.settings import NAME, UpbitSettings
from core.domain.account import Account
from core.domain.decimals import exact
from core.domain.errors import AuthFailed, BadMessage, BrokerError, NotConnected, RateLimited, Unsupported
from core.domain.events import Event, FeedChanged, Noticed, PhaseChanged
from core.domain.ids import AccountId, InstrumentId, account_id, code_of
from core.domain.instrument import Currency, Instrument
from core.domain.market import NS, Freshness, Interval, Phase
from core.domain.order import Order, OrderType, TimeInForce
from core.ports import (
    Absent,
    Accepted,
    Budget,
    Capabilities,
    Clock,
    Coverage,
    Prepared,
    SendPermit,
    Snapshot,
    Subscription,
    Unread,
    VenueOrder,
    heed,
)

DEPTH = 15
"""Levels of a book that is looked at."""
FRESH = 30 * NS
"""An ask that was told longer ago prices no market buy: the line tells of a book when it changes."""
TEND_SECONDS = 0.1
LATE = 2_000
OPEN_NS = 5 * NS


class UpbitBroker:
    name = NAME

    def __init__(self, settings: UpbitSettings, clock: Clock, keys: Mapping[str, auth.Keys]) -> None:
        self.capabilities = Capabilities(
            order_types=frozenset({OrderType.MARKET, OrderType.LIMIT}),
            times_in_force=frozenset({TimeInForce.DAY, TimeInForce.GTC, TimeInForce.IOC, TimeInForce.FOK}),
            can_replace=True,
            can_post_only=True,
            has_client_ids=True,
            book_depth=DEPTH,
            max_subscriptions=settings.max_codes,
            orders_per_second=max(settings.orders_per_second - 2, 1),
            listing_lag_seconds=1.0,
            doors=settings.doors,
            paper=False,
        )
        self._settings = settings
        self._clock = clock
        self.block = Block(clock, Path(settings.state_file).expanduser() if settings.state_file else None)
        self.pockets = {
            account_id(NAME, name): Pocket(account_id(NAME, name), settings, clock, self.block, given)
            for name, given in keys.items()
        }
        self.quotations = Quotations(settings, clock, self.block)
        self.market = stream.MarketLine(settings, clock, self.block)
        self.listing = Listing(settings)
        self._cash = frozenset(settings.cash)
        self._markets = {settings.canary: stream.Market(settings.canary)}
        """By code: those that were asked for at any time."""
        self._topics: frozenset[str] = frozenset()
        self._lines: dict[AccountId, AsyncIterator[Line]] | None = None
        self._late: deque[Event] = deque(maxlen=LATE)
        self.prints = Prints(clock)
        self._decode = frames.AT_ONCE[settings.stream_format]
        self._second = frames.SECOND[settings.stream_format]
        takers: dict[type, Callable[[Any, Frame], Sequence[Event]]] = {
            wire.OrderBook: self._booked,
            wire.TickerState: self._ticked,
            wire.Trade: self.prints.came,
            wire.Failure: partial(self._failed, "market"),
        }
        self._takers = {kind: takers[plain] for kind, plain in frames.PLAIN.items() if plain in takers}
        """What each kind of message on the market line becomes; of others nothing does."""
        self._is_reopened = self._is_filling = False
        """The market line stands again, and when its first data shows that it is heard, what it missed is asked for."""
        self.unreadable = 0

    # --- the lines ------------------------------------------------------------------------------------------------

    async def connect(self) -> None:
        """The private lines stand before anything is read, so that nothing falls between. Without keys there is none,
        and the venue is asked for its markets instead."""
        await self._drop()
        if self.block.seconds > 0:
            text = f"upbit shut us out until {self.block.until_text} UTC: nothing is asked before"
            raise RateLimited(NAME, text, self.block.seconds)
        self._late.clear()
        for market in self._markets.values():
            market.best = None
        self.prints.lost()
        self._is_reopened = self._is_filling = False
        before, self.quotations = self.quotations, Quotations(self._settings, self._clock, self.block)
        self.quotations.goes_on_from(before)
        self.market = stream.MarketLine(self._settings, self._clock, self.block)
        await self.market.want(self._topics)
        self._lines = {}
        try:
            for account, pocket in self.pockets.items():
                pocket.renew()
                self._lines[account] = await self._open(pocket)
            if not self.pockets:
                await self.quotations.ticker((self._settings.canary,))
        except BaseException:
            await self._drop()
            raise

    async def _open(self, pocket: Pocket) -> AsyncIterator[Line]:
        """Until the venue answers the PING behind the subscription: from then on nothing of ours is missed. What came
        before that is told by `events`."""
        lines = pocket.line.lines()
        since = self._clock.monotonic()
        while True:
            match item := await anext(lines):
                case Opened():
                    await pocket.line.want(frozenset({"private"}))
                case Closed() if pocket.line.losses > 1:
                    raise NotConnected(NAME, f"upbit: the private stream does not open ({item.text})")
                case Frame() if stream.is_up(item.data):
                    return lines
                case Frame() if self._clock.monotonic() - since > OPEN_NS or len(self._late) > LATE // 2:
                    self._late.extend(self._told(str(pocket.account), item))
                    return lines  # it talks without end and answers no PING: good enough to be read
                case Frame():
                    self._late.extend(self._told(str(pocket.account), item))

    async def close(self) -> None:
        await self._drop()

    async def _drop(self) -> None:
        lines, self._lines = self._lines, None
        await self.market.socket.close()
        for pocket in self.pockets.values():
            await pocket.line.close()
        for line in (lines or {}).values():
            with suppress(RuntimeError):  # somebody iterates it: closing the socket ends it there
                await line.aclose()  # type: ignore[attr-defined]
        await self.quotations.close()
        for pocket in self.pockets.values():
            await pocket.exchange.close()

    async def subscribe(self, wanted: frozenset[Subscription]) -> None:
        """Of each market the best quote and its state; of what is looked at, the book and every print."""
        mine = {code_of(item.instrument): False for item in wanted if item.instrument.startswith(f"{parse.MARKET}:")}
        mine |= {code_of(item.instrument): True for item in wanted if item.depth and code_of(item.instrument) in mine}
        topics = set()
        for code, is_deep in mine.items():
            topics |= {stream.topic("ticker", code), stream.topic(f"orderbook.{DEPTH if is_deep else 1}", code)}
            topics |= {stream.topic("trade", code)} if is_deep else set()
        for code in mine.keys() - self._markets.keys():
            self._markets[code] = stream.Market(code)
        for code, market in self._markets.items():
            market.is_wanted, market.is_deep = code in mine, mine.get(code, False)
            if not market.is_wanted:
                market.best = None  # it is not told of any more: what was best then says nothing of now
        self._topics = frozenset(topics)
        self.prints.follow(code for code, is_deep in mine.items() if is_deep)
        if self._lines is not None:
            await self.market.want(self._topics)

    # --- events ---------------------------------------------------------------------------------------------------

    async def events(self) -> AsyncIterator[Event]:
        """Until `close`. A private line that breaks ends it: what was missed there is in the next snapshot."""
        if self._lines is None:
            raise NotConnected(NAME, "connect first")
        mine = self._lines
        yield PhaseChanged(ts=self._clock.now(), market=parse.MARKET, phase=Phase.OPEN)
        sources: dict[str, AsyncIterator[Any] | Teller] = {"market": self.market.socket, "late": self._later(mine)}
        sources |= {str(account): lines for account, lines in mine.items()}
        told = merged(sources)
        try:
            async for place, items in told:
                for item in items:
                    if self._lines is not mine:
                        return
                    if item.__class__ is not Frame:
                        found = self._turned(place, item)
                    else:
                        found = self._read(item) if place == "market" else self._told(place, item)
                    for event in found:
                        yield event
        finally:
            await told.aclose()  # type: ignore[attr-defined]

    def _turned(self, place: str, item: Any) -> Sequence[Event]:
        """A line opened or closed, or something was learned beside the lines."""
        if isinstance(item, Opened):
            if place != "market":
                return ()
            self._is_reopened = True
            return () if self.pockets else (FeedChanged(ts=item.received, broker=self.name, is_connected=True),)
        if not isinstance(item, Closed):
            return (item,)
        if place != "market":
            raise NotConnected(NAME, f"upbit: the private stream broke ({item.text})")
        self.prints.lost()
        return self._no_quotes(item)

    def _no_quotes(self, closed: Closed) -> Sequence[Event]:
        """Without an account the market line is all there is; with one its orders go on over another line, and every
        quote that was told is old by now."""
        if not self.pockets:
            return (FeedChanged(ts=closed.received, broker=self.name, is_connected=False, text=closed.text),)
        text = f"upbit: no quotes ({closed.text}); reconnecting"
        old: list[Event] = []
        for market in self._markets.values():
            best, market.best = market.best, None
            if best is not None and market.is_wanted:
                old.append(msgspec.structs.replace(best, freshness=Freshness.STALE))
        return (*old, Noticed(ts=closed.received, level="warning", kind="FEED", text=text))

    async def _later(self, mine: object) -> AsyncIterator[Event]:
        """What is learned by asking: replacements that were not heard of, prints that were missed, and the list of
        markets once a minute."""
        listed_at = self._clock.monotonic()
        while self._lines is mine:
            while self._late:
                yield self._late.popleft()
            await self._clock.sleep(TEND_SECONDS)
            for pocket in self.pockets.values():
                for event in await pocket.tend():
                    yield event
            if self._is_filling:
                self._is_filling = False
                for event in await self.prints.fill(self.quotations):
                    yield event
            if self._clock.monotonic() - listed_at > 60 * NS:
                listed_at = self._clock.monotonic()
                with suppress(BrokerError):
                    for event in await self.listing.refresh(self.quotations, self._clock.now()):
                        yield event

    def _read(self, frame: Frame) -> Sequence[Event]:
        """What the market line says, thousands of times a second: one pass over the bytes, one look-up of what they
        become."""
        try:
            data = frame.data
            is_awaited = self._is_reopened or self.market.socket.missing
            if not is_awaited and data[self._second] == b"i" and self.listing.familiar.knows(data):  # type: ignore[arg-type]
                return ()
            try:
                message = self._decode(data)
            except frames.UNREADABLE:
                message = frames.read_frame(data)
            if is_awaited:
                self._heard(message)
            take = self._takers.get(message.__class__)
            return take(message, frame) if take is not None else ()
        except BadMessage:
            return self._refused(frame)

    def _heard(self, message: wire.Message) -> None:
        """Something comes that was asked for; after a loss it shows that the line is heard again."""
        self.market.came(message)
        if self._is_reopened:
            self._is_reopened, self._is_filling = False, self.prints.has_gap

    def _told(self, place: str, frame: Frame) -> Sequence[Event]:
        """What a private line says."""
        try:
            message = frames.read_frame(frame.data)
            if isinstance(message, wire.MyOrder | wire.MyAsset):
                return self.pockets[AccountId(place)].told(message, frame.received, self._cash)
            return self._failed(place, message, frame) if isinstance(message, wire.Failure) else ()
        except BadMessage:
            return self._refused(frame)

    def _refused(self, frame: Frame) -> list[Event]:
        self.unreadable += 1
        if self.unreadable % 100 != 1:
            return []
        text = f"upbit sent what cannot be read ({self.unreadable} so far)"
        return [Noticed(ts=frame.received, level="warning", kind="FEED", text=text)]

    def _failed(self, place: str, failure: wire.Failure, frame: Frame) -> list[Event]:
        if failure.error.name == "INVALID_AUTH" and place != "market":
            raise AuthFailed(NAME, "upbit does not take the key for its private stream: check it and its rights")
        text = f"upbit: the stream says {stream.error_text(failure)}"
        return [Noticed(ts=frame.received, level="warning", kind="FEED", text=text)]

    def _booked(self, book: wire.OrderBook, frame: Frame) -> Sequence[Event]:
        market = self._markets.get(book.code)
        if market is None:  # nobody asked; that it can be read is looked at all the same
            parse.parse_quote(book, frame.received)
            return ()
        if market.is_deep:
            both = parse.parse_quotes(book, frame.received, DEPTH, market.instrument)
            market.best = both[0]
            return both
        quote = parse.parse_quote(book, frame.received, market.instrument)
        if not market.is_wanted:
            return ()
        market.best = quote
        return (quote,)

    def _ticked(self, ticker: wire.TickerState, frame: Frame) -> Sequence[Event]:
        market = self._markets.get(ticker.code)
        if market is None or not market.is_wanted:
            return ()
        return self.listing.told(ticker, frame.received, frame.data if isinstance(frame.data, bytes) else b"")

    # --- orders ---------------------------------------------------------------------------------------------------

    def prepare(self, order: Order) -> Prepared:
        """Seal the request as it will be written. Raises Unsupported; nothing is sent."""
        pocket = self._traded(order.account)
        sealed = orders.seal(order, self._settings, self._ask(code_of(order.instrument)))
        return pocket.sealed(order.id, msgspec.json.encode(sealed))

    def _ask(self, code: str) -> Decimal | None:
        """The best ask of this moment; None where the line has told of none, or of one that is old."""
        market = self._markets.get(code)
        best = market.best if market is not None else None
        if best is None or not best.ask or abs(self._clock.now() - best.received) > FRESH:
            return None
        return exact(best.ask)

    def _pocket(self, account: AccountId) -> Pocket:
        pocket = self.pockets.get(account)
        if pocket is None:
            raise Unsupported(NAME, f"there is no key for {account}: nothing was sent")
        return pocket

    async def submit(self, prepared: Prepared, permit: SendPermit) -> Accepted:
        pocket = self._traded(prepared.account)
        pocket.exchange.http.endpoint.own(prepared)
        return Accepted(await pocket.submit(prepared, lambda: permit.spend(prepared)))

    async def replace(self, order: Order, stopped: Callable[[], str] = str) -> None:
        pocket = self._traded(order.account)
        market = self._markets.get(code_of(order.instrument))
        orders.check_size(order, market.best if market is not None else None)
        await pocket.replace(order, lambda: heed(stopped, order.account))

    async def cancel(self, order: Order) -> None:
        await self._traded(order.account).cancel(order)

    def _traded(self, id: AccountId) -> Pocket:
        """The account, where more than a look at it is allowed."""
        pocket = self._pocket(id)
        if not self._settings.may_order:
            raise Unsupported(
                NAME, "upbit is only looked at here (mode is not live in [brokers.upbit]): nothing was sent"
            )
        return pocket

    # --- questions ------------------------------------------------------------------------------------------------

    async def accounts(self) -> list[Account]:
        base = Currency(self._settings.cash[0])
        return [
            Account(
                id=account,
                mode=self._settings.money,
                base_currency=base,
                balances=tuple(w.balance for w in await pocket.wallets() if w.currency in self._cash),
            )
            for account, pocket in self.pockets.items()
        ]

    async def snapshot(self, account: AccountId) -> Snapshot:
        if not self.listing.instruments:
            with suppress(BrokerError):
                await self.listing.read(self.quotations)
        return await self._pocket(account).snapshot(self._cash, self.listing)

    def budgets(self) -> tuple[Budget, ...]:
        """The fullest of each kind: of all keys, of all quotations."""
        asked = [pocket.exchange.budgets.limits["default"] for pocket in self.pockets.values()]
        quoted = list(self.quotations.budgets.limits.values())
        return tuple(
            Budget(what=what, used=max(limit.used for limit in limits), limit=limits[0].limit or 0)
            for what, limits in (("account", asked), ("quotations", quoted))
            if limits
        )

    async def find(self, order: Order) -> VenueOrder | Absent | Unread:
        return await self._pocket(order.account).find(order)

    async def instruments(self, search: str = "") -> list[Instrument]:
        """Those whose code or one of the names contains `search`; all for an empty one."""
        await self.listing.read(self.quotations)
        wanted = search.strip().casefold()
        return [
            item
            for item in self.listing.instruments.values()
            if wanted in f"{item.id}\n{item.name}\n{item.name_ko}".casefold()
        ]

    async def bars(self, instrument: InstrumentId, interval: Interval, since: int, until: int) -> Coverage:
        return await candles.read(self.quotations, instrument, interval, since, until, self._clock.now())
