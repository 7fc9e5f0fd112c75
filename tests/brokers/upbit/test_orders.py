"""Every kind of order that Upbit knows, what it becomes there, and how it ends; refusals by their own names."""

from __future__ import annotations

from contextlib import suppress
from decimal import Decimal
from typing import Any

import httpx
import msgspec
import pytest

from brokers.upbit import auth, orders, pocket
from brokers.upbit.settings import UpbitSettings
from core.domain.errors import OrderRejected, OutcomeUnknown, Unsupported
from core.domain.events import Noticed, OrderFilled, OrderReplaced
from core.domain.ids import InstrumentId
from core.domain.market import Phase, Quote
from core.domain.order import Order, OrderStatus, OrderType, TimeInForce
from core.ports import SendPermit
from tests import scenes
from tests.contract.session import CLOCK, Session, order_of, until
from tests.simulators.faults import Fault
from tests.simulators.upbit.plug import CODE, MAIN, UpbitPlug

D = Decimal
FOK, IOC = TimeInForce.FOK, TimeInForce.IOC


def placed(session: Session) -> Any:
    """The newest order as the venue has it."""
    return list(session.plug.venue.exchange.orders.values())[-1]  # type: ignore[attr-defined]


def fund(session: Session, currency: str, amount: str) -> None:
    session.plug.venue.exchange.wallet(MAIN, currency).free += D(amount)  # type: ignore[attr-defined]


async def with_settings(plug: UpbitPlug, **more: Any) -> Session:
    made = Session(plug, plug.broker(**more))
    await made.open()
    return made


# --- what each becomes ---------------------------------------------------------------------------------------------


def sealed(settings: UpbitSettings, **more: Any) -> dict[str, Any]:
    plug = UpbitPlug.instrument
    request = scenes.request(more.pop("side", "buy"), "2.5", more.pop("price", None), instrument=plug.id, **more)
    body = msgspec.to_builtins(orders.seal(order_of(request), settings, D(71_100)))
    body.pop("identifier")
    return body


PLAIN = UpbitSettings()
PREVENTED = UpbitSettings(self_match="cancel_taker")
TOTALS = UpbitSettings(market_buys="total")


@pytest.mark.parametrize(
    ("settings", "more", "body"),
    [
        (PLAIN, {"price": "70000"}, {"side": "bid", "ord_type": "limit", "price": "70000"}),
        (
            PLAIN,
            {"price": "70000", "side": "sell", "time_in_force": FOK},
            {"side": "ask", "ord_type": "limit", "price": "70000", "time_in_force": "fok"},
        ),
        (
            PREVENTED,
            {"price": "70000"},
            {"side": "bid", "ord_type": "limit", "price": "70000", "smp_type": "cancel_taker"},
        ),
        (
            PREVENTED,
            {"price": "70000", "post_only": True},
            {"side": "bid", "ord_type": "limit", "price": "70000", "time_in_force": "post_only"},
        ),
        (PLAIN, {"side": "sell"}, {"side": "ask", "ord_type": "market"}),
        (
            PLAIN,
            {"side": "sell", "time_in_force": IOC},
            {"side": "ask", "ord_type": "best", "time_in_force": "ioc"},
        ),
        (PLAIN, {}, {"side": "bid", "ord_type": "limit", "price": "72500", "time_in_force": "ioc"}),
        (
            UpbitSettings(slippage=D("0.0000001")),
            {"time_in_force": FOK},
            {"side": "bid", "ord_type": "limit", "price": "71100", "time_in_force": "fok"},
        ),
        (TOTALS, {}, {"side": "bid", "ord_type": "price", "price": "177750", "volume": ""}),
        (
            TOTALS,
            {"time_in_force": IOC},
            {"side": "bid", "ord_type": "best", "price": "177750", "volume": "", "time_in_force": "ioc"},
        ),
    ],
)
def test_what_is_sealed(settings: UpbitSettings, more: dict[str, Any], body: dict[str, Any]) -> None:
    wanted = {"market": CODE, "volume": "2.5", **body}
    assert sealed(settings, **more) == {name: value for name, value in wanted.items() if value}


