"""Legs under whatever a venue, a market and a person do, in any order, with repeats and restarts: all that may close
never closes more than there is, each order leaves once, and the journal alone gives the state. A short position is the
same in a mirror: each price is as far from the middle on the other side, each side the other."""

from __future__ import annotations

from collections import Counter
from decimal import Decimal
from typing import Any

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from core.domain.commands import Cancel, CancelAll, Close, Panic, Replace, Submit, Tick
from core.domain.events import (
    DURABLE,
    DurableEvent,
    InstrumentListed,
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
    PositionAdjusted,
)
from core.domain.ids import VenueRef
from core.domain.limits import RiskLimits
from core.domain.market import NS, Aggressor, Trade
from core.domain.order import (
    STOPS,
    TRANSITIONS,
    Order,
    OrderStatus,
    OrderType,
    RequestKind,
    RequestPhase,
    Side,
    TimeInForce,
)
from core.ports import Capabilities
from core.trading.legplan import LEGS
from core.trading.state import exposure
from tests import scenes
from tests.properties.test_fold import durable
from tests.scenes import ACCOUNT, SAMSUNG, START

D = Decimal
VENUES = [
    None,
    Capabilities(order_types=frozenset(OrderType) - STOPS, times_in_force=frozenset(TimeInForce), can_replace=True),
    Capabilities(order_types=frozenset(OrderType), times_in_force=frozenset({TimeInForce.DAY}), can_replace=False),
    Capabilities(order_types=frozenset({OrderType.LIMIT}), times_in_force=frozenset({TimeInForce.DAY})),
]
LIMITS = RiskLimits(max_orders_per_minute=None, max_orders_per_second=None, duplicate_window_seconds=None)


MIDDLE = 142_100
"""A price and its mirror image make so much."""


