"""A desk for one command: opened, asked, closed. Where an engine runs it is that engine's; otherwise what the journal
remembers, which can be read and not traded on.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, TypeVar

from core.clock import SystemClock
from core.config import Settings
from core.domain.errors import DeskUnavailable
from core.ports import Desk
from core.runtime.desk_remote import connect
from core.runtime.desk_socket import socket_path
from core.trading.view import Interest, Row, Slice
from tui.cli.chosen import JOURNAL, data_directory

T = TypeVar("T")
PICTURE_SECONDS = 5.0


def with_desk(settings: Settings, ask: Callable[[Desk, bool], Awaitable[T]]) -> T:
    """Run `ask(desk, is_live)` on the desk there is. Raises DeskUnavailable where none runs and nothing is stored."""
    from tui.run.reach import connect_desk

    folder = data_directory(settings)

    async def inside() -> T:
        if not (folder / JOURNAL).exists() and not socket_path(folder).exists():
            raise DeskUnavailable(f"no engine runs and nothing is stored in {folder} yet. Start one with `hoga run`.")
        handle = await connect_desk(settings)
        async with handle:
            return await ask(handle.desk, handle.is_live)

    return asyncio.run(inside())


def with_engine(settings: Settings, ask: Callable[[Desk], Awaitable[T]]) -> T:
    """Run `ask(desk)` on the engine of this data folder. Raises DeskUnavailable where none runs."""

    from tui.run.reach import BUSY_SECONDS

    async def inside() -> T:
        try:
            path = socket_path(data_directory(settings))
            async with connect(path, SystemClock(), connect_seconds=BUSY_SECONDS) as desk:
                return await ask(desk)
        except DeskUnavailable as error:
            raise DeskUnavailable(f"{error}. An engine is started with `hoga run`, or by opening `hoga`.") from None

    return asyncio.run(inside())


async def picture(desk: Desk, *slices: Slice, **more: Any) -> Mapping[Slice, tuple[Row, ...]]:
    """The rows of `slices` at this moment; an empty slice has none. The status row ends every first picture. `more`
    narrows the interest: a watchlist, an instrument."""
    wanted = frozenset({*slices, Slice.STATUS})
    found: dict[Slice, tuple[Row, ...]] = {slice_: () for slice_ in wanted}
    stream = desk.watch(Interest(slices=wanted, **more))
    try:
        async with asyncio.timeout(PICTURE_SECONDS):
            async for changed in stream:
                found[changed.slice] = changed.put
                if changed.slice is Slice.STATUS:
                    break
    except TimeoutError:
        raise DeskUnavailable("the engine gave no picture within 5 s; it may be stuck (see its log)") from None
    finally:
        if (close := getattr(stream, "aclose", None)) is not None:
            await close()
    return found
