"""Verbs of the engine as a process of its own, and of consoles that attach to it: `hoga engine start|stop|status|logs`
and `hoga attach`.
"""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import msgspec
import typer

from core.domain.errors import ConfigError, DeskUnavailable
from tui.cli.chosen import Chosen, data_directory
from tui.cli.exits import Exit, guarded, say
from tui.cli.opening import file_of, logged, need_terminal
from tui.cli.reading import Json

if TYPE_CHECKING:
    from core.config import Settings
    from tui.run.card import Holding

engine = typer.Typer(help="The engine as a process of its own, which no terminal can take down.", no_args_is_help=True)


def add_to(app: typer.Typer) -> None:
    for name, verb in (("start", start), ("stop", stop), ("status", status), ("logs", logs)):
        engine.command(name)(guarded(verb))
    app.add_typer(engine, name="engine")
    app.command()(guarded(attach))


def attach(
    context: typer.Context,
    read_only: Annotated[
        bool, typer.Option("--read-only", help="Look on; the engine takes nothing from this console, not even panic.")
    ] = False,
    socket: Annotated[
        str | None, typer.Option(metavar="PATH", help="The engine's socket, as one that SSH forwards.")
    ] = None,
) -> int:
    """Open the console on a running engine.

    Several consoles may be attached at once. Closing or losing one never touches the engine; a console whose engine
    goes away says so, and comes back by itself when the engine does.

    Examples: hoga attach  |  hoga attach --read-only  |  hoga attach --socket ~/desk.sock
    """
    from tui.run.screen import run_attached

    need_terminal("`hoga engine status` says how the engine is without one")
    settings = context.obj.settings()
    path = None if socket is None else Path(socket).expanduser().absolute()
    with logged(settings.log):
        try:
            return run_attached(settings, path, read_only=read_only, file=file_of(context.obj))
        except DeskUnavailable as error:
            raise DeskUnavailable(f"{error}. Nothing was opened; `hoga engine start` starts one.") from None


def start(context: typer.Context, as_json: Json = False) -> int:
    """Start the engine, apart from every terminal.

    It returns when the engine's desk answers, or with the reason and the last lines of what the engine said. Exit
    code 3 means that an engine or a console holds the data folder already.

    Example: hoga engine start
    """
    from tui.run.detached import EngineFailed, log_path
    from tui.run.detached import start as start_engine
    from tui.run.venues import check

    settings, folder = _place(context.obj)
    check(settings, is_live=context.obj.live, is_demo=context.obj.demo)
    try:
        pid = asyncio.run(start_engine(settings, folder, _absolute(context.obj).words()))
    except EngineFailed as error:
        say(f"hoga: {error}")
        return error.code if error.code > 0 else Exit.FAILED
    log = log_path(settings, folder)
    text = f"the engine runs (process {pid}). Attach with `hoga`, stop with `hoga engine stop`; its log is {log}"
    _tell({"pid": pid, "folder": str(folder), "log": str(log)}, text, as_json)
    return Exit.OK


def stop(
    context: typer.Context,
    wait: Annotated[
        float, typer.Option(metavar="SECONDS", min=0.0, max=600.0, help="How long it may take to end.")
    ] = 15.0,
    force: Annotated[bool, typer.Option("--force", help="Kill it when it has not ended by then.")] = False,
    as_json: Json = False,
) -> int:
    """Stop the engine.

    Nothing new is sent, the journal is closed, and working orders stay where they are: they are named. Exit code 1
    means that none runs or that it did not end in time, 3 that a console holds the data folder.

    Example: hoga engine stop --wait 5 --force
    """
    from tui.run.detached import stop as stop_engine

    settings, folder = _place(context.obj)
    there = _engine_of(folder)
    if there is None:
        return Exit.FAILED
    if there.card is None:
        return Exit.IN_USE
    left = asyncio.run(_working(settings))
    how = asyncio.run(stop_engine(folder, there.pid, seconds=wait, force=force))
    if how == "still there":
        say(f"hoga: the engine (process {there.pid}) has not ended after {wait:g} s; --force kills it")
        return Exit.FAILED
    if left is None:
        words = "its desk did not answer, so see `hoga orders` for what still works"
    else:
        words = f"{len(left)} working order{'' if len(left) == 1 else 's'} left as they are" + "".join(
            f"\n  {line}" for line in left
        )
    killed = "was killed; what was under way is settled at the next start" if how == "killed" else "has stopped"
    _tell({"pid": there.pid, "how": how, "working": left}, f"the engine {killed}: {words}", as_json)
    return Exit.OK


