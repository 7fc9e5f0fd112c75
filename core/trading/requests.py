"""What is asked about orders: submit, cancel, replace, close, settle. Every new exposure passes the gate here; what
comes out is STAGED first and goes to the outbox behind it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Decimal

import msgspec

from core.domain.algo import ALGOS
from core.domain.commands import (
    Acknowledge,
    Cancel,
    CancelAll,
    Close,
    Replace,
    SendCancel,
    SendOrder,
    SendReplace,
    Settle,
    Submit,
)
from core.domain.decimals import exact, plain
from core.domain.errors import InvalidValue
from core.domain.events import (
    DriftAcknowledged,
    Noticed,
    OrderAccepted,
    OrderCanceled,
    OrderHeld,
    OrderNotPlaced,
    OrderReplaced,
    OrderRequested,
    OrderStaged,
)
from core.domain.ids import AccountId, ClientOrderId, InstrumentId
from core.domain.market import NS
from core.domain.order import (
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
from core.trading.facts import Facts
from core.trading.gate import Gate, deny
from core.trading.legplan import LEGS, makes_room
from core.trading.legs import Legs
from core.trading.market import is_price
from core.trading.outputs import NOTHING, Output, emit
from core.trading.risk import Denial
from core.trading.state import State, exposure

_HELD_FOR = {
    True: frozenset({"session", "gate", "reduce only", "holdings"}),
    False: frozenset({"reduce only", "holdings"}),
}
"""Rules that only say *not now*: of a stop (True), and of another order that closes."""
_OURSELVES = ALGOS | {LEGS}
CANCEL_AGAIN_NS = 2 * NS
"""A cancel may be repeated, but not more often than this."""


class Requests:
    """`claiming`: orders whose SENDING commit is on its way; to cancel them is to cancel at the venue."""

    def __init__(self, state: State, gate: Gate, facts: Facts, legs: Legs, claiming: set[ClientOrderId]) -> None:
        self.state = state
        self.gate = gate
        self.legs = legs
        self.facts = facts
        self.claiming = claiming
        self._confirmed: set[ClientOrderId] = set()
        """Orders a person was warned of and meant; until they are sent."""
        self._said: set[ClientOrderId] = set()
        """Orders of which it was said that only a person cancels them; until they end."""

    def submit(self, command: Submit, now: int) -> Sequence[Output]:
        request = command.request
        if request.client_order_id in self.state.orders:
            return NOTHING  # the same ticket sent again is the same order
        if command.is_confirmed:
            self._confirmed = {id for id in self._confirmed if self._is_here(id)} | {request.client_order_id}
        denial, is_held = self.admission(request, now, is_confirmed=command.is_confirmed)
        out: list[Output] = []
        if denial is not None:
            emit(self.state, deny(request, denial, now), out)
        elif is_held:
            emit(self.state, OrderHeld(ts=now, request=request), out)
        else:
            emit(self.state, OrderStaged(ts=now, request=request), out)
            out.append(SendOrder(request.client_order_id))
        return out

    def _is_here(self, id: ClientOrderId) -> bool:
        """It may still have to pass before it leaves."""
        order = self.state.orders.get(id)
        return order is not None and order.status in (OrderStatus.STAGED, OrderStatus.HELD)

    def admission(self, request: OrderRequest, now: int, *, is_confirmed: bool = False) -> tuple[Denial | None, bool]:
        """(why not, whether it is held here first). A protection is held when its venue cannot watch a stop, or not
        now; and what closes, while the protections that hold the shares make room."""
        denial = self.gate.refusal(request, now, is_confirmed=is_confirmed)
        if request.is_sliced:
            return denial, denial is None  # the whole passes as one order would; then each slice by itself
        is_native = not request.is_stop or self.legs.is_native(request)
        if not request.reduce_only or (denial is None and is_native):
            return denial, False
        aside = self.legs.aside(request.account, request.instrument, even_exits=request.is_stop)
        waits = denial is None or denial.rule in _HELD_FOR[request.is_stop]
        if not waits or not (aside or request.is_stop):
            return denial, False
        held = self.gate.refusal(request, now, is_confirmed=is_confirmed, is_held=request.is_stop, aside=aside)
        return held, held is None

    def last_look(self, id: ClientOrderId, now: int) -> Denial | None:
        """The rules once more, right before the SENDING commit. The order itself no longer counts against them."""
        order = self.state.orders[id]
        return self.gate.refusal(order.request, now, is_last_look=True, but=id, is_confirmed=id in self._confirmed)

    def cancel(self, command: Cancel, now: int) -> Sequence[Output]:
        order = self.state.orders.get(command.client_order_id)
        if order is None or order.status.is_end:
            return NOTHING
        out: list[Output] = []
        if order.binding is Binding.INFERRED and (command.by in _OURSELVES or command.by in self.gate.strategist.slots):
            if order.id not in self._said:
                self._said = {id for id in self._said if id in self.state.live} | {order.id}
                text = f"{order.id[-4:]} is taken for ours by inference: {command.by} does not cancel it, a person may"
                emit(self.state, Noticed(ts=now, level="warning", kind="DENY", text=text), out)
            return out
        if order.status is OrderStatus.STAGED and order.id not in self.claiming:
            emit(
                self.state,
                deny(order.request, Denial("canceled", "", "", f"canceled by {command.by} before it left"), now),
                out,
            )
            return out
        if order.status is OrderStatus.HELD:
            text = f"canceled by {command.by}"
            emit(self.state, OrderCanceled(ts=now, client_order_id=order.id, text=text, by=command.by), out)
            return out
        wish = order.requested
        if (
            wish is not None
            and wish.kind is RequestKind.CANCEL
            and wish.phase is RequestPhase.SENDING
            and abs(now - wish.ts) < CANCEL_AGAIN_NS
        ):
            return NOTHING
        if command.by in self.gate.strategist.slots and not makes_room(order):
            denial = risk.cancel_rate(self.state, self.gate.limits, command.by, now)
            if denial is not None:
                text = f"{order.id[-4:]} is not canceled: {denial.text}"
                emit(self.state, Noticed(ts=now, level="warning", kind="DENY", text=text), out)
                return out
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
        emit(self.state, OrderRequested(ts=now, client_order_id=order.id, requested=requested), out)
        out.append(SendCancel(order.id))
        return out

    def replace_denial(self, command: Replace, now: int) -> tuple[OrderRequest | None, str]:
        """(the request the new terms amount to, why not). Exactly one of the two is given."""
        order = self.state.orders.get(command.client_order_id)
        if order is None or order.status not in (OrderStatus.OPEN, OrderStatus.HELD):
            return None, f"only a working order can be modified; this one is {order.status if order else 'unknown'}"
        if order.request.is_sliced:
            return None, "what is sent in slices keeps its terms: cancel it and write what is left anew"
        if order.request.slice_of is not None and command.quantity not in (None, order.quantity):
            return None, "the size of a slice follows its whole: change its price, or cancel the whole"
        if order.requested is not None and order.requested.phase is not RequestPhase.REFUSED:
            return None, "another change of this order is under way"
        if command.by != LEGS and makes_room(order) and command.quantity not in (None, order.quantity):
            return (
                None,
                "the size of a protection follows its position; change its price, or cancel it and set a new one",
            )
        return self._changed(order, command.quantity, command.limit_price, command.stop_price, now, by=command.by)

    def _changed(
        self,
        order: Order,
        quantity: Decimal | None,
        limit: Decimal | None,
        stop: Decimal | None,
        now: int,
        *,
        by: str = "",
    ) -> tuple[OrderRequest | None, str]:
        quantity = quantity or order.quantity
        has_stop = order.request.stop_price is not None
        is_held = order.status is OrderStatus.HELD
        aside = self.legs.aside(order.account, order.instrument, even_exits=True) if is_held else frozenset()
        if quantity <= order.filled:
            return None, f"{plain(order.filled)} is filled already; the new quantity must be above that"
        try:
            request = msgspec.structs.replace(
                order.request,
                quantity=quantity - order.filled,
                limit_price=limit or order.limit_price,
                stop_price=stop or (order.stop_price if has_stop else None),
            )
        except InvalidValue as error:
            return None, str(error)
        if is_held and request.parent is not None and not self.state.orders[request.parent].filled:
            return self._waiting(request)
        more = {"is_held": is_held, "aside": aside, "is_release": by == LEGS, "is_algo": by in ALGOS}
        denial = self.gate.refusal(request, now, but=order.id, **more)
        return (request, "") if denial is None else (None, f"{denial.rule}: {denial.text}")

    def _waiting(self, request: OrderRequest) -> tuple[OrderRequest | None, str]:
        """New terms of a leg whose entry has not filled: they must be right for that entry."""
        entry = self.state.orders[request.parent] if request.parent is not None else None
        if entry is None:
            return request, ""
        legs = {"stop_loss": request.stop_price, "take_profit": None if request.is_stop else request.limit_price}
        asked = msgspec.structs.replace(entry.request, quantity=entry.quantity, limit_price=entry.limit_price, **legs)
        denial = risk.legs_side(self.gate.question(asked, 0)) or risk.tick(self.gate.question(request, 0))
        return (request, "") if denial is None else (None, f"{denial.rule}: {denial.text}")

    def replace_last_look(self, id: ClientOrderId, now: int) -> str:
        """Why a replace that was taken must not leave any more; empty when it may."""
        order = self.state.orders[id]
        wish = order.requested
        if order.status is not OrderStatus.OPEN or wish is None:
            return "the order is not working any more"
        return self._changed(order, wish.quantity, wish.limit_price, wish.stop_price, now, by=wish.text)[1]

    def replace(self, command: Replace, now: int) -> Sequence[Output]:
        request, why = self.replace_denial(command, now)
        out: list[Output] = []
        if request is None:
            emit(self.state, Noticed(ts=now, level="warning", kind="DENY", text=f"not modified: {why}"), out)
            return out
        order = self.state.orders[command.client_order_id]
        if order.status is OrderStatus.HELD:
            changed = OrderReplaced(
                ts=now,
                client_order_id=order.id,
                quantity=order.quantity,
                limit_price=request.limit_price,
                stop_price=request.stop_price or order.stop_price,
            )
            emit(self.state, changed, out)
            return out
        requested = Requested(
            kind=RequestKind.REPLACE,
            phase=RequestPhase.SENDING,
            quantity=command.quantity or order.quantity,
            limit_price=request.limit_price,
            stop_price=request.stop_price,
            text=command.by,
            ts=now,
        )
        emit(self.state, OrderRequested(ts=now, client_order_id=order.id, requested=requested), out)
        out.append(SendReplace(order.id))
        return out

    def cancel_all(self, command: CancelAll, now: int) -> Sequence[Output]:
        out: list[Output] = []
        for order in self.sweepable(command.account, command.instrument, entries_only=command.entries_only):
            out.extend(self.cancel(Cancel(client_order_id=order.id, by=command.by), now))
        return out

    def sweepable(
        self, account: AccountId | None, instrument: InstrumentId | None = None, *, entries_only: bool
    ) -> list[Order]:
        """Live orders to be canceled: all, or those that do not protect."""
        orders = list(self.state.live_orders(account, instrument))
        spared = self._protecting(orders) if entries_only else frozenset()
        return [order for order in orders if order.id not in spared]

    def _protecting(self, orders: Iterable[Order]) -> frozenset[ClientOrderId]:
        """Orders that, all filled, only shrink a position: stops before others. They survive a panic."""
        spared = set()
        room: dict[tuple[AccountId, InstrumentId], Decimal] = {}
        for order in sorted(orders, key=lambda order: order.stop_price is None):
            place = (order.account, order.instrument)
            held = self.state.position(*place).quantity
            left = room.setdefault(place, abs(held))
            if order.request.is_sliced:
                continue
            if order.status is OrderStatus.HELD:
                spared.add(order.id)  # a leg; one whose entry is canceled without a fill ends with it
                continue
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
        aside = self.legs.aside(command.account, command.instrument, even_exits=False)
        free = abs(held) - self.state.working(command.account, command.instrument, side, but=aside)
        quantity = min(instrument.quantity(abs(held) * command.fraction), free)
        if quantity <= 0:
            return "working orders already close this position; cancel them first" if free <= 0 else "less than one lot"
        quote = self.state.quotes.get(command.instrument)
        touch = 0.0 if quote is None else (quote.bid if side is Side.SELL else quote.ask)
        price = None
        if not command.at_market:
            if not is_price(touch):
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

    def close(self, command: Close, now: int) -> Sequence[Output]:
        request = self.close_request(command, now)
        if isinstance(request, str):
            return (Noticed(ts=now, level="warning", kind="DENY", text=f"not closed: {request}"),)
        return self.submit(Submit(request=request, by=command.by), now)

    def settle(self, command: Settle, now: int) -> Sequence[Output]:
        order = self.state.orders.get(command.client_order_id)
        if order is None or order.status is not OrderStatus.UNKNOWN:
            return NOTHING
        if command.ref is None:
            return self.facts.ended(
                OrderNotPlaced(ts=now, client_order_id=order.id, text=f"settled by {command.by}: not placed"), now
            )
        return self.facts.accepted(
            OrderAccepted(ts=now, client_order_id=order.id, ref=command.ref, binding=Binding.BY_PERSON), now
        )

    def acknowledge(self, command: Acknowledge, now: int) -> Sequence[Output]:
        if (command.account, command.instrument) not in self.state.frozen:
            return NOTHING
        out: list[Output] = []
        seen = DriftAcknowledged(ts=now, account=command.account, instrument=command.instrument, by=command.by)
        emit(self.state, seen, out)
        return out
