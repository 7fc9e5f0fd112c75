"""What the day has cost: realised and marked, against its limit and against its best moment."""

from __future__ import annotations

from decimal import Decimal

from core.domain.decimals import ZERO, plain
from core.domain.ids import AccountId
from core.trading.ledger import day_profit
from core.trading.risk.question import Denial, Question, money
from core.trading.state import State


def daily_loss(q: Question) -> Denial | None:
    limit = q.limits.daily_loss
    if limit is None or q.is_reducing:
        return None
    loss = day_result(q.state, q.request.account)
    if loss is None:
        return Denial("daily loss", plain(limit), "unknown", "today's result cannot be computed: a price is missing")
    if -loss >= limit:
        return Denial("daily loss", money(limit, q), money(-loss, q), "today's loss limit is reached")
    return None


def day_result(state: State, account: str) -> Decimal | None:
    """The account's profit of the trading day in base currency, after costs; None when a price or rate is missing."""
    total = ZERO
    for (owner, instrument), position in state.positions.items():
        if owner != account:
            continue
        known = state.instruments.get(instrument)
        if known is None:
            return None
        base = state.to_base(day_profit(position, state.mark(instrument), known.multiplier), known.currency)
        if base is None:
            return None
        total += base
    return total


def drawdown(q: Question) -> Denial | None:
    limit = q.limits.max_drawdown
    if limit is None or q.is_reducing:
        return None
    fall = drawdown_of(q.state, q.request.account)
    if fall is None:
        return Denial("drawdown", plain(limit), "unknown", "today's result cannot be computed: a price is missing")
    if fall >= limit:
        text = "today's fall from its best moment is at the limit"
        return Denial("drawdown", money(limit, q), money(fall, q), text)
    return None


def drawdown_of(state: State, account: str) -> Decimal | None:
    """How far the day's result lies below its best so far (which is never below nothing)."""
    result = day_result(state, account)
    return None if result is None else max(state.curbs.highs.get(AccountId(account), ZERO), result) - result
