"""A hue has one job. Every pair of text and ground that screens really draw is measured, and no pen leaves its job."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from core.config import Console, Settings
from core.domain.account import Mode
from core.trading.view import Slice
from tests.tui import scripted
from tests.tui.scripted import Hands, ScriptedDesk, console
from tests.tui.test_theme import contrast
from tui import theme
from tui.screens.layout import READY

TUI = Path(theme.__file__).parent
SOURCES = {str(path.relative_to(TUI)): path.read_text(encoding="utf-8") for path in TUI.rglob("*.py")}
DRESSES = [(name, preset) for name in ("dark", "light") for preset in theme.PRESETS]
SILENT = ("border", "rule", "faint", "spark")
"""Tokens of marks that carry no information of their own."""
FLOOR, RAIL = 4.5, 3.0
_LETTER = re.compile(r"[^\W_]")


async def drawn(hands: Hands) -> set[tuple[str, str]]:
    """(text, ground) of every cell with a letter or a digit, over all screens and what opens on them."""
    pairs: set[tuple[str, str]] = set()

    def look() -> None:
        for strip in hands.app.screen._compositor.render_strips():
            for segment in strip._segments:
                style = segment.style
                if style is None or style.color is None or style.bgcolor is None or not _LETTER.search(segment.text):
                    continue
                pairs.add((style.color.name, style.bgcolor.name))

    for screen in READY:
        hands.app.go_to(screen)
        await hands.pilot.pause()
        look()
    hands.app.go_to("trade")
    for keys in (("b",), ("escape", "?"), ("escape", "!"), ("escape", ":"), ("escape", "3"), ("escape",)):
        await hands.press(*keys)
        look()
    return pairs


@pytest.mark.parametrize(("name", "preset"), DRESSES)
async def test_every_pair_that_is_drawn_can_be_read(name: str, preset: str) -> None:
    desk = ScriptedDesk()
    desk.rows[Slice.STATUS] = (scripted.status(mode=Mode.LIVE, badge="LIVE"),)
    settings = Settings(console=Console(theme=name, colours=preset))  # type: ignore[arg-type]
    async with console(desk, size=(200, 60), settings=settings) as hands:
        pairs = await drawn(hands)
    silent = {getattr(theme.TOKENS[token], name) for token in SILENT}
    low = {pair: round(contrast(*pair), 2) for pair in pairs if pair[0] not in silent and contrast(*pair) < FLOOR}
    assert len(pairs) > 15
    assert not low


@pytest.mark.parametrize("name", ["dark", "light"])
def test_the_rail_of_live_stands_out(name: str) -> None:
    for ground in ("background", "live-tint", "raised"):
        assert contrast(getattr(theme.TOKENS["live"], name), getattr(theme.TOKENS[ground], name)) >= RAIL


JOBS = {
    "teal": (
        {"accent", "title", "tab", "tab-active", "cursor", "field-mark"},
        "where the keys are: rule, cursor, caret, tab, field, help of the focused pane",
    ),
    "magenta": ({"live", "badge-live", "live-tint"}, "real money"),
}
NO_HUE = ("up", "down", "buy", "sell", "flash-up", "flash-down", "banner-buy", "banner-sell", "own-buy", "own-sell")


def tokens_of(pen: str) -> set[str]:
    return {pen, *theme.CHIPS.get(pen, ())}


def test_teal_and_magenta_are_of_no_other_pen() -> None:
    made = {
        "teal": {
            pen for pen in (*theme.CHIPS, *theme._TEXTS) if "accent" in {theme._SAME.get(p, p) for p in tokens_of(pen)}
        },
        "magenta": {pen for pen in theme.CHIPS if any(token.startswith("live") for token in tokens_of(pen))}
        | {"live", "live-tint"},
    }
    for hue, (pens, _) in JOBS.items():
        assert made[hue] <= pens, hue


def test_magenta_is_drawn_only_where_real_money_is_asked_for() -> None:
    """Panes take the badge from the look; only these write a pen of LIVE themselves, each behind `looks_live`."""
    for name, source in SOURCES.items():
        if not name.startswith(("panes/", "forms/", "chart/")) or not re.search(
            r'"(badge-live|live-tint)"|, "live"\)', source
        ):
            continue
        assert re.search(r"looks_live|is_live|Review", source), name


def test_direction_pens_never_say_that_something_is_wrong() -> None:
    for chip in ("error", "stale", "halted", "unknown", "local"):
        assert not {token for token in theme.CHIPS[chip] if token.split(".")[0] in ("up", "down", "buy", "sell")}
