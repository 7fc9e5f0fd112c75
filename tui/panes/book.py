"""The order book: on the ladder screen every tick a row, elsewhere the levels the market shows. Asks above, bids below,
own orders at their prices, and a cursor that is a price: it stays where it is put whatever the market does."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import Decimal

from core.domain.decimals import exact
from core.domain.ids import ClientOrderId
from core.domain.instrument import Instrument
from core.domain.market import NS
from core.ports import Clock
from core.trading.view import BookRow, Slice
from tui import format as f
from tui.forms.fields import unit_of
from tui.look import Look, symbol
from tui.panes.book_frame import BookState, foot_cells, heading_cells, last_cells, title_facts
from tui.panes.book_rows import Said, Shape, price_width, row_cells, shape_of, size_text
from tui.panes.marks import chips_by_row, mark_of, notes_by_row
from tui.panes.tape import print_cells, prints_line
from tui.panes.window import Scale, Window
from tui.picture import Picture
from tui.widgets.grid import Cell
from tui.widgets.pens import Pens
from tui.widgets.sheet import Sheet

HOLD_NS = 1 * NS
"""After a key the rows stand still for so long: nothing moves under a finger."""
MOST_LEVELS = 10


class BookPane(Sheet, can_focus=True):
    slices = (Slice.BOOK,)
    title = "Ladder"

    def __init__(self, look: Look, clock: Clock) -> None:
        super().__init__(look.pens, id="book")
        self._look, self._clock = look, clock
        self.row: BookRow | None = None
        self.instrument: Instrument | None = None
        """Of the row shown; None until its tick table is known."""
        self.cursor_price: Decimal | None = None
        """The price under the cursor; None while the cursor rests at the touch."""
        self.window = Window()
        self.is_ladder = False
        """Every tick a row, not only the levels there are."""
        self.sizes: tuple[Decimal, ...] = ()
        self.preset = 0
        self.riding: ClientOrderId | None = None
        """The order the cursor goes along with, since a key moved it."""
        self._average: Decimal | None = None
        self._scale, self._prints_scale = Scale(), Scale()
        self._held_until = 0
        self._now = 0

    # ---- what the frame asks

    @property
    def subject(self) -> str:
        return symbol(self.row, self._look.language) if self.row else ""

    @property
    def facts(self) -> tuple[Cell, ...]:
        if self.row is None:
            return ()
        used = f.width(self._look.word(self.title)) + f.width(self.subject) + 8
        state = BookState.of(self.row, self._now)
        presets = tuple(f.quantity(size) for size in self.presets) if self.is_ladder else ()
        total = max(len(self.row.asks), len(self.row.bids))
        mode = "locked" if self.window.is_locked else "follow"
        mode = mode if self.is_ladder else f"{min(self._depth, total)}/{total}"
        return title_facts(self._look, state, presets, self.preset, mode, self.room_width - used)

    @property
    def presets(self) -> tuple[Decimal, ...]:
        """The quantities behind the digits, for this instrument: multiples of what a ticket starts with."""
        if self.instrument is None or self.row is None:
            return ()
        last = self.row.last
        unit = unit_of(self.instrument, None if last is None else self.instrument.price(last))
        return tuple(size * unit for size in self.sizes)

    # ---- what it shows

    def show(self, picture: Picture, now: int, dirty: set[str] | None = None) -> None:
        row, before = picture.book, self.row
        self.row, self._now = row, now
        if row is None or before is None or row.instrument != before.instrument:
            self.cursor_price = self.riding = None
            self.window.put(())
            self._scale = Scale()
        if row is not None:
            self.instrument = picture.instruments.get(row.instrument)
            held = picture.position(row.instrument)
            self._average = held.average_price if held is not None else None
            self._ride(row)
        self.draw()

    def age(self, picture: Picture, now: int) -> None:
        """A second has passed: rows that stood still for a finger may follow again, and what grew stale says so."""
        self._now = now
        if self.row is not None:
            self.draw()

    def _ride(self, row: BookRow) -> None:
        """Once, with the order that a key has moved away from under the cursor."""
        mark = mark_of(row, self.riding)
        if mark is not None and self.cursor_price not in (None, mark.price):
            self.cursor_price, self.riding = mark.price, None

    def draw(self) -> None:
        """Put all rows from what is known."""
        row, width = self.row, self.room_width
        if row is None or width < 20:
            self.put_lines([[Cell(" " + self._look.word("No order book from this feed yet."), "text-dim")]])
            return
        if self.instrument is None:
            self.put_lines([[Cell(" " + self._look.word("Waiting for the price steps of this symbol."), "text-dim")]])
            return
        self._choose(row, self.instrument)
        if not self.window.prices:
            self.put_lines([[Cell(" " + self._look.word("No order book from this feed yet."), "text-dim")]])
            return
        lines = self._rows_of(row, self.instrument, width)
        for y, (cells, ground) in enumerate(lines[: self.room_height]):
            self.put_line(y, cells, ground=ground)
        self.clear(min(len(lines), self.room_height))

    # ---- keys

    @property
    def cursor_shown(self) -> Decimal | None:
        """The cursor's price, if it stands on a row that can be seen."""
        here = self.cursor_price
        return here if here is not None and self.window.row(here) is not None else None

    def move_cursor(self, by: int) -> None:
        """Down the rows, or up: by ticks on the ladder, by levels elsewhere. It starts at the touch."""
        row, instrument = self.row, self.instrument
        if row is None or instrument is None or not self.window.prices:
            return
        prices, start = self.window.prices, self.cursor_price
        if start is None:
            touch = (row.best_bid if by > 0 else row.best_ask) or row.best_bid or row.best_ask or row.last
            wanted = prices[len(prices) // 2] if touch is None else exact(touch)
            by -= 1 if by > 0 else -1
        else:
            wanted = start
        if self.is_ladder:
            self.point_at(instrument.ticks.move(wanted, -by))
        elif wanted in prices:
            self.point_at(prices[min(max(prices.index(wanted) + by, 0), len(prices) - 1)])

    def page(self, pages: float) -> None:
        self.move_cursor(int(self._room * pages) or 1)

    def cursor_to(self, place: int) -> None:
        """To the ends of the book: the highest level, or (-1) the lowest."""
        if self.row is not None and (levels := [price for price, _ in (*self.row.asks, *self.row.bids)]):
            self.point_at(exact(max(levels) if place == 0 else min(levels)))

    def point_at(self, price: Decimal | None) -> None:
        """The cursor stands on this price now; None: it rests at the touch."""
        self.cursor_price, self.riding = price, None
        self.hold()

    def centre(self) -> None:
        """The market in the middle; a cursor that would be out of sight rests at the touch again."""
        row, instrument = self.row, self.instrument
        middle = self._middle(row, instrument) if row is not None and instrument is not None else None
        if middle is None or instrument is None:
            return
        if self.is_ladder:
            self.window.centre(instrument.ticks, middle, self._room)
        if self.cursor_shown is None:
            self.cursor_price = self.riding = None
        self.hold()

    def toggle_lock(self) -> None:
        self.window.is_locked = not self.window.is_locked
        self._held_until = 0
        self.draw()
        self.flush()

    def hold(self) -> None:
        """A key was pressed: the rows stand still for a moment."""
        self._held_until = self._clock.monotonic() + HOLD_NS
        self.draw()
        self.flush()

    def on_focus(self) -> None:
        self.draw()
        self.flush()

    def on_blur(self) -> None:
        self.draw()
        self.flush()

    # ---- which prices

    @property
    def _room(self) -> int:
        """Rows for prices: heading, last price and sum take three."""
        return max(self.room_height - 3, 1)

    @property
    def _depth(self) -> int:
        """Levels a side where only levels are shown."""
        return min(self._room // 2 or 1, MOST_LEVELS)

    def _choose(self, row: BookRow, instrument: Instrument) -> None:
        if not self.is_ladder:
            self.window.put(self._levels(row))
            return
        window, ticks, room = self.window, instrument.ticks, self._room
        window.resize(ticks, room)
        middle = self._middle(row, instrument)
        if middle is None:
            return
        if not window.prices:
            window.centre(ticks, middle, room, self.cursor_price)
        elif self.cursor_price is not None:
            window.reach(ticks, self.cursor_price, room)
        is_held = self._clock.monotonic() < self._held_until
        if not (window.is_locked or is_held or window.is_central(float(middle))):
            window.centre(ticks, middle, room, self.cursor_price)

    def _middle(self, row: BookRow, instrument: Instrument) -> Decimal | None:
        """Where the market is: between the touch, at the side there is, else at the last price or close."""
        bid, ask = row.best_bid, row.best_ask
        value = (bid + ask) / 2 if bid and ask else bid or ask or row.last or row.previous_close
        if value is None:
            return None
        lowest = instrument.ticks.bands[0][1]
        return max(instrument.price(value), lowest)

    def _levels(self, row: BookRow) -> list[Decimal]:
        """The levels that fit, and the cursor's price among them."""
        asks = [price for price, _ in row.asks[: self._depth]]
        bids = [price for price, _ in row.bids[: self._depth]]
        if not (asks or bids):
            return []
        prices = sorted({exact(price) for price in (*asks, *bids)}, reverse=True)
        here = self.cursor_price
        if here is not None and here not in prices:
            prices = sorted({*prices, here}, reverse=True)
            if len(prices) > self._room:
                prices.remove(prices[-1] if here > prices[len(prices) // 2] else prices[0])
        return prices

    # ---- what the rows say

    def _rows_of(self, row: BookRow, instrument: Instrument, width: int) -> list[tuple[Sequence[Cell], str]]:
        window = self.window
        digits = max(instrument.ticks.digits(window.prices[0]), instrument.ticks.digits(window.prices[-1]))
        digits = max(digits, row.decimals)
        wide = price_width(f.price(window.prices[0], digits))
        shape = shape_of(width, wide, has_bars=_has_fill(self.pens))
        state = BookState.of(row, self._now)
        said = self._said(row, instrument, shape, digits, state.mood)
        here = window.row(self.cursor_price) if self.cursor_price is not None else None
        ground = "selection" if self.has_focus else "background"
        lines: list[tuple[Sequence[Cell], str]] = [
            (row_cells(shape, what), ground if place == here else "background") for place, what in enumerate(said)
        ]
        last = (last_cells(self._look, row, shape, digits, state, instrument), "raised")
        foot = (foot_cells(self._look, row, shape, state.mood), "background")
        head = (heading_cells(self._look, shape), "background")
        if self.is_ladder and window.is_locked:
            lines += [((), "background")] * (self._room - len(lines))
            return [head, *lines, last, foot]
        lines.insert(self._border(row), last)
        lines = [head, *lines]
        if self.is_ladder:
            lines += [((), "background")] * (self._room + 2 - len(lines))
            return [*lines, foot]
        left = self.room_height - len(lines) - 1
        if left == 1:
            prints = [prints_line(self._look, row, width)]
        else:
            prints = print_cells(self._look, row, width, left, self._prints_scale)
        return [*lines, foot, *((cells, "background") for cells in prints)]

    def _border(self, row: BookRow) -> int:
        """The row before which the last price stands: between asks and bids; within them where they cross."""
        bid, ask = row.best_bid, row.best_ask
        middle = (bid + ask) / 2 if bid and ask else bid or (ask * (1 - 1e-9) if ask else row.last or 0.0)
        crossed = bool(bid and ask and bid >= ask)
        for place, price in enumerate(self.window.prices):
            if float(price) <= middle if not crossed else float(price) < middle:
                return place
        return len(self.window.prices)

    def _said(self, row: BookRow, instrument: Instrument, shape: Shape, digits: int, mood: str) -> list[Said]:
        window = self.window
        asks, bids = window.sizes(row.asks, upward=True), window.sizes(row.bids, upward=False)
        self._scale.fit(max((*asks.values(), *bids.values()), default=0.0))
        best = {
            window.nearest(price, upward=up) for price, up in ((row.best_ask, True), (row.best_bid, False)) if price
        }
        sells, buys = chips_by_row(row, self._look, window)
        notes = notes_by_row(row, self._look, window)
        average = self._average
        sign_at = window.nearest(float(instrument.price(average)), upward=False) if average is not None else None
        here = window.row(self.cursor_price) if self.cursor_price is not None else None
        room = min(shape.lane, 8)
        close = row.previous_close
        pens, has_focus = _percent_pens(mood), self.has_focus
        found = []
        for place, price in enumerate(window.prices):
            ask, bid = asks.get(place), bids.get(place)
            is_best = place in best and mood == "live"
            is_shown = ask is not None or bid is not None
            change = float(price) / close - 1 if close and shape.percent else None
            is_strong = is_best or place == here
            price_pen = "strong" if is_strong else "text" if is_shown and mood == "live" else "text-dim"
            found.append(
                Said(
                    price=f.price(price, digits),
                    price_pen=price_pen,
                    percent="" if change is None else f.signed(change * 100, 2),
                    percent_pen=pens(change) if is_shown else "text-dim",
                    ask="" if ask is None else size_text(ask, room),
                    ask_bar=self._scale.eighths(ask or 0.0, shape.bar_cells),
                    bid="" if bid is None else size_text(bid, room),
                    bid_bar=self._scale.eighths(bid or 0.0, shape.bar_cells),
                    is_best=is_best,
                    sign="=" if place == sign_at else " ",
                    cursor="›" if place == here else " ",
                    cursor_pen="accent" if has_focus else "faint",
                    sells=sells.get(place, ()),
                    buys=buys.get(place, ()),
                    note=notes.get(place, ""),
                    mood=mood,
                    is_selected=place == here and has_focus,
                )
            )
        return found


def _percent_pens(mood: str) -> Callable[[float | None], str]:
    return f.direction if mood == "live" else lambda _: "text-dim"


def _has_fill(pens: Pens) -> bool:
    """Does this theme tint what lies behind a number? A terminal without tints draws bars of glyphs."""
    colour = pens["bid-bar"].bgcolor
    return colour is not None and not colour.is_default