class Run:
    def __init__(self, venue: Capabilities | None, enters: Side = Side.BUY) -> None:
        self.venue, self.enters = venue, enters
        self.journal: list[DurableEvent] = []
        self.now = START
        self.engine = self._engine()
        self.staged: Counter[str] = Counter()
        self.status: dict[Any, OrderStatus] = {}
        self.bid = 71_000

    def _engine(self) -> Any:
        engine = scenes.engine(LIMITS, cash="100000000000")
        if self.venue is not None:
            engine.gate.venues = {"paper": self.venue}
        listed = msgspec.structs.replace(engine.state.instruments[SAMSUNG], can_short=True)
        engine.step(InstrumentListed(ts=START, instrument=listed), START)
        return engine

    def at(self, price: int) -> int:
        return price if self.enters is Side.BUY else MIDDLE - price

    @property
    def held(self) -> Decimal:
        """As far as it was entered."""
        return self.state.position(ACCOUNT, SAMSUNG).quantity * self.enters.sign

    @property
    def exits(self) -> list[Order]:
        return [o for o in self.live() if o.side is self.enters.other]

    def adjust(self, quantity: int) -> None:
        came = {"account": ACCOUNT, "instrument": SAMSUNG, "price": D(71_000), "cause": "x"}
        self.step(PositionAdjusted(ts=self.now, quantity=D(quantity * self.enters.sign), **came))  # type: ignore[arg-type]

    @property
    def state(self) -> Any:
        return self.engine.state

    def live(self, *statuses: OrderStatus) -> list[Order]:
        return [o for o in self.state.live_orders() if not statuses or o.status in statuses]

    def step(self, message: Any) -> None:
        self.now += NS // 50
        if isinstance(message, OrderSending):
            self.journal.append(message)
        out = self.engine.step(message, self.now)
        for item in out:
            if isinstance(item, DURABLE):
                self.journal.append(item)
            if isinstance(item, OrderStaged):
                self.staged[item.request.client_order_id] += 1
        self.check(any(isinstance(item, OrderStaged) and item.request.reduce_only for item in out))

    def check(self, was_sent: bool) -> None:
        closing = sum((exposure(o) for o in self.exits), D(0))
        if was_sent:
            assert closing <= max(self.held, D(0)), (closing, self.held)
            for id, order in self.state.orders.items():
                legs = [o for o in self.state.orders.values() if o.request.parent == id]
                left = order.filled - sum((leg.filled for leg in legs), D(0))
                live = sum((exposure(leg) for leg in legs if leg.status.is_live), D(0))
                assert not live or order.request.reduce_only or live <= left, "both of a pair work"
        assert all(count == 1 for count in self.staged.values())
        for id, order in self.state.orders.items():
            old = self.status.get(id)
            if old is not None and old is not order.status:
                shortcut = any(order.status in TRANSITIONS[between] for between in TRANSITIONS[old])
                assert order.status in TRANSITIONS[old] or shortcut, (old, order.status)
            self.status[id] = order.status

    def restart(self) -> None:
        """Fold the journal into a new engine, as a start does: STAGED is denied, what was on its way is UNKNOWN."""
        wire = msgspec.json.Decoder(DurableEvent)
        again = self._engine()
        for event in self.journal:
            again.restore(wire.decode(msgspec.json.encode(event)))
        assert durable(again.state) == durable(self.state)
        self.engine = again
        self.quote(self.bid)
        for order in self.live(OrderStatus.STAGED, OrderStatus.SENDING, OrderStatus.OPEN):
            wish = order.requested
            if order.status is OrderStatus.OPEN:
                if wish is not None and wish.phase is RequestPhase.SENDING:
                    lost = msgspec.structs.replace(wish, phase=RequestPhase.UNKNOWN)
                    self.step(OrderRequested(ts=self.now, client_order_id=order.id, requested=lost))
            elif order.status is OrderStatus.STAGED:
                denied = OrderDenied(ts=self.now, request=order.request, rule="restart", limit="", actual="", text="x")
                self.step(denied)
            else:
                self.step(OrderUnknown(ts=self.now, client_order_id=order.id, text="stopped"))

    def quote(self, bid: int) -> None:
        self.bid = bid
        low = min(self.at(bid), self.at(bid + 100))
        self.step(scenes.quote(low, low + 100, self.now))

    def fill(self, order: Order, quantity: int) -> None:
        amount = min(D(quantity), order.remaining)
        if amount > 0:
            id = f"{order.id[-6:]}-{order.filled}"
            self.step(
                OrderFilled(
                    ts=self.now, fill=scenes.fill(order.side.value, str(amount), "71000", order=order.id, id=id)
                )
            )

    def answer(self, order: Order, *, refuse: bool = False) -> None:
        wish = order.requested
        if wish is None or order.status is not OrderStatus.OPEN or wish.phase is RequestPhase.REFUSED:
            return
        if refuse:
            refused = msgspec.structs.replace(wish, phase=RequestPhase.REFUSED, text="no", ts=self.now)
            self.step(OrderRequested(ts=self.now, client_order_id=order.id, requested=refused))
        elif wish.kind is RequestKind.CANCEL:
            self.step(OrderCanceled(ts=self.now, client_order_id=order.id, text="done"))
        elif wish.quantity is not None and wish.quantity > order.filled:
            terms = {"limit_price": wish.limit_price, "stop_price": wish.stop_price}
            self.step(OrderReplaced(ts=self.now, client_order_id=order.id, quantity=wish.quantity, **terms))  # type: ignore[arg-type]

    def take(self, order: Order) -> None:
        self.step(OrderSending(ts=self.now, client_order_id=order.id))
        self.step(OrderAccepted(ts=self.now, client_order_id=order.id, ref=VenueRef(f"v{order.id[-6:]}")))

    def settle(self) -> None:
        """Everybody answers, time passes."""
        for _ in range(60):
            for order in self.live():
                current = self.state.orders[order.id]
                if current.status is OrderStatus.STAGED:
                    self.take(current)
                elif current.status is OrderStatus.UNKNOWN:
                    self.step(OrderAccepted(ts=self.now, client_order_id=order.id, ref=VenueRef(f"v{order.id[-6:]}")))
                else:
                    self.answer(current)
            self.now += NS
            self.step(Tick())


