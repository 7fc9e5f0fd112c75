"""A line whose text does something while it is typed: find moves the cursor, filter hides rows. Enter keeps what it
did, Esc takes it back."""

from __future__ import annotations

from collections.abc import Callable

from tui.forms.strips import LineForm
from tui.messages import Entered, Press, Wish


class LiveLine(LineForm):
    """`seek` is called with the text as it is typed and says what came of it, `keep` when Enter is pressed and says
    what is wrong with it (empty: nothing), `undo` when the line is dropped."""

    def __init__(
        self,
        place: str,
        prompt: str,
        seek: Callable[[str], str],
        undo: Callable[[], object],
        *,
        text: str = "",
        keep: Callable[[str], str] = lambda _: "",
    ) -> None:
        super().__init__(place, prompt, text)
        self.seek, self.undo, self.keep = seek, undo, keep

    def key(self, press: Press) -> Wish | None:
        if press.key == "enter" or (press.key == "backspace" and not self.edit.text):
            return Entered(self.edit.text)
        return super().key(press)
