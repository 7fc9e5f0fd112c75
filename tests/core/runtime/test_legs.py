"""Brackets through the whole program: real journal, paper venue, restart in between."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from core.config import Settings
from core.domain.commands import Cancel, CancelAll, Close, Panic, Replace, Submit
from core.domain.order import OrderStatus, OrderType, TimeInForce
from core.trading import rows
from tests import scenes
from tests.scenes import ACCOUNT, SAMSUNG
from tests.stage import Stage, stage

D = Decimal
LOCAL = Settings(brokers={"paper": {"native_stops": False}})
VENUES = pytest.mark.parametrize("settings", [Settings(), LOCAL], ids=["venue stops", "local stops"])


async def bracket(made: Stage, quantity: str = "10", price: str = "71100", **terms: Any) -> str:
    legs = {"stop_loss": D(69_500), "take_profit": D(74_000)} | terms
    request = scenes.request("buy", quantity, price, id=made.desk.new_order_id(), **legs)
    receipt = await made.do(Submit(request=request))
    assert receipt.is_ok, receipt.text
    return request.client_order_id


def held(made: Stage) -> Decimal:
    return made.state.position(ACCOUNT, SAMSUNG).quantity


def row(made: Stage) -> Any:
    return rows.position_row(made.state, (ACCOUNT, SAMSUNG), made.clock.now(), None)


async def drop(made: Stage, bid: float) -> None:
    await made.quote(bid, bid + 100)
    await made.trade(bid, 5)
    await made.quote(bid, bid + 100)


@VENUES
async def test_the_stop_closes_the_position_and_ends_the_take_profit(settings: Settings) -> None:
    async with stage(settings=settings) as made:
        await bracket(made)
        assert (held(made), row(made).stop, row(made).take_profit) == (D(10), D(69_500), D(74_000))
        assert row(made).stop_is_local is (settings is LOCAL)
        await drop(made, 69_400)
        assert held(made) == 0
        assert not made.state.live


@VENUES
async def test_the_take_profit_closes_the_position_and_ends_the_stop(settings: Settings) -> None:
    async with stage(settings=settings) as made:
        await bracket(made)
        await drop(made, 74_000)
        assert held(made) == 0
        assert not made.state.live
        assert [f.price for f in made.state.fills] == [D(71_100), D(74_000)]


@VENUES
async def test_a_fill_in_parts_is_protected_part_by_part(settings: Settings) -> None:
    async with stage(settings=settings) as made:
        await made.quote(71_000, 71_100, 4)
        await bracket(made)
        assert held(made) == 4
        stops = lambda: [o for o in made.state.live_orders() if o.stop_price is not None]  # noqa: E731
        assert [o.remaining for o in stops()] == [D(4)]
        await made.quote(71_000, 71_100, 3)
        assert held(made) == 7
        assert [o.remaining for o in stops()] == [D(7)]
        await drop(made, 69_000)
        assert held(made) == 0
        assert not made.state.live, "the rest of the entry is canceled with its stop"


@VENUES
async def test_close_works_with_one_key_while_a_stop_holds_the_shares(settings: Settings) -> None:
    async with stage(settings=settings) as made:
        await bracket(made)
        half = Close(client_order_id=made.desk.new_order_id(), account=ACCOUNT, instrument=SAMSUNG, fraction=D("0.5"))
        assert (await made.do(half)).is_ok
        assert held(made) == 5
        assert [o.remaining for o in made.state.live_orders() if o.stop_price is not None] == [D(5)]
        await made.second(6)  # sooner, the same order would be a duplicate
        rest = Close(client_order_id=made.desk.new_order_id(), account=ACCOUNT, instrument=SAMSUNG)
        assert (await made.do(rest)).is_ok
        assert held(made) == 0
        assert not made.state.live


@VENUES
async def test_panic_keeps_stops_and_flatten_leaves_nothing(settings: Settings) -> None:
    async with stage(settings=settings) as made:
        await bracket(made)
        waiting = await bracket(made, price="70000", stop_loss=D(69_000))
        await made.do(Panic())
        assert made.state.orders[waiting].status is OrderStatus.CANCELED
        assert row(made).stop == 69_500
        await made.do(Panic(flatten=True))
        await made.second(5)
        assert held(made) == 0
        assert not made.state.live


async def test_cancel_all_says_what_protected() -> None:
    async with stage() as made:
        await bracket(made)
        receipt = await made.do(CancelAll(instrument=SAMSUNG))
        assert "2 of them protect a position" in receipt.text
        assert row(made).stop is None


async def test_a_held_leg_is_modified_and_canceled_like_any_order() -> None:
    async with stage(settings=LOCAL) as made:
        await bracket(made)
        stop, profit = sorted(made.state.live_orders(), key=lambda o: o.stop_price is None)
        assert (await made.do(Replace(client_order_id=stop.id, stop_price=D(70_000)))).is_ok
        assert row(made).stop == 70_000
        refused = await made.do(Replace(client_order_id=stop.id, stop_price=D(72_000)))
        assert not refused.is_ok
        assert (await made.do(Cancel(client_order_id=profit.id))).is_ok
        assert row(made).take_profit is None
        assert row(made).stop == 70_000


@VENUES
async def test_legs_survive_a_restart(settings: Settings, tmp_path: Path) -> None:
    path = tmp_path / "journal.db"
    async with stage(path, settings=settings) as made:
        await bracket(made)
        before = made.state.orders.copy()
    async with stage(path, settings=settings) as made:
        assert made.state.orders.keys() == before.keys()
        assert (row(made).stop, row(made).take_profit) == (D(69_500), D(74_000))
        await made.second()
        await drop(made, 69_400)
        assert held(made) == 0
        assert not made.state.live
        sent = [f.client_order_id for f in made.state.fills]
        assert len(sent) == len(set(sent)) == 2


async def test_a_stop_set_by_hand_with_its_partner_is_shown_and_works() -> None:
    async with stage(settings=LOCAL) as made:
        request = scenes.request("buy", "10", "71100", id=made.desk.new_order_id())
        await made.do(Submit(request=request))
        stop = scenes.request(
            "sell",
            "10",
            None,
            id=made.desk.new_order_id(),
            type=OrderType.STOP,
            stop_price=D(69_500),
            take_profit=D(74_000),
            reduce_only=True,
            time_in_force=TimeInForce.GTC,
        )
        preview = await made.desk.preview(stop)
        assert (preview.rule, preview.checks_passed) == ("", preview.checks_total)
        receipt = await made.do(Submit(request=stop))
        assert "watched here" in receipt.text
        await drop(made, 74_000)
        assert held(made) == 0
        assert not made.state.live


async def test_the_preview_counts_what_the_stop_loses_with_costs() -> None:
    async with stage() as made:
        request = scenes.request("buy", "10", "71000", id=made.desk.new_order_id(), stop_loss=D(69_500))
        preview = await made.desk.preview(request)
        costs = made.engine.gate.costs
        known = made.state.instruments[SAMSUNG]
        paid = sum(costs(known, request.side, D(10), D(71_000))) + sum(
            costs(known, request.side.other, D(10), D(69_500))
        )
        assert preview.risk == 15_000 + paid
        assert paid > 0
