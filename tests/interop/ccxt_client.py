"""ccxt as it is, its URLs set to the simulator: `python ccxt_client.py URL ACCESS SECRET MARKET PRICE`, one JSON object
out. Run by the interpreter of .venv-interop; nothing of hoga is imported."""

from __future__ import annotations

import json
import sys
from typing import Any

import ccxt

NAMES = ("open", "high", "low", "close", "volume")


def order(row: dict[str, Any]) -> dict[str, Any]:
    kept = ("id", "symbol", "side", "type", "price", "amount", "filled", "remaining", "status", "timestamp")
    return {name: row.get(name) for name in kept}


def main(url: str, access: str, secret: str, code: str, price: str) -> dict[str, Any]:
    upbit = ccxt.upbit({"apiKey": access, "secret": secret, "enableRateLimit": True})
    upbit.urls["api"] = {"public": url, "private": url}
    markets = upbit.load_markets()
    symbol = upbit.safe_symbol(code)
    ticker, book = upbit.fetch_ticker(symbol), upbit.fetch_order_book(symbol, 15)
    candles = upbit.fetch_ohlcv(symbol, "1m", limit=60)
    balance = upbit.fetch_balance()
    placed = upbit.create_order(symbol, "limit", "buy", 20000 / float(price), float(price))
    asked = upbit.fetch_order(placed["id"])
    waiting = upbit.fetch_open_orders(symbol)
    canceled = upbit.cancel_order(placed["id"])
    ended = upbit.fetch_order(placed["id"])
    bought = upbit.create_order(symbol, "market", "buy", 1, None, {"cost": 30000})
    return {
        "markets": sorted(market["id"] for market in markets.values()),
        "ticker": {"last": ticker["last"], "previous_close": ticker["previousClose"], "ts": ticker["timestamp"]},
        "book": {side: [level[:2] for level in book[side]] for side in ("bids", "asks")},
        "candles": [dict(zip(("ts", *NAMES), row, strict=True)) for row in candles],
        "balance": {name: balance[name]["total"] for name in balance["total"]},
        "order": order(asked),
        "open": [row["id"] for row in waiting],
        "canceled": canceled["id"],
        "ended": order(ended),
        "bought": order(upbit.fetch_order(bought["id"])),
    }


if __name__ == "__main__":
    print(json.dumps(main(*sys.argv[1:])))
