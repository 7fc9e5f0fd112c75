"""The doors of the core: what it needs from the world (Broker, Journal, Archive, Secrets, Clock) and what it offers to
the faces (Desk). Protocols and the small structs that cross them; no code."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, ClassVar, Protocol, TypeVar, runtime_checkable

import msgspec

from core.domain.account import Account, Balance, Mode
from core.domain.commands import Command
from core.domain.errors import Unsupported
from core.domain.events import DurableEvent, Event
from core.domain.ids import AccountId, ClientOrderId, InstrumentId, VenueRef, broker_of
from core.domain.instrument import Instrument
from core.domain.market import Bar, Interval, Quote
from core.domain.order import Fill, Order, OrderRequest, OrderType, Side, TimeInForce
from core.trading.story import Story
from core.trading.view import Changed, FillRow, Interest, LogRow, OrderRow

if TYPE_CHECKING:
    from core.secret import Secret


class Clock(Protocol):
    def now(self) -> int: ...
    def monotonic(self) -> int: ...
    async def sleep(self, seconds: float) -> None: ...


# --- brokers ---------------------------------------------------------------------------------------------------------


class Door(msgspec.Struct, frozen=True, kw_only=True):
    """Where orders of one mode may be written, as the venue's papers have it: what tells its real money from its play
    money, all of it looked at again at the socket. An empty prefix says that the venue has no such sign."""

    mode: Mode
    hosts: frozenset[str]
    port: int
    account: str = ""
    """How the account's name begins (IBKR's paper accounts: DU)."""
    not_account: str = ""
    """How it must not begin."""
    mark: str = ""
    """How the request's own mark begins (KIS: T is real, V is not)."""


class Capabilities(msgspec.Struct, frozen=True, kw_only=True):
    """What a venue can do: data, not code. Undeclared means Unsupported before any network call."""

    order_types: frozenset[OrderType]
    times_in_force: frozenset[TimeInForce]
    can_replace: bool = False
    can_short: bool = False
    can_post_only: bool = False
    has_client_ids: bool = False
    has_cancel_all: bool = False
    book_depth: int = 0
    conflates_prints: bool = False
    """The feed merges or skips prints: time and sales says so, and nothing is computed from them."""
    max_subscriptions: int | None = None
    orders_per_second: int | None = None
    listing_lag_seconds: float = 0.0
    """How late a new order may show in the venue's listings (p99, measured): absence is believed after five of them."""
    invents_past: bool = False
    """Its bars of the past are made up anew at each start: they are never kept."""
    is_in_process: bool = False
    """The venue lives in this process: one listing of it is the whole truth of that moment."""
    paper: bool = True
    doors: tuple[Door, ...] = ()
    """Where orders of each mode may be written; none for a venue without a wire."""


class Subscription(msgspec.Struct, frozen=True):
    """`depth`: the order book and the prints as well as the best quote."""

    instrument: InstrumentId
    depth: bool = False


class Prepared(msgspec.Struct, frozen=True, kw_only=True):
    """The sealed request: what will be written, for which account. Whose money that is is its type: a broker seals a
    PaperOrder or a LiveOrder, and a wire takes one of the two. `facts` go into the journal."""

    mode: ClassVar[Mode]

    client_order_id: ClientOrderId
    account: AccountId
    digest: str
    body: bytes
    mark: str = ""
    """What the venue calls this kind of request, where that name differs for real money (KIS: the TR id)."""
    facts: dict[str, str] = {}


class PaperOrder(Prepared, frozen=True, kw_only=True):
    mode: ClassVar[Mode] = Mode.PAPER


class LiveOrder(Prepared, frozen=True, kw_only=True):
    mode: ClassVar[Mode] = Mode.LIVE


P = TypeVar("P", PaperOrder, LiveOrder)
"""Whose money: what is parametrised by it takes one kind and never the other."""


class SendPermit:
    """The right to write one order to the wire, once. Only the journal's commit of STAGED -> SENDING makes one
    (a test reads the source for other makers), and `spend` works a single time."""

    __slots__ = ("_spent", "client_order_id", "digest", "stopped")

    def __init__(self, client_order_id: ClientOrderId, digest: str) -> None:
        self.client_order_id = client_order_id
        self.digest = digest
        self.stopped: Callable[[], str] = str
        """Why it must not be used any more; empty while it may. Between the commit and the first byte a connection is
        made, and somebody may halt meanwhile."""
        self._spent = False

    def spend(self, prepared: Prepared) -> None:
        """Called by a broker right before it writes. Raises RuntimeError on a second use or a foreign request, and
        Unsupported when the order was stopped on its way here."""
        if self._spent:
            raise RuntimeError("a permit sends once")
        if (prepared.client_order_id, prepared.digest) != (self.client_order_id, self.digest):
            raise RuntimeError("this permit belongs to another request")
        heed(self.stopped, prepared.account)
        self._spent = True

    def void(self) -> bool:
        """Whether it was still unspent: then no byte left, and from now on none can."""
        was_unspent, self._spent = not self._spent, True
        return was_unspent


