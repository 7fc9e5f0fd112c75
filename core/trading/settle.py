"""What becomes of an UNKNOWN order. Pure: it is shown what the venue answered, and says which events follow.

Where the venue keeps our ids it is asked by id. Where it does not, the order is looked for among what appeared since
the baseline that was journalled with the send. Nothing expires by time alone, and an error is never evidence."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import msgspec

from core.domain.events import CandidatesFound, DurableEvent, Noticed, OrderAccepted, OrderNotPlaced
from core.domain.ids import AccountId, ClientOrderId, VenueRef
from core.domain.market import NS
from core.domain.order import Binding, Order, OrderStatus, OrderType
from core.ports import Absent, Snapshot, Unread, VenueOrder
from core.trading import reconcile
from core.trading.state import State

ASK_SECONDS = (0.25, 1.0, 2.0, 5.0, 10.0, 30.0)
"""When to ask after the answer was lost; then again each ASK_AGAIN_SECONDS."""
ASK_AGAIN_SECONDS = 30.0
DOWN_NS = 2 * NS
"""Between two questions while the line is down."""
ABSENT_TIMES = 3
ABSENT_NS = 60 * NS
"""So often, over so long, must the venue say that it has no such id."""
LISTINGS = 2
LISTINGS_APART_NS = 10 * NS
BEFORE_NS, AFTER_NS = 2 * NS, 60 * NS
"""An order of ours was taken this long around its send, by the venue's clock."""
BASELINE, BASELINE_AGE, SENT, CASH = "baseline", "baseline_age_ns", "sent_ns", "cash"
"""Names among the facts of a send."""


class _Case(msgspec.Struct):
    """What was learned of one UNKNOWN order in this process; times are of the monotonic clock."""

    since: int
    asked: int = 0
    due: int = 0
    absent: list[int] = []


