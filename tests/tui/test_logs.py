"""Logs: one event is one safe line, in files that stay small and private, and nothing that fails stops anything."""

from __future__ import annotations

import asyncio
import gc
import json
import logging
import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog
from hypothesis import given
from hypothesis import strategies as st

from core.clock import ManualClock
from core.config import Log
from core.known import forget_secrets, learn_secret
from core.redact import escape, mask_account, redact, redact_value
from tui import logs as logs_module
from tui.logs import RotatedFile, set_up, write_crash

SECRET = "kQ8vT2mZ4xR7pL1n"
NOON = 1_763_640_000_123_456_789


@pytest.fixture(autouse=True)
def as_before() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level, raising = list(root.handlers), root.level, logging.raiseExceptions
    yield
    root.handlers[:], logging.raiseExceptions = handlers, raising
    root.setLevel(level)
    structlog.reset_defaults()
    forget_secrets()


def lines_of(path: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def test_an_event_is_one_line_with_time_level_and_fields(tmp_path: Path) -> None:
    path = tmp_path / "logs" / "hoga.log"
    logs = set_up(Log(), ManualClock(NOON), file=path)
    structlog.get_logger("x").info("order.sent", quantity=10, name="삼성전자\nforged line\x1b[2J\u202e")
    structlog.get_logger("x").debug("not worth a line")
    logs.close()
    assert lines_of(path) == [
        {
            "ts": "2025-11-20T12:00:00.123456Z",
            "level": "info",
            "event": "order.sent",
            "quantity": 10,
            "name": "삼성전자\\u000aforged line\\u001b[2J\\u202e",
        }
    ]
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700


def test_nothing_reaches_the_screen(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    logs = set_up(Log(level="debug"), ManualClock(NOON), file=tmp_path / "hoga.log")
    structlog.get_logger("x").error("bad")
    logging.getLogger("a.library").warning("also bad")
    logs.close()
    assert capfd.readouterr() == ("", "")
    assert [line["event"] for line in lines_of(tmp_path / "hoga.log")] == ["bad", "a.library"]


def test_standard_output_is_for_services(capfd: pytest.CaptureFixture[str]) -> None:
    set_up(Log(), ManualClock(NOON), file=None)
    structlog.get_logger("x").warning("feed.down", broker="paper")
    assert json.loads(capfd.readouterr().out)["broker"] == "paper"


def test_a_traceback_is_logged_without_local_variables(tmp_path: Path) -> None:
    logs = set_up(Log(), ManualClock(NOON), file=tmp_path / "hoga.log")
    try:
        password_inside = SECRET
        raise ValueError(f"length {len(password_inside)}")
    except ValueError:
        structlog.get_logger("x").exception("failed")
    logs.close()
    text = (tmp_path / "hoga.log").read_text(encoding="utf-8")
    assert len(text.splitlines()) == 1
    assert "test_logs.py" in text
    assert SECRET not in text


def test_secrets_and_account_numbers_do_not_get_through(tmp_path: Path) -> None:
    learn_secret(SECRET)
    logs = set_up(Log(), ManualClock(NOON), file=tmp_path / "hoga.log")
    log = structlog.get_logger("x")
    log.info("asked", url=f"https://x/y?token={SECRET}&a=1", hex=SECRET.encode().hex())
    log.info("asked", headers={"authorization": "Bearer abc", "n": ["eyJhbGciOiJI.eyJzdWIiOiIx.c2ln"]})
    log.info("balance", account="12345678-01", text="cash of 87654321-01 and U1234567", app_key="P" * 36)
    logging.getLogger("httpx").warning("POST with appkey=PSabcdef12345 failed")
    logs.close()
    text = (tmp_path / "hoga.log").read_text(encoding="utf-8")
    for hidden in (SECRET, SECRET.encode().hex(), "Bearer abc", "eyJhbGci", "1234567", "8765432", "PPPP", "PSabc"):
        assert hidden not in text
    assert "****5678-01" in text
    assert "****4321-01" in text
    assert "****4567" in text


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("paper:main", "paper:main"),
        ("kis:12345678", "kis:****5678"),
        ("12345678-01", "****5678-01"),
        ("DU1234567", "****4567"),
        ("", ""),
    ],
)
def test_an_account_keeps_its_last_four(text: str, shown: str) -> None:
    assert mask_account(text) == shown


@pytest.mark.parametrize(
    "text",
    [
        "haq2vz4x7k3m5n6p7q2r3s4t5u",  # an order id
        "b 10 005930 @70800",
        "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",  # a chain head
        "XKRX:005930 UPBIT:KRW-BTC 1763640000123456789",
        "2025-11-20T12:00:00 12345678",
    ],
)
def test_ordinary_words_stay(text: str) -> None:
    assert redact(text) == text


@given(st.text())
def test_any_text_becomes_one_safe_line(text: str) -> None:
    assert not any(ord(character) < 32 or 0x7F <= ord(character) < 0xA0 for character in escape(text))
    escape(text).encode("utf-8")


