"""A feed that is followed, the seconds, and what repeats by itself: the runner on a clock that is moved by hand."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any

from core.clock import ManualClock, SystemClock
from core.config import Settings
from core.domain.account import TradingState
from core.domain.commands import Replace, SetTradingState, Submit
from core.domain.errors import AuthFailed, NotConnected
from core.domain.market import Freshness
from core.domain.order import OrderStatus, RequestPhase
from core.trading import rows
from storage.journal import Journal
from tests import scenes
from tests.scenes import ACCOUNT, INSTRUMENTS, KRW, SAMSUNG, START
from tests.stage import stage
from tui.compose import Program, paper_broker


class Life:
    """A program that follows its paper venue; `wait` lets seconds pass."""

    def __init__(self, folder: Path) -> None:
        self.clock = ManualClock(START)
        self.broker = paper_broker(Settings(), self.clock, INSTRUMENTS, cash={KRW: Decimal(100_000_000)})
        journal = Journal.open(folder / "journal.db")
        self.program = Program(Settings(), journal, self.broker, clock=self.clock)
        self.program.runner._halt_file = folder / "halt"
        self.state = self.program.engine.state
        self.started = asyncio.Event()

    async def wait(self, seconds: float = 0.1) -> None:
        end = self.clock.now() + round(seconds * 1e9)
        while True:
            for _ in range(15):
                await SystemClock().sleep(0)
            wake = self.clock.next_wake
            if wake is None or wake > end:
                break
            self.clock.set(wake)
        self.clock.set(end)

    async def settle(self) -> None:
        while not self.program.runner.is_idle:
            await self.wait(0.01)
            await SystemClock().sleep(0.001)

    def texts(self, kind: str) -> list[str]:
        return [row.text for row in self.program.runner.log.rows if row.kind == kind]


@asynccontextmanager
async def life(folder: Path, prepare: Any = None) -> AsyncIterator[Life]:
    made = Life(folder)
    if prepare is not None:
        prepare(made)
    await made.program.prepare()
    running = asyncio.ensure_future(made.program.runner.run(made.started))
    await made.wait()
    try:
        yield made
    finally:
        made.program.stop()
        await asyncio.wait({running}, timeout=10)
        assert running.done()
        running.result()


async def test_a_venue_is_read_before_its_gate_opens(tmp_path: Path) -> None:
    async with life(tmp_path) as made:
        assert made.started.is_set()
        assert made.state.gates[ACCOUNT].is_open
        assert made.state.feeds["paper"].is_connected
        assert made.state.days[ACCOUNT]


async def test_a_stream_that_ends_is_a_line_that_is_down_until_it_is_read_anew(tmp_path: Path) -> None:
    async with life(tmp_path) as made:
        made.program.runner.feed(scenes.quote(71_000, 71_100, made.clock.now()))
        assert rows.freshness(made.state, SAMSUNG, made.clock.now(), 30)[0] is Freshness.LIVE
        await made.broker.close()
        await made.wait(0.2)
        assert not made.state.feeds["paper"].is_connected
        assert not made.state.gates[ACCOUNT].is_open
        assert rows.freshness(made.state, SAMSUNG, made.clock.now(), 30)[0] is Freshness.STALE
        await made.wait(5)
        assert made.state.feeds["paper"].is_connected
        assert made.state.gates[ACCOUNT].is_open


async def test_a_reading_from_before_the_line_broke_opens_no_gate(tmp_path: Path) -> None:
    async with life(tmp_path) as made:
        real, readings = made.broker.snapshot, [asyncio.Event(), asyncio.Event()]
        turns = iter(readings)

        async def snapshot(account: Any) -> Any:
            found = await real(account)
            await next(turns).wait()
            return found

        made.broker.snapshot = snapshot  # type: ignore[method-assign]
        earlier = asyncio.ensure_future(made.program.runner.reconcile(made.broker, ACCOUNT))
        await made.wait()
        await made.broker.close()
        await made.wait(3)
        assert made.state.feeds["paper"].is_connected and not made.state.gates[ACCOUNT].is_open
        readings[0].set()
        await earlier
        assert not made.state.gates[ACCOUNT].is_open, "what happened since was not read"
        readings[1].set()
        await made.wait()
        assert made.state.gates[ACCOUNT].is_open
        made.broker.snapshot = real  # type: ignore[method-assign]


async def test_a_venue_that_cannot_be_reached_is_tried_again(tmp_path: Path) -> None:
    calls: list[int] = []

    def prepare(made: Life) -> None:
        real = made.broker.connect

        async def connect() -> None:
            calls.append(made.clock.now())
            if len(calls) < 4:
                raise NotConnected("paper", "nobody answers")
            await real()

        made.broker.connect = connect  # type: ignore[method-assign]

    async with life(tmp_path, prepare) as made:
        assert made.started.is_set(), "the screen does not wait for a venue"
        assert ACCOUNT not in made.state.gates
        await made.wait(60)
        assert len(calls) == 4
        assert made.state.gates[ACCOUNT].is_open
        assert any("nobody answers" in text for text in made.texts("FEED"))


async def test_a_refused_key_stays_off(tmp_path: Path) -> None:
    calls: list[int] = []

    def prepare(made: Life) -> None:
        async def connect() -> None:
            calls.append(1)
            raise AuthFailed("paper", "the key was refused")

        made.broker.connect = connect  # type: ignore[method-assign]

    async with life(tmp_path, prepare) as made:
        await made.wait(120)
        assert len(calls) == 1
        receipt = await made.program.desk.send(Submit(request=scenes.request()))
        assert not receipt.is_ok


async def test_a_halt_file_halts_and_its_end_resumes_nothing(tmp_path: Path) -> None:
    async with life(tmp_path) as made:
        (tmp_path / "halt").touch()
        await made.wait(1.1)
        assert made.state.trading_state(ACCOUNT) is TradingState.HALTED
        await made.program.desk.send(SetTradingState(state=TradingState.ACTIVE))
        await made.wait(1.1)
        assert made.state.trading_state(ACCOUNT) is TradingState.HALTED, "while it lies there it halts"
        (tmp_path / "halt").unlink()
        await made.wait(3)
        assert made.state.trading_state(ACCOUNT) is TradingState.HALTED
        await made.program.desk.send(SetTradingState(state=TradingState.ACTIVE))
        await made.wait(3)
        assert made.state.trading_state(ACCOUNT) is TradingState.ACTIVE


async def test_the_day_turns_at_the_accounts_own_midnight(tmp_path: Path) -> None:
    async with life(tmp_path) as made:
        first = made.state.days[ACCOUNT]
        made.clock.set(START + 86_400 * 10**9 - 2 * 10**9)
        await made.wait(3)
        assert made.state.days[ACCOUNT] > first


async def test_what_the_stream_kept_to_itself_is_found_by_asking_again(tmp_path: Path) -> None:
    async with life(tmp_path) as made:
        made.broker._fills.append(scenes.fill("buy", "3", "70000"))
        await made.wait(10)
        assert made.state.position(ACCOUNT, SAMSUNG).quantity == 0
        await made.wait(25)
        assert made.state.position(ACCOUNT, SAMSUNG).quantity == 3


async def test_a_venue_that_fails_while_it_is_asked_stops_nothing(tmp_path: Path) -> None:
    async with life(tmp_path) as made:

        async def fails(account: Any) -> Any:
            raise NotConnected("paper", "cut")

        made.broker.snapshot = fails  # type: ignore[method-assign]
        await made.wait(100)
        assert made.state.feeds["paper"].is_connected


async def test_a_replace_that_was_on_its_way_at_a_kill_is_unknown_and_never_repeated(tmp_path: Path) -> None:
    path = tmp_path / "journal.db"
    wanted = scenes.request(price="70000")
    async with stage(path) as made:
        await made.do(Submit(request=wanted))
        made.program.runner.scribe._carry = lambda commands: None
        await made.do(Replace(client_order_id=wanted.client_order_id, quantity=Decimal(20)))
    seen: list[RequestPhase] = []
    journal = Journal.open(path)
    again = Program(
        Settings(),
        journal,
        paper_broker(Settings(), ManualClock(START), INSTRUMENTS, cash={KRW: Decimal(100_000_000)}),
        clock=ManualClock(START),
    )
    await again.prepare()
    order = again.engine.state.orders[wanted.client_order_id]
    assert order.requested is not None
    seen.append(order.requested.phase)
    assert (order.status, seen) == (OrderStatus.OPEN, [RequestPhase.UNKNOWN])
    assert again.engine.state.working(ACCOUNT, SAMSUNG, order.side) == 20, "the worse of both counts"
    await again.runner.reconcile(again.broker, ACCOUNT)
    order = again.engine.state.orders[wanted.client_order_id]
    assert order.requested is not None
    assert (order.requested.phase, order.quantity) == (RequestPhase.REFUSED, 10)
    await journal.close()
