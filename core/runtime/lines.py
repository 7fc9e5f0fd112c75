"""What each broker's line carries: all there is, or, where places are few, what is looked at, held or ordered. It
subscribes when that changes; whether a line stands is its feed's business."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping

from core.domain.errors import BrokerError
from core.domain.events import Event, Noticed
from core.domain.ids import InstrumentId
from core.domain.market import NS
from core.ports import Broker, Clock, Subscription
from core.trading.budget import carried
from core.trading.charts import ChartKey
from core.trading.engine import Engine

LONGEST_NS = 30 * NS
"""To subscribe everywhere; each call of a venue has a time limit of its own."""


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
        self._moves_by = 0
        """When a change is taken up at the latest, on the monotonic clock; 0 while there is none."""
        self.looked_at_quotes: Callable[[], Iterable[InstrumentId]] = tuple
        """Whose quotes some face shows; the desk knows."""
        self.subscribed: dict[str, frozenset[Subscription]] = {}

    def _change(self) -> None:
        if not self._changed.is_set() and not self._moves_by:
            self._moves_by = self._clock.monotonic()
        self._changed.set()

    def late(self, mono: int) -> int:
        """For the watch: how far behind it is, ns."""
        return mono - self._moves_by if self._moves_by else 0

    def look_at(self, face: object, instrument: InstrumentId | None) -> None:
        """A face wants the depth of one instrument (None: of none any more)."""
        if instrument is None:
            self._depth.pop(face, None)
        else:
            self._depth[face] = instrument
        self._engine.keep_prints(self._depth.values())
        self._change()

    def look_at_chart(self, face: object, key: ChartKey | None) -> bool:
        """A face wants the bars of one instrument as they form (None: of none any more). Does anyone look at what it
        looked at before?"""
        before = self._charts.pop(face, None)
        if key is not None:
            self._charts[face] = key
        self._engine.charts.look(self._charts.values())
        self._change()
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
            self._change()
        for broker in self._brokers.values():
            has_few = broker.capabilities.max_subscriptions is not None and broker.name in self.subscribed
            if has_few and self._wanted(broker) != self.subscribed[broker.name]:
                self._change()

    async def keep(self) -> None:
        """Subscribe anew whenever something changed."""
        while True:
            await self._changed.wait()
            self._changed.clear()
            self._moves_by = self._clock.monotonic() + LONGEST_NS
            for broker in self._brokers.values():
                try:
                    await self.subscribe(broker)
                except (BrokerError, OSError) as error:
                    # The feed's supervisor subscribes anew when the line is back.
                    text = f"{broker.name}: not subscribed: {error}"
                    self._feed(Noticed(ts=self._clock.now(), level="warning", kind="FEED", text=text))
            self._moves_by = self._clock.monotonic() if self._changed.is_set() else 0

    def _wanted(self, broker: Broker) -> frozenset[Subscription]:
        maximum = broker.capabilities.max_subscriptions
        looked_at = self.looked_at_quotes() if maximum is not None else ()
        deep = (
            self.looked_at | {id for id, _ in self._charts.values()} | self._watched
        )  # bars and stops need the prints
        ids = carried(self._engine.state, self._engine.strategist, deep, looked_at, maximum)
        return frozenset(Subscription(id, depth=id in deep) for id in ids)
