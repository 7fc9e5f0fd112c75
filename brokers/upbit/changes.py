"""What is remembered of an account at Upbit besides what it lists: the newest of something, and changes under way."""

from __future__ import annotations

from collections import OrderedDict
from decimal import Decimal
from typing import TypeVar

import msgspec

from brokers.upbit.account import Told
from core.domain.ids import VenueRef
from core.domain.order import Order

KEPT = 5_000
"""Orders whose executions, or whose newest number, are remembered."""
K = TypeVar("K")
V = TypeVar("V")


class Memory(OrderedDict[K, V]):
    """The newest KEPT of something."""

    def keep(self, key: K, value: V) -> None:
        self[key] = value
        self.move_to_end(key)
        while len(self) > KEPT:
            self.popitem(last=False)


class Replacement(msgspec.Struct):
    """A cancel-and-new that was written and of which not all is known yet."""

    order: Order
    old: VenueRef
    version: int
    since: int
    before: Decimal
    """What versions before the old one filled."""
    asked: int = 0
    """When it was asked about, monotonic; 0 while its answer is on the way."""
    executed: Decimal | None = None
    """What the old one filled, once it ended by being canceled."""
    ended: int = 0
    new: Told | None = None
    absent: int = 0
    """How often the venue said that it has no new one, after the old one was canceled."""
    is_canceled: bool = False
    """Somebody wanted the end of it on the way."""

    @property
    def limit_price(self) -> Decimal | None:
        wish = self.order.requested
        return wish.limit_price if wish is not None and wish.limit_price is not None else self.order.limit_price

    @property
    def quantity(self) -> Decimal:
        """What was wanted in all, versions before it included."""
        wish = self.order.requested
        return wish.quantity if wish is not None and wish.quantity is not None else self.order.quantity
