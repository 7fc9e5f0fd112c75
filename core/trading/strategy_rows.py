"""Rows about strategies: what each does, holds and earned. Pure functions of State and a strategy's slot."""

from __future__ import annotations

from core.domain.decimals import ZERO
from core.trading.rows import figures, total_of
from core.trading.state import State
from core.trading.strategist import Slot
from core.trading.view import StrategyRow


def strategy_row(state: State, slot: Slot, now: int) -> StrategyRow:
    held = [(i, p) for (s, _, i), p in state.strategy_positions.items() if s == slot.name]
    currencies = {state.instruments[i].currency for i in slot.instruments if i in state.instruments}
    one = currencies.pop() if len(currencies) == 1 else None
    sums = figures(state, held, now, None, in_base=one is None)
    parts = (sums.realised, sums.unrealised, -sums.fees if sums.fees is not None else None)
    profit = total_of((*parts, -sums.taxes if sums.taxes is not None else None))
    changed = state.strategies.get(slot.name)
    return StrategyRow(
        key=slot.name,
        name=slot.name,
        kind=slot.kind,
        account=slot.account,
        instruments=slot.instruments,
        codes=tuple(i.partition(":")[2] for i in slot.instruments),
        status=slot.status,
        signal=slot.strategy.signal,
        detail=slot.strategy.describe(),
        target=slot.target,
        position=sum((p.quantity for _, p in held), ZERO),
        profit=profit,
        currency=one or state.base_currency,
        trades=state.strategy_fills.get(slot.name, 0),
        next_bar=slot.next_bar(now),
        text=changed.text if changed is not None else "",
    )
