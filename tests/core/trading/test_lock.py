"""Real money is locked at each start, and every way to let it do more asks for the end of the account's name: where the
command is carried out, so that no face has to be trusted."""

from __future__ import annotations

from decimal import Decimal
from itertools import product
from typing import Any

import msgspec
import pytest

from core.domain.account import Account, Mode, TradingState
from core.domain.commands import Close, Panic, Replace, SendCancel, SetTradingState, Submit, Tick, Unlock
from core.domain.events import (
    AccountListed,
    AccountUnlocked,
    DurableEvent,
    GateChanged,
    Noticed,
    OrderCanceled,
    OrderDenied,
    OrderFilled,
    OrderStaged,
    PhaseChanged,
    Sweep,
)
from core.domain.ids import AccountId, FillId
from core.domain.limits import RiskLimits
from core.domain.market import Phase
from core.domain.order import OrderType
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


# --- flatten: what stops waits for no name, what closes real money does -----------------------------------------------

MAIN, SPARE, TWIN = AccountId("paper:main"), AccountId("paper:spare"), AccountId("paper:other-spare")


def several(*names: AccountId) -> Engine:
    """Accounts of real money, each unlocked, with 10 shares and an entry that rests; and one of play money too."""
    made = live()
    account = made.state.accounts[MAIN]
    for name in names:
        if name != MAIN:
            made.step(AccountListed(ts=START, account=msgspec.structs.replace(account, id=name)), START)
            made.step(GateChanged(ts=START, account=name, is_open=True), START)
        made.state.curbs.unlocked.add(name)
    made.step(AccountListed(ts=START, account=msgspec.structs.replace(account, id=OTHER, mode=Mode.PAPER)), START)
    made.step(GateChanged(ts=START, account=OTHER, is_open=True), START)
    for name in (*names, OTHER):
        bought = msgspec.structs.replace(scenes.fill("buy", "10", "71000"), account=name, fill_id=FillId(name))
        made.step(OrderFilled(ts=START, fill=bought), START)
        price = 69_000 + 100 * [*names, OTHER].index(name)
        entry = msgspec.structs.replace(scenes.request("buy", "1", str(price)), account=name)
        assert rule(made, Submit(request=entry)) == ""
        scenes.send(made, entry.client_order_id)
    return made


def flatten(made: Engine, tail: str, seconds: int = 5, **more: Any) -> tuple[set[AccountId], set[AccountId], str]:
    """(whose entries are asked to be canceled, whose positions are closed, what is said of the others)."""
    out = list(made.step(Panic(flatten=True, tail=tail, **more), START))
    said = [item.text for item in out if isinstance(item, Noticed) and item.kind == "LOCK"]
    canceled = {made.state.orders[item.client_order_id].account for item in out if isinstance(item, SendCancel)}
    for order in list(made.state.live_orders()):
        made.step(OrderCanceled(ts=START, client_order_id=order.id), START)
    for second in range(1, seconds):
        now = START + second * scenes.NS
        made.step(scenes.quote(71_000, 71_100, now), now)
        out += made.step(Tick(), now)
    closed = {item.request.account for item in out if isinstance(item, OrderStaged)}
    return canceled, closed, "; ".join(said)


def test_to_let_all_trade_again_names_each() -> None:
    made = several(MAIN, SPARE)
    made.step(Panic(), START)
    for tail in ("", "main", "pare", "main nope", "play"):
        out = made.step(SetTradingState(state=TradingState.ACTIVE, tail=tail), START)
        assert [type(item) for item in out] == [Noticed], tail
        assert "nothing was changed: real money asks for the end of the name of paper:" in out[0].text
    made.state.curbs.unlocked.clear()
    made.step(SetTradingState(state=TradingState.ACTIVE, tail="pare main"), START)
    assert {made.state.trading_state(account) for account in (MAIN, SPARE)} == {TradingState.ACTIVE}


def test_flatten_closes_the_accounts_that_were_named_and_only_stops_the_others() -> None:
    made = several(MAIN, SPARE)
    canceled, closed, said = flatten(made, "main")
    assert canceled == {MAIN, SPARE, OTHER}, "cancels wait for no name"
    assert closed == {MAIN, OTHER}, "play money asks for none"
    assert said == "still open: paper:spare, whose name's end was not typed; closing main, play"
    assert {made.state.trading_state(account) for account in (MAIN, SPARE)} == {TradingState.REDUCING}
    assert flatten(made, "pare")[1:] == ({SPARE}, ""), "the other one is named after it: main is not asked for again"


