"""Real money as it will be, shown with the reference venue plugged in: real processes, a real wire, one story. The
engine is its own process, is locked at each start, asks for the account's name whoever speaks to it, and is loud;
killed in the middle of a send it comes back with what it had, settled, and nothing sent twice."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from core.clock import SystemClock
from core.domain.account import Mode, TradingState
from core.domain.commands import Command, Panic, SetTradingState, Submit, Unlock
from core.domain.events import OrderSending
from core.domain.ids import AccountId, ClientOrderId, tail_of
from core.domain.order import OrderStatus
from core.ports import Receipt
from core.runtime.desk_remote import connect
from core.runtime.desk_socket import socket_path
from core.trading.view import Slice
from storage.journal import Journal
from tests import scenes
from tests.simulators import reference
from tests.simulators.faults import Fault
from tests.terminal import ROOT, Terminal
from tui.cli.desk import picture
from tui.cli.exits import Exit
from tui.run.card import holding

NOT_OURS = ("HOGA_", "COLUMNS", "LINES", "NO_COLOR")
MAIN = AccountId("reference:main")


class Venue:
    """The reference venue in a thread of its own, so that it lives while processes are killed."""

    def __init__(self) -> None:
        self.venue: reference.ReferenceVenue
        self._loop = asyncio.new_event_loop()
        self._up = threading.Event()
        self._thread = threading.Thread(target=self._run)
        self._thread.start()
        assert self._up.wait(10)

    def _run(self) -> None:
        async def up() -> None:
            self.venue = reference.ReferenceVenue()
            await self.venue.start()
            self._up.set()

        self._loop.run_until_complete(up())
        self._loop.run_forever()

    def stop(self) -> None:
        asyncio.run_coroutine_threadsafe(self.venue.stop(), self._loop).result(10)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()

    def accepted(self) -> list[ClientOrderId | None]:
        return [deed.intent for deed in list(self.venue.deeds) if deed.what == "accepted"]


class House:
    """`python -m tests.plugged` on a data folder whose settings say real money."""

    def __init__(self, home: Path, venue: Venue) -> None:
        self.home, self.data, self.venue = home, home / "data", venue
        made = venue.venue
        (home / "config.toml").write_text(
            f'[brokers.reference]\nurl = "{made.server.url}"\nkey = "{made.key}"\nsecret = "{made.secret}"\n'
            'mode = "live"\nsilence_seconds = 30.0\n'
        )
        self.environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith(NOT_OURS)},
            **{"HOGA_HOME": str(home), "PYTHONPATH": str(ROOT), "LANG": "C.UTF-8"},
        }
        self.terminals: list[Terminal] = []

    def ask(self, *words: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "tests.plugged", *words]
        return subprocess.run(
            command, env=self.environment, capture_output=True, text=True, timeout=60, check=False, cwd=ROOT
        )

    def rows(self, slice_: Slice) -> tuple[Any, ...]:
        async def look() -> tuple[Any, ...]:
            async with connect(socket_path(self.data), SystemClock(), connect_seconds=5) as desk:
                return (await picture(desk, slice_))[slice_]

        return asyncio.run(look())

    def status(self) -> Any:
        return self.rows(Slice.STATUS)[0]

    def console(self, *words: str, width: int = 120, height: int = 40) -> Terminal:
        command = [sys.executable, "-m", "tests.plugged", *words]
        terminal = Terminal(command, width=width, height=height, environment=self.environment)
        self.terminals.append(terminal)
        return terminal

    def says(self, *commands: Command) -> list[Receipt]:
        """What the engine answers to whoever speaks its socket: no face in between."""

        async def speak() -> list[Receipt]:
            async with connect(socket_path(self.data), SystemClock(), connect_seconds=5) as desk:
                return [await desk.send(command) for command in commands]

        return asyncio.run(speak())

    def left(self) -> list[ClientOrderId]:
        journal = Journal.open(self.data / "journal.db", read_only=True)
        return [event.client_order_id for _, event in journal.replay() if isinstance(event, OrderSending)]


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    venue = Venue()
    house = House(tmp_path, venue)
    try:
        yield house
    finally:
        for terminal in house.terminals:
            terminal.__exit__(None, None, None)
        there = holding(house.data)
        if there is not None:
            os.kill(there.pid, signal.SIGKILL)
        venue.stop()


def is_loud(terminal: Terminal) -> bool:
    """LIVE in the first row, and rails of real money at both ends of the screen."""
    lines = terminal.lines
    return " LIVE " in lines[0] and all(line[0] == line[-1] == "┃" for line in lines[5:9])


def test_real_money_from_start_to_kill_and_back(house: House) -> None:
    refused = house.ask("engine", "start")
    assert refused.returncode == Exit.USAGE and "--live at the start" in refused.stderr
    assert not (house.data / "journal.db").exists()

    console = house.console("--live")  # starts the engine, and is a console on it
    console.wait(is_loud)
    there = holding(house.data)
    assert there is not None and there.card is not None and there.pid != console.process.pid
    status = house.status()
    assert (status.mode, status.trading_state) == (Mode.LIVE, TradingState.REDUCING)

    def order(price: str = "70000") -> Submit:
        request = scenes.request("buy", "1", price)
        return Submit(request=msgspec.structs.replace(request, account=MAIN))

    first = order()
    flatten, resume = Panic(flatten=True), SetTradingState(state=TradingState.ACTIVE)
    answers = house.says(first, Unlock(account=MAIN, tail="nope"), first, flatten, Unlock(account=MAIN, tail="main"))
    assert [answer.is_ok for answer in answers] == [False, False, False, True, True]
    assert answers[0].rule == "live lock" and answers[3].text.startswith("stopped"), "there is nothing to close"
    assert house.venue.accepted() == []

    second = order("69900")
    halted = SetTradingState(state=TradingState.HALTED)
    one, each = (
        SetTradingState(state=TradingState.ACTIVE, tail=tail) for tail in ("main", f"main {tail_of(reference.SECOND)}")
    )
    answers = house.says(halted, resume, one, each, second)
    assert [answer.is_ok for answer in answers] == [True, False, False, True, True], "it has two accounts"

    os.kill(there.pid, signal.SIGSTOP)  # the line stands, and nobody is there
    console.wait("does not answer since", seconds=20)
    os.kill(there.pid, signal.SIGCONT)
    console.wait(lambda t: "no engine" not in t.lines[0] and "does not answer" not in t.text, seconds=20)

    house.venue.venue.faults.put("order", Fault.ACCEPT_THEN_TIMEOUT)
    third = order("69800")
    assert house.says(third)[0].is_ok
    ids = [second.request.client_order_id, third.request.client_order_id]
    for _ in range(200):
        if house.venue.accepted() == ids:
            break
        console.read(0.05)
    os.kill(there.pid, signal.SIGKILL)  # the venue has it, and nobody was told
    console.wait("NO ENGINE")
    console.process.kill()

    assert house.ask("--live", "engine", "start").returncode == 0
    again = house.console("attach")
    again.wait(is_loud)
    for _ in range(60):
        found = {row.id: row.status for row in house.rows(Slice.ORDERS) if row.status is not OrderStatus.DENIED}
        if found == dict.fromkeys(ids, OrderStatus.OPEN):
            break
        again.read(0.1)
    assert found == dict.fromkeys(ids, OrderStatus.OPEN), "the same orders, and the UNKNOWN one is settled"
    assert house.venue.accepted() == ids and house.left() == ids, "each left once"
    assert house.status().trading_state is TradingState.REDUCING, "locked again"
    assert house.says(order("69700"))[0].rule == "live lock"
    assert house.ask("unlock", "main").returncode == 0
    (nameless,) = house.says(Panic(flatten=True))
    assert not nameless.is_ok and nameless.text.startswith("still open: reference:main, whose name's end")
    assert "entry orders are being canceled" in nameless.text
    for _ in range(60):
        if not house.status().working_orders:
            break
        again.read(0.1)
    assert not house.status().working_orders, "what needs no name is done without one"
    assert house.ask("panic", "--flatten", "--yes", "--tail", "main").returncode == 0
