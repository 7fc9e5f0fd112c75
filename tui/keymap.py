"""Which key means which action where: the registry with the user's keys in it, looked up by pane or form. How keys are
written for people stands here too. It reads no terminal and does nothing."""

from __future__ import annotations

from collections.abc import Iterable

from tui.actions import ACTIONS, PANES, Action
from tui.messages import Press

_LABELS = {
    "escape": "Esc",
    "pageup": "PgUp",
    "pagedown": "PgDn",
    "plus": "+",
    "minus": "-",
}


class Keymap:
    """Actions by place and key. A pane's own keys win over those that rest everywhere."""

    def __init__(self, actions: Iterable[Action] = ACTIONS) -> None:
        self.actions = tuple(actions)
        self._by_id = {action.id: action for action in self.actions}
        self._always = _table(action for action in self.actions if action.context == "always")
        self._resting: dict[str, dict[str, Action]] = {}

    def action(self, id: str) -> Action | None:
        return self._by_id.get(id)

    def always(self, key: str) -> Action | None:
        """What `key` does in inputs and dialogs too."""
        return self._always.get(key)

    def find(self, pane: str, keys: str) -> Action | None:
        """The action of a key, or of two with a space between, while `pane` has the keys."""
        return self._always.get(keys) or self.at(pane).get(keys)

    def following(self, pane: str, first: str) -> dict[str, Action]:
        """What may follow a key that begins a pair: second key -> action."""
        lead = f"{first} "
        return {keys.removeprefix(lead): action for keys, action in self.at(pane).items() if keys.startswith(lead)}

    def working(self, place: str) -> tuple[Action, ...]:
        """What works in a pane or a form, in the registry's order; an action without a key is not among it."""
        if place not in PANES:
            return tuple(a for a in self.actions if a.keys and a.context in ("always", place))
        mine = {action.id for action in self.at(place).values()}
        return tuple(a for a in self.actions if a.keys and (a.context == "always" or a.id in mine))

    def at(self, pane: str) -> dict[str, Action]:
        """Keys -> action of a pane at rest, what works everywhere left out."""
        found = self._resting.get(pane)
        if found is None:
            resting = [action for action in self.actions if action.context == "rest"]
            general = _table(action for action in resting if not action.panes)
            found = self._resting[pane] = general | _table(action for action in resting if pane in action.panes)
        return found


def _table(actions: Iterable[Action]) -> dict[str, Action]:
    return {key: action for action in actions for key in action.keys}


def pressed(key: str, character: str | None, at: float) -> Press:
    """A key as the terminal gave it. One with a modifier types nothing, though old terminals send Alt and x as if x had
    been typed."""
    return Press(key, None if "+" in key[1:] else character, at)


def key_of(press: Press) -> str:
    """The key as the registry writes it: its character where it has one that can be seen, else Textual's name."""
    character = press.character
    return character if press.is_printable and character is not None and character != " " else press.key


def key_label(keys: str) -> str:
    """Keys as people write them: `ctrl+x` is `^X`, `g q` is `gq`."""
    labels = [_one_label(key) for key in keys.split(" ")]
    return ("" if all(len(label) == 1 for label in labels) else " ").join(labels)


def _one_label(key: str) -> str:
    head, plus, name = key.rpartition("+")
    if not plus or not head:
        return _LABELS.get(key, key.capitalize() if len(key) > 1 else key)
    if head == "ctrl" and len(name) == 1:
        return "^" + name.upper()
    return "+".join(part.capitalize() for part in (*head.split("+"), _one_label(name)))


def key_labels(action: Action) -> tuple[str, ...]:
    """Every key of an action, as people write them, without twins."""
    return tuple(dict.fromkeys(key_label(keys) for keys in action.keys))
