"""A simulated venue: our orders against the market data it is shown. Synchronous and deterministic: time comes in with
the events, nothing is drawn by lot. It cannot know what our orders would have done to the market; what it knows, it
counts against us: displayed size, the queue before us, costs."""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Iterator, Mapping
from math import inf

from core.backtest.admission import (
    RULES,
    Refusal,
    VenueRules,
    check_opening,
    check_phase,
    check_post_only,
    insufficient_funds,
)
from core.backtest.cash import Cash
from core.backtest.costs import TABLES, CostTable
from core.backtest.crossing import Crossing
from core.backtest.door import Door
from core.backtest.funds import MARKET_SLACK, Funds
from core.backtest.liquidity import Lane
from core.backtest.working import Stage, Working
from core.domain.account import Balance
from core.domain.decimals import ZERO, exact
from core.domain.events import (
    Event,
    InstrumentListed,
    OrderAccepted,
    OrderCanceled,
    OrderExpired,
    OrderRejected,
    OrderReplaced,
    OrderRequested,
    PhaseChanged,
)
from core.domain.ids import AccountId, ClientOrderId, InstrumentId, VenueRef, market_of
from core.domain.instrument import Instrument
from core.domain.market import Aggressor, OrderBook, Phase, Quote, Trade
from core.domain.order import (
    ON_CLOSE,
    Liquidity,
    Order,
    OrderRequest,
    Requested,
    RequestKind,
    RequestPhase,
    Side,
    TimeInForce,
)

Events = list[Event]
NOTHING: Events = []
"""Returned where nothing happened, so that a tick costs no list. Nobody may add to it."""


