"""Which watchlist this console looks at: it asks the desk for the quotes of that list alone, and of the selected
instrument where that stands in none of its rows. The lists themselves live in the engine."""

from __future__ import annotations

from typing import TYPE_CHECKING

from core.domain.commands import EditWatchlist, ListEdit
from core.domain.ids import InstrumentId
from core.trading.view import Slice

if TYPE_CHECKING:
    from tui.app import HogaApp


_GROUPS = {"system": {"system", "risk"}, "recon": {"recon"}}
"""What is asked of the desk only while one of these panes is shown."""


class Watching:
    def __init__(self, app: HogaApp) -> None:
        self._app = app
        self._groups: set[str] = set()
        """What is followed for the panes that are shown alone."""
        self._followed: tuple[str, InstrumentId | None] | None = None

    def follow(self) -> None:
        """Follow the quotes that are wanted now, if they are others than before."""
        app = self._app
        listed = app.picture.watchlist
        held = listed.instruments if listed is not None else app.picture.rows[Slice.QUOTES]
        extra = app.instrument if app.instrument is not None and app.instrument not in held else None
        wanted = (app.picture.list_name, extra)
        if wanted != self._followed:
            self._followed = wanted
            app.following.quotes(*wanted)

    @property
    def is_log_shown(self) -> bool:
        """Is somebody reading the log?"""
        surface = self._app.surface
        return surface.screen_name == "log" or (surface.focus_name == "log" and "log" in surface.layout.panes)

    def sync(self) -> None:
        """Other panes are shown or have the keys: what is asked of the desk for them alone, and what counts as read."""
        app = self._app
        if self.is_log_shown:
            app.picture.unread = 0
        visible = set(app.surface.visible)
        wanted = {group for group, panes in _GROUPS.items() if panes & visible}
        for group in wanted - self._groups:
            getattr(app.following, group)()
        for group in self._groups - wanted:
            app.following.no(group)
        self._groups = wanted

    def show(self, name: str) -> None:
        """Look at this list."""
        self._app.picture.list_name = name
        self.follow()
        self._app.show_all()

    def command(self, words: list[str]) -> str:
        """`:watch NAME`, `:watch reset [NAME]`, and without a word the menu."""
        app = self._app
        names = [row.name for row in app.picture.watchlists()]
        if words[:1] == ["reset"] and len(words) <= 2:
            app.keeping.send(EditWatchlist(name=words[1] if len(words) == 2 else "", edit=ListEdit.RESET))
        elif not words:
            app.listing.choose("")
        elif len(words) == 1 and words[0] in names:
            self.show(words[0])
        else:
            return f"write: watch NAME, or watch reset; lists: {', '.join(names)}"
        return ""
