"""A broker for the reference venue, in both of its dialects: the shortest complete adapter over brokers/http.py and
brokers/socket.py, and the pattern for a real one. Codes in PROOFS are refusals before acceptance; nothing else is."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import suppress
from decimal import Decimal
from hashlib import blake2b
from typing import Any, Literal
from urllib.parse import urlsplit

import msgspec

from brokers.endpoint import Endpoint
from brokers.http import Ask, Http, Reply
from brokers.inbox import Teller, merged
from brokers.socket import Closed, Frame, Line, Manner, Opened, Socket
from brokers.token import TokenKeeper
from core.domain.account import Account, Balance, Mode
from core.domain.errors import (
    AuthFailed,
    BadMessage,
    BrokerError,
    InvalidValue,
    NotConnected,
    OrderRejected,
    OutcomeUnknown,
    Unsupported,
)
from core.domain.events import (
    BalanceChanged,
    Event,
    Noticed,
    OrderAccepted,
    OrderCanceled,
    OrderExpired,
    OrderFilled,
    OrderReplaced,
    PhaseChanged,
)
from core.domain.events import OrderRejected as Rejected
from core.domain.ids import AccountId, ClientOrderId, FillId, InstrumentId, VenueRef, parse_instrument_id
from core.domain.instrument import Currency, Instrument
from core.domain.market import NS, Bar, Freshness, Interval, OrderBook, Phase, Quote
from core.domain.order import Fill, Order, OrderType, Side, TimeInForce
from core.domain.text import clean
from core.ports import (
    Absent,
    Accepted,
    Capabilities,
    Clock,
    Coverage,
    Door,
    LiveOrder,
    PaperOrder,
    Prepared,
    SendPermit,
    Snapshot,
    Subscription,
    Unread,
    VenueOrder,
    heed,
)
from core.runtime.throttle import Throttle

NAME = "reference"
DEAD_TOKEN = frozenset({"token_expired", "token_revoked"})
PROOFS = DEAD_TOKEN | {
    *("too_many_requests", "duplicated_id", "duplicate_order", "bad_request", "not_your_account", "unknown_account"),
    *("unknown_instrument", "instrument_halted", "market_closed", "no_price", "price_off_tick", "price_out_of_limits"),
    *("quantity_off_lot", "below_minimum_quantity", "below_minimum_value", "insufficient_funds"),
    *(
        "insufficient_holding",
        "post_only_would_take",
        "already_filled",
        "other_order_type",
        "no_such_order",
        "too_late",
    ),
}
"""Codes this venue gives before it takes anything."""
OLDEST_LIST = NS // 2
"""A listing that says it is older than the question for it is not an answer to it."""
HELD_FRAMES = 500
MOST_PAGES = 10_000


class ReferenceSettings(msgspec.Struct, frozen=True, kw_only=True):
    url: str
    key: str
    secret: str
    has_client_ids: bool = True
    mode: Mode = Mode.PAPER
    answer_seconds: float = 2.0
    silence_seconds: float = 1.0

    def __repr__(self) -> str:
        return f"ReferenceSettings({self.url})"


# --- the venue's messages --------------------------------------------------------------------------------------------


class Problem(msgspec.Struct):
    code: str
    text: str


class Failure(msgspec.Struct):
    error: Problem


class Issued(msgspec.Struct):
    token: str
    seconds: float


class Placed(msgspec.Struct):
    ref: str


class Listing(msgspec.Struct):
    as_of: int
    total: int
    rows: list[msgspec.Raw]
    next: str | None


class Rows(msgspec.Struct):
    rows: list[msgspec.Raw]


class AccountRow(msgspec.Struct):
    account: AccountId
    balances: tuple[Balance, ...]


class PositionRow(msgspec.Struct):
    code: str
    quantity: Decimal


class OrderRow(msgspec.Struct, kw_only=True, tag="order", tag_field="type"):
    ref: str
    code: str
    status: Literal["open", "filled", "canceled", "rejected", "expired"]
    filled: Decimal
    quantity: Decimal
    limit_price: Decimal | None
    stop_price: Decimal | None
    text: str
    side: Side | None = None
    order_type: OrderType | None = None
    client_id: ClientOrderId | None = None
    is_replaced: bool = False
    ts: int = 0


class ListedOrder(OrderRow, kw_only=True, tag=False):
    """The same in a listing, where no frame says what it is."""


class FillRow(msgspec.Struct, kw_only=True, tag="fill", tag_field="type"):
    fill_id: FillId
    ref: str
    account: AccountId
    code: str
    side: Side
    quantity: Decimal
    price: Decimal
    fee: Decimal
    tax: Decimal
    currency: Currency
    ts: int
    client_id: ClientOrderId | None = None


class ListedFill(FillRow, kw_only=True, tag=False):
    """As above."""


class BalanceRow(msgspec.Struct, kw_only=True, tag="balance", tag_field="type"):
    account: AccountId
    currency: Currency
    total: Decimal
    available: Decimal
    ts: int


class QuoteRow(msgspec.Struct, kw_only=True, tag="quote", tag_field="type"):
    code: str
    bid: float
    bid_size: float
    ask: float
    ask_size: float
    ts: int


class BookRow(msgspec.Struct, kw_only=True, tag="book", tag_field="type"):
    code: str
    bids: tuple[tuple[float, float], ...]
    asks: tuple[tuple[float, float], ...]
    ts: int


class Ack(msgspec.Struct, tag="ack", tag_field="type"):
    codes: list[str]


class Beat(msgspec.Struct, tag="beat", tag_field="type"):
    """The line's heartbeat: proves the line, never the data."""

    ts: int


