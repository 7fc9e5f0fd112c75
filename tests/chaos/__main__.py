"""`python -m tests.chaos [NAME ...] [--points N] [--seed S] [--short | --mid] [--json]`: figures, each with its seed.
Each is a module of this folder with `run(points, seed) -> report`, `POINTS` for its long form, `SHORT` for the one of
the suite and, where the long one takes longer than a few minutes, `MID` for `make chaos`. `ok` in its report decides
the exit code; `result` and `target` say it in words. All of them run when none is named."""

from __future__ import annotations

import argparse
import importlib
import json
import os
import pkgutil
import platform
import random
import sys
import traceback
from collections.abc import Iterable
from time import perf_counter
from typing import Any

import tests.chaos

PART = 5
"""What the middle form of a figure is that names none: this part of its long one."""
HEADS = ("figure", "points", "result", "target", "95 % bound", "seed", "seconds")


def figures() -> dict[str, str]:
    """Name on the command line -> module."""
    names = (found.name for found in pkgutil.iter_modules(tests.chaos.__path__))
    return {name.replace("_", "-"): name for name in names if not name.startswith(("_", "test_"))}


def measured(name: str, points: int | None, form: str, seed: int) -> dict[str, Any]:
    """The report of one figure; one that breaks is a figure that is missed."""
    started = perf_counter()
    try:
        figure = importlib.import_module(f"tests.chaos.{figures()[name]}")
        wanted = points or int(getattr(figure, form, 0) or figure.POINTS // PART)
        report: dict[str, Any] = figure.run(wanted, seed)
    except Exception as error:
        traceback.print_exc()
        report = {"ok": False, "result": f"broke: {type(error).__name__}: {error}"[:80]}
        wanted = points or 0
    return {"name": name, "seed": seed, "points": wanted, "seconds": round(perf_counter() - started, 1), **report}


def row(report: dict[str, Any]) -> tuple[str, ...]:
    """A figure in a line. The bound is for what was never seen: 3/n, by the rule of three."""
    is_ok, points = report.get("ok", True), int(report.get("points", 0) or 0)
    result = report.get("skipped") or report.get("result") or ("met" if is_ok else "MISSED")
    bound = f"< {3 / points:.2g}" if is_ok and points > 3 and not report.get("skipped") else ""
    told = (report["name"], points, result, report.get("target", ""), bound, report["seed"], report["seconds"])
    return (*map(str, told), "" if is_ok else "MISSED")


def table(rows: Iterable[tuple[str, ...]]) -> str:
    lines = [(*HEADS, ""), *rows]
    widths = [max(len(line[n]) for line in lines) for n in range(len(HEADS))]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(line, (*widths, 0), strict=True)).rstrip() for line in lines
    )


def machine() -> str:
    cores, load = os.cpu_count(), os.getloadavg()[0]
    return f"{platform.machine()}, {cores} cores (load {load:.1f}), Python {platform.python_version()}"


def main(words: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.chaos")
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"one of {', '.join(sorted(figures()))}; default all")
    parser.add_argument("--points", "--cases", "--trials", type=int, help="how many; without it the long form")
    parser.add_argument("--seed", type=int, default=None, help="without it a new one, which is printed")
    forms = parser.add_mutually_exclusive_group()
    forms.add_argument(
        "--short", dest="form", action="store_const", const="SHORT", help="as the suite runs it: seconds"
    )
    forms.add_argument("--mid", dest="form", action="store_const", const="MID", help="as make chaos runs it: minutes")
    parser.add_argument("--json", action="store_true", help="one report a line")
    given = parser.parse_args(words)
    strange = [name for name in given.names if name not in figures()]
    if strange:
        parser.error(f"no figure is called {', '.join(strange)}; there are: {', '.join(sorted(figures()))}")
    seed = random.SystemRandom().randrange(2**32) if given.seed is None else given.seed
    reports = []
    for name in given.names or sorted(figures()):
        report = measured(name, given.points, given.form or "POINTS", seed)
        reports.append(report)
        if given.json:
            print(json.dumps(report, default=str), flush=True)
        elif len(given.names) == 1:
            for key, value in report.items():
                print(f"{key:28} {value}")
        else:
            print("  ".join(row(report)).rstrip(), file=sys.stderr, flush=True)
    if not given.json:
        print(f"\n{table(map(row, reports))}\n{machine()}")
    return 0 if all(report.get("ok", True) for report in reports) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
