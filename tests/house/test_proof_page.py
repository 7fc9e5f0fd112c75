"""The pages of proof name places in the code and commands: each exists, and both languages name the same."""

from __future__ import annotations

import ast
import importlib.util
import re

import pytest

from tests.bench.__main__ import names as benches
from tests.chaos.__main__ import figures
from tests.house.sources import ROOT

PAGES = ("proof.md", "proof.ko.md", "security.md")
PLACE = re.compile(r"`((?:core|brokers|storage|tui|tests)/[\w/]+\.py)(?::(\w+))?`")
COMMAND = re.compile(r"`python -m (tests[\w.]+)([^`]*)`")


def text(page: str) -> str:
    return (ROOT / "docs" / page).read_text("utf-8")


def defined(path: str) -> set[str]:
    found: set[str] = set()
    for node in ast.walk(ast.parse((ROOT / path).read_text("utf-8"))):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            found.add(node.name)
        elif isinstance(node, ast.Assign | ast.AnnAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            found |= {target.id for target in targets if isinstance(target, ast.Name)}
    return found


@pytest.mark.parametrize("page", PAGES)
def test_every_place_in_the_code_exists(page: str) -> None:
    places = PLACE.findall(text(page))
    assert places
    for path, name in places:
        assert (ROOT / path).exists(), f"{page}: {path}"
        assert not name or name in defined(path), f"{page}: {path}:{name}"


@pytest.mark.parametrize("page", PAGES)
def test_every_command_exists(page: str) -> None:
    commands = COMMAND.findall(text(page))
    assert commands
    for module, words in commands:
        assert importlib.util.find_spec(module), f"{page}: {module}"
        for word in words.split():
            if module == "tests.chaos" and word != "NAME" and not word.startswith("-"):
                assert word in figures(), f"{page}: {word}"
            if module == "tests.bench":
                assert word in benches(), f"{page}: {word}"


def test_both_languages_name_the_same() -> None:
    for pattern in (PLACE, COMMAND):
        assert set(pattern.findall(text("proof.md"))) == set(pattern.findall(text("proof.ko.md")))
