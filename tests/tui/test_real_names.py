"""`hoga panic --flatten` against an engine with two accounts of real money: it stops at once, whatever is typed later,
and closes the accounts whose names were typed, no others. `hoga risk
accept` asks for the same names."""

from __future__ import annotations

import asyncio
import io
import json
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from core.domain.account import Mode, TradingState
from core.domain.events import AccountListed, GateChanged, OrderFilled, Sweep
from core.domain.ids import AccountId, FillId
from core.domain.limits import RiskLimits
from tests import scenes
from tests.scenes import ACCOUNT
from tests.stage import Stage, stage
from tui.cli import main
from tui.cli.exits import Exit
from tui.run.doors import served

SPARE = AccountId("paper:spare")


class House:
    """A stage that runs in a thread of its own and answers on the desk socket of a data folder."""

    def __init__(self, data: Path, *, is_real: bool = True, **more: Any) -> None:
        self._data, self._is_real, self._more = data, is_real, more
        self._up, self._loop = threading.Event(), asyncio.new_event_loop()
        self.made: Stage
        self._thread = threading.Thread(target=lambda: self._loop.run_until_complete(self._run()))
        self._thread.start()
        assert self._up.wait(20)

    async def _run(self) -> None:
        self._end = asyncio.Event()
        async with stage(**self._more) as self.made, served(self.made.program, self._data):
            feed, state = self.made.program.runner.feed, self.made.state
            account, now = state.accounts[ACCOUNT], self.made.clock.now()
            for name in (ACCOUNT, SPARE):
                mode = Mode.LIVE if self._is_real else Mode.PAPER
                feed(AccountListed(ts=now, account=msgspec.structs.replace(account, id=name, mode=mode)))
                feed(GateChanged(ts=now, account=name, is_open=True))
                held = msgspec.structs.replace(scenes.fill("buy", "10", "71000"), account=name, fill_id=FillId(name))
                feed(OrderFilled(ts=now, fill=held))
            await self.made.settle()
            self._up.set()
            await self._end.wait()

    def close(self) -> None:
        self._loop.call_soon_threadsafe(self._end.set)
        self._thread.join(20)
        self._loop.close()

    @property
    def closing(self) -> set[AccountId | None]:
        return {account for account, sweep in self.made.state.curbs.sweeps.items() if sweep is Sweep.FLATTEN}


@pytest.fixture
def house_of(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., House]]:
    monkeypatch.setenv("HOGA_HOME", str(tmp_path))
    (tmp_path / "data").mkdir(mode=0o700)
    made: list[House] = []

    def make(**more: Any) -> House:
        made.append(House(tmp_path / "data", **more))
        return made[-1]

    yield make
    for house in made:
        house.close()


def typed(monkeypatch: pytest.MonkeyPatch, *lines: str) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO("".join(f"{line}\n" for line in lines)))


