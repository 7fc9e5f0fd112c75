"""The drawer: the log over the lower third of whatever screen is shown. The panes above it stay where they are."""

from __future__ import annotations

import msgspec

from tui.screens.layout import Layout, body_of
from tui.screens.tiling import Panes, Rect

LEAST = 5
"""Rows of the drawer, and rows a pane above it must keep to stay."""


def with_drawer(layout: Layout) -> Layout:
    """`layout` with the log below: panes it covers are cut or gone, and those above a gone one take its rows."""
    if layout.kind != "full" or list(layout.panes) == ["log"]:
        return layout
    body = body_of(layout.width, layout.height)
    top = body.y + body.height - max(body.height // 3, LEAST)
    kept = {name: rect for name, rect in layout.panes.items() if name != "log" and rect.y + LEAST <= top}
    panes = {
        name: rect if _stands_on(rect, kept) else msgspec.structs.replace(rect, height=top - rect.y)
        for name, rect in kept.items()
    }
    panes["log"] = Rect(body.x, top, body.width, body.y + body.height - top)
    return msgspec.structs.replace(layout, panes=panes)


def _stands_on(rect: Rect, panes: Panes) -> bool:
    """Is there another pane below this one?"""
    return any(
        other.y >= rect.y + rect.height and other.x < rect.x + rect.width and rect.x < other.x + other.width
        for other in panes.values()
    )
