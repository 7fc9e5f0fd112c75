"""The short form of `python -m tests.chaos power`: disks whose power went, and journals that sync too little."""

from __future__ import annotations

import pytest

from tests.chaos import power


def test_nothing_that_was_confirmed_is_lost_with_the_power() -> None:
    report = power.run(power.SHORT, 4)
    if "left_out" in report:
        pytest.skip(report["left_out"])
    assert report["problems"] == 0, report["examples"]
    assert report["images"] == power.SHORT
    assert report["sends_checked"] > power.SHORT, "orders had left when the power went"
    assert all(report["planted_found"].values()), "a journal that syncs too little is seen"
