"""The whole console under load, in a real pseudo-terminal of 120 x 40: 1,500 quotes/s over 150 instruments. CPU beside
a program that writes the same figures with plain cursor addressing, and from a key to the ticket on the screen. CPU is
of the whole process, market included; a headless run under the same load tells how much of it is the screen."""

from __future__ import annotations

import os
import random
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tests.bench.rows import Row, compared, percentile
from tests.bench.screen_pty import measure
from tests.terminal import ROOT, Terminal, hoga

SYMBOLS, RATE = 150, 1500
SECONDS = 6.0
KEYS = 60
SETTINGS = f"""
[brokers.paper]
load_symbols = {SYMBOLS}
load_rate = {RATE}
"""
TICKS = os.sysconf("SC_CLK_TCK")


def cpu_seconds(pid: int) -> float:
    """User and system time of a running process so far."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def loaded(home: Path, *, symbols: int = SYMBOLS) -> Terminal:
    file = home / "load.toml"
    file.write_text(SETTINGS if symbols == SYMBOLS else SETTINGS.replace(f"= {SYMBOLS}", f"= {symbols}"))
    terminal = hoga("--config", str(file), home=home)
    terminal.wait("PAPER")
    terminal.wait("Σ")  # the sum below a ladder: quotes and book have come, however many symbols there are
    return terminal


def share(terminal: Terminal) -> tuple[float, float]:
    """(CPU share, bytes a second) over a window."""
    terminal.watch(1.5)
    begun, cpu, received = time.monotonic(), cpu_seconds(terminal.process.pid), terminal.received
    terminal.watch(SECONDS)
    wall = time.monotonic() - begun
    return (cpu_seconds(terminal.process.pid) - cpu) / wall, (terminal.received - received) / wall


def headless_share(home: Path) -> float:
    """The same engine and market with no screen."""
    command = [sys.executable, "-c", "from tui.cli import main; main()", "--config", str(home / "load.toml"), "run"]
    environment = os.environ | {"HOGA_HOME": str(home / "headless")}
    with subprocess.Popen(
        command, cwd=ROOT, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as run:
        time.sleep(2.5)
        begun, cpu = time.monotonic(), cpu_seconds(run.pid)
        time.sleep(SECONDS)
        found = (cpu_seconds(run.pid) - cpu) / (time.monotonic() - begun)
        run.terminate()
    return found


def key_to_ticket(terminal: Terminal) -> list[float]:
    """Milliseconds from the key `b` to the ticket's labels on the screen, then Esc."""
    chance = random.Random(3)
    taken = []

    def is_open(t: Terminal) -> bool:
        return "Esc drop" in t.text

    for _ in range(KEYS):
        pressed = time.monotonic()
        terminal.press(b"b")
        terminal.wait(is_open)
        taken.append((time.monotonic() - pressed) * 1000)
        terminal.watch(0.05 + chance.random() * 0.05)
        terminal.press(b"\x1b")
        terminal.wait(lambda t: not is_open(t))
        terminal.watch(0.05 + chance.random() * 0.1)
    return taken


def rows() -> list[Row]:
    ansi = measure("ansi", rate=RATE, rows=50, hz=10, seconds=SECONDS)
    ansi_share = ansi.cpu / ansi.wall
    with tempfile.TemporaryDirectory() as folder:
        with loaded(Path(folder)) as terminal:
            ours, bytes_per_second = share(terminal)
            busy = key_to_ticket(terminal)
        headless = headless_share(Path(folder))
    with tempfile.TemporaryDirectory() as folder, loaded(Path(folder), symbols=1) as terminal:
        calm = key_to_ticket(terminal)
    return [
        Row(name="console: plain ANSI writer", value=ansi_share * 100, unit="% CPU"),
        compared("console: whole process, 1,500 quotes/s", ours * 100, "% CPU", "plain ANSI writer", ansi_share * 100),
        compared("console: the same without a screen", headless * 100, "% CPU", "plain ANSI writer", ansi_share * 100),
        compared(
            "console: what the screen adds", (ours - headless) * 100, "% CPU", "plain ANSI writer", ansi_share * 100
        ),
        Row(
            name="console: to the terminal",
            value=bytes_per_second / 1024,
            unit="KiB/s",
            target="< 100 KiB/s",
            met=bytes_per_second < 100 * 1024,
        ),
        compared("console: key to ticket p50", percentile(busy, 0.5), "ms", "few quotes", percentile(calm, 0.5)),
        Row(
            name="console: key to ticket p99",
            value=percentile(busy, 0.99),
            unit="ms",
            reference="few quotes",
            ratio=percentile(busy, 0.99) / percentile(calm, 0.99),
            target="< 50 ms",
            met=percentile(busy, 0.99) < 50,
        ),
    ]
