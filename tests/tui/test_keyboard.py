"""Keys nobody meant: pastes, bursts, replies of the terminal, keys at the wrong moment. And the registry of those that
are meant. Whatever comes in without Enter, nothing may reach the desk."""

from __future__ import annotations

from random import Random

import msgspec
import pytest

from core.domain.account import Mode
from core.domain.commands import Submit
from core.ports import Receipt
from core.trading.view import Slice
from tests.tui import scripted
from tests.tui.scripted import ScriptedDesk, check_rows, console
from tui.actions import ACTIONS, PANES, Action
from tui.keyboard import BurstGuard, Verdict, latin_keys
from tui.keycheck import FORBIDDEN, clashes, unreachable
from tui.keymap import Keymap


async def test_every_action_has_a_method() -> None:
    async with console() as hands:
        rooms = hands.app.keys.rooms
        for action in ACTIONS:
            if action.context in ("rest", "always"):
                assert callable(getattr(rooms[action.room], action.call)), action.id


def test_ids_are_unique_and_keys_can_be_pressed() -> None:
    assert len({action.id for action in ACTIONS}) == len(ACTIONS)
    for action in ACTIONS:
        if action.context in ("rest", "always"):
            reasons = [unreachable(key) for keys in action.keys for key in keys.split(" ")]
            assert not any(reasons), (action.id, reasons)
        assert not FORBIDDEN & set(action.keys)


def test_no_key_means_two_things_in_one_place() -> None:
    assert not list(clashes(ACTIONS))
    twice = msgspec.structs.replace(ACTIONS[0], id="trade.other")
    hidden = Action(id="move.hidden", keys=("b g",), help="behind a key that acts at once")
    here = Action(id="trade.here", keys=("b",), help="only in the orders", panes=("orders",))
    assert [key for key, *_ in clashes((*ACTIONS, twice))] == ["ctrl+x"]
    assert {key for key, *_ in clashes((*ACTIONS, hidden))} == {"b g"}
    assert not list(clashes((*ACTIONS, here)))


def test_every_action_can_be_reached_and_explained() -> None:
    keymap = Keymap()
    for pane in PANES:
        for action in keymap.working(pane):
            assert action.help
            assert any(keymap.find(pane, keys) is action for keys in action.keys), (pane, action.id)


def test_a_pane_may_give_a_key_another_meaning() -> None:
    size = Action(id="trade.size", keys=("2",), help="size preset", panes=("book",))
    keymap = Keymap((*ACTIONS, size))
    assert keymap.find("book", "2") is size
    assert keymap.find("orders", "2") is not size


async def test_a_pair_of_keys_waits_shows_what_may_follow_and_gives_up() -> None:
    async with console() as hands:
        await hands.press("G", "g")
        assert "o Orders" in hands.lines[39]
        assert hands.app.surface.quotes.cursor_row > 0
        await hands.press("g")
        assert hands.app.surface.quotes.cursor_row == 0
        assert "o Orders" not in hands.lines[39]
        await hands.press("g", "o")
        assert hands.app.focus_name == "orders"
        await hands.press("g", "escape", "q")
        assert hands.app.focus_name == "orders"
        await hands.press("g")
        await hands.press("q", gap=3.5)
        assert hands.app.focus_name == "orders"
        await hands.press("g", "b")
        assert (hands.app.focus_name, hands.app.forms) == ("book", [])
        await hands.press("g", "5")
        assert "g5 is no key here" in hands.text


@pytest.mark.parametrize("wide", range(118, 124))
async def test_a_letter_of_two_cells_survives_the_edges_of_what_lies_under_it(wide: int) -> None:
    async with console(size=(wide, 40), language="ko") as hands:
        await hands.press("!", "f")
        said = "전량 청산: 모두 취소하고 모든 보유를 청산"
        assert said.replace(" ", "") in hands.lines[37].replace(" ", "")
        check_rows(hands.lines, wide, 40)


async def test_the_footer_shows_what_has_something_to_act_on() -> None:
    async with console() as hands:
        assert "close" in hands.lines[39]
        await hands.press("j", "j")
        assert "x close" not in hands.lines[39]
        assert "c cancel" not in hands.lines[39]
        assert "b buy" in hands.lines[39]


