"""The Desk over a Unix socket, the face's end: `connect` gives a RemoteDesk that a face cannot tell from a local one.
It does not reconnect and keeps no picture: a lost line is an error for whoever asked, who may connect again (as
desk_attached.py does for a console).
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager, suppress
from itertools import count
from pathlib import Path
from typing import TypeVar

import msgspec

from core.domain import errors
from core.domain.commands import Command
from core.domain.errors import DeskUnavailable, HogaError
from core.domain.ids import ClientOrderId, InstrumentId, new_client_order_id
from core.domain.instrument import Instrument
from core.domain.market import NS, Interval
from core.domain.order import OrderRequest
from core.ports import Clock, Coverage, Page, Preview, Query, Receipt
from core.runtime import desk_wire as wire
from core.runtime.desk_socket import is_own_user
from core.trading.story import Story
from core.trading.view import Changed, Interest
from core.version import PROTOCOL, VERSION

CONNECT_SECONDS = 0.2
ANSWER_SECONDS = 5.0

T = TypeVar("T")


@asynccontextmanager
async def connect(
    path: Path,
    clock: Clock,
    *,
    connect_seconds: float = CONNECT_SECONDS,
    answer_seconds: float = ANSWER_SECONDS,
    read_only: bool = False,
) -> AsyncIterator[RemoteDesk]:
    """A RemoteDesk on the engine that serves `path`. Raises DeskUnavailable when none answers in `connect_seconds`.
    With `read_only` the engine takes no command over this line, whatever comes."""
    writer: asyncio.StreamWriter | None = None
    try:
        async with asyncio.timeout(connect_seconds):
            reader, writer = await asyncio.open_unix_connection(str(path), limit=wire.FRAME_CAP)
            if not is_own_user(writer.get_extra_info("socket")):
                raise DeskUnavailable(f"what serves {path} belongs to another user; nothing was said to it")
            writer.write(b"".join(wire.frames(wire.Hello(protocol=PROTOCOL, hoga=VERSION, read_only=read_only))))
            await writer.drain()
            welcome = await _welcome(reader, path)
    except (OSError, TimeoutError, wire.BadFrame, DeskUnavailable) as error:
        if writer is not None:
            writer.close()
        if isinstance(error, DeskUnavailable):
            raise
        raise DeskUnavailable(f"no engine answers at {path} ({_why(error)})") from None
    desk = RemoteDesk(writer, welcome, clock, answer_seconds)
    trouble: Exception | None = None
    try:
        async with asyncio.TaskGroup() as group:
            reading = group.create_task(desk.read(reader), name="remote_desk")
            try:
                yield desk
            except Exception as error:  # kept out of the group, which would wrap the caller's own error
                trouble = error
            finally:
                reading.cancel()
        if trouble is not None:
            raise trouble
    finally:
        writer.close()
        with suppress(OSError):
            await writer.wait_closed()


def _why(error: Exception) -> str:
    match error:
        case FileNotFoundError():
            return "none runs"
        case ConnectionRefusedError():
            return "the one that made it has died"
        case TimeoutError():
            return "something holds it but says nothing"
        case _:
            return str(error)


async def _welcome(reader: asyncio.StreamReader, path: Path) -> wire.Welcome:
    body = await wire.read_message(reader, wire.MESSAGE_CAP)
    message = None if body is None else wire.decode_tell(body)
    if isinstance(message, wire.Refused):
        raise DeskUnavailable(f"the engine at {path} refused: {message.text}")
    if not isinstance(message, wire.Welcome) or message.protocol != PROTOCOL:
        raise wire.BadFrame("it does not speak our protocol")
    return message


class RemoteDesk:
    """core.ports.Desk over the socket. Every method raises DeskUnavailable when the line is lost, and the error the
    desk itself raised when it was one of hoga's. `mode` and `hoga` are what the engine said of itself."""

    def __init__(self, writer: asyncio.StreamWriter, welcome: wire.Welcome, clock: Clock, seconds: float) -> None:
        self.mode, self.hoga = welcome.mode, welcome.hoga
        self._writer, self._clock, self._seconds = writer, clock, seconds
        self._ids = count(1)
        self._waiting: dict[int, asyncio.Future[bytes]] = {}
        self._streams: dict[int, asyncio.Queue[bytes | HogaError | None]] = {}
        self._lost: HogaError | None = None
        self.ended = asyncio.Event()
        """Set when the line is lost."""
        self._learn_now(welcome.now)

    def _learn_now(self, now: int) -> None:
        self._ahead = now - self._clock.monotonic()

    def now(self) -> int:
        """The engine's clock as last heard, carried on by ours."""
        return self._ahead + self._clock.monotonic()

    def new_order_id(self) -> ClientOrderId:
        return new_client_order_id(os.urandom)

    async def ping(self) -> None:
        """Returns when the engine has answered."""
        await self._call(wire.Ping(id=next(self._ids)), None)

    def end_streams(self, error: HogaError) -> None:
        """Tell whoever watches that nothing more comes for now; the line stands."""
        for stream in self._streams.values():
            if not stream.full():
                stream.put_nowait(error)

    async def send(self, command: Command) -> Receipt:
        until = self.now() + round(self._seconds * NS)
        return await self._call(wire.Send(id=next(self._ids), command=command, until=until), Receipt)

    async def preview(self, request: OrderRequest) -> Preview:
        return await self._call(wire.AskPreview(id=next(self._ids), request=request), Preview)

    async def search(self, text: str) -> list[Instrument]:
        return await self._call(wire.AskSearch(id=next(self._ids), text=text), list[Instrument])

    async def bars(self, instrument: InstrumentId, interval: Interval, since: int, until: int) -> Coverage:
        ask = wire.AskBars(id=next(self._ids), instrument=instrument, interval=interval, since=since, until=until)
        return await self._call(ask, Coverage)

    async def history(self, query: Query) -> Page:
        return await self._call(wire.AskHistory(id=next(self._ids), query=query), Page)

    async def story(self, key: str) -> Story:
        return await self._call(wire.AskStory(id=next(self._ids), key=key), Story)

    async def watch(self, interest: Interest) -> AsyncGenerator[Changed, None]:
        number = next(self._ids)
        # Credit bounds what the engine may send; two more places hold its goodbye and ours.
        stream: asyncio.Queue[bytes | HogaError | None] = asyncio.Queue(wire.CREDIT + 2)
        self._streams[number] = stream
        try:
            await self._tell(wire.Watch(id=number, interest=interest, credit=wire.CREDIT))
            while (body := await stream.get()) is not None:
                if isinstance(body, HogaError):
                    raise body
                yield _decode(body, Changed)
                await self._tell(wire.More(id=number, credit=1))
        finally:
            self._streams.pop(number, None)
            with suppress(OSError, HogaError):
                self._writer.write(b"".join(wire.frames(wire.Unwatch(id=number))))

    async def _tell(self, message: wire.Ask) -> None:
        if self._lost is not None:
            raise self._lost
        frames = wire.frames(message)
        if len(frames) > 1:
            raise errors.InvalidValue("that is too long to send to the engine")
        try:
            self._writer.write(frames[0])
            await self._writer.drain()
        except OSError as error:
            raise _perhaps(f"the engine went away ({error})") from None

    async def _call(self, question: wire.Question, type_: type[T] | None) -> T:
        answer: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()
        self._waiting[question.id] = answer
        try:
            async with asyncio.timeout(self._seconds):
                await self._tell(question)
                body = await answer
        except TimeoutError:
            raise DeskUnavailable(
                f"the engine did not answer within {self._seconds:g} s. What was asked may have been done: "
                "look at `hoga orders` before asking again."
            ) from None
        finally:
            self._waiting.pop(question.id, None)
        return _decode(body, type_)

    async def read(self, reader: asyncio.StreamReader) -> None:
        """Hand each message to whoever waits for it, until the line ends. Run by `connect`."""
        lost = DeskUnavailable(
            "the engine closed the line: it was stopped or it died. Start one with `hoga engine start`."
        )
        try:
            while (body := await wire.read_message(reader, wire.MESSAGE_CAP)) is not None:
                message = wire.decode_tell(body)
                if isinstance(message, wire.Refused):
                    lost = DeskUnavailable(f"the engine closed the line: {message.text}")
                    break
                self._hand_on(message)
        except (OSError, wire.BadFrame) as error:
            lost = DeskUnavailable(f"the line to the engine broke ({error})")
        finally:
            self._lost = lost
            self.ended.set()
            for waiting in self._waiting.values():
                if not waiting.done():
                    waiting.set_exception(_perhaps(str(lost).rstrip(".")))
            self.end_streams(lost)

    def _hand_on(self, message: wire.Tell) -> None:
        match message:
            case wire.Answer():
                self._learn_now(message.now)
                waiting = self._waiting.get(message.id)
                if waiting is not None and not waiting.done():
                    waiting.set_result(bytes(message.body))
            case wire.Changes() | wire.Ended():
                stream = self._streams.get(message.id)
                if isinstance(message, wire.Changes):
                    self._learn_now(message.now)
                if stream is not None:
                    if stream.qsize() > wire.CREDIT:
                        raise wire.BadFrame("the engine sent more than it had credit for")
                    stream.put_nowait(bytes(message.body) if isinstance(message, wire.Changes) else None)
            case wire.Failed():
                error = _error(message)
                waiting = self._waiting.get(message.id)
                if waiting is not None and not waiting.done():
                    waiting.set_exception(error)
                elif (stream := self._streams.get(message.id)) is not None and not stream.full():
                    stream.put_nowait(error)
            case _:
                raise wire.BadFrame("the engine said something out of turn")


def _perhaps(why: str) -> DeskUnavailable:
    """The answer to something that was written is lost: who sends an order again may have it twice."""
    return DeskUnavailable(f"{why}. What was asked may have been done: look at `hoga orders` before asking again.")


def _decode(body: bytes, type_: type[T] | None) -> T:
    try:
        return msgspec.json.decode(body, type=type_)
    except (msgspec.MsgspecError, ValueError, RecursionError) as error:
        raise DeskUnavailable(f"the engine's answer cannot be read ({str(error)[:200]})") from None


def _error(message: wire.Failed) -> HogaError:
    """The error as the desk raised it, where its class needs nothing but a text."""
    found = getattr(errors, message.kind, None)
    if isinstance(found, type) and issubclass(found, HogaError):
        takes_text = not any("__init__" in vars(kind) for kind in found.__mro__ if issubclass(kind, HogaError))
        return found(message.text) if takes_text else HogaError(message.text)
    return HogaError(message.text)
