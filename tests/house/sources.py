"""The files of the project, for the tests of this room: tracked sources as text and as syntax trees. No test here."""

from __future__ import annotations

import ast
import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
ROOMS = ("core", "brokers", "storage", "tui")
MONEY = ("core/domain", "core/trading", "core/backtest", "core/runtime", "storage")


@cache
def tracked() -> tuple[Path, ...]:
    """Files git knows or would take; outside a repository, all files of the rooms."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode == 0 and done.stdout:
        found = [ROOT / name for name in done.stdout.splitlines()]
    else:
        found = [path for room in (*ROOMS, "tests", "docs") for path in (ROOT / room).rglob("*")]
        found += [path for path in ROOT.iterdir() if path.is_file()]
    return tuple(path for path in found if path.is_file() and "__pycache__" not in path.parts)


def modules(*rooms: str) -> Iterator[tuple[str, ast.Module]]:
    """(path from the root, syntax tree) of every Python file in `rooms`."""
    for path in sorted(path for room in rooms for path in (ROOT / room).rglob("*.py")):
        yield path.relative_to(ROOT).as_posix(), _tree(path)


@cache
def _tree(path: Path) -> ast.Module:
    """Parsed once: many rules look at every file."""
    return ast.parse(path.read_text(encoding="utf-8"))


def dotted(node: ast.expr) -> str:
    """`a.b.c` of a name or attribute, else an empty text."""
    match node:
        case ast.Name():
            return node.id
        case ast.Attribute():
            before = dotted(node.value)
            return f"{before}.{node.attr}" if before else f"?.{node.attr}"
        case _:
            return ""


def calls(tree: ast.AST) -> Iterator[tuple[int, str, ast.Call]]:
    """(line, dotted name, call) of every call."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            yield node.lineno, dotted(node.func), node


def imported(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module or ""
