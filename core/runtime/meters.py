"""What the engine measures of itself while it works: rings of the newest latencies and a counter for each feed. A
figure costs an append; sorting is done by whoever looks."""

from __future__ import annotations

from collections import deque

from core.trading.systemview import Latency

KEPT = 1024


class Ring:
    """The newest `KEPT` figures of one kind of waiting, ns."""

    __slots__ = ("_values", "count", "name")

    def __init__(self, name: str) -> None:
        self.name = name
        self.count = 0
        self._values: deque[int] = deque(maxlen=KEPT)

    def add(self, ns: int) -> None:
        self.count += 1
        self._values.append(ns)

    def figures(self) -> Latency:
        ordered = sorted(self._values)
        if not ordered:
            return Latency(name=self.name)
        last = len(ordered) - 1
        return Latency(
            name=self.name,
            count=self.count,
            p50=ordered[last // 2],
            p99=ordered[round(last * 0.99)],
            max=ordered[last],
        )


class FeedMeter:
    """`count` is raised by the feed's loop; the rest is worked out once a second."""

    __slots__ = ("_before", "_before_at", "count", "last", "per_second", "reconnects", "since")

    def __init__(self) -> None:
        self.count = 0
        self.last = 0
        self.per_second = 0.0
        self.reconnects = -1
        """The first connect is none."""
        self.since = 0
        self._before = 0
        self._before_at = 0

    def second(self, now: int, monotonic: int) -> None:
        passed = (monotonic - self._before_at) / 1e9
        if self._before_at and passed > 0:
            self.per_second = (self.count - self._before) / passed
        if self.count != self._before:
            self.last = now
        self._before, self._before_at = self.count, monotonic


class Meters:
    def __init__(self, brokers: tuple[str, ...]) -> None:
        self.lag = Ring("loop lag")
        self.journal = Ring("ask to journal")
        self.permit = Ring("journal to wire")
        self.venue = Ring("wire to answer")
        self.feeds = {name: FeedMeter() for name in brokers}
        self.last_commit = 0

    @property
    def latencies(self) -> tuple[Latency, ...]:
        return self.journal.figures(), self.permit.figures(), self.venue.figures()
