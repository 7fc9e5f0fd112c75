"""What the machine does to trading: a clock that jumps, a process that was stopped, a disk that fills up. The gate is
told."""

from __future__ import annotations

from collections.abc import Callable

from core.domain.events import Event, Noticed
from core.domain.market import NS
from core.ports import Clock, Journal
from core.trading.gate import Gate

STRAIGHT_NS = 60 * NS
ASLEEP_NS = 5 * NS
"""Nobody looked at the clock for longer: the process was stopped, or the machine and its steady clock slept."""


class Vitals:
    def __init__(
        self,
        gate: Gate,
        journal: Journal,
        clock: Clock,
        feed: Callable[[Event], object],
        free_mb: Callable[[], float] | None,
        min_free_mb: float,
    ) -> None:
        self._gate = gate
        self._journal = journal
        self._clock = clock
        self._feed = feed
        self._free_mb = free_mb
        self.min_free_mb = min_free_mb
        self._shortness = 0
        """Of disk: 1 too little for orders, 2 the journal lives on what was kept back."""
        self._clocks: tuple[int, int] | None = None
        self._straight_since = 0
        self._slept: Callable[[float], object] | None = None

    def expect_seconds(self, slept: Callable[[float], object]) -> None:
        """From now on somebody looks each second; `slept` is told for how many nobody did."""
        self._slept = slept
        self._clocks = self._clock.now(), self._clock.monotonic()

    def look_at_clock(self) -> None:
        """The wall clock against the one that nobody sets. After a jump no day begins and nothing new is sent, until
        it has run straight for a minute: a wrong date must not forgive the day's loss."""
        gate, now, monotonic = self._gate, self._clock.now(), self._clock.monotonic()
        before, self._clocks = self._clocks or (now, monotonic), (now, monotonic)
        jump = (now - before[0]) - (monotonic - before[1])
        if abs(jump) >= NS:
            # The farthest it was: a clock that is set back again may be set a third time.
            gate.clock_offset = max(gate.clock_offset + jump / NS, gate.clock_offset, key=abs)
            self._straight_since = monotonic
            limit = gate.limits.max_clock_offset_seconds
            if limit is None or abs(gate.clock_offset) <= limit:
                text = f"the clock jumped by {jump / NS:+.1f} s"
            else:
                text = f"the clock jumped by {jump / NS:+.1f} s: no new exposure until it has run straight for a minute"
            self._feed(Noticed(ts=now, level="warning", kind="CLOCK", text=text))
        elif gate.clock_offset and monotonic - self._straight_since >= STRAIGHT_NS:
            gate.clock_offset = 0.0
        gap = max(now - before[0], monotonic - before[1])
        if self._slept is not None and gap > ASLEEP_NS:
            self._slept(gap / NS)

    def free_mb(self) -> float | None:
        """Free disk where the journal lies; None where nobody looks."""
        try:
            return None if self._free_mb is None else self._free_mb()
        except OSError:
            return 0.0

    def look_at_disk(self) -> None:
        """Refuse new orders while there is still room to journal their cancels. What a refusal says is of this second;
        it is told once."""
        free, text = self.free_mb(), self._journal.shortage
        shortness = 2 if text else int(free is not None and free < self.min_free_mb)
        if shortness == 1:
            text = f"low disk: only {free or 0:.0f} MB free, {self.min_free_mb:g} MB are needed"
        elif text and free is not None and free < self.min_free_mb:
            text = f"{text}; orders want {self.min_free_mb:g} MB"
        self._gate.disk_problem = text
        if shortness == self._shortness:
            return
        self._shortness = shortness
        told = "there is room on the disk again"
        if text:
            told = f"{text}. New orders are refused; cancels, panic and fills go on. Make room: orders then pass again"
        self._feed(Noticed(ts=self._clock.now(), level="error" if text else "info", kind="DISK", text=told))
