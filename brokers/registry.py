"""Brokers by name: which there are, without importing them, and one of them loaded. A broker is a folder beside this
file whose package holds BROKER; nothing else is registered anywhere."""

from __future__ import annotations

import importlib
from collections.abc import AsyncIterator, Callable, Iterator
from difflib import get_close_matches
from typing import Any, Literal, Protocol

import msgspec

import brokers
from core.domain.errors import BadMessage, ConfigError
from core.ports import Broker, Clock, Secrets


class Decoded(msgspec.Struct, frozen=True, kw_only=True):
    """What one recorded frame or row says: in the core's words where it has them, else in the venue's."""

    kind: str
    event: Any


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that `hoga doctor NAME` found."""

    name: str
    level: Literal["ok", "warn", "fail"]
    text: str


class Decoder(Protocol):
    def decode(self, data: bytes) -> Iterator[Decoded | BadMessage]: ...
    def line(self, decoded: Decoded) -> str: ...


class BrokerEntry(msgspec.Struct, frozen=True, kw_only=True):
    """What a broker's package offers before it is built: `settings` is read from [brokers.NAME] of the TOML."""

    name: str
    settings: type[msgspec.Struct]
    build: Callable[[Any, Clock, Secrets], Broker]
    """build(settings, clock, secrets) -> the broker, not yet connected. It keeps what it takes out of `secrets`."""
    has_live: bool = False
    """It can trade real money: its settings have a `mode`, and its capabilities name the doors."""
    feed: Callable[[Any, Clock], Broker] | None = None
    """The same without any key: quotes, listings and bars for the paper account, and no road for an order."""
    decoder: Callable[[], Decoder] | None = None
    """How recordings of it are read."""
    doctor: Callable[[Any, Clock, Secrets], AsyncIterator[Finding]] | None = None
    """Looks at the venue as it is now, and changes nothing."""


def names() -> tuple[str, ...]:
    """All brokers, sorted. Imports none of them."""
    import pkgutil

    return tuple(sorted(found.name for found in pkgutil.iter_modules(brokers.__path__) if found.ispkg))


def load(name: str) -> BrokerEntry:
    """The broker of this name. Raises ConfigError when there is none, naming the nearest."""
    known = names()
    if name not in known:
        near = get_close_matches(name, known, 1)
        hint = f"; did you mean {near[0]}?" if near else f"; known are {', '.join(known)}"
        raise ConfigError(f"there is no broker {name!r}{hint}")
    entry: BrokerEntry = importlib.import_module(f"brokers.{name}").BROKER
    return entry
