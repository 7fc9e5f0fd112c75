"""Canary secrets in everything hoga writes. A console and an engine take secrets from the sealed file and from the
environment; then everything that can go wrong repeats them: a venue's refusals, errors of brokers and of the engine
with the secret in a local variable, log lines of ours and of libraries, the event loop's own complaints, threads, a
crash. Every byte that was written is read afterwards: logs, journal, archive, exports, pictures, crash reports, what
the terminal was sent, output and environment of the processes. Wanted: no canary anywhere.

Once a run the redaction is switched off, to show that the scan would have seen it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import threading
from pathlib import Path
from random import Random
from typing import Any

from core.clock import SystemClock
from tests.canaries import Scan, canaries, found_in, needles, on_screen, scan
from tests.terminal import ROOT, Terminal

POINTS, MID, SHORT = 20, 4, 1
CLOCK = SystemClock()
BLIND = "HOGA_CANARIES_BLIND"
FALL = "fall"
"""A file of this name beside the data lets the child crash."""


def run(points: int, seed: int) -> dict[str, Any]:
    random = Random(seed)
    total, written = Scan(), set[str]()
    for round_ in range(points):
        with tempfile.TemporaryDirectory(prefix="canaries-") as folder:
            found, kinds = _round(Path(folder), canaries(random), with_engine=points > SHORT or round_ % 2 == 1)
        total.add(found)
        written |= kinds
    report: dict[str, Any] = {"result": f"{len(total.hits)} leaks in {total.bytes:,} bytes", "target": "0"}
    report |= {"files": total.files, "bytes": total.bytes}
    report |= {"kinds": " ".join(sorted(written)), "leaks": len(total.hits), "where": total.hits[:10]}
    if points > SHORT:
        with tempfile.TemporaryDirectory(prefix="canaries-") as folder:
            seen, _ = _round(Path(folder), canaries(random), with_engine=True, is_blind=True)
        report["leaks seen with redaction off"] = len(seen.hits)
    return report | {"ok": not total.hits and (points <= SHORT or bool(seen.hits))}


def _round(home: Path, planted: dict[str, str], *, with_engine: bool, is_blind: bool = False) -> tuple[Scan, set[str]]:
    """One console until it crashes, and one engine with the command line around it."""
    _keep(home, planted)
    environment = {"HOGA_HOME": str(home), "CANARY_ENV": planted["env"], "HOGA_SECRET_CANARY_PLAIN": planted["plain"]}
    environment |= {"PYTHON_KEYRING_BACKEND": "keyring.backends.fail.Keyring", "HOGA_LOG__LEVEL": "debug"}
    environment |= {"CREDENTIALS_DIRECTORY": str(home / "credentials")} | ({BLIND: "1"} if is_blind else {})
    total = _console(home, planted, environment)
    (home / FALL).unlink()
    if with_engine:
        total.add(_engine(home, planted, environment))
    (home / "credentials" / "hoga-passphrase").unlink()  # where the passphrase is meant to be
    total.add(scan([home], planted.values()))
    return total, {path.suffix or path.name for path in home.rglob("*") if path.is_file()}


def _keep(home: Path, planted: dict[str, str]) -> None:
    from core.secret import Secret
    from storage.places import secrets_path
    from storage.sealed import COSTS, SealedFile

    file = SealedFile(secrets_path({"HOGA_HOME": str(home)}), cost=COSTS[0])
    file.change(Secret(planted["passphrase"]), {"canary": Secret(planted["file"])})
    (home / "credentials").mkdir(mode=0o700)
    (home / "credentials" / "hoga-passphrase").write_text(planted["passphrase"])


def _console(home: Path, planted: dict[str, str], environment: dict[str, str]) -> Scan:
    command = [sys.executable, "-m", "tests.chaos.canaries", "demo"]
    with Terminal(command, width=160, height=48, environment=environment) as terminal:
        terminal.wait("PAPER")
        terminal.wait("71,")
        before = _process(terminal.process.pid, planted)
        _line(terminal, "b 10 005930 @65000", "Enter sends")
        terminal.wait("REJECTED")  # with our own key for a reason
        terminal.press(b"8")
        terminal.wait("the venue says")
        terminal.press(b"e")
        terminal.wait(".csv")
        terminal.watch(0.3)
        terminal.press(b"\r")
        terminal.wait(lambda _: any(home.rglob("exports/*.csv")))
        terminal.wait(lambda t: ".csv" not in t.lines[-2])
        _line(terminal, f"picture {home / 'p.svg'}", "p.svg")
        terminal.wait(lambda _: any(home.rglob("*.svg")))
        found = on_screen(bytes(terminal.raw), terminal.lines, planted.values())
        (home / FALL).touch()
        terminal.ended(30.0)
        terminal.watch(0.3)
        found.add(on_screen(bytes(terminal.raw), terminal.lines, planted.values()))
    found.add(before)
    return found


def _line(terminal: Terminal, line: str, ready: str) -> None:
    """Type on the command line as a hand does; Enter is not taken in the first quarter of a second."""
    terminal.press(b":")
    terminal.wait("Esc drop")
    terminal.watch(0.05)
    terminal.type(line)
    terminal.wait(ready)
    terminal.watch(0.3)
    terminal.press(b"\r")


def _engine(home: Path, planted: dict[str, str], environment: dict[str, str]) -> Scan:
    given = {name: value for name, value in os.environ.items() if not name.startswith("HOGA_")} | environment
    total = Scan()

    def hoga(*words: str) -> None:
        command = [sys.executable, "-m", "tests.chaos.canaries", *words]
        done = subprocess.run(command, cwd=ROOT, env=given, capture_output=True, timeout=120, check=False)
        said = done.stdout + done.stderr
        total.add(Scan(files=1, bytes=len(said), hits=_named(f"hoga {words[0]}", said, planted)))

    out = (home / "engine.txt").open("wb")
    with subprocess.Popen(
        [sys.executable, "-m", "tests.chaos.canaries", "run"], cwd=ROOT, env=given, stdout=out, stderr=out
    ) as engine:
        until = CLOCK.monotonic() + 30_000_000_000
        while b'"gate"' not in (home / "engine.txt").read_bytes() and CLOCK.monotonic() < until:
            threading.Event().wait(0.05)
        total.add(_process(engine.pid, planted))
        hoga("order", "b 10 005930 @65000")
        hoga("log", "--json")
        hoga("status")
        hoga("secrets", "check", "canary", "env:CANARY_ENV", "nowhere", planted["plain"])
        hoga("secrets", "list")
        hoga("secrets", "set", "other", planted["file"])
        (home / FALL).touch()
        engine.wait(timeout=60)
    out.close()
    hoga("journal", "show")
    hoga("doctor")
    return total


def _process(pid: int, planted: dict[str, str]) -> Scan:
    """Its arguments. The environment a process was started with stays readable for its user until it closes itself."""
    try:
        said = Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return Scan()
    return Scan(files=1, bytes=len(said), hits=_named("arguments", said, planted))


def _named(what: str, data: bytes, planted: dict[str, str]) -> list[str]:
    return [f"{what}: {how}" for how in found_in(data, needles(planted.values()))]


# --- the child: hoga with everything going wrong ----------------------------------------------------------------------


def child(words: list[str]) -> int:
    from tui.cli import main

    if os.environ.get(BLIND):
        import core.secret

        core.secret.learn_secret = lambda _: None
    if words[0] in ("demo", "run"):
        _go_wrong(_values())
    return main(words)


def _values() -> list[str]:
    """The secrets, as a broker takes them, and in the spellings of the wire."""
    import base64
    from urllib.parse import quote

    from tui.cli.asked import passphrase
    from tui.compose import vault

    opened = vault(passphrase)
    plain = [opened.get(name).reveal("canary") for name in ("file:canary", "env:CANARY_ENV", "canary-plain")]
    plain.append(passphrase().reveal("canary"))
    assert not any(value in os.environ.values() for value in plain[:3])
    spelled = [f"Basic {base64.b64encode(f'me:{value}'.encode()).decode()}" for value in plain]
    spelled += [f"?key={quote(value)}" for value in plain] + [value.encode().hex() for value in plain]
    return plain + spelled + [json.dumps({"key": value}) for value in plain] + [value[:14] for value in plain]


def _go_wrong(values: list[str]) -> None:
    import asyncio
    import logging
    import sqlite3
    from itertools import cycle

    from brokers.paper.broker import PaperBroker
    from core.domain.errors import BadMessage, NotConnected, OrderRejected, OutcomeUnknown
    from core.domain.events import FeedChanged, Noticed
    from core.log import get_logger
    from core.runtime.runner import Runner

    log, texts, fall = get_logger("canaries"), cycle(values), Path(os.environ["HOGA_HOME"], FALL)
    kinds = cycle((OrderRejected, OutcomeUnknown, BadMessage, NotConnected))
    real = Runner.second

    async def submit(_self: Any, _prepared: Any, _permit: Any) -> Any:
        kind, text = next(kinds), f"no: {next(texts)}"
        raise kind("paper", "E1", text) if kind is OrderRejected else kind("paper", text)  # type: ignore[call-arg]

    class Dying:
        def __del__(self) -> None:
            held = values[0]
            raise ValueError(f"in a finaliser {held}")

    def second(runner: Runner) -> None:
        now, loop = runner.clock.now(), asyncio.get_running_loop()
        for value in values:
            log.warning("told", key=value, nested={"a": [value], value: 1}, text=f"url {value} end")
            runner.feed(Noticed(ts=now, level="warning", kind="FEED", text=f"the venue says {value}"))
        for name in ("httpx", "httpcore", "websockets.client", "ib_insync.wrapper", "asyncio", "sqlalchemy"):
            try:
                signing_key = next(texts)
                raise sqlite3.OperationalError(f"cannot sign {signing_key}")
            except sqlite3.OperationalError:
                logging.getLogger(name).exception("failed with %s", next(texts))
        loop.call_exception_handler({"message": next(texts), "exception": ValueError(next(texts))})
        runner.feed(FeedChanged(ts=now, broker="paper", is_connected=True, text=next(texts)))
        threading.Thread(target=lambda: int(next(texts)), daemon=True).start()
        Dying()
        if fall.exists():
            local = values[0]
            raise ZeroDivisionError(f"planted {local} {values[5]}")
        real(runner)

    PaperBroker.submit = submit  # type: ignore[method-assign]
    Runner.second = second  # type: ignore[method-assign]


if __name__ == "__main__":
    sys.exit(child(sys.argv[1:]))
