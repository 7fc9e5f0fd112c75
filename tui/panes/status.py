"""The header and the tabs: what mode this is, how the day goes, which feeds are sick, what cannot be overlooked.
Badge, account, the day's profit, sick feeds and the clock never give way to width."""

from __future__ import annotations

from decimal import Decimal

from core.domain.account import Mode, TradingState
from core.trading.view import StatusRow
from tui import format as f
from tui.actions import SCREENS
from tui.look import Look
from tui.picture import Picture
from tui.screens.layout import SCREENS as THERE
from tui.widgets.grid import Cell
from tui.widgets.parts import Part, part, spread
from tui.widgets.sheet import Sheet


def is_live(status: StatusRow | None) -> bool:
    return status is not None and status.mode is Mode.LIVE


def badge(status: StatusRow | None) -> Cell:
    """` PAPER `, ` LIVE ` or ` REPLAY `; brackets carry it where there is no colour."""
    text = status.badge if status is not None else "..."
    return Cell(f" {text} ", "badge-live" if is_live(status) else "badge-paper")


def day_part(status: StatusRow, look: Look) -> Part:
    """`DAY ▲ +312,450 +0.62%`."""
    if status.day is None:
        return Part((Cell(f"{look.word('DAY')} ", "text-dim"), Cell(f.MISSING, "faint")))
    pen = "text-dim" if status.is_estimated else f"{f.direction(status.day)}-bold".replace("flat-bold", "strong")
    mark = "~" if status.is_estimated else ""
    glyph = f"{f.UP} " if status.day > 0 else f"{f.DOWN} " if status.day < 0 else ""
    text = f"{glyph}{mark}{f.money(status.day, status.base_currency, base=look.base_currency, sign=True)}"
    percent = "" if status.day_fraction is None else f" {f.percent(status.day_fraction)}"
    return Part((Cell(f"{look.word('DAY')} ", "text-dim"), Cell(text, pen), Cell(percent, pen)))


class StatusPane(Sheet):
    """Two rows at most: header and tabs."""

    def __init__(self, look: Look) -> None:
        super().__init__(look.pens, id="status")
        self._look = look

    def show(self, picture: Picture, now: int, screen: str, kind: str) -> None:
        status = picture.status
        ground = "live-tint" if is_live(status) else "surface"
        self.put_line(0, self._header(status, now, kind), ground=ground)
        if kind == "full":
            self.put_line(1, self._tabs(status, screen))
        else:
            self.clear(1)
        self.flush()

    def _header(self, status: StatusRow | None, now: int, kind: str) -> list[Cell]:
        look, width = self._look, self.room_width
        clock = part(look.zone.clock(now) + " ", "strong", 0 if kind == "full" else 20)
        if status is None:
            return spread(width, [Part((badge(None),)), part("waiting for the desk", "text-dim", 1)], [clock])
        currency, base = status.base_currency, look.base_currency
        left = [Part((badge(status),)), part(status.account, "strong", 0 if kind == "full" else 15)]

        def figure(word: str, value: Decimal | None, drop: int) -> Part:
            text = f.money(value, currency, base=base)
            return Part((Cell(f"{look.word(word)} ", "text-dim"), Cell(text, "strong")), drop)

        left.append(figure("NAV", status.equity, 5))
        left.append(day_part(status, look))
        left.append(Part((Cell(f"{look.word('unreal')} ", "text-dim"), _signed(status.unrealised, status, look)), 8))
        left.append(Part((Cell(f"{look.word('real')} ", "text-dim"), _signed(status.realised, status, look)), 9))
        left.append(figure("BP", status.buying_power, 6))
        return spread(width, left, [*self._health(status, now), clock])

    def _health(self, status: StatusRow, now: int) -> list[Part]:
        """Sick things as chips that never go; healthy feeds dim, gone when it is narrow."""
        parts: list[Part] = []
        if status.trading_state is not TradingState.ACTIVE:
            parts.append(part(f" {status.trading_state.value.upper()} ", "halted"))
        for feed in status.feeds:
            name = feed.broker.upper()[:8]
            if feed.is_connected:
                parts.append(part(f"{name}●", "text-dim", 3))
            else:
                parts.append(part(f" {name} ✕ ", "error"))
        if status.gate:
            parts.append(part(f" {f.clip('gate: ' + status.gate, 28)} ", "stale", 2))
        if status.journal != "ok":
            parts.append(part(f" journal {f.clip(status.journal, 20)} ", "error", 1))
        if status.dropped:
            parts.append(part(f"dropped {f.number(status.dropped)}", "warning", 7))
        if status.replay:
            parts.append(part(f.clip(status.replay, 30), "text-dim", 10))
        return parts

    def _tabs(self, status: StatusRow | None, screen: str) -> list[Cell]:
        word = self._look.word
        tabs = []
        for place, (digit, name) in enumerate(SCREENS):
            if name == screen:
                tabs.append(part(f" {digit} {word(THERE[name].tab)} ", "tab-active"))
            elif name in THERE:
                tabs.append(part(f"{digit} {word(THERE[name].tab)}", "text-dim", 1 + place))
        right = []
        unknown = status.unknown_orders if status is not None else 0
        if unknown:
            noun = "order" if unknown == 1 else "orders"
            text = (
                f" ? {word('UNKNOWN')} {unknown} " if self._look.language == "ko" else f" ? {unknown} UNKNOWN {noun} "
            )
            right.append(part(text, "unknown"))
        return [Cell(" "), *spread(self.room_width - 2, tabs, right)]


def _signed(value: Decimal | None, status: StatusRow, look: Look) -> Cell:
    mark = "~" if status.is_estimated and value is not None else ""
    text = f.money(value, status.base_currency, base=look.base_currency, sign=True)
    return Cell(mark + text, "text-dim" if mark else f.direction(value))


class TinyPane(Sheet):
    """What a terminal too small for anything else still shows: badge, the panic key, the day's profit."""

    def __init__(self, look: Look) -> None:
        super().__init__(look.pens, id="tiny")
        self._look = look

    def show(self, picture: Picture) -> None:
        status = picture.status
        day = (Cell("no figures yet", "text-dim"),) if status is None else _fitting(status, self._look, self.room_width)
        lines = [
            [badge(status), Cell(" "), Cell("!", "key"), Cell(" panic", "text-dim")],
            list(day),
            [Cell("too small: 80x24", "text-dim")],
            [Cell("shows everything", "text-dim")],
        ]
        if status is not None and status.unknown_orders:
            lines[2] = [Cell(f"? {status.unknown_orders} UNKNOWN", "unknown")]
        self.put_lines(lines)
        self.flush()


def _fitting(status: StatusRow, look: Look, width: int) -> tuple[Cell, ...]:
    """The day's profit in `width` cells: percent and label go before a digit does."""
    label, amount, percent = (*day_part(status, look).cells, Cell(""))[:3]
    for cells in ((label, amount, percent), (label, amount), (amount,)):
        if sum(f.width(cell.text) for cell in cells) <= width:
            return cells
    sign = "+" if status.day is not None and status.day > 0 else ""
    return (Cell(sign + f.compact(status.day), amount.pen),)
