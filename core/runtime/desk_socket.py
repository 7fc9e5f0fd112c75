"""The Desk over a 0600 Unix socket, the engine's end: `serve` offers a desk of this process to other terminals. It
holds no state of its own, authenticates by the user id of the peer, and knows nothing of journals: whoever serves must
already own the journal. The other end is `connect` and RemoteDesk (desk_remote.py).

Nothing here grows without bound: at most CLIENTS lines, so many QUESTIONS, COMMANDS and WATCHES a line, and a stream
sends its next picture only when the face has given credit for it; until then the desk conflates.
"""

from __future__ import annotations

import asyncio
import os
import socket
import stat
import struct
import tempfile
from asyncio.trsock import TransportSocket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from hashlib import blake2b
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from core.clock import SystemClock
from core.domain.commands import StartDay, Tick
from core.domain.errors import HogaError, JournalInUse, StorageError
from core.log import get_logger
from core.ports import Desk, Receipt
from core.runtime import desk_wire as wire
from core.runtime.crew import Crew
from core.version import PROTOCOL, VERSION

CLIENTS = 16
QUESTIONS = 32
"""At once; one more is refused, for behind it comes a command."""
COMMANDS = 16
WATCHES = 16
HELLO_SECONDS = 1.0
CONNECT_SECONDS = 0.2
AGAIN_SECONDS = 0.2
"""Before somebody is let in for whom there was no descriptor left."""
READ_ONLY = "this console is attached read only: nothing was sent"
LATE = "it came too late: nothing was sent"
SOCKET_NAME = "desk.sock"
_PATH_CAP = 100
"""Bytes of a socket's path: 104 on macOS, 108 on Linux, with the final zero."""

log = get_logger("desk_socket")
T = TypeVar("T")


# --- where the socket is ---------------------------------------------------------------------------------------------


def socket_path(directory: Path) -> Path:
    """The socket of the engine whose data lies in `directory`: inside it, or, where that path is too long for a
    socket, in a private folder of this user under the system's temporary folder. Both ends get the same answer."""
    wanted = directory / SOCKET_NAME
    if len(os.fsencode(wanted)) <= _PATH_CAP:
        return wanted
    name = blake2b(os.fsencode(directory.resolve()), digest_size=10).hexdigest()
    runtime = os.environ.get("XDG_RUNTIME_DIR", "")
    home = Path(runtime) / "hoga" if runtime else Path(tempfile.gettempdir()) / f"hoga-{os.getuid()}"
    path = home / f"{name}.sock"
    if len(os.fsencode(path)) > _PATH_CAP:
        path = Path("/tmp") / f"hoga-{os.getuid()}" / f"{name}.sock"  # noqa: S108 (a folder of our own, checked)
    return path


def _private_folder(folder: Path) -> None:
    """Make `folder` for this user alone, or raise StorageError: somebody else's folder is never used."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    found = folder.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.getuid() or found.st_mode & 0o022:
        raise StorageError(
            f"{folder} is not a folder that only you can write to, so the desk socket was not opened. "
            f"Nothing was changed. Fix it with: chmod 700 {folder} (or remove it, if it is a link)."
        )


def _clear_stale(path: Path) -> None:
    """Remove the socket of a dead process. Raises JournalInUse for a living one, StorageError for anything else."""
    try:
        found = path.lstat()
    except FileNotFoundError:
        return
    if not stat.S_ISSOCK(found.st_mode) or found.st_uid != os.getuid():
        raise StorageError(f"{path} is not a socket of ours and was left alone. Move it away, then start again.")
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        probe.settimeout(CONNECT_SECONDS)
        try:
            probe.connect(str(path))
        except (ConnectionRefusedError, FileNotFoundError):
            path.unlink(missing_ok=True)
            return
        except OSError as error:  # a full backlog or a time-out: somebody is there, if not well
            raise JournalInUse(f"an engine holds {path} but does not answer ({error}); it was left alone") from None
    raise JournalInUse(f"another hoga serves {path}. Attach to it with `hoga`, or stop it first.")


def _listen(path: Path) -> socket.socket:
    _private_folder(path.parent)
    _clear_stale(path)
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM | getattr(socket, "SOCK_CLOEXEC", 0))
    mask = os.umask(0o177)
    try:
        listener.bind(str(path))
    except OSError as error:
        listener.close()
        raise StorageError(f"the desk socket {path} cannot be made: {error}. Other terminals cannot attach.") from None
    finally:
        os.umask(mask)
    listener.listen(CLIENTS)
    listener.setblocking(False)
    return listener


def is_own_user(connection: socket.socket | TransportSocket) -> bool:
    """Is the peer this very user? Where the system cannot tell, the socket's 0600 mode is the guard."""
    option = getattr(socket, "SO_PEERCRED", None)
    if option is None:
        return True
    _, user, _ = struct.unpack("3i", connection.getsockopt(socket.SOL_SOCKET, option, struct.calcsize("3i")))
    return bool(user == os.getuid())


# --- the engine's end ------------------------------------------------------------------------------------------------


