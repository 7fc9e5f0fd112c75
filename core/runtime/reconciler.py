"""Asks the venues what is true, again and again, and feeds what follows: at each start of a line before the gate
opens, every 30 s after that, sooner while an outcome is open. Single orders are asked for beside it (questions.py).
What the answers mean is decided in core/trading."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping, Set
from contextlib import suppress
from decimal import Decimal

import msgspec

from core.domain.account import Position
from core.domain.decimals import ZERO
from core.domain.errors import BrokerError
from core.domain.events import Event, FeedChanged, GateChanged, Noticed
from core.domain.ids import AccountId, InstrumentId, broker_of
from core.domain.market import NS
from core.domain.order import OrderStatus, RequestPhase
from core.ports import Broker, Clock, Snapshot, Unread, VenueOrder
from core.runtime.pace import Pace
from core.runtime.questions import ANSWER_SECONDS, Questions, find
from core.trading import reconcile
from core.trading.engine import Engine

SECONDS = 30
OPEN_SECONDS = 10
"""While an outcome is open; a shut gate is tried at 1, 2, 4 and then 10 s."""
HURRY_SECONDS = 0.25
"""After a change was refused: it may be because the order is not what we think."""
CALM_TRIES = 3
MOST_LOOKED_UP = 10
"""OPEN orders that a listing leaves out are asked for one by one, so many a reading; the rest is alarmed at once."""
LAGS = 5
"""So many times the lag of a venue's listings must it stand what they show, before it is believed."""
LONGEST_NS = 90 * NS
"""To read all accounts of a venue; each of its calls has a time limit of its own."""


class Reading(msgspec.Struct, frozen=True):
    """How an account was read last. `found`: what was odd, in words; `missing`: what could not be read."""

    ts: int
    snapshot: Snapshot | None
    missing: str
    found: tuple[str, ...] = ()


class Drift(msgspec.Struct, frozen=True):
    """What is held beyond what fills explain, and what it was held against: the same again only while all of it is."""

    change: Decimal
    theirs: Decimal
    ours: tuple[Position, ...]


