"""The review of what would move real money: the sealed command, what is known of it, and the one answer that sends it.
What stands here is what is sent: nothing in it follows the market but the figures around it."""

from __future__ import annotations

from decimal import Decimal

from core.domain.commands import Close, Replace, Submit
from core.domain.decimals import parse
from core.domain.errors import InvalidValue
from core.domain.ids import AccountId, InstrumentId, tail_of
from core.domain.instrument import Instrument
from core.domain.order import OrderRequest
from core.ports import Preview
from core.trading.view import OrderRow, PositionRow
from tui.forms.policy import Ask, answered_by
from tui.forms.strips import Confirm
from tui.messages import Dropped, Edited, Press, Wanted, Wish
from tui.widgets.line_edit import LineEdit


class Subject:
    """What is reviewed, in parts that can be drawn. For a change: the order as it would become."""

    def __init__(
        self,
        wanted: Wanted,
        request: OrderRequest | None,
        instrument: Instrument | None,
        order: OrderRow | None = None,
        position: PositionRow | None = None,
    ) -> None:
        self.request, self.instrument, self.order, self.position = request, instrument, order, position
        self.command = command = wanted.command
        self.account: AccountId | None = None
        self.instrument_id: InstrumentId | None = None
        self.quantity: Decimal | None = None
        """What is typed when the quantity is asked; of a close it is only known when it is sent."""
        if request is not None:
            self.account, self.instrument_id = request.account, request.instrument
            self.quantity = request.quantity
        elif isinstance(command, Close):
            self.account, self.instrument_id = command.account, command.instrument


class Review(Confirm):
    """`answered`: kinds of cautions that were answered before; `cautions` those that this review is about."""

    place = "review"

    def __init__(
        self,
        wanted: Wanted,
        subject: Subject,
        ask: Ask,
        *,
        cautions: tuple[str, ...] = (),
        answered: frozenset[str] = frozenset(),
        preview: Preview | None = None,
        is_again: bool = False,
    ) -> None:
        super().__init__(wanted)
        self.subject, self.ask, self.preview = subject, ask, preview
        self.cautions = cautions
        self.answered = answered | answered_by(ask, cautions)
        self.is_again = is_again
        """Something came up between the last review and its key."""
        self.is_input = ask is not Ask.Y
        self.sending = frozenset({"enter"} if self.is_input else {"y"})
        self.typed = LineEdit()
        self.problem = ""

    def key(self, press: Press) -> Wish | None:
        if press.key == "escape":
            return Dropped()
        if not self.is_input:
            return self.wanted if press.key == "y" else None
        if press.key == "enter":
            return self._typed()
        self.problem = ""
        return Edited() if self.typed.key(press.key, press.character) else None

    def _typed(self) -> Wish:
        if self._is_right(self.typed.text.strip()):
            return self.wanted
        self.problem = "that is not the account's end" if self.ask is Ask.TAIL else "that is not the quantity"
        self.typed.set("")
        return Edited()

    def _is_right(self, text: str) -> bool:
        if self.ask is Ask.TAIL:
            account = self.subject.account
            return account is not None and text.casefold() == tail_of(account).casefold()
        try:
            return self.subject.quantity is not None and parse(text, "quantity") == self.subject.quantity
        except InvalidValue:
            return False


def changed_request(command: Replace, order: OrderRow) -> OrderRequest:
    """What a working order would become: a request that bears its id."""
    return OrderRequest(
        client_order_id=order.id,
        account=order.account,
        instrument=order.instrument,
        side=order.side,
        quantity=command.quantity or order.quantity,
        type=order.type,
        limit_price=command.limit_price or order.limit_price,
        stop_price=command.stop_price or order.stop_price,
        trail=order.trail,
        time_in_force=order.time_in_force,
        reduce_only=order.reduce_only,
    )


def request_of(wanted: Wanted, order: OrderRow | None) -> OrderRequest | None:
    """The order that a command amounts to; None for a close, whose size is read when it is sent."""
    match wanted.command:
        case Submit(request=request):
            return request
        case Replace() as command if order is not None:
            try:
                return changed_request(command, order)
            except InvalidValue:
                return None
    return None
