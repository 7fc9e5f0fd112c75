"""A small server for simulators: HTTP/1.1 and WebSocket on one loopback port, written on bare streams so that it can do
everything a bad network and a bad venue do. It knows no dialect: `Dialect` is asked what to answer."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import Any, Protocol
from urllib.parse import parse_qsl, unquote, urlsplit

import msgspec
from websockets.frames import Frame, Opcode
from websockets.http11 import Request as Upgrade
from websockets.protocol import State
from websockets.server import ServerProtocol

from core.clock import SystemClock
from tests.simulators.faults import Fault, Script, Step
from tests.simulators.plug import Traffic

HOST = "127.0.0.1"
GARBAGE = b'\xff\xfe{"rows": [ \x1b]0;owned\x07'
HTML = b"<html><body><h1>503 Service Unavailable</h1></body></html>"


class Call(msgspec.Struct, kw_only=True):
    """One HTTP request. `step` is what goes wrong with it and only the dialect can act out (PAGE_CUT, STALE_LIST)."""

    method: str
    path: str
    query: list[tuple[str, str]]
    raw_query: str
    headers: dict[str, str]
    body: bytes
    t: int
    step: Step | None = None

    def asked(self, name: str, otherwise: str = "") -> str:
        return next((value for key, value in self.query if key == name), otherwise)


class Answer(msgspec.Struct, kw_only=True):
    status: int = 200
    body: Any = None
    """Bytes go out as they are, anything else as JSON."""
    headers: dict[str, str] = {}


class Dialect(Protocol):
    def place(self, call: Call) -> str:
        """The name of this kind of request in a fault script."""
        ...

    def received(self, call: Call) -> None:
        """The whole request is here; nothing was decided."""
        ...

    def answer(self, call: Call) -> Answer: ...
    def refusal(self, call: Call, step: Step) -> Answer:
        """How this venue words a 429, a 418, an expired or a revoked token."""
        ...

    def upgrade(self, call: Call) -> str | Answer:
        """The place of the stream's frames, or why there is none."""
        ...

    def opened(self, stream: Stream) -> None: ...
    def message(self, stream: Stream, text: str) -> None: ...


