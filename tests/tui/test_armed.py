"""Armed mode: it sends at once, only inside its limits, and every single thing that must end it does."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from decimal import Decimal

import msgspec
import pytest
from textual import events

from core.clock import ManualClock
from core.config import Confirm, Settings
from core.domain.events import FeedChanged
from core.domain.ids import AccountId
from core.domain.market import NS, Freshness
from core.domain.order import Side
from core.trading.view import Slice
from tests.scenes import APPLE
from tests.tui import scripted
from tests.tui.scripted import Hands, ScriptedDesk, console
from tests.tui.trading import Trader, trader
from tui.app import HogaApp


async def armed(hands: Hands) -> None:
    await hands.press(":")
    await hands.type("arm 5m")
    await hands.press("enter")
    assert hands.app.armed.is_on, hands.text
    await hands.press("escape")


async def first_order(hands: Trader) -> None:
    await hands.press("b", "1", "enter")
    await hands.until(lambda: hands.app.top_form is not None and hands.app.top_form.place == "review")
    await hands.type("main")
    await hands.press("enter")
    await hands.settled(lambda: hands.orders and not hands.app.forms)


async def test_the_keys_do_nothing_until_it_is_armed() -> None:
    async with trader() as hands:
        await hands.press("f9", "f6")
        await hands.stage.settle()
        assert not hands.orders
        assert "not armed" in hands.text


async def test_two_keys_far_apart_arm_it() -> None:
    async with trader() as hands:
        await hands.press("f7", "ctrl+g", "x")
        assert not hands.app.armed.is_on
        await hands.press("escape", "ctrl+g", "f7")
        assert hands.app.armed.is_on
        await hands.press("escape")
        hands.app.show_all()
        assert "ARMED" in hands.lines[1]


async def test_it_sends_the_templates_at_once() -> None:
    async with trader() as hands:
        await armed(hands)
        await hands.press("f9")
        await hands.settled(lambda: len(hands.orders) == 1)
        await hands.press("f6")
        await hands.settled(lambda: not hands.app.asking.is_sending)
        buy = hands.orders[0]
        assert (buy.side, buy.quantity, buy.limit_price) == (Side.BUY, Decimal(10), Decimal(71_000))
        assert not hands.app.forms


async def test_in_live_inside_outside_and_elevated() -> None:
    confirm = Confirm(armed_value=Decimal(800_000), buy_template="b 10 .")
    async with trader(rehearse=True, settings=Settings(confirm=confirm)) as hands:
        await armed(hands)
        await hands.press("f9")  # the first order of a session is no habit
        await hands.settled(lambda: "armed mode does not send this" in hands.text)
        assert not hands.orders
        await hands.press("escape")
        await first_order(hands)
        await hands.press("f9")
        await hands.settled(lambda: len(hands.orders) == 2)
    small = msgspec.structs.replace(confirm, armed_value=Decimal(500_000))
    async with trader(rehearse=True, settings=Settings(confirm=small)) as hands:
        await first_order(hands)
        await armed(hands)
        await hands.press("f9")
        await hands.until(lambda: hands.app.top_form is not None and hands.app.top_form.place == "review")
        assert len(hands.orders) == 1
        await hands.press("y")
        await hands.settled(lambda: len(hands.orders) == 2)
    large = msgspec.structs.replace(confirm, soft_value=Decimal(600_000))
    async with trader(rehearse=True, settings=Settings(confirm=large)) as hands:
        await first_order(hands)
        await armed(hands)
        await hands.press("f9")
        await hands.settled(lambda: "large value" in hands.text)
        assert len(hands.orders) == 1
        assert not hands.app.forms


async def test_a_held_key_is_one_order_and_ends_it() -> None:
    async with trader(rehearse=True) as hands:
        await first_order(hands)
        await armed(hands)
        await hands.press(*["f9"] * 30, gap=0.033)
        await hands.settled(lambda: not hands.app.asking.is_sending)
        await hands.press(*["f9"] * 30, gap=0.033)
        await hands.settled(lambda: not hands.app.asking.is_sending)
        assert len(hands.orders) == 2


async def test_a_template_that_is_no_order_sends_nothing() -> None:
    async with trader(settings=Settings(confirm=Confirm(buy_template="x", sell_template="b 10 ."))) as hands:
        await armed(hands)
        for key in ("f9", "f6"):
            await hands.press(key)
            await hands.settled(lambda: "nothing was sent" in hands.text)
        assert not hands.orders


@pytest.mark.parametrize("time", ["0m", "61m", "x", "5h"])
async def test_it_needs_a_time(time: str) -> None:
    async with trader() as hands:
        await hands.press(":")
        await hands.type(f"arm {time}")
        await hands.press("enter")
        assert not hands.app.armed.is_on


# ---- what ends it


def rows(desk: ScriptedDesk) -> scripted.StatusRow:
    row = desk.rows[Slice.STATUS][0]
    assert isinstance(row, scripted.StatusRow)
    return row


async def _line(hands: Hands, desk: ScriptedDesk) -> None:
    feed = scripted.FeedRow(broker="paper", is_connected=False, text="down", last_received=desk.now())
    desk.push(Slice.STATUS, [msgspec.structs.replace(rows(desk), feeds=(feed,))])


async def _silence(hands: Hands, desk: ScriptedDesk) -> None:
    desk.clock += 12 * NS
    desk.push(Slice.STATUS, [rows(desk)])


async def _stale(hands: Hands, desk: ScriptedDesk) -> None:
    desk.push(Slice.QUOTES, [scripted.quote(scripted.SAMSUNG, 0, 71_000.0, 70_700.0, freshness=Freshness.STALE)])


async def _gate(hands: Hands, desk: ScriptedDesk) -> None:
    desk.push(Slice.STATUS, [msgspec.structs.replace(rows(desk), gate="the line is down")])


async def _account(hands: Hands, desk: ScriptedDesk) -> None:
    desk.push(Slice.PNL, [scripted.pnl("account", AccountId("kis:main"), 0)], gone=["account:paper:main"])
    desk.push(Slice.POSITIONS, gone=[row.key for row in desk.rows[Slice.POSITIONS]])
    desk.push(Slice.STRATEGIES, gone=[row.key for row in desk.rows[Slice.STRATEGIES]])


async def _symbols(hands: Hands, desk: ScriptedDesk) -> None:
    desk.push(Slice.QUOTES, gone=[APPLE])


async def _focus(hands: Hands, desk: ScriptedDesk) -> None:
    hands.app.post_message(events.AppBlur())


async def _hand(hands: Hands, desk: ScriptedDesk) -> None:
    await hands.press(":")
    await hands.type("disarm")
    await hands.press("enter")


ENDS: dict[str, tuple[Callable[[Hands, ScriptedDesk], Awaitable[None]], str]] = {
    "disconnect": (_line, "not connected"),
    "silent feed": (_silence, "stale"),
    "stale quote": (_stale, "stale"),
    "gate": (_gate, "line is down"),
    "account": (_account, "account changed"),
    "symbols": (_symbols, "symbols changed"),
    "focus": (_focus, "focus"),
    "by hand": (_hand, "by hand"),
}


@pytest.mark.parametrize("end", ENDS)
async def test_it_ends(end: str) -> None:
    change, why = ENDS[end]
    desk = ScriptedDesk()
    async with console(desk) as hands:
        await armed(hands)
        await change(hands, desk)
        await hands.until(lambda: not hands.app.armed.is_on and why in hands.text)
        await hands.press("f9")
        await hands.pilot.pause()
        assert not desk.sent


async def test_its_time_ends_it() -> None:
    desk, clock = ScriptedDesk(), ManualClock(0)
    app = HogaApp(desk, Settings(), clock=clock)
    async with app.run_test(size=(120, 40)) as pilot:
        hands = Hands(app, pilot)
        await hands.until(lambda: app.picture.status is not None)
        assert not app.armed.arm(1.0)
        clock.advance(59)
        app.armed.watch()
        assert app.armed.is_on
        clock.advance(2)
        app.armed.watch()
        assert not app.armed.is_on


async def test_three_sends_in_a_second_end_it_and_the_third_is_not_sent() -> None:
    desk = ScriptedDesk()
    async with console(desk) as hands:
        await armed(hands)
        for _ in range(3):
            await hands.press("f9")
            await hands.until(lambda: not hands.app.asking.is_sending)
        assert len(desk.sent) == 2
        assert not hands.app.armed.is_on


async def test_a_desk_that_is_gone_ends_it() -> None:
    async with trader() as hands:
        await armed(hands)
        hands.stage.program.runner.feed(
            FeedChanged(ts=hands.stage.clock.now(), broker="paper", is_connected=False, text="cut")
        )
        await hands.settled(lambda: not hands.app.armed.is_on)
