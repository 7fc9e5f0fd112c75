"""Asks the venues for orders whose outcome is lost, one by one and beside the readings of whole accounts, which may
take long. What the answers mean is decided in core/trading."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping

from core.domain.events import Event
from core.domain.ids import AccountId, broker_of
from core.domain.market import NS
from core.domain.order import Order
from core.ports import Absent, Broker, Clock, Unread, VenueOrder
from core.runtime.pace import Pace
from core.trading.engine import Engine
from core.trading.settle import Settler

ANSWER_SECONDS = 10.0
AT_ONCE = 4
"""After an outage many ask: so many questions are under way together."""


async def find(broker: Broker, order: Order) -> VenueOrder | Absent | Unread:
    """What the venue says of one order. Whatever goes wrong says nothing about the order."""
    try:
        async with asyncio.timeout(ANSWER_SECONDS):
            return await broker.find(order)
    except Exception as error:
        return Unread(str(error) or type(error).__name__)


class Questions:
    def __init__(
        self,
        engine: Engine,
        brokers: Mapping[str, Broker],
        clock: Clock,
        feed: Callable[[Event], object],
        read_soon: Callable[[AccountId], object],
    ) -> None:
        """`read_soon`: has a whole account read, where the venue keeps no ids of ours or the order was filled."""
        self._engine = engine
        self._brokers = brokers
        self._clock = clock
        self._feed = feed
        self._read_soon = read_soon
        self.settler = Settler(engine.state)
        self.pace = Pace(clock, round(2 * ANSWER_SECONDS * NS))

    async def keep(self) -> None:
        while True:
            await self.pace.until(self.settler.next_due(self._clock.monotonic()))
            await self.beat()

    async def beat(self) -> None:
        """Ask for all that is due by now."""
        due = self.settler.due(self._clock.monotonic())
        for start in range(0, len(due), AT_ONCE):
            self.pace.works()
            await asyncio.gather(*(self._ask(order) for order in due[start : start + AT_ONCE]))

    async def _ask(self, order: Order) -> None:
        """By our id the venue is asked also while its stream is down: the answer comes through another door."""
        broker = self._brokers.get(broker_of(order.account))
        line = self._engine.state.feeds.get(broker.name) if broker is not None else None
        if broker is None or line is None or not line.is_connected:
            self.settler.waits(order.id, self._clock.monotonic())
        else:
            self.settler.asked(order.id, self._clock.monotonic())
        if broker is None or line is None:
            return
        if broker.capabilities.is_in_process or not broker.capabilities.has_client_ids:
            if line.is_connected:
                self._read_soon(order.account)
            return
        found = await find(broker, order)
        for event in self.settler.answered(order.id, found, self._clock.now(), self._clock.monotonic()):
            self._feed(event)
        if isinstance(found, VenueOrder) and found.filled:
            self._read_soon(order.account)  # what it filled is in the listings
