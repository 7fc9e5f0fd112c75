"""The comparison with other people's clients, where they are installed."""

from __future__ import annotations

import pytest

from tests.interop import upbit


@pytest.mark.skipif(not upbit.PYTHON.exists(), reason="ccxt and pyupbit are not installed (make interop)")
def test_three_readings_of_one_venue_agree() -> None:
    assert upbit.main() == 0
