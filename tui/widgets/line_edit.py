"""A line of text being edited: the model behind the command line and the fields of forms. It draws nothing and blinks
nothing; whoever owns it draws its text and cursor."""

from __future__ import annotations

from core.domain.text import clean

MAX_LENGTH = 500


class LineEdit:
    """Text with a cursor. `allowed` narrows what can be typed. With `is_fresh`, the first key replaces the text."""

    def __init__(self, text: str = "", *, allowed: str = "", is_fresh: bool = False) -> None:
        self.text = text
        self.cursor = len(text)
        self.allowed = allowed
        self.is_fresh = is_fresh

    def set(self, text: str, *, is_fresh: bool = False) -> None:
        self.text, self.cursor, self.is_fresh = text[:MAX_LENGTH], len(text[:MAX_LENGTH]), is_fresh

    def insert(self, text: str) -> bool:
        """Put text at the cursor; characters that cannot be shown or are not allowed are left out."""
        kept = "".join(c for c in clean(text) if not self.allowed or c in self.allowed)
        if not kept:
            return False
        if self.is_fresh:
            self.text, self.cursor, self.is_fresh = "", 0, False
        kept = kept[: MAX_LENGTH - len(self.text)]
        self.text = self.text[: self.cursor] + kept + self.text[self.cursor :]
        self.cursor += len(kept)
        return True

    def key(self, key: str, character: str | None) -> bool:
        """Take a key; False when it means nothing to a line of text."""
        match key:
            case "backspace":
                self._cut(0 if self.is_fresh else max(self.cursor - 1, 0))
            case "delete":
                self.text = self.text[: self.cursor] + self.text[self.cursor + 1 :]
            case "left":
                self.cursor = max(self.cursor - 1, 0)
            case "right":
                self.cursor = min(self.cursor + 1, len(self.text))
            case "home":
                self.cursor = 0
            case "end":
                self.cursor = len(self.text)
            case "ctrl+u":
                self._cut(0)
            case "ctrl+w":
                self._cut(self.text[: self.cursor].rstrip().rfind(" ") + 1)
            case _:
                return bool(character and character.isprintable()) and self.insert(character or "")
        self.is_fresh = False
        return True

    def _cut(self, start: int) -> None:
        self.text = self.text[:start] + self.text[self.cursor :]
        self.cursor = start
