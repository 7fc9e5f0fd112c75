"""What LIVE asks, tried in a rehearsal: the real engine on paper money, every question asked as with real money."""

from __future__ import annotations

import asyncio
from decimal import Decimal

import pytest

from core.config import Confirm, Console, Settings
from core.domain.account import TradingState
from core.domain.events import OrderSending, OrderUnknown, PhaseChanged
from core.domain.limits import RiskLimits
from core.domain.market import Phase
from core.domain.order import OrderStatus, OrderType, Side
from core.ports import Preview
from core.trading.view import Slice
from tests import scenes
from tests.scenes import APPLE, SAMSUNG
from tests.tui import scripted
from tests.tui.scripted import ScriptedDesk, check_rows, console
from tests.tui.trading import Trader, trader
from tui.app import HogaApp
from tui.forms.policy import Ask
from tui.forms.review import Review


def review(hands: scripted.Hands) -> Review:
    form = hands.app.top_form
    assert isinstance(form, Review), hands.text
    return form


async def reviewed(hands: scripted.Hands) -> Review:
    await hands.until(lambda: isinstance(hands.app.top_form, Review) and not hands.app.asking.is_sending)
    return review(hands)


async def first_order(hands: Trader, quantity: str = "1") -> None:
    """The order that makes the rest of the session normal."""
    await hands.press("b", *quantity, "enter")
    assert (await reviewed(hands)).ask is Ask.TAIL
    await hands.type("main")
    await hands.press("enter")
    await hands.settled(lambda: hands.orders and hands.orders[-1].status is OrderStatus.OPEN and not hands.app.forms)
    await hands.stage.second(6)  # the next is no duplicate
    await hands.stage.quote(71_000, 71_100)
    await hands.settled(lambda: hands.app.picture.order(hands.orders[-1].id) is not None)


async def held(hands: Trader, quantity: str = "10") -> None:
    """A position of ten, by a marketable order that was reviewed."""
    await first_order(hands)
    await hands.press("B", *quantity, "enter")
    await reviewed(hands)
    await hands.press("y")
    await hands.settled(lambda: hands.app.picture.position(SAMSUNG) is not None)


# ---- new orders


async def test_enter_then_y_sends_exactly_what_was_reviewed() -> None:
    async with trader(rehearse=True) as hands:
        await first_order(hands)
        await hands.press("b", "2", "5", "enter")
        form = await reviewed(hands)
        assert form.ask is Ask.Y
        assert len(hands.orders) == 1
        sealed = form.wanted.command.request  # type: ignore[union-attr]
        await hands.stage.quote(71_200, 71_300)
        await hands.press("y")
        await hands.settled(lambda: len(hands.orders) == 2)
        assert hands.orders[1].request == sealed
        assert (sealed.quantity, sealed.limit_price) == (Decimal(25), Decimal(71_000))
        await hands.settled(lambda: not hands.app.forms)


async def test_nothing_but_y_sends_and_y_not_at_once() -> None:
    async with trader(rehearse=True) as hands:
        await first_order(hands)
        await hands.press("b", "2", "enter")
        await reviewed(hands)
        await hands.press("y", gap=0.1)  # not before 250 ms
        await hands.press(*["enter"] * 20, gap=0.03)
        await hands.press("Y", "space", "tab", "s", "x")
        await hands.stage.settle()
        assert len(hands.orders) == 1
        await hands.press("escape")
        assert hands.app.top_form is not None
        assert hands.app.top_form.place == "ticket"
        await hands.press("enter")
        await reviewed(hands)
        await hands.press("y")
        await hands.settled(lambda: len(hands.orders) == 2)


