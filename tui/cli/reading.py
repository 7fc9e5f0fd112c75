"""Verbs that only read: every figure of the screen as a table, or with --json as one document on standard output.
Where the figures come from (a running engine, or the journal) is said on standard error and in the document.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from tui.cli.chosen import Chosen
from tui.cli.exits import guarded, say

if TYPE_CHECKING:
    from core.ports import Desk
    from core.trading.view import Row

Json = Annotated[bool, typer.Option("--json", help="One JSON document on standard output.")]
Symbols = Annotated[list[str] | None, typer.Argument(metavar="[SYMBOL]...", help="Only these, by code or market:code.")]
Limit = Annotated[int, typer.Option(metavar="N", min=1, max=1000, help="At most this many, newest first.")]


def add_to(app: typer.Typer) -> None:
    for verb in (quotes, positions, orders, fills, pnl, strategies, log, status):
        app.command()(guarded(verb))


def quotes(
    context: typer.Context,
    symbols: Symbols = None,
    watchlist: Annotated[
        str, typer.Option("--list", metavar="LIST", help="Of this watchlist; without it the first.")
    ] = "",
    as_json: Json = False,
) -> int:
    """Quotes, with the age of each.

    Those of a watchlist, and of what is held, ordered or has an alert; or of the symbols named.

    Example: hoga quotes 005930 KRW-BTC
    """
    return _show(context.obj, "quotes", symbols, as_json, watchlist=watchlist)


def positions(context: typer.Context, symbols: Symbols = None, as_json: Json = False) -> int:
    """Holdings with cost and profit.

    ~ marks figures built on an old price.

    Example: hoga positions --json
    """
    return _show(context.obj, "positions", symbols, as_json)


def orders(
    context: typer.Context,
    symbols: Symbols = None,
    history: Annotated[bool, typer.Option("--all", help="Ended orders of other days too.")] = False,
    limit: Limit = 100,
    as_json: Json = False,
) -> int:
    """Working orders, and those that ended today.

    UNKNOWN first, then working ones, newest first, as on the screen.

    Example: hoga orders --all --limit 20
    """
    return _show(context.obj, "orders", symbols, as_json, limit if history else None)


def fills(context: typer.Context, symbols: Symbols = None, limit: Limit = 100, as_json: Json = False) -> int:
    """Executions of our orders, newest first.

    Example: hoga fills 005930 --limit 10
    """
    return _show(context.obj, "fills", symbols, as_json, limit)


def pnl(context: typer.Context, as_json: Json = False) -> int:
    """Profit and loss.

    In total, by account, currency, strategy and instrument.

    Example: hoga pnl
    """
    return _show(context.obj, "pnl", None, as_json)


def strategies(
    context: typer.Context,
    kinds: Annotated[bool, typer.Option("--kinds", help="List what can be configured instead.")] = False,
    as_json: Json = False,
) -> int:
    """Strategies: signal, position, profit.

    Example: hoga strategies --kinds
    """
    if kinds:
        return _show_kinds(as_json)
    return _show(context.obj, "strategies", None, as_json)


def log(context: typer.Context, limit: Limit = 50, as_json: Json = False) -> int:
    """What happened, newest first.

    Orders, fills, denials, feeds.

    Example: hoga log --limit 20
    """
    return _show(context.obj, "log", None, as_json, limit)


def status(context: typer.Context, as_json: Json = False) -> int:
    """The header of the screen.

    Mode, equity, trading state, feeds, journal.

    Example: hoga status --json
    """
    return _show(context.obj, "status", None, as_json)


def _show(
    chosen: Chosen,
    what: str,
    symbols: Sequence[str] | None,
    as_json: bool,
    limit: int | None = None,
    watchlist: str = "",
) -> int:
    from core.ports import Page, Query
    from core.trading.view import Slice
    from tui.cli import columns, table
    from tui.cli.desk import picture, with_desk
    from tui.picture import order_place

    settings = chosen.settings()

    async def ask(desk: Desk, is_live: bool) -> tuple[bool, int, tuple[Row, ...], bool]:
        if limit is None:
            rows = (await picture(desk, Slice(what), watchlist=watchlist))[Slice(what)]
            if what == "orders":
                rows = tuple(sorted(rows, key=order_place))  # type: ignore[arg-type]
            if what == "quotes":
                rows = (*rows, *await _unlisted(desk, symbols or (), {getattr(row, "code", "") for row in rows}))
            return is_live, desk.now(), rows, False
        page: Page = await desk.history(Query(what=what, limit=limit))
        return is_live, desk.now(), page.rows, page.has_more

    is_live, now, rows, has_more = with_desk(settings, ask)
    if symbols:
        wanted = {symbol.upper() for symbol in symbols}
        rows = tuple(row for row in rows if {getattr(row, "code", ""), getattr(row, "instrument", "")} & wanted)
    if not is_live:
        say("no engine runs: this is what the journal remembers; prices are those last seen")
    if has_more:
        say(f"there are more than these {len(rows)}; ask with --limit")
    if as_json:
        source = "engine" if is_live else "journal"
        table.emit({"what": what, "source": source, "now": now, "has_more": has_more, "rows": rows})
        return 0
    head, lines, empty = columns.lines(what, rows, settings, now)
    table.show(head, lines, empty=empty)
    return 0


async def _unlisted(desk: Desk, symbols: Sequence[str], listed: set[str]) -> list[Row]:
    """Quotes of symbols that stand in no row of the list."""
    from core.trading.view import Slice
    from tui.cli.desk import picture

    found: list[Row] = []
    for symbol in symbols:
        for known in await desk.search(symbol):
            if symbol.upper() in (known.code, known.id) and known.code not in listed:
                rows = (await picture(desk, Slice.QUOTES, instrument=known.id))[Slice.QUOTES]
                found += [row for row in rows if row.key == known.id]
    return found


def _show_kinds(as_json: bool) -> int:
    import sys

    from core.strategies.catalog import KINDS
    from tui.cli import table

    documents, lines = [], []
    for kind, strategy in KINDS.items():
        defaults = strategy.Params()
        params = {name: getattr(defaults, name) for name in defaults.__struct_fields__}
        words = " ".join((sys.modules[strategy.__module__].__doc__ or "").split("\n\n")[0].split())
        documents.append({"kind": kind, "text": words, "params": params})
        lines.append([kind, " ".join(f"{name}={value}" for name, value in params.items()), words])
    if as_json:
        table.emit({"kinds": documents})
    else:
        table.show(("KIND", "PARAMETERS (defaults)", "WHAT IT DOES"), lines, empty="none")
    return 0
