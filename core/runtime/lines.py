"""What each broker's line carries: all there is, or, where places are few, what is looked at, held or ordered. It
subscribes when that changes; whether a line stands is its feed's business."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping

from core.domain.errors import BrokerError
from core.domain.events import Event, Noticed
from core.domain.ids import InstrumentId
from core.ports import Broker, Clock, Subscription
from core.trading.budget import carried
from core.trading.charts import ChartKey
from core.trading.engine import Engine


class Lines:
    def __init__(
        self, engine: Engine, brokers: Mapping[str, Broker], clock: Clock, feed: Callable[[Event], object]
    ) -> None:
        self._engine = engine
        self._brokers = brokers
        self._clock = clock
        self._feed = feed
        self._depth: dict[object, InstrumentId] = {}
        self._charts: dict[object, ChartKey] = {}
        self._watched: frozenset[InstrumentId] = frozenset()
        self._changed = asyncio.Event()
        self.looked_at_quotes: Callable[[], Iterable[InstrumentId]] = tuple
        """Whose quotes some face shows; the desk knows."""
        self.subscribed: dict[str, frozenset[Subscription]] = {}

    def look_at(self, face: object, instrument: InstrumentId | None) -> None:
        """A face wants the depth of one instrument (None: of none any more)."""
        if instrument is None:
            self._depth.pop(face, None)
        else:
            self._depth[face] = instrument
        self._engine.keep_prints(self._depth.values())
        self._changed.set()

    def look_at_chart(self, face: object, key: ChartKey | None) -> bool:
        """A face wants the bars of one instrument as they form (None: of none any more). Does anyone look at what it
        looked at before?"""
        before = self._charts.pop(face, None)
        if key is not None:
            self._charts[face] = key
        self._engine.charts.look(self._charts.values())
        self._changed.set()
        return before in self._charts.values()

    @property
    def looked_at(self) -> frozenset[InstrumentId]:
        return frozenset(self._depth.values())

    def count(self, broker: str) -> int:
        """How many instruments the line carries now."""
        return len(self.subscribed.get(broker, ()))

    async def subscribe(self, broker: Broker) -> None:
        wanted = self._wanted(broker)
        await broker.subscribe(wanted)
        self.subscribed[broker.name] = wanted

    def second(self) -> None:
        """Lines with few places follow what is held, ordered and looked at; stops that are watched here need prints."""
        watched = frozenset(self._engine.legs.watch.instruments)
        if watched != self._watched:
            self._watched = watched
            self._changed.set()
        for broker in self._brokers.values():
            has_few = broker.capabilities.max_subscriptions is not None and broker.name in self.subscribed
            if has_few and self._wanted(broker) != self.subscribed[broker.name]:
                self._changed.set()

    async def keep(self) -> None:
        """Subscribe anew whenever something changed."""
        while True:
            await self._changed.wait()
            self._changed.clear()
            for broker in self._brokers.values():
                try:
                    await self.subscribe(broker)
                except (BrokerError, OSError) as error:
                    # The feed's supervisor subscribes anew when the line is back.
                    text = f"{broker.name}: not subscribed: {error}"
                    self._feed(Noticed(ts=self._clock.now(), level="warning", kind="FEED", text=text))

    def _wanted(self, broker: Broker) -> frozenset[Subscription]:
        maximum = broker.capabilities.max_subscriptions
        looked_at = self.looked_at_quotes() if maximum is not None else ()
        deep = (
            self.looked_at | {id for id, _ in self._charts.values()} | self._watched
        )  # bars and stops need the prints
        ids = carried(self._engine.state, self._engine.strategist, deep, looked_at, maximum)
        return frozenset(Subscription(id, depth=id in deep) for id in ids)
