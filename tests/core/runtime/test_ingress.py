"""The last look at the words of what comes in: hostile text and our own keys get no further, whatever a broker
forgets."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec
import pytest

from core.clock import ManualClock
from core.config import Settings
from core.domain.commands import SetStrategyParams, SetWatchlist, Submit, WriteNote
from core.domain.events import (
    FeedChanged,
    InstrumentListed,
    Noticed,
    OrderCanceled,
    OrderNotPlaced,
    OrderRejected,
    OrderRequested,
    OrderUnknown,
)
from core.domain.ids import ClientOrderId
from core.domain.order import Requested, RequestKind, RequestPhase
from core.domain.text import UNSAFE
from core.known import forget_secrets
from core.runtime.ingress import unkeyed, washed
from core.secret import Secret
from storage.journal import Journal
from tests import scenes
from tests.scenes import INSTRUMENTS, START
from tests.stage import stage
from tui.compose import Program, paper_broker

LISTED = INSTRUMENTS[0]
KEY = "kQ8vT2mZ4xR7pL1n"
HOSTILE = f"\x1b]52;c;aGFjaw==\x07no\u202e \x9b2J key {KEY} of{KEY.encode().hex()}"
ID = ClientOrderId("h" + "a" * 25)
REQUESTED = Requested(kind=RequestKind.CANCEL, phase=RequestPhase.REFUSED, ts=1, text=HOSTILE)
EVENTS: list[Any] = [
    OrderRejected(ts=1, client_order_id=ID, code=HOSTILE, text=HOSTILE),
    OrderUnknown(ts=1, client_order_id=ID, text=HOSTILE),
    OrderNotPlaced(ts=1, client_order_id=ID, text=HOSTILE),
    OrderCanceled(ts=1, client_order_id=ID, text=HOSTILE),
    OrderRequested(ts=1, client_order_id=ID, requested=REQUESTED),
    FeedChanged(ts=1, broker="kis", is_connected=False, text=HOSTILE),
    Noticed(ts=1, level="warning", kind="FEED", text=HOSTILE),
    InstrumentListed(ts=1, instrument=msgspec.structs.replace(LISTED, name=HOSTILE, name_ko=HOSTILE)),
]


@pytest.fixture(autouse=True)
def as_before() -> Iterator[None]:
    yield
    forget_secrets()


@pytest.mark.parametrize("event", EVENTS, ids=[type(event).__name__ for event in EVENTS])
def test_words_from_outside_carry_neither_controls_nor_our_keys(event: Any) -> None:
    Secret(KEY)
    told = str(msgspec.to_builtins(washed(event)))
    assert KEY not in told
    assert KEY.encode().hex() not in told
    assert "***" in told
    assert not UNSAFE.search(told)
    assert "\\x1b" not in told


async def test_what_a_venue_or_a_tape_lists_is_washed_before_anybody_sees_it() -> None:
    Secret(KEY)
    listed = msgspec.structs.replace(LISTED, name=HOSTILE, name_ko=HOSTILE)
    clock = ManualClock(START)
    broker = paper_broker(Settings(), clock, [listed])
    program = Program(Settings(), Journal.open(":memory:", boot_id="x"), broker, clock=clock, is_driven=True)
    await program.prepare()
    (known,) = await program.desk.search("005930")
    assert not UNSAFE.search(known.name + known.name_ko)
    assert KEY not in known.name + known.name_ko
    await program.journal.close()


def test_a_key_pasted_into_a_note_is_not_kept() -> None:
    Secret(KEY)
    note = WriteNote(subject="order:x", text=f"my key is {KEY}", by="cli")
    assert unkeyed(note) == WriteNote(subject="order:x", text="my key is ***", by="cli")
    plain = WriteNote(subject="order:x", text="earnings\u200b", by="cli")
    assert unkeyed(plain) is plain


async def test_a_key_pasted_anywhere_into_a_command_does_not_get_into_the_journal() -> None:
    Secret(KEY)
    order = msgspec.structs.replace(scenes.request(), note=f"key {KEY}")
    async with stage() as made:
        assert (await made.do(Submit(request=order, by=f"cli {KEY}"))).is_ok
        await made.do(SetWatchlist(name=f"w{KEY}", instruments=(LISTED.id,)))
        kept = [str(event) for _, event in made.program.journal.replay()]
        assert any("key ***" in text for text in kept)
        assert not [text for text in kept if KEY in text]
    params = SetStrategyParams(name="x", params={"key": KEY, "size": "1"})
    assert unkeyed(params).params == {"key": "***", "size": "1"}
    clean = Submit(request=scenes.request())
    assert unkeyed(clean) is clean


def test_a_clean_event_is_handed_on_as_it_is() -> None:
    event = OrderRejected(ts=1, client_order_id=ID, code="40310000", text="주문가능금액 부족")
    assert washed(event) is event
    listed = InstrumentListed(ts=1, instrument=LISTED)
    assert washed(listed) is listed
