"""The header and the tabs: what mode this is, how the day goes, which feeds are sick, what cannot be overlooked.
Badge, account, the day's profit, sick feeds, the clock and unknown orders never give way to width."""

from __future__ import annotations

from decimal import Decimal

from core.domain.account import TradingState
from core.trading.view import FeedRow, StatusRow
from tui import format as f
from tui.actions import SCREENS
from tui.look import Look, badge, looks_live
from tui.picture import Picture
from tui.screens.layout import SCREENS as THERE
from tui.widgets.grid import Cell
from tui.widgets.parts import Part, part, spread
from tui.widgets.sheet import Sheet

FEEDS_APART = 2
"""So many sick feeds have a chip each; more of them share one, which is never wider than the header."""


def day_part(status: StatusRow, look: Look) -> Part:
    """`DAY ▲ +312,450 +0.62%`."""
    label = Cell(f"{look.word('DAY')} ", "text-dim")
    if status.day is None:
        return Part((label, Cell(f.MISSING, "faint")))
    pen = "text-dim" if status.is_estimated else f"{f.direction(status.day)}-bold".replace("flat-bold", "strong")
    mark = "~" if status.is_estimated else ""
    glyph = f"{f.UP} " if status.day > 0 else f"{f.DOWN} " if status.day < 0 else ""
    text = f"{glyph}{mark}{look.money(status.day, status.base_currency, sign=True)}"
    percent = "" if status.day_fraction is None else f" {f.percent(status.day_fraction)}"
    return Part((label, Cell(text, pen), Cell(percent, pen)))


class StatusPane(Sheet):
    """Two rows at most: header and tabs."""

    def __init__(self, look: Look) -> None:
        super().__init__(look.pens, id="status")
        self._look = look
        self.armed_until: int | None = None
        """When the armed keys go back to sleep, ns of the desk's clock; None while they sleep."""

    def show(self, picture: Picture, now: int, screen: str, kind: str) -> None:
        status = picture.status
        is_live = looks_live(status)
        self.put_line(0, self._header(status, now, kind), ground="live-tint" if is_live else "surface")
        if kind == "full":
            rail = Cell(self._look.rail, "live") if is_live else Cell(" ")
            tabs = spread(self.room_width - 3, self._tabs(screen, picture.unread), self._standing(status, now))
            self.put_line(1, [rail, *tabs, Cell(" "), rail])
        else:
            self.clear(1)
        self.flush()

    # ---- the header

    def _header(self, status: StatusRow | None, now: int, kind: str) -> list[Cell]:
        look, width = self._look, self.room_width
        clock = part(look.zone.clock(now) + " ", "strong", 0 if kind == "full" else 20)
        if status is None:
            return spread(
                width, [Part((badge(None, look),)), part(look.word("waiting for the desk"), "text-dim", 1)], [clock]
            )
        account = part(look.hidden(status.account), "strong", 0 if kind == "full" else 15)
        left = [
            Part((badge(status, look),)),
            account,
            self._figure("NAV", status.equity, status, 56),
            day_part(status, look),
            self._signed("unreal", status.unrealised, status, 58),
            self._signed("real", status.realised, status, 59),
            self._figure("BP", status.buying_power, status, 57),
        ]
        return spread(width, left, [*self._health(status, now), clock])

    def _figure(self, word: str, value: Decimal | None, status: StatusRow, drop: int) -> Part:
        """Written out where the terminal is wide, shortened where it is not."""
        text = self._look.money(value, status.base_currency)
        if self.room_width < 160 and len(text) > 8:
            text = self._look.hidden(f.compact(value))
        pen = "faint" if value is None else "strong"
        return Part((Cell(f"{self._look.word(word)} ", "text-dim"), Cell(text, pen)), drop)

    def _signed(self, word: str, value: Decimal | None, status: StatusRow, drop: int) -> Part:
        mark = "~" if status.is_estimated and value is not None else ""
        text = mark + self._look.money(value, status.base_currency, sign=True)
        pen = "text-dim" if mark else f.direction(value)
        return Part((Cell(f"{self._look.word(word)} ", "text-dim"), Cell(text, pen)), drop)

    def _health(self, status: StatusRow, now: int) -> list[Part]:
        """Sick things as chips that never go; healthy feeds dim, gone from the right when it is narrow."""
        healthy = [feed for feed in status.feeds if feed.is_connected and not feed.text]
        parts = [part(f"{_name(feed)}●", "text-dim", 30 + place) for place, feed in enumerate(healthy)]
        if self._look.is_slow:
            parts.append(part(self._look.word("slow"), "text-dim", 25))
        if status.replay:
            parts.append(part(f.clip(status.replay, 30), "text-dim", 60))
        if status.dropped:
            parts.append(part(self._look.say("dropped {count}", count=f.number(status.dropped)), "warning", 20))
        parts += _sick([feed for feed in status.feeds if feed not in healthy], now)
        if status.gate:
            parts.append(part(f" {f.clip(self._look.say('gate: {why}', why=status.gate), 28)} ", "stale", 2))
        if status.journal != "ok":
            parts.append(part(f" ✕ {self._look.say('journal {state}', state=f.clip(status.journal, 20))} ", "error", 1))
        if status.trading_state is not TradingState.ACTIVE:
            parts.append(part(f" {self._look.word(status.trading_state.value.upper())} ", "halted"))
        return parts

    # ---- the tabs

    def _tabs(self, screen: str, unread: int) -> list[Part]:
        """The screen that is shown, and the others; those go from the right. The log counts what nobody read."""
        word, tabs = self._look.word, []
        for place, (digit, name) in enumerate(SCREENS):
            if name == screen:
                tabs.append(part(f" {digit} {word(THERE[name].tab)} ", "tab-active"))
            elif name == "log" and unread:
                tabs.append(part(f"{digit} {word(THERE[name].tab)} {min(unread, 99)}", "warning", 1))
            elif name in THERE:
                tabs.append(part(f"{digit} {word(THERE[name].tab)}", "text-dim", 2 + place))
        if screen not in {name for _, name in SCREENS}:  # it has no digit: it is told while it is shown
            tabs.append(part(f" {word(THERE[screen].tab)} ", "tab-active"))
        return tabs

    def _standing(self, status: StatusRow | None, now: int) -> list[Part]:
        """Whether single keys send, and orders whose outcome nobody knows."""
        word = self._look.word
        if self.armed_until is None:
            parts = [part(word("armed off"), "text-dim", 99)]
        else:
            parts = [part(f" {word('ARMED')} {f.duration(self.armed_until - now)} ", "halted")]
        unknown = status.unknown_orders if status is not None else 0
        if unknown:
            template = "? {count} UNKNOWN order" if unknown == 1 else "? {count} UNKNOWN orders"
            parts.append(part(f" {self._look.say(template, count=unknown)} ", "unknown"))
        return parts


