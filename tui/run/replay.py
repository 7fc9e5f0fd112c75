"""A recorded tape through the whole program, on the screen or headless. The tape's time is the clock, the journal lives
in memory, identifiers are seeded: the same tape gives the same bytes."""

from __future__ import annotations

import asyncio
import json
import os
from decimal import Decimal
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, Any

import msgspec

from core.clock import ManualClock, SystemClock
from core.config import Settings, StrategySettings
from core.domain.commands import ControlStrategy, StrategyAction
from core.domain.decimals import exact
from core.domain.errors import TapeError
from core.domain.events import PhaseChanged
from core.domain.instrument import Instrument
from core.domain.market import Interval, Phase, Quote, Trade
from tui.compose import Program, Restored, paper_broker
from tui.environment import prepare_environment
from tui.probe import Probe, standard_probe
from tui.run.doors import on_signals

if TYPE_CHECKING:
    from core.runtime.replay import Replay
    from storage.tape import Tape

REPLAY_CASH = Decimal(1_000_000)


class ReplayOptions(msgspec.Struct, frozen=True, kw_only=True):
    """`speed` 0 is as fast as possible. `out` names a file for the journal's events, a JSON line each."""

    path: str
    speed: float = 1.0
    headless: bool = False
    as_json: bool = False
    out: str | None = None
    strategies: bool = True


def run_replay(settings: Settings, options: ReplayOptions) -> int:
    """Play a tape through the engine, on the screen or headless."""
    prepare_environment()
    if options.headless:
        return asyncio.run(_replay(settings, options, None))
    with standard_probe() as probe:
        return asyncio.run(_replay(settings, options, probe))


def _replay_parts(settings: Settings, options: ReplayOptions, tape: Tape) -> tuple[Program, Replay, ManualClock]:
    from core.runtime.replay import Replay
    from storage.journal import Journal

    clock, pace = ManualClock(tape.start), SystemClock()
    instruments = list(tape.instruments)
    base = instruments[0].currency
    cash = {i.currency: REPLAY_CASH for i in instruments}
    broker = paper_broker(settings, clock, instruments, cash=cash, base_currency=base, latency_ms=0)
    seeded = Random(0)
    holder: list[Replay] = []

    def progress() -> str:
        return f"{_speed(options.speed)} {holder[0].counts.events:,}" if holder else ""

    configured = settings.strategies if options.strategies else {}
    known = {i.code for i in instruments} | {i.id for i in instruments}
    configured = {n: s for n, s in configured.items() if set(s.instruments) <= known}
    if options.strategies and not configured:
        configured = {"ma-tape": _tape_strategy(instruments[0], tape)}
    settings = msgspec.structs.replace(
        settings, strategies=configured, console=msgspec.structs.replace(settings.console, watchlist=())
    )
    program = Program(
        settings,
        Journal.open(":memory:", boot_id="replay"),
        broker,
        clock=clock,
        pace=pace,
        random_bytes=seeded.randbytes,
        badge="REPLAY",
        base_currency=base,
        is_driven=True,
        replay=progress,
    )
    program.engine.is_conflated = tape.is_conflated
    replay = Replay(program.runner, broker, tape, clock, pace, speed=options.speed)
    holder.append(replay)
    return program, replay, clock


def _tape_strategy(instrument: Instrument, tape: Tape) -> StrategySettings:
    """A moving-average cross on the tape's first instrument, a tenth of the cash in size."""
    price = next((exact(p) for e in tape if (p := _price(e)) > 0), Decimal(1))
    size = instrument.quantity(_four_digits(REPLAY_CASH / 10 / price)) or instrument.lot
    return StrategySettings(
        kind="ma_cross", instruments=(instrument.id,), interval=Interval.S10, size=size, params={"fast": 5, "slow": 20}
    )


def _four_digits(value: Decimal) -> Decimal:
    """A size a person would type, not one with eight digits after the point."""
    return value.quantize(Decimal(1).scaleb(value.adjusted() - 3))


def _price(event: object) -> float:
    if isinstance(event, Trade):
        return event.price
    return event.ask if isinstance(event, Quote) else 0.0


def _speed(speed: float) -> str:
    return f"{speed:g}x" if speed else "max"


async def _replay(settings: Settings, options: ReplayOptions, probe: Probe | None) -> int:
    from storage.tape import open_tape

    tape = open_tape(Path(options.path))
    program, replay, _ = _replay_parts(settings, options, tape)
    await program.prepare()
    open_markets(program)
    program.add_strategies(program.settings.strategies)
    for name in program.settings.strategies:
        program.runner.ask(ControlStrategy(name=name, action=StrategyAction.START, by="replay"))
    if probe is not None:
        from tui.run.screen import show

        return await show(program, settings, probe, replay)
    return await _replay_headless(program, replay, options)


async def _replay_headless(program: Program, replay: Replay, options: ReplayOptions) -> int:
    pace = SystemClock()
    failed: TapeError | None = None
    opened = asyncio.Event()
    async with asyncio.TaskGroup() as group:
        group.create_task(program.runner.run(opened), name="runner")
        await opened.wait()
        begun = pace.monotonic()
        on_signals(program, replay.stop)
        try:
            await replay.run()
        except TapeError as error:
            failed = error
        seconds = (pace.monotonic() - begun) / 1e9
        report = replay_report(program, replay, seconds)
        if options.out:
            _write_out(program, Path(options.out))
        program.stop()
    if options.as_json:
        print(json.dumps(report))
    else:
        for name, value in report.items():
            print(f"{name:18} {value}")
    if failed is not None:
        raise failed
    return 0


def open_markets(program: Program) -> None:
    """A tape does not say when its markets are open: while it plays, they are."""
    now = program.clock.now()
    for market in sorted({instrument.market for instrument in program.engine.state.instruments.values()}):
        phase = PhaseChanged(ts=now, market=market, phase=Phase.OPEN)
        if isinstance(program.broker, Restored):
            program.broker.on_market(phase)
        program.runner.feed(phase)


def replay_report(program: Program, replay: Replay, seconds: float) -> dict[str, Any]:
    """What a replay did; `digest` is the head of the journal's hash chain, the same for the same tape."""
    import resource

    from core.trading import rows

    state = program.engine.state
    equity = rows.totals(state, program.clock.now(), None).equity
    counts = replay.counts
    return {
        "events": counts.events,
        "quotes": counts.quotes,
        "trades": counts.trades,
        "books": counts.books,
        "orders": len(state.orders),
        "fills": len(state.fills),
        "dropped": program.runner.dropped,
        "seconds": round(seconds, 3),
        "events_per_second": round(counts.events / seconds) if seconds else 0,
        "rss_mb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, 1),
        "equity": str(equity) if equity is not None else None,
        "currency": state.base_currency,
        "digest": program.journal.head(),
    }


def _write_out(program: Program, path: Path) -> None:
    encode = msgspec.json.encode
    number = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    with os.fdopen(number, "wb") as out:
        os.fchmod(number, 0o600)  # one that was there may be open to others
        for sequence, event in program.journal.replay():
            out.write(encode([sequence, event]) + b"\n")
