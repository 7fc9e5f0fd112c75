"""How figures, times and names read on the screen: separators, signs, ages, currencies, widths in cells. The only
place that knows the display time zone. Nothing here computes with money: a Decimal is written digit by digit.
"""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from functools import lru_cache
from typing import Literal
from zoneinfo import ZoneInfo

from rich.cells import get_character_cell_size

from core.domain.decimals import round_to
from core.domain.text import clean

NS = 1_000_000_000
MISSING = "-"
"""Stands where a figure is not known: never a zero."""
ELLIPSIS = "…"
UP, DOWN = "▲", "▼"

Align = Literal["left", "right", "centre"]

_DECIMALS = {"KRW": 0, "JPY": 0, "VND": 0, "BTC": 8, "ETH": 8}
_SYMBOLS = {"KRW": "₩", "USD": "$", "EUR": "€", "GBP": "£", "JPY": "¥"}
_UNITS = ((1e12, "T"), (1e9, "B"), (1e6, "M"), (1e3, "K"))

# ---- widths in cells


@lru_cache(maxsize=8192)
def _wide_width(text: str) -> int:
    return sum(get_character_cell_size(character) for character in text)


def width(text: str) -> int:
    """Cells `text` takes on the screen: Hangul counts two."""
    return len(text) if text.isascii() else _wide_width(text)


@lru_cache(maxsize=8192)
def clip(text: str, cells: int) -> str:
    """`text` cut to at most `cells` cells, its end replaced by … when something was cut. For words only."""
    if width(text) <= cells:
        return text
    if cells <= 0:
        return ""
    room, kept = cells - 1, []
    for character in text:
        room -= get_character_cell_size(character)
        if room < 0:
            break
        kept.append(character)
    return "".join(kept) + ELLIPSIS


