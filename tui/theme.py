"""Colours by job: the tokens of the look, in three themes and four direction presets, and the pens made of them.
Widgets name pens, never colours; this table says what they look like."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from rich.color import Color
from rich.style import Style

from tui.widgets.pens import Pens


class Colour(NamedTuple):
    """One token in the three themes; `ansi` is a colour of the terminal's own sixteen, -1 its default."""

    dark: str
    light: str
    ansi: int


_DEFAULT = -1
TOKENS: dict[str, Colour] = {
    "background": Colour("#0e1116", "#fbfbf9", _DEFAULT),
    "surface": Colour("#151a21", "#f1f2f3", _DEFAULT),
    "raised": Colour("#1e252e", "#e4e7ea", _DEFAULT),
    "border": Colour("#2b333e", "#d3d8dd", 8),
    "rule": Colour("#39434f", "#b9c0c8", 8),
    "accent": Colour("#5fc9c1", "#00726a", 14),
    "text": Colour("#cdd5df", "#2a323c", _DEFAULT),
    "strong": Colour("#f3f6fa", "#0b0f14", _DEFAULT),
    "text-dim": Colour("#8a95a3", "#5c6672", 7),
    "faint": Colour("#56606d", "#98a1ab", 8),
    "spark": Colour("#47525f", "#b3bac2", 8),
    "flat": Colour("#b4bdc8", "#4a545f", _DEFAULT),
    "selection": Colour("#17292c", "#d9efec", _DEFAULT),
    "live": Colour("#dd54c9", "#a3158f", 13),
    "live.fill": Colour("#a81a97", "#a81a97", 5),
    "live.on": Colour("#ffffff", "#ffffff", 15),
    "live-tint": Colour("#270f26", "#f8e5f6", _DEFAULT),
    "paper": Colour("#a9b4c0", "#55606c", 7),
    "paper.fill": Colour("#38424e", "#5b6672", 8),
    "paper.on": Colour("#f3f6fa", "#ffffff", 15),
    "warning": Colour("#e3b341", "#855700", 11),
    "stale.fill": Colour("#33290f", "#fbeec9", _DEFAULT),
    "halted.on": Colour("#14100a", "#14100a", 0),
    "halted.fill": Colour("#f2c230", "#f2c230", 11),
    "unknown-row": Colour("#2f270c", "#fff3c4", _DEFAULT),
    "error.on": Colour("#0e1116", "#ffffff", 0),
    "error.fill": Colour("#f3f6fa", "#14181d", 15),
}


class Family(NamedTuple):
    """A direction hue: `text` doubles as the pen of buy or sell words, `fill` carries white, `tint` flashes."""

    text: Colour
    fill: Colour
    fill_on: Colour
    tint: Colour
    bar: Colour
    zone: Colour


_WHITE = Colour("#ffffff", "#ffffff", 15)


def _family(dark: str, light: str, ansi: int) -> Family:
    both = zip(dark.split(), light.split(), strict=True)
    text, fill, tint, bar, zone = (Colour(d, w, _DEFAULT) for d, w in both)
    return Family(text._replace(ansi=ansi), fill._replace(ansi=ansi), _WHITE._replace(ansi=0), tint, bar, zone)


FAMILIES: dict[str, Family] = {
    "red": _family("#ff6b6f #c2323c #3d1a1f #4a1e25 #1f1318", "#c4222f #c2323c #fbdfe0 #f7cfd1 #fcefef", 9),
    "blue": _family("#6aa5ff #2563c9 #142b4d #183562 #101b2c", "#1a5ccc #2563c9 #dce8fb #cadcf8 #eef4fd", 12),
    "green": _family("#45c97c #17803f #123322 #16402a #101f19", "#0c7038 #17803f #d7f0e0 #c2e7d0 #ecf7f0", 10),
    "orange": _family("#f2a046 #a85a00 #3a2610 #472e12 #211a11", "#9a5200 #a85a00 #fae6cd #f5d8b4 #fcf3e6", 11),
    "high": _family("#f3f6fa #f3f6fa #2a323c #303945 #171c23", "#0b0f14 #0b0f14 #e2e5e9 #d9dde2 #f3f4f6", 15)._replace(
        fill_on=Colour("#0e1116", "#fbfbf9", 0)
    ),
    "low": _family("#aeb8c4 #56606d #232a33 #262e38 #151a20", "#5c6672 #5c6672 #eceef1 #e6e9ec #f4f5f7", 7),
}
THEMES = ("dark", "light", "ansi")
PRESETS: dict[str, tuple[str, str]] = {
    "kr": ("red", "blue"),
    "us": ("green", "red"),
    "cvd": ("orange", "blue"),
    "mono": ("high", "low"),
}
"""preset -> (up, buy, bid; down, sell, ask)."""

