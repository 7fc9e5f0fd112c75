"""Every print once: what the stream repeats is dropped, and what it missed while it was down is asked for by REST
before it goes on. Where that cannot be had whole, it is said so; nothing is made up."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Sequence

from brokers.socket import Frame
from brokers.upbit import parse, wire
from brokers.upbit.rest import Quotations
from core.domain.errors import BadMessage, BrokerError
from core.domain.events import Event, Noticed
from core.domain.ids import InstrumentId
from core.domain.market import Trade
from core.ports import Clock

REMEMBERED = 2_000
"""Prints of a market that are known by their number."""
WAITING = 5_000
"""Prints that wait while a gap is filled."""
PAGE = 500
MOST_PAGES = 4


class _Tape:
    """One market: what was seen, and what waits."""

    __slots__ = ("instrument", "last", "order", "seen", "since", "waiting")

    def __init__(self, code: str) -> None:
        self.instrument = InstrumentId(f"{parse.MARKET}:{code}")
        self.seen: set[int] = set()
        self.order: deque[int] = deque()
        self.last = 0
        """Time of the newest print, ns."""
        self.since = 0
        """The same when the line was lost."""
        self.waiting: list[Trade] | None = None
        """None: nothing is being filled."""

    def is_new(self, number: int | None, ts: int) -> bool:
        if ts > self.last:  # noqa: PLR1730 -- a call of `max` for every print is dear
            self.last = ts
        if number is None:
            return True
        seen, order = self.seen, self.order
        if number in seen:
            return False
        seen.add(number)
        order.append(number)
        if len(order) > REMEMBERED:
            seen.discard(order.popleft())
        return True


class Prints:
    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._tapes: dict[str, _Tape] = {}

    def follow(self, codes: Iterable[str]) -> None:
        """Those that are streamed; of others nothing is kept, and coming back to one is a new beginning."""
        wanted = set(codes)
        self._tapes = {code: tape for code, tape in self._tapes.items() if code in wanted}
        for code in wanted:
            if code not in self._tapes:
                self._tapes[code] = _Tape(code)

    def came(self, message: wire.Trade, frame: Frame) -> Sequence[Event]:
        tape = self._tapes.get(message.code)
        if tape is None:
            return ()
        trade = parse.parse_trade(message, frame.received, tape.instrument)
        if message.stream_type == "SNAPSHOT":  # the last one before we asked: known, or older than what we follow
            if not tape.last and message.sequential_id is not None:
                tape.is_new(message.sequential_id, trade.ts)
            return ()
        if not tape.is_new(message.sequential_id, trade.ts):
            return ()
        if tape.waiting is None:
            return (trade,)
        if len(tape.waiting) >= WAITING:
            return self._released(tape)  # whole again without the past; `fill` finds nothing to do
        tape.waiting.append(trade)
        return ()

    @property
    def has_gap(self) -> bool:
        return any(tape.waiting is not None for tape in self._tapes.values())

    def lost(self) -> None:
        """The line was down: what comes now waits until what was missed is here."""
        for tape in self._tapes.values():
            if tape.last and tape.waiting is None:
                tape.waiting, tape.since = [], tape.last

    def _released(self, tape: _Tape) -> list[Event]:
        waiting, tape.waiting = tape.waiting or [], None
        return list(waiting)

    async def fill(self, quotations: Quotations) -> list[Event]:
        """What was missed, then what waited for it, market by market."""
        events: list[Event] = []
        for code, tape in list(self._tapes.items()):
            if tape.waiting is None:
                continue
            missed, problem = await self._missed(quotations, code, tape)
            events += sorted(missed, key=lambda trade: trade.ts)
            if problem:
                after = parse.text_of_time(tape.since)[11:19]
                text = f"{parse.instrument_of(code)}: prints after {after} UTC are missing: {problem}"
                events.append(Noticed(ts=self._clock.now(), level="warning", kind="FEED", text=text))
            events += self._released(tape)
        return events

    async def _missed(self, quotations: Quotations, code: str, tape: _Tape) -> tuple[list[Trade], str]:
        """(prints that were not seen, why they may not be all)."""
        found: list[Trade] = []
        cursor: int | None = None
        try:
            for _ in range(MOST_PAGES):
                rows = await quotations.trades(code, count=PAGE, cursor=cursor)
                for row in rows:
                    trade = parse.parse_trade(row, self._clock.now())
                    if trade.ts < tape.since:
                        return found, ""
                    if tape.is_new(row.sequential_id, trade.ts):
                        found.append(trade)
                cursor = min((row.sequential_id for row in rows if row.sequential_id is not None), default=None)
                if len(rows) < PAGE or cursor is None:
                    return found, "" if rows else "the venue has none of that day any more"
        except (BadMessage, BrokerError) as error:
            return found, str(error)
        return found, "they are too many"
