"""The rest: command line, strategies, help, redraw, leaving."""

from __future__ import annotations

from typing import TYPE_CHECKING

from core.domain.commands import StrategyAction
from core.domain.events import StrategyStatus
from tui.forms.help import HelpForm
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
