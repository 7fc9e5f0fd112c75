"""The WebSocket line of a broker: it comes back after every loss, asks again for what is wanted until the venue says
so, and takes a line that carries nothing for a dead one, whatever its pongs say. What frames mean is the dialect's
matter; what a loss means (a gap in our own fills, or only in quotes) is the broker's.
"""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping
from contextlib import suppress
from socket import gaierror
from ssl import SSLError
from typing import cast

import msgspec
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidStatus, InvalidURI

from brokers.connection import Connection
from brokers.inbox import ITEMS_WAITING, Tray, merged, nothing
from core.domain.errors import AuthFailed, NotConnected
from core.domain.market import NS
from core.domain.text import clean
from core.log import get_logger
from core.ports import Clock
from core.runtime.supervise import pause
from core.runtime.throttle import Throttle

FRAME_CAP = 1 << 20
"""A longer frame ends the connection."""
CONNECTS_A_MINUTE = 12
STALL = NS // 20
"""Waking up later than this means that this process had no time."""
CALM = 60 * NS
"""A line that stood this long counts as having recovered."""

log = get_logger("brokers.socket")
logging.getLogger("websockets").propagate = False  # it prints headers, and the key in them
logging.getLogger("websockets").addHandler(logging.NullHandler())


class Opened(msgspec.Struct, frozen=True):
    """The line stands. Nothing that happened since the last Closed will be told again."""

    received: int


class Closed(msgspec.Struct, frozen=True):
    """The line is down and will be tried again."""

    received: int
    text: str


class Frame(msgspec.Struct, frozen=True, gc=False):
    data: str | bytes
    received: int


Line = Opened | Closed | Frame


class Manner(msgspec.Struct, frozen=True, kw_only=True):
    """How a venue's line is kept."""

    silence_seconds: float = 5.0
    """Without a frame that `is_life`, the line is dead."""
    probe: str = ""
    """A text frame that the venue answers, sent when the line is quiet; empty: none."""
    probe_seconds: float = 3.0
    ack_seconds: float | None = 2.0
    """What is wanted and not yet acknowledged is asked for again after this; None: asking is enough."""
    ping_seconds: float | None = 20.0
    """Control pings for the venue's sake; their pongs prove nothing to us."""
    open_seconds: float = 5.0
    final_codes: frozenset[int] = frozenset()
    """Close codes after which coming back would only throw somebody else out."""


