"""Whether a figure may be trusted is told by words, marks and fills, so that it reads the same in every dress, and on a
terminal without colour."""

from __future__ import annotations

from decimal import Decimal
from itertools import combinations

import msgspec
import pytest
from rich.style import Style

from core.domain.market import NS, Freshness, Phase
from core.domain.order import OrderStatus, Side
from core.trading.view import OrderRow, PositionRow, QuoteRow, Slice
from tests.tui import scripted
from tests.tui.scripted import BITCOIN, NOW, SAMSUNG, ScriptedDesk, console
from tui import theme
from tui.panes.orders import with_legs
from tui.widgets.pens import Pens

DRESSES = [*theme.PRESETS, "no colour"]
QUOTES: dict[str, dict[str, object]] = {
    "fresh": {},
    "polled": {"freshness": Freshness.POLLED},
    "delayed": {"freshness": Freshness.DELAYED},
    "stale": {"freshness": Freshness.STALE, "received": NOW - 42 * NS},
    "cached": {"freshness": Freshness.CACHED},
    "vi": {"phase": Phase.VI},
    "auction": {"phase": Phase.AUCTION},
    "halted": {"phase": Phase.HALTED},
    "closed": {"phase": Phase.CLOSED},
    "never": {"received": 0, "last": None},
}
LOUD = ("stale", "vi", "auction", "halted")


def quote(**more: object) -> QuoteRow:
    return msgspec.structs.replace(scripted.quote(SAMSUNG, 0, 71_000.0, 70_700.0), **more)


