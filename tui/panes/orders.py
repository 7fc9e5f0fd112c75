"""Our orders: what is asked, how far it got, and what is wished of it. UNKNOWN ones stand first."""

from __future__ import annotations

from core.domain.order import OrderStatus, OrderType, RequestKind, RequestPhase
from core.trading.view import OrderRow, Slice
from tui import format as f
from tui.look import SIDE_WORDS, TYPE_WORDS, Look, side_pen, symbol, tight
from tui.picture import Picture
from tui.widgets.grid import Cell, Column, Grid

_FAILED = (OrderStatus.REJECTED, OrderStatus.DENIED)
_WISHES = {RequestKind.CANCEL: "canceling", RequestKind.REPLACE: "replacing"}


class OrdersPane(Grid):
    slices = (Slice.ORDERS,)
    title = "Orders"

    def __init__(self, look: Look) -> None:
        super().__init__((), look.pens, word=look.word, id="orders")
        self._look = look
        self._picture: Picture | None = None
        self.subject = ""
        self._has_legs = False
        """Some entry names a stop or a target: they have a column then."""
        self.relabel()
        self.set_empty(
            [
                Cell("No orders today. Press "),
                Cell("b", "key"),
                Cell(" to buy, "),
                Cell(":", "key"),
                Cell(" to type one."),
            ]
        )

    def relabel(self) -> None:
        """Columns as wide as the language needs."""
        self.set_columns(
            (
                Column("id", "ID", 4, drop=7),
                Column("account", "ACCT", 6, drop=6),
                Column("side", "SIDE", 4),
                Column("symbol", "SYMBOL", 10, grow=True),
                Column("quantity", "QTY", 8, "right", number=True),
                Column("type", "TYPE", 8 if self._look.language == "ko" else 4, drop=4),
                Column("price", "PRICE", 11, "right", number=True),
                Column("distance", "DIST", 6, "right", number=True, drop=3),
                Column("state", "STATE", 10, chips=True),
                Column("filled", "FILLED", 11, "right", drop=2),
                Column("tif", "TIF", 4, drop=8),
                Column("age", "AGE", 7, "right", drop=5),
                Column("source", "SOURCE", 9, drop=9),
                *([Column("legs", "SL/TP", 15, drop=10)] if self._has_legs else []),
            )
        )

    def show(self, picture: Picture, now: int, dirty: set[str] | None = None) -> None:
        self._picture = picture
        rows = picture.orders()
        has_legs = any(row.stop_loss is not None or row.take_profit is not None for row in rows)
        if has_legs != self._has_legs:
            self._has_legs, dirty = has_legs, None
            self.relabel()
        for row in rows:
            if dirty is None or row.key in dirty:
                self._put(row, now)
        self.set_order([row.key for row in with_legs(rows)])
        self.subject = str(len(rows)) if rows else ""

    def to_top(self) -> None:
        """While the keys are elsewhere nobody has chosen a row: what works, and what is unknown, stays in sight."""
        if self.keys and self.cursor != self.keys[0]:
            self.cursor_to(0)

    def age(self, picture: Picture, now: int) -> None:
        for key in tuple(self.visible_keys):
            row = picture.order(key)
            if row is not None and row.is_working:
                self._put(row, now)

    def _put(self, row: OrderRow, now: int) -> None:
        is_unknown = row.status is OrderStatus.UNKNOWN
        cells = order_cells(row, now, self._look)
        self.put(
            row.key,
            cells if self._has_legs else cells[:-1],
            ground="unknown-row" if is_unknown else "background",
            mark=Cell("▎", "warning") if is_unknown else None,
        )

    @property
    def facts(self) -> tuple[Cell, ...]:
        """What happened to the selected order, while the pane has the keys; else how many there are."""
        if self._picture is None:
            return ()
        row = self._picture.order(self.cursor or "")
        if self.has_focus and row is not None and row.reason:
            return (Cell(self._look.said(row.reason), "warning"),)
        rows = self._picture.orders()
        working = sum(1 for row in rows if row.is_working)
        unknown = sum(1 for row in rows if row.status is OrderStatus.UNKNOWN)
        w = self._look.word
        filled = sum(1 for row in rows if row.status is OrderStatus.FILLED)
        cells = [Cell(f"{w('working')} {working}", "text-dim")] if rows else []
        if unknown:
            cells.append(Cell(f"  {w('unknown')} {unknown}", "warning"))
        if filled:
            cells.append(Cell(f"  {w('filled')} {filled}", "text-dim"))
        return tuple(cells)


