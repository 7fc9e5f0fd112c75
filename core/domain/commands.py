"""Everything we can ask for, in the imperative. A `Command` comes from a person, a strategy or the clock;
a `VenueCommand` is what the engine asks the outbox to carry to a venue."""

from __future__ import annotations

from decimal import Decimal
from enum import StrEnum

import msgspec

from core.domain.account import TradingState
from core.domain.decimals import ONE, check_positive
from core.domain.errors import InvalidValue
from core.domain.ids import AccountId, ClientOrderId, InstrumentId, VenueRef
from core.domain.order import OrderRequest


class _Command(msgspec.Struct, frozen=True, kw_only=True, tag_field="command", tag=True):
    """Shared form. `by` says who asks: `keyboard`, `cli`, a strategy's name, `clock`."""

    by: str = "keyboard"


class Submit(_Command, frozen=True, kw_only=True):
    request: OrderRequest
    is_confirmed: bool = False
    """A person has seen the duplicate warning and means it."""


class Cancel(_Command, frozen=True, kw_only=True):
    client_order_id: ClientOrderId


class Replace(_Command, frozen=True, kw_only=True):
    """New terms for a working order; None keeps the old one. `quantity` is the new total, fills included."""

    client_order_id: ClientOrderId
    quantity: Decimal | None = None
    limit_price: Decimal | None = None
    stop_price: Decimal | None = None

    def __post_init__(self) -> None:
        for name in ("quantity", "limit_price", "stop_price"):
            value: Decimal | None = getattr(self, name)
            if value is not None:
                check_positive(value, name.replace("_", " "))


class CancelAll(_Command, frozen=True, kw_only=True):
    """Cancel every live order that fits. `entries_only` spares orders that only reduce a position: the stops stay."""

    account: AccountId | None = None
    instrument: InstrumentId | None = None
    entries_only: bool = False


class Close(_Command, frozen=True, kw_only=True):
    """Reduce a position by `fraction` (0 < f <= 1) with a reduce-only order; the size is read when it is sent."""

    client_order_id: ClientOrderId
    account: AccountId
    instrument: InstrumentId
    fraction: Decimal = ONE
    at_market: bool = False
    """A market order; else a limit at the opposite touch."""

    def __post_init__(self) -> None:
        if not 0 < check_positive(self.fraction, "fraction") <= 1:
            raise InvalidValue("fraction must be above 0 and at most 1")


class SetTradingState(_Command, frozen=True, kw_only=True):
    account: AccountId | None = None
    state: TradingState
    text: str = ""
    tail: str = ""
    """The end of the name of an account of real money that this lets trade more; tightening needs none."""


class Unlock(_Command, frozen=True, kw_only=True):
    """Real money may take new exposure until the engine ends: `tail` is the end of the account's name, as typed."""

    account: AccountId
    tail: str


class Panic(_Command, frozen=True, kw_only=True):
    """Automatic orders stop, only reducing orders pass, entry orders are canceled; protective stops stay.
    With `protections` they go too; with `flatten` positions are closed as well, with reduce-only orders. All of it goes
    on until the venue shows nothing of it."""

    account: AccountId | None = None
    protections: bool = False
    flatten: bool = False
    tail: str = ""
    """With `flatten`: the ends of the names of accounts of real money, as typed. Who is not named is only stopped."""
    over: tuple[ClientOrderId, ...] = ()
    """With `flatten`: UNKNOWN orders that the person was told of by name; closing goes past these and no others."""


class TightenLimit(_Command, frozen=True, kw_only=True):
    """A stricter limit, at once and from now on. `value` as a person writes it: 1m, 2%, 30."""

    name: str
    value: str


class AcceptLimits(_Command, frozen=True, kw_only=True):
    """The settings' looser limits, found at the start, may count from now on. `typed`: the ends of the names of all
    accounts of real money; the word LOOSEN where there are none."""

    typed: str


class StrategyAction(StrEnum):
    START = "start"
    PAUSE = "pause"
    STOP = "stop"


class ControlStrategy(_Command, frozen=True, kw_only=True):
    name: str
    action: StrategyAction


class SetStrategyParams(_Command, frozen=True, kw_only=True):
    """New parameters of a strategy that is stopped or paused, as text; those not named stay."""

    name: str
    params: dict[str, str]


class SetWatchlist(_Command, frozen=True, kw_only=True):
    """A whole list at once, as an import gives it."""

    name: str
    instruments: tuple[InstrumentId, ...]


class ListEdit(StrEnum):
    ADD = "add"
    REMOVE = "remove"
    MOVE = "move"
    MAKE = "make"
    RENAME = "rename"
    DELETE = "delete"
    RESET = "reset"
    """Back to the settings."""


class EditWatchlist(_Command, frozen=True, kw_only=True):
    """One change of one list, so that two consoles that edit it at the same time keep each other's changes."""

    name: str
    edit: ListEdit
    instrument: InstrumentId | None = None
    place: int | None = None
    """Where an added or moved instrument goes, from 0; None: to the end."""
    new_name: str = ""


class SetAlert(_Command, frozen=True, kw_only=True):
    instrument: InstrumentId
    above: bool
    price: Decimal
    note: str = ""

    def __post_init__(self) -> None:
        check_positive(self.price, "alert price")


class ClearAlert(_Command, frozen=True, kw_only=True):
    id: str


class WriteNote(_Command, frozen=True, kw_only=True):
    """`subject` is `order:ID`, `fill:ID` or `instrument:MARKET:CODE`; an empty text clears the note."""

    subject: str
    text: str


class Settle(_Command, frozen=True, kw_only=True):
    """A person decides about an UNKNOWN order: `ref` names the venue's order, None says it was never placed."""

    client_order_id: ClientOrderId
    ref: VenueRef | None


class Acknowledge(_Command, frozen=True, kw_only=True):
    """A person has seen that a holding is not explained by our fills; it is frozen for strategies until then."""

    account: AccountId
    instrument: InstrumentId


class StartDay(_Command, frozen=True, kw_only=True):
    """The clock says that an account's trading day began."""

    account: AccountId
    day: str


class Tick(_Command, frozen=True, kw_only=True):
    """A second has passed: quotes may have gone stale, strategies' bars may have closed."""


Command = (
    Submit
    | Cancel
    | Replace
    | CancelAll
    | Close
    | SetTradingState
    | Unlock
    | Panic
    | TightenLimit
    | AcceptLimits
    | ControlStrategy
    | SetStrategyParams
    | SetWatchlist
    | EditWatchlist
    | SetAlert
    | ClearAlert
    | WriteNote
    | Settle
    | Acknowledge
    | StartDay
    | Tick
)


class SendOrder(msgspec.Struct, frozen=True):
    client_order_id: ClientOrderId


class SendCancel(msgspec.Struct, frozen=True):
    client_order_id: ClientOrderId


class SendReplace(msgspec.Struct, frozen=True):
    client_order_id: ClientOrderId


VenueCommand = SendOrder | SendCancel | SendReplace
