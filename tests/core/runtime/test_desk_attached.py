"""Consoles that attach: read only is the engine's word, and a line that is lost comes back without anything being sent
for it."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from pathlib import Path

import pytest

from core.clock import ManualClock, SystemClock
from core.domain.account import TradingState
from core.domain.commands import Panic, SetTradingState
from core.domain.errors import DeskUnavailable
from core.domain.market import NS
from core.runtime import desk_wire as wire
from core.runtime.desk_attached import READ_ONLY, SILENT, attach
from core.runtime.desk_remote import connect
from core.runtime.desk_socket import serve, socket_path
from core.trading.view import Interest, Slice
from core.version import PROTOCOL
from tests.core.runtime.test_desk_socket import NotebookDesk, framed, order, raw
from tests.tui import scripted

AGAIN = 0.01


@pytest.fixture
def place(tmp_path: Path) -> Path:
    return socket_path(tmp_path)


async def test_the_engine_takes_nothing_from_a_console_that_only_looks_on(place: Path) -> None:
    desk = NotebookDesk()
    async with serve(desk, place):
        async with connect(place, SystemClock(), read_only=True) as looking:
            receipt = await looking.send(order())
            assert (receipt.is_ok, receipt.text) == (False, "this console is attached read only: nothing was sent")
        hello = framed(wire.encode(wire.Hello(protocol=PROTOCOL, hoga="test", read_only=True)))
        reader, writer = await raw(place, hello, framed(wire.encode(wire.Send(id=1, command=order(), until=60 * NS))))
        assert isinstance(wire.decode_tell(await wire.read_message(reader) or b""), wire.Welcome)
        answer = wire.decode_tell(await wire.read_message(reader) or b"")
        assert isinstance(answer, wire.Answer) and b"false" in bytes(answer.body)
        writer.close()
        assert desk.commands == []
        async with connect(place, SystemClock()) as trading:  # one that may is not held up by it
            assert (await trading.send(order())).is_ok
    assert desk.commands == [order()]


async def test_a_console_that_only_looks_on_says_so_where_the_gate_stands(place: Path) -> None:
    async with serve(scripted.ScriptedDesk(), place), attach(place, SystemClock(), read_only=True) as desk:
        stream = desk.watch(Interest(slices=frozenset({Slice.STATUS})))
        first = await anext(stream)
        assert [getattr(row, "gate", "") for row in first.put] == [READ_ONLY]
        await stream.aclose()


async def test_a_lost_line_comes_back_and_nothing_is_sent_for_it(place: Path) -> None:
    before, after = NotebookDesk(), NotebookDesk()
    async with asyncio.timeout(10):
        async with serve(before, place):
            attaching = attach(place, SystemClock(), again_seconds=AGAIN)
            desk = await attaching.__aenter__()
            stream = desk.watch(Interest())
            await anext(stream)
        with pytest.raises(DeskUnavailable):
            async for _ in stream:
                pass
        assert not desk.is_up
        refused = await desk.send(order())
        assert (refused.is_ok, refused.text[:18]) == (False, "the engine is gone")
        with pytest.raises(DeskUnavailable):
            await desk.story("x")
        assert desk.now() > 0
        async with serve(after, place):  # another engine, as after a restart
            await desk.back()
            again = desk.watch(Interest())
            assert (await anext(again)).revision == 1
            assert after.commands == []
            assert (await desk.send(order())).is_ok
            await again.aclose()
            await attaching.__aexit__(None, None, None)
    assert before.commands == []
    assert after.commands == [order()]


async def test_nobody_there_at_first_is_an_error(place: Path) -> None:
    with pytest.raises(DeskUnavailable, match="none runs"):
        async with attach(place, SystemClock()):
            pass


class Relay:
    """A forwarded socket, as SSH makes one: bytes go through late, and every line through it can be cut."""

    def __init__(self, front: Path, behind: Path, late: float) -> None:
        self._front, self._behind, self._late = front, behind, late
        self._lines: list[asyncio.StreamWriter] = []
        self.carried = 0
        self.flows = asyncio.Event()
        """Cleared: nothing goes through, and no line is cut, as when the engine hangs."""
        self.flows.set()

    async def __aenter__(self) -> Relay:
        self._server = await asyncio.start_unix_server(self._carry, str(self._front))
        return self

    async def __aexit__(self, *error: object) -> None:
        self._server.close()
        self.cut()

    def cut(self) -> None:
        for line in self._lines:
            line.transport.abort()
        self._lines.clear()

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        far_reader, far_writer = await asyncio.open_unix_connection(str(self._behind))
        self._lines += [writer, far_writer]
        self.carried += 1
        async with asyncio.TaskGroup() as group:
            group.create_task(self._pass_on(reader, far_writer))
            group.create_task(self._pass_on(far_reader, writer))

    async def _pass_on(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            while data := await reader.read(1000):  # frames come in pieces, too
                await self.flows.wait()
                await SystemClock().sleep(self._late)
                writer.write(data)
                await writer.drain()
        writer.close()


async def test_a_forwarded_socket_that_is_slow_and_cut_again_and_again_is_still_the_same_desk(place: Path) -> None:
    desk, front = NotebookDesk(), place.with_name("forwarded.sock")
    async with (
        asyncio.timeout(30),
        serve(desk, place),
        Relay(front, place, late=0.02) as relay,
        attach(front, SystemClock(), again_seconds=AGAIN) as attached,
    ):
        for turn in range(1, 6):
            stream = attached.watch(Interest())
            seen = [await anext(stream) for _ in range(20)]
            assert [one.revision - seen[0].revision for one in seen] == list(range(20))  # none lost, none twice
            assert (await attached.send(order())).is_ok
            assert len(desk.commands) == turn
            relay.cut()
            with pytest.raises(DeskUnavailable):
                async for _ in stream:
                    pass
            await attached.back()
        assert relay.carried == 6
    assert len(desk.commands) == 5  # each once: nothing was sent again for a line that broke


async def test_an_order_that_lay_in_the_line_after_it_was_given_up_is_not_obeyed(place: Path) -> None:
    """A person was told to look whether it was done, saw that it was not, and sent another."""
    engine, front = ManualClock(1_000 * NS), place.with_name("forwarded.sock")
    desk = NotebookDesk()
    desk.now = engine.now  # type: ignore[method-assign]
    async with (
        asyncio.timeout(20),
        serve(desk, place),
        Relay(front, place, late=0) as relay,
        connect(front, SystemClock(), connect_seconds=5, answer_seconds=0.3) as remote,
    ):
        relay.flows.clear()
        for command in (order(), Panic()):
            with pytest.raises(DeskUnavailable, match="may have been done"):
                await remote.send(command)
        engine.advance(60)
        relay.flows.set()
        while not desk.commands:
            await SystemClock().sleep(0)
        assert desk.commands == [Panic()], "what only stops is obeyed late"
        with suppress(DeskUnavailable):
            await remote.ping()  # the engine's clock, as now
        assert (await remote.send(order())).is_ok


async def test_an_engine_that_hangs_with_its_line_open_is_noticed_and_takes_only_what_stops(place: Path) -> None:
    """Within 2 s; what was sent into the silence is a panic or nothing; it comes back by itself."""
    desk, front, clock = NotebookDesk(), place.with_name("forwarded.sock"), SystemClock()
    async with (
        asyncio.timeout(20),
        serve(desk, place),
        Relay(front, place, late=0) as relay,
        attach(front, clock) as attached,
    ):
        stream = attached.watch(Interest())
        await anext(stream)
        relay.flows.clear()
        began = clock.monotonic()
        with pytest.raises(DeskUnavailable, match="does not answer"):
            while True:
                await anext(stream)
        assert (clock.monotonic() - began) / 1e9 < 3, "2 s, and one for a busy machine"
        assert not attached.is_up and attached.silent_since is not None
        for refused in (order(), Panic(flatten=True), SetTradingState(state=TradingState.ACTIVE)):
            assert (await attached.send(refused)).text == SILENT
        late = asyncio.ensure_future(attached.send(Panic()))
        await clock.sleep(0)
        relay.flows.set()
        await attached.back()
        assert attached.is_up and attached.silent_since is None
        assert (await late).is_ok
        assert (await attached.send(order())).is_ok
        assert (await anext(attached.watch(Interest()))).revision > 0
    assert desk.commands == [Panic(), order()]
