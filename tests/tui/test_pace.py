"""When the console draws and when it does not; and that a desk which is slow or gone never takes the keys away."""

from __future__ import annotations

import asyncio

from core.domain.commands import Command, Panic, Submit
from core.domain.errors import StorageError
from core.ports import Receipt
from core.trading.view import Slice
from tests.tui import scripted
from tests.tui.scripted import HYNIX, NOW, SAMSUNG, Hands, ScriptedDesk, console


def count_frames(hands: Hands) -> list[int]:
    frames: list[int] = []
    hands.app.post_display_hook = lambda: frames.append(1)  # type: ignore[method-assign]
    return frames


async def test_nothing_changed_nothing_drawn() -> None:
    async with console() as hands:
        frames = count_frames(hands)
        for _ in range(3):
            hands.app._second()
            await hands.pilot.pause(0.05)
        assert hands.app._flush_due is None
        assert not frames


async def test_the_clock_moves_one_row() -> None:
    desk = ScriptedDesk()
    async with console(desk) as hands:
        before = hands.lines
        desk.clock += 1_000_000_000
        hands.app._second()
        await hands.until(lambda: hands.lines[0] != before[0])
        changed = [y for y, (old, new) in enumerate(zip(before, hands.lines, strict=True)) if old != new]
        assert "09:53:21" in hands.lines[0]
        assert set(changed) <= {0, *range(4, 8), *range(27, 31), 33}  # header, ages of quotes and orders, next bars


async def test_a_hundred_changes_are_few_frames() -> None:
    desk = ScriptedDesk()
    async with console(desk) as hands:
        frames = count_frames(hands)
        for n in range(100):
            desk.push(Slice.QUOTES, [scripted.quote(SAMSUNG, 0, 71_000.0 + 100 * n, 70_700.0)])
        await hands.until(lambda: "80,900" in hands.text)
        assert len(frames) <= 5


async def test_only_the_changed_row_is_put() -> None:
    desk = ScriptedDesk()
    async with console(desk) as hands:
        before = hands.lines
        desk.push(Slice.QUOTES, [scripted.quote(HYNIX, 1, 190_000.0, 184_500.0)])
        await hands.until(lambda: "190,000" in hands.text)
        assert [y for y, (a, b) in enumerate(zip(before, hands.lines, strict=True)) if a != b] == [5]


async def test_panic_does_not_wait_for_a_send_in_flight() -> None:
    class SlowDesk(ScriptedDesk):
        def __init__(self) -> None:
            super().__init__()
            self.let_go = asyncio.Event()

        async def send(self, command: Command) -> Receipt:
            self.sent.append(command)
            if isinstance(command, Submit):
                await self.let_go.wait()
            return self.answer

    desk = SlowDesk()
    async with console(desk) as hands:
        await hands.press("b", "enter", "enter", "enter")
        await hands.until(lambda: desk.sent)
        await hands.press("ctrl+x", "enter")
        await hands.until(lambda: len(desk.sent) == 2)
        assert isinstance(desk.sent[1], Panic)
        desk.let_go.set()
        await hands.until(lambda: not hands.app.forms and not hands.app.asking.is_sending)
        assert [type(command) for command in desk.sent] == [Submit, Panic]


async def test_a_desk_that_is_gone_is_said_and_the_figures_stay() -> None:
    class DyingDesk(ScriptedDesk):
        async def watch(self, interest):  # type: ignore[no-untyped-def, override]
            async for changed in super().watch(interest):
                if changed.revision > 1:
                    raise StorageError("the engine closed the line")
                yield changed

    desk = DyingDesk()
    async with console(desk) as hands:
        desk.push(Slice.STATUS, [scripted.status()])
        await hands.until(lambda: "the desk is gone (the engine closed the line)" in hands.lines[37])
        assert "71,000" in hands.text
        assert hands.app.return_code is None


async def test_log_lines_between_two_pictures_are_all_there_and_counted() -> None:
    desk = ScriptedDesk()
    async with console(desk) as hands:
        desk.push(Slice.LOG, [scripted.log(n, "fill", "FILL", f"fill number {n}") for n in range(4, 54)])
        await hands.until(lambda: "fill number 53" in hands.lines[37])
        assert "+49 more" in hands.lines[37]
        assert [row.sequence for row in hands.app.picture.log()] == list(range(53, 0, -1))
        await hands.press("escape")
        assert "fill number 53" not in hands.lines[37]


async def test_what_happened_before_we_came_is_not_shouted() -> None:
    async with console() as hands:
        assert not hands.app.has_message


async def test_a_ladder_of_another_symbol_gives_no_price() -> None:
    desk = ScriptedDesk()
    async with console(desk) as hands:
        await hands.press("4", "k", "k", "b")
        form = hands.app.top_form
        assert form.price.text == "71200"  # type: ignore[union-attr]
        await hands.press("escape")
        hands.app.select(HYNIX)
        assert hands.app.keys.rooms["ladder"].price is None


async def test_ages_are_the_desks_time() -> None:
    desk = ScriptedDesk()
    async with console(desk, size=(80, 24)) as hands:
        desk.clock = NOW + 7_000_000_000
        hands.app._second()
        await hands.until(lambda: "7.2" in next(line for line in hands.lines if "Samsung" in line))
