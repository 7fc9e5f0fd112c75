"""Names, reasons and log lines written by someone else: nothing in them may reach the terminal as anything but text, be
taken for markup, or push a cell out of its place."""

from __future__ import annotations

from decimal import Decimal

import pytest

from core.domain.account import TradingState
from core.domain.events import StrategyStatus
from core.domain.order import OrderStatus, Side
from core.ports import Receipt
from core.trading.view import FeedRow, Row, Slice
from tests.tui import scripted
from tests.tui.scripted import BITCOIN, HYNIX, SAMSUNG, ScriptedDesk, check_rows, console
from tui.screens.layout import READY

HOSTILE = {
    "clipboard": "\x1b]52;c;aGFjaw==\x07",
    "link": "\x1b]8;;http://a\x1b\\text\x1b]8;;\x1b\\",
    "reset": "\x1bc\x1b[2J\x1b[H",
    "c1": "\x9b31m\x90q\x9c",
    "nul": "a\x00b\x7fc",
    "bidi": "\u202egnp.exe\u202c \u2066x\u2069",
    "zero width": "a\u200bb\ufeffc\u200d",
    "markup": "[@click=app.exit]x[/] [/] [bold red]b[/foo] [/",
    "lines": "one\ntwo\r\nthree\tfour\u2028five",
    "long": "가나다라 " * 2000,
    "combining": "e" + "\u0301" * 400,
    "emoji": "👨‍👩‍👧‍👦🏳️‍🌈🇰🇷",
    "surrogate": "a\ud800b",
    "fullwidth": "ＢＵＹ １０",
    "spaces": " \u3000\u00a0 ",
    "empty": "",
}


def rows_saying(text: str) -> dict[Slice, tuple[Row, ...]]:
    """Every string of every slice is `text`."""
    rows = scripted.usual_rows()
    named = {"name": text, "name_ko": text, "code": text}
    rows[Slice.QUOTES] = (scripted.quote(SAMSUNG, 0, 71_000.0, 70_700.0, **named),)
    rows[Slice.POSITIONS] = (scripted.position(SAMSUNG, "120", source=text, **named),)
    rows[Slice.ORDERS] = (
        scripted.order(1, HYNIX, Side.SELL, OrderStatus.REJECTED, reason=text, source=text, **named),
        scripted.order(2, BITCOIN, Side.BUY, OrderStatus.UNKNOWN, reason=text, source=text, **named),
    )
    rows[Slice.STRATEGIES] = (
        scripted.strategy("s", StrategyStatus.FAILED, text=text, detail=text, signal=text, codes=(text, text)),
    )
    rows[Slice.PNL] = (scripted.pnl("strategy", text, -5),)
    rows[Slice.LOG] = (scripted.log(1, "info", text, text),)
    feed = FeedRow(broker=text, is_connected=False, text=text, last_received=0)
    rows[Slice.STATUS] = (
        scripted.status(
            account=text, gate=text, journal=text, replay=text, feeds=(feed,), trading_state=TradingState.HALTED
        ),
    )
    return rows


@pytest.mark.parametrize("name", HOSTILE)
@pytest.mark.parametrize("size", [(80, 24), (120, 40)], ids=lambda s: f"{s[0]}x{s[1]}")
async def test_every_pane_shows_it_as_plain_text(name: str, size: tuple[int, int]) -> None:
    desk = ScriptedDesk(rows_saying(HOSTILE[name]))
    desk.answer = Receipt(is_ok=False, text=HOSTILE[name], rule=HOSTILE[name])
    async with console(desk, size=size) as hands:
        desk.push(Slice.LOG, [scripted.log(2, "error", HOSTILE[name], HOSTILE[name])])
        for screen in READY:
            hands.app.go_to(screen)
            await hands.pilot.pause()
            check_screen(hands.lines, *size)
        await hands.press("1", "b", "enter")
        await hands.until(lambda: desk.sent)
        await hands.pilot.pause()
        check_screen(hands.lines, *size)
        await hands.press("escape", "3", "c", "escape", "m", "escape", "x", "escape", "t")
        check_screen(hands.lines, *size)
        assert hands.app.return_code is None


def check_screen(lines: list[str], wide: int, high: int) -> None:
    check_rows(lines, wide, high)
    assert all(line.isprintable() for line in lines)
    assert not any("\u202e" in line or "\u200b" in line for line in lines)
    assert " PAPER " in lines[0]


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE.keys())
async def test_typed_and_pasted_text_is_plain_text_too(text: str) -> None:
    async with console(size=(80, 24)) as hands:
        for prompt in (":", "/"):
            await hands.press(prompt)
            await hands.paste(text)
            check_rows(hands.lines, 80, 24)
            assert all(line.isprintable() for line in hands.lines)
            await hands.press("escape")


@pytest.mark.parametrize("value", ["1E+30", "-1E+30", "0.000000000001", "123456789012345678901234567890", "-0"])
async def test_figures_of_any_size_keep_their_places_and_are_never_cut(value: str) -> None:
    amount = Decimal(value)
    rows = scripted.usual_rows()
    rows[Slice.POSITIONS] = (
        scripted.position(
            SAMSUNG, value, unrealised=amount, day=amount, realised=amount, average_price=amount, last=amount
        ),
    )
    rows[Slice.STATUS] = (scripted.status(equity=amount, day=amount, unrealised=amount, buying_power=amount),)
    rows[Slice.QUOTES] = (scripted.quote(SAMSUNG, 0, abs(float(amount)), 1.0, volume=abs(float(amount))),)
    async with console(ScriptedDesk(rows), size=(120, 40)) as hands:
        check_rows(hands.lines, 120, 40)
        assert " PAPER " in hands.lines[0]
