"""Orders that go on by themselves: a limit that follows the quote, and a quantity that is sent in slices. What somebody
wants, as plain data that stands in the journal with the order; trading/algos.py carries it out."""

from __future__ import annotations

from typing import Final

import msgspec

from core.domain.errors import InvalidValue
from core.domain.market import NS

CHASE: Final = "chase"
TWAP: Final = "twap"
"""Who asks, when an order is moved or canceled by its algo."""
ALGOS = frozenset({CHASE, TWAP})
ANCHORS = ("bid", "ask", "last", "mid")
MOST_TICKS = 99
LEAST_NS = 2 * NS
MOST_NS = 12 * 3600 * NS
SPACING_NS = NS
"""Neither a slice nor a move follows the one before sooner."""


class Peg(msgspec.Struct, frozen=True, kw_only=True):
    """A price beside another: so many ticks above (below, when negative) bid, ask, last price or mid."""

    anchor: str
    ticks: int = 0

    def __post_init__(self) -> None:
        if self.anchor not in ANCHORS:
            raise InvalidValue(f"a price follows one of {', '.join(ANCHORS)}, not {self.anchor[:20]!r}")
        if abs(self.ticks) > 999:
            raise InvalidValue("a peg is at most 999 ticks from its price")


class Chase(msgspec.Struct, frozen=True, kw_only=True, tag_field="algo", tag=CHASE):
    """The limit follows `peg`, at most `most` ticks to either side of where it began."""

    most: int
    peg: Peg

    def __post_init__(self) -> None:
        if not 1 <= self.most <= MOST_TICKS:
            raise InvalidValue(f"a chase goes 1 to {MOST_TICKS} ticks, not {self.most}")

    @property
    def words(self) -> str:
        return f"{CHASE}={self.most}t"


class Twap(msgspec.Struct, frozen=True, kw_only=True, tag_field="algo", tag=TWAP):
    """`slices` orders, evenly over `duration` ns: at market, at the request's limit, or at `peg` as it is then."""

    duration: int
    slices: int
    peg: Peg | None = None

    def __post_init__(self) -> None:
        if not LEAST_NS <= self.duration <= MOST_NS:
            raise InvalidValue(f"slices take {LEAST_NS // NS} s to {MOST_NS // NS // 3600} h")
        if self.slices < 2:
            raise InvalidValue("it takes at least two slices")
        if self.spacing < SPACING_NS:
            raise InvalidValue(f"slices are at least {SPACING_NS // NS} s apart")

    @property
    def words(self) -> str:
        return f"{TWAP}={self.duration // NS}s"

    @property
    def spacing(self) -> int:
        return self.duration // self.slices


Algo = Chase | Twap
