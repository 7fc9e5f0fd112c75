"""Every test that takes `plug` runs once for each broker there is: `python -m pytest tests/contract --broker NAME` for
one (or one dialect of it). Tests marked `wire` are for brokers that speak over a socket."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.contract.session import Session
from tests.simulators.plug import Plug, find


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--broker", action="append", default=None, help="run the contract for this broker alone")


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "wire: for brokers that speak over a socket")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "plug" not in metafunc.fixturenames:
        return
    plugs = find()
    chosen = metafunc.config.getoption("--broker", None)
    names = [name for name in sorted(plugs) if not chosen or name in chosen or name.partition("-")[0] in chosen]
    if chosen and not names:
        raise pytest.UsageError(f"there is no simulator for {', '.join(chosen)}; known are {', '.join(sorted(plugs))}")
    if metafunc.definition.get_closest_marker("wire"):
        names = [name for name in names if getattr(plugs[name], "has_wire", True)]
    metafunc.parametrize("plug", names, indirect=True)


@pytest.fixture
async def plug(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Plug]:
    made = find()[request.param](tmp_path)
    await made.start()
    try:
        yield made
    finally:
        await made.stop()


@pytest.fixture
async def session(plug: Plug) -> AsyncIterator[Session]:
    """A connected broker of this plug, listened to."""
    made = Session(plug)
    await made.open()
    try:
        yield made
    finally:
        await made.close()
