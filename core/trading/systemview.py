"""The program's own figures in one row: feeds, rates, latencies, journal, process. Told once a second while somebody
looks, measured by what runs anyway; nothing here is needed to trade."""

from __future__ import annotations

import msgspec

from core.domain.account import TradingState
from core.trading.risk.usage import LimitRow


class Latency(msgspec.Struct, frozen=True, kw_only=True):
    """The newest figures of one kind of waiting, ns. `count`: how many there ever were."""

    name: str
    count: int = 0
    p50: int = 0
    p99: int = 0
    max: int = 0


class FeedFigures(msgspec.Struct, frozen=True, kw_only=True):
    broker: str
    is_connected: bool
    since: int
    """When the line came or went, ns."""
    text: str
    last: int
    """When something last came over it, ns, by the second; 0: nothing yet."""
    messages: int
    per_second: float
    reconnects: int
    subscriptions: int
    max_subscriptions: int | None = None


class RateFigures(msgspec.Struct, frozen=True, kw_only=True):
    """One budget of a venue, and what waits for it."""

    broker: str
    used: int
    limit: int | None
    waiting: int
    what: str = "orders"
    """What is counted: orders, account (questions about it) or quotations."""


class JournalFigures(msgspec.Struct, frozen=True, kw_only=True):
    path: str
    size: int
    """Bytes of file and write-ahead log."""
    sequence: int
    head: str
    """The hash of the newest event, its first twelve digits."""
    verified: int
    """Events whose chain was proved when it was opened."""
    last_commit: int
    problem: str
    kept_back: int = 0
    """Bytes of disk that are given up for cancels when it is full."""


class StateChange(msgspec.Struct, frozen=True, kw_only=True):
    ts: int
    account: str
    """Empty: all accounts."""
    state: TradingState
    by: str
    text: str


class Scheduled(msgspec.Struct, frozen=True, kw_only=True):
    """What happens next by the clock."""

    what: str
    at: int


class SystemRow(msgspec.Struct, frozen=True, kw_only=True, tag_field="row", tag=True):
    """key = `system`."""

    key: str
    hoga: str
    python: str
    pid: int
    started: int
    cpu: float
    """Share of one core in the last second."""
    memory: int
    """Bytes resident; 0 where the system does not say."""
    disk_free_mb: float | None
    min_free_mb: float
    dropped: int
    consoles: int
    """Terminals attached over the socket."""
    watches: int
    """Pictures that are being watched, here and over the socket."""
    instruments: int
    orders: int
    alerts: int
    loop: Latency
    feeds: tuple[FeedFigures, ...]
    rates: tuple[RateFigures, ...]
    latencies: tuple[Latency, ...]
    journal: JournalFigures
    trading_state: TradingState
    changes: tuple[StateChange, ...]
    """Newest first."""
    scheduled: tuple[Scheduled, ...]
    """Soonest first."""
    limits: tuple[LimitRow, ...] = ()
    """What the gate allows, and how much of it is used."""
