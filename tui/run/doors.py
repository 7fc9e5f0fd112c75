"""The doors of a running program besides its screen: the desk socket and the signals."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path

from core.domain.commands import Panic
from tui.compose import Program


@asynccontextmanager
async def served(program: Program, directory: Path) -> AsyncIterator[None]:
    from core.runtime.desk_socket import serve, socket_path

    def counted(consoles: int) -> None:
        program.desk.system.consoles = consoles

    seen = program.runner.dead_man.seen
    async with serve(program.desk, socket_path(directory), mode=program.mode.value, counted=counted, seen=seen):
        yield


def on_signals(program: Program, stop: Callable[[], object]) -> None:
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        with suppress(ValueError, RuntimeError):
            loop.add_signal_handler(number, stop)
    with suppress(ValueError, RuntimeError):
        loop.add_signal_handler(signal.SIGUSR1, lambda: program.runner.ask(Panic(by="signal")))
