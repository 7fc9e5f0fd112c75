"""The whole way of an order on a real wire: engine, journal on disk, runner, outbox, desk, and a broker of a plug."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from core.clock import SystemClock
from core.domain.commands import Command, Submit
from core.domain.ids import ClientOrderId
from core.domain.instrument import Currency
from core.domain.limits import RiskLimits
from core.domain.order import Order, OrderRequest
from core.ports import Broker, Receipt
from core.runtime.desk import LocalDesk
from core.runtime.runner import Runner
from core.trading.engine import Engine
from storage.journal import Journal
from tests.contract.session import until
from tests.simulators.plug import Deed, Plug

FREE = RiskLimits(
    duplicate_window_seconds=None,
    max_orders_per_second=None,
    max_orders_per_minute=None,
    max_unknown_orders=None,
    max_open_orders=None,
    max_quote_age_seconds=600,
    daily_loss=None,
    max_position_value=None,
)


class Console:
    """A running console without a face."""

    def __init__(self, plug: Plug, journal: Path, broker: Broker | None = None, limits: RiskLimits = FREE) -> None:
        self.plug = plug
        self.broker = broker if broker is not None else plug.broker()
        clock = SystemClock()
        self.journal = Journal.open(journal, boot_id=os.urandom(4).hex())
        self.engine = Engine(Currency("KRW"), limits)
        self.runner = Runner(self.engine, self.journal, clock, [self.broker], max_order_age_seconds=30)
        self.desk = LocalDesk(self.runner, clock, os.urandom)
        self.task: asyncio.Future[None] | None = None
        """The runner at work."""

    @property
    def is_over(self) -> bool:
        """Did the runner end, which it only does by a bug while nobody stopped it?"""
        return self.task is not None and self.task.done()

    @property
    def is_open(self) -> bool:
        gate = self.engine.state.gates.get(self.plug.account)
        return gate is not None and gate.is_open

    @property
    def is_ready(self) -> bool:
        return self.is_open and self.plug.instrument.id in self.engine.state.quotes

    def order(self, id: ClientOrderId) -> Order:
        return self.engine.state.orders[id]

    async def do(self, command: Command) -> Receipt:
        """Send and wait until everything it causes here is done; what the venue says later comes later."""
        receipt = await self.desk.send(command)
        await self.runner.idle()
        return receipt

    async def submit(self, quantity: str = "1", price: str = "70000", side: str = "buy") -> OrderRequest:
        request = self.plug.request(side, quantity, price)
        await self.do(Submit(request=request))
        return request

    async def reconcile(self) -> None:
        await self.runner.reconcile(self.broker, self.plug.account)
        await self.runner.idle()

    def log(self, kind: str = "") -> list[str]:
        return [row.text for row in self.runner.log.rows if not kind or row.kind == kind]


@asynccontextmanager
async def running(
    plug: Plug,
    journal: Path,
    *,
    kill: bool = False,
    limits: RiskLimits = FREE,
    seconds: float = 5.0,
    is_quoted: bool = True,
) -> AsyncIterator[Console]:
    """Until its gate is open and its instrument quoted, at most `seconds`. With `kill` it ends in the middle of
    everything, without goodbye."""
    made = Console(plug, journal, limits=limits)
    made.runner.recover()
    task = made.task = asyncio.ensure_future(made.runner.run())
    try:
        await until(lambda: (made.is_ready if is_quoted else made.is_open) or task.done(), seconds)
        if task.done():
            task.result()
        yield made
    finally:
        if kill:
            task.cancel()
        else:
            made.runner.stop()
        await asyncio.wait({task})
        if not task.cancelled():
            task.result()  # a bug that ended the runner is a bug of this run
        await made.broker.close()
        await made.journal.close()


def count(deeds: list[Deed], what: str, id: ClientOrderId) -> int:
    return sum(1 for deed in deeds if deed.what == what and deed.intent == id)
