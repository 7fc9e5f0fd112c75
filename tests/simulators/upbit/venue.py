"""Upbit on loopback: its REST interface and its streams on one port, faithful to the documents and the recordings.
Its ledger is the truth that tests hold the console to; faults come out of a script."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import msgspec

from brokers.upbit.account import order_id_of
from core.clock import SystemClock
from core.domain.ids import ClientOrderId
from core.domain.market import NS
from tests.simulators.faults import Fault, Script, Step
from tests.simulators.loopback import Answer, Call, Loopback, Stream
from tests.simulators.plug import Deed
from tests.simulators.upbit import rows, signature
from tests.simulators.upbit.exchange import Exchange, Execution, Listed, Placed, Refused, step_of
from tests.simulators.upbit.late import Late
from tests.simulators.upbit.limits import QUOTATIONS, Limits
from tests.simulators.upbit.streams import Streams

SECONDS = {"seconds": 1, "days": 86_400, "weeks": 604_800, "months": 2_592_000, "years": 31_536_000}
MINUTES = frozenset({"1", "3", "5", "10", "15", "30", "60", "240"})
WEEK = 7 * 86_400 * NS
KEY_LASTS = 90 * 86_400 * NS


class UpbitVenue:
    """The dialect and what stands behind it. `server` is its port."""

    def __init__(
        self,
        listed: list[Listed],
        funds: Mapping[str, Mapping[str, str]],
        keys: dict[str, tuple[str, str]],
        *,
        faults: Script | None = None,
        ledger: Path | None = None,
        limit_factor: float = 1.0,
        beat_seconds: float = 0.1,
        block_seconds: float = 30.0,
    ) -> None:
        """`keys`: (secret, account) by access key."""
        self.faults = faults or Script()
        self.server = Loopback(self, self.faults)
        self.clock = SystemClock()
        self.exchange = Exchange(listed, {name: dict(cash) for name, cash in funds.items()}, self.clock.now)
        self.streams = Streams(self.exchange, self.clock)
        self.limits = Limits(self.clock, limit_factor, block_seconds)
        self.late = Late(self.exchange, self.clock)
        self.keys = keys
        self.deeds: list[Deed] = []
        self.cancel_seconds = 0.0
        """How long a cancel takes after its answer: a fill may come in between."""
        self.refuses_by_frame = False
        """A bad key at the private stream is told by a frame, not by the upgrade."""
        self._nonces: set[str] = set()
        self._held: dict[str, int] = {}
        self._beat_seconds = beat_seconds
        self._beating: asyncio.Task[None] | None = None
        self._ledger = ledger.open("a", encoding="utf-8") if ledger is not None else None
        self.exchange.tell = self._told
        self.exchange.moved = self._moved
        self.exchange.printed = self.streams.printed

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
        """Books go on, as they do in a busy market, and pings are answered."""
        while True:
            await self.clock.sleep(self._beat_seconds)
            self.streams.beat()
            for market in self.exchange.markets.values():
                self.streams.tell("orderbook", market)

    def quote(self, code: str, bid: float, ask: float, size: float) -> None:
        """The market moves there; orders that it reaches fill."""
        self.exchange.quote(code, Decimal(repr(bid)), Decimal(repr(ask)), Decimal(repr(size)))
        self.streams.tell("orderbook", self.exchange.markets[code])

    def write(self, what: str, placed: Placed | None = None, **more: Any) -> None:
        """One line of the ledger, on disk before anybody is told."""
        given: dict[str, Any] = {}
        if placed is not None:
            given = {"ref": placed.uuid, "intent": order_id_of(placed.identifier)}
        deed = msgspec.convert({"t": self.clock.now(), "what": what, **given, **more}, Deed)
        self.deeds.append(deed)
        if self._ledger is not None:
            self._ledger.write(msgspec.json.encode(deed).decode() + "\n")
            self._ledger.flush()

    def _moved(self, account: str, currencies: set[str]) -> None:
        self.late.note_wallets(account)
        self.streams.assets(account, currencies, self.late.assets)

    def _told(self, what: str, placed: Placed, trade: Execution | None) -> None:
        self.late.note(placed)
        match what:
            case "accepted" | "replaced":
                self.write(what, placed, quantity=str(placed.volume or ""), price=str(placed.price or ""))
                self.streams.order(placed, "wait", None)
            case "filled" if trade is not None:
                figures = {"quantity": str(trade.volume), "price": str(trade.price), "fill_id": trade.uuid}
                self.write("filled", placed, **figures)
                self.streams.order(placed, "trade", trade)
            case "canceled":
                self.write("canceled", placed)
                self.streams.order(placed, "cancel", None)
            case "done" | "prevented":
                self.streams.order(placed, what, None)

    # --- the dialect ----------------------------------------------------------------------------------------------

    def place(self, call: Call) -> str:
        match call.method, call.path:
            case "POST", "/v1/orders/cancel_and_new":
                return "replace"
            case "POST", "/v1/orders":
                return "order"
            case "DELETE", _:
                return "cancel"
            case _, ("/v1/accounts" | "/v1/order"):
                return "list"
            case _, path if path.startswith("/v1/orders"):
                return "list"
        return "quotation"

    def received(self, call: Call) -> None:
        kinds = {"order": "received", "replace": "received_change"}
        place = self.place(call)
        if place in kinds:
            self.write(kinds[place], intent=self._intent(call), text=f"{call.method} {call.path}")
        now = self.clock.monotonic()
        for whom, until in self._held.items():
            if now < until and whom in ("", place):
                self.write("intrusion", text=f"{call.method} {call.path} while silence was asked for")

    def _intent(self, call: Call) -> ClientOrderId | None:
        try:
            body = msgspec.json.decode(call.body, type=dict[str, str])
        except msgspec.MsgspecError:
            return None
        old = self.exchange.orders.get(body.get("prev_order_uuid", ""))
        named = body.get("identifier") or body.get("new_identifier") or (old.identifier if old is not None else None)
        return order_id_of(named)

    def refusal(self, call: Call, step: Step) -> Answer:
        if step.fault is Fault.TOKEN_EXPIRED:
            return _refusal(Refused(401, "expired_access_key", "만료된 엑세스 키입니다."))
        if step.fault is Fault.TOKEN_REVOKED:
            return _refusal(Refused(401, "invalid_access_key", "잘못된 엑세스 키입니다."))
        seconds = step.seconds or 0.3
        whom = "" if step.fault is Fault.HTTP_418 else self.place(call)
        self._held[whom] = self.clock.monotonic() + round(seconds * NS)
        if step.fault is Fault.HTTP_418:
            return self._blocked(seconds)
        # A scripted 429 says how long; those that the limits give do not, as it was measured.
        headers = {"Content-Type": "text/plain", "Retry-After": f"{seconds:g}"}
        return Answer(status=429, body=b"Too many API requests.", headers=headers)

    def _blocked(self, seconds: float) -> Answer:
        message = f"요청 수 제한을 반복해서 초과하여 {seconds:g}초 동안 차단되었습니다."
        return _refusal(Refused(418, "too_many_requests", message))

    def answer(self, call: Call) -> Answer:
        group = self.limits.group_of(call.method, call.path)
        headers = {"Date": format_datetime(datetime.fromtimestamp(self.clock.now() // NS, UTC), usegmt=True)}
        try:
            if "origin" in call.headers:
                raise Refused(429, "too_many_requests", "an Origin header has a limit of its own")
            if call.method == "POST" and not call.headers.get("content-type", "").startswith("application/json"):
                raise Refused(400, "bad_request", "a body is JSON; forms are taken no more")
            account = "" if group in QUOTATIONS else signature.account_of(call, self.keys, self._nonces)
            status, left = self.limits.take(account or "here", group)
            headers["Remaining-Req"] = f"group={group}; min=1800; sec={left}"
            if status == 429:
                return Answer(status=429, body=b"Too many API requests.", headers=headers)
            if status == 418:
                return self._blocked(self.limits.block_left(account or "here"))
            found = self._quotation(call) if group in QUOTATIONS else self._private(call, account)
        except Refused as refused:
            found = _refusal(refused)
        except (msgspec.MsgspecError, ValueError, ArithmeticError) as error:
            found = _refusal(Refused(400, "validation_error", str(error)[:200]))
        if call.step is not None and call.step.fault is Fault.PAGE_CUT:
            whole = msgspec.json.encode(found.body)
            found.body = whole[: len(whole) // 2]
        found.headers = {**headers, **found.headers}
        return found

    # --- quotations -----------------------------------------------------------------------------------------------

    def _quotation(self, call: Call) -> Answer:
        now = self.clock.now()
        match call.path.removeprefix("/v1/").split("/"):
            case ["market", "all"]:
                return Answer(body=[self._market_row(m, call) for m in self.exchange.markets.values()])
            case ["ticker", "all"]:
                quotes = call.asked("quote_currencies").split(",")
                markets = [m for m in self.exchange.markets.values() if m.quote in quotes]
                return Answer(body=[{"market": m.code, **rows.ticker(m, now)} for m in markets])
            case ["ticker"]:
                return Answer(body=[{"market": m.code, **rows.ticker(m, now)} for m in self._asked(call)])
            case ["orderbook"]:
                depth = int(call.asked("count", "30"))
                return Answer(body=[{"market": m.code, **rows.book(m, depth, now)} for m in self._asked(call)])
            case ["orderbook", "instruments"]:
                return Answer(
                    body=[
                        {
                            "market": m.code,
                            "quote_currency": m.quote,
                            "tick_size": rows.text(step_of(m.code, m.last)),
                            "supported_levels": ["0"],
                        }
                        for m in self._asked(call)
                    ]
                )
            case ["trades", "ticks"]:
                return Answer(body=self._prints(call))
            case ["candles", *unit]:
                return Answer(body=self._candles(call, unit))
        raise Refused(404, 404, "Code not found")

    def _market_row(self, market: Listed, call: Call) -> dict[str, Any]:
        row: dict[str, Any] = {
            "market": market.code,
            "korean_name": market.korean,
            "english_name": market.english,
        }
        if call.asked("is_details") == "true":
            names = ("PRICE_FLUCTUATIONS", "TRADING_VOLUME_SOARING", "DEPOSIT_AMOUNT_SOARING")
            names += ("GLOBAL_PRICE_DIFFERENCES", "CONCENTRATION_OF_SMALL_ACCOUNTS")
            caution = {name: name in market.cautions for name in names}
            row["market_event"] = {"warning": market.is_warned, "caution": caution}
        return row

    def _asked(self, call: Call) -> list[Listed]:
        found = [self.exchange.markets.get(code) for code in call.asked("markets").split(",")]
        if not found or None in found:
            raise Refused(404, 404, "Code not found")
        return [market for market in found if market is not None]

    def _one(self, call: Call) -> Listed:
        market = self.exchange.markets.get(call.asked("market"))
        if market is None:
            raise Refused(404, 404, "Code not found")
        return market

    def _prints(self, call: Call) -> list[dict[str, Any]]:
        market, count = self._one(call), int(call.asked("count", "1"))
        if not 1 <= count <= 500:
            raise Refused(400, 400, "Invalid parameter. Check the given value!")
        found = list(reversed(self.streams.prints.get(market.code, ())))
        cursor = call.asked("cursor")
        if cursor:
            found = [row for row in found if row["sequential_id"] < int(cursor)]
        kept = ("timestamp", "trade_price", "trade_volume", "prev_closing_price", "change_price", "ask_bid")
        return [
            {
                "market": market.code,
                "trade_date_utc": row["trade_date"],
                "trade_time_utc": row["trade_time"],
                **{name: row[name] for name in kept},
                "sequential_id": row["sequential_id"],
            }
            for row in found[:count]
        ]

    def _candles(self, call: Call, unit: list[str]) -> list[dict[str, Any]]:
        """Invented by the price of now; one in seven was never traded and does not exist."""
        market, count = self._one(call), int(call.asked("count", "1"))
        if not 1 <= count <= 200:
            raise Refused(400, 400, "Invalid parameter. Check the given value!")
        match unit:
            case ["minutes", minutes] if minutes in MINUTES:
                step = int(minutes) * 60
            case [name] if name in SECONDS:
                step = SECONDS[name]
            case _:
                raise Refused(404, 404, "Code not found")
        now = self.clock.now() // NS
        to = _seconds(call.asked("to")) if call.asked("to") else now + 1
        price, found = float(market.last), []
        start = (min(to, now + 1) - 1) // step * step
        while len(found) < count and start > now - 400 * 86_400 - step * 1000:
            if start // step % 7:
                low, high = price * (1 - start // step % 5 / 1000), price * (1 + start // step % 3 / 1000)
                found.append(self._candle(market, start, unit, low, high))
            start -= step
        return found

    def _candle(self, market: Listed, start: int, unit: list[str], low: float, high: float) -> dict[str, Any]:
        moment = datetime.fromtimestamp(start, UTC)
        row: dict[str, Any] = {
            "market": market.code,
            "candle_date_time_utc": moment.strftime("%Y-%m-%dT%H:%M:%S"),
            "candle_date_time_kst": (moment + timedelta(hours=9)).strftime("%Y-%m-%dT%H:%M:%S"),
            "opening_price": low,
            "high_price": high,
            "low_price": low,
            "trade_price": high,
            "timestamp": start * 1000 + 500,
            "candle_acc_trade_price": 1000.0 * high,
            "candle_acc_trade_volume": 1000.0,
        }
        return {**row, "unit": int(unit[1])} if unit[0] == "minutes" else row

    # --- the account ----------------------------------------------------------------------------------------------

    def _private(self, call: Call, account: str) -> Answer:
        if call.method == "DELETE" and call.body:
            raise Refused(400, "QUERY_PARAMETER_NOT_SUPPORTED", "query parameters alone")
        match (call.method, *call.path.removeprefix("/v1/").split("/")):
            case ("GET", "accounts"):
                return Answer(body=self._accounts(account))
            case ("GET", "api_keys"):
                ends = rows.at(self.clock.now() + KEY_LASTS)
                mine = [key for key, (_, owner) in self.keys.items() if owner == account]
                return Answer(body=[{"access_key": key, "expire_at": ends} for key in mine])
            case (_, "withdraws", *_):  # the keys here are for looking and trading
                raise Refused(401, "out_of_scope", "권한이 부족합니다.")
            case ("GET", "order"):
                named = self.late.asked(self.exchange.named(account, call.asked("uuid"), call.asked("identifier")))
                if named is None:
                    raise Refused(404, "order_not_found", "주문을 찾지 못했습니다.")
                return Answer(body=rows.order(named, with_trades=True))
            case ("GET", "orders", "open"):
                return Answer(body=self._open(call, account))
            case ("GET", "orders", "closed"):
                return Answer(body=self._closed(call, account))
            case ("GET", "orders", "uuids"):
                wanted = [value for key, value in call.query if key == "uuids[]"]
                return Answer(body=[rows.order(self.exchange.named(account, uuid)) for uuid in wanted])
            case ("GET", "orders", "chance"):
                return Answer(body=self._chance(call, account))
            case ("POST", "orders", *kind):
                return self._post(call, account, kind)
            case ("DELETE", *rest):
                return self._delete(call, account, rest)
        raise Refused(404, "not_found", f"{call.method} {call.path}")

    def _accounts(self, account: str) -> list[dict[str, Any]]:
        return [
            {
                "currency": currency,
                "balance": rows.text(free),
                "locked": rows.text(locked),
                "avg_buy_price": "0",
                "avg_buy_price_modified": False,
                "unit_currency": "KRW",
            }
            for currency, (free, locked) in self.late.purse(account).items()
            if free or locked or currency == "KRW"
        ]

    def _mine(self, account: str) -> list[Placed]:
        return [order for order in self.exchange.orders.values() if order.account == account]

    def _listed(self, account: str) -> list[Placed]:
        """As the lists show them by now."""
        seen = (self.late.seen(order, self.late.orders) for order in self._mine(account))
        return [order for order in seen if order is not None]

    def _states(self, call: Call, otherwise: tuple[str, ...]) -> tuple[str, ...]:
        several = tuple(value for key, value in call.query if key == "states[]")
        single = call.asked("state")
        return several or ((single,) if single else otherwise)

    def _open(self, call: Call, account: str) -> list[dict[str, Any]]:
        states, limit = self._states(call, ("wait",)), int(call.asked("limit", "100"))
        page = int(call.asked("page", "1"))
        if not 1 <= limit <= 100:
            raise Refused(400, "validation_error", "limit does not have a valid value")
        found = sorted((o for o in self._listed(account) if o.state in states), key=lambda o: -o.number)
        return [rows.order(order) for order in found[(page - 1) * limit : page * limit]]

    def _closed(self, call: Call, account: str) -> list[dict[str, Any]]:
        states, limit = self._states(call, ("done", "cancel")), int(call.asked("limit", "100"))
        start = int(call.asked("start_time", "0")) * 1_000_000
        end = int(call.asked("end_time", "0")) * 1_000_000
        end = end or (start + WEEK if start else self.clock.now() + NS)
        start = start or end - WEEK
        if not 1 <= limit <= 1000 or end - start > WEEK:
            raise Refused(400, "validation_error", "limit or window does not have a valid value")
        found = [o for o in self._listed(account) if o.state in states and start <= o.created < end]
        return [rows.order(order) for order in sorted(found, key=lambda o: -o.number)[:limit]]

    def _chance(self, call: Call, account: str) -> dict[str, Any]:
        market = self._one(call)
        fee = rows.text(market.fee)
        side = {"currency": market.quote, "min_total": "5000"}
        listed = {row["currency"]: row for row in self._accounts(account)}
        empty = {"balance": "0", "locked": "0", "avg_buy_price": "0", "avg_buy_price_modified": False}
        return {
            **{name: fee for name in ("bid_fee", "ask_fee", "maker_bid_fee", "maker_ask_fee")},
            "market": {
                "id": market.code,
                "name": f"{market.base}/{market.quote}",
                "order_types": ["limit"],
                "order_sides": ["ask", "bid"],
                "bid_types": ["best_fok", "best_ioc", "limit", "limit_fok", "limit_ioc", "price"],
                "ask_types": ["best_fok", "best_ioc", "limit", "limit_fok", "limit_ioc", "market"],
                "bid": side,
                "ask": {**side, "currency": market.base},
                "max_total": "1000000000",
                "state": "active",
            },
            "bid_account": listed.get(market.quote, {"currency": market.quote, "unit_currency": "KRW", **empty}),
            "ask_account": listed.get(market.base, {"currency": market.base, "unit_currency": "KRW", **empty}),
        }

    def _post(self, call: Call, account: str, kind: list[str]) -> Answer:
        body = msgspec.json.decode(call.body, type=dict[str, str])
        match kind:
            case []:
                try:
                    placed = self.exchange.place(account, body)
                except Refused as refused:
                    self.write("rejected", intent=order_id_of(body.get("identifier")), text=str(refused.name))
                    raise
                answer = Answer(status=201, body=rows.order(placed))
                self.exchange.enter(placed)
                return answer
            case ["test"]:
                return Answer(status=201, body=rows.order(self.exchange.place(account, body, is_test=True)))
            case ["cancel_and_new"]:
                old, new = self.exchange.replace(account, body)
                row = {**rows.order(old), "new_order_uuid": new.uuid, "new_order_identifier": new.identifier}
                is_rest = body.get("new_volume") == "remain_only"
                self._soon(lambda: self.exchange.take_over(old, new, is_rest=is_rest))
                return Answer(status=201, body={k: v for k, v in row.items() if v is not None})
        raise Refused(404, "not_found", call.path)

    def _soon(self, do: Any) -> None:
        """After the answer: now, or when a cancel takes its time."""
        if self.cancel_seconds:
            asyncio.get_running_loop().call_later(self.cancel_seconds, do)
        else:
            do()

    def _delete(self, call: Call, account: str, rest: list[str]) -> Answer:
        match rest:
            case ["order"]:
                placed = self.exchange.waiting(account, call.asked("uuid"), call.asked("identifier"))
                answer = Answer(body=rows.order(placed))
                self._soon(lambda: self.exchange.end(placed, "cancel"))
                return answer
            case ["orders", "uuids"]:
                named = [value for key, value in call.query if key == "uuids[]"]
                if not 1 <= len(named) <= 20:
                    raise Refused(400, "validation_error", "20 at most")
                mine = {order.uuid: order for order in self._mine(account) if order.is_open}
                return self._many([mine[uuid] for uuid in named if uuid in mine], [u for u in named if u not in mine])
            case ["orders", "open"]:
                side, pairs = call.asked("cancel_side", "all"), call.asked("pairs")
                count = int(call.asked("count", "20"))
                found = [
                    order
                    for order in sorted(self._mine(account), key=lambda o: -o.number)
                    if order.state == "wait"
                    and side in ("all", order.side)
                    and (not pairs or order.market.code in pairs.split(","))
                ]
                return self._many(found[:count], [])
        raise Refused(404, "not_found", call.path)

    def _many(self, found: list[Placed], missing: list[str]) -> Answer:
        listed = [{"uuid": order.uuid, "market": order.market.code} for order in found]
        for order in found:
            self._soon(lambda order=order: self.exchange.end(order, "cancel"))
        failed = [{"uuid": uuid, "market": ""} for uuid in missing]
        return Answer(
            body={
                "success": {"count": len(listed), "orders": listed},
                "failed": {"count": len(failed), "orders": failed},
            }
        )

    # --- streams --------------------------------------------------------------------------------------------------

    def upgrade(self, call: Call) -> str | Answer:
        match call.path:
            case "/websocket/v1":
                return "market"
            case "/websocket/v1/private":
                try:
                    signature.account_of(call, self.keys, set())
                except Refused as refused:
                    return "private" if self.refuses_by_frame else _refusal(refused)
                return "private"
        return _refusal(Refused(404, "not_found", call.path))

    def opened(self, stream: Stream) -> None:
        account = ""
        if stream.place == "private":
            try:
                account = signature.account_of(stream.call, self.keys, self._nonces)
            except Refused:
                self.streams.opened(stream, "")
                stream.send({"error": {"name": "INVALID_AUTH", "message": "인증 정보가 올바르지 않습니다."}}, "beat")
                return
        self.streams.opened(stream, account)

    def message(self, stream: Stream, text: str) -> None:
        is_lost = stream.place == "market" and self.faults.next("ack") is not None
        self.streams.message(stream, text, is_lost=is_lost)


def _refusal(refused: Refused) -> Answer:
    return Answer(status=refused.status, body={"error": {"name": refused.name, "message": refused.message}})


def _seconds(text: str) -> int:
    moment = datetime.fromisoformat(text)
    return round((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp())
