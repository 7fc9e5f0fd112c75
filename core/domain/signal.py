"""What a strategy says: a wish about a target, never an order."""

from __future__ import annotations

import msgspec

from core.domain.ids import InstrumentId


class Signal(msgspec.Struct, frozen=True, kw_only=True):
    """`target` is from -1 (fully short) over 0 (flat) to 1 (fully long) of the strategy's allotted size."""

    instrument: InstrumentId
    target: float
    reason: str = ""


class Step(msgspec.Struct, frozen=True, kw_only=True):
    """One rule on the way to an order, as it was last asked: `value relation limit`. `passed` is None where it was not
    reached. `unit`: price, bars, s (seconds), time (seconds since 1970), or empty."""

    name: str
    value: float | None = None
    relation: str = ""
    limit: float | None = None
    passed: bool | None = None
    text: str = ""
    unit: str = ""
