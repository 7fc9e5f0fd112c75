"""What a venue's listings may change here, and what their silence may not."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import msgspec
import pytest

from core.domain.account import Balance
from core.domain.commands import Cancel, Replace, Submit
from core.domain.events import (
    BalanceChanged,
    Noticed,
    OrderAccepted,
    OrderFilled,
    OrderNotPlaced,
    OrderRequested,
    OrderSending,
    OrderUnknown,
    PositionAdjusted,
)
from core.domain.ids import ClientOrderId, VenueRef
from core.domain.order import Binding, OrderStatus, RequestPhase
from core.ports import Snapshot, Unread, VenueOrder
from core.trading import ledger, reconcile
from core.trading.engine import Engine
from tests import scenes
from tests.scenes import ACCOUNT, KRW, SAMSUNG, START, USD
from tests.stage import stage

UNREAD = Unread("timeout")


def snapshot(engine: Engine, **more: Any) -> Snapshot:
    """A venue that agrees with us in everything but `more`."""
    state = engine.state
    return msgspec.structs.replace(
        Snapshot(
            account=ACCOUNT,
            as_of=START,
            orders=(),
            fills=tuple(state.fills),
            positions={i: p.quantity for (_, i), p in state.positions.items() if p.quantity},
            balances=tuple(state.balances.values()),
        ),
        **more,
    )


def reconciled(engine: Engine, found: Snapshot, **more: Any) -> list[Any]:
    events = reconcile.differences(engine.state, found, START, **more)
    for event in events:
        engine.step(event, START)
    return list(events)


def unknown(engine: Engine, **terms: Any) -> ClientOrderId:
    wanted = scenes.request(**terms)
    engine.step(Submit(request=wanted), START)
    engine.step(OrderSending(ts=START, client_order_id=wanted.client_order_id), START)
    engine.step(OrderUnknown(ts=START, client_order_id=wanted.client_order_id, text="no answer"), START)
    return wanted.client_order_id


def listed(id: ClientOrderId | None, status: str = "open", ref: str = "r1", **more: Any) -> VenueOrder:
    terms: dict[str, Any] = {"filled": Decimal(0), "quantity": Decimal(10), "limit_price": Decimal(71_000), **more}
    return VenueOrder(ref=VenueRef(ref), client_order_id=id, instrument=SAMSUNG, status=status, **terms)


def status(engine: Engine, id: ClientOrderId) -> OrderStatus:
    return engine.state.orders[id].status


# --- silence is no answer --------------------------------------------------------------------------------------------


def test_a_venue_that_agrees_changes_nothing() -> None:
    engine = scenes.engine()
    scenes.hold(engine, "buy", "10", "70000")
    engine.step(BalanceChanged(ts=START, account=ACCOUNT, currency=KRW, total=Decimal(1), available=Decimal(1)), START)
    assert reconciled(engine, snapshot(engine)) == []


@pytest.mark.parametrize("part", ["orders", "fills", "positions", "balances"])
def test_a_listing_that_could_not_be_read_is_not_an_empty_one(part: str) -> None:
    engine = scenes.engine()
    scenes.hold(engine, "buy", "10", "70000")
    id = unknown(engine)
    before = (dict(engine.state.orders), dict(engine.state.positions), dict(engine.state.balances))
    empty: dict[str, Any] = {"orders": (listed(id),), part: UNREAD}
    for event in reconcile.differences(engine.state, snapshot(engine, **empty), START, absent=frozenset({id})):
        assert not isinstance(event, OrderNotPlaced | PositionAdjusted), event
        if part != "orders":
            continue
        engine.step(event, START)
    if part == "orders":
        assert (dict(engine.state.orders), dict(engine.state.positions)) == before[:2]
    assert engine.state.positions == before[1]
    assert part in reconcile.unread(snapshot(engine, **{part: UNREAD}))


@pytest.mark.parametrize("part", ["orders", "fills", "positions", "balances"])
async def test_the_gate_opens_only_when_all_was_read(part: str) -> None:
    async with stage() as made:
        broker, real = made.program.broker, made.program.broker.snapshot

        async def cut(account: Any) -> Snapshot:
            return msgspec.structs.replace(await real(account), **{part: UNREAD})

        broker.snapshot = cut  # type: ignore[method-assign]
        await made.program.runner.reconcile(broker, ACCOUNT)
        gate = made.state.gates[ACCOUNT]
        assert (gate.is_open, gate.text) == (False, f"{part}: timeout")
        assert (await made.do(Submit(request=scenes.request()))).rule == "gate"
        broker.snapshot = real  # type: ignore[method-assign]
        await made.program.runner.reconcile(broker, ACCOUNT)
        assert (await made.do(Submit(request=scenes.request()))).is_ok


def test_absence_is_no_proof_unless_the_order_was_asked_for() -> None:
    engine = scenes.engine()
    id = unknown(engine)
    assert reconciled(engine, snapshot(engine)) == []
    assert status(engine, id) is OrderStatus.UNKNOWN
    reconciled(engine, snapshot(engine), absent=frozenset({id}))
    assert status(engine, id) is OrderStatus.NOT_PLACED


def test_an_order_whose_answer_is_on_the_way_is_left_alone() -> None:
    engine = scenes.engine()
    wanted = scenes.request()
    engine.step(Submit(request=wanted), START)
    absent = frozenset({wanted.client_order_id})
    assert reconciled(engine, snapshot(engine), absent=absent) == [], "staged: not sent yet"
    engine.step(OrderSending(ts=START, client_order_id=wanted.client_order_id), START)
    assert reconciled(engine, snapshot(engine), absent=absent) == []


def test_an_open_order_that_is_not_listed_is_an_alarm_and_stays() -> None:
    engine = scenes.engine()
    id = unknown(engine)
    engine.step(OrderAccepted(ts=START, client_order_id=id, ref=VenueRef("r1")), START)
    (notice,) = reconciled(engine, snapshot(engine), absent=frozenset({id}))
    assert isinstance(notice, Noticed)
    assert status(engine, id) is OrderStatus.OPEN


# --- what is listed --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("word", "wanted"),
    [("open", "open"), ("canceled", "canceled"), ("expired", "expired"), ("rejected", "rejected")],
)
def test_unknown_is_bound_by_our_id_and_brought_up(word: str, wanted: str) -> None:
    engine = scenes.engine()
    id = unknown(engine)
    reconciled(engine, snapshot(engine, orders=(listed(id, word),)))
    order = engine.state.orders[id]
    assert (order.status, order.refs, order.binding) == (wanted, ("r1",), Binding.BY_ID)


def test_an_order_without_our_id_is_found_by_its_number() -> None:
    engine = scenes.engine()
    id = unknown(engine)
    engine.step(OrderAccepted(ts=START, client_order_id=id, ref=VenueRef("r7")), START)
    reconciled(engine, snapshot(engine, orders=(listed(None, "canceled", "r7"),)))
    assert status(engine, id) is OrderStatus.CANCELED


def test_fills_that_were_missed_are_booked_once_and_end_the_order() -> None:
    engine = scenes.engine()
    id = unknown(engine)
    missed = scenes.fill("buy", "10", "71000", order=id, id="x1")
    found = snapshot(engine, fills=(missed,), orders=(listed(id, "filled", filled=Decimal(10)),))
    reconciled(engine, found)
    assert engine.state.position(ACCOUNT, SAMSUNG).quantity == 10
    assert status(engine, id) is OrderStatus.FILLED
    engine.step(OrderFilled(ts=START, fill=missed), START)
    assert engine.state.position(ACCOUNT, SAMSUNG).quantity == 10


def test_terms_that_were_changed_at_the_venue_are_taken() -> None:
    engine = scenes.engine()
    id = unknown(engine)
    engine.step(OrderAccepted(ts=START, client_order_id=id, ref=VenueRef("r1")), START)
    reconciled(engine, snapshot(engine, orders=(listed(id, quantity=Decimal(7), limit_price=Decimal(70_900)),)))
    order = engine.state.orders[id]
    assert (order.quantity, order.limit_price) == (Decimal(7), Decimal(70_900))


@pytest.mark.parametrize("command", ["cancel", "replace"])
def test_a_wish_without_an_answer_may_be_made_again_once_the_order_is_seen_unchanged(command: str) -> None:
    engine = scenes.engine()
    id = unknown(engine)
    engine.step(OrderAccepted(ts=START, client_order_id=id, ref=VenueRef("r1")), START)
    ask = Cancel(client_order_id=id) if command == "cancel" else Replace(client_order_id=id, quantity=Decimal(20))
    engine.step(ask, START)
    wish = engine.state.orders[id].requested
    assert wish is not None
    lost = msgspec.structs.replace(wish, phase=RequestPhase.UNKNOWN)
    engine.step(OrderRequested(ts=START, client_order_id=id, requested=lost), START)
    reconciled(engine, snapshot(engine, orders=(listed(id),)))
    wish = engine.state.orders[id].requested
    assert wish is not None
    assert wish.phase is RequestPhase.REFUSED


@pytest.mark.parametrize("id", [None, "gone"])
def test_an_order_that_lives_there_and_not_here_is_an_alarm(id: str | None) -> None:
    engine = scenes.engine()
    ours = unknown(engine)
    engine.step(OrderNotPlaced(ts=START, client_order_id=ours, text="thought so"), START)
    (notice,) = reconciled(engine, snapshot(engine, orders=(listed(ours if id else None),)))
    assert isinstance(notice, Noticed)
    assert notice.level == "error"
    assert ("not_placed" in notice.text) is bool(id)


# --- holdings and cash -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("theirs", "change"), [(15, 5), (0, -10), (-3, -13)])
def test_a_holding_our_fills_do_not_explain_is_an_explicit_row(theirs: int, change: int) -> None:
    engine = scenes.engine()
    scenes.hold(engine, "buy", "10", "70000")
    positions = {SAMSUNG: Decimal(theirs)} if theirs else {}
    notice, adjusted, _ = reconciled(engine, snapshot(engine, positions=positions))
    assert isinstance(notice, Noticed)
    assert isinstance(adjusted, PositionAdjusted)
    assert (adjusted.quantity, adjusted.cause) == (Decimal(change), "unknown")
    assert engine.state.position(ACCOUNT, SAMSUNG).quantity == theirs
    assert len(engine.state.fills) == 1, "never an invented fill"
    assert reconciled(engine, snapshot(engine)) == []


def test_an_unexplained_holding_is_no_profit_of_the_day() -> None:
    """Before the first quote there is no mark: booked at nothing, it would hide a loss of the same size."""
    engine = scenes.engine()
    engine.state.quotes.clear()
    _, adjusted = reconciled(engine, snapshot(engine, positions={SAMSUNG: Decimal(100)}))
    assert adjusted.price == 70_500
    position = engine.state.position(ACCOUNT, SAMSUNG)
    assert ledger.day_profit(position, Decimal(70_500), Decimal(1)) == 0


def test_positions_wait_while_fills_are_still_coming_in() -> None:
    engine = scenes.engine()
    missed = scenes.fill("buy", "10", "71000", id="x2")
    events = reconciled(engine, snapshot(engine, fills=(missed,), positions={SAMSUNG: Decimal(10)}))
    assert [type(event) for event in events] == [OrderFilled]


def test_cash_is_as_the_broker_says() -> None:
    engine = scenes.engine()
    said = Balance(currency=USD, total=Decimal(5), available=Decimal(4))
    kept = engine.state.balances[(ACCOUNT, KRW)]
    (changed,) = reconciled(engine, snapshot(engine, balances=(kept, said)))
    assert isinstance(changed, BalanceChanged)
    assert engine.state.balances[(ACCOUNT, USD)] == said


# --- venues that word it otherwise -----------------------------------------------------------------------------------


def test_an_order_that_is_filled_with_less_than_we_asked_for_is_filled() -> None:
    """A market buy by its total: how much it bought is the venue's word, and then it is over."""
    engine = scenes.engine()
    id = unknown(engine)
    engine.step(OrderAccepted(ts=START, client_order_id=id, ref=VenueRef("r1")), START)
    fill = scenes.fill("buy", "7", "71000", order=id)
    theirs = listed(id, "filled", filled=Decimal(7), quantity=Decimal(7), limit_price=None)
    reconciled(engine, snapshot(engine, orders=(theirs,), fills=(fill,)))
    assert (status(engine, id), engine.state.orders[id].filled) == (OrderStatus.FILLED, Decimal(7))


