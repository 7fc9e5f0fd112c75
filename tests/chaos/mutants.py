"""Does the suite see a defect in the order path? Each mutant is a small planted defect: an exact piece of source, found
once, and what stands in its place. It is put into a copy of the tree, where the tests that should notice it are run;
they must fail. A mutant that survives is named: the test that would have caught it is missing.

    python -m tests.chaos mutants               every mutant
    python -m tests.chaos mutants --points 5    five of them, chosen by the seed
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from pathlib import Path
from queue import SimpleQueue
from random import Random
from time import perf_counter
from typing import Any, NamedTuple

from tests.chaos._mutants import MUTANTS, Mutant

POINTS, MID, SHORT = len(MUTANTS), 8, 1
ROOT = Path(__file__).resolve().parents[2]
ROOMS = ("core", "brokers", "storage", "tui", "tests")
WORKERS = 2
SECONDS = 240
_stamps = count(2_000_000_000)


class Fate(NamedTuple):
    name: str
    by: str
    """The first test that failed; empty: the mutant survived."""
    odd: str
    """The tests could not be run to an answer."""
    seconds: float


def misfits() -> list[str]:
    """Mutants whose piece of source is not there exactly once any more: the table is to be brought up to date."""
    found = []
    for mutant in MUTANTS:
        for path, old, new in mutant.patches:
            times = (ROOT / path).read_text().count(old)
            if times != 1 or old == new:
                found.append(f"{mutant.name}: found {times} times in {path}: {old[:60]!r}")
        found += [f"{mutant.name}: there is no {test}" for test in mutant.tests if not (ROOT / test).exists()]
    return found


def copied(place: Path) -> Path:
    """The tree without its history; the environment is shared."""
    tree = Path(tempfile.mkdtemp(prefix="tree-", dir=place))
    for room in ROOMS:
        shutil.copytree(ROOT / room, tree / room, ignore=shutil.ignore_patterns("__pycache__", "screens", "pictures"))
    shutil.copy(ROOT / "pyproject.toml", tree)
    (tree / ".venv").symlink_to(Path(sys.prefix))
    return tree


def _write(path: Path, text: str) -> None:
    path.write_text(text)
    stamp = next(_stamps)
    os.utime(path, (stamp, stamp))  # a change within the second would be taken from the compiled file


def tried(mutant: Mutant, tree: Path) -> Fate:
    """Plant, test, and take it out again."""
    started = perf_counter()
    before = {path: (tree / path).read_text() for path, _, _ in mutant.patches}
    try:
        for path, old, new in mutant.patches:
            _write(tree / path, (tree / path).read_text().replace(old, new, 1))
        words = [sys.executable, "-m", "pytest", "-q", "-x", "-n", "0", *mutant.tests]
        environ = {**os.environ, "PYTHONPATH": str(tree)}
        try:
            done = subprocess.run(
                words, cwd=tree, env=environ, capture_output=True, text=True, timeout=SECONDS, check=False
            )
        except subprocess.TimeoutExpired:
            return Fate(mutant.name, f"nothing ended within {SECONDS} s", "", perf_counter() - started)
    finally:
        for path, text in before.items():
            _write(tree / path, text)
    seconds = perf_counter() - started
    if done.returncode == 0:
        return Fate(mutant.name, "", "", seconds)
    failed = re.search(r"^(?:FAILED|ERROR) (\S+)", done.stdout, re.MULTILINE)
    if done.returncode != 1 or failed is None:
        return Fate(mutant.name, "", (done.stdout + done.stderr)[-400:], seconds)
    return Fate(mutant.name, failed[1].removeprefix("tests/"), "", seconds)


def is_ours(tree: Path) -> bool:
    """Do tests run from the copy import the copy?"""
    words = [sys.executable, "-c", "import core, storage; print(core.__file__, storage.__file__)"]
    environ = {**os.environ, "PYTHONPATH": str(tree)}
    told = subprocess.run(words, cwd=tree, env=environ, capture_output=True, text=True, check=True).stdout
    return all(path.startswith(str(tree)) for path in told.split())


def run(points: int, seed: int, chosen: Sequence[Mutant] = ()) -> dict[str, Any]:
    started = perf_counter()
    wrong = misfits()
    chosen = chosen or (MUTANTS if points >= len(MUTANTS) else Random(seed).sample(MUTANTS, points))
    fates: list[Fate] = []
    if not wrong:
        with tempfile.TemporaryDirectory(prefix="hoga-mutants-") as place:
            trees: SimpleQueue[Path] = SimpleQueue()
            for _ in range(min(WORKERS, len(chosen))):
                trees.put(copied(Path(place)))

            def one(mutant: Mutant) -> Fate:
                tree = trees.get()
                try:
                    assert is_ours(tree), "the tests would not see the mutant"
                    return tried(mutant, tree)
                finally:
                    trees.put(tree)

            with ThreadPoolExecutor(WORKERS) as pool:
                fates = list(pool.map(one, chosen))
    survived = [fate.name for fate in fates if not fate.by]
    return {
        **{"name": "mutants", "seed": seed, "mutants": len(MUTANTS), "tried": len(fates)},
        **{"caught": len(fates) - len(survived), "survived": survived, "misfits": wrong},
        "by": {fate.name: fate.by or fate.odd or "SURVIVED" for fate in fates},
        "result": f"{len(fates) - len(survived)} of {len(fates)} caught",
        "target": "all",
        "seconds": round(perf_counter() - started, 1),
        "ok": not survived and not wrong and bool(fates),
    }
