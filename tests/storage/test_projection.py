"""The journal's guard rows and core's State read the same events: they must never tell different stories."""

from __future__ import annotations

from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as st

from core.domain.account import TradingState
from core.domain.errors import IllegalTransition
from core.domain.events import (
    DurableEvent,
    OrderAccepted,
    OrderCanceled,
    OrderDenied,
    OrderExpired,
    OrderFilled,
    OrderNotPlaced,
    OrderRejected,
    OrderReplaced,
    OrderRequested,
    OrderSending,
    OrderStaged,
    OrderUnknown,
    TradingStateChanged,
)
from core.domain.ids import AccountId, FillId, InstrumentId, VenueRef, derived_client_order_id
from core.domain.instrument import Currency
from core.domain.order import Fill, OrderRequest, Requested, RequestKind, RequestPhase, Side
from core.trading.state import State
from storage.projection import ALL_ACCOUNTS, Changes, settle_halts

ACCOUNTS = [AccountId("paper:main"), AccountId("paper:two")]
IDS = [derived_client_order_id(name) for name in "ab"]
SAMSUNG = InstrumentId("XKRX:005930")


def request(id: str) -> OrderRequest:
    return OrderRequest(
        client_order_id=id,  # type: ignore[arg-type]
        account=ACCOUNTS[0],
        instrument=SAMSUNG,
        side=Side.BUY,
        quantity=Decimal(10),
        limit_price=Decimal(100),
    )


def fill(id: str, number: int, quantity: int) -> OrderFilled:
    done = Fill(
        fill_id=FillId(str(number)),
        client_order_id=id,  # type: ignore[arg-type]
        ref=VenueRef("v"),
        account=ACCOUNTS[0],
        instrument=SAMSUNG,
        side=Side.BUY,
        quantity=Decimal(quantity),
        price=Decimal(100),
        currency=Currency("KRW"),
        ts=1,
    )
    return OrderFilled(ts=1, fill=done)


ids = st.sampled_from(IDS)
steps = st.one_of(
    st.builds(lambda id: OrderStaged(ts=1, request=request(id)), ids),
    st.builds(lambda id: OrderDenied(ts=1, request=request(id), rule="r", limit="", actual="", text=""), ids),
    st.builds(lambda id: OrderSending(ts=1, client_order_id=id), ids),
    st.builds(lambda id: OrderAccepted(ts=1, client_order_id=id, ref=VenueRef("v")), ids),
    st.builds(lambda id: OrderRejected(ts=1, client_order_id=id, code="", text=""), ids),
    st.builds(lambda id: OrderUnknown(ts=1, client_order_id=id, text=""), ids),
    st.builds(lambda id: OrderNotPlaced(ts=1, client_order_id=id, text=""), ids),
    st.builds(lambda id: OrderCanceled(ts=1, client_order_id=id), ids),
    st.builds(lambda id: OrderExpired(ts=1, client_order_id=id), ids),
    st.builds(
        lambda id, q: OrderReplaced(ts=1, client_order_id=id, quantity=Decimal(q), limit_price=Decimal(100)),
        ids,
        st.integers(1, 20),
    ),
    st.builds(
        lambda id, kind, phase, q: OrderRequested(
            ts=1, client_order_id=id, requested=Requested(kind=kind, phase=phase, quantity=q)
        ),
        ids,
        st.sampled_from(RequestKind),
        st.sampled_from(RequestPhase),
        st.none() | st.integers(1, 20).map(Decimal),
    ),
    st.builds(fill, ids, st.integers(1, 4), st.integers(1, 12)),
    st.builds(
        lambda account, state: TradingStateChanged(ts=1, account=account, state=state, by="x"),
        st.sampled_from([*ACCOUNTS, None]),
        st.sampled_from(TradingState),
    ),
)


@settings(max_examples=300)
@given(st.lists(steps, max_size=25))
def test_the_guard_rows_tell_what_the_state_tells(told: list[DurableEvent]) -> None:
    state = State(Currency("KRW"))
    changes = Changes(lambda _: None, lambda _: False)
    halts: dict[str, tuple[str, int]] = {}
    for seq, event in enumerate(told, 1):
        if isinstance(event, OrderStaged) and event.request.client_order_id in state.orders:
            refused = True  # State trusts the engine here; the journal does not
        else:
            try:
                state.apply(event)
                refused = False
            except (IllegalTransition, KeyError):
                refused = True
        branch = changes.branch()
        try:
            branch.fold(seq, event)
        except IllegalTransition:
            assert refused, f"only the journal refuses {event}"
            return  # State keeps a half-applied fill of a refused event: nothing to compare after it
        assert not refused, f"only State refuses {event}"
        changes.merge(branch)
        settle_halts(halts, changes.halts)
        changes.halts.clear()
        assert {mark.id: (mark.status, mark.filled, mark.quantity) for mark in changes.orders.values()} == {
            order.id: (order.status, order.filled, order.quantity) for order in state.orders.values()
        }
        assert {key[2] for key in changes.fills} == {key[2] for key in state.fill_ids}
        for account in ACCOUNTS:
            scopes = [halts.get(scope, ("", 0))[0] for scope in (account, ALL_ACCOUNTS)]
            is_halted = TradingState.HALTED.value in scopes
            assert is_halted is (state.trading_state(account) is TradingState.HALTED)
