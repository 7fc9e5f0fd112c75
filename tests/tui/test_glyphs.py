"""ASCII twins: one cell each, everywhere at once, and nothing where they are not needed."""

from __future__ import annotations

import ast
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from core.config import Console, Settings
from tests.sentences import ROOT
from tests.tui.screen_terminal import Terminal, text_of
from tests.tui.scripted import Hands, ScriptedDesk
from tui.app import HogaApp
from tui.display import with_clean_edges
from tui.format import width
from tui.glyphs import TWINS
from tui.probe import START, speaks_utf8, width_of
from tui.screens.layout import READY


def odd(text: str) -> set[str]:
    """What is neither ASCII nor a letter of two cells."""
    return {character for character in text if not character.isascii() and width(character) == 1}


def test_every_glyph_of_the_sources_has_a_twin_of_one_cell() -> None:
    lacking = set()
    for file in (ROOT / "tui").rglob("*.py"):
        if "words" in file.parts:
            continue
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                for character in node.value:
                    if not character.isascii() and width(character) == 1 and not "\ud800" <= character <= "\udfff":
                        twin = TWINS[ord(character)]
                        if not (len(twin) == 1 and twin.isascii() and twin != "?"):
                            lacking.add(character)
    assert not lacking


@asynccontextmanager
async def terminal(size: tuple[int, int] = (120, 40), **options: Any) -> AsyncIterator[tuple[HogaApp, Terminal, Hands]]:
    """A console on a terminal that can be read; what its compositor made is beside it."""
    app = HogaApp(ScriptedDesk(), Settings(console=Console(**options)))
    app.driver_class = with_clean_edges(Terminal)
    async with app.run_test(headless=False, size=size) as pilot:
        hands = Hands(app, pilot)
        await hands.until(lambda: "Samsung" in hands.text or "삼성전자" in hands.text)
        await pilot.pause(0.2)
        yield app, Terminal.screens[-1], hands


@pytest.mark.parametrize("screen", READY)
@pytest.mark.parametrize("size", [(80, 24), (120, 40), (200, 60)], ids=lambda s: f"{s[0]}x{s[1]}")
async def test_no_glyph_is_left_and_nothing_moves(screen: str, size: tuple[int, int]) -> None:
    async with terminal(size, glyphs="ascii") as (app, seen, hands):
        app.go_to(screen)
        await hands.press("b")
        await hands.pilot.pause(0.2)
        shown = text_of(seen.screen)
        assert not odd("".join(shown))
        assert shown == [line.translate(TWINS) for line in hands.lines]


async def test_korean_keeps_its_letters() -> None:
    async with terminal(language="ko", glyphs="ascii") as (_, seen, _):
        shown = "".join(text_of(seen.screen))
        assert "삼성전자" in shown
        assert not odd(shown)


async def test_a_late_answer_changes_the_glyphs_and_a_narrow_one_does_not() -> None:
    async with terminal() as (app, seen, hands):
        app.manners.cursor_reported(START + 2)
        app.manners.cursor_reported(1)  # Shift+F3 on some terminals
        assert app.twins is None and "│" in "".join(text_of(seen.screen))
        app.manners.cursor_reported(START + 4)
        await hands.until(lambda: not odd("".join(text_of(seen.screen))))
    async with terminal(glyphs="unicode") as (app, _, _):
        app.manners.cursor_reported(START + 4)
        assert app.twins is None


def test_what_a_column_says() -> None:
    assert [width_of(c) for c in (1, START, START + 1, START + 2, START + 3, START + 4, START + 6, 79)] == [
        *(None, None, None, "narrow", "wide", "wide", "wide", None)
    ]


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        ({}, False),
        ({"LANG": "C"}, False),
        ({"LANG": "C.UTF-8"}, True),
        ({"LANG": "ko_KR.utf8"}, True),
        ({"LANG": "ko_KR.UTF-8", "LC_ALL": "ko_KR.EUC-KR"}, False),
        ({"LANG": "C", "LC_CTYPE": "en_US.UTF-8"}, True),
    ],
)
def test_what_the_locale_says(environment: dict[str, str], expected: bool) -> None:
    assert speaks_utf8(environment) is expected
