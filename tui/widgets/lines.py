"""Lines: the widget for free-form rows of cells (ticket, book, status), and what Grid is built on. It keeps one
ready strip a row and repaints only visible rows that changed. It holds no figures of its own and no timer: a pane
puts what it knows and calls `flush()`; nothing changed, nothing drawn.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import msgspec
from rich.segment import Segment
from textual.cache import FIFOCache
from textual.geometry import Region
from textual.strip import Strip
from textual.widget import Widget

from tui.format import fit, width
from tui.widgets.pens import Pens


class Cell(msgspec.Struct, frozen=True, gc=False):
    """A piece of text and the pen it is written with. Text from anywhere: it is cleaned before it is drawn."""

    text: str
    pen: str = "text"
    span: bool = False
    """In a grid: it runs over all columns behind it, whatever they hold."""


class RowStrip(Strip):
    """A strip as wide as its widget. Textual's makes eight caches for each; this makes them when they are asked for,
    which for a row that no other widget overlaps is never."""

    def __init__(self, segments: list[Segment], cell_length: int) -> None:
        self._segments = segments
        self._cell_length = cell_length
        self._render_cache = None
        self._link_ids = None
        self._cell_count = None

    def __getattr__(self, name: str) -> Any:
        if name.endswith("_cache"):  # a slot not filled yet
            cache: FIFOCache[Any, Any] = FIFOCache(4)
            setattr(self, name, cache)
            return cache
        raise AttributeError(name)

    def divide(self, cuts: Iterable[int]) -> Sequence[Strip]:
        places = list(cuts)
        return [self] if places == [self._cell_length] else super().divide(places)


class OverStrip(RowStrip):
    """A row of words over other widgets. The compositor cuts it wherever one of them begins or ends, and a letter of
    two cells that is cut is lost: it moves on by a cell instead."""

    def divide(self, cuts: Iterable[int]) -> Sequence[Strip]:
        places, room = list(cuts), self.cell_length
        return RowStrip(list(_dodged(self._segments, frozenset(places), room)), room).divide(places)


def _dodged(segments: Iterable[Segment], cuts: frozenset[int], room: int) -> Iterable[Segment]:
    at = 0
    for segment in segments:
        text = segment.text
        if not text.isascii():
            letters: list[str] = []
            for letter in text:
                size = width(letter)
                if size == 2 and at + 1 in cuts:
                    letters.append(" ")
                    at += 1
                if at + size > room:
                    letters.append(" " * (room - at))
                    at = room
                    break
                letters.append(letter)
                at += size
            text = "".join(letters)
        else:
            text = text[: room - at]
            at += len(text)
        if text:
            yield Segment(text, segment.style)


class Lines(Widget, can_focus=False):
    """Free-form rows: `put_line(y, cells)`, then `flush()`. What does not fit the width is cut."""

    DEFAULT_CSS = """
    Lines { width: 1fr; height: 1fr; }
    """

    strip_kind = RowStrip
    """OverStrip for what lies over other widgets."""

    def __init__(self, pens: Pens, *, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(id=id, classes=classes)
        self._pens = pens
        self._lines: dict[int, tuple[tuple[Cell, ...], str]] = {}
        self._strips: dict[int, Strip] = {}
        self._dirty: set[int] = set()
        self._wide = self._high = 0  # as last drawn; asking Textual for a widget's size is slow

    @property
    def pens(self) -> Pens:
        return self._pens

    @pens.setter
    def pens(self, pens: Pens) -> None:
        """A new theme: every row is drawn again."""
        self._pens = pens
        self.repaint()

    def put_line(self, y: int, cells: Sequence[Cell], *, ground: str = "background") -> None:
        """Row `y` (0 = top) becomes `cells`, side by side, the rest blank in `ground`."""
        line = (tuple(cells), ground)
        if self._lines.get(y) != line:
            self._lines[y] = line
            self._spoil(y)

    def put_lines(self, lines: Iterable[Sequence[Cell]]) -> None:
        """All rows from 0; rows below the last become empty."""
        count = 0
        for count, cells in enumerate(lines, 1):
            self.put_line(count - 1, cells)
        self.clear(count)

    def clear(self, from_y: int = 0) -> None:
        """Empty the rows from `from_y` down."""
        for y in [y for y in self._lines if y >= from_y]:
            del self._lines[y]
            self._spoil(y)

    def flush(self) -> int:
        """Ask for a repaint of the visible rows that changed; returns how many there were."""
        if not self._dirty:
            return 0
        self._measure()
        visible = sorted(y for y in self._dirty if 0 <= y < self._high)
        self._dirty.clear()
        if visible and self._wide:
            self.refresh(*_bands(visible, self._wide))
        return len(visible)

    def repaint(self) -> None:
        """Draw every row again."""
        self._strips.clear()
        self._dirty.clear()
        self.refresh()

    def line_text(self, y: int) -> str:
        """What row `y` shows, as plain text of exactly the widget's width."""
        self._measure()
        return self._line(y).text

    def _spoil(self, y: int) -> None:
        self._strips.pop(y, None)
        self._dirty.add(y)

    def _line(self, y: int) -> Strip:
        strip = self._strips.get(y)
        if strip is None:
            cells, ground = self._lines.get(y, ((), "background"))
            strip = self._strips[y] = strip_of(cells, ground, self._wide, self._pens, self.strip_kind)
        return strip

    # Textual asks for strips here. Its own way pads, styles and filters every line again; these are ready.
    def render_lines(self, crop: Region) -> list[Strip]:
        self._measure()
        x, right = crop.x, crop.right
        strips = [self._line(y) for y in range(crop.y, crop.bottom)]
        if x == 0 and right >= self._wide:
            return strips
        return [strip.crop(x, right) for strip in strips]

    def render_line(self, y: int) -> Strip:
        self._measure()
        return self._line(y)

    def _measure(self) -> None:
        """Learn the widget's size; another one makes every strip useless."""
        size = self.size
        if size.width != self._wide or size.height != self._high:
            self._wide, self._high = size.width, size.height
            self._resized()

    def _resized(self) -> None:
        self._strips.clear()


def strip_of(cells: Iterable[Cell], ground: str, room: int, pens: Pens, kind: type[RowStrip] = RowStrip) -> Strip:
    """One row of exactly `room` cells."""
    segments, left = [], room
    for cell in cells:
        if left <= 0:
            break
        text = fit(cell.text, min(width(cell.text), left))
        if text:
            segments.append(Segment(text, pens.over(cell.pen, ground)))
            left -= width(text)
    if left > 0:
        segments.append(Segment(" " * left, pens.over("background", ground)))
    return kind(segments, room)


def _bands(rows: Sequence[int], wide: int) -> list[Region]:
    """Neighbouring rows as one region each: fewer regions for the compositor to add up."""
    bands: list[Region] = []
    start = previous = rows[0]
    for y in rows[1:]:
        if y != previous + 1:
            bands.append(Region(0, start, wide, previous + 1 - start))
            start = y
        previous = y
    bands.append(Region(0, start, wide, previous + 1 - start))
    return bands
