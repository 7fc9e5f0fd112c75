"""The system screen: lines to brokers, budgets, latencies, loops, process, journal, terminal, trading state, what is
due. Healthy figures are dim and silent; what is wrong is a chip with a word. It shows a row once a second and measures
nothing."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import msgspec

from core.domain.account import TradingState
from core.trading.systemview import FeedFigures, Latency, SystemRow
from core.trading.view import Slice
from tui import format as f
from tui.look import Look
from tui.picture import Picture
from tui.widgets.grid import Cell
from tui.widgets.sheet import Sheet

COLUMN = 56
"""Cells of one column of sections; a wide pane has two or three of them."""
LAG_LIMIT = 50_000_000
"""A loop that is later than this, ns, makes keys wait."""
WAITS = (("p50", 10), ("p99", 10), ("max", 10), ("count", 7))
Rows = list[list[Cell]]


class Own(msgspec.Struct, frozen=True, kw_only=True):
    """What the console says of itself."""

    lag: Latency
    backlog: int
    held: int
    """Frames that were not drawn because the terminal was slow."""
    written: int
    """Bytes to the terminal in the last second."""
    versions: str


class SystemPane(Sheet, can_focus=True):
    slices = (Slice.SYSTEM,)
    title = "System"

    def __init__(self, look: Look, own: Callable[[], Own] | None = None) -> None:
        super().__init__(look.pens, id="system")
        self._look = look
        self.own = own
        """Asked at each drawing; the console sets it."""
        self._rows: Rows = []
        self.top = 0
        self.subject = ""

    def show(self, picture: Picture, now: int, dirty: set[str] | None = None) -> None:
        row = picture.system
        if row is None:
            self._rows = [[Cell(f" {self._look.word('asking the engine')}", "text-dim")]]
        else:
            self._rows = self._columns(self._sections(row, now))
        self._draw_window()

    @property
    def facts(self) -> tuple[Cell, ...]:
        room, count = max(self.room_height, 1), len(self._rows)
        return (Cell(f"{self.top + 1}-{min(self.top + room, count)}/{count}", "text-dim"),) if count > room else ()

    # ---- scrolled like any pane

    def move_cursor(self, by: int) -> None:
        self.top += by
        self._draw_window()

    def cursor_to(self, place: int) -> None:
        self.top = place if place >= 0 else len(self._rows)
        self._draw_window()

    def page(self, pages: float) -> None:
        self.move_cursor(round(max(self.room_height, 1) * pages))

    def _draw_window(self) -> None:
        room = max(self.room_height, 1)
        self.top = max(min(self.top, len(self._rows) - room), 0)
        self.put_lines(self._rows[self.top : self.top + room])
        self.flush()

    # ---- sections

    def _columns(self, sections: Sequence[Rows]) -> Rows:
        """Sections side by side where there is room, filled from the shortest column on."""
        width = self.room_width
        count = max(min(width // COLUMN, 3), 1)
        columns: list[Rows] = [[] for _ in range(count)]
        for section in sections:
            shortest = min(columns, key=len)
            shortest += [*section, []]
        wide = width // count
        rows: Rows = []
        for y in range(max(len(column) for column in columns)):
            row: list[Cell] = []
            for place, column in enumerate(columns):
                cells = column[y] if y < len(column) else []
                row += _clipped(cells, wide - 1)
                if place + 1 < count:
                    used = sum(f.width(cell.text) for cell in row)
                    row.append(Cell(" " * max(wide * (place + 1) - used, 0)))
            rows.append(row)
        return rows

    def _sections(self, row: SystemRow, now: int) -> list[Rows]:
        found = [self._feeds(row, now), self._waits(row), self._journal(row, now), self._process(row, now)]
        found += [self._terminal(row)] if self.own is not None else []
        return [*found, self._state(row), self._due(row, now)]

    def _head(self, text: str) -> list[Cell]:
        return [Cell(f" {self._look.word(text)}", "strong")]

    def _fact(self, label: str, *cells: Cell) -> list[Cell]:
        return [Cell(f"  {f.fit(self._look.word(label), 16)} ", "text-dim"), *cells]

    def _feeds(self, row: SystemRow, now: int) -> Rows:
        look = self._look
        rows = [self._head("Lines")]
        for feed in row.feeds:
            rows += self._feed(feed, now)
        for rate in row.rates:
            used = f"{rate.used}/{rate.limit}" if rate.limit is not None else look.word("no limit")
            full = rate.limit is not None and rate.used >= rate.limit
            cells = [Cell(f"{look.word(rate.what)} {used}", "warning" if full else "text")]
            if rate.waiting:
                cells.append(Cell(f"   {look.say('{count} waiting', count=rate.waiting)}", "warning"))
            rows.append(self._fact(look.say("{broker} rate", broker=rate.broker), *cells))
        return rows

    def _feed(self, feed: FeedFigures, now: int) -> Rows:
        look = self._look
        since = f" {f.duration(now - feed.since)}" if feed.since else ""
        state = Cell(f"{look.word('up')}{since}", "text")
        if not feed.is_connected:
            state = Cell(f" ✕ {look.word('down')}{since} ", "error")
        most = f"/{feed.max_subscriptions}" if feed.max_subscriptions is not None else ""
        full = feed.max_subscriptions is not None and feed.subscriptions >= feed.max_subscriptions
        places = Cell(f"   ws {feed.subscriptions}{most}", "warning" if full else "text-dim")
        last = f.age(now - feed.last) if feed.last else f.MISSING
        flow = f"{look.word('last')} {last}   {f.number(feed.per_second, 1)}/s"
        flow += f"   {look.word('all')} {f.compact(feed.messages, 1, 100_000)}"
        rows = [self._fact(feed.broker, state, places), self._fact("", Cell(flow, "text-dim"))]
        if feed.reconnects:
            rows.append(self._fact("", Cell(look.say("{count} reconnects", count=feed.reconnects), "warning")))
        if feed.text:
            rows.append(self._fact("", Cell(look.said(feed.text), "warning")))
        return rows

    def _waits(self, row: SystemRow) -> Rows:
        look = self._look
        heads = [Cell(f.fit(look.word(word), wide, "right"), "text-dim") for word, wide in WAITS]
        rows = [self._head("Waiting"), [Cell(f.fit("", 19)), *heads]]
        rows += [self._latency(look.word(wait.name), wait) for wait in row.latencies]
        rows.append(self._latency(look.word("engine loop"), row.loop, limit=LAG_LIMIT))
        if self.own is not None:
            rows.append(self._latency(look.word("console loop"), self.own().lag, limit=LAG_LIMIT))
        return rows

    def _latency(self, name: str, wait: Latency, limit: int = 0) -> list[Cell]:
        """What is beyond `limit` is a warning."""
        found = [Cell(f"{ns / 1e6:,.2f} ms", "warning" if limit and ns > limit else "text") for ns in _three(wait)]
        if not wait.count:
            found = [Cell(f.MISSING, "faint")] * 3
        found.append(Cell(f.number(wait.count), "text-dim"))
        cells = [Cell(f.fit(c.text, wide, "right"), c.pen) for c, (_, wide) in zip(found, WAITS, strict=True)]
        return [Cell(f"  {f.fit(name, 16)} ", "text-dim"), *cells]

    def _journal(self, row: SystemRow, now: int) -> Rows:
        look, journal = self._look, row.journal
        state = (
            Cell(f" ✕ {look.said(journal.problem)} ", "error")
            if journal.problem
            else Cell(look.word("writable"), "text")
        )
        chain = look.say("proved to #{count} at the start", count=f.number(journal.verified))
        rows = [self._head("Journal"), self._fact("state", state), self._fact("chain", Cell(chain, "text"))]
        rows.append(self._fact("events", Cell(f"#{f.number(journal.sequence)}   {journal.head}", "text")))
        last = f.age(now - journal.last_commit) if journal.last_commit else f.MISSING
        rows.append(self._fact("last commit", Cell(last, "text")))
        rows.append(self._fact("on disk", Cell(mega(journal.size), "text")))
        if row.disk_free_mb is not None:
            low = row.disk_free_mb < row.min_free_mb * 4
            floor = look.say("orders stop below {count} MB", count=f.number(row.min_free_mb))
            free = f"{f.number(row.disk_free_mb)} MB   {floor}"
            rows.append(self._fact("disk free", Cell(free, "warning" if low else "text")))
            count = f.number(journal.kept_back / 1_048_576)
            kept = look.say("{count} MB   for cancels on a full disk", count=count) if journal.kept_back else ""
            none = look.word("nothing for a full disk")
            rows.append(self._fact("kept back", Cell(kept or none, "text" if kept else "warning")))
        rows.append(self._fact("file", Cell(f.clip(journal.path, COLUMN - 21), "text-dim")))
        return rows

    def _process(self, row: SystemRow, now: int) -> Rows:
        look = self._look
        rows = [self._head("Engine")]
        rows.append(
            self._fact("running", Cell(f"{f.duration(now - row.started)}   {look.word('process')} {row.pid}", "text"))
        )
        rows.append(self._fact("CPU", Cell(f"{row.cpu * 100:.0f}%", "warning" if row.cpu > 0.9 else "text")))
        rows.append(self._fact("memory", Cell(mega(row.memory) if row.memory else f.MISSING, "text")))
        rows.append(
            self._fact(
                "consoles",
                Cell(look.say("{count} attached", count=row.consoles), "text"),
                Cell(f"   {look.say('{count} pictures', count=row.watches)}", "text-dim"),
            )
        )
        counts = [look.say("{count} instruments", count=row.instruments), look.say("{count} orders", count=row.orders)]
        counts.append(look.say("{count} alerts", count=row.alerts))
        rows.append(self._fact("knows", Cell("   ".join(counts), "text")))
        rows.append(self._fact("dropped", Cell(f.number(row.dropped), "warning" if row.dropped else "text-dim")))
        rows.append(self._fact("versions", Cell(f"hoga {row.hoga}   Python {row.python}", "text-dim")))
        return rows

    def _terminal(self, row: SystemRow) -> Rows:
        look, own = self._look, self.own
        if own is None:
            return []
        figures = own()
        rows = [self._head("This console")]
        rows.append(
            self._fact(
                "not yet taken",
                Cell(look.say("{count} writes", count=figures.backlog), "warning" if figures.backlog > 2 else "text"),
            )
        )
        rows.append(self._fact("frames held", Cell(f.number(figures.held), "warning" if figures.held else "text-dim")))
        rows.append(self._fact("written", Cell(f"{figures.written / 1024:,.1f} KiB/s", "text")))
        rows.append(self._fact("versions", Cell(figures.versions, "text-dim")))
        return rows

    def _state(self, row: SystemRow) -> Rows:
        look = self._look
        pen = "text" if row.trading_state is TradingState.ACTIVE else "halted"
        word = look.word(row.trading_state.value.upper())
        rows = [self._head("Trading state"), self._fact("now", Cell(f" {word} " if pen == "halted" else word, pen))]
        for change in row.changes[:5]:
            who = change.account or look.word("all accounts")
            text = f"{look.word(change.state.value.upper())} {look.hidden(who)} {look.said(change.text)}".rstrip()
            rows.append(
                [
                    Cell(f"  {look.zone.moment(change.ts)[5:]}  ", "text-dim"),
                    Cell(text, "text"),
                    Cell(f"  {change.by}", "text-dim"),
                ]
            )
        return rows

    def _due(self, row: SystemRow, now: int) -> Rows:
        rows = [self._head("What is due")]
        for item in row.scheduled[:6]:
            left = f.duration(item.at - now)
            rows.append([Cell(f"  {f.fit(left, 8, 'right')}  ", "text"), Cell(self._look.said(item.what), "text-dim")])
        return rows


def _three(wait: Latency) -> tuple[int, int, int]:
    return wait.p50, wait.p99, wait.max


def mega(size: int) -> str:
    return f"{size / 1_048_576:,.1f} MiB"


def _clipped(cells: Sequence[Cell], room: int) -> list[Cell]:
    kept, left = [], room
    for cell in cells:
        if left <= 0:
            break
        text = f.clip(cell.text, left)
        kept.append(Cell(text, cell.pen))
        left -= f.width(text)
    return kept
