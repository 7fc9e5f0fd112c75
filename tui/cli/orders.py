"""What the order verbs do with a desk: read the line against what the desk knows, look at the preview, send, and wait
for the venue's word. The grammar is core/trading/orderline.py, the gate is the engine's; neither is repeated here.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import TypeVar

import msgspec

from core.clock import SystemClock
from core.domain.commands import Cancel, CancelAll, Panic, Submit, Unlock
from core.domain.decimals import ZERO
from core.domain.errors import HogaError, InvalidValue
from core.domain.ids import AccountId, ClientOrderId, InstrumentId
from core.domain.instrument import Currency, Instrument
from core.domain.order import OrderRequest, OrderStatus
from core.ports import Desk, Preview, Receipt
from core.runtime.desk_remote import connect
from core.runtime.desk_socket import socket_path
from core.trading.line import CancelOrder, CloseOrder, LineContext, LineError, ModifyOrder, NewOrder, PanicOrder
from core.trading.lock import is_named
from core.trading.orderline import parse
from core.trading.search import SymbolIndex
from core.trading.view import Interest, OrderRow, PnlRow, PositionRow, QuoteRow, Row, Slice, StatusRow
from tui.cli.desk import picture
from tui.format import currency_decimals, number, quantity

T = TypeVar("T")
MIN_ID = 3
"""Characters of an order's id that must be written, as on the order line."""
WORDS_SEARCHED = 12
"""An order line has a handful of words; more are not looked up."""


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """What became of a line: sent or not, the preview of a new order, and the order as last seen."""

    is_ok: bool
    text: str
    client_order_id: ClientOrderId | None = None
    rule: str = ""
    remarks: tuple[str, ...] = ()
    preview: Preview | None = None
    order: OrderRow | None = None

    def texts(self) -> list[str]:
        """For people, one line each."""
        lines = [*self.remarks, *([] if self.preview is None else [_preview_words(self.preview)]), self.text]
        if self.order is not None:
            filled = f", {quantity(self.order.filled)} filled" if self.order.filled else ""
            reason = f" ({self.order.reason})" if self.order.reason else ""
            lines.append(f"{self.order.id} is {self.order.status.value}{filled}{reason}")
        return lines


def _preview_words(preview: Preview) -> str:
    digits = currency_decimals(preview.currency)
    checks = f"{preview.checks_passed} of {preview.checks_total} checks passed"
    return (
        f"{number(preview.notional, digits)} {preview.currency}, costs about {number(preview.costs, digits)}, "
        f"position after {quantity(preview.position_after)}, {checks}"
    )


class Sending:
    """One order line on its way: `run(desk)` reads, previews, sends and waits."""

    def __init__(self, line: str, *, dry_run: bool, wait: float) -> None:
        self._line, self._dry_run, self._wait = line, dry_run, wait

    async def run(self, desk: Desk) -> Outcome:
        try:
            meaning = parse(self._line, await line_context(desk, self._line))
        except LineError as error:
            raise InvalidValue(_pointed(self._line, error)) from None
        match meaning:
            case NewOrder():
                return await self._submit(desk, meaning.request(desk.new_order_id(), "cli"), meaning.remarks)
            case CloseOrder():
                return await self._give(desk, meaning.command(desk.new_order_id(), "cli"), ())
            case ModifyOrder():
                return await self._give(desk, meaning.command("cli"), meaning.remarks)
            case CancelOrder() | PanicOrder():
                return await self._give(desk, meaning.command("cli"), ())

    async def _submit(self, desk: Desk, request: OrderRequest, remarks: tuple[str, ...]) -> Outcome:
        preview = await desk.preview(request)
        if self._dry_run:
            text = f"would be refused: {preview.rule}: {preview.text}" if preview.rule else "would be sent"
            return Outcome(is_ok=not preview.rule, text=text, rule=preview.rule, remarks=remarks, preview=preview)
        receipt = await desk.send(Submit(request=request, by="cli"))
        return await self._follow(desk, receipt, remarks, preview)

    async def _give(self, desk: Desk, command: object, remarks: tuple[str, ...]) -> Outcome:
        if self._dry_run:
            return Outcome(is_ok=True, text=f"would ask for: {type(command).__name__.lower()}", remarks=remarks)
        receipt = await desk.send(command)  # type: ignore[arg-type]
        return await self._follow(desk, receipt, remarks, None)

    async def _follow(self, desk: Desk, receipt: Receipt, remarks: tuple[str, ...], preview: Preview | None) -> Outcome:
        row = None
        if receipt.is_ok and receipt.client_order_id is not None and self._wait > 0:
            row = await settled(desk, receipt.client_order_id, self._wait)
        refused = row is not None and row.status in (OrderStatus.DENIED, OrderStatus.REJECTED, OrderStatus.NOT_PLACED)
        return Outcome(
            is_ok=receipt.is_ok and not refused,
            text=receipt.text if receipt.is_ok else f"refused: {receipt.text}",
            client_order_id=receipt.client_order_id,
            rule=receipt.rule,
            remarks=remarks,
            preview=preview,
            order=row,
        )


def _pointed(line: str, error: LineError) -> str:
    """The error with the line and a mark under its fault, where the line is short enough to point at."""
    new = [tip for tip in error.suggestions if tip not in error.text]
    tips = f" Try: {', '.join(new)}." if new else ""
    text = f"{error.text}.{tips} Nothing was sent."
    if len(line) > 100 or not line.isascii():
        return text
    return f"{text}\n  {line}\n  {' ' * error.position}{'^' * max(error.length, 1)}"


