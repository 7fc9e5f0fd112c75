"""Every desk is the same desk: what a face sees and does is held to one contract, in this process and over the socket.
What only the picture or only the wire can get wrong is tested beside them (tests/core/runtime)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from core.clock import SystemClock
from core.domain.account import TradingState
from core.domain.commands import (
    Cancel,
    CancelAll,
    Close,
    EditWatchlist,
    ListEdit,
    Panic,
    SetAlert,
    SetStrategyParams,
    Settle,
    SetTradingState,
    StartDay,
    Submit,
    Tick,
    WriteNote,
)
from core.domain.errors import DeskUnavailable, InvalidValue
from core.domain.events import OrderFilled
from core.domain.ids import AccountId, check_client_order_id
from core.domain.market import NS, Interval
from core.domain.order import OrderStatus
from core.ports import Desk, Query
from core.runtime.desk_remote import connect
from core.runtime.desk_socket import serve, socket_path
from core.trading.systemview import SystemRow
from core.trading.view import Interest, Row, Slice
from tests import scenes
from tests.core.runtime.test_strategy_params import SETTINGS, ready
from tests.scenes import ACCOUNT, APPLE, SAMSUNG
from tests.stage import Stage, stage

SECONDS = 5.0
CHART = Interest(slices=frozenset({Slice.CHART}), instrument=SAMSUNG, interval=Interval.M1)
WHY = Interest(slices=frozenset({Slice.TRACE}), strategy="ma")


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


async def first(desk: Desk, interest: Interest) -> Any:
    """The first picture of an interest."""
    async with aclosing(desk.watch(interest)) as changes:  # type: ignore[type-var]
        return (await anext(changes)).put  # type: ignore[call-overload]


# --- the same desk ---------------------------------------------------------------------------------------------------


async def test_both_desks_show_the_same_rows(tmp_path: Path) -> None:
    """Slice by slice, with something in each: the first picture over the socket is that of this process."""
    async with stage(settings=SETTINGS) as made:
        ready(made)
        await made.trade(71_000, 3)
        await made.do(Submit(request=scenes.request("buy", "10", None)))
        await made.do(Submit(request=scenes.request("buy", "10", "70000")))
        await made.do(SetAlert(instrument=SAMSUNG, above=True, price=Decimal(72_000)))
        place = socket_path(tmp_path)
        async with serve(made.desk, place), connect(place, SystemClock(), connect_seconds=SECONDS) as remote:
            shown = 0
            for part in Slice:
                if part is Slice.SYSTEM:
                    continue  # memory and latencies are never twice the same
                interest = Interest(slices=frozenset({part}), instrument=SAMSUNG, interval=Interval.M1, strategy="ma")
                eyes = Eye(made.desk, **_fields(interest)), Eye(remote, **_fields(interest))
                for eye in eyes:
                    async with aclosing(eye):
                        await eye.until(lambda eye=eye, part=part: eye.rows[part])
                assert eyes[0].rows[part] == eyes[1].rows[part], part
                shown += len(eyes[0].rows[part])
            assert shown > 10


def _fields(interest: Interest) -> dict[str, Any]:
    return {name: getattr(interest, name) for name in interest.__struct_fields__}


async def test_an_order_is_seen_from_its_ticket_to_its_position(here: tuple[Stage, Desk]) -> None:
    made, desk = here
    slices = frozenset({Slice.ORDERS, Slice.POSITIONS, Slice.LOG})
    async with aclosing(Eye(desk, slices=slices)) as eye:
        resting, taking = scenes.request("buy", "10", "70000"), scenes.request("buy", "5", "71100")
        for request in (resting, taking):
            receipt = await desk.send(Submit(request=request))
            assert receipt.is_ok and receipt.client_order_id == request.client_order_id
            await made.settle()
        await eye.until(lambda: getattr(eye.rows[Slice.ORDERS].get(resting.client_order_id), "status", "") == "open")
        await eye.until(lambda: eye.rows[Slice.POSITIONS])
        (row,) = eye.rows[Slice.POSITIONS].values()
        assert row.quantity == Decimal(5)  # type: ignore[union-attr]
        assert (await desk.send(Cancel(client_order_id=resting.client_order_id))).is_ok
        await made.settle()
        await eye.until(
            lambda: getattr(eye.rows[Slice.ORDERS].get(resting.client_order_id), "status", "") in ("", "canceled")
        )
        assert made.state.orders[resting.client_order_id].status is OrderStatus.CANCELED


async def test_the_same_send_twice_is_one_order(here: tuple[Stage, Desk]) -> None:
    made, desk = here
    request = scenes.request("buy", "10", "70000")
    receipts = await asyncio.gather(*(desk.send(Submit(request=request)) for _ in range(10)))
    assert [receipt.is_ok for receipt in receipts].count(True) == 1
    await made.settle()
    assert len(made.state.orders) == 1


async def test_a_slow_face_is_given_the_newest_rows_only(here: tuple[Stage, Desk]) -> None:
    """It looks away for fifty quotes and gets a few pictures, the last of which is true."""
    made, desk = here
    seen: list[float] = []
    async with aclosing(desk.watch(Interest(slices=frozenset({Slice.QUOTES}), instrument=SAMSUNG))) as changes:  # type: ignore[type-var]
        await anext(changes)  # type: ignore[call-overload]
        for n in range(1, 51):
            await made.quote(71_000 + 100 * n, 71_100 + 100 * n)
            made.desk.picture.refresh(made.clock.now())
        async with asyncio.timeout(SECONDS):
            while not seen or seen[-1] != 76_000:
                changed = await anext(changes)  # type: ignore[call-overload]
                seen += [row.bid for row in changed.put if row.key == SAMSUNG]
    assert seen == sorted(seen) and len(seen) < 25


async def test_a_face_that_comes_back_sees_everything_first(here: tuple[Stage, Desk]) -> None:
    made, desk = here
    for _ in range(3):
        await made.do(Submit(request=scenes.request("buy", "10", "70000")))
        async with aclosing(Eye(desk, slices=frozenset({Slice.ORDERS}))) as eye:
            await eye.until(lambda: eye.rows[Slice.ORDERS])
            assert set(eye.rows[Slice.ORDERS]) == set(made.state.orders)
    await turn_until(lambda: not made.desk.picture.faces)


async def test_instruments_are_found_by_code_name_and_first_letters(here: tuple[Stage, Desk]) -> None:
    _, desk = here
    for text in ("005930", "samsung", "삼성", "ㅅㅅ"):
        assert [item.id for item in await desk.search(text)][:1] == [SAMSUNG], text
    assert await desk.search("no such thing") == []


async def test_bars_say_what_they_cover(here: tuple[Stage, Desk]) -> None:
    made, desk = here
    await made.trade(71_000, 3)
    now = made.clock.now()
    for since, until in ((now - 600 * NS, now + 60 * NS), (0, 60 * NS)):
        coverage = await desk.bars(SAMSUNG, Interval.M1, since, until)
        assert coverage == await made.desk.bars(SAMSUNG, Interval.M1, since, until)
        assert all(since <= bar.ts < until for bar in coverage.bars)


async def test_order_ids_are_new_each_time_and_the_clock_is_the_desks(here: tuple[Stage, Desk]) -> None:
    made, desk = here
    ids = {desk.new_order_id() for _ in range(1000)}
    assert len(ids) == 1000 and all(check_client_order_id(id) == id for id in ids)
    assert abs(desk.now() - made.clock.now()) < 60 * NS


async def test_charts_reasons_and_parameters(tmp_path: Path) -> None:
    async with stage(settings=SETTINGS) as made:
        ready(made)
        await made.trade(71_000, 3)
        path = socket_path(tmp_path)
        async with serve(made.desk, path), connect(path, SystemClock(), connect_seconds=SECONDS) as remote:
            for desk, fast in ((made.desk, "2"), (remote, "3")):
                (chart,) = await first(desk, CHART)
                assert (chart.instrument, chart.interval, chart.tick) == (SAMSUNG, Interval.M1, 100.0)
                (why,) = await first(desk, WHY)
                assert (why.strategy, why.steps[0].name, why.steps[0].passed) == ("ma", "running", False)
                receipt = await desk.send(SetStrategyParams(name="ma", params={"fast": fast}))
                assert receipt.is_ok, receipt.text
                wrong = await desk.send(SetStrategyParams(name="ma", params={"fsat": "3"}))
                assert "did you mean 'fast'" in wrong.text
                (row,) = await first(desk, Interest(slices=frozenset({Slice.STRATEGIES})))
                assert {param.name: param.value for param in row.params}["fast"] == fast
                assert (await desk.history(Query(what="fills", instrument=SAMSUNG))).rows == ()


async def test_a_line_that_is_lost_costs_the_line_and_no_order(tmp_path: Path) -> None:
    """The engine's door closes under a face and opens again: it sees what was there, and its repeated send is none."""
    place, request = socket_path(tmp_path), scenes.request("buy", "10", "70000")
    async with stage() as made:
        with pytest.raises(DeskUnavailable):
            async with serve(made.desk, place), connect(place, SystemClock(), connect_seconds=SECONDS) as desk:
                assert (await desk.send(Submit(request=request))).is_ok
                await made.settle()
                desk._writer.transport.abort()  # type: ignore[attr-defined]
                await desk.search("005930")
        async with serve(made.desk, place), connect(place, SystemClock(), connect_seconds=SECONDS) as again:
            async with aclosing(Eye(again, slices=frozenset({Slice.ORDERS}))) as eye:
                await eye.until(lambda: set(eye.rows[Slice.ORDERS]) == {request.client_order_id})
            receipt = await again.send(Submit(request=request))
            assert not receipt.is_ok and "already sent" in receipt.text
        await made.settle()
        assert len(made.state.orders) == 1


