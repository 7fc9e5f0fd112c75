"""The command line without an engine: words, settings, exit codes, and what happens when nobody answers."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import typer

from brokers.registry import names
from core.config import Settings
from core.domain import errors
from core.version import VERSION
from tui.cli import main
from tui.cli.chosen import Chosen, hoist
from tui.cli.exits import Exit, exit_code
from tui.cli.start import read_speed


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("HOGA_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    return tmp_path / "home"


# --- words -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "chosen", "rest"),
    [
        ([], Chosen(), []),
        (["demo"], Chosen(), ["demo"]),
        (["demo", "--config", "x.toml"], Chosen(config="x.toml"), ["demo"]),
        (["--config=x.toml", "orders", "--live"], Chosen(config="x.toml", live=True), ["orders"]),
        (["orders", "--demo", "--json"], Chosen(demo=True), ["orders", "--json"]),
        (["order", "--", "--live"], Chosen(), ["order", "--", "--live"]),
        (["orders", "--config"], None, ["orders", "--config"]),
        (["--config", "--live"], None, ["--config", "--live"]),
    ],
)
def test_options_for_all_stand_anywhere(words: list[str], chosen: Chosen | None, rest: list[str]) -> None:
    assert hoist(words) == (chosen, rest)


@pytest.mark.parametrize(("text", "speed"), [("1x", 1.0), ("60x", 60.0), ("0.5", 0.5), ("max", 0.0)])
def test_a_speed(text: str, speed: float) -> None:
    assert read_speed(text) == speed


@pytest.mark.parametrize("text", ["", "x", "0", "-1x", "nan", "inf", "1e9x", "fast"])
def test_what_is_no_speed(text: str) -> None:
    with pytest.raises(errors.ConfigError, match="--speed"):
        read_speed(text)


def test_version_and_help(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["version"]) == 0
    assert capsys.readouterr().out == f"hoga {VERSION}\n"
    assert main(["--help"]) == 0
    assert "hoga panic" in capsys.readouterr().out


@pytest.mark.parametrize("words", [["nonsense"], ["orders", "--nonsense"], ["--config"], ["cancel"], ["replay"]])
def test_wrong_words_are_code_2(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(words) == Exit.USAGE
    assert capsys.readouterr().out == ""


# --- exit codes ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (errors.ConfigError("a"), 2),
        (errors.InvalidValue("a"), 2),
        (errors.RiskDenied("collar", "1", "2", "a"), 1),
        (errors.DeskUnavailable("a"), 1),
        (errors.JournalInUse("a"), 3),
        (errors.JournalBroken("a"), 4),
        (errors.JournalUnavailable("a"), 5),
        (errors.StorageError("a"), 5),
        (errors.TapeError("a"), 6),
        (ExceptionGroup("g", [ExceptionGroup("h", [errors.TapeError("a")])]), 6),
        (PermissionError(13, "denied", "file"), 5),
        (KeyboardInterrupt(), 130),
        (ExceptionGroup("g", [typer.Abort()]), 130),
    ],
)
def test_an_error_is_its_code_and_no_traceback(
    error: BaseException, code: int, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail() -> int:
        raise error

    assert exit_code(fail) == code
    assert "Traceback" not in capsys.readouterr().err


def test_a_bug_leaves_a_report_without_locals(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    def fail() -> int:
        password = "correct horse"
        return 1 // (len(password) - 13)

    assert exit_code(fail) == Exit.BUG
    said = capsys.readouterr().err
    path = Path(said.split(" is at ")[1].strip().rstrip("."))
    text = path.read_text()
    assert path.is_relative_to(home)
    assert "ZeroDivisionError" in text
    assert "correct horse" not in text


def test_a_bug_beside_a_known_error_is_a_bug() -> None:
    def fail() -> int:
        raise ExceptionGroup("g", [errors.TapeError("a"), KeyError("b")])

    assert exit_code(fail) == Exit.BUG


def test_hostile_words_in_an_error_do_not_reach_the_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    def fail() -> int:
        raise errors.ConfigError("name \x1b]0;owned\x07\u202e")

    exit_code(fail)
    assert not {"\x1b", "\x07", "\u202e"} & set(capsys.readouterr().err)


# --- settings --------------------------------------------------------------------------------------------------------


NO_ACCOUNT = '[brokers.upbit]\nmode = "live"'


@pytest.mark.parametrize(
    ("text", "words", "missing"),
    [
        ("", ["--live", "run"], ['mode = "live" in [brokers.NAME]']),
        ("", ["--live", "engine", "start"], ['mode = "live" in [brokers.NAME]']),
        ('[brokers.paper]\nmode = "live"', ["run"], ["--live at the start", "a live venue of the broker paper"]),
        ('[brokers.upbit]\nmode = "LIVE"', ["run", "--duration", "0"], ["brokers.upbit", '"paper" or "live"']),
        ('[brokers.upbit]\nmode = ["live"]', ["run", "--duration", "0"], ["brokers.upbit", '"paper" or "live"']),
        ('[brokers.paper]\nmode = "live"', ["--live", "run"], ["a live venue of the broker paper"]),
        ('[brokers.paper]\nmode = "live"', ["engine", "start"], ["--live at the start"]),
        ("", ["--demo", "--live", "run"], ["the demo is play money"]),
        ('[brokers.paper]\nmode = "live"', ["--demo", "--live", "engine", "start"], ["the demo is play money"]),
        ('[brokers.nosuch]\nmode = "live"', ["--live", "run"], ["there is no broker 'nosuch'"]),
        (NO_ACCOUNT, ["--live", "run", "--duration", "0"], ["an account", "[brokers.upbit.accounts.main]"]),
        (
            f"{NO_ACCOUNT}\naccounts = {{}}",
            ["--live", "engine", "start"],
            ["an account", "[brokers.upbit.accounts.main]"],
        ),
        (NO_ACCOUNT, ["engine", "start"], ["--live at the start", "[brokers.upbit.accounts.main]"]),
    ],
)
def test_real_money_needs_two_words_and_a_venue_and_names_what_is_missing(
    home: Path, text: str, words: list[str], missing: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    home.mkdir(parents=True, exist_ok=True)
    file = home / "live.toml"
    file.write_text(text)
    assert main(["--config", str(file), *words]) == Exit.USAGE
    said = capsys.readouterr().err
    assert all(part in said for part in missing), said
    assert "Nothing was started" in said or "no broker" in said
    assert not (home / "data" / "journal.db").exists()


@pytest.mark.parametrize(
    ("text", "level", "said"),
    [
        ("", "ok", "no broker"),
        (NO_ACCOUNT, "fail", "[brokers.upbit.accounts.main]"),
        (f"{NO_ACCOUNT}\naccounts = 3", "fail", "brokers.upbit.accounts"),
        (f'{NO_ACCOUNT}\n[brokers.upbit.accounts.main]\naccess_key = "file:a"', "ok", "--live"),
    ],
)
def test_doctor_says_whether_real_money_could_be_started(
    home: Path, text: str, level: str, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    home.mkdir(parents=True, exist_ok=True)
    file = home / "live.toml"
    file.write_text(text)
    main(["--config", str(file), "doctor", "--json"])
    found = {check["name"]: check for check in json.loads(capsys.readouterr().out)["checks"]}["real money"]
    assert found["level"] == level and said in found["text"], found


def test_reading_verbs_need_no_word(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--live", "keys"]) == 0


def test_the_shown_settings_are_a_file_that_reads_the_same(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["config", "show", "--default"]) == 0
    text = capsys.readouterr().out
    tomllib.loads(text)
    file = tmp_path / "hoga.toml"
    file.write_text(text, encoding="utf-8")
    assert Chosen(config=str(file)).settings() == Settings(brokers={name: {} for name in names()})
    assert main(["config", "check", "--config", str(file)]) == 0
    assert "load_symbols" in text


def test_a_wrong_setting_names_file_and_key(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "hoga.toml"
    file.write_text("[console]\nlangage = 'ko'\n")
    assert main(["config", "check", "--config", str(file)]) == Exit.USAGE
    said = capsys.readouterr().err
    assert str(file) in said
    assert "langage" in said
    assert "language" in said


def test_a_wrong_broker_setting_is_found_too(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "hoga.toml"
    file.write_text("[brokers.paper]\nspeeed = 2\n")
    assert main(["config", "check", "--config", str(file)]) == Exit.USAGE
    assert "speeed" in capsys.readouterr().err


def test_the_path_of_the_settings(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["config", "path"]) == 0
    assert Path(capsys.readouterr().out.strip()).is_relative_to(home)


def test_the_demo_has_a_folder_of_its_own() -> None:
    mine, demo = Chosen().settings(), Chosen(demo=True).settings()
    assert mine.storage.directory == ""
    assert Path(demo.storage.directory).name == "demo"


def test_kinds_of_strategies(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["strategies", "--kinds", "--json"]) == 0
    kinds = {kind["kind"]: kind for kind in json.loads(capsys.readouterr().out)["kinds"]}
    assert "fast" in kinds["ma_cross"]["params"]
    assert all(kind["text"] for kind in kinds.values())


# --- nobody answers --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("words", [["order", "b 1 005930"], ["cancel", "all"], ["state", "paused"], ["positions"]])
def test_without_an_engine_nothing_is_sent(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(words) == Exit.FAILED
    assert "hoga run" in capsys.readouterr().err


def test_panic_without_an_engine_writes_the_halt_file(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["panic"]) == Exit.FAILED
    halt = home / "data" / "halt"
    assert halt.stat().st_mode & 0o777 == 0o600
    assert str(halt) in capsys.readouterr().err


def test_panic_works_with_settings_that_cannot_be_read(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "hoga.toml"
    file.write_text(f"[console]\nlangage = 'ko'\n[storage]\ndirectory = '{tmp_path / 'mine'}'\n")
    assert main(["panic", "--config", str(file)]) == Exit.FAILED
    assert (tmp_path / "mine" / "halt").exists()


def test_panic_that_can_do_nothing_shouts(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "blocked").write_text("a file where the folder should be")
    file = tmp_path / "hoga.toml"
    file.write_text(f"[storage]\ndirectory = '{tmp_path / 'blocked'}'\n")
    assert main(["panic", "--config", str(file)]) == Exit.FAILED
    assert "NOTHING WAS STOPPED" in capsys.readouterr().err


def test_flatten_without_an_engine_halts_before_anything_is_asked(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import io

    monkeypatch.setattr(sys, "stdin", io.StringIO(""))
    assert main(["panic", "--flatten"]) == Exit.FAILED
    assert (home / "data" / "halt").exists()


def test_there_is_no_journal_yet(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["journal", "verify"]) == Exit.STORAGE
    assert "first starts" in capsys.readouterr().err


def test_doctor_on_a_fresh_machine(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["doctor", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["ok"]
    assert {"python", "terminal", "settings", "disk", "fsync", "journal", "engine"} <= {
        c["name"] for c in found["checks"]
    }


def test_doctor_sees_what_is_wrong(home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (home / "data").mkdir(parents=True)
    (home / "data").chmod(0o755)
    (home / "data" / "halt").write_text("")
    file = tmp_path / "hoga.toml"
    file.write_text("[risk]\nno_such_limit = 1\n")
    assert main(["doctor", "--json", "--config", str(file)]) == Exit.FAILED
    levels = {check["name"]: check["level"] for check in json.loads(capsys.readouterr().out)["checks"]}
    assert levels["settings"] == "fail"
    assert levels["data folder"] == "fail"
    assert levels["halt file"] == "warn"


@pytest.mark.parametrize("verb", [["demo"], ["replay", "somewhere.tape"]])
def test_a_screen_without_a_terminal_is_refused_in_words(verb: list[str], tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", "import sys; from tui.cli import main; sys.exit(main())", *verb],
        cwd=Path(__file__).resolve().parents[2],
        env=os.environ | {"HOGA_HOME": str(tmp_path)},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert done.returncode == 2
    assert "needs a terminal" in done.stderr
    assert not (tmp_path / "data").exists()
