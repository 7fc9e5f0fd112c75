"""Upbit by REST: one method per endpoint, wire types in and out. `Quotations` needs no key, `Exchange` signs with one.
Reads may be repeated; an order and its replacement are written once. What an answer proves is told by its class."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from email.utils import parsedate_to_datetime
from typing import Any, TypeVar

from brokers.endpoint import Endpoint
from brokers.http import Ask, Http, Reply
from brokers.upbit import auth, parse, wire
from brokers.upbit.budget import Block, Budgets
from brokers.upbit.settings import NAME, UpbitSettings
from core.domain.account import Mode
from core.domain.errors import AuthFailed, BadMessage, BrokerError, OrderRejected, OutcomeUnknown
from core.domain.market import NS
from core.ports import Clock, LiveOrder, PaperOrder, Prepared

T = TypeVar("T")
KEY_PROBLEMS = frozenset(
    {
        *("invalid_access_key", "expired_access_key", "jwt_verification", "no_authorization_token", "out_of_scope"),
        *("no_authorization_ip", "no_authorization_i_p", "invalid_query_payload", "nonce_used"),
    }
)
PROOFS = KEY_PROBLEMS | {
    *("create_ask_error", "create_bid_error", "insufficient_funds_ask", "insufficient_funds_bid", "bad_request"),
    *("under_min_total_ask", "under_min_total_bid", "over_krw_funds_bid", "invalid_price_ask", "invalid_price_bid"),
    *("validation_error", "invalid_parameter", "invalid_time_in_force", "invalid_post_only", "notfoundmarket"),
    *("market_offline", "order_not_found", "QUERY_PARAMETER_NOT_SUPPORTED", "volume_too_large", "invalid_funds"),
    *("thirdparty_agreement_required", "too_many_requests", "pocket_not_found", "currency_not_found"),
}
"""Names by which this venue refuses before it takes anything. A duplicate identifier is none of them: it says that an
order of this id is there."""
MOST_ROWS = 1000
"""Of a list of ended orders; beyond it the window must be cut."""
PAGE_ROWS = 100
MOST_PAGES = 100


class Refused(BrokerError):
    """A complete answer that says no. `code` is the venue's name for it."""

    def __init__(self, status: int, code: str, text: str) -> None:
        super().__init__(NAME, f"upbit refuses: {code or f'HTTP {status}'}{f' ({text})' if text else ''}")
        self.status, self.code, self.said = status, code, text


class _Rest:
    def __init__(self, settings: UpbitSettings, clock: Clock, block: Block, keys: auth.Keys | None) -> None:
        self.budgets = Budgets(settings, clock, is_private=keys is not None)
        self.clock_offset = 0
        """The venue's clock less ours, ns, by the last answer; to the second."""
        self._clock = clock
        self._keys = keys
        self._block = block
        kind: Any = LiveOrder if settings.money is Mode.LIVE else PaperOrder
        self.http: Http[Any] = Http(
            NAME,
            Endpoint[Any](url=f"{settings.url}/v1", kind=kind, doors=settings.doors),
            clock,
            sign=self._sign,
            limits=self.budgets.limits,
            heard=self._heard,
            silence=lambda reply: block.silence(reply, settings.hold_seconds),
            answer_seconds=settings.answer_seconds,
        )

    def goes_on_from(self, before: _Rest) -> None:
        """Limits are the key's, or the address's: a new line knows what the one before used, and was told."""
        self.budgets.limits.update(before.budgets.limits)
        self.budgets.left.update(before.budgets.left)
        self.http.goes_on_from(before.http)

    async def close(self) -> None:
        await self.http.close()

    async def _sign(self, ask: Ask) -> Mapping[str, str]:
        if self._keys is None:
            return {}
        return auth.bearer(self._keys, auth.hashed_body(ask.body) if ask.body else auth.hashed_query(ask.query))

    def _heard(self, ask: Ask, reply: Reply) -> None:
        self.budgets.heard(ask, reply)
        if reply.is_ok:
            self._block.over()
        said = reply.headers.get("date", "")
        if said:
            try:
                at = round(parsedate_to_datetime(said).timestamp() * NS) + NS // 2
            except (ValueError, OverflowError):
                return
            self.clock_offset = at - self._clock.now()

    def _line(self) -> Http[Any]:
        """The line, quiet while we are shut out: by an answer to another line, or in an earlier life."""
        if self._block.seconds > 0:
            self.http.hold(self._block.seconds)
        return self.http

    async def _read(self, ask: Ask, type: type[T]) -> T:
        reply = await self._line().ask(ask)
        if not reply.is_ok and parse.parse_problem(reply.body)[0] == "nonce_used":
            reply = await self.http.ask(ask)  # signed anew
        if reply.is_ok:
            return wire.read_body(reply.body, type)
        raise refused(reply)


