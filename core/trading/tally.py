"""What the tape said of one instrument today, as far as this feed saw it: open, high, low, volume, average. A print
costs two comparisons and two additions; what was traded before we listened is not in it, and `is_whole` says so."""

from __future__ import annotations

_HUGE = 1e30


class Tally:
    """`add` every print of a session. `is_whole`: counted from the session's first print, without a gap."""

    __slots__ = ("high", "is_whole", "low", "open", "value", "volume")

    def __init__(self, *, is_whole: bool = False) -> None:
        self.is_whole = is_whole
        self.open = 0.0
        """Price of the first print; 0 while there is none."""
        self.high = 0.0
        self.low = 0.0
        self.volume = 0.0
        self.value = 0.0
        """Sum of price x size."""

    def add(self, price: float, size: float) -> None:
        value = price * size
        if not 0.0 < value < _HUGE:  # NaN, nothing, and what no market trades: no print to count
            return
        if price > self.high:
            if not self.open:
                self.open = self.low = price
            self.high = price
        elif price < self.low:
            self.low = price
        self.volume += size
        self.value += value

    @property
    def average(self) -> float | None:
        """Volume-weighted; None before the first print."""
        return self.value / self.volume if self.volume else None
