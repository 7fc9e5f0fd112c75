"""What changes between the look and the key: a row goes from under the cursor, a key hangs, accounts hold the same.
What is sent is what was shown, or nothing is."""

from __future__ import annotations

from decimal import Decimal

import msgspec
import pytest

from core.domain.account import Mode
from core.domain.commands import Cancel, CancelAll, Close, Command, Submit
from core.domain.errors import DeskUnavailable, InvalidValue
from core.domain.ids import AccountId
from core.domain.order import OrderStatus, Side
from core.ports import Receipt
from core.trading.line import LineError
from core.trading.orderline import parse
from core.trading.view import Slice
from tests.tui import scripted
from tests.tui.scripted import BITCOIN, MAIN, SAMSUNG, ScriptedDesk, console
from tui.cli.orders import cancelling, line_context

FIRST, SECOND = AccountId("ibkr:first"), AccountId("paper:second")


async def test_a_line_stays_with_the_symbol_it_was_opened_on() -> None:
    desk = ScriptedDesk()
    async with console(desk) as hands:
        hands.app.focus_on("positions")
        assert hands.app.instrument == BITCOIN
        await hands.press(":")
        await hands.type("b 1 @142000000")
        assert "KRW-BTC" in hands.text
        desk.push(Slice.POSITIONS, gone=[f"{MAIN}|{BITCOIN}"])
        await hands.until(lambda: len(hands.app.surface.positions.keys) == 1)
        await hands.pilot.pause(0.1)
        await hands.press("enter")
        sent = [c.request.instrument for c in desk.sent if isinstance(c, Submit)]
        assert sent == [BITCOIN], sent


async def test_a_key_that_hangs_does_not_send_what_it_opened() -> None:
    desk = ScriptedDesk()
    async with console(desk) as hands:
        hands.app.go_to("chart")
        await hands.press("enter")
        assert hands.app.top_form is not None
        await hands.press("enter", gap=0.5)
        await hands.press(*["enter"] * 20, gap=0.03)
        assert not desk.sent


async def test_the_same_key_once_more_after_a_look_sends() -> None:
    desk = ScriptedDesk()
    async with console(desk) as hands:
        hands.app.go_to("chart")
        await hands.press("enter")
        await hands.press("enter", gap=0.8)
        assert len(desk.sent) == 1


def two_accounts(mode: Mode) -> ScriptedDesk:
    """Main holds 120 of Samsung, the second one is 7 short."""
    rows = scripted.usual_rows()
    twin = msgspec.structs.replace(scripted.position(SAMSUNG, "-7"), key=f"{SECOND}|{SAMSUNG}", account=SECOND)
    rows[Slice.STATUS] = (scripted.status(mode=mode, badge=mode.value.upper()),)
    rows[Slice.POSITIONS] = (*rows[Slice.POSITIONS], twin)
    rows[Slice.PNL] = (*rows[Slice.PNL], scripted.pnl("account", SECOND, 1))
    return ScriptedDesk(rows)


async def test_what_is_closed_names_its_account_where_there_are_several() -> None:
    desk = two_accounts(Mode.PAPER)
    async with console(desk) as hands:
        await hands.press("x")
        assert "close 120 main Samsung Electronics" in hands.text
        await hands.press("escape", ":")
        await hands.type("x 005930 acct=second")
        assert "→ close second 005930" in hands.text
        await hands.press("enter")
        assert [c.account for c in desk.sent if isinstance(c, Close)] == [SECOND]


async def test_a_cancel_of_one_account_is_not_told_as_one_of_all() -> None:
    desk = two_accounts(Mode.PAPER)
    async with console(desk) as hands:
        for text, told in (
            ("c all acct=second", "cancel all of second"),
            ("c 005930 acct=second", "all of second 005930"),
        ):
            await hands.press(":")
            await hands.type(text)
            assert told in hands.text
            await hands.press("enter")
        assert [c.account for c in desk.sent if isinstance(c, CancelAll)] == [SECOND, SECOND]
        await hands.press(":")
        await hands.type("c all")
        assert "cancel all orders" in hands.text


