"""Forms that lie over the panes: what they offer to the one widget that draws them. Small ones stand at the bottom of
the screen, whole ones take all of it; each says its rows as cells."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, runtime_checkable

from tui.look import Look
from tui.widgets.grid import Cell


class Line:
    """One row of an overlay: its cells, and whether the cursor stands on it."""

    __slots__ = ("cells", "is_chosen")

    def __init__(self, cells: Sequence[Cell], *, is_chosen: bool = False) -> None:
        self.cells, self.is_chosen = cells, is_chosen


@runtime_checkable
class Over(Protocol):
    """A form with rows of its own. `height` is how many it would like, its title not counted."""

    def title(self, look: Look) -> str: ...
    def facts(self, look: Look) -> str: ...
    def height(self) -> int: ...
    def lines(self, look: Look, width: int, height: int) -> list[Line]:
        """At most `height` of them."""
        ...


def over_of(form: object) -> Over | None:
    """The form, if it is drawn over the panes."""
    return form if isinstance(form, Over) else None


class Cursor:
    """A place among `count` rows, and the window of them that is shown."""

    def __init__(self) -> None:
        self.at = 0
        self.top = 0

    def key(self, key: str, count: int) -> bool:
        """Move; False when the key moves nothing."""
        steps = {"down": 1, "up": -1, "pagedown": 10, "pageup": -10, "home": -(10**6), "end": 10**6}
        if key not in steps:
            return False
        self.to(self.at + steps[key], count)
        return True

    def to(self, place: int, count: int) -> None:
        self.at = max(min(place, count - 1), 0)

    def window(self, count: int, room: int) -> range:
        """The rows that are shown: the cursor is among them, and no room is left empty below the last."""
        self.to(self.at, count)
        self.top = max(min(self.top, self.at), self.at - room + 1)
        self.top = max(min(self.top, count - room), 0)
        return range(self.top, min(self.top + room, count))
