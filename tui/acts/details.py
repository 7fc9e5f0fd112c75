"""Details of the row under the cursor: asked of the desk, shown over the screen, and notes written there."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from core.domain.commands import WriteNote
from core.domain.errors import HogaError
from core.trading.view import LogRow, Slice
from tui.forms.details import DetailsForm

if TYPE_CHECKING:
    from tui.app import HogaApp


class Detailing:
    def __init__(self, app: HogaApp) -> None:
        self._app = app

    def open(self, _: str) -> None:
        """The story of the order, the position or the instrument that is selected; a log line's whole text."""
        app = self._app
        if app.focus_name == "log":
            row = app.picture.rows[Slice.LOG].get(app.surface.log.cursor or "")
            if isinstance(row, LogRow):
                app.say("info", f"#{row.sequence} {app.look.zone.moment(row.ts)} {row.kind} {row.text}", stays=True)
            return
        key = self._key()
        if not key:
            app.say("info", "nothing is selected")
            return

        def again() -> None:
            app.work(partial(self._ask, form, key), "story", exclusive=True)

        def write(subject: str, text: str) -> None:
            app.keeping.send(WriteNote(subject=subject, text=text), taken=lambda _: again(), text="the note is kept")

        form = DetailsForm(write, again)
        app.open(form)
        again()

    def _key(self) -> str:
        app = self._app
        if app.focus_name == "orders":
            order = app.selected_order()
            return order.id if order is not None else ""
        if app.focus_name in ("positions", "pnl"):
            position = app.selected_position()
            return f"{position.account}|{position.instrument}" if position is not None else ""
        return app.instrument or ""

    async def _ask(self, form: DetailsForm, key: str) -> None:
        app = self._app
        try:
            form.story = await app.desk.story(key)
        except (HogaError, OSError) as error:
            form.trouble = str(error)
        if form in app.forms:
            app.show_form()