def with_legs(rows: list[OrderRow]) -> list[OrderRow]:
    """Legs under the entry they protect, slices under their whole, while both work; what is unknown stays on top."""
    working = {row.id for row in rows if row.is_working}
    legs: dict[str, list[OrderRow]] = {}
    for row in rows:
        if _is_under(row) and _above(row) in working:
            legs.setdefault(str(_above(row)), []).append(row)
    under = {leg.id for found in legs.values() for leg in found}
    return [order for row in rows if row.id not in under for order in (row, *legs.get(row.id, ()))]


def _above(row: OrderRow) -> str | None:
    """The order this one belongs to."""
    return row.parent or row.slice_of


def _is_under(row: OrderRow) -> bool:
    return _above(row) is not None and row.is_working and row.status is not OrderStatus.UNKNOWN


def order_price(row: OrderRow) -> str:
    """The price an order waits at, for people; the stop where there is no limit."""
    if row.type is OrderType.TRAILING and row.stop_price is None:
        return f.price(row.trail, row.decimals)
    price = row.limit_price if row.limit_price is not None else row.stop_price
    return f.price(price, row.decimals) if price is not None else "MKT"


def state_cell(row: OrderRow, look: Look) -> Cell:
    """The status in words, with what is wished beside it."""
    word = look.word
    if row.status is OrderStatus.UNKNOWN:
        return Cell(f"? {word('UNKNOWN')}", "unknown")
    if row.status in _FAILED:
        return Cell(f"✕ {word(row.status.value.upper())}", "error")
    if row.requested is not None and row.is_working and row.requested_phase is not RequestPhase.REFUSED:
        return Cell(word(_WISHES[row.requested]), "warning")
    if row.algo and row.is_working:
        filled = _filled(row, look)  # a percentage, where the figures are too long: a whole says that already
        text = look.said(row.algo) if row.is_local and "/" not in filled else f"{look.said(row.algo)}  {filled}"
        return Cell(text, "local" if row.is_local else "text", span=True)
    if row.status is OrderStatus.OPEN and row.filled:
        return Cell(word("PART"), "strong")
    if row.is_local and row.is_working:
        return Cell(word("local"), "local")
    pen = "text" if row.is_working else "text-dim"
    return Cell(word(row.status.value.upper().replace("_", " ")), pen)


def order_cells(row: OrderRow, now: int, look: Look) -> tuple[Cell, ...]:
    """id, account, side, symbol, quantity, type, price, distance, state, filled, tif, age, source, legs."""
    ended = not row.is_working
    text, strong = ("text-dim", "text-dim") if ended else ("text", "strong")
    distance = "" if row.distance_ticks is None else f"{row.distance_ticks:+d}t" if row.distance_ticks else "0t"
    return (
        Cell(row.id[-4:], "text-dim"),
        Cell(look.account(row.account), "text-dim"),
        Cell(look.word(SIDE_WORDS[row.side]), "text-dim" if ended else side_pen(row.side)),
        Cell(("└ " if _above(row) else "") + symbol(row, look.language), text),
        Cell(look.quantity(row.quantity, 8), text),
        Cell(look.word(TYPE_WORDS[row.type]), "text-dim"),
        Cell(order_price(row), strong),
        Cell(distance[:6], "text-dim"),
        state_cell(row, look),
        _outcome(row, now, look) or Cell(_filled(row, look), text),
        Cell(row.time_in_force.value.upper(), "text-dim"),
        Cell(f.duration((row.updated if ended else now) - row.created), "text-dim"),
        Cell(row.source, "text-dim"),
        Cell(_legs(row), "text-dim"),
    )


def _outcome(row: OrderRow, now: int, look: Look) -> Cell | None:
    """What the figures of a row give way to: what is being done about an unknown order, why one was refused."""
    if row.status is OrderStatus.UNKNOWN:
        asking = f"{f.age(now - row.updated)} {look.word('asking')}"
        return Cell(f"{asking}  {look.prose(look.said(row.reason))}".rstrip(), "warning", span=True)
    if row.status in _FAILED and row.reason:
        return Cell(look.prose(look.said(row.reason)), "text", span=True)
    return None


def _legs(row: OrderRow) -> str:
    if row.stop_loss is None and row.take_profit is None:
        return ""
    return "/".join(
        f.MISSING if leg is None else tight(leg, row.decimals, 7) for leg in (row.stop_loss, row.take_profit)
    )


def _filled(row: OrderRow, look: Look) -> str:
    if look.is_masked:
        return look.hidden("0/0")
    text = f"{f.quantity(row.filled)}/{f.quantity(row.quantity)}"
    if len(text) <= 11 or not row.quantity:
        return text
    return f"{row.filled / row.quantity * 100:.0f}%"
