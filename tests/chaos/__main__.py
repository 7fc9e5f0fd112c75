"""`python -m tests.chaos NAME [--points N] [--seed S] [--json]`: one figure, printed with its seed. Each figure is a
module of this folder with `run(points, seed) -> report`, `POINTS` for its long form and `SHORT` for the one of the
suite; `ok` in its report decides the exit code."""

from __future__ import annotations

import argparse
import importlib
import json
import pkgutil
import random
import sys
from typing import Any

import tests.chaos


def figures() -> dict[str, str]:
    """Name on the command line -> module."""
    names = (found.name for found in pkgutil.iter_modules(tests.chaos.__path__))
    return {name.replace("_", "-"): name for name in names if not name.startswith(("_", "test_"))}


def main(words: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.chaos")
    parser.add_argument("name", choices=sorted(figures()))
    parser.add_argument("--points", "--cases", "--trials", type=int, help="how many; without it the long form")
    parser.add_argument("--seed", type=int, default=None, help="without it a new one, which is printed")
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args(words)
    figure = importlib.import_module(f"tests.chaos.{figures()[given.name]}")
    seed = random.SystemRandom().randrange(2**32) if given.seed is None else given.seed
    report: dict[str, Any] = figure.run(given.points or figure.POINTS, seed)
    if given.json:
        print(json.dumps(report, default=str))
    else:
        for name, value in report.items():
            print(f"{name:28} {value}")
    return 0 if report.get("ok", True) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
