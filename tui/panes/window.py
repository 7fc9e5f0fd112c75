"""Which prices stand on the rows of a ladder: every tick a row, highest first. It follows the market or stands still,
and never loses the cursor. Pure arithmetic on one tick table; it draws nothing and reads no clock."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from decimal import Decimal

from core.domain.instrument import TickTable

_NEAR = 1e-9
"""Floats closer than this part of each other are the same price."""


def column(ticks: TickTable, top: Decimal, count: int) -> list[Decimal]:
    """`count` prices downward from `top`, tick by tick over the borders of bands; fewer where zero comes first."""
    prices = [top] if count > 0 and top > 0 else []
    while 0 < len(prices) < count:
        below = ticks.move(prices[-1], -1)
        if below >= prices[-1]:
            break
        prices.append(below)
    return prices


class Window:
    """The prices now shown. `put` takes any falling prices; the other methods choose them on a tick table."""

    def __init__(self) -> None:
        self.prices: list[Decimal] = []
        self.is_locked = False
        self._floats: list[float] = []
        """The same prices rising, for a search."""
        self._places: dict[float, int] = {}

    def put(self, prices: Sequence[Decimal]) -> None:
        """These prices, highest first."""
        if prices != self.prices:
            self.prices = list(prices)
            self._floats = [float(price) for price in reversed(self.prices)]
            last = len(self.prices) - 1
            self._places = {value: last - place for place, value in enumerate(self._floats)}

    # ---- on a tick table

    def centre(self, ticks: TickTable, on: Decimal, count: int, keep: Decimal | None = None) -> None:
        """`on` in the middle; then as far aside as `keep` needs to stay in sight."""
        self.put(column(ticks, ticks.move(on, (count - 1) // 2), count))
        if keep is not None:
            self.reach(ticks, keep, count)

    def reach(self, ticks: TickTable, price: Decimal, count: int) -> None:
        """Scroll by as little as brings `price` into sight."""
        if not self.prices or price > self.prices[0]:
            self.put(column(ticks, price, count))
        elif price < self.prices[-1]:
            self.put(column(ticks, ticks.move(price, count - 1), count))

    def resize(self, ticks: TickTable, count: int) -> None:
        """Another number of rows below the same first one."""
        if self.prices and len(self.prices) != count:
            self.put(column(ticks, self.prices[0], count))

    def is_central(self, price: float) -> bool:
        """Does `price` lie in the middle third?"""
        count = len(self.prices)
        third = count // 3
        return bool(count) and self._floats[third] <= price <= self._floats[count - 1 - third]

    # ---- where a price stands

    def row(self, price: Decimal) -> int | None:
        """The row of exactly this price."""
        place = self._places.get(float(price))
        return place if place is not None and self.prices[place] == price else None

    def nearest(self, price: float, *, upward: bool) -> int | None:
        """The row where a size at `price` belongs: its own, or for a price between two rows the one farther from the
        market (`upward`: asks). None when it lies outside."""
        place = self._places.get(price)
        if place is not None:
            return place
        floats = self._floats
        if not floats or not 0 < price < float("inf"):
            return None
        at = bisect_left(floats, price)  # the first row not below it
        for near in (at - 1, at):
            if 0 <= near < len(floats) and abs(floats[near] - price) <= _NEAR * price:
                return len(floats) - 1 - near
        if not 0 < at < len(floats):
            return None
        return len(floats) - 1 - (at if upward else at - 1)

    def sizes(self, levels: Iterable[tuple[float, float]], *, upward: bool) -> dict[int, float]:
        """Row -> size, of all levels that can be seen and hold something."""
        found: dict[int, float] = {}
        for price, size in levels:
            if size > 0:
                place = self.nearest(price, upward=upward)
                if place is not None:
                    found[place] = found.get(place, 0.0) + size
        return found


class Scale:
    """The size a full bar stands for: the largest shown, held until that changes by a quarter."""

    def __init__(self) -> None:
        self.value = 0.0

    def fit(self, largest: float) -> float:
        if not 0.75 * self.value <= largest <= 1.25 * self.value:
            self.value = largest
        return self.value

    def eighths(self, size: float, cells: int) -> int:
        """Length of the bar of `size`, in eighths of a cell; at least one where there is something."""
        if not (self.value > 0 and size > 0 and cells > 0):
            return 0
        return max(min(round(size / self.value * cells * 8), cells * 8), 1)
