"""Jump mode: every pane carries a letter in its title, and a letter goes there. Anything else leaves it."""

from __future__ import annotations

from collections.abc import Sequence

from tui.messages import Called, Dropped, Press, Wish

LETTERS = "asdfghjklqwertyuiopzxcvbnm"


class Jump:
    place = "jump"
    is_input = False
    sending: frozenset[str] = frozenset()

    def __init__(self, panes: Sequence[str]) -> None:
        self.letters = dict(zip(panes, LETTERS, strict=False))
        self.armed_from = 0.0

    def key(self, press: Press) -> Wish | None:
        """Hangul arrives as the letters under it."""
        if press.character is not None and not press.character.isascii():
            return None
        pane = next((name for name, letter in self.letters.items() if letter == press.key), "")
        return Called("move.go", pane) if pane else Dropped()

    def paste(self, text: str) -> Wish | None:
        return None
