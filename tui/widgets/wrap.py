"""Words into lines of so many cells, Hangul counted as two."""

from __future__ import annotations

from tui import format as f

MOST_WORDS = 80


def wrap(text: str, cells: int) -> list[str]:
    """At least one line, none wider than `cells`; a word that is wider is cut."""
    lines, line = [], ""
    for word in text.split()[:MOST_WORDS]:
        word = f.clip(word, cells)  # noqa: PLW2901
        if line and f.width(line) + 1 + f.width(word) > cells:
            lines.append(line)
            line = word
        else:
            line = f"{line} {word}" if line else word
    return [*lines, line] if line else lines or [""]
