"""The console on the screen: the engine in this process, or, where another hoga owns the journal, its desk over the
socket. Closing the console ends the engine it started, and never one it only looked at."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Sequence
from contextlib import AsyncExitStack
from pathlib import Path
from typing import TYPE_CHECKING

from core.clock import SystemClock
from core.config import Settings
from core.domain.account import Mode
from core.domain.errors import ConfigError, JournalInUse, TapeError
from tui.compose import Program, boot_id, data_directory, demo_settings, paper_broker
from tui.environment import prepare_environment
from tui.places import Places
from tui.probe import Probe, fitted, standard_probe
from tui.run.card import holding
from tui.run.doors import on_signals, served
from tui.run.venues import build, check, live_names, play_name

if TYPE_CHECKING:
    from core.ports import Broker
    from core.runtime.replay import Replay


def run_console(
    settings: Settings, *, data_dir: Path | None = None, demo: bool = False, read_only: bool = False, file: str = ""
) -> int:
    """The full-screen console on the paper account, with the settings of `file`. A second one on the same journal
    attaches to the first, or reads only when the first does not answer."""
    prepare_environment()
    places = Places(settings=file, data=data_directory(data_dir, demo=demo, settings=settings))
    if not (demo or read_only) and live_names(settings) and holding(places.data) is None:
        check(settings, is_live=False)  # a running engine is looked at, whatever it trades with
    broker = None
    if not (demo or read_only) and play_name(settings) and holding(places.data) is None:
        from tui.cli.asked import passphrase

        broker = build(settings, SystemClock(), passphrase, is_live=False)
    with standard_probe() as probe:
        return asyncio.run(_console(settings, places, demo, read_only, probe, broker))


async def _console(
    settings: Settings, places: Places, demo: bool, read_only: bool, probe: Probe, broker: Broker | None = None
) -> int:
    from storage.ballast import SIZE
    from storage.journal import Journal

    if demo:
        settings = demo_settings(settings)
    clock, directory = SystemClock(), places.data
    try:
        journal = Journal.open(directory / "journal.db", boot_id=boot_id(), read_only=read_only, ballast=SIZE)
    except JournalInUse as error:
        return await _attached(settings, places, error, probe)
    program = Program(settings, journal, broker or paper_broker(settings, clock), clock=clock, directory=directory)
    async with AsyncExitStack() as stack:
        await program.prepare()
        program.add_strategies(settings.strategies)
        if not read_only:
            await stack.enter_async_context(served(program, directory))
        return await show(program, settings, probe, places=places)


async def show(
    program: Program, settings: Settings, probe: Probe, replay: Replay | None = None, places: Places | None = None
) -> int:
    """The screen and the engine side by side; when either ends, so does the other."""
    from tui.app import HogaApp

    app = HogaApp(program.desk, fitted(settings, probe), places=places)
    app.probe, app.owns_engine = probe, not program.journal.is_read_only
    code = 0
    started = asyncio.Event()
    async with asyncio.TaskGroup() as group:
        if not program.journal.is_read_only:
            group.create_task(program.run(started), name="program")
        if replay is not None:
            group.create_task(_play(program, replay, started), name="replay")
        on_signals(program, app.exit)
        try:
            await app.run_async()
            code = app.return_code or 0
            _say_farewell(app.farewell)
        finally:
            if replay is not None:
                replay.stop()
            program.stop()
    if app.crash is not None:
        raise app.crash
    return code


def _say_farewell(text: str) -> None:
    """Where the console was, once the terminal is given back."""
    if text:
        print(text, file=sys.stderr)


async def _play(program: Program, replay: Replay, started: asyncio.Event) -> None:
    from core.domain.events import Noticed

    await started.wait()
    try:
        await replay.run()
        text = f"the tape has ended after {replay.counts.events:,} events"
        program.runner.feed(Noticed(ts=program.clock.now(), level="info", kind="TAPE", text=text))
    except TapeError as error:
        program.runner.feed(Noticed(ts=program.clock.now(), level="error", kind="TAPE", text=str(error)))


def run_attached(settings: Settings, socket: Path | None, *, read_only: bool = False, file: str = "") -> int:
    """The console on a running engine and on nothing else: that of the settings' data folder, or the one behind
    `socket`. Raises DeskUnavailable when none answers."""
    from core.runtime.desk_socket import socket_path

    prepare_environment()
    places = Places(settings=file, data=data_directory(None, settings=settings))
    with standard_probe() as probe:
        return asyncio.run(_on_engine(settings, places, socket or socket_path(places.data), probe, read_only))


def run_live(settings: Settings, words: Sequence[str], *, file: str = "") -> int:
    """The console on the engine for real money of the settings' data folder; where none runs it is started with
    `words`. Real money never trades in the console's own process, which a closed terminal ends."""
    from core.runtime.desk_socket import socket_path
    from tui.run.detached import start

    prepare_environment()
    places = Places(settings=file, data=data_directory(None, settings=settings).absolute())
    there = holding(places.data)
    if there is not None and there.card is None:
        raise JournalInUse(
            f"a console (process {there.pid or 'unknown'}) holds {places.data}, and real money needs an engine of its "
            "own: close that console first. Nothing was started"
        )
    if there is None:
        asyncio.run(start(settings, places.data, words))  # may ask for a passphrase: before keys are listened for
    with standard_probe() as probe:
        return asyncio.run(_on_engine(settings, places, socket_path(places.data), probe, mode=Mode.LIVE))


async def _on_engine(
    settings: Settings,
    places: Places,
    socket: Path,
    probe: Probe,
    read_only: bool = False,
    mode: Mode | None = None,
) -> int:
    from core.runtime.desk_attached import attach
    from tui.app import HogaApp

    async with attach(socket, SystemClock(), read_only=read_only) as desk:
        if mode is not None and desk.mode != mode:
            raise ConfigError(
                f"the engine on {places.data} was started for {desk.mode}, not for {mode}: stop it with "
                "`hoga engine stop`, then start again. Nothing was opened"
            )
        app = HogaApp(desk, fitted(settings, probe), places=places)
        app.probe = probe
        await app.run_async()
        if app.crash is not None:
            raise app.crash
        _say_farewell(app.farewell)
        return app.return_code or 0


async def _attached(settings: Settings, places: Places, in_use: JournalInUse, probe: Probe) -> int:
    """Another hoga owns the journal: look through its desk, or at the stored journal if it does not answer."""
    from core.domain.errors import DeskUnavailable
    from core.runtime.desk_socket import socket_path

    try:
        return await _on_engine(settings, places, socket_path(places.data), probe)
    except DeskUnavailable:
        print(f"{in_use}\nIt does not answer, so this console reads only.", file=sys.stderr)
    return await _console(settings, places, False, True, probe)
