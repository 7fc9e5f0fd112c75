"""A person trades: keys in, the real engine and paper venue behind. What counts is what the engine then holds."""

from __future__ import annotations

from decimal import Decimal

from core.domain.account import TradingState
from core.domain.limits import RiskLimits
from core.domain.order import OrderStatus, OrderType, Side
from tests.scenes import APPLE, SAMSUNG
from tests.tui.trading import resting_order, trader


async def test_buy_through_the_ticket() -> None:
    async with trader() as hands:
        await hands.press("b")
        await hands.type("25")
        await hands.press("enter")
        await hands.settled(lambda: hands.orders)
        (order,) = hands.orders
        assert (order.instrument, order.side, order.quantity) == (SAMSUNG, Side.BUY, Decimal(25))
        assert order.request.limit_price == Decimal(71_000)
        assert order.request.type is OrderType.LIMIT
        await hands.settled(lambda: "OPEN" in hands.text)
        assert not hands.app.forms


async def test_marketable_ticket_fills_and_makes_a_position() -> None:
    async with trader() as hands:
        await hands.press("B", "1", "0", "enter")
        await hands.settled(lambda: any(order.status is OrderStatus.FILLED for order in hands.orders))
        await hands.settled(lambda: "Positions 1" in hands.text)
        await hands.settled(lambda: "FILL" in hands.lines[37] or "FILL" in hands.text)


async def test_sell_ticket_starts_at_the_ask() -> None:
    async with trader() as hands:
        await hands.press("s")
        assert hands.app.top_form.price.text == "71100"  # type: ignore[union-attr]


async def test_arrows_move_price_by_tick_and_quantity_by_lot() -> None:
    async with trader() as hands:
        await hands.press("b", "up", "up", "down", "pageup", "right", "shift+right", "left")
        form = hands.app.top_form
        assert form.price.text == "72100"  # type: ignore[union-attr]
        assert form.quantity.text == "11"  # type: ignore[union-attr]


async def test_double_enter_and_held_enter_are_one_order() -> None:
    async with trader() as hands:
        await hands.press("b", "1", "0", "enter", "enter", gap=0.3)
        await hands.press(*["enter"] * 30, gap=0.03)
        await hands.settled(lambda: hands.orders)
        await hands.settled(lambda: not hands.app.asking.is_sending)
        assert len(hands.orders) == 1


async def test_the_ticket_ignores_enter_until_it_was_seen() -> None:
    async with trader() as hands:
        await hands.press("b")
        await hands.press("enter", gap=0.1)
        await hands.press("enter", gap=0.1)
        assert hands.app.top_form is not None
        assert not hands.orders
        await hands.press("enter", gap=0.1)
        await hands.settled(lambda: hands.orders)
        assert len(hands.orders) == 1


async def test_escape_drops_the_ticket() -> None:
    async with trader() as hands:
        await hands.press("b", "5", "escape", "enter", "enter")
        assert not hands.orders
        assert not hands.app.forms


async def test_order_line_buys() -> None:
    async with trader() as hands:
        await hands.press(":")
        await hands.type("b 10 005930 @70800")
        await hands.settled(lambda: "005930 LMT 70,800" in hands.lines[38])
        await hands.settled(lambda: "Enter sends" in hands.lines[38])
        await hands.press("enter")
        await hands.settled(lambda: hands.orders)
        (order,) = hands.orders
        assert (order.quantity, order.limit_price) == (Decimal(10), Decimal(70_800))


async def test_off_tick_price_is_not_sent_and_tab_takes_a_neighbour() -> None:
    async with trader() as hands:
        await hands.press(":")
        await hands.type("b 10 005930 @70850")
        await hands.press("enter")
        assert not hands.orders
        assert "70800 or 70900" in hands.lines[38]
        await hands.press("tab")
        await hands.settled(lambda: "LMT 70,800" in hands.lines[38])
        await hands.press("enter")
        await hands.settled(lambda: hands.orders)
        assert hands.orders[0].limit_price == Decimal(70_800)


async def test_off_tick_in_the_ticket_names_both_neighbours() -> None:
    async with trader() as hands:
        await hands.press("b", "tab")
        await hands.type("70850")
        await hands.press("enter")
        assert not hands.orders
        assert "70800" in hands.text and "70900" in hands.text
        await hands.press("up", "enter")
        await hands.settled(lambda: hands.orders)
        assert hands.orders[0].limit_price == Decimal(70_900)


