"""Rows about strategies: what each does, holds and earned. Pure functions of State and a strategy's slot."""

from __future__ import annotations

from decimal import Decimal

import msgspec

from core.domain.decimals import ZERO
from core.domain.market import NS
from core.strategies.params import docs, texts
from core.trading.rows import figures, total_of
from core.trading.state import State
from core.trading.strategist import Slot
from core.trading.trace import gate_of
from core.trading.view import ParamRow, StrategyRow

CURVE_POINTS = 240


class Curves:
    """The profit of each strategy minute by minute, and how far it fell. Kept while the engine runs."""

    def __init__(self) -> None:
        self._points: dict[str, list[float]] = {}
        self._best: dict[str, Decimal] = {}
        self._worst: dict[str, Decimal] = {}
        self._minute: dict[str, int] = {}

    def take(self, row: StrategyRow, now: int) -> StrategyRow:
        """The row with its curve and drawdown."""
        name, profit = row.name, row.profit
        points = self._points.setdefault(name, [])
        if profit is not None:
            best = self._best[name] = max(self._best.get(name, profit), profit)
            self._worst[name] = min(self._worst.get(name, ZERO), profit - best)
            if now // (60 * NS) != self._minute.get(name):
                self._minute[name] = now // (60 * NS)
                points.append(float(profit))
                del points[:-CURVE_POINTS]
        return msgspec.structs.replace(row, drawdown=self._worst.get(name), curve=tuple(points))


def param_rows(slot: Slot) -> tuple[ParamRow, ...]:
    """Its parameters, in the order of the class."""
    kind = type(slot.strategy).Params
    if slot.strategy.params is None:
        return ()
    found, usual, words = texts(slot.strategy.params), texts(kind()), docs(kind)
    return tuple(
        ParamRow(name=name, value=value, default=usual[name], doc=words.get(name, "")) for name, value in found.items()
    )


def strategy_row(state: State, slot: Slot, now: int, limit: float | None) -> StrategyRow:
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
        gate=gate_of(state, slot, now, limit),
        params=param_rows(slot),
    )
