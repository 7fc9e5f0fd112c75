"""`python -m tests.interop.upbit`: ccxt and pyupbit, unmodified, and hoga's own adapter read one simulated Upbit,
place, query and cancel orders there, and what they read is compared field by field. Prints a table; exit code 1 when
two readings differ, 3 where the environment of the clients is missing (`make interop` makes it)."""

from __future__ import annotations

import asyncio
import json
import logging
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec
import structlog

from brokers.upbit import parse
from brokers.upbit.account import parse_order, parse_wallet
from brokers.upbit.auth import Keys
from brokers.upbit.broker import UpbitBroker
from brokers.upbit.budget import Block
from brokers.upbit.rest import Exchange, Quotations
from brokers.upbit.settings import UpbitSettings
from core.clock import SystemClock
from core.domain.ids import InstrumentId
from core.domain.market import NS, Interval, OrderBook
from core.secret import Secret
from tests.simulators.upbit.plug import KEYS, MAIN
from tests.simulators.upbit.process import Venue
from tests.terminal import ROOT

PYTHON = ROOT / ".venv-interop" / "bin" / "python"
HERE = Path(__file__).parent
CODE, PRICE = "KRW-ETH", "2600000"
CLOSE = 1e-9
ACCESS, SECRET = KEYS[MAIN]


class Compared(msgspec.Struct, frozen=True):
    what: str
    fields: int
    """How many figures were held against each other."""
    differences: tuple[str, ...]
    note: str = ""


@contextmanager
def simulator() -> Iterator[str]:
    """Quiet quotes, so that all read the same."""
    venue = Venue("--still")
    try:
        yield venue.url
    finally:
        venue.stop()


def client(name: str, url: str) -> dict[str, Any]:
    """What the client read. Raises RuntimeError with the end of what it said."""
    command = [str(PYTHON), str(HERE / f"{name}_client.py"), url, ACCESS, SECRET, CODE, PRICE]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False, cwd=HERE)
    if done.returncode:
        raise RuntimeError(f"{name}: {done.stderr.strip().splitlines()[-1:]}")
    found: dict[str, Any] = json.loads(done.stdout)
    return found


# --- our own reading ---------------------------------------------------------------------------------------------


async def market_data(url: str) -> dict[str, Any]:
    clock = SystemClock()
    settings = UpbitSettings(endpoint=url)
    broker = UpbitBroker(settings, clock, {})
    quotations = Quotations(settings, clock, Block(clock, None))
    try:
        (row,) = await quotations.ticker((CODE,))
        (book,) = await quotations.orderbooks((CODE,), count=30)
        shown = OrderBook(InstrumentId(f"UPBIT:{CODE}"), parse.checked(book.orderbook_units, 15), 0, 0)
        now = clock.now()
        bars = (await broker.bars(InstrumentId(f"UPBIT:{CODE}"), Interval.M1, now - 7200 * NS, now)).bars
        return {
            "markets": sorted(item.code for item in await broker.instruments()),
            "ticker": {"last": row.trade_price, "previous_close": row.prev_closing_price},
            "book": {"bids": shown.bids, "asks": shown.asks},
            "candles": {bar.ts: (bar.open, bar.high, bar.low, bar.close, bar.volume) for bar in bars[:-1]},
        }
    finally:
        await quotations.close()
        await broker.close()


async def account(url: str, uuids: list[str]) -> dict[str, Any]:
    clock = SystemClock()
    keys = Keys(access=Secret(ACCESS), secret=Secret(SECRET))
    exchange = Exchange(UpbitSettings(endpoint=url), clock, Block(clock, None), keys)
    try:
        wallets = [parse_wallet(row) for row in await exchange.accounts()]
        orders = {uuid: parse_order(await exchange.order(uuid=uuid)) for uuid in uuids}
        return {"balance": {w.currency: w.total for w in wallets}, "orders": orders}
    finally:
        await exchange.close()


# --- comparing ---------------------------------------------------------------------------------------------------


class Table:
    def __init__(self, name: str) -> None:
        self.name = name
        self.rows: list[Compared] = []

    def compare(self, what: str, pairs: list[tuple[str, Any, Any]], note: str = "") -> None:
        wrong = tuple(
            f"{field}: {theirs!r} is not our {ours!r}" for field, theirs, ours in pairs if not _same(theirs, ours)
        )
        self.rows.append(Compared(what, len(pairs), wrong, note))

    @property
    def is_same(self) -> bool:
        return all(row.fields and not row.differences for row in self.rows)

    def show(self) -> None:
        for row in self.rows:
            verdict = "differs" if row.differences else "same" if row.fields else "nothing to compare"
            print(f"{self.name:8} {row.what:34} {row.fields:5} figures  {verdict}  {row.note}".rstrip())
            for difference in row.differences[:5]:
                print(f"         {difference}")


