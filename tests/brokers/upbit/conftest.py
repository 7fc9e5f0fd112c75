"""A connected adapter and the simulated venue, for what the contract suite does not ask of every broker."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.contract.session import Session
from tests.simulators.upbit.plug import UpbitPlug


@pytest.fixture
async def plug(tmp_path: Path) -> AsyncIterator[UpbitPlug]:
    made = UpbitPlug(tmp_path)
    await made.start()
    try:
        yield made
    finally:
        await made.stop()


@pytest.fixture
async def session(plug: UpbitPlug) -> AsyncIterator[Session]:
    made = Session(plug)
    await made.open()
    try:
        yield made
    finally:
        await made.close()
