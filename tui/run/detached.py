"""An engine of its own: started apart from every terminal, waited for, stopped. The engine itself is `hoga run`."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Event

from core.clock import SystemClock
from core.config import Settings
from core.domain.errors import DeskUnavailable, HogaError, JournalInUse
from tui.cli.asked import DESCRIPTOR
from tui.run.card import LOG, OUTPUT, holding

START_SECONDS = 60.0
"""A long journal is read link by link before the desk answers."""
LOOK_SECONDS = 0.05
PROGRAM: tuple[str, ...] = (sys.executable, "-P", "-c", "import sys; from tui.cli import main; sys.exit(main())")
"""How this very program is called again."""


class EngineFailed(HogaError):
    """The engine ended before its desk answered. `code` is its exit code."""

    def __init__(self, text: str, code: int) -> None:
        super().__init__(text)
        self.code = code


def log_path(settings: Settings, folder: Path) -> Path:
    """Where an engine started here writes its log."""
    named = settings.log.file
    return folder / LOG if named in ("", "-") else Path(named).expanduser().absolute()


async def start(settings: Settings, folder: Path, words: Sequence[str], seconds: float = START_SECONDS) -> int:
    """Start an engine and wait until its desk answers; its process. Raises JournalInUse when something holds the
    folder, EngineFailed with the end of what it said when it did not come up."""
    child = _spawn(settings, folder, words)
    output = folder / OUTPUT
    clock = SystemClock()
    until = clock.monotonic() + round(seconds * 1e9)
    while not (_holds(folder, child.pid) and await answers(folder)):
        code = child.poll()
        if code is not None:
            raise EngineFailed(f"the engine ended at once (exit code {code}). It said:\n{tail(output, 10)}", code)
        if clock.monotonic() > until:
            raise EngineFailed(
                f"the engine (process {child.pid}) runs but its desk does not answer after {seconds:g} s; it was left "
                f"alone. Look at `hoga engine logs`, stop it with `hoga engine stop --force`.\n{tail(output, 10)}",
                1,
            )
        await clock.sleep(LOOK_SECONDS)
    return child.pid


def _holds(folder: Path, pid: int) -> bool:
    """Is it this one? Of two that are started at once one ends, and it is not the one that answers."""
    there = holding(folder)
    return there is not None and there.pid == pid


def _spawn(settings: Settings, folder: Path, words: Sequence[str]) -> subprocess.Popen[bytes]:
    """In a session of its own, with nothing of this terminal."""
    from storage.files import private_folder

    there = holding(folder)
    if there is not None:
        what = "an engine" if there.card is not None else "a console"
        raise JournalInUse(f"{what} (process {there.pid or 'unknown'}) holds {folder} already. Nothing was started")
    private_folder(folder)
    flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC
    handed = _passphrase(words)
    place = os.open(folder / OUTPUT, flags, 0o600)
    try:
        return subprocess.Popen(  # noqa: S603 (our own interpreter)
            [*PROGRAM, *words, "run"],
            stdin=subprocess.DEVNULL,
            stdout=place,
            stderr=place,
            cwd=folder,
            env=_environment(log_path(settings, folder)) | ({DESCRIPTOR: str(handed[0])} if handed else {}),
            start_new_session=True,
            pass_fds=handed,
        )
    finally:
        for number in (place, *handed):
            os.close(number)


def _passphrase(words: Sequence[str]) -> tuple[int, ...]:
    """An engine without a terminal cannot ask: what opens the secrets of real money is asked here, and handed to it by
    a pipe. Where the file of secrets is not there, nothing is asked."""
    from storage.places import secrets_path
    from storage.secrets import pipe_of
    from tui.cli.asked import NobodyToAsk, passphrase

    if "--live" not in words or not secrets_path().exists():
        return ()
    try:
        return (pipe_of(passphrase()),)
    except NobodyToAsk:
        return ()  # the keyring may have all that is needed; if not, the engine says so and ends


def _environment(log: Path) -> dict[str, str]:
    """Ours, with the log's place; a relative HOGA_HOME means what it means here."""
    found = {**os.environ, "HOGA_LOG__FILE": str(log)}
    if found.get("HOGA_HOME"):
        found["HOGA_HOME"] = str(Path(found["HOGA_HOME"]).absolute())
    return found


async def answers(folder: Path) -> bool:
    from core.runtime.desk_remote import connect
    from core.runtime.desk_socket import socket_path

    try:
        async with connect(socket_path(folder), SystemClock()):
            return True
    except (DeskUnavailable, OSError):
        return False


async def stop(folder: Path, pid: int, *, seconds: float, force: bool) -> str:
    """Ask the engine to end and wait: `stopped`, `killed` (with `force`, after `seconds`), or `still there`. `pid` must
    be that of who holds the folder; a handle on the process keeps another one from being meant."""
    try:
        with _process(pid) as tell:
            there = holding(folder)
            if there is None or there.pid != pid:
                return "stopped"
            tell(signal.SIGTERM)
            if await _gone(folder, pid, seconds):
                return "stopped"
            if not force:
                return "still there"
            tell(signal.SIGKILL)
            return "killed" if await _gone(folder, pid, 5.0) else "still there"
    except ProcessLookupError:
        return "stopped"


@contextmanager
def _process(pid: int) -> Iterator[Callable[[signal.Signals], None]]:
    """How to signal this very process, whatever becomes of its number; by the number where there are no handles."""
    if sys.platform != "linux":
        yield lambda number: os.kill(pid, number)
        return
    handle = os.pidfd_open(pid)
    try:
        yield lambda number: signal.pidfd_send_signal(handle, number)
    finally:
        os.close(handle)


async def _gone(folder: Path, pid: int, seconds: float) -> bool:
    """The lock is let go by the system when the process has ended, however it ended."""
    clock = SystemClock()
    until = clock.monotonic() + round(seconds * 1e9)
    while _holds(folder, pid):
        if clock.monotonic() > until:
            return False
        await clock.sleep(LOOK_SECONDS)
    return True


def tail(path: Path, lines: int) -> str:
    """The last lines of a file, as far as its last 256 KiB hold them; empty when there is none."""
    try:
        with path.open("rb") as file:
            file.seek(0, os.SEEK_END)
            file.seek(max(file.tell() - (256 << 10), 0))
            text = file.read().decode("utf-8", "replace")
    except OSError:
        return ""
    return "\n".join(text.splitlines()[-lines:] if lines else [])


def follow(path: Path, show: Callable[[str], None]) -> None:
    """Show what is added from now on, for ever; a log that was rotated is followed in its new file."""
    place, inode, rest = path.stat().st_size if path.exists() else 0, 0, b""
    pause = Event()
    while True:
        with suppress(OSError), path.open("rb") as file:
            found = os.fstat(file.fileno())
            if inode and found.st_ino != inode:
                place, rest = 0, b""
            inode = found.st_ino
            file.seek(place)
            rest += file.read()
            place = file.tell()
        *lines, rest = rest.split(b"\n")
        for line in lines:
            show(line.decode("utf-8", "replace"))
        pause.wait(0.2)
