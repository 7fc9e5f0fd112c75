"""Upbit's price steps by quote currency, and its smallest orders: tables of its own pages, data and nothing else."""

from __future__ import annotations

from decimal import Decimal

from core.domain.instrument import TickTable, fixed_tick


def _table(*rows: str) -> TickTable:
    """Rows of `from step`, ascending."""
    return TickTable(tuple((Decimal(row.split()[0]), Decimal(row.split()[1])) for row in rows))


KRW = _table(
    *("0 0.00000001", "0.00001 0.0000001", "0.0001 0.000001", "0.001 0.00001", "0.01 0.0001", "0.1 0.001", "1 0.01"),
    *("10 0.1", "100 1", "5000 5", "10000 10", "50000 50", "100000 100", "500000 500", "1000000 1000"),
)
"""In force since 2025-07-31."""
USDT = _table(
    *("0 0.00000001", "0.0001 0.0000001", "0.001 0.000001", "0.01 0.00001", "0.1 0.0001", "1 0.001", "10 0.01"),
)
"""In force since 2024-08-19."""
BTC = fixed_tick("0.00000001")
MIN_TOTAL = {"KRW": Decimal(5000), "BTC": Decimal("0.00005"), "USDT": Decimal("0.5")}
LOT = Decimal("0.00000001")


def table(quote: str) -> TickTable:
    """The finest steps where no table is known: the venue says at the order."""
    return {"KRW": KRW, "USDT": USDT}.get(quote, BTC)
