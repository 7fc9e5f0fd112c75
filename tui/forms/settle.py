"""What became of an UNKNOWN order, decided by a person: ours and the venue's side by side, and the symbol typed before
Enter does it. A wrong bond costs a correction; a living order called not placed costs money."""

from __future__ import annotations

from core.domain.commands import Settle
from core.domain.ids import ClientOrderId, VenueRef, code_of
from core.trading.view import ReconRow
from tui.forms.strips import Confirm
from tui.messages import Dropped, Edited, Press, Wanted, Wish
from tui.widgets.line_edit import LineEdit


class SettleForm(Confirm):
    """`row` is the candidate that is ours, or (with `is_ours` false) the UNKNOWN order that was never placed."""

    place = "settle"
    is_input = True

    def __init__(self, row: ReconRow, *, is_ours: bool) -> None:
        id = ClientOrderId(row.client_order_id or "")
        ref = VenueRef(row.ref) if is_ours else None
        short = id[-4:]
        super().__init__(
            Wanted(
                Settle(client_order_id=id, ref=ref),
                f"{short} is the venue's {row.ref}" if is_ours else f"{short} was never placed",
            )
        )
        self.row, self.is_ours = row, is_ours
        self.word = code_of(row.instrument) if row.instrument is not None else short
        self.typed = LineEdit()

    def key(self, press: Press) -> Wish | None:
        if press.key == "escape":
            return Dropped()
        if press.key != "enter":
            return Edited() if self.typed.key(press.key, press.character) else None
        if self.typed.text.strip().casefold() == self.word.casefold():
            return self.wanted
        self.typed.set("")
        return Edited()
