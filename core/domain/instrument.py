"""What can be traded: instruments with their tick tables, lots and currencies, and amounts of money."""

from __future__ import annotations

from decimal import Decimal
from enum import StrEnum
from typing import NewType

import msgspec

from core.domain.decimals import Rounding, check, check_positive, exact, is_multiple, round_to
from core.domain.errors import InvalidValue
from core.domain.ids import InstrumentId, code_of, market_of

Currency = NewType("Currency", str)
"""ISO 4217 where there is one (`KRW`, `USD`), else the ticker of the coin (`BTC`, `USDT`)."""


class Money(msgspec.Struct, frozen=True):
    """An amount in one currency. Adding two currencies is an error, never a guess."""

    amount: Decimal
    currency: Currency

    def __post_init__(self) -> None:
        check(self.amount, "amount")

    def __add__(self, other: Money) -> Money:
        if other.currency != self.currency:
            raise InvalidValue(f"cannot add {other.currency} to {self.currency}: convert one of them first")
        return Money(self.amount + other.amount, self.currency)

    def __neg__(self) -> Money:
        return Money(-self.amount, self.currency)

    def __sub__(self, other: Money) -> Money:
        return self + -other


class TickTable(msgspec.Struct, frozen=True):
    """Price steps by band: `bands` is ((from_price, step), ...) with the first band from 0, ascending."""

    bands: tuple[tuple[Decimal, Decimal], ...]

    def __post_init__(self) -> None:
        if not self.bands or self.bands[0][0] != 0:
            raise InvalidValue("a tick table needs a first band that starts at 0")
        previous = Decimal(-1)
        for start, step in self.bands:
            check(start, "band start")
            check_positive(step, "tick")
            if start <= previous:
                raise InvalidValue("the bands of a tick table must ascend")
            previous = start

    def step(self, price: Decimal, *, below: bool = False) -> Decimal:
        """The tick at `price`; with `below`, the tick of the band just under it (for a step down)."""
        found = self.bands[0][1]
        for start, step in self.bands:
            if start < price or (start == price and not below):
                found = step
            else:
                break
        return found

    def digits(self, price: Decimal) -> int:
        """Digits after the point that the tick at `price` needs."""
        return max(-int(self.step(price).normalize().as_tuple().exponent), 0)

    def is_valid(self, price: Decimal) -> bool:
        return is_multiple(price, self.step(price))

    def round(self, price: Decimal, mode: Rounding = "nearest") -> Decimal:
        return round_to(price, self.step(price), mode)

    def neighbours(self, price: Decimal) -> tuple[Decimal, Decimal]:
        """The valid prices at or below and at or above `price`."""
        return self.round(price, "down"), self.round(price, "up")

    def move(self, price: Decimal, ticks: int) -> Decimal:
        """`price` moved by whole ticks, band by band; never below one tick."""
        for _ in range(abs(ticks)):
            if ticks > 0:
                price = round_to(price, self.step(price), "down") + self.step(price)
            else:
                step = self.step(price, below=True)
                moved = round_to(price, step, "up") - step
                if moved <= 0:
                    break
                price = moved
        return price


def fixed_tick(step: str) -> TickTable:
    return TickTable(((Decimal(0), Decimal(step)),))


class Kind(StrEnum):
    STOCK = "stock"
    ETF = "etf"
    CRYPTO = "crypto"
    FX = "fx"
    FUTURE = "future"


class Instrument(msgspec.Struct, frozen=True, kw_only=True):
    """A tradable thing. `id` names it everywhere; `name` and `name_ko` are for people."""

    id: InstrumentId
    name: str
    name_ko: str = ""
    kind: Kind
    currency: Currency
    ticks: TickTable
    lot: Decimal = Decimal(1)
    """The step of quantities: 1 for shares, 0.00000001 for Upbit coins."""
    min_quantity: Decimal = Decimal(0)
    min_value: Decimal = Decimal(0)
    """The smallest order value the venue takes, in `currency`; 0 = no minimum."""
    multiplier: Decimal = Decimal(1)
    price_limit: Decimal | None = None
    """The daily limit around the previous close as a fraction (0.3 at KRX); None = no limit."""
    can_short: bool = False
    is_tradable: bool = True
    """False: it can be looked at, but the venue takes no orders for it (an index, a suspension)."""
    previous_close: Decimal | None = None
    vi_upper: Decimal | None = None
    vi_lower: Decimal | None = None
    """Prices at which a volatility interruption would begin, where the venue says them; a new listing moves them."""
    warnings: tuple[str, ...] = ()
    """What the venue warns of now, in its own words (Upbit: warning, price_fluctuations, ...)."""

    def __post_init__(self) -> None:
        check_positive(self.lot, "lot")
        check_positive(self.multiplier, "multiplier")
        check(self.min_value, "min_value")
        check(self.min_quantity, "min_quantity")

    @property
    def code(self) -> str:
        return code_of(self.id)

    @property
    def market(self) -> str:
        return market_of(self.id)

    @property
    def price_limits(self) -> tuple[Decimal, Decimal] | None:
        """(lowest, highest) price of the day, on tick and inside the daily limit; None where there is no limit."""
        if self.price_limit is None or self.previous_close is None:
            return None
        width = self.previous_close * self.price_limit
        lowest = self.ticks.round(self.previous_close - width, "up")
        return lowest, self.ticks.round(self.previous_close + width, "down")

    def price(self, value: float | Decimal, mode: Rounding = "nearest") -> Decimal:
        """Door from market data to money: a valid order price nearest to `value`."""
        return self.ticks.round(value if isinstance(value, Decimal) else exact(value), mode)

    def quantity(self, value: float | Decimal) -> Decimal:
        """Door to order quantities: the largest whole number of lots not above `value`."""
        return round_to(value if isinstance(value, Decimal) else exact(value), self.lot, "down")

    def value(self, price: Decimal, quantity: Decimal) -> Decimal:
        """What `quantity` at `price` costs, in `currency`, before fees."""
        return price * quantity * self.multiplier
