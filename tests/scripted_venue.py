"""A venue for tests of recovery: what is true there is set by hand, what can be read of it too, and what reaches it is
counted. With and without client ids."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from decimal import Decimal
from typing import Any

from core.domain.account import Account, Balance, Mode
from core.domain.errors import NotConnected
from core.domain.events import Event
from core.domain.ids import AccountId, ClientOrderId, FillId, InstrumentId, VenueRef
from core.domain.order import Fill, Order, OrderType, Side, TimeInForce
from core.ports import (
    Absent,
    Accepted,
    Capabilities,
    Coverage,
    PaperOrder,
    Prepared,
    Sent,
    Snapshot,
    Unread,
    VenueOrder,
)
from tests.scenes import INSTRUMENTS, KRW, SAMSUNG

ACCOUNT = AccountId("scripted:main")
PARTS = ("orders", "fills", "positions", "balances")


class ScriptedVenue:
    """`unread`: parts that cannot be read, or `all` for a venue that answers nothing."""

    name = "scripted"

    def __init__(self, *, has_client_ids: bool) -> None:
        self.capabilities = Capabilities(
            order_types=frozenset(OrderType),
            times_in_force=frozenset(TimeInForce),
            can_replace=True,
            has_client_ids=has_client_ids,
        )
        self.orders: dict[VenueRef, VenueOrder] = {}
        self.fills: list[Fill] = []
        self.holdings: dict[InstrumentId, Decimal] = {}
        self.cash = Decimal(100_000_000)
        self.unread: frozenset[str] = frozenset()
        self.wire: list[str] = []
        self.asked: list[ClientOrderId] = []
        self.loses_answers = False

    # --- truth ----------------------------------------------------------------------------------------------------

    def has(self, ref: str, id: ClientOrderId | None, status: str, created: int, **more: Any) -> VenueOrder:
        terms: dict[str, Any] = {
            "quantity": Decimal(10),
            "limit_price": Decimal(71_000),
            "filled": Decimal(0),
            "side": Side.BUY,
            "type": OrderType.LIMIT,
            **more,
        }
        mine = id if self.capabilities.has_client_ids else None
        order = VenueOrder(
            ref=VenueRef(ref), client_order_id=mine, instrument=SAMSUNG, status=status, created=created, **terms
        )
        self.orders[order.ref] = order
        return order

    def filled(self, id: str, ref: str, order: ClientOrderId | None, quantity: int, ts: int, **more: Any) -> None:
        fill = Fill(
            fill_id=FillId(id),
            client_order_id=order if self.capabilities.has_client_ids else None,
            ref=VenueRef(ref),
            account=ACCOUNT,
            instrument=SAMSUNG,
            side=Side.BUY,
            quantity=Decimal(quantity),
            price=Decimal(71_000),
            currency=KRW,
            ts=ts,
            **more,
        )
        self.fills.append(fill)
        self.holdings[SAMSUNG] = self.holdings.get(SAMSUNG, Decimal(0)) + quantity

    # --- the port -------------------------------------------------------------------------------------------------

    async def connect(self) -> None: ...
    async def close(self) -> None: ...
    async def subscribe(self, wanted: Any) -> None: ...

    async def events(self) -> AsyncIterator[Event]:
        await asyncio.Event().wait()
        yield  # type: ignore[misc]

    def prepare(self, order: Order) -> Prepared:
        return PaperOrder(client_order_id=order.id, account=order.account, digest=order.id, body=b"")

    async def submit(self, prepared: Prepared, permit: Any) -> Accepted | Sent:
        permit.spend(prepared)
        self.wire.append(f"submit {prepared.client_order_id}")
        if self.loses_answers:
            raise NotConnected(self.name, "the answer is lost")
        return Accepted(VenueRef(f"r-{prepared.client_order_id[-4:]}"))

    async def replace(self, order: Order, stopped: Any = str) -> None:
        self.wire.append(f"replace {order.id}")

    async def cancel(self, order: Order) -> None:
        self.wire.append(f"cancel {order.id}")

    async def accounts(self) -> list[Account]:
        return [Account(id=ACCOUNT, mode=Mode.PAPER, base_currency=KRW, balances=(self._balance(),))]

    def _balance(self) -> Balance:
        return Balance(currency=KRW, total=self.cash, available=self.cash)

    async def snapshot(self, account: AccountId) -> Snapshot:
        if "all" in self.unread:
            raise NotConnected(self.name, "the venue does not answer")
        found: dict[str, Any] = {
            "orders": tuple(self.orders.values()),
            "fills": tuple(self.fills),
            "positions": {id: held for id, held in self.holdings.items() if held},
            "balances": (self._balance(),),
        }
        cut = {part: Unread("page 2 failed") for part in self.unread}
        return Snapshot(account=account, as_of=0, **{**found, **cut})

    async def find(self, order: Order) -> VenueOrder | Absent | Unread:
        self.asked.append(order.id)
        if self.unread & {"all", "orders"}:
            raise NotConnected(self.name, "the venue does not answer")
        return next((o for o in self.orders.values() if o.client_order_id == order.id), Absent())

    async def instruments(self, search: str = "") -> list[Any]:
        return list(INSTRUMENTS)

    async def bars(self, *_: Any) -> Coverage:
        return Coverage(bars=(), start=None, end=None)
