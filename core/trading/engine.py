"""The single writer of State. `Engine.step(message, now)` takes a fact or a request and returns what follows: durable
events to journal, health events, and commands for the outbox. No clock, no entropy, no await: the same messages at the
same times give the same answers, which is why replay and recovery are possible at all.

Facts about orders and accounts are taken in facts.py, requests in requests.py, what may be done at all in control.py;
here is the door, the market's fast road, and the strategies' way in."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from core.domain.commands import (
    AcceptLimits,
    Acknowledge,
    Cancel,
    CancelAll,
    ClearAlert,
    Close,
    Command,
    ControlStrategy,
    EditWatchlist,
    Panic,
    Replace,
    SetAlert,
    SetStrategyParams,
    Settle,
    SetTradingState,
    SetWatchlist,
    StartDay,
    StrategyAction,
    Submit,
    Tick,
    TightenLimit,
    Unlock,
    WriteNote,
)
from core.domain.events import (
    AccountListed,
    AccountUnlocked,
    AlertCleared,
    AlertFired,
    AlertSet,
    AlgoEnded,
    BalanceChanged,
    CandidatesFound,
    DayHighReached,
    DayStarted,
    DriftAcknowledged,
    DurableEvent,
    Event,
    FeedChanged,
    FillAttributed,
    FillCorrected,
    GateChanged,
    InstrumentListed,
    LimitsChanged,
    NoteWritten,
    Noticed,
    OrderAccepted,
    OrderDenied,
    OrderFilled,
    OrderHeld,
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
    StrategyParamsChanged,
    StrategyStatus,
    SweepChanged,
    TradingStateChanged,
    WatchlistChanged,
)
from core.domain.ids import ClientOrderId, InstrumentId
from core.domain.instrument import Currency
from core.domain.limits import RiskLimits
from core.domain.market import NS, Bar, OrderBook, Quote, Trade
from core.domain.order import (
    OrderStatus,
)
from core.strategies.params import problem_of, texts
from core.trading.alerts import Alerts
from core.trading.algos import Algos, Turn
from core.trading.charts import Charts
from core.trading.consequences import Consequences
from core.trading.control import Control
from core.trading.facts import END_STATUS, Facts
from core.trading.gate import Gate
from core.trading.legs import Due, Legs
from core.trading.limits import Limits
from core.trading.notes import Notes
from core.trading.outputs import NOTHING, Output, emit
from core.trading.queues import Queues
from core.trading.requests import Requests
from core.trading.risk import Costs, no_costs
from core.trading.state import State
from core.trading.strategist import Handler, Strategist
from core.trading.tally import Tally
from core.trading.watchlists import Watchlists

NOBODY: tuple[Handler, ...] = ()
ANSWER_NS = 30 * NS
"""An order that is SENDING for longer than this has lost its answer."""
_OURS_ALONE = (
    *(OrderHeld, OrderStaged, TradingStateChanged, DayStarted, StrategyChanged, StrategyParamsChanged, SignalGiven),
    *(WatchlistChanged, AlertSet, AlertCleared, AlertFired, NoteWritten),
    *(FillCorrected, FillAttributed, DriftAcknowledged),
    *(DayHighReached, SweepChanged, LimitsChanged, AccountUnlocked, AlgoEnded),
)
"""What follows from requests alone; as a fact from outside it is a mistake."""
PRINTS = 40


class Engine:
    """Thinks. `state` is for reading; `gate` holds the limits, the costs and whether the journal can be written."""

    def __init__(self, base_currency: Currency, limits: RiskLimits | None = None, costs: Costs = no_costs) -> None:
        self.state = State(base_currency)
        self.claiming: set[ClientOrderId] = set()
        """Orders whose SENDING commit is on its way: to cancel them is to cancel at the venue."""
        self.touched: dict[InstrumentId, None] = {}
        """Instruments whose market moved since the last picture: the conflation slot."""
        self.strategist = Strategist(self.state)
        self.gate = Gate(self.state, self.strategist, limits or RiskLimits(), costs)
        self.limits = Limits(self.state, self.gate)
        self.facts = Facts(self.state, self.claiming)
        self.legs = Legs(self.state, self.gate)
        self.requests = Requests(self.state, self.gate, self.facts, self.legs, self.claiming)
        self.algos = Algos(self.state, self.gate)
        self.legs.replace_denial = self.algos.replace_denial = self.requests.replace_denial
        self.consequences = Consequences(self.state, self.requests, self.legs, self.algos, self.strategist)
        self.control = Control(self.state, self.gate, self.requests, self.strategist)
        self.watchlists = Watchlists(self.state)
        self.alerts = Alerts(self.state, self.strategist)
        self.notes = Notes(self.state)
        # The hot path reaches the state's dictionaries without a step in between; they are never replaced.
        self._quotes, self._trades, self._tallies = self.state.quotes, self.state.trades, self.state.tallies
        self._prints: dict[InstrumentId, deque[Trade]] = {}
        self.charts = Charts()
        self._charts = self.charts.of
        self.queues = Queues(self.state)
        self._queued_at = self.queues.places
        self.is_conflated = False
        """The feed merges prints."""
        facts, requests, control = self.facts, self.requests, self.control
        follows = self.consequences.of
        self.market: dict[type, Callable[[Any, int], Sequence[Output]]] = {
            Quote: self._quote,
            Trade: self._trade,
            OrderBook: self._book,
            Bar: self._bar,
        }
        """`step` for what comes thousands of times a second, by its class."""
        self._handlers: dict[type, Callable[[Any, int], Sequence[Output]]] = {
            **self.market,
            OrderSending: facts.sending,
            OrderAccepted: follows(self._queued(facts.accepted)),
            OrderFilled: follows(self._filled),
            OrderRequested: follows(facts.requested),
            OrderReplaced: follows(self._queued(facts.replaced)),
            BalanceChanged: facts.balance,
            AccountListed: facts.account,
            FeedChanged: facts.feed,
            GateChanged: facts.keep,
            PositionAdjusted: follows(facts.keep),
            CandidatesFound: facts.candidates,
            OrderDenied: follows(facts.denied),
            **dict.fromkeys(END_STATUS, follows(self._queued(facts.ended))),
            **dict.fromkeys((InstrumentListed, PhaseChanged, RateChanged, Noticed), facts.keep),
            **dict.fromkeys(_OURS_ALONE, facts.not_theirs),
            Submit: follows(requests.submit),
            Cancel: follows(requests.cancel),
            Replace: follows(requests.replace),
            CancelAll: follows(requests.cancel_all),
            Close: follows(requests.close),
            Settle: follows(requests.settle),
            Acknowledge: requests.acknowledge,
            SetTradingState: control.set_trading_state,
            Unlock: control.unlock,
            Panic: follows(control.panic),
            TightenLimit: self.limits.tighten,
            AcceptLimits: self.limits.accept,
            StartDay: follows(control.start_day),
            ControlStrategy: self._control_strategy,
            SetStrategyParams: self._set_strategy_params,
            SetWatchlist: self.watchlists.edit,
            EditWatchlist: self.watchlists.edit,
            SetAlert: self.alerts.set,
            ClearAlert: self.alerts.clear,
            WriteNote: self.notes.write,
            Tick: self._tick,
        }

    def step(self, message: Event | Command, now: int) -> Sequence[Output]:
        """Take one message at time `now` (ns). Returns what happened because of it, in order: durable events must be
        journalled before the venue commands behind them are carried out."""
        return self._handlers[message.__class__](message, now)

    def restore(self, event: DurableEvent) -> None:
        """Fold an event of the journal: state changes, nothing else happens. What was unlocked for an earlier engine
        is locked again."""
        if isinstance(event, AccountUnlocked):
            return
        self.state.apply(event)
        if isinstance(event, AlertSet | AlertCleared | AlertFired):
            self.alerts.listen()
        self.legs.is_loaded = self.algos.is_loaded = self.algos.is_told = False

    def _quote(self, quote: Quote, now: int) -> Sequence[Output]:
        id = quote.instrument
        self._quotes[id] = quote
        self.touched[id] = None
        if id in self._charts:
            for chart in self._charts[id]:
                chart.quote(quote, has_trades=id in self._trades)
        out: Sequence[Output] = NOTHING
        for handler in self.strategist.on_quote.get(id, NOBODY):
            wishes = handler(quote, now)
            if wishes:
                out = self._follow(wishes, now, out)
        return out

    def _trade(self, trade: Trade, now: int) -> Sequence[Output]:
        id = trade.instrument
        self._trades[id] = trade
        tally = self._tallies.get(id)
        if tally is None:
            tally = self._tallies[id] = Tally()
        tally.add(trade.price, trade.size)
        self.touched[id] = None
        if id in self._prints:
            self._prints[id].appendleft(trade)
        if id in self._charts:
            for chart in self._charts[id]:
                chart.trade(trade)
        if id in self._queued_at:
            self.queues.trade(trade)
        out: Sequence[Output] = NOTHING
        for handler in self.strategist.on_trade.get(id, NOBODY):
            wishes = handler(trade, now)
            if wishes:
                out = self._follow(wishes, now, out)
        return out

    def _book(self, book: OrderBook, now: int) -> Sequence[Output]:
        self.state.books[book.instrument] = book
        if book.instrument in self._queued_at:
            self.queues.book(book)
        self.touched[book.instrument] = None
        return NOTHING

    def _bar(self, bar: Bar, now: int) -> Sequence[Output]:
        return self._follow(self.strategist.take_bar(bar, now), now, NOTHING)

    def _follow(self, wishes: Sequence[Any], now: int, before: Sequence[Output]) -> Sequence[Output]:
        """What strategies want becomes orders by the same road as a person's; `before` is what happened until now."""
        out = list(before)
        for wish in wishes:
            if isinstance(wish, Submit):
                out.extend(self.requests.submit(wish, now))
            elif isinstance(wish, Cancel):
                out.extend(self.requests.cancel(wish, now))
            elif isinstance(wish, Due):
                out = list(self.consequences.protect((wish.place,), now, out))
            elif isinstance(wish, Turn):
                out = list(self.consequences.go_on((wish.order,), now, out))
            else:
                emit(self.state, wish, out)
        return out

    def keep_prints(self, instruments: Iterable[InstrumentId]) -> None:
        """Whose newest prints to remember: the instruments some face looks at."""
        self._prints = {id: self._prints.get(id) or deque(maxlen=PRINTS) for id in instruments}

    def prints(self, instrument: InstrumentId) -> Iterable[Trade]:
        """Newest first."""
        return self._prints.get(instrument, ())

    def _control_strategy(self, command: ControlStrategy, now: int) -> Sequence[Output]:
        out: list[Output] = []
        if command.name not in self.strategist.slots:
            emit(
                self.state,
                Noticed(ts=now, level="warning", kind="STRAT", text=f"no strategy {command.name[:40]!r}"),
                out,
            )
            return out
        status = {
            StrategyAction.START: StrategyStatus.RUNNING,
            StrategyAction.PAUSE: StrategyStatus.PAUSED,
            StrategyAction.STOP: StrategyStatus.STOPPED,
        }[command.action]
        before = self.state.strategies.get(command.name)
        if before is None or before.status is not status:
            emit(self.state, StrategyChanged(ts=now, name=command.name, status=status, by=command.by), out)
            return self._follow(self.strategist.control(command.name, status, now), now, out)
        return out

    def params_refusal(self, command: SetStrategyParams) -> str:
        """Why these parameters cannot be set now; empty when they can."""
        slot = self.strategist.slots.get(command.name)
        if slot is None:
            names = ", ".join(self.strategist.slots) or "none are configured"
            return f"there is no strategy {command.name[:40]!r}; there are: {names}"
        if slot.status is StrategyStatus.RUNNING:
            return f"{slot.name} is running: pause or stop it with t, then change its parameters"
        return problem_of(slot.kind, type(slot.strategy).Params, {**texts(slot.strategy.params), **command.params})

    def _set_strategy_params(self, command: SetStrategyParams, now: int) -> Sequence[Output]:
        out: list[Output] = []
        refusal = self.params_refusal(command)
        if refusal:
            emit(self.state, Noticed(ts=now, level="warning", kind="STRAT", text=refusal), out)
            return out
        slot = self.strategist.slots[command.name]
        before = texts(slot.strategy.params)
        self.strategist.set_params(slot, command.params)
        params = texts(slot.strategy.params)
        if params != before:
            changed = StrategyParamsChanged(
                ts=now, name=slot.name, kind=slot.kind, params=params, configured=slot.configured, by=command.by
            )
            emit(self.state, changed, out)
        return self._follow(self.strategist.warm_again(slot, now), now, out)

    def warm(self, name: str, bars: Iterable[Bar], now: int) -> Sequence[Output]:
        """Show a strategy its past before it starts. A strategy that breaks on it is stopped, alone."""
        return self._follow(self.strategist.warm(name, bars, now), now, NOTHING)

    def _tick(self, command: Tick, now: int) -> Sequence[Output]:
        out: list[Output] = []
        for order in list(self.state.live_orders()):
            # Either way: with a clock that was set back it would wait for its answer by so much longer.
            if order.status is OrderStatus.SENDING and abs(now - order.updated) > ANSWER_NS:
                text = f"no answer for {ANSWER_NS // NS} s"
                emit(self.state, OrderUnknown(ts=now, client_order_id=order.id, text=text), out)
        for account in self.state.accounts:
            self.control.watch_loss(account, now, out)
        out.extend(self.control.sweep(now))
        happened = self.consequences.second(now, out)
        self.charts.tick(now)
        return self._follow(self.strategist.tick(now), now, happened)

    def _queued(self, take: Callable[[Any, int], Sequence[Output]]) -> Callable[[Any, int], Sequence[Output]]:
        """What the venue says of an order also says where it waits."""

        def taken(event: Any, now: int) -> Sequence[Output]:
            out = take(event, now)
            if out:
                self.queues.settle(event.client_order_id)
            return out

        return taken

    def _filled(self, event: OrderFilled, now: int) -> Sequence[Output]:
        out = self.facts.filled(event, now)
        fill = next((item.fill for item in out if isinstance(item, OrderFilled | FillCorrected)), None)
        if fill is not None and fill.client_order_id is not None:
            self.queues.settle(fill.client_order_id)
        if fill is not None:
            for handler in self.strategist.on_fill.get(fill.source, NOBODY):
                out = self._follow(handler(fill, now), now, out)
        return out
