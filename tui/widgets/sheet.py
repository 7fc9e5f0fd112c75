"""Placing widgets by cells: the console's layout is arithmetic, not CSS. A Sheet is free-form rows that know their own
size the moment they are placed, before Textual has laid anything out."""

from __future__ import annotations

from textual.widget import Widget

from tui.widgets.grid import Lines


def place(widget: Widget, x: int, y: int, width: int, height: int) -> None:
    """Put a widget at these cells of the screen and show it."""
    widget.styles.offset = (x, y)
    widget.styles.width = width
    widget.styles.height = height
    widget.display = True
    if isinstance(widget, Sheet | Roomy):
        widget.room_width, widget.room_height = width, height


class Roomy:
    """A widget of another kind that also wants to know the size it was given."""

    room_width = 0
    room_height = 0


class Sheet(Lines):
    """Lines with a size of its own: what `place` gave it."""

    room_width = 0
    room_height = 0