async def test_hangul_typed_for_hotkeys_and_in_the_line() -> None:
    async with trader() as hands:
        await hands.press("ㅠ")
        assert hands.app.top_form is not None
        assert hands.app.top_form.place == "ticket"
        await hands.press("escape", ":")
        await hands.type("ㅠ 10 005930 @70800")
        await hands.press("enter")
        await hands.settled(lambda: hands.orders)
        assert hands.orders[0].side is Side.BUY


async def test_modify_commits_with_enter_only() -> None:
    async with trader() as hands:
        order = await resting_order(hands)
        await hands.press("m")
        await hands.type("70900")
        assert hands.stage.state.orders[order.id].limit_price == Decimal(70_800)
        await hands.press("enter")
        await hands.settled(lambda: hands.stage.state.orders[order.id].limit_price == Decimal(70_900))
        assert len(hands.orders) == 1


async def test_nudge_is_staged() -> None:
    async with trader() as hands:
        order = await resting_order(hands)
        await hands.press("K", "K")
        assert hands.stage.state.orders[order.id].limit_price == Decimal(70_800)
        await hands.press("enter")
        await hands.settled(lambda: hands.stage.state.orders[order.id].limit_price == Decimal(71_000))


async def test_cancel_needs_enter() -> None:
    async with trader() as hands:
        order = await resting_order(hands)
        await hands.press("c")
        await hands.stage.settle()
        assert hands.stage.state.orders[order.id].status is OrderStatus.OPEN
        await hands.press("enter")
        await hands.settled(lambda: hands.stage.state.orders[order.id].status is OrderStatus.CANCELED)


async def test_undo_cancels_what_was_sent_last() -> None:
    async with trader() as hands:
        first = await resting_order(hands, "70500")
        last = await resting_order(hands, "70600")
        await hands.settled(lambda: hands.app.picture.order(last.id) is not None)
        await hands.press("3", "u", "enter")
        await hands.settled(lambda: hands.stage.state.orders[last.id].status is OrderStatus.CANCELED)
        assert hands.stage.state.orders[first.id].status is OrderStatus.OPEN


async def test_cancel_all_of_the_symbol() -> None:
    async with trader() as hands:
        await resting_order(hands, "70500")
        await resting_order(hands, "70600")
        await hands.press("C", "enter")
        await hands.settled(lambda: all(order.status is OrderStatus.CANCELED for order in hands.orders))


async def test_close_is_reduce_only_and_cannot_flip() -> None:
    async with trader() as hands:
        await hands.press("B", "1", "0", "enter")
        await hands.settled(lambda: hands.app.picture.position(SAMSUNG) is not None)
        for _ in range(3):
            await hands.press("x", "enter")
            await hands.settled(lambda: not hands.app.asking.is_sending)
        await hands.settled(lambda: not hands.stage.state.position(hands.app.account, SAMSUNG).quantity)
        assert all(order.request.reduce_only for order in hands.orders if order.side is Side.SELL)


async def test_close_half() -> None:
    async with trader() as hands:
        await hands.press("B", "1", "0", "enter")
        await hands.settled(lambda: hands.app.picture.position(SAMSUNG) is not None)
        await hands.press("X", "enter")
        await hands.settled(lambda: hands.stage.state.position(hands.app.account, SAMSUNG).quantity == 5)


async def test_panic_from_inside_a_ticket_keeps_protection() -> None:
    async with trader() as hands:
        entry = await resting_order(hands, "70500")
        await hands.press("b", "ctrl+x")
        assert hands.stage.state.orders[entry.id].status is OrderStatus.OPEN
        assert "PANIC" in hands.text
        await hands.press("enter")
        await hands.settled(lambda: hands.stage.state.orders[entry.id].status is OrderStatus.CANCELED)
        state = hands.stage.state.trading_state(hands.app.account)
        assert state in (TradingState.PAUSED, TradingState.REDUCING)
        await hands.settled(lambda: f" {state.value.upper()} " in hands.lines[0])
        assert not hands.app.forms
        await hands.press(":")
        await hands.type("resume")
        await hands.press("enter")
        await hands.settled(lambda: hands.stage.state.trading_state(hands.app.account) is TradingState.ACTIVE)


async def test_ctrl_x_twice_is_panic() -> None:
    async with trader() as hands:
        entry = await resting_order(hands, "70500")
        await hands.press("ctrl+x", "ctrl+x")
        await hands.settled(lambda: hands.stage.state.orders[entry.id].status is OrderStatus.CANCELED)


async def test_flatten_in_paper_is_three_keys() -> None:
    async with trader() as hands:
        await hands.press("B", "1", "0", "enter")
        await hands.settled(lambda: hands.app.picture.position(SAMSUNG) is not None)
        await hands.press("!", "f")
        await hands.press("enter", gap=0.1)  # not seen yet
        await hands.stage.settle()
        assert hands.stage.state.position(hands.app.account, SAMSUNG).quantity == 10
        await hands.press("enter")
        await hands.settled(lambda: not hands.stage.state.position(hands.app.account, SAMSUNG).quantity)


