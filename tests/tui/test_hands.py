"""What a hand does with orders besides sending them: repeat, protect, take back, and how few keys it needs."""

from __future__ import annotations

from decimal import Decimal

import pytest

from core.domain.events import OrderRejected
from core.domain.limits import RiskLimits
from core.domain.order import OrderStatus, OrderType, Side, TimeInForce
from core.trading.view import Slice
from tests.scenes import APPLE, SAMSUNG
from tests.tui import scripted
from tests.tui.scripted import ScriptedDesk, check_rows, console
from tests.tui.trading import Trader, resting_order, trader
from tui.forms.ticket import Ticket


def ticket(hands: scripted.Hands) -> Ticket:
    form = hands.app.top_form
    assert isinstance(form, Ticket), hands.text
    return form


# ---- few keys


@pytest.mark.parametrize("rehearse, most", [(False, 4), (True, 5)], ids=["paper", "live"])
async def test_symbol_to_sent_in_few_keys(rehearse: bool, most: int) -> None:
    async with trader(rehearse=rehearse) as hands:
        if rehearse:  # the first order of a session is asked about differently
            await hands.press("b", "1", "enter")
            await hands.until(lambda: hands.app.top_form is not None and hands.app.top_form.place == "review")
            await hands.type("main")
            await hands.press("enter")
            await hands.settled(lambda: hands.orders and not hands.app.forms)
        before, keys = len(hands.orders), ["b", "1", "0", "enter", *(["y"] if rehearse else [])]
        for key in keys:
            await hands.press(key)
            if key == "enter":
                await hands.until(lambda: not hands.app.asking.is_sending)
        await hands.settled(lambda: len(hands.orders) == before + 1)
        print(f"{'LIVE' if rehearse else 'PAPER'}: symbol to sent in {len(keys)} keys: {' '.join(keys)}")
        assert len(keys) <= most
        assert hands.orders[-1].quantity == 10


async def test_keys_of_the_other_ways() -> None:
    ways = {"close": ["x", "enter"], "half": ["X", "enter"], "cancel": ["c", "enter"], "undo": ["u", "enter"]}
    for name, keys in ways.items():
        async with trader() as hands:
            if name in ("close", "half"):
                await hands.press("B", "1", "0", "enter")
                await hands.settled(lambda: hands.app.picture.position(SAMSUNG) is not None)
                await hands.press(*keys)
                left = 0 if name == "close" else 5
                await hands.settled(lambda: hands.stage.state.position(hands.app.account, SAMSUNG).quantity == left)  # noqa: B023
            else:
                await resting_order(hands)
                await hands.press(*keys)
                await hands.settled(lambda: hands.orders[0].status is OrderStatus.CANCELED)
        print(f"{name}: {len(keys)} keys")
        assert len(keys) == 2


# ---- repeat


async def test_repeat_opens_the_last_ticket_and_sends_nothing() -> None:
    async with trader() as hands:
        await hands.press(".")
        assert not hands.app.forms
        await hands.press("b", "7", "T", "o", *"-2%", "enter")
        await hands.settled(lambda: hands.orders and not hands.app.forms)
        first = hands.orders[0].request
        await hands.press("j", ".")
        form = ticket(hands)
        assert sum(order.request.parent is None for order in hands.orders) == 1  # its stop is an order of its own
        assert form.id != first.client_order_id
        again = form.request()
        same = ("instrument", "side", "quantity", "limit_price", "type", "time_in_force", "stop_loss")
        assert all(getattr(again, name) == getattr(first, name) for name in same)
        assert again.instrument == SAMSUNG
        assert hands.app.instrument == SAMSUNG
        await hands.stage.second(6)
        await hands.stage.quote(71_000, 71_100)
        await hands.press("enter")
        await hands.settled(lambda: sum(order.request.parent is None for order in hands.orders) == 2)


async def test_slices_are_not_repeated_as_one_order() -> None:
    async with trader() as hands:
        await hands.press(":")
        await hands.type("b 100 005930 @69000 twap=10m")  # no slice of it fills, so nothing else is said
        await hands.press("enter")
        await hands.settled(lambda: hands.orders and not hands.app.forms)
        await hands.press(".")
        await hands.until(lambda: "goes on by itself" in hands.text)
        assert not hands.app.forms


async def test_a_review_says_that_an_order_goes_on_by_itself() -> None:
    async with trader(rehearse=True) as hands:
        for line, words in (("@mkt twap=10m", "MKT DAY twap=600s"), ("chase=3t", "71,000 DAY chase=3t")):
            await hands.press(":")
            await hands.type(f"b 100 005930 {line}")
            await hands.press("enter")
            await hands.until(lambda: hands.app.top_form is not None and hands.app.top_form.place == "review")
            assert words in hands.text, hands.text
            assert not hands.orders
            await hands.press("escape", "escape")
            await hands.until(lambda: not hands.app.forms)


