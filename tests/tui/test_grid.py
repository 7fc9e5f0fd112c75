"""The grid shows what was put, repaints only what changed and can be seen, and never shows part of a number."""

from __future__ import annotations

import pytest
from rich.cells import cell_len
from textual import events
from textual.app import App, ComposeResult

from tests.tui.screen_terminal import PENS
from tui.widgets.grid import Cell, Column, Grid, Lines, Pens

COLUMNS = (
    Column("name", "SYM", 10, grow=True),
    Column("last", "LAST", 9, "right", number=True),
    Column("volume", "VOL", 6, "right", number=True, drop=2),
    Column("age", "AGE", 5, "right", drop=1),
)


class Pane(App[None]):
    ENABLE_COMMAND_PALETTE = False

    def __init__(self, widget: Lines) -> None:
        super().__init__()
        self.widget = widget
        self.moves: list[str | None] = []

    def compose(self) -> ComposeResult:
        yield self.widget

    def on_grid_cursor_moved(self, event: Grid.CursorMoved) -> None:
        self.moves.append(event.key)


def row(n: int, last: str = "71,000", pen: str = "up") -> list[Cell]:
    return [Cell(f"종목{n}"), Cell(last, pen), Cell("8.2M"), Cell("0.1", "text-dim")]


def shown(widget: Lines) -> list[str]:
    return [widget.line_text(y) for y in range(widget.size.height)]


def filled(count: int) -> Grid:
    grid = Grid(COLUMNS, PENS)
    for n in range(count):
        grid.put(f"k{n}", row(n))
    return grid


async def test_rows_are_as_wide_as_the_pane_with_hangul_counted_twice() -> None:
    grid = filled(3)
    async with Pane(grid).run_test(size=(40, 6)) as pilot:
        await pilot.pause()
        assert shown(grid) == [
            " SYM                   LAST    VOL   AGE",
            "▎종목0               71,000   8.2M   0.1",
            " 종목1               71,000   8.2M   0.1",
            " 종목2               71,000   8.2M   0.1",
            " " * 40,
            " " * 40,
        ]
        assert all(cell_len(line) == 40 for line in shown(grid))


async def test_only_what_changed_and_can_be_seen_is_repainted() -> None:
    grid = filled(1000)
    async with Pane(grid).run_test(size=(40, 11)) as pilot:
        grid.flush()
        await pilot.pause()
        assert grid.flush() == 0
        grid.put("k3", row(3))
        assert grid.flush() == 0, "the same figures again are no change"
        grid.put("k3", row(3, "71,100"))
        grid.put("k900", row(900, "1"))
        assert grid.flush() == 1
        assert "71,100" in grid.line_text(4)
        grid.put("k3", row(3, "71,100", "down"))
        assert grid.flush() == 1, "a pen alone is a change"
        assert grid.visible_keys == [f"k{n}" for n in range(10)]


async def test_a_new_order_repaints_only_lines_that_show_another_row() -> None:
    grid = filled(10)
    async with Pane(grid).run_test(size=(40, 11)) as pilot:
        grid.flush()
        await pilot.pause()
        keys = list(grid.keys)
        keys[2], keys[5] = keys[5], keys[2]
        grid.set_order(keys)
        assert grid.flush() == 2
        assert "종목5" in grid.line_text(3)
        assert "종목2" in grid.line_text(6)
        grid.set_order(keys)
        assert grid.flush() == 0


async def test_the_cursor_is_followed_and_told_once() -> None:
    grid = filled(50)
    app = Pane(grid)
    async with app.run_test(size=(40, 11)) as pilot:
        grid.flush()
        await pilot.pause()
        assert (grid.cursor, grid.cursor_row) == ("k0", 0)
        grid.move_cursor(12)
        grid.move_cursor(0)
        await pilot.pause()
        assert app.moves == ["k0", "k12"]
        assert "종목12" in grid.line_text(10)
        grid.page(-0.5)
        assert grid.cursor == "k7"
        grid.cursor_to(-1)
        assert grid.cursor == "k49"
        assert "종목49" in grid.line_text(10)
        grid.move_cursor(99)
        assert grid.cursor == "k49"
        grid.cursor_to("k20")
        grid.cursor_to("nobody")
        assert grid.cursor == "k20"
        assert "종목20" in grid.line_text(1)


async def test_a_row_that_goes_hands_the_cursor_to_its_neighbour() -> None:
    grid = filled(4)
    async with Pane(grid).run_test(size=(40, 11)) as pilot:
        grid.flush()
        grid.cursor_to("k3")
        grid.drop("k3")
        grid.flush()
        assert grid.cursor == "k2"
        grid.drop("k0")
        grid.flush()
        assert (grid.cursor, grid.cursor_row) == ("k2", 1)
        grid.set_empty([Cell("No rows. Press a.", "text-dim")])
        grid.clear()
        grid.flush()
        await pilot.pause()
        assert (grid.cursor, grid.cursor_row, list(grid.keys)) == (None, -1, [])
        assert grid.line_text(1).strip() == "No rows. Press a."
        grid.put("again", row(1))
        grid.flush()
        assert grid.cursor == "again"


