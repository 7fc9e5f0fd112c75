"""Foreign tape layouts, each a generator from lines to market events. They check what they read: a line that is no
event ends the tape there, with everything before it already given out.
"""

from __future__ import annotations

import re
from bisect import bisect_left, insort
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime
from typing import Any

import msgspec

from core.domain.ids import InstrumentId
from core.domain.market import NS, Aggressor, OrderBook, Quote, Trade

MS = 1_000_000
HUGE = 1e15
"""Nothing is priced or sized beyond this. A comparison with it refuses NaN and infinity at once."""
DEPTH = 10
"""Levels a side that a book event carries."""

MarketEvent = Quote | Trade | OrderBook
Reader = Callable[[Iterable[tuple[int, bytes]], "Names"], Iterator[MarketEvent]]
_SIDES = {b"buy": Aggressor.BUY, b"sell": Aggressor.SELL}


class Bad(ValueError):
    """What is wrong with a line."""


class _Symbols(dict[bytes, InstrumentId]):
    def __missing__(self, symbol: bytes) -> InstrumentId:
        raise Bad(f"not an instrument code: {symbol.decode('utf-8', 'replace')[:40]!a}")


class Names:
    """Symbols of the file -> instrument ids. A file of one instrument may not name it: that is `only`."""

    def __init__(self, by_symbol: dict[bytes, InstrumentId], only: InstrumentId | None = None) -> None:
        self.by_symbol = _Symbols(by_symbol)
        self._only = only

    @property
    def only(self) -> InstrumentId:
        if self._only is None:
            raise Bad("which instrument this is about is not said")
        return self._only


def ticks(numbered: Iterable[tuple[int, bytes]], names: Names) -> Iterator[MarketEvent]:
    """recv_ns, exch_ms, symbol, kind, then price, qty, aggressor of a trade or bid, bid_qty, ask, ask_qty."""
    ids = names.by_symbol
    last = 0
    for _, line in numbered:
        received, exchange, symbol, kind, price, size, side, bid, bid_size, ask, ask_size = line.split(b",")
        now = int(received)
        if now < last:
            raise _backwards()
        last = now
        ts = int(exchange) * MS if exchange else now
        if kind == b"Q":
            b, bs, a, size_a = float(bid), float(bid_size), float(ask), float(ask_size)
            if not (0.0 <= b < HUGE and 0.0 <= bs < HUGE and 0.0 <= a < HUGE and 0.0 <= size_a < HUGE):
                raise Bad("a price or size is out of range")
            yield Quote(ids[symbol], b, bs, a, size_a, ts, now)
        elif kind == b"T":
            p, s = float(price), float(size)
            if not (0.0 < p < HUGE and 0.0 <= s < HUGE):
                raise Bad("a price or size is out of range")
            yield Trade(ids[symbol], p, s, _SIDES[side], ts, now)
        else:
            raise Bad("the kind is neither T nor Q")


def trades_ns(numbered: Iterable[tuple[int, bytes]], names: Names) -> Iterator[MarketEvent]:
    """time_ns, price, qty, aggressor."""
    last, id = 0, names.only
    for _, line in numbered:
        time, price, size, side = line.split(b",")
        last = _later(int(time), last)
        yield Trade(id, *_priced(price, size), _SIDES[side], last, last)


def trades_ms(numbered: Iterable[tuple[int, bytes]], names: Names) -> Iterator[MarketEvent]:
    """time_ms, trade_id, aggressor, price, qty."""
    last, id = 0, names.only
    for _, line in numbered:
        time, _trade, side, price, size = line.split(b",")
        last = _later(int(time) * MS, last)
        yield Trade(id, *_priced(price, size), _SIDES[side], last, last)


