"""The chart of the selected instrument: past and present bars, what we hold and wait for, a crosshair that tickets and
alerts start from. It shows what it was given and says in a number what it would need; others ask for it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from math import pow

from core.domain.ids import InstrumentId
from core.domain.market import Bar, Interval, Phase
from core.trading.view import ChartRow, FillRow, Slice
from tui import format as f
from tui.chart.drawing import Drawing, Plan, Shown
from tui.chart.levels import Level, Mark, levels, marks
from tui.chart.series import Candle, Series
from tui.chart.studies import CHOICES, KINDS, Point, Study
from tui.chart.view import View
from tui.look import DOUBTFUL, Look, Named, symbol
from tui.picture import Picture
from tui.widgets.candles import Canvas
from tui.widgets.grid import Cell
from tui.widgets.parts import Part, part, spread
from tui.widgets.sheet import Sheet

WARMUP = 80
"""Bars left of the window that indicators need."""


class ChartPane(Sheet, can_focus=True):
    slices = (Slice.CHART, Slice.ORDERS, Slice.POSITIONS)
    title = "Chart"

    def __init__(self, look: Look) -> None:
        super().__init__(look.pens, id="chart")
        self._look = look
        self._row: ChartRow | None = None
        self._named: Named | None = None
        self._levels: list[Level] = []
        self._marks: list[Mark] = []
        self._fills: tuple[FillRow, ...] = ()
        self._drawing = Drawing(look)
        self.series: Series | None = None
        self.view = View()
        self.choice = 0
        self._studies = [Study(name) for name in CHOICES[0]]
        self.cursor_price: float | None = None
        """Of the price cursor; None while it rests."""
        self.trouble = ""
        """Why there are no bars, in words."""

    # ---- what it is given

    def begin(self, instrument: InstrumentId, interval: Interval, named: Named | None) -> None:
        """Another instrument or length of bar: everything anew."""
        self._named = named
        if self.series is None or self.series.instrument != instrument:
            self.cursor_price, self._fills, self._marks = None, (), []
        self.series = Series(instrument, interval)
        self._studies = [Study(study.name) for study in self._studies]
        self._row, self._levels, self.trouble = None, [], ""
        self.view.reset()
        self._drawing.reset()
        self.draw()

    def add(self, bars: Iterable[Bar], fills: Sequence[FillRow] | None = None) -> None:
        """Bars of the past, and our fills."""
        if self.series is None:
            return
        self.series.merge(bars)
        if fills is not None:
            self._fills = tuple(fills)
        self._marks = marks(self._fills, self.series.instrument)
        self.draw()

    def show(self, picture: Picture, now: int, dirty: set[str] | None = None) -> None:
        row, series = picture.chart, self.series
        if row is not None and series is not None and row.instrument == series.instrument:
            if row.interval is series.interval:
                series.merge(row.bars)
            self._row = row
            self._levels = levels(row, picture, self._look)
        self.draw()

    @property
    def wanted(self) -> int:
        """How many bars the window and its indicators need."""
        room = max(self.room_width, 20) // self.view.cells + self._panned
        return room * self.view.count + WARMUP

    @property
    def _panned(self) -> int:
        if self.view.edge is None or self.series is None or not self.series.bars:
            return 0
        return max(self.series.bars[-1].ts - self.view.edge, 0) // (self.series.interval.ns * self.view.count)

    # ---- what it says

    @property
    def subject(self) -> str:
        if self.series is None:
            return ""
        named = self._row or self._named
        name = symbol(named, self._look.language) if named else self.series.instrument.partition(":")[2]
        return f"{name} {self._look.word(self.series.interval.value)}"

    @property
    def facts(self) -> tuple[Cell, ...]:
        row, cells = self._row, []
        if row is not None and row.phase is Phase.HALTED:
            cells.append(Cell(f" {self._look.word('HALT')} ", "halted"))
        elif row is not None and row.freshness in DOUBTFUL:
            cells.append(Cell(f" {self._look.word(row.freshness.value)} ", "stale"))
        elif row is not None and row.phase is not Phase.OPEN:
            cells.append(Cell(f" {self._look.word(row.phase.value)} ", "text-dim"))
        word = self._look.word
        where = [self._look.say("{count} bars a column", count=self.view.count)] if self.view.count > 1 else []
        where += [word("earlier")] if self.view.edge is not None else []
        keys = f"[ ] {word('length')}  + - {word('zoom')}"
        return (*cells, Cell(" " * bool(cells) + "  ".join((*where, keys)), "text-dim"))

    # ---- moving

    def move_cursor(self, by: int) -> None:
        """The price cursor, by rows: down is cheaper. It starts at the last price."""
        scale, candles = self._drawing.scale, self.candles
        if scale is None or not candles:
            return
        if self.cursor_price is None:
            price = self._row.last if self._row is not None and self._row.last is not None else candles[-1].close
        else:
            row = min(max(scale.row(self.cursor_price) + by, 0), scale.rows - 1)
            price = self._on_tick(scale.price(row))
            if (price - self.cursor_price) * by >= 0:  # rows finer than a tick
                price = self.cursor_price - self._tick * (1 if by > 0 else -1)
        self.cursor_price = self._on_tick(price)
        self.draw()
        self.flush()

    def page(self, pages: float) -> None:
        rows = self._drawing.scale.rows if self._drawing.scale is not None else 4
        self.move_cursor(round(rows * pages / 2) or (1 if pages > 0 else -1))

    def cursor_to(self, place: int) -> None:
        """0: the oldest bar there is; else back to the newest, and follow it."""
        self.view.to_end(self.candles, self.columns, newest=place != 0)
        self._redraw()

    def move(self, by: int) -> bool:
        """The crosshair by columns; False at the oldest bar there is."""
        moved = self.view.move_cursor(self.candles, self.columns, by)
        self._redraw()
        return moved

    def pan(self, screens: float) -> bool:
        """The window by parts of itself; False when there is nothing more."""
        by = round(self.columns * screens) or (1 if screens > 0 else -1)
        moved = self.view.pan(self.candles, self.columns, by)
        self._redraw()
        return moved

    def zoom(self, by: int) -> bool:
        changed = self.view.change_zoom(by)
        self._redraw()
        return changed

    def choose_studies(self) -> tuple[str, ...]:
        """The next choice of indicators; returns their names."""
        self.choice = (self.choice + 1) % len(CHOICES)
        self._studies = [Study(name) for name in CHOICES[self.choice]]
        self._redraw()
        return CHOICES[self.choice]

    def rest(self) -> bool:
        """The cursors back to where they rest; False when they did."""
        rested = self.cursor_price is None and self.view.cursor is None and self.view.edge is None
        self.cursor_price = None
        if not rested:
            self.cursor_to(-1)
        return not rested

    def _redraw(self) -> None:
        self._drawing.reset()
        self.draw()
        self.flush()

    def _on_tick(self, price: float) -> float:
        """As near as a float comes; the ticket makes it exact."""
        return round(round(price / self._tick) * self._tick, 12)

    # ---- drawing

    @property
    def candles(self) -> list[Candle]:
        return self.series.candles(self.view.count) if self.series is not None else []

    @property
    def columns(self) -> int:
        """Candles that fit."""
        return max((self.room_width - self._edge) // self.view.cells, 1)

    @property
    def _edge(self) -> int:
        """Cells of the price axis: the widest price it may have to show, and air."""
        recent = self.candles[-300:]
        prices = [level.price for level in self._levels]
        if recent:
            prices += [max(bar.high for bar in recent) * 1.2, min(bar.low for bar in recent) * 1.2]
        return 2 + max((len(f.price(price, self._decimals)) for price in prices), default=8)

    @property
    def _decimals(self) -> int:
        return self._row.decimals if self._row is not None else 0

    @property
    def _tick(self) -> float:
        return self._row.tick if self._row is not None else pow(10, -self._decimals)

    def draw(self) -> None:
        """Put all rows from what is known. Rows that read as before are not written again."""
        width, height = self.room_width, self.room_height
        if width < 20 or height < 3:
            return
        candles = self.candles
        if not candles:
            self.put_lines(self._without())
            return
        first, end = self.view.window(candles, self.columns)
        place = self.view.cursor_place(candles)
        points = self._points(first, end)
        has_foot = bool(points) and height >= 12
        shown = Shown(
            candles[first:end],
            points,
            self._levels,
            self._marks,
            self.view.cells,
            candles_span(self.series, self.view.count),
            self._decimals,
            self._tick,
            place - first if self.view.cursor is not None else -1,
            self.cursor_price,
            self._edge,
        )
        canvas, _ = self._draw(shown, width, height - 1 - has_foot)
        lines = [self._header(candles[place], width)]
        lines += [canvas.row(y) for y in range(canvas.height)]
        if has_foot:
            lines.append(self._foot(points, place - first, width))
        self.put_lines(lines)

    def _draw(self, shown: Shown, width: int, height: int) -> tuple[Canvas, Plan]:
        return self._drawing.draw(shown, width, height)

    def _points(self, first: int, end: int) -> dict[str, Sequence[Point]]:
        """Of each study the figures at the end of each column shown."""
        series = self.series
        if series is None:
            return {}
        candles, bars = self.candles, series.bars
        if self.view.count == 1:
            near: dict[str, Sequence[Point]] = {s.name: s.points(series)[first:end] for s in self._studies}
            return near
        places, at = [], 0
        for candle in candles[first:end]:
            until = candle.ts - candle.ts % candles_span(series, self.view.count)
            until += candles_span(series, self.view.count)
            while at < len(bars) and bars[at].ts < until:
                at += 1
            places.append(at - 1)
        found: dict[str, Sequence[Point]] = {}
        for study in self._studies:
            all_points = study.points(series)
            found[study.name] = [all_points[place] for place in places]
        return found

    def _header(self, bar: Candle, width: int) -> list[Cell]:
        """The bar under the crosshair, or the newest one."""
        word, decimals = self._look.word, self._decimals
        when = self._look.zone.moment(bar.ts)[5:16] if self.view.cursor is not None else ""
        change = f.percent(bar.close / bar.open - 1) if bar.open else f.MISSING
        lead = [part(f" {when}", "accent")] if when else [part("")]
        figures = (("O", bar.open, 4), ("H", bar.high, 2), ("L", bar.low, 2), ("C", bar.close, 0))
        for name, value, drop in figures:
            lead.append(_figure(word(name), f.price(value, decimals), drop))
        lead.append(part(change, f.direction(bar.close - bar.open), 3))
        return spread(width, [*lead, _figure(word("VOL"), f.compact(bar.volume, 1, 10_000), 1)])

    def _foot(self, points: dict[str, Sequence[Point]], at: int, width: int) -> list[Cell]:
        """The figures of the indicators at the crosshair."""
        parts = [part("")]
        for name, found in points.items():
            point = found[at] if 0 <= at < len(found) else (found[-1] if found else ())
            for rank, (line, value) in enumerate(zip(KINDS[name].lines, point, strict=True)):
                decimals = 1 if name == "rsi" else self._decimals + (name == "macd")
                parts.append(_figure(line, f.number(value, decimals), 1 + rank))
        return spread(width, parts)

    def _without(self) -> list[list[Cell]]:
        look = self._look
        if self.series is None:
            return [[Cell(" " + look.word("No symbol is selected. Press / to find one."), "text-dim")]]
        interval = look.word(self.series.interval.value)
        lines = [[Cell(" " + look.say("No bars of {interval} yet.", interval=interval), "text-dim")]]
        reason = self.trouble or look.word("They are drawn as the market trades.")
        lines.append([Cell(" " + reason, "text-dim")])
        keys = look.word("another length of bar")
        return [*lines, [Cell(" "), Cell("[ ]", "key"), Cell(f" {keys}", "text-dim")]]


def candles_span(series: Series | None, count: int) -> int:
    """Nanoseconds a column."""
    return (series.interval.ns if series is not None else f.NS) * count


def _figure(label: str, value: str, drop: int) -> Part:
    return Part((Cell(f"{label} ", "text-dim"), Cell(value, "faint" if value == f.MISSING else "strong")), drop)
