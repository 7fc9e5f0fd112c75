"""Everything the engine knows, and the one fold that changes it: `State.apply(event)`. Replaying the journal through
it gives the state the process had. Market data comes in through the engine's own fast path and is never journalled."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Collection, Iterator
from decimal import Decimal
from typing import Any

import msgspec

from core.domain.account import Account, Balance, Mode, Position, TradingState
from core.domain.decimals import ZERO
from core.domain.errors import IllegalTransition
from core.domain.events import (
    AccountListed,
    AlgoEnded,
    BalanceChanged,
    CandidatesFound,
    DayStarted,
    DriftAcknowledged,
    FillAttributed,
    FillCorrected,
    GateChanged,
    OrderAccepted,
    OrderCanceled,
    OrderDenied,
    OrderExpired,
    OrderFilled,
    OrderHeld,
    OrderNotPlaced,
    OrderRejected,
    OrderReplaced,
    OrderRequested,
    OrderSending,
    OrderStaged,
    OrderUnknown,
    PositionAdjusted,
    StrategyChanged,
    StrategyParamsChanged,
    TradingStateChanged,
)
from core.domain.ids import AccountId, ClientOrderId, FillId, InstrumentId, VenueRef
from core.domain.instrument import Currency
from core.domain.order import (
    Fill,
    Order,
    OrderRequest,
    OrderStatus,
    RequestKind,
    RequestPhase,
    Side,
    check_transition,
    outcome,
)
from core.trading import ledger
from core.trading.curbs import Curbs
from core.trading.kept import Kept
from core.trading.market import Market

PositionKey = tuple[AccountId, InstrumentId]
StrategyKey = tuple[str, AccountId, InstrumentId]


DRIFT = "unknown"
"""Cause of an adjustment that nothing explains: it freezes."""
OPENING = "opening"
"""Cause of what an account held when it was read for the first time."""


class Freeze(msgspec.Struct, frozen=True):
    """Why strategies leave an instrument alone until a person has looked: what our fills do not explain."""

    since: int
    """Of the newest change."""
    quantity: Decimal
    """Signed; all unexplained changes together."""
    cause: str


class State(Market):
    """Dictionaries of nouns and their indices. Read it freely, change it only through `apply`."""

    def __init__(self, base_currency: Currency) -> None:
        super().__init__(base_currency)
        self.revision = 0
        self.accounts: dict[AccountId, Account] = {}
        self.balances: dict[tuple[AccountId, Currency], Balance] = {}
        self.orders: dict[ClientOrderId, Order] = {}
        self.live: dict[ClientOrderId, None] = {}
        """Ids of orders that have not ended, in the order they were made."""
        self.slices: dict[ClientOrderId, list[ClientOrderId]] = {}
        """Of each order that is sent in slices, those that were made, oldest first."""
        self.fills: list[Fill] = []
        self.fill_ids: dict[tuple[AccountId, InstrumentId, FillId], Fill] = {}
        """Each execution once, as last corrected."""
        self.by_ref: dict[tuple[AccountId, VenueRef], ClientOrderId] = {}
        """Whose the venue's numbers are."""
        self.nobodys: dict[tuple[AccountId, VenueRef], list[Fill]] = {}
        """Executions of orders that are not known here."""
        self.frozen: dict[PositionKey, Freeze] = {}
        self.spent: dict[tuple[AccountId, Currency], Decimal] = {}
        """Cash of buys and short sales that were filled since the broker last spoke of the balance: gone, though not
        yet told."""
        self.positions: dict[PositionKey, Position] = {}
        self.strategy_positions: dict[StrategyKey, Position] = {}
        self.strategy_fills: dict[str, int] = {}
        self.days: dict[AccountId, str] = {}
        self.trading_states: dict[AccountId | None, TradingState] = {}
        self.gates: dict[AccountId, GateChanged] = {}
        self.strategies: dict[str, StrategyChanged] = {}
        self.strategy_params: dict[str, StrategyParamsChanged] = {}
        self.state_changes: deque[TradingStateChanged] = deque(maxlen=20)
        """The newest changes of what may be done, oldest first."""
        self.kept = Kept()
        """Lists, alerts and notes."""
        self.curbs = Curbs()
        """What the gate remembers."""
        self.late_fills = 0
        """Fills that came when their order could not have any (ended, or never sent), or beyond its quantity."""
        self._apply = self._folds()

    def _folds(self) -> dict[type, Callable[[Any], None]]:
        return {
            OrderHeld: self._held,
            OrderStaged: self._staged,
            OrderDenied: self._denied,
            OrderSending: self._sending,
            OrderAccepted: self._accepted,
            OrderRejected: lambda e: self._end(e, OrderStatus.REJECTED, f"{e.code} {e.text}".strip()),
            OrderUnknown: self._unknown,
            OrderNotPlaced: lambda e: self._end(e, OrderStatus.NOT_PLACED, e.text),
            OrderCanceled: self._canceled,
            OrderExpired: lambda e: self._end(e, OrderStatus.EXPIRED, e.text),
            OrderRequested: self._requested,
            OrderReplaced: self._replaced,
            AlgoEnded: self._algo_ended,
            OrderFilled: self._filled,
            CandidatesFound: lambda e: self._change(e.client_order_id, e.ts, candidates=e.candidates),
            FillCorrected: self._corrected,
            FillAttributed: self._attributed,
            DriftAcknowledged: self._acknowledged,
            AccountListed: self._account,
            BalanceChanged: self._balance,
            PositionAdjusted: self._adjusted,
            TradingStateChanged: self._trading_state,
            DayStarted: self._day,
            **self.market_folds,
            **self.curbs.folds,
            StrategyChanged: lambda e: self.strategies.__setitem__(e.name, e),
            StrategyParamsChanged: lambda e: self.strategy_params.__setitem__(e.name, e),
            **self.kept.folds,
            GateChanged: lambda e: self.gates.__setitem__(e.account, e),
        }

    def apply(self, event: object) -> None:
        """Fold one event. Events that change nothing here (notices, signals) are welcome and ignored.
        Raises IllegalTransition when an order event breaks the status table: the engine never lets one through."""
        fold = self._apply.get(event.__class__)
        if fold is not None:
            self.revision += 1
            fold(event)

    # --- orders ---------------------------------------------------------------------------------------------------

    def _held(self, event: OrderHeld) -> None:
        if event.request.client_order_id in self.orders:
            raise IllegalTransition(f"order {event.request.client_order_id} is known already: it is not held anew")
        self._add(event.request, OrderStatus.HELD, event.ts)

    def _staged(self, event: OrderStaged) -> None:
        request = event.request
        held = self.orders.get(request.client_order_id)
        if held is not None:
            # What was HELD leaves with the terms it is sent with; the price it waited for stays to be seen.
            terms = {"request": request, "quantity": request.quantity, "limit_price": request.limit_price}
            terms["held"] = held.request
            stop = request.stop_price or held.stop_price
            self._step(held.id, OrderStatus.STAGED, event.ts, stop_price=stop, requested=None, **terms)
        else:
            self._add(request, OrderStatus.STAGED, event.ts)
        self.curbs.recent.append((event.ts, request))

    def _add(self, request: OrderRequest, status: OrderStatus, ts: int, reason: str = "") -> None:
        self.orders[request.client_order_id] = Order(
            request=request,
            status=status,
            quantity=request.quantity,
            limit_price=request.limit_price,
            stop_price=request.stop_price,
            reason=reason,
            created=ts,
            updated=ts,
        )
        if request.slice_of is not None:
            self.slices.setdefault(request.slice_of, []).append(request.client_order_id)
        if not status.is_end:
            self.live[request.client_order_id] = None

    def _denied(self, event: OrderDenied) -> None:
        request = event.request
        if request.client_order_id in self.orders:
            reason = f"{event.rule}: {event.text}"
            self._step(request.client_order_id, OrderStatus.DENIED, event.ts, reason=reason, requested=None)
            return
        self._add(request, OrderStatus.DENIED, event.ts, reason=f"{event.rule}: {event.text}")

    def _sending(self, event: OrderSending) -> None:
        self._step(event.client_order_id, OrderStatus.SENDING, event.ts, facts=event.facts)

    def _accepted(self, event: OrderAccepted) -> None:
        order = self.orders[event.client_order_id]
        refs = order.refs if event.ref in order.refs else (*order.refs, event.ref)
        self.by_ref.setdefault((order.account, event.ref), order.id)
        if order.status.is_end or order.status is OrderStatus.OPEN:
            # A fill or an end overtook the answer: the name is all that is new.
            self._change(order.id, event.ts, refs=refs, binding=event.binding)
        else:
            more = {"refs": refs, "binding": event.binding, "reason": "", "candidates": ()}
            self._step(order.id, OrderStatus.OPEN, event.ts, **more)

    def _unknown(self, event: OrderUnknown) -> None:
        self._step(event.client_order_id, OrderStatus.UNKNOWN, event.ts, reason=event.text, candidates=event.candidates)

    def _requested(self, event: OrderRequested) -> None:
        wish = event.requested
        if wish.kind is RequestKind.CANCEL and wish.phase is RequestPhase.SENDING:
            self.curbs.cancels.append((event.ts, wish.text))
        before = self.orders[event.client_order_id].requested
        self._change(event.client_order_id, event.ts, requested=outcome(before, wish))
        order = self.orders[event.client_order_id]
        if order.status is OrderStatus.OPEN and order.filled >= order.most:  # it had filled before it was changed
            self._step(order.id, OrderStatus.FILLED, event.ts, requested=None)

    def _end(self, event: Any, status: OrderStatus, reason: str) -> None:
        self._step(event.client_order_id, status, event.ts, reason=reason, requested=None)

    def _canceled(self, event: OrderCanceled) -> None:
        wish = self.orders[event.client_order_id].requested
        by = event.by or (wish.text if wish is not None and wish.kind is RequestKind.CANCEL else "")
        self._end(event, OrderStatus.CANCELED, event.text)
        self._change(event.client_order_id, event.ts, canceled_by=by)

    def _replaced(self, event: OrderReplaced) -> None:
        order = self.orders[event.client_order_id]
        refs = order.refs if event.ref is None or event.ref in order.refs else (*order.refs, event.ref)
        if event.ref is not None:
            self.by_ref.setdefault((order.account, event.ref), order.id)
        wish = order.requested
        if wish is not None:  # a cancel asked for in the meantime is still on its way, without the terms that are known
            wish = msgspec.structs.replace(wish, quantity=None, limit_price=None, stop_price=None)
        self._change(
            order.id,
            event.ts,
            quantity=event.quantity,
            limit_price=event.limit_price,
            # A stop that left at market has the price it waited for, which no venue tells.
            stop_price=event.stop_price if order.request.is_stop else order.stop_price,
            refs=refs,
            requested=wish if wish is not None and wish.kind is RequestKind.CANCEL else None,
        )
        if order.status.may_fill and order.filled >= event.quantity:
            self._step(order.id, OrderStatus.FILLED, event.ts, requested=None)

    def _algo_ended(self, event: AlgoEnded) -> None:
        if event.is_complete:
            self._step(event.client_order_id, OrderStatus.FILLED, event.ts)
        else:
            self._change(event.client_order_id, event.ts, stopped=event.text)

    def _filled(self, event: OrderFilled) -> None:
        fill = event.fill
        key = (fill.account, fill.instrument, fill.fill_id)
        if key in self.fill_ids:
            return
        self.fill_ids[key] = fill
        short = fill.quantity - max(self.position(fill.account, fill.instrument).quantity, ZERO)
        self._book(fill)
        if fill.side is Side.BUY:
            self._spend(fill, _paid(fill))
        elif short > 0:
            self._spend(fill, short * fill.price * fill.multiplier)
        if fill.source:
            self.strategy_fills[fill.source] = self.strategy_fills.get(fill.source, 0) + 1
        order = self.orders.get(fill.client_order_id) if fill.client_order_id else None
        if order is not None:
            self._fill_order(order, fill)
        elif fill.client_order_id is None:
            self.nobodys.setdefault((fill.account, fill.ref), []).append(fill)

    def _book(self, fill: Fill) -> None:
        self.fills.append(fill)
        place = (fill.account, fill.instrument)
        before = self.position(*place)
        after = self.positions[place] = ledger.book_fill(before, fill)
        self.curbs.fill(fill, before, after)
        if fill.source:
            self._book_strategy(fill)

    def _book_strategy(self, fill: Fill) -> None:
        mine = (fill.source, fill.account, fill.instrument)
        held = self.strategy_position(*mine)
        self.strategy_positions[mine] = ledger.book_fill(held, fill)

    def _spend(self, fill: Fill, amount: Decimal) -> None:
        purse = (fill.account, fill.currency)
        self.spent[purse] = self.spent.get(purse, ZERO) + amount

    def _corrected(self, event: FillCorrected) -> None:
        """Two rows: the old execution is taken back, the new one booked. Nothing is edited."""
        was, fill = event.was, event.fill
        self.fill_ids[(fill.account, fill.instrument, fill.fill_id)] = fill
        self.fills += (was.reversed(event.ts), fill)
        place = (fill.account, fill.instrument)
        before = self.position(*place)
        after = self.positions[place] = ledger.correct(before, was, fill, event.ts)
        self.curbs.fill(fill, before, after)
        if fill.source:
            held = self.strategy_position(fill.source, *place)
            self.strategy_positions[(fill.source, *place)] = ledger.correct(held, was, fill, event.ts)
        if fill.side is Side.BUY and _paid(fill) > _paid(was):
            self._spend(fill, _paid(fill) - _paid(was))
        order = self.orders.get(fill.client_order_id) if fill.client_order_id else None
        if order is not None:
            self._tally(order, -was.quantity, was.price, event.ts)
            self._fill_order(self.orders[order.id], fill, order.filled)
        elif fill.client_order_id is None:
            mine = self.nobodys.setdefault((fill.account, fill.ref), [])
            mine[:] = [fill if other.fill_id == fill.fill_id else other for other in mine]

    def _attributed(self, event: FillAttributed) -> None:
        """The position has it already: what changes is whose it is."""
        fill = event.fill
        self.nobodys.pop((fill.account, fill.ref), None)
        self.fill_ids[(fill.account, fill.instrument, fill.fill_id)] = fill
        for n, other in enumerate(self.fills):
            same = (other.account, other.instrument, other.fill_id, other.revision, other.is_reversal)
            if same == (fill.account, fill.instrument, fill.fill_id, fill.revision, False):
                self.fills[n] = fill
        if fill.source:
            self._book_strategy(fill)
            self.strategy_fills[fill.source] = self.strategy_fills.get(fill.source, 0) + 1
        self._fill_order(self.orders[event.client_order_id], fill)

    def _fill_order(self, order: Order, fill: Fill, known: Decimal | None = None) -> None:
        """`known`: how much was filled as far as was known, where that is not what the order says."""
        filled = order.filled + fill.quantity
        value = order.filled_value + fill.quantity * fill.price
        most = order.most
        if not order.status.may_fill or filled > most:
            self.late_fills += 1
        over = max(filled - most, ZERO) - max((order.filled if known is None else known) - most, ZERO)
        place = (order.account, order.instrument)
        if over > 0 or (over < 0 and place in self.frozen):
            self._freeze(place, over * order.side.sign, "over-fill", fill.ts)
        if order.quantity < filled <= most:  # more than the old terms had: the venue has taken the new ones
            self._change(order.id, fill.ts, quantity=most)
        done = filled >= most
        if not order.status.may_fill:
            self._change(order.id, fill.ts, filled=filled, filled_value=value)
        elif done:
            self._step(order.id, OrderStatus.FILLED, fill.ts, filled=filled, filled_value=value, requested=None)
        elif order.status is OrderStatus.OPEN:
            self._change(order.id, fill.ts, filled=filled, filled_value=value)
        else:
            # A fill proves that the venue has it, whatever became of the answer.
            self._step(order.id, OrderStatus.OPEN, fill.ts, filled=filled, filled_value=value, reason="")
        whole = self.orders.get(order.request.slice_of or order.id)
        if whole is not None and whole.id != order.id:
            self._tally(whole, fill.quantity, fill.price, fill.ts)

    def _tally(self, order: Order, quantity: Decimal, price: Decimal, ts: int) -> None:
        """Add to what was filled of an order and, when it is a slice, of the whole. No status follows from it."""
        whole = self.orders.get(order.request.slice_of or order.id)
        for counted in (order,) if whole is None or whole.id == order.id else (order, whole):
            value = counted.filled_value + quantity * price
            self._change(counted.id, ts, filled=counted.filled + quantity, filled_value=value)

    def _step(self, id: ClientOrderId, status: OrderStatus, ts: int, **changes: Any) -> None:
        check_transition(self.orders[id].status, status)
        self._change(id, ts, status=status, **changes)
        if status.is_end:
            self.live.pop(id, None)

    def _change(self, id: ClientOrderId, ts: int, **changes: Any) -> None:
        self.orders[id] = msgspec.structs.replace(self.orders[id], updated=ts, **changes)

    # --- accounts and the day -------------------------------------------------------------------------------------

    def _account(self, event: AccountListed) -> None:
        self.accounts[event.account.id] = event.account
        for balance in event.account.balances:
            self.balances[(event.account.id, balance.currency)] = balance
            self.spent.pop((event.account.id, balance.currency), None)

    def _balance(self, event: BalanceChanged) -> None:
        self.balances[(event.account, event.currency)] = Balance(
            currency=event.currency, total=event.total, available=event.available
        )
        self.spent.pop((event.account, event.currency), None)

    def _adjusted(self, event: PositionAdjusted) -> None:
        place = (event.account, event.instrument)
        self.positions[place] = ledger.adjust(
            self.position(*place), event.quantity, event.price, event.multiplier, event.ts
        )
        if event.cause == DRIFT:
            self._freeze(place, event.quantity, event.cause, event.ts)

    def _acknowledged(self, event: DriftAcknowledged) -> None:
        self.frozen.pop((event.account, event.instrument), None)

    def _freeze(self, place: PositionKey, quantity: Decimal, cause: str, ts: int) -> None:
        before = self.frozen.get(place)
        if before is not None:
            quantity += before.quantity
        self.frozen[place] = Freeze(ts, quantity, cause)

    def _trading_state(self, event: TradingStateChanged) -> None:
        if event.account is None and event.state is TradingState.ACTIVE:
            self.trading_states.clear()  # to resume all resumes each; nothing stricter loosens what one account has
        self.trading_states[event.account] = event.state
        self.state_changes.append(event)

    def _day(self, event: DayStarted) -> None:
        self.days[event.account] = event.day
        self.curbs.start_day(event.account)
        for place, position in list(self.positions.items()):
            if place[0] == event.account:
                self.positions[place] = ledger.start_day(position, event.marks.get(place[1]))
        for mine, position in list(self.strategy_positions.items()):
            if mine[1] == event.account:
                self.strategy_positions[mine] = ledger.start_day(position, event.marks.get(mine[2]))

    # --- questions ------------------------------------------------------------------------------------------------

    def position(self, account: AccountId, instrument: InstrumentId) -> Position:
        return self.positions.get((account, instrument)) or Position(account=account, instrument=instrument)

    def strategy_position(self, strategy: str, account: AccountId, instrument: InstrumentId) -> Position:
        held = self.strategy_positions.get((strategy, account, instrument))
        return held or Position(account=account, instrument=instrument)

    def live_orders(self, account: AccountId | None = None, instrument: InstrumentId | None = None) -> Iterator[Order]:
        for id in self.live:
            order = self.orders[id]
            if (account is None or order.account == account) and (instrument is None or order.instrument == instrument):
                yield order

    def working(
        self, account: AccountId, instrument: InstrumentId, side: Side, *, but: Collection[str | None] = ()
    ) -> Decimal:
        """Quantity of live orders on one side, counting the worse of old and new terms while a replace is out."""
        live = self.live_orders(account, instrument)
        return sum((exposure(o) for o in live if o.side is side and o.id not in but), ZERO)

    def trading_state(self, account: AccountId) -> TradingState:
        """The strictest of the account's state, that of all accounts, and REDUCING while it is locked."""
        locked = TradingState.REDUCING if self.is_locked(account) else TradingState.ACTIVE
        return max(self.told_state(account), locked, key=lambda state: state.severity)

    def told_state(self, account: AccountId) -> TradingState:
        """As somebody set it: the stricter of the account's state and that of all accounts."""
        own = self.trading_states.get(account, TradingState.ACTIVE)
        everybody = self.trading_states.get(None, TradingState.ACTIVE)
        return max(own, everybody, key=lambda state: state.severity)

    def is_locked(self, account: AccountId) -> bool:
        """Real money whose name was not typed since this engine started."""
        known = self.accounts.get(account)
        return known is not None and known.mode is not Mode.PAPER and account not in self.curbs.unlocked


def _paid(fill: Fill) -> Decimal:
    return fill.quantity * fill.price * fill.multiplier + fill.fee + fill.tax


def exposure(order: Order) -> Decimal:
    """Quantity that may still trade: while a replace is under way, the larger of both terms. Nothing of what is HELD:
    no venue has it."""
    if order.status is OrderStatus.HELD:
        return ZERO
    return max(order.most - order.filled, ZERO)