def test_a_market_buy_is_never_priced_below_the_ask_or_its_total_rounded_down() -> None:
    """The table has coarser steps than the venue in places."""
    wanted = scenes.request("buy", "0.33333333", None, instrument=InstrumentId("UPBIT:KRW-USDT"))
    tight = orders.seal(order_of(wanted), UpbitSettings(slippage=D("0.0001")), D("1450.5"))
    assert (tight.ord_type, tight.price) == ("limit", "1450.5")
    assert orders.seal(order_of(wanted), TOTALS, D("1450.5")).price == "484"


def test_without_an_ask_a_market_buy_is_refused_and_a_sale_is_not() -> None:
    buy, sale = (
        order_of(scenes.request(side, "2.5", None, instrument=UpbitPlug.instrument.id)) for side in ("buy", "sell")
    )
    with pytest.raises(Unsupported, match="nothing was sent"):
        orders.seal(buy, PLAIN, None)
    assert orders.seal(sale, PLAIN, None).ord_type == "market"


@pytest.mark.parametrize(
    "more",
    [
        {"type": OrderType.STOP, "stop_price": D(72_000)},
        {"price": "70000", "post_only": True, "time_in_force": IOC},
        {"post_only": True},
    ],
)
def test_what_the_venue_does_not_know(more: dict[str, Any]) -> None:
    with pytest.raises(Unsupported, match="nothing was sent"):
        sealed(PLAIN, **more)


# --- how they end --------------------------------------------------------------------------------------------------


async def test_a_market_buy_buys_what_was_asked_for_and_not_more(session: Session) -> None:
    await session.quoted(71_000, 71_100, size=1)
    sent = await session.send(session.plug.request("buy", "2.5", None))
    await until(lambda: sum(event.fill.quantity for event in session.fills(sent.id)) == D("2.5"))
    assert placed(session).ord_type == "limit" and placed(session).state == "done"
    assert [fill.fill.price for fill in session.fills(sent.id)] == [71_100, 71_150, 71_200]


async def test_a_market_buy_stops_at_its_slippage(plug: UpbitPlug) -> None:
    session = await with_settings(plug, slippage=D("0.001"))
    await session.quoted(71_000, 71_100, size=1)
    sent = await session.send(plug.request("buy", "10", None))
    await until(lambda: session.ends(sent.id))
    assert sum(event.fill.quantity for event in session.fills(sent.id)) == 2
    await session.close()


async def test_a_market_buy_leaves_as_it_was_sealed(session: Session) -> None:
    """The permit is for these bytes: the price is among them, and the market may move before they are written."""
    await session.quoted(71_000, 71_100, size=5)
    order = order_of(session.plug.request("buy", "1", None))
    prepared = session.broker.prepare(order)
    await session.quoted(71_400, 71_500, size=5)
    await session.broker.submit(prepared, SendPermit(order.id, prepared.digest))
    assert msgspec.json.decode(prepared.body)["price"] == "72500"
    assert placed(session).price == 72_500, "not a little above the ask of now"


async def test_without_a_seller_nothing_is_sealed(session: Session) -> None:
    await session.quoted(71_000, 71_100, size=5)
    market = session.plug.venue.exchange.markets[CODE]  # type: ignore[attr-defined]
    market.asks.clear()
    session.plug.venue.streams.tell("orderbook", market)  # type: ignore[attr-defined]
    await until(lambda: not session.of(Quote)[-1].ask)
    with pytest.raises(Unsupported, match="nothing was sent"):
        session.broker.prepare(order_of(session.plug.request("buy", "1", None)))


async def test_a_buy_by_total_ends_as_cancel_and_is_filled(plug: UpbitPlug) -> None:
    """The venue cuts the volume to eight decimals, cancels the rest, and that is a filled order."""
    session = await with_settings(plug, market_buys="total")
    await session.quoted(71_000, 71_100, size=1)
    sent = await session.send(plug.request("buy", "2.5", None))
    await until(lambda: any(event.quantity == placed(session).executed for event in session.replaced(sent.id)))
    assert placed(session).ord_type == "price" and placed(session).state == "cancel"
    told = session.replaced(sent.id)
    bought = sum(event.fill.quantity for event in session.fills(sent.id))
    assert told[-1].quantity == bought == placed(session).executed and not session.ends(sent.id)
    filled = D(0)
    for event in session.events:  # at no moment more is filled than the order is for, nor is it full too early
        if isinstance(event, OrderReplaced):
            quantity = event.quantity
        if isinstance(event, OrderFilled):
            filled += event.fill.quantity
            assert filled < quantity
    row = next(row for row in (await session.snapshot()).orders if row.ref == sent.ref)
    assert (row.status, row.filled, row.quantity) == ("filled", bought, bought)
    await session.close()