def refused(reply: Reply) -> Refused:
    code, text = parse.parse_problem(reply.body)
    return Refused(reply.status, code, text)


class Quotations(_Rest):
    """시세 조회: limits are of this address."""

    def __init__(self, settings: UpbitSettings, clock: Clock, block: Block) -> None:
        super().__init__(settings, clock, block, None)

    async def markets(self) -> list[wire.Market]:
        ask = Ask(path="/market/all", query=(("is_details", "true"),), group="market")
        return await self._read(ask, list[wire.Market])

    async def tickers(self, quotes: Iterable[str]) -> list[wire.RestTicker]:
        """All markets of these quote currencies."""
        query = (("quote_currencies", ",".join(quotes)),)
        return await self._read(Ask(path="/ticker/all", query=query, group="ticker"), list[wire.RestTicker])

    async def ticker(self, codes: Iterable[str]) -> list[wire.RestTicker]:
        query = (("markets", ",".join(codes)),)
        return await self._read(Ask(path="/ticker", query=query, group="ticker"), list[wire.RestTicker])

    async def orderbooks(self, codes: Iterable[str], *, count: int = 30, level: str = "") -> list[wire.RestOrderBook]:
        query = [("markets", ",".join(codes)), ("count", str(count))]
        if level:
            query.append(("level", level))
        ask = Ask(path="/orderbook", query=tuple(query), group="orderbook")
        return await self._read(ask, list[wire.RestOrderBook])

    async def terms(self, codes: Iterable[str]) -> list[wire.BookTerms]:
        """호가 정책: the tick of the price now."""
        query = (("markets", ",".join(codes)),)
        return await self._read(
            Ask(path="/orderbook/instruments", query=query, group="orderbook"), list[wire.BookTerms]
        )

    async def trades(
        self, code: str, *, count: int = 200, to: str = "", cursor: int | None = None, days_ago: int | None = None
    ) -> list[wire.RestTrade]:
        """Newest first. `to`: HH:mm:ss UTC of the chosen day, exclusive; `cursor`: older than this sequential_id."""
        query = [("market", code), ("count", str(count))]
        query += [("to", to)] if to else []
        query += [("cursor", str(cursor))] if cursor is not None else []
        query += [("days_ago", str(days_ago))] if days_ago is not None else []
        return await self._read(Ask(path="/trades/ticks", query=tuple(query), group="trade"), list[wire.RestTrade])

    async def candles(self, unit: str, code: str, *, count: int = 200, to: str = "") -> list[wire.RestCandle]:
        """Newest first. `unit`: seconds, minutes/1 ... minutes/240, days, weeks, months or years; `to` is exclusive."""
        query = [("market", code), ("count", str(count))]
        query += [("to", to)] if to else []
        return await self._read(Ask(path=f"/candles/{unit}", query=tuple(query), group="candle"), list[wire.RestCandle])


