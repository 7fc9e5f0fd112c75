"""What strategies said last: each signal, and what sizing, gate and order made of it. Lines of the log, no others."""

from __future__ import annotations

from core.trading.view import LogRow, Slice
from tui.look import Look
from tui.picture import Picture
from tui.widgets.grid import Cell, Column, Grid


class SignalsPane(Grid):
    slices = (Slice.LOG,)
    title = "Signals"

    def __init__(self, look: Look) -> None:
        columns = (Column("time", "TIME", 8), Column("text", "TEXT", 14, grow=True))
        super().__init__(columns, look.pens, word=look.word, headings=False, id="signals")
        self._look = look
        self.subject = ""
        self.set_empty([Cell("No strategy has said anything yet.", "text-dim")])

    def show(self, picture: Picture, now: int, dirty: set[str] | None = None) -> None:
        rows = [row for row in picture.log() if row.kind == "SIGNAL"]
        for row in rows:
            if dirty is None or row.key in dirty:
                self.put(row.key, self._cells(row))
        self.set_order([row.key for row in rows])
        self.subject = str(len(rows)) if rows else ""

    def _cells(self, row: LogRow) -> tuple[Cell, ...]:
        _, text = self._look.told(row.kind, row.text)
        return Cell(self._look.zone.clock(row.ts), "text-dim"), Cell(text, "text")

    @property
    def facts(self) -> tuple[Cell, ...]:
        return ()
