"""Protection on the order line: `sl=`, `tp=`, `tr=` beside an entry, the verb `p` for what is held, and sizes by what a
stop loses. A distance counts from the entry's price, for `p` from the last price, and is never rounded to the worse."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

import msgspec

from core.domain.decimals import ONE, ZERO, plain
from core.domain.ids import AccountId
from core.domain.instrument import Instrument
from core.domain.order import OrderType, Side, TimeInForce
from core.trading.line import LineContext, ModifyOrder, NewOrder, Working, waits_for_entry
from core.trading.linefigures import MarketPrices, part, priced_side, quantity_of
from core.trading.lineparts import At, Distance, Market, Risk, Share, Word
from core.trading.linewords import Options, read_subject, which_account

NAMES = {"sl": "stop loss", "tp": "take profit"}


def no_legs(options: Options, what: str) -> None:
    """Raise for legs written where none belong."""
    for key in ("sl", "tp", "pair"):
        if key in options.given:
            word = options.given[key]
            raise word.wrong(f"{word.shown}: {what} and has no legs; p protects a position", "")


def legs(draft: NewOrder, options: Options, market: MarketPrices, held: Decimal, remarks: list[str]) -> NewOrder:
    """The entry with its stop loss and take profit, or as it was."""
    if options.stop_loss is None and options.take_profit is None:
        if options.both is not None:
            raise options.both.wrong(f"{options.both.shown} needs sl= or tp= beside it: sl=-2% {options.both.text}", "")
        return draft
    if draft.reduce_only:
        if options.stop_loss is not None or draft.type not in (
            OrderType.STOP,
            OrderType.STOP_LIMIT,
            OrderType.TRAILING,
        ):
            no_legs(options, "ro only closes")
    elif draft.side is Side.SELL and not draft.instrument.can_short:
        no_legs(options, f"a sale of {draft.instrument.code} only closes")
    entry = draft.limit_price if draft.type is OrderType.LIMIT else draft.stop_price
    entry = entry or market.touch(draft.side.other) or market.last
    if draft.type is OrderType.TRAILING or entry is None:
        word = next(options.given[key] for key in ("sl", "tp") if key in options.given)
        raise word.wrong(f"{word.shown}: the entry has no price to count from: write @price")
    is_long = (draft.side is Side.BUY) is not draft.reduce_only
    if draft.reduce_only:
        entry = market.last or market.mid or entry
    stop_loss, take_profit = _pair(options, market, entry, is_long, remarks)
    return msgspec.structs.replace(draft, stop_loss=stop_loss, take_profit=take_profit)


def _pair(
    options: Options, market: MarketPrices, entry: Decimal, is_long: bool, remarks: list[str]
) -> tuple[Decimal | None, Decimal | None]:
    found: dict[str, Decimal | None] = {}
    for key, leg in (("sl", options.stop_loss), ("tp", options.take_profit)):
        found[key] = None if leg is None else _leg(key, *leg, market, entry, is_long, remarks)
    both = options.both
    if both is not None and None in found.values():
        if both.text.casefold() == "oco":
            raise both.wrong(
                "oco means both: write sl= and tp=, or pair for the same distance on the other side", "pair"
            )
        known = found["sl"] or found["tp"] or entry
        missing = "tp" if found["tp"] is None else "sl"
        found[missing] = mirrored = priced_side(2 * entry - known, market.instrument, is_long)
        if mirrored <= 0:
            raise both.wrong(f"the other side of {plain(known)} is below zero: write both sl= and tp=")
        remarks.append(f"{both.text}: {missing}={plain(mirrored)}")
    return found["sl"], found["tp"]


def _leg(
    key: str, word: Word, leg: Distance, market: MarketPrices, entry: Decimal, is_long: bool, remarks: list[str]
) -> Decimal:
    """The price of one leg, on tick and on its side of the entry."""
    is_below = (key == "sl") is is_long
    side, where = ("-", "below") if is_below else ("+", "above")
    text = word.text.partition("=")[2]
    if leg.kind == "price":
        price = market.on_tick(leg.value, Side.SELL if is_long else Side.BUY, word)
    else:
        if leg.sign and leg.sign != side:
            right = f"{word.text.partition('=')[0]}={side}{text[1:]}"
            kind = "long" if is_long else "short"
            raise word.wrong(f"{word.shown}: the {NAMES[key]} of a {kind} lies {where} its entry: {right}", right)
        ticks, on_tick = market.instrument.ticks, market.instrument.price(entry, "down" if is_below else "up")
        if leg.kind == "ticks":
            price = ticks.move(on_tick, int(leg.value) * (-1 if is_below else 1))
        else:
            price = priced_side(entry * (ONE - leg.value if is_below else ONE + leg.value), market.instrument, is_long)
            if price == on_tick or (price < entry) is not is_below:
                price = ticks.move(on_tick, -1 if is_below else 1)
        remarks.append(f"{word.text} = {plain(price)}")
    if not (price < entry if is_below else price > entry) or price <= 0:
        raise word.wrong(f"{word.shown}: the {NAMES[key]} must lie {where} {plain(entry)}")
    return price


def risked(
    amount: Risk,
    word: Word,
    draft: NewOrder,
    market: MarketPrices,
    account: AccountId,
    context: LineContext,
    remarks: list[str],
) -> Decimal:
    """As many as lose that part of the account when the stop loss fills at its price, costs not counted."""
    stop, instrument = draft.stop_loss, draft.instrument
    if stop is None:
        raise word.wrong(f"{word.shown} needs the stop loss it is counted to: sl=-2%", f"{word.text} sl=-2%")
    equity = context.equity(account, instrument.currency)
    if equity is None or equity <= 0:
        raise word.wrong(f"what {account} is worth in {instrument.currency} is unknown: write a quantity")
    entry = (draft.limit_price if draft.type is OrderType.LIMIT else draft.stop_price) or market.touch(draft.side.other)
    entry = entry or market.last or stop
    lost = instrument.value(abs(entry - stop), ONE)
    quantity = instrument.quantity(equity * amount.fraction / lost) if lost else ZERO
    if quantity <= 0:
        text = f"{word.shown} is {plain(round(equity * amount.fraction, 2))} {instrument.currency}"
        raise word.wrong(f"{text}: one lot would lose {plain(lost * instrument.lot)}")
    remarks.append(f"{word.text} = {plain(quantity)}, losing {plain(instrument.value(abs(entry - stop), quantity))}")
    return quantity


def held_of(verb: Word, account: AccountId, instrument: Instrument, context: LineContext) -> Decimal:
    held = context.position(account, instrument.id)
    if not held:
        raise verb.wrong(f"there is no position in {instrument.code} of {account}: nothing to close")
    return held


# --- p ---------------------------------------------------------------------------------------------------------------


def protect(verb: Word, words: Sequence[Word], context: LineContext) -> NewOrder | ModifyOrder:
    """A stop and its take profit for what is held; alone, `sl=` moves the stop that stands."""
    options = Options(words, context)
    subject = read_subject(verb, options, context, needs_amount=False)
    account = which_account(verb, options, subject.account, context)
    held = context.position(account, subject.instrument.id)
    if not held:
        raise verb.wrong(f"there is no position in {subject.instrument.code} of {account}: nothing to protect")
    _check(verb, options)
    market, remarks = MarketPrices(subject.instrument, context), list[str]()
    now = market.last or market.mid
    if now is None:
        raise verb.wrong(f"{subject.instrument.code} has no price now: wait for one")
    stop_loss, take_profit = _pair(options, market, now, held > 0, remarks)
    side = Side.SELL if held > 0 else Side.BUY
    standing = _standing(context, account, subject.instrument, side)
    if standing and (stop_loss is not None or options.trail is not None):
        return _moved(verb, options, subject.amount is not None, standing, stop_loss, subject.instrument, remarks)
    if subject.amount is None or isinstance(subject.amount, Share):
        fraction = ONE if subject.amount is None else subject.amount.fraction
        quantity = part(subject.instrument, subject.amount_word, fraction, held, remarks)
    else:
        quantity = quantity_of(subject.amount, subject.amount_word or verb, subject.instrument, now, None, remarks)
    if quantity > abs(held):
        at = subject.amount_word or verb
        raise at.wrong(f"the position is {plain(held)}: at most {plain(abs(held))} can be protected", plain(abs(held)))
    draft = NewOrder(
        account=account,
        instrument=subject.instrument,
        side=side,
        quantity=quantity,
        time_in_force=options.time_in_force or TimeInForce.GTC,
        reduce_only=True,
        note=options.note,
        is_immediate=options.is_immediate,
    )
    return msgspec.structs.replace(
        draft, **_stop_terms(options, market, side, stop_loss, take_profit, remarks), remarks=tuple(remarks)
    )


def _check(verb: Word, options: Options) -> None:
    if options.stop_loss is not None and options.trail is not None:
        raise options.trail[0].wrong("sl= and tr= are both stops: leave one out", "")
    for key in ("stop", "po", "ro", "chase", "twap"):
        if key in options.given:
            word = options.given[key]
            raise word.wrong(f"{word.shown} means nothing to p: write sl=, tp= or tr=", "")
    if options.stop_loss is None and options.take_profit is None and options.trail is None:
        raise verb.wrong("protect with what? p 005930 sl=-2% tp=+3%, or p 005930 tr=1%")
    if options.time_in_force not in (None, TimeInForce.DAY, TimeInForce.GTC):
        word = options.given["time in force"]
        raise word.wrong(f"{word.shown}: a protection waits, so it is gtc or day", "gtc")
    if options.price is not None and options.stop_loss is None:
        raise options.price[0].wrong("a price with p is the limit behind its sl=: leave it out", "")


def _stop_terms(
    options: Options,
    market: MarketPrices,
    side: Side,
    stop_loss: Decimal | None,
    take_profit: Decimal | None,
    remarks: list[str],
) -> dict[str, object]:
    if options.trail is not None:
        trail = trail_of(options, market)
        remarks.append(f"follows {plain(trail)} behind the best price")
        return {"type": OrderType.TRAILING, "trail": trail, "take_profit": take_profit}
    if stop_loss is None:
        return {"type": OrderType.LIMIT, "limit_price": take_profit}
    terms: dict[str, object] = {"type": OrderType.STOP, "stop_price": stop_loss, "take_profit": take_profit}
    word, price = options.price or (None, None)
    if word is not None and isinstance(price, At):
        terms |= {"type": OrderType.STOP_LIMIT, "limit_price": market.on_tick(price.price, side, word)}
    elif word is not None and not isinstance(price, Market):
        raise word.wrong("the limit behind a stop is written as a price: @69000", "")
    return terms


def trail_of(options: Options, market: MarketPrices) -> Decimal:
    """The distance of a trailing stop, in price units of whole ticks."""
    if options.trail is None:  # the caller has looked
        return ZERO
    word, distance = options.trail
    reference = market.last or market.mid
    if distance.kind == "price":
        least = market.instrument.ticks.step(reference) if reference is not None else ZERO
        if distance.value < least:  # 1 for 1%: it would go at the next print
            text, key = plain(distance.value), word.text.partition("=")[0]
            choices = (f"{key}={text}%", f"{key}={text}t")
            raise word.wrong(f"{word.shown} is less than one tick of {plain(least)}: {' or '.join(choices)}", *choices)
        return distance.value
    if reference is None:
        raise word.wrong(f"{market.instrument.code} has no price now: write the distance as a price, tr=500")
    step = market.instrument.ticks.step(reference)
    if distance.kind == "ticks":
        return distance.value * step
    return max((reference * distance.value) // step * step, step)


def _standing(context: LineContext, account: AccountId, instrument: Instrument, side: Side) -> list[Working]:
    """Stops that protect this position already; one that waits for its entry is not one of them."""
    orders = [o for o in context.orders() if o.account == account and o.instrument == instrument.id]
    stops = [o for o in orders if o.side is side and o.reduce_only and o.stop_price is not None]
    return [o for o in stops if not waits_for_entry(o, orders)]


def _moved(
    verb: Word,
    options: Options,
    has_amount: bool,
    standing: list[Working],
    stop_loss: Decimal | None,
    instrument: Instrument,
    remarks: list[str],
) -> ModifyOrder:
    shown = ", ".join(f"#{o.id[-4:]} at {plain(o.stop_price)}" for o in standing[:4] if o.stop_price is not None)
    is_plain = options.given.keys() <= {"sl", "!"} and not has_amount
    if len(standing) > 1 or stop_loss is None or not is_plain:
        raise verb.wrong(f"a stop stands already: {shown}: move it with m #id stop=, or cancel it first with c #id")
    remarks.append(f"moves {shown}")
    return ModifyOrder(
        client_order_id=standing[0].id, instrument=instrument, stop_price=stop_loss, remarks=tuple(remarks)
    )
