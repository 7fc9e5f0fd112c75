"""The whole program without a screen, for tests: real journal, real paper broker on a driven market, manual clock."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from decimal import Decimal
from pathlib import Path
from random import Random
from typing import Any

import msgspec

from core.clock import ManualClock, SystemClock
from core.config import Settings
from core.domain.account import Mode
from core.domain.commands import Command
from core.domain.events import PhaseChanged
from core.domain.limits import RiskLimits
from core.domain.market import Aggressor, Phase, Trade
from core.ports import Receipt
from core.runtime.replay import Replay
from storage.journal import Journal
from tests import scenes
from tests.scenes import APPLE, INSTRUMENTS, KRW, SAMSUNG, START, USD
from tui.compose import Program, paper_broker


class Stage:
    """`do` sends a command and waits until everything it causes has happened."""

    def __init__(self, program: Program, clock: ManualClock) -> None:
        self.program = program
        self.clock = clock
        self.engine = program.engine
        self.state = program.engine.state
        self.desk = program.desk
        self._replay = Replay(program.runner, program.broker, (), clock, SystemClock())

    async def settle(self) -> None:
        await self._replay.settle()

    async def do(self, command: Command) -> Receipt:
        receipt = await self.desk.send(command)
        await self.settle()
        return receipt

    async def market(self, event: Any) -> None:
        """An event of the market, seen by engine and venue."""
        self.program.runner.feed(event)
        self.program.broker.on_market(event)
        await self.settle()

    async def quote(self, bid: float, ask: float, size: float = 500, instrument: Any = SAMSUNG) -> None:
        await self.market(scenes.quote(bid, ask, self.clock.now(), instrument, size))

    async def trade(self, price: float, size: float, instrument: Any = SAMSUNG, by: str = "sell") -> None:
        now = self.clock.now()
        await self.market(Trade(instrument, price, size, Aggressor(by), now, now))

    async def second(self, count: int = 1) -> None:
        for _ in range(count):
            self.clock.advance(1)
            self.program.runner.second()
            await self.settle()


def make(
    path: Path | str,
    *,
    limits: RiskLimits | None = None,
    settings: Settings | None = None,
    ballast: int = 0,
    mode: Mode = Mode.PAPER,
) -> Stage:
    clock = ManualClock(START)
    settings = settings or Settings()
    if limits is not None:
        settings = msgspec.structs.replace(settings, risk=limits)
    broker = paper_broker(settings, clock, INSTRUMENTS, cash={KRW: Decimal(100_000_000), USD: Decimal(100_000)})
    program = Program(
        settings,
        Journal.open(path, boot_id="stage", ballast=ballast),
        broker,
        clock=clock,
        random_bytes=Random(1).randbytes,
        is_driven=True,
        mode=mode,
    )
    return Stage(program, clock)


@asynccontextmanager
async def stage(path: Path | str = ":memory:", **more: Any) -> AsyncIterator[Stage]:
    """A running program: two instruments quoted, markets open, the account funded and its gate open."""
    made = make(path, **more)
    await made.program.prepare()
    opened = asyncio.Event()
    async with asyncio.TaskGroup() as group:
        running = group.create_task(made.program.runner.run(opened))
        await opened.wait()
        now = made.clock.now()
        for market in ("XKRX", "XNAS"):
            await made.market(PhaseChanged(ts=now, market=market, phase=Phase.OPEN))
        made.program.runner.feed(scenes.RateChanged(ts=now, currency=USD, base=KRW, rate=Decimal(1400)))
        await made.quote(71_000, 71_100)
        await made.quote(227.30, 227.32, instrument=APPLE)
        try:
            yield made
        finally:
            made.program.stop()
            await running
