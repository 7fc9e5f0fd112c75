"""The reference venue: an exchange with everything a real one has and nothing of its own, on loopback. Orders go by
HTTP, what becomes of them by a private stream, quotes by another; listings are paged and count themselves; tokens
expire. With `--no-ids` it takes no client ids, like KIS and LS. Its ledger is the truth that tests hold the console to.

    python -m tests.simulators.reference --port 8790 [--no-ids] [--moving] [--ledger FILE]
"""

from __future__ import annotations

import asyncio
import random
import secrets
from collections import deque
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec

from core.backtest.matching import Matching
from core.clock import SystemClock
from core.domain.account import Balance
from core.domain.errors import InvalidValue
from core.domain.events import BalanceChanged, OrderAccepted, OrderCanceled, OrderExpired, OrderFilled, OrderReplaced
from core.domain.events import OrderRejected as Rejected
from core.domain.events import OrderRequested as Requested
from core.domain.ids import AccountId, ClientOrderId, InstrumentId, account_id, derived_client_order_id
from core.domain.instrument import Currency, Instrument, Kind, fixed_tick
from core.domain.market import NS, OrderBook, Quote
from core.domain.order import Order, OrderRequest, OrderStatus, OrderType, RequestKind, RequestPhase, Side, TimeInForce
from core.domain.order import Requested as Wish
from tests.scenes import APPLE, INSTRUMENTS, SAMSUNG
from tests.simulators.faults import Fault, Script, Step
from tests.simulators.loopback import Answer, Call, Loopback, Stream
from tests.simulators.plug import Deed

NAME = "reference"
MAIN, SECOND = account_id(NAME, "main"), account_id(NAME, "second")
COIN = Instrument(
    id=InstrumentId("REF:KRW-COIN"),
    name="Coin",
    name_ko="코인",
    kind=Kind.CRYPTO,
    currency=Currency("KRW"),
    ticks=fixed_tick("1"),
    lot=Decimal("0.0001"),
    min_value=Decimal(5000),
)
LISTED = (*INSTRUMENTS, COIN)
OPENING = {SAMSUNG: (71_000.0, 71_100.0), APPLE: (227.30, 227.32), COIN.id: (50_000.0, 50_010.0)}
CASH = {"KRW": "10000000000", "USD": "1000000"}
ENDED_LISTED = 500
PAST_KEPT = 200
MAX_SIZE = 1000.0


class Wanted(msgspec.Struct, kw_only=True):
    """The body of an order."""

    account: AccountId
    code: str
    side: Side
    type: OrderType
    time_in_force: TimeInForce
    quantity: Decimal
    limit_price: Decimal | None = None
    stop_price: Decimal | None = None
    post_only: bool = False
    client_id: ClientOrderId | None = None


class Terms(msgspec.Struct, kw_only=True):
    """The body of a change."""

    quantity: Decimal | None = None
    limit_price: Decimal | None = None
    stop_price: Decimal | None = None


class Known(msgspec.Struct, kw_only=True):
    """An order as the venue keeps it: `inside` is the matching's key, `intent` what only the ledger sees."""

    ref: str
    inside: ClientOrderId
    account: AccountId
    client_id: ClientOrderId | None
    intent: ClientOrderId | None


class Refused(Exception):
    def __init__(self, status: int, code: str, text: str) -> None:
        self.answer = Answer(status=status, body={"error": {"code": code, "text": text}})


