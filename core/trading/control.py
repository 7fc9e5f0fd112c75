"""What may be done at all: trading states, panic and flatten, the day and its loss limit. Panic never cancels what only
protects; what it winds down goes on until nothing of it is left, over a restart too, and says what keeps it."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from core.domain.account import TradingState
from core.domain.commands import (
    Cancel,
    Close,
    Panic,
    SetTradingState,
    StartDay,
    Submit,
    Unlock,
)
from core.domain.decimals import ZERO
from core.domain.events import (
    AccountUnlocked,
    DayHighReached,
    DayStarted,
    Noticed,
    OrderCanceled,
    StrategyChanged,
    StrategyStatus,
    Sweep,
    SweepChanged,
    TradingStateChanged,
)
from core.domain.ids import AccountId, ClientOrderId, InstrumentId, derived_client_order_id, name_of
from core.domain.market import NS
from core.domain.order import OrderRequest, OrderStatus, TimeInForce
from core.trading import lock, risk
from core.trading.gate import Gate
from core.trading.outputs import NOTHING, Output, emit
from core.trading.requests import Requests
from core.trading.state import PositionKey, State
from core.trading.strategist import Strategist

AGAIN_NS = 3 * NS
ALARM_ROUNDS = 5
"""After so many tries somebody is told, and cancels are repeated more seldom."""
HIGH_STEPS = 100
"""The day's best result is journalled each time it has grown by this part of the limit."""
FLATTENER = "panic"
"""Source of the orders that flatten: they alone are not canceled by it."""


