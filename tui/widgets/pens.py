"""Pens: the named ways text can look, resolved to terminal styles once per theme. A pen name is all a pane ever
says about looks. It is not a theme: the theme decides what the names look like and hands the table over.
"""

from __future__ import annotations

from collections.abc import Mapping

from rich.style import Style


class Pens:
    """Name -> Style, and pen over ground -> Style. Every table needs the pens `text` and `background`.

    A *ground* is a pen too, usually one that has only a background: `selection`, `raised`, `stale`. What the pen
    says wins over what the ground says, so a chip keeps its own fill on a selected row.
    """

    def __init__(self, styles: Mapping[str, Style | str]) -> None:
        """`styles` maps names to Rich styles, or to their text form. Raises KeyError when `text` is missing."""
        self._styles = {name: Style.parse(style) if isinstance(style, str) else style for name, style in styles.items()}
        self._styles.setdefault("background", Style.null())
        self._fallback = self._styles["text"]
        self._over: dict[tuple[str, str], Style] = {}
        self._is_ink: dict[str, bool] = {}

    def __contains__(self, name: str) -> bool:
        return name in self._styles

    def __getitem__(self, name: str) -> Style:
        """The bare style of a pen; an unknown name looks like `text`, so that a typing error never hides a figure."""
        return self._styles.get(name, self._fallback)

    def over(self, pen: str, ground: str = "background") -> Style:
        """The style of `pen` drawn on `ground`; the same object every time."""
        style = self._over.get((pen, ground))
        if style is None:
            base = self["background"] if ground == "background" else self["background"] + self[ground]
            style = base + self["text"] + self[ground] + self[pen] if pen != "background" else base
            self._over[pen, ground] = style
        return style

    def is_ink(self, pen: str) -> bool:
        """Does `pen` show only where there is a glyph? Blanks beside its text then need no pen of their own."""
        known = self._is_ink.get(pen)
        if known is None:
            style = self[pen]
            shows = (style.bgcolor, style.reverse, style.underline, style.underline2, style.strike, style.overline)
            known = self._is_ink[pen] = not any(shows)
        return known
