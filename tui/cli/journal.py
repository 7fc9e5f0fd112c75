"""Verbs about the order journal, which need no engine: verify its chain, show and export its events. They read; what
they write is one new file of the user's own.
"""

from __future__ import annotations

import sys
from itertools import islice
from pathlib import Path
from typing import Annotated

import typer

from core.domain.errors import InvalidValue, StorageError
from tui.cli.chosen import JOURNAL, Chosen, data_directory
from tui.cli.exits import Exit, guarded, say
from tui.cli.reading import Json
from tui.newfile import write_new

journal = typer.Typer(
    name="journal", help="The order journal: verify its chain, show and export its events.", no_args_is_help=True
)


def add_to(app: typer.Typer) -> None:
    app.add_typer(journal)


@journal.command("verify")
@guarded
def journal_verify(
    context: typer.Context,
    file: Annotated[
        str | None, typer.Argument(metavar="[FILE]", help="An exported file; without one this machine's journal.")
    ] = None,
    as_json: Json = False,
) -> int:
    """Walk the journal's hash chain, or that of an exported file.

    From the first event to the last; exit code 4 if it does not hold. A file is verified by itself, wherever it is:
    compare the hash of its last event with one you have from elsewhere.

    Examples: hoga journal verify  |  hoga journal verify journal.jsonl
    """
    from storage.journal import verify
    from storage.journal_export import Verdict, verify_export
    from tui.cli import table

    found = verify(_journal(context.obj)) if file is None else verify_export(Path(file))
    if as_json:
        table.emit(found)
    else:
        print(found.text)
        if isinstance(found, Verdict) and found.last is not None:
            print(f"last event {found.last}, its hash {found.head}")
    return Exit.OK if found.first_bad is None else Exit.BROKEN


@journal.command("export")
@guarded
def journal_export(
    context: typer.Context,
    file: Annotated[
        str | None, typer.Argument(metavar="[FILE]", help="A new file, 0600; without one standard output.")
    ] = None,
    since: Annotated[str, typer.Option(metavar="TIME", help="From this day or time on, in the console's zone.")] = "",
    until: Annotated[str, typer.Option(metavar="TIME", help="Up to the end of this day, or before this time.")] = "",
    orders: Annotated[
        list[str] | None, typer.Option("--orders", metavar="ID", help="Only of this order, by its id or its end.")
    ] = None,
    as_json: Json = False,
    as_csv: Annotated[bool, typer.Option("--csv", help="A table for spreadsheets.")] = False,
    full: Annotated[bool, typer.Option("--full", help="Account numbers too; without it only their ends.")] = False,
) -> int:
    """Write the journal's events with the hashes of their chain.

    One JSON object a line; with --json one document, with --csv a table. `hoga journal verify FILE` proves what was
    written, on any machine. An event with a masked account is in the chain, but its words are proved by --full alone.

    Examples: hoga journal export november.jsonl  |  hoga journal export --since 2026-11-01 --csv november.csv
    """
    from storage import journal_export as form

    if as_json and as_csv:
        raise InvalidValue("--json and --csv are two forms: give one of them. Nothing was written")
    chosen: Chosen = context.obj
    zone = chosen.settings().console.zone
    parts = form.export(
        _journal(chosen),
        since=_moment(since, zone, is_end=False),
        until=_moment(until, zone, is_end=True),
        orders=form.order_words(orders or ()),
        full=full,
    )
    data = (form.document if as_json else form.table if as_csv else form.lines)(parts)
    if file is None:
        for piece in data:
            sys.stdout.buffer.write(piece)
        sys.stdout.flush()
    else:
        size = write_new(Path(file), data)
        say(f"{size:,} bytes written to {file}; `hoga journal verify {file}` proves them")
    return Exit.OK


def _moment(text: str, zone: str, *, is_end: bool) -> int | None:
    """A day or a time of the console's zone, in ns; the end of a day is the beginning of the next."""
    from datetime import UTC, date, datetime, timedelta
    from zoneinfo import ZoneInfo

    if not text:
        return None
    try:
        is_day = len(text) <= 10
        when = datetime.combine(date.fromisoformat(text), datetime.min.time()) if is_day else None
        when = when or datetime.fromisoformat(text)
        if is_day and is_end:
            when += timedelta(days=1)
        if when.tzinfo is None:
            when = when.replace(tzinfo=ZoneInfo(zone))
        moment = (when - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1) * 1000
    except (ValueError, OverflowError):
        raise InvalidValue(f"{text[:40]!r} is no time; write 2026-11-26 or 2026-11-26T09:30") from None
    return min(max(moment, 0), (1 << 63) - 1)  # what the journal can hold


@journal.command("show")
@guarded
def journal_show(
    context: typer.Context,
    since: Annotated[int, typer.Option("--from", metavar="SEQ", min=1, help="First sequence number.")] = 1,
    limit: Annotated[int, typer.Option(metavar="N", min=1, help="At most this many events.")] = 1000,
    as_json: Json = False,
) -> int:
    """Print the journal's events.

    One JSON object a line, oldest first; with --json one list of them.

    Example: hoga journal show --from 120 --limit 20
    """
    import msgspec

    from storage.journal import Journal

    opened = Journal.open(_journal(context.obj), boot_id="show", read_only=True)
    asked = ({"seq": sequence, "event": event} for sequence, event in opened.replay() if sequence >= since)
    encoder, shown = msgspec.json.Encoder(), islice(asked, limit)
    if as_json:
        print(encoder.encode(list(shown)).decode())
        return Exit.OK
    row = None
    for row in shown:
        print(encoder.encode(row).decode())
    if row is None:
        print(f"no events from {since} on", file=sys.stderr)
    return Exit.OK


def _journal(chosen: Chosen) -> Path:
    path = data_directory(chosen.settings()) / JOURNAL
    if not path.exists():
        raise StorageError(f"there is no journal at {path} yet: it is made when an engine first starts")
    return path