async def test_y_must_be_alone_in_its_read() -> None:
    async with trader(rehearse=True) as hands:
        await first_order(hands)
        await hands.press("b", "2", "enter")
        await reviewed(hands)
        for keys in (("y", "z"), ("z", "y"), ("escape", "y"), ("y", "enter")):
            hands.at += 1
            await hands.press(*keys, gap=0.002)
            await asyncio.wait_for(hands.settled(lambda: not hands.app.asking.is_sending), 5)
            if not isinstance(hands.app.top_form, Review):  # Escape is what it is
                await hands.press("enter")
                await reviewed(hands)
        await hands.settled(lambda: "other keys" in hands.text or len(hands.orders) > 1)
        assert len(hands.orders) == 1


async def test_double_enter_and_a_held_y_are_one_order() -> None:
    async with trader(rehearse=True) as hands:
        await first_order(hands)
        await hands.press("b", "2", "enter", "enter")
        await reviewed(hands)
        await hands.press(*["y"] * 30, gap=0.033)
        await hands.settled(lambda: len(hands.orders) == 2 and not hands.app.forms)
        await hands.settled(lambda: not hands.app.asking.is_sending)
        assert len(hands.orders) == 2


async def test_the_strip_says_that_it_is_a_rehearsal_and_looks_live() -> None:
    async with trader(size=(80, 24), rehearse=True) as hands:
        assert " REHEARSAL " in hands.lines[0]
        await hands.press("b", "enter")
        await reviewed(hands)
        check_rows(hands.lines, 80, 24)
        head, order, _ = hands.lines[-3:]
        assert "REHEARSAL" in head and "nothing real is sent" in head
        assert "BUY" in order and "Samsung Electronics" in order and "71,000" in order
        assert all(line[0] == line[-1] == "┃" for line in hands.lines[4:8])  # the rails of real money


async def test_the_first_order_of_a_session_asks_for_the_account() -> None:
    async with trader(rehearse=True) as hands:
        await hands.press("b", "5", "enter")
        form = await reviewed(hands)
        assert (form.ask, form.cautions) == (Ask.TAIL, ("first live order",))
        assert "first live order" in hands.lines[-1]
        await hands.press("y", "enter")
        assert form.problem
        await hands.type("mian")
        await hands.press("enter")
        assert not hands.orders
        await hands.type("MAIN")
        await hands.press("enter")
        await hands.settled(lambda: hands.orders)


ELEVATED = {
    "large value": (Confirm(soft_value=Decimal(700_000)), "b10"),
    "large share of NAV": (Confirm(soft_nav=Decimal("0.001")), "b10"),
    "far price": (Confirm(far_fraction=Decimal("0.0001")), "B10"),
}


@pytest.mark.parametrize("kind", ELEVATED)
async def test_elevated_asks_for_the_quantity(kind: str) -> None:
    confirm, keys = ELEVATED[kind]
    settings = Settings(confirm=confirm)
    async with trader(rehearse=True, settings=settings) as hands:
        if kind == "far price":
            await hands.press("b", "up", "up", "up", "up", "enter")
            await reviewed(hands)
            await hands.type("main")
            await hands.press("enter")
        else:
            await hands.press(*keys, "enter")
            await reviewed(hands)
            await hands.type("main")
            await hands.press("enter")
        # The account was the first question; the other reason is asked about by itself.
        await hands.until(lambda: isinstance(hands.app.top_form, Review) and review(hands).ask is Ask.QUANTITY)
        form = await reviewed(hands)
        assert [caution.partition(":")[0] for caution in form.cautions] == [kind]
        assert not form.is_again  # it was known when the first question was asked
        assert kind in hands.lines[-1]
        assert not hands.orders
        wrong, right = ("1", "10") if kind != "far price" else ("2", "1")
        await hands.type(wrong)
        await hands.press("enter")
        assert not hands.orders
        await hands.type(right)
        await hands.press("enter")
        await hands.settled(lambda: hands.orders)
        assert hands.orders[0].quantity == Decimal(right)


async def _auction(hands: Trader) -> None:
    await hands.stage.market(PhaseChanged(ts=hands.stage.clock.now(), market="XKRX", phase=Phase.AUCTION))


async def _old(hands: Trader) -> None:
    await hands.stage.second(12)


