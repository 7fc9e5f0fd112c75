"""A desk for a console that stays: the line to an engine that may go away and come back. It calls again until somebody
answers, sends nothing a second time, and keeps no picture: whoever watches is told of the loss by the error and watches
anew after `back`.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import msgspec

from core.domain.commands import Command
from core.domain.errors import DeskUnavailable, HogaError
from core.domain.ids import ClientOrderId, InstrumentId
from core.domain.instrument import Instrument
from core.domain.market import Interval
from core.domain.order import OrderRequest
from core.ports import Clock, Coverage, Page, Preview, Query, Receipt
from core.runtime.desk_remote import RemoteDesk, connect
from core.runtime.desk_wire import only_stops
from core.trading.story import Story
from core.trading.view import Changed, Interest, StatusRow

AGAIN_SECONDS = 0.5
"""Between two calls to an engine that is gone."""
LINE_SECONDS = 5.0
"""How long an engine may take to answer the call: it may be behind a slow line."""
PING_SECONDS = 0.5
SILENT_SECONDS = 1.3
"""A ping that is not answered for so long means an engine that hangs: with the pause before it, told within 2 s."""
GONE = "the engine is gone: nothing was sent. The console calls it again"
SILENT = "the engine does not answer: nothing was sent. `hoga panic` in another terminal stops it all the same"
READ_ONLY = "read-only console"


@asynccontextmanager
async def attach(
    path: Path, clock: Clock, *, read_only: bool = False, again_seconds: float = AGAIN_SECONDS
) -> AsyncIterator[AttachedDesk]:
    """A desk on the engine behind the socket `path`, called again whenever the line is lost. Raises DeskUnavailable
    when nobody answers the first call."""
    trouble: Exception | None = None
    async with connect(path, clock, connect_seconds=LINE_SECONDS, read_only=read_only) as first:
        desk = AttachedDesk(path, clock, first, read_only=read_only, again_seconds=again_seconds)
        async with asyncio.TaskGroup() as group:
            keeping = group.create_task(desk.keep(), name="attached_desk")
            listening = group.create_task(desk.listen(), name="attached_desk.pings")
            try:
                yield desk
            except Exception as error:  # kept out of the group, which would wrap the caller's own error
                trouble = error
            finally:
                keeping.cancel()
                listening.cancel()
    if trouble is not None:
        raise trouble


class AttachedDesk:
    """core.ports.Desk over whatever line stands now. While none does, a command is refused for certain and every
    question raises DeskUnavailable."""

    def __init__(
        self, path: Path, clock: Clock, line: RemoteDesk, *, read_only: bool, again_seconds: float = AGAIN_SECONDS
    ) -> None:
        self._path, self._clock, self._line = path, clock, line
        self.is_read_only = read_only
        self._again_seconds = again_seconds
        self._turned = asyncio.Condition()
        self.silent_since: int | None = None
        """Since when (wall clock) the engine behind a line that stands has not answered."""

    @property
    def mode(self) -> str:
        """paper, live or replay, as the engine said at the door."""
        return self._line.mode

    @property
    def is_up(self) -> bool:
        return not self._line.ended.is_set() and self.silent_since is None

    async def keep(self) -> None:
        """Call again whenever the line is lost. Run by `attach`."""
        await self._line.ended.wait()
        while True:
            await self._clock.sleep(self._again_seconds)
            try:
                async with connect(
                    self._path, self._clock, connect_seconds=LINE_SECONDS, read_only=self.is_read_only
                ) as line:
                    async with self._turned:
                        self._line = line
                        self._turned.notify_all()
                    await line.ended.wait()
            except (HogaError, OSError):
                continue  # nobody there yet

    async def listen(self) -> None:
        """Ask the engine again and again whether it is there. Run by `attach`."""
        while True:
            line = self._line
            if line.ended.is_set():
                self.silent_since = None  # it is gone, which is another matter
                await self.back()
                continue
            asked = self._clock.now()
            ping = asyncio.ensure_future(line.ping())
            try:
                await self._await_answer(ping)
                if not ping.done() and self.silent_since is None:
                    self.silent_since = asked
                    line.end_streams(DeskUnavailable("it does not answer"))
                with suppress(HogaError):
                    await ping
                    await self._answered()
            finally:
                ping.cancel()
            await self._clock.sleep(PING_SECONDS)

    async def _await_answer(self, ping: asyncio.Future[None]) -> None:
        """Long enough; longer where it was this process that stood still meanwhile, for the answer may lie unread."""
        for _ in range(2):
            began = self._clock.monotonic()
            await asyncio.wait({ping}, timeout=SILENT_SECONDS)
            if ping.done() or (self._clock.monotonic() - began) / 1e9 < SILENT_SECONDS + 0.2:
                return

    async def _answered(self) -> None:
        if self.silent_since is not None:
            async with self._turned:
                self.silent_since = None
                self._turned.notify_all()

    async def back(self) -> None:
        """Wait until a line stands."""
        async with self._turned:
            await self._turned.wait_for(lambda: self.is_up)

    def now(self) -> int:
        return self._line.now()

    def new_order_id(self) -> ClientOrderId:
        return self._line.new_order_id()

    async def send(self, command: Command) -> Receipt:
        if self._line.ended.is_set():
            return Receipt(is_ok=False, text=GONE)
        if self.silent_since is not None and not only_stops(command):
            return Receipt(is_ok=False, text=SILENT)
        return await self._line.send(command)

    async def watch(self, interest: Interest) -> AsyncIterator[Changed]:
        """As the engine's; a read-only console says in its status why nothing can leave."""
        stream = self._there().watch(interest)
        try:
            async for changed in stream:
                yield self._marked(changed) if self.is_read_only else changed
        except HogaError:
            if self.is_up:  # it is the engine that fails at this picture: whoever asks again does so slowly
                await self._clock.sleep(self._again_seconds)
            raise
        finally:
            await stream.aclose()

    def _marked(self, changed: Changed) -> Changed:
        put = tuple(
            msgspec.structs.replace(row, gate=READ_ONLY) if isinstance(row, StatusRow) else row for row in changed.put
        )
        return msgspec.structs.replace(changed, put=put)

    def _there(self) -> RemoteDesk:
        if not self.is_up:
            raise DeskUnavailable("the engine is gone")
        return self._line

    async def preview(self, request: OrderRequest) -> Preview:
        return await self._there().preview(request)

    async def search(self, text: str) -> list[Instrument]:
        return await self._there().search(text)

    async def bars(self, instrument: InstrumentId, interval: Interval, since: int, until: int) -> Coverage:
        return await self._there().bars(instrument, interval, since, until)

    async def history(self, query: Query) -> Page:
        return await self._there().history(query)

    async def story(self, key: str) -> Story:
        return await self._there().story(key)