def entry(draw: st.DrawFn, run: Run) -> Submit:
    terms: dict[str, Any] = {}
    if draw(st.integers(0, 3)):
        terms["stop_loss"] = D(run.at(69_500 - 100 * draw(st.integers(0, 2))))
    if draw(st.integers(0, 2)):
        terms["take_profit"] = D(run.at(74_000))
    quantity = str(draw(st.integers(1, 20)))
    return Submit(request=scenes.request(run.enters.value, quantity, str(run.at(71_000)), **terms))


def exit_of_its_own(draw: st.DrawFn, run: Run) -> Submit:
    quantity = str(draw(st.integers(1, 20)))
    kind = draw(st.sampled_from(["stop", "pair", "trailing", "profit", "limit"]))
    terms: dict[str, Any] = {"reduce_only": True, "time_in_force": TimeInForce.GTC}
    price = None
    if kind in ("stop", "pair"):
        terms |= {"type": OrderType.STOP, "stop_price": D(run.at(69_000))}
        terms |= {"take_profit": D(run.at(74_500))} if kind == "pair" else {}
    elif kind == "trailing":
        terms |= {"type": OrderType.TRAILING, "trail": D(1500)}
    elif kind == "profit":
        price = str(run.at(74_000))
    else:
        price, terms["time_in_force"] = str(run.at(71_000)), TimeInForce.DAY
    return Submit(request=scenes.request(run.enters.other.value, quantity, price, **terms))


def act(draw: st.DrawFn, run: Run, *, outside: bool, persons: bool) -> None:
    choice = draw(st.integers(0, 21))
    live = run.live()
    some = draw(st.sampled_from(live)) if live else None
    match choice:
        case 0 | 1:
            run.step(entry(draw, run))
        case 2:
            run.step(exit_of_its_own(draw, run) if persons else entry(draw, run))
        case 3 | 4 if some is not None and some.status is OrderStatus.STAGED:
            run.take(some)
        case 5 | 6 | 7 if some is not None and some.status.may_fill:
            run.fill(some, draw(st.integers(1, 20)))
        case 8 | 9 | 10 if some is not None:
            run.answer(some, refuse=choice == 10)
        case 11 if some is not None and some.status is OrderStatus.STAGED:
            run.step(OrderSending(ts=run.now, client_order_id=some.id))
            if draw(st.booleans()):
                run.step(OrderRejected(ts=run.now, client_order_id=some.id, code="E", text="no"))
            else:
                run.step(OrderUnknown(ts=run.now, client_order_id=some.id, text="lost"))
        case 12 if some is not None and some.status is OrderStatus.UNKNOWN and not some.filled:
            run.step(OrderNotPlaced(ts=run.now, client_order_id=some.id, text="absent"))
        case 12 if some is not None and some.status is OrderStatus.OPEN:
            run.step(OrderExpired(ts=run.now, client_order_id=some.id))
        case 13 | 14:
            run.quote(draw(st.sampled_from([68_000, 69_300, 69_500, 71_000, 73_900, 74_000, 75_000])))
        case 15:
            price = float(run.at(draw(st.integers(680, 750)) * 100))
            run.step(Trade(SAMSUNG, price, 1.0, Aggressor.SELL, run.now, run.now))
        case 16:
            run.now += NS * draw(st.sampled_from([1, 3, 12]))
            run.step(Tick())
        case 17 if persons:
            more = {"fraction": D(1) / draw(st.integers(1, 3)), "at_market": draw(st.booleans())}
            run.step(Close(client_order_id=scenes.new_id(), account=ACCOUNT, instrument=SAMSUNG, **more))  # type: ignore[arg-type]
        case 18 if persons and some is not None:
            run.step(Cancel(client_order_id=some.id))
        case 19 if persons and some is not None:
            price = D(run.at(draw(st.integers(690, 745)) * 100))
            changes = {"stop_price": price} if some.stop_price else {"limit_price": price}
            run.step(Replace(client_order_id=some.id, **changes))  # type: ignore[arg-type]
        case 20:
            run.restart()
        case 21 if outside:
            change = draw(st.integers(-10, 10))
            if change and run.held + change >= 0:
                run.adjust(change)
        case 21 if persons:
            run.step(draw(st.sampled_from([Panic(), CancelAll(), CancelAll(entries_only=True)])))
        case _:
            run.step(Tick())


