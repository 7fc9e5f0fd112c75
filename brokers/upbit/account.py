"""Orders, executions and balances out of Upbit's messages: pure, and BadMessage for what cannot be. Filled is what was
executed, never what a state says; a replaced order is one order in several versions."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from decimal import Decimal

import msgspec

from brokers.upbit import wire
from brokers.upbit.parse import bad, instrument_of, quote_of, side_of, strictly, time_of, time_of_text
from core.domain.account import Balance
from core.domain.decimals import ZERO, check, check_positive
from core.domain.errors import InvalidValue
from core.domain.ids import AccountId, ClientOrderId, FillId, VenueRef, check_client_order_id
from core.domain.instrument import Currency
from core.domain.order import Fill, Liquidity, OrderType, Side, TimeInForce
from core.domain.text import clean
from core.ports import VenueOrder

_REF = re.compile(r"[0-9A-Za-z\-]{8,64}")


def identifier_of(id: ClientOrderId, version: int = 0) -> str:
    """Our order id as it goes on the wire. A replacement is a new order there, and its id carries a version."""
    return f"{id}-{version}" if version else id


def order_id_of(identifier: str | None) -> ClientOrderId | None:
    """Our order, if the identifier is one of ours; None for everybody else's."""
    try:
        return check_client_order_id((identifier or "").partition("-")[0])
    except InvalidValue:
        return None


def version_of(identifier: str | None) -> int:
    """Which version of an order of ours it is; 0 for the first."""
    version = (identifier or "").partition("-")[2]
    return int(version) if version.isascii() and version.isdigit() and len(version) < 30 else 0


def parse_ref(uuid: str) -> VenueRef:
    if not _REF.fullmatch(uuid):
        raise bad(f"not an order number: {uuid[:40]!r}")
    return VenueRef(uuid)


# --- orders and fills ----------------------------------------------------------------------------------------------

FEE_DIGITS = Decimal("1e-12")
BY_TOTAL = "price"
"""ord_type of a market buy: what is named is the total."""
_TYPES = {"limit": OrderType.LIMIT, "price": OrderType.MARKET, "market": OrderType.MARKET, "best": OrderType.MARKET}
_TIMES = {None: TimeInForce.GTC, "": TimeInForce.GTC, "post_only": TimeInForce.GTC, "ioc": TimeInForce.IOC}
_TIMES |= {"fok": TimeInForce.FOK}
_OPEN = frozenset({"wait", "watch"})


def is_by_total(ord_type: str, side: Side) -> bool:
    return ord_type == BY_TOTAL or (ord_type == "best" and side is Side.BUY)


def _amount(value: Decimal | None, name: str) -> Decimal:
    """A sum of the venue's: absent is none, negative cannot be."""
    amount = check(value if value is not None else ZERO, name)
    if amount < 0:
        raise bad(f"{name} {amount}")
    return amount


@strictly
def parse_order(order: wire.Order) -> VenueOrder:
    """As the venue lists it. Filled is what was executed, never what `state` says: a market buy ends as `cancel`."""
    side = side_of(order.side)
    if order.ord_type not in _TYPES or order.state not in ("wait", "watch", "done", "cancel"):
        raise bad(f"an order of type {order.ord_type[:20]!r} in state {order.state[:20]!r}")
    filled, volume = _amount(order.executed_volume, "executed volume"), _amount(order.volume, "volume")
    is_total = is_by_total(order.ord_type, side)
    quantity = volume
    if is_total:
        quantity = filled  # what it buys is known at its end
    elif order.remaining_volume is not None and order.state in _OPEN:
        quantity = filled + _amount(order.remaining_volume, "remaining volume")  # prevention may have reduced it
    return VenueOrder(
        ref=parse_ref(order.uuid),
        client_order_id=order_id_of(order.identifier),
        instrument=instrument_of(order.market),
        status=_status(order.state, filled, quantity, is_total=is_total),
        filled=filled,
        quantity=quantity,
        limit_price=check_positive(order.price, "price")
        if order.ord_type == "limit" and order.price is not None
        else None,
        text="" if order.state != "watch" else "reserved at the venue",
        side=side,
        type=_TYPES[order.ord_type],
        time_in_force=_TIMES.get(order.time_in_force),
        created=time_of_text(order.created_at),
    )


def _status(state: str, filled: Decimal, quantity: Decimal, *, is_total: bool) -> str:
    if state in _OPEN:
        return "open"
    if state == "done" or (filled > 0 and (is_total or filled >= quantity)):
        return "filled"
    return "canceled"


def fill_id(uuid: str, trade_uuid: str) -> FillId:
    """Both sides of one execution may be ours: the order is part of its name."""
    return FillId(f"{uuid}:{trade_uuid}")


