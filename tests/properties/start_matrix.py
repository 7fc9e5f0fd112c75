"""The start-up matrix: what our order was when the process died, times what is true at the venue, times what of it can
be read at the start, times what others did there. `check` lives through one scenario and holds it against the truth.

    python -m tests.properties.start_matrix [--json]      every scenario
"""

from __future__ import annotations

import asyncio
import sys
from decimal import Decimal
from itertools import product
from typing import Any

import msgspec

from core.clock import ManualClock
from core.domain.account import Mode
from core.domain.commands import Settle
from core.domain.decimals import ZERO
from core.domain.events import (
    AccountListed,
    DayStarted,
    DurableEvent,
    OrderAccepted,
    OrderRequested,
    OrderSending,
    OrderStaged,
    OrderUnknown,
)
from core.domain.ids import VenueRef
from core.domain.market import NS
from core.domain.order import Binding, OrderStatus, Requested, RequestKind, RequestPhase
from core.runtime.runner import Runner
from core.trading.engine import Engine
from core.trading.state import State, exposure
from storage.journal import Journal
from tests import scenes
from tests.scenes import KRW, SAMSUNG, START
from tests.scripted_venue import ACCOUNT, PARTS, ScriptedVenue

AT_CRASH = ("staged", "sending", "unknown", "open", "canceling", "replacing")
REPLACED = ("replaced", "replaced part", "replaced filled")
TRUTHS = ("never", "open", "part", "filled", "canceled", "part canceled", *REPLACED)
READABLE = ("everything", *PARTS, "all")
OUTSIDE = ("nothing", "holding", "order")
REF = VenueRef("r1")
ENDS = {
    **{"open": "open", "part": "open", "filled": "filled", "canceled": "canceled", "part canceled": "canceled"},
    **{"replaced part": "open", "replaced filled": "filled"},
}
FILLED = {"part": 4, "part canceled": 4, "filled": 10, "replaced part": 14, "replaced filled": 20}


class Scenario(msgspec.Struct, frozen=True):
    ids: bool
    crash: str
    truth: str
    cut: str
    """What cannot be read at first."""
    outside: str

    def __str__(self) -> str:
        return "-".join(("ids" if self.ids else "no ids", self.crash, self.truth, f"without {self.cut}", self.outside))


def scenarios() -> list[Scenario]:
    return [
        s
        for s in (Scenario(*parts) for parts in product((True, False), AT_CRASH, TRUTHS, READABLE, OUTSIDE))
        if _is_possible(s)
    ]


def _is_possible(s: Scenario) -> bool:
    if s.crash == "staged":
        return s.truth == "never"
    if s.crash in ("sending", "unknown"):
        return s.truth not in REPLACED
    return s.truth != "never" and (s.truth not in REPLACED or s.crash == "replacing")


