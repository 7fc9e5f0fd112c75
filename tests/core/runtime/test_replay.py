"""A tape played through the live engine: the same tape gives the same bytes, at any speed, to its end or its damage."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from random import Random
from typing import Any

import pytest

from core.clock import ManualClock, SystemClock
from core.config import Settings
from core.domain.errors import TapeError
from core.domain.market import NS, Aggressor, Trade
from core.runtime.replay import Replay
from tests import scenes
from tests.scenes import SAMSUNG, START
from tests.stage import Stage, stage
from tui.run.replay import ReplayOptions, run_replay

HEAD = "recv_ns,exch_ms,symbol,kind,price,qty,aggressor,bid,bid_qty,ask,ask_qty"


def tape(folder: Path, seconds: int = 1200, *, seed: int = 3, tail: str = "") -> Path:
    """A market that wanders, quoted and traded about twice a second."""
    random, price, rows = Random(seed), 50_000.0, [HEAD]
    at = START
    for _ in range(seconds * 2):
        at += random.randrange(NS // 10, NS)
        price = round(price * (1 + random.gauss(0, 0.0004)), 2)
        bid, ask = round(price - 0.5, 2), round(price + 0.5, 2)
        rows.append(f"{at},,BTCUSDT,Q,,,,{bid},{random.randrange(1, 9)},{ask},{random.randrange(1, 9)}")
        side = random.choice(["buy", "sell"])
        rows.append(f"{at + 1000},,BTCUSDT,T,{ask if side == 'buy' else bid},0.{random.randrange(1, 9)},{side},,,,")
    path = folder / "binance_spot.csv"
    path.write_text("\n".join(rows) + "\n" + tail)
    return path


def play(path: Path, capsys: Any, **more: Any) -> dict[str, Any]:
    options = ReplayOptions(path=str(path), speed=0, headless=True, as_json=True, **more)
    assert run_replay(Settings(), options) == 0
    report: dict[str, Any] = json.loads(capsys.readouterr().out)
    return report


def test_the_same_tape_gives_the_same_journal_to_the_last_byte(tmp_path: Path, capsys: Any) -> None:
    path = tape(tmp_path)
    outs = [tmp_path / f"out{n}.jsonl" for n in range(2)]
    one, two = (play(path, capsys, out=str(out)) for out in outs)
    assert one["fills"] > 0, "a strategy traded, so there is something to compare"
    assert one["digest"] == two["digest"]
    assert outs[0].read_bytes() == outs[1].read_bytes()
    for name in ("events", "quotes", "trades", "orders", "fills", "equity"):
        assert one[name] == two[name]
    assert one["dropped"] == 0
    assert one["events"] == one["quotes"] + one["trades"] == 4800


def test_another_tape_gives_another_journal(tmp_path: Path, capsys: Any) -> None:
    digests = set()
    for seed in (3, 4):
        folder = tmp_path / str(seed)
        folder.mkdir()
        digests.add(play(tape(folder, seed=seed), capsys)["digest"])
    assert len(digests) == 2


def test_a_damaged_tape_plays_what_came_before_the_damage(tmp_path: Path, capsys: Any) -> None:
    sound = play(tape(tmp_path, 300), capsys)
    path = tape(tmp_path, 300, tail="12,,BTCUSDT,Q,,,,what,is,this,?\n")
    with pytest.raises(TapeError) as error:
        play(path, capsys)
    assert "1202" in str(error.value), "the line is named"
    report = json.loads(capsys.readouterr().out)
    for name in ("events", "orders", "fills", "digest"):
        assert report[name] == sound[name]


class Paced:
    """A replay whose pace is a manual clock."""

    def __init__(self, made: Stage, events: list[Any], speed: float) -> None:
        self.pace = ManualClock()
        self.replay = Replay(made.program.runner, made.program.broker, events, made.clock, self.pace, speed=speed)
        self.task = asyncio.ensure_future(self.replay.run())

    async def wait(self, seconds: float) -> int:
        """Let `seconds` of real time pass; the number of events played by then."""
        end = self.pace.now() + round(seconds * NS)
        while self.pace.now() < end:
            for _ in range(30):
                await SystemClock().sleep(0)
            self.pace.set(min(end, self.pace.now() + NS // 50))
        for _ in range(30):
            await SystemClock().sleep(0)
        return self.replay.counts.events


async def test_speed_is_a_multiple_of_the_tapes_time() -> None:
    events = [scenes.quote(71_000, 71_100, START + n * NS) for n in range(1, 61)]
    async with stage() as made:
        paced = Paced(made, events, 10)
        assert 8 <= await paced.wait(1) <= 13
        assert 28 <= await paced.wait(2) <= 33
        assert await paced.wait(4) == 60
        await paced.task
        assert paced.replay.is_done


async def test_seconds_pass_while_the_tape_is_quiet() -> None:
    events = [scenes.quote(71_000, 71_100, START + NS), scenes.quote(71_000, 71_100, START + 100 * NS)]
    async with stage() as made:
        paced = Paced(made, events, 10)
        await paced.wait(5)
        assert paced.replay.counts.events == 1
        assert START + 40 * NS <= made.clock.now() <= START + 60 * NS
        paced.replay.stop()
        await paced.wait(0.2)
        await paced.task


async def test_the_clock_of_the_tape_is_the_clock_of_the_engine_and_never_goes_back() -> None:
    seen: list[int] = []
    events = [Trade(SAMSUNG, 71_000, 1, Aggressor.BUY, START, START + n * NS // 3) for n in range(1, 20)]
    async with stage() as made:
        real = made.program.runner.second

        def second() -> None:
            seen.append(made.clock.now())
            real()

        made.program.runner.second = second  # type: ignore[method-assign]
        await Replay(made.program.runner, made.program.broker, events, made.clock, SystemClock(), speed=0).run()
        assert made.clock.now() == START + 19 * NS // 3
    assert seen == sorted(seen)
    assert seen == [START + n * NS for n in range(1, 7)]
