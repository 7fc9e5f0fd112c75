"""Which orders belong together to protect a position, and how much each of them may close now: groups, and one look at
a place that shares what is held among them. It decides nothing about sending; legs.py makes wishes of it."""

from __future__ import annotations

from decimal import Decimal
from enum import StrEnum
from typing import Protocol

from core.domain.decimals import ZERO
from core.domain.ids import ClientOrderId, derived_client_order_id
from core.domain.market import NS
from core.domain.order import Order, OrderStatus, OrderType, Side, TimeInForce
from core.trading.state import PositionKey, State, exposure
from core.trading.watch import Watch

LEGS = "legs"
"""Who asks, when a leg moves by itself."""
MOST_FAILURES = 8
"""Legs of one role refused in a row before a person must look. A take profit ends there; a stop goes on, but slowly."""
FAILED = frozenset({OrderStatus.REJECTED, OrderStatus.DENIED, OrderStatus.NOT_PLACED})


class Role(StrEnum):
    STOP = "stop"
    PROFIT = "profit"


class Group:
    """`members` of each role in the order they were made; all but the last have ended or are at the venue."""

    __slots__ = ("is_entry", "is_exit", "members", "place", "root")

    def __init__(self, root: Order, state: State) -> None:
        request = root.request
        self.root = root.id
        self.place = (root.account, root.instrument)
        self.is_entry = not request.reduce_only
        self.is_exit = not self.is_entry and is_exit(root)
        """It closes now or not at all: nothing follows when it is given up."""
        self.members: dict[Role, list[ClientOrderId]] = {}
        if not self.is_entry:
            self.members[Role.STOP if is_stop(root) else Role.PROFIT] = [root.id]
        if request.stop_loss is not None:
            self.members[Role.STOP] = []
        if request.take_profit is not None:
            self.members[Role.PROFIT] = []
        for role, known in self.members.items():
            while (id := self.next_id(role)) in state.orders:
                known.append(id)

    def next_id(self, role: Role) -> ClientOrderId:
        """Always the same for the same place in the row: a repeat makes the same leg."""
        return derived_client_order_id(self.root, role.value, str(len(self.members[role])))

    @property
    def ids(self) -> list[ClientOrderId]:
        return [id for ids in self.members.values() for id in ids]


def is_root(order: Order) -> bool:
    """Does it have legs, or is it a protection of its own?"""
    request = order.request
    if request.parent is not None or request.is_sliced:
        return False
    if not request.reduce_only:
        return request.has_legs
    return is_stop(order) or order.status is OrderStatus.HELD or request.time_in_force is TimeInForce.GTC


def is_stop(order: Order) -> bool:
    """A stop, also one that was watched here and left as a market order: it still has the price it waited for."""
    return order.request.is_stop or (order.request.reduce_only and order.stop_price is not None)


def is_exit(order: Order) -> bool:
    """Does it close at once, as `x` does? A protection waits: it is a stop, a leg, or good till canceled."""
    request = order.request
    return not is_stop(order) and request.parent is None and request.time_in_force is not TimeInForce.GTC


def makes_room(order: Order) -> bool:
    """Is it a protection, which steps aside for an order that closes now?"""
    request = order.request
    return request.reduce_only and (request.parent is not None or is_root(order))


def is_cut(order: Order) -> bool:
    """A stop whose price had come, ended by the venue itself with something left of it, as where nobody is there to
    trade with. Nobody takes back a market order, so nobody meant it; of one that left at a limit, because its venue
    takes no other, that is known only where it ran out."""
    if not is_stop(order) or order.canceled_by:
        return False
    if order.request.type is OrderType.MARKET:
        return order.status in (OrderStatus.CANCELED, OrderStatus.EXPIRED)
    waited = order.held.type if order.held is not None else None
    left_at_limit = order.request.type is OrderType.LIMIT and waited in (OrderType.STOP, OrderType.TRAILING)
    return left_at_limit and order.status is OrderStatus.EXPIRED


def has_failed(order: Order) -> bool:
    """It came to nothing: the next one waits longer, and there is an end of trying."""
    return order.status in FAILED or (is_cut(order) and not order.filled)


def failures(members: list[Order]) -> int:
    """How many of the newest came to nothing, one after another."""
    count = 0
    for order in reversed(members):
        if not has_failed(order):
            break
        count += 1
    return count


def pause(failures: int) -> int:
    """How long the next try waits, in ns: 1, 2, 4 ... 30 seconds, and five minutes once a person must look."""
    return (300 if failures >= MOST_FAILURES else min(1 << (failures - 1), 30)) * NS


def goes_on(order: Order) -> bool:
    """Ended because legs made room, or refused or cut although its price had come: it is still wanted."""
    return order.canceled_by == LEGS or is_cut(order) or (order.status in FAILED and not order.request.is_stop)


class Shared(Protocol):
    """What a plan is made with."""

    state: State
    watch: Watch

    def stays_local(self, group: Group, role: Role, order: Order) -> bool: ...


