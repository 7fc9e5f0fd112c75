"""An engine for real money has no terminal: what opens its secrets is asked where it is started, and handed to it so
that nobody else can read it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from core.known import forget_secrets
from core.secret import Secret
from storage.places import secrets_path
from storage.sealed import COSTS, SealedFile
from storage.secrets import pipe_of
from tests.canaries import scan
from tests.tui.test_live_engine import House, Venue
from tui.cli.asked import DESCRIPTOR, passphrase
from tui.run.card import holding

PASSPHRASE = "a passphrase of mine"


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    venue = Venue()
    made = House(tmp_path, venue)
    secret = venue.venue.secret
    file = SealedFile(secrets_path({"HOGA_HOME": str(tmp_path)}), cost=COSTS[0])
    file.change(Secret(PASSPHRASE), {"reference": Secret(secret)})
    settings = tmp_path / "config.toml"
    settings.write_text(settings.read_text().replace(secret, "file:reference"))
    yield made
    made.ask("engine", "stop", "--force")
    venue.stop()
    forget_secrets()


def test_the_passphrase_is_handed_over_once_and_is_nowhere_else() -> None:
    environ = {DESCRIPTOR: str(pipe_of(Secret(PASSPHRASE)))}
    assert passphrase(environ=environ) == Secret(PASSPHRASE)
    assert environ == {}


def test_an_engine_gets_its_passphrase_through_a_terminal_that_shows_nothing(house: House) -> None:
    with house.console("--live", "engine", "start") as terminal:
        terminal.wait("Passphrase of the secrets:")
        terminal.press(PASSPHRASE.encode() + b"\r")
        terminal.wait("the engine runs")
        assert terminal.ended() == 0
        raw = bytes(terminal.raw)
    there = holding(house.data)
    assert there is not None
    said = [Path(f"/proc/{there.pid}/{name}").read_bytes() for name in ("cmdline", "environ")]
    secret = house.venue.venue.secret
    for hidden in (PASSPHRASE.encode(), secret.encode()):
        assert not any(hidden in text for text in (raw, *said))
    assert DESCRIPTOR.encode() in said[1]
    assert not scan([house.home], [PASSPHRASE, secret]).hits
    assert house.status().badge == "LIVE", "its line to the venue stands"


def test_without_anybody_to_ask_nothing_is_started(house: House) -> None:
    done = house.ask("--live", "engine", "start")
    assert done.returncode != 0
    assert holding(house.data) is None
    assert os.fsencode(PASSPHRASE) not in done.stderr.encode()