async def test_a_review_shows_what_its_own_account_holds() -> None:
    desk = two_accounts(Mode.LIVE)
    async with console(desk) as hands:
        await hands.press("2", "G", "x", "enter")
        await hands.until(lambda: hands.app.top_form is not None and hands.app.top_form.place == "review")
        assert "second" in hands.text
        assert "BUY  ~7 " in hands.text
        assert "~120" not in hands.text


async def test_an_account_that_comes_while_a_line_is_open_does_not_take_its_order() -> None:
    desk = ScriptedDesk()
    async with console(desk) as hands:
        await hands.press(":")
        await hands.type("b 1 005930 @71000")
        desk.push(Slice.PNL, [scripted.pnl("account", FIRST, 1)])
        await hands.until(lambda: hands.app.account == FIRST)
        await hands.press("enter")
        assert [c.request.account for c in desk.sent if isinstance(c, Submit)] == [MAIN]


async def test_a_share_of_the_buying_power_is_no_share_of_all_accounts_together() -> None:
    desk = two_accounts(Mode.PAPER)
    async with console(desk) as hands:
        await hands.press(":")
        await hands.type("b 25% 005930 @71000 acct=second")
        await hands.press("enter")
        assert not desk.sent
        assert "write a quantity" in hands.text


async def test_a_risk_is_a_part_of_its_own_account() -> None:
    """Half a percent of 5,000,000 with 1,000 a share to lose."""
    desk = two_accounts(Mode.PAPER)
    rows = desk.rows[Slice.PNL]
    own = [msgspec.structs.replace(r, equity=Decimal(5_000_000)) if r.name == SECOND else r for r in rows]
    desk.rows[Slice.PNL] = tuple(own)
    async with console(desk) as hands:
        await hands.press(":")
        await hands.type("b r0.5% 005930 @71000 sl=70000 acct=second")
        await hands.press("enter")
        assert [c.request.quantity for c in desk.sent if isinstance(c, Submit)] == [25]


async def test_nor_is_it_from_another_terminal() -> None:
    text = "b 25% 005930 @71000 acct=second"
    context = await line_context(two_accounts(Mode.PAPER), text)
    with pytest.raises(LineError, match="write a quantity"):
        parse(text, context)


async def test_one_letter_is_no_order_to_cancel_from_another_terminal() -> None:
    """Every order's id begins with the same letter: of one that works it was the name."""
    desk = ScriptedDesk()
    desk.rows[Slice.ORDERS] = (scripted.order(1, SAMSUNG, Side.SELL, OrderStatus.OPEN),)
    (only,) = desk.rows[Slice.ORDERS]
    for what in ("h", ""):
        with pytest.raises(InvalidValue, match=r"may be|neither"):
            await cancelling(desk, what, False)
    assert not desk.sent
    await cancelling(desk, only.id[:8], False)
    assert [c.client_order_id for c in desk.sent if isinstance(c, Cancel)] == [only.id]


class Mute(ScriptedDesk):
    """Takes an order, and the answer is lost."""

    is_mute = False

    async def send(self, command: Command) -> Receipt:
        receipt = await super().send(command)
        if isinstance(command, Submit):
            row = scripted.order(7 + len(self.sent), SAMSUNG, Side.BUY, OrderStatus.OPEN)
            id = command.request.client_order_id
            self.push(Slice.ORDERS, [msgspec.structs.replace(row, key=id, id=id)])
        if self.is_mute:
            raise DeskUnavailable("the engine did not answer within 5 s")
        return receipt


async def test_undo_is_of_the_order_whose_answer_is_lost_too() -> None:
    desk = Mute()
    async with console(desk) as hands:
        await hands.press("b", "1", "enter")
        await hands.until(lambda: not hands.app.forms)
        desk.is_mute = True
        await hands.press("b", "2", "enter")
        await hands.until(lambda: "may have been taken" in hands.text)
        await hands.press("escape", "escape", "u", "enter")
        _, second, canceled = desk.sent
        assert isinstance(second, Submit) and isinstance(canceled, Cancel)
        assert canceled.client_order_id == second.request.client_order_id
