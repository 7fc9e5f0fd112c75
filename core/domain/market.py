"""Market data: what anyone may see. Floats, because nothing here is our money, and without garbage-collector
tracking, because there is a lot of it. Times are int nanoseconds UTC: `ts` the venue's, `received` ours."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from enum import StrEnum
from itertools import zip_longest

import msgspec

from core.domain.ids import InstrumentId

NS = 1_000_000_000
"""Nanoseconds in a second."""


class Freshness(StrEnum):
    """How far a number may be trusted; one of these stands beside every quote."""

    LIVE = "live"
    DELAYED = "delayed"
    POLLED = "polled"
    STALE = "stale"
    CACHED = "cached"


class Phase(StrEnum):
    """What the market itself is doing with an instrument or with all of them."""

    OPEN = "open"
    AUCTION = "auction"
    VI = "vi"
    """Volatility interruption: a KRX call auction of about two minutes."""
    HALTED = "halted"
    CLOSED = "closed"


class Aggressor(StrEnum):
    BUY = "buy"
    SELL = "sell"
    NONE = "none"


class Quote(msgspec.Struct, frozen=True, gc=False):
    """Best bid and ask. A side that is empty has price 0.0 and size 0.0."""

    instrument: InstrumentId
    bid: float
    bid_size: float
    ask: float
    ask_size: float
    ts: int
    received: int
    freshness: Freshness = Freshness.LIVE


class Trade(msgspec.Struct, frozen=True, gc=False):
    """One print on the tape, by anyone. `aggressor` is the taker's side."""

    instrument: InstrumentId
    price: float
    size: float
    aggressor: Aggressor
    ts: int
    received: int


class Row(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """The n-th bid beside the n-th ask, as most venues send them. Where a side has no such level its price is 0.0."""

    bid: float
    bid_size: float
    ask: float
    ask_size: float


Level = tuple[float, float]
"""(price, size)."""


class OrderBook(msgspec.Struct, frozen=True, gc=False):
    """Depth, best first. It is kept as it came, for many come and few are looked at: `bids` and `asks` are made for
    who asks."""

    instrument: InstrumentId
    rows: Sequence[Row]
    ts: int
    received: int

    @classmethod
    def of(
        cls, instrument: InstrumentId, bids: Iterable[Level], asks: Iterable[Level], ts: int, received: int
    ) -> OrderBook:
        """From the levels of each side."""
        pairs = zip_longest(bids, asks, fillvalue=(0.0, 0.0))
        rows = [Row(bid=bid, bid_size=b, ask=ask, ask_size=a) for (bid, b), (ask, a) in pairs]
        return cls(instrument, rows, ts, received)

    @property
    def bids(self) -> tuple[Level, ...]:
        return tuple([(row.bid, row.bid_size) for row in self.rows if row.bid])

    @property
    def asks(self) -> tuple[Level, ...]:
        return tuple([(row.ask, row.ask_size) for row in self.rows if row.ask])


class Interval(StrEnum):
    S1 = "1s"
    S10 = "10s"
    M1 = "1m"
    M3 = "3m"
    M5 = "5m"
    M15 = "15m"
    M30 = "30m"
    H1 = "1h"
    D1 = "1d"

    @property
    def ns(self) -> int:
        unit = {"s": 1, "m": 60, "h": 3600, "d": 86400}[self.value[-1]]
        return int(self.value[:-1]) * unit * NS


class Bar(msgspec.Struct, frozen=True, gc=False):
    """Open, high, low, close and volume over [`ts`, `ts` + interval). `is_closed` is False while it forms."""

    instrument: InstrumentId
    interval: Interval
    ts: int
    open: float
    high: float
    low: float
    close: float
    volume: float
    is_closed: bool = True
