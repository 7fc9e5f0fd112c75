"""The WebSocket line by itself: storms, silence, long frames, and several lines as one."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from random import Random
from typing import Any

import pytest
from websockets.asyncio.server import ServerConnection, serve

from brokers.inbox import merged
from brokers.socket import CONNECTS_A_MINUTE, FRAME_CAP, Closed, Frame, Manner, Opened, Socket
from core.clock import ManualClock, SystemClock
from core.domain.errors import AuthFailed, NotConnected

CLOCK = SystemClock()


def asking(new: frozenset[str], gone: frozenset[str], whole: frozenset[str]) -> list[str]:
    return [f"+{','.join(sorted(new))} -{','.join(sorted(gone))} ={','.join(sorted(whole))}"]


class Venue:
    def __init__(self) -> None:
        self.heard: list[str] = []
        self.lines: list[ServerConnection] = []
        self.connects = 0
        self.close_code = 0
        self.greeting: Any = None

    async def serve(self, line: ServerConnection) -> None:
        self.connects += 1
        self.lines.append(line)
        if self.close_code:
            await line.close(self.close_code)
            return
        if self.greeting is not None:
            await line.send(self.greeting)
        async for text in line:
            self.heard.append(str(text))

    async def say(self, text: str) -> None:
        await self.lines[-1].send(text)


@pytest.fixture
async def venue() -> AsyncIterator[tuple[Venue, str]]:
    made = Venue()
    async with serve(made.serve, "127.0.0.1", 0) as server:
        yield made, f"ws://127.0.0.1:{server.sockets[0].getsockname()[1]}"


def socket(url: str, clock: Any = CLOCK, **more: Any) -> Socket:
    given = {"asking": asking, "manner": Manner(silence_seconds=0.4, ack_seconds=0.1), "jitter": Random(1), **more}
    return Socket("x", url, clock, **given)


async def until(condition: Any) -> None:
    for _ in range(1000):
        if condition():
            return
        await CLOCK.sleep(0.005)
    raise AssertionError("it never happened")


async def test_the_whole_set_is_asked_for_once_changed_by_difference_and_again_on_a_new_line(
    venue: tuple[Venue, str],
) -> None:
    made, url = venue
    line = socket(url, manner=Manner(silence_seconds=60, ack_seconds=None))
    await line.want(frozenset("ab"))
    lines = line.lines()
    assert isinstance(await anext(lines), Opened)
    waiting = asyncio.ensure_future(anext(lines))
    await until(lambda: made.heard == ["+a,b - =a,b"])
    await line.want(frozenset("bc"))
    await line.want(frozenset("bc"))
    await until(lambda: made.heard[1:] == ["+c -a =b,c"])
    assert line.acknowledged == frozenset("bc")
    made.lines[-1].transport.abort()
    assert isinstance(await waiting, Closed)
    assert isinstance(await anext(lines), Opened)
    waiting = asyncio.ensure_future(anext(lines))
    await until(lambda: made.heard[2:] == ["+b,c - =b,c"])
    waiting.cancel()
    await line.close()


async def test_what_is_not_acknowledged_is_asked_for_until_it_is(venue: tuple[Venue, str]) -> None:
    made, url = venue
    line = socket(url, manner=Manner(silence_seconds=60, ack_seconds=0.05))
    await line.want(frozenset("ab"))
    lines = line.lines()
    await anext(lines)
    waiting = asyncio.ensure_future(anext(lines))
    await until(lambda: len(made.heard) >= 3)
    line.acknowledge("a")
    await until(lambda: made.heard[-1] == "+b - =a,b")
    line.acknowledge("b")
    await CLOCK.sleep(0.1)
    count = len(made.heard)
    await CLOCK.sleep(0.15)
    assert len(made.heard) == count and line.asked_again == count - 1
    waiting.cancel()
    await line.close()


async def test_a_line_that_only_beats_is_dead(venue: tuple[Venue, str]) -> None:
    made, url = venue
    line = socket(url, is_life=lambda data: data != "beat")
    seen: list[Any] = []

    async def follow() -> None:
        async for item in line.lines():
            seen.append(item)

    task = asyncio.ensure_future(follow())
    started = CLOCK.monotonic()
    while not any(isinstance(item, Closed) for item in seen):
        await until(lambda: made.lines)
        await made.say("beat")
        await CLOCK.sleep(0.02)
    took = (CLOCK.monotonic() - started) / 1e9
    assert 0.3 < took < 1.5 and "no data" in next(item.text for item in seen if isinstance(item, Closed))
    assert sum(isinstance(item, Frame) for item in seen) > 5, "beats are frames all the same"
    await line.close()
    task.cancel()
    await asyncio.wait({task})


async def test_a_quiet_line_is_probed_and_its_answer_keeps_it(venue: tuple[Venue, str]) -> None:
    made, url = venue
    line = socket(url, manner=Manner(silence_seconds=0.3, probe="PING", probe_seconds=0.1))
    lines = line.lines()
    await anext(lines)
    for _ in range(5):
        waiting = asyncio.ensure_future(anext(lines))
        await until(lambda: "PING" in made.heard)
        made.heard.clear()
        await made.say('{"status":"UP"}')
        assert isinstance(await waiting, Frame)
    await line.close()


async def test_a_frame_beyond_the_cap_ends_the_line_not_the_program(venue: tuple[Venue, str]) -> None:
    made, url = venue
    made.greeting = "x" * (FRAME_CAP + 1)
    lines = socket(url).lines()
    assert isinstance(await anext(lines), Opened)
    lost = await anext(lines)
    assert isinstance(lost, Closed) and "1009" in lost.text
    await lines.aclose()  # type: ignore[attr-defined]


@pytest.mark.parametrize("code", [1000, 1001, 1008, 1011])
async def test_a_storm_of_closes_is_met_with_few_connects(venue: tuple[Venue, str], code: int) -> None:
    """The venue closes at once, a thousand seconds long: at most a dozen connects in any minute, farther apart at
    first each time."""
    made, url = venue
    made.close_code = code
    clock = ManualClock(10**18)
    times: list[float] = []
    line = socket(url, clock, manner=Manner(silence_seconds=1e6))

    async def follow() -> None:
        async for item in line.lines():
            if isinstance(item, Opened):
                times.append(clock.monotonic() / 1e9)

    task = asyncio.ensure_future(follow())
    end = clock.monotonic() + 300 * 10**9
    while clock.monotonic() < end:
        await until(lambda: clock.next_wake is not None)
        clock.set(clock.next_wake or 0)
        await CLOCK.sleep(0)
    task.cancel()
    await asyncio.wait({task})
    busiest = max(sum(start <= t < start + 60 for t in times) for start in times)
    assert len(times) > 5 and busiest <= CONNECTS_A_MINUTE


async def test_a_line_that_was_taken_over_is_not_taken_back(venue: tuple[Venue, str]) -> None:
    made, url = venue
    made.close_code = 4001
    lines = socket(url, manner=Manner(final_codes=frozenset({4001}))).lines()
    await anext(lines)
    with pytest.raises(AuthFailed):
        await anext(lines)
    assert made.connects == 1


async def test_a_refused_token_is_renewed_once_and_then_it_is_over() -> None:
    refusals: list[int] = []

    def refuse(connection: ServerConnection, request: Any) -> Any:
        return connection.respond(401, "no")

    async def never(_: ServerConnection) -> None: ...

    async with serve(never, "127.0.0.1", 0, process_request=refuse) as server:
        url = f"ws://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        lines = socket(url, refused=lambda: refusals.append(1)).lines()
        assert isinstance(await anext(lines), Closed)
        with pytest.raises(AuthFailed):
            await anext(lines)
    assert len(refusals) == 2


async def test_a_line_that_is_closed_while_it_opens_does_not_stand(venue: tuple[Venue, str]) -> None:
    made, url = venue
    made.greeting = "hello"

    async def headers() -> dict[str, str]:
        await line.close()
        return {}

    line = socket(url, headers=headers, manner=Manner(silence_seconds=60.0))
    async with asyncio.timeout(3):
        assert [item async for item in line.lines()] == []


async def test_a_redirect_is_not_followed() -> None:
    hits: list[str] = []

    def redirect(connection: ServerConnection, request: Any) -> Any:
        hits.append(request.path)
        answer = connection.respond(307, "there")
        answer.headers["Location"] = "/elsewhere"
        return answer

    async def never(_: ServerConnection) -> None: ...

    async with serve(never, "127.0.0.1", 0, process_request=redirect) as server:
        url = f"ws://127.0.0.1:{server.sockets[0].getsockname()[1]}/here"
        lines = socket(url).lines()
        assert isinstance(await anext(lines), Closed)
        await lines.aclose()  # type: ignore[attr-defined]
    assert hits == ["/here"]


async def test_a_line_below_which_a_call_is_canceled_is_told_as_lost() -> None:
    """As by a library that cancels what is its own: the others go on, and nobody would miss it."""

    async def canceled() -> AsyncIterator[int]:
        yield 1
        call = asyncio.get_running_loop().create_future()
        call.cancel()
        await call

    async def goes_on() -> AsyncIterator[int]:
        while True:
            yield 2
            await CLOCK.sleep(0.001)

    with pytest.raises(OSError, match="canceled"):
        async with asyncio.timeout(2):
            async for _ in merged({"private": canceled(), "market": goes_on()}):
                pass


async def test_lines_as_one_wait_for_the_reader_and_end_together() -> None:
    made: list[int] = []
    ended: list[str] = []

    async def many() -> AsyncIterator[int]:
        try:
            for number in range(10_000):
                made.append(number)
                yield number
        finally:
            ended.append("many")

    async def broken() -> AsyncIterator[int]:
        yield -1
        await CLOCK.sleep(0.02)
        raise NotConnected("x", "gone")

    stream = merged({"many": many(), "broken": broken()}, size=4)
    seen: set[str] = set()
    while seen != {"many", "broken"}:
        seen.add((await anext(stream))[0])
    await CLOCK.sleep(0.01)
    assert len(made) < 20, "nobody takes, so nobody makes"
    with pytest.raises(NotConnected):
        async for _ in stream:
            await CLOCK.sleep(0.001)
    assert ended == ["many"]
