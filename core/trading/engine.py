"""The single writer of State. `Engine.step(message, now)` takes a fact or a request and returns what follows: durable
events to journal, health events, and commands for the outbox. No clock, no entropy, no await: the same messages at the
same times give the same answers, which is why replay and recovery are possible at all."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Sequence
from decimal import Decimal
from typing import Any

import msgspec

from core.domain.account import TradingState
from core.domain.commands import (
    Cancel,
    CancelAll,
    Close,
    Command,
    ControlStrategy,
    Panic,
    Replace,
    SendCancel,
    SendOrder,
    SendReplace,
    Settle,
    SetTradingState,
    SetWatchlist,
    StartDay,
    StrategyAction,
    Submit,
    Tick,
    VenueCommand,
)
from core.domain.decimals import exact, plain
from core.domain.errors import InvalidValue
from core.domain.events import (
    AccountListed,
    BalanceChanged,
    DayStarted,
    DurableEvent,
    Event,
    FeedChanged,
    GateChanged,
    InstrumentListed,
    Noticed,
    OrderAccepted,
    OrderCanceled,
    OrderDenied,
    OrderExpired,
    OrderFilled,
    OrderNotPlaced,
    OrderRejected,
    OrderReplaced,
    OrderRequested,
    OrderSending,
    OrderStaged,
    OrderUnknown,
    PhaseChanged,
    PositionAdjusted,
    RateChanged,
    SignalGiven,
    StrategyChanged,
    StrategyStatus,
    TradingStateChanged,
    WatchlistChanged,
)
from core.domain.ids import AccountId, ClientOrderId, InstrumentId, derived_client_order_id
from core.domain.instrument import Currency
from core.domain.limits import RiskLimits
from core.domain.market import NS, Bar, OrderBook, Quote, Trade
from core.domain.order import (
    TRANSITIONS,
    Binding,
    Order,
    OrderRequest,
    OrderStatus,
    OrderType,
    Requested,
    RequestKind,
    RequestPhase,
    Side,
    TimeInForce,
)
from core.trading import risk
from core.trading.risk import Costs, Denial, Question, no_costs
from core.trading.state import State, exposure
from core.trading.strategist import Handler, Strategist

Output = DurableEvent | Event | VenueCommand
NOTHING: tuple[Output, ...] = ()
NOBODY: tuple[Handler, ...] = ()

CANCEL_AGAIN_NS = 2 * NS
"""A cancel may be repeated, but not more often than this."""
FLATTEN_AGAIN_NS = 3 * NS
FLATTENER = "panic"
"""Source of the orders that flatten: they alone are not canceled by it."""
ANSWER_NS = 30 * NS
"""An order that is SENDING for longer than this has lost its answer."""
_OURS_ALONE = (OrderStaged, TradingStateChanged, DayStarted, StrategyChanged, WatchlistChanged, SignalGiven)
"""What follows from requests alone; as a fact from outside it is a mistake."""
_NEVER_ALIVE = frozenset({OrderStatus.DENIED, OrderStatus.REJECTED, OrderStatus.NOT_PLACED})
"""Ends by which we believe that the venue has nothing."""
PRINTS = 20

_END_STATUS: dict[type, OrderStatus] = {
    OrderRejected: OrderStatus.REJECTED,
    OrderUnknown: OrderStatus.UNKNOWN,
    OrderNotPlaced: OrderStatus.NOT_PLACED,
    OrderCanceled: OrderStatus.CANCELED,
    OrderExpired: OrderStatus.EXPIRED,
}


class Engine:
    """Thinks. `limits` and `costs` are read at every order; `state` is for reading."""

    def __init__(self, base_currency: Currency, limits: RiskLimits | None = None, costs: Costs = no_costs) -> None:
        self.state = State(base_currency)
        self.limits = limits or RiskLimits()
        self.costs = costs
        self.journal_problem = ""
        """Why the journal cannot be written; empty while it can. Set by the runner."""
        self.claiming: set[ClientOrderId] = set()
        """Orders whose SENDING commit is on its way: to cancel them is to cancel at the venue."""
        self.touched: dict[InstrumentId, None] = {}
        """Instruments whose market moved since the last picture: the conflation slot."""
        self.strategist = Strategist(self.state)
        # The hot path reaches the state's dictionaries without a step in between; they are never replaced.
        self._quotes, self._trades, self._volumes = self.state.quotes, self.state.trades, self.state.volumes
        self._prints: dict[InstrumentId, deque[Trade]] = {}
        self._flattening: dict[AccountId | None, int] = {}
        """Scopes to be closed, and when that was last tried."""
        self._flatten_said: dict[tuple[AccountId, InstrumentId], str] = {}
        self._handlers: dict[type, Callable[[Any, int], Sequence[Output]]] = {
            Quote: self._quote,
            Trade: self._trade,
            OrderBook: self._book,
            Bar: self._bar,
            OrderSending: self._sending,
            OrderAccepted: self._accepted,
            OrderFilled: self._filled,
            OrderRequested: self._requested,
            OrderReplaced: self._replaced,
            BalanceChanged: self._balance,
            AccountListed: self._account,
            FeedChanged: self._feed,
            GateChanged: self._keep,
            PositionAdjusted: self._keep,
            OrderDenied: self._denied,
            **dict.fromkeys(_END_STATUS, self._ended),
            **dict.fromkeys((InstrumentListed, PhaseChanged, RateChanged, Noticed), self._keep),
            **dict.fromkeys(_OURS_ALONE, self._not_theirs),
            Submit: self._submit,
            Cancel: self._cancel,
            Replace: self._replace,
            CancelAll: self._cancel_all,
            Close: self._close,
            SetTradingState: self._set_trading_state,
            Panic: self._panic,
            ControlStrategy: self._control_strategy,
            SetWatchlist: self._set_watchlist,
            Settle: self._settle,
            StartDay: self._start_day,
            Tick: self._tick,
        }

    def step(self, message: Event | Command, now: int) -> Sequence[Output]:
        """Take one message at time `now` (ns). Returns what happened because of it, in order: durable events must be
        journalled before the venue commands behind them are carried out."""
        return self._handlers[message.__class__](message, now)

    def restore(self, event: DurableEvent) -> None:
        """Fold an event of the journal: state changes, nothing else happens."""
        self.state.apply(event)

    # --- market: the hot path -------------------------------------------------------------------------------------

    def _quote(self, quote: Quote, now: int) -> Sequence[Output]:
        id = quote.instrument
        self._quotes[id] = quote
        self.touched[id] = None
        out: Sequence[Output] = NOTHING
        for handler in self.strategist.on_quote.get(id, NOBODY):
            wishes = handler(quote, now)
            if wishes:
                out = self._follow(wishes, now, out)
        return out

    def _trade(self, trade: Trade, now: int) -> Sequence[Output]:
        id = trade.instrument
        self._trades[id] = trade
        volumes = self._volumes
        volumes[id] = volumes.get(id, 0.0) + trade.size
        self.touched[id] = None
        if id in self._prints:
            self._prints[id].appendleft(trade)
        out: Sequence[Output] = NOTHING
        for handler in self.strategist.on_trade.get(id, NOBODY):
            wishes = handler(trade, now)
            if wishes:
                out = self._follow(wishes, now, out)
        return out

    def _book(self, book: OrderBook, now: int) -> Sequence[Output]:
        self.state.books[book.instrument] = book
        self.touched[book.instrument] = None
        return NOTHING

    def _bar(self, bar: Bar, now: int) -> Sequence[Output]:
        return self._follow(self.strategist.take_bar(bar, now), now, NOTHING)

    def _follow(self, wishes: Sequence[Any], now: int, before: Sequence[Output]) -> Sequence[Output]:
        """What strategies want becomes orders by the same road as a person's; `before` is what happened until now."""
        out = list(before)
        for wish in wishes:
            if isinstance(wish, Submit):
                out.extend(self._submit(wish, now))
            elif isinstance(wish, Cancel):
                out.extend(self._cancel(wish, now))
            else:
                self._emit(wish, out)
        return out

    def keep_prints(self, instruments: Iterable[InstrumentId]) -> None:
        """Whose newest prints to remember: the instruments some face looks at."""
        self._prints = {id: self._prints.get(id) or deque(maxlen=PRINTS) for id in instruments}

    def prints(self, instrument: InstrumentId) -> Iterable[Trade]:
        """Newest first."""
        return self._prints.get(instrument, ())

    # --- facts about orders ---------------------------------------------------------------------------------------

    def _keep(self, event: Any, now: int) -> Sequence[Output]:
        self.state.apply(event)
        return (event,)

    def _sending(self, event: OrderSending, now: int) -> Sequence[Output]:
        # The journal's claim has written it already; here it only becomes visible.
        self.claiming.discard(event.client_order_id)
        self.state.apply(event)
        return NOTHING

    def _denied(self, event: OrderDenied, now: int) -> Sequence[Output]:
        self.claiming.discard(event.request.client_order_id)
        order = self.state.orders.get(event.request.client_order_id)
        if order is not None and OrderStatus.DENIED not in TRANSITIONS[order.status]:
            return self._odd(event.ts, order, "denied")
        return self._keep(event, now)

    def _accepted(self, event: OrderAccepted, now: int) -> Sequence[Output]:
        order = self.state.orders.get(event.client_order_id)
        if order is None:
            return self._stranger(event.ts, event.client_order_id)
        if event.ref in order.refs and order.status is not OrderStatus.UNKNOWN:
            return NOTHING
        if order.status in (OrderStatus.STAGED, OrderStatus.HELD):
            return self._odd(event.ts, order, "accepted")
        if order.status not in _NEVER_ALIVE:
            return self._keep(event, now)
        out = list(self._keep(event, now))
        text = f"{order.id[-4:]}: the venue HAS this order, which is {order.status} here: cancel it there"
        self._emit(Noticed(ts=now, level="error", kind="VENUE", text=text), out)
        return out

    def _ended(self, event: Any, now: int) -> Sequence[Output]:
        order = self.state.orders.get(event.client_order_id)
        if order is None:
            return self._stranger(event.ts, event.client_order_id)
        wanted = _END_STATUS[event.__class__]
        if order.status is wanted:
            return NOTHING
        if wanted not in TRANSITIONS[order.status]:
            return self._odd(event.ts, order, wanted.value)
        return self._keep(event, now)

    def _filled(self, event: OrderFilled, now: int) -> Sequence[Output]:
        fill = event.fill
        if (fill.account, fill.instrument, fill.fill_id) in self.state.fill_ids:
            return NOTHING
        out: list[Output] = []
        order = self.state.orders.get(fill.client_order_id) if fill.client_order_id else None
        late = order is not None and (not order.status.may_fill or order.filled + fill.quantity > order.quantity)
        self._emit(event, out)
        if late and order is not None:
            amount = plain(fill.quantity)
            text = f"{order.id[-4:]}: a fill of {amount} came while the order was {order.status}; it is booked"
            self._emit(Noticed(ts=now, level="error", kind="FILL", text=text), out)
        for handler in self.strategist.on_fill.get(fill.source, NOBODY):
            out = list(self._follow(handler(fill, now), now, out))
        return out

    def _requested(self, event: OrderRequested, now: int) -> Sequence[Output]:
        order = self.state.orders.get(event.client_order_id)
        if order is None:
            return self._stranger(event.ts, event.client_order_id)
        return NOTHING if order.status.is_end else self._keep(event, now)

    def _replaced(self, event: OrderReplaced, now: int) -> Sequence[Output]:
        order = self.state.orders.get(event.client_order_id)
        if order is None:
            return self._stranger(event.ts, event.client_order_id)
        if order.status in (OrderStatus.STAGED, OrderStatus.HELD):
            return self._odd(event.ts, order, "replaced")
        return NOTHING if order.status.is_end else self._keep(event, now)

    def _odd(self, ts: int, order: Order, wanted: str) -> Sequence[Output]:
        text = f"{order.id[-4:]}: the venue said {wanted} of an order that is {order.status}; ignored"
        return (Noticed(ts=ts, level="warning", kind="VENUE", text=text),)

    def _not_theirs(self, event: Any, now: int) -> Sequence[Output]:
        text = f"a broker told {type(event).__name__}, which is not a broker's to tell; ignored"
        return (Noticed(ts=now, level="error", kind="VENUE", text=text),)

    def _stranger(self, ts: int, id: str) -> Sequence[Output]:
        return (Noticed(ts=ts, level="warning", kind="VENUE", text=f"the venue speaks of an unknown order {id[:30]}"),)

    # --- facts about accounts and lines ---------------------------------------------------------------------------

    def _balance(self, event: BalanceChanged, now: int) -> Sequence[Output]:
        purse = (event.account, event.currency)
        held = self.state.balances.get(purse)
        same = held is not None and (held.total, held.available) == (event.total, event.available)
        if same and purse not in self.state.spent:
            return NOTHING
        return self._keep(event, now)

    def _account(self, event: AccountListed, now: int) -> Sequence[Output]:
        return NOTHING if self.state.accounts.get(event.account.id) == event.account else self._keep(event, now)

    def _feed(self, event: FeedChanged, now: int) -> Sequence[Output]:
        out: list[Output] = []
        before = self.state.feeds.get(event.broker)
        if before is not None and (before.is_connected, before.text) == (event.is_connected, event.text):
            return NOTHING
        self._emit(event, out)
        if not event.is_connected:
            for account in self.state.accounts:
                if account.startswith(f"{event.broker}:"):
                    self._emit(GateChanged(ts=now, account=account, is_open=False, text="the line is down"), out)
        return out

    # --- requests: orders -----------------------------------------------------------------------------------------

    def question(self, request: OrderRequest, now: int, **more: Any) -> Question:
        return Question(
            request=request,
            state=self.state,
            limits=self.limits,
            now=now,
            is_automatic=request.source in self.strategist.slots,
            journal_problem=self.journal_problem,
            costs=self.costs,
            **more,
        )

    def _submit(self, command: Submit, now: int) -> Sequence[Output]:
        request = command.request
        if request.client_order_id in self.state.orders:
            return NOTHING  # the same ticket sent again is the same order
        denial = risk.assess(self.question(request, now, is_confirmed=command.is_confirmed))
        out: list[Output] = []
        if denial is not None:
            self._emit(deny(request, denial, now), out)
            return out
        self._emit(OrderStaged(ts=now, request=request), out)
        out.append(SendOrder(request.client_order_id))
        return out

    def last_look(self, id: ClientOrderId, now: int) -> Denial | None:
        """The rules once more, right before the SENDING commit. The order itself no longer counts against them."""
        order = self.state.orders[id]
        return risk.assess(self.question(order.request, now, is_last_look=True, but=id))

    def _cancel(self, command: Cancel, now: int) -> Sequence[Output]:
        order = self.state.orders.get(command.client_order_id)
        if order is None or order.status.is_end:
            return NOTHING
        out: list[Output] = []
        if order.status is OrderStatus.STAGED and order.id not in self.claiming:
            self._emit(
                deny(order.request, Denial("canceled", "", "", f"canceled by {command.by} before it left"), now), out
            )
            return out
        wish = order.requested
        if (
            wish is not None
            and wish.kind is RequestKind.CANCEL
            and wish.phase is RequestPhase.SENDING
            and abs(now - wish.ts) < CANCEL_AGAIN_NS
        ):
            return NOTHING
        requested = Requested(
            kind=RequestKind.CANCEL,
            phase=RequestPhase.SENDING,
            # Terms of a replace that may still arrive: they count until the cancel is through.
            quantity=wish.quantity if wish is not None and wish.phase is not RequestPhase.REFUSED else None,
            limit_price=wish.limit_price if wish is not None and wish.phase is not RequestPhase.REFUSED else None,
            stop_price=wish.stop_price if wish is not None and wish.phase is not RequestPhase.REFUSED else None,
            text=command.by,
            ts=now,
        )
        self._emit(OrderRequested(ts=now, client_order_id=order.id, requested=requested), out)
        out.append(SendCancel(order.id))
        return out

    def replace_denial(self, command: Replace, now: int) -> tuple[OrderRequest | None, str]:
        """(the request the new terms amount to, why not). Exactly one of the two is given."""
        order = self.state.orders.get(command.client_order_id)
        if order is None or order.status is not OrderStatus.OPEN:
            return None, f"only a working order can be modified; this one is {order.status if order else 'unknown'}"
        if order.requested is not None and order.requested.phase is not RequestPhase.REFUSED:
            return None, "another change of this order is under way"
        return self._changed(order, command.quantity, command.limit_price, command.stop_price, now)

    def _changed(
        self, order: Order, quantity: Decimal | None, limit: Decimal | None, stop: Decimal | None, now: int
    ) -> tuple[OrderRequest | None, str]:
        quantity = quantity or order.quantity
        if quantity <= order.filled:
            return None, f"{plain(order.filled)} is filled already; the new quantity must be above that"
        try:
            request = msgspec.structs.replace(
                order.request,
                quantity=quantity - order.filled,
                limit_price=limit or order.limit_price,
                stop_price=stop or order.stop_price,
            )
        except InvalidValue as error:
            return None, str(error)
        denial = risk.assess(self.question(request, now, but=order.id))
        return (request, "") if denial is None else (None, f"{denial.rule}: {denial.text}")

    def replace_last_look(self, id: ClientOrderId, now: int) -> str:
        """Why a replace that was taken must not leave any more; empty when it may."""
        order = self.state.orders[id]
        wish = order.requested
        if order.status is not OrderStatus.OPEN or wish is None:
            return "the order is not working any more"
        return self._changed(order, wish.quantity, wish.limit_price, wish.stop_price, now)[1]

    def _replace(self, command: Replace, now: int) -> Sequence[Output]:
        request, why = self.replace_denial(command, now)
        out: list[Output] = []
        if request is None:
            self._emit(Noticed(ts=now, level="warning", kind="DENY", text=f"not modified: {why}"), out)
            return out
        order = self.state.orders[command.client_order_id]
        requested = Requested(
            kind=RequestKind.REPLACE,
            phase=RequestPhase.SENDING,
            quantity=command.quantity or order.quantity,
            limit_price=request.limit_price,
            stop_price=request.stop_price,
            text=command.by,
            ts=now,
        )
        self._emit(OrderRequested(ts=now, client_order_id=order.id, requested=requested), out)
        out.append(SendReplace(order.id))
        return out

    def _cancel_all(self, command: CancelAll, now: int) -> Sequence[Output]:
        out: list[Output] = []
        orders = list(self.state.live_orders(command.account, command.instrument))
        spared = self._protecting(orders) if command.entries_only else frozenset()
        for order in orders:
            if order.id not in spared:
                out.extend(self._cancel(Cancel(client_order_id=order.id, by=command.by), now))
        return out

    def _protecting(self, orders: Iterable[Order]) -> frozenset[ClientOrderId]:
        """Orders that, all filled, only shrink a position: stops before others. They survive a panic."""
        spared = set()
        room: dict[tuple[AccountId, InstrumentId], Decimal] = {}
        for order in sorted(orders, key=lambda order: order.stop_price is None):
            place = (order.account, order.instrument)
            held = self.state.position(*place).quantity
            left = room.setdefault(place, abs(held))
            closes = held != 0 and (held > 0) == (order.side is Side.SELL) and exposure(order) <= left
            if closes:
                room[place] = left - exposure(order)
            if closes or order.request.reduce_only:
                spared.add(order.id)
        return frozenset(spared)

    def close_request(self, command: Close, now: int) -> OrderRequest | str:
        """The reduce-only order that closes now, its size read now; or why there is none."""
        instrument = self.state.instruments.get(command.instrument)
        held = self.state.position(command.account, command.instrument).quantity
        if instrument is None or held == 0:
            return "there is no position to close"
        side = Side.SELL if held > 0 else Side.BUY
        free = abs(held) - self.state.working(command.account, command.instrument, side)
        quantity = min(instrument.quantity(abs(held) * command.fraction), free)
        if quantity <= 0:
            return "working orders already close this position; cancel them first" if free <= 0 else "less than one lot"
        quote = self.state.quotes.get(command.instrument)
        touch = 0.0 if quote is None else (quote.bid if side is Side.SELL else quote.ask)
        price = None
        if not command.at_market:
            if not touch:
                return "there is no quote to close at; close at market instead"
            price = instrument.price(exact(touch), "down" if side is Side.SELL else "up")
        return OrderRequest(
            client_order_id=command.client_order_id,
            account=command.account,
            instrument=command.instrument,
            side=side,
            quantity=quantity,
            type=OrderType.MARKET if price is None else OrderType.LIMIT,
            limit_price=price,
            time_in_force=TimeInForce.DAY,
            reduce_only=True,
            source=command.by,
        )

    def _close(self, command: Close, now: int) -> Sequence[Output]:
        request = self.close_request(command, now)
        if isinstance(request, str):
            return (Noticed(ts=now, level="warning", kind="DENY", text=f"not closed: {request}"),)
        return self._submit(Submit(request=request, by=command.by), now)

    def _settle(self, command: Settle, now: int) -> Sequence[Output]:
        order = self.state.orders.get(command.client_order_id)
        if order is None or order.status is not OrderStatus.UNKNOWN:
            return NOTHING
        if command.ref is None:
            return self._ended(
                OrderNotPlaced(ts=now, client_order_id=order.id, text=f"settled by {command.by}: not placed"), now
            )
        return self._accepted(
            OrderAccepted(ts=now, client_order_id=order.id, ref=command.ref, binding=Binding.BY_PERSON), now
        )

    # --- requests: control ----------------------------------------------------------------------------------------

    def _set_trading_state(self, command: SetTradingState, now: int) -> Sequence[Output]:
        out: list[Output] = []
        if command.state.severity < TradingState.REDUCING.severity:
            self._flattening.pop(command.account, None)
            if command.account is None:
                self._flattening.clear()
        self._change_trading_state(command.account, command.state, command.by, command.text, now, out)
        return out

    def _change_trading_state(
        self, account: AccountId | None, state: TradingState, by: str, text: str, now: int, out: list[Output]
    ) -> None:
        if self.state.trading_states.get(account, TradingState.ACTIVE) is state and (
            account is not None or len(self.state.trading_states) <= 1
        ):
            return
        self._emit(TradingStateChanged(ts=now, account=account, state=state, by=by, text=text), out)

    def _panic(self, command: Panic, now: int) -> Sequence[Output]:
        out: list[Output] = []
        if (
            self.state.trading_states.get(command.account, TradingState.ACTIVE).severity
            < TradingState.REDUCING.severity
        ):
            self._change_trading_state(command.account, TradingState.REDUCING, command.by, "panic", now, out)
        for name, changed in list(self.state.strategies.items()):
            slot = self.strategist.slots.get(name)
            if changed.status is StrategyStatus.RUNNING and (
                command.account is None or (slot is not None and slot.account == command.account)
            ):
                paused = StrategyChanged(ts=now, name=name, status=StrategyStatus.PAUSED, by=command.by, text="panic")
                self._emit(paused, out)
                if slot is not None:
                    self.strategist.control(name, StrategyStatus.PAUSED, now)
        out.extend(
            self._cancel_all(CancelAll(account=command.account, entries_only=not command.flatten, by=command.by), now)
        )
        if command.flatten:
            self._flattening[command.account] = 0
            self._flatten_said.clear()
            out.extend(self._flatten(now))
        return out

    def _flatten(self, now: int) -> Sequence[Output]:
        """End what works, close what is left once nothing works there any more; again until all is flat."""
        out: list[Output] = []
        for account, tried in list(self._flattening.items()):
            held = [
                place
                for place, position in self.state.positions.items()
                if position.quantity and (account is None or place[0] == account)
            ]
            live = list(self.state.live_orders(account))
            if not held and not live:
                del self._flattening[account]
                self._emit(Noticed(ts=now, level="info", kind="FLAT", text="all positions are closed"), out)
                continue
            if abs(now - tried) < FLATTEN_AGAIN_NS:
                continue
            self._flattening[account] = now
            for order in live:
                if order.request.source != FLATTENER:
                    out.extend(self._cancel(Cancel(client_order_id=order.id, by=FLATTENER), now))
            busy = {(order.account, order.instrument) for order in self.state.live_orders(account)}
            for place in held:
                if place not in busy:
                    self._flatten_place(place, now, out)
        return out

    def _flatten_place(self, place: tuple[AccountId, InstrumentId], now: int, out: list[Output]) -> None:
        """Close one position. What the gate would refuse is not asked: it is said once, and tried again later."""
        id = derived_client_order_id("flatten", *place, str(now))
        close = Close(client_order_id=id, account=place[0], instrument=place[1], at_market=True, by=FLATTENER)
        request = self.close_request(close, now)
        if isinstance(request, OrderRequest):
            denial = risk.assess(self.question(request, now))
            if denial is None:
                self._flatten_said.pop(place, None)
                out.extend(self._submit(Submit(request=request, by=FLATTENER), now))
                return
            request = denial.text
        if self._flatten_said.get(place) != request:
            self._flatten_said[place] = request
            text = f"{place[1]} is not closed yet: {request}"
            self._emit(Noticed(ts=now, level="warning", kind="FLAT", text=text), out)

    def _control_strategy(self, command: ControlStrategy, now: int) -> Sequence[Output]:
        out: list[Output] = []
        if command.name not in self.strategist.slots:
            self._emit(Noticed(ts=now, level="warning", kind="STRAT", text=f"no strategy {command.name[:40]!r}"), out)
            return out
        status = {
            StrategyAction.START: StrategyStatus.RUNNING,
            StrategyAction.PAUSE: StrategyStatus.PAUSED,
            StrategyAction.STOP: StrategyStatus.STOPPED,
        }[command.action]
        before = self.state.strategies.get(command.name)
        if before is None or before.status is not status:
            self._emit(StrategyChanged(ts=now, name=command.name, status=status, by=command.by), out)
            return self._follow(self.strategist.control(command.name, status, now), now, out)
        return out

    def warm(self, name: str, bars: Iterable[Bar], now: int) -> Sequence[Output]:
        """Show a strategy its past before it starts. A strategy that breaks on it is stopped, alone."""
        return self._follow(self.strategist.warm(name, bars, now), now, NOTHING)

    def _set_watchlist(self, command: SetWatchlist, now: int) -> Sequence[Output]:
        return self._keep(WatchlistChanged(ts=now, name=command.name, instruments=command.instruments), now)

    def _start_day(self, command: StartDay, now: int) -> Sequence[Output]:
        if command.day <= self.state.days.get(command.account, ""):
            return NOTHING  # a clock that is set back over midnight does not begin the day anew
        held = [
            i
            for (account, i), p in self.state.positions.items()
            if account == command.account and (p.quantity or p.day_quantity)
        ]
        marks: dict[InstrumentId, Decimal] = {i: mark for i in held if (mark := self._day_mark(i)) is not None}
        return self._keep(DayStarted(ts=now, account=command.account, day=command.day, marks=marks), now)

    def _day_mark(self, id: InstrumentId) -> Decimal | None:
        """What a holding is worth when a day begins: before the first quote, the close before."""
        mark = self.state.mark(id)
        known = self.state.instruments.get(id)
        return mark if mark is not None or known is None else known.previous_close

    def _tick(self, command: Tick, now: int) -> Sequence[Output]:
        out: list[Output] = []
        for order in list(self.state.live_orders()):
            if order.status is OrderStatus.SENDING and now - order.updated > ANSWER_NS:
                text = f"no answer for {ANSWER_NS // NS} s"
                self._emit(OrderUnknown(ts=now, client_order_id=order.id, text=text), out)
        for account in self.state.accounts:
            self._watch_loss(account, now, out)
        if self._flattening:
            out.extend(self._flatten(now))
        return self._follow(self.strategist.tick(now), now, out)

    def _watch_loss(self, account: AccountId, now: int, out: list[Output]) -> None:
        limit = self.limits.daily_loss
        if limit is None or self.state.trading_state(account).severity >= TradingState.REDUCING.severity:
            return
        result = risk.day_result(self.state, account)
        if result is not None and -result >= limit:
            text = f"day loss {-result:,.0f} reached the limit {limit:,.0f} {self.state.base_currency}"
            self._change_trading_state(account, TradingState.REDUCING, "daily loss", text, now, out)

    def _emit(self, event: Any, out: list[Output]) -> None:
        self.state.apply(event)
        out.append(event)


def deny(request: OrderRequest, denial: Denial, now: int) -> OrderDenied:
    return OrderDenied(
        ts=now, request=request, rule=denial.rule, limit=denial.limit, actual=denial.actual, text=denial.text
    )