@pytest.mark.parametrize("tail", ["main pare", "main, PARE", " pare,main ", "main spare", "paper:main paper:spare"])
def test_several_names_at_once_close_all_of_them(tail: str) -> None:
    assert flatten(several(MAIN, SPARE), tail)[1:] == ({MAIN, SPARE, OTHER}, "")


@pytest.mark.parametrize("tail", ["", "nope", "mai", "mainpare", "main:pare", "*", "play"])
def test_without_a_name_real_money_is_stopped_and_nothing_of_it_closed(tail: str) -> None:
    canceled, closed, said = flatten(several(MAIN, SPARE), tail)
    assert canceled == {MAIN, SPARE, OTHER} and closed == {OTHER}
    assert said.startswith("still open: paper:main, paper:spare, whose name's end was not typed")


def test_names_that_end_alike_are_typed_in_full() -> None:
    made = several(SPARE, TWIN)
    canceled, closed, said = flatten(made, "pare")
    assert canceled == {SPARE, TWIN, OTHER} and closed == {OTHER}
    assert said.startswith("still open: paper:spare (all of spare), paper:other-spare (all of other-spare), whose")
    assert flatten(made, "other-spare")[1] == {TWIN}


def test_one_account_is_closed_by_its_own_name_alone() -> None:
    made = several(MAIN, SPARE)
    canceled, closed, said = flatten(made, "main", account=SPARE)
    assert canceled == {SPARE} and not closed and said.startswith("still open: paper:spare,")
    assert flatten(made, "pare", account=SPARE)[1:] == ({SPARE}, "")


def test_a_flat_account_of_real_money_asks_for_no_name() -> None:
    made = several(MAIN)
    account = msgspec.structs.replace(made.state.accounts[MAIN], id=SPARE)
    made.step(AccountListed(ts=START, account=account), START)
    assert "paper:spare" in flatten(made, "main")[2], "nobody has read it: it may hold anything"
    made.step(GateChanged(ts=START, account=SPARE, is_open=True), START)
    assert flatten(made, "main")[2] == ""
    assert SPARE not in {account for account, sweep in made.state.curbs.sweeps.items() if sweep is Sweep.FLATTEN}


def test_protections_of_an_account_that_was_not_named_stay_unless_all_is_canceled() -> None:
    for every in (False, True):
        made = several(MAIN, SPARE)
        terms = {"type": OrderType.STOP, "stop_price": Decimal(69_000), "reduce_only": True}
        stop = msgspec.structs.replace(scenes.request("sell", "10", None, **terms), account=SPARE)
        made.step(Submit(request=stop), START)
        scenes.send(made, stop.client_order_id)
        made.step(Panic(flatten=True, tail="main", protections=every), START)
        assert (made.state.orders[stop.client_order_id].requested is not None) is every


def test_what_play_money_left_to_be_closed_never_closes_real_money() -> None:
    """The market was closed when paper was flattened; the same journal is started for real money the next day."""
    made = scenes.engine()
    scenes.hold(made, "buy", "10", "71000")
    made.step(PhaseChanged(ts=START, market="XKRX", phase=Phase.CLOSED), START)
    made.step(Panic(flatten=True), START)
    assert made.state.curbs.sweeps == {None: Sweep.FLATTEN}
    account = msgspec.structs.replace(made.state.accounts[MAIN], id=SPARE, mode=Mode.LIVE)
    made.step(AccountListed(ts=START, account=account), START)
    made.step(GateChanged(ts=START, account=SPARE, is_open=True), START)
    held = msgspec.structs.replace(scenes.fill("buy", "7", "71000"), account=SPARE, fill_id=FillId("spare"))
    made.step(OrderFilled(ts=START, fill=held), START)
    made.step(PhaseChanged(ts=START, market="XKRX", phase=Phase.OPEN), START)
    out: list[Any] = []
    for second in range(4, 12):
        now = START + second * scenes.NS
        made.step(scenes.quote(71_000, 71_100, now), now)
        out += made.step(Tick(), now)
    assert {item.request.account for item in out if isinstance(item, OrderStaged)} == {MAIN}
    assert any("paper:spare" in item.text for item in out if isinstance(item, Noticed) and item.kind == "PANIC")


def test_before_an_account_is_known_nothing_is_promised_to_be_closed() -> None:
    made = Engine(KRW, RiskLimits())
    out = made.step(Panic(flatten=True), START)
    assert "no account is known yet" in next(item.text for item in out if isinstance(item, Noticed))
    assert made.state.curbs.sweeps.get(None) is not Sweep.FLATTEN
    assert made.state.trading_states[None] is TradingState.REDUCING
