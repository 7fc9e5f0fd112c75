"""Orders on their way to Upbit: the sealed body of each kind. A market buy has its price, or its total, by the ask of
the moment it is sealed. Pure; nothing here is sent."""

from __future__ import annotations

from decimal import Decimal

from brokers.upbit import account, parse, ticks, wire
from brokers.upbit.settings import NAME, UpbitSettings
from core.domain.decimals import exact, plain, round_to
from core.domain.errors import Unsupported
from core.domain.ids import code_of, market_of
from core.domain.market import Quote
from core.domain.order import Order, OrderType, Side, TimeInForce

IMMEDIATE = {TimeInForce.IOC: "ioc", TimeInForce.FOK: "fok"}
SIDES = {Side.BUY: "bid", Side.SELL: "ask"}


def seal(order: Order, settings: UpbitSettings, ask: Decimal | None) -> wire.Placing:
    """What is written, to the byte. `ask`: the best of this moment, which a market buy needs; None if it is not known.
    Raises Unsupported for what this venue does not offer."""
    request = order.request
    if market_of(request.instrument) != parse.MARKET:
        raise Unsupported(NAME, f"upbit does not trade {request.instrument}: nothing was sent")
    if request.type not in (OrderType.LIMIT, OrderType.MARKET):
        raise Unsupported(NAME, f"upbit takes no {request.type.value} orders: nothing was sent")
    time = IMMEDIATE.get(request.time_in_force, "")
    if request.post_only and (request.type is not OrderType.LIMIT or time):
        raise Unsupported(NAME, "post-only goes with a limit order that rests: nothing was sent")
    common = {
        "market": code_of(request.instrument),
        "side": SIDES[request.side],
        "volume": plain(request.quantity),
        "identifier": account.identifier_of(request.client_order_id),
        "smp_type": "" if request.post_only else settings.self_match,
    }
    if request.type is OrderType.LIMIT:
        price = plain(request.limit_price or Decimal(0))
        return wire.Placing(
            ord_type="limit", price=price, time_in_force="post_only" if request.post_only else time, **common
        )
    if request.side is Side.SELL:
        return wire.Placing(ord_type="best" if time else "market", time_in_force=time, **common)
    if ask is None:
        text = (
            f"the ask of {code_of(request.instrument)} is not known now: nothing was sent; try again, or name a price"
        )
        raise Unsupported(NAME, text)
    quote = common["market"].partition("-")[0]
    if settings.market_buys == "total":
        total = round_to(request.quantity * ask, Decimal(1) if quote == "KRW" else ticks.LOT, "up")
        common |= {"volume": "", "price": plain(total)}
        return wire.Placing(ord_type="best" if time else account.BY_TOTAL, time_in_force=time, **common)
    worst = ticks.table(quote).round(ask * (1 + settings.slippage), "down")
    return wire.Placing(ord_type="limit", price=plain(max(worst, ask)), time_in_force=time or "ioc", **common)


def check_size(order: Order, best: Quote | None) -> None:
    """Raises Unsupported where another size would trade at once, or nobody knows that it would not: it is written as
    the size of the new order, so what filled meanwhile comes on top, and could not be taken back. Another price alone
    is of what is left there. `best`: None where the line does not tell of it."""
    wish = order.requested
    if wish is None or wish.quantity in (None, order.quantity):
        return
    limit = wish.limit_price if wish.limit_price is not None else order.limit_price
    if best is None:
        code = code_of(order.instrument)
        text = (
            f"the price of {code} is not known now, and another size might trade at once: nothing was sent; try again"
        )
        raise Unsupported(NAME, text)
    touch = best.ask if order.side is Side.BUY else best.bid
    if limit is None or not touch or (limit < exact(touch) if order.side is Side.BUY else limit > exact(touch)):
        return
    text = (
        "upbit would trade the new size at once, with what filled meanwhile on top: nothing was sent; change the price "
        "alone, or cancel it and send what is left"
    )
    raise Unsupported(NAME, text)


def replacing(order: Order, version: int, settings: UpbitSettings) -> wire.Replacing:
    """Cancel and new with the terms of `order.requested`. What is not named stays; the volume is what is left unless
    another quantity is wished, because a fill on the way must not be bought twice."""
    wish = order.requested
    if wish is None or order.request.type is not OrderType.LIMIT:
        raise Unsupported(NAME, "upbit changes limit orders alone: nothing was sent")
    if not order.refs:
        raise Unsupported(NAME, "upbit's number of this order is not known yet: nothing was sent")
    price = wish.limit_price if wish.limit_price is not None else order.limit_price
    volume = "remain_only"
    if wish.quantity is not None and wish.quantity != order.quantity:
        left = wish.quantity - order.filled
        if left <= 0:
            raise Unsupported(NAME, "that much is filled already: cancel the rest instead")
        volume = plain(left)
    time = IMMEDIATE.get(order.request.time_in_force, "")
    return wire.Replacing(
        prev_order_uuid=order.refs[-1],
        new_ord_type="limit",
        new_volume=volume,
        new_price=plain(price or Decimal(0)),
        new_time_in_force="post_only" if order.request.post_only else time,
        new_smp_type="" if order.request.post_only else settings.self_match,
        new_identifier=account.identifier_of(order.id, version),
    )
