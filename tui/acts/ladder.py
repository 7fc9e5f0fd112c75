"""Keys of the ladder: what they act on is the price under the cursor, exactly as it is shown. They open tickets and
questions; none sends."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from core.domain.commands import Cancel
from core.domain.order import Side
from core.trading.view import BookRow, OrderRow, OwnMark
from tui import format as f
from tui.actions import SCREENS
from tui.forms.strips import Confirm
from tui.messages import Wanted
from tui.panes.marks import marks_at

if TYPE_CHECKING:
    from tui.app import HogaApp


class Laddering:
    def __init__(self, app: HogaApp) -> None:
        self._app = app
        self._pane.sizes = app.settings.console.sizes

    @property
    def _pane(self):  # type: ignore[no-untyped-def]
        return self._app.surface.book

    @property
    def _row(self) -> BookRow | None:
        """The book on the screen, if it is that of the selected instrument."""
        row: BookRow | None = self._pane.row
        return row if row is not None and row.instrument == self._app.instrument else None

    @property
    def price(self) -> Decimal | None:
        """The price under the cursor; None while it rests at the touch, or on another symbol's ladder."""
        found: Decimal | None = self._pane.cursor_shown
        return found if self._row is not None else None

    # ---- tickets

    def buy(self, _: str) -> None:
        self._stage(Side.BUY)

    def sell(self, _: str) -> None:
        self._stage(Side.SELL)

    def buy_across(self, _: str) -> None:
        self._stage(Side.BUY, crosses=True)

    def sell_across(self, _: str) -> None:
        self._stage(Side.SELL, crosses=True)

    def _stage(self, side: Side, *, crosses: bool = False) -> None:
        """A ticket at the cursor's price, of the size chosen by a digit."""
        sizes = self._pane.presets if self._row is not None and self._pane.is_ladder else ()
        preset = self._pane.preset
        quantity = sizes[preset] if preset < len(sizes) else None
        self._pane.hold()
        self._app.trading.ticket(side, crosses=crosses, price=None if crosses else self.price, quantity=quantity)

    def stop(self, argument: str) -> None:
        """A protective stop for the position, at the cursor's price."""
        self._pane.hold()
        self._app.trading.protect(argument, at=self.price)

    def size(self, digit: str) -> None:
        """Choose a size; a digit without one, or where no sizes are shown, goes to its screen, as everywhere."""
        place = int(digit) - 1
        if self._pane.is_ladder and place < len(self._pane.sizes):
            self._pane.preset = place
            self._pane.hold()
            self._app.show_keys()
        else:
            self._app.keys.rooms["move"].screen(dict(SCREENS)[digit])

    # ---- own orders at the cursor

    def cancel(self, argument: str) -> None:
        price = self.price
        if price is None:
            self._app.trading.cancel(argument)
            return
        marks = self._marks(price)
        if not marks:
            return
        orders = [order for mark in marks if (order := self._app.picture.order(mark.id)) is not None]
        first, *more = (Cancel(client_order_id=mark.id) for mark in marks)
        said = ", ".join(self._app.trading.words(order) for order in orders)
        self._app.open(Confirm(Wanted(first, f"cancel {said}", more=tuple(more))))

    def modify(self, argument: str) -> None:
        price = self.price
        if price is None:
            self._app.trading.modify(argument)
        elif (order := self._order(price)) is not None:
            self._app.trading.change(order)

    def nudge(self, ticks: str) -> None:
        """The order at the cursor by one tick, staged; the cursor goes along once the venue has moved it."""
        price = self.price
        if price is None:
            self._app.trading.nudge(ticks)
        elif (order := self._order(price)) is not None:
            self._app.trading.change(order, ticks=int(ticks))
            self._pane.riding = order.id

    def _order(self, price: Decimal) -> OrderRow | None:
        """The order at the cursor; of several the newest."""
        orders = [self._app.picture.order(mark.id) for mark in self._marks(price)]
        return max((order for order in orders if order is not None), key=lambda order: order.created, default=None)

    def _marks(self, price: Decimal) -> tuple[OwnMark, ...]:
        self._pane.hold()
        row = self._row
        found = marks_at(row, price) if row is not None else ()
        if not found:
            self._app.say("info", f"no order of yours at {f.quantity(price)}")
        return found

    # ---- the view

    def centre(self, _: str) -> None:
        self._pane.centre()

    def lock(self, _: str) -> None:
        self._pane.toggle_lock()
        self._app.show_keys()

    def release(self, argument: str) -> None:
        """Esc: the cursor goes back to the touch first; then what Esc does everywhere."""
        if self._pane.cursor_price is None or self._app.has_message:
            self._app.working.back(argument)
        else:
            self._pane.point_at(None)
