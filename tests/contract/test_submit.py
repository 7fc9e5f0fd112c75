"""An order on its way out: sealed without a look at anything, written once, and its outcome never guessed."""

from __future__ import annotations

import asyncio
from typing import Any

import msgspec
import pytest

from core.domain.account import Mode
from core.domain.errors import BrokerError, NotConnected, OrderRejected, OutcomeUnknown, RateLimited, Unsupported
from core.domain.order import LIMITED, OrderType, TimeInForce
from core.ports import Accepted, LiveOrder, PaperOrder, SendPermit, Sent
from tests.contract.session import CLOCK, Session, order_of, until
from tests.simulators.faults import ON_ORDERS, REFUSES, Fault
from tests.simulators.plug import Plug, accepted

SENT_NOTHING = (NotConnected, RateLimited, BrokerError)


def received(plug: Plug, id: str) -> int:
    return sum(1 for deed in plug.truth() if deed.what == "received" and deed.intent == id)


# --- sealing ---------------------------------------------------------------------------------------------------------


def test_prepare_needs_no_connection_no_loop_and_no_clock(plug: Plug) -> None:
    """Out of any loop, before connect: what it gives depends on the order alone."""
    one, two = plug.broker(), plug.broker()
    order = order_of(plug.request("buy", "10", "70000"))
    first, again, other = one.prepare(order), one.prepare(order), two.prepare(order)
    assert (first.body, first.digest, first.client_order_id) == (again.body, again.digest, again.client_order_id)
    assert (first.body, first.digest) == (other.body, other.digest)
    assert plug.traffic() == []


def test_the_seal_covers_account_side_quantity_and_price(plug: Plug) -> None:
    broker, request = plug.broker(), plug.request("buy", "10", "70000")
    seals = {
        broker.prepare(order_of(variant)).digest
        for variant in (
            request,
            msgspec.structs.replace(request, side=plug.request("sell", "1", "1").side),
            msgspec.structs.replace(request, quantity=request.quantity + 1),
            msgspec.structs.replace(request, limit_price=request.limit_price + 100),
            msgspec.structs.replace(request, account=plug.other),
            msgspec.structs.replace(request, client_order_id=plug.request("buy", "1", "1").client_order_id),
        )
    }
    assert len(seals) == 6


@pytest.mark.parametrize("type", OrderType)
def test_what_the_venue_does_not_offer_is_unsupported_before_any_call(plug: Plug, type: OrderType) -> None:
    broker = plug.broker()
    more: dict[str, Any] = {"type": type}
    if type in (OrderType.STOP, OrderType.STOP_LIMIT):
        more["stop_price"] = plug.request("buy", "1", "72000").limit_price
    if type is OrderType.TRAILING:
        more["trail"] = plug.request("buy", "1", "500").limit_price
    price = "72000" if type in LIMITED else None
    order = order_of(plug.request("sell", "10", price, **more))  # a market buy may need an ask, which nobody told yet
    if type in broker.capabilities.order_types:
        assert broker.prepare(order).body
    else:
        with pytest.raises(Unsupported):
            broker.prepare(order)
    assert plug.traffic() == []


async def test_an_order_of_the_other_mode_does_not_pass(session: Session) -> None:
    """The seal says whose money it is; a line of the other kind refuses it, before the permit is spent."""
    if not session.plug.has_wire:
        pytest.skip("there is no line here that could lead to real money")
    order = order_of(session.plug.request("buy", "10", "70000"))
    prepared = session.broker.prepare(order)
    other = LiveOrder if prepared.mode is Mode.PAPER else PaperOrder
    wrong = other(**msgspec.structs.asdict(prepared))
    permit = SendPermit(order.id, prepared.digest)
    with pytest.raises(BrokerError):
        await session.broker.submit(wrong, permit)
    permit.spend(prepared)  # it is still good: nothing was written
    assert received(session.plug, order.id) == 0


# --- the permit ------------------------------------------------------------------------------------------------------


async def test_a_submit_spends_its_permit(session: Session) -> None:
    sent = await session.rest()
    with pytest.raises(RuntimeError):
        sent.permit.spend(sent.prepared)


async def test_a_permit_sends_once(session: Session) -> None:
    sent = await session.rest()
    with pytest.raises(RuntimeError):
        await session.broker.submit(sent.prepared, sent.permit)
    assert (received(session.plug, sent.id), accepted(session.plug.truth(), sent.id)) == (1, 1)


async def test_a_permit_of_another_order_sends_nothing(session: Session) -> None:
    one, two = (order_of(session.plug.request("buy", "10", "70000")) for _ in range(2))
    foreign = SendPermit(two.id, session.broker.prepare(two).digest)
    with pytest.raises(RuntimeError):
        await session.broker.submit(session.broker.prepare(one), foreign)
    assert received(session.plug, one.id) == received(session.plug, two.id) == 0