@strictly
def parse_fills(order: wire.Order, account: AccountId) -> tuple[Fill, ...]:
    """All executions of an order that was asked for by itself. The fee is told for the whole order: each has its share
    by value, and the last what is left, so that the sum is exact. Raises BadMessage when the executions do not add up
    to what the order says was executed."""
    trades = order.trades or []
    executed = _amount(order.executed_volume, "executed volume")
    if sum((trade.volume for trade in trades), ZERO) != executed:
        raise bad(f"executions of {order.uuid[:8]} that do not add up")
    if any(trade.price <= 0 or trade.volume <= 0 for trade in trades):
        raise bad("an execution without price or volume")
    value, paid = sum((trade.price * trade.volume for trade in trades), ZERO), _amount(order.paid_fee, "paid fee")
    left, fills = paid, []
    for number, trade in enumerate(sorted(trades, key=lambda trade: (trade.created_at, trade.uuid)), 1):
        share = left if number == len(trades) else (paid * trade.price * trade.volume / value).quantize(FEE_DIGITS)
        left -= share
        fills.append(
            Fill(
                fill_id=fill_id(parse_ref(order.uuid), parse_ref(trade.uuid)),
                client_order_id=order_id_of(order.identifier),
                ref=VenueRef(order.uuid),
                account=account,
                instrument=instrument_of(order.market),
                side=side_of(order.side),
                quantity=trade.volume,
                price=trade.price,
                fee=share,
                currency=quote_of(order.market),
                ts=time_of_text(trade.created_at),
            )
        )
    return tuple(fills)


@strictly
def parse_fill(order: wire.MyOrder, account: AccountId) -> Fill:
    """The execution in a frame of state `trade`."""
    if order.trade_uuid is None or order.price is None or order.volume is None:
        raise bad("an execution without number, price or volume")
    liquidity = {True: Liquidity.MAKER, False: Liquidity.TAKER, None: Liquidity.UNKNOWN}[order.is_maker]
    return Fill(
        fill_id=fill_id(parse_ref(order.uuid), parse_ref(order.trade_uuid)),
        client_order_id=order_id_of(order.identifier),
        ref=VenueRef(order.uuid),
        account=account,
        instrument=instrument_of(order.code),
        side=side_of(order.ask_bid),
        quantity=order.volume,
        price=order.price,
        fee=_amount(order.trade_fee, "fee"),
        currency=quote_of(order.code),
        liquidity=liquidity,
        ts=time_of(order.trade_timestamp if order.trade_timestamp is not None else order.timestamp),
    )


class Told(msgspec.Struct, frozen=True, kw_only=True):
    """What a frame says of an order as a whole."""

    id: ClientOrderId | None
    ref: VenueRef
    state: str
    version: int
    """Above 0: it takes the place of an earlier one."""
    is_total: bool
    executed: Decimal
    remaining: Decimal
    limit_price: Decimal | None
    ts: int

    @property
    def quantity(self) -> Decimal:
        return self.executed + self.remaining


@strictly
def parse_told(order: wire.MyOrder) -> Told:
    if order.state not in ("wait", "watch", "trade", "done", "cancel", "prevented") or order.order_type not in _TYPES:
        raise bad(f"an order of type {order.order_type[:20]!r} in state {order.state[:20]!r}")
    side = side_of(order.ask_bid)
    instrument_of(order.code)
    executed = _amount(order.executed_volume, "executed volume")
    is_limit = order.order_type == "limit" and order.state != "trade"
    return Told(
        id=order_id_of(order.identifier),
        ref=parse_ref(order.uuid),
        state=order.state,
        version=version_of(order.identifier),
        is_total=is_by_total(order.order_type, side),
        executed=executed,
        remaining=_amount(order.remaining_volume, "remaining volume"),
        limit_price=check(order.price, "price") if is_limit and order.price is not None else None,
        ts=time_of(order.timestamp),
    )


# --- the account ---------------------------------------------------------------------------------------------------


class Wallet(msgspec.Struct, frozen=True, kw_only=True):
    """One currency: what is free and what orders (or a withdrawal) hold."""

    currency: Currency
    free: Decimal
    locked: Decimal

    @property
    def total(self) -> Decimal:
        return self.free + self.locked

    @property
    def balance(self) -> Balance:
        return Balance(currency=self.currency, total=self.total, available=self.free)


@strictly
def parse_wallet(row: wire.Holding | wire.Asset) -> Wallet:
    currency = clean(row.currency, 20)
    if not re.fullmatch(r"[A-Za-z0-9._\-]{1,16}", currency):
        raise bad(f"not a currency: {row.currency[:20]!r}")
    return Wallet(
        currency=Currency(currency),
        free=_amount(row.balance, "balance"),
        locked=_amount(row.locked, "locked"),
    )


QUOTES = ("KRW", "BTC", "USDT")


def home(base: str, listed: Callable[[str], bool]) -> str | None:
    """The market under which a coin is shown as a holding: that in KRW, else in BTC, else in USDT."""
    return next((code for quote in QUOTES if listed(code := f"{quote}-{base}")), None)


@strictly
def parse_orders(rows: Iterable[wire.Order]) -> tuple[VenueOrder, ...]:
    """One row for each of our orders: a replaced one is listed with each of its versions, and the newest counts, with
    what the older ones filled. Orders of others stand as they are."""
    versions: dict[ClientOrderId, list[tuple[int, VenueOrder]]] = {}
    found: dict[VenueRef, VenueOrder] = {}
    for row in rows:
        order = parse_order(row)
        if order.client_order_id is None:
            found[order.ref] = order
        else:
            versions.setdefault(order.client_order_id, []).append((version_of(row.identifier), order))
    for mine in versions.values():
        unique = {order.ref: (version, order) for version, order in mine}
        *older, (_, last) = sorted(unique.values(), key=lambda pair: pair[0])
        before = sum((order.filled for _, order in older), ZERO)
        found[last.ref] = msgspec.structs.replace(last, filled=last.filled + before, quantity=last.quantity + before)
    return tuple(found.values())
