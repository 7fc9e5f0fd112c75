"""What a face sees through the desk of this process, and what it may do."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from decimal import Decimal
from pathlib import Path
from random import Random
from typing import Any

from core.clock import ManualClock, SystemClock
from core.config import Settings
from core.domain.commands import CancelAll, Panic, Submit
from core.domain.events import OrderFilled
from core.domain.market import Aggressor, Freshness, Interval, OrderBook, Trade
from core.domain.order import OrderStatus
from core.ports import Query
from core.runtime.desk import LocalDesk
from core.trading.view import Changed, Interest, Slice, chart_key
from storage.journal import Journal
from tests import scenes
from tests.scenes import ACCOUNT, APPLE, INSTRUMENTS, SAMSUNG
from tests.stage import Stage, stage
from tui.compose import Program, paper_broker


class Face:
    """Follows a desk at the pace of a manual clock, and keeps the rows it was given."""

    def __init__(self, desk: LocalDesk, pace: ManualClock, interest: Interest) -> None:
        self.changes: list[Changed] = []
        self.rows: dict[Slice, dict[str, Any]] = {s: {} for s in Slice}
        self._pace = pace
        self._watch = desk.watch(interest)
        self._task = asyncio.ensure_future(self._follow())

    async def _follow(self) -> None:
        async for change in self._watch:
            self.changes.append(change)
            held = self.rows[change.slice]
            for key in change.gone:
                held.pop(key)
            held.update({row.key: row for row in change.put})

    async def look(self, seconds: float = 0.11) -> list[Changed]:
        """What the next picture brings."""
        self.changes = []
        self._pace.advance(seconds)
        for _ in range(10):
            await SystemClock().sleep(0)
        return self.changes

    async def close(self) -> None:
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)
        await self._watch.aclose()  # type: ignore[attr-defined]


class Room:
    """A running program, a desk paced by hand, and the faces that look at it."""

    def __init__(self, made: Stage) -> None:
        self.made = made
        self.pace = ManualClock()
        self.desk = LocalDesk(made.program.runner, self.pace, Random(1).randbytes)
        self.faces: list[Face] = []

    async def face(self, *slices: Slice, **more: Any) -> Face:
        face = Face(self.desk, self.pace, Interest(slices=frozenset(slices or Slice), **more))
        self.faces.append(face)
        await face.look()
        return face


@asynccontextmanager
async def room(**more: Any) -> AsyncIterator[Room]:
    async with stage(**more) as made:
        here = Room(made)
        try:
            yield here
        finally:
            for face in here.faces:
                await face.close()


async def test_first_everything_then_only_what_changed() -> None:
    async with room() as here:
        face = await here.face()
        assert set(face.rows[Slice.QUOTES]) == {SAMSUNG, APPLE}
        assert face.rows[Slice.STATUS]["status"].gate == ""
        assert await face.look() == [], "nothing happened, nothing is told"
        await here.made.quote(71_100, 71_200)
        (change,) = await face.look()
        assert (change.slice, [row.key for row in change.put], change.gone) == (Slice.QUOTES, [SAMSUNG], ())


async def test_a_row_that_went_is_told_as_gone() -> None:
    async with room() as here:
        face = await here.face(Slice.POSITIONS)
        await here.made.do(Submit(request=scenes.request(price="71100")))
        await face.look()
        (key,) = face.rows[Slice.POSITIONS]
        here.made.state.positions.clear()
        here.made.program.runner.feed(
            scenes.RateChanged(ts=1, currency=scenes.USD, base=scenes.KRW, rate=Decimal(1401))
        )
        changes = await face.look()
        assert [change.gone for change in changes] == [(key,)]
        assert not face.rows[Slice.POSITIONS]


async def test_a_slow_face_is_given_the_newest_rows_only() -> None:
    async with room() as here:
        face = await here.face(Slice.QUOTES)
        for n in range(50):
            await here.made.quote(71_000 + 100 * n, 71_100 + 100 * n)
            here.desk.picture.refresh(here.made.clock.now())
        (change,) = await face.look()
        assert [row.bid for row in change.put] == [71_000 + 4_900]


async def test_what_is_gone_is_remembered_no_longer_than_a_face_needs_it() -> None:
    async with room() as here:
        quick = await here.face(Slice.ORDERS)
        for n in range(150):
            request = scenes.request(quantity=str(n + 1), price="71050")  # off tick: denied
            here.made.program.runner.ask(Submit(request=request))
            await quick.look()
        assert len(quick.rows[Slice.ORDERS]) <= 100
        await quick.look()
        assert sum(map(len, here.desk.picture._gone.values())) == 0


async def test_the_book_is_that_of_the_instrument_of_interest_alone() -> None:
    async with room() as here:
        face = await here.face(Slice.BOOK, instrument=SAMSUNG)
        now = here.made.clock.now()
        for id in (SAMSUNG, APPLE):
            await here.made.market(OrderBook.of(id, ((100.0, 5.0),), ((101.0, 6.0),), now, now))
        await here.made.market(Trade(SAMSUNG, 71_000, 3, Aggressor.BUY, now, now))
        await face.look()
        assert set(face.rows[Slice.BOOK]) == {SAMSUNG}
        row = face.rows[Slice.BOOK][SAMSUNG]
        assert row.bids == ((100.0, 5.0),)
        assert [p[1] for p in row.prints] == [71_000]
        assert here.made.program.runner.lines.looked_at == {SAMSUNG}
        await face.close()
        assert here.made.program.runner.lines.looked_at == frozenset()


async def test_a_book_nobody_looked_at_is_not_shown_as_it_was() -> None:
    async with room() as here:
        first = await here.face(Slice.BOOK, instrument=SAMSUNG)
        await first.close()
        here.faces.clear()
        other = await here.face(Slice.QUOTES)
        here.made.clock.advance(3600)
        await other.look(0.001)
        again = await here.face(Slice.BOOK, instrument=SAMSUNG)
        (change, *_) = again.changes
        assert change.put[0].freshness is Freshness.STALE  # type: ignore[union-attr]


async def test_a_chart_is_that_of_the_instrument_and_interval_of_interest_alone() -> None:
    async with room() as here:
        made = here.made
        face = await here.face(Slice.CHART, instrument=SAMSUNG, interval=Interval.M1)
        for id, price in ((SAMSUNG, 71_000.0), (APPLE, 227.0), (SAMSUNG, 71_100.0)):
            await made.trade(price, 3, id)
        await face.look()
        (row,) = face.rows[Slice.CHART].values()
        assert row.key == chart_key(SAMSUNG, Interval.M1)
        assert [(bar.open, bar.close, bar.volume) for bar in row.bars] == [(71_000, 71_100, 6)]
        await made.trade(227.5, 1, APPLE)
        assert await face.look() == [], "another instrument is no news here"
        await face.close()
        assert not made.engine.charts.of
        here.faces.clear()


async def test_two_faces_on_one_chart_and_one_goes() -> None:
    async with room() as here:
        one = await here.face(Slice.CHART, instrument=SAMSUNG, interval=Interval.M1)
        two = await here.face(Slice.CHART, instrument=SAMSUNG, interval=Interval.M1)
        await one.close()
        here.faces.remove(one)
        await here.made.trade(71_000, 3)
        await two.look()
        (row,) = two.rows[Slice.CHART].values()
        assert row.bars[-1].close == 71_000


async def test_the_fills_of_one_instrument_are_found_behind_those_of_others() -> None:
    async with room() as here:
        made = here.made
        for n in range(30):
            filled = scenes.fill("buy", "1", "227", instrument=APPLE, ts=made.clock.now() + n)
            made.program.runner.feed(OrderFilled(ts=1, fill=filled))
        made.program.runner.feed(OrderFilled(ts=1, fill=scenes.fill("buy", "3", "71000", ts=1)))
        await made.settle()
        page = await here.desk.history(Query(what="fills", limit=5, instrument=SAMSUNG))
        assert [row.quantity for row in page.rows] == [3]  # type: ignore[union-attr]
        assert not page.has_more


async def test_quotes_go_stale_without_any_event() -> None:
    async with room() as here:
        face = await here.face(Slice.QUOTES)
        here.made.clock.advance(45)
        await face.look()
        assert face.rows[Slice.QUOTES][SAMSUNG].freshness is Freshness.STALE


async def test_history_cuts_no_more_rows_than_it_returns(monkeypatch: Any) -> None:
    from core.trading import rows

    async with room() as here:
        for n in range(200):
            here.made.clock.advance(0.001)
            here.made.program.runner.ask(Submit(request=scenes.request(quantity=str(n + 1), price="71050")))
        cut: list[str] = []
        real = rows.order_row
        monkeypatch.setattr(rows, "order_row", lambda state, order: cut.append(order.id) or real(state, order))
        await here.desk.history(Query(what="orders", limit=10))
        assert len(cut) <= 200 // 10


async def test_a_desk_that_reads_only_sends_nothing(tmp_path: Path) -> None:
    path = tmp_path / "journal.db"
    async with stage(path) as made:
        await made.do(Submit(request=scenes.request(price="70000")))
    journal = Journal.open(path, read_only=True)
    clock = ManualClock(scenes.START)
    program = Program(Settings(), journal, paper_broker(Settings(), clock, INSTRUMENTS), clock=clock)
    await program.prepare()
    receipt = await program.desk.send(CancelAll())
    assert not receipt.is_ok
    assert "reads only" in receipt.text
    assert len(program.engine.state.live) == 1
    with_status = [change async for change in _one(program.desk)]
    assert with_status[0].put[0].journal == "read-only"  # type: ignore[union-attr]


async def _one(desk: LocalDesk) -> AsyncIterator[Changed]:
    watch = desk.watch(Interest(slices=frozenset({Slice.STATUS})))
    async for change in watch:
        yield change
        break
    await watch.aclose()  # type: ignore[attr-defined]


async def test_a_panic_that_ends_an_order_before_it_leaves_has_stopped() -> None:
    """What it ends or closes on its way is no answer to it: to a face that would read as refused."""
    async with stage() as made:
        await made.do(Submit(request=scenes.request(price="71100")))
        assert (await made.desk.send(Submit(request=scenes.request("buy", "1", "70000")))).is_ok
        receipt = await made.desk.send(Panic())
        assert [order.status for order in made.state.orders.values()][-1] is OrderStatus.DENIED
        assert receipt.is_ok and receipt.text.startswith("stopped: no automatic orders"), receipt
        await made.settle()
        made.clock.advance(3)
        await made.quote(71_000, 71_100)
        assert (await made.do(Panic(flatten=True))).text.endswith("everything is being canceled and positions closed")
        assert made.state.position(ACCOUNT, SAMSUNG).quantity == 0
