"""Rates on the monotonic clock: never above the limit in any window, and a way out for cancels."""

from __future__ import annotations

import asyncio

from hypothesis import given, settings
from hypothesis import strategies as st

from core.clock import ManualClock, SystemClock
from core.domain.market import NS
from core.runtime.throttle import Throttle


async def turn() -> None:
    for _ in range(5):
        await SystemClock().sleep(0)


async def test_without_a_limit_nobody_waits() -> None:
    throttle = Throttle(ManualClock(), None)
    for _ in range(1000):
        await throttle.take()
    assert throttle.used == 0


async def test_a_share_is_kept_for_the_way_out() -> None:
    clock = ManualClock()
    throttle = Throttle(clock, 5)
    for _ in range(4):
        await throttle.take()
    assert throttle.wait_seconds() == 1
    assert throttle.wait_seconds(urgent=True) == 0
    await throttle.take(urgent=True)
    assert throttle.wait_seconds(urgent=True) == 1
    clock.advance(1)
    assert throttle.wait_seconds() == 0
    assert throttle.used == 0


async def test_a_limit_of_one_still_lets_orders_out() -> None:
    clock = ManualClock()
    throttle = Throttle(clock, 1)
    await throttle.take()
    assert throttle.wait_seconds() == throttle.wait_seconds(urgent=True) == 1


async def test_who_waits_is_woken_and_takes_one_place_each() -> None:
    clock = ManualClock()
    throttle = Throttle(clock, 2)
    done: list[int] = []

    async def one(n: int) -> None:
        await throttle.take()
        done.append(n)

    tasks = [asyncio.ensure_future(one(n)) for n in range(3)]
    await turn()
    assert done == [0]
    for seconds in (1, 2):
        clock.advance(1)
        await turn()
        assert done == list(range(seconds + 1))
    assert all(task.done() for task in tasks)


@settings(max_examples=100, deadline=None)
@given(
    limit=st.integers(1, 12),
    asked=st.lists(st.tuples(st.integers(0, 700), st.booleans()), min_size=1, max_size=60),
)
def test_no_window_ever_holds_more_than_the_limit(limit: int, asked: list[tuple[int, bool]]) -> None:
    """Calls at any moments (ms apart), urgent or not."""

    async def run() -> list[int]:
        clock = ManualClock()
        throttle = Throttle(clock, limit)
        used: list[int] = []

        async def one(urgent: bool) -> None:
            await throttle.take(urgent=urgent)
            used.append(clock.monotonic())

        tasks = []
        for wait, urgent in asked:
            clock.advance(wait / 1000)
            tasks.append(asyncio.ensure_future(one(urgent)))
            await turn()
        while not all(task.done() for task in tasks):
            wake = clock.next_wake
            assert wake is not None, "somebody waits for nothing"
            clock.set(wake)
            await turn()
        return used

    used = sorted(asyncio.run(run()))
    assert len(used) == len(asked)
    for n, start in enumerate(used):
        assert sum(start <= at < start + NS for at in used[n:]) <= limit


def test_what_the_venue_says_is_left_counts() -> None:
    """Somebody else uses the same limit: fewer are left than we used."""
    clock = ManualClock()
    throttle = Throttle(clock, 5)
    throttle.use()
    throttle.told(4)
    assert throttle.used == 1, "as we thought"
    throttle.told(1)
    assert throttle.used == 4
    throttle.told(3)
    assert throttle.used == 4, "a late answer gives nothing back"
    throttle.told(-3)
    assert throttle.wait_seconds(urgent=True) == 1
    clock.advance(1)
    assert throttle.used == 0
