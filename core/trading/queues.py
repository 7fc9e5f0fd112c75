"""How much probably waits before our resting orders: what was shown at the price when we joined, less what traded there
since, and never more than is shown there now. An estimate: who left and who came behind us is not told by any feed."""

from __future__ import annotations

from core.domain.ids import ClientOrderId, InstrumentId
from core.domain.market import OrderBook, Trade
from core.domain.order import Order, OrderStatus, OrderType, Side
from core.trading.state import State


class _Place:
    __slots__ = ("ahead", "price", "side")

    def __init__(self, side: Side, price: float, ahead: float) -> None:
        self.side, self.price, self.ahead = side, price, ahead


class Queues:
    """Fed by the engine, for the instruments in `places` alone: those where an order of ours rests."""

    def __init__(self, state: State) -> None:
        self._state = state
        self.places: dict[InstrumentId, dict[ClientOrderId, _Place]] = {}

    def settle(self, id: ClientOrderId) -> None:
        """The venue spoke of this order: it joins the queue, moves to another one, or leaves."""
        order = self._state.orders.get(id)
        if order is None:
            return
        places = self.places.setdefault(order.instrument, {})
        price = float(order.limit_price) if order.limit_price is not None else 0.0
        place = places.get(id)
        if order.status is not OrderStatus.OPEN or order.request.type is not OrderType.LIMIT:
            places.pop(id, None)
        elif place is None or place.price != price:
            places.pop(id, None)
            ahead = self._shown(order, price)
            if ahead is not None:
                places[id] = _Place(order.side, price, ahead)
        if not places:
            self.places.pop(order.instrument, None)

    def ahead(self, order: Order) -> float | None:
        """Quantity before it; None where that was never known."""
        place = self.places.get(order.instrument, {}).get(order.id)
        return place.ahead if place is not None else None

    def trade(self, trade: Trade) -> None:
        places = self.places.get(trade.instrument)
        if places is not None and trade.size > 0:
            for place in places.values():
                if place.price == trade.price:
                    place.ahead = max(place.ahead - trade.size, 0.0)

    def book(self, book: OrderBook) -> None:
        places = self.places.get(book.instrument)
        if places is not None:
            for place in places.values():
                shown = _at(book.bids if place.side is Side.BUY else book.asks, place.price, place.side)
                if shown is not None and shown < place.ahead:
                    place.ahead = shown

    def _shown(self, order: Order, price: float) -> float | None:
        """What the market shows at the price as the order joins; None when its book does not reach that far."""
        state, id, side = self._state, order.instrument, order.side
        book, quote = state.books.get(id), state.quotes.get(id)
        if book is not None and (quote is None or book.received >= quote.received):
            return _at(book.bids if side is Side.BUY else book.asks, price, side)
        if quote is None:
            return None
        best, size = (quote.bid, quote.bid_size) if side is Side.BUY else (quote.ask, quote.ask_size)
        return _at(((best, size),) if best else (), price, side)


def _at(levels: tuple[tuple[float, float], ...], price: float, side: Side) -> float | None:
    """Size at a price: 0 between and before the levels, None beyond the last one."""
    for level, size in levels:
        if level == price:
            return size if size > 0 else 0.0
        if (level < price) is (side is Side.BUY):
            return 0.0
    return None
