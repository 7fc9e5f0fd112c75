"""Recorded frames and bodies of Upbit, read by the parsers that read the live ones: for `hoga decode upbit`. Recordings
wrap frames in ways of their own; the wrappers that are common are opened."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any

import msgspec

from brokers.registry import Decoded
from brokers.upbit import account, frames, parse, wire
from core.domain.decimals import plain
from core.domain.errors import BadMessage
from core.domain.ids import AccountId
from core.domain.market import Interval
from core.domain.text import clean

ACCOUNT = AccountId("upbit:recorded")
DEEPEST = 4
"""Wrappers in wrappers."""
_WRAPPED = ("frame", "body")
"""Members in which recordings keep what came, besides `received...`."""
_MEMBERS = msgspec.json.Decoder(dict[str, msgspec.Raw])
_ROWS = msgspec.json.Decoder(list[msgspec.Raw])
_Body = tuple[str, type[msgspec.Struct], Callable[[Any], Any]]
_UNITS = {1: Interval.M1, 3: Interval.M3, 5: Interval.M5, 15: Interval.M15, 30: Interval.M30, 60: Interval.H1}


def decode(data: bytes) -> Iterator[Decoded | BadMessage]:
    """Everything in one JSON text: a frame, an array of frames, a REST body, or a recording of several. What cannot be
    read is given as the BadMessage that says why, and the rest goes on."""
    yield from _opened(data, DEEPEST)


def _opened(data: bytes, depth: int) -> Iterator[Decoded | BadMessage]:
    data = data.strip()
    try:
        if data[:1] == b"[":
            parts = [bytes(raw) for raw in _ROWS.decode(data)]
        elif data[:1] == b'"':  # a frame that was recorded as a text
            parts = [msgspec.json.decode(data, type=str).encode()]
        else:
            members = _MEMBERS.decode(data)
            parts = [bytes(raw) for name, raw in members.items() if name in _WRAPPED or name.startswith("received")]
            if not parts:
                yield _one(data, members)
                return
    except BadMessage as error:
        yield error
        return
    except (msgspec.MsgspecError, ValueError, RecursionError) as error:
        yield parse.bad(f"not JSON: {error}")
        return
    if not depth:
        yield parse.bad("a recording in a recording in a recording")
        return
    for part in parts:
        yield from _opened(part, depth - 1)


def _one(data: bytes, members: dict[str, msgspec.Raw]) -> Decoded | BadMessage:
    if members.keys() & {"type", "ty", "status", "method", "mthd"} and "market" not in members:
        message = frames.read_frame(data)
        return _frame(frames.read_ticker(data) if isinstance(message, wire.TickerState) else message)
    for mark, (kind, type_, read) in _BODIES.items():
        if mark in members:
            body = wire.read_body(data, type_)
            return Decoded(kind=kind, event=read(body))
    raise parse.bad(f"neither a frame nor a body of upbit: {{{', '.join(sorted(members)[:6])}}}")


def _frame(message: wire.Message) -> Decoded:
    match message:
        case wire.TickerState():
            parse.instrument_of(message.code)
            if isinstance(message, wire.Ticker):
                parse.time_of(message.timestamp)
            return Decoded(kind="ticker", event=message)
        case wire.Trade():
            return Decoded(kind="trade", event=parse.parse_trade(message, 0))
        case wire.OrderBook():
            return Decoded(kind="orderbook", event=parse.parse_book(message, 0))
        case wire.Candle():
            return Decoded(kind=message.type, event=parse.parse_candle(message) or message)
        case wire.MyOrder():
            told = account.parse_told(message)
            return Decoded(
                kind="myOrder", event=account.parse_fill(message, ACCOUNT) if told.state == "trade" else told
            )
        case wire.MyAsset():
            return Decoded(kind="myAsset", event=[account.parse_wallet(asset) for asset in message.assets])
        case wire.Status():
            return Decoded(kind="status", event=message)
        case wire.Failure():
            return Decoded(kind="error", event=_failure(message))
        case wire.Subscriptions():
            return Decoded(kind="subscriptions", event=message)


def _failure(failure: wire.Failure) -> dict[str, str]:
    return {"name": clean(str(failure.error.name), 60), "message": clean(failure.error.message, 200)}


def _candle(row: wire.RestCandle) -> Any:
    """A row says its length only where it is of minutes."""
    interval = _UNITS.get(row.unit) if row.unit is not None else None
    made = parse.bar_of(row, parse.instrument_of(row.market), interval or Interval.S1)
    return made if interval is not None else row


def _book(row: wire.RestOrderBook) -> Any:
    return parse.parse_book(
        wire.OrderBook(code=row.market, timestamp=row.timestamp, orderbook_units=row.orderbook_units), 0
    )


def _ticker(row: wire.RestTicker) -> Any:
    parse.instrument_of(row.market)
    return row


def _order(row: wire.Order) -> Any:
    return {"order": account.parse_order(row), "fills": account.parse_fills(row, ACCOUNT) if row.trades else ()}


_BODIES: dict[str, _Body] = {
    "candle_date_time_utc": ("candle", wire.RestCandle, _candle),
    "orderbook_units": ("orderbook", wire.RestOrderBook, _book),
    "tick_size": ("orderbook terms", wire.BookTerms, lambda row: row),
    "trade_date_utc": ("trade", wire.RestTrade, lambda row: parse.parse_trade(row, 0)),
    "acc_trade_price": ("ticker", wire.RestTicker, _ticker),
    "korean_name": ("market", wire.Market, parse.parse_instrument),
    "ord_type": ("order", wire.Order, _order),
    "bid_fee": ("chance", wire.Chance, lambda row: row),
    "balance": ("balance", wire.Holding, account.parse_wallet),
    "success": ("canceled", wire.Canceled, lambda row: row),
    "error": ("error", wire.Failure, _failure),
}
"""A member that only this kind of body has: its name, its type and how it is read. The first that fits counts."""


def line(decoded: Decoded) -> str:
    """One event in one line of `name=value`, cleaned."""
    return clean(f"{decoded.kind:10} {_words(decoded.event)}", 500)


def _words(value: Any, depth: int = 6) -> str:
    if isinstance(value, msgspec.Struct):
        value = {name: part for name in value.__struct_fields__ if (part := getattr(value, name)) not in (None, "", ())}
    if isinstance(value, dict | list | tuple) and not depth:
        return "…"
    if isinstance(value, dict):
        return " ".join(f"{name}={_words(part, depth - 1)}" for name, part in value.items())
    if isinstance(value, list | tuple):
        return f"[{'; '.join(_words(part, depth - 1) for part in value[:3])}{'; …' if len(value) > 3 else ''}]"
    if isinstance(value, Decimal | float):
        return plain(Decimal(repr(value)) if isinstance(value, float) else value)
    return str(value)
