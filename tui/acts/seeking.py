"""Finding an instrument while it is typed: in the watchlist at once, then, from the desk, among all there are."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from core.domain.errors import HogaError
from core.domain.ids import InstrumentId
from tui.forms.pick import PickForm

if TYPE_CHECKING:
    from tui.app import HogaApp

FOUND = 40


class Seeking:
    def __init__(self, app: HogaApp) -> None:
        self._app = app
        self._text = ""
        """What was sought last with `/`."""

    @property
    def listed(self) -> set[InstrumentId]:
        """What stands in the watchlist."""
        return {row.instrument for row in self._app.picture.quotes()}

    def matches(self) -> list[InstrumentId] | None:
        """Rows of the watchlist that fit what was sought last, best first; None while nothing was."""
        if not self._text:
            return None
        return [one.id for one in self._app.known.index.find(self._text, 200) if one.id in self.listed]

    def seek(self, form: PickForm) -> None:
        """What is typed in `form` has changed."""
        app, text, listed = self._app, form.edit.text.strip(), self.listed
        form.remark = ""
        mine = [one for one in app.known.index.find(text, FOUND) if one.id in listed] if text else []
        form.offer([(one, True) for one in mine])
        if form.place == "find":
            self._text = text
            if mine:
                app.select(mine[form.cursor.at].id)
        if text:
            app.work(partial(self._ask, form, text), "search", exclusive=True)
        app.arrange()

    async def _ask(self, form: PickForm, text: str) -> None:
        app = self._app
        try:
            found = await app.desk.search(text)
        except (HogaError, OSError) as error:
            form.remark, form.is_wrong = str(error), True
            app.show_form()
            return
        if app.top_form is not form or form.edit.text.strip() != text:
            return
        app.known.meet(found)
        listed = self.listed
        mine = dict.fromkeys(one for one, is_listed in form.choices if is_listed)
        mine |= dict.fromkeys(one for one in found if one.id in listed)
        here, rest = [(one, True) for one in mine], [(one, False) for one in found if one.id not in listed]
        form.offer([*here, *rest] if form.place == "find" else [*rest, *here])
        app.arrange()
