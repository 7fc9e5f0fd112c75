"""The HTTP line of a broker: what may be repeated is repeated (`ask`), an order is written once and never redirected
(`write`). Limits, bans and body sizes are kept here; what an answer means, and whether it proves anything, is for the
broker's own dialect to say."""

from __future__ import annotations

import asyncio
import logging
import random
import ssl
from collections.abc import Awaitable, Callable, Mapping
from functools import cache
from ipaddress import ip_address
from typing import Any, Generic, TypeVar
from urllib.parse import quote, urlsplit

import httpx
import msgspec

from brokers.endpoint import Endpoint, assert_endpoint
from core.domain.errors import BadMessage, BrokerError, NotConnected, OutcomeUnknown, RateLimited
from core.domain.market import NS
from core.domain.text import clean
from core.log import get_logger
from core.ports import Clock, P
from core.runtime.throttle import Throttle

ASK_TRIES = 3
FIRST_PAUSE = 0.2
BODY_CAP = 8 << 20
"""A longer answer is not read to its end."""
DEFAULT_HOLD = 1.0
"""Seconds of silence after a 429 that names none."""
DEFAULT_BAN = 60.0
"""The same after a 418."""
LONGEST_BAN = 3 * 86_400.0

T = TypeVar("T")
log = get_logger("brokers.http")

for _name in ("httpx", "httpcore"):  # they print addresses with their query, and headers with the key in them
    logging.getLogger(_name).propagate = False
    logging.getLogger(_name).addHandler(logging.NullHandler())


class Ask(msgspec.Struct, frozen=True, kw_only=True):
    """One call. `query` keeps its order, because some venues sign it in that order."""

    method: str = "GET"
    path: str
    query: tuple[tuple[str, str], ...] = ()
    body: bytes = b""
    headers: dict[str, str] = {}
    """Besides those of `Sign`."""
    group: str = "default"
    """The rate limit it counts in."""
    urgent: bool = False
    """A cancel: it may use the reserve of its group."""
    tries: int = ASK_TRIES

    @property
    def target(self) -> str:
        pairs = "&".join(f"{quote(key, safe='[]')}={quote(value, safe=',')}" for key, value in self.query)
        return f"{self.path}?{pairs}" if pairs else self.path


