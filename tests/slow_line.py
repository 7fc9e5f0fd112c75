"""A slow line to a program: it runs in a pseudo-terminal of its own, and what is typed and what it writes arrive later
by a fixed delay, each way, in order. For trying the console as over a far SSH connection:

    python -m tests.slow_line --delay 0.2 -- hoga demo

The size is that of the terminal it is started in, and follows it.
"""

from __future__ import annotations

import argparse
import fcntl
import os
import pty
import selectors
import signal
import struct
import sys
import termios
import time
import tty
from collections import deque
from typing import Any

Waiting = deque[tuple[float, bytes]]


class Line:
    """Two queues of bytes that wait for their time: `down` to the program, `up` from it."""

    def __init__(self, delay: float, master: int) -> None:
        self.delay, self.master = delay, master
        self.down: Waiting = deque()
        self.up: Waiting = deque()

    def take(self, number: int, queue: Waiting) -> bool:
        """Read what is there; False at the end."""
        try:
            data = os.read(number, 65536)
        except OSError:
            return False
        queue.append((time.monotonic() + self.delay, data))
        return bool(data)

    def deliver(self) -> float | None:
        """Hand on what is due; seconds until the next is."""
        now = time.monotonic()
        for queue, number in ((self.down, self.master), (self.up, sys.stdout.fileno())):
            while queue and queue[0][0] <= now:
                _write(number, queue.popleft()[1])
        due = [queue[0][0] for queue in (self.down, self.up) if queue]
        return max(min(due) - now, 0) if due else None


def _write(number: int, data: bytes) -> None:
    while data:
        data = data[os.write(number, data) :]


def _size(master: int) -> None:
    size = fcntl.ioctl(sys.stdout.fileno(), termios.TIOCGWINSZ, b"\0" * 8)
    if struct.unpack("HHHH", size)[0]:
        fcntl.ioctl(master, termios.TIOCSWINSZ, size)


def run(command: list[str], delay: float) -> int:
    """Run `command` behind the line; its exit code."""
    child, master = pty.fork()
    if child == 0:
        os.execvp(command[0], command)
    _size(master)

    def resized(*_: Any) -> None:
        _size(master)

    signal.signal(signal.SIGWINCH, resized)
    line = Line(delay, master)
    kept = termios.tcgetattr(sys.stdin.fileno())
    tty.setraw(sys.stdin.fileno())
    try:
        with selectors.DefaultSelector() as selector:
            selector.register(master, selectors.EVENT_READ, line.up)
            selector.register(sys.stdin.fileno(), selectors.EVENT_READ, line.down)
            alive = True
            while alive or line.up:
                for key, _ in selector.select(line.deliver()):
                    if not line.take(key.fd, key.data):
                        selector.unregister(key.fd)
                        alive = alive and key.fd != master
    finally:
        termios.tcsetattr(sys.stdin.fileno(), termios.TCSADRAIN, kept)
        os.close(master)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--delay", type=float, default=0.2, help="seconds, each way (default 0.2)")
    parser.add_argument("command", nargs="+")
    options = parser.parse_args()
    return run(options.command, options.delay)


if __name__ == "__main__":
    sys.exit(main())
