"""The console and its terminal: how it is left, suspended, resized, and what it never writes. In a real
pseudo-terminal, on the scripted desk, whose market stands still."""

from __future__ import annotations

import os
import random
import signal
import sys
import termios
import time
from pathlib import Path

import pytest

from tests.terminal import Terminal, hoga

ENTERED = (b"\x1b[?1049h", b"\x1b[?25l", b"\x1b[?2004h", b"\x1b[?1004h")
LEFT = (b"\x1b[?1049l", b"\x1b[?25h", b"\x1b[?2004l", b"\x1b[?1004l", b"\x1b[?7h")
MOUSE = (b"\x1b[?1000h", b"\x1b[?1002h", b"\x1b[?1003h", b"\x1b[?1006h", b"\x1b[?1015h", b"\x1b[?1016h")


def start(tmp_path: Path, *more: str, width: int = 120, height: int = 40) -> Terminal:
    command = [sys.executable, "-m", "tests.tui.console_child", str(tmp_path / "report"), *more]
    terminal = Terminal(command, width=width, height=height)
    terminal.found = termios.tcgetattr(terminal.master)  # type: ignore[attr-defined]
    terminal.wait("1 UNKNOWN order")
    terminal.watch(1.2)  # into the second in which the collector comes back
    return terminal


def is_stopped(pid: int) -> bool:
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "T"


def leave(terminal: Terminal) -> int:
    terminal.press(b"\x11")
    return terminal.ended()


def test_at_rest_nothing_is_written(tmp_path: Path) -> None:
    with start(tmp_path) as terminal:
        before = terminal.received
        terminal.watch(4.0)
        assert terminal.received == before
        assert leave(terminal) == 0


def test_the_mouse_is_the_terminals_and_everything_is_given_back(tmp_path: Path) -> None:
    with start(tmp_path) as terminal:
        assert leave(terminal) == 0
        raw = bytes(terminal.raw)
        assert all(sequence in raw for sequence in (*ENTERED, *LEFT))
        assert not any(sequence in raw for sequence in MOUSE)
        assert termios.tcgetattr(terminal.master) == terminal.found  # type: ignore[attr-defined]


def test_sigterm_gives_the_terminal_back(tmp_path: Path) -> None:
    with start(tmp_path) as terminal:
        begun = time.monotonic()
        os.kill(terminal.process.pid, signal.SIGTERM)
        assert terminal.ended() == 0
        assert time.monotonic() - begun < 1.5
        assert LEFT[0] in terminal.raw
        assert termios.tcgetattr(terminal.master) == terminal.found  # type: ignore[attr-defined]
    assert (tmp_path / "report").read_text() == "None 0\n"


@pytest.mark.parametrize("owner", [(), ("engine",)], ids=["attached", "own engine"])
def test_ctrl_z_suspends_and_the_picture_comes_back_whole(tmp_path: Path, owner: tuple[str, ...]) -> None:
    with start(tmp_path, *owner) as terminal:
        terminal.press(b"j")
        terminal.watch(0.1)
        terminal.press(b"b")
        terminal.wait("Value")
        terminal.watch(0.3)
        before, pid = terminal.lines, terminal.process.pid
        terminal.press(b"\x1a")
        if owner:
            terminal.wait("suspending stops the engine too")
            assert not is_stopped(pid)
            terminal.watch(0.1)  # as a hand would
            terminal.press(b"\x1a")
        terminal.wait(lambda t: is_stopped(pid) or not t.read(0.05))
        terminal.wait(lambda t: is_stopped(pid))
        terminal.watch(0.1)
        assert LEFT[0] in terminal.raw
        assert termios.tcgetattr(terminal.master) == terminal.found  # type: ignore[attr-defined]
        terminal.screen.reset()
        terminal.raw.clear()
        os.kill(pid, signal.SIGCONT)
        terminal.wait("Value")
        terminal.watch(0.3)
        same = [y for y, (one, other) in enumerate(zip(before, terminal.lines, strict=True)) if one != other]
        assert len(same) <= (2 if owner else 0)  # the warning still stands there
        assert ENTERED[0] in terminal.raw
        terminal.press(b"\x1b")
        terminal.wait(lambda t: "Value" not in t.text)
        assert leave(terminal) == 0
        assert termios.tcgetattr(terminal.master) == terminal.found  # type: ignore[attr-defined]


def test_stopped_and_continued_by_others_it_has_one_reader_and_leaves_cleanly(tmp_path: Path) -> None:
    with start(tmp_path) as terminal:
        pid = terminal.process.pid
        threads = len(os.listdir(f"/proc/{pid}/task"))
        for _ in range(3):
            os.kill(pid, signal.SIGSTOP)
            terminal.wait(lambda t: is_stopped(pid) or not t.read(0.05))
            terminal.screen.reset()
            os.kill(pid, signal.SIGCONT)
            terminal.wait("Samsung")
        terminal.watch(0.3)
        assert len(os.listdir(f"/proc/{pid}/task")) < threads + 3  # one may come for other reasons, not two each time
        assert leave(terminal) == 0
        assert termios.tcgetattr(terminal.master) == terminal.found  # type: ignore[attr-defined]


