"""Bars of this moment, for whoever looks: of every instrument and interval on some face's chart the bar that forms and
those that closed a moment ago. The past is asked of the venue and the archive; nothing here is kept for long."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable

from core.domain.ids import InstrumentId
from core.domain.market import Bar, Interval, Quote, Trade
from core.trading.bars import BarBuilder

ChartKey = tuple[InstrumentId, Interval]
CLOSED_KEPT = 4
"""Closed bars that are told again with the forming one: a face that missed a few pictures still has them all."""


class Chart:
    """One builder and what it closed last."""

    __slots__ = ("builder", "closed")

    def __init__(self, instrument: InstrumentId, interval: Interval) -> None:
        self.builder = BarBuilder(instrument, interval)
        self.closed: deque[Bar] = deque(maxlen=CLOSED_KEPT)

    def trade(self, trade: Trade) -> None:
        self.builder.from_quotes = False
        self._keep(self.builder.add(trade))

    def quote(self, quote: Quote, *, has_trades: bool) -> None:
        self.builder.from_quotes = not has_trades
        self._keep(self.builder.add_quote(quote))

    def tick(self, now: int) -> None:
        self._keep(self.builder.tick(now))

    def _keep(self, bar: Bar | None) -> None:
        if bar is not None:
            self.closed.append(bar)

    @property
    def bars(self) -> tuple[Bar, ...]:
        """Oldest first; the last one may be forming."""
        forming = self.builder.forming
        return tuple(self.closed) if forming is None else (*self.closed, forming)


class Charts:
    """`of` is what the engine's fast road looks up: one missed look-up for an instrument on nobody's chart."""

    def __init__(self) -> None:
        self.of: dict[InstrumentId, tuple[Chart, ...]] = {}
        self._charts: dict[ChartKey, Chart] = {}

    def look(self, keys: Iterable[ChartKey]) -> None:
        """These are looked at from now on, and no others. Who is looked at already goes on."""
        self._charts = {key: self._charts.get(key) or Chart(*key) for key in keys}
        self.of.clear()
        for (id, _), chart in self._charts.items():
            self.of[id] = (*self.of.get(id, ()), chart)

    def seed(self, bar: Bar) -> None:
        """A venue told how far the forming bar has come."""
        chart = self._charts.get((bar.instrument, bar.interval))
        if chart is not None and not bar.is_closed:
            chart.builder.seed(bar)

    def tick(self, now: int) -> None:
        for chart in self._charts.values():
            chart.tick(now)

    def bars(self, key: ChartKey) -> tuple[Bar, ...]:
        chart = self._charts.get(key)
        return () if chart is None else chart.bars
