"""Rows of the watchlist nobody can see cost nothing, and are right the moment they come into sight."""

from __future__ import annotations

import msgspec

from core.domain.ids import InstrumentId
from core.trading.view import QuoteRow, Slice
from tests.tui import scripted
from tests.tui.scripted import HYNIX, ScriptedDesk, console
from tui.panes.quotes import QuotesPane


def named(number: int, last: float) -> QuoteRow:
    id = InstrumentId(f"XKRX:{900_000 + number}")
    row = scripted.quote(HYNIX, 100 + number, last, 184_500.0)
    return msgspec.structs.replace(row, key=id, instrument=id, code=str(900_000 + number), name=f"Maker {number}")


def text(pane: QuotesPane) -> str:
    return "\n".join(pane.line_text(y) for y in range(pane.size.height))


async def test_a_row_out_of_sight_is_right_when_it_comes_into_sight() -> None:
    desk = ScriptedDesk()
    async with console(desk) as hands:
        pane = hands.app.surface.quotes
        desk.push(Slice.QUOTES, [named(n, 50_000.0) for n in range(60)])
        await hands.until(lambda: len(pane.keys) >= 60)
        desk.push(Slice.QUOTES, [named(59, 123_400.0), named(0, 98_700.0)])
        await hands.until(lambda: hands.app.picture.quote(InstrumentId("XKRX:900059")) == named(59, 123_400.0))
        await hands.until(lambda: "98,700" in hands.text)  # this one can be seen: its flush has been
        assert "123,400" not in hands.text
        pane.cursor_to(-1)
        assert "123,400" in text(pane)  # at once, not with the next second
        await hands.until(lambda: "123,400" in hands.text)
        pane.cursor_to(0)
        desk.push(Slice.QUOTES, [named(58, 77_700.0), named(0, 98_600.0)])
        await hands.until(lambda: "98,600" in hands.text)
        hands.app.go_to("log")
        hands.app.go_to("trade")
        pane.cursor_to(-1)
        assert "77,700" in text(pane)
