"""What one instrument shows at the simulated venue, and how much of it is left for us. Data feeds do not know of our
fills, so what we took of a displayed level stays taken until the level shows another size. No orders, no money."""

from __future__ import annotations

from collections.abc import Iterator
from math import inf
from typing import TYPE_CHECKING

from core.domain.instrument import Instrument
from core.domain.market import NS, OrderBook, Phase, Quote
from core.domain.order import Side

if TYPE_CHECKING:
    from core.backtest.working import Working

BOOK_AGE_NS = 5 * NS
"""A book older than the quote by more than this tells nothing of the depth behind the touch."""

Level = tuple[float, float]


class Lane:
    """One instrument: newest quote, book and trade price, and our live orders in price-time priority."""

    __slots__ = ("book", "instrument", "is_opening", "last", "orders", "phase", "quote", "taken")

    def __init__(self, instrument: Instrument) -> None:
        self.instrument = instrument
        self.quote: Quote | None = None
        self.book: OrderBook | None = None
        self.last: float | None = None
        self.phase: Phase | None = None
        """The instrument's own phase; None follows its market."""
        self.is_opening = False
        """The market has closed, and the print that opens the next session is still to come."""
        self.orders: list[Working] = []
        self.taken: dict[tuple[Side, float], Level] = {}
        """What we took of displayed levels: (side, price) -> (size shown then, quantity taken)."""

    def top(self, side: Side) -> Level:
        """Best price and size shown on the bid (BUY) or ask (SELL) side; (0.0, 0.0) when that side is empty."""
        quote, book = self.quote, self.book
        if quote is not None and (book is None or quote.received >= book.received):
            return (quote.bid, quote.bid_size) if side is Side.BUY else (quote.ask, quote.ask_size)
        levels = self._side(side)
        return levels[0] if levels else (0.0, 0.0)

    def levels(self, side: Side) -> Iterator[Level]:
        """Levels shown on one side, best first. Depth counts only while the book's top agrees with the quote."""
        top = self.top(side)
        if not 0.0 < top[0] < inf:
            return
        yield top
        deep = self._side(side)
        if deep and deep[0][0] == top[0] and self._is_book_fresh():
            yield from deep[1:]

    def shown(self, side: Side, price: float) -> float | None:
        """Size shown at `price` on its own side: 0.0 for a new best or a gap, None beyond sight."""
        best, size = self.top(side)
        if not best:
            return None
        if price == best:
            return size
        if price > best if side is Side.BUY else price < best:
            return 0.0
        deep = self._side(side)
        if not deep or not self._is_book_fresh():
            return None
        for level, size in deep:
            if level == price:
                return size
        end = deep[-1][0]
        is_beyond = price < end if side is Side.BUY else price > end
        return None if is_beyond else 0.0

    def left(self, side: Side, price: float, shown: float) -> float:
        """How much of `shown` at `price` we have not taken yet. A changed size means a refreshed level."""
        taken = self.taken.get((side, price))
        if taken is None:
            return shown
        if taken[0] != shown:
            del self.taken[(side, price)]
            return shown
        return max(shown - taken[1], 0.0)

    def take(self, side: Side, price: float, shown: float, quantity: float) -> None:
        """Remember that we took `quantity` of the level."""
        before = self.taken.get((side, price))
        already = before[1] if before is not None and before[0] == shown else 0.0
        self.taken[(side, price)] = (shown, already + quantity)

    def refresh(self) -> None:
        """The display changed: a level that went away or shows another size is whole again when it next comes."""
        for (side, price), (shown, _) in list(self.taken.items()):
            now = self.shown(side, price)
            if now is not None and now != shown:
                del self.taken[(side, price)]

    def forget(self) -> None:
        """A new session: nothing of the old display is left."""
        self.quote = self.book = None
        self.taken.clear()

    def sort(self) -> None:
        self.orders.sort(key=lambda order: order.priority)

    def _side(self, side: Side) -> tuple[Level, ...]:
        if self.book is None:
            return ()
        return self.book.bids if side is Side.BUY else self.book.asks

    def _is_book_fresh(self) -> bool:
        if self.book is None:
            return False
        return self.quote is None or self.book.received >= self.quote.received - BOOK_AGE_NS
