"""Keeps the running strategies: who listens to what, their bars, and how a signal becomes a request. It sends nothing:
what it returns goes through the engine's one road, risk included. A strategy that raises is stopped and shown."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any, NamedTuple

from core.domain.account import TradingState
from core.domain.commands import Cancel, Submit
from core.domain.decimals import ZERO
from core.domain.errors import ConfigError
from core.domain.events import AlertFired, SignalGiven, StrategyChanged, StrategyStatus
from core.domain.ids import AccountId, ClientOrderId, InstrumentId, derived_client_order_id
from core.domain.instrument import Instrument
from core.domain.market import NS, Bar, Interval, Quote, Trade
from core.domain.order import Order, OrderRequest, OrderStatus, OrderType, TimeInForce
from core.domain.signal import Signal
from core.strategies.params import check, texts
from core.strategies.strategy import Context, Strategy
from core.trading.bars import BarBuilder
from core.trading.history import History
from core.trading.sizing import Blocked, Sized, left_of, size
from core.trading.state import State, exposure

Wish = Submit | Cancel | SignalGiven | StrategyChanged | AlertFired
Handler = Callable[[Any, int], Sequence[Wish]]
NO_WISH: tuple[Wish, ...] = ()
REFUSED_AGAIN_NS = 30 * NS
"""A wish that was refused is asked again at a bar, but not sooner than this; a new signal may ask at once."""
HISTORY = 1_000
"""Closing prices kept per instrument for strategies to read."""
CLOSED_KEPT = 10_000
"""Closed bars that wait to be archived; beyond that they are dropped, for the archive is best effort."""


class Pursuit(NamedTuple):
    """What became of a strategy's wish when it was pursued last: the stage it came to, and why not farther."""

    at: int
    stage: str
    """paused, size, trading or order."""
    text: str = ""
    order: ClientOrderId | None = None


class Slot:
    """One strategy in its place: account, size, and the context through which it sees the world."""

    def __init__(
        self,
        name: str,
        kind: str,
        strategy: Strategy,
        account: AccountId,
        instruments: tuple[InstrumentId, ...],
        interval: Interval,
        quantity: Decimal,
    ) -> None:
        self.name = name
        self.kind = kind
        self.strategy = strategy
        self.account = account
        self.instruments = instruments
        self.interval = interval
        self.quantity = quantity
        self.status = StrategyStatus.STOPPED
        self.target = 0.0
        self.outcome = ""
        """Why the newest signal led to no order."""
        self.sent = 0
        self.wanted: dict[InstrumentId, Signal] = {}
        """The newest signal of each instrument: pursued again at every bar until the position is there."""
        self.newest: dict[InstrumentId, tuple[int, ClientOrderId]] = {}
        """When the newest order of each instrument was asked for, and its id."""
        self.blocked: set[InstrumentId] = set()
        """Where its own open orders stand in the way; they are being canceled."""
        self.pursuits: dict[InstrumentId, Pursuit] = {}
        self.last: dict[InstrumentId, Bar] = {}
        """The newest closed bar of each instrument."""
        self.past: deque[Bar] = deque(maxlen=HISTORY * max(len(instruments), 1))
        """Closed bars it was shown, oldest first: what it warms up from when its parameters change."""
        self.configured: dict[str, str] = {}
        """Its parameters as the settings have them."""
        self.closes = {id: History(HISTORY) for id in instruments}
        self.context = Context(lambda _: ZERO, lambda _: None, self.closes)

    def keep(self, bar: Bar) -> None:
        """A closed bar, before the strategy is shown it."""
        self.closes[bar.instrument].append(bar.close)
        self.last[bar.instrument] = bar
        self.past.append(bar)

    def next_bar(self, now: int) -> int | None:
        """When the forming bar closes; None while the strategy does not listen."""
        if self.status not in (StrategyStatus.RUNNING, StrategyStatus.PAUSED):
            return None
        return now - now % self.interval.ns + self.interval.ns


