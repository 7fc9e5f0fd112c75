"""The engine of an attached console goes away and comes back: what stands still does not look alive, what was typed
stays, and nothing is sent before a person has looked again."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

from core.domain.commands import Submit
from core.domain.errors import DeskUnavailable
from core.domain.market import NS, Freshness
from core.trading.view import Changed, Interest, LogRow, Slice
from tests.tui import scripted
from tests.tui.scripted import Hands, ScriptedDesk, console
from tui.forms.ticket import Ticket


class LeavingDesk(ScriptedDesk):
    """Its streams end with the line, until `come_back`."""

    silent_since: int | None = None

    def __init__(self) -> None:
        super().__init__()
        self._line = asyncio.Event()
        self._up = asyncio.Event()
        self._up.set()

    @property
    def is_up(self) -> bool:
        return self._up.is_set()

    async def back(self) -> None:
        await self._up.wait()

    def go_away(self) -> None:
        self._up.clear()
        for _, queue in self._later:
            queue.put_nowait(LOST)
        self._later.clear()

    def come_back(self) -> None:
        self._up.set()

    async def watch(self, interest: Interest) -> AsyncIterator[Changed]:
        if not self.is_up:
            raise DeskUnavailable("none runs")
        async for changed in super().watch(interest):
            if changed is LOST:
                raise DeskUnavailable("the line broke")
            yield changed


LOST = Changed(slice=Slice.LOG, revision=0)


async def gone(hands: Hands, desk: LeavingDesk) -> None:
    desk.go_away()
    await hands.until(lambda: "NO ENGINE" in hands.text)


async def test_figures_of_an_engine_that_is_gone_do_not_look_alive() -> None:
    desk = LeavingDesk()
    async with console(desk) as hands:
        picture = hands.app.picture
        assert any(row.freshness is Freshness.LIVE for row in picture.quotes())
        await gone(hands, desk)
        await hands.until(lambda: "gate: no engine" in hands.lines[0])
        assert "71,000" in hands.text
        assert {row.freshness for row in picture.quotes()} == {Freshness.STALE}
        assert picture.book is not None and picture.book.freshness is Freshness.STALE
        assert picture.status is not None and not any(feed.is_connected for feed in picture.status.feeds)


async def test_the_whole_picture_is_read_again_when_it_is_back() -> None:
    desk = LeavingDesk()
    async with console(desk) as hands:
        assert hands.app.picture.orders()
        await gone(hands, desk)
        desk.rows = {**desk.rows, Slice.ORDERS: ()}  # they ended while nobody looked
        desk.come_back()
        await hands.until(lambda: not hands.app.picture.orders())
        await hands.until(lambda: "gate: no engine" not in hands.lines[0])
        picture = hands.app.picture
        assert any(row.freshness is Freshness.LIVE for row in picture.quotes())
        await hands.until(lambda: picture.book is not None and picture.book.freshness is Freshness.LIVE)
        desk.push(Slice.STATUS, [scripted.status(gate="halted by hand")])
        await hands.until(lambda: "halted by hand" in hands.lines[0])
        await hands.press("escape", "escape")
        assert "NO ENGINE" not in hands.text  # it is not so any more, read or not
        assert desk.sent == []


async def test_what_happened_while_the_line_was_lost_is_told_when_it_is_back() -> None:
    desk = LeavingDesk()
    async with console(desk) as hands:
        before = desk.rows[Slice.LOG]
        await gone(hands, desk)
        unread, at = hands.app.picture.unread, scripted.NOW + 10 * NS
        stop = LogRow(key="900", sequence=900, ts=at, level="fill", kind="FILL", text="the stop was sold")
        alarm = LogRow(key="901", sequence=901, ts=at, level="error", kind="LEGS", text="no stop any more")
        desk.rows = {**desk.rows, Slice.LOG: (*before, stop, alarm)}
        desk.come_back()
        await hands.until(lambda: "no stop any more" in hands.text)
        assert hands.app.picture.unread == unread + 1
        await hands.press("escape")
        await hands.until(lambda: "the stop was sold" in hands.text)
        desk.rows = {**desk.rows}
        await gone(hands, desk)
        desk.come_back()
        await hands.until(lambda: "wait for another look" in hands.text)
        assert hands.app.picture.unread == unread + 1, "once"


async def test_a_ticket_keeps_what_was_typed_and_is_looked_at_again_before_it_sends() -> None:
    desk = LeavingDesk()
    async with console(desk) as hands:
        await hands.press("b", "7")
        ticket = hands.app.top_form
        assert isinstance(ticket, Ticket)
        await gone(hands, desk)
        desk.come_back()
        await hands.until(lambda: "wait for another look" in hands.text)
        assert hands.app.top_form is ticket
        await hands.press("enter")
        await hands.until(lambda: "look at the figures" in hands.text)
        assert desk.sent == []
        await hands.press("enter")
        await hands.until(lambda: desk.sent)
        assert [type(command) for command in desk.sent] == [Submit]
        assert desk.sent[0].request.quantity == 7  # type: ignore[union-attr]


async def test_panic_needs_no_second_look() -> None:
    desk = LeavingDesk()
    async with console(desk) as hands:
        await hands.press("ctrl+x")
        await gone(hands, desk)
        desk.come_back()
        await hands.until(lambda: "wait for another look" in hands.text)
        await hands.press("enter")
        await hands.until(lambda: len(desk.sent) == 1)


async def test_an_engine_that_hangs_is_told_with_its_time_and_comes_back_by_itself() -> None:
    desk = LeavingDesk()
    async with console(desk) as hands:
        desk.silent_since = scripted.NOW
        desk.go_away()
        at = hands.app.look.zone.clock(scripted.NOW)
        await hands.until(lambda: f"does not answer since {at}" in hands.text)
        assert {row.freshness for row in hands.app.picture.quotes()} == {Freshness.STALE}
        desk.silent_since = None
        desk.come_back()
        await hands.until(lambda: "the engine is back" in hands.text and "does not answer" not in hands.text)
