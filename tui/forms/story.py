"""A story in rows: what stands in the details of an order, a position or an instrument, wrapped to the width it has.
Pure: from the desk's answer to cells; the form that scrolls them is details.py."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from core.domain.decimals import plain
from core.domain.instrument import Instrument
from core.trading.notes import FILL
from core.trading.story import Story, StoryLine
from core.trading.view import AlertRow, FillRow, OrderRow
from tui import format as f
from tui.look import SIDE_WORDS, TYPE_WORDS, Look, account_tail, side_pen, symbol
from tui.widgets.grid import Cell

Row = tuple[list[Cell], str]
"""Cells, and what a note written there is on; empty: the whole."""
_PENS = {"info": "text", "fill": "strong", "alert": "warning", "warning": "warning", "error": "error"}
LABEL = 14


def rows_of(story: Story, look: Look, width: int) -> list[Row]:
    """Every row, top to bottom."""
    rows: list[Row] = []
    if story.order is not None:
        rows += _order(story, story.order, look)
    elif story.instrument is not None:
        rows += _instrument(story.instrument, look)
    rows += [(_fact(look, "note", text), "") for text in ([story.note] if story.note else [])]
    if story.lines:
        rows += [([], ""), (_heading(look, "What happened"), "")]
        rows += [row for line in story.lines for row in _event(line, look, width)]
    if story.fills:
        rows += [([], ""), (_heading(look, "Fills"), "")]
        rows += [_fill(fill, look) for fill in story.fills]
    if story.legs:
        rows += [([], ""), (_heading(look, "Legs"), "")]
        rows += [
            ([Cell(f"  {_terms(leg, look)}", "text"), Cell(f"  {look.word(leg.status.value.upper())}", "text-dim")], "")
            for leg in story.legs
        ]
    if story.alerts:
        rows += [([], ""), (_heading(look, "Alerts"), "")]
        rows += [(_alert(row, look), "") for row in story.alerts]
    return rows


def wrap(text: str, cells: int) -> Iterator[str]:
    """`text` in pieces of at most `cells` cells, broken at blanks where there are some. Nothing is lost."""
    line = ""
    for word in text.split(" "):
        wanted = f"{line} {word}" if line else word
        if f.width(wanted) <= cells:
            line = wanted
            continue
        if line:
            yield line
        *whole, line = _pieces(word, cells)
        yield from whole
    yield line


def _pieces(word: str, cells: int) -> list[str]:
    """A word that is longer than a row, cut."""
    pieces, room = [""], max(cells, 2)
    for character in word:
        if f.width(pieces[-1] + character) > room:
            pieces.append("")
        pieces[-1] += character
    return pieces


def _heading(look: Look, text: str) -> list[Cell]:
    return [Cell(f" {look.word(text)}", "strong")]


def _fact(look: Look, label: str, value: str, pen: str = "text") -> list[Cell]:
    return [Cell(f"  {f.fit(look.word(label), LABEL)} ", "text-dim"), Cell(value, pen)]


def _terms(row: OrderRow, look: Look) -> str:
    price = row.limit_price if row.limit_price is not None else row.stop_price
    at = f" {f.number(price, row.decimals)}" if price is not None else ""
    side, kind = look.word(SIDE_WORDS[row.side]), look.word(TYPE_WORDS[row.type])
    return f"{side} {look.quantity(row.quantity)} {symbol(row, look.language)} {kind}{at} {row.time_in_force.upper()}"


def _order(story: Story, row: OrderRow, look: Look) -> Iterator[Row]:
    yield _fact(look, "order", _terms(row, look), side_pen(row.side)), ""
    yield _fact(look, "id", row.id, "text-dim"), ""
    yield _fact(look, "account", look.hidden(account_tail(row.account))), ""
    state = look.word(row.status.value.upper())
    yield _fact(look, "state", f"{state} {look.said(row.reason)}".rstrip(), "strong"), ""
    average = f" @ {f.number(row.average_price, max(row.decimals, 2))}" if row.average_price is not None else ""
    yield _fact(look, "filled", f"{look.quantity(row.filled)}{average}"), ""
    yield _fact(look, "by", row.source), ""
    for label, value in (
        ("stop price", row.stop_price),
        ("trail", row.trail),
        ("stop loss", row.stop_loss),
        ("take profit", row.take_profit),
    ):
        if value is not None:
            yield _fact(look, label, f.quantity(value)), ""
    if row.reduce_only:
        yield _fact(look, "rule", look.word("reduce-only")), ""
    if row.parent is not None:
        yield _fact(look, "protects", row.parent[-4:]), ""
    if row.slice_of is not None:
        yield _fact(look, "slice of", row.slice_of[-4:]), ""
    if row.algo:
        yield _fact(look, "by itself", look.said(row.algo)), ""
    if row.is_local:
        yield _fact(look, "lives", look.word("in this engine, not at the venue"), "warning"), ""
    times = [
        (label, ns)
        for label, ns in (("to the wire", story.staged_to_sent), ("to the answer", story.sent_to_answer))
        if ns is not None
    ]
    if times:
        said = "   ".join(f"{look.word(label)} {milliseconds(ns)}" for label, ns in times)
        yield _fact(look, "took", said), ""


def _event(line: StoryLine, look: Look, width: int) -> Iterator[Row]:
    kind, text = look.told(line.kind, line.text)
    lead = 31
    pieces = list(wrap(text, max(width - lead - 1, 8)))
    pen = _PENS.get(line.level, "text")
    when = f"{look.zone.moment(line.ts)[5:]}.{line.ts % 10**9 // 10**6:03}"
    yield [Cell(f"  {when}  ", "text-dim"), Cell(f"{f.fit(kind, 8)} ", pen), Cell(pieces[0], "text")], ""
    for piece in pieces[1:]:
        yield [Cell(" " * (lead - 3)), Cell(piece, "text")], ""


def _fill(row: FillRow, look: Look) -> Row:
    costs = f.money(row.fee + row.tax, row.currency)
    cells = [
        Cell(f"  {look.zone.moment(row.ts)[5:]}  ", "text-dim"),
        Cell(f"{f.fit(look.word(SIDE_WORDS[row.side]), 5)} ", side_pen(row.side)),
        Cell(f"{f.fit(look.quantity(row.quantity), 12, 'right')}", "strong"),
        Cell(f" @ {f.fit(f.number(row.price, row.decimals), 13)}", "strong"),
        Cell(f" {look.word('costs')} {look.hidden(costs)}", "text-dim"),
        Cell(f"  {row.note}", "text"),
    ]
    return cells, f"{FILL}{row.key}"


def _alert(row: AlertRow, look: Look) -> list[Cell]:
    glyph = f.UP if row.above else f.DOWN
    fired = f" {look.word('fired')} {look.zone.moment(row.fired_at)[5:16]}" if row.fired_at else ""
    return [Cell(f"  {f.fit(row.key, 5)} {glyph} {f.number(row.price, row.decimals)}{fired}  {row.note}", "text")]


def _instrument(known: Instrument, look: Look) -> Iterator[Row]:
    name = f"{known.name_ko} {known.name}".strip()
    yield _fact(look, "name", name, "strong"), ""
    yield _fact(look, "code", f"{known.code}   {known.market}   {known.kind.value}   {known.currency}"), ""
    close = known.previous_close
    if close is not None:
        yield _fact(look, "close before", f.quantity(close)), ""
        yield _fact(look, "tick there", f.quantity(known.ticks.step(close))), ""
        if known.price_limit is not None:
            low, high = close * (1 - known.price_limit), close * (1 + known.price_limit)
            band = f"{f.quantity(known.ticks.round(low, 'up'))} - {f.quantity(known.ticks.round(high, 'down'))}"
            yield _fact(look, "day's limits", band), ""
    else:
        ticks = ", ".join(f"{plain(step)} from {plain(start)}" for start, step in known.ticks.bands[:6])
        yield _fact(look, "ticks", ticks), ""
    yield _fact(look, "lot", f.quantity(known.lot)), ""
    if known.multiplier != 1:
        yield _fact(look, "multiplier", f.quantity(known.multiplier)), ""
    if known.min_value:
        yield _fact(look, "least value", f.money(known.min_value, known.currency)), ""
    yield _fact(look, "short sale", look.word("possible" if known.can_short else "not possible")), ""


def milliseconds(ns: int) -> str:
    return f"{ns / 1e6:,.1f} ms"


def texts(rows: Sequence[Row]) -> list[str]:
    """As plain lines, for copying."""
    return ["".join(cell.text for cell in cells).rstrip() for cells, _ in rows]
