"""What is being wound down goes on until the venue shows nothing of it, over a restart too."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import msgspec
import pytest

from core.domain.account import TradingState
from core.domain.commands import Panic, SetTradingState, Submit, Tick
from core.domain.events import (
    DurableEvent,
    OrderCanceled,
    OrderRequested,
    OrderSending,
    OrderStaged,
    OrderUnknown,
    PhaseChanged,
    Sweep,
    SweepChanged,
)
from core.domain.market import NS, Phase
from core.domain.order import OrderType
from core.trading.control import AGAIN_NS
from tests import scenes
from tests.scenes import ACCOUNT, SAMSUNG, START
from tests.stage import stage


async def test_flatten_survives_a_restart(tmp_path: Path) -> None:
    path = tmp_path / "journal.db"
    async with stage(path) as made:
        await made.do(Submit(request=scenes.request(price="71100")))
        assert made.state.position(ACCOUNT, SAMSUNG).quantity == 10
        await made.market(PhaseChanged(ts=made.clock.now(), market="XKRX", phase=Phase.CLOSED))
        await made.do(Panic(flatten=True))
        assert made.state.position(ACCOUNT, SAMSUNG).quantity == 10
    async with stage(path) as made:  # the market is open again
        assert made.state.trading_state(ACCOUNT) is TradingState.REDUCING
        await made.second(5)
        assert made.state.position(ACCOUNT, SAMSUNG).quantity == 0
        await made.second(5)
        assert not made.state.curbs.sweeps
        assert made.state.trading_state(ACCOUNT) is TradingState.REDUCING, "nobody unlocked it"


async def test_to_let_orders_pass_again_ends_what_is_wound_down(tmp_path: Path) -> None:
    path = tmp_path / "journal.db"
    async with stage(path) as made:
        await made.do(Submit(request=scenes.request(price="71100")))
        await made.market(PhaseChanged(ts=made.clock.now(), market="XKRX", phase=Phase.CLOSED))
        await made.do(Panic(flatten=True))
        await made.do(SetTradingState(state=TradingState.ACTIVE))
    async with stage(path) as made:
        await made.second(10)
        assert made.state.position(ACCOUNT, SAMSUNG).quantity == 10


@pytest.mark.parametrize(("side", "left"), [("buy", 10), ("sell", 6)])
def test_flatten_goes_past_an_unknown_order_only_when_it_was_named(side: str, left: int) -> None:
    """What that order may close already is left to it; the others are closed, in the one lane the venue has."""
    engine = scenes.engine()
    engine.gate.laned = frozenset({"paper"})
    scenes.hold(engine, "buy", "10", "71000")
    lost = scenes.request(side, "4", "71000" if side == "buy" else "71200").client_order_id
    engine.step(
        Submit(request=msgspec.structs.replace(scenes.request(side, "4", "71000"), client_order_id=lost)), START
    )
    engine.step(OrderSending(ts=START, client_order_id=lost), START)
    engine.step(OrderUnknown(ts=START, client_order_id=lost, text="lost"), START)
    kept, now = [], START

    def ask(command: Panic) -> list[OrderStaged]:
        nonlocal now
        out = []
        for message in (command, Tick(), Tick()):
            now += AGAIN_NS
            engine.step(scenes.quote(71_000, 71_100, now), now)
            out += engine.step(message, now)
        kept.extend(item for item in out if isinstance(item, DurableEvent))
        return [item for item in out if isinstance(item, OrderStaged)]

    assert ask(Panic(flatten=True)) == []
    assert ask(Panic(flatten=True, over=(scenes.new_id(),))) == [], "another name"
    (close,) = ask(Panic(flatten=True, over=(lost,)))
    assert (close.request.quantity, close.request.reduce_only) == (left, True)
    denial = engine.requests.last_look(close.request.client_order_id, now)
    assert denial is None, denial
    again = scenes.engine()
    for event in kept:
        if isinstance(event, SweepChanged):
            again.restore(event)
    assert again.state.curbs.passed == {None: frozenset({lost})}, "a restart goes on past it"


def test_entries_are_canceled_again_until_the_venue_shows_none() -> None:
    engine = scenes.engine()
    lost = scenes.request(price="70000")
    engine.step(Submit(request=lost), START)
    engine.step(OrderSending(ts=START, client_order_id=lost.client_order_id), START)
    engine.step(OrderUnknown(ts=START, client_order_id=lost.client_order_id, text="?"), START)
    out = list(engine.step(Panic(), START))
    assert engine.state.curbs.sweeps == {None: Sweep.ENTRIES}
    out += engine.step(Tick(), START + AGAIN_NS)
    assert sum(isinstance(item, OrderRequested) for item in out) == 2
    engine.step(OrderCanceled(ts=START, client_order_id=lost.client_order_id), START)
    out = list(engine.step(Tick(), START + 2 * AGAIN_NS))
    assert [item.sweep for item in out if isinstance(item, SweepChanged)] == [Sweep.NONE]


def test_panic_spares_protections_unless_all_is_asked_for() -> None:
    engine = scenes.engine()
    scenes.hold(engine, "buy", "10", "70000")
    stop = scenes.request(side="sell", price=None, type=OrderType.STOP, stop_price=Decimal(69_000), reduce_only=True)
    engine.step(Submit(request=stop), START)
    assert engine.state.orders[stop.client_order_id].status.is_live
    engine.step(Panic(), START)
    assert engine.state.orders[stop.client_order_id].status.is_live
    engine.step(Panic(protections=True), START + NS)
    assert not engine.state.orders[stop.client_order_id].status.is_live
