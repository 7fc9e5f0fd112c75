"""When a line counts as slow, and when as fast again."""

from __future__ import annotations

import io

from core.clock import NS
from tests.tui.scripted import console
from tui.line_speed import LineSpeed, Metered
from tui.manners import SLOW_HZ


def run(speed: LineSpeed, seconds: int, share: float, at: int = 0, waited: int = 0) -> tuple[int, int]:
    for _ in range(seconds):
        at, waited = at + NS, waited + round(share * NS)
        speed.observe(at, waited)
    return at, waited


def test_slow_after_three_seconds_of_waiting_and_fast_after_ten_without() -> None:
    speed = LineSpeed(0)
    at, waited = run(speed, 2, 0.9)
    assert not speed.is_slow
    at, waited = run(speed, 1, 0.9, at, waited)
    assert speed.is_slow
    at, waited = run(speed, 9, 0.1, at, waited)
    assert speed.is_slow
    run(speed, 1, 0.1, at, waited)
    assert not speed.is_slow


def test_a_hitch_is_not_a_slow_line_and_half_as_slow_is_not_fast() -> None:
    speed = LineSpeed(0)
    at, waited = 0, 0
    for _ in range(5):
        at, waited = run(speed, 2, 1.0, at, waited)
        at, waited = run(speed, 1, 0.0, at, waited)
    assert not speed.is_slow
    at, waited = run(speed, 3, 1.0, at, waited)
    run(speed, 60, 0.3, at, waited)
    assert speed.is_slow


def test_a_clock_that_stands_still_says_nothing() -> None:
    speed = LineSpeed(5)
    assert not speed.observe(5, NS)
    assert not speed.observe(4, NS)


def test_the_meter_counts_and_hands_on() -> None:
    file = io.StringIO()
    meter = Metered(file)
    assert meter.write("abc") == 3
    meter.flush()
    assert (file.getvalue(), meter.written) == ("abc", 3)
    assert meter.waited(0) >= 0


async def test_a_slow_line_says_so_draws_less_and_recovers() -> None:
    async with console(size=(80, 24)) as hands:
        manners, usual = hands.app.manners, hands.app.manners.flush_hz
        assert "▃" in "".join(hands.lines[3:8])
        manners.slow(True)
        await hands.until(lambda: " slow " in hands.lines[0])
        assert manners.flush_hz == SLOW_HZ < usual
        await hands.until(lambda: "▃" not in "".join(hands.lines[3:8]))
        manners.slow(False)
        await hands.until(lambda: " slow " not in hands.lines[0])
        assert manners.flush_hz == usual


async def test_slow_can_be_asked_for() -> None:
    async with console(slow="on") as hands:
        assert " slow " in hands.lines[0]
        assert hands.app.manners.flush_hz == SLOW_HZ
