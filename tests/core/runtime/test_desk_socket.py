"""The desk socket, through its two doors: a real server, a real client, and hostile bytes between them."""

from __future__ import annotations

import asyncio
import os
import random
import socket
import struct
from collections.abc import AsyncIterator
from decimal import Decimal
from pathlib import Path

import msgspec
import pytest

from core.clock import ManualClock
from core.domain.commands import Cancel, Command, Submit, Tick
from core.domain.errors import DeskUnavailable, HogaError, InvalidValue, JournalInUse, StorageError
from core.domain.ids import ClientOrderId, InstrumentId, account_id, derived_client_order_id
from core.domain.instrument import Instrument
from core.domain.market import Bar, Interval
from core.domain.order import OrderRequest, Side
from core.ports import Coverage, Page, Preview, Query, Receipt
from core.runtime import desk_wire as wire
from core.runtime.desk_remote import RemoteDesk, connect
from core.runtime.desk_socket import CLIENTS, serve, socket_path
from core.trading.story import Story
from core.trading.view import Changed, Interest, LogRow, Slice
from core.version import PROTOCOL

SAMSUNG = InstrumentId("XKRX:005930")
NEVER = 60.0
NEVER_NS = round(NEVER * 1e9)


def log_row(sequence: int, text: str = "") -> LogRow:
    return LogRow(key=str(sequence), sequence=sequence, ts=sequence, level="info", kind="SENT", text=text)


class NotebookDesk:
    """A real, small desk: it writes commands down and streams a counter that moves only when it is asked."""

    def __init__(self) -> None:
        self.commands: list[Command] = []
        self.pictures = 0
        self.open_streams = 0
        self.limit: int | None = None
        self.row_text = ""
        self.silence: asyncio.Event | None = None

    async def watch(self, interest: Interest) -> AsyncIterator[Changed]:
        self.open_streams += 1
        try:
            while self.limit is None or self.pictures < self.limit:
                self.pictures += 1
                yield Changed(slice=Slice.LOG, revision=self.pictures, put=(log_row(self.pictures, self.row_text),))
        finally:
            self.open_streams -= 1

    async def send(self, command: Command) -> Receipt:
        if self.silence is not None:
            await self.silence.wait()
        self.commands.append(command)
        return Receipt(is_ok=True, text="taken")

    async def preview(self, request: OrderRequest) -> Preview:
        raise InvalidValue("limit price 70850 is between ticks")

    async def search(self, text: str) -> list[Instrument]:
        raise KeyError(text)  # a bug

    async def bars(self, instrument: InstrumentId, interval: Interval, since: int, until: int) -> Coverage:
        bar = Bar(instrument, interval, since, 1.5, 2.0, 1.0, 1.75, 10.0)
        return Coverage(bars=tuple([bar] * until), start=since, end=until)

    async def history(self, query: Query) -> Page:
        return Page(rows=tuple(log_row(number) for number in range(query.limit)), has_more=True)

    async def story(self, key: str) -> Story:
        return Story(what="instrument", subject=f"instrument:{key}", note="remember")

    def new_order_id(self) -> ClientOrderId:
        return derived_client_order_id("one")

    def now(self) -> int:
        return 42


def order() -> Submit:
    return Submit(
        request=OrderRequest(
            client_order_id=derived_client_order_id("a"),
            account=account_id("paper", "main"),
            instrument=SAMSUNG,
            side=Side.BUY,
            quantity=Decimal("10.50"),
            limit_price=Decimal("70800"),
        )
    )


@pytest.fixture
def place(tmp_path: Path) -> Path:
    return socket_path(tmp_path)


async def raw(place: Path, *frames: bytes) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    reader, writer = await asyncio.open_unix_connection(str(place))
    writer.write(b"".join(frames))
    return reader, writer