class Matching:
    """The venue. Every method returns what happened, in order; times are int ns UTC and never go back."""

    def __init__(
        self,
        instruments: Iterable[Instrument],
        balances: Mapping[AccountId, Iterable[Balance]],
        *,
        costs: Mapping[str, CostTable] = TABLES,
        rules: Mapping[str, VenueRules] = RULES,
        latency_ns: int = 0,
    ) -> None:
        self._latency = latency_ns
        self._lanes: dict[InstrumentId, Lane] = {}
        self._phases: dict[str, Phase] = {}
        self._orders: dict[ClientOrderId, Working] = {}
        self._known: set[ClientOrderId] = set()
        """Ids taken in earlier runs."""
        self._sequence = 0
        self._due: list[tuple[int, int, ClientOrderId, Requested | None]] = []
        """What is still on its way: (arrival, sequence, order, wish); no wish means the order itself."""
        self.cash = Cash()
        self.cash.set_balances(balances)
        self._funds = Funds(self.cash, costs)
        self._accounts = set(balances)
        self._door = Door(rules, self._funds)
        self._crossing = Crossing(self._funds)
        for instrument in instruments:
            self.list(instrument)

    def list(self, instrument: Instrument) -> None:
        """Trade this instrument, or know it anew (a new previous close moves its limits)."""
        lane = self._lanes.get(instrument.id)
        if lane is None:
            self._lanes[instrument.id] = Lane(instrument)
        else:
            lane.instrument = instrument

    def instrument(self, id: InstrumentId) -> Instrument | None:
        lane = self._lanes.get(id)
        return lane.instrument if lane is not None else None

    def instruments(self) -> Iterator[Instrument]:
        return (lane.instrument for lane in self._lanes.values())

    def orders(self) -> Iterator[Working]:
        """Every order this run took, ended ones included. To read only."""
        return iter(self._orders.values())

    # --- what we ask for ------------------------------------------------------------------------------------------

    def submit(self, order: Order, now: int) -> Events:
        """[OrderRejected], or OrderAccepted and what followed at once."""
        request = order.request
        lane = self._lanes.get(request.instrument)
        if lane is None:
            unknown = Refusal("unknown_instrument", f"{request.instrument} is not traded here")
            return [_rejected(request.client_order_id, unknown, now)]
        refusal = self._identity_refusal(request)
        refusal = refusal or self._opening_refusal(lane, request)
        refusal = refusal or self._door.refusal(lane, request, self._phase(lane), is_instant=not self._latency)
        if refusal is not None:
            return [_rejected(request.client_order_id, refusal, now)]
        working = self._enter(lane, request, now)
        out: Events = [OrderAccepted(ts=now, client_order_id=request.client_order_id, ref=working.ref)]
        if self._latency:
            self._send(now, working.id, None)
        else:
            self._arrive(lane, working, now, out)
        return self._funds.flush(now, out)

    def cancel(self, id: ClientOrderId, now: int) -> Events:
        """OrderCanceled, now or after the latency, or OrderRequested(REFUSED) when there is nothing to cancel."""
        return self._ask(id, Requested(kind=RequestKind.CANCEL, phase=RequestPhase.SENDING, ts=now), now)

    def replace(self, order: Order, now: int) -> Events:
        """Carry out `order.requested`: OrderReplaced and what followed, or OrderRequested(REFUSED)."""
        wish = order.requested
        if wish is None or wish.kind is not RequestKind.REPLACE:
            raise ValueError("a replace needs order.requested with the new terms")
        return self._ask(order.id, wish, now)

    def remember(self, id: ClientOrderId) -> None:
        """An order of this id was taken and ended in an earlier run: it is not taken again."""
        self._known.add(id)

    def restore(self, order: Order, now: int) -> Events:
        """Let an order of an earlier run rest again, with what it had filled. Silent, for the journal knows it; but
        where its instrument is no longer traded it is canceled. A stop is armed again even if it had been triggered:
        the journal does not say so. What rested meanwhile was met at its limit, however far the market went."""
        lane = self._lanes.get(order.instrument)
        if lane is None:
            self.remember(order.id)
            text = f"{order.instrument} is no longer traded here"
            return [OrderCanceled(ts=now, client_order_id=order.id, text=text)]
        working = self._enter(lane, order.request, now, order.refs[0] if order.refs else None)
        working.set_terms(order.quantity, order.limit_price, order.stop_price)
        self._funds.resume(lane, working, order.filled, order.filled_value)
        self._place(working)
        working.is_passive = working.stage is Stage.WORKING and working.limit is not None
        self._funds.reserve(lane, working)
        lane.sort()
        self._funds.hush()
        return NOTHING

    # --- what the market does -------------------------------------------------------------------------------------

    def on_event(self, event: object) -> Events:
        """Whatever a feed yields; what is no business of a venue is ignored."""
        kind = event.__class__
        if kind is Quote:
            return self.on_quote(event)  # type: ignore[arg-type]
        if kind is Trade:
            return self.on_trade(event)  # type: ignore[arg-type]
        if kind is OrderBook:
            return self.on_book(event)  # type: ignore[arg-type]
        if isinstance(event, PhaseChanged):
            return self.on_phase(event)
        if isinstance(event, InstrumentListed):
            self.list(event.instrument)
        return NOTHING

    def on_quote(self, quote: Quote) -> Events:
        lane = self._lanes.get(quote.instrument)
        sane = 0.0 <= quote.bid < inf and 0.0 <= quote.ask < inf and quote.bid_size >= 0.0 and quote.ask_size >= 0.0
        if lane is None or not sane:
            return NOTHING
        lane.quote = quote
        if lane.taken:
            lane.refresh()
        return self._look(lane, quote.received) if lane.orders else NOTHING

    def on_book(self, book: OrderBook) -> Events:
        lane = self._lanes.get(book.instrument)
        if lane is None:
            return NOTHING
        lane.book = book
        if lane.taken:
            lane.refresh()
        return self._look(lane, book.received, is_deep=True) if lane.orders else NOTHING

    def on_trade(self, trade: Trade) -> Events:
        lane = self._lanes.get(trade.instrument)
        if lane is None or not (0.0 < trade.price < inf and 0.0 <= trade.size < inf):
            return NOTHING
        lane.last = trade.price
        if not lane.orders and not lane.is_opening:
            return NOTHING
        now = trade.received
        out = self._arrivals(now)
        phase = self._phase(lane)
        if lane.is_opening and (phase is Phase.OPEN or (phase is Phase.AUCTION and trade.aggressor is Aggressor.NONE)):
            self._opened(lane, trade, now, out)
        if phase is Phase.OPEN:
            self._crossing.meet(lane, trade, now, out)
        elif phase in (Phase.AUCTION, Phase.VI) and trade.aggressor is Aggressor.NONE:
            self._crossing.uncross(lane, trade, now, out)
        for order in tuple(lane.orders):
            if order.stage is Stage.ARMED and order.is_triggered(trade.price):
                self._trigger(lane, order, now, out, trade.price)
        return self._funds.flush(now, out)

    def go_dark(self) -> None:
        """The line to the market is down: what it showed last is no offer any more."""
        for lane in self._lanes.values():
            lane.quote = lane.book = None

    def on_phase(self, event: PhaseChanged) -> Events:
        """A market or one instrument changes its phase. A market that closes fills MOC and ends DAY orders."""
        if event.instrument is not None:
            lane = self._lanes.get(event.instrument)
            if lane is not None:
                lane.phase = None if event.phase is Phase.OPEN else event.phase
            return NOTHING
        before = self._phases.get(event.market)
        self._phases[event.market] = event.phase
        if event.phase is Phase.CLOSED and before is not Phase.CLOSED:
            for lane in self._lanes.values():
                lane.is_opening = lane.is_opening or lane.instrument.market == event.market
            return self.on_close(event.market, event.ts)
        return NOTHING

    def on_close(self, market: str, now: int) -> Events:
        """The trading day of `market` ends: orders for the close fill at the last price where their limit allows it,
        DAY orders expire."""
        out: Events = []
        for lane in self._lanes.values():
            if lane.instrument.market != market:
                continue
            for order in tuple(lane.orders):
                if order.stage is Stage.AT_CLOSE and lane.last is not None and order.may_trade_at(lane.last):
                    self._crossing.fill(lane, order, order.remaining, exact(lane.last), Liquidity.UNKNOWN, now, out)
            for order in tuple(lane.orders):
                if order.request.time_in_force is not TimeInForce.GTC or order.stage is Stage.AT_CLOSE:
                    self._crossing.end(lane, order, "expired", "the trading day is over")
                    out.append(OrderExpired(ts=now, client_order_id=order.id, text=order.text))
                else:
                    # Where no auction opens the next day it rests through the night, and is met at its limit.
                    order.is_passive &= not self._door.rules_of(lane).has_opening_auction
                    order.ahead = None
            lane.forget()
        return self._funds.flush(now, out)

    def _opened(self, lane: Lane, trade: Trade, now: int, out: Events) -> None:
        """The first print of a session: what waited for it fills at its price, and what does not is over."""
        lane.is_opening = False
        for order in tuple(lane.orders):
            if order.stage is not Stage.AT_OPEN:
                continue
            if order.may_trade_at(trade.price):
                self._crossing.fill(lane, order, order.remaining, exact(trade.price), Liquidity.UNKNOWN, now, out)
            if order.is_live:
                text = f"the market opened at {trade.price:g}, beyond its limit"
                self._crossing.end(lane, order, "expired", text)
                out.append(OrderExpired(ts=now, client_order_id=order.id, text=text))

    def advance(self, now: int) -> Events:
        """Let arrive what was still on its way at `now`. Needed only with a latency, while the market is silent."""
        if not self._due or self._due[0][0] > now:
            return NOTHING
        return self._funds.flush(now, self._arrivals(now))

    @property
    def next_arrival(self) -> int | None:
        """When `advance` next has something to do."""
        return self._due[0][0] if self._due else None

    # --- arrivals -------------------------------------------------------------------------------------------------

    def _send(self, now: int, id: ClientOrderId, wish: Requested | None) -> None:
        self._sequence += 1
        heapq.heappush(self._due, (now + self._latency, self._sequence, id, wish))

    def _ask(self, id: ClientOrderId, wish: Requested, now: int) -> Events:
        if self._latency:
            self._send(now, id, wish)
            return NOTHING
        out: Events = []
        self._carry_out(id, wish, now, out)
        return self._funds.flush(now, out)

    def _arrivals(self, now: int) -> Events:
        out: Events = []
        while self._due and self._due[0][0] <= now:
            at, _, id, wish = heapq.heappop(self._due)
            if wish is not None:
                self._carry_out(id, wish, at, out)
                continue
            order = self._orders[id]
            if order.stage is Stage.TRAVELLING:
                self._arrive(self._lanes[order.request.instrument], order, at, out)
        return out

    def _enter(self, lane: Lane, request: OrderRequest, now: int, ref: VenueRef | None = None) -> Working:
        self._sequence += 1
        price = self._funds.price(lane, request) or ZERO
        ref = ref or VenueRef("P" + request.client_order_id[1:15].upper())
        working = Working(request, ref, self._sequence, price)
        self._orders[request.client_order_id] = working
        lane.orders.append(working)
        lane.sort()
        self._funds.reserve(lane, working)
        return working

    def _place(self, order: Working) -> None:
        if order.request.type in ON_CLOSE:
            order.stage = Stage.AT_CLOSE
        elif order.request.time_in_force is TimeInForce.OPG:
            order.stage = Stage.AT_OPEN
        elif order.has_stop:
            order.stage = Stage.ARMED
        else:
            order.stage = Stage.WORKING

    def _arrive(self, lane: Lane, order: Working, now: int, out: Events) -> None:
        self._place(order)
        request = order.request
        refusal = self._opening_refusal(lane, request) or check_phase(
            lane.instrument, self._phase(lane), self._door.rules_of(lane), request.type, request.time_in_force
        )
        if refusal is None and order.stage is Stage.WORKING and self._phase(lane) is Phase.OPEN:
            refusal = check_post_only(lane, request, order.limit_f)
        if refusal is not None:
            self._crossing.end(lane, order, "rejected", refusal.text)
            out.append(_rejected(order.id, refusal, now))
        elif order.stage is Stage.ARMED:
            price = lane.last if lane.last is not None else lane.top(order.side.other)[0]
            if price and order.is_triggered(price):
                self._trigger(lane, order, now, out)
        elif order.stage is Stage.WORKING and self._phase(lane) is Phase.OPEN:
            self._crossing.sweep(lane, order, now, out)

    def _trigger(self, lane: Lane, order: Working, now: int, out: Events, price: float | None = None) -> None:
        """`price` is the print that set it off. What is still shown on the near side of it is gone there already: the
        order meets the next display."""
        order.stage = Stage.WORKING
        lane.sort()
        touch = lane.top(order.side.other)[0]
        is_gone = price is not None and touch and (touch > price if order.side is Side.SELL else touch < price)
        if self._phase(lane) is Phase.OPEN and not is_gone:
            self._crossing.sweep(lane, order, now, out)

    def _carry_out(self, id: ClientOrderId, wish: Requested, now: int, out: Events) -> None:
        order = self._orders.get(id)
        if order is None or not order.is_live:
            ended = f"the order is {order.end} already" if order is not None else "no such order at this venue"
            out.append(_refused(id, wish, ended, now))
        elif wish.kind is RequestKind.CANCEL:
            lane = self._lanes[order.request.instrument]
            self._crossing.end(lane, order, "canceled", "canceled at our request")
            out.append(OrderCanceled(ts=now, client_order_id=id, text=order.text))
        else:
            self._change(order, wish, now, out)

    def _change(self, order: Working, wish: Requested, now: int, out: Events) -> None:
        """New terms in place of the old ones. Less at the same price keeps the queue; else it joins anew."""
        lane = self._lanes[order.request.instrument]
        old, reserve_price = (order.quantity, order.limit, order.stop), order.reserve_price
        quantity = wish.quantity if wish.quantity is not None else order.quantity
        limit = wish.limit_price if wish.limit_price is not None else order.limit
        stop = wish.stop_price if wish.stop_price is not None else order.stop
        refusal = self._door.terms_refusal(lane, order, self._phase(lane), quantity, limit, stop)
        if refusal is not None:
            out.append(_refused(order.id, wish, f"{refusal.code}: {refusal.text}", now))
            return
        order.set_terms(quantity, limit, stop)
        order.reserve_price = limit or (stop * MARKET_SLACK if stop else order.reserve_price)
        if self._funds.budget(lane, order) < self._funds.required(lane, order):
            refusal = insufficient_funds(
                lane.instrument.currency, self._funds.required(lane, order), self._funds.budget(lane, order)
            )
            order.set_terms(*old)
            order.reserve_price = reserve_price
            out.append(_refused(order.id, wish, f"{refusal.code}: {refusal.text}", now))
            return
        self._funds.reserve(lane, order)
        out.append(
            OrderReplaced(ts=now, client_order_id=order.id, quantity=quantity, limit_price=limit, stop_price=stop)
        )
        if limit == old[1] and stop == old[2] and quantity <= old[0]:
            return
        self._sequence += 1
        order.sequence, order.is_passive, order.ahead = self._sequence, False, None
        lane.sort()
        if order.stage in (Stage.WORKING, Stage.ARMED):
            triggered = order.stage is Stage.WORKING and order.has_stop
            self._arrive(lane, order, now, out) if not triggered else self._trigger(lane, order, now, out)

    def _opening_refusal(self, lane: Lane, request: OrderRequest) -> Refusal | None:
        if request.time_in_force is not TimeInForce.OPG:
            return None
        is_opening = lane.is_opening and self._phase(lane) is not Phase.OPEN
        return check_opening(lane.instrument, self._door.rules_of(lane), is_opening)

    def _identity_refusal(self, request: OrderRequest) -> Refusal | None:
        if request.account not in self._accounts:
            return Refusal("unknown_account", f"there is no account {request.account} here")
        if request.client_order_id in self._orders or request.client_order_id in self._known:
            return Refusal("duplicate_order", "an order of this id was taken before; nothing was placed again")
        return None

    # --- matching -------------------------------------------------------------------------------------------------

    def _phase(self, lane: Lane) -> Phase:
        market = self._phases.get(market_of(lane.instrument.id), Phase.OPEN)
        if lane.phase is None or market is Phase.CLOSED:
            return market
        return lane.phase

    def _look(self, lane: Lane, now: int, is_deep: bool = False) -> Events:
        """The display changed: let orders take what it offers and those that rest be reached. Without news of the depth
        (`is_deep`), one that rests behind the touch has nothing to learn."""
        out = self._arrivals(now) if self._due else []
        if self._phase(lane) is not Phase.OPEN:
            return self._funds.flush(now, out)
        bid, ask = lane.top(Side.BUY)[0], lane.top(Side.SELL)[0]
        for order in tuple(lane.orders):
            if order.is_passive and not is_deep and order.is_behind(bid, ask):
                continue
            if order.stage is Stage.ARMED and lane.last is None:
                price = lane.top(order.side.other)[0]
                if price and order.is_triggered(price):
                    self._trigger(lane, order, now, out)
            elif order.stage is Stage.WORKING:
                if order.is_passive:
                    self._crossing.reach(lane, order, now, out)
                else:
                    self._crossing.sweep(lane, order, now, out)
        return self._funds.flush(now, out)


def _rejected(id: ClientOrderId, refusal: Refusal, now: int) -> OrderRejected:
    return OrderRejected(ts=now, client_order_id=id, code=refusal.code, text=refusal.text)


def _refused(id: ClientOrderId, wish: Requested, text: str, now: int) -> OrderRequested:
    refused = Requested(
        kind=wish.kind,
        phase=RequestPhase.REFUSED,
        quantity=wish.quantity,
        limit_price=wish.limit_price,
        stop_price=wish.stop_price,
        text=text,
        ts=now,
    )
    return OrderRequested(ts=now, client_order_id=id, requested=refused)