class Socket:
    """One line. `tell` is its life, and `lines()` the same for who iterates: in one place. `want` may be called at any
    time."""

    def __init__(
        self,
        broker: str,
        url: str,
        clock: Clock,
        *,
        asking: Callable[[frozenset[str], frozenset[str], frozenset[str]], Iterable[str]],
        headers: Callable[[], Awaitable[Mapping[str, str]]] | None = None,
        refused: Callable[[], None] = lambda: None,
        turned_away: Callable[[int, bytes], None] = lambda status, body: None,
        is_life: Callable[[str | bytes], bool] = lambda data: True,
        manner: Manner | None = None,
        jitter: random.Random | None = None,
    ) -> None:
        """`asking(new, gone, all)` gives the text frames that make the venue's subscription `all`. `refused` is told of
        a 401 or 403 at the door: the token in `headers` is dead; a second one in a row ends the line. `turned_away`
        is told of any other refusal there."""
        self.broker = broker
        self._url = url
        self._clock = clock
        self._asking = asking
        self._headers = headers
        self._refused = refused
        self._turned_away = turned_away
        self._is_life = is_life
        self._manner = manner or Manner()
        self._chance = jitter or random.Random()
        self._connects = Throttle(clock, CONNECTS_A_MINUTE, 60)
        self._line: ClientConnection | None = None
        self._closing = asyncio.Event()
        self.wanted: frozenset[str] = frozenset()
        self.acknowledged: frozenset[str] = frozenset()
        self.missing: frozenset[str] = frozenset()
        """What is wanted and not acknowledged."""
        self._asked: frozenset[str] = frozenset()
        """What was asked for on this line."""
        self._asked_at = 0
        self._heard_at = self._probed_at = 0
        self._changed = asyncio.Event()
        self._verdict = ""
        """Why the watch ended the line."""
        self.connects = 0
        self.losses = 0
        self.asked_again = 0

    # --- what is wanted -------------------------------------------------------------------------------------------

    async def want(self, wanted: frozenset[str]) -> None:
        """The whole set. Asked for now when the line stands, else as soon as it does."""
        if not self.wanted:
            self._heard_at = self._clock.monotonic()  # until now nothing had to come
        self.wanted = wanted
        self._acknowledged(self.acknowledged & wanted)
        self._changed.set()
        if self._line is not None:
            with suppress(ConnectionClosed, OSError):
                await self._ask(self._line)

    def acknowledge(self, keys: Iterable[str]) -> None:
        """The venue serves these now: its word, or their data."""
        new = self.missing.intersection(keys)
        if new:
            self._acknowledged(self.acknowledged | new)

    def _acknowledged(self, keys: frozenset[str]) -> None:
        self.acknowledged, self.missing = keys, self.wanted - keys

    async def _ask(self, line: ClientConnection, again: frozenset[str] = frozenset()) -> None:
        new, gone = (self.wanted - self._asked) | again, self._asked - self.wanted
        if not (new or gone):
            return
        self._asked, self._asked_at = self.wanted, self._clock.monotonic()
        for text in self._asking(new, gone, self.wanted):
            await line.send(text)
        if self._manner.ack_seconds is None:
            self._acknowledged(self.wanted)

    async def close(self) -> None:
        self._closing.set()
        if self._line is not None:
            await self._line.close()

    # --- the life of the line -------------------------------------------------------------------------------------

    async def lines(self) -> AsyncIterator[Line]:
        """Opened, frames, Closed, and again, until `close`. Raises AuthFailed when the venue will not have us."""
        told = merged({"": self})
        try:
            async for _, items in told:
                for item in items:
                    yield item
        finally:
            await told.aclose()  # type: ignore[attr-defined]

    async def tell(self, tray: Tray[Line]) -> None:
        """The same into a tray. A frame is put there where it is received; a full tray holds the venue back (TCP)."""
        attempt = refusals = 0
        while not self._closing.is_set():
            await self._connects.take()
            text = ""
            try:
                line = await self._open()
            except InvalidStatus as error:
                status = error.response.status_code
                if status in (401, 403):
                    refusals += 1
                    self._refused()
                else:
                    self._turned_away(status, bytes(error.response.body or b"")[:2000])
                text = f"HTTP {status} at the door"
                if refusals > 1:
                    raise AuthFailed(self.broker, f"{self.broker} refuses the stream: {text}") from error
            except (InvalidHandshake, InvalidURI, ConnectionClosed, OSError, TimeoutError, NotConnected) as error:
                text = clean(str(error), 120) if isinstance(error, NotConnected) else _words(error)
            else:
                if self._closing.is_set():  # meanwhile: nobody else would end it
                    return await self._hang_up(line)
                refusals = 0
                since = self._heard_at = self._probed_at = self._clock.monotonic()
                self.connects += 1
                self._line, self._asked, self._verdict = line, frozenset(), ""
                self._acknowledged(frozenset())
                watch: asyncio.Future[None] | None = None
                try:
                    tray.put(Opened(self._clock.now()))
                    self._listen(line, tray)
                    with suppress(ConnectionClosed, OSError):
                        await self._ask(line)
                    watch = asyncio.ensure_future(self._watch(line, tray))
                    text = await self._end(line, tray)
                finally:
                    self._line = None
                    tray.pause = tray.resume = nothing
                    line.hear = _unheard  # while it hangs up nobody takes any more, and the farewell is behind it all
                    line.transport.resume_reading()
                    if watch is not None:
                        watch.cancel()
                        await asyncio.wait({watch})
                    await self._hang_up(line)
                if line.close_code in self._manner.final_codes:
                    raise AuthFailed(self.broker, f"{self.broker} ended the stream for good: {text}")
                attempt = 0 if self._clock.monotonic() - since > CALM else attempt
            if self._closing.is_set():
                return
            self.losses += 1
            attempt += 1
            log.info("socket.lost", broker=self.broker, reason=text, attempt=attempt)
            tray.put(Closed(self._clock.now(), text))
            await tray.room()
            await self._clock.sleep(pause(attempt, self._chance))

    async def _open(self) -> Connection:
        async with asyncio.timeout(self._manner.open_seconds):
            headers = await self._headers() if self._headers is not None else {}
            made = await _Connect(
                self._url,
                create_connection=Connection,
                additional_headers=dict(headers),
                proxy=None,
                compression=None,
                max_size=FRAME_CAP,
                max_queue=ITEMS_WAITING,
                open_timeout=None,
                close_timeout=1,
                ping_interval=self._manner.ping_seconds,
                ping_timeout=None,
                user_agent_header="hoga",
            )
            return cast(Connection, made)

    def _listen(self, line: Connection, tray: Tray[Line]) -> None:
        is_life, monotonic, now = self._is_life, self._clock.monotonic, self._clock.now

        def hear(data: str | bytes) -> None:
            if is_life(data):
                self._heard_at = monotonic()
            tray.put(Frame(data, now()))

        def resume() -> None:
            self._heard_at = monotonic()  # the time in which nobody took frames was not the venue's silence
            line.transport.resume_reading()

        tray.pause, tray.resume = line.transport.pause_reading, resume
        line.listen(hear)
        if tray.is_full:
            tray.pause()

    async def _end(self, line: Connection, tray: Tray[Line]) -> str:
        """Why the line ended. What comes in pieces is put together by the library, and passes by here."""
        try:
            while True:
                line.hear(await line.recv())
                await tray.room()
        except ConnectionClosed as error:
            if self._verdict:
                return self._verdict
            said = error.rcvd or error.sent
            reason = clean(said.reason, 80) if said is not None else ""
            return f"closed with {said.code if said is not None else 1006}{': ' if reason else ''}{reason}"
        except OSError as error:
            return f"the line broke ({type(error).__name__})"

    async def _watch(self, line: ClientConnection, tray: Tray[Line]) -> None:
        """Beside the frames, so that none of them pays for it: asks again, probes, and ends a line that is silent."""
        silence = round(self._manner.silence_seconds * NS)
        while True:
            now = self._clock.monotonic()
            if tray.is_full:
                due = now + silence
            elif now >= self._heard_at + silence:
                self._verdict = f"no data for {self._manner.silence_seconds:g} s"
                line.transport.abort()  # nobody there: no farewell is waited for
                return
            else:
                due = self._heard_at + silence
            try:
                wake = min(due, await self._tend(line, now))
            except (ConnectionClosed, OSError):
                return  # who takes the frames is told why
            self._changed.clear()
            try:
                async with asyncio.timeout(max((wake - self._clock.monotonic()) / NS, 0.001)):
                    await self._changed.wait()
            except TimeoutError:
                late = self._clock.monotonic() - wake
                if late > STALL:  # it was we who stood still: what came meanwhile is not looked at yet
                    self._heard_at = min(self._heard_at + late, self._clock.monotonic())

    async def _tend(self, line: ClientConnection, now: int) -> int:
        """Do what is due on a line between frames; returns when the next thing will be."""
        wake = now + 60 * NS
        ack = self._manner.ack_seconds
        missing = self.missing
        if ack is not None and missing:
            if now >= self._asked_at + round(ack * NS):
                self.asked_again += 1
                await self._say(line, self._ask(line, missing))
            wake = self._asked_at + round(ack * NS)
        if self._manner.probe:
            quiet = round(self._manner.probe_seconds * NS)
            if now >= max(self._heard_at, self._probed_at) + quiet:
                self._probed_at = now
                await self._say(line, line.send(self._manner.probe))
            wake = min(wake, max(self._heard_at, self._probed_at) + quiet)
        return wake

    async def _say(self, line: ClientConnection, saying: Awaitable[None]) -> None:
        """A peer that reads nothing must not hold us up: the line's own silence will end it."""
        with suppress(TimeoutError):
            async with asyncio.timeout(1):
                await saying

    async def _hang_up(self, line: ClientConnection) -> None:
        with suppress(ConnectionClosed, OSError, TimeoutError):
            async with asyncio.timeout(1.5):
                await line.close()


def _unheard(data: str | bytes) -> None: ...


def _words(error: Exception) -> str:
    """The kind of failure; never the library's text, which may hold an address with its query."""
    match error:
        case TimeoutError():
            return "no answer in time"
        case ConnectionRefusedError():
            return "connection refused"
        case gaierror():
            return "its name is not found"
        case SSLError():
            return "the other side cannot be trusted (TLS)"
    return type(error).__name__


class _Connect(connect):
    """Without redirects: the key in the headers is for one host."""

    def process_redirect(self, exc: Exception) -> Exception | str:
        return exc
