"""The ticket as a model: keys in, a request out. Nothing here draws or sends."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import msgspec
import pytest

from brokers.paper.catalogue import LISTINGS
from core.domain.commands import Replace, Submit
from core.domain.errors import InvalidValue
from core.domain.order import OrderRequest, OrderStatus, OrderType, Side, TimeInForce
from core.ports import Preview
from tests.scenes import ACCOUNT, INSTRUMENTS, new_id
from tests.tui import scripted
from tui.forms.fields import Market, ticks_between, unit_of
from tui.forms.ticket import Ticket
from tui.messages import Dropped, Edited, Press, Refused, Wanted

SAMSUNG, APPLE = INSTRUMENTS
MARKET = Market(Decimal(71_000), Decimal(71_100), Decimal(71_000))


def ticket(side: Side = Side.BUY, price: str | None = "71000", **more: Any) -> Ticket:
    made = Ticket(new_id(), ACCOUNT, SAMSUNG, side, None if price is None else Decimal(price), **more)
    made.see(MARKET, Decimal(40))
    return made


NAMES = {"+": "plus", "-": "minus", "=": "equals_sign", "%": "percent_sign", ".": "full_stop", ",": "comma"}


def press(form: Ticket, *keys: str) -> Any:
    wish = None
    for key in keys:
        wish = form.key(Press(NAMES.get(key, key), key if len(key) == 1 else None, 1.0))
    return wish


def preview(**more: Any) -> Preview:
    figures: dict[str, Any] = {
        "notional": Decimal(710_000),
        "currency": "KRW",
        "notional_base": Decimal(710_000),
        "costs": Decimal(100),
        "position_after": Decimal(50),
        "buying_power_after": Decimal(9_289_900),
        "distance_ticks": 0,
        "nav_fraction": 0.0142,
        "checks_passed": 19,
        "checks_total": 19,
    }
    return Preview(**(figures | more))


def sent(form: Ticket) -> OrderRequest:
    command = form.command()
    assert isinstance(command, Submit)
    return command.request


# ---- legs


@pytest.mark.parametrize(
    "text, price",
    [("69500", 69_500), ("-2%", 69_600), ("2%", 69_600), ("-5t", 70_500), ("5t", 70_500), ("69,500", 69_500)],
)
def test_stop_loss_as_price_percent_or_ticks(text: str, price: int) -> None:
    form = ticket()
    press(form, "o", *text)
    assert sent(form).stop_loss == Decimal(price)


@pytest.mark.parametrize("text, price", [("+3%", 73_100), ("3%", 73_100), ("+10t", 72_000), ("74000", 74_000)])
def test_take_profit(text: str, price: int) -> None:
    form = ticket()
    press(form, "o", "o", *text)
    assert form.field == "tp"
    assert sent(form).take_profit == Decimal(price)


def test_legs_of_a_sale_lie_on_the_other_sides() -> None:
    form = ticket(Side.SELL, "71100")
    press(form, "o", *"2%", "o", *"3%")
    request = sent(form)
    assert request.stop_loss is not None and request.stop_loss > 71_100
    assert request.take_profit is not None and request.take_profit < 71_100


@pytest.mark.parametrize("keys", [("o", *"+2%"), ("o", "o", *"-2%"), ("o", *"71000")])
def test_a_leg_on_the_wrong_side_is_refused(keys: tuple[str, ...]) -> None:
    form = ticket()
    press(form, *keys)
    assert isinstance(press(form, "enter"), Refused)
    assert "lies" in form.problem


def test_letters_are_typed_in_legs_and_are_keys_elsewhere() -> None:
    form = ticket()
    press(form, "t")
    assert form.type is OrderType.MARKET
    press(form, *["t"] * 5)
    assert form.type is OrderType.LIMIT
    press(form, "o", *"5t")
    assert (form.type, form.sl.text) == (OrderType.LIMIT, "5t")
    press(form, "up")  # a leg moves by ticks too
    assert form.sl.text == "70600"


def test_legs_of_a_market_order_are_counted_from_the_opposite_touch() -> None:
    form = ticket()
    press(form, "t", "o", *"-1t")
    assert sent(form).stop_loss == Decimal(71_000)


# ---- sizes


def test_shares_of_the_buying_power_and_of_the_position() -> None:
    form = ticket()
    form.learn(preview())
    press(form, "%")
    assert form.quantity.text == "25%"
    assert sent(form).quantity == Decimal(35)  # 2,500,000 / 71,000
    press(form, "%", "%", "%")
    assert form.quantity.text == "100%"
    assert sent(form).quantity == Decimal(140)  # less than 10,000,000: costs
    press(form, "%")
    assert form.quantity.text == "25%"
    sale = ticket(Side.SELL)
    press(sale, "%", "%")
    assert sent(sale).quantity == Decimal(20)


def test_a_share_can_be_typed() -> None:
    form = ticket(Side.SELL)
    press(form, *"75%")
    assert sent(form).quantity == Decimal(30)


def test_risk_sizing_needs_a_stop_and_keeps_the_risk() -> None:
    form = ticket()
    form.learn(preview())
    press(form, *"r0.5%")
    assert isinstance(press(form, "enter"), Refused)
    assert "stop loss" in form.problem
    press(form, "o", *"-14t")
    # 0.5 % of 50,000,000 is 250,000; 1,400 a share
    assert sent(form).quantity == Decimal(178)
    assert sent(form).quantity * (Decimal(71_000) - Decimal(69_600)) <= Decimal(250_001)
    press(form, "tab", "tab", "tab", "tab", "tab")
    assert form.field == "quantity"
    press(form, *["%"] * 5)
    assert form.quantity.text == "r0.5%"


@pytest.mark.parametrize("text, quantity", [("₩5m", None), ("500만원", 70), ("2k", 2000)])
def test_cash_and_thousands(text: str, quantity: int | None) -> None:
    form = ticket()
    form.learn(preview())
    press(form, *text)
    if quantity is None:
        assert form.quantity.text == "₩5"  # m is no character of the field
    else:
        assert sent(form).quantity == Decimal(quantity)


@pytest.mark.parametrize("text", ["25%", "r0.5%", "0", "1.5", "r", "%"])
def test_a_size_that_cannot_be_known_is_refused(text: str) -> None:
    form = ticket()
    press(form, *text)
    if text == "%":
        form.quantity.set("%")
    with pytest.raises(InvalidValue):
        form.request()


def test_what_is_shown_is_sealed_at_enter() -> None:
    form = ticket()
    form.learn(preview())
    press(form, "%")
    wanted = press(form, "enter")
    assert isinstance(wanted, Wanted)
    form.learn(preview(buying_power_after=Decimal(1)))
    assert wanted.command.request.quantity == Decimal(35)  # type: ignore[union-attr]
    assert "35" in wanted.text


def test_presets_and_lots() -> None:
    form = ticket()
    press(form, "+", "+")
    assert form.quantity.text == "10"
    press(form, "-", "right", "shift+right", "left")
    assert form.quantity.text == "15"


# ---- peg


def test_a_price_moves_only_when_pegged() -> None:
    form = ticket()
    higher = Market(Decimal(71_500), Decimal(71_600), Decimal(71_500))
    assert not form.see(higher, Decimal(0))
    assert form.price.text == "71000"
    form.see(MARKET, Decimal(0))
    press(form, "down", "down", "p")
    assert form.peg == 2
    assert form.see(higher, Decimal(0))
    assert form.price.text == "71300"
    press(form, "down")
    assert (form.peg, form.price.text) == (3, "71200")
    press(form, "p")
    assert not form.see(MARKET, Decimal(0))
    assert form.price.text == "71200"


def test_a_sale_is_pegged_above_its_touch_and_typing_ends_it() -> None:
    form = ticket(Side.SELL, "71300")
    press(form, "p")
    assert form.peg == 2
    form.see(Market(Decimal(70_000), Decimal(70_100), Decimal(70_000)), Decimal(0))
    assert form.price.text == "70300"
    press(form, "tab", "7")
    assert form.peg is None


def test_a_peg_that_is_gone_from_the_book_keeps_its_last_price() -> None:
    form = ticket()
    press(form, "p")
    assert not form.see(Market(None, None, Decimal(71_000)), Decimal(0))
    assert form.price.text == "71000"


def test_peg_without_a_price_or_a_touch_is_refused() -> None:
    form = ticket()
    form.see(Market(), Decimal(0))
    assert isinstance(press(form, "p"), Refused)
    press(form, "t")
    assert isinstance(press(form, "p"), Refused)


def test_ticks_between_crosses_bands() -> None:
    assert ticks_between(SAMSUNG, Decimal(49_950), Decimal(50_200)) == 3
    assert ticks_between(SAMSUNG, Decimal(50_200), Decimal(49_950)) == -3


# ---- what the venue takes, what is changed


def test_only_what_the_venue_takes_is_offered() -> None:
    form = ticket(types=(OrderType.MARKET, OrderType.LIMIT), times=(TimeInForce.DAY, TimeInForce.IOC))
    seen = set()
    for _ in range(4):
        press(form, "t", "T")
        seen.add((form.type, form.time_in_force))
    assert {kind for kind, _ in seen} == {OrderType.LIMIT, OrderType.MARKET}
    assert {time for _, time in seen} == {TimeInForce.DAY, TimeInForce.IOC}


def test_auctions_and_extended_hours_are_offered_only_where_the_venue_says_so() -> None:
    special = {OrderType.LOC, TimeInForce.OPG, TimeInForce.EXT}
    assert not special & {*ticket().types, *ticket().times}
    form = ticket(price="70800", types=(OrderType.LIMIT, OrderType.LOC), times=(TimeInForce.DAY, TimeInForce.OPG))
    press(form, "t")
    assert (form.request().type, form.request().limit_price) == (OrderType.LOC, Decimal(70_800))
    press(form, "t", "T")
    assert (form.request().type, form.request().time_in_force) == (OrderType.LIMIT, TimeInForce.OPG)


def test_a_change_bears_the_orders_id_and_offers_no_legs() -> None:
    row = scripted.order(1, scripted.SAMSUNG, Side.BUY, OrderStatus.OPEN)
    form = ticket(order=row, price="70800")
    assert form.request().client_order_id == row.id
    assert "sl" not in form.fields
    press(form, "o", "t", "up")
    command = form.command()
    assert isinstance(command, Replace)
    assert command.limit_price == Decimal(70_900)


def test_a_protective_stop() -> None:
    form = ticket(Side.SELL, "69600", quantity=Decimal(40), is_protective=True)
    assert form.field == "stop"
    assert (form.type, form.time_in_force) == (OrderType.STOP, TimeInForce.GTC)
    press(form, *"-2%")
    request = sent(form)
    assert (request.stop_price, request.reduce_only, request.quantity) == (Decimal(69_600), True, Decimal(40))
    press(form, "up", "pageup")
    assert sent(form).stop_price == Decimal(70_700)
    form.stop.set("71100")
    with pytest.raises(InvalidValue):
        form.request()


def test_only_the_quantity_of_a_trailing_order_is_changed() -> None:
    row = msgspec.structs.replace(
        scripted.order(1, scripted.SAMSUNG, Side.SELL, OrderStatus.OPEN),
        **{"type": OrderType.TRAILING, "limit_price": None, "stop_price": Decimal(69_000), "trail": Decimal(500)},
    )
    form = Ticket(new_id(), ACCOUNT, SAMSUNG, row.side, None, order=row)
    form.see(MARKET, Decimal(40))
    assert form.fields == ("quantity",)
    assert form.request().trail == Decimal(500)
    assert isinstance(press(form, "K"), Refused)
    assert isinstance(press(form, "enter"), Dropped)
    press(form, *"3")
    assert form.command() == Replace(client_order_id=row.id, quantity=Decimal(3))


def test_off_tick_names_the_neighbours() -> None:
    form = ticket()
    press(form, "tab", *"70850")
    assert isinstance(press(form, "enter"), Refused)
    assert "70800" in form.problem and "70900" in form.problem
    assert isinstance(press(form, "up"), Edited)
    assert form.price.text == "70900"


@pytest.mark.parametrize(
    ("price", "unit"),
    [("150000000", "0.0001"), ("5200000", "0.001"), ("3092", "10"), ("298", "100"), ("0.0183", "1000000")],
)
def test_a_coin_starts_at_the_power_of_ten_that_the_venue_takes(price: str, unit: str) -> None:
    coin = next(listing.instrument for listing in LISTINGS if listing.instrument.code == "KRW-XRP")
    assert coin.min_value == 5000
    assert unit_of(coin, Decimal(price)) == Decimal(unit)
