"""Draws the ticket: side and account as a banner, fields on one edge, then what the order would cost and whether it
would pass. Without an open ticket it says how to open one. What does not fit goes by its weight, never a field."""

from __future__ import annotations

from decimal import Decimal

from core.domain.decimals import parse
from core.domain.errors import HogaError, InvalidValue
from core.domain.order import OrderType, Side
from core.ports import Preview
from core.trading.view import StatusRow
from tui import format as f
from tui.forms.ticket import HAS_LIMIT, HAS_STOP, LEGS, Ticket
from tui.look import SIDE_WORDS, TYPE_WORDS, Look, looks_live
from tui.widgets.grid import Cell
from tui.widgets.line_edit import LineEdit
from tui.widgets.sheet import Sheet
from tui.widgets.wrap import wrap

_LABEL, _EDGE = 9, 20
"""Where labels and values end."""
Row = tuple[int, list[Cell]]
"""(weight, cells): 0 never goes, the highest goes first."""


class TicketPane(Sheet):
    title = "Ticket"

    def __init__(self, look: Look) -> None:
        super().__init__(look.pens, id="ticket")
        self._look = look
        self.subject = ""
        self.facts: tuple[Cell, ...] = ()
        self._edge = _EDGE

    def show(self, ticket: Ticket | None, status: StatusRow | None, *, is_sending: bool = False) -> None:
        self.facts = (Cell(self._look.word("preview"), "text-dim"),) if ticket is not None else ()
        lines = self._without() if ticket is None else self._fitting(self._open(ticket, status, is_sending))
        self.put_lines(lines[: self.room_height])
        self.flush()

    def _without(self) -> list[list[Cell]]:
        word = self._look.word
        return [
            [
                Cell(" "),
                Cell("b", "key"),
                Cell(f" {word('buy')}  ", "text-dim"),
                Cell("s", "key"),
                Cell(f" {word('sell')}", "text-dim"),
            ],
            [Cell(" " + self._look.word("the selected symbol"), "text-dim")],
        ]

    def _fitting(self, rows: list[Row]) -> list[list[Cell]]:
        kept = list(rows)
        while len(kept) > self.room_height:
            heaviest = max(range(len(kept)), key=lambda n: (kept[n][0], n))
            if not kept[heaviest][0]:
                break
            del kept[heaviest]
        return [cells for _, cells in kept]

    def _open(self, ticket: Ticket, status: StatusRow | None, is_sending: bool) -> list[Row]:
        self._edge = self._edge_for(ticket)
        rows: list[Row] = [(0, self._banner(ticket, status)), (0, self._subject(ticket))]
        rows += [(0, self._quantity(ticket))]
        if ticket.type in HAS_LIMIT:
            rows.append(
                (0, self._field(ticket, "price", "Price", _priced(ticket, ticket.price), self._distance(ticket)))
            )
        if ticket.type in HAS_STOP:
            label = "Trail" if ticket.type is OrderType.TRAILING else "Stop"
            rows.append((0, self._stop(ticket, label)))
        rows.append((0, self._type(ticket)))
        if ticket.order is None and not ticket.is_protective:
            rows += [self._leg(ticket, "sl", "SL"), self._leg(ticket, "tp", "TP")]
        rows.append((8, [Cell(" " + "─" * max(self.room_width - 2, 0), "border")]))
        rows += self._figures(ticket)
        rows += [(0 if n < 2 else 5, cells) for n, cells in enumerate(self._verdict(ticket))]
        return [*rows, (10, []), (9, self._keys(ticket, status, is_sending))]

    def _edge_for(self, ticket: Ticket) -> int:
        """Where values end: usually at one place, further right for the long prices of some coins, which no ticket may
        show in part."""
        values = [_shown(ticket.quantity), _priced(ticket, ticket.price), _priced(ticket, ticket.stop)]
        values += [self._leg_value(ticket, name)[0] for name in LEGS]
        longest = max(f.width(value) for value in values)
        return max(_EDGE, min(_LABEL + 1 + longest, self.room_width - 1))

    # ---- heads

    def _banner(self, ticket: Ticket, status: StatusRow | None) -> list[Cell]:
        look = self._look
        word = look.word(SIDE_WORDS[ticket.side])
        if ticket.is_protective:
            verb = f"{look.word('protect')} · {word}"
        elif ticket.order is not None:
            verb = look.say("modify {id}", id=ticket.order.id[-4:])
        else:
            verb = word
        badge = f" {status.badge if status else ''} {look.account(ticket.account)} "
        side = "banner-buy" if ticket.side is Side.BUY else "banner-sell"
        room = max(self.room_width - f.width(badge), 4)
        lead = "▎" if ticket.field == "side" else " "
        text = f.fit(f"{lead}{verb}{'  ◂ ▸' if ticket.field == 'side' else ''}", room)
        return [Cell(text, side), Cell(badge, "badge-live" if looks_live(status) else "badge-paper")]

    def _subject(self, ticket: Ticket) -> list[Cell]:
        known = ticket.instrument
        name = (known.name_ko if self._look.language == "ko" else "") or known.name
        tick = f" t{f.quantity(known.ticks.step(ticket.last))}" if ticket.last else ""
        market = f" {known.market}" if self.room_width >= 40 else ""
        room = max(self.room_width - f.width(known.code) - len(tick) - len(market) - 3, 4)
        return [
            Cell(f" {f.clip(name, room)}", "strong"),
            Cell(f" {known.code}", "text-dim"),
            Cell(market + tick, "text-dim"),
        ]

    # ---- fields

    def _quantity(self, ticket: Ticket) -> list[Cell]:
        text = ticket.quantity.text
        note = self._look.say("lot {lot}", lot=f.quantity(ticket.instrument.lot))
        if not text.replace(",", "").replace(".", "").isdigit():
            try:
                note = f"= {f.quantity(ticket.units())}"
            except HogaError:
                note = ""
        return self._field(ticket, "quantity", "Qty", _shown(ticket.quantity), note)

    def _stop(self, ticket: Ticket, label: str) -> list[Cell]:
        note = ""
        if ticket.is_protective:
            try:
                price = ticket.request().stop_price
            except HogaError:
                price = None
            note = self._away(ticket, price, ticket.last, is_written=ticket.stop.text[-1:] in ("%", "t"))
        return self._field(ticket, "stop", label, _priced(ticket, ticket.stop), note)

    def _type(self, ticket: Ticket) -> list[Cell]:
        cells = self._field(ticket, "type", "Type", self._look.word(TYPE_WORDS[ticket.type]), "")[:-1]
        tif = ticket.time_in_force.value.upper()
        pen = "field-active" if ticket.field == "tif" else "text"
        flags = f" {self._look.word('reduce-only')}" if ticket.reduce_only else ""
        return [*cells, Cell(" "), Cell(tif, pen), Cell(flags, "text-dim")]

    def _leg(self, ticket: Ticket, name: str, label: str) -> Row:
        """While it is typed the field shows what is typed and the note its price; else the price and how far it is."""
        value, price = self._leg_value(ticket, name)
        edit = ticket.sl if name == "sl" else ticket.tp
        is_active = ticket.field == name
        is_typed = is_active or price is None
        note = self._away(ticket, price, ticket.entry, is_written=is_typed and edit.text[-1:] in ("%", "t"))
        return (0 if is_active or edit.text else 6), self._field(ticket, name, label, value, note)

    def _leg_value(self, ticket: Ticket, name: str) -> tuple[str, Decimal | None]:
        """What the field of a leg shows, and the price it means."""
        edit = ticket.sl if name == "sl" else ticket.tp
        try:
            price = ticket.leg(name)
        except HogaError:
            price = None
        return edit.text if ticket.field == name or price is None else _price(ticket, price), price

    def _away(self, ticket: Ticket, price: Decimal | None, start: Decimal | None, *, is_written: bool) -> str:
        if price is None:
            return ""
        if is_written:
            return f"= {_price(ticket, price)}"
        return f"{(price / start - 1) * 100:+.1f}%" if start else ""

    def _field(self, ticket: Ticket, name: str, label: str, value: str, note: str) -> list[Cell]:
        is_active, is_editable = ticket.field == name, name in ticket.fields
        label_text = f.fit(f" {self._look.word(label)}", _LABEL)
        pen = "field-active" if is_active else "field" if is_editable else "text"
        if not value and name in LEGS and not is_active:
            pen = "faint"
        mark = Cell("▎" if is_active else " ", "field-mark" if is_active else pen)
        return [
            Cell(label_text, "text-dim"),
            mark,
            Cell(f.fit(value or f.MISSING, self._edge - _LABEL - 1, "right"), pen),
            self._note(note),
        ]

    def _note(self, text: str) -> Cell:
        """What stands behind a value. A figure is never cut: it loses the word before it, or is left out."""
        room = max(self.room_width - self._edge - 1, 0)
        figure = text.rpartition(" ")[2]
        has_digits = any(character.isdigit() for character in text)
        if f.width(text) > room and has_digits:
            text = figure if text.startswith("= ") and f.width(figure) <= room else ""
        return Cell(f" {f.clip(text, room)}", "text-dim")

    def _distance(self, ticket: Ticket) -> str:
        """From the own touch, in ticks; PEG while the price follows it."""
        if ticket.peg is not None:
            return f"PEG {-ticket.peg * ticket.side.sign:+d}t" if ticket.peg else "PEG"
        preview = ticket.preview
        if preview is None or preview.distance_ticks is None:
            return ""
        return f"{preview.distance_ticks:+d}t" if preview.distance_ticks else self._look.word("touch")

    # ---- figures

    def _figures(self, ticket: Ticket) -> list[Row]:
        preview, look = ticket.preview, self._look
        if preview is None:
            return [(0, self._figure("Value", f.MISSING)), (2, self._figure("Cost", f.MISSING))]
        share = "" if preview.nav_fraction is None else f"{preview.nav_fraction * 100:.1f}% NAV"
        tax = f"{look.word('tax')} {look.money(preview.tax, preview.currency)}" if preview.tax is not None else ""
        rows: list[Row] = [
            (0, self._figure("Value", look.money(preview.notional, preview.currency), share)),
            (3, self._figure("Cost", look.money(preview.costs, preview.currency), tax)),
        ]
        if preview.risk is not None:
            rows.append((0, self._figure("Risk", look.money(preview.risk, preview.currency), _risk_share(preview))))
        return [
            *rows,
            (7, self._figure("After", look.quantity(preview.position_after, self._edge - _LABEL))),
            (4, self._figure("BP left", look.money(preview.buying_power_after, preview.currency))),
        ]

    def _figure(self, label: str, value: str, note: str = "") -> list[Cell]:
        return [
            Cell(f.fit(f" {self._look.word(label)}", _LABEL), "text-dim"),
            Cell(f.fit(value, self._edge - _LABEL, "right", number=True), "faint" if value == f.MISSING else "strong"),
            self._note(note),
        ]

    def _verdict(self, ticket: Ticket) -> list[list[Cell]]:
        width = max(self.room_width - 4, 1)
        if ticket.problem:
            rows = wrap(self._look.said(ticket.problem), width)[:4]
            pen = "error" if ticket.is_denied else "stale"
            return [[Cell(" "), Cell(f" {rows[0]} ", pen)], *[[Cell(f"  {row}", "text")] for row in rows[1:]]]
        preview = ticket.preview
        if preview is None:
            return [[Cell(f" {self._look.word('checks: waiting for figures')}", "text-dim")]]
        if preview.rule:
            rows = wrap(self._look.said(preview.text), width)[:4]
            rule = f.clip(self._look.word(preview.rule), width)
            return [[Cell(" "), Cell(f" {rule} ", "stale")], *[[Cell(f"  {row}")] for row in rows]]
        passed = f" ✓ {preview.checks_passed}/{preview.checks_total} {self._look.word('checks')}"
        if not preview.cautions:
            return [[Cell(passed, "text-dim")]]
        chips = [
            [Cell(" "), Cell(f" {f.clip(self._look.said(caution), width)} ", "stale")] for caution in preview.cautions
        ]
        return [[Cell(passed, "text-dim")], *chips]

    def _keys(self, ticket: Ticket, status: StatusRow | None, is_sending: bool) -> list[Cell]:
        word = self._look.word
        verb = "sending..." if is_sending else "review" if looks_live(status) else "send"
        cells = [Cell(" "), Cell("Enter", "key"), Cell(f" {word(verb)}  ", "text-dim")]
        cells += [Cell("Esc", "key"), Cell(f" {word('drop')}", "text-dim")]
        if ticket.type in HAS_LIMIT:
            cells += [Cell("  "), Cell("p", "key"), Cell(f" {word('peg')}", "text-dim")]
        return cells


def _risk_share(preview: Preview) -> str:
    if preview.nav_fraction is None or not preview.notional or preview.risk is None:
        return ""
    return f"{float(preview.risk / preview.notional) * preview.nav_fraction * 100:.2f}%"


def _price(ticket: Ticket, price: Decimal) -> str:
    """With all the digits of its tick: 185.40 and not 185.4. An off-tick price keeps its own."""
    digits = ticket.instrument.ticks.digits(price)
    return f.price(price, digits) if price == round(price, digits) else f.quantity(price)


def _priced(ticket: Ticket, edit: LineEdit) -> str:
    """A price with separators, until someone types in it; a distance (`5%`, `10t`) stays as it is."""
    if not edit.is_fresh:
        return edit.text
    try:
        return _price(ticket, parse(edit.text))
    except InvalidValue:
        return edit.text


def _shown(edit: LineEdit) -> str:
    """The number with separators, until someone types in it."""
    if not edit.is_fresh:
        return edit.text
    try:
        return f.quantity(parse(edit.text))
    except InvalidValue:
        return edit.text