def _name(feed: FeedRow) -> str:
    return feed.broker.upper()[:8]


def _sick(feeds: list[FeedRow], now: int) -> list[Part]:
    """` UPB ! 4.2s ` late, ` IB ✕ 8s ` gone; the age is that of the newest figure there is."""
    if len(feeds) > FEEDS_APART:
        names = ",".join(_name(feed)[:4] for feed in feeds)
        return [part(f" ✕ {f.clip(names, 16)} ", "error")]
    parts = []
    for feed in feeds:
        since = f" {f.age(now - feed.last_received)}" if feed.last_received else ""
        if feed.is_connected:
            parts.append(part(f" {_name(feed)} ! {f.clip(feed.text, 10)} ", "stale"))
        else:
            parts.append(part(f" {_name(feed)} ✕{since} ", "error"))
    return parts


class TinyPane(Sheet):
    """What a terminal too small for anything else still shows: badge, the panic key, the day's profit."""

    def __init__(self, look: Look) -> None:
        super().__init__(look.pens, id="tiny")
        self._look = look

    def show(self, picture: Picture) -> None:
        status, look = picture.status, self._look
        room = max(self.room_width - 2, 1)
        none, word = (Cell(look.word("no figures yet"), "text-dim"),), look.word
        day = none if status is None else _fitting(status, look, room)
        lines: list[list[Cell]] = [
            [badge(status, look), Cell(" "), Cell("!", "key"), Cell(f" {word('panic')}", "text-dim")],
            list(day),
            [Cell(word("too small: 80x24"), "text-dim")],
            [Cell(word("shows everything"), "text-dim")],
        ]
        if status is not None and status.unknown_orders:
            lines[2] = [Cell(f"? {status.unknown_orders} {look.word('UNKNOWN')}", "unknown")]
        is_live = looks_live(status)
        rail = Cell(look.rail if is_live else " ", "live")
        for y in range(self.room_height):
            cells = lines[y] if y < len(lines) else []
            used = sum(f.width(cell.text) for cell in cells)
            row = [rail, *cells, Cell(" " * max(room - used, 0)), rail]
            self.put_line(y, row, ground="live-tint" if is_live and y == 0 else "background")
        self.clear(self.room_height)
        self.flush()


def _fitting(status: StatusRow, look: Look, width: int) -> tuple[Cell, ...]:
    """The day's profit in `width` cells: percent and label go before a digit does."""
    label, amount, percent = (*day_part(status, look).cells, Cell(""))[:3]
    for cells in ((label, amount, percent), (label, amount), (amount,)):
        if sum(f.width(cell.text) for cell in cells) <= width:
            return cells
    sign = "+" if status.day is not None and status.day > 0 else ""
    return (Cell(look.hidden(sign + f.compact(status.day)), amount.pen),)
