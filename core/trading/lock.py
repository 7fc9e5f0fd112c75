"""What real money asks of whoever would let it do more: the end of the account's name, typed. Checked where the command
is carried out, so that no face, script or line into the engine has a way around it."""

from __future__ import annotations

from collections.abc import Collection

from core.domain.account import Mode, TradingState
from core.domain.commands import SetTradingState, Unlock
from core.domain.ids import AccountId, name_of, tail_of
from core.trading.state import State


def real_accounts(state: State, account: AccountId | None) -> list[AccountId]:
    """Those of real money that a command means; None means all. What is not known to be paper is real."""
    return [a.id for a in state.accounts.values() if a.mode is not Mode.PAPER and account in (None, a.id)]


def is_named(account: AccountId, typed: str) -> bool:
    return typed.strip().casefold() == tail_of(account).casefold()


def word_of(account: AccountId, among: Collection[AccountId]) -> str:
    """What is typed to mean one of several: the end of its name; all of the name where another's ends alike."""
    for part in (tail_of, name_of):
        if sum(part(other).casefold() == part(account).casefold() for other in among) <= 1:
            return part(account)
    return account


def named(accounts: Collection[AccountId], typed: str) -> list[AccountId]:
    """Those of several that were typed, each by a word of its own."""
    words = set(typed.replace(",", " ").casefold().split())
    found = []
    for account in accounts:
        word = word_of(account, accounts)
        longer = account if word == account else name_of(account)
        if words & {word.casefold(), longer.casefold(), account.casefold()}:
            found.append(account)
    return found


def told(account: AccountId, among: Collection[AccountId]) -> str:
    """Its name, and what to type where its end alone does not do."""
    word = word_of(account, among)
    return account if word == tail_of(account) else f"{account} (all of {word})"


def is_at_stake(state: State, account: AccountId) -> bool:
    """Does it hold something, or may it yet: by an order that lives, or because nobody has read it?"""
    gate = state.gates.get(account)
    holds = any(position.quantity for place, position in state.positions.items() if place[0] == account)
    return holds or gate is None or not gate.is_open or any(state.live_orders(account))


def problem(state: State, command: SetTradingState | Unlock) -> str:
    """Why not; empty when it may be done. What lets several trade more asks for the name of each."""
    real = real_accounts(state, command.account)
    if isinstance(command, Unlock):
        kept, left = "nothing was unlocked", [a for a in real if not is_named(a, command.tail)]
    elif loosens(state, command):
        kept, left = "nothing was changed", [a for a in real if a not in named(real, command.tail)]
    else:
        return ""
    names = ", ".join(told(account, real) for account in left)
    return f"{kept}: real money asks for the end of the name of {names}" if left else ""


def loosens(state: State, command: SetTradingState) -> bool:
    """Would somebody be allowed more than now?"""
    own = [state.trading_states.get(command.account, TradingState.ACTIVE)]
    if command.account is None and command.state is TradingState.ACTIVE:
        own += state.trading_states.values()  # to resume all resumes each
    return any(command.state.severity < held.severity for held in own)
