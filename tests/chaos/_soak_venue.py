"""A venue in this process that does everything wrong at once: answers that are lost, late, garbled or told twice. It
keeps no promise of its own: a second arrival of an intent is a second order, and its book says so."""

from __future__ import annotations

import asyncio
from collections import Counter, deque
from collections.abc import AsyncIterator
from decimal import Decimal
from random import Random
from typing import Any

import msgspec

from core.domain.account import Account, Balance, Mode
from core.domain.errors import BadMessage, NotConnected, OrderRejected, OutcomeUnknown, Unsupported
from core.domain.events import Event, OrderAccepted, OrderCanceled, OrderFilled
from core.domain.ids import AccountId, ClientOrderId, FillId, InstrumentId, VenueRef, account_id
from core.domain.order import Fill, Order, OrderRequest, OrderType, TimeInForce
from core.ports import Absent, Accepted, Capabilities, Coverage, PaperOrder, Prepared, Sent, Snapshot, VenueOrder
from tests.scenes import INSTRUMENTS, KRW

FAULTS = {
    "timeout after accept": 0.02,
    "drop before accept": 0.02,
    "drop after accept": 0.02,
    "refused connection": 0.02,
    "garbage": 0.02,
    "rejected": 0.02,
    "answer by the stream": 0.05,
}
TWICE = 0.1
LISTED = 300
CASH = Decimal(10) ** 13


class Kept(msgspec.Struct):
    """An order as the venue has it."""

    ref: VenueRef
    request: OrderRequest
    status: str = "open"
    filled: Decimal = Decimal(0)