async def _unknown(hands: Trader) -> None:
    order = scenes.request(quantity="1", price="70500")
    now = hands.stage.clock.now()
    hands.stage.engine.step(scenes_submit(order), now)
    hands.stage.engine.step(OrderSending(ts=now, client_order_id=order.client_order_id), now)
    hands.stage.engine.step(OrderUnknown(ts=now, client_order_id=order.client_order_id, text="lost"), now)


def scenes_submit(order: object) -> object:
    from core.domain.commands import Submit

    return Submit(request=order)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "change, kind",
    [(_auction, "market not open"), (_old, "old quote"), (_unknown, "UNKNOWN order in this symbol")],
    ids=["auction", "old quote", "unknown order"],
)
async def test_elevated_by_the_market(change: object, kind: str) -> None:
    async with trader(rehearse=True) as hands:
        await first_order(hands)
        count = len(hands.orders)
        await change(hands)  # type: ignore[operator]
        count = len(hands.orders)
        await hands.press("b", "2", "enter")
        form = await reviewed(hands)
        assert (form.ask, form.cautions[0].partition(":")[0]) == (Ask.QUANTITY, kind)
        await hands.press("2", "enter")
        await hands.settled(lambda: len(hands.orders) == count + 1)


async def test_a_duplicate_is_asked_about_and_then_means_it() -> None:
    async with trader(rehearse=True) as hands:
        await first_order(hands)
        for _ in range(2):
            await hands.press("b", "3", "enter")
            form = await reviewed(hands)
            if form.ask is Ask.Y:
                await hands.press("y")
                await hands.settled(lambda: len(hands.orders) == 2 and not hands.app.forms)
        assert form.cautions[0].startswith("same order again")
        await hands.press("3", "enter")
        await hands.settled(lambda: len(hands.orders) == 3)
        assert hands.orders[2].status is not OrderStatus.DENIED


async def test_a_flip_is_asked_about() -> None:
    async with trader(rehearse=True) as hands:
        await first_order(hands)
        await hands.press("j", "B", "2", "enter")
        await reviewed(hands)
        await hands.press("y")
        await hands.settled(lambda: hands.app.picture.position(APPLE) is not None)
        await hands.press("s", "3", "enter")
        form = await reviewed(hands)
        assert (form.ask, form.cautions[0].partition(":")[0]) == (Ask.QUANTITY, "turns the position")


async def test_new_reasons_between_review_and_y_are_asked_about() -> None:
    async with trader(rehearse=True) as hands:
        await first_order(hands)
        await hands.press("b", "2", "enter")
        assert (await reviewed(hands)).ask is Ask.Y
        await _auction(hands)
        await hands.press("y")
        await hands.until(lambda: isinstance(hands.app.top_form, Review) and review(hands).is_again)
        form = await reviewed(hands)
        assert form.ask is Ask.QUANTITY
        assert len(hands.orders) == 1
        assert "changed" in hands.lines[-1]
        await hands.press("y", "escape", "escape")
        assert not hands.app.forms
        assert len(hands.orders) == 1


async def test_a_hard_limit_refuses_before_any_review() -> None:
    async with trader(rehearse=True, limits=RiskLimits(max_order_value=Decimal(500_000))) as hands:
        await hands.press("b", "1", "0", "enter")
        await hands.until(lambda: "max value" in hands.text and not hands.app.asking.is_sending)
        assert not isinstance(hands.app.top_form, Review)
        assert "710,000" in hands.text
        assert not hands.orders


# ---- what is there already


async def test_modify_is_reviewed_and_says_before_and_after() -> None:
    async with trader(rehearse=True) as hands:
        await first_order(hands)
        order = hands.orders[0]
        await hands.press("K", "enter")
        form = await reviewed(hands)
        assert form.ask is Ask.Y
        assert "71,000→71,100" in hands.lines[-2]
        assert hands.stage.state.orders[order.id].limit_price == Decimal(71_000)
        await hands.press("y")
        await hands.settled(lambda: hands.stage.state.orders[order.id].limit_price == Decimal(71_100))