class Reply(msgspec.Struct, frozen=True, kw_only=True):
    """A complete answer below 500. `headers` have lower-case names."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def is_ok(self) -> bool:
        return 200 <= self.status < 300

    def read(self, broker: str, type: type[T]) -> T:
        """The body as JSON of this type; raises BadMessage."""
        try:
            return msgspec.json.decode(self.body, type=type)
        except (msgspec.DecodeError, ValueError, RecursionError) as error:
            raise BadMessage(broker, f"{broker} answered what cannot be read: {clean(str(error), 120)}") from error


Sign = Callable[[Ask], Awaitable[Mapping[str, str]]]
"""Headers for one attempt, made anew for each: a nonce must not be used twice."""


async def unsigned(_: Ask) -> Mapping[str, str]:
    return {}


class Http(Generic[P]):
    """Two sets of connections to one endpoint, for orders of its kind alone: kept ones for what may be repeated, a
    fresh one for each order, because one that was idle may be half closed, and an order on it would be lost without a
    word."""

    def __init__(
        self,
        broker: str,
        endpoint: Endpoint[P],
        clock: Clock,
        *,
        sign: Sign = unsigned,
        limits: Mapping[str, Throttle] | None = None,
        heard: Callable[[Ask, Reply], None] = lambda ask, reply: None,
        silence: Callable[[Reply], float | None] = lambda reply: None,
        connect_seconds: float = 3.0,
        answer_seconds: float = 10.0,
        connections: int = 8,
        jitter: random.Random | None = None,
    ) -> None:
        """`heard` sees every answer: venues say in headers what is left of a limit and what time it is. `silence` reads
        out of a 418 or 429 how long we are to be quiet, where no Retry-After says it."""
        self.broker = broker
        self.endpoint: Endpoint[P] = endpoint
        self._clock = clock
        self._sign = sign
        self._limits = limits or {}
        self._heard = heard
        self._silence = silence
        self._seconds = answer_seconds
        self._chance = jitter or random.Random()
        self._until: dict[str, int] = {}
        """Per group, and under the empty name for all: no call before this monotonic time."""
        self._room = asyncio.Semaphore(connections)
        """Waiting for a free connection is our matter, not the venue's silence: it is outside of every time limit."""
        timeout = httpx.Timeout(answer_seconds, connect=connect_seconds, pool=connect_seconds)
        self._kept = self._client(timeout, httpx.Limits(max_connections=connections, max_keepalive_connections=4))
        self._fresh = self._client(timeout, httpx.Limits(max_connections=connections, max_keepalive_connections=0))

    def _client(self, timeout: httpx.Timeout, limits: httpx.Limits) -> httpx.AsyncClient:
        is_plain = self.endpoint.url.startswith("http:")
        transport = httpx.AsyncHTTPTransport(verify=_tls(is_plain), limits=limits, retries=0, trust_env=False)
        return httpx.AsyncClient(
            transport=transport,
            timeout=timeout,
            trust_env=False,
            follow_redirects=False,
            headers={"User-Agent": "hoga", "Accept": "application/json", "Accept-Encoding": "identity"},
        )

    async def close(self) -> None:
        await self._kept.aclose()
        await self._fresh.aclose()

    # --- limits ---------------------------------------------------------------------------------------------------

    def hold(self, seconds: float, group: str = "") -> None:
        """No call of this group (of any, without a name) for so long; a shorter hold never ends a longer one."""
        until = self._clock.monotonic() + round(min(max(seconds, 0.0), LONGEST_BAN) * NS)
        self._until[group] = max(self._until.get(group, 0), until)

    def goes_on_from(self, before: Http[P]) -> None:
        """The silence that was asked for on an earlier line of the same key holds on this one."""
        self._until.update(before._until)

    def held_seconds(self, group: str = "default") -> float:
        """How long calls of this group are held back; 0 when they are not."""
        until = max(self._until.get("", 0), self._until.get(group, 0))
        return max(until - self._clock.monotonic(), 0) / NS

    def _check_hold(self, ask: Ask) -> None:
        seconds = self.held_seconds(ask.group)
        if seconds > 0:
            text = f"{self.broker} asked for silence: {seconds:.1f} s left, nothing was sent"
            raise RateLimited(self.broker, text, seconds)

    def _note(self, ask: Ask, reply: Reply) -> None:
        if reply.status in (418, 429):
            is_ban = reply.status == 418
            otherwise = self._silence(reply) or (DEFAULT_BAN if is_ban else DEFAULT_HOLD)
            seconds = _seconds(reply.headers.get("retry-after", ""), otherwise)
            self.hold(seconds, "" if is_ban else ask.group)
        self._heard(ask, reply)

    # --- what may be repeated -------------------------------------------------------------------------------------

    async def ask(self, ask: Ask) -> Reply:
        """A read, or anything else that does no harm twice. Raises NotConnected when no try was answered, RateLimited
        while the venue wants silence; what the venue says with a 4xx is returned."""
        problem = ""
        for attempt in range(ask.tries):
            if attempt:
                await self._clock.sleep(self._chance.uniform(FIRST_PAUSE / 2, FIRST_PAUSE * 2**attempt))
            self._check_hold(ask)
            limit = self._limits.get(ask.group)
            if limit is not None:
                await limit.take(urgent=ask.urgent)
                self._check_hold(ask)
            headers = await self._sign(ask)
            try:
                async with self._room:
                    self._check_hold(ask)
                    reply = await self._once(self._kept, ask, headers, {})
            except (httpx.HTTPError, OSError, TimeoutError, _TooLong) as error:
                problem = _words(error)
                continue
            self._note(ask, reply)
            if reply.status in (418, 429):
                raise RateLimited(self.broker, f"{self.broker}: too many requests", self.held_seconds(ask.group))
            if reply.status < 300 or 400 <= reply.status < 500:
                return reply
            problem = f"HTTP {reply.status}"
        raise NotConnected(self.broker, f"{self.broker} did not answer {ask.method} {ask.path}: {problem}")

    # --- what is written once -------------------------------------------------------------------------------------

    async def write(self, ask: Ask, prepared: P, spend: Callable[[], None]) -> Reply:
        """An order (or its replacement): one attempt on a connection of its own. `spend` is called when the connection
        stands and right before the first byte, so a permit is spent exactly when something may have left. Before that
        the call raises NotConnected or RateLimited; afterwards OutcomeUnknown, unless the venue answered in full and
        below 500: then its dialect judges."""
        prepared = self.endpoint.own(prepared)
        self._check_hold(ask)
        limit = self._limits.get(ask.group)
        if limit is not None:
            seconds = limit.wait_seconds(urgent=True)
            if seconds > 0:
                raise RateLimited(self.broker, f"{self.broker}: no room for an order now, nothing was sent", seconds)
            await limit.take(urgent=True)
        headers = await self._sign(ask)
        is_written = False

        async def traced(event: str, info: dict[str, Any]) -> None:
            nonlocal is_written
            if event == "connection.connect_tcp.complete":
                self._check_peer(info["return_value"].get_extra_info("server_addr"))
            elif event == "http11.send_request_headers.started":
                self._assert(info["request"], prepared)
                spend()
                is_written = True

        try:
            reply = await self._once(self._fresh, ask, headers, {"trace": traced})
        except (httpx.HTTPError, OSError, TimeoutError, _TooLong) as error:
            if not is_written:
                text = f"{self.broker} cannot be reached ({_words(error)}): nothing was sent"
                raise NotConnected(self.broker, text) from error
            raise OutcomeUnknown(self.broker, f"{self.broker} took the order or not: {_words(error)}") from error
        self._note(ask, reply)
        if reply.status >= 500 or 300 <= reply.status < 400:
            raise OutcomeUnknown(self.broker, f"{self.broker} answered HTTP {reply.status}, which proves nothing")
        return reply

    def _assert(self, request: Any, prepared: P) -> None:
        """The request as it is about to be written, against the venue's table."""
        url = request.url
        port = url.port or (443 if url.scheme == b"https" else 80)
        assert_endpoint(
            self.endpoint.doors,
            host=url.host.decode("ascii", "replace"),
            port=port,
            mode=prepared.mode,
            account=prepared.account,
            mark=prepared.mark,
        )

    def _check_peer(self, address: Any) -> None:
        """The socket leads where the endpoint says: its port, and this machine when it names this machine."""
        parts = urlsplit(self.endpoint.url)
        port = parts.port or (443 if parts.scheme == "https" else 80)
        is_here = parts.hostname in ("localhost", "127.0.0.1", "::1")
        if address is not None and (address[1] != port or is_here != ip_address(address[0]).is_loopback):
            raise BrokerError(self.broker, f"{self.broker}: this connection leads elsewhere, nothing was sent")

    async def _once(
        self, client: httpx.AsyncClient, ask: Ask, headers: Mapping[str, str], extensions: dict[str, Any]
    ) -> Reply:
        if not ask.path.startswith("/"):
            raise ValueError(f"a path begins with a slash: {ask.path[:40]!r}")
        given = {**ask.headers, **headers}
        if ask.body:
            given["Content-Type"] = "application/json; charset=utf-8"
        request = client.build_request(
            ask.method,
            self.endpoint.url.rstrip("/") + ask.target,
            content=ask.body or None,
            headers=given,
            extensions={**extensions, "timeout": client.timeout.as_dict()},
        )
        started = self._clock.monotonic()
        if client.is_closed:  # by a new connect, while this call waited for its turn
            raise NotConnected(self.broker, f"{self.broker}: this line was closed, nothing was sent")
        async with asyncio.timeout(self._seconds):  # the library limits each wait, not a drip of bytes
            response = await client.send(request, stream=True)
            try:
                parts, size = [], 0
                async for part in response.aiter_raw():
                    size += len(part)
                    if size > BODY_CAP:
                        raise _TooLong
                    parts.append(part)
            finally:
                await response.aclose()
        took = (self._clock.monotonic() - started) / 1e6
        log.debug("http", broker=self.broker, method=ask.method, path=ask.path, status=response.status_code, ms=took)
        headers_in = {name.lower(): clean(value) for name, value in response.headers.items()}
        return Reply(status=response.status_code, headers=headers_in, body=b"".join(parts))


@cache
def _tls(is_plain: bool) -> ssl.SSLContext:
    """The system's trust, TLS 1.2 or later; made once, because it takes a while. A line without TLS trusts nobody."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT) if is_plain else ssl.create_default_context()
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context


class _TooLong(Exception):
    """The answer goes on beyond BODY_CAP."""


def _words(error: Exception) -> str:
    """The kind of failure; never the library's text, which may hold an address with its query."""
    if isinstance(error, TimeoutError | httpx.TimeoutException):
        return "no answer in time"
    if isinstance(error, _TooLong):
        return "an answer without end"
    return {
        "ConnectError": "connection refused",
        "ReadError": "the line broke",
        "RemoteProtocolError": "the line broke in the middle of an answer",
        "WriteError": "the line broke while writing",
    }.get(type(error).__name__, type(error).__name__)


def _seconds(text: str, otherwise: float) -> float:
    try:
        seconds = float(text)
    except ValueError:
        return otherwise
    return seconds if 0 < seconds <= LONGEST_BAN else otherwise
