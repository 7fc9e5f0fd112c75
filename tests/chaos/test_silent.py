"""The short form of `python -m tests.chaos silent`: each task and thread of the engine, ended once in each way."""

from __future__ import annotations

from tests.chaos import silent


def test_no_part_of_the_engine_dies_unnoticed() -> None:
    report = silent.run(silent.SHORT, 5)
    assert report["problems"] == 0, report["examples"]
    assert report["noticed"] == report["killed"] == silent.SHORT
    assert report["worst_seconds"] < 3.0, f"on a busy machine; alone it is below a second: {report['worst']}"
