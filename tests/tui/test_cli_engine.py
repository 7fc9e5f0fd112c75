"""The command line against a running engine: one `hoga run` in a process of its own, asked by the verbs of this one."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from core.domain.ids import instrument_id
from core.domain.market import NS, Aggressor, Quote, Trade
from tui.cli import main
from tui.cli.exits import Exit

ROOT = Path(__file__).resolve().parents[2]
RUN = "import sys; from tui.cli import main; sys.exit(main())"
SECONDS = 60
Hoga = Callable[..., Any]


def environment(home: Path) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("HOGA_")}
    paths = os.pathsep.join(filter(None, (str(ROOT), os.environ.get("PYTHONPATH", ""))))
    return {**kept, "HOGA_HOME": str(home), "PYTHONPATH": paths, "LANG": "C.UTF-8"}


def hoga_process(home: Path, *words: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", RUN, *words]
    return subprocess.Popen(command, env=environment(home), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("engine")


@pytest.fixture(scope="module")
def engine(home: Path) -> Iterator[subprocess.Popen[str]]:
    """A running engine whose gate is open."""
    (home / "config.toml").write_text(
        '[strategies.trend]\nkind = "ma_cross"\ninstruments = ["005930"]\n[risk]\nmax_order_quantity = 500\n'
    )
    running = hoga_process(home, "run", "--duration", str(SECONDS))
    assert running.stdout is not None
    for line in running.stdout:
        if json.loads(line)["event"] == "gate":
            break
    else:
        pytest.fail(f"the engine ended: {running.communicate()[1]}")
    yield running
    running.terminate()
    running.communicate(timeout=SECONDS)


@pytest.fixture
def hoga(engine: object, home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Hoga:
    """hoga("orders", code=0) -> the JSON document; the exit code and the single document are checked."""
    for name in [name for name in os.environ if name.startswith("HOGA_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("HOGA_HOME", str(home))

    def run(*words: str, code: int = 0) -> Any:
        assert main([*words, "--json"]) == code, capsys.readouterr()
        shown = capsys.readouterr().out
        return json.loads(shown) if shown else None

    return run


def test_figures_come_from_the_engine(hoga: Hoga) -> None:
    found = hoga("quotes")
    assert found["source"] == "engine"
    by_code = {row["code"]: row for row in found["rows"]}
    assert by_code["005930"]["bid"] < by_code["005930"]["ask"]
    assert [row["code"] for row in hoga("quotes", "005930", "UPBIT:KRW-BTC")["rows"]] == ["005930", "KRW-BTC"]
    assert hoga("status")["rows"][0]["badge"] == "PAPER"
    assert hoga("strategies")["rows"][0]["name"] == "trend"
    assert {row["scope"] for row in hoga("pnl")["rows"]} >= {"total", "account"}


def test_an_order_rests_and_is_canceled_by_the_beginning_of_its_id(hoga: Hoga) -> None:
    sent = hoga("order", "b 3 005930")
    assert sent["order"]["status"] == "open"
    assert sent["order"]["source"] == "cli"
    assert sent["preview"]["checks_passed"] == sent["preview"]["checks_total"]
    id = sent["client_order_id"]
    assert id in [row["id"] for row in hoga("orders")["rows"]]
    newer = [hoga("order", f"b {n} 005930 @b-1%")["client_order_id"] for n in (1, 2)]
    assert [row["id"] for row in hoga("orders")["rows"]][:3] == [*reversed(newer), id], "as on the screen"
    assert all(hoga("cancel", other)["is_ok"] for other in newer)
    assert hoga("cancel", id[:9])["is_ok"]
    after = {row["id"]: row["status"] for row in hoga("orders", "005930")["rows"]}
    assert after[id] == "canceled"
    assert hoga("cancel", id[:9], code=Exit.USAGE) is None


def test_a_market_order_fills_and_the_figures_agree(hoga: Hoga) -> None:
    sent = hoga("order", "b", "0.01", "KRW-BTC", "@mkt")
    assert sent["order"]["status"] == "filled"
    fills = [row for row in hoga("fills", "KRW-BTC")["rows"] if row["client_order_id"] == sent["client_order_id"]]
    assert sum(float(fill["quantity"]) for fill in fills) == 0.01
    position = hoga("positions", "KRW-BTC")["rows"][0]
    assert float(position["quantity"]) == 0.01
    assert hoga("order", "x KRW-BTC @mkt")["is_ok"]


def test_a_dry_run_sends_nothing(hoga: Hoga) -> None:
    before = len(hoga("orders", "--all")["rows"])
    assert hoga("order", "b 7 005930", "--dry-run")["text"] == "would be sent"
    refused = hoga("order", "b 501 005930", "--dry-run", code=Exit.FAILED)
    assert refused["rule"]
    assert len(hoga("orders", "--all")["rows"]) == before


def test_a_refusal_names_rule_limit_and_figure(hoga: Hoga) -> None:
    refused = hoga("order", "b 501 005930", code=Exit.FAILED)
    assert refused["rule"]
    assert "500" in refused["text"]
    assert "501" in refused["text"]


@pytest.mark.parametrize(
    "line", ["", "b", "b 1 nosuchthing", "b 1 005930 @70850", "b NaN 005930", "z" * 5000, "b 1 \x1b[2J"]
)
def test_a_line_that_cannot_be_read_is_code_2_and_sends_nothing(
    hoga: Hoga, line: str, capsys: pytest.CaptureFixture[str]
) -> None:
    before = len(hoga("orders", "--all")["rows"])
    assert main(["order", line, "--json"]) == Exit.USAGE
    shown = capsys.readouterr()
    assert shown.out == ""
    assert "\x1b" not in shown.err
    assert "Nothing was sent" in shown.err
    assert len(hoga("orders", "--all")["rows"]) == before


def test_panic_stops_and_the_state_is_unlocked_by_hand(hoga: Hoga, home: Path) -> None:
    resting = hoga("order", "b 2 005930")["client_order_id"]
    assert hoga("panic")["is_ok"]
    assert hoga("status")["rows"][0]["trading_state"] == "reducing"
    assert {row["id"]: row["status"] for row in hoga("orders")["rows"]}[resting] == "canceled"
    assert hoga("order", "b 1 005930", code=Exit.FAILED)["rule"]
    assert hoga("state", "active")["is_ok"]
    assert hoga("order", "b 1 005930")["order"]["status"] == "open"
    assert hoga("cancel", "all")["is_ok"]
    assert not (home / "data" / "halt").exists()


def test_strategies_are_started_and_stopped(hoga: Hoga) -> None:
    assert hoga("strategy", "trend", "start")["is_ok"]
    assert hoga("strategies")["rows"][0]["status"] == "running"
    assert hoga("strategy", "trend", "stop")["is_ok"]
    assert hoga("strategies")["rows"][0]["status"] == "stopped"
    assert not hoga("strategy", "nosuch", "start", code=Exit.FAILED)["is_ok"]


def test_tables_are_for_people(hoga: Hoga, capsys: pytest.CaptureFixture[str]) -> None:
    for verb in ("quotes", "positions", "orders", "fills", "pnl", "strategies", "log", "status"):
        assert main([verb]) == 0
        shown = capsys.readouterr()
        assert "\x1b" not in shown.out
        assert shown.out.splitlines() or shown.err


def test_the_journal_is_read_beside_the_engine(hoga: Hoga, capsys: pytest.CaptureFixture[str]) -> None:
    found = hoga("journal", "verify")
    assert found["first_bad"] is None
    assert found["events"] > 0
    assert main(["journal", "show", "--from", "2", "--limit", "3"]) == 0
    assert [json.loads(line)["seq"] for line in capsys.readouterr().out.splitlines()] == [2, 3, 4]
    assert {check["name"]: check for check in hoga("doctor")["checks"]}["engine"]["text"].startswith("hoga ")


def test_a_second_engine_is_refused(hoga: Hoga, home: Path) -> None:
    second = hoga_process(home, "run", "--duration", "1")
    _, said = second.communicate(timeout=SECONDS)
    assert second.returncode == Exit.IN_USE
    assert "Traceback" not in said
    assert hoga("status")["source"] == "engine"


def test_output_whose_reader_goes_away_is_no_bug(hoga: Hoga, home: Path) -> None:
    command = f"{sys.executable} -c '{RUN}' journal show | head -n 1"
    done = subprocess.run(
        ["/bin/sh", "-c", command], env=environment(home), capture_output=True, text=True, timeout=SECONDS, check=False
    )
    assert json.loads(done.stdout)["seq"] == 1
    assert done.stderr == ""


def test_a_stopped_engine_keeps_its_word(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """SIGTERM ends it cleanly; the next run and the reading verbs know everything."""
    running = hoga_process(tmp_path, "run", "--duration", str(SECONDS))
    assert running.stdout is not None
    for line in running.stdout:
        if json.loads(line)["event"] == "gate":
            break
    monkeypatch.setenv("HOGA_HOME", str(tmp_path))
    assert main(["order", "b 3 005930"]) == 0
    running.send_signal(signal.SIGTERM)
    out, said = running.communicate(timeout=SECONDS)
    assert (running.returncode, said) == (0, "")
    assert json.loads(out.splitlines()[-1])["event"] == "stopped"
    assert not (tmp_path / "data" / "desk.sock").exists()
    asked = subprocess.run(
        [sys.executable, "-c", RUN, "orders", "--json"],
        env=environment(tmp_path),
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=True,
    )
    found = json.loads(asked.stdout)
    assert found["source"] == "journal"
    assert [row["status"] for row in found["rows"]] == ["open"]


def test_headless_imports_no_screen(tmp_path: Path) -> None:
    code = (
        "import sys; from tui.cli import main; code = main(['run', '--duration', '0.2']); "
        "screen = sorted(name for name in sys.modules if name.split('.')[0] in ('textual', 'rich', 'tui.app')); "
        "sys.exit(code or (repr(screen) if [n for n in screen if n.startswith('textual')] else 0))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        env=environment(tmp_path),
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")


def test_the_console_starts_without_what_comes_on_use() -> None:
    """Before the first frame: Textual, msgspec and sqlite3, nothing heavier, and no command line parser."""
    code = (
        "import sys; import tui.cli, tui.cli.opening, tui.run.screen, tui.app, storage.journal, storage.settings\n"
        "import brokers.paper.broker, tui.logs\n"
        "heavy = 'pandas numpy sqlalchemy alembic httpx websockets ib_insync typer structlog'.split()\n"
        "print([name for name in heavy if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


# --- replay ----------------------------------------------------------------------------------------------------------


@pytest.fixture
def tape(tmp_path: Path) -> Path:
    """A short day, recorded by hoga's own recorder."""
    from storage.recorder import TapeRecorder

    recorder = TapeRecorder(tmp_path / "home" / "data" / "tapes")
    coin = instrument_id("UPBIT", "KRW-BTC")
    start = 1_763_600_000 * NS
    for number in range(600):
        at = start + number * NS
        price = 100_000_000.0 + 10_000 * (number % 40) - 100 * number
        recorder.record(Quote(coin, price - 1000, 2.0, price + 1000, 2.0, at, at))
        recorder.record(Trade(coin, price, 0.1, Aggressor.BUY, at, at))
    recorder.close()
    return next((tmp_path / "home" / "data" / "tapes").iterdir())


