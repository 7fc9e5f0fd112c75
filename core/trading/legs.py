"""Protective legs: what stops and take profits must do now so that a position is protected, by as much as was filled
and never by more. It reads State and returns wishes; the engine carries them out. It sends nothing, and whatever leaves
passes the gate as every order does.

A *group* is an entry with its legs, or a protection of its own (a reduce-only stop, with or without a take profit).
Each role of a group always has one order that has not ended, so the journal alone says what is still wanted."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING

import msgspec

from core.domain.commands import Cancel, Replace, SendOrder
from core.domain.decimals import ZERO, exact, plain
from core.domain.events import (
    Noticed,
    OrderCanceled,
    OrderHeld,
    OrderReplaced,
    OrderStaged,
    PositionAdjusted,
    event_order,
)
from core.domain.ids import AccountId, ClientOrderId, InstrumentId, broker_of
from core.domain.market import NS
from core.domain.order import (
    Order,
    OrderRequest,
    OrderStatus,
    OrderType,
    RequestKind,
    RequestPhase,
    Side,
    TimeInForce,
)
from core.trading.gate import Gate
from core.trading.legplan import (
    LEGS,
    MOST_FAILURES,
    Group,
    Plan,
    Role,
    failures,
    goes_on,
    has_failed,
    is_cut,
    is_root,
    makes_room,
    pause,
)
from core.trading.market import is_price
from core.trading.outputs import Output
from core.trading.state import PositionKey, State
from core.trading.watch import Watch

if TYPE_CHECKING:
    from core.ports import Capabilities

AGAIN_NS = 2 * NS
"""A change that was refused or got no answer is asked for again after this."""
EXIT_NS = 10 * NS
"""An exit that a stop did not make room for in this time is given up, not sent late."""
REFUSED = "was refused too often"

Wish = OrderHeld | OrderStaged | OrderCanceled | OrderReplaced | Noticed | SendOrder | Cancel | Replace


MoveDenial = Callable[[Replace, int], tuple[OrderRequest | None, str]]
"""(the request the new terms amount to, why they are refused)."""


class Due(msgspec.Struct, frozen=True):
    """The price of a leg of this place has come."""

    place: PositionKey


class Legs:
    def __init__(self, state: State, gate: Gate) -> None:
        self.state = state
        self.gate = gate
        self.places: dict[PositionKey, dict[ClientOrderId, Group]] = {}
        """Groups that are not over, oldest first."""
        self.watch = Watch(state)
        self.is_loaded = True
        self.replace_denial: MoveDenial = lambda _, __: (None, "")
        """Why a change would be refused: asked before it is wished for."""
        self._said: dict[ClientOrderId, tuple[str, bool]] = {}
        """By which rule each leg was refused last, and whether its price had come: said once while it lasts."""
        self._alarmed: dict[tuple[ClientOrderId, Role], str] = {}
        """What was said of a role that has no order any more."""

    @property
    def venues(self) -> Mapping[str, Capabilities]:
        return self.gate.venues

    # --- what is known --------------------------------------------------------------------------------------------

    def load(self) -> None:
        """After the journal was folded: the groups that are not over are those with an order that has not ended."""
        self.is_loaded = True
        for order in list(self.state.live_orders()):
            self._know(order)

    def _know(self, order: Order) -> None:
        root = self.state.orders.get(order.request.parent or order.id)
        if root is None or not is_root(root):
            return
        groups = self.places.setdefault((root.account, root.instrument), {})
        if root.id not in groups:
            groups[root.id] = Group(root, self.state)

    def touched(self, out: Iterable[Output]) -> list[PositionKey]:
        """Places with groups at which something happened."""
        if not self.is_loaded:
            self.load()
        places: dict[PositionKey, None] = {}
        for item in out:
            place: PositionKey | None = None
            if isinstance(item, PositionAdjusted):
                place = (item.account, item.instrument)
            elif hasattr(item, "fill"):
                place = (item.fill.account, item.fill.instrument)
            order = self.state.orders.get(event_order(item) or ClientOrderId(""))  # type: ignore[arg-type]
            if order is not None:
                self._know(order)
                place = (order.account, order.instrument)
            if place is not None and place in self.places:
                places[place] = None
        return list(places)

    def aside(self, account: AccountId, instrument: InstrumentId, *, even_exits: bool) -> frozenset[ClientOrderId]:
        """Live orders that make room: for a close the protections, for a stop that fires every exit."""
        orders = self.state.live_orders(account, instrument)
        return frozenset(o.id for o in orders if (o.request.reduce_only if even_exits else makes_room(o)))

    def is_native(self, request: OrderRequest) -> bool:
        venue = self.venues.get(broker_of(request.account))
        return venue is None or request.type in venue.order_types

    # --- what must be done now ------------------------------------------------------------------------------------

    def wishes(self, place: PositionKey, now: int) -> Sequence[Wish]:
        """The next steps at one place; none when all is as it should be. Ask again once they are taken."""
        groups = list(reversed(self.places.get(place, {}).values()))
        if not groups:
            return ()
        plan = Plan(self, place, groups, now)
        wishes: list[Wish] = []
        for group in groups:
            if plan.is_over(group):
                wishes += self._end(group, plan, now)
                continue
            wishes += self._stop_entering(group, plan, now)
            for role in group.members:
                wishes += self._continue(group, role, plan, now)
                for id in group.members[role]:
                    order = self.state.orders.get(id)
                    if order is not None and not order.status.is_end:
                        wishes += self._step(group, role, order, plan, now)
                        if wishes and isinstance(wishes[-1], SendOrder | Replace):
                            return wishes  # one at a time: the gate must see it before the next is asked
        if plan.is_urgent:
            exits = (o for o in plan.others if o.request.reduce_only and o.status is OrderStatus.OPEN)
            wishes += [wish for order in exits for wish in self._cancel(order, "", now)]
        armed = (self.state.orders[id] for id, quantity in plan.covered.items() if quantity)
        self.watch.renew(place, (order for order in armed if order.status is OrderStatus.HELD))
        return wishes

    def _end(self, group: Group, plan: Plan, now: int) -> list[Wish]:
        """Nothing is left to protect: what waits here ends, what rests at the venue is canceled."""
        live = plan.live(group)
        if not live:
            self.places[group.place].pop(group.root, None)
            if not self.places[group.place]:
                del self.places[group.place]
            for id in group.ids:
                self._said.pop(id, None)
                self.watch.forget(id)
            for role in group.members:
                self._alarmed.pop((group.root, role), None)
        entry = self.state.orders[group.root]
        text = "its entry ended without a fill" if group.is_entry and not entry.filled else "nothing is left to protect"
        return [wish for order in live for wish in self._cancel(order, text, now)]

    def _cancel(self, order: Order, text: str, now: int) -> list[Wish]:
        if order.status is OrderStatus.HELD:
            return [OrderCanceled(ts=now, client_order_id=order.id, text=text, by=LEGS)]
        if order.status is not OrderStatus.OPEN or is_asked(order, now, RequestKind.CANCEL):
            return []
        return [Cancel(client_order_id=order.id, by=LEGS)]

    def _stop_entering(self, group: Group, plan: Plan, now: int) -> list[Wish]:
        """Once a leg goes, the rest of its entry is canceled: nobody buys into his own stop."""
        entry = self.state.orders[group.root]
        if not group.is_entry or entry.status is not OrderStatus.OPEN:
            return []
        if any(self.state.orders[id].filled or id in plan.fired for id in group.ids if id in self.state.orders):
            return self._cancel(entry, "", now)
        return []

    def _continue(self, group: Group, role: Role, plan: Plan, now: int) -> list[Wish]:
        """A role whose last order ended, or cannot cover all that was filled, gets its next one."""
        left = plan.uncovered(group, role)
        entry = self.state.orders[group.root]
        members = [self.state.orders[id] for id in group.members[role]]
        live = [order for order in members if not order.status.is_end]
        may_fill = group.is_entry and not entry.status.is_end
        if group.is_exit or (not left and (live or not may_fill)):
            return []
        last = members[-1] if members else None
        if any(_ended_by_somebody(order) for order in members):
            return self._alarm(group, role, "was canceled", now) if left and not live else []
        growing = [order for order in live if self._can_grow(order) and order.id not in plan.fired]
        if growing or any(order.status is OrderStatus.HELD or _is_moving(order) for order in live):
            return []
        if last is not None and last.status.is_end and not group.is_entry and not goes_on(last):
            return []  # a protection of its own that ended otherwise is its owner's to renew
        told: list[Wish] = []
        if failures([order for order in members if order.status.is_end]) >= MOST_FAILURES:
            told = self._alarm(group, role, REFUSED, now)
            if role is Role.PROFIT:
                return told
        request = self._leg(group, role, entry, members, left or entry.quantity)
        group.members[role].append(request.client_order_id)
        return [*told, OrderHeld(ts=now, request=request)]

    def _alarm(self, group: Group, role: Role, what: str, now: int) -> list[Wish]:
        if self._alarmed.get((group.root, role)) == what:
            return []
        self._alarmed[(group.root, role)] = what
        text = f"{group.place[1]} stands WITHOUT its {_WORDS[role]}, which {what}: p sets a new one"
        if role is Role.STOP and what == REFUSED:
            text = f"{group.place[1]} is not protected: its stop loss {what}, is tried on every 5 minutes: x closes"
        return [Noticed(ts=now, level="error", kind="LEGS", text=text)]

    def _leg(self, group: Group, role: Role, root: Order, members: list[Order], quantity: Decimal) -> OrderRequest:
        """The next order of a role: with the price in force last, which somebody may have moved."""
        asked, last = root.request, members[-1] if members else None
        waited = None if last is None else last.held or last.request
        kind = waited.type if waited is not None and waited.is_stop else OrderType.STOP
        limit = last.limit_price if last is not None else None
        stop = (last.stop_price if last is not None else None) or asked.stop_loss
        if role is Role.PROFIT:
            kind, limit = OrderType.LIMIT, limit or asked.take_profit
        elif kind is not OrderType.STOP_LIMIT:
            limit = None  # of a stop that left at a limit because its venue takes no other: made of the touch of then
        if kind is OrderType.TRAILING and stop is not None and last is not None and not last.request.is_stop:
            kind = OrderType.STOP  # its price has come: it does not begin to trail anew, further away
        return OrderRequest(
            client_order_id=group.next_id(role),
            account=root.account,
            instrument=root.instrument,
            side=asked.side.other if group.is_entry else asked.side,
            quantity=quantity,
            type=kind,
            limit_price=limit,
            stop_price=stop if kind in (OrderType.STOP, OrderType.STOP_LIMIT) else None,
            trail=waited.trail if waited is not None and kind is OrderType.TRAILING else None,
            time_in_force=TimeInForce.GTC,
            reduce_only=True,
            source=asked.source,
            note=asked.note,
            parent=group.root,
        )

    # --- one order ------------------------------------------------------------------------------------------------

    def _step(self, group: Group, role: Role, order: Order, plan: Plan, now: int) -> list[Wish]:
        target = plan.targets.get(order.id, ZERO)
        if order.status is OrderStatus.HELD:
            return self._step_held(group, role, order, target, plan, now)
        if order.status is not OrderStatus.OPEN:
            return []
        if target == order.remaining:
            return []
        if target and self._can_grow(order):
            if is_asked(order, now, RequestKind.REPLACE) and not (target < order.remaining and _is_lost(order)):
                return []
            change = Replace(client_order_id=order.id, quantity=order.filled + target, by=LEGS)
            if not self.replace_denial(change, now)[1]:
                return [change]
        # What cannot be made smaller is canceled, and what is left of it is held anew.
        return self._cancel(order, "", now) if target < order.remaining else []

    def _can_grow(self, order: Order) -> bool:
        """May its quantity be changed at the venue? Not where that was refused once."""
        venue = self.venues.get(broker_of(order.account))
        return (venue is None or venue.can_replace) and not _is_refused(order)

    def _step_held(self, group: Group, role: Role, order: Order, target: Decimal, plan: Plan, now: int) -> list[Wish]:
        entry = self.state.orders[group.root]
        covered = plan.covered.get(order.id, ZERO) or (entry.quantity if group.is_entry else order.quantity)
        is_fired = order.id in plan.fired
        if group.is_exit and is_fired and abs(now - order.created) > EXIT_NS:
            text = "the stop did not make room in time; close again"
            return [OrderCanceled(ts=now, client_order_id=order.id, text=text, by=LEGS)]
        terms = self.watch.ratchet(order, now)
        if covered != order.quantity or terms != order.stop_price:
            changed = OrderReplaced(
                ts=now, client_order_id=order.id, quantity=covered, limit_price=order.limit_price, stop_price=terms
            )
            return [changed]
        if target <= 0 or target > plan.free(group, order) or not self._is_ready(group, role, now, is_fired=is_fired):
            return []
        request = self._sent(order, target, is_fired)
        denial = self.gate.refusal(request, now, is_confirmed=True, is_release=True)
        if denial is None:
            self._said.pop(order.id, None)
            return [OrderStaged(ts=now, request=request), SendOrder(order.id)]
        waits = denial.rule in ("reduce only", "holdings") and plan.is_clearing
        if waits or self._said.get(order.id) == (denial.rule, is_fired):
            return []
        self._said[order.id] = (denial.rule, is_fired)
        name = f"{_WORDS[role]} {order.id[-4:]}"
        text = f"{name} of {group.place[1]} is only watched here: {denial.text}"
        if is_fired:
            text = f"{name} of {group.place[1]} cannot be sent: {denial.text}"
        return [Noticed(ts=now, level="error" if is_fired else "warning", kind="LEGS", text=text)]

    def _is_ready(self, group: Group, role: Role, now: int, *, is_fired: bool) -> bool:
        """After refusals a leg waits, twice as long each time; once its price has come, after those since then: a venue
        that refuses for a second, as under load, must not use up all its tries in it."""
        members = [self.state.orders[id] for id in group.members[role]]
        members = [order for order in members if not (is_fired and order.request.is_stop and order.status.is_end)]
        count = failures([order for order in members if order.status.is_end])
        if not count:
            return True
        last = max(order.updated for order in members if has_failed(order))
        return abs(now - last) >= pause(count)  # a clock that was set back holds up no stop

    def stays_local(self, group: Group, role: Role, order: Order) -> bool:
        """A type the venue does not have, or that it refused once, is watched here."""
        members = (self.state.orders[id] for id in group.members[role])
        return any(
            m.status is OrderStatus.REJECTED or m.reason.startswith("unsupported") for m in members
        ) or not self.is_native(order.request)

    def _sent(self, order: Order, quantity: Decimal, is_fired: bool) -> OrderRequest:
        """What leaves: at its price where the venue watches it; when its price has come, at market."""
        request = order.request
        venue = self.venues.get(broker_of(order.account))
        lives = request.time_in_force
        if venue is not None and lives not in venue.times_in_force:
            lives = TimeInForce.DAY
        kind, limit, stop, trail = request.type, order.limit_price, order.stop_price, request.trail
        note = request.note
        if is_fired and request.is_stop:
            note = note or f"stop {plain(order.stop_price)}" if order.stop_price is not None else note
            stop = trail = None
            lives = TimeInForce.DAY
            kind = OrderType.LIMIT if kind is OrderType.STOP_LIMIT else OrderType.MARKET
            if kind is OrderType.MARKET and venue is not None and kind not in venue.order_types:
                kind, limit = OrderType.LIMIT, self._through(order)
        if kind is OrderType.TRAILING:
            stop = None
        if kind is not OrderType.LIMIT and kind is not OrderType.STOP_LIMIT:
            limit = None
        return msgspec.structs.replace(
            request,
            quantity=quantity,
            type=kind,
            limit_price=limit,
            stop_price=stop,
            trail=trail,
            time_in_force=lives,
            note=note,
        )

    def _through(self, order: Order) -> Decimal | None:
        """A limit that takes what there is, where the venue has no market orders: 3 % through the touch."""
        instrument, quote = self.state.instruments[order.instrument], self.state.quotes.get(order.instrument)
        touch = 0.0 if quote is None else quote.bid if order.side is Side.SELL else quote.ask
        if not is_price(touch):
            return order.stop_price
        far = exact(touch) * (Decimal("0.97") if order.side is Side.SELL else Decimal("1.03"))
        return instrument.price(far, "down" if order.side is Side.BUY else "up")


_WORDS = {Role.STOP: "stop loss", Role.PROFIT: "take profit"}


def _is_moving(order: Order) -> bool:
    """Is its venue still to answer, about it or about a change?"""
    wish = order.requested
    if order.status is not OrderStatus.OPEN:
        return True
    return wish is not None and wish.phase is not RequestPhase.REFUSED


def is_asked(order: Order, now: int, kind: RequestKind) -> bool:
    """Was a change asked for a moment ago? A cancel may be repeated; a replace without an answer never is."""
    wish = order.requested
    if wish is None:
        return False
    if wish.kind is RequestKind.REPLACE and wish.phase is not RequestPhase.REFUSED and kind is RequestKind.REPLACE:
        return True
    return wish.kind is RequestKind.CANCEL and abs(now - wish.ts) < AGAIN_NS


def _is_refused(order: Order) -> bool:
    wish = order.requested
    return wish is not None and wish.phase is RequestPhase.REFUSED and wish.kind is RequestKind.REPLACE


def _is_lost(order: Order) -> bool:
    """No answer came to a change: what is too large is canceled without waiting for one."""
    return order.requested is not None and order.requested.phase is RequestPhase.UNKNOWN


def _ended_by_somebody(order: Order) -> bool:
    """Canceled by a person or by the venue itself: that role is over."""
    if order.status is OrderStatus.DENIED:
        return order.reason.startswith("canceled:")
    return order.status is OrderStatus.CANCELED and order.canceled_by != LEGS and not is_cut(order)
