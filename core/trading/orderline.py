"""The one grammar of the quick order line, for the console, the command line and whatever face comes later:
`parse("b 10 005930 @71000", context)`. It reads and resolves; it neither checks risk nor sends anything.

    verb quantity? symbol? @price? option*          words after the verb in any order while that is unambiguous

No price means a limit at the own touch, never market. `x` and `rev` get out, so they take the opposite touch.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import Decimal
from difflib import get_close_matches

import msgspec

from core.domain.decimals import ZERO, plain
from core.domain.errors import InvalidValue
from core.domain.ids import AccountId, ClientOrderId
from core.domain.instrument import Instrument
from core.domain.order import OrderType, Side, TimeInForce
from core.trading.hangul import keys
from core.trading.line import (
    CancelOrder,
    CloseOrder,
    Line,
    LineContext,
    LineError,
    ModifyOrder,
    NewOrder,
    OffTick,
    PanicOrder,
    Priced,
    Touch,
    Working,
)
from core.trading.linealgos import with_algo
from core.trading.linefigures import MarketPrices, part, quantity_of
from core.trading.linelegs import held_of, legs, no_legs, protect, risked, trail_of
from core.trading.lineparts import (
    EVERYTHING,
    VERBS,
    At,
    Auction,
    Market,
    Pegged,
    PriceWord,
    Risk,
    Share,
    Units,
    Word,
    read_amount,
    split,
)
from core.trading.linewords import Options, Subject, named_account, read_subject, read_symbol, which_account

__all__ = [
    "CancelOrder",
    "CloseOrder",
    "Line",
    "LineContext",
    "LineError",
    "ModifyOrder",
    "NewOrder",
    "OffTick",
    "PanicOrder",
    "Priced",
    "Touch",
    "Working",
    "parse",
]

_MIN_ID = 3
"""Characters of an order id that must be written: fewer fit too much by chance."""


def parse(text: str, context: LineContext) -> Line:
    """Read one line. Raises LineError, and nothing else, for every text that is not one whole, unambiguous wish."""
    try:
        words = split(text)
        if not words:
            raise LineError("nothing is written: b 10 005930 @71000 buys, s sells, x closes, c cancels")
        line = _VERBS[_verb(words[0])](words[0], words[1:], context)
        if isinstance(line, NewOrder):
            line.request(ClientOrderId(""))  # what can be no order raises here, not at whoever sends it
        return line
    except (InvalidValue, ArithmeticError) as error:
        # Sizes that no venue knows, or a quote that is no number.
        raise LineError(f"the figures cannot be used: {error or 'too large'}") from None


def _verb(word: Word) -> str:
    for text in (word.text.casefold(), keys(word.text).casefold()):
        if text in VERBS:
            return VERBS[text]
    near = get_close_matches(word.text.casefold()[:24], [verb for verb in VERBS if len(verb) > 1], 1)
    raise word.wrong(f"{word.shown!r} is not a verb: b buy, s sell, x close, rev, m modify, c cancel, ! panic", *near)


# --- buy, sell, close, reverse ---------------------------------------------------------------------------------------


def _terms(
    verb: Word, options: Options, market: MarketPrices, side: Side, crosses: bool, remarks: list[str]
) -> NewOrder:
    """Type and prices; the quantity is still a placeholder."""
    word, price = options.price or (verb, None)
    limit: Decimal | None = None
    lives = options.time_in_force or TimeInForce.DAY
    kind = OrderType.LIMIT
    match price:
        case At() | Pegged():
            limit = _limit((word, price), market, side, remarks)
        case Market():
            kind = OrderType.MARKET
        case Auction():
            kind, lives = _auction(word, price, options)
            if options.limit is not None:
                limit = _limit(options.limit, market, side, remarks)
        case None if options.stop is None and options.trail is None:
            name = "bid" if (side is Side.BUY) != crosses else "ask"
            limit = market.pegged(Pegged(name), side.other if crosses else side, verb)
            remarks.append(f"limit at the {name}, {plain(limit)}")
        case None:
            pass
    stop, trail = _stop(options, market, side), trail_of(options, market) if options.trail is not None else None
    stop_word = options.given.get("stop", verb)
    if stop is not None:
        kind = _stop_type(stop_word, stop, kind, limit)
    elif trail is not None:
        if price is not None and kind is not OrderType.MARKET:
            raise word.wrong("a trailing stop sells or buys at market when it is hit: leave the price out", "")
        kind = OrderType.TRAILING
        remarks.append(f"follows {plain(trail)} behind the best price")
    _check_flags(options, kind, lives)
    return NewOrder(
        account=AccountId(""),
        instrument=market.instrument,
        side=side,
        quantity=ZERO,
        type=kind,
        limit_price=limit,
        stop_price=stop,
        trail=trail,
        time_in_force=lives,
        reduce_only=options.reduce_only,
        post_only=options.post_only is not None,
        note=options.note,
        is_immediate=options.is_immediate,
    )


def _stop(options: Options, market: MarketPrices, side: Side) -> Decimal | None:
    if options.stop is None:
        return None
    word, price = options.stop
    if options.trail is not None:
        raise options.trail[0].wrong("stop= and tr= together: leave one out", "")
    return market.on_tick(price, side, word)


def _stop_type(word: Word, stop: Decimal, kind: OrderType, limit: Decimal | None) -> OrderType:
    if limit is not None:
        return OrderType.STOP_LIMIT
    if kind is OrderType.MARKET:
        return OrderType.STOP
    choices = (f"{word.text} @mkt", f"{word.text} @{plain(stop)}")
    raise word.wrong("a stop needs to know what it sends: @mkt for market, or a limit price", *choices)


def _limit(written: tuple[Word, PriceWord], market: MarketPrices, side: Side, remarks: list[str]) -> Decimal | None:
    word, price = written
    if isinstance(price, At):
        return market.on_tick(price.price, side, word)
    if not isinstance(price, Pegged):
        return None
    limit = market.pegged(price, side, word)
    remarks.append(f"{word.text} = {plain(limit)}")
    return limit


def _auction(word: Word, price: Auction, options: Options) -> tuple[OrderType, TimeInForce]:
    """An order for an auction lives until it is over: no other time stands with it."""
    lives = TimeInForce.OPG if price.at_open else TimeInForce.DAY
    if options.time_in_force not in (None, lives):
        other = options.given["time in force"]
        raise other.wrong(f"{word.shown} is for one auction: leave {other.shown} out", "")
    if price.at_open:
        return OrderType.LIMIT if price.has_limit else OrderType.MARKET, lives
    return OrderType.LOC if price.has_limit else OrderType.MOC, lives


def _check_flags(options: Options, kind: OrderType, lives: TimeInForce) -> None:
    if lives is TimeInForce.OPG and kind not in (OrderType.LIMIT, OrderType.MARKET):
        at = options.given.get("time in force") or options.given["price"]
        raise at.wrong(f"{at.shown} goes with a limit or a market order: leave it out", "")
    if options.post_only is None:
        return
    if kind is not OrderType.LIMIT:
        raise options.post_only.wrong("po (post only) needs a limit order: leave it out", "")
    if lives in (TimeInForce.IOC, TimeInForce.FOK, TimeInForce.OPG):
        raise options.post_only.wrong(f"po never takes, {lives} only takes: leave one out", "")


def _trade(side: Side) -> Callable[[Word, Sequence[Word], LineContext], Line]:
    def read(verb: Word, words: Sequence[Word], context: LineContext) -> Line:
        options = Options(words, context)
        subject = read_subject(verb, options, context, needs_amount=True)
        account = which_account(verb, options, subject.account, context)
        part_of = subject.amount.fraction if isinstance(subject.amount, Share) else None
        held = context.position(account, subject.instrument.id)
        if part_of is not None and side is Side.SELL and held <= 0:
            raise verb.wrong(f"there is no {subject.instrument.code} in {account} to sell: write a quantity")
        market, remarks = MarketPrices(subject.instrument, context), list[str]()
        draft = _terms(verb, options, market, side, False, remarks)
        draft = legs(draft, options, market, held, remarks)
        if isinstance(subject.amount, Risk) and subject.amount_word is not None:
            quantity = risked(subject.amount, subject.amount_word, draft, market, account, context, remarks)
        elif part_of is not None and side is Side.SELL:
            quantity = part(subject.instrument, subject.amount_word, part_of, held, remarks)
        else:
            cost = draft.limit_price or draft.stop_price or market.touch(side.other) or market.last
            power = None if part_of is None else _power(verb, account, market.instrument, context)
            quantity = _wanted(subject, cost, power, remarks)
        closes = held * side.sign < 0 and quantity <= abs(held)
        if closes and not draft.reduce_only and (draft.stop_loss or draft.take_profit) is not None:
            raise verb.wrong(f"this only closes the {plain(held)} that are held: no sl= and tp= with it; p protects")
        # A share of what is held closes it: said twice, where one may be short, it must not turn it.
        closes_only = draft.reduce_only or (part_of is not None and side is Side.SELL and market.instrument.can_short)
        draft = msgspec.structs.replace(draft, account=account, quantity=quantity, reduce_only=closes_only)
        draft = with_algo(draft, options, market, False, remarks)
        return msgspec.structs.replace(draft, remarks=tuple(remarks))

    return read


def _wanted(subject: Subject, price: Decimal | None, power: Decimal | None, remarks: list[str]) -> Decimal:
    if subject.amount is None or subject.amount_word is None:  # the reading asked for one
        raise LineError("how many? write 10, 0.05, ₩5m, 25% or all")
    return quantity_of(subject.amount, subject.amount_word, subject.instrument, price, power, remarks)


def _power(verb: Word, account: AccountId, instrument: Instrument, context: LineContext) -> Decimal:
    power = context.buying_power(account, instrument.currency)
    if power is None:
        raise verb.wrong(f"the {instrument.currency} buying power of {account} is unknown: write a quantity")
    return max(power, ZERO)


def _close(verb: Word, words: Sequence[Word], context: LineContext) -> Line:
    options = Options(words, context)
    subject = read_subject(verb, options, context, needs_amount=False)
    account = which_account(verb, options, subject.account, context)
    held = held_of(verb, account, subject.instrument, context)
    amount = subject.amount or Share(Decimal(1))
    no_legs(options, "x closes")
    at_market = options.price is not None and isinstance(options.price[1], Market)
    is_plain = options.given.keys() <= ({"price", "!"} if at_market else {"!"})
    if isinstance(amount, Share) and is_plain:
        return CloseOrder(
            account=account,
            instrument=subject.instrument,
            fraction=amount.fraction,
            at_market=at_market,
            is_immediate=options.is_immediate,
        )
    side = Side.SELL if held > 0 else Side.BUY
    market, remarks = MarketPrices(subject.instrument, context), list[str]()
    draft = _terms(verb, options, market, side, True, remarks)
    if isinstance(amount, Share):
        quantity = part(subject.instrument, subject.amount_word, amount.fraction, held, remarks)
    else:
        cost = draft.limit_price or draft.stop_price or market.touch(side.other) or market.last
        quantity = _wanted(subject, cost, None, remarks)
    if quantity > abs(held):
        at = subject.amount_word or verb
        raise at.wrong(f"the position is {plain(held)}: at most {plain(abs(held))} can be closed", plain(abs(held)))
    draft = msgspec.structs.replace(draft, account=account, quantity=quantity, reduce_only=True)
    return msgspec.structs.replace(with_algo(draft, options, market, True, remarks), remarks=tuple(remarks))


def _reverse(verb: Word, words: Sequence[Word], context: LineContext) -> Line:
    options = Options(words, context)
    subject = read_subject(verb, options, context, needs_amount=False)
    if subject.amount_word is not None:
        raise subject.amount_word.wrong("rev turns the whole position around and takes no quantity", "")
    if options.reduce_only:
        raise verb.wrong("rev opens the other side, so ro cannot stand with it")
    account = which_account(verb, options, subject.account, context)
    held = held_of(verb, account, subject.instrument, context)
    if held > 0 and not subject.instrument.can_short:
        raise verb.wrong(f"{subject.instrument.code} cannot be sold short: close it with x")
    side = Side.SELL if held > 0 else Side.BUY
    market, remarks = MarketPrices(subject.instrument, context), list[str]()
    draft = legs(_terms(verb, options, market, side, True, remarks), options, market, ZERO, remarks)
    remarks.append(f"from {plain(held)} to {plain(-held)}")
    draft = msgspec.structs.replace(draft, account=account, quantity=2 * abs(held))
    return msgspec.structs.replace(with_algo(draft, options, market, True, remarks), remarks=tuple(remarks))


# --- cancel, modify, panic -------------------------------------------------------------------------------------------


def _find_order(word: Word, context: LineContext) -> Working:
    """A live order by its id, or by enough of its beginning or end."""
    wanted = word.text[1:].casefold()
    if len(wanted) < _MIN_ID:
        raise word.wrong(f"{word.shown}: at least {_MIN_ID} characters of the order's id, please")
    orders = context.orders()
    found = [o for o in orders if o.id == wanted] or [o for o in orders if o.id.startswith(wanted)]
    found = found or [o for o in orders if o.id.endswith(wanted)]
    if len(found) == 1:
        return found[0]
    if not found:
        raise word.wrong(f"no live order is {word.shown}: it may have ended")
    raise word.wrong(f"{word.shown} fits {len(found)} orders: write more of it", *(f"#{o.id}" for o in found[:4]))


def _cancel(verb: Word, words: Sequence[Word], context: LineContext) -> Line:
    ids = [word for word in words if word.text.startswith("#")]
    if ids:
        if len(words) > 1:
            raise words[1].wrong("one order at a time: c #id", "")
        return CancelOrder(client_order_id=_find_order(ids[0], context).id)
    options = Options(words, context)
    for extra in options.given.values():
        raise extra.wrong(f"{extra.shown} means nothing to a cancel: c #id, c 005930 or c all", "")
    rest = options.rest
    if not rest:
        raise verb.wrong("cancel what? c #id, c 005930, c . (the selected one) or c all")
    if len(rest) == 1 and rest[0].text.casefold() in EVERYTHING:
        return CancelOrder(account=options.account)
    instrument, account = read_symbol(verb, rest, context)
    return CancelOrder(instrument=instrument, account=options.account or account)


def _modify(verb: Word, words: Sequence[Word], context: LineContext) -> Line:
    ids = [word for word in words if word.text.startswith("#")]
    if len(ids) != 1:
        raise verb.wrong("modify which order? m #id 20 @71000")
    order = _find_order(ids[0], context)
    options = Options([word for word in words if word is not ids[0]], context)
    for extra in (word for what, word in options.given.items() if what not in ("price", "stop")):
        raise extra.wrong(f"{extra.shown}: only quantity, @price and stop= can be changed", "")
    found = context.find(order.instrument)
    if len(found) != 1:
        raise ids[0].wrong(f"the instrument {order.instrument} is not known here: cancel the order instead")
    instrument, market, remarks = found[0], MarketPrices(found[0], context), list[str]()
    quantity = limit = stop = None
    for word in options.rest:
        amount = read_amount(word)
        if not isinstance(amount, Units) or quantity is not None:
            raise word.wrong(f"{word.shown}: a change takes one new quantity in units, as in m #id 20 @71000")
        quantity = quantity_of(amount, word, instrument, None, None, remarks)
    if options.price is not None:
        word, price = options.price
        if isinstance(price, At):
            limit = market.on_tick(price.price, order.side, word)
        elif isinstance(price, Pegged):
            limit = market.pegged(price, order.side, word)
            remarks.append(f"{word.text} = {plain(limit)}")
        else:
            raise word.wrong(f"{word.shown}: an order keeps its type: write a price", "")
    if options.stop is not None:
        stop = market.on_tick(options.stop[1], order.side, options.stop[0])
    if quantity is None and limit is None and stop is None:
        raise verb.wrong("what shall change? m #id 20 @71000")
    return ModifyOrder(
        client_order_id=order.id,
        instrument=instrument,
        quantity=quantity,
        limit_price=limit,
        stop_price=stop,
        remarks=tuple(remarks),
    )


def _panic(verb: Word, words: Sequence[Word], context: LineContext) -> Line:
    account: AccountId | None = None
    flatten = False
    for word in words:
        text = word.text.casefold()
        if {text, keys(text)} & {"f", "flatten", "청산"} and not flatten:
            flatten = True
        elif text.startswith("acct=") and account is None:
            account = named_account(word, text.removeprefix("acct="), context)
        else:
            raise word.wrong(f"{word.shown} means nothing to panic: ! stops and cancels, ! f flattens as well", "f")
    return PanicOrder(account=account, flatten=flatten)


_VERBS: dict[str, Callable[[Word, Sequence[Word], LineContext], Line]] = {
    "buy": _trade(Side.BUY),
    "sell": _trade(Side.SELL),
    "close": _close,
    "reverse": _reverse,
    "modify": _modify,
    "cancel": _cancel,
    "panic": _panic,
    "protect": protect,
}
