"""A broker under test: connected, listened to, and asked as the outbox would ask it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from decimal import Decimal
from typing import Any, TypeVar

import msgspec

from core.clock import SystemClock
from core.domain.events import OrderAccepted, OrderCanceled, OrderFilled, OrderReplaced
from core.domain.ids import ClientOrderId, VenueRef
from core.domain.market import NS, Quote
from core.domain.order import Order, OrderRequest, OrderStatus, Requested, RequestKind, RequestPhase
from core.ports import Accepted, Broker, Prepared, SendPermit, Snapshot, Subscription, Unread
from tests.simulators.plug import Plug

E = TypeVar("E")
CLOCK = SystemClock()


async def until(condition: Callable[[], Any], seconds: float = 5.0) -> Any:
    """Wait for something that happens on the loop or on the wire."""
    for _ in range(round(seconds / 0.005)):
        if found := condition():
            return found
        await CLOCK.sleep(0.005)
    raise AssertionError("it never happened")


def order_of(request: OrderRequest) -> Order:
    """As the outbox holds it when it is about to be sent."""
    return Order(
        request=request,
        status=OrderStatus.SENDING,
        quantity=request.quantity,
        limit_price=request.limit_price,
        stop_price=request.stop_price,
        created=0,
        updated=0,
    )


class Sending(msgspec.Struct):
    """One submit and what came of it."""

    order: Order
    prepared: Prepared
    permit: SendPermit
    answer: Any = None
    error: Exception | None = None

    @property
    def id(self) -> ClientOrderId:
        return self.order.id

    @property
    def ref(self) -> VenueRef:
        assert isinstance(self.answer, Accepted), self.error
        return self.answer.ref

    @property
    def open_order(self) -> Order:
        return msgspec.structs.replace(self.order, status=OrderStatus.OPEN, refs=(self.ref,))


class Session:
    def __init__(self, plug: Plug, broker: Broker | None = None) -> None:
        self.plug = plug
        self.broker = broker if broker is not None else plug.broker()
        self.events: list[Any] = []
        self.error: BaseException | None = None
        self.is_over = False
        self._listening: asyncio.Task[None] | None = None

    async def open(self) -> None:
        await self.broker.connect()
        self.listen()

    def listen(self) -> None:
        self.is_over, self.error = False, None
        self._listening = asyncio.ensure_future(self._listen())

    async def _listen(self) -> None:
        try:
            async for event in self.broker.events():
                self.events.append(event)
        except Exception as error:
            self.error = error
        finally:
            self.is_over = True

    async def close(self) -> None:
        await self.broker.close()
        if self._listening is not None:
            try:
                async with asyncio.timeout(3):
                    await self._listening
            except TimeoutError:
                raise AssertionError("events() goes on after close()") from None

    # --- orders ---------------------------------------------------------------------------------------------------

    async def send(self, request: OrderRequest) -> Sending:
        order = order_of(request)
        prepared = self.broker.prepare(order)
        made = Sending(order, prepared, SendPermit(order.id, prepared.digest))
        try:
            made.answer = await self.broker.submit(prepared, made.permit)
        except Exception as error:
            made.error = error
        return made

    async def rest(self, quantity: str = "10", price: str = "70000") -> Sending:
        """An order that waits below the market."""
        made = await self.send(self.plug.request("buy", quantity, price))
        assert isinstance(made.answer, Accepted), made.error
        return made

    def replacing(self, sent: Sending, **terms: Decimal) -> Order:
        wish = Requested(kind=RequestKind.REPLACE, phase=RequestPhase.SENDING, ts=CLOCK.now(), **terms)
        return msgspec.structs.replace(sent.open_order, requested=wish)

    # --- what was heard -------------------------------------------------------------------------------------------

    def of(self, kind: type[E]) -> list[E]:
        return [event for event in self.events if isinstance(event, kind)]

    def fills(self, id: ClientOrderId) -> list[OrderFilled]:
        return [event for event in self.of(OrderFilled) if event.fill.client_order_id == id]

    def ends(self, id: ClientOrderId) -> list[OrderCanceled]:
        return [event for event in self.of(OrderCanceled) if event.client_order_id == id]

    def replaced(self, id: ClientOrderId) -> list[OrderReplaced]:
        return [event for event in self.of(OrderReplaced) if event.client_order_id == id]

    def acceptances(self, id: ClientOrderId) -> list[OrderAccepted]:
        return [event for event in self.of(OrderAccepted) if event.client_order_id == id]

    async def snapshot(self) -> Snapshot:
        return await self.broker.snapshot(self.plug.account)

    async def watch(self, *, depth: bool = False) -> None:
        await self.broker.subscribe(frozenset({Subscription(self.plug.instrument.id, depth)}))

    async def quoted(self, bid: float, ask: float, size: float = 1000) -> None:
        """The market stands there, and the adapter has heard of it."""
        await self.watch()
        await self.plug.quote(bid, ask, size=size)
        await until(lambda: (bid, ask) in [(quote.bid, quote.ask) for quote in self.of(Quote)[-1:]])


def parts(snapshot: Snapshot) -> dict[str, Any]:
    return {name: getattr(snapshot, name) for name in ("orders", "fills", "positions", "balances")}


def unread(snapshot: Snapshot) -> list[str]:
    return [name for name, part in parts(snapshot).items() if isinstance(part, Unread)]


def seconds_since(t: int) -> float:
    return (CLOCK.monotonic() - t) / NS
