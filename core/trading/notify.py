"""Which events a person should read, and how each reads in one line. The log book numbers them without a gap, so a
face that missed a picture still sees every one."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from core.domain.alert import Alert
from core.domain.decimals import plain
from core.domain.events import (
    AccountUnlocked,
    AlertCleared,
    AlertFired,
    AlertSet,
    AlgoEnded,
    DayStarted,
    DriftAcknowledged,
    FeedChanged,
    FillAttributed,
    GateChanged,
    LimitsChanged,
    NoteWritten,
    Noticed,
    OrderAccepted,
    OrderCanceled,
    OrderDenied,
    OrderExpired,
    OrderFilled,
    OrderHeld,
    OrderNotPlaced,
    OrderRejected,
    OrderReplaced,
    OrderRequested,
    OrderStaged,
    OrderUnknown,
    PhaseChanged,
    PositionAdjusted,
    SignalGiven,
    StrategyChanged,
    StrategyParamsChanged,
    StrategyStatus,
    Sweep,
    SweepChanged,
    TradingStateChanged,
    WatchlistChanged,
)
from core.domain.ids import ClientOrderId, InstrumentId, code_of
from core.domain.market import Phase
from core.domain.order import OrderRequest, OrderType, RequestPhase
from core.trading.state import OPENING, State
from core.trading.view import LogRow

KEPT = 10_000

Line = tuple[str, str, str]
"""(level, kind, text)."""


def short(id: ClientOrderId) -> str:
    """The four characters by which people name an order."""
    return id[-4:]


def money(value: Decimal) -> str:
    text = plain(value)
    whole, point, rest = text.partition(".")
    return f"{int(whole):,}{point}{rest}" if whole not in ("-0", "-") else text


def order_words(request: OrderRequest, name: str) -> str:
    price = ""
    if request.limit_price is not None:
        price = f" @{money(request.limit_price)}"
    elif request.stop_price is not None:
        price = f" stop {money(request.stop_price)}"
    elif request.type in (OrderType.MARKET, OrderType.MOC):
        price = f" @{request.type.value}"
    algo = f" {request.algo.words}" if request.algo is not None else ""
    return f"{request.side.upper()} {money(request.quantity)} {name}{price}{algo}"


def alert_words(alert: Alert, name: Callable[[InstrumentId], str]) -> str:
    side = "rises to" if alert.above else "falls to"
    return f"{name(alert.instrument)} {side} {money(alert.price)}{f' ({alert.note})' if alert.note else ''}"


_SWEPT = {
    Sweep.ENTRIES: "orders that add exposure",
    Sweep.ALL: "all orders",
    Sweep.FLATTEN: "all orders and positions",
}


class LogBook:
    """The newest lines, oldest first."""

    def __init__(self, state: State, language: str = "en") -> None:
        self._state = state
        self._is_korean = language == "ko"
        self.rows: deque[LogRow] = deque(maxlen=KEPT)
        self.sequence = 0

    def note(self, event: object, now: int) -> LogRow | None:
        """Write the event's line, if it deserves one. Call it after the event was applied."""
        line = self.describe(event)
        if line is None:
            return None
        self.sequence += 1
        level, kind, text = line
        ts = getattr(event, "ts", now)
        row = LogRow(key=str(self.sequence), sequence=self.sequence, ts=ts, level=level, kind=kind, text=text)
        self.rows.append(row)
        return row

    def describe(self, event: Any) -> Line | None:
        match event:
            case OrderFilled() | PositionAdjusted():
                return self._holding(event)
            case (
                OrderHeld()
                | OrderStaged()
                | OrderDenied()
                | OrderAccepted()
                | OrderRejected()
                | OrderUnknown()
                | OrderNotPlaced()
                | OrderCanceled()
                | OrderExpired()
                | OrderRequested()
                | OrderReplaced()
                | AlgoEnded()
            ):
                return self._order(event)
            case AlertSet() | AlertCleared() | AlertFired() | WatchlistChanged() | NoteWritten():
                return self._kept(event)
            case _:
                return self._other(event)

    def _holding(self, event: OrderFilled | PositionAdjusted) -> Line:
        if isinstance(event, PositionAdjusted):
            text = f"{self._name(event.instrument)} {plain(event.quantity)} not explained by fills ({event.cause})"
            return "info" if event.cause == OPENING else "error", "ADJUST", text
        fill = event.fill
        id = f"{short(fill.client_order_id)} " if fill.client_order_id else ""
        words = f"{fill.side.upper()} {money(fill.quantity)} {self._name(fill.instrument)} @{money(fill.price)}"
        return "fill", "FILL", f"{id}{words}"

    def _order(self, event: Any) -> Line | None:
        if isinstance(event, OrderHeld | OrderStaged | OrderDenied):
            request = event.request
            words = f"{short(request.client_order_id)} {order_words(request, self._name(request.instrument))}"
            if isinstance(event, OrderHeld):
                return "info", "HELD", f"{words}: sent in slices" if request.is_sliced else f"{words}: watched here"
            if isinstance(event, OrderStaged):
                return "info", "ORDER", words
            why = f"{event.rule}: {event.text}"
            figures = f" (limit {event.limit}, actual {event.actual})" if event.limit else ""
            return "warning", "DENY", f"{words}: {why}{figures}"
        order = self._state.orders.get(event.client_order_id)
        words = short(event.client_order_id)
        if order is not None:
            words += f" {order_words(order.request, self._name(order.instrument))}"
        match event:
            case OrderAccepted():
                return "info", "SENT", words
            case OrderRejected():
                return "error", "REJECT", f"{words}: {event.code} {event.text}".rstrip()
            case OrderUnknown():
                return "error", "UNKNOWN", f"{words}: {event.text}"
            case OrderNotPlaced():
                return "warning", "ABSENT", f"{words}: {event.text}"
            case OrderCanceled():
                return "info", "CANCEL", f"{words}{': ' + event.text if event.text else ''}"
            case OrderExpired():
                return "info", "EXPIRE", f"{words}{': ' + event.text if event.text else ''}"
            case AlgoEnded():
                if event.is_complete:
                    return "info", "ALGO", f"{words} is done: {event.text}"
                return "warning", "ALGO", f"{words} follows no more: {event.text}"
            case OrderReplaced():
                price = event.limit_price or event.stop_price
                at = f" @{money(price)}" if price is not None else ""
                return "info", "MODIFY", f"{short(event.client_order_id)} now {money(event.quantity)}{at}"
            case OrderRequested() if event.requested.phase is RequestPhase.UNKNOWN:
                return "error", "UNKNOWN", f"{words}: {event.requested.kind} got no answer ({event.requested.text})"
            case _:
                return None

    def _kept(self, event: Any) -> Line:
        """Lists, alerts and notes: what people keep here."""
        match event:
            case AlertSet():
                return "info", "ALERT", f"{event.alert.id} set: {alert_words(event.alert, self._name)}"
            case AlertCleared():
                return "info", "ALERT", f"{event.id} cleared by {event.by}"
            case AlertFired():
                alert, _ = self._state.kept.fired.get(event.id, (None, None))
                words = alert_words(alert, self._name) if alert is not None else ""
                return "alert", "ALERT", f"{event.id} fired at {event.price:,.10g} ({event.text}): {words}"
            case NoteWritten():
                kind, _, key = event.subject.partition(":")
                what = key[-4:] if kind == "order" else key
                return "info", "NOTE", f"{kind} {what}: {event.text or 'cleared'}"
            case _:
                how = "deleted" if event.is_deleted else "as in the settings" if event.is_seed else ""
                return "info", "WATCH", f"{event.name} {how or f'has {len(event.instruments)} instruments'}"

    def _other(self, event: Any) -> Line | None:
        match event:
            case Noticed():
                return event.level, event.kind, event.text
            case TradingStateChanged():
                who = event.account or "all accounts"
                why = f": {event.text}" if event.text else ""
                return "warning", "STATE", f"{who} {event.state.upper()} by {event.by}{why}"
            case AccountUnlocked():
                return "warning", "LOCK", f"{event.account} unlocked by {event.by}: new exposure may be taken"
            case SweepChanged():
                who = event.account or "all accounts"
                swept = _SWEPT.get(event.sweep)
                what = f"winding down {swept}" if swept else "nothing is wound down any more"
                return "warning", "PANIC", f"{who}: {what} by {event.by}"
            case LimitsChanged() if event.text:
                return "warning", "RISK", f"limits by {event.by}: {event.text}"
            case StrategyParamsChanged():
                words = ", ".join(f"{name} {value}" for name, value in event.params.items())
                return "info", "STRAT", f"{event.name} parameters by {event.by}: {words}"
            case StrategyChanged():
                level = "error" if event.status is StrategyStatus.FAILED else "info"
                why = f": {event.text}" if event.text else ""
                return level, "STRAT", f"{event.name} {event.status} by {event.by}{why}"
            case SignalGiven():
                return (
                    "info",
                    "SIGNAL",
                    f"{event.strategy} {self._name(event.instrument)} {event.target:+g} {event.text}",
                )
            case DriftAcknowledged():
                return "info", "RECON", f"{event.account} {self._name(event.instrument)} looked at by {event.by}"
            case FillAttributed():
                return "info", "FILL", f"{short(event.client_order_id)} owns the fill {event.fill.ref} of nobody"
            case FeedChanged():
                word = "connected" if event.is_connected else "DOWN"
                return (
                    ("info" if event.is_connected else "error"),
                    "FEED",
                    f"{event.broker} {word} {event.text}".rstrip(),
                )
            case GateChanged():
                word = "ready for orders" if event.is_open else f"closed for new orders: {event.text}"
                return ("info" if event.is_open else "warning"), "GATE", f"{event.account} {word}"
            case PhaseChanged() if event.phase is not Phase.OPEN or event.instrument is not None:
                what = self._name(event.instrument) if event.instrument else event.market
                return ("warning" if event.phase is Phase.HALTED else "info"), "MARKET", f"{what} {event.phase}"
            case PhaseChanged():
                return "info", "MARKET", f"{event.market} open"
            case DayStarted():
                return "info", "DAY", f"{event.account} trading day {event.day}"
            case _:
                return None

    def _name(self, instrument: InstrumentId) -> str:
        known = self._state.instruments.get(instrument)
        if known is None:
            return code_of(instrument)
        return known.name_ko or known.name if self._is_korean else known.name
