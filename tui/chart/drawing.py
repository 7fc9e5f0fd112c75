"""A chart put on a canvas: candles, volumes, indicators, levels, fills, axes, crosshair. It is told everything and
keeps only what makes the next picture cheap: the scales, which change when they must and not with every tick."""

from __future__ import annotations

from collections.abc import Container, Sequence
from typing import NamedTuple

from tui import format as f
from tui.chart.levels import Level, Mark
from tui.chart.series import Candle
from tui.chart.studies import KINDS, Point
from tui.look import Look
from tui.widgets.candles import Canvas, Scale, axis, block, candle, scale_of

_LINE_PENS = ("text-dim", "spark", "text-dim")


class Plan(NamedTuple):
    """Rows of the parts, counted from above: candles, volumes, the time axis, panels of indicators."""

    width: int
    """Columns of cells left for candles."""
    prices: int
    volumes: int
    panel: int
    """Rows of each panel, 0 without."""

    @property
    def axis_row(self) -> int:
        return self.prices + self.volumes


def plan_of(width: int, height: int, axis_width: int, panels: int) -> Plan:
    """How `height` rows are shared. When it is low the panels go first, then the volumes."""
    room = width - axis_width
    panel = 0 if not panels or height < 14 else max(height // 8, 3)
    volumes = 0 if height < 9 else max(height // 7, 1)
    return Plan(room, max(height - 1 - volumes - panel * panels, 1), volumes, panel)


class Shown(NamedTuple):
    """Everything that is on the chart."""

    candles: Sequence[Candle]
    """Those in the window."""
    points: dict[str, Sequence[Point]]
    """Study -> one point a candle in the window."""
    levels: Sequence[Level]
    marks: Sequence[Mark]
    cells: int
    """Cells a candle."""
    span: int
    """Nanoseconds a candle."""
    decimals: int
    tick: float
    cursor: int
    """Place of the crosshair in the window, -1 outside."""
    price: float | None
    """Of the price cursor."""
    edge: int
    """Cells of the price axis."""


class Drawing:
    def __init__(self, look: Look) -> None:
        self._look = look
        self.scale: Scale | None = None
        self.most = 0.0
        """The volume that fills its strip."""

    def reset(self) -> None:
        """Another series or view: the scales begin anew."""
        self.scale, self.most = None, 0.0

    def draw(self, shown: Shown, width: int, height: int) -> tuple[Canvas, Plan]:
        panels = [name for name in shown.points if KINDS[name].panel]
        lows, highs = [c.low for c in shown.candles], [c.high for c in shown.candles]
        plan = plan_of(width, height, shown.edge, len(panels))
        self._rescale(min(lows), max(highs), max(c.volume for c in shown.candles), plan, shown)
        ink: Container[str] = self._look.pens.ink
        canvas = Canvas(width, height, ink)
        self._levels(canvas, plan, shown)
        self._overlays(canvas, plan, shown)
        self._candles(canvas, plan, shown)
        self._marks(canvas, plan, shown)
        self._prices(canvas, plan, shown)
        self._labels(canvas, plan, shown)
        self._times(canvas, plan, shown)
        for number, name in enumerate(panels):
            self._panel(canvas, plan, shown, name, plan.axis_row + 1 + number * plan.panel)
        self._cursor(canvas, plan, shown)
        return canvas, plan

    def _rescale(self, low: float, high: float, most: float, plan: Plan, shown: Shown) -> None:
        scale = self.scale
        if scale is None or scale.rows != plan.prices or not scale.fits(low, high):
            self.scale = scale_of(low, high, plan.prices, shown.tick)
        if not self.most * 0.5 <= most <= self.most:
            self.most = most * 1.1

    def _x(self, place: int, cells: int) -> int:
        return place * cells

    def _candles(self, canvas: Canvas, plan: Plan, shown: Shown) -> None:
        scale = self._scale
        for place, bar in enumerate(shown.candles):
            x = self._x(place, shown.cells)
            pen = "up" if bar.close > bar.open else "down" if bar.close < bar.open else "flat"
            for y, glyph in candle(bar, scale):
                canvas.put(x, y, glyph, pen)
            for y, glyph in block(bar.volume, self.most, plan.volumes):
                canvas.put(x, plan.prices + y, glyph, "rule")

    @property
    def _scale(self) -> Scale:
        assert self.scale is not None  # noqa: S101 - draw() sets it first
        return self.scale

    def _overlays(self, canvas: Canvas, plan: Plan, shown: Shown) -> None:
        scale = self._scale
        for name, points in shown.points.items():
            if KINDS[name].panel:
                continue
            for place, point in enumerate(points):
                for line, value in enumerate(point):
                    if value is not None and scale.has(value):
                        y, glyph = scale.quarter(value)
                        canvas.put(self._x(place, shown.cells), y, glyph, _LINE_PENS[line % len(_LINE_PENS)])

    def _levels(self, canvas: Canvas, plan: Plan, shown: Shown) -> None:
        for level in shown.levels:
            if level.label and self._scale.has(level.price):  # the last price moves too often for a line
                y = self._scale.row(level.price)
                for x in range(plan.width):
                    canvas.put(x, y, "┄", "rule")

    def _marks(self, canvas: Canvas, plan: Plan, shown: Shown) -> None:
        if not shown.candles:
            return
        places = {bar.ts: place for place, bar in enumerate(shown.candles)}
        for mark in shown.marks:
            place = places.get(mark.ts - mark.ts % shown.span)
            if place is not None and self._scale.has(mark.price):
                is_buy = mark.side.value == "buy"
                y = self._scale.row(mark.price)
                canvas.put(self._x(place, shown.cells), y, f.UP if is_buy else f.DOWN, "buy" if is_buy else "sell")

    def _prices(self, canvas: Canvas, plan: Plan, shown: Shown) -> None:
        scale = self._scale
        taken: set[int] = set()
        for level in shown.levels:
            y = scale.row(level.price)
            if y not in taken and (scale.has(level.price) or level.label):
                taken.add(y)
                self._tag(canvas, plan, y, f.price(level.price, shown.decimals), level.tag)
        for price in axis(scale, shown.tick):
            y = scale.row(price)
            if y not in taken and scale.has(price):
                self._tag(canvas, plan, y, f.price(price, shown.decimals), "text-dim")

    def _tag(self, canvas: Canvas, plan: Plan, y: int, price: str, pen: str) -> None:
        room = canvas.width - plan.width
        canvas.write(plan.width, y, f.fit(f" {price} ", room, "right", number=True), pen)

    def _labels(self, canvas: Canvas, plan: Plan, shown: Shown) -> None:
        """Where a level lies off the scale its label sticks to the edge, with an arrow."""
        ends: dict[int, int] = {}
        for level in shown.levels:
            if not level.label:
                continue
            y = self._scale.row(level.price)
            arrow = "" if self._scale.has(level.price) else f"{f.UP if level.price > self._scale.high else f.DOWN} "
            ends[y] = canvas.write(ends.get(y, 0), y, f" {arrow}{level.label} ", level.pen)

    def _times(self, canvas: Canvas, plan: Plan, shown: Shown) -> None:
        """A date where the day changes, else the time; a mark where trading paused."""
        zone, y, free = self._look.zone, plan.axis_row, 0
        before: Candle | None = None
        is_days = shown.span >= 86_400 * f.NS
        for place, bar in enumerate(shown.candles):
            x = self._x(place, shown.cells)
            is_new = before is not None and zone.day(bar.ts) != zone.day(before.ts)
            is_break = before is not None and bar.ts - before.ts > max(10 * shown.span, 1800 * f.NS)
            before = bar
            if is_break and x < plan.width:
                canvas.put(x, y, "┊", "rule")
            day = zone.day(bar.ts)
            text = day[5:] if is_new or is_days else zone.minute(bar.ts)
            is_round = is_new or (bar.ts // shown.span) % _every(shown.cells, len(text)) == 0
            if is_round and x >= free and x + len(text) <= plan.width:
                free = canvas.write(x, y, text, "text" if is_new and not is_days else "text-dim") + 2

    def _panel(self, canvas: Canvas, plan: Plan, shown: Shown, name: str, top: int) -> None:
        values = [value for point in shown.points[name] for value in point if value is not None]
        kind = KINDS[name]
        if not values or not plan.panel:
            return
        low, high = (0.0, 100.0) if name == "rsi" else (min(values), max(values))
        if high <= low:
            low, high = low - 1, high + 1
        scale = Scale(low, high, plan.panel)
        for guide in kind.guides:
            if scale.has(guide):
                for x in range(plan.width):
                    canvas.put(x, top + scale.row(guide), "┄", "rule")
                canvas.write(plan.width + 1, top + scale.row(guide), f"{guide:g}", "faint")
        for place, point in enumerate(shown.points[name]):
            for line, value in reversed(list(enumerate(point))):
                if value is not None:
                    y, glyph = scale.quarter(value)
                    canvas.put(self._x(place, shown.cells), top + y, glyph, "text" if not line else "spark")
        canvas.write(0, top, f" {kind.lines[0]} ", "text-dim")

    def _cursor(self, canvas: Canvas, plan: Plan, shown: Shown) -> None:
        x = self._x(shown.cursor, shown.cells)
        if 0 <= shown.cursor < len(shown.candles) and x < plan.width:
            for y in range(plan.axis_row):
                if canvas.at(x, y) in (" ", "┄"):
                    canvas.put(x, y, "┊", "faint")
            text = self._look.zone.minute(shown.candles[shown.cursor].ts)
            if shown.span >= 86_400 * f.NS:
                text = self._look.zone.day(shown.candles[shown.cursor].ts)[5:]
            text = f" {text} "
            canvas.write(min(max(x - 1, 0), plan.width - len(text)), plan.axis_row, text, "accent")
        if shown.price is not None and self._scale.has(shown.price):
            y = self._scale.row(shown.price)
            for x in range(plan.width):
                if canvas.at(x, y) in (" ", "┊"):
                    canvas.put(x, y, "┈", "faint")
            self._tag(canvas, plan, y, f.price(shown.price, shown.decimals), "selection-text")
            canvas.put(plan.width, y, "›", "accent")


def _every(cells: int, wide: int) -> int:
    """A label every so many columns, so that they do not touch."""
    least = (wide + 4) / cells
    return next(every for every in (1, 2, 5, 6, 10, 12, 15, 20, 30, 60) if every >= least)