# ---- protect


async def bought(hands: Trader) -> None:
    await hands.press("B", "1", "0", "enter")
    await hands.settled(lambda: hands.app.picture.position(SAMSUNG) is not None and not hands.app.forms)


async def test_protect_attaches_a_stop_and_then_moves_it() -> None:
    async with trader() as hands:
        await hands.press("P")
        assert not hands.app.forms
        await bought(hands)
        await hands.press("P")
        form = ticket(hands)
        assert form.is_protective
        assert "protect" in hands.text
        await hands.press("-", "3", "%", "enter")
        await hands.settled(lambda: any(o.request.stop_price for o in hands.orders))
        stop = next(o for o in hands.orders if o.request.stop_price)
        assert (stop.side, stop.quantity, stop.request.type) == (Side.SELL, Decimal(10), OrderType.STOP)
        assert (stop.request.reduce_only, stop.request.time_in_force) == (True, TimeInForce.GTC)
        first = stop.request.stop_price
        await hands.settled(lambda: hands.app.picture.order(stop.id) is not None)
        await hands.settled(lambda: hands.stage.state.orders[stop.id].status is OrderStatus.OPEN)
        await hands.settled(lambda: not hands.app.forms)
        await hands.press("P")
        assert ticket(hands).order is not None
        await hands.press("up", "enter")
        await hands.settled(lambda: hands.stage.state.orders[stop.id].stop_price != first)
        assert sum(1 for o in hands.orders if o.request.stop_price) == 1


async def test_protect_leaves_the_stop_of_an_entry_that_waits_alone() -> None:
    async with trader() as hands:
        await bought(hands)
        await hands.press(":")
        await hands.type("b 10 005930 @69000 sl=68000")
        await hands.press("enter")
        await hands.settled(lambda: len(hands.orders) >= 3)
        await hands.press("P")
        assert ticket(hands).order is None


async def test_enter_on_an_unchanged_stop_closes_it_so_that_digits_go_to_screens_again() -> None:
    async with trader() as hands:
        await bought(hands)
        await hands.press("P", "enter")
        await hands.settled(lambda: any(o.status is OrderStatus.OPEN for o in hands.orders) and not hands.app.forms)
        first = {o.id: o.stop_price for o in hands.orders}
        await hands.settled(lambda: any(row.stop_price for row in hands.app.picture.orders()))
        await hands.press("P", "enter")
        assert not hands.app.forms
        assert "unchanged" in hands.text
        await hands.press("2")
        await hands.press("1", "enter")
        await hands.settled(lambda: not hands.app.asking.is_sending)
        assert {o.id: o.stop_price for o in hands.orders} == first


async def test_a_stop_that_follows_the_price_is_not_moved_by_hand() -> None:
    async with trader() as hands:
        await bought(hands)
        await hands.press(":")
        await hands.type("s 10 005930 tr=500 ro")
        await hands.press("enter")
        await hands.settled(lambda: any(row.trail for row in hands.app.picture.orders()))
        await hands.settled(lambda: not hands.app.forms)
        await hands.press("P")
        assert not hands.app.forms
        assert "follows the price by itself" in hands.text


async def test_protect_in_live_is_no_harder_than_y() -> None:
    async with trader(rehearse=True) as hands:
        await hands.press("B", "1", "0", "enter")
        await hands.until(lambda: hands.app.top_form is not None and hands.app.top_form.place == "review")
        await hands.type("main")
        await hands.press("enter")
        await hands.settled(lambda: hands.app.picture.position(SAMSUNG) is not None and not hands.app.forms)
        await hands.press("P", "enter")
        await hands.until(lambda: hands.app.top_form is not None and hands.app.top_form.place == "review")
        await hands.press("y")
        await hands.settled(lambda: any(o.request.stop_price for o in hands.orders))


# ---- take back


async def test_undo_says_what_became_of_it() -> None:
    async with trader() as hands:
        order = await resting_order(hands)
        await hands.press("6", "u", "enter")
        await hands.settled(lambda: hands.stage.state.orders[order.id].status is OrderStatus.CANCELED)
        await hands.settled(lambda: "is canceled: 0 of 10 filled" in hands.text)
        await hands.press("escape", "u")
        assert not hands.app.forms


