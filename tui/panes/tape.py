"""Time and sales: what traded, newest first, with its direction and size. It never adds anything up: a feed may merge
or skip prints, and then says so in the rule."""

from __future__ import annotations

from statistics import median

from core.domain.market import Aggressor
from core.trading.view import BookRow, Slice
from tui import format as f
from tui.look import DOUBTFUL, Look
from tui.panes.book_rows import price_width, size_text
from tui.panes.window import Scale
from tui.picture import Picture
from tui.widgets.grid import Cell
from tui.widgets.sheet import Sheet

_PENS = {Aggressor.BUY: "up", Aggressor.SELL: "down", Aggressor.NONE: "flat"}
_GLYPHS = {Aggressor.BUY: f.UP, Aggressor.SELL: f.DOWN, Aggressor.NONE: " "}
_ENDS = " ▏▎▍▌▋▊▉"
_CLOCK, _SIZE = 10, 8
LARGE = 5.0
"""A print of so many times the usual one is bold."""


class TapePane(Sheet, can_focus=True):
    slices = (Slice.BOOK,)
    title = "Tape"

    def __init__(self, look: Look) -> None:
        super().__init__(look.pens, id="tape")
        self._look = look
        self.subject = ""
        self._row: BookRow | None = None
        self._scale = Scale()
        self._top = 0

    @property
    def facts(self) -> tuple[Cell, ...]:
        row = self._row
        return (Cell(self._look.word("conflated"), "warning"),) if row is not None and row.is_conflated else ()

    def show(self, picture: Picture, now: int, dirty: set[str] | None = None) -> None:
        row = picture.book
        if row is None or self._row is None or row.instrument != self._row.instrument:
            self._scale, self._top = Scale(), 0
        self._row = row
        self.draw()

    def draw(self) -> None:
        row = self._row
        if row is None or not row.prints:
            self.put_lines([[Cell(" " + self._look.word("Nothing traded since we look."), "text-dim")]])
            return
        self._top = max(min(self._top, len(row.prints) - self.room_height), 0)
        self.put_lines(print_cells(self._look, row, self.room_width, self.room_height, self._scale, self._top))

    def move_cursor(self, by: int) -> None:
        self._top += by
        self.draw()
        self.flush()

    def cursor_to(self, place: int) -> None:
        self._top = 0 if place == 0 else len(self._row.prints) if self._row else 0
        self.draw()
        self.flush()

    def page(self, pages: float) -> None:
        self.move_cursor(int(self.room_height * pages))


def print_cells(look: Look, row: BookRow, width: int, rooms: int, scale: Scale, top: int = 0) -> list[list[Cell]]:
    """One print a row: time, price, direction, size with its bar where there is room for one."""
    prints = row.prints[top : top + max(rooms, 0)]
    if not prints:
        return []
    sizes = [size for _, _, size, _ in prints if size > 0]
    usual = median(sizes) if sizes else 0.0
    scale.fit(max(sizes, default=0.0))
    longest = max((f.price(price, row.decimals) for _, price, _, _ in prints), key=len)
    price_room = price_width(longest)
    size_room = min(_SIZE, width - price_room - 3)
    clock_room = _CLOCK if width - price_room - 3 - _CLOCK >= 5 else 0
    size_room = min(size_room, width - clock_room - price_room - 3)
    bar_room = width - clock_room - price_room - size_room - 4
    is_dim = row.freshness in DOUBTFUL
    lines = []
    for ts, price, size, aggressor in prints:
        is_large = size >= LARGE * usual and size > 0
        digits = row.decimals
        cells = [
            Cell(f.fit(f" {look.zone.clock(ts)}", clock_room), "text-dim"),
            Cell(f.fit(f.price(price, digits), price_room, "right", number=True), "text-dim" if is_dim else "text"),
            Cell(f" {_GLYPHS[aggressor]} ", "text-dim" if is_dim else _PENS[aggressor]),
            Cell(
                f.fit(size_text(size, size_room), size_room, "right"),
                "strong" if is_large else "text-dim" if is_dim else "text",
            ),
        ]
        if bar_room >= 3:
            whole, rest = divmod(scale.eighths(size, bar_room - 1), 8)
            cells.append(Cell(" " + "█" * whole + (_ENDS[rest] if rest else ""), "spark"))
        lines.append(cells)
    return lines


def prints_line(look: Look, row: BookRow, width: int) -> list[Cell]:
    """The newest prints side by side, as many as fit whole."""
    cells = [Cell(f" {look.word('Tape')} ", "text-dim")]
    left = width - f.width(cells[0].text)
    for _, price, size, aggressor in row.prints:
        text = f"{f.price(price, row.decimals)}×{size_text(size, 6)}"
        if f.width(text) + 3 > left:
            break
        is_dim = row.freshness in DOUBTFUL
        cells.append(Cell(text, "text-dim" if is_dim else "text"))
        cells.append(Cell(f" {_GLYPHS[aggressor]} ", "text-dim" if is_dim else _PENS[aggressor]))
        left -= f.width(text) + 3
    return cells
