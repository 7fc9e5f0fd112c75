"""The log: fills, alerts, denials, errors and what feeds and strategies did, newest first. Numbers have no gap, so a
person sees that nothing was missed. Narrowed by level; what is narrowed away is counted, not lost."""

from __future__ import annotations

from core.trading.view import LogRow, Slice
from tui.look import Look
from tui.picture import Picture
from tui.widgets.grid import Cell, Column, Grid
from tui.widgets.sheet import Roomy

_PENS = {"info": "text-dim", "fill": "strong", "alert": "warning", "warning": "warning", "error": "error"}
_MARKS = {"fill": "✓", "alert": "◆", "warning": "!", "error": "✕"}
_WORDS = {"info": "info", "fill": "FILL", "alert": "ALERT", "warning": "WARN", "error": "ERROR"}
LEVELS = ("info", "fill", "alert", "warning", "error")
"""From what may be overlooked to what may not."""
LONG_FROM = 90
"""A pane of this many cells shows the level in words, and dates with times."""


class LogPane(Roomy, Grid):
    slices = (Slice.LOG,)
    title = "Log"

    def __init__(self, look: Look) -> None:
        super().__init__(_columns(is_long=False), look.pens, headings=False, word=look.word, id="log")
        self._look = look
        self._is_long = False
        self._now = 0
        self.least = "info"
        """The lowest level that is shown."""
        self.hidden = 0
        """Lines that are there and narrowed away."""
        self.set_empty([Cell("Nothing happened yet.", "text-dim")])

    def show(self, picture: Picture, now: int, dirty: set[str] | None = None) -> None:
        follows = self.cursor_row <= 0
        is_long = self.room_width >= LONG_FROM
        if is_long != self._is_long:
            self._is_long, dirty = is_long, None
            self.set_columns(_columns(is_long=is_long))
        if self._look.zone.day(now) != self._look.zone.day(self._now):
            dirty = None  # what was today has a date now
        self._now = now
        rows = picture.log()
        shown = [row for row in rows if self._is_shown(row)] if self.is_narrowed else rows
        self.hidden = len(rows) - len(shown)
        for row in shown:
            if dirty is None or row.key in dirty or row.key not in self._index:
                self.put(row.key, self._cells(row), mark=_mark(row))
        self.set_order([row.key for row in shown])
        self.set_empty([Cell("No line fits." if rows else "Nothing happened yet.", "text-dim")])
        if follows and shown:
            self.cursor_to(0)

    # ---- narrowed

    @property
    def is_narrowed(self) -> bool:
        return self.least != "info"

    def _is_shown(self, row: LogRow) -> bool:
        return LEVELS.index(row.level) >= LEVELS.index(self.least)

    def fits(self, row: LogRow, words: str) -> bool:
        """Does the line hold every word, in English or as it is shown? A word may also name its kind."""
        kind, text = self._look.told(row.kind, row.text)
        held = f"{row.kind} {row.text} {kind} {text} {row.level}".casefold()
        return all(word in held for word in words.casefold().split())

    # ---- in the rule

    @property
    def subject(self) -> str:
        look = self._look
        return look.say("{level} and above", level=look.word(_WORDS[self.least])) if self.is_narrowed else ""

    @property
    def facts(self) -> tuple[Cell, ...]:
        cells = [Cell(self._look.say("{count} hidden", count=self.hidden), "warning"), Cell(" ")] if self.hidden else []
        return (*cells, Cell(f"#{self.keys[0]}", "text-dim")) if self.keys else tuple(cells)

    # ---- rows

    def _cells(self, row: LogRow) -> tuple[Cell, ...]:
        """time, level, kind, text, sequence."""
        look = self._look
        kind, text = look.told(row.kind, row.text)
        text = look.prose(text)
        pen = _PENS.get(row.level, "text")
        time, kind_cell = Cell(self._when(row.ts), "text-dim"), Cell(kind, "text" if pen == "text-dim" else pen)
        body = Cell(text, "text" if row.level in ("fill", "info") else "strong")
        number = Cell(str(row.sequence), "faint")
        if not self._is_long:
            return time, kind_cell, body, number
        return time, Cell(look.word(_WORDS.get(row.level, row.level)), pen), kind_cell, body, number

    def _when(self, ts: int) -> str:
        """Today the time; else the date, with the time where there is room."""
        zone = self._look.zone
        if zone.day(ts) == zone.day(self._now):
            return zone.clock(ts)
        return zone.moment(ts)[5:] if self._is_long else zone.day(ts)[5:]


def _columns(*, is_long: bool) -> tuple[Column, ...]:
    time = Column("time", "TIME", 14 if is_long else 8, "right" if is_long else "left", drop=2)
    rest = (Column("kind", "KIND", 8 if is_long else 6), Column("text", "TEXT", 14, grow=True))
    number = Column("sequence", "#", 6, "right", drop=3)
    return (time, Column("level", "LEVEL", 5), *rest, number) if is_long else (time, *rest, number)


def _mark(row: LogRow) -> Cell | None:
    sign = _MARKS.get(row.level)
    return None if sign is None else Cell(sign, _PENS[row.level])
