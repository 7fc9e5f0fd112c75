"""Ours against the venue's, account by account, as rows for people: how it was read last, and each difference with what
it means and what mends it."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from core.domain.decimals import ZERO, plain
from core.domain.ids import AccountId, code_of
from core.domain.order import Binding, Order, OrderStatus
from core.domain.text import clean
from core.ports import Unread, VenueOrder
from core.runtime.reconciler import Reading, Reconciler
from core.trading.state import State
from core.trading.view import ReconRow

LONGEST = 160


def recon_rows(state: State, reconciler: Reconciler) -> tuple[ReconRow, ...]:
    return tuple(
        row for account in state.accounts for row in _account(state, account, reconciler.readings.get(account))
    )


def _account(state: State, account: AccountId, reading: Reading | None) -> Iterator[ReconRow]:
    yield _summary(state, account, reading)
    listed = {} if reading is None else _listed(reading)
    for order in state.live_orders(account):
        if order.status is OrderStatus.UNKNOWN:
            yield from _unknown(order, listed)
        elif order.binding is Binding.INFERRED:
            text = "taken for ours by inference; nothing automatic cancels it"
            yield _row(account, "inferred", order.id, ours=_ours(order), text=text, order=order)
    for (owner, instrument), freeze in state.frozen.items():
        if owner != account:
            continue
        yield ReconRow(
            key=f"{account}|frozen|{instrument}",
            account=account,
            kind="frozen",
            is_ok=False,
            theirs=f"{plain(freeze.quantity)} {code_of(instrument)}",
            text=f"not explained by our fills ({freeze.cause}); strategies leave it alone",
            mend=f"hoga reconcile --ack {code_of(instrument)}",
            instrument=instrument,
            ts=freeze.since,
        )
    if reading is None:
        return
    yield from _holdings(state, account, reading)
    for n, text in enumerate(reading.found):
        yield _row(account, "odd", str(n), text=text, ts=reading.ts)


def _summary(state: State, account: AccountId, reading: Reading | None) -> ReconRow:
    if reading is None:
        return _row(account, "reading", "", text="not read yet: nothing new is sent")
    snapshot = reading.snapshot
    parts = (
        {}
        if snapshot is None
        else {
            "orders": snapshot.orders,
            "fills": snapshot.fills,
            "positions": snapshot.positions,
            "cash": snapshot.balances,
        }
    )
    theirs = ", ".join(f"{'?' if isinstance(part, Unread) else len(part)} {name}" for name, part in parts.items())
    fills = sum(1 for fill in state.fills if fill.account == account)
    held = sum(1 for (owner, _), p in state.positions.items() if owner == account and p.quantity)
    ours = f"{sum(1 for _ in state.live_orders(account))} live orders, {fills} fills, {held} positions"
    text = f"{reading.missing}; nothing new is sent until it is read" if reading.missing else "all was read"
    return ReconRow(
        key=f"{account}|reading|",
        account=account,
        kind="reading",
        is_ok=not reading.missing,
        ours=ours,
        theirs=theirs,
        text=clean(text, LONGEST),
        ts=reading.ts,
    )


def _listed(reading: Reading) -> dict[str, VenueOrder]:
    if reading.snapshot is None or isinstance(reading.snapshot.orders, Unread):
        return {}
    return {order.ref: order for order in reading.snapshot.orders}


def _unknown(order: Order, listed: dict[str, VenueOrder]) -> Iterator[ReconRow]:
    short = order.id[-4:]
    mend = f"hoga settle {short} --not-placed"
    text = "the answer is lost: the venue is asked until it tells"
    yield _row(order.account, "unknown", order.id, ours=_ours(order), text=text, mend=mend, order=order)
    for ref in order.candidates:
        theirs = listed.get(ref)
        words = "no longer listed" if theirs is None else _theirs(theirs)
        mend = f"hoga settle {short} --ref {ref}"
        text = "may be ours" if theirs is None else _apart(order, theirs)
        key = f"{order.id}|{ref}"
        yield _row(order.account, "candidate", key, theirs=words, text=text, mend=mend, order=order, ref=ref)


def _holdings(state: State, account: AccountId, reading: Reading) -> Iterator[ReconRow]:
    snapshot = reading.snapshot
    if snapshot is None or isinstance(snapshot.positions, Unread):
        return
    ours = {i: p.quantity for (owner, i), p in state.positions.items() if owner == account}
    for instrument in sorted(ours.keys() | snapshot.positions.keys()):
        here, there = ours.get(instrument, ZERO), snapshot.positions.get(instrument, ZERO)
        if here != there:
            yield ReconRow(
                key=f"{account}|position|{instrument}",
                account=account,
                kind="position",
                is_ok=False,
                ours=f"{plain(here)} {code_of(instrument)}",
                theirs=f"{plain(there)} {code_of(instrument)}",
                text="moved since it was read, or still to be explained; the next reading tells",
                instrument=instrument,
                ts=reading.ts,
            )


def _row(account: AccountId, kind: str, key: str, *, order: Order | None = None, ts: int = 0, **words: str) -> ReconRow:
    return ReconRow(
        key=f"{account}|{kind}|{key}",
        account=account,
        kind=kind,
        is_ok=False,
        instrument=order.instrument if order is not None else None,
        client_order_id=order.id if order is not None else None,
        ts=ts or (order.updated if order is not None else 0),
        **{name: clean(text, LONGEST) for name, text in words.items()},
    )


def _ours(order: Order) -> str:
    terms = f"{plain(order.quantity)} {code_of(order.instrument)}{_at(order.limit_price)}"
    return f"{order.id[-4:]} {order.side.upper()} {terms}"


def _theirs(order: VenueOrder) -> str:
    side = f"{order.side.upper()} " if order.side is not None else ""
    filled = f", {plain(order.filled)} filled" if order.filled else ""
    terms = f"{side}{plain(order.quantity)} {code_of(order.instrument)}{_at(order.limit_price)}"
    return f"{order.ref} {terms} {order.status}{filled}"


def _at(price: Decimal | None) -> str:
    return f" @{plain(price)}" if price is not None else ""


def _apart(order: Order, theirs: VenueOrder) -> str:
    """What tells the two apart: time, and the way it came in."""
    parts = []
    if theirs.created is not None:
        parts.append(
            f"taken {(theirs.created - int(order.facts.get('sent_ns', order.created))) / 1e9:+.1f} s from our send"
        )
    if theirs.channel:
        parts.append(f"by {theirs.channel}")
    return ", ".join(parts) or "may be ours"
