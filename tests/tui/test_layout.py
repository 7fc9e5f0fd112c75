"""The arithmetic of the screens: panes tile the body at every size, and what must be there is there."""

from __future__ import annotations

from itertools import product

from tui.screens.layout import READY, TICKET_WIDTH, Rect, arrange


def cells(rect: Rect) -> set[tuple[int, int]]:
    return set(product(range(rect.x, rect.x + rect.width), range(rect.y, rect.y + rect.height)))


def test_panes_tile_the_body_without_gap_or_overlap() -> None:
    for screen, width, height, has_ticket in product(
        READY, (80, 100, 119, 120, 160, 200, 250), (24, 33, 34, 40, 60), (0, 1)
    ):
        layout = arrange(screen, width, height, focus="quotes", is_zoomed=False, has_ticket=bool(has_ticket))
        seen: set[tuple[int, int]] = set()
        for name, rect in layout.panes.items():
            mine = cells(rect)
            assert not seen & mine, (screen, width, height, name)
            assert rect.height >= 4 and rect.width >= 20, (screen, width, height, name, rect)
            seen |= mine
        assert seen == cells(Rect(0, 2, width - 1, height - 4)), (screen, width, height)


def test_an_open_ticket_always_has_a_place_of_its_width() -> None:
    for screen, width, height, zoom in product(READY, (80, 120, 200), (24, 40, 60), (False, True)):
        layout = arrange(screen, width, height, focus="log", is_zoomed=zoom, has_ticket=True)
        ticket = layout.panes["ticket"]
        assert ticket.width >= TICKET_WIDTH - 1
        assert ticket.height >= 12


def test_small_terminals_show_one_pane_and_tiny_ones_a_note() -> None:
    small = arrange("trade", 60, 16, focus="orders", is_zoomed=False, has_ticket=False)
    assert (small.kind, list(small.panes)) == ("small", ["orders"])
    assert list(arrange("trade", 60, 16, focus="orders", is_zoomed=False, has_ticket=True).panes) == ["ticket"]
    assert arrange("trade", 39, 16, focus="orders", is_zoomed=False, has_ticket=False).kind == "tiny"
    assert arrange("trade", 80, 9, focus="orders", is_zoomed=False, has_ticket=False).kind == "tiny"
