"""Frames as they come off the wire: cut anywhere, of any length, between control frames, in pieces, and more than
anybody takes."""

from __future__ import annotations

import asyncio
import base64
import hashlib
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from random import Random

from websockets.asyncio.server import ServerConnection, serve
from websockets.frames import Frame as Raw
from websockets.frames import Opcode

from brokers.inbox import merged
from brokers.socket import Closed, Frame, Line, Manner, Opened, Socket
from core.clock import SystemClock
from core.domain.market import NS

CLOCK = SystemClock()
KEY = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
Deed = Callable[[asyncio.StreamReader, asyncio.StreamWriter, bytes], Awaitable[None]]


@asynccontextmanager
async def venue(deed: Deed) -> AsyncIterator[str]:
    """Bytes as `deed` writes them, the answer to the handshake among them."""
    tasks: set[asyncio.Future[None]] = set()

    async def answer_to(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        sent = next(
            line.split(b": ", 1)[1] for line in head.split(b"\r\n") if line.lower().startswith(b"sec-websocket-key")
        )
        accept = base64.b64encode(hashlib.sha1(sent + KEY).digest())
        answer = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        tasks.add(
            asyncio.ensure_future(deed(reader, writer, answer + b"Sec-WebSocket-Accept: " + accept + b"\r\n\r\n"))
        )

    server = await asyncio.start_server(answer_to, "127.0.0.1", 0)
    try:
        yield f"ws://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    finally:
        server.close()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def raw(opcode: Opcode, data: bytes, *, fin: bool = True) -> bytes:
    return Raw(opcode, data, fin).serialize(mask=False)


def socket(url: str, silence_seconds: float = 10.0) -> Socket:
    manner = Manner(silence_seconds=silence_seconds, ack_seconds=None, ping_seconds=None)
    return Socket("x", url, CLOCK, asking=lambda new, gone, whole: (), manner=manner)


async def heard(url: str) -> tuple[list[str | bytes], str]:
    """The messages of one line, and why it ended."""
    found: list[str | bytes] = []
    lines = socket(url).lines()
    try:
        async for item in lines:
            if isinstance(item, Frame):
                found.append(item.data)
            elif isinstance(item, Closed):
                return found, item.text
    finally:
        await lines.aclose()  # type: ignore[attr-defined]
    return found, ""


def mixed(chance: Random, count: int) -> tuple[list[str | bytes], bytes]:
    """Messages and their bytes: binary and text of every form of length, pings and pongs between."""
    messages: list[str | bytes] = []
    wire = bytearray()
    for _ in range(count):
        size = chance.choice((0, 1, 7, 125, 126, 127, 1000, 65_535, 65_536))
        match chance.randrange(8):
            case 0:
                wire += raw(chance.choice((Opcode.PING, Opcode.PONG)), chance.randbytes(chance.randrange(126)))
            case 1:
                messages.append("가" * (size // 3))
                wire += raw(Opcode.TEXT, ("가" * (size // 3)).encode())
            case _:
                looks_like_frames = (b"\x82\x01" * size)[:size]  # to who has lost where one begins
                messages.append(chance.choice((looks_like_frames, chance.randbytes(size))))
                wire += raw(Opcode.BINARY, messages[-1])  # type: ignore[arg-type]
    return messages, bytes(wire)


async def dribble(writer: asyncio.StreamWriter, data: bytes, chance: Random) -> None:
    """A few bytes or many at a time, so that a frame ends anywhere in what is read at once."""
    at = 0
    while at < len(data):
        size = chance.choice((1, 2, 3, 5, 50, 4_000, 200_000))
        writer.write(data[at : at + size])
        at += size
        await writer.drain()
        if chance.random() < 0.3:
            await CLOCK.sleep(0)


async def bye(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """No more from here; what the other side says to the last is read, or the kernel would throw away what it has not
    read yet."""
    writer.write_eof()
    await reader.read()
    writer.close()


async def test_every_message_comes_whole_and_in_order_wherever_the_bytes_are_cut() -> None:
    for seed in range(12):
        chance = Random(seed)
        messages, data = mixed(chance, 60)
        long = chance.randbytes(70_000)  # longer than what is cut out here: from it on the library reads
        tail, more = mixed(chance, 10)
        whole = [*messages, long, *tail] if seed % 2 else messages
        wire = data + raw(Opcode.BINARY, long) + more if seed % 2 else data

        async def deed(  # type: ignore[no-untyped-def]
            reader: asyncio.StreamReader, writer: asyncio.StreamWriter, answer: bytes, wire=wire, seed=seed
        ) -> None:
            at = (0, 777, 778)[seed % 3]  # frames, and the beginning of one, right behind the handshake
            writer.write(answer + wire[:at])
            await CLOCK.sleep(0.01)
            wire = wire[at:]
            await dribble(writer, wire + raw(Opcode.CLOSE, b"\x03\xe9bye"), Random(seed))
            await bye(reader, writer)

        async with venue(deed) as url:
            found, text = await heard(url)
        assert found == whole, f"seed {seed}"
        assert text == "closed with 1001: bye"


async def test_what_comes_in_pieces_is_put_together_and_what_follows_stays_behind_it() -> None:
    pieces = raw(Opcode.BINARY, b"a", fin=False) + raw(Opcode.PING, b"") + raw(Opcode.CONT, b"b", fin=False)
    wire = raw(Opcode.BINARY, b"first") + pieces + raw(Opcode.CONT, b"c")
    wire += b"".join(raw(Opcode.BINARY, b"%d" % n) for n in range(500))

    async def deed(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, answer: bytes) -> None:
        writer.write(answer)
        await CLOCK.sleep(0.01)
        await dribble(writer, wire + raw(Opcode.CLOSE, b"\x03\xe8"), Random(1))
        await bye(reader, writer)

    async with venue(deed) as url:
        found, text = await heard(url)
    assert found == [b"first", b"abc", *(b"%d" % n for n in range(500))] and text == "closed with 1000"


async def test_what_is_wrong_ends_the_line_with_its_code_behind_what_was_right() -> None:
    wrong = {
        "1007": raw(Opcode.TEXT, b"\xff\xfe"),
        "1009": raw(Opcode.BINARY, b"")[:1] + b"\x7f" + (1 << 40).to_bytes(8, "big"),
        "1002": Raw(Opcode.BINARY, b"masked").serialize(mask=True),
        "1006": b"\x82\x05ab",
    }
    for code, data in wrong.items():

        async def deed(_: object, writer: asyncio.StreamWriter, answer: bytes, data=data) -> None:  # type: ignore[no-untyped-def]
            writer.write(answer)
            await CLOCK.sleep(0.01)
            writer.write(raw(Opcode.BINARY, b"right") + data)
            await CLOCK.sleep(0.01)
            writer.close()

        async with venue(deed) as url:
            found, text = await heard(url)
        assert found == [b"right"] and code in text, text


async def test_a_venue_that_talks_faster_than_we_take_is_held_back_and_is_not_silent() -> None:
    """Nobody takes for longer than a silence may last: nothing is lost, nothing piles up here, and the line stands."""
    count, sent = 40_000, 0

    async def deed(_: object, writer: asyncio.StreamWriter, answer: bytes) -> None:
        nonlocal sent
        writer.write(answer)
        await CLOCK.sleep(0.01)
        for n in range(count):
            writer.write(raw(Opcode.BINARY, b"%06d" % n + bytes(1000)))
            sent += 1
            if n % 50 == 0:
                await writer.drain()
        await asyncio.Event().wait()

    async with venue(deed) as url:
        lines: AsyncIterator[tuple[str, list[Line]]] = merged({"market": socket(url, silence_seconds=0.2)})
        _, first = await anext(lines)
        await CLOCK.sleep(0.5)
        held = sent
        assert isinstance(first[0], Opened) and held < count / 2, "the venue waits"
        numbers: list[int] = []
        most = 0
        while len(numbers) < count:
            _, items = await anext(lines)
            assert all(isinstance(item, Frame) for item in items), items
            numbers += [int(item.data[:6]) for item in items if isinstance(item, Frame)]
            most = max(most, len(items))
        assert numbers == list(range(count)) and most < 1_000
        await lines.aclose()  # type: ignore[attr-defined]


async def test_a_line_that_is_held_back_hangs_up_without_waiting() -> None:
    async def flood(line: ServerConnection) -> None:
        while True:
            await line.send(bytes(1000))

    async with serve(flood, "127.0.0.1", 0, compression=None) as server:
        url = f"ws://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        lines: AsyncIterator[tuple[str, list[Line]]] = merged({"market": socket(url)})
        await anext(lines)
        await CLOCK.sleep(0.2)
        started = CLOCK.monotonic()
        await lines.aclose()  # type: ignore[attr-defined]
        assert CLOCK.monotonic() - started < 0.8 * NS