def status(context: typer.Context, as_json: Json = False) -> int:
    """How the engine is.

    Exit code 0: it runs and answers; 1: none runs; 3: the data folder is held by what does not answer.

    Example: hoga engine status --json
    """
    settings, folder = _place(context.obj)
    there = _engine_of(folder)
    if there is None:
        return Exit.FAILED
    found = asyncio.run(_figures(settings))
    if found is None:
        say(f"hoga: process {there.pid or 'unknown'} holds {folder} but its desk does not answer")
        return Exit.IN_USE
    found = {"pid": there.pid, "kind": "console" if there.card is None else "engine", **found, "folder": str(folder)}
    _tell(found, "\n".join(f"{name:9} {_word(value)}" for name, value in found.items()), as_json)
    return Exit.OK


def logs(
    context: typer.Context,
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Go on with what comes, until Ctrl+C.")] = False,
    lines: Annotated[int, typer.Option(metavar="COUNT", min=0, max=10_000, help="How many of the last lines.")] = 50,
) -> int:
    """The engine's log, and what it said outside of it.

    Example: hoga engine logs --follow
    """
    from tui.run.card import OUTPUT, holding
    from tui.run.detached import follow as follow_file
    from tui.run.detached import log_path, tail

    settings, folder = _place(context.obj)
    there = holding(folder)
    log = log_path(settings, folder)
    if there is not None and there.card is not None and there.card.log not in ("", "-"):
        log = Path(there.card.log).expanduser()
    if not log.exists() and not (folder / OUTPUT).exists():
        say(f"hoga: there is no log at {log}; an engine started with `hoga engine start` writes one")
        return Exit.FAILED
    for text in (tail(log, lines), tail(folder / OUTPUT, lines)):
        if text:
            print(text)
    if follow:
        follow_file(log, lambda line: print(line, flush=True))
    return Exit.OK


# ---- what they share


def _place(chosen: Chosen) -> tuple[Settings, Path]:
    settings = chosen.settings()
    return settings, data_directory(settings).absolute()


def _absolute(chosen: Chosen) -> Chosen:
    """The engine runs in a folder of its own, so a settings file is named in full."""
    if chosen.config is None:
        return chosen
    path = Path(chosen.config).absolute()
    if not path.exists():
        raise ConfigError(f"there is no settings file {path}. Nothing was started")
    return msgspec.structs.replace(chosen, config=str(path))


def _engine_of(folder: Path) -> Holding | None:
    """Who holds the folder; that nobody does, or only a console, is said."""
    from tui.run.card import holding

    there = holding(folder)
    if there is None:
        say(f"hoga: no engine runs on {folder}; `hoga engine start` starts one")
    elif there.card is None:
        say(f"hoga: a console (process {there.pid or 'unknown'}) runs the engine of {folder} in itself")
    return there


async def _working(settings: Settings) -> list[str] | None:
    """The orders that stay, a line each; None when the desk does not answer."""
    from core.clock import SystemClock
    from core.runtime.desk_remote import connect
    from core.runtime.desk_socket import socket_path
    from core.trading.view import OrderRow, Slice
    from tui.cli.columns import order_price
    from tui.cli.desk import picture

    try:
        async with connect(socket_path(data_directory(settings)), SystemClock()) as desk:
            rows = (await picture(desk, Slice.ORDERS))[Slice.ORDERS]
    except (DeskUnavailable, OSError):
        return None
    found = [row for row in rows if isinstance(row, OrderRow) and row.is_working]
    return [
        f"{row.id} {row.side.value} {row.code} {row.quantity} {order_price(row)} {row.status.value}" for row in found
    ]


async def _figures(settings: Settings) -> dict[str, Any] | None:
    """What the engine says of itself; None when it does not answer."""
    from core.clock import SystemClock
    from core.domain.market import NS
    from core.runtime.desk_remote import connect
    from core.runtime.desk_socket import socket_path
    from core.trading.systemview import SystemRow
    from core.trading.view import PnlRow, Slice, StatusRow
    from tui.cli.desk import picture

    try:
        async with connect(socket_path(data_directory(settings)), SystemClock()) as desk:
            rows = await picture(desk, Slice.STATUS, Slice.SYSTEM, Slice.PNL)
            now = desk.now()
    except (DeskUnavailable, OSError):
        return None
    head = next(row for row in rows[Slice.STATUS] if isinstance(row, StatusRow))
    own = next((row for row in rows[Slice.SYSTEM] if isinstance(row, SystemRow)), None)
    return {
        "uptime": None if own is None else max(now - own.started, 0) // NS,
        "mode": head.badge,
        "accounts": [row.name for row in rows[Slice.PNL] if isinstance(row, PnlRow) and row.scope == "account"],
        "state": head.trading_state.value,
        "working": head.working_orders,
        "unknown": head.unknown_orders,
        "consoles": None if own is None else max(own.consoles - 1, 0),  # this look is one too
        "journal": head.journal,
        "gate": head.gate or "open",
    }


def _word(value: object) -> str:
    if isinstance(value, list):
        return ", ".join(value)
    return "-" if value is None else str(value)


def _tell(found: dict[str, Any], text: str, as_json: bool) -> None:
    from tui.cli import table

    if as_json:
        table.emit(found)
    else:
        print(text)
