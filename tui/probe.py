"""How wide does this terminal draw an ambiguous glyph? Two are printed, the cursor is asked where it stands, and the
row is cleared, all before the program is loaded, so that the answer is there when the first picture is: nobody waits. A
terminal that never answers is given what its locale says it can show; one that answers late is still heard."""

from __future__ import annotations

import os
import re
import select
import sys
import termios
from collections.abc import Mapping
from types import TracebackType
from typing import Literal

import msgspec

from core.clock import SystemClock
from core.config import Settings
from tui import terminal

LIMIT_MS = 150
"""So long after it was asked a terminal may answer before the first picture is drawn without it."""
START = 20
"""The glyphs stand here, far from the first columns: a reply of small figures is how some terminals spell Shift+F3."""
GLYPHS = "─▲"
_NARROW = START + len(GLYPHS)
_REPLY = re.compile(rb"\x1b\[\d{1,4};(\d{1,4})R")

Width = Literal["narrow", "wide"]


def width_of(column: int) -> Width | None:
    """What a cursor's column (from 0) after the glyphs says; None for a column that is no answer."""
    return None if not _NARROW <= column <= START + 4 * len(GLYPHS) else "narrow" if column == _NARROW else "wide"


def speaks_utf8(environment: Mapping[str, str]) -> bool:
    """Does the locale say that the terminal reads UTF-8?"""
    name = environment.get("LC_ALL") or environment.get("LC_CTYPE") or environment.get("LANG") or ""
    return "utf-8" in name.lower() or "utf8" in name.lower()


class Probe:
    """Asks when entered and gives the terminal back as it was when left, unless the screen has taken it over."""

    def __init__(self, source: int, target: int, *, questions: str = "") -> None:
        self._source, self._target = source, target
        self._questions = questions
        self.seen = b""
        """What came before the answer: replies to other questions, and keys."""
        self._clock = SystemClock()
        self._asked = 0
        self._modes: list[object] | None = None
        self.width: Width | None = None
        self.milliseconds: float | None = None
        """From the question to the answer; None while there is none."""

    def __enter__(self) -> Probe:
        try:
            if os.get_terminal_size(self._target).columns <= START + 4 * len(GLYPHS):
                return self
            self._modes = termios.tcgetattr(self._source)
            quiet = termios.tcgetattr(self._source)
            quiet[3] &= ~(termios.ECHO | termios.ICANON)  # the answer is neither shown nor held back for a newline
            termios.tcsetattr(self._source, termios.TCSANOW, quiet)
            os.write(self._target, f"{self._questions}\r\x1b[{START + 1}G{GLYPHS}\x1b[6n\r\x1b[K".encode())
            self._asked = self._clock.monotonic()
        except (OSError, termios.error):
            self.__exit__(None, None, None)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        modes = self.take_modes()
        if modes is not None:
            try:
                termios.tcsetattr(self._source, termios.TCSANOW, modes)  # type: ignore[arg-type]
            except termios.error:
                return  # it is gone, and its modes with it

    def take_modes(self) -> list[object] | None:
        """The terminal's modes as they were found: whoever takes them must give them back."""
        modes, self._modes = self._modes, None
        return modes

    def answer(self) -> Width | None:
        """The answer if it has come, at the latest LIMIT_MS after the question. Whatever else was typed since then is
        thrown away: nobody has seen a screen yet, so no key can mean anything."""
        left = 1.0
        while self._asked and self.width is None and left > 0:
            left = LIMIT_MS / 1000 - (self._clock.monotonic() - self._asked) / 1e9
            if not select.select([self._source], [], [], max(left, 0))[0]:
                break
            try:
                data = os.read(self._source, 4096)
            except OSError:
                break
            if not data:
                break
            self.seen = (self.seen + data)[-4096:]
            for found in _REPLY.finditer(self.seen):
                self.width = self.width or width_of(int(found[1]) - 1)
            if self.width is not None:
                self.milliseconds = (self._clock.monotonic() - self._asked) / 1e6
        self._asked = 0
        return self.width


def fitted(settings: Settings, probe: Probe) -> Settings:
    """The settings with glyphs and theme that this terminal can show. Where it has not answered, its locale speaks for
    it, and an answer that comes late may still change the screen: then the glyphs stay `auto`."""
    console = settings.console
    width = probe.answer()
    if terminal.colours(os.environ) < terminal.FEW_COLOURS:
        console = msgspec.structs.replace(console, theme="ansi")
    if console.glyphs == "auto":
        console = msgspec.structs.replace(console, glyphs=glyphs_for(width, os.environ))
    return msgspec.structs.replace(settings, console=console)


def glyphs_for(width: Width | None, environment: Mapping[str, str]) -> Literal["auto", "unicode", "ascii"]:
    if environment.get("TERM") == "linux":  # its fonts have a few hundred glyphs, and ours are not among them
        return "ascii"
    if width is not None:
        return "ascii" if width == "wide" else "unicode"
    return "auto" if speaks_utf8(environment) else "ascii"


def standard_probe() -> Probe:
    """On the terminal the screen will use: keys from standard input, pictures to standard error."""
    return Probe(sys.__stdin__.fileno(), sys.__stderr__.fileno())  # type: ignore[union-attr]
