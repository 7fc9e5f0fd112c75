"""What a strategy says: a wish about a target, never an order."""

from __future__ import annotations

import msgspec

from core.domain.ids import InstrumentId


class Signal(msgspec.Struct, frozen=True, kw_only=True):
    """`target` is from -1 (fully short) over 0 (flat) to 1 (fully long) of the strategy's allotted size."""

    instrument: InstrumentId
    target: float
    reason: str = ""
