"""The user's own keys: a preset and the bindings of [keys] put into the registry, strictly. What would leave a key
without effect, with two effects, or a person without panic is an error that names the key; nothing is guessed."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from core.config import Keys
from core.domain.errors import ConfigError
from tui.actions import ACTIONS, Action
from tui.keycheck import NAMED, clashes, unreachable
from tui.keymap import Keymap
from tui.presets import PRESETS

NEEDED = ("work.command", "work.back")
"""Resting actions that keep a key: without them nobody leaves and nobody goes back. Panic has its own rule."""
_ALIASES = {
    "esc": "escape",
    "return": "enter",
    "pgup": "pageup",
    "pgdn": "pagedown",
    "del": "delete",
    "ins": "insert",
    "exclamation_mark": "!",
    "slash": "/",
    "colon": ":",
    "question_mark": "?",
}
_ALWAYS = re.compile(r"ctrl\+[a-z]|alt\+[a-z]|(?:(?:alt|ctrl|shift)\+)*f\d+")
_EDITING = frozenset(("ctrl+u", "ctrl+w"))
_ARMED = re.compile(r"(?:(?:alt|ctrl|shift)\+)*f\d+")


class BadKeys(ConfigError):
    """`path` is where in the settings; the text is without file and line, which the reader of the file puts before."""

    def __init__(self, path: tuple[str, ...], text: str) -> None:
        super().__init__(f"{'.'.join(path)}: {text}")
        self.path = path


def keymap(keys: Keys) -> Keymap:
    """Raises BadKeys."""
    return Keymap(effective(keys)) if keys != Keys() else Keymap()


def effective(keys: Keys) -> tuple[Action, ...]:
    """The registry with the preset's and the user's keys. Raises BadKeys."""
    wanted: dict[str, tuple[str, ...]] = {action.id: action.keys for action in ACTIONS}
    preset = PRESETS[keys.preset]
    wanted |= preset.instead
    for id, more in preset.more.items():
        wanted[id] = (*wanted[id], *more)
    mine = dict(_bindings(keys.bind))
    by_id = {action.id: action for action in ACTIONS}
    for id, path in mine.items():
        action = by_id.get(id)
        if action is None or action.context not in ("rest", "always"):
            raise BadKeys(path[0], _no_such(id, action, by_id))
        wanted[id] = tuple(_checked(action, keys, path[0]) for keys in path[1])
    actions = tuple(msgspec.structs.replace(action, keys=wanted[action.id]) for action in ACTIONS)
    _check_whole(actions, {id: path for id, (path, _) in mine.items()})
    return actions


_Bound = tuple[tuple[str, ...], tuple[str, ...]]
"""Where it stands in the settings, and the keys."""


def _bindings(bind: Mapping[str, Any]) -> Iterator[tuple[str, _Bound]]:
    """`"trade.buy" = [...]` and `trade.buy = [...]` mean the same; one key needs no list. Raises BadKeys."""
    for name, value in bind.items():
        path = ("keys", "bind", *name.split("."))
        for last, keys in value.items() if isinstance(value, Mapping) else (("", value),):
            whole = (*path, last) if last else path
            listed = (keys,) if isinstance(keys, str) else keys
            if not isinstance(listed, list | tuple) or not all(isinstance(key, str) for key in listed):
                raise BadKeys(whole, 'write a list of keys, like ["b", "f2"]')
            yield ".".join(whole[2:]), (whole, tuple(listed))


def _no_such(id: str, action: Action | None, known: Mapping[str, Action]) -> str:
    if action is not None:
        return f"the keys of the {action.context} are fixed; only resting keys can be changed"
    near = difflib.get_close_matches(id, [i for i, a in known.items() if a.context in ("rest", "always")], n=1)
    return f"there is no such action{f'; did you mean {near[0]}?' if near else ''}; `hoga keys` lists all"


def _checked(action: Action, written: str, path: tuple[str, ...]) -> str:
    keys = " ".join(_spelled(written))
    parts = keys.split(" ")
    if not 1 <= len(parts) <= 2 or not all(parts):
        raise BadKeys(path, f"{written!r} is no key; write one, like b, f2 or ctrl+o, or two with a space, like g q")
    for key in parts:
        reason = unreachable(key)
        if reason:
            near = difflib.get_close_matches(key, NAMED, n=1) if reason.startswith("there is no such") else ()
            raise BadKeys(path, f"{written!r} cannot be used: {reason}{f'; did you mean {near[0]}?' if near else ''}")
    if action.sends and not _ARMED.fullmatch(keys):
        raise BadKeys(path, f"{written!r} cannot be used: this sends an order, so only an F-key may do it")
    if action.context == "always" and (not _ALWAYS.fullmatch(keys) or keys in _EDITING):
        raise BadKeys(path, f"{written!r} cannot be used: it must work while text is typed; write ctrl and a letter")
    return keys


def _spelled(written: str) -> Iterator[str]:
    """Each key of a pair in the registry's spelling: `gg` is two, `Esc` is escape, `Ctrl+X` is ctrl+x."""
    text = written.strip()
    if len(text) == 2 and text.lower() not in NAMED and text.isascii() and " " not in text:
        yield from text
        return
    for key in text.split():
        low = key.lower() if len(key) > 1 else key
        head, plus, name = low.rpartition("+")
        yield f"{head}+{_ALIASES.get(name, name)}" if plus and head else _ALIASES.get(low, low)


def _check_whole(actions: tuple[Action, ...], paths: Mapping[str, tuple[str, ...]]) -> None:
    for keys, one, other in clashes(actions):
        ours = other if other.id in paths else one
        theirs = one if ours is other else other
        text = f"{keys!r} is also {theirs.id}"
        if theirs.id == ours.id:
            text = f"{keys!r} is there twice"
        raise BadKeys(paths.get(ours.id, ("keys", "preset")), f"{text}: give one of them another key, or none: []")
    for action in actions:
        if action.context == "always" and action.id == "trade.panic" and not action.keys:
            raise BadKeys(paths[action.id], "panic needs a key that works everywhere, like ctrl+x")
        if action.id in NEEDED and not action.keys:
            raise BadKeys(paths[action.id], "this action needs a key")
