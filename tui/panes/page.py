"""The pane that shows the open page: help, palette, settings."""

from __future__ import annotations

from tui.forms.page import Page
from tui.look import Look
from tui.widgets.grid import Cell
from tui.widgets.lines import OverStrip
from tui.widgets.sheet import Sheet


class PagePane(Sheet):
    strip_kind = OverStrip

    title = "Help"

    def __init__(self, look: Look) -> None:
        super().__init__(look.pens, id="page")
        self._look = look
        self.subject = ""
        self.facts: tuple[Cell, ...] = ()

    def show(self, page: Page) -> None:
        rows = page.lines(self.room_width)
        room = max(self.room_height, 1)
        page.top = max(min(page.top, len(rows) - room), 0)
        self.title, self.subject = page.title, page.subject
        more = f"{page.top + 1}-{min(page.top + room, len(rows))}/{len(rows)}  " if len(rows) > room else ""
        self.facts = (Cell(f"{more}{self._look.word('Esc closes')}", "text-dim"),)
        self.put_lines(rows[page.top : page.top + room])
        self.flush()
