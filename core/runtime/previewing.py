"""What an order would do, figured before it is sent: value, costs, risk, the first rule that would refuse and every
caution. It reads the engine and changes nothing; which account was traded by hand since the start is told to it."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

import msgspec

from core.config import Confirm
from core.domain.account import Mode
from core.domain.decimals import ZERO, exact
from core.domain.ids import AccountId
from core.domain.order import OrderRequest, OrderStatus, Side
from core.ports import Preview
from core.trading import risk, rows
from core.trading.caution import Weighed, live_id, weigh
from core.trading.engine import Engine
from core.trading.market import is_price
from core.trading.risk import Question


class Previews:
    """`is_rehearsal`: paper accounts are asked about as if they were LIVE."""

    def __init__(self, engine: Engine, limits: Confirm, now: Callable[[], int], *, is_rehearsal: bool) -> None:
        self._engine = engine
        self._limits = limits
        self._now = now
        self._is_rehearsal = is_rehearsal
        self._traded: set[AccountId] = set()

    def sent(self, account: AccountId) -> None:
        """A person's order went to this account."""
        self._traded.add(account)

    def of(self, request: OrderRequest) -> Preview:
        """A request that bears the id of a working order is what that order would become."""
        engine, state, now = self._engine, self._engine.state, self._now()
        changed = live_id(state, request.client_order_id)
        if changed is not None:
            left = request.quantity - state.orders[changed].filled
            request = msgspec.structs.replace(request, quantity=left) if left > 0 else request
        waits = changed is not None and state.orders[changed].status is OrderStatus.HELD
        question = engine.gate.question(request, now, but=changed, is_held=waits)
        instrument = question.instrument
        if instrument is None:
            return _unknown(question)
        denial, is_held = (risk.assess(question), False)
        if changed is None:
            denial, is_held = engine.requests.admission(request, now)
        price = question.price
        notional = fee = tax = after = None
        if price is not None:
            notional = instrument.value(price, request.quantity)
            fee, tax = engine.gate.costs(instrument, request.side, request.quantity, price)
        costs = None if fee is None or tax is None else fee + tax
        free = risk.free_cash(state, request, engine.gate.costs, limits=engine.gate.limits, but=changed)
        base = state.to_base(notional, instrument.currency)
        equity = rows.totals(state, now, None, request.account).equity
        if free is not None and notional is not None and costs is not None:
            after = free - request.side.sign * notional - costs
        return Preview(
            notional=notional,
            currency=instrument.currency,
            notional_base=base,
            costs=costs,
            tax=tax,
            position_after=question.held + request.quantity * request.side.sign,
            buying_power_after=after,
            distance_ticks=rows.distance(state, instrument, request.side, request.limit_price or request.stop_price),
            nav_fraction=float(base / equity) if base is not None and equity else None,
            checks_passed=len(risk.CHECKS) if is_held else risk.passed(question),
            checks_total=len(risk.CHECKS),
            rule=denial.rule if denial else "",
            text=f"{denial.text} (limit {denial.limit}, actual {denial.actual})" if denial else "",
            risk=_risk(request, question),
            cautions=weigh(
                Weighed(
                    question=question,
                    limits=self._limits,
                    equity=equity,
                    power_after=after,
                    is_first=self._is_first(request.account),
                )
            ),
        )

    def _is_first(self, account: AccountId) -> bool:
        known = self._engine.state.accounts.get(account)
        is_asked = self._is_rehearsal or known is None or known.mode is Mode.LIVE
        return self._engine.state.is_locked(account) or (is_asked and account not in self._traded)


def _risk(request: OrderRequest, question: Question) -> Decimal | None:
    """What is lost when the stop loss fills at its price, the costs of both orders included."""
    stop, quote, instrument = request.stop_loss, question.quote, question.listed
    entry = request.limit_price or request.stop_price
    if entry is None and quote is not None:
        touch = quote.ask if request.side is Side.BUY else quote.bid
        entry = exact(touch) if is_price(touch) else None
    if stop is None or entry is None:
        return None
    costs, side, quantity = question.costs, request.side, request.quantity
    paid = sum((*costs(instrument, side, quantity, entry), *costs(instrument, side.other, quantity, stop)), ZERO)
    return max(instrument.value(entry - stop, quantity) * side.sign + paid, ZERO)


def _unknown(question: Question) -> Preview:
    return Preview(
        notional=None,
        currency="",
        notional_base=None,
        costs=None,
        position_after=question.held,
        buying_power_after=None,
        distance_ticks=None,
        nav_fraction=None,
        checks_passed=0,
        checks_total=len(risk.CHECKS),
        rule="instrument",
        text="this instrument is not known here",
        cautions=("instrument unknown",),
    )
