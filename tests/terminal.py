"""A real terminal for tests: starts a program in a pseudo-terminal, keeps its screen with pyte, types, and waits until
the screen says something. No sleeping: it waits for output, up to a deadline."""

from __future__ import annotations

import fcntl
import os
import pty
import selectors
import signal
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from types import TracebackType

import pyte

ROOT = Path(__file__).resolve().parents[1]
PATIENCE = 20.0


class Terminal:
    """A program on a pseudo-terminal. Use as a context manager: the program is killed at the end."""

    def __init__(
        self, command: list[str], *, width: int = 120, height: int = 40, environment: Mapping[str, str] | None = None
    ) -> None:
        self.master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", height, width, 0, 0))
        base = {k: v for k, v in os.environ.items() if k not in ("NO_COLOR", "LINES", "COLUMNS", "HOGA_HOME")}
        base |= {"TERM": "xterm-256color", "COLORTERM": "truecolor", "PYTHONUTF8": "1", "LANG": "C.UTF-8"}
        self.process = subprocess.Popen(
            command,
            stdin=slave,
            stdout=slave,
            stderr=slave,
            cwd=ROOT,
            env=base | dict(environment or {}),
            start_new_session=True,
        )
        os.close(slave)
        self.screen = pyte.Screen(width, height)
        self._stream = pyte.ByteStream(self.screen)
        self.received = 0
        self.raw = bytearray()
        """The newest bytes, at most 4 MB."""
        self._selector = selectors.DefaultSelector()
        self._selector.register(self.master, selectors.EVENT_READ)
        self.is_open = True
        self.replies = {b"\x1b[?2026$p": b"\x1b[?2026;2$y"}
        """What this terminal answers to a question, each time it is asked."""

    def __enter__(self) -> Terminal:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        os.close(self.master)

    @property
    def lines(self) -> list[str]:
        return list(self.screen.display)

    @property
    def text(self) -> str:
        return "\n".join(self.lines)

    def read(self, seconds: float) -> bool:
        """Take what comes within `seconds`; False when nothing came or the program closed its terminal."""
        if not self.is_open or not self._selector.select(seconds):
            return False
        try:
            data = os.read(self.master, 65536)
        except OSError:
            data = b""
        if not data:
            self.is_open = False
            return False
        self.received += len(data)
        self.raw += data
        del self.raw[:-4_000_000]
        for question, answer in self.replies.items():
            if question in data:
                os.write(self.master, answer)
        self._stream.feed(data)
        return True

    def wait(self, what: str | Callable[[Terminal], bool], seconds: float = PATIENCE) -> None:
        """Until the screen shows `what` (or it holds). Raises AssertionError with the screen when it does not."""
        until = time.monotonic() + seconds
        while True:
            if self.text.find(what) >= 0 if isinstance(what, str) else what(self):
                return
            left = until - time.monotonic()
            if left <= 0 or not self.is_open:
                raise AssertionError(f"the screen never showed {what!r}:\n{self.text}")
            self.read(min(left, 0.5))

    def watch(self, seconds: float) -> None:
        """Take what comes for this long: for rules that are about time itself."""
        until = time.monotonic() + seconds
        while (left := until - time.monotonic()) > 0 and self.is_open:
            self.read(left)

    def type(self, text: str) -> None:
        """One key at a time, as a person does: each waits for the program to take the one before."""
        for key in text:
            os.write(self.master, key.encode())
            self.read(0.05)

    def press(self, keys: bytes) -> None:
        os.write(self.master, keys)

    def resize(self, width: int, height: int) -> None:
        fcntl.ioctl(self.master, termios.TIOCSWINSZ, struct.pack("HHHH", height, width, 0, 0))
        self.screen.resize(height, width)
        os.killpg(self.process.pid, signal.SIGWINCH)

    def ended(self, seconds: float = PATIENCE) -> int:
        """Wait for the program to end; its exit code."""
        until = time.monotonic() + seconds
        while self.process.poll() is None and time.monotonic() < until:
            self.read(0.05)
        return self.process.wait(timeout=1)


def hoga(*arguments: str, home: Path, width: int = 120, height: int = 40, **environment: str) -> Terminal:
    """`hoga` with its files under `home`."""
    command = [sys.executable, "-c", "from tui.cli import main; main()", *arguments]
    return Terminal(command, width=width, height=height, environment={"HOGA_HOME": str(home), **environment})
