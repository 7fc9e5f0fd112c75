"""Orders that live: canceled, replaced, filled. Each thing that happens is told, whatever else happens meanwhile."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from decimal import Decimal
from random import Random

import msgspec
import pytest

from core.domain.errors import BrokerError, OrderRejected, Unsupported
from core.domain.events import OrderFilled, OrderRequested
from core.domain.order import RequestPhase
from tests.contract.session import CLOCK, Sending, Session, until
from tests.simulators.faults import Fault

CANCEL_FAULTS = (
    *(Fault.DROP_BEFORE_ACCEPT, Fault.ACCEPT_THEN_DROP, Fault.ACCEPT_THEN_500, Fault.ACCEPT_THEN_TIMEOUT),
    *(Fault.GARBAGE, Fault.TRUNCATED_FRAME, Fault.HTTP_500, Fault.HTML_503, Fault.TOKEN_EXPIRED, Fault.TOKEN_REVOKED),
    *(Fault.REDIRECT_307, Fault.REDIRECT_308, Fault.DELAY),
)


async def try_(call: object) -> Exception | None:
    try:
        await call  # type: ignore[misc]
    except BrokerError as error:
        return error
    return None


# --- cancel ----------------------------------------------------------------------------------------------------------


async def test_a_cancel_ends_an_order_and_says_so(session: Session) -> None:
    sent = await session.rest()
    await session.broker.cancel(sent.open_order)
    await until(lambda: session.ends(sent.id))
    assert [row.status for row in (await session.snapshot()).orders if row.ref == sent.ref] == ["canceled"]


async def test_a_cancel_may_be_repeated(session: Session) -> None:
    sent = await session.rest()
    for _ in range(3):
        error = await try_(session.broker.cancel(sent.open_order))
        assert error is None or isinstance(error, OrderRejected)
    await until(lambda: session.ends(sent.id))
    assert len([deed for deed in session.plug.truth() if deed.what == "canceled" and deed.intent == sent.id]) == 1


async def test_a_cancel_of_what_is_filled_is_refused_not_believed(session: Session) -> None:
    """Too late is an answer about the cancel: the order was there, and it filled."""
    sent = await session.send(session.plug.request("buy", "2", "71100"))
    await until(lambda: session.fills(sent.id))
    error = await try_(session.broker.cancel(sent.open_order))
    if error is None:
        refused = [e for e in session.of(OrderRequested) if e.client_order_id == sent.id]
        await until(lambda: refused or [e for e in session.of(OrderRequested) if e.client_order_id == sent.id])
    else:
        assert isinstance(error, OrderRejected)
    assert session.ends(sent.id) == []


@pytest.mark.wire
@pytest.mark.parametrize("fault", CANCEL_FAULTS)
async def test_a_cancel_is_repeated_or_told_as_open(session: Session, fault: Fault) -> None:
    """After any fault: either the order is canceled at the venue, or the call says that it may not be."""
    sent = await session.rest()
    session.plug.faults.put("cancel", fault, seconds=0.05)
    error = await try_(session.broker.cancel(sent.open_order))
    ended = [deed for deed in session.plug.truth() if deed.what == "canceled" and deed.intent == sent.id]
    assert ended or error is not None
    if error is not None:
        again = await try_(session.broker.cancel(sent.open_order))
        assert again is None or isinstance(again, OrderRejected)
    await until(lambda: session.ends(sent.id))


async def test_an_order_without_a_number_cannot_be_canceled_by_guessing(session: Session) -> None:
    """UNKNOWN, no ref: the venue that knows our ids may find it, another refuses; nothing else is ended."""
    bystander, sent = await session.rest(), await session.rest()
    order = msgspec.structs.replace(sent.open_order, refs=())
    error = await try_(session.broker.cancel(order))
    assert error is None or isinstance(error, Unsupported | OrderRejected)
    await CLOCK.sleep(0.05)
    assert session.ends(bystander.id) == []


# --- replace ---------------------------------------------------------------------------------------------------------


def can_replace(session: Session) -> None:
    if not session.broker.capabilities.can_replace:
        pytest.skip("this venue replaces nothing")


async def test_new_terms_are_told_with_their_whole_quantity(session: Session) -> None:
    can_replace(session)
    await session.quoted(71_000, 71_100)
    sent = await session.rest("10", "70000")
    await session.broker.replace(session.replacing(sent, limit_price=Decimal(69_900), quantity=Decimal(7)))
    told = await until(lambda: session.replaced(sent.id))
    assert (told[-1].quantity, told[-1].limit_price) == (Decimal(7), Decimal(69_900))
    row = next(row for row in (await session.snapshot()).orders if row.ref == (told[-1].ref or sent.ref))
    assert (row.quantity, row.limit_price, row.status) == (Decimal(7), Decimal(69_900), "open")


async def test_refused_terms_leave_the_order_as_it_was(session: Session) -> None:
    can_replace(session)
    sent = await session.rest("10", "70000")
    error = await try_(session.broker.replace(session.replacing(sent, limit_price=Decimal(70_001))))
    if error is None:
        told = await until(lambda: [e for e in session.of(OrderRequested) if e.client_order_id == sent.id])
        assert told[-1].requested.phase is RequestPhase.REFUSED
    else:
        assert isinstance(error, OrderRejected)
    row = next(row for row in (await session.snapshot()).orders if row.ref == sent.ref)
    assert (row.quantity, row.limit_price) == (Decimal(10), Decimal(70_000))


@pytest.mark.wire
@pytest.mark.parametrize("fault", CANCEL_FAULTS)
async def test_a_replace_is_written_once_and_a_lost_answer_is_no_refusal(session: Session, fault: Fault) -> None:
    can_replace(session)
    sent = await session.rest("10", "70000")
    session.plug.faults.put("replace", fault, seconds=0.05)
    error = await try_(session.broker.replace(session.replacing(sent, limit_price=Decimal(69_900))))
    deeds = [deed for deed in session.plug.truth() if deed.intent == sent.id]
    assert sum(deed.what == "received_change" for deed in deeds) == 1, "written more or less than once"
    took = any(deed.what == "replaced" for deed in deeds)
    assert error is not None or took
    assert not (took and isinstance(error, OrderRejected)), "refused, and the venue took it"


async def test_replaces_fills_and_a_cancel_that_race_end_in_one_truth(session: Session) -> None:
    """The market comes, terms change and a cancel runs, all at once: events and listing tell the same end."""
    can_replace(session)
    chance = Random(11)
    for _ in range(8):
        sent = await session.rest("10", "71000")
        calls = [
            session.broker.replace(session.replacing(sent, quantity=Decimal(chance.randint(11, 20)))),
            session.plug.quote(70_900, 71_000, size=4),
            session.broker.cancel(sent.open_order),
        ]
        chance.shuffle(calls)
        with suppress(BrokerError):
            await asyncio.gather(*calls, return_exceptions=True)
        with suppress(BrokerError):
            await session.broker.cancel(sent.open_order)
        await until(lambda sent=sent: session.ends(sent.id) or _is_filled(session, sent))
        ref = next((told.ref for told in reversed(session.replaced(sent.id)) if told.ref), sent.ref)
        row = next(row for row in (await session.snapshot()).orders if row.ref == ref)
        assert row.filled == sum(event.fill.quantity for event in session.fills(sent.id))
        assert row.status == ("canceled" if session.ends(sent.id) else "filled")
        await session.plug.quote(71_000, 71_100)


def _is_filled(session: Session, sent: Sending) -> bool:
    told = session.replaced(sent.id)
    quantity = told[-1].quantity if told else sent.order.quantity
    return sum(event.fill.quantity for event in session.fills(sent.id)) >= quantity


# --- fills -----------------------------------------------------------------------------------------------------------


async def test_every_fill_is_told_once_and_names_its_order(session: Session) -> None:
    sent = await session.rest("10", "71000")
    for size in (2, 3, 5):
        await session.plug.quote(70_900, 71_000, size=size)
        await session.plug.quote(71_000, 71_100, size=100)
    await until(lambda: sum(event.fill.quantity for event in session.fills(sent.id)) == 10)
    told = [event.fill for event in session.fills(sent.id)]
    assert len({fill.fill_id for fill in told}) == len(told)
    assert {(fill.account, fill.instrument) for fill in told} == {(session.plug.account, session.plug.instrument.id)}
    listed = (await session.snapshot()).fills
    assert {fill.fill_id for fill in listed} == {fill.fill_id for fill in told}
    true = [deed for deed in session.plug.truth() if deed.what == "filled" and deed.intent == sent.id]
    assert sum(Decimal(deed.quantity) for deed in true) == 10


async def test_an_order_that_fills_at_once_tells_its_fill_under_its_own_id(session: Session) -> None:
    """The stream may be faster than the answer to the submit, and must not be a stranger's fill for that."""
    for _ in range(10):
        sent = await session.send(session.plug.request("buy", "2", "71100"))
        await until(lambda sent=sent: session.fills(sent.id))
    assert all(event.fill.client_order_id is not None for event in session.of(OrderFilled))


@pytest.mark.wire
@pytest.mark.parametrize("fault", [Fault.DUPLICATE_EVENT, Fault.REORDER, Fault.GARBAGE, Fault.DELAY])
async def test_a_disturbed_stream_loses_no_fill(session: Session, fault: Fault) -> None:
    """Twice, out of order, late or among garbage: every fill id is told at least once, none is invented."""
    sent = await session.rest("10", "71000")
    session.plug.faults.put("private", fault, times=30, seconds=0.03)
    for size in (2, 3, 5):
        await session.plug.quote(70_900, 71_000, size=size)
        await session.plug.quote(71_000, 71_100, size=100)
    true = {deed.fill_id for deed in session.plug.truth() if deed.what == "filled" and deed.intent == sent.id}
    await until(lambda: {event.fill.fill_id for event in session.fills(sent.id)} == true)
    assert true and session.error is None