BOLD = frozenset(["strong", "title", "name", "tab", "buy", "sell", "up-bold", "down-bold", "key"])
GROUNDS = ("background", "surface", "raised", "selection", "unknown-row", "live-tint")
_SAME = {
    "title": "accent",
    "name": "text",
    "tab": "accent",
    "key": "strong",
    "buy": "up",
    "sell": "down",
    "up-bold": "up",
    "down-bold": "down",
}
CHIPS: dict[str, tuple[str, str]] = {
    "badge-live": ("live.on", "live.fill"),
    "badge-paper": ("paper.on", "paper.fill"),
    "local": ("text", "raised"),
    "local-buy": ("up", "raised"),
    "local-sell": ("down", "raised"),
    "stale": ("warning", "stale.fill"),
    "halted": ("halted.on", "halted.fill"),
    "unknown": ("halted.on", "halted.fill"),
    "error": ("error.on", "error.fill"),
    "banner-buy": ("buy.on", "buy.fill"),
    "banner-sell": ("sell.on", "sell.fill"),
    "flash-up": ("up", "up.tint"),
    "flash-down": ("down", "down.tint"),
    "own-buy": ("up", "up.tint"),
    "own-sell": ("down", "down.tint"),
    "curve": ("strong", "surface"),
    "bid-bar": ("text", "buy.bar"),
    "bid-zone": ("text", "buy.zone"),
    "ask-bar": ("text", "sell.bar"),
    "ask-zone": ("text", "sell.zone"),
    "cursor": ("background", "accent"),
    "tab-active": ("accent", "raised"),
    "field": ("strong", "raised"),
    "field-active": ("strong", "selection"),
    "field-mark": ("accent", "selection"),
    "selection-text": ("strong", "selection"),
    "up-last": ("up", "raised"),
    "down-last": ("down", "raised"),
    "flat-last": ("text", "raised"),
    "faint-last": ("text-dim", "raised"),
    "text-dim-last": ("text-dim", "raised"),
}
"""Pens with a background of their own: (text, fill)."""
DEPTH: dict[str, tuple[str, str]] = {
    "ask-best": ("strong", "sell.bar"),
    "bid-best": ("strong", "buy.bar"),
    "ask-zone-best": ("strong", "sell.zone"),
    "bid-zone-best": ("strong", "buy.zone"),
    "ask-end": ("background", "sell.bar"),
    "ask-end-here": ("selection", "sell.bar"),
    "ask-zone-end": ("sell.zone", "sell.bar"),
    "bid-zone-end": ("buy.bar", "buy.zone"),
}
"""Best levels, and the ends of bars: a glyph in the colour of what lies behind, on the bar."""
_TINTED = frozenset({"flash-up", "flash-down", "own-buy", "own-sell"})
_PLAIN_CHIPS = _TINTED | {
    "local",
    "curve",
    "bid-bar",
    "bid-zone",
    "ask-bar",
    "ask-zone",
    "field",
    "flat-last",
    "faint-last",
}
_TEXTS = (
    *("text", "strong", "text-dim", "faint", "accent", "title", "name", "tab", "key", "warning", "up", "down", "flat"),
    *("buy", "sell", "up-bold", "down-bold", "live", "paper", "border", "rule", "spark"),
)


def default_preset(language: str) -> str:
    """Red is up in Korea, green elsewhere."""
    return "kr" if language == "ko" else "us"


def tokens(preset: str) -> dict[str, Colour]:
    """Every token by name, the direction families under `up`, `down` and the fills of `buy` and `sell`."""
    found = dict(TOKENS)
    for side, word, family in zip(("up", "down"), ("buy", "sell"), PRESETS[preset], strict=True):
        hue = FAMILIES[family]
        found |= {
            side: hue.text,
            f"{side}.tint": hue.tint,
            f"{word}.fill": hue.fill,
            f"{word}.on": hue.fill_on,
            f"{word}.bar": hue.bar,
            f"{word}.zone": hue.zone,
        }
    return found


def pens(theme: str = "dark", preset: str = "us", *, has_colour: bool = True) -> Pens:
    """The pens of a theme (dark, light, ansi) and a direction preset (kr, us, cvd, mono). Without colour, weight,
    reverse and underline say what hue said; signs, glyphs and words say it anyway."""
    if not has_colour:
        return Pens(_plain_styles())
    table = tokens(preset)
    colour = _picker(theme)
    styles = {name: Style(bgcolor=colour(table[name])) for name in GROUNDS}
    if theme == "ansi":  # no colour there is between the background and bright black
        styles["selection"] = Style(reverse=True)
        styles["unknown-row"] = styles["raised"] = Style(underline=True)
    for name in _TEXTS:
        styles[name] = Style(color=colour(table[_SAME.get(name, name)]), bold=name in BOLD or None)
    for name, (text, fill) in DEPTH.items():
        is_best = name.endswith("-best") or None
        styles[name] = Style(color=colour(table[text]), bgcolor=colour(table[fill]), bold=is_best)
    styles["bid-end"] = Style(color=colour(table["buy.bar"]))
    for name, (text, fill) in CHIPS.items():
        is_bold = name in _TINTED or name not in _PLAIN_CHIPS or None
        styles[name] = Style(color=colour(table[text]), bgcolor=colour(table[fill]), bold=is_bold)
        if theme == "ansi" and fill in ("raised", "selection"):
            styles[name] += Style(underline=True)
    return Pens(styles)


def _picker(theme: str) -> Callable[[Colour], Color]:
    if theme == "ansi":
        return lambda colour: Color.default() if colour.ansi < 0 else Color.from_ansi(colour.ansi)
    if theme == "light":
        return lambda colour: Color.parse(colour.light)
    return lambda colour: Color.parse(colour.dark)


def _plain_styles() -> dict[str, Style]:
    styles = {name: Style.null() for name in GROUNDS}
    styles["selection"] = Style(reverse=True)
    styles["unknown-row"] = Style(underline=True)
    for name in _TEXTS:
        styles[name] = Style(bold=name in BOLD or name in ("accent", "live") or None)
    for name in CHIPS:
        styles[name] = Style.null() if name in _PLAIN_CHIPS else Style(reverse=True, bold=True)
    styles |= {name: Style(bold=name.endswith("-best") or None) for name in (*DEPTH, "bid-end")}
    styles["stale"] = Style(underline=True)
    styles["badge-paper"] = Style.null()  # its brackets say it
    return styles
