"""How our orders meet the market: taking what is shown, resting in a queue, a print that reaches them, a call auction.
Given an order and the event, it fills; whose turn it is and what arrives when is decided by the matching."""

from __future__ import annotations

from decimal import Decimal

from core.backtest.funds import Funds
from core.backtest.liquidity import Lane
from core.backtest.working import Stage, Working
from core.domain.decimals import ZERO, exact
from core.domain.events import Event, OrderCanceled, OrderFilled
from core.domain.market import Aggressor, Trade
from core.domain.order import Liquidity, Side, TimeInForce

Events = list[Event]


class Crossing:
    """Fills, and what follows for the order. What happened is added to `out`, in order."""

    def __init__(self, funds: Funds) -> None:
        self._funds = funds

    def sweep(self, lane: Lane, order: Working, now: int, out: Events) -> None:
        """Take what is shown, best first, up to the limit; then rest, wait or be canceled as the terms say."""
        side = order.side.other
        if order.request.time_in_force is TimeInForce.FOK and self._offered(lane, order) < order.remaining:
            self.cancel_rest(lane, order, "fill or kill: not enough was shown at the limit", now, out)
            return
        for price, shown in lane.levels(side):
            if not order.may_trade_at(price):
                break
            left = lane.instrument.quantity(lane.left(side, price, shown))
            quantity = min(order.remaining, left)
            if quantity <= 0:
                continue
            lane.take(side, price, shown, float(quantity))
            if not self.fill(lane, order, quantity, exact(price), Liquidity.TAKER, now, out):
                return
        if order.is_immediate:
            self.cancel_rest(lane, order, f"{order.request.time_in_force.upper()}: the rest was not offered", now, out)
            return
        best = lane.top(side)[0]
        if order.limit_f is not None and not (best and order.may_trade_at(best)):
            order.is_passive = True
            order.ahead = lane.shown(order.side, order.limit_f)

    def _offered(self, lane: Lane, order: Working) -> Decimal:
        """What is shown within the limit and not taken by us."""
        side = order.side.other
        total = ZERO
        for price, shown in lane.levels(side):
            if not order.may_trade_at(price):
                break
            total += lane.instrument.quantity(lane.left(side, price, shown))
        return total

    def reach(self, lane: Lane, order: Working, now: int, out: Events) -> None:
        """A resting order: the other side's display reached or passed its price, or the queue before it shrank."""
        limit, side = order.limit_f, order.side
        if limit is None or order.limit is None:
            return
        best, size = lane.top(side.other)
        if best and order.may_trade_at(best):
            quantity = order.remaining
            if best == limit:
                quantity = min(quantity, lane.instrument.quantity(lane.left(side.other, best, size)))
                lane.take(side.other, best, size, float(quantity))
            if quantity > 0 and not self.fill(lane, order, quantity, order.limit, Liquidity.MAKER, now, out):
                return
        shown = lane.shown(side, limit)
        if shown is not None:
            order.ahead = shown if order.ahead is None else min(order.ahead, shown)

    def meet(self, lane: Lane, trade: Trade, now: int, out: Events) -> None:
        """A trade of others: it eats the queue before our resting orders, then them; beyond their price it fills them.
        The size of the trade is shared by all of them."""
        used = ZERO
        for order in tuple(lane.orders):
            limit = order.limit_f
            if order.stage is not Stage.WORKING or not order.is_passive or limit is None or order.limit is None:
                continue
            is_our_side = trade.aggressor is not (Aggressor.BUY if order.side is Side.BUY else Aggressor.SELL)
            if not is_our_side or not order.may_trade_at(trade.price):
                continue
            size = trade.size
            if trade.price == limit:
                if order.ahead is None:
                    continue
                eaten = min(order.ahead, size)
                order.ahead -= eaten
                size -= eaten
            quantity = min(order.remaining, lane.instrument.quantity(max(size, 0.0)) - used)
            if quantity > 0:
                used += quantity
                self.fill(lane, order, quantity, order.limit, Liquidity.MAKER, now, out)

    def uncross(self, lane: Lane, trade: Trade, now: int, out: Events) -> None:
        """The print of a call auction: orders at least as good trade at its price, best first, within its size."""
        left = dict.fromkeys(Side, lane.instrument.quantity(trade.size))
        for order in tuple(lane.orders):
            if order.stage is Stage.WORKING and order.may_trade_at(trade.price) and left[order.side] > 0:
                quantity = min(order.remaining, left[order.side])
                left[order.side] -= quantity
                self.fill(lane, order, quantity, exact(trade.price), Liquidity.UNKNOWN, now, out)

    def fill(
        self,
        lane: Lane,
        order: Working,
        quantity: Decimal,
        price: Decimal,
        liquidity: Liquidity,
        now: int,
        out: Events,
    ) -> bool:
        """Book one execution. False when the order has ended with it (filled, or the account can carry no more)."""
        carried = self._funds.permitted(lane, order, quantity, price)
        if carried > 0:
            fill = self._funds.book(lane, order, carried, price, liquidity, now)
            out.append(OrderFilled(ts=now, fill=fill))
        if order.remaining <= 0:
            self.end(lane, order, "filled", "")
            return False
        if carried < quantity:
            why = "it would no longer reduce" if order.request.reduce_only else "the account cannot carry more of it"
            self.cancel_rest(lane, order, why, now, out)
            return False
        self._funds.reserve(lane, order)
        return True

    def cancel_rest(self, lane: Lane, order: Working, text: str, now: int, out: Events) -> None:
        self.end(lane, order, "canceled", text)
        out.append(OrderCanceled(ts=now, client_order_id=order.id, text=text))

    def end(self, lane: Lane, order: Working, end: str, text: str) -> None:
        order.stage, order.end, order.text = Stage.ENDED, end, text
        lane.orders.remove(order)
        self._funds.reserve(lane, order)
