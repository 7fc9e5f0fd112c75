"""An engine with protective legs, and a hand that plays its venue."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from core.domain.commands import (
    Submit,
    Tick,
)
from core.domain.events import (
    DURABLE,
    OrderAccepted,
    OrderCanceled,
    OrderFilled,
    OrderReplaced,
    OrderSending,
)
from core.domain.ids import ClientOrderId, VenueRef
from core.domain.market import NS, Aggressor, Trade
from core.domain.order import STOPS, Order, OrderStatus, OrderType, Side, TimeInForce
from core.ports import Capabilities
from core.trading import rows
from tests import scenes
from tests.scenes import ACCOUNT, SAMSUNG, START

D = Decimal
WITHOUT_STOPS = Capabilities(
    order_types=frozenset(OrderType) - STOPS, times_in_force=frozenset(TimeInForce), can_replace=True
)


class Desk:
    """An engine and a hand that plays the venue."""

    def __init__(self, *, stops: bool = True, **more: Any) -> None:
        self.engine = scenes.engine(**more)
        self.state = self.engine.state
        if not stops:
            self.engine.gate.venues = {"paper": WITHOUT_STOPS}
        self.now = START
        self.out: list[Any] = []
        self.journal: list[Any] = []

    def step(self, message: Any) -> list[Any]:
        self.now += NS // 100
        self.out = list(self.engine.step(message, self.now))
        self.journal += [item for item in self.out if isinstance(item, DURABLE)]
        return self.out

    def submit(
        self, side: str = "buy", quantity: str = "10", price: str | None = "71000", **terms: Any
    ) -> ClientOrderId:
        for name in ("stop_loss", "take_profit", "stop_price", "trail"):
            if terms.get(name) is not None:
                terms[name] = D(terms[name])
        request = scenes.request(side, quantity, price, **terms)
        self.step(Submit(request=request))
        return request.client_order_id

    def entry(self, **terms: Any) -> ClientOrderId:
        id = self.submit(**{"stop_loss": "69500", "take_profit": "74000"} | terms)
        self.take()
        return id

    def take(self) -> None:
        """The venue takes every order that was sent, and says so."""
        for order in list(self.state.live_orders()):
            if order.status is OrderStatus.STAGED:
                sending = OrderSending(ts=self.now, client_order_id=order.id)
                self.engine.step(sending, self.now)
                self.journal.append(sending)
                self.step(OrderAccepted(ts=self.now, client_order_id=order.id, ref=VenueRef(f"v{order.id[-6:]}")))

    def answer(self) -> None:
        """The venue does what it was asked: cancels and replaces."""
        for order in list(self.state.live_orders()):
            wish = order.requested
            if wish is None or order.status is not OrderStatus.OPEN or wish.phase.value != "sending":
                continue
            if wish.kind.value == "cancel":
                self.step(OrderCanceled(ts=self.now, client_order_id=order.id, text="canceled at our request"))
            else:
                self.step(
                    OrderReplaced(
                        ts=self.now,
                        client_order_id=order.id,
                        quantity=wish.quantity or order.quantity,
                        limit_price=wish.limit_price,
                        stop_price=wish.stop_price,
                    )
                )

    def fill(self, id: ClientOrderId, quantity: str, price: str = "71000") -> None:
        order = self.state.orders[id]
        self.step(
            OrderFilled(
                ts=self.now, fill=scenes.fill(order.side.value, quantity, price, order=id, instrument=order.instrument)
            )
        )

    def quote(self, bid: float, ask: float) -> None:
        self.step(scenes.quote(bid, ask, self.now))

    def trade(self, price: float) -> None:
        self.step(Trade(SAMSUNG, price, 1.0, Aggressor.SELL, self.now, self.now))

    def second(self, count: int = 1) -> None:
        for _ in range(count):
            self.now += NS
            self.step(Tick())

    def legs(self, root: ClientOrderId) -> list[Order]:
        return [o for o in self.state.orders.values() if o.request.parent == root]

    def live(self, *, held: bool | None = None) -> list[Order]:
        orders = [o for o in self.state.live_orders() if o.side is Side.SELL]
        return [o for o in orders if held is None or (o.status is OrderStatus.HELD) is held]

    def stop(self) -> Order:
        (found,) = [o for o in self.live() if o.stop_price is not None]
        return found

    def profit(self) -> Order:
        (found,) = [o for o in self.live() if o.stop_price is None and o.request.reduce_only]
        return found

    @property
    def held(self) -> Decimal:
        return self.state.position(ACCOUNT, SAMSUNG).quantity

    def row(self) -> Any:
        return rows.position_row(self.state, (ACCOUNT, SAMSUNG), self.now, None)


def protect(desk: Desk, quantity: str = "10", **terms: Any) -> ClientOrderId:
    more = {"type": OrderType.STOP, "stop_price": "69500", "reduce_only": True, "time_in_force": TimeInForce.GTC}
    return desk.submit("sell", quantity, None, **more | terms)
