"""Every broker stands under the contract: a folder in brokers/ without a simulator is a red run, not a gap."""

from __future__ import annotations

from brokers.registry import names
from tests.simulators.plug import find


def test_every_broker_has_a_simulator() -> None:
    plugs = {name.partition("-")[0] for name in find()}
    missing = sorted(set(names()) - plugs)
    assert missing == [], f"no tests/simulators/<name>.py with PLUGS for: {', '.join(missing)}"


def test_plugs_are_named_after_their_broker() -> None:
    assert all(plug and plug == plug.lower() for plug in find())