async def settled(desk: Desk, wanted: ClientOrderId, seconds: float) -> OrderRow | None:
    """The order once the venue has answered, or as it stands after `seconds`."""
    newest: OrderRow | None = None
    stream = desk.watch(Interest(slices=frozenset({Slice.ORDERS})))
    try:
        async with asyncio.timeout(seconds):
            async for changed in stream:
                for row in changed.put:
                    if isinstance(row, OrderRow) and row.id == wanted:
                        newest = row
                if newest is not None and newest.status not in (OrderStatus.STAGED, OrderStatus.SENDING):
                    break
    except TimeoutError:
        pass
    finally:
        if (close := getattr(stream, "aclose", None)) is not None:
            await close()
    return newest


async def line_context(desk: Desk, line: str) -> LineContext:
    """What reading `line` needs to know, asked of the desk beforehand."""
    rows = await picture(desk, Slice.QUOTES, Slice.POSITIONS, Slice.ORDERS, Slice.PNL)
    status = next((row for row in rows[Slice.STATUS] if isinstance(row, StatusRow)), None)
    accounts = tuple(
        AccountId(row.name) for row in rows[Slice.PNL] if isinstance(row, PnlRow) and row.scope == "account"
    )
    if status is None or not accounts:
        raise HogaError("the engine has no account yet: its broker is still connecting. Try again in a moment.")
    known: dict[InstrumentId, Instrument] = {}
    for word in line.split()[:WORDS_SEARCHED]:
        for text in {word, word.rpartition(":")[2]}:
            known.update({found.id: found for found in await desk.search(text)})
    quotes = {row.instrument: row for row in rows[Slice.QUOTES] if isinstance(row, QuoteRow)}
    held = {
        (row.account, row.instrument): row.quantity for row in rows[Slice.POSITIONS] if isinstance(row, PositionRow)
    }

    def position(account: AccountId, instrument: InstrumentId) -> Decimal:
        return held.get((account, instrument), ZERO)

    def buying_power(_account: AccountId, currency: Currency) -> Decimal | None:
        """The status speaks of all accounts together."""
        return status.buying_power if currency == status.base_currency and len(accounts) == 1 else None

    def equity(account: AccountId, currency: Currency) -> Decimal | None:
        worth = (
            r.equity for r in rows[Slice.PNL] if isinstance(r, PnlRow) and r.scope == "account" and r.name == account
        )
        return next(worth, None) if currency == status.base_currency else None

    return LineContext(
        find=SymbolIndex(known.values()).resolve,
        accounts=accounts,
        quote=quotes.get,
        position=position,
        buying_power=buying_power,
        mode=status.mode,
        orders=lambda: working(rows),
        equity=equity,
    )


def working(rows: Mapping[Slice, Sequence[Row]]) -> list[OrderRow]:
    return [row for row in rows[Slice.ORDERS] if isinstance(row, OrderRow) and row.is_working]


async def cancelling(desk: Desk, what: str, entries_only: bool) -> Receipt:
    """Cancel `all`, one order by its id or the id's beginning, or all of an instrument."""
    if what == "all":
        return await desk.send(CancelAll(entries_only=entries_only, by="cli"))
    live = working(await picture(desk, Slice.ORDERS))
    wanted = what.removeprefix("#")  # as short as a symbol it fits too much by chance: H is no order
    fitting = [row for row in live if row.id.startswith(wanted)] if len(wanted) >= MIN_ID else []
    if len(fitting) == 1:
        return await desk.send(Cancel(client_order_id=fitting[0].id, by="cli"))
    if len(fitting) > 1:
        raise InvalidValue(f"{what} may be {', '.join(row.id for row in fitting[:5])}: write more of it")
    found = SymbolIndex(await desk.search(what)).resolve(what)
    if len(found) == 1:
        return await desk.send(CancelAll(instrument=found[0].id, entries_only=entries_only, by="cli"))
    if found:
        raise InvalidValue(f"{what} may be {', '.join(f'{i.id} {i.name}' for i in found[:5])}: write the code")
    raise InvalidValue(f"{what[:40]!r} is neither a working order nor an instrument; see `hoga orders`")


async def with_line(folder: Path, ask: Callable[[Desk], Awaitable[T]]) -> T:
    """Straight to the engine's socket: no journal is opened, nothing else can be in the way."""
    async with connect(socket_path(folder), SystemClock(), answer_seconds=2.0) as desk:
        return await ask(desk)


async def panicking(folder: Path, command: Panic) -> Receipt:
    return await with_line(folder, lambda desk: desk.send(command))


async def unlocking(desk: Desk, tail: str, account: str) -> Receipt:
    """Unlock the named account, else the one whose name ends so."""
    rows = (await picture(desk, Slice.PNL))[Slice.PNL]
    names = [account] if account else [r.name for r in rows if isinstance(r, PnlRow) and r.scope == "account"]
    fitting = [AccountId(name) for name in names if account or is_named(AccountId(name), tail)]
    if len(fitting) != 1:
        which = "several accounts" if fitting else "no account"
        return Receipt(is_ok=False, text=f"nothing was unlocked: the name of {which} ends so; name it with --account")
    return await desk.send(Unlock(account=fitting[0], tail=tail, by="cli"))
