"""The table of who is asked what, cell by cell as the manual prints it."""

from __future__ import annotations

from decimal import Decimal

import pytest

from core.domain.account import TradingState
from core.domain.commands import (
    Cancel,
    CancelAll,
    Close,
    Command,
    ControlStrategy,
    Panic,
    Replace,
    SetTradingState,
    StrategyAction,
    Submit,
)
from core.domain.ids import AccountId, ClientOrderId, tail_of
from core.trading.caution import FIRST_LIVE
from tests.scenes import ACCOUNT, SAMSUNG, request
from tui.forms.policy import Ask, Kind, answered_by, asked, kind_of_command

ID = ClientOrderId("o1")
CAUTION = ("large value: 21,000,000 > 20,000,000",)
ROWS = [
    (Kind.NEW, Ask.NOTHING, Ask.Y, Ask.QUANTITY),
    (Kind.CANCEL, Ask.NOTHING, Ask.NOTHING, Ask.NOTHING),
    (Kind.MODIFY, Ask.NOTHING, Ask.Y, Ask.QUANTITY),
    (Kind.CLOSE, Ask.NOTHING, Ask.Y, Ask.Y),
    (Kind.FLATTEN, Ask.NOTHING, Ask.TAIL, Ask.TAIL),
    (Kind.STOP, Ask.NOTHING, Ask.NOTHING, Ask.NOTHING),
    (Kind.ARMED, Ask.NOTHING, Ask.NOTHING, Ask.REFUSED),
    (Kind.REVERSE, Ask.ENTER, Ask.Y, Ask.QUANTITY),
    (Kind.OTHER, Ask.NOTHING, Ask.NOTHING, Ask.NOTHING),
]


@pytest.mark.parametrize("kind, paper, normal, elevated", ROWS)
def test_row(kind: Kind, paper: Ask, normal: Ask, elevated: Ask) -> None:
    assert asked(kind, is_live=False) is asked(kind, is_live=False, cautions=CAUTION) is paper
    assert asked(kind, is_live=True) is normal
    assert asked(kind, is_live=True, cautions=CAUTION) is elevated


def test_every_kind_has_a_row() -> None:
    assert {row[0] for row in ROWS} == set(Kind)


def test_the_first_live_order_asks_for_the_account() -> None:
    assert asked(Kind.NEW, is_live=True, cautions=(FIRST_LIVE,)) is Ask.TAIL
    assert asked(Kind.NEW, is_live=True, cautions=(FIRST_LIVE, *CAUTION)) is Ask.TAIL
    assert asked(Kind.CLOSE, is_live=True, cautions=(FIRST_LIVE,)) is Ask.Y
    assert asked(Kind.NEW, is_live=False, cautions=(FIRST_LIVE,)) is Ask.NOTHING


def test_an_answer_settles_what_it_was_asked_for_and_nothing_else() -> None:
    both = (FIRST_LIVE, *CAUTION)
    assert answered_by(Ask.TAIL, both) == {FIRST_LIVE}
    assert answered_by(Ask.QUANTITY, both) == {"large value"}


def test_an_armed_order_outside_its_limit_is_reviewed() -> None:
    assert asked(Kind.ARMED, is_live=True, is_outside=True) is Ask.Y
    assert asked(Kind.ARMED, is_live=True, is_outside=True, cautions=CAUTION) is Ask.REFUSED
    assert asked(Kind.ARMED, is_live=False, is_outside=True) is Ask.NOTHING


CLOSE = Close(client_order_id=ID, account=ACCOUNT, instrument=SAMSUNG)


@pytest.mark.parametrize(
    "command, kind",
    [
        (Submit(request=request()), Kind.NEW),
        (Submit(request=request("sell", reduce_only=True)), Kind.CLOSE),
        (Replace(client_order_id=ID, quantity=Decimal(1)), Kind.MODIFY),
        (Cancel(client_order_id=ID), Kind.CANCEL),
        (CancelAll(), Kind.CANCEL),
        (CLOSE, Kind.CLOSE),
        (Panic(), Kind.STOP),
        (Panic(flatten=True), Kind.FLATTEN),
        (SetTradingState(state=TradingState.HALTED), Kind.STOP),
        (ControlStrategy(name="a", action=StrategyAction.START), Kind.OTHER),
    ],
)
def test_kinds(command: Command, kind: Kind) -> None:
    assert kind_of_command(command) is kind


def test_changing_an_exit_is_an_exit() -> None:
    assert kind_of_command(Replace(client_order_id=ID, quantity=Decimal(1)), is_reducing=True) is Kind.CLOSE


@pytest.mark.parametrize(
    "account, tail", [("kis:50124521", "4521"), ("paper:main", "main"), ("ib:U1", "U1"), ("x", "x")]
)
def test_the_end_of_an_account(account: str, tail: str) -> None:
    assert tail_of(AccountId(account)) == tail
