"""What the gate remembers beyond orders and positions: rates, the day's trades and best result, the last loss, what is
being wound down, and the limits in force. All of it follows from the journal, so a restart forgets none of it."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from core.domain.account import Position
from core.domain.events import AccountUnlocked, DayHighReached, LimitsChanged, Sweep, SweepChanged
from core.domain.ids import AccountId, ClientOrderId
from core.domain.limits import COUNTED
from core.domain.order import Fill, OrderRequest


class Curbs:
    """Read it freely; State alone changes it."""

    def __init__(self) -> None:
        self.recent: deque[tuple[int, OrderRequest]] = deque(maxlen=COUNTED)
        """(ts, request) of the newest staged orders: for the duplicate and rate rules."""
        self.cancels: deque[tuple[int, str]] = deque(maxlen=COUNTED)
        """(ts, who asked) of the newest cancels."""
        self.trades: dict[AccountId, set[ClientOrderId]] = {}
        """Orders that were filled since the day began."""
        self.highs: dict[AccountId, Decimal] = {}
        """Best result of the day so far, as journalled."""
        self.last_loss: dict[AccountId, int] = {}
        """When a trade last closed with a loss."""
        self.sweeps: dict[AccountId | None, Sweep] = {}
        """What is being wound down until the venue shows nothing of it."""
        self.passed: dict[AccountId | None, frozenset[ClientOrderId]] = {}
        """UNKNOWN orders past which a sweep may close."""
        self.limits: LimitsChanged | None = None
        """The limits in force, as journalled."""
        self.unlocked: set[AccountId] = set()
        """Accounts of real money whose name was typed since this engine started."""
        self.folds: dict[type, Callable[[Any], None]] = {
            DayHighReached: lambda e: self.highs.__setitem__(e.account, e.result),
            SweepChanged: self._sweep,
            LimitsChanged: self._limits,
            AccountUnlocked: lambda e: self.unlocked.add(e.account),
        }

    def fill(self, fill: Fill, before: Position, after: Position) -> None:
        if after.realised < before.realised:
            self.last_loss[fill.account] = max(fill.ts, self.last_loss.get(fill.account, 0))
        if fill.client_order_id:
            self.trades.setdefault(fill.account, set()).add(fill.client_order_id)

    def start_day(self, account: AccountId) -> None:
        self.trades.pop(account, None)
        self.highs.pop(account, None)

    def _sweep(self, event: SweepChanged) -> None:
        if event.sweep is Sweep.NONE:
            self.sweeps.pop(event.account, None)
            self.passed.pop(event.account, None)
        else:
            self.sweeps[event.account] = event.sweep
            self.passed[event.account] = self.passed.get(event.account, frozenset()).union(event.over)

    def _limits(self, event: LimitsChanged) -> None:
        self.limits = event