async def test_modify_elevated_asks_for_the_new_quantity() -> None:
    async with trader(rehearse=True, settings=Settings(confirm=Confirm(soft_value=Decimal(700_000)))) as hands:
        await first_order(hands)
        order = hands.orders[0]
        await hands.press("m", "shift+tab", "1", "2", "enter")
        assert (await reviewed(hands)).ask is Ask.QUANTITY
        await hands.press("1", "2", "enter")
        await hands.settled(lambda: hands.stage.state.orders[order.id].quantity == 12)


async def test_cancel_is_one_enter() -> None:
    async with trader(rehearse=True) as hands:
        await first_order(hands)
        await hands.press("c", "enter")
        await hands.settled(lambda: hands.orders[0].status is OrderStatus.CANCELED)


async def test_close_is_y_and_never_harder() -> None:
    async with trader(rehearse=True, settings=Settings(confirm=Confirm(soft_value=Decimal(1_000_000)))) as hands:
        await held(hands)
        await _auction(hands)
        await hands.stage.market(PhaseChanged(ts=hands.stage.clock.now(), market="XKRX", phase=Phase.OPEN))
        await hands.press("x", "enter")
        form = await reviewed(hands)
        assert (form.ask, form.cautions) == (Ask.Y, ())
        assert "~10" in hands.lines[-2]
        await hands.press("y")
        await hands.settled(lambda: not hands.stage.state.position(hands.app.account, SAMSUNG).quantity)
        assert not hands.app.forms


async def test_panic_is_one_enter_and_flatten_wants_the_account() -> None:
    async with trader(rehearse=True) as hands:
        await held(hands)
        await hands.press("!", "f", "enter")
        await hands.type("mine")
        await hands.press("enter")
        await hands.stage.settle()
        assert hands.stage.state.position(hands.app.account, SAMSUNG).quantity == 10
        await hands.type("main")
        await hands.press("enter")
        await hands.settled(lambda: not hands.app.forms)
        await hands.stage.second(4)  # what works there is ended first
        await hands.settled(lambda: not hands.stage.state.position(hands.app.account, SAMSUNG).quantity)
    async with trader(rehearse=True) as hands:
        await first_order(hands)
        await hands.press("!", "enter")
        await hands.settled(lambda: hands.orders[0].status is OrderStatus.CANCELED)
        assert hands.stage.state.trading_state(hands.app.account) is TradingState.REDUCING


async def test_panic_opens_over_a_review_and_waits_for_nothing() -> None:
    async with trader(rehearse=True) as hands:
        await first_order(hands)
        await hands.press("b", "2", "enter")
        await reviewed(hands)
        await hands.press("ctrl+x", "ctrl+x")
        await hands.settled(lambda: hands.orders[0].status is OrderStatus.CANCELED)
        assert not hands.app.forms
        assert len(hands.orders) == 1


async def test_the_line_is_reviewed_too_and_sends_nothing_at_once() -> None:
    async with trader(rehearse=True) as hands:
        await first_order(hands)
        await hands.press(":")
        await hands.type("b 10 005930 @70800 !")
        await hands.press("enter")
        assert "paper only" in hands.text
        await hands.press("backspace", "backspace", "enter")
        await reviewed(hands)
        assert len(hands.orders) == 1
        await hands.press("y")
        await hands.settled(lambda: len(hands.orders) == 2 and not hands.app.forms)
        assert hands.orders[1].limit_price == Decimal(70_800)


