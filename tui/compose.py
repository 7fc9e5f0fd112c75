"""The composition root: the one file that may import everything. It builds the program from settings and runs it: on
the screen, headless, or on a tape. What is heavy is imported where it is needed, after the first picture."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from decimal import Decimal
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, Any

import msgspec

from core.clock import ManualClock, SystemClock
from core.config import Settings, StrategySettings
from core.domain.account import Mode
from core.domain.commands import ControlStrategy, Panic, StrategyAction
from core.domain.decimals import exact
from core.domain.errors import ConfigError, JournalInUse, TapeError
from core.domain.events import InstrumentListed, PhaseChanged, StrategyStatus
from core.domain.ids import AccountId, InstrumentId
from core.domain.instrument import Currency, Instrument
from core.domain.market import Freshness, Interval, Phase, Quote, Trade
from core.ports import Broker, Clock, Desk
from core.runtime.desk import LocalDesk
from core.runtime.runner import Runner
from core.trading.engine import Engine
from tui.environment import prepare_environment

if TYPE_CHECKING:
    from brokers.paper.broker import PaperBroker
    from core.runtime.replay import Replay
    from storage.journal import Journal
    from storage.tape import Tape

DEMO_STRATEGY = StrategySettings(
    kind="ma_cross",
    instruments=("KRW-BTC",),
    interval=Interval.S1,
    size=Decimal("0.05"),
    autostart=True,
    params={"fast": 10, "slow": 40},
)
REPLAY_CASH = Decimal(1_000_000)
WARM_BARS = 500


class ReplayOptions(msgspec.Struct, frozen=True, kw_only=True):
    """`speed` 0 is as fast as possible. `out` names a file for the journal's events, a JSON line each."""

    path: str
    speed: float = 1.0
    headless: bool = False
    as_json: bool = False
    out: str | None = None
    strategies: bool = True


class Program:
    """Everything that runs, put together: engine, broker, journal, archive, desk."""

    def __init__(
        self,
        settings: Settings,
        journal: Journal,
        broker: PaperBroker,
        *,
        clock: Clock,
        pace: Clock | None = None,
        random_bytes: Callable[[int], bytes] = os.urandom,
        directory: Path | None = None,
        badge: str = "PAPER",
        base_currency: Currency | None = None,
        is_driven: bool = False,
        on_log: Callable[[object], None] | None = None,
        replay: Callable[[], str] = lambda: "",
    ) -> None:
        from core.backtest.costs import costs

        self.settings = settings
        self.journal = journal
        self.broker = broker
        self.clock = clock
        self.engine = Engine(base_currency or settings.engine.base_currency, settings.risk, costs)
        self._recorder: Any = None
        self._archive = None
        free_mb: Callable[[], float] | None = None
        if directory is not None and not journal.is_read_only:
            from storage.archive import Archive
            from storage.files import free_mb as free_of

            self._archive = Archive(directory / "market.db")
            free_mb = lambda: free_of(directory)  # noqa: E731
            if settings.storage.record_tape:
                from storage.recorder import TapeRecorder

                self._recorder = TapeRecorder(directory / "tapes", instruments=self.engine.state.instruments.get)
        self.runner = Runner(
            self.engine,
            journal,
            clock,
            [broker],
            archive=self._archive,
            record=self._recorder.record if self._recorder else None,
            flush_tape=self._recorder.flush if self._recorder else None,
            on_log=on_log,
            halt_directory=directory,
            free_mb=free_mb,
            min_free_mb=settings.storage.min_free_mb,
            max_order_age_seconds=settings.engine.max_orders_age_seconds,
            is_driven=is_driven,
            language=settings.console.language,
        )
        self.desk = LocalDesk(self.runner, pace or SystemClock(), random_bytes, badge=badge, replay=replay)

    async def prepare(self) -> None:
        """Everything before the market: the journal replayed, the paper venue as it was, the last quotes shown as
        cached, the watchlist, the strategies in their places."""
        state = self.engine.state
        listed = await self.broker.instruments()
        for instrument in listed:
            self.engine.step(InstrumentListed(ts=self.clock.now(), instrument=instrument), self.clock.now())
        self.runner.recover()
        if self._archive is not None:
            for quote in await self._archive.last_quotes():
                self.engine.step(msgspec.structs.replace(quote, freshness=Freshness.CACHED), quote.received)
        self.broker.restore(
            state.orders.values(),
            {place: p.quantity for place, p in state.positions.items() if p.quantity},
            _balances(self.engine),
            self.clock.now(),
        )
        wanted = self.settings.console.watchlist
        self.desk.picture.watchlist(resolve(wanted, listed) if wanted else [i.id for i in listed])

    def add_strategies(self, configured: dict[str, StrategySettings]) -> None:
        """Put the configured strategies in their places; raises ConfigError that names the section."""
        from core.strategies import catalog
        from core.trading.strategist import Slot

        listed = list(self.engine.state.instruments.values())
        for name, section in configured.items():
            try:
                ids = resolve(section.instruments, listed)
                instruments = tuple(self.engine.state.instruments[i] for i in ids)
                strategy = catalog.build(section.kind, name, section.params, instruments, section.interval)
            except ConfigError as error:
                raise ConfigError(f"[strategies.{name}] {error}") from error
            account = AccountId(section.account)
            slot = Slot(name, section.kind, strategy, account, ids, section.interval, section.size)
            self.engine.strategist.add(slot)

    async def start_strategies(self, configured: dict[str, StrategySettings]) -> None:
        """Warm up from the archive, then start those that ran before or start by themselves."""
        for name, section in configured.items():
            slot = self.engine.strategist.slots[name]
            if self._archive is not None:
                now = self.clock.now()
                span = section.interval.ns * WARM_BARS
                for id in slot.instruments:
                    coverage = await self._archive.bars(id, section.interval, now - span, now)
                    self.runner.warm(name, coverage.bars)
            if slot.status is StrategyStatus.FAILED:
                continue
            before = self.engine.state.strategies.get(name)
            if before is None:
                if section.autostart:
                    self.runner.ask(ControlStrategy(name=name, action=StrategyAction.START, by="autostart"))
            else:
                again = StrategyStatus.PAUSED if before.status is StrategyStatus.FAILED else before.status
                self.engine.strategist.control(name, again, self.clock.now())

    async def run(self, started: asyncio.Event | None = None) -> None:
        """Run until `stop`; strategies start when the venue has been read."""
        opened = started or asyncio.Event()
        async with asyncio.TaskGroup() as group:
            running = group.create_task(self.runner.run(opened), name="runner")
            await _first(opened.wait(), running)
            await self.start_strategies(_strategies(self.settings))

    def stop(self) -> None:
        self.runner.stop()


