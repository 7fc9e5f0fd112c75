"""Draws the review of real money in three rows: what mode this is and that nothing was sent, the whole order, and the
key that sends it with the market of this moment beside it. In a rehearsal it looks the same and says that it is one."""

from __future__ import annotations

from decimal import Decimal

from core.domain.commands import Close, Replace
from core.domain.ids import AccountId, tail_of
from core.domain.order import OrderRequest, Side
from core.ports import Preview
from core.trading.view import StatusRow
from tui import format as f
from tui.forms.policy import Ask
from tui.forms.review import Review, Subject
from tui.look import DOUBTFUL, SIDE_WORDS, TYPE_WORDS, Look, account_tail
from tui.picture import Picture
from tui.widgets.grid import Cell
from tui.widgets.parts import Part, part, spread

FIELD_CELLS = 12


def review_rows(
    form: Review, picture: Picture, look: Look, width: int, now: int, *, is_sending: bool
) -> list[list[Cell]]:
    order = _order(form.subject, look)
    figures = _figures(form.preview, form.subject.request, look)
    answer = _elevated(form, look, width) if form.is_input else _keys(look)
    if is_sending:
        answer = [part(look.word("sending..."), "strong")]
    market = [] if form.is_input else _market(form, picture, look, now)
    return [
        _head(form.subject, picture.status, look, width),
        [*spread(width - 1, order, figures), Cell(" ")],
        [Cell(" "), *spread(width - 2, [*answer, *market], [])],
    ]


def _head(subject: Subject, status: StatusRow | None, look: Look, width: int) -> list[Cell]:
    is_rehearsal = status is not None and status.is_rehearsal
    badge = status.badge if status is not None else "LIVE"
    what = look.word("practice order review" if is_rehearsal else "order review")
    account = look.hidden(_account(subject.account)) if subject.account is not None else ""
    left = f" {badge}  {what}  {account}"
    right = look.word("practice: nothing real is sent" if is_rehearsal else "not sent yet") + " "
    if f.width(left) + f.width(right) + 2 > width:
        left = f" {badge}  {account}"
    gap = max(width - f.width(left) - f.width(right), 1)
    return [Cell(f.fit(left + " " * gap + right, width), "badge-live")]


def _account(account: AccountId) -> str:
    name, tail = account_tail(account), tail_of(account)
    return name if name == tail else f"{name[: -len(tail)][:8]} ··{tail}"


def _order(subject: Subject, look: Look) -> list[Part]:
    side, quantity, terms = _terms(subject, look)
    known = subject.instrument
    name = subject.instrument_id or ""
    code = ""
    if known is not None:
        name = (known.name_ko if look.language == "ko" else "") or known.name
        code = known.code
    banner = "banner-buy" if side is Side.BUY else "banner-sell"
    verb = look.word(SIDE_WORDS[side])
    if subject.order is not None:
        verb = f"{look.word('modify')} {subject.order.id[-4:]} {verb}"
    return [
        Part((Cell(f" {verb} ", banner), Cell(f" {quantity} ", "strong"), Cell(f.clip(name, 24), "strong"))),
        part(code, "text-dim", 5 if code != name else 9),
        Part((Cell(terms, "strong"),)),
    ]


def _terms(subject: Subject, look: Look) -> tuple[Side, str, str]:
    """(side, quantity, type and prices): of a change with what it was before."""
    request, command, old = subject.request, subject.command, subject.order
    if request is None:
        held = subject.position.quantity if subject.position is not None else Decimal(0)
        side = Side.SELL if held > 0 else Side.BUY
        if isinstance(command, Close):
            size = f"~{f.quantity(abs(held) * command.fraction)}"
            how = look.word("at market" if command.at_market else "at the opposite touch")
            return side, size, f"{how}, {look.word('reduce-only')}"
        return side, f.MISSING, look.word("terms unknown")
    words = [look.word(TYPE_WORDS[request.type])]
    is_change = isinstance(command, Replace) and old is not None
    for value, before, lead in (
        (request.limit_price, old.limit_price if old else None, ""),
        (request.stop_price, old.stop_price if old else None, f"{look.word('stop')} "),
        (request.trail, old.trail if old else None, f"{look.word('trail')} "),
    ):
        if value is not None:
            changed = is_change and before is not None and before != value
            words.append(f"{lead}{f.quantity(before)}→{f.quantity(value)}" if changed else f"{lead}{f.quantity(value)}")
    words.append(request.time_in_force.value.upper())
    words += [request.algo.words] if request.algo is not None else []
    words += [look.word("reduce-only")] if request.reduce_only else []
    words += [look.word("post-only")] if request.post_only else []
    words += [f"{look.word('SL')} {f.quantity(request.stop_loss)}"] if request.stop_loss is not None else []
    words += [f"{look.word('TP')} {f.quantity(request.take_profit)}"] if request.take_profit is not None else []
    size = f.quantity(request.quantity)
    if is_change and old is not None and old.quantity != request.quantity:
        size = f"{f.quantity(old.quantity)}→{size}"
    return request.side, size, " ".join(words)


