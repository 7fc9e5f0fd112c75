"""What leaves for one broker, and the one road by which the outcome comes back. The only caller of Broker.submit and
Broker.replace: each order passes throttle, last look, the SENDING commit and its permit, then one write. Nothing here
retries a submit or a replace; a cancel may be repeated by whoever asked for it."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from typing import Any

import msgspec

from core.domain.account import Mode, TradingState
from core.domain.commands import SendCancel, SendOrder, SendReplace, VenueCommand
from core.domain.errors import JournalUnavailable, NotConnected, OrderRejected, RateLimited, Unsupported
from core.domain.events import (
    Event,
    Noticed,
    OrderAccepted,
    OrderNotPlaced,
    OrderRequested,
    OrderSending,
    OrderUnknown,
)
from core.domain.events import (
    OrderRejected as Rejected,
)
from core.domain.ids import ClientOrderId
from core.domain.market import NS
from core.domain.order import Order, OrderStatus, Requested, RequestKind, RequestPhase
from core.ports import Accepted, Broker, Clock, Journal, Prepared, SendPermit
from core.runtime.meters import Meters
from core.runtime.throttle import Throttle
from core.trading.engine import Engine
from core.trading.gate import deny
from core.trading.risk import Denial

_NOTHING_SENT = (NotConnected, RateLimited, Unsupported)
"""By these a broker says that it did not write; it is believed when the permit came back unspent."""
NOT_STARTED = "this engine was not started for real money"
MAX_UNANSWERED = 1000
"""Orders whose answer is timed; beyond that some go untimed."""


class Lane:
    """Commands that are carried out one after another."""

    def __init__(self, name: str, clock: Clock, longest_seconds: float) -> None:
        self.name = name
        self.queue: deque[VenueCommand] = deque()
        self.wake = asyncio.Event()
        self.busy_since = 0
        """When the command at hand was taken up, on the monotonic clock; 0 while there is none."""
        self._clock = clock
        self._longest = round((longest_seconds + 5) * NS)
        self._waits_since = 0

    def put(self, command: VenueCommand) -> None:
        if not self.queue:
            self._waits_since = self._clock.monotonic()
        self.queue.append(command)
        self.wake.set()

    def late(self, mono: int) -> int:
        """For the watch: how long nothing was taken up, or the command at hand is beyond its time, ns."""
        if self.busy_since:
            return mono - self.busy_since - self._longest
        return mono - self._waits_since if self.queue else 0


class Outbox:
    """Two lanes: orders and replaces in turn, cancels beside them, so a hanging submit never holds up a cancel."""

    def __init__(
        self,
        broker: Broker,
        engine: Engine,
        journal: Journal,
        clock: Clock,
        feed: Callable[[Event], object],
        *,
        max_age_seconds: float = 10.0,
        is_halted: Callable[[], bool] = lambda: False,
        is_live: bool = False,
        submit_timeout_seconds: float = 15.0,
        progressed: Callable[[], None] = lambda: None,
        meters: Meters | None = None,
        baseline: Callable[[Order, int, int], dict[str, str] | None] | None = None,
    ) -> None:
        """`baseline`: what is known of a venue without our ids, to be kept with each send."""
        self._baseline = baseline
        self._broker = broker
        self._engine = engine
        self._journal = journal
        self._clock = clock
        self._feed = feed
        self._max_age = round(max_age_seconds * NS)
        self._is_halted = is_halted
        self._is_live = is_live
        self._timeout = submit_timeout_seconds
        self.throttle = Throttle(clock, broker.capabilities.orders_per_second)
        self._orders = Lane("orders", clock, submit_timeout_seconds)
        self._cancels = Lane("cancels", clock, submit_timeout_seconds)
        self.lanes = (self._orders, self._cancels)
        self._progressed = progressed
        self._meters = meters or Meters(())
        self._put_at: dict[ClientOrderId, int] = {}
        """When each order that waits was journalled, on the monotonic clock."""
        self._sent_at: dict[ClientOrderId, int] = {}
        """When each order whose answer comes by the stream was written."""
        self._sending: set[ClientOrderId] = set()
        """Orders between their claim and the end of their submit."""
        self._parked: set[ClientOrderId] = set()
        """Cancels that wait for that end: a cancel that overtakes its order finds nothing there."""

    @property
    def is_idle(self) -> bool:
        return not any(lane.queue or lane.busy_since for lane in self.lanes)

    @property
    def waiting(self) -> int:
        """Commands that wait for their turn."""
        return sum(len(lane.queue) for lane in self.lanes)

    def answered(self, id: ClientOrderId) -> None:
        """The venue's first word about an order came by the stream."""
        sent = self._sent_at.pop(id, None)
        if sent is not None:
            self._meters.venue.add(self._clock.monotonic() - sent)

    def put(self, command: VenueCommand) -> None:
        """Take a command whose events are journalled. Bounded by the risk gate's limit on open orders."""
        if isinstance(command, SendOrder):
            self._put_at[command.client_order_id] = self._clock.monotonic()
        (self._cancels if isinstance(command, SendCancel) else self._orders).put(command)

    async def keep(self, lane: Lane) -> None:
        """Carry out what is put into a lane. A task for each lane."""
        while True:
            while lane.queue:
                lane.busy_since = self._clock.monotonic() or 1
                try:
                    # What waits for its place stays in the queue: a lane that is ended here loses nothing.
                    await self.throttle.take(urgent=lane is self._cancels)
                    await self._carry(lane.queue.popleft())
                finally:
                    lane.busy_since = 0
                    self._progressed()
            lane.wake.clear()
            await lane.wake.wait()

    async def _carry(self, command: VenueCommand) -> None:
        order = self._engine.state.orders[command.client_order_id]
        match command:
            case SendOrder():
                await self._order(order)
            case SendReplace():
                await self._replace(order)
            case SendCancel():
                await self._cancel(order)

    # --- a new order ----------------------------------------------------------------------------------------------

    async def _order(self, order: Order) -> None:
        put_at = self._put_at.pop(order.id, None)
        order = self._engine.state.orders[order.id]
        if order.status is not OrderStatus.STAGED:
            return  # canceled while it waited
        sealed = self._seal(order)
        if isinstance(sealed, Denial):
            self._deny(order, sealed)
            return
        self._sending.add(order.id)
        since, permit = self._clock.monotonic(), None
        try:
            permit = await self._claim(order, sealed)
        finally:
            if permit is None:
                self._release(order.id)
        if permit is None:
            return
        if put_at is not None:
            self._meters.permit.add(self._clock.monotonic() - put_at)
        # From here the outcome must be recorded even if this task is being canceled.
        await asyncio.shield(self._finished(order.id, sealed, permit, since))

    async def _finished(self, id: ClientOrderId, sealed: Prepared, permit: SendPermit, since: int) -> None:
        """The submit to its end, whoever waits for it: only then may a cancel follow."""
        try:
            await self._submit(id, sealed, permit, since)
        finally:
            self._release(id)

    def _release(self, id: ClientOrderId) -> None:
        self._sending.discard(id)
        if id in self._parked:
            self._parked.discard(id)
            self.put(SendCancel(id))

    def _seal(self, order: Order) -> Prepared | Denial:
        """Everything that can still refuse, with no await between it and the claim."""
        now = self._clock.now()
        # Since it was STAGED: a leg may have been HELD for days. By a clock that was set back it would never be late.
        if abs(now - order.updated) > self._max_age:
            waited = abs(now - order.updated) / NS
            return Denial(
                "too late", f"{self._max_age / NS:g} s", f"{waited:.1f} s", "it waited too long; send it again"
            )
        if order.filled:
            return Denial(
                "odd fill", "0", str(order.filled), "the venue filled this order before it was sent; look at it"
            )
        if self._is_halted():
            return Denial("halted", "no halt file", "halt file", "trading is halted by the halt file")
        denial = self._engine.requests.last_look(order.id, now)
        if denial is not None:
            return denial
        try:
            sealed = self._broker.prepare(order)
            foreign = self._foreign(order, sealed)
            if foreign is not None or self._baseline is None:
                return foreign or sealed
            known = self._baseline(order, now, self._clock.monotonic())
            if known is None:
                text = "the venue's orders were not listed yet: what is new could not be told apart"
                return Denial("baseline", "a complete listing", "none", text)
            return msgspec.structs.replace(sealed, facts={**sealed.facts, **known})
        except Unsupported as error:
            return Denial("unsupported", "what the venue can do", order.request.type, str(error))
        except Exception as error:
            return Denial("prepare", "a request that can be sealed", type(error).__name__, str(error)[:200])

    def _foreign(self, order: Order, sealed: Prepared) -> Denial | None:
        """What was sealed is this order, for this account, and the money of its mode."""
        account = self._engine.state.accounts.get(order.account)
        mode = account.mode if account is not None else None
        if sealed.mode is not Mode.PAPER and not self._is_live:
            return Denial("mode", "--live at the start", f"a {sealed.mode} order", NOT_STARTED)
        if (sealed.client_order_id, sealed.account, sealed.mode) == (order.id, order.account, mode):
            return None
        actual = f"{sealed.mode} order for {sealed.account}"
        return Denial("mode", f"a {mode} order for {order.account}", actual, "the broker sealed another order")

    async def _claim(self, order: Order, sealed: Prepared) -> SendPermit | None:
        self._engine.claiming.add(order.id)
        now = self._clock.now()
        claim = asyncio.ensure_future(self._journal.claim(order, sealed, now))
        try:
            permit = await asyncio.shield(claim)
        except asyncio.CancelledError:  # the lane was ended; the commit is not
            claim.add_done_callback(lambda done: self._claimed_for_nobody(order, sealed, now, done))
            raise
        except JournalUnavailable as error:
            self._deny(order, Denial("journal", "a writable journal", "not writable", str(error)))
            return None
        if permit is None:
            self._deny(order, Denial("halted", "no halt", "halted", "a halt was journalled before the order left"))
            return None
        self._feed(OrderSending(ts=now, client_order_id=order.id, facts=sealed.facts))
        return permit

    def _claimed_for_nobody(
        self, order: Order, sealed: Prepared, now: int, done: asyncio.Future[SendPermit | None]
    ) -> None:
        """A claim whose lane did not live to see its answer: nothing is sent with it."""
        if done.cancelled() or done.exception() is not None or done.result() is None:
            text = "its lane was ended before it was sent; send it again if you want it"
            self._deny(order, Denial("restart", "", "", text))
        else:
            self._feed(OrderSending(ts=now, client_order_id=order.id, facts=sealed.facts))
            self._unsent(order.id, "the lane was ended before the write")

    def _unsent(self, id: ClientOrderId, why: str) -> None:
        """The permit is dropped unspent: no byte left, and nobody else can make another."""
        now = self._clock.now()
        self._feed(OrderUnknown(ts=now, client_order_id=id, text="stopped at the last moment"))
        self._feed(OrderNotPlaced(ts=now, client_order_id=id, text=f"{why}: nothing was sent"))

    async def _submit(self, id: ClientOrderId, sealed: Prepared, permit: SendPermit, since: int) -> None:
        """`since`: when it was sealed, on the monotonic clock."""
        permit.stopped = lambda: self._stopped(id, since)
        why = permit.stopped()
        if why:
            self._unsent(id, why)
            return
        if len(self._sent_at) > MAX_UNANSWERED:
            self._sent_at.clear()
        self._sent_at[id] = self._clock.monotonic()
        try:
            async with asyncio.timeout(self._timeout):
                answer = await self._broker.submit(sealed, permit)
        except OrderRejected as error:
            self.answered(id)
            self._feed(Rejected(ts=self._clock.now(), client_order_id=id, code=error.code, text=str(error)))
        except BaseException as error:  # whatever it was, the order may live: it is UNKNOWN, never rejected
            self._sent_at.pop(id, None)
            text = str(error) or type(error).__name__
            self._feed(OrderUnknown(ts=self._clock.now(), client_order_id=id, text=text[:200]))
            if isinstance(error, _NOTHING_SENT) and permit.void():
                self._feed(OrderNotPlaced(ts=self._clock.now(), client_order_id=id, text=text[:200]))
            if _is_ours(error):
                raise
        else:
            if isinstance(answer, Accepted):
                self.answered(id)
                self._feed(OrderAccepted(ts=self._clock.now(), client_order_id=id, ref=answer.ref))

    def _stopped(self, id: ClientOrderId, since: int) -> str:
        """What happened while the commit was on its way, or a connection was made, and forbids the write; empty when
        nothing did."""
        order = self._engine.state.orders[id]
        if self._clock.monotonic() - since > self._max_age:
            return "its commit or its connection took too long"
        if order.status is not OrderStatus.SENDING:
            return f"it became {order.status} before the write"
        if order.requested is not None and order.requested.kind is RequestKind.CANCEL:
            return "canceled before the write"
        if self._engine.state.trading_state(order.account) is TradingState.HALTED or self._is_halted():
            return "halted before the write"
        denial = self._engine.requests.last_look(id, self._clock.now())
        return f"{denial.rule}: {denial.text}" if denial is not None else ""

    def _deny(self, order: Order, denial: Denial) -> None:
        self._feed(deny(order.request, denial, self._clock.now()))

    # --- changes of a working order -------------------------------------------------------------------------------

    async def _replace(self, order: Order) -> None:
        order = self._engine.state.orders[order.id]
        if not _is_wished(order.requested):
            return  # ended, or a cancel took its place while it waited
        why = self._unchanged(order.id)
        if why:
            self._refused(order, why)
            return
        await asyncio.shield(self._change(order, self._broker.replace(order, lambda: self._unchanged(order.id))))

    def _unchanged(self, id: ClientOrderId) -> str:
        """Why its new terms must not leave (any more); empty while they may."""
        order = self._engine.state.orders[id]
        wish, now = order.requested, self._clock.now()
        if wish is None or not _is_wished(wish):
            return "something else became of it on the way"
        account = self._engine.state.accounts.get(order.account)
        if account is None or (account.mode is not Mode.PAPER and not self._is_live):
            return NOT_STARTED
        if self._is_halted():
            return "trading is halted by the halt file"
        if abs(now - wish.ts) > self._max_age:
            return "it waited too long; ask again"
        return self._engine.requests.replace_last_look(order.id, now)

    async def _cancel(self, order: Order) -> None:
        order = self._engine.state.orders[order.id]
        if order.status.is_end:
            return
        if order.id in self._sending:
            self._parked.add(order.id)
            return
        await asyncio.shield(self._change(order, self._broker.cancel(order)))

    async def _change(self, order: Order, call: Any) -> None:
        try:
            async with asyncio.timeout(self._timeout):
                await call
        except (OrderRejected, Unsupported) as error:
            self._refused(order, str(error))
        except BaseException as error:
            self._phase(order, RequestPhase.UNKNOWN, str(error) or "no answer")
            if _is_ours(error):
                raise

    def _refused(self, order: Order, text: str) -> None:
        self._phase(order, RequestPhase.REFUSED, text)
        self._feed(Noticed(ts=self._clock.now(), level="warning", kind="REFUSED", text=f"{order.id[-4:]} {text}"))

    def _phase(self, order: Order, phase: RequestPhase, text: str) -> None:
        """What became of the wish that `order` carries, unless another took its place in the meantime."""
        wish, held = order.requested, self._engine.state.orders[order.id].requested
        if wish is not None and held is not None and (held.kind, held.ts) == (wish.kind, wish.ts):
            now = self._clock.now()
            requested = msgspec.structs.replace(wish, phase=phase, text=text[:200], ts=now)
            self._feed(OrderRequested(ts=now, client_order_id=order.id, requested=requested))


def _is_wished(wish: Requested | None) -> bool:
    return wish is not None and wish.kind is RequestKind.REPLACE and wish.phase is RequestPhase.SENDING


def _is_ours(error: BaseException) -> bool:
    """Must it go on up? A canceled library call is only a lost answer; our own cancellation and an exit are not."""
    if isinstance(error, asyncio.CancelledError):
        task = asyncio.current_task()
        return task is None or bool(task.cancelling())
    return not isinstance(error, Exception)
