"""The shared grid of hairlines: the focused pane is outlined with true corners, and a rule carries one warning."""

from __future__ import annotations

from itertools import product

from core.runtime.desk_attached import READ_ONLY
from core.trading.view import Slice
from tests.tui.scripted import ScriptedDesk, console, status, usual_rows
from tui.screens.layout import READY, arrange
from tui.widgets.frame import _fitting, _rows, _with_one_warning
from tui.widgets.grid import Cell


def test_no_arm_of_the_outline_reaches_into_a_neighbour() -> None:
    for screen, (width, height) in product(READY, ((80, 24), (120, 40), (200, 60))):
        for focus in arrange(screen, width, height, focus="", is_zoomed=False, has_ticket=False).panes:
            layout = arrange(screen, width, height, focus=focus, is_zoomed=False, has_ticket=False)
            rect = layout.panes[focus]
            left, right, top, bottom = rect.x, rect.x + rect.width, rect.y, rect.y + rect.height
            rows = _rows(layout, focus, "")
            corners = {(left, top): "┌", (right, top): "┐", (left, bottom): "└", (right, bottom): "┘"}
            for y, (glyphs, pens, _) in rows.items():
                for x, (glyph, pen) in enumerate(zip(glyphs, pens, strict=True)):
                    if pen != "accent":
                        continue
                    expected = corners.get((x, y)) or ("─" if y in (top, bottom) else "│")
                    assert glyph == expected, (screen, focus, x, y)


def test_in_live_both_outer_columns_are_rails_down_to_the_command_line() -> None:
    layout = arrange("trade", 120, 40, focus="quotes", is_zoomed=False, has_ticket=False)
    rows = _rows(layout, "quotes", "┃")
    assert set(rows) == set(range(2, 39))
    for glyphs, pens, _ in rows.values():
        assert glyphs[0] in "┃┠" and glyphs[-1] in "┃┨"
        assert pens[0] == pens[-1] == "live"


def test_of_two_warnings_the_first_stands() -> None:
    facts = [Cell("working 2", "text-dim"), Cell("  unknown 1", "warning"), Cell(" stale ", "stale")]
    assert _with_one_warning(facts) == facts[:2]


def test_facts_go_from_the_end_whole_and_figures_are_never_cut() -> None:
    facts = [Cell("unreal "), Cell("+458,491"), Cell("  real "), Cell("+18,200")]
    assert _fitting(facts, 40) == facts
    assert _fitting(facts, 20) == facts[:2]
    assert _fitting(facts, 10) == []
    assert _fitting([Cell("the answer is lost")], 10) == [Cell("the answe…")]


async def test_the_footer_of_a_console_that_may_not_send_offers_no_trading() -> None:
    for gate, offers in (("", True), (READ_ONLY, False)):
        async with console(ScriptedDesk({**usual_rows(), Slice.STATUS: (status(gate=gate),)})) as hands:
            words = [word for _, word in hands.app.keys.hints()]
            assert ("buy" in words) is offers
            assert ("panic" in words) is offers
            assert "pane" in words
