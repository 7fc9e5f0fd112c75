"""A value that must never be read by accident: a key, a password, an access token. Whatever makes text of it (print,
formats, logs, JSON, pickle, a database) gets `***`; only `reveal` gives the value, and a test of the house limits who
calls it. It protects from carelessness, not from code that means to look.
"""

from __future__ import annotations

import re
from typing import Any

import msgspec

from core.domain.errors import InvalidValue
from core.known import MASK, learn_secret

PLACES = ("keyring", "file", "env")
"""Where secrets are kept, in the order in which they are looked for."""
_NAME = re.compile(r"[a-z][a-z0-9._-]{0,63}")
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,63}")
SHORTEST, LONGEST = 6, 8192
"""Anything shorter could not be masked in a log without taking ordinary words with it."""


class Secret(str):
    """As a text it is `***`. Making one teaches core/known.py all its spellings. Equal only to a Secret of the same
    value, compared in constant time."""

    __slots__ = ("_hidden",)
    _hidden: str

    def __new__(cls, value: str) -> Secret:
        """Raises InvalidValue, which does not hold the value, for one that cannot be a secret."""
        if isinstance(value, Secret):
            return value
        if not SHORTEST <= len(value) <= LONGEST:
            raise InvalidValue(f"a secret has {SHORTEST} to {LONGEST} characters. It was not taken")
        if not value.isprintable():
            raise InvalidValue("a secret has no line ends and no control characters. It was not taken")
        made = super().__new__(cls, MASK)
        object.__setattr__(made, "_hidden", value)
        learn_secret(value)
        return made

    def reveal(self, purpose: str) -> str:
        """The value. `purpose` says in a word what for (`sign`, `seal`): readers and the house test look for it."""
        if not purpose:
            raise InvalidValue("a secret is revealed for a purpose")
        return self._hidden

    def __setattr__(self, name: str, value: Any) -> None:
        raise AttributeError("a secret does not change")

    def __eq__(self, other: object) -> bool:
        from hmac import compare_digest

        return isinstance(other, Secret) and compare_digest(self._hidden.encode(), other._hidden.encode())

    def __ne__(self, other: object) -> bool:
        return not self == other

    def __hash__(self) -> int:
        return hash((Secret, self._hidden))

    def __repr__(self) -> str:
        return MASK

    def __reduce_ex__(self, protocol: Any) -> tuple[type[str], tuple[str]]:
        return (str, (MASK,))

    def __getstate__(self) -> None:
        return None

    def __copy__(self) -> Secret:
        return self

    def __deepcopy__(self, memo: object) -> Secret:
        return self


class Reference(msgspec.Struct, frozen=True):
    """Where a setting says to look. `place` is keyring, file, env, or empty for all three in this order."""

    place: str
    name: str

    def __str__(self) -> str:
        return f"{self.place}:{self.name}" if self.place else self.name


def reference(text: str) -> Reference:
    """`keyring:NAME`, `file:NAME`, `env:NAME` or NAME alone. Raises InvalidValue, which never repeats `text`: somebody
    may have written the secret itself."""
    place, colon, name = text.rpartition(":")
    fits = _VARIABLE if place == "env" else _NAME
    if place not in ((*PLACES,) if colon else ("",)) or not fits.fullmatch(name):
        raise InvalidValue(
            "a secret itself never stands in the settings: name where it is kept, as keyring:NAME, file:NAME or "
            "env:NAME (`hoga secrets set NAME` keeps one)"
        )
    return Reference(place, name)
