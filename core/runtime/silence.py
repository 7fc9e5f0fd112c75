"""What falls silent, and what becomes of it: a part that does not move is started anew, a feed that ended is read anew
before its gate opens, and after a sleep nothing that was known before counts. How late it is each part says itself, and
watch.py asks."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import msgspec

from core.domain.events import Event, FeedChanged, Noticed
from core.domain.market import NS, Freshness
from core.ports import Clock, Journal
from core.runtime.crew import Crew
from core.runtime.scribe import Scribe
from core.runtime.watch import LATE_NS, Sentry, Watch
from core.trading.state import State

FEED = "feed "
"""What the name of a task begins with that follows a broker."""
_THREAD, _SENTRY = "journal thread", "sentry"
Late = Callable[[int], int]
"""Given the monotonic time, by how much a part is behind, ns."""


class Silence:
    def __init__(
        self, state: State, clock: Clock, feed: Callable[[Event], object], journal: Journal, scribe: Scribe
    ) -> None:
        self._state = state
        self._clock = clock
        self._feed = feed
        self._journal = journal
        self._scribe = scribe
        self.crew: Crew
        self.watch = Watch(clock, self._silent)
        self.sentry: Sentry | None = None

    def keep(self, parts: Iterable[tuple[str, Late]]) -> None:
        """Who is looked after by the second, and by whom: the watch by a thread, the thread by the watch."""
        self.sentry = sentry = Sentry(
            self._clock,
            self.watch.look_at_itself,
            lambda seconds: self._alarm(f"the engine stood still for {seconds:.1f} s"),
        )
        for name, late in (*parts, (_THREAD, self._thread_late), (_SENTRY, sentry.late)):
            self.watch.part(name, late)
        self.crew.start("watch", self.watch.keep)

    def end(self) -> None:
        """Nobody is to be missed from here on."""
        if self.sentry is not None:
            self.sentry.end()

    def _thread_late(self, _: int) -> int:
        return 2 * LATE_NS if self._journal.fallen and not self._scribe.problem else 0

    def _alarm(self, text: str) -> None:
        self._feed(Noticed(ts=self._clock.now(), level="error", kind="ENGINE", text=text))

    def fell(self, name: str) -> None:
        """A task was gone, and is started anew. A line whose feed was gone is read anew before its gate opens."""
        if name.startswith(FEED):
            self._down(name.removeprefix(FEED), "its feed had ended")
        self._alarm(f"a part of the engine had ended and was started anew: {name}")

    def _down(self, broker: str, text: str) -> None:
        self._feed(FeedChanged(ts=self._clock.now(), broker=broker, is_connected=False, text=text))

    def _silent(self, name: str, by: int) -> None:
        """A part does not move: it is started anew, unless it is the journal that it waits for."""
        if name == _THREAD:
            self._scribe.fallen(self._journal.fallen)
        elif name == _SENTRY:
            self._alarm("nobody looks any more whether the engine stands still: stop hoga and start it again")
        elif name != "journal" or not self._scribe.silent(by):
            self._alarm(f"a part of the engine has not moved for {by / NS:.1f} s and is started anew: {name}")
            self.crew.again(name)

    def slept(self, brokers: Iterable[str], seconds: float) -> None:
        """What was known before says nothing about now: gates shut at once, quotes are old, and each line is opened
        anew, which reads its accounts before it opens their gates."""
        why = f"hoga stood still for {seconds:.0f} s"
        for name in brokers:
            if self.crew.again(f"{FEED}{name}", is_told=False):
                self._down(name, why)
        for quote in list(self._state.quotes.values()):
            if quote.freshness in (Freshness.LIVE, Freshness.POLLED):
                self._feed(msgspec.structs.replace(quote, freshness=Freshness.STALE))
        told = f"{why}: quotes are old, and every account is read anew before anything is sent"
        self._feed(Noticed(ts=self._clock.now(), level="warning", kind="CLOCK", text=told))
