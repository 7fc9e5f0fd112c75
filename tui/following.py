"""What the console follows of the desk: the whole picture, the quotes of one list, the book of the selected instrument
and, while they are on the screen, a chart's bars and the system's figures. It applies what comes and asks for a new
frame; it draws nothing and sends nothing."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Protocol, runtime_checkable

from core.domain.errors import HogaError
from core.domain.ids import InstrumentId
from core.domain.market import Interval
from core.trading.view import Interest, LogRow, Slice

if TYPE_CHECKING:
    from tui.app import HogaApp

UNREAD = frozenset({"alert", "warning", "error"})
"""Levels of log lines that are counted until somebody looks at the log."""
ON_DEMAND = frozenset({Slice.QUOTES, Slice.BOOK, Slice.CHART, Slice.TRACE, Slice.SYSTEM, Slice.RECON})
"""Slices that come for what is looked at alone."""


@runtime_checkable
class Returning(Protocol):
    """A desk whose engine may go away and come back (core/runtime/desk_attached.py)."""

    @property
    def is_up(self) -> bool: ...
    @property
    def silent_since(self) -> int | None: ...
    async def back(self) -> None: ...


class Following:
    def __init__(self, app: HogaApp) -> None:
        self._app = app

    def start(self) -> None:
        self._app.work(self._all, "follow")

    def book(self, instrument: InstrumentId) -> None:
        """The book of this instrument from now on, and of no other."""
        interest = Interest(slices=frozenset({Slice.BOOK}), instrument=instrument)
        self._app.work(partial(self._some, interest), "book", exclusive=True)

    def chart(self, instrument: InstrumentId, interval: Interval) -> None:
        """As `book`, for the bars of a chart."""
        interest = Interest(slices=frozenset({Slice.CHART}), instrument=instrument, interval=interval)
        self._app.work(partial(self._some, interest), "chart", exclusive=True)

    def trace(self, strategy: str) -> None:
        """As `book`, for why a strategy does what it does."""
        interest = Interest(slices=frozenset({Slice.TRACE}), strategy=strategy)
        self._app.work(partial(self._some, interest), "trace", exclusive=True)

    def quotes(self, watchlist: str, instrument: InstrumentId | None) -> None:
        """The quotes of this list, and of one instrument more; those of another list are forgotten."""
        self._app.picture.restart(Slice.QUOTES)
        interest = Interest(slices=frozenset({Slice.QUOTES}), watchlist=watchlist, instrument=instrument)
        self._app.work(partial(self._some, interest), "quotes", exclusive=True)

    def system(self) -> None:
        """The program's own figures, until `no("system")`."""
        self._app.work(partial(self._some, Interest(slices=frozenset({Slice.SYSTEM}))), "system", exclusive=True)

    def recon(self) -> None:
        """Ours against the venue's, until `no("recon")`."""
        self._app.work(partial(self._some, Interest(slices=frozenset({Slice.RECON}))), "recon", exclusive=True)

    def no(self, group: str) -> None:
        """Nobody looks at this (`chart`, ...) any more."""
        self._app.workers.cancel_group(self._app, group)

    async def _all(self) -> None:
        """Every slice that is not asked for by name, for as long as the desk talks; anew when it comes back."""
        app = self._app
        seen: int | None = None
        while True:
            reason = await self._until_lost(seen)
            app.armed.disarm("the desk is gone")
            if not isinstance(app.desk, Returning):
                app.say("error", f"the desk is gone ({reason}): figures stand still; leave with :q and start again")
                return
            app.picture.stand_still()
            app.flush_soon()
            text = f"NO ENGINE ({reason}): figures stand still, nothing can be sent; it is called again"
            if app.desk.silent_since is not None:
                at = app.look.zone.clock(app.desk.silent_since)
                text = f"the engine does not answer since {at}: figures stand still, only a panic is sent"
            app.say("error", text)
            await app.desk.back()
            seen = max((row.ts for row in app.picture.log()), default=None)
            app.picture.renew()
            app.asking.distrust()
            app.notices.withdraw(text)
            app.say("warning", "the engine is back and everything was read anew; open forms wait for another look")

    async def _until_lost(self, seen: int | None) -> str:
        """Apply what comes. Why it ended. `seen`: the time of the newest line of the log before the engine was gone."""
        app, is_first_log = self._app, True
        try:
            async for changed in app.desk.watch(Interest(slices=frozenset(Slice) - ON_DEMAND)):
                app.picture.apply(changed)
                if changed.slice is Slice.LOG:
                    lines = [r for r in changed.put if isinstance(r, LogRow)]
                    self._read_log(lines, is_first=is_first_log, seen=seen)
                    is_first_log = False
                app.flush_soon()
            return "it has ended"
        except (HogaError, OSError) as error:
            return str(error)

    async def _some(self, interest: Interest) -> None:
        desk = self._app.desk
        while True:
            try:
                async for changed in desk.watch(interest):
                    self._app.picture.apply(changed)
                    self._app.flush_soon()
                return
            except (HogaError, OSError):  # the other watch says so aloud
                if not isinstance(desk, Returning) or desk.is_up:
                    return
            await desk.back()

    def _read_log(self, rows: list[LogRow], *, is_first: bool, seen: int | None) -> None:
        """Fills, warnings and errors also come to the message line; what happened before we came is only in the log.
        What happened while the line was lost is told: by its time, for the numbers may have begun anew."""
        app = self._app
        last = app.picture.last_log
        fresh = sorted((row for row in rows if row.sequence > last), key=lambda row: row.sequence)
        missed = 0
        if fresh:
            app.picture.last_log = fresh[-1].sequence
            missed = fresh[-1].sequence - last - len(fresh)
        if is_first:
            rows = fresh = [row for row in fresh if seen is not None and row.ts > seen]
            missed = 0
        if not app.watching.is_log_shown:
            app.picture.unread += sum(row.level in UNREAD for row in rows)
        if fresh:
            app.notices.tell(fresh, missed)
            if any(row.level == "fill" for row in fresh):
                app.charting.filled()
