"""Asks the venues what is true, again and again, and feeds what follows: at each start of a line before the gate
opens, every 30 s after that, sooner while an outcome is open. What the answers mean is decided in core/trading."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from decimal import Decimal

import msgspec

from core.domain.errors import BrokerError
from core.domain.events import Event, FeedChanged, GateChanged, Noticed
from core.domain.ids import AccountId, InstrumentId, broker_of
from core.domain.market import NS
from core.domain.order import Order, OrderStatus, RequestPhase
from core.ports import Absent, Broker, Clock, Snapshot, Unread, VenueOrder
from core.trading import reconcile
from core.trading.engine import Engine
from core.trading.settle import Settler

SECONDS = 30
OPEN_SECONDS = 10
"""While an outcome is open; a shut gate is tried at 1, 2, 4 and then 10 s."""
HURRY_SECONDS = 0.25
"""After a change was refused: it may be because the order is not what we think."""
CALM_TRIES = 3
ANSWER_SECONDS = 10.0
MOST_LOOKED_UP = 10
"""OPEN orders that a listing leaves out are asked for one by one, so many a reading; the rest is alarmed at once."""
LONGEST_NS = 90 * NS
"""To read all accounts; each call of a venue has a time limit of its own."""


class Reading(msgspec.Struct, frozen=True):
    """How an account was read last. `found`: what was odd, in words; `missing`: what could not be read."""

    ts: int
    snapshot: Snapshot | None
    missing: str
    found: tuple[str, ...] = ()


class Reconciler:
    def __init__(
        self, engine: Engine, brokers: Mapping[str, Broker], clock: Clock, feed: Callable[[Event], object]
    ) -> None:
        self._engine = engine
        self._brokers = brokers
        self._clock = clock
        self._feed = feed
        self.settler = Settler(engine.state)
        self.next_at = 0
        """When the venues are compared with next, by the wall clock; 0 while nobody does."""
        self.readings: dict[AccountId, Reading] = {}
        self._told: dict[AccountId, frozenset[str]] = {}
        """What the last reading found odd: said once while it lasts."""
        self._due = 0
        self._shut = 0
        """How often it was read since some gate is shut: sooner at first, then less and less."""
        self._wake = asyncio.Event()
        self._moves_by = 0
        """When the task moves on at the latest, on the monotonic clock; 0 while there is none."""

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
        found = self._take(account, reconcile.differences(state, snapshot, now, absent=absent))
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
                    theirs = await self._find(broker, order)
                    is_it = isinstance(theirs, VenueOrder) and (
                        theirs.ref in order.refs or theirs.client_order_id == order.id
                    )
                    if is_it:
                        found.append(theirs)
        return msgspec.structs.replace(snapshot, orders=(*snapshot.orders, *found))

    async def _find(self, broker: Broker, order: Order) -> VenueOrder | Absent | Unread:
        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                return await broker.find(order)
        except Exception as error:  # whatever it was, it says nothing about the order
            return Unread(str(error) or type(error).__name__)

    def _standing(self, account: AccountId) -> tuple[object, ...]:
        """What a snapshot is compared with: it must not move between the question and the answer."""
        state = self._engine.state
        orders = tuple((order.id, order.status, order.filled) for order in state.live_orders(account))
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
        self._wake.set()

    async def keep(self) -> None:
        """A venue that cannot be read now keeps its gates as they were: its feed's supervisor decides about that."""
        self._due = self._clock.monotonic() + self._pause()
        while True:
            await self._rest()
            await self.beat()

    def late(self, mono: int) -> int:
        """For the watch: how far behind it is, ns."""
        return mono - self._moves_by if self._moves_by else 0

    async def beat(self) -> None:
        """Ask what is due by now."""
        mono = self._clock.monotonic()
        self._moves_by = mono + LONGEST_NS
        for order in self.settler.due(mono):
            await self._ask(order)
        if mono >= self._due:
            self._shut = min(self._shut + 1, 4)
            for broker in list(self._brokers.values()):
                await self._read_all(broker)
            self._due = self._clock.monotonic() + self._pause()

    async def _rest(self) -> None:
        mono = self._clock.monotonic()
        self._due = min(self._due, mono + self._pause())
        asks = self.settler.next_due(mono)
        wait = (self._due if asks is None else min(self._due, asks)) - mono
        self._moves_by = mono + max(wait, 0)
        self.next_at = self._clock.now() + self._due - mono
        if wait <= 0:
            return
        self._wake.clear()
        tasks = (asyncio.ensure_future(self._clock.sleep(wait / NS)), asyncio.ensure_future(self._wake.wait()))
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in tasks:
                task.cancel()

    def _pause(self) -> int:
        state = self._engine.state
        if any(not gate.is_open and self._is_connected(broker_of(id)) for id, gate in state.gates.items()):
            return min(1 << self._shut, OPEN_SECONDS) * NS
        self._shut = 0
        return (OPEN_SECONDS if self._has_open_end else SECONDS) * NS

    @property
    def _has_open_end(self) -> bool:
        return any(
            order.status is OrderStatus.UNKNOWN
            or (order.requested is not None and order.requested.phase is RequestPhase.UNKNOWN)
            for order in self._engine.state.live_orders()
        )

    def _is_connected(self, name: str) -> bool:
        feed = self._engine.state.feeds.get(name)
        return feed is not None and feed.is_connected

    async def _read_all(self, broker: Broker) -> None:
        for account in list(self._engine.state.accounts):
            if broker_of(account) == broker.name and self._is_connected(broker.name):
                with suppress(BrokerError, OSError):
                    await self.reconcile(broker, account)

    async def _ask(self, order: Order) -> None:
        """Ask for one UNKNOWN order: by its id where the venue keeps ours, else by reading the account."""
        self.settler.asked(order.id, self._clock.monotonic())
        broker = self._brokers.get(broker_of(order.account))
        if broker is None or not self._is_connected(broker.name):
            return
        if broker.capabilities.is_in_process or not broker.capabilities.has_client_ids:
            with suppress(BrokerError, OSError):
                await self.reconcile(broker, order.account)
            return
        found = await self._find(broker, order)
        for event in self.settler.answered(order.id, found, self._clock.now(), self._clock.monotonic()):
            self._feed(event)
        if isinstance(found, VenueOrder) and found.filled:
            with suppress(BrokerError, OSError):
                await self.reconcile(broker, order.account)  # what it filled is in the listings
