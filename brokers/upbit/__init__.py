"""Upbit: spot coins in KRW, BTC and USDT. Quotes without a key; orders for play money at an endpoint of one's own, and
for real money only where the settings say `mode = "live"`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from brokers.registry import BrokerEntry
from brokers.upbit.settings import NAME, UpbitSettings

if TYPE_CHECKING:
    from core.ports import Broker, Clock, Secrets


def _build(settings: Any, clock: Clock, secrets: Secrets) -> Broker:
    from brokers.upbit.auth import Keys
    from brokers.upbit.broker import UpbitBroker

    keys = {
        name: Keys(access=secrets.get(given.access_key), secret=secrets.get(given.secret_key))
        for name, given in settings.accounts.items()
    }
    return UpbitBroker(settings, clock, keys)


BROKER = BrokerEntry(name=NAME, settings=UpbitSettings, build=_build, has_live=True)
