"""What a face is told of a command that the engine took: the first word of its fate, from what followed at once. What
comes later comes through `watch`."""

from __future__ import annotations

from collections.abc import Sequence

from core.domain.commands import Cancel, CancelAll, Command, Panic, Replace, Unlock
from core.domain.events import (
    AccountUnlocked,
    AlertCleared,
    AlertSet,
    LimitsChanged,
    NoteWritten,
    Noticed,
    OrderCanceled,
    OrderDenied,
    OrderHeld,
    OrderRequested,
    OrderStaged,
    StrategyParamsChanged,
    WatchlistChanged,
    event_order,
)
from core.ports import Receipt
from core.trading.notify import LogBook, order_words, short
from core.trading.outputs import Output
from core.trading.state import State

_KEPT = (StrategyParamsChanged, WatchlistChanged, AlertSet, AlertCleared, NoteWritten, LimitsChanged, AccountUnlocked)
"""What people keep here: a receipt says it as the log does."""


def receipt_of(command: Command, out: Sequence[Output], state: State, log: LogBook) -> Receipt:
    if isinstance(command, Panic):  # what it ends or closes on its way is no answer to it
        return _stopped(command, out)
    for item in out:
        if isinstance(item, OrderDenied):
            figures = f" (limit {item.limit}, actual {item.actual})" if item.limit else ""
            return Receipt(
                is_ok=False,
                text=f"{item.rule}: {item.text}{figures}",
                client_order_id=item.request.client_order_id,
                rule=item.rule,
            )
        if isinstance(item, OrderStaged | OrderHeld):
            return _taken(item, state)
        row = log.describe(item) if isinstance(item, _KEPT) else None
        if row is not None:
            return Receipt(is_ok=True, text=row[2])
    notices = [item.text for item in out if isinstance(item, Noticed)]
    if isinstance(command, CancelAll):
        return Receipt(is_ok=True, text=_canceled_words(out, state))
    if isinstance(command, Cancel):
        return Receipt(is_ok=True, text=f"{short(command.client_order_id)} is being canceled")
    if isinstance(command, Unlock):
        return Receipt(is_ok=True, text=f"{command.account} is not locked")
    if isinstance(command, Replace) and not notices:
        return Receipt(is_ok=True, text=f"{short(command.client_order_id)} is being changed")
    return Receipt(is_ok=True, text="; ".join(notices) or type(command).__name__.lower() + " taken")


def _taken(item: OrderStaged | OrderHeld, state: State) -> Receipt:
    known = state.instruments.get(item.request.instrument)
    name = known.name if known is not None else item.request.instrument
    id = item.request.client_order_id
    text = f"{short(id)} {order_words(item.request, name)}"
    if isinstance(item, OrderHeld):
        how = "watched here" if item.request.is_stop else "goes when the stop has made room"
        text = f"{text}: sent in slices" if item.request.is_sliced else f"{text}: {how}"
    return Receipt(is_ok=True, text=text, client_order_id=id)


def _stopped(command: Panic, out: Sequence[Output]) -> Receipt:
    """It has stopped in any case. Not ok: of positions that were to be closed some are not, for want of a name."""
    what = "all orders" if command.protections else "entry orders"
    left = next((item.text for item in out if isinstance(item, Noticed) and item.kind == "LOCK"), "")
    if left:
        return Receipt(is_ok=False, text=f"{left}. Trading is stopped, {what} are being canceled")
    done = "everything is being canceled and positions closed" if command.flatten else f"{what} are being canceled"
    return Receipt(is_ok=True, text=f"stopped: no automatic orders, only reducing ones pass, {done}")


def _canceled_words(out: Sequence[Output], state: State) -> str:
    """How many, and that protections are among them."""
    count = sum(isinstance(item, OrderRequested | OrderCanceled) for item in out)
    if not count:
        return "nothing to cancel"
    ended = {event_order(item) for item in out if isinstance(item, OrderRequested | OrderCanceled)}
    orders = (state.orders[id] for id in ended if id in state.orders)
    stops = sum(o.request.reduce_only and (o.request.is_stop or o.request.parent is not None) for o in orders)
    return f"{count} orders are being canceled" + (f", {stops} of them protect a position" if stops else "")
