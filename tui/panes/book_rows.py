"""Rows of the ladder as cells: sizes with their bars, price, change, own orders. Pure functions of what a row says, and
each said row is drawn once: a row that reads the same is the very same cells."""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

from tui import format as f
from tui.widgets.grid import Cell

BLOCK = 9
"""Cells of the solid block that holds the number where a lane is wide."""
WIDE_LANE = 14
_PERCENT = 7
_OWN = 13
_ENDS = " ▏▎▍▌▋▊▉"
_HATCH = "╱"


class Shape(NamedTuple):
    """Where the columns of a ladder of some width stand, in cells."""

    width: int
    price: int
    lane: int
    own: int
    """Width of each outer lane for own orders; 0: they stand in the empty half beside the price."""
    percent: int
    has_bars: bool

    @property
    def has_blocks(self) -> bool:
        return self.lane >= WIDE_LANE

    @property
    def bar_cells(self) -> int:
        """Cells a full bar has to grow in."""
        return self.lane - BLOCK if self.has_blocks else self.lane

    @property
    def left(self) -> int:
        """Cells before the price's own column begins (mark and cursor)."""
        return self.own + self.lane

    @property
    def middle(self) -> int:
        """Mark, cursor, price and change."""
        return 2 + self.price + (self.percent and 1 + self.percent)


PRICE_WIDTHS = (7, 9, 11, 13, 16, 20, 24)
"""Classes of price columns."""


def price_width(text: str) -> int:
    """The narrowest column that holds a price like `text`, with a cell to spare."""
    return next((wide for wide in PRICE_WIDTHS if wide > len(text)), len(text) + 1)


