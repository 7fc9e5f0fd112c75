"""One account of Upbit (it calls it a pocket): its key, its private line and its listings. A replaced order is a new
order there, so two frames and an answer are put together here to the one replacement that they are."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from decimal import Decimal
from hashlib import blake2b
from typing import Any

import msgspec

from brokers.upbit import account, auth, orders, parse, wire
from brokers.upbit.account import Told, Wallet
from brokers.upbit.budget import Block
from brokers.upbit.changes import KEPT, Memory, Replacement
from brokers.upbit.executions import Executions
from brokers.upbit.listing import Listing
from brokers.upbit.rest import Exchange, Refused, key_failure
from brokers.upbit.settings import NAME, UpbitSettings
from brokers.upbit.stream import private_line
from brokers.upbit.ticks import LOT
from core.domain.account import Mode
from core.domain.decimals import ZERO, plain
from core.domain.errors import (
    BadMessage,
    BrokerError,
    NotConnected,
    OrderRejected,
    OutcomeUnknown,
    RateLimited,
    Unsupported,
)
from core.domain.events import (
    BalanceChanged,
    Event,
    Noticed,
    OrderAccepted,
    OrderCanceled,
    OrderReplaced,
)
from core.domain.ids import AccountId, ClientOrderId, VenueRef
from core.domain.market import NS
from core.domain.order import Fill, Order
from core.ports import Absent, Clock, LiveOrder, PaperOrder, Prepared, Snapshot, Unread, VenueOrder

SETTLE_SECONDS = 1.0
"""A replacement of which nothing more was heard for so long is asked about, and again."""
ABSENT_TIMES, ABSENT_SECONDS = 3, 60.0
"""So often, and for so long, must the venue say that it has no new order though the old one is canceled."""
SETTLED_SECONDS = 30.0
"""So long an old order may stand unchanged until we believe that its replacement never arrived."""
WEEK = 7 * 86_400 * NS
"""Of ended orders no more is listed at once."""


class Pocket:
    def __init__(
        self, account: AccountId, settings: UpbitSettings, clock: Clock, block: Block, keys: auth.Keys
    ) -> None:
        self.account = account
        self._settings = settings
        self._clock = clock
        self._block = block
        self._keys = keys
        self._kind = LiveOrder if settings.money is Mode.LIVE else PaperOrder
        self.exchange = Exchange(settings, clock, block, keys)
        self.line = private_line(settings, clock, block, keys)
        self._fills: Memory[str, tuple[Decimal, tuple[Fill, ...]]] = Memory()
        """Executions of each order, with the volume that they are all of."""
        self._executions = Executions()
        self._newest: Memory[ClientOrderId, tuple[int, VenueRef]] = Memory()
        """The newest version of each of our orders and its number."""
        self._before: Memory[VenueRef, Decimal] = Memory()
        """What earlier versions of a replacement filled."""
        self._gone: Memory[VenueRef, wire.Order] = Memory()
        """Orders that were asked for by themselves, and had ended by then: listings reach back a few days alone."""
        self._unwanted: dict[VenueRef, int] = {}
        """Replacements that must not live, and when their end was asked for: the order was canceled on the way, or what
        filled on the way makes them more than was wanted."""
        self._replacing: dict[ClientOrderId, Replacement] = {}
        self._announced: Memory[VenueRef, None] = Memory()
        self.late: deque[Event] = deque(maxlen=KEPT)
        """What was learned beside the line."""

    def renew(self) -> None:
        """New lines, for a new connection."""
        before = self.exchange
        self.exchange = Exchange(self._settings, self._clock, self._block, self._keys)
        self.exchange.goes_on_from(before)
        self.line = private_line(self._settings, self._clock, self._block, self._keys)

    # --- orders ---------------------------------------------------------------------------------------------------

    def sealed(self, id: ClientOrderId, body: bytes) -> Prepared:
        digest = blake2b(b"\0".join((self.account.encode(), id.encode(), body)), digest_size=16).hexdigest()
        return self._kind(client_order_id=id, account=self.account, digest=digest, body=body)

    async def submit(self, prepared: Prepared, spend: Callable[[], None]) -> VenueRef:
        placed = await self.exchange.place(prepared, spend)
        if placed.identifier not in (None, prepared.client_order_id):
            raise OutcomeUnknown(NAME, "upbit answered about another order")
        ref = self._ref_of(placed)
        self._note(prepared.client_order_id, 0, ref)
        return ref

    def _ref_of(self, placed: wire.Order) -> VenueRef:
        try:
            return account.parse_ref(placed.uuid)
        except BadMessage as error:
            raise OutcomeUnknown(NAME, str(error)) from error

    async def replace(self, order: Order, spend: Callable[[], None]) -> None:
        newest = self._newest.get(order.id)
        if newest is not None and newest[1] not in order.refs:
            order = msgspec.structs.replace(order, refs=(*order.refs, newest[1]))
        before = await self._earlier(order, order.refs[-1]) if order.refs else ZERO
        if order.id in self._replacing:
            raise Unsupported(NAME, "a change of this order is still on its way: nothing was sent")
        now = self._clock.now()
        body = orders.replacing(order, now, self._settings)
        old = order.refs[-1]
        change = Replacement(order, old, now, self._clock.monotonic(), before)
        self._replacing[order.id] = change
        try:
            await self.exchange.replace(self.sealed(order.id, msgspec.json.encode(body)), spend)
        except (OrderRejected, NotConnected, RateLimited, Unsupported):  # it was not taken, or not written
            self._replacing.pop(order.id, None)
            if change.executed is not None:  # it was canceled by other means, which was taken for the replacement's
                self.late.append(OrderCanceled(ts=change.ended, client_order_id=order.id, text=""))
            raise
        finally:  # however it ended: what comes of it is heard, or asked for
            change.asked = change.since = self._clock.monotonic()

    async def _earlier(self, order: Order, ref: VenueRef) -> Decimal:
        """What versions before this one filled: remembered, or asked for after a restart."""
        known = self._before.get(ref)
        if known is None:
            older = [await self._row(uuid=other) for other in order.refs if other != ref]
            known = sum((account.parse_order(row).filled for row in older), ZERO)
            self._before.keep(ref, known)
        return known

    async def _row(self, *, uuid: str = "", identifier: str = "") -> wire.Order:
        """One order. What ended is remembered as it ended."""
        row = await self.exchange.order(uuid=uuid, identifier=identifier)
        if row.state in ("done", "cancel"):
            self._gone.keep(VenueRef(row.uuid), row)
        return row

    async def cancel(self, order: Order) -> None:
        """By the number of its newest version; by our id when no number is known. While a replacement is on its way
        the order may be either of the two, and the new one is canceled as soon as it is there."""
        newest, change = self._newest.get(order.id), self._replacing.get(order.id)
        if change is not None:
            change.is_canceled = True
        ref = newest[1] if newest is not None else order.refs[-1] if order.refs else ""
        try:
            await self.exchange.cancel(uuid=ref, identifier="" if ref else account.identifier_of(order.id))
        except OrderRejected as error:
            if change is None or error.code != "order_not_found":
                raise
            await self.exchange.cancel(identifier=account.identifier_of(order.id, change.version))

    # --- what the private line tells ------------------------------------------------------------------------------

    def told(self, message: wire.MyOrder | wire.MyAsset, received: int, cash: frozenset[str]) -> list[Event]:
        """What follows from one frame. Raises BadMessage."""
        if isinstance(message, wire.MyAsset):
            at = parse.time_of(message.timestamp)
            return [
                BalanceChanged(
                    ts=at, account=self.account, currency=wallet.currency, total=wallet.total, available=wallet.free
                )
                for wallet in map(account.parse_wallet, message.assets)
                if wallet.currency in cash
            ]
        told = account.parse_told(message)
        fill = account.parse_fill(message, self.account) if told.state == "trade" else None
        id = told.id
        if id is None:  # somebody else's: its execution is money all the same, the next listing tells of the rest
            return self._executions.take(fill) if fill is not None else []
        events = self._version(id, told)
        match told.state:
            case "wait" | "watch" if not told.version:
                events.append(OrderAccepted(ts=told.ts, client_order_id=id, ref=told.ref))
            case "trade" if fill is not None:
                if told.is_total:  # how much it buys is known at its end: more than what is filled, until then
                    events.append(self._total(id, told, told.executed + LOT))
                events += self._executions.take(fill)
            case "prevented":
                events += self._prevented(id, told)
            case "done" if told.is_total:
                events.append(self._total(id, told, told.executed))
            case "cancel":
                events += self._ended(id, told)
        return events

    def _total(self, id: ClientOrderId, told: Told, quantity: Decimal) -> OrderReplaced:
        return OrderReplaced(ts=told.ts, client_order_id=id, quantity=quantity)

    def _prevented(self, id: ClientOrderId, told: Told) -> list[Event]:
        text = f"{id[-4:]}: upbit kept it from meeting another order of ours"
        events: list[Event] = [Noticed(ts=told.ts, level="warning", kind="VENUE", text=text)]
        if told.quantity > 0 and told.remaining > 0 and not told.is_total:
            quantity = self._before.get(told.ref, ZERO) + told.quantity
            price = told.limit_price
            events.append(OrderReplaced(ts=told.ts, client_order_id=id, quantity=quantity, limit_price=price))
        return events

    def _note(self, id: ClientOrderId, version: int, ref: VenueRef) -> None:
        known = self._newest.get(id)
        if known is None or version >= known[0]:
            self._newest.keep(id, (version, ref))

    def _version(self, id: ClientOrderId, told: Told) -> list[Event]:
        """A version of our order that was not seen before is its replacement."""
        self._note(id, told.version, told.ref)
        change = self._replacing.get(id)
        if not told.version or told.ref in self._announced or change is None or told.version != change.version:
            return []
        change.new = change.new or told
        return self._settled(id, change)

    def _ended(self, id: ClientOrderId, told: Told) -> list[Event]:
        change = self._replacing.get(id)
        if change is not None and told.ref == change.old:
            change.executed, change.ended = told.executed, told.ts
            return self._settled(id, change)
        newest = self._newest.get(id)
        if newest is not None and newest[1] != told.ref:
            return []  # of a version that another took the place of
        if told.is_total and told.executed > 0:
            return [self._total(id, told, told.executed)]
        return self._executions.ended(id, told, self._clock.monotonic())

    def _settled(self, id: ClientOrderId, change: Replacement) -> list[Event]:
        if change.new is None or change.executed is None:
            return []
        self._replacing.pop(id, None)
        before = change.before + change.executed
        new = change.new
        self._before.keep(new.ref, before)
        self._announced.keep(new.ref, None)
        events: list[Event] = [
            OrderReplaced(
                ts=new.ts,
                client_order_id=id,
                quantity=before + new.quantity,
                limit_price=new.limit_price if new.limit_price is not None else change.limit_price,
                ref=new.ref,
            )
        ]
        if before + new.quantity > change.quantity:
            all, only = plain(before + new.quantity), plain(change.quantity)
            text = (
                f"{id[-4:]}: part of it filled on the way of the change, which would make {all} instead of {only}: "
                "the rest is canceled"
            )
            events.append(Noticed(ts=new.ts, level="error", kind="VENUE", text=text))
            change.is_canceled = True
        if change.is_canceled:
            self._unwanted[new.ref] = 0
        return events

    # --- what came of replacements --------------------------------------------------------------------------------

    async def tend(self) -> list[Event]:
        """What was learned beside the line, and what comes of asking about replacements that are not heard of."""
        events: list[Event] = list(self.late)
        self.late.clear()
        due = self._clock.monotonic() - round(SETTLE_SECONDS * NS)
        for id, change in list(self._replacing.items()):
            if not change.asked or change.asked > due:
                continue
            change.asked = self._clock.monotonic()
            try:
                events += await self._asked(id, change)
            except (BrokerError, OSError):
                continue  # asked again
        for ref in self._executions.due(self._clock.monotonic()):
            events += self._executions.answered(ref, await self._executed(ref), self._clock.monotonic())
        for ref, asked in list(self._unwanted.items()):
            if asked <= due:
                self._unwanted[ref] = self._clock.monotonic()
                await self._take_back(ref)
        return events

    async def _executed(self, ref: VenueRef) -> tuple[Fill, ...]:
        try:
            return account.parse_fills(await self._row(uuid=ref), self.account)
        except (BrokerError, OSError):
            return ()  # asked again

    async def _take_back(self, ref: VenueRef) -> None:
        try:
            await self.exchange.cancel(uuid=ref)
        except OrderRejected as error:
            if error.code != "order_not_found":  # it is asked again
                return
        except (BrokerError, OSError):
            return
        self._unwanted.pop(ref, None)

    async def _asked(self, id: ClientOrderId, change: Replacement) -> list[Event]:
        old = await self._row(uuid=change.old)
        new = await self._maybe(identifier=account.identifier_of(id, change.version))
        if self._replacing.get(id) is not change:
            return []  # it was heard of meanwhile
        if new is not None and old.state in ("cancel", "done"):
            row = account.parse_order(new)
            told = Told(
                id=id,
                ref=row.ref,
                state=new.state,
                version=change.version,
                is_total=False,
                executed=row.filled,
                remaining=row.quantity - row.filled,
                limit_price=row.limit_price,
                ts=row.created or self._clock.now(),
            )
            change.new, change.executed = change.new or told, account.parse_order(old).filled
            self._note(id, change.version, row.ref)
            return self._settled(id, change)
        waited = (self._clock.monotonic() - change.since) / NS
        change.absent += old.state == "cancel"
        if old.state == "cancel" and change.absent >= ABSENT_TIMES and waited > ABSENT_SECONDS:
            self._replacing.pop(id, None)
            text = "canceled to be replaced, and the new one was not placed"
            return [OrderCanceled(ts=change.ended or self._clock.now(), client_order_id=id, text=text)]
        if old.state == "done" or (old.state != "cancel" and waited > SETTLED_SECONDS):
            self._replacing.pop(id, None)  # it filled first, or it stands as it was: the next comparison says so
        return []

    async def _maybe(self, *, identifier: str) -> wire.Order | None:
        try:
            return await self.exchange.order(identifier=identifier)
        except Refused as error:
            if error.code == "order_not_found":
                return None
            raise

    # --- questions ------------------------------------------------------------------------------------------------

    async def find(self, order: Order) -> VenueOrder | Absent | Unread:
        """One order by the newest number that is known, else by our id. Only the venue's own word is an absence."""
        newest = self._newest.get(order.id)
        ref = newest[1] if newest is not None else order.refs[-1] if order.refs else ""
        try:
            found = await self._row(uuid=ref, identifier="" if ref else account.identifier_of(order.id))
            row = account.parse_order(found)
        except Refused as error:
            is_absent = (error.status, error.code) == (404, "order_not_found")
            return Absent() if is_absent else Unread(str(error))
        except BadMessage as error:
            return Unread(str(error))
        before = await self._earlier(order, row.ref)
        return msgspec.structs.replace(row, filled=row.filled + before, quantity=row.quantity + before)

    async def wallets(self) -> list[Wallet]:
        try:
            rows = await self.exchange.accounts()
        except Refused as error:
            raise key_failure(error) from error
        return [account.parse_wallet(row) for row in rows]

    async def snapshot(self, cash: frozenset[str], listing: Listing) -> Snapshot:
        """Waiting orders before ended ones, so that one that ends between is in one of the two lists; executions by
        order; then what is held. Without a list of markets nobody can say what a coin is here."""
        as_of = self._clock.now()
        listed = await self._list_orders(as_of)
        fills: Any = listed
        if not isinstance(listed, Unread):
            fills = await self._list_fills(listed)
        wallets = await self._list_wallets()
        rows: Any = listed
        if not isinstance(listed, Unread):
            try:
                rows = account.parse_orders(listed)
            except BadMessage as error:
                rows = Unread(str(error))
        return Snapshot(
            account=self.account,
            as_of=as_of,
            orders=rows,
            fills=fills,
            positions=wallets if isinstance(wallets, Unread) else listing.held(wallets),
            balances=wallets
            if isinstance(wallets, Unread)
            else tuple(wallet.balance for wallet in wallets if wallet.currency in cash),
            clock_offset=self.exchange.clock_offset,
            pooled=listing.pooled,
        )

    async def _list_orders(self, now: int) -> list[wire.Order] | Unread:
        start = now - round(self._settings.ended_hours * 3600 * NS)
        end = now + 3600 * NS  # our clock may be slow
        start = max(start, end - WEEK + NS)
        try:
            waiting = await self.exchange.open_orders()
            if any(account.version_of(row.identifier) for row in waiting):
                start = end - WEEK + NS  # earlier versions of it may have ended long ago, and what they filled counts
            ended = [
                *await self.exchange.closed_orders("done", start, end),
                *await self.exchange.closed_orders("cancel", start, end),
            ]
        except BrokerError as error:
            return Unread(str(error))
        for row in (*waiting, *ended):  # the end of an older version may be told after the newest was listed
            id = account.order_id_of(row.identifier)
            if id is not None:
                self._note(id, account.version_of(row.identifier), VenueRef(row.uuid))
        by_number = {row.uuid: row for row in (*waiting, *ended, *self._gone.values())}  # an end is the last word
        return list(by_number.values())

    async def _list_fills(self, listed: list[wire.Order]) -> tuple[Fill, ...] | Unread:
        found: list[Fill] = []
        for row in listed:
            if not row.executed_volume:
                continue
            ref = VenueRef(row.uuid)
            if self._executions.total(ref) == row.executed_volume:  # to ask for them again may find them late, or cut
                found += self._executions.of(ref)
                continue
            kept = self._fills.get(row.uuid)
            if kept is None or kept[0] != row.executed_volume:
                try:
                    whole = await self.exchange.order(uuid=row.uuid)
                    kept = (whole.executed_volume, account.parse_fills(whole, self.account))
                except BrokerError as error:
                    return Unread(str(error))
                self._fills.keep(row.uuid, kept)
            found += kept[1]
        return tuple(found)

    async def _list_wallets(self) -> list[Wallet] | Unread:
        try:
            return await self.wallets()
        except BrokerError as error:
            return Unread(str(error))
