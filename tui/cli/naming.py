"""Whose real money a verb would touch, and asking a person for the ends of those names. The engine holds what was typed
against them; here it is only asked for.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import typer

from core.domain.account import Mode
from core.domain.ids import AccountId
from core.ports import Desk
from core.trading.lock import word_of
from core.trading.view import OrderRow, PnlRow, PositionRow, Row, Slice, StatusRow
from tui.cli.desk import picture

Rows = Mapping[Slice, Sequence[Row]]


def is_real(rows: Rows) -> bool:
    status = next((row for row in rows[Slice.STATUS] if isinstance(row, StatusRow)), None)
    return status is not None and (status.mode is not Mode.PAPER or status.badge == "LIVE")


async def words_of_all(desk: Desk, only: AccountId | None = None) -> list[str]:
    """What is typed to mean every account of real money, or the one; empty for play money."""
    rows = await picture(desk, Slice.PNL)
    accounts = _accounts(rows) if only is None else [only]
    return [word_of(account, accounts) for account in accounts] if is_real(rows) else []


async def words_to_close(desk: Desk) -> list[str]:
    """The same of those that hold something, or may yet by an order; of all where none does."""
    rows = await picture(desk, Slice.PNL, Slice.POSITIONS, Slice.ORDERS)
    accounts = _accounts(rows)
    at_stake = {row.account for row in rows[Slice.POSITIONS] if isinstance(row, PositionRow) and row.quantity}
    at_stake |= {row.account for row in rows[Slice.ORDERS] if isinstance(row, OrderRow) and row.is_working}
    found = [account for account in accounts if account in at_stake] or accounts
    return [word_of(account, accounts) for account in found] if is_real(rows) else []


def _accounts(rows: Rows) -> list[AccountId]:
    named = (row for row in rows[Slice.PNL] if isinstance(row, PnlRow) and row.scope == "account")
    return [AccountId(row.name) for row in named]


def asked(question: str) -> str:
    """What a person types; empty where nobody does. On standard error: what a program reads stays clean."""
    try:
        return str(typer.prompt(question, default="", show_default=False, err=True)).strip()
    except typer.Abort:
        typer.echo(err=True)
        return ""
