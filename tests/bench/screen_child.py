"""The programs the screen benchmark runs in a pseudo-terminal, one a process: `ours` (grid and shadow screen),
`table` (Textual's DataTable, conflated), `ansi` (cursor addressing with no framework) and `bare` (a loop with a timer).
Each shows the same prices, echoes keys as circled letters, and reports on a pipe.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import sys
import termios
import time
import tty
from typing import Any

from tui.environment import prepare_environment

prepare_environment()

from rich.text import Text  # noqa: E402
from textual import events  # noqa: E402
from textual.app import App, ComposeResult  # noqa: E402
from textual.widgets import DataTable, Static  # noqa: E402

from tests.bench.screen_feed import COLUMNS, WIDTH, Feed, Table  # noqa: E402
from tui.display import ShadowDisplay  # noqa: E402
from tui.widgets.grid import Cell, Column, Grid, Lines, Pens  # noqa: E402

CIRCLED_A = 0x24B6
WARM_UP = 0.7
UP, DOWN, TEXT, DIM = "#ff6b6f", "#6aa5ff", "#f3f6fa", "#8a95a3"
PENS = Pens(
    {
        "text": "#cdd5df",
        "background": "on #0e1116",
        "selection": "on #17292c",
        "accent": "#5fc9c1",
        "faint": "#56606d",
        "strong": TEXT,
        "text-dim": DIM,
        "up": UP,
        "down": DOWN,
    }
)


def circled(key: str) -> str:
    """The echo of a key: a letter that stands nowhere else on the screen."""
    return chr(CIRCLED_A + ord(key) - ord("a"))


class Run:
    """One measured run: what was asked for, and what is reported at its end."""

    def __init__(self, options: argparse.Namespace) -> None:
        self.options = options
        self.table = Table(options.rows)
        self.flushes = 0
        self.begun = (0, 0.0, 0.0, 0)

    def start(self, stop: Any) -> None:
        """Begin the feed now, the window after the warm-up, and call `stop` when it is over."""
        loop = asyncio.get_running_loop()
        if self.options.rate:
            Feed(self.table, self.options.rate)
        loop.call_later(WARM_UP, self.begin)
        loop.call_later(WARM_UP + self.options.seconds, self.end, stop)

    def begin(self) -> None:
        self.begun = (self.flushes, time.process_time(), time.perf_counter(), self.table.updates)
        self.say({"begin": True})

    def end(self, stop: Any) -> None:
        flushes, cpu, wall, updates = self.begun
        self.say(
            {
                "flushes": self.flushes - flushes,
                "cpu": time.process_time() - cpu,
                "wall": time.perf_counter() - wall,
                "updates": self.table.updates - updates,
            }
        )
        stop()

    def say(self, what: dict[str, Any]) -> None:
        os.write(self.options.report, json.dumps(what).encode() + b"\n")


class Ours(ShadowDisplay[None]):
    CSS = "#echo { height: 1; }"
    ENABLE_COMMAND_PALETTE = False

    def __init__(self, run: Run) -> None:
        super().__init__()
        self.run_ = run

    def compose(self) -> ComposeResult:
        columns = [Column(f"c{n}", f"COL{n}", WIDTH, "right" if n else "left", number=bool(n)) for n in range(COLUMNS)]
        yield Grid(columns, PENS)
        yield Lines(PENS, id="echo")

    def on_mount(self) -> None:
        self.grid, self.echo = self.query_one(Grid), self.query_one("#echo", Lines)
        self.grid.focus()
        self.run_.table.take()
        for row in range(self.run_.table.rows):
            self.put(row)
        self.grid.flush()
        self.run_.start(self.exit)
        if self.run_.options.hz and self.run_.options.rate:
            self.set_interval(1 / self.run_.options.hz, self.flush)

    def put(self, row: int) -> None:
        table = self.run_.table
        self.grid.put(
            str(row),
            [
                Cell(table.name(row), "strong"),
                *(Cell(table.text(row, n), "up" if table.is_up(row, n) else "down") for n in range(1, COLUMNS)),
            ],
        )

    def flush(self) -> None:
        self.run_.flushes += 1
        for row in sorted({row for row, _ in self.run_.table.take()}):
            self.put(row)
        self.grid.flush()

    def on_key(self, event: events.Key) -> None:
        if event.character and event.character.isalpha():
            self.echo.put_line(0, [Cell(circled(event.character), "strong")])
            self.echo.flush()


class Theirs(App[None]):
    CSS = "DataTable { height: 1fr; } #echo { height: 1; }"
    ENABLE_COMMAND_PALETTE = False

    def __init__(self, run: Run) -> None:
        super().__init__()
        self.run_ = run

    def compose(self) -> ComposeResult:
        yield DataTable(show_cursor=False, cell_padding=0)
        yield Static(id="echo", markup=False)

    def on_mount(self) -> None:
        self.grid, self.echo = self.query_one(DataTable), self.query_one("#echo", Static)
        self.grid.focus()
        self.run_.table.take()
        for n in range(COLUMNS):
            self.grid.add_column(f"COL{n}", width=WIDTH + 1)
        for row in range(self.run_.table.rows):
            self.grid.add_row(Text(self.run_.table.name(row), TEXT), *(self.cell(row, n) for n in range(1, COLUMNS)))
        self.run_.start(self.exit)
        if self.run_.options.hz and self.run_.options.rate:
            self.set_interval(1 / self.run_.options.hz, self.flush)

    def cell(self, row: int, n: int) -> Text:
        table = self.run_.table
        return Text(table.text(row, n), UP if table.is_up(row, n) else DOWN, justify="right")

    def flush(self) -> None:
        self.run_.flushes += 1
        for row, n in self.run_.table.take():
            self.grid.update_cell_at((row, n), self.cell(row, n))  # type: ignore[arg-type]

    def on_key(self, event: events.Key) -> None:
        if event.character and event.character.isalpha():
            self.echo.update(circled(event.character))


class Floor:
    """No framework: one cursor address, one 16-colour pen where it changes, one padded text per changed cell."""

    def __init__(self, run: Run) -> None:
        self.run_ = run
        self.pen = ""
        self.height = os.get_terminal_size().lines

    async def main(self) -> None:
        loop = asyncio.get_running_loop()
        over = loop.create_future()
        kept = termios.tcgetattr(0)
        tty.setcbreak(0)
        try:
            os.write(1, b"\x1b[?1049h\x1b[?25l")
            loop.add_reader(0, self.key)
            self.flush()
            self.run_.start(lambda: over.set_result(None))
            if self.run_.options.hz and self.run_.options.rate:
                self.next(loop, loop.time())
            await over
        finally:
            os.write(1, b"\x1b[m\x1b[?25h\x1b[?1049l")
            termios.tcsetattr(0, termios.TCSANOW, kept)

    def next(self, loop: asyncio.AbstractEventLoop, due: float) -> None:
        self.flush()
        due += 1 / self.run_.options.hz
        loop.call_at(due, self.next, loop, due)

    def flush(self) -> None:
        table, out = self.run_.table, []
        self.run_.flushes += 1
        for row, n in table.take():
            if row >= self.height - 2:
                continue
            pen = "\x1b[31m" if table.is_up(row, n) else "\x1b[34m"
            out.append(f"\x1b[{row + 2};{2 + n * (WIDTH + 1)}H")
            if pen != self.pen:
                out.append(pen)
                self.pen = pen
            out.append(table.text(row, n).rjust(WIDTH))
        if out:
            os.write(1, "".join(out).encode())

    def key(self) -> None:
        for byte in os.read(0, 100):
            if chr(byte).isalpha():
                os.write(1, f"\x1b[{self.height};1H{circled(chr(byte))}".encode())


async def bare(run: Run) -> None:
    """A loop that wakes 20 times a second and does nothing: what being alive costs."""
    loop = asyncio.get_running_loop()
    over = loop.create_future()

    def wake() -> None:
        loop.call_later(1 / 20, wake)

    wake()
    run.start(lambda: over.set_result(None))
    await over


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("kind", choices=("ours", "table", "ansi", "bare"))
    parser.add_argument("--rate", type=int, default=0)
    parser.add_argument("--rows", type=int, default=50)
    parser.add_argument("--hz", type=float, default=20)
    parser.add_argument("--seconds", type=float, default=3)
    parser.add_argument("--report", type=int, required=True)
    run = Run(parser.parse_args())
    if run.options.kind == "ours":
        app = Ours(run)
        app.run()
        if app.plain_reason:
            sys.exit(f"the shadow screen was off: {app.plain_reason}")
    elif run.options.kind == "table":
        Theirs(run).run()
    else:
        asyncio.run(Floor(run).main() if run.options.kind == "ansi" else bare(run))


if __name__ == "__main__":
    main()
