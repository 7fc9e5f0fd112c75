"""Each limit with what is used of it now: what `hoga risk` and the system screen show."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

import msgspec

from core.domain.ids import AccountId
from core.domain.limits import RiskLimits
from core.domain.market import NS
from core.domain.order import OrderStatus
from core.trading.risk.loss import day_result, drawdown_of
from core.trading.risk.pace import trades_of
from core.trading.risk.size import gross_of, held_in
from core.trading.state import State


class LimitRow(msgspec.Struct, frozen=True, kw_only=True):
    """`used` is empty for rules about a single order, and `?` when a price or rate it needs is missing."""

    name: str
    account: str
    """Empty where the limit stands for each account or order alike."""
    limit: str
    used: str = ""
    waiting: str = ""
    """What the settings would loosen it to; accepted by `hoga risk accept`."""


def rows(
    state: State, limits: RiskLimits, text_of: Callable[[object], str], waiting: dict[str, str], now: int
) -> tuple[LimitRow, ...]:
    found = []
    for name in limits.__struct_fields__:
        of = _USED.get(name)
        limit = text_of(getattr(limits, name))
        accounts = list(state.accounts) if of is not None else []
        for account in accounts or [AccountId("")]:
            used = of(state, account, limits, now) if of is not None and account else ""
            found.append(LimitRow(name=name, account=account, limit=limit, used=used, waiting=waiting.get(name, "")))
    return tuple(found)


def _amount(value: Decimal | None) -> str:
    return "?" if value is None else f"{value:.0f}"


def _position(state: State, account: AccountId, limits: RiskLimits, now: int) -> str:
    """The largest."""
    values = []
    for (owner, id), position in state.positions.items():
        if owner == account and position.quantity:
            known, mark = state.instruments.get(id), state.mark(id)
            if known is None or mark is None:
                return "?"
            value = state.to_base(known.value(mark, abs(position.quantity)), known.currency)
            if value is None:
                return "?"
            values.append(value)
    return _amount(max(values, default=Decimal(0)))


def _orders(state: State, account: AccountId, seconds: int, now: int) -> str:
    since = now - seconds * NS
    recent = state.curbs.recent
    return str(sum(1 for ts, r in recent if ts > since and r.parent is None and account in ("", r.account)))


def _working(state: State, account: AccountId, unknown: bool) -> str:
    live = [o.status for o in state.live_orders(account) if o.status is not OrderStatus.HELD]
    return str(live.count(OrderStatus.UNKNOWN) if unknown else len(live))


def _loss(state: State, account: AccountId) -> str:
    result = day_result(state, account)
    return "?" if result is None else _amount(max(-result, Decimal(0)))


def _cooldown(state: State, account: AccountId, now: int) -> str:
    lost = state.curbs.last_loss.get(account)
    return "no loss yet" if lost is None else f"{(now - lost) / NS:.0f} s ago"


_USED: dict[str, Callable[[State, AccountId, RiskLimits, int], str]] = {
    "max_position_value": _position,
    "max_gross_value": lambda s, a, limits, n: _amount(gross_of(s, a, limits)),
    "max_holdings": lambda s, a, _, n: str(len(held_in(s, a))),
    "max_orders_per_second": lambda s, a, _, n: _orders(s, a, 1, n),
    "max_orders_per_minute": lambda s, a, _, n: _orders(s, a, 60, n),
    "max_orders_per_minute_all": lambda s, a, _, n: _orders(s, AccountId(""), 60, n),
    "max_open_orders": lambda s, a, _, n: _working(s, a, unknown=False),
    "max_unknown_orders": lambda s, a, _, n: _working(s, a, unknown=True),
    "max_trades_per_day": lambda s, a, _, n: str(trades_of(s, a)),
    "loss_cooldown_seconds": lambda s, a, _, n: _cooldown(s, a, n),
    "daily_loss": lambda s, a, _, n: _loss(s, a),
    "max_drawdown": lambda s, a, _, n: _amount(drawdown_of(s, a)),
}
