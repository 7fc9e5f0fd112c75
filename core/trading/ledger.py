"""Fills to positions: average cost, realised profit, costs, and the trading day. Pure functions on Position structs;
who is asked (an account, a strategy) is decided by the key under which the caller keeps the result."""

from __future__ import annotations

from decimal import Decimal

import msgspec

from core.domain.account import Position
from core.domain.decimals import ZERO
from core.domain.order import Fill


def book_fill(position: Position, fill: Fill) -> Position:
    """`position` after `fill`. Growing adds cost; shrinking realises a share of it; crossing zero does both in turn."""
    signed = fill.quantity * fill.side.sign
    return _move(
        position,
        signed,
        fill.price,
        fill.multiplier,
        fees=fill.fee,
        taxes=fill.tax,
        ts=fill.ts,
    )


def correct(position: Position, was: Fill, fill: Fill, ts: int) -> Position:
    """`position` after the venue told `was` anew as `fill`. The difference goes where the execution went: into the cost
    of what is open when it opened, into what was realised when it closed. Where that cannot be told any more (turned or
    closed since, another side), the old execution is taken back and the new one booked: the sum is the same."""
    sign, before = fill.side.sign, position.quantity
    after = before + sign * (fill.quantity - was.quantity)
    money = sign * (fill.quantity * fill.price * fill.multiplier - was.quantity * was.price * was.multiplier)
    cost = position.cost + money if before * sign > 0 else position.cost * after / before if before else ZERO
    stays = before * after > 0 and cost * after > 0 if before else after == 0
    if was.side is not fill.side or not stays:
        return book_fill(book_fill(position, was.reversed(ts)), fill)
    realised = cost - position.cost - money
    return msgspec.structs.replace(
        position,
        quantity=after,
        cost=cost,
        realised=position.realised + realised,
        fees=position.fees + fill.fee - was.fee,
        taxes=position.taxes + fill.tax - was.tax,
        day_cash=position.day_cash - money,
        day_realised=position.day_realised + realised,
        day_fees=position.day_fees + fill.fee - was.fee,
        day_taxes=position.day_taxes + fill.tax - was.tax,
        updated=fill.ts,
    )


def adjust(position: Position, quantity: Decimal, price: Decimal, multiplier: Decimal, ts: int) -> Position:
    """`position` after a change nobody traded for (split, transfer, outside order): no costs."""
    return _move(position, quantity, price, multiplier, fees=ZERO, taxes=ZERO, ts=ts)


def _move(
    position: Position, signed: Decimal, price: Decimal, multiplier: Decimal, *, fees: Decimal, taxes: Decimal, ts: int
) -> Position:
    before = position.quantity
    after = before + signed
    cost, realised = position.cost, ZERO
    money = signed * price * multiplier
    if before == 0 or (before > 0) == (signed > 0):
        cost += money
    elif after == 0:
        realised = -(cost + money)
        cost = ZERO
    elif (after > 0) == (before > 0):
        released = cost * (-signed) / before
        realised = -(released + money)
        cost -= released
    else:
        closing = -before * price * multiplier
        realised = -(cost + closing)
        cost = after * price * multiplier
    return msgspec.structs.replace(
        position,
        quantity=after,
        cost=cost,
        realised=position.realised + realised,
        fees=position.fees + fees,
        taxes=position.taxes + taxes,
        day_cash=position.day_cash - money,
        day_realised=position.day_realised + realised,
        day_fees=position.day_fees + fees,
        day_taxes=position.day_taxes + taxes,
        updated=ts,
    )


def start_day(position: Position, mark: Decimal | None) -> Position:
    """The position as a new trading day finds it: today's counters at zero, measured from `mark`."""
    return msgspec.structs.replace(
        position,
        day_quantity=position.quantity,
        day_mark=mark,
        day_cash=ZERO,
        day_realised=ZERO,
        day_fees=ZERO,
        day_taxes=ZERO,
    )


def average_price(position: Position, multiplier: Decimal) -> Decimal:
    """Average entry price of the open quantity; zero when flat."""
    return position.cost / (position.quantity * multiplier) if position.quantity else ZERO


def unrealised(position: Position, mark: Decimal | None, multiplier: Decimal) -> Decimal | None:
    """Gain of the open quantity at `mark`, before costs; None when there is no mark."""
    if position.quantity == 0:
        return ZERO
    return None if mark is None else position.quantity * mark * multiplier - position.cost


def day_profit(position: Position, mark: Decimal | None, multiplier: Decimal) -> Decimal | None:
    """Gain of the trading day after fees and taxes; None when a price it needs is unknown."""
    result = position.day_cash - position.day_fees - position.day_taxes
    if position.quantity:
        if mark is None:
            return None
        result += position.quantity * mark * multiplier
    if position.day_quantity:
        if position.day_mark is None:
            return None
        result -= position.day_quantity * position.day_mark * multiplier
    return result
