"""What is said in the line above the command line. A remark of the console passes or gives way to the next; a fill, a
warning or an error of the engine stays until it was read (Esc), however many come."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from core.trading.view import LogRow
from tui.surface import Message

if TYPE_CHECKING:
    from tui.app import HogaApp

FORGET_SECONDS = 6.0
"""How long a remark that need not be read stays."""
MOST = 200
"""Unread messages that are kept; older ones are in the log."""
_LEVELS = {"fill": "ok", "alert": "alert", "warning": "warning", "error": "error"}
"""Log levels that a person must see, as the message line marks them."""


class Notices:
    def __init__(self, app: HogaApp) -> None:
        self._app = app
        self._remark: Message | None = None
        self._unread: list[Message] = []
        self._forget: Any = None

    @property
    def shown(self) -> Message | None:
        """The newest; `count` says how many wait behind it."""
        newest = self._remark or (self._unread[-1] if self._unread else None)
        if newest is None:
            return None
        behind = len(self._unread) - (newest is not self._remark)
        return Message(newest.level, newest.text, behind)

    def say(self, level: str, text: str, *, stays: bool = False) -> None:
        """A remark of the console; an error stays until it was read."""
        if level == "error":
            self._keep([Message(level, text)])
            return
        self._remark = Message(level, text)
        self._no_timer()
        if not stays and level in ("ok", "info"):
            self._forget = self._app.set_timer(FORGET_SECONDS, self._pass)
        self._app.arrange_message()

    def tell(self, rows: list[LogRow], missed: int = 0) -> None:
        """Lines of the engine's log, oldest first. `missed`: lines that never came here."""
        told = [Message(_LEVELS[row.level], f"{row.kind} {row.text}") for row in rows if row.level in _LEVELS]
        if missed:
            told.append(Message("warning", f"{missed} lines of the log did not arrive here; hoga log shows them"))
        if told:
            self._keep(told)
        console, levels = self._app.settings.console, {row.level for row in rows}
        if (console.bell and "fill" in levels) or (console.alert_bell and "alert" in levels):
            self._app.bell()

    def read(self) -> bool:
        """Put the shown one away; False when there was none."""
        if self._remark is not None:
            self._remark = None
            self._no_timer()
        elif self._unread:
            self._unread.pop()
        else:
            return False
        self._app.arrange()
        return True

    def withdraw(self, text: str) -> None:
        """What was said is not so any more, read or not."""
        self._unread = [message for message in self._unread if message.text != text]

    def _keep(self, messages: list[Message]) -> None:
        self._remark = None
        self._no_timer()
        self._unread = [*self._unread, *messages][-MOST:]
        self._app.arrange_message()

    def _pass(self) -> None:
        self._forget = None
        self._remark = None
        self._app.arrange()

    def _no_timer(self) -> None:
        if self._forget is not None:
            self._forget.stop()
            self._forget = None
