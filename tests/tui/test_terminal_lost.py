"""The terminal goes away: window closed, line cut. The console must be gone within a second and the desk untouched."""

from __future__ import annotations

import fcntl
import os
import pty
import select
import struct
import sys
import termios
from pathlib import Path

import pytest

from core.clock import SystemClock

CLOCK = SystemClock()
ROOT = Path(__file__).resolve().parents[2]


def start(report: Path, *more: str) -> tuple[int, int]:
    """A console in a pseudo-terminal of 120 x 40: its process and the terminal's other end."""
    pid, master = pty.fork()
    if pid == 0:  # the child
        os.chdir(ROOT)
        os.environ.update(TERM="xterm-256color", COLORTERM="truecolor", PYTHONPATH=str(ROOT))
        os.execv(sys.executable, [sys.executable, "-m", "tests.tui.console_child", str(report), *more])
    fcntl.ioctl(master, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 120, 0, 0))
    return pid, master


def read_until(master: int, text: bytes, seconds: float = 20.0) -> bytes:
    seen = b""
    end = CLOCK.monotonic() / 1e9 + seconds
    while text not in seen and CLOCK.monotonic() / 1e9 < end:
        if select.select([master], [], [], 0.1)[0]:
            try:
                seen += os.read(master, 65536)
            except OSError:
                break
    return seen


def wait(pid: int, seconds: float) -> tuple[float, int] | None:
    """(seconds it took, exit code) of a process that ends in time; kills it otherwise."""
    begun = CLOCK.monotonic() / 1e9
    while CLOCK.monotonic() / 1e9 - begun < seconds:
        done, status = os.waitpid(pid, os.WNOHANG)
        if done:
            return CLOCK.monotonic() / 1e9 - begun, os.waitstatus_to_exitcode(status)
        select.select([], [], [], 0.01)
    os.kill(pid, 9)
    os.waitpid(pid, 0)
    return None


@pytest.mark.parametrize("how", ["", "nohup"], ids=["hangup", "hangup ignored"])
def test_a_lost_terminal_ends_the_console_and_nothing_else(tmp_path: Path, how: str) -> None:
    report = tmp_path / "report"
    pid, master = start(report, how)
    assert b"Samsung" in read_until(master, b"Samsung")
    os.write(master, b"b1")
    read_until(master, b"checks", 2)
    os.close(master)
    ended = wait(pid, 5)
    assert ended is not None, "the console outlived its terminal"
    seconds, code = ended
    assert report.read_text() == "129 0\n"
    assert code == 129
    assert seconds < 1.0


def test_leaving_gives_the_terminal_back(tmp_path: Path) -> None:
    report = tmp_path / "report"
    pid, master = start(report)
    seen = read_until(master, b"Samsung")
    os.write(master, b":q")
    seen += read_until(master, b"leave the console", 3)
    seen += read_until(master, b"never written", 0.2)  # a hand is not that fast: Enter at once looks like a paste
    os.write(master, b"\r")
    seen += read_until(master, b"never written", 10)  # to the end of the stream, as a terminal would
    ended = wait(pid, 5)
    os.close(master)
    assert ended is not None and ended[1] == 0
    assert report.read_text() == "0 0\n"
    assert b"\x1b[?1049h" in seen and b"\x1b[?1049l" in seen
    assert b"\x1b[?25h" in seen  # the cursor is back
