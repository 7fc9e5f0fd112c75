"""Glyphs of ambiguous width and what stands for them where they cannot be used: on terminals that draw them two cells
wide, as Korean ones may, or that know ASCII only. Every twin takes one cell, as its glyph does elsewhere, so nothing
moves. It is applied to all that is written to the terminal (tui/display.py); nobody else knows of it."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping

_TABLE = (
    ("▲▼↑↓←→‹›◂▸", "^v^v<><><>"),
    ("─━┄┈═│┃║┊", "--..=|HH:"),
    ("╵╷╹╻╽╿", "||||||"),
    ("┌┐└┘├┤┬┴┼┏┓┗┛┣┫┳┻╋┠┨┯┷╔╗╚╝╟╢╠╣", "+" * 30),
    ("╵╷╹╻╽╿", "'.\",HH"),
    ("▎●○◆◇■□", ">oo!!xx"),
    ("✕✓×✗╱╲", "Xvxx/\\"),
    ("▁▂▃▄▅▆▇█", "__.--=^#"),
    ("▏▍▌▋▊▉░▒▓", "  ####:::"),
    ("·…–—Σ€₩£¥°±≈", ".~--=EWLYo~~"),
)


class _Twins(dict[int, str]):
    """For `str.translate`. What is ambiguous and has no twin of its own becomes `?`, braille `*`; the rest stays."""

    def __missing__(self, code: int) -> str:
        character = chr(code)
        if 0x2500 <= code <= 0x257F:  # a line of a form the table does not name
            self[code] = "+"
            return "+"
        is_braille = 0x2800 < code <= 0x28FF
        is_ambiguous = unicodedata.east_asian_width(character) == "A" and not unicodedata.combining(character)
        twin = self[code] = "*" if is_braille else "?" if is_ambiguous else character
        return twin


TWINS: Mapping[int, str] = _Twins(
    {ord(glyph): twin for glyphs, twins in _TABLE for glyph, twin in zip(glyphs, twins, strict=True)}
)
