"""`hoga secrets`: typed without echo, read from descriptors, found again, and never shown."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from core.known import forget_secrets
from storage import sealed
from tests.terminal import hoga
from tui.cli import main
from tui.cli.asked import DESCRIPTOR

PASSPHRASE, KEY = "a passphrase of mine", "kQ8vT2mZ4xR7pL1n"


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.setenv("HOGA_HOME", str(tmp_path))
    monkeypatch.delenv("HOGA_SECRET_SESSION", raising=False)
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "keyring.backends.fail.Keyring")
    monkeypatch.setattr("storage.secrets.close_memory", lambda: True)
    monkeypatch.setattr(sealed, "PAUSE_SECONDS", 0.0)
    monkeypatch.setattr(sealed, "_affordable", lambda: sealed.COSTS[0])
    yield tmp_path
    forget_secrets()


@contextmanager
def descriptor(text: str) -> Iterator[int]:
    reader, writer = os.pipe()
    os.write(writer, text.encode())
    os.close(writer)
    yield reader


def run(monkeypatch: pytest.MonkeyPatch, *words: str, passphrase: str = PASSPHRASE, given: str = "") -> int:
    with descriptor(passphrase + "\n") as opened, descriptor(given) as typed:
        monkeypatch.setenv(DESCRIPTOR, str(opened))
        with os.fdopen(typed) as stdin:
            monkeypatch.setattr(sys, "stdin", stdin)
            return main(["secrets", *words])


def test_what_is_typed_is_not_shown_and_is_found_again(
    home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with hoga("secrets", "set", "upbit-secret", home=home, PYTHON_KEYRING_BACKEND="keyring.backends.fail.Keyring") as t:
        for prompt, text in (("New passphrase", PASSPHRASE), ("same again", PASSPHRASE), ("upbit-secret:", KEY)):
            t.wait(prompt)
            t.press(text.encode() + b"\r")
        t.wait("the settings name it file:upbit-secret")
        assert t.ended() == 0
        raw = bytes(t.raw)
    assert PASSPHRASE.encode() not in raw
    assert KEY.encode() not in raw
    assert KEY.encode() not in b"".join(path.read_bytes() for path in home.rglob("*") if path.is_file())
    assert run(monkeypatch, "list", "--json") == 0
    assert json.loads(capsys.readouterr().out) == {"secrets": [{"name": "upbit-secret", "place": "file"}]}


def test_a_pipe_gives_one_too_and_check_says_where_it_is(
    home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (home / "config.toml").write_text(
        '[brokers.upbit.accounts.main]\naccess_key = "env:KIS_KEY"\nsecret_key = "file:kis"\n'
        "[brokers.upbit.accounts.second]\n"  # its keys have names by default
    )
    assert run(monkeypatch, "set", "kis", given=f"{KEY}\nmore\n") == 0
    assert run(monkeypatch, "check", "--json") == 1
    monkeypatch.setenv("KIS_KEY", "PSabcdEFGH1234")
    monkeypatch.setenv("HOGA_SECRET_UPBIT_ACCESS_KEY", "another one of ours")
    monkeypatch.setenv("HOGA_SECRET_UPBIT_SECRET_KEY", "and one more of ours")
    assert run(monkeypatch, "check") == 0
    assert not [name for name in os.environ if name == "KIS_KEY" or name.startswith("HOGA_SECRET_")]
    shown = capsys.readouterr()
    assert "file:kis" in shown.out
    assert "no environment variable KIS_KEY" in shown.out
    assert "upbit-access-key  env" in shown.out
    for hidden in (KEY, "of ours", "PSabcdEFGH1234", PASSPHRASE):
        assert hidden not in shown.out + shown.err


def test_the_passphrase_can_be_changed(
    home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(monkeypatch, "passphrase") == 1
    assert run(monkeypatch, "set", "kis", given=KEY) == 0
    with hoga("secrets", "passphrase", home=home, PYTHON_KEYRING_BACKEND="keyring.backends.fail.Keyring") as t:
        for prompt, text in (("Passphrase of", PASSPHRASE), ("New", "another of mine"), ("again", "another of mine")):
            t.wait(prompt)
            t.press(text.encode() + b"\r")
        t.wait("opens by the new")
        assert t.ended() == 0
        assert b"of mine" not in bytes(t.raw)
    assert run(monkeypatch, "list", passphrase=PASSPHRASE) == 5
    assert run(monkeypatch, "list", passphrase="another of mine") == 0
    assert "kis" in capsys.readouterr().out


def test_removing_says_what_was_there(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(monkeypatch, "set", "kis", given=KEY) == 0
    assert run(monkeypatch, "rm", "kis") == 0
    assert "removed from the file" in capsys.readouterr().out
    assert run(monkeypatch, "rm", "kis") == 1
    assert run(monkeypatch, "list") == 0
    assert "no secret is kept" in capsys.readouterr().err


@pytest.mark.parametrize("words", [["set", "kis", KEY], ["set", KEY], ["set", "keyring:kis"], ["check", KEY]])
def test_a_secret_on_the_command_line_is_refused_and_not_repeated(
    words: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(monkeypatch, *words, given=KEY) in (1, 2)
    shown = capsys.readouterr()
    assert KEY not in shown.out + shown.err


def test_a_wrong_passphrase_says_what_to_do(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(monkeypatch, "set", "kis", given=KEY) == 0
    assert run(monkeypatch, "list", passphrase="another passphrase") == 5
    assert "does not open" in capsys.readouterr().err
    assert run(monkeypatch, "set", "kis", passphrase="another passphrase", given="something else") == 5


def test_neither_a_secret_that_is_too_short_nor_its_length_is_told(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(monkeypatch, "list", passphrase="four", given=KEY) == 0  # there is no file yet: nothing is asked
    assert run(monkeypatch, "set", "kis", given="kQ8vT") == 2
    told = capsys.readouterr().err
    assert "6 to 8192 characters" in told and "5" not in told and "kQ8vT" not in told


@pytest.mark.parametrize("number", ["x", "-1", "9" * 20, "2147483648"])
def test_what_is_no_descriptor_is_said(
    number: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(monkeypatch, "set", "kis", given=KEY) == 0
    monkeypatch.setenv(DESCRIPTOR, number)
    assert main(["secrets", "list"]) == 2
    assert "not the number of a descriptor" in capsys.readouterr().err


def test_systemd_hands_the_passphrase_over(
    home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(monkeypatch, "set", "kis", given=KEY) == 0
    folder = home / "credentials"
    folder.mkdir()
    (folder / "hoga-passphrase").write_text(PASSPHRASE)
    monkeypatch.delenv(DESCRIPTOR, raising=False)
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(folder))
    assert main(["secrets", "list"]) == 0
    assert "kis" in capsys.readouterr().out