def test_a_storm_of_sizes_ends_in_the_right_picture(tmp_path: Path) -> None:
    with start(tmp_path) as terminal:
        before, rng = terminal.lines, random.Random(1)
        for _ in range(200):
            terminal.resize(rng.randint(1, 300), rng.randint(1, 100))
            terminal.read(0.005)
        terminal.resize(120, 40)
        terminal.wait(lambda t: t.lines == before)
        assert leave(terminal) == 0


def test_focus_reports_and_cursor_replies_are_no_keys(tmp_path: Path) -> None:
    with start(tmp_path) as terminal:
        terminal.watch(0.3)
        before = terminal.lines
        for reply in (b"\x1b[O", b"\x1b[I", b"\x1b[5;23R", b"\x1b[1;2R", b"\x1b[?2026;2$y"):
            terminal.press(reply)
            terminal.watch(0.2)
        assert terminal.lines == before
        assert leave(terminal) == 0
    assert (tmp_path / "report").read_text() == "0 0\n"


def test_bytes_that_are_no_utf8_are_told_and_dropped(tmp_path: Path) -> None:
    with start(tmp_path) as terminal:
        terminal.press(b"\xb0\xa1\xff")
        terminal.wait("not UTF-8")
        terminal.press(b"\x1b")
        terminal.watch(0.3)  # else it is Alt+b
        terminal.press(b"b")
        terminal.wait("Value")
        terminal.press(b"\x1b")
        terminal.watch(0.3)
        assert leave(terminal) == 0


# ---- the probe

ASKED, ROW = b"\x1b[6n", b"\x1b[5;"
NARROW, WIDE = ROW + b"23R", ROW + b"25R"


@pytest.mark.parametrize(
    ("reply", "mark"),
    [
        (NARROW, "│"),
        (WIDE, "|"),
        (b"", "│"),
        (b"\x1b[?62;22c\x1bP1$r0m\x1b\\b 10 005930\r", "│"),
        (b"b\rjunk" + WIDE + b"B\r", "|"),
    ],
    ids=["narrow", "wide", "silent", "garbage", "typed over"],
)
def test_the_terminal_is_asked_before_the_first_picture(tmp_path: Path, reply: bytes, mark: str) -> None:
    with hoga("demo", home=tmp_path) as terminal:
        terminal.replies = {ASKED: reply} if reply else {}
        found = termios.tcgetattr(terminal.master)
        terminal.wait("Samsung")
        terminal.wait(lambda t: mark in t.text)
        assert not {"│", "|"} - {mark} & set(terminal.text)
        assert "Value" not in terminal.text and "dropped" not in terminal.text  # no reply became a key
        assert bytes(terminal.raw).index(ASKED) < bytes(terminal.raw).index(ENTERED[0])
        terminal.press(b"\x11")
        assert terminal.ended() == 0
        assert termios.tcgetattr(terminal.master) == found


def test_a_late_answer_is_heard_and_is_no_key(tmp_path: Path) -> None:
    with hoga("demo", home=tmp_path) as terminal:
        terminal.wait(lambda t: "│" in t.text and "Samsung" in t.text)
        terminal.press(WIDE)
        terminal.wait(lambda t: "│" not in t.text and "|" in t.text)
        assert "Value" not in terminal.text
        terminal.press(b"\x11")
        assert terminal.ended() == 0


def test_doctor_asks_the_terminal_and_leaves_it_as_it_was(tmp_path: Path) -> None:
    with hoga("doctor", home=tmp_path) as terminal:
        terminal.replies = {b"\x1b[?2004$p": b"\x1b[?2004;2$y", ASKED: WIDE}  # as they are asked
        found = termios.tcgetattr(terminal.master)
        terminal.wait("two cells wide (answered in")
        terminal.wait("bracketed paste; not said: synchronized output")
        terminal.wait("16.7 million")
        terminal.ended()
        assert termios.tcgetattr(terminal.master) == found
    with hoga("doctor", home=tmp_path) as terminal:
        terminal.wait("no answer within 150 ms how wide lines are; they are taken for one cell wide")
        terminal.wait("but paste into : only")


@pytest.mark.parametrize("kind", ["dumb", "", "unknown"])
def test_a_terminal_that_cannot_is_refused_in_words(tmp_path: Path, kind: str) -> None:
    with hoga("demo", home=tmp_path, TERM=kind) as terminal:
        terminal.wait("Nothing was started")
        terminal.ended()
        assert ENTERED[0] not in terminal.raw


@pytest.mark.parametrize("kind", ["linux", "xterm", "xterm-16color"])
def test_sixteen_colours_are_the_terminals_own(tmp_path: Path, kind: str) -> None:
    with hoga("demo", home=tmp_path, TERM=kind, COLORTERM="") as terminal:
        terminal.wait("Samsung")
        terminal.wait("PAPER")
        assert b"38;2;" not in terminal.raw and b"38;5;" not in terminal.raw
        if kind == "linux":
            assert "│" not in terminal.text


def test_another_locale_gets_ascii_unless_the_terminal_speaks_for_itself(tmp_path: Path) -> None:
    with hoga("demo", home=tmp_path / "silent", LC_ALL="C") as terminal:
        terminal.wait(lambda t: "Samsung" in t.text and "|" in t.text)
        assert "│" not in terminal.text
    with hoga("demo", home=tmp_path / "answers", LC_ALL="C") as terminal:
        terminal.replies = {ASKED: NARROW}
        terminal.wait(lambda t: "Samsung" in t.text and "│" in t.text)
