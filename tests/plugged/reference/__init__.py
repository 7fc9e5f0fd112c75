"""The reference venue as a broker of the registry."""

from __future__ import annotations

import msgspec

from brokers.registry import BrokerEntry
from core.ports import Broker, Clock, Secrets
from tests.contract.reference_broker import ReferenceBroker, ReferenceSettings


def _build(settings: ReferenceSettings, clock: Clock, secrets: Secrets) -> Broker:
    if settings.secret.startswith("file:"):
        kept = secrets.get(settings.secret).reveal("test")
        settings = msgspec.structs.replace(settings, secret=kept)
    return ReferenceBroker(settings, clock)


BROKER = BrokerEntry(name="reference", settings=ReferenceSettings, build=_build, has_live=True)
