"""Rows of the focused pane: filter, sort, mark, copy. It changes what is shown and chosen, never what is held."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING

from core.domain.errors import HogaError
from core.domain.text import clean
from core.trading.view import Row
from tui import format as f
from tui.actions import PANES
from tui.export import write
from tui.forms.live import LiveLine
from tui.roster import Roster
from tui.rowdata import fields, fold, is_figure, value, words
from tui.widgets.grid import Cell, Grid

if TYPE_CHECKING:
    from tui.app import HogaApp

MAX_COPY = 200


class Rows:
    def __init__(self, app: HogaApp) -> None:
        self._app = app
        self._rosters: dict[str, Roster] = {}
        self._said: dict[str, dict[str, tuple[Row, str]]] = {}
        app.surface.note = self.note
        none_fits = (Cell("Nothing fits the filter. ", "text-dim"), Cell("Esc", "key"))
        for name in PANES:
            grid = app.surface.widget(name)
            if isinstance(grid, Grid):
                self._rosters[name], self._said[name] = Roster(), {}
                grid.choose_rows(partial(self._arrange, name), none_fits)

    # ---- filter

    def filter(self, _: str) -> None:
        roster, grid = self._here()
        if roster is None or grid is None:
            return
        before, cursor = roster.filter, grid.cursor

        def undo() -> None:
            self._set_filter(before)
            grid.cursor_to(cursor or 0)
            self._app.look_at_cursor()

        self._app.open(LiveLine("filter", "f", self._set_filter, undo, text=before))

    def _set_filter(self, text: str) -> str:
        roster, _ = self._here(quiet=True)
        if roster is None:
            return ""
        roster.filter = fold(clean(text)).strip()
        self._show()
        return f"{len(roster.shown)} of {roster.total}" if roster.filter else ""

    # ---- sort

    def sort_left(self, _: str) -> None:
        self._sort_by(-1)

    def sort_right(self, _: str) -> None:
        self._sort_by(1)

    def sort_flip(self, _: str) -> None:
        roster, _grid = self._here()
        if roster is None:
            return
        if not roster.column:
            self._app.say("info", "rows stand in the pane's own order; press > to sort by a column")
            return
        roster.is_falling = not roster.is_falling
        self.sort_again(self._app.focus_name)

    def _sort_by(self, step: int) -> None:
        """One column to the side; beyond the last one rows stand as the pane has them."""
        roster, grid = self._here()
        if roster is None or grid is None:
            return
        columns = ["", *grid.visible_columns]
        place = columns.index(roster.column) if roster.column in columns else 0
        roster.column = columns[(place + step) % len(columns)]
        name = self._app.focus_name
        found = (value(name, roster.column, row, self._app.look.language) for row in self._rows(name).values())
        roster.is_falling = is_figure(next((one for one in found if one is not None), None))
        self.sort_again(name)

    def sort_again(self, name: str) -> None:
        """Sort a pane's rows now: somebody asked, or the keys have left it. In between rows keep their places."""
        roster, grid = self._rosters.get(name), self._app.surface.widget(name)
        if roster is None or not isinstance(grid, Grid):
            return
        rows, language = self._rows(name), self._app.look.language
        roster.sort(rows, lambda key: value(name, roster.column, rows[key], language))
        grid.set_sorted(roster.column, f.DOWN if roster.is_falling else f.UP)
        self._show(name)

    def left(self, name: str) -> None:
        """The keys have gone from a pane to another."""
        roster = self._rosters.get(name)
        if roster is not None:
            roster.end_range()
            if roster.column:
                self.sort_again(name)

    # ---- marks

    def mark(self, _: str) -> None:
        roster, grid = self._here()
        if roster is not None and grid is not None and grid.cursor is not None:
            roster.mark(grid.cursor)
            self._show_marks()
            grid.move_cursor(1)
            self._app.look_at_cursor()

    def mark_range(self, _: str) -> None:
        roster, grid = self._here()
        if roster is None or grid is None or grid.cursor is None:
            return
        if roster.is_ranging:
            roster.end_range()
            self._app.say("info", f"{len(roster.marked)} rows marked; Esc takes the marks away")
        else:
            roster.begin_range(grid.cursor)
            self._app.say("info", "the range follows the cursor; v again ends it, Esc takes the marks away")
        self._show_marks()

    def mark_all(self, _: str) -> None:
        roster, _grid = self._here()
        if roster is not None:
            roster.mark_all()
            self._show_marks()
            self._app.say("info", f"{len(roster.marked)} rows marked; Esc takes the marks away")

    def marked(self, pane: str) -> list[str]:
        """Keys of the marked rows of a pane that can be seen, from the top."""
        roster = self._rosters.get(pane)
        return roster.marked if roster is not None else []

    def moved(self) -> None:
        """The cursor went somewhere: a range goes with it."""
        roster, grid = self._here(quiet=True)
        if roster is not None and roster.is_ranging and grid is not None and grid.cursor is not None:
            roster.extend_to(grid.cursor)
            self._show_marks()

    def back(self) -> bool:
        """One step back from what was chosen here: marks, then the filter. False when nothing was."""
        roster, _ = self._here(quiet=True)
        if roster is None:
            return False
        if roster.unmark():
            self._show_marks()
            return True
        if roster.filter:
            self._set_filter("")
            return True
        return False

    # ---- copy

    def copy(self, _: str) -> None:
        """The marked rows, or the one under the cursor, as they read on the screen, to the terminal's clipboard."""
        roster, grid = self._here()
        if roster is None or grid is None:
            return
        keys = roster.marked or ([grid.cursor] if grid.cursor is not None else [])
        if not keys:
            self._app.say("info", "there is no row to copy")
            return
        lines = ["\t".join(clean(text.strip()) for text in grid.texts(key)) for key in keys[:MAX_COPY]]
        self._app.copy_to_clipboard("\n".join(lines))
        self._app.say("ok", f"{len(lines)} rows copied, if this terminal lets programs copy (OSC 52)")

    # ---- export

    def export(self, _: str) -> None:
        """Ask for a name; Enter writes the rows shown, the marked ones if there are any."""
        roster, _grid = self._here()
        if roster is None:
            return
        app = self._app
        if app.look.is_masked:
            app.say("warning", "accounts and amounts are masked, so nothing is exported; :mask off shows them again")
        else:
            stamp = datetime.fromtimestamp(app.desk.now() // 1_000_000_000, UTC)
            name = f"{app.focus_name}-{stamp:%Y%m%d-%H%M%S}.csv"
            form = LiveLine("export", "export", self._will_export, lambda: None, text=name, keep=self._write)
            app.open(form)

    def _will_export(self, name: str) -> str:
        return f"{len(self._exported())} rows; .csv or .json"

    def _exported(self) -> list[Row]:
        name = self._app.focus_name
        marked = set(self.marked(name))
        return [row for row in self.shown(name) if not marked or row.key in marked]

    def _write(self, name: str) -> str:
        rows = [fields(row) for row in self._exported()]
        try:
            path = write(self._app.places.data, name.strip(), rows)
        except HogaError as error:
            return str(error)
        self._app.say("ok", f"{len(rows)} rows written to {path.name} in {path.parent}", stays=True)
        return ""

    # ---- for titles

    def note(self, pane: str) -> str:
        """What stands beside a pane's name: its filter and how many rows are marked."""
        roster = self._rosters.get(pane)
        if roster is None:
            return ""
        parts = []
        if roster.filter:
            parts.append(f"/{f.clip(roster.filter, 16)} {len(roster.shown)}/{roster.total}")
        if roster.marked:
            parts.append(f"*{len(roster.marked)}")
        return " ".join(parts)

    def shown(self, pane: str) -> list[Row]:
        """The rows of a pane as they stand there."""
        grid, rows = self._app.surface.widget(pane), self._rows(pane)
        return [rows[key] for key in grid.keys if key in rows] if isinstance(grid, Grid) else []

    # ---- inside

    def _arrange(self, pane: str, keys: list[str]) -> list[str]:
        return self._rosters[pane].arrange(keys, partial(self._words, pane))

    def _here(self, *, quiet: bool = False) -> tuple[Roster | None, Grid | None]:
        name = self._app.focus_name
        roster, grid = self._rosters.get(name), self._app.surface.widget(name)
        if roster is None and not quiet:
            self._app.say("info", "this pane has no rows to choose from")
        return roster, grid if isinstance(grid, Grid) else None

    def _rows(self, pane: str) -> dict[str, Row]:
        return self._app.picture.rows[self._app.surface.pane(pane).slices[0]]

    def _words(self, pane: str, key: str) -> str:
        """Remembered for as long as the row is the same."""
        row = self._rows(pane).get(key)
        if row is None:
            return " "
        known = self._said[pane].get(key)
        if known is None or known[0] is not row:
            grid = self._app.surface.widget(pane)
            shown = grid.texts(key, numbers=False) if isinstance(grid, Grid) else ()
            if len(self._said[pane]) > 2 * len(self._rows(pane)) + 100:
                self._said[pane].clear()  # most are of rows that are gone
            known = self._said[pane][key] = (row, words(row, shown))
        return known[1]

    def _show(self, name: str = "") -> None:
        app = self._app
        name = name or app.focus_name
        if name in app.surface.visible:
            app.surface.pane(name).show(app.picture, app.desk.now())
            app.surface.pane(name).flush()
        app.look_at_cursor()
        app.show_keys()

    def _show_marks(self) -> None:
        roster, grid = self._here(quiet=True)
        if roster is not None and grid is not None:
            grid.set_chosen(roster.marked)
            self._app.show_keys()
