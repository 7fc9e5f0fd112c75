"""A terminal for tests: a Textual driver whose output goes to pyte, and the pens and panes the screen tests share.
No test lives here."""

from __future__ import annotations

import unicodedata
from typing import Any, ClassVar

import pyte
from rich.color import ColorSystem
from textual._context import visible_screen_stack
from textual.app import App
from textual.drivers.headless_driver import HeadlessDriver
from textual.strip import Strip

from tui.widgets.pens import Pens

PENS = Pens(
    {
        "text": "#cdd5df",
        "background": "on #0e1116",
        "text-dim": "#8a95a3",
        "faint": "#56606d",
        "strong": "bold #f3f6fa",
        "accent": "#5fc9c1",
        "selection": "on #17292c",
        "raised": "on #1e252e",
        "up": "#ff6b6f",
        "down": "#6aa5ff",
        "flat": "#b4bdc8",
        "error": "#0e1116 on #f3f6fa bold",
        "stale": "#e3b341 on #33290f",
        "under": "underline #cdd5df",
        "inverse": "reverse",
    }
)

# A cell a person can tell from another: glyph, background, and the ink where there is a glyph.
Cell = tuple[Any, ...]


class Terminal(HeadlessDriver):
    """Writes to pyte instead of a file. `screens` keeps every terminal made, newest last; `written` its output."""

    screens: ClassVar[list[Terminal]] = []

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        width, height = self._get_terminal_size()
        self.screen = pyte.Screen(width, height)
        self.stream = pyte.Stream(self.screen)
        self.written: list[str] = []
        Terminal.screens.append(self)

    @property
    def is_headless(self) -> bool:
        return False

    def write(self, data: str) -> None:
        self.written.append(data)
        self.stream.feed(data)

    def resize(self, width: int, height: int) -> None:
        """As a terminal does it: lines cut or filled, the pen kept."""
        self._size = (width, height)
        self.screen.resize(height, width)


def seen(screen: pyte.Screen) -> list[list[Cell]]:
    """What a person sees in each cell."""
    return [[_cell(screen.buffer[y][x]) for x in range(screen.columns)] for y in range(screen.lines)]


def _cell(char: Any) -> Cell:
    ground = (char.bg, char.reverse, char.underscore, char.strikethrough)
    if char.data == " ":
        return (" ", *ground, char.fg if char.reverse else None)
    if char.data == "":
        return ("",)
    return (unicodedata.normalize("NFC", char.data), *ground, char.fg, char.bold, char.italics, char.blink)


def whole_paint(app: App[Any]) -> pyte.Screen:
    """The same moment drawn from nothing by Textual's own compositor."""
    visible_screen_stack.set(app._background_screens)
    compositor = app.screen._compositor
    width, height = compositor.size
    screen = pyte.Screen(width, height)
    screen.reset_mode(pyte.modes.DECAWM)
    stream = pyte.Stream(screen)
    system = app.console._color_system or ColorSystem.TRUECOLOR
    for y, strip in enumerate(compositor.render_strips()):
        stream.feed(f"\x1b[{y + 1};1H")
        for text, style, _ in strip:
            # Not strip.render(): styles remember the codes of the first colour system that asked.
            codes = Strip.render_ansi(style, system) if style else ""
            stream.feed(f"\x1b[0;{codes}m{text}")
    return screen


def text_of(screen: pyte.Screen) -> list[str]:
    """The rows as a person reads them: wide characters once."""
    return ["".join(screen.buffer[y][x].data for x in range(screen.columns)) for y in range(screen.lines)]
