"""Draws the ticket: side and account as a banner, fields on one edge, then what the order would cost and whether it
would pass. Without an open ticket it says how to open one."""

from __future__ import annotations

from core.domain.decimals import parse
from core.domain.errors import InvalidValue
from core.domain.order import Side
from core.trading.view import StatusRow
from tui import format as f
from tui.forms.ticket import HAS_LIMIT, HAS_STOP, Ticket
from tui.look import SIDE_WORDS, TYPE_WORDS, Look, looks_live
from tui.widgets.grid import Cell
from tui.widgets.line_edit import LineEdit
from tui.widgets.sheet import Sheet

_LABEL, _EDGE = 9, 20
"""Where labels and values end."""


class TicketPane(Sheet):
    title = "Ticket"

    def __init__(self, look: Look) -> None:
        super().__init__(look.pens, id="ticket")
        self._look = look
        self.subject = ""
        self.facts: tuple[Cell, ...] = ()

    def show(self, ticket: Ticket | None, status: StatusRow | None, *, is_sending: bool = False) -> None:
        self.facts = (Cell(self._look.word("preview"), "text-dim"),) if ticket is not None else ()
        lines = self._without() if ticket is None else self._open(ticket, status, is_sending)
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

    def _open(self, ticket: Ticket, status: StatusRow | None, is_sending: bool) -> list[list[Cell]]:
        lot = self._look.say("lot {lot}", lot=f.quantity(ticket.instrument.lot))
        lines = [self._banner(ticket, status), self._subject(ticket)]
        lines.append(self._field(ticket, "quantity", "Qty", _shown(ticket.quantity), lot))
        if ticket.type in HAS_LIMIT:
            lines.append(self._field(ticket, "price", "Price", _shown(ticket.price), self._distance(ticket)))
        if ticket.type in HAS_STOP:
            lines.append(self._field(ticket, "stop", "Stop", _shown(ticket.stop), ""))
        lines.append(self._field(ticket, "type", "Type", self._look.word(TYPE_WORDS[ticket.type]), "t"))
        lines.append(self._field(ticket, "tif", "TIF", ticket.time_in_force.value.upper(), "T"))
        if ticket.order is None:
            lines.append(self._field(ticket, "side", "Side", self._look.word(SIDE_WORDS[ticket.side]), ""))
        lines.append([Cell(" " + "─" * max(self.room_width - 2, 0), "border")])
        lines += self._preview(ticket)
        lines += self._verdict(ticket)
        verb = "sending..." if is_sending else "review" if looks_live(status) else "send"
        send = f" {self._look.word(verb)}  "
        drop = self._look.word("drop")
        keys = [
            Cell(" "),
            Cell("Enter", "key"),
            Cell(send, "text-dim"),
            Cell("Esc", "key"),
            Cell(f" {drop}", "text-dim"),
        ]
        spare = self.room_height - len(lines) - 1
        lines += [[] for _ in range(min(spare, 1))] + [keys]
        return lines

    def _banner(self, ticket: Ticket, status: StatusRow | None) -> list[Cell]:
        word = self._look.word(SIDE_WORDS[ticket.side])
        verb = self._look.say("modify {id}", id=ticket.order.id[-4:]) if ticket.order else word
        badge = f" {status.badge if status else ''} {self._look.account(ticket.account)} "
        side = "banner-buy" if ticket.side is Side.BUY else "banner-sell"
        room = max(self.room_width - f.width(badge), 4)
        return [Cell(f.fit(f" {verb}", room), side), Cell(badge, "badge-live" if looks_live(status) else "badge-paper")]

    def _subject(self, ticket: Ticket) -> list[Cell]:
        known = ticket.instrument
        name = (known.name_ko if self._look.language == "ko" else "") or known.name
        tick = f.quantity(known.ticks.step(ticket.last)) if ticket.last else ""
        room = max(self.room_width - f.width(known.code) - len(tick) - 8, 4)
        return [
            Cell(f" {f.clip(name, room)}", "strong"),
            Cell(f" {known.code}", "text-dim"),
            Cell(f" t{tick}" if tick else "", "text-dim"),
        ]

    def _field(self, ticket: Ticket, name: str, label: str, value: str, note: str) -> list[Cell]:
        is_active, is_editable = ticket.field == name, name in ticket.fields
        label_text = f.fit(f" {self._look.word(label)}", _LABEL)
        pen = "field-active" if is_active else "field" if is_editable else "text"
        mark = Cell("▎" if is_active else " ", "field-mark" if is_active else pen)
        return [
            Cell(label_text, "text-dim"),
            mark,
            Cell(f.fit(value or f.MISSING, _EDGE - _LABEL - 1, "right"), pen),
            Cell(f" {f.clip(note, max(self.room_width - _EDGE - 2, 0))}", "text-dim"),
        ]

    def _distance(self, ticket: Ticket) -> str:
        preview = ticket.preview
        if preview is None or preview.distance_ticks is None:
            return ""
        return f"{preview.distance_ticks:+d}t" if preview.distance_ticks else self._look.word("touch")

    def _preview(self, ticket: Ticket) -> list[list[Cell]]:
        preview, look = ticket.preview, self._look
        if preview is None:
            return [self._figure("Value", f.MISSING), self._figure("Cost", f.MISSING), self._figure("After", f.MISSING)]
        share = "" if preview.nav_fraction is None else f"{preview.nav_fraction * 100:.1f}% NAV"
        return [
            self._figure("Value", look.money(preview.notional, preview.currency), share),
            self._figure("Cost", look.money(preview.costs, preview.currency)),
            self._figure("After", look.quantity(preview.position_after, _EDGE - _LABEL)),
            self._figure("BP left", look.money(preview.buying_power_after, preview.currency)),
        ]

    def _figure(self, label: str, value: str, note: str = "") -> list[Cell]:
        return [
            Cell(f.fit(f" {self._look.word(label)}", _LABEL), "text-dim"),
            Cell(f.fit(value, _EDGE - _LABEL, "right", number=True), "faint" if value == f.MISSING else "strong"),
            Cell(f" {note}", "text-dim"),
        ]

    def _verdict(self, ticket: Ticket) -> list[list[Cell]]:
        width = max(self.room_width - 2, 1)
        if ticket.problem:
            pen = "error" if ticket.is_denied else "stale"
            rows = _wrap(self._look.said(ticket.problem), width - 2)[:3]
            return [[Cell(" "), Cell(f" {rows[0]} ", pen)], *[[Cell(f"  {row}", "text")] for row in rows[1:]]]
        preview = ticket.preview
        if preview is None:
            return [[Cell(f" {self._look.word('checks: waiting for figures')}", "text-dim")]]
        if preview.rule:
            rows = _wrap(self._look.said(preview.text), width)[:3]
            return [
                [Cell(" "), Cell(f" {f.clip(self._look.word(preview.rule), width - 2)} ", "stale")],
                *[[Cell(f" {row}")] for row in rows],
            ]
        return [[Cell(f" ✓ {preview.checks_passed}/{preview.checks_total} {self._look.word('checks')}", "text-dim")]]


def _shown(edit: LineEdit) -> str:
    """The number with separators, until someone types in it."""
    if not edit.is_fresh:
        return edit.text
    try:
        return f.quantity(parse(edit.text))
    except InvalidValue:
        return edit.text


def _wrap(text: str, cells: int) -> list[str]:
    """Words into lines of at most `cells` cells."""
    lines, line = [], ""
    for word in text.split()[:60]:
        word = f.clip(word, cells)  # noqa: PLW2901
        if line and f.width(line) + 1 + f.width(word) > cells:
            lines.append(line)
            line = word
        else:
            line = f"{line} {word}" if line else word
    return [*lines, line] if line else lines or [""]
