"""Hostile text through every screen, in a real pseudo-terminal: `python -m tests.tui.hostile_pty --count 10000`. Every
free text of every row the desk can send (names, reasons, log lines, notes, feeds, figures' words) is made of
pieces that once took a terminal over or crashed a renderer. What the console writes is read byte by byte: only the
kinds of control sequences that it writes for harmless text may appear, and nothing may reach the desk.

Prints strings shown on each screen, control sequences that do not belong, actions and crashes; the exit code is 1
unless all but the first are 0."""

from __future__ import annotations

import argparse
import asyncio
import fcntl
import json
import os
import pty
import re
import select
import struct
import sys
import tempfile
import termios
import typing
from collections import Counter
from pathlib import Path
from random import Random
from typing import Any

import msgspec

from core.clock import SystemClock

ROOT = Path(__file__).resolve().parents[2]
CLOCK = SystemClock()
PATIENCE = 300.0
PIECES = (
    *("\x1b]52;c;aGFjaw==\x07", "\x1b]8;;http://a\x1b\\text\x1b]8;;\x1b\\", "\x1bc\x1b[2J\x1b[H", "\x1b[?1049l"),
    *("\x9b31m\x90q\x9c", "\x9d0;t\x9c", "\x1bP$qm\x1b\\", "\x1b[6n", "\x1b]0;title\x07", "\x1b#8", "\x0e\x0f", "\x1b"),
    *(
        "a\x00b\x7fc",
        "\x08\x08\x08SELL",
        "one\ntwo\r\nthree\tfour",
        "\u2028\u2029",
        "\u202egnp.exe\u202c",
        "\u2066x\u2069",
    ),
    *("a\u200bb\ufeffc\u200d", "\U000e0041\U000e007f", "e" + "\u0301" * 40, "👨‍👩‍👧‍👦🏳️‍🌈", "a\ud800b", "ＢＵＹ １０"),
    *("[/]", "[/foo]", "[/", "a[b=c:d] e", "[@click=app.exit]x[/]", "[bold red]b", "{name}", "%s %d", "$(id)", "`id`"),
    *("삼성전자", "ㅅㅅㅈㅈ", "가" * 300, "W" * 400, " \u3000\u00a0 ", "", "-", "=1+1", "NaN", "1e999"),
)
FORBIDDEN = re.compile(
    "[\x00-\x07\x0b\x0c\x0e-\x1a\x1c-\x1f\x7f\x80-\x9f\u200b-\u200f\u2028-\u202e\u2066-\u2069\ufeff]"
)
"""What no text may leave on the line; ESC, BS, TAB, LF and CR are looked at as sequences."""
SEQUENCE = re.compile(r"\x1b(?:\[([?<>=][\d;:]*)?[\d;:]*([ -/]?[@-~])|([@-Z\\^_`a-z78=>])|([\]PX^_]))")
OWN = frozenset(f"ESC [{final}" for final in "ABCDGHdm")
"""How the screen writer moves and colours: plain cursor moves and pens, which no piece above consists of alone."""
OVER = {
    "ticket": "b",
    "details": "i",
    "help": "?",
    "palette": "ctrl+p",
    "panic": "!",
    "strategy menu": "t",
    "line": ":",
}
"""What is opened over the trade screen, and its key."""
_NAMES = {"?": "question_mark", "!": "exclamation_mark", ":": "colon"}
KEPT = frozenset({"key", "scope", "level", "badge"})
"""Texts that the engine itself chooses from a few."""


def hostile(random: Random) -> str:
    return "".join(random.choices(PIECES, k=random.randint(1, 4)))


def poisoned(row: Any, random: Random, counted: Counter[str]) -> Any:
    """`row` with every free text replaced, also inside its parts."""
    changes: dict[str, Any] = {}
    for name, kind in typing.get_type_hints(type(row)).items():
        value = getattr(row, name, None)
        if name in KEPT:
            continue
        if kind is str:
            changes[name] = hostile(random)
            counted["strings"] += 1
        elif isinstance(value, msgspec.Struct):
            changes[name] = poisoned(value, random, counted)
        elif isinstance(value, tuple) and value and isinstance(value[0], msgspec.Struct):
            changes[name] = tuple(poisoned(part, random, counted) for part in value)
        elif kind == tuple[str, ...]:
            changes[name] = tuple(hostile(random) for _ in value or "12")
            counted["strings"] += len(changes[name])
    return msgspec.structs.replace(row, **changes)