JUNK = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8) | st.binary(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


@given(st.dictionaries(st.text(max_size=10), JUNK, max_size=4))
def test_any_fields_become_one_line_of_json(fields: dict[str, object]) -> None:
    line = logs_module.Logs(logs_module.StandardOutput(), ManualClock(NOON)).line({"event": "e", **fields})
    assert line.endswith(b"\n")
    assert line.count(b"\n") == 1
    json.loads(line)


def test_what_is_deep_or_long_is_cut() -> None:
    deep: object = "x"
    for _ in range(50):
        deep = [deep]
    assert len(str(redact_value("deep", deep))) < 10_000
    assert len(redact_value("long", "y" * 1_000_000)) < 10_000


def test_the_files_stay_below_their_cap(tmp_path: Path) -> None:
    path = tmp_path / "hoga.log"
    file = RotatedFile(path, max_bytes=1000, keep=2)
    for number in range(200):
        file.write(b"%04d" % number + b"x" * 45 + b"\n")
    file.close()
    kept = sorted(found.name for found in tmp_path.iterdir())
    assert kept == ["hoga.log", "hoga.log.1", "hoga.log.2"]
    for found in tmp_path.iterdir():
        assert found.stat().st_size <= 1000
        assert found.stat().st_mode & 0o777 == 0o600
    assert path.read_bytes().splitlines()[-1].startswith(b"0199")


def test_a_file_is_continued_and_its_mode_repaired(tmp_path: Path) -> None:
    path = tmp_path / "hoga.log"
    path.write_text("before\n")
    path.chmod(0o644)
    file = RotatedFile(path, 1000, 1)
    file.write(b"after\n")
    file.close()
    assert path.read_text() == "before\nafter\n"
    assert path.stat().st_mode & 0o777 == 0o600


def test_a_link_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "target").write_text("mine")
    (tmp_path / "hoga.log").symlink_to(tmp_path / "target")
    with pytest.raises(OSError, match=r"hoga\.log"):
        RotatedFile(tmp_path / "hoga.log", 1000, 1)
    assert (tmp_path / "target").read_text() == "mine"


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")
def test_a_full_disk_costs_lines_and_nothing_else() -> None:
    file = RotatedFile(Path("/dev/full"), 1000, 0)
    file.write(b"lost\n")
    file.write(b"lost\n")
    file.close()
    assert file.lost == 2


def test_a_crash_report_holds_no_locals_and_is_private(tmp_path: Path) -> None:
    try:
        key_inside = SECRET
        raise RuntimeError(len(key_inside))
    except RuntimeError as error:
        path = write_crash(error, ManualClock(NOON), tmp_path)
    text = path.read_text()
    assert "RuntimeError" in text
    assert SECRET not in text
    assert path.stat().st_mode & 0o777 == 0o600
    assert str(os.getpid()) in path.name


def test_the_end_of_a_long_traceback_is_kept(tmp_path: Path) -> None:
    def deeper(n: int) -> None:
        if n == 0:
            raise RuntimeError("the very cause")
        try:
            deeper(n - 1)
        except Exception as error:
            raise ValueError(f"level {n} {SECRET}") from error

    learn_secret(SECRET)
    with pytest.raises(ValueError, match="level 90") as caught:
        deeper(90)
    text = write_crash(caught.value, ManualClock(NOON), tmp_path).read_text()
    assert "the very cause" in text
    assert "level 90 ***" in text
    assert SECRET not in text


async def test_what_asyncio_tells_by_itself_is_masked(tmp_path: Path) -> None:
    """Its own handler prints the message, the error and the task's arguments."""
    learn_secret(SECRET)
    logs = set_up(Log(), ManualClock(NOON), file=tmp_path / "hoga.log")

    loop = asyncio.get_running_loop()
    future = loop.create_future()
    future.set_exception(ValueError(f"nobody asked {SECRET}"))
    del future
    gc.collect()
    loop.call_exception_handler({"message": f"task {SECRET} failed", "exception": ValueError(SECRET), "key": SECRET})
    logs.close()
    found = lines_of(tmp_path / "hoga.log")
    assert [line["event"] for line in found] == ["asyncio", "asyncio"]
    assert SECRET not in str(found)


@pytest.mark.parametrize("library", ["httpx", "httpcore.http11", "websockets.client", "ib_insync.client", "eventkit"])
def test_what_libraries_log_is_masked(library: str, tmp_path: Path) -> None:
    learn_secret(SECRET)
    logs = set_up(Log(level="debug"), ManualClock(NOON), file=tmp_path / "hoga.log")
    logging.getLogger(library).error("> GET /?key=%s", SECRET, exc_info=ValueError(SECRET))
    logs.close()
    assert SECRET not in (tmp_path / "hoga.log").read_text()


def test_what_no_one_caught_is_logged(tmp_path: Path) -> None:
    logs = set_up(Log(), ManualClock(NOON), file=tmp_path / "hoga.log")
    hooks = sys.excepthook, sys.unraisablehook
    import threading

    thread_hook = threading.excepthook
    logs_module.watch_uncaught()
    try:
        thread = threading.Thread(target=lambda: 1 / 0)
        thread.start()
        thread.join()
        sys.excepthook(KeyError, KeyError("a"), None)
        sys.excepthook(KeyboardInterrupt, KeyboardInterrupt(), None)
    finally:
        sys.excepthook, sys.unraisablehook = hooks
        threading.excepthook = thread_hook
    logs.close()
    found = lines_of(tmp_path / "hoga.log")
    assert [line["event"] for line in found] == ["uncaught", "uncaught"]
    assert "ZeroDivisionError" in str(found[0]["exception"])