@pytest.mark.parametrize(
    ("width", "columns"),
    [
        (60, "name last volume age"),
        (34, "name last volume age"),
        (33, "name last age"),
        (26, "name last"),
        (15, "name last"),
        (12, "name"),
    ],
)
async def test_columns_go_and_words_shrink_but_no_number_is_cut(width: int, columns: str) -> None:
    grid = filled(3)
    async with Pane(grid).run_test(size=(width, 6)) as pilot:
        grid.flush()
        await pilot.pause()
        assert " ".join(grid.visible_columns) == columns
        for line in shown(grid)[1:4]:
            assert cell_len(line) == width
            assert ("71,000" in line) == ("last" in columns)


async def test_a_number_too_long_for_its_column_says_so() -> None:
    grid = filled(1)
    async with Pane(grid).run_test(size=(40, 6)) as pilot:
        grid.put("k0", row(0, "1,234,567,890"))
        grid.flush()
        await pilot.pause()
        assert "#########" in grid.line_text(1)
        assert not any(char in grid.line_text(1)[12:25] for char in "1234567890")


async def test_focus_ground_and_mark() -> None:
    grid = filled(2)
    app = Pane(grid)
    async with app.run_test(size=(40, 6)) as pilot:
        grid.put("k1", row(1), ground="stale", mark=Cell("?", "up"))
        grid.flush()
        app.set_focus(None)
        await pilot.pause()
        grounds = lambda y: {segment.style.bgcolor for segment in grid.render_line(y)}  # noqa: E731
        assert grounds(1) == {PENS.over("text").bgcolor}
        assert grounds(2) == {PENS.over("text", "stale").bgcolor}
        assert grid.line_text(2).startswith("?")
        grid.focus()
        await pilot.pause()
        assert grounds(1) == {PENS.over("text", "selection").bgcolor}


async def test_a_new_theme_draws_every_row_in_it() -> None:
    grid = filled(2)
    async with Pane(grid).run_test(size=(40, 6)) as pilot:
        grid.flush()
        await pilot.pause()
        grid.pens = Pens({"text": "black", "background": "on white"})
        await pilot.pause()
        assert {segment.style.bgcolor.name for y in range(6) for segment in grid.render_line(y)} == {"white"}


async def test_lines_keep_their_width_and_repaint_what_changed() -> None:
    lines = Lines(PENS)
    async with Pane(lines).run_test(size=(20, 4)) as pilot:
        lines.put_lines([[Cell("매수 BUY", "up"), Cell(" KIS-1")], [Cell("x" * 50)], [Cell("가" * 30)]])
        assert lines.flush() == 3
        await pilot.pause()
        assert shown(lines) == ["매수 BUY KIS-1      "[: 20 - 2], "x" * 19 + "…", "가" * 9 + "… ", " " * 20]
        lines.put_lines([[Cell("매수 BUY", "up"), Cell(" KIS-1")], [Cell("short")]])
        assert lines.flush() == 2
        lines.put_line(99, [Cell("below the pane")])
        assert lines.flush() == 0


async def test_any_size_down_to_nothing() -> None:
    grid = filled(30)
    async with Pane(grid).run_test(size=(40, 11)) as pilot:
        for size in ((20, 5), (3, 2), (1, 1), (200, 60), (40, 11)):
            await pilot.resize_terminal(*size)
            await pilot.pause(0.02)
            grid.move_cursor(7)
            grid.flush()
            assert all(cell_len(line) == size[0] for line in shown(grid))


HOSTILE = ("[@click=app.quit]x[/]", "[/", "\x1b]52;c;x\x07", "\u202eabc", "x" * 10_000, "가" * 10_000, "\ud800")


async def test_hostile_text_is_only_text() -> None:
    grid, lines = filled(0), Lines(PENS)
    for widget in (grid, lines):
        async with Pane(widget).run_test(size=(40, 12)) as pilot:
            for n, text in enumerate(HOSTILE):
                if widget is grid:
                    grid.put(f"k{n}", [Cell(text), Cell(text), Cell(text), Cell(text)])
                else:
                    lines.put_line(n, [Cell(text), Cell(text, "up")])
            widget.flush()
            await pilot.pause()
            for line in shown(widget):
                assert cell_len(line) == 40
                assert line.isprintable()
            await pilot.click(Lines if widget is lines else Grid, offset=(2, 1))
            assert pilot.app.is_running


async def test_keys_reach_the_pane() -> None:
    """The grid binds nothing itself: a pane decides what moves its cursor."""
    pressed: list[str] = []

    class Keys(Pane):
        def on_key(self, event: events.Key) -> None:
            pressed.append(event.key)

    grid = filled(3)
    async with Keys(grid).run_test(size=(40, 6)) as pilot:
        grid.focus()
        await pilot.press("j", "down", "b")
        assert pressed == ["j", "down", "b"]