async def child(report: Path, count: int, seed: int) -> None:
    """The console on a desk that says harmless things first, then `count` hostile strings on each screen."""
    from core.config import Console, Settings
    from core.ports import Receipt
    from core.trading.story import Story, StoryLine
    from core.trading.view import Slice
    from tests.tui import scripted
    from tui.app import HogaApp
    from tui.messages import Press
    from tui.screens.layout import READY

    random, counted = Random(seed), Counter[str]()

    class Desk(scripted.ScriptedDesk):
        async def story(self, key: str) -> Story:
            """Of whatever is asked for: hostile from the first word to the last."""
            lines = tuple(StoryLine(ts=n, level="info", kind=hostile(random), text=hostile(random)) for n in range(9))
            counted["strings"] += 19
            return Story(what="instrument", subject=key, note=hostile(random), lines=lines)

    desk = Desk()
    usual = dict(desk.rows)
    app = HogaApp(desk, Settings(console=Console(flush_hz=20)))
    told: dict[str, Any] = {"screens": {}, "sent": 0}

    def says(is_hostile: bool) -> None:
        for part, rows in usual.items():
            shown = [poisoned(row, random, counted) if is_hostile else row for row in rows]
            if part is Slice.LOG:
                app.picture.last_log = 0
            desk.push(part, shown)

    def press(key: str) -> None:
        character = key if len(key) == 1 else None
        app.keys.press(Press(_NAMES.get(key, key), character, CLOCK.monotonic() / 1e9))

    async def drive() -> None:
        while not app.picture.quotes():
            await CLOCK.sleep(0.05)
        for screen in READY:
            app.go_to(screen)
            says(False)
            await CLOCK.sleep(0.15)
        _mark(app, "begin")
        for place in (*READY, *OVER):
            app.go_to(place if place in READY else "trade")
            if place in OVER:
                await CLOCK.sleep(0.3)
                press(OVER[place])
            counted.clear()
            while counted["strings"] < count:
                desk.answer = Receipt(is_ok=False, text=hostile(random), rule=hostile(random))
                says(True)
                app.say(random.choice(("ok", "warning", "error", "info")), hostile(random))
                counted["strings"] += 3
                await CLOCK.sleep(0.06)
            told["screens"][place] = counted["strings"]
            for _ in app.forms:
                press("escape")
        _mark(app, "end")
        await CLOCK.sleep(0.2)
        told["sent"] = len(desk.sent)
        report.write_text(json.dumps(told), encoding="ascii")
        app.exit(0)

    driver = asyncio.ensure_future(drive())
    await app.run_async()
    if app.crash is not None:
        raise app.crash
    await driver


def _mark(app: Any, word: str) -> None:
    """A line of our own between the two phases, that no console writes."""
    app._driver.write(f"\x1b[0m<<{word}>>\x1b[0m")


class Told(msgspec.Struct, kw_only=True):
    screens: dict[str, int] = {}
    bytes: int = 0
    foreign: dict[str, int] = {}
    actions: int = 0
    crash: str = ""

    @property
    def is_clean(self) -> bool:
        return not (self.foreign or self.actions or self.crash) and bool(self.screens)


def run(count: int, seed: int) -> Told:
    """`count` strings on every screen. Waits for the child at most PATIENCE and a second for each 20 strings."""
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report"
        pid, master = pty.fork()
        if pid == 0:
            os.chdir(ROOT)
            os.environ.update(TERM="xterm-256color", COLORTERM="truecolor", PYTHONPATH=str(ROOT))
            words = ["--child", str(report), "--count", str(count), "--seed", str(seed)]
            os.execv(sys.executable, [sys.executable, "-m", "tests.tui.hostile_pty", *words])
        fcntl.ioctl(master, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 120, 0, 0))
        data = _read(master, PATIENCE + count / 20)
        if os.waitpid(pid, os.WNOHANG)[0] == 0:
            os.kill(pid, 9)
            os.waitpid(pid, 0)
        os.close(master)
        told = json.loads(report.read_text("ascii")) if report.exists() else {"screens": {}, "sent": 0}
    return _judged(data, told)


def _read(master: int, seconds: float) -> bytes:
    end, data = CLOCK.monotonic() / 1e9 + seconds, bytearray()
    while (left := end - CLOCK.monotonic() / 1e9) > 0:
        if not select.select([master], [], [], left)[0]:
            break
        try:
            piece = os.read(master, 65536)
        except OSError:
            break
        if not piece:
            break
        data += piece
    return bytes(data)


def _judged(data: bytes, told: dict[str, Any]) -> Told:
    before, _, after = data.partition(b"<<begin>>")
    usual = frozenset(_kinds(before.decode("utf-8", "replace")))
    text = after.decode("utf-8", "replace")
    shown, _, leaving = text.partition("<<end>>")  # leaving gives the terminal back: sequences of its own
    foreign = Counter({kind: n for kind, n in _kinds(shown).items() if kind not in usual | OWN})
    foreign.update(repr(found) for found in FORBIDDEN.findall(shown))
    if "�" in shown:
        foreign["broken UTF-8"] += shown.count("�")
    crash = "" if told["screens"] else (leaving or text)[-400:]
    return Told(screens=told["screens"], bytes=len(after), foreign=dict(foreign), actions=told["sent"], crash=crash)


def _kinds(text: str) -> Counter[str]:
    """How often each kind of control sequence stands in `text`: CSI by prefix and final, the others by their letter."""
    found: Counter[str] = Counter()
    for prefix, final, single, string in SEQUENCE.findall(text):
        found["ESC " + (f"[{prefix}{final}" if final else single or string)] += 1
    for single in "\x08\t\r\n":
        if single in text:
            found[repr(single)] += text.count(single)
    return found


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=10_000, help="hostile strings on every screen")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--child", type=Path, help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.child is not None:
        from tui.environment import prepare_environment

        prepare_environment()
        asyncio.run(child(chosen.child, chosen.count, chosen.seed))
        return 0
    told = run(chosen.count, chosen.seed)
    for screen, strings in told.screens.items():
        print(f"{screen:<12} {strings:>8,} strings")
    print(f"{told.bytes:,} bytes read, seed {chosen.seed}")
    foreign = sum(told.foreign.values())
    print(f"control bytes that do not belong {foreign}, actions {told.actions}, crashes {int(bool(told.crash))}")
    for kind, times in told.foreign.items():
        print(f"  {kind}: {times}")
    if told.crash:
        print(told.crash)
    return 0 if told.is_clean else 1


if __name__ == "__main__":
    sys.exit(main())
