"""Real money in the console: locked at the start, unlocked with the first order by the name it asks for anyway, loud
wherever one looks. The account is real, the venue behind it is not, so the outbox lets nothing of it leave."""

from __future__ import annotations

import msgspec
import pytest

from core.domain.account import Mode, TradingState
from core.domain.events import AccountListed, GateChanged, OrderFilled, Sweep
from core.domain.ids import AccountId, FillId
from core.trading.view import Interest, Slice
from tests import scenes
from tests.scenes import ACCOUNT
from tests.stage import make
from tests.tui import scripted
from tests.tui.scripted import ScriptedDesk, check_rows, console
from tests.tui.test_live_flows import reviewed
from tests.tui.trading import Trader, trader
from tui.forms.policy import Ask

OVER = {
    "nothing": (),
    "help": ("?",),
    "palette": ("ctrl+p",),
    "panic": ("!",),
    "flatten": ("!", "f"),
    "line": (":",),
    "ticket": ("b",),
    "settings": (",",),
    "reconcile": ("g", "e"),
    "settle": ("g", "e", "j", "j", "o"),
    "drawer": ("`",),
    "zoom": ("z",),
}


async def real(hands: Trader) -> None:
    """The account of the stage is of real money from here on."""
    made = hands.stage
    account = msgspec.structs.replace(made.state.accounts[ACCOUNT], mode=Mode.LIVE)
    made.program.runner.feed(AccountListed(ts=made.clock.now(), account=account))
    await made.settle()
    await hands.settled(lambda: " LIVE " in hands.lines[0])


async def test_an_engine_for_real_money_looks_like_it_before_it_knows_an_account() -> None:
    """The venue does not answer at the first start: nothing is known, and nothing may look like paper."""
    desk = make(":memory:", mode=Mode.LIVE).desk
    stream = desk.watch(Interest(slices=frozenset({Slice.STATUS})))
    status = (await anext(stream)).put[0]
    await stream.aclose()
    assert (status.mode, status.badge, status.account) == (Mode.LIVE, "LIVE", "-")


async def test_the_first_order_asks_for_the_name_and_that_unlocks() -> None:
    async with trader() as hands:
        await real(hands)
        assert "REDUCING" in hands.lines[0] and "gate: locked, :unlock opens" in hands.lines[0]
        await hands.press("b", "5", "enter")
        form = await reviewed(hands)
        assert form.ask is Ask.TAIL
        await hands.type("nope")
        await hands.press("enter")
        assert hands.stage.state.is_locked(ACCOUNT) and not hands.orders
        await hands.type("main")
        await hands.press("enter")
        await hands.settled(lambda: hands.orders)
        assert not hands.stage.state.is_locked(ACCOUNT)
        await hands.settled(lambda: "REDUCING" not in hands.lines[0])
        assert hands.orders[0].request.quantity == 5


async def test_a_name_that_was_typed_counts_when_more_is_asked_after_it() -> None:
    async with trader() as hands:
        await real(hands)
        await hands.press("b", *"300", "enter")  # a large value as well
        assert (await reviewed(hands)).ask is Ask.TAIL
        await hands.type("main")
        await hands.press("enter")
        await hands.settled(lambda: getattr(hands.app.top_form, "ask", None) is Ask.QUANTITY)
        assert hands.stage.state.is_locked(ACCOUNT), "nothing was sent yet"
        await reviewed(hands)
        await hands.type("300")
        await hands.press("enter")
        await hands.settled(lambda: hands.orders)
        assert not hands.stage.state.is_locked(ACCOUNT)
        assert hands.orders[0].request.quantity == 300


async def test_the_line_unlocks_and_a_wrong_name_is_refused_by_the_desk() -> None:
    async with trader() as hands:
        await real(hands)
        for tail, is_locked in (("nope", True), ("MAIN", False)):
            await hands.type(f":unlock {tail}")
            await hands.press("enter")
            await hands.settled(lambda: not hands.app.asking.is_sending)
            await hands.settled(lambda wanted=is_locked: hands.stage.state.is_locked(ACCOUNT) is wanted)
            assert ("nothing was unlocked" in hands.text) is is_locked
            await hands.press("escape", "escape")
        await hands.type(":panic")
        await hands.press("enter", "enter")
        await hands.settled(lambda: hands.stage.state.trading_states)
        await hands.type(":resume")
        await hands.press("enter")
        assert hands.stage.state.trading_state(ACCOUNT) is TradingState.REDUCING
        await hands.press("escape")
        await hands.type(":resume main")
        await hands.press("enter")
        await hands.settled(lambda: hands.stage.state.trading_state(ACCOUNT) is TradingState.ACTIVE)


