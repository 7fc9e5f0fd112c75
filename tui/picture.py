"""The console's own copy of the view: rows by key, slice by slice, as the desk sent them. It keeps and orders; it
decides nothing and draws nothing."""

from __future__ import annotations

from typing import TypeVar

from msgspec.structs import replace

from core.domain.ids import AccountId, InstrumentId
from core.domain.instrument import Instrument
from core.domain.market import Freshness
from core.domain.order import OrderStatus
from core.trading.systemview import SystemRow
from core.trading.view import (
    AlertRow,
    BookRow,
    Changed,
    ChartRow,
    LogRow,
    OrderRow,
    PnlRow,
    PositionRow,
    QuoteRow,
    ReconRow,
    Row,
    Slice,
    StatusRow,
    StrategyRow,
    TraceRow,
    WatchlistRow,
)

_R = TypeVar("_R")

MAX_LOG = 500
"""Log lines kept in the console; older ones are in the journal."""


def order_place(row: OrderRow) -> tuple[bool, bool, int, str]:
    """Where an order stands in a list of them."""
    return row.status is not OrderStatus.UNKNOWN, not row.is_working, -row.created, row.key


class Picture:
    """What the desk last said. `dirty` holds the keys that changed in each slice since `take` was called."""

    def __init__(self) -> None:
        self.rows: dict[Slice, dict[str, Row]] = {part: {} for part in Slice}
        self.dirty: dict[Slice, set[str]] = {}
        self.instruments: dict[InstrumentId, Instrument] = {}
        """What the console has learned of the instruments it meets (see known.py): price steps, lots."""
        self.last_log = 0
        """Sequence number of the newest log line seen."""
        self.unread = 0
        """Alerts, warnings and errors that came since somebody looked at the log."""
        self.list_name = ""
        """The watchlist that is looked at; empty: the first."""
        self._stale: set[Slice] = set()
        self._old: set[Slice] = set()
        """Slices that still show what an engine said that went away."""
        self._log_room = MAX_LOG
        """Lines that are kept; more once older ones were asked for."""
        self.has_older_log = True
        """There may be lines before those that are here."""

    def restart(self, part: Slice) -> None:
        """Another stream brings this slice: what it says first takes the place of all that is here."""
        self._stale.add(part)

    def apply(self, changed: Changed) -> None:
        rows = self.rows[changed.slice]
        dirty = self.dirty.setdefault(changed.slice, set())
        if changed.slice is Slice.STATUS:  # it ends every first picture: what did not come is not there any more
            for part in tuple(self._old):
                self._drop(part)
        elif changed.slice in self._stale | self._old:
            self._drop(changed.slice)
        if changed.slice in (Slice.BOOK, Slice.CHART):  # of one instrument at a time
            rows.clear()
        for row in changed.put:
            rows[row.key] = row
            dirty.add(row.key)
        for key in changed.gone:
            if rows.pop(key, None) is not None:
                dirty.add(key)
        if changed.slice is Slice.LOG and len(rows) > self._log_room:
            for key in sorted(rows, key=int)[: -self._log_room]:
                del rows[key]

    def recon(self) -> list[ReconRow]:
        """Account by account, each difference below its account's reading."""
        place = {"reading": 0, "unknown": 1, "candidate": 1, "inferred": 2, "frozen": 3, "position": 4, "odd": 5}
        return sorted(
            self._of(Slice.RECON, ReconRow),
            key=lambda row: (
                *(row.account, place.get(row.kind, 9), row.client_order_id or ""),
                *(row.kind == "candidate", row.key),
            ),
        )

    def stand_still(self) -> None:
        """The engine is gone: nothing here may look as if it still moved, or as if something could be sent."""
        for part in (Slice.QUOTES, Slice.BOOK):
            for row in self.rows[part].values():
                if isinstance(row, (QuoteRow, BookRow)):
                    self._put(part, replace(row, freshness=Freshness.STALE))
        status = self.status
        if status is not None:
            feeds = tuple(replace(feed, is_connected=False) for feed in status.feeds)
            self._put(Slice.STATUS, replace(status, feeds=feeds, gate="no engine"))

    def renew(self) -> None:
        """An engine is back and tells everything again: each slice is replaced whole when its rows come."""
        self._old = set(Slice)
        self.last_log = 0

    def _put(self, part: Slice, row: Row) -> None:
        self.rows[part][row.key] = row
        self.dirty.setdefault(part, set()).add(row.key)

    def _drop(self, part: Slice) -> None:
        self._old.discard(part)
        self._stale.discard(part)
        self.dirty.setdefault(part, set()).update(self.rows[part])
        self.rows[part].clear()

    def take(self) -> dict[Slice, set[str]]:
        """What changed since the last call."""
        dirty, self.dirty = self.dirty, {}
        return dirty

    def _of(self, part: Slice, kind: type[_R]) -> list[_R]:
        return [row for row in self.rows[part].values() if isinstance(row, kind)]

    @property
    def status(self) -> StatusRow | None:
        found = self._of(Slice.STATUS, StatusRow)
        return found[0] if found else None

    @property
    def book(self) -> BookRow | None:
        found = self._of(Slice.BOOK, BookRow)
        return found[0] if found else None

    @property
    def chart(self) -> ChartRow | None:
        found = self._of(Slice.CHART, ChartRow)
        return found[0] if found else None

    def quote(self, instrument: InstrumentId) -> QuoteRow | None:
        row = self.rows[Slice.QUOTES].get(instrument)
        return row if isinstance(row, QuoteRow) else None

    def watchlists(self) -> list[WatchlistRow]:
        return sorted(self._of(Slice.WATCHLISTS, WatchlistRow), key=lambda row: row.place)

    @property
    def watchlist(self) -> WatchlistRow | None:
        """The one that is looked at: by its name, else the first."""
        lists = self.watchlists()
        return next((row for row in lists if row.name == self.list_name), lists[0] if lists else None)

    def quotes(self) -> list[QuoteRow]:
        """Those of the watchlist, in its order."""
        listed = self.watchlist
        if listed is None:
            return sorted(self._of(Slice.QUOTES, QuoteRow), key=lambda row: (row.position, row.key))
        return [row for id in listed.instruments if (row := self.quote(id)) is not None]

    def alerts(self) -> list[AlertRow]:
        """Those that wait, newest first, then those that fired."""
        return sorted(self._of(Slice.ALERTS, AlertRow), key=lambda row: (row.fired_at > 0, -row.fired_at, -row.set_at))

    @property
    def system(self) -> SystemRow | None:
        found = self._of(Slice.SYSTEM, SystemRow)
        return found[0] if found else None

    def positions(self) -> list[PositionRow]:
        return sorted(self._of(Slice.POSITIONS, PositionRow), key=lambda row: (not row.quantity, row.key))

    def position(self, instrument: InstrumentId, account: AccountId | None = None) -> PositionRow | None:
        """What is held of it: by this account, else by the first that holds any."""
        found = (row for row in self.positions() if row.instrument == instrument and row.quantity)
        return next((row for row in found if account in (None, row.account)), None)

    def order(self, key: str) -> OrderRow | None:
        row = self.rows[Slice.ORDERS].get(key)
        return row if isinstance(row, OrderRow) else None

    def orders(self) -> list[OrderRow]:
        """UNKNOWN first, then working ones, newest first, then what ended."""
        return sorted(self._of(Slice.ORDERS, OrderRow), key=order_place)

    def pnl(self) -> list[PnlRow]:
        place = {"total": 0, "account": 1, "currency": 2, "strategy": 3, "instrument": 4}
        return sorted(self._of(Slice.PNL, PnlRow), key=lambda row: (place.get(row.scope, 9), row.name))

    def strategies(self) -> list[StrategyRow]:
        return sorted(self._of(Slice.STRATEGIES, StrategyRow), key=lambda row: row.name)

    def traces(self, strategy: str) -> list[TraceRow]:
        """Of one strategy, in the order of its instruments' names."""
        return sorted((r for r in self._of(Slice.TRACE, TraceRow) if r.strategy == strategy), key=lambda r: r.code)

    def add_log(self, older: list[LogRow], *, has_older: bool) -> None:
        """Lines of the past that somebody scrolled to; they stay."""
        held = self.rows[Slice.LOG]
        new = {row.key: row for row in older if row.key not in held}
        self._log_room += len(new)
        held.update(new)
        self.has_older_log = has_older

    def log(self) -> list[LogRow]:
        """Newest first."""
        return sorted(self._of(Slice.LOG, LogRow), key=lambda row: -row.sequence)
