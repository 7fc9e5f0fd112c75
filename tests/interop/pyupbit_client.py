"""pyupbit as it is. It knows one address, so its transport is led to the simulator: whatever it asks of
https://api.upbit.com goes to URL, and anything else is refused. `python pyupbit_client.py URL ACCESS SECRET MARKET
PRICE`, one JSON object out. Run by the interpreter of .venv-interop; nothing of hoga is imported."""

from __future__ import annotations

import json
import sys
from contextlib import redirect_stdout
from typing import Any

import pyupbit
from requests.adapters import HTTPAdapter

REAL = "https://api.upbit.com"
NAMES = ("open", "high", "low", "close", "volume")


def lead(url: str) -> None:
    send = HTTPAdapter.send

    def led(self: HTTPAdapter, request: Any, **more: Any) -> Any:
        if not request.url.startswith(f"{REAL}/"):
            raise ConnectionError(f"not the venue: {request.url}")
        request.url = url + request.url.removeprefix(REAL).replace("//", "/")
        return send(self, request, **more)

    HTTPAdapter.send = led  # type: ignore[method-assign]


def order(row: dict[str, Any] | None) -> dict[str, Any] | None:
    if row is None:
        return None
    kept = ("uuid", "market", "side", "ord_type", "price", "volume", "executed_volume", "remaining_volume", "state")
    return {name: row.get(name) for name in kept}


def main(url: str, access: str, secret: str, code: str, price: str) -> dict[str, Any]:
    lead(url)
    book = pyupbit.get_orderbook(code)
    book = book[0] if isinstance(book, list) else book
    candles = pyupbit.get_ohlcv(code, interval="minute1", count=60)
    last = pyupbit.get_current_price(code)
    account = pyupbit.Upbit(access, secret)
    # What it cannot do, it tells on standard output and gives None.
    with redirect_stdout(sys.stderr):
        placed = account.buy_limit_order(code, price, round(20000 / float(price), 8))
        asked = account.get_individual_order(placed["uuid"]) if placed else None
        canceled = account.cancel_order(placed["uuid"]) if placed else None
        balances = account.get_balances()
    units = book["orderbook_units"]
    return {
        "markets": sorted(pyupbit.get_tickers()),
        "ticker": {"last": last},
        "book": {
            "bids": [[unit["bid_price"], unit["bid_size"]] for unit in units],
            "asks": [[unit["ask_price"], unit["ask_size"]] for unit in units],
        },
        "candles": [{"kst": str(at), **{name: float(row[name]) for name in NAMES}} for at, row in candles.iterrows()],
        "balance": {row["currency"]: float(row["balance"]) + float(row["locked"]) for row in balances},
        "placed": order(placed),
        "order": order(asked),
        "canceled": order(canceled),
    }


if __name__ == "__main__":
    print(json.dumps(main(*sys.argv[1:])))
