"""The strategies screen: what each does, why the selected one does it, and its parameters changed by hand."""

from __future__ import annotations

from decimal import Decimal

import pytest

from core.domain.commands import SetStrategyParams
from core.domain.events import StrategyStatus
from core.domain.signal import Step
from core.ports import Receipt
from core.trading.view import Slice
from tests.tui import scripted
from tests.tui.scripted import PARAMS, ScriptedDesk, check_rows, console, strategy, trace
from tests.tui.test_screens import compare


@pytest.mark.parametrize("language", ["en", "ko"])
@pytest.mark.parametrize("size", [(80, 24), (120, 40), (200, 60)], ids=lambda s: f"{s[0]}x{s[1]}")
async def test_strategies_screen(size: tuple[int, int], language: str) -> None:
    async with console(size=size, language=language) as hands:
        await hands.press("6")
        await hands.until(lambda: "ma10 above ma40" in hands.text)
        check_rows(hands.lines, *size)
        assert " PAPER " in hands.lines[0]
        compare(f"strategies-{size[0]}x{size[1]}-{language}", hands.lines)


@pytest.mark.parametrize("width, height", [(40, 10), (60, 16), (95, 30), (119, 39), (150, 45), (240, 70)])
async def test_every_size_has_whole_rows(width: int, height: int) -> None:
    async with console(size=(width, height)) as hands:
        await hands.press("6", "W")
        check_rows(hands.lines, width, height)
        await hands.press("j", "enter", "b", "escape")
        check_rows(hands.lines, width, height)


async def test_the_first_condition_that_failed_is_the_answer_and_the_rest_was_not_reached() -> None:
    async with console(size=(120, 40)) as hands:
        await hands.press("6")
        await hands.until(lambda: "ma10 above ma40" in hands.text)
        answer = next(line for line in hands.lines if "ma10 above ma40" in line)
        assert " ✕ " in answer and "142,100,500.50 > 142,105,000" in answer
        assert sum(" ✓ " in line for line in hands.lines) == 5
        assert "cross on this bar      not reached" in hands.text
        why = hands.app.surface.why
        grounds = [why._lines[y][1] for y in range(8)]
        assert grounds.count("stale") == 1


async def test_another_strategy_another_trace_and_none_is_asked_for_elsewhere() -> None:
    desk = ScriptedDesk()
    async with console(desk, size=(120, 40)) as hands:
        assert not [i for i, _ in desk._later if Slice.TRACE in i.slices]
        await hands.press("6")
        await hands.press("j")
        await hands.until(lambda: "Why rsi-kr" in hands.text)
        assert [i.strategy for i, _ in desk._later if Slice.TRACE in i.slices] == ["ma-btc", "rsi-kr"]


async def test_the_key_for_why_goes_there_from_anywhere() -> None:
    async with console(size=(120, 40)) as hands:
        await hands.press("W")
        assert (hands.app.surface.screen_name, hands.app.focus_name) == ("strategies", "why")


async def test_a_gate_that_is_shut_is_a_chip_in_the_list() -> None:
    desk = ScriptedDesk()
    desk.rows[Slice.STRATEGIES] = (
        strategy("ma-btc", StrategyStatus.RUNNING, gate="stale quote"),
        strategy("z", StrategyStatus.FAILED, text="ArithmeticError: unlucky"),
    )
    async with console(desk, size=(120, 40)) as hands:
        await hands.press("6")
        gated = next(line for line in hands.lines if "ma-btc" in line)
        assert " ◆ stale quote " in gated
        failed = next(line for line in hands.lines if "FAILED" in line)
        assert " ✕ FAILED " in failed


async def test_parameters_are_edited_and_only_what_changed_is_sent() -> None:
    desk = ScriptedDesk()
    desk.rows[Slice.STRATEGIES] = (strategy("ma-btc", StrategyStatus.PAUSED, params=PARAMS),)
    async with console(desk, size=(80, 24)) as hands:
        await hands.press("6", "enter")
        assert "Bars of the fast average." in hands.text
        await hands.press("down")
        await hands.type("25")
        assert not desk.sent
        await hands.press("enter")
        await hands.until(lambda: desk.sent)
        assert desk.sent == [SetStrategyParams(name="ma-btc", params={"slow": "25"})]
        await hands.until(lambda: not hands.app.forms)


async def test_what_the_engine_refuses_stays_to_be_mended() -> None:
    desk = ScriptedDesk()
    desk.rows[Slice.STRATEGIES] = (strategy("ma-btc", StrategyStatus.STOPPED, params=PARAMS),)
    desk.answer = Receipt(is_ok=False, text="params: fast must be at least 1 and below slow")
    async with console(desk, size=(80, 24)) as hands:
        await hands.press("6", "enter")
        await hands.type("99")
        await hands.press("enter")
        await hands.until(lambda: hands.text.count("below slow") >= 2)
        assert hands.app.top_form is not None
        await hands.press("ctrl+r", "enter")
        assert not hands.app.forms, "its default again: nothing is left to send"
        assert len(desk.sent) == 1


async def test_a_running_strategy_says_to_pause_it_first() -> None:
    desk = ScriptedDesk()
    async with console(desk, size=(80, 24)) as hands:
        await hands.press("6", "enter")
        assert "pause or stop it with t" in hands.text
        assert not hands.app.forms
        await hands.press("escape", "W", "enter")
        assert not desk.sent


async def test_hostile_names_are_text() -> None:
    desk = ScriptedDesk()
    steps = (Step(name="[red]x[/red]\x1b[31m", text="\x07[b]", value=float("nan"), passed=False),)
    desk.rows[Slice.TRACE] = (trace(steps=steps, signal="\x1b]0;x\x07", position=Decimal("1e-9")),)
    async with console(desk, size=(80, 24)) as hands:
        await hands.press("6")
        await hands.until(lambda: "[red]x[/red]" in hands.text)
        check_rows(hands.lines, 80, 24)
        assert "\x1b" not in hands.text


async def test_signals_are_the_lines_of_strategies_alone() -> None:
    desk = ScriptedDesk()
    desk.rows[Slice.LOG] = (
        *desk.rows[Slice.LOG],
        scripted.log(4, "info", "SIGNAL", "ma-btc Bitcoin +1 crossed: at target"),
    )
    async with console(desk, size=(120, 40)) as hands:
        await hands.press("6")
        await hands.until(lambda: "Signals 1" in hands.text)
