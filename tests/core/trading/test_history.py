"""The ring against a plain list."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.domain.errors import InvalidValue
from core.trading.history import History


@given(values=st.lists(st.floats(allow_nan=False), max_size=60), capacity=st.integers(1, 9), count=st.integers(-2, 12))
def test_it_keeps_the_newest(values: list[float], capacity: int, count: int) -> None:
    history = History(capacity)
    for at, value in enumerate(values, 1):
        history.append(value)
        kept = values[max(0, at - capacity) : at]
        assert len(history) == len(kept)
        assert history.latest() == kept
        assert list(history) == kept[::-1]
        assert [history[age] for age in range(len(kept))] == kept[::-1]
        assert history.latest(count) == (kept[-count:] if count > 0 else [])


@pytest.mark.parametrize("age", [2, -1, 100])
def test_what_is_not_kept_is_an_error(age: int) -> None:
    with pytest.raises(IndexError):
        History(5, [1.0, 2.0])[age]


def test_no_capacity_is_refused() -> None:
    with pytest.raises(InvalidValue):
        History(0)
