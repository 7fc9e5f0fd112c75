"""Verbs that ask for something: an order, a cancel, a halt. They speak to the running engine over its socket, so one
gate sees every order; only panic has a second road, the halt file, for an engine that does not answer.
"""

from __future__ import annotations

from contextlib import suppress
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import msgspec
import typer

from core.domain.account import TradingState
from core.domain.errors import HogaError
from tui.cli.chosen import Chosen, data_directory
from tui.cli.exits import Exit, guarded, say
from tui.cli.reading import Json

if TYPE_CHECKING:
    from core.domain.commands import Panic
    from core.ports import Receipt

HALT_FILE = "halt"


class Action(StrEnum):
    START = "start"
    PAUSE = "pause"
    STOP = "stop"


def add_to(app: typer.Typer) -> None:
    for verb in (order, cancel, panic, state, unlock, strategy):
        app.command()(guarded(verb))


def order(
    context: typer.Context,
    line: Annotated[list[str], typer.Argument(metavar="LINE", help="An order line, as in the console. Quote it.")],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what it would do and send nothing.")] = False,
    wait: Annotated[
        float, typer.Option(metavar="SECONDS", min=0.0, max=60.0, help="How long to wait for the venue's answer.")
    ] = 2.0,
    as_json: Json = False,
) -> int:
    """Send one order line.

    It may buy, sell, close, modify or cancel. Without a price the order rests at its own side's best price; a
    market order is written @mkt.

    Examples: hoga order 'b 10 005930 @70800'  |  hoga order 's 5 AAPL @mkt'  |  hoga order 'x 005930'
    """
    from tui.cli import table
    from tui.cli.desk import with_engine
    from tui.cli.orders import Sending

    sending = Sending(" ".join(line), dry_run=dry_run, wait=wait)
    outcome = with_engine(context.obj.settings(), sending.run)
    if as_json:
        table.emit(outcome)
    else:
        for text in outcome.texts():
            print(text)
    return Exit.OK if outcome.is_ok else Exit.FAILED


def cancel(
    context: typer.Context,
    what: Annotated[str, typer.Argument(metavar="ID|SYMBOL|all", help="An order id (or its beginning), or a code.")],
    entries_only: Annotated[
        bool, typer.Option("--entries-only", help="Spare orders that only reduce a position.")
    ] = False,
    as_json: Json = False,
) -> int:
    """Cancel one order or many.

    One by its id, all of an instrument by its code, or all.

    Example: hoga cancel 005930
    """
    from tui.cli.desk import with_engine
    from tui.cli.orders import cancelling

    return show_receipt(with_engine(context.obj.settings(), lambda desk: cancelling(desk, what, entries_only)), as_json)


