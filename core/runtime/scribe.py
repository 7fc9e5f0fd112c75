"""Journal before the wire: what the engine returned waits here until it is durable, and only then do the commands
behind it go on. While the journal refuses, or does not answer, orders are denied and cancels go all the same; what
happened is kept and written as soon as it can be."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Iterable

from core.domain.commands import SendCancel, VenueCommand
from core.domain.errors import JournalUnavailable
from core.domain.events import DurableEvent, Event, Noticed
from core.domain.market import NS
from core.ports import Clock, Journal
from core.runtime.meters import Meters
from core.trading.gate import Gate

Batch = list[tuple[list[DurableEvent], list[VenueCommand], int]]


class Scribe:
    """The only caller of Journal.append."""

    def __init__(
        self,
        journal: Journal,
        gate: Gate,
        clock: Clock,
        feed: Callable[[Event], object],
        meters: Meters,
        *,
        carry: Callable[[Iterable[VenueCommand]], object],
        drop: Callable[[VenueCommand, str], object],
        short: Callable[[], object],
        progressed: Callable[[], object],
    ) -> None:
        """`carry` takes commands whose events are durable, `drop` those that will not go, with the reason; `short` is
        called when a commit took room that was kept back."""
        self._journal = journal
        self._gate = gate
        self._clock = clock
        self._feed = feed
        self._meters = meters
        self._carry, self._drop, self._short, self._progressed = carry, drop, short, progressed
        self.pending: deque[tuple[list[DurableEvent], list[VenueCommand], int]] = deque()
        """(what is durable, what follows, when it was asked on the monotonic clock)."""
        self.problem = ""
        """Why the journal is not written; empty while it is."""
        self._out: tuple[Batch, asyncio.Future[int]] | None = None
        """The commit that is under way, and what it is of."""
        self._wake = asyncio.Event()

    @property
    def is_idle(self) -> bool:
        return not self.pending and self._out is None

    def put(self, durable: list[DurableEvent], commands: list[VenueCommand]) -> None:
        if self.problem:
            self._let_cancels_go(commands)
        self.pending.append((durable, commands, self._clock.monotonic()))
        self._wake.set()

    async def keep(self) -> None:
        while True:
            while self.pending:
                await self._write()
            self._progressed()
            self._wake.clear()
            await self._wake.wait()

    async def _write(self) -> None:
        if self._out is None:
            batch = list(self.pending)
            events = [event for durable, _, _ in batch for event in durable]
            self._out = batch, asyncio.ensure_future(self._journal.append(events))
        batch, answer = self._out
        try:
            await asyncio.shield(answer)  # a task that is started anew waits for the same commit: it is not made twice
        except JournalUnavailable as error:
            self._out = None
            self._lost(str(error), batch)
            await self._clock.sleep(1)
            return
        self._out = None
        self._kept(batch)

    def _kept(self, batch: Batch) -> None:
        done = self._clock.monotonic()
        self._meters.last_commit = self._clock.now()
        for _, commands, asked in batch:
            self.pending.popleft()
            if commands:
                self._meters.journal.add(done - asked)
        if self.problem:
            self.problem = self._gate.journal_problem = ""
            self._feed(Noticed(ts=self._clock.now(), level="info", kind="JOURNAL", text="the journal is written again"))
        if self._journal.shortage:
            self._short()  # before what was staged with it goes on
        for _, commands, _ in batch:
            self._carry(commands)

    # --- when it is not written -----------------------------------------------------------------------------------

    def _lost(self, text: str, batch: Batch) -> None:
        """The disk refuses. Orders that wait are denied, cancels go all the same, facts are kept for the next try."""
        self._say(text)
        for _, commands, _ in batch:
            waiting = list(commands)
            commands.clear()
            for command in waiting:
                if isinstance(command, SendCancel):
                    self._carry([command])
                else:
                    self._drop(command, text)

    def _say(self, text: str) -> None:
        if not self.problem:
            self.problem = self._gate.journal_problem = text
            notice = f"{text}. New orders are refused, cancels work; what happens is kept and written when it can be"
            self._feed(Noticed(ts=self._clock.now(), level="error", kind="JOURNAL", text=notice))

    def _let_cancels_go(self, commands: list[VenueCommand]) -> None:
        cancels = [command for command in commands if isinstance(command, SendCancel)]
        commands[:] = [command for command in commands if not isinstance(command, SendCancel)]
        self._carry(cancels)

    def late(self, mono: int) -> int:
        """For the watch: how long the oldest of what waits has waited, ns."""
        return mono - self.pending[0][2] if self.pending and not self.problem else 0

    def silent(self, by: int) -> bool:
        """It is late. Is it the journal that does not answer? Then it is said, and cancels do not wait for it."""
        if self._out is None or self._out[1].done():
            return False
        self.fallen(f"the journal has not answered for {by / NS:.1f} s")
        return True

    def fallen(self, text: str) -> None:
        """The journal cannot answer any more, or does not."""
        self._say(text)
        for _, commands, _ in list(self.pending):
            self._let_cancels_go(commands)
