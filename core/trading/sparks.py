"""The shape of the last hour, instrument by instrument: one close a minute, thinned to as many points as a screen has
cells for it. It looks at prices once a minute and never at a tick."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable

from core.domain.ids import InstrumentId
from core.domain.market import NS
from core.trading.market import is_price
from core.trading.state import State

MINUTES = 60
POINTS = 10
"""As many as are shown: each quote row that goes over a socket carries them."""


class Sparks:
    """`shapes` maps instruments to closes, oldest first; the same tuples until the next minute."""

    def __init__(self) -> None:
        self.shapes: dict[InstrumentId, tuple[float, ...]] = {}
        self._closes: dict[InstrumentId, deque[float]] = {}
        self._minute = -1

    def sample(self, state: State, instruments: Iterable[InstrumentId], now: int) -> None:
        """Call as often as you like; the first call of a minute takes the price of each instrument."""
        minute = now // (60 * NS)
        if minute == self._minute:
            return
        self._minute = minute
        for id in instruments:
            trade = state.trades.get(id)
            last = trade.price if trade is not None else state.mark_float(id)
            if last is None or not is_price(last):
                continue
            closes = self._closes.setdefault(id, deque(maxlen=MINUTES))
            closes.append(last)
            self.shapes[id] = thinned(tuple(closes), POINTS)


def thinned(values: tuple[float, ...], points: int) -> tuple[float, ...]:
    """At most so many of the values, evenly spread, the first and the newest among them."""
    count = len(values)
    if count <= points:
        return values
    return tuple(values[i * (count - 1) // (points - 1)] for i in range(points))