def _figures(preview: Preview | None, request: OrderRequest | None, look: Look) -> list[Part]:
    if request is None:
        return [part(look.word("size read when sent"), "text-dim", 3)]
    if preview is None:
        return [part(look.word("no figures"), "stale", 3)]
    value = look.money(preview.notional, preview.currency)
    share = "" if preview.nav_fraction is None else f"{preview.nav_fraction * 100:.1f}% NAV"
    return [part(value, "strong", 3), part(share, "text-dim", 7)]


def _keys(look: Look) -> list[Part]:
    return [
        Part((Cell(" y ", "badge-live"), Cell(f" {look.word('send')}", "strong"))),
        Part((Cell(" Esc ", "badge-paper"), Cell(f" {look.word('back')}", "text"))),
    ]


def _market(form: Review, picture: Picture, look: Look, now: int) -> list[Part]:
    """Touch and age, distance, stop loss and risk: the market of this moment, not the one when it opened."""
    id, request, preview = form.subject.instrument_id, form.subject.request, form.preview
    quote = picture.quote(id) if id is not None else None
    if quote is None:
        return [part(look.word("no quote"), "stale")]
    touch = f"{f.number(quote.bid, quote.decimals)}/{f.number(quote.ask, quote.decimals)}"
    is_doubtful = quote.freshness in DOUBTFUL
    age = f" {f.age(now - quote.received).strip()}" if quote.received else ""
    word = f" {look.word(quote.freshness.value)}" if is_doubtful else ""
    parts = [Part((Cell(touch, "text"), Cell(f"{age}{word}", "stale" if is_doubtful else "text-dim")), 1)]
    if request is None:
        return parts
    if preview is not None and preview.distance_ticks is not None:
        side = look.word("bid" if request.side is Side.BUY else "ask")
        ticks = f"{preview.distance_ticks:+d}t" if preview.distance_ticks else "0t"
        parts.append(part(f"{side} {ticks}", "text-dim", 4))
    if preview is not None and preview.risk is not None:
        parts.append(part(f"{look.word('risk')} {look.money(preview.risk, preview.currency)}", "text-dim", 6))
    return parts


def _elevated(form: Review, look: Look, width: int) -> list[Part]:
    """The first reason in a chip, how many more there are, and the field that answers."""
    wanted = look.word("type the account's end" if form.ask is Ask.TAIL else "type the quantity")
    field = f.fit(form.typed.text, FIELD_CELLS - 1)
    answer = Part((Cell(f"{wanted} ", "text"), Cell(field, "field-active"), Cell(" ", "cursor")))
    if form.problem:
        return [part(f" {look.word(form.problem)} ", "error"), answer]
    lead = f"{look.word('changed')} · " if form.is_again else ""
    room = max(width - answer.width - 32, 12)
    first = look.said(form.cautions[0]) if form.cautions else ""
    parts = [part(f" {f.clip(lead + first, room)} ", "stale")]
    if len(form.cautions) > 1:
        parts.append(part(f"+{len(form.cautions) - 1}", "warning", 1))
    escape = Part((Cell(" Esc ", "badge-paper"), Cell(f" {look.word('back')}", "text")), 2)
    enter = Part((Cell(" Enter ", "badge-live"), Cell(f" {look.word('send')}", "text")), 3)
    return [*parts, answer, enter, escape]
