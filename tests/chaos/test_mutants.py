"""The short form of `python -m tests.chaos mutants`: the table fits the sources, and one of them is planted."""

from __future__ import annotations

from tests.chaos import mutants


def test_every_planted_defect_fits_the_sources_and_one_is_caught() -> None:
    assert mutants.misfits() == [], "the sources have moved on: bring tests/chaos/_mutants.py up to date"
    assert len(mutants.MUTANTS) >= 30
    quick = [one for one in mutants.MUTANTS if one.name == "FULL -> NORMAL"]
    report = mutants.run(mutants.SHORT, 1, quick)
    assert report["caught"] == report["tried"] == 1, report["by"]
