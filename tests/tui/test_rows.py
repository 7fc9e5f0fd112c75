"""Rows of a pane: filter, sort, mark, copy, export. What is shown changes; nothing reaches the desk."""

from __future__ import annotations

import csv
import json
import stat
from pathlib import Path
from typing import Any

import msgspec
import pytest

from core.config import Console, Settings
from core.domain.errors import InvalidValue, StorageError
from core.domain.order import OrderStatus, Side
from core.trading.view import Slice
from tests.tui import scripted
from tests.tui.scripted import HYNIX, SAMSUNG, Hands, ScriptedDesk, console
from tui.app import HogaApp
from tui.export import as_csv, safe, write
from tui.places import Places
from tui.roster import Roster


def order_of(hands: Hands, pane: str) -> list[str]:
    return list(hands.app.surface.widget(pane).keys)  # type: ignore[attr-defined]


# ---- filter


@pytest.mark.parametrize("typed", ["sams", "005930", "ㅅㅅㅈㅈ", "삼성", "SAMSUNG elec"])
async def test_a_filter_finds_by_code_name_and_initials(typed: str) -> None:
    desk = ScriptedDesk()
    async with console(desk) as hands:
        await hands.press("f")
        await hands.type(typed)
        assert order_of(hands, "quotes") == [SAMSUNG]
        assert f"/{typed.casefold()[:4]}" in hands.lines[2]
        assert "1/4" in hands.lines[2]
        assert "1 of 4" in hands.lines[38]
        await hands.press("enter")
        assert order_of(hands, "quotes") == [SAMSUNG]
        await hands.press("escape")
        assert len(order_of(hands, "quotes")) == 4
        assert not desk.sent


async def test_escape_in_the_filter_gives_rows_and_cursor_back() -> None:
    async with console() as hands:
        await hands.press("j", "f")
        await hands.type("apple")
        assert hands.app.instrument == scripted.APPLE
        await hands.press("escape")
        assert len(order_of(hands, "quotes")) == 4
        assert hands.app.instrument == HYNIX


async def test_an_emptied_filter_shows_all_and_one_that_fits_nothing_says_so() -> None:
    async with console() as hands:
        await hands.press("f", "z", "z", "enter")
        assert order_of(hands, "quotes") == []
        assert "Nothing fits the filter." in hands.text
        assert "0/4" in hands.lines[2]
        await hands.press("f", "backspace", "backspace", "enter")
        assert len(order_of(hands, "quotes")) == 4


async def test_orders_are_filtered_by_state_and_an_unknown_one_is_never_hidden() -> None:
    async with console() as hands:
        await hands.press("3", "f")
        await hands.type("canceled")
        shown = [hands.app.picture.order(key) for key in order_of(hands, "orders")]
        states = {row.status for row in shown if row is not None}
        assert OrderStatus.UNKNOWN in states
        assert states <= {OrderStatus.UNKNOWN, OrderStatus.CANCELED}


async def test_the_log_and_the_strategies_are_filtered_too() -> None:
    async with console() as hands:
        await hands.press("8", "f")
        await hands.type("denied")
        await hands.press("enter")
        assert len(order_of(hands, "log")) == 1
        await hands.press("6", "f")
        await hands.type("ma-b")
        assert order_of(hands, "strategies") == ["ma-btc"]


async def test_a_filtered_pane_goes_on_living() -> None:
    desk = ScriptedDesk()
    async with console(desk) as hands:
        await hands.press("f")
        await hands.type("sams")
        await hands.press("enter")
        desk.push(Slice.QUOTES, [scripted.quote(SAMSUNG, 0, 72_000.0, 70_700.0), scripted.quote(HYNIX, 1, 1.0, 1.0)])
        await hands.until(lambda: "72,000" in hands.text)
        assert order_of(hands, "quotes") == [SAMSUNG]
        await hands.press("escape")
        assert len(order_of(hands, "quotes")) == 4


# ---- sort


async def test_a_column_is_sorted_marked_and_flipped() -> None:
    async with console() as hands:
        own = order_of(hands, "quotes")
        await hands.press(">", ">")
        assert "LAST▼" in hands.lines[3]
        prices = [hands.app.picture.quote(key).last for key in order_of(hands, "quotes")]  # type: ignore[arg-type, union-attr]
        assert prices == sorted(prices, reverse=True)
        await hands.press("=")
        assert "LAST▲" in hands.lines[3]
        assert order_of(hands, "quotes") == [*reversed(sorted(own, key=order_of(hands, "quotes").index, reverse=True))]
        await hands.press("<", "<")
        assert order_of(hands, "quotes") == own
        assert "▲" not in hands.lines[3]


