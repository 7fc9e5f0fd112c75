"""Upbit without a key, as a user has it: the simulated venue in a process of its own, hoga in others. Quotes to the
paper account, a line that breaks, an engine that is killed; the venue's doctor; bars that are kept."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.simulators.upbit.process import Venue
from tests.terminal import ROOT
from tui.cli import main
from tui.cli.chosen import Chosen, hoist
from tui.cli.exits import Exit

Ask = Callable[..., Any]
PATIENCE = 250
"""Looks at the engine, each of some milliseconds, before a test gives up."""


@pytest.fixture(scope="module")
def venue() -> Iterator[Venue]:
    made = Venue()
    yield made
    made.stop()


@pytest.fixture
def home(venue: Venue, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in [name for name in os.environ if name.startswith("HOGA_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("HOGA_HOME", str(tmp_path))
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    (tmp_path / "config.toml").write_text(f'[brokers.upbit]\nendpoint = "{venue.url}"\n')
    return tmp_path


@pytest.fixture
def ask(home: Path, capsys: pytest.CaptureFixture[str]) -> Ask:
    """ask("orders") -> the JSON document, on the feed's own folder."""

    def run(*words: str, code: int = Exit.OK) -> Any:
        capsys.readouterr()
        assert main(["--feed", "upbit", *words, "--json"]) == code, capsys.readouterr()
        shown = capsys.readouterr().out
        return json.loads(shown) if shown else None

    return run


def until(holds: Callable[[], Any]) -> Any:
    for _ in range(PATIENCE):
        if found := holds():
            return found
    pytest.fail("it never came")


# --- words -----------------------------------------------------------------------------------------------------------