class ReferenceVenue:
    """The dialect and what stands behind it. `server` is its port."""

    def __init__(
        self,
        *,
        has_client_ids: bool = True,
        faults: Script | None = None,
        ledger: Path | None = None,
        key: str = "reference-key-1",
        secret: str = "ref-Secret-4f9d27c1b0",
        page_rows: int = 3,
        token_seconds: float = 3600,
        beat_seconds: float = 0.1,
        order_limit: int = 50,
        keeps_past: bool = True,
    ) -> None:
        self.has_client_ids = has_client_ids
        self.faults = faults or Script()
        self.server = Loopback(self, self.faults)
        self.clock = SystemClock()
        self.deeds: list[Deed] = []
        self.key, self.secret = key, secret
        self.page_rows, self.token_seconds, self.order_limit = page_rows, token_seconds, order_limit
        self.tokens: dict[str, int] = {}
        self.issued = 0
        self.is_frozen = False
        self.beat_seconds = beat_seconds
        self._ledger = ledger.open("a", encoding="utf-8") if ledger is not None else None
        cash = [Balance(currency=Currency(c), total=Decimal(v), available=Decimal(v)) for c, v in CASH.items()]
        self._matching = Matching(LISTED, {MAIN: cash, SECOND: cash})
        self._known: dict[str, Known] = {}
        self._by_inside: dict[str, Known] = {}
        self._by_client: dict[str, Known] = {}
        self._fills: dict[AccountId, list[dict[str, Any]]] = {MAIN: [], SECOND: []}
        self._past: deque[tuple[int, dict[str, Any]]] | None = deque(maxlen=PAST_KEPT) if keeps_past else None
        self._held: dict[str, int] = {}
        self._recent: deque[int] = deque()
        self._books: dict[InstrumentId, tuple[float, float, float]] = {}
        self._beating: asyncio.Task[None] | None = None
        self._run = secrets.token_hex(4)
        for id, (bid, ask) in OPENING.items():
            self.quote(id, bid, ask)

    # --- running --------------------------------------------------------------------------------------------------

    async def start(self, port: int = 0) -> None:
        await self.server.start(port)
        self._beating = asyncio.ensure_future(self._beat())

    async def stop(self) -> None:
        if self._beating is not None:
            self._beating.cancel()
            await asyncio.wait({self._beating})
        await self.server.stop()
        if self._ledger is not None:
            self._ledger.flush()

    async def _beat(self) -> None:
        while True:
            await self.clock.sleep(self.beat_seconds)
            for stream in list(self.server.streams):
                stream.send({"type": "beat", "ts": self.clock.now()}, "beat")
                if stream.place == "market" and not self.is_frozen:
                    for key in sorted(stream.wanted):
                        self._picture(stream, key)

    def write(self, what: str, known: Known | None = None, **more: str | ClientOrderId | None) -> None:
        """One line of the ledger, on disk before anybody is told."""
        given = {"ref": known.ref, "intent": known.intent} if known is not None else {}
        deed = msgspec.convert({"t": self.clock.now(), "what": what, **given, **more}, Deed)
        self.deeds.append(deed)
        if self._ledger is not None:
            self._ledger.write(msgspec.json.encode(deed).decode() + "\n")
            self._ledger.flush()

    # --- the market -----------------------------------------------------------------------------------------------

    def quote(self, id: InstrumentId, bid: float, ask: float, size: float = MAX_SIZE) -> None:
        """The market moves there; orders that it reaches fill."""
        now = self.clock.now()
        self._books[id] = (bid, ask, size)
        self._tell(self._matching.on_event(Quote(id, bid, size, ask, size, now, now)))
        self._tell(self._matching.on_event(OrderBook.of(id, ((bid, size),), ((ask, size),), now, now)))
        if not self.is_frozen:
            for stream in list(self.server.streams):
                for key in sorted(stream.wanted):
                    if key.partition("+")[0] == id:
                        self._picture(stream, key)

    def _picture(self, stream: Stream, key: str) -> None:
        code, _, depth = key.partition("+")
        bid, ask, size = self._books[InstrumentId(code)]
        quote = {"type": "quote", "code": code, "bid": bid, "bid_size": size, "ask": ask, "ask_size": size}
        stream.send({**quote, "ts": self.clock.now()})
        if depth:
            book = {"type": "book", "code": code, "bids": [[bid, size]], "asks": [[ask, size]]}
            stream.send({**book, "ts": self.clock.now()})

    # --- what happened --------------------------------------------------------------------------------------------

    def _tell(self, events: list[Any]) -> None:
        for event in events:
            if isinstance(event, OrderFilled):
                self._tell_fill(event)
            elif isinstance(event, BalanceChanged):
                row = {"currency": event.currency, "total": event.total, "available": event.available}
                self._private({"type": "balance", "account": event.account, **row, "ts": event.ts})
            elif not isinstance(event, Requested) and (known := self._by_inside.get(event.client_order_id)):
                self._tell_order(event, known)
        if events and self._past is not None:
            self._past.append((self.clock.now(), {a: self._lists(a) for a in (MAIN, SECOND)}))

    def _tell_fill(self, event: OrderFilled) -> None:
        fill = event.fill
        known = self._by_inside[str(fill.client_order_id)]
        self.write("filled", known, quantity=str(fill.quantity), price=str(fill.price), fill_id=fill.fill_id)
        row = {
            "fill_id": fill.fill_id,
            "ref": known.ref,
            **({"client_id": known.client_id} if self.has_client_ids else {}),
            "account": known.account,
            "code": fill.instrument,
            "side": fill.side,
            "quantity": fill.quantity,
            "price": fill.price,
            "fee": fill.fee,
            "tax": fill.tax,
            "currency": fill.currency,
            "ts": fill.ts,
        }
        self._fills[known.account].append(row)
        self._private({"type": "fill", **row})

    def _tell_order(self, event: Any, known: Known) -> None:
        text = ""
        match event:
            case OrderCanceled():
                self.write("canceled", known)
            case OrderExpired():
                self.write("expired", known)
            case Rejected():
                self.write("rejected", known, text=event.code)
                text = f"{event.code}: {event.text}"
            case OrderReplaced():
                self.write("replaced", known, quantity=str(event.quantity), price=str(event.limit_price or ""))
        is_new = isinstance(event, OrderReplaced)
        row = {**self._row(known), "text": text, "is_replaced": is_new}
        self._private({"type": "order", "account": known.account, **row, "ts": event.ts})

    def _private(self, message: dict[str, Any]) -> None:
        for stream in list(self.server.streams):
            if stream.place == "private":
                stream.send(message)

    # --- listings -------------------------------------------------------------------------------------------------

    def _row(self, known: Known) -> dict[str, Any]:
        order = self._matching._orders[known.inside]
        return {
            "ref": known.ref,
            **({"client_id": known.client_id} if self.has_client_ids else {}),
            "code": order.request.instrument,
            "side": order.request.side,
            "order_type": order.request.type,
            "status": order.end or "open",
            "filled": order.filled,
            "quantity": order.quantity,
            "limit_price": order.limit,
            "stop_price": order.stop,
            "text": order.text,
        }

    def _lists(self, account: AccountId) -> dict[str, list[Any]]:
        cash = self._matching.cash
        mine = [self._row(known) for known in self._known.values() if known.account == account]
        ended = [row for row in mine if row["status"] != "open"][-ENDED_LISTED:]
        return {
            "orders": [*ended, *(row for row in mine if row["status"] == "open")],
            "fills": list(self._fills[account]),
            "positions": [
                {"code": id, "quantity": held.quantity}
                for (whose, id), held in cash.positions.items()
                if whose == account and held.quantity
            ],
            "balances": list(cash.balances(account)),
        }

    def _listing(self, call: Call, kind: str) -> Answer:
        account = self._account(call.asked("account"))
        as_of, lists = self.clock.now(), None
        if call.step is not None and call.step.fault is Fault.STALE_LIST:
            as_of -= round(max(call.step.seconds, 1.0) * NS)
            found = [old for t, old in self._past or () if t <= as_of]
            lists = found[-1][account] if found else {"orders": [], "fills": [], "positions": [], "balances": []}
        rows = (lists or self._lists(account))[kind]
        start = int(call.asked("cursor", "0"))
        page = rows[start : start + self.page_rows]
        after = start + len(page)
        following = str(after) if after < len(rows) else None
        if call.step is not None and call.step.fault is Fault.PAGE_CUT:
            page, following = page[: len(page) // 2], None
        return Answer(body={"as_of": as_of, "total": len(rows), "rows": page, "next": following})

    # --- the dialect ----------------------------------------------------------------------------------------------

    def place(self, call: Call) -> str:
        kind = {"POST": "order", "DELETE": "cancel", "PUT": "replace"}.get(call.method, "list")
        return "token" if call.path == "/token" else kind

    def received(self, call: Call) -> None:
        kinds = {"order": "received", "replace": "received_change"}
        if self.place(call) in kinds:
            self.write(kinds[self.place(call)], intent=self._intent(call), text=f"{call.method} {call.path}")
        now = self.clock.monotonic()
        for whom, until in self._held.items():
            if now < until and whom in ("", self.place(call)):
                self.write("intrusion", text=f"{call.method} {call.path} while silence was asked for")

    def refusal(self, call: Call, step: Step) -> Answer:
        if step.fault in (Fault.TOKEN_EXPIRED, Fault.TOKEN_REVOKED):
            self.tokens.clear()
            return Refused(401, step.fault.value, "ask for a new token").answer
        seconds = step.seconds or 0.3
        whom = "" if step.fault is Fault.HTTP_418 else self.place(call)
        self._held[whom] = self.clock.monotonic() + round(seconds * NS)
        answer = Refused(int(step.fault.value), "too_many_requests", "slow down").answer
        answer.headers["Retry-After"] = f"{seconds:g}"
        return answer

    def answer(self, call: Call) -> Answer:
        try:
            if call.path == "/token":
                return self._issue(call)
            self._authorize(call)
            return self._answer(call)
        except Refused as refused:
            return refused.answer
        except (msgspec.MsgspecError, InvalidValue, ValueError) as error:
            return Refused(400, "bad_request", str(error)[:200]).answer

    def _answer(self, call: Call) -> Answer:
        parts = call.path.strip("/").split("/")
        match (call.method, *parts):
            case ("POST", "orders"):
                return self._place_order(call)
            case ("DELETE", "orders", ref):
                return self._change(ref, None)
            case ("PUT", "orders", ref):
                return self._change(ref, msgspec.json.decode(call.body, type=Terms))
            case ("GET", "orders") if call.asked("client_id"):
                return self._find(call.asked("client_id"))
            case ("GET", ("orders" | "fills" | "positions" | "balances") as kind):
                return self._listing(call, kind)
            case ("GET", "accounts"):
                rows = [{"account": a, "balances": self._matching.cash.balances(a)} for a in (MAIN, SECOND)]
                return Answer(body={"rows": rows})
            case ("GET", "instruments"):
                return Answer(body={"rows": list(LISTED)})
            case ("GET", "bars"):
                return self._bars(call)
        raise Refused(404, "no_such_page", f"{call.method} {call.path}")

    def _issue(self, call: Call) -> Answer:
        given = msgspec.json.decode(call.body, type=dict[str, str])
        if (given.get("key"), given.get("secret")) != (self.key, self.secret):
            raise Refused(403, "bad_key", "there is no such key")
        self.issued += 1
        token = f"tok-{secrets.token_urlsafe(24)}"
        self.tokens[token] = self.clock.monotonic() + round(self.token_seconds * NS)
        return Answer(body={"token": token, "seconds": self.token_seconds})

    def _authorize(self, call: Call) -> None:
        until = self.tokens.get(call.headers.get("authorization", "").removeprefix("Bearer "))
        if until is None or self.clock.monotonic() >= until:
            raise Refused(401, "token_revoked" if until is None else "token_expired", "ask for a new token")

    def _account(self, text: str) -> AccountId:
        if text not in (MAIN, SECOND):
            raise Refused(403, "not_your_account", "this key has no such account")
        return AccountId(text)

    def _intent(self, call: Call) -> ClientOrderId | None:
        return ClientOrderId(call.headers["x-intent"]) if "x-intent" in call.headers else None

    # --- orders ---------------------------------------------------------------------------------------------------

    def _place_order(self, call: Call) -> Answer:
        wanted, intent = msgspec.json.decode(call.body, type=Wanted), self._intent(call)
        self._count(intent)
        if wanted.client_id is not None and (not self.has_client_ids or wanted.client_id in self._by_client):
            self.write("rejected", intent=intent, text="duplicated_id")
            raise Refused(400, "duplicated_id", "this client id was used, or none are taken here")
        known, events = self.order(wanted, intent)
        first = events[0]
        if isinstance(first, Rejected):
            self.write("rejected", intent=intent, text=first.code)
            raise Refused(400, first.code, first.text)
        return Answer(status=201, body={"ref": known.ref, "status": "open"})

    def _count(self, intent: ClientOrderId | None) -> None:
        now = self.clock.monotonic()
        while self._recent and self._recent[0] <= now - NS:
            self._recent.popleft()
        if len(self._recent) >= self.order_limit:
            self.write("rejected", intent=intent, text="too_many_requests")
            refused = Refused(429, "too_many_requests", "slow down")
            refused.answer.headers["Retry-After"] = "1"
            raise refused
        self._recent.append(now)

    def order(self, wanted: Wanted, intent: ClientOrderId | None = None) -> tuple[Known, list[Any]]:
        """Place an order, ours or somebody else's."""
        account, now = self._account(wanted.account), self.clock.now()
        number = len(self._known) + 1
        inside = wanted.client_id or derived_client_order_id(self._run, str(number))
        request = OrderRequest(
            client_order_id=inside,
            account=account,
            instrument=InstrumentId(wanted.code),
            side=wanted.side,
            type=wanted.type,
            time_in_force=wanted.time_in_force,
            quantity=wanted.quantity,
            limit_price=wanted.limit_price,
            stop_price=wanted.stop_price,
            post_only=wanted.post_only,
        )
        ref = f"R{self._run}{number:05d}"
        known = Known(ref=ref, inside=inside, account=account, client_id=wanted.client_id, intent=intent)
        events = self._matching.submit(_order(request, now), now)
        if isinstance(events[0], OrderAccepted):
            self._known[ref] = self._by_inside[inside] = known
            if wanted.client_id is not None:
                self._by_client[wanted.client_id] = known
            self.write("accepted", known, quantity=str(wanted.quantity), price=str(wanted.limit_price or ""))
            self._tell(events)
        return known, events

    def cancel(self, ref: str) -> None:
        """As somebody else would."""
        self._change(ref, None)

    def _change(self, ref: str, terms: Terms | None) -> Answer:
        known = self._known.get(ref)
        if known is None:
            raise Refused(404, "no_such_order", "this venue has no such order")
        now = self.clock.now()
        if terms is None:
            events = self._matching.cancel(known.inside, now)
        else:
            wish = Wish(
                kind=RequestKind.REPLACE,
                phase=RequestPhase.SENDING,
                quantity=terms.quantity,
                limit_price=terms.limit_price,
                stop_price=terms.stop_price,
                ts=now,
            )
            order = self._matching._orders[known.inside]
            held = msgspec.structs.replace(_order(order.request, now), requested=wish)
            events = self._matching.replace(held, now)
        self._tell(events)
        for event in events:
            if isinstance(event, Requested) and event.requested.phase is RequestPhase.REFUSED:
                raise Refused(409, "too_late", event.requested.text)
        return Answer(body=self._row(known))

    def _find(self, client_id: str) -> Answer:
        known = self._by_client.get(client_id)
        if known is None:
            raise Refused(404, "no_such_order", "no order of this id")
        return Answer(body={**self._row(known), "account": known.account})

    def _bars(self, call: Call) -> Answer:
        since, until = int(call.asked("since")), int(call.asked("until"))
        step = int(call.asked("step"))
        bid = self._books[InstrumentId(call.asked("code"))][0]
        first = max(-(-since // step), (until // step) - 200) * step
        return Answer(body={"rows": [[t, bid, bid + 1, bid - 1, bid, 10.0] for t in range(first, until, step)]})

    # --- streams --------------------------------------------------------------------------------------------------

    def upgrade(self, call: Call) -> str | Answer:
        if call.path == "/stream/market":
            return "market"
        try:
            self._authorize(call)
        except Refused as refused:
            return refused.answer
        return "private" if call.path == "/stream/private" else Refused(404, "no_such_page", call.path).answer

    def opened(self, stream: Stream) -> None:
        markets = sorted({instrument.market for instrument in LISTED})
        stream.send({"type": "hello", "phases": dict.fromkeys(markets, "open")}, "beat")

    def message(self, stream: Stream, text: str) -> None:
        asked = msgspec.json.decode(text, type=dict[str, list[str]])
        step = self.faults.next("ack")
        if step is not None:
            return  # not heard
        listed = {instrument.id for instrument in LISTED}
        new = {key for key in asked.get("add", ()) if key.partition("+")[0] in listed}
        stream.wanted = (stream.wanted - set(asked.get("remove", ()))) | new
        stream.send({"type": "ack", "codes": sorted(stream.wanted)}, "beat")
        if not self.is_frozen:
            for key in sorted(new):
                self._picture(stream, key)


def _order(request: OrderRequest, now: int) -> Order:
    return Order(
        request=request,
        status=OrderStatus.SENDING,
        quantity=request.quantity,
        limit_price=request.limit_price,
        stop_price=request.stop_price,
        created=now,
        updated=now,
    )


async def serve(port: int, *, has_client_ids: bool, is_moving: bool, ledger: Path | None, seed: int) -> None:
    venue = ReferenceVenue(has_client_ids=has_client_ids, ledger=ledger, page_rows=50, beat_seconds=1.0)
    await venue.start(port)
    dialect = "with client ids" if has_client_ids else "without client ids"
    print(f"{venue.server.url} {dialect}; key {venue.key}, secret {venue.secret}; Ctrl+C ends it", flush=True)
    chance = random.Random(seed)
    try:
        while True:
            await venue.clock.sleep(0.5)
            if is_moving:
                for instrument in LISTED:
                    bid, ask, size = venue._books[instrument.id]
                    step = float(instrument.ticks.step(Decimal(str(bid)))) * chance.choice((-1, 0, 1))
                    venue.quote(instrument.id, round(bid + step, 4), round(ask + step, 4), size)
    finally:
        await venue.stop()


def main() -> None:
    import argparse

    parser = argparse.ArgumentParser(description="The reference venue on loopback.")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--no-ids", action="store_true", help="take no client order ids")
    parser.add_argument("--moving", action="store_true", help="quotes walk at random")
    parser.add_argument("--ledger", type=Path, help="append what truly happened to this file")
    parser.add_argument("--seed", type=int, default=7)
    given = parser.parse_args()
    run = serve(
        given.port, has_client_ids=not given.no_ids, is_moving=given.moving, ledger=given.ledger, seed=given.seed
    )
    try:
        asyncio.run(run)
    except KeyboardInterrupt:
        print("ended")


if __name__ == "__main__":
    main()
