"""Watchlist keys: add, remove and move rows, choose a list, find an instrument. What changes is asked of the engine,
which has the lists."""

from __future__ import annotations

from typing import TYPE_CHECKING

from core.domain.commands import EditWatchlist, ListEdit
from core.domain.ids import InstrumentId
from core.domain.instrument import Instrument
from core.trading.view import WatchlistRow
from tui.forms.lists import ListsForm
from tui.forms.pick import PickForm
from tui.look import symbol

if TYPE_CHECKING:
    from tui.app import HogaApp


class Listing:
    def __init__(self, app: HogaApp) -> None:
        self._app = app
        self._removed: tuple[str, InstrumentId, int] | None = None
        """(list, instrument, place) of the row removed last: what `a` offers first."""

    # ---- rows

    def add(self, _: str) -> None:
        """A line to seek in; what was removed last, or is selected and not listed, is offered at once."""
        app = self._app
        listed = app.picture.watchlist
        if listed is None:
            app.say("info", "there are no watchlists yet")
            return
        form = PickForm("add", "+", f"Add to {listed.name}", app.seeking.seek, self._add, self._close)
        form.offer(self._offers())
        app.open(form)

    def remove(self, _: str) -> None:
        app, place = self._app, self._row()
        if place is None:
            app.say("info", "no row of the watchlist is selected")
            return
        listed, id = place
        self._removed = (listed.name, id, listed.instruments.index(id))
        command = EditWatchlist(name=listed.name, edit=ListEdit.REMOVE, instrument=id)
        app.keeping.send(command, text=f"{self._name(id)} is no longer in {listed.name}; a, Enter puts it back")

    def move(self, by: str) -> None:
        place = self._row()
        if place is None:
            return
        listed, id = place
        to = listed.instruments.index(id) + int(by)
        if 0 <= to < len(listed.instruments):
            command = EditWatchlist(name=listed.name, edit=ListEdit.MOVE, instrument=id, place=to)
            self._app.keeping.send(command, text=f"{self._name(id)} is number {to + 1} of {listed.name}")

    def _row(self) -> tuple[WatchlistRow, InstrumentId] | None:
        """The list, and the instrument under its cursor."""
        listed, id = self._app.picture.watchlist, self._app.surface.quotes.cursor
        if listed is None or id is None or id not in listed.instruments:
            return None
        return listed, InstrumentId(id)

    def _add(self, instrument: Instrument, is_listed: bool) -> None:
        app = self._app
        listed = app.picture.watchlist
        self._close()
        if is_listed or listed is None:
            app.select(instrument.id)
            return
        removed, place = self._removed, None
        if removed is not None and removed[:2] == (listed.name, instrument.id):
            place = removed[2]
        command = EditWatchlist(name=listed.name, edit=ListEdit.ADD, instrument=instrument.id, place=place)
        text = f"{self._name(instrument.id)} is in {listed.name}; d d removes it"
        app.look_at(instrument.id)
        app.keeping.send(command, text=text)

    def _offers(self) -> list[tuple[Instrument, bool]]:
        app = self._app
        likely = [self._removed[1]] if self._removed is not None else []
        likely += [app.instrument] if app.instrument is not None else []
        missing = [id for id in dict.fromkeys(likely) if id in app.instruments and id not in app.seeking.listed]
        return [(app.instruments[id], False) for id in missing]

    def _name(self, id: InstrumentId) -> str:
        known = self._app.instruments.get(id)
        return symbol(known, self._app.look.language) if known is not None else id

    def _close(self) -> None:
        if self._app.top_form is not None:
            self._app.close(self._app.top_form)

    # ---- lists

    def choose(self, _: str) -> None:
        app = self._app
        listed = app.picture.watchlist
        if listed is None:
            app.say("info", "there are no watchlists yet")
            return
        app.open(ListsForm(app.picture.watchlists, listed.name, self._chosen, self._edit))

    def _chosen(self, name: str) -> None:
        self._close()
        self._app.watching.show(name)

    def _edit(self, command: EditWatchlist) -> None:
        app = self._app

        def taken(_: object) -> None:
            if command.edit is ListEdit.MAKE:
                app.watching.show(command.name)
            elif command.edit is ListEdit.RENAME and app.picture.list_name == command.name:
                app.watching.show(command.new_name)

        app.keeping.send(command, taken=taken)
        app.show_form()

    def turn(self, by: str) -> None:
        app = self._app
        names, listed = [row.name for row in app.picture.watchlists()], app.picture.watchlist
        if listed is None or len(names) < 2:
            app.say("info", "there is one watchlist; w makes another")
            return
        app.watching.show(names[(names.index(listed.name) + int(by)) % len(names)])

    # ---- finding

    def find(self, _: str) -> None:
        app = self._app
        before = app.instrument

        def back() -> None:
            self._close()
            if before is not None:
                app.select(before)

        app.open(PickForm("find", "/", "Find", app.seeking.seek, self._found, back))

    def _found(self, instrument: Instrument, is_listed: bool) -> None:
        self._close()
        self._app.select(instrument.id)
        if not is_listed:
            self._app.say("info", f"{self._name(instrument.id)} is not in this list: a, Enter adds it")

    def next(self, by: str) -> None:
        app = self._app
        matches = app.seeking.matches()
        if not matches:
            app.say("info", "nothing was sought yet; press / first" if matches is None else "no match")
            return
        place = matches.index(app.instrument) if app.instrument in matches else -int(by)
        app.select(matches[(place + int(by)) % len(matches)])
