"""What the console measures of itself for the system screen: how late its own second comes, what the terminal has not
taken, how much was written. An append a second; the rest is asked when somebody looks."""

from __future__ import annotations

from typing import TYPE_CHECKING

import textual

from core.domain.market import NS
from core.runtime.meters import Ring
from core.version import VERSION
from tui.panes.system import Own

if TYPE_CHECKING:
    from tui.app import HogaApp


class Measuring:
    def __init__(self, app: HogaApp) -> None:
        self._app = app
        self._lag = Ring("console loop")
        self._due = 0
        self._before = 0
        self._written = 0

    def second(self) -> None:
        """Called once a second by the console's own timer."""
        app, now = self._app, self._app.clock.monotonic()
        if self._due:
            self._lag.add(max(now - self._due, 0))
        self._due = now + NS
        self._written, self._before = app.bytes_written - self._before, app.bytes_written

    def figures(self) -> Own:
        app = self._app
        return Own(
            lag=self._lag.figures(),
            backlog=app.write_backlog,
            held=app.frames_held,
            written=self._written,
            versions=f"hoga {VERSION}   Textual {textual.__version__}",
        )
