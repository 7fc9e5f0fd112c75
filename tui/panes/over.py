"""What lies over the panes: lists, search results, alerts, the story of a row. It draws whichever such form is open and
knows none of them."""

from __future__ import annotations

from tui import format as f
from tui.forms.over import Over
from tui.look import Look
from tui.widgets.grid import Cell
from tui.widgets.lines import OverStrip
from tui.widgets.parts import part, spread
from tui.widgets.sheet import Sheet


class OverPane(Sheet):
    strip_kind = OverStrip

    def __init__(self, look: Look) -> None:
        super().__init__(look.pens, id="over")
        self._look = look

    def show(self, form: Over) -> None:
        look, width, room = self._look, self.room_width, max(self.room_height - 1, 0)
        if not width:
            return
        title = f" {f.clip(look.said(form.title(look)), width - 4)} "
        facts = f.clip(look.said(form.facts(look)), max(width - f.width(title) - 6, 0))
        right = [part(f" {facts} ", "text-dim", 1)] if facts else []
        head = spread(width, [part("─", "accent"), part(title, "title")], right, gap=0)
        self.put_line(0, [Cell(c.text.replace(" ", "─"), "accent") if not c.text.strip() else c for c in head])
        lines = form.lines(look, width - 1, room)[:room]
        for y in range(room):
            if y >= len(lines):
                self.put_line(y + 1, ())
                continue
            line = lines[y]
            mark = Cell("▎", "accent") if line.is_chosen else Cell(" ")
            self.put_line(y + 1, [mark, *line.cells], ground="selection" if line.is_chosen else "background")
        self.clear(room + 1)
        self.flush()
