"""The screen people spend the day on, at its sizes: 80x24 (quotes, positions, orders), 120x40 (with ladder, ticket,
strategies, profit and log) and 200x60 (with the chart, once there is one). Between them the nearest one grows."""

from __future__ import annotations

from tui.actions import PANES
from tui.screens.tiling import TICKET_WIDTH, Panes, Rect, across, down

BOOK_WIDTH = 31
QUOTES_WIDTH = 69
"""At 200 columns: with the shape of the last hour; more would only part names from their figures."""


def trade(body: Rect, has_ticket: bool) -> Panes:
    width, height = body.width + 1, body.height + 4
    if width >= 200 and height >= 50:
        return _wide(body)
    if width >= 120 and height >= 34:
        return _usual(body)
    if width >= 120:
        return _flat(body, has_ticket)
    return _narrow(body, has_ticket)


def _wide(body: Rect) -> Panes:
    rows = down(body, [("top", body.height * 32 // 56), ("rest", 0)])
    sides = across(rows["rest"], [("left", 128), ("right", 0)])
    left, right = sides["left"], sides["right"]
    top = [("quotes", QUOTES_WIDTH), ("chart", 0)] if "chart" in PANES else [("quotes", 0)]
    return {
        **across(rows["top"], [*top, ("book", 42), ("ticket", TICKET_WIDTH)]),
        **down(left, [("positions", left.height * 10 // 24), ("orders", 0)]),
        **down(right, [("strategies", right.height * 7 // 24), ("pnl", right.height * 9 // 24), ("log", 0)]),
    }


def _usual(body: Rect) -> Panes:
    extra = body.height - 36
    each = max(6 + extra // 5, 5)
    rows = down(body, [("top", 17 + extra * 2 // 5), ("positions", each), ("orders", each), ("foot", 0)])
    top, foot = rows.pop("top"), rows.pop("foot")
    return {
        **across(top, [("quotes", 0), ("book", BOOK_WIDTH), ("ticket", TICKET_WIDTH)]),
        **rows,
        **across(foot, [("strategies", 52), ("pnl", 31), ("log", 0)]),
    }


def _thirds(body: Rect) -> Panes:
    return down(body, [("quotes", body.height * 9 // 20), ("positions", body.height * 5 // 20), ("orders", 0)])


def _flat(body: Rect, has_ticket: bool) -> Panes:
    """Wide and low: the ladder beside the quotes; a ticket needs more rows than the quotes have here."""
    rows = _thirds(body)
    quotes, positions = rows.pop("quotes"), rows["positions"]
    parts = [("quotes", 0), ("book", BOOK_WIDTH)]
    if not has_ticket:
        return {**across(quotes, parts), **rows}
    top = Rect(quotes.x, quotes.y, quotes.width, quotes.height + positions.height)
    sides = across(top, [*parts, ("ticket", TICKET_WIDTH)])
    left = sides["quotes"]
    return {
        **sides,
        "quotes": Rect(top.x, top.y, left.width, quotes.height),
        "positions": Rect(top.x, positions.y, left.width, positions.height),
        "orders": rows["orders"],
    }


def _narrow(body: Rect, has_ticket: bool) -> Panes:
    """Quotes, positions, orders; in a tall window also strategies and profit. A ticket stands right of the
    first two."""
    foot: Panes = {}
    if body.height >= 32:
        parts = down(body, [("main", body.height - max(body.height // 5, 7)), ("foot", 0)])
        body, foot = parts["main"], across(parts["foot"], [("strategies", 0), ("pnl", 31)])
    rows = _thirds(body)
    if not has_ticket:
        return {**rows, **foot}
    quotes, positions = rows["quotes"], rows["positions"]
    left = body.width - TICKET_WIDTH
    return {
        "quotes": Rect(0, quotes.y, left, quotes.height),
        "ticket": Rect(left, quotes.y, TICKET_WIDTH, quotes.height + positions.height),
        "positions": Rect(0, positions.y, left, positions.height),
        "orders": rows["orders"],
        **foot,
    }
