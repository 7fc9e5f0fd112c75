"""Upbit's limits as it counts them: quotations in fixed seconds, the rest as a bucket; 429 without a word of when, and
after many of them a block that says in prose how long it is."""

from __future__ import annotations

import msgspec

from core.domain.market import NS
from core.ports import Clock

QUOTATIONS = frozenset({"market", "candle", "trade", "ticker", "orderbook"})
LIMITS = {
    **dict.fromkeys(QUOTATIONS, (10, 1.0)),
    "default": (30, 1.0),
    "order": (12, 1.0),
    "order-test": (8, 1.0),
    "order-cancel-all": (1, 2.0),
}
PATIENCE = 10
"""So many 429 in a minute, and the next is a block."""


class Bucket(msgspec.Struct):
    left: float
    at: int
    second: int = -1


class Limits:
    def __init__(self, clock: Clock, factor: float = 1.0, block_seconds: float = 30.0) -> None:
        """`factor`: how many times the venue's limits are allowed, for tests that are in a hurry."""
        self._clock = clock
        self._factor = factor
        self._block_seconds = block_seconds
        self._buckets: dict[tuple[str, str], Bucket] = {}
        self._refusals: dict[str, list[int]] = {}
        self.blocked: dict[str, int] = {}

    def group_of(self, method: str, path: str) -> str:
        first, _, rest = path.removeprefix("/v1/").partition("/")
        match (method, first, rest):
            case ("POST", "orders", "test"):
                return "order-test"
            case ("POST", "orders", _):
                return "order"
            case ("DELETE", "orders", "open"):
                return "order-cancel-all"
            case (_, "market", _):
                return "market"
            case (_, "candles", _):
                return "candle"
            case (_, "trades", _):
                return "trade"
            case (_, ("ticker" | "orderbook") as group, _):
                return group
        return "default"

    def take(self, who: str, group: str) -> tuple[int, int]:
        """(status, what is left): 200, 429 or 418."""
        now = self._clock.monotonic()
        if now < self.blocked.get(who, 0):
            return 418, 0
        limit, seconds = LIMITS[group]
        limit = round(limit * self._factor)
        bucket = self._buckets.setdefault((who, group), Bucket(float(limit), now))
        if group in QUOTATIONS:
            second = self._clock.now() // NS
            if bucket.second != second:
                bucket.second, bucket.left = second, float(limit)
        else:
            bucket.left = min(limit, bucket.left + (now - bucket.at) / NS * limit / seconds)
        bucket.at = now
        if bucket.left >= 1:
            bucket.left -= 1
            return 200, int(bucket.left)
        refusals = [t for t in self._refusals.get(who, []) if now - t < 60 * NS]
        self._refusals[who] = [*refusals, now]
        if len(refusals) >= PATIENCE:
            self.block(who, self._block_seconds)
            return 418, 0
        return 429, 0

    def block(self, who: str, seconds: float) -> None:
        self.blocked[who] = self._clock.monotonic() + round(seconds * NS)

    def block_left(self, who: str) -> float:
        return max(self.blocked.get(who, 0) - self._clock.monotonic(), 0) / NS