def dressed(dress: str, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    if dress == "no colour":
        monkeypatch.setenv("NO_COLOR", "1")
        return {}
    return {"colours": dress}


def without_colour(style: Style | None) -> tuple[bool, ...]:
    style = style or Style.null()
    return bool(style.reverse), bool(style.underline), bool(style.bold)


def stands_out(style: Style | None, pens: Pens) -> bool:
    style = style or Style.null()
    return bool(style.reverse or style.underline or style.bgcolor != pens["background"].bgcolor)


@pytest.mark.parametrize("dress", DRESSES)
async def test_states_of_a_quote_are_told_apart_without_colour(dress: str, monkeypatch: pytest.MonkeyPatch) -> None:
    shown: dict[str, str] = {}
    options = dressed(dress, monkeypatch)
    for name, more in QUOTES.items():
        desk = ScriptedDesk()
        desk.rows[Slice.QUOTES] = (quote(**more),)
        async with console(desk, size=(80, 24), **options) as hands:
            pane = hands.app.surface.quotes
            shown[name] = pane.line_text(1)
            age = list(pane._line(1)._segments)[-1]
            assert age.text.strip() == shown[name][-5:].strip()
            if name in LOUD:
                assert stands_out(age.style, hands.app.look.pens), name
    for one, other in combinations(shown, 2):
        assert shown[one] != shown[other], (one, other)


@pytest.mark.parametrize("dress", DRESSES)
async def test_what_may_cost_money_is_a_chip_with_a_word(dress: str, monkeypatch: pytest.MonkeyPatch) -> None:
    reason = "APBK0919 market closed"
    desk = ScriptedDesk()
    desk.rows[Slice.ORDERS] = (
        scripted.order(1, SAMSUNG, Side.BUY, OrderStatus.OPEN),
        scripted.order(2, SAMSUNG, Side.BUY, OrderStatus.UNKNOWN),
        scripted.order(3, SAMSUNG, Side.BUY, OrderStatus.REJECTED, reason=reason),
    )
    desk.rows[Slice.POSITIONS] = (scripted.position(SAMSUNG, "120", stop=None),)
    async with console(desk, size=(120, 40), **dressed(dress, monkeypatch)) as hands:
        surface, pens = hands.app.surface, hands.app.look.pens
        for pane, words in ((surface.orders, ("? UNKNOWN", "✕ REJECTED")), (surface.positions, ("none",))):
            segments = [s for y in range(1, 5) for s in pane._line(y)._segments]
            for word in words:
                chip = next(s for s in segments if s.text.strip() == word)
                assert stands_out(chip.style, pens), word
                assert chip.text == f" {word} "
        assert reason in hands.text
        assert "? 1 UNKNOWN order" in hands.lines[1]
        unknown = surface.orders._line(1)
        assert unknown.text.startswith("▎")
        assert "asking" in unknown.text


def test_a_stale_price_never_has_a_hue_and_marks_what_is_built_on_it() -> None:
    from core.config import Settings
    from tests.tui.scripted import position
    from tui.look import make_look
    from tui.panes.positions import position_cells
    from tui.panes.quotes import quote_cells

    look = make_look(Settings())
    for more in (QUOTES["stale"], QUOTES["delayed"], QUOTES["cached"], QUOTES["halted"]):
        pens = {cell.pen for cell in quote_cells(quote(**more), NOW, look)[:3]}
        assert pens == {"text-dim"}
    row: PositionRow = position(BITCOIN, "1", is_estimated=True)
    cells = position_cells(row, look)
    assert all("~" in cells[place].text for place in (4, 5, 6, 7))
    assert not {cells[place].pen for place in (4, 5, 6, 7)} & {"up", "down"}
    dear = msgspec.structs.replace(row, last=Decimal(150_016_000))
    assert position_cells(dear, look)[4].text == "~150.02M", "the mark takes a cell that the price would need"


def test_how_far_an_algo_is_stands_where_its_state_would_and_slices_under_their_whole() -> None:
    from core.config import Console, Settings
    from tui.look import make_look
    from tui.panes.orders import order_cells

    whole = scripted.order(1, SAMSUNG, Side.BUY, OrderStatus.HELD, algo="TWAP 4/10 40%", is_local=True)
    other = scripted.order(2, BITCOIN, Side.BUY, OrderStatus.OPEN, algo="CHASE 2/3t")
    part = scripted.order(3, SAMSUNG, Side.BUY, OrderStatus.OPEN, slice_of=whole.id)
    assert with_legs([whole, other, part]) == [whole, part, other]
    english, korean = (make_look(Settings(console=Console(language=language))) for language in ("en", "ko"))
    assert order_cells(whole, NOW, english)[8].text == "TWAP 4/10 40%  0/10"
    assert order_cells(whole, NOW, korean)[8].text == "분할 4/10 40%  0/10"
    assert order_cells(other, NOW, english)[8].text == "CHASE 2/3t  0/10"
    assert order_cells(part, NOW, english)[3].text.startswith("└ ")
    ended = msgspec.structs.replace(whole, status=OrderStatus.CANCELED)
    assert order_cells(ended, NOW, english)[8].text == "CANCELED"


def test_legs_stand_under_the_entry_they_protect_while_both_work() -> None:
    entry = scripted.order(1, SAMSUNG, Side.BUY, OrderStatus.OPEN)
    other = scripted.order(2, BITCOIN, Side.BUY, OrderStatus.OPEN)
    stop = scripted.order(3, SAMSUNG, Side.SELL, OrderStatus.OPEN, parent=entry.id, is_local=True)
    lost = scripted.order(4, SAMSUNG, Side.SELL, OrderStatus.UNKNOWN, parent=entry.id)
    rows: list[OrderRow] = [lost, entry, other, stop]
    assert with_legs(rows) == [lost, entry, stop, other]
    ended = msgspec.structs.replace(entry, status=OrderStatus.FILLED)
    assert with_legs([stop, other, ended]) == [stop, other, ended]


async def test_a_stop_for_a_part_says_so() -> None:
    for covered, shown in (("50", "69,500 part"), ("120", "69,500 ")):
        desk = ScriptedDesk()
        part = scripted.position(SAMSUNG, "120", stop_quantity=Decimal(covered))
        desk.rows[Slice.POSITIONS] = (part,)
        async with console(desk, size=(120, 40)) as hands:
            line = hands.app.surface.positions.line_text(1)
            assert shown in line
            assert ("part" in line) is (covered == "50")


async def test_a_local_leg_says_that_it_is_local() -> None:
    desk = ScriptedDesk()
    entry = scripted.order(1, SAMSUNG, Side.BUY, OrderStatus.OPEN)
    leg = scripted.order(2, SAMSUNG, Side.SELL, OrderStatus.OPEN, parent=entry.id, is_local=True)
    desk.rows[Slice.ORDERS] = (entry, leg)
    desk.rows[Slice.POSITIONS] = (scripted.position(SAMSUNG, "120", stop_is_local=True),)
    async with console(desk, size=(120, 40)) as hands:
        assert "└ Samsung" in hands.app.surface.orders.line_text(2)
        assert " local " in hands.app.surface.orders.line_text(2)
        assert "69,500 local" in hands.app.surface.positions.line_text(1)
