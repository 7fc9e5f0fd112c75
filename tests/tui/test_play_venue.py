"""A rehearsal on a wire: an endpoint and an account in a broker's section, and orders go there with play money, into
data of their own. Never where real money or a feed was asked for."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest

from core.config import Engine, Settings
from core.domain.errors import ConfigError
from tests.terminal import ROOT
from tui.cli.chosen import Chosen
from tui.run.venues import play_name

START = "import sys; from tui.cli import main; sys.exit(main())"
PLAY: dict[str, Any] = {"endpoint": "http://127.0.0.1:1", "accounts": {"main": {}}}


@pytest.mark.parametrize(
    ("section", "feed", "name"),
    [
        (PLAY, "paper", "upbit"),
        (PLAY, "upbit", ""),
        ({**PLAY, "mode": "live"}, "paper", ""),
        ({"endpoint": PLAY["endpoint"]}, "paper", ""),
        ({"accounts": PLAY["accounts"]}, "paper", ""),
        ({}, "paper", ""),
    ],
)
def test_which_broker_is_played(section: dict[str, Any], feed: str, name: str) -> None:
    assert play_name(Settings(brokers={"upbit": section}, engine=Engine(feed=feed))) == name


def test_two_endpoints_are_one_too_many() -> None:
    with pytest.raises(ConfigError, match="at one broker"):
        play_name(Settings(brokers={"upbit": PLAY, "other": PLAY}))


def test_its_data_are_its_own() -> None:
    def folder(**chosen: Any) -> str:
        return Path(Chosen(**chosen).placed(Settings(brokers={"upbit": PLAY})).storage.directory or "plain").name

    assert (folder(), folder(demo=True), folder(feed="upbit")) == ("upbit-play", "demo", "upbit")
    live = Settings(brokers={"upbit": {"mode": "live", "accounts": {"main": {}}}})
    assert Chosen(live=True).placed(live).storage.directory == "" == Chosen().placed(Settings()).storage.directory


def test_an_order_goes_over_the_wire_and_back(tmp_path: Path) -> None:
    """The engine and the command line as a person starts them, against the simulated Upbit of the other process."""
    from tests.simulators.upbit.plug import KEYS, MAIN

    venue = subprocess.Popen(
        [sys.executable, "-m", "tests.simulators.upbit", "--still"],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert venue.stdout is not None
    url = venue.stdout.readline().split()[0]
    config = tmp_path / "hoga.toml"
    config.write_text(
        f'[brokers.upbit]\nendpoint = "{url}"\n[brokers.upbit.accounts.main]\n'
        'access_key = "env:SIM_ACCESS"\nsecret_key = "env:SIM_SECRET"\n'
    )
    access, secret = KEYS[MAIN]
    given = {**os.environ, "XDG_DATA_HOME": str(tmp_path / "data")}
    command = [sys.executable, "-c", START, "--config", str(config)]
    keyed = {**given, "SIM_ACCESS": access, "SIM_SECRET": secret}
    engine = subprocess.Popen(
        [*command, "run"], cwd=ROOT, env=keyed, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    assert engine.stdout is not None
    try:
        for line in engine.stdout:
            if "ready for orders" in line:
                break
        threading.Thread(target=engine.stdout.read, daemon=True).start()
        done = subprocess.run(
            [*command, "order", "b 2 krw-sol @mkt"], cwd=ROOT, env=given, capture_output=True, text=True, timeout=60
        )
        assert "is filled, 2 filled" in done.stdout, done.stdout + done.stderr
        assert (tmp_path / "data" / "hoga" / "upbit-play" / "journal.db").exists()
    finally:
        for process in (engine, venue):
            process.terminate()
        for process in (engine, venue):
            process.wait(15)
            if process.stdout is not None:
                process.stdout.close()
