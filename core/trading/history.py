"""Ring buffers of floats that strategies read: the newest values of one series, newest first by index. Not storage:
it forgets what falls off its end, and holds market data only, never money."""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Iterator

from core.domain.errors import InvalidValue


class History:
    """The newest `capacity` values. `history[0]` is the newest, `history[1]` the one before.

    Values are kept oldest first in one flat array of twice the capacity, which slides back when it is full: so a
    window is one slice, and an append costs the same on average however large the capacity is.
    """

    __slots__ = ("_end", "_start", "_values", "capacity")

    def __init__(self, capacity: int, values: Iterable[float] = ()) -> None:
        if capacity < 1:
            raise InvalidValue(f"a history needs a capacity of at least 1, not {capacity}")
        self.capacity = capacity
        self._values = array("d", bytes(16 * capacity))
        self._start = 0
        self._end = 0
        for value in values:
            self.append(value)

    def append(self, value: float) -> None:
        end = self._end
        if end == 2 * self.capacity:
            kept = self.capacity - 1
            self._values[:kept] = self._values[end - kept : end]
            self._start, end = 0, kept
        elif end - self._start == self.capacity:
            self._start += 1
        self._values[end] = value
        self._end = end + 1

    def __len__(self) -> int:
        return self._end - self._start

    def __getitem__(self, age: int) -> float:
        """The value `age` steps back; raises IndexError beyond what is kept, and for a negative age."""
        if not 0 <= age < self._end - self._start:
            raise IndexError(f"only {len(self)} values are kept, there is none {age} back")
        return self._values[self._end - 1 - age]

    def __iter__(self) -> Iterator[float]:
        """Newest first."""
        return reversed(self._values[self._start : self._end])

    def latest(self, count: int | None = None) -> list[float]:
        """At most the newest `count` values (default: all), oldest first: ready for arithmetic and charts."""
        start = self._start if count is None else max(self._start, self._end - max(count, 0))
        return self._values[start : self._end].tolist()