async def _first(wait: Any, task: asyncio.Task[None]) -> None:
    """Wait for an event, or for the task that would set it to end."""
    waiting = asyncio.ensure_future(wait)
    await asyncio.wait({waiting, task}, return_when=asyncio.FIRST_COMPLETED)
    waiting.cancel()


def _balances(engine: Engine) -> dict[AccountId, list[Any]]:
    found: dict[AccountId, list[Any]] = {}
    for (account, _), balance in engine.state.balances.items():
        found.setdefault(account, []).append(balance)
    return found


def _strategies(settings: Settings) -> dict[str, StrategySettings]:
    return dict(settings.strategies)


def resolve(wanted: Iterable[str], listed: Iterable[Instrument]) -> tuple[InstrumentId, ...]:
    """Instruments named in a file, as market:code or plain code; raises ConfigError with what is near."""
    from core.domain.errors import InvalidValue
    from core.trading.search import SymbolIndex

    index = SymbolIndex(listed)
    try:
        return tuple(index.one(text).id for text in wanted)
    except InvalidValue as error:
        raise ConfigError(str(error)) from error


# --- parts -----------------------------------------------------------------------------------------------------------


def data_directory(data_dir: Path | None, *, demo: bool = False, settings: Settings | None = None) -> Path:
    from storage.places import data_dir as default

    configured = settings.storage.directory if settings else ""
    base = data_dir or (Path(configured).expanduser() if configured else default())
    return base / "demo" if demo else base


def paper_broker(
    settings: Settings, clock: Clock, driven: Iterable[Instrument] | None = None, **more: Any
) -> PaperBroker:
    """On the embedded market; with `driven` instruments, on what a driver plays to it. `more` overrides settings."""
    from brokers.paper.broker import PaperBroker
    from brokers.paper.settings import PaperSettings

    checked = PaperSettings()
    raw = settings.brokers.get("paper", {})
    if raw:
        from storage.settings import convert_section

        checked = convert_section(PaperSettings, raw, "brokers.paper")
    checked = msgspec.structs.replace(checked, **more)
    if driven is None:
        return PaperBroker(checked, clock)
    return PaperBroker(checked, clock, feed="driver", instruments=driven)


def demo_settings(settings: Settings) -> Settings:
    """The demo runs one strategy when none is configured."""
    if settings.strategies:
        return settings
    return msgspec.structs.replace(settings, strategies={"ma-btc": DEMO_STRATEGY})


def boot_id() -> str:
    return os.urandom(8).hex()


