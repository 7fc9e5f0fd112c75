"""Pages and ways about: palette, settings, help, jump mode, the drawer."""

from __future__ import annotations

import pytest

from core.config import Console, Settings
from tests.tui.scripted import ScriptedDesk, check_rows, console
from tui.actions import ACTIONS
from tui.forms.palette import Palette
from tui.fuzzy import score


async def test_the_palette_runs_what_a_key_would_have_done() -> None:
    desk = ScriptedDesk()
    async with console(desk) as hands:
        await hands.press("ctrl+p")
        await hands.type("zoom")
        assert "z  Zoom the focused pane" in hands.text
        await hands.press("enter")
        assert hands.app.is_zoomed
        assert not hands.app.forms
        await hands.press("ctrl+p")
        await hands.type("buy ticket")
        await hands.press("enter")
        assert hands.app.top_form is not None and hands.app.top_form.place == "ticket"
        assert not desk.sent


async def test_the_palette_never_sends_a_command_opens_the_line() -> None:
    desk = ScriptedDesk()
    async with console(desk) as hands:
        await hands.press("ctrl+p")
        await hands.type(":resume")
        await hands.press("enter", "enter", gap=0.1)
        assert hands.app.top_form is not None and hands.app.top_form.place == "command"
        assert "resume" in hands.lines[38]
        assert not desk.sent
        await hands.press("enter", gap=0.8)  # not the Enter that opened it, held
        await hands.until(lambda: desk.sent)


async def test_every_action_and_command_is_found_in_both_languages() -> None:
    for language in ("en", "ko"):
        async with console(language=language) as hands:
            app = hands.app
            palette = Palette(app.keys.map, app.typed.commands(), app.look)
            wanted = {a.id: a for a in ACTIONS if a.context in ("rest", "always")}
            for action in wanted.values():
                for text in (action.help, app.look.word(action.help), action.id):
                    palette.edit.set(text[:60])
                    palette._seek()
                    calls = [entry.call.call for entry in palette.found if entry.call is not None]
                    assert action.id in calls or action.sends, (language, text)
            for name, _ in app.typed.commands():
                palette.edit.set(name)
                palette._seek()
                assert any(entry.keys == f":{name}" for entry in palette.found)


async def test_the_palette_says_when_nothing_fits_and_fits_every_size() -> None:
    for size in ((80, 24), (120, 40), (60, 16)):
        async with console(size=size) as hands:
            await hands.press("ctrl+p")
            check_rows(hands.lines, *size)
            await hands.type("qqqqq")
            await hands.press("enter")
            assert "nothing fits" in hands.text
            check_rows(hands.lines, *size)


@pytest.mark.parametrize(
    "typed, text, fits",
    [
        ("zm", "zoom", True),
        ("buy", "Buy ticket", True),
        ("ㅂㅅ", "비상 메뉴", True),
        ("비상", "비상 메뉴", True),
        ("tick buy", "Buy ticket", True),
        ("xq", "Buy ticket", False),
        ("", "anything", True),
    ],
)
def test_fuzzy(typed: str, text: str, fits: bool) -> None:
    assert (score(typed, text) is not None) is fits


def test_nearer_is_better() -> None:
    assert (score("pan", "Panic menu") or 0) > (score("pan", "Next pane") or 0) > (score("pan", "stop a plan") or -99)


async def test_settings_say_their_file_and_what_was_changed() -> None:
    async with console(settings=Settings(console=Console(flush_hz=7.0))) as hands:
        await hands.press(",")
        assert "none: all defaults" in hands.text
        assert "* flush_hz" in hands.text
        await hands.press("j", "j", "k", "q")
        assert not hands.app.forms


async def test_a_letter_jumps_to_its_pane_and_escape_stays() -> None:
    async with console() as hands:
        await hands.press("ctrl+o")
        assert "[a] Watch" in hands.text
        panes = hands.app.top_form.letters  # type: ignore[union-attr]
        assert set(panes) == set(hands.app.surface.visible)
        await hands.press(panes["orders"])
        assert hands.app.focus_name == "orders"
        assert "[a]" not in hands.text
        await hands.press("ctrl+o", "escape")
        assert hands.app.focus_name == "orders"
        await hands.press("ctrl+o", "ㅁ")
        assert hands.app.focus_name == "quotes"


@pytest.mark.parametrize("size", [(80, 24), (120, 40), (200, 60)])
async def test_the_drawer_is_the_log_over_the_lower_third_and_gives_the_keys_back(size: tuple[int, int]) -> None:
    async with console(size=size) as hands:
        for digit in "12346":
            await hands.press(digit)
            before, focus = hands.app.layout_now, hands.app.focus_name
            await hands.press("`")
            check_rows(hands.lines, *size)
            assert hands.app.focus_name == "log"
            rect = hands.app.layout_now.panes["log"]
            assert abs(rect.height * 3 - (size[1] - 4)) <= 6
            await hands.press("`")
            assert (hands.app.layout_now, hands.app.focus_name) == (before, focus)
        await hands.press("`", "escape")
        assert not hands.app.surface.has_drawer


async def test_do_runs_an_action_by_its_id() -> None:
    desk = ScriptedDesk()
    async with console(desk) as hands:
        for line, place in (("do trade.sell", "ticket"), ("do trade.nothing", "command")):
            await hands.press(":")
            await hands.type(line)
            await hands.press("enter")
            assert hands.app.top_form is not None and hands.app.top_form.place == place
            await hands.press("escape", "escape")
        assert not desk.sent


async def test_leaving_tells_the_help_is_closed_by_its_own_keys() -> None:
    async with console() as hands:
        for key in ("q", "escape", "?"):
            await hands.press("?")
            assert "Help quotes" in hands.text
            await hands.press(key)
            assert not hands.app.forms
