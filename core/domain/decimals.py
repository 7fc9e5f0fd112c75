"""The only Decimal helper: checks at the door, rounding to a step, and the exact road from float to Decimal.

Money is Decimal from the wire to the disk; market data is float. This module is where one becomes the other.
"""

from __future__ import annotations

from decimal import ROUND_CEILING, ROUND_FLOOR, ROUND_HALF_EVEN, Context, Decimal, InvalidOperation
from typing import Literal

from core.domain.errors import InvalidValue

ZERO = Decimal(0)
ONE = Decimal(1)
MAX_EXPONENT = 30
"""No venue quotes beyond 10^30 or below 10^-30; anything outside is a mistake or an attack on memory."""

Rounding = Literal["down", "up", "nearest"]
_WIDE = Context(prec=2 * MAX_EXPONENT + 10)
"""Wide enough that a division of any two admitted numbers keeps every digit of its whole part."""
_MODES = {"down": ROUND_FLOOR, "up": ROUND_CEILING, "nearest": ROUND_HALF_EVEN}


def check(value: Decimal, name: str = "value") -> Decimal:
    """Return `value` when it is finite and of sane size, else raise InvalidValue naming it."""
    if not value.is_finite():
        raise InvalidValue(f"{name} must be a finite number, not {value}")
    if value and (value.adjusted() > MAX_EXPONENT or int(value.as_tuple().exponent) < -MAX_EXPONENT):
        raise InvalidValue(f"{name} is out of range (beyond 10^{MAX_EXPONENT} or finer than 10^-{MAX_EXPONENT})")
    return value


def check_positive(value: Decimal, name: str = "value") -> Decimal:
    """Return `value` when it is finite and above zero."""
    if check(value, name) <= 0:
        raise InvalidValue(f"{name} must be above zero, not {value}")
    return value


def parse(text: str, name: str = "value") -> Decimal:
    """Read a person's or a file's number. Thousands separators are allowed, anything else is refused."""
    cleaned = text.replace(",", "").replace("_", "").strip()
    if len(cleaned) > 60:
        raise InvalidValue(f"{name} is too long to be a number ({len(cleaned)} characters)")
    try:
        value = Decimal(cleaned)
    except InvalidOperation:
        raise InvalidValue(f"{name} is not a number: {text[:40]!r}") from None
    return check(value, name)


def exact(value: float) -> Decimal:
    """The shortest decimal that names this float: marks, mid prices, exchange rates."""
    return check(Decimal(repr(float(value))))


def round_to(value: Decimal, step: Decimal, mode: Rounding = "nearest") -> Decimal:
    """`value` moved to a multiple of `step` (> 0)."""
    units = _WIDE.divide(value, step).to_integral_value(_MODES[mode], _WIDE)
    return _WIDE.multiply(units, step)


def is_multiple(value: Decimal, step: Decimal) -> bool:
    """Is `value` a whole number of `step`s?"""
    return _WIDE.remainder(value, step) == 0


def plain(value: Decimal) -> str:
    """Digits without exponent and without trailing zeros: `1E+2` is `100`, `1.500` is `1.5`."""
    text = format(value, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text
