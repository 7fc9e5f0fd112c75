"""Fees and taxes of a trade, by market. Pure arithmetic on published rates; every table names its source and date.
Not a statement: what a broker really charged comes with its own fills."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

import msgspec

from core.domain.decimals import ZERO, Rounding, check, round_to
from core.domain.errors import InvalidValue
from core.domain.instrument import Instrument, Kind
from core.domain.order import Side


class CostTable(msgspec.Struct, frozen=True, kw_only=True):
    """What one order costs at one market. Rates are fractions of the traded value, amounts are in the currency of
    the instrument. Taxes and levies are charged on sells only; `tax_free` kinds pay none."""

    source: str
    """Where the figures come from and since when they hold."""
    fee_rate: Decimal = ZERO
    fee_per_unit: Decimal = ZERO
    fee_minimum: Decimal = ZERO
    """Smallest fee of an order, but never above `fee_ceiling` of its value."""
    fee_ceiling: Decimal | None = None
    sell_tax_rate: Decimal = ZERO
    sell_surtax_rate: Decimal = ZERO
    """A second tax that is cut to the currency's step on its own (농어촌특별세 at KOSPI)."""
    sell_tax_per_unit: Decimal = ZERO
    sell_tax_per_unit_maximum: Decimal | None = None
    tax_free: frozenset[Kind] = frozenset()
    step: Decimal = Decimal("0.01")
    """Fees and taxes are whole multiples of this."""
    fee_rounding: Rounding = "nearest"
    tax_rounding: Rounding = "nearest"

    def __post_init__(self) -> None:
        for name in ("fee_rate", "fee_per_unit", "fee_minimum", "sell_tax_rate", "sell_surtax_rate"):
            if check(getattr(self, name), name) < 0:
                raise InvalidValue(f"{name} must not be negative, not {getattr(self, name)}")


FREE = CostTable(source="no costs known for this market: none are charged")

KOSPI = CostTable(
    source="broker 0.014 % (an ordinary online rate, assumed); securities transaction tax 0.05 % and special tax for "
    "rural development (농어촌특별세) 0.15 % on sells since 2026-01-01; ETFs are exempt",
    fee_rate=Decimal("0.00014"),
    sell_tax_rate=Decimal("0.0005"),
    sell_surtax_rate=Decimal("0.0015"),
    tax_free=frozenset({Kind.ETF}),
    step=Decimal(1),
    fee_rounding="down",
    tax_rounding="down",
)
KOSDAQ = msgspec.structs.replace(
    KOSPI,
    source="broker 0.014 % (assumed); securities transaction tax 0.20 % on sells since 2026-01-01, no special tax",
    sell_tax_rate=Decimal("0.0020"),
    sell_surtax_rate=ZERO,
)
US = CostTable(
    source="broker 0.005 USD a share, at least 1 USD an order, at most 1 % of its value (an ordinary fixed plan, "
    "assumed); on sells SEC section 31 at 20.60 USD a million (since 2026-04-04) and FINRA TAF at 0.000195 USD a "
    "share, at most 9.79 USD (since 2026-01-01)",
    fee_per_unit=Decimal("0.005"),
    fee_minimum=Decimal(1),
    fee_ceiling=Decimal("0.01"),
    sell_tax_rate=Decimal("0.0000206"),
    sell_tax_per_unit=Decimal("0.000195"),
    sell_tax_per_unit_maximum=Decimal("9.79"),
    tax_rounding="up",
)
UPBIT_KRW = CostTable(
    source="Upbit KRW market, 0.05 % either side (November 2026)",
    fee_rate=Decimal("0.0005"),
    step=Decimal("0.00000001"),
    fee_rounding="up",
)
UPBIT_COIN = CostTable(
    source="Upbit USDT and BTC markets, 0.25 % either side (November 2026)",
    fee_rate=Decimal("0.0025"),
    step=Decimal("0.00000001"),
    fee_rounding="up",
)

TABLES: dict[str, CostTable] = {
    "XKRX": KOSPI,
    "XKOS": KOSDAQ,
    "XNAS": US,
    "XNYS": US,
    "ARCX": US,
    "BATS": US,
    "UPBIT:KRW": UPBIT_KRW,
    "UPBIT": UPBIT_COIN,
}
"""By `market:currency` where a market charges by currency, else by market."""


def table_for(instrument: Instrument, tables: Mapping[str, CostTable] = TABLES) -> CostTable:
    """The table of the instrument's market and currency, of its market, or FREE."""
    exact = tables.get(f"{instrument.market}:{instrument.currency}")
    return exact or tables.get(instrument.market) or FREE


def charge(
    table: CostTable, instrument: Instrument, side: Side, quantity: Decimal, value: Decimal
) -> tuple[Decimal, Decimal]:
    """(fee, tax) of an order of which `quantity` units traded for `value` in all.

    Both grow with the order, so a partial fill is charged with the difference to what was charged before: an order in
    ten fills then costs what it costs in one, minimum and rounding included.
    """
    fee = value * table.fee_rate + quantity * table.fee_per_unit
    fee = max(fee, table.fee_minimum if quantity else ZERO)
    if table.fee_ceiling is not None:
        fee = min(fee, value * table.fee_ceiling)
    fee = round_to(fee, table.step, table.fee_rounding)
    if side is Side.BUY or instrument.kind in table.tax_free:
        return fee, ZERO
    per_unit = quantity * table.sell_tax_per_unit
    if table.sell_tax_per_unit_maximum is not None:
        per_unit = min(per_unit, table.sell_tax_per_unit_maximum)
    tax = sum(
        (
            round_to(part, table.step, table.tax_rounding)
            for part in (value * table.sell_tax_rate, value * table.sell_surtax_rate, per_unit)
        ),
        ZERO,
    )
    return fee, tax


def costs(
    instrument: Instrument,
    side: Side,
    quantity: Decimal,
    price: Decimal,
    tables: Mapping[str, CostTable] = TABLES,
) -> tuple[Decimal, Decimal]:
    """(fee, tax) of `quantity` at `price` as one order, in the instrument's currency, rounded to its step."""
    return charge(table_for(instrument, tables), instrument, side, quantity, instrument.value(price, quantity))
