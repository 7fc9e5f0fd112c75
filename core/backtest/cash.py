"""The simulated venue's books: cash per account and currency, what orders reserve of it, and positions. Exact Decimals;
no prices of the day and no credit, so a short sale locks its proceeds and half as much again."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal

from core.domain.account import Balance, Position
from core.domain.decimals import ZERO
from core.domain.ids import AccountId, InstrumentId
from core.domain.instrument import Currency, Instrument
from core.domain.order import Fill, Side
from core.trading import ledger

SHORT_MARGIN = Decimal("0.5")
"""Own money a short sale needs, as a fraction of its value; its proceeds stay locked as well."""


class Cash:
    """Balances, reservations and positions of all accounts. `cash.available` is what a new order may use."""

    def __init__(self) -> None:
        self.totals: dict[tuple[AccountId, Currency], Decimal] = {}
        self.positions: dict[tuple[AccountId, InstrumentId], Position] = {}
        self._reserved: dict[tuple[AccountId, Currency], Decimal] = {}
        self._locked: dict[tuple[AccountId, InstrumentId], tuple[Currency, Decimal]] = {}

    def set_balances(self, balances: Mapping[AccountId, Iterable[Balance]]) -> None:
        """Begin with these totals; reservations follow from the orders."""
        for account, rows in balances.items():
            for row in rows:
                self.totals[(account, row.currency)] = row.total

    def set_position(
        self, account: AccountId, id: InstrumentId, quantity: Decimal, instrument: Instrument | None
    ) -> None:
        """Begin with a holding. What it cost is not known: a short's margin is measured from the previous close.
        An instrument that is not traded here is kept as a bare number."""
        cost = ZERO
        if instrument is not None and instrument.previous_close is not None:
            cost = instrument.value(instrument.previous_close, quantity)
        self.positions[(account, id)] = Position(account=account, instrument=id, quantity=quantity, cost=cost)
        if instrument is not None:
            self._lock((account, id), instrument.currency)

    def quantity(self, account: AccountId, instrument: InstrumentId) -> Decimal:
        position = self.positions.get((account, instrument))
        return position.quantity if position is not None else ZERO

    def total(self, account: AccountId, currency: Currency) -> Decimal:
        return self.totals.get((account, currency), ZERO)

    def available(self, account: AccountId, currency: Currency) -> Decimal:
        """Total less what orders reserve and what shorts lock. Below zero only when a short has eaten the account."""
        locked = sum(
            (amount for (whose, _), (held, amount) in self._locked.items() if whose == account and held == currency),
            ZERO,
        )
        return self.total(account, currency) - self._reserved.get((account, currency), ZERO) - locked

    def reserve(self, account: AccountId, currency: Currency, change: Decimal) -> None:
        """Set aside `change` more (or less, when negative) for working orders."""
        place = (account, currency)
        self._reserved[place] = self._reserved.get(place, ZERO) + change

    def book(self, fill: Fill) -> None:
        """Cash and position after one execution: a buy pays value and costs, a sale receives value less costs."""
        place = (fill.account, fill.instrument)
        value = fill.price * fill.quantity * fill.multiplier
        signed = -value if fill.side is Side.BUY else value
        till = (fill.account, fill.currency)
        self.totals[till] = self.totals.get(till, ZERO) + signed - fill.fee - fill.tax
        before = self.positions.get(place) or Position(account=fill.account, instrument=fill.instrument)
        self.positions[place] = ledger.book_fill(before, fill)
        self._lock(place, fill.currency)

    def balances(self, account: AccountId) -> tuple[Balance, ...]:
        """One row per currency the account ever had."""
        return tuple(
            Balance(currency=currency, total=total, available=self.available(account, currency))
            for (whose, currency), total in self.totals.items()
            if whose == account
        )

    def _lock(self, place: tuple[AccountId, InstrumentId], currency: Currency) -> None:
        position = self.positions[place]
        if position.quantity < 0:
            self._locked[place] = (currency, -position.cost * (1 + SHORT_MARGIN))
        else:
            self._locked.pop(place, None)
