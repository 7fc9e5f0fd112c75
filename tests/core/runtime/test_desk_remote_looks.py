"""What is asked for by name (a chart, a strategy's reasons, its parameters) is the same over the socket as here."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

from core.clock import ManualClock
from core.domain.commands import SetStrategyParams
from core.domain.market import Interval
from core.ports import Desk, Query
from core.runtime.desk_remote import connect
from core.runtime.desk_socket import serve, socket_path
from core.trading.view import Interest, Slice
from tests.core.runtime.test_strategy_params import SETTINGS, ready
from tests.scenes import SAMSUNG
from tests.stage import stage

CHART = Interest(slices=frozenset({Slice.CHART}), instrument=SAMSUNG, interval=Interval.M1)
WHY = Interest(slices=frozenset({Slice.TRACE}), strategy="ma")


async def first(desk: Desk, interest: Interest) -> Any:
    """The first picture of an interest."""
    watch: AsyncIterator[Any] = desk.watch(interest)
    try:
        return (await anext(watch)).put
    finally:
        await watch.aclose()  # type: ignore[attr-defined]


async def test_charts_reasons_and_parameters_cross_the_line(tmp_path: Path) -> None:
    async with stage(settings=SETTINGS) as made:
        ready(made)
        await made.trade(71_000, 3)
        path = socket_path(tmp_path)
        async with serve(made.desk, path), connect(path, ManualClock(), connect_seconds=60) as remote:
            (chart,) = await first(remote, CHART)
            assert (chart.instrument, chart.interval, chart.tick) == (SAMSUNG, Interval.M1, 100.0)
            assert (chart,) == await first(made.desk, CHART)
            (why,) = await first(remote, WHY)
            assert (why.strategy, why.steps[0].name, why.steps[0].passed) == ("ma", "running", False)
            assert (why,) == await first(made.desk, WHY)
            receipt = await remote.send(SetStrategyParams(name="ma", params={"fast": "3"}))
            assert receipt.is_ok, receipt.text
            wrong = await remote.send(SetStrategyParams(name="ma", params={"fsat": "3"}))
            assert "did you mean 'fast'" in wrong.text
            (row,) = await first(remote, Interest(slices=frozenset({Slice.STRATEGIES})))
            assert {param.name: param.value for param in row.params}["fast"] == "3"
            page = await remote.history(Query(what="fills", instrument=SAMSUNG))
            assert page.rows == ()
