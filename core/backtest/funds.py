"""What an order may cost and what the account can carry: reserves, margin of shorts, costs, and the booking of a fill.
The matching decides what trades; this decides whether there is money for it."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from core.backtest.admission import Refusal, insufficient_funds, insufficient_holding
from core.backtest.cash import SHORT_MARGIN, Cash
from core.backtest.costs import CostTable, charge, table_for
from core.backtest.liquidity import Lane
from core.backtest.working import Working
from core.domain.decimals import ZERO, exact, plain
from core.domain.events import BalanceChanged, Event
from core.domain.ids import AccountId, FillId, VenueRef
from core.domain.instrument import Currency
from core.domain.order import Fill, Liquidity, OrderRequest, Side

MARKET_SLACK = Decimal("1.05")
"""A market buy sets aside the best ask and this much more, within the day's limit."""


class Funds:
    """Cash and positions behind the matching, and the balances that moved since the last `flush`."""

    def __init__(self, cash: Cash, costs: Mapping[str, CostTable]) -> None:
        self.cash = cash
        self._costs = costs
        self._touched: dict[tuple[AccountId, Currency], None] = {}

    def flush(self, now: int, out: list[Event]) -> list[Event]:
        """`out` with one BalanceChanged added for every balance that moved."""
        if self._touched:
            for account, currency in self._touched:
                total, available = self.cash.total(account, currency), self.cash.available(account, currency)
                out.append(BalanceChanged(ts=now, account=account, currency=currency, total=total, available=available))
            self._touched.clear()
        return out

    def hush(self) -> None:
        """Forget what moved: nobody is to be told."""
        self._touched.clear()

    def resume(self, lane: Lane, order: Working, filled: Decimal, value: Decimal) -> None:
        """Give a restored order what it had filled and paid."""
        instrument = lane.instrument
        order.filled, order.value = filled, value
        table = table_for(instrument, self._costs)
        order.fee, order.tax = charge(table, instrument, order.side, filled, value * instrument.multiplier)

    def book(
        self, lane: Lane, order: Working, quantity: Decimal, price: Decimal, liquidity: Liquidity, now: int
    ) -> Fill:
        """One execution: progress of the order, cash, position."""
        instrument = lane.instrument
        fee, tax = self.charge(lane, order, quantity, instrument.value(price, quantity))
        order.filled += quantity
        order.value += price * quantity
        order.fee += fee
        order.tax += tax
        fill = Fill(
            fill_id=FillId(f"{order.ref}-{plain(order.filled)}"),
            client_order_id=order.id,
            ref=order.ref,
            account=order.request.account,
            instrument=instrument.id,
            side=order.side,
            quantity=quantity,
            price=price,
            fee=fee,
            tax=tax,
            currency=instrument.currency,
            multiplier=instrument.multiplier,
            liquidity=liquidity,
            source=order.request.source,
            ts=now,
        )
        self.cash.book(fill)
        self._touched[(fill.account, fill.currency)] = None
        return fill

    def refusal(self, lane: Lane, request: OrderRequest) -> Refusal | None:
        instrument = lane.instrument
        if request.side is Side.SELL and not instrument.can_short:
            sellable = self.sellable(lane, request, None)
            if request.quantity > sellable:
                return insufficient_holding(instrument, request.side, request.quantity, sellable)
            return None
        price = self.price(lane, request)
        if price is None:
            return Refusal("no_price", f"{instrument.code} has no price yet, so a market order cannot be covered")
        probe = Working(request, VenueRef("probe"), 0, price)
        needed, available = self.required(lane, probe), self.budget(lane, probe)
        return insufficient_funds(instrument.currency, needed, available) if needed > available else None

    def sellable(self, lane: Lane, request: OrderRequest, but: Working | None) -> Decimal:
        """Holding less what other working orders would sell of it."""
        held = self.cash.quantity(request.account, request.instrument)
        offered = sum(
            (
                order.remaining
                for order in lane.orders
                if order is not but and order.side is Side.SELL and order.request.account == request.account
            ),
            ZERO,
        )
        return max(held - offered, ZERO)

    def price(self, lane: Lane, request: OrderRequest) -> Decimal | None:
        if request.limit_price is not None:
            return request.limit_price
        instrument = lane.instrument
        if request.stop_price is not None:
            price = request.stop_price
        else:
            shown = lane.top(request.side.other)[0] or lane.last
            known = exact(shown) if shown else instrument.previous_close
            if known is None:
                return None
            price = known
        if request.side is Side.SELL:
            return price
        span = instrument.price_limits
        return min(price * MARKET_SLACK, span[1]) if span is not None else price * MARKET_SLACK

    def required(self, lane: Lane, order: Working) -> Decimal:
        return self.needed(lane, order, order.remaining, order.reserve_price)

    def needed(self, lane: Lane, order: Working, quantity: Decimal, price: Decimal) -> Decimal:
        """Own cash that trading `quantity` more at `price` takes: the value and its fee for a buy, less what covering
        a short sets free; the margin of what would be sold short for a sale."""
        instrument = lane.instrument
        place = (order.request.account, instrument.id)
        position = self.cash.positions.get(place)
        held = position.quantity if position is not None else ZERO
        value = instrument.value(price, quantity)
        if order.side is Side.SELL:
            short = max(quantity - max(held, ZERO), ZERO)
            return instrument.value(price, short) * SHORT_MARGIN
        fee, _ = self.charge(lane, order, quantity, value)
        released = ZERO
        if position is not None and held < 0:
            released = -position.cost * (1 + SHORT_MARGIN) * min(quantity, -held) / -held
        return max(value + fee - released, ZERO)

    def charge(self, lane: Lane, order: Working, quantity: Decimal, value: Decimal) -> tuple[Decimal, Decimal]:
        """(fee, tax) that `quantity` more for `value` adds to what the order has paid."""
        instrument = lane.instrument
        before = order.value * instrument.multiplier
        table = table_for(instrument, self._costs)
        fee, tax = charge(table, instrument, order.side, order.filled + quantity, before + value)
        return fee - order.fee, tax - order.tax

    def budget(self, lane: Lane, order: Working) -> Decimal:
        return self.cash.available(order.request.account, lane.instrument.currency) + order.reserved

    def reserve(self, lane: Lane, order: Working) -> None:
        """Set aside what the order still needs; nothing once it has ended."""
        currency = lane.instrument.currency
        needed = self.required(lane, order) if order.is_live and order.remaining > 0 else ZERO
        if needed != order.reserved:
            self.cash.reserve(order.request.account, currency, needed - order.reserved)
            order.reserved = needed
            self._touched[(order.request.account, currency)] = None

    def permitted(self, lane: Lane, order: Working, quantity: Decimal, price: Decimal) -> Decimal:
        """How much of `quantity` the account can carry at `price`."""
        instrument = lane.instrument
        held = self.cash.quantity(order.request.account, instrument.id)
        if order.request.reduce_only:
            quantity = min(quantity, max(-held * order.side.sign, ZERO))
        if order.side is Side.SELL and not instrument.can_short:
            return min(quantity, max(held, ZERO))
        budget = self.budget(lane, order)
        for _ in range(3):
            if quantity <= 0:
                return ZERO
            needed = self.needed(lane, order, quantity, price)
            if needed <= budget:
                return quantity
            quantity = instrument.quantity(quantity * max(budget, ZERO) / needed)
        return ZERO
