"""The plug of the paper broker: no server, because nothing of it leaves the process; its matching is the truth."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from brokers.paper.broker import PaperBroker
from brokers.paper.settings import PaperSettings
from core.backtest.working import Working
from core.clock import SystemClock
from core.domain.events import OrderCanceled, OrderFilled, OrderReplaced
from core.domain.ids import account_id
from core.domain.order import OrderRequest
from tests import scenes
from tests.scenes import INSTRUMENTS
from tests.simulators.faults import Fault, Script
from tests.simulators.plug import Deed, Plug, Traffic


class PaperPlug:
    name = "paper"
    account = account_id("paper", "main")
    other = account_id("paper", "second")
    instrument = INSTRUMENTS[0]
    has_wire = False
    faults_known: frozenset[Fault] = frozenset()
    secrets: tuple[str, ...] = ()
    silence_seconds = 0.0

    def __init__(self) -> None:
        self.faults = Script()
        self._clock = SystemClock()
        self._made: list[PaperBroker] = []
        self._deeds: list[Deed] = []

    async def start(self) -> None: ...
    async def stop(self) -> None: ...

    def broker(self) -> PaperBroker:
        settings = PaperSettings(accounts=("main", "second"))
        made = PaperBroker(settings, self._clock, feed="driver", instruments=INSTRUMENTS)
        real = made._keep

        def keep(happened: list[Any]) -> None:
            for event in happened:
                self._note(event)
            real(happened)

        made._keep = keep  # type: ignore[method-assign]
        self._made.append(made)
        now = self._clock.now()
        for event in (scenes.quote(71_000, 71_100, now),):
            made.on_market(event)
        return made

    def _note(self, event: Any) -> None:
        kinds = {OrderFilled: "filled", OrderCanceled: "canceled", OrderReplaced: "replaced"}
        if event.__class__ in kinds:
            fill = getattr(event, "fill", None)
            intent = fill.client_order_id if fill is not None else event.client_order_id
            more = {"quantity": str(fill.quantity), "fill_id": fill.fill_id} if fill is not None else {}
            self._deeds.append(Deed(t=event.ts, what=kinds[event.__class__], intent=intent, **more))

    def with_wrong_key(self) -> PaperBroker:
        raise NotImplementedError("paper has no keys")

    def request(self, side: str, quantity: str, price: str | None, **more: Any) -> OrderRequest:
        return scenes.request(side, quantity, price, **more)

    async def quote(self, bid: float, ask: float, size: float = 1000) -> None:
        for made in self._made:
            event = scenes.quote(bid, ask, self._clock.now(), size=size)
            made._hear(event)
            made._wake.set()

    async def act(self, what: str, ref: str = "") -> None:
        raise NotImplementedError(what)

    def truth(self) -> list[Deed]:
        orders: list[Working] = [order for made in self._made for order in made._matching.orders()]
        return [
            *(Deed(t=0, what="received", ref=order.ref, intent=order.id) for order in orders),
            *(Deed(t=0, what="accepted", ref=order.ref, intent=order.id) for order in orders),
            *self._deeds,
        ]

    def traffic(self) -> list[Traffic]:
        return []


def make(_: Path) -> Plug:
    return PaperPlug()


make.has_wire = False  # type: ignore[attr-defined]
PLUGS = {"paper": make}
