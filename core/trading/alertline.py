"""An alert as people write it: `005930 >72000 breakout`, `< 0.5 note`. Only the words; which instrument a word means is
asked elsewhere."""

from __future__ import annotations

import re
from decimal import Decimal, InvalidOperation

import msgspec

from core.domain.errors import InvalidValue

USAGE = "write: CODE >PRICE NOTE, or CODE <PRICE NOTE"
_WISH = re.compile(
    r"\s*(?P<symbol>[^<>]*?)\s*(?P<side>[<>])\s*=?\s*(?P<price>[0-9][0-9,._]*)(?:\s+(?P<note>.*))?\s*", re.S
)


class AlertLine(msgspec.Struct, frozen=True):
    """`symbol` is empty where none was written."""

    symbol: str
    above: bool
    price: Decimal
    note: str


def parse_alert(text: str) -> AlertLine:
    """Raises InvalidValue that says how it is written."""
    found = _WISH.fullmatch(text[:400])
    if found is None:
        raise InvalidValue(USAGE)
    try:
        price = Decimal(found["price"].replace(",", "").replace("_", ""))
    except InvalidOperation:
        raise InvalidValue(f"{found['price']} is not a price; {USAGE}") from None
    return AlertLine(found["symbol"], found["side"] == ">", price, (found["note"] or "").strip())
