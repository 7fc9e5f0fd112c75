"""What a broker says it knows: complete, or not at all."""

from __future__ import annotations

import asyncio
from decimal import Decimal

import pytest

from core.domain.errors import BrokerError
from core.domain.ids import broker_of
from core.domain.market import Interval
from core.ports import Absent, Unread, VenueOrder
from tests.contract.session import CLOCK, Session, order_of, parts, unread, until
from tests.simulators.faults import ON_LISTS, Fault

LISTS = 4
"""Listings in a snapshot."""


async def test_instruments_are_found_by_code_and_by_both_names(session: Session) -> None:
    wanted = session.plug.instrument
    everything = await session.broker.instruments()
    assert len(everything) == len({item.id for item in everything}) >= 2
    for text in (wanted.code, wanted.name.lower(), wanted.name_ko):
        assert wanted.id in [item.id for item in await session.broker.instruments(text)]
    assert await session.broker.instruments("no such thing at all") == []


async def test_accounts_are_this_brokers_own_with_their_cash(session: Session) -> None:
    accounts = await session.broker.accounts()
    assert {session.plug.account, session.plug.other} <= {account.id for account in accounts}
    assert all(broker_of(account.id) == session.broker.name for account in accounts)
    assert all(account.balances for account in accounts)


async def test_a_snapshot_is_the_whole_truth_over_many_pages(session: Session) -> None:
    resting = [
        await session.rest("1", price) for price in ("70000", "69900", "69800", "69700", "69600", "69500", "69400")
    ]
    taken = [await session.send(session.plug.request("buy", "2", "71100")) for _ in range(4)]
    gone = resting.pop()
    await session.broker.cancel(gone.open_order)
    await until(lambda: session.ends(gone.id))
    snapshot = await session.snapshot()
    assert unread(snapshot) == []
    assert not isinstance(snapshot.orders, Unread) and not isinstance(snapshot.fills, Unread)
    rows = {row.ref: row for row in snapshot.orders}
    assert {sent.ref for sent in resting} == {ref for ref, row in rows.items() if row.status == "open"}
    assert {rows[sent.ref].status for sent in taken} == {"filled"} and rows[gone.ref].status == "canceled"
    assert len(snapshot.fills) == len({fill.fill_id for fill in snapshot.fills}) == 4
    assert snapshot.positions == {session.plug.instrument.id: Decimal(8)}
    if session.broker.capabilities.has_client_ids:
        assert {row.client_order_id for row in rows.values()} == {sent.id for sent in (*resting, *taken, gone)}


async def test_accounts_are_kept_apart(session: Session) -> None:
    await session.rest()
    other = await session.broker.snapshot(session.plug.other)
    assert (other.account, other.orders, other.positions) == (session.plug.other, (), {})


async def test_balances_say_what_orders_hold(session: Session) -> None:
    before = await session.snapshot()
    await session.rest("10", "70000")
    after = await session.snapshot()
    assert not isinstance(before.balances, Unread) and not isinstance(after.balances, Unread)
    currency = session.plug.instrument.currency
    was, now = ({b.currency: b for b in part}[currency] for part in (before.balances, after.balances))
    assert now.total == was.total and now.available <= was.available - 700_000


@pytest.mark.wire
@pytest.mark.parametrize("listing", range(LISTS))
@pytest.mark.parametrize("fault", sorted(ON_LISTS))
async def test_a_listing_is_complete_or_unread_under_every_fault(session: Session, fault: Fault, listing: int) -> None:
    """Whatever goes wrong at whichever of the calls, no part is ever less than the truth without saying so."""
    plug = session.plug
    if fault not in plug.faults_known:
        pytest.skip(f"this venue cannot act out {fault}")
    for price in ("70000", "69900", "69800", "69700"):
        await session.rest("1", price)
    await session.send(plug.request("buy", "2", "71100"))
    whole = parts(await session.snapshot())
    await CLOCK.sleep(0.02)
    for _ in range(listing):
        plug.faults.put("list", Fault.DELAY, seconds=0.001)
    plug.faults.put("list", fault, seconds=0.05 if fault is not Fault.STALE_LIST else 5.0)
    found = parts(await session.snapshot())
    for name, part in found.items():
        assert isinstance(part, Unread) or part == whole[name], name
    assert all(part.reason for part in found.values() if isinstance(part, Unread))
    await CLOCK.sleep(0.06)
    assert parts(await session.snapshot()) == whole


