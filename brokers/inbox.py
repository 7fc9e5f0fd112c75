"""What several sources tell, for one reader: in order within each source, in turn between them, and one wake for all
that has come. A source that is ahead of the reader is told to stop; what a source is, is its own matter."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Mapping
from typing import Any, Generic, Protocol, TypeVar

ITEMS_WAITING = 256
"""Items that wait to be taken; beyond that the source waits."""

T = TypeVar("T")


class Tray(Generic[T]):
    """Where one source puts what it has. `put` never waits: `pause` is called when it is full and `resume` when it was
    emptied; who can wait does so with `room`."""

    def __init__(self, name: str, offer: Callable[[Tray[T]], None], size: int = ITEMS_WAITING) -> None:
        """`offer` is called when there is something and was nothing, and at the end."""
        self.name = name
        self._offer = offer
        self._size = size
        self._items: list[T] = []
        self._room = asyncio.Event()
        self._room.set()
        self.is_full = False
        self.pause: Callable[[], None] = nothing
        self.resume: Callable[[], None] = nothing
        self.is_over = False
        self.error: Exception | None = None

    def put(self, item: T) -> None:
        items = self._items
        items.append(item)
        if len(items) == 1:
            self._offer(self)
        if len(items) >= self._size and not self.is_full:
            self.is_full = True
            self._room.clear()
            self.pause()

    def take(self) -> list[T]:
        """All there is."""
        items, self._items = self._items, []
        if self.is_full:
            self.is_full = False
            self._room.set()
            self.resume()
        return items

    async def room(self) -> None:
        """Until it is not full."""
        await self._room.wait()

    def end(self, error: Exception | None = None) -> None:
        """Nothing more comes; `error` is raised to the reader behind what came before it."""
        self.is_over, self.error = True, error
        self._offer(self)


def nothing() -> None: ...


class Teller(Protocol):
    """A source that puts what it has itself, where it comes in: no task is woken between it and the reader."""

    async def tell(self, tray: Tray[Any]) -> None:
        """All its life; returns when there will be no more."""
        ...


async def merged(
    sources: Mapping[str, AsyncIterator[Any] | Teller], size: int = ITEMS_WAITING
) -> AsyncIterator[tuple[str, list[Any]]]:
    """Several sources as one: all that one has, then all that the next has. A flood of one does not starve another, for
    none has more than its tray holds. The first failure of any is raised, and ends all."""
    waiter: asyncio.Future[None] | None = None
    ready: deque[Tray[Any]] = deque()

    def offer(tray: Tray[Any]) -> None:
        ready.append(tray)
        if waiter is not None and not waiter.done():
            waiter.set_result(None)

    loop = asyncio.get_running_loop()
    trays = {name: Tray[Any](name, offer, size) for name in sources}
    tasks = [asyncio.ensure_future(_kept(source, trays[name])) for name, source in sources.items()]
    left = len(tasks)
    try:
        while left:
            if not ready:
                waiter = loop.create_future()
                await waiter
            tray = ready.popleft()
            if items := tray.take():
                yield tray.name, items
            elif tray.error is not None:
                raise tray.error
            elif tray.is_over:
                left -= 1
    finally:
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks)


async def _kept(source: AsyncIterator[Any] | Teller, tray: Tray[Any]) -> None:
    try:
        if isinstance(source, AsyncIterator):
            await _iterated(source, tray)
        else:
            await source.tell(tray)
    except Exception as error:
        tray.end(error)
    except BaseException:
        # Ours, and then nobody reads any more; or of a call below it: a source must not fall silent unnoticed.
        tray.end(ConnectionAbortedError("a call of the line was canceled"))
        raise
    else:
        tray.end()


async def _iterated(source: AsyncIterator[Any], tray: Tray[Any]) -> None:
    try:
        async for item in source:
            tray.put(item)
            await tray.room()
    finally:
        if isinstance(source, AsyncGenerator):
            await source.aclose()
