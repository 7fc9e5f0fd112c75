"""An engine before a scripted venue, driven by hand: for tests of how UNKNOWN ends and of what readings find."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import msgspec

from core.clock import ManualClock
from core.domain.commands import Submit
from core.domain.events import PhaseChanged
from core.domain.ids import ClientOrderId
from core.domain.market import Phase
from core.domain.order import Order, OrderStatus
from core.runtime.runner import Runner
from core.trading.engine import Engine
from storage.journal import Journal
from tests import scenes
from tests.scenes import KRW, START
from tests.scripted_venue import ACCOUNT, ScriptedVenue


class Scene:
    def __init__(self, *, ids: bool) -> None:
        self.clock = ManualClock(START)
        self.venue = ScriptedVenue(has_client_ids=ids)
        self.engine = Engine(KRW)
        self.journal = Journal.open(":memory:", boot_id="settle")
        self.runner = Runner(self.engine, self.journal, self.clock, [self.venue], is_driven=True)

    @property
    def state(self) -> Any:
        return self.engine.state

    async def wait(self, *seconds: float) -> None:
        for pause in seconds:
            self.clock.advance(pause)
            await self.runner.reconciler.beat()
            await self.runner.idle()
            self.runner.feed(scenes.quote(71_000, 71_100, self.clock.now()))

    async def submit(self, side: str = "buy", *, confirmed: bool = False, **more: Any) -> Order:
        wanted = msgspec.structs.replace(scenes.request(side, **more), account=ACCOUNT)
        self.runner.ask(Submit(request=wanted, is_confirmed=confirmed))
        await self.runner.idle()
        found: Order = self.state.orders[wanted.client_order_id]
        return found

    async def lost(self, **more: Any) -> ClientOrderId:
        """An order whose answer is lost."""
        self.venue.loses_answers = True
        order = await self.submit(**more)
        self.venue.loses_answers = False
        assert order.status is OrderStatus.UNKNOWN
        return order.id

    def order(self, id: ClientOrderId) -> Order:
        found: Order = self.state.orders[id]
        return found


@asynccontextmanager
async def scene(*, ids: bool, prepare: Any = None) -> AsyncIterator[Scene]:
    made = Scene(ids=ids)
    if prepare is not None:
        prepare(made)
    opened = asyncio.Event()
    running = asyncio.ensure_future(made.runner.run(opened))
    await opened.wait()
    made.runner.feed(PhaseChanged(ts=START, market="XKRX", phase=Phase.OPEN))
    made.runner.feed(scenes.quote(71_000, 71_100))
    try:
        yield made
    finally:
        made.runner.stop()
        await running