async def test_reverse_is_always_reviewed() -> None:
    for rehearse, text in ((False, "rev AAPL"), (True, "rev AAPL"), (False, "ｒｅｖ AAPL")):
        async with trader(rehearse=rehearse) as hands:
            if rehearse:
                await first_order(hands)
            await hands.press("j", "B", "2", "enter")
            if rehearse:
                await reviewed(hands)
                await hands.press("y")
            await hands.settled(lambda: hands.app.picture.position(APPLE) is not None)
            await hands.press(":")
            await (hands.type(text) if text.isascii() else hands.paste(text))  # as an input method left it
            await hands.press("enter")
            count = len(hands.orders)
            if rehearse:
                assert (await reviewed(hands)).ask is Ask.QUANTITY  # it turns the position
                await hands.press("4")
            else:
                assert hands.app.top_form is not None
                assert hands.app.top_form.place == "confirm"
            assert len(hands.orders) == count
            await hands.press("enter", gap=0.8)  # a second look, and not the same Enter held
            await hands.settled(lambda: hands.stage.state.position(hands.app.account, APPLE).quantity == -2)
            assert hands.orders[-1].side is Side.SELL
            assert hands.orders[-1].request.type is OrderType.LIMIT


# ---- a desk that is late, silent or gone


class Slow(ScriptedDesk):
    """Its previews hang while `hangs`, or fail."""

    def __init__(self) -> None:
        super().__init__()
        self.hangs = self.fails = False
        self.gate = asyncio.Event()
        self.rows[Slice.STATUS] = (scripted.status(badge="REHEARSAL", is_rehearsal=True),)

    async def preview(self, request: object) -> Preview:
        if self.hangs:
            await self.gate.wait()
        if self.fails:
            raise OSError("the line was cut")
        return await super().preview(request)  # type: ignore[arg-type]


@pytest.mark.parametrize("how", ["hangs", "fails"])
async def test_no_figures_are_a_reason_to_ask(how: str) -> None:
    desk = Slow()
    setattr(desk, how, True)
    async with console(desk) as hands:
        await hands.press("b", "5", "enter")
        form = await reviewed(hands)
        assert (form.ask, form.cautions) == (Ask.QUANTITY, ("no figures",))
        assert not desk.sent
        await hands.press("5", "enter")
        await hands.until(lambda: desk.sent)


async def test_figures_of_what_was_written_before_are_not_shown_beside_what_is_written_now() -> None:
    desk = Slow()
    async with console(desk) as hands:
        desk.hangs = True
        await hands.press(":")
        await hands.type("b 10 005930 @70800")
        desk.hangs = False
        await hands.type("5x")
        desk.gate.set()
        for _ in range(5):
            await hands.pilot.pause()
        form = hands.app.top_form
        assert form.is_wrong  # type: ignore[union-attr]
        assert "NAV" not in form.remark  # type: ignore[union-attr]


async def test_a_ticket_dropped_while_figures_are_waited_for_opens_no_review() -> None:
    desk = Slow()
    async with console(desk) as hands:
        await hands.press("b", "5")
        desk.hangs = True
        await hands.press("enter", "escape")
        await hands.until(lambda: not hands.app.asking.is_sending)
        assert not hands.app.forms
        assert not desk.sent


async def test_a_desk_gone_in_the_middle_keeps_the_form_and_says_what_may_be() -> None:
    class Gone(Slow):
        async def send(self, command: object) -> object:  # type: ignore[override]
            self.sent.append(command)  # type: ignore[arg-type]
            raise OSError("the line was cut")

    desk = Gone()
    async with console(desk) as hands:
        await hands.press("b", "5", "enter")
        await reviewed(hands)
        await hands.press("y")
        await hands.until(lambda: "may have been taken" in hands.text)
        await hands.until(lambda: not hands.app.asking.is_sending)
        assert isinstance(hands.app.top_form, Review)
        await hands.press("y")
        await hands.until(lambda: len(desk.sent) == 2)
        ids = {command.request.client_order_id for command in desk.sent}  # type: ignore[union-attr]
        assert len(ids) == 1  # the same order: the engine takes it once


def test_what_is_not_known_to_be_paper_is_asked_about() -> None:
    assert HogaApp(ScriptedDesk(), Settings(console=Console())).asking.is_live
