"""A strategy's parameters are changed by a person: checked, journalled, in force at once and after a restart."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec
import pytest

from core.config import Settings, StrategySettings
from core.domain.commands import ControlStrategy, SetStrategyParams, StrategyAction
from core.domain.market import NS, Bar, Interval
from core.strategies.params import texts
from core.trading.strategy_rows import param_rows
from tests.scenes import SAMSUNG, START
from tests.stage import Stage, stage

SETTINGS = Settings(
    strategies={
        "ma": StrategySettings(
            kind="ma_cross", instruments=("005930",), size=Decimal(10), params={"fast": 2, "slow": 4}
        )
    }
)


def changed(**params: Any) -> Settings:
    section = msgspec.structs.replace(SETTINGS.strategies["ma"], params=params)
    return msgspec.structs.replace(SETTINGS, strategies={"ma": section})


def ready(made: Stage, settings: Settings = SETTINGS) -> Any:
    made.program.add_strategies(settings.strategies)
    return made.engine.strategist.slots["ma"]


def bars(count: int) -> list[Bar]:
    return [Bar(SAMSUNG, Interval.M1, START + n * 60 * NS, 1, 1, 1, 100.0 + n % 5, 1.0) for n in range(count)]


async def test_they_are_in_force_at_once_and_the_strategy_is_warm() -> None:
    async with stage(settings=SETTINGS) as made:
        slot = ready(made)
        made.program.runner.warm("ma", bars(50))
        receipt = await made.do(SetStrategyParams(name="ma", params={"fast": "3", "slow": "6"}))
        assert receipt.is_ok, receipt.text
        assert "parameters by keyboard: fast 3, slow 6" in receipt.text
        assert (slot.strategy.params.fast, slot.strategy.params.slow) == (3, 6)
        assert slot.strategy.trace(SAMSUNG)[0].passed is True, "warmed up from what it had seen"
        assert slot.strategy.trace(SAMSUNG)[0].value == 50
        assert len(slot.closes[SAMSUNG]) == 50
        assert {row.name: (row.value, row.default) for row in param_rows(slot)}["fast"] == ("3", "10")
        assert all(row.doc for row in param_rows(slot))


@pytest.mark.parametrize(
    "params, words",
    [
        ({"fsat": "3"}, "did you mean 'fast'"),
        ({"fast": "many"}, "params"),
        ({"fast": "9"}, "below slow"),
        ({"allow_short": "perhaps"}, "params"),
    ],
)
async def test_what_is_wrong_changes_nothing_and_is_said(params: dict[str, str], words: str) -> None:
    async with stage(settings=SETTINGS) as made:
        slot = ready(made)
        receipt = await made.do(SetStrategyParams(name="ma", params=params))
        assert not receipt.is_ok
        assert words in receipt.text
        assert texts(slot.strategy.params)["fast"] == "2"
        assert not made.state.strategy_params


async def test_a_running_strategy_is_paused_first() -> None:
    async with stage(settings=SETTINGS) as made:
        slot = ready(made)
        await made.do(ControlStrategy(name="ma", action=StrategyAction.START))
        receipt = await made.do(SetStrategyParams(name="ma", params={"fast": "3"}))
        assert not receipt.is_ok
        assert "pause or stop it" in receipt.text
        await made.do(ControlStrategy(name="ma", action=StrategyAction.PAUSE))
        assert (await made.do(SetStrategyParams(name="ma", params={"fast": "3"}))).is_ok
        assert slot.strategy.params.fast == 3
        unknown = await made.do(SetStrategyParams(name="mb", params={}))
        assert "there is no strategy 'mb'" in unknown.text


async def test_they_survive_a_restart(tmp_path: Path) -> None:
    path = tmp_path / "journal.db"
    async with stage(path, settings=SETTINGS) as made:
        ready(made)
        await made.do(SetStrategyParams(name="ma", params={"fast": "3", "allow_short": "true"}))
    async with stage(path, settings=SETTINGS) as made:
        slot = ready(made)
        assert texts(slot.strategy.params) == {"fast": "3", "slow": "4", "allow_short": "true"}


async def test_settings_that_were_changed_since_count_and_it_says_so(tmp_path: Path) -> None:
    path = tmp_path / "journal.db"
    async with stage(path, settings=SETTINGS) as made:
        ready(made)
        await made.do(SetStrategyParams(name="ma", params={"fast": "3"}))
    settings = changed(fast=1, slow=9)
    async with stage(path, settings=settings) as made:
        slot = ready(made, settings)
        assert texts(slot.strategy.params)["fast"] == "1"
        assert any("left aside" in row.text for row in made.program.runner.log.rows)
