"""The engine as a process of its own, with real processes and real terminals: consoles are killed, stopped, closed and
opened again, the engine is killed and started again; orders and journal are what they were, nothing is sent twice."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from core.domain.events import OrderSending
from storage.journal import Journal
from tests.terminal import ROOT, Terminal, hoga
from tui.cli.exits import Exit
from tui.run.card import holding

RUN = "import sys; from tui.cli import main; sys.exit(main())"


class House:
    """A data folder, and `hoga` verbs on it."""

    def __init__(self, home: Path) -> None:
        self.home, self.data = home, home / "data"
        self.terminals: list[Terminal] = []

    def ask(self, *words: str) -> subprocess.CompletedProcess[str]:
        kept = {name: value for name, value in os.environ.items() if not name.startswith("HOGA_")}
        return subprocess.run(
            [sys.executable, "-c", RUN, *words],
            env={**kept, "HOGA_HOME": str(self.home), "PYTHONPATH": str(ROOT), "LANG": "C.UTF-8"},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    def told(self, *words: str) -> Any:
        done = self.ask(*words, "--json")
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    def start(self) -> int:
        return int(self.told("engine", "start")["pid"])

    def orders(self) -> dict[str, str]:
        return {row["id"]: row["status"] for row in self.told("orders")["rows"]}

    def sendings(self) -> list[str]:
        """The orders that left, as the journal has them."""
        journal = Journal.open(self.data / "journal.db", read_only=True)
        return [event.client_order_id for _, event in journal.replay() if isinstance(event, OrderSending)]

    def attach(self, *words: str) -> Terminal:
        terminal = hoga("attach", *words, home=self.home)
        self.terminals.append(terminal)
        terminal.wait("Samsung")
        return terminal

    def consoles(self) -> int:
        return int(self.told("engine", "status")["consoles"])

    def until_consoles(self, count: int) -> None:
        until(lambda: self.consoles() == count)


def until(holds: Callable[[], object], tries: int = 60) -> None:
    for _ in range(tries):
        if holds():
            return
    pytest.fail("never came true")


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    house = House(tmp_path)
    yield house
    for terminal in house.terminals:
        terminal.__exit__(None, None, None)
    there = holding(house.data)
    if there is not None:
        os.kill(there.pid, signal.SIGKILL)


def test_consoles_come_and_go_and_the_engine_stays(house: House) -> None:
    pid = house.start()
    assert os.getsid(pid) == pid  # no terminal's
    placed = {house.told("order", f"b {n} 005930 @60000")["client_order_id"] for n in (1, 2)}
    assert set(house.orders()) == placed

    killed, suspended, closed = house.attach(), house.attach(), house.attach()
    assert house.consoles() == 3
    killed.process.kill()
    os.killpg(suspended.process.pid, signal.SIGSTOP)
    os.close(closed.master)  # the window is closed
    closed.process.wait(timeout=5)
    closed.master = os.open(os.devnull, os.O_RDONLY)
    killed.process.wait(timeout=5)
    house.until_consoles(1)
    placed.add(
        house.told("order", "b 3 005930 @60000")["client_order_id"]
    )  # the engine is not held up by the stopped one
    os.killpg(suspended.process.pid, signal.SIGCONT)
    suspended.wait(lambda t: t.text.count("60,000") >= 3)

    first, second = house.attach(), house.attach("--read-only")
    second.wait("read-only console")
    first.wait(lambda t: t.text.count("60,000") >= 3)
    found = house.told("engine", "status")
    assert (found["pid"], found["consoles"], found["working"], found["unknown"]) == (pid, 3, 3, 0)
    assert set(house.orders()) == placed
    assert sorted(house.sendings()) == sorted(placed)  # each left once


def test_an_engine_that_is_killed_comes_back_with_its_orders_and_its_consoles(house: House) -> None:
    pid = house.start()
    placed = {house.told("order", f"b {n} 005930 @60000")["client_order_id"] for n in (1, 2)}
    before = house.orders()
    console = house.attach()
    os.kill(pid, signal.SIGKILL)
    console.wait("NO ENGINE")
    assert console.process.poll() is None
    assert house.ask("engine", "status").returncode == Exit.FAILED
    assert house.start() != pid
    console.wait("the engine is back")
    console.wait(lambda t: "no engine" not in t.lines[0])
    until(lambda: house.orders() == before)
    assert house.told("engine", "status")["unknown"] == 0
    assert sorted(house.sendings()) == sorted(placed)
    assert house.ask("journal", "verify").returncode == 0


def test_start_stop_status_and_logs_say_what_is(house: House) -> None:
    assert house.ask("engine", "status").returncode == Exit.FAILED
    assert house.ask("engine", "stop").returncode == Exit.FAILED
    nobody = house.ask("engine", "logs")
    assert (nobody.returncode, nobody.stdout) == (Exit.FAILED, "")
    pid = house.start()
    assert {oct(path.stat().st_mode & 0o777) for path in house.data.iterdir() if path.is_file()} == {"0o600"}
    again = house.ask("engine", "start")
    assert again.returncode == Exit.IN_USE and f"process {pid}" in again.stderr
    order = house.told("order", "b 1 005930 @60000")["client_order_id"]
    assert '"event":"started"' in house.ask("engine", "logs").stdout
    os.kill(pid, signal.SIGHUP)
    stopped = house.told("engine", "stop")
    assert (stopped["pid"], stopped["how"]) == (pid, "stopped")
    assert [line.split()[0] for line in stopped["working"]] == [order]
    assert holding(house.data) is None
    assert not (house.data / "engine.json").exists()


def test_an_engine_that_hangs_is_killed_only_when_that_is_said(house: House) -> None:
    pid = house.start()
    os.kill(pid, signal.SIGSTOP)
    assert house.ask("engine", "status").returncode == Exit.IN_USE
    patient = house.ask("engine", "stop", "--wait", "0.2")
    assert patient.returncode == Exit.FAILED and "--force" in patient.stderr
    assert house.told("engine", "stop", "--wait", "0.2", "--force")["how"] == "killed"
    assert holding(house.data) is None


def test_of_two_who_start_at_once_one_is_told_that_another_runs(house: House) -> None:
    with ThreadPoolExecutor(2) as both:
        done = list(both.map(lambda _: house.ask("engine", "start", "--json"), range(2)))
    assert sorted(one.returncode for one in done) == [Exit.OK, Exit.IN_USE], [one.stderr for one in done]
    there = holding(house.data)
    (told,) = [json.loads(one.stdout)["pid"] for one in done if one.returncode == Exit.OK]
    assert there is not None and there.pid == told


def test_a_start_that_fails_says_why(house: House) -> None:
    house.data.mkdir(mode=0o700)
    (house.data / "desk.sock").write_text("not a socket")
    failed = house.ask("engine", "start")
    assert failed.returncode == Exit.STORAGE
    assert "is not a socket of ours" in failed.stderr
    assert holding(house.data) is None


def test_a_console_that_holds_the_folder_is_not_stopped(house: House) -> None:
    console = hoga(home=house.home)
    house.terminals.append(console)
    console.wait("Samsung")
    refused = house.ask("engine", "stop")
    assert refused.returncode == Exit.IN_USE and "a console" in refused.stderr
    assert house.ask("engine", "start").returncode == Exit.IN_USE
    assert console.process.poll() is None


def test_nobody_to_attach_to_is_said_without_opening_anything(house: House) -> None:
    terminal = hoga("attach", home=house.home)
    house.terminals.append(terminal)
    terminal.wait("hoga engine start")
    assert not (house.data / "journal.db").exists()
