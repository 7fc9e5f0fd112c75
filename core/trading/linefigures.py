"""Figures of the order line: words such as `@a+2` and `₩5m` become prices on tick and quantities in whole lots, against
one look at the market. It knows nothing of verbs and options; orderline.py decides what the figures are for."""

from __future__ import annotations

from decimal import Decimal

from core.domain.decimals import ONE, Rounding, exact, is_multiple, plain
from core.domain.instrument import Currency, Instrument
from core.domain.order import Side
from core.trading.line import LineContext, LineError, OffTick
from core.trading.lineparts import Amount, Cash, Pegged, Risk, Share, Units, Word

MOST = Decimal("0.998")
"""Of the buying power: the rest pays fees, or `b all` would always be refused for want of them."""
_MARKS = {Currency("KRW"): "₩", Currency("USD"): "$"}


class MarketPrices:
    """The prices one line is resolved against: one look, so all figures of the line agree."""

    def __init__(self, instrument: Instrument, context: LineContext) -> None:
        priced = context.quote(instrument.id)
        self.instrument = instrument
        self.bid = _positive(priced.bid if priced else None)
        self.ask = _positive(priced.ask if priced else None)
        self.last = _positive(priced.last if priced else None)
        self.mid = (self.bid + self.ask) / 2 if self.bid and self.ask else None

    def touch(self, side: Side) -> Decimal | None:
        """The own touch of `side`: where its resting orders stand first."""
        return self.bid if side is Side.BUY else self.ask

    def on_tick(self, price: Decimal, side: Side, word: Word) -> Decimal:
        """A price somebody wrote; raises OffTick between two ticks."""
        if self.instrument.ticks.is_valid(price):
            return price
        lower, upper = self.instrument.ticks.neighbours(price)
        digits = word.text.lstrip("@").split("=")[-1]
        raise OffTick(price, lower, upper, side, word.start + len(word.text) - len(digits), len(digits))

    def pegged(self, pegged: Pegged, side: Side, word: Word) -> Decimal:
        """A price we work out: brought to tick on the passive side of `side`, so it never pays more than was asked."""
        price: Decimal | None = getattr(self, pegged.anchor)
        if price is None:
            raise word.wrong(f"{self.instrument.code} has no {pegged.anchor} price now: write a price, as in @71000")
        mode: Rounding = "down" if side is Side.BUY else "up"
        rounded = self.instrument.ticks.round(price * (1 + pegged.fraction), mode)
        moved = self.instrument.ticks.move(rounded, pegged.ticks)
        if moved <= 0:
            raise word.wrong(f"{word.shown} is {plain(moved)} here: a price must be above zero")
        return moved


def _positive(value: float | None) -> Decimal | None:
    return exact(value) if value is not None and value != 0 and value > 0 else None


def quantity_of(
    amount: Amount,
    word: Word,
    instrument: Instrument,
    price: Decimal | None,
    power: Decimal | None,
    remarks: list[str],
) -> Decimal:
    """Units of `amount`. `price` is what one will cost, `power` the money that 100 % means. What was worked out is
    added to `remarks`. Raises LineError where a figure is missing, or where the result is no whole lot."""
    match amount:
        case Units(value):
            return _whole_lots(word, value, instrument)
        case Cash(money, currency):
            if currency != instrument.currency:
                mark = _MARKS.get(instrument.currency)
                hint = f"write {mark}5m" if mark else "write units or a percentage"
                text = f"{word.shown} is {currency}, but {instrument.code} costs {instrument.currency}: {hint}"
                raise word.wrong(text)
            return _affordable(word, instrument, money, price, remarks)
        case Share(fraction):
            if power is None:
                raise word.wrong(f"{word.shown} of what is unknown here: write a quantity")
            if fraction > MOST:
                remarks.append(f"{plain((1 - MOST) * 100)}% is kept for costs")
            return _affordable(word, instrument, power * min(fraction, MOST), price, remarks)
        case Risk():
            raise word.wrong(f"{word.shown} sizes a new position by its stop loss: b r0.5% 005930 sl=-2%")


def _whole_lots(word: Word, value: Decimal, instrument: Instrument) -> Decimal:
    if is_multiple(value, instrument.lot):
        return value
    lower = instrument.quantity(value)
    choices = [plain(quantity) for quantity in (lower, lower + instrument.lot) if quantity > 0]
    text = f"{plain(value)} is not a whole number of lots of {plain(instrument.lot)}"
    raise word.wrong(f"{text}: take {' or '.join(choices)}", *choices)


def _affordable(
    word: Word, instrument: Instrument, money: Decimal, price: Decimal | None, remarks: list[str]
) -> Decimal:
    if price is None:
        raise word.wrong(f"{instrument.code} has no price now, so {word.shown} cannot be sized: write a quantity")
    quantity = instrument.quantity(money / instrument.value(price, ONE))
    if instrument.value(price, quantity) > money:  # the division was rounded up in its last digit
        quantity -= instrument.lot
    if quantity <= 0:
        least = plain(instrument.value(price, instrument.lot))
        raise word.wrong(f"{word.shown} is less than one lot, which costs {least} {instrument.currency}")
    remarks.append(f"{word.text} = {plain(quantity)} at {plain(price)}")
    return quantity


def priced_side(price: Decimal, instrument: Instrument, is_long: bool) -> Decimal:
    """On tick, and never worse for the holder than what was asked: up for a long position, down for a short one."""
    return instrument.ticks.round(price, "up" if is_long else "down")


def part(instrument: Instrument, word: Word | None, fraction: Decimal, held: Decimal, remarks: list[str]) -> Decimal:
    """`fraction` of the position `held` (signed), in whole lots, positive."""
    quantity = instrument.quantity(abs(held) * fraction)
    if quantity <= 0:
        start, length = (word.start, len(word.text)) if word else (0, 0)
        text = f"that part of {plain(abs(held))} {instrument.code} is less than one lot"
        raise LineError(text, start, (), length)
    if word is not None:
        remarks.append(f"{word.text} of {plain(abs(held))} = {plain(quantity)}")
    return quantity