def test_a_feed_is_chosen_anywhere_and_has_a_folder_of_its_own(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert hoist(["orders", "--feed", "upbit"]) == (Chosen(feed="upbit"), ["orders"])
    assert hoist(["--feed=upbit"]) == (Chosen(feed="upbit"), [])
    assert hoist(["--feed"])[0] is None
    assert Chosen(feed="upbit").words() == ["--feed", "upbit"]
    settings = Chosen(feed="upbit").settings()
    assert settings.storage.directory == str(home / "data" / "upbit") and settings.engine.feed == "upbit"
    assert Chosen().settings().storage.directory == ""
    for words in (
        ["--feed", "../upbit", "orders"],
        ["--feed", "upbot", "run"],
        ["--feed", "upbit", "--demo", "orders"],
    ):
        assert main(words) == Exit.USAGE, words
    assert "did you mean upbit?" in capsys.readouterr().err


def test_the_demo_has_its_own_market_whatever_the_settings_say(home: Path) -> None:
    (home / "config.toml").write_text('[engine]\nfeed = "upbit"\n')
    assert Chosen(demo=True).settings().engine.feed == "paper"
    assert Chosen().settings().storage.directory == str(home / "data" / "upbit")
    assert Chosen(feed="paper").settings().storage.directory == ""


# --- without a network -----------------------------------------------------------------------------------------------


def test_without_a_network_it_says_so_and_what_to_type(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (home / "config.toml").write_text('[brokers.upbit]\nendpoint = "http://127.0.0.1:9"\n')
    assert main(["--feed", "upbit", "run"]) == Exit.FAILED
    said = capsys.readouterr().err
    assert "upbit cannot be reached" in said and "hoga demo" in said and "Nothing was started" in said
    assert main(["doctor", "upbit"]) == Exit.FAILED
    assert "fail  reach" in capsys.readouterr().out
    assert main(["bars", "KRW-BTC"]) == Exit.FAILED
    assert main(["bars", "KRW-BTC", "--offline"]) == Exit.USAGE
    said = capsys.readouterr().err
    assert "connection refused" in said and "without --offline" in said and "Traceback" not in said


# --- with it ---------------------------------------------------------------------------------------------------------


def test_the_doctor_of_the_venue(home: Path, venue: Venue, capsys: pytest.CaptureFixture[str]) -> None:
    access, secret = "sim-access-main-0000000000000000000000001", "sim-Secret-main-4f9d27c1b0a64e0c8d5f6b7a1"
    keys = '[brokers.upbit.accounts.main]\naccess_key = "env:FEED_A"\nsecret_key = "env:FEED_S"\n'
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("FEED_A", access)
        patch.setenv("FEED_S", secret)
        (home / "config.toml").write_text(f'[brokers.upbit]\nendpoint = "{venue.url}"\n{keys}')
        assert main(["doctor", "upbit", "--json"]) == Exit.OK
        shown = capsys.readouterr()
        found = {check["name"]: check for check in json.loads(shown.out)["checks"]}
        assert {name: found[name]["level"] for name in ("reach", "clock", "stream", "limits")} == dict.fromkeys(
            ("reach", "clock", "stream", "limits"), "ok"
        )
        assert "may see balances, see orders, order" in shown.out
        assert "it has no right to look at withdrawals, as it should be" in shown.out
        assert access not in shown.out + shown.err and secret not in shown.out + shown.err
        patch.setenv("FEED_A", access)
        patch.setenv("FEED_S", secret[:-1] + "x")
        assert main(["doctor", "upbit"]) == Exit.FAILED
        assert "does not take it: jwt_verification" in capsys.readouterr().out


def test_bars_are_asked_once_and_say_what_they_cover(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["bars", "KRW-ETH", "1m", "--since", "4d", "--until", "1d", "--csv"]
    assert main(words) == Exit.OK
    first = capsys.readouterr()
    head, *rows = first.out.splitlines()
    assert head == "time,open,high,low,close,volume"
    assert "nothing missing" in first.err and "without trades" in first.err
    assert f"{len(rows):,} bars of 4,320" in first.err
    assert main(["bars", "KRW-ETH", "1m", "--since", "3d", "--until", "2d", "--offline"]) == Exit.OK
    assert "nobody was asked" in capsys.readouterr().err
    assert main(["bars", "KRW-ETH", "1h", "--since", "2d", "--json"]) == Exit.OK
    assert json.loads(capsys.readouterr().out)["instrument"] == "UPBIT:KRW-ETH"
    for wrong in (
        ["KRW-NOPE"],
        ["KRW-ETH", "7m"],
        ["KRW-ETH", "--since", "soon"],
        ["KRW-ETH", "--since", "2999-01-01"],
    ):
        assert main(["bars", *wrong]) == Exit.USAGE, wrong


def test_paper_on_real_quotes_through_cut_kill_and_restart(ask: Ask, venue: Venue) -> None:
    try:
        pid = ask("engine", "start")["pid"]
        assert until(lambda: ask("quotes", "KRW-XRP")["rows"])[0]["name_ko"]
        until(lambda: ask("quotes", "KRW-XRP")["rows"][0]["freshness"] == "live")
        ask("order", "b 5000 KRW-XRP @a")
        bought = until(lambda: [row for row in ask("orders")["rows"] if float(row["filled"]) > 0])[0]
        assert float(bought["filled"]) < 5000, "no more than the book shows"

        venue.stop()
        until(lambda: not all(feed["is_connected"] for feed in ask("status")["rows"][0]["feeds"]))
        assert ask("quotes", "KRW-XRP")["rows"][0]["freshness"] == "stale"
        assert ask("order", "b 10 KRW-XRP @a", code=Exit.FAILED)["rule"] == "live quote"
        venue.start()
        until(lambda: ask("quotes", "KRW-XRP")["rows"][0]["freshness"] == "live")
        ask("cancel", "KRW-XRP")
        until(lambda: not [row for row in ask("orders")["rows"] if row["status"] == "open"])
        held = ask("positions")["rows"]

        os.kill(pid, signal.SIGKILL)
        stored = until(lambda: (found := ask("positions"))["source"] != "engine" and found)
        assert [row["quantity"] for row in stored["rows"]] == [row["quantity"] for row in held]
        assert stored["rows"][0]["name"] == "XRP", "what was listed is known without the network"
        ask("engine", "start")
        assert [row["quantity"] for row in ask("positions")["rows"]] == [row["quantity"] for row in held]
    finally:
        main(["--feed", "upbit", "engine", "stop", "--force"])
