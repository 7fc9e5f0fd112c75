"""The last look at the words of what comes in, whichever broker or task it comes from: no control characters and no
known secret stay in them, so none gets into the journal, the log or a screen. Brokers clean what they parse; this holds
where one forgets, and where a venue repeats our own key in an error.
"""

from __future__ import annotations

from typing import Any, TypeVar

import msgspec

from core.domain.text import clean
from core.known import hide_known

LONGEST = 2000
_WORDS = ("text", "code", "name", "name_ko")
_PARTS = ("requested", "instrument")

_Event = TypeVar("_Event", bound=msgspec.Struct)


def unkeyed(command: _Event) -> _Event:
    """A person's words without our own keys: somebody may paste one into a note."""
    words = {name: getattr(command, name, None) for name in ("text", "note")}
    safe = {name: hide_known(word) for name, word in words.items() if isinstance(word, str)}
    changes = {name: word for name, word in safe.items() if word != words[name]}
    return msgspec.structs.replace(command, **changes) if changes else command


def washed(event: _Event) -> _Event:
    """`event` itself where its words are clean."""
    changes: dict[str, Any] = {}
    for field in event.__struct_fields__:
        value = getattr(event, field)
        if field in _WORDS and isinstance(value, str):
            safe: Any = hide_known(clean(value, LONGEST))
        elif field in _PARTS and isinstance(value, msgspec.Struct):
            safe = washed(value)
        else:
            continue
        if safe != value:
            changes[field] = safe
    return msgspec.structs.replace(event, **changes) if changes else event
