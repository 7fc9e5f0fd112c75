"""From the key that sends to the first byte of the order, in a real pseudo-terminal. Everything lies between: terminal,
console, every risk rule, two durable commits (STAGED, and the claim of SENDING) and the permit. The first byte is
stamped where a broker is handed the permit and would write. Beside it, in the same run, those two commits alone as the
loop waits for them.
"""

from __future__ import annotations

import asyncio
import os
import struct
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from storage.journal import Journal
from tests.bench.journal import order, sealed, staged
from tests.bench.rows import Row, compared, percentile
from tests.terminal import Terminal

ORDERS, COMMITS = 40, 400
STAMPS = "HOGA_BENCH_STAMPS"
RECORD = struct.Struct("<q")


def rows() -> list[Row]:
    with tempfile.TemporaryDirectory() as folder:
        commits, claims = asyncio.run(durable(Path(folder) / "journal.db"))
        taken = keys(Path(folder))
    both = percentile(commits, 0.99) + percentile(claims, 0.99)
    return [
        Row(
            name="order path: commit of an order row p99",
            value=percentile(commits, 0.99),
            unit="ms",
            target="< 2 ms",
            met=percentile(commits, 0.99) < 2,
        ),
        Row(
            name="order path: claim of its send p99",
            value=percentile(claims, 0.99),
            unit="ms",
            target="< 2 ms",
            met=percentile(claims, 0.99) < 2,
        ),
        compared("order path: key to first byte p50", percentile(taken, 0.5), "ms", "p99 of both commits", both),
        Row(
            name="order path: key to first byte p99",
            value=percentile(taken, 0.99),
            unit="ms",
            reference="p99 of both commits",
            ratio=percentile(taken, 0.99) / both,
            target="< 25 ms",
            met=percentile(taken, 0.99) < 25,
        ),
    ]


async def durable(path: Path) -> tuple[list[float], list[float]]:
    """Milliseconds of each append and each claim, awaited from the loop."""
    journal = Journal.open(path, boot_id="bench")
    commits, claims = [], []
    for number in range(1, COMMITS + 1):
        start = time.perf_counter_ns()
        await journal.append([staged(number)])
        commits.append((time.perf_counter_ns() - start) / 1e6)
        mine, its = order(number), sealed(number)
        start = time.perf_counter_ns()
        await journal.claim(mine, its, number)
        claims.append((time.perf_counter_ns() - start) / 1e6)
    await journal.close()
    return commits, claims


def keys(home: Path) -> list[float]:
    """Milliseconds from Enter to the stamp of each order."""
    stamps = home / "stamps"
    stamps.touch(0o600)
    environment = {"HOGA_HOME": str(home / "home"), STAMPS: str(stamps)}
    taken = []
    with Terminal([sys.executable, "-m", "tests.bench.orderpath"], environment=environment) as terminal:
        terminal.wait("PAPER")
        terminal.wait("71,")
        for number in range(ORDERS):
            terminal.press(b":")
            terminal.wait("Esc drop")
            terminal.watch(0.05)
            terminal.type(f"b 1 005930 @{65_000 + 100 * number}")
            terminal.wait("Enter sends")
            terminal.watch(0.3)  # Enter is not taken in the first quarter of a second
            pressed = time.monotonic_ns()
            terminal.press(b"\r")
            terminal.wait(lambda _, n=number: stamps.stat().st_size > n * RECORD.size)  # type: ignore[misc]
            (first,) = RECORD.unpack_from(stamps.read_bytes(), number * RECORD.size)
            taken.append((first - pressed) / 1e6)
    return taken


def stamped() -> None:
    """The demo, whose venue notes when it is handed a permit."""
    from brokers.paper.broker import PaperBroker
    from tui.cli import main

    place = os.open(os.environ[STAMPS], os.O_WRONLY | os.O_APPEND)
    submit = PaperBroker.submit

    async def noted(self: Any, prepared: Any, permit: Any) -> Any:
        os.write(place, RECORD.pack(time.monotonic_ns()))
        return await submit(self, prepared, permit)

    PaperBroker.submit = noted  # type: ignore[method-assign]
    sys.exit(main(["--config", os.devnull]))


if __name__ == "__main__":
    stamped()
