"""Every test that takes `plug` runs once for each broker there is: `python -m pytest tests/contract --broker NAME` for
one (or one dialect of it). Tests marked `wire` are for brokers that speak over a socket. In the ordinary run the
reference venue meets every fault; each real venue meets one of those a test goes through, and all of them with
`--broker`."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from zlib import crc32

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


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if config.getoption("--broker", None):
        return
    variants: dict[tuple[str, str], list[pytest.Item]] = {}
    for item in items:
        spec = getattr(item, "callspec", None)
        if spec is not None and spec.params.get("plug", "reference").partition("-")[0] not in ("reference", "paper"):
            test = item.nodeid.partition("[")[0]
            variants.setdefault((test, spec.params["plug"]), []).append(item)
    left_out = set()
    for (test, _), found in variants.items():
        left_out |= {item for item in found if item is not found[crc32(test.encode()) % len(found)]}
    items[:] = [item for item in items if item not in left_out]
    if left_out:
        config.hook.pytest_deselected(items=list(left_out))


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
