"""Which rows of a pane are shown, in what order, and which are marked: the choice of the person who looks. It knows
rows by key and asks for their words and values; it draws nothing and holds no figure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

Words = Callable[[str], str]
"""Key -> what a filter may match in that row, folded; empty for a row it may never hide."""
Value = Callable[[str], Any]
"""Key -> what the row is sorted by; None sorts last."""


class Roster:
    def __init__(self) -> None:
        self.filter = ""
        self.column = ""
        """The column rows are sorted by; empty: the order the pane gives them."""
        self.is_falling = False
        self.shown: list[str] = []
        self.total = 0
        self._places: dict[str, int] = {}
        """The order of the last sort: rows keep their place until somebody sorts again."""
        self._marks: dict[str, None] = {}
        self._anchor: str | None = None
        self._before: tuple[str, ...] = ()

    def arrange(self, keys: Sequence[str], words: Words) -> list[str]:
        """The rows to show, of all there are: in their places, new ones where the pane has its new ones."""
        self.total = len(keys)
        order = list(keys)
        if not (self.column or self.filter or self._marks):
            self.shown = order
            return order
        if self.column:
            known = sorted((key for key in keys if key in self._places), key=self._places.__getitem__)
            fresh = [key for key in keys if key not in self._places]
            is_first = bool(fresh) and fresh[0] == keys[0]
            order = [*fresh, *known] if is_first else [*known, *fresh]
            first = [key for key in order if not words(key)]  # what may never be hidden never sinks either
            order = [*first, *(key for key in order if key not in first)] if first else order
        if self.filter:
            parts = self.filter.split()
            order = [key for key in order if not (found := words(key)) or all(part in found for part in parts)]
        if self._marks:
            there = set(keys)
            self._marks = {key: None for key in self._marks if key in there}
        self.shown = order
        return order

    def sort(self, keys: Iterable[str], value: Value) -> None:
        """Sort now, by the chosen column: equal values keep their order, what has no value stands last."""
        if not self.column:
            self._places = {}
            return
        values = {key: value(key) for key in keys}
        having = [key for key, found in values.items() if found is not None]
        having.sort(key=values.__getitem__, reverse=self.is_falling)
        lacking = [key for key, found in values.items() if found is None]
        self._places = {key: place for place, key in enumerate([*having, *lacking])}

    # ---- marks

    @property
    def marked(self) -> list[str]:
        """Marked rows that can be seen, from the top: what is hidden by a filter is not acted on."""
        return [key for key in self.shown if key in self._marks]

    @property
    def is_ranging(self) -> bool:
        return self._anchor is not None

    def mark(self, key: str) -> None:
        """Mark a row, or take its mark away."""
        self._anchor = None
        if key in self._marks:
            del self._marks[key]
        else:
            self._marks[key] = None

    def mark_all(self) -> None:
        self._anchor = None
        self._marks |= dict.fromkeys(self.shown)

    def unmark(self) -> bool:
        """Take all marks away; False when there were none."""
        had = bool(self._marks) or self._anchor is not None
        self._marks, self._anchor = {}, None
        return had

    def begin_range(self, key: str) -> None:
        """From here to the cursor, wherever it goes, until the range ends."""
        self._anchor, self._before = key, tuple(self._marks)
        self.extend_to(key)

    def end_range(self) -> None:
        self._anchor = None

    def extend_to(self, key: str) -> None:
        if self._anchor is None or self._anchor not in self.shown or key not in self.shown:
            return
        one, other = sorted((self.shown.index(self._anchor), self.shown.index(key)))
        self._marks = dict.fromkeys((*self._before, *self.shown[one : other + 1]))
