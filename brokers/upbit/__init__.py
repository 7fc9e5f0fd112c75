"""Upbit: spot coins in KRW, BTC and USDT. Quotes without a key; orders for play money at an endpoint of one's own, and
for real money only where the settings say `mode = "live"`."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, Any

import msgspec

from brokers.registry import BrokerEntry, Decoder, Finding
from brokers.upbit.settings import NAME, UpbitSettings
from core.domain.account import Mode

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


def _feed(settings: Any, clock: Clock) -> Broker:
    from brokers.upbit.broker import UpbitBroker

    return UpbitBroker(msgspec.structs.replace(settings, accounts={}, mode=Mode.PAPER), clock, {})


def _decoder() -> Decoder:
    from brokers.upbit import decode

    return decode


async def _doctor(settings: Any, clock: Clock, secrets: Secrets) -> AsyncIterator[Finding]:
    from brokers.upbit.doctor import examine

    async for finding in examine(settings, clock, secrets):
        yield finding


BROKER = BrokerEntry(
    name=NAME,
    settings=UpbitSettings,
    build=_build,
    has_live=True,
    feed=_feed,
    decoder=_decoder,
    doctor=_doctor,
)
