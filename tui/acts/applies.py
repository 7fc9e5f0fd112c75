"""When an action would have something to act on: the footer shows a key only while its test holds. The keys themselves
always work, and say what is missing."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from core.trading.view import OrderRow, Slice

if TYPE_CHECKING:
    from tui.app import HogaApp


def _has_order(app: HogaApp) -> bool:
    if app.focus_name == "orders":
        order = app.selected_order()
        return order is not None and order.is_working
    rows = app.picture.rows[Slice.ORDERS].values()
    return any(isinstance(r, OrderRow) and r.is_working and r.instrument == app.instrument for r in rows)


def _was_sent(app: HogaApp) -> bool:
    order = app.picture.order(app.last_sent) if app.last_sent is not None else None
    return order is not None and order.is_working


def _recon_kind(app: HogaApp) -> str:
    row = app.surface.recon.chosen
    return row.kind if row is not None else ""


TESTS: dict[str, Callable[[HogaApp], bool]] = {
    "symbol": lambda app: app.instrument is not None,
    "order": _has_order,
    "position": lambda app: app.selected_position() is not None,
    "sent": _was_sent,
    "candidate": lambda app: _recon_kind(app) == "candidate",
    "unknown": lambda app: _recon_kind(app) == "unknown",
    "frozen": lambda app: _recon_kind(app) == "frozen",
    "strategies": lambda app: bool(app.picture.rows[Slice.STRATEGIES]),
}
