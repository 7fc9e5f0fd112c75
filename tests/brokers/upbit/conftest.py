"""A connected adapter and the simulated venue, for what the contract suite does not ask of every broker."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.contract.conftest import session
from tests.simulators.upbit.plug import UpbitPlug

__all__ = ["plug", "session"]
"""Fixtures: the session is the one of the contract suite, on this plug."""


@pytest.fixture
async def plug(tmp_path: Path) -> AsyncIterator[UpbitPlug]:
    made = UpbitPlug(tmp_path)
    await made.start()
    try:
        yield made
    finally:
        await made.stop()