@settings(max_examples=250, deadline=None)
@given(data=st.data(), venue=st.sampled_from(VENUES), enters=st.sampled_from(Side), before=st.sampled_from([0, 100]))
def test_legs_never_close_more_than_there_is_whatever_happens(
    data: st.DataObject, venue: Capabilities | None, enters: Side, before: int
) -> None:
    """`before`: shares that no leg protects."""
    run = Run(venue, enters)
    if before:
        run.adjust(before)
    for _ in range(data.draw(st.integers(1, 60))):
        act(data.draw, run, outside=False, persons=True)
        assert run.held >= 0, "it was turned"
        assert sum((exposure(o) for o in run.exits), D(0)) <= run.held
    run.settle()
    run.restart()


@settings(max_examples=150, deadline=None)
@given(data=st.data(), venue=st.sampled_from(VENUES), enters=st.sampled_from(Side))
def test_nothing_leaves_that_could_turn_a_position_changed_elsewhere(
    data: st.DataObject, venue: Capabilities | None, enters: Side
) -> None:
    run = Run(venue, enters)
    for _ in range(data.draw(st.integers(1, 60))):
        act(data.draw, run, outside=True, persons=True)
    run.settle()
    managed = [o for o in run.exits if o.request.reduce_only]
    others = sum((exposure(o) for o in run.exits if not o.request.reduce_only), D(0))
    stops = sum((exposure(o) for o in managed if o.request.parent is not None or o.request.is_stop), D(0))
    assert stops + others <= max(run.held, others), "what is too much was taken back"


@settings(max_examples=150, deadline=None)
@given(data=st.data(), venue=st.sampled_from(VENUES), enters=st.sampled_from(Side))
def test_what_filled_is_protected_once_everybody_answered(
    data: st.DataObject, venue: Capabilities | None, enters: Side
) -> None:
    """Without a person's hand: the stops of every entry cover all it filled and has not closed."""
    run = Run(venue, enters)
    for _ in range(data.draw(st.integers(1, 50))):
        act(data.draw, run, outside=False, persons=False)
    run.settle()
    run.quote(71_000)
    wanted = covered = D(0)
    for order in run.state.orders.values():
        is_stop_leg = order.request.parent is not None and order.stop_price is not None
        if is_stop_leg and not order.status.is_end and (order.status is not OrderStatus.HELD or _armed(run, order)):
            covered += order.remaining
        if order.request.stop_loss is not None and order.filled and not _given_up(run, order):
            legs = [o for o in run.state.orders.values() if o.request.parent == order.id]
            wanted += order.filled - sum(o.filled for o in legs)
    assert covered >= min(wanted, run.held)


def _armed(run: Run, leg: Order) -> bool:
    return bool(run.state.orders[leg.request.parent].filled)


def _given_up(run: Run, entry: Order) -> bool:
    legs = [o for o in run.state.orders.values() if o.request.parent == entry.id]
    ended = [o for o in legs if o.status is OrderStatus.CANCELED and o.canceled_by != LEGS]
    return bool(ended) or sum(o.status is OrderStatus.REJECTED for o in legs) >= 8
