"""The rest: find, command line, strategies, help, redraw, leaving."""

from __future__ import annotations

from typing import TYPE_CHECKING

from core.domain.commands import StrategyAction
from core.domain.events import StrategyStatus
from core.domain.ids import InstrumentId
from tui.forms.help import HelpForm
from tui.forms.live import LiveLine
from tui.forms.palette import Palette
from tui.forms.settings import settings_page
from tui.forms.strips import LineForm, StrategyMenu

if TYPE_CHECKING:
    from tui.app import HogaApp

_NEXT = {
    StrategyStatus.RUNNING: StrategyAction.PAUSE,
    StrategyStatus.PAUSED: StrategyAction.START,
    StrategyStatus.STOPPED: StrategyAction.START,
    StrategyStatus.FAILED: StrategyAction.START,
}


class Working:
    def __init__(self, app: HogaApp) -> None:
        self._app = app
        self._sought = ""
        self._before: InstrumentId | None = None

    def quit(self, _: str) -> None:
        self._app.leave()

    def redraw(self, _: str) -> None:
        self._app.redraw()
        self._app.show_all()

    def command(self, _: str) -> None:
        self._app.open(LineForm("command", ":", history=self._app.typed.history))

    def help(self, _: str) -> None:
        self._app.open(HelpForm(self._app.focus_name, self._app.keys.map, self._app.look))

    def details(self, _: str) -> None:
        text = self._app.selected_text()
        if text:
            self._app.say("info", text, stays=True)

    def type(self, text: str) -> None:
        """The command line with something in it already."""
        self._app.open(LineForm("command", ":", text, history=self._app.typed.history))

    def palette(self, _: str) -> None:
        app = self._app
        app.open(Palette(app.keys.map, app.typed.commands(), app.look))

    def settings(self, _: str) -> None:
        self._app.open(settings_page(self._app.settings, self._app.places.settings, self._app.look))

    def back(self, _: str) -> None:
        app = self._app
        if app.notices.read() or app.rows.back():
            return
        if app.surface.has_drawer:
            app.keys.call("move.drawer")
        elif app.is_zoomed:
            self._app.is_zoomed = False
            self._app.arrange()

    def strategy(self, _: str) -> None:
        rows = self._app.picture.strategies()
        if not rows:
            self._app.say("info", "no strategies; name one under [strategies.NAME] in the settings file")
            return
        chosen = self._app.selected_strategy() or rows[0]
        self._app.open(StrategyMenu(chosen.name, _NEXT[chosen.status]))

    # ---- find

    def find(self, _: str) -> None:
        self._before = self._app.instrument
        self._app.open(LiveLine("find", "/", self.seek, self.unseek))

    def seek(self, text: str) -> str:
        """Move to the best match while it is typed; returns what to say about it."""
        self._sought = text
        matches = self._matches()
        if not text.strip():
            return ""
        if not matches:
            return "not in this watchlist"
        self._app.select(matches[0])
        return f"{len(matches)} found" if len(matches) > 1 else ""

    def unseek(self) -> None:
        if self._before is not None:
            self._app.select(self._before)

    def find_next(self, _: str) -> None:
        self._step(1)

    def find_previous(self, _: str) -> None:
        self._step(-1)

    def _step(self, by: int) -> None:
        matches = self._matches()
        if not matches:
            self._app.say("info", "nothing was sought yet; press / first" if not self._sought else "no match")
            return
        here = self._app.instrument
        place = matches.index(here) if here in matches else -by
        self._app.select(matches[(place + by) % len(matches)])

    def _matches(self) -> list[InstrumentId]:
        """Instruments of the watchlist that fit, best first."""
        if not self._sought.strip():
            return []
        listed = {row.instrument for row in self._app.picture.quotes()}
        return [found.id for found in self._app.known.index.find(self._sought, 200) if found.id in listed]
