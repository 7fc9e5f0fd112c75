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
        times = {name: percentile(taken, 0.99) for name, taken in asyncio.run(durable(Path(folder))).items()}
        taken = keys(Path(folder))
    both = times["commit"] + times["claim"]
    disk = "p99 of append and fdatasync"
    return [
        Row(name=f"order path: {disk}", value=times["disk"], unit="ms"),
        limited("order path: commit of an order row p99", times["commit"], 2, disk, times["disk"]),
        limited("order path: claim of its send p99", times["claim"], 2, disk, times["disk"]),
        compared("order path: key to first byte p50", percentile(taken, 0.5), "ms", "p99 of both commits", both),
        limited("order path: key to first byte p99", percentile(taken, 0.99), 25, "p99 of both commits", both),
    ]


def limited(name: str, value: float, most: float, reference: str, beside: float) -> Row:
    return Row(
        name=name,
        value=value,
        unit="ms",
        reference=reference,
        ratio=value / beside,
        target=f"< {most:g} ms",
        met=value < most,
    )


async def durable(folder: Path) -> dict[str, list[float]]:
    """Milliseconds of each append and each claim, awaited from the loop, and of what the disk takes for such a row."""
    journal = Journal.open(folder / "journal.db", boot_id="bench")
    file = os.open(folder / "floor", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    times: dict[str, list[float]] = {"disk": [], "commit": [], "claim": []}

    def since(start: int) -> float:
        return (time.perf_counter_ns() - start) / 1e6

    for number in range(1, COMMITS + 1):
        start = time.perf_counter_ns()
        os.write(file, b"x" * 600)
        os.fdatasync(file)
        times["disk"].append(since(start))
        event, mine, its = staged(number), order(number), sealed(number)
        start = time.perf_counter_ns()
        await journal.append([event])
        times["commit"].append(since(start))
        start = time.perf_counter_ns()
        await journal.claim(mine, its, number)
        times["claim"].append(since(start))
    await journal.close()
    os.close(file)
    return times


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
