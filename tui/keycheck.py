"""Whether keys can be what somebody wants them to be: keys that never arrive, that are another key's bytes or belong to
others, and keys that would mean two things in one place. It judges and changes nothing."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from tui.actions import PANES, Action
from tui.keymap import Keymap

_TAKEN = {
    "ctrl+s": "it stops the terminal's output",
    "ctrl+z": "it suspends programs",
    "ctrl+c": "it copies or interrupts",
    "ctrl+b": "tmux keeps it",
    "ctrl+a": "screen and tmux keep it",
    "ctrl+i": "it is the same byte as tab",
    "ctrl+m": "it is the same byte as enter",
    "ctrl+h": "it is the same byte as backspace",
    "ctrl+j": "it is the same byte as a line feed",
    "ctrl+left_square_bracket": "it is the same byte as escape",
    "ctrl+[": "it is the same byte as escape",
    "alt+b": "it arrives as ctrl+left",
    "alt+f": "it arrives as ctrl+right",
    "shift+f3": "it arrives as the terminal's report of its cursor",
    "alt+f3": "it arrives as the terminal's report of its cursor",
    "ctrl+f3": "it arrives as the terminal's report of its cursor",
    "f1": "desktop terminals open their help with it",
    "f10": "desktop terminals open their menu with it",
    "f11": "desktop terminals go full screen with it",
    "f12": "desktop terminals drop down and browsers open tools with it",
}
"""Keys that terminals, shells, multiplexers or desktops keep for themselves, or that are another key's bytes."""
FORBIDDEN = frozenset(_TAKEN)
_NAMED = ("escape", "enter", "tab", "space", "backspace", "delete", "insert", "home", "end", "pageup", "pagedown")
NAMED = frozenset((*_NAMED, "up", "down", "left", "right", *(f"f{number}" for number in range(1, 25))))
_MOVABLE = frozenset(("home", "end", "pageup", "pagedown", "up", "down", "left", "right", "insert", "delete"))
_TYPED = frozenset(("enter", "tab", "space", "backspace", "escape"))


def unreachable(key: str) -> str:
    """Why a single key cannot be bound; empty when it can."""
    if key in _TAKEN:
        return _TAKEN[key]
    if len(key) == 1:
        return "" if "!" <= key <= "~" else "write the Latin key in the same place" if not key.isascii() else "unknown"
    head, plus, name = key.rpartition("+")
    if not plus or not head:
        return "" if key in NAMED else "there is no such key"
    parts = head.split("+")
    if parts != sorted(set(parts)) or not set(parts) <= {"alt", "ctrl", "shift"}:
        return "write alt, ctrl and shift in this order, each once"
    if name in _MOVABLE or re.fullmatch(r"f\d\d?", name):
        return "" if name in NAMED else "there is no such key"
    if parts == ["shift"]:
        if name == "tab":
            return ""
        return f"write {name.upper()}" if len(name) == 1 else "terminals send the key without shift"
    if parts == ["ctrl"]:
        return "" if re.fullmatch(r"[a-z]", name) else "terminals send ctrl only with the letters a to z"
    if parts == ["alt"]:
        return "" if re.fullmatch(r"[a-z]", name) else "terminals send alt only with letters, arrows and F-keys"
    return "terminals cannot send it"


def is_printable(keys: str) -> bool:
    """Does the key, or the pair of keys, hold one that types something?"""
    return any(len(key) == 1 or key == "space" for key in keys.split(" "))


def clashes(actions: Sequence[Action]) -> Iterator[tuple[str, Action, Action]]:
    """Keys that would mean two things in one place, or that another key hides: (keys, who has them, who wants them)."""
    for layer in _layers(actions):
        seen: dict[str, Action] = {}
        for action in layer:
            for keys in action.keys:
                if keys in seen:
                    yield keys, seen[keys], action
                seen[keys] = action
    keymap = Keymap(actions)
    for pane in PANES:
        here = keymap.at(pane)
        for keys, action in here.items():
            first, _, second = keys.partition(" ")
            before = keymap.always(first) or (here.get(first) if second else None)
            if before is not None:
                yield keys, before, action


def _layers(actions: Sequence[Action]) -> Iterator[list[Action]]:
    """Actions among which a key can have one meaning only."""
    yield [action for action in actions if action.context == "always"]
    resting = [action for action in actions if action.context == "rest"]
    yield [action for action in resting if not action.panes]
    for pane in PANES:
        yield [action for action in resting if pane in action.panes]
    for place in dict.fromkeys(a.context for a in actions if a.context not in ("always", "rest")):
        yield [action for action in actions if action.context == place]
