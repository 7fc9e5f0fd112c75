"""The asyncio shell around the engine: feeds call `feed`, which steps the engine at once; what is durable is
journalled, and only then do the commands behind it reach the outbox. Starting is recovering: there is no other
start-up code."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any

import msgspec

from core.clock import day_of
from core.domain.account import Account, TradingState
from core.domain.commands import Cancel, Command, SendOrder, SetTradingState, StartDay, Tick, VenueCommand
from core.domain.errors import BrokerError, NotConnected
from core.domain.events import (
    DURABLE,
    AccountListed,
    DurableEvent,
    Event,
    FeedChanged,
    InstrumentListed,
    OrderAccepted,
    OrderFilled,
    OrderRejected,
    OrderRequested,
    OrderUnknown,
    event_order,
)
from core.domain.ids import AccountId, ClientOrderId, broker_of
from core.domain.market import NS, Bar
from core.domain.order import OrderStatus, RequestPhase, TimeInForce
from core.ports import Archive, Broker, Clock, Journal
from core.runtime.crew import Crew
from core.runtime.dead_man import DeadMan
from core.runtime.ingress import unkeyed, washed
from core.runtime.lines import Lines
from core.runtime.meters import Meters
from core.runtime.outbox import Outbox
from core.runtime.past import Past
from core.runtime.reconciler import Reconciler
from core.runtime.scribe import Scribe
from core.runtime.silence import FEED, Silence
from core.runtime.supervise import supervise
from core.runtime.vitals import Vitals
from core.trading import rows
from core.trading.engine import Engine
from core.trading.gate import deny
from core.trading.notify import LogBook
from core.trading.outputs import Output
from core.trading.risk import Denial

DURABLE_SET: frozenset[type] = frozenset(DURABLE)
_ANSWERS: frozenset[type] = frozenset({OrderAccepted, OrderRejected, OrderFilled})
HALT_FILE = "halt"
CLOSE_SECONDS = 5.0
"""For a broker to say goodbye."""


class Runner:
    """Owns the engine's tasks. `feed` is for facts, `ask` for requests; both answer with what the engine returned."""

    def __init__(
        self,
        engine: Engine,
        journal: Journal,
        clock: Clock,
        brokers: Sequence[Broker],
        *,
        archive: Archive | None = None,
        record: Callable[[Event], None] | None = None,
        flush_tape: Callable[[], None] | None = None,
        on_log: Callable[[object], None] | None = None,
        halt_directory: Path | None = None,
        free_mb: Callable[[], float] | None = None,
        min_free_mb: float = 0,
        max_order_age_seconds: float = 10.0,
        is_driven: bool = False,
        is_live: bool = False,
        dead_man_minutes: float = 0.0,
        language: str = "en",
    ) -> None:
        """`is_driven`: a replay feeds the market and tells the seconds; no feed is followed. `is_live`: it was started
        for real money; without, no order of that leaves, whatever a broker says of its accounts."""
        self.engine = engine
        self.journal = journal
        self.clock = clock
        self.brokers = {broker.name: broker for broker in brokers}
        engine.gate.venues = {broker.name: broker.capabilities for broker in brokers}
        engine.gate.laned = frozenset(b.name for b in brokers if not b.capabilities.has_client_ids)
        engine.limits.is_live = is_live
        engine.is_conflated = any(broker.capabilities.conflates_prints for broker in brokers)
        self._step, self._market, self._now = engine.step, engine.market, clock.now
        self.archive = archive
        self.past = Past(archive, self.brokers, clock)
        self.log = LogBook(engine.state, language)
        self.dropped = 0
        self._is_driven = is_driven
        self._record = record
        self._flush_tape = flush_tape
        self._on_log = on_log
        self._halt_file = halt_directory / HALT_FILE if halt_directory is not None else None
        self.meters = Meters(tuple(self.brokers))
        self.lines = Lines(engine, self.brokers, clock, self.feed)
        self.reconciler = Reconciler(engine, self.brokers, clock, self.feed)
        self.dead_man = DeadMan(dead_man_minutes, engine.state, clock, self.ask, self.feed)
        self._progress = asyncio.Event()
        self._stopped = asyncio.Event()
        self.is_over = False
        """Nothing that is asked is carried out any more."""
        self._equity_minute = -1
        self._beat = 0
        self.vitals = Vitals(engine.gate, journal, clock, self.feed, free_mb, min_free_mb)
        self.scribe = Scribe(
            journal,
            engine.gate,
            clock,
            self.feed,
            self.meters,
            carry=self._carry,
            drop=self._drop,
            short=self.vitals.look_at_disk,
            progressed=self._progress.set,
        )
        self.silence = Silence(engine.state, clock, self.feed, journal, self.scribe)
        self.outboxes = {
            name: Outbox(
                broker,
                engine,
                journal,
                clock,
                self.feed,
                max_age_seconds=max_order_age_seconds,
                is_halted=self._is_held,
                is_live=is_live,
                progressed=self._progress.set,
                meters=self.meters,
                baseline=None if broker.capabilities.has_client_ids else self.reconciler.settler.baseline,
            )
            for name, broker in self.brokers.items()
        }

    # --- the one way in -------------------------------------------------------------------------------------------

    def feed(self, event: Event) -> Sequence[Output]:
        """A fact: step the engine, and hand on what follows."""
        take = self._market.get(event.__class__)
        if take is None:
            event = washed(event)
            take = self._step
        elif self._record is not None:
            self._record(event)
        out = take(event, self._now())
        if out:
            self._hand_on(out)
        return out

    def ask(self, command: Command) -> Sequence[Output]:
        """A request: the same road. Whoever asks may be the first to wake up after a sleep."""
        self.vitals.look_at_clock()
        out = self.engine.step(unkeyed(command), self.clock.now())
        if out:
            self._hand_on(out)
        return out

    def warm(self, strategy: str, bars: Iterable[Bar]) -> None:
        """Show a strategy the bars of the past, before it starts."""
        self._hand_on(self.engine.warm(strategy, bars, self.clock.now()))

    def _hand_on(self, out: Sequence[Output]) -> None:
        durable: list[DurableEvent] = []
        commands: list[VenueCommand] = []
        now = self.clock.now()
        for item in out:
            if isinstance(item, VenueCommand):
                commands.append(item)
                continue
            if item.__class__ in DURABLE_SET:
                durable.append(item)  # type: ignore[arg-type]
                if item.__class__ in _ANSWERS:
                    self._answered(item)
                elif item.__class__ is OrderUnknown:
                    self.reconciler.nudge()
                elif isinstance(item, OrderRequested) and item.requested.phase is not RequestPhase.SENDING:
                    self.reconciler.nudge(hurry=item.requested.phase is RequestPhase.REFUSED)
        if durable or commands:
            self.scribe.put(durable, commands)
        for item in out:
            row = self.log.note(item, now)
            if row is not None and self._on_log is not None:
                with suppress(OSError, ValueError):  # a log that cannot be written costs the line, nothing else
                    self._on_log(row)

    def _answered(self, event: Any) -> None:
        id = event_order(event)
        for outbox in self.outboxes.values():
            if id is not None:
                outbox.answered(id)

    # --- the journal ----------------------------------------------------------------------------------------------

    @property
    def is_idle(self) -> bool:
        """Nothing waits for the journal or for a venue."""
        return self.scribe.is_idle and all(outbox.is_idle for outbox in self.outboxes.values())

    async def idle(self) -> None:
        """Wait until everything asked for so far is journalled, sent and answered."""
        while not self.is_idle:
            self._progress.clear()
            if not self.is_idle:
                await self._progress.wait()

    def _carry(self, commands: Iterable[VenueCommand]) -> None:
        for command in commands:
            order = self.engine.state.orders[command.client_order_id]
            outbox = self.outboxes.get(broker_of(order.account))
            if outbox is not None:
                outbox.put(command)
                continue
            text = f"{broker_of(order.account)} is not connected: nothing was sent"
            if isinstance(command, SendOrder):
                self.feed(deny(order.request, Denial("broker", "a connected broker", "none", text), self.clock.now()))
            else:
                self._refuse_change(order.id, text)

    def _drop(self, command: VenueCommand, text: str) -> None:
        """What waits will not go: the journal is not written."""
        order = self.engine.state.orders[command.client_order_id]
        if isinstance(command, SendOrder):
            denial = Denial("journal", "a writable journal", "not writable", text)
            self.feed(deny(order.request, denial, self.clock.now()))
        elif order.requested is not None:
            self._refuse_change(order.id, text)

    def _refuse_change(self, id: ClientOrderId, text: str) -> None:
        order = self.engine.state.orders[id]
        if order.requested is not None:
            wish = msgspec.structs.replace(order.requested, phase=RequestPhase.REFUSED, text=text[:200])
            self.feed(OrderRequested(ts=self.clock.now(), client_order_id=order.id, requested=wish))

    # --- starting is recovering -----------------------------------------------------------------------------------

    def recover(self) -> int:
        """Fold the journal into the state. Orders that were STAGED are denied, those in SENDING become UNKNOWN. Returns
        the number of events. Call once, before `run`; brokers that live in this process are restored after it."""
        count = 0
        for _, event in self.journal.replay():
            self.engine.restore(event)
            self.log.note(event, event.ts)
            count += 1
        limits = self.engine.limits.begin(self.clock.now())
        if not self.journal.is_read_only:
            self._hand_on(limits)
            self._settle_interrupted()
        return count

    def _settle_interrupted(self) -> None:
        now = self.clock.now()
        for order in list(self.engine.state.live_orders()):
            if order.status is OrderStatus.STAGED:
                denial = Denial(
                    "restart", "", "", "hoga was restarted before it was sent; send it again if you want it"
                )
                self.feed(deny(order.request, denial, now))
            elif order.status is OrderStatus.HELD and not (
                order.request.parent or order.request.is_stop or order.request.is_sliced
            ):
                if order.request.time_in_force is not TimeInForce.GTC:
                    self.ask(Cancel(client_order_id=order.id, by="restart"))  # an exit of that moment
            elif order.status is OrderStatus.SENDING:
                text = "hoga stopped while this was being sent; asking the venue"
                self.feed(OrderUnknown(ts=now, client_order_id=order.id, text=text))
            elif order.requested is not None and order.requested.phase is RequestPhase.SENDING:
                wish = msgspec.structs.replace(order.requested, phase=RequestPhase.UNKNOWN)
                self.feed(OrderRequested(ts=now, client_order_id=order.id, requested=wish))

    async def run(self, started: asyncio.Event | None = None) -> None:
        """Run until `stop`. Sets `started` when every broker has been read once, or said why it cannot be."""
        async with asyncio.TaskGroup() as group:
            crew = self.crew = self.silence.crew = Crew(group, self.silence.fell)
            crew.start("journal", self.scribe.keep)
            watch = self.silence.watch
            watch.part("journal", self.scribe.late)
            for name, box in self.outboxes.items():
                for lane in box.lanes:
                    crew.start(f"{name} {lane.name}", partial(box.keep, lane))
                    watch.part(f"{name} {lane.name}", lane.late)
            if self._is_driven:
                for broker in self.brokers.values():
                    await self.open(broker)
                if started is not None:
                    started.set()
            else:
                for broker in self.brokers.values():
                    crew.start(f"{FEED}{broker.name}", partial(self._keep_feed, broker, started))
                crew.start("seconds", self._seconds)
                self.vitals.expect_seconds(partial(self.silence.slept, tuple(self.brokers)))
                if self.archive is not None:
                    crew.start("archive", partial(self._keep_archive, self.archive))
                crew.start("reconcile", self.reconciler.keep)
                crew.start("questions", self.reconciler.questions.keep)
                self.silence.keep(self._parts())
            crew.start("subscriptions", self.lines.keep)
            try:
                await self._stopped.wait()
                await self._close()
            finally:
                self.silence.end()

    def _parts(self) -> tuple[tuple[str, Callable[[int], int]], ...]:
        """What must move each second, by the names of its tasks, and how late each is."""
        return (
            ("seconds", lambda mono: mono - self._beat - NS if self._beat else 0),
            ("reconcile", self.reconciler.pace.late),
            ("questions", self.reconciler.questions.pace.late),
            ("subscriptions", self.lines.late),
        )

    def stop(self) -> None:
        self.engine.gate.ending = "hoga is being stopped"
        self._stopped.set()

    async def _close(self) -> None:
        can_write = not self.journal.fallen
        try:
            async with asyncio.timeout(5 if can_write else 0):
                await self.idle()
        except TimeoutError:
            pass  # what the venue did not answer stays SENDING in the journal: UNKNOWN at the next start
        self.silence.end()  # before the watch
        self.is_over = True
        self.crew.end(but="journal")
        for broker in self.brokers.values():
            with suppress(BrokerError, OSError):  # a TimeoutError is an OSError
                async with asyncio.timeout(CLOSE_SECONDS):
                    await broker.close()
        with suppress(TimeoutError):  # what came while brokers closed is written too
            async with asyncio.timeout(2 if can_write else 0):
                while not self.scribe.is_idle:
                    self._progress.clear()
                    await self._progress.wait()
        self.crew.end()
        if self._flush_tape is not None:
            self._flush_tape()
        if self.archive is not None:
            self._save_quotes()
            await self.archive.flush()
            await self.archive.close()
        await self.journal.close()

    async def _keep_feed(self, broker: Broker, started: asyncio.Event | None) -> None:
        def down(text: str) -> None:
            self.feed(FeedChanged(ts=self.clock.now(), broker=broker.name, is_connected=False, text=text))
            if started is not None:
                started.set()

        async def follow() -> None:
            await self.open(broker)
            if started is not None:
                started.set()
            meter = self.meters.feeds[broker.name]
            meter.reconnects += 1
            async for event in broker.events():
                meter.count += 1
                self.feed(event)
            if not self._stopped.is_set():
                raise NotConnected(broker.name, "the stream ended")

        await supervise(follow, self.clock, down)

    async def open(self, broker: Broker) -> None:
        """Connect, learn what there is, read the accounts, and only then open the gate, account by account."""
        await broker.connect()
        now = self.clock.now()
        for instrument in await broker.instruments():
            self.feed(InstrumentListed(ts=now, instrument=instrument))
        self.feed(FeedChanged(ts=now, broker=broker.name, is_connected=True))
        for account in await broker.accounts():
            self.feed(AccountListed(ts=now, account=account))
            await self.reconciler.read(broker, account.id)
            self._begin_day(account)
        await self.lines.subscribe(broker)

    async def reconcile(self, broker: Broker, account: AccountId) -> None:
        await self.reconciler.reconcile(broker, account)

    # --- the seconds ----------------------------------------------------------------------------------------------

    def _is_halted(self) -> bool:
        try:
            return self._halt_file is not None and self._halt_file.exists()
        except OSError:
            return True  # nobody knows: nothing leaves

    def _is_held(self) -> bool:
        """Asked by outboxes right before anything leaves: after a sleep the gates must be shut by then."""
        self.vitals.look_at_clock()
        return self._is_halted()

    async def _seconds(self) -> None:
        while True:
            self._beat = self.clock.monotonic()
            due = self._beat + NS
            await self.clock.sleep(1)
            self.meters.lag.add(max(self.clock.monotonic() - due, 0))
            self.second()

    async def _keep_archive(self, archive: Archive) -> None:
        """By itself: a slow disk under what is only comfortable to have holds up no limit."""
        while True:
            await self.clock.sleep(1)
            await archive.flush()

    def second(self) -> None:
        """What is due each second: bars and limits, the day, the halt file, the disk, the archive."""
        now = self.clock.now()
        self.ask(Tick(by="clock"))
        for account in list(self.engine.state.accounts.values()):
            self._begin_day(account)
        if self._is_halted() and self.engine.state.trading_states.get(None) is not TradingState.HALTED:
            self.ask(SetTradingState(state=TradingState.HALTED, by="halt file", text="found the halt file"))
        self.dead_man.second()
        self.vitals.look_at_disk()
        self.lines.second()
        for meter in self.meters.feeds.values():
            meter.second(now, self.clock.monotonic())
        if self._flush_tape is not None:
            self._flush_tape()
        if self.archive is not None:
            self.archive.put_bars(self.engine.strategist.take_closed())
        if self.archive is not None and now // (60 * NS) != self._equity_minute:
            self._equity_minute = now // (60 * NS)
            self._save_quotes()
            for id in self.engine.state.accounts:
                equity = rows.totals(self.engine.state, now, None, id).equity
                if equity is not None:
                    self.archive.put_equity(id, now, equity)

    def _begin_day(self, account: Account) -> None:
        """Not while the clock may be wrong: another date would forgive the day's loss."""
        day = day_of(self.clock.now(), account.zone)
        if self.engine.state.days.get(account.id) != day and not self.engine.gate.clock_offset:
            self.ask(StartDay(account=account.id, day=day, by="clock"))

    def _save_quotes(self) -> None:
        if self.archive is not None:
            self.archive.put_quotes(self.engine.state.quotes.values())
