"""The palette: every action and every command of the command line, found by a few letters of either language. Enter
does what the key would have done, or opens the command line with the command in it; it sends nothing itself."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from tui import format as f
from tui.actions import Action
from tui.forms.page import Page
from tui.fuzzy import score
from tui.keymap import Keymap, key_labels
from tui.look import Look
from tui.messages import Called, Dropped, Edited, Press, Refused, Wish
from tui.widgets.grid import Cell
from tui.widgets.line_edit import LineEdit


class Entry(msgspec.Struct, frozen=True):
    """`call` is what Enter does. `sought` is every text it is found by."""

    keys: str
    text: str
    sought: str
    call: Called | None


class Palette(Page):
    place = "palette"
    title = "Palette"
    is_input = True
    sending = frozenset({"enter"})

    def __init__(self, keymap: Keymap, commands: Iterable[tuple[str, str]], look: Look) -> None:
        super().__init__()
        self.edit = LineEdit()
        self.chosen = 0
        self._look = look
        self._all = [entry_of(action, look) for action in keymap.actions if action.context in ("rest", "always")]
        self._all += [
            Entry(f":{name}", look.said(text), f":{name} {text} {look.said(text)}", Called("work.type", f"{name} "))
            for name, text in commands
        ]
        self.found = self._all

    def key(self, press: Press) -> Wish | None:
        match press.key:
            case "escape":
                return Dropped()
            case "enter":
                return self._go()
            case "up" | "down" | "tab" | "shift+tab" | "pageup" | "pagedown":
                step = {"up": -1, "shift+tab": -1, "pageup": -10, "pagedown": 10}.get(press.key, 1)
                self.chosen = min(max(self.chosen + step, 0), max(len(self.found) - 1, 0))
                return Edited()
        if not self.edit.key(press.key, press.character):
            return None
        return self._seek()

    def paste(self, text: str) -> Wish | None:
        return self._seek() if self.edit.insert(" ".join(text.split())) else None

    def _seek(self) -> Wish:
        typed = self.edit.text.strip()
        ranked = [(score(typed, entry.sought), place) for place, entry in enumerate(self._all)] if typed else []
        best = sorted((-points, place) for points, place in ranked if points is not None)
        self.found = [self._all[place] for _, place in best] if typed else self._all
        self.chosen = 0
        return Edited()

    def _go(self) -> Wish:
        if not self.found:
            return Refused("nothing fits; Esc closes the palette")
        entry = self.found[self.chosen]
        return entry.call or Refused(f"that sends at once, so only its key does it: {entry.keys}")

    def lines(self, width: int) -> list[list[Cell]]:
        text, at = self.edit.text, self.edit.cursor
        typed = [Cell(" > ", "accent"), Cell(text[:at]), Cell(text[at : at + 1] or " ", "cursor"), Cell(text[at + 1 :])]
        self.subject = f"{len(self.found)}/{len(self._all)}"
        return [typed, *(self._row(place, entry, width) for place, entry in enumerate(self.found))]

    def _row(self, place: int, entry: Entry, width: int) -> list[Cell]:
        is_chosen = place == self.chosen
        mark = Cell("▎" if is_chosen else " ", "accent")
        told = f.clip(entry.text, max(width - 20, 8))
        return [mark, Cell(f.fit(entry.keys, 16, "right"), "key"), Cell(f"  {told}", "strong" if is_chosen else "text")]


def entry_of(action: Action, look: Look) -> Entry:
    keys = " ".join(key_labels(action))
    name = action.id.partition(".")[2].replace("_", " ")
    sought = "\n".join((look.said(action.help), action.help, action.short, look.word(action.short), name, action.id))
    call = None if action.sends else Called(action.id)
    return Entry(keys, look.said(action.help), sought, call)
