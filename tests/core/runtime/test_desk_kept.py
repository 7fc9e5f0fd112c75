"""Lists, alerts, notes, stories and the system row through a desk, in this process and over its socket: what two faces
see of them, and what a restart finds."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec
import pytest

from core.clock import SystemClock
from core.domain.commands import Close, EditWatchlist, ListEdit, SetAlert, Submit, WriteNote
from core.domain.errors import InvalidValue
from core.ports import Desk, Query
from core.runtime.desk_remote import connect
from core.runtime.desk_socket import serve, socket_path
from core.trading.systemview import SystemRow
from core.trading.view import Interest, Row, Slice
from tests import scenes
from tests.scenes import ACCOUNT, APPLE, SAMSUNG
from tests.stage import Stage, stage

SECONDS = 5.0


class Eye:
    """One face: what stands on its screen after each change."""

    def __init__(self, desk: Desk, **interest: Any) -> None:
        self.rows: dict[Slice, dict[str, Row]] = {part: {} for part in Slice}
        self._changes = desk.watch(Interest(**interest))

    async def until(self, condition: Any) -> None:
        async with asyncio.timeout(SECONDS):
            while not condition():
                changed = await anext(self._changes)
                self.rows[changed.slice] |= {row.key: row for row in changed.put}
                for key in changed.gone:
                    self.rows[changed.slice].pop(key, None)

    async def aclose(self) -> None:
        await self._changes.aclose()  # type: ignore[attr-defined]

    @property
    def quotes(self) -> set[str]:
        return set(self.rows[Slice.QUOTES])


async def turn_until(condition: Any) -> None:
    """Let the loop turn until it is so."""
    async with asyncio.timeout(SECONDS):
        while not condition():
            await SystemClock().sleep(0)


@pytest.fixture(params=["local", "remote"])
async def here(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[tuple[Stage, Desk]]:
    """A stage whose lists are main (Samsung) and us (Apple), and a desk on it."""
    async with stage() as made:
        made.engine.watchlists.seeds = {"main": (SAMSUNG,), "us": (APPLE,)}
        if request.param == "local":
            yield made, made.desk
            return
        place = socket_path(tmp_path)
        async with serve(made.desk, place), connect(place, SystemClock(), connect_seconds=SECONDS) as desk:
            yield made, desk


async def test_two_faces_look_at_two_lists(here: tuple[Stage, Desk]) -> None:
    _, desk = here
    slices = frozenset({Slice.QUOTES, Slice.WATCHLISTS})
    async with aclosing(Eye(desk, slices=slices)) as one, aclosing(Eye(desk, slices=slices, watchlist="us")) as two:
        await one.until(lambda: one.quotes == {SAMSUNG} and len(one.rows[Slice.WATCHLISTS]) == 2)
        await two.until(lambda: two.quotes == {APPLE})
        receipt = await desk.send(EditWatchlist(name="main", edit=ListEdit.ADD, instrument=APPLE))
        assert receipt.is_ok and "main has 2" in receipt.text
        await one.until(lambda: one.quotes == {SAMSUNG, APPLE})
        await desk.send(EditWatchlist(name="main", edit=ListEdit.REMOVE, instrument=SAMSUNG))
        await one.until(lambda: one.quotes == {APPLE})
        assert two.quotes == {APPLE}


async def test_what_is_held_ordered_or_armed_has_a_quote_on_every_list(here: tuple[Stage, Desk]) -> None:
    made, desk = here
    async with aclosing(Eye(desk, slices=frozenset({Slice.QUOTES}), watchlist="us")) as eye:
        await eye.until(lambda: eye.quotes == {APPLE})
        request = scenes.request("buy", "10", "70000")
        await made.do(Submit(request=request))
        await eye.until(lambda: eye.quotes == {APPLE, SAMSUNG})
        await made.quote(70_900, 71_000)
        await eye.until(lambda: getattr(eye.rows[Slice.QUOTES].get(SAMSUNG), "bid", None) == 70_900)
    async with aclosing(Eye(desk, slices=frozenset({Slice.QUOTES}), watchlist="main", instrument=APPLE)) as chosen:
        await chosen.until(lambda: chosen.quotes == {APPLE, SAMSUNG})


async def test_a_refused_change_says_why_over_the_wire_too(here: tuple[Stage, Desk]) -> None:
    _, desk = here
    refused = await desk.send(EditWatchlist(name="nowhere", edit=ListEdit.ADD, instrument=APPLE))
    assert not refused.is_ok and "there are: main, us" in refused.text
    refused = await desk.send(WriteNote(subject="order:nothing", text="x"))
    assert not refused.is_ok and "no 'order:nothing'" in refused.text


async def test_an_alert_is_seen_waiting_then_fired_and_in_the_log(here: tuple[Stage, Desk]) -> None:
    made, desk = here
    async with aclosing(Eye(desk, slices=frozenset({Slice.ALERTS, Slice.LOG}))) as eye:
        receipt = await desk.send(SetAlert(instrument=SAMSUNG, above=True, price=Decimal(72_000), note="breakout"))
        assert receipt.is_ok and receipt.text.startswith("a1 set: Samsung Electronics rises to 72,000 (breakout)")
        await eye.until(lambda: "a1" in eye.rows[Slice.ALERTS])
        await made.trade(72_000, 5)
        await eye.until(lambda: getattr(eye.rows[Slice.ALERTS].get("a1"), "fired_price", 0) == 72_000.0)
        await eye.until(lambda: any(getattr(row, "level", "") == "alert" for row in eye.rows[Slice.LOG].values()))


async def test_the_story_of_an_order_has_every_step_and_its_note(here: tuple[Stage, Desk]) -> None:
    made, desk = here
    request = scenes.request("buy", "10", None)
    await made.do(Submit(request=request))
    id = request.client_order_id
    assert (await desk.send(WriteNote(subject=f"order:{id}", text="tested\x1b[2J the\u202e level"))).is_ok
    story = await desk.story(id[-6:])
    assert [line.kind for line in story.lines] == ["ORDER", "SENDING", "SENT", "FILL"]
    assert story.note == "tested[2J the level"
    assert story.order is not None and story.order.note == story.note
    assert sum(fill.quantity for fill in story.fills) == 10
    assert story.sent_to_answer is not None and story.staged_to_sent is not None
    fill = story.fills[0]
    await desk.send(WriteNote(subject=f"fill:{fill.key}", text="good price"))
    page = await desk.history(Query(what="fills"))
    assert [getattr(row, "note", "") for row in page.rows] == ["good price"]


async def test_the_story_of_a_place(here: tuple[Stage, Desk]) -> None:
    made, desk = here
    await made.do(Submit(request=scenes.request("buy", "10", None)))
    position = await desk.story(f"{ACCOUNT}|{SAMSUNG}")
    assert position.what == "position" and len(position.fills) == 1
    instrument = await desk.story(SAMSUNG)
    assert instrument.what == "instrument" and instrument.instrument is not None
    assert instrument.instrument.name_ko == "삼성전자"
    with pytest.raises(InvalidValue):
        await desk.story("XKRX:123456")
    with pytest.raises(InvalidValue):
        await desk.story("no such thing")


async def test_the_system_row_comes_only_to_who_asks(here: tuple[Stage, Desk]) -> None:
    made, desk = here
    await made.do(Submit(request=scenes.request("buy", "10", None)))
    await made.second()
    async with aclosing(Eye(desk, slices=frozenset({Slice.SYSTEM, Slice.STATUS}))) as eye:
        await eye.until(lambda: eye.rows[Slice.SYSTEM])
        row = eye.rows[Slice.SYSTEM]["system"]
        assert isinstance(row, SystemRow)
        counts = {latency.name: latency.count for latency in row.latencies}
        assert counts == {"ask to journal": 1, "journal to wire": 1, "wire to answer": 1}
        assert row.feeds[0].broker == "paper" and row.feeds[0].subscriptions == 2
        assert row.journal.sequence > 3 and row.journal.last_commit
        assert row.memory > 1_000_000 and row.instruments == 2
        assert row.scheduled[0].what.endswith("trading day")
    await turn_until(lambda: not made.desk.picture.faces)  # a goodbye over the socket is on its way


async def test_lists_alerts_and_notes_survive_a_restart(tmp_path: Path) -> None:
    path = tmp_path / "journal.db"
    async with stage(path) as made:
        await made.do(EditWatchlist(name="kr", edit=ListEdit.MAKE))
        await made.do(EditWatchlist(name="kr", edit=ListEdit.ADD, instrument=SAMSUNG))
        await made.do(SetAlert(instrument=SAMSUNG, above=True, price=Decimal(73_000)))
        await made.do(SetAlert(instrument=SAMSUNG, above=True, price=Decimal(72_000)))
        await made.trade(72_000, 5)
        await made.do(WriteNote(subject=f"instrument:{SAMSUNG}", text="earnings"))
        await made.do(Submit(request=scenes.request("buy", "10", None)))
        before = {name: value for name, value in vars(made.state.kept).items() if name != "folds"}
    async with stage(path) as again:
        kept = {name: value for name, value in vars(again.state.kept).items() if name != "folds"}
        assert kept == before
        assert list(kept["alerts"]) == ["a1"] and list(kept["fired"]) == ["a2"]
        assert again.engine.watchlists.lists()["kr"] == (SAMSUNG,)
        assert (await again.desk.story(SAMSUNG)).note == "earnings"
        await again.trade(72_500, 5)
        assert list(again.state.kept.alerts) == ["a1"]
        await again.trade(73_000, 5)
        assert list(again.state.kept.fired) == ["a2", "a1"]
        order = next(iter(again.state.orders))
        assert (await again.desk.story(order)).lines[0].kind == "ORDER"


async def test_a_line_with_few_places_carries_what_is_held_and_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    async with stage() as made:
        broker = made.program.broker
        broker.capabilities = msgspec.structs.replace(broker.capabilities, max_subscriptions=1)
        made.engine.watchlists.seeds = {"us": (APPLE,), "kr": (SAMSUNG,)}
        lines = made.program.runner.lines

        async def carries(instrument: Any) -> None:
            await made.second()
            await turn_until(lambda: {s.instrument for s in lines.subscribed["paper"]} == {instrument})

        await carries(APPLE)
        await made.do(Submit(request=scenes.request("buy", "10", None)))
        await carries(SAMSUNG)
        await made.do(Close(client_order_id=scenes.new_id(), account=ACCOUNT, instrument=SAMSUNG, at_market=True))
        await carries(APPLE)


async def test_the_log_is_paged_by_number_without_a_gap() -> None:
    async with stage() as made:
        for n in range(30):
            await made.do(WriteNote(subject=f"instrument:{SAMSUNG}", text=f"note {n}"))
        seen: list[int] = []
        before = None
        while True:
            page = await made.desk.history(Query(what="log", limit=7, before=before))
            seen += [row.sequence for row in page.rows]  # type: ignore[union-attr]
            before = seen[-1]
            if not page.has_more:
                break
        assert seen == list(range(seen[0], 0, -1)) and len(seen) > 30
