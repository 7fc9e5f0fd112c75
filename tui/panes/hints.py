"""The last row: keys that work now, whole hints only, most useful first."""

from __future__ import annotations

from collections.abc import Sequence

from tui.look import Look
from tui.widgets.grid import Cell
from tui.widgets.parts import Part, spread
from tui.widgets.sheet import Sheet

HANGUL = "Hangul input"
"""Jamo came where keys are meant: they count as Latin keys."""
LAST = ("panic", "help", HANGUL)
"""The last to go when it is narrow."""
Hint = tuple[str, str]
"""A key as people write it, and the word for what it does."""


class HintBar(Sheet):
    def __init__(self, look: Look) -> None:
        super().__init__(look.pens, id="hints")
        self._look = look

    def show(self, hints: Sequence[Hint], *, is_live: bool) -> None:
        parts = [
            Part((Cell(label, "key"), Cell(f" {self._look.word(word)}", "text-dim")), 1 if word in LAST else rank + 2)
            for rank, (label, word) in enumerate(hints)
        ]
        ground = "live-tint" if is_live else "surface"
        self.put_line(0, [Cell(" "), *spread(self.room_width - 1, parts)], ground=ground)
        self.flush()
