"""A price that has just changed is lit with the very write that brings it, goes out after a moment, and costs no more
than one cell each time."""

from __future__ import annotations

import pytest

from core.clock import ManualClock
from core.config import Console, Settings
from core.domain.market import Freshness
from core.trading.view import QuoteRow, Slice
from tests.tui import scripted
from tests.tui.scripted import BITCOIN, HYNIX, SAMSUNG, Hands, ScriptedDesk
from tui.app import HogaApp
from tui.shadow import ShadowScreen
from tui.widgets.flash import LIT_NS, MOST, Flashes


def all_matter(key: str) -> bool:
    return True


def test_the_first_figure_lights_nothing_and_a_change_says_its_direction() -> None:
    flashes = Flashes()
    flashes.see({"a": 1.0, "b": 1.0}, 0, all_matter, is_on=True)
    assert not flashes
    flashes.see({"a": 2.0, "b": 0.5}, 0, all_matter, is_on=True)
    assert (flashes.pen("a"), flashes.pen("b")) == ("flash-up", "flash-down")
    assert list(flashes.put_out(LIT_NS - 1)) == []
    assert set(flashes.put_out(LIT_NS)) == {"a", "b"}
    assert not flashes


def test_a_price_that_changes_again_burns_on() -> None:
    flashes = Flashes()
    for at, price in ((0, 1.0), (0, 2.0), (LIT_NS // 2, 3.0)):
        flashes.see({"a": price}, at, all_matter, is_on=True)
    assert list(flashes.put_out(LIT_NS)) == []
    assert list(flashes.put_out(LIT_NS + LIT_NS // 2)) == ["a"]


def test_in_a_storm_only_what_matters_is_lit() -> None:
    flashes = Flashes()
    keys = [str(n) for n in range(MOST + 1)]
    flashes.see(dict.fromkeys(keys, 1.0), 0, all_matter, is_on=True)
    flashes.see(dict.fromkeys(keys, 2.0), 0, lambda key: key == "7", is_on=True)
    assert [key for key in keys if flashes.pen(key)] == ["7"]
    flashes.see(dict.fromkeys(keys[1:], 3.0), 0, lambda key: False, is_on=True)
    assert sum(1 for key in keys if flashes.pen(key)) == MOST


def test_a_price_not_to_be_trusted_is_not_lit_and_goes_out() -> None:
    flashes = Flashes()
    flashes.see({"a": 1.0}, 0, all_matter, is_on=True)
    flashes.see({"a": 2.0}, 0, all_matter, is_on=True)
    flashes.see({"a": None}, 0, all_matter, is_on=True)
    assert flashes.pen("a") is None


def moved(last: float, **more: object) -> QuoteRow:
    return scripted.quote(SAMSUNG, 0, last, 70_700.0, **more)


def lit(hands: Hands) -> str:
    """The text of the lit cell of the first row, its padding with it; empty when none is."""
    pens = hands.app.look.pens
    tints = {pens["flash-up"].bgcolor, pens["flash-down"].bgcolor} - {None}
    segments = hands.app.surface.quotes._line(1)._segments
    return "".join(s.text for s in segments if s.style is not None and s.style.bgcolor in tints)


@pytest.mark.parametrize(
    ("options", "more", "expected"),
    [
        ({}, {}, " 71,300 "),
        ({"flash": False}, {}, ""),
        ({"flush_hz": 4.0}, {}, ""),
        ({}, {"freshness": Freshness.STALE}, ""),
        ({}, {"freshness": Freshness.DELAYED}, ""),
    ],
)
async def test_only_the_price_cell_is_lit_and_not_where_it_must_not(
    options: dict[str, object], more: dict[str, object], expected: str
) -> None:
    desk, clock = ScriptedDesk(), ManualClock()
    app = HogaApp(desk, Settings(console=Console(**options)), clock=clock)  # type: ignore[arg-type]
    async with app.run_test(size=(120, 40)) as pilot:
        hands = Hands(app, pilot)
        await hands.until(lambda: "71,000" in app.surface.quotes.line_text(1))
        clock.advance(1)
        desk.push(Slice.QUOTES, [moved(71_300.0, **more)])
        await hands.until(lambda: "71,300" in app.surface.quotes.line_text(1))
        assert lit(hands) == expected
        assert app.surface.quotes.is_lit == bool(expected)
        clock.advance(0.5)
        await hands.until(lambda: not app.surface.quotes.is_lit)
        assert lit(hands) == ""


async def test_without_colour_nothing_is_lit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    desk, clock = ScriptedDesk(), ManualClock()
    app = HogaApp(desk, Settings(), clock=clock)
    async with app.run_test(size=(120, 40)) as pilot:
        hands = Hands(app, pilot)
        await hands.until(lambda: "71,000" in app.surface.quotes.line_text(1))
        desk.push(Slice.QUOTES, [moved(71_300.0)])
        await hands.until(lambda: "71,300" in app.surface.quotes.line_text(1))
        assert not app.surface.quotes.is_lit


async def test_light_costs_one_cell_on_and_one_cell_off() -> None:
    """The bytes of three frames (lit, out, and the same change unlit), as the terminal would get them."""
    written: dict[bool, list[int]] = {}
    for flash in (True, False):
        desk, clock = ScriptedDesk(), ManualClock()
        app = HogaApp(desk, Settings(console=Console(flash=flash)), clock=clock)
        async with app.run_test(size=(120, 40)) as pilot:
            hands = Hands(app, pilot)
            pane = app.surface.quotes
            await hands.until(lambda app=app: "71,000" in app.surface.quotes.line_text(1))
            shadow = ShadowScreen()
            shadow.resize(pane.size.width, 1)
            shadow.paint(0, 0, pane._line(1)._segments)
            shadow.render((0, 0))
            sizes = []
            desk.push(Slice.QUOTES, [moved(71_300.0)])
            await hands.until(lambda app=app: "71,300" in app.surface.quotes.line_text(1))
            shadow.paint(0, 0, pane._line(1)._segments)
            sizes.append(len(shadow.render((0, 0))))
            clock.advance(0.5)
            await hands.until(lambda app=app: not app.surface.quotes.is_lit)
            shadow.paint(0, 0, pane._line(1)._segments)
            sizes.append(len(shadow.render((0, 0))))
            written[flash] = sizes
    cell = len("\x1b[1;20H\x1b[1;38;2;255;255;255;48;2;255;255;255m") + len(" 71,300 ") + len("\x1b[1;1H")
    assert written[False][1] == 0 < written[True][1]
    assert written[True][0] <= written[False][0] + cell
    assert written[True][1] <= 2 * cell


async def test_the_others_are_not_lit_by_it() -> None:
    desk, clock = ScriptedDesk(), ManualClock()
    app = HogaApp(desk, Settings(), clock=clock)
    async with app.run_test(size=(120, 40)) as pilot:
        hands = Hands(app, pilot)
        await hands.until(lambda: "71,000" in app.surface.quotes.line_text(1))
        desk.push(Slice.QUOTES, [moved(70_900.0)])
        await hands.until(lambda: app.surface.quotes.is_lit)
        assert [app.surface.quotes._flashes.pen(str(id)) for id in (SAMSUNG, HYNIX, BITCOIN)] == [
            "flash-down",
            None,
            None,
        ]
