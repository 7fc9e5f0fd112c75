"""What a row of the view says in words and in values: for filters, sorting and export. It knows the fields of the rows
and the names of the panes' columns, and nothing of how they are drawn."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from enum import Enum
from typing import Any

import msgspec

from core.domain.order import OrderStatus
from core.trading.hangul import initials, is_initials, typed_initials
from core.trading.view import OrderRow, Row
from tui.look import symbol

_FIELDS: dict[str, dict[str, str]] = {
    "quotes": {"age": "received"},
    "positions": {"average": "average_price", "percent": "unrealised_fraction"},
    "orders": {"distance": "distance_ticks", "state": "status", "tif": "time_in_force", "age": "created"},
    "strategies": {"state": "status", "symbols": "codes", "next": "next_bar", "why": "text"},
    "log": {"time": "ts"},
}
"""Pane -> columns that are named otherwise than the field they show."""
_SILENT = frozenset(("key", "id", "instrument", "currency"))
_TIMES = frozenset(("ts", "received", "created", "updated", "next_bar"))


def value(pane: str, column: str, row: Row, language: str) -> Any:
    """What rows are sorted by in a column; None where there is nothing."""
    if column == "symbol":
        return symbol(row, language).casefold() if hasattr(row, "code") else None  # type: ignore[arg-type]
    if column == "price" and isinstance(row, OrderRow):
        return row.limit_price if row.limit_price is not None else row.stop_price
    found = getattr(row, _FIELDS.get(pane, {}).get(column, column), None)
    if isinstance(found, Enum):
        return str(found.value)
    if isinstance(found, float) and found != found:  # noqa: PLR0124 - NaN has no place among figures
        return None
    return found.casefold() if isinstance(found, str) else found


def is_figure(found: Any) -> bool:
    """Figures are read from the largest, words from A."""
    return isinstance(found, int | float | Decimal) and not isinstance(found, bool)


def words(row: Row, shown: Iterable[str]) -> str:
    """Everything a filter may match, folded: the row's texts and states, its initials, and the words on the screen.
    Empty for an order whose fate is unknown: no filter hides it."""
    if isinstance(row, OrderRow) and row.status is OrderStatus.UNKNOWN:
        return ""
    texts = [*shown]
    for name in row.__struct_fields__:
        found = getattr(row, name)
        if name in _SILENT or not isinstance(found, str | tuple):
            continue
        texts += [found] if isinstance(found, str) else [part for part in found if isinstance(part, str)]
    texts.append(initials(getattr(row, "name_ko", "")))
    if isinstance(row, OrderRow):
        texts.append("working" if row.is_working else "ended")
    return fold("\n".join(str(text) for text in texts)) or " "


def fold(text: str) -> str:
    """One form for what is typed and what is sought: no case, joined initials apart."""
    folded = unicodedata.normalize("NFC", text).casefold()
    return typed_initials(folded) if is_initials(folded) else folded


def fields(row: Row) -> dict[str, Any]:
    """A row for a file: figures exact, times as ISO 8601 in UTC."""
    plain: Mapping[str, Any] = msgspec.to_builtins(row)
    return {name: _time(found) if name in _TIMES else found for name, found in plain.items() if name not in _UNSAID}


_UNSAID = frozenset(("row", "key"))


def _time(found: Any) -> Any:
    if not isinstance(found, int) or not found:
        return ""
    seconds, rest = divmod(found, 1_000_000_000)
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%dT%H:%M:%S}.{rest:09d}Z"
