"""`hoga risk`: the limits in force and their use today; tightened here, loosened only by the settings and a restart."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from tui.cli.exits import Exit, guarded, say
from tui.cli.reading import Json

if TYPE_CHECKING:
    from core.trading.risk.usage import LimitRow


class RiskAction(StrEnum):
    SHOW = "show"
    SET = "set"
    ACCEPT = "accept"


def add_to(app: typer.Typer) -> None:
    app.command()(guarded(risk))


def risk(
    context: typer.Context,
    action: Annotated[RiskAction, typer.Argument(metavar="[show|set|accept]", help="What to do.")] = RiskAction.SHOW,
    name: Annotated[str, typer.Argument(metavar="[LIMIT]", help="With set: which limit.")] = "",
    value: Annotated[str, typer.Argument(metavar="[VALUE]", help="With set: the tighter value, as 1m, 2% or 30.")] = "",
    as_json: Json = False,
) -> int:
    """The limits in force and what is used of them.

    set makes one tighter, at once and for good. Looser ones are written into [risk] of the settings; after a restart
    they wait until accept, which asks for the word LOOSEN, or where real money is bound by them for the end of the name
    of each account. Nobody there to type it: the tighter ones stay.

    Example: hoga risk set max_order_value 1m
    """
    match action:
        case RiskAction.SET:
            return _set(context, name, value, as_json)
        case RiskAction.ACCEPT:
            return _accept(context, as_json)
        case _:
            return _show(context, as_json)


def _rows(context: typer.Context) -> tuple[bool, tuple[LimitRow, ...]]:
    """(from an engine that runs, the limits)."""
    from core.ports import Desk
    from core.trading.systemview import SystemRow
    from core.trading.view import Slice
    from tui.cli.desk import picture, with_desk

    async def ask(desk: Desk, is_live: bool) -> tuple[bool, tuple[LimitRow, ...]]:
        rows = (await picture(desk, Slice.SYSTEM))[Slice.SYSTEM]
        return is_live, next((row.limits for row in rows if isinstance(row, SystemRow)), ())

    return with_desk(context.obj.settings(), ask)


def _show(context: typer.Context, as_json: bool) -> int:
    from tui.cli import table

    is_live, rows = _rows(context)
    if not is_live:
        say("no engine runs: this is what the journal and the settings say")
    if as_json:
        table.emit({"source": "engine" if is_live else "journal", "limits": rows})
        return Exit.OK
    head = ("limit", "account", "value", "used", "waits to be accepted")
    lines = [[row.name, row.account, row.limit, row.used, row.waiting] for row in rows]
    table.show(head, lines, empty="no limits")
    return Exit.OK


def _set(context: typer.Context, name: str, value: str, as_json: bool) -> int:
    from core.domain.commands import TightenLimit
    from tui.cli.control import show_receipt
    from tui.cli.desk import with_engine

    if not (name and value):
        say("write which limit and its value: hoga risk set max_order_value 1m")
        return Exit.USAGE
    command = TightenLimit(name=name, value=value, by="cli")
    return show_receipt(with_engine(context.obj.settings(), lambda desk: desk.send(command)), as_json)


def _accept(context: typer.Context, as_json: bool) -> int:
    from core.domain.commands import AcceptLimits
    from core.trading.limits import WORD
    from tui.cli.control import show_receipt
    from tui.cli.desk import with_engine
    from tui.cli.naming import asked, words_of_all

    waits, typed = any(row.waiting for row in _rows(context)[1]), ""
    if waits:
        if not as_json:
            _show(context, as_json=False)
        words = with_engine(context.obj.settings(), words_of_all)
        whose = f"This loosens limits of REAL money. Type the end of the name of each account ({' '.join(words)})"
        typed = asked(whose if words else f"Type {WORD} to let the looser limits of the settings count")
    command = AcceptLimits(typed=typed, by="cli")
    return show_receipt(with_engine(context.obj.settings(), lambda desk: desk.send(command)), as_json)