class SoakVenue:
    def __init__(self, number: int, random: Random, now: Any) -> None:
        self.name = f"soak{number}"
        self.account: AccountId = account_id(self.name, "main")
        self.capabilities = Capabilities(
            order_types=frozenset({OrderType.LIMIT}), times_in_force=frozenset(TimeInForce), has_client_ids=True
        )
        self.random, self._now = random, now
        self.attempts: Counter[ClientOrderId] = Counter()
        self.accepted: dict[ClientOrderId, Kept] = {}
        self.twice = 0
        self.done: Counter[str] = Counter()
        self.holdings: dict[InstrumentId, Decimal] = {}
        self._requests: dict[ClientOrderId, OrderRequest] = {}
        self._recent: deque[Kept] = deque(maxlen=LISTED)
        self._open: dict[VenueRef, Kept] = {}
        self._fills: deque[Fill] = deque(maxlen=LISTED)
        self._events: deque[Event] = deque()
        self._sequence = 0

    def take(self) -> list[Event]:
        """What the stream says now, some of it twice."""
        events = list(self._events)
        self._events.clear()
        return events

    def _tell(self, event: Event) -> None:
        self._events.append(event)
        if self.random.random() < TWICE:
            self._events.append(event)

    # --- orders ---------------------------------------------------------------------------------------------------

    def prepare(self, order: Order) -> Prepared:
        self._requests[order.id] = order.request
        return PaperOrder(client_order_id=order.id, account=order.account, digest=order.id, body=order.id.encode())

    async def submit(self, prepared: Prepared, permit: Any) -> Accepted | Sent:
        id, draw = prepared.client_order_id, self.random.random()
        fault = ""
        for name, rate in FAULTS.items():
            draw -= rate
            if draw < 0:
                fault = name
                break
        self.done[fault or "none"] += 1
        if fault == "refused connection":
            raise NotConnected(self.name, "nothing was sent")
        permit.spend(prepared)
        self.attempts[id] += 1
        if fault == "drop before accept":
            raise OutcomeUnknown(self.name, "the line broke")
        if fault == "rejected":
            raise OrderRejected(self.name, "no", "the venue says no")
        kept = self._accept(id)
        if fault in ("timeout after accept", "drop after accept"):
            raise TimeoutError if "timeout" in fault else OutcomeUnknown(self.name, "the line broke")
        if fault == "garbage":
            raise self.random.choice((BadMessage(self.name, "\x1b]0;"), ValueError("no JSON"), KeyError("ref")))
        if fault == "answer by the stream":
            self._tell(OrderAccepted(ts=self._now(), client_order_id=id, ref=kept.ref))
            return Sent()
        return Accepted(kept.ref)

    def _accept(self, id: ClientOrderId) -> Kept:
        self._sequence += 1
        if id in self.accepted:
            self.twice += 1
        kept = self.accepted[id] = Kept(VenueRef(f"{self.name}-{self._sequence}"), self._requests.pop(id))
        self._recent.append(kept)
        self._open[kept.ref] = kept
        if self.random.random() < 0.5:
            self._fill(kept)
        return kept

    def _fill(self, kept: Kept) -> None:
        request = kept.request
        for part in (1, 2) if request.quantity > 1 and self.random.random() < 0.5 else (1,):
            whole = request.quantity - kept.filled
            quantity = Decimal(1) if part == 1 and request.quantity > 1 else whole
            kept.filled += quantity
            place = request.instrument
            self.holdings[place] = self.holdings.get(place, Decimal(0)) + request.side.sign * quantity
            fill = Fill(
                fill_id=FillId(f"{kept.ref}/{part}"),
                client_order_id=request.client_order_id,
                ref=kept.ref,
                account=self.account,
                instrument=place,
                side=request.side,
                quantity=quantity,
                price=request.limit_price or Decimal(1),
                currency=KRW,
                ts=self._now(),
            )
            self._fills.append(fill)
            self._tell(OrderFilled(ts=fill.ts, fill=fill))
        if kept.filled == request.quantity:
            kept.status = "filled"

    async def cancel(self, order: Order) -> None:
        kept = self.accepted.get(order.id)
        if self.random.random() < 0.03:
            raise OutcomeUnknown(self.name, "the line broke")
        if kept is None or kept.status != "open":
            raise OrderRejected(self.name, "too_late", "there is nothing to cancel")
        kept.status = "canceled"
        self._tell(OrderCanceled(ts=self._now(), client_order_id=order.id))

    async def replace(self, order: Order, stopped: Any = str) -> None:
        raise Unsupported(self.name, "this venue replaces nothing")

    # --- questions ------------------------------------------------------------------------------------------------

    async def find(self, order: Order) -> VenueOrder | Absent:
        kept = self.accepted.get(order.id)
        return Absent() if kept is None else _listed(kept)

    async def snapshot(self, account: AccountId) -> Snapshot:
        balances = (Balance(currency=KRW, total=CASH, available=CASH),)
        held = {place: quantity for place, quantity in self.holdings.items() if quantity}
        self._open = {ref: kept for ref, kept in self._open.items() if kept.status == "open"}
        listed = {kept.ref: kept for kept in self._recent} | self._open
        orders = tuple(map(_listed, listed.values()))
        fills = tuple(self._fills)
        return Snapshot(
            account=account, as_of=self._now(), orders=orders, fills=fills, positions=held, balances=balances
        )

    async def accounts(self) -> list[Account]:
        cash = (Balance(currency=KRW, total=CASH, available=CASH),)
        return [Account(id=self.account, mode=Mode.PAPER, base_currency=KRW, balances=cash)]

    async def instruments(self, search: str = "") -> list[Any]:
        return list(INSTRUMENTS)

    async def connect(self) -> None: ...
    async def close(self) -> None: ...
    async def subscribe(self, wanted: Any) -> None: ...

    async def events(self) -> AsyncIterator[Event]:
        await asyncio.Event().wait()
        yield  # type: ignore[misc]

    async def bars(self, *_: Any) -> Coverage:
        return Coverage(bars=(), start=None, end=None)


def _listed(kept: Kept) -> VenueOrder:
    request = kept.request
    return VenueOrder(
        ref=kept.ref,
        client_order_id=request.client_order_id,
        instrument=request.instrument,
        status=kept.status,
        filled=kept.filled,
        quantity=request.quantity,
        limit_price=request.limit_price,
        side=request.side,
        type=request.type,
    )
