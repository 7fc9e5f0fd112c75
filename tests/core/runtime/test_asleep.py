"""A process that was stopped, a machine that slept: what was known before says nothing about now."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.clock import NS, SystemClock
from core.domain.commands import Submit
from core.domain.errors import NotConnected
from core.domain.events import FeedChanged, GateChanged, PhaseChanged
from core.domain.market import Freshness, Phase
from core.domain.order import OrderStatus
from core.trading import rows
from tests import scenes
from tests.core.runtime.test_runner import Life, life
from tests.scenes import ACCOUNT, SAMSUNG
from tests.stage import stage


def sleep(made: Life, seconds: float) -> None:
    """The clock goes on, and nobody of the loop ran meanwhile."""
    made.clock._now += round(seconds * NS)


async def calm(made: Life) -> None:
    """A second has passed, and the journal's thread, which knows no manual clock, has caught up."""
    await made.wait(1.1)
    while made.program.runner.scribe.problem or not made.program.runner.is_idle:
        await SystemClock().sleep(0.001)


async def test_nothing_leaves_after_a_sleep_before_the_account_was_read_anew(tmp_path: Path) -> None:
    async with life(tmp_path) as made:
        made.program.runner.feed(scenes.quote(71_000, 71_100, made.clock.now()))
        await calm(made)
        reads: list[int] = []
        real = made.broker.snapshot

        async def snapshot(account: object) -> object:
            reads.append(made.clock.now())
            return await real(account)  # type: ignore[arg-type]

        made.broker.snapshot = snapshot  # type: ignore[method-assign, assignment]
        sleep(made, 6)
        receipt = await made.program.desk.send(Submit(request=scenes.request()))
        assert not receipt.is_ok, "whoever asks first does so of shut gates"
        assert receipt.rule in ("gate", "feed")
        assert not made.state.gates[ACCOUNT].is_open
        assert rows.freshness(made.state, SAMSUNG, made.clock.now(), 30)[0] is Freshness.STALE
        assert made.state.quotes[SAMSUNG].freshness is Freshness.STALE, "also when the line is up again"
        await made.wait(0.5)
        assert reads and made.state.gates[ACCOUNT].is_open
        told = [text for text in made.texts("CLOCK") if "stood still" in text]
        assert len(told) == 1 and "6 s" in told[0]
        assert not [text for text in made.texts("ENGINE") if "feed" in text or "watch" in text], "it was said once"


async def test_an_order_that_waits_for_its_commit_does_not_leave_after_a_sleep(tmp_path: Path) -> None:
    async with life(tmp_path) as made:
        journal = made.program.journal
        real = journal.claim

        async def claim(*words: object) -> object:
            permit = await real(*words)  # type: ignore[arg-type]
            sleep(made, 6)
            return permit

        journal.claim = claim  # type: ignore[method-assign, assignment]
        sent: list[object] = []
        made.broker.submit = lambda *words: sent.append(words)  # type: ignore[method-assign, assignment, return-value]
        made.program.runner.feed(PhaseChanged(ts=made.clock.now(), market="XKRX", phase=Phase.OPEN))
        made.program.runner.feed(scenes.quote(71_000, 71_100, made.clock.now()))
        receipt = await made.program.desk.send(Submit(request=scenes.request()))
        assert receipt.is_ok and receipt.client_order_id is not None
        await made.settle()
        await made.wait(0.5)
        assert not sent
        order = made.state.orders[receipt.client_order_id]
        assert order.status is OrderStatus.NOT_PLACED, "no byte left, and that is known"


async def test_a_venue_that_is_gone_after_the_sleep_keeps_its_gate_shut(tmp_path: Path) -> None:
    async with life(tmp_path) as made:
        await calm(made)

        async def connect() -> None:
            raise NotConnected("paper", "nobody answers")

        made.broker.connect = connect  # type: ignore[method-assign]
        sleep(made, 3600)
        await made.wait(40)
        assert not made.state.gates[ACCOUNT].is_open
        assert not made.state.feeds["paper"].is_connected


@pytest.mark.parametrize("seconds", [0.5, 4.5])
async def test_a_short_pause_shuts_nothing(tmp_path: Path, seconds: float) -> None:
    async with life(tmp_path) as made:
        await calm(made)
        shut: list[object] = []
        step = made.program.runner._step

        def seen(event: object, now: int) -> object:
            shut.extend([event] if isinstance(event, FeedChanged | GateChanged) else ())
            return step(event, now)  # type: ignore[arg-type]

        made.program.runner._step = seen  # type: ignore[assignment]
        sleep(made, seconds)
        await made.wait(2)
        assert not shut
        assert made.state.gates[ACCOUNT].is_open


async def test_a_clock_that_was_set_by_a_day_begins_none_though_the_line_is_opened_anew(tmp_path: Path) -> None:
    async with life(tmp_path) as made:
        await calm(made)
        day, steady = made.state.days[ACCOUNT], made.clock.monotonic
        ahead = 86_400 * NS
        made.clock.monotonic = lambda: steady() - ahead  # type: ignore[method-assign]
        sleep(made, 86_400)
        await made.wait(5)
        assert made.state.gates[ACCOUNT].is_open, "the line was opened anew"
        assert made.state.days[ACCOUNT] == day
        assert made.program.engine.gate.clock_offset == pytest.approx(86_400, abs=1)


async def test_a_clock_that_is_set_forth_and_back_still_has_to_run_straight_for_a_minute(tmp_path: Path) -> None:
    async with stage() as made:
        ahead = 0
        made.clock.monotonic = lambda: made.clock.now() - ahead  # type: ignore[method-assign]

        async def rule() -> str:
            await made.quote(71_000, 71_100)
            return (await made.do(Submit(request=scenes.request()))).rule

        await made.second()
        for seconds in (5, -5):
            ahead += seconds * NS
            made.clock._now += seconds * NS
            await made.second()
            assert await rule() == "clock"
        await made.second(58)
        assert await rule() == "clock"
        await made.second(3)
        assert await rule() == ""