def fit(text: str, cells: int, align: Align = "left", *, number: bool = False) -> str:
    """Exactly `cells` cells of cleaned `text`. Words that do not fit end in …; a number that does not fit becomes
    a row of #, because part of a number is another number."""
    if text.isascii() and text.isprintable():
        missing = cells - len(text)
    else:
        text = _shown(text)
        missing = cells - width(text)
    if missing < 0:
        if number:
            return "#" * cells
        text = clip(text, cells)
        missing = cells - width(text)
    if not missing:
        return text
    if align == "right":
        return text.rjust(len(text) + missing)
    if align == "left":
        return text.ljust(len(text) + missing)
    return " " * (missing // 2) + text + " " * (missing - missing // 2)


@lru_cache(maxsize=8192)
def _shown(text: str) -> str:
    """The last guard before a segment: cleaned, and without marks that take no cell of their own."""
    return "".join(character for character in clean(text, 1024) if get_character_cell_size(character) > 0)


# ---- numbers


def number(value: float | Decimal | None, decimals: int = 0) -> str:
    """Thousands separated, `decimals` digits after the point, `-0` written `0`; None is a dash."""
    if value is None or value != value:  # noqa: PLR0124 - NaN of either kind
        return MISSING
    text = format(value, f",.{decimals}f")
    return text[1:] if text[0] == "-" and not text.strip("-0.,") else text


price = number


def quantity(value: float | Decimal | None) -> str:
    """Thousands separated, no trailing zeros, at most eight digits after the point."""
    text = number(value, 8)
    return text.rstrip("0").rstrip(".") if "." in text else text


def quantity_in(value: Decimal, cells: int) -> str:
    """`value` in at most `cells` cells: whole where it fits, else with fewer decimals, cut towards zero and marked `~`.
    The whole figure stands in the row's detail; a cut digit is never shown as if it were the last."""
    text = quantity(value)
    if len(text) <= cells:
        return text
    for decimals in range(7, -1, -1):
        cut = round_to(abs(value), Decimal(1).scaleb(-decimals), "down").copy_sign(value)
        text = "~" + number(cut, decimals)
        if len(text) <= cells:
            return text
    return "~" + compact(value, 1, below=1000)


def signed(value: float | Decimal | None, decimals: int = 0) -> str:
    """`+1,234` or `-1,234`; zero has no sign."""
    text = number(value, decimals)
    return text if text[0] == "-" or not text.strip("0.,") else "+" + text


def change(value: float | Decimal | None, decimals: int = 2) -> str:
    """Glyph, space, sign, figure: `▲ +0.42`, `▼ -1.08`, `  0.00`."""
    text = signed(value, decimals)
    glyph = {"+": UP, "-": DOWN}.get(text[0], " ") if text != MISSING else " "
    return f"{glyph} {text}"


def percent(fraction: float | Decimal | None, decimals: int = 2) -> str:
    """A fraction as signed percent: 0.0062 is `+0.62%`."""
    return MISSING if fraction is None else signed(fraction * 100, decimals) + "%"


def compact(value: float | Decimal | None, decimals: int = 2, below: float = 1_000_000) -> str:
    """`142.10M`; figures smaller than `below` are written out. Never for a price someone acts on."""
    if value is None or value != value:  # noqa: PLR0124
        return MISSING
    size = abs(float(value))  # rounded to a few digits anyway
    if size >= below:
        for unit, letter in _UNITS:
            if size >= unit:
                return number(float(value) / unit, decimals) + letter
    return quantity(value) if size < 1 else number(value, 0 if size >= 1000 or value == int(value) else decimals)


def currency_decimals(currency: str) -> int:
    """Digits after the point in amounts of this currency."""
    return _DECIMALS.get(currency, 2)


def money(amount: Decimal | None, currency: str = "", *, base: str = "", sign: bool = False) -> str:
    """An amount with its currency's digits and mark: `$1,234.50`, `-₩500`. The `base` currency has no mark."""
    if amount is None:
        return MISSING
    text = (signed if sign else number)(amount, currency_decimals(currency) if currency else 0)
    if not currency or currency == base or text == MISSING:
        return text
    lead, digits = (text[0], text[1:]) if text[0] in "+-" else ("", text)
    mark = _SYMBOLS.get(currency)
    return f"{lead}{mark}{digits}" if mark else f"{lead}{digits} {currency}"


def direction(value: float | Decimal | None) -> str:
    """The pen of a figure that shows its own direction: `up`, `down`, `flat`, or `faint` when unknown."""
    if value is None or value != value:  # noqa: PLR0124
        return "faint"
    return "up" if value > 0 else "down" if value < 0 else "flat"


# ---- times


def age(nanoseconds: int) -> str:
    """How old a figure is, in at most five cells: `0.1`, `4.2`, `42s`, `17m`, `5h`, `3d`."""
    tenths = max(nanoseconds, 0) // (NS // 10)
    if tenths < 100:
        return f"{tenths // 10}.{tenths % 10}"
    seconds = tenths // 10
    for limit, unit, letter in ((100, 1, "s"), (6000, 60, "m"), (172_800, 3600, "h")):
        if seconds < limit:
            return f"{seconds // unit}{letter}"
    return f"{seconds // 86_400}d"


def duration(nanoseconds: int) -> str:
    """`0:12`, `1:02:03`, `2d`: how long something took or waits."""
    seconds = max(nanoseconds, 0) // NS
    if seconds >= 172_800:
        return f"{seconds // 86_400}d"
    hours, rest = divmod(seconds, 3600)
    return f"{hours}:{rest // 60:02}:{rest % 60:02}" if hours else f"{rest // 60}:{rest % 60:02}"


class DisplayZone:
    """The time zone people read: turns nanoseconds UTC into wall-clock text. One per console, from settings."""

    def __init__(self, name: str) -> None:
        """Raises zoneinfo.ZoneInfoNotFoundError for a name the system does not know."""
        self.name = name
        self._zone = ZoneInfo(name)
        self._second = -1
        self._text = ""

    def clock(self, now: int) -> str:
        """`10:42:07`."""
        second = now // NS
        if second != self._second:  # most rows of a frame carry the same second
            self._second, self._text = second, self._format(second, "%H:%M:%S")
        return self._text

    def minute(self, now: int) -> str:
        """`10:42`."""
        return self._format(now // NS, "%H:%M")

    def day(self, now: int) -> str:
        """`2026-11-20`."""
        return self._format(now // NS, "%Y-%m-%d")

    def moment(self, now: int) -> str:
        """`2026-11-20 10:42:07`."""
        return self._format(now // NS, "%Y-%m-%d %H:%M:%S")

    def _format(self, second: int, pattern: str) -> str:
        return datetime.fromtimestamp(second, self._zone).strftime(pattern)
