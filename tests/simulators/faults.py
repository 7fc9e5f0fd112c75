"""What a venue does wrong, and when: a script that is asked at every request and every frame. It is written by hand for
one case (`put`) or drawn from a seed for a run of many, and everything it did is recorded, so that a failing run is
played again exactly (`Script.again`)."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Iterable, Mapping
from enum import StrEnum
from pathlib import Path
from random import Random

import msgspec


class Fault(StrEnum):
    DELAY = "delay"
    """The answer comes `seconds` late."""
    DROP_BEFORE_ACCEPT = "drop_before_accept"
    """The connection ends and nothing was taken."""
    ACCEPT_THEN_DROP = "accept_then_drop"
    ACCEPT_THEN_TIMEOUT = "accept_then_timeout"
    """Taken, and silence."""
    ACCEPT_THEN_500 = "accept_then_500"
    SLOW_ACCEPT = "slow_accept"
    """The connection ends at once, and the order is taken `seconds` later."""
    DUPLICATE_EVENT = "duplicate_event"
    REORDER = "reorder"
    """The frame comes after the one that follows it."""
    GARBAGE = "garbage"
    TRUNCATED_FRAME = "truncated_frame"
    HALF_OPEN = "half_open"
    """Nothing more is said on this connection, and it stays open."""
    SLOW_READER = "slow_reader"
    """The venue reads nothing for `seconds`."""
    HTTP_429 = "429"
    HTTP_418 = "418"
    HTTP_500 = "500"
    HTML_503 = "503_html"
    TOKEN_EXPIRED = "token_expired"
    TOKEN_REVOKED = "token_revoked"
    REDIRECT_307 = "redirect_307"
    REDIRECT_308 = "redirect_308"
    CLOSE = "close"
    """A WebSocket close with `code`; 1006 is a connection that just ends."""
    PAGE_CUT = "page_cut"
    """A listing ends early and looks whole, but for its own count."""
    STALE_LIST = "stale_list"
    """A listing as it was `seconds` ago."""


CLOSE_CODES = (1000, 1001, 1006, 1008, 1011, 4001)
TAKES = frozenset({Fault.ACCEPT_THEN_DROP, Fault.ACCEPT_THEN_TIMEOUT, Fault.ACCEPT_THEN_500, Fault.SLOW_ACCEPT})
"""Faults after which the venue has the order though nobody was told."""
REFUSES = frozenset({Fault.HTTP_429, Fault.HTTP_418, Fault.TOKEN_EXPIRED, Fault.TOKEN_REVOKED})
"""Faults by which the venue says no, in full, before it takes anything."""
ON_ORDERS = frozenset(
    {
        *TAKES,
        *REFUSES,
        Fault.DELAY,
        Fault.DROP_BEFORE_ACCEPT,
        Fault.GARBAGE,
        Fault.TRUNCATED_FRAME,
        Fault.HALF_OPEN,
        Fault.HTTP_500,
        Fault.HTML_503,
        Fault.REDIRECT_307,
        Fault.REDIRECT_308,
    }
)
"""What may befall an order on its way. GARBAGE, TRUNCATED_FRAME, HALF_OPEN and 503_HTML come after the acceptance."""
ON_LISTS = frozenset(
    {
        Fault.DROP_BEFORE_ACCEPT,
        Fault.GARBAGE,
        Fault.TRUNCATED_FRAME,
        Fault.HALF_OPEN,
        Fault.HTTP_429,
        Fault.HTTP_418,
        Fault.HTTP_500,
        Fault.HTML_503,
        Fault.TOKEN_EXPIRED,
        Fault.TOKEN_REVOKED,
        Fault.REDIRECT_307,
        Fault.REDIRECT_308,
        Fault.PAGE_CUT,
        Fault.STALE_LIST,
    }
)
ON_FRAMES = frozenset(
    {
        Fault.DUPLICATE_EVENT,
        Fault.REORDER,
        Fault.GARBAGE,
        Fault.TRUNCATED_FRAME,
        Fault.HALF_OPEN,
        Fault.CLOSE,
    }
)


class Step(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that goes wrong."""

    fault: Fault
    seconds: float = 0.0
    code: int = 1006


class Done(msgspec.Struct, frozen=True, kw_only=True):
    """The `number`-th question at `place` was answered with `step`."""

    place: str
    number: int
    step: Step


class Script:
    """Places are what a venue asks for by name: `order`, `cancel`, `replace`, `list`, `token`, `market` and `private`
    (frames), `upgrade`. What is put by hand goes first; else chance decides, place by place, each with its own stream
    of random numbers, so that what happens at one place does not depend on how busy another was."""

    def __init__(self, seed: int = 0, rates: Mapping[str, Mapping[Fault, float]] | None = None) -> None:
        self.seed = seed
        self.rates = {place: dict(faults) for place, faults in (rates or {}).items()}
        self.done: list[Done] = []
        self._put: dict[str, deque[Step]] = {}
        self._asked: Counter[str] = Counter()
        self._chance: dict[str, Random] = {}
        self._recorded: dict[tuple[str, int], Step] | None = None

    def put(self, place: str, fault: Fault, times: int = 1, **more: float | int) -> None:
        step = msgspec.convert({"fault": fault, **more}, Step)
        self._put.setdefault(place, deque()).extend([step] * times)

    def clear(self) -> None:
        """Nothing goes wrong any more; what was done stays recorded."""
        self._put.clear()
        self.rates.clear()
        self._recorded = None

    def next(self, place: str) -> Step | None:
        """What goes wrong now, here."""
        number = self._asked[place]
        self._asked[place] += 1
        step = self._drawn(place, number)
        if step is not None:
            self.done.append(Done(place=place, number=number, step=step))
        return step

    def _drawn(self, place: str, number: int) -> Step | None:
        if self._put.get(place):
            return self._put[place].popleft()
        if self._recorded is not None:
            return self._recorded.get((place, number))
        rates = self.rates.get(place)
        if not rates:
            return None
        chance = self._chance.setdefault(place, Random(f"{self.seed}/{place}"))
        drawn, seconds, code = chance.random(), chance.uniform(0.01, 0.2), chance.choice(CLOSE_CODES)
        for fault, rate in rates.items():
            drawn -= rate
            if drawn < 0:
                return Step(fault=fault, seconds=seconds, code=code)
        return None

    # --- a run that is played again -------------------------------------------------------------------------------

    def save(self, path: Path) -> None:
        path.write_bytes(msgspec.json.encode(self.done))

    @classmethod
    def again(cls, done: Iterable[Done] | Path) -> Script:
        """The same faults at the same questions."""
        if isinstance(done, Path):
            done = msgspec.json.decode(done.read_bytes(), type=list[Done])
        made = cls()
        made._recorded = {(item.place, item.number): item.step for item in done}
        return made
