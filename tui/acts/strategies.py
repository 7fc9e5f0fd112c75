"""The strategies' keys: why one trades or not, and its parameters. The trace is asked of the desk only while it is on
the screen."""

from __future__ import annotations

from typing import TYPE_CHECKING

from core.domain.events import StrategyStatus
from core.trading.view import Slice, StrategyRow
from tui.forms.params import ParamsForm

if TYPE_CHECKING:
    from tui.app import HogaApp


class Deciding:
    def __init__(self, app: HogaApp) -> None:
        self._app = app
        self._followed = ""

    def sync(self) -> None:
        """Follow the trace of the selected strategy, while it is shown."""
        app = self._app
        row = self._selected()
        name = row.name if row is not None and "why" in app.surface.visible else ""
        if name == self._followed:
            return
        self._followed = app.surface.why.strategy = name
        app.picture.rows[Slice.TRACE].clear()
        if not name:
            app.following.no("trace")
            return
        app.following.trace(name)
        app.surface.why.show(app.picture, app.desk.now())
        app.surface.why.flush()

    def why(self, _: str) -> None:
        """To the trace, on its own screen where this one has none."""
        app = self._app
        if self._selected() is None:
            app.say("info", app.look.word("no strategies; name one under [strategies.NAME] in the settings file"))
            return
        if "why" not in app.surface.visible:
            app.go_to("strategies")
        app.focus_on("why")
        self.sync()

    def params(self, _: str) -> None:
        """The parameters of the selected strategy, to be edited."""
        app = self._app
        row = self._selected()
        if row is None:
            app.say("info", app.look.word("no strategies; name one under [strategies.NAME] in the settings file"))
        elif not row.params:
            app.say("info", app.look.say("{name} has no parameters", name=row.name))
        elif row.status is StrategyStatus.RUNNING:
            text = "{name} is running: pause or stop it with t, then change its parameters"
            app.say("warning", app.look.say(text, name=row.name))
        else:
            self.why("")
            app.open(ParamsForm(row.name, row.params))

    def _selected(self) -> StrategyRow | None:
        rows = self._app.picture.strategies()
        return self._app.selected_strategy() or (rows[0] if rows else None)
