"""Valid prices as floats: the tick table of an instrument, fast enough for a market that makes thousands of prices a
second. Every price it gives is the float nearest to its decimal, so it compares equal to an order's price."""

from __future__ import annotations

from math import ceil, floor

from core.domain.instrument import TickTable

_EPSILON = 1e-9


class Ladder:
    """Rounding and stepping on one tick table."""

    __slots__ = ("_bands",)

    def __init__(self, ticks: TickTable) -> None:
        starts = [float(start) for start, _ in ticks.bands]
        ends = [*starts[1:], float("inf")]
        self._bands = [
            (start, end, float(step), max(0, -int(step.normalize().as_tuple().exponent)))
            for (start, end), (_, step) in zip(zip(starts, ends, strict=True), ticks.bands, strict=True)
        ]
        self._bands.reverse()

    def _band(self, price: float) -> tuple[float, float, float, int]:
        for band in self._bands:
            if price >= band[0]:
                return band
        return self._bands[-1]

    def step(self, price: float) -> float:
        """The tick at `price`."""
        return self._band(price)[2]

    def floor(self, price: float) -> float:
        """The highest valid price not above `price`, at least one tick."""
        _, _, step, digits = self._band(price)
        return round(max(floor(price / step + _EPSILON), 1) * step, digits)

    def ceil(self, price: float) -> float:
        """The lowest valid price not below `price`."""
        _, _, step, digits = self._band(price)
        return round(max(ceil(price / step - _EPSILON), 1) * step, digits)

    def move(self, price: float, ticks: int) -> float:
        """`price` (valid) moved by whole ticks, across bands; never below one tick."""
        while ticks > 0:
            _, end, step, digits = self._band(price)
            room = min(ticks, max(1, round((end - price) / step))) if end != float("inf") else ticks
            price = round(price + room * step, digits)
            ticks -= room
        while ticks < 0:
            start, _, step, digits = self._band(price)
            if price == start and start > 0:
                _, _, step, digits = self._band(price - _EPSILON * price)
                start = 0.0
            room = min(-ticks, max(1, round((price - max(start, step)) / step)))
            moved = round(price - room * step, digits)
            if moved <= 0:
                return price
            price = moved
            ticks += room
        return price

    def distance(self, low: float, high: float) -> int:
        """Whole ticks from `low` up to `high`, by the tick at `low`."""
        return round((high - low) / self.step(low))
