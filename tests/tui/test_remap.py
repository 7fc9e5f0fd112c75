"""The user's own keys: what [keys] may say, what it may not, and that the console then does it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from core.config import Console, Keys, Settings
from tests.terminal import Terminal, hoga
from tests.tui.scripted import ScriptedDesk, console
from tui.actions import ACTIONS
from tui.cli import main
from tui.keycheck import clashes, unreachable
from tui.keymap import key_labels
from tui.presets import PRESETS
from tui.remap import BadKeys, effective


def settings(preset: str = "hoga", **bind: Any) -> Settings:
    keys = Keys(preset=preset, bind={name.replace("__", "."): keys for name, keys in bind.items()})  # type: ignore[arg-type]
    return Settings(console=Console(), keys=keys)


@pytest.mark.parametrize("preset", PRESETS)
def test_every_preset_is_whole(preset: str) -> None:
    actions = effective(Keys(preset=preset))  # type: ignore[arg-type]
    assert not list(clashes(actions))
    for action in actions:
        assert action.keys, action.id
        if action.context in ("rest", "always"):
            assert not any(unreachable(key) for keys in action.keys for key in keys.split(" ")), action.id


@pytest.mark.parametrize("preset", PRESETS)
def test_an_f_key_is_never_the_only_way(preset: str) -> None:
    for action in effective(Keys(preset=preset)):  # type: ignore[arg-type]
        if action.context == "rest" and not action.sends:
            assert any(key for key in action.keys if not key.rpartition("+")[2][1:].isdigit()), action.id


@pytest.mark.parametrize(
    "bind, said",
    [
        ({"trade.by": ["b"]}, "no such action; did you mean trade.buy?"),
        ({"ticket.enter": ["b"]}, "the keys of the ticket are fixed"),
        ({"trade.buy": ["f99"]}, "no such key; did you mean f9?"),
        ({"trade.buy": ["ctrl+i"]}, "the same byte as tab"),
        ({"trade.buy": ["ctrl+s"]}, "stops the terminal's output"),
        ({"trade.buy": ["alt+b"]}, "arrives as ctrl+left"),
        ({"trade.buy": ["f11"]}, "full screen"),
        ({"trade.buy": ["ㅠ"]}, "write the Latin key"),
        ({"trade.buy": ["shift+b"]}, "write B"),
        ({"trade.buy": ["ctrl+1"]}, "only with the letters"),
        ({"trade.buy": ["ctrl+shift+b"]}, "terminals cannot send it"),
        ({"trade.buy": ["b b b"]}, "or two with a space"),
        ({"trade.buy": [""]}, "is no key"),
        ({"trade.buy": 3}, "write a list of keys"),
        ({"trade.buy": ["m"]}, "'m' is also trade.modify"),
        ({"trade.buy": ["g"]}, "'g g' is also move.first"),
        ({"trade.buy": ["b x"], "trade.sell": ["b"]}, "'b x'"),
        ({"move.zoom": ["ctrl+x"]}, "'ctrl+x' is also trade.panic"),
        ({"trade.panic": []}, "panic needs a key that works everywhere"),
        ({"trade.panic": ["p"]}, "must work while text is typed"),
        ({"trade.panic": ["enter"]}, "must work while text is typed"),
        ({"trade.panic": ["ctrl+u"]}, "must work while text is typed"),
        ({"work.command": []}, "needs a key"),
    ],
)
def test_what_cannot_be_bound_is_refused_with_its_reason(bind: Mapping[str, Any], said: str) -> None:
    with pytest.raises(BadKeys) as caught:
        effective(Keys(bind=dict(bind)))
    assert said in str(caught.value)
    assert ".".join(caught.value.path[:2]) == "keys.bind"


def test_keys_may_be_written_as_people_do() -> None:
    bind = {
        "move": {"first": "gG", "last": ["End", "ctrl+PgDn"]},
        "trade.panic": ["Ctrl+E", "F7"],
        "move.go_orders": "g  O",
    }
    done = {action.id: action for action in effective(Keys(bind=bind))}
    assert done["move.first"].keys == ("g G",)
    assert done["move.last"].keys == ("end", "ctrl+pagedown")
    assert done["trade.panic"].keys == ("ctrl+e", "f7")
    assert key_labels(done["move.go_orders"]) == ("gO",)


def test_what_sends_takes_an_f_key_only(monkeypatch: pytest.MonkeyPatch) -> None:
    from tui import remap
    from tui.actions import Action

    armed = Action(id="trade.armed_test", keys=("f9",), help="send the armed template", sends=True)
    monkeypatch.setattr(remap, "ACTIONS", (*ACTIONS, armed))
    for key in ("b", "space", "enter", "tab", "ctrl+o", "g F", "f9 f9", "up"):
        with pytest.raises(BadKeys, match="only an F-key"):
            effective(Keys(bind={"trade.armed_test": [key]}))
    assert effective(Keys(bind={"trade.armed_test": ["shift+f7"]}))[-1].keys == ("shift+f7",)


async def test_bound_keys_do_it_and_the_old_ones_do_not() -> None:
    desk = ScriptedDesk()
    async with console(desk, settings=settings(trade__buy=["f2"], move__zoom=["b"])) as hands:
        assert "F2 buy" in hands.lines[39]
        await hands.press("b")
        assert hands.app.is_zoomed
        assert not hands.app.forms
        await hands.press("b", "f2")
        assert hands.app.top_form is not None and hands.app.top_form.place == "ticket"
        assert not desk.sent


async def test_a_korean_hts_hand_finds_its_keys() -> None:
    async with console(settings=settings("hts")) as hands:
        await hands.press("f4")
        assert hands.app.top_form.side.value == "sell"  # type: ignore[union-attr]
        await hands.press("escape", "f8")
        assert hands.app.focus_name == "positions"


async def test_panic_under_another_key_is_still_twice_the_same_key() -> None:
    desk = ScriptedDesk()
    async with console(desk, settings=settings(trade__panic=["ctrl+e"])) as hands:
        await hands.press("b", "ctrl+e")
        assert "PANIC" in hands.text
        assert not desk.sent
        await hands.press("ctrl+e")
        await hands.until(lambda: len(desk.sent) == 1)


def test_a_wrong_key_names_file_line_and_action(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "hoga.toml"
    file.write_text('[keys]\npreset = "hts"\n\n[keys.bind]\n"trade.buy" = ["b", "ctrl+m"]\n')
    assert main(["--config", str(file), "config", "check"]) == 2
    said = capsys.readouterr().err
    assert f"{file}, line 5: keys.bind.trade.buy: 'ctrl+m' cannot be used" in said
    assert main(["--config", str(file), "keys"]) == 2
    file.write_text('[keys]\nbind = {"trade.buy" = ["b", "f2"]}\n')
    assert main(["--config", str(file), "config", "check"]) == 0


def test_the_table_of_keys(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["keys", "--preset", "hts"]) == 0
    row = next(line for line in capsys.readouterr().out.splitlines() if " trade.buy " in line)
    assert row.startswith("b  F2 ")
    assert main(["keys", "--json"]) == 0
    rows = json.loads(capsys.readouterr().out)
    assert [row["id"] for row in rows] == [action.id for action in ACTIONS]
    assert not any(row["sends"] and any(len(key) == 1 for key in row["keys"]) for row in rows)
    assert main(["keys", "--preset", "htt"]) == 2
    assert "did you mean hts?" in capsys.readouterr().err


def test_listening_tells_each_key_and_leaves_the_terminal_as_it_was(tmp_path: Path) -> None:
    with hoga("keys", "--listen", home=tmp_path) as terminal:
        terminal.wait("what it does")
        for keys, shown in (
            (b"b", "trade.buy"),
            (b"\x13", "never bound: it stops the terminal's output"),
            ("ㅠ".encode(), "counts as b outside text"),
            (b"\x1b[15~", "f5"),
            (b"g", "begins g a, g b"),
            (b"\x1b", "escape"),
            (b"\x1b[200~b 10\n\x1b[201~", "5 characters; outside a field it is ignored"),
        ):
            terminal.press(keys)
            terminal.wait(shown)
        _leave(terminal)


def _leave(terminal: Terminal) -> None:
    terminal.press(b"q")
    terminal.press(b"q")
    assert terminal.ended() == 0
    assert terminal.raw.rstrip().endswith(b"\x1b[?2004l")