class Hello(msgspec.Struct, tag="hello", tag_field="type"):
    phases: dict[str, Phase]


Message = OrderRow | FillRow | BalanceRow | QuoteRow | BookRow | Ack | Beat | Hello
_decode = msgspec.json.Decoder(Message).decode


def is_data(data: str | bytes) -> bool:
    start = data[:40] if isinstance(data, bytes) else data[:40].encode()
    return b'"quote"' in start or b'"book"' in start


# --- the broker ------------------------------------------------------------------------------------------------------


def doors(settings: ReferenceSettings) -> tuple[Door, ...]:
    """One port, and it is of one mode: this venue has no other sign."""
    url = urlsplit(settings.url)
    return (Door(mode=settings.mode, hosts=frozenset({url.hostname or ""}), port=url.port or 80),)


class ReferenceBroker:
    name = NAME

    def __init__(self, settings: ReferenceSettings, clock: Clock) -> None:
        self.capabilities = Capabilities(
            order_types=frozenset({OrderType.MARKET, OrderType.LIMIT}),
            times_in_force=frozenset(TimeInForce),
            can_replace=True,
            can_post_only=True,
            has_client_ids=settings.has_client_ids,
            book_depth=1,
            orders_per_second=40,
            doors=doors(settings),
            paper=False,  # an order may still be on its way when a listing does not show it
        )
        self._settings = settings
        self._kind = LiveOrder if settings.mode is Mode.LIVE else PaperOrder
        self._clock = clock
        self.token = TokenKeeper(clock, self._issue)
        self._http = self._line()
        self._market = self._private = self._socket("market")
        self._private_lines: AsyncIterator[Line] | None = None
        self._wanted: frozenset[str] = frozenset()
        self._ids: dict[str, ClientOrderId] = {}
        """Venue refs of orders that passed through here: frames of the dialect without ids name nothing else."""
        self._submitting = 0
        self._held: deque[OrderRow | FillRow] = deque(maxlen=HELD_FRAMES)
        """Frames of refs that may be the answer to a submit that is on its way."""
        self._quotes: dict[InstrumentId, Quote] = {}
        self._late: deque[Event] = deque(maxlen=HELD_FRAMES)
        self._nudge = asyncio.Event()
        self.unreadable = 0

    # --- the lines ------------------------------------------------------------------------------------------------

    def _line(self) -> Http[Any]:
        limits = {"order": Throttle(self._clock, 50), "list": Throttle(self._clock, 200)}
        endpoint = Endpoint[Any](url=self._settings.url, kind=self._kind, doors=self.capabilities.doors)
        return Http(
            self.name,
            endpoint,
            self._clock,
            sign=self._sign,
            limits=limits,
            answer_seconds=self._settings.answer_seconds,
        )

    def _socket(self, place: str) -> Socket:
        is_market = place == "market"
        return Socket(
            self.name,
            f"{self._settings.url.replace('http', 'ws', 1)}/stream/{place}",
            self._clock,
            asking=lambda new, gone, _: [msgspec.json.encode({"add": sorted(new), "remove": sorted(gone)}).decode()],
            headers=None if is_market else self._bearer,
            refused=lambda: self.token.spoil(self.token.current),
            is_life=(lambda data: not self._wanted or is_data(data)) if is_market else lambda data: True,
            manner=Manner(silence_seconds=self._settings.silence_seconds, ack_seconds=0.3),
        )

    async def _issue(self) -> tuple[str, float]:
        body = msgspec.json.encode({"key": self._settings.key, "secret": self._settings.secret})
        reply = await self._http.ask(Ask(method="POST", path="/token", body=body, group="token"))
        if not reply.is_ok:
            raise AuthFailed(self.name, f"{self.name} gives no token: {self._problem(reply).code}")
        issued = reply.read(self.name, Issued)
        return issued.token, issued.seconds

    async def _bearer(self) -> Mapping[str, str]:
        return {"Authorization": f"Bearer {(await self.token.get()).value}"}

    async def _sign(self, ask: Ask) -> Mapping[str, str]:
        return {} if ask.path == "/token" else await self._bearer()

    def _problem(self, reply: Reply) -> Problem:
        try:
            return reply.read(self.name, Failure).error
        except BadMessage:
            return Problem("unreadable", f"HTTP {reply.status}")

    async def _ask(self, ask: Ask) -> Reply:
        """A call that does no harm twice. A dead token is renewed once."""
        for _ in range(2):
            token = self.token.current
            reply = await self._http.ask(ask)
            if reply.status != 401 or self._problem(reply).code not in DEAD_TOKEN:
                return reply
            self.token.spoil(token or self.token.current)
        raise AuthFailed(self.name, f"{self.name} refuses a new token too")

    async def connect(self) -> None:
        """The private stream stands before anything is read, so that nothing falls between."""
        await self._drop()
        self._http = self._line()
        self._market, self._private = self._socket("market"), self._socket("private")
        await self._market.want(self._wanted)
        await self.token.get()
        lines = self._private.lines()
        self._private_lines = lines
        while not isinstance(first := await anext(lines), Opened):
            if isinstance(first, Closed) and self._private.losses > 1:
                await self._drop()
                raise NotConnected(self.name, f"{self.name}: the private stream does not open ({first.text})")

    async def close(self) -> None:
        await self._drop()

    async def _drop(self) -> None:
        lines, self._private_lines = self._private_lines, None
        self._nudge.set()
        await self._market.close()
        await self._private.close()
        if lines is not None:
            with suppress(RuntimeError):  # somebody iterates it: closing the socket ends it there
                await lines.aclose()  # type: ignore[attr-defined]
        await self._http.close()

    async def subscribe(self, wanted: frozenset[Subscription]) -> None:
        keys = frozenset(f"{item.instrument}+depth" if item.depth else item.instrument for item in wanted)
        self._wanted = keys
        await self._market.want(keys)

    # --- events ---------------------------------------------------------------------------------------------------

    async def events(self) -> AsyncIterator[Event]:
        if self._private_lines is None:
            raise NotConnected(self.name, "connect first")
        private = self._private_lines
        sources: dict[str, AsyncIterator[Any] | Teller] = {
            "market": self._market,
            "private": private,
            "late": self._later(private),
        }
        stream = merged(sources)
        try:
            async for place, items in stream:
                for item in items:
                    if self._private_lines is not private:
                        return
                    if isinstance(item, Frame):
                        for event in self._read(item):
                            yield event
                    elif isinstance(item, Closed):
                        if place == "private":
                            raise NotConnected(self.name, f"{self.name}: the private stream broke ({item.text})")
                        for quote in self._quotes.values():  # whatever they say, it is old by now
                            yield msgspec.structs.replace(quote, freshness=Freshness.STALE)
                        self._quotes.clear()
                        text = f"{self.name}: no quotes ({item.text}); reconnecting"
                        yield Noticed(ts=item.received, level="warning", kind="FEED", text=text)
                    elif not isinstance(item, Opened):
                        yield item
        finally:
            await stream.aclose()  # type: ignore[attr-defined]

    async def _later(self, mine: AsyncIterator[Line]) -> AsyncIterator[Event]:
        """What was held and is known by now, until these lines are dropped."""
        while self._private_lines is mine:
            while self._late:
                yield self._late.popleft()
            self._nudge.clear()
            await self._nudge.wait()

    def _read(self, frame: Frame) -> list[Event]:
        try:
            message = _decode(frame.data)
            return self._events(message, frame.received)
        except (msgspec.MsgspecError, InvalidValue, UnicodeDecodeError):
            self.unreadable += 1
            if self.unreadable % 100 != 1:
                return []
            text = f"{self.name} sent what cannot be read ({self.unreadable} so far)"
            return [Noticed(ts=frame.received, level="warning", kind="FEED", text=text)]

    def _events(self, message: Message, received: int) -> list[Event]:
        match message:
            case QuoteRow():
                self._market.acknowledge((message.code,))
                id = parse_instrument_id(message.code)
                quote = Quote(id, message.bid, message.bid_size, message.ask, message.ask_size, message.ts, received)
                self._quotes[id] = quote
                return [quote]
            case BookRow():
                id = parse_instrument_id(message.code)
                return [OrderBook.of(id, message.bids, message.asks, message.ts, received)]
            case Hello():
                return [PhaseChanged(ts=received, market=name, phase=phase) for name, phase in message.phases.items()]
            case Ack():
                self._market.acknowledge(message.codes)
            case BalanceRow():
                return [
                    BalanceChanged(
                        ts=message.ts,
                        account=message.account,
                        currency=message.currency,
                        total=message.total,
                        available=message.available,
                    )
                ]
            case OrderRow() | FillRow():
                return self._private_event(message)
        return []

    def _private_event(self, row: OrderRow | FillRow) -> list[Event]:
        id = row.client_id or self._ids.get(row.ref)
        if id is None and self._submitting:
            self._held.append(row)
            return []
        if isinstance(row, FillRow):
            return [OrderFilled(ts=row.ts, fill=_fill(row, id))]
        if id is None:
            return []  # somebody else's, or of an earlier life: the next listing tells of it
        ref = VenueRef(row.ref)
        match row.status:
            case "open" if row.is_replaced:
                return [
                    OrderReplaced(
                        ts=row.ts,
                        client_order_id=id,
                        quantity=row.quantity,
                        limit_price=row.limit_price,
                        stop_price=row.stop_price,
                        ref=ref,
                    )
                ]
            case "canceled":
                return [OrderCanceled(ts=row.ts, client_order_id=id, text=clean(row.text))]
            case "expired":
                return [OrderExpired(ts=row.ts, client_order_id=id, text=clean(row.text))]
            case "rejected":
                return [Rejected(ts=row.ts, client_order_id=id, code="", text=clean(row.text))]
        return [OrderAccepted(ts=row.ts, client_order_id=id, ref=ref)]

    def _release(self) -> None:
        """No submit is on its way: what was held belongs to orders known by now, or to somebody else."""
        self._submitting -= 1
        if self._submitting:
            return
        while self._held:
            self._late.extend(self._private_event(self._held.popleft()))
        self._nudge.set()

    # --- orders ---------------------------------------------------------------------------------------------------

    def prepare(self, order: Order) -> Prepared:
        request = order.request
        if request.type not in self.capabilities.order_types:
            raise Unsupported(self.name, f"{self.name} takes no {request.type.value} orders")
        if request.post_only and request.type is not OrderType.LIMIT:
            raise Unsupported(self.name, "post-only goes with a limit order")
        fields: dict[str, Any] = {
            "account": request.account,
            "code": request.instrument,
            "side": request.side,
            "type": request.type,
            "time_in_force": request.time_in_force,
            "quantity": request.quantity,
            "limit_price": request.limit_price,
            "post_only": request.post_only,
        }
        if self.capabilities.has_client_ids:
            fields["client_id"] = request.client_order_id
        return self._sealed(request.client_order_id, request.account, msgspec.json.encode(fields))

    def _sealed(self, id: ClientOrderId, account: AccountId, body: bytes) -> Prepared:
        digest = blake2b(body + id.encode(), digest_size=16).hexdigest()
        return self._kind(client_order_id=id, account=account, digest=digest, body=body)

    async def submit(self, prepared: Prepared, permit: SendPermit) -> Accepted:
        ask = Ask(
            method="POST",
            path="/orders",
            body=prepared.body,
            headers={"X-Intent": prepared.client_order_id},
            group="order",
        )
        self._submitting += 1
        try:
            own = self._http.endpoint.own(prepared)
            reply = await self._http.write(ask, own, lambda: permit.spend(own))
            self._judge(reply)
            try:
                ref = VenueRef(reply.read(self.name, Placed).ref)
            except BadMessage as error:
                raise OutcomeUnknown(self.name, str(error)) from error
            self._ids[ref] = prepared.client_order_id
            return Accepted(ref)
        finally:
            self._release()

    def _judge(self, reply: Reply) -> None:
        """An answer is a refusal only by a code of the table."""
        if reply.is_ok:
            return
        problem = self._problem(reply)
        if problem.code in DEAD_TOKEN:
            self.token.spoil(self.token.current)
        if problem.code in PROOFS:
            raise OrderRejected(self.name, problem.code, clean(problem.text))
        raise OutcomeUnknown(self.name, f"{self.name} answered {problem.code}, which proves nothing")

    async def replace(self, order: Order, stopped: Callable[[], str] = str) -> None:
        wish = order.requested
        if wish is None:
            raise Unsupported(self.name, "nothing is asked for")
        ref = self._ref(order)
        terms = {"quantity": wish.quantity, "limit_price": wish.limit_price, "stop_price": wish.stop_price}
        sealed = self._sealed(order.id, order.account, msgspec.json.encode(terms))
        ask = Ask(method="PUT", path=f"/orders/{ref}", body=sealed.body, group="order", headers={"X-Intent": order.id})
        self._judge(await self._http.write(ask, sealed, lambda: heed(stopped, order.account)))

    async def cancel(self, order: Order) -> None:
        ref = self._ref(order)
        self._judge(await self._ask(Ask(method="DELETE", path=f"/orders/{ref}", group="cancel", urgent=True)))

    def _ref(self, order: Order) -> VenueRef:
        if not order.refs:
            raise Unsupported(self.name, "the venue's number of this order is not known yet")
        self._ids[order.refs[-1]] = order.id
        return order.refs[-1]

    # --- questions ------------------------------------------------------------------------------------------------

    async def _rows(self, path: str) -> list[msgspec.Raw]:
        reply = await self._ask(Ask(path=path))
        if not reply.is_ok:
            raise BrokerError(self.name, f"{self.name}: {self._problem(reply).code}")
        return reply.read(self.name, Rows).rows

    async def accounts(self) -> list[Account]:
        rows = [msgspec.json.decode(row, type=AccountRow) for row in await self._rows("/accounts")]
        return [
            Account(id=r.account, mode=self._settings.mode, base_currency=Currency("KRW"), balances=r.balances)
            for r in rows
        ]

    async def instruments(self, search: str = "") -> list[Instrument]:
        listed = [msgspec.json.decode(row, type=Instrument) for row in await self._rows("/instruments")]
        wanted = search.strip().casefold()
        return [item for item in listed if wanted in f"{item.id}\n{item.name}\n{item.name_ko}".casefold()]

    async def _list(self, kind: str, account: AccountId, type: Any) -> Any:
        """All rows of one listing, or Unread: every page was read, their number is the one the venue says, and none is
        older than the question."""
        asked = self._clock.now()
        rows: list[Any] = []
        cursor: str | None = "0"
        try:
            for _ in range(MOST_PAGES):
                query = (("account", account), ("cursor", cursor or "0"))
                reply = await self._ask(Ask(path=f"/{kind}", query=query, group="list"))
                if not reply.is_ok:
                    return Unread(f"{self._problem(reply).code}")
                page = reply.read(self.name, Listing)
                if page.as_of < asked - OLDEST_LIST:
                    return Unread("the venue shows an old listing")
                rows += [msgspec.json.decode(row, type=type) for row in page.rows]
                cursor = page.next
                if cursor is None:
                    return rows if len(rows) == page.total else Unread("the listing ends early")
        except (msgspec.MsgspecError, BrokerError, InvalidValue) as error:
            return Unread(clean(str(error), 120))
        return Unread("the listing does not end")

    async def snapshot(self, account: AccountId) -> Snapshot:
        as_of = self._clock.now()
        orders = await self._list("orders", account, ListedOrder)
        fills = await self._list("fills", account, ListedFill)
        positions = await self._list("positions", account, PositionRow)
        balances = await self._list("balances", account, Balance)
        return Snapshot(
            account=account,
            as_of=as_of,
            orders=orders if isinstance(orders, Unread) else tuple(_order(row) for row in orders),
            fills=fills
            if isinstance(fills, Unread)
            else tuple(_fill(row, row.client_id or self._ids.get(row.ref)) for row in fills),
            positions=positions
            if isinstance(positions, Unread)
            else {parse_instrument_id(row.code): row.quantity for row in positions},
            balances=balances if isinstance(balances, Unread) else tuple(balances),
        )

    async def find(self, order: Order) -> VenueOrder | Absent | Unread:
        """Only the venue's own word for it is an absence."""
        reply = await self._ask(Ask(path="/orders", query=(("client_id", order.id),), group="list"))
        if reply.is_ok:
            return _order(reply.read(self.name, ListedOrder))
        problem = self._problem(reply)
        return Absent() if problem.code == "no_such_order" else Unread(problem.code)

    async def bars(self, instrument: InstrumentId, interval: Interval, since: int, until: int) -> Coverage:
        query = (("code", instrument), ("since", str(since)), ("until", str(until)), ("step", str(interval.ns)))
        reply = await self._ask(Ask(path="/bars", query=query))
        rows = reply.read(self.name, Rows).rows if reply.is_ok else []
        bars = tuple(Bar(instrument, interval, *msgspec.json.decode(row)) for row in rows)
        start = bars[0].ts if bars else None
        end = bars[-1].ts + interval.ns if bars else None
        return Coverage(bars=bars, start=start, end=end, is_truncated=start is None or start > since + interval.ns)


def _order(row: OrderRow) -> VenueOrder:
    return VenueOrder(
        ref=VenueRef(row.ref),
        client_order_id=row.client_id,
        instrument=parse_instrument_id(row.code),
        status=row.status,
        filled=row.filled,
        quantity=row.quantity,
        limit_price=row.limit_price,
        stop_price=row.stop_price,
        text=clean(row.text),
        side=row.side,
        type=row.order_type,
    )


def _fill(row: FillRow, id: ClientOrderId | None) -> Fill:
    return Fill(
        fill_id=row.fill_id,
        client_order_id=id,
        ref=VenueRef(row.ref),
        account=row.account,
        instrument=parse_instrument_id(row.code),
        side=row.side,
        quantity=row.quantity,
        price=row.price,
        fee=row.fee,
        tax=row.tax,
        currency=row.currency,
        ts=row.ts,
    )