# --- orders asked about ----------------------------------------------------------------------------------------------


async def test_preview_says_what_the_order_would_do(here: tuple[Stage, Desk]) -> None:
    made, desk = here
    seen = await desk.preview(scenes.request(quantity="10", price="71000"))
    assert (seen.notional, seen.currency, seen.position_after) == (Decimal(710_000), "KRW", Decimal(10))
    assert seen.costs is not None
    assert seen.buying_power_after == Decimal(100_000_000) - 710_000 - seen.costs
    assert (seen.rule, seen.checks_passed) == ("", seen.checks_total)
    assert seen.distance_ticks == 0
    denied = await desk.preview(scenes.request(quantity="10", price="71050"))
    assert denied.rule == "tick"
    assert 0 < denied.checks_passed < denied.checks_total
    unknown = await desk.preview(scenes.request(instrument="XKRX:000000"))  # type: ignore[arg-type]
    assert (unknown.rule, unknown.notional) == ("instrument", None)
    assert not made.state.orders, "a preview sends nothing"


async def test_preview_in_a_foreign_currency_is_valued_in_ours(here: tuple[Stage, Desk]) -> None:
    made, desk = here
    seen = await desk.preview(scenes.request(quantity="10", price="227.00", instrument=APPLE))
    assert (seen.notional, seen.currency) == (Decimal("2270.00"), "USD")
    assert seen.notional_base == Decimal("2270.00") * 1400
    made.state.rates.pop(scenes.USD)
    seen = await desk.preview(scenes.request(quantity="10", price="227.00", instrument=APPLE))
    assert seen.notional_base is None, "an unknown rate is unknown, never zero"