@pytest.mark.wire
async def test_a_venue_that_is_down_is_unread_not_flat(session: Session) -> None:
    await session.send(session.plug.request("buy", "2", "71100"))
    await session.plug.act("down")
    snapshot = await session.snapshot()
    assert len(unread(snapshot)) == LISTS
    with pytest.raises(BrokerError):
        await session.broker.accounts()


@pytest.mark.wire
async def test_the_first_question_after_a_long_rest_is_answered(session: Session) -> None:
    """The kept connection died while nobody used it: a read may try again, and does."""
    await session.snapshot()
    await session.plug.act("down")
    await session.plug.act("up")
    assert unread(await session.snapshot()) == []


async def test_bars_say_what_they_cover(session: Session) -> None:
    now = CLOCK.now()
    step = Interval.M1.ns
    since, until_ = now // step * step - 5 * step, now // step * step
    coverage = await session.broker.bars(session.plug.instrument.id, Interval.M1, since, until_)
    times = [bar.ts for bar in coverage.bars]
    assert times == sorted(set(times)) and all(since <= t < until_ and t % step == 0 for t in times)
    assert all(bar.low <= min(bar.open, bar.close) <= max(bar.open, bar.close) <= bar.high for bar in coverage.bars)
    assert (coverage.start is None) == (not times) and (times or coverage.is_truncated)


async def test_many_questions_at_once_are_all_answered(session: Session) -> None:
    await session.rest()
    snapshots = await asyncio.gather(*(session.snapshot() for _ in range(10)))
    assert all(unread(snapshot) == [] and len(snapshot.orders) == 1 for snapshot in snapshots)


async def test_one_order_is_found_by_our_id_and_absence_is_the_venues_own_word(session: Session) -> None:
    if not session.broker.capabilities.has_client_ids:
        pytest.skip("this venue keeps no ids of ours")
    resting = await session.rest()
    found = await session.broker.find(resting.open_order)
    assert isinstance(found, VenueOrder) and (found.ref, found.status) == (resting.ref, "open")
    never = order_of(session.plug.request("buy", "1", "70000"))
    assert isinstance(await session.broker.find(never), Absent)


@pytest.mark.wire
@pytest.mark.parametrize("fault", sorted({Fault.HTTP_500, Fault.HTML_503, Fault.GARBAGE, Fault.TRUNCATED_FRAME}))
async def test_an_error_is_never_an_absence(session: Session, fault: Fault) -> None:
    if not session.broker.capabilities.has_client_ids:
        pytest.skip("this venue keeps no ids of ours")
    never = order_of(session.plug.request("buy", "1", "70000"))
    for _ in range(10):
        session.plug.faults.put("list", fault, seconds=0.05)
    try:
        found = await session.broker.find(never)
    except BrokerError:
        return
    assert not isinstance(found, Absent)


# --- one order asked for by our id -----------------------------------------------------------------------------------


def can_find(session: Session) -> None:
    if not session.broker.capabilities.has_client_ids:
        pytest.skip("this venue does not know our ids")


async def test_an_order_is_found_by_our_id_or_said_to_be_absent(session: Session) -> None:
    can_find(session)
    sent = await session.rest()
    found = await session.broker.find(sent.order)
    assert isinstance(found, VenueOrder) and (found.ref, found.status) == (sent.ref, "open")
    assert isinstance(await session.broker.find(order_of(session.plug.request("buy", "1", "70000"))), Absent)


@pytest.mark.wire
@pytest.mark.parametrize("fault", sorted(ON_LISTS))
async def test_no_fault_is_taken_for_an_absence(session: Session, fault: Fault) -> None:
    """The order is there. Whatever happens to the question, the answer is never that it is not."""
    can_find(session)
    sent = await session.rest()
    session.plug.faults.put("list", fault, times=3, seconds=0.05)
    try:
        found = await session.broker.find(sent.order)
    except BrokerError:
        return
    assert not isinstance(found, Absent)
    assert isinstance(found, Unread) or found.ref == sent.ref
