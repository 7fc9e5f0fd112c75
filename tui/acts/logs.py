"""Keys of the log: narrow it by level, seek in it, go on into what the console does not hold any more."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from core.domain.errors import HogaError
from core.ports import Query
from core.trading.view import LogRow
from tui.forms.live import LiveLine
from tui.panes.log import LEVELS

if TYPE_CHECKING:
    from tui.app import HogaApp

PAGE = 200


class LogActs:
    def __init__(self, app: HogaApp) -> None:
        self._app = app
        self._sought = ""

    def level(self, _: str) -> None:
        """The next level: everything, fills and above, ..., errors alone."""
        pane = self._app.surface.log
        pane.least = LEVELS[(LEVELS.index(pane.least) + 1) % len(LEVELS)]
        self._show()

    def find(self, _: str) -> None:
        app, pane = self._app, self._app.surface.log
        before = pane.cursor_row

        def seek(text: str) -> str:
            self._sought = text.strip()
            return "not in the log" if self._sought and not self._go(max(before, 0), 1) else ""

        app.open(LiveLine("seek", "/", seek, lambda: pane.cursor_to(before)))

    def next(self, by: str) -> None:
        if not self._sought:
            self._app.say("info", "nothing was sought yet; press / first")
        elif not self._go(self._app.surface.log.cursor_row + int(by), int(by)):
            self._app.say("info", "no match")

    def _go(self, start: int, by: int) -> bool:
        """To the first line from `start` on, in this direction, that holds what is sought; around the end once."""
        pane, rows = self._app.surface.log, {row.key: row for row in self._app.picture.log()}
        count = len(pane.keys)
        for step in range(count):
            place = (start + step * by) % count
            row = rows.get(pane.keys[place])
            if row is not None and pane.fits(row, self._sought):
                pane.cursor_to(place)
                pane.flush()
                return True
        return False

    def _show(self) -> None:
        app = self._app
        app.surface.log.show(app.picture, app.desk.now())
        app.show_all()


def older(app: HogaApp) -> None:
    """The cursor stands on the last line: ask the desk for those before it."""
    pane = app.surface.log
    lines = app.picture.log()
    if app.focus_name != "log" or not lines or pane.cursor_row < len(pane.keys) - 1 or not app.picture.has_older_log:
        return
    app.work(partial(_ask, app, lines[-1].sequence), "older", exclusive=True)


async def _ask(app: HogaApp, before: int) -> None:
    try:
        page = await app.desk.history(Query(what="log", before=before, limit=PAGE))
    except (HogaError, OSError) as error:
        app.say("warning", f"older lines could not be read: {error}")
        return
    app.picture.add_log([row for row in page.rows if isinstance(row, LogRow)], has_older=page.has_more)
    app.surface.log.show(app.picture, app.desk.now())
    app.show_all()