async def test_rows_keep_their_place_until_asked_or_the_keys_leave() -> None:
    desk = ScriptedDesk()
    async with console(desk) as hands:
        await hands.press(">", ">")
        before = order_of(hands, "quotes")
        desk.push(Slice.QUOTES, [scripted.quote(SAMSUNG, 0, 999_000_000.0, 70_700.0)])
        await hands.until(lambda: "999,000,000" in hands.text)
        assert order_of(hands, "quotes") == before
        await hands.press("tab")
        assert order_of(hands, "quotes") != before
        assert order_of(hands, "quotes")[0] == SAMSUNG


async def test_a_new_order_and_an_unknown_one_stand_above_what_is_sorted() -> None:
    desk = ScriptedDesk()
    async with console(desk) as hands:
        await hands.press("3", ">", ">")
        desk.push(Slice.ORDERS, [scripted.order(77, SAMSUNG, Side.BUY, OrderStatus.OPEN, created=scripted.NOW)])
        await hands.until(lambda: hands.app.picture.order(scripted.order(77, SAMSUNG, Side.BUY, OrderStatus.OPEN).key))
        await hands.until(lambda: len(order_of(hands, "orders")) == len(hands.app.picture.orders()))
        first = [hands.app.picture.order(key).status for key in order_of(hands, "orders")]  # type: ignore[union-attr]
        assert first[0] is OrderStatus.UNKNOWN
        assert scripted.order(77, SAMSUNG, Side.BUY, OrderStatus.OPEN).key in order_of(hands, "orders")


def test_what_has_no_value_stands_last_whichever_way() -> None:
    roster = Roster()
    roster.column = "last"
    values = {"a": 2, "b": None, "c": 1}
    for falling, wanted in ((False, "cab"), (True, "acb")):
        roster.is_falling = falling
        roster.sort(values, values.get)
        assert "".join(roster.arrange(list("abc"), lambda _: " ")) == wanted


# ---- marks


async def test_space_range_and_all_mark_rows_and_escape_unmarks() -> None:
    desk = ScriptedDesk()
    async with console(desk) as hands:
        keys = order_of(hands, "quotes")
        await hands.press("space", "space")
        assert hands.app.marked("quotes") == keys[:2]
        assert "*2" in hands.lines[2]
        assert hands.lines[4].startswith("│*")
        await hands.press("escape")
        await hands.press("escape", "home", "v", "j", "j", "k")
        assert hands.app.marked("quotes") == keys[:2]
        await hands.press("v", "j", "j")
        assert hands.app.marked("quotes") == keys[:2]
        await hands.press("*")
        assert hands.app.marked("quotes") == keys
        await hands.press("escape", "escape")
        assert hands.app.marked("quotes") == []
        assert not desk.sent


async def test_marks_that_cannot_be_seen_do_not_count() -> None:
    async with console() as hands:
        await hands.press("*", "f")
        await hands.type("sams")
        await hands.press("enter")
        assert hands.app.marked("quotes") == [SAMSUNG]


async def test_a_marked_row_that_ends_is_not_marked_any_more() -> None:
    desk = ScriptedDesk()
    async with console(desk) as hands:
        await hands.press("3", "*")
        keys = hands.app.marked("orders")
        desk.push(Slice.ORDERS, gone=keys[:1])
        await hands.until(lambda: hands.app.marked("orders") == keys[1:])


# ---- copy and export


async def test_copy_gives_the_rows_as_they_read() -> None:
    async with console() as hands:
        await hands.press("ctrl+y")
        assert hands.app.clipboard.split("\t")[:2] == ["Samsung Electronics", "71,000"]
        await hands.press("space", "space", "ctrl+y")
        assert len(hands.app.clipboard.split("\n")) == 2
        assert "2 rows copied" in hands.text


async def test_copy_of_masked_figures_is_masked() -> None:
    async with console() as hands:
        hands.app.face.mask(True)
        await hands.press("2", "ctrl+y")
        assert "72,000" not in hands.app.clipboard


