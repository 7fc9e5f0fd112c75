"""Trades become bars, one builder per instrument and interval. A bar without trades is not made: silence is no price,
and a strategy that wants a steady rhythm has the clock. Nothing here waits or reads the clock."""

from __future__ import annotations

from core.domain.ids import InstrumentId
from core.domain.market import NS, Bar, Interval, Quote, Trade

GRACE_NS = NS // 4
"""How long after its end a bar waits for prints still on their way, unless a print of the next bar closes it."""


class BarBuilder:
    """Call `add` with every trade; it returns the bar that this trade closes, if any.

    Bars begin at multiples of the interval since 1970 UTC, so a daily bar begins at midnight UTC (09:00 in Seoul).
    With `from_quotes`, for feeds that carry no trades, mid prices of two-sided quotes make the bars, with volume 0,
    and trades are left out; without it quotes only tell the time. A trade older than the last closed bar's end is
    counted in `late` and left out, for strategies have acted on that bar. A trade stamped more than one interval ahead
    of when we got it is booked when we got it: one bad stamp must not make everything after it late.
    """

    __slots__ = (
        "_close",
        "_end",
        "_high",
        "_low",
        "_open",
        "_start",
        "_volume",
        "from_quotes",
        "grace_ns",
        "instrument",
        "interval",
        "late",
        "length",
    )

    def __init__(
        self, instrument: InstrumentId, interval: Interval, *, from_quotes: bool = False, grace_ns: int = GRACE_NS
    ) -> None:
        self.instrument = instrument
        self.interval = interval
        self.from_quotes = from_quotes
        self.grace_ns = grace_ns
        self.length = interval.ns
        self.late = 0
        self._start = -1
        """Begin of the forming bar; -1 while there is none."""
        self._end = 0
        """End of the forming bar, else of the last closed one."""
        self._open = self._high = self._low = self._close = self._volume = 0.0

    def add(self, trade: Trade) -> Bar | None:
        """Book a trade. Returns the closed bar before it when it is the first of a later one."""
        if self.from_quotes:
            return None
        ts = trade.ts
        if not 0 < ts <= trade.received + self.length:
            ts = trade.received
        price = trade.price
        if self._start <= ts < self._end and self._start >= 0:
            if price > self._high:
                self._high = price
            elif price < self._low:
                self._low = price
            self._close = price
            self._volume += trade.size
            return None
        return self._turn(ts, price, trade.size)

    def add_quote(self, quote: Quote) -> Bar | None:
        """Book the mid price (with `from_quotes`), else look at the time only."""
        ts = quote.ts
        if not 0 < ts <= quote.received + self.length:
            ts = quote.received
        if not self.from_quotes:
            return self.tick(ts) if ts >= self._end and self._start >= 0 else None
        if not (quote.bid > 0 and quote.ask > 0):
            return None
        price = (quote.bid + quote.ask) / 2
        if self._start <= ts < self._end and self._start >= 0:
            self._high = max(self._high, price)
            self._low = min(self._low, price)
            self._close = price
            return None
        return self._turn(ts, price, 0.0)

    def tick(self, now: int) -> Bar | None:
        """Time has passed: returns the bar whose end lies at least the grace behind `now`."""
        if self._start < 0 or now < self._end + self.grace_ns:
            return None
        bar = self._bar(is_closed=True)
        self._start = -1
        return bar

    def seed(self, bar: Bar) -> None:
        """The venue's word on the bar that forms now: it began before we listened. An older one changes nothing."""
        if bar.ts >= (self._start if self._start >= 0 else self._end):
            self._start, self._end = bar.ts, bar.ts + self.length
            self._open, self._high, self._low, self._close = bar.open, bar.high, bar.low, bar.close
            self._volume = bar.volume

    @property
    def forming(self) -> Bar | None:
        """The bar so far, for charts."""
        return None if self._start < 0 else self._bar(is_closed=False)

    def _turn(self, ts: int, price: float, size: float) -> Bar | None:
        if ts < self._end:
            self.late += 1
            return None
        closed = None if self._start < 0 else self._bar(is_closed=True)
        self._start = ts - ts % self.length
        self._end = self._start + self.length
        self._open = self._high = self._low = self._close = price
        self._volume = size
        return closed

    def _bar(self, *, is_closed: bool) -> Bar:
        return Bar(
            instrument=self.instrument,
            interval=self.interval,
            ts=self._start,
            open=self._open,
            high=self._high,
            low=self._low,
            close=self._close,
            volume=self._volume,
            is_closed=is_closed,
        )
