"""Prices that HELD orders wait for. An instrument nobody waits for costs a tick nothing: the engine only calls here for
those in `instruments`.

A stop goes by the last trade held within the quote: neither a print outside the quote nor a bid that was withdrawn for
a moment sets it off. A take profit goes by the touch it would trade against, so that it trades when it is sent."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from math import inf
from typing import NamedTuple

from core.domain.decimals import exact
from core.domain.ids import ClientOrderId, InstrumentId
from core.domain.market import NS, Freshness, Phase, Quote
from core.domain.order import Order, OrderStatus, OrderType, Side
from core.trading.market import is_price
from core.trading.state import PositionKey, State

FRESH_NS = 10 * NS
"""An older price sets nothing off, and what was set off counts for this long while it waits to leave."""
RATCHET_NS = NS
"""A trailing stop that moved is journalled at most this often."""
_TRUSTED = frozenset({Freshness.LIVE, Freshness.POLLED})


class Waiting(NamedTuple):
    """A HELD order, and where prices must have come for it to matter: `below` one price, or `above` one."""

    order: Order
    below: float
    above: float


def _waiting(order: Order) -> Waiting:
    request = order.request
    price = order.stop_price if request.is_stop else order.limit_price
    if price is None or request.type is OrderType.TRAILING:
        return Waiting(order, inf, -inf)
    falls = request.is_stop is (order.side is Side.SELL)
    return Waiting(order, float(price), -inf) if falls else Waiting(order, inf, float(price))


class Watch:
    def __init__(self, state: State) -> None:
        self._state = state
        self.instruments: dict[InstrumentId, dict[PositionKey, tuple[Waiting, ...]]] = {}
        self.is_changed = False
        """Set when the instruments to listen to changed; whoever listens clears it."""
        self._fired: dict[ClientOrderId, int] = {}
        self._best: dict[ClientOrderId, float] = {}

    def renew(self, place: PositionKey, orders: Iterable[Order]) -> None:
        """These HELD orders of a place wait for their price."""
        found = tuple(_waiting(order) for order in orders)
        known = self.instruments.get(place[1], {})
        if found:
            if place[1] not in self.instruments:
                self.is_changed = True
            self.instruments.setdefault(place[1], {})[place] = found
        elif place in known:
            del known[place]
            if not known:
                del self.instruments[place[1]]
                self.is_changed = True

    def reached(self, instrument: InstrumentId, now: int) -> list[PositionKey]:
        """Places at which an order's price has come that had not a moment ago."""
        quote, trade = self._state.quotes.get(instrument), self._state.trades.get(instrument)
        lows, highs = [], []
        if quote is not None:
            lows, highs = [quote.bid], [quote.bid, quote.ask]
        if trade is not None:
            lows.append(trade.price)
            highs.append(trade.price)
        if not highs:
            return []
        low, high = min(lows), max(highs)
        found = []
        for place, waiting in self.instruments.get(instrument, {}).items():
            near = [w.order for w in waiting if not (low > w.below or high < w.above)]
            # All of them look: a trailing stop follows what it sees.
            due = [self.is_due(o, now) for o in near if not abs(now - self._fired.get(o.id, 0)) < NS]
            if any(due):
                found.append(place)
        return found

    def is_due(self, order: Order, now: int) -> bool:
        """Has its price come? At the venue: did it leave because of it?"""
        if order.status is not OrderStatus.HELD:
            return order.id in self._fired
        if order.request.type is OrderType.MARKET or self._is_reached(order, now):
            self._fired[order.id] = now
            return True
        if abs(now - self._fired.get(order.id, now - FRESH_NS)) < FRESH_NS:
            return True
        self._fired.pop(order.id, None)
        return False

    def forget(self, id: ClientOrderId) -> None:
        self._fired.pop(id, None)
        self._best.pop(id, None)

    def _is_reached(self, order: Order, now: int) -> bool:
        is_sell = order.side is Side.SELL
        if self._state.phase(order.instrument) is not Phase.OPEN:
            return False  # what an auction quotes is no price yet
        if not order.request.is_stop:
            quote = self._quote(order.instrument, now)
            touch = 0.0 if quote is None else quote.bid if is_sell else quote.ask
            limit = order.limit_price
            return is_price(touch) and limit is not None and (touch >= limit if is_sell else touch <= limit)
        price = self._price(order.instrument, is_sell, now)
        if price is None:
            return False
        level = self._level(order, price)
        return level is not None and (price <= level if is_sell else price >= level)

    def _level(self, order: Order, price: float) -> float | None:
        stop = float(order.stop_price) if order.stop_price is not None else None
        if order.request.type is not OrderType.TRAILING or order.request.trail is None:
            return stop
        is_sell, trail = order.side is Side.SELL, float(order.request.trail)
        best = self._best.get(order.id)
        if best is None:  # as far as the journal knows it had come
            best = price if stop is None else stop + trail if is_sell else stop - trail
        best = self._best[order.id] = max(best, price) if is_sell else min(best, price)
        return best - trail if is_sell else best + trail

    def ratchet(self, order: Order, now: int) -> Decimal | None:
        """The stop of a HELD order as it should stand in the journal: that of a trailing one moves with the market."""
        best, instrument = self._best.get(order.id), self._state.instruments.get(order.instrument)
        trail, stop = order.request.trail, order.stop_price
        if best is None or trail is None or instrument is None:
            return stop
        is_sell = order.side is Side.SELL
        level = instrument.price(exact(best) - trail if is_sell else exact(best) + trail, "down" if is_sell else "up")
        if level <= 0 or (stop is not None and (level <= stop if is_sell else level >= stop)):
            return stop
        return level if stop is None or abs(now - order.updated) >= RATCHET_NS else stop

    def _quote(self, id: InstrumentId, now: int) -> Quote | None:
        quote = self._state.quotes.get(id)
        if quote is None or quote.freshness not in _TRUSTED or abs(now - quote.received) > FRESH_NS:
            return None
        return quote

    def _price(self, id: InstrumentId, is_sell: bool, now: int) -> float | None:
        quote, trade = self._quote(id, now), self._state.trades.get(id)
        if quote is None:
            fresh = trade is not None and abs(now - trade.received) <= FRESH_NS
            price = trade.price if fresh and trade is not None else None
        elif trade is None or not is_price(trade.price):
            price = quote.ask if is_sell else quote.bid  # without prints: only once all the market has passed it
        else:
            price = max(trade.price, quote.bid)
            price = min(price, quote.ask) if quote.ask else price
        return price if price is not None and is_price(price) else None
