"""`chase=3t` and `twap=10m` on the order line: what follows the quote, and what is sent in slices. It works out
the terms and says them; how they are carried out is the business of algos.py."""

from __future__ import annotations

import re
from decimal import Decimal

import msgspec

from core.domain.algo import LEAST_NS, MOST_NS, MOST_TICKS, SPACING_NS, Chase, Peg, Twap
from core.domain.decimals import plain, round_to
from core.domain.market import NS
from core.domain.order import OrderType, Side, TimeInForce
from core.trading.line import NewOrder
from core.trading.linefigures import MarketPrices
from core.trading.lineparts import At, Market, Pegged, Word
from core.trading.linewords import Options
from core.trading.risk import least_order

_TICKS = re.compile(r"([0-9]{1,2})(?:t|틱)?")
_DURATION = re.compile(r"([0-9]{1,5})(s|m|h|초|분|시간)")
_SECONDS = {"s": 1, "초": 1, "m": 60, "분": 60, "h": 3600, "시간": 3600}
USUAL = 10
"""Slices, when time and size allow them; one a minute where it takes longer."""


def with_algo(draft: NewOrder, options: Options, market: MarketPrices, crosses: bool, remarks: list[str]) -> NewOrder:
    """The order with its algo, or as it was. The quantity is known."""
    if options.chase is None and options.twap is None:
        return draft
    if options.chase is not None and options.twap is not None:
        raise options.twap[0].wrong("chase= and twap= together: slices follow by themselves, as in @b twap=10m", "")
    word = (options.chase or options.twap or (Word("", 0), ""))[0]
    _check(word, draft, options)
    if options.chase is not None:
        return _chase(word, options.chase[1], draft, _peg(word, draft, options, crosses), options, market, remarks)
    return _twap(word, options.twap[1] if options.twap else "", draft, options, crosses, market, remarks)


def _check(word: Word, draft: NewOrder, options: Options) -> None:
    for what in ("stop", "tr"):
        if what in options.given:
            raise word.wrong(f"{word.shown} goes with a limit or @mkt: leave {options.given[what].shown} out", "")
    chases = options.chase is not None
    lives = (TimeInForce.DAY, TimeInForce.GTC) if chases else (TimeInForce.DAY,)
    if draft.time_in_force not in lives or draft.type not in (OrderType.LIMIT, OrderType.MARKET):
        other = options.given.get("time in force") or options.given.get("price") or word
        raise word.wrong(f"{word.shown} cannot stand with {other.shown}: leave one out", "")
    if not chases and (draft.stop_loss is not None or draft.take_profit is not None):
        raise word.wrong(f"{word.shown} has no legs: protect what is held with p", "")


def _peg(word: Word, draft: NewOrder, options: Options, crosses: bool) -> Peg:
    """What the price follows: as written, else the touch the order stands at."""
    if options.price is None:
        return Peg(anchor="bid" if (draft.side is Side.BUY) != crosses else "ask")
    at, price = options.price
    if not isinstance(price, Pegged) or price.fraction:
        text = (
            f"{word.shown} follows the quote, and {at.shown} does not: write @b, @a, @l or @mid, with ticks as in @b-1"
        )
        raise at.wrong(text, "@b" if draft.side is Side.BUY else "@a")
    return Peg(anchor=price.anchor, ticks=price.ticks)


def _chase(
    word: Word, text: str, draft: NewOrder, peg: Peg, options: Options, market: MarketPrices, remarks: list[str]
) -> NewOrder:
    found = _TICKS.fullmatch(text)
    most = int(found[1]) if found else 0
    if not 1 <= most <= MOST_TICKS or draft.limit_price is None:
        raise word.wrong(f"{word.shown}: how many ticks may it go? write chase=3t, at most {MOST_TICKS}", "chase=3t")
    low, high = (plain(market.instrument.ticks.move(draft.limit_price, ticks)) for ticks in (-most, most))
    remarks.insert(0, f"follows the {_where(peg)} from {low} to {high}")
    return msgspec.structs.replace(draft, algo=Chase(most=most, peg=peg))


def _twap(
    word: Word,
    text: str,
    draft: NewOrder,
    options: Options,
    crosses: bool,
    market: MarketPrices,
    remarks: list[str],
) -> NewOrder:
    found = _DURATION.fullmatch(text)
    duration = int(found[1]) * _SECONDS[found[2]] * NS if found else 0
    if not LEAST_NS <= duration <= MOST_NS:
        most = f"{LEAST_NS // NS}s to {MOST_NS // NS // 3600}h"
        raise word.wrong(f"{word.shown}: over how long? write twap=10m, 90s or 2h ({most})", "twap=10m")
    price = draft.limit_price or market.touch(draft.side.other) or market.last
    least = least_order(market.instrument, price)
    # A slice at a price that falls on the way must still be worth enough.
    room = least if not market.instrument.min_value else round_to(least * Decimal("1.1"), market.instrument.lot, "up")
    slices = min(max(USUAL, duration // (60 * NS)), duration // SPACING_NS, int(draft.quantity // room))
    if slices < 2:
        raise word.wrong(f"{plain(draft.quantity)} is too little to slice: {plain(2 * room)} at least", "")
    written = options.price[1] if options.price else None
    peg = None if isinstance(written, At | Market) else _peg(word, draft, options, crosses)
    twap = Twap(duration=duration, slices=slices, peg=peg)
    even = draft.quantity / slices
    exact = round_to(even, market.instrument.lot, "up")
    about = plain(exact) if exact == even else f"about {plain(exact)}"
    where = "at market" if draft.type is OrderType.MARKET else f"at the {_where(peg)}" if peg else "at its limit"
    seconds = plain(round(Decimal(twap.spacing) / NS, 1))
    remarks.insert(0, f"{slices} slices of {about}, {where}, one each {seconds} s")
    return msgspec.structs.replace(draft, algo=twap)


def _where(peg: Peg) -> str:
    return f"{peg.anchor}{peg.ticks:+d}" if peg.ticks else peg.anchor