class Reconciler:
    def __init__(
        self, engine: Engine, brokers: Mapping[str, Broker], clock: Clock, feed: Callable[[Event], object]
    ) -> None:
        self._engine = engine
        self._brokers = brokers
        self._clock = clock
        self._feed = feed
        self.questions = Questions(engine, brokers, clock, feed, self._read_soon)
        self.settler = self.questions.settler
        self.pace = Pace(clock, LONGEST_NS)
        self.next_at = 0
        """When the venues are compared with next, by the wall clock; 0 while nobody does."""
        self.readings: dict[AccountId, Reading] = {}
        self._drifts: dict[AccountId, dict[InstrumentId, tuple[Drift, int]]] = {}
        """Those that were seen and are not believed yet, and since when, on the monotonic clock."""
        self._told: dict[AccountId, frozenset[str]] = {}
        """What the last reading found odd: said once while it lasts."""
        self._due = 0
        self._shut = 0
        """How often it was read since some gate is shut: sooner at first, then less and less."""
        self._soon: set[AccountId] = set()
        """Accounts that are read as soon as may be."""

    # --- one account ----------------------------------------------------------------------------------------------

    async def read(self, broker: Broker, account: AccountId) -> None:
        """As `reconcile`, for an account that is opened: what cannot be read keeps its gate shut, and it alone."""
        line = self._engine.state.feeds.get(broker.name)
        try:
            await self.reconcile(broker, account)
        except (BrokerError, OSError) as error:
            missing = str(error) or type(error).__name__
            self.readings[account] = Reading(self._clock.now(), None, missing)
            self._set_gate(broker, account, missing, line)

    async def reconcile(self, broker: Broker, account: AccountId) -> None:
        """Compare with what the venue says; the gate opens when all four listings were complete and the line stands."""
        state, capabilities = self._engine.state, broker.capabilities
        line = state.feeds.get(broker.name)
        seen: dict[InstrumentId, Decimal] = {}
        for _ in range(CALM_TRIES):
            before = self._standing(account)
            unknown = {o.id for o in state.live_orders(account) if o.status is OrderStatus.UNKNOWN}
            snapshot = await self._looked_up(broker, await broker.snapshot(account))
            missing = reconcile.unread(snapshot)
            if self._standing(account) != before:
                seen = {}  # what was seen may have been explained meanwhile, and something else of that size happened
                continue
            drift = reconcile.drift(state, snapshot)
            if capabilities.is_in_process or not drift or drift == seen:
                break
            seen = drift  # or an execution between its two listings, of which the stream has not told yet: read again
        else:
            # Something happened each time the venue was read: what it holds, and does not have, is asked again later.
            later = Unread("something happened while it was read")
            snapshot = msgspec.structs.replace(snapshot, positions=later, balances=later)
            unknown = set()
            gate = state.gates.get(account)
            missing = missing or ("" if gate is not None and gate.is_open else later.reason)
        now, mono = self._clock.now(), self._clock.monotonic()
        absent = frozenset(unknown if capabilities.is_in_process else ())
        if not isinstance(snapshot.orders, Unread):
            if unknown and not capabilities.has_client_ids:
                lag = capabilities.listing_lag_seconds
                for event in self.settler.matched(account, snapshot, now, mono, lag_seconds=lag):
                    self._feed(event)
            self.settler.listed(account, snapshot.orders, mono)
        late_ns = round(LAGS * capabilities.listing_lag_seconds * NS)
        calm = self._calmed(account, snapshot, late_ns, mono)
        gate = state.gates.get(account)
        if calm is not snapshot and not (gate is not None and gate.is_open):
            missing = missing or "what is held is not what fills explain; it is looked at again"
        found = self._take(account, reconcile.differences(state, calm, now, absent=absent, late_ns=late_ns))
        self.readings[account] = Reading(now, snapshot, missing, tuple(sorted(found)))
        self._set_gate(broker, account, missing, line)

    async def _looked_up(self, broker: Broker, snapshot: Snapshot) -> Snapshot:
        """The listing, and what the venue says of our OPEN orders that it leaves out: it may be late, or of one day or
        exchange alone. Nobody is alarmed before these were asked for, one by one."""
        if isinstance(snapshot.orders, Unread) or broker.capabilities.is_in_process:
            return snapshot
        found = []
        with suppress(TimeoutError):  # all of them together: a venue that is slow now is asked again next time
            async with asyncio.timeout(ANSWER_SECONDS):
                for order in reconcile.unlisted(self._engine.state, snapshot.account, snapshot.orders)[:MOST_LOOKED_UP]:
                    theirs = await find(broker, order)
                    is_it = isinstance(theirs, VenueOrder) and (
                        theirs.ref in order.refs or theirs.client_order_id == order.id
                    )
                    if is_it:
                        found.append(theirs)
        return msgspec.structs.replace(snapshot, orders=(*snapshot.orders, *found))

    def _calmed(self, account: AccountId, snapshot: Snapshot, late_ns: int, mono: int) -> Snapshot:
        """The listing without the drift that may only be late: a wallet may not show yet what an execution did, and to
        believe that would take the protection off what is held."""
        state, drift = self._engine.state, reconcile.drift(self._engine.state, snapshot)
        if isinstance(snapshot.positions, Unread) or isinstance(snapshot.fills, Unread):
            return snapshot  # it says nothing, also of what was seen before
        known = self._drifts.pop(account, {})
        if not late_ns or not drift or reconcile.is_first(state, account):
            return snapshot
        positions, waiting = dict(snapshot.positions), {}
        for instrument, change in drift.items():
            theirs = positions.get(instrument, ZERO)
            mine = [(i, p) for (owner, i), p in state.positions.items() if owner == account]
            ours = tuple(p for i, p in mine if snapshot.pooled.get(i, i) == instrument)
            seen = Drift(change, theirs, ours)
            first = known.get(instrument)
            since = first[1] if first is not None and first[0] == seen else mono
            if mono - since < late_ns:
                waiting[instrument] = seen, since
                positions[instrument] = theirs - change
        if not waiting:
            return snapshot
        self._drifts[account] = waiting
        return msgspec.structs.replace(snapshot, positions=positions)

    def _standing(self, account: AccountId) -> tuple[object, ...]:
        """What a snapshot is compared with: it must not move between the question and the answer."""
        state = self._engine.state
        orders = tuple((o.id, o.status, o.filled, o.refs) for o in state.live_orders(account))
        held = [position.quantity for (owner, _), position in state.positions.items() if owner == account]
        return len(state.fills), orders, held, [b for (owner, _), b in state.balances.items() if owner == account]

    def _take(self, account: AccountId, found: Iterable[Event]) -> frozenset[str]:
        """Feed what follows, and say what is odd once while it lasts."""
        told = self._told.get(account, frozenset())
        texts = set()
        for event in found:
            if isinstance(event, Noticed):
                texts.add(event.text)
                if event.text in told:
                    continue
            self._feed(event)
        self._told[account] = frozenset(texts)
        return self._told[account]

    def _set_gate(self, broker: Broker, account: AccountId, missing: str, line: FeedChanged | None) -> None:
        """`line`: as it was when the reading began."""
        feed = self._engine.state.feeds.get(broker.name)
        if feed is not line or (feed is not None and not feed.is_connected):
            return  # the line went down while the venue was read; its return reads again
        unknown = [o for o in self._engine.state.live_orders(account) if o.status is OrderStatus.UNKNOWN]
        text = missing or (f"{len(unknown)} UNKNOWN" if unknown else "")
        gate = self._engine.state.gates.get(account)
        if gate is None or (gate.is_open, gate.text) != (not missing, text):
            self._feed(GateChanged(ts=self._clock.now(), account=account, is_open=not missing, text=text))

    # --- again and again ------------------------------------------------------------------------------------------

    def nudge(self, *, hurry: bool = False) -> None:
        """An outcome was lost (or, with `hurry`, a change refused): when to ask is reckoned anew."""
        if hurry:
            self._due = min(self._due, self._clock.monotonic() + round(HURRY_SECONDS * NS))
        self.pace.nudge()
        self.questions.pace.nudge()

    async def keep(self) -> None:
        """A venue that cannot be read now keeps its gates as they were: its feed's supervisor decides about that."""
        self._due = self._clock.monotonic() + self._pause()
        while True:
            await self._rest()
            await self._read_due()

    async def beat(self) -> None:
        """Ask and read what is due by now: both in turn, for those who drive the engine by hand."""
        await self.questions.beat()
        await self._read_due()

    async def _rest(self) -> None:
        mono = self._clock.monotonic()
        self._due = min(self._due, mono + self._pause())
        self.next_at = self._clock.now() + self._due - mono
        await self.pace.until(mono if self._soon else self._due)

    def _read_soon(self, account: AccountId) -> None:
        self._soon.add(account)
        self.pace.nudge()

    async def _read_due(self) -> None:
        """The venues side by side: one that is slow keeps no other waiting."""
        is_due = self._clock.monotonic() >= self._due
        if is_due:
            self._shut = min(self._shut + 1, 4)
            self._soon.update(self._engine.state.accounts)
        if self._soon:
            self.pace.works()
            wanted, self._soon = self._soon, set()
            await asyncio.gather(*(self._read_all(broker, wanted) for broker in self._brokers.values()))
        if is_due:
            self._due = self._clock.monotonic() + self._pause()

    def _pause(self) -> int:
        state = self._engine.state
        if any(not gate.is_open and self._is_connected(broker_of(id)) for id, gate in state.gates.items()):
            return min(1 << self._shut, OPEN_SECONDS) * NS
        self._shut = 0
        return (OPEN_SECONDS if self._has_open_end else SECONDS) * NS

    @property
    def _has_open_end(self) -> bool:
        return bool(self._drifts) or any(
            order.status is OrderStatus.UNKNOWN
            or (order.requested is not None and order.requested.phase is RequestPhase.UNKNOWN)
            for order in self._engine.state.live_orders()
        )

    def _is_connected(self, name: str) -> bool:
        feed = self._engine.state.feeds.get(name)
        return feed is not None and feed.is_connected

    async def _read_all(self, broker: Broker, wanted: Set[AccountId]) -> None:
        for account in sorted(wanted):
            if broker_of(account) == broker.name and self._is_connected(broker.name):
                with suppress(BrokerError, OSError):
                    await self.reconcile(broker, account)
