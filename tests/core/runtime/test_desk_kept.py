"""Lists, alerts and notes over a restart, and what a line with few places carries. What faces see of them is in the
desk's contract (tests/contract/test_desk.py)."""

from __future__ import annotations

import asyncio
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec
import pytest

from core.clock import SystemClock
from core.domain.commands import Close, EditWatchlist, ListEdit, SetAlert, Submit, WriteNote
from tests import scenes
from tests.scenes import ACCOUNT, APPLE, SAMSUNG
from tests.stage import stage

SECONDS = 5.0


async def turn_until(condition: Any) -> None:
    """Let the loop turn until it is so."""
    async with asyncio.timeout(SECONDS):
        while not condition():
            await SystemClock().sleep(0)


async def test_lists_alerts_and_notes_survive_a_restart(tmp_path: Path) -> None:
    path = tmp_path / "journal.db"
    async with stage(path) as made:
        await made.do(EditWatchlist(name="kr", edit=ListEdit.MAKE))
        await made.do(EditWatchlist(name="kr", edit=ListEdit.ADD, instrument=SAMSUNG))
        await made.do(SetAlert(instrument=SAMSUNG, above=True, price=Decimal(73_000)))
        await made.do(SetAlert(instrument=SAMSUNG, above=True, price=Decimal(72_000)))
        await made.trade(72_000, 5)
        await made.do(WriteNote(subject=f"instrument:{SAMSUNG}", text="earnings"))
        await made.do(Submit(request=scenes.request("buy", "10", None)))
        before = {name: value for name, value in vars(made.state.kept).items() if name != "folds"}
    async with stage(path) as again:
        kept = {name: value for name, value in vars(again.state.kept).items() if name != "folds"}
        assert kept == before
        assert list(kept["alerts"]) == ["a1"] and list(kept["fired"]) == ["a2"]
        assert again.engine.watchlists.lists()["kr"] == (SAMSUNG,)
        assert (await again.desk.story(SAMSUNG)).note == "earnings"
        await again.trade(72_500, 5)
        assert list(again.state.kept.alerts) == ["a1"]
        await again.trade(73_000, 5)
        assert list(again.state.kept.fired) == ["a2", "a1"]
        order = next(iter(again.state.orders))
        assert (await again.desk.story(order)).lines[0].kind == "ORDER"


async def test_a_line_with_few_places_carries_what_is_held_and_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    async with stage() as made:
        broker = made.program.broker
        broker.capabilities = msgspec.structs.replace(broker.capabilities, max_subscriptions=1)
        made.engine.watchlists.seeds = {"us": (APPLE,), "kr": (SAMSUNG,)}
        lines = made.program.runner.lines

        async def carries(instrument: Any) -> None:
            await made.second()
            await turn_until(lambda: {s.instrument for s in lines.subscribed["paper"]} == {instrument})

        await carries(APPLE)
        await made.do(Submit(request=scenes.request("buy", "10", None)))
        await carries(SAMSUNG)
        await made.do(Close(client_order_id=scenes.new_id(), account=ACCOUNT, instrument=SAMSUNG, at_market=True))
        await carries(APPLE)
