"""What the log and the system screen say, row by row, in both languages and three sizes."""

from __future__ import annotations

import msgspec
import pytest

from core.domain.account import TradingState
from core.domain.market import NS
from core.trading.systemview import (
    FeedFigures,
    JournalFigures,
    Latency,
    RateFigures,
    Scheduled,
    StateChange,
    SystemRow,
)
from core.trading.view import LogRow, Slice
from tests.tui.scripted import NOW, ScriptedDesk, check_rows, console
from tests.tui.test_screens import compare
from tui.panes.system import Own

MS = 1_000_000
SIZES = [(80, 24), (120, 40), (200, 60)]


def system(**more: object) -> SystemRow:
    row = SystemRow(
        key="system",
        hoga="0.1.0",
        python="3.11.7",
        pid=4711,
        started=NOW - 7_325 * NS,
        cpu=0.034,
        memory=74 * 1_048_576,
        disk_free_mb=18_211.0,
        min_free_mb=64,
        dropped=0,
        consoles=1,
        watches=3,
        instruments=24,
        orders=118,
        alerts=2,
        loop=Latency(name="loop lag", count=600, p50=400_000, p99=3_100_000, max=61 * MS),
        feeds=(
            FeedFigures(
                broker="kis",
                is_connected=True,
                since=NOW - 3_600 * NS,
                text="",
                last=NOW - NS // 5,
                messages=182_334,
                per_second=48.2,
                reconnects=1,
                subscriptions=41,
                max_subscriptions=41,
            ),
            FeedFigures(
                broker="upbit",
                is_connected=False,
                since=NOW - 12 * NS,
                text="the stream ended",
                last=NOW - 12 * NS,
                messages=9_120,
                per_second=0.0,
                reconnects=0,
                subscriptions=4,
            ),
        ),
        rates=(
            RateFigures(broker="kis", used=3, limit=18, waiting=0),
            RateFigures(broker="upbit", used=30, limit=30, waiting=0, what="account"),
        ),
        latencies=(
            Latency(name="ask to journal", count=118, p50=1_400_000, p99=4_900_000, max=9 * MS),
            Latency(name="journal to wire", count=117, p50=900_000, p99=2_100_000, max=3 * MS),
            Latency(name="wire to answer", count=117, p50=41 * MS, p99=230 * MS, max=911 * MS),
        ),
        journal=JournalFigures(
            path="data/hoga/journal.db",
            size=41 * 1_048_576,
            sequence=18_204,
            head="3f9a1c0de77b",
            verified=17_900,
            last_commit=NOW - 2 * NS,
            kept_back=8 * 1_048_576,
            problem="",
        ),
        trading_state=TradingState.PAUSED,
        changes=(
            StateChange(ts=NOW - 60 * NS, account="", state=TradingState.PAUSED, by="keyboard", text="lunch"),
            StateChange(ts=NOW - 9_000 * NS, account="kis:main", state=TradingState.ACTIVE, by="cli", text="resumed"),
        ),
        scheduled=(
            Scheduled(what="reconcile", at=NOW + 12 * NS),
            Scheduled(what="ma-btc 1m bar", at=NOW + 40 * NS),
            Scheduled(what="kis:main new trading day", at=NOW + 20_000 * NS),
        ),
    )
    return msgspec.structs.replace(row, **more)


def own() -> Own:
    lag = Latency(name="console loop", count=300, p50=700_000, p99=9 * MS, max=18 * MS)
    return Own(lag=lag, backlog=0, held=12, written=5_324, versions="hoga 0.1.0   Textual 8.2.8")


def line(sequence: int, level: str, kind: str, text: str, ago: int) -> LogRow:
    return LogRow(key=str(sequence), sequence=sequence, ts=NOW - ago * NS, level=level, kind=kind, text=text)


LINES = (
    line(1, "info", "FEED", "paper connected", 90_000),
    line(2, "info", "DAY", "paper:main trading day 2025-11-19", 86_500),
    line(3, "info", "SENT", "a91f BUY 10 Samsung Electronics @70,800", 300),
    line(4, "fill", "FILL", "a91f BUY 10 Samsung Electronics @70,800", 290),
    line(5, "alert", "ALERT", "a3 fired at 72,000 (print): Samsung Electronics rises to 72,000 (breakout)", 200),
    line(6, "warning", "DENY", "b20c BUY 900 Samsung Electronics @70,800: max quantity: too many", 100),
    line(7, "error", "REJECT", "c11d SELL 5 Apple @227.31: APBK0919 market closed", 5),
)


@pytest.mark.parametrize("language", ["en", "ko"])
@pytest.mark.parametrize("size", SIZES, ids=lambda s: f"{s[0]}x{s[1]}")
async def test_system_screen(size: tuple[int, int], language: str) -> None:
    desk = ScriptedDesk()
    desk.rows[Slice.SYSTEM] = (system(),)
    async with console(desk, size=size, language=language) as hands:
        hands.app.surface.system.own = own
        await hands.press("9")
        await hands.until(lambda: hands.app.picture.system is not None)
        await hands.until(lambda: "41/41" in hands.text)
        check_rows(hands.lines, *size)
        compare(f"system-{size[0]}x{size[1]}-{language}", hands.lines)


@pytest.mark.parametrize("language", ["en", "ko"])
@pytest.mark.parametrize("size", SIZES, ids=lambda s: f"{s[0]}x{s[1]}")
async def test_log_screen(size: tuple[int, int], language: str) -> None:
    desk = ScriptedDesk()
    desk.rows[Slice.LOG] = LINES
    async with console(desk, size=size, language=language) as hands:
        await hands.press("8")
        check_rows(hands.lines, *size)
        compare(f"log-{size[0]}x{size[1]}-{language}", hands.lines)


async def test_at_rest_the_system_screen_writes_nothing_it_wrote_before() -> None:
    """The same row again is no reason to draw."""
    desk = ScriptedDesk()
    desk.rows[Slice.SYSTEM] = (system(),)
    async with console(desk, size=(120, 40)) as hands:
        pane = hands.app.surface.system
        pane.own = own
        await hands.press("9")
        await hands.until(lambda: "41/41" in hands.text)
        pane.show(hands.app.picture, desk.now())
        assert not pane._dirty


async def test_a_journal_that_cannot_be_written_is_a_word() -> None:
    desk = ScriptedDesk()
    broken = msgspec.structs.replace(system().journal, problem="the disk is full")
    desk.rows[Slice.SYSTEM] = (system(journal=broken),)
    async with console(desk, size=(120, 40)) as hands:
        await hands.press("9")
        await hands.until(lambda: "✕ the disk is full" in hands.text)
