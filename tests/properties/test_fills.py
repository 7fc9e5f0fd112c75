"""Executions told in every bad way: the money is exact, whatever the telling. The long form is fills.py."""

from __future__ import annotations

import pytest

from tests.properties.fills import run


@pytest.mark.parametrize("seed", [1, 2])
def test_position_cost_and_profit_are_exact_however_executions_are_told(seed: int) -> None:
    report = run(10_000, seed)
    assert report["told"] >= 10_000
    for kind in ("doubled", "corrected", "reordered", "over-filled", "of nobody at first", "ended early"):
        assert report[kind] > 50, f"a run with hardly any {kind} proves less than it says"
