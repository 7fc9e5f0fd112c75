"""The command line while it is typed: what it says, what Tab makes of it, and where it points when it is wrong."""

from __future__ import annotations

from decimal import Decimal

import pytest

from core.domain.order import OrderStatus
from core.trading.search import SymbolIndex
from tests.tui import scripted
from tests.tui.scripted import INSTRUMENTS, Hands, console
from tests.tui.trading import resting_order, trader
from tui.acts.completing import offers
from tui.forms.strips import LineForm

INDEX = SymbolIndex(INSTRUMENTS)
ORDER = scripted.order(1, scripted.SAMSUNG, scripted.Side.BUY, OrderStatus.OPEN)


def tab(text: str) -> tuple[int, tuple[str, ...]]:
    return offers(
        text, len(text), verbs=("buy", "b", "sell", "screen", "매수"), find=INDEX.find, orders=lambda: [ORDER]
    )


@pytest.mark.parametrize(
    "text, start, first",
    [
        ("bu", 0, "buy"),
        ("매", 0, "매수"),
        ("b 10 0059", 5, "005930"),
        ("b 10 sams", 5, "005930"),
        ("b 10 ㅅㅅㅈㅈ", 5, "005930"),
        ("b 10 삼성", 5, "005930"),
        ("b 10 app", 5, "AAPL"),
        ("b 10 005930 @m", 12, "@mid"),
        ("b 10 005930 s", 12, "sl="),
        ("b 10 005930 gt", 12, "gtc"),
        ("b 10 005930 ch", 12, "chase=3t"),
        ("b 10 005930 tw", 12, "twap=10m"),
        ("b 10 005930 분", 12, "분할=10분"),
        ("b 10 005930 @lo", 12, "@loc"),
        ("b 10 005930 @시", 12, "@시가"),
    ],
)
def test_tab_offers(text: str, start: int, first: str) -> None:
    at, found = tab(text)
    assert at == start
    assert found[0] == first


def test_tab_offers_ids_of_working_orders() -> None:
    assert tab("c #") == (2, (f"#{ORDER.id[-6:]}",))
    assert tab(f"c #{ORDER.id[-4:]}")[1] == (f"#{ORDER.id[-6:]}",)


@pytest.mark.parametrize("text", ["b 10", "b 1", "b 10 ", "b 10 005930 sl=6", "zz", ""])
def test_tab_offers_nothing_for_a_quantity_or_nonsense(text: str) -> None:
    assert not tab(text)[1] or text == ""


async def typed(hands: Hands, text: str) -> LineForm:
    await hands.press(":")
    await hands.type(text)
    form = hands.app.top_form
    assert isinstance(form, LineForm)
    return form


async def test_tab_writes_and_goes_round() -> None:
    async with console() as hands:
        form = await typed(hands, "b 10 KRW")
        await hands.press("tab")
        assert form.edit.text == "b 10 KRW-BTC "
        form.edit.set("b 10 s")
        await hands.press("tab")
        first = form.edit.text
        await hands.press("tab")
        assert form.edit.text != first
        for _ in range(len(form.offered) - 1):
            await hands.press("tab")
        assert form.edit.text == first


async def test_the_preview_says_everything_while_it_is_typed() -> None:
    async with trader(size=(200, 60)) as hands:
        await typed(hands, "b 10 005930 @70800")
        row = 58
        for text in ("Samsung Ele… 005930", "708,000", "% NAV", "-2t", "fee", "✓ ", "Enter sends"):
            await hands.settled(lambda: text in hands.lines[row])  # noqa: B023


async def test_the_narrow_keep_what_it_is_and_what_enter_does() -> None:
    async with trader(size=(80, 24)) as hands:
        await typed(hands, "b 10 . @70800")
        await hands.settled(lambda: "Enter sends" in hands.lines[22])
        assert "BUY 10" in hands.lines[22]


async def test_live_says_that_enter_reviews_and_names_cautions() -> None:
    async with trader(size=(200, 60), rehearse=True) as hands:
        await typed(hands, "b 10 005930 @70800")
        await hands.settled(lambda: "Enter reviews" in hands.lines[58])
        assert "first live order" in hands.lines[58]


async def test_an_error_points_at_its_word() -> None:
    async with trader() as hands:
        form = await typed(hands, "b 10 005930 @70850")
        assert form.fault is not None
        at, length = form.fault
        assert form.edit.text[at : at + length] == "70850"
        await hands.press("tab")
        assert form.fault is None


async def test_korean_verbs_and_jamo() -> None:
    async with trader() as hands:
        form = await typed(hands, "매수 10 삼성전자 @70800")
        assert not form.is_wrong
        await hands.press("enter")
        await hands.settled(lambda: hands.orders)
        assert hands.orders[0].limit_price == Decimal(70_800)


async def test_history_goes_up_and_down() -> None:
    async with trader() as hands:
        await resting_order(hands, "70500")
        await resting_order(hands, "70600")
        form = await typed(hands, "")
        await hands.press("up", "up")
        assert form.edit.text == "b 10 005930 @70500"
        await hands.press("down")
        assert form.edit.text == "b 10 005930 @70600"
        await hands.press("down")
        assert form.edit.text == ""
