"""The chart's keys, and what it asks of the desk: bars of the past as far as they are looked at, and our fills. Nothing
is asked for while no chart is on the screen."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from core.domain.errors import HogaError
from core.domain.ids import InstrumentId
from core.domain.market import Interval
from core.domain.order import Side
from core.ports import Query
from core.trading.view import FillRow

if TYPE_CHECKING:
    from tui.app import HogaApp
    from tui.panes.chart import ChartPane

LENGTHS = tuple(Interval)
FILLS = 500
"""Own fills of an instrument that are marked, at most."""
REACH = 8
"""How many times farther back it is asked when a stretch of time held too few bars: nights, weekends, thin trading."""


class Charting:
    def __init__(self, app: HogaApp) -> None:
        self._app = app
        self.interval = Interval.M1
        self._key: tuple[InstrumentId, Interval] | None = None
        """What is followed now."""

    @property
    def _pane(self) -> ChartPane:
        return self._app.surface.chart

    def sync(self) -> None:
        """Follow what the chart on the screen shows; nothing when there is none."""
        app = self._app
        is_shown = "chart" in app.surface.visible and app.instrument is not None
        key = (app.instrument, self.interval) if is_shown and app.instrument is not None else None
        if key == self._key:
            return
        self._key = key
        if key is None:
            app.following.no("chart")
            app.following.no("bars")
            return
        self._pane.begin(*key, app.picture.quote(key[0]))
        app.following.chart(*key)
        self._load()

    def filled(self) -> None:
        """One of our orders was filled: mark it."""
        if self._key is not None:
            self._app.work(partial(self._ask_fills, self._key), "fills", exclusive=True)

    # ---- keys

    def shorter(self, _: str) -> None:
        self._change(-1)

    def longer(self, _: str) -> None:
        self._change(1)

    def _change(self, by: int) -> None:
        place = min(max(LENGTHS.index(self.interval) + by, 0), len(LENGTHS) - 1)
        self.interval = LENGTHS[place]
        self.sync()
        self._app.show_keys()

    def zoom_in(self, _: str) -> None:
        self._after(self._pane.zoom(-1))

    def zoom_out(self, _: str) -> None:
        self._after(self._pane.zoom(1))

    def back(self, _: str) -> None:
        self._after(self._pane.pan(-0.25))

    def forth(self, _: str) -> None:
        self._after(self._pane.pan(0.25))

    def cursor_left(self, _: str) -> None:
        self._after(self._pane.move(-1))

    def cursor_right(self, _: str) -> None:
        self._after(self._pane.move(1))

    def oldest(self, _: str) -> None:
        self._pane.cursor_to(0)
        self._after()

    def newest(self, _: str) -> None:
        self._pane.cursor_to(-1)
        self._after()

    def rest(self, _: str) -> None:
        """Esc: first the cursors go back, then what Esc does everywhere."""
        if not self._pane.rest():
            self._app.working.back("")
        self._app.show_keys()

    def indicators(self, _: str) -> None:
        names = self._pane.choose_studies()
        self._app.say("info", self._app.look.say("indicators: {names}", names=", ".join(names) or "-"))

    def ticket(self, _: str) -> None:
        """At the price under the cursor: a buy below the last price, a sell above it."""
        quote = self._app.picture.quote(self._app.instrument) if self._app.instrument is not None else None
        price = self._pane.cursor_price
        is_sell = price is not None and quote is not None and quote.last is not None and price > quote.last
        self._app.trading.ticket(Side.SELL if is_sell else Side.BUY)

    def _after(self, _: bool = True) -> None:
        """The view moved: perhaps it needs older bars, and the rule says where it is."""
        series = self._pane.series
        if series is not None and (not series.bars or len(series.bars) < self._pane.wanted or self._is_at_left()):
            self._load()
        self._app.show_keys()

    def _is_at_left(self) -> bool:
        pane = self._pane
        candles = pane.candles
        return bool(candles) and pane.view.window(candles, pane.columns)[0] == 0

    # ---- asking

    def _load(self) -> None:
        if self._key is not None:
            self._app.work(partial(self._ask_bars, self._key), "bars", exclusive=True)

    async def _ask_bars(self, key: tuple[InstrumentId, Interval]) -> None:
        """So many bars that the window is full, farther and farther back; then our fills among them."""
        app, pane = self._app, self._pane
        instrument, interval = key
        wanted = pane.wanted + (len(pane.series.bars) if pane.series is not None and self._is_at_left() else 0)
        now = app.desk.now()
        span = wanted * interval.ns
        try:
            for _ in range(REACH):
                found = await app.desk.bars(instrument, interval, max(now - span, 0), now + interval.ns)
                if key != self._key:
                    return
                before = len(pane.series.bars) if pane.series is not None else 0
                pane.add(found.bars)
                app.flush_soon()
                if len(found.bars) >= wanted or span > now or (before and len(found.bars) <= before):
                    break
                span *= 2
            pane.trouble = ""
        except (HogaError, OSError) as error:
            pane.trouble = str(error)
            pane.add(())
            app.flush_soon()
            return
        await self._ask_fills(key)

    async def _ask_fills(self, key: tuple[InstrumentId, Interval]) -> None:
        app = self._app
        try:
            page = await app.desk.history(Query(what="fills", limit=FILLS, instrument=key[0]))
        except (HogaError, OSError):
            return  # the chart stands without its marks
        if key == self._key:
            self._pane.add((), [row for row in page.rows if isinstance(row, FillRow)])
            app.flush_soon()
