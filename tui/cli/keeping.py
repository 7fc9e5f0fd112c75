"""Verbs for what is kept beside orders: watchlists, price alerts, notes, and the story of one order or instrument.
Reading works without an engine, from the journal; changes are asked of the running one, as the console asks them."""

from __future__ import annotations

import sys
from collections.abc import Awaitable, Callable, Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tui.cli.chosen import Chosen
from tui.cli.exits import Exit, guarded, say
from tui.cli.reading import Json

if TYPE_CHECKING:
    from core.domain.instrument import Instrument
    from core.ports import Desk, Receipt
    from core.trading.view import Row

watch = typer.Typer(name="watch", help="Watchlists: show, change, import, export.", no_args_is_help=True)
alert = typer.Typer(name="alert", help="Price alerts: show, set, clear.", no_args_is_help=True)

Name = Annotated[str, typer.Argument(metavar="LIST", help="The list's name.")]
Symbols = Annotated[list[str], typer.Argument(metavar="SYMBOL...", help="Code, market:code, name or its initials.")]


def add_to(app: typer.Typer) -> None:
    app.add_typer(watch)
    app.add_typer(alert)
    for verb in (note, details, system):
        app.command()(guarded(verb))


# --- watchlists ------------------------------------------------------------------------------------------------------


@watch.command("list")
@guarded
def watch_list(
    context: typer.Context,
    name: Annotated[str | None, typer.Argument(metavar="[LIST]", help="Only this list.")] = None,
    as_json: Json = False,
) -> int:
    """The lists and what is in them.

    Example: hoga watch list main
    """
    from core.domain.errors import InvalidValue
    from tui.cli import table

    rows: Any = _rows(context.obj, "watchlists")
    found = [row for row in rows if name is None or row.name == name]
    if name is not None and not found:
        raise InvalidValue(f"there is no list {name!r}; there are: {', '.join(row.name for row in rows)}")
    if as_json:
        table.emit({"watchlists": found})
        return Exit.OK
    lines = [[row.name, str(len(row.instruments)), "here" if row.is_changed else "settings"] for row in found]
    if name is None:
        table.show(("LIST", ">INSTRUMENTS", "FROM"), lines, empty="no lists")
    else:
        print("\n".join(found[0].instruments))
    return Exit.OK


@watch.command("add")
@guarded
def watch_add(context: typer.Context, name: Name, symbols: Symbols, as_json: Json = False) -> int:
    """Add instruments to a list; a list that is not there is made.

    Example: hoga watch add swing 005930 AAPL
    """
    from core.domain.commands import EditWatchlist, ListEdit

    async def ask(desk: Desk) -> Sequence[Receipt]:
        found = [await _meant(desk, symbol) for symbol in symbols]
        receipts = []
        if name not in await _names(desk):
            receipts.append(await desk.send(EditWatchlist(name=name, edit=ListEdit.MAKE, by="cli")))
        for one in found:
            command = EditWatchlist(name=name, edit=ListEdit.ADD, instrument=one.id, by="cli")
            receipts.append(await desk.send(command))
        return receipts

    return _told(context.obj, ask, as_json)


@watch.command("rm")
@guarded
def watch_rm(
    context: typer.Context,
    name: Name,
    symbols: Annotated[
        list[str] | None, typer.Argument(metavar="[SYMBOL]...", help="What to take out; none: the whole list.")
    ] = None,
    as_json: Json = False,
) -> int:
    """Take instruments out of a list, or delete the list.

    Example: hoga watch rm swing AAPL
    """
    from core.domain.commands import EditWatchlist, ListEdit

    async def ask(desk: Desk) -> Sequence[Receipt]:
        if not symbols:
            return [await desk.send(EditWatchlist(name=name, edit=ListEdit.DELETE, by="cli"))]
        found = [await _meant(desk, symbol) for symbol in symbols]
        edits = [EditWatchlist(name=name, edit=ListEdit.REMOVE, instrument=one.id, by="cli") for one in found]
        return [await desk.send(edit) for edit in edits]

    return _told(context.obj, ask, as_json)