@pytest.mark.parametrize(
    "typed, keys", [("ㅠ", "b"), ("ㄴ", "s"), ("부", "qn"), ("ㅌ", "x"), ("b", ""), ("가나", ""), ("漢", "")]
)
def test_jamo_are_the_keys_they_sit_on(typed: str, keys: str) -> None:
    assert latin_keys(typed) == keys


def test_burst_guard_lets_hands_through_and_stops_machines() -> None:
    guard = BurstGuard()
    hands = [guard.press(0.05 * i, is_printable=True, is_input=False) for i in range(20)]
    assert set(hands) == {Verdict.TAKE}
    machine = [guard.press(10 + 0.001 * i, is_printable=True, is_input=False) for i in range(30)]
    assert machine[:3] == [Verdict.TAKE] * 3
    assert machine[3] is Verdict.BURST
    assert set(machine[4:]) == {Verdict.DROP}
    assert guard.press(10.029 + 0.021, is_printable=True, is_input=False) is Verdict.TAKE


async def test_paste_outside_an_input_is_ignored_and_says_so() -> None:
    desk = ScriptedDesk()
    async with console(desk) as hands:
        await hands.paste("b 10 005930 @71000\n")
        assert not hands.app.forms
        assert "paste of 19 characters was ignored" in hands.lines[37]
        assert not desk.sent


async def test_paste_into_the_command_line_waits_for_enter() -> None:
    desk = ScriptedDesk()
    async with console(desk) as hands:
        await hands.press(":")
        await hands.paste("b 10 005930 @71000\n")
        assert not desk.sent
        assert "b 10 005930 @71000" in hands.lines[38]
        await hands.press("enter")
        await hands.until(lambda: desk.sent)
        assert isinstance(desk.sent[0], Submit)


@pytest.mark.parametrize(
    "text", ["b 10\n", ":b 10 005930\n", "c\n", ":q\n", "\x5b?62;22c", "B\n\n\n", "x\n", "!\n", "b1\nb1\n"]
)
async def test_unbracketed_pastes_send_nothing(text: str) -> None:
    desk = ScriptedDesk()
    async with console(desk) as hands:
        keys = ["enter" if character == "\n" else character for character in text]
        await hands.press(*keys, gap=0.001)
        assert not desk.sent
        assert hands.app.return_code is None
        if len(text) > 4:
            assert not hands.app.forms
            assert "burst" in hands.lines[37]


async def test_a_pasted_line_sends_nothing_even_into_an_open_line() -> None:
    desk = ScriptedDesk()
    async with console(desk) as hands:
        await hands.press(":")
        hands.at += 1
        await hands.press(*"b 10 005930 @71000", "enter", gap=0.001)
        assert not desk.sent
        assert "b 10 005930 @71000" in hands.lines[38]


@pytest.mark.parametrize("seed", range(6))
async def test_random_keys_without_enter_send_nothing(seed: int) -> None:
    random = Random(seed)
    desk = ScriptedDesk()
    pool = [*"bsBSxXmJKcCutz12346789!:/?jkhlnNqyfp=tT+-@. ㅠㄴ부", "tab", "shift+tab", "up", "down", "left", "escape"]
    pool += ["ctrl+l", "pageup", "home", "end", "backspace", "ctrl+u", "ctrl+s", "ctrl+c", "f5", "ctrl+d"]
    async with console(desk, size=(100, 30)) as hands:
        for _ in range(12):
            await hands.press(*random.choices(pool, k=25), gap=random.choice([0.001, 0.03, 0.3]))
        assert not desk.sent
        assert hands.app.return_code is None
        assert "PAPER" in hands.lines[0]


async def test_random_keys_with_enter_never_break_the_console() -> None:
    random = Random(99)
    desk = ScriptedDesk()
    pool = [*"bsxXmJKcCutz123468!:/?jkhlnNyfh0123456789.@ ", "enter", "enter", "tab", "up", "left", "escape", "ctrl+x"]
    async with console(desk, size=(100, 30)) as hands:
        for _ in range(20):
            await hands.press(*random.choices(pool, k=25), gap=0.3)
            assert "PAPER" in hands.lines[0]


async def test_ctrl_c_and_ctrl_z_do_nothing() -> None:
    async with console() as hands:
        before = hands.text
        await hands.press("ctrl+c", "ctrl+z", "ctrl+s", "ctrl+b", "ctrl+a", "f1", "f10")
        assert hands.text == before


