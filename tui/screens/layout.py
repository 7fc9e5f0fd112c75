"""Which panes stand where: one entry of SCREENS per screen, and the choice between whole, small and tiny terminals.
Pure arithmetic from (screen, width, height) to rectangles that tile the body; it draws nothing.

A new screen is one line in SCREENS; a new pane on a screen is one name in its tiling (see tui/screens/tiling.py)."""

from __future__ import annotations

import msgspec

from tui.screens.ladder import ladder
from tui.screens.tiling import TICKET_WIDTH, Panes, Rect, Tiling, across, alone, beside_ticket, down, stacked
from tui.screens.trade import trade

__all__ = ["READY", "SCREENS", "TICKET_WIDTH", "Layout", "Rect", "Screen", "arrange"]

MIN_WIDTH, MIN_HEIGHT = 80, 24
"""Below this: status line, one pane and the command line."""
TINY_WIDTH, TINY_HEIGHT = 40, 10
"""Below this: a note that still shows the badge, the day's profit and the panic key."""


class Screen(msgspec.Struct, frozen=True):
    """`home` is the pane that has the keys when somebody comes here; `tab` the word in the tab row."""

    tab: str
    home: str
    tiling: Tiling


class Layout(msgspec.Struct, frozen=True):
    """`kind`: full (header, tabs, panes, command line, hints), small (header, one pane, command line) or tiny."""

    width: int
    height: int
    kind: str
    panes: Panes

    @property
    def command_row(self) -> int:
        return self.height - (2 if self.kind == "full" else 1)


def body_of(width: int, height: int) -> Rect:
    """What is left for panes between header and tabs above, command line and hints below."""
    return Rect(0, 2, width - 1, height - 4)


def arrange(screen: str, width: int, height: int, *, focus: str, is_zoomed: bool, has_ticket: bool) -> Layout:
    """The panes of `screen`. `focus` is the pane that is kept when there is room for one only."""
    if width < TINY_WIDTH or height < TINY_HEIGHT:
        return Layout(width, height, "tiny", {})
    if width < MIN_WIDTH or height < MIN_HEIGHT:
        only = "ticket" if has_ticket else focus
        return Layout(width, height, "small", {only: Rect(0, 1, width - 1, height - 2)})
    body = body_of(width, height)
    if is_zoomed:
        panes = beside_ticket(body, focus) if has_ticket else {focus: body}
    else:
        panes = SCREENS[screen].tiling(body, has_ticket)
    return Layout(width, height, "full", panes)


def _chart(body: Rect, has_ticket: bool) -> Panes:
    """The chart; at its left the quotes to choose from, at its right the ladder, where there is room for them."""
    ticket = [("ticket", TICKET_WIDTH)] if has_ticket else []
    if body.width < 119:
        return across(body, [("chart", 0), *ticket])
    book = [("book", 42)] if body.width >= 179 else []
    return across(body, [("quotes", 38), ("chart", 0), *book, *ticket])


def _strategies(body: Rect, has_ticket: bool) -> Panes:
    """All strategies above; below them why the selected one does what it does, and what was said last."""
    sides = beside_ticket(body, "rest") if has_ticket else {"rest": body}
    rest = sides.pop("rest")
    rows = down(rest, [("strategies", max(rest.height // 4, 5)), ("below", 0)])
    below = rows.pop("below")
    if rest.width < 85 or below.height < 12:
        return {**rows, "why": below, **sides}
    parts = across(below, [("why", below.width * 3 // 5), ("right", 0)])
    right = parts.pop("right")
    return {**rows, **parts, **down(right, [("signals", right.height // 2), ("log", 0)]), **sides}


SCREENS: dict[str, Screen] = {
    "trade": Screen("Trade", "quotes", trade),
    "positions": Screen("Positions", "positions", stacked("positions", "pnl", (1, 2))),
    "orders": Screen("Orders", "orders", stacked("orders", "log", (2, 3))),
    "ladder": Screen("Ladder", "book", ladder),
    "chart": Screen("Chart", "chart", _chart),
    "strategies": Screen("Strategies", "strategies", _strategies),
    "log": Screen("Log", "log", alone("log")),
    "system": Screen("System", "system", alone("system")),
    "recon": Screen("Reconcile", "recon", stacked("recon", "risk", (3, 5))),
}
"""The screens there are by now, by the names of tui/actions.SCREENS where they have a digit. A tiling is (body,
has_ticket) -> panes: write one that asks body.width and body.height what fits, or take `alone` or `stacked`."""

READY = tuple(SCREENS)
