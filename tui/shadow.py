"""The shadow of the terminal: what was last written in every cell, so that the next frame writes only cells that
differ. It turns strips into the shortest text that has the same effect. It knows no App and no driver.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from unicodedata import normalize

from rich.cells import cell_len, get_character_cell_size
from rich.color import ColorSystem
from rich.segment import Segment

from core.domain.text import UNSAFE
from tui.sgr import PenTable

FILLER = "\x00"
"""Stands in the second cell of a wide character."""
UNKNOWN = "\x01"
"""Stands in a cell whose content on the terminal is not known; equal to nothing that can be drawn."""
BRIDGE = 3
"""Unchanged cells between two changed ones that are cheaper written again than jumped over."""
SHORT = 11
"""In a changed piece of up to this many cells nobody looks for unchanged ones worth jumping over."""
SYNC_START, SYNC_END = "\x1b[?2026h", "\x1b[?2026l"
SYNC_RUNS = 8
"""Frames of more pieces than this are worth 16 bytes of synchronized output; fewer cannot be seen half-done."""


@lru_cache(maxsize=8192)
def _cells_of_odd(text: str) -> str:
    if not text.isascii():
        text = normalize("NFC", text)
    cells = []
    for character in text:
        if character in "\t\r\n":
            cells.append(" ")
        elif not UNSAFE.match(character):
            size = get_character_cell_size(character)
            if size:
                cells.append(character + FILLER * (size - 1))
    return "".join(cells)


@lru_cache(maxsize=8192)
def _cells_of_wide(text: str) -> str:
    cells, wanted = _cells_of_odd(text), cell_len(text)  # the layout went by this many cells
    if len(cells) > wanted:
        cells = cells[:wanted]
        if _cells_of_odd(text)[wanted] == FILLER:
            cells = cells[:-1] + " "
    return cells + " " * (wanted - len(cells))


def cells_of(text: str) -> str:
    """`text` with one character per cell, wide ones followed by FILLER, and nothing in it a terminal would obey."""
    return text if text.isascii() and text.isprintable() else _cells_of_wide(text)


class ShadowScreen:
    """Paint strips, then `render()` the difference. One instance per terminal; `forget()` when others wrote to it."""

    def __init__(self, color_system: ColorSystem = ColorSystem.TRUECOLOR) -> None:
        self.width = 0
        self.height = 0
        self.is_known = False
        self._color_system = color_system
        self.forget()

    def resize(self, width: int, height: int) -> None:
        """The terminal has this size now, and nothing on it can be relied upon."""
        self.width, self.height = width, height
        self.forget()

    def forget(self) -> None:
        """The terminal's content, pen and cursor are unknown: the next paint writes every cell it covers."""
        self._pens = PenTable(self._color_system)
        self._text = [UNKNOWN * self.width for _ in range(self.height)]
        self._looks = [chr(0) * self.width for _ in range(self.height)]
        self._seen: list[dict[int, Sequence[Segment]]] = [{} for _ in range(self.height)]
        self._ends: list[Sequence[int]] = [() for _ in range(self.height)]
        self._runs: dict[str, list[tuple[int, int, str]]] = {}
        self._count = 0
        self._pen: str | None = None
        self._cursor: tuple[int, int] | None = None
        self.is_known = False

    def rows(self) -> list[str]:
        """What stands on the terminal, one string a row; wide characters once, unknown cells as U+0001."""
        return [row.replace(FILLER, "") for row in self._text]

    def paint(self, y: int, x: int, segments: Sequence[Segment], ends: Sequence[int] = ()) -> None:
        """Row `y` from cell `x` on shows `segments`. `ends` says how the row is divided; strips of another division
        are not compared with each other."""
        if not 0 <= y < self.height:
            return
        seen = self._seen[y]
        if self._ends[y] != ends:
            self._ends[y] = ends
            seen.clear()
        before = seen.get(x, ())
        if before is segments:
            return
        seen[x] = segments
        old_count, position = len(before), x
        for index, segment in enumerate(segments):
            text = segment.text
            cells = text if text.isascii() and text.isprintable() else _cells_of_wide(text)
            end = position + len(cells)
            if (index >= old_count or before[index] is not segment) and not segment.control:
                self._compare(y, position, cells, *self._pens.look(segment.style))
            if not segment.control:
                position = end

    def _compare(self, y: int, x: int, cells: str, pen: str, ground: str) -> None:
        """Note which of `cells`, drawn with `pen` at (x, y), are not on the terminal yet."""
        room = self.width - x
        if room <= 0:
            return
        if len(cells) > room:
            cells = cells[:room]
        count = len(cells)
        end = x + count
        text, inks = self._text[y], self._looks[y]
        old_text, old_looks = text[x:end], inks[x:end]
        if ground == pen or " " not in cells:
            new_looks = pen * count
        else:
            ink = cells.strip(" ")
            if " " in ink:
                new_looks = "".join([ground if cell == " " else pen for cell in cells])
            else:
                before = count - len(cells.lstrip(" "))
                new_looks = ground * before + pen * len(ink) + ground * (count - before - len(ink))
        if old_text == cells and old_looks == new_looks:
            return
        self._text[y] = text[:x] + cells + text[end:]
        self._looks[y] = inks[:x] + new_looks + inks[end:]
        if old_text[:1] == FILLER or text[end : end + 1] == FILLER:
            self._orphans(y, x, end, text)
        first, last = 0, count - 1
        while old_text[first] == cells[first] and old_looks[first] == new_looks[first]:
            first += 1
        while old_text[last] == cells[last] and old_looks[last] == new_looks[last]:
            last -= 1
        if last - first > SHORT:
            previous = first
            for place in range(first + 1, last):
                if old_text[place] != cells[place] or old_looks[place] != new_looks[place]:
                    if place - previous > BRIDGE + 1:
                        self._note(y, x, first, previous + 1, cells, pen, ground)
                        first = place
                    previous = place
            if last - previous > BRIDGE + 1:
                self._note(y, x, first, previous + 1, cells, pen, ground)
                first = last
        self._note(y, x, first, last + 1, cells, pen, ground)

    def _note(self, y: int, x: int, start: int, end: int, cells: str, pen: str, ground: str) -> None:
        while end < len(cells) and cells[end] == FILLER:  # the cursor goes on behind a wide character
            end += 1
        piece = cells[start:end]
        pen = ground if piece.isspace() else pen
        run = (y, x + start, piece)
        if pen in self._runs:
            self._runs[pen].append(run)
        else:
            self._runs[pen] = [run]
        self._count += 1

    def _orphans(self, y: int, x: int, end: int, before: str) -> None:
        """Half of a wide character was written over: what the terminal shows in its other half is not known."""
        row = self._text[y]
        if x and before[x] == FILLER and row[x] != FILLER and get_character_cell_size(before[x - 1]) == 2:
            row = row[: x - 1] + UNKNOWN + row[x:]
        if before[end : end + 1] == FILLER and row[end : end + 1] == FILLER:
            row = row[:end] + UNKNOWN + row[end + 1 :]
        self._text[y] = row
        self._seen[y].clear()

    def render(self, cursor: tuple[int, int], *, is_synchronized: bool = False) -> str:
        """What to write so that the terminal shows all that was painted, with its cursor at (x, y). Empty when
        nothing differs. Pieces are ordered by pen: their places differ, so order cannot be seen, and a change of
        pen costs more bytes than a move."""
        runs = self._runs
        home = (cursor[1], cursor[0])
        if not runs and home == self._cursor and self._pen is not None:
            return ""
        count, self._runs, self._count = self._count, {}, 0
        out: list[str] = []
        if self._pen is None:
            out.append("\x1b[m")
            self._pen = chr(0)
        if runs:
            self._write(runs, out)
        out.append(self._move(*home))
        self._cursor = home
        if self._pens.is_full:
            out.append(self._pens.change(self._pen, chr(0)))
            self.forget()
        if is_synchronized and count > SYNC_RUNS:
            return f"{SYNC_START}{''.join(out)}{SYNC_END}"
        return "".join(out)

    def _write(self, runs: dict[str, list[tuple[int, int, str]]], out: list[str]) -> None:
        pens, width = self._pens, self.width
        ground, current = pens.ground, self._pen or chr(0)
        here = ground(current)

        def order(pen: str) -> tuple[bool, str, bool, bool, str]:
            under = ground(pen)  # within one background: the pen at hand, other pens, and blanks that need none last
            return under != here, under, pen == under, pen != current, pen

        for pen in sorted(runs, key=order):
            for y, x, cells in sorted(runs[pen]):
                # Blanks need only the right background, whatever the ink.
                if pen != current and not (pen == here and cells.isspace()):
                    out.append(pens.change(current, pen))
                    current, here = pen, ground(pen)
                out.append(self._move_or_bridge(y, x, current, here))
                out.append(cells.replace(FILLER, "") if FILLER in cells else cells)
                end = x + len(cells)
                self._cursor = (y, end) if end < width else None  # at the edge terminals disagree
        self._pen = current

    def _move_or_bridge(self, y: int, x: int, pen: str, ground: str) -> str:
        """To (x, y): by writing the few cells between again when they need no other pen, else by a move."""
        at = self._cursor
        if at is None or at[0] != y:
            return self._move(y, x)
        if 0 < x - at[1] <= BRIDGE:
            between = self._text[y][at[1] : x]
            if between.isascii() and between.isprintable():
                looks = self._looks[y][at[1] : x]
                if all(look in (pen, ground) for look in looks):
                    return between
        return self._move(y, x)

    def _move(self, y: int, x: int) -> str:
        """The shortest sequence that puts the cursor at (x, y)."""
        at = self._cursor
        if at == (y, x):
            return ""
        if at is not None and at[0] == y:
            steps = x - at[1]
            if steps == -1:
                return "\b"
            if x == 0:
                return "\r"
            by = f"\x1b[{'' if abs(steps) == 1 else abs(steps)}{'C' if steps > 0 else 'D'}"
            return min(by, f"\x1b[{x + 1}G", key=len)
        jump = f"\x1b[{y + 1};{x + 1}H" if x else f"\x1b[{y + 1}H" if y else "\x1b[H"
        if at is not None and at[1] == x:
            steps = y - at[0]
            by = f"\x1b[{'' if abs(steps) == 1 else abs(steps)}{'B' if steps > 0 else 'A'}"
            return min(by, f"\x1b[{y + 1}d", jump, key=len)
        return jump
