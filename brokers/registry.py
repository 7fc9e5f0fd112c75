"""Brokers by name: which there are, without importing them, and one of them loaded. A broker is a folder beside this
file whose package holds BROKER; nothing else is registered anywhere."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from difflib import get_close_matches
from typing import Any

import msgspec

import brokers
from core.domain.errors import ConfigError
from core.ports import Broker, Clock, Secrets


class BrokerEntry(msgspec.Struct, frozen=True, kw_only=True):
    """What a broker's package offers before it is built: `settings` is read from [brokers.NAME] of the TOML."""

    name: str
    settings: type[msgspec.Struct]
    build: Callable[[Any, Clock, Secrets], Broker]
    """build(settings, clock, secrets) -> the broker, not yet connected. It keeps what it takes out of `secrets`."""
    has_live: bool = False
    """It can trade real money: its settings have a `mode`, and its capabilities name the doors."""


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
