"""Real money is locked at each start, and every way to let it do more asks for the end of the account's name: where the
command is carried out, so that no face has to be trusted."""

from __future__ import annotations

from decimal import Decimal
from itertools import product
from typing import Any

import msgspec
import pytest

from core.domain.account import Account, Mode, TradingState
from core.domain.commands import Close, Panic, Replace, SetTradingState, Submit, Unlock
from core.domain.events import AccountListed, AccountUnlocked, DurableEvent, Noticed, OrderDenied, OrderStaged
from core.domain.ids import AccountId
from core.trading.engine import Engine
from tests import scenes
from tests.scenes import ACCOUNT, KRW, START

OTHER = AccountId("paper:play")


def live() -> Engine:
    """The account of the scenes as if its money were real, and a second one of play money."""
    made = scenes.engine()
    account = msgspec.structs.replace(made.state.accounts[ACCOUNT], mode=Mode.LIVE)
    made.step(AccountListed(ts=START, account=account), START)
    made.step(AccountListed(ts=START, account=Account(id=OTHER, mode=Mode.PAPER, base_currency=KRW)), START)
    return made


def rule(made: Engine, command: Any) -> str:
    """By which rule it is refused; empty when it is staged."""
    for item in made.step(command, START):
        if isinstance(item, OrderDenied):
            return item.rule
        if isinstance(item, OrderStaged):
            return ""
    return "nothing"


def test_a_start_is_locked_and_the_name_unlocks_it() -> None:
    made = live()
    assert made.state.trading_state(ACCOUNT) is TradingState.REDUCING
    assert rule(made, Submit(request=scenes.request())) == "live lock"
    for tail in ("", "mai", "ain", "paper:main", "play", "*"):
        out = made.step(Unlock(account=ACCOUNT, tail=tail), START)
        assert [type(item) for item in out] == [Noticed]
        assert rule(made, Submit(request=scenes.request())) == "live lock", tail
    out = made.step(Unlock(account=ACCOUNT, tail=" MAIN "), START)
    assert [type(item) for item in out] == [AccountUnlocked]
    assert rule(made, Submit(request=scenes.request())) == ""
    assert made.step(Unlock(account=ACCOUNT, tail="main"), START) == []


def test_what_was_unlocked_is_locked_in_the_next_engine() -> None:
    """A crash, a restart by the system, a start by hand: the journal says that it was typed, and that is history."""
    made, kept = live(), []
    for command in (Unlock(account=ACCOUNT, tail="main"), Submit(request=scenes.request())):
        kept += [item for item in made.step(command, START) if isinstance(item, DurableEvent)]
    assert any(isinstance(event, AccountUnlocked) for event in kept)
    again = live()
    for event in kept:
        again.restore(event)
    assert again.state.is_locked(ACCOUNT)
    assert rule(again, Submit(request=scenes.request())) == "live lock"


def test_a_locked_account_still_gets_out() -> None:
    made = live()
    made.step(Unlock(account=ACCOUNT, tail="main"), START)
    scenes.hold(made, "buy", "10", "71000")
    made.state.curbs.unlocked.clear()
    close = Close(client_order_id=scenes.new_id(), account=ACCOUNT, instrument=scenes.SAMSUNG)
    assert rule(made, close) == ""
    assert made.step(Panic(), START), "panic asks for nothing"


def test_an_order_that_grows_while_locked_is_refused() -> None:
    made = live()
    made.step(Unlock(account=ACCOUNT, tail="main"), START)
    request = scenes.request("buy", "1", "70000")
    made.step(Submit(request=request), START)
    scenes.send(made, request.client_order_id)
    made.state.curbs.unlocked.clear()
    _, why = made.requests.replace_denial(Replace(client_order_id=request.client_order_id, quantity=Decimal(2)), START)
    assert why.startswith("live lock")
    staged = scenes.request("buy", "1", "69000")
    made.state.curbs.unlocked.add(ACCOUNT)
    made.step(Submit(request=staged), START + 6 * scenes.NS)
    made.state.curbs.unlocked.clear()
    denial = made.requests.last_look(staged.client_order_id, START + 6 * scenes.NS)
    assert denial is not None and denial.rule == "live lock", "looked at again right before the wire"


STATES = tuple(TradingState)


@pytest.mark.parametrize("scope", [None, ACCOUNT])
def test_only_what_loosens_asks_for_the_name(scope: AccountId | None) -> None:
    for before, after in product(STATES, STATES):
        made = live()
        made.step(SetTradingState(account=scope, state=before), START)
        assert made.state.trading_states.get(scope, TradingState.ACTIVE) is before, "to tighten asks for nothing"
        made.step(SetTradingState(account=scope, state=after), START)
        held = made.state.trading_states.get(scope, TradingState.ACTIVE)
        assert held is max(before, after, key=lambda state: state.severity)
        made.step(SetTradingState(account=scope, state=after, tail="main"), START)
        assert made.state.trading_states.get(scope, TradingState.ACTIVE) is after


def test_to_resume_all_asks_for_the_name_when_one_account_alone_is_held() -> None:
    made = live()
    made.step(SetTradingState(account=ACCOUNT, state=TradingState.HALTED), START)
    made.step(SetTradingState(state=TradingState.ACTIVE, tail="play"), START)
    assert made.state.trading_states[ACCOUNT] is TradingState.HALTED
    made.step(SetTradingState(account=OTHER, state=TradingState.HALTED), START)
    made.step(SetTradingState(account=OTHER, state=TradingState.ACTIVE), START)
    assert made.state.trading_state(OTHER) is TradingState.ACTIVE, "play money asks for nothing"


def test_flatten_asks_for_the_name_and_does_nothing_without() -> None:
    made = live()
    made.step(Unlock(account=ACCOUNT, tail="main"), START)
    scenes.hold(made, "buy", "10", "71000")
    for tail in ("", "nope"):
        out = made.step(Panic(flatten=True, tail=tail), START)
        assert [type(item) for item in out] == [Noticed] and not made.state.curbs.sweeps
    assert made.step(Panic(flatten=True, tail="main"), START)
    assert made.state.curbs.sweeps
