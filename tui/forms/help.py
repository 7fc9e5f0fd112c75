"""The help: every key that works in the focused pane, made from the keymap, and the tables of the forms."""

from __future__ import annotations

from tui import format as f
from tui.actions import Action
from tui.forms.page import Page
from tui.keymap import Keymap, key_labels
from tui.look import Look
from tui.messages import Dropped, Press, Wish
from tui.widgets.grid import Cell


class HelpForm(Page):
    """Scrolls; Esc, q or ? closes."""

    place = "help"
    title = "Help"

    def __init__(self, pane: str, keymap: Keymap, look: Look) -> None:
        super().__init__(pane)
        self._map, self._look = keymap, look

    def key(self, press: Press) -> Wish | None:
        return Dropped() if press.character == "?" else super().key(press)

    def lines(self, width: int) -> list[list[Cell]]:
        """The pane's keys by group, then the tables of the forms."""
        rows: list[list[Cell]] = []
        here = self._map.working(self.subject)
        for group in dict.fromkeys(action.group for action in here):
            rows.append([Cell(f" {self._look.word(group)}", "title")])
            rows += [self._row(action, width) for action in here if action.group == group]
            rows.append([])
        for place in dict.fromkeys(a.context for a in self._map.actions if a.context not in ("rest", "always")):
            rows.append([Cell(f" {self._look.said(f'In {place}')}", "strong")])
            rows += [self._row(action, width) for action in self._map.actions if action.context == place]
            rows.append([])
        return rows

    def _row(self, action: Action, width: int) -> list[Cell]:
        keys = " ".join(key_labels(action))
        told = f.clip(self._look.said(action.help), max(width - 19, 8))
        return [Cell(f.fit(keys, 16, "right"), "key"), Cell(f"  {told}", "text")]