def framed(body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + body


HELLO = framed(wire.encode(wire.Hello(protocol=PROTOCOL, hoga="test")))


async def last_word(reader: asyncio.StreamReader) -> wire.Tell | None:
    """All that the engine says until it closes the line; the last message of it."""
    said: wire.Tell | None = None
    async with asyncio.timeout(NEVER):
        while (body := await wire.read_message(reader, wire.MESSAGE_CAP)) is not None:
            said = wire.decode_tell(body)
    return said


async def still_serves(place: Path) -> bool:
    async with connect(place, ManualClock(), connect_seconds=NEVER) as desk:
        return (await desk.send(Cancel(client_order_id=derived_client_order_id("x")))).is_ok


async def test_a_remote_desk_is_the_same_desk(place: Path) -> None:
    desk, clock = NotebookDesk(), ManualClock(1_000)
    async with serve(desk, place, mode="replay"), connect(place, clock, connect_seconds=NEVER) as remote:
        assert remote.mode == "replay"
        receipt = await remote.send(order())
        assert receipt == Receipt(is_ok=True, text="taken")
        assert desk.commands == [order()]
        assert str(desk.commands[0].request.quantity) == "10.50"  # type: ignore[union-attr]
        assert await remote.bars(SAMSUNG, Interval.M1, 0, 3) == await desk.bars(SAMSUNG, Interval.M1, 0, 3)
        assert await remote.history(Query(what="log", limit=2)) == await desk.history(Query(what="log", limit=2))
        assert await remote.story(SAMSUNG) == await desk.story(SAMSUNG)
        assert remote.now() == 42
        clock.advance(1)
        assert remote.now() == 42 + 1_000_000_000
        assert remote.new_order_id() != remote.new_order_id()


async def test_only_this_user_may_open_it_and_it_is_gone_afterwards(place: Path) -> None:
    async with serve(NotebookDesk(), place):
        assert place.stat().st_mode & 0o777 == 0o600
    assert not place.exists()


async def test_our_errors_cross_the_line_and_a_bug_ends_neither_end(place: Path) -> None:
    async with serve(NotebookDesk(), place), connect(place, ManualClock(), connect_seconds=NEVER) as remote:
        with pytest.raises(InvalidValue, match="between ticks"):
            await remote.preview(order().request)
        with pytest.raises(HogaError, match="KeyError"):
            await remote.search("a")
        refused = await remote.send(Tick())
        assert not refused.is_ok and "clock" in refused.text
        assert (await remote.send(order())).is_ok


async def test_an_answer_longer_than_a_frame_arrives_whole(place: Path) -> None:
    async with serve(NotebookDesk(), place), connect(place, ManualClock(), connect_seconds=NEVER) as remote:
        assert len((await remote.bars(SAMSUNG, Interval.M1, 0, 20_000)).bars) == 20_000
        with pytest.raises(HogaError, match="too long"):
            await remote.bars(SAMSUNG, Interval.M1, 0, 200_000)
        assert (await remote.send(order())).is_ok


async def test_streams_and_questions_share_the_line(place: Path) -> None:
    desk = NotebookDesk()
    async with serve(desk, place), connect(place, ManualClock(), connect_seconds=NEVER) as remote:
        seen = []
        async for changed in remote.watch(Interest(slices=frozenset({Slice.LOG}))):
            seen.append(changed.revision)
            if len(seen) == 50:
                break
            assert (await remote.send(order())).is_ok
        assert seen == list(range(1, 51))


async def test_a_face_that_does_not_read_costs_a_few_pictures(place: Path) -> None:
    desk = NotebookDesk()
    async with serve(desk, place), connect(place, ManualClock(), connect_seconds=NEVER) as remote:
        stream = remote.watch(Interest())
        assert (await anext(stream)).revision == 1
        for _ in range(200):  # every answer gives the engine its turns
            await remote.send(order())
        assert desk.pictures <= wire.CREDIT + 2


async def test_a_stream_that_ends_or_is_left_is_ended_at_the_engine(place: Path) -> None:
    desk = NotebookDesk()
    desk.limit = 3
    async with serve(desk, place), connect(place, ManualClock(), connect_seconds=NEVER) as remote:
        assert [changed.revision async for changed in remote.watch(Interest())] == [1, 2, 3]
        desk.limit = None
        stream = remote.watch(Interest())
        await anext(stream)
        assert desk.open_streams == 1
        await stream.aclose()  # type: ignore[attr-defined]
        while desk.open_streams:
            await remote.send(order())


async def test_no_engine(place: Path) -> None:
    with pytest.raises(DeskUnavailable, match="none runs"):
        async with connect(place, ManualClock()):
            pass


async def test_the_engine_goes_away_under_a_face(place: Path) -> None:
    desk = NotebookDesk()
    desk.silence = asyncio.Event()
    server = serve(desk, place)
    await server.__aenter__()
    async with connect(place, ManualClock(), connect_seconds=NEVER, answer_seconds=NEVER) as remote:
        stream = remote.watch(Interest())
        await anext(stream)
        asking = asyncio.ensure_future(remote.send(order()))
        await remote.history(Query(what="log"))
        await server.__aexit__(None, None, None)
        with pytest.raises(DeskUnavailable, match="may have been done"):
            await asking
        with pytest.raises(DeskUnavailable):
            async for _ in stream:
                pass
        with pytest.raises(DeskUnavailable) as nothing:
            await remote.send(order())
        assert "may have been done" not in str(nothing.value), "it was never written"


async def test_an_engine_that_hangs_is_given_up(place: Path) -> None:
    desk = NotebookDesk()
    desk.silence = asyncio.Event()
    async with (
        serve(desk, place),
        connect(place, ManualClock(), connect_seconds=NEVER, answer_seconds=0.01) as remote,
    ):
        with pytest.raises(DeskUnavailable, match="may have been done"):
            await remote.send(order())


async def test_something_that_accepts_and_says_nothing_is_no_engine(place: Path) -> None:
    with socket.socket(socket.AF_UNIX) as mute:
        mute.bind(str(place))
        mute.listen()
        with pytest.raises(DeskUnavailable, match="says nothing"):
            async with connect(place, ManualClock(), connect_seconds=0.05):
                pass


async def test_the_callers_own_error_comes_out_as_it_is(place: Path) -> None:
    with pytest.raises(ZeroDivisionError):
        async with serve(NotebookDesk(), place):
            _ = 1 / 0
    with pytest.raises(ZeroDivisionError):
        async with serve(NotebookDesk(), place), connect(place, ManualClock(), connect_seconds=NEVER):
            _ = 1 / 0
    assert not place.exists()


async def test_a_second_engine_is_refused_and_the_first_goes_on(place: Path) -> None:
    async with serve(NotebookDesk(), place):
        with pytest.raises(JournalInUse):
            async with serve(NotebookDesk(), place):
                pass
        assert await still_serves(place)


async def test_the_socket_of_a_dead_engine_is_replaced(place: Path) -> None:
    dead = socket.socket(socket.AF_UNIX)
    dead.bind(str(place))
    dead.close()
    assert place.exists()
    async with serve(NotebookDesk(), place):
        assert await still_serves(place)


async def test_what_is_no_socket_is_left_alone(place: Path) -> None:
    place.write_text("precious")
    with pytest.raises(StorageError):
        async with serve(NotebookDesk(), place):
            pass
    assert place.read_text() == "precious"


async def test_a_long_path_moves_to_a_private_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_RUNTIME_DIR", "")
    deep = tmp_path / ("d" * 90) / ("e" * 90)
    deep.mkdir(parents=True)
    place = socket_path(deep)
    assert len(os.fsencode(place)) <= 100
    assert place == socket_path(deep)
    assert place != socket_path(deep.parent / ("f" * 90))
    async with serve(NotebookDesk(), place):
        assert place.parent.stat().st_mode & 0o777 == 0o700
        assert await still_serves(place)


async def test_the_seventeenth_face_is_told_why(place: Path) -> None:
    async with serve(NotebookDesk(), place):
        lines = [await raw(place, HELLO) for _ in range(CLIENTS)]
        for reader, _ in lines:
            await wire.read_message(reader)
        with pytest.raises(DeskUnavailable, match="attached already"):
            async with connect(place, ManualClock(), connect_seconds=NEVER):
                pass
        for _, writer in lines:
            writer.close()


@pytest.mark.parametrize(
    ("frames", "why"),
    [
        ([b"\x7f\xff\xff\xff"], "not one of ours"),
        ([b"\xff\xff\xff\xff" * 4], "not one of ours"),
        ([b"\x00\x00\x00\x00"], "not one of ours"),
        ([HELLO, b"\x80\x10\x00\x00" + b" " * (1 << 20) + b"\x00\x00\x00\x01 "], "not one of ours"),
        ([framed(b"{")], "not a message"),
        ([framed(b"\xff\xfe")], "not a message"),
        ([framed(b'{"a":' * 50_000)], "not a message"),
        ([framed(wire.encode(wire.Unwatch(id=1)))], "hello first"),
        ([framed(wire.encode(wire.Hello(protocol=PROTOCOL + 1, hoga="next")))], f"protocol {PROTOCOL}"),
        ([HELLO, HELLO], "said once"),
        ([HELLO, framed(b'{"type":"Send","id":1,"command":{"command":"Format"}}')], "not a message"),
        (
            [
                HELLO,
                framed(wire.encode(wire.Send(id=1, command=order(), until=NEVER_NS)).replace(b'"10.50"', b'"NaN"')),
            ],
            "finite",
        ),
        (
            [HELLO, framed(wire.encode(wire.Send(id=1, command=order(), until=NEVER_NS)).replace(b'"10.50"', b'"-1"'))],
            "above zero",
        ),
        ([HELLO, framed(wire.encode(wire.Watch(id=1, interest=Interest(), credit=10**9)))], "credit"),
        ([HELLO, framed(wire.encode(wire.Watch(id=1, interest=Interest(), credit=1))) * 2], "twice"),
    ],
)
async def test_a_face_that_speaks_wrongly_loses_its_line_and_only_its_own(
    place: Path, frames: list[bytes], why: str
) -> None:
    desk = NotebookDesk()
    async with serve(desk, place):
        reader, writer = await raw(place, *frames)
        said = await last_word(reader)
        assert isinstance(said, wire.Refused)
        assert why in said.text
        writer.close()
        assert desk.commands == []
        assert await still_serves(place)


async def test_garbage_never_crashes_and_is_never_obeyed(place: Path) -> None:
    chance = random.Random(20261120)
    good = framed(wire.encode(wire.AskHistory(id=1, query=Query(what="log", limit=1))))
    desk = NotebookDesk()
    async with serve(desk, place):
        for number in range(300):
            body = bytearray(good * 2)
            for _ in range(chance.randint(1, 6)):
                match chance.randrange(3):
                    case 0:
                        body[chance.randrange(len(body))] = chance.randrange(256)
                    case 1:
                        del body[chance.randrange(len(body)) :]
                        body += b"."
                    case _:
                        spot = chance.randrange(len(body))
                        body[spot:spot] = chance.randbytes(chance.randint(1, 9))
            reader, writer = await raw(place, HELLO if number % 4 else b"", bytes(body))
            writer.write_eof()
            await reader.read(1)
            writer.close()
        assert desk.commands == []
        assert await still_serves(place)


async def test_a_command_that_is_cut_anywhere_is_not_obeyed(place: Path) -> None:
    body = wire.encode(wire.Send(id=1, command=order(), until=NEVER_NS))
    whole, desk = framed(body), NotebookDesk()
    cuts = [whole[:at] for at in range(1, len(whole), 7)] + [framed(body[:at]) for at in range(0, len(body), 7)]
    async with serve(desk, place):
        for cut in (*cuts, whole[:-1], framed(body[:-1])):
            reader, writer = await raw(place, HELLO, cut)
            writer.write_eof()
            await reader.read()
            writer.close()
        assert desk.commands == []
        reader, writer = await raw(place, HELLO, whole)
        writer.write_eof()
        await reader.read()
        writer.close()
    assert desk.commands == [order()]


async def test_the_frame_reader_survives_any_bytes() -> None:
    chance = random.Random(7)
    for _ in range(5_000):
        reader = asyncio.StreamReader()
        reader.feed_data(chance.randbytes(chance.randint(0, 40)))
        reader.feed_eof()
        try:
            body = await wire.read_message(reader)
            if body is not None:
                wire.decode_ask(body)
        except wire.BadFrame:
            pass


def test_a_message_of_the_cap_fits_and_one_byte_more_does_not() -> None:
    size = wire.MESSAGE_CAP - len(wire.encode(wire.Answer(id=1, now=1, body=msgspec.Raw(b'""'))))
    fits = wire.Answer(id=1, now=1, body=msgspec.Raw(b'"' + b"x" * size + b'"'))
    assert sum(len(frame) - 4 for frame in wire.frames(fits)) == wire.MESSAGE_CAP
    with pytest.raises(HogaError):
        wire.frames(wire.Answer(id=1, now=1, body=msgspec.Raw(b'"' + b"x" * (size + 1) + b'"')))


async def test_a_desk_remote_is_a_desk(place: Path) -> None:
    """mypy checks the shape; this checks that nothing of it is missing at run time."""
    for name in ("watch", "send", "preview", "search", "bars", "history", "new_order_id", "now"):
        assert callable(getattr(RemoteDesk, name))
