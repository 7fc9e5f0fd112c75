"""The numbers of the risk gate, not the checking (core/trading/risk/). None switches a rule off."""

from __future__ import annotations

from decimal import Decimal

import msgspec

from core.domain.decimals import check_positive
from core.domain.errors import InvalidValue

COUNTED = 2000
"""As many orders are remembered to count rates with."""


class RiskLimits(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Values are in the base currency. A rule that lacks the data it needs denies, it never passes."""

    max_order_quantity: Decimal | None = Decimal(1_000_000)
    """Largest quantity of one order, in units of the instrument."""
    max_order_value: Decimal | None = Decimal(100_000_000)
    """Largest value of one order; market orders are valued at the collar price."""
    max_position_value: Decimal | None = Decimal(300_000_000)
    """Largest value of one instrument's position after the order and all working orders on its side."""
    max_gross_value: Decimal | None = Decimal(1_000_000_000)
    """Largest value of all positions of an account together, each at the worst its working orders could make of it."""
    max_holdings: int | None = 100
    """Instruments an account may hold or have entries in."""
    price_collar: Decimal | None = Decimal("0.05")
    """How far a limit price may cross the opposite touch, as a fraction: 0.05 is 5 %."""
    price_collar_index: Decimal | None = Decimal("0.02")
    """The same for ETFs, futures and currencies, which move less."""
    price_collar_crypto: Decimal | None = Decimal("0.10")
    """The same for crypto."""
    max_quote_age_seconds: float | None = 30.0
    """An order needs a live quote no older than this."""
    max_clock_offset_seconds: float | None = 2.0
    """How far the clock may have jumped within the last minute, or lag behind the venue's stamps."""
    forbid_self_cross: bool = True
    """Refuse an order that would trade with one of your own."""
    duplicate_window_seconds: float | None = 5.0
    """The same account, instrument, side, quantity and price within this window is a duplicate."""
    max_orders_per_second: int | None = 10
    """Orders of one source within any second."""
    max_orders_per_minute: int | None = 120
    """Orders of one account within any minute."""
    max_orders_per_minute_all: int | None = 600
    """Orders of all accounts within any minute."""
    max_cancels_per_minute: int | None = 300
    """Cancels of one strategy within any minute; people's and protective cancels are never refused."""
    max_trades_per_day: int | None = 5000
    """Orders of one account that were filled today or still may be."""
    loss_cooldown_seconds: float | None = None
    """Time without new exposure in an account after a trade that closed with a loss."""
    max_open_orders: int | None = 200
    """Orders of one account that have not ended."""
    max_unknown_orders: int | None = 3
    """With this many UNKNOWN orders in an account, automatic orders stop."""
    daily_loss: Decimal | None = Decimal(5_000_000)
    """Loss of the trading day (realised and marked, after costs) at which an account turns REDUCING."""
    max_drawdown: Decimal | None = Decimal(5_000_000)
    """Fall of the day's result from its best moment of the day at which an account turns REDUCING."""

    def __post_init__(self) -> None:
        for name in self.__struct_fields__:
            value = getattr(self, name)
            if value is None or isinstance(value, bool):
                continue
            check_positive(value if isinstance(value, Decimal) else Decimal(str(value)), name)
            if "_per_minute" in name or "_per_second" in name:
                check_at_most(value, COUNTED, name)


def check_at_most(value: int, limit: int, name: str) -> None:
    if value > limit:
        raise InvalidValue(f"{name} must be at most {limit}, not {value}")
