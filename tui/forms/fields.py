"""What is written in the fields of a ticket, and what it comes to: prices near another price (`69500`, `-2%`, `-5t`)
and quantities by money, share or risk (`25%`, `r0.5%`, `500만원`). Pure; it knows no form and no screen."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import TypeVar

import msgspec

from core.domain.decimals import ONE, ZERO, check_positive, exact, parse, plain
from core.domain.errors import InvalidValue
from core.domain.instrument import Instrument
from core.domain.order import Side

T = TypeVar("T")
LEG_CHARACTERS = "0123456789.,+-%t"
SIZE_CHARACTERS = "0123456789.,%rk₩$원만천백억"
SHARES = ("25%", "50%", "75%", "100%")
PRESETS = (1, 5, 10, 25, 50, 100, 250, 500, 1000, 2500, 5000, 10_000)


class Market(msgspec.Struct, frozen=True):
    """Prices of this moment, on tick; None where there is none."""

    bid: Decimal | None = None
    ask: Decimal | None = None
    last: Decimal | None = None


class Means(msgspec.Struct, frozen=True, kw_only=True):
    """What a size can be a part of; None where it is not known yet. Money in the instrument's currency."""

    power: Decimal | None = None
    equity: Decimal | None = None
    held: Decimal = ZERO
    """The position, signed."""


def near(text: str, reference: Decimal | None, instrument: Instrument, sign: int, name: str) -> Decimal:
    """The price a text means: itself, or so many ticks or percent from `reference`. Without a sign of its own a
    distance goes towards `sign`. Raises InvalidValue in a person's words."""
    text = text.strip().replace(",", "")
    unit = text[-1:]
    if unit not in ("%", "t"):
        price = check_positive(parse(text or "0", name), name)
        if not instrument.ticks.is_valid(price):
            lower, upper = instrument.ticks.neighbours(price)
            raise InvalidValue(f"off tick: Down takes {plain(lower)}, Up takes {plain(upper)}")
        return price
    if reference is None or reference <= 0:
        raise InvalidValue(f"the {name} is a distance, and there is no price to count it from")
    own = {"+": 1, "-": -1}.get(text[:1])
    amount = parse(text[:-1].lstrip("+-") or "0", name) * (own or sign)
    if unit == "t":
        if amount != int(amount) or abs(amount) > 10_000:
            raise InvalidValue(f"the {name} is no whole number of ticks")
        price = instrument.ticks.move(instrument.ticks.round(reference), int(amount))
    else:
        price = instrument.ticks.round(reference * (ONE + amount / 100))
    return check_positive(price, name)


def check_legs(side: Side, entry: Decimal | None, stop_loss: Decimal | None, take_profit: Decimal | None) -> None:
    """A stop loss lies on the losing side of the entry, a take profit on the other. Raises InvalidValue."""
    if entry is None:
        return
    if stop_loss is not None and (entry - stop_loss) * side.sign <= 0:
        where = "below" if side is Side.BUY else "above"
        raise InvalidValue(f"a stop loss of this order lies {where} {plain(entry)}")
    if take_profit is not None and (take_profit - entry) * side.sign <= 0:
        where = "above" if side is Side.BUY else "below"
        raise InvalidValue(f"a take profit of this order lies {where} {plain(entry)}")


def units(
    text: str, instrument: Instrument, side: Side, entry: Decimal | None, risked: Decimal | None, means: Means
) -> Decimal:
    """Quantity in whole lots. `risked`: what one unit loses at the stop loss. Raises InvalidValue."""
    text = text.strip()
    if text.replace(",", "").replace(".", "").isdigit():
        return check_positive(parse(text, "quantity"), "quantity")
    if text.startswith("r"):
        return _by_risk(text, instrument, risked, means)
    from core.trading.line import LineError  # the grammar is no part of the first picture
    from core.trading.linefigures import quantity_of
    from core.trading.lineparts import Share, Word, read_amount

    word = Word(text, 0)
    try:
        amount = read_amount(word)
        if amount is None:
            raise InvalidValue("write 10, 25%, 500만원 or r0.5%")
        if isinstance(amount, Share) and side is Side.SELL:
            return _of_position(amount.fraction, instrument, means)
        if isinstance(amount, Share) and means.power is None:
            raise InvalidValue("the buying power is not known yet: write a quantity")
        return quantity_of(amount, word, instrument, entry, means.power, [])
    except LineError as error:
        raise InvalidValue(error.text) from None


def _of_position(fraction: Decimal, instrument: Instrument, means: Means) -> Decimal:
    if means.held <= 0:
        raise InvalidValue("there is no position to sell a part of: write a quantity")
    quantity = instrument.quantity(means.held * fraction)
    if quantity <= 0:
        raise InvalidValue("that part of the position is less than one lot")
    return quantity


def _by_risk(text: str, instrument: Instrument, risked: Decimal | None, means: Means) -> Decimal:
    share = check_positive(parse(text[1:].removesuffix("%") or "0", "risk"), "risk") / 100
    if not text.endswith("%"):
        raise InvalidValue("risk is a part of the account's value: write r0.5%")
    if risked is None:
        raise InvalidValue("risk sizing needs a stop loss: o goes to its field")
    if means.equity is None:
        raise InvalidValue("the account's value is not known yet: write a quantity")
    quantity = instrument.quantity(means.equity * share / risked)
    if quantity <= 0:
        raise InvalidValue("that risk is less than one lot loses at the stop")
    return quantity


def unit_of(instrument: Instrument, price: Decimal | None) -> Decimal:
    """The quantity a ticket starts with: one lot, or for coins the power of ten worth at least the venue's minimum."""
    if instrument.lot >= 1:
        return max(instrument.lot, instrument.min_quantity)
    unit, least = instrument.lot, max(instrument.min_value, Decimal(0))
    while unit < instrument.min_quantity or (price is not None and 0 < unit * price < least):
        unit *= 10
    return unit


def step(instrument: Instrument, unit: Decimal) -> Decimal:
    """One lot; for coins, whose lots are dust, a tenth of the starting quantity."""
    return instrument.lot if instrument.lot >= 1 else max(instrument.lot, unit / 10)


def preset(now: Decimal, unit: Decimal, direction: int) -> Decimal:
    """The next round quantity above or below `now`."""
    sizes = [size * unit for size in PRESETS]
    found = [s for s in sizes if s > now][:1] if direction > 0 else [s for s in sizes if s < now][-1:]
    return (found or [now or unit])[0]


def means_of(
    notional: Decimal | None, costs: Decimal | None, after: Decimal | None, share: float | None, held: Decimal
) -> Means:
    """Read back from the figures of a preview, which knows the rates: what was there before this order."""
    power = None if notional is None or costs is None or after is None else max(after + notional + costs, ZERO)
    equity = None if notional is None or not share or share <= 0 else notional / exact(share)
    return Means(power=power, equity=equity, held=held)


def after(choices: Sequence[T], now: T, by: int) -> T:
    """The choice `by` places further, round and round."""
    return choices[(choices.index(now) + by) % len(choices)] if now in choices else choices[0]


def ticks_between(instrument: Instrument, low: Decimal, high: Decimal) -> int:
    """How many ticks `low` lies below `high` (negative above), band by band."""
    if low > high:
        return -ticks_between(instrument, high, low)
    count = 0
    while low < high and count < 10_000:
        low = instrument.ticks.move(low, 1)
        count += 1
    return count
