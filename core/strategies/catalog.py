"""The strategies that ship: name -> class, and how one is built from what a user wrote in a file. To add one, write
its module and add a line here."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from core.domain.errors import ConfigError
from core.domain.instrument import Instrument
from core.domain.market import Interval
from core.strategies.bollinger import BollingerReversion
from core.strategies.ma_cross import MaCross
from core.strategies.params import check, near
from core.strategies.rsi import RsiReversion
from core.strategies.strategy import Strategy

KINDS: dict[str, type[Strategy]] = {
    "ma_cross": MaCross,
    "rsi": RsiReversion,
    "bollinger": BollingerReversion,
}


def build(
    kind: str, name: str, raw_params: Mapping[str, Any], instruments: tuple[Instrument, ...], interval: Interval
) -> Strategy:
    """A strategy called `name`. Raises ConfigError for an unknown kind, a wrong parameter, or no instruments; its text
    names the key, and the caller knows the section and the file."""
    found = KINDS.get(kind)
    if found is None:
        raise ConfigError(f"kind: there is no strategy {kind!r}{near(kind, KINDS)}")
    if not instruments:
        raise ConfigError("instruments: give it at least one instrument to trade")
    return found(name, params(kind, raw_params), instruments, interval)


def params(kind: str, raw_params: Mapping[str, Any]) -> Any:
    """The checked `Params` of a known kind, numbers written as text allowed; raises ConfigError."""
    return check(kind, KINDS[kind].Params, raw_params)