@asynccontextmanager
async def serve(
    desk: Desk,
    path: Path,
    *,
    mode: str = "paper",
    counted: Callable[[int], None] = lambda _: None,
    seen: Callable[[], None] = lambda: None,
) -> AsyncIterator[None]:
    """Offer `desk` at `path` (see `socket_path`) for as long as the block runs. `counted` is told how many terminals
    are attached, whenever that changes; `seen` of each sign of life of a console that may act.

    Raises JournalInUse when a living process serves there already, StorageError when the socket cannot be made. An
    engine without its socket would be one that `hoga panic` cannot reach, so neither is to be ignored.
    """
    path = Path(path)
    listener = _listen(path)
    inode = path.lstat().st_ino
    try:
        trouble: Exception | None = None
        async with asyncio.TaskGroup() as group:
            door = _Door(desk, mode, counted, seen)
            crew = Crew(group, lambda name: log.error("desk_socket.task_ended", task=name))
            crew.start("desk_socket", lambda: door.accept(listener, group))
            try:
                yield
            except Exception as error:  # kept out of the group, which would wrap the caller's own error
                trouble = error
            finally:
                crew.end()
                for task in door.tasks:
                    task.cancel()
        if trouble is not None:
            raise trouble
    finally:
        listener.close()
        with suppress(OSError):
            if path.lstat().st_ino == inode:
                path.unlink()


class _Door:
    """Lets faces in, one task each."""

    def __init__(self, desk: Desk, mode: str, counted: Callable[[int], None], seen: Callable[[], None]) -> None:
        self._desk = desk
        self._seen = seen
        self._mode = mode
        self._counted = counted
        self.tasks: set[asyncio.Task[None]] = set()

    async def accept(self, listener: socket.socket, group: asyncio.TaskGroup) -> None:
        loop = asyncio.get_running_loop()
        while True:
            try:
                connection, _ = await loop.sock_accept(listener)
            except OSError as error:  # who knocks waits; the engine trades on
                log.warning("desk_socket.not_accepted", text=str(error))
                await SystemClock().sleep(AGAIN_SECONDS)
                continue
            if not is_own_user(connection):
                log.warning("desk_socket.foreign_user")
                connection.close()
                continue
            is_full = len(self.tasks) >= CLIENTS
            task = group.create_task(self._attend(connection, is_full), name="desk_socket.face")
            self.tasks.add(task)
            task.add_done_callback(self._left)
            self._counted(len(self.tasks))

    def _left(self, task: asyncio.Task[None]) -> None:
        self.tasks.discard(task)
        self._counted(len(self.tasks))

    async def _attend(self, connection: socket.socket, is_full: bool) -> None:
        """One face from hello to goodbye. Whatever it does wrong ends its own line and nothing else."""
        reader, writer = await asyncio.open_unix_connection(sock=connection, limit=wire.FRAME_CAP)
        face = _Face(self._desk, self._mode, reader, writer, self._seen)
        try:
            if is_full:
                await face.tell(wire.Refused(text=f"{CLIENTS} terminals are attached already; close one of them"))
            else:
                await face.run()
        except wire.BadFrame as error:
            log.warning("desk_socket.bad_frame", text=str(error))
            with suppress(OSError):
                await face.tell(wire.Refused(text=str(error)))
        except (OSError, TimeoutError):
            pass  # the face went away, or never said hello
        finally:
            writer.close()
            with suppress(OSError):
                await writer.wait_closed()


