"""One finding of `hoga doctor`."""

from __future__ import annotations

from typing import Literal

import msgspec

Level = Literal["ok", "warn", "fail"]


class Check(msgspec.Struct, frozen=True, kw_only=True):
    """`level`: ok, warn (works, but look at it), fail (fix it first)."""

    name: str
    level: Level
    text: str
