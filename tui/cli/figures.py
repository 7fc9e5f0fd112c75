"""The system row as lines of text: what `hoga system` prints."""

from __future__ import annotations

from core.domain.market import NS
from core.trading.systemview import Latency, SystemRow
from tui.format import DisplayZone, number


def system_lines(row: SystemRow, zone: DisplayZone) -> list[list[str]]:
    lines = [["engine", f"hoga {row.hoga}, Python {row.python}, process {row.pid}, since {zone.moment(row.started)}"]]
    lines.append(["process", f"CPU {row.cpu * 100:.0f}%, memory {mib(row.memory)}, dropped {row.dropped}"])
    lines.append(["consoles", f"{row.consoles} attached, {row.watches} pictures"])
    lines.append(["knows", f"{row.instruments} instruments, {row.orders} orders, {row.alerts} alerts"])
    for feed in row.feeds:
        state = "up" if feed.is_connected else f"down ({feed.text})"
        since = f" since {zone.moment(feed.since)}" if feed.since else ""
        last = f", last {zone.clock(feed.last)}" if feed.last else ""
        most = f"/{feed.max_subscriptions}" if feed.max_subscriptions is not None else ""
        flow = f"{feed.per_second:.1f}/s, {number(feed.messages)} messages{last}, {feed.reconnects} reconnects"
        lines.append([f"line {feed.broker}", f"{state}{since}, {flow}, ws {feed.subscriptions}{most}"])
    for rate in row.rates:
        limit = "no limit" if rate.limit is None else f"{rate.used}/{rate.limit}"
        lines.append([f"rate {rate.broker}", f"{rate.what} {limit}, {rate.waiting} waiting"])
    lines += [[wait.name, waits(wait)] for wait in (*row.latencies, row.loop)]
    journal = row.journal
    commit = f", last commit {zone.clock(journal.last_commit)}" if journal.last_commit else ""
    chain = f"proved to #{number(journal.verified)} at the start"
    lines.append(
        ["journal", f"{journal.problem or 'writable'}, #{number(journal.sequence)} {journal.head}, {chain}{commit}"]
    )
    lines.append(["journal file", f"{journal.path}, {mib(journal.size)}"])
    if row.disk_free_mb is not None:
        lines.append(["disk", f"{number(row.disk_free_mb)} MB free, orders stop below {number(row.min_free_mb)} MB"])
        lines.append(["kept back", f"{mib(journal.kept_back)} for cancels when the disk is full"])
    lines.append(["trading state", row.trading_state.value])
    for change in row.changes:
        who = change.account or "all accounts"
        text = f"{zone.moment(change.ts)} {who} {change.state.value} by {change.by} {change.text}"
        lines.append(["", text.rstrip()])
    lines += [["due", f"{zone.moment(item.at)} {item.what}"] for item in row.scheduled]
    return lines


def waits(wait: Latency) -> str:
    if not wait.count:
        return "none yet"
    figures = ", ".join(
        f"{name} {ns * 1000 / NS:,.2f} ms" for name, ns in (("p50", wait.p50), ("p99", wait.p99), ("max", wait.max))
    )
    return f"{figures}, {number(wait.count)} measured"


def mib(size: int) -> str:
    return f"{size / 1_048_576:,.1f} MiB"