async def test_halt_wants_enter() -> None:
    async with trader() as hands:
        await hands.press("!", "h")
        assert hands.stage.state.trading_state(hands.app.account) is TradingState.ACTIVE
        await hands.press("enter")
        await hands.settled(lambda: hands.stage.state.trading_state(hands.app.account) is TradingState.HALTED)


async def test_a_denial_names_rule_limit_and_actual_and_the_ticket_stays() -> None:
    async with trader(limits=RiskLimits(max_order_value=Decimal(500_000))) as hands:
        await hands.press("b")
        await hands.type("10")
        await hands.settled(lambda: "max value" in hands.text)
        await hands.press("enter")
        await hands.settled(lambda: not hands.app.asking.is_sending and hands.app.has_message)
        said = "".join(hands.lines[36:38])  # in full, on as many rows as it needs
        assert "500,000" in said and "max value" in said and "710,000)" in said
        assert hands.app.top_form is not None
        await hands.press("5", "enter")
        await hands.settled(lambda: any(order.status is OrderStatus.OPEN for order in hands.orders))
        assert [order.quantity for order in hands.orders if order.status is OrderStatus.OPEN] == [Decimal(5)]


async def test_the_other_symbol_is_traded_when_the_cursor_is_there() -> None:
    async with trader() as hands:
        await hands.press("j", "b", "enter")
        await hands.settled(lambda: hands.orders)
        assert hands.orders[0].instrument == APPLE


async def test_find_selects_and_escape_goes_back() -> None:
    async with trader() as hands:
        await hands.press("/")
        await hands.type("app")
        assert hands.app.instrument == APPLE
        await hands.press("escape")
        assert hands.app.instrument == SAMSUNG
        await hands.press("/")
        await hands.type("AAPL")
        await hands.press("enter")
        assert hands.app.instrument == APPLE


async def test_quit_leaves_orders_alone() -> None:
    async with trader() as hands:
        order = await resting_order(hands, "70500")
        await hands.press(":")
        await hands.type("q")
        await hands.press("enter")
        assert hands.app.return_code == 0
        await hands.stage.settle()
        assert hands.stage.state.orders[order.id].status is OrderStatus.OPEN


async def test_flatten_typed_in_the_line_still_wants_the_menu() -> None:
    async with trader() as hands:
        await hands.press("B", "1", "0", "enter")
        await hands.settled(lambda: hands.app.picture.position(SAMSUNG) is not None)
        await hands.press(":")
        await hands.type("! f")
        await hands.press("enter")
        await hands.stage.settle()
        assert hands.stage.state.position(hands.app.account, SAMSUNG).quantity == 10
        await hands.press("enter")
        await hands.settled(lambda: not hands.stage.state.position(hands.app.account, SAMSUNG).quantity)


async def test_cancel_all_from_the_line() -> None:
    async with trader() as hands:
        await resting_order(hands, "70500")
        await hands.press(":")
        await hands.type("cancel all")
        await hands.press("enter")
        await hands.settled(lambda: all(order.status is OrderStatus.CANCELED for order in hands.orders))


async def test_panic_and_leaving_work_where_nothing_else_fits() -> None:
    async with trader(size=(120, 40)) as hands:
        entry = await resting_order(hands, "70500")
        await hands.pilot.resize_terminal(20, 5)
        await hands.settled(lambda: len(hands.lines) == 5)
        await hands.press("!")
        assert "PAPER" in hands.lines[0] and "PANIC" in hands.text
        await hands.press("enter")
        await hands.settled(lambda: hands.stage.state.orders[entry.id].status is OrderStatus.CANCELED)
        await hands.press(":", "q")
        assert ": q" in hands.lines[4]
        await hands.press("enter")
        assert hands.app.return_code == 0


async def test_what_works_stays_in_sight_while_the_keys_are_elsewhere() -> None:
    async with trader(limits=RiskLimits(duplicate_window_seconds=None)) as hands:
        for count in range(8):
            await hands.press("B", str(count + 1), "enter", gap=0.3)
            await hands.settled(lambda: sum(o.status is OrderStatus.FILLED for o in hands.orders) == count + 1)  # noqa: B023
        await hands.press("b", "9", "enter", gap=0.3)
        await hands.settled(lambda: "OPEN" in hands.text)
        heading = next(n for n, line in enumerate(hands.lines) if "STATE" in line and "FILLED" in line)
        assert "OPEN" in hands.lines[heading + 1]
