"""The shadow screen leaves the terminal as Textual's own full paint would, in fewer bytes, and steps aside when it
cannot work."""

from __future__ import annotations

import random
import re
from typing import Any

import pyte
import pytest
import textual
from rich.color import ColorSystem
from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.geometry import Region
from textual.screen import ModalScreen
from textual.widgets import Input, Static

import tui.display
from tests.tui.screen_terminal import PENS, Terminal, seen, text_of, whole_paint
from tui.display import ShadowDisplay
from tui.widgets.grid import Cell, Column, Grid, Lines

COLUMNS = (
    Column("name", "종목/SYM", 12, grow=True),
    Column("last", "LAST", 12, "right", number=True),
    Column("change", "CHG%", 9, "right", number=True),
    Column("age", "AGE", 5, "right", drop=1),
)
NAMES = ("삼성전자", "SK하이닉스", "AAPL", "KRW-BTC", "카카오", "KODEX 200", "현대차2우B", "한글이름이아주긴종목입니다")


class Dialog(ModalScreen[None]):
    DEFAULT_CSS = "Dialog { align: center middle; background: #000000 60%; } Dialog > Static { width: 21; height: 5; }"

    def __init__(self, text: str) -> None:
        super().__init__()
        self.text = text

    def compose(self) -> ComposeResult:
        yield Static(self.text, markup=False)


class Desk(ShadowDisplay[None]):
    CSS = "Horizontal { height: 1fr; } #side { width: 23; } #bar { height: 1; } Input { height: 1; border: none; }"
    ENABLE_COMMAND_PALETTE = False

    def compose(self) -> ComposeResult:
        yield Lines(PENS, id="bar")
        with Horizontal():
            yield Grid(COLUMNS, PENS, id="grid")
            yield Lines(PENS, id="side")
        yield Static("정적 텍스트 static", markup=False)
        yield Input(id="line")

    @property
    def terminal(self) -> Terminal:
        assert isinstance(self._driver, Terminal)
        return self._driver


def desk() -> Desk:
    return Desk(driver_class=Terminal)


def assert_same(app: Desk, where: str = "") -> None:
    expected, got = whole_paint(app), app.terminal.screen
    assert text_of(got) == text_of(expected), where
    for y, (want, have) in enumerate(zip(seen(expected), seen(got), strict=True)):
        assert have == want, f"{where} row {y}"


async def settle(app: Desk, pilot: Any) -> None:
    """Until everything asked for has been drawn: a busy machine lets frames wait longer than messages."""
    for _ in range(400):
        await pilot.pause()
        screen = app.screen
        waits = screen._dirty_widgets, screen._layout_required, screen._repaint_required, screen._scroll_required
        if not any(waits) and not screen._compositor._dirty_regions:
            return
    raise AssertionError("the screen never came to rest")


def fill(app: Desk, rng: random.Random, rows: int) -> None:
    grid = app.query_one("#grid", Grid)
    for n in range(rows):
        put_row(grid, rng, n)
    grid.flush()


def put_row(grid: Grid, rng: random.Random, n: int) -> None:
    move = rng.uniform(-3, 3)
    pen = "up" if move > 0 else "down"
    ground = rng.choice(("background", "background", "background", "stale"))
    grid.put(
        f"k{n}",
        (
            Cell(NAMES[n % len(NAMES)], rng.choice(("text", "text-dim"))),
            Cell(f"{rng.randrange(1000, 200_000):,}", "strong"),
            Cell(f"{'▲' if move > 0 else '▼'} {move:+.2f}", pen),
            Cell(rng.choice(("0.1", "4.2s", "VI")), rng.choice(("text-dim", "error"))),
        ),
        ground=ground,
    )


