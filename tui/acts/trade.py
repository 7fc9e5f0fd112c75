"""Trading keys: each opens a form or a confirmation, none sends. Prices and sizes come from the picture on the screen;
the desk has the last word."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from core.domain.commands import Cancel, CancelAll, Close
from core.domain.decimals import exact
from core.domain.ids import InstrumentId
from core.domain.instrument import Instrument
from core.domain.order import OrderRequest, Side
from core.trading.view import OrderRow
from tui import format as f
from tui.forms.review import tail_of
from tui.forms.strips import Confirm, PanicMenu
from tui.forms.ticket import HAS_LIMIT, HAS_STOP, Ticket
from tui.look import SIDE_WORDS, symbol
from tui.messages import Wanted
from tui.panes.orders import order_price

if TYPE_CHECKING:
    from tui.app import HogaApp


class Trading:
    def __init__(self, app: HogaApp) -> None:
        self._app = app
        self._sizes: dict[InstrumentId, Decimal] = {}

    # ---- tickets

    def buy(self, _: str) -> None:
        self.ticket(Side.BUY)

    def sell(self, _: str) -> None:
        self.ticket(Side.SELL)

    def buy_across(self, _: str) -> None:
        self.ticket(Side.BUY, crosses=True)

    def sell_across(self, _: str) -> None:
        self.ticket(Side.SELL, crosses=True)

    def ticket(self, side: Side, *, crosses: bool = False) -> None:
        """Open a ticket for the selected symbol: at the ladder's cursor if it has one, else at the touch."""
        instrument = self._instrument()
        if instrument is None:
            return
        app = self._app
        quote = app.picture.quote(instrument.id)
        last = None if quote is None or quote.last is None else instrument.price(quote.last)
        price = None if crosses else app.ladder_price()
        if price is None and quote is not None:
            own, across = (quote.bid, quote.ask) if side is Side.BUY else (quote.ask, quote.bid)
            price = across if crosses else own
        limit = instrument.price(exact(price)) if price else last
        form = Ticket(
            app.desk.new_order_id(),
            app.account,
            instrument,
            side,
            limit,
            quantity=self._sizes.get(instrument.id),
            last=last,
        )
        app.open(form)

    def sent(self, request: OrderRequest) -> None:
        """The size last sent is where the next ticket starts."""
        self._sizes[request.instrument] = request.quantity

    # ---- working orders

    def modify(self, _: str) -> None:
        self._modify()

    def nudge(self, ticks: str) -> None:
        form = self._modify()
        if form is not None:
            form.move_price(int(ticks))
            self._app.form_changed()

    def _modify(self) -> Ticket | None:
        order = self._order()
        if order is None:
            return None
        if not order.is_working:
            self._app.say("warning", f"{order.id[-4:]} has ended ({order.status.value}); there is nothing to modify")
            return None
        instrument = self._app.instruments.get(order.instrument)
        if instrument is None:
            self._app.say("warning", f"{order.code} is not known to this console yet; try again in a moment")
            return None
        form = Ticket(
            self._app.desk.new_order_id(), order.account, instrument, order.side, order.limit_price, order=order
        )
        if order.type in HAS_LIMIT:
            form.field = "price"
        elif order.type in HAS_STOP:
            form.field = "stop"
        self._app.open(form)
        return form

    def cancel(self, _: str) -> None:
        order = self._order()
        if order is not None:
            self._confirm_cancel(order)

    def _confirm_cancel(self, order: OrderRow) -> None:
        if not order.is_working:
            self._app.say("warning", f"{order.id[-4:]} has ended ({order.status.value}); there is nothing to cancel")
            return
        self._app.open(Confirm(Wanted(Cancel(client_order_id=order.id), f"cancel {self._say(order)}")))

    def cancel_symbol(self, _: str) -> None:
        id = self._app.instrument
        if id is None:
            self._app.say("warning", "no symbol is selected")
            return
        count = sum(1 for row in self._app.picture.orders() if row.instrument == id and row.is_working)
        if not count:
            self._app.say("info", f"no working orders of {id.partition(':')[2]}")
            return
        text = f"cancel all {count} working orders of {id.partition(':')[2]}"
        self._app.open(Confirm(Wanted(CancelAll(instrument=id), text)))

    def undo(self, _: str) -> None:
        last = self._app.last_sent
        order = self._app.picture.order(last) if last is not None else None
        if order is None or not order.is_working:
            self._app.say("info", "nothing to undo: the order sent last is not open any more")
            return
        self._confirm_cancel(order)

    # ---- positions

    def close(self, _: str) -> None:
        self._close(Decimal(1), "close")

    def close_half(self, _: str) -> None:
        self._close(Decimal("0.5"), "close half of")

    def _close(self, fraction: Decimal, verb: str) -> None:
        app = self._app
        held = app.selected_position()
        if held is None:
            name = (app.instrument or "").partition(":")[2] or "nothing"
            app.say("info", f"no position in {name}; press b to buy")
            return
        command = Close(
            client_order_id=app.desk.new_order_id(),
            account=held.account,
            instrument=held.instrument,
            fraction=fraction,
        )
        name = symbol(held, app.look.language)
        text = f"{verb} {f.quantity(held.quantity)} {name}, reduce-only at the opposite touch; size read when sent"
        app.open(Confirm(Wanted(command, text)))

    def panic(self, choice: str) -> None:
        """With real money the end of the account's name is typed before all is closed."""
        word = tail_of(self._app.account) if self._app.asking.is_live else ""
        self._app.open(PanicMenu(word, choice=choice or "entries"))

    # ---- what is meant

    def _instrument(self) -> Instrument | None:
        self._app.look_at_cursor()
        id = self._app.instrument
        if id is None:
            self._app.say("warning", "no symbol is selected; move to one in Watch or press / to find one")
            return None
        found = self._app.instruments.get(id)
        if found is None:
            self._app.say("warning", f"{id.partition(':')[2]} is not known to this console yet; try again in a moment")
        return found

    def _order(self) -> OrderRow | None:
        order = self._app.selected_order()
        if order is None:
            self._app.say("info", "no order is selected; go to Orders with Tab or 3")
        return order

    def _say(self, order: OrderRow) -> str:
        name = symbol(order, self._app.look.language)
        done = f", {f.quantity(order.filled)} filled" if order.filled else ""
        words = (SIDE_WORDS[order.side], f.quantity(order.quantity), name, order_price(order))
        return f"{order.id[-4:]}: {' '.join(words)}{done}"
