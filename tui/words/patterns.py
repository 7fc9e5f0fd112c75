"""From an English sentence back to its template: the catalogue's other way in, for texts that come ready-made from the
engine and the journal. A template matches by its fixed parts in their order, each at the first place it stands: time
grows with the length of the text alone, whatever is written in it."""

from __future__ import annotations

from collections.abc import Iterable
from string import Formatter

import msgspec

LONGEST = 1024
"""A longer text is nobody's sentence."""


class Pattern(msgspec.Struct, frozen=True):
    template: str
    parts: tuple[str, ...]
    """Fixed parts: before the first field, between fields, behind the last. One more than there are names."""
    names: tuple[str, ...]

    @property
    def weight(self) -> int:
        return sum(map(len, self.parts))

    def match(self, text: str) -> dict[str, str] | None:
        """The fields, none of them empty; None when the text is another sentence."""
        first, *middle, last = self.parts
        end = len(text) - len(last)
        if not text.startswith(first) or not text.endswith(last) or end <= len(first):
            return None
        fields: dict[str, str] = {}
        at = len(first)
        for name, part in zip(self.names, middle, strict=False):
            found = text.find(part, at + 1, end)
            if found < 0:
                return None
            fields[name] = text[at:found]
            at = found + len(part)
        if at >= end:
            return None
        return fields | {self.names[-1]: text[at:end]}


def pattern(template: str) -> Pattern | None:
    """None for a text without fields. Raises ValueError where two fields touch: no one could tell them apart."""
    parts: list[str] = [""]
    names: list[str] = []
    for literal, name, _, _ in Formatter().parse(template):
        parts[-1] += literal
        if name is not None:
            if names and not parts[-1]:
                raise ValueError(f"two fields touch in {template!r}")
            names.append(name)
            parts.append("")
    return Pattern(template, tuple(parts), tuple(names)) if names else None


class Patterns:
    """Many templates, found by the first word of a text; those that begin with a field are tried after."""

    def __init__(self, templates: Iterable[str]) -> None:
        self._by_word: dict[str, list[Pattern]] = {}
        for found in filter(None, map(pattern, templates)):
            self._by_word.setdefault(_first_word(found.parts[0]), []).append(found)
        for group in self._by_word.values():
            group.sort(key=lambda found: -found.weight)

    def find(self, text: str) -> tuple[str, dict[str, str]] | None:
        """(template, fields) of the sentence that fits best."""
        if len(text) > LONGEST:
            return None
        for word in (_first_word(text), ""):
            for candidate in self._by_word.get(word, ()):
                fields = candidate.match(text)
                if fields is not None:
                    return candidate.template, fields
        return None


def _first_word(text: str) -> str:
    """The word a text begins with, if it is whole: a field may go on where the fixed part ends."""
    word, space, _ = text.partition(" ")
    return word if space else ""
