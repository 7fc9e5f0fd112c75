"""Noise into the keyboard: `python -m tests.tui.fuzz_keys --seconds 60 --seed 1`. Random bytes, pieces of UTF-8,
Hangul, replies of terminals and halves of them go through a real pseudo-terminal into the real console, on paper and
live. Without Enter and a second Ctrl+X, which both mean "do it", nothing may reach the desk and nothing may break.

Prints orders, cancels and other commands that reached the desk, and crashes; the exit code is 1 unless all are 0."""

from __future__ import annotations

import argparse
import asyncio
import fcntl
import os
import pty
import re
import select
import struct
import sys
import tempfile
import termios
from collections import Counter
from pathlib import Path
from random import Random

import msgspec

from core.clock import SystemClock

ROOT = Path(__file__).resolve().parents[2]
CLOCK = SystemClock()
LIFE = 15.0
"""Seconds of noise for one console; then it must still leave when it is asked to."""
LEAVE = b"\x11"

REPLIES = (
    b"\x1b[?62;22c",
    b"\x1b[>0;276;0c",
    b"\x1bP1$r0m\x1b\\",
    b"\x1bP>|term 1.0\x1b\\",
    b"\x1b]11;rgb:1e1e/2525/2e2e\x1b\\",
    b"\x1b]10;rgb:ffff/ffff/ffff\x07",
    b"\x1b]52;c;YiAxMA==\x07",
    b"\x1b[12;40R",
    b"\x1b[?2026;2$y",
    b"\x1b[?1u",
    b"\x1b[0n",
    b"\x1b[I",
    b"\x1b[O",
    b"\x1b[<0;33;12M",
    b"\x1b[<0;33;12m",
    b"\x1b[M !!",
    b"\x1b_Gi=31;OK\x1b\\",
    b"\x1b[48;40;120;800;1200t",
    b"\x1b[8;40;120t",
    b"\x1b[200~b 10 005930 @71000\x1b[201~",
    b"\x1b[200~c all",
    b"\x1b[98;1:3u",
    b"\x1b[98;2;66u",
    b"\x1b[99999999u",
    b"\x1b[121;1;121u",
    b"\x1b[1114112;1;1114112u",
    b"\x1b[3;5~",
)
KEYS = (
    *(bytes([byte]) for byte in b"bsBSxXmJKcCutPiade/?:!fhjklGgvznN0123456789.,<>=*~`@ qy"),
    *(b"\x1b[A", b"\x1b[B", b"\x1b[C", b"\x1b[D", b"\x1b[5~", b"\x1b[6~", b"\t", b"\x1b[Z", b"\x7f", b"\x1b"),
    *(bytes([number]) for number in (1, 2, 4, 5, 6, 12, 14, 15, 16, 20, 21, 22, 23, 25, 27)),
    *(character.encode() for character in "ㅠㄴㅌㅁㅛㅃㅆ부산삼주식ㄳ한"),
    *(f"\x1b[{number}~".encode() for number in (11, 12, 13, 14, 15, 17, 19, 20, 21, 23, 24)),
    b"\x1bb",
    b"\x1bx",
)
GO = re.compile(rb"[\r\n\x18\x11\x1a]|\x1bOM|\x1b\[[\d;:]*(?:13|57414|120|113|122)[\d;:]*[u~]")
"""What means Enter, Ctrl+X, leaving or Ctrl+Z, which stops the program, in any protocol."""


def noise(random: Random) -> bytes:
    """A piece of what may come in by accident; never Enter."""
    match random.randrange(6):
        case 0:
            piece = random.randbytes(random.randint(1, 60))
        case 1:
            piece = b"".join(random.choices(KEYS, k=random.randint(1, 12)))
        case 2:
            reply = random.choice(REPLIES)
            cut = random.randint(0, len(reply))
            piece = reply[:cut] if random.random() < 0.3 else reply
        case 3:
            text = "".join(
                chr(random.choice((random.randint(32, 126), random.randint(0xAC00, 0xD7A3)))) for _ in "1234"
            )
            piece = text.encode()[random.randint(0, 2) :]
        case 4:
            piece = b"\x1b[" + bytes(random.choices(b"0123456789;:?<>=ABCDHFMRuctyn~$", k=random.randint(1, 12)))
        case _:
            piece = random.choice(KEYS)
    return GO.sub(b"", piece)


class Told(msgspec.Struct):
    """What a run came to."""

    bytes: int = 0
    consoles: int = 0
    orders: int = 0
    cancels: int = 0
    others: int = 0
    crashes: int = 0
    details: list[str] = []


def run(seconds: float, seed: int) -> Told:
    random, told = Random(seed), Told()
    end = CLOCK.monotonic() / 1e9 + seconds
    while (left := end - CLOCK.monotonic() / 1e9) > 0:
        told.consoles += 1
        _one_life(random, min(left, LIFE), told, is_live=told.consoles % 2 == 0)
    return told