class Life:
    """The second life: a runner over what the first one left."""

    def __init__(self, scenario: Scenario) -> None:
        self.scenario = scenario
        self.clock = ManualClock(START + 5 * NS)
        self.venue = ScriptedVenue(has_client_ids=scenario.ids)
        self.request = msgspec.structs.replace(scenes.request(), account=ACCOUNT)
        self.id = self.request.client_order_id
        self.journal = Journal.open(":memory:", boot_id="matrix")
        self.engine = Engine(KRW)
        self.runner = Runner(self.engine, self.journal, self.clock, [self.venue], is_driven=True)
        self.is_ready = asyncio.Event()

    def truth(self) -> None:
        s, venue = self.scenario, self.venue
        terms: dict[str, Any] = {"filled": Decimal(FILLED.get(s.truth, 0))}
        if s.truth in REPLACED:
            terms |= {"quantity": Decimal(20), "limit_price": Decimal(70_900)}
        if s.truth != "never":
            venue.has(REF, self.id, ENDS.get(s.truth, "open"), START, **terms)
        if terms["filled"]:
            venue.filled("x1", REF, self.id, int(terms["filled"]), START + NS)
        if s.outside == "holding":
            venue.holdings[SAMSUNG] = venue.holdings.get(SAMSUNG, ZERO) + 7
        if s.outside == "order":
            venue.has("other", None, "filled", START - 60 * NS, quantity=Decimal(3), filled=Decimal(3))
            venue.filled("y1", "other", None, 3, START - 60 * NS)
        venue.unread = frozenset() if s.cut == "everything" else frozenset({s.cut})

    def first_life(self) -> list[DurableEvent]:
        """What the journal held when the process died."""
        account = scenes.Account(id=ACCOUNT, mode=Mode.PAPER, base_currency=KRW)
        facts = {} if self.scenario.ids else {"baseline": "[]", "sent_ns": str(START), "cash": "100000000"}
        events: list[DurableEvent] = [
            AccountListed(ts=START, account=account),
            DayStarted(ts=START, account=ACCOUNT, day="2025-11-20"),
            OrderStaged(ts=START, request=self.request),
        ]
        if self.scenario.crash == "staged":
            return events
        events.append(OrderSending(ts=START, client_order_id=self.id, facts=facts))
        if self.scenario.crash == "sending":
            return events
        if self.scenario.crash == "unknown":
            return [*events, OrderUnknown(ts=START, client_order_id=self.id, text="no answer")]
        events.append(OrderAccepted(ts=START, client_order_id=self.id, ref=REF))
        kind = {"canceling": RequestKind.CANCEL, "replacing": RequestKind.REPLACE}.get(self.scenario.crash)
        if kind is not None:
            new = {"quantity": Decimal(20), "limit_price": Decimal(70_900)} if kind is RequestKind.REPLACE else {}
            wish = Requested(kind=kind, phase=RequestPhase.SENDING, ts=START, **new)
            events.append(OrderRequested(ts=START, client_order_id=self.id, requested=wish))
        return events

    async def rounds(self, *seconds: float) -> None:
        for wait in seconds:
            self.clock.advance(wait)
            await self.runner.reconciler.beat()
            await self.runner.idle()


async def check(scenario: Scenario) -> str:
    """Live through it. Returns how the order ended; raises AssertionError where the truth says otherwise."""
    life = Life(scenario)
    before = State(KRW)
    for event in life.first_life():
        if isinstance(event, OrderSending):
            order = before.orders[life.id]
            sealed = msgspec.structs.replace(life.venue.prepare(order), facts=event.facts)
            assert await life.journal.claim(order, sealed, event.ts)
        else:
            await life.journal.append([event])
        before.apply(event)
    life.truth()
    life.runner.recover()
    running = asyncio.ensure_future(life.runner.run(life.is_ready))
    try:
        await life.is_ready.wait()
        await life.runner.idle()
        _after_the_start(life)
        await life.rounds(1, 12, 1)
        _after_the_start(life)
        await life.rounds(30, 31, 12)
        _while_cut(life)
        life.venue.unread = frozenset()
        await life.rounds(12, 31, 31, 31, 12)
        return await _when_all_was_read(life)
    finally:
        life.runner.stop()
        await running


def _nothing_invented(life: Life) -> None:
    state = life.engine.state
    assert life.venue.wire == [], "recovery sends nothing"
    theirs = {fill.fill_id: fill.quantity for fill in life.venue.fills}
    assert all(theirs.get(fill.fill_id) == fill.quantity for fill in state.fills), "a fill nobody made"
    order = state.orders[life.id]
    assert order.filled <= FILLED.get(life.scenario.truth, 0)
    gate = state.gates.get(ACCOUNT)
    assert gate is not None
    assert gate.is_open == (not life.venue.unread), "the gate opens when all was read, and only then"


def _after_the_start(life: Life) -> None:
    """Some readings in less than a minute: nothing may be believed absent yet."""
    _nothing_invented(life)
    s, status = life.scenario, life.engine.state.orders[life.id].status
    if s.crash == "staged":
        assert status is OrderStatus.DENIED
    elif s.truth == "never":
        assert status is OrderStatus.UNKNOWN


