"""Rows of the view as lines of text, one small function per kind of row: which figures a table shows and how they are
written. The words and digits are those of the screen (tui/format.py).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Any

from core.config import Settings
from core.domain.decimals import plain
from core.domain.order import OrderType
from core.trading.view import FillRow, LogRow, OrderRow, PnlRow, PositionRow, QuoteRow, StatusRow, StrategyRow
from tui.format import MISSING, DisplayZone, age, currency_decimals, number, percent, quantity, signed

Lines = tuple[Sequence[str], list[list[str]], str]


class Words:
    """What the settings say about words: the language of names and the zone of times."""

    def __init__(self, settings: Settings, now: int) -> None:
        self._is_korean = settings.console.language == "ko"
        self._zone = DisplayZone(settings.console.zone)
        self.now = now

    def name(self, row: Any) -> str:
        return str((self._is_korean and row.name_ko) or row.name or row.name_ko)

    def clock(self, ts: int) -> str:
        return self._zone.clock(ts)


def lines(what: str, rows: Sequence[Any], settings: Settings, now: int) -> Lines:
    """(headings, lines, what to say when there is none) for rows of slice or history `what`."""
    head, cells, empty = _TABLES[what]
    words = Words(settings, now)
    return head, [cells(row, words) for row in rows], empty


def money(value: Decimal | None, currency: str, is_estimated: bool = False) -> str:
    text = signed(value, currency_decimals(currency))
    return f"~{text}" if is_estimated and value is not None else text


def order_price(row: OrderRow) -> str:
    """The price an order waits for, as the screen writes it."""
    match row.type:
        case OrderType.MARKET | OrderType.MOC:
            return row.type.upper()
        case OrderType.LOC:
            return f"LOC {number(row.limit_price, row.decimals)}"
        case OrderType.TRAILING:
            return f"trail {plain(row.trail)}" if row.trail is not None else "trail"
        case OrderType.STOP:
            return f"stop {number(row.stop_price, row.decimals)}"
        case OrderType.STOP_LIMIT:
            return f"stop {number(row.stop_price, row.decimals)} limit {number(row.limit_price, row.decimals)}"
        case _:
            return number(row.limit_price, row.decimals)


def _quote(row: QuoteRow, words: Words) -> list[str]:
    return [
        row.code,
        words.name(row),
        number(row.last, row.decimals),
        percent(row.change),
        number(row.bid, row.decimals),
        quantity(row.bid_size),
        number(row.ask, row.decimals),
        quantity(row.ask_size),
        quantity(row.volume),
        age(words.now - row.received) if row.received else MISSING,
        row.freshness.value,
        row.phase.value,
    ]


def _position(row: PositionRow, words: Words) -> list[str]:
    return [
        row.account,
        row.code,
        words.name(row),
        quantity(row.quantity),
        number(row.average_price, max(row.decimals, 2)),
        number(row.last, row.decimals),
        money(row.unrealised, row.currency, row.is_estimated),
        percent(row.unrealised_fraction),
        money(row.day, row.currency, row.is_estimated),
        money(row.realised, row.currency),
        number(row.costs, currency_decimals(row.currency)),
        row.currency,
    ]


def _order(row: OrderRow, words: Words) -> list[str]:
    wish = f" ({row.requested.value} {row.requested_phase.value})" if row.requested and row.requested_phase else ""
    return [
        words.clock(row.created),
        row.id,
        row.side.value,
        row.code,
        words.name(row),
        quantity(row.quantity),
        order_price(row),
        row.time_in_force.value,
        row.status.value + wish + (f" {row.algo}" if row.algo else ""),
        quantity(row.filled),
        number(row.average_price, max(row.decimals, 2)),
        row.source,
        row.reason,
    ]


def _fill(row: FillRow, words: Words) -> list[str]:
    digits = currency_decimals(row.currency)
    return [
        words.clock(row.ts),
        row.side.value,
        row.code,
        words.name(row),
        quantity(row.quantity),
        number(row.price, row.decimals),
        number(row.fee, digits),
        number(row.tax, digits),
        row.currency,
        row.source,
        row.client_order_id or MISSING,
    ]


def _pnl(row: PnlRow, words: Words) -> list[str]:
    figures = (row.day, row.realised, row.unrealised)
    digits = currency_decimals(row.currency)
    return [
        row.scope,
        row.name,
        *(money(value, row.currency, row.is_estimated) for value in figures),
        number(row.fees, digits),
        number(row.taxes, digits),
        number(row.equity, digits),
        row.currency,
    ]


def _strategy(row: StrategyRow, words: Words) -> list[str]:
    return [
        row.name,
        row.kind,
        row.status.value,
        " ".join(row.codes),
        row.signal,
        row.detail,
        quantity(row.position),
        money(row.profit, row.currency),
        str(row.trades),
        row.text,
    ]


def _log(row: LogRow, words: Words) -> list[str]:
    return [words.clock(row.ts), row.level, row.kind, row.text]


def _status(row: StatusRow, words: Words) -> list[str]:
    feeds = ", ".join(f"{feed.broker} {'up' if feed.is_connected else 'down'}" for feed in row.feeds)
    return [
        row.badge,
        row.account,
        row.trading_state.value,
        number(row.equity, currency_decimals(row.base_currency)),
        money(row.day, row.base_currency, row.is_estimated),
        row.base_currency,
        str(row.working_orders),
        str(row.unknown_orders),
        feeds or MISSING,
        row.journal,
        row.gate,
    ]


_TABLES: dict[str, tuple[Sequence[str], Callable[[Any, Words], list[str]], str]] = {
    "quotes": (
        ("SYMBOL", "NAME", ">LAST", ">CHG", ">BID", ">SIZE", ">ASK", ">SIZE", ">VOLUME", ">AGE", "STATE", "MARKET"),
        _quote,
        "no quotes",
    ),
    "positions": (
        (
            *("ACCOUNT", "SYMBOL", "NAME", ">QTY", ">AVG", ">LAST", ">UNREAL", ">%"),
            *(">DAY", ">REALISED", ">COSTS", "CUR"),
        ),
        _position,
        "no positions",
    ),
    "orders": (
        (
            *("TIME", "ID", "SIDE", "SYMBOL", "NAME", ">QTY", ">PRICE", "TIF"),
            *("STATUS", ">FILLED", ">AVG", "BY", "REASON"),
        ),
        _order,
        "no orders",
    ),
    "fills": (
        ("TIME", "SIDE", "SYMBOL", "NAME", ">QTY", ">PRICE", ">FEE", ">TAX", "CUR", "BY", "ORDER"),
        _fill,
        "no fills",
    ),
    "pnl": (("SCOPE", "NAME", ">DAY", ">REALISED", ">UNREAL", ">FEES", ">TAXES", ">EQUITY", "CUR"), _pnl, "no figures"),
    "strategies": (
        ("NAME", "KIND", "STATUS", "SYMBOLS", "SIGNAL", "DETAIL", ">POS", ">PROFIT", ">TRADES", "TEXT"),
        _strategy,
        "no strategies: add a [strategies.NAME] table to the settings (hoga config show)",
    ),
    "log": (("TIME", "LEVEL", "KIND", "TEXT"), _log, "nothing has happened"),
    "status": (
        (
            *("MODE", "ACCOUNT", "STATE", ">EQUITY", ">DAY", "CUR", ">WORKING", ">UNKNOWN", "FEEDS"),
            *("JOURNAL", "GATE"),
        ),
        _status,
        "no account",
    ),
}
