"""The short form of `python -m tests.chaos gate`, and that the figure can fail."""

from __future__ import annotations

from typing import Any

import pytest

from core.trading import risk
from tests.chaos import gate


def test_no_generated_case_fails_open_and_every_rule_is_missed() -> None:
    report = gate.run(gate.SHORT, 20)
    assert report["fail_open"] == 0, report["examples"]
    assert report["unnoticed"] == []
    assert report["passed"] > gate.SHORT // 5


def test_a_rule_that_takes_missing_for_fine_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    def trusting(question: Any) -> Any:
        return risk.live_quote(question) if question.quote.bid == question.quote.bid else None

    trusting.__name__ = "live_quote"
    checks = tuple(trusting if check is risk.live_quote else check for check in risk.CHECKS)
    monkeypatch.setattr(risk, "CHECKS", checks)
    assert gate.run(gate.SHORT, 20)["fail_open"] > 0