def test_markets_of_one_asset_are_compared_as_one_holding() -> None:
    """Bought on two markets, held as one: no drift where the sum is right, and one where it is not."""
    engine = scenes.engine()
    scenes.hold(engine, "buy", "10", "70000")
    scenes.hold(engine, "buy", "4", "227", instrument=scenes.APPLE)
    pooled = {scenes.APPLE: SAMSUNG}
    agreed = snapshot(engine, positions={SAMSUNG: Decimal(14)}, pooled=pooled)
    assert [e for e in reconcile.differences(engine.state, agreed, START) if isinstance(e, PositionAdjusted)] == []
    more = snapshot(engine, positions={SAMSUNG: Decimal(15)}, pooled=pooled)
    drift = [e for e in reconcile.differences(engine.state, more, START) if isinstance(e, PositionAdjusted)]
    assert [(e.instrument, e.quantity) for e in drift] == [(SAMSUNG, Decimal(1))]
    apart = snapshot(engine, positions={SAMSUNG: Decimal(14)})
    drift = [e for e in reconcile.differences(engine.state, apart, START) if isinstance(e, PositionAdjusted)]
    assert {(e.instrument, e.quantity) for e in drift} == {(SAMSUNG, Decimal(4)), (scenes.APPLE, Decimal(-4))}


def test_what_an_account_came_with_is_no_drift_though_it_traded_today() -> None:
    """Read for the first time, with executions of before in the list: they are booked, and the rest is an opening."""
    engine = scenes.engine()
    before = scenes.fill("buy", "2", "70000")
    found = reconciled(engine, snapshot(engine, fills=(before,), positions={SAMSUNG: Decimal(7)}))
    (opening,) = [e for e in found if isinstance(e, PositionAdjusted)]
    assert (opening.quantity, opening.cause) == (Decimal(5), "opening")
    assert engine.state.position(ACCOUNT, SAMSUNG).quantity == 7
    again = reconcile.differences(engine.state, snapshot(engine, positions={SAMSUNG: Decimal(7)}), START)
    assert not any(isinstance(event, PositionAdjusted | OrderFilled) for event in again)
