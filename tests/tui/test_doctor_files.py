"""What `hoga doctor` says of files that others may read, write or exchange; each finding is an exit code."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from core.known import forget_secrets
from core.secret import Secret
from storage.places import secrets_path
from storage.sealed import COSTS, SealedFile
from tui.cli import main
from tui.cli.exits import Exit


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A used home: data with exports, a log, settings, and a file of secrets."""
    for name in [name for name in os.environ if name.startswith("HOGA_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("HOGA_HOME", str(tmp_path))
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "keyring.backends.fail.Keyring")
    for folder in ("data", "data/exports", "log"):
        (tmp_path / folder).mkdir(mode=0o700)
    for file in ("data/tape.gz", "data/exports/a.csv", "log/hoga.log", "log/hoga.log.1", "log/crash-1-2.txt"):
        (tmp_path / file).touch(0o600)
    (tmp_path / "config.toml").write_text("")
    SealedFile(secrets_path(), cost=COSTS[0]).change(Secret("a passphrase"), {"a": Secret("a secret")})
    yield tmp_path
    forget_secrets()


def levels(capsys: pytest.CaptureFixture[str]) -> dict[str, str]:
    capsys.readouterr()
    code = main(["doctor", "--json"])
    told = json.loads(capsys.readouterr().out)
    assert code == (Exit.OK if told["ok"] else Exit.FAILED)
    return {check["name"]: check["level"] for check in told["checks"] if check["level"] != "ok"}


def test_a_home_of_ones_own_is_fine(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert levels(capsys) == {}


def moved(path: Path) -> None:
    elsewhere = path.with_name("elsewhere")
    path.rename(elsewhere)
    path.symlink_to(elsewhere)


WRONG: dict[str, tuple[str, Callable[[Path], object]]] = {
    "an export others may read": ("data folder", lambda home: (home / "data/exports/a.csv").chmod(0o644)),
    "a folder others may list": ("data folder", lambda home: (home / "data/exports").chmod(0o755)),
    "a link": ("data folder", lambda home: moved(home / "data/tape.gz")),
    "a log others may read": ("logs", lambda home: (home / "log/hoga.log").chmod(0o640)),
    "an older log": ("logs", lambda home: (home / "log/hoga.log.1").chmod(0o604)),
    "a crash report": ("logs", lambda home: (home / "log/crash-1-2.txt").chmod(0o644)),
    "settings others may write": ("settings file", lambda home: (home / "config.toml").chmod(0o666)),
    "settings others may exchange": ("settings file", lambda home: home.chmod(0o777)),
    "secrets others may read": ("secrets", lambda home: secrets_path().chmod(0o640)),
    "a folder of secrets others may list": ("secrets", lambda home: secrets_path().parent.chmod(0o750)),
    "secrets behind a link": ("secrets", lambda home: moved(secrets_path())),
}


@pytest.mark.parametrize("wrong", WRONG)
def test_what_others_could_do_is_found(wrong: str, home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    name, spoil = WRONG[wrong]
    spoil(home)
    assert levels(capsys)[name] == "fail"


@pytest.mark.skipif(os.geteuid() != 0, reason="giving a file to another user needs root")
@pytest.mark.parametrize("file", ["data/tape.gz", "log/hoga.log", "config.toml", "data/secrets/secrets.json"])
def test_what_is_anothers_is_found(file: str, home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    os.chown(home / file, 12345, -1)
    assert "fail" in levels(capsys).values()


def test_a_secret_written_into_the_settings_is_warned_of(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (home / "config.toml").write_text(
        '[brokers.x]\nsecret_key = "PSabcdEFGH1234"\n[brokers.y.a]\ntoken = "keyring:t"\n'
    )
    assert levels(capsys) == {"secrets": "warn"}
    main(["doctor"])
    shown = capsys.readouterr().out
    assert "brokers.x.secret_key" in shown
    assert "PSabcd" not in shown


def test_a_secret_left_in_the_environment_is_warned_of(
    home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("HOGA_SECRET_KIS", "not to be shown")
    assert levels(capsys) == {"secrets": "warn"}
