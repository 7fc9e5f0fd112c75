"""Identifiers: how each is made and checked. All are plain strings at run time, distinct types to the checker."""

from __future__ import annotations

import re
from base64 import b32encode
from collections.abc import Callable
from hashlib import blake2b
from typing import NewType

from core.domain.errors import InvalidValue

InstrumentId = NewType("InstrumentId", str)
"""`market:code`, the code as the market writes it: `XKRX:005930`, `XNAS:AAPL`, `UPBIT:KRW-BTC`."""
AccountId = NewType("AccountId", str)
"""`broker:account`, for example `paper:main`. The part before the colon names the broker."""
ClientOrderId = NewType("ClientOrderId", str)
"""Ours: `h` and 25 base-32 characters, random, the key of an order everywhere."""
VenueRef = NewType("VenueRef", str)
"""Theirs, opaque, made by the broker so that it never repeats."""
FillId = NewType("FillId", str)
"""The venue's execution id, or one derived from the ref and the cumulative quantity."""

CODE = re.compile(r"[A-Z0-9.\-/_]{1,24}")
_MARKET = re.compile(r"[A-Z0-9_]{2,12}")
_CLIENT_ORDER_ID = re.compile(r"h[a-z2-7]{25}")
_ACCOUNT = re.compile(r"[a-z0-9_\-]{1,24}:[A-Za-z0-9_\-]{1,24}")


def instrument_id(market: str, code: str) -> InstrumentId:
    """Join a market and a code; raises InvalidValue when either could not be one."""
    if not _MARKET.fullmatch(market):
        raise InvalidValue(f"not a market: {market[:40]!r}")
    if not CODE.fullmatch(code):
        raise InvalidValue(f"not an instrument code: {code[:40]!r} (A-Z 0-9 . - / _, at most 24 characters)")
    return InstrumentId(f"{market}:{code}")


def parse_instrument_id(text: str) -> InstrumentId:
    """Check a `market:code` that came from outside."""
    market, colon, code = text[:64].partition(":")
    if not colon:
        raise InvalidValue(f"not an instrument: {text[:40]!r} (expected market:code)")
    return instrument_id(market, code)


def market_of(instrument: InstrumentId) -> str:
    return instrument.partition(":")[0]


def code_of(instrument: InstrumentId) -> str:
    return instrument.partition(":")[2]


def account_id(broker: str, account: str) -> AccountId:
    text = f"{broker}:{account}"
    if not _ACCOUNT.fullmatch(text):
        raise InvalidValue(f"not an account: {text[:60]!r} (expected broker:account)")
    return AccountId(text)


def broker_of(account: AccountId) -> str:
    return account.partition(":")[0]


def name_of(account: AccountId) -> str:
    return account.partition(":")[2] or account


TAIL_LENGTH = 4


def tail_of(account: AccountId) -> str:
    """The end of the account's name: what is typed to say that this account is meant."""
    return name_of(account)[-TAIL_LENGTH:]


def new_client_order_id(random_bytes: Callable[[int], bytes]) -> ClientOrderId:
    """A fresh id from `random_bytes` (os.urandom in life, seeded in replay): 125 random bits."""
    return ClientOrderId("h" + b32encode(random_bytes(16))[:25].decode().lower())


def derived_client_order_id(*parts: str) -> ClientOrderId:
    """The id that always follows from `parts`: the same request always makes the same order."""
    digest = blake2b("\x1f".join(parts).encode(), digest_size=16).digest()
    return ClientOrderId("h" + b32encode(digest)[:25].decode().lower())


def check_client_order_id(text: str) -> ClientOrderId:
    if not _CLIENT_ORDER_ID.fullmatch(text):
        raise InvalidValue(f"not a client order id: {text[:40]!r} (h and 25 characters a-z 2-7)")
    return ClientOrderId(text)