class Strategist:
    """`on_quote`, `on_trade` and `on_fill` are resolved when a strategy starts or stops, so that a tick nobody listens
    to costs one missed look-up."""

    def __init__(self, state: State) -> None:
        self._state = state
        self.slots: dict[str, Slot] = {}
        self.on_quote: dict[InstrumentId, tuple[Handler, ...]] = {}
        self.on_trade: dict[InstrumentId, tuple[Handler, ...]] = {}
        self.on_fill: dict[str, tuple[Handler, ...]] = {}
        self._bars: dict[tuple[InstrumentId, Interval], BarBuilder] = {}
        self._closed: list[Bar] = []
        self._beside: dict[str, dict[InstrumentId, tuple[Handler, Handler]]] = {}
        """Who -> (on quote, on trade) of listeners that are no strategies."""

    def listen_beside(
        self, who: str, instruments: Iterable[InstrumentId], on_quote: Handler, on_trade: Handler
    ) -> None:
        """Let somebody else hear these instruments and no others, after the strategies."""
        beside = dict.fromkeys(instruments, (on_quote, on_trade))
        if beside != self._beside.get(who, {}):
            self._beside[who] = beside
            self._resolve()

    def add(self, slot: Slot) -> None:
        state = self._state
        slot.context = Context(
            lambda id: state.strategy_position(slot.name, slot.account, id).quantity,
            lambda currency: balance.available if (balance := state.balances.get((slot.account, currency))) else None,
            slot.closes,
        )
        self.slots[slot.name] = slot

    def warm(self, name: str, bars: Iterable[Bar], now: int) -> Sequence[Wish]:
        """Show a strategy closed bars of the past, oldest first; what it wants because of them is dropped. Says so when
        the strategy broke on them."""
        slot = self.slots[name]
        try:
            for bar in bars:
                slot.context.now = bar.ts + bar.interval.ns
                slot.keep(bar)
                slot.strategy.on_bar(bar, slot.context)
        except Exception as error:
            return self._failed(slot, error, now)
        return NO_WISH

    def set_params(self, slot: Slot, raw: Mapping[str, str]) -> str:
        """A strategy with other parameters in the same place: what it is not told stays. Why not, else empty."""
        old = slot.strategy
        try:
            params = check(slot.kind, type(old).Params, {**texts(old.params), **raw})
        except ConfigError as error:
            return str(error)
        slot.strategy = type(old)(old.name, params, old.instruments, old.interval)
        return ""

    def warm_again(self, slot: Slot, now: int) -> Sequence[Wish]:
        """Show a strategy whose parameters changed all it was shown before; what it wanted until now is dropped."""
        past = list(slot.past)
        slot.past.clear()
        slot.last.clear()
        for id in slot.instruments:
            slot.closes[id] = History(HISTORY)
        for kept in (slot.wanted, slot.blocked, slot.pursuits):
            kept.clear()
        slot.target, slot.outcome = 0.0, ""
        self._resolve()
        return self.warm(slot.name, past, now)

    def take_closed(self) -> list[Bar]:
        """The bars that closed since the last call, for whoever keeps them."""
        closed, self._closed = self._closed, []
        return closed

    def control(self, name: str, status: StrategyStatus, now: int) -> Sequence[Wish]:
        """The strategy's status changed: listen or stop listening. A start from STOPPED greets it."""
        slot = self.slots[name]
        fresh = slot.status in (StrategyStatus.STOPPED, StrategyStatus.FAILED) and status is StrategyStatus.RUNNING
        slot.status = status
        if status is StrategyStatus.STOPPED:
            slot.wanted.clear()
            slot.blocked.clear()
        self._resolve()
        if fresh and "on_start" in type(slot.strategy).handles():
            return self._teller(slot, lambda _, context: slot.strategy.on_start(context))(None, now)
        return NO_WISH

    def _resolve(self) -> None:
        quotes: dict[InstrumentId, list[Handler]] = {}
        trades: dict[InstrumentId, list[Handler]] = {}
        fills: dict[str, tuple[Handler, ...]] = {}
        bars: set[tuple[InstrumentId, Interval]] = set()
        for slot in self.slots.values():
            if slot.status not in (StrategyStatus.RUNNING, StrategyStatus.PAUSED):
                continue
            handled = type(slot.strategy).handles()
            for id in slot.instruments:
                if "on_quote" in handled:
                    quotes.setdefault(id, []).append(self._teller(slot, slot.strategy.on_quote))
                if "on_trade" in handled:
                    trades.setdefault(id, []).append(self._teller(slot, slot.strategy.on_trade))
                if "on_bar" in handled:
                    bars.add((id, slot.interval))
            if "on_fill" in handled:
                fills[slot.name] = (self._teller(slot, slot.strategy.on_fill),)
        self._bars = {key: self._bars.get(key) or BarBuilder(*key) for key in bars}
        for key, builder in self._bars.items():
            trades.setdefault(key[0], []).insert(0, self._bar_maker(builder))
            quotes.setdefault(key[0], []).insert(0, self._quote_bar_maker(builder))
        for beside in self._beside.values():
            for id, (on_quote, on_trade) in beside.items():
                quotes.setdefault(id, []).append(on_quote)
                trades.setdefault(id, []).append(on_trade)
        self.on_quote = {id: tuple(found) for id, found in quotes.items()}
        self.on_trade = {id: tuple(found) for id, found in trades.items()}
        self.on_fill = fills

    def _teller(self, slot: Slot, method: Callable[[Any, Any], Any]) -> Handler:
        context = slot.context

        def tell(item: object, now: int) -> Sequence[Wish]:
            context.now = now
            try:
                said = method(item, context)
                if said is None:
                    return NO_WISH
                signals = _signals(said)
            except Exception as error:
                return self._failed(slot, error, now)
            return self._want_all(slot, signals, now) if signals else NO_WISH

        return tell

    def _bar_maker(self, builder: BarBuilder) -> Handler:
        def take(trade: Trade, now: int) -> Sequence[Wish]:
            builder.from_quotes = False
            bar = builder.add(trade)
            return NO_WISH if bar is None else self.take_bar(bar, now)

        return take

    def _quote_bar_maker(self, builder: BarBuilder) -> Handler:
        def take(quote: Quote, now: int) -> Sequence[Wish]:
            # A feed without prints makes its bars from mid prices.
            builder.from_quotes = builder.instrument not in self._state.trades
            bar = builder.add_quote(quote)
            return NO_WISH if bar is None else self.take_bar(bar, now)

        return take

    def tick(self, now: int) -> Sequence[Wish]:
        """Time passed: close the bars whose end has come without a trade to say so."""
        wishes: list[Wish] = []
        for builder in self._bars.values():
            bar = builder.tick(now)
            if bar is not None:
                wishes.extend(self.take_bar(bar, now))
        for slot in self.slots.values():
            for id in list(slot.blocked):
                wishes.extend(self._pursue(slot, slot.wanted[id], now))
        return wishes

    def take_bar(self, bar: Bar, now: int) -> Sequence[Wish]:
        """A closed bar for every strategy that listens to this instrument at this interval."""
        if len(self._closed) < CLOSED_KEPT:
            self._closed.append(bar)
        wishes: list[Wish] = []
        for slot in list(self.slots.values()):
            if (
                slot.interval is bar.interval
                and bar.instrument in slot.instruments
                and slot.status in (StrategyStatus.RUNNING, StrategyStatus.PAUSED)
            ):
                slot.keep(bar)
                said = self._teller(slot, slot.strategy.on_bar)(bar, now)
                wishes.extend(said)
                if not said and bar.instrument in slot.wanted and not self._was_refused(slot, bar.instrument, now):
                    # What was canceled or filled in part is made good here; what was refused, after a while.
                    wishes.extend(self._pursue(slot, slot.wanted[bar.instrument], now))
        return wishes

    def _want_all(self, slot: Slot, signals: Sequence[Signal], now: int) -> Sequence[Wish]:
        wishes: list[Wish] = []
        # Of several about one instrument the last counts: each is sized from the same position.
        for signal in {signal.instrument: signal for signal in signals}.values():
            wishes.extend(self._want(slot, signal, now))
        return wishes

    def _failed(self, slot: Slot, error: Exception, now: int) -> Sequence[Wish]:
        slot.status = StrategyStatus.FAILED
        self._resolve()
        text = f"{type(error).__name__}: {error}"[:200]
        return (StrategyChanged(ts=now, name=slot.name, status=StrategyStatus.FAILED, by="engine", text=text),)

    def _want(self, slot: Slot, signal: Signal, now: int) -> Sequence[Wish]:
        slot.target = signal.target
        slot.wanted[signal.instrument] = signal
        wishes = self._pursue(slot, signal, now)
        outcome = "; ".join(_words(wish) for wish in wishes) or slot.outcome
        given = SignalGiven(
            ts=now,
            strategy=slot.name,
            instrument=signal.instrument,
            target=signal.target,
            text=f"{signal.reason}: {outcome}",
        )
        return (given, *wishes)

    def _pursue(self, slot: Slot, signal: Signal, now: int) -> list[Wish]:
        """The order that brings the position to the signal's target; or, first, the end of those in its way."""
        instrument = self._state.instruments.get(signal.instrument)
        sized: Sized | str = "not one of its instruments"
        slot.blocked.discard(signal.instrument)
        if slot.status is not StrategyStatus.RUNNING:
            sized = "paused"
        elif instrument is not None and signal.instrument in slot.instruments:
            sized = self._size(slot, signal, instrument)
        stage = "paused" if slot.status is not StrategyStatus.RUNNING else "size"
        if isinstance(sized, Blocked):
            slot.pursuits[signal.instrument] = Pursuit(now, stage, str(sized))
            slot.blocked.add(signal.instrument)
            return [Cancel(client_order_id=order.id, by=slot.name) for order in self._own(slot, signal.instrument)]
        if isinstance(sized, str):
            slot.pursuits[signal.instrument] = Pursuit(now, stage, sized)
            slot.outcome = sized
            return []
        trading = self._state.trading_state(slot.account)
        if trading is not TradingState.ACTIVE:
            # The gate would refuse it, and each refusal is written for good.
            slot.outcome = f"trading is {trading.upper()}: no automatic orders"
            slot.pursuits[signal.instrument] = Pursuit(now, "trading", slot.outcome)
            return []
        slot.sent += 1
        id = derived_client_order_id(slot.name, signal.instrument, str(now), str(slot.sent))
        slot.newest[signal.instrument] = (now, id)
        slot.pursuits[signal.instrument] = Pursuit(now, "order", order=id)
        request = OrderRequest(
            client_order_id=id,
            account=slot.account,
            instrument=signal.instrument,
            side=sized.side,
            quantity=sized.quantity,
            type=OrderType.LIMIT,
            limit_price=sized.price,
            time_in_force=TimeInForce.DAY,
            source=slot.name,
        )
        return [Submit(request=request, by=slot.name)]

    def _was_refused(self, slot: Slot, instrument: InstrumentId, now: int) -> bool:
        """Was its newest order refused a moment ago?"""
        at, id = slot.newest.get(instrument, (0, None))
        order = self._state.orders.get(id) if id is not None else None
        refused = order is not None and order.status in (OrderStatus.DENIED, OrderStatus.REJECTED)
        return refused and now - at < REFUSED_AGAIN_NS

    def _own(self, slot: Slot, instrument: InstrumentId) -> list[Order]:
        live = self._state.live_orders(slot.account, instrument)
        return [o for o in live if o.request.source == slot.name and o.status is not OrderStatus.HELD]

    def _size(self, slot: Slot, signal: Signal, instrument: Instrument) -> Sized | str:
        state, place = self._state, (slot.account, signal.instrument)
        held = state.strategy_position(slot.name, *place).quantity
        books = state.strategy_positions.items()
        others = [p.quantity for (name, *where), p in books if name in self.slots and tuple(where) == place]
        return size(
            signal,
            size=slot.quantity,
            instrument=instrument,
            position=held,
            left=left_of(held, state.position(*place).quantity, others),
            working=sum((exposure(order) * order.side.sign for order in self._own(slot, signal.instrument)), ZERO),
            quote=state.quotes.get(signal.instrument),
        )


def _signals(said: Any) -> tuple[Signal, ...]:
    """What a strategy's method returned, checked; TypeError when it is no signals."""
    found = (said,) if isinstance(said, Signal) else tuple(said)
    for signal in found:
        if not isinstance(signal, Signal):
            raise TypeError(f"a strategy returns signals, not {type(signal).__name__}")
    return found


def _words(wish: Wish) -> str:
    if isinstance(wish, Submit):
        request = wish.request
        return f"{request.side} {request.quantity} @{request.limit_price}"
    return "its own open order is canceled first"