# --- the console -----------------------------------------------------------------------------------------------------


def run_console(
    settings: Settings, *, data_dir: Path | None = None, demo: bool = False, read_only: bool = False
) -> int:
    """The full-screen console on the paper account. A second one on the same journal attaches to the first, or reads
    only when the first does not answer."""
    prepare_environment()
    return asyncio.run(_console(settings, data_directory(data_dir, demo=demo, settings=settings), demo, read_only))


async def _console(settings: Settings, directory: Path, demo: bool, read_only: bool) -> int:
    from storage.journal import Journal

    if demo:
        settings = demo_settings(settings)
    clock = SystemClock()
    try:
        journal = Journal.open(directory / "journal.db", boot_id=boot_id(), read_only=read_only)
    except JournalInUse as error:
        return await _attached(settings, directory, error)
    program = Program(settings, journal, paper_broker(settings, clock), clock=clock, directory=directory)
    async with AsyncExitStack() as stack:
        await program.prepare()
        program.add_strategies(settings.strategies)
        if not read_only:
            await stack.enter_async_context(_served(program, directory))
        return await _screen(program, settings)


async def _screen(program: Program, settings: Settings, replay: Replay | None = None) -> int:
    """The screen and the engine side by side; when either ends, so does the other."""
    from tui.app import HogaApp

    app = HogaApp(program.desk, settings)
    code = 0
    started = asyncio.Event()
    async with asyncio.TaskGroup() as group:
        if not program.journal.is_read_only:
            group.create_task(program.run(started), name="program")
        if replay is not None:
            group.create_task(_play(program, replay, started), name="replay")
        _on_signals(program, app.exit)
        try:
            await app.run_async()
            code = app.return_code or 0
        finally:
            if replay is not None:
                replay.stop()
            program.stop()
    return code


async def _play(program: Program, replay: Replay, started: asyncio.Event) -> None:
    from core.domain.events import Noticed

    await started.wait()
    try:
        await replay.run()
        text = f"the tape has ended after {replay.counts.events:,} events"
        program.runner.feed(Noticed(ts=program.clock.now(), level="info", kind="TAPE", text=text))
    except TapeError as error:
        program.runner.feed(Noticed(ts=program.clock.now(), level="error", kind="TAPE", text=str(error)))


async def _attached(settings: Settings, directory: Path, in_use: JournalInUse) -> int:
    """Another hoga owns the journal: look through its desk, or at the stored journal if it does not answer."""
    from core.domain.errors import HogaError
    from core.runtime.desk_remote import connect
    from core.runtime.desk_socket import socket_path
    from tui.app import HogaApp

    try:
        async with connect(socket_path(directory), SystemClock()) as desk:
            app = HogaApp(desk, settings)
            await app.run_async()
            return app.return_code or 0
    except (HogaError, OSError):
        print(f"{in_use}\nIt does not answer, so this console reads only.", file=sys.stderr)
    return await _console(settings, directory, False, True)


@asynccontextmanager
async def _served(program: Program, directory: Path) -> AsyncIterator[None]:
    from core.runtime.desk_socket import serve, socket_path

    async with serve(program.desk, socket_path(directory), mode=Mode.PAPER.value):
        yield


def _on_signals(program: Program, stop: Callable[[], object]) -> None:
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        with suppress(ValueError, RuntimeError):
            loop.add_signal_handler(number, stop)
    with suppress(ValueError, RuntimeError):
        loop.add_signal_handler(signal.SIGUSR1, lambda: program.runner.ask(Panic(by="signal")))


# --- headless --------------------------------------------------------------------------------------------------------


def run_headless(settings: Settings, *, data_dir: Path | None = None, duration: float | None = None) -> int:
    """The same engine, logging only. SIGTERM and SIGINT stop it cleanly; `duration` (seconds) stops it by itself."""
    return asyncio.run(_headless(settings, data_directory(data_dir, settings=settings), duration))


async def _headless(settings: Settings, directory: Path, duration: float | None) -> int:
    from core.log import get_logger
    from storage.journal import Journal

    clock = SystemClock()
    log = get_logger("engine")

    def write(row: Any) -> None:
        level = {"error": log.error, "warning": log.warning}.get(row.level, log.info)
        level(row.kind.lower(), text=row.text, sequence=row.sequence, at=row.ts)

    journal = Journal.open(directory / "journal.db", boot_id=boot_id())
    program = Program(settings, journal, paper_broker(settings, clock), clock=clock, directory=directory, on_log=write)
    await program.prepare()
    program.add_strategies(settings.strategies)
    log.info("started", directory=str(directory), mode="paper", head=journal.head()[:12])
    async with _served(program, directory), asyncio.TaskGroup() as group:
        _on_signals(program, program.stop)
        running = group.create_task(program.run(), name="program")
        if duration is not None:
            with suppress(TimeoutError):
                async with asyncio.timeout(duration):
                    await asyncio.shield(running)
            program.stop()
    orders = len(program.engine.state.live)
    log.info("stopped", working_orders=orders, head=journal.head()[:12])
    return 0


