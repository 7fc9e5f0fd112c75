"""The short form of `python -m tests.chaos explore`, and that it can fail."""

from __future__ import annotations

import pytest

from tests.chaos import explore
from tests.chaos._explore_world import SCENES


@pytest.mark.parametrize("has_ids", [True, False])
def test_no_order_of_events_breaks_a_promise(has_ids: bool) -> None:
    found = [explore.explored(scene, has_ids, explore.SHORT) for scene in SCENES]
    assert not any(one.broken for one in found), found
    assert not any(one.is_cut for one in found) and sum(one.states for one in found) > 200


@pytest.mark.parametrize("name", sorted(explore.PLANTED))
def test_a_planted_break_is_found(name: str) -> None:
    assert explore.planted(name)
