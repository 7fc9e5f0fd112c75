"""`hoga bars`: candles of a venue's own record, kept in the archive and asked for once. The bars go to standard output,
what they cover to standard error.
"""

from __future__ import annotations

import asyncio
import csv
import re
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated
from zoneinfo import ZoneInfo

import msgspec
import typer

from core.domain.errors import InvalidValue
from core.domain.market import NS, Interval
from tui.cli.exits import Exit, guarded, say
from tui.cli.reading import Json

if TYPE_CHECKING:
    from core.runtime.backfill import Filled
    from tui.run.bars import Found

_AGO = re.compile(r"(\d{1,6})(m|h|d|w)")
_UNITS = {"m": 60, "h": 3600, "d": 86_400, "w": 604_800}


def add_to(app: typer.Typer) -> None:
    app.command()(guarded(bars))


def bars(
    context: typer.Context,
    symbol: Annotated[str, typer.Argument(metavar="SYMBOL", help="Which market, by code or name.")],
    interval: Annotated[
        str, typer.Argument(metavar="INTERVAL", help=f"{', '.join(i.value for i in Interval)}.")
    ] = Interval.M1.value,
    since: Annotated[
        str, typer.Option(metavar="TIME", help="From when: 2026-11-01, 2026-11-01T09:00, or 3d, 12h, 2w ago.")
    ] = "1d",
    until: Annotated[str, typer.Option(metavar="TIME", help="Up to when, exclusive; now without it.")] = "",
    venue: Annotated[str, typer.Option("--from", metavar="NAME", help="Whose record.")] = "upbit",
    offline: Annotated[bool, typer.Option("--offline", help="Only what is kept here; nobody is asked.")] = False,
    as_csv: Annotated[bool, typer.Option("--csv", help="CSV on standard output, times in UTC.")] = False,
    as_json: Json = False,
) -> int:
    """Candles of a venue's record.

    What is not kept yet is asked for, once, and kept; a run that is stopped goes on where it ended. A time without
    trades has no bar and is no gap. The bar that still forms is left out. Times are of the zone of the settings. Exit
    code 1 when something is missing.

    Examples: hoga bars KRW-BTC 1m --since 3d  |  hoga bars KRW-ETH 1d --since 2025-01-01 --csv > eth.csv
    """
    from core.clock import SystemClock
    from tui.cli.chosen import data_directory
    from tui.cli.opening import logged
    from tui.run.bars import Wanted, collect

    settings = msgspec.structs.replace(context.obj, feed=venue).settings()
    now, zone = SystemClock().now(), settings.console.zone
    wanted = Wanted(
        venue=venue,
        symbol=symbol,
        interval=read_interval(interval),
        since=read_time(since, now, zone),
        until=read_time(until, now, zone) if until else now,
        is_offline=offline,
    )
    with logged(settings.log):
        found = asyncio.run(collect(settings, data_directory(settings), wanted, _progress()))
    _show(found, zone, as_csv=as_csv, as_json=as_json)
    say(coverage(found, wanted.interval, zone))
    return Exit.OK if not found.missing or found.filled.open_end else Exit.FAILED


def read_interval(text: str) -> Interval:
    try:
        return Interval(text)
    except ValueError:
        raise InvalidValue(
            f"{text[:20]!r} is no interval: one of {', '.join(i.value for i in Interval)}. Nothing was asked"
        ) from None


def read_time(text: str, now: int, zone: str) -> int:
    """ISO date or time, in `zone` where it names none, or so long ago -> ns. Raises InvalidValue."""
    ago = _AGO.fullmatch(text)
    if ago:
        then = now - int(ago[1]) * _UNITS[ago[2]] * NS
        return then - then % (60 * NS)
    try:
        moment = datetime.fromisoformat(text)
        moment = moment if moment.tzinfo is not None else moment.replace(tzinfo=ZoneInfo(zone))
        return int(moment.timestamp()) * NS
    except (ValueError, OverflowError):
        raise InvalidValue(
            f"{text[:40]!r} is no time: give 2026-11-01, 2026-11-01T09:00, or 3d, 12h, 2w for so long ago"
        ) from None


def _progress() -> Callable[[Filled, int], None]:
    """Told on one line of a terminal, and nowhere else."""
    is_shown = sys.stderr.isatty()

    def told(filled: Filled, left: int) -> None:
        if is_shown:
            total = filled.asked + left
            part = filled.asked / total if total else 1.0
            print(f"\r{part:4.0%}  {filled.bars:,} bars, {filled.calls} calls", end="", file=sys.stderr, flush=True)
            if not left:
                print(file=sys.stderr)

    return told


def coverage(found: Found, interval: Interval, zone: str) -> str:
    """What the bars cover, in a sentence."""
    filled, code = found.filled, found.instrument.code
    missing = found.missing
    parts = [f"{len(found.bars):,} bars of {found.slots:,}"]
    untraded = max(found.slots - len(found.bars) - missing, 0)
    parts += [f"{untraded:,} without trades"] if untraded else []
    if filled.open_end and missing:
        parts.append(f"{missing:,} at the end may still change and are not kept")
    elif missing:
        parts.append(f"{missing:,} missing")
    else:
        parts.append("nothing missing")
    calls = "1 call" if filled.calls == 1 else f"{filled.calls:,} calls"
    parts.append(calls if filled.calls else "nobody was asked")
    if found.oldest is not None:
        parts.append(f"the venue keeps none before {_moment(found.oldest, zone)}")
    return f"{code} {interval.value}: {', '.join(parts)}"


def _moment(ts: int, zone: str) -> str:
    return datetime.fromtimestamp(ts // NS, ZoneInfo(zone)).strftime("%Y-%m-%d %H:%M:%S")


def _show(found: Found, zone: str, *, as_csv: bool, as_json: bool) -> None:
    from tui.cli import table
    from tui.format import number, quantity

    names = ("open", "high", "low", "close", "volume")
    if as_json:
        table.emit(
            {
                "instrument": found.instrument.id,
                "slots": found.slots,
                "missing": found.missing,
                "bars": [{"ts": bar.ts, **{name: getattr(bar, name) for name in names}} for bar in found.bars],
            }
        )
        return
    if as_csv:
        write = csv.writer(sys.stdout, lineterminator="\n").writerow
        write(("time", *names))
        for bar in found.bars:
            time = datetime.fromtimestamp(bar.ts // NS, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
            write((time, *(repr(getattr(bar, name)) for name in names)))
        return
    rows = [
        [
            _moment(bar.ts, zone),
            *(
                number(value, found.instrument.ticks.digits(found.instrument.price(value)))
                for value in (bar.open, bar.high, bar.low, bar.close)
            ),
            quantity(bar.volume),
        ]
        for bar in found.bars
    ]
    table.show(("TIME", *(f">{name.upper()}" for name in names)), rows, empty="no bars")
