"""Position is a fold of fills, and the journal's events folded again are the state that wrote them."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from core.domain.commands import (
    Cancel,
    ClearAlert,
    Close,
    EditWatchlist,
    ListEdit,
    Panic,
    Replace,
    SetAlert,
    Settle,
    Submit,
    WriteNote,
)
from core.domain.errors import IllegalTransition
from core.domain.events import (
    DURABLE,
    DurableEvent,
    OrderAccepted,
    OrderCanceled,
    OrderExpired,
    OrderFilled,
    OrderNotPlaced,
    OrderRejected,
    OrderReplaced,
    OrderSending,
    OrderUnknown,
)
from core.domain.ids import VenueRef
from core.domain.market import Aggressor, Trade
from core.domain.order import TRANSITIONS, OrderStatus
from core.trading.state import State
from storage.projection import Changes
from tests import scenes
from tests.scenes import ACCOUNT, APPLE, KRW, SAMSUNG, START

amounts = st.integers(1, 500).map(str)
prices = st.integers(600, 800).map(lambda n: str(n * 100))
fills = st.lists(
    st.builds(
        lambda side, quantity, price, n: scenes.fill(side, quantity, price, fee=str(n % 50), tax=str(n % 7)),
        st.sampled_from(["buy", "sell"]),
        amounts,
        prices,
        st.integers(0, 1000),
    ),
    min_size=1,
    max_size=25,
)


def fold(sequence: list[Any]) -> State:
    state = State(KRW)
    for fill in sequence:
        state.apply(OrderFilled(ts=START, fill=fill))
    return state


@settings(max_examples=200, deadline=None)
@given(fills=fills, data=st.data())
def test_any_order_and_any_repeats_give_the_same_holding_and_the_same_money(fills: list, data: st.DataObject) -> None:
    shuffled = data.draw(st.permutations(fills)) + data.draw(st.lists(st.sampled_from(fills), max_size=10))
    one, two = (fold(s).position(ACCOUNT, SAMSUNG) for s in (fills, shuffled))
    assert one.quantity == two.quantity == sum((f.quantity * f.side.sign for f in fills), Decimal(0))
    assert (one.fees, one.taxes, one.day_cash) == (two.fees, two.taxes, two.day_cash)
    # What was made, realised and open together, does not depend on the order; only the split between them does.
    mark = Decimal(71_300)
    made = [p.realised + p.quantity * mark - p.cost for p in (one, two)]
    cash = sum((-f.quantity * f.side.sign * f.price for f in fills), Decimal(0)) + one.quantity * mark
    assert all(abs(m - cash) < Decimal("1e-15") for m in made)


@settings(max_examples=100, deadline=None)
@given(fills=fills)
def test_the_same_fills_in_the_same_order_are_exactly_the_same(fills: list) -> None:
    assert fold(fills).positions == fold([f for f in fills for _ in range(2)]).positions


class Scene:
    """An engine, the durable events it gave, and the ids in play."""

    def __init__(self) -> None:
        self.engine = scenes.engine()
        self.journal: list[DurableEvent] = []
        self.ids: list[Any] = []
        self.now = START

    def step(self, message: Any) -> None:
        self.now += 10_000_000
        if isinstance(message, OrderSending):
            if self.engine.state.orders[message.client_order_id].status is not OrderStatus.STAGED:
                return
            self.journal.append(message)
        self.journal += [o for o in self.engine.step(message, self.now) if isinstance(o, DURABLE)]


@st.composite
def keeping(draw: st.DrawFn, scene: Scene) -> Any:
    """Lists, alerts and notes, and a market that reaches the alerts."""
    name, id = draw(st.sampled_from(["main", "kr", "mine"])), draw(st.sampled_from([SAMSUNG, APPLE]))
    match draw(st.integers(0, 4)):
        case 0:
            edit, place = draw(st.sampled_from(ListEdit)), draw(st.sampled_from([None, 0, 1]))
            return EditWatchlist(name=name, edit=edit, instrument=id, place=place, new_name="other")
        case 1:
            price = Decimal(draw(prices))
            return SetAlert(instrument=SAMSUNG, above=draw(st.booleans()), price=price, note="n")
        case 2:
            return ClearAlert(id=f"a{draw(st.integers(1, 4))}")
        case 3:
            return WriteNote(subject=f"instrument:{id}", text=draw(st.sampled_from(["", "one", "two"])))
        case _:
            return Trade(SAMSUNG, float(draw(prices)), 1.0, Aggressor.BUY, scene.now, scene.now)


VENUE_NEWS = (OrderCanceled, OrderExpired, OrderNotPlaced, OrderUnknown)


@st.composite
def message(draw: st.DrawFn, scene: Scene) -> Any:
    if not scene.ids or draw(st.integers(0, 3)) == 0:
        request = scenes.request(draw(st.sampled_from(["buy", "sell"])), draw(amounts), draw(prices))
        scene.ids.append(request.client_order_id)
        return Submit(request=request)
    id = draw(st.sampled_from(scene.ids))
    if id not in scene.engine.state.orders:
        return Panic()
    kind = draw(st.integers(0, 11))
    ts = scene.now
    match kind:
        case 0 | 1:
            return OrderSending(ts=ts, client_order_id=id)
        case 2 | 3:
            return OrderAccepted(ts=ts, client_order_id=id, ref=VenueRef(f"v{id[-3:]}"))
        case 4 | 5:
            part = scenes.fill("buy", draw(amounts), draw(prices), order=id, id=f"{id[-3:]}{draw(st.integers(0, 5))}")
            return OrderFilled(ts=ts, fill=part)
        case 6:
            return OrderRejected(ts=ts, client_order_id=id, code="E", text="no")
        case 7:
            return draw(st.sampled_from(VENUE_NEWS))(ts=ts, client_order_id=id, text="x")
        case 8:
            return Cancel(client_order_id=id)
        case 9:
            return Replace(client_order_id=id, quantity=Decimal(draw(amounts)), limit_price=Decimal(draw(prices)))
        case 10:
            return draw(
                st.sampled_from(
                    [
                        Settle(client_order_id=id, ref=None),
                        OrderReplaced(ts=ts, client_order_id=id, quantity=Decimal(draw(amounts))),
                    ]
                )
            )
        case _:
            return Close(client_order_id=scenes.new_id(), account=ACCOUNT, instrument=SAMSUNG)


def durable(state: State) -> dict[str, Any]:
    """The parts of the state that only the journal can bring back."""
    names = (
        "orders live fills fill_ids positions strategy_positions days trading_states strategies balances accounts "
        "late_fills spent state_changes"
    )
    kept = {name: value for name, value in vars(state.kept).items() if name != "folds"}
    return {name: getattr(state, name) for name in names.split()} | kept


@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_replaying_the_journal_gives_the_live_state(data: st.DataObject) -> None:
    scene = Scene()
    scene.journal.clear()
    before = scenes.engine()
    for _ in range(data.draw(st.integers(1, 40))):
        scene.step(data.draw(keeping(scene) if data.draw(st.booleans()) else message(scene)))
    wire = msgspec.json.Decoder(DurableEvent)
    for event in scene.journal:
        before.restore(wire.decode(msgspec.json.encode(event)))
    assert durable(before.state) == durable(scene.engine.state)


@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_no_message_ever_takes_an_order_off_the_table(data: st.DataObject) -> None:
    scene = Scene()
    status: dict[Any, OrderStatus] = {}
    for _ in range(data.draw(st.integers(1, 40))):
        scene.step(data.draw(message(scene)))
        for id, order in scene.engine.state.orders.items():
            old = status.get(id)
            if old is not None and old is not order.status:
                assert order.status in TRANSITIONS[old] or _by_a_shortcut(old, order.status), (old, order.status)
            status[id] = order.status
        assert set(scene.engine.state.live) == {i for i, o in scene.engine.state.orders.items() if not o.status.is_end}


def _by_a_shortcut(old: OrderStatus, new: OrderStatus) -> bool:
    """Two legal steps within one message (a fill that opens and completes)."""
    return any(new in TRANSITIONS[between] for between in TRANSITIONS[old])


def test_the_fold_refuses_what_the_table_forbids() -> None:
    state = scenes.engine().state
    request = scenes.request()
    engine = scenes.engine()
    engine.step(Submit(request=request), START)
    state = engine.state
    try:
        state.apply(OrderCanceled(ts=START, client_order_id=request.client_order_id))
    except IllegalTransition as error:
        assert "staged" in str(error)
    else:
        raise AssertionError("a staged order was canceled by the venue")


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_the_journal_keeps_whatever_the_engine_said_and_agrees_with_it(data: st.DataObject) -> None:
    """Its projection walks the same table: an event the engine lets through is never refused by the journal."""
    scene = Scene()
    for _ in range(data.draw(st.integers(1, 40))):
        scene.step(data.draw(keeping(scene) if data.draw(st.integers(0, 3)) == 0 else message(scene)))
    marks = Changes(lambda _: None, lambda _: False)
    for seq, event in enumerate(scene.journal, 1):
        marks.fold(seq, event)
    for id, order in scene.engine.state.orders.items():
        mark = marks.orders[id]
        assert (mark.status, mark.quantity, mark.filled) == (order.status, order.quantity, order.filled)
