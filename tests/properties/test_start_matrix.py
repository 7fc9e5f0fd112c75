"""Every start-up: what our order was, what is true, what can be read, what others did. See start_matrix.py."""

from __future__ import annotations

from itertools import product

import pytest

from tests.properties.start_matrix import AT_CRASH, run_all, scenarios


@pytest.mark.parametrize(("ids", "crash"), list(product((True, False), AT_CRASH)))
async def test_a_start_ends_in_the_truth_and_sends_nothing(ids: bool, crash: str) -> None:
    chosen = [s for s in scenarios() if (s.ids, s.crash) == (ids, crash)]
    report = await run_all(chosen)
    assert report["wrong"] == []
    assert sum(report["ends"].values()) == len(chosen)


def test_there_are_more_than_two_hundred() -> None:
    assert len(scenarios()) == len(set(map(str, scenarios()))) >= 1_000