async def test_one_permit_in_fifty_hands_sends_once(session: Session) -> None:
    order = order_of(session.plug.request("buy", "10", "70000"))
    prepared = session.broker.prepare(order)
    permit = SendPermit(order.id, prepared.digest)
    tries = await asyncio.gather(*(session.broker.submit(prepared, permit) for _ in range(50)), return_exceptions=True)
    assert sum(isinstance(answer, Accepted | Sent) for answer in tries) == 1
    assert (received(session.plug, order.id), accepted(session.plug.truth(), order.id)) == (1, 1)


# --- the outcome -----------------------------------------------------------------------------------------------------


async def test_an_accepted_order_has_the_venues_number(session: Session) -> None:
    sent = await session.rest()
    listed = [row for row in (await session.snapshot()).orders if row.ref == sent.ref]
    assert len(listed) == 1 and listed[0].status == "open"


async def test_a_refusal_is_by_the_venues_own_code(session: Session) -> None:
    """Off the tick: every venue says no to that, in full."""
    sent = await session.send(session.plug.request("buy", "10", "70001"))
    assert isinstance(sent.error, OrderRejected) and sent.error.code, sent
    assert accepted(session.plug.truth(), sent.id) == 0


async def test_an_order_that_cannot_rest_is_never_open(session: Session) -> None:
    more = {"time_in_force": TimeInForce.IOC}
    sent = await session.send(session.plug.request("buy", "10", "60000", **more))
    assert isinstance(sent.answer, Accepted | Sent)
    await until(lambda: any(getattr(event, "client_order_id", "") == sent.id for event in session.events))
    rows = [row for row in (await session.snapshot()).orders if row.ref == sent.ref]
    assert [row.status for row in rows] in ([], ["canceled"], ["expired"])


@pytest.mark.wire
@pytest.mark.parametrize("fault", sorted(ON_ORDERS))
async def test_the_outcome_is_never_better_than_what_is_proved(session: Session, fault: Fault) -> None:
    plug = session.plug
    if fault not in plug.faults_known:
        pytest.skip(f"this venue cannot act out {fault}")
    plug.faults.put("order", fault, seconds=0.05)
    sent = await session.send(plug.request("buy", "10", "70000"))
    await CLOCK.sleep(0.15)  # what the venue takes late, it has taken by now
    took, came = accepted(plug.truth(), sent.id), received(plug, sent.id)
    assert came == 1, "the bytes of an order were at the venue more or less than once"
    assert took <= 1
    if isinstance(sent.error, OrderRejected):
        assert fault in REFUSES and took == 0, "a rejection without proof"
    elif sent.error is not None:
        assert isinstance(sent.error, OutcomeUnknown), f"{type(sent.error).__name__} says too much"
    else:
        assert took == 1
    with pytest.raises(RuntimeError):
        sent.permit.spend(sent.prepared)


@pytest.mark.wire
@pytest.mark.parametrize("fault", sorted(ON_ORDERS))
async def test_after_any_fault_the_next_order_goes_its_way(session: Session, fault: Fault) -> None:
    plug = session.plug
    if fault not in plug.faults_known:
        pytest.skip(f"this venue cannot act out {fault}")
    plug.faults.put("order", fault, seconds=0.05)
    await session.send(plug.request("buy", "10", "70000"))
    await CLOCK.sleep(0.1)
    after = await session.send(plug.request("buy", "10", "70100"))
    assert isinstance(after.answer, Accepted | Sent), after.error
    assert accepted(plug.truth(), after.id) == 1


@pytest.mark.wire
async def test_nobody_listens_and_nothing_was_sent(session: Session) -> None:
    """No connection, no byte: the permit is unspent and the error says so."""
    await session.plug.act("down")
    sent = await session.send(session.plug.request("buy", "10", "70000"))
    assert isinstance(sent.error, NotConnected) and not isinstance(sent.error, OutcomeUnknown)
    assert "nothing was sent" in str(sent.error)
    sent.permit.spend(sent.prepared)
    await session.plug.act("up")
    await CLOCK.sleep(0.1)
    assert received(session.plug, sent.id) == 0


@pytest.mark.wire
async def test_a_canceled_submit_was_written_at_most_once(session: Session) -> None:
    plug = session.plug
    plug.faults.put("order", Fault.DELAY, seconds=0.3)
    order = order_of(plug.request("buy", "10", "70000"))
    prepared = session.broker.prepare(order)
    task = asyncio.ensure_future(session.broker.submit(prepared, SendPermit(order.id, prepared.digest)))
    await until(lambda: received(plug, order.id))
    task.cancel()
    await asyncio.wait({task})
    await CLOCK.sleep(0.4)
    assert task.cancelled() and received(plug, order.id) == 1


@pytest.mark.wire
async def test_a_connection_that_was_idle_is_not_trusted_with_an_order(session: Session) -> None:
    """The venue drops idle connections without a word, right when the next order leaves: it arrives all the same."""
    for _ in range(5):
        sent = await session.rest()
        session.plug.faults.put("order", Fault.TRUNCATED_FRAME)  # the answer is cut and the connection ends
        cut = await session.send(session.plug.request("buy", "1", "70000"))
        assert isinstance(cut.error, OutcomeUnknown)
        assert received(session.plug, sent.id) == received(session.plug, cut.id) == 1