def test_one_name_closes_one_account_and_the_other_is_asked_for_again(
    house_of: Callable[..., House], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    house = house_of()
    typed(monkeypatch, "main", "")
    assert main(["panic", "--flatten", "--json"]) == Exit.FAILED
    assert house.closing == {ACCOUNT}
    assert {house.made.state.told_state(a) for a in (ACCOUNT, SPARE)} == {TradingState.REDUCING}
    shown = capsys.readouterr()
    assert "(main pare)" in shown.err and "still open: paper:spare" in shown.err
    receipt = json.loads(shown.out)
    assert not receipt["is_ok"] and "closing main. Trading is stopped" in receipt["text"]
    assert main(["panic", "--flatten", "--tail", "pare"]) == Exit.OK
    assert house.closing == {ACCOUNT, SPARE}


def test_a_mistyped_name_is_asked_for_again(house_of: Callable[..., House], monkeypatch: pytest.MonkeyPatch) -> None:
    house = house_of()
    typed(monkeypatch, "mian pare", "main")
    assert main(["panic", "--flatten"]) == Exit.OK
    assert house.closing == {ACCOUNT, SPARE}


@pytest.mark.parametrize("lines", [(), ("",), ("FLATTEN", "")], ids=["nobody", "nothing", "a word for play money"])
def test_trading_has_stopped_before_a_name_is_asked_for(
    lines: tuple[str, ...],
    house_of: Callable[..., House],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    house = house_of()
    typed(monkeypatch, *lines)
    assert main(["panic", "--flatten"]) == Exit.FAILED
    assert not house.closing
    assert house.made.state.told_state(SPARE) is TradingState.REDUCING
    said = capsys.readouterr().err
    assert "no position was closed" in said or "still open: paper:main, paper:spare" in said


@pytest.mark.parametrize(("word", "is_closed"), [("FLATTEN", True), ("flatten", False), ("", False)])
def test_play_money_wants_the_word_after_it_has_stopped(
    word: str, is_closed: bool, house_of: Callable[..., House], monkeypatch: pytest.MonkeyPatch
) -> None:
    house = house_of(is_real=False)
    typed(monkeypatch, word)
    assert main(["panic", "--flatten"]) == (Exit.OK if is_closed else Exit.FAILED)
    assert house.made.state.told_state(ACCOUNT) is TradingState.REDUCING
    assert bool(house.closing) is is_closed


def test_to_let_all_trade_again_takes_each_name(
    house_of: Callable[..., House], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    house = house_of()
    typed(monkeypatch)
    assert main(["state", "paused"]) == main(["state", "reducing"]) == Exit.OK
    assert "Type" not in capsys.readouterr().err, "to tighten asks for nothing"
    assert main(["state", "paused"]) == Exit.FAILED and house.made.state.told_state(SPARE) is TradingState.REDUCING
    capsys.readouterr()
    for word, is_open in (("main", False), ("main pare", True)):
        typed(monkeypatch, word)
        assert main(["state", "active"]) == (Exit.OK if is_open else Exit.FAILED)
        assert (house.made.state.told_state(SPARE) is TradingState.ACTIVE) is is_open
        assert "(main pare)" in capsys.readouterr().err


# --- looser limits, found at a restart ------------------------------------------------------------------------------


def restarted(path: Path) -> dict[str, Any]:
    """The journal of an engine with a tighter limit, and settings that would loosen it."""

    async def before() -> None:
        async with stage(path, limits=RiskLimits(max_open_orders=5)):
            pass

    asyncio.run(before())
    return {"path": path, "limits": RiskLimits(max_open_orders=50)}


@pytest.mark.parametrize(
    ("is_real", "word", "is_loosened"),
    [
        (True, "main pare", True),
        (True, "main", False),
        (True, "LOOSEN", False),
        (True, None, False),
        (False, "LOOSEN", True),
        (False, "main pare", False),
    ],
)
def test_looser_limits_wait_for_the_names_of_real_money(
    is_real: bool,
    word: str | None,
    is_loosened: bool,
    tmp_path: Path,
    house_of: Callable[..., House],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    house = house_of(is_real=is_real, **restarted(tmp_path / "before.db"))
    typed(monkeypatch, *([] if word is None else [word]))
    assert main(["risk", "accept"]) == (Exit.OK if is_loosened else Exit.FAILED)
    assert house.made.engine.gate.limits.max_open_orders == (50 if is_loosened else 5)
    shown = capsys.readouterr()
    assert ("(main pare)" in shown.err) is is_real
    assert is_loosened or "nothing was loosened" in shown.err
    assert main(["risk", "--json"]) == Exit.OK
    limits = {row["name"]: row for row in json.loads(capsys.readouterr().out)["limits"]}
    assert limits["max_open_orders"]["waiting"] == ("" if is_loosened else "50"), "it says what waits"
    if is_loosened:
        assert main(["risk", "accept"]) == Exit.FAILED
        said = capsys.readouterr().err
        assert "no limit waits" in said and "Type" not in said, "nobody is asked for nothing"