async def test_marked_orders_are_canceled_together() -> None:
    async with trader() as hands:
        first = await resting_order(hands, "70500")
        second = await resting_order(hands, "70600")
        third = await resting_order(hands, "70700")
        await hands.settled(lambda: all(hands.app.picture.order(o.id) for o in (first, second, third)))
        hands.app.marked = lambda pane: [first.id, second.id] if pane == "orders" else []  # type: ignore[attr-defined,method-assign]
        await hands.press("c")
        assert "2 marked orders" in hands.text
        await hands.press("enter")
        ends = (OrderStatus.CANCELED, OrderStatus.CANCELED, OrderStatus.OPEN)
        await hands.settled(
            lambda: tuple(hands.stage.state.orders[o.id].status for o in (first, second, third)) == ends
        )


# ---- the ticket on the screen


async def test_a_pegged_ticket_follows_and_is_frozen_by_enter() -> None:
    async with trader() as hands:
        await hands.press("b", "down", "p")
        assert "PEG" in hands.text
        await hands.stage.quote(71_500, 71_600)
        await hands.settled(lambda: ticket(hands).price.text == "71400")
        await hands.press("enter")
        await hands.settled(lambda: hands.orders)
        assert hands.orders[0].limit_price == Decimal(71_400)


async def test_an_unpegged_ticket_stays() -> None:
    async with trader() as hands:
        await hands.press("b")
        await hands.stage.quote(71_500, 71_600)
        await hands.settled(lambda: "-5t" in hands.text)
        assert ticket(hands).price.text == "71000"


@pytest.mark.parametrize("size", [(80, 24), (120, 40), (200, 60)])
@pytest.mark.parametrize("language", ["en", "ko"])
async def test_a_full_ticket_fits(size: tuple[int, int], language: str) -> None:
    async with console(size=size, language=language) as hands:
        await hands.press("b", "%", "o", *"-2%", "o", *"+3%")
        await hands.until(lambda: "19/19" in hands.text)
        check_rows(hands.lines, *size)
        for text in ("25%", "= 73,1", "PAPER main", "69,6"):
            assert text in hands.text, text


async def test_cautions_are_chips_in_paper_and_ask_nothing() -> None:
    async with trader() as hands:
        await hands.press("b", *"1000")
        await hands.settled(lambda: "large value" in hands.text)
        await hands.press("enter")
        await hands.settled(lambda: hands.orders)


# ---- what is said


async def test_a_rejection_is_told_in_full_with_its_code() -> None:
    text = "the order quantity is beyond what this account may hold under rule 17 of the venue, ask your branch"
    async with trader(size=(80, 24)) as hands:
        order = await resting_order(hands)
        hands.stage.program.runner.feed(
            OrderRejected(ts=hands.stage.clock.now(), client_order_id=order.id, code="APBK0919", text=text)
        )
        await hands.settled(lambda: text in _flowing(hands))
        assert "APBK0919" in _flowing(hands)


def _flowing(hands: Trader) -> str:
    """The screen as one run of words, whatever was broken over rows."""
    return " ".join(" ".join(line.strip(" │┃") for line in hands.lines).split())


async def test_messages_are_kept_until_read_and_counted() -> None:
    desk = ScriptedDesk()
    async with console(desk) as hands:
        rows = [scripted.log(n, "fill", "FILL", f"number {n}") for n in range(4, 8)]
        desk.push(Slice.LOG, rows)
        await hands.until(lambda: "number 7" in hands.lines[37])
        assert "+3 more" in hands.lines[37]
        await hands.press("c")  # a remark stands over them and passes
        await hands.press("escape", "escape")
        assert "number 6" in hands.lines[37] or "number 7" in hands.lines[37]
        for _ in range(5):
            await hands.press("escape")
        assert not hands.app.has_message
        desk.push(Slice.LOG, [scripted.log(10, "info", "SENT", "later")])
        await hands.until(lambda: "2 lines of the log did not arrive" in hands.text)


@pytest.mark.parametrize("bell", [False, True])
async def test_fills_ring_when_asked_to(bell: bool) -> None:
    desk = ScriptedDesk()
    async with console(desk, bell=bell) as hands:
        rung: list[int] = []
        hands.app.bell = lambda: rung.append(1)  # type: ignore[method-assign]
        desk.push(Slice.LOG, [scripted.log(4, "fill", "FILL", "B 10")])
        await hands.until(lambda: "B 10" in hands.lines[37])
        assert bool(rung) is bell


async def test_the_other_symbol_keeps_its_own_size() -> None:
    async with trader(limits=RiskLimits(duplicate_window_seconds=None)) as hands:
        await hands.press("b", "3", "enter")
        await hands.settled(lambda: hands.orders and not hands.app.forms)
        await hands.press("j", "b")
        assert ticket(hands).quantity.text == "1"
        assert ticket(hands).instrument.id == APPLE
        await hands.press("escape", "k", "b")
        assert ticket(hands).quantity.text == "3"
