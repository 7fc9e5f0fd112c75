"""The end of an engine: what was taken before still leaves, nothing is taken any more, and what cannot be kept is not
told as kept."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from core.domain.account import TradingState
from core.domain.commands import Panic, SetTradingState, Submit
from core.domain.order import OrderStatus
from core.runtime import runner
from tests import scenes
from tests.stage import stage


async def test_an_engine_that_is_being_stopped_takes_no_order_and_sends_those_it_had_taken(tmp_path: Path) -> None:
    before, after = scenes.request(price="70000"), scenes.request(price="70100")
    async with stage(tmp_path / "journal.db") as here:
        assert (await here.desk.send(Submit(request=before))).is_ok
        here.program.stop()
        receipt = await here.desk.send(Submit(request=after))
        assert (receipt.is_ok, "being stopped" in receipt.text) == (False, True)
    status = {id: order.status for id, order in here.state.orders.items()}
    assert status == {before.client_order_id: OrderStatus.OPEN, after.client_order_id: OrderStatus.DENIED}


async def test_what_no_journal_keeps_any_more_is_not_told_as_taken(tmp_path: Path) -> None:
    async with stage(tmp_path / "journal.db") as here:
        pass
    for command in (SetTradingState(state=TradingState.HALTED), Panic()):
        receipt = await here.desk.send(command)
        assert (receipt.is_ok, receipt.text) == (False, "hoga has stopped: nothing was done")
    assert here.state.trading_states.get(None) is not TradingState.HALTED


async def test_a_venue_that_hangs_at_the_goodbye_holds_nobody_and_a_panic_is_not_told_as_carried_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runner, "CLOSE_SECONDS", 0.05)
    said = asyncio.Event()

    async def hangs() -> None:
        said.set()
        await asyncio.Event().wait()

    async with asyncio.timeout(10), stage(tmp_path / "journal.db") as here:
        here.program.broker.close = hangs  # type: ignore[method-assign]
        here.program.stop()
        await said.wait()
        receipt = await here.desk.send(Panic())
        assert (receipt.is_ok, receipt.text) == (False, "hoga has stopped: nothing was done")
