"""Chases and slices keep their promises however the venue answers and wherever hoga is killed. The long form is
algos.py."""

from __future__ import annotations

from tests.properties.algos import run


def test_algos_keep_their_promises_whatever_happens() -> None:
    report = run(120, 1)
    for kind in ("slices", "moves", "unknown", "late fills", "kills", "doubled", "filled whole", "left undone"):
        assert report[kind] > 5, f"a run with hardly any {kind} proves less than it says"
