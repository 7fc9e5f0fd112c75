"""Every command of the manual is run as written: those that draw a screen in a real terminal, the others by the
command line against an engine that runs beside them."""

from __future__ import annotations

import io
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import redirect_stdout
from pathlib import Path

import pytest

from core.domain.market import NS
from storage.recorder import TapeRecorder
from tests.house.sources import ROOT
from tests.scenes import quote
from tests.simulators.upbit.process import Venue
from tests.terminal import hoga
from tui.cli import main
from tui.cli.exits import Exit

DOCS = ROOT / "docs"
SCREENS = {"", "demo", "console", "replay", "attach"}
"""Verbs that open the console, unless they are told not to."""
QUIET = ("--headless", "--json", "--help", "-h", "--out")
FOREGROUND = {"run"}
"""Verbs that stay until they are told to stop."""
ELSEWHERE = re.compile(r"\.\.\.|[A-Z]{3,}(?![a-z-])|ssh|systemctl|\.service")
"""Lines with a place to fill in are patterns, not commands (symbols of the market aside)."""
MARKET = re.compile(r"\b(AAPL|NVDA|TSLA|SPY|KRW-[A-Z]+|USDT-[A-Z]+|NAVER|KR-main)\b")
ENGINE = ("start", "status", "logs", "stop")
ALLOWED = {
    Exit.OK,
    Exit.FAILED,  # answered, and in words: a rule refuses, nothing fits, the machine lacks something
}
AN_ORDER = "a91f"
"""The id that the manual uses for an order of the reader's."""
RECORDED = 1_795_046_400 * NS
"""A noon of the day that the manual plays again."""


def commands() -> list[tuple[str, str]]:
    """(page, command) of every `hoga ...` line in a fenced block of the manual, without its remark."""
    found: dict[str, str] = {}
    for page in (ROOT / "README.md", *sorted(DOCS.glob("*.md"))):
        for kind, block in re.findall(r"^```(\w*)\n(.*?)^```", page.read_text("utf-8"), re.M | re.S):
            if kind not in ("", "sh", "bash", "console"):
                continue
            for line in block.splitlines():
                command = re.split(r"\s{2,}#|\s#\s", line.strip())[0].strip()
                if re.match(r"hoga( |$)", command):
                    found.setdefault(command, page.name)
    return [(page, command) for command, page in found.items() if not ELSEWHERE.search(MARKET.sub("", command))]


def kinds() -> dict[str, list[tuple[str, str]]]:
    sorted_: dict[str, list[tuple[str, str]]] = {"screen": [], "foreground": [], "engine": [], "plain": []}
    for page, command in commands():
        words = [w for w in shlex.split(command)[1:] if w != "--demo"]
        verb = next((w for w in words if not w.startswith("-")), "")
        is_quiet = any(word in QUIET for word in words)
        if verb == "engine":
            sorted_["engine"].append((page, command))
        elif verb in FOREGROUND:
            sorted_["foreground"].append((page, command))
        elif (verb in SCREENS and not is_quiet) or "--listen" in words:
            sorted_["screen"].append((page, command))
        else:
            sorted_["plain"].append((page, command))
    return sorted_


KINDS = kinds()


def files(folder: Path, venue: str = "http://127.0.0.1:9") -> None:
    """What the commands of the manual read: settings, a recorded day, recorded frames. Upbit is one of this machine."""
    upbit = f'[brokers.upbit]\nendpoint = "{venue}"\n'
    (folder / "hoga.toml").write_text('[console]\nlanguage = "en"\n')
    (folder / "config.toml").write_text(f'{upbit}[strategies.trend]\nkind = "ma_cross"\ninstruments = ["005930"]\n')
    (folder / "frames.ndjson").write_text('{"status":"UP"}\n')
    for name in ("list.txt", "main.txt"):
        (folder / name).write_text("005930\nAAPL\nKRW-BTC\n")
    recorder = TapeRecorder(folder / "data" / "tapes")
    for second in range(120):
        recorder.record(quote(71_000 + second, 71_100 + second, RECORDED + second * NS))
    recorder.flush()
    (tape,) = (folder / "data" / "tapes").glob("*.gz")
    shutil.copy(tape, folder / "day.tape.gz")


@pytest.fixture(scope="module")
def venue() -> Iterator[str]:
    made = Venue()
    yield made.url
    made.stop()


