"""What a line of the quick order line may mean, what reading it needs to know, and how it can be wrong. Plain structs:
the grammar is in orderline.py, and nothing here sends or checks an order."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from decimal import Decimal
from typing import Protocol

import msgspec

from core.domain.account import Mode
from core.domain.algo import Algo
from core.domain.commands import Cancel, CancelAll, Close, Panic, Replace
from core.domain.decimals import ONE, plain
from core.domain.errors import HogaError
from core.domain.ids import AccountId, ClientOrderId, InstrumentId
from core.domain.instrument import Currency, Instrument
from core.domain.order import OrderRequest, OrderType, Side, TimeInForce

# --- what reading a line needs to know -------------------------------------------------------------------------------


class Touch(msgspec.Struct, frozen=True, kw_only=True):
    """Prices of this moment; None or 0 where there is none."""

    bid: float | None = None
    ask: float | None = None
    last: float | None = None


class Priced(Protocol):
    """Anything that shows prices: a `QuoteRow`, a `Touch`."""

    @property
    def bid(self) -> float | None: ...
    @property
    def ask(self) -> float | None: ...
    @property
    def last(self) -> float | None: ...


class Working(Protocol):
    """A live order as faces see it: an `OrderRow` is one."""

    @property
    def id(self) -> ClientOrderId: ...
    @property
    def account(self) -> AccountId: ...
    @property
    def instrument(self) -> InstrumentId: ...
    @property
    def side(self) -> Side: ...
    @property
    def stop_price(self) -> Decimal | None: ...
    @property
    def reduce_only(self) -> bool: ...
    @property
    def parent(self) -> ClientOrderId | None: ...
    @property
    def filled(self) -> Decimal: ...


def waits_for_entry(order: Working, orders: Iterable[Working]) -> bool:
    """Is it a leg of an entry that has not filled? It protects nothing of what is held."""
    entry = next((other for other in orders if other.id == order.parent), None)
    return entry is not None and not entry.reduce_only and not entry.filled


def _no_equity(account: AccountId, currency: Currency) -> Decimal | None:
    return None


def _no_orders() -> Sequence[Working]:
    return ()


class LineContext(msgspec.Struct, frozen=True, kw_only=True):
    """What the line is read against, as plain calls: nothing is looked up that the line does not name."""

    find: Callable[[str], Sequence[Instrument]]
    """Instruments a text may mean: `SymbolIndex.resolve`."""
    accounts: tuple[AccountId, ...]
    """Accounts that may be named; the first is the one meant when none is."""
    quote: Callable[[InstrumentId], Priced | None]
    position: Callable[[AccountId, InstrumentId], Decimal]
    """Signed; zero when flat."""
    buying_power: Callable[[AccountId, Currency], Decimal | None]
    """What new orders may use; None when unknown."""
    mode: Mode
    """Of the accounts: `!` (send at once) is for paper only."""
    selected: Instrument | None = None
    """What `.` means, and what is meant when no symbol is named."""
    orders: Callable[[], Sequence[Working]] = _no_orders
    """Live orders: what `c #id` and `m #id` may name."""
    equity: Callable[[AccountId, Currency], Decimal | None] = _no_equity
    """What the account is worth in a currency: what `r0.5%` is a part of. None when unknown."""


# --- what a line may mean --------------------------------------------------------------------------------------------


class _Line(msgspec.Struct, frozen=True, kw_only=True, tag_field="line", tag=True):
    """Shared form."""


class NewOrder(_Line, frozen=True, kw_only=True):
    """An order, all of it resolved: quantity in units, prices on tick. `remarks` say what was worked out and how."""

    account: AccountId
    instrument: Instrument
    side: Side
    quantity: Decimal
    type: OrderType = OrderType.LIMIT
    limit_price: Decimal | None = None
    stop_price: Decimal | None = None
    trail: Decimal | None = None
    time_in_force: TimeInForce = TimeInForce.DAY
    reduce_only: bool = False
    post_only: bool = False
    note: str = ""
    stop_loss: Decimal | None = None
    take_profit: Decimal | None = None
    algo: Algo | None = None
    """How it goes on by itself."""
    is_immediate: bool = False
    """`!`: send without a review. Only in paper mode."""
    remarks: tuple[str, ...] = ()

    def request(self, client_order_id: ClientOrderId, source: str = "keyboard") -> OrderRequest:
        return OrderRequest(
            client_order_id=client_order_id,
            account=self.account,
            instrument=self.instrument.id,
            side=self.side,
            quantity=self.quantity,
            type=self.type,
            limit_price=self.limit_price,
            stop_price=self.stop_price,
            trail=self.trail,
            time_in_force=self.time_in_force,
            reduce_only=self.reduce_only,
            post_only=self.post_only,
            source=source,
            note=self.note,
            stop_loss=self.stop_loss,
            take_profit=self.take_profit,
            algo=self.algo,
        )


class CloseOrder(_Line, frozen=True, kw_only=True):
    """Close `fraction` of a position; its size is read when it is sent. Limit at the opposite touch, or market."""

    account: AccountId
    instrument: Instrument
    fraction: Decimal = ONE
    at_market: bool = False
    is_immediate: bool = False

    def command(self, client_order_id: ClientOrderId, by: str = "keyboard") -> Close:
        return Close(
            client_order_id=client_order_id,
            account=self.account,
            instrument=self.instrument.id,
            fraction=self.fraction,
            at_market=self.at_market,
            by=by,
        )


class CancelOrder(_Line, frozen=True, kw_only=True):
    """Cancel one order, or all that fit `instrument` and `account` (None fits all)."""

    client_order_id: ClientOrderId | None = None
    instrument: Instrument | None = None
    account: AccountId | None = None

    def command(self, by: str = "keyboard") -> Cancel | CancelAll:
        if self.client_order_id is not None:
            return Cancel(client_order_id=self.client_order_id, by=by)
        named = None if self.instrument is None else self.instrument.id
        return CancelAll(account=self.account, instrument=named, by=by)


class ModifyOrder(_Line, frozen=True, kw_only=True):
    """New terms for a working order; None keeps the old one. `quantity` is the new total, fills included."""

    client_order_id: ClientOrderId
    instrument: Instrument
    quantity: Decimal | None = None
    limit_price: Decimal | None = None
    stop_price: Decimal | None = None
    remarks: tuple[str, ...] = ()

    def command(self, by: str = "keyboard") -> Replace:
        return Replace(
            client_order_id=self.client_order_id,
            quantity=self.quantity,
            limit_price=self.limit_price,
            stop_price=self.stop_price,
            by=by,
        )


class PanicOrder(_Line, frozen=True, kw_only=True):
    """`!`: stop automatic orders and cancel entries; `! f`: flatten as well."""

    account: AccountId | None = None
    flatten: bool = False

    def command(self, by: str = "keyboard") -> Panic:
        return Panic(account=self.account, flatten=self.flatten, by=by)


Line = NewOrder | CloseOrder | CancelOrder | ModifyOrder | PanicOrder

# --- how a line can be wrong -----------------------------------------------------------------------------------------


class LineError(HogaError):
    """The line cannot be read. The text says what is wrong and what would be right.

    `position` and `length` are the characters of the line at fault; each of `suggestions` is a text that may stand in
    their place, the best first.
    """

    def __init__(self, text: str, position: int = 0, suggestions: Sequence[str] = (), length: int = 0) -> None:
        super().__init__(text)
        self.text = text
        self.position = position
        self.length = length
        self.suggestions = tuple(suggestions)


class OffTick(LineError):
    """The price lies between two ticks and is not rounded silently. `lower` and `upper` are the neighbours."""

    def __init__(self, price: Decimal, lower: Decimal, upper: Decimal, side: Side, position: int, length: int) -> None:
        best, other = (lower, upper) if side is Side.BUY and lower > 0 else (upper, lower)
        shown = [plain(value) for value in (best, other) if value > 0]
        super().__init__(f"{plain(price)} is not on tick: take {' or '.join(shown)}", position, shown, length)
        self.price, self.lower, self.upper = price, lower, upper
