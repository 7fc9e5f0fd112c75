"""What real money asks of whoever would let it do more: the end of the account's name, typed. Checked where the command
is carried out, so that no face, script or line into the engine has a way around it."""

from __future__ import annotations

from core.domain.account import Mode, TradingState
from core.domain.commands import Panic, SetTradingState, Unlock
from core.domain.ids import AccountId, tail_of
from core.trading.state import State


def real_accounts(state: State, account: AccountId | None) -> list[AccountId]:
    """Those of real money that a command means; None means all. What is not known to be paper is real."""
    return [a.id for a in state.accounts.values() if a.mode is not Mode.PAPER and account in (None, a.id)]


def is_named(account: AccountId, typed: str) -> bool:
    return typed.strip().casefold() == tail_of(account).casefold()


def problem(state: State, command: SetTradingState | Panic | Unlock) -> str:
    """Why not; empty when it may be done."""
    real = real_accounts(state, command.account)
    if not real or any(is_named(account, command.tail) for account in real):
        return ""
    match command:
        case Panic():
            kept = "no position was closed" if command.flatten else ""
        case SetTradingState():
            kept = "nothing was changed" if loosens(state, command) else ""
        case _:
            kept = "nothing was unlocked"
    name = real[0] if len(real) == 1 else f"one of {', '.join(real)}"
    return f"{kept}: real money asks for the end of the name of {name}" if kept else ""


def loosens(state: State, command: SetTradingState) -> bool:
    """Would somebody be allowed more than now?"""
    own = [state.trading_states.get(command.account, TradingState.ACTIVE)]
    if command.account is None and command.state is TradingState.ACTIVE:
        own += state.trading_states.values()  # to resume all resumes each
    return any(command.state.severity < held.severity for held in own)
