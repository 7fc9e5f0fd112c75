"""The console as a person meets it: a real pseudo-terminal, the embedded market, keys, a second terminal, kill -9."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.terminal import ROOT, Terminal, hoga


def command(home: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """A `hoga` verb from a second terminal."""
    return subprocess.run(
        [sys.executable, "-c", "from tui.cli import main; main()", "--demo", *arguments],
        cwd=ROOT,
        env=os.environ | {"HOGA_HOME": str(home)},
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )


def rows(home: Path, verb: str) -> list[dict[str, Any]]:
    done = command(home, verb, "--json")
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    return found["rows"] if isinstance(found, dict) else found


def start(home: Path, **size: int) -> Terminal:
    terminal = hoga("demo", home=home, **size)
    terminal.wait("PAPER")
    terminal.wait("Samsung")
    terminal.wait(lambda t: "71," in t.text or "70," in t.text)
    return terminal


def open_line(terminal: Terminal) -> None:
    """Keys that come faster than a hand can type are taken for a paste: the colon is given its 20 ms."""
    terminal.press(b":")
    terminal.wait("Esc drop")
    terminal.watch(0.05)


def buy(terminal: Terminal, line: str) -> None:
    """Type an order line and send it with one Enter, which is not taken in the first quarter of a second."""
    open_line(terminal)
    terminal.type(line)
    terminal.wait("Enter sends")
    terminal.watch(0.3)
    terminal.press(b"\r")
    terminal.wait(lambda t: line not in t.text)


def has_order(status: str) -> Callable[[Terminal], bool]:
    """A row of the orders pane with this status; the heading alone has FILLED too."""
    return lambda terminal: any(status in line and "/" in line and "keyboard" in line for line in terminal.lines)


def test_buy_see_it_cancel_panic_and_quit(tmp_path: Path) -> None:
    with start(tmp_path) as terminal:
        buy(terminal, "b 5 AAPL @a+3")
        terminal.wait(has_order("FILLED"))
        buy(terminal, "b 10 005930 @65000")
        terminal.wait(has_order("OPEN"))
        panic = command(tmp_path, "panic")
        assert panic.returncode == 0, panic.stderr
        terminal.wait(has_order("CANCELED"))
        terminal.wait("REDUCING")
        open_line(terminal)
        terminal.type("q")
        terminal.watch(0.3)
        terminal.press(b"\r")
        assert terminal.ended() == 0
    assert [r["status"] for r in rows(tmp_path, "orders")].count("filled") == 1


def test_kill_9_and_everything_is_there_again(tmp_path: Path) -> None:
    with start(tmp_path) as terminal:
        buy(terminal, "b 5 AAPL @a+3")
        terminal.wait(has_order("FILLED"))
        buy(terminal, "b 10 005930 @65000")
        terminal.wait(has_order("OPEN"))
        before = {r["id"]: (r["status"], r["filled"]) for r in rows(tmp_path, "orders") if r["source"] == "keyboard"}
        os.kill(terminal.process.pid, signal.SIGKILL)
        terminal.ended()
    with start(tmp_path, width=80, height=24) as terminal:
        terminal.wait("OPEN")
        after = {r["id"]: (r["status"], r["filled"]) for r in rows(tmp_path, "orders") if r["source"] == "keyboard"}
        assert after == before
        assert len(before) == 2
        held = {r["code"]: r["quantity"] for r in rows(tmp_path, "positions")}
        assert held["AAPL"] == "5"
        sent = [line for line in command(tmp_path, "journal", "show").stdout.splitlines() if "OrderSending" in line]
        assert sum(any(id in e for e in sent) for id in before) == len(before)


@pytest.mark.parametrize(("width", "height"), [(20, 5), (40, 10), (60, 20), (80, 24), (200, 60)])
def test_every_size_says_paper_and_quits(tmp_path: Path, width: int, height: int) -> None:
    with hoga("demo", home=tmp_path, width=width, height=height) as terminal:
        terminal.wait("PAPER")
        terminal.press(b"\x11")
        terminal.wait(lambda t: t.process.poll() is not None or "quit" in t.text.lower() or not t.read(0.1))
        if terminal.process.poll() is None:
            terminal.press(b"\r")
        assert terminal.ended() == 0


def test_a_lost_terminal_ends_the_console_and_keeps_the_orders(tmp_path: Path) -> None:
    terminal = start(tmp_path)
    buy(terminal, "b 10 005930 @65000")
    terminal.wait(has_order("OPEN"))
    os.close(terminal.master)
    terminal.process.wait(timeout=5)
    (order,) = [r for r in rows(tmp_path, "orders") if r["source"] == "keyboard"]
    assert order["status"] == "open"


def test_no_colour_still_tells_everything(tmp_path: Path) -> None:
    with hoga("demo", home=tmp_path, NO_COLOR="1") as terminal:
        terminal.wait("PAPER")
        terminal.wait("Samsung")
        assert b"38;2;" not in terminal.raw
