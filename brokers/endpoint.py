"""Where a broker's orders go, and whose money that is. An order of the other mode does not fit by its type; and right
before the permit is used the socket itself is held against the venue's table of doors. It opens no line and knows no
dialect."""

from __future__ import annotations

from typing import TYPE_CHECKING, Generic

import msgspec

from core.domain.account import Mode
from core.domain.errors import Unsupported
from core.domain.ids import AccountId
from core.ports import Door, LiveOrder, P, PaperOrder, Prepared


class Endpoint(msgspec.Struct, Generic[P], frozen=True, kw_only=True):
    url: str
    """Scheme, host and port, and a path that all calls share."""
    kind: type[P]
    """PaperOrder or LiveOrder: what may be written here."""
    doors: tuple[Door, ...]
    """Of the venue's capabilities: of both modes where it has both."""

    @property
    def mode(self) -> Mode:
        return self.kind.mode

    def own(self, prepared: Prepared) -> P:
        """The order as one of this endpoint's kind; raises Unsupported, nothing sent, when it is of the other."""
        if type(prepared) is not self.kind:
            raise Unsupported(
                broker_name(prepared.account),
                f"a {prepared.mode} order does not go over the {self.mode} line: nothing was sent",
            )
        return prepared


def broker_name(account: AccountId) -> str:
    return account.partition(":")[0]


def assert_endpoint(
    doors: tuple[Door, ...], *, host: str, port: int, mode: Mode, account: AccountId, mark: str = ""
) -> None:
    """Raises Unsupported unless a door of this mode, and none of the other, fits what is about to be written. No table
    is no permission."""
    fitting = {door.mode for door in doors if _fits(door, host, port, account, mark)}
    if fitting != {mode}:
        other = " and ".join(sorted(fitting)) or "nobody"
        raise Unsupported(
            broker_name(account),
            f"{host}:{port} with this account and request is the door of {other}, not of {mode}: nothing was sent",
        )


def _fits(door: Door, host: str, port: int, account: AccountId, mark: str) -> bool:
    name = account.partition(":")[2]
    return (
        host.lower().rstrip(".") in door.hosts
        and port == door.port
        and name.startswith(door.account)
        and not (door.not_account and name.startswith(door.not_account))
        and mark.startswith(door.mark)
    )


if TYPE_CHECKING:
    # What the checker must refuse: an ignore that is not needed is an error of its own.
    from brokers.http import Ask, Http

    async def _never(live: Http[LiveOrder], paper: Http[PaperOrder], one: LiveOrder, two: PaperOrder) -> None:
        await live.write(Ask(path="/"), two, print)  # type: ignore[arg-type]
        await paper.write(Ask(path="/"), one, print)  # type: ignore[arg-type]