async def random_step(app: Desk, pilot: Any, rng: random.Random) -> str:
    grid, side, bar = app.query_one("#grid", Grid), app.query_one("#side", Lines), app.query_one("#bar", Lines)
    act = rng.choice(
        ("rows", "rows", "rows", "side", "bar", "cursor", "focus", "order", "dialog", "size", "type", "hide", "static")
    )
    if act == "rows":
        for n in rng.sample(range(40), 12):
            put_row(grid, rng, n)
        grid.flush()
    elif act == "side":
        for y in range(8):
            word = rng.choice(("", "가", "a가나", "호가 창 한글 문자열이 아주 길다", "12,345"))
            side.put_line(y, (Cell(word, rng.choice(("up", "inverse", "under"))), Cell(" x", "text")))
        side.flush()
    elif act == "bar":
        bar.put_line(0, (Cell(" PAPER ", "error"), Cell(f" {rng.random():.6f} 원화", "text-dim")), ground="raised")
        bar.flush()
    elif act == "cursor":
        rng.choice((lambda: grid.move_cursor(rng.randrange(-5, 6)), lambda: grid.page(1), lambda: grid.cursor_to(0)))()
    elif act == "focus":
        app.set_focus(rng.choice((grid, None)))
    elif act == "order":
        keys = list(grid.keys)
        rng.shuffle(keys)
        grid.set_order(keys)
        grid.flush()
    elif act == "dialog":
        if len(app.screen_stack) > 1:
            await app.pop_screen()
        else:
            await app.push_screen(Dialog(rng.choice(("대화상자\n가나다라마바사아자차카타파하", "plain\nwords " * 5))))
    elif act == "size":
        width, height = rng.randrange(30, 100), rng.randrange(8, 30)
        app.terminal.resize(width, height)
        await pilot.resize_terminal(width, height)
        await pilot.pause(0.02)  # Textual itself waits 1/120 s after a resize
    elif act == "type":
        app.query_one("#line", Input).value = rng.choice(("b 10 005930", "ㅠ 10 삼성전자", ""))
    elif act == "hide":
        side.display = not side.display
    else:
        app.query_one(Static).update(rng.choice(("가나다", "x" * 50, "")))
    await settle(app, pilot)
    return act


@pytest.mark.parametrize("seed", range(6))
async def test_a_random_walk_ends_like_a_full_paint(seed: int) -> None:
    rng = random.Random(seed)
    app = desk()
    app.console._color_system = list(ColorSystem)[1 + seed % 3]  # 16, 256 and all colours
    async with app.run_test(headless=False, size=(80, 24)) as pilot:
        fill(app, rng, 40)
        await settle(app, pilot)
        for step in range(30):
            act = await random_step(app, pilot, rng)
            on_top = app.screen
            await settle(app, pilot)
            assert app.plain_reason == ""
            assert_same(app, f"seed {seed} step {step} {act} on {on_top}")


async def test_one_changed_cell_costs_few_bytes() -> None:
    app, rng = desk(), random.Random(1)
    async with app.run_test(headless=False, size=(130, 50)) as pilot:
        fill(app, rng, 40)
        await settle(app, pilot)
        app.terminal.written.clear()
        grid = app.query_one("#grid", Grid)
        grid.put("k5", (Cell("changed", "up"), Cell("71,000", "strong"), Cell("▲ +0.42", "up"), Cell("0.1")))
        grid.flush()
        await settle(app, pilot)
        app.terminal.written.clear()
        grid.put("k5", (Cell("changed", "up"), Cell("71,100", "strong"), Cell("▲ +0.42", "up"), Cell("0.1")))
        assert grid.flush() == 1
        await settle(app, pilot)
        assert 0 < len("".join(app.terminal.written)) <= 60
        assert_same(app)


async def test_nothing_changed_writes_nothing() -> None:
    app, rng = desk(), random.Random(2)
    async with app.run_test(headless=False, size=(80, 24)) as pilot:
        fill(app, rng, 40)
        await settle(app, pilot)
        app.terminal.written.clear()
        fill(app, random.Random(2), 40)
        app.screen.refresh()
        await settle(app, pilot)
        assert app.terminal.written == []


async def test_redraw_heals_a_terminal_others_wrote_to() -> None:
    app, rng = desk(), random.Random(3)
    async with app.run_test(headless=False, size=(80, 24)) as pilot:
        fill(app, rng, 40)
        await settle(app, pilot)
        app.terminal.stream.feed("\x1b[2J\x1b[5;5H\x1b[31mwall: the machine goes down")
        app.redraw()
        await settle(app, pilot)
        assert_same(app)


async def test_the_first_frame_after_a_loss_is_whole() -> None:
    app, rng = desk(), random.Random(3)
    async with app.run_test(headless=False, size=(80, 24)) as pilot:
        fill(app, rng, 40)
        await settle(app, pilot)
        app.terminal.stream.feed("\x1b[2J")
        app.forget_screen()
        put_row(app.query_one("#grid", Grid), rng, 3)
        app.query_one("#grid", Grid).flush()
        await settle(app, pilot)
        assert_same(app)


class Covered(Desk):
    CSS = Desk.CSS + "Screen { layers: below above; } #over { layer: above; offset: 5 2; width: 11; height: 3; }"

    def compose(self) -> ComposeResult:
        yield from super().compose()
        yield Static("in front", id="over", markup=False)


async def test_a_part_of_a_row_does_not_uncover_what_lies_over_the_rest() -> None:
    app, rng = Covered(driver_class=Terminal), random.Random(9)
    async with app.run_test(headless=False, size=(80, 24)) as pilot:
        fill(app, rng, 40)
        await settle(app, pilot)
        app.query_one("#grid", Grid).refresh(Region(30, 2, 5, 1))
        await settle(app, pilot)
        assert_same(app)
        assert "in front" in text_of(app.terminal.screen)[2]


