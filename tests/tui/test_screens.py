"""What the screens say, row by row: plain text compared with files, so that a reviewer reads the difference. Run with
HOGA_WRITE_SCREENS=1 to write the files anew, then read them."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from core.domain.account import Mode
from core.domain.ids import InstrumentId
from core.domain.market import Freshness, Phase
from core.domain.order import OrderStatus
from core.trading.view import Slice
from tests.tui import scripted
from tests.tui.scripted import ScriptedDesk, check_rows, console
from tui.screens.layout import READY

FOLDER = Path(__file__).parent / "screens"


def compare(name: str, lines: list[str]) -> None:
    path = FOLDER / f"{name}.txt"
    shown = "\n".join(line.rstrip() for line in lines) + "\n"
    if os.environ.get("HOGA_WRITE_SCREENS"):
        path.write_text(shown, encoding="utf-8")
    assert shown == path.read_text(encoding="utf-8")


@pytest.mark.parametrize("language", ["en", "ko"])
@pytest.mark.parametrize("size", [(80, 24), (120, 40), (200, 60)], ids=lambda s: f"{s[0]}x{s[1]}")
async def test_trade_screen(size: tuple[int, int], language: str) -> None:
    async with console(size=size, language=language) as hands:
        await hands.until(lambda: size[0] < 200 or "RSI14" in hands.text)  # its bars are asked for
        check_rows(hands.lines, *size)
        assert " PAPER " in hands.lines[0]
        compare(f"trade-{size[0]}x{size[1]}-{language}", hands.lines)


@pytest.mark.parametrize("size", [(80, 24), (120, 40)], ids=lambda s: f"{s[0]}x{s[1]}")
async def test_ticket_screen(size: tuple[int, int]) -> None:
    async with console(size=size) as hands:
        await hands.press("b")
        await hands.type("25")
        await hands.until(lambda: "19/19" in hands.text)
        check_rows(hands.lines, *size)
        compare(f"ticket-{size[0]}x{size[1]}", hands.lines)


@pytest.mark.parametrize("digit, name", [("2", "positions"), ("3", "orders"), ("8", "log")])
async def test_other_screens(digit: str, name: str) -> None:
    async with console(size=(80, 24)) as hands:
        await hands.press(digit)
        check_rows(hands.lines, 80, 24)
        assert " PAPER " in hands.lines[0]
        compare(f"{name}-80x24", hands.lines)


@pytest.mark.parametrize("language", ["en", "ko"])
@pytest.mark.parametrize("size", [(80, 24), (120, 40), (200, 60)], ids=lambda s: f"{s[0]}x{s[1]}")
async def test_ladder_screen(size: tuple[int, int], language: str) -> None:
    async with console(size=size, language=language) as hands:
        await hands.press("4", "j", "j", "2")
        check_rows(hands.lines, *size)
        assert " PAPER " in hands.lines[0]
        compare(f"ladder-{size[0]}x{size[1]}-{language}", hands.lines)


async def test_help_and_panic_keep_the_badge() -> None:
    async with console(size=(80, 24)) as hands:
        await hands.press("?")
        assert " PAPER " in hands.lines[0]
        compare("help-80x24", hands.lines)
        await hands.press("escape", "!")
        assert " PAPER " in hands.lines[0]
        assert "PANIC" in hands.lines[21]
        compare("panic-80x24", hands.lines)


SIZES = ((20, 5), (30, 9), (39, 60), (40, 10), (60, 16), (79, 24), (80, 23), (80, 60), (95, 30), (119, 39), (120, 24))
SIZES += ((120, 33), (150, 45), (199, 60), (200, 49), (240, 70))


@pytest.mark.parametrize("width, height", SIZES)
async def test_every_size_has_whole_rows_and_the_badge(width: int, height: int) -> None:
    async with console(size=(width, height)) as hands:
        check_rows(hands.lines, width, height)
        assert "PAPER" in hands.lines[0]
        assert "312,450" in hands.text
        await hands.press("b")
        check_rows(hands.lines, width, height)
        await hands.press("escape", "!")
        check_rows(hands.lines, width, height)
        assert "PAPER" in hands.lines[0]


async def test_resizing_while_everything_is_open() -> None:
    async with console(size=(120, 40)) as hands:
        await hands.press("b", ":", "!")
        for size in ((80, 24), (20, 5), (200, 60), (50, 12), (120, 40)):
            await hands.pilot.resize_terminal(*size)
            await hands.pilot.pause()
            check_rows(hands.lines, *size)
            assert "PAPER" in hands.lines[0]


async def test_live_is_loud_on_every_screen() -> None:
    desk = ScriptedDesk()
    desk.rows[Slice.STATUS] = (scripted.status(mode=Mode.LIVE, badge="LIVE"),)
    async with console(desk, size=(80, 24)) as hands:
        for screen in READY:
            hands.app.go_to(screen)
            await hands.pilot.pause()
            assert " LIVE " in hands.lines[0]
            body = hands.lines[2:22]
            assert all(line[0] in "┃┠" and line[-1] in "┃┨" for line in body), hands.text


async def test_unknown_orders_come_first_and_stand_in_the_tabs() -> None:
    async with console(size=(80, 24)) as hands:
        assert "? 1 UNKNOWN order" in hands.lines[1]
        first = next(line for line in hands.lines if "SELL SK hynix" in line)
        assert "? UNKNOWN" in first


@pytest.mark.parametrize(
    "freshness, phase, shown",
    [
        (Freshness.LIVE, Phase.OPEN, "0.2"),
        (Freshness.POLLED, Phase.OPEN, "~0.2"),
        (Freshness.DELAYED, Phase.OPEN, "DELAY"),
        (Freshness.STALE, Phase.OPEN, "0.2!"),
        (Freshness.CACHED, Phase.OPEN, "cache"),
        (Freshness.LIVE, Phase.VI, "VI"),
        (Freshness.LIVE, Phase.AUCTION, "AUC"),
        (Freshness.LIVE, Phase.HALTED, "HALT"),
        (Freshness.LIVE, Phase.CLOSED, "CLOSE"),
    ],
)
async def test_every_state_of_a_quote_is_a_word_or_a_mark(freshness: Freshness, phase: Phase, shown: str) -> None:
    desk = ScriptedDesk()
    desk.rows[Slice.QUOTES] = (
        scripted.quote(scripted.SAMSUNG, 0, 71_000.0, 70_700.0, freshness=freshness, phase=phase),
    )
    async with console(desk, size=(80, 24)) as hands:
        row = next(line for line in hands.lines if "Samsung" in line)
        assert row.rstrip("│ ").endswith(f" {shown}")


async def test_missing_figures_are_dashes_never_zeros() -> None:
    desk = ScriptedDesk()
    desk.rows[Slice.QUOTES] = (scripted.quote(scripted.SAMSUNG, 0, None, 70_700.0, bid=None, volume=0.0, received=0),)
    desk.rows[Slice.STATUS] = (scripted.status(day=None, day_fraction=None, equity=None, buying_power=None),)
    async with console(desk, size=(80, 24)) as hands:
        row = next(line for line in hands.lines if "Samsung" in line)
        assert "0" not in row
        assert "NAV -" in hands.lines[0]
        assert "DAY -" in hands.lines[0]


async def test_empty_panes_say_what_to_press() -> None:
    desk = ScriptedDesk()
    desk.rows |= {Slice.POSITIONS: (), Slice.ORDERS: (), Slice.STRATEGIES: (), Slice.LOG: (), Slice.PNL: ()}
    async with console(desk, size=(120, 40)) as hands:
        assert "No positions. Press b to buy" in hands.text
        assert "No orders today. Press b" in hands.text
        assert "No strategies." in hands.text
        assert "Nothing happened yet." in hands.text


async def test_ladder_follows_the_cursor() -> None:
    desk = ScriptedDesk()
    async with console(desk, size=(120, 40)) as hands:
        await hands.press("j")
        await hands.until(lambda: hands.app.instrument == scripted.HYNIX)
        desk.push(Slice.BOOK, [scripted.book(scripted.HYNIX)])
        await hands.until(lambda: "Ladder SK hynix" in hands.text)


async def test_rows_that_end_leave_and_the_cursor_stays_on_a_row() -> None:
    desk = ScriptedDesk()
    async with console(desk, size=(80, 24)) as hands:
        await hands.press("3", "G")
        last = hands.app.surface.orders.cursor
        assert last is not None
        desk.push(Slice.ORDERS, gone=[last])
        await hands.until(lambda: hands.app.surface.orders.cursor != last)
        assert hands.app.surface.orders.cursor in hands.app.surface.orders.keys


async def test_an_unknown_order_that_settles_is_told() -> None:
    desk = ScriptedDesk()
    async with console(desk, size=(80, 24)) as hands:
        row = next(r for r in hands.app.picture.orders() if r.status is OrderStatus.UNKNOWN)
        desk.push(Slice.ORDERS, [scripted.order(2, InstrumentId(row.instrument), row.side, OrderStatus.CANCELED)])
        desk.push(Slice.LOG, [scripted.log(4, "warning", "RECON", "the lost order was canceled")])
        await hands.until(lambda: "RECON the lost order was canceled" in hands.text)
        assert "? UNKNOWN" not in hands.text