class Exchange(_Rest):
    """자산과 주문: limits are of the key's account."""

    def __init__(self, settings: UpbitSettings, clock: Clock, block: Block, keys: auth.Keys) -> None:
        super().__init__(settings, clock, block, keys)
        self.keys = keys

    # --- questions ------------------------------------------------------------------------------------------------

    async def accounts(self) -> list[wire.Holding]:
        return await self._read(Ask(path="/accounts"), list[wire.Holding])

    async def chance(self, code: str) -> wire.Chance:
        return await self._read(Ask(path="/orders/chance", query=(("market", code),)), wire.Chance)

    async def order(self, *, uuid: str = "", identifier: str = "") -> wire.Order:
        """One order with its executions. Raises Refused with order_not_found, BadMessage for another than was named."""
        found = await self._read(Ask(path="/order", query=_name(uuid, identifier)), wire.Order)
        if (found.uuid if uuid else found.identifier) != (uuid or identifier):
            raise BadMessage(NAME, "upbit told of another order than it was asked for")
        return found

    async def open_orders(self) -> list[wire.Order]:
        """All that wait, those reserved in the app among them, page by page to the end."""
        rows: list[wire.Order] = []
        for page in range(1, MOST_PAGES + 1):
            query = (("states[]", "wait"), ("states[]", "watch"), ("page", str(page)), ("limit", str(PAGE_ROWS)))
            found = await self._read(Ask(path="/orders/open", query=query), list[wire.Order])
            rows += found
            if len(found) < PAGE_ROWS:
                return rows
        raise BadMessage(NAME, "the list of open orders does not end")

    async def closed_orders(self, state: str, start: int, end: int) -> list[wire.Order]:
        """All that ended in [start, end) ns as `state` (done or cancel). The list has no pages: a full answer is asked
        for again in halves. `start` is at most a week before `end`."""
        query = (
            ("state", state),
            ("start_time", str(start // 1_000_000)),
            ("end_time", str(end // 1_000_000)),
            ("limit", str(MOST_ROWS)),
        )
        rows = await self._read(Ask(path="/orders/closed", query=query), list[wire.Order])
        if len(rows) < MOST_ROWS:
            return rows
        if end - start < 2 * NS:
            raise BadMessage(NAME, "more ended orders in a second than one list can hold")
        half = start + (end - start) // 2
        return [*await self.closed_orders(state, start, half), *await self.closed_orders(state, half, end)]

    async def orders_by_id(self, uuids: Iterable[str]) -> list[wire.Order]:
        """100 at most."""
        query = tuple(("uuids[]", uuid) for uuid in uuids)
        return await self._read(Ask(path="/orders/uuids", query=query), list[wire.Order])

    # --- what changes something -----------------------------------------------------------------------------------

    async def test_order(self, body: bytes) -> wire.Order:
        """The only dry run: checked as a real one, and nothing is placed."""
        ask = Ask(method="POST", path="/orders/test", body=body, group="order-test", tries=1)
        return await self._read(ask, wire.Order)

    async def place(self, prepared: Prepared, spend: Callable[[], None]) -> wire.Order:
        """Write an order as it was sealed, once."""
        ask = Ask(method="POST", path="/orders", body=prepared.body, group="order")
        return self._judged(await self._line().write(ask, self.http.endpoint.own(prepared), spend))

    async def replace(self, prepared: Prepared, spend: Callable[[], None]) -> wire.Order:
        """Cancel and new, once. Told is the old order with the number of the new one, which comes only if the old one
        was still there."""
        ask = Ask(method="POST", path="/orders/cancel_and_new", body=prepared.body, group="order")
        return self._judged(await self._line().write(ask, self.http.endpoint.own(prepared), spend))

    async def cancel(self, *, uuid: str = "", identifier: str = "") -> wire.Order:
        """Ask for its end; told is the order as it still is. May be repeated."""
        ask = Ask(method="DELETE", path="/order", query=_name(uuid, identifier), urgent=True)
        return self._judged(await self._line().ask(ask))

    async def cancel_many(self, uuids: Iterable[str]) -> wire.Canceled:
        """20 at most."""
        query = tuple(("uuids[]", uuid) for uuid in uuids)
        ask = Ask(method="DELETE", path="/orders/uuids", query=query, urgent=True)
        return await self._read(ask, wire.Canceled)

    async def cancel_open(self, *, side: str = "all", pairs: Iterable[str] = (), count: int = 300) -> wire.Canceled:
        """All that wait, `count` at a time; once in two seconds."""
        query = [("cancel_side", side), ("count", str(count))]
        query += [("pairs", ",".join(pairs))] if pairs else []
        ask = Ask(method="DELETE", path="/orders/open", query=tuple(query), group="order-cancel-all", urgent=True)
        return await self._read(ask, wire.Canceled)

    def _judged(self, reply: Reply) -> wire.Order:
        """An answer is a refusal only by a name of the table, or because of the number of calls."""
        if reply.is_ok:
            try:
                return wire.read_body(reply.body, wire.Order)
            except BadMessage as error:
                raise OutcomeUnknown(NAME, str(error)) from error
        problem = refused(reply)
        if reply.status in (418, 429):
            raise OrderRejected(NAME, "too_many_requests", "upbit: too many requests, nothing was taken")
        if problem.code in PROOFS:
            raise OrderRejected(NAME, problem.code, problem.said or str(problem))
        raise OutcomeUnknown(NAME, f"{problem}, which proves nothing")


def _name(uuid: str, identifier: str) -> tuple[tuple[str, str], ...]:
    return (("uuid", uuid),) if uuid else (("identifier", identifier),)


def key_failure(error: Refused) -> BrokerError:
    """A refusal that concerns the key stops the broker; another stands for itself."""
    if error.status in (401, 403) and error.code in KEY_PROBLEMS - {"nonce_used"}:
        return AuthFailed(
            NAME, f"upbit does not take the key ({error.code}): nothing was done; check it and its rights"
        )
    return error