class Settler:
    """One case for each UNKNOWN order. A restart begins its evidence anew, never its baseline."""

    def __init__(self, state: State) -> None:
        self._state = state
        self._cases: dict[ClientOrderId, _Case] = {}
        self._listed: dict[AccountId, tuple[frozenset[VenueRef], int]] = {}
        """The numbers in the last complete listing of each account, and when it was read."""

    # --- before a send --------------------------------------------------------------------------------------------

    def listed(self, account: AccountId, orders: Iterable[VenueOrder], mono: int) -> None:
        self._listed[account] = (frozenset(order.ref for order in orders), mono)

    def baseline(self, order: Order, now: int, mono: int) -> dict[str, str] | None:
        """What is known of the venue right before a send, to be journalled with it: every number but those bound to
        orders of ours, which the journal has. None while no complete listing was read."""
        account = order.account
        if account not in self._listed:
            return None
        refs, read = self._listed[account]
        known = {ref for ref in refs if (account, ref) not in self._state.by_ref}
        known |= {ref for owner, ref in self._state.nobodys if owner == account}
        facts = {
            BASELINE: msgspec.json.encode(sorted(known)).decode(),
            BASELINE_AGE: str(max(mono - read, 0)),
            SENT: str(now),
        }
        cash = self._cash(order)
        return facts if cash is None else {**facts, CASH: cash}

    def _cash(self, order: Order) -> str | None:
        known = self._state.instruments.get(order.instrument)
        held = self._state.balances.get((order.account, known.currency)) if known is not None else None
        return str(held.available) if held is not None else None

    # --- when to ask ----------------------------------------------------------------------------------------------

    def due(self, mono: int) -> list[Order]:
        """UNKNOWN orders whose time has come."""
        self._look(mono)
        return [self._state.orders[id] for id, case in self._cases.items() if case.due <= mono]

    def next_due(self, mono: int) -> int | None:
        self._look(mono)
        return min((case.due for case in self._cases.values()), default=None)

    def asked(self, id: ClientOrderId, mono: int) -> None:
        """It is being asked for now: when next?"""
        case = self._cases.get(id)
        if case is None:
            return
        case.asked += 1
        case.due = mono + round(ASK_AGAIN_SECONDS * NS)
        if case.asked < len(ASK_SECONDS):
            case.due = max(case.since + round(ASK_SECONDS[case.asked] * NS), mono + round(ASK_SECONDS[0] * NS))

    def waits(self, id: ClientOrderId, mono: int) -> None:
        """The line is down. A question now may come to nothing, so it uses none up: the schedule goes on where it is
        once the line is back."""
        if id in self._cases:
            self._cases[id].due = mono + DOWN_NS

    def _look(self, mono: int) -> None:
        unknown = {o.id for o in self._state.live_orders() if o.status is OrderStatus.UNKNOWN}
        for id in self._cases.keys() - unknown:
            del self._cases[id]
        for id in unknown - self._cases.keys():
            self._cases[id] = _Case(mono, due=mono + round(ASK_SECONDS[0] * NS))

    # --- by our id ------------------------------------------------------------------------------------------------

    def answered(
        self, id: ClientOrderId, found: VenueOrder | Absent | Unread, now: int, mono: int
    ) -> Sequence[DurableEvent | Noticed]:
        """What the venue said when it was asked for our id."""
        order = self._state.orders[id]
        self._look(mono)
        case = self._cases.get(id)
        if case is None or isinstance(found, Unread):
            return ()
        if isinstance(found, VenueOrder):
            return reconcile.bring_up(order, found, now)
        case.absent.append(mono)
        if len(case.absent) < ABSENT_TIMES or case.absent[-1] - case.absent[0] < ABSENT_NS:
            return ()
        seconds = (case.absent[-1] - case.absent[0]) // NS
        text = f"the venue said {len(case.absent)} times over {seconds} s that it has no such order"
        return (OrderNotPlaced(ts=now, client_order_id=id, text=text),)

    # --- by what appeared -----------------------------------------------------------------------------------------

    def matched(
        self, account: AccountId, snapshot: Snapshot, now: int, mono: int, *, lag_seconds: float = 0.0
    ) -> Sequence[DurableEvent | Noticed]:
        """What a listing says of the account's UNKNOWN orders, where the venue keeps no ids. It is asked before the
        listing's other differences are taken: who owns a fill is known by then."""
        if isinstance(snapshot.orders, Unread):
            return ()
        self._look(mono)
        orders = [
            o for o in self._state.live_orders(account) if o.status is OrderStatus.UNKNOWN and o.id in self._cases
        ]
        found = {order.id: self._candidates(order, snapshot, snapshot.orders) for order in orders}
        claimed = {theirs.ref for candidates in found.values() for theirs in candidates}
        events: list[DurableEvent | Noticed] = []
        for order in orders:
            mine = found[order.id]
            if mine:
                self._cases[order.id].absent.clear()
                others = {theirs.ref for id, listed in found.items() if id != order.id for theirs in listed}
                alone = len(mine) == 1 and mine[0].ref not in others and BASELINE in order.facts
                if alone and not self._outsiders(account, snapshot.orders, claimed):
                    events.append(
                        OrderAccepted(ts=now, client_order_id=order.id, ref=mine[0].ref, binding=Binding.INFERRED)
                    )
                else:
                    refs = tuple(theirs.ref for theirs in mine)
                    events.append(CandidatesFound(ts=now, client_order_id=order.id, candidates=refs))
                continue
            if order.candidates:
                events.append(CandidatesFound(ts=now, client_order_id=order.id, candidates=()))
            events += self._absent(order, snapshot, now, mono, lag_seconds)
        return events

    def _candidates(self, order: Order, snapshot: Snapshot, listed: Sequence[VenueOrder]) -> list[VenueOrder]:
        known = _baseline(order)
        sent = int(order.facts.get(SENT, order.created)) + snapshot.clock_offset
        return [
            theirs
            for theirs in listed
            if theirs.ref not in known
            and (order.account, theirs.ref) not in self._state.by_ref
            and theirs.client_order_id is None
            and _fits(order, theirs)
            and (theirs.created is None or sent - BEFORE_NS <= theirs.created <= sent + AFTER_NS)
        ]

    def _outsiders(self, account: AccountId, listed: Iterable[VenueOrder], claimed: set[VenueRef]) -> bool:
        """Has somebody else traded this account today?"""
        return any(
            theirs.ref not in claimed
            and (account, theirs.ref) not in self._state.by_ref
            and theirs.client_order_id not in self._state.orders
            for theirs in listed
        )

    def _absent(
        self, order: Order, snapshot: Snapshot, now: int, mono: int, lag_seconds: float
    ) -> Sequence[DurableEvent]:
        """Two complete listings without it, late enough and apart, and a second witness that nothing happened."""
        case = self._cases[order.id]
        sent = int(order.facts.get(SENT, order.updated))
        wait = max(ABSENT_NS, round(5 * lag_seconds * NS))
        if now - sent < wait or mono - case.since < wait:
            return ()
        if not self._is_witnessed(order, snapshot, sent):
            case.absent.clear()
            return ()
        if not case.absent or mono - case.absent[-1] >= LISTINGS_APART_NS:
            case.absent.append(mono)
        if len(case.absent) < LISTINGS:
            return ()
        text = f"{LISTINGS} complete listings, {(now - sent) // NS} s after it was sent, and the holding show nothing"
        return (OrderNotPlaced(ts=now, client_order_id=order.id, text=text),)

    def _is_witnessed(self, order: Order, snapshot: Snapshot, sent: int) -> bool:
        """Is the holding what our fills explain, or the cash what it was when the order left?"""
        place = (order.account, order.instrument)
        if not isinstance(snapshot.positions, Unread):
            drift = self._state.frozen.get(place)
            moved = drift is not None and drift.since >= sent
            held = self._state.position(*place).quantity
            return not moved and snapshot.positions.get(order.instrument, held * 0) == held
        if isinstance(snapshot.balances, Unread) or CASH not in order.facts:
            return False
        return self._cash(order) == order.facts[CASH]


def _baseline(order: Order) -> frozenset[str]:
    try:
        return frozenset(msgspec.json.decode(order.facts.get(BASELINE, "[]"), type=list[str]))
    except msgspec.MsgspecError:
        return frozenset()


def _fits(order: Order, theirs: VenueOrder) -> bool:
    """Could it be ours? What the venue does not tell excludes nothing."""
    request = order.request
    if (theirs.instrument, theirs.quantity) != (order.instrument, order.quantity):
        return False
    if request.type is OrderType.LIMIT and theirs.limit_price != order.limit_price:
        return False
    told = ((theirs.side, order.side), (theirs.type, request.type), (theirs.time_in_force, request.time_in_force))
    return all(said is None or said is meant for said, meant in told)
