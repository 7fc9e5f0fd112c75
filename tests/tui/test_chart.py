"""The chart screen: what it shows at each size, what its keys do, what it asks for, and what it costs."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import msgspec
import pytest

from core.config import Settings
from core.domain.errors import DeskUnavailable
from core.domain.market import NS, Bar, Freshness, Interval, Phase
from core.domain.order import Liquidity, Side
from core.ports import Coverage
from core.trading.view import FillRow, Slice
from tests.tui import scripted
from tests.tui.screen_terminal import Terminal
from tests.tui.scripted import HYNIX, MAIN, NOW, SAMSUNG, Hands, ScriptedDesk, check_rows, console
from tests.tui.test_screens import compare
from tui.app import HogaApp
from tui.panes.chart import ChartPane


def pane(hands: Hands) -> ChartPane:
    return hands.app.surface.chart


async def filled(hands: Hands) -> None:
    """Wait until the past has come."""
    await hands.until(lambda: pane(hands).series is not None and len(pane(hands).series.bars) > 100)  # type: ignore[union-attr]
    await hands.pilot.pause(0.15)


def fill(side: Side, price: int, back: int) -> FillRow:
    return FillRow(
        key=f"{side}{back}",
        client_order_id=None,
        account=MAIN,
        instrument=SAMSUNG,
        code="005930",
        name="Samsung Electronics",
        name_ko="삼성전자",
        currency=scripted.KRW,
        decimals=0,
        side=side,
        quantity=Decimal(10),
        price=Decimal(price),
        fee=Decimal(0),
        tax=Decimal(0),
        liquidity=Liquidity.TAKER,
        source="keyboard",
        ts=NOW - back * 60 * NS,
    )


@pytest.mark.parametrize("language", ["en", "ko"])
@pytest.mark.parametrize("size", [(80, 24), (120, 40), (200, 60)], ids=lambda s: f"{s[0]}x{s[1]}")
async def test_chart_screen(size: tuple[int, int], language: str) -> None:
    desk = ScriptedDesk()
    desk.fills = (fill(Side.BUY, 71_000, 12), fill(Side.SELL, 71_300, 20))
    async with console(desk, size=size, language=language) as hands:
        await hands.press("5")
        await filled(hands)
        check_rows(hands.lines, *size)
        assert " PAPER " in hands.lines[0]
        compare(f"chart-{size[0]}x{size[1]}-{language}", hands.lines)


SIZES = ((40, 10), (41, 11), (60, 16), (80, 24), (95, 30), (119, 33), (130, 24), (150, 45), (181, 50), (240, 70))


@pytest.mark.parametrize("width, height", SIZES)
async def test_every_size_has_whole_rows(width: int, height: int) -> None:
    async with console(size=(width, height)) as hands:
        await hands.press("5")
        await filled(hands)
        check_rows(hands.lines, width, height)
        await hands.press("left", "up", "-", "-", "I", "b")
        check_rows(hands.lines, width, height)
        await hands.press("escape", "+", "+", "+", "+", "h", "h", "[")
        check_rows(hands.lines, width, height)


async def test_what_is_ours_stands_on_it() -> None:
    desk = ScriptedDesk()
    desk.fills = (fill(Side.BUY, 71_000, 12), fill(Side.SELL, 71_100, 20))
    async with console(desk, size=(120, 40)) as hands:
        await hands.press("5")
        await filled(hands)
        body = "\n".join(hands.lines[4:])
        assert "B10" in body and "70,800" in body, "a working order"
        assert "AVG 120" in body and "70,400" in body
        assert "STOP" in body and "69,500" in body
        assert "71,000" in body, "the last price"
        chart = [line[38:110] for line in hands.lines[4:30]]
        assert sum(line.count("▲") for line in chart) == 1
        assert sum(line.count("▼") for line in chart) >= 1


async def test_a_level_beyond_the_scale_sticks_to_its_edge() -> None:
    desk = ScriptedDesk()
    desk.rows[Slice.POSITIONS] = (scripted.position(SAMSUNG, "120", average_price=Decimal(900), stop=None),)
    desk.rows[Slice.ORDERS] = (
        scripted.order(1, SAMSUNG, Side.SELL, scripted.OrderStatus.OPEN, limit_price=Decimal(990_000)),
    )
    async with console(desk, size=(80, 24)) as hands:
        await hands.press("5")
        await filled(hands)
        top = next(line for line in hands.lines if "▲ S10" in line)
        bottom = next(line for line in hands.lines if "▼ AVG 120" in line)
        assert top == hands.lines[4] and "990,000" in top
        assert hands.lines.index(bottom) > 10 and " 900 " in bottom


async def test_timeframes_are_asked_for_once_each_and_no_chart_asks_for_nothing() -> None:
    desk = ScriptedDesk()
    for interval in (Interval.M3, Interval.M5):
        desk.past[SAMSUNG, interval] = scripted.walk(SAMSUNG, interval)
    async with console(desk, size=(80, 24)) as hands:
        await hands.press("j", "k")
        assert desk.asked == [], "no chart is on the screen"
        await hands.press("5")
        await filled(hands)
        await hands.press("]")
        await hands.until(lambda: (SAMSUNG, Interval.M3) in {ask[:2] for ask in desk.asked})
        await hands.until(lambda: len(pane(hands).candles) > 50)
        assert "Samsung Electronics 3m" in hands.lines[2]
        await hands.press("[")
        assert "Samsung Electronics 1m" in hands.lines[2]
        charts = [i for i, _ in desk._later if Slice.CHART in i.slices]
        assert [i.interval for i in charts] == [Interval.M1, Interval.M3, Interval.M1]


async def test_the_chart_follows_the_selected_instrument() -> None:
    desk = ScriptedDesk()
    desk.past[HYNIX, Interval.M1] = scripted.walk(HYNIX)
    async with console(desk, size=(120, 40)) as hands:
        await hands.press("5")
        await filled(hands)
        await hands.press("shift+tab", "j")
        await hands.until(lambda: hands.app.instrument == HYNIX)
        await hands.until(lambda: pane(hands).series is not None and pane(hands).series.instrument == HYNIX)  # type: ignore[union-attr]
        assert all(bar.instrument == HYNIX for bar in pane(hands).series.bars)  # type: ignore[union-attr]


async def test_the_crosshair_reads_its_bar_and_comes_back_with_escape() -> None:
    async with console(size=(80, 24)) as hands:
        await hands.press("5")
        await filled(hands)
        bars = scripted.walk()
        newest = hands.lines[3]
        assert f"C {bars[-1].close:,.0f}" in newest
        await hands.press("left", "left", "left")
        assert f"C {bars[-4].close:,.0f}" in hands.lines[3]
        assert f"H {bars[-4].high:,.0f}" in hands.lines[3]
        await hands.press("right")
        assert f"C {bars[-3].close:,.0f}" in hands.lines[3]
        await hands.press("escape")
        assert hands.lines[3] == newest


async def test_enter_opens_a_ticket_at_the_cursors_price_and_sends_nothing() -> None:
    desk = ScriptedDesk()
    async with console(desk, size=(120, 40)) as hands:
        await hands.press("5")
        await filled(hands)
        await hands.press("up", "down", "down", "down")
        price = pane(hands).cursor_price
        assert price is not None and price < 71_000
        await hands.press("enter")
        assert "BUY" in hands.text
        assert f"{price:,.0f}" in hands.text
        await hands.press("escape", *["up"] * 6)
        price = pane(hands).cursor_price
        assert price is not None and price > 71_000
        await hands.press("enter")
        form: Any = hands.app.top_form
        assert form.side is Side.SELL
        assert Decimal(form.price.text) == Decimal(str(round(price)))
        assert desk.sent == []


async def test_older_bars_are_asked_for_when_the_left_edge_comes() -> None:
    desk = ScriptedDesk()
    desk.past[SAMSUNG, Interval.M1] = scripted.walk(count=1500)
    async with console(desk, size=(80, 24)) as hands:
        await hands.press("5")
        await filled(hands)
        oldest = pane(hands).candles[0].ts
        await hands.press("home")
        await hands.until(lambda: pane(hands).candles[0].ts < oldest)
        assert "earlier" in hands.lines[2]
        await hands.press("end")
        assert pane(hands).view.edge is None


async def test_a_new_bar_and_a_price_move_only_what_they_must() -> None:
    desk = ScriptedDesk()
    async with console(desk, size=(120, 40)) as hands:
        await hands.press("5")
        await filled(hands)
        before = hands.lines
        last = scripted.walk()[-1]
        tick = msgspec.structs.replace(last, close=last.close + 100, high=max(last.high, last.close + 100), volume=99.0)
        desk.push(Slice.CHART, [scripted.chart((tick,))])
        await hands.until(lambda: f"C {tick.close:,.0f}" in hands.text)
        column = (
            38 + 2 + len(pane(hands).candles[pane(hands).view.window(pane(hands).candles, pane(hands).columns)[0] :])
        )
        for y, (old, new) in enumerate(zip(before, hands.lines, strict=True)):
            if y in (0, 3, 37):  # clock, header, figures of the indicators
                continue
            changed = [x for x, (a, b) in enumerate(zip(old, new, strict=True)) if a != b]
            assert all(x >= column - 3 for x in changed), (y, old, new)


@pytest.mark.parametrize(
    "change, word",
    [
        ({"freshness": Freshness.STALE}, "stale"),
        ({"freshness": Freshness.DELAYED}, "delayed"),
        ({"phase": Phase.HALTED}, "HALT"),
        ({"phase": Phase.CLOSED}, "closed"),
    ],
)
async def test_a_state_that_is_not_calm_is_a_word_in_the_rule(change: dict[str, Any], word: str) -> None:
    desk = ScriptedDesk()
    desk.rows[Slice.CHART] = (scripted.chart(**change),)
    async with console(desk, size=(80, 24)) as hands:
        await hands.press("5")
        await filled(hands)
        assert f" {word} " in hands.lines[2]


async def test_no_bars_say_why_and_what_to_do() -> None:
    desk = ScriptedDesk()
    desk.past.clear()
    desk.rows[Slice.CHART] = (scripted.chart(()),)
    async with console(desk, size=(80, 24)) as hands:
        await hands.press("5")
        await hands.until(lambda: "No bars of 1m yet." in hands.text)
        assert "[ ] another length of bar" in hands.text
        await hands.press("left", "up", "home", "+", "I", "enter")
        check_rows(hands.lines, 80, 24)


async def test_a_venue_that_fails_is_said() -> None:
    class Deaf(ScriptedDesk):
        async def bars(self, *question: Any) -> Coverage:
            raise DeskUnavailable("the engine did not answer within 5 s")

    desk = Deaf()
    desk.rows[Slice.CHART] = (scripted.chart(()),)
    async with console(desk, size=(80, 24)) as hands:
        await hands.press("5")
        await hands.until(lambda: "did not answer within 5 s" in hands.text)


def one_bar(open: float, high: float, low: float, close: float) -> Bar:
    return Bar(SAMSUNG, Interval.M1, NOW - NOW % (60 * NS), open, high, low, close, 1.0, is_closed=False)


@pytest.mark.parametrize(
    "bar, decimals, tick",
    [
        (one_bar(71_000, 71_000, 71_000, 71_000), 0, 100.0),
        (one_bar(1e-8, 9e-8, 1e-8, 5e-8), 8, 1e-8),
        (one_bar(1.0, 9e11, 0.0001, 8e11), 0, 1.0),
        (one_bar(-37.63, -10.0, -40.32, -12.5), 2, 0.01),
    ],
    ids=["flat", "tiny", "huge range", "below zero"],
)
async def test_odd_prices_are_drawn(bar: Bar, decimals: int, tick: float) -> None:
    desk = ScriptedDesk()
    desk.past = {(SAMSUNG, Interval.M1): (bar,)}
    desk.rows[Slice.CHART] = (scripted.chart((bar,), decimals=decimals, tick=tick, last=bar.close),)
    desk.rows |= {Slice.ORDERS: (), Slice.POSITIONS: ()}
    async with console(desk, size=(80, 24)) as hands:
        await hands.press("5")
        await hands.until(lambda: "C " in hands.lines[3])
        await hands.press("up", "down", "left", "-")
        check_rows(hands.lines, 80, 24)
        assert any(glyph in hands.text for glyph in "┃╻╹╽╿")
        assert "###" not in hands.text


async def test_a_price_costs_few_bytes() -> None:
    """One bar that forms: its column, the tag, the header, the indicators' figures; never the whole chart."""
    desk = ScriptedDesk()
    app = HogaApp(desk, Settings())
    app.driver_class = Terminal
    async with app.run_test(headless=False, size=(120, 40)) as pilot:
        hands = Hands(app, pilot)
        await hands.until(lambda: app.picture.status is not None)
        await hands.press("5")
        await filled(hands)
        terminal = Terminal.screens[-1]
        last, costs = scripted.walk()[-1], []
        for n in range(8):
            close = last.close + 100 * (n % 3 - 1)
            high, low = max(last.high, close), min(last.low, close)
            bar = msgspec.structs.replace(last, close=close, high=high, low=low, volume=last.volume + n)
            before = pane(hands).series.bars[-1]  # type: ignore[union-attr]
            terminal.written.clear()
            desk.push(Slice.CHART, [scripted.chart((bar,))])
            await hands.until(lambda before=before: pane(hands).series.bars[-1] != before)  # type: ignore[misc, union-attr]
            await pilot.pause(0.15)
            costs.append(len("".join(terminal.written).encode()))
        assert 0 < sorted(costs)[len(costs) // 2] < 400, costs
