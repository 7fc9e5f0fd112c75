"""The desk of this process: what a face may see and do. It adds nothing to the engine: it turns receipts, pictures and
questions into plain structs."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterable
from decimal import Decimal
from typing import Any, TypeVar

from core.config import Confirm
from core.domain.account import Mode, TradingState
from core.domain.commands import (
    AcceptLimits,
    Acknowledge,
    Cancel,
    ClearAlert,
    Close,
    Command,
    ControlStrategy,
    EditWatchlist,
    Replace,
    SetAlert,
    SetStrategyParams,
    Settle,
    SetTradingState,
    SetWatchlist,
    StartDay,
    Submit,
    Tick,
    TightenLimit,
    Unlock,
    WriteNote,
)
from core.domain.decimals import ZERO
from core.domain.events import (
    FeedChanged,
)
from core.domain.ids import ClientOrderId, InstrumentId, new_client_order_id
from core.domain.instrument import Instrument
from core.domain.market import NS, Interval
from core.domain.order import OrderRequest, OrderStatus, OrderType, TimeInForce
from core.ports import Clock, Coverage, Page, Preview, Query, Receipt
from core.runtime.previewing import Previews
from core.runtime.receipts import receipt_of
from core.runtime.recon_rows import recon_rows
from core.runtime.runner import Runner
from core.runtime.system import System
from core.trading import lock, rows
from core.trading.notify import short
from core.trading.picture import Face, Picture
from core.trading.search import SymbolIndex
from core.trading.story import Story, order_of, order_story, place_of, place_story
from core.trading.systemview import SystemRow
from core.trading.view import Changed, FeedRow, FillRow, Interest, LogRow, OrderRow, ReconRow, Slice, StatusRow

PICTURE_SECONDS = 0.1
_PICTURE_NS = round(PICTURE_SECONDS * NS)
T = TypeVar("T")


class LocalDesk:
    """`pace` is the clock of the faces (always real time); the runner's clock may be a tape's. `mode`: what this run
    was started for; it looks like real money before the first account is known."""

    def __init__(
        self,
        runner: Runner,
        pace: Clock,
        random_bytes: Callable[[int], bytes],
        *,
        badge: str = "PAPER",
        mode: Mode = Mode.PAPER,
        replay: Callable[[], str] = lambda: "",
        confirm: Confirm | None = None,
        is_rehearsal: bool = False,
    ) -> None:
        self._runner = runner
        self._engine = runner.engine
        self._pace = pace
        self._random_bytes = random_bytes
        self._badge = badge
        self._mode = mode
        self._replay = replay
        self._is_rehearsal = is_rehearsal
        self._previews = Previews(self._engine, confirm or Confirm(), self.now, is_rehearsal=is_rehearsal)
        self.system = System(runner)
        self.picture = Picture(self._engine, runner.log, self._status, self._system_row, self._recon_rows)
        runner.lines.looked_at_quotes = self.picture.looked_at
        self._index: SymbolIndex | None = None
        self._refresh_due = 0

    def now(self) -> int:
        return self._runner.clock.now()

    def new_order_id(self) -> ClientOrderId:
        return new_client_order_id(self._random_bytes)

    # --- watching -------------------------------------------------------------------------------------------------

    async def watch(self, interest: Interest) -> AsyncIterator[Changed]:
        """First everything asked for, then what changed, at most ten times a second. A slow face is given the newest
        rows when it comes back: nothing is queued for it."""
        face = Face(interest)
        self.picture.add(face)
        if Slice.BOOK in interest.slices and interest.instrument is not None:
            self._runner.lines.look_at(face, interest.instrument)
            self.picture.look_at(interest.instrument)
        chart = None
        if Slice.CHART in interest.slices and interest.instrument is not None and interest.interval is not None:
            chart = (interest.instrument, interest.interval)
            self._runner.lines.look_at_chart(face, chart)
            self.picture.look_at_chart(chart)
        try:
            while True:
                self._refresh(is_first=not face.revision)
                for change in self.picture.since(face):
                    yield change
                due = self._pace.monotonic() + _PICTURE_NS
                await self._pace.sleep(PICTURE_SECONDS)
                self._runner.meters.lag.add(max(self._pace.monotonic() - due, 0))
        finally:
            self.picture.remove(face)
            self._runner.lines.look_at(face, None)
            if interest.instrument is not None and interest.instrument not in self._runner.lines.looked_at:
                self.picture.look_away(interest.instrument)
            if chart is not None and not self._runner.lines.look_at_chart(face, None):
                self.picture.look_away_from_chart(chart)

    def _refresh(self, *, is_first: bool) -> None:
        """Cut the picture anew, unless another face just did. A face's first one is always cut: who has just sent a
        command and then looks must see what it did."""
        now = self._pace.monotonic()
        if is_first or now >= self._refresh_due:
            self._refresh_due = now + round(PICTURE_SECONDS * 0.5 * NS)
            self.picture.refresh(self.now())
            self.picture.forget()

    def _recon_rows(self) -> tuple[ReconRow, ...]:
        return recon_rows(self._engine.state, self._runner.reconciler)

    def _system_row(self, now: int) -> SystemRow:
        return self.system.row(now, len(self.picture.faces))

    def _status(self, totals: rows.Totals) -> StatusRow:
        engine, state = self._engine, self._engine.state
        accounts = list(state.accounts.values())
        owned = [a for a in accounts if a.mode is not Mode.PAPER]
        real = bool(owned) or self._mode is not Mode.PAPER
        closed = [g for g in state.gates.values() if not g.is_open]
        gate = engine.gate.problem or (closed[0].text or "closed" if closed else "")
        if not state.gates:
            gate = "not connected yet"
        if owned and not gate and all(state.is_locked(a.id) for a in owned):
            gate = "locked, :unlock opens"
        orders = [state.orders[id] for id in state.live]
        received = max((q.received for q in state.quotes.values()), default=0)
        day, equity = totals.figures.day, totals.equity
        before = equity - day if day is not None and equity is not None else None
        return StatusRow(
            key="status",
            mode=Mode.LIVE if real else Mode.PAPER,
            badge="LIVE" if real else self._badge,
            account=", ".join(a.id.partition(":")[2] for a in accounts) or "-",
            base_currency=state.base_currency,
            equity=equity,
            day=day,
            day_fraction=float(day / before) if before and day is not None else None,
            unrealised=totals.figures.unrealised,
            realised=totals.figures.realised,
            buying_power=self._buying_power(),
            is_estimated=totals.figures.is_estimated,
            gross=rows.share(totals.figures.gross, equity),
            net=rows.share(totals.figures.value, equity),
            trading_state=max(
                (state.trading_state(a.id) for a in accounts), key=lambda s: s.severity, default=self._everybody()
            ),
            gate=gate,
            feeds=tuple(self._feed_row(f, received) for f in state.feeds.values()),
            unknown_orders=sum(o.status is OrderStatus.UNKNOWN for o in orders),
            working_orders=len(orders),
            journal=engine.gate.problem or ("read-only" if self._runner.journal.is_read_only else "ok"),
            dropped=self._runner.dropped,
            replay=self._replay(),
            is_rehearsal=self._is_rehearsal and all(a.mode is Mode.PAPER for a in accounts),
        )

    def _feed_row(self, feed: FeedChanged, received: int) -> FeedRow:
        return FeedRow(
            broker=feed.broker,
            is_connected=feed.is_connected,
            text=feed.text,
            last_received=received,
            subscriptions=self._runner.lines.count(feed.broker),
            **self._abilities(feed.broker),
        )

    def _abilities(self, name: str) -> dict[str, Any]:
        """What the venue takes, for the tickets of its accounts."""
        broker = self._runner.brokers.get(name)
        if broker is None:
            return {}
        can = broker.capabilities
        return {
            "order_types": tuple(t for t in OrderType if t in can.order_types),
            "max_subscriptions": can.max_subscriptions,
            "times_in_force": tuple(t for t in TimeInForce if t in can.times_in_force),
        }

    def _everybody(self) -> TradingState:
        return self._engine.state.trading_states.get(None, TradingState.ACTIVE)

    def _buying_power(self) -> Decimal | None:
        state = self._engine.state
        parts = [state.to_base(b.available, currency) for (_, currency), b in state.balances.items()]
        known = [p for p in parts if p is not None]
        return sum(known, ZERO) if len(known) == len(parts) and parts else None

    # --- asking ---------------------------------------------------------------------------------------------------

    async def send(self, command: Command) -> Receipt:
        """Take a command to the engine. The receipt says whether it was taken; its fate comes through `watch`."""
        if self._runner.journal.is_read_only:
            return Receipt(is_ok=False, text="this console reads only: another hoga writes the journal")
        if self._runner.is_over:
            return Receipt(is_ok=False, text="hoga has stopped: nothing was done")
        problem = self._refusal(command)
        if problem:
            return Receipt(is_ok=False, text=problem)
        receipt = receipt_of(command, self._runner.ask(command), self._engine.state, self._runner.log)
        if receipt.is_ok and isinstance(command, Submit):
            self._previews.sent(command.request.account)
        return receipt

    def _refusal(self, command: Command) -> str:
        """What the engine would quietly ignore, said aloud."""
        state = self._engine.state
        account = getattr(command, "account", None)
        if account is not None and account not in state.accounts:
            return f"there is no account {str(account)[:60]!r}; there are: {', '.join(state.accounts) or 'none yet'}"
        match command:
            case StartDay() | Tick():
                return "only the clock may say that"
            case SetTradingState() | Unlock():
                return lock.problem(state, command)
            case Settle() if (held := state.orders.get(command.client_order_id)) is not None and (
                held.status.is_live and held.status is not OrderStatus.UNKNOWN
            ):
                return f"{short(held.id)} is {held.status}: there is nothing to settle"
            case Acknowledge() if (command.account, command.instrument) not in state.frozen:
                return f"nothing of {command.instrument[:40]} waits to be acknowledged there"
            case Submit() if command.request.client_order_id in state.orders:
                return f"already sent: {short(command.request.client_order_id)}"
            case Close() if command.client_order_id in state.orders:
                return f"already sent: {short(command.client_order_id)}"
            case Cancel() | Settle():
                order = state.orders.get(command.client_order_id)
                if order is None:
                    return "there is no such order"
                if order.status.is_end:
                    return f"{short(order.id)} has ended: {order.status}"
                ref = command.ref if isinstance(command, Settle) else None
                owner = state.by_ref.get((order.account, ref)) if ref is not None else None
                if owner is not None:
                    return f"{ref} is the number of {short(owner)} already"
            case Replace():
                return self._engine.requests.replace_denial(command, self.now())[1]
            case Close():
                request = self._engine.requests.close_request(command, self.now())
                return request if isinstance(request, str) else ""
            case EditWatchlist() | SetWatchlist():
                changes = self._engine.watchlists.changes(command)
                return changes if isinstance(changes, str) else ""
            case SetAlert() | ClearAlert():
                return self._engine.alerts.problem(command)
            case WriteNote():
                return self._engine.notes.problem(command)
            case SetStrategyParams():
                return self._engine.params_refusal(command)
            case TightenLimit() | AcceptLimits():
                return self._engine.limits.problem(command)
            case ControlStrategy() if command.name not in self._engine.strategist.slots:
                names = ", ".join(self._engine.strategist.slots) or "none are configured"
                return f"there is no strategy {command.name[:40]!r}; there are: {names}"
            case _:
                pass
        return ""

    async def preview(self, request: OrderRequest) -> Preview:
        """What the order would do, and the first rule that would refuse it. Sends nothing."""
        return self._previews.of(request)

    async def search(self, text: str) -> list[Instrument]:
        known = self._engine.state.instruments
        if self._index is None or len(self._index) != len(known):
            self._index = SymbolIndex(known.values())
        return self._index.find(text)

    async def bars(self, instrument: InstrumentId, interval: Interval, since: int, until: int) -> Coverage:
        found = await self._runner.past.bars(instrument, interval, since, until)
        if found.bars:
            self._engine.charts.seed(found.bars[-1])
            self._engine.touched[instrument] = None
        return found

    async def history(self, query: Query) -> Page:
        """Orders, fills or log lines, newest first."""
        state = self._engine.state
        limit, before, id = max(1, min(query.limit, 1000)), query.before, query.instrument
        match query.what:
            case "orders":
                orders = (o for o in reversed(state.orders.values()) if before is None or o.created < before)
                orders = (o for o in orders if id is None or o.instrument == id)
                return _page(orders, limit, lambda o: o.created, lambda o: rows.order_row(state, o))
            case "fills":
                fills = (f for f in reversed(state.fills) if before is None or f.ts < before)
                fills = (f for f in fills if id is None or f.instrument == id)
                return _page(fills, limit, lambda f: f.ts, lambda f: rows.fill_row(state, f))
            case _:
                lines = (r for r in reversed(self._runner.log.rows) if before is None or r.sequence < before)
                return _page(lines, limit, lambda r: r.sequence, lambda r: r)

    async def story(self, key: str) -> Story:
        """All there is to say of an order, a position or an instrument."""
        state = self._engine.state
        id = order_of(state, key)
        if id is not None:
            return order_story(state, id, await self._runner.journal.story(id))
        return place_story(state, *place_of(state, key))


def _page(
    found: Iterable[T], limit: int, ts: Callable[[T], int], row: Callable[[T], OrderRow | FillRow | LogRow]
) -> Page:
    """The first `limit`, and those of the same moment as the last: the next page begins before that moment."""
    taken: list[OrderRow | FillRow | LogRow] = []
    last = None
    for item in found:
        if len(taken) >= limit and ts(item) != last:
            return Page(rows=tuple(taken), has_more=True)
        last = ts(item)
        taken.append(row(item))
    return Page(rows=tuple(taken))
