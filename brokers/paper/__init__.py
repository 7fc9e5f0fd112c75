"""The paper broker: the core's matching behind the Broker port, on an embedded market or on another broker's quotes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from brokers.paper.settings import PaperSettings
from brokers.registry import BrokerEntry

if TYPE_CHECKING:
    from core.ports import Broker, Clock, Secrets


def _build(settings: Any, clock: Clock, _: Secrets) -> Broker:
    from brokers.paper.broker import PaperBroker

    return PaperBroker(settings, clock)


BROKER = BrokerEntry(name="paper", settings=PaperSettings, build=_build)
