"""Moving: rows, panes, screens, zoom. It changes what is looked at, never what is held or ordered."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tui.actions import PANES
from tui.forms.jump import Jump
from tui.screens.layout import READY, Rect

if TYPE_CHECKING:
    from tui.app import HogaApp

_HOMES = {"quotes": "trade", "book": "ladder", "pnl": "positions", "risk": "recon"}
"""The screens of panes that have none of their own name."""


class Moving:
    def __init__(self, app: HogaApp) -> None:
        self._app = app
        self._behind = "quotes"
        """Where the keys were before the drawer was opened."""

    def down(self, _: str) -> None:
        self._app.pane.move_cursor(1)

    def up(self, _: str) -> None:
        self._app.pane.move_cursor(-1)

    def first(self, _: str) -> None:
        self._app.pane.cursor_to(0)

    def last(self, _: str) -> None:
        self._app.pane.cursor_to(-1)

    def half_down(self, _: str) -> None:
        self._app.pane.page(0.5)

    def half_up(self, _: str) -> None:
        self._app.pane.page(-0.5)

    def next_pane(self, _: str) -> None:
        self._turn(1)

    def previous_pane(self, _: str) -> None:
        self._turn(-1)

    def left(self, _: str) -> None:
        self._sideways(-1)

    def right(self, _: str) -> None:
        self._sideways(1)

    def screen(self, name: str) -> None:
        if name not in READY:
            self._app.say("info", f"the {name} screen is not there yet")
            return
        self._app.go_to(name)

    def go(self, place: str) -> None:
        """A pane where it is shown, else the screen that has it."""
        if place in self._app.surface.visible:
            self._app.focus_on(place)
            return
        self.screen(_HOMES.get(place, place))
        if place in self._app.surface.visible:
            self._app.focus_on(place)

    def jump(self, _: str) -> None:
        """A letter on every pane; the letter goes there."""
        self._app.open(Jump(self._app.surface.visible))

    def drawer(self, _: str) -> None:
        """The log over the lower third of any screen; the keys go there, and come back when it is closed."""
        app, surface = self._app, self._app.surface
        if surface.has_drawer:
            surface.has_drawer = False
            app.focus_on(self._behind)
            app.arrange()
            return
        if app.layout_now.kind != "full" or app.is_zoomed or surface.screen_name == "log":
            self.go("log")
            return
        self._behind, surface.has_drawer = app.focus_name, True
        app.arrange()
        app.focus_on("log")

    def zoom(self, _: str) -> None:
        self._app.is_zoomed = not self._app.is_zoomed
        self._app.arrange()

    def _turn(self, by: int) -> None:
        """Panes in reading order. Where one pane is shown at a time, Tab shows the next one."""
        app = self._app
        shown = app.layout_now.panes
        if app.is_zoomed or app.layout_now.kind == "small":
            names = list(PANES)
        else:
            names = sorted((n for n in shown if n in PANES), key=lambda n: (shown[n].y, shown[n].x))
        if names:
            place = names.index(app.focus_name) if app.focus_name in names else -by
            app.focus_on(names[(place + by) % len(names)])

    def _sideways(self, by: int) -> None:
        """The pane whose side touches this one's, the one that overlaps most."""
        app = self._app
        shown = {name: rect for name, rect in app.layout_now.panes.items() if name in PANES}
        here = shown.get(app.focus_name)
        if here is None:
            return
        edge = here.x if by < 0 else here.x + here.width
        found = [
            (_overlap(here, rect), name)
            for name, rect in shown.items()
            if (rect.x + rect.width if by < 0 else rect.x) == edge and _overlap(here, rect) > 0
        ]
        if found:
            app.focus_on(max(found)[1])


def _overlap(one: Rect, other: Rect) -> int:
    return min(one.y + one.height, other.y + other.height) - max(one.y, other.y)
