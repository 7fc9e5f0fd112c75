"""The tokens of the look: readable in every theme and preset, and without colour nothing is lost but colour."""

from __future__ import annotations

from itertools import product

import pytest
from rich.color import ColorType

from core.config import Console, Settings
from tests.tui.scripted import console
from tui import theme
from tui.look import make_look

CHECKED = ("text", "strong", "text-dim", "accent", "warning", "up", "down", "flat", "paper")
GROUNDS = ("background", "surface", "raised", "selection", "unknown-row")


def luminance(colour: str) -> float:
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    red, green, blue = (c / 12.92 if c <= 0.03928 else ((c + 0.055) / 1.055) ** 2.4 for c in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    high, low = sorted((luminance(one), luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("preset", theme.PRESETS)
@pytest.mark.parametrize("name", ["dark", "light"])
def test_every_text_can_be_read_on_every_ground(name: str, preset: str) -> None:
    table = theme.tokens(preset)
    low = [
        (text, ground, round(found, 2))
        for text, ground in product(CHECKED, GROUNDS)
        if (found := contrast(getattr(table[text], name), getattr(table[ground], name))) < 4.5
    ]
    assert not low


@pytest.mark.parametrize("name", ["dark", "light"])
def test_live_rails_stand_out_where_they_are_drawn(name: str) -> None:
    for ground in ("background", "surface", "live-tint"):
        assert contrast(getattr(theme.TOKENS["live"], name), getattr(theme.TOKENS[ground], name)) >= 4.5


@pytest.mark.parametrize("preset", theme.PRESETS)
@pytest.mark.parametrize("name", ["dark", "light"])
def test_every_chip_can_be_read_on_its_fill(name: str, preset: str) -> None:
    table = theme.tokens(preset)
    for chip, (text, fill) in theme.CHIPS.items():
        if chip not in ("cursor", "bid-bar", "ask-bar"):
            assert contrast(getattr(table[text], name), getattr(table[fill], name)) >= 4.4, chip


@pytest.mark.parametrize("name, preset", list(product(["dark", "light", "ansi"], theme.PRESETS)))
def test_up_and_down_differ_and_errors_are_never_a_direction(name: str, preset: str) -> None:
    pens = theme.pens(name, preset)
    assert pens["up"].color != pens["down"].color
    assert pens["error"].color not in (pens["up"].color, pens["down"].color) or preset == "mono"


def test_korean_up_is_red_and_english_up_is_green() -> None:
    red, green = theme.FAMILIES["red"].text.dark, theme.FAMILIES["green"].text.dark
    for language, hue in (("ko", red), ("en", green)):
        pens = make_look(Settings(console=Console(language=language))).pens
        assert pens["up"].color is not None
        assert pens["up"].color.name == hue


def test_ansi_uses_the_terminals_own_colours_only() -> None:
    pens = theme.pens("ansi", "us")
    for name in (*theme.CHIPS, *theme.GROUNDS, "up", "down", "text", "accent", "warning"):
        for colour in (pens[name].color, pens[name].bgcolor):
            assert colour is None or colour.type in (ColorType.DEFAULT, ColorType.STANDARD, ColorType.EIGHT_BIT)
            assert colour is None or (colour.number or 0) < 16


def test_no_color_leaves_weight_reverse_and_underline(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    pens = make_look(Settings()).pens
    for name in (*theme.CHIPS, *theme.GROUNDS, "up", "down", "text", "strong", "accent"):
        assert pens[name].color is None and pens[name].bgcolor is None
    assert pens["error"].reverse and pens["badge-live"].reverse and pens["selection"].reverse
    assert pens["stale"].underline and pens["unknown-row"].underline


async def test_no_color_screen_says_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    async with console(size=(80, 24)) as hands:
        coloured = hands.text.replace(" PAPER ", "[PAPER]", 1)
    monkeypatch.setenv("NO_COLOR", "1")
    async with console(size=(80, 24)) as hands:
        assert hands.text == coloured


def test_an_unknown_pen_never_hides_a_figure() -> None:
    pens = theme.pens()
    assert pens["no such pen"] == pens["text"]


async def test_every_pen_that_is_drawn_exists() -> None:
    from tui.widgets.grid import Cell

    pens = theme.pens()
    used: set[str] = set()
    async with console(size=(200, 60)) as hands:
        for keys in ("b", "escape", "4", "6", "8", "?", "escape", "!", "escape", ":", "escape", "1", "t", "escape"):
            await hands.press(keys)
            for widget in hands.app.screen.children:
                for cells, ground in getattr(widget, "_lines", {}).values():
                    used |= {cell.pen for cell in cells if isinstance(cell, Cell)} | {ground}
                rows = getattr(widget, "_rows", {})
                for row in rows.values() if isinstance(rows, dict) else ():
                    used |= {cell.pen for cell in getattr(row, "cells", ())}
    assert used
    assert not {name for name in used if name not in pens}
