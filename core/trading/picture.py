"""State cut into rows, and which rows changed. One picture serves all faces: each remembers the revision it has seen
and is given what is newer. Only instruments that moved are cut again."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from decimal import Decimal
from itertools import islice

from core.domain.ids import InstrumentId
from core.domain.market import NS
from core.trading import keptrows, rows
from core.trading.charts import ChartKey
from core.trading.engine import Engine
from core.trading.ladder import book_row
from core.trading.notify import LogBook
from core.trading.sparks import Sparks
from core.trading.strategy_rows import Curves, strategy_row
from core.trading.systemview import SystemRow
from core.trading.trace import trace_rows
from core.trading.view import Changed, Interest, ReconRow, Row, Slice, StatusRow, chart_key

ENDED_SHOWN = 100
"""How many ended orders the orders slice keeps; older ones are history."""
LOG_SHOWN = 500
"""Lines of the log that a face is given; older ones are history."""
CURVE_POINTS = 240


class Face:
    """Somebody who looks: what at, and what was shown already."""

    def __init__(self, interest: Interest) -> None:
        self.interest = interest
        self.revision = 0
        """The newest picture it was given; 0: none yet."""
        self.quotes: frozenset[str] = frozenset()
        """Quotes it has on its screen."""


class Picture:
    """`refresh(now)` cuts what moved; `since(face)` says what a face has not seen."""

    def __init__(
        self,
        engine: Engine,
        log: LogBook,
        status: Callable[[rows.Totals], StatusRow],
        system: Callable[[int], SystemRow] | None = None,
        recon: Callable[[], Sequence[ReconRow]] | None = None,
    ) -> None:
        self._engine = engine
        self._log = log
        self._status = status
        self._system = system
        self._recon = recon
        self.faces: set[Face] = set()
        self.revision = 0
        self._rows: dict[Slice, dict[str, tuple[int, Row]]] = {s: {} for s in Slice}
        self._gone: dict[Slice, dict[str, int]] = {s: {} for s in Slice}
        self._seen_state = -1
        self._seen_log = 0
        self._aged_at = 0
        self._places: dict[InstrumentId, int] = {}
        """Quotes that somebody looks at, or that carry money: those are cut."""
        self.depth: set[InstrumentId] = set()
        """Instruments whose book some face is looking at."""
        self.charts: set[ChartKey] = set()
        """Instruments and intervals that stand on some face's chart."""
        self._curves = Curves()
        self.curve: list[float] = []
        self._curve_minute = -1
        self._sparks = Sparks()

    def look_at(self, id: InstrumentId) -> None:
        """Some face looks at the book of `id` from now on: it is cut at once, whatever was kept of it is old."""
        if id not in self.depth:
            self.depth.add(id)
            self._engine.touched[id] = None

    def look_away(self, id: InstrumentId) -> None:
        """Nobody looks at this book any more; what was cut of it must not be shown again."""
        self.depth.discard(id)
        self._rows[Slice.BOOK].pop(id, None)

    def look_at_chart(self, key: ChartKey) -> None:
        """As `look_at`, for a chart."""
        if key not in self.charts:
            self.charts.add(key)
            self._engine.touched[key[0]] = None

    def look_away_from_chart(self, key: ChartKey) -> None:
        self.charts.discard(key)
        self._rows[Slice.CHART].pop(chart_key(*key), None)

    def add(self, face: Face) -> None:
        """A face begins to look: what it wants is cut at the next refresh, whoever looked at what before."""
        self.faces.add(face)
        self._aged_at = 0

    def remove(self, face: Face) -> None:
        self.faces.discard(face)

    def forget(self) -> None:
        """What was gone when every face last looked needs no telling any more."""
        seen = min((face.revision for face in self.faces), default=self.revision)
        for gone in self._gone.values():
            for key in [key for key, at in gone.items() if at <= seen]:
                del gone[key]

    def shown(self, interest: Interest) -> dict[InstrumentId, None]:
        """The quotes of this interest: the list in its order, then what carries money or waits for a price."""
        state = self._engine.state
        ids = dict.fromkeys(self._engine.watchlists.get(interest.watchlist))
        ids.update((place[1], None) for place, position in state.positions.items() if position.quantity)
        ids.update((state.orders[id].instrument, None) for id in state.live)
        ids.update((alert.instrument, None) for alert in state.kept.alerts.values())
        if interest.instrument is not None:
            ids[interest.instrument] = None
        return ids

    def looked_at(self) -> dict[InstrumentId, None]:
        """The quotes that somebody looks at; while nobody looks, those who come would see."""
        interests = [face.interest for face in self.faces if Slice.QUOTES in face.interest.slices] or [Interest()]
        return {id: None for interest in interests for id in self.shown(interest)}

    def refresh(self, now: int) -> int:
        """Cut rows anew; returns the revision, which moved only if some row did."""
        engine = self._engine
        state = engine.state
        touched = engine.touched
        engine.touched = {}
        aged = now - self._aged_at >= NS
        changed = state.revision != self._seen_state
        self._seen_state = state.revision
        self.revision += 1
        before = self.revision
        if aged or changed:
            self._places = {id: n for n, id in enumerate(self.looked_at())}
        places = self._places
        if aged or changed:
            self._sparks.sample(state, places, now)
        sparks = self._sparks.shapes
        # Once a second, and when facts changed, everything: quotes may have gone stale, phases changed.
        wanted = places if aged or changed else [id for id in touched if id in places]
        limit = engine.gate.limits.max_quote_age_seconds
        moved = self._put(
            Slice.QUOTES,
            (
                rows.quote_row(state, id, places[id], now, limit, sparks.get(id, ()))
                for id in wanted
                if id in state.instruments
            ),
        )
        if aged or changed:
            moved |= self._drop(Slice.QUOTES, {str(id) for id in places if id in state.instruments})
        books = [id for id in self.depth if id in state.instruments and (id in touched or aged or changed)]
        moved |= self._put(Slice.BOOK, (book_row(engine, id, now, limit) for id in books))
        charts = [key for key in self.charts if key[0] in state.instruments and (key[0] in touched or aged or changed)]
        moved |= self._put(Slice.CHART, (rows.chart_row(engine, key, now, limit) for key in charts))
        if changed or aged or touched:
            moved |= self._money(now, limit, touched, aged or changed)
        moved |= self._take_log()
        if changed:
            moved |= self._kept_here()
        if aged and self._system is not None and self._is_watched(Slice.SYSTEM):
            moved |= self._put(Slice.SYSTEM, (self._system(now),))
        if (aged or changed) and self._recon is not None and self._is_watched(Slice.RECON):
            found = self._recon()
            moved |= self._put(Slice.RECON, found) | self._drop(Slice.RECON, {row.key for row in found})
        if aged:
            self._aged_at = now
        if not moved:
            self.revision = before - 1
        return self.revision

    def _take_log(self) -> bool:
        if self._log.sequence == self._seen_log:
            return False
        count = min(self._log.sequence - self._seen_log, LOG_SHOWN)
        self._seen_log = self._log.sequence
        newest = islice(reversed(self._log.rows), count)
        moved = self._put(Slice.LOG, reversed(list(newest)))
        held = self._rows[Slice.LOG]
        for key in list(islice(held, max(len(held) - LOG_SHOWN, 0))):  # oldest first, as they were put
            del held[key]
        return moved

    def _kept_here(self) -> bool:
        """Lists and alerts."""
        engine = self._engine
        lists, alerts = keptrows.watchlist_rows(engine), keptrows.alert_rows(engine.state)
        moved = self._put(Slice.WATCHLISTS, lists) | self._drop(Slice.WATCHLISTS, {row.key for row in lists})
        return moved | self._put(Slice.ALERTS, alerts) | self._drop(Slice.ALERTS, {row.key for row in alerts})

    def _is_watched(self, slice: Slice) -> bool:
        return any(slice in face.interest.slices for face in self.faces)

    def _money(self, now: int, limit: float | None, touched: dict[InstrumentId, None], everything: bool) -> bool:
        engine, state = self._engine, self._engine.state
        live = {state.orders[id].instrument for id in state.live}
        moved = False
        if everything or any(id in live for id in touched):
            shown = rows.shown_orders(state, ENDED_SHOWN)
            moved |= self._put(Slice.ORDERS, (rows.order_row(state, order) for order in shown))
            if everything:
                moved |= self._drop(Slice.ORDERS, {str(order.id) for order in shown})
        held = {place[1] for place, p in state.positions.items() if p.quantity}
        if everything or any(id in held for id in touched):
            cut = [r for place in state.positions if (r := rows.position_row(state, place, now, limit)) is not None]
            moved |= self._put(Slice.POSITIONS, cut)
            moved |= self._drop(Slice.POSITIONS, {r.key for r in cut})
            totals = rows.totals(state, now, limit)
            self._sample(totals.equity, now)
            pnl = rows.pnl_rows(state, totals, now, limit, tuple(self.curve))
            moved |= self._put(Slice.PNL, pnl)
            moved |= self._drop(Slice.PNL, {r.key for r in pnl})
            moved |= self._put(Slice.STATUS, (self._status(totals),))
        if everything:
            slots = engine.strategist.slots
            strategies = [self._curves.take(strategy_row(state, slot, now, limit), now) for slot in slots.values()]
            moved |= self._put(Slice.STRATEGIES, strategies)
            asked = {face.interest.strategy for face in self.faces if Slice.TRACE in face.interest.slices}
            why = [row for name in asked if name in slots for row in trace_rows(state, slots[name], now, limit)]
            moved |= self._put(Slice.TRACE, why)
            self._drop(Slice.TRACE, {row.key for row in why})
        return moved

    def _sample(self, equity: Decimal | None, now: int) -> None:
        minute = now // (60 * NS)
        if equity is None or not self._engine.state.balances:
            return
        if minute != self._curve_minute:
            self._curve_minute = minute
            self.curve.append(float(equity))
            del self.curve[:-CURVE_POINTS]

    def _put(self, slice: Slice, cut: Iterable[Row]) -> bool:
        held, gone, moved = self._rows[slice], self._gone[slice], False
        for row in cut:
            before = held.get(row.key)
            if before is None or before[1] != row:
                held[row.key] = (self.revision, row)
                gone.pop(row.key, None)
                moved = True
        return moved

    def _drop(self, slice: Slice, keep: set[str]) -> bool:
        held = self._rows[slice]
        stale = [key for key in held if key not in keep]
        for key in stale:
            del held[key]
            self._gone[slice][key] = self.revision
        return bool(stale)

    def since(self, face: Face) -> list[Changed]:
        """What moved in the slices of interest since the face was last given something; it counts as given now."""
        interest, revision, changes = face.interest, face.revision, []
        for slice in Slice:
            if slice not in interest.slices:
                continue
            put: tuple[Row, ...]
            gone: tuple[str, ...] = ()
            if slice in (Slice.BOOK, Slice.CHART):
                is_book = slice is Slice.BOOK
                key = str(interest.instrument) if is_book else chart_key(interest.instrument, interest.interval)
                found = self._rows[slice].get(key)
                put = (found[1],) if found is not None and found[0] > revision else ()
            elif slice is Slice.TRACE:
                lead, held = f"{interest.strategy}|", self._rows[slice].items()
                put = tuple(row for key, (at, row) in held if at > revision and key.startswith(lead))
            elif slice is Slice.QUOTES:
                put, gone = self._quotes_since(face)
            else:
                put = tuple(row for at, row in self._rows[slice].values() if at > revision)
                gone = tuple(key for key, at in self._gone[slice].items() if at > revision) if revision else ()
            if put or gone or (slice is Slice.QUOTES and not revision):  # an empty list is told too
                changes.append(Changed(slice=slice, revision=self.revision, put=put, gone=gone))
        face.revision = max(self.revision, 1)
        return changes

    def _quotes_since(self, face: Face) -> tuple[tuple[Row, ...], tuple[str, ...]]:
        """A face has the quotes of its own list: what came to it or left it is told, whether or not a price moved."""
        held, had = self._rows[Slice.QUOTES], face.quotes
        shown = {str(id): held[id] for id in self.shown(face.interest) if id in held}
        put = tuple(row for key, (at, row) in shown.items() if at > face.revision or key not in had)
        if had != shown.keys():
            face.quotes = frozenset(shown)
        return put, tuple(had - shown.keys())
