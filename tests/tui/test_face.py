"""The look changes while the console runs: themes, direction colours, and what is masked for people who look on."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.domain.account import Mode
from core.trading.view import Slice
from tests.tui import scripted
from tests.tui.scripted import Hands, ScriptedDesk, console
from tui.look import MASK
from tui.screens.layout import READY


async def enter(hands: Hands, line: str) -> None:
    await hands.press(":")
    await hands.type(line)
    await hands.press("enter")


def colours(hands: Hands) -> set[str]:
    found = set()
    for strip in hands.app.screen._compositor.render_strips():
        for segment in strip._segments:
            style = segment.style
            if style is not None:
                found |= {c.name for c in (style.color, style.bgcolor) if c is not None}
    return found


async def test_another_theme_and_other_colours_are_drawn_everywhere_at_once() -> None:
    async with console(size=(120, 40)) as hands:
        dark = colours(hands)
        text = hands.text
        await enter(hands, "theme light")
        await hands.press("escape")
        assert not (colours(hands) - {"default"}) & (dark - {"default"} - {"#ffffff", "#f2c230", "#14100a", "#c2323c"})
        await enter(hands, "colours kr")
        assert "#c4222f" in colours(hands)
        await enter(hands, "colours us")
        await enter(hands, "theme dark")
        assert colours(hands) == dark
        assert hands.text == text


@pytest.mark.parametrize(
    ("line", "answer"), [("theme blue", "themes: dark"), ("colours", "colours: kr"), ("mask x", ":mask")]
)
async def test_a_name_that_is_none_says_which_there_are(line: str, answer: str) -> None:
    async with console(size=(120, 40)) as hands:
        await enter(hands, line)
        assert answer in hands.lines[38]


PRIVATE = (
    "312,450",
    "50.41M",
    "50,412,300",
    "458,491",
    "9.81M",
    "+72,000",
    "44,750",
    "36,000",
    " 120 ",
    " 0.05 ",
    "18,200",
)


async def test_a_mask_hides_accounts_and_amounts_on_every_screen_and_keeps_prices() -> None:
    desk = ScriptedDesk()
    desk.rows[Slice.STATUS] = (scripted.status(account="KIS-1 ··4521"),)
    async with console(desk, size=(200, 60)) as hands:
        before = hands.text
        assert "KIS-1 ··4521" in before and all(figure.strip() in before for figure in (" 120 ", "312,450"))
        await enter(hands, "mask")
        for screen in READY:
            hands.app.go_to(screen)
            await hands.pilot.pause()
            assert not [figure for figure in (*PRIVATE, "KIS-1", "4521") if figure in hands.text], hands.text
            assert " PAPER " in hands.lines[0] and MASK in hands.lines[0]
        hands.app.go_to("trade")
        await hands.pilot.pause()
        assert "71,000" in hands.text and "+0.42" in hands.text
        await enter(hands, "mask off")
        await hands.press("escape")
        assert hands.text == before


async def test_a_picture_is_masked_and_never_written_over_a_file(tmp_path: Path) -> None:
    path = tmp_path / "screen.svg"
    async with console(size=(120, 40)) as hands:
        await enter(hands, f"picture {path}")
        await hands.until(path.exists)
        drawing = path.read_text(encoding="utf-8")
        assert "71,000" in drawing and MASK in drawing
        assert not [figure for figure in PRIVATE if figure.strip() in drawing and "," in figure]
        assert "312,450" in hands.text  # the screen itself is not
        await enter(hands, f"picture {path}")
        await hands.until(lambda: "could not be written" in hands.text)
        assert path.read_text(encoding="utf-8") == drawing


@pytest.mark.parametrize("size", [(20, 5), (30, 9), (40, 10), (60, 16), (80, 24), (120, 40)])
@pytest.mark.parametrize("row", [{"mode": Mode.LIVE, "badge": "LIVE"}, {"is_rehearsal": True, "badge": "REHEARSAL"}])
async def test_live_and_its_rehearsal_have_badge_and_rails_everywhere(
    size: tuple[int, int], row: dict[str, object]
) -> None:
    desk = ScriptedDesk()
    desk.rows[Slice.STATUS] = (scripted.status(**row),)
    async with console(desk, size=size) as hands:
        for keys in ((), ("?",), ("escape", "!"), ("escape", "escape")):
            await hands.press(*keys)
            lines = hands.lines
            assert str(row["badge"])[: size[0] - 2] in lines[0]
            body = lines[1:-1] if hands.app.top_form is None or hands.app.top_form.place == "help" else lines[2:-3]
            assert all(line[0] in "┃┠" and line[-1] in "┃┨" for line in body), hands.text


async def test_without_colour_live_has_a_double_frame(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    desk = ScriptedDesk()
    desk.rows[Slice.STATUS] = (scripted.status(mode=Mode.LIVE, badge="LIVE"),)
    async with console(desk, size=(80, 24)) as hands:
        assert all(line[0] in "║╟" and line[-1] in "║╢" for line in hands.lines[1:-1])
    async with console(size=(80, 24)) as hands:
        assert hands.lines[0].startswith("[PAPER]")