def _one_life(random: Random, seconds: float, told: Told, *, is_live: bool) -> None:
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report"
        pid, master = pty.fork()
        if pid == 0:  # the child
            os.chdir(ROOT)
            os.environ.update(TERM="xterm-256color", COLORTERM="truecolor", PYTHONPATH=str(ROOT))
            arguments = [str(report), "live" if is_live else "paper"]
            os.execv(sys.executable, [sys.executable, "-m", "tests.tui.fuzz_keys", "--child", *arguments])
        fcntl.ioctl(master, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 120, 0, 0))
        _drain(master, 10.0, until=b"Samsung")
        _play(random, master, seconds, told)
        is_there = os.waitpid(pid, os.WNOHANG) == (0, 0)
        code = _leave(pid, master) if is_there else None
        commands = Counter(report.read_text("utf-8").split() if report.exists() else [])
    told.orders += sum(commands[name] for name in ("Submit", "Replace", "Close"))
    told.cancels += sum(commands[name] for name in ("Cancel", "CancelAll"))
    told.others += sum(commands.values()) - commands["left"]
    told.others -= sum(commands[name] for name in ("Submit", "Replace", "Close", "Cancel", "CancelAll"))
    if code != 0 or not commands["left"]:
        told.crashes += 1
        told.details.append(f"console {told.consoles} {'ended with ' + str(code) if is_there else 'left unasked'}")


def _play(random: Random, master: int, seconds: float, told: Told) -> None:
    """Noise at every pace: floods, hands, and halves of a sequence far apart."""
    end = CLOCK.monotonic() / 1e9 + seconds
    has_panicked = False
    while CLOCK.monotonic() / 1e9 < end:
        piece = noise(random)
        if not has_panicked and random.random() < 0.02:
            piece, has_panicked = piece + b"\x18", True
        try:
            os.write(master, piece)
        except OSError:
            return
        told.bytes += len(piece)
        _drain(master, random.choice((0.0, 0.0, 0.005, 0.03, 0.03, 0.15, 0.3)))


def _drain(master: int, seconds: float, until: bytes = b"") -> None:
    end, seen = CLOCK.monotonic() / 1e9 + seconds, b""
    while (left := end - CLOCK.monotonic() / 1e9) >= 0 and not (until and until in seen):
        if not select.select([master], [], [], max(left, 0.0))[0]:
            return
        try:
            seen = (seen + os.read(master, 65536))[-200_000:]
        except OSError:
            return


def _leave(pid: int, master: int) -> int | None:
    """Ask it to leave; None when it does not."""
    end = CLOCK.monotonic() / 1e9 + 8
    while CLOCK.monotonic() / 1e9 < end:
        done, status = os.waitpid(pid, os.WNOHANG)
        if done:
            os.close(master)
            return os.waitstatus_to_exitcode(status)
        _drain(master, 0.4)
        try:
            os.write(master, LEAVE)
        except OSError:
            continue
    os.kill(pid, 9)
    os.waitpid(pid, 0)
    os.close(master)
    return None


async def console(report: Path, *, is_live: bool) -> int:
    """The child: a console on a scripted desk that writes down what reaches it."""
    from core.config import Settings
    from core.domain.account import Mode
    from core.domain.commands import Command
    from core.ports import Receipt
    from core.trading.view import Slice
    from tests.tui import scripted
    from tui.app import HogaApp

    class Desk(scripted.ScriptedDesk):
        async def send(self, command: Command) -> Receipt:
            with report.open("a", encoding="utf-8") as file:
                file.write(f"{type(command).__name__}\n")
            return await super().send(command)

    desk = Desk()
    if is_live:
        desk.rows[Slice.STATUS] = (scripted.status(mode=Mode.LIVE, badge="LIVE"),)
    app = HogaApp(desk, Settings())
    code = await app.run_async()
    if app.crash is not None:
        raise app.crash
    with report.open("a", encoding="utf-8") as file:
        file.write("left\n")
    return code or 0


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--child", nargs=2, help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.child is not None:
        from tui.environment import prepare_environment

        prepare_environment()
        return asyncio.run(console(Path(chosen.child[0]), is_live=chosen.child[1] == "live"))
    told = run(chosen.seconds, chosen.seed)
    print(f"{told.bytes} bytes into {told.consoles} consoles, seed {chosen.seed}")
    print(
        f"orders sent {told.orders}, cancels sent {told.cancels}, other commands {told.others}, crashes {told.crashes}"
    )
    for line in told.details:
        print(line)
    return 1 if told.orders or told.cancels or told.others or told.crashes else 0


if __name__ == "__main__":
    sys.exit(main())
