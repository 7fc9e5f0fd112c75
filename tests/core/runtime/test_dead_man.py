"""Nobody looks: the rule by a manual clock, and which consoles count by a real socket."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.clock import SystemClock
from core.domain.account import TradingState
from core.domain.commands import SetTradingState, Submit
from core.domain.events import TradingStateChanged
from core.runtime.dead_man import DeadMan
from core.runtime.desk_attached import attach
from core.runtime.desk_remote import connect
from core.runtime.desk_socket import serve, socket_path
from tests import scenes
from tests.contract.session import until
from tests.stage import Stage, stage
from tests.tui import scripted


def armed(made: Stage, minutes: float = 2) -> DeadMan:
    runner = made.program.runner
    runner.dead_man = DeadMan(minutes, made.state, made.clock, runner.ask, runner.feed)
    return runner.dead_man


def state(made: Stage) -> TradingState:
    return made.state.trading_state(scenes.ACCOUNT)


async def pass_minutes(made: Stage, minutes: float) -> None:
    made.clock.advance(minutes * 60 - 1)
    await made.second()


async def test_without_a_console_only_what_shrinks_passes_and_a_sign_of_life_puts_it_off(tmp_path: Path) -> None:
    path = tmp_path / "journal.db"
    async with stage(path) as made:
        rule = armed(made)
        for _ in range(5):
            await pass_minutes(made, 1.9)
            rule.seen()
        assert state(made) is TradingState.ACTIVE
        await pass_minutes(made, 2)
        assert state(made) is TradingState.REDUCING
        await made.quote(71_000, 71_100)
        assert (await made.do(Submit(request=scenes.request()))).rule == "reducing"
        rule.seen()
        told = made.program.runner.log.rows[-1]
        assert told.level == "warning" and "no console answered for 2 min" in told.text
        assert state(made) is TradingState.REDUCING, "who comes back resumes by hand"
    async with stage(path) as made:
        assert state(made) is TradingState.REDUCING, "journalled"
        changes = [e for _, e in made.program.journal.replay() if isinstance(e, TradingStateChanged)]
        assert [(change.by, change.state) for change in changes] == [("dead man", TradingState.REDUCING)]


@pytest.mark.parametrize("held", [TradingState.REDUCING, TradingState.HALTED])
async def test_what_a_person_tightened_is_not_told_as_the_rules_own(held: TradingState) -> None:
    async with stage() as made:
        rule = armed(made)
        await made.do(SetTradingState(state=held))
        await pass_minutes(made, 3)
        rule.seen()
        assert not [row.text for row in made.program.runner.log.rows if "no console" in row.text]


@pytest.mark.parametrize("held", [TradingState.REDUCING, TradingState.HALTED])
async def test_it_never_loosens_and_counts_anew_once_somebody_resumed(held: TradingState) -> None:
    async with stage() as made:
        armed(made)
        await made.do(SetTradingState(state=held))
        await pass_minutes(made, 3)
        assert state(made) is held
        await made.do(SetTradingState(state=TradingState.ACTIVE))
        await pass_minutes(made, 1)
        await pass_minutes(made, 1)
        assert state(made) is TradingState.ACTIVE, "who resumes without a console has the same minutes"
        await pass_minutes(made, 2)
        assert state(made) is TradingState.REDUCING


async def test_off_is_off() -> None:
    async with stage() as made:
        armed(made, 0)
        await pass_minutes(made, 10_000)
        assert state(made) is TradingState.ACTIVE


async def test_a_console_that_may_act_counts_and_no_other(tmp_path: Path) -> None:
    place, seen, clock = socket_path(tmp_path), [], SystemClock()
    async with serve(scripted.ScriptedDesk(), place, seen=lambda: seen.append(1)):
        async with connect(place, clock) as verb:
            await verb.send(Submit(request=scenes.request()))
        async with connect(place, clock, read_only=True) as looking:
            await looking.ping()
        assert not seen
        async with attach(place, clock):
            await until(lambda: bool(seen))