class Stream:
    """A WebSocket connection, seen from the venue. Every frame that goes out passes the fault script."""

    def __init__(self, server: Loopback, place: str, call: Call, protocol: ServerProtocol, writer: Any) -> None:
        self.place = place
        self.call = call
        self.wanted: set[str] = set()
        self.reads = asyncio.Event()
        self.reads.set()
        self.is_binary = False
        """Does this venue send its text in binary frames?"""
        self._server = server
        self._protocol = protocol
        self._writer = writer
        self._is_mute = False
        self._held: bytes | None = None

    @property
    def is_open(self) -> bool:
        return self._protocol.state is State.OPEN and not self._writer.is_closing()

    def send(self, message: Any, place: str | None = None) -> None:
        """One frame, JSON unless it is bytes, through the script."""
        if not self.is_open:
            return
        data = message if isinstance(message, bytes) else msgspec.json.encode(message)
        step = self._server.faults.next(place or self.place)
        match step.fault if step is not None else None:
            case Fault.DUPLICATE_EVENT:
                self._frames(data, data)
            case Fault.REORDER if self._held is None:
                self._held = data
                asyncio.get_running_loop().call_later(0.05, self._let_go)
            case Fault.GARBAGE:
                self._frames(GARBAGE, data)
            case Fault.DELAY if step is not None:
                asyncio.get_running_loop().call_later(step.seconds, self._frames, data)
            case Fault.TRUNCATED_FRAME:
                self._protocol.send_text(data)
                out = b"".join(self._protocol.data_to_send())
                self._write(out[: max(len(out) // 2, 3)])
                self.abort()
            case Fault.HALF_OPEN:
                self._is_mute = True
            case Fault.SLOW_READER if step is not None:
                self.reads.clear()
                asyncio.get_running_loop().call_later(step.seconds, self.reads.set)
                self._frames(data)
            case Fault.CLOSE if step is not None:
                self.close(step.code)
            case Fault.DROP_BEFORE_ACCEPT:
                pass
            case _:
                self._frames(data)
                self._let_go()

    def _let_go(self) -> None:
        held, self._held = self._held, None
        if held is not None:
            self._frames(held)

    def _frames(self, *frames: bytes) -> None:
        if not self.is_open or self._is_mute:
            return
        for data in frames:
            is_text = not (self.is_binary or data.startswith(GARBAGE[:1]))
            self._protocol.send_text(data) if is_text else self._protocol.send_binary(data)
        self.flush()

    def flush(self) -> None:
        for data in self._protocol.data_to_send():
            if data:
                self._write(data)
            elif not self._writer.is_closing():
                self._writer.close()

    def _write(self, data: bytes) -> None:
        if not self._is_mute and not self._writer.is_closing():
            self._writer.write(data)

    def close(self, code: int = 1000) -> None:
        if code == 1006:
            self.abort()
        elif self.is_open:
            self._protocol.send_close(code, "as the script says")
            self.flush()

    def abort(self) -> None:
        self._writer.transport.abort()

    def take(self, data: bytes) -> list[Frame]:
        self._protocol.receive_data(data)
        return [event for event in self._protocol.events_received() if isinstance(event, Frame)]


class Loopback:
    def __init__(self, dialect: Dialect, faults: Script) -> None:
        self.faults = faults
        self.streams: list[Stream] = []
        self.traffic: list[Traffic] = []
        self.port = 0
        self.clock = SystemClock()
        self._dialect = dialect
        self._server: asyncio.Server | None = None
        self._writers: set[asyncio.StreamWriter] = set()
        self._serving: set[asyncio.Task[Any]] = set()

    @property
    def url(self) -> str:
        return f"http://{HOST}:{self.port}"

    @property
    def socket_url(self) -> str:
        return f"ws://{HOST}:{self.port}"

    async def start(self, port: int = 0) -> None:
        self._server = await asyncio.start_server(self._serve, HOST, port or self.port, limit=1 << 20)
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        """Nobody listens any more, and every connection ends. `start` listens at the same port again."""
        if self._server is not None:
            self._server.close()
            self._server = None
        for writer in list(self._writers):
            writer.transport.abort()
        for task in list(self._serving):
            task.cancel()
        if self._serving:
            await asyncio.wait(set(self._serving))
        self.streams.clear()

    # --- HTTP -----------------------------------------------------------------------------------------------------

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None and writer.get_extra_info("peername")[0] == HOST
        self._serving.add(task)
        self._writers.add(writer)
        try:
            while (call := await self._read(reader)) is not None:
                if "upgrade" in call[0].headers:
                    await self._upgrade(*call, reader, writer)
                    return
                await self._handle(call[0], reader, writer)
                await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError, _Hung):
            pass
        finally:
            self._serving.discard(task)
            self._writers.discard(writer)
            writer.transport.abort()

    async def _read(self, reader: asyncio.StreamReader) -> tuple[Call, bytes] | None:
        try:
            head = await reader.readuntil(b"\r\n\r\n")
        except asyncio.IncompleteReadError:
            return None
        first, *lines = head.decode("latin-1").split("\r\n")
        method, target, _ = first.split(" ", 2)
        headers = {name.strip().lower(): value.strip() for name, _, value in (s.partition(":") for s in lines if s)}
        body = await reader.readexactly(int(headers.get("content-length", "0")))
        parts = urlsplit(target)
        query = parse_qsl(parts.query, keep_blank_values=True)
        call = Call(
            method=method,
            path=unquote(parts.path),
            query=query,
            raw_query=parts.query,
            headers=headers,
            body=body,
            t=self.clock.now(),
        )
        self.traffic.append(Traffic(t=call.t, method=method, path=call.path))
        return call, head

    async def _handle(self, call: Call, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._dialect.received(call)
        step = self.faults.next(self._dialect.place(call))
        match step.fault if step is not None else None:
            case None:
                self._reply(writer, self._dialect.answer(call))
            case Fault.DELAY if step is not None:
                await self.clock.sleep(step.seconds)
                self._reply(writer, self._dialect.answer(call))
            case Fault.DROP_BEFORE_ACCEPT:
                raise ConnectionResetError
            case Fault.SLOW_ACCEPT if step is not None:
                writer.transport.abort()
                await self.clock.sleep(step.seconds)
                self._dialect.answer(call)
                raise ConnectionResetError
            case Fault.ACCEPT_THEN_DROP:
                self._dialect.answer(call)
                raise ConnectionResetError
            case Fault.ACCEPT_THEN_TIMEOUT | Fault.HALF_OPEN:
                self._dialect.answer(call)
                await reader.read()  # until the other side gives up
                raise _Hung
            case Fault.ACCEPT_THEN_500 | Fault.HTTP_500:
                if step is not None and step.fault is Fault.ACCEPT_THEN_500:
                    self._dialect.answer(call)
                self._reply(writer, Answer(status=500, body={"error": {"code": "internal", "text": "try again"}}))
            case Fault.HTML_503:
                self._dialect.answer(call)
                self._reply(writer, Answer(status=503, body=HTML, headers={"Content-Type": "text/html"}))
            case Fault.GARBAGE:
                answer = self._dialect.answer(call)
                self._reply(writer, Answer(status=answer.status, body=GARBAGE))
            case Fault.TRUNCATED_FRAME:
                out = _bytes(self._dialect.answer(call))
                writer.write(out[: len(out) - 5])
                await writer.drain()
                raise ConnectionResetError
            case Fault.HTTP_429 | Fault.HTTP_418 | Fault.TOKEN_EXPIRED | Fault.TOKEN_REVOKED if step is not None:
                self._reply(writer, self._dialect.refusal(call, step))
            case Fault.REDIRECT_307 | Fault.REDIRECT_308 if step is not None:
                target = f"{self.url}{call.path}" + (f"?{call.raw_query}" if call.raw_query else "")
                self._reply(writer, Answer(status=int(step.fault[-3:]), headers={"Location": target}))
            case _:
                call.step = step
                self._reply(writer, self._dialect.answer(call))

    def _reply(self, writer: asyncio.StreamWriter, answer: Answer) -> None:
        if not writer.is_closing():
            writer.write(_bytes(answer))

    # --- WebSocket ------------------------------------------------------------------------------------------------

    async def _upgrade(self, call: Call, head: bytes, reader: asyncio.StreamReader, writer: Any) -> None:
        step = self.faults.next("upgrade")
        if step is not None and step.fault is Fault.DELAY:
            await self.clock.sleep(step.seconds)
        elif step is not None and step.fault in (Fault.DROP_BEFORE_ACCEPT, Fault.CLOSE):
            raise ConnectionResetError
        elif step is not None:
            self._reply(writer, self._dialect.refusal(call, step))
            await writer.drain()
            return
        place = self._dialect.upgrade(call)
        if isinstance(place, Answer):
            self._reply(writer, place)
            await writer.drain()
            return
        protocol = ServerProtocol(max_size=None)
        protocol.receive_data(head)
        wish = protocol.events_received()[0]
        assert isinstance(wish, Upgrade)
        protocol.send_response(protocol.accept(wish))
        stream = Stream(self, place, call, protocol, writer)
        stream.flush()
        self.streams.append(stream)
        try:
            self._dialect.opened(stream)
            while stream.is_open and (data := await reader.read(1 << 16)):
                await stream.reads.wait()
                for frame in stream.take(data):
                    if frame.opcode in (Opcode.TEXT, Opcode.BINARY):
                        self._dialect.message(stream, bytes(frame.data).decode())
                stream.flush()
                await writer.drain()
        finally:
            with suppress(ValueError):
                self.streams.remove(stream)


class _Hung(Exception):
    """The other side gave up waiting."""


def _bytes(answer: Answer) -> bytes:
    body = answer.body if isinstance(answer.body, bytes) else msgspec.json.encode(answer.body)
    headers = {"Content-Type": "application/json", **answer.headers, "Content-Length": str(len(body))}
    lines = [f"HTTP/1.1 {answer.status} .", *(f"{name}: {value}" for name, value in headers.items())]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body
