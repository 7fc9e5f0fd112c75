"""The tour of the manual is walked in a real terminal, key by key: what it says one sees is on the screen."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.house.sources import ROOT
from tests.terminal import Terminal, hoga

KEYS = {
    "Enter": "\r",
    "Esc": "\x1b",
    "Space": " ",
    "Up": "\x1b[A",
    "Ctrl+P": "\x10",
    "Ctrl+X": "\x18",
}


def steps(page: str) -> list[tuple[list[str], list[str]]]:
    """(keys, words that must then be on the screen) of every row of the page's tables."""
    rows = re.findall(r"^\| (`.*?`) \| (.*?) \|$", (ROOT / "docs" / page).read_text("utf-8"), re.M)
    return [(re.findall(r"`([^`]+)`", keys), re.findall(r"\*\*(.+?)\*\*", seen)) for keys, seen in rows]


def press(terminal: Terminal, key: str) -> None:
    terminal.press(KEYS.get(key, key).encode())
    # As a person does: the next key comes after the screen has answered this one.
    terminal.watch(0.3)


@pytest.mark.parametrize("page", ["tour.md"])
def test_the_tour_shows_what_it_says(page: str, tmp_path: Path) -> None:
    walked = steps(page)
    assert len(walked) == 22
    with hoga("demo", home=tmp_path) as terminal:
        terminal.wait("NAVER")
        for keys, words in walked[:-1]:
            for key in keys:
                press(terminal, key)
            for word in words:
                terminal.wait(word)
            assert "PAPER" in terminal.lines[0]
        for key in walked[-1][0]:
            press(terminal, key)
        assert terminal.ended() == 0


def test_both_languages_walk_the_same_way() -> None:
    assert [keys for keys, _ in steps("tour.md")] == [keys for keys, _ in steps("tour.ko.md")]
    assert [words for _, words in steps("tour.md")] == [words for _, words in steps("tour.ko.md")]
