"""The plug between a broker and the contract suite. To bring a broker under it, write `tests/simulators/<name>.py` with
a server that speaks its dialect on loopback and `PLUGS = {"<name>": make}`, where `make(folder)` gives a `Plug`; more
than one name where a broker has more than one dialect. Nothing else is registered anywhere.

A `make` without a wire says so (`make.has_wire = False`), and is spared the tests marked `wire`.

A plug is started once per test and makes as many brokers as asked for (a second one is a restart of the console). What
the venue truly did comes from `truth()`, which the server writes by itself and never shows over the wire.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

import msgspec

import tests.simulators
from core.domain.ids import AccountId, ClientOrderId
from core.domain.instrument import Instrument
from core.domain.order import OrderRequest
from core.ports import Broker
from tests.simulators.faults import Fault, Script


class Deed(msgspec.Struct, frozen=True, kw_only=True):
    """One line of a venue's own book. `what`: received (the bytes of an order were there), received_change
    (those of a replacement), accepted, rejected, filled, canceled, replaced, expired, intrusion (a call while silence
    was asked for). `intent` is ours, however the venue learned of it; None for what others did."""

    t: int
    what: str
    ref: str = ""
    intent: ClientOrderId | None = None
    quantity: str = ""
    price: str = ""
    fill_id: str = ""
    text: str = ""


class Traffic(msgspec.Struct, frozen=True, kw_only=True):
    """What reached the venue over the wire: method and path of each request with its time, newest last."""

    t: int
    method: str
    path: str


class Plug(Protocol):
    name: str
    account: AccountId
    other: AccountId
    """A second account at the same broker."""
    instrument: Instrument
    """Traded in small numbers near the quote that `quote` sets; at least two more are listed."""
    has_wire: bool
    """Does it speak over a socket? Without, the tests of faults, limits and secrets have nothing to break."""
    faults: Script
    faults_known: frozenset[Fault]
    """Those this venue can act out."""
    secrets: tuple[str, ...]
    """What must never be read in a log or an error."""
    silence_seconds: float
    """After this long without data the broker drops a market line."""

    async def start(self) -> None: ...
    async def stop(self) -> None: ...

    def broker(self) -> Broker:
        """A new one, not yet connected. The waits it is built with are short."""
        ...

    def with_wrong_key(self) -> Broker:
        """The same, whose key the venue does not know."""
        ...

    def request(self, side: str, quantity: str, price: str | None, **more: object) -> OrderRequest:
        """An order for `account` and `instrument` with a fresh id."""
        ...

    async def quote(self, bid: float, ask: float, size: float = 1000) -> None:
        """The market of `instrument` moves there: orders that it crosses fill."""
        ...

    async def act(self, what: str, ref: str = "") -> None:
        """Something happens at the venue without us: `cancel` REF, `order` (somebody else's, in our account), `drop`
        (all streams end), `freeze` and `thaw` (streams go on with heartbeats and no data), `down` and `up` (nobody
        listens at its port), `revoke` and `expire` (all tokens are dead)."""
        ...

    def truth(self) -> list[Deed]: ...
    def traffic(self) -> list[Traffic]: ...


def find() -> dict[str, Callable[[Path], Plug]]:
    """All plugs by name."""
    found: dict[str, Callable[[Path], Plug]] = {}
    for module in pkgutil.iter_modules(tests.simulators.__path__):
        found.update(getattr(importlib.import_module(f"tests.simulators.{module.name}"), "PLUGS", {}))
    return found


def accepted(deeds: list[Deed], intent: ClientOrderId) -> int:
    """How many orders the venue took for this one intent. More than one is money."""
    return sum(1 for deed in deeds if deed.what == "accepted" and deed.intent == intent)
