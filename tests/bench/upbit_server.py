"""A server for tests/bench/upbit.py, in a process of its own: frames made beforehand, sent at a steady rate once
somebody asks for quotes; `myOrder` frames on the private line, counted. It judges nothing."""

from __future__ import annotations

import asyncio
import logging
import sys
import time
from random import Random
from typing import Any

import msgspec
from websockets.asyncio.server import ServerConnection, serve

from tests.bench import ingest

PRIVATE_A_SECOND = 20
BURST_SECONDS = 0.01
ONE_BY_ONE = 1_000
"""Up to this rate every frame is a wake-up of its own."""


def frames(markets: int) -> list[bytes]:
    """One book a market; of the first two the prints and deep books too. Best quotes and tickers of all others."""
    chance, made = Random(3), []
    codes = [f"KRW-C{n:02}" for n in range(markets)] if markets <= 100 else [f"KRW-C{n:03}" for n in range(markets)]
    for n in range(4_000):
        ts, price = 1_763_600_000_000 + n, 1000.0 + chance.randrange(2000)
        code = codes[n % len(codes)]
        if markets <= 100:
            body: Any = (ingest._trade_body, ingest._ticker_body, ingest._book_body)[n % 3](code, price, ts, chance)
        elif n % 10 == 0:
            body = (ingest._trade_body, ingest._book_body)[n // 10 % 2](codes[n // 20 % 2], price, ts, chance)
        elif n % 2:
            body = ingest._ticker_body(code, price, ts, chance)
        else:
            body = ingest._book_body(code, price, ts, chance)
            body["orderbook_units"] = body["orderbook_units"][:1]
        if "prev_closing_price" in body:
            body["prev_closing_price"] = 1500.0
        made.append(msgspec.json.encode(body))
    return made


def order(n: int) -> bytes:
    """An order of somebody else: told, and nobody's."""
    uuid = f"{n:08x}-0000-4000-8000-000000000000"
    body = {"type": "myOrder", "code": "KRW-C000", "uuid": uuid, "ask_bid": "BID", "order_type": "limit"}
    body |= {"state": "trade", "price": 1000, "volume": 1, "remaining_volume": 0, "executed_volume": 1}
    body |= {"trade_uuid": f"{n:08x}-1111-4000-8000-000000000000", "trade_fee": 0.5, "is_maker": True}
    body |= {"trade_timestamp": 1_763_600_000_000, "timestamp": 1_763_600_000_000, "stream_type": "REALTIME"}
    return msgspec.json.encode(body)


async def main(rate: int, seconds: float, markets: int) -> None:
    made, sent = frames(markets), 0
    over = asyncio.Event()

    async def market(line: ServerConnection) -> None:
        await line.recv()
        burst = max(round(rate * BURST_SECONDS), 1) if rate > ONE_BY_ONE else 1
        pause, n, due = burst / rate, 0, time.perf_counter()
        until = due + seconds
        while time.perf_counter() < until:
            for _ in range(burst):
                await line.send(made[n % len(made)])
                n += 1
            due += pause
            await asyncio.sleep(max(due - time.perf_counter(), 0))
        await line.close()

    async def private(line: ServerConnection) -> None:
        nonlocal sent

        async def listen() -> None:
            async for text in line:
                if text == "PING":
                    await line.send(b'{"status":"UP"}')

        listening = asyncio.ensure_future(listen())
        await asyncio.sleep(1.0)
        try:
            while True:
                await line.send(order(sent))
                sent += 1
                await asyncio.sleep(1 / PRIVATE_A_SECOND)
        finally:
            listening.cancel()

    async def handle(line: ServerConnection) -> None:
        path = line.request.path if line.request is not None else ""
        if path.endswith("/count"):
            await line.send(msgspec.json.encode({"sent": sent}).decode())
        elif path.endswith("/private"):
            await private(line)
        else:
            await market(line)

    logging.getLogger("websockets.server").setLevel(logging.CRITICAL)  # who hangs up is no news here
    async with serve(handle, "127.0.0.1", 0, compression=None, max_queue=None) as server:
        print(server.sockets[0].getsockname()[1], flush=True)
        await over.wait()


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]), float(sys.argv[2]), int(sys.argv[3])))
