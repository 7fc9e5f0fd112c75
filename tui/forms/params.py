"""The parameters of one strategy, edited: each its own line, only those that changed are sent. What is allowed the
engine says; its answer stands in the form, which stays open until it was taken."""

from __future__ import annotations

from collections.abc import Sequence

from core.domain.commands import SetStrategyParams
from core.trading.view import ParamRow
from tui.messages import Dropped, Edited, Press, Wanted, Wish
from tui.widgets.line_edit import LineEdit


class ParamsForm:
    place = "params"
    is_input = True
    sending = frozenset({"enter"})

    def __init__(self, name: str, rows: Sequence[ParamRow]) -> None:
        self.name, self.rows = name, tuple(rows)
        self.edits = [LineEdit(row.value, is_fresh=True) for row in rows]
        self.at = 0
        self.problem = ""
        self.armed_from = 0.0

    @property
    def changed(self) -> dict[str, str]:
        """What differs from what it was."""
        both = zip(self.rows, self.edits, strict=True)
        return {row.name: edit.text.strip() for row, edit in both if edit.text.strip() != row.value}

    def key(self, press: Press) -> Wish | None:
        match press.key:
            case "escape":
                return Dropped()
            case "enter":
                return self._send()
            case "down" | "tab":
                return self._move(1)
            case "up" | "shift+tab":
                return self._move(-1)
            case "ctrl+r":
                self.edits[self.at].set(self.rows[self.at].default, is_fresh=True)
                return Edited()
        if not self.edits[self.at].key(press.key, press.character):
            return None
        self.problem = ""
        return Edited()

    def paste(self, text: str) -> Wish | None:
        return Edited() if self.edits[self.at].insert(" ".join(text.split())) else None

    def _move(self, by: int) -> Wish:
        self.at = (self.at + by) % len(self.edits)
        return Edited()

    def _send(self) -> Wish:
        changed = self.changed
        if not changed:
            return Dropped()
        words = ", ".join(f"{name} {value}" for name, value in changed.items())
        return Wanted(SetStrategyParams(name=self.name, params=changed), f"{self.name}: {words}")
