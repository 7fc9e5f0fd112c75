"""The short form of `python -m tests.chaos soak24`: a few minutes of the day, with lines that are lost."""

from __future__ import annotations

from tests.chaos import soak24


def test_a_day_raises_nothing_and_leaves_nothing_behind() -> None:
    report = soak24.run(soak24.SHORT, 3)
    assert report["problems"] == 0, report["examples"]
    assert report["lines lost"] >= 3 and report["orders"] >= 1
    assert report["market"] >= soak24.SHORT // 2
