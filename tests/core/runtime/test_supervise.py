"""A feed is restarted when it fails as feeds do, with growing waits; what is a bug falls through."""

from __future__ import annotations

import asyncio
from itertools import accumulate
from random import Random

import pytest

from core.clock import ManualClock, SystemClock
from core.domain.errors import AuthFailed, BadMessage, BrokerError, NotConnected, RateLimited
from core.runtime.supervise import FIRST_SECONDS, LAST_SECONDS, SOON_SECONDS, SOON_TIMES, pause, supervise


class Feed:
    """Fails as told, one error a run; then runs until the end of the list."""

    def __init__(self, *errors: BaseException | None) -> None:
        self.errors = list(errors)
        self.started: list[int] = []
        self.clock = ManualClock()
        self.said: list[str] = []

    async def run(self) -> None:
        self.started.append(self.clock.monotonic())
        error = self.errors.pop(0) if self.errors else None
        if error is not None:
            raise error

    async def supervised(self) -> None:
        task = asyncio.ensure_future(supervise(self.run, self.clock, self.said.append, Random(1)))
        while not task.done():
            for _ in range(5):
                await SystemClock().sleep(0)
            if self.clock.next_wake is not None:
                self.clock.set(self.clock.next_wake)
        await task

    @property
    def waits(self) -> list[float]:
        return [(b - a) / 1e9 for a, b in zip(self.started, self.started[1:], strict=False)]


@pytest.mark.parametrize(
    "error",
    [
        NotConnected("x", "cut"),
        BadMessage("x", "odd"),
        BrokerError("x", "other"),
        ConnectionResetError(),
        TimeoutError(),
    ],
)
async def test_what_feeds_do_is_told_and_tried_again(error: Exception) -> None:
    feed = Feed(error, error, None)
    await feed.supervised()
    assert len(feed.started) == 3
    assert len(feed.said) == 2
    assert all(feed.said), "never an empty reason"


async def test_waits_grow_and_stay_below_the_longest() -> None:
    feed = Feed(*[NotConnected("x", "cut")] * 30, None)
    await feed.supervised()
    assert all(FIRST_SECONDS <= wait <= LAST_SECONDS for wait in feed.waits)
    assert max(feed.waits[:SOON_TIMES]) <= SOON_SECONDS, "a server that restarts is back within seconds"
    assert max(feed.waits[SOON_TIMES:]) > 8


@pytest.mark.parametrize("seed", range(5))
def test_no_more_than_twelve_tries_in_a_minute_are_to_be_expected(seed: int) -> None:
    chance, tries = Random(seed), 200
    minutes = [sum(1 for wait in accumulate(pause(n, chance) for n in range(1, 20)) if wait < 60) for _ in range(tries)]
    assert sum(minutes) / tries <= 12


async def test_a_rate_limit_is_waited_out_as_the_venue_says() -> None:
    feed = Feed(RateLimited("x", "slow down", 77.0), None)
    await feed.supervised()
    assert feed.waits == [77.0]


async def test_who_is_refused_for_good_is_not_knocked_at_again() -> None:
    feed = Feed(AuthFailed("x", "bad key"), None)
    await feed.supervised()
    assert len(feed.started) == 1
    assert "stays off" in feed.said[0]


async def test_a_bug_falls_through() -> None:
    feed = Feed(KeyError("typo"))
    with pytest.raises(KeyError):
        await feed.supervised()
    assert feed.said == []
