"""The order ticket and the modify dialog: one model, with an order or without. The client order id is made when it
opens, so a repeated send is the same order. The price moves only when a person moves it."""

from __future__ import annotations

from decimal import Decimal

from core.domain.commands import Command, Replace, Submit
from core.domain.decimals import check_positive, is_multiple, parse, plain
from core.domain.errors import HogaError, InvalidValue
from core.domain.ids import AccountId, ClientOrderId
from core.domain.instrument import Instrument
from core.domain.order import OrderRequest, OrderType, Side, TimeInForce
from core.ports import Preview
from core.trading.view import OrderRow
from tui import format as f
from tui.look import SIDE_WORDS, TYPE_WORDS
from tui.messages import Dropped, Edited, Press, Refused, Wanted, Wish
from tui.widgets.line_edit import LineEdit

_DIGITS = "0123456789.,"
_TYPES = (OrderType.LIMIT, OrderType.MARKET, OrderType.STOP, OrderType.STOP_LIMIT, OrderType.TRAILING, OrderType.MOC)
_TIMES = tuple(TimeInForce)
_PRESETS = (1, 5, 10, 25, 50, 100, 250, 500, 1000, 2500, 5000, 10_000)
HAS_LIMIT = frozenset({OrderType.LIMIT, OrderType.STOP_LIMIT})
HAS_STOP = frozenset({OrderType.STOP, OrderType.STOP_LIMIT, OrderType.TRAILING})


