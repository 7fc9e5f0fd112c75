"""A desk for a command line verb: that of the running engine, else a read-only one over what is stored."""

from __future__ import annotations

from contextlib import AsyncExitStack
from pathlib import Path

import msgspec

from core.clock import SystemClock
from core.config import Settings
from core.domain.market import Freshness
from core.ports import Desk
from core.runtime.desk import LocalDesk
from tui.compose import PAPER, Program, data_directory, paper_broker

BUSY_SECONDS = 2.0
"""How long an engine may take to answer the door. Where none runs that is known at once; only panic cannot wait."""


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
            place = socket_path(self._directory)
            line = connect(place, SystemClock(), connect_seconds=BUSY_SECONDS)
            self.desk = await self._stack.enter_async_context(line)
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
    archive = Archive(directory / "market.db")
    # What a feed listed is remembered: what is stored can be looked at without the network.
    driven = None if settings.engine.feed == PAPER else await archive.instruments()
    settings = msgspec.structs.replace(settings, engine=msgspec.structs.replace(settings.engine, feed=PAPER))
    program = Program(settings, journal, paper_broker(settings, clock, driven), clock=clock)
    await program.prepare()
    await archive.close()
    for quote in await Archive(directory / "market.db").last_quotes():
        program.engine.step(msgspec.structs.replace(quote, freshness=Freshness.CACHED), quote.received)
    return program.desk