async def test_a_best_sell_takes_the_best_level_alone(session: Session) -> None:
    fund(session, "SOL", "10")
    await session.plug.quote(71_000, 71_100, size=2)
    sent = await session.send(session.plug.request("sell", "5", None, time_in_force=IOC))
    await until(lambda: session.ends(sent.id))
    assert [(e.fill.quantity, e.fill.price) for e in session.fills(sent.id)] == [(D(2), D(71_000))]
    none = await session.send(session.plug.request("sell", "5", None, time_in_force=FOK))
    await until(lambda: session.ends(none.id))
    assert session.fills(none.id) == []


async def test_a_market_sell_and_its_fee(session: Session) -> None:
    fund(session, "SOL", "3")
    sent = await session.send(session.plug.request("sell", "3", None))
    await until(lambda: session.fills(sent.id))
    (event,) = session.fills(sent.id)
    assert event.fill.fee == event.fill.price * 3 * D("0.0005") and event.fill.currency == "KRW"
    assert placed(session).state == "done"


async def test_all_or_nothing(session: Session) -> None:
    await session.plug.quote(71_000, 71_100, size=1)
    none = await session.send(session.plug.request("buy", "5", "71150", time_in_force=FOK))
    await until(lambda: session.ends(none.id))
    whole = await session.send(session.plug.request("buy", "2", "71150", time_in_force=FOK))
    await until(lambda: sum(e.fill.quantity for e in session.fills(whole.id)) == 2)
    assert session.fills(none.id) == []


async def test_post_only_rests_or_ends(session: Session) -> None:
    taking = await session.send(session.plug.request("buy", "1", "71100", post_only=True))
    await until(lambda: session.ends(taking.id))
    resting = await session.send(session.plug.request("buy", "1", "70000", post_only=True))
    await until(lambda: session.acceptances(resting.id))
    assert session.fills(taking.id) == [] and placed(session).state == "wait"


@pytest.mark.parametrize(
    ("mode", "resting", "taken", "filled"),
    [
        *(("", "cancel", "wait", 0), ("cancel_taker", "wait", "cancel", 0)),
        *(("reduce", "wait", "cancel", 0), ("none", "wait", "done", 1)),
    ],
)
async def test_our_own_orders_meet(plug: UpbitPlug, mode: str, resting: str, taken: str, filled: int) -> None:
    session = await with_settings(plug, self_match=mode)
    fund(session, "SOL", "10")
    rest = await session.send(plug.request("buy", "3", "71000"))
    await plug.quote(70_900, 71_100)
    take = await session.send(plug.request("sell", "1", "71000"))
    book = plug.venue.exchange.orders
    await until(lambda: book[rest.ref].state == resting and book[take.ref].state == taken)
    assert sum(e.fill.quantity for e in session.fills(take.id)) == filled
    if mode == "":
        await until(lambda: session.ends(rest.id))
        assert any("another order of ours" in event.text for event in session.of(Noticed))
    if mode == "reduce":
        await until(lambda: session.replaced(rest.id))
        assert session.replaced(rest.id)[-1].quantity == 2 and session.ends(take.id)
        row = next(row for row in (await session.snapshot()).orders if row.ref == rest.ref)
        assert (row.quantity, row.status) == (D(2), "open")
    await session.close()


# --- replacements that race ----------------------------------------------------------------------------------------


async def test_a_replaced_order_that_filled_first_has_no_successor(session: Session) -> None:
    sent = await session.rest("5", "71000")
    session.plug.venue.cancel_seconds = 0.2  # type: ignore[attr-defined]
    await session.broker.replace(session.replacing(sent, limit_price=D(70_900)))
    await session.plug.quote(70_900, 71_000, size=100)
    await until(lambda: sum(e.fill.quantity for e in session.fills(sent.id)) == 5)
    await CLOCK.sleep(1.3)
    assert session.replaced(sent.id) == [] and session.ends(sent.id) == []
    assert len(session.plug.venue.exchange.orders) == 1  # type: ignore[attr-defined]


