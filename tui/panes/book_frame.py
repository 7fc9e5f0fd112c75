"""What stands around the price rows of a ladder: heading, the last price, the sums, and the facts in the pane's rule.
Pure functions of the row of the view."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from core.domain.decimals import exact
from core.domain.instrument import Instrument
from core.domain.market import Freshness, Phase
from core.trading.view import BookRow
from tui import format as f
from tui.look import DOUBTFUL, Look, age_cell
from tui.panes.book_rows import Shape, size_text, split
from tui.widgets.grid import Cell


class BookState(NamedTuple):
    """How far a book may be trusted. `mood`: live, dim (nobody can trade on it) or halted; `chip` says why."""

    mood: str
    chip: Cell | None

    @classmethod
    def of(cls, row: BookRow, now: int) -> BookState:
        is_dim = row.freshness in DOUBTFUL or row.phase is Phase.CLOSED
        mood = "halted" if row.phase is Phase.HALTED else "dim" if is_dim else "live"
        if mood == "live" and row.phase is Phase.OPEN and row.freshness is Freshness.LIVE:
            return cls(mood, None)
        cell = age_cell(row.freshness, row.phase, row.received, now)
        return cls(mood, Cell(f" {cell.text.strip()} ", cell.pen))


def title_facts(
    look: Look, state: BookState, presets: Sequence[str], active: int, mode: str, room: int
) -> tuple[Cell, ...]:
    """Sizes behind the digits, `mode` (do the rows follow, how many levels are shown) and the state; what is least
    needed goes first."""
    chip = (state.chip,) if state.chip is not None else ()
    sizes = [Cell(f"{n}:{text}  ", "tab" if n == active + 1 else "text-dim") for n, text in enumerate(presets, 1)]
    label = Cell(f"{look.word('Qty')} ", "text-dim")
    word = Cell(f"{look.word(mode)} " if chip else look.word(mode), "strong" if mode == "locked" else "text-dim")
    one = sizes[active : active + 1]
    for facts in ((label, *sizes, word) if sizes else (word,), (*sizes, word), (*one, word), one, (word,), ()):
        cells = tuple(cell for cell in (*facts, *chip) if cell.text)
        if sum(f.width(cell.text) for cell in cells) <= room:
            return cells
    return chip


def heading_cells(look: Look, shape: Shape) -> tuple[Cell, ...]:
    word = look.word
    if shape.has_blocks:
        ask = f.fit(word("ASK QTY") + " ", shape.lane, "right")
        bid = f.fit(f.fit(word("BID QTY"), 8, "right"), shape.lane)
    else:
        is_tight = max(f.width(word("ASK QTY")), f.width(word("BID QTY"))) > shape.lane
        ask, bid = (f.fit(word(name[:3] if is_tight else name), shape.lane, "right") for name in ("ASK QTY", "BID QTY"))
    price = f.fit(word("PRICE"), shape.price + 2, "right")
    change = " " + f.fit(word("CHG%"), shape.percent, "right") if shape.percent else ""
    left = f.fit(" " + word("MY SELL"), shape.own) if shape.own else ""
    right = f.fit(word("MY BUY") + " ", shape.own, "right") if shape.own else ""
    return (Cell(f"{left}{ask}{price}{change} {bid}{right}", "text-dim"),)


def last_cells(
    look: Look, row: BookRow, shape: Shape, digits: int, state: BookState, instrument: Instrument
) -> tuple[Cell, ...]:
    """The last price and its change, then what lies between the best prices: spread in ticks and the middle, or why
    that means nothing now."""
    moved = row.last - row.previous_close if row.last and row.previous_close else None
    change = row.last / row.previous_close - 1 if row.last and row.previous_close else None
    pen = f.direction(moved) if state.mood == "live" else "text-dim"
    moved_text = f.change(moved, digits) + " " * shape.has_blocks
    if len(moved_text) > shape.lane:  # part of a number is another number: the glyph alone, and the percent beside
        moved_text = moved_text[0]
    label = [Cell(f.fit(f" {look.word('last')}", shape.own), "text-dim")] if shape.own else []
    left = f.fit(moved_text, shape.lane, "right")
    price = f.fit(f.price(row.last, digits), shape.price + 2, "right", number=True)
    cells = [*label, Cell(left, pen), Cell(price, "faint" if row.last is None else pen)]
    room = shape.width - shape.left - shape.price - 2
    chip = [Cell(" "), state.chip] if state.chip is not None else []
    needed = sum(f.width(cell.text) for cell in chip)
    if shape.percent:
        cells.append(Cell(" " + f.fit(f.percent(change).rstrip("%"), shape.percent, "right"), pen))
        room -= shape.percent + 1
    elif room >= 9 + needed:
        cells.append(Cell(" " + f.fit(f.percent(change), 8, "right"), pen))
        room -= 9
    tail = [*chip, Cell("  "), *_between(look, row, digits, instrument, is_calm=not chip)]
    while tail and sum(f.width(cell.text) for cell in tail) > room:
        tail.pop()
    return (*cells, *tail)


def _between(look: Look, row: BookRow, digits: int, instrument: Instrument, *, is_calm: bool) -> list[Cell]:
    bid, ask = row.best_bid, row.best_ask
    if not (bid and ask):
        return [Cell(look.word("no asks" if bid else "no bids" if ask else "no book"), "text-dim")]
    if bid >= ask:
        return [Cell(look.word("crossed"), "warning" if is_calm else "text-dim")]
    ticks = ticks_between(instrument, bid, ask)
    middle = f.price((bid + ask) / 2, digits if (bid + ask) / 2 == round((bid + ask) / 2, digits) else digits + 1)
    return [Cell(f"{look.word('spread')} {ticks}t", "text-dim"), Cell(f"   {look.word('mid')} {middle}", "text-dim")]


def ticks_between(instrument: Instrument, low: float, high: float) -> str:
    """Whole ticks from `low` up to `high`, over the borders of bands; `999+` beyond that."""
    price, count, end = instrument.price(low), 0, instrument.price(high)
    step = instrument.ticks.step(price)
    if instrument.ticks.step(end) == step:
        count = int((exact(high) - exact(low)) / step)
        return f"{count:,}" if count < 1000 else "999+"
    while price < end and count < 1000:
        price, count = instrument.ticks.move(price, 1), count + 1
    return f"{count:,}" if count < 1000 else "999+"


def foot_cells(look: Look, row: BookRow, shape: Shape, mood: str) -> tuple[Cell, ...]:
    """Sums of what the feed shows, as one bar cut by their share."""
    ask, bid = sum(size for _, size in row.asks), sum(size for _, size in row.bids)
    share = bid / (ask + bid) if ask + bid > 0 else None
    cells = min(shape.lane, 9)
    left = f.fit(f"{size_text(ask, cells)} " if shape.has_blocks else size_text(ask, cells), shape.left, "right")
    middle = f.fit(f.MISSING if share is None else f"{share * 100:.0f}%", shape.price + 2, "right")
    right_room = shape.width - shape.left - shape.price - 2
    text = size_text(bid, cells)
    if shape.own:
        head = f" Σ {look.word('ASK')}"
        left = head + left[f.width(head) :]
        tail = f"Σ {look.word('BID')} "
        start = 1 + shape.percent + 1
        right = " " * start + f.fit(text, 8, "right")
        right = f.fit(right, right_room - f.width(tail)) + tail
    else:
        left = " Σ" + left[2:] if left[:2] == "  " else left
        right = f.fit(text, right_room, "right")
    whole = left + middle + right
    if mood != "live" or share is None:
        return (Cell(whole, "text-dim"),)
    if not shape.has_bars:
        return (Cell(whole, "text"),)
    asks, bids = split(whole, round(shape.width * (1 - share)))
    return tuple(cell for cell in (Cell(asks, "ask-bar"), Cell(bids, "bid-bar")) if cell.text)
