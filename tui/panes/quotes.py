"""The watchlist: last price, change, best bid and ask, and how far each row may be trusted."""

from __future__ import annotations

from textual.strip import Strip

from core.domain.ids import InstrumentId
from core.domain.market import Phase
from core.trading.view import QuoteRow, Slice
from tui import format as f
from tui.look import DOUBTFUL, Look, age_cell, sparkline, symbol, tight
from tui.picture import Picture
from tui.widgets.flash import Flashes
from tui.widgets.grid import Cell, Column, Grid

SPARK_CELLS = 10
_HATCH = Cell("╱╱╱╱╱╱╱", "faint")


class QuotesPane(Grid):
    slices = (Slice.QUOTES, Slice.WATCHLISTS)
    title = "Watch"

    def __init__(self, look: Look) -> None:
        super().__init__(
            (
                Column("symbol", "SYMBOL", 9, grow=True),
                Column("last", "LAST", 11, "right", number=True, chips=True),
                Column("change", "CHG%", 8, "right", number=True),
                Column("bid", "BID", 7, "right", number=True, drop=2),
                Column("ask", "ASK", 7, "right", number=True, drop=2),
                Column("volume", "VOL", 6, "right", number=True, drop=4),
                Column("spark", "60 MIN", SPARK_CELLS, drop=3),
                Column("age", "AGE", 5, "right"),
            ),
            look.pens,
            word=look.word,
            id="quotes",
        )
        self._look = look
        self._waiting: set[str] = set()
        """Rows out of sight whose figures have moved: they are written when somebody looks."""
        self._picture, self._now = Picture(), 0
        self._flashes = Flashes()
        self.at = 0
        """When this frame is drawn, ns of a clock that only goes forward."""
        self.has_flash = True
        """Whether changed prices may be lit: not on a slow line, not where there is no colour."""
        self.set_empty([Cell("No symbols here. Settings: [console] watchlist")])

    def show(self, picture: Picture, now: int, dirty: set[str] | None = None) -> None:
        """Put the rows named in `dirty` (None: all) that can be seen, the others when they come into sight; the order
        follows the watchlist."""
        self._picture, self._now = picture, now
        quotes = picture.quotes()
        seen = frozenset(self.visible_keys)
        self._light([row for row in quotes if dirty is None or row.key in dirty], seen)
        for row in quotes:
            is_new = row.key not in self._index  # it may have come before the list named it
            if dirty is None or is_new or row.key in dirty:
                if dirty is None or is_new or row.key in seen:
                    self._waiting.discard(row.key)
                    self.put(row.key, self._cells(row))
                else:
                    self._waiting.add(row.key)
        self.set_order([row.key for row in quotes])

    def _draw(self, y: int) -> Strip:
        place = self._top + y - self._head
        if self._waiting and 0 <= place < len(self.keys) and self.keys[place] in self._waiting:
            key = self.keys[place]
            self._waiting.discard(key)
            row = self._picture.quote(InstrumentId(key))
            if row is not None:
                self.put(key, self._cells(row))
                self._changed.discard(key)  # it is being drawn
        return super()._draw(y)

    def age(self, picture: Picture, now: int) -> None:
        """A second has passed: put the visible rows again, so that only ages that read differently are written."""
        self._picture, self._now = picture, now
        for key in tuple(self.visible_keys):
            row = picture.quote(InstrumentId(key))
            if row is not None:
                self.put(key, self._cells(row))

    def _cells(self, row: QuoteRow) -> tuple[Cell, ...]:
        return quote_cells(row, self._now, self._look, self._flashes.pen(row.key) if self._flashes else None)

    # ---- prices that have just changed

    @property
    def is_lit(self) -> bool:
        """Some price is lit: another flush is due soon, to put it out."""
        return bool(self._flashes)

    def _light(self, rows: list[QuoteRow], seen: frozenset[str]) -> None:
        self.fade()
        prices = {
            row.key: None if _is_dim(row) else row.last for row in rows if row.key in seen or row.key not in self._index
        }
        self._flashes.see(prices, self.at, self._matters, is_on=self.has_flash and self._look.has_colour)

    def _matters(self, key: str) -> bool:
        """Somebody has a stake in it: the cursor stands there, it is held, or an order waits."""
        picture, id = self._picture, InstrumentId(key)
        return (
            key == self.cursor
            or picture.position(id) is not None
            or any(row.instrument == id and row.is_working for row in picture.orders())
        )

    def fade(self) -> None:
        """Put out what has been lit for long enough."""
        for key in self._flashes.put_out(self.at) if self._flashes else ():
            row = self._picture.quote(InstrumentId(key))
            if row is not None:
                self.put(key, self._cells(row))

    @property
    def facts(self) -> tuple[Cell, ...]:
        keys, seen = self.keys, self.visible_keys
        places = tuple(Cell(text, "text-dim") for text in self._places)
        if not keys:
            return places
        first = keys.index(seen[0]) + 1 if seen else 1
        return (Cell(f"{first}-{first + max(len(seen), 1) - 1}/{len(keys)}", "text-dim"), *places)

    @property
    def _places(self) -> list[str]:
        """How many places of each line are taken, where it has few: `ws 17/41`."""
        status = self._picture.status
        feeds = status.feeds if status is not None else ()
        return [f" ws {feed.subscriptions}/{feed.max_subscriptions}" for feed in feeds if feed.max_subscriptions]

    @property
    def subject(self) -> str:
        listed = self._picture.watchlist
        return listed.name if listed is not None else ""


def _is_dim(row: QuoteRow) -> bool:
    """Its price is no price to act on."""
    return row.freshness in DOUBTFUL or row.phase is Phase.HALTED


def quote_cells(row: QuoteRow, now: int, look: Look, flash: str | None = None) -> tuple[Cell, ...]:
    """symbol, last, change, bid, ask, volume, spark, age."""
    is_halted, is_dim = row.phase is Phase.HALTED, _is_dim(row)
    plain = "text-dim" if is_dim else "text"
    change = row.change
    bid, ask = _side(row.bid, row.decimals, plain), _side(row.ask, row.decimals, plain)
    if is_halted:
        bid = ask = _HATCH
    return (
        Cell(symbol(row, look.language), plain),
        Cell(
            f.price(row.last, row.decimals),
            "faint" if row.last is None else "text-dim" if is_dim else flash or "strong",
        ),
        Cell(
            f.change(None if change is None else change * 100),
            "faint" if change is None else "text-dim" if is_dim else f.direction(round(change, 4)),
        ),
        bid,
        ask,
        Cell(f.compact(row.volume, 1, 1000) if row.volume else f.MISSING, "text-dim" if row.volume else "faint"),
        Cell("" if look.is_slow else sparkline(row.spark, SPARK_CELLS), "spark"),
        age_cell(row.freshness, row.phase, row.received, now),
    )


def _side(price: float | None, decimals: int, pen: str) -> Cell:
    return Cell(tight(price, decimals, 7), pen) if price else Cell(f.MISSING, "faint")