async def test_a_change_of_size_never_buys_more_than_the_larger_of_both(session: Session) -> None:
    """Part of it filled and was not heard of yet, and the new one would trade before anybody could take it back."""
    await session.quoted(71_000, 71_100, size=1000)
    sent = await session.rest("10", "71000")
    session.plug.faults.put("private", Fault.DELAY, times=3, seconds=0.5)
    exchange = session.plug.venue.exchange  # type: ignore[attr-defined]
    exchange.markets[CODE].asks.insert(0, [D(71_000), D(4)])
    exchange.cross(exchange.markets[CODE])
    with suppress(Unsupported):
        await session.broker.replace(session.replacing(sent, quantity=D(9), limit_price=D(71_100)))
    await CLOCK.sleep(0.1)
    assert sum(order.executed for order in exchange.orders.values()) <= 10
    await session.broker.replace(session.replacing(sent, limit_price=D(71_100)))  # of what is left, as it is by then
    await until(lambda: sum(order.executed for order in exchange.orders.values()) == 10)


async def test_another_size_is_refused_where_nobody_knows_whether_it_would_trade_at_once(session: Session) -> None:
    """Before the first quote, and once the market is not listened to any more."""
    sent = await session.rest("10", "70000")
    with pytest.raises(Unsupported, match="not known now"):
        await session.broker.replace(session.replacing(sent, quantity=D(9)))
    await session.quoted(71_000, 71_100)
    await session.broker.subscribe(frozenset())
    with pytest.raises(Unsupported, match="not known now"):
        await session.broker.replace(session.replacing(sent, quantity=D(9)))
    await session.quoted(71_100, 71_200)
    await session.broker.replace(session.replacing(sent, quantity=D(9)))
    assert (await until(lambda: session.replaced(sent.id)))[-1].quantity == 9


async def test_what_filled_before_counts_in_a_replaced_order(session: Session) -> None:
    await session.quoted(71_000, 71_100)
    sent = await session.rest("10", "71000")
    await session.plug.quote(70_900, 71_000, size=4)
    await until(lambda: session.fills(sent.id))
    known = msgspec.structs.replace(sent.open_order, filled=D(4), filled_value=D(4 * 71_000))
    wish = session.replacing(sent, quantity=D(9), limit_price=D(70_500)).requested
    await session.broker.replace(msgspec.structs.replace(known, requested=wish))
    told = (await until(lambda: session.replaced(sent.id)))[-1]
    assert (told.quantity, told.limit_price) == (D(9), D(70_500)) and placed(session).volume == 5
    await session.plug.quote(70_400, 70_500, size=3)
    await until(lambda: sum(e.fill.quantity for e in session.fills(sent.id)) == 7)
    rows = [row for row in (await session.snapshot()).orders if row.client_order_id == sent.id]
    assert [(row.ref, row.filled, row.quantity) for row in rows] == [(told.ref, D(7), D(9))]
    await session.broker.cancel(sent.open_order)  # by the number it had at first: the newest is meant
    await until(lambda: session.ends(sent.id))
    assert placed(session).state == "cancel"


async def test_the_end_of_an_old_version_is_not_the_end_of_the_order(session: Session) -> None:
    """Told once more after the new one stands: the venue repeats itself, or its frames come in another order."""
    sent = await session.rest("5", "70000")
    await session.broker.replace(session.replacing(sent, limit_price=D(69_900)))
    await until(lambda: session.replaced(sent.id))
    venue: Any = session.plug.venue  # type: ignore[attr-defined]
    venue.streams.order(venue.exchange.orders[sent.ref], "cancel", None)
    await CLOCK.sleep(0.1)
    assert session.ends(sent.id) == []
    await session.broker.cancel(sent.open_order)
    await until(lambda: session.ends(sent.id))


async def test_the_end_of_an_old_version_that_is_told_after_the_newest_was_listed(session: Session) -> None:
    """To a new process, which knows of the change by the listing alone."""
    sent = await session.rest("5", "70000")
    await session.broker.replace(session.replacing(sent, limit_price=D(69_900)))
    await until(lambda: session.replaced(sent.id))
    fresh = Session(session.plug)
    await fresh.open()
    await fresh.snapshot()
    venue: Any = session.plug.venue  # type: ignore[attr-defined]
    venue.streams.order(venue.exchange.orders[sent.ref], "cancel", None)
    venue.streams.order(placed(session), "cancel", None)
    assert len(await until(lambda: fresh.ends(sent.id))) == 1, "of the newest alone"
    await fresh.close()


