"""Trading keys: each opens a form or a confirmation, none sends. Prices and sizes come from the picture on the screen;
the desk has the last word."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

from core.domain.commands import Cancel, CancelAll, Close
from core.domain.decimals import ZERO, exact, plain
from core.domain.ids import AccountId, ClientOrderId, InstrumentId
from core.domain.instrument import Instrument
from core.domain.order import OrderRequest, OrderType, Side, TimeInForce
from core.trading.line import waits_for_entry
from core.trading.view import OrderRow, PositionRow
from tui import format as f
from tui.acts.stopping import panic_menu
from tui.forms.fields import Market, near
from tui.forms.strips import Confirm
from tui.forms.ticket import HAS_LIMIT, HAS_STOP, Ticket
from tui.look import SIDE_WORDS, symbol
from tui.messages import Wanted
from tui.panes.orders import order_price

if TYPE_CHECKING:
    from tui.app import HogaApp


FIRST_STOP = "2%"
"""Where a protective stop is offered at first, from the last price."""


class Trading:
    def __init__(self, app: HogaApp) -> None:
        self._app = app
        self._sizes: dict[InstrumentId, Decimal] = {}
        self._last: OrderRequest | None = None
        self.canceling: set[ClientOrderId] = set()
        """Orders whose cancel was asked for here: what became of it is said."""

    # ---- tickets

    def buy(self, _: str) -> None:
        self.ticket(Side.BUY)

    def sell(self, _: str) -> None:
        self.ticket(Side.SELL)

    def buy_across(self, _: str) -> None:
        self.ticket(Side.BUY, crosses=True)

    def sell_across(self, _: str) -> None:
        self.ticket(Side.SELL, crosses=True)

    def ticket(
        self, side: Side, *, crosses: bool = False, price: Decimal | None = None, quantity: Decimal | None = None
    ) -> None:
        """Open a ticket for the selected symbol: at `price` as it is, else at the chart's cursor or the touch; of
        `quantity`, else of the size sent last."""
        instrument = self._instrument()
        if instrument is None:
            return
        app = self._app
        market = self.seen(instrument, app.account)[0]
        own, across = (market.bid, market.ask) if side is Side.BUY else (market.ask, market.bid)
        marked = None if crosses else app.chart_price()
        if price is None and marked is not None:
            price = instrument.price(exact(marked))
        price = price or (across if crosses else own) or market.last
        self._open(instrument, side, price, quantity=quantity or self._sizes.get(instrument.id))

    def _open(
        self,
        instrument: Instrument,
        side: Side,
        price: Decimal | None,
        *,
        account: AccountId | None = None,
        order: OrderRow | None = None,
        field: str = "",
        **more: Any,
    ) -> Ticket:
        app = self._app
        account = account or app.account
        types, times = self._abilities(account)
        form = Ticket(
            app.desk.new_order_id(),
            account,
            instrument,
            side,
            price,
            order=order,
            types=types,
            times=times,
            risk=app.settings.confirm.risk_fraction,
            **more,
        )
        form.see(*self.seen(instrument, account))
        form.field = field or form.field
        app.open(form)
        return form

    def seen(self, instrument: Instrument, account: AccountId) -> tuple[Market, Decimal]:
        """Prices of this moment, on tick, and what is held."""
        quote = self._app.picture.quote(instrument.id)
        rows = self._app.picture.positions()
        held = next((r.quantity for r in rows if (r.account, r.instrument) == (account, instrument.id)), ZERO)
        if quote is None:
            return Market(), held
        bid, ask, last = (instrument.price(exact(p)) if p else None for p in (quote.bid, quote.ask, quote.last))
        return Market(bid, ask, last), held

    def _abilities(self, account: AccountId) -> tuple[tuple[OrderType, ...], tuple[TimeInForce, ...]]:
        """What the account's venue takes; empty where it does not say."""
        status = self._app.picture.status
        broker = account.partition(":")[0]
        feed = next((f for f in status.feeds if f.broker == broker), None) if status is not None else None
        return (feed.order_types, feed.times_in_force) if feed is not None else ((), ())

    def sent(self, request: OrderRequest) -> None:
        """The size last sent is where the next ticket starts; `.` opens all of it again."""
        self._sizes[request.instrument] = request.quantity
        self._last = request

    def repeat(self, _: str) -> None:
        """The ticket of the order sent last, as a new one. Nothing is sent by it."""
        last = self._last
        instrument = self._app.instruments.get(last.instrument) if last is not None else None
        if last is None or instrument is None:
            self._app.say("info", "nothing to repeat: no order was sent from here yet")
            return
        if last.algo is not None:  # a ticket would send all of it at once
            self._app.say("info", "a ticket cannot repeat an order that goes on by itself: press : and Up")
            return
        self._app.select(last.instrument)
        form = self._open(
            instrument, last.side, last.limit_price or last.stop_price, account=last.account, quantity=last.quantity
        )
        form.fill(last)
        self._app.form_changed()

    def buy_armed(self, _: str) -> None:
        self._app.armed.fire(Side.BUY)

    def sell_armed(self, _: str) -> None:
        self._app.armed.fire(Side.SELL)

    def arm(self, _: str) -> None:
        why = self._app.armed.arm(self._app.settings.confirm.armed_minutes)
        if why:
            self._app.say("warning", why)

    # ---- working orders

    def modify(self, _: str) -> None:
        order = self._order()
        if order is not None:
            self.change(order)

    def nudge(self, ticks: str) -> None:
        order = self._order()
        if order is not None:
            self.change(order, ticks=int(ticks))

    def change(self, order: OrderRow, *, ticks: int = 0) -> None:
        """Open a working order to be modified, its price moved by `ticks` already."""
        if not order.is_working:
            self._app.say("warning", f"{order.id[-4:]} has ended ({order.status.value}); there is nothing to modify")
            return
        instrument = self._app.instruments.get(order.instrument)
        if instrument is None:
            self._app.say("warning", f"{order.code} is not known to this console yet; try again in a moment")
            return
        field = "price" if order.type in HAS_LIMIT else "stop" if order.type in HAS_STOP else ""
        form = self._open(instrument, order.side, order.limit_price, account=order.account, order=order, field=field)
        if ticks:
            form.move_price(ticks)
            self._app.form_changed()

    def cancel(self, _: str) -> None:
        """The selected order, or all that are marked."""
        found = (self._app.picture.order(key) for key in self._marked())
        marked = [row for row in found if row is not None and row.is_working]
        if len(marked) > 1:
            first, *more = (Cancel(client_order_id=row.id) for row in marked)
            text = f"cancel {len(marked)} marked orders: {', '.join(row.id[-4:] for row in marked[:6])}"
            self._app.open(Confirm(Wanted(first, text, more=tuple(more))))
            return
        order = marked[0] if marked else self._order()
        if order is not None:
            self._confirm_cancel(order)

    def _marked(self) -> list[str]:
        marked: list[str] = getattr(self._app, "marked", lambda _: [])("orders")
        return marked

    def tell_canceled(self) -> None:
        """What became of the cancels asked for here, once it is known."""
        for id in list(self.canceling):
            row = self._app.picture.order(id)
            if row is not None and row.is_working:
                continue
            self.canceling.discard(id)
            if row is not None:
                done = f"{f.quantity(row.filled)} of {f.quantity(row.quantity)} filled"
                self._app.say("ok", f"{row.id[-4:]} is {row.status.value}: {done}")

    def _confirm_cancel(self, order: OrderRow) -> None:
        if not order.is_working:
            self._app.say("warning", f"{order.id[-4:]} has ended ({order.status.value}); there is nothing to cancel")
            return
        self._app.open(Confirm(Wanted(Cancel(client_order_id=order.id), f"cancel {self.words(order)}")))

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
        name = self.where(held.account) + symbol(held, app.look.language)
        text = f"{verb} {f.quantity(held.quantity)} {name}, reduce-only at the opposite touch; size read when sent"
        app.open(Confirm(Wanted(command, text)))

    def protect(self, _: str, *, at: Decimal | None = None) -> None:
        """A small ticket for the stop of the selected position: the one it has is moved, else one is attached. It
        starts `at` a price, else where the stop is, else at the usual distance."""
        app = self._app
        held = app.selected_position()
        if held is None:
            code = (app.instrument or "").partition(":")[2] or "nothing"
            app.say("info", f"no position in {code} to protect")
            return
        instrument = app.instruments.get(held.instrument)
        if instrument is None:
            app.say("warning", f"{held.code} is not known to this console yet; try again in a moment")
            return
        side = Side.SELL if held.quantity > 0 else Side.BUY
        order = self._stop_of(held, side)
        if order is not None and order.type is OrderType.TRAILING:
            app.say("info", "its stop follows the price by itself; cancel that order to put another")
            return
        market = self.seen(instrument, held.account)[0]
        price = order.stop_price if order is not None else None
        if price is None and market.last is not None:
            price = near(FIRST_STOP, market.last, instrument, side.sign, "stop")
        quantity = order.quantity if order is not None else abs(held.quantity)
        form = self._open(
            instrument,
            side,
            at or price,
            account=held.account,
            order=order,
            quantity=quantity,
            is_protective=True,
            field="stop",
        )
        if at is not None:
            form.stop.set(plain(at), is_fresh=True)
            app.form_changed()

    def _stop_of(self, held: PositionRow, side: Side) -> OrderRow | None:
        """The working order that protects a position; the stop of an entry that has not filled is not one."""
        rows = self._app.picture.orders()
        for row in rows:
            is_there = row.is_working and (row.account, row.instrument) == (held.account, held.instrument)
            is_stop = row.stop_price is not None or row.trail is not None
            if is_there and row.side is side and row.reduce_only and is_stop and not waits_for_entry(row, rows):
                return row
        return None

    def panic(self, choice: str, account: AccountId | None = None) -> None:
        self._app.open(panic_menu(self._app, choice, account))

    # ---- what is meant

    def where(self, account: AccountId) -> str:
        """The account's name to stand before what is meant, where there is more than one it could be."""
        return f"{self._app.look.account(account)} " if len(self._app.accounts) > 1 else ""

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

    def words(self, order: OrderRow) -> str:
        """The order in a line, for a question about it."""
        name = symbol(order, self._app.look.language)
        done = f", {f.quantity(order.filled)} filled" if order.filled else ""
        words = (SIDE_WORDS[order.side], f.quantity(order.quantity), name, order_price(order))
        return f"{order.id[-4:]}: {' '.join(words)}{done}"