@pytest.mark.parametrize("size", [(120, 40), (60, 16), (30, 9)], ids=lambda s: f"{s[0]}x{s[1]}")
async def test_live_is_loud_under_everything(size: tuple[int, int]) -> None:
    desk = ScriptedDesk()
    desk.rows[Slice.STATUS] = (scripted.status(mode=Mode.LIVE, badge="LIVE"),)
    async with console(desk, size=size) as hands:
        for name, keys in OVER.items():
            await hands.press(*keys)
            await hands.pilot.pause()
            check_rows(hands.lines, *size)
            assert " LIVE " in hands.lines[0], (name, hands.text)
            assert hands.lines[1][0] in "┃┠" and hands.lines[1][-1] in "┃┨", (name, hands.text)
            hands.app.close_all_but(())
            await hands.press("escape", "1")
        assert not desk.sent


# --- flatten of several accounts at once ----------------------------------------------------------------------------

SPARE = AccountId("paper:spare")


async def two_of_real_money(hands: Trader) -> None:
    """Both hold ten shares."""
    made = hands.stage
    feed, now = made.program.runner.feed, made.clock.now()
    for name in (ACCOUNT, SPARE):
        account = msgspec.structs.replace(made.state.accounts[ACCOUNT], id=name, mode=Mode.LIVE)
        feed(AccountListed(ts=now, account=account))
        feed(GateChanged(ts=now, account=name, is_open=True))
        held = msgspec.structs.replace(scenes.fill("buy", "10", "71000"), account=name, fill_id=FillId(name))
        feed(OrderFilled(ts=now, fill=held))
    await made.settle()
    await hands.settled(lambda: {row.account for row in hands.app.picture.positions()} == {ACCOUNT, SPARE})


def closing(hands: Trader) -> set[AccountId | None]:
    return {account for account, sweep in hands.stage.state.curbs.sweeps.items() if sweep is Sweep.FLATTEN}


async def test_flatten_names_each_account_and_stops_before_it_is_named() -> None:
    async with trader() as hands:
        await two_of_real_money(hands)
        await hands.press("!", "f")
        assert "type main pare" in hands.text
        await hands.type("mian")
        await hands.press("enter")
        await hands.settled(lambda: hands.stage.state.told_state(SPARE) is TradingState.REDUCING)
        await hands.settled(lambda: not hands.app.asking.is_sending)
        assert not closing(hands) and "type main pare" in hands.text, "it has stopped, and goes on asking"
        await hands.type("main")
        await hands.press("enter")
        await hands.settled(
            lambda: "still open: paper:spare, whose name's end was not typed; closing main" in hands.text
        )
        assert closing(hands) == {ACCOUNT} and "type main pare" in hands.text
        await hands.type("pare")
        await hands.press("enter")
        await hands.settled(lambda: not hands.app.forms)
        assert closing(hands) == {ACCOUNT, SPARE}


async def test_to_resume_all_names_each_account() -> None:
    async with trader() as hands:
        await two_of_real_money(hands)
        await hands.press("!", "enter")
        await hands.settled(lambda: hands.stage.state.trading_states and not hands.app.forms)
        for line, is_open in ((":resume main", False), (":resume main pare", True)):
            await hands.type(line)
            await hands.press("enter")
            await hands.settled(lambda: not hands.app.asking.is_sending)
            told = TradingState.ACTIVE if is_open else TradingState.REDUCING
            await hands.settled(lambda told=told: hands.stage.state.told_state(SPARE) is told)
            await hands.press("escape", "escape")


async def test_flatten_of_one_account_by_the_line_leaves_the_other_alone() -> None:
    async with trader() as hands:
        await two_of_real_money(hands)
        await hands.press(":")
        await hands.type("! f acct=spare")
        await hands.press("enter")
        assert "type pare" in hands.text
        await hands.type("pare")
        await hands.press("enter")
        await hands.settled(lambda: not hands.app.forms)
        assert closing(hands) == {SPARE}
        assert hands.stage.state.trading_states == {SPARE: TradingState.REDUCING}


async def test_an_account_without_positions_is_not_asked_for_and_may_be_named() -> None:
    async with trader() as hands:
        await two_of_real_money(hands)
        now = hands.stage.clock.now()
        sold = msgspec.structs.replace(scenes.fill("sell", "10", "71000"), account=SPARE, fill_id=FillId("out"))
        hands.stage.program.runner.feed(OrderFilled(ts=now, fill=sold))
        hands.stage.program.runner.feed(GateChanged(ts=now, account=SPARE, is_open=False, text="not read"))
        await hands.settled(lambda: {row.account for row in hands.app.picture.positions()} == {ACCOUNT})
        await hands.press("!", "f")
        assert "type main " in hands.text and "main pare" not in hands.text
        await hands.type("main")
        await hands.press("enter")
        await hands.settled(lambda: "still open: paper:spare" in hands.text)
        await hands.type("pare")
        await hands.press("enter")
        await hands.settled(lambda: not hands.app.forms)