@pytest.fixture(scope="module")
def home(venue: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A data folder whose engine runs."""
    folder = tmp_path_factory.mktemp("manual")
    files(folder, venue)
    with engine(folder, ["run"]) as running:
        try:
            monkey = pytest.MonkeyPatch()
            with monkey.context() as patched:
                patched.setenv("HOGA_HOME", str(folder))
                said = io.StringIO()
                with redirect_stdout(said):  # what the examples close, list and look at
                    assert main(["order", "b 20 005930 @a+3", "--json"]) == Exit.OK
                assert main(["journal", "export", str(folder / "journal.jsonl")]) == Exit.OK
                (folder / "order").write_text(json.loads(said.getvalue())["client_order_id"])
            yield folder
        finally:
            running.kill()


def engine(folder: Path, words: list[str]) -> subprocess.Popen[str]:
    """`hoga WORDS` in the foreground, its gate open."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("HOGA_")}
    environment |= {"HOGA_HOME": str(folder), "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-c", "import sys; from tui.cli import main; sys.exit(main())", *words]
    running = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert running.stdout is not None
    for line in running.stdout:
        if json.loads(line)["event"] == "gate":
            return running
    pytest.fail(f"the engine ended: {running.communicate()[1]}")


def test_the_manual_has_commands_of_each_kind() -> None:
    assert len(KINDS["plain"]) >= 12
    assert len(KINDS["screen"]) >= 3


@pytest.mark.parametrize(("page", "command"), KINDS["plain"], ids=[c for _, c in KINDS["plain"]])
def test_a_command_of_the_manual_does_what_it_says(
    page: str, command: str, home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in [name for name in os.environ if name.startswith("HOGA_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("HOGA_HOME", str(home))
    monkeypatch.chdir(home)
    words = shlex.split(command.replace(AN_ORDER, (home / "order").read_text()))[1:]
    if ">" in words:
        words = words[: words.index(">")]
    code = main(words)
    shown = capsys.readouterr()
    assert code in ALLOWED, f"{page}: {command}: exit {code}: {shown.err or shown.out}"
    assert shown.out or shown.err, f"{page}: {command} says nothing"


@pytest.mark.parametrize(("page", "command"), KINDS["foreground"], ids=[c for _, c in KINDS["foreground"]])
def test_a_command_of_the_manual_runs_until_it_is_told_to_stop(page: str, command: str, tmp_path: Path) -> None:
    files(tmp_path)
    running = engine(tmp_path, shlex.split(command)[1:])
    running.terminate()
    _, told = running.communicate(timeout=30)
    assert running.returncode == Exit.OK, f"{page}: {command}: {told}"


def test_the_engine_of_the_manual_starts_answers_and_stops(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Each `hoga engine` line as written, on an engine that the first of them starts."""
    files(tmp_path)
    monkeypatch.setenv("HOGA_HOME", str(tmp_path))
    said = sorted((command for _, command in KINDS["engine"]), key=lambda line: ENGINE.index(shlex.split(line)[2]))
    assert {shlex.split(line)[2] for line in said} == set(ENGINE)
    try:
        for line in said:
            if shlex.split(line)[2] == "stop":
                main(["engine", "start"])  # the line before may have stopped it
            capsys.readouterr()
            words = [word for word in shlex.split(line)[1:] if word != "--follow"]  # that one stays until Ctrl+C
            assert main(words) == Exit.OK, f"{line}: {capsys.readouterr().err}"
            assert capsys.readouterr().out, f"{line} says nothing"
    finally:
        main(["engine", "stop", "--force"])


@pytest.mark.parametrize(("page", "command"), KINDS["screen"], ids=[c for _, c in KINDS["screen"]])
def test_a_command_of_the_manual_opens_its_screen(page: str, command: str, home: Path, tmp_path: Path) -> None:
    files(tmp_path)
    words = shlex.split(re.sub(r"~/|(?=day\.tape)", f"{tmp_path}/", command))[1:]
    if "attach" in words:  # to the engine that runs
        words = [str(home / "data" / word.rpartition("/")[2]) if "/" in word else word for word in words]
    with hoga(*words, home=home if "attach" in words else tmp_path) as terminal:
        if "--listen" in words:
            terminal.wait("press")
            terminal.press(b"\x03")
            terminal.press(b"\x03")
        else:
            terminal.wait(lambda t: any(badge in t.lines[0] for badge in ("PAPER", "REHEARSAL", "REPLAY")))
            terminal.press(b"\x11")
        assert terminal.ended() in (0, 130), f"{page}: {command}:\n{terminal.text}"
