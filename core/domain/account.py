"""What we hold: positions per instrument, balances per currency, accounts at brokers."""

from __future__ import annotations

from decimal import Decimal
from enum import StrEnum

import msgspec

from core.domain.decimals import ZERO, check
from core.domain.ids import AccountId, InstrumentId
from core.domain.instrument import Currency


class Mode(StrEnum):
    PAPER = "paper"
    LIVE = "live"


class TradingState(StrEnum):
    """What an account may do; each step allows less than the one before."""

    ACTIVE = "active"
    PAUSED = "paused"
    """No automatic orders."""
    REDUCING = "reducing"
    """Only orders that shrink exposure."""
    HALTED = "halted"
    """Nothing but cancels."""

    @property
    def severity(self) -> int:
        return tuple(TradingState).index(self)


class Balance(msgspec.Struct, frozen=True, kw_only=True):
    """Cash of one currency. `available` is what new orders may use by the broker's word."""

    currency: Currency
    total: Decimal
    available: Decimal

    def __post_init__(self) -> None:
        check(self.total, "balance")
        check(self.available, "available balance")


class Account(msgspec.Struct, frozen=True, kw_only=True):
    """An account at a broker. `zone` is where its trading day rolls over."""

    id: AccountId
    mode: Mode
    base_currency: Currency
    zone: str = "Asia/Seoul"
    balances: tuple[Balance, ...] = ()


class Position(msgspec.Struct, frozen=True, kw_only=True):
    """A holding, signed: negative is short. Average cost without fees; fees and taxes are counted apart.

    `cost` is the signed money the open quantity was bought for (negative for a short): keeping the sum instead of an
    average means that nothing is rounded while a position grows, and `realised + value - cost` is exact at any mark.
    `realised` is gross of fees and taxes, in the instrument's currency, since the journal began.
    `day_*` count since the account's trading day began: `day_mark` and `day_quantity` are the mark and the holding
    of that moment, `day_cash` the signed cash of today's fills (sells positive, buys negative, without costs).
    """

    account: AccountId
    instrument: InstrumentId
    quantity: Decimal = ZERO
    cost: Decimal = ZERO
    realised: Decimal = ZERO
    fees: Decimal = ZERO
    taxes: Decimal = ZERO
    day_quantity: Decimal = ZERO
    day_mark: Decimal | None = None
    day_cash: Decimal = ZERO
    day_realised: Decimal = ZERO
    day_fees: Decimal = ZERO
    day_taxes: Decimal = ZERO
    updated: int = 0

    def __post_init__(self) -> None:
        check(self.quantity, "position")
        check(self.cost, "cost")
        check(self.realised, "realised")
