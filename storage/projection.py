"""What the journal's events say about each order's status and about halts, folded in the same transaction that appends
them: the rows the claim of a send looks at. Not the State of core: it keeps only what that one question needs.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import msgspec

from core.domain.account import TradingState
from core.domain.decimals import ZERO
from core.domain.errors import IllegalTransition
from core.domain.events import (
    AlgoEnded,
    DurableEvent,
    FillAttributed,
    FillCorrected,
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
    TradingStateChanged,
)
from core.domain.order import OrderRequest, OrderStatus, Requested, RequestPhase, check_transition, most, outcome

ALL_ACCOUNTS = "*"
"""Scope of a trading state that holds for every account."""

FillKey = tuple[str, str, str]
"""(account, instrument, fill id)."""


class OrderMark(msgspec.Struct, frozen=True):
    """One row of `orders`. `seq` is the event that wrote it last."""

    id: str
    account: str
    status: OrderStatus
    quantity: Decimal
    filled: Decimal = ZERO
    facts: str = "{}"
    seq: int = 0


_STEPS: dict[type, OrderStatus] = {
    OrderUnknown: OrderStatus.UNKNOWN,
    OrderRejected: OrderStatus.REJECTED,
    OrderNotPlaced: OrderStatus.NOT_PLACED,
    OrderCanceled: OrderStatus.CANCELED,
    OrderExpired: OrderStatus.EXPIRED,
}


class Changes:
    """Rows changed since the last write, over a store of older ones, which `find`, `has_fill` and `wished` read."""

    def __init__(
        self,
        find: Callable[[str], OrderMark | None],
        has_fill: Callable[[FillKey], bool],
        wished: Callable[[str], Requested | None] = lambda _: None,
    ) -> None:
        self._find = find
        self._has_fill = has_fill
        self._wished = wished
        self.orders: dict[str, OrderMark] = {}
        self.fills: dict[FillKey, int] = {}
        self.wishes: dict[str, Requested | None] = {}
        """Changes that the venue may have taken: until it is known, an order is full with the larger size. No row: it
        follows from the events."""
        self.halts: list[tuple[str, str, int]] = []
        """(scope, state, seq) in order; what makes all accounts active clears the others."""

    def branch(self) -> Changes:
        """Changes on top of these, to be merged when every event of one append was legal."""
        return Changes(self.find, self.has_fill, self.wished)

    def merge(self, branch: Changes) -> None:
        self.orders.update(branch.orders)
        self.fills.update(branch.fills)
        self.wishes.update(branch.wishes)
        self.halts += branch.halts

    def clear(self) -> None:
        self.orders.clear()
        self.fills.clear()
        self.wishes.clear()
        self.halts.clear()

    def find(self, id: str) -> OrderMark | None:
        return self.orders.get(id) or self._find(id)

    def has_fill(self, key: FillKey) -> bool:
        return key in self.fills or self._has_fill(key)

    def wished(self, id: str) -> Requested | None:
        return self.wishes[id] if id in self.wishes else self._wished(id)

    def fold(self, seq: int, event: DurableEvent) -> None:
        """Take one event. Raises IllegalTransition when the status table has no such step: the journal then keeps
        none of the append, because State could not fold it at the next start either."""
        fold = _FOLDS.get(event.__class__)
        if fold is not None:
            fold(self, seq, event)

    def _halted(self, seq: int, event: TradingStateChanged) -> None:
        self.halts.append((event.account or ALL_ACCOUNTS, event.state.value, seq))

    def _accepted(self, seq: int, event: OrderAccepted) -> None:
        mark = self._known(event.client_order_id)
        if mark.status is not OrderStatus.OPEN and not mark.status.is_end:
            self._step(mark, OrderStatus.OPEN, seq)  # else a fill or an end overtook the answer

    def _replaced(self, seq: int, event: OrderReplaced) -> None:
        mark = self._known(event.client_order_id)
        mark = self.orders[mark.id] = msgspec.structs.replace(mark, quantity=event.quantity, seq=seq)
        self.wishes[mark.id] = None
        if mark.status.may_fill and mark.filled >= mark.quantity:
            self._step(mark, OrderStatus.FILLED, seq)

    def _requested(self, seq: int, event: OrderRequested) -> None:
        mark = self._known(event.client_order_id)
        wish = outcome(self.wished(mark.id), event.requested)
        self.wishes[mark.id] = None if wish.phase is RequestPhase.REFUSED else wish
        if mark.status is OrderStatus.OPEN and mark.filled >= self._most(mark):
            self._step(mark, OrderStatus.FILLED, mark.seq)  # it had filled before it was changed

    def _most(self, mark: OrderMark) -> Decimal:
        return most(mark.quantity, self.wished(mark.id))

    def _sending(self, seq: int, event: OrderSending) -> None:
        mark = self._known(event.client_order_id)
        mark = msgspec.structs.replace(mark, facts=encode_facts(event.facts))
        self._step(mark, OrderStatus.SENDING, seq)

    def _stepped(self, seq: int, event: Any) -> None:
        self._step(self._known(event.client_order_id), _STEPS[event.__class__], seq)

    def _algo_ended(self, seq: int, event: AlgoEnded) -> None:
        if event.is_complete:
            self._step(self._known(event.client_order_id), OrderStatus.FILLED, seq)

    def _held(self, seq: int, event: OrderHeld) -> None:
        if self.find(event.request.client_order_id) is not None:
            raise IllegalTransition(f"order {event.request.client_order_id} is in the journal already: not held anew")
        self._add(seq, event.request, OrderStatus.HELD)

    def _staged(self, seq: int, event: OrderStaged) -> None:
        request = event.request
        mark = self.find(request.client_order_id)
        if mark is None:
            self._add(seq, request, OrderStatus.STAGED)
        elif mark.status is OrderStatus.HELD:
            self._step(msgspec.structs.replace(mark, quantity=request.quantity), OrderStatus.STAGED, seq)
        else:
            raise IllegalTransition(f"order {request.client_order_id} is in the journal already: it is not sent twice")

    def _add(self, seq: int, request: OrderRequest, status: OrderStatus) -> None:
        id = request.client_order_id
        self.orders[id] = OrderMark(id, request.account, status, request.quantity, seq=seq)

    def _denied(self, seq: int, event: OrderDenied) -> None:
        request = event.request
        mark = self.find(request.client_order_id)
        if mark is not None:
            self._step(mark, OrderStatus.DENIED, seq)
            return
        self._add(seq, request, OrderStatus.DENIED)

    def _filled(self, seq: int, event: OrderFilled) -> None:
        fill = event.fill
        key = (fill.account, fill.instrument, fill.fill_id)
        if self.has_fill(key):
            return
        self.fills[key] = seq
        self._fill(seq, fill.client_order_id, fill.quantity)

    def _corrected(self, seq: int, event: FillCorrected) -> None:
        self._fill(seq, event.fill.client_order_id, event.fill.quantity - event.was.quantity)

    def _attributed(self, seq: int, event: FillAttributed) -> None:
        self._fill(seq, event.client_order_id, event.fill.quantity)

    def _fill(self, seq: int, id: str | None, quantity: Decimal) -> None:
        mark = self.find(id) if id else None
        if mark is None:
            return
        mark, full = msgspec.structs.replace(mark, filled=mark.filled + quantity, seq=seq), self._most(mark)
        if mark.quantity < mark.filled <= full:  # more than the old terms had: the venue has taken the new ones
            mark = msgspec.structs.replace(mark, quantity=full)
        if not mark.status.may_fill or (mark.status is OrderStatus.OPEN and mark.filled < full):
            self.orders[mark.id] = mark
        else:
            # A fill proves that the venue has it, whatever became of the answer.
            self._step(mark, OrderStatus.FILLED if mark.filled >= full else OrderStatus.OPEN, seq)

    def _known(self, id: str) -> OrderMark:
        mark = self.find(id)
        if mark is None:
            raise IllegalTransition(f"order {id} is not in the journal")
        return mark

    def _step(self, mark: OrderMark, status: OrderStatus, seq: int) -> None:
        check_transition(mark.status, status)
        if status.is_end or status is OrderStatus.STAGED:
            self.wishes[mark.id] = None
        self.orders[mark.id] = msgspec.structs.replace(mark, status=status, seq=seq)


_FOLDS: dict[type, Callable[[Changes, int, Any], None]] = {
    **dict.fromkeys(_STEPS, Changes._stepped),
    OrderSending: Changes._sending,
    AlgoEnded: Changes._algo_ended,
    OrderHeld: Changes._held,
    OrderStaged: Changes._staged,
    OrderDenied: Changes._denied,
    OrderAccepted: Changes._accepted,
    OrderReplaced: Changes._replaced,
    OrderRequested: Changes._requested,
    OrderFilled: Changes._filled,
    FillCorrected: Changes._corrected,
    FillAttributed: Changes._attributed,
    TradingStateChanged: Changes._halted,
}
FOLDED = frozenset(_FOLDS)
"""Events that change a row; all others leave the projection as it is."""
FOLDED_KINDS = frozenset(kind.__name__ for kind in FOLDED)


def encode_facts(facts: dict[str, str]) -> str:
    """Facts as they stand in the row: JSON with sorted keys."""
    return msgspec.json.encode(facts, order="sorted").decode()


def clears(scope: str, state: str) -> bool:
    """Does this change resume every account, whatever was said of one? Nothing stricter loosens an account's halt."""
    return scope == ALL_ACCOUNTS and state == TradingState.ACTIVE.value


def settle_halts(halts: dict[str, tuple[str, int]], changes: list[tuple[str, str, int]]) -> None:
    """Fold changes of the trading state into `halts`: scope -> (state, seq)."""
    for scope, state, seq in changes:
        if clears(scope, state):
            halts.clear()
        halts[scope] = (state, seq)