class Control:
    def __init__(self, state: State, gate: Gate, requests: Requests, strategist: Strategist) -> None:
        self.state = state
        self.gate = gate
        self.requests = requests
        self.strategist = strategist
        self._swept: dict[AccountId | None, tuple[int, int]] = {}
        """When each sweep last tried, and how often."""
        self._said: dict[tuple[AccountId, InstrumentId], str] = {}

    def unlock(self, command: Unlock, now: int) -> Sequence[Output]:
        """New exposure of real money, for as long as this engine runs."""
        problem = lock.problem(self.state, command)
        if problem:
            return self._refused(problem, now)
        out: list[Output] = []
        self._unlock(command.account, command.tail, command.by, now, out)
        return out

    def _unlock(self, scope: AccountId | None, tail: str, by: str, now: int, out: list[Output]) -> None:
        real = lock.real_accounts(self.state, scope)
        for account in lock.named(real, tail):
            if self.state.is_locked(account):
                emit(self.state, AccountUnlocked(ts=now, account=account, by=by), out)

    def _refused(self, text: str, now: int) -> Sequence[Output]:
        out: list[Output] = []
        emit(self.state, Noticed(ts=now, level="warning", kind="LOCK", text=text), out)
        return out

    def set_trading_state(self, command: SetTradingState, now: int) -> Sequence[Output]:
        problem = lock.problem(self.state, command)
        if problem:
            return self._refused(problem, now)
        out: list[Output] = []
        if command.state.severity < TradingState.REDUCING.severity:
            # To let orders pass again ends what was being wound down, of all accounts when all are meant.
            for account in list(self.state.curbs.sweeps):
                if command.account in (None, account):
                    emit(self.state, SweepChanged(ts=now, account=account, sweep=Sweep.NONE, by=command.by), out)
            self._unlock(command.account, command.tail, command.by, now, out)
        self.change_trading_state(command.account, command.state, command.by, command.text, now, out)
        return out

    def change_trading_state(
        self, account: AccountId | None, state: TradingState, by: str, text: str, now: int, out: list[Output]
    ) -> None:
        if self.state.trading_states.get(account, TradingState.ACTIVE) is state and (
            account is not None or len(self.state.trading_states) <= 1
        ):
            return
        emit(self.state, TradingStateChanged(ts=now, account=account, state=state, by=by, text=text), out)

    def panic(self, command: Panic, now: int) -> Sequence[Output]:
        """What stops waits for nothing. Positions of real money are closed by name, and it is said whose are not."""
        out: list[Output] = []
        before = self.state.trading_states.get(command.account, TradingState.ACTIVE)
        if before.severity < TradingState.REDUCING.severity:
            self.change_trading_state(command.account, TradingState.REDUCING, command.by, "panic", now, out)
        for name, changed in list(self.state.strategies.items()):
            slot = self.strategist.slots.get(name)
            if changed.status is StrategyStatus.RUNNING and (
                command.account is None or (slot is not None and slot.account == command.account)
            ):
                paused = StrategyChanged(ts=now, name=name, status=StrategyStatus.PAUSED, by=command.by, text="panic")
                emit(self.state, paused, out)
                if slot is not None:
                    self.strategist.control(name, StrategyStatus.PAUSED, now)
        for scope, wanted in self._wanted(command).items():
            held = self.state.curbs.sweeps.get(scope, Sweep.NONE)
            over = self._meant(command, scope) if wanted is Sweep.FLATTEN else ()
            if wanted.reach > held.reach or over:
                emit(self.state, SweepChanged(ts=now, account=scope, sweep=wanted, by=command.by, over=over), out)
            self._swept.pop(scope, None)
        left = self._not_closed(command)
        if left:
            emit(self.state, Noticed(ts=now, level="warning", kind="LOCK", text=left), out)
        self._said.clear()
        out.extend(self.sweep(now, command.by))
        return out

    def _wanted(self, command: Panic) -> dict[AccountId | None, Sweep]:
        """What is wound down where. Where real money is among what is meant, positions are closed account by account:
        of play money, and of real money that was named."""
        rest = Sweep.ALL if command.protections else Sweep.ENTRIES
        if not (command.flatten and self.state.accounts):
            return {command.account: rest}
        real = lock.real_accounts(self.state, command.account)
        if not real:
            return {command.account: Sweep.FLATTEN}
        named = lock.named(real, command.tail)
        mine = (a for a in self.state.accounts if command.account in (None, a))
        return {command.account: rest, **{a: Sweep.FLATTEN for a in mine if a in named or a not in real}}

    def _not_closed(self, command: Panic) -> str:
        """Who was to be flattened and keeps what it holds; empty when nobody does."""
        if not command.flatten:
            return ""
        if not self.state.accounts:
            return "nothing is closed: no account is known yet"
        real = lock.real_accounts(self.state, command.account)
        closing = {account for account, sweep in self.state.curbs.sweeps.items() if sweep is Sweep.FLATTEN}
        left = [a for a in real if a not in closing and lock.is_at_stake(self.state, a)]
        if not left:
            return ""
        names = ", ".join(lock.told(a, real) for a in left)
        text = f"still open: {names}, whose name's end was not typed"
        closed = ", ".join(name_of(a) for a in self.state.accounts if a in closing)
        return f"{text}; closing {closed}" if closed else text

    def _meant(self, command: Panic, scope: AccountId | None) -> tuple[ClientOrderId, ...]:
        """Those of the named orders that are UNKNOWN, and not passed before."""
        live = {o.id for o in self.state.live_orders(scope) if o.status is OrderStatus.UNKNOWN}
        passed = self.state.curbs.passed.get(scope, frozenset())
        return tuple(id for id in dict.fromkeys(command.over) if id in live and id not in passed)

    def _narrow(self, now: int, out: list[Output]) -> None:
        """What was to be closed of all play money does not go on to real money that turned up since."""
        curbs = self.state.curbs
        real = lock.real_accounts(self.state, None)
        if not real or curbs.sweeps.get(None) is not Sweep.FLATTEN:
            return
        over = tuple(curbs.passed.get(None, ()))
        for account in self.state.accounts:
            if account not in real:
                swept = SweepChanged(ts=now, account=account, sweep=Sweep.FLATTEN, by=FLATTENER, over=over)
                emit(self.state, swept, out)
        emit(self.state, SweepChanged(ts=now, account=None, sweep=Sweep.ENTRIES, by=FLATTENER), out)
        left = ", ".join(a for a in real if curbs.sweeps.get(a) is not Sweep.FLATTEN)
        if left:
            text = f"positions of play money are closed, as was asked; not those of {left}"
            emit(self.state, Noticed(ts=now, level="warning", kind="PANIC", text=text), out)

    def sweep(self, now: int, by: str = FLATTENER) -> Sequence[Output]:
        """Carry on with what is being wound down, until the venue shows nothing of it: it is in the journal, so a
        restart goes on where this process ended. Orders first; positions once nothing works there any more."""
        out: list[Output] = []
        self._narrow(now, out)
        for account, sweep in list(self.state.curbs.sweeps.items()):
            held = [
                place
                for place, position in self.state.positions.items()
                if sweep is Sweep.FLATTEN and position.quantity and (account is None or place[0] == account)
            ]
            live = self.requests.sweepable(account, entries_only=sweep is Sweep.ENTRIES)
            if not held and not live:
                emit(self.state, SweepChanged(ts=now, account=account, sweep=Sweep.NONE, by=FLATTENER), out)
                self._swept.pop(account, None)
                if sweep is Sweep.FLATTEN:
                    text = f"all positions of {account} are closed" if account else "all positions are closed"
                    emit(self.state, Noticed(ts=now, level="info", kind="FLAT", text=text), out)
                continue
            tried = self._swept.get(account)
            if tried is not None and abs(now - tried[0]) < AGAIN_NS:
                continue
            rounds = tried[1] + 1 if tried is not None else 1
            self._swept[account] = (now, rounds)
            if rounds == ALARM_ROUNDS and live:
                left = ", ".join(order.id[-4:] for order in live[:5])
                text = f"still not gone after {rounds} tries: {left}; look at the venue"
                emit(self.state, Noticed(ts=now, level="error", kind="PANIC", text=text), out)
            is_due = rounds <= ALARM_ROUNDS or rounds % ALARM_ROUNDS == 0
            for order in live:
                if is_due and order.request.source != FLATTENER:
                    out.extend(self.requests.cancel(Cancel(client_order_id=order.id, by=by), now))
            passed = self.state.curbs.passed.get(account, frozenset())
            busy: set[PositionKey] = set()
            open_ended: set[PositionKey] = set()
            for order in self.state.live_orders(account):
                is_passed = order.status is OrderStatus.UNKNOWN and order.id in passed
                (open_ended if is_passed else busy).add((order.account, order.instrument))
            for place in held:
                if place not in busy:
                    self._flatten_place(place, now, out, is_confirmed=place in open_ended)
        return out

    def _flatten_place(
        self, place: tuple[AccountId, InstrumentId], now: int, out: list[Output], *, is_confirmed: bool
    ) -> None:
        """Close one position, as far as no order under way may close it already. What the gate would refuse is not
        asked: it is said once, and tried again later. `is_confirmed`: past UNKNOWN orders that a person named."""
        id = derived_client_order_id("flatten", *place, str(now))
        close = Close(client_order_id=id, account=place[0], instrument=place[1], at_market=True, by=FLATTENER)
        request = self.requests.close_request(close, now)
        if isinstance(request, OrderRequest):
            denial = self.gate.refusal(request, now, is_confirmed=is_confirmed)
            if denial is None:
                self._said.pop(place, None)
                close_all = Submit(request=request, is_confirmed=is_confirmed, by=FLATTENER)
                out.extend(self.requests.submit(close_all, now))
                return
            request = denial.text
        if self._said.get(place) != request:
            self._said[place] = request
            text = f"{place[1]} is not closed yet: {request}"
            emit(self.state, Noticed(ts=now, level="warning", kind="FLAT", text=text), out)

    def start_day(self, command: StartDay, now: int) -> Sequence[Output]:
        if command.day <= self.state.days.get(command.account, ""):
            return NOTHING  # a clock that is set back over midnight does not begin the day anew
        held = [
            i
            for (account, i), p in self.state.positions.items()
            if account == command.account and (p.quantity or p.day_quantity)
        ]
        marks: dict[InstrumentId, Decimal] = {i: mark for i in held if (mark := self._day_mark(i)) is not None}
        out: list[Output] = []
        emit(self.state, DayStarted(ts=now, account=command.account, day=command.day, marks=marks), out)
        for order in list(self.state.live_orders(command.account)):
            request = order.request
            if order.status is OrderStatus.HELD and request.time_in_force is TimeInForce.DAY and not request.parent:
                text = "its trading day is over"
                emit(self.state, OrderCanceled(ts=now, client_order_id=order.id, text=text, by="clock"), out)
        return out

    def _day_mark(self, id: InstrumentId) -> Decimal | None:
        """What a holding is worth when a day begins: before the first quote, the close before."""
        mark = self.state.mark(id)
        known = self.state.instruments.get(id)
        return mark if mark is not None or known is None else known.previous_close

    def watch_loss(self, account: AccountId, now: int, out: list[Output]) -> None:
        """The day's result against its limits, realised and marked: an account that reaches one turns REDUCING."""
        limits, currency = self.gate.limits, self.state.base_currency
        if limits.daily_loss is None and limits.max_drawdown is None:
            return
        result = risk.day_result(self.state, account)
        if result is None:
            return
        high = self.state.curbs.highs.get(account, ZERO)
        if limits.max_drawdown is not None and result > high + limits.max_drawdown / HIGH_STEPS:
            emit(self.state, DayHighReached(ts=now, account=account, result=result), out)
        if self.state.trading_state(account).severity >= TradingState.REDUCING.severity:
            return
        fall = max(high, result) - result
        if limits.daily_loss is not None and -result >= limits.daily_loss:
            text = f"day loss {-result:,.0f} reached the limit {limits.daily_loss:,.0f} {currency}"
            self.change_trading_state(account, TradingState.REDUCING, "daily loss", text, now, out)
        elif limits.max_drawdown is not None and fall >= limits.max_drawdown:
            text = f"the day fell {fall:,.0f} from its best, the limit is {limits.max_drawdown:,.0f} {currency}"
            self.change_trading_state(account, TradingState.REDUCING, "drawdown", text, now, out)
