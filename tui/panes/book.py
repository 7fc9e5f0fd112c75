"""The ladder: asks above, bids below, our own orders at their prices, and a cursor that a ticket starts from."""

from __future__ import annotations

from core.domain.market import Aggressor
from core.domain.order import Side
from core.trading.view import BookRow, Slice
from tui import format as f
from tui.look import DOUBTFUL, Look, symbol
from tui.picture import Picture
from tui.widgets.grid import Cell
from tui.widgets.sheet import Sheet

_PRICE = 11


class BookPane(Sheet, can_focus=True):
    slices = (Slice.BOOK,)
    title = "Ladder"

    def __init__(self, look: Look) -> None:
        super().__init__(look.pens, id="book")
        self._look = look
        self._row: BookRow | None = None
        self._levels: list[float] = []
        self.cursor_price: float | None = None
        """The price under the cursor; None while the cursor rests at the touch."""

    @property
    def subject(self) -> str:
        return symbol(self._row, self._look.language) if self._row else ""

    @property
    def facts(self) -> tuple[Cell, ...]:
        row = self._row
        if row is None:
            return ()
        shown = min(self._depth, max(len(row.asks), len(row.bids)))
        mark = Cell(f" {row.freshness} ", "stale") if row.freshness in DOUBTFUL else Cell("")
        return (Cell(f"{shown}/{max(len(row.asks), len(row.bids))}", "text-dim"), mark)

    @property
    def _depth(self) -> int:
        """Levels a side that fit: heading, last price and foot take three rows, the prints what is left."""
        return min(max((self.room_height - 3) // 2, 1), 15)

    def show(self, picture: Picture, now: int, dirty: set[str] | None = None) -> None:
        row = picture.book
        if row is None or self._row is None or row.instrument != self._row.instrument:
            self.cursor_price = None
        self._row = row
        self.draw()

    def draw(self) -> None:
        """Put all rows from what is known."""
        width = self.room_width
        if self._row is None or width < 20:
            self._levels = []
            self.put_lines([[Cell(" " + self._look.word("No order book from this feed yet."), "text-dim")]])
            return
        lines = [self._heading(width)]
        asks, bids = self._row.asks[: self._depth], self._row.bids[: self._depth]
        self._levels = [price for price, _ in reversed(asks)] + [price for price, _ in bids]
        scale = max([size for _, size in (*asks, *bids)], default=0.0)
        lines += [self._ask(level, scale, width, price == 0) for price, level in reversed(list(enumerate(asks)))]
        lines.append(self._last(self._row, width))
        lines += [self._bid(level, scale, width, place == 0) for place, level in enumerate(bids)]
        lines.append(self._foot(asks, bids, width))
        lines += self._prints(width, self.room_height - len(lines))
        self.put_lines(lines[: self.room_height])

    def move_cursor(self, by: int) -> None:
        """To the next price shown, down or up; starts at the best bid."""
        if not self._levels or self._row is None:
            return
        start = self.cursor_price
        if start in self._levels:
            place = self._levels.index(start) + by
        else:
            place = min(len(self._row.asks), self._depth) - (1 if by < 0 else 0)
        self.cursor_price = self._levels[min(max(place, 0), len(self._levels) - 1)]
        self.draw()
        self.flush()

    def page(self, pages: float) -> None:
        self.move_cursor(int(self._depth * pages * 2) or 1)

    def cursor_to(self, place: int) -> None:
        if self._levels:
            self.cursor_price = self._levels[place]
            self.draw()
            self.flush()

    def _lanes(self, width: int) -> int:
        return (width - _PRICE - 2) // 2

    def _heading(self, width: int) -> list[Cell]:
        lane, word = self._lanes(width), self._look.word
        return [
            Cell(f.fit(word("ASK QTY"), lane, "right"), "text-dim"),
            Cell(f.fit(word("PRICE"), _PRICE + 1, "right"), "text-dim"),
            Cell(" " + f.fit(word("BID QTY"), lane, "right"), "text-dim"),
        ]

    def _price(self, price: float, is_best: bool) -> list[Cell]:
        row = self._row
        text = f.fit(f.price(price, row.decimals if row else 0), _PRICE, "right", number=True)
        is_here = price == self.cursor_price
        pen = "strong" if is_best else "text"
        return [Cell("›" if is_here else " ", "accent"), Cell(text, "selection-text" if is_here else pen)]

    def _own(self, price: float, lane: int, align: f.Align) -> Cell:
        """Our order at this price, in the empty half beside it."""
        own = [o for o in self._row.own if o[1] == price] if self._row else []
        if not own:
            return Cell(" " * lane)
        side = own[0][0]
        text = f"{'B' if side is Side.BUY else 'S'}{self._look.hidden(f.compact(sum(o[2] for o in own), 1, 10_000))}"
        return Cell(f.fit(text, lane, align), "own-buy" if side is Side.BUY else "own-sell")

    def _ask(self, level: tuple[float, float], scale: float, width: int, is_best: bool) -> list[Cell]:
        price, size = level
        lane = self._lanes(width)
        bar = round(lane * size / scale) if scale else 0
        text = f.fit(f.compact(size, 1, 1_000_000), lane, "right", number=True)
        return [
            Cell(text[: lane - bar], "ask-zone"),
            Cell(text[lane - bar :], "ask-bar"),
            *self._price(price, is_best),
            Cell(" "),
            self._own(price, lane, "left"),
        ]

    def _bid(self, level: tuple[float, float], scale: float, width: int, is_best: bool) -> list[Cell]:
        price, size = level
        lane = self._lanes(width)
        bar = round(lane * size / scale) if scale else 0
        text = f.fit(f.compact(size, 1, 1_000_000), lane, "right", number=True)
        return [
            self._own(price, lane, "right"),
            *self._price(price, is_best),
            Cell(" "),
            Cell(text[:bar], "bid-bar"),
            Cell(text[bar:], "bid-zone"),
        ]

    def _last(self, row: BookRow, width: int) -> list[Cell]:
        change = row.last / row.previous_close - 1 if row.last and row.previous_close else None
        lane = self._lanes(width)
        pen = "text-dim" if row.freshness in DOUBTFUL else f.direction(change)
        moved = row.last - row.previous_close if row.last and row.previous_close else None
        cells = [
            Cell(f.fit(f.change(moved, row.decimals), lane, "right"), pen),
            Cell(" " + f.fit(f.price(row.last, row.decimals), _PRICE, "right", number=True), pen),
            Cell(" " + f.fit(f.percent(change), lane, "right"), pen),
        ]
        return [Cell(cell.text, f"{cell.pen}-last") for cell in cells]

    def _foot(
        self, asks: tuple[tuple[float, float], ...], bids: tuple[tuple[float, float], ...], width: int
    ) -> list[Cell]:
        lane = self._lanes(width)
        ask, bid = sum(size for _, size in asks), sum(size for _, size in bids)
        share = f"{bid / (ask + bid) * 100:.0f}%" if ask + bid else f.MISSING
        return [
            Cell(f.fit("Σ" + f.compact(ask, 1, 100_000), lane, "right"), "text-dim"),
            Cell(f.fit(share, _PRICE + 1, "right"), "text"),
            Cell(" " + f.fit(f.compact(bid, 1, 100_000), lane, "right"), "text-dim"),
        ]

    def _prints(self, width: int, room: int) -> list[list[Cell]]:
        row = self._row
        if row is None:
            return []
        lines = []
        for ts, price, size, aggressor in row.prints[: max(room, 0)]:
            pen = {Aggressor.BUY: "up", Aggressor.SELL: "down"}.get(aggressor, "flat")
            glyph = {Aggressor.BUY: f.UP, Aggressor.SELL: f.DOWN}.get(aggressor, " ")
            figures = f.fit(f.price(price, row.decimals), _PRICE, "right", number=True)
            lines.append(
                [
                    Cell(f" {self._look.zone.clock(ts)} ", "text-dim"),
                    Cell(figures, "text"),
                    Cell(f" {glyph}", pen),
                    Cell(f.fit(f.compact(size, 1), max(width - 23, 1), "right"), "text-dim"),
                ]
            )
        return lines
