"""Once an account is halted or reducing, no sequence of messages lets an order that adds exposure reach the outbox."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from core.domain.account import TradingState
from core.domain.commands import (
    Cancel,
    CancelAll,
    Close,
    Panic,
    Replace,
    SendOrder,
    SendReplace,
    SetTradingState,
    StartDay,
    Submit,
    Tick,
)
from core.domain.events import FeedChanged, GateChanged, OrderCanceled, OrderFilled, OrderUnknown, PhaseChanged
from core.domain.market import NS, Phase
from core.domain.order import OrderType, Side
from core.trading.engine import Engine
from core.trading.state import exposure
from tests import scenes
from tests.scenes import ACCOUNT, APPLE, SAMSUNG, START

instruments = st.sampled_from([SAMSUNG, APPLE])
sides = st.sampled_from(["buy", "sell"])
quantities = st.integers(1, 30)
MOVES = ("submit", "market", "bracket", "stop", "close", "cancel", "all", "replace", "fill", "gone", "unknown", "quote")
MOVES += ("tick", "day", "phase", "gate", "panic")
moves = st.lists(
    st.tuples(
        st.sampled_from(MOVES),
        instruments,
        sides,
        quantities,
        st.integers(-20, 20),
    ),
    min_size=5,
    max_size=25,
)


def price(instrument: str, off: int) -> str:
    return str(71_000 + 100 * off) if instrument == SAMSUNG else f"{227.30 + off / 100:.2f}"


def play(engine: Engine, move: tuple[Any, ...], now: int) -> list[Any]:
    what, instrument, side, quantity, off = move
    state, live = engine.state, list(engine.state.live)
    id = live[quantity % len(live)] if live else None
    match what:
        case "submit" | "market" | "bracket" | "stop":
            more: dict[str, Any] = {"quantity": str(quantity), "instrument": instrument, "side": side}
            more["price"] = price(instrument, off) if what in ("submit", "bracket") else None
            if what == "bracket":
                more["stop_loss"] = engine.state.instruments[instrument].price(float(price(instrument, off - 15)))
            if what == "stop":
                at = engine.state.instruments[instrument].price(float(price(instrument, off)))
                more |= {"type": OrderType.STOP, "stop_price": at, "reduce_only": quantity % 2 == 0}
            return list(engine.step(Submit(request=scenes.request(**more), is_confirmed=True), now))
        case "close":
            close = Close(client_order_id=scenes.new_id(), account=ACCOUNT, instrument=instrument, at_market=True)
            return list(engine.step(close, now))
        case "all":
            return list(engine.step(CancelAll(entries_only=quantity % 2 == 0), now))
        case "panic":
            return list(engine.step(Panic(flatten=quantity % 2 == 0, protections=quantity % 3 == 0), now))
        case "quote":
            bid = float(price(instrument, off))
            return list(engine.step(scenes.quote(bid, bid + 100, now, instrument), now))
        case "tick":
            return list(engine.step(Tick(), now))
        case "day":
            return list(engine.step(StartDay(account=ACCOUNT, day=f"2025-12-{quantity:02d}"), now))
        case "phase":
            phase = Phase.CLOSED if off < -15 else Phase.OPEN
            return list(engine.step(PhaseChanged(ts=now, market="XKRX", phase=phase), now))
        case "gate":
            up = off > -15
            out = list(engine.step(FeedChanged(ts=now, broker="paper", is_connected=up), now))
            return out + list(engine.step(GateChanged(ts=now, account=ACCOUNT, is_open=up), now))
    if id is None:
        return []
    order = state.orders[id]
    if what == "cancel":
        return list(engine.step(Cancel(client_order_id=id), now))
    if what == "replace":
        known = state.instruments[order.instrument]
        wish = Replace(
            client_order_id=id, quantity=Decimal(quantity), limit_price=known.price(float(price(known.id, off)))
        )
        return list(engine.step(wish, now))
    if order.status.value in ("staged", "held"):
        if order.status.value == "staged" and engine.requests.last_look(id, now) is None:
            scenes.send(engine, id, now)
        return []
    if what == "fill":
        amount = str(min(quantity, int(order.remaining)) or 1)
        done = scenes.fill(order.side.value, amount, "71000", order=id, instrument=order.instrument, ts=now)
        return list(engine.step(OrderFilled(ts=now, fill=done), now))
    if what == "unknown":
        return list(engine.step(OrderUnknown(ts=now, client_order_id=id, text="?"), now))
    return list(engine.step(OrderCanceled(ts=now, client_order_id=id), now))


def adds_exposure(engine: Engine, id: str) -> bool:
    """All that works on its side, filled, would leave more than is held, or cross to the other side."""
    order = engine.state.orders[id]  # type: ignore[index]
    held = engine.state.position(order.account, order.instrument).quantity
    same = sum(exposure(o) for o in engine.state.live_orders(order.account, order.instrument) if o.side is order.side)
    return held == 0 or (held > 0) == (order.side is Side.BUY) or same > abs(held)


@settings(max_examples=60, deadline=None)
@given(before=moves, after=moves, state=st.sampled_from([TradingState.REDUCING, TradingState.HALTED]))
def test_nothing_that_adds_exposure_passes_once_it_is_forbidden(
    before: list[Any], after: list[Any], state: TradingState
) -> None:
    engine, now = scenes.engine(), START
    for move in before:
        now += NS
        play(engine, move, now)
    engine.step(SetTradingState(state=state, account=ACCOUNT), now)
    for move in after:
        now += NS
        for item in play(engine, move, now):
            if not isinstance(item, SendOrder | SendReplace):
                continue
            refused = engine.requests.last_look(item.client_order_id, now) if isinstance(item, SendOrder) else None
            assert refused is not None or not adds_exposure(engine, item.client_order_id), (move, item)
            assert state is TradingState.REDUCING or refused is not None, "HALTED lets nothing but cancels pass"
