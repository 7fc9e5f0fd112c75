"""The reference venue as a broker of the registry."""

from __future__ import annotations

from brokers.registry import BrokerEntry
from core.ports import Broker, Clock, Secrets
from tests.contract.reference_broker import ReferenceBroker, ReferenceSettings


def _build(settings: ReferenceSettings, clock: Clock, _: Secrets) -> Broker:
    return ReferenceBroker(settings, clock)


BROKER = BrokerEntry(name="reference", settings=ReferenceSettings, build=_build, has_live=True)
