"""How soon there is content on the screen, in a real pseudo-terminal: `hoga demo` against the smallest Textual app and
against the same small app after importing everything hoga may ever need. Wall clock from the start of the process.
"""

from __future__ import annotations

import fcntl
import os
import pty
import select
import statistics
import struct
import subprocess
import sys
import tempfile
import termios
import time
from pathlib import Path

from tests.bench.rows import Row, compared

ROOT = Path(__file__).resolve().parents[2]
SECONDS = 30.0
MINIMAL = """
from textual.app import App
from textual.widgets import Static
class Minimal(App):
    def compose(self):
        yield Static("minimal content")
Minimal().run()
"""
EAGER = """
import aiosqlite, alembic.command, httpx, ib_insync, pandas, rich.console, sqlalchemy.ext.asyncio, structlog, typer
import websockets
import tui.cli.app
"""
OURS = "import sys; from tui.cli import main; sys.exit(main(['demo']))"


def until(code: str, marks: tuple[bytes, ...], environment: dict[str, str]) -> float:
    """Seconds from the start of `python -c code` on a 120x40 terminal until all `marks` were written. Its end, which
    is not part of its start, is waited for afterwards."""
    master, slave = pty.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 120, 0, 0))
    begun = time.perf_counter_ns()
    child = subprocess.Popen(
        [sys.executable, "-c", code],
        stdin=slave,
        stdout=slave,
        stderr=slave,
        cwd=ROOT,
        env=environment,
        start_new_session=True,
    )
    os.close(slave)
    try:
        written = b""
        end = time.perf_counter() + SECONDS
        while not all(mark in written for mark in marks):
            ready, _, _ = select.select([master], [], [], max(0.0, end - time.perf_counter()))
            if not ready:
                raise TimeoutError(f"no {marks!r} within {SECONDS} s; last output: {written[-300:]!r}")
            try:
                chunk = os.read(master, 65536)
            except OSError:
                chunk = b""
            if not chunk:
                raise RuntimeError(f"it ended early: {written[-300:]!r}")
            written += chunk
        return (time.perf_counter_ns() - begun) / 1e9
    finally:
        _end(child, master)


def _end(child: subprocess.Popen[bytes], master: int) -> None:
    """End the child, reading what it still writes so that it is not stuck on a full terminal."""
    child.terminate()
    end = time.perf_counter() + 5
    while child.poll() is None and time.perf_counter() < end:
        ready, _, _ = select.select([master], [], [], 0.05)
        if ready:
            try:
                os.read(master, 65536)
            except OSError:
                break
    if child.poll() is None:
        try:
            child.wait(2)
        except subprocess.TimeoutExpired:
            child.kill()
    child.wait()
    os.close(master)


def rows() -> list[Row]:
    with tempfile.TemporaryDirectory() as home:
        environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith(("HOGA_", "NO_COLOR"))},
            "TERM": "xterm-256color",
            "COLORTERM": "truecolor",
            "LANG": "C.UTF-8",
            "HOGA_HOME": home,
            "PYTHONPATH": str(ROOT),
            "PYTHONDONTWRITEBYTECODE": "",
        }
        taken = measure(
            {
                "ours": (OURS, (b"PAPER", b"Samsung"), environment),
                "minimal": (MINIMAL, (b"minimal content",), environment),
                "eager": (EAGER + MINIMAL, (b"minimal content",), environment),
            }
        )
    ours = taken["ours"] * 1e3
    return [
        compared("start to content", ours, "ms", "minimal Textual app", taken["minimal"] * 1e3, at_most=1.25),
        compared("start to content", ours, "ms", "the same, all imports", taken["eager"] * 1e3, at_most=0.35),
    ]


def measure(cases: dict[str, tuple[str, tuple[bytes, ...], dict[str, str]]], rounds: int = 7) -> dict[str, float]:
    """Median seconds of each case, in interleaved rounds after one that warms the caches."""
    names = list(cases)
    taken: dict[str, list[float]] = {name: [] for name in names}
    for number in range(rounds + 1):
        turn = number % len(names)
        for name in names[turn:] + names[:turn]:
            seconds = until(*cases[name])
            if number:
                taken[name].append(seconds)
    return {name: statistics.median(times) for name, times in taken.items()}
