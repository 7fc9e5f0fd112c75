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
    """A command without our own keys: somebody may paste one into a note, a name or a parameter. The same object where
    there is none."""
    values = {field: getattr(command, field) for field in command.__struct_fields__}
    changes = {field: safe for field, value in values.items() if (safe := _unkeyed(value)) is not value}
    return msgspec.structs.replace(command, **changes) if changes else command


def _unkeyed(value: Any) -> Any:
    if isinstance(value, str):
        safe = hide_known(value)
        return value if safe == value else safe
    if isinstance(value, msgspec.Struct):
        return unkeyed(value)
    if isinstance(value, dict):
        found = {key: _unkeyed(item) for key, item in value.items()}
        return value if all(found[key] is item for key, item in value.items()) else found
    return value


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