# --- replay ----------------------------------------------------------------------------------------------------------


def run_replay(settings: Settings, options: ReplayOptions) -> int:
    """Play a tape through the engine, on the screen or headless."""
    prepare_environment()
    return asyncio.run(_replay(settings, options))


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
    replay = Replay(program.runner, broker, tape, clock, pace, speed=options.speed)
    holder.append(replay)
    return program, replay, clock


def _tape_strategy(instrument: Instrument, tape: Tape) -> StrategySettings:
    """A moving-average cross on the tape's first instrument, a tenth of the cash in size."""
    price = next((exact(p) for e in tape if (p := _price(e)) > 0), Decimal(1))
    size = instrument.quantity(REPLAY_CASH / 10 / price) or instrument.lot
    return StrategySettings(
        kind="ma_cross", instruments=(instrument.id,), interval=Interval.S10, size=size, params={"fast": 5, "slow": 20}
    )


def _price(event: object) -> float:
    if isinstance(event, Trade):
        return event.price
    return event.ask if isinstance(event, Quote) else 0.0


def _speed(speed: float) -> str:
    return f"{speed:g}x" if speed else "max"


async def _replay(settings: Settings, options: ReplayOptions) -> int:
    from storage.tape import open_tape

    tape = open_tape(Path(options.path))
    program, replay, _ = _replay_parts(settings, options, tape)
    await program.prepare()
    open_markets(program)
    program.add_strategies(program.settings.strategies)
    for name in program.settings.strategies:
        program.runner.ask(ControlStrategy(name=name, action=StrategyAction.START, by="replay"))
    if not options.headless:
        return await _screen(program, settings, replay)
    return await _replay_headless(program, replay, options)


async def _replay_headless(program: Program, replay: Replay, options: ReplayOptions) -> int:
    pace = SystemClock()
    failed: TapeError | None = None
    opened = asyncio.Event()
    async with asyncio.TaskGroup() as group:
        group.create_task(program.runner.run(opened), name="runner")
        await opened.wait()
        begun = pace.monotonic()
        _on_signals(program, replay.stop)
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
    with path.open("wb") as out:
        for sequence, event in program.journal.replay():
            out.write(encode([sequence, event]) + b"\n")


# --- reading without an engine ---------------------------------------------------------------------------------------


class DeskHandle:
    """A desk and whether an engine stands behind it. Use it as an async context manager."""

    def __init__(self, settings: Settings, *, data_dir: Path | None = None) -> None:
        self._settings = settings
        self._directory = data_directory(data_dir, settings=settings)
        self._stack = AsyncExitStack()
        self.desk: Desk
        self.is_live = False

    async def __aenter__(self) -> DeskHandle:
        from core.domain.errors import HogaError
        from core.runtime.desk_remote import connect
        from core.runtime.desk_socket import socket_path

        try:
            self.desk = await self._stack.enter_async_context(connect(socket_path(self._directory), SystemClock()))
            self.is_live = True
        except (HogaError, OSError):
            self.desk = await stored_desk(self._settings, self._directory)
        return self

    async def __aexit__(self, *error: object) -> None:
        await self._stack.aclose()


async def connect_desk(settings: Settings, *, data_dir: Path | None = None) -> DeskHandle:
    """The desk of a running engine, else a read-only one over what is stored."""
    return DeskHandle(settings, data_dir=data_dir)


async def stored_desk(settings: Settings, directory: Path) -> LocalDesk:
    """What the journal says, with the last quotes as cached; nothing can be sent."""
    from storage.archive import Archive
    from storage.journal import Journal

    clock = SystemClock()
    journal = Journal.open(directory / "journal.db", boot_id="", read_only=True)
    program = Program(settings, journal, paper_broker(settings, clock), clock=clock)
    await program.prepare()
    for quote in await Archive(directory / "market.db").last_quotes():
        program.engine.step(msgspec.structs.replace(quote, freshness=Freshness.CACHED), quote.received)
    return program.desk


__all__ = [
    "Broker",
    "DeskHandle",
    "Program",
    "ReplayOptions",
    "connect_desk",
    "run_console",
    "run_headless",
    "run_replay",
]