def heed(stopped: Callable[[], str], account: AccountId) -> None:
    """Asked right before a first byte: raises Unsupported when there is a reason by now why it must not leave."""
    why = stopped()
    if why:
        raise Unsupported(broker_of(account), f"{why}: nothing was sent")


class Accepted(msgspec.Struct, frozen=True):
    """The venue has it under this name."""

    ref: VenueRef


class Sent(msgspec.Struct, frozen=True):
    """Written, and the answer comes through events()."""


class Unread(msgspec.Struct, frozen=True):
    """A listing that could not be read completely. Never to be taken for an empty one."""

    reason: str


class Absent(msgspec.Struct, frozen=True):
    """The venue said, in a well-formed answer, that it has no order of that id. Never made of an error."""


class VenueOrder(msgspec.Struct, frozen=True, kw_only=True):
    """An order as the venue lists it: what reconciliation compares ours with. What it does not tell is None, and then
    says nothing for or against an order being ours."""

    ref: VenueRef
    client_order_id: ClientOrderId | None
    instrument: InstrumentId
    status: str
    """open, filled, canceled, rejected or expired."""
    filled: Decimal
    quantity: Decimal
    limit_price: Decimal | None = None
    stop_price: Decimal | None = None
    text: str = ""
    side: Side | None = None
    type: OrderType | None = None
    time_in_force: TimeInForce | None = None
    created: int | None = None
    """When the venue took it, ns, by the venue's clock."""
    channel: str = ""
    """By which way it came in (API, phone, branch), as the venue words it."""


class Snapshot(msgspec.Struct, frozen=True, kw_only=True):
    """What the venue says an account holds. Each part is a complete listing or Unread. `positions` are signed."""

    account: AccountId
    as_of: int
    orders: tuple[VenueOrder, ...] | Unread
    fills: tuple[Fill, ...] | Unread
    positions: dict[InstrumentId, Decimal] | Unread
    balances: tuple[Balance, ...] | Unread
    clock_offset: int = 0
    """The venue's clock less ours, ns, as measured."""
    pooled: dict[InstrumentId, InstrumentId] = {}
    """Instruments of one asset, each with the one whose position stands for all of them: such a venue holds a coin,
    and does not say on which market it was bought."""


class Coverage(msgspec.Struct, frozen=True, kw_only=True):
    """Bars and what they cover: the venue may give less than was asked for."""

    bars: tuple[Bar, ...]
    start: int | None
    end: int | None
    is_truncated: bool = False
    is_whole: bool = False
    """The venue was read to its end: a bar that is not among these, though it was asked for, does not exist."""


class Broker(Protocol):
    name: str
    capabilities: Capabilities

    async def connect(self) -> None: ...
    async def close(self) -> None: ...
    def events(self) -> AsyncIterator[Event]: ...
    async def subscribe(self, wanted: frozenset[Subscription]) -> None: ...
    def prepare(self, order: Order) -> Prepared: ...
    async def submit(self, prepared: Prepared, permit: SendPermit) -> Accepted | Sent: ...
    async def replace(self, order: Order, stopped: Callable[[], str] = str) -> None:
        """Send the terms of `order.requested`, once. Raises as submit does; the outcome comes through events().
        `stopped` is for `heed`, right before the write."""
        ...

    async def cancel(self, order: Order) -> None: ...
    async def accounts(self) -> list[Account]: ...
    async def snapshot(self, account: AccountId) -> Snapshot: ...
    async def find(self, order: Order) -> VenueOrder | Absent | Unread:
        """Ask for one order, by our id where the venue keeps ours, else by its number. What cannot be asked, or raises,
        is taken for Unread; a bound order that no listing shows is asked for here before anybody is alarmed."""
        ...

    async def instruments(self, search: str = "") -> list[Instrument]: ...
    async def bars(self, instrument: InstrumentId, interval: Interval, since: int, until: int) -> Coverage: ...


class Budget(msgspec.Struct, frozen=True, kw_only=True):
    """How much of a limit of the venue is used now."""

    what: str
    """account (questions about it) or quotations."""
    used: int
    limit: int


@runtime_checkable
class Budgeted(Protocol):
    """A broker that counts more than orders."""

    def budgets(self) -> tuple[Budget, ...]: ...


# --- storage ---------------------------------------------------------------------------------------------------------


class JournalFacts(msgspec.Struct, frozen=True, kw_only=True):
    """What the journal says of itself. `verified`: events whose chain was proved when it was opened; `kept_back`: bytes
    of disk that are given up for cancels when it is full."""

    path: str
    size: int
    sequence: int
    head: str
    verified: int
    kept_back: int = 0