def unit_of(instrument: Instrument, price: Decimal | None) -> Decimal:
    """The quantity a ticket starts with: one lot, or for coins the power of ten worth at least the venue's minimum."""
    if instrument.lot >= 1:
        return max(instrument.lot, instrument.min_quantity)
    unit, least = instrument.lot, max(instrument.min_value, Decimal(0))
    while unit < 1 and (unit < instrument.min_quantity or (price is not None and unit * price < least)):
        unit *= 10
    return unit


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
    ) -> None:
        self.id, self.account, self.instrument, self.side, self.order = id, account, instrument, side, order
        self.armed_from = 0.0
        self.unit = unit_of(instrument, price or last)
        self.last = last
        self.type = order.type if order else OrderType.LIMIT
        self.time_in_force = order.time_in_force if order else TimeInForce.DAY
        amount = order.quantity if order else quantity or self.unit
        self.quantity = LineEdit(plain(amount), allowed=_DIGITS, is_fresh=True)
        self.price = LineEdit("" if price is None else plain(price), allowed=_DIGITS, is_fresh=True)
        stop = order.stop_price if order else None
        self.stop = LineEdit("" if stop is None else plain(stop), allowed=_DIGITS, is_fresh=True)
        self.field = "quantity"
        self.preview: Preview | None = None
        self.problem = ""
        self.is_denied = False
        """The problem is the desk's refusal, not a matter of the form."""

    # ---- what it says

    @property
    def fields(self) -> tuple[str, ...]:
        names = ["quantity"]
        if self.type in HAS_LIMIT:
            names.append("price")
        if self.type in HAS_STOP:
            names.append("stop")
        return (*names,) if self.order else (*names, "type", "tif", "side")

    def request(self) -> OrderRequest:
        """What would be sent. Raises InvalidValue in a person's words."""
        quantity = check_positive(parse(self.quantity.text or "0", "quantity"), "quantity")
        if not is_multiple(quantity, self.instrument.lot):
            raise InvalidValue(f"the quantity must be a multiple of {plain(self.instrument.lot)}")
        limit = self._price_of(self.price, "price") if self.type in HAS_LIMIT else None
        is_trail = self.type is OrderType.TRAILING
        stop = self._price_of(self.stop, "stop price") if self.type in HAS_STOP and not is_trail else None
        trail = check_positive(parse(self.stop.text or "0", "trail"), "trail") if is_trail else None
        return OrderRequest(
            client_order_id=self.id,
            account=self.account,
            instrument=self.instrument.id,
            side=self.side,
            quantity=quantity,
            type=self.type,
            limit_price=limit,
            stop_price=stop,
            trail=trail,
            time_in_force=self.time_in_force,
        )

    def _price_of(self, field: LineEdit, name: str) -> Decimal:
        price = check_positive(parse(field.text or "0", name), name)
        if not self.instrument.ticks.is_valid(price):
            lower, upper = self.instrument.ticks.neighbours(price)
            raise InvalidValue(f"off tick: Down takes {plain(lower)}, Up takes {plain(upper)}")
        return price

    def command(self) -> Command:
        """Submit, or Replace with the terms that changed. Raises InvalidValue."""
        request = self.request()
        if self.order is None:
            return Submit(request=request)
        old = self.order
        quantity = request.quantity if request.quantity != old.quantity else None
        limit = request.limit_price if request.limit_price != old.limit_price else None
        stop = request.stop_price if request.stop_price != old.stop_price else None
        if quantity is None and limit is None and stop is None:
            raise InvalidValue("nothing changed: move the price or the quantity first")
        return Replace(client_order_id=old.id, quantity=quantity, limit_price=limit, stop_price=stop)

    def words(self) -> str:
        """The order in a line: `BUY 10 005930 LMT 71,000 DAY`."""
        price = f.quantity(parse(self.price.text)) if self.type in HAS_LIMIT and self.price.text else ""
        parts = (SIDE_WORDS[self.side], self.quantity.text, self.instrument.code, TYPE_WORDS[self.type], price)
        text = " ".join(part for part in (*parts, self.time_in_force.value.upper()) if part)
        return f"modify {self.order.id[-4:]}: {text}" if self.order else text

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
            case "plus" | "minus":
                return self._preset(1 if press.key == "plus" else -1)
        return self._letter(press)

    def _letter(self, press: Press) -> Wish | None:
        character = press.character or ""
        if character == "t" and not self.order:
            self.type = _TYPES[(_TYPES.index(self.type) + 1) % len(_TYPES)]
            self._settle()
            return Edited()
        if character == "T" and not self.order:
            self.time_in_force = _TIMES[(_TIMES.index(self.time_in_force) + 1) % len(_TIMES)]
            return Edited()
        if character == "=" and self.last is not None:
            self.price.set(plain(self.last), is_fresh=True)
            return Edited()
        edit = self._edit
        return Edited() if edit is not None and edit.key(press.key, press.character) else None

    def paste(self, text: str) -> Wish | None:
        edit = self._edit
        return Edited() if edit is not None and edit.insert(text.strip()) else None

    def move_price(self, ticks: int) -> Wish | None:
        """By whole ticks, band by band; an off-tick price goes to its neighbour first."""
        edit = self.stop if self.field == "stop" or self.type not in HAS_LIMIT else self.price
        if self.type not in HAS_LIMIT | HAS_STOP:
            return Refused("this order type has no price")
        try:
            price = parse(edit.text or plain(self.last or Decimal(0)), "price")
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

    def _sideways(self, direction: int, times: int) -> Wish | None:
        match self.field:
            case "type":
                self.type = _TYPES[(_TYPES.index(self.type) + direction) % len(_TYPES)]
                self._settle()
            case "tif":
                self.time_in_force = _TIMES[(_TIMES.index(self.time_in_force) + direction) % len(_TIMES)]
            case "side":
                self.side = self.side.other
            case _:
                self._add(direction * times * self._step)
        return Edited()

    @property
    def _step(self) -> Decimal:
        """One lot; for coins, whose lots are dust, a tenth of the starting quantity."""
        lot = self.instrument.lot
        return lot if lot >= 1 else max(lot, self.unit / 10)

    def _add(self, amount: Decimal) -> None:
        try:
            quantity = parse(self.quantity.text or "0", "quantity") + amount
        except InvalidValue:
            return
        if quantity > 0:
            self.quantity.set(plain(quantity), is_fresh=True)

    def _preset(self, direction: int) -> Wish:
        sizes = [size * self.unit for size in _PRESETS]
        try:
            now = parse(self.quantity.text or "0", "quantity")
        except InvalidValue:
            now = self.unit
        above, below = [s for s in sizes if s > now], [s for s in sizes if s < now]
        chosen = (above[:1] if direction > 0 else below[-1:]) or [now or self.unit]
        self.quantity.set(plain(chosen[0]), is_fresh=True)
        return Edited()

    def _next_field(self, by: int) -> Wish:
        names = self.fields
        self.field = names[(names.index(self.field) + by) % len(names)] if self.field in names else names[0]
        edit = self._edit
        if edit is not None:
            edit.set(edit.text, is_fresh=True)
        return Edited()

    def _settle(self) -> None:
        if self.field not in self.fields:
            self.field = "quantity"

    def _send(self) -> Wish:
        try:
            return Wanted(self.command(), self.words())
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
        edits = {"quantity": self.quantity, "price": self.price, "stop": self.stop}
        return edits.get(self.field)
