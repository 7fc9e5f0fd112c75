"""The terminal part of `hoga doctor`: size, colours, how wide it draws lines and marks, what it answers to, and what to
do where something is missing. It asks the terminal as the console does at its start, and leaves no trace on it."""

from __future__ import annotations

import os
import re
import shutil
import sys
from collections.abc import Iterator, Mapping

from tui import terminal
from tui.cli.check import Check
from tui.probe import LIMIT_MS, Probe, glyphs_for

_QUESTIONS = "\x1b[?2004$p\x1b[?2026$p"
_MODE = re.compile(rb"\x1b\[\?(\d+);([0-4])\$y")
_MODES = {b"2004": "bracketed paste", b"2026": "synchronized output"}


def check_terminal() -> Iterator[Check]:
    if not sys.stdout.isatty():
        text = "standard output is no terminal; the console was not judged"
        yield Check(name="terminal", level="ok", text=text)
        return
    yield _size(os.environ)
    yield _colours(os.environ)
    if sys.__stdin__ is not None and sys.__stdin__.isatty():
        with Probe(sys.__stdin__.fileno(), sys.stdout.fileno(), questions=_QUESTIONS) as probe:
            probe.answer()
        yield glyphs(probe, os.environ)
        yield answers(probe)


def _size(environment: Mapping[str, str]) -> Check:
    columns, lines = shutil.get_terminal_size()
    kind = environment.get("TERM", "")
    text = f"{columns}x{lines}, TERM={kind or '(not set)'}"
    if kind in terminal.CANNOT:
        text += ": the console does not start here; set TERM to what the terminal is, as in TERM=xterm-256color"
        return Check(name="terminal", level="fail", text=text)
    if columns < 80 or lines < 24:
        return Check(name="terminal", level="warn", text=f"{text}; below 80x24 only one pane is shown at a time")
    return Check(name="terminal", level="ok", text=text)


def _colours(environment: Mapping[str, str]) -> Check:
    if environment.get("NO_COLOR"):
        return Check(name="colours", level="ok", text="NO_COLOR is set: directions are shown by glyphs")
    count = terminal.colours(environment)
    if count > terminal.FEW_COLOURS:
        return Check(name="colours", level="ok", text="16.7 million")
    if count == terminal.FEW_COLOURS:
        text = "256; where the terminal has more, COLORTERM=truecolor says so (ssh passes it on with SendEnv)"
        return Check(name="colours", level="ok", text=text)
    text = "16 or fewer: the terminal's own are used, without tints; TERM=xterm-256color where it has more"
    return Check(name="colours", level="warn", text=text)


def glyphs(probe: Probe, environment: Mapping[str, str]) -> Check:
    """How wide lines and marks are, and what the console makes of it."""
    chosen = glyphs_for(probe.width, environment)
    if probe.width is None:
        said = f"no answer within {LIMIT_MS} ms how wide lines are"
        does = "ASCII is used" if chosen == "ascii" else "they are taken for one cell wide"
        text = f"{said}; {does}. [console] glyphs decides"
        return Check(name="glyphs", level="warn" if chosen == "ascii" else "ok", text=text)
    took = f"answered in {probe.milliseconds:.0f} ms"
    if probe.width == "narrow":
        text = "one cell wide" if chosen == "unicode" else "one cell wide, but its font lacks them: ASCII is used"
        return Check(name="glyphs", level="ok", text=f"{text} ({took})")
    text = (
        f"two cells wide ({took}): ASCII is used. Set the terminal to draw ambiguous width as narrow; where this is "
        'wrong, [console] glyphs = "unicode"'
    )
    return Check(name="glyphs", level="warn", text=text)


def answers(probe: Probe) -> Check:
    """What else the terminal says it can."""
    found = {mode: setting for mode, setting in _MODE.findall(probe.seen) if setting not in (b"0", b"4")}
    has = [name for mode, name in _MODES.items() if mode in found]
    lacks = [name for mode, name in _MODES.items() if mode not in found]
    text = ", ".join(has) or "says nothing of what it can"
    if lacks and has:
        text += f"; not said: {', '.join(lacks)}"
    if "bracketed paste" in lacks:
        text += ". Where pastes are not bracketed they arrive as keys: hoga drops bursts, but paste into : only"
    return Check(name="answers", level="ok", text=text)