def _while_cut(life: Life) -> None:
    _nothing_invented(life)
    s, state = life.scenario, life.engine.state
    order = state.orders[life.id]
    if s.cut in ("orders", "all"):
        # No listing, no verdict: only a fill can have spoken.
        spoken = s.cut == "orders" and FILLED.get(s.truth, 0) and (s.ids or s.crash not in ("sending", "unknown"))
        before = OrderStatus.UNKNOWN if s.crash in ("sending", "unknown") else OrderStatus.OPEN
        # Ten of ten or of twenty: while nobody knows whether it was replaced, the rest may still be there.
        is_over = s.truth == "replaced filled" or (s.truth == "filled" and s.crash != "replacing")
        wanted = before if not spoken else OrderStatus.FILLED if is_over else OrderStatus.OPEN
        assert order.status in (wanted, OrderStatus.DENIED), order.status
        if s.crash == "replacing" and order.status is OrderStatus.OPEN:
            assert exposure(order) == 20 - order.filled, "the worse of old and new terms counts"
    if {"positions", "fills", "all"} & {s.cut}:
        assert (ACCOUNT, SAMSUNG) not in state.frozen, "what was not read is no drift"


async def _when_all_was_read(life: Life) -> str:
    _nothing_invented(life)
    s, state = life.scenario, life.engine.state
    order = state.orders[life.id]
    is_unbound = not s.ids and s.crash in ("sending", "unknown") and s.truth != "never"
    if is_unbound and s.outside == "order":
        assert (order.status, order.candidates) == (OrderStatus.UNKNOWN, (REF,)), "others traded: a person decides"
        life.runner.ask(Settle(client_order_id=life.id, ref=REF))
        await life.rounds(12, 31)
        order = state.orders[life.id]
        assert order.binding is Binding.BY_PERSON
    elif is_unbound:
        assert order.binding is Binding.INFERRED
    wanted = {
        "never": OrderStatus.DENIED if s.crash == "staged" else OrderStatus.NOT_PLACED,
        "filled": OrderStatus.FILLED,
        "replaced filled": OrderStatus.FILLED,
        "canceled": OrderStatus.CANCELED,
        "part canceled": OrderStatus.CANCELED,
    }.get(s.truth, OrderStatus.OPEN)
    if not s.ids and wanted is OrderStatus.NOT_PLACED and s.outside == "holding" and s.cut != "positions":
        wanted = OrderStatus.UNKNOWN  # the holding moved since: it may have been ours
    assert order.status is wanted, f"{order.status} instead of {wanted}"
    assert order.filled == FILLED.get(s.truth, 0)
    quantity = 20 if s.truth in REPLACED else 10
    assert order.quantity == quantity
    if order.status is OrderStatus.OPEN:
        assert exposure(order) == quantity - order.filled
        assert order.requested is None or order.requested.phase is RequestPhase.REFUSED
    assert {fill.fill_id for fill in state.fills} == {fill.fill_id for fill in life.venue.fills}
    assert state.position(ACCOUNT, SAMSUNG).quantity == life.venue.holdings.get(SAMSUNG, 0)
    assert ((ACCOUNT, SAMSUNG) in state.frozen) == (s.outside == "holding")
    return order.status.value


async def run_all(chosen: list[Scenario]) -> dict[str, Any]:
    ends: dict[str, int] = {}
    wrong: list[str] = []
    for scenario in chosen:
        try:
            end = await check(scenario)
            ends[end] = ends.get(end, 0) + 1
        except AssertionError as error:
            wrong.append(f"{scenario}: {error}")
    return {"scenarios": len(chosen), "wrong": wrong, "ends": ends}


def main() -> int:
    report = asyncio.run(run_all(scenarios()))
    if "--json" in sys.argv:
        sys.stdout.write(msgspec.json.encode(report).decode() + "\n")
    else:
        sys.stdout.write(
            "\n".join(
                [
                    f"{report['scenarios']} scenarios, {len(report['wrong'])} wrong, {report['ends']}",
                    *report["wrong"][:40],
                ]
            )
            + "\n"
        )
    return bool(report["wrong"])


if __name__ == "__main__":
    raise SystemExit(main())