def app_at(folder: Path) -> Any:
    return HogaApp(ScriptedDesk(), Settings(console=Console()), places=Places(data=folder))


async def exporting(folder: Path, *keys: str) -> Hands:
    app = app_at(folder)
    async with app.run_test(size=(120, 40)) as pilot:
        hands = Hands(app, pilot)
        await hands.until(lambda: len(app.instruments) >= len(app.picture.quotes()) > 0)
        await pilot.pause(0.15)
        await hands.press(*keys)
        await hands.press("enter", gap=0.5)
        hands.said = hands.text  # type: ignore[attr-defined]
        return hands


async def test_export_writes_a_file_of_its_own_and_says_where(tmp_path: Path) -> None:
    hands = await exporting(tmp_path, "3", "e")
    (file,) = (tmp_path / "exports").iterdir()
    assert file.name in hands.said  # type: ignore[attr-defined]
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    rows = list(csv.DictReader(file.read_text("utf-8-sig").splitlines()))
    assert [row["id"] for row in rows] == [row.id for row in hands.app.picture.orders()]
    assert rows[0]["created"].endswith("Z")


async def test_export_as_json(tmp_path: Path) -> None:
    hands = await exporting(tmp_path, "e", *["backspace"] * 3, *"json")
    (file,) = (tmp_path / "exports").iterdir()
    rows = json.loads(file.read_text())
    assert [row["code"] for row in rows] == [row.code for row in hands.app.picture.quotes()]
    assert not hands.app.forms


@pytest.mark.parametrize(
    "name", ["../out.csv", "/etc/x.csv", ".x.csv", "a b.csv", "x.sh", "x", "가.csv", "a" * 90 + ".csv"]
)
def test_a_name_cannot_leave_the_folder(name: str, tmp_path: Path) -> None:
    with pytest.raises(InvalidValue):
        write(tmp_path, name, [{"a": 1}])
    assert list(tmp_path.iterdir()) == []


def test_nothing_is_overwritten_and_a_full_disk_is_told(tmp_path: Path) -> None:
    path = write(tmp_path, "a.csv", [{"a": 1}])
    with pytest.raises(StorageError, match="exists already"):
        write(tmp_path, "a.csv", [{"a": 2}])
    assert b"1" in path.read_bytes()
    (tmp_path / "file").write_text("")
    with pytest.raises(StorageError, match="cannot be written"):
        write(tmp_path / "file", "a.csv", [{"a": 1}])


def test_an_exports_folder_that_leads_elsewhere_is_not_used(tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (tmp_path / "exports").symlink_to(elsewhere)
    with pytest.raises(StorageError, match="is a link"):
        write(tmp_path, "a.csv", [{"a": 1}])
    (tmp_path / "exports").unlink()
    (tmp_path / "exports").mkdir()
    (tmp_path / "exports").chmod(0o777)
    with pytest.raises(StorageError, match="others may write"):
        write(tmp_path, "a.csv", [{"a": 1}])
    (tmp_path / "exports").chmod(0o700)
    (tmp_path / "exports" / "a.csv").symlink_to(elsewhere / "a.csv")
    with pytest.raises(StorageError):
        write(tmp_path, "a.csv", [{"a": 1}])
    assert list(elsewhere.iterdir()) == []


def test_no_spreadsheet_runs_what_a_name_says() -> None:
    assert safe("=1+1") == "'=1+1"
    assert safe("@SUM(A1)") == "'@SUM(A1)"
    assert safe("＝1+1") == "'＝1+1"
    assert safe("\n=1+1").startswith("'")
    assert safe("-2+3+cmd|' /C calc'!A0").startswith("'")
    assert safe("-1.5") == "-1.5"
    assert safe("+12") == "+12"
    assert safe(None) == ""
    rows = [msgspec.to_builtins(scripted.log(1, "info", "=cmd", "+x\n=y"))]
    assert b"'=cmd" in as_csv(rows)


async def test_masked_figures_are_not_exported(tmp_path: Path) -> None:
    app = app_at(tmp_path)
    async with app.run_test(size=(120, 40)) as pilot:
        hands = Hands(app, pilot)
        await hands.until(lambda: len(app.picture.quotes()) > 0)
        app.face.mask(True)
        await hands.press("2", "e")
        assert not app.forms
        assert "nothing is exported" in hands.text
