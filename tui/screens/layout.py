"""Which panes stand where at which size: pure arithmetic from (screen, width, height) to rectangles that tile the
body of the console. It draws nothing; the frame and the panes are placed by it."""

from __future__ import annotations

from collections.abc import Callable

import msgspec

MIN_WIDTH, MIN_HEIGHT = 80, 24
"""Below this: status line, one pane and the command line."""
TINY_WIDTH, TINY_HEIGHT = 40, 10
"""Below this: a note that still shows the badge, the day's profit and the panic key."""
TICKET_WIDTH = 31

READY = ("trade", "positions", "orders", "ladder", "strategies", "log")
"""Screens that exist by now."""


class Rect(msgspec.Struct, frozen=True):
    """A pane with its title rule (first row) and left border (first column); its right border belongs to whatever
    stands there. Cells, from the screen's corner."""

    x: int
    y: int
    width: int
    height: int

    @property
    def inside(self) -> tuple[int, int, int, int]:
        """x, y, width, height of what the pane itself draws."""
        return self.x + 1, self.y + 1, max(self.width - 1, 0), max(self.height - 1, 0)


class Layout(msgspec.Struct, frozen=True):
    """`kind`: full (header, tabs, panes, command line, hints), small (header, one pane, command line) or tiny."""

    width: int
    height: int
    kind: str
    panes: dict[str, Rect]

    @property
    def command_row(self) -> int:
        return self.height - (2 if self.kind == "full" else 1)


def arrange(screen: str, width: int, height: int, *, focus: str, is_zoomed: bool, has_ticket: bool) -> Layout:
    """The panes of `screen`. `focus` is the pane that is kept when there is room for one only."""
    if width < TINY_WIDTH or height < TINY_HEIGHT:
        return Layout(width, height, "tiny", {})
    if width < MIN_WIDTH or height < MIN_HEIGHT:
        only = "ticket" if has_ticket else focus
        return Layout(width, height, "small", {only: Rect(0, 1, width - 1, height - 2)})
    body = Rect(0, 2, width - 1, height - 4)
    if is_zoomed:
        panes = _beside_ticket(body, focus) if has_ticket else {focus: body}
    else:
        panes = _SCREENS[screen](body, has_ticket)
    return Layout(width, height, "full", panes)


def _across(area: Rect, parts: list[tuple[str, int]]) -> dict[str, Rect]:
    """Columns from left to right; widths of 0 share what is left, in equal parts."""
    fixed, free = sum(width for _, width in parts), sum(not width for _, width in parts)
    panes, x, end = {}, area.x, area.x + area.width
    for i, (name, width) in enumerate(parts):
        last = i == len(parts) - 1
        taken = end - x if last else width or (area.width - fixed) // free
        panes[name] = Rect(x, area.y, taken, area.height)
        x += taken
    return panes


def _down(area: Rect, parts: list[tuple[str, int]]) -> dict[str, Rect]:
    """Rows from top to bottom; heights of 0 share what is left."""
    fixed, free = sum(height for _, height in parts), sum(not height for _, height in parts)
    panes, y, end = {}, area.y, area.y + area.height
    for i, (name, height) in enumerate(parts):
        last = i == len(parts) - 1
        taken = end - y if last else height or (area.height - fixed) // free
        panes[name] = Rect(area.x, y, area.width, taken)
        y += taken
    return panes


def _beside_ticket(area: Rect, name: str) -> dict[str, Rect]:
    return _across(area, [(name, 0), ("ticket", TICKET_WIDTH)])


def _trade(body: Rect, has_ticket: bool) -> dict[str, Rect]:
    width, height = body.width + 1, body.height + 4
    if width >= 200 and height >= 50:
        rows = _down(body, [("top", body.height * 26 // 56), ("rest", 0)])
        left_right = _across(rows["rest"], [("left", 128), ("right", 0)])
        left, right = left_right["left"], left_right["right"]
        return {
            **_across(rows["top"], [("quotes", 0), ("book", 48), ("ticket", 42)]),
            **_down(left, [("positions", left.height * 12 // 30), ("orders", 0)]),
            **_down(right, [("strategies", 8), ("pnl", 10), ("log", 0)]),
        }
    if width >= 120 and height >= 34:
        extra = height - 40
        rows = _down(
            body,
            [
                ("top", 17 + extra * 2 // 5),
                ("positions", max(6 + extra // 5, 5)),
                ("orders", max(6 + extra // 5, 5)),
                ("foot", 0),
            ],
        )
        top, foot = rows.pop("top"), rows.pop("foot")
        return {
            **_across(top, [("quotes", 0), ("book", 31), ("ticket", TICKET_WIDTH)]),
            **rows,
            **_across(foot, [("strategies", 52), ("pnl", 31), ("log", 0)]),
        }
    rows = _down(body, [("quotes", body.height * 9 // 20), ("positions", body.height * 5 // 20), ("orders", 0)])
    if width >= 120:
        parts = [("quotes", 0), ("book", 31)] + ([("ticket", TICKET_WIDTH)] if has_ticket else [])
        quotes, positions = rows.pop("quotes"), rows["positions"]
        if has_ticket:  # a ticket needs more rows than the quotes have here
            top = Rect(quotes.x, quotes.y, quotes.width, quotes.height + positions.height)
            sides = _across(top, parts)
            left = Rect(top.x, positions.y, sides["quotes"].width, positions.height)
            sides["quotes"] = Rect(top.x, top.y, sides["quotes"].width, quotes.height)
            return {**sides, "positions": left, "orders": rows["orders"]}
        return {**_across(quotes, parts), **rows}
    if has_ticket:
        quotes, positions = rows["quotes"], rows["positions"]
        left_width = body.width - TICKET_WIDTH
        return {
            "quotes": Rect(0, quotes.y, left_width, quotes.height),
            "ticket": Rect(left_width, quotes.y, TICKET_WIDTH, quotes.height + positions.height),
            "positions": Rect(0, positions.y, left_width, positions.height),
            "orders": rows["orders"],
        }
    return rows


def _stacked(first: str, second: str, share: tuple[int, int]) -> Callable[[Rect, bool], dict[str, Rect]]:
    """Two panes, one above the other; an open ticket stands beside both, over the whole height."""

    def screen(body: Rect, has_ticket: bool) -> dict[str, Rect]:
        sides = _beside_ticket(body, "rest") if has_ticket else {"rest": body}
        rest = sides.pop("rest")
        return {**_down(rest, [(first, rest.height * share[0] // share[1]), (second, 0)]), **sides}

    return screen


def _ladder(body: Rect, has_ticket: bool) -> dict[str, Rect]:
    if body.width >= 119:
        return _across(body, [("quotes", 0), ("book", 46), ("ticket", TICKET_WIDTH)])
    return _across(body, [("book", 0), ("ticket", TICKET_WIDTH)])


def _log(body: Rect, has_ticket: bool) -> dict[str, Rect]:
    return _beside_ticket(body, "log") if has_ticket else {"log": body}


_SCREENS = {
    "trade": _trade,
    "positions": _stacked("positions", "pnl", (3, 5)),
    "orders": _stacked("orders", "log", (2, 3)),
    "ladder": _ladder,
    "strategies": _stacked("strategies", "log", (1, 2)),
    "log": _log,
}
