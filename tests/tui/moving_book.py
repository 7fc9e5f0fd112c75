"""A ladder on a moving market, drawn to a terminal that counts: what a book update costs in bytes and time. Shared by a
test and a bench; no test lives here."""

from __future__ import annotations

import time
from random import Random

import msgspec
from textual.drivers.headless_driver import HeadlessDriver

from core.config import Settings
from core.domain.market import NS, Aggressor
from core.trading.view import BookRow, Slice
from tests.tui import scripted
from tests.tui.scripted import NOW, Hands, ScriptedDesk, console
from tui.app import HogaApp

LEVELS = 10


class Market:
    """Ten levels a side: a few sizes change with every update, prints come, and now and then the touch moves."""

    def __init__(self, seed: int = 5) -> None:
        self._chance = Random(seed)
        self._bid = 71_000.0
        self._sizes = [float(self._chance.randint(500, 30_000)) for _ in range(2 * LEVELS)]
        self._prints = scripted.book().prints
        self._now = NOW

    def update(self) -> BookRow:
        chance = self._chance
        self._now += NS // 10
        for _ in range(3):
            place = min(int(chance.expovariate(0.4)), LEVELS - 1) + LEVELS * chance.randint(0, 1)
            self._sizes[place] = max(self._sizes[place] + chance.randint(-900, 900), 1.0)
        if chance.random() < 0.1:
            self._bid += 100.0 * chance.choice((-1, 1))
        if chance.random() < 0.4:
            price = self._bid + 100.0 * chance.randint(0, 1)
            side = Aggressor.BUY if price > self._bid else Aggressor.SELL
            self._prints = ((self._now, price, float(chance.randint(1, 90)), side), *self._prints)[:40]
        return msgspec.structs.replace(
            scripted.book(),
            bids=tuple((self._bid - 100 * n, size) for n, size in enumerate(self._sizes[:LEVELS])),
            asks=tuple((self._bid + 100 + 100 * n, size) for n, size in enumerate(self._sizes[LEVELS:])),
            last=self._prints[0][1],
            prints=self._prints,
        )


class Counter(HeadlessDriver):
    """A terminal that only counts."""

    count = 0

    @property
    def is_headless(self) -> bool:
        return False

    def write(self, data: str) -> None:
        self.count += len(data.encode())


async def measure(updates: int, *, is_plain: bool = False, size: tuple[int, int] = (120, 40)) -> tuple[float, float]:
    """(bytes, CPU milliseconds) per book update on the ladder screen. `is_plain`: drawn Textual's own way."""
    app = HogaApp(ScriptedDesk(), Settings())
    app.driver_class = Counter
    market = Market()
    async with app.run_test(headless=False, size=size) as pilot:
        hands = Hands(app, pilot)
        await hands.until(lambda: app.picture.status is not None and app.instruments)
        await hands.press("4", "j", "j")
        if is_plain:
            app.draw_plainly("for comparison")
        await pilot.pause(0.2)
        terminal = app._driver
        assert isinstance(terminal, Counter)
        before, begun = terminal.count, time.process_time_ns()
        for _ in range(updates):
            row = market.update()
            app.picture.rows[Slice.BOOK] = {row.key: row}
            app.surface.show(app.picture, NOW, {Slice.BOOK: {row.key}})
            app.show_keys()
            await pilot.pause()
        taken = time.process_time_ns() - begun
        return (terminal.count - before) / updates, taken / updates / 1e6


async def put_rows(updates: int) -> float:
    """CPU milliseconds in which the ladder's pane alone takes one book update."""
    async with console(size=(120, 40)) as hands:
        await hands.press("4", "j", "j")
        app, market = hands.app, Market()
        rows = [market.update() for _ in range(updates)]
        begun = time.process_time_ns()
        for row in rows:
            app.picture.rows[Slice.BOOK] = {row.key: row}
            app.surface.book.show(app.picture, NOW)
        return (time.process_time_ns() - begun) / updates / 1e6