@watch.command("reset")
@guarded
def watch_reset(
    context: typer.Context,
    name: Annotated[str, typer.Argument(metavar="[LIST]", help="One list; none: all of them.")] = "",
    as_json: Json = False,
) -> int:
    """Back to the lists of the settings.

    Example: hoga watch reset main
    """
    from core.domain.commands import EditWatchlist, ListEdit

    async def ask(desk: Desk) -> Sequence[Receipt]:
        return [await desk.send(EditWatchlist(name=name, edit=ListEdit.RESET, by="cli"))]

    return _told(context.obj, ask, as_json)


@watch.command("import")
@guarded
def watch_import(
    context: typer.Context,
    name: Name,
    file: Annotated[
        str, typer.Argument(metavar="FILE", help="One symbol a line, # begins a remark; - is standard input.")
    ],
    as_json: Json = False,
) -> int:
    """Read a whole list from a text. It takes the place of what the list held.

    Nothing is changed when a line fits no instrument.

    Example: hoga watch import swing list.txt
    """
    from core.domain.commands import SetWatchlist

    words = [line.split("#")[0].strip() for line in _text(file).splitlines()]

    async def ask(desk: Desk) -> Sequence[Receipt]:
        found = [await _meant(desk, word) for word in words if word]
        command = SetWatchlist(name=name, instruments=tuple(one.id for one in found), by="cli")
        return [await desk.send(command)]

    return _told(context.obj, ask, as_json)


@watch.command("export")
@guarded
def watch_export(context: typer.Context, name: Name, as_json: Json = False) -> int:
    """Write a list as a text that import reads.

    Example: hoga watch export main > main.txt
    """
    return int(watch_list.__wrapped__(context, name, as_json))  # type: ignore[attr-defined]


def _text(file: str) -> str:
    if file == "-":
        return sys.stdin.read(1_000_000)
    with open(file, encoding="utf-8") as source:
        return source.read(1_000_000)


# --- alerts ----------------------------------------------------------------------------------------------------------


@alert.command("list")
@guarded
def alert_list(context: typer.Context, as_json: Json = False) -> int:
    """Alerts that wait, and the newest that fired.

    Example: hoga alert list --json
    """
    from tui.cli import table
    from tui.format import DisplayZone, number

    settings = context.obj.settings()
    rows: Any = _rows(context.obj, "alerts")
    if as_json:
        table.emit({"alerts": rows})
        return Exit.OK
    zone = DisplayZone(settings.console.zone)
    lines = [
        [
            row.key,
            row.code,
            ">" if row.above else "<",
            number(row.price, row.decimals),
            f"fired {zone.moment(row.fired_at)}" if row.fired_at else "waiting",
            row.note,
        ]
        for row in rows
    ]
    table.show(("ID", "SYMBOL", "", ">PRICE", "STATE", "NOTE"), lines, empty="no alerts")
    return Exit.OK


@alert.command("set")
@guarded
def alert_set(
    context: typer.Context,
    line: Annotated[list[str], typer.Argument(metavar="LINE", help="SYMBOL, > or <, a price, a note. Quote it.")],
    as_json: Json = False,
) -> int:
    """Set an alert: it fires once, when a live price is there.

    Example: hoga alert set '005930 >72000 breakout'
    """
    from core.domain.commands import SetAlert
    from core.trading.alertline import USAGE, parse_alert

    wish = parse_alert(" ".join(line))
    if not wish.symbol:
        from core.domain.errors import InvalidValue

        raise InvalidValue(f"no symbol is written; {USAGE}")

    async def ask(desk: Desk) -> Sequence[Receipt]:
        one = await _meant(desk, wish.symbol)
        command = SetAlert(instrument=one.id, above=wish.above, price=wish.price, note=wish.note, by="cli")
        return [await desk.send(command)]

    return _told(context.obj, ask, as_json)


@alert.command("rm")
@guarded
def alert_rm(
    context: typer.Context,
    ids: Annotated[list[str], typer.Argument(metavar="ID...", help="As `hoga alert list` names them.")],
    as_json: Json = False,
) -> int:
    """Clear alerts.

    Example: hoga alert rm a3
    """
    from core.domain.commands import ClearAlert

    async def ask(desk: Desk) -> Sequence[Receipt]:
        return [await desk.send(ClearAlert(id=id, by="cli")) for id in ids]

    return _told(context.obj, ask, as_json)


