"""The numbers of the risk gate, not the checking (core/trading/risk.py). None switches a rule off."""

from __future__ import annotations

from decimal import Decimal

import msgspec

from core.domain.decimals import check_positive


class RiskLimits(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Values are in the base currency. A rule that lacks the data it needs denies, it never passes."""

    max_order_quantity: Decimal | None = Decimal(1_000_000)
    """Largest quantity of one order, in units of the instrument."""
    max_order_value: Decimal | None = Decimal(100_000_000)
    """Largest value of one order; market orders are valued at the collar price."""
    max_position_value: Decimal | None = Decimal(300_000_000)
    """Largest value of one instrument's position after the order and all working orders on its side."""
    price_collar: Decimal | None = Decimal("0.05")
    """How far a limit price may cross the opposite touch, as a fraction: 0.05 is 5 %."""
    price_collar_crypto: Decimal | None = Decimal("0.10")
    """The same for crypto."""
    max_quote_age_seconds: float | None = 30.0
    """An order needs a live quote no older than this."""
    duplicate_window_seconds: float | None = 5.0
    """The same account, instrument, side, quantity and price within this window is a duplicate."""
    max_orders_per_second: int | None = 10
    """Orders of one source within any second."""
    max_orders_per_minute: int | None = 120
    """Orders of one account within any minute."""
    max_open_orders: int | None = 200
    """Orders of one account that have not ended."""
    max_unknown_orders: int | None = 3
    """With this many UNKNOWN orders in an account, automatic orders stop."""
    daily_loss: Decimal | None = Decimal(5_000_000)
    """Loss of the trading day (realised and marked, after costs) at which an account turns REDUCING."""

    def __post_init__(self) -> None:
        for name in self.__struct_fields__:
            value = getattr(self, name)
            if value is not None:
                check_positive(value if isinstance(value, Decimal) else Decimal(str(value)), name)
