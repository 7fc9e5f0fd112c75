"""The desk socket under what a hostile, slow or unlucky console does to an engine that trades: nothing of it may end
the engine, hold up a command behind questions, or put what is no order into the state."""

from __future__ import annotations

import asyncio
import os
import resource
import socket
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from core.clock import ManualClock, SystemClock
from core.domain.commands import Panic
from core.domain.errors import DeskUnavailable, HogaError
from core.domain.instrument import Instrument
from core.runtime import desk_wire as wire
from core.runtime.desk_attached import attach
from core.runtime.desk_remote import connect
from core.runtime.desk_socket import QUESTIONS, serve, socket_path
from core.trading.view import Changed, Interest, Slice
from tests.core.runtime.test_desk_socket import HELLO, NotebookDesk, framed, last_word, raw, still_serves

NEVER = 60.0


@pytest.fixture
def place(tmp_path: Path) -> Path:
    return socket_path(tmp_path)


class SlowDesk(NotebookDesk):
    """Its venue answers no question."""

    def __init__(self) -> None:
        super().__init__()
        self.asked = 0
        self.answers = asyncio.Event()

    async def search(self, text: str) -> list[Instrument]:
        self.asked += 1
        await self.answers.wait()
        return []


async def test_a_command_does_not_wait_behind_questions_that_are_slow(place: Path) -> None:
    desk = SlowDesk()
    async with serve(desk, place), connect(place, ManualClock(), connect_seconds=NEVER, answer_seconds=5) as remote:
        asking = [asyncio.ensure_future(remote.search(str(number))) for number in range(QUESTIONS + 4)]
        while desk.asked < QUESTIONS:
            await SystemClock().sleep(0)
        await remote.ping()
        assert (await remote.send(Panic())).is_ok
        desk.answers.set()
        await asyncio.gather(*asking, return_exceptions=True)


class BrokenDesk(NotebookDesk):
    """A bug stands behind its picture."""

    async def watch(self, interest: Interest) -> AsyncIterator[Changed]:
        self.pictures += 1
        if self.pictures:
            raise KeyError("a bug")
        yield Changed(slice=Slice.LOG, revision=0)


async def test_a_bug_behind_a_picture_ends_no_engine(place: Path) -> None:
    async with serve(BrokenDesk(), place):
        async with connect(place, ManualClock(), connect_seconds=NEVER) as remote:
            with pytest.raises(HogaError, match="KeyError"):
                await anext(remote.watch(Interest()))
            assert (await remote.send(Panic())).is_ok
        assert await still_serves(place)


async def test_a_picture_that_fails_is_not_asked_for_without_a_pause(place: Path) -> None:
    desk, clock = BrokenDesk(), ManualClock()
    async with serve(desk, place), attach(place, clock, again_seconds=0.5) as attached:
        watching = asyncio.ensure_future(anext(attached.watch(Interest())))
        for _ in range(20):  # each answer gives both ends their turns
            await attached.story("x")
        assert (desk.pictures, watching.done()) == (1, False)
        clock.advance(0.5)
        with pytest.raises(HogaError, match="KeyError"):
            await watching


async def test_no_descriptor_left_for_another_console_ends_no_engine(place: Path) -> None:
    desk, limits = NotebookDesk(), resource.getrlimit(resource.RLIMIT_NOFILE)
    async with serve(desk, place), connect(place, ManualClock(), connect_seconds=NEVER) as remote:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as caller:
            resource.setrlimit(resource.RLIMIT_NOFILE, (caller.fileno() + 1, limits[1]))
            try:
                caller.connect(str(place))
                for _ in range(3):
                    await remote.ping()
                assert (await remote.send(Panic())).is_ok
            finally:
                resource.setrlimit(resource.RLIMIT_NOFILE, limits)
            caller.settimeout(NEVER)
            caller.sendall(HELLO)
            answered = await asyncio.to_thread(caller.recv, 4)
        assert len(answered) == 4  # it waited, and is let in
    assert desk.commands == [Panic()]


async def test_a_message_goes_on_in_full_frames_alone(place: Path) -> None:
    """In frames of a byte it would be put together a million times."""
    async with serve(NotebookDesk(), place):
        body = wire.encode(wire.Ping(id=1))
        pieces = b"".join(
            (len(body[n : n + 1]) | (1 << 31 if n < len(body) - 1 else 0)).to_bytes(4, "big") + body[n : n + 1]
            for n in range(len(body))
        )
        reader, writer = await raw(place, HELLO, pieces)
        assert isinstance(await last_word(reader), wire.Refused)
        writer.close()
        assert await still_serves(place)


async def test_changes_of_mind_that_arrive_together_cost_no_line(place: Path) -> None:
    """As when somebody scrolls through a list while the line stood still: each row's book is wanted and left again."""
    desk = NotebookDesk()
    wishes = [wire.Watch(id=n, interest=Interest(), credit=1) for n in range(1, 101)]
    said = [framed(wire.encode(word)) for wish in wishes for word in (wish, wire.Unwatch(id=wish.id))]
    async with serve(desk, place):
        reader, writer = await raw(place, HELLO, *said, framed(wire.encode(wire.Ping(id=1000))))
        async with asyncio.timeout(NEVER):
            while (body := await wire.read_message(reader)) is not None:
                told = wire.decode_tell(body)
                assert not isinstance(told, wire.Refused), told
                if told.id == 1000:
                    break
        writer.write(framed(wire.encode(wire.Watch(id=2000, interest=Interest(), credit=1))))
        async with asyncio.timeout(NEVER):
            assert wire.decode_tell(await wire.read_message(reader) or b"").id == 2000
        writer.close()
    assert desk.open_streams == 0


STRANGER = """
import asyncio, os, sys
from core.runtime import desk_wire as wire
from core.version import PROTOCOL

async def welcome(reader, writer):
    writer.write(b"".join(wire.frames(wire.Welcome(protocol=PROTOCOL, hoga="x", mode="live", now=1))))
    while data := await reader.read(1000):
        print("heard", flush=True)

async def main():
    os.umask(0)
    server = await asyncio.start_unix_server(welcome, sys.argv[1], start_serving=False)
    os.setuid(65534)
    await server.start_serving()
    print("there", flush=True)
    await server.serve_forever()

asyncio.run(main())
"""


@pytest.mark.skipif(os.getuid() != 0, reason="another user is needed")
async def test_a_socket_of_another_user_is_no_engine(place: Path) -> None:
    """As in a folder that others may write to: it would show prices of its own and be told the accounts' names."""
    child = await asyncio.create_subprocess_exec(sys.executable, "-c", STRANGER, str(place), stdout=subprocess.PIPE)
    assert child.stdout is not None
    try:
        async with asyncio.timeout(NEVER):
            assert await child.stdout.readline() == b"there\n"
            with pytest.raises(DeskUnavailable, match="another user"):
                async with connect(place, SystemClock(), connect_seconds=NEVER):
                    pass
    finally:
        child.kill()
        said, _ = await child.communicate()
    assert said == b"", "nothing was said to it"
