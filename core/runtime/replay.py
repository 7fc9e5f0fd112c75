"""Plays recorded market data through the live engine: the tape's time is the clock, every event is fed, none is
conflated, and the next one waits until the orders of the last have been answered. Same tape, same bytes out."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol

import msgspec

from core.clock import ManualClock
from core.domain.events import Event, MarketEvent
from core.domain.market import NS, OrderBook, Quote, Trade
from core.ports import Clock
from core.runtime.runner import Runner

BREATHE_EVENTS = 500
"""At full speed the loop gets a turn after this many events, so that a screen stays alive."""
CATCH_UP_SECONDS = 3600
"""A quiet stretch longer than this is not walked second by second."""


class Venue(Protocol):
    """The simulated venue as the driver needs it: it is shown the market and answers at once."""

    def on_market(self, event: Event) -> None: ...
    def take(self) -> list[Event]: ...


class Counts(msgspec.Struct):
    """What went through so far."""

    events: int = 0
    quotes: int = 0
    trades: int = 0
    books: int = 0


class Replay:
    """`speed` is a multiple of the tape's time; 0 plays as fast as possible."""

    def __init__(
        self,
        runner: Runner,
        venue: Venue,
        events: Iterable[MarketEvent],
        clock: ManualClock,
        pace: Clock,
        *,
        speed: float = 0.0,
    ) -> None:
        self._runner = runner
        self._venue = venue
        self._events = events
        self._clock = clock
        self._pace = pace
        self.speed = speed
        self.counts = Counts()
        self.is_done = False
        self._next_second = 0
        self._is_stopped = False

    def stop(self) -> None:
        """End after the event at hand."""
        self._is_stopped = True

    async def run(self) -> None:
        """Play to the end. TapeError of a damaged tape passes through; what came before it has been played."""
        start_tape = start_pace = 0
        count = 0
        try:
            for event in self._events:
                if self._is_stopped:
                    break
                due = event_time(event)
                if not self._next_second:
                    start_tape, start_pace = due, self._pace.monotonic()
                    self._next_second = due - due % NS + NS
                if self.speed:
                    await self._keep_pace(start_tape, start_pace, due)
                await self._seconds_until(due)
                self._clock.set(due)
                self._feed(event)
                if not self._runner.is_idle:
                    await self.settle()
                count += 1
                if count % BREATHE_EVENTS == 0 and not self.speed:
                    await self._pace.sleep(0)
            await self.settle()
        finally:
            self.is_done = True

    def _feed(self, event: MarketEvent) -> None:
        counts = self.counts
        counts.events += 1
        if event.__class__ is Quote:
            counts.quotes += 1
        elif event.__class__ is Trade:
            counts.trades += 1
        elif event.__class__ is OrderBook:
            counts.books += 1
        runner, venue = self._runner, self._venue
        runner.feed(event)
        venue.on_market(event)
        for private in venue.take():
            runner.feed(private)

    async def settle(self) -> None:
        """Wait for journal and venue, and take the venue's news, until there is none."""
        while True:
            await self._runner.idle()
            news = self._venue.take()
            if not news:
                return
            for event in news:
                self._runner.feed(event)

    async def _seconds_until(self, due: int) -> None:
        """Every full second of the tape is a tick of the engine, as in life."""
        if due - self._next_second > CATCH_UP_SECONDS * NS:
            self._next_second = due - due % NS
        while self._next_second <= due:
            self._clock.set(self._next_second)
            self._next_second += NS
            self._runner.second()
            if not self._runner.is_idle:
                await self.settle()

    async def _keep_pace(self, start_tape: int, start_pace: int, due: int) -> None:
        while True:
            wait = (due - start_tape) / self.speed - (self._pace.monotonic() - start_pace)
            if wait <= 0 or self._is_stopped:
                return
            # Seconds of the tape pass, and show, while it is quiet.
            await self._pace.sleep(min(wait / NS, 0.05))
            passed = int((self._pace.monotonic() - start_pace) * self.speed) + start_tape
            await self._seconds_until(min(passed, due))
            self._clock.set(min(passed, due))


def event_time(event: MarketEvent) -> int:
    """When we received it, ns; a bar counts at its end."""
    return event.ts + event.interval.ns if not isinstance(event, Quote | Trade | OrderBook) else event.received
