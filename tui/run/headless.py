"""The engine without a screen, logging only. Nothing here or below imports Textual."""

from __future__ import annotations

import asyncio
import os
import signal
from contextlib import suppress
from pathlib import Path
from typing import Any

from core.clock import SystemClock
from core.config import Settings
from core.domain.account import Mode
from core.ports import Broker
from tui.compose import Program, boot_id, data_directory
from tui.run import venues
from tui.run.card import EngineCard
from tui.run.doors import on_signals, served


def run_headless(
    settings: Settings,
    *,
    data_dir: Path | None = None,
    duration: float | None = None,
    is_live: bool = False,
    is_demo: bool = False,
) -> int:
    """The same engine, logging only. SIGTERM and SIGINT stop it cleanly, a terminal that hangs up does not; `duration`
    (seconds) stops it by itself."""
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    from tui.cli.asked import passphrase

    mode = Mode.LIVE if is_live else Mode.PAPER
    broker = venues.build(settings, SystemClock(), passphrase, is_live=is_live, is_demo=is_demo)
    return asyncio.run(_headless(settings, data_directory(data_dir, settings=settings), duration, broker, mode))


async def _headless(settings: Settings, directory: Path, duration: float | None, broker: Broker, mode: Mode) -> int:
    from core.log import get_logger
    from storage.ballast import SIZE
    from storage.journal import Journal

    clock = SystemClock()
    log = get_logger("engine")

    def write(row: Any) -> None:
        level = {"error": log.error, "warning": log.warning}.get(row.level, log.info)
        level(row.kind.lower(), text=row.text, sequence=row.sequence, at=row.ts)

    boot = boot_id()
    journal = Journal.open(directory / "journal.db", boot_id=boot, ballast=SIZE)
    card = EngineCard(pid=os.getpid(), boot_id=boot, started=clock.now(), log=settings.log.file)
    card.write(directory)
    program = Program(
        settings, journal, broker, clock=clock, directory=directory, on_log=write, mode=mode, is_detached=True
    )
    await program.prepare()
    program.add_strategies(settings.strategies)
    log.info("started", directory=str(directory), mode=mode.value, head=journal.head()[:12])
    async with served(program, directory), asyncio.TaskGroup() as group:
        on_signals(program, program.stop)
        running = group.create_task(program.run(), name="program")
        if duration is not None:
            with suppress(TimeoutError):
                async with asyncio.timeout(duration):
                    await asyncio.shield(running)
            program.stop()
    card.remove(directory)
    orders = len(program.engine.state.live)
    log.info("stopped", working_orders=orders, head=journal.head()[:12])
    return 0
