"""Another language while the console runs: everything reads as if it had been started so, and nothing is lost."""

from __future__ import annotations

import pytest

from tests.tui.scripted import Hands, ScriptedDesk, check_rows, console
from tui.screens.layout import READY

SIZES = [(80, 24), (120, 40), (200, 60)]


async def switch(hands: Hands, language: str) -> None:
    await hands.press(":")
    await hands.type(f"lang {language}")
    await hands.press("enter")
    await hands.pilot.pause(0.1)


async def shown(hands: Hands) -> None:
    """With the keys back in their pane: a pane's rule says more while it has them."""
    hands.app.show_all()
    await hands.pilot.pause(0.1)


@pytest.mark.parametrize("size", SIZES, ids=lambda s: f"{s[0]}x{s[1]}")
@pytest.mark.parametrize("screen", READY)
@pytest.mark.parametrize(("first", "then"), [("en", "ko"), ("ko", "en")])
async def test_a_switched_screen_reads_as_one_started_so(
    size: tuple[int, int], screen: str, first: str, then: str
) -> None:
    async with console(size=size, language=then) as hands:
        hands.app.go_to(screen)
        await shown(hands)
        wanted = hands.lines
    async with console(size=size, language=first) as hands:
        hands.app.go_to(screen)
        await hands.pilot.pause(0.1)
        await switch(hands, then)
        await shown(hands)
        check_rows(hands.lines, *size)
        assert hands.lines == wanted


async def test_what_is_open_typed_selected_and_zoomed_stays() -> None:
    async with console(size=(120, 40)) as hands:
        await hands.press("j", "j", "z", "b", "7")
        form, cursor = hands.app.top_form, hands.app.surface.quotes.cursor
        assert "Qty" in hands.text
        hands.app.surface.speak("ko")
        hands.app.show_all()
        await hands.until(lambda: "수량" in hands.text)
        assert hands.app.top_form is form and form.quantity.text == "7"  # type: ignore[union-attr]
        assert hands.app.surface.quotes.cursor == cursor
        assert hands.app.is_zoomed


async def test_a_message_and_a_review_change_their_language_too() -> None:
    async with console() as hands:
        await hands.press("c")
        assert "cancel" in hands.text and "nothing is sent before Enter" in hands.text
        hands.app.surface.speak("ko")
        hands.app.show_all()
        await hands.until(lambda: "Enter 전에는 아무것도 보내지 않습니다" in hands.text)
        assert "취소" in hands.lines[-3]
        await hands.press("escape")
        hands.app.say("warning", "no symbol is selected")
        await hands.until(lambda: "고른 종목이 없습니다" in hands.text)
        hands.app.surface.speak("en")
        hands.app.show_all()
        await hands.until(lambda: "no symbol is selected" in hands.text)


async def test_an_unknown_language_says_which_there_are() -> None:
    async with console(ScriptedDesk()) as hands:
        await switch(hands, "xx")
        assert "languages: en, ko" in hands.text
        assert hands.app.look.language == "en"