class Journal(Protocol):
    """Append-only, hash-chained, one writer. Every method that writes raises JournalUnavailable when it cannot."""

    is_read_only: bool

    @property
    def shortage(self) -> str:
        """Why `claim` is refused though `append` is not; empty when it is not."""
        ...

    @property
    def fallen(self) -> str:
        """Why nothing is written any more until the next start; empty while it is."""
        ...

    def replay(self) -> Iterator[tuple[int, DurableEvent]]:
        """(sequence, event) from the first on."""
        ...

    async def story(self, order: ClientOrderId) -> list[DurableEvent]:
        """Everything that was kept of one order, oldest first."""
        ...

    def facts(self) -> JournalFacts: ...

    async def append(self, events: Sequence[DurableEvent]) -> int:
        """Durable when it returns: the last sequence number. Concurrent calls share a commit, order is kept."""
        ...

    async def claim(self, order: Order, prepared: Prepared, ts: int) -> SendPermit | None:
        """STAGED -> SENDING in one transaction that also looks at the halt rows; None when either forbids it.
        The committed OrderSending event is part of it."""
        ...

    async def close(self) -> None: ...


class Archive(Protocol):
    """market.db: disposable, best effort. Losing it costs comfort, never money."""

    def put_quotes(self, quotes: Iterable[Quote]) -> None: ...
    def put_bars(self, bars: Iterable[Bar]) -> None: ...
    def put_equity(self, account: AccountId, ts: int, equity: Decimal) -> None: ...
    async def last_quotes(self) -> list[Quote]: ...
    async def bars(self, instrument: InstrumentId, interval: Interval, since: int, until: int) -> Coverage: ...
    async def keep(
        self, instrument: InstrumentId, interval: Interval, start: int, end: int, bars: Iterable[Bar]
    ) -> bool:
        """A venue's whole answer for [start, end): on the disk when it returns True."""
        ...

    async def gaps(self, instrument: InstrumentId, interval: Interval, since: int, until: int) -> list[tuple[int, int]]:
        """The stretches of [since, until) that no venue was asked for in full, oldest first."""
        ...

    async def equity(self, account: AccountId, since: int) -> list[tuple[int, Decimal]]: ...
    async def flush(self) -> None: ...
    async def close(self) -> None: ...


class Secrets(Protocol):
    def get(self, reference: str) -> Secret:
        """`keyring:NAME`, `file:NAME`, `env:NAME`, or NAME to look in all three. It may ask for a passphrase and takes
        up to a second: never on the loop. Raises ConfigError when there is none, StorageError when the place cannot be
        opened."""
        ...


# --- faces -----------------------------------------------------------------------------------------------------------


class Receipt(msgspec.Struct, frozen=True, kw_only=True):
    """The answer to a command: taken or refused, in words. An order's fate comes later through `watch`."""

    is_ok: bool
    text: str
    client_order_id: ClientOrderId | None = None
    rule: str = ""
    """The risk rule that refused, if one did."""


class Preview(msgspec.Struct, frozen=True, kw_only=True):
    """What an order would do. Unknown figures are None, never zero."""

    notional: Decimal | None
    currency: str
    notional_base: Decimal | None
    costs: Decimal | None
    """Estimated fee and tax, in `currency`."""
    tax: Decimal | None = None
    """The tax among them."""
    position_after: Decimal
    buying_power_after: Decimal | None
    distance_ticks: int | None
    """From the touch on the order's side; negative is away from the market."""
    nav_fraction: float | None
    checks_passed: int
    checks_total: int
    rule: str = ""
    """First rule that would refuse; empty when all pass."""
    text: str = ""
    risk: Decimal | None = None
    """What is lost when the stop loss fills at its price, in `currency`; None without one."""
    cautions: tuple[str, ...] = ()
    """Why this order deserves a second look though it may pass all rules, as `kind` or `kind: figures`
    (core/trading/caution.py)."""


class Query(msgspec.Struct, frozen=True, kw_only=True):
    """`what`: orders, fills or log. Newest first, at most `limit` rows; orders and fills of one `instrument` alone when
    it is named. `before` pages back, exclusive: a time, for the log a sequence number."""

    what: str
    before: int | None = None
    limit: int = 100
    search: str = ""
    instrument: InstrumentId | None = None


class Page(msgspec.Struct, frozen=True, kw_only=True):
    rows: tuple[OrderRow | FillRow | LogRow, ...]
    has_more: bool = False


class Desk(Protocol):
    """What a face may see and do; the same in this process and over a socket."""

    def watch(self, interest: Interest) -> AsyncIterator[Changed]:
        """First everything asked for, then what changed, at most ten times a second."""
        ...

    async def send(self, command: Command) -> Receipt: ...
    async def preview(self, request: OrderRequest) -> Preview: ...
    async def search(self, text: str) -> list[Instrument]: ...
    async def bars(self, instrument: InstrumentId, interval: Interval, since: int, until: int) -> Coverage: ...
    async def history(self, query: Query) -> Page: ...
    async def story(self, key: str) -> Story:
        """An order by its id, a position by `account|market:code`, an instrument by `market:code`. Raises InvalidValue
        for what is not known."""
        ...

    def new_order_id(self) -> ClientOrderId: ...
    def now(self) -> int:
        """The desk's clock: the tape's time in a replay."""
        ...
