"""The panic menu of this moment: whose names it asks for before it closes positions, and past which orders."""

from __future__ import annotations

from typing import TYPE_CHECKING

from core.domain.ids import AccountId
from core.domain.order import OrderStatus
from core.trading.lock import word_of
from tui.forms.strips import PanicMenu

if TYPE_CHECKING:
    from tui.app import HogaApp

NAMED = 3
"""UNKNOWN orders that the panic menu has room to name; flatten closes past no others."""


def own_accounts(app: HogaApp) -> list[AccountId]:
    return [AccountId(row.name) for row in app.picture.pnl() if row.scope == "account"] or [app.account]


def panic_menu(app: HogaApp, choice: str, account: AccountId | None) -> PanicMenu:
    """With real money each account is named that holds something, or may yet by an order; where none does, any."""
    orders = [row for row in app.picture.orders() if account in (None, row.account)]
    unknown = tuple(row.id for row in orders if row.status is OrderStatus.UNKNOWN)
    words: list[str] = []
    names: list[str] = []
    if app.asking.is_live:
        meant = own_accounts(app) if account is None else [account]
        held = {row.account for row in app.picture.positions()} | {row.account for row in orders if row.is_working}
        words = [word_of(a, meant) for a in meant if a in held]
        names = [word_of(a, meant) for a in meant]
    return PanicMenu(words or names, names=names, choice=choice or "entries", account=account, unknown=unknown[:NAMED])
