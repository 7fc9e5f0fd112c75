"""Runs one program of the screen benchmark in a real pseudo-terminal, reads and counts what it writes, presses keys and
times their echo. It answers the one question Textual asks (synchronized output) and draws nothing.
"""

from __future__ import annotations

import fcntl
import json
import os
import pty
import random
import selectors
import struct
import subprocess
import sys
import termios
import time

import msgspec

from tests.bench.screen_child import circled

ROWS, WIDTH = 50, 130
KEYS_PER_SECOND = 12
PATIENCE = 30.0


class Measured(msgspec.Struct, kw_only=True):
    """Of the window: bytes to the terminal, CPU and wall seconds, flushes done, prices moved, seconds key to echo."""

    bytes: int = 0
    cpu: float = 0.0
    wall: float = 0.0
    flushes: int = 0
    updates: int = 0
    keys: list[float] = msgspec.field(default_factory=list)


def measure(
    kind: str, *, rate: int = 0, rows: int = 50, hz: float = 20, seconds: float = 3, keys: bool = False
) -> Measured:
    """One run of `kind`. Raises RuntimeError when the program ends without a report."""
    master, slave = pty.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, WIDTH, 0, 0))
    reading, reporting = os.pipe()
    command = [sys.executable, "-m", "tests.bench.screen_child", kind]
    for name, value in {"rate": rate, "rows": rows, "hz": hz, "seconds": seconds, "report": reporting}.items():
        command += [f"--{name}", str(value)]
    environment = {name: value for name, value in os.environ.items() if name not in ("NO_COLOR", "LINES", "COLUMNS")}
    environment |= {"TERM": "xterm-256color", "COLORTERM": "truecolor"}
    child = subprocess.Popen(
        command,
        stdin=slave,
        stdout=slave,
        stderr=slave,
        env=environment,
        pass_fds=(reporting,),
        start_new_session=True,
    )
    os.close(slave)
    os.close(reporting)
    try:
        return _watch(child, master, reading, keys)
    finally:
        child.kill()
        child.wait()
        os.close(master)
        os.close(reading)


def _watch(child: subprocess.Popen[bytes], master: int, reading: int, keys: bool) -> Measured:
    result = Measured()
    selector = selectors.DefaultSelector()
    selector.register(master, selectors.EVENT_READ)
    selector.register(reading, selectors.EVENT_READ)
    chance = random.Random(11)
    inside = False
    pending, pressed_at, next_key, count, tail = b"", 0.0, float("inf"), 0, b""
    began = time.perf_counter()
    while True:
        now = time.perf_counter()
        if now - began > PATIENCE:
            raise RuntimeError("the program did not end")
        if now >= next_key and not pending:
            letter = chr(ord("a") + count % 26)
            count += 1
            pending, pressed_at = circled(letter).encode(), now
            os.write(master, letter.encode())
        timeout = max(min(next_key - now, 0.5), 0) if not pending else 0.5
        for key, _ in selector.select(timeout):
            try:
                data = os.read(key.fd, 65536)
            except OSError:  # the program closed its terminal
                data = b""
            if key.fd == reading:
                for line in data.splitlines():
                    report = json.loads(line)
                    if "begin" in report:
                        inside, next_key = True, time.perf_counter() if keys else float("inf")
                    else:
                        result.flushes, result.updates = report["flushes"], report["updates"]
                        result.cpu, result.wall = report["cpu"], report["wall"]
                        return result
                if not data:
                    raise RuntimeError(f"the program ended early: {tail.decode(errors='replace').strip()[-200:]}")
                continue
            tail = (tail + data)[-400:]
            if inside:
                result.bytes += len(data)
            if b"\x1b[?2026$p" in data:
                os.write(master, b"\x1b[?2026;2$y")
            if pending and pending in data:
                result.keys.append(time.perf_counter() - pressed_at)
                # Irregular, so that keys do not fall into step with the flushes.
                pending, next_key = b"", time.perf_counter() + chance.uniform(0.5, 1.5) / KEYS_PER_SECOND
            if not data:
                selector.unregister(master)
