"""A journal and a venue so small that everything they may do can be tried: the explorer's."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from decimal import Decimal
from typing import Any

import msgspec

from core.domain.account import Balance, TradingState
from core.domain.events import (
    DurableEvent,
    OrderSending,
    TradingStateChanged,
)
from core.domain.ids import ClientOrderId, FillId, VenueRef, account_id, derived_client_order_id
from core.domain.order import Fill, Order, OrderStatus, OrderType, Side, TimeInForce
from core.ports import Capabilities, PaperOrder, Prepared, SendPermit, Snapshot, VenueOrder
from storage.projection import Changes
from tests.scenes import KRW, SAMSUNG, START

NAME = "tiny"
ACCOUNT = account_id(NAME, "main")
CASH = (Balance(currency=KRW, total=Decimal(10_000_000), available=Decimal(10_000_000)),)
IDS = (derived_client_order_id("explore", "a"), derived_client_order_id("explore", "b"))
NEVER = frozenset({OrderStatus.DENIED, OrderStatus.REJECTED, OrderStatus.NOT_PLACED})
QUANTITY = 2
ANSWERS = ("ok", "lost", "late", "drop", "reject")
"""Taken and told; taken and not told; not told, and taken a moment later; not taken and not told; refused by proof."""


class Wait:
    """What a coroutine hangs on until an action resumes it."""

    def __init__(self, what: str, about: Any) -> None:
        self.what, self.about = what, about

    def __await__(self) -> Iterator[Any]:
        answer = yield self
        if isinstance(answer, Exception):
            raise answer
        return answer


class TinyJournal:
    """Durable facts, folded by the journal's own projection. A claim looks at status and halts, as the SQL does."""

    is_read_only = False
    shortage = fallen = ""

    def __init__(self) -> None:
        self.events: list[DurableEvent] = []
        self.marks: dict[str, Any] = {}
        self.fills: dict[Any, int] = {}
        self.wishes: dict[str, Any] = {}
        self.is_halted = False
        self.sent: set[str] = set()

    def replay(self) -> Iterator[tuple[int, DurableEvent]]:
        return iter([*enumerate(self.events, 1)])

    def append(self, events: Sequence[DurableEvent]) -> Wait:
        return Wait("append", tuple(events))

    def claim(self, order: Order, prepared: Prepared, ts: int) -> Wait:
        return Wait("claim", (order.id, prepared, ts))

    def keep(self, events: Sequence[DurableEvent]) -> None:
        changes = Changes(self.marks.get, lambda key: key in self.fills, self.wishes.get)
        for event in events:
            changes.fold(len(self.events) + 1, event)
            self.events.append(event)
            if isinstance(event, TradingStateChanged):
                self.is_halted = event.state is TradingState.HALTED
        self.marks.update(changes.orders)
        self.wishes.update(changes.wishes)
        self.fills.update(changes.fills)

    def commit_claim(self, about: tuple[ClientOrderId, Prepared, int]) -> SendPermit | None:
        id, prepared, ts = about
        if self.marks[id].status is not OrderStatus.STAGED or self.is_halted:
            return None
        self.keep([OrderSending(ts=ts, client_order_id=id, facts=prepared.facts)])
        self.sent.add(id)
        return SendPermit(id, prepared.digest)


class Theirs(msgspec.Struct):
    ref: VenueRef
    intent: ClientOrderId | None
    filled: int = 0
    status: str = "open"


class TinyVenue:
    """One account, one instrument; everything rests until an action fills it."""

    name = NAME

    def __init__(self, has_ids: bool) -> None:
        self.capabilities = Capabilities(
            order_types=frozenset({OrderType.LIMIT}), times_in_force=frozenset(TimeInForce), has_client_ids=has_ids
        )
        self.has_ids = has_ids
        self.orders: list[Theirs] = []
        self.wire: list[ClientOrderId] = []
        self.late: list[list[Any]] = []
        """[intent, how often it was asked for since]: what will be taken a moment later."""
        self.stream: list[Any] = []
        self.on_write: Callable[[ClientOrderId], None] = lambda id: None

    def of(self, id: ClientOrderId) -> list[Theirs]:
        return [theirs for theirs in self.orders if theirs.intent == id]

    def take(self, intent: ClientOrderId | None) -> Theirs:
        self.orders.append(Theirs(VenueRef(f"r{len(self.orders)}"), intent))
        return self.orders[-1]

    def prepare(self, order: Order) -> Prepared:
        return PaperOrder(client_order_id=order.id, account=order.account, digest=order.id, body=b"")

    def submit(self, prepared: Prepared, permit: SendPermit) -> Wait:
        permit.spend(prepared)
        self.on_write(prepared.client_order_id)
        self.wire.append(prepared.client_order_id)
        return Wait("submit", prepared.client_order_id)

    def cancel(self, order: Order) -> Wait:
        return Wait("cancel", order.id)

    def fill(self, theirs: Theirs) -> Fill:
        return Fill(
            fill_id=FillId(f"{theirs.ref}/{theirs.filled}"),
            client_order_id=theirs.intent if self.has_ids else None,
            ref=theirs.ref,
            account=ACCOUNT,
            instrument=SAMSUNG,
            side=Side.BUY,
            quantity=Decimal(1),
            price=Decimal(71_000),
            currency=KRW,
            ts=START,
        )

    def listed(self, theirs: Theirs) -> VenueOrder:
        return VenueOrder(
            ref=theirs.ref,
            client_order_id=theirs.intent if self.has_ids else None,
            instrument=SAMSUNG,
            status=theirs.status,
            filled=Decimal(theirs.filled),
            quantity=Decimal(QUANTITY),
            limit_price=Decimal(71_000),
            side=Side.BUY,
            type=OrderType.LIMIT,
        )

    async def snapshot(self, account: str) -> Snapshot:
        fills = []
        for theirs in self.orders:
            for n in range(1, theirs.filled + 1):
                fills.append(self.fill(msgspec.structs.replace(theirs, filled=n)))
        held = {SAMSUNG: Decimal(len(fills))} if fills else {}
        orders = tuple(map(self.listed, self.orders))
        return Snapshot(account=ACCOUNT, as_of=0, orders=orders, fills=tuple(fills), positions=held, balances=CASH)