async def test_a_resize_to_the_same_size_paints_all() -> None:
    app, rng = desk(), random.Random(4)
    async with app.run_test(headless=False, size=(80, 24)) as pilot:
        fill(app, rng, 40)
        await settle(app, pilot)
        app.terminal.stream.feed("\x1b[2J")
        await pilot.resize_terminal(80, 24)
        await settle(app, pilot)
        assert_same(app)


async def test_an_error_in_the_shadow_falls_back_for_good(monkeypatch: pytest.MonkeyPatch) -> None:
    app, rng = desk(), random.Random(5)
    async with app.run_test(headless=False, size=(80, 24)) as pilot:
        fill(app, rng, 40)
        await settle(app, pilot)
        monkeypatch.setattr(app._shadow, "render", lambda *_, **__: 1 // 0)
        put_row(app.query_one("#grid", Grid), rng, 1)
        app.query_one("#grid", Grid).flush()
        await settle(app, pilot)
        assert "ZeroDivisionError" in app.plain_reason
        monkeypatch.undo()
        for _ in range(5):
            await random_step(app, pilot, rng)
            await settle(app, pilot)
            assert text_of(app.terminal.screen) == text_of(whole_paint(app))


async def test_another_textual_takes_the_plain_way(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(textual, "__version__", "8.2.9")
    app, rng = desk(), random.Random(6)
    assert "8.2.9" in app.plain_reason
    async with app.run_test(headless=False, size=(80, 24)) as pilot:
        fill(app, rng, 40)
        await settle(app, pilot)
        assert text_of(app.terminal.screen) == text_of(whole_paint(app))


def test_the_installed_textual_is_the_pinned_one() -> None:
    assert textual.__version__ == tui.display.PINNED


async def test_the_pen_is_plain_when_the_terminal_is_given_back() -> None:
    app, rng = desk(), random.Random(7)
    app.driver_class = tui.display.with_clean_edges(Terminal)
    async with app.run_test(headless=False, size=(80, 24)) as pilot:
        fill(app, rng, 40)
        await settle(app, pilot)
        terminal = app.terminal
    assert terminal.screen.cursor.attrs == pyte.screens.Char(" ")


HOSTILE = (
    "\x1b]52;c;ZWNobw==\x07",
    "\x1b]8;;http://x\x07link\x1b]8;;\x07",
    "\x1b[6n\x1b[c",
    "\x1bc",
    "\x9b31m",
    "\x90q\x9c",
    "a\x00b\x7fc\x08d",
    "\u202egnp.exe\u2066",
    "a\u200bb\ufeffc\U000e0041",
    "tab\there\nnew\rline",
    "e\u0301 ｶﾞ 각",
)


async def test_no_control_byte_of_any_text_reaches_the_terminal() -> None:
    app = desk()
    async with app.run_test(headless=False, size=(100, 30)) as pilot:
        grid, side = app.query_one("#grid", Grid), app.query_one("#side", Lines)
        app.terminal.written.clear()
        for n, text in enumerate(HOSTILE):
            grid.put(f"h{n}", (Cell(text), Cell("1"), Cell("2"), Cell("3")), mark=Cell(text))
            side.put_line(n, (Cell(text, "up"),))
        grid.flush()
        side.flush()
        app.query_one(Static).update("".join(HOSTILE))
        await settle(app, pilot)
        # What may remain: our own colours, moves and synchronized output.
        left = re.sub(r"\x1b\[[0-9;]*[mHCDABGd]|\x1b\[\?2026[hl]|[\b\r]", "", "".join(app.terminal.written))
        assert not re.search("[\x00-\x1f\x7f-\x9f\u200b\u202e\u2066\ufeff\U000e0041]", left)


async def test_a_slow_terminal_gets_the_newest_state_not_old_frames() -> None:
    app, rng = desk(), random.Random(8)
    async with app.run_test(headless=False, size=(80, 24)) as pilot:
        fill(app, rng, 40)
        await settle(app, pilot)
        app.terminal._writer_thread = SlowWriter()  # type: ignore[attr-defined]
        app.terminal.written.clear()
        for _ in range(5):
            fill(app, rng, 40)
            await settle(app, pilot)
        assert app.terminal.written == []
        assert app.frames_held >= 1
        app.terminal._writer_thread = None  # type: ignore[attr-defined]
        await pilot.pause(3 * tui.display.RETRY_SECONDS)
        assert_same(app)


class SlowWriter:
    """A writer whose terminal takes nothing."""

    class _queue:
        @staticmethod
        def qsize() -> int:
            return 30
