"""The one gate: small functions, each a rule, all listed in CHECKS. A rule returns None when it passes or a Denial
with limit and actual value; what it cannot know (no quote, no rate, no balance) it denies, unless the order only
shrinks exposure. Pure: it reads State and the moment it is given. The rules live by subject: standing (may anything be
sent), terms (the order by itself), size, pace, origin and loss."""

from __future__ import annotations

from collections.abc import Callable

from core.trading.risk.loss import daily_loss, day_result, drawdown, drawdown_of
from core.trading.risk.origin import drift, lane
from core.trading.risk.pace import (
    cancel_rate,
    cooldown,
    duplicate,
    open_orders,
    order_rate,
    trades_of,
    trades_today,
    unknown_orders,
)
from core.trading.risk.question import Costs, Denial, Question, collar_of, no_costs
from core.trading.risk.size import (
    buying_power,
    free_cash,
    gross_of,
    gross_value,
    held_in,
    holdings,
    holdings_count,
    order_quantity,
    order_value,
    position_value,
)
from core.trading.risk.standing import (
    clock_offset,
    disk_room,
    feed_up,
    gate_open,
    journal_writable,
    known_instrument,
    live_quote,
    session,
    stale_quote,
    tradable,
    trading_state,
)
from core.trading.risk.terms import (
    at_open,
    least_order,
    legs_side,
    lot,
    price_collar,
    price_limit,
    self_cross,
    slices,
    stop_side,
    tick,
    venue_takes,
)

__all__ = [
    "CHECKS",
    "Check",
    "Costs",
    "Denial",
    "Question",
    "ask",
    "assess",
    "cancel_rate",
    "collar_of",
    "day_result",
    "drawdown_of",
    "free_cash",
    "gross_of",
    "held_in",
    "lane",
    "least_order",
    "legs_side",
    "no_costs",
    "passed",
    "tick",
    "trades_of",
]

Check = Callable[[Question], Denial | None]

CHECKS: tuple[Check, ...] = (
    known_instrument,
    journal_writable,
    disk_room,
    trading_state,
    gate_open,
    feed_up,
    clock_offset,
    session,
    tradable,
    venue_takes,
    at_open,
    lot,
    tick,
    slices,
    order_quantity,
    live_quote,
    stale_quote,
    price_collar,
    price_limit,
    legs_side,
    stop_side,
    order_value,
    holdings,
    position_value,
    gross_value,
    holdings_count,
    duplicate,
    self_cross,
    order_rate,
    open_orders,
    trades_today,
    cooldown,
    unknown_orders,
    lane,
    drift,
    buying_power,
    daily_loss,
    drawdown,
)


def assess(question: Question) -> Denial | None:
    """The first rule that refuses, or None. A rule that fails refuses too: no bug in it lets an order through."""
    return next((denial for check in CHECKS if (denial := ask(check, question)) is not None), None)


def passed(question: Question) -> int:
    """How many rules pass before the first that refuses."""
    return next((n for n, check in enumerate(CHECKS) if ask(check, question) is not None), len(CHECKS))


def ask(check: Check, question: Question) -> Denial | None:
    try:
        return check(question)
    except (ArithmeticError, TypeError, ValueError, LookupError, AttributeError) as error:
        return Denial(check.__name__, "a rule that works", type(error).__name__, f"the rule failed: {error}")
