"""The rules of the keyboard, each proved through the console's own doors. A test's name begins with the number of its
rule; docs/keys.md lists rules and tests from here."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.config import Keys
from core.domain.account import Mode
from core.domain.commands import Panic
from core.domain.order import OrderStatus
from core.trading.view import Slice
from tests.tui import fuzz_keys, scripted
from tests.tui.scripted import Hands, ScriptedDesk, console
from tests.tui.trading import resting_order, trader
from tui.actions import ACTIONS, PANES, Action
from tui.keycheck import FORBIDDEN, is_printable
from tui.keymap import Keymap, key_label, pressed
from tui.presets import PRESETS
from tui.remap import effective

RULES = {
    "1": "Nothing reaches a broker without Enter, or an F-key while armed; panic is also its own key twice.",
    "2": "LIVE needs another key after Enter: y, alone in its read, and not at once.",
    "3": "Pastes, bursts and replies of the terminal are no keys.",
    "4": "A form takes its sending key only after it was seen, and once.",
    "5": "The price in a ticket stands still unless it was pegged.",
    "6": "No key that terminals, multiplexers or desktops keep, or that is another key's bytes.",
    "7": "The same key means the same on every screen.",
    "8": "The footer shows what works now, the help all of it, the palette everything.",
    "9": "Every action has an id and takes other keys.",
    "10": "Panic works from everywhere.",
    "11": "Hangul means the Latin keys it sits on, and never sends.",
}
RESTING = [action for action in ACTIONS if action.context in ("rest", "always")]
SILENT = {
    "work.quit": "leaves the console",
    "work.redraw": "draws the same picture again",
    "lists.up": "the list is the desk's, and this desk has none to change",
    "lists.down": "the list is the desk's, and this desk has none to change",
    "ladder.centre": "the market is in the middle already",
    "ladder.lock": "the rows stand as they stood",
}
"""Actions that change nothing that can be compared, and why."""


def live_desk() -> ScriptedDesk:
    desk = ScriptedDesk()
    desk.rows[Slice.STATUS] = (scripted.status(mode=Mode.LIVE, badge="LIVE"),)
    return desk


async def open_place(hands: Hands, place: str) -> None:
    """A resting console with one thing opened over it."""
    keys = {
        "rest": (),
        "ticket": ("b",),
        "command": (":",),
        "find": ("/",),
        "filter": ("f",),
        "confirm": ("3", "c"),
        "panic": ("!",),
        "flatten": ("!", "f"),
        "strategy": ("6", "t"),
        "help": ("?",),
        "palette": ("ctrl+p",),
        "settings": (",",),
        "jump": ("ctrl+o",),
        "export": ("e",),
        "pair": ("g",),
    }[place]
    await hands.press(*keys)


PLACES = ("rest", "ticket", "command", "find", "filter", "confirm", "panic", "flatten", "strategy", "help", "palette")
PLACES += ("settings", "jump", "export", "pair")


# ---- 1: nothing printable sends


def state_of(hands: Hands) -> tuple[object, ...]:
    """Everything a person could notice, and what is remembered."""
    app = hands.app
    panes = [getattr(app.surface.widget(name), "cursor", None) for name in PANES]
    return (hands.text, app.focus_name, tuple(app.forms), app.clipboard, app.keys.pending, tuple(panes), app.layout_now)


async def ready_for(hands: Hands, action: Action) -> None:
    """A state in which the action has something to do: cursor in the middle, something sought, marked, said."""
    await hands.press("escape", "escape", "escape", "escape")
    hands.app.go_to("trade")
    if action.panes:
        hands.app.keys.call("move.go", action.panes[0])
    await hands.pilot.pause()
    await hands.press("home", "down")
    if action.id == "rows.sort_flip":
        await hands.press(">")
    elif action.id == "work.details":
        await hands.press("g", "l")
    elif action.argument in ("trade", "quotes"):
        await hands.press("3")
    elif action.id == "move.left":
        await hands.press("tab")
    elif action.room == "chart":
        await hands.press("h", "h", "left", "left")
    elif action.id in ("work.find_next", "work.find_previous"):
        await hands.press("/", "s", "enter")
    elif action.id == "work.back":
        await hands.press("space")
    elif action.id in ("move.first", "move.half_up"):
        await hands.press("end")


@pytest.mark.parametrize("room", sorted({action.room for action in RESTING}))
async def test_1_every_key_of_every_resting_action_does_something_and_sends_nothing(room: str) -> None:
    desk = ScriptedDesk()
    lazy = []
    async with console(desk) as hands:
        for action in RESTING:
            if action.room != room or action.id in SILENT or action.sends:
                continue
            for keys in action.keys:
                await ready_for(hands, action)
                before = state_of(hands)
                await hands.press(*keys.split(" "))
                if state_of(hands) == before:
                    lazy.append(f"{key_label(keys)} {action.id}")
                assert not desk.sent, (action.id, keys, desk.sent)
        assert hands.app.return_code is None
    assert not lazy


@pytest.mark.parametrize("place", [*PLACES, "review"])
async def test_1_no_printable_key_sends_from_any_pane_or_form(place: str) -> None:
    desk = live_desk()
    async with console(desk, size=(80, 24)) as hands:
        for number in range(32, 127):
            if number % 8 == 0:
                await hands.press("escape", "escape", "escape", gap=0.3)
                await (in_review(hands) if place == "review" else open_place(hands, place))
            if place != "review" or chr(number) != "y":
                await hands.press(chr(number), gap=0.4)
        assert not desk.sent
        assert hands.app.return_code is None


def test_1_what_sends_has_no_printable_key() -> None:
    for action in ACTIONS:
        if action.sends:
            assert action.keys
            assert not any(is_printable(keys) for keys in action.keys), action.id


@pytest.mark.parametrize("seed", [11, 12])
def test_1_noise_without_enter_sends_and_breaks_nothing(seed: int) -> None:
    told = fuzz_keys.run(2.5, seed)
    assert (told.orders, told.cancels, told.others, told.crashes) == (0, 0, 0, 0), told.details
    assert told.bytes > 100


# ---- 2: a second, different key in LIVE


async def in_review(hands: Hands) -> None:
    await hands.press("b", "1", "0", "enter")
    await hands.until(lambda: hands.app.top_form is not None and hands.app.top_form.place == "review")


async def test_2_enter_again_and_held_never_sends() -> None:
    desk = live_desk()
    async with console(desk) as hands:
        await in_review(hands)
        await hands.press(*["enter"] * 40, gap=0.03)
        await hands.press("enter", "enter", gap=1.0)
        assert not desk.sent


async def test_2_y_counts_only_alone_and_after_a_moment() -> None:
    desk = live_desk()
    async with console(desk) as hands:
        await in_review(hands)
        await hands.press("y", gap=0.1)
        assert not desk.sent
        await hands.press("x", "y", gap=0.005)
        assert not desk.sent
        await hands.press("y", "y", "y", "y", "y", gap=0.001)
        assert not desk.sent
        await hands.press("ㅛ", gap=0.5)
        assert not desk.sent
        await hands.paste("y")
        assert not desk.sent
        await hands.press("y", gap=0.5)
        await hands.until(lambda: desk.sent)
        await hands.press("y", "y", "enter")
        assert len(desk.sent) == 1


# ---- 3: pastes, bursts, replies (what the terminal's bytes become is proved in test_replies.py)


@pytest.mark.parametrize("place", PLACES)
async def test_3_a_paste_sends_nothing_and_is_told_where_no_text_belongs(place: str) -> None:
    desk = ScriptedDesk()
    async with console(desk) as hands:
        await open_place(hands, place)
        await hands.paste("b 10 005930 @71000\ny\n")
        assert not desk.sent
        form = hands.app.top_form
        if form is None or not (form.is_input or place == "ticket"):
            assert "was ignored" in hands.text


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("text", ["^P1$r0m\\", "[?62;22c", "b 10 005930\r", "c\rc\rc\r", "yyyyyyyy\r"])
async def test_3_a_burst_is_dropped_and_what_it_opened_is_closed(place: str, text: str) -> None:
    desk = ScriptedDesk()
    async with console(desk) as hands:
        await open_place(hands, place)
        before = list(hands.app.forms)
        hands.at += 1
        await hands.press(*("enter" if c == "\r" else c for c in text), gap=0.001)
        assert not desk.sent
        form = before[-1] if before else None
        if form is None or not form.is_input:
            assert "burst of keys was dropped" in hands.text or len(text) < 7
            assert [f for f in hands.app.forms if f not in before] == [] or len(text) < 7


async def test_3_a_hand_that_types_fast_is_no_burst() -> None:
    async with console() as hands:
        await hands.press(*"jjkkjjkk", gap=0.021)
        assert not hands.app.has_message


async def test_3_alt_and_a_letter_is_not_the_letter() -> None:
    async with console() as hands:
        hands.app.keys.press(pressed("alt+b", "b", 2000.0))
        hands.app.keys.press(pressed("alt+ㅠ", "ㅠ", 2001.0))
        assert not hands.app.forms


# ---- 4: armed after it was seen, once


async def test_4_a_ticket_takes_enter_after_a_quarter_second_and_once() -> None:
    async with trader() as hands:
        await hands.press("b")
        await hands.press("enter", gap=0.1)
        await hands.press("enter", gap=0.1)
        assert not hands.orders
        await hands.press("enter", gap=0.2)
        await hands.press(*["enter"] * 30, gap=0.01)
        await hands.settled(lambda: hands.orders and not hands.app.asking.is_sending)
        assert len(hands.orders) == 1


async def test_4_focus_that_comes_back_arms_anew() -> None:
    from textual import events

    desk = ScriptedDesk()
    async with console(desk) as hands:
        await hands.press("b")
        hands.at += 5
        for kind in (events.AppBlur, events.AppFocus):
            event = kind()
            event.time = hands.at  # type: ignore[misc]
            hands.app.post_message(event)
        await hands.pilot.pause()
        await hands.press("enter", gap=0.1)
        assert not desk.sent
        await hands.press("enter", gap=0.2)
        await hands.until(lambda: desk.sent)


async def test_4_enter_right_behind_a_letter_is_not_meant() -> None:
    desk = ScriptedDesk()
    async with console(desk) as hands:
        await hands.press(":")
        await hands.type("b 10 005930 @71000")
        await hands.press("0", gap=0.2)
        await hands.press("enter", gap=0.01)
        assert not desk.sent


async def test_4_a_line_opened_with_text_in_it_waits_too() -> None:
    desk = ScriptedDesk()
    async with console(desk) as hands:
        hands.app.working.type("resume")
        hands.app.top_form.armed_from = hands.at  # type: ignore[union-attr]
        await hands.press("enter", gap=0.1)
        assert not desk.sent


# ---- 5: the price stands still


async def test_5_the_price_of_an_open_ticket_does_not_follow_the_market() -> None:
    async with trader() as hands:
        await hands.press("b")
        before = hands.app.top_form.price.text  # type: ignore[union-attr]
        await hands.stage.quote(71_500, 71_600)
        await hands.settled(lambda: "71,600" in hands.text)
        assert hands.app.top_form.price.text == before  # type: ignore[union-attr]


# ---- 6, 7: which keys


def test_6_no_action_of_any_preset_has_a_forbidden_key() -> None:
    for preset in PRESETS:
        for action in effective(Keys(preset=preset)):  # type: ignore[arg-type]
            assert not FORBIDDEN & {key for keys in action.keys for key in keys.split(" ")}, action.id


@pytest.mark.parametrize("key", sorted(FORBIDDEN))
async def test_6_a_forbidden_key_does_nothing(key: str) -> None:
    desk = ScriptedDesk()
    async with console(desk) as hands:
        before = state_of(hands)
        await hands.press(key)
        assert state_of(hands) == before or key in ("ctrl+z",)
        assert not desk.sent


SAME_WORD = {("enter", ("strategies", "why")), ("/", ("log",)), ("n", ("log",)), ("N", ("log",))}
"""Enter opens whatever the row is; / n N find in whatever there is."""
OTHER_MEANINGS = {"book", "tape", "chart"}
"""Panes that may give a key a meaning of their own: prices are chosen there, and sizes."""


def test_7_a_key_has_one_meaning_but_in_panes_of_prices() -> None:
    general = {
        keys: action for action in ACTIONS if action.context == "rest" and not action.panes for keys in action.keys
    }
    for action in ACTIONS:
        if action.context == "rest" and action.panes:
            for keys in action.keys:
                other = general.get(keys) if (keys, action.panes) not in SAME_WORD else None
                assert other is None or set(action.panes) <= OTHER_MEANINGS, (keys, action.id, other)


async def test_7_trading_keys_open_the_same_from_every_pane() -> None:
    async with console() as hands:
        for pane in ("quotes", "positions", "orders", "pnl", "strategies", "log", "book"):
            for key, place in (("b", "ticket"), ("s", "ticket"), ("!", "panic"), (":", "command"), ("?", "help")):
                await hands.press("escape", "escape", "escape")
                hands.app.keys.call("move.go", pane)
                await hands.press(key)
                assert hands.app.top_form is not None and hands.app.top_form.place == place, (pane, key)


# ---- 8: footer, help, palette


async def test_8_what_the_footer_shows_works_and_what_cannot_is_not_there() -> None:
    desk = ScriptedDesk()
    desk.rows |= {Slice.ORDERS: (), Slice.POSITIONS: (), Slice.STRATEGIES: ()}
    async with console(desk, size=(200, 60)) as hands:
        footer = hands.lines[59]
        for gone in ("cancel", "modify", "close", "undo", "strategy"):
            assert gone not in footer
        assert "b buy" in footer and "! panic" in footer and "? help" in footer
        for label, _ in hands.app.keys.hints():
            assert label


async def test_8_panic_and_help_are_the_last_hints_to_go() -> None:
    for width in (80, 100):
        async with console(size=(width, 24)) as hands:
            assert "! panic" in hands.lines[23]
            assert "? help" in hands.lines[23]


async def test_8_help_lists_every_key_of_the_focused_pane() -> None:
    from tui.forms.help import HelpForm

    async with console() as hands:
        for pane in PANES:
            page = HelpForm(pane, hands.app.keys.map, hands.app.look)
            text = "\n".join("".join(cell.text for cell in line) for line in page.lines(400))
            for action in Keymap().working(pane):
                assert action.help in text, (pane, action.id)


# ---- 9: keys of one's own (what cannot be bound is proved in test_remap.py)


def test_9_every_resting_action_takes_another_key() -> None:
    for action in ACTIONS:
        if action.context == "rest":
            done = Keymap(effective(Keys(bind={action.id: ["f20"]})))
            assert done.find(action.panes[0] if action.panes else "quotes", "f20").id == action.id  # type: ignore[union-attr]


# ---- 11: Hangul


@pytest.mark.parametrize("typed, place", [("ㅠ", "ticket"), ("ㄴ", "ticket"), ("ㅊ", "confirm"), ("ㅅ", "strategy")])
async def test_11_jamo_at_rest_are_the_keys_they_sit_on(typed: str, place: str) -> None:
    async with console() as hands:
        await hands.press(typed)
        assert hands.app.top_form is not None and hands.app.top_form.place == place


async def test_11_shifted_jamo_syllables_and_pairs_are_their_keys_too() -> None:
    async with console() as hands:
        await hands.press("ㅎ", "ㅐ")  # g o
        assert hands.app.focus_name == "orders"
        await hands.press("호")  # g h in one syllable: g h is no pair
        assert "is no key here" in hands.text
        await hands.press("escape", "교", "escape")  # r y
        await hands.press("부")  # q n: nothing, then the next match
        assert not hands.app.forms
        await hands.press("g", "ㅂ")
        assert hands.app.focus_name == "quotes"
        await hands.press("ㅏ", "ㅓ", "ㅓ")
        assert hands.app.surface.quotes.cursor_row == 2


async def test_11_verbs_typed_in_hangul_are_understood_and_wait_for_enter() -> None:
    async with trader() as hands:
        await hands.press(":")
        await hands.type("ㅠ 10 005930 @70800")
        assert not hands.orders
        await hands.press("enter")
        await hands.settled(lambda: hands.orders)


async def test_11_hangul_input_is_shown_until_latin_is_typed() -> None:
    async with console(language="ko") as hands:
        await hands.press("ㅓ")
        assert "한글 입력" in hands.lines[39]
        await hands.press("j")
        assert "한글 입력" not in hands.lines[39]


@pytest.mark.parametrize("place", PLACES)
async def test_11_hangul_sends_nothing_anywhere(place: str) -> None:
    desk = ScriptedDesk()
    async with console(desk) as hands:
        await open_place(hands, place)
        await hands.press(*"ㅛㅠㄴㅊㅌ부여산ㅃㅆ", gap=0.3)
        assert not desk.sent


# ---- 10: panic


@pytest.mark.parametrize("place", PLACES)
async def test_10_ctrl_x_opens_panic_over_everything_and_again_means_it(place: str) -> None:
    desk = ScriptedDesk()
    async with console(desk) as hands:
        await open_place(hands, place)
        await hands.press("ctrl+x")
        if place == "panic":  # it is open already: this is the second time
            await hands.until(lambda: desk.sent)
            return
        if place == "flatten":
            assert not desk.sent
            return
        assert hands.app.top_form is not None and hands.app.top_form.place == "panic"
        assert not desk.sent
        await hands.press("ctrl+x")
        await hands.until(lambda: desk.sent)
        assert desk.sent == [Panic()]


async def test_10_panic_waits_for_no_answer_and_cancels_entries() -> None:
    async with trader() as hands:
        entry = await resting_order(hands, "70500")
        await hands.press("b", "ctrl+x", "ctrl+x")
        await hands.settled(lambda: hands.stage.state.orders[entry.id].status is OrderStatus.CANCELED)


def test_every_rule_has_a_test() -> None:
    tests = [line.split("(")[0] for line in Path(__file__).read_text("utf-8").splitlines() if "def test_" in line]
    for number in RULES:
        assert any(f"def test_{number}_" in test for test in tests), number