def shape_of(width: int, price: int, *, has_bars: bool) -> Shape:
    """Outer lanes and change where there is room for them and wide lanes."""
    room = width - 3 - price
    outer = room - 2 * _OWN - 1 - _PERCENT
    if outer >= 2 * WIDE_LANE:
        return Shape(width, price, outer // 2, _OWN, _PERCENT, has_bars)
    return Shape(width, price, room // 2, 0, 0, has_bars)


class Chip(NamedTuple):
    """Own orders of one kind at one price: `B10`, how it is drawn, and `~15k` or where it lives."""

    text: str
    pen: str
    note: str = ""
    note_pen: str = "text-dim"


class Said(NamedTuple):
    """All that a price row says."""

    price: str
    price_pen: str
    percent: str = ""
    percent_pen: str = "text-dim"
    ask: str = ""
    ask_bar: int = 0
    bid: str = ""
    bid_bar: int = 0
    is_best: bool = False
    sign: str = " "
    """`=` at the average price."""
    cursor: str = " "
    cursor_pen: str = "accent"
    sells: tuple[Chip, ...] = ()
    buys: tuple[Chip, ...] = ()
    note: str = ""
    """What this price is: a limit of the day, a VI line."""
    mood: str = "live"
    """live, dim (not to be trusted, or closed) or halted."""
    is_selected: bool = False
    """The cursor is here and the keys too: the row lies on the selection's ground."""


@lru_cache(maxsize=4096)
def row_cells(shape: Shape, said: Said) -> tuple[Cell, ...]:
    """One price row of exactly `shape.width` cells."""
    price = Cell(f.fit(said.price, shape.price, "right", number=True), said.price_pen)
    middle = [Cell(said.sign, "text-dim"), Cell(said.cursor, said.cursor_pen), price]
    if shape.percent:
        middle.append(Cell(" " + f.fit(said.percent, shape.percent, "right"), said.percent_pen))
    ask, bid = _ask(shape, said), _bid(shape, said)
    if shape.own:
        sells, buys, note = said.sells, said.buys, said.note
        left = _chips(sells, shape.own, "left") if sells else [Cell(f.fit(f" {note}", shape.own), "text-dim")]
        note = note if sells else ""
        right = _chips(buys, shape.own, "right") if buys else [Cell(f.fit(note, shape.own, "right"), "text-dim")]
        cells = [*left, *ask, *middle, Cell(" "), *bid, *right]
    else:
        left_chips, right_chips = _halves(said)
        left = _half(shape, said, left_chips, ask, is_left=True)
        cells = [*left, *middle, Cell(" "), *_half(shape, said, right_chips, bid, is_left=False)]
    spare = shape.width - sum(f.width(cell.text) for cell in cells)
    return tuple(cell for cell in (*cells, Cell(" " * max(spare, 0))) if cell.text)


def _halves(said: Said) -> tuple[tuple[Chip, ...], tuple[Chip, ...]]:
    """Own orders of a narrow ladder: in the half where the market shows nothing; where it shows both or neither, buys
    left and sells right."""
    if bool(said.ask) is bool(said.bid):
        return said.buys, said.sells
    every = said.buys + said.sells
    return ((), every) if said.ask else (every, ())


def _half(shape: Shape, said: Said, chips: tuple[Chip, ...], lane: list[Cell], *, is_left: bool) -> list[Cell]:
    if chips:
        return _pointing(chips, shape.lane, is_left=is_left)
    if said.note and not (said.ask if is_left else said.bid) and (is_left or said.ask):
        return [Cell(f.fit(f" {said.note}", shape.lane), "text-dim")]
    return lane


def _pointing(chips: tuple[Chip, ...], room: int, *, is_left: bool) -> list[Cell]:
    """`~15k B10▸` beside the price; the note goes first when it is narrow, never the order."""
    text = " ".join(chip.text.strip() for chip in chips)
    note = chips[0].note if len(chips) == 1 else ""
    if f.width(text) + 1 > room:
        text = f.clip(text, room - 1)
    if f.width(text) + f.width(note) + 2 > room:
        note = ""
    pen = "buy" if chips[0].pen.endswith("buy") else "sell"
    spare = " " * (room - f.width(text) - f.width(note) - 1 - bool(note))
    gap = " " if note else ""
    if is_left:
        return [Cell(spare + note + gap, "text-dim"), Cell(f"{text}▸", pen)]
    return [Cell(f"◂{text}", pen), Cell(gap + note + spare, "text-dim")]


def _chips(chips: tuple[Chip, ...], room: int, align: f.Align) -> list[Cell]:
    """Chips at the outer edge, their note towards the price; what does not fit is counted."""
    cells: list[Cell] = []
    left = room
    for place, chip in enumerate(chips):
        more = f"+{len(chips) - place}"
        needed = f.width(chip.text) + (0 if place + 1 == len(chips) else len(more) + 1)
        if needed > left and cells:
            cells.append(Cell(more[:left], "text-dim"))
            left -= len(more[:left])
            break
        text = f.fit(chip.text, min(f.width(chip.text), left))
        cells.append(Cell(text, chip.pen))
        left -= f.width(text)
        if chip.note and len(chips) == 1 and f.width(chip.note) + 1 <= left:
            cells.append(Cell(f" {chip.note}" if align == "left" else f"{chip.note} ", chip.note_pen))
            left -= f.width(chip.note) + 1
    cells.append(Cell(" " * left))
    return cells if align == "left" else cells[::-1]


def _ask(shape: Shape, said: Said) -> list[Cell]:
    """The left lane: the number ends at the price, the bar grows away from it."""
    if not said.ask:
        return [Cell(" " * shape.lane)]
    if said.mood != "live":
        return [_still(shape, said.ask, said.mood, is_ask=True)]
    pen = "ask-best" if said.is_best else "ask-bar"
    if not shape.has_bars:
        return _glyphs(shape, said.ask, said.ask_bar, is_best=said.is_best, is_ask=True)
    whole, rest = divmod(said.ask_bar, 8)
    if shape.has_blocks:
        number = Cell(f.fit(said.ask, BLOCK - 1, "right", number=True) + " ", pen)
        end = Cell(_ENDS[8 - rest], "ask-end-here" if said.is_selected else "ask-end") if rest else Cell("")
        return [Cell(" " * (shape.bar_cells - whole - bool(rest))), end, Cell(" " * whole, pen), number]
    text = f.fit(said.ask, shape.lane, "right", number=True)
    cut = shape.lane - whole
    if rest and cut and text[cut - 1] == " ":
        end = Cell(_ENDS[8 - rest], "ask-zone-end")
        return [Cell(text[: cut - 1], "ask-zone"), end, Cell(text[cut:], pen)]
    cut -= rest >= 4 and cut > 0
    return [Cell(text[:cut], "ask-zone-best" if said.is_best else "ask-zone"), Cell(text[cut:], pen)]


def _bid(shape: Shape, said: Said) -> list[Cell]:
    """The right lane, from the price on."""
    if not said.bid:
        return [Cell(" " * shape.lane)]
    if said.mood != "live":
        return [_still(shape, said.bid, said.mood, is_ask=False)]
    pen = "bid-best" if said.is_best else "bid-bar"
    if not shape.has_bars:
        return _glyphs(shape, said.bid, said.bid_bar, is_best=said.is_best, is_ask=False)
    whole, rest = divmod(said.bid_bar, 8)
    if shape.has_blocks:
        number = Cell(f.fit(said.bid, BLOCK - 1, "right", number=True) + " ", pen)
        end = Cell(_ENDS[rest], "bid-end") if rest else Cell("")
        return [number, Cell(" " * whole, pen), end, Cell(" " * (shape.bar_cells - whole - bool(rest)))]
    text = f.fit(said.bid, shape.lane, "right", number=True)
    zone = "bid-zone-best" if said.is_best else "bid-zone"
    if rest and whole < shape.lane and text[whole] == " ":
        return [Cell(text[:whole], pen), Cell(_ENDS[rest], "bid-zone-end"), Cell(text[whole + 1 :], zone)]
    whole += rest >= 4 and whole < shape.lane
    return [Cell(text[:whole], pen), Cell(text[whole:], zone)]


def _still(shape: Shape, size: str, mood: str, *, is_ask: bool) -> Cell:
    """A size that nobody can trade on now: dim, without a bar; of a halted instrument hatched."""
    cells = BLOCK - 1 if shape.has_blocks else shape.lane
    text = f.fit(size, cells, "right", number=True) + (" " if shape.has_blocks else "")
    rest = " " * (shape.lane - len(text))
    whole = rest + text if is_ask else text + rest
    if mood == "halted":
        blank = len(whole) - len(whole.lstrip())
        whole = _HATCH * max(blank - 1, 0) + whole[max(blank - 1, 0) :]
        if not is_ask and shape.has_blocks:
            whole = whole.rstrip() + " " + _HATCH * len(rest)
    return Cell(whole, "text-dim")


def _glyphs(shape: Shape, size: str, bar: int, *, is_best: bool, is_ask: bool) -> list[Cell]:
    """Where a terminal has no tints: bars of glyphs beside the number, none where they would cover it."""
    pen, hue = "strong" if is_best else "text", "down" if is_ask else "up"
    if not shape.has_blocks:
        return [Cell(f.fit(size, shape.lane, "right", number=True), pen)]
    whole = min((bar + 4) // 8, shape.bar_cells)
    number = Cell(f.fit(size, BLOCK - 1, "right", number=True) + " ", pen)
    blank = Cell(" " * (shape.bar_cells - whole))
    cells = [number, Cell("▇" * whole, hue), blank]
    return cells[::-1] if is_ask else cells


# ---- figures


@lru_cache(maxsize=8192)
def size_text(size: float, cells: int) -> str:
    """A quantity of the market in `cells` cells: whole numbers written out while they fit, coins with the digits that
    tell something. Not for our own quantities, which are exact."""
    text = f.number(size, 0 if size == int(size) else 1 if size >= 100 else 3 if size >= 1 else 4)
    if not text.strip("0."):
        text = "<.0001"
    for decimals in (1, 0):
        if len(text) > cells:
            text = f.compact(size, decimals, 1000)
    return text


def rough(value: float) -> str:
    """`~15k`: an estimate, in at most five cells."""
    for unit, letter in ((1e9, "b"), (1e6, "m"), (1e3, "k")):
        if value >= unit * 0.9995:
            return f"~{value / unit:.0f}{letter}"
    return f"~{value:.0f}" if value >= 1 or value == 0 else "~<1"


def split(text: str, cells: int) -> tuple[str, str]:
    """`text` cut after about `cells` cells; no wide character is cut in two."""
    taken, kept = 0, ""
    for character in text:
        if taken + f.width(character) > cells:
            break
        kept += character
        taken += f.width(character)
    return kept, text[len(kept) :]
