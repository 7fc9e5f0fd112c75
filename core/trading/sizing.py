"""A signal becomes the side, quantity and price of an order, or a reason why there is none. Pure: it looks at one
instrument and what the strategy has there; limits and cash are the risk gate's business."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

import msgspec

from core.domain.decimals import ZERO, exact, plain
from core.domain.instrument import Instrument
from core.domain.market import Quote
from core.domain.order import Side
from core.domain.signal import Signal
from core.trading.market import is_price


class Sized(msgspec.Struct, frozen=True, kw_only=True):
    """A limit order that takes the opposite touch. `quantity` is in whole lots, `price` on tick."""

    side: Side
    quantity: Decimal
    price: Decimal


class Blocked(str):
    """Why there is no order while the strategy's own open orders stand; cancel them and ask again."""

    __slots__ = ()


def size(
    signal: Signal,
    *,
    size: Decimal,
    instrument: Instrument,
    position: Decimal,
    working: Decimal,
    quote: Quote | None,
    left: Decimal | None = None,
) -> Sized | str:
    """The order that a signal wants, or the reason for nothing, for the log. A strategy's books (`position`) know its
    own orders alone: what of it is not `left` a stop or a person closed, and it is not closed once more."""
    sized = _towards(signal, size, instrument, position, working, quote)
    if left is None or left == position or isinstance(sized, str) or sized.side.sign * position > 0:
        return sized
    again = _towards(signal, size, instrument, left, working, quote)
    if isinstance(again, Sized) and again.side is sized.side:
        return again
    return f"another hand closed {plain(abs(position - left))} of its {plain(abs(position))}"


def _towards(
    signal: Signal, size: Decimal, instrument: Instrument, position: Decimal, working: Decimal, quote: Quote | None
) -> Sized | str:
    """What brings `position` to `signal.target` of `size` units, or the reason for nothing, for the log.

    `position` and `working` (the sum of open remainders) are signed and this strategy's own. The order never leads
    past the target: what is open counts as if it were filled, and open orders the other way block (`Blocked`), for
    both might fill. A target below zero means flat where the instrument cannot be sold short.
    """
    if not -1 <= signal.target <= 1:  # also catches NaN
        return f"target {signal.target} is not between -1 and 1"
    if not size > 0:
        return f"the strategy's size is {size}: give it one above zero"
    # Nine digits: 0.1 + 0.2 is 0.3, and what is left of 1e-17 is nothing.
    target = exact(round(signal.target, 9)) * size
    if target < 0 and not instrument.can_short:
        target = ZERO
    missing = target - position - working
    if working and (missing < 0) != (working < 0) and missing:
        return Blocked(f"own open orders of {plain(working)} stand the other way")
    quantity = instrument.quantity(abs(missing))
    if quantity <= 0:
        return "at target" if not missing else f"{plain(abs(missing))} is less than one lot"
    side = Side.BUY if missing > 0 else Side.SELL
    touch = 0.0 if quote is None else quote.ask if side is Side.BUY else quote.bid
    if not is_price(touch):
        return f"no {'ask' if side is Side.BUY else 'bid'} to trade against"
    price = instrument.price(touch, "up" if side is Side.BUY else "down")
    if price <= 0:
        return f"the bid {touch} is below one tick"
    if quantity < instrument.min_quantity:
        return f"{plain(quantity)} is below the smallest order, {plain(instrument.min_quantity)}"
    if instrument.value(price, quantity) < instrument.min_value:
        least = f"{plain(instrument.min_value)} {instrument.currency}"
        return f"{plain(quantity)} at {plain(price)} is below the smallest order value, {least}"
    return Sized(side=side, quantity=quantity, price=price)


def left_of(held: Decimal, account: Decimal, others: Iterable[Decimal]) -> Decimal:
    """What of a strategy's position `held` its account still has. What `others`, strategies too, hold against it is
    theirs."""
    room = account - sum((other for other in others if other * held < 0), ZERO)
    return min(held, max(room, ZERO)) if held > 0 else max(held, min(room, ZERO))