async def test_a_replacement_whose_frames_are_lost_is_asked_about(session: Session) -> None:
    sent = await session.rest("5", "70000")
    session.plug.faults.put("private", Fault.DROP_BEFORE_ACCEPT, times=2)
    await session.broker.replace(session.replacing(sent, limit_price=D(69_900)))
    told = await until(lambda: session.replaced(sent.id))
    assert told[-1].ref == placed(session).uuid and told[-1].limit_price == 69_900
    assert session.ends(sent.id) == []


async def test_a_replacement_canceled_in_between_ends(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    """The old one was canceled for the new one, which the wallet cannot pay: nothing is left, and that is told, but not
    before the new one had time to show."""
    monkeypatch.setattr(pocket, "ABSENT_SECONDS", 1.5)
    await session.quoted(71_000, 71_100)
    sent = await session.rest("5", "70000")
    exchange = session.plug.venue.exchange  # type: ignore[attr-defined]
    session.plug.venue.cancel_seconds = 0.1  # type: ignore[attr-defined]
    await session.broker.replace(session.replacing(sent, quantity=D(14_000)))
    exchange.wallet(MAIN, "KRW").free = D(0)
    await CLOCK.sleep(1.3)
    assert session.ends(sent.id) == []
    await until(lambda: session.ends(sent.id))
    assert "not placed" in session.ends(sent.id)[0].text


@pytest.mark.parametrize(("fault", "seconds"), [(Fault.DELAY, 1.6), (Fault.SLOW_ACCEPT, 1.6)])
async def test_a_replacement_that_takes_its_time_is_waited_for(plug: UpbitPlug, fault: Fault, seconds: float) -> None:
    """Its answer is late, or lost and it is taken later: asked about meanwhile, and never taken for an end."""
    session = await with_settings(plug, answer_seconds=3.0)
    sent = await session.rest("5", "70000")
    plug.faults.put("replace", fault, seconds=seconds)
    with suppress(OutcomeUnknown):
        await session.broker.replace(session.replacing(sent, limit_price=D(69_900)))
    told = await until(lambda: session.replaced(sent.id))
    assert told[-1].limit_price == 69_900 and session.ends(sent.id) == []
    await session.broker.cancel(sent.open_order)
    await until(lambda: session.ends(sent.id))
    await session.close()


async def test_a_cancel_reaches_the_order_that_is_being_replaced(session: Session) -> None:
    sent = await session.rest("5", "70000")
    session.plug.faults.put("private", Fault.DROP_BEFORE_ACCEPT, times=2)  # nothing is heard of the new one
    await session.broker.replace(session.replacing(sent, limit_price=D(69_900)))
    await session.broker.cancel(sent.open_order)
    assert [order.state for order in session.plug.venue.exchange.orders.values()] == ["cancel", "cancel"]  # type: ignore[attr-defined]
    await until(lambda: session.ends(sent.id))


async def test_a_line_that_breaks_in_a_replacement_loses_nothing(session: Session) -> None:
    """The frames of it were on the broken line: it is asked about on the next."""
    sent = await session.rest("5", "70000")
    session.plug.faults.put("private", Fault.CLOSE)
    await session.broker.replace(session.replacing(sent, limit_price=D(69_900)))
    await until(lambda: session.error is not None)
    await session.broker.connect()
    session.listen()
    told = await until(lambda: session.replaced(sent.id))
    assert told[-1].limit_price == 69_900 and session.ends(sent.id) == []


# --- refusals ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("more", "code"),
    [
        ({"price": "70001"}, "invalid_price_bid"),
        ({"quantity": "0.01", "price": "70000"}, "under_min_total_bid"),
        ({"quantity": "20000", "price": "70000"}, "over_krw_funds_bid"),
        ({"side": "sell", "price": "72000"}, "insufficient_funds_ask"),
        ({"quantity": "0.123456789", "price": "70000"}, "validation_error"),
    ],
)
async def test_refusals_carry_the_venues_name(session: Session, more: dict[str, Any], code: str) -> None:
    given = {"side": "buy", "quantity": "1", **more}
    sent = await session.send(session.plug.request(given.pop("side"), given.pop("quantity"), given.pop("price")))
    assert isinstance(sent.error, OrderRejected) and sent.error.code == code and str(sent.error)


