"""A price alert: a wish to be called when the market reaches a price. It is no order: nothing is sent because of it."""

from __future__ import annotations

from decimal import Decimal

import msgspec

from core.domain.decimals import check_positive
from core.domain.ids import InstrumentId


class Alert(msgspec.Struct, frozen=True, kw_only=True):
    """Fires once, when a live price is at or beyond `price`. `id` is ours and short: people type it."""

    id: str
    instrument: InstrumentId
    above: bool
    """True: the price rises to it; False: it falls to it."""
    price: Decimal
    note: str = ""
    by: str = "keyboard"
    ts: int = 0
    """When it was armed."""

    def __post_init__(self) -> None:
        check_positive(self.price, "alert price")

    def is_reached(self, price: float) -> bool:
        """Has `price` come as far? Never for what is no number. Floats are compared: 227.3 of the tape is not the exact
        227.3 of the alert, but it is the float of it."""
        level = float(self.price)
        return price >= level if self.above else price <= level
