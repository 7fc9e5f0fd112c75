"""Chips, texts that run over columns, and lines below the rows: what a grid does beside plain cells."""

from __future__ import annotations

from tests.tui.screen_terminal import PENS
from tests.tui.test_grid import Pane
from tui.widgets.curve import curve
from tui.widgets.grid import Cell, Column, Grid

COLUMNS = (
    Column("name", "SYM", 6),
    Column("stop", "STOP", 8, "right", gap=2, chips=True),
    Column("state", "STATE", 7),
    Column("age", "AGE", 5, "right"),
)
CHIP = "stale"


def cells(stop: Cell, state: Cell | None = None) -> list[Cell]:
    return [Cell("AAPL"), stop, state or Cell("OPEN"), Cell("0.1")]


def pieces(grid: Grid, y: int) -> list[str]:
    return [segment.text for segment in grid._line(y)._segments]


async def test_a_chip_hugs_its_text_on_the_columns_own_edge() -> None:
    grid = Grid(COLUMNS, PENS)
    grid.put("a", cells(Cell("69,500")))
    grid.put("b", cells(Cell("none", CHIP)))
    async with Pane(grid).run_test(size=(32, 5)) as pilot:
        await pilot.pause()
        plain, chip = grid.line_text(1), grid.line_text(2)
        assert plain == "▎AAPL     69,500  OPEN      0.1 ".ljust(32)
        assert chip.index("none") + 4 == plain.index("69,500") + 6
        assert " none " in pieces(grid, 2)


async def test_a_chip_that_changes_leaves_every_other_cell_alone() -> None:
    grid = Grid(COLUMNS, PENS)
    grid.put("a", cells(Cell("69,500")))
    async with Pane(grid).run_test(size=(32, 4)) as pilot:
        await pilot.pause()
        before = [id(segment) for segment in grid._line(1)._segments]
        grid.put("a", cells(Cell("none", CHIP)))
        assert grid.flush() == 1
        after = [id(segment) for segment in grid._line(1)._segments]
        assert before[0] == after[0] and before[-1] == after[-1]


async def test_a_text_runs_over_the_columns_behind_it_and_back() -> None:
    grid = Grid(COLUMNS, PENS)
    async with Pane(grid).run_test(size=(32, 4)) as pilot:
        grid.put("a", cells(Cell("1"), Cell("market is closed today", "text", span=True)))
        grid.flush()
        await pilot.pause()
        assert grid.line_text(1).rstrip().endswith("market is cl…")
        assert "0.1" not in grid.line_text(1)
        grid.put("a", [*cells(Cell("1"), Cell("market is closed today", "text", span=True))[:3], Cell("9.9")])
        grid.flush()
        assert "9.9" not in grid.line_text(1)
        grid.put("a", cells(Cell("1")))
        grid.flush()
        assert grid.line_text(1).split() == ["▎AAPL", "1", "OPEN", "0.1"]


async def test_a_foot_stands_below_the_rows_and_gives_way_to_them() -> None:
    grid = Grid(COLUMNS, PENS)
    for n in range(20):
        grid.put(str(n), cells(Cell(str(n))))
    grid.set_foot([[Cell("total 7")]])
    app = Pane(grid)
    async with app.run_test(size=(32, 8)) as pilot:
        await pilot.pause()
        assert grid.line_text(7).strip() == "total 7"
        assert len(grid.visible_keys) == 6
        grid.set_foot([[Cell("total 8")]])
        assert grid.flush() == 1
        assert grid.line_text(7).strip() == "total 8"
        grid.cursor_to(-1)
        assert "19" in grid.line_text(6)
        await pilot.resize_terminal(32, 4)
        await pilot.pause()
        assert "total" not in "".join(grid.line_text(y) for y in range(4))


def test_a_curve_spans_its_cells_from_low_to_high() -> None:
    rows = curve([1.0, 2.0, 3.0, 4.0], 8, 3)
    text = ["".join(cell.text for cell in row) for row in rows]
    assert [len(line) for line in text] == [8, 8, 8]
    assert text[0].rstrip() and text[0][0] == " "
    assert text[-1][0] != " " and text[-1][-1] == " "
    assert rows[-1][-1].pen == "curve" and rows[0][0].pen == "text"
    assert curve([1.0], 8, 3) == []
    assert curve([1.0, float("nan")], 8, 3) == []
    assert len(curve([5.0, 5.0], 4, 2)) == 2
