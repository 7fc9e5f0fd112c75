"""`python -m tests.bench [NAME ...] [--json] [--strict]`: runs every module of this folder that has `rows()`, one
process each so that none warms or burdens another, and prints one table. A missed target prints "no" and ends well
unless --strict; a module that fails is reported and the others go on.
"""

from __future__ import annotations

import argparse
import importlib
import os
import platform
import subprocess
import sys
from pathlib import Path

import msgspec

from tests.bench.rows import Row

HERE = Path(__file__).parent
NOT_BENCHES = {"__init__", "__main__", "rows"}
SECONDS = 900


def names() -> list[str]:
    """Modules of this folder that say `def rows(`."""
    return sorted(
        path.stem
        for path in HERE.glob("*.py")
        if path.stem not in NOT_BENCHES and "\ndef rows(" in path.read_text(encoding="utf-8")
    )


def machine() -> str:
    """What the absolute figures were measured on; the ratios should not care."""
    model = platform.processor() or platform.machine()
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        lines = cpuinfo.read_text(encoding="utf-8", errors="replace").splitlines()
        model = next((line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")), model)
    load = f", load {os.getloadavg()[0]:.1f}" if hasattr(os, "getloadavg") else ""
    return f"{model}, {os.cpu_count()} cores, {platform.system()}, Python {platform.python_version()}{load}"


def run(name: str) -> list[Row] | str:
    """The rows of one module, from a process of its own, or why there are none."""
    command = [sys.executable, "-m", "tests.bench", "--inside", name]
    try:
        done = subprocess.run(command, capture_output=True, cwd=HERE.parents[1], timeout=SECONDS, check=False)
    except subprocess.TimeoutExpired:
        return f"took longer than {SECONDS} s"
    if done.returncode:
        lines = done.stderr.decode(errors="replace").strip().splitlines() or [f"ended with {done.returncode}"]
        return lines[-1]
    try:
        return msgspec.json.decode(done.stdout.splitlines()[-1], type=list[Row])
    except (IndexError, msgspec.MsgspecError) as error:
        return f"printed no rows ({error})"


def figure(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}"


def table(rows: list[Row]) -> str:
    """Plain columns; the last says whether the target was met."""
    cells = [["what", "value", "", "ratio", "target", "met", "reference"]]
    for row in rows:
        ratio = "" if row.ratio is None else f"{row.ratio:.2f}x"
        met = {None: "", True: "yes", False: "no"}[row.met]
        cells.append([row.name, figure(row.value), row.unit, ratio, row.target, met, row.reference])
    widths = [max(len(line[column]) for line in cells) for column in range(len(cells[0]))]
    right = {1, 3}
    return "\n".join(
        "  ".join(
            cell.rjust(width) if column in right else cell.ljust(width)
            for column, (cell, width) in enumerate(zip(line, widths, strict=True))
        ).rstrip()
        for line in cells
    )


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"any of: {', '.join(names())}")
    parser.add_argument("--json", action="store_true", help="one JSON document instead of the table")
    parser.add_argument("--strict", action="store_true", help="exit 1 when a target is missed or a module fails")
    parser.add_argument("--inside", metavar="NAME", help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.inside:
        rows = importlib.import_module(f"tests.bench.{chosen.inside}").rows()
        print(msgspec.json.encode(rows).decode())
        return 0
    unknown = [name for name in chosen.names if name not in names()]
    if unknown:
        parser.error(f"no such benchmark: {', '.join(unknown)}; there are {', '.join(names())}")
    found: list[Row] = []
    failed: dict[str, str] = {}
    for name in chosen.names or names():
        print(f"{name} ...", file=sys.stderr, flush=True)
        result = run(name)
        if isinstance(result, str):
            failed[name] = result
        else:
            found += result
    if chosen.json:
        print(msgspec.json.encode({"machine": machine(), "rows": found, "failed": failed}).decode())
    else:
        print(machine())
        print(table(found))
        for name, why in failed.items():
            print(f"{name}: no figures: {why}")
    return int(chosen.strict and (bool(failed) or any(row.met is False for row in found)))


if __name__ == "__main__":
    sys.exit(main())
