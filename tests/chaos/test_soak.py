"""The short form of `python -m tests.chaos soak`, and that it can fail."""

from __future__ import annotations

from typing import Any

import pytest

from core.ports import SendPermit
from tests.chaos import soak
from tests.chaos._soak_venue import SoakVenue


def test_each_intent_is_on_the_wire_once_at_most() -> None:
    report = soak.run(soak.SHORT, 5)
    assert report["examples"] == []
    assert soak.SHORT * 0.8 < report["wire attempts"] <= soak.SHORT
    assert report["not_placed"] and report["faults"]["garbage"] and report["filled"]


def test_a_retry_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    submit = SoakVenue.submit

    async def twice(self: SoakVenue, prepared: Any, permit: Any) -> Any:
        request = self._requests[prepared.client_order_id]
        try:
            return await submit(self, prepared, permit)
        except TimeoutError:
            self._requests[prepared.client_order_id] = request
            return await submit(self, prepared, SendPermit(prepared.client_order_id, prepared.digest))

    monkeypatch.setattr(SoakVenue, "submit", twice)
    assert any("2 times" in text or "twice" in text for text in soak.run(300, 5)["examples"])