async def test_no_money_is_a_refusal(session: Session) -> None:
    session.plug.venue.exchange.wallet(MAIN, "KRW").free = D(100)  # type: ignore[attr-defined]
    sent = await session.send(session.plug.request("buy", "1", "70000"))
    assert isinstance(sent.error, OrderRejected) and sent.error.code == "insufficient_funds_bid"


async def test_a_market_that_is_gone_is_a_refusal(session: Session) -> None:
    session.plug.venue.exchange.markets.pop(CODE)  # type: ignore[attr-defined]
    sent = await session.send(session.plug.request("buy", "1", "70000"))
    assert isinstance(sent.error, OrderRejected) and sent.error.code == "notfoundmarket"


async def test_a_halted_market_says_so_and_takes_nothing(session: Session) -> None:
    market = session.plug.venue.exchange.markets[CODE]  # type: ignore[attr-defined]
    await session.broker.instruments()
    await session.watch()
    await until(lambda: session.of(Quote))
    market.is_halted = True
    session.plug.venue.streams.tell("ticker", market)  # type: ignore[attr-defined]
    await until(lambda: any(getattr(e, "phase", None) is Phase.HALTED for e in session.events))
    sent = await session.send(session.plug.request("buy", "1", "70000"))
    assert isinstance(sent.error, OrderRejected) and sent.error.code == "market_offline"
    market.is_halted = False
    session.plug.venue.streams.tell("ticker", market)  # type: ignore[attr-defined]
    await until(lambda: [e for e in session.events if getattr(e, "phase", None)][-1].phase is Phase.OPEN)


async def test_an_id_that_was_used_says_that_an_order_may_live(session: Session) -> None:
    """The same id a second time is refused by the venue, and proves that the first arrived: the outcome is unknown."""
    sent = await session.rest("1", "70000")
    again = SendPermit(sent.id, sent.prepared.digest)
    with pytest.raises(OutcomeUnknown, match="duplicated_identifier"):
        await session.broker.submit(sent.prepared, again)
    assert len(session.plug.venue.exchange.orders) == 1  # type: ignore[attr-defined]


async def test_an_unknown_name_proves_nothing(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    from tests.simulators.upbit.exchange import Refused

    def refuse(*_: object, **__: object) -> None:
        raise Refused(400, "something_new", "what nobody knows")

    monkeypatch.setattr(session.plug.venue.exchange, "place", refuse)  # type: ignore[attr-defined]
    sent = await session.send(session.plug.request("buy", "1", "70000"))
    assert isinstance(sent.error, OutcomeUnknown) and "something_new" in str(sent.error)


def test_a_change_is_of_limit_orders_and_of_what_is_left() -> None:
    order = order_of(UpbitPlug.request(UpbitPlug, "buy", "5", "70000"))  # type: ignore[arg-type]
    from core.domain.order import Requested, RequestKind, RequestPhase

    wish = Requested(kind=RequestKind.REPLACE, phase=RequestPhase.SENDING, quantity=D(3))
    full: Order = msgspec.structs.replace(
        order, status=OrderStatus.OPEN, refs=("0d1f5a2e-ref",), filled=D(3), requested=wish
    )
    with pytest.raises(Unsupported, match="filled already"):
        orders.replacing(full, 1, PLAIN)
    with pytest.raises(Unsupported, match="not known yet"):
        orders.replacing(msgspec.structs.replace(full, refs=()), 1, PLAIN)
    moved = msgspec.structs.replace(full, requested=msgspec.structs.replace(wish, quantity=None, limit_price=D(69_900)))
    body = orders.replacing(moved, 7, PLAIN)
    assert (body.new_volume, body.new_price, body.new_identifier) == ("remain_only", "69900", f"{order.id}-7")


async def test_an_order_as_a_form_is_refused_by_the_venue_as_it_is_in_truth(session: Session) -> None:
    venue: Any = session.plug.venue  # type: ignore[attr-defined]
    form = "market=KRW-SOL&side=bid&ord_type=limit&price=70000&volume=1"
    (keys,) = [pocket.exchange.keys for pocket in session.broker.pockets.values()][:1]  # type: ignore[attr-defined]
    headers = {**auth.bearer(keys, form), "Content-Type": "application/x-www-form-urlencoded"}
    async with httpx.AsyncClient(base_url=venue.server.url) as client:
        answer = await client.post("/v1/orders", content=form, headers=headers)
    assert (answer.status_code, answer.json()["error"]["name"]) == (400, "bad_request")
    assert not venue.exchange.orders