# --- notes, stories, the program itself ------------------------------------------------------------------------------


def note(
    context: typer.Context,
    subject: Annotated[str, typer.Argument(metavar="SUBJECT", help="order:ID, fill:ID, or a symbol.")],
    text: Annotated[
        list[str] | None, typer.Argument(metavar="[TEXT]...", help="Without one the note is cleared.")
    ] = None,
    as_json: Json = False,
) -> int:
    """Write a note on an order, a fill or an instrument.

    Example: hoga note 005930 earnings on Thursday
    """
    from core.domain.commands import WriteNote
    from core.trading.notes import INSTRUMENT

    async def ask(desk: Desk) -> Sequence[Receipt]:
        on = subject
        if subject.partition(":")[0] not in ("order", "fill", "instrument"):
            on = f"{INSTRUMENT}{(await _meant(desk, subject)).id}"
        return [await desk.send(WriteNote(subject=on, text=" ".join(text or ()), by="cli"))]

    return _told(context.obj, ask, as_json)


def details(
    context: typer.Context,
    key: Annotated[str, typer.Argument(metavar="KEY", help="An order's id or its end, or market:code.")],
    as_json: Json = False,
) -> int:
    """All there is about an order or an instrument: events, fills, notes.

    Example: hoga details XKRX:005930
    """
    from tui.cli import table
    from tui.cli.desk import with_desk
    from tui.forms.story import rows_of, texts
    from tui.look import make_look

    settings = context.obj.settings()

    async def ask(desk: Desk, _: bool) -> Any:
        return await desk.story(key)

    story = with_desk(settings, ask)
    if as_json:
        table.emit(story)
    else:
        print("\n".join(texts(rows_of(story, make_look(settings), 120))))
    return Exit.OK


def system(context: typer.Context, as_json: Json = False) -> int:
    """The program's own figures: lines, rates, latencies, journal, process.

    Example: hoga system --json
    """
    from tui.cli import table
    from tui.format import DisplayZone

    settings = context.obj.settings()
    rows: Any = _rows(context.obj, "system")
    if as_json:
        table.emit(rows[0] if rows else None)
        return Exit.OK
    from tui.cli.figures import system_lines

    table.show(
        ("WHAT", "FIGURES"), system_lines(rows[0], DisplayZone(settings.console.zone)) if rows else [], empty="none"
    )
    return Exit.OK


# --- shared ----------------------------------------------------------------------------------------------------------


def _rows(chosen: Chosen, what: str) -> tuple[Row, ...]:
    from core.trading.view import Slice
    from tui.cli.desk import picture, with_desk

    async def ask(desk: Desk, is_live: bool) -> tuple[bool, tuple[Row, ...]]:
        return is_live, (await picture(desk, Slice(what)))[Slice(what)]

    is_live, rows = with_desk(chosen.settings(), ask)
    if not is_live:
        say("no engine runs: this is what the journal remembers")
    return rows


async def _names(desk: Desk) -> set[str]:
    from core.trading.view import Slice
    from tui.cli.desk import picture

    return {row.key for row in (await picture(desk, Slice.WATCHLISTS))[Slice.WATCHLISTS]}


async def _meant(desk: Desk, word: str) -> Instrument:
    from core.trading.search import SymbolIndex

    return SymbolIndex(await desk.search(word)).one(word)


def _told(chosen: Chosen, ask: Callable[[Desk], Awaitable[Sequence[Receipt]]], as_json: bool) -> int:
    """Ask the running engine; one line for each answer."""
    from tui.cli import table
    from tui.cli.desk import with_engine

    receipts = with_engine(chosen.settings(), ask)
    if as_json:
        table.emit({"receipts": receipts})
    for receipt in receipts:
        if not receipt.is_ok:
            say(f"refused: {receipt.text}")
        elif not as_json:
            print(receipt.text)
    return Exit.OK if all(receipt.is_ok for receipt in receipts) else Exit.FAILED