def quotes(numbered: Iterable[tuple[int, bytes]], names: Names) -> Iterator[MarketEvent]:
    """time_utc, bid, bid_qty, ask, ask_qty."""
    last, id = 0, names.only
    minutes: dict[bytes, int] = {}
    for _, line in numbered:
        time, bid, bid_size, ask, ask_size = line.split(b",")
        last = _later(_utc(time, minutes), last)
        b, bs, a, size_a = float(bid), float(bid_size), float(ask), float(ask_size)
        if not (0.0 <= b < HUGE and 0.0 <= bs < HUGE and 0.0 <= a < HUGE and 0.0 <= size_a < HUGE):
            raise Bad("a price or size is out of range")
        yield Quote(id, b, bs, a, size_a, last, last)


def book_levels(numbered: Iterable[tuple[int, bytes]], names: Names) -> Iterator[MarketEvent]:
    """time_ms, nonce, level, bid, bid_qty, ask, ask_qty: a snapshot is the lines of one nonce."""
    last, id = 0, names.only
    bids: list[tuple[float, float]] = []
    asks: list[tuple[float, float]] = []
    seen: tuple[bytes, bytes] = (b"", b"")
    for _, line in numbered:
        time, nonce, level, bid, bid_size, ask, ask_size = line.split(b",")
        if (time, nonce) != seen:
            if bids:
                yield from _book(id, tuple(bids[:DEPTH]), tuple(asks[:DEPTH]), last, last)
            seen = (time, nonce)
            last = _later(int(time) * MS, last)
            bids, asks = [], []
        if int(level) != len(bids) + 1:
            raise Bad(f"level {int(level)} comes where {len(bids) + 1} is expected")
        bids.append(_priced(bid, bid_size))
        asks.append(_priced(ask, ask_size))
    if bids:
        yield from _book(id, tuple(bids[:DEPTH]), tuple(asks[:DEPTH]), last, last)


# --- depth as differences ---------------------------------------------------------------------------------------------


class _Diff(msgspec.Struct, gc=False):
    E: int
    s: str
    U: int
    u: int
    b: list[tuple[str, str]]
    a: list[tuple[str, str]]


class _Frame(msgspec.Struct, gc=False):
    """Either a snapshot (lastUpdateId, bids, asks) or a difference (data)."""

    data: _Diff | None = None
    lastUpdateId: int | None = None
    bids: list[tuple[str, str]] = []
    asks: list[tuple[str, str]] = []


_frame = msgspec.json.Decoder(_Frame).decode


class _Side:
    """Prices of one side, best first, with their sizes. `sign` is -1 for bids, so that the best sorts first."""

    def __init__(self, sign: int) -> None:
        self._sign = sign
        self._keys: list[float] = []
        self._sizes: dict[float, float] = {}

    def put(self, levels: Iterable[tuple[str, str]]) -> None:
        for price_text, size_text in levels:
            price, size = _priced(price_text, size_text)
            key = price * self._sign
            if size == 0.0:
                if self._sizes.pop(key, None) is not None:
                    del self._keys[bisect_left(self._keys, key)]
            else:
                if key not in self._sizes:
                    insort(self._keys, key)
                self._sizes[key] = size

    def top(self) -> tuple[tuple[float, float], ...]:
        return tuple((key * self._sign, self._sizes[key]) for key in self._keys[:DEPTH])