class Plan:
    """One look at a place: how much each order may close, so that all of them together close the position at most."""

    def __init__(self, legs: Shared, place: PositionKey, groups: list[Group], now: int) -> None:
        state = self.state = legs.state
        held = state.position(*place).quantity
        self.side = Side.SELL if held > 0 else Side.BUY
        size = abs(held)
        self._left: dict[tuple[ClientOrderId, Role], Decimal] = {}
        self.targets: dict[ClientOrderId, Decimal] = {}
        self.covered: dict[ClientOrderId, Decimal] = {}
        """What a HELD order would close if its price came now."""
        rest = dict.fromkeys(Role, size)
        for group in groups:  # newest first: a newer protection of the same shares takes the older one's place
            want = self._want(group)
            for role in group.members:
                share = self._left[(group.root, role)] = min(want, rest[role])
                rest[role] -= share
        kept = [g for g in groups if not self.is_over(g)]
        members = {id for group in kept for id in group.ids}
        self.others = [o for o in state.live_orders(*place) if o.side is self.side and o.id not in members]
        """Exits that are nobody's leg."""
        self.fired = self._find_fired(legs, kept, now)
        self.is_urgent = any(id in self.fired and is_stop(self.state.orders[id]) for g in kept for id in g.ids)
        """A stop fires: exits by hand make room for it as well."""
        self._share(legs, kept, size)
        self.is_clearing = any(
            o.side is self.side and exposure(o) > self.targets.get(o.id, ZERO) for o in state.live_orders(*place)
        )

    def live(self, group: Group) -> list[Order]:
        known = (self.state.orders.get(id) for id in group.ids)
        return [order for order in known if order is not None and not order.status.is_end]

    def _want(self, group: Group) -> Decimal:
        """Shares a group protects: what its entry filled, or what it was made for, less what its legs closed."""
        root = self.state.orders[group.root]
        closed = sum((self.state.orders[id].filled for id in group.ids if id in self.state.orders), ZERO)
        if group.is_entry:
            return ZERO if root.side is self.side else max(root.filled - closed, ZERO)
        return max(root.request.quantity - closed, ZERO) if root.side is self.side else ZERO

    def is_over(self, group: Group) -> bool:
        if group.is_entry and not self.state.orders[group.root].status.is_end:
            return False
        return not any(self._left[(group.root, role)] for role in group.members) or (
            not group.is_entry and not self.live(group) and not any(self._continues(group, r) for r in group.members)
        )

    def _continues(self, group: Group, role: Role) -> bool:
        ids = group.members[role]
        return not group.is_exit and (not ids or goes_on(self.state.orders[ids[-1]]))

    def _find_fired(self, legs: Shared, groups: list[Group], now: int) -> set[ClientOrderId]:
        """Orders whose price has come; one that left because of it keeps its place until it ends."""
        fired = set()
        for group in groups:
            for role in group.members:
                for order in self._live_of(group, role):
                    armed = self._left[(group.root, role)] > 0
                    if armed and legs.watch.is_due(order, now):
                        fired.add(order.id)
        return fired

    def _live_of(self, group: Group, role: Role) -> list[Order]:
        known = (self.state.orders.get(id) for id in group.members[role])
        return [order for order in known if order is not None and not order.status.is_end]

    def _share(self, legs: Shared, groups: list[Group], size: Decimal) -> None:
        """Room at the venue: first what fires, then exits by hand, then stops, then what is left for take profits."""
        left = dict(self._left)
        by_hand = sum((exposure(o) for o in self.others if not (self.is_urgent and o.request.reduce_only)), ZERO)
        room = max(size - by_hand, ZERO)

        def give(group: Group, role: Role, order: Order, most: Decimal) -> None:
            nonlocal room
            share = min(most, left[(group.root, role)], room)
            room -= share
            self.targets[order.id] = share
            for other in group.members:  # the two legs of a group protect the same shares
                left[(group.root, other)] = max(left[(group.root, other)] - share, ZERO)

        for group in groups:
            for role in group.members:
                for order in self._live_of(group, role):
                    if order.status is OrderStatus.HELD:
                        self.covered[order.id] = self.uncovered(group, role)
                    if order.id in self.fired:
                        most = self.uncovered(group, role) if order.status is OrderStatus.HELD else order.remaining
                        give(group, role, order, most)
        for role in (Role.STOP, Role.PROFIT):
            for group in groups:
                if role not in group.members:
                    continue
                orders = [o for o in self._live_of(group, role) if o.id not in self.fired]
                for order in orders:
                    is_last = order is orders[-1]
                    if order.status is OrderStatus.HELD and legs.stays_local(group, role, order):
                        continue
                    give(group, role, order, size if is_last else exposure(order))
            if role is Role.STOP:
                room = max(room - sum((n for (_, r), n in left.items() if r is Role.STOP), ZERO), ZERO)

    def free(self, group: Group, order: Order) -> Decimal:
        """What of a group's shares no other order of it may close already: both of a pair never work for the same ones,
        however much is held beside them."""
        others = sum((exposure(other) for other in self.live(group) if other.id != order.id), ZERO)
        return max((self._left[(group.root, role)] for role in group.members), default=ZERO) - others

    def uncovered(self, group: Group, role: Role) -> Decimal:
        """What no order of this role that left for the venue covers."""
        at_venue = sum((exposure(order) for order in self._live_of(group, role)), ZERO)
        return max(self._left[(group.root, role)] - at_venue, ZERO)