def replayed(tmp_path: Path, tape: str) -> tuple[int, str, str]:
    words = ["replay", tape, "--headless", "--speed", "max", "--json"]
    done = subprocess.run(
        [sys.executable, "-c", RUN, *words],
        env=environment(tmp_path / "home"),
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )
    return done.returncode, done.stdout, done.stderr


def test_a_replay_ends_with_one_document_and_repeats_itself(tmp_path: Path, tape: Path) -> None:
    code, first, said = replayed(tmp_path, str(tape))
    assert code == 0, said
    report = json.loads(first)
    assert report["events"] == 1200
    assert report["dropped"] == 0
    by_date = tape.name.split(".")[0]
    again = json.loads(replayed(tmp_path, by_date)[1])
    assert again["digest"] == report["digest"]
    assert (again["orders"], again["fills"]) == (report["orders"], report["fills"])


def test_a_cut_tape_is_code_6_and_still_tells(tmp_path: Path, tape: Path) -> None:
    cut = tmp_path / "cut.tape.gz"
    cut.write_bytes(tape.read_bytes()[:-200])
    code, out, said = replayed(tmp_path, str(cut))
    assert code == Exit.TAPE
    assert str(cut) in said
    assert out == "" or json.loads(out)["events"] >= 0


def test_a_tape_that_is_not_there(tmp_path: Path) -> None:
    code, out, said = replayed(tmp_path, "2001-01-01")
    assert (code, out) == (Exit.TAPE, "")
    assert "2001-01-01" in said


