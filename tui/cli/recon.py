"""Verbs of reconciliation: ours against the venue's, and what only a person can decide about it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from tui.cli.exits import Exit, guarded, say
from tui.cli.reading import Json

if TYPE_CHECKING:
    from collections.abc import Sequence

    from core.ports import Desk, Receipt
    from core.trading.view import ReconRow


def add_to(app: typer.Typer) -> None:
    for verb in (reconcile, settle):
        app.command()(guarded(verb))


def reconcile(
    context: typer.Context,
    account: Annotated[str | None, typer.Argument(metavar="[ACCOUNT]", help="Only this account.")] = None,
    ack: Annotated[
        str, typer.Option("--ack", metavar="SYMBOL|all", help="You have looked: strategies may trade it again.")
    ] = "",
    as_json: Json = False,
) -> int:
    """Ours against the venue's, account by account.

    When each account was read last and what could not be read; each difference with what it means and the command that
    mends it. What our fills do not explain keeps strategies from that instrument until --ack.

    Example: hoga reconcile --ack 005930
    """
    from tui.cli import table
    from tui.cli.desk import with_engine
    from tui.format import DisplayZone

    settings = context.obj.settings()

    async def ask(desk: Desk) -> tuple[Sequence[ReconRow], Sequence[Receipt]]:
        receipts = await _acknowledge(desk, account, ack) if ack else []
        return [row for row in await _rows(desk) if _is_asked(row, account)], receipts

    rows, receipts = with_engine(settings, ask)
    refused = [receipt for receipt in receipts if not receipt.is_ok]
    if as_json:
        table.emit({"rows": rows, "receipts": receipts})
    else:
        zone = DisplayZone(settings.console.zone)
        lines = [
            [row.account, row.kind, zone.clock(row.ts) if row.ts else "-", row.ours, row.theirs, row.text, row.mend]
            for row in rows
        ]
        table.show(("ACCOUNT", "WHAT", "AT", "OURS", "VENUE", "MEANS", "MEND"), lines, empty="no account is read yet")
    for receipt in refused:
        say(f"refused: {receipt.text}")
    return Exit.FAILED if refused or not all(row.is_ok for row in rows) else Exit.OK


def settle(
    context: typer.Context,
    what: Annotated[str, typer.Argument(metavar="ID", help="An UNKNOWN order: its id, or the end of it.")],
    ref: Annotated[
        str, typer.Option("--ref", metavar="REF", help="The venue's number of the order that is ours.")
    ] = "",
    not_placed: Annotated[bool, typer.Option("--not-placed", help="The venue never had it.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask for the symbol.")] = False,
    as_json: Json = False,
) -> int:
    """Decide about an UNKNOWN order.

    Compare first: hoga reconcile shows it beside what the venue lists. To bind the wrong order costs a correction of
    whose a fill is; to call a living order not placed may cost money, so look at the venue before.

    Example: hoga settle 7f3a --ref 0000117057
    """
    from core.domain.commands import Settle
    from core.domain.errors import InvalidValue
    from core.domain.ids import ClientOrderId, VenueRef, code_of
    from core.ports import Receipt
    from tui.cli import table
    from tui.cli.desk import with_engine

    if bool(ref) == not_placed:
        raise InvalidValue("say either which order is ours (--ref REF) or that none is (--not-placed)")

    async def ask(desk: Desk) -> Receipt:
        rows = [
            row for row in await _rows(desk) if row.kind == "unknown" and (row.client_order_id or "").endswith(what)
        ]
        if len(rows) != 1:
            return Receipt(is_ok=False, text=f"{what[:40]!r} names {len(rows)} UNKNOWN orders; see hoga reconcile")
        row = rows[0]
        code = code_of(row.instrument) if row.instrument is not None else ""
        if not yes and typer.prompt(f"{row.ours}: type {code} to settle it", err=True) != code:
            return Receipt(is_ok=False, text="not confirmed; nothing was settled")
        id = ClientOrderId(row.client_order_id or "")
        return await desk.send(Settle(client_order_id=id, ref=VenueRef(ref) if ref else None, by="cli"))

    receipt = with_engine(context.obj.settings(), ask)
    if as_json:
        table.emit(receipt)
    elif receipt.is_ok:
        print(receipt.text)
    else:
        say(f"refused: {receipt.text}")
    return Exit.OK if receipt.is_ok else Exit.FAILED


async def _rows(desk: Desk) -> Sequence[ReconRow]:
    from core.trading.view import Slice
    from tui.cli.desk import picture

    rows: Any = (await picture(desk, Slice.RECON))[Slice.RECON]
    found: Sequence[ReconRow] = rows
    return found


def _is_asked(row: ReconRow, account: str | None) -> bool:
    return account is None or account in (row.account, row.account.partition(":")[2])


async def _acknowledge(desk: Desk, account: str | None, what: str) -> Sequence[Receipt]:
    from core.domain.commands import Acknowledge
    from core.domain.ids import code_of
    from core.ports import Receipt

    frozen = [row for row in await _rows(desk) if row.kind == "frozen" and _is_asked(row, account)]
    chosen = [
        row for row in frozen if row.instrument is not None and what in ("all", row.instrument, code_of(row.instrument))
    ]
    if not chosen:
        return [Receipt(is_ok=False, text=f"nothing of {what[:40]!r} waits to be acknowledged; see hoga reconcile")]
    return [
        await desk.send(Acknowledge(account=row.account, instrument=row.instrument, by="cli"))
        for row in chosen
        if row.instrument is not None
    ]