def depth_differences(numbered: Iterable[tuple[int, bytes]], names: Names) -> Iterator[MarketEvent]:
    """`recv_ns json`: one snapshot and differences. Those before the snapshot wait for it; those it contains are
    dropped; a gap in the numbers ends the tape, because the book would be wrong from there."""
    bids, asks = _Side(-1), _Side(1)
    waiting: list[_Diff] = []
    at: int | None = None
    last, best = 0, ((0.0, 0.0), (0.0, 0.0))
    for _, line in numbered:
        received, _space, body = line.partition(b" ")
        now = last = _later(int(received), last)
        frame = _frame(body)
        if frame.lastUpdateId is not None:
            bids, asks = _Side(-1), _Side(1)
            bids.put(frame.bids)
            asks.put(frame.asks)
            at, found, ts = frame.lastUpdateId, waiting, now
            waiting = []
        elif frame.data is not None:
            found, ts = [frame.data], frame.data.E * MS
        else:
            raise Bad("neither a snapshot nor a difference")
        if at is None:
            waiting += found
            if len(waiting) > 10_000:
                raise Bad("there is no snapshot to begin with")
            continue
        for diff in found:
            if diff.u <= at:
                continue
            first = diff.U
            if first > at + 1:
                raise Bad(f"updates {at + 1} to {first - 1} are missing")
            bids.put(diff.b)
            asks.put(diff.a)
            at = diff.u
        top = bids.top(), asks.top()
        if top[0] and top[1]:
            events = list(_book(names.only, *top, ts, now))
            if best == (top[0][0], top[1][0]):
                events = events[:1]
            best = (top[0][0], top[1][0])
            yield from events


def _book(
    id: InstrumentId,
    bids: tuple[tuple[float, float], ...],
    asks: tuple[tuple[float, float], ...],
    ts: int,
    received: int,
) -> Iterator[MarketEvent]:
    yield OrderBook.of(id, bids, asks, ts, received)
    yield Quote(id, *bids[0], *asks[0], ts, received)


# --- fields -----------------------------------------------------------------------------------------------------------


def _priced(price: Any, size: Any) -> tuple[float, float]:
    p, s = float(price), float(size)
    if not (0.0 < p < HUGE and 0.0 <= s < HUGE):
        raise Bad("a price or size is out of range")
    return p, s


def _later(now: int, last: int) -> int:
    if now < last:
        raise _backwards()
    return now


def _backwards() -> Bad:
    return Bad("the time runs backwards")


def _utc(text: bytes, minutes: dict[bytes, int]) -> int:
    """`2026-01-01 00:00:00` with or without a fraction, ns. `minutes` remembers the newest one's beginning."""
    minute = minutes.get(text[:17])
    if minute is None:
        if not re.fullmatch(rb"\d{4}-\d\d-\d\d[ T]\d\d:\d\d:", text[:17]):
            raise Bad("the time is none")
        begin = datetime.fromisoformat(text[:16].decode("ascii")).replace(tzinfo=UTC)
        minutes.clear()
        minute = minutes[text[:17]] = int(begin.timestamp()) * NS
    seconds = text[17:19]
    if len(text) == 19 and seconds.isdigit():
        return minute + int(seconds) * NS
    fraction = text[20:29]
    if text[19:20] != b"." or not (seconds.isdigit() and fraction.isdigit()):
        raise Bad("the time is none")
    return minute + int(seconds) * NS + int(fraction.ljust(9, b"0"))


class Layout(msgspec.Struct, frozen=True):
    """`columns` is the first line of the file, empty where it has none. `price` says in which column a price stands,
    `symbol` in which a symbol."""

    name: str
    columns: bytes
    read: Reader
    price: int | None = None
    symbol: int | None = None
    conflates: bool = False
    """Was written once a second, or one line for several prints: what happened between is not in it."""


LAYOUTS = (
    Layout(
        "trades and quotes",
        b"recv_ns,exch_ms,symbol,kind,price,qty,aggressor,bid,bid_qty,ask,ask_qty",
        ticks,
        price=7,
        symbol=2,
    ),
    Layout("trades", b"time_ns,price,qty,aggressor", trades_ns, price=1),
    Layout("trades", b"time_ms,trade_id,aggressor,price,qty", trades_ms, price=3, conflates=True),
    Layout("quotes", b"time_utc,bid,bid_qty,ask,ask_qty", quotes, price=1, conflates=True),
    Layout("order books", b"time_ms,nonce,level,bid,bid_qty,ask,ask_qty", book_levels, price=3),
)
DIFFERENCES = Layout("order book differences", b"", depth_differences)
