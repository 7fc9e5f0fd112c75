"""What the simulated Upbit shows only a while after it happened: its lists, one order that is asked for, the trades in
it, and its wallets are not of this very moment. Nothing is late by itself."""

from __future__ import annotations

from collections import deque
from decimal import Decimal

import msgspec

from core.domain.market import NS
from core.ports import Clock
from tests.simulators.upbit.exchange import Exchange, Placed

DESKS = ("orders", "order", "trades", "accounts", "assets")
KEPT = 2000
Purse = dict[str, tuple[Decimal, Decimal]]
"""Free and locked by currency."""


class Late:
    """Seconds by which each of DESKS is behind. `note` what happens."""

    def __init__(self, exchange: Exchange, clock: Clock) -> None:
        self._exchange = exchange
        self._clock = clock
        self.orders = 0.0
        """The lists of open and of ended orders."""
        self.order = 0.0
        """One order that is asked for."""
        self.trades = 0.0
        """The executions in it, behind what it says was executed."""
        self.accounts = 0.0
        self.assets = 0.0
        """The frames that tell of wallets."""
        self._orders: dict[str, deque[tuple[int, Placed]]] = {}
        self._purses: dict[str, deque[tuple[int, Purse]]] = {}
        for account in exchange.wallets:
            self.note_wallets(account)

    def note(self, placed: Placed) -> None:
        kept = msgspec.structs.replace(placed, trades=list(placed.trades))
        self._orders.setdefault(placed.uuid, deque(maxlen=KEPT)).append((self._clock.monotonic(), kept))

    def note_wallets(self, account: str) -> None:
        purse = {name: (wallet.free, wallet.locked) for name, wallet in self._exchange.wallets[account].items()}
        self._purses.setdefault(account, deque(maxlen=KEPT)).append((self._clock.monotonic(), purse))

    def seen(self, placed: Placed, seconds: float) -> Placed | None:
        """As it was then; None where it was not there yet."""
        if not seconds:
            return placed
        then = self._clock.monotonic() - round(seconds * NS)
        return next((kept for t, kept in reversed(self._orders.get(placed.uuid, ())) if t <= then), None)

    def asked(self, placed: Placed) -> Placed | None:
        """One that is asked for by itself, with the executions that are there by now."""
        found = self.seen(placed, self.order)
        if found is None or not self.trades:
            return found
        then = self._clock.now() - round(self.trades * NS)
        return msgspec.structs.replace(found, trades=[trade for trade in found.trades if trade.t <= then])

    def purse(self, account: str) -> Purse:
        known = self._purses[account]
        if not self.accounts:
            self.note_wallets(account)
            return known[-1][1]
        then = self._clock.monotonic() - round(self.accounts * NS)
        return next((purse for t, purse in reversed(known) if t <= then), known[0][1])
