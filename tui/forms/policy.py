"""Who is asked what before something is sent: the one table, as data. (kind of command, paper or real money, why it
deserves a second look) -> what is asked after the Enter that wanted it. It knows no form, no desk and no screen."""

from __future__ import annotations

from collections.abc import Collection
from enum import StrEnum

from core.domain.commands import Cancel, CancelAll, Close, Command, Panic, Replace, SetTradingState, Submit
from core.trading.caution import FIRST_LIVE, kind_of


class Kind(StrEnum):
    NEW = "new"
    MODIFY = "modify"
    CANCEL = "cancel"
    CLOSE = "close"
    """Anything that can only shrink a position: getting out is never harder than usual."""
    REVERSE = "reverse"
    FLATTEN = "flatten"
    STOP = "stop"
    """Cancel entries, pause, halt."""
    ARMED = "armed"
    OTHER = "other"
    """What moves no order: strategies, watchlists, resuming."""


class Ask(StrEnum):
    NOTHING = "nothing"
    """The Enter was all."""
    ENTER = "enter"
    """Said once more in words; Enter does it."""
    Y = "y"
    """The review, and a key that is neither repeat nor habit."""
    QUANTITY = "quantity"
    """The review, and the quantity typed."""
    TAIL = "tail"
    """The end of the account's name typed."""
    REFUSED = "refused"


TABLE: dict[Kind, tuple[Ask, Ask, Ask]] = {
    Kind.NEW: (Ask.NOTHING, Ask.Y, Ask.QUANTITY),
    Kind.CANCEL: (Ask.NOTHING, Ask.NOTHING, Ask.NOTHING),
    Kind.MODIFY: (Ask.NOTHING, Ask.Y, Ask.QUANTITY),
    Kind.CLOSE: (Ask.NOTHING, Ask.Y, Ask.Y),
    Kind.REVERSE: (Ask.ENTER, Ask.Y, Ask.QUANTITY),
    Kind.FLATTEN: (Ask.NOTHING, Ask.TAIL, Ask.TAIL),
    Kind.STOP: (Ask.NOTHING, Ask.NOTHING, Ask.NOTHING),
    Kind.ARMED: (Ask.NOTHING, Ask.NOTHING, Ask.REFUSED),
    Kind.OTHER: (Ask.NOTHING, Ask.NOTHING, Ask.NOTHING),
}
"""kind -> what is asked in paper, with real money, with real money and a caution."""


def asked(kind: Kind, *, is_live: bool, cautions: Collection[str] = (), is_outside: bool = False) -> Ask:
    """`cautions`: those not answered yet. `is_outside`: an armed order beyond what may be sent at once."""
    paper, normal, elevated = TABLE[kind]
    if not is_live:
        return paper
    if kind is Kind.ARMED and is_outside and not cautions:
        return Ask.Y
    found = elevated if cautions else normal
    if found is Ask.QUANTITY and FIRST_LIVE in map(kind_of, cautions):
        return Ask.TAIL
    return found


def answered_by(ask: Ask, cautions: Collection[str]) -> frozenset[str]:
    """Kinds of the cautions that an answer settles: the account's tail which account, the quantity the rest."""
    kinds = frozenset(map(kind_of, cautions))
    return kinds & {FIRST_LIVE} if ask is Ask.TAIL else kinds - {FIRST_LIVE}


def kind_of_command(command: Command, *, is_reducing: bool = False) -> Kind:
    """`is_reducing`: the order that a Replace changes is reduce-only."""
    match command:
        case Submit():
            return Kind.CLOSE if command.request.reduce_only else Kind.NEW
        case Replace():
            return Kind.CLOSE if is_reducing else Kind.MODIFY
        case Close():
            return Kind.CLOSE
        case Cancel() | CancelAll():
            return Kind.CANCEL
        case Panic():
            return Kind.FLATTEN if command.flatten else Kind.STOP
        case SetTradingState():
            return Kind.STOP
    return Kind.OTHER


def needs_figures(kind: Kind) -> bool:
    """Does a caution change what is asked?"""
    _, normal, elevated = TABLE[kind]
    return normal is not elevated
