"""Sentences in the sources: every text that a call, a return or a variable of a telling name carries to a person. Holes
of f-strings become `{}`. It reads source files; it runs nothing."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from pathlib import Path

import msgspec

ROOT = Path(__file__).resolve().parents[1]


class Sentence(msgspec.Struct, frozen=True):
    """`template` has `{}` where a value goes; `place` is file:line."""

    template: str
    place: str

    @property
    def sample(self) -> str:
        return self.template.replace("{}", "7")


def parsed(folders: Iterable[str]) -> Iterator[tuple[str, ast.Module]]:
    for folder in folders:
        path = ROOT / folder
        for file in sorted(path.rglob("*.py")) if path.is_dir() else [path]:
            yield str(file.relative_to(ROOT)), ast.parse(file.read_text(encoding="utf-8"))


def texts(node: ast.expr | None) -> Iterator[str]:
    """The templates an expression may give: literals, f-strings, either side of a choice, sums of such."""
    match node:
        case ast.Constant(value=str() as text):
            yield text
        case ast.JoinedStr(values=parts):
            yield "".join(part.value if isinstance(part, ast.Constant) else "{}" for part in parts)  # type: ignore[misc]
        case ast.IfExp(body=one, orelse=other):
            yield from texts(one)
            yield from texts(other)
        case ast.BoolOp(values=values):
            for value in values:
                yield from texts(value)
        case ast.BinOp(op=ast.Add(), left=left, right=right):
            for start in [*texts(left)] or ["{}"]:
                for end in [*texts(right)] or ["{}"]:
                    yield start + end


def name_of(call: ast.Call) -> str:
    return call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")


def sentences(folders: Iterable[str], calls: dict[str, int], names: frozenset[str] = frozenset()) -> list[Sentence]:
    """Texts handed to `calls` (their place among the arguments, or as `text=`) and assigned to variables of `names`."""
    found: dict[str, Sentence] = {}

    def add(file: str, node: ast.expr | None) -> None:
        for template in texts(node):
            if any(character.isalpha() for character in template) and " " in template.strip():
                found.setdefault(template, Sentence(template, f"{file}:{getattr(node, 'lineno', 0)}"))

    for file, tree in parsed(folders):
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and name_of(node) in calls:
                place = calls[name_of(node)]
                if len(node.args) > place:
                    add(file, node.args[place])
                for keyword in node.keywords:
                    if keyword.arg == "text":
                        add(file, keyword.value)
            elif isinstance(node, ast.Assign):
                if any(isinstance(target, ast.Name) and target.id in names for target in node.targets):
                    add(file, node.value)
            elif isinstance(node, ast.Return) and "return" in names:
                add(file, node.value)
    return list(found.values())