def _same(theirs: Any, ours: Any) -> bool:
    if isinstance(theirs, int | float | Decimal) and isinstance(ours, int | float | Decimal):
        return abs(float(theirs) - float(ours)) <= CLOSE * max(abs(float(ours)), 1.0)
    if isinstance(theirs, list | tuple) and isinstance(ours, list | tuple):
        return len(theirs) == len(ours) and all(map(_same, theirs, ours))
    return bool(theirs == ours)


def market_rows(table: Table, theirs: dict[str, Any], ours: dict[str, Any]) -> None:
    table.compare("markets", [("code", *pair) for pair in zip(theirs["markets"], ours["markets"], strict=False)])
    table.compare("number of markets", [("count", len(theirs["markets"]), len(ours["markets"]))])
    table.compare(
        "ticker",
        [(name, theirs["ticker"][name], ours["ticker"].get(name)) for name in theirs["ticker"] if name != "ts"],
    )
    for side in ("bids", "asks"):
        table.compare(
            f"order book, {side}",
            [("level", *pair) for pair in zip(theirs["book"][side], ours["book"][side], strict=False)],
        )
    told = {
        _start(row): tuple(row[name] for name in ("open", "high", "low", "close", "volume"))
        for row in theirs["candles"]
    }
    shared = sorted(told.keys() & ours["candles"].keys())
    table.compare("candles of a minute", [(str(ts), told[ts], ours["candles"][ts]) for ts in shared])
    inside = [ts for ts in ours["candles"] if min(shared) <= ts <= max(shared)]
    table.compare(
        "minutes without a trade", [("candles", len(shared), len(inside))], "left out by both, made up by none"
    )


def _start(row: dict[str, Any]) -> int:
    if "ts" in row:
        return int(row["ts"]) * 1_000_000
    seoul = datetime.fromisoformat(f"{row['kst']}+00:00") - timedelta(hours=9)
    return int(seoul.timestamp()) * NS


def with_ccxt(table: Table) -> None:
    with simulator() as url:
        ours = asyncio.run(market_data(url))
        theirs = client("ccxt", url)
        orders = {name: theirs[name] for name in ("ended", "bought")}
        mine = asyncio.run(account(url, [row["id"] for row in orders.values()]))
    market_rows(table, theirs, ours)
    table.compare(
        "open orders and the cancel",
        [("open", theirs["open"], [orders["ended"]["id"]]), ("canceled", theirs["canceled"], orders["ended"]["id"])],
    )
    states = {"canceled": "canceled", "closed": "filled", "open": "open"}
    for name, row in orders.items():
        own = mine["orders"][row["id"]]
        pairs = [
            ("side", row["side"], own.side.value),
            ("filled", row["filled"], own.filled),
            ("type", row["type"], own.type.value),
        ]
        if name == "ended":
            pairs += [("price", row["price"], own.limit_price), ("amount", row["amount"], own.quantity)]
            pairs += [
                ("status", states.get(row["status"]), own.status),
                ("created", row["timestamp"] * 1_000_000, own.created),
            ]
        note = "" if name == "ended" else "ends as `cancel`, with its leftover: filled here, canceled to ccxt"
        table.compare(f"order, {'limit then canceled' if name == 'ended' else 'market buy by total'}", pairs, note)
    untouched = ("BTC", "USDT")
    table.compare("balances", [(c, theirs["balance"][c], mine["balance"][c]) for c in untouched])


def with_pyupbit(table: Table) -> None:
    with simulator() as url:
        ours = asyncio.run(market_data(url))
        theirs = client("pyupbit", url)
        placed = theirs["placed"]
        mine = asyncio.run(account(url, [placed["uuid"]] if placed else []))
    market_rows(table, theirs, ours)
    table.compare("balances", [(c, amount, mine["balance"][c]) for c, amount in theirs["balance"].items()])
    if placed:
        own = mine["orders"][placed["uuid"]]
        table.compare(
            "order, as placed",
            [
                ("side", placed["side"], {"buy": "bid"}.get(own.side.value)),
                ("price", float(placed["price"]), own.limit_price),
                ("volume", float(placed["volume"]), own.quantity),
            ],
            note="it asks for and cancels orders by a body, which Upbit takes no more",
        )


def main() -> int:
    if not PYTHON.exists():
        print("skipped: ccxt and pyupbit are not installed in .venv-interop (make interop)", file=sys.stderr)
        return 3
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
    tables = []
    for name, run in (("ccxt", with_ccxt), ("pyupbit", with_pyupbit)):
        table = Table(name)
        run(table)
        table.show()
        tables.append(table)
    return int(not all(table.is_same for table in tables))


if __name__ == "__main__":
    sys.exit(main())
