"""The log: fills, denials, errors and what feeds and strategies did, newest first. Numbers have no gap, so a person
sees that nothing was missed."""

from __future__ import annotations

from core.trading.view import LogRow, Slice
from tui.look import Look
from tui.picture import Picture
from tui.widgets.grid import Cell, Column, Grid

_PENS = {"info": "text-dim", "fill": "strong", "warning": "warning", "error": "error"}


class LogPane(Grid):
    slices = (Slice.LOG,)
    title = "Log"

    def __init__(self, look: Look) -> None:
        super().__init__(
            (
                Column("time", "TIME", 8, drop=2),
                Column("kind", "KIND", 6),
                Column("text", "TEXT", 14, grow=True),
                Column("sequence", "#", 6, "right", drop=3),
            ),
            look.pens,
            word=look.word,
            headings=False,
            id="log",
        )
        self._look = look
        self.subject = ""
        self.set_empty([Cell("Nothing happened yet.", "text-dim")])

    def show(self, picture: Picture, now: int, dirty: set[str] | None = None) -> None:
        follows = self.cursor_row <= 0
        rows = picture.log()
        for row in rows:
            if dirty is None or row.key in dirty:
                self.put(row.key, log_cells(row, self._look))
        self.set_order([row.key for row in rows])
        if follows and rows:
            self.cursor_to(0)

    @property
    def facts(self) -> tuple[Cell, ...]:
        return (Cell(f"#{self.keys[0]}", "text-dim"),) if self.keys else ()


def log_cells(row: LogRow, look: Look) -> tuple[Cell, ...]:
    """time, kind, text, sequence."""
    pen = _PENS.get(row.level, "text")
    kind, text = look.told(row.kind, row.text)
    text = look.prose(text)
    return (
        Cell(look.zone.clock(row.ts), "text-dim"),
        Cell(kind, "text" if pen == "text-dim" else pen),
        Cell(text, "text" if row.level in ("fill", "info") else "strong"),
        Cell(str(row.sequence), "faint"),
    )