async def test_history_pages_back_without_gap_or_repeat(here: tuple[Stage, Desk]) -> None:
    made, desk = here
    for n in range(10):
        if n % 3 == 0:  # some share a moment
            made.clock.advance(1)
        made.program.runner.ask(Submit(request=scenes.request(quantity=str(n + 1), price="70000")))
        made.program.runner.feed(OrderFilled(ts=1, fill=scenes.fill("buy", "1", "70000", ts=made.clock.now())))
    await made.settle()
    for what in ("orders", "fills"):
        seen: list[str] = []
        before = None
        for _ in range(20):
            page = await desk.history(Query(what=what, before=before, limit=2))
            seen += [row.key for row in page.rows]
            if not page.has_more:
                break
            last = page.rows[-1]
            before = last.created if what == "orders" else last.ts  # type: ignore[union-attr]
        assert len(seen) == len(set(seen)) == 10
    lines = await desk.history(Query(what="log", limit=5))
    assert [row.sequence for row in lines.rows] == sorted((r.sequence for r in lines.rows), reverse=True)  # type: ignore[union-attr]


async def test_receipts_say_what_would_quietly_be_ignored(here: tuple[Stage, Desk]) -> None:
    made, desk = here
    wanted = scenes.request(price="70000")
    assert (await made.do(Submit(request=wanted))).is_ok
    for command, word in (
        (Submit(request=wanted), "already sent"),
        (Cancel(client_order_id=scenes.new_id()), "no such order"),
        (Settle(client_order_id=wanted.client_order_id, ref=None), "nothing to settle"),
        (StartDay(account=ACCOUNT, day="2099-01-01"), "clock"),
        (Tick(), "clock"),
        (Panic(account=AccountId("paper:typo")), "no account"),
        (SetTradingState(account=AccountId("paper:typo"), state=TradingState.HALTED), "no account"),
    ):
        receipt = await desk.send(command)
        assert not receipt.is_ok, command
        assert word in receipt.text
    assert made.state.days[ACCOUNT] != "2099-01-01"
    assert made.state.orders[wanted.client_order_id].status is OrderStatus.OPEN
    assert (await desk.send(CancelAll())).text.startswith("1 orders")


async def test_a_close_under_the_id_of_another_order_is_not_told_as_taken(here: tuple[Stage, Desk]) -> None:
    """As when the answer to an order was lost, and a close is written into the same line."""
    made, desk = here
    wanted = scenes.request(price="71100")
    assert (await made.do(Submit(request=wanted))).is_ok
    assert made.state.position(ACCOUNT, SAMSUNG).quantity == 10
    receipt = await desk.send(Close(client_order_id=wanted.client_order_id, account=ACCOUNT, instrument=SAMSUNG))
    assert not receipt.is_ok and "already sent" in receipt.text


# --- what is kept here -----------------------------------------------------------------------------------------------


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


async def test_the_log_is_paged_by_number_without_a_gap(here: tuple[Stage, Desk]) -> None:
    made, desk = here
    for n in range(30):
        await made.do(WriteNote(subject=f"instrument:{SAMSUNG}", text=f"note {n}"))
    seen: list[int] = []
    before = None
    while True:
        page = await desk.history(Query(what="log", limit=7, before=before))
        seen += [row.sequence for row in page.rows]  # type: ignore[union-attr]
        before = seen[-1]
        if not page.has_more:
            break
    assert seen == list(range(seen[0], 0, -1)) and len(seen) > 30
