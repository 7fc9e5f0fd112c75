"""Pages: forms that take the whole body and list lines, such as the help, the palette and the settings. One pane shows
whichever is open."""

from __future__ import annotations

from tui.messages import Dropped, Edited, Press, Wish
from tui.widgets.grid import Cell

_STEPS = {"down": 1, "j": 1, "up": -1, "k": -1, "pagedown": 10, "pageup": -10, "home": -10_000, "end": 10_000}


class Page:
    """Scrolls; Esc or q closes. A page says what it is and gives its lines; the pane keeps `top` in range."""

    place = "page"
    title = ""
    is_input = False
    sending: frozenset[str] = frozenset()

    def __init__(self, subject: str = "") -> None:
        self.subject = subject
        self.top = 0
        self.armed_from = 0.0

    def key(self, press: Press) -> Wish | None:
        if press.key in ("escape", "q"):
            return Dropped()
        if press.key not in _STEPS:
            return None
        self.top += _STEPS[press.key]
        return Edited()

    def paste(self, text: str) -> Wish | None:
        return None

    def lines(self, width: int) -> list[list[Cell]]:
        """All of them; the pane shows those there is room for."""
        raise NotImplementedError


class Lines(Page):
    """A page of lines that are ready."""

    def __init__(self, title: str, subject: str, lines: list[list[Cell]]) -> None:
        super().__init__(subject)
        self.title = title
        self._lines = lines

    def lines(self, width: int) -> list[list[Cell]]:
        return self._lines