class _Face:
    """One attached face: reads its questions, answers each in a task of its own, streams what it watches."""

    def __init__(
        self,
        desk: Desk,
        mode: str,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        seen: Callable[[], None],
    ) -> None:
        self._seen = seen
        self._desk, self._mode, self._reader, self._writer = desk, mode, reader, writer
        self._is_read_only = False
        self._writing = asyncio.Lock()
        self._questions = asyncio.Semaphore(QUESTIONS)
        self._commands = asyncio.Semaphore(COMMANDS)
        self._watches: dict[int, tuple[asyncio.Semaphore, asyncio.Task[None]]] = {}

    async def tell(self, message: wire.Tell) -> None:
        """Write one message. First wait until the face has read most of what it got, which is what bounds our memory;
        then hand over all frames at once, so a cancelled writer never leaves half a message."""
        frames = wire.frames(message)
        async with self._writing:
            await self._writer.drain()
            self._writer.write(b"".join(frames))

    async def run(self) -> None:
        async with asyncio.timeout(HELLO_SECONDS):
            body = await wire.read_message(self._reader)
            if body is None:
                return
            hello = wire.decode_ask(body)
            if not isinstance(hello, wire.Hello):
                raise wire.BadFrame("a face says hello first")
            if hello.protocol != PROTOCOL:
                await self.tell(wire.Refused(text=f"this engine is hoga {VERSION} (protocol {PROTOCOL}); use that one"))
                return
            self._is_read_only = hello.read_only
            await self.tell(wire.Welcome(protocol=PROTOCOL, hoga=VERSION, mode=self._mode, now=self._desk.now()))
        trouble: Exception | None = None
        async with asyncio.TaskGroup() as group:
            try:
                await self._read(group)
            except (OSError, wire.BadFrame) as error:
                trouble = error
            finally:  # an answer under way is finished (it may be an order), if only for nobody
                for _, task in self._watches.values():
                    task.cancel()
                if not isinstance(trouble, wire.BadFrame):
                    self._writer.transport.abort()
        if trouble is not None:
            raise trouble

    async def _read(self, group: asyncio.TaskGroup) -> None:
        while (body := await wire.read_message(self._reader)) is not None:
            match wire.decode_ask(body):
                case wire.Watch() as ask:
                    self._start_watch(ask, group)
                case wire.More() as more:
                    self._grant(more)
                case wire.Unwatch() as unwatch:
                    if unwatch.id in self._watches:  # at once: one that has not begun never comes to its own end
                        self._watches.pop(unwatch.id)[1].cancel()
                case wire.Hello():
                    raise wire.BadFrame("hello is said once")
                case wire.Send() | wire.Ping() as urgent:
                    await self._commands.acquire()
                    group.create_task(self._answer(urgent, self._commands))
                case question if self._questions.locked():
                    await self._fail(question.id, HogaError("too many questions wait for an answer; ask again"))
                case question:
                    await self._questions.acquire()
                    group.create_task(self._answer(question, self._questions))

    def _start_watch(self, ask: wire.Watch, group: asyncio.TaskGroup) -> None:
        if ask.id in self._watches or len(self._watches) >= WATCHES or not 0 < ask.credit <= wire.CREDIT:
            raise wire.BadFrame("a stream was asked for twice, one too many, or with an impossible credit")
        credit = asyncio.Semaphore(ask.credit)
        self._watches[ask.id] = (credit, group.create_task(self._stream(ask, credit)))

    def _grant(self, more: wire.More) -> None:
        if not 0 < more.credit <= wire.CREDIT:
            raise wire.BadFrame(f"a credit of {more.credit} is impossible")
        if more.id in self._watches:  # else the stream has just ended
            credit = self._watches[more.id][0]
            if credit._value + more.credit > wire.CREDIT:
                raise wire.BadFrame("more credit than a stream can hold")
            for _ in range(more.credit):
                credit.release()

    async def _stream(self, ask: wire.Watch, credit: asyncio.Semaphore) -> None:
        """The next picture is asked of the desk only when there is credit to send it, so it is the newest one."""
        changes = self._desk.watch(ask.interest)
        try:
            await credit.acquire()
            async for changed in changes:
                body = msgspec.Raw(wire.encode(changed))
                await self.tell(wire.Changes(id=ask.id, now=self._desk.now(), body=body))
                await credit.acquire()
            await self.tell(wire.Ended(id=ask.id))
        except OSError:
            pass  # the reader sees the closed line too and ends the face
        except HogaError as error:
            await self._fail(ask.id, error)
        except Exception as error:
            await self._fail_by_bug(ask, error)
        finally:
            if self._watches.get(ask.id, (None,))[0] is credit:
                del self._watches[ask.id]
            if (close := getattr(changes, "aclose", None)) is not None:
                await close()

    async def _answer(self, question: wire.Question, turn: asyncio.Semaphore) -> None:
        try:
            body = wire.encode(await self._ask(question))
            await self.tell(wire.Answer(id=question.id, now=self._desk.now(), body=msgspec.Raw(body)))
        except OSError:
            pass
        except HogaError as error:
            await self._fail(question.id, error)
        except Exception as error:
            await self._fail_by_bug(question, error)
        finally:
            turn.release()

    async def _fail_by_bug(self, ask: wire.Question | wire.Watch, error: Exception) -> None:
        """A bug behind one question or one picture must not end an engine that trades."""
        log.exception("desk_socket.bug", question=type(ask).__name__)
        await self._fail(ask.id, HogaError(f"hoga failed ({type(error).__name__}); see the engine's log"))

    async def _fail(self, number: int, error: HogaError) -> None:
        with suppress(OSError):
            await self.tell(wire.Failed(id=number, kind=type(error).__name__, text=str(error)))

    async def _ask(self, question: wire.Question) -> Any:
        match question:
            case wire.Ping():
                if not self._is_read_only:
                    self._seen()
                return None
            case wire.Send():
                if self._is_read_only:
                    return Receipt(is_ok=False, text=READ_ONLY)
                if isinstance(question.command, StartDay | Tick):
                    return Receipt(is_ok=False, text="only the engine's own clock may say that")
                if self._desk.now() > question.until and not wire.only_stops(question.command):
                    return Receipt(is_ok=False, text=LATE)
                return await self._desk.send(question.command)
            case wire.AskPreview():
                return await self._desk.preview(question.request)
            case wire.AskSearch():
                return await self._desk.search(question.text[:100])
            case wire.AskBars():
                return await self._desk.bars(question.instrument, question.interval, question.since, question.until)
            case wire.AskHistory():
                return await self._desk.history(question.query)
            case wire.AskStory():
                return await self._desk.story(question.key[:100])
