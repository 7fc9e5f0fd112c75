"""What passes between keys, forms and the console: key presses in, wishes out. Plain structs; nothing acts here."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

import msgspec

from core.domain.commands import Command
from tui.forms.policy import Kind


class Press(msgspec.Struct, frozen=True):
    """One key. `at`: seconds on the terminal's clock, taken when the key was read."""

    key: str
    character: str | None
    at: float

    @property
    def is_printable(self) -> bool:
        return self.character is not None and len(self.character) == 1 and self.character.isprintable()


class Dropped(msgspec.Struct, frozen=True):
    """The form closes; nothing was asked. `text` says why, where the key alone does not."""

    text: str = ""


class Wanted(msgspec.Struct, frozen=True):
    """Send this command. `text` says it in words, for the review strip and for the message. The form stays open until
    the desk has taken it."""

    command: Command
    text: str
    kind: Kind | None = None
    """Where the command alone does not say what it is: reversing is a new order by its form."""
    before: tuple[Command, ...] = ()
    """What must be taken first: else nothing more is sent."""
    more: tuple[Command, ...] = ()
    """Further commands of the same kind: orders that were marked together."""


class Entered(msgspec.Struct, frozen=True):
    """A line was typed and Enter pressed."""

    text: str


class Edited(msgspec.Struct, frozen=True):
    """Something in the form changed: draw it, and ask for a new preview."""


class Called(msgspec.Struct, frozen=True):
    """The form closes, and what it chose is done as if its key had been pressed: `call` is an action's id, or
    `room.method` with an argument."""

    call: str
    argument: str = ""


class Refused(msgspec.Struct, frozen=True):
    """The form cannot do that; `text` says why."""

    text: str


class Acted(msgspec.Struct, frozen=True):
    """Something for the console itself to do, with what the form holds; it closes or draws the form again."""

    then: Callable[[], None]


Wish = Acted | Dropped | Wanted | Entered | Edited | Called | Refused


class Form(Protocol):
    """Something that has the keys. `place` names its key table in actions.py, `sending` the keys that it takes only
    once it is armed, `armed_from` the time from which it counts as seen."""

    place: str
    sending: frozenset[str]
    armed_from: float

    @property
    def is_input(self) -> bool:
        """Do printable keys type text?"""
        ...

    def key(self, press: Press) -> Wish | None:
        """None when the key means nothing here."""
        ...

    def paste(self, text: str) -> Wish | None:
        """None where text has no place."""
        ...
