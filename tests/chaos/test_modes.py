"""The short form of `python -m tests.chaos modes`, and that it can fail."""

from __future__ import annotations

import pytest

from brokers.endpoint import Endpoint
from tests.chaos import modes


def test_no_order_leaves_for_another_account_or_the_other_money() -> None:
    report = modes.run(modes.SHORT, 3)
    assert report["ok"], report["examples"]
    assert set(report["mixed_up_on_purpose"]) == set(modes.SABOTAGE)


def test_a_wire_that_takes_every_order_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the type and the table of doors, a sound order that is handed to the other wire leaves there."""
    monkeypatch.setattr(Endpoint, "own", lambda self, prepared: prepared)
    monkeypatch.setattr(modes, "assert_endpoint", lambda doors, **_: None)
    report = modes.run(300, 3)
    assert report["crossings"] and not report["ok"]