# --- an engine that does not answer, and the demo --------------------------------------------------------------------


def test_panic_reaches_an_engine_that_hangs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody answers within 0.2 s: the halt file is written, and the engine obeys it as soon as it can move."""
    running = hoga_process(tmp_path, "run", "--duration", str(SECONDS))
    assert running.stdout is not None
    for line in running.stdout:
        if json.loads(line)["event"] == "gate":
            break
    monkeypatch.setenv("HOGA_HOME", str(tmp_path))
    assert main(["status"]) == 0
    running.send_signal(signal.SIGSTOP)
    try:
        assert main(["panic"]) == Exit.FAILED
        assert (tmp_path / "data" / "halt").exists()
    finally:
        running.send_signal(signal.SIGCONT)
    for line in running.stdout:
        if "HALTED" in json.loads(line).get("text", ""):
            break
    assert main(["order", "b 1 005930"]) == Exit.FAILED
    (tmp_path / "data" / "halt").unlink()
    assert main(["state", "active"]) == 0
    assert main(["order", "b 2 005930"]) == 0
    running.terminate()
    running.communicate(timeout=SECONDS)
    assert running.returncode == 0


def test_a_second_terminal_reaches_the_demo(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """`hoga demo` in a real terminal; `hoga --demo ...` from this one. Closing the terminal ends it."""
    pty = pytest.importorskip("pty")
    import select

    code = RUN.replace("main()", "main(['demo'])")
    child, master = pty.fork()
    if child == 0:
        os.execve(
            sys.executable,
            [sys.executable, "-c", code],
            {**environment(tmp_path), "TERM": "xterm-256color", "COLUMNS": "100", "LINES": "30"},
        )
    written = b""
    while b"PAPER" not in written:
        assert select.select([master], [], [], SECONDS)[0], written[-500:]
        written += os.read(master, 65536)
    monkeypatch.setenv("HOGA_HOME", str(tmp_path))
    os.set_blocking(master, False)
    found: dict[str, Any] = {}
    for _ in range(100):  # the socket opens about when the first frame is drawn
        if main(["--demo", "status", "--json"]) == 0:
            found = json.loads(capsys.readouterr().out)
            if found["source"] == "engine":
                break
        select.select([master], [], [], 0.1)
        try:
            os.read(master, 65536)
        except BlockingIOError:
            continue
    assert found["source"] == "engine"
    assert found["rows"][0]["badge"] == "PAPER"
    os.kill(child, signal.SIGTERM)
    _drain(master)
    _, status = os.waitpid(child, 0)
    assert os.waitstatus_to_exitcode(status) == 0
    os.close(master)


def _drain(master: int) -> None:
    """Read what a terminal still gets until its other end closes."""
    import select

    while select.select([master], [], [], SECONDS)[0]:
        try:
            if not os.read(master, 65536):
                return
        except BlockingIOError:
            continue
        except OSError:
            return
