"""The help: every key that works in the focused pane, made from the action registry."""

from __future__ import annotations

from tui import format as f
from tui.actions import Action
from tui.keymap import Keymap, key_labels
from tui.look import Look
from tui.messages import Dropped, Edited, Press, Wish
from tui.widgets.grid import Cell
from tui.widgets.sheet import Sheet
from tui.words import Words


class HelpForm:
    """Scrolls; Esc, q or ? closes."""

    place = "help"
    is_input = False
    sending: frozenset[str] = frozenset()

    def __init__(self, pane: str, keymap: Keymap) -> None:
        self.pane, self._map = pane, keymap
        self.top = 0
        self.armed_from = 0.0

    def key(self, press: Press) -> Wish | None:
        if press.key in ("escape", "q") or press.character == "?":
            return Dropped()
        steps = {"down": 1, "j": 1, "up": -1, "k": -1, "pagedown": 10, "pageup": -10, "home": -10_000, "end": 10_000}
        if press.key not in steps:
            return None
        self.top += steps[press.key]
        return Edited()

    def paste(self, text: str) -> Wish | None:
        return None

    def lines(self, width: int, said: Words) -> list[list[Cell]]:
        """All rows, `said` in the screen's language: the pane's keys by group, then the tables of the forms."""
        rows: list[list[Cell]] = []
        here = self._map.working(self.pane)
        groups = list(dict.fromkeys(action.group for action in here))
        for group in groups:
            rows.append([Cell(f" {said(group)}", "title")])
            rows += [_row(action, width, said) for action in here if action.group == group]
            rows.append([])
        for place in dict.fromkeys(a.context for a in self._map.actions if a.context not in ("rest", "always")):
            rows.append([Cell(f" {said(f'In {place}')}", "strong")])
            rows += [_row(action, width, said) for action in self._map.actions if action.context == place]
            rows.append([])
        return rows


def _row(action: Action, width: int, said: Words) -> list[Cell]:
    keys = " ".join(key_labels(action))
    return [Cell(f.fit(keys, 16, "right"), "key"), Cell(f"  {f.clip(said(action.help), max(width - 19, 8))}", "text")]


class HelpPane(Sheet):
    title = "Help"

    def __init__(self, look: Look) -> None:
        super().__init__(look.pens, id="help")
        self._look = look
        self.subject = ""

    @property
    def facts(self) -> tuple[Cell, ...]:
        return (Cell(self._look.word("Up/Down scroll, Esc closes"), "text-dim"),)

    def show(self, form: HelpForm) -> None:
        rows = form.lines(self.room_width, self._look.said)
        room = max(self.room_height, 1)
        form.top = max(min(form.top, len(rows) - room), 0)
        self.subject = self._look.word(form.pane)
        self.put_lines(rows[form.top : form.top + room])
        self.flush()
