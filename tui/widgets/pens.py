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
        self._over: dict[str, _Over] = {}
        self.ink = frozenset(name for name in self._styles if self._is_ink(name))
        """Pens that show only where there is a glyph: blanks beside their text need no pen of their own."""

    def __contains__(self, name: str) -> bool:
        return name in self._styles

    def __getitem__(self, name: str) -> Style:
        """The bare style of a pen; an unknown name looks like `text`, so that a typing error never hides a figure."""
        return self._styles.get(name, self._fallback)

    def over(self, pen: str, ground: str = "background") -> Style:
        """The style of `pen` drawn on `ground`; the same object every time."""
        return self.on(ground)[pen]

    def on(self, ground: str) -> Mapping[str, Style]:
        """All pens drawn on one ground: `pens.on("selection")["up"]`."""
        pens = self._over.get(ground)
        if pens is None:
            pens = self._over[ground] = _Over(self, ground)
        return pens

    def _is_ink(self, pen: str) -> bool:
        style = self._styles[pen]
        shows = (style.bgcolor, style.reverse, style.underline, style.underline2, style.strike, style.overline)
        return not any(shows)


class _Over(dict[str, Style]):
    """Pens over one ground, each made when it is first asked for."""

    def __init__(self, pens: Pens, ground: str) -> None:
        super().__init__()
        self._pens = pens
        base = pens["background"]
        self._ground = base if ground == "background" else base + pens[ground]
        self._text = self._ground + pens["text"] + (pens[ground] if ground != "background" else Style.null())

    def __missing__(self, pen: str) -> Style:
        style = self[pen] = self._ground if pen == "background" else self._text + self._pens[pen]
        return style