async def test_live_wants_a_second_key_alone_and_not_at_once() -> None:
    desk = ScriptedDesk()
    desk.rows[Slice.STATUS] = (scripted.status(mode=Mode.LIVE, badge="LIVE"),)
    async with console(desk) as hands:
        await hands.press("b", "1", "0", "enter")
        assert not desk.sent
        assert "not sent yet" in hands.lines[37]
        await hands.press("enter", "enter")
        assert not desk.sent
        await hands.press("escape", "enter")
        await hands.press("y", gap=0.1)
        assert not desk.sent
        await hands.press("y", gap=0.3)
        await hands.until(lambda: desk.sent)
        await hands.until(lambda: not hands.app.forms)
        assert len(desk.sent) == 1


async def test_live_cancel_and_panic_are_never_harder() -> None:
    desk = ScriptedDesk()
    desk.rows[Slice.STATUS] = (scripted.status(mode=Mode.LIVE, badge="LIVE"),)
    async with console(desk) as hands:
        await hands.press("3", "c", "enter")
        await hands.until(lambda: len(desk.sent) == 1)
        await hands.press("ctrl+x", "enter")
        await hands.until(lambda: len(desk.sent) == 2)


async def test_a_refused_send_keeps_the_ticket_and_the_reason() -> None:
    desk = ScriptedDesk()
    desk.answer = Receipt(is_ok=False, text="max value: too much (limit 5, actual 6)", rule="max value")
    async with console(desk) as hands:
        await hands.press("b", "enter")
        await hands.until(lambda: hands.app.has_message)
        assert "max value: too much (limit 5, actual 6)" in hands.lines[37]
        assert hands.app.top_form is not None
        await hands.press("up", "enter")
        await hands.until(lambda: len(desk.sent) == 2)
        first, second = desk.sent
        assert isinstance(first, Submit) and isinstance(second, Submit)
        assert first.request.client_order_id != second.request.client_order_id


async def test_no_answer_keeps_the_id_so_a_repeat_is_the_same_order() -> None:
    class LostDesk(ScriptedDesk):
        async def send(self, command: object) -> Receipt:  # type: ignore[override]
            await super().send(command)  # type: ignore[arg-type]
            raise OSError("the line was cut")

    desk = LostDesk()
    async with console(desk) as hands:
        await hands.press("b", "enter")
        await hands.until(lambda: "no answer" in hands.lines[37])
        assert "the line was cut" in hands.text
        await hands.press("enter")
        await hands.until(lambda: len(desk.sent) == 2)
        ids = {command.request.client_order_id for command in desk.sent if isinstance(command, Submit)}
        assert len(ids) == 1


async def test_a_key_for_a_screen_that_is_not_there_says_so() -> None:
    async with console() as hands:
        await hands.press("7")
        assert "rebalance screen is not there yet" in hands.lines[37]


async def test_tab_walks_all_panes_and_back() -> None:
    async with console() as hands:
        seen, shown = [], hands.app.surface.visible
        for _ in shown:
            await hands.press("tab")
            seen.append(hands.app.focus_name)
        assert sorted(seen) == sorted(shown)
        await hands.press("shift+tab")
        assert hands.app.focus_name == seen[-2]


async def test_zoom_shows_one_pane_and_back() -> None:
    async with console() as hands:
        before = hands.text
        await hands.press("z")
        assert list(hands.app.layout_now.panes) == ["quotes"]
        await hands.press("z")
        assert hands.text == before


async def test_strategy_menu_asks_before_it_acts() -> None:
    desk = ScriptedDesk()
    async with console(desk) as hands:
        await hands.press("6", "t", "x")
        assert not desk.sent
        await hands.press("enter")
        await hands.until(lambda: desk.sent)
        assert (desk.sent[0].name, desk.sent[0].action) == ("ma-btc", "stop")  # type: ignore[union-attr]
        await hands.press(":")
        await hands.type("s rsi-kr start")
        await hands.press("enter")
        await hands.until(lambda: len(desk.sent) == 2)
        assert (desk.sent[1].name, desk.sent[1].action) == ("rsi-kr", "start")  # type: ignore[union-attr]
