"""What may be asked of Upbit, by its own groups, and until when nothing may: the budgets of one key (or, for
quotations, of this address), corrected by what each answer says is left, and a block that a restart does not forget."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

import msgspec

from brokers.http import Ask, Reply
from brokers.upbit import parse
from brokers.upbit.settings import UpbitSettings
from core.domain.market import NS
from core.log import get_logger
from core.ports import Clock
from core.runtime.throttle import Throttle

QUOTATIONS = ("market", "candle", "trade", "ticker", "orderbook")
DEFAULT_BLOCK = 60.0
"""Seconds, where a block does not say how long it is; each further one in a row is twice as long."""
LONGEST_BLOCK = 3 * 86_400.0
log = get_logger("brokers.upbit")


class Budgets:
    """The throttles by group. `heard` takes what an answer's header says."""

    def __init__(self, settings: UpbitSettings, clock: Clock, *, is_private: bool) -> None:
        self.left: dict[str, int] = {}
        """What the venue said last, by group."""
        self.limits: dict[str, Throttle] = {}
        if is_private:
            self.limits = {
                "default": Throttle(clock, settings.calls_per_second),
                "order": Throttle(clock, settings.orders_per_second),
                "order-test": Throttle(clock, min(settings.orders_per_second, 8)),
                "order-cancel-all": Throttle(clock, 1, 2.0),
            }
        else:
            self.limits = {group: Throttle(clock, settings.quotes_per_second) for group in QUOTATIONS}

    def heard(self, ask: Ask, reply: Reply) -> None:
        told = parse.parse_remaining(reply.headers.get("remaining-req", ""))
        if told is None:
            return
        group, left = told
        self.left[group] = left
        limit = self.limits.get(ask.group)
        if limit is not None and limit.limit is not None and group == ask.group and left < limit.limit:
            limit.told(left)


class Kept(msgspec.Struct, frozen=True, kw_only=True):
    """What is on disk: until when (ns since 1970) we are shut out."""

    until: int
    text: str = ""


class Block:
    """Shut out by a 418: nothing is asked until it is over, and a restart knows it too."""

    def __init__(self, clock: Clock, file: Path | None) -> None:
        self._clock = clock
        self._file = file
        self._in_a_row = 0
        self.until = 0
        """ns since 1970, for people and for the next start; 0: never."""
        self._over_at = 0
        """The same on the monotonic clock: setting the other one ends no block."""
        if file is not None:
            with suppress(OSError, msgspec.MsgspecError):
                kept = msgspec.json.decode(file.read_bytes(), type=Kept)
                self._shut_until(min(kept.until, clock.now() + round(LONGEST_BLOCK * NS)))

    @property
    def seconds(self) -> float:
        """How long it still lasts; 0: it does not."""
        return max(self._over_at - self._clock.monotonic(), 0) / NS

    def _shut_until(self, until: int) -> None:
        self.until = until
        self._over_at = self._clock.monotonic() + until - self._clock.now()

    @property
    def until_text(self) -> str:
        return parse.text_of_time(self.until)[11:19]

    def over(self) -> None:
        """An answer came: the next block is a first one."""
        self._in_a_row = 0

    def turned_away(self, status: int, body: bytes) -> None:
        """The same, told at the door of a stream."""
        self.silence(Reply(status=status, headers={}, body=body), 0)

    def silence(self, reply: Reply, hold_seconds: float) -> float:
        """How long to be quiet after this 418 or 429; a block is written down at once."""
        if reply.status != 418:
            return hold_seconds
        self._in_a_row += 1
        seconds = parse.parse_block_seconds(reply.body) or DEFAULT_BLOCK * 2 ** min(self._in_a_row - 1, 12)
        seconds = min(seconds, LONGEST_BLOCK)
        if seconds > self.seconds:
            self._shut_until(self._clock.now() + round(seconds * NS))
        log.warning("upbit.blocked", seconds=seconds)
        if self._file is not None:
            self._write(self._file)
        return seconds

    def _write(self, file: Path) -> None:
        """Whole or not at all. A disk that refuses costs the memory, not the silence of this process."""
        with suppress(OSError):
            part = file.with_suffix(".part")
            how = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC
            opened = os.open(part, how, 0o600)
            try:
                os.write(opened, msgspec.json.encode(Kept(until=self.until)))
            finally:
                os.close(opened)
            part.replace(file)
