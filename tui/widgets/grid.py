"""Grid: columns and rows by key, for everything that ticks. Only rows on the screen are drawn and only cells that
differ are made anew, so thousands of rows cost no more than fifty. It knows nothing of quotes or orders: a pane puts
cells and asks where the cursor is.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence

from rich.segment import Segment
from textual.message import Message
from textual.strip import Strip

from tui.format import fit, width
from tui.widgets.columns import Column, chip, cut, fitting, needed
from tui.widgets.lines import Cell, Lines, RowStrip, strip_of
from tui.widgets.pens import Pens

__all__ = ["Cell", "Column", "Grid", "Lines", "Pens"]


FOOT_ROOM = 4
"""Rows that must be left for a foot to be shown."""
_NOWHERE = 1_000


class _GridRow:
    """A row as put, and its drawn form: `pieces` are the segments of the mark, then of each column shown, then of
    the rest; behind the column `span_at` they are empty. Mutable on purpose: one of them lives as long as its key."""

    __slots__ = ("cells", "ground", "is_chosen", "mark", "pieces", "span_at", "strip")

    def __init__(self, cells: tuple[Cell, ...], ground: str, mark: Cell | None) -> None:
        self.cells = cells
        self.ground = ground
        self.mark = mark
        self.is_chosen = False
        self.strip: Strip | None = None
        self.pieces: list[tuple[Segment, ...]] | None = None
        self.span_at = _NOWHERE


class Grid(Lines, can_focus=True):
    """Columns and rows by key. Only rows on the screen are drawn, so thousands cost no more than fifty.

    Layout of a row: one cell for the mark or the cursor, then the columns with one empty cell between them.
    Keys pressed reach the pane; it calls `move_cursor`, `cursor_to`, `page`.
    """

    class CursorMoved(Message):
        """The cursor stands on another row; `key` is None when there is no row."""

        def __init__(self, grid: Grid, key: str | None) -> None:
            super().__init__()
            self.grid = grid
            self.key = key

        @property
        def control(self) -> Grid:
            return self.grid

    def __init__(
        self,
        columns: Sequence[Column],
        pens: Pens,
        *,
        word: Callable[[str], str] = str,
        headings: bool = True,
        cursor: bool = True,
        id: str | None = None,
        classes: str | None = None,
    ) -> None:
        """`word` says headings and the empty text in the screen's language, each time they are drawn. `headings` spends
        the first line on the columns' names; without `cursor` no row is ever selected."""
        super().__init__(pens, id=id, classes=classes)
        self._columns = tuple(columns)
        self._shown: list[tuple[int, Column]] = []
        self._is_exact = True
        self._layout_for: tuple[int, tuple[Column, ...]] | None = None
        self._rows: dict[str, _GridRow] = {}
        self._order: list[str] = []
        self._index: dict[str, int] = {}
        self._word = word
        self._headings = headings
        self._has_cursor = cursor
        self._cursor: str | None = None
        self._top = 0
        self._empty: tuple[Cell, ...] = ()
        self._none_fits: tuple[Cell, ...] = ()
        self._foot: tuple[tuple[Cell, ...], ...] = ()
        self._order_by: Callable[[list[str]], list[str]] | None = None
        self._chosen: frozenset[str] = frozenset()
        self._sorted: tuple[str, str] = ("", "")
        self._heading_strip: Strip | None = None
        self._changed: set[str] = set()
        self._order_changed = False

    # ---- what a pane says

    def set_columns(self, columns: Sequence[Column]) -> None:
        """Other columns; rows put before must have one cell per new column, so put them again."""
        self._columns = tuple(columns)
        self._rows = {key: _GridRow((), row.ground, row.mark) for key, row in self._rows.items()}
        self._layout_for = None
        self._redraw()

    def set_empty(self, cells: Sequence[Cell]) -> None:
        """What stands in the first row while there is none: what is missing, then the key."""
        if tuple(cells) != self._empty:
            self._empty = tuple(cells)
            if not self._order:
                self._order_changed = True

    def set_foot(self, lines: Sequence[Sequence[Cell]]) -> None:
        """Lines that stand at the bottom, below the rows, where there is room for both."""
        foot = tuple(tuple(line) for line in lines)
        if foot == self._foot:
            return
        before, self._foot = self._foot, foot
        if len(before) != len(foot):
            self._order_changed = True
        for line in range(len(foot)):
            if self._foot_rows and (line >= len(before) or before[line] != foot[line]):
                self._spoil(self._high - len(foot) + line)

    def put(self, key: str, cells: Sequence[Cell], *, ground: str = "background", mark: Cell | None = None) -> None:
        """Row `key` now reads `cells`, one per column (all columns, also those too narrow to show). A new key goes
        to the end. `ground` is the pen under the whole row, `mark` a one-cell sign at its left."""
        row = self._rows.get(key)
        if row is None:
            self._rows[key] = _GridRow(tuple(cells), ground, mark)
            self._index[key] = len(self._order)
            self._order.append(key)
            self._order_changed = True
            return
        new = tuple(cells)
        if new == row.cells and ground == row.ground and mark == row.mark:
            return
        if row.pieces is not None and ground == row.ground and mark == row.mark and len(new) == len(row.cells):
            self._patch(key, row, new)
        else:
            row.pieces = None
        row.cells, row.ground, row.mark, row.strip = new, ground, mark, None
        self._changed.add(key)

    def drop(self, key: str) -> None:
        """Row `key` goes; unknown keys are no error. The cursor moves to its neighbour."""
        if self._rows.pop(key, None) is None:
            return
        self.set_order([other for other in self._order if other != key])

    def set_order(self, keys: Sequence[str]) -> None:
        """Show the rows in this order. Keys never put are left out; rows not named here are forgotten."""
        order = [key for key in dict.fromkeys(keys) if key in self._rows]
        if len(order) != len(self._rows):
            self._rows = {key: self._rows[key] for key in order}
            self._order_changed = True
        if self._order_by is not None:
            order = self._order_by(order)
        if order == self._order:
            return
        place = self._index.get(self._cursor, 0) if self._cursor is not None else 0
        self._order = order
        self._index = {key: place for place, key in enumerate(order)}
        self._order_changed = True
        if self._cursor is not None and self._cursor not in self._index:
            self._set_cursor(order[min(place, len(order) - 1)] if order else None)

    def clear(self, from_y: int = 0) -> None:
        """No rows at all."""
        self._rows.clear()
        self.set_order(())
        self._order_changed = True

    def choose_rows(self, order_by: Callable[[list[str]], list[str]], none_fits: Sequence[Cell]) -> None:
        """From now on `order_by` says which of the rows a pane has are shown, and in what order. `none_fits` stands in
        the first row when it shows none of them."""
        self._order_by, self._none_fits = order_by, tuple(none_fits)

    def set_chosen(self, keys: Collection[str]) -> None:
        """Rows that carry the mark of a choice: `*` at their left."""
        chosen = frozenset(keys)
        for key in chosen ^ self._chosen:
            row = self._rows.get(key)
            if row is not None:
                row.is_chosen = key in chosen
                self._respoil(key)
        self._chosen = chosen
        self.flush()

    def set_sorted(self, column: str, sign: str) -> None:
        """The heading of `column` carries `sign`; none does where it is empty."""
        if (column, sign) != self._sorted:
            self._sorted = (column, sign)
            self._heading_strip = None
            self._spoil(0)
            self.flush()

    # ---- what a pane asks

    @property
    def keys(self) -> Sequence[str]:
        """Keys in the order shown."""
        return self._order

    @property
    def cursor(self) -> str | None:
        """Key of the selected row; None when there are no rows."""
        return self._cursor

    @property
    def cursor_row(self) -> int:
        """Place of the selected row in the order, -1 when there is none."""
        return self._index.get(self._cursor, -1) if self._cursor is not None else -1

    @property
    def visible_keys(self) -> Sequence[str]:
        """Keys now on the screen: those worth keeping fresh."""
        return self._order[self._top : self._top + self._room]

    @property
    def visible_columns(self) -> Sequence[str]:
        self._lay_out()
        return [column.key for _, column in self._shown]

    def texts(self, key: str, *, numbers: bool = True) -> list[str]:
        """What a row says, column by column; with `numbers` False its words alone."""
        row = self._rows.get(key)
        cells = zip(row.cells, self._columns, strict=False) if row is not None else ()
        return [cell.text for cell, column in cells if numbers or not column.number]

    # ---- moving

    def move_cursor(self, by: int) -> None:
        """Down by `by` rows (up when negative), as far as there are rows; the view follows."""
        if self._order and self._has_cursor:
            self.cursor_to(min(max(max(self.cursor_row, 0) + by, 0), len(self._order) - 1))

    def page(self, pages: float) -> None:
        """Down by so many pages: 0.5 is half a page."""
        self.move_cursor(int(max(1, self._room * abs(pages))) * (1 if pages > 0 else -1))

    def cursor_to(self, place: int | str) -> None:
        """Select by place (-1 is the last row) or by key; unknown keys are ignored."""
        if isinstance(place, str):
            if place in self._index:
                self._set_cursor(place)
        elif self._order:
            self._set_cursor(self._order[place])
        self._follow()
        self.flush()

    def flush(self) -> int:
        """Repaint what changed and can be seen; returns the number of lines. Nothing changed: nothing happens."""
        self._measure()
        if self._order_changed:
            self._order_changed = False
            if self._has_cursor and self._cursor is None and self._order:
                self._set_cursor(self._order[0])
            self._changed.clear()
            self._follow()
            self._spoil_lines()
        elif self._changed:
            top, last = self._top, self._top + self._room
            for key in self._changed:
                place = self._index.get(key, -1)  # a row put, and not shown
                if top <= place < last:
                    self._spoil(place - top + self._head)
            self._changed.clear()
        return super().flush()

    # ---- inside

    @property
    def _head(self) -> int:
        return 1 if self._headings else 0

    @property
    def _room(self) -> int:
        """Lines for rows."""
        return max(self._high - self._head - self._foot_rows, 0)

    @property
    def _foot_rows(self) -> int:
        rows = len(self._foot)
        return rows if self._high - self._head - rows >= FOOT_ROOM else 0

    def _set_cursor(self, key: str | None) -> None:
        if key == self._cursor:
            return
        for changed in (self._cursor, key):
            self._respoil(changed)
        self._cursor = key
        self.post_message(self.CursorMoved(self, key))

    def _respoil(self, key: str | None) -> None:
        row = self._rows.get(key) if key is not None else None
        if row is not None and key is not None:
            row.strip = row.pieces = None
            if key in self._index:
                self._changed.add(key)

    def _follow(self) -> None:
        """Keep the cursor on the screen and no empty room below the last row."""
        room, place, top = self._room, self.cursor_row, self._top
        if room <= 0:
            return
        if place >= 0:
            top = min(max(top, place - room + 1), place)
        top = max(min(top, len(self._order) - room), 0)
        if top != self._top:
            self._top = top
            self._spoil_lines()

    def _spoil_lines(self) -> None:
        """Mark lines whose strip is no longer the one that was drawn there."""
        drawn = self._strips
        for y in range(self._head, self._high):
            before = drawn.pop(y, None)
            if before is None or before is not self._line(y):
                self._dirty.add(y)

    def _redraw(self) -> None:
        for row in self._rows.values():
            row.strip = row.pieces = None
        self._heading_strip = None
        super().repaint()

    def repaint(self) -> None:
        self._redraw()

    def _resized(self) -> None:
        self._lay_out()
        for row in self._rows.values():
            row.strip = row.pieces = None
        self._heading_strip = None
        self._strips.clear()
        self._follow()

    def on_resize(self) -> None:
        self._measure()

    def on_focus(self) -> None:
        self._respoil(self._cursor)
        self.flush()

    def on_blur(self) -> None:
        self._respoil(self._cursor)
        self.flush()

    def _lay_out(self) -> None:
        """Choose the columns that fit this width, and their widths."""
        room = self._wide
        if self._layout_for == (room, self._columns):
            return
        self._layout_for = (room, self._columns)
        self._shown = shown = fitting(self._columns, room)
        self._is_exact = needed(shown) <= room

    def _line(self, y: int) -> Strip:
        strip = self._strips.get(y)
        if strip is None:
            strip = self._strips[y] = self._draw(y)
        return strip

    def _draw(self, y: int) -> Strip:
        self._lay_out()
        if self._headings and y == 0:
            if self._heading_strip is None:
                cells = [self._heading(column) for column in self._columns]
                self._heading_strip = self._compose_row(_GridRow(tuple(cells), "background", None), False, True)
            return self._heading_strip
        place = self._top + y - self._head
        if self._foot_rows and y >= self._high - self._foot_rows:
            return strip_of((Cell(" "), *self._foot[y - self._high]), "background", self._wide, self._pens)
        if place < len(self._order):
            key = self._order[place]
            row = self._rows[key]
            if row.strip is None:
                row.strip = self._compose_row(row, key == self._cursor and self._has_cursor)
            return row.strip
        empty = (self._none_fits if self._rows else self._empty) if not self._order and place == 0 else ()
        cells = [Cell(self._word(cell.text), cell.pen) for cell in empty]
        return strip_of((Cell(" "), *cells), "background", self._wide, self._pens)

    def _heading(self, column: Column) -> Cell:
        name, sign = self._sorted
        heading = self._word(column.heading)
        if name != column.key:
            return Cell(heading, "text-dim")
        return Cell(fit(heading, min(width(heading), column.width - 1)) + sign, "title")

    def _compose_row(self, row: _GridRow, is_selected: bool, is_heading: bool = False) -> Strip:
        if row.pieces is None:
            row.pieces = self._pieces(row, self._ground(row, is_selected), is_selected, is_heading)
        segments = [segment for piece in row.pieces for segment in piece]
        return RowStrip(segments if self._is_exact else cut(segments, self._wide), self._wide)

    def _pieces(self, row: _GridRow, ground: str, is_selected: bool, is_heading: bool) -> list[tuple[Segment, ...]]:
        over = self._pens.over
        mark = row.mark
        if is_selected and (mark is None or self.has_focus):
            mark = Cell("▎", "accent" if self.has_focus else "faint")
        if row.is_chosen:
            mark = Cell("*", "accent")
        sign = Segment(fit(mark.text, 1), over(mark.pen, ground)) if mark else Segment(" ", over("background", ground))
        pieces: list[tuple[Segment, ...]] = [(sign,)]
        row.span_at = _NOWHERE
        for at, (place, column) in enumerate(self._shown):
            cell = row.cells[place] if place < len(row.cells) else Cell("")
            if at > row.span_at:
                pieces.append(())
            elif cell.span:
                row.span_at = at
                pieces.append(self._spanning(cell, ground, at))
            else:
                pieces.append(self._piece(cell, column, ground, at, column.number and not is_heading))
        rest = self._wide - needed(self._shown)
        if rest > 0:
            pieces.append((Segment(" " * rest, over("background", ground)),))
        return pieces

    def _ground(self, row: _GridRow, is_selected: bool) -> str:
        """A row whose ground says something keeps it under the cursor; the cursor's mark is enough there."""
        return "selection" if is_selected and self.has_focus and row.ground == "background" else row.ground

    def _gaps(self, at: int) -> tuple[int, int]:
        """Which gaps belong to the column at this place: the one before it if its chips need that, and the one behind
        it, unless the next column needs it."""
        chips = at > 0 and self._shown[at][1].chips
        is_last = at + 1 == len(self._shown)
        before = self._shown[at - 1][1].gap if chips else 0
        return before, 0 if is_last or self._shown[at + 1][1].chips else self._shown[at][1].gap

    def _piece(self, cell: Cell, column: Column, ground: str, at: int, is_number: bool) -> tuple[Segment, ...]:
        """The segments of one cell and its gaps; one segment where the pen does not show on blanks."""
        text, wide = cell.text, column.width
        styles, is_ink = self._pens.on(ground), cell.pen in self._pens.ink
        before, behind = self._gaps(at)
        if column.chips and not is_ink:
            return chip(cell, column, before, behind, styles)
        if column.align == "right" and len(text) <= wide and text.isascii() and text.isprintable():
            text = text.rjust(wide)  # as nearly all figures are; fit() would say the same
        else:
            text = fit(text, wide, column.align, number=is_number)
        if is_ink:
            return (Segment(" " * before + text + " " * behind, styles[cell.pen]),)
        blank = styles["background"]
        pieces = (Segment(" " * before, blank), Segment(text, styles[cell.pen]), Segment(" " * behind, blank))
        return tuple(segment for segment in pieces if segment.text)

    def _spanning(self, cell: Cell, ground: str, at: int) -> tuple[Segment, ...]:
        """One cell from here to the end of the last column."""
        before, _ = self._gaps(at)
        room = needed(self._shown[at:]) - 1
        text = " " * before + fit(cell.text, room)
        return (Segment(text, self._pens.on(ground)[cell.pen]),)

    def _patch(self, key: str, row: _GridRow, new: tuple[Cell, ...]) -> None:
        """Renew only the segments of the cells that differ; the others stay the very same objects."""
        pieces, old = row.pieces or [], row.cells
        ground = self._ground(row, key == self._cursor and self._has_cursor)
        for at, (place, column) in enumerate(self._shown):
            cell = new[place]
            if cell == old[place] or at > row.span_at:
                continue
            if cell.span or at == row.span_at:
                row.pieces = None
                return
            pieces[1 + at] = self._piece(cell, column, ground, at, column.number)
