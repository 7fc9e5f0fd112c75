"""The screen of one market: the ladder with its ticket, the day's facts and the tape beside it, at 200 columns the
watchlist too."""

from __future__ import annotations

from tui.screens.tiling import TICKET_WIDTH, Panes, Rect, across, down

SIDE_WIDTH = 38
QUOTES_WIDTH = 62
MARKET_ROWS = 8
"""Seven lines in two columns, and the rule."""


def ladder(body: Rect, has_ticket: bool) -> Panes:
    if body.width >= 199 and body.height >= 40:
        columns = across(body, [("left", QUOTES_WIDTH), ("book", 0), ("side", SIDE_WIDTH + 6)])
        lists = down(columns["left"], [("quotes", body.height * 3 // 5), ("orders", 0)])
        side = down(columns["side"], [("ticket", 20), ("market", MARKET_ROWS), ("tape", 0)])
        return {**lists, "book": columns["book"], **side}
    if body.width >= 119 and body.height >= 30:
        columns = across(body, [("book", 0), ("side", SIDE_WIDTH)])
        side = down(columns["side"], [("ticket", 18), ("market", MARKET_ROWS), ("tape", 0)])
        return {"book": columns["book"], **side}
    if body.width >= 119:  # low: the tape gives way to the ticket
        columns = across(body, [("book", 0), ("side", SIDE_WIDTH)])
        return {"book": columns["book"], **_side(columns["side"], has_ticket, MARKET_ROWS)}
    columns = across(body, [("book", 0), ("side", TICKET_WIDTH)])
    return {"book": columns["book"], **_side(columns["side"], has_ticket, min(15, body.height - 6))}


def _side(side: Rect, has_ticket: bool, market_rows: int) -> Panes:
    """One column for the ticket while there is one, else for what the market did."""
    return {"ticket": side} if has_ticket else down(side, [("market", market_rows), ("tape", 0)])
