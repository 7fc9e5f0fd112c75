"""The short form of `python -m tests.chaos upbit`, and that two well-meant mistakes of an adapter are found by it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec
import pytest

from brokers.upbit import wire
from brokers.upbit.rest import Exchange
from core.domain.errors import OrderRejected, OutcomeUnknown
from tests.chaos import upbit

SEED = 5
place = Exchange.place


def test_what_the_simulated_upbit_took_is_what_we_know() -> None:
    report = upbit.run(upbit.SHORT, SEED)
    assert report["examples"] == []
    assert report["accepted"] > upbit.SHORT // 2 and report["found_by_identifier"] >= 3
    assert report["filled"] and report["canceled"]


async def sent_again(self: Exchange, prepared: Any, spend: Callable[[], None]) -> wire.Order:
    """After a lost answer, under a new identifier: the venue cannot tell."""
    try:
        return await place(self, prepared, spend)
    except OutcomeUnknown:
        placing = msgspec.json.decode(prepared.body, type=wire.Placing)
        again = msgspec.structs.replace(placing, identifier=f"{placing.identifier}-1")
        return await place(self, msgspec.structs.replace(prepared, body=msgspec.json.encode(again)), lambda: None)


async def believed(self: Exchange, prepared: Any, spend: Callable[[], None]) -> wire.Order:
    """A server's error, read as its refusal."""
    try:
        return await place(self, prepared, spend)
    except OutcomeUnknown as error:
        raise OrderRejected("upbit", "internal", str(error)) from error


@pytest.mark.parametrize(("defect", "kind"), [(sent_again, "duplicated"), (believed, "lost")])
def test_a_planted_defect_is_found(monkeypatch: pytest.MonkeyPatch, defect: Any, kind: str) -> None:
    monkeypatch.setattr(Exchange, "place", defect)
    monkeypatch.setattr(upbit, "PATIENCE", 1.0)
    report = upbit.run(upbit.SHORT // 2, SEED)
    assert report[kind] and not report["ok"]