def panic(
    context: typer.Context,
    every: Annotated[bool, typer.Option("--all", help="Also cancel the protective orders.")] = False,
    flatten: Annotated[
        bool, typer.Option("--flatten", help="Also cancel the protective orders and close all positions.")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", help="With --flatten: do not ask.")] = False,
    tail: Annotated[
        str,
        typer.Option(
            metavar="TAIL", help="With --flatten of real money: the end of the account's name; of several, each."
        ),
    ] = "",
    as_json: Json = False,
) -> int:
    """Stop trading, now.

    Automatic orders stop, only reducing orders pass, entry orders are canceled, again and again until none is left,
    over a restart too. Protective stops stay. With --flatten this is done first; then it is asked whether to close:
    by the word FLATTEN, or real money by the end of the name of each account that is to be closed. Who is not named
    is only stopped. If no engine
    answers within 0.2 seconds a halt file is written beside the journal: an engine
    looks for it before each order, and orders stay forbidden until it is removed. Exit code 1 then says that nothing
    could be canceled.

    Examples: hoga panic  |  hoga panic --flatten --tail main
    """
    import asyncio

    from core.domain.commands import Panic
    from core.domain.errors import DeskUnavailable
    from tui.cli.orders import panicking

    folder = _folder_in_need(context.obj)
    stop = Panic(protections=every, by="cli")
    try:
        receipt = asyncio.run(panicking(folder, stop))
        if not receipt.is_ok:
            raise DeskUnavailable(f"the engine refused: {receipt.text}")
    except DeskUnavailable as error:
        say(f"hoga: {error}")
        path = write_halt(folder)
        say(
            f"The halt file {path} was written: no engine on this folder sends an order while it exists. Nothing was "
            f"canceled: orders that already rest at a venue still rest there. To trade again: rm '{path}', then "
            "`hoga state active`."
        )
        return Exit.FAILED
    if not flatten:
        return show_receipt(receipt, as_json)
    say(receipt.text)
    try:
        receipt = _flatten(folder, stop, tail, is_asked=not (yes or tail))
        if as_json or receipt.is_ok:
            return show_receipt(receipt, as_json)
        say(receipt.text)  # it was not refused: a part of it was done
        return Exit.FAILED
    except DeskUnavailable as error:
        say(f"hoga: {error}. Trading is stopped; no position was closed, ask again")
        return Exit.FAILED


def _flatten(folder: Path, stop: Panic, tail: str, *, is_asked: bool) -> Receipt:
    """Close positions too, once trading has stopped: after a word, which for real money is each account's name. A name
    that was mistyped is asked for again, until nothing is left or nothing is typed."""
    import asyncio

    from core.ports import Receipt
    from tui.cli.naming import asked, words_to_close
    from tui.cli.orders import panicking, with_line

    if is_asked:
        words = asyncio.run(with_line(folder, words_to_close))
        names = f"the end of the name of each account to close at the market ({' '.join(words)})"
        tail = asked(f"Type {names if words else 'FLATTEN to close all positions at the market'}")
        if not tail or not (words or tail == "FLATTEN"):
            return Receipt(is_ok=False, text="not confirmed: no position was closed, trading stays stopped")
    while True:
        command = msgspec.structs.replace(stop, flatten=True, tail=tail)
        receipt = asyncio.run(panicking(folder, command))
        if receipt.is_ok or not is_asked or not (tail := asked(f"{receipt.text}. Type it, or Enter to leave it so")):
            return receipt


def state(
    context: typer.Context,
    new: Annotated[TradingState, typer.Argument(metavar="active|paused|reducing|halted", help="The new state.")],
    account: Annotated[str | None, typer.Option(metavar="ACCOUNT", help="One account; without it, all.")] = None,
    tail: Annotated[
        str, typer.Option(metavar="TAIL", help="The ends of the accounts' names, which unlocking real money asks for.")
    ] = "",
    as_json: Json = False,
) -> int:
    """Set what accounts may do.

    active: everything. paused: no automatic orders. reducing: only orders that shrink exposure. halted: nothing but
    cancels.

    Example: hoga state paused
    """
    from core.domain.commands import SetTradingState
    from core.domain.ids import account_id
    from core.ports import Desk
    from tui.cli.desk import with_engine
    from tui.cli.naming import asked, words_of_all

    one = None if account is None else account_id(*(account.split(":", 1) if ":" in account else ("paper", account)))
    command = SetTradingState(account=one, state=new, by="cli", text="by hand, from the command line", tail=tail)

    async def send(desk: Desk) -> Receipt:
        if tail or new is not TradingState.ACTIVE:  # what tightens waits for no question
            receipt = await desk.send(command)
            if tail or receipt.is_ok:
                return receipt
        words = await words_of_all(desk, one)
        if not words:
            return await desk.send(command)
        whose = one or "ALL accounts"
        typed = asked(f"This lets {whose} trade REAL money again. Type the end of the name of each ({' '.join(words)})")
        return await desk.send(msgspec.structs.replace(command, tail=typed))

    receipt = with_engine(context.obj.settings(), send)
    return show_receipt(receipt, as_json, f"{one or 'all accounts'}: {new.value}")


def unlock(
    context: typer.Context,
    tail: Annotated[str, typer.Argument(metavar="TAIL", help="The end of the account's name.")],
    account: Annotated[str, typer.Option(metavar="ACCOUNT", help="Which one, where the engine has several.")] = "",
    as_json: Json = False,
) -> int:
    """Let an account of real money take new exposure.

    After each start of the engine such an account only reduces until the end of its name was typed, once.

    Example: hoga unlock main --account kis:50068812-01
    """
    from tui.cli.desk import with_engine
    from tui.cli.orders import unlocking

    receipt = with_engine(context.obj.settings(), lambda desk: unlocking(desk, tail, account))
    return show_receipt(receipt, as_json)


def strategy(
    context: typer.Context,
    name: Annotated[str, typer.Argument(metavar="NAME", help="As in the settings: [strategies.NAME].")],
    action: Annotated[Action, typer.Argument(metavar="start|pause|stop", help="What to do with it.")],
    as_json: Json = False,
) -> int:
    """Start, pause or stop a strategy.

    A paused strategy sees the market and shows its signal, but sends nothing.

    Example: hoga strategy trend start
    """
    from core.domain.commands import ControlStrategy, StrategyAction
    from tui.cli.desk import with_engine

    command = ControlStrategy(name=name, action=StrategyAction(action.value), by="cli")
    receipt = with_engine(context.obj.settings(), lambda desk: desk.send(command))
    return show_receipt(receipt, as_json, f"{name}: {action.value} taken")


def show_receipt(receipt: Receipt, as_json: bool, words: str = "") -> int:
    from tui.cli import table

    if as_json:
        table.emit(receipt)
    elif receipt.is_ok:
        print(words or receipt.text)
    else:
        say(f"refused: {receipt.text}")
    return Exit.OK if receipt.is_ok else Exit.FAILED


def _folder_in_need(chosen: Chosen) -> Path:
    """The data folder, even when the settings have an error: a typo in a colour must not stop a panic."""
    try:
        return data_directory(chosen.settings())
    except HogaError as error:
        say(f"hoga: {error}")
    import tomllib

    from core.config import Settings, Storage
    from storage.places import config_path

    directory = ""
    try:
        with open(chosen.config or config_path(), "rb") as file:
            directory = str(tomllib.load(file)["storage"]["directory"])
    except (OSError, ValueError, KeyError, TypeError):
        pass
    folder = data_directory(Settings(storage=Storage(directory=directory)))
    say(f"The settings cannot be used; going on with the data folder {folder}.")
    return folder


def write_halt(folder: Path) -> Path:
    """Make the halt file, durable before this returns. Raises HogaError when it cannot be made."""
    import os

    from core.clock import SystemClock

    path = folder / HALT_FILE
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        try:
            with suppress(OSError):  # a full disk: that it is there is what halts
                os.write(descriptor, f"panic from the command line at {SystemClock().now()} ns\n".encode())
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        parent = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(parent)
        finally:
            os.close(parent)
    except OSError as error:
        raise HogaError(
            f"no engine answered and the halt file {path} cannot be written ({error.strerror}). NOTHING WAS STOPPED. "
            "Stop the engine by its process id, or cancel at the broker."
        ) from None
    return path
