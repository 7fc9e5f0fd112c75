"""Drawing bars with characters: price to half cells, bars to candles, volumes to blocks, round prices for an axis, and
the canvas it is all put on. Pure arithmetic on floats; it knows no instrument and no screen."""

from __future__ import annotations

from collections.abc import Container, Iterator
from math import ceil, floor, isfinite, log10, pow
from typing import NamedTuple

from tui import format as f
from tui.chart.series import Candle
from tui.widgets.lines import Cell

_NONE, _WICK, _BODY = 0, 1, 2
GLYPHS = {
    (_BODY, _BODY): "┃",
    (_WICK, _WICK): "│",
    (_WICK, _BODY): "╽",
    (_BODY, _WICK): "╿",
    (_NONE, _BODY): "╻",
    (_BODY, _NONE): "╹",
    (_NONE, _WICK): "╷",
    (_WICK, _NONE): "╵",
}
"""(upper half, lower half) of a cell."""
BLOCKS = " ▁▂▃▄▅▆▇█"
_DOTS = "⣀⠤⠒⠉"
"""A line's height in a cell, in quarters from below."""
_NICE = (1.0, 2.0, 2.5, 5.0, 10.0)


class Scale(NamedTuple):
    """Prices of a strip of `rows` rows."""

    low: float
    high: float
    rows: int

    def half(self, price: float) -> int:
        """The half cell of a price, counted from below; prices outside stand at the edge."""
        halves = 2 * self.rows
        return min(max(int((price - self.low) / (self.high - self.low) * halves), 0), halves - 1)

    def row(self, price: float) -> int:
        """The row of a price, counted from above."""
        return self.rows - 1 - self.half(price) // 2

    def quarter(self, price: float) -> tuple[int, str]:
        """Row, and the glyph of a line at this height in it."""
        quarters = 4 * self.rows
        at = min(max(int((price - self.low) / (self.high - self.low) * quarters), 0), quarters - 1)
        return self.rows - 1 - at // 4, _DOTS[at % 4]

    def price(self, row: int) -> float:
        """The price in the middle of a row."""
        return self.low + (self.rows - row - 0.5) / self.rows * (self.high - self.low)

    def has(self, price: float) -> bool:
        return self.low <= price <= self.high

    def fits(self, low: float, high: float) -> bool:
        """Do these prices stand well here: inside, and not lost in it?"""
        return self.low <= low and high <= self.high and (high - low) * 3 >= (self.high - self.low)


def nice_step(least: float, tick: float) -> float:
    """The smallest round step, a whole number of ticks, that is at least `least`."""
    tick = tick if isfinite(tick) and tick > 0 else 1.0
    if not isfinite(least) or least <= tick:
        return tick
    decade = pow(10, floor(log10(least)))
    for lift in range(4):
        for times in _NICE:
            step = times * decade * pow(10, lift)
            ticks = step / tick
            if step >= least * (1 - 1e-9) and abs(ticks - round(ticks)) <= 1e-6 * max(ticks, 1):
                return step
    return ceil(least / tick) * tick


def scale_of(low: float, high: float, rows: int, tick: float) -> Scale:
    """A scale with some air around `low` .. `high`, its ends on round prices so that it seldom has to change."""
    air = max((high - low) * 0.06, tick, abs(high) * 1e-9)
    grain = nice_step((high - low + 2 * air) / 16, tick)
    return Scale(floor((low - air) / grain) * grain, ceil((high + air) / grain) * grain, max(rows, 1))


def axis(scale: Scale, tick: float, every: int = 4) -> list[float]:
    """Round prices of the scale, about one in `every` rows, lowest first."""
    step = nice_step((scale.high - scale.low) / max(scale.rows / every, 1), tick)
    first = ceil(scale.low / step - 1e-9)
    last = floor(scale.high / step + 1e-9)
    return [number * step for number in range(first, last + 1)]


def candle(bar: Candle, scale: Scale) -> Iterator[tuple[int, str]]:
    """(row, glyph) of every cell a bar takes, from above. All lie between the rows of its high and its low."""
    top, bottom = scale.half(bar.high), scale.half(bar.low)
    body_top, body_bottom = scale.half(max(bar.open, bar.close)), scale.half(min(bar.open, bar.close))

    def part(half: int) -> int:
        if not bottom <= half <= top:
            return _NONE
        return _BODY if body_bottom <= half <= body_top else _WICK

    for cell in range(top // 2, bottom // 2 - 1, -1):
        yield scale.rows - 1 - cell, GLYPHS[part(2 * cell + 1), part(2 * cell)]


def block(volume: float, most: float, rows: int) -> Iterator[tuple[int, str]]:
    """(row, glyph) of a volume, from above, in a strip of `rows` rows. What was traded is never nothing."""
    eighths = round(volume / most * rows * 8) if most > 0 else 0
    eighths = min(max(eighths, 1 if volume > 0 else 0), rows * 8)
    for row in range(rows):
        part = min(max(eighths - 8 * (rows - 1 - row), 0), 8)
        if part:
            yield row, BLOCKS[part]


class Canvas:
    """Cells that can be written one by one, and read as rows of runs. `ink`: pens that do not show on blanks."""

    def __init__(self, width: int, height: int, ink: Container[str]) -> None:
        self.width, self.height = width, height
        self._ink = ink
        self._glyphs = [[" "] * width for _ in range(height)]
        self._pens = [["text"] * width for _ in range(height)]

    def put(self, x: int, y: int, glyph: str, pen: str) -> None:
        """One cell. Half of a wide character that loses its other half becomes a blank."""
        if not (0 <= x < self.width and 0 <= y < self.height):
            return
        row = self._glyphs[y]
        if not row[x] and x and glyph:
            row[x - 1] = " "
        if row[x] and x + 1 < self.width and not row[x + 1]:
            row[x + 1] = " "
        row[x], self._pens[y][x] = glyph, pen

    def at(self, x: int, y: int) -> str:
        return self._glyphs[y][x]

    def write(self, x: int, y: int, text: str, pen: str) -> int:
        """Text from `x` on, wide characters as two cells, cut at the edge; returns where it ended."""
        for character in text:
            wide = f.width(character)
            if wide == 0 or not 0 <= y < self.height or x + wide > self.width:
                continue
            self.put(x, y, character, pen)
            for spare in range(1, wide):
                self.put(x + spare, y, "", pen)
            x += wide
        return x

    def row(self, y: int) -> list[Cell]:
        """Neighbours of one pen as one piece; blanks take the pen at their left where it does not show."""
        glyphs, pens, ink = self._glyphs[y], self._pens[y], self._ink
        cells: list[Cell] = []
        start, pen = 0, pens[0] if pens else "text"
        for x in range(1, self.width):
            if pens[x] != pen and (glyphs[x] != " " or pen not in ink or pens[x] not in ink):
                cells.append(Cell("".join(glyphs[start:x]), pen))
                start, pen = x, pens[x]
        return [*cells, Cell("".join(glyphs[start:]), pen)] if self.width else []
