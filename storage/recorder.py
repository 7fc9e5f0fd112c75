"""Writes what is streamed to one tape a day. It never stands in trading's way: what cannot be written is counted and
said once, and nothing is raised into a feed.
"""

from __future__ import annotations

import gzip
import os
import re
import zlib
from collections.abc import Callable
from pathlib import Path

from core.clock import day_of
from core.domain.errors import HogaError
from core.domain.events import MarketEvent
from core.domain.ids import InstrumentId
from core.domain.instrument import Currency, Instrument, Kind, fixed_tick
from core.domain.market import Bar
from core.log import get_logger
from storage import tape_own
from storage.files import check_private, private_folder
from storage.tape_lines import PIECE

SUFFIX = ".tape.gz"
MAX_WAITING = 200_000
"""Events kept between two flushes. Beyond it new ones are dropped and counted: the tape has a hole, memory has none."""

_log = get_logger("tape")


class TapeRecorder:
    """`record` is called for every market event, `flush` about once a second. `zone` says when a day ends.
    `instruments` looks up an instrument on its first event of a file; one that nobody knows is defined plainly.

    Every flush appends one complete gzip member in one write, so a process killed at any moment leaves a tape that
    reads to its end; a member that a power cut left half is salvaged when the day is continued.
    """

    def __init__(
        self,
        directory: Path | str,
        *,
        zone: str = "UTC",
        instruments: Callable[[InstrumentId], Instrument | None] = lambda _: None,
    ) -> None:
        self.directory = Path(directory)
        self.dropped = 0
        """Events that did not reach a tape."""
        self._zone = zone
        self._instruments = instruments
        self._waiting: list[MarketEvent] = []
        self._day = ""
        self._day_ends = 0
        self._numbers: dict[InstrumentId, int] = {}
        self._last = 0
        self._is_failing = False

    def record(self, event: MarketEvent) -> None:
        if len(self._waiting) >= MAX_WAITING:
            self.dropped += 1
            return
        self._waiting.append(event)

    def flush(self) -> None:
        """Write what waits, oldest day first. Blocks for one write; raises nothing."""
        waiting, self._waiting = self._waiting, []
        start = 0
        try:
            while start < len(waiting):
                end = self._write_day(waiting, start)
                start = end
        except (OSError, HogaError, ValueError) as error:
            self.dropped += len(waiting) - start
            self._numbers.clear()  # whatever was to be defined may not stand in the file
            self._day = ""
            if not self._is_failing:
                self._is_failing = True
                _log.warning("tape.not_written", problem=str(error), dropped=self.dropped)
        else:
            if waiting and self._is_failing:
                self._is_failing = False
                _log.info("tape.written_again", dropped=self.dropped)

    def close(self) -> None:
        self.flush()

    def _write_day(self, events: list[MarketEvent], start: int) -> int:
        """Append those of one day; returns where the next day begins."""
        day = day_of(_received(events[start]), self._zone)
        text: list[str] = []
        path = self.directory / f"{day}{SUFFIX}"
        if day != self._day:
            self._begin(path, text)
        last = self._last
        numbers = dict(self._numbers)
        end = start
        minute, same = -1, True
        for event in events[start:]:
            received = _received(event)
            if received // (60 * 10**9) != minute:  # a day begins at a full minute everywhere
                minute = received // (60 * 10**9)
                same = day_of(received, self._zone) == day
            if not same:
                break
            number = numbers.get(event.instrument)
            if number is None:
                number = numbers[event.instrument] = len(numbers)
                text.append(tape_own.define(number, self._instruments(event.instrument) or _plain(event)))
            if not isinstance(event, Bar):
                last = received = max(received, last)  # a clock that was set back must not end the tape
            text.append(tape_own.write(number, event, received))
            end += 1
        _append(path, gzip.compress("".join(text).encode(), 3, mtime=0))
        self._day, self._last, self._numbers = day, last, numbers
        return end

    def _begin(self, path: Path, text: list[str]) -> None:
        private_folder(self.directory)
        self._numbers = {}
        self._last = 0
        if check_private(path):
            self._last = salvage(path)
        text.append(tape_own.HEAD.decode() + "\n")


def _append(path: Path, member: bytes) -> None:
    """One write of one member; what a full disk cut off is taken back."""
    file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    try:
        size = os.fstat(file).st_size
        try:
            if os.write(file, member) != len(member):
                raise OSError("the disk is full")
        except OSError:
            os.ftruncate(file, size)
            raise
    finally:
        os.close(file)


def salvage(path: Path) -> int:
    """Make sure that more can be appended: a half member at the end is replaced by a whole one of its complete lines.
    Returns the newest time of the tape, ns."""
    good = newest = 0
    tail = b""
    with path.open("r+b") as stream:
        unpacker = zlib.decompressobj(wbits=31)
        position = 0
        try:
            while packed := stream.read(PIECE):
                position += len(packed)
                while packed:
                    tail += unpacker.decompress(packed)
                    packed = b""
                    if unpacker.eof:
                        packed = unpacker.unused_data
                        good = position - len(packed)
                        newest = max(newest, _newest(tail))
                        tail = b""
                        unpacker = zlib.decompressobj(wbits=31)
        except zlib.error:
            pass
        if good < stream.seek(0, os.SEEK_END):
            whole = tail[: tail.rfind(b"\n") + 1]
            newest = max(newest, _newest(whole))
            stream.seek(good)
            stream.truncate()
            if whole:
                stream.write(gzip.compress(whole, 5, mtime=0))
    return newest


def _newest(text: bytes) -> int:
    times = re.findall(rb"^[QTB] \d+ (\d+) ", text[-65536:], re.M)
    return int(times[-1]) if times else 0


def _received(event: MarketEvent) -> int:
    return event.ts + event.interval.ns if isinstance(event, Bar) else event.received


def _plain(event: MarketEvent) -> Instrument:
    """A definition for an instrument nobody listed."""
    return Instrument(
        id=event.instrument,
        name=event.instrument,
        kind=Kind.STOCK,
        currency=Currency("KRW"),
        ticks=fixed_tick("0.00000001"),
    )
