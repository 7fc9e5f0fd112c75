"""The order ticket, the modify dialog and the protective stop: one model, with an order or without. The client order id
is made when it opens, so a repeated send is the same order. The price moves only when a person moves it, or pegs it."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

import msgspec

from core.domain.commands import Command, Replace, Submit
from core.domain.decimals import ZERO, check_positive, is_multiple, parse, plain
from core.domain.errors import HogaError, InvalidValue
from core.domain.ids import AccountId, ClientOrderId
from core.domain.instrument import Instrument
from core.domain.order import LIMITED, OrderRequest, OrderType, Side, TimeInForce
from core.ports import Preview
from core.trading.view import OrderRow
from tui import format as f
from tui.forms import fields
from tui.forms.fields import Market, Means
from tui.look import SIDE_WORDS, TYPE_WORDS
from tui.messages import Dropped, Edited, Press, Refused, Wanted, Wish
from tui.widgets.line_edit import LineEdit

_DIGITS = "0123456789.,"
TYPES = (OrderType.LIMIT, OrderType.MARKET, OrderType.STOP, OrderType.STOP_LIMIT, OrderType.TRAILING, OrderType.MOC)
TIMES = (TimeInForce.DAY, TimeInForce.GTC, TimeInForce.IOC, TimeInForce.FOK)
"""Where the venue does not say what it takes; the rest is offered only where it does."""
HAS_LIMIT = LIMITED
HAS_STOP = frozenset({OrderType.STOP, OrderType.STOP_LIMIT, OrderType.TRAILING})
LEGS = ("sl", "tp")
"""Fields of text: letters and signs are typed into them."""


class Ticket:
    place = "ticket"
    is_input = False
    sending = frozenset({"enter"})

    def __init__(
        self,
        id: ClientOrderId,
        account: AccountId,
        instrument: Instrument,
        side: Side,
        price: Decimal | None,
        *,
        quantity: Decimal | None = None,
        last: Decimal | None = None,
        order: OrderRow | None = None,
        types: Sequence[OrderType] = (),
        times: Sequence[TimeInForce] = (),
        is_protective: bool = False,
        risk: Decimal = Decimal("0.005"),
    ) -> None:
        self.id, self.account, self.instrument, self.side, self.order = id, account, instrument, side, order
        self.armed_from = 0.0
        self.unit = fields.unit_of(instrument, price or last)
        self.market = Market(last=last)
        self.means = Means()
        self.has_probed = False
        self.is_protective = is_protective
        """A stop of a position: reduce-only, of its size, and only where it stands is asked."""
        self.reduce_only = order.reduce_only if order else is_protective
        self.types = tuple(t for t in (*TYPES, OrderType.LOC) if t in types) or TYPES
        self.times = tuple(t for t in TimeInForce if t in times) or TIMES
        """What the venue takes."""
        self.type = order.type if order else OrderType.STOP if is_protective else self.types[0]
        if not order and not is_protective and OrderType.LIMIT in self.types:
            self.type = OrderType.LIMIT
        self.time_in_force = order.time_in_force if order else self._first_time()
        self.risk_text = f"r{plain((risk * 100).normalize())}%"
        amount = order.quantity if order else quantity or self.unit
        self.quantity = LineEdit(plain(amount), allowed=fields.SIZE_CHARACTERS, is_fresh=True)
        self.price = LineEdit("" if price is None else plain(price), allowed=_DIGITS, is_fresh=True)
        stop = order.stop_price if order else price if is_protective else None
        characters = fields.LEG_CHARACTERS if is_protective else _DIGITS
        self.stop = LineEdit("" if stop is None else plain(stop), allowed=characters, is_fresh=True)
        self.sl = LineEdit(allowed=fields.LEG_CHARACTERS)
        self.tp = LineEdit(allowed=fields.LEG_CHARACTERS)
        self.peg: int | None = None
        """Ticks behind the own touch at which the price follows it; None: it stays where it was put."""
        self.field = "stop" if is_protective else "quantity"
        self.preview: Preview | None = None
        self.problem = ""
        self.is_denied = False
        """The problem is the desk's refusal, not a matter of the form."""

    def _first_time(self) -> TimeInForce:
        wanted = TimeInForce.GTC if self.is_protective else TimeInForce.DAY
        return wanted if wanted in self.times else self.times[0]

    def fill(self, request: OrderRequest) -> None:
        """Make it the order that was sent before; it keeps its own id."""
        self.type, self.time_in_force = request.type, request.time_in_force
        self.reduce_only = request.reduce_only
        stop = request.trail if request.type is OrderType.TRAILING else request.stop_price
        filled = ((self.price, request.limit_price), (self.stop, stop))
        for edit, value in (*filled, (self.sl, request.stop_loss), (self.tp, request.take_profit)):
            if value is not None:
                edit.set(plain(value), is_fresh=True)

    # ---- what it says

    @property
    def fields(self) -> tuple[str, ...]:
        names = ["quantity"]
        if self.type in HAS_LIMIT:
            names.append("price")
        if self.type in HAS_STOP and not self.trails:
            names.append("stop")
        if self.is_protective:
            return ("stop", "quantity")
        return (*names,) if self.order else (*names, *LEGS, "type", "tif", "side")

    @property
    def trails(self) -> bool:
        """Is it a working order whose stop follows the price? Nobody moves that by hand."""
        return self.order is not None and self.type is OrderType.TRAILING

    @property
    def last(self) -> Decimal | None:
        return self.market.last

    @property
    def entry(self) -> Decimal | None:
        """Where it would trade: legs and sizes are counted from here."""
        for edit, types in ((self.price, HAS_LIMIT), (self.stop, HAS_STOP - {OrderType.TRAILING})):
            if self.type in types and not self.is_protective:
                try:
                    return check_positive(parse(edit.text or "0", "price"), "price")
                except InvalidValue:
                    return None
        across = self.market.ask if self.side is Side.BUY else self.market.bid
        return across or self.market.last

    def leg(self, name: str) -> Decimal | None:
        """The price of the stop loss or the take profit; None without one. Raises InvalidValue."""
        edit = self.sl if name == "sl" else self.tp
        if not edit.text.strip() or self.order is not None or self.is_protective:
            return None
        sign = -self.side.sign if name == "sl" else self.side.sign
        label = "stop loss" if name == "sl" else "take profit"
        return fields.near(edit.text, self.entry, self.instrument, sign, label)

    def units(self) -> Decimal:
        """The quantity, whatever it was written as. Raises InvalidValue."""
        stop_loss, entry = self.leg("sl"), self.entry
        risked = None
        if stop_loss is not None and entry is not None:
            risked = self.instrument.value(abs(entry - stop_loss), Decimal(1)) or None
        quantity = fields.units(self.quantity.text or "0", self.instrument, self.side, entry, risked, self.means)
        if not is_multiple(quantity, self.instrument.lot):
            raise InvalidValue(f"the quantity must be a multiple of {plain(self.instrument.lot)}")
        return quantity

    def probe(self) -> OrderRequest | None:
        """The smallest such order: its figures tell the buying power that a size is a part of. Asked once a second."""
        if self.means.power is not None or self.has_probed:
            return None
        self.has_probed = True
        try:
            return self.request(self.unit)
        except HogaError:
            return None

    def request(self, quantity: Decimal | None = None) -> OrderRequest:
        """What would be sent; of a change, what the order would become. Raises InvalidValue in a person's words."""
        quantity = self.units() if quantity is None else quantity
        limit = self._price_of(self.price, "price") if self.type in HAS_LIMIT else None
        is_trail = self.type is OrderType.TRAILING
        stop = self._price_of(self.stop, "stop price") if self.type in HAS_STOP and not is_trail else None
        trail = check_positive(parse(self.stop.text or "0", "trail"), "trail") if is_trail else None
        if self.trails and self.order is not None:
            stop, trail = None, self.order.trail
        stop_loss, take_profit = self.leg("sl"), self.leg("tp")
        fields.check_legs(self.side, self.entry, stop_loss, take_profit)
        if self.is_protective:
            fields.check_legs(self.side.other, self.market.last, stop, None)
        return OrderRequest(
            client_order_id=self.order.id if self.order else self.id,
            account=self.account,
            instrument=self.instrument.id,
            side=self.side,
            quantity=quantity,
            type=self.type,
            limit_price=limit,
            stop_price=stop,
            trail=trail,
            time_in_force=self.time_in_force,
            reduce_only=self.reduce_only,
            stop_loss=stop_loss,
            take_profit=take_profit,
        )

    def _price_of(self, edit: LineEdit, name: str) -> Decimal:
        return fields.near(edit.text, self.market.last, self.instrument, -1 if self.side is Side.SELL else 1, name)

    def command(self) -> Command | None:
        """Submit, or Replace with the terms that changed; None where none did. Raises InvalidValue."""
        request = self.request()
        if self.order is None:
            return Submit(request=request)
        old = self.order
        quantity = request.quantity if request.quantity != old.quantity else None
        limit = request.limit_price if request.limit_price != old.limit_price else None
        stop = request.stop_price if request.stop_price != old.stop_price else None
        if quantity is None and limit is None and stop is None:
            return None
        return Replace(client_order_id=old.id, quantity=quantity, limit_price=limit, stop_price=stop)

    def words(self, request: OrderRequest) -> str:
        """The order in a line: `BUY 10 005930 LMT 71,000 DAY`."""
        price = request.limit_price or request.stop_price or request.trail
        figure = f.quantity(price) if price is not None else ""
        side, code, type_word = SIDE_WORDS[self.side], self.instrument.code, TYPE_WORDS[self.type]
        parts = (side, f.quantity(request.quantity), code, type_word, figure, self.time_in_force.value.upper())
        text = " ".join(part for part in parts if part)
        return f"modify {self.order.id[-4:]}: {text}" if self.order else text

    # ---- the market around it

    def see(self, market: Market, held: Decimal) -> bool:
        """The market of this moment. Does it change what would be sent? Only where the price is pegged."""
        self.market = market
        self.means = msgspec.structs.replace(self.means, held=held)
        return self._follow_touch()

    def learn(self, preview: Preview) -> None:
        self.preview = preview
        buys = self.side is Side.BUY
        after = preview.buying_power_after if buys else None
        self.means = fields.means_of(preview.notional, preview.costs, after, preview.nav_fraction, self.means.held)

    @property
    def touch(self) -> Decimal | None:
        """The own side of the book: where it would stand first."""
        return self.market.bid if self.side is Side.BUY else self.market.ask

    def _follow_touch(self) -> bool:
        if self.peg is None or self.touch is None or self.type not in HAS_LIMIT:
            return False
        text = plain(self.instrument.ticks.move(self.touch, -self.peg * self.side.sign))
        if text == self.price.text:
            return False
        self.price.set(text, is_fresh=True)
        return True

    def _turn_peg(self) -> Wish:
        if self.peg is not None:
            self.peg = None
            return Edited()
        if self.type not in HAS_LIMIT or self.touch is None:
            return Refused("there is no touch to follow" if self.type in HAS_LIMIT else "this order type has no price")
        try:
            price = self._price_of(self.price, "price")
        except InvalidValue as error:
            return Refused(str(error))
        self.peg = fields.ticks_between(self.instrument, price, self.touch) * self.side.sign
        self._follow_touch()
        return Edited()

    # ---- what it takes

    def key(self, press: Press) -> Wish | None:
        self._forget_problem(press)
        match press.key:
            case "escape":
                return Dropped()
            case "enter":
                return self._send()
            case "tab" | "shift+tab":
                return self._next_field(1 if press.key == "tab" else -1)
            case "up" | "down" | "pageup" | "pagedown":
                ticks = {"up": 1, "down": -1, "pageup": 10, "pagedown": -10}[press.key]
                return self.move_price(ticks)
            case "K" | "J":
                return self.move_price(1 if press.key == "K" else -1)
            case "left" | "right" | "shift+left" | "shift+right":
                return self._sideways(1 if press.key.endswith("right") else -1, 10 if "shift" in press.key else 1)
            case "plus" | "minus" if not self._is_text:
                return self._preset(1 if press.key == "plus" else -1)
        return self._letter(press)

    @property
    def _is_text(self) -> bool:
        """Is the cursor in a field where letters and signs are typed?"""
        return self.field in LEGS or (self.is_protective and self.field == "stop")

    def _letter(self, press: Press) -> Wish | None:
        character = press.character or ""
        edit = self._edit
        is_new = self.order is None and not self.is_protective
        match character:
            case "t" if is_new and not self._is_text:
                self.type = fields.after(self.types, self.type, 1)
                self._settle()
                return Edited()
            case "T" if self.order is None:
                self.time_in_force = fields.after(self.times, self.time_in_force, 1)
                return Edited()
            case "=" if self.last is not None and self.type in HAS_LIMIT:
                self.peg = None
                self.price.set(plain(self.last), is_fresh=True)
                return Edited()
            case "p":
                return self._turn_peg()
            case "o" if is_new:
                return self._go(LEGS[1] if self.field == "sl" else "quantity" if self.field == "tp" else "sl")
            case "%" if not self._is_text and not (self.field == "quantity" and self._is_typing_number):
                return self._size()
        if edit is None or not edit.key(press.key, press.character):
            return None
        if edit is self.price:
            self.peg = None
        return Edited()

    @property
    def _is_typing_number(self) -> bool:
        return not self.quantity.is_fresh and self.quantity.text not in (*fields.SHARES, self.risk_text)

    def paste(self, text: str) -> Wish | None:
        edit = self._edit
        if edit is None or not edit.insert(text.strip()):
            return None
        self.peg = None if edit is self.price else self.peg
        return Edited()

    def move_price(self, ticks: int) -> Wish | None:
        """By whole ticks, band by band; an off-tick price goes to its neighbour first. A pegged one changes its
        distance from the touch."""
        if self.field in LEGS:
            edit, start = (self.sl if self.field == "sl" else self.tp), self.entry
        elif self.field == "stop" or self.type not in HAS_LIMIT:
            edit, start = self.stop, self.last
        else:
            edit, start = self.price, self.last
        if edit is not self.sl and edit is not self.tp and self.type not in HAS_LIMIT | HAS_STOP:
            return Refused("this order type has no price")
        if edit is self.stop and self.trails:
            return Refused("its stop follows the price by itself")
        if edit is self.price and self.peg is not None:
            self.peg -= ticks * self.side.sign
            self._follow_touch()
            return Edited()
        try:
            price = self._written(edit, start)
        except InvalidValue as error:
            return Refused(str(error))
        table = self.instrument.ticks
        if price > 0 and not table.is_valid(price):
            price = table.neighbours(price)[1 if ticks > 0 else 0]
            ticks -= 1 if ticks > 0 else -1
        moved = table.move(price, ticks) if ticks else price
        if moved > 0:
            edit.set(plain(moved), is_fresh=True)
        return Edited()

    def _written(self, edit: LineEdit, start: Decimal | None) -> Decimal:
        """The price in a field: a distance counts, an empty one stands at `start`."""
        if edit.text[-1:] in ("%", "t"):
            sign = self.side.sign if edit is self.tp else -self.side.sign
            return fields.near(edit.text, start, self.instrument, sign, "price")
        return parse(edit.text or plain(start or ZERO), "price")

    def _sideways(self, direction: int, times: int) -> Wish | None:
        match self.field:
            case "type":
                self.type = fields.after(self.types, self.type, direction)
                self._settle()
            case "tif":
                self.time_in_force = fields.after(self.times, self.time_in_force, direction)
            case "side":
                self.side = self.side.other
                self._follow_touch()
            case _:
                self._add(direction * times * fields.step(self.instrument, self.unit))
        return Edited()

    def _add(self, amount: Decimal) -> None:
        try:
            quantity = self.units() + amount
        except InvalidValue:
            return
        if quantity > 0:
            self.quantity.set(plain(quantity), is_fresh=True)

    def _preset(self, direction: int) -> Wish:
        try:
            now = self.units()
        except InvalidValue:
            now = self.unit
        self.quantity.set(plain(fields.preset(now, self.unit, direction)), is_fresh=True)
        return Edited()

    def _size(self) -> Wish:
        """The next size by share: of the buying power, of the position for sales, and by risk where a stop is given."""
        has_stop = bool(self.sl.text.strip()) and self.order is None
        choices = (*fields.SHARES, self.risk_text) if has_stop else fields.SHARES
        self.quantity.set(fields.after(choices, self.quantity.text, 1), is_fresh=True)
        return Edited()

    def _next_field(self, by: int) -> Wish:
        names = self.fields
        return self._go(names[(names.index(self.field) + by) % len(names)] if self.field in names else names[0])

    def _go(self, name: str) -> Wish:
        self.field = name
        edit = self._edit
        if edit is not None:
            edit.set(edit.text, is_fresh=bool(edit.text))
        return Edited()

    def _settle(self) -> None:
        if self.field not in self.fields:
            self.field = "quantity"
        if self.type not in HAS_LIMIT:
            self.peg = None

    def _send(self) -> Wish:
        try:
            command = self.command()
            if command is None:  # nothing to send: a form left open would take the next keys as figures
                return Dropped("unchanged: the order stands as it was")
            return Wanted(command, self.words(self.request()))
        except HogaError as error:
            self.problem, self.is_denied = str(error), False
            return Refused(str(error))

    def denied(self, text: str) -> None:
        """The desk refused: say why, and let the next figure typed replace the one that failed."""
        self.problem, self.is_denied = text, True
        edit = self._edit
        if edit is not None:
            edit.set(edit.text, is_fresh=True)

    def _forget_problem(self, press: Press) -> None:
        if press.key != "enter":
            self.problem, self.is_denied = "", False

    @property
    def _edit(self) -> LineEdit | None:
        edits = {"quantity": self.quantity, "price": self.price, "stop": self.stop, "sl": self.sl, "tp": self.tp}
        return edits.get(self.field)
