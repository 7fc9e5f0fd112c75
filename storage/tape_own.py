"""Our own tape layout: one line an event, instruments defined before their first use. Text, so that a person can look
into it with zcat.

    hoga tape 1                                        begins the file, and each continuation after a restart
    I <number> <instrument as JSON>                    names an instrument for the lines below
    Q <number> <received> <ts> <bid> <size> <ask> <size> [<freshness>]
    T <number> <received> <ts> <price> <size> <aggressor>
    B <number> <received> <ts> <price:size,...> <price:size,...>     bids, asks, best first; - for none
    K <number> <interval> <ts> <open> <high> <low> <close> <volume> <closed 1 or 0>

Times are nanoseconds UTC, and `received` never goes back. Floats are written so that they read back equal.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import msgspec

from core.domain.events import MarketEvent
from core.domain.ids import InstrumentId, parse_instrument_id
from core.domain.instrument import Instrument
from core.domain.market import Aggressor, Bar, Freshness, Interval, OrderBook, Quote, Trade
from storage.tape_layouts import HUGE, Bad

HEAD = b"hoga tape 1"
MAX_INSTRUMENTS = 100_000

_instrument = msgspec.json.Decoder(Instrument).decode
_FRESHNESS = {member.value.encode(): member for member in Freshness}
_AGGRESSOR = {member.value.encode(): member for member in Aggressor}
_INTERVAL = {member.value.encode(): member for member in Interval}


def define(number: int, instrument: Instrument) -> str:
    return f"I {number} {msgspec.json.encode(instrument).decode()}\n"


def write(number: int, event: MarketEvent, received: int) -> str:
    """The line of an event; `received` stands in for the event's own where the clock went back."""
    match event:
        case Quote():
            tail = "" if event.freshness is Freshness.LIVE else f" {event.freshness.value}"
            prices = f"{event.bid!r} {event.bid_size!r} {event.ask!r} {event.ask_size!r}"
            return f"Q {number} {received} {event.ts} {prices}{tail}\n"
        case Trade():
            return f"T {number} {received} {event.ts} {event.price!r} {event.size!r} {event.aggressor.value}\n"
        case OrderBook():
            return f"B {number} {received} {event.ts} {_levels(event.bids)} {_levels(event.asks)}\n"
        case Bar():
            prices = f"{event.open!r} {event.high!r} {event.low!r} {event.close!r} {event.volume!r}"
            return f"K {number} {event.interval.value} {event.ts} {prices} {event.is_closed:d}\n"


def _levels(levels: tuple[tuple[float, float], ...]) -> str:
    return ",".join(f"{price!r}:{size!r}" for price, size in levels) or "-"


def read_definition(line: bytes) -> Instrument:
    """Raises Bad for a definition that is none, or of an instrument nobody could name."""
    try:
        instrument = _instrument(line.split(b" ", 2)[2])
        parse_instrument_id(instrument.id)
    except (ValueError, IndexError, msgspec.MsgspecError) as error:
        raise Bad(f"the instrument cannot be read: {str(error)[:100]}") from None
    return instrument


def read(numbered: Iterable[tuple[int, bytes]]) -> Iterator[MarketEvent]:
    ids: dict[bytes, InstrumentId] = {}
    last = 0
    for _, line in numbered:
        parts = line.split(b" ")
        kind = parts[0]
        if kind == b"I":
            if len(ids) >= MAX_INSTRUMENTS:
                raise Bad("too many instruments")
            ids[parts[1]] = read_definition(line).id
            continue
        if line == HEAD:
            ids.clear()
            continue
        id = ids.get(parts[1]) if len(parts) > 1 else None
        if id is None:
            raise Bad("the line is no event of an instrument defined above it")
        if kind == b"K":
            yield _bar(id, parts)
            continue
        now = int(parts[2])
        if now < last:
            raise Bad("the time runs backwards")
        last = now
        ts = int(parts[3])
        if kind == b"Q":
            bid, bid_size, ask, ask_size = map(float, parts[4:8])
            if not (0.0 <= bid < HUGE and 0.0 <= bid_size < HUGE and 0.0 <= ask < HUGE and 0.0 <= ask_size < HUGE):
                raise Bad("a price or size is out of range")
            if len(parts) == 8:
                yield Quote(id, bid, bid_size, ask, ask_size, ts, now)
            else:
                (_, fresh) = parts[7:]
                yield Quote(id, bid, bid_size, ask, ask_size, ts, now, _FRESHNESS[fresh])
        elif kind == b"T":
            price, size, side = parts[4:]
            yield Trade(id, _number(price), _number(size), _AGGRESSOR[side], ts, now)
        elif kind == b"B":
            bids, asks = parts[4:]
            yield OrderBook.of(id, _read_levels(bids), _read_levels(asks), ts, now)
        else:
            raise Bad("the line is of no kind this hoga knows")


def _bar(id: InstrumentId, parts: list[bytes]) -> Bar:
    _, _, interval, ts, *prices, closed = parts
    opened, high, low, close, volume = map(_number, prices)
    return Bar(id, _INTERVAL[interval], int(ts), opened, high, low, close, volume, {b"1": True, b"0": False}[closed])


def _read_levels(text: bytes) -> tuple[tuple[float, float], ...]:
    if text == b"-":
        return ()
    levels = []
    for level in text.split(b","):
        price, size = level.split(b":")
        levels.append((_number(price), _number(size)))
    return tuple(levels)


def _number(text: bytes) -> float:
    value = float(text)
    if not 0.0 <= value < HUGE:
        raise Bad("a price or size is out of range")
    return value
