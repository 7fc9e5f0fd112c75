"""Executions that the private line of an account told of, and ends of orders that wait for one it has not told of yet:
a stop that goes when its take profit is canceled must know what that had sold. Pure; who asks the venue hands it the
answer."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

import msgspec

from brokers.upbit.account import Told
from brokers.upbit.changes import Memory
from core.domain.decimals import ZERO
from core.domain.events import Event, OrderCanceled, OrderFilled
from core.domain.ids import ClientOrderId, FillId, VenueRef
from core.domain.market import NS
from core.domain.order import Fill

AGAIN_SECONDS = 1.0
PATIENCE_SECONDS = 30.0
"""So long an end waits for executions that nobody can name; then it is told without them, and a reading finds them."""


class Waiting(msgspec.Struct):
    id: ClientOrderId
    told: Told
    since: int
    asked: int = 0
    """When it was asked about last, monotonic; 0: not yet."""


class Executions:
    def __init__(self) -> None:
        self._heard: Memory[VenueRef, dict[FillId, Fill]] = Memory()
        self._waiting: Memory[VenueRef, Waiting] = Memory()

    def of(self, ref: VenueRef) -> tuple[Fill, ...]:
        return tuple(self._heard.get(ref, {}).values())

    def total(self, ref: VenueRef) -> Decimal:
        return sum((fill.quantity for fill in self.of(ref)), ZERO)

    def take(self, fill: Fill) -> list[Event]:
        """It, and the end that waited for it."""
        known = self._heard.get(fill.ref, {})
        known[fill.fill_id] = fill
        self._heard.keep(fill.ref, known)
        return [OrderFilled(ts=fill.ts, fill=fill), *self._complete(fill.ref)]

    def ended(self, id: ClientOrderId, told: Told, mono: int) -> list[Event]:
        """The end of an order, once all that it says was executed is told."""
        self._waiting.keep(told.ref, Waiting(id, told, mono))
        return self._complete(told.ref)

    def _complete(self, ref: VenueRef, *, is_late: bool = False) -> list[Event]:
        waiting = self._waiting.get(ref)
        if waiting is None or (self.total(ref) < waiting.told.executed and not is_late):
            return []
        del self._waiting[ref]
        return [OrderCanceled(ts=waiting.told.ts, client_order_id=waiting.id, text="")]

    def due(self, mono: int) -> list[VenueRef]:
        """Whose executions are to be asked for now."""
        found = [ref for ref, one in self._waiting.items() if mono - one.asked > AGAIN_SECONDS * NS or not one.asked]
        for ref in found:
            self._waiting[ref].asked = mono
        return found

    def answered(self, ref: VenueRef, fills: Iterable[Fill], mono: int) -> list[Event]:
        """What the venue says was executed; nothing where it did not answer."""
        known = self._heard.get(ref, {})
        events = [event for fill in fills if fill.fill_id not in known for event in self.take(fill)]
        waiting = self._waiting.get(ref)
        is_late = waiting is not None and mono - waiting.since > PATIENCE_SECONDS * NS
        return [*events, *self._complete(ref, is_late=is_late)]
