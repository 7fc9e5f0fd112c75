"""The settings in force, to be read: `hoga config` and an editor change them."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from core.config import Settings
from tui import format as f
from tui.forms.page import Lines
from tui.look import Look
from tui.widgets.grid import Cell

SHORT = 400
"""A value longer than this is cut."""


def settings_page(settings: Settings, file: str, look: Look) -> Lines:
    """Every setting, those that are not the default ones marked."""
    lines = [
        [Cell(f" {look.word('File')}  ", "text-dim"), Cell(file or look.word("none: all defaults"), "strong")],
        [Cell(f" {look.word('Change it with an editor and start again; `hoga config check` reads it.')}", "text-dim")],
    ]
    for section in settings.__struct_fields__:
        here, default = getattr(settings, section), getattr(Settings(), section)
        lines += [[], [Cell(f" [{section}]", "title")]]
        for name, value, usual in _fields(here, default):
            pen, mark = ("text-dim", " ") if value == usual else ("strong", "*")
            lines.append([Cell(f" {mark} {f.fit(name, 24)} ", "text"), Cell(f.clip(_said(value), SHORT), pen)])
    return Lines(look.word("Settings"), "", lines)


def _fields(here: object, default: object) -> Iterator[tuple[str, object, object]]:
    if isinstance(here, msgspec.Struct):
        for name in here.__struct_fields__:
            yield name, getattr(here, name), getattr(default, name, None)
    elif isinstance(here, dict):
        yield from ((str(name), value, None) for name, value in here.items())


def _said(value: object) -> str:
    if value is None:
        return "-"
    if isinstance(value, tuple | list):
        return ", ".join(map(str, value)) or "-"
    return str(value)
