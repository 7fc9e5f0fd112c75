"""Does a test, or anything it starts, speak to another machine? The tests run in a network namespace of their own in
which nothing but loopback exists, and every process notes each address it wants to reach (an audit hook, which all
Python processes load). `--points` counts files of tests: those about networks first; the long form takes all there are.

First a connection to a documentation address (192.0.2.1) is tried on purpose: it must be noted, and must fail. Where
namespaces are not allowed the notes are taken all the same, and the report says so."""

from __future__ import annotations

import ipaddress
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path
from textwrap import dedent
from typing import Any

from tests.terminal import ROOT

POINTS, MID, SHORT = 10_000, 12, 1
FIRST = (
    "tests/brokers/test_http.py",
    *("tests/brokers", "tests/contract", "tests/tui/test_live_engine.py", "tests/tui/test_cli_engine.py"),
    *("tests/simulators", "tests/core/runtime", "tests/plugged"),
)
"""What opens sockets, nearest first."""
ALONE = ("tests/chaos/test_offline.py",)
"""It runs this."""
NOTES = "OFFLINE_NOTES"
"""Where the notes go; not one of ours (`HOGA_`), for tests take those away."""
HOOK = dedent(
    """
    import os, sys

    _NOTES = os.environ.get("OFFLINE_NOTES")

    def _note(event, args):
        if event in ("socket.connect", "socket.sendto", "socket.sendmsg"):
            where = args[1] if len(args) > 1 else None
        elif event == "socket.getaddrinfo":
            where = (args[0], args[1])
        else:
            return
        if not isinstance(where, tuple):
            return  # a Unix socket, or a line that stands already
        place = os.open(_NOTES, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        os.write(place, f"{event}\\t{where[0]}\\t{where[1]}\\t{sys.argv[:3]}\\n".encode("utf-8", "replace"))
        os.close(place)

    if _NOTES:
        sys.addaudithook(_note)
    """
)
PLANTED = dedent(
    """
    import socket
    try:
        socket.create_connection(("192.0.2.1", 80), 0.2)
    except OSError as error:
        print(type(error).__name__, error)
    """
)
NOTED = 'import sys; sys.audit("socket.connect", None, ("192.0.2.1", 80))'
"""The note alone, where nothing holds a packet back."""
UP = dedent(
    """
    import fcntl, os, socket, struct, sys
    line = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    found = fcntl.ioctl(line, 0x8913, struct.pack("16sH14x", b"lo", 0))  # SIOCGIFFLAGS
    flags = struct.unpack("16sH14x", found)[1] | 1  # IFF_UP
    fcntl.ioctl(line, 0x8914, struct.pack("16sH14x", b"lo", flags))  # SIOCSIFFLAGS
    line.close()
    os.execv(sys.argv[1], sys.argv[1:])
    """
)


def run(points: int, seed: int) -> dict[str, Any]:
    files = _files()[:points]
    with tempfile.TemporaryDirectory(prefix="offline-") as folder:
        home = Path(folder)
        (home / "sitecustomize.py").write_text(HOOK)
        notes = home / "notes"
        apart, why = _namespace()
        environment = os.environ | {NOTES: str(notes), "PYTHONPATH": f"{home}{os.pathsep}{ROOT}"}

        def inside(*words: str) -> subprocess.CompletedProcess[str]:
            command = [*apart, sys.executable, *words]
            return subprocess.run(
                command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=7200, check=False
            )

        refused = inside("-c", PLANTED if apart else NOTED).stdout.strip()
        planted = off_loopback(notes)
        notes.unlink(missing_ok=True)
        workers = ("-n", "2") if len(files) > 8 else ("-p", "no:xdist")
        done = inside("-m", "pytest", "-q", *workers, "--no-header", *files)
        left = off_loopback(notes)
        asked = len(notes.read_text().splitlines()) if notes.exists() else 0
        devices = inside("-c", "print(open('/proc/net/dev').read())").stdout if apart else ""
    summary = (done.stdout.strip().splitlines() or [done.stderr.strip()])[-1]
    return {
        "points": len(files),
        "result": f"{len(left)} off loopback",
        "target": "0",
        "namespace": "its own, loopback alone" if apart else f"skipped: {why}",
        "interfaces in it": " ".join(re.findall(r"^\s*(\w+):", devices, re.M)) or "-",
        "tests": summary,
        "failed": re.findall(r"^(?:FAILED|ERROR) (\S+)", done.stdout, re.M)[:10],
        "addresses asked for": asked,
        "off loopback": len(left),
        "which": left[:5],
        "a planted attempt is seen": bool(planted),
        "and refused": refused or "no",
        "ok": not left and asked > 0 and done.returncode == 0 and bool(planted) and bool(refused or not apart),
    }


def off_loopback(notes: Path) -> list[str]:
    """Lines that name a host which is not this machine."""
    lines = notes.read_text("utf-8").splitlines() if notes.exists() else []
    return [line for line in lines if not _is_here(line.split("\t")[1])]


def _is_here(host: str) -> bool:
    if host in ("", "None", "localhost"):
        return True
    try:
        return ipaddress.ip_address(host.partition("%")[0]).is_loopback
    except ValueError:
        return False


def _files() -> list[str]:
    found = sorted(path.relative_to(ROOT).as_posix() for path in (ROOT / "tests").rglob("test_*.py"))
    found = [name for name in found if name not in ALONE]
    return sorted(found, key=lambda name: next((i for i, first in enumerate(FIRST) if name.startswith(first)), 99))


def _namespace() -> tuple[list[str], str]:
    """How to start something in a network namespace with loopback up; else why not."""
    start = [sys.executable, "-c", UP]
    for words in (["unshare", "-n"], ["unshare", "-rn"]):
        try:
            tried = subprocess.run(
                [*words, *start, "/bin/true"], capture_output=True, text=True, timeout=20, check=False
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            return [], str(error)
        if tried.returncode == 0:
            return [*words, *start], ""
    return [], (tried.stderr.strip().splitlines() or ["unshare failed"])[-1]
