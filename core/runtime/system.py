"""The SystemRow of this process: what the runner, its brokers and the system say of themselves, asked once a second
while a face looks."""

from __future__ import annotations

import os
import platform
import sys
from typing import TYPE_CHECKING

from core.clock import next_midnight
from core.domain.account import TradingState
from core.domain.market import NS
from core.ports import Budgeted, JournalFacts
from core.trading.systemview import (
    FeedFigures,
    JournalFigures,
    RateFigures,
    Scheduled,
    StateChange,
    SystemRow,
)
from core.version import VERSION

if TYPE_CHECKING:
    from core.runtime.runner import Runner


class System:
    """Asks the same runner again and again; keeps what a rate needs."""

    def __init__(self, runner: Runner) -> None:
        self._runner = runner
        self._started = runner.clock.now()
        self._cpu_before = (0.0, 0)
        self.consoles = 0
        """Terminals attached over the socket; the door counts them."""

    def row(self, now: int, watches: int) -> SystemRow:
        runner, state = self._runner, self._runner.engine.state
        return SystemRow(
            key="system",
            hoga=VERSION,
            python=platform.python_version(),
            pid=os.getpid(),
            started=self._started,
            cpu=self._cpu(),
            memory=resident_bytes(),
            disk_free_mb=runner.vitals.free_mb(),
            min_free_mb=runner.vitals.min_free_mb,
            dropped=runner.dropped,
            consoles=self.consoles,
            watches=watches,
            instruments=len(state.instruments),
            orders=len(state.orders),
            alerts=len(state.kept.alerts),
            loop=runner.meters.lag.figures(),
            feeds=self._feeds(),
            rates=self._rates(),
            latencies=runner.meters.latencies,
            journal=self._journal(),
            trading_state=max(
                (state.trading_state(account) for account in state.accounts),
                key=lambda found: found.severity,
                default=state.trading_states.get(None, TradingState.ACTIVE),
            ),
            changes=tuple(
                StateChange(ts=e.ts, account=e.account or "", state=e.state, by=e.by, text=e.text)
                for e in reversed(state.state_changes)
            ),
            scheduled=self._scheduled(now),
            limits=runner.engine.limits.rows(now),
        )

    def _cpu(self) -> float:
        """Share of one core since the last look."""
        used = sum(os.times()[:2])
        at = self._runner.clock.monotonic()
        before, before_at = self._cpu_before
        self._cpu_before = (used, at)
        return max((used - before) * NS / (at - before_at), 0.0) if before_at and at > before_at else 0.0

    def _feeds(self) -> tuple[FeedFigures, ...]:
        runner = self._runner
        found = []
        for name, broker in runner.brokers.items():
            meter, told = runner.meters.feeds[name], runner.engine.state.feeds.get(name)
            found.append(
                FeedFigures(
                    broker=name,
                    is_connected=told is not None and told.is_connected,
                    since=told.ts if told is not None else 0,
                    text=told.text if told is not None else "",
                    last=meter.last,
                    messages=meter.count,
                    per_second=meter.per_second,
                    reconnects=max(meter.reconnects, 0),
                    subscriptions=runner.lines.count(name),
                    max_subscriptions=broker.capabilities.max_subscriptions,
                )
            )
        return tuple(found)

    def _rates(self) -> tuple[RateFigures, ...]:
        found = []
        for name, box in self._runner.outboxes.items():
            used, limit = box.throttle.used, box.throttle.limit
            found.append(RateFigures(broker=name, used=used, limit=limit, waiting=box.waiting))
            broker = self._runner.brokers[name]
            for budget in broker.budgets() if isinstance(broker, Budgeted) else ():
                more = RateFigures(broker=name, used=budget.used, limit=budget.limit, waiting=0, what=budget.what)
                found.append(more)
        return tuple(found)

    def _journal(self) -> JournalFigures:
        runner = self._runner
        facts: JournalFacts = runner.journal.facts()
        problem = runner.engine.gate.problem or ("read-only" if runner.journal.is_read_only else "")
        return JournalFigures(
            path=facts.path,
            size=facts.size,
            sequence=facts.sequence,
            head=facts.head[:12],
            verified=facts.verified,
            last_commit=runner.meters.last_commit,
            kept_back=facts.kept_back,
            problem=problem,
        )

    def _scheduled(self, now: int) -> tuple[Scheduled, ...]:
        runner = self._runner
        found = [
            Scheduled(what=f"{account.id} new trading day", at=next_midnight(now, account.zone))
            for account in runner.engine.state.accounts.values()
        ]
        if runner.reconciler.next_at:
            found.append(Scheduled(what="reconcile", at=runner.reconciler.next_at))
        for slot in runner.engine.strategist.slots.values():
            at = slot.next_bar(now)
            if at is not None:
                found.append(Scheduled(what=f"{slot.name} {slot.interval.value} bar", at=at))
        return tuple(sorted(found, key=lambda item: item.at))


def resident_bytes() -> int:
    """Memory this process holds; 0 where the system does not say."""
    try:
        with open("/proc/self/statm", "rb") as file:
            return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except (OSError, ValueError, IndexError):
        pass
    try:
        import resource
    except ImportError:
        return 0
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024
