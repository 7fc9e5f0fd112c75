"""Pens as the terminal knows them: numbers one paint after another, and the shortest escape sequence from one pen to
the next. It knows Rich styles and terminal colours, and neither the screen nor the cursor.
"""

from __future__ import annotations

from typing import NamedTuple

from rich.color import ColorSystem
from rich.style import Style

_CODES = ("1", "2", "3", "4", "5", "6", "7", "8", "9", "21", "", "", "53")
"""SGR code of each bit of a Rich style's attributes; frames and circles (the gap) are drawn by no terminal."""
_OFF = {"1": "22", "2": "22", "5": "25", "6": "25", "21": "24", "53": "55"} | {code: f"2{code}" for code in "34789"}
"""Code that switches an attribute off; bold and dim share one."""
_SEEN_ON_BLANKS = frozenset({"4", "7", "9", "21", "53"})
"""Attributes that show even where there is no glyph."""


class Pen(NamedTuple):
    """What a terminal keeps between two characters: attributes, foreground and background codes ("" = default)."""

    attributes: frozenset[str] = frozenset()
    foreground: str = ""
    background: str = ""


PLAIN = Pen()
MAX_PENS = 20_000
"""More distinct pens than any theme has; beyond it the table starts anew."""


class PenTable:
    """Gives every distinct look a one-character name, so that a row of pens is a string and compares at C speed."""

    def __init__(self, color_system: ColorSystem = ColorSystem.TRUECOLOR) -> None:
        self.color_system = color_system
        self._pens: list[Pen] = [PLAIN]
        self._names: dict[Pen, str] = {PLAIN: chr(0)}
        self._grounds: list[str] = [chr(0)]
        self._by_style: dict[int, tuple[Style, str]] = {}
        self._moves: dict[tuple[str, str], str] = {}

    @property
    def is_full(self) -> bool:
        return len(self._pens) > MAX_PENS or len(self._by_style) > MAX_PENS

    def name(self, style: Style | None) -> str:
        """The pen of a style; looked up by identity, because hashing a style is slower than drawing it."""
        if style is None:
            return chr(0)
        known = self._by_style.get(id(style))
        if known is None:
            known = self._by_style[id(style)] = (style, self._intern(self._pen(style)))  # keeps the style alive
        return known[1]

    def look(self, style: Style | None) -> tuple[str, str]:
        """The pen of a style and the pen of its blanks."""
        name = self.name(style)
        return name, self._grounds[ord(name)]

    def ground(self, name: str) -> str:
        """The pen a blank has under `name`: equal for all pens whose blanks look the same."""
        return self._grounds[ord(name)]

    def change(self, current: str, wanted: str) -> str:
        """The shortest sequence that turns pen `current` into `wanted`; empty when they are one."""
        if current == wanted:
            return ""
        known = self._moves.get((current, wanted))
        if known is None:
            if len(self._moves) > MAX_PENS:
                self._moves.clear()
            known = self._moves[current, wanted] = _change(self._pens[ord(current)], self._pens[ord(wanted)])
        return known

    def _intern(self, pen: Pen) -> str:
        name = self._names.get(pen)
        if name is None:
            code = len(self._pens)
            name = self._names[pen] = chr(code)
            self._pens.append(pen)
            self._grounds.append(name)  # keeps the lists in step while the ground is interned
            if not pen.attributes & _SEEN_ON_BLANKS:
                self._grounds[code] = self._intern(Pen(background=pen.background))
        return name

    def _pen(self, style: Style) -> Pen:
        bits = style._attributes & style._set_attributes
        attributes = frozenset(code for bit, code in enumerate(_CODES) if code and bits & (1 << bit))
        foreground, background = style.color, style.bgcolor
        front = foreground.downgrade(self.color_system).get_ansi_codes() if foreground else ()
        back = background.downgrade(self.color_system).get_ansi_codes(False) if background else ()
        return Pen(
            attributes,
            "" if front == ("39",) else ";".join(front),
            "" if back == ("49",) else ";".join(back),
        )


def _change(old: Pen, new: Pen) -> str:
    codes: list[str] = []
    gone = old.attributes - new.attributes
    off = {_OFF[code] for code in gone}
    codes.extend(sorted(off))
    kept = {code for code in old.attributes & new.attributes if _OFF[code] not in off}
    codes.extend(sorted(new.attributes - kept))
    if old.foreground != new.foreground:
        codes.append(new.foreground or "39")
    if old.background != new.background:
        codes.append(new.background or "49")
    changed = ";".join(codes)
    afresh = ";".join(filter(None, ("0", *sorted(new.attributes), new.foreground, new.background)))
    if new == PLAIN:
        return "\x1b[m"
    return f"\x1b[{min(changed, afresh, key=len)}m"
